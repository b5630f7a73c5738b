//! Records of changes to B-tree pages.
//!
//! ```text
//!   INSERT_LEAF INSERT_UPPER INSERT_META   a tuple; above the leaves it is a downlink, which completes the child's split
//!   INSERT_POST                            a tuple into the middle of a posting list, which is split for it
//!   SPLIT_L SPLIT_R                        a page becomes two; the new tuple went to the left or to the right one
//!   NEWROOT                                the first page of the tree, or a root above one that was split
//!   DEDUP                                  equal keys become posting lists
//!   DELETE VACUUM                          tuples go: in passing, or by VACUUM
//!   MARK_PAGE_HALFDEAD UNLINK_PAGE(_META)  an empty page loses its downlink, then its neighbours
//!   REUSE_PAGE                             a page that was deleted long ago gets a new life: a word to standbys
//!   META_CLEANUP                           what VACUUM notes in the meta page
//! ```
//!
//! The right page of a split and a new root come whole, as their tuples in the order in which they lie on the page
//! ([`decode_tuples`]), the meta page as its fields.
//!
//! PostgreSQL: `access/nbtxlog.h`.

use super::bytes::{Put, Take};
use super::decode::DecodedRecord;
use super::record::XLR_RMGR_INFO_MASK;
use crate::ids::{BlockNumber, Error, FullXid, OffsetNumber, RelFile, Result, Xid};
use crate::storage::btree::Meta;
use crate::storage::{btree::tuple, max_align};

macro_rules! kinds {
    ($($name:ident $value:literal $text:literal)*) => { $(
        #[doc = $text]
        pub const $name: u8 = $value;
    )* };
}

kinds! {
    XLOG_BTREE_INSERT_LEAF 0x00 "A tuple on a leaf."
    XLOG_BTREE_INSERT_UPPER 0x10 "A downlink."
    XLOG_BTREE_INSERT_META 0x20 "A downlink, and the fast root moves up."
    XLOG_BTREE_SPLIT_L 0x30 "A split, the new tuple on the left page."
    XLOG_BTREE_SPLIT_R 0x40 "A split, the new tuple on the right page."
    XLOG_BTREE_INSERT_POST 0x50 "A tuple within the range of a posting list."
    XLOG_BTREE_DEDUP 0x60 "Duplicates are merged."
    XLOG_BTREE_DELETE 0x70 "Dead tuples are removed in passing."
    XLOG_BTREE_UNLINK_PAGE 0x80 "A half-dead page is taken from between its neighbours."
    XLOG_BTREE_UNLINK_PAGE_META 0x90 "The same, and the fast root moves down."
    XLOG_BTREE_NEWROOT 0xA0 "A new root."
    XLOG_BTREE_MARK_PAGE_HALFDEAD 0xB0 "An empty leaf loses its downlink."
    XLOG_BTREE_VACUUM 0xC0 "VACUUM removes tuples."
    XLOG_BTREE_REUSE_PAGE 0xD0 "A deleted page is used again."
    XLOG_BTREE_META_CLEANUP 0xE0 "What VACUUM notes in the meta page."
}

/// As pg_waldump names the kind.
pub fn name(info: u8) -> &'static str {
    const NAMES: [&str; 15] = [
        "INSERT_LEAF",
        "INSERT_UPPER",
        "INSERT_META",
        "SPLIT_L",
        "SPLIT_R",
        "INSERT_POST",
        "DEDUP",
        "DELETE",
        "UNLINK_PAGE",
        "UNLINK_PAGE_META",
        "NEWROOT",
        "MARK_PAGE_HALFDEAD",
        "VACUUM",
        "REUSE_PAGE",
        "META_CLEANUP",
    ];
    NAMES.get(usize::from(info >> 4)).copied().unwrap_or_default()
}

/// The main data of any record of the resource manager Btree.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BtreeRecord {
    /// `xl_btree_insert`: INSERT_LEAF, INSERT_UPPER, INSERT_META, INSERT_POST. Block 0 has the tuple, 1 is the child
    /// whose split is complete, 2 the meta page.
    Insert(OffsetNumber),
    /// SPLIT_L, SPLIT_R
    Split(BtreeSplit),
    /// `xl_btree_dedup`: how many posting lists were made; block 0 has their [`decode_intervals`].
    Dedup(u16),
    /// `xl_btree_delete`: the youngest transaction that removed a row, and what went; block 0 has [`BtreeDeletion`].
    Delete(Xid, BtreeCounts),
    /// `xl_btree_vacuum`; block 0 has [`BtreeDeletion`].
    Vacuum(BtreeCounts),
    /// MARK_PAGE_HALFDEAD
    MarkPageHalfDead(BtreeHalfDead),
    /// UNLINK_PAGE, UNLINK_PAGE_META
    UnlinkPage(BtreeUnlink),
    /// `xl_btree_newroot`. Block 0 is the root, with two tuples unless it is the first page; 1 the left child whose split
    /// is complete; 2 the meta page.
    NewRoot {
        /// The root.
        root: BlockNumber,
        /// Its level.
        level: u32,
    },
    /// `xl_btree_reuse_page`
    ReusePage {
        /// The index.
        rel: RelFile,
        /// The page.
        block: BlockNumber,
        /// Whoever might still come to it by an old link began before this transaction.
        latest_removed: FullXid,
    },
    /// Block 0 has the meta page.
    MetaCleanup,
}

impl BtreeRecord {
    /// Reads a record's main data by the kind in its `xl_info`.
    pub fn decode(record: &DecodedRecord) -> Result<BtreeRecord> {
        let mut from = Take(&record.main_data);
        Ok(match record.info & XLR_RMGR_INFO_MASK {
            XLOG_BTREE_INSERT_LEAF | XLOG_BTREE_INSERT_UPPER | XLOG_BTREE_INSERT_META | XLOG_BTREE_INSERT_POST => {
                BtreeRecord::Insert(from.u16()?)
            }
            XLOG_BTREE_SPLIT_L | XLOG_BTREE_SPLIT_R => BtreeRecord::Split(BtreeSplit {
                level: from.u32()?,
                firstrightoff: from.u16()?,
                newitemoff: from.u16()?,
                postingoff: from.u16()?,
            }),
            XLOG_BTREE_DEDUP => BtreeRecord::Dedup(from.u16()?),
            XLOG_BTREE_DELETE => BtreeRecord::Delete(from.xid()?, BtreeCounts::take(&mut from)?),
            XLOG_BTREE_VACUUM => BtreeRecord::Vacuum(BtreeCounts::take(&mut from)?),
            XLOG_BTREE_MARK_PAGE_HALFDEAD => BtreeRecord::MarkPageHalfDead(BtreeHalfDead::take(&mut from)?),
            XLOG_BTREE_UNLINK_PAGE | XLOG_BTREE_UNLINK_PAGE_META => {
                BtreeRecord::UnlinkPage(BtreeUnlink::take(&mut from)?)
            }
            XLOG_BTREE_NEWROOT => BtreeRecord::NewRoot { root: BlockNumber(from.u32()?), level: from.u32()? },
            XLOG_BTREE_REUSE_PAGE => BtreeRecord::ReusePage {
                rel: from.rel_file()?,
                block: BlockNumber(from.u32()?),
                latest_removed: FullXid(from.u64()?),
            },
            XLOG_BTREE_META_CLEANUP => BtreeRecord::MetaCleanup,
            other => return Err(Error::corrupt(format!("Btree record of unknown kind {other:#04x}"))),
        })
    }

    /// The main data of the record.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        match self {
            BtreeRecord::Insert(n) | BtreeRecord::Dedup(n) => out.put_u16(*n),
            BtreeRecord::Split(it) => {
                out.put_u32(it.level);
                [it.firstrightoff, it.newitemoff, it.postingoff].into_iter().for_each(|n| out.put_u16(n));
            }
            BtreeRecord::Delete(xid, counts) => {
                out.put_u32(xid.0);
                counts.put(&mut out);
            }
            BtreeRecord::Vacuum(counts) => counts.put(&mut out),
            BtreeRecord::MarkPageHalfDead(it) => {
                // The offset is two bytes wide, and what follows it is aligned.
                [u32::from(it.poffset), it.leaf.0, it.left.0, it.right.0, it.topparent.0]
                    .into_iter()
                    .for_each(|n| out.put_u32(n));
            }
            BtreeRecord::UnlinkPage(it) => {
                [it.left.0, it.right.0, it.level, 0].into_iter().for_each(|n| out.put_u32(n));
                out.put_u64(it.safexid.0);
                [it.leaf_left.0, it.leaf_right.0, it.leaf_topparent.0].into_iter().for_each(|n| out.put_u32(n));
            }
            BtreeRecord::NewRoot { root, level } => [root.0, *level].into_iter().for_each(|n| out.put_u32(n)),
            BtreeRecord::ReusePage { rel, block, latest_removed } => {
                out.put_rel_file(*rel);
                out.put_u32(block.0);
                out.put_u64(latest_removed.0);
            }
            BtreeRecord::MetaCleanup => {}
        }
        out
    }
}

/// `xl_btree_split`. Block 0 is the page that was split, with the new tuple if that went to the left, and its new high
/// key; 1 the right page, whole; 2 the page right of both; 3 the child whose split is complete.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BtreeSplit {
    /// The level of the page.
    pub level: u32,
    /// The first tuple that went to the right, by its place on the page as it was.
    pub firstrightoff: OffsetNumber,
    /// Where the new tuple was to go, by the same count.
    pub newitemoff: OffsetNumber,
    /// Where in the posting list before it the new tuple belongs; 0 if nowhere.
    pub postingoff: u16,
}

/// How many tuples are removed, and how many posting lists get shorter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BtreeCounts {
    /// Removed.
    pub deleted: u16,
    /// Shortened.
    pub updated: u16,
}

impl BtreeCounts {
    fn take(from: &mut Take) -> Result<BtreeCounts> {
        Ok(BtreeCounts { deleted: from.u16()?, updated: from.u16()? })
    }

    fn put(&self, out: &mut Vec<u8>) {
        out.put_u16(self.deleted);
        out.put_u16(self.updated);
    }
}

/// What goes from a leaf: the data of block 0 of DELETE and VACUUM.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct BtreeDeletion {
    /// Tuples that go.
    pub deleted: Vec<OffsetNumber>,
    /// Posting lists that get shorter: where, and which of their rows go, counted from 0.
    pub updated: Vec<(OffsetNumber, Vec<u16>)>,
}

impl BtreeDeletion {
    /// For the main data.
    pub fn counts(&self) -> BtreeCounts {
        BtreeCounts { deleted: self.deleted.len() as u16, updated: self.updated.len() as u16 }
    }

    /// The data of block 0.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.deleted.iter().for_each(|offset| out.put_u16(*offset));
        self.updated.iter().for_each(|(offset, _)| out.put_u16(*offset));
        for (_, gone) in &self.updated {
            out.put_u16(gone.len() as u16);
            gone.iter().for_each(|n| out.put_u16(*n));
        }
        out
    }

    /// From the data of block 0.
    pub fn decode(data: &[u8], counts: BtreeCounts) -> Result<BtreeDeletion> {
        let mut from = Take(data);
        let deleted = from.list(counts.deleted.into(), Take::u16)?;
        let offsets = from.list(counts.updated.into(), Take::u16)?;
        let updated = offsets
            .into_iter()
            .map(|offset| {
                let count = from.u16()?;
                Ok((offset, from.list(count.into(), Take::u16)?))
            })
            .collect::<Result<_>>()?;
        Ok(BtreeDeletion { deleted, updated })
    }
}

/// `xl_btree_mark_page_halfdead`. Block 0 is the leaf, 1 the page that had the downlink.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BtreeHalfDead {
    /// Where the downlink was; the next one's key goes with it.
    pub poffset: OffsetNumber,
    /// The leaf.
    pub leaf: BlockNumber,
    /// Its left sibling, if it has one.
    pub left: BlockNumber,
    /// Its right sibling.
    pub right: BlockNumber,
    /// The uppermost page that goes with the leaf, or none.
    pub topparent: BlockNumber,
}

impl BtreeHalfDead {
    fn take(from: &mut Take) -> Result<BtreeHalfDead> {
        Ok(BtreeHalfDead {
            poffset: from.u32()? as OffsetNumber,
            leaf: BlockNumber(from.u32()?),
            left: BlockNumber(from.u32()?),
            right: BlockNumber(from.u32()?),
            topparent: BlockNumber(from.u32()?),
        })
    }
}

/// `xl_btree_unlink_page`. Block 0 is the page, 1 its left and 2 its right sibling, 3 the half-dead leaf below it, if the
/// page is not a leaf itself, 4 the meta page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BtreeUnlink {
    /// The left sibling, if there is one.
    pub left: BlockNumber,
    /// The right sibling.
    pub right: BlockNumber,
    /// The level of the page.
    pub level: u32,
    /// Whoever might still come to it by an old link began before this transaction.
    pub safexid: FullXid,
    /// The left sibling of the leaf below.
    pub leaf_left: BlockNumber,
    /// Its right sibling.
    pub leaf_right: BlockNumber,
    /// The page that goes after this one, or none if that is the leaf.
    pub leaf_topparent: BlockNumber,
}

impl BtreeUnlink {
    fn take(from: &mut Take) -> Result<BtreeUnlink> {
        let (left, right, level) = (BlockNumber(from.u32()?), BlockNumber(from.u32()?), from.u32()?);
        from.u32()?;
        Ok(BtreeUnlink {
            left,
            right,
            level,
            safexid: FullXid(from.u64()?),
            leaf_left: BlockNumber(from.u32()?),
            leaf_right: BlockNumber(from.u32()?),
            leaf_topparent: BlockNumber(from.u32()?),
        })
    }
}

/// `xl_btree_metadata`: the meta page as block data.
pub fn encode_meta(meta: &Meta) -> Vec<u8> {
    let mut out = Vec::new();
    let words =
        [meta.version, meta.root.0, meta.level, meta.fastroot.0, meta.fastlevel, meta.last_cleanup_num_delpages];
    words.into_iter().for_each(|word| out.put_u32(word));
    out.put(&[u8::from(meta.allequalimage), 0, 0, 0]);
    out
}

/// The meta page from block data.
pub fn decode_meta(data: &[u8]) -> Result<Meta> {
    let mut from = Take(data);
    Ok(Meta {
        version: from.u32()?,
        root: BlockNumber(from.u32()?),
        level: from.u32()?,
        fastroot: BlockNumber(from.u32()?),
        fastlevel: from.u32()?,
        last_cleanup_num_delpages: from.u32()?,
        last_cleanup_num_heap_tuples: -1.0,
        allequalimage: from.u8()? != 0,
    })
}

/// The tuples in block data, one after the other, each as long as its header says.
pub fn decode_tuples(mut data: &[u8]) -> Result<Vec<&[u8]>> {
    let mut tuples = Vec::new();
    while !data.is_empty() {
        let size = if tuple::is_sane(data) { max_align(tuple::size(data)) } else { usize::MAX };
        let (tuple, rest) = data.split_at_checked(size).ok_or_else(|| Error::corrupt("index tuple ends early"))?;
        tuples.push(tuple);
        data = rest;
    }
    Ok(tuples)
}

/// Posting lists made from consecutive tuples, as block data: the first of them and how many.
pub fn encode_intervals(intervals: &[(OffsetNumber, u16)]) -> Vec<u8> {
    intervals.iter().flat_map(|(base, items)| [*base, *items]).flat_map(u16::to_le_bytes).collect()
}

/// The same from block data.
pub fn decode_intervals(data: &[u8], count: u16) -> Result<Vec<(OffsetNumber, u16)>> {
    Take(data).list(count.into(), |from| Ok((from.u16()?, from.u16()?)))
}
