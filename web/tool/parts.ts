/**
 * What differs between the builds: where the wasm and the worker's script come from.
 *
 * Every build imports the same module, `virtual:vitrine-parts` (its type is in `src/engine/parts.d.ts`), and gets another
 * text for it. The site and the library fetch files that lie beside them; the single file carries both inside, the
 * wasm as gzip in base64, which `DecompressionStream` unpacks.
 */

import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import type { Plugin } from 'vite';

export type Kind = 'worker' | 'site' | 'library' | 'single';

const NAME = 'virtual:vitrine-parts';
const pkg = path.resolve(import.meta.dirname, '../pkg');
const FIRST = path.join(pkg, 'first.wasm');
const REST = path.join(pkg, 'rest.wasm');
const WORKER = path.join(pkg, 'worker.js');

const FETCHING = `
const got = async (url) => {
  const response = await fetch(url);
  if (!response.ok) throw new Error(url + ': HTTP ' + response.status);
  return response;
};
export const loadHalves = async () => {
  const response = await got(firstUrl);
  // A server that does not know the type still works, a little later.
  const first = response.headers.get('content-type') === 'application/wasm'
    ? await WebAssembly.compileStreaming(response)
    : await WebAssembly.compile(await response.arrayBuffer());
  return { first, rest: new URL(restUrl, document.baseURI).href };
};
export const workerUrl = scriptUrl;
export const workerCode = async () => (await got(scriptUrl)).text();
`;

/** A file, as a string in a script. */
const packed = (file: string) => JSON.stringify(zlib.gzipSync(fs.readFileSync(file), { level: 9 }).toString('base64'));

function text(kind: Kind): string {
  switch (kind) {
    // The worker is handed its code and starts no other worker.
    case 'worker':
      return `
        const none = () => Promise.reject(new Error('not in a worker'));
        export const loadHalves = none, workerCode = none, workerUrl = undefined;`;
    case 'site':
      return `
        import firstUrl from ${JSON.stringify(`${FIRST}?url`)};
        import restUrl from ${JSON.stringify(`${REST}?url`)};
        import scriptUrl from ${JSON.stringify(`${WORKER}?url`)};
        ${FETCHING}`;
    // Written out by hand: a library build would turn an imported address into a data: URL.
    case 'library':
      return `
        const firstUrl = new URL(/* @vite-ignore */ './pg-vitrine.wasm', import.meta.url).href;
        const restUrl = new URL(/* @vite-ignore */ './pg-vitrine-rest.wasm', import.meta.url).href;
        const scriptUrl = new URL(/* @vite-ignore */ './pg-vitrine-worker.js', import.meta.url).href;
        ${FETCHING}`;
    case 'single':
      return `
        const unpack = (packed) => {
          const bytes = Uint8Array.from(atob(packed), (c) => c.charCodeAt(0));
          return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))).arrayBuffer();
        };
        export const loadHalves = async () => ({
          first: await WebAssembly.compile(await unpack(${packed(FIRST)})),
          rest: new Uint8Array(await unpack(${packed(REST)})),
        });
        export const workerUrl = undefined;
        export const workerCode = async () => ${JSON.stringify(fs.readFileSync(WORKER, 'utf8'))};`;
  }
}

/** Answers the import of `virtual:vitrine-parts` for one kind of build. */
export function parts(kind: Kind): Plugin {
  return {
    name: 'vitrine-parts',
    resolveId: (id) => (id === NAME ? `\0${NAME}` : undefined),
    load: (id) => (id === `\0${NAME}` ? text(kind) : undefined),
    generateBundle() {
      if (kind !== 'library') return;
      this.emitFile({ type: 'asset', fileName: 'pg-vitrine.wasm', source: fs.readFileSync(FIRST) });
      this.emitFile({ type: 'asset', fileName: 'pg-vitrine-rest.wasm', source: fs.readFileSync(REST) });
      this.emitFile({ type: 'asset', fileName: 'pg-vitrine-worker.js', source: fs.readFileSync(WORKER) });
    },
  };
}

/** Moves the one script and the one style sheet of a build into its HTML. */
export function inlineIntoHtml(): Plugin {
  return {
    name: 'vitrine-inline',
    enforce: 'post',
    generateBundle(_options, bundle) {
      const files = Object.values(bundle);
      const html = files.find((file) => file.type === 'asset' && file.fileName.endsWith('.html'));
      if (html?.type !== 'asset') throw new Error('the single build has no HTML');
      let page = String(html.source)
        .replace(/<script[^>]*src="[^"]*"[^>]*><\/script>/g, '')
        .replace(/<link[^>]*rel="stylesheet"[^>]*>/g, '');
      for (const file of files) {
        if (file === html) continue;
        if (file.type === 'chunk') {
          // What is inside need not be sent for beforehand.
          const code = file.code.replaceAll(/<\/script/gi, '<\\/script').replaceAll('__VITE_PRELOAD__', 'void 0');
          page = page.replace('</body>', () => `<script type="module">${code}</script></body>`);
        } else if (file.fileName.endsWith('.css')) {
          page = page.replace('</head>', () => `<style>${String(file.source)}</style></head>`);
        } else {
          throw new Error(`the single build would need a second file: ${file.fileName}`);
        }
        delete bundle[file.fileName];
      }
      html.source = page;
    },
  };
}
