//! One server: shared memory, and a file for each kind of process that works on it.
//!
//! ```text
//!                         ┌────────────┐   starts, watches, restarts all others
//!                         │ postmaster │
//!                         └─────┬──────┘
//!     ┌──────────┬──────────────┼───────────┬────────────┬───────────┐
//!  backend A  backend B    checkpointer   background   walwriter   walsender ──► standby
//!     │          │              │         writer         │           │
//!   ──┴──────────┴──────────────┴───────────┴────────────┴───────────┴──  shared memory
//!                     disk: data files, pg_wal, pg_xact, pg_control
//! ```
//!
//! The postmaster does nothing but start processes and wait, and touches shared memory as little as possible: so
//! it survives when one of them is killed, and can throw the shared memory away and begin anew.
//!
//! | file | process |
//! |---|---|
//! | `postmaster`, `shutdown` | starts first, answers the door, ends last |
//! | `startup`, `standby` | reads pg_control, replays the log, on a standby until it is promoted |
//! | `checkpointer`, `checkpoint` | writes all dirty pages, and says from where recovery has to read |
//! | `background_writer` | keeps buffers ahead of the clock hand clean |
//! | `autovacuum`, `vacuum` | vacuums tables that need it |
//! | `wal_writer` | flushes what asynchronous commits have left |
//! | `backend`, `session`, `extended`, `cursors` | one client's commands |
//! | `walsender`, `walreceiver` | the log on its way to a standby |
//!
//! PostgreSQL: `postmaster/`, `tcop/postgres.c`, `access/transam/xlogrecovery.c`, `replication/`.

mod alter;
mod analyze;
mod autovacuum;
mod backend;
mod background_writer;
mod base_backup;
mod checkpoint;
mod checkpoint_policy;
mod checkpointer;
mod configuration;
mod consistency;
mod constraints;
mod copy;
mod cursors;
mod definition;
mod explain;
mod extended;
mod lag;
mod log;
mod namespace;
mod port;
mod postmaster;
mod prepared;
pub mod protocol;
mod rewrite;
mod savepoint;
mod sequences;
mod session;
mod shared;
mod shutdown;
mod slots;
mod standby;
mod startup;
mod statement;
mod statement_log;
mod statistics;
mod style;
mod table_as;
mod timeline;
mod timeouts;
mod transaction;
mod vacuum;
mod values;
mod wal_writer;
mod walreceiver;
mod walsender;

pub use base_backup::{BackupMessage, receive_base_backup};
pub use log::{LogLevel, LogLine};
pub use port::{Answer, AnswerBox, Client, ClientSender, Incoming, Port, Replication, ReplicationMessage};
pub use postmaster::start;
pub use shared::{Activity, Pause, ReceiverState, STANDBY_SIGNAL, Server, ServerSpec, ServerState, SessionState};
pub use shutdown::ShutdownMode;
pub use slots::{Slot, Slots, WalStatus};
pub use statistics::{ServerCounter, StatsPart};
