//! The walsender: sends a standby what has been flushed, as it is flushed, and hears how far the standby is.
//!
//! Only flushed log is sent: were the primary to crash, the standby would otherwise have what the primary has not.
//! Nothing leaves the log by being sent; a pointer advances.
//!
//! PostgreSQL: `replication/walsender.c`.

use std::rc::Rc;

use super::base_backup;
use super::lag::LagTracker;
use super::log::LogLevel;
use super::port::{Replication, ReplicationMessage};
use super::shared::{Server, ServerState};
use crate::ids::{Error, Instant, Lsn, Result, WaitEvent, sqlstate};
use crate::settings::Setting;
use crate::trace::Event;
use crate::txn::StandbyProgress;
use crate::world::Cx;

/// The most that is sent in one message, in bytes.
const MAX_SEND_SIZE: u64 = 128 * 1024;

/// The process.
pub(super) async fn main(cx: Cx, server: Rc<Server>, standby: Replication) {
    let served = serve(&cx, &server, &standby).await;
    server.wal.flushed().leave(cx.pid());
    server.txns.sync_rep.remove(cx.pid());
    server.slots.release(cx.pid());
    server.txns.procs.remove(cx.pid());
    if let Err(error) = served {
        server.log(cx.pid(), LogLevel::Error, error.report().message.clone());
        standby.outgoing.send(cx.world(), ReplicationMessage::Error(error.report().message.clone()));
    }
}

async fn serve(cx: &Cx, server: &Rc<Server>, standby: &Replication) -> Result<()> {
    loop {
        cx.check_for_interrupts()?;
        match standby.incoming.try_recv(cx.now()) {
            Some(ReplicationMessage::BaseBackup) => base_backup::send(cx, server, standby).await?,
            Some(ReplicationMessage::Start { from, name, slot }) => {
                if let Some(slot) = &slot
                    && let Err(error) = server.slots.acquire(slot, cx.pid())
                {
                    let message = error.report().message.clone();
                    server.log(cx.pid(), LogLevel::Error, message.clone());
                    standby.outgoing.send(cx.world(), ReplicationMessage::Refused(message));
                    return Ok(());
                }
                return stream(cx, server, standby, from, (name, slot)).await;
            }
            Some(_) | None if standby.incoming.is_closed() => return Ok(()),
            _ => drop(standby.incoming.wait(cx, WaitEvent::WalSenderMain, None).await),
        }
    }
}

/// Sends the log from `from` on until the standby goes away.
async fn stream(
    cx: &Cx,
    server: &Rc<Server>,
    standby: &Replication,
    from: Lsn,
    who: (String, Option<String>),
) -> Result<()> {
    let (name, slot) = who;
    server.wal.flushed().join(cx.pid());
    server.update_activity(cx.pid(), |activity| {
        activity.application_name = name.clone();
        let slot = slot.as_ref().map(|slot| format!("SLOT \"{slot}\" ")).unwrap_or_default();
        activity.query = format!("START_REPLICATION {slot}{from} TIMELINE {}", server.timeline());
        activity.state = super::shared::SessionState::Active;
    });
    let mut progress = StandbyProgress {
        pid: cx.pid(),
        name,
        state: "catchup",
        sent: from,
        write: Lsn::INVALID,
        flush: Lsn::INVALID,
        apply: Lsn::INVALID,
        lag: [None; 3],
        reply_time: cx.timestamp(),
    };
    server.txns.sync_rep.report(cx.world(), progress.clone());
    let (mut stopping, mut lag) = (false, LagTracker::default());
    let mut touch = Touch { heard: cx.now(), asked: false };
    loop {
        match cx.check_for_interrupts() {
            // The standby shall have all of the log before the server is gone, the shutdown checkpoint too.
            Err(_) if server.state.get() == ServerState::Stopping => stopping = true,
            other => other?,
        }
        lag.write(server.wal.flush_lsn(), cx.now());
        while let Some(message) = standby.incoming.try_recv(cx.now()) {
            touch = Touch { heard: cx.now(), asked: false };
            match message {
                ReplicationMessage::Feedback { xmin } => server.hear_feedback(cx.pid(), slot.as_deref(), xmin),
                ReplicationMessage::Reply { .. } => hear(cx, server, standby, (&mut progress, &mut lag), message).await,
                _ => {}
            }
            slot.iter().for_each(|slot| server.slots.confirm(slot, progress.flush));
        }
        if standby.incoming.is_closed() || standby.outgoing.is_closed() {
            return Ok(());
        }
        if stopping && progress.sent == server.wal.flush_lsn() && progress.flush >= progress.sent {
            standby.outgoing.send(cx.world(), ReplicationMessage::End);
            return Ok(());
        }
        let Some(deadline) = touch.keep(cx, server, standby) else { return Ok(()) };
        if progress.sent < server.wal.flush_lsn() {
            send_some(cx, server, standby, &mut progress).await?;
            continue;
        }
        if progress.state != "streaming" {
            progress.state = "streaming";
            server.txns.sync_rep.report(cx.world(), progress.clone());
        }
        standby.incoming.wait(cx, WaitEvent::WalSenderMain, deadline.timer()).await;
    }
}

/// When the standby was heard last, and whether it has been asked since whether it is still there.
struct Touch {
    heard: Instant,
    asked: bool,
}

impl Touch {
    /// `wal_sender_timeout`: a standby that says nothing is asked after half of it, and given up after all of it. When to look
    /// again, or nothing.
    fn keep(&mut self, cx: &Cx, server: &Server, standby: &Replication) -> Option<Instant> {
        let timeout = server.setting(Setting::wal_sender_timeout) as u64 * 1_000;
        if timeout == 0 {
            return Some(Instant::NEVER);
        }
        if cx.now() >= self.heard + timeout {
            server.log(cx.pid(), LogLevel::Log, "terminating walsender process due to replication timeout");
            return None;
        }
        if !self.asked && cx.now() >= self.heard + timeout / 2 {
            self.asked = true;
            let message = ReplicationMessage::KeepAlive { end: server.wal.flush_lsn(), reply: true };
            standby.outgoing.send(cx.world(), message);
        }
        Some(self.heard + if self.asked { timeout } else { timeout / 2 })
    }
}

/// Takes a report.
async fn hear(
    cx: &Cx,
    server: &Server,
    standby: &Replication,
    (progress, lag): (&mut StandbyProgress, &mut LagTracker),
    message: ReplicationMessage,
) {
    let ReplicationMessage::Reply { write, flush, apply, time, reply } = message else { return };
    (progress.write, progress.flush, progress.apply, progress.reply_time) = (write, flush, apply, time);
    lag.read(progress, cx.now());
    if reply {
        let message = ReplicationMessage::KeepAlive { end: server.wal.flush_lsn(), reply: false };
        standby.outgoing.send(cx.world(), message);
    }
    server.txns.sync_rep.report(cx.world(), progress.clone());
    cx.point(Event::StandbyReplyReceived { write, flush, apply }).await;
}

/// Sends the next piece: up to what is flushed, within one segment.
async fn send_some(cx: &Cx, server: &Server, standby: &Replication, progress: &mut StandbyProgress) -> Result<()> {
    let (start, seg) = (progress.sent, server.seg());
    let flushed = server.wal.flush_lsn();
    let segment = seg.segment_of(start);
    let segment_end = seg.start_of(segment) + seg.bytes();
    let upto = flushed.min(segment_end).min(start + MAX_SEND_SIZE);
    let Some(path) = server.wal.existing_path(segment) else {
        let file = seg.file_name(server.timeline(), segment);
        let message = format!("requested WAL segment {file} has already been removed");
        return Err(Error::new(sqlstate::UNDEFINED_FILE, message));
    };
    let mut bytes = vec![0; (upto - start) as usize];
    server.spec.disk.read(cx, WaitEvent::WalRead, &path, seg.offset_of(start), &mut bytes).await?;
    standby.outgoing.send(cx.world(), ReplicationMessage::Wal { start, end: flushed, bytes });
    progress.sent = upto;
    server.txns.sync_rep.report(cx.world(), progress.clone());
    cx.point(Event::WalSend { upto }).await;
    Ok(())
}
