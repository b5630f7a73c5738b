//! The records that end a transaction.
//!
//! A commit is 34 bytes: a header, and the time. Whatever else must happen with it comes in optional parts, whose
//! presence a bit mask (`xinfo`) tells: tables that were dropped lose their files, caches their rows, standbys their
//! locks. Until this record is on disk the transaction has not happened; from then on it has.
//!
//! ```text
//!   time | xinfo | db, tablespace | subxacts | files to remove | statistics to drop | invalidations | xid | origin
//!          `-- only if any of what follows is there
//! ```
//!
//! PostgreSQL: `access/xact.h`, `XactLogCommitRecord` in `access/transam/xact.c`.

use super::bytes::{Put, Take};
use super::decode::DecodedRecord;
use super::invalidation::Invalidation;
use super::record::XLR_SPECIAL_REL_UPDATE;
use crate::ids::{Error, Lsn, Oid, RelFile, Result, TimestampTz, Xid};

/// COMMIT
pub const XLOG_XACT_COMMIT: u8 = 0x00;
/// ROLLBACK
pub const XLOG_XACT_ABORT: u8 = 0x20;
/// Which subtransactions are of which transaction, for standbys.
pub const XLOG_XACT_ASSIGNMENT: u8 = 0x50;
/// The bits of `xl_info` that say which.
pub const XLOG_XACT_OPMASK: u8 = 0x70;
/// `xinfo` is there.
pub const XLOG_XACT_HAS_INFO: u8 = 0x80;

const XACT_XINFO_HAS_DBINFO: u32 = 1 << 0;
const XACT_XINFO_HAS_SUBXACTS: u32 = 1 << 1;
const XACT_XINFO_HAS_RELFILENODES: u32 = 1 << 2;
const XACT_XINFO_HAS_INVALS: u32 = 1 << 3;
const XACT_XINFO_HAS_TWOPHASE: u32 = 1 << 4;
const XACT_XINFO_HAS_ORIGIN: u32 = 1 << 5;
/// In `completion`: the transaction held AccessExclusiveLocks, which a standby holds for it.
pub const XACT_XINFO_HAS_AE_LOCKS: u32 = 1 << 6;
const XACT_XINFO_HAS_GID: u32 = 1 << 7;
const XACT_XINFO_HAS_DROPPED_STATS: u32 = 1 << 8;
/// In `completion`: the committer waits until a standby has replayed this, which should say so at once.
pub const XACT_COMPLETION_APPLY_FEEDBACK: u32 = 1 << 29;
/// In `completion`: the file with what is cached of the catalogs is out of date.
pub const XACT_COMPLETION_UPDATE_RELCACHE_FILE: u32 = 1 << 30;
/// In `completion`: the commit must not be asynchronous.
pub const XACT_COMPLETION_FORCE_SYNC_COMMIT: u32 = 1 << 31;

/// The bits of `xinfo` that stand for themselves, not for a part that follows.
const COMPLETION: u32 = XACT_XINFO_HAS_AE_LOCKS
    | XACT_COMPLETION_APPLY_FEEDBACK
    | XACT_COMPLETION_UPDATE_RELCACHE_FILE
    | XACT_COMPLETION_FORCE_SYNC_COMMIT;

/// Any record of the resource manager Transaction that this engine writes.
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum XactRecord {
    Commit(XactEnd),
    Abort(XactEnd),
    Assignment(XactAssignment),
}

impl XactRecord {
    /// Reads a record's main data by the kind in its `xl_info`.
    pub fn decode(record: &DecodedRecord) -> Result<XactRecord> {
        Ok(match record.info & XLOG_XACT_OPMASK {
            XLOG_XACT_COMMIT => XactRecord::Commit(XactEnd::decode(record.info, &record.main_data)?),
            XLOG_XACT_ABORT => XactRecord::Abort(XactEnd::decode(record.info, &record.main_data)?),
            XLOG_XACT_ASSIGNMENT => XactRecord::Assignment(XactAssignment::decode(&record.main_data)?),
            other => return Err(Error::corrupt(format!("Transaction record of unknown kind {other:#04x}"))),
        })
    }

    /// `xl_info` and main data of the record.
    pub fn encode(&self) -> (u8, Vec<u8>) {
        match self {
            XactRecord::Commit(end) => end.encode(XLOG_XACT_COMMIT),
            XactRecord::Abort(end) => end.encode(XLOG_XACT_ABORT),
            XactRecord::Assignment(assignment) => (XLOG_XACT_ASSIGNMENT, assignment.encode()),
        }
    }
}

/// `xl_xact_commit` or `xl_xact_abort` with all that can follow it; [`XactEnd::at`] has none of it.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct XactEnd {
    /// When.
    pub time: TimestampTz,
    /// The flags among [`XACT_XINFO_HAS_AE_LOCKS`] and the `XACT_COMPLETION_` ones.
    pub completion: u32,
    /// Database and its tablespace, which invalidations need.
    pub db: Option<(Oid, Oid)>,
    /// Subtransactions that end with it.
    pub subxacts: Vec<Xid>,
    /// Files to remove: of dropped tables at a commit, of new ones at an abort.
    pub rels: Vec<RelFile>,
    /// Statistics to drop.
    pub stats: Vec<StatsItem>,
    /// Cached rows that are out of date. An abort has none.
    pub invals: Vec<Invalidation>,
    /// The prepared transaction that ends.
    pub twophase: Option<Xid>,
    /// Where the change comes from, if it was replicated.
    pub origin: Option<(Lsn, TimestampTz)>,
}

/// `xl_xact_stats_item`
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StatsItem {
    /// The kind of statistics: 2 for a relation.
    pub kind: u32,
    /// The database.
    pub db: Oid,
    /// The object.
    pub object: Oid,
}

impl XactEnd {
    /// The end of a transaction that leaves nothing to do.
    pub fn at(time: TimestampTz) -> XactEnd {
        XactEnd { time, ..XactEnd::default() }
    }

    /// Which optional parts there are.
    fn xinfo(&self) -> u32 {
        let flag = |there: bool, bit: u32| if there { bit } else { 0 };
        self.completion
            | flag(self.db.is_some(), XACT_XINFO_HAS_DBINFO)
            | flag(!self.subxacts.is_empty(), XACT_XINFO_HAS_SUBXACTS)
            | flag(!self.rels.is_empty(), XACT_XINFO_HAS_RELFILENODES)
            | flag(!self.stats.is_empty(), XACT_XINFO_HAS_DROPPED_STATS)
            | flag(!self.invals.is_empty(), XACT_XINFO_HAS_INVALS)
            | flag(self.twophase.is_some(), XACT_XINFO_HAS_TWOPHASE)
            | flag(self.origin.is_some(), XACT_XINFO_HAS_ORIGIN)
    }

    /// `xl_info` (from [`XLOG_XACT_COMMIT`] or [`XLOG_XACT_ABORT`]) and main data of the record.
    pub fn encode(&self, op: u8) -> (u8, Vec<u8>) {
        let mut out = Vec::new();
        out.put_u64(self.time.0 as u64);
        let xinfo = self.xinfo();
        if xinfo == 0 {
            return (op, out);
        }
        out.put_u32(xinfo);
        if let Some((db, tablespace)) = self.db {
            out.put_u32(db.0);
            out.put_u32(tablespace.0);
        }
        put_list(&mut out, &self.subxacts, |out, xid| out.put_u32(xid.0));
        put_list(&mut out, &self.rels, |out, rel| out.put_rel_file(*rel));
        put_list(&mut out, &self.stats, |out, item| {
            out.put_u32(item.kind);
            out.put_u32(item.db.0);
            out.put_u32(item.object.0);
        });
        put_list(&mut out, &self.invals, |out, message| message.put(out));
        if let Some(xid) = self.twophase {
            out.put_u32(xid.0);
        }
        if let Some((lsn, time)) = self.origin {
            out.put_u64(lsn.0);
            out.put_u64(time.0 as u64);
        }
        let special = if self.rels.is_empty() { 0 } else { XLR_SPECIAL_REL_UPDATE };
        (op | XLOG_XACT_HAS_INFO | special, out)
    }

    /// From `xl_info` and main data of a record; `ParseCommitRecord`.
    pub fn decode(info: u8, data: &[u8]) -> Result<XactEnd> {
        let mut from = Take(data);
        let mut end = XactEnd::at(from.timestamp()?);
        let xinfo = if info & XLOG_XACT_HAS_INFO != 0 { from.u32()? } else { 0 };
        let has = |bit: u32| xinfo & bit != 0;
        end.completion = xinfo & COMPLETION;
        if has(XACT_XINFO_HAS_DBINFO) {
            end.db = Some((from.oid()?, from.oid()?));
        }
        if has(XACT_XINFO_HAS_SUBXACTS) {
            end.subxacts = take_list(&mut from, Take::xid)?;
        }
        if has(XACT_XINFO_HAS_RELFILENODES) {
            end.rels = take_list(&mut from, Take::rel_file)?;
        }
        if has(XACT_XINFO_HAS_DROPPED_STATS) {
            end.stats =
                take_list(&mut from, |from| Ok(StatsItem { kind: from.u32()?, db: from.oid()?, object: from.oid()? }))?;
        }
        if has(XACT_XINFO_HAS_INVALS) {
            end.invals = take_list(&mut from, Invalidation::take)?;
        }
        if has(XACT_XINFO_HAS_TWOPHASE) {
            end.twophase = Some(from.xid()?);
        }
        if has(XACT_XINFO_HAS_GID) {
            return Err(Error::unsupported("the name of a prepared transaction in a WAL record"));
        }
        if has(XACT_XINFO_HAS_ORIGIN) {
            end.origin = Some((from.lsn()?, from.timestamp()?));
        }
        Ok(end)
    }
}

/// `xl_xact_assignment`
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct XactAssignment {
    /// The transaction.
    pub top: Xid,
    /// Its subtransactions.
    pub subxacts: Vec<Xid>,
}

impl XactAssignment {
    /// The main data of the record.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.put_u32(self.top.0);
        put_list(&mut out, &self.subxacts, |out, xid| out.put_u32(xid.0));
        out
    }

    /// From the main data of a record.
    pub fn decode(data: &[u8]) -> Result<XactAssignment> {
        let mut from = Take(data);
        Ok(XactAssignment { top: from.xid()?, subxacts: take_list(&mut from, Take::xid)? })
    }
}

/// A part with a length before it; nothing at all for an empty one.
fn put_list<T>(out: &mut Vec<u8>, items: &[T], one: impl Fn(&mut Vec<u8>, &T)) {
    if !items.is_empty() {
        out.put_u32(items.len() as u32);
        items.iter().for_each(|item| one(out, item));
    }
}

fn take_list<'a, T>(from: &mut Take<'a>, one: impl FnMut(&mut Take<'a>) -> Result<T>) -> Result<Vec<T>> {
    let n = from.u32()?;
    from.list(n, one)
}
