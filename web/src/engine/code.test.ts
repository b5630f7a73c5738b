/**
 * The engine whole and cut in two is the same engine.
 *
 * The cut takes cold pieces out of functions and passes their variables over by hand (`vitrine-split`); a variable that
 * were forgotten would show as another answer, or as another history. So both live through the statements of the engine's
 * own scripts, which come to far more places than the opening did.
 */

import fs from 'node:fs';
import path from 'node:path';

import { expect, it } from 'vitest';

import { instanceWorld } from './instance';
import { builtCode, wholeCode } from './testing';
import type { World } from './world';

const SCRIPTS = path.join(import.meta.dirname, '../../../engine/tests/sql');

/** Statements of all scripts, script by script. */
function scripts(): string[][] {
  const files = fs.readdirSync(SCRIPTS, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const texts = files.map((entry) => fs.readFileSync(path.join(entry.parentPath, entry.name), 'utf8'));
  return texts.map((text) => [...text.matchAll(/^(?:[a-e]: |> )(.+)$/gm)].map(([, statement]) => statement!));
}

/** What a world says to some statements, one after the other, and the hash of its history. */
function life(world: World, statements: string[]): { answers: string[]; hash: string } {
  world.open({ seed: 7 });
  world.input({ kind: 'connect', host: 0, parameters: [['user', 'postgres'], ['database', 'postgres'], ['application_name', 'psql']] });
  world.run({ step: Infinity });
  const answers = statements.map((text) => {
    world.input({ kind: 'query', session: 0, text });
    world.run({ step: Infinity, answer: 0 });
    return world.answers().map((answer) => answer.text).join('');
  });
  return { answers, hash: world.hash() };
}

it('lives the same life whole and in two halves', () => {
  const all = scripts();
  expect(all.flat().length).toBeGreaterThan(1_000);
  const [whole, halves] = [wholeCode(), builtCode()];
  for (const statements of all) {
    expect(life(instanceWorld(halves.instance()), statements)).toEqual(life(instanceWorld(whole.instance()), statements));
  }
}, 120_000);
