/** Does a job in the present thread, be it a worker's or the page's own. */

import * as Comlink from 'comlink';

import { Host } from './host';
import { StoreKeeper } from './store';
import type { Job } from './worker';
import { instanceWorld } from './instance';

/** Begins to answer on the job's port. */
export function perform({ role, module, port }: Job): void {
  const worker = role === 'engine' ? new Host(() => instanceWorld(module)) : new StoreKeeper(module);
  Comlink.expose(worker, port);
}
