//! The checkpointer: writes all dirty pages, syncs their files, and only then tells pg_control from where recovery
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
//! One is due when `checkpoint_timeout` has passed, when the log has grown by about half of `max_wal_size`, when
//! somebody says CHECKPOINT, for a base backup, and at the end of recovery. A standby cannot write a record; it makes
//! a *restartpoint* of a record that it has replayed.
//!
//! PostgreSQL: `postmaster/checkpointer.c`, `CreateCheckPoint` in `access/transam/xlog.c`.

use std::rc::Rc;

use super::control::unix_seconds;
use super::log::LogLevel;
use super::shared::{Server, ServerState};
use crate::ids::{Error, Instant, Lsn, Result, RmgrId, WaitEvent, sqlstate};
use crate::settings::Setting;
use crate::storage::control::{CheckPoint, DbState};
use crate::trace::Event;
use crate::txn::{Env, MAX_SUBXIDS};
use crate::wal::RecordBuilder;
use crate::wal::standby_records::{RunningXacts, StandbyRecord};
use crate::wal::xlog_records::XlogRecord;
use crate::world::Cx;

/// How long it sleeps when its writes are ahead of schedule, in microseconds.
const WRITE_DELAY: u64 = 100_000;

/// Why a checkpoint is made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Cause {
    immediate: bool,
    end_of_recovery: bool,
    text: &'static str,
}

/// Asks for a checkpoint and waits until one that began after the asking is done.
pub(super) async fn request(cx: &Cx, server: &Server, end_of_recovery: bool) -> Result<()> {
    let requests = &server.checkpoints;
    let (started, failed) = (requests.started.get(), requests.failed.get());
    requests.requested.set(true);
    requests.immediate.set(true);
    requests.end_of_recovery.set(end_of_recovery);
    if let Some(pid) = requests.pid.get() {
        cx.world().wake(pid);
    }
    while requests.started.get() == started {
        requests.waiters.wait(cx, WaitEvent::CheckpointStart).await;
    }
    let mine = requests.started.get();
    while requests.done.get() < mine {
        requests.waiters.wait(cx, WaitEvent::CheckpointDone).await;
    }
    if requests.failed.get() > failed {
        let error = Error::new(sqlstate::INTERNAL_ERROR, "checkpoint request failed");
        return Err(error.hint("Consult recent messages in the server log for details."));
    }
    Ok(())
}

/// The process.
pub(super) async fn main(cx: Cx, server: Rc<Server>) {
    let env = server.system_env(&cx);
    server.wal.segment_begun().join(cx.pid());
    let mut last: (Instant, Lsn) = (cx.now(), server.wal.redo());
    loop {
        let timeout = server.setting(Setting::checkpoint_timeout) as u64 * 1_000_000;
        let Some(cause) = due(&server, cx.now(), last, timeout) else {
            cx.wait(WaitEvent::CheckpointerMain, Some(last.0 + timeout)).await;
            continue;
        };
        let requests = &server.checkpoints;
        requests.requested.set(false);
        requests.end_of_recovery.set(false);
        requests.started.set(requests.started.get() + 1);
        requests.asked.set(requests.asked.get() + u64::from(cause.text != "time"));
        requests.waiters.wake_all(cx.world());
        last = (cx.now(), server.wal.redo());
        if let Err(error) = checkpoint(&env, &server, cause).await {
            server.log(cx.pid(), LogLevel::Error, error.report().message.clone());
            requests.failed.set(requests.failed.get() + 1);
        }
        last.1 = server.wal.redo();
        requests.immediate.set(false);
        requests.done.set(requests.started.get());
        requests.waiters.wake_all(cx.world());
        cx.end_step().await;
    }
}

/// Whether a checkpoint is due, and why.
fn due(server: &Server, now: Instant, last: (Instant, Lsn), timeout: u64) -> Option<Cause> {
    let requests = &server.checkpoints;
    if requests.requested.get() {
        let end_of_recovery = requests.end_of_recovery.get();
        let text = if end_of_recovery { "end-of-recovery immediate wait" } else { "immediate force wait" };
        return Some(Cause { immediate: true, end_of_recovery, text });
    }
    let open = matches!(server.state.get(), ServerState::Running | ServerState::HotStandby);
    let cause = |text| Some(Cause { immediate: false, end_of_recovery: false, text });
    if open && now >= last.0 + timeout {
        return cause("time");
    }
    let target = server.setting(Setting::checkpoint_completion_target) as f64 / 1000.0;
    let limit = server.setting(Setting::max_wal_size) as f64 * f64::from(1 << 20) / (1.0 + target);
    let grown = server.wal.insert_lsn().0.saturating_sub(last.1.0) as f64;
    if open && last.1.is_valid() && grown >= limit { cause("wal") } else { None }
}

async fn checkpoint(env: &Env, server: &Server, cause: Cause) -> Result<()> {
    if server.txns.procs.in_recovery() && !cause.end_of_recovery {
        return restartpoint(env, server, cause).await;
    }
    // By time alone there is nothing to do when nothing has been logged since.
    let idle = server.wal.prev_lsn() == server.control.borrow().checkpoint;
    if cause.text == "time" && idle {
        return Ok(());
    }
    server.log(env.cx.pid(), LogLevel::Log, format!("checkpoint starting: {}", cause.text));
    let begun = env.cx.now();
    let mut record = begin(env, server, cause).await;
    while server.txns.procs.entries().iter().any(|entry| entry.delays_checkpoint) {
        env.txns.delayed_checkpoint.wait(&env.cx, WaitEvent::CheckpointDelayStart).await;
    }
    let written = write_buffers(env, server, cause, begun).await?;
    let synced_at = env.cx.now();
    server.txns.checkpoint(&env.cx).await?;
    let files = server.buffers.sync_files(&env.cx).await?;
    if !cause.end_of_recovery {
        record.oldest_active_xid = log_running_xacts(env).await?;
    }
    let lsn = log_checkpoint(env, &record, cause).await?;
    server
        .update_control(&env.cx, |control| {
            control.state = DbState::InProduction;
            control.checkpoint = lsn;
            control.checkpoint_copy = record;
            control.min_recovery_point = Lsn::INVALID;
            control.min_recovery_point_tli = crate::ids::TimeLineId(0);
        })
        .await?;
    env.cx.point(Event::CheckpointDone { record: lsn, redo: record.redo }).await;
    let removed = remove_old_segments(env, server, record.redo);
    let (write, sync) = (synced_at - begun, env.cx.now() - synced_at);
    server.log(env.cx.pid(), LogLevel::Log, complete(server, written, removed, files, write, sync));
    Ok(())
}

/// Fixes the redo point: one atomic section, in which also everything is read that the record will say.
async fn begin(env: &Env, server: &Server, cause: Cause) -> CheckPoint {
    let redo = crate::wal::page::skip_header(server.seg(), server.wal.insert_lsn());
    server.wal.set_redo(redo);
    let txns = &server.txns;
    let next_oid =
        if cause.end_of_recovery { txns.next_oid.get() } else { txns.logged_oid.get().max(txns.next_oid.get()) };
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
        time: unix_seconds(&env.cx),
        oldest_active_xid: crate::ids::Xid::INVALID,
        ..server.control.borrow().checkpoint_copy
    };
    env.cx.point(Event::CheckpointStart { redo }).await;
    record
}

/// Writes what was dirty when the checkpoint began; spread over time unless somebody waits.
async fn write_buffers(env: &Env, server: &Server, cause: Cause, begun: Instant) -> Result<usize> {
    let dirty = server.buffers.mark_for_checkpoint();
    let mut written = 0;
    for (n, index) in dirty.iter().enumerate() {
        if server.buffers.write_for_checkpoint(&env.cx, *index).await? {
            written += 1;
        }
        let progress = (n + 1) as f64 / dirty.len() as f64;
        while !cause.immediate
            && !server.checkpoints.immediate.get()
            && is_ahead(server, progress, env.cx.now() - begun)
        {
            env.cx.sleep(WaitEvent::CheckpointWriteDelay, WRITE_DELAY).await;
        }
    }
    env.cx.point(Event::CheckpointBuffersWritten { buffers: written as u32 }).await;
    Ok(written)
}

/// Whether so much progress is more than the time that has passed asks for.
fn is_ahead(server: &Server, progress: f64, elapsed: u64) -> bool {
    let target = server.setting(Setting::checkpoint_completion_target) as f64 / 1000.0;
    let timeout = server.setting(Setting::checkpoint_timeout) as f64 * 1e6;
    progress * target > elapsed as f64 / timeout
}

/// `LogStandbySnapshot`: tells standbys which transactions run. Returns the oldest of them.
pub(super) async fn log_running_xacts(env: &Env) -> Result<crate::ids::Xid> {
    env.wal.make_room(&env.cx, 64 + 4 * (MAX_SUBXIDS + 1) * env.txns.procs.entries().len()).await?;
    let running = env.txns.procs.running_xacts();
    let record = StandbyRecord::RunningXacts(RunningXacts {
        subxid_overflow: running.overflowed,
        next_xid: running.next,
        oldest_running_xid: running.oldest,
        latest_completed_xid: running.latest_completed,
        xids: running.xids,
        subxids: running.subxids,
    });
    let (info, data) = record.encode();
    env.log(&RecordBuilder::new(RmgrId::Standby, info).main(&data));
    env.cx.end_step().await;
    Ok(running.oldest)
}

/// Writes the checkpoint's record and flushes it. Returns where it begins.
async fn log_checkpoint(env: &Env, record: &CheckPoint, cause: Cause) -> Result<Lsn> {
    env.wal.make_room(&env.cx, 128).await?;
    let kind = if cause.end_of_recovery { XlogRecord::CheckpointShutdown } else { XlogRecord::CheckpointOnline };
    let (info, data) = kind(*record).encode();
    let end = env.log(&RecordBuilder::new(RmgrId::Xlog, info).main(&data));
    let start = env.wal.prev_lsn();
    env.cx.end_step().await;
    env.wal.flush(&env.cx, end).await?;
    Ok(start)
}

/// A restartpoint: the same without a record, from the last checkpoint record that was replayed.
async fn restartpoint(env: &Env, server: &Server, cause: Cause) -> Result<()> {
    let Some((lsn, record)) = server.checkpoints.restart.get() else { return Ok(()) };
    if server.control.borrow().checkpoint == lsn {
        return Ok(());
    }
    server.log(env.cx.pid(), LogLevel::Log, format!("restartpoint starting: {}", cause.text));
    let begun = env.cx.now();
    env.cx.point(Event::CheckpointStart { redo: record.redo }).await;
    let written = write_buffers(env, server, cause, begun).await?;
    let synced_at = env.cx.now();
    server.txns.checkpoint(&env.cx).await?;
    let files = server.buffers.sync_files(&env.cx).await?;
    let replayed = server.receiver.replay.get();
    server
        .update_control(&env.cx, |control| {
            control.checkpoint = lsn;
            control.checkpoint_copy = record;
            control.min_recovery_point = replayed;
            control.min_recovery_point_tli = record.this_timeline;
        })
        .await?;
    env.cx.point(Event::CheckpointDone { record: lsn, redo: record.redo }).await;
    let removed = remove_old_segments(env, server, record.redo);
    let (write, sync) = (synced_at - begun, env.cx.now() - synced_at);
    let line = complete(server, written, removed, files, write, sync).replace("checkpoint", "restartpoint");
    server.log(env.cx.pid(), LogLevel::Log, line);
    Ok(())
}

/// Removes segments that neither recovery nor, by `wal_keep_size`, a standby needs.
fn remove_old_segments(env: &Env, server: &Server, redo: Lsn) -> usize {
    let keep = server.setting(Setting::wal_keep_size) as u64 * (1 << 20);
    let needed = redo.0.min(server.wal.insert_lsn().0.saturating_sub(keep));
    server.wal.remove_segments_before(&env.cx, Lsn(needed))
}

/// The log line of a checkpoint that is done.
fn complete(server: &Server, written: usize, removed: usize, files: usize, write: u64, sync: u64) -> String {
    let percent = written as f64 * 100.0 / server.buffers.len() as f64;
    let seconds = |micros: u64| micros as f64 / 1e6;
    format!(
        "checkpoint complete: wrote {written} buffers ({percent:.1}%); 0 WAL file(s) added, {removed} removed, \
         0 recycled; write={:.3} s, sync={:.3} s, total={:.3} s; sync files={files}",
        seconds(write),
        seconds(sync),
        seconds(write + sync),
    )
}
