//! The executor: who runs next, until when, and what a point costs.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use super::disk::{Disk, Outbox, SyncedBatch};
use super::process::{Cx, Process, RunState};
use super::random::Random;
use crate::ids::{BackendType, HostId, Instant, Pid, TimestampTz, WaitEvent};
use crate::trace::{Entry, Event, Trace};

/// What the world is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// To be looked at: work costs virtual time, and every point is a place to stop.
    Lab,
    /// A plain database: work costs nothing, nothing is kept, and a process goes on over its points until the steps
    /// that the driver allowed are made.
    Plain,
}

/// What work costs, in microseconds of virtual time.
#[derive(Clone, Copy, Debug)]
pub struct Costs {
    /// From one point of a process to the next.
    pub point: u64,
    /// Reading a page that the kernel does not have.
    pub disk_read: u64,
    /// Handing a write to the kernel.
    pub disk_write: u64,
    /// A sync.
    pub disk_sync: u64,
}

impl Costs {
    /// A laptop's orders of magnitude.
    pub const LAB: Costs = Costs { point: 8, disk_read: 90, disk_write: 20, disk_sync: 1_000 };
    /// Nothing costs anything.
    pub const FREE: Costs = Costs { point: 0, disk_read: 0, disk_write: 0, disk_sync: 0 };
}

/// How far to run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limit {
    /// Not beyond this many steps in all.
    pub steps: u64,
    /// Timers up to this moment may ring; then the clock stands there. `None`: until no work is left.
    pub until: Option<Instant>,
}

impl Limit {
    /// Until no work is left; timers and clients are not waited for.
    pub const IDLE: Limit = Limit { steps: u64::MAX, until: None };

    /// Up to a moment.
    pub fn until(at: Instant) -> Limit {
        Limit { steps: u64::MAX, until: Some(at) }
    }

    /// To exactly this many steps in all, letting time pass as it must.
    pub fn steps(steps: u64) -> Limit {
        Limit { steps, until: Some(Instant::NEVER) }
    }
}

/// Why a run stopped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stop {
    /// The wanted number of steps is reached.
    Steps,
    /// The wanted moment is reached.
    Time,
    /// Somebody asked for it ([`World::ask_stop`]): what was waited for has happened.
    Asked,
    /// No work is left; the next timer rings then.
    Idle {
        /// When something would happen by itself.
        next_timer: Instant,
    },
    /// Processes wait, and nothing will ever wake them: a defect, or everything is frozen.
    Stuck,
    /// The process cannot run now.
    NotRunnable,
}

/// What decides between processes: the earliest moment, then a number drawn from the seed, then the pid.
pub(super) type Turn = (Instant, u64, Pid);

/// The computer room. A handle: clones are the same world.
#[derive(Clone)]
pub struct World(Rc<Inner>);

struct Inner {
    seed: u64,
    mode: Mode,
    costs: Costs,
    /// What the wall clock of all hosts says at `Instant(0)`.
    epoch: TimestampTz,
    now: Cell<Instant>,
    steps: Cell<u64>,
    limit: Cell<Limit>,
    /// Set while one chosen process is stepped: it stops at its next point, whoever's turn it is.
    single: Cell<bool>,
    current: Cell<(Pid, HostId)>,
    processes: RefCell<Vec<Process>>,
    disks: RefCell<Vec<Disk>>,
    outbox: Rc<RefCell<Outbox>>,
    /// Somebody asked the run to stop at the end of this step.
    stop_asked: Cell<bool>,
    trace: RefCell<Trace>,
    random: RefCell<Random>,
    next_pid: Cell<u32>,
    /// Ends of processes that their parents have not yet asked about: parent, child, killed.
    ended: RefCell<Vec<(Pid, Pid, bool)>>,
}

impl World {
    /// An empty room. `kept_events` bounds the trace.
    pub fn new(seed: u64, mode: Mode, epoch: TimestampTz, kept_events: usize) -> World {
        let costs = if mode == Mode::Lab { Costs::LAB } else { Costs::FREE };
        World(Rc::new(Inner {
            seed,
            mode,
            costs,
            epoch,
            now: Cell::new(Instant(0)),
            steps: Cell::new(0),
            limit: Cell::new(Limit::IDLE),
            single: Cell::new(false),
            current: Cell::new((Pid(0), HostId(0))),
            processes: RefCell::default(),
            disks: RefCell::default(),
            outbox: Rc::default(),
            stop_asked: Cell::new(false),
            trace: RefCell::new(Trace::new(kept_events, seed)),
            random: RefCell::new(Random::new(seed, 0)),
            next_pid: Cell::new(13_930),
            ended: RefCell::default(),
        }))
    }

    /// The seed.
    pub fn seed(&self) -> u64 {
        self.0.seed
    }

    /// What the world is for.
    pub fn mode(&self) -> Mode {
        self.0.mode
    }

    /// What work costs here.
    pub fn costs(&self) -> Costs {
        self.0.costs
    }

    /// The moment it is.
    pub fn now(&self) -> Instant {
        self.0.now.get()
    }

    /// The moment it is, as the hosts' wall clocks say.
    pub fn timestamp(&self) -> TimestampTz {
        TimestampTz(self.0.epoch.0 + self.now().0 as i64)
    }

    /// How many steps have been completed.
    pub fn steps(&self) -> u64 {
        self.0.steps.get()
    }

    /// The hash over all coarse events so far.
    pub fn hash(&self) -> u64 {
        self.0.trace.borrow().hash()
    }

    /// Looks at the trace.
    pub fn with_trace<T>(&self, look: impl FnOnce(&Trace) -> T) -> T {
        look(&self.0.trace.borrow())
    }

    /// The next number of the world's own random stream.
    pub fn random(&self) -> u64 {
        self.0.random.borrow_mut().draw()
    }

    /// A random stream of its own.
    pub fn random_stream(&self) -> Random {
        Random::new(self.0.seed, self.random())
    }

    /// Adds a host with an empty disk.
    pub fn add_host(&self) -> (HostId, Disk) {
        let mut disks = self.0.disks.borrow_mut();
        let host = HostId(disks.len() as u8);
        let disk = Disk::new(host, self.0.outbox.clone());
        disks.push(disk.clone());
        (host, disk)
    }

    /// The disk of a host.
    pub fn disk(&self, host: HostId) -> Option<Disk> {
        self.0.disks.borrow().get(usize::from(host.0)).cloned()
    }

    /// Begins to keep what is synced, on all disks, for [`World::take_synced`].
    pub fn keep_synced(&self) {
        self.0.outbox.borrow_mut().wanted = true;
    }

    /// Hands out a whole disk as one batch: a data directory that was made before anybody ran.
    pub fn sync_whole(&self, host: HostId) {
        let Some(disk) = self.disk(host) else { return };
        disk.settle();
        let outbox = &mut *self.0.outbox.borrow_mut();
        if outbox.wanted {
            outbox.count += 1;
            outbox.batches.push(SyncedBatch { host, ops: disk.image() });
        }
    }

    /// How many batches have been synced so far: what is answered now relies on these.
    pub fn synced_count(&self) -> u64 {
        self.0.outbox.borrow().count
    }

    /// What was synced since the last call, in order.
    pub fn take_synced(&self) -> Vec<SyncedBatch> {
        std::mem::take(&mut self.0.outbox.borrow_mut().batches)
    }

    /// Has the run that is under way stop at the end of this step; it changes nothing but that.
    pub fn ask_stop(&self) {
        self.0.stop_asked.set(true);
    }

    /// Moves the clock forward to `at`, when an input arrives; never back.
    pub fn advance_to(&self, at: Instant) {
        self.0.now.set(self.now().max(at));
    }

    /// Notes an event of the world itself, or of the process that runs.
    pub fn emit(&self, event: Event) {
        let (pid, host) = self.0.current.get();
        let entry = Entry { step: self.steps(), at: self.now(), host, pid, event };
        self.0.trace.borrow_mut().push(entry);
    }

    // --- processes -------------------------------------------------------------------------------------------

    /// Starts a process; it runs when its turn comes.
    pub fn spawn<F, B>(&self, host: HostId, backend_type: BackendType, body: B) -> Pid
    where
        B: FnOnce(Cx) -> F,
        F: Future<Output = ()> + 'static,
    {
        let pid = Pid(self.0.next_pid.get());
        self.0.next_pid.set(pid.0 + 1);
        self.emit(Event::ProcessStart { pid, backend_type });
        let future = Box::pin(body(Cx::new(self.clone(), pid, host)));
        let tie = self.random();
        let ready = RunState::Ready { at: self.now(), io: None };
        self.0.processes.borrow_mut().push(Process::new(
            pid,
            host,
            backend_type,
            ready,
            tie,
            self.0.current.get().0,
            future,
        ));
        pid
    }

    /// Looks at, or changes, a process; `None` if it is gone.
    pub(super) fn with_process<T>(&self, pid: Pid, f: impl FnOnce(&mut Process) -> T) -> Option<T> {
        self.0.processes.borrow_mut().iter_mut().find(|p| p.info.pid == pid).map(f)
    }

    /// All processes, in the order of their start.
    pub fn processes(&self) -> Vec<super::ProcessInfo> {
        self.0.processes.borrow().iter().map(|p| p.info.clone()).collect()
    }

    /// Whether a process lives.
    pub fn is_alive(&self, pid: Pid) -> bool {
        self.with_process(pid, |_| ()).is_some()
    }

    /// Asks a process to look up: it goes on from its wait, or does not begin its next one.
    pub fn wake(&self, pid: Pid) {
        let now = self.now();
        self.with_process(pid, |p| p.wake(now));
    }

    /// Has a waiting process look up at a later moment, as work in progress and not as a timer.
    pub(super) fn wake_at(&self, pid: Pid, at: Instant) {
        self.with_process(pid, |p| p.arrives_at(at));
    }

    /// Leaves a process standing where it is, or lets it go on.
    pub fn set_frozen(&self, pid: Pid, frozen: bool) {
        self.with_process(pid, |p| p.info.frozen = frozen);
    }

    /// Sends a process an interrupt; it is noticed where the process next looks for one.
    pub fn interrupt(&self, pid: Pid, interrupt: super::Interrupt) {
        self.with_process(pid, |p| p.info.interrupts.push(interrupt));
        self.wake(pid);
    }

    /// Ends a process where it stands: kill -9. Its memory is gone, shared memory stays as it was.
    pub fn kill(&self, pid: Pid) {
        let taken = self.remove(|p| p.info.pid == pid);
        if let Some(process) = taken.first() {
            self.emit(Event::ProcessKilled { pid });
            self.tell_parent(process.info.parent, pid, true);
        }
    }

    fn tell_parent(&self, parent: Pid, child: Pid, killed: bool) {
        if self.is_alive(parent) {
            self.0.ended.borrow_mut().push((parent, child, killed));
            self.wake(parent);
        }
    }

    pub(super) fn reap(&self, parent: Pid) -> Vec<(Pid, bool)> {
        let mut ended = self.0.ended.borrow_mut();
        let (mine, others) = std::mem::take(&mut *ended).into_iter().partition(|(p, ..)| *p == parent);
        *ended = others;
        mine.into_iter().map(|(_, child, killed)| (child, killed)).collect()
    }

    /// Cuts a host's power: every process is gone, and with it all memory; of what was not synced the disk keeps
    /// a part chosen by the seed, in sectors.
    pub fn power_fail(&self, host: HostId) {
        self.power_fail_by(host, self.random_stream());
    }

    /// The same, with that part chosen by this.
    pub fn power_fail_by(&self, host: HostId, mut random: Random) {
        self.emit(Event::PowerFail { host });
        let gone = self.remove(|p| p.info.host == host);
        self.0.ended.borrow_mut().retain(|(parent, ..)| gone.iter().all(|p| p.info.pid != *parent));
        drop(gone);
        if let Some(disk) = self.disk(host) {
            disk.power_fail(&mut random);
        }
    }

    /// Ends the world: all processes are dropped.
    pub fn halt(&self) {
        drop(self.remove(|_| true));
    }

    /// Takes processes out of the table; the caller drops them when nothing is borrowed.
    fn remove(&self, gone: impl Fn(&Process) -> bool) -> Vec<Process> {
        let mut processes = self.0.processes.borrow_mut();
        let (gone, kept) = std::mem::take(&mut *processes).into_iter().partition(gone);
        *processes = kept;
        gone
    }

    // --- running ---------------------------------------------------------------------------------------------

    /// Runs the world as far as `limit` allows.
    pub fn run(&self, limit: Limit) -> Stop {
        self.0.limit.set(limit);
        self.0.stop_asked.set(false);
        loop {
            if self.steps() >= limit.steps {
                return Stop::Steps;
            }
            if self.0.stop_asked.get() {
                return Stop::Asked;
            }
            let Some((turn, _)) = self.next_turn(None) else {
                return self.stop_without_turn(limit, Instant::NEVER);
            };
            let beyond = match limit.until {
                Some(until) => turn.0 > until,
                None => !self.has_work(),
            };
            if beyond {
                return self.stop_without_turn(limit, turn.0);
            }
            self.resume(turn);
        }
    }

    fn stop_without_turn(&self, limit: Limit, next_timer: Instant) -> Stop {
        match limit.until {
            Some(until) if until < Instant::NEVER => {
                self.advance_to(until);
                Stop::Time
            }
            Some(_) => Stop::Stuck,
            None => Stop::Idle { next_timer },
        }
    }

    /// Runs one process to its next point or wait, even if it is not its turn.
    pub fn step(&self, pid: Pid) -> Stop {
        let Some((turn, _)) = self.next_turn(Some(pid)) else { return Stop::NotRunnable };
        self.0.limit.set(Limit { steps: self.steps() + 1, until: None });
        self.0.single.set(true);
        self.resume(turn);
        self.0.single.set(false);
        Stop::Steps
    }

    /// When something would happen by itself: the earliest timer or work.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.next_turn(None).map(|(turn, _)| turn.0)
    }

    /// Whether any process has work in progress.
    pub fn has_work(&self) -> bool {
        self.0.processes.borrow().iter().any(|p| matches!(p.turn(), Some((_, true))))
    }

    /// The least turn of all processes, or of one, and whether it is work rather than a timer.
    fn next_turn(&self, only: Option<Pid>) -> Option<(Turn, bool)> {
        let processes = self.0.processes.borrow();
        let wanted = processes.iter().filter(|p| only.is_none_or(|pid| p.info.pid == pid));
        wanted.filter_map(Process::turn).min_by_key(|(turn, _)| *turn)
    }

    /// Polls the process whose turn it is.
    fn resume(&self, turn: Turn) {
        let pid = turn.2;
        self.advance_to(turn.0);
        let now = self.now();
        let taken = self.with_process(pid, |p| {
            p.begin_turn(now);
            (p.future.take(), p.info.host)
        });
        let Some((Some(mut future), host)) = taken else { return };
        self.0.current.set((pid, host));
        self.0.trace.borrow_mut().scheduled(pid);
        let mut context = Context::from_waker(Waker::noop());
        let poll = future.as_mut().poll(&mut context);
        self.finish_turn(pid, poll, future);
        self.0.current.set((Pid(0), HostId(0)));
    }

    fn finish_turn(&self, pid: Pid, poll: Poll<()>, future: Pin<Box<dyn Future<Output = ()>>>) {
        if poll.is_pending() {
            // A process that was killed while it ran has no place left to put its future: it is dropped here.
            self.with_process(pid, |p| p.future = Some(future));
            return;
        }
        self.emit(Event::ProcessExit { pid });
        let gone = self.remove(|p| p.info.pid == pid);
        if let Some(process) = gone.first() {
            self.tell_parent(process.info.parent, pid, false);
        }
        self.0.steps.set(self.steps() + 1);
    }

    /// Ends a step: the process pays for it, and draws its next tie-break. Returns whether it may go on at once.
    #[inline]
    pub(super) fn end_step(&self, pid: Pid, cost: u64, io: Option<WaitEvent>) -> bool {
        self.0.steps.set(self.steps() + 1);
        if self.0.mode == Mode::Plain && io.is_none() && self.steps() < self.0.limit.get().steps {
            return true;
        }
        let at = self.now() + cost;
        let tie = self.random();
        self.with_process(pid, |p| p.ready(at, tie, io));
        self.may_continue((at, tie, pid), io.is_some())
    }

    /// A wait ends a step too: there is something to see, and control is handed back.
    pub(super) fn end_wait_step(&self) {
        self.0.steps.set(self.steps() + 1);
    }

    /// Whether a process that stands at `turn` would be chosen next, so that it need not be suspended.
    fn may_continue(&self, turn: Turn, io: bool) -> bool {
        let limit = self.0.limit.get();
        let allowed = self.steps() < limit.steps && limit.until.is_none_or(|until| turn.0 <= until);
        if !allowed || self.0.single.get() || self.0.stop_asked.get() || !self.is_alive(turn.2) {
            return false;
        }
        if self.next_turn(None).map(|(least, _)| least) != Some(turn) {
            return false;
        }
        self.advance_to(turn.0);
        self.0.trace.borrow_mut().scheduled(turn.2);
        let now = self.now();
        self.with_process(turn.2, |p| p.begin_turn(now));
        debug_assert!(!io || now >= turn.0);
        true
    }
}
