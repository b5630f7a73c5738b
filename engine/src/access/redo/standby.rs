//! What a standby follows of the primary's transactions: who runs, and who has locked tables against everybody.

use std::collections::BTreeMap;

use super::super::Env;
use super::server::note_invalidations;
use crate::ids::{LockMode, Result, Xid, XidStatus};
use crate::txn::{LockTag, RunningXacts};
use crate::wal::DecodedRecord;
use crate::wal::standby_records::{StandbyLock, StandbyRecord};

/// What replay remembers from record to record.
#[derive(Default, Debug)]
pub struct RedoState {
    /// The tables that transactions of the primary have locked. The startup process holds the locks for them.
    locks: BTreeMap<Xid, Vec<LockTag>>,
}

impl RedoState {
    /// Gives back what is held for a transaction that has ended.
    pub(super) fn release_locks(&mut self, env: &Env, xid: Xid) {
        for tag in self.locks.remove(&xid).unwrap_or_default() {
            env.txns.locks.release(env.cx.world(), env.cx.pid(), tag, LockMode::AccessExclusive);
        }
    }

    /// `StandbyReleaseOldLocks`: gives back what is held for transactions that are not in the list of running ones.
    fn release_old_locks(&mut self, env: &Env, running: &[Xid]) {
        let over: Vec<Xid> = self.locks.keys().copied().filter(|xid| !running.contains(xid)).collect();
        over.into_iter().for_each(|xid| self.release_locks(env, xid));
    }

    /// The primary was shut down, or has begun anew: no transaction before `next` runs.
    pub(super) fn note_nobody_runs(&mut self, env: &Env, next: Xid) {
        let latest_completed = next.previous();
        env.txns.procs.note_running(&RunningXacts { next, oldest: next, latest_completed, xids: Vec::new() });
        self.release_old_locks(env, &[]);
    }

    /// Recovery is over: gives everything back.
    pub fn end(&mut self, env: &Env) {
        self.release_old_locks(env, &[]);
    }
}

/// Replays a record of the resource manager Standby.
pub(super) async fn redo(env: &Env, state: &mut RedoState, record: &DecodedRecord) -> Result<()> {
    match StandbyRecord::decode(record)? {
        StandbyRecord::Lock(locks) => {
            for lock in locks {
                take_lock(env, state, lock).await?;
            }
        }
        StandbyRecord::RunningXacts(running) => {
            // Whoever is between the record of its commit and its leaving the list is still named here.
            let mut xids = Vec::new();
            for xid in running.xids {
                if env.txns.clog.status(&env.cx, xid).await? == XidStatus::InProgress {
                    xids.push(xid);
                }
            }
            state.release_old_locks(env, &xids);
            env.txns.procs.note_running(&RunningXacts {
                next: running.next_xid,
                oldest: running.oldest_running_xid,
                latest_completed: running.latest_completed_xid,
                xids,
            });
        }
        StandbyRecord::Invalidations(_) => note_invalidations(env),
    }
    Ok(())
}

/// Takes for a transaction of the primary the lock that it has there.
async fn take_lock(env: &Env, state: &mut RedoState, lock: StandbyLock) -> Result<()> {
    env.txns.procs.note_seen(lock.xid);
    let tag = LockTag::Relation { db: lock.db, rel: lock.rel };
    let held = state.locks.entry(lock.xid).or_default();
    if !held.contains(&tag) {
        env.txns.locks.acquire(&env.cx, env.lock_timeouts(), tag, LockMode::AccessExclusive).await?;
        held.push(tag);
    }
    Ok(())
}
