/** First light on the real engine: told to its end and back, and what a reader may do after it. */
import path from 'node:path';
import { pathToFileURL } from 'node:url';

import { expect, test, type Page } from '@playwright/test';

import { atRest, beats, count, openLab, output, prompt, sentence, type } from './lab';

test('the story is told to its end and back, with the engine\u2019s numbers', async ({ page }) => {
  const problems = await openLab(page);
  await expect(sentence(page)).toContainText('Two versions of Alice\u2019s row lie on this page. A reads 90, B reads 100');
  const heard = [await sentence(page).textContent()];
  for (let n = 0; n < 20; n++) {
    await beats(page, n, n + 1);
    heard.push(await sentence(page).textContent());
  }
  expect(new Set(heard).size).toBe(21);
  const told = heard.join('\n');
  for (const words of [
    'appends a COMMIT record, 34 bytes,', 'flush passes the commit record. No crash can take the 90 back', 'Two bits turn: 726 is committed.',
    '726 leaves the list of running transactions.', 'Queries on the standby see 90 only from here', 'a new snapshot, 727:727:.',
    'B looks 726 up in pg_xact', 'B reads 90. The 100 still lies in the page', 'all 4 versions, the dead one too', '40 bytes are free, and lp 1 now points to lp 4',
  ]) expect(told).toContain(words);
  await expect(page.locator('vt-heap-page')).toContainText('redirect to lp 4');
  await expect(output(page, 'B')).toContainText('      90');
  for (let n = 20; n > 0; n--) {
    await beats(page, n, n - 1);
    await expect(sentence(page)).toHaveText(heard[n - 1]!);
  }
  await expect(output(page, 'B')).not.toContainText('      90');
  expect(problems).toEqual([]);
});

test('a guess is kept beside the truth', async ({ page }) => {
  await openLab(page, 6);
  await page.locator('vt-heap-page [role=option]').last().click();
  await expect(page.locator('vt-sentence .side')).toContainText('You said 90; it is 100.');
});

test('something else in the past is another line; the story can be gone back to', async ({ page }) => {
  await openLab(page, 3);
  await page.locator('body').press('Home');
  await expect(count(page)).toHaveText('0');
  await type(page, 'A', 'ROLLBACK;');
  await expect(output(page, 'A')).toContainText('ROLLBACK\n');
  await expect(output(page, 'A')).not.toContainText('COMMIT');
  await page.locator('vt-sentence').getByText('back to the story').click();
  await expect(count(page)).toHaveText('0');
  await expect(output(page, 'A')).not.toContainText('ROLLBACK');
});

test('an error points at its place; a writer waits, and is cancelled', async ({ page }) => {
  await openLab(page);
  await type(page, 'B', 'SELECT * FROM nope;');
  await expect(output(page, 'B')).toContainText('LINE 1: SELECT * FROM nope;\n                      ^');
  await type(page, 'B', 'UPDATE accounts SET balance = 0 WHERE id = 1;');
  await expect(sentence(page)).toContainText('B waits for transactionid 726');
  await page.evaluate(() => document.querySelector<HTMLElement & { controller: { cancel(letter: string): void } }>('vt-lab')!.controller.cancel('B'));
  await expect(output(page, 'B')).toContainText('canceling statement due to user request');
});

test('the plug is pulled, and recovery is stepped; what was not committed is not there', async ({ page }) => {
  await page.setViewportSize({ width: 1440, height: 900 });
  await openLab(page);
  await page.getByRole('button', { name: 'pull the plug' }).click();
  await expect(sentence(page)).toContainText('The plug is pulled on the primary');
  await page.getByRole('button', { name: 'switch on' }).click();
  await expect(sentence(page)).toContainText('The primary has power again');
  await page.locator('body').press('ArrowRight');
  await expect(sentence(page)).toContainText('replays the WAL from the redo point');
  await page.locator('body').press('Shift+ArrowRight');
  await expect(page.locator('vt-log')).toContainText('database system is ready to accept connections');
  await page.getByRole('button', { name: '+ session' }).click();
  await type(page, 'C', 'SELECT balance FROM accounts ORDER BY id;');
  await expect(output(page, 'C')).toContainText('     100\n      50\n      75');
});

/** Keeps the world after A's COMMIT, and opens it again. */
async function keepAndReload(page: Page): Promise<void> {
  await page.setViewportSize({ width: 1440, height: 900 });
  await openLab(page, 7);
  await page.getByRole('button', { name: 'keep', exact: true }).click();
  await page.getByRole('button', { name: 'keep this world' }).click();
  await expect(page.locator('vt-top-bar')).toContainText('kept as lab');
  await page.reload();
  await expect(sentence(page)).toContainText('Closing its page was a power failure', { timeout: 30_000 });
}

test('a kept world opens where its power comes back; its recovery is stepped, and gone back over', async ({ page }) => {
  await keepAndReload(page);
  await expect(page.locator('vt-terminal')).toHaveCount(0);
  await page.locator('body').press('ArrowRight');
  await expect(sentence(page)).toContainText('replays the WAL from the redo point');
  const told = [await sentence(page).textContent()];
  while (!told.at(-1)!.includes('two new sessions')) {
    await page.locator('body').press('ArrowRight');
    await atRest(page);
    expect(told.length).toBeLessThan(100);
    told.push(await sentence(page).textContent());
  }
  expect(told.some((words) => words!.includes('replays HOT_UPDATE'))).toBe(true);
  expect(told.some((words) => words!.includes('replays COMMIT'))).toBe(true);
  await type(page, 'A', 'SELECT balance FROM accounts WHERE id = 1;');
  await expect(output(page, 'A')).toContainText('      90');
  await page.locator('vt-terminal textarea').first().press('Escape');
  await page.locator('body').press('Home');
  await expect(sentence(page)).toContainText('Closing its page was a power failure');
  await page.locator('body').press('End');
  await expect(output(page, 'A')).toContainText('      90');
});

test('whoever only wants to go on with a kept world types', async ({ page }) => {
  await keepAndReload(page);
  await page.locator('body').press('/');
  await expect(prompt(page, 'A')).toBeFocused();
  await type(page, 'A', 'SELECT balance FROM accounts WHERE id = 1;');
  await expect(output(page, 'A')).toContainText('      90');
  await expect(page.locator('vt-standby')).toContainText('streaming');
  // A plain visit has the scene, and offers what is kept.
  await page.goto('about:blank');
  await page.goto('/');
  await page.getByRole('button', { name: 'kept worlds' }).click();
  await page.locator('vt-worlds').getByRole('button', { name: 'open', exact: true }).click();
  await page.getByRole('button', { name: 'run recovery to its end' }).click();
  await expect(sentence(page)).toContainText('two new sessions are here');
});

test('two on one plain page tell their own stories', async ({ page }) => {
  await page.route('**/two.html', (route) => route.fulfill({ contentType: 'text/html', body: `<!doctype html><script type="module" src="/pg-vitrine.js"></script>
    <pg-vitrine panels="page" step="2"></pg-vitrine><pg-vitrine panels="wal standby" theme="dark"></pg-vitrine>` }));
  await page.goto('/two.html');
  const [one, two] = [page.locator('pg-vitrine').first(), page.locator('pg-vitrine').last()];
  await expect(one.locator('vt-sentence .side b')).toHaveText('2', { timeout: 30_000 });
  await two.scrollIntoViewIfNeeded();
  await expect(two.locator('vt-sentence .side b')).toHaveText('0', { timeout: 30_000 });
  await expect(one.locator('vt-wal')).toHaveCount(0);
  await two.getByRole('button', { name: 'Next' }).click();
  await expect(two.locator('vt-sentence .side b')).toHaveText('1');
  await expect(one.locator('vt-sentence .side b')).toHaveText('2');
});

test('one file from a folder tells the story', async ({ page }) => {
  await page.goto(pathToFileURL(path.resolve(import.meta.dirname, '../dist/vitrine.html')).href);
  await expect(count(page)).toHaveText('0', { timeout: 30_000 });
  await beats(page, 0, 3);
});

test('without a pointer: the story, a statement, a process', async ({ page }) => {
  await page.setViewportSize({ width: 1440, height: 900 });
  await openLab(page);
  await beats(page, 0, 1);
  await page.keyboard.press('Shift+ArrowRight');
  await expect(output(page, 'A')).toContainText('COMMIT\n');
  await page.keyboard.press('/');
  await page.keyboard.press('/');
  await expect(page.locator('vt-terminal textarea:focus')).toHaveCount(1);
  await page.keyboard.press('Escape');
  await page.keyboard.press('1');
  await expect(page.locator('vt-inspector h2').first()).toContainText('Process');
});
