//! The startup process: brings the data directory up to the end of the log; on a standby it never stops.
//!
//! ```text
//!   pg_control ──► redo point of the last checkpoint
//!                      │
//!   log:  ─────────────┼── insert ── commit ── update ── (end: a record that does not fit)
//!                      └── read, check, apply; next ─►
//! ```
//!
//! A record is applied to a page only if the page is older than the record, so it does no harm to replay what had
//! reached the disk. Nothing is undone: what an unfinished transaction wrote stays, and pg_xact says that it never
//! committed.
//!
//! PostgreSQL: `PerformWalRecovery` in `access/transam/xlogrecovery.c`, `StartupXLOG` in `xlog.c`.

use crate::small;
use std::rc::Rc;

use super::checkpoint_policy::Flags;
use super::checkpointer;
use super::consistency::Consistency;
use super::log::LogLevel;
use super::shared::{RestartCandidate, Server, ServerState};
use crate::access::redo;
use crate::ids::{Lsn, Result, RmgrId, Severity, TimeLineId, TimestampTz, WaitEvent, sqlstate};
use crate::storage::control::{CheckPoint, DbState};
use crate::trace::Event;
use crate::txn::Env;
use crate::types::datetime::utc_out;
use crate::wal::describe::redo_context;
use crate::wal::page::{self, XLOG_BLCKSZ};
use crate::wal::xact_records::XactRecord;
use crate::wal::xlog_records::XlogRecord;
use crate::wal::{DecodedRecord, ReadError, WalPage, WalReader, WalSource};
use crate::world::Cx;

/// The process.
pub(super) async fn main(cx: Cx, server: Rc<Server>) {
    let mut startup = Startup::new(&cx, &server);
    match startup.run().await {
        // The server shuts down.
        Err(error) if error.code() == sqlstate::ADMIN_SHUTDOWN => {}
        Err(error) => server.log_error(cx.pid(), &error.severity(Severity::Fatal), None),
        Ok(()) => {}
    }
}

/// Pages of the log that have been read, with how many bytes of each are valid.
#[derive(Default)]
struct Pages(small::Map<Lsn, (usize, Box<WalPage>)>);

impl WalSource for Pages {
    fn page(&mut self, page: Lsn, len: usize) -> Option<&WalPage> {
        self.0.get(&page).filter(|(valid, _)| *valid >= len).map(|(_, bytes)| &**bytes)
    }
}

pub(super) struct Startup<'a> {
    pub(super) cx: &'a Cx,
    pub(super) server: &'a Server,
    env: Env,
    pages: Pages,
    state: redo::RedoState,
    pub(super) standby: bool,
    pub(super) consistency: Consistency,
    /// The last record that was read.
    pub(super) last: Lsn,
    /// Where the log was last said to go no farther.
    pub(super) complained: Lsn,
}

/// What the end of the log looks like from here.
pub(super) enum Next {
    Record(Box<DecodedRecord>),
    /// No more records, and why; nothing if the log simply goes no farther.
    End(Option<String>),
}

impl<'a> Startup<'a> {
    fn new(cx: &'a Cx, server: &'a Server) -> Startup<'a> {
        let env = server.system_env(cx);
        Startup {
            cx,
            server,
            env,
            pages: Pages::default(),
            state: redo::RedoState::default(),
            standby: server.is_standby(),
            consistency: Consistency::default(),
            last: Lsn::INVALID,
            complained: Lsn::INVALID,
        }
    }

    pub(super) fn log(&self, text: impl Into<String>) {
        self.server.log(self.cx.pid(), LogLevel::Log, text);
    }

    async fn run(&mut self) -> Result<()> {
        let control = *self.server.control.borrow();
        self.announce(control.state, control.time, control.checkpoint_copy.time);
        self.server.read_stats(matches!(control.state, DbState::Shutdowned | DbState::ShutdownedInRecovery));
        self.server.restore_slots()?;
        let standby = self.standby;
        let (checkpoint_at, checkpoint, labelled) = self.starting_point().await?;
        self.server.txns.procs.note_next(checkpoint.next_xid);
        self.server.txns.next_oid.set(checkpoint.next_oid);
        self.server.txns.logged_oid.set(checkpoint.next_oid);
        self.server.wal.set_redo(checkpoint.redo);
        // After a promotion the log has gone on elsewhere than where the last checkpoint was.
        self.server.wal.set_timeline(checkpoint.this_timeline.max(control.min_recovery_point_tli));
        self.server.wal.begin_recovery(standby.then(|| self.server.control.clone()));
        self.server.txns.procs.set_in_recovery(true);
        if standby {
            self.log("entering standby mode");
        }
        let crashed = control.state != DbState::Shutdowned || standby;
        let from = if crashed { checkpoint.redo } else { checkpoint_at };
        if crashed {
            self.begin_redo().await?;
        }
        if standby {
            self.begin_following(checkpoint_at, &checkpoint, labelled).await?;
        }
        self.check_consistency(from).await?;
        let config = self.server.wal.config();
        let mut reader = WalReader::new(config.seg, checkpoint.this_timeline, Some(config.system_id), from);
        self.replay(&mut reader, crashed).await?;
        if standby {
            self.follow(&mut reader).await?;
            return self.promote(&reader).await;
        }
        self.open_log(&reader, self.server.timeline()).await?;
        if crashed {
            checkpointer::request(self.cx, self.server, Flags::END_OF_RECOVERY | Flags::IMMEDIATE).await?;
        }
        self.open_server().await
    }

    fn announce(&self, state: DbState, time: i64, checkpoint_time: i64) {
        let (what, time, hint) = match state {
            DbState::Shutdowned => ("was shut down at", time, None),
            DbState::ShutdownedInRecovery => ("was shut down in recovery at", time, None),
            DbState::InCrashRecovery => {
                let hint = "This probably means that some data is corrupted and you will have to use the last backup for \
                            recovery.";
                ("was interrupted while in recovery at", time, Some(hint))
            }
            DbState::InArchiveRecovery => {
                let hint = "If this has occurred more than once some data might be corrupted and you might need to \
                            choose an earlier recovery target.";
                ("was interrupted while in recovery at log time", checkpoint_time, Some(hint))
            }
            _ => ("was interrupted; last known up at", time, None),
        };
        let micros = (time - TimestampTz::UNIX_EPOCH_OFFSET) * 1_000_000;
        let at = utc_out(TimestampTz(micros)).replace("+00", " UTC");
        self.log(format!("database system {what} {at}"));
        hint.into_iter().for_each(|hint| self.server.log(self.cx.pid(), LogLevel::Hint, hint));
    }

    /// Where recovery begins: the control file's checkpoint, or for a copy of a running server the backup label's, and
    /// whether it is this one.
    async fn starting_point(&mut self) -> Result<(Lsn, CheckPoint, bool)> {
        let control = *self.server.control.borrow();
        let Some(label) = super::base_backup::read_label(self.cx, &self.server.spec.disk).await? else {
            return Ok((control.checkpoint, control.checkpoint_copy, false));
        };
        let config = self.server.wal.config();
        let mut reader = WalReader::new(config.seg, label.timeline, Some(config.system_id), label.checkpoint);
        let Next::Record(record) = self.next(&mut reader, None).await? else {
            let message = format!("could not locate required checkpoint record at {}", label.checkpoint);
            return Err(crate::ids::Error::corrupt(message));
        };
        match XlogRecord::decode(&record)? {
            XlogRecord::CheckpointOnline(c) | XlogRecord::CheckpointShutdown(c) => Ok((label.checkpoint, c, true)),
            _ => Err(crate::ids::Error::corrupt("the backup label does not point at a checkpoint record")),
        }
    }

    async fn begin_redo(&mut self) -> Result<()> {
        self.server.state.set(ServerState::Recovering);
        // What a dead server wrote may still be in the kernel's cache alone; replay relies on it being durable.
        for path in self.server.spec.disk.list("pg_wal/") {
            self.server.spec.disk.fsync(self.cx, WaitEvent::WalSync, &path).await?;
        }
        if self.standby {
            return Ok(());
        }
        self.log("database system was not properly shut down; automatic recovery in progress");
        self.server.control.update(self.cx, |control| control.state = DbState::InCrashRecovery).await
    }

    /// Replays what there is.
    async fn replay(&mut self, reader: &mut WalReader, announce: bool) -> Result<()> {
        let mut first = true;
        loop {
            match self.next(reader, None).await? {
                Next::End(why) => {
                    if announce && !self.standby {
                        why.into_iter().for_each(|why| self.log(why));
                        let last = self.last;
                        self.log(if first { "redo is not required".into() } else { format!("redo done at {last}") });
                    }
                    self.cx.point(Event::RedoDone { last: self.last }).await;
                    return Ok(());
                }
                Next::Record(record) => {
                    if first && announce {
                        self.log(format!("redo starts at {}", record.lsn));
                        self.cx.point(Event::RedoStart { redo: record.lsn }).await;
                    }
                    first = false;
                    self.stand_still().await?;
                    self.apply(&record).await?;
                }
            }
        }
    }

    /// Reads the next record, fetching pages as needed; `limit` is the end of what may be read.
    pub(super) async fn next(&mut self, reader: &mut WalReader, limit: Option<Lsn>) -> Result<Next> {
        loop {
            match reader.next(&mut self.pages) {
                Ok(record) => {
                    self.last = record.lsn;
                    let keep = page::page_of(reader.position());
                    self.pages.0.retain(|page, _| *page >= keep);
                    return Ok(Next::Record(Box::new(record)));
                }
                Err(ReadError::Invalid(why)) => return Ok(Next::End(Some(why))),
                Err(ReadError::NotYet(upto)) => {
                    if limit.is_some_and(|limit| upto > limit) || !self.fetch(upto, limit).await? {
                        return Ok(Next::End(None));
                    }
                }
            }
        }
    }

    /// Reads the page that ends at or holds the byte before `upto`. `false` if there is no such file.
    async fn fetch(&mut self, upto: Lsn, limit: Option<Lsn>) -> Result<bool> {
        let address = page::page_of(Lsn(upto.0 - 1));
        let seg = self.server.seg();
        let disk = &self.server.spec.disk;
        let Some(path) = self.server.wal.existing_path(seg.segment_of(address)) else { return Ok(false) };
        let mut bytes = Box::new([0; XLOG_BLCKSZ]);
        disk.read(self.cx, WaitEvent::WalRead, &path, seg.offset_of(address), &mut bytes[..]).await?;
        let valid = limit.map_or(XLOG_BLCKSZ, |limit| XLOG_BLCKSZ.min((limit.0 - address.0) as usize));
        self.pages.0.insert(address, (valid, bytes));
        Ok(true)
    }

    /// Replays one record.
    pub(super) async fn apply(&mut self, record: &DecodedRecord) -> Result<()> {
        let (seg, before) = (self.server.seg(), self.server.wal.insert_lsn());
        self.server.wal.note_replayed(record.end_lsn);
        if seg.segment_of(before) != seg.segment_of(record.end_lsn) {
            self.server.wal.segment_filled().wake_all(self.cx.world());
        }
        redo::apply(&self.env, &mut self.state, record).await.map_err(|error| error.context(redo_context(record)))?;
        if record.rmid == RmgrId::Transaction
            && let XactRecord::Commit(end) | XactRecord::Abort(end) = XactRecord::decode(record)?
        {
            self.server.receiver.last_xact.set(Some(end.time));
        }
        if record.rmid == RmgrId::Xlog {
            self.note_milestone(record).await?;
        }
        self.server.receiver.replay.set(record.end_lsn);
        self.server.receiver.last_record.set(record.lsn);
        let (start, end) = (record.lsn, record.end_lsn);
        self.cx.point(Event::RedoApply { start, end, rmgr: record.rmid, info: record.rmgr_info() }).await;
        self.check_consistency(end).await?;
        self.cx.check_for_interrupts()
    }

    /// What a standby notes besides of a record about the log itself.
    async fn note_milestone(&mut self, milestone: &DecodedRecord) -> Result<()> {
        if let XlogRecord::CheckpointOnline(record) | XlogRecord::CheckpointShutdown(record) =
            XlogRecord::decode(milestone)?
        {
            let (start, end) = (milestone.lsn, milestone.end_lsn);
            self.server.checkpoints.restart.set(Some(RestartCandidate { start, end, record }));
        }
        self.note_backup_end(milestone).await
    }

    /// Recovery is over: the log goes on here, on this timeline, and so do ids.
    pub(super) async fn open_log(&mut self, reader: &WalReader, timeline: TimeLineId) -> Result<()> {
        let end = reader.position();
        self.pages.0.clear();
        if !end.0.is_multiple_of(XLOG_BLCKSZ as u64) {
            self.fetch(end, None).await?;
        }
        let tail = self.pages.0.get(&page::page_of(end)).map(|(_, bytes)| **bytes);
        self.server.wal.resume(timeline, end, self.last, tail.as_ref());
        // A standby has kept pg_subtrans up to date for its sessions.
        if !self.standby {
            let next = self.server.txns.procs.next_xid().xid();
            self.server.txns.subtrans.startup(self.cx, next, next).await?;
        }
        self.state.end(&self.env);
        self.server.txns.procs.end_recovery();
        Ok(())
    }

    /// The server is open for everything.
    pub(super) async fn open_server(&self) -> Result<()> {
        self.server.control.update(self.cx, |control| control.state = DbState::InProduction).await?;
        self.server.state.set(ServerState::Running);
        Ok(())
    }

    /// What was read beyond the end of the log is not what will be there.
    pub(super) fn forget_pages(&mut self) {
        self.pages.0.clear();
    }
}
