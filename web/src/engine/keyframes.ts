/**
 * Earlier moments of the world, as copies of its memory.
 *
 * All state of a world lies in the linear memory of its instance, and between two calls nothing is on its stack. So a
 * copy of the memory *is* the world, half-run processes included, and putting the copy back is going there.
 *
 *     step   0        812           1630     1790  1810        ← keyframes, denser towards the present
 *            ▓         ▓              ▓        ▓    ▓     ┆
 *                                     └─ replay ──▶ 1700 (asked for): from the keyframe before it, with the recorded inputs
 *
 * One thing is not in the memory: the table of external references, through which JavaScript's values reach the module.
 * Its list of free slots is in memory, and so are slots that the module keeps for good (the names of fields that it has
 * said once): memory and table must be of one moment, so a keyframe has both (see `start` in wasm/src/lib.rs). And a
 * memory cannot shrink: a keyframe of another size goes into a fresh instance of the same module. Growing one instance
 * again and again would leak instead.
 *
 * Keyframes cost memory and time, and both are bounded: {@link Limits.bytes}, and a share of the time that running
 * takes. When the bytes are used up, the keyframe goes whose absence makes the longest replay the least longer, with
 * recent history weighing more.
 */

import type { BranchId } from './api';

/** An instance of the module, as far as keyframes see it. */
export interface Machine {
  readonly memory: WebAssembly.Memory;
  /** The table of external references. */
  readonly references: WebAssembly.Table;
}

/** What keyframes may cost. */
export interface Limits {
  /** Bytes of all copies together. */
  readonly bytes: number;
  /** Copying may take this share of the time that running takes. */
  readonly share: number;
}

/** A plain database only goes forward: nothing is kept of its past. */
export const NO_HISTORY: Limits = { bytes: 0, share: 0 };

/** A phone has less of everything. */
export function limitsHere(): Limits {
  const { deviceMemory = 8, userAgent = '' } = (globalThis.navigator ?? {}) as { deviceMemory?: number; userAgent?: string };
  const small = deviceMemory <= 4 || /Android|iPhone|iPad|Mobile/.test(userAgent);
  return { bytes: (small ? 64 : 256) * 2 ** 20, share: 0.03 };
}

/** A moment, by the line of history that reached it first. */
export interface Point {
  readonly branch: BranchId;
  readonly step: number;
}

interface Keyframe extends Point {
  readonly memory: Uint8Array<ArrayBuffer>;
  readonly references: readonly unknown[];
}

const PAGE = 65_536;
/** Steps over which keyframes are kept evenly; before them they thin out. */
const EVEN = 100_000;

export class Keyframes<M extends Machine> {
  private readonly frames: Keyframe[] = [];
  /** Buffers of keyframes that went, to be used again. */
  private readonly spare: Uint8Array<ArrayBuffer>[] = [];
  private bytes = 0;
  /** Milliseconds: run since the last keyframe, and what a copy took lately. */
  private ran = 0;
  private copying = 0;

  constructor(
    private readonly fresh: () => M,
    private readonly limits: Limits,
  ) {}

  /** How many there are. */
  get count(): number {
    return this.frames.length;
  }

  /** Notes that the world ran so long, and says whether it has paid for a keyframe. */
  due(milliseconds: number): boolean {
    this.ran += milliseconds;
    return this.copying <= this.limits.share * this.ran;
  }

  /** Keeps the present moment. */
  take(point: Point, machine: M): void {
    if (this.frames.some((frame) => frame.step === point.step && frame.branch === point.branch)) return;
    const begin = performance.now();
    const source = new Uint8Array(machine.memory.buffer);
    const memory = this.buffer(source.length, point.step);
    if (memory === undefined) return;
    memory.set(source);
    this.frames.push({ ...point, memory, references: contents(machine.references) });
    this.copying = performance.now() - begin;
    this.ran = 0;
  }

  /** The last keyframe that `leadsTo` says is on the way to the wanted moment. */
  nearest(leadsTo: (point: Point) => boolean): Point | undefined {
    return this.find(leadsTo);
  }

  /**
   * Goes to the nearest keyframe. Returns where that is, and the instance to use from now on; undefined if there is
   * none.
   */
  restore(machine: M, leadsTo: (point: Point) => boolean): { machine: M; point: Point } | undefined {
    const frame = this.find(leadsTo);
    if (frame === undefined) return undefined;
    const fits = machine.memory.buffer.byteLength === frame.memory.length && machine.references.length === frame.references.length;
    const target = fits ? machine : this.fresh();
    grow(target, frame);
    new Uint8Array(target.memory.buffer).set(frame.memory);
    frame.references.forEach((value, n) => target.references.set(n, value));
    return { machine: target, point: { branch: frame.branch, step: frame.step } };
  }

  private find(leadsTo: (point: Point) => boolean): Keyframe | undefined {
    let found: Keyframe | undefined;
    for (const frame of this.frames) {
      if (leadsTo(frame) && !(found && found.step >= frame.step)) found = frame;
    }
    return found;
  }

  /** A buffer of this size within the limit; undefined if the limit is smaller than two of them. */
  private buffer(size: number, step: number): Uint8Array<ArrayBuffer> | undefined {
    while (this.bytes + size > this.limits.bytes) {
      if (this.spare.length > 0) this.bytes -= this.spare.pop()!.length;
      else if (this.frames.length > 1) this.drop(this.leastMissed(step));
      else return undefined;
      const reuse = this.spare.findIndex((buffer) => buffer.length === size);
      if (reuse >= 0) return this.spare.splice(reuse, 1)[0];
    }
    this.bytes += size;
    return new Uint8Array(size);
  }

  private drop(n: number): void {
    this.spare.push(this.frames.splice(n, 1)[0]!.memory);
  }

  /** The first keyframe always stays: from it everything can be replayed. */
  private leastMissed(present: number): number {
    const order = this.frames.map((_, n) => n).sort((a, b) => this.frames[a]!.step - this.frames[b]!.step);
    let best = order[1] ?? 0;
    let bestLoss = Infinity;
    for (let n = 1; n < order.length; n++) {
      const before = this.frames[order[n - 1]!]!.step;
      const after = this.frames[order[n + 1] ?? -1]?.step ?? present;
      const loss = (after - before) / (Math.abs(present - before) + EVEN);
      if (loss < bestLoss) [best, bestLoss] = [order[n]!, loss];
    }
    return best;
  }
}

function contents(table: WebAssembly.Table): unknown[] {
  return Array.from({ length: table.length }, (_, n) => table.get(n) as unknown);
}

/** Brings an instance to a keyframe's sizes; a fresh one is never larger. */
function grow(machine: Machine, frame: Keyframe): void {
  const pages = (frame.memory.length - machine.memory.buffer.byteLength) / PAGE;
  if (pages > 0) machine.memory.grow(pages);
  const references = frame.references.length - machine.references.length;
  if (references > 0) machine.references.grow(references);
}
