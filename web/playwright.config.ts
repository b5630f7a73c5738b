/** The browser tests: `tests/*.spec.ts`, against what `npm run build` has left in dist/. */

import { defineConfig } from '@playwright/test';

export default defineConfig({
  testDir: 'tests',
  workers: 1,
  timeout: 60_000,
  forbidOnly: Boolean(process.env['CI']),
  reporter: 'list',
  snapshotPathTemplate: '{testDir}/pictures/{arg}{ext}',
  use: {
    baseURL: 'http://127.0.0.1:8016/',
    launchOptions: {
      executablePath: process.env['VITRINE_CHROMIUM'] ?? process.env['CHROME_PATH'] ?? '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
  webServer: { command: 'node tool/serve.mjs dist', env: { PORT: '8016' }, url: 'http://127.0.0.1:8016/', reuseExistingServer: false },
});
