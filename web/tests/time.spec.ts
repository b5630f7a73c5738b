/** The timeline: lanes, dragging, looking closer, other lines of history; and a moment that is too long for an address. */
import fs from 'node:fs';

import { expect, test, type Page } from '@playwright/test';

import { atRest, beats, count, openLab, output, sentence, type } from './lab';

test.beforeEach(({ page }) => page.setViewportSize({ width: 1440, height: 900 }));

type Lab = HTMLElement & { controller: { view: { step: number; now: number; hash: string } } };
const at = (page: Page) => page.evaluate(() => { const { step, now, hash } = document.querySelector<Lab>('vt-lab')!.controller.view; return { step, now, hash }; });
const line = (page: Page) => page.locator('vt-timeline');

test('all lanes: the log, and each process that did something', async ({ page }) => {
  await openLab(page, 13);
  await line(page).getByRole('button', { name: 'all lanes' }).click();
  for (const name of ['WAL', 'walsender', 'startup, standby', 'walreceiver, standby']) await expect(line(page).getByText(name, { exact: true })).toBeVisible();
  await line(page).getByRole('button', { name: 'fewer lanes' }).click();
  await expect(line(page).getByText('WAL', { exact: true })).toHaveCount(0);
});

test('dragging goes through time, and back to where it was', async ({ page }) => {
  await openLab(page, 13);
  const there = await at(page);
  const box = (await line(page).boundingBox())!;
  const y = box.y + 60;
  await page.mouse.move(box.x + box.width * 0.83, y);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.45, y, { steps: 6 });
  await expect.poll(async () => (await at(page)).step).toBeLessThan(there.step);
  await page.mouse.move(box.x + 120, y, { steps: 4 });
  await page.mouse.up();
  await atRest(page);
  await expect(count(page)).toHaveText('0');
  await page.locator('body').press('End');
  await expect(count(page)).toHaveText('13');
  expect(await at(page)).toEqual(there);
});

test('looked at more closely, fewer instants take the room', async ({ page }) => {
  await openLab(page, 13);
  const bars = () => line(page).locator('.bar').count();
  const before = await bars();
  for (let n = 0; n < 3; n++) await line(page).getByRole('button', { name: 'look closer' }).click();
  expect(await bars()).toBeLessThan(before);
  for (let n = 0; n < 3; n++) await line(page).getByRole('button', { name: 'look from farther away' }).click();
  expect(await bars()).toBe(before);
});

test('another line of history is left and come back to, with all that was said on it', async ({ page }) => {
  await openLab(page, 7);
  const story = await at(page);
  await page.locator('body').press('Home');
  await expect(count(page)).toHaveText('0');
  await type(page, 'A', 'ROLLBACK;');
  await expect(output(page, 'A')).toContainText('ROLLBACK\n');
  const lines = line(page).getByLabel('lines of history');
  await expect(lines.locator('option')).toHaveCount(2);
  await lines.selectOption('0');
  await atRest(page);
  await expect(output(page, 'A')).toContainText('COMMIT\n');
  await expect(output(page, 'A')).not.toContainText('ROLLBACK');
  await page.locator('vt-terminal textarea').first().press('Escape');
  await expect.poll(async () => (await at(page)).hash).toBe(story.hash);
  await expect(count(page)).toHaveText('7');
  await lines.selectOption('1');
  await expect(output(page, 'A')).toContainText('ROLLBACK\n');
});

test('live goes at the speed that is chosen', async ({ page }) => {
  await openLab(page, 1);
  await line(page).getByLabel('speed of live').selectOption('0.1');
  await page.getByRole('button', { name: 'live ×0.1' }).click();
  await expect.poll(async () => Number(await count(page).textContent()), { timeout: 20_000 }).toBeGreaterThan(5);
  await page.locator('body').press('Space');
});

test('a shared address has the panel that is open in the middle', async ({ page }) => {
  await page.goto('/#v1&scene=deadlock&beat=2&panel=locks');
  await expect(page.locator('vt-panel-frame')).toBeVisible({ timeout: 30_000 });
  await expect(count(page)).toHaveText('2');
  await page.evaluate(() => history.replaceState(null, '', location.pathname));
  await page.getByRole('button', { name: 'share', exact: true }).click();
  await expect.poll(() => page.url()).toContain('panel=locks');
});

test('event by event, each has its words', async ({ page }) => {
  await openLab(page, 2);
  const told = await sentence(page).textContent();
  await page.locator('body').press('.');
  await expect(sentence(page)).not.toHaveText(told!);
  await beats(page, 2, 3);
  await expect(sentence(page)).toContainText('hands both records to the operating system');
});

test('what is too long for an address is a file, which leads back here', async ({ page }) => {
  await openLab(page);
  const long = Array.from({ length: 3000 }, (_, n) => `(${n}, '${((n * 7919) ** 3).toString(36)}')`).join(', ');
  await type(page, 'B', `CREATE TABLE long (n int, x text); INSERT INTO long VALUES ${long};`);
  await expect(output(page, 'B')).toContainText('INSERT 0 3000', { timeout: 30_000 });
  await atRest(page);
  const there = await at(page);
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'share', exact: true }).click()]);
  await expect(page.locator('vt-top-bar')).toContainText('saved as a file');
  const file = await download.path();
  await openLab(page);
  await page.getByRole('button', { name: 'keep', exact: true }).click();
  const [chooser] = await Promise.all([page.waitForEvent('filechooser'), page.locator('vt-worlds').getByRole('button', { name: 'open a file' }).click()]);
  await chooser.setFiles({ name: 'first-light.vitrine.json', mimeType: 'application/json', buffer: fs.readFileSync(file) });
  await expect.poll(() => at(page).then((x) => x.hash, () => 'not there yet'), { timeout: 30_000 }).toBe(there.hash);
});
