//! What no record tells: the parts of a page in which a server and a standby that replayed its log may differ.
//!
//! Hint bits are set by whoever reads, command ids matter to nobody but their own transaction, where pruning is worth
//! while is a guess, and gaps hold what lay there before. Masked, the two pages are the same bytes.
//!
//! PostgreSQL: `access/common/bufmask.c`, `heap_mask()`, `btree_mask()`, by which `wal_consistency_checking` compares.

use super::btree::{self, BTP_HAS_GARBAGE, BTP_SPLIT_END};
use super::bytes::put_u32;
use super::tuple::{HEAP_COMBOCID, HEAP_XMAX_COMMITTED, HEAP_XMAX_INVALID, HEAP_XMIN_FROZEN};
use super::{PageBytes, page, tuple};
use crate::ids::{BLCKSZ, Xid};

/// Masks a heap page.
pub fn heap(bytes: &mut PageBytes) {
    page::set_prune_xid(bytes, Xid::INVALID);
    page::set_flag(bytes, page::PD_PAGE_FULL | page::PD_HAS_FREE_LINES, false);
    let mut kept = Box::new([0; BLCKSZ]);
    let lower = usize::from(page::lower(bytes)).min(BLCKSZ);
    kept[..lower].copy_from_slice(&bytes[..lower]);
    for offset in page::offsets(bytes) {
        let start = usize::from(page::item_id(bytes, offset).off());
        let Some(version) = page::heap_tuple_mut(bytes, offset) else { continue };
        let infomask = tuple::infomask(version);
        let frozen = infomask & HEAP_XMIN_FROZEN == HEAP_XMIN_FROZEN;
        let hints = HEAP_XMAX_COMMITTED | HEAP_XMAX_INVALID | HEAP_COMBOCID;
        tuple::set_infomask(version, infomask & !(hints | if frozen { 0 } else { HEAP_XMIN_FROZEN }));
        put_u32(version, 8, 0);
        kept[start..start + version.len()].copy_from_slice(version);
    }
    *bytes = *kept;
}

/// Masks a page of a B-tree: who was found dead, which VACUUM it was split under, and the hole.
pub fn index(bytes: &mut PageBytes) {
    let (lower, upper) = (usize::from(page::lower(bytes)), usize::from(page::upper(bytes)));
    if let Some(hole) = bytes.get_mut(lower..upper) {
        hole.fill(0);
    }
    for offset in page::offsets(bytes).filter(|_| btree::opaque(bytes).is_leaf()).collect::<Vec<_>>() {
        let id = page::item_id(bytes, offset);
        page::set_item_id(bytes, offset, page::ItemId::new(id.off(), page::LpFlags::Normal, id.len()));
    }
    btree::change_opaque(bytes, |links| {
        links.flags &= !(BTP_HAS_GARBAGE | BTP_SPLIT_END);
        links.cycleid = 0;
    });
}
