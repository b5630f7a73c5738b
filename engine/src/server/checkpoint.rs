//! A checkpoint: all dirty pages are written, their files synced, and only then pg_control is told from where recovery
//! would have to read.
//!
//! ```text
//!   redo point                                             checkpoint record
//!       │  changes go on meanwhile                                │
//!   ────┴──────────────────────────────────────────────────────────┴──►  log
//!       │ dirty buffers of this moment are written, spread over time │
//!       └── recovery begins here, not at the record                  └── pg_control points here
//! ```
//!
//! A standby cannot write a record; it makes a *restartpoint* of a record that it has replayed. Segments that neither
//! recovery nor a standby needs any more then get a new name and are used again, or are removed.
//!
//! PostgreSQL: `CreateCheckPoint`, `CreateRestartPoint`, `RemoveOldXlogFiles` in `access/transam/xlog.c`.

use super::checkpoint_policy::{Flags, Policy, estimate_distance};
use super::checkpointer::log_running_xacts;
use super::log::LogLevel;
use super::shared::{RestartCandidate, Server};
use crate::buffer::SyncedFiles;
use crate::ids::{Instant, Lsn, Result, RmgrId, TimeLineId, WaitEvent, Xid};
use crate::settings::Setting;
use crate::storage::control::{CheckPoint, DbState};
use crate::trace::Event;
use crate::txn::Env;
use crate::wal::control::unix_seconds;
use crate::wal::xlog_records::XlogRecord;
use crate::wal::{RecordBuilder, SegmentCounts};

/// How long it sleeps when its writes are ahead of schedule, in microseconds.
const WRITE_DELAY: u64 = 100_000;

/// A checkpoint, or restartpoint, under way.
pub(super) struct Checkpoint<'a> {
    env: &'a Env,
    server: &'a Server,
    flags: Flags,
    /// Where the log stood when it began.
    begun: (Instant, Lsn),
    written: usize,
    /// When writing began, and syncing, and when that was done.
    times: [Instant; 3],
    files: SyncedFiles,
    segments: SegmentCounts,
}

/// `ShutdownXLOG`: the last checkpoint of a server that shuts down, and its statistics.
pub(super) async fn shut_down(env: &Env, server: &Server) {
    server.log(env.cx.pid(), LogLevel::Log, "shutting down");
    if let Err(error) = Checkpoint::make(env, server, Flags::SHUTDOWN | Flags::IMMEDIATE).await {
        server.log(env.cx.pid(), LogLevel::Panic, error.report().message.clone());
    }
    if let Err(error) = server.write_stats(&env.cx).await {
        server.log(env.cx.pid(), LogLevel::Log, error.report().message.clone());
    }
}

impl Checkpoint<'_> {
    /// Makes one. `false` if there was nothing to do.
    pub(super) async fn make(env: &Env, server: &Server, flags: Flags) -> Result<bool> {
        let now = env.cx.now();
        let mut checkpoint = Checkpoint {
            env,
            server,
            flags,
            begun: (now, server.wal.insert_lsn()),
            written: 0,
            times: [now; 3],
            files: SyncedFiles::default(),
            segments: SegmentCounts::default(),
        };
        if server.txns.procs.in_recovery() && !flags.has(Flags::END_OF_RECOVERY) {
            checkpoint.restartpoint().await
        } else {
            checkpoint.create().await
        }
    }

    /// `CreateCheckPoint`
    async fn create(&mut self) -> Result<bool> {
        let (env, server, flags) = (self.env, self.server, self.flags);
        let forced = flags.has(Flags::SHUTDOWN | Flags::END_OF_RECOVERY | Flags::FORCE);
        if !forced && server.wal.last_important() == server.control.borrow().checkpoint {
            return Ok(false);
        }
        if flags.has(Flags::SHUTDOWN) {
            server.control.update(&env.cx, |control| control.state = DbState::Shutdowning).await?;
        }
        self.say_starting("checkpoint");
        let mut record = self.begin().await;
        while server.txns.procs.entries().iter().any(|entry| entry.delays_checkpoint) {
            env.txns.delayed_checkpoint.wait(&env.cx, WaitEvent::CheckpointDelayStart).await;
        }
        self.write_and_sync().await?;
        if !flags.is_quiet() {
            record.oldest_active_xid = log_running_xacts(env).await?.0;
        }
        let lsn = self.log_record(&record).await?;
        let redo_before = server.control.borrow().checkpoint_copy.redo;
        let state = if flags.has(Flags::SHUTDOWN) { DbState::Shutdowned } else { DbState::InProduction };
        server
            .control
            .update(&env.cx, |control| {
                control.state = state;
                control.checkpoint = lsn;
                control.checkpoint_copy = record;
                control.min_recovery_point = Lsn::INVALID;
                control.min_recovery_point_tli = TimeLineId(0);
            })
            .await?;
        env.cx.point(Event::CheckpointDone { record: lsn, redo: record.redo }).await;
        self.remove_old_segments(record.redo, redo_before, server.wal.flush_lsn()).await?;
        self.say_complete("checkpoint");
        Ok(true)
    }

    /// A restartpoint: the same without a record, from the last checkpoint record that was replayed.
    async fn restartpoint(&mut self) -> Result<bool> {
        let (env, server, flags) = (self.env, self.server, self.flags);
        let redo_before = server.control.borrow().checkpoint_copy.redo;
        let candidate = server.checkpoints.restart.get().filter(|candidate| candidate.record.redo > redo_before);
        let Some(RestartCandidate { start, end, record }) = candidate else {
            server.wal.update_min_recovery_point(&env.cx, server.receiver.replay.get()).await?;
            if flags.has(Flags::SHUTDOWN) {
                server.control.update(&env.cx, |control| control.state = DbState::ShutdownedInRecovery).await?;
            }
            return Ok(false);
        };
        // Replay goes on; what it changes from here on is not part of this.
        server.wal.set_redo(record.redo);
        self.begun.1 = server.receiver.replay.get();
        self.say_starting("restartpoint");
        env.cx.point(Event::CheckpointStart { redo: record.redo }).await;
        self.write_and_sync().await?;
        let replayed = server.receiver.replay.get();
        server
            .control
            .update(&env.cx, |control| {
                // A promotion meanwhile has made a checkpoint of its own.
                if control.checkpoint_copy.redo >= record.redo || control.state == DbState::InProduction {
                    return;
                }
                control.checkpoint = start;
                control.checkpoint_copy = record;
                if control.min_recovery_point < end {
                    control.min_recovery_point = end;
                    control.min_recovery_point_tli = record.this_timeline;
                }
                if flags.has(Flags::SHUTDOWN) {
                    control.state = DbState::ShutdownedInRecovery;
                }
            })
            .await?;
        env.cx.point(Event::CheckpointDone { record: start, redo: record.redo }).await;
        self.remove_old_segments(record.redo, redo_before, replayed.max(server.receiver.flush.get())).await?;
        self.say_complete("restartpoint");
        if self.server.spec.settings.borrow().on(Setting::log_checkpoints) {
            server.log(env.cx.pid(), LogLevel::Log, format!("recovery restart point at {}", record.redo));
        }
        Ok(true)
    }

    /// Fixes the redo point: one atomic section, in which also everything is read that the record will say.
    async fn begin(&self) -> CheckPoint {
        let (server, txns) = (self.server, &self.server.txns);
        let redo = crate::wal::page::skip_header(server.seg(), server.wal.insert_lsn());
        server.wal.set_redo(redo);
        let quiet = self.flags.is_quiet();
        let next_oid = if quiet { txns.next_oid.get() } else { txns.logged_oid.get().max(txns.next_oid.get()) };
        let (next_multi, next_multi_offset) = txns.multis.next();
        let record = CheckPoint {
            redo,
            this_timeline: server.timeline(),
            prev_timeline: server.timeline(),
            full_page_writes: server.wal.full_page_writes(),
            next_xid: txns.procs.next_xid(),
            next_oid,
            next_multi: next_multi.0,
            next_multi_offset,
            oldest_multi: txns.multis.oldest().0,
            time: unix_seconds(&self.env.cx),
            oldest_active_xid: Xid::INVALID,
            ..server.control.borrow().checkpoint_copy
        };
        self.env.cx.point(Event::CheckpointStart { redo }).await;
        record
    }

    /// Writes what was dirty when it began, and pg_xact, and syncs all files.
    async fn write_and_sync(&mut self) -> Result<()> {
        let (env, server) = (self.env, self.server);
        self.times[0] = env.cx.now();
        let dirty = server.buffers.mark_for_checkpoint();
        for (n, index) in dirty.iter().enumerate() {
            if server.buffers.write_for_checkpoint(&env.cx, *index).await? {
                self.written += 1;
                self.nap((n + 1) as f64 / dirty.len() as f64).await;
            }
        }
        env.cx.point(Event::CheckpointBuffersWritten { buffers: self.written as u32 }).await;
        self.times[1] = env.cx.now();
        server.save_slots(&env.cx).await?;
        server.txns.checkpoint(&env.cx).await?;
        self.files = server.buffers.sync_files(&env.cx).await?;
        self.times[2] = env.cx.now();
        let [write, sync] = server.stats.checkpoint_times.get();
        let spent = |from: usize| (self.times[from + 1] - self.times[from]) as i64;
        server.stats.checkpoint_times.set([write + spent(0), sync + spent(1)]);
        Ok(())
    }

    /// `CheckpointWriteDelay`: after each write a nap, if that is not behind schedule and nobody is in a hurry.
    async fn nap(&self, progress: f64) {
        let (env, server) = (self.env, self.server);
        let hurried = self.flags.has(Flags::IMMEDIATE)
            || server.checkpoints.flags.get().has(Flags::IMMEDIATE)
            || server.checkpoints.shutdown.get();
        let policy = Policy::of(&server.spec.settings.borrow(), server.seg());
        let at = if server.txns.procs.in_recovery() { server.receiver.replay.get() } else { server.wal.insert_lsn() };
        let (grown, elapsed) = (at.0.saturating_sub(self.begun.1.0), env.cx.now() - self.begun.0);
        if !hurried && policy.is_ahead(progress, grown, elapsed) {
            env.cx.sleep(WaitEvent::CheckpointWriteDelay, WRITE_DELAY).await;
        }
    }

    /// Writes the checkpoint's record and flushes it. Returns where it begins.
    async fn log_record(&self, record: &CheckPoint) -> Result<Lsn> {
        let env = self.env;
        env.wal.make_room(&env.cx, 128).await?;
        let kind = if self.flags.is_quiet() { XlogRecord::CheckpointShutdown } else { XlogRecord::CheckpointOnline };
        let (info, data) = kind(*record).encode();
        let end = env.log(&RecordBuilder::new(RmgrId::Xlog, info).main(&data));
        let start = env.wal.prev_lsn();
        env.cx.end_step().await;
        env.wal.flush(&env.cx, end).await?;
        Ok(start)
    }

    /// `RemoveOldXlogFiles`, for a redo point and the one before; `end` is the end of the log.
    async fn remove_old_segments(&mut self, redo: Lsn, redo_before: Lsn, end: Lsn) -> Result<()> {
        let (env, server) = (self.env, self.server);
        if redo_before.is_valid() {
            let distance = redo.0.saturating_sub(redo_before.0);
            let estimate = estimate_distance(server.checkpoints.distance.get().1, distance);
            server.checkpoints.distance.set((distance, estimate));
        }
        let keep = server.keep_from(&env.cx, redo, end).await?;
        let policy = Policy::of(&server.spec.settings.borrow(), server.seg());
        let upto = policy.recycle_upto(redo, server.checkpoints.distance.get().1);
        self.segments = server.wal.remove_old_segments(&env.cx, keep, end, upto, policy.recycle)?;
        if !self.flags.has(Flags::SHUTDOWN) {
            self.segments.added = server.wal.preallocate(&env.cx, end).await?;
        }
        Ok(())
    }

    // --- the log ---------------------------------------------------------------------------------------------

    fn say(&self, text: String) {
        if self.server.spec.settings.borrow().on(Setting::log_checkpoints) {
            self.server.log(self.env.cx.pid(), LogLevel::Log, text);
        }
    }

    fn say_starting(&self, what: &str) {
        self.say(format!("{what} starting:{}", self.flags));
    }

    fn say_complete(&self, what: &str) {
        let (written, SegmentCounts { added, removed, recycled }) = (self.written, self.segments);
        let percent = written as f64 * 100.0 / self.server.buffers.len() as f64;
        let seconds = |micros: u64| format!("{}.{:03} s", micros / 1_000_000, micros / 1_000 % 1_000);
        let SyncedFiles { count, longest, total } = self.files;
        let average = total.checked_div(count as u64).unwrap_or(0);
        let (distance, estimate) = self.server.checkpoints.distance.get();
        self.say(format!(
            "{what} complete: wrote {written} buffers ({percent:.1}%); {added} WAL file(s) added, {removed} removed, \
             {recycled} recycled; write={}, sync={}, total={}; sync files={count}, longest={}, average={}; \
             distance={} kB, estimate={} kB",
            seconds(self.times[1] - self.times[0]),
            seconds(self.times[2] - self.times[1]),
            seconds(self.env.cx.now() - self.begun.0),
            seconds(longest),
            seconds(average),
            distance / 1024,
            (estimate / 1024.0) as u64,
        ));
    }
}
