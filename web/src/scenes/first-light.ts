/**
 * First light: a commit, from the Query to the visibility map.
 *
 * A has updated a row inside a transaction and read it; B has just read the old version. The twenty beats follow A's
 * COMMIT through the WAL, pg_xact, the list of running transactions and the standby, B's next SELECT, a CHECKPOINT and
 * a VACUUM. All numbers in the sentences come from the engine.
 */
import { snapshot } from '../base/format.ts';
import * as thing from '../model/thing.ts';
import type { ItemView, LabView, RecordView } from '../views/types.ts';
import type { Beat, Found, Scene, StoryEvent } from './scene.ts';

const TABLE = 'accounts';
const PRIMARY = 0;
const STANDBY = 1;

/** The versions of the row that A changed, at the scene's opening: the old one and its successor. */
function pair(view: LabView): { old: ItemView; young: ItemView } | null {
  const page = view.hosts[PRIMARY]?.page;
  const items = (page?.memory ?? page?.disk)?.items ?? [];
  const old = items.find((i) => i.tuple && i.tuple.ctid_lp !== i.lp && i.tuple.xmax_status !== 'none');
  const young = items.find((i) => i.lp === old?.tuple?.ctid_lp);
  return old && young ? { old, young } : null;
}

const attribute = (item: ItemView | undefined, name: string) => item?.tuple?.attrs.find((a) => a.attname === name)?.value ?? '?';

/** What the sentences are filled with: the two values, their owner, the transaction. */
function facts(view: LabView) {
  const rows = pair(view);
  return {
    owner: attribute(rows?.old, 'owner'), old: attribute(rows?.old, 'balance'), new: attribute(rows?.young, 'balance'),
    xid: rows?.young.tuple?.t_xmin ?? 0, to: rows?.young.lp ?? 0, freed: rows?.old.lp_len ?? 0,
  };
}

const by = (letter: string) => (e: StoryEvent, f: Found) => e.host === PRIMARY && f.letter(e.pid) === letter;
const byA = by('A');
const byB = by('B');

/** The end of the COMMIT record; further than anything while there is none. */
const commitEnd = (f: Found) => Number(f.beat('insert')?.['end'] ?? Number.POSITIVE_INFINITY);
const reaches = (position: unknown, f: Found) => Number(position) >= commitEnd(f);

function recordAt(view: LabView, start: unknown): RecordView | null {
  return thing.findRecord(view, Number(start));
}

const common = (_: LabView, __: StoryEvent, f: Found) => facts(f.opening);
const oldVersion = (_: LabView, __: StoryEvent, f: Found) => versionThing(pair(f.opening)?.old);
const newVersion = (_: LabView, __: StoryEvent, f: Found) => versionThing(pair(f.opening)?.young);
const versionThing = (item: ItemView | undefined) => (item ? thing.version(PRIMARY, TABLE, 0, item.lp) : null);
const commitRecord = (_: LabView, __: StoryEvent, f: Found) => thing.record(Number(f.beat('insert')?.['start']));
const transaction = (_: LabView, __: StoryEvent, f: Found) => thing.xact(facts(f.opening).xid);

const isTable = (rel: unknown, f: Found) => {
  const file = rel as { rel?: number } | number;
  return (typeof file === 'object' ? file.rel : file) === f.opening.hosts[PRIMARY]?.page?.relfilenode;
};

const commit: Beat[] = [
  { id: 'query', after: [], submit: { letter: 'A', sql: 'COMMIT;' }, when: (e, f) => e.kind === 'Query' && byA(e, f), say: 'first.query' },
  {
    id: 'insert', after: ['query'], when: (e, f) => e.kind === 'WalInsert' && e['rmgr'] === 'Transaction' && byA(e, f), say: 'first.insert',
    params: (view, e) => ({ length: recordAt(view, e['start'])?.record_length ?? Number(e['end']) - Number(e['start']) }), subject: commitRecord,
  },
  { id: 'write', after: ['insert'], when: (e, f) => e.kind === 'WalWrite' && e.host === PRIMARY && reaches(e['upto'], f), say: 'first.write', subject: commitRecord },
  { id: 'fsync', after: ['insert'], when: (e, f) => e.kind === 'WalFlush' && e.host === PRIMARY && reaches(e['upto'], f), say: 'first.fsync', params: common, subject: commitRecord },
  {
    id: 'clog', after: ['fsync'], when: (e, f) => e.kind === 'ClogSet' && e.host === PRIMARY && e['xid'] === facts(f.opening).xid, say: 'first.clog', params: common, subject: transaction,
    guess: {
      told: 'first.clog.told',
      options: (view) => [pair(view)?.old, pair(view)?.young].map((i) => ({ key: attribute(i, 'balance'), label: attribute(i, 'balance') })),
      pick: (view, chosen) => { const { kind, args } = thing.parts(chosen); const rows = pair(view); return kind !== 'version' || !rows ? null : attribute([rows.old, rows.young].find((i) => i.lp === Number(args[3])), 'balance'); },
      truth: (view) => attribute([pair(view)?.old, pair(view)?.young].find((i) => i?.tuple?.sees.some((s) => s.letter === 'B' && s.visible)), 'balance'),
    },
  },
  { id: 'procarray', after: ['clog'], when: (e, f) => e.kind === 'ProcArrayRemove' && e.host === PRIMARY && e['xid'] === facts(f.opening).xid, say: 'first.procarray', params: common, subject: oldVersion },
  { id: 'ready', after: ['procarray'], when: (e, f) => e.kind === 'ReadyForQuery' && byA(e, f), say: 'first.ready' },
];

const shipping: Beat[] = [
  { id: 'send', after: ['fsync'], when: (e, f) => e.kind === 'WalSend' && reaches(e['upto'], f), say: 'first.send', subject: commitRecord },
  { id: 'standby.write', after: ['send'], when: (e, f) => e.kind === 'StandbyWrite' && reaches(e['upto'], f), say: 'first.standby.write', subject: commitRecord },
  { id: 'standby.flush', after: ['standby.write'], when: (e, f) => e.kind === 'StandbyFlush' && reaches(e['upto'], f), say: 'first.standby.flush', subject: commitRecord },
  {
    id: 'redo.update', after: ['standby.write'], when: (e) => e.kind === 'RedoApply' && e.host === STANDBY && e['rmgr'] === 'Heap', say: 'first.redo.update',
    subject: (view, _, f) => { const lp = pair(f.opening)?.young.lp; return view.hosts[STANDBY]?.page && lp ? thing.version(STANDBY, TABLE, 0, lp) : null; },
  },
  { id: 'redo.commit', after: ['redo.update'], when: (e, f) => e.kind === 'RedoApply' && e.host === STANDBY && e['start'] === f.beat('insert')?.['start'], say: 'first.redo.commit', params: common, subject: commitRecord },
  { id: 'reply', after: ['redo.commit'], when: (e, f) => e.kind === 'StandbyReplyReceived' && reaches(e['apply'], f), say: 'first.reply', subject: commitRecord },
];

const reading: Beat[] = [
  {
    id: 'snapshot', after: ['procarray'], submit: { letter: 'B', sql: 'SELECT balance FROM accounts\nWHERE id = 1;' }, when: (e, f) => e.kind === 'SnapshotTaken' && byB(e, f), say: 'first.snapshot',
    params: (_, e) => ({ snapshot: snapshot({ xmin: Number(e['xmin']), xmax: Number(e['xmax']), xip: [] }) }), subject: newVersion,
  },
  { id: 'hint', after: ['snapshot'], when: (e, f) => e.kind === 'HintBits' && byB(e, f), say: 'first.hint', params: common, subject: oldVersion },
  { id: 'result', after: ['snapshot'], when: (e, f) => e.kind === 'ReadyForQuery' && byB(e, f), say: 'first.result', params: common, subject: oldVersion },
];

const cleaning: Beat[] = [
  {
    id: 'checkpoint', after: ['result'], submit: { letter: 'A', sql: 'CHECKPOINT;' }, when: (e) => e.kind === 'CheckpointStart' && e.host === PRIMARY, say: 'first.checkpoint', subject: (view) => bufferOf(view),
    guess: {
      told: 'first.checkpoint.told',
      options: () => ['3', '4'].map((n) => ({ key: n, label: n })),
      truth: (view) => String(view.hosts[PRIMARY]?.page?.memory?.items.filter((i) => i.tuple).length ?? 0),
    },
  },
  {
    id: 'page.write', after: ['checkpoint'], when: (e, f) => e.kind === 'BufferWrite' && e.host === PRIMARY && isTable(e['rel'], f), say: 'first.page.write', subject: (view) => bufferOf(view),
    params: (view) => ({ buffer: view.hosts[PRIMARY]?.page?.bufferid, count: view.hosts[PRIMARY]?.page?.disk?.items.filter((i) => i.tuple).length }),
  },
  { id: 'prune', after: ['page.write'], submit: { letter: 'A', sql: 'VACUUM accounts;' }, when: (e) => e.kind === 'Prune' && e.host === PRIMARY, say: 'first.prune', params: (_, __, f) => ({ ...facts(f.opening), freed: Math.ceil(facts(f.opening).freed / 8) * 8 }), subject: oldVersion },
  { id: 'visible', after: ['prune'], when: (e) => e.kind === 'VisibilityMap' && e.host === PRIMARY, say: 'first.visible' },
];

function bufferOf(view: LabView) {
  const id = view.hosts[PRIMARY]?.page?.bufferid;
  return id ? thing.buffer(PRIMARY, id) : null;
}

/** The scene. */
export const firstLight: Scene = {
  id: 'first-light',
  title: 'first.title',
  relation: TABLE,
  setup: [
    { letter: 'A', hidden: true, sql: 'CREATE TABLE accounts (id int, owner text, balance numeric);' },
    { letter: 'A', hidden: true, sql: "INSERT INTO accounts VALUES (1, 'Alice', 100), (2, 'Bob', 50), (3, 'Carol', 75);" },
    { letter: 'B', hidden: true, sql: 'SELECT count(*) FROM accounts;' },
    { letter: 'A', hidden: true, sql: 'CHECKPOINT;' },
    { settle: true },
    { letter: 'A', sql: 'BEGIN;' },
    { letter: 'A', sql: 'UPDATE accounts\nSET balance = 90\nWHERE id = 1;' },
    { letter: 'A', sql: 'SELECT balance\nFROM accounts\nWHERE id = 1;' },
    { letter: 'B', sql: 'SELECT balance\nFROM accounts\nWHERE id = 1;' },
  ],
  say: 'first.opening',
  params: (view) => { const { owner, old, new: young } = facts(view); return { owner, a: young, b: old }; },
  subject: (view) => versionThing(pair(view)?.young),
  beats: [...commit, ...shipping, ...reading, ...cleaning],
};

