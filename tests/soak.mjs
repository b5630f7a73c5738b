/**
 * `npm run soak`: the long form of the tests that draw from a seed, and of those that try every step.
 *
 * `npm run soak -- 5000` begins at seed 5000; without a number the day decides, so that every day tries other seeds.
 * What fails prints its seed: the same number tells the same story again. A stage in which no test ran has failed.
 */

import { build } from '../web/tool/build.mjs';
import { checkMemory } from './live.mjs';
import { ensureChromium, ensurePostgres, ensureRust } from '../web/tool/setup.mjs';
import { WEB, heading, run } from '../web/tool/sh.mjs';

const DAY_MS = 86_400_000;
const first = process.argv[2] ?? String(Math.floor(Date.now() / DAY_MS) * 10_000);
const env = { VITRINE_SOAK: first };

/** Tests of a crate, optimised and with their assertions. */
const cargo = (...what) => run('cargo', ['test', '--locked', '--profile', 'soak', '-p', ...what], { env });

const stages = {
  'access methods: a model, a second host, power cuts': () => cargo('vitrine-engine', '--lib', 'access::tests'),
  'the plug and kill -9, 500 points of everything with three torn writes each, every step of a small work': () => cargo('vitrine-engine', '--test', 'crashes'),
  'a standby, a bad link': () => cargo('vitrine-engine', '--test', 'standby'),
  'a million fuzzed statements': () => cargo('vitrine-engine', '--test', 'fuzz'),
  'log records and pages at random': () => cargo('vitrine-engine', '--lib', 'wal::'),
  'three sessions beside a real server': () => cargo('vitrine-oracle', '--test', 'sessions'),
  'the browser is killed, 50 times': async () => {
    await build();
    const chromium = await ensureChromium();
    return run('npx', ['playwright', 'test', 'kill'], { cwd: WEB, env: { ...env, VITRINE_CHROMIUM: chromium } });
  },
  'the page live for ten minutes, its memory': async () => {
    await checkMemory(await ensureChromium());
    return 'test result: ok. 1 passed';
  },
};

/** How many tests passed, by the words of cargo and of Playwright. */
function passed(output) {
  const plain = output.replaceAll(/\x1b\[[0-9;]*m/g, '');
  const lines = [...plain.matchAll(/^test result: ok\. (\d+) passed/gm), ...plain.matchAll(/^ {2}(\d+) passed \(/gm)];
  return lines.reduce((sum, [, n]) => sum + Number(n), 0);
}

await ensureRust();
await ensurePostgres();
const table = [];
for (const [stage, soak] of Object.entries(stages)) {
  heading(`${stage}, from seed ${first}`);
  const begin = performance.now();
  let result = 'ok';
  try {
    const tests = passed(await soak());
    if (tests === 0) throw new Error('no test ran');
    result = `${tests} passed`;
  } catch (failure) {
    result = `FAILED: ${failure.message}`;
  }
  table.push({ stage, seconds: Math.round((performance.now() - begin) / 1000), result });
}
heading('Summary');
console.table(table);
process.exit(table.some(({ result }) => result.startsWith('FAILED')) ? 1 : 0);
