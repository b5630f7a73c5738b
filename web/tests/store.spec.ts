/** The saved world in a real browser: kept, recovered, owned by one tab, and never lost to whatever goes wrong. */

import { expect, test, type Page } from '@playwright/test';

import { bare } from './bare';

/** Opens the world of this name as `window.engine`. */
const open = (page: Page, name: string, stored: 'continue' | 'replace' = 'continue') =>
  page.evaluate(
    async ([store, how]) => {
      window.engine = await window.openEngine({ store, stored: how as 'continue', sessions: 0 });
      return window.engine.stored();
    },
    [name, stored] as const,
  );

/** Lets a second of the world's time pass, and waits until all that was synced in it is durable. */
const live = (page: Page) =>
  page.evaluate(async () => {
    const { time } = await window.engine.moment();
    await window.engine.run({ time: time + 1_000_000 });
    await new Promise<void>((done) => {
      let quiet = setTimeout(done, 300);
      window.engine.on('store', () => {
        clearTimeout(quiet);
        quiet = setTimeout(done, 300);
      });
    });
    return window.engine.stored();
  });

test('a closed tab is a power failure, and opening the world again is recovery', async ({ page }) => {
  await bare(page);
  expect(await open(page, 'again')).toMatchObject({ kind: 'saved', name: 'again' });
  expect(await live(page)).toMatchObject({ kind: 'saved' });
  // No farewell: the page goes as it stands.
  await bare(page);
  expect(await open(page, 'again')).toMatchObject({ kind: 'saved' });
  const onThePrimary = await page.evaluate(async () => {
    const { step } = await window.engine.moment();
    const events = await window.engine.events(0, step);
    return events.filter(({ host }) => host === 0).map(({ event }) => event.kind);
  });
  expect(onThePrimary).toContain('RedoStart');
});

test('a second tab is told, and goes on in memory', async ({ page, context }) => {
  await bare(page);
  await open(page, 'held');
  const other = await context.newPage();
  await bare(other);
  expect(await open(other, 'held')).toMatchObject({ kind: 'failed', why: 'held' });
  expect((await other.evaluate(() => window.engine.run({ time: 1_000_000 }))).stopped).toBe('reached');
  await page.evaluate(() => window.engine.close());
  await bare(other);
  expect(await open(other, 'held')).toMatchObject({ kind: 'saved' });
});

test('without IndexedDB the lab goes on in memory and says why', async ({ page }) => {
  await page.addInitScript(() => Object.defineProperty(window, 'indexedDB', { value: undefined }));
  await bare(page);
  const status = await page.evaluate(async () => {
    window.engine = await window.openEngine({ store: 'refused', sessions: 0, places: ['page'] });
    return window.engine.stored();
  });
  expect(status).toMatchObject({ kind: 'failed', why: 'refused' });
  expect((await page.evaluate(() => window.engine.run({ time: 1_000_000 }))).stopped).toBe('reached');
});

test('a damaged world is kept, and can be had as a file', async ({ page }) => {
  await bare(page);
  await open(page, 'damaged');
  await live(page);
  await page.evaluate(async () => {
    await window.engine.close();
    const database = await new Promise<IDBDatabase>((done) => {
      const request = indexedDB.open('pg-vitrine:damaged');
      request.onsuccess = () => done(request.result);
    });
    const transaction = database.transaction('log', 'readwrite');
    const cursor = transaction.objectStore('log').openCursor();
    cursor.onsuccess = () => {
      const bytes = cursor.result!.value as Uint8Array;
      bytes[bytes.length - 1]! ^= 1;
      cursor.result!.update(bytes);
    };
    await new Promise((done) => (transaction.oncomplete = done));
    database.close();
  });
  expect(await open(page, 'damaged')).toMatchObject({ kind: 'failed', why: 'damaged' });
  const size = await page.evaluate(async () => (await window.engine.download('damaged')).size);
  expect(size).toBeGreaterThan(100_000);
});

test('the past and its branches change nothing in the store; save as does', async ({ page }) => {
  await bare(page);
  await open(page, 'head', 'replace');
  await live(page);
  const kinds = await page.evaluate(async () => {
    const { engine } = window;
    const kinds = [];
    const { step } = await engine.moment();
    await engine.seek(step - 3);
    kinds.push((await engine.stored()).kind);
    await engine.input({ kind: 'cut', cut: true });
    kinds.push((await engine.stored()).kind);
    kinds.push((await engine.saveAs('branch')).kind);
    kinds.push((await engine.branches()).map((branch) => branch.saved));
    return kinds;
  });
  expect(kinds).toEqual(['branch', 'branch', 'saved', [false, true]]);
});
