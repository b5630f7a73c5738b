/**
 * `npm test`: sets up what it needs and runs every test, one stage after the other.
 *
 * A stage that fails does not end the run, so that one run shows all that is wrong. The last line is the sum that CI
 * reads. `npm test -- rust web` runs only the stages whose names begin so.
 */

import fs from 'node:fs';
import path from 'node:path';

import { buildWasm, buildWeb } from '../web/tool/build.mjs';
import { ensureChromium, ensureFirefox, ensureNodeModules, ensurePostgres, ensureRust } from '../web/tool/setup.mjs';
import { ROOT, WEB, heading, run, which } from '../web/tool/sh.mjs';
import { inFirefox } from './firefox.mjs';
import { isolationTests } from './isolation.mjs';
import { scenesOnARealServer } from './scenes.mjs';
import { checkSize } from './size.mjs';
import { judgeWal } from './suite-wal.mjs';

const WASM = 'wasm32-unknown-unknown';
const TARGET = path.resolve(ROOT, process.env.CARGO_TARGET_DIR ?? 'target');

/** Where the tests of the engine leave the logs that they have written. */
const LOGS = path.join(TARGET, 'logs-of-the-tests');

/** What `setup` found. */
const found = { chromium: undefined, firefox: undefined, chromedriver: undefined, postgres: undefined };

const stages = {
  setup: async () => {
    await ensureRust();
    await ensureNodeModules();
    found.chromium = await ensureChromium();
    found.firefox = await ensureFirefox();
    found.chromedriver = which(process.env.CHROMEDRIVER, 'chromedriver', '/usr/lib/chromium-browser/chromedriver');
    found.postgres = await ensurePostgres();
    console.log(found);
  },
  'rust format': () => run('cargo', ['fmt', '--all', '--check']),
  'rust lints': () => run('cargo', ['clippy', '--locked', '--workspace', '--all-targets', '--', '-D', 'warnings']),
  // Before the tests, which write these files too.
  'generated types': generatedTypes,
  'rust tests': rustTests,
  'logs of the tests': () => judgeWal(LOGS),
  "PostgreSQL's isolation tests": () => isolationTests(),
  'wasm tests': wasmTests,
  'build wasm': buildWasm,
  'build web': buildWeb,
  'web types': () => run('npx', ['tsc', '--noEmit'], { cwd: WEB }),
  'web units': () => run('npx', ['vitest', 'run'], { cwd: WEB }),
  'scenes on a real server': () => scenesOnARealServer(found.postgres),
  firefox: () => inFirefox(found.firefox),
  'web browser': () => run('npx', ['playwright', 'test'], { cwd: WEB, env: { VITRINE_CHROMIUM: found.chromium } }),
  size: () => checkSize(found.chromium),
};

function rustTests() {
  fs.rmSync(LOGS, { recursive: true, force: true });
  return run('cargo', ['test', '--locked', '--workspace', '--no-fail-fast'], { env: { VITRINE_KEEP_WAL: LOGS } });
}

/** The TypeScript types of events and views are made from the Rust types; what is committed must be what they make. */
async function generatedTypes() {
  const folder = path.join(WEB, 'src/engine/generated');
  const read = () => Object.fromEntries(fs.readdirSync(folder).sort().map((f) => [f, fs.readFileSync(path.join(folder, f), 'utf8')]));
  const committed = read();
  await run('cargo', ['test', '--locked', '-q', '-p', 'vitrine-engine', '--features', 'views', '--test', 'bindings']);
  await run('cargo', ['test', '--locked', '-q', '-p', 'vitrine-wasm', 'export_bindings']);
  const made = read();
  const stale = Object.keys({ ...committed, ...made }).filter((file) => committed[file] !== made[file]);
  if (stale.length > 0) throw new Error(`generated types were not up to date, now they are: commit ${stale.join(', ')}`);
}

/** The tests of the wasm crate, in a real Chromium, in a window and in workers. */
async function wasmTests() {
  if (!found.chromedriver) throw new Error('chromedriver is missing: install chromium-driver, or set CHROMEDRIVER');
  const options = {
    'goog:chromeOptions': {
      binary: found.chromium,
      args: ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-quic'],
    },
  };
  fs.writeFileSync(path.join(ROOT, 'wasm/webdriver.json'), JSON.stringify(options, null, 2));
  await run('cargo', ['build', '--locked', '-p', 'vitrine-bindgen', '--profile', 'tool', '--features', 'test-runner']);
  const env = {
    CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER: path.join(TARGET, 'tool/vitrine-test-runner'),
    CHROMEDRIVER: found.chromedriver,
  };
  const test = ['test', '--locked', '-p', 'vitrine-wasm', '--target', WASM];
  const inWorker = await run('cargo', test, { env });
  const inWindow = await run('cargo', [...test, '--features', 'test-in-window'], { env });
  return inWorker + inWindow;
}

/** Adds up what the test programs say: cargo's, Vitest's and Playwright's lines. */
function count(output) {
  const plain = output.replaceAll(/\x1b\[[0-9;]*m/g, '');
  const sum = (patterns) =>
    patterns.reduce((all, p) => all + [...plain.matchAll(p)].reduce((n, match) => n + Number(match[1]), 0), 0);
  return {
    passed: sum([/^test result: .*?(\d+) passed/gm, /^\s+Tests .*?(\d+) passed/gm, /^ {2}(\d+) passed \(/gm]),
    failed: sum([/^test result: .*?(\d+) failed/gm, /^\s+Tests .*?(\d+) failed/gm, /^ {2}(\d+) failed$/gm]),
    skipped: sum([/^test result: .*?(\d+) ignored/gm, /^\s+Tests .*?(\d+) skipped/gm, /^ {2}(\d+) skipped$/gm]),
  };
}

const wanted = process.argv.slice(2);
const chosen = Object.entries(stages).filter(
  ([name]) => name === 'setup' || wanted.length === 0 || wanted.some((prefix) => name.startsWith(prefix)),
);
const total = { passed: 0, failed: 0, skipped: 0 };
const table = [];
for (const [name, stage] of chosen) {
  heading(name);
  const begin = performance.now();
  let output = '';
  let result = 'ok';
  try {
    output = (await stage()) ?? '';
  } catch (failure) {
    output = failure.output ?? '';
    result = `FAILED: ${failure.message}`;
    console.error(failure.message);
  }
  const counts = count(output);
  // A stage without tests of its own is one test.
  if (result !== 'ok') counts.failed = Math.max(counts.failed, 1);
  else if (counts.passed === 0) counts.passed = 1;
  for (const key of Object.keys(total)) total[key] += counts[key];
  table.push({ stage: name, seconds: Math.round((performance.now() - begin) / 1000), ...counts, result });
  if (name === 'setup' && result !== 'ok') break;
}
heading('Summary');
console.table(table);
console.log(`${total.skipped} skipped`);
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exit(total.failed === 0 ? 0 : 1);
