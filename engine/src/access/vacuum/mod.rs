//! VACUUM: taking out of a table what nobody can see any more, page by page, and noting what is left.
//!
//! ```text
//!   each page:  prune ─► dead line pointers become unused ─► freeze ─► visibility map ─► free space map
//!                PRUNE     VACUUM                            FREEZE_PAGE  VISIBLE          (not logged)
//!   then:       an empty end is cut off; relpages, reltuples, relallvisible, relfrozenxid go into pg_class
//! ```
//!
//! If the table has indexes, something may still point at a dead line pointer: those are noted, and become unused in a
//! second visit after the indexes were cleaned (`indexes.rs`).
//!
//! **What may go** is decided by one horizon, taken at the start: versions that ended before the oldest transaction
//! that any snapshot may still take for running. VACUUM's own snapshot does not count.
//!
//! **What is skipped:** pages of which the visibility map says that all is visible to all, if there are 32 of them in a
//! row; but never the last page, which decides whether the table can be cut off. A page that somebody has pinned is
//! only looked at, unless it must be frozen.
//!
//! **Freezing.** Ids wrap around, so that an old xmin must be marked as older than all before two thousand million
//! transactions have passed. VACUUM does so for what is older than `vacuum_freeze_min_age`, or for all that can be
//! with FREEZE, and `relfrozenxid` says how far it has come.
//!
//! PostgreSQL: `access/heap/vacuumlazy.c`, `commands/vacuum.c`.

mod delay;
mod freeze;
mod indexes;
mod page;
mod rewrite;
mod shorten;
mod stats;

use super::{Env, FreeSpaceMap, Rel, VisibilityMap};
use crate::buffer::{Ring, RingKind};
use crate::ids::{BlockNumber, Fork, MultiXactId, Result, Xid};
use crate::settings::Setting;
use crate::storage::vm;
use crate::trace::Event;
use crate::txn::{VacuumPhase, VacuumProgress};
use std::rc::Rc;

pub(super) use freeze::execute as freeze_tuple;
pub(super) use page::{cleanup_lock, free_line_pointers};
pub use rewrite::{Rewritten, rewrite};
pub use stats::VacuumStats;

/// `SKIP_PAGES_THRESHOLD`: fewer pages are read rather than skipped, so that the kernel can read ahead.
const SKIP_PAGES_THRESHOLD: u32 = 32;

/// What VACUUM is told, and what pg_class says of the table.
#[derive(Clone, Copy, Debug)]
pub struct VacuumOptions {
    /// FREEZE: whatever can be frozen is.
    pub freeze: bool,
    /// DISABLE_PAGE_SKIPPING: the visibility map is not relied on.
    pub disable_page_skipping: bool,
    /// INDEX_CLEANUP: whether entries that lead to dead rows are taken out of indexes; not said, if it is worth it.
    pub index_cleanup: Option<bool>,
    /// TRUNCATE: an empty end may be cut off.
    pub truncate: bool,
    /// `relfrozenxid`: nothing on the table is older.
    pub relfrozenxid: Xid,
    /// `relpages`
    pub relpages: u32,
    /// `reltuples`; -1 for unknown.
    pub reltuples: f64,
}

impl VacuumOptions {
    /// A plain VACUUM of a table that pg_class says nothing of yet.
    pub const PLAIN: VacuumOptions = VacuumOptions {
        freeze: false,
        disable_page_skipping: false,
        index_cleanup: None,
        truncate: true,
        relfrozenxid: Xid::INVALID,
        relpages: 0,
        reltuples: -1.0,
    };
}

/// `heap_vacuum_rel`: vacuums a table. The caller holds ShareUpdateExclusiveLock, in a transaction of its own, and
/// writes into pg_class what comes back.
pub async fn vacuum(env: &Env, rel: &Rel, options: &VacuumOptions) -> Result<VacuumStats> {
    env.txns.procs.update(env.cx.pid(), |entry| entry.in_vacuum = true);
    env.cx.emit(Event::VacuumStart { relation: rel.oid });
    let done = Vacuum::begin(env, rel, options).run().await;
    env.txns.vacuums.borrow_mut().remove(&env.cx.pid());
    let stats = done?;
    env.cx.point(Event::VacuumEnd { relation: rel.oid, removed: stats.tuples_deleted as u32 }).await;
    Ok(stats)
}

/// `vacuum_set_xid_limits`: from which age on versions are frozen, and a table is read to see what could be.
fn freeze_ages(env: &Env, options: &VacuumOptions) -> (u32, u32) {
    if options.freeze {
        return (0, 0);
    }
    let settings = env.settings.borrow();
    let max_age = settings.int(Setting::autovacuum_freeze_max_age);
    let min_age = settings.int(Setting::vacuum_freeze_min_age).min(max_age / 2);
    let table_age = settings.int(Setting::vacuum_freeze_table_age).min(max_age / 20 * 19);
    (min_age as u32, table_age as u32)
}

/// Whether all pages are to be read that are not frozen as a whole, and not only those with something dead.
pub fn is_aggressive(env: &Env, options: &VacuumOptions) -> bool {
    let oldest = freeze::before(env.txns.procs.next_xid().xid(), freeze_ages(env, options).1);
    options.disable_page_skipping || options.relfrozenxid.precedes_or_equals(oldest)
}

/// A VACUUM under way; `LVRelState`.
struct Vacuum<'a> {
    env: &'a Env,
    rel: &'a Rel,
    options: &'a VacuumOptions,
    /// All that can be frozen has to be looked at, not only what may be dead.
    aggressive: bool,
    /// Versions that ended before this transaction go.
    oldest_xmin: Xid,
    /// Versions made before this transaction are frozen.
    freeze_limit: Xid,
    /// Multixacts before this one are frozen; by default they would have to be five million old.
    multi_limit: MultiXactId,
    /// How long the table was at the start, or is after it was cut off.
    pages: BlockNumber,
    /// VACUUM reads each page once: a few buffers do.
    ring: Rc<Ring>,
    /// Behind the last page that has something.
    nonempty_pages: BlockNumber,
    /// The oldest transaction left on the pages that were read.
    new_relfrozenxid: Xid,
    /// Some pages were skipped that may have older ones.
    skipped_all_visible: bool,
    /// Dead line pointers that indexes may point at.
    dead: indexes::DeadItems,
    delay: delay::CostDelay,
    stats: VacuumStats,
}

/// Pages up to `end` may be skipped, and are if there are enough of them; `end` must be read.
struct Range {
    end: BlockNumber,
    end_is_visible: bool,
    skip: bool,
}

impl<'a> Vacuum<'a> {
    fn begin(env: &'a Env, rel: &'a Rel, options: &'a VacuumOptions) -> Vacuum<'a> {
        let oldest_xmin = env.txns.procs.oldest_xmin();
        let (min_age, _) = freeze_ages(env, options);
        let pages = rel.blocks(env, Fork::Main);
        let progress = VacuumProgress { relation: rel.oid, heap_blks_total: pages.0, ..VacuumProgress::default() };
        env.txns.vacuums.borrow_mut().insert(env.cx.pid(), progress);
        Vacuum {
            env,
            rel,
            options,
            aggressive: is_aggressive(env, options),
            oldest_xmin,
            freeze_limit: freeze::before(oldest_xmin, min_age),
            multi_limit: if options.freeze { env.oldest_multi() } else { MultiXactId::FIRST },
            pages,
            ring: env.buffers.ring(&env.cx, RingKind::Vacuum),
            nonempty_pages: BlockNumber(0),
            new_relfrozenxid: oldest_xmin,
            skipped_all_visible: false,
            dead: indexes::DeadItems::default(),
            delay: delay::CostDelay::begin(env),
            stats: VacuumStats { removable_cutoff: oldest_xmin, ..VacuumStats::default() },
        }
    }

    /// The phases, one after the other.
    async fn run(mut self) -> Result<VacuumStats> {
        self.scan().await?;
        self.finish_indexes().await?;
        if self.should_shorten() {
            self.progress(|progress| progress.phase = VacuumPhase::TruncatingHeap);
            self.shorten().await?;
        }
        self.progress(|progress| progress.phase = VacuumPhase::FinalCleanup);
        self.finish().await
    }

    /// Tells how far it has come.
    fn progress(&self, change: impl FnOnce(&mut VacuumProgress)) {
        if let Some(progress) = self.env.txns.vacuums.borrow_mut().get_mut(&self.env.cx.pid()) {
            change(progress);
        }
    }

    /// `lazy_scan_heap`: the pass over the table.
    async fn scan(&mut self) -> Result<()> {
        self.allocate_dead_items();
        let mut range = self.next_range(BlockNumber(0)).await?;
        for block in (0..self.pages.0).map(BlockNumber) {
            let mut visible_by_map = true;
            if block == range.end {
                visible_by_map = range.end_is_visible;
                range = self.next_range(BlockNumber(block.0 + 1)).await?;
            } else if range.skip {
                continue;
            }
            self.delay.point(self.env).await?;
            self.before_page().await?;
            self.progress(|progress| progress.heap_blks_scanned = block.0);
            self.stats.scanned_pages += 1;
            self.visit(block, visible_by_map).await?;
            self.env.cx.end_step().await;
        }
        let pages = self.pages.0;
        self.progress(|progress| (progress.heap_blks_scanned, progress.heap_blks_vacuumed) = (pages, pages));
        FreeSpaceMap::of(self.env, self.rel).propagate().await
    }

    /// `lazy_scan_skip`: the next page that must be read, and whether those before it are skipped.
    async fn next_range(&mut self, from: BlockNumber) -> Result<Range> {
        let map = VisibilityMap::of(self.env, self.rel);
        let mut end = from;
        let (mut end_is_visible, mut any_unfrozen) = (true, false);
        while end < self.pages {
            let bits = map.status(end).await?;
            if bits & vm::VISIBILITYMAP_ALL_VISIBLE == 0 {
                end_is_visible = false;
                break;
            }
            if end.0 + 1 == self.pages.0 || self.options.disable_page_skipping {
                break;
            }
            if bits & vm::VISIBILITYMAP_ALL_FROZEN == 0 {
                if self.aggressive {
                    break;
                }
                any_unfrozen = true;
            }
            end = BlockNumber(end.0 + 1);
        }
        let skip = end.0 - from.0 >= SKIP_PAGES_THRESHOLD;
        self.skipped_all_visible |= skip && any_unfrozen;
        Ok(Range { end, end_is_visible, skip })
    }

    /// What pg_class is to say.
    async fn finish(mut self) -> Result<VacuumStats> {
        let stats = &mut self.stats;
        stats.relpages = self.pages.0;
        stats.note_indexes(self.rel, &mut self.dead);
        stats.reltuples = stats.estimate_tuples(self.options);
        stats.relfrozenxid = Some(self.new_relfrozenxid).filter(|_| !self.skipped_all_visible);
        stats.old_relfrozenxid = self.options.relfrozenxid;
        stats.xids_passed = self.env.txns.procs.next_xid().xid().0.wrapping_sub(self.oldest_xmin.0);
        self.stats.relallvisible = VisibilityMap::of(self.env, self.rel).count().await?.0.min(self.pages.0);
        Ok(self.stats)
    }
}
