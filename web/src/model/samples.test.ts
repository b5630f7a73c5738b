/** The numbers behind the statistics: one for each moment, and none from a line of history that was left. */
import { expect, test } from 'vitest';
import { keep, type Sample } from './samples.ts';

const at = (step: number, time = step): Sample => ({ step, time, hit: 0, read: 0, committed: 0, rolledBack: 0, wal: 0, dirty: 0, inserted: 0, updated: 0, deleted: 0, lag: 0 });
const steps = (samples: Sample[]) => samples.map((s) => s.step);

test('going back keeps what is known of the future', () => {
  const all = [1, 5, 9].reduce((kept: Sample[], n) => keep(kept, at(n)), []);
  expect(steps(keep(all, at(3)))).toEqual([1, 3, 5, 9]);
  expect(steps(keep(all, at(5)))).toEqual([1, 5, 9]);
});

test('another line of history, which is later at the same step, has another future', () => {
  const all = [at(1), at(5, 50), at(9, 90)];
  expect(steps(keep(all, at(6, 99)))).toEqual([1, 5, 6]);
});
