/**
 * First light: a commit, from the Query to the visibility map.
 *
 * A has updated a row inside a transaction and read it; B has just read the old version. The twenty beats follow A's
 * COMMIT through the WAL, pg_xact, the list of running transactions and the standby, B's next SELECT, a CHECKPOINT and
 * a VACUUM. All numbers in the sentences come from the engine.
 */
import { snapshot } from '../base/format.ts';
import * as thing from '../model/thing.ts';
import type { ItemView, LabView } from '../views/types.ts';
import { beat, type Beat, type Found, type Scene } from './scene.ts';

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

/** The COMMIT record, once it is in the log. */
function commitRecord(f: Found): { start: number; end: number } | null {
  const event = f.beat('insert')?.event;
  return event?.kind === 'WalInsert' ? event : null;
}

const passes = (position: number, f: Found) => position >= (commitRecord(f)?.end ?? Number.POSITIVE_INFINITY);
const pastCommit = { when: (event: { upto: number }, f: Found) => passes(event.upto, f) };

const common = (_: LabView, __: unknown, f: Found) => facts(f.opening);
const versionThing = (item: ItemView | undefined) => (item ? thing.version(PRIMARY, TABLE, 0, item.lp) : null);
const oldVersion = (_: LabView, f: Found) => versionThing(pair(f.opening)?.old);
const newVersion = (_: LabView, f: Found) => versionThing(pair(f.opening)?.young);
const theRecord = (_: LabView, f: Found) => thing.record(commitRecord(f)?.start ?? 0);
const transaction = (_: LabView, f: Found) => thing.xact(facts(f.opening).xid);
const theBuffer = (view: LabView) => bufferOf(view);

const isTable = (file: { rel: number }, f: Found) => file.rel === f.opening.hosts[PRIMARY]?.page?.relfilenode;
const isXact = ({ xid }: { xid: number }, f: Found) => xid === facts(f.opening).xid;

/** What B would see: the guess that is asked for between pg_xact and the list of running transactions. */
function seenByB(view: LabView): string {
  const rows = pair(view);
  return attribute([rows?.old, rows?.young].find((i) => i?.tuple?.sees.some((s) => s.letter === 'B' && s.visible)), 'balance');
}

/** The value of the version that was clicked. */
function clicked(view: LabView, chosen: thing.Thing): string | null {
  const { kind, args } = thing.parts(chosen);
  const rows = pair(view);
  const item = kind === 'version' && rows ? [rows.old, rows.young].find((i) => i.lp === Number(args[3])) : undefined;
  return item ? attribute(item, 'balance') : null;
}

const versionsIn = (items: readonly ItemView[] | undefined) => items?.filter((i) => i.tuple).length ?? 0;

const commit: Beat[] = [
  beat('Query', { id: 'query', after: [], by: 'A', submit: { letter: 'A', sql: 'COMMIT;' }, say: 'first.query' }),
  beat('WalInsert', {
    id: 'insert', after: ['query'], by: 'A', when: (event) => event.rmgr === 'Transaction', say: 'first.insert',
    params: (view, { start, end }) => ({ length: thing.findRecord(view, start)?.record_length ?? end - start }), subject: theRecord,
  }),
  beat('WalWrite', { id: 'write', after: ['insert'], host: PRIMARY, ...pastCommit, say: 'first.write', subject: theRecord }),
  beat('WalFlush', { id: 'fsync', after: ['insert'], host: PRIMARY, ...pastCommit, say: 'first.fsync', params: common, subject: theRecord }),
  beat('ClogSet', {
    id: 'clog', after: ['fsync'], host: PRIMARY, when: isXact, say: 'first.clog', params: common, subject: transaction,
    guess: {
      told: 'first.clog.told',
      options: (view) => [pair(view)?.old, pair(view)?.young].map((i) => ({ key: attribute(i, 'balance'), label: attribute(i, 'balance') })),
      pick: clicked, truth: seenByB,
    },
  }),
  beat('ProcArrayRemove', { id: 'procarray', after: ['clog'], host: PRIMARY, when: isXact, say: 'first.procarray', params: common, subject: oldVersion }),
  beat('ReadyForQuery', { id: 'ready', after: ['procarray'], by: 'A', say: 'first.ready' }),
];

const shipping: Beat[] = [
  beat('WalSend', { id: 'send', after: ['fsync'], ...pastCommit, say: 'first.send', subject: theRecord }),
  beat('StandbyWrite', { id: 'standby.write', after: ['send'], ...pastCommit, say: 'first.standby.write', subject: theRecord }),
  beat('StandbyFlush', { id: 'standby.flush', after: ['standby.write'], ...pastCommit, say: 'first.standby.flush', subject: theRecord }),
  beat('RedoApply', {
    id: 'redo.update', after: ['standby.write'], host: STANDBY, when: (event) => event.rmgr === 'Heap', say: 'first.redo.update',
    subject: (view, f) => { const lp = pair(f.opening)?.young.lp; return view.hosts[STANDBY]?.page && lp ? thing.version(STANDBY, TABLE, 0, lp) : null; },
  }),
  beat('RedoApply', {
    id: 'redo.commit', after: ['redo.update'], host: STANDBY, when: (event, f) => event.start === commitRecord(f)?.start, say: 'first.redo.commit',
    params: common, subject: theRecord,
  }),
  beat('StandbyReplyReceived', { id: 'reply', after: ['redo.commit'], when: (event, f) => passes(event.apply, f), say: 'first.reply', subject: theRecord }),
];

const reading: Beat[] = [
  beat('SnapshotTaken', {
    id: 'snapshot', after: ['procarray'], by: 'B', submit: { letter: 'B', sql: 'SELECT balance\nFROM accounts\nWHERE id = 1;' }, say: 'first.snapshot',
    params: (_, { xmin, xmax }) => ({ snapshot: snapshot({ xmin, xmax, xip: [] }) }), subject: newVersion,
  }),
  beat('HintBits', { id: 'hint', after: ['snapshot'], by: 'B', say: 'first.hint', params: common, subject: oldVersion }),
  beat('ReadyForQuery', { id: 'result', after: ['snapshot'], by: 'B', say: 'first.result', params: common, subject: oldVersion }),
];

const cleaning: Beat[] = [
  beat('CheckpointStart', {
    id: 'checkpoint', after: ['result'], submit: { letter: 'A', sql: 'CHECKPOINT;' }, host: PRIMARY, say: 'first.checkpoint', subject: theBuffer,
    guess: {
      told: 'first.checkpoint.told',
      options: () => ['3', '4'].map((n) => ({ key: n, label: n })),
      truth: (view) => String(versionsIn(view.hosts[PRIMARY]?.page?.memory?.items)),
    },
  }),
  beat('BufferWrite', {
    id: 'page.write', after: ['checkpoint'], host: PRIMARY, when: (event, f) => event.fork === 'Main' && isTable(event.rel, f), say: 'first.page.write', subject: theBuffer,
    params: (view) => ({ buffer: view.hosts[PRIMARY]?.page?.bufferid, count: versionsIn(view.hosts[PRIMARY]?.page?.disk?.items) }),
  }),
  beat('Prune', {
    id: 'prune', after: ['page.write'], submit: { letter: 'A', sql: 'VACUUM accounts;' }, host: PRIMARY, when: (event, f) => isTable(event.rel, f), say: 'first.prune',
    params: (_, __, f) => ({ ...facts(f.opening), freed: Math.ceil(facts(f.opening).freed / 8) * 8 }), subject: oldVersion,
  }),
  beat('VisibilityMap', { id: 'visible', after: ['prune'], host: PRIMARY, when: (event, f) => isTable(event.rel, f), say: 'first.visible' }),
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

