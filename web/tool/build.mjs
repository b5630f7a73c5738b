/**
 * `npm run build`: engine to wasm, glue, and the six builds of the web part (see `vite.config.ts`).
 *
 *     cargo ─▶ target/wasm32-.../vitrine_wasm.wasm ─▶ vitrine-bindgen ─▶ vitrine-split ─▶ web/pkg/ ─▶ vite ─▶ web/dist/
 */

import fs from 'node:fs';
import path from 'node:path';

import { heading, run } from './sh.mjs';
import { ROOT, WEB, ensureNodeModules, ensureRust } from './setup.mjs';

const TARGET = path.resolve(ROOT, process.env.CARGO_TARGET_DIR ?? 'target');
const PKG = path.join(WEB, 'pkg');

/** Compiles the engine and writes web/pkg/. */
export async function buildWasm() {
  heading('The engine, as wasm');
  await run('cargo', ['build', '--locked', '-p', 'vitrine-bindgen', '--profile', 'tool']);
  await run('cargo', ['build', '--locked', '-p', 'vitrine-wasm', '--profile', 'wasm', '--target', 'wasm32-unknown-unknown']);
  const wasm = path.join(TARGET, 'wasm32-unknown-unknown/wasm/vitrine_wasm.wasm');
  await run(path.join(TARGET, 'tool/vitrine-bindgen'), [wasm, PKG]);
  await split(path.join(PKG, 'vitrine_bg.wasm'));
}

/** Cuts the module into what the first answer needs, as it is seen to, and the rest. */
async function split(whole) {
  const tool = path.join(TARGET, 'tool/vitrine-split');
  const [marked, seen] = ['opening.wasm', 'opening.txt'].map((name) => path.join(TARGET, 'tool', name));
  await run(tool, ['mark', whole, marked]);
  await run('node', [path.join(WEB, 'tool/opening.mjs'), marked, seen]);
  await run(tool, ['cut', whole, seen, path.join(PKG, 'first.wasm'), path.join(PKG, 'rest.wasm')]);
}

/** Writes web/dist/: the site, the library, the single file. */
export async function buildWeb() {
  heading('The web part');
  fs.rmSync(path.join(WEB, 'dist'), { recursive: true, force: true });
  for (const mode of ['worker', 'site', 'library', 'database', 'node', 'single', 'sheet']) {
    await run('npx', ['vite', 'build', '--logLevel', 'warn', '--mode', mode], { cwd: WEB });
  }
}

/** All of it, from what a clean clone has. */
export async function build() {
  await ensureRust();
  await ensureNodeModules();
  await buildWasm();
  await buildWeb();
}

if (process.argv[1] === import.meta.filename) {
  await build();
  console.log('\nweb/dist/index.html     the site\nweb/dist/pg-vitrine.js  the library\nweb/dist/vitrine.html   one file');
}
