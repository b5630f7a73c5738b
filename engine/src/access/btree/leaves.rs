//! Going through the leaves of an index, forward or backward, and noting what passes.
//!
//! What passes on a leaf is noted in one go, while the page is locked. Going forward the next leaf is the one that was the
//! right sibling then: whatever is split off meanwhile has been seen. Going backward the left sibling may have been split
//! since, and the page itself may be gone (`step_left`).
//!
//! PostgreSQL: `_bt_first`, `_bt_readpage`, `_bt_walk_left` in `nbtsearch.c`; `btgetbitmap` in `nbtree.c` for [`TidScan`].

use super::compare::binary_search;
use super::index::Index;
use super::page::{Locked, Tree};
use super::scan_key::{Quals, ScanKey};
use crate::access::{Env, Rel};
use crate::buffer::Pin;
use crate::ids::{BlockNumber, Lsn, OffsetNumber, Oid, Result, Tid};
use crate::storage::btree::*;
use crate::storage::page;
use crate::txn::TableCounter;
use crate::world::LwMode;

/// An entry that passed.
#[derive(Clone, Copy)]
pub(super) struct Item {
    pub(super) tid: Tid,
    pub(super) offset: OffsetNumber,
    /// The key, if keys are kept.
    pub(super) key: (usize, usize),
}

/// How far a scan has come.
enum Position {
    Start,
    /// Within a leaf, or at its end.
    Leaf {
        block: BlockNumber,
        lsn: Lsn,
        next: BlockNumber,
        more: bool,
    },
    End,
}

/// The leaves of an index, one after the other.
pub(super) struct Leaves {
    pub(super) index: Index,
    /// The table, whose scans are counted.
    heap: Oid,
    quals: Quals,
    backward: bool,
    keep_keys: bool,
    position: Position,
    /// What passes on the present leaf.
    pub(super) items: Vec<Item>,
    /// The keys of the items.
    pub(super) keys: Vec<u8>,
    /// The leaf, as long as nobody may remove anything from it.
    pub(super) pin: Option<Pin>,
}

impl Leaves {
    /// Before the first leaf. With `keep_keys` the keys are noted too, and the leaf stays pinned.
    pub(super) fn begin(
        index: &Index,
        heap: &Rel,
        keys: &[ScanKey],
        backward: bool,
        keep_keys: bool,
    ) -> Result<Leaves> {
        let quals = Quals::of(index, keys)?;
        Ok(Leaves {
            index: index.clone(),
            heap: heap.oid,
            position: if quals.possible { Position::Start } else { Position::End },
            quals,
            backward,
            keep_keys,
            items: Vec::new(),
            keys: Vec::new(),
            pin: None,
        })
    }

    /// The present leaf, and its LSN when it was read.
    pub(super) fn here(&self) -> Option<(BlockNumber, Lsn)> {
        match self.position {
            Position::Leaf { block, lsn, .. } => Some((block, lsn)),
            _ => None,
        }
    }

    /// Reads the next leaf that has something. `false` if there is none.
    pub(super) async fn next(&mut self, env: &Env) -> Result<bool> {
        let index = self.index.clone();
        let tree = Tree::of(env, &index);
        loop {
            let (leaf, offset) = match self.position {
                Position::End => return Ok(false),
                Position::Start => self.first_leaf(&tree).await?.unwrap_or_default(),
                Position::Leaf { more: false, .. } => (None, 0),
                Position::Leaf { next, .. } if !self.backward => (self.right_leaf(&tree, next).await?, 0),
                Position::Leaf { block, .. } => {
                    let page = tree.page(block, LwMode::Shared).await?;
                    (step_left(&tree, page).await?, OffsetNumber::MAX)
                }
            };
            let Some(leaf) = leaf else {
                self.position = Position::End;
                return Ok(false);
            };
            self.read_leaf(env, &leaf, offset)?;
            let pin = leaf.unlock();
            self.pin = self.keep_keys.then_some(pin);
            env.cx.end_step().await;
            if !self.items.is_empty() {
                return Ok(true);
            }
        }
    }

    /// `_bt_first`: the leaf where the scan begins, and the tuple on it; going backward it may be before the first one.
    async fn first_leaf(&self, tree: &Tree<'_>) -> Result<Option<(Option<Locked>, OffsetNumber)>> {
        tree.env.stats.count(self.heap, TableCounter::IdxScan, 1);
        tree.env.stats.count(self.index.rel.oid, TableCounter::IndexScans, 1);
        let Some(key) = self.quals.start(&self.index, self.backward)? else {
            let leaf = tree.endpoint(0, self.backward).await?;
            return Ok(Some((leaf, if self.backward { OffsetNumber::MAX } else { 0 })));
        };
        let Some((leaf, _)) = tree.search(&key, LwMode::Shared).await? else { return Ok(None) };
        let offset = leaf.pin.read(|bytes| binary_search(&self.index, &key, bytes))?;
        Ok(Some((Some(leaf), if self.backward { offset - 1 } else { offset })))
    }

    async fn right_leaf(&self, tree: &Tree<'_>, mut next: BlockNumber) -> Result<Option<Locked>> {
        while next != P_NONE {
            tree.env.cx.check_for_interrupts()?;
            let page = tree.page(next, LwMode::Shared).await?;
            if !page.links().ignore() {
                return Ok(Some(page));
            }
            next = page.links().next;
        }
        Ok(None)
    }

    /// `_bt_readpage`: notes all that passes, from a tuple on.
    fn read_leaf(&mut self, env: &Env, leaf: &Locked, start: OffsetNumber) -> Result<()> {
        self.items.clear();
        self.keys.clear();
        let bytes = leaf.pin.bytes();
        let links = opaque(&bytes);
        let (first, last) = (links.first_data_key(), page::max_offset(&bytes));
        let skip_dead = !env.txns.procs.in_recovery();
        let natts = self.index.natts();
        let mut more = true;
        let mut offset = if self.backward { start.min(last) } else { start.max(first) };
        while more && (first..=last).contains(&offset) {
            let item = index_tuple(&bytes, offset);
            // The last one going backward is looked at even if it is dead: it may say that the scan is over.
            let dead = skip_dead && page::item_id(&bytes, offset).is_dead();
            if !dead || self.backward && offset == first {
                let (passes, goes_on) = self.quals.check(&self.index, item, natts, self.backward)?;
                more = goes_on;
                if passes && !dead {
                    self.note(item, offset);
                }
            }
            offset = if self.backward { offset - 1 } else { offset + 1 };
        }
        if more && !self.backward && !links.is_rightmost() {
            // If the high key is past the end, so is the next page.
            let high_key = index_tuple(&bytes, P_HIKEY);
            more = self.quals.check(&self.index, high_key, tuple::natts(high_key, natts), false)?.1;
        }
        let (block, lsn, next) = (leaf.block(), page::lsn(&bytes), links.next);
        self.position = Position::Leaf { block, lsn, next, more };
        Ok(())
    }

    fn note(&mut self, item: &[u8], offset: OffsetNumber) {
        let start = self.keys.len();
        if self.keep_keys {
            self.keys.extend_from_slice(&tuple::without_posting(item));
        }
        let key = (start, self.keys.len());
        let noted = self.items.len();
        self.items.extend(tuple::heap_tids(item).map(|tid| Item { tid, offset, key }));
        if self.backward {
            self.items[noted..].reverse();
        }
    }
}

/// The rows that pass, as their entries have them, a leaf at a time: nobody has asked yet whether they are visible.
pub struct TidScan(Leaves);

impl TidScan {
    /// Begins a scan of the entries that pass all of `keys`, in the order of the index.
    pub fn begin(index: &Index, heap: &Rel, keys: &[ScanKey]) -> Result<TidScan> {
        Leaves::begin(index, heap, keys, false, false).map(TidScan)
    }

    /// Appends the entries of the next leaf that has some; `false` at the end.
    pub async fn next(&mut self, env: &Env, tids: &mut Vec<Tid>) -> Result<bool> {
        env.cx.check_for_interrupts()?;
        let more = self.0.next(env).await?;
        env.stats.count(self.0.index.rel.oid, TableCounter::IndexReads, self.0.items.len() as i64);
        tids.extend(self.0.items.drain(..).map(|item| item.tid));
        Ok(more)
    }
}

/// `_bt_walk_left`: the left sibling of a page that is locked for sharing. It may have been split since, so that the page
/// right of it is another one; or the page itself may be deleted, so that its right sibling took over.
async fn step_left(tree: &Tree<'_>, mut page: Locked) -> Result<Option<Locked>> {
    /// So many pages a left sibling may have been split into before the way is sought anew.
    const TRIES: u32 = 4;
    loop {
        let (own, links) = (page.block(), page.links());
        if links.is_leftmost() {
            return Ok(None);
        }
        drop(page);
        tree.env.cx.check_for_interrupts()?;
        let mut left = tree.page(links.prev, LwMode::Shared).await?;
        for _ in 0..=TRIES {
            let found = left.links();
            if !found.has(BTP_DELETED) && found.next == own {
                if found.ignore() {
                    break;
                }
                return Ok(Some(left));
            }
            if found.is_rightmost() {
                break;
            }
            drop(left);
            left = tree.page(found.next, LwMode::Shared).await?;
        }
        let half_dead = !left.links().has(BTP_DELETED) && left.links().ignore() && left.links().next == own;
        if half_dead {
            page = left;
            continue;
        }
        drop(left);
        page = tree.page(own, LwMode::Shared).await?;
        let again = page.links();
        if !again.has(BTP_DELETED) {
            if again.prev == links.prev {
                let what = format!("could not find left sibling of block {own}");
                return Err(tree.index.corrupt(&what));
            }
            continue;
        }
        while page.links().has(BTP_DELETED) {
            let found = page.links();
            if found.is_rightmost() {
                return Err(tree.fell_off());
            }
            drop(page);
            page = tree.page(found.next, LwMode::Shared).await?;
        }
    }
}
