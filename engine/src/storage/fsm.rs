//! The free space map: which page has room for a tuple of this size?
//!
//! Free space is kept in one byte per heap page, a category of 32 bytes each, rounded down. On an FSM page the
//! categories are the leaves of a binary tree whose inner nodes hold the greater of their children, so the root says
//! at once whether any page will do. FSM pages form a tree of the same kind, three levels deep; a slot of an upper page
//! holds the root of a lower one.
//!
//! ```text
//!              [5]  root                          level 2        page 0
//!           [5]   [3]                             level 1     page 1 ...
//!         [5] [0][3] [1]   slots: heap pages      level 0   page 2, 3, ...        physical order: depth first
//! ```
//!
//! The map is not WAL-logged and may lie: an insert that finds a page fuller than promised corrects it and searches
//! again, and a tree that contradicts itself is rebuilt from its leaves. `fp_next_slot` spreads searchers over pages.

use super::PageBytes;
use super::bytes::{get_i32, put_i32};
use super::page::{MAX_HEAP_TUPLE_SIZE, SIZE_OF_PAGE_HEADER};
use crate::ids::{BLCKSZ, BlockNumber, Error, Result};

/// The bytes of free space that a category is wide.
const FSM_CAT_STEP: usize = BLCKSZ / 256;
const FP_NEXT_SLOT: usize = SIZE_OF_PAGE_HEADER;
const FP_NODES: usize = FP_NEXT_SLOT + 4;
const NODES_PER_PAGE: usize = BLCKSZ - FP_NODES;
const NON_LEAF_NODES: usize = BLCKSZ / 2 - 1;
/// `SlotsPerFSMPage`: the leaves of one page.
pub const SLOTS_PER_FSM_PAGE: u32 = (NODES_PER_PAGE - NON_LEAF_NODES) as u32;
/// `FSM_TREE_DEPTH`: levels of pages, enough for 2^32 heap pages.
pub const FSM_TREE_DEPTH: u32 = 3;
/// `FSM_ROOT_LEVEL`
pub const FSM_ROOT_LEVEL: u32 = FSM_TREE_DEPTH - 1;
/// `FSM_BOTTOM_LEVEL`
pub const FSM_BOTTOM_LEVEL: u32 = 0;

/// `fsm_space_avail_to_cat`: the category of a page with so much room, rounded down.
pub fn space_avail_to_cat(avail: usize) -> u8 {
    // The last category is kept for pages where the longest tuple fits.
    if avail >= MAX_HEAP_TUPLE_SIZE { 255 } else { (avail / FSM_CAT_STEP).min(254) as u8 }
}

/// `fsm_space_cat_to_avail`: the room that a category promises.
pub fn space_cat_to_avail(cat: u8) -> usize {
    if cat == 255 { MAX_HEAP_TUPLE_SIZE } else { usize::from(cat) * FSM_CAT_STEP }
}

/// `fsm_space_needed_to_cat`: the least category that surely has so much room, rounded up.
pub fn space_needed_to_cat(needed: usize) -> Result<u8> {
    if needed > MAX_HEAP_TUPLE_SIZE {
        return Err(Error::internal(format!("invalid FSM request size {needed}")));
    }
    Ok(needed.div_ceil(FSM_CAT_STEP).clamp(1, 255) as u8)
}

/// A page of the map by its place in the tree; `FSMAddress`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FsmAddress {
    /// [`FSM_BOTTOM_LEVEL`] to [`FSM_ROOT_LEVEL`].
    pub level: u32,
    /// Counted within the level.
    pub page: u32,
}

impl FsmAddress {
    /// The page of the root.
    pub const ROOT: FsmAddress = FsmAddress { level: FSM_ROOT_LEVEL, page: 0 };

    /// `fsm_get_location`: the bottom page and the slot of a heap page.
    pub fn of_heap_block(block: BlockNumber) -> (FsmAddress, u32) {
        let page = block.0 / SLOTS_PER_FSM_PAGE;
        (FsmAddress { level: FSM_BOTTOM_LEVEL, page }, block.0 % SLOTS_PER_FSM_PAGE)
    }

    /// `fsm_get_heap_blk`: the heap page of a bottom slot; `None` past the last possible one.
    pub fn heap_block(self, slot: u32) -> Option<BlockNumber> {
        let block = u64::from(self.page) * u64::from(SLOTS_PER_FSM_PAGE) + u64::from(slot);
        u32::try_from(block).ok().map(BlockNumber).filter(|&b| b != BlockNumber::INVALID)
    }

    /// `fsm_get_parent`: the page above and the slot there that stands for this page.
    pub fn parent(self) -> (FsmAddress, u32) {
        (FsmAddress { level: self.level + 1, page: self.page / SLOTS_PER_FSM_PAGE }, self.page % SLOTS_PER_FSM_PAGE)
    }

    /// `fsm_get_child`: the page below a slot.
    pub fn child(self, slot: u32) -> FsmAddress {
        let page = u64::from(self.page) * u64::from(SLOTS_PER_FSM_PAGE) + u64::from(slot);
        FsmAddress { level: self.level.saturating_sub(1), page: page.min(u64::from(u32::MAX)) as u32 }
    }

    /// `fsm_logical_to_physical`: the block of the fork. Pages lie depth first: each before those below it.
    pub fn physical(self) -> BlockNumber {
        let slots = u64::from(SLOTS_PER_FSM_PAGE);
        let mut leaf = u64::from(self.page) * slots.pow(self.level);
        let mut pages = 0;
        for _ in 0..FSM_TREE_DEPTH {
            pages += leaf + 1;
            leaf /= slots;
        }
        BlockNumber((pages - u64::from(self.level) - 1).min(u64::from(u32::MAX)) as u32)
    }
}

fn node(page: &PageBytes, node: usize) -> u8 {
    page[FP_NODES + node]
}

fn left_child(node: usize) -> usize {
    2 * node + 1
}

fn parent(node: usize) -> usize {
    (node - 1) / 2
}

/// The node to the right on the same level, from the last one to the first.
fn right_neighbor(node: usize) -> usize {
    let right = node + 1;
    // Past the end of a level is the first node of the next one, at 2^n - 1: go up again.
    if (right + 1).is_power_of_two() { parent(right) } else { right }
}

/// The greater of a node's children; the last inner nodes have one or none.
fn max_of_children(page: &PageBytes, of: usize) -> u8 {
    (left_child(of)..=left_child(of) + 1).filter(|&n| n < NODES_PER_PAGE).map(|n| node(page, n)).max().unwrap_or(0)
}

/// `fsm_get_avail`: the category in a slot.
pub fn get_avail(page: &PageBytes, slot: u32) -> u8 {
    if slot < SLOTS_PER_FSM_PAGE { node(page, NON_LEAF_NODES + slot as usize) } else { 0 }
}

/// `fsm_get_max_avail`: the greatest category on the page, as its root says.
pub fn max_avail(page: &PageBytes) -> u8 {
    node(page, 0)
}

/// `fp_next_slot`
pub fn next_slot(page: &PageBytes) -> i32 {
    get_i32(page, FP_NEXT_SLOT)
}

/// Has searches begin at the first slot again.
pub fn reset_next_slot(page: &mut PageBytes) {
    put_i32(page, FP_NEXT_SLOT, 0);
}

/// All nodes of the tree, root first.
pub fn nodes(page: &PageBytes) -> &[u8] {
    &page[FP_NODES..]
}

/// `fsm_set_avail`: writes a category into a slot and carries it up; whether the page changed.
pub fn set_avail(page: &mut PageBytes, slot: u32, value: u8) -> bool {
    if slot >= SLOTS_PER_FSM_PAGE {
        return false;
    }
    let mut at = NON_LEAF_NODES + slot as usize;
    if node(page, at) == value && value <= node(page, 0) {
        return false;
    }
    page[FP_NODES + at] = value;
    while at > 0 {
        at = parent(at);
        let max = max_of_children(page, at);
        if node(page, at) == max {
            break;
        }
        page[FP_NODES + at] = max;
    }
    // A root below one of its leaves: the tree was torn in a crash.
    if value > node(page, 0) {
        rebuild_page(page);
    }
    true
}

/// `fsm_search_avail`: a slot of at least this category. Searches from `fp_next_slot` on and moves it to the slot found,
/// or to the one after it where `advance_next`. A tree that contradicts itself is rebuilt.
pub fn search_avail(page: &mut PageBytes, min: u8, advance_next: bool) -> Option<u32> {
    let leaf = match find_leaf(page, min) {
        Ok(leaf) => leaf?,
        Err(Torn) => {
            rebuild_page(page);
            find_leaf(page, min).ok().flatten()?
        }
    };
    let slot = (leaf - NON_LEAF_NODES) as u32;
    put_i32(page, FP_NEXT_SLOT, slot as i32 + i32::from(advance_next));
    Some(slot)
}

/// A node promises what none of its children has.
struct Torn;

fn find_leaf(page: &PageBytes, min: u8) -> Result<Option<usize>, Torn> {
    if node(page, 0) < min {
        return Ok(None);
    }
    let start = usize::try_from(next_slot(page)).ok().filter(|&s| s < SLOTS_PER_FSM_PAGE as usize).unwrap_or(0);
    // Up: one step right, then to the parent, so that what lies left of the start is looked at last.
    let mut at = NON_LEAF_NODES + start;
    while at > 0 && node(page, at) < min {
        at = parent(right_neighbor(at));
    }
    // Down: the leftmost child that will do.
    while at < NON_LEAF_NODES {
        let fits = |&n: &usize| n < NODES_PER_PAGE && node(page, n) >= min;
        at = (left_child(at)..=left_child(at) + 1).find(fits).ok_or(Torn)?;
    }
    Ok(Some(at))
}

/// `fsm_truncate_avail`: forgets the slots from `slots` on; whether the page changed.
pub fn truncate_avail(page: &mut PageBytes, slots: u32) -> bool {
    let from = FP_NODES + NON_LEAF_NODES + slots.min(SLOTS_PER_FSM_PAGE) as usize;
    let changed = page[from..].iter().any(|&b| b != 0);
    page[from..].fill(0);
    if changed {
        rebuild_page(page);
    }
    changed
}

/// `fsm_rebuild_page`: makes all inner nodes right; whether one was wrong.
pub fn rebuild_page(page: &mut PageBytes) -> bool {
    let mut changed = false;
    for at in (0..NON_LEAF_NODES).rev() {
        let max = max_of_children(page, at);
        changed |= node(page, at) != max;
        page[FP_NODES + at] = max;
    }
    changed
}
