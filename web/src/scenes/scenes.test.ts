/**
 * Every scene on the real engine, as a reader hears it who only presses Next. What it says and shows is kept beside it
 * (`golden/`), so that a change of the engine that changes a story is seen; `tests/scenes.mjs` holds the statements'
 * answers against a real server.
 */
import fs from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { builtEngine } from '../engine/testing.ts';
import type { World } from '../engine/world.ts';
import { SCENES } from './index.ts';
import { kinds } from './kinds.ts';
import { parseScene } from './parse.ts';
import { checked, play } from './playing.ts';

const text = (id: string) => fs.readFileSync(new URL(`./${id}.scene`, import.meta.url), 'utf8');

let fresh: () => World;
beforeAll(() => { fresh = builtEngine(); });

it('every scene file is offered', () => {
  const there = fs.readdirSync(new URL('.', import.meta.url)).filter((name) => name.endsWith('.scene')).map((name) => name.slice(0, -6));
  expect(there.sort()).toEqual([...SCENES].sort());
});

describe.each(SCENES)('%s', (id) => {
  const scene = parseScene(text(id), id, kinds());

  it('is told to its end with the engine\u2019s numbers', { timeout: 60_000 }, async () => {
    const { sentences, terminals, stuck } = await play(fresh, scene);
    expect(stuck).toBeNull();
    const said = sentences.join('\n');
    expect(said).not.toMatch(/\{\w+\}|undefined|NaN/);
    await expect(`${said}\n\n${terminals}`).toMatchFileSnapshot(`golden/${id}.txt`);
  });

  it('answers what a real server is asked too', { timeout: 120_000 }, async () => {
    for (const { check, rows } of await checked(fresh, scene)) expect(rows, `${id}.scene, line ${check.line}`).toEqual(check.rows);
  });

  it('keeps to what fits the page', () => {
    for (const { key, english } of scene.texts) {
      const length = english.replace(/\[[A-Z]\|([^\]]*)\]|\*\*|`/g, '$1').length;
      expect(length, key).toBeLessThanOrEqual(key.endsWith('.about') ? 200 : 160);
    }
    expect(scene.beats.filter((b) => b.guess).length).toBeGreaterThan(0);
  });
});
