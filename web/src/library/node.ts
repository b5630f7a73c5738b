/**
 * The library for Node 20: the engine in the calling thread.
 *
 *     import { open } from './vitrine-node.js';
 */

import fs from 'node:fs';

import { Code } from '../engine/code';
import { Core } from './core';
import { Database } from './database';
import type { OpenOptions } from './options';

export { Database, Session, type NoticeListener, type Queryable, type Transaction } from './database';
export { DatabaseError } from './error';
export type { OpenOptions } from './options';
export { types, type Parser, type Parsers } from './values';
export type { Field, Reading, Result } from './wire';

const file = (name: string) => fs.readFileSync(new URL(/* @vite-ignore */ `./${name}`, import.meta.url));
let code: Code | undefined;

/** Opens a database. In Node it lives in memory; `dump()` and `load` take it elsewhere. */
export async function open({ storage = 'memory', load }: OpenOptions = {}): Promise<Database> {
  if (storage !== 'memory') throw new TypeError(`storage ${storage}: in Node there is only 'memory'`);
  code ??= new Code({ first: await WebAssembly.compile(file('pg-vitrine.wasm')), rest: new Uint8Array(file('pg-vitrine-rest.wasm')) });
  return Database.on(new Core(code.instance(), load));
}
