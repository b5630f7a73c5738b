//! An empty page leaves the tree, in two atomic sections.
//!
//! ```text
//!   before               parent │ →A  k→B  t→C │        A ⇄ B ⇄ C      B is an empty leaf
//!   1. MARK_PAGE_HALFDEAD parent │ →A  k→C     │        A ⇄ B ⇄ C      its downlink leads to C, C's own is gone
//!   2. UNLINK_PAGE                                      A ⇄ C          B is deleted, and still leads to C
//! ```
//!
//! B's keys belong to C from the first step on. A page keeps its links when it is deleted, since somebody may be on his way
//! to it; when everybody who was there then is gone, it may be used again. The rightmost page of a level is never deleted,
//! nor is the last child of its parent, unless it is the only one: then the parent goes too, and the whole stem with it,
//! from the top down, before the leaf.
//!
//! ```text
//!                    ┌─ top parent ─┐          the leaf's high key names the top parent;
//!                    └── parent ────┘          each UNLINK_PAGE takes the uppermost that is left
//!                    └─ empty leaf ─┘
//! ```
//!
//! PostgreSQL: `_bt_pagedel`, `_bt_mark_page_halfdead`, `_bt_unlink_halfdead_page` in `nbtpage.c`.

use super::compare::SearchKey;
use super::page::{Locked, Tree};
use super::search::Stack;
use super::vacuum::IndexVacuumStats;
use crate::ids::{BlockNumber, OffsetNumber, Result};
use crate::storage::btree::*;
use crate::storage::page;
use crate::storage::{PageBytes, index_page};
use crate::wal::btree_records::*;
use crate::world::LwMode;

/// The downlink at `offset` leads to the next one's child from now on, and the next one goes; redo does just this.
pub(in crate::access) fn remove_downlink(bytes: &mut PageBytes, offset: OffsetNumber) -> Result<()> {
    let next = tuple::downlink(index_tuple(bytes, offset + 1));
    if let Some(item) = page::item_mut(bytes, offset).filter(|item| tuple::is_sane(item)) {
        tuple::set_downlink(item, next);
    }
    index_page::delete(bytes, offset + 1)
}

/// Where a stem of pages that go is joined to the tree.
struct Stem {
    /// The page with the downlink.
    parent: Locked,
    offset: OffsetNumber,
    /// The uppermost page that goes; the leaf itself, if it is alone.
    top: BlockNumber,
    top_right: BlockNumber,
}

impl Tree<'_> {
    /// `_bt_pagedel`: takes an empty leaf out of the tree, if that can be, and its right siblings, if they are half-dead.
    /// `scanned` is how far VACUUM has come in the file.
    pub(super) async fn delete_page(
        &self,
        mut leaf: Locked,
        scanned: BlockNumber,
        stats: &mut IndexVacuumStats,
    ) -> Result<()> {
        let mut stack: Option<Stack> = None;
        loop {
            let links = leaf.links();
            if !links.is_leaf() || links.has(BTP_DELETED) {
                return Ok(());
            }
            let empty = links.first_data_key() > leaf.max_offset();
            if links.is_rightmost() || links.has(BTP_ROOT | BTP_INCOMPLETE_SPLIT) || !empty {
                return Ok(());
            }
            if !links.has(BTP_HALF_DEAD) {
                let Some(way) = stack.take() else {
                    // The way to it is found by its high key, without holding the leaf, and then all is looked at anew.
                    let (high_key, block) = (leaf.tuple(P_HIKEY), leaf.block());
                    let pin = leaf.unlock();
                    if self.is_being_split_into(links.prev, block).await? {
                        return Ok(());
                    }
                    let mut key = SearchKey::of_tuple(self.index, &high_key);
                    key.pivotsearch = true;
                    let Some((found, way)) = self.search(&key, LwMode::Shared).await? else { return Ok(()) };
                    drop(found);
                    leaf = self.lock(pin, LwMode::Exclusive).await?;
                    stack = Some(way);
                    continue;
                };
                if !self.mark_half_dead(&leaf, way).await? {
                    return Ok(());
                }
            }
            let mut right_empty = false;
            while leaf.links().has(BTP_HALF_DEAD) {
                match self.unlink_half_dead(leaf, scanned, stats).await? {
                    Some((again, empty)) => (leaf, right_empty) = (again, empty),
                    None => return Ok(()),
                }
            }
            let next = leaf.links().next;
            drop(leaf);
            self.env.cx.check_for_interrupts()?;
            if !right_empty {
                return Ok(());
            }
            leaf = self.page(next, LwMode::Exclusive).await?;
            stack = None;
        }
    }

    /// `_bt_leftsib_splitflag`: whether the page has no downlink yet, because its left sibling's split is incomplete.
    async fn is_being_split_into(&self, left: BlockNumber, block: BlockNumber) -> Result<bool> {
        if left == P_NONE {
            return Ok(false);
        }
        let links = self.page(left, LwMode::Shared).await?.links();
        Ok(links.next == block && links.has(BTP_INCOMPLETE_SPLIT))
    }

    /// `_bt_mark_page_halfdead`: the first atomic section. `false` if the page has to stay for the time being.
    async fn mark_half_dead(&self, leaf: &Locked, stack: Stack) -> Result<bool> {
        let links = leaf.links();
        if self.page(links.next, LwMode::Shared).await?.links().has(BTP_HALF_DEAD) {
            return Ok(false);
        }
        let Some(stem) = self.stem_of(leaf.block(), links.next, stack).await? else { return Ok(false) };
        if tuple::downlink(&stem.parent.tuple(stem.offset + 1)) != stem.top_right {
            return Ok(false);
        }
        self.make_room(1, 0).await?;
        stem.parent.pin.modify(|bytes| remove_downlink(bytes, stem.offset))?;
        let topparent = if stem.top == leaf.block() { BlockNumber::INVALID } else { stem.top };
        leaf.pin.modify(|bytes| {
            change_opaque(bytes, |links| links.flags |= BTP_HALF_DEAD);
            index_page::overwrite(bytes, P_HIKEY, &tuple::minus_infinity(topparent)).map(drop)
        })?;
        let data =
            BtreeHalfDead { poffset: stem.offset, leaf: leaf.block(), left: links.prev, right: links.next, topparent };
        let end = {
            let bytes = stem.parent.pin.bytes();
            let record = self.record(XLOG_BTREE_MARK_PAGE_HALFDEAD, &BtreeRecord::MarkPageHalfDead(data).encode());
            let record = record.block(self.init_ref(0, &leaf.pin, &[]));
            self.env.log(&record.block(self.block_ref(1, &stem.parent.pin, &bytes, &[])))
        };
        self.stamp(&[&stem.parent.pin, &leaf.pin], end);
        drop(stem);
        self.env.cx.end_step().await;
        Ok(true)
    }

    /// `_bt_lock_subtree_parent`: goes up as long as the page is the only child of its parent.
    async fn stem_of(&self, leaf: BlockNumber, right: BlockNumber, mut stack: Stack) -> Result<Option<Stem>> {
        let (mut top, mut top_right) = (leaf, right);
        loop {
            let Some(step) = stack.pop() else { return Ok(None) };
            let Some((parent, offset)) = self.parent_of(step, &stack, top).await? else {
                return Ok(None);
            };
            let links = parent.links();
            if offset < parent.max_offset() {
                return Ok(Some(Stem { parent, offset, top, top_right }));
            }
            // The last child goes only if it is the only one, and its parent is not the last of its level.
            if offset != links.first_data_key() || links.is_rightmost() {
                return Ok(None);
            }
            (top, top_right) = (parent.block(), links.next);
            drop(parent);
            if self.is_being_split_into(links.prev, top).await? {
                return Ok(None);
            }
        }
    }

    /// `_bt_unlink_halfdead_page`: the second atomic section, for the uppermost page that is left of the stem. Returns the
    /// leaf, and whether its right sibling is empty.
    async fn unlink_half_dead(
        &self,
        leaf: Locked,
        scanned: BlockNumber,
        stats: &mut IndexVacuumStats,
    ) -> Result<Option<(Locked, bool)>> {
        let leaf_links = leaf.links();
        let leaf_block = leaf.block();
        let top = tuple::downlink(&leaf.tuple(P_HIKEY));
        let leaf_pin = leaf.unlock();
        self.env.cx.check_for_interrupts()?;
        let stem = top != BlockNumber::INVALID;
        let target_block = if stem { top } else { leaf_block };
        let first_look = if stem { self.page(top, LwMode::Shared).await?.links() } else { leaf_links };
        // Locked from left to right: the leaf below a target, then left sibling, target, right sibling.
        let leaf = if stem { Some(self.lock(leaf_pin.clone(), LwMode::Exclusive).await?) } else { None };
        let left = match first_look.prev {
            P_NONE => None,
            prev => match self.left_sibling(prev, target_block).await? {
                Some(left) => Some(left),
                None => return Ok(None),
            },
        };
        let target = self.page(target_block, LwMode::Exclusive).await?;
        let links = target.links();
        let left_block = left.as_ref().map_or(P_NONE, Locked::block);
        if links.is_rightmost() || links.has(BTP_ROOT | BTP_DELETED) || links.prev != left_block {
            return Err(self
                .index
                .corrupt(&format!("target page changed status unexpectedly in block {target_block}")));
        }
        let below = if stem { tuple::downlink(&target.tuple(links.first_data_key())) } else { BlockNumber::INVALID };
        let leaf_topparent = if below == leaf_block { BlockNumber::INVALID } else { below };
        let right = self.page(links.next, LwMode::Exclusive).await?;
        if right.links().prev != target_block {
            return Ok(None);
        }
        let right_empty = right.links().first_data_key() > right.max_offset();
        // What is left alone on its level becomes the fast root.
        let mut meta = None;
        if left.is_none() && right.links().is_rightmost() {
            let (page, old) = self.meta(LwMode::Exclusive).await?;
            if old.fastlevel <= links.level + 1 {
                meta = Some((page, Meta { fastroot: right.block(), fastlevel: links.level, ..old }));
            }
        }
        self.make_room(2, 256).await?;
        let safexid = self.env.txns.procs.next_xid();
        let data = BtreeUnlink {
            left: left_block,
            right: right.block(),
            level: links.level,
            safexid,
            leaf_left: leaf_links.prev,
            leaf_right: leaf_links.next,
            leaf_topparent,
        };
        self.unlink_in(&target, left.as_ref(), &right, leaf.as_ref(), meta.as_ref(), data)?;
        stats.note_deleted(target_block, scanned, safexid);
        drop((left, right, meta));
        let leaf = match leaf {
            Some(leaf) => leaf,
            None => target,
        };
        self.env.cx.end_step().await;
        Ok(Some((leaf, right_empty)))
    }

    /// The left sibling, locked: it may have been split since it was seen.
    async fn left_sibling(&self, mut block: BlockNumber, of: BlockNumber) -> Result<Option<Locked>> {
        loop {
            let page = self.page(block, LwMode::Exclusive).await?;
            let links = page.links();
            if !links.has(BTP_DELETED) && links.next == of {
                return Ok(Some(page));
            }
            if links.is_rightmost() || links.has(BTP_DELETED) || links.next == block {
                return Ok(None);
            }
            self.env.cx.check_for_interrupts()?;
            block = links.next;
        }
    }

    /// The atomic section.
    fn unlink_in(
        &self,
        target: &Locked,
        left: Option<&Locked>,
        right: &Locked,
        leaf: Option<&Locked>,
        meta: Option<&(Locked, Meta)>,
        data: BtreeUnlink,
    ) -> Result<()> {
        let relink = |page: &Locked, change: fn(&mut Opaque, &BtreeUnlink)| {
            page.pin.modify(|bytes| change_opaque(bytes, |links| change(links, &data)));
        };
        left.iter().for_each(|page| relink(page, |links, data| links.next = data.right));
        relink(right, |links, data| links.prev = data.left);
        if let Some(leaf) = leaf {
            let high_key = tuple::minus_infinity(data.leaf_topparent);
            leaf.pin.modify(|bytes| index_page::overwrite(bytes, P_HIKEY, &high_key))?;
        }
        target.pin.modify(|bytes| {
            set_deleted(bytes, data.safexid);
            change_opaque(bytes, |links| links.cycleid = 0);
        });
        let meta_data = meta.map(|(page, new)| {
            page.pin.modify(|bytes| init_meta(bytes, new));
            encode_meta(new)
        });
        let info = if meta.is_some() { XLOG_BTREE_UNLINK_PAGE_META } else { XLOG_BTREE_UNLINK_PAGE };
        let end = {
            let (left_bytes, right_bytes) = (left.map(|page| page.pin.bytes()), right.pin.bytes());
            let mut record = self.record(info, &BtreeRecord::UnlinkPage(data).encode());
            record = record.block(self.init_ref(0, &target.pin, &[]));
            if let (Some(page), Some(bytes)) = (left, &left_bytes) {
                record = record.block(self.block_ref(1, &page.pin, bytes, &[]));
            }
            record = record.block(self.block_ref(2, &right.pin, &right_bytes, &[]));
            if let Some(page) = leaf {
                record = record.block(self.init_ref(3, &page.pin, &[]));
            }
            if let (Some((page, _)), Some(data)) = (meta, &meta_data) {
                record = record.block(self.init_ref(4, &page.pin, data));
            }
            self.env.log(&record)
        };
        self.stamp(&[&target.pin, &right.pin], end);
        left.iter().chain(leaf.iter()).for_each(|page| self.stamp(&[&page.pin], end));
        meta.iter().for_each(|(page, _)| self.stamp(&[&page.pin], end));
        Ok(())
    }
}
