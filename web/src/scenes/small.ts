/**
 * Words for every event, for whoever goes from one to the next. Those that are worth a stop have more to say, in `free.ts`;
 * what is left is said here, briefly, also of tables that are not on show.
 */
import { bytes, lsn } from '../base/format.ts';
import type { MessageKey, Params } from '../base/messages.ts';
import type { Entry } from '../engine/api.ts';
import type { LabView } from '../views/types.ts';
import { noteOf, relation, who, type Note } from './free.ts';
import type { EventOf, Kind } from './scene.ts';

type Words = { [K in Kind]?: (event: EventOf<K>, view: LabView) => [MessageKey, Params?] };

interface OfPage { rel: { rel: number }; block: number }
interface OfTuple { rel: { rel: number }; tid: { block: number; offset: number } }

const page = (say: MessageKey) => (event: OfPage & { buffer?: number; tuples?: number }, view: LabView): [MessageKey, Params] =>
  [say, { relation: relation(view, event.rel.rel), block: event.block, buffer: event.buffer, n: event.tuples }];
const tuple = (say: MessageKey) => ({ rel, tid }: OfTuple, view: LabView): [MessageKey, Params] => [say, { relation: relation(view, rel.rel), at: `(${tid.block},${tid.offset})` }];
const upto = (say: MessageKey) => (event: { upto: number }): [MessageKey, Params] => [say, { lsn: lsn(event.upto) }];
const three = (say: MessageKey) => (e: { write: number; flush: number; apply: number }): [MessageKey, Params] => [say, { write: lsn(e.write), flush: lsn(e.flush), apply: lsn(e.apply) }];

const words: Words = {
  ProcessStart: ({ pid, backend_type }) => ['event.process.start', { pid, type: backend_type }],
  ProcessExit: ({ pid }) => ['event.process.exit', { pid }],
  PowerFail: () => ['event.power.fail'],
  WaitStart: ({ event }) => ['event.wait.start', { event }],
  WaitEnd: ({ event }) => ['event.wait.end', { event }],
  LatchSet: () => ['event.latch'],
  DiskWrite: (e) => ['event.disk.write', { bytes: bytes(e.bytes) }],
  DiskSync: ({ pages }) => ['event.disk.sync', { pages }],
  LinkSend: (e) => ['event.link.send', { bytes: bytes(e.bytes) }],
  StatementStart: () => ['event.statement.start'],
  StatementEnd: ({ rows }) => ['event.statement.end', { rows }],
  ResultSent: ({ rows }) => ['event.result', { rows }],
  XactBegin: () => ['event.xact.begin'],
  ProcArrayRemove: () => ['event.procarray'],
  LocksReleased: ({ count }) => ['event.locks.released', { count }],
  SyncRepWait: (e) => ['event.syncrep', { lsn: lsn(e.lsn) }],
  LockGranted: ({ mode }) => ['event.lock.granted', { mode: `${mode}Lock` }],
  SnapshotTaken: () => ['event.snapshot'],
  BufferHit: page('event.buffer.hit'),
  BufferRead: page('event.buffer.read'),
  BufferEvict: page('event.buffer.evict'),
  BufferDirty: page('event.buffer.dirty'),
  BufferWrite: page('event.buffer.write'),
  RelationExtend: page('event.extend'),
  TupleInsert: tuple('event.tuple.insert'),
  TupleUpdate: ({ rel, old }, view) => tuple('event.tuple.update')({ rel, tid: old }, view),
  TupleDelete: tuple('event.tuple.delete'),
  TupleLock: tuple('event.tuple.lock'),
  TupleConfirm: tuple('event.tuple.confirm'),
  TupleTakeBack: tuple('event.tuple.back'),
  HintBits: tuple('event.hint'),
  Prune: page('event.prune'),
  Freeze: page('event.freeze'),
  VisibilityMap: page('event.vm'),
  VacuumStart: () => ['event.vacuum.start'],
  VacuumEnd: ({ removed }) => ['event.vacuum.end', { removed }],
  WalWrite: upto('event.wal.write'),
  WalSegmentCreate: ({ start }) => ['event.segment.new', { lsn: lsn(start) }],
  WalSegmentRemove: ({ start }) => ['event.segment.gone', { lsn: lsn(start) }],
  CheckpointBuffersWritten: ({ buffers }) => ['event.checkpoint.written', { buffers }],
  WalSend: upto('event.send'),
  StandbyWrite: upto('event.standby.write'),
  StandbyFlush: upto('event.standby.flush'),
  StandbyReply: three('event.standby.reply'),
  StandbyReplyReceived: three('event.standby.heard'),
  BackupFile: (e) => ['event.backup', { bytes: bytes(e.bytes) }],
  TempFileCreate: ({ file }) => ['event.temp.new', { file }],
  TempFileRemove: ({ file, kilobytes }) => ['event.temp.gone', { file, kilobytes }],
  SortRun: ({ run, tuples }) => ['event.sort.run', { run, tuples }],
  SortMerge: ({ runs }) => ['event.sort.merge', { runs }],
  SortDone: () => ['event.sort.done'],
  HashBuilt: ({ tuples, batches }) => ['event.hash.built', { tuples, batches }],
  HashSplit: ({ batches, moved }) => ['event.hash.split', { batches, moved }],
  HashBatch: ({ batch, batches }) => ['event.hash.batch', { batch: batch + 1, batches }],
  HashSpill: ({ partitions, groups }) => ['event.hash.spill', { partitions, groups }],
  BitmapMade: ({ pages, lossy }) => [lossy ? 'event.bitmap.lossy' : 'event.bitmap', { pages, lossy }],
  HashPartition: ({ tuples, waiting }) => ['event.hash.partition', { tuples, waiting }],
};

/** What is said of this event; there is always something. */
export function wordsOf(entry: Entry, view: LabView): Note {
  const worth = noteOf(entry, view);
  if (worth) return worth;
  const { event } = entry;
  const of = words[event.kind] as ((event: Entry['event'], view: LabView) => [MessageKey, Params?]) | undefined;
  const [say, params = {}] = of?.(event, view) ?? ['event.other', { kind: event.kind }];
  return { say, params: { who: who(entry, view), host: view.hosts[entry.host]?.name, ...params } };
}
