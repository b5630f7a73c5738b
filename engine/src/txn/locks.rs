//! The lock manager's shared part: heavyweight locks on tables, transactions and rows, with queues.
//!
//! A request that conflicts with a lock held by another, or with somebody who already waits, joins the queue. When a
//! lock is released the queue is gone through from the front, and whoever conflicts with nobody any more is granted,
//! woken, and out of the queue. After `deadlock_timeout` a waiter looks whether it waits for itself in the end
//! (`deadlock.rs`).
//!
//! What a process holds how often, and for which of its subtransactions, it knows itself (`local_locks.rs`): here it
//! holds a mode or does not.
//!
//! PostgreSQL lets a backend note weak locks on tables in a corner of its own instead (the *fast path*), up to sixteen
//! and as long as nobody wants a strong lock on the table. Here all locks are in one table; `fast` says which ones would
//! be there, for `pg_locks`.

use crate::small;
use std::cell::{OnceCell, RefCell};
use std::fmt;

use super::deadlock::{self, Verdict, Wait};
use crate::ids::{Error, Instant, LockMode, Oid, Pid, Result, Tid, TimestampTz, WaitEvent, Xid, sqlstate};
use crate::settings::{Setting, Settings};
use crate::trace::Event;
use crate::world::{Cx, Interrupt, World};

/// `FP_LOCK_SLOTS_PER_BACKEND`
const FAST_SLOTS: usize = 16;

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
    /// A row that a transaction adds on approval: held until its fate is known.
    SpeculativeToken {
        /// The transaction.
        xid: Xid,
        /// Which of its rows.
        token: u32,
    },
    /// A number, or a pair of them, to which applications give a meaning.
    Advisory {
        /// The database.
        db: Oid,
        /// The high half of a number, or the first of a pair.
        high: u32,
        /// The low half, or the second.
        low: u32,
        /// Whether it is a pair.
        pair: bool,
    },
}

impl LockTag {
    fn wait_event(self) -> WaitEvent {
        match self {
            LockTag::Relation { .. } => WaitEvent::LockRelation,
            LockTag::Tuple { .. } => WaitEvent::LockTuple,
            LockTag::Transaction(_) => WaitEvent::LockTransactionId,
            LockTag::SpeculativeToken { .. } => WaitEvent::LockSpectoken,
            LockTag::Advisory { .. } => WaitEvent::LockAdvisory,
        }
    }

    /// `pg_locks.locktype`
    pub fn type_name(self) -> &'static str {
        self.wait_event().name()
    }

    fn relation(self) -> Oid {
        match self {
            LockTag::Relation { rel, .. } | LockTag::Tuple { rel, .. } => rel,
            _ => Oid::INVALID,
        }
    }

    fn xid(self) -> Xid {
        match self {
            LockTag::Transaction(xid) | LockTag::SpeculativeToken { xid, .. } => xid,
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
            LockTag::SpeculativeToken { xid, token } => write!(f, "speculative token {token} of transaction {xid}"),
            LockTag::Advisory { db, high, low, pair } => {
                write!(f, "advisory lock [{db},{high},{low},{}]", 1 + u8::from(*pair))
            }
        }
    }
}

/// A mode in which a process holds a lock.
#[derive(Clone, Copy)]
struct Granted {
    pid: Pid,
    mode: LockMode,
    fast: bool,
}

/// One who waits for a lock.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiter {
    pub(super) pid: Pid,
    pub(super) mode: LockMode,
    pub(super) since: TimestampTz,
}

/// A lock: who holds it, who waits.
#[derive(Default)]
pub(super) struct Lock {
    granted: Vec<Granted>,
    pub(super) queue: Vec<Waiter>,
}

/// All locks that are held or waited for.
pub(super) type Locks = small::Map<LockTag, Lock>;

impl Lock {
    /// Who holds what keeps `pid` from having `mode`.
    pub(super) fn holders_against(&self, pid: Pid, mode: LockMode) -> impl Iterator<Item = Pid> {
        let against = move |held: &&Granted| held.pid != pid && held.mode.conflicts_with(mode);
        let mut seen = None;
        self.granted.iter().filter(against).map(|held| held.pid).filter(move |pid| seen.replace(*pid) != Some(*pid))
    }

    /// Whether `pid` may have `mode` although `ahead` wait before it.
    fn is_free_for(&self, pid: Pid, mode: LockMode, ahead: &[Waiter]) -> bool {
        let waited_for = ahead.iter().any(|waiter| waiter.pid != pid && waiter.mode.conflicts_with(mode));
        !waited_for && self.holders_against(pid, mode).next().is_none()
    }

    fn holds(&self, pid: Pid, at_least: LockMode) -> bool {
        self.granted.iter().any(|held| held.pid == pid && held.mode >= at_least)
    }

    pub(super) fn grant(&mut self, pid: Pid, mode: LockMode, fast: bool) {
        // The modes of one process stand together.
        let same = |held: &Granted| held.pid == pid && held.mode <= mode;
        let at = self.granted.iter().rposition(same).map_or(self.granted.len(), |at| at + 1);
        if at == 0 || !(self.granted[at - 1].pid == pid && self.granted[at - 1].mode == mode) {
            self.granted.insert(at, Granted { pid, mode, fast });
        }
    }

    /// Grants from the front of the queue whatever is free now; returns who is to be woken.
    fn grant_queue(&mut self) -> Vec<Pid> {
        let mut woken = Vec::new();
        let mut at = 0;
        while at < self.queue.len() {
            let Waiter { pid, mode, .. } = self.queue[at];
            if self.is_free_for(pid, mode, &self.queue[..at]) {
                self.queue.remove(at);
                self.grant(pid, mode, false);
                woken.push(pid);
            } else {
                at += 1;
            }
        }
        woken
    }

    /// Joins the queue: at its end, but before the first who waits for something this process holds. If that one is in
    /// turn in this process's way, they would wait for each other: then it is returned.
    fn enqueue(&mut self, waiter: Waiter) -> Option<Waiter> {
        let held: Vec<LockMode> = self.granted.iter().filter(|h| h.pid == waiter.pid).map(|h| h.mode).collect();
        let blocked_by_us = |other: &Waiter| held.iter().any(|mode| mode.conflicts_with(other.mode));
        let at = self.queue.iter().position(blocked_by_us).unwrap_or(self.queue.len());
        let rival = self.queue.get(at).copied().filter(|rival| self.holds_against(rival.pid, waiter.mode));
        if rival.is_none() {
            self.queue.insert(at, waiter);
        }
        rival
    }

    fn holds_against(&self, pid: Pid, mode: LockMode) -> bool {
        self.granted.iter().any(|held| held.pid == pid && held.mode.conflicts_with(mode))
    }
}

/// Whether a lock in this mode is one that the fast path gives way to.
fn is_strong(mode: LockMode) -> bool {
    mode > LockMode::ShareUpdateExclusive
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
    /// Whether PostgreSQL would have it in the backend's own corner.
    pub fast: bool,
    /// Since when it is waited for.
    pub wait_start: Option<TimestampTz>,
}

/// How long a session waits for a lock, in microseconds.
#[derive(Clone, Copy, Debug)]
pub struct LockTimeouts {
    /// Before it looks for a deadlock.
    deadlock: u64,
    /// Before it gives up; 0: never.
    lock: u64,
    /// Whether the server's log is told of a wait so long that a deadlock was looked for.
    log: bool,
}

impl LockTimeouts {
    /// As replay on a standby waits: so long, and without looking for a deadlock, which ends with the wait.
    pub fn of_replay(lock: u64) -> LockTimeouts {
        LockTimeouts { deadlock: u64::MAX, lock, log: false }
    }

    /// As the session's settings say.
    pub fn of(settings: &Settings) -> LockTimeouts {
        let micros = |setting| settings.int(setting) as u64 * 1_000;
        LockTimeouts {
            deadlock: micros(Setting::deadlock_timeout),
            lock: micros(Setting::lock_timeout),
            log: settings.on(Setting::log_lock_waits),
        }
    }
}

/// The shared lock table, and the processes that give way.
#[derive(Default)]
pub struct LockManager(RefCell<Locks>, RefCell<Vec<Pid>>, OnceCell<LockLog>);

/// Where long waits are told of: who waits, what the log says, and its DETAIL.
type LockLog = Box<dyn Fn(Pid, String, String)>;

impl LockManager {
    /// Takes a lock if nobody stands in the way.
    pub fn try_acquire(&self, pid: Pid, tag: LockTag, mode: LockMode) -> bool {
        let mut locks = self.0.borrow_mut();
        let fast = self.is_fast(&locks, pid, tag, mode);
        let lock = locks.or_default(tag);
        let free = lock.is_free_for(pid, mode, &lock.queue);
        if free {
            lock.grant(pid, mode, fast);
        }
        if is_strong(mode) {
            lock.granted.iter_mut().for_each(|held| held.fast = false);
        }
        if lock.granted.is_empty() {
            locks.remove(&tag);
        }
        free
    }

    /// `EligibleForRelationFastPath`, and whether there is room.
    fn is_fast(&self, locks: &Locks, pid: Pid, tag: LockTag, mode: LockMode) -> bool {
        let LockTag::Relation { db, .. } = tag else { return false };
        if !db.is_valid() || mode >= LockMode::ShareUpdateExclusive {
            return false;
        }
        let wanted = |lock: &Lock| {
            lock.queue.iter().any(|waiter| is_strong(waiter.mode)) || lock.granted.iter().any(|h| is_strong(h.mode))
        };
        let noted = |lock: &Lock| lock.granted.iter().any(|held| held.pid == pid && held.fast);
        let here = locks.get(&tag);
        !here.is_some_and(wanted)
            && (here.is_some_and(noted) || locks.values().filter(|lock| noted(lock)).count() < FAST_SLOTS)
    }

    /// Takes a lock, waiting if need be. Fails when the wait is cancelled, times out or ends in a deadlock.
    pub async fn acquire(&self, cx: &Cx, timeouts: LockTimeouts, tag: LockTag, mode: LockMode) -> Result<()> {
        let pid = cx.pid();
        let (relation, xid) = (tag.relation(), tag.xid());
        if self.try_acquire(pid, tag, mode) {
            cx.emit(Event::LockGranted { relation, xid, mode });
            return Ok(());
        }
        self.enqueue(cx, tag, mode)?;
        cx.emit(Event::LockWait { relation, xid, mode });
        let waited = self.wait_in_queue(cx, timeouts, tag, mode).await;
        match waited {
            Ok(()) => cx.emit(Event::LockGranted { relation, xid, mode }),
            Err(_) => self.leave_queue(cx.world(), pid, tag),
        }
        waited
    }

    /// Joins the queue; or is granted at once, being first in it; or fails, since two would wait for each other.
    fn enqueue(&self, cx: &Cx, tag: LockTag, mode: LockMode) -> Result<()> {
        let pid = cx.pid();
        let mut rival = None;
        self.change(cx.world(), tag, |lock| rival = lock.enqueue(Waiter { pid, mode, since: cx.timestamp() }));
        let Some(rival) = rival else { return Ok(()) };
        cx.emit(Event::DeadlockFound);
        Err(deadlock::error(&[Wait { pid, tag, mode }, Wait { pid: rival.pid, tag, mode: rival.mode }]))
    }

    async fn wait_in_queue(&self, cx: &Cx, timeouts: LockTimeouts, tag: LockTag, mode: LockMode) -> Result<()> {
        let began = cx.now();
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
                self.check_deadlock(cx)?;
                if self.is_queued(cx.pid(), tag) {
                    self.log_wait(cx, timeouts, tag, mode, "still waiting for", began);
                }
                continue;
            }
            let timers = [Some(check_at).filter(|_| !checked), give_up_at].into_iter().flatten();
            let timer = timers.min().filter(|at| *at < Instant::NEVER);
            cx.wait(tag.wait_event(), timer).await;
        }
        if checked {
            self.log_wait(cx, timeouts, tag, mode, "acquired", began);
        }
        Ok(())
    }

    fn check_deadlock(&self, cx: &Cx) -> Result<()> {
        let verdict = deadlock::check(&self.0.borrow(), cx.pid());
        match verdict {
            // Who has waited so long for an autovacuum has it cancelled.
            Verdict::None => {
                let blockers = self.blocking_pids(cx.pid());
                if let Some(pid) = blockers.iter().find(|pid| self.1.borrow().contains(pid)) {
                    cx.world().interrupt(*pid, Interrupt::Cancel);
                }
            }
            Verdict::Soft(orders) => {
                for (tag, order) in orders {
                    let place = |pid: Pid| order.iter().position(|other| *other == pid);
                    self.change(cx.world(), tag, |lock| {
                        crate::small::sort_by_key(&mut lock.queue, |waiter| place(waiter.pid))
                    });
                }
            }
            Verdict::Hard(circle) => {
                cx.emit(Event::DeadlockFound);
                return Err(deadlock::error(&circle));
            }
        }
        Ok(())
    }

    /// Long waits are to be told of here.
    pub fn set_log(&self, log: impl Fn(Pid, String, String) + 'static) {
        let _ = self.2.set(Box::new(log));
    }

    /// `log_lock_waits`
    fn log_wait(&self, cx: &Cx, timeouts: LockTimeouts, tag: LockTag, mode: LockMode, what: &str, began: Instant) {
        let Some(log) = self.2.get().filter(|_| timeouts.log) else { return };
        let (pid, took) = (cx.pid(), cx.now() - began);
        let on = format!("{} on {tag} after {}.{:03} ms", mode.name(), took / 1_000, took % 1_000);
        let list = |pids: Vec<Pid>| pids.iter().map(Pid::to_string).collect::<Vec<_>>().join(", ");
        let detail = match self.0.borrow().get(&tag).filter(|_| what != "acquired") {
            Some(lock) => {
                let holders: Vec<Pid> = lock.granted.iter().map(|held| held.pid).collect();
                let s = if holders.len() == 1 { "" } else { "es" };
                let queue = list(lock.queue.iter().map(|waiter| waiter.pid).collect());
                format!("Process{s} holding the lock: {}. Wait queue: {queue}.", list(holders))
            }
            None => String::new(),
        };
        log(pid, format!("process {pid} {what} {on}"), detail);
    }

    /// This process may be cancelled for standing in somebody's way: an autovacuum.
    pub fn give_way(&self, pid: Pid) {
        self.1.borrow_mut().push(pid);
    }

    /// It may not, any more.
    pub fn spare(&self, pid: Pid) {
        self.1.borrow_mut().retain(|other| *other != pid);
    }

    fn is_queued(&self, pid: Pid, tag: LockTag) -> bool {
        self.0.borrow().get(&tag).is_some_and(|lock| lock.queue.iter().any(|waiter| waiter.pid == pid))
    }

    fn leave_queue(&self, world: &World, pid: Pid, tag: LockTag) {
        self.change(world, tag, |lock| lock.queue.retain(|waiter| waiter.pid != pid));
    }

    /// Changes a lock, and grants what that makes free.
    fn change(&self, world: &World, tag: LockTag, change: impl FnOnce(&mut Lock)) {
        let mut locks = self.0.borrow_mut();
        let lock = locks.or_default(tag);
        change(lock);
        let woken = lock.grant_queue();
        if lock.granted.is_empty() && lock.queue.is_empty() {
            locks.remove(&tag);
        }
        drop(locks);
        woken.into_iter().for_each(|pid| world.wake(pid));
    }

    /// Gives one lock back.
    pub fn release(&self, world: &World, pid: Pid, tag: LockTag, mode: LockMode) {
        self.change(world, tag, |lock| lock.granted.retain(|held| (held.pid, held.mode) != (pid, mode)));
    }

    /// Gives back everything that a process holds and has it leave all queues.
    pub fn release_all(&self, world: &World, pid: Pid) {
        let concerns = |lock: &Lock| {
            lock.granted.iter().any(|held| held.pid == pid) || lock.queue.iter().any(|waiter| waiter.pid == pid)
        };
        let locks = self.0.borrow();
        let tags: Vec<LockTag> = locks.iter().filter(|(_, lock)| concerns(lock)).map(|(tag, _)| *tag).collect();
        drop(locks);
        for tag in tags {
            self.change(world, tag, |lock| {
                lock.granted.retain(|granted| granted.pid != pid);
                lock.queue.retain(|waiter| waiter.pid != pid);
            });
        }
    }

    /// Whether a process holds a lock in at least this mode.
    pub fn holds(&self, pid: Pid, tag: LockTag, mode: LockMode) -> bool {
        self.0.borrow().get(&tag).is_some_and(|lock| lock.holds(pid, mode))
    }

    /// All locks, held and waited for.
    pub fn list(&self) -> Vec<LockInfo> {
        let mut rows = Vec::new();
        for (tag, lock) in self.0.borrow().iter() {
            let row = |pid, mode, fast, wait_start: Option<TimestampTz>| LockInfo {
                tag: *tag,
                pid,
                mode,
                granted: wait_start.is_none(),
                fast,
                wait_start,
            };
            rows.extend(lock.granted.iter().map(|held| row(held.pid, held.mode, held.fast, None)));
            rows.extend(lock.queue.iter().map(|waiter| row(waiter.pid, waiter.mode, false, Some(waiter.since))));
        }
        rows
    }

    /// `pg_blocking_pids`: in whose way the process stands still.
    pub fn blocking_pids(&self, pid: Pid) -> Vec<Pid> {
        let mut blockers = Vec::new();
        for lock in self.0.borrow().values() {
            let Some(at) = lock.queue.iter().position(|waiter| waiter.pid == pid) else { continue };
            let mode = lock.queue[at].mode;
            blockers.extend(lock.holders_against(pid, mode));
            blockers.extend(lock.queue[..at].iter().filter(|w| w.mode.conflicts_with(mode)).map(|w| w.pid));
        }
        blockers.dedup();
        blockers
    }
}
