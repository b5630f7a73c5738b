//! The statistics of a server as a whole, and their file.
//!
//! Most numbers are counted where things happen, in the buffers and in the log, from the moment that the memory was made.
//! What is shown is that plus an offset: what an earlier life of the server had counted, less what a reset wants
//! forgotten. A server that is shut down leaves all its numbers in `pg_stat/pgstat.stat`, and finds them again; after a
//! crash they are not to be trusted, and are thrown away.
//!
//! PostgreSQL: `pgstat_write_statsfile`, `pgstat_read_statsfile`, `pgstat_discard_stats` in `utils/activity/pgstat.c`.

use crate::small::Map;
use std::cell::{Cell, RefCell};

use super::session::Session;
use super::shared::{Server, SessionState};
use crate::ids::{Instant, Oid, Result, TimestampTz, WaitEvent};
use crate::settings::Setting;
use crate::txn::{BlockState, DATABASE_COUNTERS, DatabaseCounter, TABLE_COUNTERS};
use crate::world::Cx;

/// Where the numbers lie while the server is down.
const FILE: &str = "pg_stat/pgstat.stat";

/// How much of a query others see, in bytes; `track_activity_query_size`, less its end mark.
const ACTIVITY_QUERY_SIZE: usize = 1023;

/// What is counted for the whole server: the columns of `pg_stat_bgwriter`, those of `pg_stat_wal`, and the blocks of
/// `pg_stat_database`; times in microseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum ServerCounter {
    CheckpointsTimed,
    CheckpointsRequested,
    CheckpointWriteTime,
    CheckpointSyncTime,
    BuffersCheckpoint,
    BuffersClean,
    MaxwrittenClean,
    BuffersBackend,
    BuffersAlloc,
    WalRecords,
    WalFpi,
    WalBytes,
    WalBuffersFull,
    WalWrite,
    WalSync,
    BlocksRead,
    BlocksHit,
    SharedBlocksRead,
    SharedBlocksHit,
}

/// How many those are.
const SERVER_COUNTERS: usize = ServerCounter::SharedBlocksHit as usize + 1;

/// A part of the numbers that can be reset by itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StatsPart {
    /// `pg_stat_bgwriter`
    BgWriter,
    /// `pg_stat_wal`
    Wal,
    /// `pg_stat_database`, and with it all tables.
    Database,
}

/// The offsets, and when each part was reset.
#[derive(Default)]
pub(super) struct ServerStats {
    offsets: RefCell<[i64; SERVER_COUNTERS]>,
    reset: Cell<[TimestampTz; 3]>,
    /// Microseconds of checkpoints so far: writing, syncing.
    pub(super) checkpoint_times: Cell<[i64; 2]>,
}

impl Server {
    /// What was counted since the memory was made.
    fn counted(&self) -> [i64; SERVER_COUNTERS] {
        let (buffers, wal) = (self.buffers.stats(), self.wal.stats());
        let (started, asked) = (self.checkpoints.started.get(), self.checkpoints.asked.get());
        let [write, sync] = self.stats.checkpoint_times.get();
        let counts = [
            started - asked,
            asked,
            write as u64,
            sync as u64,
            buffers.checkpoint_writes,
            buffers.clean_writes,
            buffers.clean_stopped,
            buffers.backend_writes,
            buffers.allocated,
            wal.records,
            wal.fpi,
            wal.bytes,
            wal.buffers_full,
            wal.writes,
            wal.syncs,
            buffers.reads,
            buffers.hits,
            buffers.shared_reads,
            buffers.shared_hits,
        ];
        counts.map(|n| n as i64)
    }

    /// A number as it is shown.
    pub fn statistic(&self, counter: ServerCounter) -> i64 {
        self.counted()[counter as usize] + self.stats.offsets.borrow()[counter as usize]
    }

    /// When a part was reset.
    pub fn stats_reset(&self, part: StatsPart) -> TimestampTz {
        self.stats.reset.get()[part as usize]
    }

    /// Forgets a part.
    pub fn reset_stats(&self, part: StatsPart) {
        use ServerCounter::*;
        let (from, to) = match part {
            StatsPart::BgWriter => (CheckpointsTimed, BuffersAlloc),
            StatsPart::Wal => (WalRecords, WalSync),
            StatsPart::Database => (BlocksRead, BlocksHit),
        };
        let counted = self.counted();
        let offsets = &mut *self.stats.offsets.borrow_mut();
        (from as usize..=to as usize).for_each(|at| offsets[at] = -counted[at]);
        if part == StatsPart::Database {
            self.txns.stats.reset();
        }
        let mut reset = self.stats.reset.get();
        reset[part as usize] = self.spec.world.timestamp();
        self.stats.reset.set(reset);
    }

    /// A server's memory is new.
    pub(super) fn begin_stats(&self) {
        self.stats.reset.set([self.started, self.started, TimestampTz(0)]);
    }

    // --- the file --------------------------------------------------------------------------------------------

    /// Writes all numbers: the last act of the checkpointer.
    pub(super) async fn write_stats(&self, cx: &Cx) -> Result<()> {
        let counted = self.counted().into_iter().zip(*self.stats.offsets.borrow()).map(|(n, offset)| n + offset);
        let mut words: Vec<i64> = counted.collect();
        words.extend(self.stats.reset.get().map(|at| at.0));
        words.extend(self.txns.stats.database());
        for (rel, counts) in self.txns.stats.tables() {
            words.push(i64::from(rel.0));
            words.extend(counts);
        }
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let disk = &self.spec.disk;
        disk.create(FILE);
        disk.set_len(FILE, 0)?;
        disk.write(cx, WaitEvent::DataFileWrite, FILE, 0, &bytes).await?;
        disk.fsync(cx, WaitEvent::DataFileSync, FILE).await
    }

    /// Takes over what the server's last life has left, unless that ended badly; the file is used up.
    pub(super) fn read_stats(&self, trusted: bool) {
        let disk = &self.spec.disk;
        let bytes = disk.peek(FILE, 0, usize::MAX).filter(|_| trusted);
        disk.remove(FILE);
        let mut words = bytes.iter().flatten().copied().collect::<Vec<u8>>();
        let mut words =
            words.chunks_exact_mut(8).map(|w| i64::from_le_bytes([w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7]]));
        let mut next = || words.next().unwrap_or(0);
        if bytes.is_none() {
            return;
        }
        let offsets: [i64; SERVER_COUNTERS] = std::array::from_fn(|_| next());
        let counted = self.counted();
        *self.stats.offsets.borrow_mut() = std::array::from_fn(|at| offsets[at] - counted[at]);
        self.stats.reset.set(std::array::from_fn(|_| TimestampTz(next())));
        let database: [i64; DATABASE_COUNTERS] = std::array::from_fn(|_| next());
        let mut tables = Map::new();
        loop {
            let rel = Oid(next() as u32);
            let counts: [i64; TABLE_COUNTERS] = std::array::from_fn(|_| next());
            if rel == Oid::INVALID {
                break;
            }
            tables.insert(rel, counts);
        }
        self.txns.stats.restore(tables, database);
    }
}

impl Session {
    /// Hands in what was counted, if it is time; else when it will be.
    pub(super) fn report_stats(&self, force: bool) -> Option<Instant> {
        let settings = self.env.settings.borrow();
        if !settings.on(Setting::track_counts) {
            return None;
        }
        let at = self.env.stats.report(&self.server.txns.stats, self.env.cx.now(), force);
        if at.is_none() {
            let now = self.env.cx.timestamp();
            let since = self.accounted.replace(now);
            self.server.txns.stats.count(DatabaseCounter::SessionTime, now.0 - since.0);
        }
        at
    }

    /// The session's state changes: the time in the old one is counted.
    pub(super) fn count_time(&self, before: SessionState, since: TimestampTz, now: TimestampTz) {
        let counter = match before {
            SessionState::Active => DatabaseCounter::ActiveTime,
            SessionState::IdleInTransaction | SessionState::IdleInTransactionAborted => {
                DatabaseCounter::IdleInTransactionTime
            }
            SessionState::Idle | SessionState::Disabled => return,
        };
        self.env.stats.count_database(counter, now.0 - since.0);
    }

    pub(super) fn note_state(&self, state: SessionState) {
        self.note_activity(state, None);
    }

    pub(super) fn note_query(&self, text: &str) {
        self.note_activity(SessionState::Active, Some(text));
    }

    /// `pgstat_report_activity`: what others see of the session.
    fn note_activity(&self, state: SessionState, query: Option<&str>) {
        let now = self.env.cx.timestamp();
        let open = (self.block() != BlockState::Idle).then(|| self.env.xact.borrow().started);
        let tracked = self.env.settings.borrow().on(Setting::track_activities);
        self.server.update_activity(self.env.cx.pid(), |activity| {
            self.count_time(activity.state, activity.state_change, now);
            (activity.state, activity.state_change) = (state, now);
            activity.xact_start = open.or(query.map(|_| now));
            if let Some(text) = query {
                activity.query = cut(text, ACTIVITY_QUERY_SIZE).to_string();
                activity.query_start = Some(now);
            }
            if !tracked {
                (activity.state, activity.xact_start, activity.query_start) = (SessionState::Disabled, None, None);
                activity.query.clear();
            }
        });
    }
}

/// The beginning of a text, at most so many bytes of it.
fn cut(text: &str, len: usize) -> &str {
    let end = (0..=len.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
    &text[..end.unwrap_or(0)]
}
