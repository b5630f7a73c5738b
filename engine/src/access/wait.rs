//! Waiting for whoever is at a row.
//!
//! Whoever must wait for a row first queues at it, in the lock manager, and holds its place there until the row is its
//! own: so of many only the first waits for the transactions that have the row, and the others come in their order.

use super::place::{self, Room};
use super::row_lock::{RowLock, status_of};
use super::visibility::{self, Statuses, Writable};
use super::{Env, ModifyOutcome, Rel, scan};
use crate::buffer::Pin;
use crate::ids::{CommandId, Error, Result, Tid, Xid, sqlstate};
use crate::storage::multixact::Member;
use crate::storage::page;
use crate::storage::tuple::*;
use crate::txn::{Isolation, LockTag, Needs, member};

/// What is done with a version, as the CONTEXT of an error in the wait says it; `XLTW_Oper`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Doing {
    Updating,
    Deleting,
    Locking,
    LockingUpdated,
    Rechecking,
}

impl Doing {
    fn context(self, rel: &Rel, tid: Tid) -> String {
        let name = &rel.name;
        match self {
            Doing::Updating => format!("while updating tuple {tid} in relation \"{name}\""),
            Doing::Deleting => format!("while deleting tuple {tid} in relation \"{name}\""),
            Doing::Locking => format!("while locking tuple {tid} in relation \"{name}\""),
            Doing::LockingUpdated => {
                format!("while locking updated version {tid} of tuple in relation \"{name}\"")
            }
            Doing::Rechecking => format!("while rechecking updated tuple {tid} in relation \"{name}\""),
        }
    }
}

/// Whether to wait for a row; `LockWaitPolicy`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum WaitPolicy {
    /// As long as it takes.
    Block,
    /// SKIP LOCKED
    Skip,
    /// NOWAIT
    Error,
}

/// A place in the queue at a row, given back by [`Turn::leave`].
pub(super) struct Turn<'a> {
    env: &'a Env,
    tag: LockTag,
    mode: RowLock,
    held: bool,
    pub(super) policy: WaitPolicy,
}

impl<'a> Turn<'a> {
    pub(super) fn at(env: &'a Env, rel: &Rel, tid: Tid, mode: RowLock, policy: WaitPolicy) -> Turn<'a> {
        let tag = LockTag::Tuple { db: env.database, rel: rel.oid, tid };
        Turn { env, tag, mode, held: false, policy }
    }

    /// `heap_acquire_tuplock`: `false` if the row is to be passed over.
    pub(super) async fn take(&mut self, rel: &Rel) -> Result<bool> {
        if self.held {
            return Ok(true);
        }
        self.held = match self.policy {
            WaitPolicy::Block => self.env.lock(self.tag, self.mode.mode()).await.map(|()| true)?,
            _ => self.env.try_lock(self.tag, self.mode.mode()),
        };
        if !self.held && self.policy == WaitPolicy::Error {
            return Err(not_available(rel));
        }
        Ok(self.held)
    }

    pub(super) fn leave(self) {
        if self.held {
            self.env.unlock(self.tag, self.mode.mode());
        }
    }
}

pub(super) fn not_available(rel: &Rel) -> Error {
    let message = format!("could not obtain lock on row in relation \"{}\"", rel.name);
    Error::new(sqlstate::LOCK_NOT_AVAILABLE, message)
}

/// The transactions that stand in a header's xmax.
pub(super) fn holders(header: &HeapTupleHeader, ask: &Statuses) -> Result<Vec<Member>, Needs> {
    match header.has(HEAP_XMAX_IS_MULTI) {
        true => ask.txns.multis.members(header.xmax_multi()),
        false => Ok(vec![member(header.xmax, status_of(header))]),
    }
}

/// `DoesMultiXactIdConflict`: which of the others in xmax keep this transaction from locking the row so.
pub(super) fn in_the_way(header: &HeapTupleHeader, mode: RowLock, ask: &Statuses) -> Result<Vec<Member>, Needs> {
    let mut found = Vec::new();
    for holder in holders(header, ask)? {
        if ask.is_own(holder.xid) || !RowLock::of(holder.status).conflicts_with(mode) {
            continue;
        }
        let gone = match holder.status.is_update() {
            true => !ask.txns.in_progress(holder.xid)? && !ask.txns.did_commit(holder.xid)?,
            false => !ask.txns.in_progress(holder.xid)?,
        };
        if !gone {
            found.push(holder);
        }
    }
    Ok(found)
}

/// `XactLockTableWait`, or its conditional sister: `false` if the row is to be passed over.
pub(super) async fn wait_for(
    env: &Env,
    rel: &Rel,
    tid: Tid,
    xid: Xid,
    doing: Doing,
    policy: WaitPolicy,
) -> Result<bool> {
    if policy == WaitPolicy::Block {
        let waited = env.wait_for_xact(xid).await;
        return waited.map(|()| true).map_err(|error| error.context(doing.context(rel, tid)));
    }
    let runs = env.txns.ask(&env.cx, || env.txns.in_progress(xid)).await?;
    if runs && policy == WaitPolicy::Error {
        return Err(not_available(rel));
    }
    Ok(!runs)
}

/// A version that may be changed.
pub(super) struct Free {
    pub room: Room,
    /// Its header.
    pub header: HeapTupleHeader,
}

/// What distinguishes one xmax from another: the id and the bits that say what it is; `xmax_infomask_changed`.
pub(super) fn identity(header: &HeapTupleHeader) -> (Xid, u16) {
    (header.xmax, header.infomask & (HEAP_XMAX_IS_MULTI | HEAP_LOCK_MASK | HEAP_XMAX_LOCK_ONLY))
}

/// Waits until the version at `tid` may be changed, and returns its page locked; or says why it may not.
pub(super) async fn writable(
    env: &Env,
    rel: &Rel,
    tid: Tid,
    cid: CommandId,
    mode: RowLock,
    doing: Doing,
) -> Result<Result<Free, ModifyOutcome>> {
    let mut turn = Turn::at(env, rel, tid, mode, WaitPolicy::Block);
    let mut waited_for = None;
    let outcome = loop {
        let room = place::lock_page(env, rel, tid.block).await?;
        let (writable, header) = judge(env, rel, &room.pin, tid, cid).await?;
        match writable {
            Writable::Ok => break Ok(Free { room, header }),
            Writable::Invisible => {
                let message = "attempted to update invisible tuple";
                return Err(Error::new(sqlstate::OBJECT_NOT_IN_PREREQUISITE_STATE, message));
            }
            Writable::SelfModified => break Err(ModifyOutcome::SelfModified),
            Writable::Updated => break Err(ModifyOutcome::Updated(header.ctid)),
            Writable::Deleted => break Err(ModifyOutcome::Deleted),
            Writable::BeingModified => {
                let rivals = env.txns.ask(&env.cx, || in_the_way(&header, mode, &Statuses::of(env))).await?;
                if rivals.is_empty() || waited_for == Some(identity(&header)) {
                    // The others do not mind, or are no more; but one of them may have updated the row.
                    break match env.txns.ask(&env.cx, || was_updated(&header, &Statuses::of(env))).await? {
                        false => Ok(Free { room, header }),
                        true if header.ctid == tid => Err(ModifyOutcome::Deleted),
                        true => Err(ModifyOutcome::Updated(header.ctid)),
                    };
                }
                drop(room);
                // Whoever has a weaker lock already does not queue: somebody there may wait for it.
                let member =
                    || Ok(holders(&header, &Statuses::of(env))?.iter().any(|m| Statuses::of(env).is_own(m.xid)));
                if !env.txns.ask(&env.cx, member).await? {
                    turn.take(rel).await?;
                }
                for rival in rivals {
                    wait_for(env, rel, tid, rival.xid, doing, WaitPolicy::Block).await?;
                }
                waited_for = Some(identity(&header));
            }
        }
    };
    turn.leave();
    match outcome {
        Err(ModifyOutcome::Updated(_)) => refuse_in_repeatable_read(env, "update").map(|()| outcome),
        Err(ModifyOutcome::Deleted) => refuse_in_repeatable_read(env, "delete").map(|()| outcome),
        _ => Ok(outcome),
    }
}

/// Whether a version that is still held by some has been ended by a member that has committed.
fn was_updated(header: &HeapTupleHeader, ask: &Statuses) -> Result<bool, Needs> {
    if header.xmax_is_locked_only() {
        return Ok(false);
    }
    ask.txns.did_commit(ask.update_xid(header)?)
}

pub(super) fn refuse_in_repeatable_read(env: &Env, what: &str) -> Result<()> {
    if env.xact.borrow().isolation == Isolation::ReadCommitted {
        return Ok(());
    }
    let message = format!("could not serialize access due to concurrent {what}");
    Err(Error::new(sqlstate::SERIALIZATION_FAILURE, message))
}

/// Whether the version may be changed, and its header; hints are noted.
pub(super) async fn judge(
    env: &Env,
    rel: &Rel,
    pin: &Pin,
    tid: Tid,
    cid: CommandId,
) -> Result<(Writable, HeapTupleHeader)> {
    loop {
        let header = pin.read(|bytes| page::heap_tuple(bytes, tid.offset).and_then(HeapTupleHeader::read));
        let Some(mut header) = header else {
            return Err(Error::internal(format!("no row version at {tid}")));
        };
        match visibility::satisfies_update(&header, tid, cid, &Statuses::of(env)) {
            Ok((writable, hints)) => {
                let allowed = visibility::allowed_hints(&header, hints, pin.read(page::lsn), env);
                scan::note_hints(env, rel, pin, &[(tid.offset, allowed)]);
                header.infomask |= hints;
                return Ok((writable, header));
            }
            Err(needs) => env.txns.fetch(&env.cx, needs).await?,
        }
    }
}
