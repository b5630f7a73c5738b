/** Another language: chosen in the dialog, kept in the address, and said to be a draft. */
import { expect, test } from '@playwright/test';

import { openLab, sentence } from './lab';

for (const size of [{ width: 1440, height: 900 }, { width: 1024, height: 768 }, { width: 390, height: 844 }]) {
  test(`Spanish at ${size.width} px: the same moment, and nothing sticks out`, async ({ page }) => {
    await page.setViewportSize(size);
    expect(await openLab(page, 2)).toEqual([]);
    await page.getByRole('button', { name: 'Keys and legend' }).click();
    await page.getByRole('button', { name: 'Español' }).click();
    await expect(sentence(page)).toContainText('añade un registro COMMIT, 34 bytes', { timeout: 30_000 });
    expect(new URL(page.url()).hash).toContain('lang=es');
    await expect(page.locator('html')).toHaveAttribute('lang', 'es');
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0);
    await page.getByRole('button', { name: 'Teclas y leyenda' }).click();
    await expect(page.locator('vt-dialog dialog')).toContainText('es un borrador');
    await page.getByRole('button', { name: 'English' }).click();
    await expect(sentence(page)).toContainText('appends a COMMIT record, 34 bytes', { timeout: 30_000 });
  });
}
