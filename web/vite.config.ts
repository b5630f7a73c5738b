/**
 * Seven builds from one source, made in this order by `tool/build.mjs` (`vite build --mode ...`):
 *
 *     worker    pkg/worker.js          the engine's host and the store as one classic script, used by the next three
 *     site      dist/index.html        a static site; relocatable, every address is relative
 *     library   dist/pg-vitrine.js     one ES module that defines <pg-vitrine>; worker and wasm lie beside it
 *     database  dist/vitrine.js        the engine as a library for pages, without the page; same worker, same wasm
 *     node      dist/vitrine-node.js   the same for Node
 *     single    dist/vitrine.html      one file that needs no server: everything is inside
 *     sheet     dist/sheet.html        the visual language, for those who draw and for the tests
 *
 * How a build finds its wasm and its worker is the module `virtual:vitrine-parts`, written in `tool/parts.ts`.
 */

import { defineConfig, type UserConfig } from 'vite';
import { inlineIntoHtml, parts } from './tool/parts.ts';

const target = 'es2022';

const builds: Record<string, UserConfig> = {
  worker: {
    plugins: [parts('worker')],
    build: {
      target,
      outDir: 'pkg',
      emptyOutDir: false,
      copyPublicDir: false,
      lib: { entry: 'src/engine/worker.ts', formats: ['iife'], name: 'vitrine', fileName: () => 'worker.js' },
    },
  },
  site: {
    plugins: [parts('site')],
    build: { target, outDir: 'dist', emptyOutDir: false, assetsInlineLimit: 0 },
  },
  library: {
    plugins: [parts('library')],
    build: {
      target,
      outDir: 'dist',
      emptyOutDir: false,
      copyPublicDir: false,
      lib: { entry: 'src/element/index.ts', formats: ['es'], fileName: () => 'pg-vitrine.js' },
      rolldownOptions: { output: { codeSplitting: false } },
    },
  },
  database: {
    plugins: [parts('library')],
    build: {
      target,
      outDir: 'dist',
      emptyOutDir: false,
      copyPublicDir: false,
      lib: { entry: 'src/library/page.ts', formats: ['es'], fileName: () => 'vitrine.js' },
      rolldownOptions: { output: { codeSplitting: false } },
    },
  },
  node: {
    build: {
      target,
      outDir: 'dist',
      emptyOutDir: false,
      copyPublicDir: false,
      lib: { entry: 'src/library/node.ts', formats: ['es'], fileName: () => 'vitrine-node.js' },
      rolldownOptions: { external: /^node:/, output: { codeSplitting: false } },
    },
  },
  single: {
    plugins: [parts('single'), inlineIntoHtml()],
    build: {
      target,
      outDir: 'dist',
      emptyOutDir: false,
      copyPublicDir: false,
      cssCodeSplit: false,
      assetsInlineLimit: 1 << 30,
      modulePreload: false,
      rolldownOptions: { input: 'vitrine.html', output: { codeSplitting: false } },
    },
  },
  sheet: {
    build: { target, outDir: 'dist', emptyOutDir: false, copyPublicDir: false, rolldownOptions: { input: 'sheet.html' } },
  },
};

export default defineConfig(({ mode }) => ({ base: './', ...(builds[mode] ?? builds['site']) }));
