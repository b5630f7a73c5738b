/**
 * The clock of a plain database: virtual time follows the wall clock, so that `now()` is true.
 *
 * The engine itself never looks at a clock. Each input arrives at an instant that is given with it, and a statement that
 * waits for a timer (`deadlock_timeout`, say) is woken by a timer of this thread.
 */

/** The wall clock, in milliseconds of the Unix era. */
export const wallTime = () => performance.timeOrigin + performance.now();

export class WallClock {
  private readonly began = wallTime();

  /** `start` is what the world's clock said when this one was made, in microseconds. */
  constructor(private readonly start: number) {}

  /** What the world's clock should say. */
  now(): number {
    return this.start + Math.round((wallTime() - this.began) * 1000);
  }
}
