/**
 * The page as pictures: the opening, and a moment with much to see, at three widths in both themes, against those that
 * are stored beside this file.
 *
 * What numbers there are is held by the scenes' tests; here it is where they stand and how they look. So digits are drawn
 * as 0 before the picture is taken, and another LSN is no other picture. A change that is meant is stored anew:
 *
 *     npx playwright test pictures --update-snapshots
 *
 * The fonts are those that Debian's Chromium finds without any installed besides (DejaVu).
 */
import { expect, test, type Page } from '@playwright/test';

import { atRest, openLab } from './lab';
import { openPanel } from './panels';

const widths = [{ width: 1440, height: 900 }, { width: 1024, height: 768 }, { width: 390, height: 844 }];

/** Draws every digit, and every letter of a hexadecimal number, as 0: in all of the page's text. */
async function withoutNumbers(page: Page): Promise<void> {
  await page.evaluate(() => {
    const number = /^[^g-zG-Z]*$/;
    const plain = (word: string) => (number.test(word) && /\d|^[0-9a-f]{2}$/.test(word) ? word.replace(/[0-9a-fA-F]/g, '0') : word.replace(/\d/g, '0'));
    const walk = (node: Node): void => {
      if (node instanceof Text) node.data = node.data.replace(/\S+/g, plain);
      if (node instanceof HTMLTextAreaElement || node instanceof HTMLStyleElement) return;
      if (node instanceof Element && node.shadowRoot) walk(node.shadowRoot);
      node.childNodes.forEach(walk);
    };
    walk(document.body);
  });
}

async function picture(page: Page, name: string): Promise<void> {
  await atRest(page);
  await page.mouse.move(0, 0);
  await withoutNumbers(page);
  await expect(page).toHaveScreenshot(`${name}.png`, { animations: 'disabled', caret: 'hide', threshold: 0.1, maxDiffPixels: 12 });
}

for (const theme of ['dark', 'light'] as const) {
  for (const size of widths) {
    test(`the opening at ${size.width} px, ${theme}`, async ({ page }) => {
      await page.setViewportSize(size);
      expect(await openLab(page, 0, theme)).toEqual([]);
      await picture(page, `opening-${size.width}-${theme}`);
    });

    test(`the standby replays, and the panel of the log, at ${size.width} px, ${theme}`, async ({ page }) => {
      await page.setViewportSize(size);
      expect(await openLab(page, 11, theme)).toEqual([]);
      await openPanel(page, 'tape');
      await picture(page, `tape-${size.width}-${theme}`);
    });
  }
}
