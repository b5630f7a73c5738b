/**
 * Every scene on the real engine, as a reader hears it who only presses Next. What it says and shows is kept beside it
 * (`golden/`), so that a change of the engine that changes a story is seen; `tests/scenes.mjs` holds the statements'
 * answers against a real server.
 */
import fs from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { builtEngine } from '../engine/testing.ts';
import type { World } from '../engine/world.ts';
import { SCENES } from './names.ts';
import { kinds } from './kinds.ts';
import { parseScene } from './parse.ts';
import { checked, play } from './playing.ts';

/** Without what hangs on how many pages a new data directory has: positions, transaction ids, buffer numbers, pids. */
const lasting = (told: string) => told
  .replace(/\b0\/[0-9A-F]{6}\b/g, '0/LSN').replace(/\b7\d\d\b/g, 'XID').replace(/\b(buffer) \d+\b/g, '$1 N').replace(/\b([Pp]rocess) \d{4,}/g, '$1 PID');

const text = (id: string) => fs.readFileSync(new URL(`./${id}.scene`, import.meta.url), 'utf8');

let fresh: () => World;
beforeAll(() => { fresh = builtEngine(); });

it('every scene file is offered', () => {
  const there = fs.readdirSync(new URL('.', import.meta.url)).filter((name) => name.endsWith('.scene')).map((name) => name.slice(0, -6));
  expect(there.sort()).toEqual([...SCENES].sort());
});

it('the scene in the manual is told too, and is the one that the examples show', async () => {
  const manual = fs.readFileSync(new URL('./FORMAT.md', import.meta.url), 'utf8');
  const example = /```text\n([^]*?)```/.exec(manual)![1]!;
  expect(fs.readFileSync(new URL('../../public/waits.scene', import.meta.url), 'utf8')).toBe(example);
  const { sentences, stuck } = await play(fresh, parseScene(example, 'waits', kinds()));
  expect(stuck).toBeNull();
  expect(sentences).toHaveLength(3);
});

describe.each(SCENES)('%s', (id) => {
  const scene = parseScene(text(id), id, kinds());

  it('is told to its end with the engine\u2019s numbers', { timeout: 60_000 }, async () => {
    const { sentences, terminals, stuck } = await play(fresh, scene);
    expect(stuck).toBeNull();
    const said = sentences.join('\n');
    expect(said).not.toMatch(/\{\w+\}|undefined|NaN|Nothing can run/);
    await expect(lasting(`${said}\n\n${terminals}`)).toMatchFileSnapshot(`golden/${id}.txt`);
  });

  it('answers what a real server is asked too', { timeout: 120_000 }, async () => {
    for (const { check, rows } of await checked(fresh, scene)) expect(rows, `${id}.scene, line ${check.line}`).toEqual(check.rows);
  });

  it('keeps to what fits the page', () => {
    for (const { key, english } of scene.texts) {
      const length = english.replace(/\[[A-Z]\|([^\]]*)\]|\*\*|`/g, '$1').length;
      expect(length, key).toBeLessThanOrEqual(key.endsWith('.about') ? 200 : 150);
    }
    expect(scene.beats.filter((b) => b.guess).length).toBeGreaterThan(0);
    // The answers of a question stand beside it, in one row.
    const rows = scene.beats.map((b) => scene.texts.filter(({ key }) => key.startsWith(`scene/${id}.${b.id}.choice.`)).map(({ english }) => english).join('   '));
    for (const row of rows) expect(row.length, row).toBeLessThanOrEqual(30);
  });
});
