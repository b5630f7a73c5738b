//! What a view of the lab consists of; pages have their own file, `shape_page`.
//!
//! Positions, transaction ids and process ids are plain numbers here, and enums plain words: this is what the page
//! reads. Times are virtual microseconds. `letter` is A, B, ... for a session and nothing for other processes.

use super::shape_page::PageView;
use super::shape_panel::{PanelRequest, PanelView};

/// What is to be seen besides the fixed part.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, serde::Deserialize, ts_rs::TS))]
pub struct ViewRequest {
    /// A table.
    pub relation: String,
    /// `main`, `fsm`, `vm`.
    pub fork: String,
    /// Which page of it.
    pub block: u32,
    /// How many of the newest WAL records.
    pub wal_records: u32,
    /// How many of the newest entries of pg_xact.
    pub xacts: u32,
    /// What the open panels ask for.
    pub panels: Vec<PanelRequest>,
}

/// One moment.
#[derive(Clone, PartialEq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct LabView {
    /// The virtual time.
    pub now: u64,
    /// Steps made.
    pub step: u64,
    /// The end of the known history.
    pub last_step: u64,
    /// The hash of the coarse events so far, 16 hexadecimal digits.
    pub hash: String,
    /// What all chance depends on.
    pub seed: u64,
    /// How big things are.
    pub scale: ScaleView,
    /// The hosts: the primary first.
    pub hosts: Vec<HostView>,
    /// The sessions, in the order of their letters.
    pub sessions: Vec<SessionView>,
    /// The links between hosts.
    pub links: Vec<LinkView>,
    /// What the open panels have asked for, in the order of the requests.
    pub panels: Vec<PanelView>,
}

/// How big things are.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct ScaleView {
    /// How many buffers.
    pub shared_buffers: u32,
    /// In bytes.
    pub wal_segment_size: u32,
    /// In bytes.
    pub wal_buffers: u32,
}

/// A link between two hosts, both ways.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct LinkView {
    /// One end.
    pub from: u8,
    /// The other.
    pub to: u8,
    /// One way.
    pub latency: u64,
    /// Whether nothing passes.
    pub cut: bool,
    /// Messages on their way.
    pub in_flight: u32,
}

/// What a host is there for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS), serde(rename_all = "snake_case"))]
pub enum Role {
    /// It writes the log.
    Primary,
    /// It follows the log of another.
    Standby,
}

/// How far a host's server has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS), serde(rename_all = "snake_case"))]
pub enum HostState {
    /// No server, or no power.
    Off,
    /// On its way, or being copied.
    Starting,
    /// Replaying its log after a crash.
    Recovering,
    /// Answering.
    Running,
    /// On its way down.
    Stopping,
}

/// A host with its server.
#[derive(Clone, PartialEq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct HostView {
    /// Its number.
    pub host: u8,
    /// Its name.
    pub name: String,
    /// What it is there for.
    pub role: Role,
    /// How far it has come.
    pub state: HostState,
    /// The timeline that it writes or replays.
    pub timeline: u32,
    /// Its processes, in the order of their start.
    pub processes: Vec<ProcessView>,
    /// All shared buffers.
    pub buffers: PoolView,
    /// Where the clock hand points, from 0.
    pub next_victim: u32,
    /// The rings of buffers in use: of big scans, and of VACUUM.
    pub rings: Vec<RingView>,
    /// The page that was asked for; none if there is no such page here.
    pub page: Option<PageView>,
    /// What has become of transactions.
    pub xact: XactView,
    /// Who waits for a lock.
    pub lock_waits: Vec<LockWaitView>,
    /// The log.
    pub wal: WalView,
    /// `pg_stat_replication`
    pub replication: Vec<ReplicationView>,
    /// The newest lines of the server log, oldest first; it outlives the server's memory.
    pub log: Vec<LogLineView>,
}

/// A line of the server log.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct LogLineView {
    /// Who says it.
    pub pid: u32,
    /// `LOG`, `FATAL`, ...
    pub level: String,
    /// What.
    pub text: String,
}

/// Whether a process can run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS), serde(rename_all = "snake_case"))]
pub enum ProcessState {
    /// It made the last step and can go on.
    Running,
    /// It can go on.
    Runnable,
    /// It waits.
    Waiting,
    /// The user holds it.
    Frozen,
    /// It has ended.
    Gone,
}

/// A process.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct ProcessView {
    /// Its id.
    pub pid: u32,
    /// As `pg_stat_activity` has it.
    pub backend_type: String,
    /// Whose session it serves.
    pub letter: Option<String>,
    /// Whether it can run.
    pub state: ProcessState,
    /// `pg_stat_activity.wait_event_type`
    pub wait_event_type: Option<String>,
    /// `pg_stat_activity.wait_event`
    pub wait_event: Option<String>,
    /// When its timer rings.
    pub wakes_at: Option<u64>,
}

/// The shared buffers, in order, the empty ones too. There may be many, and all of them may change from one picture to
/// the next, so each is 16 bytes and not an object:
///
/// ```text
///   0 relfilenode 4, 0 if empty │ 4 relblocknumber 4 │ 8 pinning_backends 4 │ 12 relforknumber │ 13 usagecount │ 14 flags
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct PoolView {
    /// How many there are.
    pub count: u32,
    /// The buffers, little-endian.
    #[cfg_attr(feature = "views", serde(serialize_with = "super::shape_page::as_bytes"), ts(type = "Uint8Array"))]
    pub cells: Vec<u8>,
    /// The tables and indexes whose files are in there.
    pub files: Vec<FileName>,
}

/// Bytes of a buffer in [`PoolView::cells`].
pub const POOL_CELL: usize = 16;
/// It is newer than the file.
pub const POOL_DIRTY: u8 = 1;
/// A checkpoint under way has yet to write it.
pub const POOL_CHECKPOINT: u8 = 2;

/// A file's name in the catalog.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct FileName {
    /// The file.
    pub relfilenode: u32,
    /// The table or index.
    pub relname: String,
}

/// A ring of buffers that one process takes again and again.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct RingView {
    /// Whose it is.
    pub pid: u32,
    /// And its session.
    pub letter: Option<String>,
    /// `bulkread`, `bulkwrite`, `vacuum`.
    pub ring: String,
    /// The places in turn: buffers by `bufferid`, 0 where there is none yet.
    pub buffers: Vec<u32>,
    /// The place that was used last, from 0.
    pub current: u32,
}

/// What has become of transactions.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct XactView {
    /// The next id that will be given.
    pub next_xid: u32,
    /// The newest that has ended.
    pub latest_completed_xid: u32,
    /// The list of running ones; on a standby those known to run on the primary.
    pub running: Vec<u32>,
    /// The newest entries of pg_xact, ascending.
    pub entries: Vec<XactEntry>,
}

/// An entry of pg_xact.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct XactEntry {
    /// The transaction.
    pub xid: u32,
    /// Its two bits: 0 in progress, 1 committed, 2 aborted, 3 subcommitted.
    pub bits: u8,
    /// Whether it is in the list of running ones.
    pub running: bool,
    /// Whose it is or was, while that is known.
    pub letter: Option<String>,
}

/// Somebody who waits for a lock.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct LockWaitView {
    /// Who.
    pub pid: u32,
    /// Whose session it serves.
    pub letter: Option<String>,
    /// `pg_locks.locktype`
    pub locktype: String,
    /// What is locked, in words.
    pub what: String,
    /// `pg_locks.mode`
    pub mode: String,
    /// Who stands in the way.
    pub blocked_by: Vec<BlockerView>,
}

/// Somebody who stands in the way.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct BlockerView {
    /// Who.
    pub pid: u32,
    /// Whose session it serves.
    pub letter: Option<String>,
}

/// The log of a host.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct WalView {
    /// The newest records, ascending; on a standby of those that have arrived.
    pub records: Vec<RecordView>,
    /// `pg_current_wal_insert_lsn()`; on a standby the end of what has arrived.
    pub insert: u64,
    /// Up to where the operating system has it.
    pub write: u64,
    /// Up to where it is durable.
    pub flush: u64,
    /// Where recovery would begin: the redo point in pg_control.
    pub redo: u64,
    /// Up to where it is replayed; nothing where the log is written.
    pub replay: Option<u64>,
    /// Up to where it has arrived at the walreceiver; nothing on a primary.
    pub received: Option<u64>,
    /// `pg_walfile_name` of the end.
    pub file: String,
}

/// A record, as `pg_get_wal_records_info` shows it.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct RecordView {
    /// Where it begins.
    pub start_lsn: u64,
    /// Where the next one may.
    pub end_lsn: u64,
    /// Where the one before begins.
    pub prev_lsn: u64,
    /// Its transaction; 0 for none.
    pub xid: u32,
    /// Whose transaction that is or was.
    pub letter: Option<String>,
    /// Who replays it.
    pub rmgr: String,
    /// What it is.
    pub record_type: String,
    /// In bytes.
    pub record_length: u32,
    /// Bytes about the record as a whole.
    pub main_data_length: u32,
    /// Bytes of full-page images.
    pub fpi_length: u32,
    /// What it does.
    pub description: String,
    /// The pages that it changes.
    pub blocks: Vec<BlockRefView>,
}

/// A page that a record changes.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct BlockRefView {
    /// Its file.
    pub relfilenode: u32,
    /// The table with this file.
    pub relname: Option<String>,
    /// Which fork.
    pub fork: String,
    /// Which page.
    pub block: u32,
    /// Whether the whole page is in the record.
    pub fpi: bool,
}

/// A standby, as its primary has last heard of it.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct ReplicationView {
    /// The walsender.
    pub pid: u32,
    /// The standby's name.
    pub application_name: String,
    /// `streaming`, `catchup`, ...
    pub state: String,
    /// `async`, `sync`, ...
    pub sync_state: String,
    /// Sent.
    pub sent_lsn: u64,
    /// Written there.
    pub write_lsn: u64,
    /// Durable there.
    pub flush_lsn: u64,
    /// Replayed there.
    pub replay_lsn: u64,
}

/// What a session is doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS), serde(rename_all = "snake_case"))]
pub enum SessionState {
    /// Nothing.
    Idle,
    /// Running a statement.
    Active,
    /// Between the statements of a transaction.
    IdleInTransaction,
    /// The same, after an error.
    IdleInTransactionAborted,
    /// Its backend has ended.
    Gone,
}

/// A session.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct SessionView {
    /// Its letter.
    pub letter: String,
    /// Its backend; 0 before there is one.
    pub pid: u32,
    /// The host it is connected to.
    pub host: u8,
    /// The database.
    pub database: String,
    /// Whether it may do everything.
    pub superuser: bool,
    /// What it is doing.
    pub state: SessionState,
    /// `I`, `T` or `E`, as ReadyForQuery says it.
    pub tx: String,
    /// The running statement, or the last one.
    pub query: Option<String>,
    /// The isolation level of the running transaction, or of the next one.
    pub isolation: String,
    /// Its transaction, once that has an id.
    pub backend_xid: Option<u32>,
    /// What its snapshots hold back.
    pub backend_xmin: Option<u32>,
    /// The last snapshot that it took.
    pub snapshot: Option<SnapshotView>,
    /// Whether the next statement would use that one again.
    pub snapshot_held: bool,
    /// `pg_stat_activity.wait_event_type`
    pub wait_event_type: Option<String>,
    /// `pg_stat_activity.wait_event`
    pub wait_event: Option<String>,
}

/// A snapshot: `xmin:xmax:xip`.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct SnapshotView {
    /// All before it are over.
    pub xmin: u32,
    /// None from it on is over.
    pub xmax: u32,
    /// Those in between that are running.
    pub xip: Vec<u32>,
}
