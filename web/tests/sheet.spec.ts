/** The sheet of the visual language: every mark is drawn, at three widths in both themes, and axe has nothing to say of it. */
import { AxeBuilder } from '@axe-core/playwright';
import { expect, test } from '@playwright/test';

for (const theme of ['dark', 'light']) {
  for (const width of [1440, 1024, 390]) {
    test(`the sheet at ${width} px, ${theme}`, async ({ page }) => {
      const problems: string[] = [];
      page.on('pageerror', (e) => problems.push(String(e)));
      await page.setViewportSize({ width, height: 900 });
      await page.goto('about:blank');
      await page.goto(`/sheet.html#${theme}`);
      await expect(page.locator('vt-pool-canvas canvas')).toHaveCount(4);
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0);
      const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']).analyze();
      expect(violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.target.flat().join(' ')} ${n.any[0]?.message ?? ''}`))).toEqual([]);
      expect(problems).toEqual([]);
    });
  }
}
