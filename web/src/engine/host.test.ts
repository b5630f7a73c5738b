/** The engine's driver: to an answer, to the same hash by every way, and back. */
import { beforeEach, describe, expect, it } from 'vitest';

import type { Answer, EngineEvents } from './api';
import { Host } from './host';
import { toyWorld } from './toy-world';

let host: Host;
let answers: Answer[];

beforeEach(async () => {
  answers = [];
  host = new Host(toyWorld);
  const tell = <K extends keyof EngineEvents>(kind: K, event: EngineEvents[K]) => {
    if (kind === 'answer') answers.push(event as Answer);
  };
  await host.open({ sessions: 0 }, tell, () => Promise.reject(new Error('none')));
});

describe('the host', () => {
  it('runs to an answer', async () => {
    const answer = host.submit(0, 'SELECT 1');
    const moment = await host.run({ answer: 0 });
    expect(moment).toMatchObject({ step: 5, last: 5, stopped: 'reached', branch: 0 });
    expect(await answer).toMatchObject({ session: 0, text: '0:1' });
    expect(await host.run('idle')).toMatchObject({ step: 5, stopped: 'idle' });
  });

  it('comes to the same hash by every way', async () => {
    void host.submit(0, 'x');
    const hashes = ['', '', '', '', '', ''];
    for (let n = 1; n <= 5; n++) hashes[n] = (await host.step()).hash;
    for (const step of [3, 1, 5, 2, 4]) expect(await host.seek(step)).toMatchObject({ step, last: 5, hash: hashes[step] });
  });

  it('repeats inputs, choices and the passing of time', async () => {
    void host.submit(0, 'x');
    await host.step();
    await host.run({ time: 1_000 });
    void host.submit(1, 'y');
    void host.submit(0, 'z');
    await host.step(1);
    await host.step(1);
    const there = await host.run('idle');
    await host.seek(2);
    expect(await host.seek(there.last)).toMatchObject({ step: there.step, hash: there.hash, time: there.time });
    expect(await host.branches()).toHaveLength(1);
    expect(answers.map((answer) => answer.text)).toEqual(['0:1', '0:2', '1:1']);
  });

  it('begins a line of its own when something new is done in the past, and finds the old one again', async () => {
    void host.submit(0, 'x');
    const old = await host.run('idle');
    await host.seek(2);
    void host.submit(1, 'y');
    const other = await host.run('idle');
    expect(other).toMatchObject({ branch: 1, step: 10 });
    expect(other.hash).not.toBe(old.hash);
    expect(await host.branches()).toEqual([
      { id: 0, last: 5, saved: false },
      { id: 1, last: 10, saved: false, from: { branch: 0, step: 2 } },
    ]);
    expect(await host.follow(0)).toMatchObject({ branch: 0, step: 5, hash: old.hash });
    expect(await host.follow(1)).toMatchObject({ branch: 1, step: 10, hash: other.hash });
  });

  it('rejects what a rewind overtakes', async () => {
    void host.submit(0, 'x');
    await host.run('idle');
    const late = host.submit(1, 'y');
    const rejected = expect(late).rejects.toMatchObject({ name: 'Overtaken' });
    await host.step();
    await host.seek(3);
    await rejected;
  });

  it('says when nobody can run', async () => {
    expect(await host.step()).toMatchObject({ stopped: 'idle', step: 0 });
    expect(await host.step(1)).toMatchObject({ stopped: 'idle', step: 0 });
  });
});
