/**
 * Sentences for where there is no scene: what an event is about, told in general words with its own numbers. Off the
 * story, Next goes from one of these to the next.
 */
import { lsn, snapshot } from '../base/format.ts';
import type { MessageKey, Params } from '../base/messages.ts';
import type { Entry } from '../engine/api.ts';
import { nameOf } from '../model/pool.ts';
import { findRecord } from '../model/thing.ts';
import type { LabView } from '../views/types.ts';
import type { EventOf, Kind } from './scene.ts';

/** What is said of an event. */
export interface Note { say: MessageKey; params: Params }

type Notes = { [K in Kind]?: (event: EventOf<K>, entry: Entry, view: LabView) => Note | null };

const text = (say: MessageKey, params: Params = {}): Note => ({ say, params });
const tid = ({ block, offset }: { block: number; offset: number }) => `(${block},${offset})`;

/** Names of relations are known from the buffers and the page that are drawn. */
export function relation(view: LabView, file: number): string | number {
  for (const { page, buffers } of view.hosts) {
    if (page?.relfilenode === file) return page.relname;
    const name = nameOf(buffers, file);
    if (name) return name;
  }
  return file;
}

/** Only what belongs to the table on display is worth a stop; the catalogs are touched all the time. */
const shown = (view: LabView, file: { rel: number }) => view.hosts.some((h) => h.page?.relfilenode === file.rel);

/** A record of the log that the host has: after a promotion another one may begin at the same place of the other's log. */
function record(view: LabView, { host }: Entry, start: number, end: number, say: MessageKey): Note {
  const found = findRecord(view, start, { host, end });
  return text(say, { type: found?.record_type ?? '', length: found?.record_length ?? end - start, lsn: lsn(start) });
}

const notes: Notes = {
  PowerFail: (_, entry, view) => (view.hosts[entry.host]?.state === 'off' ? text('plugged', { host: view.hosts[entry.host]?.name }) : null),
  PowerOn: () => text('free.power_on'),
  ProcessKilled: ({ pid }) => text('free.killed', { pid }),
  LinkCut: ({ cut }) => text(cut ? 'free.cut' : 'free.healed'),
  Query: () => text('free.query'),
  ErrorReport: ({ sqlstate }) => text('free.error', { code: String.fromCharCode(...sqlstate) }),
  ReadyForQuery: ({ status }) => text(status === 'Failed' ? 'free.ready.failed' : status === 'InBlock' ? 'free.ready.block' : 'free.ready'),
  XidAssigned: ({ xid }) => text('free.xid', { xid }),
  ClogSet: ({ xid, status }) => text(status === 'Committed' ? 'free.committed' : 'free.aborted', { xid }),
  ProcArrayRemove: ({ xid }) => (xid ? text('free.procarray', { xid }) : null),
  SubXactStart: () => text('free.sub.start'),
  SubXactCommit: ({ xid }) => text(xid ? 'free.sub.commit' : 'free.sub.commit.none', { xid }),
  SubXactAbort: ({ xid }) => text(xid ? 'free.sub.abort' : 'free.sub.abort.none', { xid }),
  MultiXactCreate: ({ multi, members }) => text('free.multi', { multi, n: members }),
  TupleLock: ({ rel, tid: at, xmax }, _, view) => (shown(view, rel) ? text('free.lock', { at: tid(at), xmax }) : null),
  LockWait: ({ xid, mode }) => text(xid ? 'free.wait.xid' : 'free.wait', { xid, mode: `${mode}Lock` }),
  DeadlockFound: () => text('free.deadlock'),
  SnapshotTaken: ({ xmin, xmax, running }, entry, view) => {
    const session = view.sessions.find((s) => s.pid === entry.pid);
    return session ? text('free.snapshot', { snapshot: running ? `${xmin}:${xmax}:…` : snapshot({ xmin, xmax, xip: [] }) }) : null;
  },
  BufferEvict: ({ buffer, rel, block }, _, view) => (shown(view, rel) ? text('free.evict', { buffer, relation: relation(view, rel.rel), block }) : null),
  RingBuffer: ({ buffer, slot, reused }) => text(reused ? 'free.ring.again' : 'free.ring', { buffer, slot: slot + 1 }),
  RingReject: ({ buffer }) => text('free.ring.reject', { buffer }),
  BufferRead: ({ buffer, rel, block, fork }, _, view) => (shown(view, rel) && fork === 'Main' ? text('free.read', { buffer, relation: relation(view, rel.rel), block }) : null),
  BufferWrite: ({ buffer, rel, block, fork }, _, view) => (shown(view, rel) && fork === 'Main' ? text('free.write', { buffer, relation: relation(view, rel.rel), block }) : null),
  TupleInsert: ({ rel, tid: at }, _, view) => (shown(view, rel) ? text('free.insert', { at: tid(at) }) : null),
  TupleUpdate: ({ rel, old, new: young }, _, view) => (shown(view, rel) ? text('free.update', { old: tid(old), young: tid(young) }) : null),
  TupleDelete: ({ rel, tid: at }, _, view) => (shown(view, rel) ? text('free.delete', { at: tid(at) }) : null),
  TupleConfirm: ({ rel, tid: at }, _, view) => (shown(view, rel) ? text('free.confirm', { at: tid(at) }) : null),
  TupleTakeBack: ({ rel, tid: at }, _, view) => (shown(view, rel) ? text('free.take_back', { at: tid(at) }) : null),
  SequenceNext: ({ logged }) => text(logged ? 'free.sequence.logged' : 'free.sequence'),
  ForeignKeyCheck: ({ table }, _, view) => text('free.foreign_key', { relation: relation(view, table) }),
  HintBits: ({ rel, tid: at, before, after }, _, view) => (shown(view, rel) ? text('free.hint', { at: tid(at), before: mask(before), after: mask(after) }) : null),
  Prune: ({ rel, block, redirected, dead, unused }, _, view) => (shown(view, rel) ? text('free.prune', { block, redirected, dead, unused }) : null),
  Freeze: ({ rel, block, tuples }, _, view) => (shown(view, rel) ? text('free.freeze', { block, n: tuples }) : null),
  VisibilityMap: ({ rel, block, bits }, _, view) => (shown(view, rel) ? text(bits ? 'free.visible' : 'free.not_visible', { block }) : null),
  IndexInsert: ({ rel, block, offset }, _, view) => text('free.index.insert', { index: relation(view, rel.rel), at: `(${block},${offset})` }),
  IndexSplit: ({ rel, left, right }, _, view) => text('free.index.split', { index: relation(view, rel.rel), left, right }),
  IndexRoot: ({ rel, block, level }, _, view) => text(level ? 'free.index.root' : 'free.index.first', { index: relation(view, rel.rel), block, level }),
  IndexMerge: ({ rel, block, lists }, _, view) => text('free.index.merge', { index: relation(view, rel.rel), block, n: lists }),
  IndexDelete: ({ rel, block, tuples }, _, view) => text('free.index.delete', { index: relation(view, rel.rel), block, n: tuples }),
  IndexHalfDead: ({ rel, block }, _, view) => text('free.index.half_dead', { index: relation(view, rel.rel), block }),
  IndexUnlink: ({ rel, block }, _, view) => text('free.index.unlink', { index: relation(view, rel.rel), block }),
  WalInsert: ({ start, end }, entry, view) => record(view, entry, start, end, 'free.wal'),
  WalFlush: ({ upto }) => text('free.flush', { lsn: lsn(upto) }),
  CheckpointStart: ({ redo }) => text('free.checkpoint', { lsn: lsn(redo) }),
  CheckpointDone: ({ redo }) => text('free.checkpoint.done', { lsn: lsn(redo) }),
  RedoStart: ({ redo }) => text('free.redo.start', { lsn: lsn(redo) }),
  RedoApply: ({ start, end }, entry, view) => record(view, entry, start, end, 'free.redo'),
  RedoDone: ({ last }) => text('free.redo.done', { lsn: lsn(last) }),
  TimelineFork: ({ timeline, at }) => text('free.timeline', { timeline, old: timeline - 1, lsn: lsn(at) }),
  ServerReady: (_, entry, view) => text('free.server', { host: view.hosts[entry.host]?.name }),
};

const mask = (n: number) => n.toString(16).padStart(4, '0');

/** What is said of this event, if anything; `{who}` and `{host}` are filled in here. */
export function noteOf(entry: Entry, view: LabView): Note | null {
  const { event } = entry;
  const note = (notes[event.kind] as ((event: Entry['event'], entry: Entry, view: LabView) => Note | null) | undefined)?.(event, entry, view);
  return note ? { ...note, params: { who: who(entry, view), host: view.hosts[entry.host]?.name, ...note.params } } : null;
}

/** Whoever did it, as a piece of a rich sentence. */
export function who({ host, pid }: Entry, view: LabView): string {
  const session = view.sessions.find((s) => s.pid === pid && s.host === host);
  if (session) return session.letter.length === 1 ? `[${session.letter}|${session.letter}]` : session.letter;
  const process = view.hosts[host]?.processes.find((p) => p.pid === pid);
  if (!process) return `Process ${pid}`;
  return process.backend_type === 'startup' ? 'The startup process' : `The ${process.backend_type}`;
}
