//! Redo: making on a page again the change that a record speaks of.
//!
//! Recovery reads record after record from the redo point and hands each to [`apply`]; a standby never stops doing so.
//! What makes it safe to replay a record twice is the page's LSN:
//!
//! ```text
//!   the record has an image of the page ──► the page becomes the image              LSN = the record's end
//!   the record makes the page anew      ──► empty page, then the change             LSN = the record's end
//!   LSN of the page < the record's end  ──► the change                              LSN = the record's end
//!   otherwise                           ──► nothing: the change is on the page already
//! ```
//!
//! The result is, byte for byte, what the page was on the server that wrote the record, except for what no record
//! tells: hint bits, command ids, `pd_prune_xid`, the other hints in `pd_flags`, and old bytes in the free space.
//! Nothing is logged here.
//!
//! The end of a transaction is replayed too: two bits in pg_xact, and its files, locks and cached rows go. A standby
//! besides learns here who runs on the primary and which tables are locked against its readers.
//!
//! PostgreSQL: `heap_redo` in `access/heap/heapam.c`, `xlog_redo`, `smgr_redo`, `xact_redo`, `clog_redo`, `standby_redo`;
//! `access/transam/xlogutils.c`.

mod btree;
mod heap;
mod heap2;
mod page;
mod server;
mod standby;

use super::Env;
use crate::ids::{Error, Result, RmgrId};
use crate::wal::DecodedRecord;

pub use standby::RedoState;

/// Replays one record. The caller reads the records in order, and ends a step after each.
pub async fn apply(env: &Env, state: &mut RedoState, record: &DecodedRecord) -> Result<()> {
    env.txns.note_seen(&env.cx, record.xid).await?;
    match record.rmid {
        RmgrId::Heap => heap::redo(env, record).await,
        RmgrId::Heap2 => heap2::redo(env, record).await,
        RmgrId::Btree => btree::redo(env, record).await,
        RmgrId::Sequence => page::sequence(env, record).await,
        RmgrId::Xlog => server::xlog(env, state, record).await,
        RmgrId::Storage => server::storage(env, record).await,
        RmgrId::Clog => server::clog(env, record).await,
        RmgrId::MultiXact => server::multixact(env, record).await,
        RmgrId::Transaction => server::transaction(env, state, record).await,
        RmgrId::Standby => standby::redo(env, state, record).await,
        other => Err(Error::unsupported(format!("replaying a record of the resource manager {}", other.name()))),
    }
}
