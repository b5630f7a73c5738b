//! What VACUUM has found and done: for pg_class, and for VERBOSE.

use std::rc::Rc;

use super::VacuumOptions;
use super::indexes::DeadItems;
use crate::access::Rel;
use crate::access::btree::IndexVacuumStats;
use crate::ids::{Oid, Xid};

/// The result of a VACUUM.
#[derive(Clone, Debug, Default)]
pub struct VacuumStats {
    /// For `pg_class.relpages`: how long the table is.
    pub relpages: u32,
    /// For `pg_class.reltuples`: how many rows it has, as far as was seen.
    pub reltuples: f64,
    /// For `pg_class.relallvisible`: pages of which the visibility map says that all is visible.
    pub relallvisible: u32,
    /// For `pg_class.relfrozenxid`: nothing on the table is older. `None` leaves it as it is.
    pub relfrozenxid: Option<Xid>,
    /// What `relfrozenxid` was before.
    pub old_relfrozenxid: Xid,
    /// Pages read.
    pub scanned_pages: u32,
    /// Pages cut off.
    pub removed_pages: u32,
    /// Pages that had dead line pointers, which are free again unless the indexes were left alone.
    pub dead_item_pages: u32,
    /// Those line pointers.
    pub dead_items: u64,
    /// How often the indexes were read.
    pub index_scans: u32,
    /// There were dead line pointers, too few to read the indexes for.
    pub index_scan_bypassed: bool,
    /// The indexes: id, name, and what was done, if anything was.
    pub indexes: Vec<(Oid, Rc<str>, Option<IndexVacuumStats>)>,
    /// Versions removed.
    pub tuples_deleted: u64,
    /// Versions that live, those included that somebody is deleting.
    pub live_tuples: u64,
    /// Versions that have ended and that some snapshot may still see.
    pub recently_dead_tuples: u64,
    /// Dead versions that stay because somebody had their page pinned.
    pub missed_dead_tuples: u64,
    /// Such pages.
    pub missed_dead_pages: u32,
    /// Versions that ended before this transaction could go.
    pub removable_cutoff: Xid,
    /// How many ids have been given since.
    pub xids_passed: u32,
}

impl VacuumStats {
    pub(super) fn note_indexes(&mut self, rel: &Rel, dead: &mut DeadItems) {
        (self.dead_item_pages, self.dead_items) = (dead.pages, dead.count);
        (self.index_scans, self.index_scan_bypassed) = (dead.index_scans, dead.bypassed);
        let stats = std::mem::take(&mut dead.stats).into_iter();
        self.indexes =
            rel.indexes.iter().zip(stats).map(|(index, stats)| (index.rel.oid, index.name.clone(), stats)).collect();
    }

    /// All versions that the table still has; VERBOSE's "remain".
    pub fn remaining_tuples(&self) -> u64 {
        self.reltuples.max(0.0) as u64 + self.recently_dead_tuples + self.missed_dead_tuples
    }

    /// `vac_estimate_reltuples`: unread pages are taken to be as full as before.
    pub(super) fn estimate_tuples(&self, before: &VacuumOptions) -> f64 {
        let (total, scanned) = (f64::from(self.relpages + self.removed_pages), f64::from(self.scanned_pages));
        let seen = self.live_tuples as f64;
        if scanned >= total {
            return seen;
        }
        let same_length = f64::from(before.relpages) == total;
        if scanned <= 1.0 || same_length && scanned < total * 0.02 {
            return before.reltuples;
        }
        if before.reltuples < 0.0 || before.relpages == 0 {
            return (seen / scanned * total + 0.5).floor();
        }
        let density = before.reltuples / f64::from(before.relpages);
        (density * (total - scanned) + seen + 0.5).floor()
    }

    /// What VERBOSE says of a table, and the log of an autovacuum, but for times and buffers, which are added below.
    pub fn lines(&self, what: &str, table: &str) -> Vec<String> {
        let total = self.relpages + self.removed_pages;
        let percent = |n: u32| if total == 0 { 100.0 } else { 100.0 * f64::from(n) / f64::from(total) };
        let mut lines = vec![
            format!("{what} \"{table}\": index scans: {}", self.index_scans),
            format!(
                "pages: {} removed, {} remain, {} scanned ({:.2}% of total)",
                self.removed_pages,
                self.relpages,
                self.scanned_pages,
                percent(self.scanned_pages)
            ),
            format!(
                "tuples: {} removed, {} remain, {} are dead but not yet removable",
                self.tuples_deleted,
                self.remaining_tuples(),
                self.recently_dead_tuples
            ),
        ];
        if self.missed_dead_tuples > 0 {
            let (tuples, pages) = (self.missed_dead_tuples, self.missed_dead_pages);
            lines.push(format!(
                "tuples missed: {tuples} dead from {pages} pages not removed due to cleanup lock contention"
            ));
        }
        let (cutoff, passed) = (self.removable_cutoff, self.xids_passed);
        lines.push(format!("removable cutoff: {cutoff}, which was {passed} XIDs old when operation ended"));
        if let Some(new) = self.relfrozenxid.filter(|new| self.old_relfrozenxid.precedes(*new)) {
            let ahead = new.0.wrapping_sub(self.old_relfrozenxid.0);
            lines.push(format!("new relfrozenxid: {new}, which is {ahead} XIDs ahead of previous value"));
        }
        let (pages, items) = (self.dead_item_pages, self.dead_items);
        let (scan, what) = match (self.index_scan_bypassed, self.index_scans) {
            (true, _) => ("bypassed", "have"),
            (_, 0) => ("not needed", "had"),
            _ => ("needed", "had"),
        };
        let removed = if self.index_scan_bypassed { "" } else { " removed" };
        let share = percent(pages);
        lines.push(format!(
            "index scan {scan}: {pages} pages from table ({share:.2}% of total) {what} {items} dead item identifiers{removed}"
        ));
        for (_, name, stats) in &self.indexes {
            let Some(stats) = stats else { continue };
            lines.push(format!(
                "index \"{name}\": pages: {} in total, {} newly deleted, {} currently deleted, {} reusable",
                stats.num_pages, stats.pages_newly_deleted, stats.pages_deleted, stats.pages_free
            ));
        }
        lines
    }
}
