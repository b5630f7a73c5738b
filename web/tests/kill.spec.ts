/**
 * The browser dies in the middle of writing, again and again: every commit that was confirmed is there afterwards.
 *
 * A page inserts one row after the other into a stored world and notes each number in the title once its answer was
 * released. The test reads along, kills the browser's processes after a random time, starts it again on the same
 * profile, and asks the recovered world which rows it has: all confirmed ones, and beyond them at most the one whose
 * answer was on its way.
 */

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { spawnSync } from 'node:child_process';

import { chromium, expect, test, type BrowserContext } from '@playwright/test';

import { bare } from './bare';

/** The soak kills oftener, and at other moments. */
const soak = Number(process.env['VITRINE_SOAK'] ?? 0);
const KILLS = soak ? 50 : 20;

test(`every confirmed commit survives a killed browser, ${KILLS} times`, async ({ launchOptions, baseURL }) => {
  test.setTimeout(KILLS * 15_000);
  const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'vitrine-kill-'));
  // A new context would be a private window, which keeps nothing.
  const launch = () => chromium.launchPersistentContext(profile, { ...launchOptions, ...(baseURL && { baseURL }) });
  let confirmed = 0;
  let random = 12345 + soak;
  try {
    for (let kill = 0; kill < KILLS; kill++) {
      const context = await launch();
      const page = await context.newPage();
      await bare(page);
      confirmed = await opened(page, confirmed);
      await page.exposeFunction('note', (n: number) => void (confirmed = n));
      const writing = write(page, confirmed);
      random = (random * 1103515245 + 12345) % 2 ** 31;
      await new Promise((resolve) => setTimeout(resolve, 150 + (random % 900)));
      killAll(profile);
      await writing;
      await context.close().catch(() => {});
    }
    const context = await launch();
    const page = await context.newPage();
    await bare(page);
    const rows = await opened(page, confirmed);
    console.log(`${rows} rows after ${KILLS} kills`);
    expect(rows).toBeGreaterThan(KILLS);
    await context.close();
  } finally {
    fs.rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
});

type Tab = Awaited<ReturnType<BrowserContext['newPage']>>;

/** Opens the world and checks that the rows are 1 to n without a gap, n being at least what was confirmed. */
async function opened(page: Tab, confirmed: number): Promise<number> {
  const { status, text } = await page.evaluate(async () => {
    window.engine = await window.openEngine({ store: 'kill', spec: { standby: false } });
    const say = async (sql: string) => {
      const answer = window.engine.submit(0, sql);
      await window.engine.run({ answer: 0 });
      return (await answer).text;
    };
    await say('CREATE TABLE t (n int)');
    return { status: await window.engine.stored(), text: await say('SELECT count(*), min(n), max(n), sum(n) FROM t') };
  });
  expect({ status, text }).toMatchObject({ status: { kind: "saved" }, text: expect.stringContaining("(1 row)") });
  const [count = 0, min = 0, max = 0, sum = 0] = text.split('\n')[2]!.split('|').map(Number);
  expect(count).toBeGreaterThanOrEqual(confirmed);
  expect(count).toBeLessThanOrEqual(confirmed + 1);
  expect({ min, max, sum }).toEqual({ min: Math.min(count, 1), max: count, sum: (count * (count + 1)) / 2 });
  return count;
}

/** Inserts rows until the page is gone. */
function write(page: Tab, from: number): Promise<unknown> {
  return page
    .evaluate(async (first) => {
      const { note } = window as unknown as { note(n: number): Promise<void> };
      for (let n = first + 1; ; n++) {
        const answer = window.engine.submit(0, `INSERT INTO t VALUES (${n})`);
        await window.engine.run({ answer: 0 });
        const { sqlstate } = await answer;
        if (sqlstate) throw new Error(sqlstate);
        // Not before the test knows of this row comes the next: so at most one is there of which it does not know.
        await note(n);
      }
    }, from)
    .catch(() => {});
}

/** Kills all processes of the browser that runs on this profile, by their numbers, as a crash would. */
function killAll(profile: string): void {
  const { stdout } = spawnSync('pgrep', ['-f', `user-data-dir=${profile}`], { encoding: 'utf8' });
  for (const pid of stdout.split('\n').filter(Boolean)) {
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch {
      // It went with its parent.
    }
  }
}
