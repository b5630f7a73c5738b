/** The page under test: opened at a beat, driven by keys, read by its sentence. */
import { expect, type Page } from '@playwright/test';

/** How many beats have been told. */
export const count = (page: Page) => page.locator('vt-sentence .side b').first();
/** What a screen reader hears. */
export const sentence = (page: Page) => page.locator('vt-sentence [role=status]');
/** The prompt of a session. */
export const prompt = (page: Page, letter: string) => page.locator(`vt-terminal[data-who=${letter}] textarea`);
/** What a session has printed. */
export const output = (page: Page, letter: string) => page.locator(`vt-terminal[data-who=${letter}] .out`);

/** Opens the page so many beats into the story; what goes wrong in it is collected in the answer. */
export async function openLab(page: Page, at = 0, theme = 'dark'): Promise<string[]> {
  const problems: string[] = [];
  page.on('pageerror', (e) => problems.push(String(e)));
  // Another fragment alone would not load the page again.
  await page.goto('about:blank');
  await page.goto(`/#v1&scene=first-light&beat=${at}&theme=${theme}`);
  await expect(count(page)).toHaveText(String(at), { timeout: 30_000 });
  return problems;
}

/** Goes on to a beat by the arrow key, one at a time. */
export async function beats(page: Page, from: number, to: number): Promise<void> {
  const key = to > from ? 'ArrowRight' : 'ArrowLeft';
  const by = Math.sign(to - from);
  for (let n = from + by; n !== to + by; n += by) {
    await page.locator('body').press(key);
    await expect(count(page)).toHaveText(String(n));
  }
}

/** Waits until the page has done what it was asked for. */
export async function atRest(page: Page): Promise<void> {
  await expect.poll(() => page.evaluate(() => document.querySelector<HTMLElement & { controller: { busy: boolean } }>('vt-lab')!.controller.busy)).toBe(false);
}

/** Types a statement and runs it. */
export async function type(page: Page, letter: string, sql: string): Promise<void> {
  await prompt(page, letter).fill(sql);
  await prompt(page, letter).press('Enter');
}
