/** The panels of the middle under test: opened by name, in a world in which there is something to see in each. */
import { expect, type Page } from '@playwright/test';

import { atRest, openLab } from './lab';

/** Every panel of the middle, and the element that draws it. */
export const PANELS = {
  'versions': 'vt-p-versions', 'bytes': 'vt-p-bytes', 'tree': 'vt-p-tree', 'plan': 'vt-p-plan', 'dead': 'vt-p-dead', 'pool': 'vt-p-pool', 'tape': 'vt-p-tape', 'checkpoint': 'vt-p-checkpoint',
  'replication': 'vt-p-replication', 'processes-map': 'vt-p-processes', 'locks': 'vt-p-locks', 'memory': 'vt-p-memory', 'files': 'vt-p-files', 'settings': 'vt-p-settings', 'statistics': 'vt-p-statistics',
  'server-log': 'vt-p-log',
} as const;
export type PanelName = keyof typeof PANELS;

interface LabElement extends HTMLElement {
  openPanel(name: string): Promise<void>;
  controller: { submit(letter: string, sql: string): Promise<void>; finish(letter: string): Promise<void>; view: { step: number } };
}

/** Runs statements in sessions to their ends, or to where they wait. */
export async function run(page: Page, ...statements: [letter: string, sql: string][]): Promise<void> {
  for (const [letter, sql] of statements) {
    await page.evaluate(([l, q]) => (document.querySelector('vt-lab') as LabElement).controller.submit(l!, q!), [letter, sql]);
    await atRest(page);
  }
}

/** Lets the statement of a session run to its end, or to where it waits. */
export async function finish(page: Page, letter: string): Promise<void> {
  await page.evaluate((l) => (document.querySelector('vt-lab') as LabElement).controller.finish(l), letter);
  await atRest(page);
}

/** Opens a panel and waits until it is drawn. */
export async function openPanel(page: Page, name: PanelName) {
  await page.evaluate((n) => (document.querySelector('vt-lab') as LabElement).openPanel(n), name);
  const panel = page.locator(PANELS[name]);
  await expect(panel.locator('h2')).toBeVisible();
  await atRest(page);
  return panel;
}

/** A world with two tables, an index of two levels, a held snapshot, and a session that waits for another. */
export async function openBusyLab(page: Page, theme = 'dark'): Promise<string[]> {
  const problems = await openLab(page, 0, theme);
  await run(page, ['A', 'COMMIT'], ['A', 'CREATE TABLE t (id int PRIMARY KEY, name text)'], ['A', `INSERT INTO t SELECT g, 'row ' || g FROM generate_series(1, 900) g`],
    ['A', 'BEGIN'], ['B', 'BEGIN ISOLATION LEVEL REPEATABLE READ'], ['B', 'SELECT * FROM accounts WHERE id = 3'], ['A', 'UPDATE accounts SET balance = 80 WHERE id = 1'],
    ['B', 'UPDATE accounts SET balance = 55 WHERE id = 2'], ['A', 'UPDATE accounts SET balance = 60 WHERE id = 2']);
  return problems;
}
