/** The examples of the README for users of the library, as they stand: each prints what it says that it prints. */
import fs from 'node:fs';
import { expect, it } from 'vitest';
import { Code } from '../engine/code';
import { Core } from './core';
import { Database } from './database';
import type { OpenOptions } from './options';

const readme = fs.readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');
const examples = [...readme.matchAll(/```js\n([^]*?)```/g)].map(([, code]) => code!);
const built = (name: string) => fs.readFileSync(new URL(`../../pkg/${name}`, import.meta.url)) as Uint8Array<ArrayBuffer>;
const code = new Code({ first: new WebAssembly.Module(built('first.wasm')), rest: built('rest.wasm') });
const open = async ({ load }: OpenOptions = {}) => Database.on(new Core(code.instance(), load));

/** As the examples write values down. */
const shown = (value: unknown): string => JSON.stringify(value).replaceAll('"', "'").replaceAll(/'(\w+)':/g, '$1:').replaceAll(/[\s]/g, '');

it('has five', () => expect(examples).toHaveLength(5));

it.each(examples)('%s', async (example) => {
  const said: string[] = [];
  const log = (...values: unknown[]) => void said.push(values.map((v) => (typeof v === 'string' ? v : shown(v))).join(''));
  const body = example.replace(/^import .*\n/, '');
  await (new Function('open', 'console', `return (async () => {\n${body}\n})();`) as (o: typeof open, c: { log: typeof log }) => Promise<void>)(open, { log });
  const promised = [...example.matchAll(/console\.log\(.*; \/\/ (.*)$/gm)].map(([, text]) => text!.replace(/(?<=\]): .*/, '').replaceAll(/\s/g, ''));
  expect(said).toEqual(promised);
});
