/** The unit tests: what runs in Node, beside the code it is about. */
import { defineConfig } from 'vitest/config';

// An engine takes a while to open on a machine that does other things as well.
export default defineConfig({ test: { include: ['src/**/*.test.ts', 'tool/**/*.test.ts'], environment: 'node', testTimeout: 30_000 } });
