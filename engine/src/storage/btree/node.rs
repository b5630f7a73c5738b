//! A page of a B-tree: its special space, the meta page, deleted pages.
//!
//! ```text
//!   8176       8180       8184        8188        8190
//!   | btpo_prev | btpo_next | btpo_level | btpo_flags | btpo_cycleid |     BTPageOpaqueData, 16 bytes
//! ```

use super::super::bytes::*;
use super::super::page::{self, SIZE_OF_PAGE_HEADER};
use super::super::{PageBytes, max_align};
use super::tuple;
use crate::ids::{BLCKSZ, BlockNumber, FullXid, OffsetNumber};

/// The page that says where the root is.
pub const BTREE_METAPAGE: BlockNumber = BlockNumber(0);
/// `P_NONE`: no neighbour on this side. No page of the tree has this number, since it is the meta page's.
pub const P_NONE: BlockNumber = BlockNumber(0);
/// The high key, on all pages but the rightmost of a level.
pub const P_HIKEY: OffsetNumber = 1;
/// The first tuple after a high key.
pub const P_FIRSTKEY: OffsetNumber = 2;

/// On the lowest level.
pub const BTP_LEAF: u16 = 1 << 0;
/// The page where searches begin, unless the fast root is lower.
pub const BTP_ROOT: u16 = 1 << 1;
/// No longer part of the tree.
pub const BTP_DELETED: u16 = 1 << 2;
/// The meta page.
pub const BTP_META: u16 = 1 << 3;
/// Empty, its downlink is gone, its neighbours still know it.
pub const BTP_HALF_DEAD: u16 = 1 << 4;
/// The rightmost of the pages that splits during one VACUUM made of one.
pub const BTP_SPLIT_END: u16 = 1 << 5;
/// Some tuples are marked dead (a hint, which version 15 writes and does not read).
pub const BTP_HAS_GARBAGE: u16 = 1 << 6;
/// The right sibling has no downlink yet.
pub const BTP_INCOMPLETE_SPLIT: u16 = 1 << 7;
/// A deleted page that says since when.
pub const BTP_HAS_FULLXID: u16 = 1 << 8;

/// How full a leaf is made where keys come in ascending order, in percent; `BTREE_DEFAULT_FILLFACTOR`.
pub const BTREE_DEFAULT_FILLFACTOR: usize = 90;
/// The same of pages above; `BTREE_NONLEAF_FILLFACTOR`.
pub const BTREE_NONLEAF_FILLFACTOR: usize = 70;
/// The same of a leaf full of one value; `BTREE_SINGLEVAL_FILLFACTOR`.
pub const BTREE_SINGLEVAL_FILLFACTOR: usize = 96;

/// The size of the special space.
pub const SIZE_OF_OPAQUE: usize = 16;
const SPECIAL: usize = BLCKSZ - SIZE_OF_OPAQUE;
/// `BTMaxItemSize`: three tuples must fit on a page, each with room for a heap TID.
pub const BT_MAX_ITEM_SIZE: usize =
    ((BLCKSZ - max_align(SIZE_OF_PAGE_HEADER + 3 * 4 + 3 * 6) - SIZE_OF_OPAQUE) / 3) & !7;

/// `BTPageOpaqueData`: what a page knows of itself and its neighbours.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Opaque {
    /// The left sibling.
    pub prev: BlockNumber,
    /// The right sibling.
    pub next: BlockNumber,
    /// Levels count from the leaves.
    pub level: u32,
    /// `BTP_` flags.
    pub flags: u16,
    /// The VACUUM during which the page was last split.
    pub cycleid: u16,
}

impl Opaque {
    /// `P_LEFTMOST`
    pub fn is_leftmost(&self) -> bool {
        self.prev == P_NONE
    }

    /// `P_RIGHTMOST`
    pub fn is_rightmost(&self) -> bool {
        self.next == P_NONE
    }

    /// Whether one of these flags is set.
    pub fn has(&self, flags: u16) -> bool {
        self.flags & flags != 0
    }

    /// `P_ISLEAF`
    pub fn is_leaf(&self) -> bool {
        self.has(BTP_LEAF)
    }

    /// `P_IGNORE`: nothing is to be looked for on this page.
    pub fn ignore(&self) -> bool {
        self.has(BTP_DELETED | BTP_HALF_DEAD)
    }

    /// `P_FIRSTDATAKEY`: the first tuple that is no high key.
    pub fn first_data_key(&self) -> OffsetNumber {
        if self.is_rightmost() { P_HIKEY } else { P_FIRSTKEY }
    }
}

/// `BTPageGetOpaque`
pub fn opaque(page: &PageBytes) -> Opaque {
    Opaque {
        prev: BlockNumber(get_u32(page, SPECIAL)),
        next: BlockNumber(get_u32(page, SPECIAL + 4)),
        level: get_u32(page, SPECIAL + 8),
        flags: get_u16(page, SPECIAL + 12),
        cycleid: get_u16(page, SPECIAL + 14),
    }
}

/// Writes all of it.
pub fn set_opaque(page: &mut PageBytes, opaque: &Opaque) {
    put_u32(page, SPECIAL, opaque.prev.0);
    put_u32(page, SPECIAL + 4, opaque.next.0);
    put_u32(page, SPECIAL + 8, opaque.level);
    put_u16(page, SPECIAL + 12, opaque.flags);
    put_u16(page, SPECIAL + 14, opaque.cycleid);
}

/// Changes some of it.
pub fn change_opaque(page: &mut PageBytes, change: impl FnOnce(&mut Opaque)) {
    let mut changed = opaque(page);
    change(&mut changed);
    set_opaque(page, &changed);
}

/// `_bt_pageinit`, with its special space.
pub fn init(page: &mut PageBytes, opaque: &Opaque) {
    page::init(page, SIZE_OF_OPAQUE);
    set_opaque(page, opaque);
}

/// `_bt_checkpage`: whether this can be a page of a B-tree.
pub fn is_sane(page: &PageBytes) -> bool {
    !page::is_new(page) && usize::from(page::special(page)) == SPECIAL
}

/// The index tuple at a line pointer. Where there is none, which only a damaged page can bring about, one without
/// columns.
pub fn index_tuple(page: &PageBytes, offset: OffsetNumber) -> &[u8] {
    page::item(page, offset).filter(|item| tuple::is_sane(item)).unwrap_or(&tuple::MINUS_INFINITY)
}

// --- the meta page -------------------------------------------------------------------------------------------------

/// `BTREE_MAGIC`
pub const BTREE_MAGIC: u32 = 0x05_3162;
/// The version of indexes that version 15 makes.
pub const BTREE_VERSION: u32 = 4;
const SIZE_OF_META: usize = 48;

/// `BTMetaPageData`
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Meta {
    /// `btm_version`
    pub version: u32,
    /// The root, or [`P_NONE`] while the index is empty.
    pub root: BlockNumber,
    /// Its level.
    pub level: u32,
    /// The lowest page that is alone on its level: a search may begin there.
    pub fastroot: BlockNumber,
    /// Its level.
    pub fastlevel: u32,
    /// Deleted pages that the last VACUUM could not yet give away.
    pub last_cleanup_num_delpages: u32,
    /// Once counted rows; always -1 now.
    pub last_cleanup_num_heap_tuples: f64,
    /// Whether equal keys are the same bytes, so that duplicates may be merged.
    pub allequalimage: bool,
}

impl Meta {
    /// Of a tree with this root.
    pub fn new(root: BlockNumber, level: u32, allequalimage: bool) -> Meta {
        Meta {
            version: BTREE_VERSION,
            root,
            level,
            fastroot: root,
            fastlevel: level,
            last_cleanup_num_delpages: 0,
            last_cleanup_num_heap_tuples: -1.0,
            allequalimage,
        }
    }
}

/// `BTPageGetMeta`; `None` if the page is no meta page.
pub fn meta(page: &PageBytes) -> Option<Meta> {
    let at = |n: usize| get_u32(page, SIZE_OF_PAGE_HEADER + 4 * n);
    (is_sane(page) && opaque(page).has(BTP_META) && at(0) == BTREE_MAGIC).then(|| Meta {
        version: at(1),
        root: BlockNumber(at(2)),
        level: at(3),
        fastroot: BlockNumber(at(4)),
        fastlevel: at(5),
        last_cleanup_num_delpages: at(6),
        last_cleanup_num_heap_tuples: get_f64(page, SIZE_OF_PAGE_HEADER + 32),
        allequalimage: page[SIZE_OF_PAGE_HEADER + 40] != 0,
    })
}

/// `_bt_initmetapage`; the page's LSN is kept.
pub fn init_meta(page: &mut PageBytes, meta: &Meta) {
    let lsn = page::lsn(page);
    init(page, &Opaque { flags: BTP_META, ..Opaque::default() });
    page::set_lsn(page, lsn);
    let words = [
        BTREE_MAGIC,
        meta.version,
        meta.root.0,
        meta.level,
        meta.fastroot.0,
        meta.fastlevel,
        meta.last_cleanup_num_delpages,
    ];
    for (at, word) in words.into_iter().enumerate() {
        put_u32(page, SIZE_OF_PAGE_HEADER + 4 * at, word);
    }
    put_f64(page, SIZE_OF_PAGE_HEADER + 32, meta.last_cleanup_num_heap_tuples);
    page[SIZE_OF_PAGE_HEADER + 40] = u8::from(meta.allequalimage);
    page::set_lower(page, (SIZE_OF_PAGE_HEADER + SIZE_OF_META) as u16);
}

// --- pages that go -------------------------------------------------------------------------------------------------

/// `BTPageSetDeleted`: the page is out of the tree since before the transaction `safexid`. Whoever began earlier may
/// still come along by an old link.
pub fn set_deleted(page: &mut PageBytes, safexid: FullXid) {
    change_opaque(page, |o| o.flags = o.flags & !BTP_HALF_DEAD | BTP_DELETED | BTP_HAS_FULLXID);
    page::set_lower(page, (SIZE_OF_PAGE_HEADER + 8) as u16);
    page::set_upper(page, SPECIAL as u16);
    put_u64(page, SIZE_OF_PAGE_HEADER, safexid.0);
}

/// `BTPageGetDeleteXid` of a deleted page.
pub fn deleted_since(page: &PageBytes) -> FullXid {
    FullXid(if opaque(page).has(BTP_HAS_FULLXID) { get_u64(page, SIZE_OF_PAGE_HEADER) } else { 3 })
}
