/** A plain database on the real engine: its clock is the wall clock, and it wakes by itself. */

import { beforeAll, expect, it } from 'vitest';

import { Host } from './host';
import { builtEngine } from './testing';
import type { World } from './world';

let fresh: () => World;

beforeAll(() => {
  fresh = builtEngine();
});

const opened = async (sessions: number) => {
  const host = new Host(fresh);
  await host.open({ sessions, spec: { plain: true } }, () => {}, () => Promise.reject(new Error('no store')));
  return host;
};

/** Sends a statement; the promise of its answer. */
const send = async (host: Host, session: number, text: string) => {
  const answer = host.submit(session, text);
  await host.run({ answer: session });
  return answer;
};

const sleep = (ms: number) => new Promise((done) => setTimeout(done, ms));

it('says the time that it is, and goes on with it', async () => {
  const host = await opened(1);
  const now = async () => {
    const { text } = await send(host, 0, 'SELECT now()');
    // 2026-11-21 14:29:50.123456+00
    return Date.parse(text.split('\n')[2]!.trim().replace(' ', 'T').replace(/\+00$/, 'Z'));
  };
  const first = await now();
  expect(Math.abs(first - Date.now())).toBeLessThan(5_000);
  await sleep(60);
  const later = await now();
  expect(later - first).toBeGreaterThanOrEqual(55);
  expect(later - first).toBeLessThan(5_000);
});

it('finds a deadlock though nobody says anything more', async () => {
  const host = await opened(2);
  await send(host, 0, 'CREATE TABLE t (n int); INSERT INTO t VALUES (1), (2)');
  for (const session of [0, 1]) await send(host, session, `BEGIN; UPDATE t SET n = n WHERE n = ${session + 1}`);
  const began = Date.now();
  const waiting = [host.submit(0, 'UPDATE t SET n = n WHERE n = 2'), host.submit(1, 'UPDATE t SET n = n WHERE n = 1')];
  await host.run({ answer: 1 });
  const { sqlstate } = await Promise.race(waiting);
  expect(sqlstate).toBe('40P01');
  expect(Date.now() - began).toBeGreaterThanOrEqual(900);
});
