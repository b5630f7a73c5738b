import { expect, it } from 'vitest';

import { Release } from './release';

it('gives an answer only when the batches before it are durable', () => {
  const given: string[] = [];
  const release = new Release<string>((answer) => given.push(answer));
  release.hold('read only');
  release.handedOut(2);
  release.hold('commit');
  release.handedOut(1);
  release.hold('next commit');
  expect(given).toEqual(['read only']);
  release.durableUpTo(1);
  expect(given).toEqual(['read only']);
  release.durableUpTo(2);
  expect(given).toEqual(['read only', 'commit']);
  release.durableUpTo(3);
  expect(given).toEqual(['read only', 'commit', 'next commit']);
});

it('gives everything when nothing is stored any more', () => {
  const given: string[] = [];
  const release = new Release<string>((answer) => given.push(answer));
  release.handedOut(1);
  release.hold('one');
  release.hold('two');
  expect(release.drop((answer) => answer === 'one')).toEqual(['one']);
  release.stop();
  expect(given).toEqual(['two']);
});
