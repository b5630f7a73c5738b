//! A page that is full becomes two, in two atomic sections.
//!
//! ```text
//!   1. SPLIT       │ a b c d e f │ ──►  │ a b c │⇄│ d e f │     the left one says INCOMPLETE_SPLIT: its right sibling
//!                                           ▲                   has no downlink yet, and is found by moving right
//!   2. the parent gets the downlink, or, above the old root, NEWROOT:  │ →left  d→right │    the flag goes
//! ```
//!
//! Whoever dies in between leaves a tree that is right and a little slow: the next one who comes by to change something
//! makes the second step. The downlink may itself need a split; so it goes up level by level.
//!
//! PostgreSQL: `_bt_split`, `_bt_insert_parent`, `_bt_finish_split`, `_bt_getstackbuf`, `_bt_newroot` in `nbtinsert.c`.

use super::compare::truncate;
use super::insert::Insertion;
use super::page::{Locked, Tree};
use super::search::{Stack, Step};
use super::split_point::find_split;
use crate::ids::{BlockNumber, Error, OffsetNumber, Result};
use crate::storage::btree::*;
use crate::storage::page::{self, Place};
use crate::storage::{PageBytes, index_page, max_align};
use crate::wal::btree_records::*;
use crate::world::LwMode;

/// The two pages that a split makes.
struct Halves {
    left: Box<PageBytes>,
    right: Box<PageBytes>,
    high_key: Vec<u8>,
    first_right: OffsetNumber,
    new_on_left: bool,
}

impl Halves {
    /// `_bt_split`'s arithmetic: the tuples of a page, the new one among them, shared out. `left` and `right` are what the
    /// two will know of themselves.
    fn of(
        tree: &Tree,
        old: &PageBytes,
        new_offset: OffsetNumber,
        new: &[u8],
        left: &Opaque,
        right: &Opaque,
    ) -> Result<Halves> {
        let (first_right, new_on_left) = find_split(tree.index, old, new_offset, new)?;
        let links = opaque(old);
        let at = |offset| index_tuple(old, offset);
        let first = if !new_on_left && new_offset == first_right { new } else { at(first_right) };
        let high_key = if links.is_leaf() {
            let last = if new_on_left && new_offset == first_right { new } else { at(first_right - 1) };
            truncate(tree.index, last, first)?
        } else {
            first.to_vec()
        };
        let mut halves = Halves { left: empty(left), right: empty(right), high_key, first_right, new_on_left };
        push(&mut halves.left, &halves.high_key)?;
        if !links.is_rightmost() {
            push(&mut halves.right, at(P_HIKEY))?;
        }
        // Above the leaves the first tuple on the right keeps its downlink only.
        let mut cut = !links.is_leaf();
        let mut to_right = |right: &mut PageBytes, item: &[u8]| {
            if std::mem::take(&mut cut) {
                push(right, &tuple::minus_infinity(tuple::downlink(item)))
            } else {
                push(right, item)
            }
        };
        for offset in links.first_data_key()..=page::max_offset(old) + 1 {
            if offset == new_offset {
                if new_on_left { push(&mut halves.left, new)? } else { to_right(&mut halves.right, new)? }
            }
            if offset > page::max_offset(old) {
                break;
            }
            if offset < first_right {
                push(&mut halves.left, at(offset))?
            } else {
                to_right(&mut halves.right, at(offset))?
            }
        }
        page::set_lsn(&mut halves.left, page::lsn(old));
        Ok(halves)
    }
}

fn empty(links: &Opaque) -> Box<PageBytes> {
    let mut page = Box::new([0; crate::ids::BLCKSZ]);
    init(&mut page, links);
    page
}

/// Adds a tuple behind all others.
pub(super) fn push(page: &mut PageBytes, item: &[u8]) -> Result<()> {
    let offset = page::max_offset(page) + 1;
    match page::add_item(page, item, Place::Before(offset), false)? {
        Some(_) => Ok(()),
        None => Err(Error::internal("failed to add item to the index page")),
    }
}

impl Tree<'_> {
    /// `_bt_split`: the first atomic section, for a tuple that does not fit. Returns the right page.
    pub(super) async fn split(&self, it: &Insertion) -> Result<Locked> {
        let links = it.page.links();
        let flags = links.flags & !(BTP_ROOT | BTP_SPLIT_END | BTP_HAS_GARBAGE);
        let right = self.new_page().await?;
        let sibling = match links.is_rightmost() {
            true => None,
            false => Some(self.page(links.next, LwMode::Exclusive).await?),
        };
        if let Some(found) = sibling.as_ref().map(|page| page.links().prev).filter(|prev| *prev != it.page.block()) {
            let (next, block) = (links.next, it.page.block());
            let what = format!("block {next} links to {found} instead of expected {block}");
            return Err(self.index.corrupt(&format!("right sibling's left-link doesn't match: {what}")));
        }
        let cycleid = self.env.txns.index_vacuums.borrow().cycle_of(self.index.rel.oid);
        let left_links = Opaque { next: right.block(), flags: flags | BTP_INCOMPLETE_SPLIT, cycleid, ..links };
        let mut right_links = Opaque { prev: it.page.block(), flags, cycleid, ..links };
        if sibling.as_ref().is_some_and(|sibling| sibling.links().cycleid != cycleid) {
            right_links.flags |= BTP_SPLIT_END;
        }
        let halves = match &it.swapped {
            None => it.page.pin.read(|old| Halves::of(self, old, it.offset, &it.item, &left_links, &right_links))?,
            Some(swapped) => {
                let mut old = Box::new(*it.page.pin.bytes());
                index_page::overwrite(&mut old, swapped.offset, &swapped.list)?;
                Halves::of(self, &old, it.offset, &it.item, &left_links, &right_links)?
            }
        };
        self.make_room(3, crate::ids::BLCKSZ).await?;
        self.split_in(it, &right, sibling.as_ref(), halves);
        drop(sibling);
        Ok(right)
    }

    /// The atomic section itself.
    fn split_in(&self, it: &Insertion, right: &Locked, sibling: Option<&Locked>, halves: Halves) {
        let Insertion { page, child, .. } = it;
        let (level, right_page) = (page.links().level, &halves.right);
        page.pin.modify(|bytes| *bytes = *halves.left);
        right.pin.modify(|bytes| *bytes = **right_page);
        if let Some(sibling) = sibling {
            sibling.pin.modify(|bytes| change_opaque(bytes, |links| links.prev = right.block()));
        }
        complete(child.as_ref());
        let mut split = BtreeSplit { level, firstrightoff: halves.first_right, newitemoff: it.offset, postingoff: 0 };
        // Redo needs the tuple if it went to the left, and as it came if a list there took its row.
        let mut left_data = match &it.swapped {
            Some(swapped) if swapped.offset < halves.first_right => {
                split.postingoff = swapped.place;
                swapped.original.clone()
            }
            _ if halves.new_on_left => it.item.clone(),
            _ => Vec::new(),
        };
        left_data.extend_from_slice(&halves.high_key);
        let right_data = &right_page[usize::from(page::upper(right_page))..usize::from(page::special(right_page))];
        let info = if halves.new_on_left { XLOG_BTREE_SPLIT_L } else { XLOG_BTREE_SPLIT_R };
        let end = {
            let (left_bytes, sibling_bytes, child_bytes) =
                (page.pin.bytes(), sibling.map(|page| page.pin.bytes()), child.as_ref().map(|page| page.pin.bytes()));
            let mut record = self.record(info, &BtreeRecord::Split(split).encode());
            record = record.block(self.block_ref(0, &page.pin, &left_bytes, &left_data));
            record = record.block(self.init_ref(1, &right.pin, right_data));
            if let (Some(page), Some(bytes)) = (sibling, &sibling_bytes) {
                record = record.block(self.block_ref(2, &page.pin, bytes, &[]));
            }
            if let (Some(page), Some(bytes)) = (child, &child_bytes) {
                record = record.block(self.block_ref(3, &page.pin, bytes, &[]));
            }
            self.env.log(&record)
        };
        self.stamp(&[&page.pin, &right.pin], end);
        sibling.into_iter().chain(child).for_each(|page| self.stamp(&[&page.pin], end));
    }

    /// `_bt_insert_parent`: what is to be done above a page that was split. `None` if a new root has done it.
    pub(super) async fn insert_parent(
        &self,
        left: Locked,
        right: Locked,
        mut stack: Stack,
        was_root: bool,
        was_only: bool,
    ) -> Result<Option<Insertion>> {
        if was_root {
            self.new_root(&left, &right).await?;
            return Ok(None);
        }
        let step = match stack.pop() {
            Some(step) => step,
            None => {
                // It was the root when the way down began, and is not any more.
                let level = left.links().level + 1;
                let parent = self.endpoint(level, false).await?.ok_or_else(|| self.fell_off())?;
                Step { block: parent.block(), offset: 0 }
            }
        };
        let mut item = left.tuple(P_HIKEY);
        tuple::set_downlink(&mut item, right.block());
        let (left_block, right_block) = (left.block(), right.block());
        let found = Box::pin(self.parent_of(step, &stack, left_block)).await?;
        drop(right);
        let Some((page, offset)) = found else {
            let name = &self.index.name;
            let what =
                format!("failed to re-find parent key in index \"{name}\" for split pages {left_block}/{right_block}");
            return Err(Error::new(crate::ids::sqlstate::INDEX_CORRUPTED, what));
        };
        Ok(Some(Insertion { page, child: Some(left), stack, item, offset: offset + 1, swapped: None, only: was_only }))
    }

    /// `_bt_getstackbuf`: the page that has the downlink to `child`, locked, and where on it. It was at `step`; since then it
    /// may have moved right. `above` leads to that page.
    pub(super) async fn parent_of(
        &self,
        step: Step,
        above: &[Step],
        child: BlockNumber,
    ) -> Result<Option<(Locked, OffsetNumber)>> {
        let (mut block, mut start) = (step.block, step.offset);
        loop {
            let page = self.page(block, LwMode::Exclusive).await?;
            let links = page.links();
            if links.has(BTP_INCOMPLETE_SPLIT) {
                Box::pin(self.finish_split(page, above.to_vec())).await?;
                continue;
            }
            if !links.ignore() {
                let (first, last) = (links.first_data_key(), page.max_offset());
                let start = start.clamp(first, last + 1);
                // Mostly it is where it was, or farther right.
                let found = page.pin.read(|bytes| {
                    let leads = |offset: &OffsetNumber| tuple::downlink(index_tuple(bytes, *offset)) == child;
                    (start..=last).find(leads).or_else(|| (first..start).rev().find(leads))
                });
                if let Some(offset) = found {
                    return Ok(Some((page, offset)));
                }
            }
            if links.is_rightmost() {
                return Ok(None);
            }
            (block, start) = (links.next, 0);
        }
    }

    /// `_bt_finish_split`: the second atomic section of a split that somebody else has begun.
    pub(super) async fn finish_split(&self, left: Locked, stack: Stack) -> Result<()> {
        let right = self.page(left.links().next, LwMode::Exclusive).await?;
        let was_root = stack.is_empty() && self.meta(LwMode::Exclusive).await?.1.root == left.block();
        let was_only = left.links().is_leftmost() && right.links().is_rightmost();
        if let Some(next) = self.insert_parent(left, right, stack, was_root, was_only).await? {
            Box::pin(self.insert_on_page(next)).await?;
        }
        Ok(())
    }

    /// `_bt_newroot`: a page above the two that the root was split into.
    async fn new_root(&self, left: &Locked, right: &Locked) -> Result<()> {
        let root = self.new_page().await?;
        let (meta_page, old) = self.meta(LwMode::Exclusive).await?;
        let mut right_item = left.tuple(P_HIKEY);
        tuple::set_downlink(&mut right_item, right.block());
        self.make_room(2, 2 * max_align(right_item.len())).await?;
        let level = left.links().level + 1;
        root.pin.modify(|bytes| {
            set_opaque(bytes, &Opaque { level, flags: BTP_ROOT, ..Opaque::default() });
            push(bytes, &tuple::minus_infinity(left.block()))?;
            push(bytes, &right_item)
        })?;
        let new = Meta { root: root.block(), level, fastroot: root.block(), fastlevel: level, ..old };
        meta_page.pin.modify(|bytes| init_meta(bytes, &new));
        complete(Some(left));
        let end = {
            let (root_bytes, left_bytes) = (root.pin.bytes(), left.pin.bytes());
            let tuples = &root_bytes[usize::from(page::upper(&root_bytes))..usize::from(page::special(&root_bytes))];
            let meta_data = encode_meta(&new);
            let record = self.record(XLOG_BTREE_NEWROOT, &BtreeRecord::NewRoot { root: root.block(), level }.encode());
            let record = record.block(self.init_ref(0, &root.pin, tuples));
            let record = record.block(self.block_ref(1, &left.pin, &left_bytes, &[]));
            self.env.log(&record.block(self.init_ref(2, &meta_page.pin, &meta_data)))
        };
        self.stamp(&[&root.pin, &left.pin, &meta_page.pin], end);
        Ok(())
    }
}

/// The right sibling of the page has its downlink now.
pub(super) fn complete(child: Option<&Locked>) {
    if let Some(child) = child {
        child.pin.modify(|bytes| change_opaque(bytes, |links| links.flags &= !BTP_INCOMPLETE_SPLIT));
    }
}
