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
use super::shared::Server;
use crate::ids::{Error, Lsn, Result, WaitEvent, sqlstate};
use crate::settings::Setting;
use crate::trace::Event;
use crate::world::{Cx, Receiver, Sender, channel};

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
        // The postmaster starts another one as soon as this one has ended.
        let interval = server.setting(Setting::wal_retrieve_retry_interval) as u64 * 1_000;
        cx.sleep(WaitEvent::LibPQWalReceiverConnect, interval).await;
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
    connection.to_primary.send(cx.world(), ReplicationMessage::Start { from, name, slot });
    let interval = server.setting(Setting::wal_receiver_status_interval) as u64 * 1_000_000;
    let mut next_report = cx.now() + interval;
    loop {
        cx.check_for_interrupts()?;
        let mut arrived = false;
        while let Some(message) = connection.from_primary.try_recv(cx.now()) {
            arrived |= take(cx, server, message).await?;
        }
        if arrived {
            flush(cx, server).await?;
            report(cx, server, &connection).await;
        }
        if receiver.reply_wanted.replace(false) || cx.now() >= next_report {
            report(cx, server, &connection).await;
            next_report = cx.now() + interval;
        }
        if connection.from_primary.is_closed() {
            let message = "could not receive data from WAL stream: server closed the connection unexpectedly";
            return Err(Error::new(sqlstate::CONNECTION_FAILURE, message));
        }
        if connection.from_primary.has_arrived(cx.now()) || receiver.reply_wanted.get() {
            continue;
        }
        connection.from_primary.wait(cx, WaitEvent::WalReceiverMain, Some(next_report)).await;
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

/// Tells the primary how far this standby is.
async fn report(cx: &Cx, server: &Server, connection: &Connection) {
    let receiver = &server.receiver;
    let (write, flush, apply) = (receiver.write.get(), receiver.flush.get(), receiver.replay.get());
    let reply = ReplicationMessage::Reply { write, flush, apply, time: cx.timestamp() };
    connection.to_primary.send(cx.world(), reply);
    cx.point(Event::StandbyReply { write, flush, apply }).await;
}
