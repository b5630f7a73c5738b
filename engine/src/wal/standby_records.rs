//! Records that only a hot standby needs: who is running, who holds a lock that would be in the way of its readers, and
//! which of their caches are out of date.
//!
//! A standby's snapshot must know the primary's running transactions. It learns of new ones by their first record; those
//! that were running already when replay began it learns from RUNNING_XACTS, written with each checkpoint.
//!
//! PostgreSQL: `storage/standbydefs.h`.

use super::bytes::{Put, Take};
use super::decode::DecodedRecord;
use super::invalidation::Invalidation;
use super::record::XLR_RMGR_INFO_MASK;
use crate::ids::{Error, Oid, Result, Xid};

/// AccessExclusiveLocks that were taken.
pub const XLOG_STANDBY_LOCK: u8 = 0x00;
/// The running transactions.
pub const XLOG_RUNNING_XACTS: u8 = 0x10;
/// Invalidations of a transaction without an xid, which writes no commit record.
pub const XLOG_INVALIDATIONS: u8 = 0x20;

/// Any record of the resource manager Standby.
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum StandbyRecord {
    Lock(Vec<StandbyLock>),
    RunningXacts(RunningXacts),
    Invalidations(Invalidations),
}

/// `xl_standby_lock`: an AccessExclusiveLock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StandbyLock {
    /// Whose.
    pub xid: Xid,
    /// The table's database.
    pub db: Oid,
    /// The table.
    pub rel: Oid,
}

/// `xl_running_xacts`
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RunningXacts {
    /// Too many subtransactions to list.
    pub subxid_overflow: bool,
    /// The next transaction id.
    pub next_xid: Xid,
    /// The oldest transaction that runs; the next id if none does.
    pub oldest_running_xid: Xid,
    /// The youngest one that has ended.
    pub latest_completed_xid: Xid,
    /// The running transactions.
    pub xids: Vec<Xid>,
    /// Their subtransactions.
    pub subxids: Vec<Xid>,
}

/// `xl_invalidations`
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Invalidations {
    /// The database.
    pub db: Oid,
    /// Its tablespace.
    pub tablespace: Oid,
    /// The file with what is cached of the catalogs is out of date, too.
    pub relcache_init_file: bool,
    /// What is out of date.
    pub messages: Vec<Invalidation>,
}

impl StandbyRecord {
    /// Reads a record's main data by the kind in its `xl_info`.
    pub fn decode(record: &DecodedRecord) -> Result<StandbyRecord> {
        let mut from = Take(&record.main_data);
        Ok(match record.info & XLR_RMGR_INFO_MASK {
            XLOG_STANDBY_LOCK => {
                let n = from.u32()?;
                StandbyRecord::Lock(
                    from.list(n, |from| Ok(StandbyLock { xid: from.xid()?, db: from.oid()?, rel: from.oid()? }))?,
                )
            }
            XLOG_RUNNING_XACTS => StandbyRecord::RunningXacts(RunningXacts::decode(from)?),
            XLOG_INVALIDATIONS => StandbyRecord::Invalidations(Invalidations::decode(from)?),
            other => return Err(Error::corrupt(format!("Standby record of unknown kind {other:#04x}"))),
        })
    }

    /// `xl_info` and main data of the record.
    pub fn encode(&self) -> (u8, Vec<u8>) {
        match self {
            StandbyRecord::Lock(locks) => {
                let mut out = Vec::new();
                out.put_u32(locks.len() as u32);
                for lock in locks {
                    out.put_u32(lock.xid.0);
                    out.put_u32(lock.db.0);
                    out.put_u32(lock.rel.0);
                }
                (XLOG_STANDBY_LOCK, out)
            }
            StandbyRecord::RunningXacts(running) => (XLOG_RUNNING_XACTS, running.encode()),
            StandbyRecord::Invalidations(invalidations) => (XLOG_INVALIDATIONS, invalidations.encode()),
        }
    }
}

impl RunningXacts {
    fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.put_u32(self.xids.len() as u32);
        out.put_u32(self.subxids.len() as u32);
        out.put(&[u8::from(self.subxid_overflow), 0, 0, 0]);
        out.put_u32(self.next_xid.0);
        out.put_u32(self.oldest_running_xid.0);
        out.put_u32(self.latest_completed_xid.0);
        self.xids.iter().chain(&self.subxids).for_each(|xid| out.put_u32(xid.0));
        out
    }

    fn decode(mut from: Take) -> Result<RunningXacts> {
        let (xcnt, subxcnt) = (from.u32()?, from.u32()?);
        let [overflow, ..] = from.array::<4>()?;
        Ok(RunningXacts {
            subxid_overflow: overflow != 0,
            next_xid: from.xid()?,
            oldest_running_xid: from.xid()?,
            latest_completed_xid: from.xid()?,
            xids: from.list(xcnt, Take::xid)?,
            subxids: from.list(subxcnt, Take::xid)?,
        })
    }
}

impl Invalidations {
    fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.put_u32(self.db.0);
        out.put_u32(self.tablespace.0);
        out.put(&[u8::from(self.relcache_init_file), 0, 0, 0]);
        out.put_u32(self.messages.len() as u32);
        self.messages.iter().for_each(|message| message.put(&mut out));
        out
    }

    fn decode(mut from: Take) -> Result<Invalidations> {
        let (db, tablespace) = (from.oid()?, from.oid()?);
        let [relcache, ..] = from.array::<4>()?;
        let n = from.u32()?;
        let messages = from.list(n, Invalidation::take)?;
        Ok(Invalidations { db, tablespace, relcache_init_file: relcache != 0, messages })
    }
}
