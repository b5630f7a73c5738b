/** `npm run soak`: the tests that are too long for every day, which Rust's test runner knows as ignored. */

import { ensurePostgres, ensureRust } from '../web/tool/setup.mjs';
import { run } from '../web/tool/sh.mjs';

await ensureRust();
await ensurePostgres();
await run('cargo', ['test', '--locked', '--workspace', '--release', '--no-fail-fast', '--', '--ignored']);
