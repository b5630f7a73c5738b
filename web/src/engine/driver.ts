/**
 * Moves one world through time: forward by running it, back by a keyframe and replay.
 *
 * Replay is running again with what was done before, at the same steps; a world that is given the same makes the same
 * history, so what comes out of it (answers, synced batches) has come out before and is thrown away.
 */

import type { BranchId, Deed, Input, Pid, Stopped } from './api';
import { History } from './history';
import { Keyframes, type Limits } from './keyframes';
import type { Goal, Synced, World } from './world';

/** Steps between two looks at what the world has put out. */
const SLICE = 2_000;
/** Milliseconds of running between two looks at the clock of the thread, so that it can do other things. */
const BUDGET_MS = 12;

/** What comes out of a world that goes where it has not been before. */
export interface Outcome {
  readonly answers: ReturnType<World['answers']>;
  readonly synced: Synced;
}

export class Driver {
  readonly history = new History();
  readonly frames: Keyframes<World>;
  /** The step at which the world was opened. */
  readonly first: number;

  constructor(
    /** The present instance; another one after some rewinds. */
    public world: World,
    fresh: () => World,
    private readonly limits: Limits,
    private readonly came: (outcome: Outcome) => void,
  ) {
    this.frames = new Keyframes(fresh, limits);
    this.first = world.steps();
    this.history.reached(this.first);
  }

  /** Hands out what opening the world has put out, and keeps its first moment. */
  begin(): void {
    this.collect(false);
    this.frames.take({ branch: 0, step: this.first }, this.world);
  }

  /** Does something new to the world, now or at an instant that has come; returns the number of a query in its session. */
  input(input: Input, at?: number): number {
    const { world } = this;
    const [step, time] = [world.steps(), Math.max(world.now(), at ?? 0)];
    const number = world.input(input, at);
    this.record({ step, time, kind: 'input', input });
    this.collect(false);
    return number;
  }

  /** Steps one process, whoever's turn it is. */
  choose(pid: Pid): Stopped {
    const { world, history } = this;
    const [step, time] = [world.steps(), world.now()];
    const { next } = history;
    if (next?.kind === 'choice' && next.step === step && next.pid === pid) {
      this.repeat(next);
      return 'reached';
    }
    if (!world.step(pid)) return 'idle';
    this.record({ step, time, kind: 'choice', pid });
    history.reached(world.steps());
    this.collect(false);
    return 'reached';
  }

  /** Goes on for some milliseconds; undefined if more is to be done. */
  advance(goal: Goal): Stopped | undefined {
    const begin = performance.now();
    let stopped: Stopped | undefined;
    let elapsed = 0;
    while (stopped === undefined && elapsed < BUDGET_MS) {
      stopped = this.slice(goal);
      elapsed = performance.now() - begin;
    }
    if (this.frames.due(elapsed) && this.nothingDoneHere()) {
      this.frames.take({ branch: this.history.branch, step: this.world.steps() }, this.world);
    }
    return stopped;
  }

  /** Puts the world on the keyframe before a step of this line, if that is nearer than where it stands. */
  approach(step: number): void {
    const { history, world } = this;
    const leadsTo = (point: { branch: BranchId; step: number }) => history.leadsTo(point, step);
    const here = world.steps();
    if (here <= step && (this.frames.nearest(leadsTo)?.step ?? 0) <= here) return;
    this.jump(leadsTo);
  }

  /** Puts the world on another line of history, at its last step or before it. */
  follow(branch: BranchId): boolean {
    const { history } = this;
    if (!history.choose(branch)) return false;
    this.jump((point) => history.leadsTo(point, history.last));
    return true;
  }

  private jump(leadsTo: (point: { branch: BranchId; step: number }) => boolean): void {
    const restored = this.frames.restore(this.world, leadsTo);
    if (restored === undefined) throw new Error('no keyframe leads there');
    this.world = restored.machine;
    this.history.wentBack(restored.point.step);
  }

  private slice(goal: Goal): Stopped | undefined {
    const { world, history } = this;
    const here = world.steps();
    // What was done at the step that is sought belongs to its future: doing something else there is another line.
    if (here >= goal.step) return 'reached';
    const { next } = history;
    if (next?.step === here) {
      this.repeat(next);
      return undefined;
    }
    const known = !history.atEnd;
    const limit = Math.min(goal.step, here + SLICE, next?.step ?? Infinity, known ? history.last : Infinity);
    const stopped = world.run({ ...goal, step: limit });
    history.reached(world.steps());
    this.collect(known);
    if (stopped !== 'limit') return stopped;
    return world.steps() >= goal.step ? 'reached' : undefined;
  }

  private record(deed: Deed): void {
    if (this.limits.bytes > 0) this.history.record(deed);
  }

  private repeat(deed: Deed): void {
    const { world, history } = this;
    // Time that passed without a step: no process was due before the input came.
    if (deed.time > world.now()) world.run({ step: Infinity, time: deed.time });
    if (deed.kind === 'input') world.input(deed.input);
    else world.step(deed.pid);
    history.repeated();
    history.reached(world.steps());
    this.collect(true);
  }

  /** Whether a keyframe taken now would lie before everything that was done at this step. */
  private nothingDoneHere(): boolean {
    return this.history.previous?.step !== this.world.steps();
  }

  private collect(known: boolean): void {
    const answers = this.world.answers();
    const synced = this.world.synced();
    if (!known && (answers.length > 0 || synced.bytes.length > 0)) this.came({ answers, synced });
  }
}
