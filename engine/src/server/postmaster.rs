//! The postmaster: starts all other processes, answers the door, and begins anew when one of them dies badly.
//!
//! ```text
//!   start ─► read pg_control ─► shared memory ─► startup, checkpointer, background writer
//!                                   ▲                      │ startup has ended: recovered
//!                                   │                      ▼
//!      all processes gone ◄── a process was killed ◄── running: walwriter; a backend per client
//! ```
//!
//! A process that is killed may have left anything half done in shared memory, so nothing of it can be trusted:
//! the postmaster tells the other sessions, ends all processes, makes new shared memory, and recovers from the log.
//! What was written is still in the kernel's cache, synced or not.

use std::rc::Rc;

use super::log::{LogContext, LogLevel, LogLine, line_prefix};
use super::port::{Client, Incoming};
use super::protocol::{BackendMessage, CancelRequest};
use super::shared::{Server, ServerSpec, ServerState};
use super::shutdown::{Phase, ShutdownMode};
use super::{
    autovacuum, backend, background_writer, checkpointer, configuration, startup, wal_writer, walreceiver, walsender,
};
use crate::ids::{BackendType, Error, Pid, Result, Severity, WaitEvent, Xid, sqlstate};
use crate::settings::Setting;
use crate::trace::Event;
use crate::txn::remove_left_over;
use crate::wal::control::ControlFile;
use crate::world::{Cx, Interrupt};

/// Starts a server on a host: returns its postmaster.
pub fn start(spec: &Rc<ServerSpec>) -> Pid {
    let (world, host) = (spec.world.clone(), spec.host);
    let spec = spec.clone();
    world.spawn(host, BackendType::Postmaster, |cx| async move {
        spec.port.listen(cx.pid());
        log(&spec, &cx, "starting PostgreSQL 15 (Vitrine)");
        if let Err(error) = Postmaster::run(&cx, &spec).await {
            log(&spec, &cx, &format!("could not start server: {error}"));
        }
        *spec.running.borrow_mut() = None;
    })
}

fn log(spec: &ServerSpec, cx: &Cx, text: &str) {
    let time = cx.timestamp();
    let format = spec.settings.borrow().text(Setting::log_line_prefix).to_string();
    let code = sqlstate::SUCCESSFUL_COMPLETION;
    let (pid, xid, started) = (cx.pid(), Xid::INVALID, time);
    let of = LogContext { time, pid, backend_type: "postmaster", session: None, started, line: 1, xid, code };
    let (prefix, text) = (line_prefix(&format, &of), text.to_string());
    spec.log.push(LogLine { time, pid, level: LogLevel::Log, prefix, text });
}

pub(super) struct Postmaster<'a> {
    pub(super) cx: &'a Cx,
    pub(super) server: Rc<Server>,
    pub(super) children: Vec<(Pid, BackendType)>,
    /// How it is shut down, and how far that has come.
    pub(super) shutdown: Option<(ShutdownMode, Phase)>,
    /// The startup process could not go on: there is nothing to begin anew with.
    failed: bool,
}

impl Postmaster<'_> {
    /// A server's life: one round for each shared memory that it has.
    async fn run(cx: &Cx, spec: &Rc<ServerSpec>) -> Result<()> {
        loop {
            let control = ControlFile::read(cx, &spec.disk).await?;
            spec.read_configuration()?;
            remove_left_over(&spec.disk);
            let server = Server::new(spec.clone(), control);
            *spec.running.borrow_mut() = Some(server.clone());
            let mut postmaster = Postmaster { cx, server, children: Vec::new(), shutdown: None, failed: false };
            postmaster.start_children();
            if !postmaster.serve().await {
                return Ok(());
            }
            log(spec, cx, "all server processes terminated; reinitializing");
        }
    }

    fn spawn<F>(&mut self, backend_type: BackendType, body: impl FnOnce(Cx, Rc<Server>) -> F) -> Pid
    where
        F: Future<Output = ()> + 'static,
    {
        let server = self.server.clone();
        let pid = self.cx.world().spawn(self.cx.host(), backend_type, |cx| {
            server.enter(&cx, backend_type);
            body(cx, server.clone())
        });
        self.children.push((pid, backend_type));
        pid
    }

    fn start_children(&mut self) {
        let checkpointer = self.spawn(BackendType::Checkpointer, checkpointer::main);
        self.server.checkpoints.pid.set(Some(checkpointer));
        self.spawn(BackendType::BackgroundWriter, background_writer::main);
        let startup = self.spawn(BackendType::Startup, startup::main);
        self.server.startup.set(Some(startup));
    }

    /// Waits and reacts. `true`: a process has died and all have been ended, begin anew. `false`: shut down.
    async fn serve(&mut self) -> bool {
        loop {
            for (pid, killed) in self.cx.reap() {
                if self.child_ended(pid, killed).await {
                    return self.shutdown.is_none() && !self.failed;
                }
            }
            if self.server.is_standby() && self.shutdown.is_none() && !self.server.receiver.promote.get() {
                self.start_receiver();
            }
            while let Some(incoming) = self.server.spec.port.accept() {
                self.answer(incoming);
            }
            if self.cx.take_reload() {
                configuration::reload(self.cx, &self.server, self.children.iter().map(|(pid, _)| *pid));
            }
            self.cx.take_signals().into_iter().for_each(|signal| self.begin_shutdown(signal));
            if self.go_on_with_shutdown().await {
                return false;
            }
            self.start_autovacuum();
            self.cx.wait(WaitEvent::PostmasterMain, None).await;
        }
    }

    /// A child has ended. `true` if that ends all others.
    async fn child_ended(&mut self, pid: Pid, killed: bool) -> bool {
        let ended = self.children.iter().position(|(child, _)| *child == pid).map(|at| self.children.remove(at));
        let query = self.server.activity.borrow_mut().remove(&pid).map(|activity| activity.query);
        self.server.txns.sync_rep.remove(pid);
        self.server.slots.release(pid);
        let Some((_, backend_type)) = ended else { return false };
        if killed {
            let who = if backend_type == BackendType::ClientBackend { "server process" } else { backend_type.name() };
            self.log(LogLevel::Log, format!("{who} (PID {pid}) was terminated by signal 9: Killed"));
            if let Some(query) = query.filter(|query| !query.is_empty()) {
                self.log(LogLevel::Detail, format!("Failed process was running: {query}"));
            }
            self.log(LogLevel::Log, "terminating any other active server processes");
            self.end_all(crash_warning).await;
            if self.shutdown.is_some() {
                self.log(LogLevel::Log, "abnormal database system shutdown");
            }
            return true;
        }
        let recovered = self.server.state.get() == ServerState::Running;
        if backend_type == BackendType::Startup && !recovered && self.shutdown.is_none() {
            self.log(LogLevel::Log, format!("startup process (PID {pid}) exited with exit code 1"));
            self.log(LogLevel::Log, "terminating any other active server processes");
            self.end_all(crash_warning).await;
            self.log(LogLevel::Log, "shutting down due to startup process failure");
            self.log(LogLevel::Log, "database system is shut down");
            self.failed = true;
            return true;
        }
        if backend_type == BackendType::Startup && recovered {
            self.spawn(BackendType::WalWriter, wal_writer::main);
            self.log(LogLevel::Log, "database system is ready to accept connections");
            self.cx.point(Event::ServerReady).await;
        }
        false
    }

    pub(super) fn log(&self, level: LogLevel, text: impl Into<String>) {
        self.server.log(self.cx.pid(), level, text);
    }

    /// Ends every process where it stands; clients are told why.
    pub(super) async fn end_all(&mut self, why: fn() -> BackendMessage) {
        self.server.state.set(ServerState::Crashed);
        for (pid, _) in std::mem::take(&mut self.children) {
            let client = self.server.activity.borrow().get(&pid).and_then(|activity| activity.client.clone());
            if let Some(client) = client {
                client.send(self.cx.world(), why());
            }
            self.cx.world().kill(pid);
            self.cx.end_step().await;
        }
        self.cx.reap();
        *self.server.spec.running.borrow_mut() = None;
    }

    /// On a standby: a walreceiver, whenever the startup process waits for one.
    fn start_receiver(&mut self) {
        let running = self.children.iter().any(|(_, kind)| *kind == BackendType::WalReceiver);
        if !running && self.server.receiver.received.get().is_valid() {
            self.spawn(BackendType::WalReceiver, walreceiver::main);
        }
    }

    /// The autovacuum launcher, and workers when it asks for them.
    fn start_autovacuum(&mut self) {
        while self.shutdown.is_none()
            && let Some(kind) = self.server.autovacuum_process(&self.children)
        {
            match kind {
                BackendType::AutovacuumLauncher => self.spawn(kind, autovacuum::launcher),
                _ => self.spawn(kind, autovacuum::worker),
            };
        }
    }

    /// Somebody is at the door.
    fn answer(&mut self, incoming: Incoming) {
        match incoming {
            Incoming::Cancel(request) => self.cancel(request),
            Incoming::Client(client) => match self.refusal(BackendType::ClientBackend) {
                Some(error) => {
                    self.server.log_error(self.cx.pid(), &error, None);
                    refuse(self.cx, &client, error);
                }
                None => drop(self.spawn(BackendType::ClientBackend, |cx, server| backend::main(cx, server, client))),
            },
            Incoming::Replication(standby) => {
                if self.refusal(BackendType::WalSender).is_none() {
                    self.spawn(BackendType::WalSender, |cx, server| walsender::main(cx, server, standby));
                }
            }
        }
    }

    fn cancel(&self, request: CancelRequest) {
        let known = self.server.activity.borrow().get(&request.pid).is_some_and(|a| a.cancel_key == request.key);
        if known {
            self.cx.world().interrupt(request.pid, Interrupt::Cancel);
        }
    }

    /// Why nobody can come in now.
    fn refusal(&self, wanted: BackendType) -> Option<Error> {
        let message = match self.server.state.get() {
            ServerState::Starting => "the database system is starting up",
            ServerState::Recovering => {
                let error =
                    Error::new(sqlstate::CANNOT_CONNECT_NOW, "the database system is not yet accepting connections");
                let detail = "Consistent recovery state has not been yet reached.";
                return Some(error.severity(Severity::Fatal).detail(detail));
            }
            ServerState::Crashed => "the database system is in recovery mode",
            ServerState::Stopping => "the database system is shutting down",
            ServerState::WarmStandby if wanted == BackendType::ClientBackend => {
                let error =
                    Error::new(sqlstate::CANNOT_CONNECT_NOW, "the database system is not accepting connections");
                return Some(error.severity(Severity::Fatal).detail("Hot standby mode is disabled."));
            }
            ServerState::HotStandby | ServerState::WarmStandby | ServerState::Running => return self.too_many(wanted),
        };
        Some(Error::new(sqlstate::CANNOT_CONNECT_NOW, message).severity(Severity::Fatal))
    }

    fn too_many(&self, wanted: BackendType) -> Option<Error> {
        let (limit, message) = match wanted {
            BackendType::WalSender => (
                self.server.setting(Setting::max_wal_senders),
                "number of requested standby connections exceeds max_wal_senders",
            ),
            _ => (self.server.setting(Setting::max_connections), "sorry, too many clients already"),
        };
        let there = self.children.iter().filter(|(_, kind)| *kind == wanted).count();
        let full = there as i64 >= limit;
        full.then(|| Error::new(sqlstate::TOO_MANY_CONNECTIONS, message).severity(Severity::Fatal))
    }
}

fn refuse(cx: &Cx, client: &Client, error: Error) {
    client.outgoing.send(cx.world(), BackendMessage::ErrorResponse(error));
}

fn crash_warning() -> BackendMessage {
    let detail = "The postmaster has commanded this server process to roll back the current transaction and exit, \
                  because another server process exited abnormally and possibly corrupted shared memory.";
    let message = "terminating connection because of crash of another server process";
    let hint = "In a moment you should be able to reconnect to the database and repeat your command.";
    let warning = Error::new(sqlstate::CRASH_SHUTDOWN, message).severity(Severity::Warning);
    BackendMessage::NoticeResponse(warning.detail(detail).hint(hint))
}
