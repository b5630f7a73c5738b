/** Every kind of event has a sentence: short, and with all of its values. */
import { expect, it } from 'vitest';
import { fill, plain, t, type MessageKey } from '../base/messages.ts';
import type { Entry } from '../engine/api.ts';
import type { LabView } from '../views/types.ts';
import { kinds } from './kinds.ts';
import { wordsOf } from './small.ts';

/** A moment in which nothing is known of whoever did it. */
const view = { hosts: [{ name: 'primary', state: 'running', processes: [], buffers: { files: [] }, page: null, wal: { records: [] } }], sessions: [] } as unknown as LabView;

/** Fields of which every event has those that it needs. */
const fields = {
  rel: { spc: 1663, db: 5, rel: 16384 }, tid: { block: 0, offset: 1 }, old: { block: 0, offset: 1 }, new: { block: 0, offset: 2 }, sqlstate: [52, 48, 80, 48, 49],
};

it.each([...kinds().keys()])('%s has a sentence of its own', (kind) => {
  const numbers = Object.fromEntries((kinds().get(kind) ?? []).map((name) => [name, 7]));
  const entry = { step: 1, at: 1, host: 0, pid: 42, event: { kind, ...numbers, ...Object.fromEntries(Object.entries(fields).filter(([name]) => kinds().get(kind)?.includes(name))) } } as unknown as Entry;
  const { say, params } = wordsOf(entry, view);
  const sentence = plain(fill(t(say), params));
  expect(say).not.toBe('event.other' satisfies MessageKey);
  expect(sentence).not.toMatch(/[{}]|undefined|NaN/);
  expect(sentence.length).toBeLessThanOrEqual(140);
});
