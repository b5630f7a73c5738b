/**
 * Holds each answer back until what it promises is durable.
 *
 * The engine's simulated fsync ends in virtual time; the browser's disk takes its own. So a COMMIT whose WAL the
 * simulated disk has synced may not be shown as done before the batch of that sync is in a completed transaction of the
 * store. Every answer waits for the last batch that was synced before it, which is also what gives
 * `synchronous_commit = off` its meaning: its answer comes before its batch, and waits for nothing.
 */

/** Something that waits. */
interface Held<T> {
  readonly batch: number;
  readonly value: T;
}

export class Release<T> {
  private held: Held<T>[] = [];
  private synced = 0;
  private durable = 0;

  /** `deliver` is called with each answer, in order, once it may be shown. */
  constructor(private readonly deliver: (value: T) => void) {}

  /** The number of the last batch that the engine has handed out. */
  get lastSynced(): number {
    return this.synced;
  }

  /** The engine handed out so many batches more. */
  handedOut(batches: number): void {
    this.synced += batches;
  }

  /** The store went up to this batch. */
  durableUpTo(batch: number): void {
    this.durable = Math.max(this.durable, batch);
    const ready = this.held.filter((held) => held.batch <= this.durable);
    this.held = this.held.filter((held) => held.batch > this.durable);
    for (const { value } of ready) this.deliver(value);
  }

  /** An answer, given after all batches handed out so far. */
  hold(value: T): void {
    if (this.synced <= this.durable) this.deliver(value);
    else this.held.push({ batch: this.synced, value });
  }

  /** Nothing is stored any more: nothing needs to be waited for. */
  stop(): void {
    this.durableUpTo(Infinity);
  }

  /** Takes back what is held and matches; returns it. */
  drop(matches: (value: T) => boolean): T[] {
    const dropped = this.held.filter(({ value }) => matches(value)).map(({ value }) => value);
    this.held = this.held.filter(({ value }) => !matches(value));
    return dropped;
  }

  /** Counts anew from this batch, which is durable: another store, or the same one opened again. */
  restart(batch: number): void {
    this.stop();
    this.synced = this.durable = batch;
  }
}
