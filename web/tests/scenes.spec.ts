/** Every scene in the page: told to its end by keys and by the pointer, and the same pixels by every way to a moment. */
import fs from 'node:fs';

import { expect, test, type Page } from '@playwright/test';

import { SCENES } from '../src/scenes/names';
import { atRest, count } from './lab';

const beatsOf = (id: string) => fs.readFileSync(new URL(`../src/scenes/${id}.scene`, import.meta.url), 'utf8').match(/^beat /gm)!.length;

async function open(page: Page, id: string, beat = 0, more = ''): Promise<string[]> {
  const problems: string[] = [];
  page.on('pageerror', (e) => problems.push(String(e)));
  await page.goto('about:blank');
  await page.goto(`/#v1&scene=${id}&beat=${beat}${more}`);
  await expect(count(page)).toHaveText(String(beat), { timeout: 30_000 });
  await atRest(page);
  return problems;
}

for (const id of SCENES) {
  test(`${id}: told by keys, to its end and back`, async ({ page }) => {
    await page.setViewportSize({ width: 1440, height: 900 });
    const problems = await open(page, id);
    const all = beatsOf(id);
    for (let n = 1; n <= all; n++) {
      await page.keyboard.press('ArrowRight');
      await expect(count(page)).toHaveText(String(n), { timeout: 10_000 });
      const { wide, high } = await page.evaluate(() => ({ wide: document.documentElement.scrollWidth - innerWidth, high: document.documentElement.scrollHeight - innerHeight }));
      expect([wide, high], `beat ${n}`).toEqual([0, 0]);
    }
    for (let n = all - 1; n >= 0; n--) {
      await page.keyboard.press('ArrowLeft');
      await expect(count(page)).toHaveText(String(n), { timeout: 10_000 });
    }
    expect(problems).toEqual([]);
  });

  test(`${id}: told by the pointer, and guessed at`, async ({ page }) => {
    await page.setViewportSize({ width: 1024, height: 768 });
    const problems = await open(page, id);
    const all = beatsOf(id);
    for (let n = 1; n <= all; n++) {
      await page.locator('vt-sentence .go').click();
      await expect(count(page)).toHaveText(String(n), { timeout: 10_000 });
      const choice = page.locator('vt-sentence .guess button');
      if ((await choice.count()) === 0) continue;
      const right = await page.locator('vt-sentence').evaluate((e) => e.shadowRoot!.querySelector('.side')!.getBoundingClientRect().right);
      expect(right).toBeLessThanOrEqual(1024);
      await choice.last().click();
      await expect(page.locator('vt-sentence .side')).toContainText('You said');
    }
    expect(problems).toEqual([]);
  });
}

test('scenes are chosen from a list, one after the other, and the way back is there', async ({ page }) => {
  await page.setViewportSize({ width: 1440, height: 900 });
  await open(page, 'first-light');
  await page.getByRole('button', { name: 'First light' }).click();
  const list = page.locator('vt-scenes li');
  await expect(list).toHaveCount(SCENES.length);
  await expect(page.locator('vt-scenes [aria-current=true]')).toContainText('First light');
  await list.filter({ hasText: 'Deadlock' }).getByRole('button').click();
  await expect(page.locator('vt-sentence [role=status]')).toContainText('will give them to Bob', { timeout: 30_000 });
  expect(page.url()).toContain('scene=deadlock');
  await page.goBack();
  await expect(page.locator('vt-sentence [role=status]')).toContainText('Two versions of Alice', { timeout: 30_000 });
});

test('the last sentence offers the next scene', async ({ page }) => {
  await page.setViewportSize({ width: 1440, height: 900 });
  await open(page, 'checkpoint', beatsOf('checkpoint'));
  await page.getByRole('button', { name: 'the next scene' }).click();
  await expect(page.getByRole('button', { name: 'A torn page' })).toBeVisible({ timeout: 30_000 });
});

/** The page once it has come to rest: two pictures in a row are the same. */
async function picture(page: Page): Promise<Buffer> {
  let last = await page.screenshot();
  for (;;) {
    await page.waitForTimeout(100);
    const next = await page.screenshot();
    if (next.equals(last)) return next;
    last = next;
  }
}

/** So many pixels may differ: Chromium does not draw the edge of each letter the same twice. */
const FAINT = 60;

/** How many pixels of two pictures differ by more than a trace. */
function differing(page: Page, one: Buffer, other: Buffer): Promise<number> {
  return page.evaluate(async (pictures) => {
    const [a, b] = await Promise.all(pictures.map(async (png) => {
      const image = new Image();
      image.src = `data:image/png;base64,${png}`;
      await image.decode();
      const canvas = new OffscreenCanvas(image.width, image.height).getContext('2d')!;
      canvas.drawImage(image, 0, 0);
      return canvas.getImageData(0, 0, image.width, image.height).data;
    }));
    let n = 0;
    for (let i = 0; i < a!.length; i += 4) if (Math.max(...[0, 1, 2].map((c) => Math.abs(a![i + c]! - b![i + c]!))) > 24) n++;
    return n;
  }, [one.toString('base64'), other.toString('base64')]);
}

/** Moments of many kinds: waiting, powerless, recovering, caught up. */
const MOMENTS = [['first-light', 6], ['deadlock', 2], ['torn-page', 2], ['crash', 4], ['standby', 5], ['big-scan', 4]] as const;

for (const [width, height] of [[1440, 900], [1024, 768], [390, 844]] as const) {
  for (const theme of ['dark', 'light']) {
    test(`a moment is the same pixels by every way to it, ${width} px, ${theme}`, async ({ page }) => {
      await page.setViewportSize({ width, height });
      await page.emulateMedia({ reducedMotion: 'reduce' });
      for (const [id, beat] of MOMENTS) {
        await open(page, id, beat, `&theme=${theme}`);
        const straight = await picture(page);
        await page.evaluate(() => document.querySelector<HTMLElement & { controller: { ends(which: string): Promise<void>; next(): Promise<void> } }>('vt-lab')!.controller.ends('home'));
        await expect(count(page)).toHaveText('0');
        for (let n = 1; n <= beat; n++) {
          await page.evaluate(() => document.querySelector<HTMLElement & { controller: { next(): Promise<void> } }>('vt-lab')!.controller.next());
          await expect(count(page)).toHaveText(String(n));
        }
        await atRest(page);
        expect(await differing(page, straight, await picture(page)), `${id}, beat ${beat}`).toBeLessThanOrEqual(FAINT);
      }
    });
  }
}
