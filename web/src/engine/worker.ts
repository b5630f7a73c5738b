/**
 * The worker's entry. It says that it is there, takes one job, and then talks through the port in it.
 *
 * The same script serves as the engine's worker, the store's and the library's; which one it becomes is in the job.
 */

import type { Halves } from './code';
import { perform } from './perform';

/** What a worker is to be. */
export interface Job {
  readonly role: 'engine' | 'store' | 'database';
  /** The engine's code; each job makes instances of its own. */
  readonly halves: Halves;
  /** The engine, the database: where its client talks. The store: where these talk. */
  readonly port: MessagePort;
}

/** The handshake. */
export type Ready = 'ready';

self.onmessage = (event: MessageEvent<Job>) => perform(event.data);
self.postMessage('ready' satisfies Ready);
