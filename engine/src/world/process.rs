//! A process: its state as the scheduler sees it, and the handle through which it acts.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

use super::executor::{Turn, World};
use crate::ids::{BackendType, Error, HostId, Instant, Pid, Result, Severity, TimestampTz, WaitEvent, sqlstate};
use crate::trace::Event;

/// Whether a process can run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RunState {
    /// It goes on at this moment; until then it pays for its last step, or for input and output.
    Ready {
        /// When.
        at: Instant,
        /// The disk operation it stands in, if it does.
        io: Option<WaitEvent>,
    },
    /// It waits to be woken.
    Waiting {
        /// What for.
        event: WaitEvent,
        /// A timer that ends the wait.
        timer: Option<Instant>,
        /// Something is on its way to it and arrives then.
        arrival: Option<Instant>,
    },
}

/// What a process is told from outside.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Interrupt {
    /// SIGINT: end the statement.
    Cancel,
    /// SIGTERM: end the session.
    Terminate,
    /// SIGHUP: read the settings again.
    Reload,
    /// SIGQUIT: shared memory may be damaged; end at once.
    Quit,
    /// On a standby: the session stands in the way of replay and has had its time.
    Conflict(Conflict),
    /// Its time is up.
    Timeout(Timeout),
}

/// The time limits of a session that end what it does from outside; that for a lock belongs to the wait itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Timeout {
    /// `statement_timeout`
    Statement,
    /// `idle_in_transaction_session_timeout`
    IdleInTransaction,
    /// `idle_session_timeout`
    Idle,
}

impl Timeout {
    fn error(self) -> Error {
        let (code, message) = match self {
            Timeout::Statement => {
                return Error::new(sqlstate::QUERY_CANCELED, "canceling statement due to statement timeout");
            }
            Timeout::IdleInTransaction => (sqlstate::IDLE_IN_TRANSACTION_SESSION_TIMEOUT, "idle-in-transaction"),
            Timeout::Idle => (sqlstate::IDLE_SESSION_TIMEOUT, "idle-session"),
        };
        Error::new(code, format!("terminating connection due to {message} timeout")).severity(Severity::Fatal)
    }
}

/// How a session of a standby can stand in the way of replay.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Conflict {
    /// Its snapshot may see row versions that are to be removed.
    Snapshot,
    /// It has locked a table that a transaction of the primary has to itself.
    Lock,
}

impl Conflict {
    /// The DETAIL of the error.
    fn detail(self) -> &'static str {
        match self {
            Conflict::Snapshot => "User query might have needed to see row versions that must be removed.",
            Conflict::Lock => "User was holding a relation lock for too long.",
        }
    }
}

/// What there is to see of a process.
#[derive(Clone, Debug)]
pub struct ProcessInfo {
    /// Its id.
    pub pid: Pid,
    /// Where it runs.
    pub host: HostId,
    /// What it is.
    pub backend_type: BackendType,
    /// Whether it can run.
    pub state: RunState,
    /// Whether the user holds it.
    pub frozen: bool,
    /// What it has been told and has not yet noticed.
    pub interrupts: Vec<Interrupt>,
    /// When it was started.
    pub started: Instant,
    /// Who started it, and is woken when it ends; 0 is the world itself.
    pub parent: Pid,
}

impl ProcessInfo {
    /// What `pg_stat_activity` says it waits for.
    pub fn wait_event(&self) -> Option<WaitEvent> {
        match self.state {
            RunState::Ready { io, .. } => io,
            RunState::Waiting { event, .. } => Some(event),
        }
    }
}

/// A process in the scheduler's table.
pub(super) struct Process {
    pub(super) info: ProcessInfo,
    tie: u64,
    /// It was woken before it began to wait: the next wait ends at once.
    woken: bool,
    /// A time limit: when it ends, and which it is.
    alarm: Option<(Instant, Timeout)>,
    pub(super) future: Option<Pin<Box<dyn Future<Output = ()>>>>,
}

impl Process {
    pub(super) fn new(
        pid: Pid,
        host: HostId,
        backend_type: BackendType,
        state: RunState,
        tie: u64,
        parent: Pid,
        future: Pin<Box<dyn Future<Output = ()>>>,
    ) -> Process {
        let started = match state {
            RunState::Ready { at, .. } => at,
            RunState::Waiting { .. } => Instant(0),
        };
        let info =
            ProcessInfo { pid, host, backend_type, state, frozen: false, interrupts: Vec::new(), started, parent };
        Process { info, tie, woken: false, alarm: None, future: Some(future) }
    }

    /// When its turn is, and whether that is work rather than a timer; `None` if only another can wake it.
    pub(super) fn turn(&self) -> Option<(Turn, bool)> {
        if self.info.frozen {
            return None;
        }
        let (at, work) = match self.info.state {
            RunState::Ready { at, .. } => (at, true),
            RunState::Waiting { timer, arrival, .. } => match (timer, arrival) {
                (Some(timer), Some(arrival)) if timer < arrival => (timer, false),
                (_, Some(arrival)) => (arrival, true),
                (Some(timer), None) => (timer, false),
                (None, None) => return None,
            },
        };
        Some(((at, self.tie, self.info.pid), work))
    }

    pub(super) fn ready(&mut self, at: Instant, tie: u64, io: Option<WaitEvent>) {
        self.tie = tie;
        self.info.state = RunState::Ready { at, io };
    }

    /// The process is about to run.
    pub(super) fn begin_turn(&mut self, now: Instant) {
        self.info.state = RunState::Ready { at: now, io: None };
    }

    pub(super) fn wake(&mut self, now: Instant) {
        match self.info.state {
            RunState::Waiting { .. } => self.info.state = RunState::Ready { at: now, io: None },
            RunState::Ready { .. } => self.woken = true,
        }
    }

    /// SIGALRM: a time limit that has been reached becomes an interrupt.
    fn ring(&mut self, now: Instant) {
        if let Some((_, timeout)) = self.alarm.take_if(|(at, _)| *at <= now) {
            self.info.interrupts.push(Interrupt::Timeout(timeout));
        }
    }

    pub(super) fn arrives_at(&mut self, at: Instant) {
        if let RunState::Waiting { arrival, .. } = &mut self.info.state {
            *arrival = Some(arrival.map_or(at, |earlier| earlier.min(at)));
        }
    }
}

/// Why a wait ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Woke {
    /// Somebody asked the process to look up.
    Latch,
    /// Its time is up.
    Timer,
}

/// A process's handle on the world: who it is, and its verbs.
#[derive(Clone)]
pub struct Cx {
    world: World,
    pid: Pid,
    host: HostId,
}

impl Cx {
    pub(super) fn new(world: World, pid: Pid, host: HostId) -> Cx {
        Cx { world, pid, host }
    }

    /// Who this is.
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// Where it runs.
    pub fn host(&self) -> HostId {
        self.host
    }

    /// The room it lives in.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// The moment it is.
    pub fn now(&self) -> Instant {
        self.world.now()
    }

    /// The moment it is, as this host's wall clock says.
    pub fn timestamp(&self) -> TimestampTz {
        self.world.timestamp()
    }

    /// Notes an event inside an atomic section.
    #[inline]
    pub fn emit(&self, event: Event) {
        self.world.emit(event);
    }

    /// Notes an event and ends the step: another process may run here.
    #[inline]
    pub async fn point(&self, event: Event) {
        self.world.emit(event);
        self.end_step().await;
    }

    /// Ends the step with what was noted since the last one: another process may run here.
    #[inline]
    pub async fn end_step(&self) {
        if !self.world.end_step(self.pid, self.world.costs().point, None) {
            suspend_once().await;
        }
    }

    /// Stands in a disk operation for `cost` microseconds of virtual time.
    pub(super) async fn io(&self, event: WaitEvent, cost: u64) {
        if cost == 0 {
            return;
        }
        self.world.emit(Event::WaitStart { event });
        if !self.world.end_step(self.pid, cost, Some(event)) {
            suspend_once().await;
        }
        self.world.emit(Event::WaitEnd { event });
    }

    /// Waits to be woken, or until the timer rings. Waking may be for another reason than hoped: the caller
    /// looks again and waits again.
    pub async fn wait(&self, event: WaitEvent, timer: Option<Instant>) -> Woke {
        self.wait_with_arrival(event, timer, None).await
    }

    /// The same, with something on its way that will arrive then.
    pub(super) async fn wait_with_arrival(
        &self,
        event: WaitEvent,
        timer: Option<Instant>,
        arrival: Option<Instant>,
    ) -> Woke {
        let now = self.now();
        let looked = self.world.with_process(self.pid, |p| {
            p.ring(now);
            (std::mem::take(&mut p.woken), p.alarm)
        });
        let (woken, alarm) = looked.unwrap_or_default();
        if woken {
            return Woke::Latch;
        }
        if timer.is_some_and(|at| at <= self.now()) {
            return Woke::Timer;
        }
        self.world.emit(Event::WaitStart { event });
        // A time limit ends the wait too, and is found when the process looks for interrupts.
        let rings = [timer, alarm.map(|(at, _)| at)].into_iter().flatten().min();
        self.world.with_process(self.pid, |p| p.info.state = RunState::Waiting { event, timer: rings, arrival });
        self.world.end_wait_step();
        suspend_once().await;
        self.world.emit(Event::WaitEnd { event });
        if timer.is_some_and(|at| at <= self.now()) { Woke::Timer } else { Woke::Latch }
    }

    /// Sleeps for so many microseconds of virtual time; an interrupt ends the sleep early.
    pub async fn sleep(&self, event: WaitEvent, micros: u64) -> Woke {
        let until = self.now() + micros;
        self.wait(event, Some(until)).await
    }

    /// `CHECK_FOR_INTERRUPTS`: what this process has been told, as an error; the interrupt is used up.
    pub fn check_for_interrupts(&self) -> Result<()> {
        let now = self.now();
        let told = self.world.with_process(self.pid, |p| {
            p.ring(now);
            let terminate = p.info.interrupts.iter().position(|i| matches!(i, Interrupt::Terminate | Interrupt::Quit));
            let cancels =
                |i: &Interrupt| matches!(i, Interrupt::Cancel | Interrupt::Conflict(_) | Interrupt::Timeout(_));
            let next = terminate.or_else(|| p.info.interrupts.iter().position(cancels));
            next.map(|at| p.info.interrupts.remove(at))
        });
        match told.flatten() {
            Some(Interrupt::Cancel) => {
                Err(Error::new(sqlstate::QUERY_CANCELED, "canceling statement due to user request"))
            }
            Some(Interrupt::Terminate) => {
                let message = "terminating connection due to administrator command";
                Err(Error::new(sqlstate::ADMIN_SHUTDOWN, message).severity(Severity::Fatal))
            }
            Some(Interrupt::Quit) => {
                let message = "terminating connection because of crash of another server process";
                Err(Error::new(sqlstate::CRASH_SHUTDOWN, message).severity(Severity::Fatal))
            }
            Some(Interrupt::Conflict(conflict)) => {
                let message = "canceling statement due to conflict with recovery";
                Err(Error::new(sqlstate::SERIALIZATION_FAILURE, message).detail(conflict.detail()))
            }
            Some(Interrupt::Timeout(timeout)) => Err(timeout.error()),
            Some(Interrupt::Reload) | None => Ok(()),
        }
    }

    /// Children that have ended since the last call, and whether they were killed: what waitpid tells.
    pub fn reap(&self) -> Vec<(Pid, bool)> {
        self.world.reap(self.pid)
    }

    /// Uses up everything that this process has been told, in order: for one that acts on signals by itself.
    pub fn take_signals(&self) -> Vec<Interrupt> {
        self.world.with_process(self.pid, |p| std::mem::take(&mut p.info.interrupts)).unwrap_or_default()
    }

    /// Uses up a request to read the settings again.
    pub fn take_reload(&self) -> bool {
        let taken = self.world.with_process(self.pid, |p| {
            let before = p.info.interrupts.len();
            p.info.interrupts.retain(|i| *i != Interrupt::Reload);
            p.info.interrupts.len() < before
        });
        taken == Some(true)
    }

    /// Forgets cancel requests that came too late.
    pub fn forget_cancel(&self) {
        self.world.with_process(self.pid, |p| p.info.interrupts.retain(|i| *i != Interrupt::Cancel));
    }

    /// Has a time limit end at this moment; none, and nothing more is heard of the one before.
    pub fn set_alarm(&self, alarm: Option<(Instant, Timeout)>) {
        self.world.with_process(self.pid, |p| {
            p.alarm = alarm;
            p.info.interrupts.retain(|i| !matches!(i, Interrupt::Timeout(_)));
        });
    }
}

/// Hands control back once.
fn suspend_once() -> impl Future<Output = ()> {
    let suspended = Cell::new(false);
    poll_fn(move |_| if suspended.replace(true) { Poll::Ready(()) } else { Poll::Pending })
}
