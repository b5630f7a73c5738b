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
  private durable = 0;

  /** `deliver` is called with each answer, in order, once it may be shown. */
  constructor(private readonly deliver: (value: T) => void) {}

  /** The store went up to this batch. */
  durableUpTo(batch: number): void {
    this.durable = Math.max(this.durable, batch);
    const ready = this.held.filter((held) => held.batch <= this.durable);
    this.held = this.held.filter((held) => held.batch > this.durable);
    for (const { value } of ready) this.deliver(value);
  }

  /** An answer that was given after this batch had been synced. */
  hold(value: T, batch: number): void {
    if (batch <= this.durable) this.deliver(value);
    else this.held.push({ batch, value });
  }

  /** Takes back what is held and matches; returns it. */
  drop(matches: (value: T) => boolean): T[] {
    const dropped = this.held.filter(({ value }) => matches(value)).map(({ value }) => value);
    this.held = this.held.filter(({ value }) => !matches(value));
    return dropped;
  }

  /** From now on these batches are durable, and no other: another store. */
  restart(durable: number): void {
    this.durableUpTo(Infinity);
    this.durable = durable;
  }
}
