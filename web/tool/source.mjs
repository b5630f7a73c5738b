/** Runs the web part's TypeScript in Node, as the tools beside this need it. */

import path from 'node:path';

import { createServer, createServerModuleRunner } from 'vite';

import { WEB } from './sh.mjs';

/** Calls `body` with a function that loads a module of web/src by its path there. */
export async function withSource(body) {
  const server = await createServer({
    root: WEB, configFile: false, logLevel: 'silent', appType: 'custom',
    optimizeDeps: { noDiscovery: true }, server: { middlewareMode: true, hmr: false, ws: false },
  });
  const runner = createServerModuleRunner(server.environments.ssr, { hmr: false });
  try {
    return await body((name) => runner.import(path.join(WEB, 'src', name)));
  } finally {
    await runner.close();
    await server.close();
  }
}
