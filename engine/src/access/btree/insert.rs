//! A new tuple: down to its leaf, past the rows with which it may not share its key, and onto the page.
//!
//! A page without room for it is first cleared of tuples that somebody found dead (`delete.rs`), and split only then.
//!
//! PostgreSQL: `_bt_doinsert`, `_bt_findinsertloc`, `_bt_insertonpg` in `nbtinsert.c`.

use super::compare::{SearchKey, binary_search, compare};
use super::index::Index;
use super::page::{Locked, Tree};
use super::search::Stack;
use super::split::complete;
use super::unique::Unique;
use crate::access::{Env, Rel};
use crate::ids::{Error, OffsetNumber, Result, Tid};
use crate::storage::btree::*;
use crate::storage::max_align;
use crate::storage::page::{self, Place};
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
    /// The child was alone on its level: the fast root may have to move up.
    pub(super) only: bool,
}

/// `btinsert`: adds the entry of a row, the whole heap tuple `row` at `tid`. In a unique index waits for whoever is adding
/// the same key, and fails if it is there.
pub async fn insert(env: &Env, index: &Index, heap: &Rel, row: &[u8], tid: Tid) -> Result<()> {
    let item = index.key_of(row, tid)?;
    Tree::of(env, index).insert(heap, item).await
}

impl Tree<'_> {
    /// `_bt_doinsert`
    async fn insert(&self, heap: &Rel, item: Vec<u8>) -> Result<()> {
        let mut key = SearchKey::of_tuple(self.index, &item);
        let tid = key.tid;
        // NULL is unlike everything, NULL included.
        let checking = self.index.unique && !key.has_null();
        let (mut page, mut stack, mut place) = loop {
            // All equals have to be looked at, from the first on.
            key.tid = tid.filter(|_| !checking);
            let (page, stack) = self.leaf_for(&key, item.len()).await?;
            if !checking {
                break (page, stack, None);
            }
            match self.check_unique(heap, &page, &key).await? {
                Unique::Yes(place) => break (page, stack, place),
                Unique::Wait(xid) => {
                    drop(page);
                    self.env.wait_for_xact(xid).await?;
                }
            }
        };
        key.tid = tid;
        // Among equals the row's own place may be farther right.
        while checking && place.is_none() && self.is_beyond(&key, &page)? {
            page = self.step_right(page, &stack).await?;
        }
        if page.pin.read(page::free_space) < item.len() && self.delete_dead(heap, &page, &item).await? {
            place = None;
        }
        let offset = match place {
            Some(offset) => offset,
            None => page.pin.read(|bytes| binary_search(self.index, &key, bytes))?,
        };
        stack.shrink_to_fit();
        self.insert_on_page(Insertion { page, child: None, stack, item, offset, only: false }).await
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
            let right = self.split(&it.page, it.child, it.offset, &it.item).await?;
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
            (None, _) => XLOG_BTREE_INSERT_LEAF,
            (Some(_), None) => XLOG_BTREE_INSERT_UPPER,
            (Some(_), Some(_)) => XLOG_BTREE_INSERT_META,
        };
        let end = {
            let (bytes, child_bytes) = (it.page.pin.bytes(), it.child.as_ref().map(|child| child.pin.bytes()));
            let mut record = self.record(info, &BtreeRecord::Insert(it.offset).encode());
            record = record.block(self.block_ref(0, &it.page.pin, &bytes, &it.item));
            if let (Some(child), Some(bytes)) = (&it.child, &child_bytes) {
                record = record.block(self.block_ref(1, &child.pin, bytes, &[]));
            }
            if let Some((page, data)) = &meta {
                record = record.block(self.init_ref(2, &page.pin, data));
            }
            self.env.log(&record)
        };
        self.stamp(&[&it.page.pin], end);
        it.child.iter().for_each(|child| self.stamp(&[&child.pin], end));
        meta.iter().for_each(|(page, _)| self.stamp(&[&page.pin], end));
        Ok(())
    }
}
