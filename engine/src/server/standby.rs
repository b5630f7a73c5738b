//! The startup process of a standby: replays the log as it arrives, stands still when told to, and in the end, perhaps, makes
//! a primary of the server.
//!
//! ```text
//!   follow ── pg_promote() ─► replay what has arrived ─► new timeline ─► END_OF_RECOVERY ─► open; a checkpoint follows
//! ```
//!
//! PostgreSQL: `WaitForWALToBecomeAvailable`, `recoveryPausesHere` in `access/transam/xlogrecovery.c`,
//! `CreateEndOfRecoveryRecord` in `xlog.c`.

use super::checkpoint_policy::Flags;
use super::log::LogLevel;
use super::shared::{Pause, STANDBY_SIGNAL, Server};
use super::startup::{Next, Startup};
use crate::ids::{Error, Result, RmgrId, TimestampTz, WaitEvent, sqlstate};
use crate::settings::Setting;
use crate::trace::Event;
use crate::types::datetime::utc_out;
use crate::wal::record::HEADER_SIZE;
use crate::wal::xlog_records::{EndOfRecovery, XlogRecord};
use crate::wal::{RecordBuilder, WalReader};
use crate::world::{Cx, Interrupt};

/// How often `pg_promote` looks whether it is done, in microseconds.
const PROMOTE_CHECK: u64 = 100_000;

impl Startup<'_> {
    /// What was on the disk is replayed; from here on the log is replayed as it arrives, until the server is to be a
    /// primary.
    pub(super) async fn follow(&mut self, reader: &mut WalReader) -> Result<()> {
        self.forget_pages();
        let server = self.server;
        let position = reader.position();
        for at in [&server.receiver.received, &server.receiver.write, &server.receiver.flush] {
            at.set(position);
        }
        server.spec.port.postmaster().into_iter().for_each(|pid| self.cx.world().wake(pid));
        self.consistency.all_replayed = true;
        self.check_consistency(position).await?;
        loop {
            self.stand_still().await?;
            let limit = server.receiver.flush.get();
            if let Next::Record(record) = self.next(reader, Some(limit)).await? {
                self.apply(&record).await?;
                continue;
            }
            if server.receiver.flush.get() > limit {
                continue;
            }
            if server.receiver.promote.get() && self.receiver_is_gone() {
                return self.replay_rest(reader).await;
            }
            if server.receiver.lost.take() {
                self.look_beyond(reader).await?;
            }
            self.ask_for_reply();
            self.cx.wait(WaitEvent::RecoveryWalStream, None).await;
            self.cx.check_for_interrupts()?;
        }
    }

    /// The stream has broken off: is there more in the files, from elsewhere? There is not; why is said once.
    async fn look_beyond(&mut self, reader: &WalReader) -> Result<()> {
        let (mut probe, last) = (reader.clone(), self.last);
        self.forget_pages();
        let next = self.next(&mut probe, None).await?;
        self.forget_pages();
        self.last = last;
        let position = reader.position();
        if let Next::End(Some(why)) = next
            && self.complained != position
        {
            self.complained = position;
            self.log(why);
        }
        let receiver = &self.server.receiver;
        let interval = self.server.setting(Setting::wal_retrieve_retry_interval) as u64 * 1_000;
        if receiver.lost_before.take().is_some_and(|at| self.cx.now() < at + interval) {
            let wanted = position + HEADER_SIZE as u64;
            self.log(format!("waiting for WAL to become available at {wanted}"));
        }
        Ok(())
    }

    /// Nothing more will arrive: what lies in the files, flushed or not, is the end of the log.
    async fn replay_rest(&mut self, reader: &mut WalReader) -> Result<()> {
        self.forget_pages();
        loop {
            match self.next(reader, None).await? {
                Next::Record(record) => self.apply(&record).await?,
                Next::End(why) => {
                    why.into_iter().for_each(|why| self.log(why));
                    return Ok(());
                }
            }
        }
    }

    /// `recoveryPausesHere`
    pub(super) async fn stand_still(&self) -> Result<()> {
        let receiver = &self.server.receiver;
        if receiver.pause.get() == Pause::NotPaused || receiver.promote.get() {
            return Ok(());
        }
        self.log("recovery has paused");
        self.server.log(self.cx.pid(), LogLevel::Hint, "Execute pg_wal_replay_resume() to continue.");
        while receiver.pause.get() != Pause::NotPaused && !receiver.promote.get() {
            receiver.pause.set(Pause::Paused);
            self.cx.wait(WaitEvent::RecoveryPause, None).await;
            self.cx.check_for_interrupts()?;
        }
        receiver.pause.set(Pause::NotPaused);
        Ok(())
    }

    /// `XLogShutdownWalRcv`: no more log is taken from the primary. Whether its receiver has ended.
    fn receiver_is_gone(&self) -> bool {
        let receiver = self.server.receiver.pid.get().filter(|pid| self.cx.world().is_alive(*pid));
        receiver.into_iter().for_each(|pid| self.cx.world().interrupt(pid, Interrupt::Terminate));
        receiver.is_none()
    }

    /// Everything is replayed: the primary shall hear of it.
    fn ask_for_reply(&self) {
        self.server.receiver.reply_wanted.set(true);
        if let Some(pid) = self.server.receiver.pid.get() {
            self.cx.world().wake(pid);
        }
    }

    /// The end of recovery on a standby: a timeline of its own, a record that says so, and an open door.
    pub(super) async fn promote(&mut self, reader: &WalReader) -> Result<()> {
        let (cx, server) = (self.cx, self.server);
        self.log(format!("redo done at {}", self.last));
        if let Some(at) = server.receiver.last_xact.get() {
            self.log(format!("last completed transaction was at log time {}", utc_out(at)));
        }
        let (old, end) = (server.timeline(), reader.position());
        let new = server.fork_timeline(cx, end).await?;
        cx.emit(Event::TimelineFork { timeline: new.0, at: end });
        self.log(format!("selected new timeline ID: {new}"));
        server.spec.disk.remove(STANDBY_SIGNAL);
        server.spec.disk.fsync(cx, WaitEvent::ControlFileSyncUpdate, crate::wal::control::PATH).await?;
        self.log("archive recovery complete");
        self.open_log(reader, new).await?;
        let record = EndOfRecovery { time: cx.timestamp(), tli: new, prev_tli: old };
        let (info, data) = XlogRecord::EndOfRecovery(record).encode();
        server.wal.make_room(cx, 64).await?;
        let end_of_record = server.wal.insert(cx, &RecordBuilder::new(RmgrId::Xlog, info).main(&data));
        server.wal.flush(cx, end_of_record).await?;
        server
            .control
            .update(cx, |control| {
                control.min_recovery_point = end_of_record;
                control.min_recovery_point_tli = new;
            })
            .await?;
        server.remove_beyond_fork(new, end);
        self.open_server().await?;
        server.receiver.received.set(crate::ids::Lsn::INVALID);
        server.checkpoints.flags.set(server.checkpoints.flags.get() | Flags::FORCE);
        server.checkpoints.pid.get().into_iter().for_each(|pid| cx.world().wake(pid));
        Ok(())
    }
}

/// `RecoveryInProgress` for the functions that need it to be.
fn in_recovery(server: &Server) -> Result<()> {
    if server.txns.procs.in_recovery() {
        return Ok(());
    }
    Err(Error::new(sqlstate::OBJECT_NOT_IN_PREREQUISITE_STATE, "recovery is not in progress")
        .hint("Recovery control functions can only be executed during recovery."))
}

impl Server {
    fn wake_startup(&self) {
        self.startup.get().into_iter().for_each(|pid| self.spec.world.wake(pid));
    }

    /// `pg_wal_replay_pause` and `pg_wal_replay_resume`
    pub fn pause_replay(&self, pause: bool) -> Result<()> {
        in_recovery(self)?;
        let receiver = &self.receiver;
        receiver.pause.set(match (pause, receiver.pause.get()) {
            (true, Pause::NotPaused) => Pause::Requested,
            (true, same) => same,
            (false, _) => Pause::NotPaused,
        });
        self.wake_startup();
        Ok(())
    }

    /// `pg_get_wal_replay_pause_state`
    pub fn pause_state(&self) -> Result<Pause> {
        in_recovery(self).map(|()| self.receiver.pause.get())
    }

    /// `pg_promote`: whether the server has become a primary, as far as was waited for it.
    pub async fn promote(&self, cx: &Cx, wait_seconds: Option<u64>) -> Result<bool> {
        in_recovery(self)?;
        if wait_seconds == Some(0) {
            let message = "\"wait_seconds\" must not be negative or zero";
            return Err(Error::new(sqlstate::NUMERIC_VALUE_OUT_OF_RANGE, message));
        }
        self.request_promotion();
        let until = cx.now() + wait_seconds.unwrap_or(0) * 1_000_000;
        while self.txns.procs.in_recovery() && cx.now() < until {
            cx.sleep(WaitEvent::Promote, PROMOTE_CHECK).await;
            cx.check_for_interrupts()?;
        }
        Ok(wait_seconds.is_none() || !self.txns.procs.in_recovery())
    }

    /// Tells the startup process, where there is a standby's, that it shall end recovery.
    pub fn request_promotion(&self) {
        if !self.is_standby() || !self.txns.procs.in_recovery() {
            return;
        }
        if let Some(startup) = self.startup.get().filter(|_| !self.receiver.promote.replace(true)) {
            self.log(startup, LogLevel::Log, "received promote request");
        }
        self.wake_startup();
    }

    /// `pg_last_xact_replay_timestamp`
    pub fn last_xact_replayed(&self) -> Option<TimestampTz> {
        self.receiver.last_xact.get()
    }
}
