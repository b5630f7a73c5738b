//! The walreceiver: writes what arrives from the primary into the standby's own files, flushes it, and reports.
//!
//! Three of the standby's four positions are made here, the fourth by the startup process:
//!
//! ```text
//!   arrived ─► write (with the kernel) ─► flush (durable) ─► replay (visible to queries)
//! ```
//!
//! PostgreSQL: `replication/walreceiver.c`.

use std::rc::Rc;

use super::log::LogLevel;
use super::port::{Incoming, Replication, ReplicationMessage};
use super::shared::{Server, ServerState};
use crate::ids::{Error, Instant, Lsn, Result, WaitEvent, Xid, sqlstate};
use crate::settings::Setting;
use crate::trace::Event;
use crate::world::{Cx, Receiver, Sender, channel};

/// What a primary that shuts down is no longer told.
const END_NOT_SENT: &str = "could not send end-of-streaming message to primary: server closed the connection unexpectedly\n\
    \tThis probably means the server terminated abnormally\n\tbefore or while processing the request.\nno COPY in progress";

/// The process.
pub(super) async fn main(cx: Cx, server: Rc<Server>) {
    server.receiver.pid.set(Some(cx.pid()));
    let stopped = "terminating walreceiver process due to administrator command";
    if let Err(error) = receive(&cx, &server).await {
        let ends = error.code() == sqlstate::ADMIN_SHUTDOWN;
        let text = if ends { stopped } else { error.report().message.as_str() };
        server.log(cx.pid(), LogLevel::Fatal, text);
        if ends {
            return left(&cx, &server);
        }
        // The postmaster starts another one as soon as this one has ended: at once, if the last failure is some time ago.
        let interval = server.setting(Setting::wal_retrieve_retry_interval) as u64 * 1_000;
        let last = server.receiver.lost_at.replace(Some(cx.now()));
        server.receiver.lost_before.set(last);
        server.receiver.lost.set(true);
        server.startup.get().into_iter().for_each(|pid| cx.world().wake(pid));
        let until = last.map_or(cx.now(), |last| last + interval);
        while cx.now() < until && cx.check_for_interrupts().is_ok() {
            cx.sleep(WaitEvent::LibPQWalReceiverConnect, until - cx.now()).await;
        }
    }
    left(&cx, &server);
}

/// The startup process may be waiting for it to be gone.
fn left(cx: &Cx, server: &Server) {
    server.receiver.pid.set(None);
    server.startup.get().into_iter().for_each(|pid| cx.world().wake(pid));
}

struct Connection {
    to_primary: Sender<ReplicationMessage>,
    from_primary: Receiver<ReplicationMessage>,
}

fn connect(cx: &Cx, server: &Server) -> Result<Connection> {
    let refused = || {
        let message = "could not connect to the primary server: connection to server failed: Connection refused";
        Error::new(sqlstate::CONNECTION_FAILURE, message)
    };
    let (link, port) = server.spec.primary.borrow().clone().ok_or_else(refused)?;
    let (to_primary, incoming) = channel(cx.world(), &link);
    let (outgoing, from_primary) = channel(cx.world(), &link);
    let knock = Incoming::Replication(Replication { incoming, outgoing });
    if link.is_cut() || !port.connect(cx.world(), knock) {
        return Err(refused());
    }
    Ok(Connection { to_primary, from_primary })
}

/// Microseconds from now on of a setting of which 0 means never.
fn after(cx: &Cx, micros: i64) -> Instant {
    if micros > 0 { cx.now() + micros as u64 } else { Instant::NEVER }
}

/// A connection in use.
struct Stream<'a> {
    cx: &'a Cx,
    server: &'a Server,
    connection: Connection,
    /// When the primary was heard last, and whether it has been asked since whether it is still there.
    heard: Instant,
    asked: bool,
    next_report: Instant,
    next_feedback: Instant,
    /// The primary may hold versions back for this standby.
    fed_back: bool,
}

async fn receive(cx: &Cx, server: &Server) -> Result<()> {
    let connection = connect(cx, server)?;
    let receiver = &server.receiver;
    // What was received of the last segment is asked for again: PostgreSQL begins at the segment's start.
    let from = receiver.flush.get();
    let name = server.spec.name.clone();
    server.log(
        cx.pid(),
        LogLevel::Log,
        format!("started streaming WAL from primary at {from} on timeline {}", server.timeline()),
    );
    let slot = server.spec.settings.borrow().text(Setting::primary_slot_name).to_string();
    let slot = Some(slot).filter(|slot| !slot.is_empty());
    // An earlier one may have had the slot keep versions.
    let fed_back = slot.is_some();
    connection.to_primary.send(cx.world(), ReplicationMessage::Start { from, name, slot });
    let now = cx.now();
    let stream = Stream {
        cx,
        server,
        connection,
        heard: now,
        asked: false,
        next_report: after(cx, server.setting(Setting::wal_receiver_status_interval) * 1_000_000),
        next_feedback: now,
        fed_back,
    };
    stream.follow().await
}

impl Stream<'_> {
    async fn follow(mut self) -> Result<()> {
        let (cx, server) = (self.cx, self.server);
        let receiver = &server.receiver;
        loop {
            cx.check_for_interrupts()?;
            let mut arrived = false;
            while let Some(message) = self.connection.from_primary.try_recv(cx.now()) {
                (self.heard, self.asked) = (cx.now(), false);
                arrived |= take(cx, server, message).await?;
            }
            if arrived {
                // What is written is told before it is durable: `remote_write` waits for no more.
                self.report(false).await;
                flush(cx, server).await?;
                self.report(false).await;
            }
            if receiver.reply_wanted.replace(false) || cx.now() >= self.next_report {
                self.report(false).await;
                self.next_report = after(cx, server.setting(Setting::wal_receiver_status_interval) * 1_000_000);
            }
            let deadline = self.keep_in_touch().await?;
            self.feed_back();
            if self.connection.from_primary.is_closed() {
                let message = "could not receive data from WAL stream: server closed the connection unexpectedly";
                return Err(Error::new(sqlstate::CONNECTION_FAILURE, message));
            }
            if self.connection.from_primary.has_arrived(cx.now()) || receiver.reply_wanted.get() {
                continue;
            }
            let until = deadline.min(self.next_report).min(self.next_feedback);
            self.connection.from_primary.wait(cx, WaitEvent::WalReceiverMain, until.timer()).await;
        }
    }

    /// `wal_receiver_timeout`: a primary that says nothing is asked after half of it, and given up after all of it.
    /// Returns when to look again.
    async fn keep_in_touch(&mut self) -> Result<Instant> {
        let timeout = self.server.setting(Setting::wal_receiver_timeout) as u64 * 1_000;
        if timeout == 0 {
            return Ok(Instant::NEVER);
        }
        if self.cx.now() >= self.heard + timeout {
            return Err(Error::new(sqlstate::CONNECTION_FAILURE, "terminating walreceiver due to timeout"));
        }
        if !self.asked && self.cx.now() >= self.heard + timeout / 2 {
            self.asked = true;
            self.report(true).await;
        }
        Ok(self.heard + if self.asked { timeout } else { timeout / 2 })
    }

    /// `XLogWalRcvSendHSFeedback`: the primary is told what the queries here may still see, or that it need not mind any
    /// more.
    fn feed_back(&mut self) {
        if self.cx.now() < self.next_feedback {
            return;
        }
        let on = self.server.spec.settings.borrow().on(Setting::hot_standby_feedback);
        let wanted = on && self.server.state.get() == ServerState::HotStandby;
        if wanted || self.fed_back {
            let xmin = if wanted { self.server.txns.procs.oldest_xmin() } else { Xid::INVALID };
            self.connection.to_primary.send(self.cx.world(), ReplicationMessage::Feedback { xmin });
        }
        self.fed_back = wanted;
        self.next_feedback = after(self.cx, self.server.setting(Setting::wal_receiver_status_interval) * 1_000_000);
    }

    /// Tells the primary how far this standby is, and perhaps wants to hear from it.
    async fn report(&self, reply: bool) {
        let receiver = &self.server.receiver;
        let (write, flush, apply) = (receiver.write.get(), receiver.flush.get(), receiver.replay.get());
        let time = self.cx.timestamp();
        let message = ReplicationMessage::Reply { write, flush, apply, time, reply };
        self.connection.to_primary.send(self.cx.world(), message);
        self.cx.point(Event::StandbyReply { write, flush, apply }).await;
    }
}

/// Takes a message; whether it was a piece of the log.
async fn take(cx: &Cx, server: &Server, message: ReplicationMessage) -> Result<bool> {
    match message {
        ReplicationMessage::Wal { start, bytes, .. } => {
            server.receiver.received.set(start + bytes.len() as u64);
            write(cx, server, start, &bytes).await?;
            Ok(true)
        }
        ReplicationMessage::KeepAlive { reply, .. } => {
            server.receiver.reply_wanted.set(server.receiver.reply_wanted.get() | reply);
            Ok(false)
        }
        ReplicationMessage::End => {
            server.log(cx.pid(), LogLevel::Log, "replication terminated by primary server");
            let (timeline, end) = (server.timeline(), server.receiver.write.get());
            server.log(cx.pid(), LogLevel::Detail, format!("End of WAL reached on timeline {timeline} at {end}."));
            Err(Error::new(sqlstate::CONNECTION_FAILURE, END_NOT_SENT))
        }
        ReplicationMessage::Refused(message) => {
            let message = format!("could not start WAL streaming: ERROR:  {message}");
            Err(Error::new(sqlstate::CONNECTION_FAILURE, message))
        }
        ReplicationMessage::Error(message) => {
            let message = format!("could not receive data from WAL stream: ERROR:  {message}");
            Err(Error::new(sqlstate::CONNECTION_FAILURE, message))
        }
        _ => Ok(false),
    }
}

/// Writes a piece of the log into its segment file.
async fn write(cx: &Cx, server: &Server, start: Lsn, bytes: &[u8]) -> Result<()> {
    let (seg, disk) = (server.seg(), &server.spec.disk);
    let path = server.wal.path(seg.segment_of(start));
    if !disk.exists(&path) {
        disk.create(&path);
        disk.set_len(&path, seg.bytes())?;
    }
    disk.write(cx, WaitEvent::WalWrite, &path, seg.offset_of(start), bytes).await?;
    let upto = start + bytes.len() as u64;
    server.receiver.write.set(upto);
    cx.point(Event::StandbyWrite { upto }).await;
    Ok(())
}

/// Flushes what was written, and has the startup process look.
async fn flush(cx: &Cx, server: &Server) -> Result<()> {
    let receiver = &server.receiver;
    let (from, upto) = (receiver.flush.get(), receiver.write.get());
    if upto <= from {
        return Ok(());
    }
    let seg = server.seg();
    for segment in seg.segment_of(from).0..=seg.segment_of(Lsn(upto.0 - 1)).0 {
        let path = server.wal.path(crate::ids::WalSegment(segment));
        if server.spec.disk.exists(&path) {
            server.spec.disk.fsync(cx, WaitEvent::WalSync, &path).await?;
        }
    }
    receiver.flush.set(upto);
    if let Some(pid) = server.startup.get() {
        cx.world().wake(pid);
    }
    cx.point(Event::StandbyFlush { upto }).await;
    Ok(())
}
