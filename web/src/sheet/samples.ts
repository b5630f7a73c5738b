/** Buffers in every state that the sheet has to show, always the same. */
import { CELL } from '../model/pool.ts';
import type { PoolView } from '../views/types.ts';

/** A pool of so many buffers: all usage counts, some empty, some dirty, some pinned. */
export function pool(count: number): PoolView {
  const cells = new Uint8Array(count * CELL);
  const view = new DataView(cells.buffer);
  for (let i = 0; i < count; i++) {
    if (i % 17 === 16) continue;
    view.setUint32(i * CELL, 16384 + (i % 5), true);
    view.setUint32(i * CELL + 4, i, true);
    view.setUint32(i * CELL + 8, i % 23 === 7 ? 1 : 0, true);
    cells.set([0, i % 6, (i % 4 === 1 ? 1 : 0) | (i % 12 === 5 ? 2 : 0)], i * CELL + 12);
  }
  return { count, cells, files: [{ relfilenode: 16384, relname: 'accounts' }] };
}
