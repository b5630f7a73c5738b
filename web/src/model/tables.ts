/**
 * The twin of every panel: the same moment as tables, named and shaped as the system views that a real server has.
 */
import { hex, lsn, snapshot } from '../base/format.ts';
import { buffersOf } from './pool.ts';
import type { HostView, LabView } from '../views/types.ts';

/** A table. */
export interface TableTwin { name: string; columns: string[]; rows: string[][] }

/** All panels as tables. */
export function tables(view: LabView): TableTwin[] {
  return [sessions(view), ...view.hosts.flatMap((h) => ofHost(h))];
}

function ofHost(h: HostView): TableTwin[] {
  const all = [activity(h), buffers(h), items(h), xacts(h), wal(h)];
  if (h.replication.length > 0) all.push(replication(h));
  return all.map((table) => ({ ...table, name: `${h.name}: ${table.name}` }));
}

const cells = (...values: unknown[]) => values.map((v) => (v === null || v === undefined ? '' : v === true ? 't' : v === false ? 'f' : String(v)));

function sessions(view: LabView): TableTwin {
  return {
    name: 'sessions', columns: ['session', 'pid', 'state', 'isolation', 'backend_xid', 'backend_xmin', 'snapshot', 'wait_event'],
    rows: view.sessions.map((s) => cells(s.letter, s.pid, s.state, s.isolation, s.backend_xid, s.backend_xmin, s.snapshot && snapshot(s.snapshot), s.wait_event)),
  };
}

function activity(h: HostView): TableTwin {
  return {
    name: 'pg_stat_activity', columns: ['pid', 'backend_type', 'session', 'process', 'wait_event_type', 'wait_event'],
    rows: h.processes.map((p) => cells(p.pid, p.backend_type, p.letter, p.state, p.wait_event_type, p.wait_event)),
  };
}

function buffers(h: HostView): TableTwin {
  return {
    name: 'pg_buffercache', columns: ['bufferid', 'relation', 'relforknumber', 'relblocknumber', 'isdirty', 'usagecount', 'pinning_backends'],
    rows: buffersOf(h).filter((b) => b.relfilenode !== null)
      .map((b) => cells(b.bufferid, b.relname ?? b.relfilenode, b.relforknumber, b.relblocknumber, b.isdirty, b.usagecount, b.pinning_backends)),
  };
}

function items(h: HostView): TableTwin {
  const page = h.page;
  const image = page?.memory ?? page?.disk;
  return {
    name: `heap_page_items(get_raw_page('${page?.relname ?? ''}', ${page?.block ?? 0}))`,
    columns: ['lp', 'lp_off', 'lp_flags', 'lp_len', 't_xmin', 't_xmax', 't_ctid', 't_infomask2', 't_infomask', 'row'],
    rows: (image?.items ?? []).map(({ lp, lp_off, lp_flags, lp_len, tuple }) => cells(lp, lp_off, lp_flags, lp_len, tuple?.t_xmin, tuple?.t_xmax, tuple?.t_ctid,
      tuple && hex(tuple.t_infomask2, 4), tuple && hex(tuple.t_infomask, 4), tuple?.attrs.map((a) => a.value ?? 'NULL').join(', '))),
  };
}

function xacts(h: HostView): TableTwin {
  return {
    name: 'pg_xact', columns: ['xid', 'bits', 'running', 'session'],
    rows: h.xact.entries.map((e) => cells(e.xid, e.bits.toString(2).padStart(2, '0'), e.running, e.letter)),
  };
}

export function wal(h: HostView): TableTwin {
  return {
    name: 'pg_get_wal_records_info', columns: ['start_lsn', 'end_lsn', 'xid', 'resource_manager', 'record_type', 'record_length', 'fpi_length', 'description'],
    rows: h.wal.records.map((r) => cells(lsn(r.start_lsn), lsn(r.end_lsn), r.xid, r.rmgr, r.record_type, r.record_length, r.fpi_length, r.description)),
  };
}

function replication(h: HostView): TableTwin {
  return {
    name: 'pg_stat_replication', columns: ['pid', 'application_name', 'state', 'sent_lsn', 'write_lsn', 'flush_lsn', 'replay_lsn', 'sync_state'],
    rows: h.replication.map((r) => cells(r.pid, r.application_name, r.state, lsn(r.sent_lsn), lsn(r.write_lsn), lsn(r.flush_lsn), lsn(r.replay_lsn), r.sync_state)),
  };
}
