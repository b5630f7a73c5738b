/** What axe finds: nothing, on the picture and on every panel, as a picture and as tables, in both themes. */
import { AxeBuilder } from '@axe-core/playwright';
import { expect, test, type Page } from '@playwright/test';

import { openBusyLab, openPanel, PANELS, type PanelName } from './panels';

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/**
 * The marks of the timeline are as thin as the instants that they stand for, and may lie next to each other. Target Size
 * (2.5.8) excepts what another control of the page does as well: the arrow keys and Next go to the same places.
 */
const equivalent = (rule: string, target: string) => rule === 'target-size' && target.includes('vt-timeline');

async function violations(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).withTags(RULES).analyze();
  return violations.flatMap((v) => v.nodes.filter((n) => !equivalent(v.id, n.target.flat().join(' ')))
    .map((n) => `${v.id}: ${n.target.flat().join(' ')} ${n.html.slice(0, 160)} ${n.any[0]?.message ?? ''}`));
}

for (const theme of ['dark', 'light']) {
  test(`axe finds nothing on any panel, ${theme}`, async ({ page }) => {
    test.setTimeout(300_000);
    await page.setViewportSize({ width: 1440, height: 900 });
    expect(await openBusyLab(page, theme)).toEqual([]);
    expect.soft(await violations(page), 'the picture').toEqual([]);
    for (const name of Object.keys(PANELS) as PanelName[]) {
      const panel = await openPanel(page, name);
      expect.soft(await violations(page), name).toEqual([]);
      if (theme === 'light') continue;
      await panel.getByRole('button', { name: 'as tables' }).click();
      await expect(panel.getByRole('table').first()).toBeVisible();
      expect.soft(await violations(page), `${name} as tables`).toEqual([]);
      await panel.getByRole('button', { name: 'as tables' }).click();
    }
  });
}

test('axe finds nothing on a narrow page, nor in the menu', async ({ page }) => {
  test.setTimeout(120_000);
  await page.setViewportSize({ width: 390, height: 844 });
  await openBusyLab(page, 'light');
  for (const name of ['locks', 'bytes', 'processes-map'] as PanelName[]) {
    await openPanel(page, name);
    expect.soft(await violations(page), name).toEqual([]);
  }
  await page.locator('body').press('p');
  await expect(page.locator('vt-panel-menu dialog')).toBeVisible();
  expect.soft(await violations(page), 'the menu').toEqual([]);
});
