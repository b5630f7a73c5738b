/** The engine starts wherever a page may run it: in a worker, in a worker from a blob, in the page itself, from file://. */

import path from 'node:path';
import { pathToFileURL } from 'node:url';

import { expect, test, type Page } from '@playwright/test';

const DIST = path.resolve(import.meta.dirname, '../dist');
const library = '/pg-vitrine.js';

/** Opens an engine on a page that has nothing but the library, and says where it came to live. */
const placeOn = (page: Page, places?: string[]) =>
  page.evaluate(
    async ([address, wanted]) => {
      const { openEngine } = await import(/* @vite-ignore */ address as string);
      const engine = await openEngine(wanted ? { places: wanted } : {});
      const { place } = engine;
      await engine.close();
      return place as string;
    },
    [library, places] as const,
  );

/** A page of our own making, with its own security policy. */
async function bare(page: Page, policy?: string) {
  const headers: Record<string, string> = policy ? { 'content-security-policy': policy } : {};
  await page.route('**/bare.html', (route) =>
    route.fulfill({ contentType: 'text/html', headers, body: '<!doctype html><title>bare</title>' }),
  );
  await page.goto('/bare.html');
}

test('in a worker from a file', async ({ page }) => {
  await bare(page);
  expect(await placeOn(page)).toBe('worker');
});

for (const place of ['worker', 'blob', 'page']) {
  test(`in the place that is asked for: ${place}`, async ({ page }) => {
    await bare(page);
    expect(await placeOn(page, [place])).toBe(place);
  });
}

test('a policy that forbids worker files leaves a blob', async ({ page }) => {
  await bare(page, "script-src 'self' 'unsafe-eval' 'wasm-unsafe-eval'; worker-src blob:");
  expect(await placeOn(page)).toBe('blob');
});

test('a policy that forbids all workers leaves the page', async ({ page }) => {
  await bare(page, "script-src 'self' 'unsafe-eval' 'wasm-unsafe-eval'; worker-src 'none'");
  expect(await placeOn(page)).toBe('page');
});

test('the single file works without a server', async ({ page }) => {
  await page.goto(pathToFileURL(path.join(DIST, 'vitrine.html')).href);
  await page.waitForFunction(() => performance.getEntriesByName('vitrine:answer').length > 0);
});
