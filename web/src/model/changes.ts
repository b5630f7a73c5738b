/**
 * What changed between two moments, for the 3 px ticks: a set of things whose panel entry differs.
 */
import type { HostView, LabView, PageView } from '../views/types.ts';
import { changedCells } from './pool.ts';
import * as thing from './thing.ts';
import type { Thing } from './thing.ts';

/** The things of `now` that were different, or not there, in `before`. */
export function changes(before: LabView | null, now: LabView): ReadonlySet<Thing> {
  const changed = new Set<Thing>();
  if (!before || before.step === now.step) return changed;
  for (const host of now.hosts) {
    const old = before.hosts.find((h) => h.host === host.host);
    if (!old) continue;
    inPage(host, old.page, changed);
    inBuffers(host, old, changed);
    inTransactions(host, old, changed);
    const known = new Set(old.wal.records.map((r) => r.start_lsn));
    for (const r of host.wal.records) if (!known.has(r.start_lsn)) changed.add(thing.record(r.start_lsn));
    for (const p of host.processes) {
      if (old.processes.find((q) => q.pid === p.pid)?.state !== p.state) changed.add(thing.process(host.host, p.pid));
    }
  }
  return changed;
}

function inPage(host: HostView, old: PageView | null, changed: Set<Thing>): void {
  const page = host.page;
  if (!page || old?.relname !== page.relname || old.block !== page.block) return;
  const before = new Map((old.memory ?? old.disk)?.items.map((i) => [i.lp, story(i)]));
  for (const item of (page.memory ?? page.disk)?.items ?? []) {
    if (before.get(item.lp) !== story(item)) changed.add(thing.version(host.host, page.relname, page.block, item.lp));
  }
}

/** All of a line pointer that a reader could notice. */
function story(item: NonNullable<PageView['memory']>['items'][number]): string {
  const tuple = item.tuple;
  if (!tuple) return `${item.lp_flags} ${item.redirect}`;
  const sees = tuple.sees.map((s) => `${s.letter}${s.visible}`).join();
  return [tuple.t_xmin, tuple.t_xmax, tuple.t_ctid, tuple.t_infomask, tuple.t_infomask2, tuple.xmin_status, tuple.xmax_status,
    tuple.dead_to_all, sees].join(' ');
}

function inBuffers(host: HostView, old: HostView, changed: Set<Thing>): void {
  for (const index of changedCells(old.buffers, host.buffers)) changed.add(thing.buffer(host.host, index + 1));
}

function inTransactions(host: HostView, old: HostView, changed: Set<Thing>): void {
  for (const entry of host.xact.entries) {
    const was = old.xact.entries.find((e) => e.xid === entry.xid);
    if (was?.bits !== entry.bits || was.running !== entry.running) changed.add(thing.xact(entry.xid));
  }
}
