/**
 * What lights up together. One thing shows in many panels, and under many names: a row version lies on a page, the page in
 * a buffer, a record made it, a transaction wrote that, a process runs it.
 *
 *     process ── transaction ── record ── page ── buffer
 *                     └──────── version ───┘
 *
 * From a thing its neighbours in this drawing light up, and from a transaction also those of its records' pages.
 */
import type { BlockRefView } from '../engine/generated/BlockRefView.ts';
import type { HostView, LabView, RecordView, TupleView } from '../views/types.ts';
import { bufferAt, findBuffer, nameOf } from './pool.ts';
import { buffer, findVersion, header, page, parts, process, record, version, xact, type Thing } from './thing.ts';

const FORKS = ['main', 'fsm', 'vm'];

/** All names that light up together with this one: the thing itself, and the same thing in other panels. */
export function related(view: LabView, thing: Thing | null): ReadonlySet<Thing> {
  const lit = new Set<Thing>();
  if (!thing) return lit;
  lit.add(thing);
  const { kind, args } = parts(thing);
  const [first, second] = [Number(args[0]), Number(args[1])];
  for (const host of view.hosts) {
    const here = host.host === first;
    if (kind === 'version' && here) ofVersion(view, host, thing, lit);
    if (kind === 'record') for (const r of host.wal.records) if (r.start_lsn === first) ofRecord(view, host, r, lit);
    if (kind === 'xid') ofXid(view, host, first, lit);
    if (kind === 'process' && here) ofProcess(view, host, second, lit);
    if (kind === 'buffer' && here) ofBuffer(host, second - 1, lit);
    if (kind === 'page' && here) ofPage(host, args[1]!, args[2]!, Number(args[3]), lit);
    if (kind === 'header' && here) ofPage(host, args[1]!, 'main', Number(args[2]), lit);
  }
  return lit;
}

function ofVersion(view: LabView, host: HostView, thing: Thing, lit: Set<Thing>): void {
  const { args } = parts(thing);
  ofPage(host, args[1]!, 'main', Number(args[2]), lit, false);
  const tuple = findVersion(view, thing)?.item.tuple;
  if (!tuple) return;
  if (tuple.record) lit.add(record(tuple.record.start_lsn));
  lit.add(xact(tuple.t_xmin));
  if (tuple.t_xmax) lit.add(xact(tuple.t_xmax));
}

function ofRecord(view: LabView, host: HostView, r: RecordView, lit: Set<Thing>): void {
  if (r.xid) ofRunning(view, host, r.xid, lit);
  if (r.xid) lit.add(xact(r.xid));
  for (const b of r.blocks) ofBlock(host, b, lit);
  forEachVersion(host, (v, tuple) => { if (tuple.record?.start_lsn === r.start_lsn) lit.add(v); });
}

function ofXid(view: LabView, host: HostView, xid: number, lit: Set<Thing>): void {
  ofRunning(view, host, xid, lit);
  for (const r of host.wal.records) {
    if (r.xid !== xid) continue;
    lit.add(record(r.start_lsn));
    for (const b of r.blocks) ofBlock(host, b, lit);
  }
  forEachVersion(host, (v, tuple) => { if (tuple.t_xmin === xid || tuple.t_xmax === xid) lit.add(v); });
}

/** The process that runs a transaction. */
function ofRunning(view: LabView, host: HostView, xid: number, lit: Set<Thing>): void {
  for (const s of view.sessions) if (s.host === host.host && s.backend_xid === xid) lit.add(process(host.host, s.pid));
}

function ofProcess(view: LabView, host: HostView, pid: number, lit: Set<Thing>): void {
  const xid = view.sessions.find((s) => s.host === host.host && s.pid === pid)?.backend_xid;
  if (!xid) return;
  lit.add(xact(xid));
  ofXid(view, host, xid, lit);
}

function ofBuffer(host: HostView, index: number, lit: Set<Thing>): void {
  const b = bufferAt(host.buffers, index);
  if (b?.relname && b.relblocknumber !== null) ofPage(host, b.relname, FORKS[b.relforknumber ?? 0] ?? 'main', b.relblocknumber, lit);
}

/** A page: the buffer that holds it, its header where it is shown, and the newest records that have changed it. */
function ofPage(host: HostView, relname: string, fork: string, block: number, lit: Set<Thing>, records = true): void {
  lit.add(page(host.host, relname, fork, block));
  const file = host.buffers.files.find((f) => f.relname === relname)?.relfilenode;
  const index = file === undefined ? -1 : findBuffer(host.buffers, file, FORKS.indexOf(fork), block);
  if (index >= 0) lit.add(buffer(host.host, index + 1));
  if (fork === 'main' && host.page?.relname === relname && host.page.block === block) lit.add(header(host.host, relname, block));
  if (!records) return;
  for (const r of host.wal.records) if (r.blocks.some((b) => b.relname === relname && b.fork === fork && b.block === block)) lit.add(record(r.start_lsn));
}

function ofBlock(host: HostView, b: BlockRefView, lit: Set<Thing>): void {
  const relname = b.relname ?? nameOf(host.buffers, b.relfilenode);
  if (relname !== null) ofPage(host, relname, b.fork, b.block, lit, false);
}

function forEachVersion(host: HostView, see: (v: Thing, tuple: TupleView) => void): void {
  const shown = host.page;
  for (const item of (shown?.memory ?? shown?.disk)?.items ?? []) {
    if (shown && item.tuple) see(version(host.host, shown.relname, shown.block, item.lp), item.tuple);
  }
}
