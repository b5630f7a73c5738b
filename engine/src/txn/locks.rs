//! The lock manager: heavyweight locks on tables, transactions and rows, with queues.
//!
//! A request that conflicts with a lock held by another, or with somebody who already waits, joins the end of the
//! queue. When a lock is released the queue is gone through from the front, and whoever conflicts with nobody any
//! more is granted, woken, and out of the queue. After `deadlock_timeout` a waiter looks whether it waits for
//! itself in the end (`deadlock.rs`).

use crate::small;
use std::cell::RefCell;
use std::fmt;

use super::deadlock;
use crate::ids::{Error, Instant, LockMode, Oid, Pid, Result, Tid, WaitEvent, Xid, sqlstate};
use crate::settings::{Setting, Settings};
use crate::trace::Event;
use crate::world::{Cx, World};

/// What is locked; `LOCKTAG`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum LockTag {
    /// A table.
    Relation {
        /// Its database.
        db: Oid,
        /// The table.
        rel: Oid,
    },
    /// The place at the head of the queue for a row.
    Tuple {
        /// Its database.
        db: Oid,
        /// Its table.
        rel: Oid,
        /// The row version.
        tid: Tid,
    },
    /// A transaction: held by itself as long as it lives.
    Transaction(Xid),
}

impl LockTag {
    fn wait_event(self) -> WaitEvent {
        match self {
            LockTag::Relation { .. } => WaitEvent::LockRelation,
            LockTag::Tuple { .. } => WaitEvent::LockTuple,
            LockTag::Transaction(_) => WaitEvent::LockTransactionId,
        }
    }

    /// `pg_locks.locktype`
    pub fn type_name(self) -> &'static str {
        match self {
            LockTag::Relation { .. } => "relation",
            LockTag::Tuple { .. } => "tuple",
            LockTag::Transaction(_) => "transactionid",
        }
    }

    fn relation(self) -> Oid {
        match self {
            LockTag::Relation { rel, .. } | LockTag::Tuple { rel, .. } => rel,
            LockTag::Transaction(_) => Oid::INVALID,
        }
    }

    fn xid(self) -> Xid {
        match self {
            LockTag::Transaction(xid) => xid,
            _ => Xid::INVALID,
        }
    }
}

impl fmt::Display for LockTag {
    /// As the DETAIL of a deadlock says it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LockTag::Relation { db, rel } => write!(f, "relation {rel} of database {db}"),
            LockTag::Tuple { db, rel, tid } => write!(f, "tuple {tid} of relation {rel} of database {db}"),
            LockTag::Transaction(xid) => write!(f, "transaction {xid}"),
        }
    }
}

#[derive(Clone, Copy)]
struct Granted {
    pid: Pid,
    mode: LockMode,
    /// How often the process asked for it.
    count: u32,
}

#[derive(Default)]
struct Lock {
    granted: Vec<Granted>,
    queue: Vec<(Pid, LockMode)>,
}

impl Lock {
    /// Whether `pid` may have `mode` although `ahead` wait before it.
    fn is_free_for(&self, pid: Pid, mode: LockMode, ahead: &[(Pid, LockMode)]) -> bool {
        let held = self.granted.iter().any(|held| held.pid != pid && held.mode.conflicts_with(mode));
        let waited_for = ahead.iter().any(|(waiter, wanted)| *waiter != pid && wanted.conflicts_with(mode));
        !held && !waited_for
    }

    fn grant(&mut self, pid: Pid, mode: LockMode) {
        match self.granted.iter_mut().find(|held| held.pid == pid && held.mode == mode) {
            Some(held) => held.count += 1,
            None => self.granted.push(Granted { pid, mode, count: 1 }),
        }
    }

    /// Grants from the front of the queue whatever is free now; returns who is to be woken.
    fn grant_queue(&mut self) -> Vec<Pid> {
        let mut woken = Vec::new();
        let mut at = 0;
        while at < self.queue.len() {
            let (pid, mode) = self.queue[at];
            if self.is_free_for(pid, mode, &self.queue[..at]) {
                self.queue.remove(at);
                self.grant(pid, mode);
                woken.push(pid);
            } else {
                at += 1;
            }
        }
        woken
    }
}

/// A row of `pg_locks`.
#[derive(Clone, Debug)]
pub struct LockInfo {
    /// What is locked.
    pub tag: LockTag,
    /// By whom, or who waits.
    pub pid: Pid,
    /// How.
    pub mode: LockMode,
    /// Whether it is held.
    pub granted: bool,
}

/// How long a session waits for a lock, in microseconds.
#[derive(Clone, Copy, Debug)]
pub struct LockTimeouts {
    /// Before it looks for a deadlock.
    deadlock: u64,
    /// Before it gives up; 0: never.
    lock: u64,
}

impl LockTimeouts {
    /// As replay on a standby waits: so long, and without looking for a deadlock, which ends with the wait.
    pub fn of_replay(lock: u64) -> LockTimeouts {
        LockTimeouts { deadlock: u64::MAX, lock }
    }

    /// As the session's settings say.
    pub fn of(settings: &Settings) -> LockTimeouts {
        let micros = |setting| settings.int(setting) as u64 * 1_000;
        LockTimeouts { deadlock: micros(Setting::deadlock_timeout), lock: micros(Setting::lock_timeout) }
    }
}

/// The shared lock table.
#[derive(Default)]
pub struct LockManager(RefCell<small::Map<LockTag, Lock>>);

impl LockManager {
    /// Takes a lock if nobody stands in the way.
    pub fn try_acquire(&self, pid: Pid, tag: LockTag, mode: LockMode) -> bool {
        let mut locks = self.0.borrow_mut();
        let lock = locks.or_default(tag);
        let holds_already = lock.granted.iter().any(|held| held.pid == pid && held.mode == mode);
        let free = holds_already || lock.is_free_for(pid, mode, &lock.queue);
        if free {
            lock.grant(pid, mode);
        }
        free
    }

    /// Takes a lock, waiting if need be. Fails when the wait is cancelled, times out or ends in a deadlock.
    pub async fn acquire(&self, cx: &Cx, timeouts: LockTimeouts, tag: LockTag, mode: LockMode) -> Result<()> {
        let pid = cx.pid();
        let (relation, xid) = (tag.relation(), tag.xid());
        if self.try_acquire(pid, tag, mode) {
            cx.emit(Event::LockGranted { relation, xid, mode });
            return Ok(());
        }
        self.enqueue(pid, tag, mode);
        cx.emit(Event::LockWait { relation, xid, mode });
        let waited = self.wait_in_queue(cx, timeouts, tag, mode).await;
        match waited {
            Ok(()) => cx.emit(Event::LockGranted { relation, xid, mode }),
            Err(_) => self.leave_queue(cx.world(), pid, tag),
        }
        waited
    }

    /// Joins the queue: at its end, but before the first waiter that waits for something this process holds.
    fn enqueue(&self, pid: Pid, tag: LockTag, mode: LockMode) {
        let mut locks = self.0.borrow_mut();
        let lock = locks.or_default(tag);
        let own: Vec<LockMode> = lock.granted.iter().filter(|held| held.pid == pid).map(|held| held.mode).collect();
        let blocked_by_us = |(_, wanted): &(Pid, LockMode)| own.iter().any(|held| held.conflicts_with(*wanted));
        let at = lock.queue.iter().position(blocked_by_us).unwrap_or(lock.queue.len());
        lock.queue.insert(at, (pid, mode));
    }

    async fn wait_in_queue(&self, cx: &Cx, timeouts: LockTimeouts, tag: LockTag, mode: LockMode) -> Result<()> {
        let check_at = cx.now() + timeouts.deadlock;
        let give_up_at = Some(timeouts.lock).filter(|n| *n > 0).map(|n| cx.now() + n);
        let mut checked = false;
        while self.is_queued(cx.pid(), tag) {
            cx.check_for_interrupts()?;
            if give_up_at.is_some_and(|at| at <= cx.now()) {
                return Err(Error::new(sqlstate::LOCK_NOT_AVAILABLE, "canceling statement due to lock timeout"));
            }
            if !checked && check_at <= cx.now() {
                checked = true;
                self.check_deadlock(cx, tag, mode)?;
            }
            let timers = [Some(check_at).filter(|_| !checked), give_up_at].into_iter().flatten();
            let timer = timers.min().filter(|at| *at < Instant::NEVER);
            cx.wait(tag.wait_event(), timer).await;
        }
        Ok(())
    }

    fn check_deadlock(&self, cx: &Cx, tag: LockTag, mode: LockMode) -> Result<()> {
        let Some(cycle) = deadlock::find_cycle(&self.waits(), cx.pid()) else { return Ok(()) };
        cx.emit(Event::DeadlockFound);
        debug_assert!(cycle.first().is_some_and(|wait| wait.tag == tag && wait.mode == mode));
        let lines: Vec<String> = cycle.iter().map(deadlock::Wait::to_string).collect();
        Err(Error::new(sqlstate::DEADLOCK_DETECTED, "deadlock detected")
            .detail(lines.join("\n"))
            .hint("See server log for query details."))
    }

    fn is_queued(&self, pid: Pid, tag: LockTag) -> bool {
        self.0.borrow().get(&tag).is_some_and(|lock| lock.queue.iter().any(|(waiter, _)| *waiter == pid))
    }

    fn leave_queue(&self, world: &World, pid: Pid, tag: LockTag) {
        self.change(world, tag, |lock| lock.queue.retain(|(waiter, _)| *waiter != pid));
    }

    /// Changes a lock, and grants what that makes free.
    fn change(&self, world: &World, tag: LockTag, change: impl FnOnce(&mut Lock)) {
        let mut locks = self.0.borrow_mut();
        let Some(lock) = locks.get_mut(&tag) else { return };
        change(lock);
        let woken = lock.grant_queue();
        if lock.granted.is_empty() && lock.queue.is_empty() {
            locks.remove(&tag);
        }
        drop(locks);
        woken.into_iter().for_each(|pid| world.wake(pid));
    }

    /// Gives one lock back, once.
    pub fn release(&self, world: &World, pid: Pid, tag: LockTag, mode: LockMode) {
        self.change(world, tag, |lock| {
            if let Some(at) = lock.granted.iter().position(|held| held.pid == pid && held.mode == mode) {
                lock.granted[at].count -= 1;
                if lock.granted[at].count == 0 {
                    lock.granted.remove(at);
                }
            }
        });
    }

    /// Gives back everything that a process holds and has it leave all queues. Returns how many locks it held.
    pub fn release_all(&self, world: &World, pid: Pid) -> u32 {
        let locks = self.0.borrow();
        let concerns = |lock: &Lock| {
            lock.granted.iter().any(|held| held.pid == pid) || lock.queue.iter().any(|(waiter, _)| *waiter == pid)
        };
        let tags: Vec<LockTag> = locks.iter().filter(|(_, lock)| concerns(lock)).map(|(tag, _)| *tag).collect();
        drop(locks);
        let mut held = 0;
        for tag in tags {
            self.change(world, tag, |lock| {
                let before = lock.granted.len();
                lock.granted.retain(|granted| granted.pid != pid);
                held += (before - lock.granted.len()) as u32;
                lock.queue.retain(|(waiter, _)| *waiter != pid);
            });
        }
        held
    }

    /// Whether a process holds a lock on a table in at least this mode.
    pub fn holds(&self, pid: Pid, tag: LockTag, mode: LockMode) -> bool {
        let locks = self.0.borrow();
        locks.get(&tag).is_some_and(|lock| lock.granted.iter().any(|held| held.pid == pid && held.mode >= mode))
    }

    /// All locks, held and waited for.
    pub fn list(&self) -> Vec<LockInfo> {
        let mut rows = Vec::new();
        for (tag, lock) in self.0.borrow().iter() {
            let row = |pid, mode, granted| LockInfo { tag: *tag, pid, mode, granted };
            rows.extend(lock.granted.iter().map(|held| row(held.pid, held.mode, true)));
            rows.extend(lock.queue.iter().map(|(pid, mode)| row(*pid, *mode, false)));
        }
        rows
    }

    /// Who waits for whom: one entry for each waiter and each process in its way.
    pub(super) fn waits(&self) -> Vec<deadlock::Wait> {
        let mut waits = Vec::new();
        for (tag, lock) in self.0.borrow().iter() {
            for (at, (pid, mode)) in lock.queue.iter().enumerate() {
                let held = lock.granted.iter().map(|held| (held.pid, held.mode));
                let ahead = lock.queue[..at].iter().copied();
                for (blocker, other) in held.chain(ahead) {
                    if blocker != *pid && other.conflicts_with(*mode) {
                        waits.push(deadlock::Wait { pid: *pid, tag: *tag, mode: *mode, blocker });
                    }
                }
            }
        }
        waits
    }

    /// `pg_blocking_pids`: in whose way the process stands still.
    pub fn blocking_pids(&self, pid: Pid) -> Vec<Pid> {
        let mut blockers: Vec<Pid> =
            self.waits().into_iter().filter(|wait| wait.pid == pid).map(|wait| wait.blocker).collect();
        blockers.dedup();
        blockers
    }
}
