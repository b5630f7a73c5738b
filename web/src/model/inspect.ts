/**
 * What the inspector says about a thing: a title, fields with their bytes, where it came from, and the SQL that asks
 * a real server for the same. Every entry is found in the moment's view; nothing is remembered.
 */
import { hexBytes, lsn } from '../base/format.ts';
import { t, type MessageKey } from '../base/messages.ts';
import type { FieldView, LabView, PageImage, RecordView, SeesView, TupleView } from '../views/types.ts';
import { bufferAt, findBuffer, type BufferView } from './pool.ts';
import { findRecord, findVersion, parts, type Thing } from './thing.ts';

/** One field: its value, its bytes, and what the value was before if it changed. */
export interface Field { name: string; value: string; bytes: string; was: string | null }

/** What stands in the inspector. */
export interface Inspection {
  title: string;
  /** A line below the title; `letter` is drawn as a chip where `{who}` stands. */
  under: { text: string; letter: string | null } | null;
  fields: Field[];
  flags: string | null;
  from: { line: string; more: string | null; thing: Thing | null } | null;
  seen: SeesView[];
  sql: string | null;
  /** A page that can be shown large. */
  page: { relation: string; block: number } | null;
  /** A page that can be looked at byte by byte. */
  bytes: { relation: string; fork: 'main' | 'fsm' | 'vm'; block: number } | null;
  /** A process that can be stepped, frozen, killed. */
  process: { host: number; pid: number; state: string } | null;
}

const empty: Omit<Inspection, 'title'> = { under: null, fields: [], flags: null, from: null, seen: [], sql: null, page: null, bytes: null, process: null };

/** Describes a thing at this moment; `null` if it does not exist. */
export function inspect(view: LabView, before: LabView | null, thing: Thing): Inspection | null {
  const { kind, args } = parts(thing);
  switch (kind) {
    case 'version': return inspectVersion(view, before, thing);
    case 'header': return inspectHeader(view, before, args);
    case 'buffer': return inspectBuffer(view, Number(args[0]), Number(args[1]));
    case 'page': return inspectPage(view, Number(args[0]), args[1]!, args[2]!, Number(args[3]));
    case 'record': return inspectRecord(view, Number(args[0]));
    case 'xid': return inspectXact(view, Number(args[0]));
    case 'process': return inspectProcess(view, Number(args[0]), Number(args[1]));
    default: return null;
  }
}

function inspectVersion(view: LabView, before: LabView | null, thing: Thing): Inspection | null {
  const found = findVersion(view, thing);
  if (!found) return null;
  const { page, image, item } = found;
  const old = before ? findVersion(before, thing) : null;
  const sql = `SELECT t_xmin, t_xmax, t_ctid\nFROM heap_page_items(\n  get_raw_page('${page.relname}', ${page.block}))\nWHERE lp = ${item.lp};`;
  if (!item.tuple) {
    const fields = [plain('lp_off', item.lp_off), plain('lp_flags', item.lp_flags), plain('lp_len', item.lp_len)];
    return { ...empty, title: t('inspect.lp', { lp: item.lp }), fields, sql };
  }
  const tuple = item.tuple;
  const oldFields = old?.item.tuple ? fieldsOf(old.image, old.item.tuple) : [];
  const fields = fieldsOf(image, tuple).map((f, i) => ({ ...f, was: changed(oldFields[i], f) }));
  return {
    ...empty, title: t('inspect.version', { block: page.block, lp: item.lp }), under: writer(tuple), fields,
    flags: `${[...tuple.raw_flags].join(', ')}${tuple.raw_flags.length ? ', ' : ''}${t('inspect.attributes', { n: tuple.natts }).replace(' ', '\u00a0')}`,
    from: origin(tuple), seen: tuple.sees, sql,
  };
}

function writer(tuple: TupleView): Inspection['under'] {
  const status = t(`inspect.${tuple.xmin_status}` as MessageKey);
  if (tuple.xmin_letter === null) return { text: t('inspect.by.other', { xid: tuple.t_xmin, status }), letter: null };
  return { text: t('inspect.by', { xid: tuple.t_xmin, status }), letter: tuple.xmin_letter };
}

function origin(tuple: TupleView): Inspection['from'] {
  const r = tuple.record;
  if (!r) return { line: t('inspect.from.gone'), more: null, thing: null };
  const more = r.fpi_length > 0 ? t('inspect.from.image', { n: r.fpi_length }) : t('wal.bytes', { n: r.record_length });
  return { line: `${lsn(r.start_lsn)} ${r.record_type}`, more, thing: `record:${r.start_lsn}` as Thing };
}

/** The header's fields, then the attributes, each with the bytes it lies in. */
function fieldsOf(image: PageImage, tuple: TupleView): Field[] {
  const at = (f: { offset: number; len: number }) => hexBytes(image.bytes.subarray(f.offset, f.offset + f.len));
  return [
    ...tuple.fields.map((f: FieldView) => ({ name: f.name, value: f.value, bytes: at(f), was: null })),
    ...tuple.attrs.map((a) => ({ name: a.attname, value: a.value ?? 'NULL', bytes: at(a), was: null })),
  ];
}

function changed(old: Field | undefined, now: Field): string | null {
  return old && old.name === now.name && old.value !== now.value ? old.value : null;
}

function plain(name: string, value: string | number): Field {
  return { name, value: String(value), bytes: '', was: null };
}

function inspectHeader(view: LabView, before: LabView | null, [host, relname, block]: string[]): Inspection | null {
  const find = (v: LabView | null) => {
    const page = v?.hosts.find((h) => h.host === Number(host))?.page;
    return page?.relname === relname && page?.block === Number(block) ? (page.memory ?? page.disk) : null;
  };
  const image = find(view);
  const old = find(before);
  if (!image) return null;
  const fields = image.header_fields.map((f) => {
    const was = old?.header_fields.find((o) => o.name === f.name)?.value;
    return { name: f.name, value: f.value, bytes: hexBytes(image.bytes.subarray(f.offset, f.offset + f.len)), was: was !== undefined && was !== f.value ? was : null };
  });
  return { ...empty, title: t('inspect.header'), fields, sql: `SELECT *\nFROM page_header(\n  get_raw_page('${relname}', ${block}));` };
}

function inspectBuffer(view: LabView, host: number, bufferid: number): Inspection | null {
  const pool = view.hosts.find((h) => h.host === host)?.buffers;
  const b = pool ? bufferAt(pool, bufferid - 1) : null;
  if (!b) return null;
  const fields = [plain('relname', b.relname ?? '—'), plain('relfilenode', b.relfilenode ?? '—'), plain('relblocknumber', b.relblocknumber ?? '—'),
    plain('isdirty', b.isdirty ? 't' : 'f'), plain('usagecount', b.usagecount), plain('pinning_backends', b.pinning_backends)];
  return { ...empty, title: t('inspect.buffer', { n: bufferid }), fields, sql: `SELECT *\nFROM pg_buffercache\nWHERE bufferid = ${bufferid};`, page: pageOf(b), bytes: bytesOf(b) };
}

/** A page of any table or index, by the buffer that holds it if one does. */
function inspectPage(view: LabView, host: number, relation: string, fork: string, block: number): Inspection | null {
  const shown = view.hosts.find((h) => h.host === host);
  const file = shown?.buffers.files.find((f) => f.relname === relation)?.relfilenode;
  const index = shown && file !== undefined ? findBuffer(shown.buffers, file, FORKS.findIndex((name) => name === fork), block) : -1;
  const b = index < 0 ? null : bufferAt(shown!.buffers, index);
  const fields = [plain('relname', relation), plain('fork', fork), plain('block', block), plain('bufferid', b?.bufferid ?? '—'),
    ...(b ? [plain('isdirty', b.isdirty ? 't' : 'f'), plain('usagecount', b.usagecount), plain('pinning_backends', b.pinning_backends)] : [])];
  return {
    ...empty, title: t('inspect.page', { relation, block }), fields, bytes: { relation, fork: fork as 'main', block },
    sql: `SELECT *\nFROM page_header(\n  get_raw_page('${relation}', '${fork}', ${block}));`,
  };
}

const FORKS = ['main', 'fsm', 'vm'] as const;

/** The page in a buffer, of any file whose name is known. */
function bytesOf(b: BufferView): Inspection['bytes'] {
  const fork = FORKS[b.relforknumber ?? 0];
  return b.relname !== null && b.relblocknumber !== null && fork ? { relation: b.relname, fork, block: b.relblocknumber } : null;
}

/** The heap page in a buffer; other forks, and files whose table is not known, cannot be drawn. */
function pageOf(b: BufferView): Inspection['page'] {
  return b.relname !== null && b.relforknumber === 0 && b.relblocknumber !== null ? { relation: b.relname, block: b.relblocknumber } : null;
}

function inspectRecord(view: LabView, start: number): Inspection | null {
  const r = findRecord(view, start);
  if (!r) return null;
  const fields = [plain('resource_manager', r.rmgr), plain('record_type', r.record_type), plain('xid', r.xid), plain('prev_lsn', lsn(r.prev_lsn)),
    plain('record_length', r.record_length), plain('main_data_length', r.main_data_length), plain('fpi_length', r.fpi_length)];
  const touched = r.blocks.map((b) => `${t('inspect.touches', { relation: b.relname ?? b.relfilenode, block: b.block })}${b.fpi ? `, ${t('inspect.fpi')}` : ''}`);
  return {
    ...empty, title: t('inspect.record', { lsn: lsn(start) }), under: { text: r.description || lengths(r), letter: null }, fields,
    from: touched.length ? { line: touched.join('\n'), more: lengths(r), thing: null } : null,
    sql: `SELECT *\nFROM pg_get_wal_records_info(\n  '${lsn(start)}', '${lsn(r.end_lsn)}');`,
  };
}

function lengths(r: RecordView): string {
  return t('inspect.length', { n: r.record_length, start: lsn(r.start_lsn), end: lsn(r.end_lsn) });
}

function inspectXact(view: LabView, xid: number): Inspection | null {
  const entry = view.hosts[0]?.xact.entries.find((e) => e.xid === xid);
  if (!entry) return null;
  const bits = entry.bits.toString(2).padStart(2, '0');
  const fields = [plain('pg_xact', bits), plain('status', t(`xact.${entry.bits}` as MessageKey)), plain('running', entry.running ? 't' : 'f')];
  return { ...empty, title: t('inspect.xid', { xid }), under: entry.letter ? { text: '{who}', letter: entry.letter } : null, fields, sql: `SELECT pg_xact_status('${xid}');` };
}

function inspectProcess(view: LabView, host: number, pid: number): Inspection | null {
  const h = view.hosts.find((x) => x.host === host);
  const p = h?.processes.find((x) => x.pid === pid);
  if (!p) return null;
  const session = view.sessions.find((s) => s.pid === pid && s.host === host);
  const fields = [plain('backend_type', p.backend_type), plain('state', t(`process.${p.state}` as MessageKey)), plain('wait_event_type', p.wait_event_type ?? '—'),
    plain('wait_event', p.wait_event ?? '—'), ...(session ? [plain('backend_xid', session.backend_xid ?? '—'), plain('backend_xmin', session.backend_xmin ?? '—')] : [])];
  return {
    ...empty, title: t('inspect.process', { pid }), under: p.letter ? { text: '{who}', letter: p.letter } : null, fields,
    sql: `SELECT *\nFROM pg_stat_activity\nWHERE pid = ${pid};`, process: { host, pid, state: p.state },
  };
}
