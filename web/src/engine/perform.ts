/** Does a job in the present thread, be it a worker's or the page's own. */

import * as Comlink from 'comlink';

import { Host } from './host';
import type { Job } from './worker';

/** Begins to answer on the job's port. */
export function perform(job: Job): void {
  Comlink.expose(new Host(job.module), job.port);
}
