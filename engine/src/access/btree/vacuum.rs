//! VACUUM of an index: entries of dead rows go, empty pages leave the tree, and those that left it long ago are given away.
//!
//! The pages are visited in the order of the file, not of the keys. So a page that is split meanwhile may put tuples onto a
//! page that has been visited already: it notes the number of this VACUUM (`btpo_cycleid`), and whoever finds it there goes
//! back to where the tuples went.
//!
//! Each leaf is locked against everybody who has so much as a pin on it: an index-only scan may have read the tuple and not
//! yet looked whether its row is visible to all.
//!
//! PostgreSQL: `btbulkdelete`, `btvacuumcleanup`, `btvacuumscan`, `btvacuumpage` in `nbtree.c`.

use super::delete::note_gone;
use super::index::Index;
use super::page::{Locked, Tree};
use crate::access::vacuum::cleanup_lock;
use crate::access::{Env, FreeSpaceMap};
use crate::ids::{BLCKSZ, BlockNumber, Fork, FullXid, Result, Tid};
use crate::storage::btree::*;
use crate::storage::page;
use crate::wal::btree_records::*;
use crate::world::LwMode;

/// What VACUUM has found and done in an index; `IndexBulkDeleteResult`.
#[derive(Clone, Default, PartialEq, Debug)]
pub struct IndexVacuumStats {
    /// Pages of the index.
    pub num_pages: u32,
    /// Entries that are left.
    pub num_index_tuples: f64,
    /// Whether that is only an estimate.
    pub estimated_count: bool,
    /// Entries removed.
    pub tuples_removed: f64,
    /// Pages deleted by this VACUUM.
    pub pages_newly_deleted: u32,
    /// Pages that are deleted.
    pub pages_deleted: u32,
    /// Those of them that may be used again.
    pub pages_free: u32,
    /// Pages deleted by this pass, and since when.
    pending: Vec<(BlockNumber, FullXid)>,
}

impl IndexVacuumStats {
    pub(super) fn note_deleted(&mut self, block: BlockNumber, scanned: BlockNumber, since: FullXid) {
        self.pages_newly_deleted += 1;
        // Of those that are still to be visited it will be noticed then.
        self.pages_deleted += u32::from(block <= scanned);
        self.pending.push((block, since));
    }
}

/// `btbulkdelete`: removes the entries of these rows, which are in ascending order.
pub async fn bulk_delete(env: &Env, index: &Index, dead: &[Tid], stats: &mut IndexVacuumStats) -> Result<()> {
    let cycle = env.txns.index_vacuums.borrow_mut().start(index.rel.oid);
    let done = Tree::of(env, index).vacuum_pages(Some(dead), cycle, stats).await;
    env.txns.index_vacuums.borrow_mut().end(index.rel.oid);
    done
}

/// `btvacuumcleanup`: after the last [`bulk_delete`], or instead of one. `None` if there was nothing to do at all.
pub async fn vacuum_cleanup(
    env: &Env,
    index: &Index,
    stats: Option<IndexVacuumStats>,
    heap_tuples: Option<f64>,
) -> Result<Option<IndexVacuumStats>> {
    let tree = Tree::of(env, index);
    let mut stats = match stats {
        Some(stats) => stats,
        None => {
            let (_, meta) = tree.meta(LwMode::Shared).await?;
            let waiting = meta.last_cleanup_num_delpages;
            if waiting == 0 || waiting <= index.rel.blocks(env, Fork::Main).0 / 20 {
                return Ok(None);
            }
            let mut stats = IndexVacuumStats::default();
            tree.vacuum_pages(None, 0, &mut stats).await?;
            stats.estimated_count = true;
            stats
        }
    };
    tree.set_cleanup_info(stats.pages_deleted.saturating_sub(stats.pages_free)).await?;
    if let Some(rows) = heap_tuples {
        stats.num_index_tuples = stats.num_index_tuples.min(rows);
    }
    Ok(Some(stats))
}

impl Tree<'_> {
    /// `_bt_set_cleanup_info`: notes in the meta page how many deleted pages could not be given away yet.
    async fn set_cleanup_info(&self, waiting: u32) -> Result<()> {
        if self.meta(LwMode::Shared).await?.1.last_cleanup_num_delpages == waiting {
            return Ok(());
        }
        let (page, old) = self.meta(LwMode::Exclusive).await?;
        self.make_room(0, 128).await?;
        let new = Meta { last_cleanup_num_delpages: waiting, ..old };
        page.pin.modify(|bytes| init_meta(bytes, &new));
        let data = encode_meta(&new);
        let record = self.record(XLOG_BTREE_META_CLEANUP, &BtreeRecord::MetaCleanup.encode());
        let end = self.env.log(&record.block(self.init_ref(0, &page.pin, &data)));
        self.stamp(&[&page.pin], end);
        Ok(())
    }

    /// `btvacuumscan`
    async fn vacuum_pages(&self, dead: Option<&[Tid]>, cycle: u16, stats: &mut IndexVacuumStats) -> Result<()> {
        *stats = IndexVacuumStats {
            tuples_removed: stats.tuples_removed,
            pages_newly_deleted: stats.pages_newly_deleted,
            ..IndexVacuumStats::default()
        };
        let mut block = BlockNumber(1);
        while block < self.index.rel.blocks(self.env, Fork::Main) {
            self.env.cx.check_for_interrupts()?;
            let mut again = self.vacuum_page(block, block, dead, cycle, stats).await?;
            while let Some(back) = again {
                again = self.vacuum_page(back, block, dead, cycle, stats).await?;
            }
            self.env.cx.end_step().await;
            block = BlockNumber(block.0 + 1);
        }
        stats.num_pages = block.0;
        // What was deleted just now may be free already, if nobody else is there.
        let map = FreeSpaceMap::of(self.env, &self.index.rel);
        for (page, since) in std::mem::take(&mut stats.pending) {
            if !self.is_past(since) {
                break;
            }
            map.record(page, BLCKSZ - 1).await?;
            stats.pages_free += 1;
        }
        if stats.pages_free > 0 {
            map.propagate().await?;
        }
        Ok(())
    }

    /// `btvacuumpage`: one page. `scanned` is how far the pass has come; a page before it is visited again because tuples may
    /// have gone there. Returns another such page.
    async fn vacuum_page(
        &self,
        block: BlockNumber,
        scanned: BlockNumber,
        dead: Option<&[Tid]>,
        cycle: u16,
        stats: &mut IndexVacuumStats,
    ) -> Result<Option<BlockNumber>> {
        let pin = self.index.rel.page(self.env, Fork::Main, block).await?;
        let guard = pin.lock(&self.env.cx, LwMode::Shared).await;
        let new = pin.read(page::is_new);
        let links = pin.read(opaque);
        let free = new || pin.read(|bytes| self.recyclable(bytes)).is_some();
        drop(guard);
        if block != scanned && (free || !links.is_leaf() || links.ignore() || links.cycleid != cycle) {
            return Ok(None);
        }
        if free {
            FreeSpaceMap::of(self.env, &self.index.rel).record(block, BLCKSZ - 1).await?;
            stats.pages_deleted += 1;
            stats.pages_free += 1;
        } else if links.has(BTP_DELETED) {
            stats.pages_deleted += 1;
        } else if links.has(BTP_HALF_DEAD) {
            let leaf = self.lock(pin, LwMode::Exclusive).await?;
            self.delete_page(leaf, scanned, stats).await?;
        } else if links.is_leaf() {
            let guard = cleanup_lock(&pin, self.env).await;
            let leaf = self.locked(pin, guard)?;
            return self.vacuum_leaf(leaf, scanned, dead, cycle, stats).await;
        }
        Ok(None)
    }

    async fn vacuum_leaf(
        &self,
        leaf: Locked,
        scanned: BlockNumber,
        dead: Option<&[Tid]>,
        cycle: u16,
        stats: &mut IndexVacuumStats,
    ) -> Result<Option<BlockNumber>> {
        let (links, block) = (leaf.links(), leaf.block());
        if links.ignore() {
            return Ok(None);
        }
        let split_meanwhile = cycle != 0 && links.cycleid == cycle;
        let went_back = split_meanwhile && !links.has(BTP_SPLIT_END) && !links.is_rightmost() && links.next < scanned;
        let again = went_back.then_some(links.next);
        let (mut deletion, mut gone_rows, mut left_rows) = (BtreeDeletion::default(), 0, 0);
        let first = links.first_data_key();
        for offset in first..=leaf.max_offset() {
            let (gone, rows) = leaf.pin.read(|bytes| dead_rows(index_tuple(bytes, offset), dead.unwrap_or_default()));
            gone_rows += gone.len();
            left_rows += rows - gone.len();
            note_gone(&mut deletion, offset, gone, rows);
        }
        if gone_rows > 0 {
            let main = BtreeRecord::Vacuum(deletion.counts());
            self.delete_items(&leaf, &deletion, XLOG_BTREE_VACUUM, main).await?;
            stats.tuples_removed += gone_rows as f64;
        } else if split_meanwhile {
            leaf.pin.modify(|bytes| change_opaque(bytes, |links| links.cycleid = 0));
            leaf.pin.mark_dirty(&self.env.cx);
        }
        if first > leaf.max_offset() {
            if block == scanned {
                self.delete_page(leaf, scanned, stats).await?;
            }
        } else {
            let entries = (leaf.max_offset() - first + 1) as usize;
            stats.num_index_tuples += if dead.is_some() { left_rows } else { entries } as f64;
        }
        Ok(again)
    }
}

/// Which rows of an entry are among the dead ones, and how many it has.
fn dead_rows(item: &[u8], dead: &[Tid]) -> (Vec<u16>, usize) {
    let tids = tuple::heap_tids(item);
    let count = tids.len();
    let gone = tids.enumerate().filter(|(_, tid)| dead.binary_search(tid).is_ok()).map(|(n, _)| n as u16);
    (gone.collect(), count)
}
