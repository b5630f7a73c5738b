//! Records of what VACUUM and pruning do to heap pages, and of rows inserted many at a time.
//!
//! ```text
//!   PRUNE         dead versions go, line pointers become redirects, dead or unused; the page is compacted
//!   VACUUM        dead line pointers, no longer in any index, become unused
//!   FREEZE_PAGE   old tuples lose their xids
//!   VISIBLE       a page's bits in the visibility map; block 0 is the map's page, block 1 the heap's
//!   MULTI_INSERT  COPY and the catalogs: many tuples of one page
//! ```
//!
//! PostgreSQL: `access/heapam_xlog.h`. The heap ran out of numbers for its records, which is all there is to 'Heap2'.

use super::bytes::{Put, Take};
use super::decode::DecodedRecord;
use super::heap_records::{HeapHeader, HeapLock, LoggedTuple, XLOG_HEAP_INIT_PAGE, XLOG_HEAP_OPMASK};
use crate::ids::{Error, OffsetNumber, Result, Xid};

/// Pruning, by VACUUM or by whoever reads a full page.
pub const XLOG_HEAP2_PRUNE: u8 = 0x10;
/// VACUUM's second pass over a page.
pub const XLOG_HEAP2_VACUUM: u8 = 0x20;
/// Freezing.
pub const XLOG_HEAP2_FREEZE_PAGE: u8 = 0x30;
/// Bits of the visibility map.
pub const XLOG_HEAP2_VISIBLE: u8 = 0x40;
/// Many tuples at once.
pub const XLOG_HEAP2_MULTI_INSERT: u8 = 0x50;
/// A row lock on a later version of the row.
pub const XLOG_HEAP2_LOCK_UPDATED: u8 = 0x60;

/// Any record of the resource manager Heap2, but for those of logical decoding.
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum Heap2Record {
    Prune(HeapPrune),
    Vacuum(HeapVacuum),
    FreezePage(HeapFreezePage),
    Visible(HeapVisible),
    MultiInsert(HeapMultiInsert),
    LockUpdated(HeapLock),
}

impl Heap2Record {
    /// Reads a record's main data, and the data of block 0, by the kind in its `xl_info`.
    pub fn decode(record: &DecodedRecord) -> Result<Heap2Record> {
        let data = &record.main_data;
        let block = record.block(0).map_or(&[][..], |block| &block.data);
        Ok(match record.info & XLOG_HEAP_OPMASK {
            XLOG_HEAP2_PRUNE => Heap2Record::Prune(HeapPrune::decode(data)?),
            XLOG_HEAP2_VACUUM => Heap2Record::Vacuum(HeapVacuum::decode(data)?),
            XLOG_HEAP2_FREEZE_PAGE => Heap2Record::FreezePage(HeapFreezePage::decode(data)?),
            XLOG_HEAP2_VISIBLE => Heap2Record::Visible(HeapVisible::decode(data)?),
            XLOG_HEAP2_MULTI_INSERT => {
                let init = record.info & XLOG_HEAP_INIT_PAGE != 0;
                Heap2Record::MultiInsert(HeapMultiInsert::decode(data, block, init)?)
            }
            XLOG_HEAP2_LOCK_UPDATED => Heap2Record::LockUpdated(HeapLock::decode(data)?),
            other => return Err(Error::corrupt(format!("Heap2 record of unknown kind {other:#04x}"))),
        })
    }

    /// The main data of the record.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Heap2Record::Prune(record) => record.encode(),
            Heap2Record::Vacuum(record) => record.encode(),
            Heap2Record::FreezePage(record) => record.encode(),
            Heap2Record::Visible(record) => record.encode(),
            Heap2Record::MultiInsert(record) => record.encode(),
            Heap2Record::LockUpdated(record) => record.encode(),
        }
    }
}

/// `xl_heap_prune`; block 0 has [`PrunedItems`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HeapPrune {
    /// The youngest transaction whose dead versions went: a standby's snapshots that see them are in conflict.
    pub latest_removed_xid: Xid,
    /// How many line pointers became redirects.
    pub nredirected: u16,
    /// How many became dead.
    pub ndead: u16,
}

impl HeapPrune {
    /// The main data of the record.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.put_u32(self.latest_removed_xid.0);
        out.put_u16(self.nredirected);
        out.put_u16(self.ndead);
        out
    }

    /// From the main data of a record.
    pub fn decode(data: &[u8]) -> Result<HeapPrune> {
        let mut from = Take(data);
        Ok(HeapPrune { latest_removed_xid: from.xid()?, nredirected: from.u16()?, ndead: from.u16()? })
    }
}

/// The line pointers that pruning changed: the data of block 0 of PRUNE.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct PrunedItems {
    /// From where to where.
    pub redirected: Vec<(OffsetNumber, OffsetNumber)>,
    /// Dead now, kept for the index entries that still point at them.
    pub dead: Vec<OffsetNumber>,
    /// Free now.
    pub unused: Vec<OffsetNumber>,
}

impl PrunedItems {
    /// The data of block 0.
    pub fn encode(&self) -> Vec<u8> {
        let redirected = self.redirected.iter().flat_map(|&(from, to)| [from, to]);
        encode_offsets(redirected.chain(self.dead.iter().copied()).chain(self.unused.iter().copied()))
    }

    /// From the data of block 0; how many there are of each the main data says, and the rest is unused.
    pub fn decode(data: &[u8], counts: &HeapPrune) -> Result<PrunedItems> {
        let mut from = Take(data);
        Ok(PrunedItems {
            redirected: from.list(counts.nredirected.into(), |from| Ok((from.u16()?, from.u16()?)))?,
            dead: from.list(counts.ndead.into(), Take::u16)?,
            unused: decode_offsets(from.0),
        })
    }
}

/// `xl_heap_vacuum`; block 0 has the line pointers, see [`encode_offsets`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HeapVacuum {
    /// How many line pointers became unused.
    pub nunused: u16,
}

impl HeapVacuum {
    /// The main data of the record.
    pub fn encode(&self) -> Vec<u8> {
        self.nunused.to_le_bytes().to_vec()
    }

    /// From the main data of a record.
    pub fn decode(data: &[u8]) -> Result<HeapVacuum> {
        Ok(HeapVacuum { nunused: Take(data).u16()? })
    }
}

/// Line pointers as block data.
pub fn encode_offsets(offsets: impl IntoIterator<Item = OffsetNumber>) -> Vec<u8> {
    offsets.into_iter().flat_map(u16::to_le_bytes).collect()
}

/// Line pointers from block data.
pub fn decode_offsets(data: &[u8]) -> Vec<OffsetNumber> {
    data.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect()
}

/// `xl_heap_freeze_page`; block 0 has one [`FreezePlan`] for each tuple.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HeapFreezePage {
    /// Transactions before this one are frozen.
    pub cutoff_xid: Xid,
    /// How many tuples.
    pub ntuples: u16,
}

impl HeapFreezePage {
    /// The main data of the record.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.put_u32(self.cutoff_xid.0);
        out.put_u16(self.ntuples);
        out
    }

    /// From the main data of a record.
    pub fn decode(data: &[u8]) -> Result<HeapFreezePage> {
        let mut from = Take(data);
        Ok(HeapFreezePage { cutoff_xid: from.xid()?, ntuples: from.u16()? })
    }
}

/// `xl_heap_freeze_tuple`: a tuple's header fields after freezing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FreezePlan {
    /// The new xmax.
    pub xmax: Xid,
    /// Which tuple.
    pub offnum: OffsetNumber,
    /// The new `t_infomask2`.
    pub infomask2: u16,
    /// The new `t_infomask`.
    pub infomask: u16,
    /// What to do about the xid of an old-style VACUUM FULL.
    pub frzflags: u8,
}

impl FreezePlan {
    /// The data of block 0 for a page's plans.
    pub fn encode_all(plans: &[FreezePlan]) -> Vec<u8> {
        let mut out = Vec::new();
        for plan in plans {
            out.put_u32(plan.xmax.0);
            out.put_u16(plan.offnum);
            out.put_u16(plan.infomask2);
            out.put_u16(plan.infomask);
            out.put(&[plan.frzflags, 0]);
        }
        out
    }

    /// From the data of block 0.
    pub fn decode_all(data: &[u8], n: u16) -> Result<Vec<FreezePlan>> {
        Take(data).list(n.into(), |from| {
            let (xmax, offnum) = (from.xid()?, from.u16()?);
            let (infomask2, infomask) = (from.u16()?, from.u16()?);
            let [frzflags, _] = from.array()?;
            Ok(FreezePlan { xmax, offnum, infomask2, infomask, frzflags })
        })
    }
}

/// `xl_heap_visible`
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HeapVisible {
    /// The youngest xmin on the page: a standby's older snapshots are in conflict with index-only scans.
    pub cutoff_xid: Xid,
    /// The bits set: 1 all-visible, 2 all-frozen.
    pub flags: u8,
}

impl HeapVisible {
    /// The main data of the record.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.put_u32(self.cutoff_xid.0);
        out.put_u8(self.flags);
        out
    }

    /// From the main data of a record.
    pub fn decode(data: &[u8]) -> Result<HeapVisible> {
        let mut from = Take(data);
        Ok(HeapVisible { cutoff_xid: from.xid()?, flags: from.u8()? })
    }
}

/// `xl_heap_multi_insert` with the tuples of block 0.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HeapMultiInsert {
    /// `XLH_INSERT_` flags.
    pub flags: u8,
    /// How many tuples.
    pub ntuples: u16,
    /// Which line pointers they got; none if the page is made anew, where they count from 1.
    pub offsets: Vec<OffsetNumber>,
    /// The tuples; none if the record has an image instead.
    pub tuples: Vec<LoggedTuple>,
}

impl HeapMultiInsert {
    /// The main data of the record.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = vec![self.flags, 0];
        out.put_u16(self.ntuples);
        out.extend(encode_offsets(self.offsets.iter().copied()));
        out
    }

    /// The data of block 0: each tuple begins at an even place.
    pub fn encode_tuples(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for tuple in &self.tuples {
            out.resize(out.len().next_multiple_of(2), 0);
            out.put_u16(tuple.data.len() as u16);
            tuple.header.put(&mut out);
            out.put(&tuple.data);
        }
        out
    }

    /// From the main data of a record and the data of its block 0; `init` if the page is made anew.
    pub fn decode(main: &[u8], block: &[u8], init: bool) -> Result<HeapMultiInsert> {
        let mut from = Take(main);
        let [flags, _] = from.array()?;
        let ntuples = from.u16()?;
        let offsets = if init { Vec::new() } else { from.list(ntuples.into(), Take::u16)? };
        let mut rest = Take(block);
        let mut tuples = Vec::new();
        while !rest.is_empty() {
            if (block.len() - rest.0.len()) % 2 == 1 {
                rest.u8()?;
            }
            let len = rest.u16()?;
            let header = HeapHeader::take(&mut rest)?;
            tuples.push(LoggedTuple { header, data: rest.bytes(len.into())?.to_vec() });
        }
        Ok(HeapMultiInsert { flags, ntuples, offsets, tuples })
    }
}
