/**
 * What was done to the world, and when: the part of it that cannot be computed. With the seed, it is the world.
 *
 *     branch 0   ──○───────○──────────○────────────▷      ○ an input, or a process that the user chose to step
 *     branch 1             └──●───▷                       left branch 0 after its second deed
 *
 * Going back moves the cursor and nothing else. Something new before the end of a line begins another line, which
 * shares what came before; the old one stays as it is.
 */

import type { Branch, BranchId, Deed } from './api';
import type { Point } from './keyframes';

interface Line {
  readonly id: BranchId;
  readonly from?: Point;
  /** All deeds from the world's beginning on; those shared with the line it left are the same objects. */
  readonly deeds: Deed[];
  last: number;
}

export class History {
  private readonly lines: Line[] = [{ id: 0, deeds: [], last: 0 }];
  private line = this.lines[0]!;
  /** How many deeds of the line lie before the cursor. */
  private done = 0;
  private at = 0;

  /** The line that the cursor is on. */
  get branch(): BranchId {
    return this.line.id;
  }

  /** The last known step of this line. */
  get last(): number {
    return this.line.last;
  }

  /** Whether everything known of this line lies behind the cursor. */
  get atEnd(): boolean {
    return this.done === this.line.deeds.length && this.at === this.line.last;
  }

  /** The next thing that is known to be done. */
  get next(): Deed | undefined {
    return this.line.deeds[this.done];
  }

  /** What was done before the cursor, from a step on. */
  doneFrom(step: number): Deed[] {
    return this.line.deeds.slice(0, this.done).filter((deed) => deed.step >= step);
  }

  /** The last thing that was done before the cursor. */
  get previous(): Deed | undefined {
    return this.line.deeds[this.done - 1];
  }

  /** The next deed was done again. */
  repeated(): void {
    this.done++;
  }

  /** The world has come to this step. */
  reached(step: number): void {
    this.at = step;
    this.line.last = Math.max(this.line.last, step);
  }

  /** Notes something new at the cursor; begins another line if there is a known future. Returns whether it did. */
  record(deed: Deed): boolean {
    const forks = !this.atEnd;
    if (forks) {
      const from = { branch: this.line.id, step: this.at };
      this.line = { id: this.lines.length, from, deeds: this.line.deeds.slice(0, this.done), last: this.at };
      this.lines.push(this.line);
    }
    this.line.deeds.push(deed);
    this.done++;
    return forks;
  }

  /** Makes this line the one that the cursor moves on; the world must then be put on a point of it. */
  choose(branch: BranchId): boolean {
    const line = this.lines[branch];
    if (line === undefined) return false;
    this.line = line;
    return true;
  }

  /**
   * The world was put back to a keyframe of this step, which was taken before anything was done there: the driver sees
   * to that.
   */
  wentBack(step: number): void {
    this.at = step;
    this.done = this.line.deeds.findIndex((deed) => deed.step >= step);
    if (this.done < 0) this.done = this.line.deeds.length;
  }

  /** Whether a moment lies on the present line, at or before a step of it. */
  leadsTo(point: Point, step: number): boolean {
    if (point.step > step) return false;
    let line: Line | undefined = this.line;
    let reach = step;
    while (line !== undefined) {
      if (line.id === point.branch) return point.step <= reach;
      if (line.from === undefined) return false;
      reach = Math.min(reach, line.from.step);
      line = this.lines[line.from.branch];
    }
    return false;
  }

  /** All lines, for the timeline. */
  branches(saved: BranchId | undefined): Branch[] {
    return this.lines.map(({ id, from, last }) => ({ id, last, saved: id === saved, ...(from && { from }) }));
  }
}
