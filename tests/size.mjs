/**
 * The size of what a visitor's browser fetches before the page gives its first answer.
 *
 * The list is not written down here: the page is opened in Chromium and asked. A file counts when its request began
 * before the mark `vitrine:answer`, which the engine's client sets when the first answer arrives. Each counts as
 * brotli at its best level makes it, which is what a good static host sends.
 *
 * And the opening must not need what comes later: a call into the rest that is not there yet fetches it while the engine
 * stands still, which Chromium calls an `xhr` (`web/src/engine/code.ts`).
 */

import path from 'node:path';
import zlib from 'node:zlib';

import { serve } from '../web/tool/serve.mjs';
import { WEB } from '../web/tool/sh.mjs';

const LIMIT = 0.7e6;
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];

const brotli = (bytes) =>
  zlib.brotliCompressSync(bytes, {
    params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 11, [zlib.constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
  }).length;

/** Opens the page up to its first picture; returns what it fetched before its first answer, as {file, bytes}. */
async function fetched(chromiumPath) {
  const { chromium } = await import(path.join(WEB, 'node_modules/@playwright/test/index.mjs'));
  const { server, address } = await serve(path.join(WEB, 'dist'), 0);
  const browser = await chromium.launch({ executablePath: chromiumPath, args: FLAGS });
  try {
    const files = [];
    const stalls = [];
    const page = await browser.newPage();
    page.on('response', (response) => {
      if (response.request().resourceType() === 'xhr') stalls.push(new URL(response.url()).pathname);
      if (response.url().startsWith('http')) files.push(response);
    });
    await page.goto(address);
    await page.waitForFunction(() => document.querySelector('vt-lab')?.controller?.phase === 'ready', null, { timeout: 30_000 });
    const answered = await page.evaluate(() => performance.timeOrigin + performance.getEntriesByName('vitrine:answer')[0].startTime);
    const before = files.filter((file) => file.request().timing().startTime < answered);
    const bodies = await Promise.all(
      before.map(async (file) => ({ file: new URL(file.url()).pathname, bytes: await file.body() })),
    );
    if (stalls.length > 0) throw new Error(`the opening stood still for ${stalls.join(', ')}: web/tool/opening.mjs does not do what the page does`);
    return bodies;
  } finally {
    await browser.close();
    server.close();
  }
}

/** Prints the table; throws if the sum is over the limit. */
export async function checkSize(chromiumPath) {
  const files = await fetched(chromiumPath);
  const rows = files.map(({ file, bytes }) => ({ file, raw: bytes.length, brotli: brotli(bytes) }));
  const total = rows.reduce((sum, row) => sum + row.brotli, 0);
  console.table([...rows, { file: 'all', raw: rows.reduce((sum, row) => sum + row.raw, 0), brotli: total }]);
  const verdict = `${(total / 1e6).toFixed(3)} MB of ${LIMIT / 1e6} MB before the first answer`;
  if (total > LIMIT) throw new Error(`too big: ${verdict}`);
  console.log(verdict);
}
