/** The list of what was done: replayed where it is known, noted where it is new, branched where it differs. */
import { describe, expect, it } from 'vitest';

import type { Deed } from './api';
import { History } from './history';

const choice = (step: number): Deed => ({ step, time: step, kind: 'choice', pid: 1 });

describe('history', () => {
  it('replays what is known and notes what is new', () => {
    const history = new History();
    history.reached(5);
    expect(history.record(choice(5))).toBe(false);
    history.reached(9);
    history.wentBack(0);
    expect(history.last).toBe(9);
    expect(history.next).toEqual(choice(5));
    history.reached(5);
    history.repeated();
    expect(history.next).toBeUndefined();
    expect(history.atEnd).toBe(false);
    history.reached(9);
    expect(history.atEnd).toBe(true);
  });

  it('begins another line when something new is done in the past, and keeps the old one', () => {
    const history = new History();
    history.reached(5);
    history.record(choice(5));
    history.reached(9);
    history.wentBack(0);
    history.reached(3);
    expect(history.record(choice(3))).toBe(true);
    expect(history.branch).toBe(1);
    expect(history.last).toBe(3);
    expect(history.branches(0)).toEqual([
      { id: 0, last: 9, saved: true },
      { id: 1, last: 3, saved: false, from: { branch: 0, step: 3 } },
    ]);
    history.choose(0);
    expect(history.last).toBe(9);
  });

  it('knows which moments lie on the way', () => {
    const history = new History();
    history.reached(9);
    history.wentBack(4);
    history.record(choice(4));
    history.reached(8);
    expect(history.leadsTo({ branch: 0, step: 4 }, 8)).toBe(true);
    expect(history.leadsTo({ branch: 0, step: 5 }, 8)).toBe(false);
    expect(history.leadsTo({ branch: 1, step: 6 }, 8)).toBe(true);
    expect(history.leadsTo({ branch: 1, step: 6 }, 5)).toBe(false);
    expect(history.leadsTo({ branch: 0, step: 4 }, 3)).toBe(false);
  });
});
