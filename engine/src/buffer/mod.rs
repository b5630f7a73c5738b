//! The shared buffer pool: pages of relations in memory, shared by all processes of a server.
//!
//! ```text
//!   tag (relation, fork, block) ──lookup──► buffer 6 ─► descriptor: dirty, usage count, pins
//!                                                    └► page: 8192 bytes, content lock
//!              clock hand ▼
//!   ┌───┬───┬───┬───┬───┬───┬───┬───
//!   │ 1 │ 1 │ 2 │ 0 │ 1 │ 5 │ 0 │ ...     the digit is the usage count
//!   └───┴───┴───┴───┴───┴───┴───┴───
//! ```
//!
//! * A process **pins** a buffer for as long as it needs the page to stay where it is, and takes the **content
//!   lock** for as long as it reads or changes it across something that waits. A hit is a plain function.
//! * A process's pin raises the **usage count**, up to 5. When a page is wanted that is in no buffer, the **clock sweep**
//!   moves over the pool, lowers each count by one and takes the first unpinned buffer that has none left.
//! * Who reads a lot once, a scan of a long table or VACUUM, does so through a small **ring** of buffers.
//! * A changed page stays in memory, **dirty**, and reaches its file later: by the checkpointer, by the background
//!   writer, or by whoever needs its buffer. Whoever writes it first has the log flushed up to the page's LSN:
//!   **WAL before data**, asserted at each write.
//! * Writing hands the page to the kernel; a checkpoint **syncs** the files that were written since the last one.
//!
//! PostgreSQL: `storage/buffer/README`, `bufmgr.c`, `freelist.c`, `storage/smgr/md.c`, `storage/sync/sync.c`.

mod background;
mod drop;
mod lookup;
mod pin;
mod pool;
mod relation_files;
mod ring;
mod usage;
mod victim;
mod write;

pub use background::BackgroundWriterState;
pub use pin::Pin;
pub use pool::{BufferPool, BufferState, BufferStats, BufferTag};
pub use relation_files::block_count;
pub use ring::{Ring, RingKind};
pub use usage::BufferUsage;
pub use write::SyncedFiles;

/// A usage count never rises above this: five rounds of the hand and any page is forgotten.
pub const BM_MAX_USAGE_COUNT: u8 = 5;

#[cfg(test)]
mod tests;
