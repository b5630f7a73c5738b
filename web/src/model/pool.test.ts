/** Buffers out of bytes. */
import { expect, test } from 'vitest';
import type { PoolView } from '../views/types.ts';
import { bufferAt, changedCells, shares } from './pool.ts';

/** A pool with these buffers: file, block, pins, fork, usage count, flags. */
function pool(...buffers: [number, number, number, number, number, number][]): PoolView {
  const cells = new Uint8Array(buffers.length * 16);
  const view = new DataView(cells.buffer);
  buffers.forEach(([file, block, pins, fork, usage, flags], i) => {
    [file, block, pins].forEach((n, word) => view.setUint32(i * 16 + word * 4, n, true));
    cells.set([fork, usage, flags], i * 16 + 12);
  });
  return { count: buffers.length, cells, files: [{ relfilenode: 16384, relname: 'accounts' }] };
}

const some = () => pool([16384, 7, 2, 0, 5, 1], [0, 0, 0, 0, 0, 0], [16384, 0, 0, 2, 1, 3], [1259, 3, 0, 0, 3, 0]);

test('a buffer is what pg_buffercache says', () => {
  expect(bufferAt(some(), 0)).toEqual({
    bufferid: 1, relfilenode: 16384, relname: 'accounts', relforknumber: 0, relblocknumber: 7, isdirty: true, usagecount: 5, pinning_backends: 2, checkpoint: false,
  });
  expect(bufferAt(some(), 1)).toMatchObject({ bufferid: 2, relfilenode: null, relname: null, relblocknumber: null });
  expect(bufferAt(some(), 2)).toMatchObject({ relforknumber: 2, checkpoint: true });
  expect(bufferAt(some(), 3)).toMatchObject({ relfilenode: 1259, relname: null });
  expect(bufferAt(some(), 4)).toBeNull();
});

test('what changes is a page, a fork or a dirty mark, and not a usage count', () => {
  const now = pool([16384, 7, 2, 0, 4, 1], [16384, 1, 0, 0, 1, 0], [16384, 0, 0, 2, 1, 0], [1259, 3, 0, 0, 3, 2]);
  expect(changedCells(some(), now)).toEqual([1, 2]);
  expect(changedCells(some(), pool())).toEqual([]);
});

test('shares are by relation', () => {
  expect(shares(some())).toEqual([
    { relname: 'accounts', relfilenode: 16384, buffers: 2, dirty: 2, pinned: 1, usage: [0, 1, 0, 0, 0, 1] },
    { relname: '1259', relfilenode: 1259, buffers: 1, dirty: 0, pinned: 0, usage: [0, 0, 0, 1, 0, 0] },
  ]);
});
