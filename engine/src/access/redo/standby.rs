//! What a standby follows of the primary's transactions: who runs, and who has locked tables against everybody.
//!
//! The standby's own sessions can be in the way: the primary does not know of their snapshots and locks. Replay waits for
//! them, but not for ever: after `max_standby_streaming_delay` their statements are cancelled.

use super::super::Env;
use crate::ids::{LockMode, Pid, Result, WaitEvent, Xid, XidStatus, sqlstate};
use crate::settings::Setting;
use crate::small;
use crate::txn::{LockTag, LockTimeouts, ProcEntry, RunningXacts};
use crate::wal::DecodedRecord;
use crate::wal::standby_records::{StandbyLock, StandbyRecord};
use crate::world::{Conflict, Interrupt};

/// How often replay looks again whether sessions in its way have gone, in microseconds.
const CONFLICT_CHECK: u64 = 10_000;

/// `max_standby_streaming_delay` in microseconds.
fn patience(env: &Env) -> u64 {
    let millis = env.settings.borrow().int(Setting::max_standby_streaming_delay);
    u64::try_from(millis).map_or(u64::MAX, |millis| millis * 1_000)
}

/// What replay remembers from record to record.
#[derive(Default, Debug)]
pub struct RedoState {
    /// The tables that transactions of the primary have locked. The startup process holds the locks for them.
    locks: small::Map<Xid, Vec<LockTag>>,
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
        env.txns.procs.note_running(&RunningXacts { next, oldest: next, latest_completed, ..RunningXacts::default() });
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
                subxids: running.subxids,
                overflowed: running.subxid_overflow,
            });
        }
        StandbyRecord::Invalidations(sent) => env.txns.invalidate(&sent.messages),
    }
    Ok(())
}

/// Takes for a transaction of the primary the lock that it has there. Whoever is in the way on this side is asked to
/// go after a while.
async fn take_lock(env: &Env, state: &mut RedoState, lock: StandbyLock) -> Result<()> {
    env.txns.procs.note_seen(lock.xid);
    let tag = LockTag::Relation { db: lock.db, rel: lock.rel };
    if state.locks.get(&lock.xid).is_some_and(|held| held.contains(&tag)) {
        return Ok(());
    }
    let mut timeouts = LockTimeouts::of_replay(patience(env).max(1));
    while let Err(error) = env.txns.locks.acquire(&env.cx, timeouts, tag, LockMode::AccessExclusive).await {
        if error.code() != sqlstate::LOCK_NOT_AVAILABLE {
            return Err(error);
        }
        let held = env.txns.locks.list().into_iter().filter(|held| held.tag == tag && held.granted);
        held.for_each(|held| env.cx.world().interrupt(held.pid, Interrupt::Conflict(Conflict::Lock)));
        timeouts = LockTimeouts::of_replay(CONFLICT_CHECK);
    }
    state.locks.or_default(lock.xid).push(tag);
    Ok(())
}

/// `ResolveRecoveryConflictWithSnapshot`: versions that ended with `removed` at the latest are about to go. Waits until
/// no session has a snapshot that may see them; whoever takes too long is asked to go.
pub(super) async fn wait_for_snapshots(env: &Env, removed: Xid) -> Result<()> {
    if !removed.is_valid() {
        return Ok(());
    }
    let give_up = env.cx.now() + patience(env);
    let mut asked = Vec::new();
    loop {
        let conflicts = |entry: &ProcEntry| entry.xmin.is_valid() && entry.xmin.precedes_or_equals(removed);
        let holders: Vec<Pid> = env.txns.procs.entries().iter().filter(|e| conflicts(e)).map(|e| e.pid).collect();
        if holders.is_empty() {
            return Ok(());
        }
        if env.cx.now() >= give_up {
            for pid in holders.into_iter().filter(|pid| !asked.contains(pid)).collect::<Vec<_>>() {
                env.cx.world().interrupt(pid, Interrupt::Conflict(Conflict::Snapshot));
                asked.push(pid);
            }
        }
        env.cx.sleep(WaitEvent::RecoveryConflictSnapshot, CONFLICT_CHECK).await;
        env.cx.check_for_interrupts()?;
    }
}
