//! Locking as a session does it: on behalf of its transaction's present level, or of the session itself.

use super::env::Env;
use super::local_locks::LockOwner;
use super::locks::{LockTag, LockTimeouts};
use crate::ids::{Error, LockMode, Oid, Result, RmgrId, Xid, sqlstate};
use crate::settings::Setting;
use crate::trace::Event;
use crate::wal::RecordBuilder;
use crate::wal::standby_records::{StandbyLock, StandbyRecord};

impl Env {
    /// How long this session waits for locks.
    pub fn lock_timeouts(&self) -> LockTimeouts {
        LockTimeouts::of(&self.settings.borrow())
    }

    /// Who holds what this session locks now.
    fn owner(&self) -> LockOwner {
        LockOwner::Level(self.xact.borrow().level())
    }

    // --- any lock --------------------------------------------------------------------------------------------

    /// Takes a lock for the present level, waiting if need be.
    pub async fn lock(&self, tag: LockTag, mode: LockMode) -> Result<()> {
        self.lock_for(self.owner(), tag, mode).await
    }

    /// Takes a lock for an owner, waiting if need be.
    pub async fn lock_for(&self, owner: LockOwner, tag: LockTag, mode: LockMode) -> Result<()> {
        if !self.locks.borrow_mut().count(tag, mode, owner) {
            self.txns.locks.acquire(&self.cx, self.lock_timeouts(), tag, mode).await?;
            self.locks.borrow_mut().note(tag, mode, owner);
        }
        Ok(())
    }

    /// Takes a lock for the present level if nobody stands in the way.
    pub fn try_lock(&self, tag: LockTag, mode: LockMode) -> bool {
        self.try_lock_for(self.owner(), tag, mode)
    }

    /// Takes a lock for an owner if nobody stands in the way.
    pub fn try_lock_for(&self, owner: LockOwner, tag: LockTag, mode: LockMode) -> bool {
        let mut local = self.locks.borrow_mut();
        let held = local.count(tag, mode, owner);
        let taken = !held && self.txns.locks.try_acquire(self.cx.pid(), tag, mode);
        if taken {
            local.note(tag, mode, owner);
        }
        held || taken
    }

    /// Gives a lock of the present level back, once.
    pub fn unlock(&self, tag: LockTag, mode: LockMode) -> bool {
        self.unlock_for(self.owner(), tag, mode)
    }

    /// Gives an owner's lock back, once; whether it was held.
    pub fn unlock_for(&self, owner: LockOwner, tag: LockTag, mode: LockMode) -> bool {
        let last = self.locks.borrow_mut().uncount(tag, mode, owner);
        if last == Some(true) {
            self.txns.locks.release(self.cx.world(), self.cx.pid(), tag, mode);
        }
        last.is_some()
    }

    /// Gives back all that such owners hold.
    pub fn release_owners(&self, gone: impl Fn(LockOwner) -> bool) {
        let free = self.locks.borrow_mut().drop_owners(gone);
        let count = free.len() as u32;
        for (tag, mode) in free {
            self.txns.locks.release(self.cx.world(), self.cx.pid(), tag, mode);
        }
        if count > 0 {
            self.cx.emit(Event::LocksReleased { count });
        }
    }

    // --- tables ----------------------------------------------------------------------------------------------

    /// Locks a table to the end of the transaction. Standbys are told of the strongest mode, which keeps readers out:
    /// theirs as well.
    pub async fn lock_relation(&self, rel: Oid, mode: LockMode) -> Result<()> {
        let (tag, told) = self.announce_lock(rel, mode).await?;
        self.lock(tag, mode).await?;
        if told { self.log_lock(rel).await } else { Ok(()) }
    }

    /// `ConditionalLockRelation`: the same without waiting. `false` if somebody is in the way.
    pub async fn try_lock_relation(&self, rel: Oid, mode: LockMode) -> Result<bool> {
        let (tag, told) = self.announce_lock(rel, mode).await?;
        let locked = self.try_lock(tag, mode);
        if told && locked {
            self.log_lock(rel).await?;
        }
        Ok(locked)
    }

    /// Gives a table's lock back before the transaction ends.
    pub fn unlock_relation(&self, rel: Oid, mode: LockMode) {
        self.unlock(LockTag::Relation { db: self.database, rel }, mode);
    }

    /// What is about to be locked, and whether standbys are to be told.
    async fn announce_lock(&self, rel: Oid, mode: LockMode) -> Result<(LockTag, bool)> {
        let tag = LockTag::Relation { db: self.database, rel };
        let recovery = self.txns.procs.in_recovery();
        if recovery && mode > LockMode::RowExclusive {
            let message =
                format!("cannot acquire lock mode {} on database objects while recovery is in progress", mode.name());
            let hint = "Only RowExclusiveLock or less can be acquired on database objects during recovery.";
            return Err(Error::new(sqlstate::OBJECT_NOT_IN_PREREQUISITE_STATE, message).hint(hint));
        }
        let told = mode == LockMode::AccessExclusive
            && !recovery
            && self.settings.borrow().word(Setting::wal_level) != "minimal"
            && !self.txns.locks.holds(self.cx.pid(), tag, mode);
        if told {
            // The record is a transaction's; PostgreSQL too gives it its id before it waits.
            self.xid().await?;
        }
        Ok((tag, told))
    }

    /// `LogAccessExclusiveLock`
    async fn log_lock(&self, rel: Oid) -> Result<()> {
        self.wal.make_room(&self.cx, 64).await?;
        let xid = self.xact.borrow().xid;
        let (info, data) = StandbyRecord::Lock(vec![StandbyLock { xid, db: self.database, rel }]).encode();
        self.log(&RecordBuilder::new(RmgrId::Standby, info).xid(xid).main(&data));
        self.xact.borrow_mut().locked_exclusively = true;
        self.cx.end_step().await;
        Ok(())
    }

    // --- transactions ----------------------------------------------------------------------------------------

    /// `XactLockTableWait`: waits until a transaction has ended; of a part that is released, until the whole has.
    pub async fn wait_for_xact(&self, xid: Xid) -> Result<()> {
        let mut xid = xid;
        loop {
            let tag = LockTag::Transaction(xid);
            self.lock(tag, LockMode::Share).await?;
            self.unlock(tag, LockMode::Share);
            if !self.txns.ask(&self.cx, || self.txns.in_progress(xid)).await? {
                return Ok(());
            }
            xid = self.txns.ask(&self.cx, || self.txns.topmost(xid)).await?;
        }
    }

    /// `SpeculativeInsertionWait`: waits until it is known whether a row that a transaction adds on approval stays.
    pub async fn wait_for_token(&self, xid: Xid, token: u32) -> Result<()> {
        let tag = LockTag::SpeculativeToken { xid, token };
        self.lock(tag, LockMode::Share).await?;
        self.unlock(tag, LockMode::Share);
        Ok(())
    }
}
