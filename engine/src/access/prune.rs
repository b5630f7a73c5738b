//! Pruning: taking what nobody can see any more out of one page.
//!
//! ```text
//!   before:  lp 1 ─► 100 (dead) ──ctid──► lp 4 ─► 90        after:  lp 1 ──redirect──► lp 4 ─► 90
//!            lp 2 ─► Bob (deleted, dead)                            lp 2    dead: an index may still point here
//!            lp 3 ─► 60 (aborted, heap-only)                        lp 3    unused: nothing ever pointed here
//! ```
//!
//! A chain of HOT versions is entered at its root, the line pointer that indexes know. Its dead members go; the root
//! becomes a redirect to the first living one, or dead if none is left. Then the page is compacted.
//!
//! Readers prune in passing when the page has been changed since (`pd_prune_xid`) and is nearly full; VACUUM prunes
//! every page it visits.
//!
//! PostgreSQL: `access/heap/pruneheap.c`.

use super::modify::{heap_block, record_room};
use super::visibility::{self, Statuses, Vacuumable};
use super::{Env, Rel, scan};
use crate::buffer::Pin;
use crate::ids::{BLCKSZ, OffsetNumber, Result, RmgrId, Xid};
use crate::storage::page::{self, ItemId};
use crate::storage::tuple::HeapTupleHeader;
use crate::storage::{PageBytes, compact};
use crate::trace::Event;
use crate::txn::{Needs, TableCounter};
use crate::wal::RecordBuilder;
use crate::wal::heap2_records::{HeapPrune, PrunedItems, XLOG_HEAP2_PRUNE};
use crate::world::LwMode;

/// What pruning a page has found and done.
#[derive(Clone, Debug, Default)]
pub struct Pruned {
    /// The line pointers that changed.
    pub items: PrunedItems,
    /// The youngest transaction whose dead versions went.
    pub latest_removed: Xid,
    /// Versions removed.
    pub removed: usize,
}

impl Pruned {
    fn is_empty(&self) -> bool {
        self.items.redirected.is_empty() && self.items.dead.is_empty() && self.items.unused.is_empty()
    }
}

/// `heap_page_prune_opt`: prunes in passing, if the page looks as if it were worth it and nobody else has it pinned.
pub(super) async fn prune_opt(env: &Env, rel: &Rel, pin: &Pin) -> Result<()> {
    if env.txns.procs.in_recovery() {
        return Ok(());
    }
    let horizon = env.txns.procs.oldest_xmin();
    let worth_it = pin.read(|bytes| {
        let prune_xid = page::prune_xid(bytes);
        let full =
            page::has_flag(bytes, page::PD_PAGE_FULL) || page::heap_free_space(bytes) < rel.reserve.max(BLCKSZ / 10);
        prune_xid.is_valid() && prune_xid.precedes(horizon) && full
    });
    if !worth_it {
        return Ok(());
    }
    let Some(guard) = pin.try_lock(&env.cx, LwMode::Exclusive).filter(|_| pin.is_only_pin()) else { return Ok(()) };
    let pruned = prune_page(env, rel, pin, horizon).await?;
    // What has become a dead line pointer still waits for VACUUM.
    let gone = pruned.removed.saturating_sub(pruned.items.dead.len()) as i64;
    if gone > 0 {
        env.stats.count(rel.oid, TableCounter::Dead, -gone);
    }
    drop(guard);
    Ok(())
}

/// `heap_page_prune`: the caller holds the page's content lock alone and has the only pin.
pub(super) async fn prune_page(env: &Env, rel: &Rel, pin: &Pin, horizon: Xid) -> Result<Pruned> {
    let (pruned, next_prune_xid) = loop {
        match plan(env, rel, pin, horizon) {
            Ok(plan) => break plan,
            Err(needs) => env.txns.fetch(&env.cx, needs).await?,
        }
    };
    env.wal.make_room(&env.cx, record_room(1, 4 * 291)).await?;
    if pruned.is_empty() {
        let changed = pin.modify(|bytes| {
            let stale = page::prune_xid(bytes) != next_prune_xid || page::has_flag(bytes, page::PD_PAGE_FULL);
            page::set_prune_xid(bytes, next_prune_xid);
            page::set_flag(bytes, page::PD_PAGE_FULL, false);
            stale
        });
        if changed {
            pin.mark_dirty(&env.cx);
        }
        return Ok(pruned);
    }
    pin.modify(|bytes| -> Result<()> {
        execute(bytes, &pruned.items)?;
        page::set_prune_xid(bytes, next_prune_xid);
        page::set_flag(bytes, page::PD_PAGE_FULL, false);
        Ok(())
    })?;
    pin.mark_dirty(&env.cx);
    let end = log_prune(env, rel, pin, &pruned);
    pin.modify(|bytes| page::set_lsn(bytes, end));
    let count = |list: &[OffsetNumber]| list.len() as u16;
    env.cx.emit(Event::Prune {
        rel: rel.file,
        block: pin.block(),
        redirected: pruned.items.redirected.len() as u16,
        dead: count(&pruned.items.dead),
        unused: count(&pruned.items.unused),
    });
    env.cx.end_step().await;
    Ok(pruned)
}

fn log_prune(env: &Env, rel: &Rel, pin: &Pin, pruned: &Pruned) -> crate::ids::Lsn {
    let main = HeapPrune {
        latest_removed_xid: pruned.latest_removed,
        nredirected: pruned.items.redirected.len() as u16,
        ndead: pruned.items.dead.len() as u16,
    };
    let data = pruned.items.encode();
    let xid = env.xact.borrow().xid;
    pin.read(|bytes| {
        let record = RecordBuilder::new(RmgrId::Heap2, XLOG_HEAP2_PRUNE).xid(xid).main(&main.encode());
        env.log(&record.block(heap_block(rel, pin, 0, bytes, &data)))
    })
}

/// `heap_page_prune_execute`: changes the line pointers and compacts the page; redo does just this.
pub fn execute(bytes: &mut PageBytes, items: &PrunedItems) -> Result<()> {
    for (from, to) in &items.redirected {
        page::set_item_id(bytes, *from, ItemId::redirect(*to));
    }
    for offset in &items.dead {
        page::set_item_id(bytes, *offset, ItemId::DEAD);
    }
    for offset in &items.unused {
        page::set_item_id(bytes, *offset, ItemId::UNUSED);
    }
    compact::repair_fragmentation(bytes)
}

/// A version of a page, as VACUUM finds it.
#[derive(Clone, Copy)]
pub(super) struct Judged {
    pub offset: OffsetNumber,
    /// Its header, with the hints that were found.
    pub header: HeapTupleHeader,
    /// What it is to VACUUM.
    pub verdict: Vacuumable,
    /// Who ends it, also where xmax is a multixact.
    pub update_xid: Xid,
}

/// Judges all versions of a page, and notes what pg_xact said. The caller holds the content lock.
pub(super) fn judge_all(env: &Env, rel: &Rel, pin: &Pin, horizon: Xid) -> Result<Vec<Judged>, Needs> {
    let ask = Statuses::of(env);
    let mut hints = Vec::new();
    let judged = pin.read(|bytes| {
        let mut judged = Vec::new();
        for offset in page::offsets(bytes) {
            let Some(mut header) = page::heap_tuple(bytes, offset).and_then(HeapTupleHeader::read) else { continue };
            let (verdict, bits) = visibility::satisfies_vacuum(&header, horizon, &ask)?;
            let allowed = visibility::allowed_hints(&header, bits, page::lsn(bytes), env);
            header.infomask |= allowed;
            hints.push((offset, allowed));
            let update_xid = ask.update_xid(&header)?;
            judged.push(Judged { offset, header, verdict, update_xid });
        }
        Ok(judged)
    })?;
    scan::note_hints(env, rel, pin, &hints);
    Ok(judged)
}

/// Decides what to do, without changing anything but hint bits. Also the oldest transaction that could make it
/// worth while to come again.
fn plan(env: &Env, rel: &Rel, pin: &Pin, horizon: Xid) -> Result<(Pruned, Xid), Needs> {
    let judged = judge_all(env, rel, pin, horizon)?;
    Ok(pin.read(|bytes| {
        let mut planner = Planner::of(bytes, &judged);
        page::offsets(bytes).for_each(|offset| planner.visit(offset));
        (planner.pruned, planner.next)
    }))
}

/// `HeapTupleHeaderAdvanceLatestRemovedXid`: a standby's snapshot that sees what goes is in conflict. Nobody has seen what
/// was made by an aborted transaction, or ended by its own maker.
pub(super) fn note_removed(header: &HeapTupleHeader, update_xid: Xid, latest: &mut Xid) {
    let seen = !header.xmin_invalid() && update_xid != header.xmin;
    if seen && latest.precedes(update_xid) {
        *latest = update_xid;
    }
}

struct Planner<'a> {
    bytes: &'a PageBytes,
    /// The versions by line pointer.
    versions: Vec<Option<Judged>>,
    /// Line pointers about which is decided.
    done: Vec<bool>,
    pruned: Pruned,
    next: Xid,
}

impl<'a> Planner<'a> {
    fn of(bytes: &'a PageBytes, judged: &[Judged]) -> Planner<'a> {
        let places = usize::from(page::max_offset(bytes)) + 1;
        let mut versions = vec![None; places];
        judged.iter().for_each(|version| versions[usize::from(version.offset)] = Some(*version));
        Planner { bytes, versions, done: vec![false; places], pruned: Pruned::default(), next: Xid::INVALID }
    }

    /// Decides about a line pointer as the root of a chain; members of chains are no roots.
    fn visit(&mut self, root: OffsetNumber) {
        if self.done[usize::from(root)] {
            return;
        }
        if let Some(version) = self.versions[usize::from(root)]
            && version.header.is_heap_only()
        {
            // Reached by its chain, if by anything. The last of a chain goes by itself once it is dead: an aborted
            // version that nothing points to any more would otherwise stay for ever.
            if version.verdict == Vacuumable::Dead && !version.header.is_hot_updated() {
                self.note_removed(&version);
                self.mark_unused(root);
            }
            return;
        }
        self.visit_chain(root);
    }

    /// Follows a chain as far as its members may be dead.
    fn visit_chain(&mut self, root: OffsetNumber) {
        let id = page::item_id(self.bytes, root);
        let mut chain = Vec::new();
        let mut dead = 0;
        let mut at = if id.is_redirected() { id.off() } else { root };
        let mut prior_xmax = Xid::INVALID;
        while let Some(Some(version)) = self.versions.get(usize::from(at)).copied() {
            let Judged { header, verdict, update_xid, .. } = version;
            let linked = !prior_xmax.is_valid() || header.xmin == prior_xmax;
            if self.done[usize::from(at)] || chain.contains(&at) || !linked {
                break;
            }
            chain.push(at);
            match verdict {
                Vacuumable::Dead => {
                    dead = chain.len();
                    self.note_removed(&version);
                }
                // A dead one may follow.
                Vacuumable::RecentlyDead => self.note_prunable(update_xid),
                Vacuumable::DeleteInProgress => {
                    self.note_prunable(update_xid);
                    break;
                }
                Vacuumable::Live | Vacuumable::InsertInProgress => break,
            }
            if !header.is_hot_updated() {
                break;
            }
            (prior_xmax, at) = (update_xid, header.ctid.offset);
        }
        self.decide(root, id, &chain, dead);
    }

    /// The first `dead` members of the chain go.
    fn decide(&mut self, root: OffsetNumber, id: ItemId, chain: &[OffsetNumber], dead: usize) {
        if dead == 0 {
            // A redirect whose successor has just gone by itself.
            if chain.is_empty() && id.is_redirected() {
                self.mark_dead(root);
            }
            return;
        }
        chain[..dead].iter().filter(|member| **member != root).for_each(|member| self.mark_unused(*member));
        match chain.get(dead) {
            Some(first_alive) => {
                self.pruned.items.redirected.push((root, *first_alive));
                self.done[usize::from(root)] = true;
                self.done[usize::from(*first_alive)] = true;
            }
            None => self.mark_dead(root),
        }
        self.pruned.removed += usize::from(id.is_normal());
    }

    fn mark_dead(&mut self, offset: OffsetNumber) {
        self.done[usize::from(offset)] = true;
        self.pruned.items.dead.push(offset);
    }

    fn mark_unused(&mut self, offset: OffsetNumber) {
        self.done[usize::from(offset)] = true;
        self.pruned.items.unused.push(offset);
        self.pruned.removed += 1;
    }

    fn note_removed(&mut self, version: &Judged) {
        note_removed(&version.header, version.update_xid, &mut self.pruned.latest_removed);
    }

    fn note_prunable(&mut self, xid: Xid) {
        if !self.next.is_valid() || xid.precedes(self.next) {
            self.next = xid;
        }
    }
}
