//! What panels show of checkpoints, files and memory.

pub use crate::txn::MemoryPurpose;

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
