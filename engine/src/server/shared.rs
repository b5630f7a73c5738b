//! A server's shared memory: made by the postmaster at each start, and thrown away after a crash.

use crate::small;
use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;

use super::checkpoint_policy::Flags;
use super::log::{LogContext, LogLevel, LogLine, ServerLog, line_prefix};
use super::port::{ClientSender, Port};
use super::slots::Slots;
use super::statistics::ServerStats;
use crate::buffer::BufferPool;
use crate::ids::{
    BackendType, Error, FullXid, HostId, Instant, Lsn, MultiXactId, Oid, Pid, Severity, SqlState, TimeLineId,
    TimestampTz, WalSegSize, Xid, sqlstate,
};
use crate::settings::{Setting, Settings};
use crate::sql::functions::Registry;
use crate::storage::control::CheckPoint;
use crate::txn::{Env, Txns};
use crate::wal::control::ControlFile;
use crate::wal::{Wal, WalConfig};
use crate::world::{Cx, Disk, Link, WaitList, World};

/// What outlives a server's memory: its host, its disk, its configuration file, its log, its door.
pub struct ServerSpec {
    /// The room.
    pub world: World,
    /// The host.
    pub host: HostId,
    /// `primary`, `standby`: for people, and the standby's `application_name`.
    pub name: String,
    /// The data directory.
    pub disk: Disk,
    /// What the configuration files said when they were last read.
    pub settings: RefCell<Settings>,
    /// The log file.
    pub log: ServerLog,
    /// The door.
    pub port: Rc<Port>,
    /// Where a standby finds its primary; none on a primary.
    pub primary: RefCell<Option<(Link, Rc<Port>)>>,
    /// Makes the functions that SQL has on a server, those of later rooms included.
    pub functions: fn(&Rc<Server>) -> Registry,
    /// The memory of the server that runs here, if one does.
    pub running: RefCell<Option<Rc<Server>>>,
}

/// The file that makes a server a standby.
pub const STANDBY_SIGNAL: &str = "standby.signal";

impl ServerSpec {
    /// Whether the server here replays the log of another, or would if it ran.
    pub fn is_standby(&self) -> bool {
        self.disk.exists(STANDBY_SIGNAL)
    }
}

/// How far a server has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub enum ServerState {
    /// Reading pg_control.
    Starting,
    /// Replaying the log after a crash.
    Recovering,
    /// A standby that answers queries.
    HotStandby,
    /// A standby that does not: `hot_standby` is off.
    WarmStandby,
    /// Open for everything.
    Running,
    /// A process has died: waiting for the others to be gone.
    Crashed,
    /// Shutting down.
    Stopping,
}

/// What a session is doing; `pg_stat_activity.state`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub enum SessionState {
    /// Nothing.
    Idle,
    /// Running a statement.
    Active,
    /// Between the statements of a transaction.
    IdleInTransaction,
    /// The same, after an error.
    IdleInTransactionAborted,
    /// `track_activities` is off: it does not say.
    Disabled,
}

impl SessionState {
    /// `pg_stat_activity.state`
    pub fn name(self) -> &'static str {
        match self {
            SessionState::Idle => "idle",
            SessionState::Active => "active",
            SessionState::IdleInTransaction => "idle in transaction",
            SessionState::IdleInTransactionAborted => "idle in transaction (aborted)",
            SessionState::Disabled => "disabled",
        }
    }
}

/// A session as others see it: its row in `pg_stat_activity`.
#[derive(Clone)]
pub struct Activity {
    /// Its process.
    pub pid: Pid,
    /// What it is.
    pub backend_type: BackendType,
    /// The role.
    pub user: String,
    /// The database.
    pub database: String,
    /// `application_name`
    pub application_name: String,
    /// When it was started.
    pub backend_start: TimestampTz,
    /// When its transaction began.
    pub xact_start: Option<TimestampTz>,
    /// When its statement began.
    pub query_start: Option<TimestampTz>,
    /// When its state changed.
    pub state_change: TimestampTz,
    /// What it is doing.
    pub state: SessionState,
    /// The running statement, or the last one.
    pub query: String,
    /// What a cancel request has to know.
    pub cancel_key: i32,
    /// What its client is told, also by the postmaster when the process is killed.
    pub client: Option<ClientSender>,
    /// Its view of the server, for pictures.
    pub env: Option<Env>,
}

/// Whether replay goes on; `pg_get_wal_replay_pause_state`.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Pause {
    /// It does.
    #[default]
    NotPaused,
    /// It is to stop.
    Requested,
    /// It stands.
    Paused,
}

/// What the walreceiver and the startup process of a standby tell each other.
#[derive(Default)]
pub struct ReceiverState {
    /// The walreceiver.
    pub pid: Cell<Option<Pid>>,
    /// Up to where the log has arrived.
    pub received: Cell<Lsn>,
    /// Up to where it is written.
    pub write: Cell<Lsn>,
    /// Up to where it is flushed.
    pub flush: Cell<Lsn>,
    /// Up to where it is replayed.
    pub replay: Cell<Lsn>,
    /// The last record replayed.
    pub last_record: Cell<Lsn>,
    /// Whether replay goes on.
    pub pause: Cell<Pause>,
    /// The standby is to become a primary.
    pub promote: Cell<bool>,
    /// When the last transaction that was replayed had ended.
    pub last_xact: Cell<Option<TimestampTz>>,
    /// Set when the startup process wants the primary to hear how far it is.
    pub reply_wanted: Cell<bool>,
    /// Set when the stream has broken off, until the startup process has seen it.
    pub lost: Cell<bool>,
    /// When that happened last, and before.
    pub lost_at: Cell<Option<Instant>>,
    /// Set with it: when it had happened before.
    pub lost_before: Cell<Option<Instant>>,
}

/// A checkpoint record that a standby has replayed.
#[derive(Clone, Copy)]
pub(super) struct RestartCandidate {
    pub(super) start: Lsn,
    pub(super) end: Lsn,
    pub(super) record: CheckPoint,
}

/// What the checkpointer is asked for, and what it has done.
#[derive(Default)]
pub(super) struct CheckpointRequests {
    pub(super) flags: Cell<Flags>,
    /// How far the last two redo points lie apart, and how far the next ones are expected to.
    pub(super) distance: Cell<(u64, f64)>,
    /// The server shuts down: one last checkpoint, when everybody else has ended.
    pub(super) shutdown: Cell<bool>,
    pub(super) started: Cell<u64>,
    /// How many of these were asked for, and not due by the clock.
    pub(super) asked: Cell<u64>,
    pub(super) done: Cell<u64>,
    pub(super) failed: Cell<u64>,
    pub(super) waiters: WaitList,
    pub(super) pid: Cell<Option<Pid>>,
    /// On a standby: the last checkpoint record replayed, from which recovery could begin.
    pub(super) restart: Cell<Option<RestartCandidate>>,
}

/// Shared memory.
pub struct Server {
    /// What outlives it.
    pub spec: Rc<ServerSpec>,
    /// How far it has come.
    pub state: Cell<ServerState>,
    /// The log.
    pub wal: Rc<Wal>,
    /// The buffers.
    pub buffers: Rc<BufferPool>,
    /// Transactions and locks.
    pub txns: Rc<Txns>,
    /// pg_control, as last written.
    pub control: Rc<ControlFile>,
    /// The sessions and other processes.
    pub activity: RefCell<small::Map<Pid, Activity>>,
    /// Replication slots.
    pub slots: Slots,
    pub(super) stats: ServerStats,
    /// How many lines each process has logged, and whether the last one was left out.
    log_lines: RefCell<small::Map<Pid, u32>>,
    log_quiet: Cell<bool>,
    /// The autovacuum launcher wants a worker.
    pub(super) autovacuum_wanted: Cell<bool>,
    /// The tables that workers are at.
    pub(super) autovacuum_tables: RefCell<small::Map<Pid, Oid>>,
    /// A standby's progress.
    pub receiver: ReceiverState,
    /// When the server was started.
    pub started: TimestampTz,
    functions: OnceCell<Rc<Registry>>,
    pub(super) checkpoints: CheckpointRequests,
    /// Those who wait for the startup process to say something.
    pub(super) startup: Cell<Option<Pid>>,
}

impl Server {
    /// Makes shared memory for a data directory with this control file.
    pub(super) fn new(spec: Rc<ServerSpec>, control_file: ControlFile) -> Rc<Server> {
        let control = *control_file.borrow();
        let settings = spec.settings.borrow();
        let buffers = settings.int(Setting::shared_buffers) as usize;
        let config = WalConfig {
            seg: control.xlog_seg_size,
            system_id: control.system_identifier,
            timeline: control.checkpoint_copy.this_timeline,
            buffers: wal_buffers(&settings),
        };
        let disk = spec.disk.clone();
        let wal = Rc::new(Wal::open(config, disk.clone(), control.checkpoint, Lsn::INVALID, None));
        wal.set_full_page_writes(settings.on(Setting::full_page_writes));
        let checkpoint = control.checkpoint_copy;
        let txns = Txns::new(&disk, &wal, checkpoint.next_xid, checkpoint.next_oid);
        let oldest_multi = MultiXactId(checkpoint.oldest_multi);
        txns.multis.start_at(MultiXactId(checkpoint.next_multi), checkpoint.next_multi_offset, oldest_multi);
        let started = spec.world.timestamp();
        drop(settings);
        let server = Server {
            buffers: BufferPool::new(buffers, disk, wal.clone()),
            wal,
            txns: Rc::new(txns),
            control: Rc::new(control_file),
            state: Cell::new(ServerState::Starting),
            activity: RefCell::default(),
            slots: Slots::default(),
            stats: ServerStats::default(),
            log_lines: RefCell::default(),
            log_quiet: Cell::new(false),
            autovacuum_wanted: Cell::new(false),
            autovacuum_tables: RefCell::default(),
            receiver: ReceiverState::default(),
            checkpoints: CheckpointRequests::default(),
            startup: Cell::new(None),
            functions: OnceCell::new(),
            started,
            spec,
        };
        server.begin_stats();
        let names = server.spec.settings.borrow().text(Setting::synchronous_standby_names).to_string();
        server.txns.sync_rep.set_names(&server.spec.world, &names);
        let server = Rc::new(server);
        let weak = Rc::downgrade(&server);
        server.txns.locks.set_log(move |pid, text, detail| {
            if let Some(server) = weak.upgrade() {
                let query = server.activity.borrow().get(&pid).map(|row| row.query.clone());
                server.log(pid, LogLevel::Log, text);
                let parts = [(LogLevel::Detail, Some(detail)), (LogLevel::Statement, query)];
                let said = parts.into_iter().filter_map(|(level, text)| Some((level, text.filter(|t| !t.is_empty())?)));
                said.for_each(|(level, text)| server.log(pid, level, text));
            }
        });
        server
    }

    /// The functions that SQL has here.
    pub fn functions(self: &Rc<Self>) -> Rc<Registry> {
        self.functions.get_or_init(|| Rc::new((self.spec.functions)(self))).clone()
    }

    /// A process's handle on this memory.
    pub fn env(&self, cx: &Cx, settings: Settings) -> Env {
        let (disk, wal, buffers) = (self.spec.disk.clone(), self.wal.clone(), self.buffers.clone());
        Env::new(cx.clone(), disk, wal, buffers, self.txns.clone(), settings)
    }

    /// A handle for a process without settings of its own.
    pub(super) fn system_env(&self, cx: &Cx) -> Env {
        self.env(cx, self.spec.settings.borrow().clone())
    }

    /// Adds a line to the log.
    pub fn log(&self, pid: Pid, level: LogLevel, text: impl Into<String>) {
        self.log_with(pid, level, text.into(), sqlstate::SUCCESSFUL_COMPLETION);
    }

    fn log_with(&self, pid: Pid, level: LogLevel, text: String, code: SqlState) {
        let activity = self.activity.borrow();
        let row = activity.get(&pid);
        let least = match row.and_then(|row| row.env.as_ref()).map(|env| env.settings.try_borrow()) {
            Some(Ok(own)) => own.int(Setting::log_min_messages),
            _ => self.setting(Setting::log_min_messages),
        };
        if let Some(rank) = level.rank() {
            self.log_quiet.set(rank < least);
        }
        if self.log_quiet.get() {
            return;
        }
        let mut counts = self.log_lines.borrow_mut();
        let line = counts.or_default(pid);
        *line += 1;
        let time = self.spec.world.timestamp();
        let session = row.filter(|row| !row.user.is_empty());
        let context = LogContext {
            time,
            pid,
            backend_type: row.map_or("postmaster", |row| row.backend_type.name()),
            session: session.map(|row| [row.user.as_str(), &row.database, &row.application_name]),
            started: row.map_or(self.started, |row| row.backend_start),
            line: *line,
            xid: row.and_then(|row| row.env.as_ref()).map_or(Xid::INVALID, |env| self.txns.procs.xid_of(env.cx.pid())),
            code,
        };
        let prefix = line_prefix(self.spec.settings.borrow().text(Setting::log_line_prefix), &context);
        self.spec.log.push(LogLine { time, pid, level, prefix, text });
    }

    /// An error with all that belongs to it, and the statement that led to it.
    pub(super) fn log_error(&self, pid: Pid, error: &Error, statement: Option<&str>) {
        let report = error.report();
        let level = match report.severity {
            Severity::Fatal => LogLevel::Fatal,
            Severity::Panic => LogLevel::Panic,
            Severity::Error => LogLevel::Error,
            Severity::Warning => LogLevel::Warning,
            Severity::Info | Severity::Notice => LogLevel::Notice,
        };
        let place = report.position.map(|at| format!(" at character {at}")).unwrap_or_default();
        self.log_with(pid, level, format!("{}{place}", report.message), report.code);
        let parts = [
            (LogLevel::Detail, report.detail.as_deref()),
            (LogLevel::Hint, report.hint.as_deref()),
            (LogLevel::Context, report.context.as_deref()),
            (LogLevel::Statement, statement),
        ];
        for (level, text) in parts {
            text.into_iter().for_each(|text| self.log_with(pid, level, text.to_string(), report.code));
        }
    }

    /// A number of the server's configuration.
    pub fn setting(&self, setting: Setting) -> i64 {
        self.spec.settings.borrow().int(setting)
    }

    /// Whether this server replays the log of another.
    pub fn is_standby(&self) -> bool {
        self.spec.is_standby()
    }

    /// The size of a segment.
    pub fn seg(&self) -> WalSegSize {
        self.wal.seg()
    }

    /// A process appears in `pg_stat_activity`.
    pub(super) fn enter(&self, cx: &Cx, backend_type: BackendType) {
        let now = self.spec.world.timestamp();
        let activity = Activity {
            pid: cx.pid(),
            backend_type,
            user: String::new(),
            database: String::new(),
            application_name: String::new(),
            backend_start: now,
            xact_start: None,
            query_start: None,
            state_change: now,
            state: SessionState::Idle,
            query: String::new(),
            cancel_key: 0,
            client: None,
            env: None,
        };
        self.activity.borrow_mut().insert(cx.pid(), activity);
    }

    /// Changes a process's row.
    pub(super) fn update_activity(&self, pid: Pid, change: impl FnOnce(&mut Activity)) {
        if let Some(activity) = self.activity.borrow_mut().get_mut(&pid) {
            change(activity);
        }
    }

    /// The next transaction id, for pictures.
    pub fn next_xid(&self) -> FullXid {
        self.txns.procs.next_xid()
    }

    /// The oldest transaction that a snapshot anywhere may still need.
    pub fn horizon(&self) -> Xid {
        self.txns.procs.oldest_xmin()
    }

    /// Whether a checkpoint is under way.
    pub fn checkpoint_runs(&self) -> bool {
        self.checkpoints.started.get() > self.checkpoints.done.get()
    }

    /// When the next thing happens by itself.
    pub fn now(&self) -> Instant {
        self.spec.world.now()
    }

    /// The timeline that is written or replayed.
    pub fn timeline(&self) -> TimeLineId {
        self.wal.timeline()
    }
}

/// `wal_buffers`: a 32nd of shared_buffers by default, at least 8 pages and at most a segment.
fn wal_buffers(settings: &Settings) -> usize {
    match settings.int(Setting::wal_buffers) {
        -1 => (settings.int(Setting::shared_buffers) / 32).clamp(8, 2048) as usize,
        pages => pages.max(8) as usize,
    }
}
