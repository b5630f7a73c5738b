//! What a view says of memory: what all processes share, and what each has for itself.

use crate::txn::MemoryPurpose;

/// A host's memory, as far as PostgreSQL keeps accounts of it.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct MemoryView {
    /// The large pieces of shared memory.
    pub shared: Vec<SharedMemoryView>,
    /// Locks in the lock table, those included that are waited for.
    pub locks: u32,
    /// The processes that have memory of their own in use, or temporary files.
    pub processes: Vec<ProcessMemoryView>,
}

/// A piece of shared memory.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct SharedMemoryView {
    /// The name in `pg_shmem_allocations`.
    pub name: String,
    /// The setting that says how large it is.
    pub setting: String,
    /// In bytes: pages in buffers, log that is not yet written.
    pub used: u64,
    /// In bytes.
    pub size: u64,
}

/// A process's own memory.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct ProcessMemoryView {
    /// Which process.
    pub pid: u32,
    /// Its session's letter.
    pub letter: Option<String>,
    /// Pages of its temporary tables in its own buffers.
    pub local_pages: u32,
    /// How many buffers it has for these; 0 until it touches one. `temp_buffers`
    pub local_buffers: u32,
    /// What it works with now.
    pub work: Vec<WorkMemoryView>,
    /// Its temporary files.
    pub temp_files: Vec<TempFileView>,
}

/// A sort, the keys of an index that is built, or what VACUUM remembers.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct WorkMemoryView {
    /// What it is for.
    pub purpose: MemoryPurpose,
    /// Bytes in use.
    pub used: u64,
    /// The most that were.
    pub peak: u64,
    /// Bytes that may be used.
    pub budget: u64,
    /// Bytes in a temporary file.
    pub disk: u64,
    /// How often memory was full: runs of a sort, passes over the indexes.
    pub rounds: u32,
}

/// A temporary file.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct TempFileView {
    /// Its path below the data directory.
    pub path: String,
    /// In bytes.
    pub size: u64,
}
