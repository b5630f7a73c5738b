/** The text format of scenes: what is read, and what is said of a line that is wrong. */
import { expect, it } from 'vitest';
import { kinds } from './kinds.ts';
import { parseScene } from './parse.ts';

const HEAD = 'title: T\nopening:\n  say It begins.\n';
const BEAT = 'beat one:\n  when WalFlush\n  say It is {upto}.\n';

it('reads a scene', () => {
  const scene = parseScene(`${HEAD}${BEAT}beat two after one:\n  A: SELECT 1\n     FROM t;\n  when Query by A\n  say A long\n    sentence.\n  wait 1.5s\n`, 'x', kinds());
  expect(scene.texts.map((t) => t.key)).toEqual(['opening', 'one', 'two', 'title', 'about'].map((part) => `scene/x.${part}`));
  expect(scene.beats[1]).toMatchObject({ after: ['one'], acts: [{ kind: 'type', letter: 'A', sql: 'SELECT 1\nFROM t;' }], say: { english: 'A long sentence.' }, patience: 1_500_000 });
});

it.each([
  ['say something', 1, "'say something' begins nothing"],
  ['opening:\n  say x', 1, 'a scene needs a title'],
  ['title: T\ntitle: U', 2, 'stands here twice'],
  ['title: T\nlet A = 1', 2, "'A' has a meaning"],
  ['title: T\nlet a = primary.buffers(a)', 2, 'is given by itself'],
  ['title: T\nlet a = b\nlet b = c + 1\nlet c = a', 4, 'is given by itself'],
  ['title: T\nlet a = 1 +', 2, 'is no expression'],
  ['title: T\nlet a = b c', 2, 'is no expression'],
  ['title: T\n\topening', 2, 'not with tabs'],
  [`${HEAD}beat one:\n  say x`, 4, 'needs a when line'],
  [`${HEAD}beat one:\n  when WalFlood\n  say x`, 5, 'there is no event WalFlood'],
  [`${HEAD}beat one:\n  when WalFlush, upon = 1\n  say x`, 5, "nothing is called 'upon'"],
  [`${HEAD}beat one:\n  when WalFlush\n  say [B’s] own`, 6, 'a mark is not closed'],
  [`${HEAD}beat one:\n  when WalFlush\n  say {lsn}`, 6, 'nothing is called {lsn}'],
  [`${HEAD}${BEAT}${BEAT}`, 7, "there is a beat 'one' already"],
  [`${HEAD}beat two after one:\n  when Query\n  say x`, 4, "there is no beat 'one' before"],
  [`${HEAD}${BEAT}  dance`, 7, "'dance' is nothing that a scene can do"],
  [`${HEAD}${BEAT}  choice 1 | click row(0,1)\n  told x`, 4, "one choice must be 'right'"],
  [`${HEAD}${BEAT}  choice 1 | right if 1 = 1`, 4, 'needs a told line'],
  [`${HEAD}${BEAT}  look upto`, 7, 'a thing is one of'],
  [`${HEAD}${BEAT} say x`, 7, 'indented less'],
])('%j: line %i: %s', (text, line, what) => {
  expect(() => parseScene(text, 'x', kinds())).toThrow(new RegExp(`^x\\.scene, line ${line}: .*${what.replace(/[{}()]/g, '\\$&')}`));
});
