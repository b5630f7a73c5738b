/** What a reader can do to the world besides typing: time, links, processes; and that every moment has an address. */
import { expect, test, type Page } from '@playwright/test';

import { atRest, beats, count, openLab, output, prompt, sentence, type } from './lab';
import { openPanel, run } from './panels';

type Lab = HTMLElement & { controller: { view: { step: number; hash: string; now: number; links: { cut: boolean; latency: number }[] } } };
const look = (page: Page) => page.evaluate(() => {
  const { step, hash, now, links } = document.querySelector<Lab>('vt-lab')!.controller.view;
  return { step, hash, now, links };
});
const inspector = (page: Page) => page.locator('vt-inspector');

test.beforeEach(({ page }) => page.setViewportSize({ width: 1440, height: 900 }));

test('live goes on by itself, and stops', async ({ page }) => {
  await openLab(page, 1);
  const before = await look(page);
  await page.getByRole('button', { name: 'live ×0.01' }).click();
  await expect.poll(async () => (await look(page)).now).toBeGreaterThan(before.now);
  await expect.poll(async () => Number(await count(page).textContent()), { timeout: 20_000 }).toBeGreaterThan(1);
  await page.locator('body').press('Space');
  await expect(page.getByRole('button', { name: 'live ×0.01' })).toHaveAttribute('aria-pressed', 'false');
  await page.waitForTimeout(100);
  const after = await look(page);
  await page.waitForTimeout(200);
  expect(await look(page)).toEqual(after);
});

test('a link is cut, the standby falls behind; healed, it catches up', async ({ page }) => {
  await openLab(page);
  await page.locator('vt-standby').getByRole('button', { name: 'cut link' }).click();
  await expect(sentence(page)).toContainText('The link is cut');
  await type(page, 'A', 'COMMIT;');
  await expect(output(page, 'A')).toContainText('COMMIT\n');
  await prompt(page, 'A').press('Escape');
  await page.locator('body').press('Shift+ArrowRight');
  await expect(page.locator('vt-standby')).toContainText('the link is cut');
  const behind = () => page.evaluate(() => {
    const [primary, standby] = document.querySelector<HTMLElement & { controller: { view: { hosts: { wal: { flush: number; replay: number } }[] } } }>('vt-lab')!.controller.view.hosts;
    return primary!.wal.flush - standby!.wal.replay;
  });
  expect(await behind()).toBeGreaterThan(0);
  await page.locator('vt-standby').getByRole('button', { name: 'heal link' }).click();
  await expect(sentence(page)).toContainText('The link is whole again');
  for (let n = 0; n < 60 && (await behind()) > 0; n++) await page.evaluate(() => document.querySelector<HTMLElement & { controller: { pass(): Promise<void> } }>('vt-lab')!.controller.pass());
  expect(await behind()).toBe(0);
});

test('a slow link takes its time', async ({ page }) => {
  await openLab(page, 5);
  await page.locator('vt-standby').getByRole('button', { name: 'slow link' }).click();
  await expect(sentence(page)).toContainText('The link is slow');
  await expect.poll(async () => (await look(page)).links[0]!.latency).toBeGreaterThan(10_000);
  await page.locator('vt-standby').getByRole('button', { name: 'heal link' }).click();
  await expect.poll(async () => (await look(page)).links[0]!.latency).toBeLessThan(1_000);
});

test('a backend is killed: the others are ended, and the server recovers', async ({ page }) => {
  await openLab(page);
  await page.locator('vt-processes button[data-who=B]').click();
  await inspector(page).getByRole('button', { name: 'kill -9' }).click();
  await expect(sentence(page)).toContainText('is killed: kill -9');
  await page.locator('body').press('Shift+ArrowRight');
  await expect(page.locator('vt-log')).toContainText('terminating any other active server processes');
  await expect(page.locator('vt-log')).toContainText('database system is ready to accept connections');
  await page.getByRole('button', { name: '+ session', exact: true }).click();
  await type(page, 'C', 'SELECT balance FROM accounts WHERE id = 1;');
  await expect(output(page, 'C')).toContainText('     100');
});

test('a process is frozen, holds what it holds, and is let go', async ({ page }) => {
  await openLab(page);
  await page.locator('vt-processes button[data-who=A]').click();
  await inspector(page).getByRole('button', { name: 'freeze' }).click();
  await expect(sentence(page)).toContainText('stands still');
  await expect(inspector(page)).toContainText('frozen');
  await type(page, 'A', 'COMMIT;');
  await expect(output(page, 'A')).toContainText(/COMMIT;\s*$/);
  await prompt(page, 'A').press('Escape');
  await inspector(page).getByRole('button', { name: 'thaw' }).click();
  await expect(sentence(page)).toContainText('may run again');
  await page.locator('body').press('Shift+ArrowRight');
  await expect(output(page, 'A')).toContainText(/COMMIT;\s+COMMIT\s*$/);
});

test('a chosen process is stepped, by pointer and by keys', async ({ page }) => {
  await openLab(page, 1);
  const { step } = await look(page);
  await page.locator('vt-processes button[data-who=A]').click();
  await inspector(page).getByRole('button', { name: 'step' }).click();
  await expect.poll(async () => (await look(page)).step).toBe(step + 1);
  await page.locator('body').press('Escape');
  // The postmaster is 1, A's backend 2.
  await page.locator('body').press('2');
  await expect(inspector(page).locator('h2').first()).toContainText('Process');
  await page.locator('body').press('s');
  await expect.poll(async () => (await look(page)).step).toBe(step + 2);
  await page.locator('body').press(',');
  await expect.poll(async () => (await look(page)).step).toBe(step + 1);
});

test('with reduced motion nothing moves; going back never does', async ({ page }) => {
  const moves = () => page.evaluate(() => {
    const running = document.getAnimations().filter((a) => a.playState === 'running').length;
    return { running, time: getComputedStyle(document.querySelector('vt-lab')!).getPropertyValue('--vt-move').trim() };
  });
  await openLab(page, 3);
  expect((await moves()).time).toBe('0.25s');
  await beats(page, 3, 2);
  expect(await moves()).toEqual({ running: 0, time: '0s' });
  await page.emulateMedia({ reducedMotion: 'reduce' });
  for (let n = 2; n < 8; n++) {
    await beats(page, n, n + 1);
    expect(await moves()).toEqual({ running: 0, time: '0s' });
  }
});

test.describe('addresses', () => {
  const shared = async (page: Page) => {
    await page.evaluate(() => history.replaceState(null, '', location.pathname));
    await page.getByRole('button', { name: 'share', exact: true }).click();
    await expect.poll(() => page.url()).toContain('#v1');
    return page.url();
  };
  const again = async (page: Page, url: string) => {
    await page.goto('about:blank');
    await page.goto(url);
    await expect(count(page).or(page.locator('vt-sentence').getByText('back to the story')).first()).toBeVisible({ timeout: 30_000 });
  };

  test('a beat, and an event between two beats', async ({ page }) => {
    await openLab(page, 4);
    const at = await look(page);
    const beat = await shared(page);
    expect(beat).toContain('beat=4');
    let step = beat;
    for (let n = 1; n < 9 && step.includes('beat='); n++) {
      await page.locator('body').press('.');
      await expect.poll(async () => (await look(page)).step).toBe(at.step + n);
      step = await shared(page);
    }
    const between = await look(page);
    expect(step).toContain(`step=${between.step}`);
    expect(step).not.toContain('did=');
    await again(page, step);
    await expect.poll(() => look(page)).toEqual(between);
    await again(page, beat);
    await expect.poll(() => look(page)).toEqual(at);
  });

  test('what somebody did on their own way', async ({ page }) => {
    await openLab(page, 2);
    await page.locator('vt-processes button[data-who=A]').click();
    await inspector(page).getByRole('button', { name: 'step' }).click();
    await type(page, 'B', 'UPDATE accounts SET balance = 1 WHERE id = 2;');
    await expect(output(page, 'B')).toContainText('UPDATE 1');
    await page.getByRole('button', { name: '+ session', exact: true }).click();
    await type(page, 'C', 'SELECT sum(balance) FROM accounts;');
    await expect(output(page, 'C')).toContainText(' 166');
    await prompt(page, 'C').press('Escape');
    for (let n = 0; n < 3; n++) await page.locator('body').press(',');
    await atRest(page);
    const there = await look(page);
    const url = await shared(page);
    expect(url).toContain('did=');
    await again(page, url);
    await expect.poll(() => look(page)).toEqual(there);
    await expect(output(page, 'B')).toContainText('UPDATE 1');
  });
});

test('a standby is promoted: its log goes on as a timeline of its own', async ({ page }) => {
  const problems = await openLab(page);
  const panel = await openPanel(page, 'replication');
  await panel.getByRole('button', { name: 'promote' }).click();
  await expect(sentence(page)).toContainText('is asked to become a primary');
  const said: string[] = [];
  while (said.length < 6 && !said.at(-1)?.includes('takes connections')) {
    await page.locator('body').press('ArrowRight');
    await atRest(page);
    said.push((await sentence(page).textContent())!);
  }
  expect(said.some((words) => words.startsWith('Timeline 2 begins at 0/'))).toBe(true);
  // Where the old primary has a record of its own at the same place, the standby's is still told as what it is.
  expect(said.some((words) => words.includes('END_OF_RECOVERY'))).toBe(true);
  await expect(panel).toContainText('Two servers take writes now');
  await expect(panel).toContainText('timeline 2');
  await expect(panel.getByRole('button', { name: 'promote' })).toHaveCount(0);

  // It takes writes; the old primary does too, and neither hears of the other's.
  await page.getByRole('button', { name: '+ on the promoted' }).click();
  await atRest(page);
  await run(page, ['C', 'INSERT INTO accounts VALUES (4, \'Dora\', 1)'], ['C', 'SELECT count(*) FROM accounts'], ['B', 'SELECT count(*) FROM accounts']);
  await expect(output(page, 'C')).toContainText('4');
  await expect(output(page, 'B')).toContainText('3');

  // And all of it can be taken back.
  await page.locator('body').press('Home');
  await expect(panel.getByRole('button', { name: 'promote' })).toBeVisible();
  expect(problems).toEqual([]);
});
