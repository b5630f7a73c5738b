//! The checkpointer: makes a checkpoint when one is due, and otherwise sleeps.
//!
//! One is due when `checkpoint_timeout` has passed, when the log has grown by about half of `max_wal_size`, when
//! somebody says CHECKPOINT, for a base backup, at the end of recovery, and at the end of the server. What it then does
//! is in `checkpoint.rs`.
//!
//! PostgreSQL: `postmaster/checkpointer.c`.

use std::rc::Rc;

use super::checkpoint::{Checkpoint, shut_down};
use super::checkpoint_policy::{Flags, Policy};
use super::log::LogLevel;
use super::shared::{Server, ServerState};
use crate::ids::{Error, Instant, Lsn, Result, RmgrId, WaitEvent, Xid, sqlstate};
use crate::settings::Setting;
use crate::txn::{Env, MAX_SUBXIDS};
use crate::wal::RecordBuilder;
use crate::wal::standby_records::{RunningXacts, StandbyRecord};
use crate::wal::xlog_records::XlogRecord;
use crate::world::Cx;

/// How soon a restartpoint for which there was no reason is tried again, in microseconds.
const RESTARTPOINT_RETRY: u64 = 15_000_000;

/// `RequestCheckpoint`: asks for a checkpoint and waits until one that began after the asking is done.
pub(super) async fn request(cx: &Cx, server: &Server, flags: Flags) -> Result<()> {
    let requests = &server.checkpoints;
    let (started, failed) = (requests.started.get(), requests.failed.get());
    requests.flags.set(requests.flags.get() | flags | Flags::WAIT);
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
    server.wal.segment_filled().join(cx.pid());
    let mut last = cx.now();
    let mut retry = Instant::NEVER;
    let mut looked_at = server.seg().segment_of(server.wal.write_lsn());
    loop {
        if server.checkpoints.shutdown.get() {
            return shut_down(&env, &server).await;
        }
        if let Err(error) = update_full_page_writes(&env, &server).await {
            server.log(cx.pid(), LogLevel::Error, error.report().message.clone());
        }
        let policy = Policy::of(&server.spec.settings.borrow(), server.seg());
        let next = retry.min(last + policy.timeout);
        // Each segment that is full asks once.
        let segment = server.seg().segment_of(server.wal.write_lsn());
        let filled = std::mem::replace(&mut looked_at, segment) != segment;
        let flags = due(&server, &policy, filled, cx.now() >= next);
        if flags == Flags::default() {
            cx.wait(WaitEvent::CheckpointerMain, Some(next)).await;
            continue;
        }
        let requests = &server.checkpoints;
        requests.flags.set(Flags::default());
        requests.started.set(requests.started.get() + 1);
        requests.asked.set(requests.asked.get() + u64::from(flags != Flags::CAUSE_TIME));
        requests.waiters.wake_all(cx.world());
        warn_if_too_frequent(&cx, &server, flags, last);
        (last, retry) = (cx.now(), Instant::NEVER);
        match Checkpoint::make(&env, &server, flags).await {
            // There was nothing to restart from: it is tried again soon.
            Ok(false) if server.txns.procs.in_recovery() => retry = last + RESTARTPOINT_RETRY,
            Ok(_) => {}
            Err(error) => {
                server.log(cx.pid(), LogLevel::Error, error.report().message.clone());
                requests.failed.set(requests.failed.get() + 1);
            }
        }
        requests.done.set(requests.started.get());
        requests.waiters.wake_all(cx.world());
        cx.end_step().await;
    }
}

/// Whether a checkpoint is due, and why: no flags if none is.
fn due(server: &Server, policy: &Policy, filled: bool, timed: bool) -> Flags {
    let mut flags = server.checkpoints.flags.get();
    let open = matches!(server.state.get(), ServerState::Running | ServerState::HotStandby | ServerState::WarmStandby);
    if open && filled && policy.needs_for_wal(server.wal.redo(), server.wal.write_lsn()) {
        flags = flags | Flags::CAUSE_XLOG;
    }
    if open && timed {
        flags = flags | Flags::CAUSE_TIME;
    }
    flags
}

/// Checkpoints for the log's sake that follow each other within `checkpoint_warning` write every page again and again.
fn warn_if_too_frequent(cx: &Cx, server: &Server, flags: Flags, last: Instant) {
    let seconds = cx.now().0 / 1_000_000 - last.0 / 1_000_000;
    let limit = server.setting(Setting::checkpoint_warning) as u64;
    if !server.txns.procs.in_recovery() && flags.has(Flags::CAUSE_XLOG) && seconds < limit {
        let unit = if seconds == 1 { "second" } else { "seconds" };
        let text = format!("checkpoints are occurring too frequently ({seconds} {unit} apart)");
        server.log(cx.pid(), LogLevel::Log, text);
        let hint = "Consider increasing the configuration parameter \"max_wal_size\".";
        server.log(cx.pid(), LogLevel::Hint, hint);
    }
}

/// `UpdateFullPageWrites`: standbys are told, since a backup taken there relies on it.
async fn update_full_page_writes(env: &Env, server: &Server) -> Result<()> {
    let wanted = server.spec.settings.borrow().on(Setting::full_page_writes);
    if wanted == server.wal.full_page_writes_setting() || server.txns.procs.in_recovery() {
        return Ok(());
    }
    env.wal.make_room(&env.cx, 64).await?;
    if wanted {
        server.wal.set_full_page_writes(true);
    }
    let (info, data) = XlogRecord::FpwChange(wanted).encode();
    env.log(&RecordBuilder::new(RmgrId::Xlog, info).main(&data));
    server.wal.set_full_page_writes(wanted);
    env.cx.end_step().await;
    Ok(())
}

/// `LogStandbySnapshot`: tells standbys which transactions run. Returns the oldest of them, and the record's end.
pub(super) async fn log_running_xacts(env: &Env) -> Result<(Xid, Lsn)> {
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
    let end = env.log(&RecordBuilder::new(RmgrId::Standby, info).main(&data));
    env.wal.note_async_commit(end);
    env.cx.end_step().await;
    Ok((running.oldest, end))
}
