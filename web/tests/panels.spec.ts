/** The panels of the middle on the built page: each shows the engine's own state, and is worked by pointer and by keys. */
import { expect, test, type Page } from '@playwright/test';

import { atRest, openLab, output, type } from './lab';
import { finish, openBusyLab, openPanel, PANELS, run, type PanelName } from './panels';

/** As PostgreSQL 15.18 printed it. */
const PLAN = `                                                     QUERY PLAN                                                      
---------------------------------------------------------------------------------------------------------------------
 Nested Loop  (cost=0.28..93.89 rows=10 width=6) (actual time=0.010..0.011 rows=0 loops=1)
   Buffers: shared hit=2
   ->  Index Only Scan using a_pkey on a  (cost=0.28..8.29 rows=1 width=4) (actual time=0.010..0.010 rows=0 loops=1)
         Index Cond: (id = '-1'::integer)
         Heap Fetches: 0
         Buffers: shared hit=2
   ->  Seq Scan on b  (cost=0.00..85.50 rows=10 width=6) (never executed)
         Filter: (aid = '-1'::integer)
 Planning Time: 0.070 ms
 Execution Time: 0.023 ms
(10 rows)
`;

const inspected = (page: Page) => page.locator('vt-inspector h2').first();

test.beforeEach(async ({ page }) => {
  await page.setViewportSize({ width: 1440, height: 900 });
});

for (const size of [{ width: 1440, height: 900 }, { width: 1024, height: 768 }, { width: 390, height: 844 }]) {
  test(`at ${size.width} px no panel sticks out, nor makes the page scroll`, async ({ page }) => {
    test.setTimeout(120_000);
    await page.setViewportSize(size);
    const problems = await openBusyLab(page);
    for (const name of Object.keys(PANELS) as PanelName[]) {
      await openPanel(page, name);
      const { wide, high } = await page.evaluate(() => ({ wide: document.documentElement.scrollWidth - innerWidth, high: document.documentElement.scrollHeight - innerHeight }));
      expect.soft(wide, name).toBe(0);
      if (size.width >= 1024) expect.soft(high, name).toBe(0);
    }
    expect(problems).toEqual([]);
  });
}

test('the menu and the tabs are walked by keys; the picture comes back', async ({ page }) => {
  await openLab(page);
  await page.locator('body').press('p');
  const menu = page.locator('vt-panel-menu dialog');
  await expect(menu).toBeVisible();
  await menu.getByRole('button', { name: /^Locks/ }).press('Enter');
  await expect(page.locator('vt-p-locks h2')).toContainText('Locks');
  await page.getByRole('tab', { name: 'Locks' }).press('ArrowRight');
  await expect(page.getByRole('tab', { name: 'Statistics' })).toBeFocused();
  await expect(page.locator('vt-p-statistics h2')).toBeVisible();
  await page.getByRole('tab', { name: 'Picture' }).click();
  await expect(page.locator('vt-heap-page')).toBeVisible();
});

test('every panel has its tables', async ({ page }) => {
  await openBusyLab(page);
  for (const name of Object.keys(PANELS) as PanelName[]) {
    const panel = await openPanel(page, name);
    await panel.getByRole('button', { name: 'as tables' }).click();
    await expect(panel.getByRole('table').first()).toBeVisible();
    expect(await panel.locator('tbody tr').count(), name).toBeGreaterThan(0);
  }
});

test('plan: what EXPLAIN printed last, estimated rows over actual ones, and each node’s own pages', async ({ page }) => {
  await openLab(page);
  const panel = await openPanel(page, 'plan');
  await expect(panel).toContainText('No plan yet');
  // The query that was typed last is offered to be explained.
  await expect(panel.getByRole('button', { name: 'B: EXPLAIN (ANALYZE, BUFFERS) SELECT balance' })).toBeVisible();
  // What a real server printed, as if a session had.
  await page.evaluate((text) => {
    const { controller } = document.querySelector('vt-lab') as unknown as { controller: { history: { exchanges: object[] }; view: { step: number; now: number }; changed(): void } };
    const { step, now } = controller.view;
    controller.history.exchanges.push({ letter: 'B', step: step - 1, time: now, prompts: ['postgres=#', 'postgres-#'], sql: 'EXPLAIN (ANALYZE, BUFFERS) SELECT', answer: { step: step - 1, time: now, text, failed: false } });
    controller.changed();
  }, PLAN);
  await expect(panel.locator('.step b')).toHaveText(['Nested Loop', 'Index Only Scan using a_pkey on a', 'Seq Scan on b']);
  await expect(panel.locator('tbody tr').nth(1)).toContainText('hit 2');
  await expect(panel.locator('tbody tr').nth(0)).toContainText('10 times fewer than estimated');
  await expect(panel.locator('tbody tr').nth(2)).toContainText('never executed');
  await panel.getByRole('button', { name: 'as tables' }).click();
  await expect(panel.getByRole('table').nth(1)).toContainText('Heap Fetches: 0');
});

test('plan: what the engine has measured of a join is drawn', async ({ page }) => {
  await openLab(page);
  await run(page, ['A', 'EXPLAIN (ANALYZE, BUFFERS) SELECT a.owner FROM accounts a JOIN accounts b ON a.id = b.id WHERE b.balance > 0']);
  const panel = await openPanel(page, 'plan');
  await expect(panel.locator('.step b').first()).toHaveText(/Join|Nested Loop/);
  await expect(panel.locator('.step b').filter({ hasText: /Seq Scan on accounts/ })).toHaveCount(2);
  await expect(panel.locator('tbody tr').last()).toContainText('hit 1');
});

test('locks: an arrow, a queue, and a circle that ends when the first looks', async ({ page }) => {
  await openBusyLab(page);
  const panel = await openPanel(page, 'locks');
  await expect(panel.locator('.graph .edge')).toHaveCount(1);
  await expect(panel.getByRole('button', { name: /A has waited .* for ShareLock/ })).toBeVisible();
  await expect(panel.locator('.row').first()).toContainText('accounts (0,2)');
  await run(page, ['B', 'UPDATE accounts SET balance = 0 WHERE id = 1']);
  await expect(panel.locator('.graph .edge.deadlock')).toHaveCount(2);
  await expect(panel.getByRole('status').first()).toContainText('A deadlock');
  for (let i = 0; i < 25 && (await panel.locator('.edge').count()) > 0; i++) {
    await page.locator('body').press('ArrowRight');
    await atRest(page);
  }
  await expect(panel.locator('.graph')).toContainText('Nobody waits');
  expect(`${await output(page, 'A').textContent()}${await output(page, 'B').textContent()}`).toContain('deadlock detected');
});

test('locks: a row that two share has a multixact with both of them', async ({ page }) => {
  await openLab(page);
  await run(page, ['A', 'COMMIT'], ['A', 'BEGIN'], ['A', 'SELECT FROM accounts WHERE id = 2 FOR SHARE'], ['B', 'BEGIN'], ['B', 'SELECT FROM accounts WHERE id = 2 FOR KEY SHARE']);
  const panel = await openPanel(page, 'locks');
  await expect(panel.locator('.row')).toContainText('multixact');
  await expect(panel.locator('.locker')).toHaveText([/A.*FOR SHARE/s, /B.*FOR KEY SHARE/s]);
});

test('page: a field lights its bytes, bytes their field, and a version is chosen everywhere', async ({ page }) => {
  await openBusyLab(page);
  const panel = await openPanel(page, 'bytes');
  await panel.getByRole('button', { name: /^page header/ }).click();
  await panel.getByRole('button', { name: /^pd_lower/ }).click();
  await expect(panel.locator('.run.chosen')).toHaveText('30 00');
  await panel.locator('.run').first().click();
  await expect(panel.locator('.f.chosen')).toContainText('pd_lsn');
  await panel.getByRole('button', { name: /^row version 4/ }).focus();
  await page.keyboard.press('Enter');
  await expect(inspected(page)).toHaveText('Row version (0,4)');
});

test('page: B-tree, both maps and pg_xact are read as what they are', async ({ page }) => {
  await openBusyLab(page);
  await run(page, ['B', 'ROLLBACK']);
  await finish(page, 'A');
  await run(page, ['A', 'COMMIT'], ['A', 'VACUUM t']);
  const panel = await openPanel(page, 'bytes');
  const choose = async (label: string, value: string) => { await panel.getByLabel(label).selectOption(value); await atRest(page); };
  await choose('relation', 't_pkey');
  await expect(panel.locator('.where')).toContainText('B-tree meta page');
  await expect(panel.getByRole('button', { name: /where the tree begins/ })).toBeVisible();
  await panel.getByLabel('block').fill('1');
  await panel.getByLabel('block').press('Enter');
  await expect(panel.getByRole('button', { name: /special space/ })).toBeVisible();
  await choose('relation', 't');
  await choose('fork', 'vm');
  await expect(panel.locator('.map [role=option]').first()).toHaveAttribute('aria-label', 'block 0: 01 all-visible');
  await choose('fork', 'main');
  await choose('relation', 'pg_xact');
  await panel.locator('.map').focus();
  await page.keyboard.press('Enter');
  await page.keyboard.press('End');
  await panel.locator('.map [role=option]').last().click();
  await expect(panel.locator('.body')).toContainText(/transaction \d+: 10 aborted/);
  await expect(panel.locator('.run.chosen')).toHaveCount(1);
  await panel.locator('.hex .l').nth(1).locator('.run').first().click();
  await expect(panel.locator('.body')).toContainText('transaction 64: 01 committed');
});

test('index: a search goes down, a split makes a page, a page is chosen', async ({ page }) => {
  await openBusyLab(page);
  const panel = await openPanel(page, 'tree');
  await expect(panel.locator('.box')).toHaveCount(4);
  await panel.getByLabel('search for id =').fill('500');
  await panel.getByLabel('search for id =').press('Enter');
  await expect(panel.getByRole('status')).toContainText('Found after reading 2 pages: 3 → ');
  await expect(panel.locator('.box.way')).toHaveCount(2);
  await expect(panel.locator('.hit').last()).toContainText('500');
  await panel.getByLabel('search for id =').fill('x');
  await panel.getByRole('button', { name: 'search' }).click();
  await expect(panel.getByRole('status')).toContainText('invalid input syntax for type integer: "x"');
  await panel.getByRole('button', { name: /^block 1, level 0/ }).click();
  await expect(inspected(page)).toHaveText('Page 1 of t_pkey');
  await run(page, ['B', 'ROLLBACK']);
  await finish(page, 'A');
  await run(page, ['A', 'ROLLBACK'], ['A', 'INSERT INTO t SELECT g, NULL FROM generate_series(901, 1400) g']);
  await expect(panel.locator('.box')).not.toHaveCount(4);
});

test('versions: what each session would see, and by which rule', async ({ page }) => {
  await openBusyLab(page);
  const panel = await openPanel(page, 'versions');
  const row = (lp: number) => panel.locator('tbody tr').nth(lp - 1).locator('td');
  await expect(row(2).nth(2)).toContainText('sees it');
  await expect(row(2).nth(3)).toContainText('does not');
  await expect(row(5).nth(3)).toContainText('is still running');
});

test('dead rows: who holds the horizon back, and what is left when it moves', async ({ page }) => {
  await openLab(page);
  await run(page, ['A', 'COMMIT'], ['B', 'BEGIN ISOLATION LEVEL REPEATABLE READ'], ['B', 'SELECT * FROM accounts'], ['A', 'UPDATE accounts SET balance = 1 WHERE id = 2']);
  const panel = await openPanel(page, 'dead');
  await expect(panel.locator('.held')).toContainText('its snapshot may still look');
  await expect(panel.locator('.bar')).toHaveAttribute('aria-label', 'live 3, ended, still seen 1, dead 1, dead line pointers 0, free line pointers 0');
  await run(page, ['B', 'COMMIT']);
  await expect(panel.locator('.bar')).toHaveAttribute('aria-label', /ended, still seen 0, dead 2/);
  await expect(panel.locator('.body')).toContainText('Nobody holds it back');
  await run(page, ['A', 'VACUUM accounts']);
  await expect(panel.locator('.bar')).toHaveAttribute('aria-label', /dead 0/);
});

test('buffers: walked by keys, chosen with Enter, told apart by relation', async ({ page }) => {
  await openBusyLab(page);
  const panel = await openPanel(page, 'pool');
  const field = panel.getByRole('slider');
  await field.focus();
  for (const key of ['ArrowRight', 'ArrowRight', 'Enter']) await page.keyboard.press(key);
  await expect(field).toHaveAttribute('aria-valuenow', '3');
  await expect(inspected(page)).toHaveText('Buffer 3');
  const relation = panel.getByRole('button', { name: 't_pkey' });
  await relation.click();
  await expect(relation).toHaveAttribute('aria-pressed', 'true');
});

test('processes: frozen, thawed, killed from the map', async ({ page }) => {
  await openBusyLab(page);
  const panel = await openPanel(page, 'processes-map');
  await panel.getByRole('button', { name: 'freeze walwriter' }).click();
  await expect(panel.getByRole('button', { name: /^walwriter, frozen/ })).toBeVisible();
  await panel.getByRole('button', { name: 'let go walwriter' }).or(panel.getByRole('button', { name: 'thaw walwriter' })).click();
  await expect(panel.getByRole('button', { name: /^walwriter, waiting/ })).toBeVisible();
  await panel.getByRole('button', { name: 'kill -9 B', exact: true }).click();
  await atRest(page);
  await page.locator('body').press('ArrowRight');
  await expect(panel.getByRole('button', { name: /^B, / })).toHaveCount(0);
});

test('log: a record is what it is made of, and leads to its page', async ({ page }) => {
  await openBusyLab(page);
  const panel = await openPanel(page, 'tape');
  await panel.locator('ol button', { hasText: 'HOT_UPDATE' }).first().click();
  await expect(inspected(page)).toContainText('WAL record');
  await expect(panel.locator('.parts span')).toHaveCount(3);
  await panel.locator('.block button').click();
  await expect(page.locator('vt-p-bytes .where')).toContainText('heap page');
});

test('checkpoint: asked for, stepped, done', async ({ page }) => {
  await openLab(page);
  await run(page, ['A', 'COMMIT'], ['A', 'CREATE TABLE t (id int)'], ['A', 'INSERT INTO t SELECT generate_series(1, 2000)']);
  const panel = await openPanel(page, 'checkpoint');
  await expect(panel.getByRole('status')).toContainText('No checkpoint is under way');
  await panel.getByRole('button', { name: 'A: CHECKPOINT' }).click();
  await atRest(page);
  await expect(panel.getByRole('status')).toContainText('0 buffers are dirty');
  await expect(panel.locator('.facts')).toContainText('checkpoints_req');
});

test('standby: the link is cut and healed, and the lanes say how far each is', async ({ page }) => {
  await openLab(page);
  const panel = await openPanel(page, 'replication');
  await expect(panel.locator('.lanes .track')).toHaveCount(7);
  await panel.getByRole('button', { name: 'cut link' }).click();
  await expect(panel.locator('.wire')).toHaveText('cut: nothing passes');
  await run(page, ['A', 'COMMIT']);
  await expect(panel.locator('.behind').last()).toContainText('B');
  await panel.getByRole('button', { name: 'heal link' }).click();
  await expect(panel.locator('.wire')).not.toHaveText('cut: nothing passes');
});

test('files, settings, the log and statistics say what the server has', async ({ page }) => {
  await openBusyLab(page);
  const files = await openPanel(page, 'files');
  await files.getByRole('searchbox').fill('accounts');
  await files.getByRole('button', { name: 'accounts', exact: true }).click();
  await expect(page.locator('vt-p-bytes .where')).toContainText('on disk');
  const settings = await openPanel(page, 'settings');
  await expect(settings.locator('tbody')).toContainText('shared_buffers');
  await settings.getByRole('searchbox').fill('deadlock');
  await settings.getByRole('button', { name: 'deadlock_timeout' }).click();
  await expect(settings.locator('.more')).toContainText('wait before a deadlock is looked for');
  await expect((await openPanel(page, 'server-log')).locator('li').last()).toBeVisible();
  const statistics = await openPanel(page, 'statistics');
  await expect(statistics.locator('canvas')).toHaveCount(6);
});

test('memory: a sort that does not fit is seen on its way to disk', async ({ page }) => {
  await openLab(page);
  await run(page, ['A', 'COMMIT'], ['A', 'CREATE TABLE t (id int, name text)'], ['A', `INSERT INTO t SELECT g, 'row ' || g FROM generate_series(1, 6000) g`], ['A', `SET work_mem = '64kB'`]);
  const panel = await openPanel(page, 'memory');
  await expect(panel.locator('.body')).toContainText('Nothing is being sorted');
  await page.evaluate(async () => {
    const c = (document.querySelector('vt-lab') as HTMLElement & { controller: { client: { submit(s: number, q: string): Promise<unknown> }; event(by: 1): Promise<void>; view: { panels: { panel: string; processes?: { files: unknown[] }[] }[] } } }).controller;
    c.client.submit(0, 'SELECT * FROM t ORDER BY name DESC').catch(() => {});
    for (let i = 0; i < 400 && !c.view.panels.some((p) => p.processes?.some((x) => x.files.length > 0)); i++) await c.event(1);
  });
  await expect(panel.locator('.use')).toContainText('Sort');
  await expect(panel.locator('.file').first()).toContainText('pgsql_tmp');
});

test('what is selected in one panel is selected in the others, and what belongs to it lights up', async ({ page }) => {
  await openBusyLab(page);
  const locks = await openPanel(page, 'locks');
  await locks.locator('.row button.t').first().focus();
  await page.keyboard.press('Enter');
  await expect(inspected(page)).toHaveText('Row version (0,2)');
  const versions = await openPanel(page, 'versions');
  await expect(versions.locator('button.v.sel')).toContainText('2 Bob 50');
  await expect(versions.locator('.xid.lit')).toHaveCount(2);
  const tape = await openPanel(page, 'tape');
  await page.locator('body').press('Escape');
  await tape.locator('ol button', { hasText: 'HOT_UPDATE' }).first().click();
  const processes = await openPanel(page, 'processes-map');
  await expect(processes.locator('button.name.lit')).toHaveCount(1);
});

test('sessions: as many as one likes, each brought to the front, each ended', async ({ page }) => {
  await openLab(page);
  for (let n = 0; n < 3; n++) { await page.getByRole('button', { name: '+ session', exact: true }).click(); await atRest(page); }
  await expect(page.locator('vt-terminal')).toHaveCount(3);
  await expect(page.locator('vt-terminal[data-who=E]')).toBeVisible();
  await page.getByRole('button', { name: 'terminal of session A' }).click();
  await expect(page.locator('vt-terminal[data-who=A]')).toBeVisible();
  await expect(page.locator('vt-terminal')).toHaveCount(3);
  await run(page, ['A', 'SELECT 42']);
  await expect(output(page, 'A')).toContainText('42');
  await page.locator('vt-terminal[data-who=A]').hover();
  await page.getByRole('button', { name: 'end session A (\\q)' }).click();
  await atRest(page);
  await expect(page.getByRole('button', { name: 'terminal of session A' })).toHaveCount(0);
});

test('psql: indexes are listed, and described with their table', async ({ page }) => {
  await openBusyLab(page);
  await run(page, ['B', 'ROLLBACK']);
  await type(page, 'B', '\\di');
  await expect(output(page, 'B')).toContainText('t_pkey | index | postgres | t');
  await type(page, 'B', '\\d t');
  await expect(output(page, 'B')).toContainText('"t_pkey" PRIMARY KEY, btree (id)');
});

test('an embed shows the panels of the middle that it names, and fetches no others', async ({ page }) => {
  await page.route('**/plain.html', (route) => route.fulfill({ contentType: 'text/html', body: `<!doctype html><title>plain</title><script type="module" src="/pg-vitrine.js"></script><pg-vitrine panels="locks pool"></pg-vitrine>` }));
  await page.goto('/plain.html');
  await expect(page.locator('vt-p-locks .graph')).toContainText('Nobody waits', { timeout: 30_000 });
  await expect(page.locator('vt-p-pool').getByRole('slider')).toBeVisible();
  await expect(page.locator('vt-heap-page, vt-p-tree')).toHaveCount(0);
});

test('a link leads to the panel that was open', async ({ page }) => {
  await openLab(page);
  await openPanel(page, 'settings');
  await page.getByRole('button', { name: 'share', exact: true }).click();
  await expect.poll(() => page.url()).toContain('panel=settings');
  await page.reload();
  await expect(page.locator('vt-p-settings h2')).toBeVisible({ timeout: 30_000 });
});
