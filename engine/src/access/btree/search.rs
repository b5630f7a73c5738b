//! The way down: from the root to the leaf that a key belongs to.
//!
//! ```text
//!   root ── the last downlink that the key stands behind ──► child ──► ... ──► leaf
//!                                                            │
//!        a key behind its high key: it was split meanwhile   └──► move right
//! ```
//!
//! No page is locked while its child is fetched: between the two the child may be split. What moved then is always to the
//! right, and the high key says so. Whoever is going to change the tree and comes by a split whose downlink is missing
//! supplies it first.
//!
//! PostgreSQL: `_bt_search`, `_bt_moveright` in `nbtsearch.c`, `_bt_getroot` in `nbtpage.c`.

use super::compare::{SearchKey, binary_search, compare, is_behind};
use super::page::{Locked, Tree};
use crate::ids::{BlockNumber, Fork, OffsetNumber, Result};
use crate::storage::btree::*;
use crate::wal::btree_records::{BtreeRecord, XLOG_BTREE_NEWROOT, encode_meta};
use crate::world::LwMode;

/// A downlink that was followed: where it was then.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) block: BlockNumber,
    pub(super) offset: OffsetNumber,
}

/// The downlinks that were followed, the root's first; `BTStack`.
pub(super) type Stack = Vec<Step>;

impl Tree<'_> {
    /// `_bt_search`: the leaf that the key belongs to, locked so, and the way there. `None` if the index is empty and is
    /// only to be read.
    pub(super) async fn search(&self, key: &SearchKey, access: LwMode) -> Result<Option<(Locked, Stack)>> {
        let write = access == LwMode::Exclusive;
        let Some(mut at) = self.root(write).await? else { return Ok(None) };
        let mut stack = Stack::new();
        let mut mode = LwMode::Shared;
        loop {
            at = self.move_right(key, at, write, &stack, mode).await?;
            if at.links().is_leaf() {
                break;
            }
            let (offset, child) = at.pin.read(|bytes| -> Result<_> {
                let offset = binary_search(self.index, key, bytes)?;
                Ok((offset, tuple::downlink(index_tuple(bytes, offset))))
            })?;
            stack.push(Step { block: at.block(), offset });
            if write && at.links().level == 1 {
                mode = LwMode::Exclusive;
            }
            drop(at);
            at = self.page(child, mode).await?;
        }
        if write && mode == LwMode::Shared {
            // The root is a leaf.
            let pin = at.unlock();
            at = self.lock(pin, LwMode::Exclusive).await?;
            at = self.move_right(key, at, true, &stack, LwMode::Exclusive).await?;
        }
        Ok(Some((at, stack)))
    }

    /// `_bt_moveright`: the page that the key belongs to, at or right of this one.
    async fn move_right(
        &self,
        key: &SearchKey,
        mut at: Locked,
        for_update: bool,
        stack: &[Step],
        mode: LwMode,
    ) -> Result<Locked> {
        loop {
            let links = at.links();
            if !links.is_rightmost() && for_update && links.has(BTP_INCOMPLETE_SPLIT) {
                let block = at.block();
                if mode == LwMode::Shared {
                    let pin = at.unlock();
                    at = self.lock(pin, LwMode::Exclusive).await?;
                }
                if at.links().has(BTP_INCOMPLETE_SPLIT) {
                    Box::pin(self.finish_split(at, stack.to_vec())).await?;
                } else {
                    drop(at);
                }
                at = self.page(block, mode).await?;
                continue;
            }
            if links.is_rightmost() {
                return if links.ignore() { Err(self.fell_off()) } else { Ok(at) };
            }
            let beyond =
                || at.pin.read(|bytes| compare(self.index, key, bytes, P_HIKEY)).map(|order| is_behind(key, order));
            if !links.ignore() && !beyond()? {
                return Ok(at);
            }
            drop(at);
            at = self.page(links.next, mode).await?;
        }
    }

    pub(super) fn fell_off(&self) -> crate::ids::Error {
        crate::ids::Error::internal(format!("fell off the end of index \"{}\"", self.index.name))
    }

    /// `_bt_getmeta`
    pub(super) async fn meta(&self, mode: LwMode) -> Result<(Locked, Meta)> {
        let page = self.page(BTREE_METAPAGE, mode).await?;
        let Some(found) = page.pin.read(meta) else {
            return Err(self.index.corrupt_page("is not a btree"));
        };
        if found.version != BTREE_VERSION {
            return Err(self.index.corrupt_page(&format!("has file version {}", found.version)));
        }
        Ok((page, found))
    }

    /// `_bt_getroot`: the fast root, locked for sharing. An empty index gets a root if it is to be written.
    pub(super) async fn root(&self, write: bool) -> Result<Option<Locked>> {
        // What is remembered of the meta page may be out of date, but the page itself can tell.
        if let Some(known) = self.index.meta.get()
            && known.fastroot < self.index.rel.blocks(self.env, Fork::Main)
        {
            let page = self.page(known.fastroot, LwMode::Shared).await?;
            let links = page.links();
            if !links.ignore() && links.level == known.fastlevel && links.is_leftmost() && links.is_rightmost() {
                return Ok(Some(page));
            }
            self.index.meta.set(None);
        }
        let (page, found) = self.meta(LwMode::Shared).await?;
        if found.root != P_NONE {
            drop(page);
            self.index.meta.set(Some(found));
            return self.live_page_from(found.fastroot, found.fastlevel).await.map(Some);
        }
        if !write {
            return Ok(None);
        }
        drop(page);
        let (page, found) = self.meta(LwMode::Exclusive).await?;
        if found.root == P_NONE {
            self.first_root(&page, found).await?;
        }
        drop(page);
        Box::pin(self.root(write)).await
    }

    /// The page, or if it is deleted by now the next one that is not.
    async fn live_page_from(&self, block: BlockNumber, level: u32) -> Result<Locked> {
        let mut page = self.page(block, LwMode::Shared).await?;
        loop {
            let links = page.links();
            if !links.ignore() {
                if links.level != level {
                    let (found, at) = (links.level, page.block());
                    let what = format!("root page {at} has level {found}, expected {level}");
                    return Err(self.index.corrupt(&what));
                }
                return Ok(page);
            }
            if links.is_rightmost() {
                return Err(self.index.corrupt("no live root page found"));
            }
            drop(page);
            page = self.page(links.next, LwMode::Shared).await?;
        }
    }

    /// The first page of the tree, a leaf and the root.
    async fn first_root(&self, meta_page: &Locked, old: Meta) -> Result<()> {
        let root = self.new_page().await?;
        self.make_room(0, 128).await?;
        let new = Meta::new(root.block(), 0, old.allequalimage);
        root.pin.modify(|bytes| change_opaque(bytes, |o| o.flags = BTP_LEAF | BTP_ROOT));
        meta_page.pin.modify(|bytes| init_meta(bytes, &new));
        let main = BtreeRecord::NewRoot { root: root.block(), level: 0 }.encode();
        let meta_data = encode_meta(&new);
        let record = self.record(XLOG_BTREE_NEWROOT, &main);
        let record = record.block(self.init_ref(0, &root.pin, &[])).block(self.init_ref(2, &meta_page.pin, &meta_data));
        let end = self.env.log(&record);
        self.stamp(&[&root.pin, &meta_page.pin], end);
        Ok(())
    }

    /// `_bt_get_endpoint`: the leftmost or rightmost page of a level, locked for sharing; `None` if the index is empty.
    pub(super) async fn endpoint(&self, level: u32, rightmost: bool) -> Result<Option<Locked>> {
        // Only for leaves does the fast root do: a level above it may be asked for.
        let top = if level == 0 { self.root(false).await? } else { self.true_root().await? };
        let Some(mut page) = top else { return Ok(None) };
        loop {
            // A page to the right may have come into being meanwhile, or this one may be deleted.
            while page.links().ignore() || rightmost && !page.links().is_rightmost() {
                let links = page.links();
                if links.is_rightmost() {
                    return Err(self.fell_off());
                }
                drop(page);
                page = self.page(links.next, LwMode::Shared).await?;
            }
            let links = page.links();
            if links.level == level {
                return Ok(Some(page));
            }
            if links.level < level {
                return Err(self.index.corrupt(&format!("btree level {level} not found")));
            }
            let offset = if rightmost { page.max_offset() } else { links.first_data_key() };
            let child = tuple::downlink(&page.tuple(offset));
            drop(page);
            page = self.page(child, LwMode::Shared).await?;
        }
    }

    /// `_bt_gettrueroot`
    async fn true_root(&self) -> Result<Option<Locked>> {
        self.index.meta.set(None);
        let (page, found) = self.meta(LwMode::Shared).await?;
        drop(page);
        if found.root == P_NONE {
            return Ok(None);
        }
        self.live_page_from(found.root, found.level).await.map(Some)
    }

    /// `_bt_getrootheight`
    pub(super) async fn fast_level(&self) -> Result<u32> {
        if let Some(known) = self.index.meta.get() {
            return Ok(known.fastlevel);
        }
        let (_, found) = self.meta(LwMode::Shared).await?;
        if found.root != P_NONE {
            self.index.meta.set(Some(found));
        }
        Ok(found.fastlevel)
    }
}
