//! Records of the heap: what INSERT, UPDATE, DELETE and SELECT FOR UPDATE write.
//!
//! A record has only what redo cannot know otherwise. An inserted tuple goes without most of its header, since xmin is
//! the record's xid and ctid the place it was put; an updated one also without what it shares with its old version
//! at either end, if that lies on the same page:
//!
//! ```text
//!   INSERT      main: offnum flags                         block 0: header, tuple from byte 23 on
//!   DELETE      main: xmax offnum infobits flags           block 0: nothing
//!   UPDATE      main: old xmax offnum infobits flags,      block 0 (new page): [prefix] [suffix] header, the
//!               new xmax offnum                               middle; block 1 (old page, if another): nothing
//!   LOCK        main: xid offnum infobits flags            block 0: nothing
//!   INPLACE     main: offnum                               block 0: the tuple's columns, overwritten in place
//! ```
//!
//! PostgreSQL: `access/heapam_xlog.h`, `log_heap_update` in `access/heap/heapam.c`.

use super::bytes::{Put, Take};
use super::decode::DecodedRecord;
use crate::ids::{Error, OffsetNumber, Oid, Result, Tid, Xid};
use crate::storage::tuple::{HEAP_COMBOCID, SIZE_OF_HEAP_TUPLE_HEADER};

/// INSERT
pub const XLOG_HEAP_INSERT: u8 = 0x00;
/// DELETE
pub const XLOG_HEAP_DELETE: u8 = 0x10;
/// UPDATE whose new version needs index entries of its own, or lies on another page.
pub const XLOG_HEAP_UPDATE: u8 = 0x20;
/// TRUNCATE, for logical decoding.
pub const XLOG_HEAP_TRUNCATE: u8 = 0x30;
/// UPDATE within a page that touches no indexed column.
pub const XLOG_HEAP_HOT_UPDATE: u8 = 0x40;
/// INSERT ... ON CONFLICT has met no conflict.
pub const XLOG_HEAP_CONFIRM: u8 = 0x50;
/// A row lock.
pub const XLOG_HEAP_LOCK: u8 = 0x60;
/// A catalog row overwritten in place.
pub const XLOG_HEAP_INPLACE: u8 = 0x70;
/// The bits of the heap's `xl_info` that say what it is.
pub const XLOG_HEAP_OPMASK: u8 = 0x70;
/// The tuple is the only one of its page, which redo makes anew.
pub const XLOG_HEAP_INIT_PAGE: u8 = 0x80;

/// The page was all-visible and no longer is.
pub const XLH_INSERT_ALL_VISIBLE_CLEARED: u8 = 0x01;
/// The last record of a multi-row insert.
pub const XLH_INSERT_LAST_IN_MULTI: u8 = 0x02;
/// The row is added on approval: INSERT ... ON CONFLICT.
pub const XLH_INSERT_IS_SPECULATIVE: u8 = 0x04;
/// The page is all-frozen from the start (COPY FREEZE).
pub const XLH_INSERT_ALL_FROZEN_SET: u8 = 0x20;
/// The old version's page was all-visible and no longer is.
pub const XLH_UPDATE_OLD_ALL_VISIBLE_CLEARED: u8 = 0x01;
/// The new version's page, another one, was all-visible and no longer is.
pub const XLH_UPDATE_NEW_ALL_VISIBLE_CLEARED: u8 = 0x02;
/// The new tuple begins like the old one.
pub const XLH_UPDATE_PREFIX_FROM_OLD: u8 = 0x20;
/// The new tuple ends like the old one.
pub const XLH_UPDATE_SUFFIX_FROM_OLD: u8 = 0x40;
/// The page was all-visible and no longer is.
pub const XLH_DELETE_ALL_VISIBLE_CLEARED: u8 = 0x01;
/// An insertion that met a conflict is taken back.
pub const XLH_DELETE_IS_SUPER: u8 = 0x08;
/// The visibility map's all-frozen bit was cleared.
pub const XLH_LOCK_ALL_FROZEN_CLEARED: u8 = 0x01;

/// In `infobits`: xmax is a multixact.
pub const XLHL_XMAX_IS_MULTI: u8 = 0x01;
/// In `infobits`: xmax only locks.
pub const XLHL_XMAX_LOCK_ONLY: u8 = 0x02;
/// In `infobits`: xmax locks exclusively.
pub const XLHL_XMAX_EXCL_LOCK: u8 = 0x04;
/// In `infobits`: xmax locks the key against change.
pub const XLHL_XMAX_KEYSHR_LOCK: u8 = 0x08;
/// In `infobits`: key columns were changed, or the row deleted.
pub const XLHL_KEYS_UPDATED: u8 = 0x10;

/// Any record of the resource manager Heap.
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum HeapRecord {
    Insert(HeapInsert),
    Delete(HeapDelete),
    Update(HeapUpdate),
    HotUpdate(HeapUpdate),
    Truncate(HeapTruncate),
    Confirm(HeapConfirm),
    Lock(HeapLock),
    Inplace(HeapInplace),
}

impl HeapRecord {
    /// Reads a record's main data by the kind in its `xl_info`.
    pub fn decode(record: &DecodedRecord) -> Result<HeapRecord> {
        let data = &record.main_data;
        Ok(match record.info & XLOG_HEAP_OPMASK {
            XLOG_HEAP_INSERT => HeapRecord::Insert(HeapInsert::decode(data)?),
            XLOG_HEAP_DELETE => HeapRecord::Delete(HeapDelete::decode(data)?),
            XLOG_HEAP_UPDATE => HeapRecord::Update(HeapUpdate::decode(data)?),
            XLOG_HEAP_HOT_UPDATE => HeapRecord::HotUpdate(HeapUpdate::decode(data)?),
            XLOG_HEAP_TRUNCATE => HeapRecord::Truncate(HeapTruncate::decode(data)?),
            XLOG_HEAP_CONFIRM => HeapRecord::Confirm(HeapConfirm::decode(data)?),
            XLOG_HEAP_LOCK => HeapRecord::Lock(HeapLock::decode(data)?),
            _ => HeapRecord::Inplace(HeapInplace::decode(data)?),
        })
    }

    /// The main data of the record.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            HeapRecord::Insert(record) => record.encode(),
            HeapRecord::Delete(record) => record.encode(),
            HeapRecord::Update(record) | HeapRecord::HotUpdate(record) => record.encode(),
            HeapRecord::Truncate(record) => record.encode(),
            HeapRecord::Confirm(record) => record.encode(),
            HeapRecord::Lock(record) => record.encode(),
            HeapRecord::Inplace(record) => record.encode(),
        }
    }
}

/// `xl_heap_insert`; block 0 has a [`LoggedTuple`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HeapInsert {
    /// Which line pointer it got.
    pub offnum: OffsetNumber,
    /// `XLH_INSERT_` flags.
    pub flags: u8,
}

impl HeapInsert {
    /// The main data of the record.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.put_u16(self.offnum);
        out.put_u8(self.flags);
        out
    }

    /// From the main data of a record.
    pub fn decode(data: &[u8]) -> Result<HeapInsert> {
        let mut from = Take(data);
        Ok(HeapInsert { offnum: from.u16()?, flags: from.u8()? })
    }
}

/// `xl_heap_delete`
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HeapDelete {
    /// The tuple's new xmax.
    pub xmax: Xid,
    /// Which tuple.
    pub offnum: OffsetNumber,
    /// `XLHL_` flags that go into the tuple's infomasks.
    pub infobits: u8,
    /// `XLH_DELETE_` flags.
    pub flags: u8,
}

impl HeapDelete {
    /// The main data of the record.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.put_u32(self.xmax.0);
        out.put_u16(self.offnum);
        out.put(&[self.infobits, self.flags]);
        out
    }

    /// From the main data of a record.
    pub fn decode(data: &[u8]) -> Result<HeapDelete> {
        let mut from = Take(data);
        Ok(HeapDelete { xmax: from.xid()?, offnum: from.u16()?, infobits: from.u8()?, flags: from.u8()? })
    }
}

/// `xl_heap_update`; block 0, the new version's page, has an [`UpdatedTuple`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HeapUpdate {
    /// The old version's xmax.
    pub old_xmax: Xid,
    /// Which tuple is the old version.
    pub old_offnum: OffsetNumber,
    /// `XLHL_` flags that go into the old version's infomasks.
    pub old_infobits: u8,
    /// `XLH_UPDATE_` flags.
    pub flags: u8,
    /// The new version's xmax: locks that others hold on the old one go along.
    pub new_xmax: Xid,
    /// Which line pointer the new version got.
    pub new_offnum: OffsetNumber,
}

impl HeapUpdate {
    /// The main data of the record.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.put_u32(self.old_xmax.0);
        out.put_u16(self.old_offnum);
        out.put(&[self.old_infobits, self.flags]);
        out.put_u32(self.new_xmax.0);
        out.put_u16(self.new_offnum);
        out
    }

    /// From the main data of a record.
    pub fn decode(data: &[u8]) -> Result<HeapUpdate> {
        let mut from = Take(data);
        Ok(HeapUpdate {
            old_xmax: from.xid()?,
            old_offnum: from.u16()?,
            old_infobits: from.u8()?,
            flags: from.u8()?,
            new_xmax: from.xid()?,
            new_offnum: from.u16()?,
        })
    }
}

/// `xl_heap_truncate`: for logical decoding only.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HeapTruncate {
    /// The database.
    pub db: Oid,
    /// 1: CASCADE, 2: RESTART IDENTITY.
    pub flags: u8,
    /// The tables.
    pub relids: Vec<Oid>,
}

impl HeapTruncate {
    /// The main data of the record.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.put_u32(self.db.0);
        out.put_u32(self.relids.len() as u32);
        out.put(&[self.flags, 0, 0, 0]);
        self.relids.iter().for_each(|oid| out.put_u32(oid.0));
        out
    }

    /// From the main data of a record.
    pub fn decode(data: &[u8]) -> Result<HeapTruncate> {
        let mut from = Take(data);
        let (db, n) = (from.oid()?, from.u32()?);
        let [flags, ..] = from.array::<4>()?;
        Ok(HeapTruncate { db, flags, relids: from.list(n, Take::oid)? })
    }
}

/// `xl_heap_confirm`
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HeapConfirm {
    /// Which tuple.
    pub offnum: OffsetNumber,
}

impl HeapConfirm {
    /// The main data of the record.
    pub fn encode(&self) -> Vec<u8> {
        self.offnum.to_le_bytes().to_vec()
    }

    /// From the main data of a record.
    pub fn decode(data: &[u8]) -> Result<HeapConfirm> {
        Ok(HeapConfirm { offnum: Take(data).u16()? })
    }
}

/// `xl_heap_lock`, and in Heap2 `xl_heap_lock_updated`, which is the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HeapLock {
    /// Who locks: a transaction or a multixact.
    pub locking_xid: Xid,
    /// Which tuple.
    pub offnum: OffsetNumber,
    /// `XLHL_` flags that go into the tuple's infomasks.
    pub infobits: u8,
    /// [`XLH_LOCK_ALL_FROZEN_CLEARED`] or 0.
    pub flags: u8,
}

impl HeapLock {
    /// The main data of the record.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.put_u32(self.locking_xid.0);
        out.put_u16(self.offnum);
        out.put(&[self.infobits, self.flags]);
        out
    }

    /// From the main data of a record.
    pub fn decode(data: &[u8]) -> Result<HeapLock> {
        let mut from = Take(data);
        Ok(HeapLock { locking_xid: from.xid()?, offnum: from.u16()?, infobits: from.u8()?, flags: from.u8()? })
    }
}

/// `xl_heap_inplace`; block 0 has the tuple from its first column on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HeapInplace {
    /// Which tuple.
    pub offnum: OffsetNumber,
}

impl HeapInplace {
    /// The main data of the record.
    pub fn encode(&self) -> Vec<u8> {
        self.offnum.to_le_bytes().to_vec()
    }

    /// From the main data of a record.
    pub fn decode(data: &[u8]) -> Result<HeapInplace> {
        Ok(HeapInplace { offnum: Take(data).u16()? })
    }
}

/// What of a tuple's header a record has; `xl_heap_header`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HeapHeader {
    /// `t_infomask2`
    pub infomask2: u16,
    /// `t_infomask`
    pub infomask: u16,
    /// `t_hoff`
    pub hoff: u8,
}

impl HeapHeader {
    /// Of a whole tuple.
    fn of(tuple: &[u8]) -> HeapHeader {
        let field = |at: usize| u16::from_le_bytes([tuple[at], tuple[at + 1]]);
        HeapHeader { infomask2: field(18), infomask: field(20), hoff: tuple[22] }
    }

    pub(super) fn put(&self, out: &mut Vec<u8>) {
        out.put_u16(self.infomask2);
        out.put_u16(self.infomask);
        out.put_u8(self.hoff);
    }

    pub(super) fn take(from: &mut Take) -> Result<HeapHeader> {
        Ok(HeapHeader { infomask2: from.u16()?, infomask: from.u16()?, hoff: from.u8()? })
    }
}

/// A tuple as INSERT logs it: without the parts of its header that redo knows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LoggedTuple {
    /// What of the header is logged.
    pub header: HeapHeader,
    /// The tuple from byte 23 on: null bitmap, padding, columns.
    pub data: Vec<u8>,
}

impl LoggedTuple {
    /// Of a tuple as it lies on its page.
    pub fn of(tuple: &[u8]) -> LoggedTuple {
        LoggedTuple { header: HeapHeader::of(tuple), data: tuple[SIZE_OF_HEAP_TUPLE_HEADER..].to_vec() }
    }

    /// The data of block 0.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(5 + self.data.len());
        self.header.put(&mut out);
        out.put(&self.data);
        out
    }

    /// From the data of block 0.
    pub fn decode(data: &[u8]) -> Result<LoggedTuple> {
        let mut from = Take(data);
        let header = HeapHeader::take(&mut from)?;
        if usize::from(header.hoff) < SIZE_OF_HEAP_TUPLE_HEADER
            || usize::from(header.hoff) > SIZE_OF_HEAP_TUPLE_HEADER + from.0.len()
        {
            return Err(Error::corrupt(format!("invalid t_hoff {} in a WAL record", header.hoff)));
        }
        Ok(LoggedTuple { header, data: from.0.to_vec() })
    }

    /// The whole tuple again, as redo puts it on the page: `tid` is its own place, its command the first one.
    pub fn to_tuple(&self, xmin: Xid, xmax: Xid, tid: Tid) -> Vec<u8> {
        let mut out = Vec::with_capacity(SIZE_OF_HEAP_TUPLE_HEADER + self.data.len());
        out.put_u32(xmin.0);
        out.put_u32(xmax.0);
        out.put_u32(0);
        // A block number in a tid is stored high half first.
        out.put_u16((tid.block.0 >> 16) as u16);
        out.put_u16(tid.block.0 as u16);
        out.put_u16(tid.offset);
        // Redo sets a plain command id, whatever it was.
        HeapHeader { infomask: self.header.infomask & !HEAP_COMBOCID, ..self.header }.put(&mut out);
        out.put(&self.data);
        out
    }
}

/// A new version as UPDATE logs it: without what it shares with the old one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UpdatedTuple {
    /// How many bytes from the first column on are the old version's.
    pub prefix: u16,
    /// How many bytes at the end are the old version's.
    pub suffix: u16,
    /// What of the header is logged.
    pub header: HeapHeader,
    /// Null bitmap and padding, then what is between prefix and suffix.
    pub data: Vec<u8>,
}

impl UpdatedTuple {
    /// Of the two versions as they lie on their pages. Bytes are shared only if both lie on the same page
    /// (`same_page`), and if no image of that page will be needed, since then no data is logged at all.
    /// PostgreSQL asks the latter of its backend's own copy of the redo point, which is as old as the backend's last
    /// record: so the first update after a checkpoint may well say that it shares bytes and have an image.
    pub fn of(old: &[u8], new: &[u8], same_page: bool, image_expected: bool) -> UpdatedTuple {
        let header = HeapHeader::of(new);
        let hoff = usize::from(header.hoff);
        let (prefix, suffix) = match same_page && !image_expected {
            true => shared_ends(&old[usize::from(old[22])..], &new[hoff..]),
            false => (0, 0),
        };
        let mut data = new[SIZE_OF_HEAP_TUPLE_HEADER..hoff].to_vec();
        data.put(&new[hoff + prefix..new.len() - suffix]);
        UpdatedTuple { prefix: prefix as u16, suffix: suffix as u16, header, data }
    }

    /// The flags of [`HeapUpdate`] that say which lengths are there.
    pub fn flags(&self) -> u8 {
        let flag = |length: u16, bit: u8| if length > 0 { bit } else { 0 };
        flag(self.prefix, XLH_UPDATE_PREFIX_FROM_OLD) | flag(self.suffix, XLH_UPDATE_SUFFIX_FROM_OLD)
    }

    /// The data of block 0.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(9 + self.data.len());
        [self.prefix, self.suffix].into_iter().filter(|&length| length > 0).for_each(|length| out.put_u16(length));
        self.header.put(&mut out);
        out.put(&self.data);
        out
    }

    /// From the data of block 0 and the flags of the record.
    pub fn decode(data: &[u8], flags: u8) -> Result<UpdatedTuple> {
        let mut from = Take(data);
        let mut length = |bit| if flags & bit != 0 { from.u16() } else { Ok(0) };
        let (prefix, suffix) = (length(XLH_UPDATE_PREFIX_FROM_OLD)?, length(XLH_UPDATE_SUFFIX_FROM_OLD)?);
        let LoggedTuple { header, data } = LoggedTuple::decode(from.0)?;
        Ok(UpdatedTuple { prefix, suffix, header, data })
    }

    /// The same as INSERT would have logged it: with prefix and suffix taken from the old version.
    pub fn complete(&self, old: &[u8]) -> Result<LoggedTuple> {
        let damaged = || Error::corrupt("WAL record takes more from the old tuple than it has");
        let columns = old.get(22).and_then(|&hoff| old.get(usize::from(hoff)..)).ok_or_else(damaged)?;
        let prefix = columns.get(..usize::from(self.prefix)).ok_or_else(damaged)?;
        let suffix = columns.len().checked_sub(usize::from(self.suffix)).ok_or_else(damaged)?;
        let bitmap = usize::from(self.header.hoff) - SIZE_OF_HEAP_TUPLE_HEADER;
        let data = [&self.data[..bitmap], prefix, &self.data[bitmap..], &columns[suffix..]].concat();
        Ok(LoggedTuple { header: self.header, data })
    }
}

/// How many bytes two tuples share at the beginning and at the end of their columns; fewer than three are not worth the
/// two bytes that say so.
fn shared_ends(old: &[u8], new: &[u8]) -> (usize, usize) {
    let worth = |n: usize| if n < 3 { 0 } else { n };
    let prefix = worth(old.iter().zip(new).take_while(|(a, b)| a == b).count());
    let (old, new) = (&old[prefix..], &new[prefix..]);
    let suffix = worth(old.iter().rev().zip(new.iter().rev()).take_while(|(a, b)| a == b).count());
    (prefix, suffix)
}
