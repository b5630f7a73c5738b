/** Every sentence of the catalogue is said somewhere: one that nobody says would be translated for nobody. */
import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { en } from './en.ts';
import { panelsEn } from './en-panels.ts';
import { sheets } from './en-sheets.ts';

const SRC = path.join(import.meta.dirname, '..');

/** All of the page's source but the catalogues. */
function source(): string {
  const files = fs.readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts') && !/^base.en|generated|\.test\.ts$/.test(name));
  return files.map((name) => fs.readFileSync(path.join(SRC, name), 'utf8')).join('\n');
}

it('every sentence is said', () => {
  const all = source();
  // A key is written out, or ends with what it is asked for: t(`status.${tuple.xmin_status}`).
  const stems = [...all.matchAll(/`([\w.]+\.)\$\{/g)].map(([, stem]) => stem!);
  const silent = Object.keys({ ...en, ...panelsEn, ...sheets }).filter((key) => !all.includes(`'${key}'`) && !stems.some((stem) => key.startsWith(stem)));
  expect(silent).toEqual([]);
});
