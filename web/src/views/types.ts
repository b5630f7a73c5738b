/**
 * The shape of one moment, as the engine's inspect room answers it. The names are PostgreSQL's wherever it has one,
 * so that what a panel calls a thing is what SQL calls it. Positions, xids and pids are plain numbers.
 */
export interface LabView {
  now: number; step: number; last_step: number; hash: string; seed: number;
  scale: ScaleView; hosts: HostView[]; sessions: SessionView[]; links: LinkView[];
}
export interface ScaleView { shared_buffers: number; wal_segment_size: number; wal_buffers: number }
export interface LinkView { from: number; to: number; latency: number; cut: boolean; in_flight: number }

export interface HostView {
  host: number; name: string; role: 'primary' | 'standby';
  state: 'off' | 'starting' | 'recovering' | 'running' | 'stopping'; timeline: number;
  processes: ProcessView[]; buffers: BufferView[]; next_victim: number; page: PageView | null;
  xact: XactView; lock_waits: LockWaitView[]; wal: WalView; replication: ReplicationView[];
}
export type ProcessState = 'running' | 'runnable' | 'waiting' | 'frozen' | 'gone';
export interface ProcessView {
  pid: number; backend_type: string; letter: string | null; state: ProcessState;
  wait_event_type: string | null; wait_event: string | null; wakes_at: number | null;
}
export interface BufferView {
  bufferid: number; relfilenode: number | null; relname: string | null; relforknumber: number | null;
  relblocknumber: number | null; isdirty: boolean; usagecount: number; pinning_backends: number;
}

export interface PageView {
  relname: string; relfilenode: number; path: string; fork: string; block: number; bufferid: number | null;
  columns: ColumnView[]; memory: PageImage | null; disk: PageImage | null; disk_synced: boolean;
  all_visible: boolean; all_frozen: boolean; freespace: number | null;
}
export interface ColumnView { attname: string; typname: string }
export interface PageImage {
  pd_lsn: number; pd_checksum: number; pd_flags: number; pd_lower: number; pd_upper: number; pd_special: number;
  pd_pagesize: number; pd_version: number; pd_prune_xid: number;
  header_fields: FieldView[]; items: ItemView[]; bytes: Uint8Array;
}
/** A named run of bytes; `offset` counts from the page's start. */
export interface FieldView { name: string; value: string; offset: number; len: number }
export interface ItemView {
  lp: number; lp_off: number; lp_flags: number; lp_len: number; lp_offset: number;
  redirect: number | null; tuple: TupleView | null;
}
export type XminStatus = 'running' | 'committed' | 'aborted' | 'frozen';
export type XmaxStatus = 'none' | 'locked' | 'running' | 'committed' | 'aborted';
export interface TupleView {
  t_xmin: number; t_xmax: number; t_field3: number; t_ctid: string; ctid_block: number; ctid_lp: number;
  t_infomask2: number; t_infomask: number; t_hoff: number; raw_flags: string[]; natts: number;
  fields: FieldView[]; attrs: AttrView[]; xmin_status: XminStatus; xmax_status: XmaxStatus;
  xmin_letter: string | null; xmax_letter: string | null; dead_to_all: boolean; heap_only: boolean;
  hot_updated: boolean; sees: SeesView[]; record: RecordRef | null;
}
export interface AttrView { attname: string; value: string | null; offset: number; len: number }
export type SeesRule =
  | 'own_insert' | 'own_insert_later' | 'own_delete' | 'xmin_running' | 'xmin_aborted' | 'xmin_after' | 'committed'
  | 'xmax_running' | 'xmax_aborted' | 'xmax_after' | 'xmax_committed';
export interface SeesView { letter: string | null; visible: boolean; rule: SeesRule; xid: number | null }
export interface RecordRef {
  start_lsn: number; rmgr: string; record_type: string; record_length: number; fpi_length: number;
}

export interface XactView { next_xid: number; latest_completed_xid: number; running: number[]; entries: XactEntry[] }
export interface XactEntry { xid: number; bits: number; running: boolean; letter: string | null }
export interface LockWaitView {
  pid: number; letter: string | null; locktype: string; what: string; mode: string; blocked_by: BlockerView[];
}
export interface BlockerView { pid: number; letter: string | null }

export interface WalView {
  records: RecordView[]; insert: number; write: number; flush: number; redo: number;
  replay: number | null; received: number | null; file: string;
}
export interface RecordView {
  start_lsn: number; end_lsn: number; prev_lsn: number; xid: number; letter: string | null; rmgr: string;
  record_type: string; record_length: number; main_data_length: number; fpi_length: number; description: string;
  blocks: BlockRefView[];
}
export interface BlockRefView { relfilenode: number; relname: string | null; fork: string; block: number; fpi: boolean }
export interface ReplicationView {
  pid: number; application_name: string; state: string; sync_state: string;
  sent_lsn: number; write_lsn: number; flush_lsn: number; replay_lsn: number;
}

export type SessionState = 'idle' | 'active' | 'idle_in_transaction' | 'idle_in_transaction_aborted' | 'gone';
export interface SessionView {
  letter: string; pid: number; host: number; database: string; superuser: boolean; state: SessionState;
  tx: string; query: string | null; isolation: string; backend_xid: number | null; backend_xmin: number | null;
  snapshot: SnapshotView | null; snapshot_held: boolean; wait_event_type: string | null; wait_event: string | null;
}
export interface SnapshotView { xmin: number; xmax: number; xip: number[] }
