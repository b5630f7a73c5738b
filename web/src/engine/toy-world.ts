/**
 * A world of two sessions for the tests of time travel: a statement takes five steps, then its batch is synced and its
 * answer comes. As in the real one, all state lies in the linear memory.
 */

import type { Answer, Input } from './api';
import type { Goal, World } from './world';

const STEPS = 0;
const TIME = 1;
const HASH = 2;
const SYNCED = 3;
/** Two words each, one a session: steps still to make, answers not yet fetched, statements answered, statements asked. */
const WORK = 4;
const FRESH = 6;
const DONE = 8;
const ASKED = 10;

const A_STATEMENT = 5;

export function toyWorld(): World {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const references = new WebAssembly.Table({ element: 'externref', initial: 4 });
  const words = new Proxy({} as Record<number, number>, {
    get: (_, n) => new Int32Array(memory.buffer)[Number(n)],
    set: (_, n, value: number) => ((new Int32Array(memory.buffer)[Number(n)] = value), true),
  }) as Record<number, number>;
  const word = (n: number) => words[n]!;

  const work = (session: number) => {
    words[STEPS] = word(STEPS) + 1;
    words[TIME] = word(TIME) + 8;
    words[HASH] = Math.imul(word(HASH) ^ (session + 1), 0x01000193) + word(TIME);
    words[WORK + session] = word(WORK + session) - 1;
    if (word(WORK + session) > 0) return;
    words[FRESH + session] = word(FRESH + session) + 1;
    words[DONE + session] = word(DONE + session) + 1;
    words[SYNCED] = word(SYNCED) + 1;
  };

  return {
    memory,
    references,
    open: () => {},
    steps: () => word(STEPS),
    now: () => word(TIME),
    hash: () => (word(HASH) >>> 0).toString(16),
    input: (input: Input) => {
      if (input.kind !== 'query') return 0;
      const { session } = input;
      words[HASH] = Math.imul(word(HASH) ^ 77, 0x01000193) + word(TIME);
      words[WORK + session] = word(WORK + session) + A_STATEMENT;
      words[ASKED + session] = word(ASKED + session) + 1;
      return word(ASKED + session);
    },
    run: (goal: Goal) => {
      const answered = goal.answer === undefined ? 0 : word(DONE + goal.answer);
      for (;;) {
        if (goal.answer !== undefined && word(DONE + goal.answer) > answered) return 'reached';
        if (word(STEPS) >= goal.step) return 'limit';
        const session = [0, 1].find((s) => word(WORK + s) > 0);
        if (session !== undefined) work(session);
        else if (goal.time === undefined) return 'idle';
        else if (goal.time === Infinity) return 'deadlock';
        else {
          words[TIME] = Math.max(word(TIME), goal.time);
          return 'reached';
        }
      }
    },
    step: (pid) => {
      if (word(WORK + pid) === 0) return false;
      work(pid);
      return true;
    },
    answers: () => {
      const answers: Answer[] = [];
      for (const session of [0, 1]) {
        if (word(FRESH + session) > 0) {
          const [step, time, synced] = [word(STEPS), word(TIME), word(DONE) + word(DONE + 1)];
          answers.push({ session, number: word(DONE + session), step, time, synced, text: `${session}:${word(DONE + session)}` });
        }
        words[FRESH + session] = 0;
      }
      return answers;
    },
    synced: () => {
      const bytes = new Uint8Array(word(SYNCED));
      words[SYNCED] = 0;
      return { upTo: word(DONE) + word(DONE + 1), bytes };
    },
    nextDeadline: () => Infinity,
    keepSynced: () => {},
    image: () => new Uint8Array(0),
    view: () => ({}) as never,
    names: () => ({}) as never,
    eventsFrom: () => 0,
    events: () => [],
    lastPanic: () => '',
  };
}
