//! Transactions: who is running, what has become of whom, who sees what, and who waits for whom.
//!
//! ```text
//!   list of running transactions     pg_xact, two bits each          lock table
//!   (ProcArray)                      (CLOG)                          (lock manager)
//!   A 739   B -                      737 01  738 01  739 00          739: A holds Exclusive, C waits for Share
//!        │                                │                               │
//!        └── a snapshot copies it         └── says how it ended           └── released last
//! ```
//!
//! **A snapshot** is a copy of the list of running transactions: `xmin:xmax:xip`. Everything before `xmin` is over,
//! everything from `xmax` on has not begun, and what is listed in between is running. What a transaction did is
//! visible if it is over in this sense *and* pg_xact says committed. Both are needed, and they change at two
//! moments: between the bits and the list a commit is durable and still invisible.
//!
//! **The end of a transaction** (`end.rs`): its record goes into the log and is flushed; two bits turn; a
//! synchronous standby is waited for; the transaction leaves the list; its locks go. In that order.
//!
//! **Waiting for a row** is waiting for the transaction that changed it: each holds an exclusive lock on its own id
//! for as long as it lives, and who wants to know its fate asks for a share of it.
//!
//! **Deadlocks** are looked for by who has waited for `deadlock_timeout` (`deadlock.rs`).
//!
//! PostgreSQL: `access/transam/README`, `xact.c`, `clog.c`, `procarray.c`, `lmgr.c`, `lock.c`, `deadlock.c`,
//! `utils/time/snapmgr.c`, `replication/syncrep.c`.

mod clog;
mod deadlock;
mod deferred;
mod end;
mod env;
mod local_locks;
mod locking;
mod locks;
mod multixact;
mod needs;
mod oid;
mod proc_array;
mod progress;
mod slru;
mod snapshot;
mod stats;
mod subtrans;
mod subxact;
mod sync_rep;
mod temp_files;
mod temp_tables;
mod work_memory;
mod xact;

pub use clog::Clog;
pub use deferred::{Deferred, RowEvent};
pub use end::{abort, commit};
pub use env::{Env, IndexVacuums, ToastFiles, Txns};
pub use local_locks::LockOwner;
pub use locks::{LockInfo, LockManager, LockTag, LockTimeouts};
pub use multixact::{MultiXacts, member};
pub use needs::Needs;
pub use oid::new_oid;
pub use proc_array::{MAX_SUBXIDS, ProcArray, ProcEntry, RunningXacts};
pub use progress::{VacuumPhase, VacuumProgress};
pub use snapshot::Snapshot;
pub use stats::{DATABASE_COUNTERS, DatabaseCounter, PendingStats, Stats, TABLE_COUNTERS, TableCounter, TableCounts};
pub use subtrans::Subtrans;
pub use subxact::{abort_sub, commit_sub, start_sub};
pub use sync_rep::{StandbyProgress, SyncRep, SyncWait};
pub use temp_files::{HeldWork, TEMP_DIRECTORY, TempFile, TempFiles, WorkMark, remove_left_over};
pub use temp_tables::{OnCommit, TempTables, is_temp_relation};
pub use work_memory::{MemoryId, MemoryPurpose, MemoryUse, WorkMemory};
pub use xact::{BlockState, ComboCids, Isolation, Level, WalUsage, Xact};
