//! How a transaction ends: the order of things, which is the whole point.
//!
//! ```text
//!   commit record ─► WAL buffers ─► write ─► flush ─► two bits ─► standby? ─► off the list ─► locks go
//!                    only memory             durable   pg_xact     (sync)      visible
//! ```
//!
//! Between record and bits a checkpoint must wait: its redo point would lie behind the record, and if it wrote
//! pg_xact without the bits nobody would ever set them again.
//!
//! An abort undoes nothing. Its record need not even be flushed: a transaction without a record has not committed.

use super::env::Env;
use super::local_locks::LockOwner;
use super::subxact::{abort_sub, commit_sub};
use super::xact::Xact;
use crate::ids::{Lsn, Oid, RelFile, Result, RmgrId, Xid, XidStatus};
use crate::settings::Setting;
use crate::trace::Event;
use crate::wal::RecordBuilder;
use crate::wal::xact_records::{XACT_XINFO_HAS_AE_LOCKS, XLOG_XACT_ABORT, XLOG_XACT_COMMIT, XactEnd};

/// Commits the session's transaction. An error before the record is in the log leaves it to be aborted.
pub async fn commit(env: &Env) -> Result<()> {
    while env.xact.borrow().levels.len() > 1 {
        commit_sub(env);
    }
    let mut ended = Ok(());
    let xid = env.xact.borrow().xid;
    if xid.is_valid() {
        env.txns.procs.update(env.cx.pid(), |entry| entry.delays_checkpoint = true);
        let recorded = record_commit(env, xid).await;
        env.txns.procs.update(env.cx.pid(), |entry| entry.delays_checkpoint = false);
        env.txns.delayed_checkpoint.wake_all(env.cx.world());
        let end = recorded?;
        ended = env.txns.sync_rep.wait(env, end).await;
    } else if env.xact.borrow().last_record_end.is_valid() {
        // It wrote without being a transaction (VACUUM, pruning): nothing to wait for.
        env.wal.note_async_commit(env.xact.borrow().last_record_end);
    }
    leave(env, xid).await;
    let dropped = std::mem::take(&mut env.xact.borrow_mut().dropped);
    env.xact.borrow().forgotten.iter().for_each(|table| env.txns.stats.forget(*table));
    finish(env, dropped).await;
    ended
}

/// The commit record, its flush, and the two bits. Returns the record's end.
async fn record_commit(env: &Env, xid: Xid) -> Result<Lsn> {
    let record = commit_record(env);
    let forced = !record.rels.is_empty();
    // Who has written nothing else, but to temporary tables, need not be sure of the record.
    let nothing_else = !env.xact.borrow().last_record_end.is_valid();
    let (info, data) = record.encode(XLOG_XACT_COMMIT);
    env.wal.make_room(&env.cx, data.len() + 64).await?;
    let end = env.log(&RecordBuilder::new(RmgrId::Transaction, info).xid(xid).main(&data));
    env.cx.end_step().await;
    let off = || env.settings.borrow().word(Setting::synchronous_commit) == "off";
    let asynchronous = !forced && (nothing_else || off());
    if asynchronous {
        env.wal.note_async_commit(end);
    } else {
        env.wal.flush(&env.cx, end).await?;
    }
    let not_yet_flushed = if asynchronous { end } else { Lsn::INVALID };
    env.txns.clog.set_status(&env.cx, xid, &record.subxacts, XidStatus::Committed, not_yet_flushed).await?;
    env.cx.end_step().await;
    Ok(end)
}

/// The files of which the log speaks.
pub(super) fn logged(files: &[RelFile]) -> Vec<RelFile> {
    files.iter().copied().filter(|file| !file.is_temporary()).collect()
}

/// What the records of a commit and of an abort have in common.
pub(super) fn end_of(env: &Env, xact: &Xact) -> XactEnd {
    let completion = if xact.locked_exclusively { XACT_XINFO_HAS_AE_LOCKS } else { 0 };
    let subxacts = xact.levels.last().map(|level| level.children.clone()).unwrap_or_default();
    XactEnd { completion, subxacts, ..XactEnd::at(env.cx.timestamp()) }
}

fn commit_record(env: &Env) -> XactEnd {
    let xact = env.xact.borrow();
    let mut record = end_of(env, &xact);
    record.rels = logged(&xact.dropped);
    if !xact.invalidated.is_empty() {
        record.db = Some((env.database, Oid::DEFAULT_TABLESPACE));
        record.invals = xact.invalidated.clone();
    }
    record
}

/// Aborts the session's transaction, its parts first. What it wrote stays where it is, and counts for nothing.
pub async fn abort(env: &Env) -> Result<()> {
    while env.xact.borrow().levels.len() > 1 {
        abort_sub(env).await?;
        env.pop_failed();
    }
    let xid = env.xact.borrow().xid;
    if xid.is_valid() {
        let mut record = end_of(env, &env.xact.borrow());
        record.rels = logged(&env.xact.borrow().created);
        let (info, data) = record.encode(XLOG_XACT_ABORT);
        env.wal.make_room(&env.cx, data.len() + 64).await?;
        let end = env.log(&RecordBuilder::new(RmgrId::Transaction, info).xid(xid).main(&data));
        env.cx.end_step().await;
        env.wal.note_async_commit(end);
        env.txns.clog.set_status(&env.cx, xid, &record.subxacts, XidStatus::Aborted, Lsn::INVALID).await?;
        env.cx.end_step().await;
    }
    leave(env, xid).await;
    let created = std::mem::take(&mut env.xact.borrow_mut().created);
    finish(env, created).await;
    Ok(())
}

/// The transaction leaves the list of running ones: from here on new snapshots count it as over.
async fn leave(env: &Env, xid: Xid) {
    let children = env.xact.borrow_mut().levels.first_mut().map(|top| std::mem::take(&mut top.children));
    env.txns.procs.end(env.cx.pid(), &children.unwrap_or_default());
    if xid.is_valid() {
        env.cx.point(Event::ProcArrayRemove { xid }).await;
    }
}

/// Invalidations, locks, files, and the session's own memory, in this order.
async fn finish(env: &Env, files: Vec<RelFile>) {
    env.txns.invalidate(&env.xact.borrow().invalidated);
    env.release_work();
    env.release_owners(|owner| owner != LockOwner::Session);
    for rel in files {
        env.pool(rel).drop_relation(&env.cx, rel).await;
    }
    env.xact.borrow_mut().clear();
}
