/**
 * What the page costs the main thread while it runs: live, a session that inserts in a loop, 16,384 buffers on show.
 *
 * Chromium's own trace says it: the time in which scripts ran between two frames, and how long the longest task took that
 * kept a frame from being drawn. When the page is paused again, nothing may run: no timer, no frame.
 *
 *     node tests/live.mjs [PANEL ...]        script time of a frame, longest task; '' is the picture
 *     node tests/live.mjs memory [SECONDS]   the memory of the page and its workers while it runs, ten minutes
 */

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { WEB } from '../web/tool/sh.mjs';

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];
const CATEGORIES = ['devtools.timeline', 'disabled-by-default-devtools.timeline', 'v8.execute', 'blink.user_timing', 'toplevel'];
/** What of a trace is script: compiling and running it, and the callbacks that are microtasks. */
const SCRIPT = new Set(['EvaluateScript', 'FunctionCall', 'RunMicrotasks', 'V8.DeserializeValue', 'MinorGC', 'MajorGC']);

const BUFFERS = 16_384;
const SECONDS = 8;

/** Opens the whole page on a world of so many buffers, with a panel in its middle; runs in the page. */
async function openLab([buffers, panel]) {
  const { PgVitrine, openEngine } = await import('/pg-vitrine.js');
  const settings = [['shared_buffers', String(buffers)], ['max_wal_size', '1GB']];
  Object.getPrototypeOf(PgVitrine).open = (options) => openEngine({ ...options, spec: { ...options?.spec, settings } });
  const lab = document.createElement('pg-vitrine');
  lab.whole = true;
  document.body.append(lab);
  globalThis.lab = lab;
  const until = (done) => new Promise((resolve) => { const look = () => (done() ? resolve() : setTimeout(look, 20)); look(); });
  await until(() => lab.controller?.phase === 'ready' && !lab.controller.busy);
  const c = lab.controller;
  const run = async (sql) => { await c.submit('A', sql); await until(() => !c.busy); };
  await run('COMMIT');
  await run('CREATE TABLE big (id int, filler text)');
  await run(`INSERT INTO big SELECT g, repeat('x', 900) FROM generate_series(1, 30000) g`);
  await run('CREATE TABLE t (id int PRIMARY KEY, filler text)');
  await lab.openPanel(panel);
  await until(() => !c.busy);
  return c.view.hosts[0].buffers.count;
}

/** Lets it run live while a session inserts; resolves when the time is up. */
async function runLive([seconds]) {
  const c = globalThis.lab.controller;
  c.client.submit(0, `INSERT INTO t SELECT g, repeat('y', 200) FROM generate_series(1, 400000) g`).catch(() => {});
  const before = c.view.step;
  performance.mark('live-begins');
  await c.toggleLive(1);
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  performance.mark('live-ends');
  await c.toggleLive(0);
  return c.view.step - before;
}

/** Script time of each frame and the longest tasks, in milliseconds, between the two marks of a trace. */
function readTrace(events) {
  const mark = (name) => events.find((e) => e.name === name && e.cat.includes('blink.user_timing'));
  const [begin, end] = [mark('live-begins'), mark('live-ends')];
  const main = events.filter((e) => e.pid === begin.pid && e.tid === begin.tid && e.ts >= begin.ts && e.ts <= end.ts);
  // Script inside script is counted once: only the outermost counts.
  const scripts = main.filter((e) => e.ph === 'X' && SCRIPT.has(e.name)).sort((a, b) => a.ts - b.ts);
  const outer = [];
  for (const e of scripts) if (outer.length === 0 || e.ts >= outer.at(-1).ts + outer.at(-1).dur) outer.push(e);
  // A frame ends with its commit; those in which no script ran had nothing new to show.
  const edges = main.filter((e) => e.name === 'Commit').map((e) => e.ts).sort((a, b) => a - b);
  const sums = edges.slice(1).map((ts, i) => outer.filter((e) => e.ts >= edges[i] && e.ts < ts).reduce((sum, e) => sum + e.dur, 0) / 1000);
  const perFrame = sums.filter((ms) => ms > 0.2);
  const tasks = main.filter((e) => e.ph === 'X' && (e.name === 'RunTask' || e.name === 'ThreadControllerImpl::RunTask')).map((e) => e.dur / 1000).sort((a, b) => b - a);
  const phases = {};
  for (const e of main) if (e.ph === 'X' && ['Layout', 'UpdateLayoutTree', 'PrePaint', 'Paint', 'Commit', 'FunctionCall', 'RunMicrotasks', 'HandlePostMessage', 'MinorGC', 'MajorGC'].includes(e.name)) phases[e.name] = (phases[e.name] ?? 0) + e.dur / 1000;
  return { perFrame, longest: tasks[0] ?? 0, frames: perFrame.length, phases };
}

/** Measures one panel; `address` serves what `npm run build` has left in dist/. */
export async function measureLive(executablePath, address, panel) {
  const { chromium } = await import(path.join(WEB, 'node_modules/@playwright/test/index.mjs'));
  const browser = await chromium.launch({ executablePath, args: FLAGS });
  try {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    await page.goto(`${address}empty.html`);
    const count = await page.evaluate(openLab, [BUFFERS, panel]);
    if (count !== BUFFERS) throw new Error(`${count} buffers`);
    const session = await browser.newBrowserCDPSession();
    const events = [];
    session.on('Tracing.dataCollected', ({ value }) => events.push(...value));
    const done = new Promise((resolve) => session.once('Tracing.tracingComplete', resolve));
    await session.send('Tracing.start', { traceConfig: { includedCategories: CATEGORIES }, transferMode: 'ReportEvents' });
    const steps = await page.evaluate(runLive, [SECONDS]);
    await session.send('Tracing.end');
    await done;
    // Paused: what asks for a frame or a timer now would be seen.
    const idle = await page.evaluate(async () => {
      let calls = 0;
      const [frame, timer] = [globalThis.requestAnimationFrame, globalThis.setTimeout];
      globalThis.requestAnimationFrame = (f) => { calls++; return frame(f); };
      globalThis.setTimeout = (f, ms) => { calls++; return timer(f, ms); };
      await new Promise((resolve) => timer(resolve, 1500));
      Object.assign(globalThis, { requestAnimationFrame: frame, setTimeout: timer });
      return calls;
    });
    return { ...readTrace(events), steps, idle };
  } finally {
    await browser.close();
  }
}

/** Inserts and empties the table again, on and on; runs in the page. What the world holds stays as much as it was. */
async function insertForever() {
  const c = globalThis.lab.controller;
  await c.toggleLive(1);
  for (let round = 0; ; round++) {
    await c.client.submit(0, `INSERT INTO t SELECT g, repeat('y', 200) FROM generate_series(1, 2000) g`);
    await c.client.submit(0, 'TRUNCATE t');
    globalThis.rounds = round;
  }
}

/** What two thirds of the time had, in MB: the page's own heap after a collection, and all that its process has in memory. */
export async function measureMemory(executablePath, address, seconds) {
  const { chromium } = await import(path.join(WEB, 'node_modules/@playwright/test/index.mjs'));
  const browser = await chromium.launch({ executablePath, args: FLAGS });
  try {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    await page.goto(`${address}empty.html`);
    await page.evaluate(openLab, [BUFFERS, 'pool']);
    const session = await page.context().newCDPSession(page);
    const { processInfo } = await (await browser.newBrowserCDPSession()).send('SystemInfo.getProcessInfo');
    const resident = () => processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${id}/status`, 'utf8'))?.[1] ?? 0) / 1024);
    void page.evaluate(insertForever).catch(() => {});
    const samples = [];
    for (let n = 0; n < 30; n++) {
      await new Promise((resolve) => setTimeout(resolve, (seconds * 1000) / 30));
      await session.send('HeapProfiler.collectGarbage');
      const { usedSize } = await session.send('Runtime.getHeapUsage');
      samples.push({ heap: usedSize / 1e6, resident: Math.max(...resident()) });
    }
    const most = (part, of) => Math.max(...part.map((sample) => sample[of]));
    const [middle, last] = [samples.slice(10, 20), samples.slice(20)];
    return { rounds: await page.evaluate(() => globalThis.rounds), heap: [most(middle, 'heap'), most(last, 'heap')], resident: [most(middle, 'resident'), most(last, 'resident')] };
  } finally {
    await browser.close();
  }
}

/** Serves what was built, with an empty page beside it, while something is measured. */
export async function withServer(measure) {
  const { serve } = await import('../web/tool/serve.mjs');
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'vitrine-live-'));
  fs.cpSync(path.join(WEB, 'dist'), folder, { recursive: true });
  fs.writeFileSync(path.join(folder, 'empty.html'), '<!doctype html><title>live</title><link rel="icon" href="data:,">');
  const { server, address } = await serve(folder, 0);
  try {
    return await measure(address);
  } finally {
    server.close();
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** Memory is flat: the last third of the time needed no more than the one before, give or take a twentieth. */
export async function checkMemory(executablePath, seconds = 600) {
  const { heap, resident, rounds } = await withServer((address) => measureMemory(executablePath, address, seconds));
  console.log(`${rounds} rounds in ${seconds} s; heap of the page ${heap.map((n) => n.toFixed(1)).join(' → ')} MB, its process ${resident.map((n) => n.toFixed(0)).join(' → ')} MB`);
  for (const [what, [before, after]] of Object.entries({ heap, resident })) if (after > before * 1.05 + 1) throw new Error(`the ${what} grows: ${before.toFixed(1)} MB, then ${after.toFixed(1)} MB`);
  if (!(rounds > 0)) throw new Error('nothing was inserted');
}

if (process.argv[1] === import.meta.filename) {
  const { ensureChromium } = await import('../web/tool/setup.mjs');
  if (process.argv[2] === 'memory') await checkMemory(await ensureChromium(), Number(process.argv[3] ?? 600));
  else await withServer(async (address) => {
    for (const panel of process.argv.slice(2).length ? process.argv.slice(2) : ['', 'pool']) {
      const { perFrame, longest, frames, steps, idle, phases } = await measureLive(await ensureChromium(), address, panel);
      const sorted = [...perFrame].sort((a, b) => a - b);
      console.log(`${panel || 'picture'}: script ${sorted[Math.floor(sorted.length / 2)]?.toFixed(2)} ms a frame at the median, ${sorted.at(-1)?.toFixed(1)} at most; longest task ${longest.toFixed(1)} ms; ${frames} frames, ${steps} steps, ${idle} calls while paused`);
      if (process.env.PHASES) console.log(Object.fromEntries(Object.entries(phases).map(([k, v]) => [k, +(v / frames).toFixed(2)])));
    }
  });
}
