//! Shutting a server down: the part of the postmaster that runs once.
//!
//! ```text
//!   smart      no new sessions; when the last one has gone by itself ─┐
//!   fast       all sessions are ended, their transactions aborted ────┤
//!                                                                     ▼
//!              everybody ends but checkpointer and walsenders ─► shutdown checkpoint ─► walsenders send it and end
//!
//!   immediate  all processes end where they stand: as after a crash, the next start recovers
//! ```
//!
//! PostgreSQL: `pmdie`, `PostmasterStateMachine` in `postmaster/postmaster.c`.

use super::log::LogLevel;
use super::postmaster::Postmaster;
use super::protocol::BackendMessage;
use super::shared::ServerState;
use crate::ids::{BackendType, Error, Severity, sqlstate};
use crate::world::Interrupt;

/// How a server is shut down; `pg_ctl stop -m`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
#[cfg_attr(
    feature = "views",
    derive(serde::Serialize, serde::Deserialize, ts_rs::TS),
    serde(rename_all = "snake_case")
)]
pub enum ShutdownMode {
    /// When all sessions have ended.
    Smart,
    /// Sessions are ended: what `pg_ctl` does if it is told nothing.
    #[default]
    Fast,
    /// Everything ends at once.
    Immediate,
}

impl ShutdownMode {
    /// The signal that asks a postmaster for it.
    pub fn signal(self) -> Interrupt {
        match self {
            ShutdownMode::Smart => Interrupt::Terminate,
            ShutdownMode::Fast => Interrupt::Cancel,
            ShutdownMode::Immediate => Interrupt::Quit,
        }
    }

    fn of(signal: Interrupt) -> Option<ShutdownMode> {
        [ShutdownMode::Smart, ShutdownMode::Fast, ShutdownMode::Immediate].into_iter().find(|m| m.signal() == signal)
    }
}

/// How far a shutdown has come.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Phase {
    /// Sessions may end by themselves.
    Sessions,
    /// Everybody but the checkpointer and walsenders has been told to end.
    Backends,
    /// The checkpointer makes its last checkpoint.
    Checkpoint,
    /// Walsenders send the end of the log.
    Senders,
}

impl Postmaster<'_> {
    /// A signal has come: begins a shutdown, or makes the one under way faster.
    pub(super) fn begin_shutdown(&mut self, signal: Interrupt) {
        let Some(mode) = ShutdownMode::of(signal) else { return };
        if self.shutdown.is_some_and(|(before, _)| before >= mode) {
            return;
        }
        let name = format!("{mode:?}").to_lowercase();
        self.log(LogLevel::Log, format!("received {name} shutdown request"));
        let phase = self.shutdown.map_or(Phase::Sessions, |(_, phase)| phase);
        self.shutdown = Some((mode, phase));
        let open = !matches!(self.server.state.get(), ServerState::Starting | ServerState::Recovering);
        self.server.state.set(ServerState::Stopping);
        if mode == ShutdownMode::Fast && open {
            self.log(LogLevel::Log, "aborting any active transactions");
        }
    }

    /// Takes the shutdown as far as it goes now. `true`: nothing is left to wait for.
    pub(super) async fn go_on_with_shutdown(&mut self) -> bool {
        let Some((mode, phase)) = self.shutdown else { return false };
        if mode == ShutdownMode::Immediate {
            self.end_all(immediate_warning).await;
            self.log(LogLevel::Log, "database system is shut down");
            return true;
        }
        let last = |kind: &BackendType| matches!(kind, BackendType::Checkpointer | BackendType::WalSender);
        let here = |wanted: &dyn Fn(&BackendType) -> bool| self.children.iter().any(|(_, kind)| wanted(kind));
        let next = match phase {
            Phase::Sessions if mode == ShutdownMode::Fast || !here(&|kind| *kind == BackendType::ClientBackend) => {
                self.signal(|kind| !last(&kind), Interrupt::Terminate);
                Phase::Backends
            }
            Phase::Backends if !here(&|kind| !last(kind)) => {
                self.server.checkpoints.shutdown.set(true);
                self.signal(|kind| kind == BackendType::Checkpointer, Interrupt::Terminate);
                Phase::Checkpoint
            }
            Phase::Checkpoint if !here(&|kind| *kind == BackendType::Checkpointer) => {
                self.signal(|kind| kind == BackendType::WalSender, Interrupt::Terminate);
                Phase::Senders
            }
            Phase::Senders if self.children.is_empty() => {
                self.log(LogLevel::Log, "database system is shut down");
                return true;
            }
            same => same,
        };
        self.shutdown = Some((mode, next));
        // The next phase may have nothing to wait for either.
        next != phase && Box::pin(self.go_on_with_shutdown()).await
    }

    fn signal(&self, wanted: impl Fn(BackendType) -> bool, signal: Interrupt) {
        let told = self.children.iter().filter(|(_, kind)| wanted(*kind));
        told.for_each(|(pid, _)| self.cx.world().interrupt(*pid, signal));
    }
}

fn immediate_warning() -> BackendMessage {
    let message = "terminating connection due to immediate shutdown command";
    BackendMessage::NoticeResponse(Error::new(sqlstate::ADMIN_SHUTDOWN, message).severity(Severity::Warning))
}
