/** `npm start`: installs what is missing, builds, serves the page on loopback. */

import path from 'node:path';

import { build } from './build.mjs';
import { serve } from './serve.mjs';
import { WEB } from './sh.mjs';

const DEFAULT_PORT = 8015;

try {
  await build();
  const { address } = await serve(path.join(WEB, 'dist'), Number(process.env.PORT ?? DEFAULT_PORT));
  console.log(`\nVitrine is at ${address}   (Ctrl+C ends it)`);
} catch (failure) {
  console.error(
    failure.code === 'EADDRINUSE'
      ? `Port ${failure.port} is in use: choose another with PORT=... npm start`
      : `npm start: ${failure.message}`,
  );
  process.exit(1);
}
