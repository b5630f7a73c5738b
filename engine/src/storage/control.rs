//! `global/pg_control`: what a server must know before it can read anything else.
//!
//! 296 bytes, padded with zeros to 8192, written in place and so short that a disk writes them in one sector or not at
//! all. It says which cluster this is, whether it was shut down cleanly, where the last checkpoint is (from whose redo
//! point a crashed server replays), and with what settings the data was written. A CRC-32C covers it all: a server does
//! not start on a control file that it cannot trust.
//!
//! ```text
//!   0     system_identifier, pg_control_version, catalog_version_no, state, time
//!   32    checkPoint: where the last checkpoint record begins
//!   40    checkPointCopy: that record's 88 bytes
//!   128   unloggedLSN, minRecoveryPoint, backupStartPoint, backupEndPoint ...: how far a standby must come
//!   172   wal_level, max_connections ...: what a standby must match
//!   204   alignments, block sizes ...: what the program must match
//!   252   data_checksum_version, a nonce
//!   288   CRC-32C of all before
//! ```

use super::PageBytes;
use super::bytes::*;
use crate::ids::{BLCKSZ, Error, FullXid, Lsn, Oid, Result, TimeLineId, WalSegSize, Xid};

/// `PG_CONTROL_VERSION` of version 15.
pub const PG_CONTROL_VERSION: u32 = 1300;
/// `CATALOG_VERSION_NO` of version 15.
pub const CATALOG_VERSION_NO: u32 = 202_209_061;
/// `PG_CONTROL_FILE_SIZE`
pub const PG_CONTROL_FILE_SIZE: usize = BLCKSZ;
/// The size of a `CheckPoint` structure, here and in its WAL record.
pub const SIZE_OF_CHECKPOINT: usize = 88;

const MAX_ALIGN: u32 = 8;
/// 1234567.0 in the machine's own form: a machine with another one reads another number.
const FLOAT_FORMAT: f64 = 1_234_567.0;
const RELSEG_SIZE: u32 = 131_072;
const XLOG_BLCKSZ: u32 = 8192;
const NAME_DATA_LEN: u32 = 64;
const INDEX_MAX_KEYS: u32 = 32;
const TOAST_MAX_CHUNK_SIZE: u32 = 1996;
const LOBLKSIZE: u32 = 2048;
const CRC_AT: usize = 288;

/// The state of the cluster when the control file was last written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum DbState {
    /// Between reading pg_control and the end of startup.
    Startup = 0,
    /// Shut down cleanly.
    Shutdowned = 1,
    /// A standby, shut down cleanly.
    ShutdownedInRecovery = 2,
    /// Writing the shutdown checkpoint.
    Shutdowning = 3,
    /// Replaying after a crash.
    InCrashRecovery = 4,
    /// Replaying from an archive or as a standby.
    InArchiveRecovery = 5,
    /// Running; found so at startup, it crashed.
    InProduction = 6,
}

impl DbState {
    fn from_number(n: u32) -> Option<DbState> {
        use DbState::*;
        [Startup, Shutdowned, ShutdownedInRecovery, Shutdowning, InCrashRecovery, InArchiveRecovery, InProduction]
            .get(n as usize)
            .copied()
    }

    /// As pg_controldata words it.
    pub fn name(self) -> &'static str {
        match self {
            DbState::Startup => "starting up",
            DbState::Shutdowned => "shut down",
            DbState::ShutdownedInRecovery => "shut down in recovery",
            DbState::Shutdowning => "shutting down",
            DbState::InCrashRecovery => "in crash recovery",
            DbState::InArchiveRecovery => "in archive recovery",
            DbState::InProduction => "in production",
        }
    }
}

/// The body of a checkpoint record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CheckPoint {
    /// Where replay begins: the end of WAL when the checkpoint began.
    pub redo: Lsn,
    /// The timeline it was written on.
    pub this_timeline: TimeLineId,
    /// The one before, where the record begins a new one; else the same.
    pub prev_timeline: TimeLineId,
    /// The setting full_page_writes.
    pub full_page_writes: bool,
    /// The next transaction id.
    pub next_xid: FullXid,
    /// The next object id.
    pub next_oid: Oid,
    /// The next multixact id.
    pub next_multi: u32,
    /// The next place for multixact members.
    pub next_multi_offset: u32,
    /// The oldest transaction id that a table may hold unfrozen.
    pub oldest_xid: Xid,
    /// The database that holds it back.
    pub oldest_xid_db: Oid,
    /// The oldest multixact that a table may hold.
    pub oldest_multi: u32,
    /// The database that holds it back.
    pub oldest_multi_db: Oid,
    /// When, in seconds of the Unix era.
    pub time: i64,
    /// The oldest transaction with a commit timestamp.
    pub oldest_commit_ts_xid: Xid,
    /// The newest transaction with a commit timestamp.
    pub newest_commit_ts_xid: Xid,
    /// The oldest transaction that was running; online checkpoints only.
    pub oldest_active_xid: Xid,
}

impl CheckPoint {
    /// The 88 bytes, padding zero.
    pub fn encode(&self) -> [u8; SIZE_OF_CHECKPOINT] {
        let mut b = [0; SIZE_OF_CHECKPOINT];
        put_u64(&mut b, 0, self.redo.0);
        put_u32(&mut b, 8, self.this_timeline.0);
        put_u32(&mut b, 12, self.prev_timeline.0);
        b[16] = u8::from(self.full_page_writes);
        put_u64(&mut b, 24, self.next_xid.0);
        put_u32(&mut b, 32, self.next_oid.0);
        put_u32(&mut b, 36, self.next_multi);
        put_u32(&mut b, 40, self.next_multi_offset);
        put_u32(&mut b, 44, self.oldest_xid.0);
        put_u32(&mut b, 48, self.oldest_xid_db.0);
        put_u32(&mut b, 52, self.oldest_multi);
        put_u32(&mut b, 56, self.oldest_multi_db.0);
        put_i64(&mut b, 64, self.time);
        put_u32(&mut b, 72, self.oldest_commit_ts_xid.0);
        put_u32(&mut b, 76, self.newest_commit_ts_xid.0);
        put_u32(&mut b, 80, self.oldest_active_xid.0);
        b
    }

    /// The inverse of [`CheckPoint::encode`].
    pub fn decode(b: &[u8; SIZE_OF_CHECKPOINT]) -> CheckPoint {
        CheckPoint {
            redo: Lsn(get_u64(b, 0)),
            this_timeline: TimeLineId(get_u32(b, 8)),
            prev_timeline: TimeLineId(get_u32(b, 12)),
            full_page_writes: b[16] != 0,
            next_xid: FullXid(get_u64(b, 24)),
            next_oid: Oid(get_u32(b, 32)),
            next_multi: get_u32(b, 36),
            next_multi_offset: get_u32(b, 40),
            oldest_xid: Xid(get_u32(b, 44)),
            oldest_xid_db: Oid(get_u32(b, 48)),
            oldest_multi: get_u32(b, 52),
            oldest_multi_db: Oid(get_u32(b, 56)),
            time: get_i64(b, 64),
            oldest_commit_ts_xid: Xid(get_u32(b, 72)),
            newest_commit_ts_xid: Xid(get_u32(b, 76)),
            oldest_active_xid: Xid(get_u32(b, 80)),
        }
    }
}

/// The setting `wal_level`, as WAL records and pg_control number it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[repr(u32)]
pub enum WalLevel {
    /// Enough for a crash.
    Minimal = 0,
    /// Enough for a standby.
    Replica = 1,
    /// Enough to decode changes.
    Logical = 2,
}

/// The control file, without the facts that are the same in every server of version 15 on this machine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ControlFileData {
    /// Which cluster this is; in every WAL segment too.
    pub system_identifier: u64,
    /// The state.
    pub state: DbState,
    /// When this was written, in seconds of the Unix era.
    pub time: i64,
    /// Where the last checkpoint record begins.
    pub checkpoint: Lsn,
    /// That record.
    pub checkpoint_copy: CheckPoint,
    /// A counter that stands for LSNs in unlogged relations.
    pub unlogged_lsn: Lsn,
    /// How far replay must come before the data is consistent.
    pub min_recovery_point: Lsn,
    /// On which timeline.
    pub min_recovery_point_tli: TimeLineId,
    /// The redo point of the base backup that this server starts from, until its end is reached.
    pub backup_start_point: Lsn,
    /// The end of a backup taken from a standby.
    pub backup_end_point: Lsn,
    /// Whether a backup-end record must come.
    pub backup_end_required: bool,
    /// The setting wal_level.
    pub wal_level: WalLevel,
    /// The setting wal_log_hints.
    pub wal_log_hints: bool,
    /// The setting max_connections.
    pub max_connections: i32,
    /// The setting max_worker_processes.
    pub max_worker_processes: i32,
    /// The setting max_wal_senders.
    pub max_wal_senders: i32,
    /// The setting max_prepared_transactions.
    pub max_prepared_xacts: i32,
    /// The setting max_locks_per_transaction.
    pub max_locks_per_xact: i32,
    /// The setting track_commit_timestamp.
    pub track_commit_timestamp: bool,
    /// The size of a WAL segment.
    pub xlog_seg_size: WalSegSize,
    /// Whether data pages have checksums.
    pub data_checksums: bool,
    /// Random bytes for authentication that fails early.
    pub mock_authentication_nonce: [u8; 32],
}

impl ControlFileData {
    /// The whole file.
    pub fn encode(&self) -> Box<PageBytes> {
        let mut file = Box::new([0; PG_CONTROL_FILE_SIZE]);
        let b = &mut file[..];
        put_u64(b, 0, self.system_identifier);
        put_u32(b, 8, PG_CONTROL_VERSION);
        put_u32(b, 12, CATALOG_VERSION_NO);
        put_u32(b, 16, self.state as u32);
        put_i64(b, 24, self.time);
        put_u64(b, 32, self.checkpoint.0);
        b[40..40 + SIZE_OF_CHECKPOINT].copy_from_slice(&self.checkpoint_copy.encode());
        put_u64(b, 128, self.unlogged_lsn.0);
        put_u64(b, 136, self.min_recovery_point.0);
        put_u32(b, 144, self.min_recovery_point_tli.0);
        put_u64(b, 152, self.backup_start_point.0);
        put_u64(b, 160, self.backup_end_point.0);
        b[168] = u8::from(self.backup_end_required);
        put_u32(b, 172, self.wal_level as u32);
        b[176] = u8::from(self.wal_log_hints);
        put_i32(b, 180, self.max_connections);
        put_i32(b, 184, self.max_worker_processes);
        put_i32(b, 188, self.max_wal_senders);
        put_i32(b, 192, self.max_prepared_xacts);
        put_i32(b, 196, self.max_locks_per_xact);
        b[200] = u8::from(self.track_commit_timestamp);
        put_u32(b, 228, self.xlog_seg_size.bytes() as u32);
        for (at, constant) in CONSTANTS {
            put_u32(b, at, constant);
        }
        put_f64(b, 208, FLOAT_FORMAT);
        b[248] = 1; // float8 is passed by value
        put_u32(b, 252, u32::from(self.data_checksums));
        b[256..288].copy_from_slice(&self.mock_authentication_nonce);
        let crc = super::crc::crc32c(&b[..CRC_AT]);
        put_u32(b, CRC_AT, crc);
        file
    }

    /// Reads a control file and checks it as a starting server does.
    pub fn decode(file: &[u8]) -> Result<ControlFileData> {
        if file.len() < CRC_AT + 4 {
            return Err(Error::corrupt(format!(
                "could not read file \"global/pg_control\": read {} of {}",
                file.len(),
                CRC_AT + 8
            )));
        }
        check_versions(file)?;
        if super::crc::crc32c(&file[..CRC_AT]) != get_u32(file, CRC_AT) {
            return Err(Error::corrupt("incorrect checksum in control file"));
        }
        check_constants(file)?;
        let lsn = |at| Lsn(get_u64(file, at));
        let mut checkpoint = [0; SIZE_OF_CHECKPOINT];
        checkpoint.copy_from_slice(&file[40..40 + SIZE_OF_CHECKPOINT]);
        let mut nonce = [0; 32];
        nonce.copy_from_slice(&file[256..288]);
        Ok(ControlFileData {
            system_identifier: get_u64(file, 0),
            state: DbState::from_number(get_u32(file, 16))
                .ok_or_else(|| Error::corrupt("control file contains invalid database cluster state"))?,
            time: get_i64(file, 24),
            checkpoint: lsn(32),
            checkpoint_copy: CheckPoint::decode(&checkpoint),
            unlogged_lsn: lsn(128),
            min_recovery_point: lsn(136),
            min_recovery_point_tli: TimeLineId(get_u32(file, 144)),
            backup_start_point: lsn(152),
            backup_end_point: lsn(160),
            backup_end_required: file[168] != 0,
            wal_level: match get_u32(file, 172) {
                0 => WalLevel::Minimal,
                1 => WalLevel::Replica,
                _ => WalLevel::Logical,
            },
            wal_log_hints: file[176] != 0,
            max_connections: get_i32(file, 180),
            max_worker_processes: get_i32(file, 184),
            max_wal_senders: get_i32(file, 188),
            max_prepared_xacts: get_i32(file, 192),
            max_locks_per_xact: get_i32(file, 196),
            track_commit_timestamp: file[200] != 0,
            xlog_seg_size: WalSegSize::new(get_u32(file, 228)).ok_or_else(|| {
                Error::corrupt("invalid WAL segment size in control file")
                    .detail("The WAL segment size must be a power of two between 1 MB and 1 GB.")
            })?,
            data_checksums: get_u32(file, 252) != 0,
            mock_authentication_nonce: nonce,
        })
    }
}

/// Facts of every server of version 15 on x86-64, by their offsets.
const CONSTANTS: [(usize, u32); 8] = [
    (204, MAX_ALIGN),
    (216, BLCKSZ as u32),
    (220, RELSEG_SIZE),
    (224, XLOG_BLCKSZ),
    (232, NAME_DATA_LEN),
    (236, INDEX_MAX_KEYS),
    (240, TOAST_MAX_CHUNK_SIZE),
    (244, LOBLKSIZE),
];

fn check_versions(file: &[u8]) -> Result<()> {
    for (at, wanted, name) in
        [(8, PG_CONTROL_VERSION, "PG_CONTROL_VERSION"), (12, CATALOG_VERSION_NO, "CATALOG_VERSION_NO")]
    {
        let found = get_u32(file, at);
        if found != wanted {
            return Err(incompatible(format!(
                "The database cluster was initialized with {name} {found}, but the server was compiled with {name} {wanted}."
            )));
        }
    }
    Ok(())
}

fn check_constants(file: &[u8]) -> Result<()> {
    let same = CONSTANTS.iter().all(|&(at, wanted)| get_u32(file, at) == wanted)
        && get_f64(file, 208) == FLOAT_FORMAT
        && file[248] == 1;
    if same {
        return Ok(());
    }
    Err(incompatible("The database cluster was initialized with other sizes or alignments.".into()))
}

fn incompatible(detail: String) -> Error {
    Error::corrupt("database files are incompatible with server").detail(detail)
}
