/** The shelf of kept worlds: several by name, renamed, deleted, taken away as a file and brought back, two tabs, old forms. */
import fs from 'node:fs';

import { expect, test, type Page } from '@playwright/test';

import { openLab, output, sentence, type } from './lab';

test.beforeEach(({ page }) => page.setViewportSize({ width: 1440, height: 900 }));

const shelf = (page: Page) => page.locator('vt-worlds');
const world = (page: Page, name: string) => shelf(page).getByRole('listitem').filter({ hasText: name });

/** Keeps the present world under a name. */
async function keep(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: 'keep', exact: true }).click();
  await shelf(page).getByLabel('Name').fill(name);
  await shelf(page).getByRole('button', { name: 'keep this world' }).click();
  await expect(page.locator('vt-top-bar')).toContainText(`kept as ${name}`);
}

/** Opens a kept world and lets it recover. */
async function recovered(page: Page): Promise<void> {
  await expect(sentence(page)).toContainText('This world was kept', { timeout: 30_000 });
  await page.getByRole('button', { name: 'run recovery to its end' }).click();
  await expect(sentence(page)).toContainText('two new sessions are here', { timeout: 30_000 });
}

test('worlds are kept by name, renamed, deleted; how much room they take is said', async ({ page }) => {
  await openLab(page, 7);
  await keep(page, 'after commit');
  await openLab(page);
  await keep(page, 'before');
  await page.getByRole('button', { name: 'kept as before' }).click();
  await expect(shelf(page).getByRole('listitem')).toHaveCount(2);
  await expect(world(page, 'before')).toContainText('open here');
  await expect(shelf(page)).toContainText(/\d+ [kM]B of .* used by this site/);
  await world(page, 'after commit').getByRole('button', { name: 'rename' }).click();
  await shelf(page).getByLabel('New name of after commit').fill('committed');
  await shelf(page).getByRole('button', { name: 'rename' }).click();
  await world(page, 'committed').getByRole('button', { name: 'open' }).click();
  await recovered(page);
  await type(page, 'A', 'SELECT balance FROM accounts WHERE id = 1;');
  await expect(output(page, 'A')).toContainText('      90');
  await page.getByRole('button', { name: 'kept as committed' }).click();
  await world(page, 'before').getByRole('button', { name: 'delete' }).click();
  await shelf(page).getByRole('button', { name: 'delete before for good' }).click();
  await expect(shelf(page).getByRole('listitem')).toHaveCount(1);
});

test('a world goes away as a file and comes back', async ({ page }) => {
  await openLab(page, 7);
  await keep(page, 'travels');
  await page.getByRole('button', { name: 'kept as travels' }).click();
  const [download] = await Promise.all([page.waitForEvent('download'), world(page, 'travels').getByRole('button', { name: 'download' }).click()]);
  expect(download.suggestedFilename()).toBe('travels.vitrine.jsonl');
  const file = await download.path();
  expect(fs.readFileSync(file, 'utf8')).toMatch(/^\["pg-vitrine",1\]\n/);
  const [chooser] = await Promise.all([page.waitForEvent('filechooser'), shelf(page).getByRole('button', { name: 'open a file' }).click()]);
  await chooser.setFiles({ name: 'travels.vitrine.jsonl', mimeType: 'application/jsonl', buffer: fs.readFileSync(file) });
  await world(page, 'travels 2').getByRole('button', { name: 'open' }).click();
  await recovered(page);
  await type(page, 'A', 'SELECT balance FROM accounts WHERE id = 1;');
  await expect(output(page, 'A')).toContainText('      90');
});

test('what no world is in, is refused', async ({ page }) => {
  await openLab(page);
  await page.getByRole('button', { name: 'keep', exact: true }).click();
  const [chooser] = await Promise.all([page.waitForEvent('filechooser'), shelf(page).getByRole('button', { name: 'open a file' }).click()]);
  await chooser.setFiles({ name: 'x.json', mimeType: 'application/json', buffer: Buffer.from('[1,2,3]') });
  await expect(shelf(page).getByRole('alert')).toContainText('this is no kept world');
  await expect(shelf(page)).toContainText('No world is kept yet.');
});

test('a world that another tab has open is left alone', async ({ page, context }) => {
  await openLab(page);
  await keep(page, 'mine');
  const other = await context.newPage();
  await other.setViewportSize({ width: 1440, height: 900 });
  await openLab(other);
  await other.getByRole('button', { name: 'kept worlds' }).click();
  await expect(world(other, 'mine')).toContainText('open in another tab');
  await expect(world(other, 'mine').getByRole('button', { name: 'delete' })).toHaveCount(0);
  await expect(world(other, 'mine').getByRole('button', { name: 'download' })).toBeVisible();
});

test('a world of another version is kept, and can be downloaded', async ({ page }) => {
  await openLab(page);
  await keep(page, 'old');
  await page.goto('about:blank');
  await openLab(page);
  await page.evaluate(async () => {
    const database = await new Promise<IDBDatabase>((done) => { const request = indexedDB.open('pg-vitrine:old'); request.onsuccess = () => done(request.result); });
    const transaction = database.transaction('meta', 'readwrite');
    transaction.objectStore('meta').put({ format: 0, spec: '{}' }, 'header');
    await new Promise((done) => { transaction.oncomplete = done; });
    database.close();
  });
  await page.getByRole('button', { name: 'kept worlds' }).click();
  await expect(world(page, 'old')).toContainText('of another version');
  await expect(world(page, 'old').getByRole('button', { name: 'open' })).toHaveCount(0);
  const [download] = await Promise.all([page.waitForEvent('download'), world(page, 'old').getByRole('button', { name: 'download' }).click()]);
  expect(fs.readFileSync(await download.path(), 'utf8')).toContain('"format":0');
});
