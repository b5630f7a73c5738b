/** The frame of the lab on the built page: layout at three widths, keys, focus, words for those who hear them. */
import { expect, test } from '@playwright/test';

import { beats, count, openLab } from './lab';

const widths = [{ width: 1440, height: 900 }, { width: 1024, height: 768 }, { width: 390, height: 844 }];

for (const size of widths) {
  test(`at ${size.width} px nothing sticks out, at the opening and at the widest records`, async ({ page }) => {
    await page.setViewportSize(size);
    for (const at of [0, 2, 11, 20]) {
      expect(await openLab(page, at)).toEqual([]);
      const { wide, high } = await page.evaluate(() => ({ wide: document.documentElement.scrollWidth - innerWidth, high: document.documentElement.scrollHeight - innerHeight }));
      expect(wide).toBe(0);
      if (size.width >= 1024) expect(high).toBe(0);
    }
  });

  test(`at ${size.width} px the picture does not jump when the sentence changes`, async ({ page }) => {
    await page.setViewportSize(size);
    await openLab(page);
    const tops = () => page.evaluate(() => ['vt-heap-page', 'vt-wal', 'vt-standby']
      .map((name) => document.querySelector('vt-lab')!.shadowRoot!.querySelector(name)!.getBoundingClientRect().top));
    const before = await tops();
    for (let n = 0; n < 13; n++) {
      await beats(page, n, n + 1);
      expect(await tops()).toEqual(before);
    }
  });
}

test('the inspector follows, stays with what is chosen, and follows again', async ({ page }) => {
  await page.setViewportSize(widths[0]!);
  await openLab(page);
  const title = page.locator('vt-inspector h2').first();
  await expect(title).toHaveText('Row version (0,4)');
  await page.locator('vt-wal [role=option]').first().click();
  await expect(title).toContainText('WAL record 0/');
  const chosen = await title.textContent();
  await beats(page, 0, 1);
  await expect(title).toHaveText(chosen!);
  await page.locator('body').press('Escape');
  await expect(title).toHaveText('Row version (0,4)');
});

test('a grid is entered with Enter, walked by arrows, left with Esc', async ({ page }) => {
  await openLab(page);
  await page.locator('vt-heap-page .vt').focus();
  await page.keyboard.press('Enter');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Enter');
  await expect(page.locator('vt-inspector h2').first()).toHaveText('Row version (0,3)');
  await expect(count(page)).toHaveText('0');
  await page.keyboard.press('Escape');
  await page.keyboard.press('ArrowRight');
  await expect(count(page)).toHaveText('1');
});

test('the prompt keeps its keys; a statement goes on until its semicolon', async ({ page }) => {
  await openLab(page);
  await page.locator('body').press('/');
  const prompt = page.locator('vt-terminal textarea').first();
  await expect(prompt).toBeFocused();
  await prompt.fill('SELECT 1');
  await prompt.press('Enter');
  await expect(prompt).toHaveValue('SELECT 1\n');
  await prompt.press('ArrowRight');
  await expect(count(page)).toHaveText('0');
  await prompt.fill('\\foo');
  await prompt.press('Enter');
  await expect(page.locator('vt-terminal .out').first()).toContainText('invalid command \\foo');
  await prompt.press('Escape');
  await expect(prompt).not.toBeFocused();
});

test('what is said is marked with the language it is said in', async ({ page }) => {
  await page.goto('/#v1&lang=ko-KR');
  await expect(count(page)).toHaveText('0', { timeout: 30_000 });
  expect(await page.evaluate(() => [document.documentElement.lang, document.querySelector('vt-lab')!.shadowRoot!.querySelector('.app')!.getAttribute('lang')])).toEqual(['en', 'en']);
});

test('the key list opens with ? and closes with Esc', async ({ page }) => {
  await openLab(page);
  await page.locator('body').press('?');
  await expect(page.locator('vt-dialog dialog')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.locator('vt-dialog dialog')).toBeHidden();
});

for (const theme of ['dark', 'light']) {
  test(`text keeps its contrast, ${theme}`, async ({ page }) => {
    await page.setViewportSize(widths[0]!);
    await openLab(page, 6, theme);
    expect(await page.evaluate(faint)).toEqual([]);
  });
}

/** Texts with less than 4.5:1 against what lies behind them. */
function faint(): string[] {
  const channel = (v: number) => (v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4);
  const light = ([r, g, b]: number[]) => 0.2126 * channel(r!) + 0.7152 * channel(g!) + 0.0722 * channel(b!);
  const numbers = (colour: string) => (colour.match(/[\d.]+/g) ?? []).map(Number);
  const parent = (e: Element): Element | null => e.parentElement ?? ((e.getRootNode() as ShadowRoot).host ?? null);
  const behind = (e: Element): number[] => {
    for (let at: Element | null = e; at; at = parent(at)) {
      const colour = numbers(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || (colour[3] ?? 0) > 0.9) return colour;
    }
    return [255, 255, 255];
  };
  const weak: string[] = [];
  const look = (root: Document | ShadowRoot) => root.querySelectorAll('*').forEach((e) => {
    if (e.shadowRoot) look(e.shadowRoot);
    const text = [...e.childNodes].filter((n) => n.nodeType === 3).map((n) => n.textContent!.trim()).join('');
    const style = getComputedStyle(e);
    if (!text || e.closest('button:disabled') || style.visibility === 'hidden' || e.getClientRects().length === 0) return;
    const [a, b] = [light(numbers(style.color)), light(behind(e))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) weak.push(`${text.slice(0, 30)} ${ratio.toFixed(1)}`);
  });
  look(document);
  return weak;
}
