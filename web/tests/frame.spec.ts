/** The frame of the lab, on hand-made moments: layout at three widths, keys, focus, words for those who hear them. */
import path from 'node:path';

import { expect, test, type Page } from '@playwright/test';
import { createServer, type ViteDevServer } from 'vite';

let server: ViteDevServer;
let address = '';

test.beforeAll(async () => {
  server = await createServer({ configFile: path.resolve(import.meta.dirname, 'fixture/vite.config.ts'), server: { port: 0 }, logLevel: 'error' });
  await server.listen();
  address = server.resolvedUrls!.local[0]!;
});

test.afterAll(() => server.close());

const widths = [{ width: 1440, height: 900 }, { width: 1024, height: 768 }, { width: 390, height: 844 }];

/** Opens the lab so many beats into the story. */
async function open(page: Page, beats = 0, theme = 'dark') {
  const problems: string[] = [];
  page.on('pageerror', (e) => problems.push(String(e)));
  await page.goto(`${address}?theme=${theme}&step=${beats}`);
  await page.locator('vt-sentence').waitFor();
  await expect(count(page)).toHaveText(String(beats));
  return problems;
}

const count = (page: Page) => page.locator('vt-sentence .side b').first();
const sentence = (page: Page) => page.locator('vt-sentence [role=status]');

for (const size of widths) {
  test(`at ${size.width} px nothing sticks out, at the opening and at the widest records`, async ({ page }) => {
    await page.setViewportSize(size);
    for (const beats of [0, 2, 11, 20]) {
      expect(await open(page, beats)).toEqual([]);
      const { wide, high } = await page.evaluate(() => ({ wide: document.documentElement.scrollWidth - innerWidth, high: document.documentElement.scrollHeight - innerHeight }));
      expect(wide).toBe(0);
      if (size.width >= 1024) expect(high).toBe(0);
    }
  });

  test(`at ${size.width} px the picture does not jump when the sentence changes`, async ({ page }) => {
    await page.setViewportSize(size);
    await open(page);
    const tops = () => page.evaluate(() => ['vt-heap-page', 'vt-wal', 'vt-standby']
      .map((name) => document.querySelector('vt-lab')!.shadowRoot!.querySelector(name)!.getBoundingClientRect().top));
    const before = await tops();
    for (let i = 0; i < 13; i++) {
      await page.locator('body').press('ArrowRight');
      await expect(count(page)).toHaveText(String(i + 1));
      expect(await tops()).toEqual(before);
    }
  });
}

test('the story goes on and back by keys alone', async ({ page }) => {
  await open(page);
  await expect(sentence(page)).toContainText('Two versions of Alice’s row');
  await page.locator('body').press('ArrowRight');
  await page.locator('body').press('ArrowRight');
  await expect(sentence(page)).toHaveText('A’s backend appends a COMMIT record, 34 bytes, to the WAL buffers. This is still only memory.');
  await page.locator('body').press('ArrowLeft');
  await expect(count(page)).toHaveText('1');
  await page.locator('body').press('Home');
  await expect(count(page)).toHaveText('0');
  await page.locator('body').press('End');
  await expect(count(page)).toHaveText('2');
});

test('a guess is kept beside the truth', async ({ page }) => {
  await open(page, 5);
  await page.locator('vt-heap-page [role=option]').last().click();
  await expect(page.locator('vt-sentence .side')).toContainText('You said 90; it is 100.');
});

test('the inspector follows, stays with what is chosen, and follows again', async ({ page }) => {
  await page.setViewportSize(widths[0]!);
  await open(page);
  const title = page.locator('vt-inspector h2').first();
  await expect(title).toHaveText('Row version (0,4)');
  await page.locator('vt-wal [role=option]').first().click();
  await expect(title).toContainText('WAL record 0/10B8A98');
  await page.locator('body').press('ArrowRight');
  await expect(title).toContainText('WAL record 0/10B8A98');
  await page.locator('body').press('Escape');
  await expect(title).toHaveText('Row version (0,4)');
});

test('a grid is entered with Enter, walked by arrows, left with Esc', async ({ page }) => {
  await open(page);
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
  await open(page);
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

test('the key list opens with ? and closes with Esc', async ({ page }) => {
  await open(page);
  await page.locator('body').press('?');
  await expect(page.locator('vt-dialog dialog')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.locator('vt-dialog dialog')).toBeHidden();
});

for (const theme of ['dark', 'light']) {
  test(`text keeps its contrast, ${theme}`, async ({ page }) => {
    await page.setViewportSize(widths[0]!);
    await open(page, 6, theme);
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
