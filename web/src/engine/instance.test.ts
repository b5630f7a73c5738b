/** The real engine in Node: what time travel rests on. */

import fs from 'node:fs';

import { beforeAll, describe, expect, it } from 'vitest';

import { Host } from './host';
import { instanceWorld } from './instance';
import type { World } from './world';

let fresh: () => World;

beforeAll(async () => {
  const bytes = fs.readFileSync(new URL('../../pkg/vitrine_bg.wasm', import.meta.url));
  const module = await WebAssembly.compile(bytes);
  fresh = () => instanceWorld(module);
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
});
