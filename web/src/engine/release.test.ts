/** Answers wait for the store, and are given in order. */
import { expect, it } from 'vitest';

import { Release } from './release';

it('gives an answer only when the batches before it are durable', () => {
  const given: string[] = [];
  const release = new Release<string>((answer) => given.push(answer));
  release.hold('read only', 0);
  release.hold('commit', 2);
  release.hold('next commit', 3);
  expect(given).toEqual(['read only']);
  release.durableUpTo(1);
  expect(given).toEqual(['read only']);
  release.durableUpTo(2);
  expect(given).toEqual(['read only', 'commit']);
  release.durableUpTo(3);
  expect(given).toEqual(['read only', 'commit', 'next commit']);
});

it('takes back what is overtaken, and gives everything when nothing is stored any more', () => {
  const given: string[] = [];
  const release = new Release<string>((answer) => given.push(answer));
  release.hold('one', 1);
  release.hold('two', 1);
  expect(release.drop((answer) => answer === 'one')).toEqual(['one']);
  release.durableUpTo(Infinity);
  expect(given).toEqual(['two']);
});
