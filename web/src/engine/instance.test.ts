/** The real engine in Node: what time travel rests on. */

import { beforeAll, describe, expect, it } from 'vitest';

import { Host } from './host';
import { Keyframes } from './keyframes';
import { builtEngine } from './testing';
import type { World } from './world';

let fresh: () => World;

beforeAll(() => {
  fresh = builtEngine();
});

const opened = async (options = {}) => {
  const host = new Host(fresh);
  await host.open(options, () => {}, () => Promise.reject(new Error('no store')));
  return host;
};

describe('the engine', () => {
  it('makes the same history from the same seed, in one run and in chunks', async () => {
    const [whole, parts] = [await opened({ sessions: 0 }), await opened({ sessions: 0 })];
    const there = await whole.run({ time: 400_000 });
    let moment = await parts.moment();
    for (let n = 1; moment.time < 400_000; n++) moment = await parts.run({ time: Math.min(400_000, moment.time + n * 997) });
    expect(moment).toEqual(there);
    const other = await opened({ sessions: 0, spec: { seed: 2 } });
    expect((await other.run({ time: 400_000 })).hash).not.toBe(there.hash);
  });

  it('comes to the same hash run, stepped and rewound', async () => {
    const [run, stepped] = [await opened({ sessions: 0 }), await opened({ sessions: 0 })];
    const first = await stepped.moment();
    await stepped.run({ time: 300_000 });
    const end = await run.run({ time: 300_000 });
    const hashes: string[] = [];
    for (let step = first.step; step <= end.step; step++) hashes[step] = (await stepped.seek(step)).hash;
    expect(hashes.at(-1)).toBe(end.hash);
    for (let step = end.step; step >= first.step; step -= 7) expect((await run.seek(step)).hash).toBe(hashes[step]);
  });

  it('tells the events of any steps, those ahead of the cursor included', async () => {
    const host = await opened({ sessions: 0 });
    const { step: first } = await host.moment();
    const { step } = await host.run({ time: 1_000_000 });
    const all = await host.events(0, step);
    await host.seek(first + 3);
    expect(await host.events(0, step)).toEqual(all);
    expect((await host.moment()).step).toBe(first + 3);
    const kinds = all.map((entry) => entry.event.kind);
    expect(kinds).toContain('CheckpointDone');
  });

  it('shows a moment, with null for what is not there', async () => {
    const host = await opened();
    const view = await host.view();
    expect(view.hosts.map((server) => [server.role, server.wal.replay === null])).toEqual([['primary', true], ['standby', false]]);
    expect(view.sessions.map((session) => session.letter)).toEqual(['A', 'B']);
  });

  it('answers a whole session, and answers the same when rewound and run again', async () => {
    const host = await opened();
    const say = async (text: string) => {
      const answer = host.submit(0, text);
      await host.run({ answer: 0 });
      return (await answer).text;
    };
    expect(await say('CREATE TABLE t (a int)')).toBe('CREATE TABLE\n');
    const before = await host.moment();
    expect(await say('INSERT INTO t VALUES (1), (2)')).toBe('INSERT 0 2\n');
    expect(await say('SELECT sum(a) FROM t')).toBe(' sum \n-----\n   3\n(1 row)\n\n');
    const there = await host.moment();
    await host.seek(before.step);
    expect(await host.seek(there.step)).toEqual({ ...there, stopped: 'reached' });

    // In the past something else is done: the table is empty there.
    await host.seek(before.step);
    expect(await say('SELECT sum(a) FROM t')).toBe(' sum \n-----\n    \n(1 row)\n\n');
    expect((await host.moment()).branch).toBe(1);
    expect((await host.follow(0)).hash).toBe(there.hash);
  });

  it('keeps every hash while statements are stepped, interrupted and gone back over', async () => {
    const host = await opened();
    const start = await host.moment();
    void host.submit(0, 'CREATE TABLE t (a int); INSERT INTO t VALUES (1)').catch(() => {});
    void host.submit(1, 'SELECT 1; CHECKPOINT').catch(() => {});
    const hashes: string[] = [];
    for (let stopped = 'reached'; stopped === 'reached'; ) {
      const moment = await host.step();
      hashes[moment.step] = moment.hash;
      ({ stopped } = moment);
    }
    const end = hashes.length - 1;
    for (let n = 0; n < 60; n++) {
      const step = start.step + 1 + ((n * 37) % (end - start.step));
      expect((await host.seek(step)).hash).toBe(hashes[step]);
    }
  });

  it('shows a moment the same after others were shown in between', () => {
    let world = fresh();
    world.open({});
    const frames = new Keyframes(fresh, { bytes: 2 ** 28, share: 1 });
    const goTo = (step: number) => { world = frames.restore(world, (point) => point.step === step)!.machine; };
    const request = { relation: 'accounts', fork: 'main', block: 0, wal_records: 64, xacts: 16, panels: [] };
    frames.take({ branch: 0, step: 0 }, world);
    const first = world.view(request);
    frames.take({ branch: 0, step: 1 }, world);
    goTo(0);
    // The names of fields are made when they are first needed: now in another order.
    world.events(0, 10);
    world.view(request);
    goTo(1);
    expect(world.view(request)).toEqual(first);
    // A fresh instance, as when the memory has grown since.
    world = fresh();
    goTo(1);
    expect(world.view(request)).toEqual(first);
  });
});
