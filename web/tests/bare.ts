/** A page of our own making that has nothing but the library, for tests of the engine's client. */

import type { Page } from '@playwright/test';

import type { EngineClient, OpenEngine } from '../src/engine/api';

declare global {
  interface Window {
    openEngine: OpenEngine;
    engine: EngineClient;
  }
}

/** Opens an empty page, under a security policy if one is given, and loads the library into it as `openEngine`. */
export async function bare(page: Page, policy?: string): Promise<void> {
  const headers: Record<string, string> = policy ? { 'content-security-policy': policy } : {};
  await page.route('**/bare.html', (route) =>
    route.fulfill({ contentType: 'text/html', headers, body: '<!doctype html><title>bare</title>' }),
  );
  await page.goto('/bare.html');
  await page.evaluate(async (library) => {
    window.openEngine = (await import(/* @vite-ignore */ library)).openEngine;
  }, '/pg-vitrine.js');
}
