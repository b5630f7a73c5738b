//! What panels ask for that is not in every view, and what they get: a page of any file byte by byte, a tree, locks,
//! dead versions, a checkpoint, files, and system views as SQL answers them.
//!
//! A view holds what the whole picture is drawn of. What only one panel shows, and costs something to find out, is asked
//! for by that panel while it is open, in the same [`ViewRequest`](super::ViewRequest), so that all of it is one moment.

use super::shape_page::FieldView;
pub use crate::txn::MemoryPurpose;

/// What a panel asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, serde::Deserialize, ts_rs::TS))]
#[cfg_attr(feature = "views", serde(tag = "panel", rename_all = "snake_case"))]
pub enum PanelRequest {
    /// A system view or function without arguments.
    Table {
        /// The server.
        host: u8,
        /// Its name.
        name: String,
    },
    /// A page, byte by byte.
    Bytes {
        /// The server.
        host: u8,
        /// A table or an index, or `pg_xact`.
        relation: String,
        /// `main`, `fsm`, `vm`.
        fork: String,
        /// Which page.
        block: u32,
        /// As a read from the file would find it, although it is in memory.
        disk: bool,
    },
    /// An index as a tree of its pages.
    Tree {
        /// The server.
        host: u8,
        /// The index.
        index: String,
        /// A value of its first column to search for.
        search: Option<String>,
    },
    /// Every lock with its holders and its queue.
    Locks {
        /// The server.
        host: u8,
    },
    /// The tables with what VACUUM could remove, and why it may not.
    Dead {
        /// The server.
        host: u8,
    },
    /// The last checkpoint, or the one under way.
    Checkpoint {
        /// The server.
        host: u8,
    },
    /// The files of the data directory.
    Files {
        /// The server.
        host: u8,
    },
    /// What memory is used for, and what has gone to temporary files.
    Memory {
        /// The server.
        host: u8,
    },
}

/// What it gets, in the order of the requests; `Nothing` where there is no such thing at this moment.
#[derive(Clone, PartialEq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
#[cfg_attr(feature = "views", serde(tag = "panel", rename_all = "snake_case"))]
pub enum PanelView {
    /// Nothing of the kind is there.
    Nothing,
    /// A system view.
    Table(TableView),
    /// A page.
    Bytes(BytesView),
    /// An index.
    Tree(TreeView),
    /// The locks.
    Locks(LocksView),
    /// What is dead.
    Dead(DeadView),
    /// A checkpoint.
    Checkpoint(CheckpointView),
    /// The files.
    Files(FilesView),
    /// The memory.
    Memory(MemoryView),
}

/// A system view with its rows as text.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct TableView {
    /// Its name.
    pub name: String,
    /// Its columns.
    pub columns: Vec<String>,
    /// Its rows; nothing for NULL.
    pub rows: Vec<Vec<Option<String>>>,
}

// --- bytes ---------------------------------------------------------------------------------------------------

/// What kind of page it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS), serde(rename_all = "snake_case"))]
pub enum PageKind {
    /// All zero.
    New,
    /// Of a table.
    Heap,
    /// Of a B-tree.
    Btree,
    /// The first page of a B-tree.
    BtreeMeta,
    /// Of a free space map.
    Fsm,
    /// Of a visibility map.
    Vm,
    /// Of pg_xact, which has no page header.
    Clog,
}

/// A page, and what its bytes mean.
#[derive(Clone, PartialEq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct BytesView {
    /// A table, an index, or `pg_xact`.
    pub relation: String,
    /// Which fork.
    pub fork: String,
    /// Which page.
    pub block: u32,
    /// How many pages there are.
    pub blocks: u32,
    /// What kind of page it is.
    pub kind: PageKind,
    /// The file, below the data directory.
    pub path: String,
    /// The buffer that holds it; none for pg_xact, which has buffers of its own.
    pub bufferid: Option<u32>,
    /// Whether these are the bytes in memory.
    pub memory: bool,
    /// How many bytes differ between memory and file.
    pub differ: u32,
    /// All 8192.
    #[cfg_attr(feature = "views", serde(serialize_with = "super::shape_page::as_bytes"), ts(type = "Uint8Array"))]
    pub bytes: Vec<u8>,
    /// What lies where, in the order of the bytes.
    pub groups: Vec<ByteGroup>,
    /// What a map says: one value for each page or transaction.
    pub grid: Option<GridView>,
}

/// A run of bytes that belong together.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct ByteGroup {
    /// `header`, `lp`, `tuple`, `item`, `special`, `meta`, `tree`, `map`.
    pub kind: String,
    /// The line pointer that it is or belongs to; 0 for none.
    pub lp: u16,
    /// From the page's start.
    pub offset: u16,
    /// How many bytes.
    pub len: u16,
    /// Its parts.
    pub fields: Vec<FieldView>,
}

/// A map of small values.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct GridView {
    /// What the first value speaks of: a block of the table, or a transaction.
    pub first: u32,
    /// How many bits a value has: 2, or 8.
    pub bits: u8,
    /// The byte on the page in which the first value lies.
    pub offset: u16,
    /// The values.
    #[cfg_attr(feature = "views", serde(serialize_with = "super::shape_page::as_bytes"), ts(type = "Uint8Array"))]
    pub values: Vec<u8>,
}

// --- a tree --------------------------------------------------------------------------------------------------

/// An index as a tree of its pages.
#[derive(Clone, PartialEq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct TreeView {
    /// The index.
    pub index: String,
    /// All indexes that could be shown.
    pub indexes: Vec<String>,
    /// Its columns.
    pub columns: Vec<String>,
    /// `bt_metap.root`
    pub root: u32,
    /// `bt_metap.level`
    pub level: u32,
    /// `bt_metap.fastroot`
    pub fastroot: u32,
    /// How many blocks its file has.
    pub blocks: u32,
    /// Its pages, level by level from the root, each from left to right.
    pub pages: Vec<TreePage>,
    /// Whether there are more.
    pub more: bool,
    /// What was searched for.
    pub search: Option<String>,
    /// Why that cannot be searched for.
    pub problem: Option<String>,
    /// The way down: page by page, and the item that was followed.
    pub path: Vec<TreeStep>,
}

/// A page of a tree.
#[derive(Clone, PartialEq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct TreePage {
    /// Which.
    pub block: u32,
    /// 0 for a leaf.
    pub level: u32,
    /// `btpo_prev`; 0 for none.
    pub prev: u32,
    /// `btpo_next`; 0 for none.
    pub next: u32,
    /// `root`, `leaf`, `half-dead`, `incomplete split`, ...
    pub flags: Vec<String>,
    /// End of the last record that changed it.
    pub lsn: u64,
    /// Free bytes.
    pub free: u32,
    /// The buffer that holds it.
    pub bufferid: Option<u32>,
    /// Whether that is newer than the file.
    pub dirty: bool,
    /// What everything on it is at most; nothing on the rightmost page.
    pub high_key: Option<String>,
    /// How many items it has, without the high key.
    pub items: u32,
    /// The first of them, the last, and the one that was searched for.
    pub shown: Vec<TreeItem>,
}

/// An item of a page.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct TreeItem {
    /// Its line pointer.
    pub offset: u16,
    /// Its columns; empty for minus infinity.
    pub key: String,
    /// The page below, on an inner page.
    pub child: Option<u32>,
    /// The row versions, on a leaf.
    pub tids: Vec<String>,
    /// Whether a scan has found that all of these are dead.
    pub dead: bool,
}

/// A step of a search.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct TreeStep {
    /// The page.
    pub block: u32,
    /// The item; 0 if the search went on to the right.
    pub offset: u16,
    /// Whether the item on the leaf is what was searched for.
    pub found: bool,
}

// --- locks ---------------------------------------------------------------------------------------------------

/// All locks of a server.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct LocksView {
    /// What is locked, each with who holds it and who waits.
    pub queues: Vec<QueueView>,
    /// Rows that somebody has locked or is changing: this stands in their headers, not in the lock table.
    pub rows: Vec<RowLockView>,
    /// After how long a waiter looks for a deadlock, in milliseconds.
    pub deadlock_timeout: u32,
}

/// Something that is locked.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct QueueView {
    /// `pg_locks.locktype`
    pub locktype: String,
    /// What, in words.
    pub what: String,
    /// The transaction, if that is what is locked.
    pub xid: Option<u32>,
    /// Who holds it.
    pub holders: Vec<LockView>,
    /// Who waits, in the order of the queue.
    pub waiters: Vec<LockView>,
}

/// Somebody at a lock.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct LockView {
    /// Who.
    pub pid: u32,
    /// Whose session it serves.
    pub letter: Option<String>,
    /// `pg_locks.mode`
    pub mode: String,
    /// `pg_locks.fastpath`
    pub fastpath: bool,
    /// For how long it has been waited for, in microseconds.
    pub waiting: u64,
    /// Who stands in the way.
    pub blocked_by: Vec<u32>,
}

/// A row that is locked, or being changed.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct RowLockView {
    /// The table.
    pub relname: String,
    /// The page.
    pub block: u32,
    /// The line pointer.
    pub lp: u16,
    /// The first columns of the row.
    pub row: String,
    /// What stands in its xmax.
    pub xmax: u32,
    /// Whether that is a multixact.
    pub multi: bool,
    /// Who locks it, and how; of a multixact also those that are over.
    pub lockers: Vec<LockerView>,
}

/// A transaction that locks or changes a row.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct LockerView {
    /// Who.
    pub xid: u32,
    /// Whose transaction that is.
    pub letter: Option<String>,
    /// How: `FOR UPDATE`, `UPDATE`, ...
    pub mode: String,
    /// Whether it runs.
    pub running: bool,
}

// --- dead versions -------------------------------------------------------------------------------------------

/// What VACUUM could remove, and what it may not yet.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct DeadView {
    /// What ended before this transaction is seen by nobody.
    pub horizon: u32,
    /// The next transaction.
    pub next_xid: u32,
    /// Who holds the horizon where it is; nobody if it is where it could be at most.
    pub held_by: Vec<HolderView>,
    /// The tables, without the catalogs.
    pub tables: Vec<DeadTable>,
    /// The VACUUMs under way.
    pub vacuums: Vec<VacuumView>,
}

/// Who holds the horizon back.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct HolderView {
    /// Who.
    pub pid: u32,
    /// Whose session it serves.
    pub letter: Option<String>,
    /// `backend_xid`, or 0.
    pub xid: u32,
    /// `backend_xmin`, or 0.
    pub xmin: u32,
}

/// A table with what is dead in it, counted on its pages.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct DeadTable {
    /// Its name.
    pub relname: String,
    /// How many pages it has.
    pub blocks: u32,
    /// How many of them were looked at.
    pub looked: u32,
    /// Versions that live, or are being made or ended.
    pub live: u32,
    /// Versions that have ended but may still be seen.
    pub recently_dead: u32,
    /// Versions that nobody can see.
    pub dead: u32,
    /// Line pointers whose version is gone but that an index may still lead to.
    pub lp_dead: u32,
    /// Line pointers that are free.
    pub unused: u32,
    /// Pages that the visibility map calls all-visible.
    pub all_visible: u32,
    /// Pages that it calls all-frozen.
    pub all_frozen: u32,
    /// `pg_stat_user_tables.n_live_tup`
    pub n_live_tup: u32,
    /// `pg_stat_user_tables.n_dead_tup`
    pub n_dead_tup: u32,
    /// With more than so many dead ones autovacuum comes.
    pub threshold: u32,
    /// `age(relfrozenxid)`
    pub age: u32,
}

/// A VACUUM, as `pg_stat_progress_vacuum` shows it.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct VacuumView {
    /// Who.
    pub pid: u32,
    /// Whose session it serves.
    pub letter: Option<String>,
    /// Which table.
    pub relname: String,
    /// `phase`
    pub phase: String,
    /// `heap_blks_total`
    pub heap_blks_total: u32,
    /// `heap_blks_scanned`
    pub heap_blks_scanned: u32,
    /// `heap_blks_vacuumed`
    pub heap_blks_vacuumed: u32,
    /// `index_vacuum_count`
    pub index_vacuum_count: u32,
    /// `num_dead_tuples`
    pub num_dead_tuples: u32,
    /// `max_dead_tuples`
    pub max_dead_tuples: u32,
}

// --- checkpoints and files -----------------------------------------------------------------------------------

/// Where the checkpoints of a server stand.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct CheckpointView {
    /// Whether one is under way.
    pub running: bool,
    /// The redo point that records are made by: the running checkpoint's, or else the last one's.
    pub redo: u64,
    /// The redo point in pg_control: from there recovery would read.
    pub control_redo: u64,
    /// The checkpoint record that pg_control names.
    pub control_record: u64,
    /// When that checkpoint was made, in seconds of the Unix era.
    pub control_time: u64,
    /// Buffers that the running checkpoint has yet to write.
    pub to_write: u32,
    /// Buffers newer than their files.
    pub dirty: u32,
    /// All buffers.
    pub buffers: u32,
    /// How much log there is behind the redo point, in bytes.
    pub log: u64,
    /// `max_wal_size`, in bytes.
    pub max_wal_size: u64,
    /// `checkpoint_timeout`, in seconds.
    pub checkpoint_timeout: u32,
    /// `checkpoint_completion_target`, in thousandths.
    pub completion_target: u32,
}

/// The files of a data directory.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct FilesView {
    /// All of them, in the order of their paths.
    pub files: Vec<FileView>,
}

/// A file.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct FileView {
    /// Below the data directory.
    pub path: String,
    /// In bytes.
    pub len: u64,
    /// Whether a power cut would leave it as it is.
    pub synced: bool,
    /// The table or index that it is a fork of.
    pub relname: Option<String>,
}

// --- memory --------------------------------------------------------------------------------------------------

/// What a server uses memory for.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct MemoryView {
    /// `shared_buffers`, in bytes.
    pub shared_buffers: u64,
    /// `wal_buffers`, in bytes.
    pub wal_buffers: u64,
    /// `maintenance_work_mem`, in bytes.
    pub maintenance_work_mem: u64,
    /// The processes that work with memory of their own.
    pub processes: Vec<WorkerMemory>,
}

/// The memory that a process works with.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct WorkerMemory {
    /// Who.
    pub pid: u32,
    /// Whose session it serves.
    pub letter: Option<String>,
    /// `work_mem` as it is set there, in bytes: for each sort and each hash table.
    pub work_mem: u64,
    /// What is under way.
    pub uses: Vec<MemoryUseView>,
    /// Its temporary files.
    pub files: Vec<TempFileView>,
}

/// A sort, a hash table or a list that is under way.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct MemoryUseView {
    /// What it is.
    pub purpose: MemoryPurpose,
    /// Bytes in use.
    pub used: u64,
    /// The most that were.
    pub peak: u64,
    /// Bytes that may be used.
    pub budget: u64,
    /// Bytes in temporary files.
    pub disk: u64,
    /// Runs of a sort, batches of a hash, passes over the indexes.
    pub rounds: u32,
}

/// A temporary file.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct TempFileView {
    /// Below the data directory.
    pub path: String,
    /// In bytes.
    pub len: u64,
}
