//! Reading rows in the order of an index, forward or backward, a leaf at a time.
//!
//! What passes on a leaf is noted in one go, while the page is locked; then the rows are fetched one by one. Going forward
//! the next leaf is the one that was the right sibling then: whatever is split off meanwhile has been seen. Going backward
//! the left sibling may have been split since, and the page itself may be gone (`step_left`).
//!
//! An entry that leads to nothing but versions dead to everyone is marked when the leaf is left, if nothing has changed on it
//! since it was read.
//!
//! An index-only scan gets its values from the entries. It must ask whether the row is visible all the same; but if the
//! visibility map says that all of its page is, the page need not be looked at. Until that is asked the leaf stays pinned, so
//! that VACUUM cannot remove the entry and have its line pointer given to another row.
//!
//! PostgreSQL: `_bt_first`, `_bt_next`, `_bt_readpage`, `_bt_walk_left` in `nbtsearch.c`, `_bt_killitems` in `nbtutils.c`,
//! `executor/nodeIndexonlyscan.c`.

use std::rc::Rc;

use super::compare::binary_search;
use super::index::Index;
use super::page::{Locked, Tree};
use super::scan_key::{Quals, ScanKey};
use super::unique::mark_dead;
use crate::access::{Env, Fetched, Rel, RowFetch, TupleBatch, VisibilityMap};
use crate::buffer::Pin;
use crate::ids::{BlockNumber, Lsn, OffsetNumber, Result, Tid};
use crate::storage::btree::*;
use crate::storage::{page, vm};
use crate::txn::{Snapshot, TableCounter};
use crate::world::LwMode;

/// An entry that passed.
#[derive(Clone, Copy)]
struct Item {
    tid: Tid,
    offset: OffsetNumber,
    /// The key, for index-only scans.
    key: (usize, usize),
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

/// A scan of an index.
pub struct IndexScan {
    index: Index,
    heap: Rel,
    snapshot: Rc<Snapshot>,
    quals: Quals,
    backward: bool,
    keys_only: bool,
    position: Position,
    items: Vec<Item>,
    next_item: usize,
    /// The keys of the items.
    keys: Vec<u8>,
    /// Items that lead nowhere any more.
    killed: Vec<usize>,
    /// The leaf, as long as nobody may remove anything from it.
    pin: Option<Pin>,
    rows: RowFetch,
    /// How many rows were read from the table.
    heap_fetches: i64,
}

impl IndexScan {
    /// Begins a scan of the rows that pass all of `keys`. With `keys_only` it is an index-only scan.
    pub fn begin(
        index: &Index,
        heap: &Rel,
        snapshot: Rc<Snapshot>,
        keys: &[ScanKey],
        backward: bool,
        keys_only: bool,
    ) -> Result<IndexScan> {
        let quals = Quals::of(index, keys)?;
        Ok(IndexScan {
            index: index.clone(),
            heap: heap.clone(),
            snapshot,
            position: if quals.possible { Position::Start } else { Position::End },
            quals,
            backward,
            keys_only,
            items: Vec::new(),
            next_item: 0,
            keys: Vec::new(),
            killed: Vec::new(),
            pin: None,
            rows: RowFetch::default(),
            heap_fetches: 0,
        })
    }

    /// Fills the batch with up to `max` further rows: whole tuples, or keys as index tuples. `false` at the end.
    pub async fn next(&mut self, env: &Env, max: usize, batch: &mut TupleBatch) -> Result<bool> {
        batch.clear();
        let before = self.heap_fetches;
        while batch.len() < max {
            env.cx.check_for_interrupts()?;
            let Some(item) = self.items.get(self.next_item).copied() else {
                self.leave_leaf(env).await?;
                if !self.next_leaf(env).await? {
                    break;
                }
                continue;
            };
            self.next_item += 1;
            let fetched = if self.keys_only {
                self.fetch_key(env, item, batch).await?
            } else {
                let fetched = self.rows.fetch(env, &self.heap, item.tid, &self.snapshot, batch).await?;
                self.heap_fetches += i64::from(fetched == Fetched::Found);
                fetched
            };
            if fetched == (Fetched::Gone { dead: true }) && !env.txns.procs.in_recovery() {
                self.killed.push(self.next_item - 1);
            }
        }
        let fetched = self.heap_fetches - before;
        if fetched > 0 {
            env.stats.count(self.heap.oid, TableCounter::IdxTupFetch, fetched);
        }
        Ok(!batch.is_empty())
    }

    async fn fetch_key(&mut self, env: &Env, item: Item, batch: &mut TupleBatch) -> Result<Fetched> {
        let bits = VisibilityMap::of(env, &self.heap).status(item.tid.block).await?;
        let mut fetched = Fetched::Found;
        if bits & vm::VISIBILITYMAP_ALL_VISIBLE == 0 {
            let mut row = TupleBatch::default();
            fetched = self.rows.fetch(env, &self.heap, item.tid, &self.snapshot, &mut row).await?;
            self.heap_fetches += i64::from(fetched == Fetched::Found);
        }
        if fetched == Fetched::Found {
            batch.push(item.tid, &self.keys[item.key.0..item.key.1]);
        }
        Ok(fetched)
    }

    /// Reads the next leaf that has something. `false` if there is none.
    async fn next_leaf(&mut self, env: &Env) -> Result<bool> {
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
            self.pin = self.keys_only.then_some(pin);
            env.cx.end_step().await;
            if !self.items.is_empty() {
                return Ok(true);
            }
        }
    }

    /// `_bt_first`: the leaf where the scan begins, and the tuple on it; going backward it may be before the first one.
    async fn first_leaf(&self, tree: &Tree<'_>) -> Result<Option<(Option<Locked>, OffsetNumber)>> {
        tree.env.stats.count(self.heap.oid, TableCounter::IdxScan, 1);
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
        self.next_item = 0;
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
        if self.keys_only {
            self.keys.extend_from_slice(&tuple::without_posting(item));
        }
        let key = (start, self.keys.len());
        let noted = self.items.len();
        self.items.extend(tuple::heap_tids(item).map(|tid| Item { tid, offset, key }));
        if self.backward {
            self.items[noted..].reverse();
        }
    }

    /// `_bt_killitems`: marks what leads nowhere.
    async fn leave_leaf(&mut self, env: &Env) -> Result<()> {
        self.rows.release();
        let killed = std::mem::take(&mut self.killed);
        let pin = self.pin.take();
        let Position::Leaf { block, lsn, .. } = self.position else { return Ok(()) };
        if killed.is_empty() {
            return Ok(());
        }
        let page = Tree::of(env, &self.index).page(block, LwMode::Shared).await?;
        drop(pin);
        if page.pin.read(page::lsn) != lsn {
            return Ok(());
        }
        let mut marked = false;
        for at in &killed {
            let Item { tid, offset, .. } = self.items[*at];
            // Of a posting list all rows have to be gone.
            let gone = |other: Tid| other == tid || killed.iter().any(|at| self.items[*at].tid == other);
            let all = page.pin.read(|bytes| {
                !page::item_id(bytes, offset).is_dead() && tuple::heap_tids(index_tuple(bytes, offset)).all(gone)
            });
            if all {
                page.pin.modify(|bytes| mark_dead(bytes, offset));
                marked = true;
            }
        }
        if marked {
            page.pin.mark_dirty(&env.cx);
        }
        Ok(())
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
