/**
 * `npm run bench`: what the design promises in numbers, measured in Chromium, beside PGlite where it has the same.
 *
 * Both are asked by the same page in the same run, one after the other, so that a noisy machine disturbs both. Medians
 * are printed, with the number of measurements.
 */

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import zlib from 'node:zlib';

import { build } from '../web/tool/build.mjs';
import { measureLive } from './live.mjs';
import { serve } from '../web/tool/serve.mjs';
import { ensureChromium } from '../web/tool/setup.mjs';
import { ROOT, WEB, heading, run } from '../web/tool/sh.mjs';

const BENCH = path.join(ROOT, 'tests/bench');
const PGLITE = path.join(BENCH, 'node_modules/@electric-sql/pglite/dist');
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const rows = [];
const note = (what, ours, pglite = '') => {
  rows.push({ what, Vitrine: ours, PGlite: pglite });
  console.log(`${what}: ${ours}${pglite && `, PGlite ${pglite}`}`);
};
const ms = (values) => `${median(values).toFixed(2)} ms (n=${values.length})`;

heading('Build');
if (!process.argv.includes('--built')) await build();
if (!fs.existsSync(PGLITE)) await run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: BENCH });
const executablePath = await ensureChromium();
const { chromium } = await import(path.join(WEB, 'node_modules/@playwright/test/index.mjs'));

// One folder with both libraries and an empty page.
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'vitrine-bench-'));
fs.cpSync(path.join(WEB, 'dist'), folder, { recursive: true });
fs.cpSync(PGLITE, path.join(folder, 'pglite'), { recursive: true });
fs.writeFileSync(path.join(folder, 'empty.html'), '<!doctype html><title>bench</title><link rel="icon" href="data:,">');
const { server, address } = await serve(folder, 0);

/** Runs a function in a fresh browser on a fresh profile; returns what it returns and what was fetched. */
async function inBrowser(body, argument) {
  const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'vitrine-bench-profile-'));
  const context = await chromium.launchPersistentContext(profile, { executablePath, args: FLAGS });
  try {
    const page = await context.newPage();
    const files = new Set();
    page.on('response', (response) => files.add(new URL(response.url()).pathname));
    await page.goto(`${address}empty.html`);
    return { result: await page.evaluate(body, argument), files };
  } finally {
    await context.close();
    fs.rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

// Functions that run in the page. `performance.now()` counts from the navigation.
const firstAnswer = {
  ours: async () => {
    const { openEngine } = await import('/pg-vitrine.js');
    const engine = await openEngine({ spec: { plain: true }, sessions: 1 });
    const answer = engine.submit(0, 'SELECT 1');
    await engine.run({ answer: 0 });
    await answer;
    return performance.now();
  },
  lab: async () => {
    const { openEngine } = await import('/pg-vitrine.js');
    const engine = await openEngine();
    const answer = engine.submit(0, 'SELECT 1');
    await engine.run({ answer: 0 });
    await answer;
    return performance.now();
  },
  pglite: async () => {
    const { PGlite } = await import('/pglite/index.js');
    const database = await PGlite.create();
    await database.query('SELECT 1');
    return performance.now();
  },
};

const durableCommits = {
  ours: async (n) => {
    const { openEngine } = await import('/pg-vitrine.js');
    const engine = await openEngine({ store: 'bench', spec: { standby: false }, sessions: 1 });
    const say = async (sql) => {
      const answer = engine.submit(0, sql);
      await engine.run({ answer: 0 });
      return answer;
    };
    await say('CREATE TABLE t (n int, x text)');
    const times = [];
    for (let i = 0; i < n; i++) {
      const begin = performance.now();
      await say(`INSERT INTO t VALUES (${i}, 'some text for row ${i}')`);
      times.push(performance.now() - begin);
    }
    const { kind } = await engine.stored();
    if (kind !== 'saved') throw new Error(`not saved: ${kind}`);
    return times;
  },
  pglite: async (n) => {
    const { PGlite } = await import('/pglite/index.js');
    const database = await PGlite.create('idb://bench');
    await database.query('CREATE TABLE t (n int, x text)');
    const times = [];
    for (let i = 0; i < n; i++) {
      const begin = performance.now();
      await database.query(`INSERT INTO t VALUES (${i}, 'some text for row ${i}')`);
      times.push(performance.now() - begin);
    }
    return times;
  },
};

/** Steps a second, run and stepped; then seeks over the last 100,000 steps. */
async function travel() {
  const { openEngine } = await import('/pg-vitrine.js');
  const engine = await openEngine();
  const say = async (session, sql) => {
    const answer = engine.submit(session, sql);
    await engine.run({ answer: session });
    return answer;
  };
  await say(0, 'CREATE TABLE t (n int, x text)');
  const begin = performance.now();
  const first = await engine.moment();
  let moment = first;
  for (let i = 0; moment.step - first.step < 100_000; i++) {
    await say(i % 2, `INSERT INTO t VALUES (${i}, 'row')`);
    await say(i % 2, `UPDATE t SET x = 'new' WHERE n = ${i}`);
    if (i % 20 === 19) await say(0, 'DELETE FROM t');
    if (i % 200 === 199) await say(0, 'VACUUM t');
    moment = await engine.moment();
  }
  const running = ((moment.step - first.step) / (performance.now() - begin)) * 1000;
  const seeks = [];
  let random = 1;
  for (let i = 0; i < 60; i++) {
    random = (random * 1103515245 + 12345) % 2 ** 31;
    const step = moment.step - (random % 100_000);
    const start = performance.now();
    await engine.seek(step);
    seeks.push(performance.now() - start);
  }
  await engine.seek(moment.last - 3_000);
  const start = performance.now();
  for (let i = 0; i < 2_000; i++) await engine.step();
  const stepping = 2_000 / ((performance.now() - start) / 1000);
  return { running, stepping, seeks };
}

heading('Measure');
const size = (files) =>
  [...files]
    .map((file) => path.join(folder, file))
    .filter((file) => fs.existsSync(file) && fs.statSync(file).isFile())
    .reduce((sum, file) => sum + zlib.brotliCompressSync(fs.readFileSync(file)).length, 0);
const megabytes = (bytes) => `${(bytes / 1e6).toFixed(3)} MB`;

const times = { ours: [], lab: [], pglite: [] };
const sizes = {};
for (let n = 0; n < 5; n++) {
  for (const who of Object.keys(times)) {
    const { result, files } = await inBrowser(firstAnswer[who]);
    times[who].push(result);
    sizes[who] ??= size(files);
  }
}
note('fetched before the first answer, library, brotli 11', megabytes(sizes.ours), megabytes(sizes.pglite));
note('navigation to the first SELECT 1, plain database', ms(times.ours), ms(times.pglite));
note('navigation to the first SELECT 1, lab with standby', ms(times.lab));
const commits = {};
for (const who of ['ours', 'pglite']) commits[who] = (await inBrowser(durableCommits[who], 60)).result;
note('one-row INSERT, committed and durable in IndexedDB', ms(commits.ours), ms(commits.pglite));
const { running, stepping, seeks } = (await inBrowser(travel)).result;
note('steps a second, run statement by statement', Math.round(running));
note('steps a second, stepped one by one from the page', Math.round(stepping));
note('seek to any of the last 100,000 steps', ms(seeks));
for (const panel of ['', 'pool']) {
  const { perFrame, longest, idle } = await measureLive(executablePath, address, panel);
  const name = `live, 16,384 buffers, ${panel === '' ? 'the picture' : 'the panel of buffers'}`;
  note(`${name}: script a frame`, ms(perFrame));
  note(`${name}: longest task`, `${longest.toFixed(1)} ms`);
  note(`${name}: timers and frames while paused`, String(idle));
}
heading('Result');
console.table(rows);
console.log(`${os.cpus()[0].model}, ${os.cpus().length} cores, load ${os.loadavg()[0].toFixed(1)}, Node ${process.version}`);
server.close();
fs.rmSync(folder, { recursive: true, force: true });
