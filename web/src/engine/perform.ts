/** Does a job in the present thread, be it a worker's or the page's own. */

import * as Comlink from 'comlink';

import { Code } from './code';
import { DatabaseRoom } from '../library/room';
import { Host } from './host';
import { StoreKeeper } from './store';
import type { Job } from './worker';
import { instanceWorld } from './instance';

/** Begins to answer on the job's port. */
export function perform({ role, halves, port }: Job): void {
  const code = new Code(halves);
  const fresh = () => instanceWorld(code.instance());
  const workers = {
    engine: () => new Host(fresh, () => code.prefetch()),
    store: () => new StoreKeeper(code.instance()),
    database: () => new DatabaseRoom(code),
  };
  Comlink.expose(workers[role](), port);
}
