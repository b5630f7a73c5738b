/** The built engine in Node, for tests. */

import fs from 'node:fs';

import { Code } from './code';
import { instanceWorld } from './instance';
import type { World } from './world';

const built = (name: string) => fs.readFileSync(new URL(`../../pkg/${name}`, import.meta.url)) as Uint8Array<ArrayBuffer>;

/** The engine's code, as `npm run build` has made it. */
export function builtCode(): Code {
  return new Code({ first: new WebAssembly.Module(built('first.wasm')), rest: built('rest.wasm') });
}

/** The same, before it was cut in two. */
export function wholeCode(): Code {
  return new Code({ first: new WebAssembly.Module(built('vitrine_bg.wasm')), rest: new Uint8Array() });
}

/** What makes new instances, without a world. */
export function builtEngine(): () => World {
  const code = builtCode();
  return () => instanceWorld(code.instance());
}
