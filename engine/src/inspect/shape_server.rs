//! What panels get that is about a server at large: what is dead in its tables, its checkpoints, its files, its memory.

pub use crate::txn::{MemoryPurpose, MemoryUse};

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
    /// Its own buffers, for temporary tables; 0 until it touches one. `temp_buffers`
    pub local_buffers: u32,
    /// How many of these have been used.
    pub local_pages: u32,
    /// What is under way.
    pub uses: Vec<MemoryUse>,
    /// Its temporary files.
    pub files: Vec<TempFileView>,
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
