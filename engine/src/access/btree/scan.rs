//! Reading rows in the order of an index, forward or backward, a leaf at a time.
//!
//! What passes on a leaf is noted in one go (`leaves.rs`); then the rows are fetched one by one.
//!
//! An entry that leads to nothing but versions dead to everyone is marked when the leaf is left, if nothing has changed on it
//! since it was read.
//!
//! An index-only scan gets its values from the entries. It must ask whether the row is visible all the same; but if the
//! visibility map says that all of its page is, the page need not be looked at. Until that is asked the leaf stays pinned, so
//! that VACUUM cannot remove the entry and have its line pointer given to another row.
//!
//! PostgreSQL: `_bt_next` in `nbtsearch.c`, `_bt_killitems` in `nbtutils.c`, `executor/nodeIndexonlyscan.c`.

use std::rc::Rc;

use super::index::Index;
use super::leaves::{Item, Leaves};
use super::page::Tree;
use super::scan_key::ScanKey;
use super::unique::mark_dead;
use crate::access::{Env, Fetched, Rel, RowFetch, TupleBatch, VisibilityMap};
use crate::ids::{Result, Tid};
use crate::storage::btree::*;
use crate::storage::{page, vm};
use crate::txn::{Snapshot, TableCounter};
use crate::world::LwMode;

/// A scan of an index.
pub struct IndexScan {
    index: Index,
    heap: Rel,
    snapshot: Rc<Snapshot>,
    keys_only: bool,
    leaves: Leaves,
    next_item: usize,
    /// Items that lead nowhere any more.
    killed: Vec<usize>,
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
        Ok(IndexScan {
            index: index.clone(),
            heap: heap.clone(),
            snapshot,
            keys_only,
            leaves: Leaves::begin(index, heap, keys, backward, keys_only)?,
            next_item: 0,
            killed: Vec::new(),
            rows: RowFetch::default(),
            heap_fetches: 0,
        })
    }

    /// How many rows it has fetched from the table so far.
    pub fn heap_fetches(&self) -> i64 {
        self.heap_fetches
    }

    /// Fills the batch with up to `max` further rows: whole tuples, or keys as index tuples. `false` at the end.
    pub async fn next(&mut self, env: &Env, max: usize, batch: &mut TupleBatch) -> Result<bool> {
        batch.clear();
        let (before, mut read) = (self.heap_fetches, 0);
        while batch.len() < max {
            env.cx.check_for_interrupts()?;
            let Some(item) = self.leaves.items.get(self.next_item).copied() else {
                self.leave_leaf(env).await?;
                if !self.leaves.next(env).await? {
                    break;
                }
                self.next_item = 0;
                continue;
            };
            self.next_item += 1;
            read += 1;
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
            env.stats.count(self.leaves.index.rel.oid, TableCounter::IndexFetches, fetched);
        }
        if read > 0 {
            env.stats.count(self.leaves.index.rel.oid, TableCounter::IndexReads, read);
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
            batch.push(item.tid, &self.leaves.keys[item.key.0..item.key.1]);
        }
        Ok(fetched)
    }

    /// `_bt_killitems`: marks what leads nowhere.
    async fn leave_leaf(&mut self, env: &Env) -> Result<()> {
        self.rows.release();
        let killed = std::mem::take(&mut self.killed);
        let pin = self.leaves.pin.take();
        let Some((block, lsn)) = self.leaves.here() else { return Ok(()) };
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
            let Item { tid, offset, .. } = self.leaves.items[*at];
            // Of a posting list all rows have to be gone.
            let gone = |other: Tid| other == tid || killed.iter().any(|at| self.leaves.items[*at].tid == other);
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
