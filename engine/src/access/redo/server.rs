//! What records say about the server as a whole: counters, files, pg_xact, and the ends of transactions.

use super::super::{Env, truncate};
use super::page::{page_for_redo, table};
use super::standby::RedoState;
use crate::ids::{Fork, Lsn, MultiXactId, Result, XidStatus};
use crate::wal::DecodedRecord;
use crate::wal::clog_records::ClogRecord;
use crate::wal::multixact_records::MultiXactRecord;
use crate::wal::storage_records::StorageRecord;
use crate::wal::xact_records::{XactAssignment, XactEnd, XactRecord};
use crate::wal::xlog_records::XlogRecord;

/// Checkpoints give the counters; images are put in place. What else there is concerns whoever reads the log.
pub(super) async fn xlog(env: &Env, state: &mut RedoState, record: &DecodedRecord) -> Result<()> {
    match XlogRecord::decode(record)? {
        XlogRecord::CheckpointShutdown(checkpoint) => {
            env.txns.procs.note_next(checkpoint.next_xid);
            env.txns.multis.advance(MultiXactId(checkpoint.next_multi), checkpoint.next_multi_offset);
            env.txns.next_oid.set(checkpoint.next_oid);
            env.txns.logged_oid.set(checkpoint.next_oid);
            // Whoever still seemed to run has been cut off without a word.
            state.note_nobody_runs(env, checkpoint.next_xid.xid());
        }
        // Object ids are followed by their own records; an online checkpoint may name one that is older.
        XlogRecord::CheckpointOnline(checkpoint) => {
            env.txns.procs.note_next(checkpoint.next_xid);
            env.txns.multis.advance(MultiXactId(checkpoint.next_multi), checkpoint.next_multi_offset);
        }
        XlogRecord::NextOid(oid) => {
            env.txns.next_oid.set(oid);
            env.txns.logged_oid.set(oid);
        }
        XlogRecord::Fpi | XlogRecord::FpiForHint => {
            for id in 0..record.blocks.len() {
                drop(page_for_redo(env, record, id).await?);
            }
        }
        _ => {}
    }
    Ok(())
}

/// Files come into being and shrink.
pub(super) async fn storage(env: &Env, record: &DecodedRecord) -> Result<()> {
    match StorageRecord::decode(record)? {
        StorageRecord::Create { rel, fork } => env.disk.create(&rel.path(fork)),
        StorageRecord::Truncate { blocks, rel, flags } => {
            env.disk.create(&rel.path(Fork::Main));
            truncate::cut_off(env, &table(rel), blocks, flags).await?;
        }
    }
    Ok(())
}

/// Pages of pg_xact come into being.
pub(super) async fn clog(env: &Env, record: &DecodedRecord) -> Result<()> {
    match ClogRecord::decode(record)? {
        ClogRecord::ZeroPage(page) => env.txns.clog.zero_page(&env.cx, page).await,
        // Old pages may stay: nobody asks for them.
        ClogRecord::Truncate { .. } => Ok(()),
    }
}

/// Multixacts and their pages come into being. Their members have run, whether they have left other traces or not.
pub(super) async fn multixact(env: &Env, record: &DecodedRecord) -> Result<()> {
    let record_of = MultiXactRecord::decode(record)?;
    if let MultiXactRecord::Create { members, .. } = &record_of {
        for member in members {
            env.txns.note_seen(&env.cx, member.xid).await?;
        }
    }
    env.txns.multis.redo(&env.cx, record_of, record.end_lsn).await
}

/// The end of a transaction: bits, list, caches, locks, files, in this order.
pub(super) async fn transaction(env: &Env, state: &mut RedoState, record: &DecodedRecord) -> Result<()> {
    let (end, status) = match XactRecord::decode(record)? {
        XactRecord::Commit(end) => (end, XidStatus::Committed),
        XactRecord::Abort(end) => (end, XidStatus::Aborted),
        XactRecord::Assignment(XactAssignment { top, subxacts }) => {
            for xid in &subxacts {
                env.txns.procs.note_seen(*xid);
                env.txns.subtrans.fetch(&env.cx, *xid).await?;
                env.txns.subtrans.set_parent(*xid, top);
            }
            env.txns.procs.note_assigned(&subxacts);
            return Ok(());
        }
    };
    let XactEnd { subxacts, rels, invals, .. } = end;
    subxacts.iter().for_each(|xid| env.txns.procs.note_seen(*xid));
    env.txns.clog.set_status(&env.cx, record.xid, &subxacts, status, Lsn::INVALID).await?;
    for xid in subxacts.into_iter().chain([record.xid]) {
        env.txns.procs.note_ended(xid);
        state.release_locks(env, xid);
    }
    env.txns.invalidate(&invals);
    for rel in rels {
        env.buffers.drop_relation(&env.cx, rel).await;
    }
    Ok(())
}
