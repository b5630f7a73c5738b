/**
 * Where the reader stands in a history, and what lies behind that place.
 *
 * A step is known by the number of steps before it, and so is what a reader did between two steps. What was done at
 * the step where the cursor stands is still to come after going back there, but is already done when it has just been
 * done: the cursor is then at the end of its line.
 */

/** A place in a history. */
export interface Cursor {
  readonly step: number;
  /** Everything known lies behind. */
  readonly atEnd: boolean;
}

/** Whether what carries this step lies behind the cursor. */
export function isPast(step: number, cursor: Cursor): boolean {
  return step < cursor.step || (step === cursor.step && cursor.atEnd);
}
