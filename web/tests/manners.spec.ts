/** A terminal has psql's manners: completion, display, files, watching, cancelling, copying. */
import { expect, test } from '@playwright/test';

import { atRest, openLab, output, prompt, sentence, type } from './lab';

test('Tab completes from the catalog, without a step of the world', async ({ page }) => {
  await openLab(page);
  const step = () => page.evaluate(() => document.querySelector<HTMLElement & { controller: { view: { step: number } } }>('vt-lab')!.controller.view.step);
  const before = await step();
  const at = prompt(page, 'B');
  await at.fill('sel');
  await at.press('Tab');
  await expect(at).toHaveValue('select ');
  await at.pressSequentially('bal');
  await at.press('Tab');
  await expect(at).toHaveValue('select balance ');
  await at.pressSequentially('from acc');
  await at.press('Tab');
  await expect(at).toHaveValue('select balance from accounts ');
  await at.fill('SHOW wal_');
  await at.press('Tab');
  await expect(page.locator('vt-terminal[data-who=B] .options')).toContainText('wal_segment_size');
  expect(await step()).toBe(before);
  // With nothing typed, Tab goes on as everywhere.
  await at.fill('');
  await at.press('Tab');
  await expect(at).not.toBeFocused();
});

test('\\dt, \\d, \\x, \\gx and \\timing look as in psql', async ({ page }) => {
  await openLab(page);
  await type(page, 'B', '\\dt');
  await expect(output(page, 'B')).toContainText('          List of relations\n Schema |   Name   | Type  |  Owner   \n');
  await type(page, 'B', '\\d accounts');
  await expect(output(page, 'B')).toContainText('Table "public.accounts"\n Column  |  Type   | Collation | Nullable | Default \n');
  await type(page, 'B', '\\d nope');
  await expect(output(page, 'B')).toContainText('Did not find any relation named "nope".');
  await type(page, 'B', 'SELECT id, owner FROM accounts ORDER BY id LIMIT 1 \\gx');
  await expect(output(page, 'B')).toContainText('-[ RECORD 1 ]\nid    | 1\nowner | Alice\n');
  await type(page, 'B', '\\x');
  await type(page, 'B', '\\timing');
  await type(page, 'B', 'SELECT 7 AS seven;');
  await expect(output(page, 'B')).toContainText(/-\[ RECORD 1 \]\nseven \| 7\n\n?Time: \d+\.\d{3} ms/);
});

test('\\i runs a file, one statement after the other; statements typed ahead wait for the first', async ({ page }) => {
  await openLab(page);
  await type(page, 'B', '\\i nope.sql');
  await expect(output(page, 'B')).toContainText('nope.sql: No such file or directory');
  await type(page, 'B', '\\i versions.sql');
  await expect(output(page, 'B')).toContainText(' lp | lp_flags | t_xmin | t_xmax | t_ctid ');
  await expect(output(page, 'B')).toContainText(' ctid  | xmin | xmax | id | owner | balance ');
  await type(page, 'B', 'UPDATE accounts SET balance = 0 WHERE id = 1; SELECT 77 AS later;');
  await expect(sentence(page)).toContainText('B waits for');
  await expect(output(page, 'B')).not.toContainText('later');
  await type(page, 'A', 'ROLLBACK;');
  await prompt(page, 'A').press('Escape');
  await atRest(page);
  await page.locator('body').press('Shift+ArrowRight');
  await expect(output(page, 'B')).toContainText('UPDATE 1');
  await expect(output(page, 'B')).toContainText('      77');
});

test('what is typed while a statement is on its way comes after it', async ({ page }) => {
  await openLab(page, 3);
  await type(page, 'A', 'SELECT 42 AS answer;');
  await expect(output(page, 'A')).toContainText(/COMMIT;\s+COMMIT\s+postgres=# SELECT 42 AS answer;\s+answer/);
});

test('Ctrl+C cancels a wait for a lock; the prompt keeps the focus meanwhile', async ({ page }) => {
  await openLab(page);
  await type(page, 'B', 'UPDATE accounts SET balance = 0 WHERE id = 1;');
  await expect(sentence(page)).toContainText('B waits for transactionid 726');
  await expect(prompt(page, 'B')).toBeFocused();
  await page.keyboard.press('Control+c');
  await expect(output(page, 'B')).toContainText('canceling statement due to user request');
  await type(page, 'B', 'UPDATE accounts SET balance = 0 WHERE id = 1;');
  await page.locator('vt-terminal[data-who=B]').getByRole('button', { name: 'cancel' }).click();
  await expect(output(page, 'B').getByText('ERROR:')).toHaveCount(2);
});

test('\\watch runs a statement again as time passes, until Ctrl+C', async ({ page }) => {
  await openLab(page);
  await type(page, 'B', 'SELECT count(*) FROM pg_stat_activity \\watch 0.3');
  await expect(output(page, 'B').getByText('(every 0.3s)')).toHaveCount(1);
  await expect.poll(async () => ((await output(page, 'B').textContent()) ?? '').split('(every 0.3s)').length).toBeGreaterThan(3);
  await page.keyboard.press('Control+c');
  await expect(page.locator('vt-terminal[data-who=B]').getByText('watched')).toHaveCount(0);
  const printed = await output(page, 'B').textContent();
  await page.waitForTimeout(700);
  expect(await output(page, 'B').textContent()).toBe(printed);
});

test('what a session has printed is copied', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await openLab(page);
  await page.getByRole('button', { name: 'copy what session B has printed' }).click();
  await expect(page.locator('vt-top-bar')).toContainText('copied');
  expect(await page.evaluate(() => navigator.clipboard.readText())).toContain('postgres=# SELECT balance\npostgres-# FROM accounts\npostgres-# WHERE id = 1;\n balance \n');
});
