/** What lights up together, from either end. */
import { expect, test } from 'vitest';
import type { LabView } from '../views/types.ts';
import { related } from './related.ts';
import * as thing from './thing.ts';

/** Buffer 2 holds block 0 of accounts, on which A's transaction 739 has written version 4 with the record at 100. */
function lab(): LabView {
  const cells = new Uint8Array(32);
  new DataView(cells.buffer).setUint32(16, 16384, true);
  const tuple = { t_xmin: 739, t_xmax: 0, record: { start_lsn: 100 } };
  const record = { start_lsn: 100, xid: 739, blocks: [{ relfilenode: 16384, relname: 'accounts', fork: 'main', block: 0, fpi: false }] };
  return {
    sessions: [{ letter: 'A', pid: 13, host: 0, backend_xid: 739 }],
    hosts: [{ host: 0, page: { relname: 'accounts', block: 0, memory: { items: [{ lp: 4, tuple }] } }, wal: { records: [record] },
      buffers: { count: 2, cells, files: [{ relfilenode: 16384, relname: 'accounts' }] } }],
  } as unknown as LabView;
}

const all = [thing.version(0, 'accounts', 0, 4), thing.record(100), thing.xact(739), thing.process(0, 13), thing.buffer(0, 2), thing.page(0, 'accounts', 'main', 0)];
const [version, record, xid, process, buffer, page] = all as [thing.Thing, thing.Thing, thing.Thing, thing.Thing, thing.Thing, thing.Thing];

test.each([
  ['version', version, [version, record, xid, buffer, page]],
  ['record', record, [version, record, xid, process, buffer, page]],
  ['transaction', xid, [version, record, xid, process, buffer, page]],
  ['process', process, [version, record, xid, process, buffer, page]],
  ['buffer', buffer, [record, buffer, page]],
  ['page', page, [record, buffer, page]],
])('from a %s', (_, from, expected) => {
  const lit = related(lab(), from);
  expect(all.filter((x) => lit.has(x))).toEqual(all.filter((x) => expected.includes(x)));
});

test('nothing lights up by itself', () => {
  expect(related(lab(), null).size).toBe(0);
  expect([...related(lab(), thing.xact(700))]).toEqual([thing.xact(700)]);
});
