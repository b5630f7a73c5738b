//! A base backup: a copy of a running server's files, and from where its log must be replayed to make them whole.
//!
//! ```text
//!   walsender: checkpoint ─► label ─► all files, while they change ─► pg_control ─► the log meanwhile ─► end
//! ```
//!
//! The copied pages are of different moments, some perhaps torn. That does no harm: the log from the checkpoint's
//! redo point on has the whole page for each that changed (full-page writes are forced on while a backup runs), and
//! the label tells the copy to begin there whatever its pg_control says.
//!
//! PostgreSQL: `backup/basebackup.c`, `pg_basebackup`.

use super::checkpoint_policy::Flags;
use super::checkpointer;
use super::port::{Replication, ReplicationMessage};
use super::shared::Server;
use crate::ids::{Error, Lsn, Result, RmgrId, TimeLineId, WaitEvent, WalSegment, sqlstate};
use crate::trace::Event;
use crate::txn::{TEMP_DIRECTORY, is_temp_relation};
use crate::wal::xlog_records::XlogRecord;
use crate::wal::{RecordBuilder, control};
use crate::world::{Cx, Disk, Receiver, Sender};

/// The file that tells a copy where to begin.
pub(super) const LABEL: &str = "backup_label";
/// The same when pg_control says it too.
pub(super) const LABEL_OLD: &str = "backup_label.old";
/// How much of a file is sent at once, in bytes.
const CHUNK: usize = 32 * 1024;

/// A part of a backup on its way.
#[derive(Clone, Debug)]
pub enum BackupMessage {
    /// A file begins.
    File {
        /// Its path.
        path: String,
        /// Its length in bytes.
        len: u64,
    },
    /// Bytes of the file.
    Data {
        /// Where they belong.
        offset: u64,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// All is sent.
    Done,
}

/// What the label says.
pub(super) struct Label {
    pub(super) checkpoint: Lsn,
    pub(super) timeline: TimeLineId,
}

/// The walsender's part.
pub(super) async fn send(cx: &Cx, server: &Server, standby: &Replication) -> Result<()> {
    server.wal.count_backup(true);
    let sent = send_all(cx, server, standby).await;
    server.wal.count_backup(false);
    sent
}

async fn send_all(cx: &Cx, server: &Server, standby: &Replication) -> Result<()> {
    server.wal.switch_segment(cx).await?;
    checkpointer::request(cx, server, Flags::FORCE | Flags::IMMEDIATE).await?;
    let (redo, checkpoint) = {
        let control = server.control.borrow();
        (control.checkpoint_copy.redo, control.checkpoint)
    };
    let label = label_text(cx, server, redo, checkpoint);
    send_bytes(cx, standby, LABEL, label.as_bytes()).await;
    let disk = &server.spec.disk;
    for path in disk.list("").into_iter().filter(|path| is_copied(path)) {
        send_file(cx, disk, standby, &path).await?;
    }
    send_file(cx, disk, standby, control::PATH).await?;
    let end = stop(cx, server, redo).await?;
    let seg = server.seg();
    for segment in seg.segment_of(redo).0..=seg.segment_of(Lsn(end.0 - 1)).0 {
        send_file(cx, disk, standby, &server.wal.path(WalSegment(segment))).await?;
    }
    standby.outgoing.send(cx.world(), ReplicationMessage::Backup(BackupMessage::Done));
    Ok(())
}

/// Slots are the primary's own, and so are its statistics and temporary files; log and control file come last.
fn is_copied(path: &str) -> bool {
    let apart = [LABEL_OLD, "pg_wal/", "pg_replslot/", "pg_stat/", TEMP_DIRECTORY, control::PATH];
    !apart.iter().any(|prefix| path.starts_with(prefix)) && !is_temp_relation(path)
}

/// The end of the backup in the log: a copy that has not come so far is not consistent.
async fn stop(cx: &Cx, server: &Server, redo: Lsn) -> Result<Lsn> {
    server.wal.make_room(cx, 64).await?;
    let (info, data) = XlogRecord::BackupEnd(redo).encode();
    let end = server.wal.insert(cx, &RecordBuilder::new(RmgrId::Xlog, info).main(&data));
    server.wal.flush(cx, end).await?;
    server.wal.switch_segment(cx).await
}

fn label_text(cx: &Cx, server: &Server, redo: Lsn, checkpoint: Lsn) -> String {
    let (seg, timeline) = (server.seg(), server.timeline());
    let file = seg.file_name(timeline, seg.segment_of(redo));
    let time = crate::types::datetime::utc_out(cx.timestamp());
    let time = format!("{} UTC", time.split(['.', '+']).next().unwrap_or_default());
    format!(
        "START WAL LOCATION: {redo} (file {file})\nCHECKPOINT LOCATION: {checkpoint}\nBACKUP METHOD: streamed\n\
         BACKUP FROM: primary\nSTART TIME: {time}\nLABEL: pg_basebackup base backup\nSTART TIMELINE: {timeline}\n"
    )
}

async fn send_bytes(cx: &Cx, standby: &Replication, path: &str, bytes: &[u8]) {
    let send = |message| standby.outgoing.send(cx.world(), ReplicationMessage::Backup(message));
    send(BackupMessage::File { path: path.to_string(), len: bytes.len() as u64 });
    send(BackupMessage::Data { offset: 0, bytes: bytes.to_vec() });
    cx.point(Event::BackupFile { bytes: bytes.len() as u32 }).await;
}

async fn send_file(cx: &Cx, disk: &Disk, standby: &Replication, path: &str) -> Result<()> {
    // A file that is gone meanwhile was dropped, and the log says so.
    let Some(len) = disk.len(path) else { return Ok(()) };
    let send = |message| standby.outgoing.send(cx.world(), ReplicationMessage::Backup(message));
    send(BackupMessage::File { path: path.to_string(), len });
    for offset in (0..len).step_by(CHUNK) {
        let mut bytes = vec![0; CHUNK.min((len - offset) as usize)];
        let Ok(n) = disk.read(cx, WaitEvent::BaseBackupRead, path, offset, &mut bytes).await else { return Ok(()) };
        bytes.truncate(n);
        if bytes.iter().any(|byte| *byte != 0) {
            send(BackupMessage::Data { offset, bytes });
        }
    }
    cx.point(Event::BackupFile { bytes: len as u32 }).await;
    Ok(())
}

/// The receiving part, `pg_basebackup`: fills an empty disk, and syncs it.
pub async fn receive_base_backup(
    cx: &Cx,
    disk: &Disk,
    to_primary: &Sender<ReplicationMessage>,
    from_primary: &Receiver<ReplicationMessage>,
) -> Result<()> {
    to_primary.send(cx.world(), ReplicationMessage::BaseBackup);
    let mut path = String::new();
    loop {
        let Some(message) = from_primary.try_recv(cx.now()) else {
            if from_primary.is_closed() {
                let message = "could not receive the backup: server closed the connection unexpectedly";
                return Err(Error::new(sqlstate::CONNECTION_FAILURE, message));
            }
            from_primary.wait(cx, WaitEvent::ClientRead, None).await;
            continue;
        };
        match message {
            ReplicationMessage::Backup(BackupMessage::File { path: next, len }) => {
                path = next;
                disk.create(&path);
                disk.set_len(&path, len)?;
            }
            ReplicationMessage::Backup(BackupMessage::Data { offset, bytes }) => {
                disk.write_now(&path, offset, &bytes)?;
            }
            ReplicationMessage::Backup(BackupMessage::Done) => break,
            ReplicationMessage::Error(message) => return Err(Error::new(sqlstate::CONNECTION_FAILURE, message)),
            _ => {}
        }
    }
    disk.create(super::shared::STANDBY_SIGNAL);
    for path in disk.list("") {
        disk.sync_now(&path)?;
    }
    cx.end_step().await;
    Ok(())
}

/// Reads the label, if this data directory is a fresh copy.
pub(super) async fn read_label(cx: &Cx, disk: &Disk) -> Result<Option<Label>> {
    let Some(len) = disk.len(LABEL) else { return Ok(None) };
    let mut bytes = vec![0; len as usize];
    disk.read(cx, WaitEvent::BaseBackupRead, LABEL, 0, &mut bytes).await?;
    let text = String::from_utf8_lossy(&bytes);
    let field = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        let value = line.map(|value| value.trim().split(' ').next().unwrap_or_default().to_string());
        value.ok_or_else(|| Error::corrupt(format!("invalid data in file \"{LABEL}\"")))
    };
    let checkpoint = field("CHECKPOINT LOCATION:")?;
    let timeline = field("START TIMELINE:")?;
    let invalid = || Error::corrupt(format!("invalid data in file \"{LABEL}\""));
    Ok(Some(Label {
        checkpoint: checkpoint.parse().map_err(|()| invalid())?,
        timeline: TimeLineId(timeline.parse().map_err(|_| invalid())?),
    }))
}
