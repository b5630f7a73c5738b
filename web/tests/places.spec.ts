/** The engine starts wherever a page may run it: in a worker, in a worker from a blob, in the page itself, from file://. */

import path from 'node:path';
import { pathToFileURL } from 'node:url';

import { expect, test, type Page } from '@playwright/test';

import type { Place } from '../src/engine/api';
import { bare } from './bare';

const DIST = path.resolve(import.meta.dirname, '../dist');
/** Opens an engine and says where it came to live. */
const placeOn = (page: Page, places?: Place[]) =>
  page.evaluate(async (wanted) => {
    const engine = await window.openEngine(wanted ? { places: wanted } : {});
    const { place } = engine;
    await engine.close();
    return place;
  }, places);

test('in a worker from a file', async ({ page }) => {
  await bare(page);
  expect(await placeOn(page)).toBe('worker');
});

for (const place of ['worker', 'blob', 'page'] as const) {
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
