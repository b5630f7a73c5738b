//! VACUUM of a table that has indexes: nothing may point at a line pointer that is given away.
//!
//! ```text
//!   pass over the table    dead versions go, their line pointers stay, DEAD, and are noted     lp 4 DEAD ◄── entry
//!   each index             entries that lead to one of them go                                 lp 4 DEAD
//!   pages noted again      the line pointers become free                                       lp 4 UNUSED
//! ```
//!
//! The list of line pointers has room for as many as `maintenance_work_mem` allows. When it is full, the second and third
//! step are made, and the pass over the table goes on: the indexes are read once more for each time.
//!
//! If hardly any page has something dead, the indexes are left alone this time: reading them would cost more than it gives.
//!
//! PostgreSQL: `lazy_vacuum`, `lazy_vacuum_all_indexes`, `lazy_vacuum_heap_rel` in `access/heap/vacuumlazy.c`.

use super::Vacuum;
use crate::access::btree::{IndexVacuumStats, bulk_delete, vacuum_cleanup};
use crate::access::{FreeSpaceMap, VisibilityMap};
use crate::ids::{BlockNumber, OffsetNumber, Result, Tid};
use crate::settings::Setting;
use crate::storage::page::{self, MAX_HEAP_TUPLES_PER_PAGE};
use crate::txn::VacuumPhase;
use crate::world::LwMode;

/// With dead line pointers on fewer than this part of the pages the indexes are left alone; `BYPASS_THRESHOLD_PAGES`.
const BYPASS_PART: f64 = 0.02;
/// And no more bytes of them than this.
const BYPASS_BYTES: usize = 32 << 20;
/// The size of an `ItemPointerData`.
const SIZE_OF_TID: usize = 6;

/// The dead line pointers that were found, and what has become of the indexes.
#[derive(Default)]
pub(super) struct DeadItems {
    /// Ascending.
    items: Vec<Tid>,
    max: usize,
    /// Of the pages that were read, how many had some, and how many they had: whether they are in the list or gone.
    pub(super) pages: u32,
    pub(super) count: u64,
    /// How often the indexes were read.
    pub(super) index_scans: u32,
    /// They were not, since there was so little to do.
    pub(super) bypassed: bool,
    pub(super) stats: Vec<Option<IndexVacuumStats>>,
}

impl Vacuum<'_> {
    /// `dead_items_max_items`: room for the dead line pointers of the table, or for as many as fit.
    pub(super) fn allocate_dead_items(&mut self) {
        let per_page = usize::from(MAX_HEAP_TUPLES_PER_PAGE);
        let bytes = self.env.settings.borrow().int(Setting::maintenance_work_mem).max(0) as usize * 1024;
        let fits = bytes.saturating_sub(8) / SIZE_OF_TID;
        // Without indexes the line pointers of one page are all that is to be remembered.
        let wanted = if self.rel.indexes.is_empty() { per_page } else { self.pages.0 as usize * per_page };
        self.dead.max = fits.min(wanted).max(per_page);
        let max = self.dead.max as u64;
        self.progress(|progress| (progress.phase, progress.max_dead_tuples) = (VacuumPhase::ScanningHeap, max));
        self.dead.stats = self.rel.indexes.iter().map(|_| None).collect();
    }

    /// A page may have so many: if the list might overflow, it is worked off first.
    pub(super) async fn before_page(&mut self) -> Result<()> {
        if self.dead.max - self.dead.items.len() < usize::from(MAX_HEAP_TUPLES_PER_PAGE) {
            self.vacuum_dead_items().await?;
            FreeSpaceMap::of(self.env, self.rel).propagate().await?;
        }
        Ok(())
    }

    /// Notes the dead line pointers of a page.
    pub(super) fn note_dead(&mut self, block: BlockNumber, dead: &[OffsetNumber]) {
        self.dead.pages += 1;
        self.dead.count += dead.len() as u64;
        self.dead.items.extend(dead.iter().map(|offset| Tid::new(block, *offset)));
        let noted = self.dead.items.len() as u64;
        self.progress(|progress| progress.num_dead_tuples = noted);
    }

    /// After the last page: what is left in the list, and a last look at each index.
    pub(super) async fn finish_indexes(&mut self) -> Result<()> {
        if self.options.index_cleanup == Some(false) {
            return self.vacuum_dead_items().await;
        }
        let few_pages = f64::from(self.dead.pages) < f64::from(self.pages.0) * BYPASS_PART;
        let few_bytes = self.dead.items.len() * SIZE_OF_TID < BYPASS_BYTES;
        let may_bypass = self.options.index_cleanup.is_none() && self.dead.index_scans == 0;
        if may_bypass && few_pages && few_bytes {
            self.dead.bypassed = !self.dead.items.is_empty();
            self.dead.items.clear();
        } else if !self.dead.items.is_empty() {
            self.vacuum_dead_items().await?;
        }
        let rel = self.rel;
        let all_read = self.stats.scanned_pages >= self.pages.0;
        let rows = all_read.then_some(self.stats.live_tuples as f64);
        if !rel.indexes.is_empty() {
            self.progress(|progress| progress.phase = VacuumPhase::CleaningUpIndexes);
        }
        for (at, index) in rel.indexes.iter().enumerate() {
            let stats = self.dead.stats[at].take();
            self.dead.stats[at] = vacuum_cleanup(self.env, index, stats, rows).await?;
        }
        Ok(())
    }

    /// `lazy_vacuum`: no index points at the line pointers of the list any more, and then they are free.
    async fn vacuum_dead_items(&mut self) -> Result<()> {
        let dead = std::mem::take(&mut self.dead.items);
        let rel = self.rel;
        if self.options.index_cleanup == Some(false) {
            self.dead.bypassed |= !dead.is_empty();
            return Ok(());
        }
        self.progress(|progress| progress.phase = VacuumPhase::VacuumingIndexes);
        for (at, index) in rel.indexes.iter().enumerate() {
            let mut stats = self.dead.stats[at].take().unwrap_or_default();
            bulk_delete(self.env, index, &dead, &mut stats).await?;
            self.dead.stats[at] = Some(stats);
        }
        self.dead.index_scans += 1;
        let scans = self.dead.index_scans;
        self.progress(|progress| {
            (progress.phase, progress.index_vacuum_count) = (VacuumPhase::VacuumingHeap, scans);
        });
        for page in dead.chunk_by(|a, b| a.block == b.block) {
            let offsets: Vec<OffsetNumber> = page.iter().map(|tid| tid.offset).collect();
            self.progress(|progress| progress.heap_blks_vacuumed = page[0].block.0);
            self.second_visit(page[0].block, &offsets).await?;
        }
        self.progress(|progress| (progress.phase, progress.num_dead_tuples) = (VacuumPhase::ScanningHeap, 0));
        Ok(())
    }

    /// `lazy_vacuum_heap_rel` of one page.
    async fn second_visit(&mut self, block: BlockNumber, dead: &[OffsetNumber]) -> Result<()> {
        self.env.cx.check_for_interrupts()?;
        let _map = VisibilityMap::of(self.env, self.rel).page_or_create(block).await?;
        let pin = self.rel.page_by(self.env, block, Some(&self.ring)).await?;
        let guard = pin.lock(&self.env.cx, LwMode::Exclusive).await;
        self.free_dead(&pin, dead).await?;
        let free = pin.read(page::heap_free_space);
        drop(guard);
        FreeSpaceMap::of(self.env, self.rel).record(block, free).await
    }
}
