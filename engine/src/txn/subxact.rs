//! Subtransactions: what lies between a savepoint and its release, or its rolling back.
//!
//! ```text
//!   BEGIN            level 1   xid 740                       children of 740
//!   SAVEPOINT a      level 2   xid 741 ─ at its first write
//!   SAVEPOINT b      level 3   xid 742
//!   RELEASE b        level 2   xid 741, children 742         742 has committed to 741, not to the world
//!   ROLLBACK TO a    level 2   no id                         741 and 742 have aborted, for good
//!   COMMIT                                                   one record says: 740 and its children
//! ```
//!
//! Each has an id of its own, since row versions must be told apart by it: whoever wrote in a part that was rolled back
//! wrote for nothing. To others a part runs as long as the whole does. Commands are counted through.

use std::rc::Rc;

use super::end;
use super::env::Env;
use super::local_locks::LockOwner;
use super::locks::LockTag;
use super::proc_array::MAX_SUBXIDS;
use super::xact::Level;
use crate::ids::{Error, LockMode, Lsn, Result, RmgrId, Xid, XidStatus, sqlstate};
use crate::settings::Setting;
use crate::trace::Event;
use crate::wal::xact_records::{XLOG_XACT_ABORT, XLOG_XACT_ASSIGNMENT, XactAssignment};
use crate::wal::{Invalidation, RecordBuilder};
use crate::world::LwMode;

/// `StartSubTransaction`: what follows can be rolled back by itself.
pub fn start_sub(env: &Env, name: Rc<str>) {
    let xact = &mut *env.xact.borrow_mut();
    if xact.levels.is_empty() {
        xact.levels.push(Level::default());
    }
    xact.levels.push(Level {
        name: Some(name),
        created: xact.created.len(),
        dropped: xact.dropped.len(),
        forgotten: xact.forgotten.len(),
        invalidated: xact.invalidated.len(),
        events: xact.deferred.events.len(),
        modes: xact.deferred.modes.len(),
        read_only: xact.read_only,
        ..Level::default()
    });
    xact.xid = Xid::INVALID;
    env.stats.start_sub();
    env.cx.emit(Event::SubXactStart { level: xact.levels.len() as u32 });
}

/// `CommitSubTransaction`: the innermost part becomes a part of the one around it.
pub fn commit_sub(env: &Env) {
    let mut xact = env.xact.borrow_mut();
    let level = xact.levels.len();
    xact.next_command();
    let Some(done) = xact.levels.pop() else { return };
    xact.read_only = done.read_only;
    if let Some(parent) = xact.levels.last_mut() {
        if done.xid.is_valid() {
            parent.children.push(done.xid);
        }
        parent.children.extend(done.children);
    }
    xact.xid = xact.levels.last().map_or(Xid::INVALID, |level| level.xid);
    drop(xact);
    if done.xid.is_valid() {
        // Whoever waits for it finds out for whom to wait from here on.
        env.unlock_for(LockOwner::Level(level), LockTag::Transaction(done.xid), LockMode::Exclusive);
    }
    env.locks.borrow_mut().hand_up(level);
    env.stats.end_sub(true);
    env.cx.emit(Event::SubXactCommit { level: level as u32, xid: done.xid });
}

/// `AbortSubTransaction`: the innermost part, and what has been released in it, has never been. It stays as a failed level
/// until it is popped.
pub async fn abort_sub(env: &Env) -> Result<()> {
    let (level, xid, children, files) = {
        let xact = env.xact.borrow();
        let Some(last) = xact.levels.last().filter(|last| !last.failed) else { return Ok(()) };
        (xact.levels.len(), last.xid, last.children.clone(), xact.created[last.created..].to_vec())
    };
    if xid.is_valid() {
        let mut record = end::end_of(env, &env.xact.borrow());
        record.rels = end::logged(&files);
        let (info, data) = record.encode(XLOG_XACT_ABORT);
        env.wal.make_room(&env.cx, data.len() + 64).await?;
        env.log(&RecordBuilder::new(RmgrId::Transaction, info).xid(xid).main(&data));
        env.cx.end_step().await;
        env.txns.clog.set_status(&env.cx, xid, &children, XidStatus::Aborted, Lsn::INVALID).await?;
        env.txns.procs.end_sub(env.cx.pid(), xid, &children);
    }
    let cached = forget(env);
    env.stats.end_sub(false);
    env.cx.point(Event::SubXactAbort { level: level as u32, xid }).await;
    env.txns.invalidate(&cached);
    env.release_owners(|owner| owner == LockOwner::Level(level));
    for rel in files {
        env.pool(rel).drop_relation(&env.cx, rel).await;
    }
    Ok(())
}

/// Takes what a failed part has done out of the list of what is to be done at the end. Returns what is to be forgotten of
/// what was cached.
fn forget(env: &Env) -> Vec<Invalidation> {
    let xact = &mut *env.xact.borrow_mut();
    let Some(last) = xact.levels.last_mut() else { return Vec::new() };
    (last.failed, last.xid) = (true, Xid::INVALID);
    last.children.clear();
    let cached = xact.invalidated.split_off(last.invalidated.min(xact.invalidated.len()));
    xact.created.truncate(last.created);
    xact.dropped.truncate(last.dropped);
    xact.forgotten.truncate(last.forgotten);
    xact.deferred.events.truncate(last.events);
    xact.deferred.modes.truncate(last.modes);
    xact.read_only = last.read_only;
    xact.xid = Xid::INVALID;
    cached
}

impl Env {
    /// `CleanupSubTransaction`: a failed part is gone.
    pub fn pop_failed(&self) {
        let mut xact = self.xact.borrow_mut();
        xact.levels.pop();
        xact.xid = xact.levels.last().map_or(Xid::INVALID, |level| level.xid);
    }

    /// The transaction's id, given now if it has none, at the first write: the innermost part's, after those around it.
    pub async fn xid(&self) -> Result<Xid> {
        let known = self.xact.borrow().xid;
        if known.is_valid() {
            return Ok(known);
        }
        if self.txns.procs.in_recovery() {
            return Err(Error::new(
                sqlstate::READ_ONLY_SQL_TRANSACTION,
                "cannot assign TransactionIds during recovery",
            ));
        }
        if self.xact.borrow().levels.is_empty() {
            self.xact.borrow_mut().levels.push(Level::default());
        }
        loop {
            let next = self.xact.borrow().levels.iter().position(|level| !level.xid.is_valid());
            let Some(at) = next else { return Ok(self.xact.borrow().xid) };
            self.assign_xid(at).await?;
        }
    }

    /// `AssignTransactionId`, for a level whose parent has one.
    async fn assign_xid(&self, at: usize) -> Result<()> {
        let turn = self.txns.xid_gen.acquire(&self.cx, LwMode::Exclusive).await;
        self.txns.extend(&self.cx, self.txns.procs.next_xid().xid()).await?;
        let told = self.note_assigned(at, self.txns.procs.assign(self.cx.pid(), at > 0));
        drop(turn);
        match told {
            Some((own, main)) => self.report_assignment(own, &main).await,
            None => Ok(()),
        }
    }

    /// The atomic section of it. Returns what standbys are to be told, if it is time for that.
    fn note_assigned(&self, at: usize, xid: Xid) -> Option<(Xid, Vec<u8>)> {
        let is_sub = at > 0;
        let taken = self.try_lock_for(LockOwner::Level(at + 1), LockTag::Transaction(xid), LockMode::Exclusive);
        assert!(taken, "somebody holds the lock on transaction {xid}, which has only just got its id");
        self.cx.emit(Event::XidAssigned { xid });
        let xact = &mut *self.xact.borrow_mut();
        xact.levels[at].xid = xid;
        if is_sub {
            self.txns.subtrans.set_parent(xid, xact.levels[at - 1].xid);
        }
        if at + 1 == xact.levels.len() {
            xact.xid = xid;
        }
        if is_sub && self.settings.borrow().word(Setting::wal_level) != "minimal" {
            xact.unreported.push(xid);
        }
        if xact.unreported.len() < MAX_SUBXIDS {
            return None;
        }
        let main = XactAssignment { top: xact.top_xid(), subxacts: std::mem::take(&mut xact.unreported) }.encode();
        Some((xact.xid, main))
    }

    /// Tells standbys to whom so many parts belong: they need not keep them in their lists.
    async fn report_assignment(&self, own: Xid, main: &[u8]) -> Result<()> {
        self.wal.make_room(&self.cx, main.len() + 64).await?;
        self.log(&RecordBuilder::new(RmgrId::Transaction, XLOG_XACT_ASSIGNMENT).xid(own).main(main));
        self.cx.end_step().await;
        Ok(())
    }
}
