/** The library in a page: a database in a worker, kept in IndexedDB. */

import { expect, test, type Page } from '@playwright/test';

import { bare } from './bare';
import type { OpenOptions } from '../src/library/options';
import type { Database } from '../src/library/database';

declare global {
  interface Window {
    openDatabase(options?: OpenOptions): Promise<Database>;
  }
}

/** An empty page with the library in it. */
async function blank(page: Page, policy?: string): Promise<void> {
  await bare(page, policy);
  await page.evaluate(async (library) => {
    window.openDatabase = (await import(/* @vite-ignore */ library)).open;
  }, '/vitrine.js');
}

test('what was committed outlives the page', async ({ page }) => {
  await blank(page);
  const first = await page.evaluate(async () => {
    const database = await window.openDatabase({ storage: 'idb://notes' });
    await database.exec('CREATE TABLE notes (id int PRIMARY KEY, words text)');
    await database.query('INSERT INTO notes VALUES ($1, $2)', [1, 'kept']);
    await database.exec("BEGIN; INSERT INTO notes VALUES (2, 'not committed')");
    return (await database.query('SELECT count(*) AS n FROM notes')).rows;
  });
  expect(first).toEqual([{ n: 2 }]);
  // No farewell: the page goes as it stands.
  await blank(page);
  const again = await page.evaluate(async () => {
    const database = await window.openDatabase({ storage: 'idb://notes' });
    const { rows } = await database.query('TABLE notes');
    await database.close();
    return rows;
  });
  expect(again).toEqual([{ id: 1, words: 'kept' }]);
});

test('a database goes from memory to a file and into the store', async ({ page }) => {
  await blank(page);
  const rows = await page.evaluate(async () => {
    const memory = await window.openDatabase();
    await memory.exec('CREATE TABLE t (id int); INSERT INTO t VALUES (7)');
    const kept = await window.openDatabase({ storage: 'idb://copy', load: await memory.dump() });
    await memory.close();
    const { rows } = await kept.query('TABLE t');
    const session = await kept.session();
    await session.exec('INSERT INTO t VALUES (8)');
    await kept.close();
    const again = await window.openDatabase({ storage: 'idb://copy' });
    return [rows, (await again.query('SELECT id FROM t ORDER BY id')).rows];
  });
  expect(rows).toEqual([[{ id: 7 }], [{ id: 7 }, { id: 8 }]]);
});

test('an error has its SQLSTATE; a policy that forbids workers leaves the page', async ({ page }) => {
  await blank(page, "default-src 'self'; script-src 'self' 'wasm-unsafe-eval' 'unsafe-eval'; worker-src 'none'");
  const code = await page.evaluate(async () => {
    const database = await window.openDatabase();
    return database.query('SELECT 1 / 0').catch((error: { code: string }) => error.code);
  });
  expect(code).toBe('22012');
});
