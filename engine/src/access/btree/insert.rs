//! A new tuple: down to its leaf, past the rows with which it may not share its key, and onto the page.
//!
//! A page without room for it is first cleared of tuples that somebody found dead (`delete.rs`), then equal keys are merged
//! (`dedup.rs`), and only then it is split.
//!
//! PostgreSQL: `_bt_doinsert`, `_bt_findinsertloc`, `_bt_insertonpg` in `nbtinsert.c`.

use super::compare::{SearchKey, binary_search, compare};
use super::dedup::Swapped;
use super::index::Index;
use super::page::{Locked, Tree};
use super::search::Stack;
use super::split::complete;
use super::unique::{self, Unique, UniqueCheck};
use crate::access::{Env, Rel};
use crate::ids::{Error, OffsetNumber, Result, Tid};
use crate::storage::btree::*;
use crate::storage::page::{self, Place};
use crate::storage::{index_page, max_align};
use crate::trace::Event;
use crate::wal::btree_records::*;
use crate::world::LwMode;

/// From this level of the root on, a process remembers the rightmost leaf; `BTREE_FASTPATH_MIN_LEVEL`.
const FASTPATH_MIN_LEVEL: u32 = 2;

/// A tuple that is to be put on a page.
pub(super) struct Insertion {
    pub(super) page: Locked,
    /// Above the leaves: the page whose split the tuple, a downlink, completes.
    pub(super) child: Option<Locked>,
    /// The way to the page.
    pub(super) stack: Stack,
    pub(super) item: Vec<u8>,
    /// The line pointer that it goes before.
    pub(super) offset: OffsetNumber,
    /// A posting list before it that takes its row, and whose last one it has become.
    pub(super) swapped: Option<Swapped>,
    /// The child was alone on its level: the fast root may have to move up.
    pub(super) only: bool,
}

/// `btinsert`: adds the entry of a row, the whole heap tuple `row` at `tid`. In a unique index waits for whoever is adding
/// the same key, and fails if it is there; or, if `check` says so, inserts nevertheless. Whether the key was free.
/// `unchanged`: it is a new version of a row, with the same key as the old one.
pub async fn insert(
    env: &Env,
    index: &Index,
    heap: &Rel,
    row: &[u8],
    tid: Tid,
    unchanged: bool,
    check: UniqueCheck,
) -> Result<bool> {
    let item = index.key_of(row, tid)?;
    Tree::of(env, index).insert(heap, item, tid, unchanged, check).await
}

impl Tree<'_> {
    /// `_bt_doinsert`
    async fn insert(&self, heap: &Rel, item: Vec<u8>, row: Tid, unchanged: bool, check: UniqueCheck) -> Result<bool> {
        let mut key = SearchKey::of_tuple(self.index, &item);
        let tid = key.tid;
        // NULL is unlike everything, NULL included.
        let checking = self.index.unique && !key.has_null();
        let mut free = true;
        let (mut page, stack, mut place) = loop {
            // All equals have to be looked at, from the first on.
            key.tid = tid.filter(|_| !checking);
            let (page, stack) = self.leaf_for(&key, item.len()).await?;
            if !checking {
                break (page, stack, None);
            }
            match self.check_unique(heap, &page, &key).await? {
                Unique::Yes(place) => break (page, stack, place),
                _ if check == UniqueCheck::Partial => {
                    free = false;
                    break (page, stack, None);
                }
                Unique::Taken(_) => return Err(self.index.duplicate(&key.tuple)),
                Unique::Wait(_, rival) => {
                    drop(page);
                    unique::wait_for(self.env, rival, row, &self.index.name).await?;
                }
            }
        };
        key.tid = tid;
        // Among equals the row's own place may be farther right.
        let mut has_equals = checking && place.is_none();
        while checking && place.is_none() && self.is_beyond(&key, &page)? {
            page = self.step_right(page, &stack).await?;
            has_equals = true;
        }
        if page.pin.read(page::free_space) < item.len() {
            self.make_space(heap, &page, &item, checking, has_equals || unchanged, unchanged).await?;
            place = None;
        }
        let (offset, swapped) = self.place_on(heap, &page, &key, &item, place).await?;
        let (item, offset) = match &swapped {
            Some(swapped) => (swapped.item.clone(), offset + 1),
            None => (item, offset),
        };
        self.insert_on_page(Insertion { page, child: None, stack, item, offset, swapped, only: false }).await?;
        Ok(free)
    }

    /// `_bt_delete_or_dedup_one_page`: makes room without a split, if that can be. `equals`: the page has tuples of the same
    /// key, old versions of the row perhaps.
    async fn make_space(
        &self,
        heap: &Rel,
        page: &Locked,
        item: &[u8],
        checking: bool,
        mut equals: bool,
        unchanged: bool,
    ) -> Result<()> {
        if self.delete_dead(heap, page, item).await? {
            if page.pin.read(page::free_space) >= item.len() {
                return Ok(());
            }
            equals = true;
        }
        // In a unique index there is nothing more to be had but of versions of one row.
        if checking && !equals {
            return Ok(());
        }
        if equals && self.delete_bottom_up(heap, page, item.len()).await? || !self.index.is_equal_image() {
            return Ok(());
        }
        self.dedup_pass(page, item, unchanged || equals).await
    }

    /// Where on the leaf the tuple goes, and the posting list that takes its row, if there is one.
    async fn place_on(
        &self,
        heap: &Rel,
        page: &Locked,
        key: &SearchKey,
        item: &[u8],
        known: Option<OffsetNumber>,
    ) -> Result<(OffsetNumber, Option<Swapped>)> {
        if let Some(offset) = known {
            return Ok((offset, None));
        }
        loop {
            let offset = page.pin.read(|bytes| binary_search(self.index, key, bytes))?;
            let Some(swapped) = self.find_list(page, key, offset, item)? else { return Ok((offset, None)) };
            if !page.pin.read(|bytes| page::item_id(bytes, offset).is_dead()) {
                return Ok((offset, Some(swapped)));
            }
            // A list that nobody needs any more makes way.
            self.delete_dead(heap, page, item).await?;
        }
    }

    fn is_beyond(&self, key: &SearchKey, page: &Locked) -> Result<bool> {
        if page.links().is_rightmost() {
            return Ok(false);
        }
        page.pin.read(|bytes| compare(self.index, key, bytes, P_HIKEY)).map(|order| order.is_gt())
    }

    /// `_bt_search_insert`: the leaf for a new tuple, locked alone. Keys that only grow go to the rightmost leaf, which is
    /// remembered.
    async fn leaf_for(&self, key: &SearchKey, len: usize) -> Result<(Locked, Stack)> {
        if let Some(block) = self.index.rel.target.take() {
            let pin = self.index.rel.page(self.env, crate::ids::Fork::Main, block).await?;
            if let Some(page) = self.try_lock(pin)
                && page.pin.read(is_sane)
            {
                let links = page.links();
                let fits = links.is_rightmost()
                    && links.is_leaf()
                    && !links.ignore()
                    && page.pin.read(page::free_space) > len
                    && page.max_offset() >= P_HIKEY
                    && page.pin.read(|bytes| compare(self.index, key, bytes, P_HIKEY))?.is_gt();
                if fits {
                    self.index.rel.target.set(Some(block));
                    return Ok((page, Stack::new()));
                }
            }
        }
        self.search(key, LwMode::Exclusive).await?.ok_or_else(|| self.fell_off())
    }

    /// `_bt_stepright`: the right sibling; it is locked before this page is let go, so that nobody slips in between.
    async fn step_right(&self, page: Locked, stack: &Stack) -> Result<Locked> {
        let mut next = page.links().next;
        loop {
            let right = self.page(next, LwMode::Exclusive).await?;
            let links = right.links();
            if links.has(BTP_INCOMPLETE_SPLIT) {
                Box::pin(self.finish_split(right, stack.clone())).await?;
                continue;
            }
            if !links.ignore() {
                return Ok(right);
            }
            if links.is_rightmost() {
                return Err(self.fell_off());
            }
            next = links.next;
        }
    }

    /// `_bt_insertonpg`: puts the tuple there, splitting pages as far up as it takes.
    pub(super) async fn insert_on_page(&self, mut it: Insertion) -> Result<()> {
        while it.page.pin.read(page::free_space) < max_align(it.item.len()) {
            let links = it.page.links();
            let (was_root, was_only) = (links.has(BTP_ROOT), links.is_leftmost() && links.is_rightmost());
            let right = self.split(&it).await?;
            // Between the two sections: the tree is right, and the right page has no downlink.
            drop(it.child);
            self.env.cx.end_step().await;
            match self.insert_parent(it.page, right, it.stack, was_root, was_only).await? {
                Some(above) => it = above,
                None => return Ok(()),
            }
        }
        let meta = if it.only { self.lower_fast_root(it.page.links().level).await? } else { None };
        self.make_room(3, it.item.len()).await?;
        self.insert_in(&it, meta.as_ref())?;
        drop(meta);
        let links = it.page.links();
        if links.is_rightmost() && links.is_leaf() && !links.has(BTP_ROOT) {
            let block = it.page.block();
            drop(it);
            if self.fast_level().await? >= FASTPATH_MIN_LEVEL {
                self.index.rel.target.set(Some(block));
            }
        }
        self.env.cx.end_step().await;
        Ok(())
    }

    /// The meta page, if the fast root is below this level: then it moves up to the page that got a second child.
    async fn lower_fast_root(&self, level: u32) -> Result<Option<(Locked, Meta)>> {
        let (page, meta) = self.meta(LwMode::Exclusive).await?;
        Ok((meta.fastlevel < level).then_some((page, meta)))
    }

    /// The atomic section of an insert.
    fn insert_in(&self, it: &Insertion, meta: Option<&(Locked, Meta)>) -> Result<()> {
        if let Some(swapped) = &it.swapped {
            it.page.pin.modify(|bytes| index_page::overwrite(bytes, swapped.offset, &swapped.list))?;
        }
        let added = it.page.pin.modify(|bytes| page::add_item(bytes, &it.item, Place::Before(it.offset), false))?;
        if added.is_none() {
            return Err(Error::internal("failed to add new item to an index page"));
        }
        complete(it.child.as_ref());
        let meta = meta.map(|(page, old)| {
            let new = Meta { fastroot: it.page.block(), fastlevel: it.page.links().level, ..*old };
            page.pin.modify(|bytes| init_meta(bytes, &new));
            (page, encode_meta(&new))
        });
        let info = match (&it.child, &meta) {
            (None, _) if it.swapped.is_some() => XLOG_BTREE_INSERT_POST,
            (None, _) => XLOG_BTREE_INSERT_LEAF,
            (Some(_), None) => XLOG_BTREE_INSERT_UPPER,
            (Some(_), Some(_)) => XLOG_BTREE_INSERT_META,
        };
        let data = match &it.swapped {
            Some(swapped) => [&swapped.place.to_le_bytes()[..], &swapped.original].concat(),
            None => it.item.clone(),
        };
        let end = {
            let (bytes, child_bytes) = (it.page.pin.bytes(), it.child.as_ref().map(|child| child.pin.bytes()));
            let mut record = self.record(info, &BtreeRecord::Insert(it.offset).encode());
            record = record.block(self.block_ref(0, &it.page.pin, &bytes, &data));
            if let (Some(child), Some(bytes)) = (&it.child, &child_bytes) {
                record = record.block(self.block_ref(1, &child.pin, bytes, &[]));
            }
            if let Some((page, data)) = &meta {
                record = record.block(self.init_ref(2, &page.pin, data));
            }
            self.env.log(&record)
        };
        self.stamp(&[&it.page.pin], end);
        let (rel, block) = (self.index.rel.file, it.page.block());
        self.env.cx.emit(Event::IndexInsert { rel, block, offset: it.offset });
        it.child.iter().for_each(|child| self.stamp(&[&child.pin], end));
        meta.iter().for_each(|(page, _)| self.stamp(&[&page.pin], end));
        Ok(())
    }
}
