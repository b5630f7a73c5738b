//! Records of the log itself: checkpoints, switches of segment, whole pages, and the settings a standby must know.
//!
//! PostgreSQL: `catalog/pg_control.h`, `access/xlog_internal.h`.

use super::bytes::{Put, Take};
use super::decode::DecodedRecord;
use super::record::XLR_RMGR_INFO_MASK;
use crate::ids::{Error, Lsn, Oid, Result, TimeLineId, TimestampTz};
use crate::storage::control::{CheckPoint, WalLevel};

/// The last record of a server that was shut down.
pub const XLOG_CHECKPOINT_SHUTDOWN: u8 = 0x00;
/// A checkpoint of a running server.
pub const XLOG_CHECKPOINT_ONLINE: u8 = 0x10;
/// Nothing.
pub const XLOG_NOOP: u8 = 0x20;
/// Object ids up to here may be given out without another record.
pub const XLOG_NEXTOID: u8 = 0x30;
/// The rest of the segment is left empty; the log goes on in the next.
pub const XLOG_SWITCH: u8 = 0x40;
/// A base backup has ended: a server restored from it is consistent here.
pub const XLOG_BACKUP_END: u8 = 0x50;
/// Settings of the primary that a standby must match.
pub const XLOG_PARAMETER_CHANGE: u8 = 0x60;
/// `pg_create_restore_point`
pub const XLOG_RESTORE_POINT: u8 = 0x70;
/// `full_page_writes` was switched.
pub const XLOG_FPW_CHANGE: u8 = 0x80;
/// Recovery has ended without a checkpoint: a promotion.
pub const XLOG_END_OF_RECOVERY: u8 = 0x90;
/// A page whose hint bits changed for the first time since the checkpoint, under checksums or `wal_log_hints`.
pub const XLOG_FPI_FOR_HINT: u8 = 0xA0;
/// A page, written whole.
pub const XLOG_FPI: u8 = 0xB0;
/// The rest of a record that a crash cut off will never come.
pub const XLOG_OVERWRITE_CONTRECORD: u8 = 0xD0;

/// Bytes of a restore point's name, its end mark included; `MAXFNAMELEN`.
const RESTORE_POINT_NAME: usize = 64;

/// Any record of the resource manager XLOG.
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum XlogRecord {
    CheckpointShutdown(CheckPoint),
    CheckpointOnline(CheckPoint),
    Noop,
    NextOid(Oid),
    Switch,
    /// Where the backup began.
    BackupEnd(Lsn),
    ParameterChange(ParameterChange),
    RestorePoint {
        time: TimestampTz,
        name: String,
    },
    FpwChange(bool),
    EndOfRecovery(EndOfRecovery),
    FpiForHint,
    Fpi,
    OverwriteContrecord {
        overwritten: Lsn,
        time: TimestampTz,
    },
}

impl XlogRecord {
    /// Reads a record's main data by the kind in its `xl_info`.
    pub fn decode(record: &DecodedRecord) -> Result<XlogRecord> {
        let mut from = Take(&record.main_data);
        Ok(match record.info & XLR_RMGR_INFO_MASK {
            XLOG_CHECKPOINT_SHUTDOWN => XlogRecord::CheckpointShutdown(CheckPoint::decode(&from.array()?)),
            XLOG_CHECKPOINT_ONLINE => XlogRecord::CheckpointOnline(CheckPoint::decode(&from.array()?)),
            XLOG_NOOP => XlogRecord::Noop,
            XLOG_NEXTOID => XlogRecord::NextOid(from.oid()?),
            XLOG_SWITCH => XlogRecord::Switch,
            XLOG_BACKUP_END => XlogRecord::BackupEnd(from.lsn()?),
            XLOG_PARAMETER_CHANGE => XlogRecord::ParameterChange(ParameterChange::decode(from.0)?),
            XLOG_RESTORE_POINT => {
                let time = from.timestamp()?;
                let name = from.array::<RESTORE_POINT_NAME>()?;
                let end = name.iter().position(|&b| b == 0).unwrap_or(name.len());
                XlogRecord::RestorePoint { time, name: String::from_utf8_lossy(&name[..end]).into_owned() }
            }
            XLOG_FPW_CHANGE => XlogRecord::FpwChange(from.u8()? != 0),
            XLOG_END_OF_RECOVERY => XlogRecord::EndOfRecovery(EndOfRecovery::decode(from.0)?),
            XLOG_FPI_FOR_HINT => XlogRecord::FpiForHint,
            XLOG_FPI => XlogRecord::Fpi,
            XLOG_OVERWRITE_CONTRECORD => {
                XlogRecord::OverwriteContrecord { overwritten: from.lsn()?, time: from.timestamp()? }
            }
            other => return Err(Error::corrupt(format!("XLOG record of unknown kind {other:#04x}"))),
        })
    }

    /// `xl_info` and main data of the record.
    pub fn encode(&self) -> (u8, Vec<u8>) {
        match self {
            XlogRecord::CheckpointShutdown(checkpoint) => (XLOG_CHECKPOINT_SHUTDOWN, checkpoint.encode().to_vec()),
            XlogRecord::CheckpointOnline(checkpoint) => (XLOG_CHECKPOINT_ONLINE, checkpoint.encode().to_vec()),
            XlogRecord::Noop => (XLOG_NOOP, Vec::new()),
            XlogRecord::NextOid(oid) => (XLOG_NEXTOID, oid.0.to_le_bytes().to_vec()),
            XlogRecord::Switch => (XLOG_SWITCH, Vec::new()),
            XlogRecord::BackupEnd(start) => (XLOG_BACKUP_END, start.0.to_le_bytes().to_vec()),
            XlogRecord::ParameterChange(change) => (XLOG_PARAMETER_CHANGE, change.encode()),
            XlogRecord::RestorePoint { time, name } => {
                let mut out = time.0.to_le_bytes().to_vec();
                // The name keeps room for the zero that ends it.
                out.extend(name.bytes().take(RESTORE_POINT_NAME - 1));
                out.resize(8 + RESTORE_POINT_NAME, 0);
                (XLOG_RESTORE_POINT, out)
            }
            XlogRecord::FpwChange(on) => (XLOG_FPW_CHANGE, vec![u8::from(*on)]),
            XlogRecord::EndOfRecovery(end) => (XLOG_END_OF_RECOVERY, end.encode()),
            XlogRecord::FpiForHint => (XLOG_FPI_FOR_HINT, Vec::new()),
            XlogRecord::Fpi => (XLOG_FPI, Vec::new()),
            XlogRecord::OverwriteContrecord { overwritten, time } => {
                (XLOG_OVERWRITE_CONTRECORD, [overwritten.0.to_le_bytes(), time.0.to_le_bytes()].concat())
            }
        }
    }
}

/// `xl_parameter_change`
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub struct ParameterChange {
    pub max_connections: u32,
    pub max_worker_processes: u32,
    pub max_wal_senders: u32,
    pub max_prepared_xacts: u32,
    pub max_locks_per_xact: u32,
    pub wal_level: WalLevel,
    pub wal_log_hints: bool,
    pub track_commit_timestamp: bool,
}

impl ParameterChange {
    fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.put_u32(self.max_connections);
        out.put_u32(self.max_worker_processes);
        out.put_u32(self.max_wal_senders);
        out.put_u32(self.max_prepared_xacts);
        out.put_u32(self.max_locks_per_xact);
        out.put_u32(self.wal_level as u32);
        out.put(&[u8::from(self.wal_log_hints), u8::from(self.track_commit_timestamp), 0, 0]);
        out
    }

    fn decode(data: &[u8]) -> Result<ParameterChange> {
        let mut from = Take(data);
        Ok(ParameterChange {
            max_connections: from.u32()?,
            max_worker_processes: from.u32()?,
            max_wal_senders: from.u32()?,
            max_prepared_xacts: from.u32()?,
            max_locks_per_xact: from.u32()?,
            wal_level: match from.u32()? {
                0 => WalLevel::Minimal,
                1 => WalLevel::Replica,
                2 => WalLevel::Logical,
                other => return Err(Error::corrupt(format!("unknown wal_level {other} in a WAL record"))),
            },
            wal_log_hints: from.u8()? != 0,
            track_commit_timestamp: from.u8()? != 0,
        })
    }
}

/// `xl_end_of_recovery`
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EndOfRecovery {
    /// When.
    pub time: TimestampTz,
    /// The new timeline.
    pub tli: TimeLineId,
    /// The timeline that was left.
    pub prev_tli: TimeLineId,
}

impl EndOfRecovery {
    fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.put_u64(self.time.0 as u64);
        out.put_u32(self.tli.0);
        out.put_u32(self.prev_tli.0);
        out
    }

    fn decode(data: &[u8]) -> Result<EndOfRecovery> {
        let mut from = Take(data);
        let time = from.timestamp()?;
        Ok(EndOfRecovery { time, tli: TimeLineId(from.u32()?), prev_tli: TimeLineId(from.u32()?) })
    }
}
