//! One page of a VACUUM.

use super::Vacuum;
use super::freeze::{Freezing, MultiFate, is_needed_one_day, multi_fate};
use crate::access::modify::{heap_block, record_room};
use crate::access::visibility::Vacuumable;
use crate::access::{FreeSpaceMap, VisibilityMap, prune};
use crate::buffer::Pin;
use crate::ids::WaitEvent;
use crate::ids::{BLCKSZ, BlockNumber, OffsetNumber, Result, RmgrId, Xid};
use crate::storage::page::{self, ItemId};
use crate::storage::tuple::HeapTupleHeader;
use crate::storage::{PageBytes, compact, vm};
use crate::trace::Event;
use crate::wal::heap2_records::*;
use crate::wal::record::{REGBUF_FORCE_IMAGE, REGBUF_STANDARD};
use crate::wal::xlog_records::XLOG_FPI;
use crate::wal::{BlockRef, RecordBuilder};
use crate::world::{LwGuard, LwMode};

/// How often somebody who waits for a page to be unpinned looks again, in microseconds.
const PIN_CHECK: u64 = 1_000;

/// What a page holds after pruning; `LVPagePruneState`.
struct Contents {
    /// Something that keeps the table from being cut off here.
    has_tuples: bool,
    /// Dead line pointers.
    dead: Vec<OffsetNumber>,
    all_visible: bool,
    all_frozen: bool,
    /// The youngest xmin of the versions, if all are visible.
    cutoff: Xid,
    /// What is to be frozen.
    freeze: Vec<FreezePlan>,
    live: u64,
    recently_dead: u64,
}

/// Gives dead line pointers back to the page, and cuts off those at its end; redo does just this.
pub(in crate::access) fn free_line_pointers(bytes: &mut PageBytes, unused: &[OffsetNumber]) {
    unused.iter().for_each(|offset| page::set_item_id(bytes, *offset, ItemId::UNUSED));
    compact::truncate_line_pointer_array(bytes);
}

/// All versions of a page with VACUUM's verdict; the headers have the hints that came with it.
type Verdicts = Vec<prune::Judged>;

impl Vacuum<'_> {
    /// Everything that is to be done with a page. `visible_by_map` is what the visibility map said of it.
    pub(super) async fn visit(&mut self, block: BlockNumber, visible_by_map: bool) -> Result<()> {
        let (env, rel) = (self.env, self.rel);
        let _map = VisibilityMap::of(env, rel).page_or_create(block).await?;
        let pin = rel.page_by(env, block, Some(&self.ring)).await?;
        let guard = match try_cleanup_lock(&pin, env) {
            Some(guard) => guard,
            None => match self.look_only(&pin).await? {
                Some(true) => return Ok(()),
                Some(false) => return self.note_free_space(&pin).await,
                None => cleanup_lock(&pin, env).await,
            },
        };
        if pin.read(|bytes| page::is_new(bytes) || page::is_empty(bytes)) {
            self.visit_empty(&pin).await?;
        } else {
            let contents = self.prune_and_freeze(&pin).await?;
            if contents.has_tuples {
                self.nonempty_pages = BlockNumber(block.0 + 1);
            }
            if contents.dead.is_empty() {
                self.update_map(&pin, &contents, visible_by_map).await?;
            } else if rel.indexes.is_empty() {
                self.dead.pages += 1;
                self.dead.count += contents.dead.len() as u64;
                self.free_dead(&pin, &contents.dead).await?;
            } else {
                // What room the page has will be noted at the second visit.
                self.note_dead(block, &contents.dead);
                return Ok(());
            }
        }
        drop(guard);
        self.note_free_space(&pin).await
    }

    async fn note_free_space(&self, pin: &Pin) -> Result<()> {
        let free = pin.read(|bytes| {
            if page::is_new(bytes) { BLCKSZ - page::SIZE_OF_PAGE_HEADER } else { page::heap_free_space(bytes) }
        });
        FreeSpaceMap::of(self.env, self.rel).record(pin.block(), free).await
    }

    /// A page without any line pointer is visible to all and frozen. A page of zeros stays as it is.
    async fn visit_empty(&self, pin: &Pin) -> Result<()> {
        if pin.read(|bytes| page::is_new(bytes) || page::has_flag(bytes, page::PD_ALL_VISIBLE)) {
            return Ok(());
        }
        // Lengthening a table is not logged: redo would find a page of zeros where the map says all visible.
        if !pin.read(page::lsn).is_valid() {
            self.env.wal.make_room(&self.env.cx, record_room(1, 0)).await?;
            let flags = REGBUF_STANDARD | REGBUF_FORCE_IMAGE;
            self.log(pin, RmgrId::Xlog, XLOG_FPI, &[], BlockData { flags, data: &[] });
        }
        self.set_map(pin, Xid::INVALID, vm::VISIBILITYMAP_VALID_BITS).await
    }

    /// `lazy_scan_prune`: prunes, judges what is left, freezes what is old.
    async fn prune_and_freeze(&mut self, pin: &Pin) -> Result<Contents> {
        let contents = loop {
            let pruned = prune::prune_page(self.env, self.rel, pin, self.oldest_xmin).await?;
            self.stats.tuples_deleted += pruned.removed as u64;
            let verdicts = self.judge(pin).await?;
            // A transaction that has aborted since leaves something to prune again.
            if verdicts.iter().all(|version| version.verdict != Vacuumable::Dead) {
                let fates = self.multi_fates(&verdicts).await?;
                break self.take_stock(pin, &verdicts, &fates)?;
            }
        };
        self.stats.live_tuples += contents.live;
        self.stats.recently_dead_tuples += contents.recently_dead;
        if !contents.freeze.is_empty() {
            self.freeze(pin, &contents.freeze).await?;
        }
        Ok(contents)
    }

    /// What VACUUM makes of each version; hints are noted.
    async fn judge(&self, pin: &Pin) -> Result<Verdicts> {
        loop {
            match prune::judge_all(self.env, self.rel, pin, self.oldest_xmin) {
                Ok(verdicts) => return Ok(verdicts),
                Err(needs) => self.env.txns.fetch(&self.env.cx, needs).await?,
            }
        }
    }

    /// What is to become of the multixacts in the versions.
    async fn multi_fates(&self, verdicts: &Verdicts) -> Result<Vec<MultiFate>> {
        let mut fates = Vec::with_capacity(verdicts.len());
        for version in verdicts {
            fates.push(multi_fate(self.env, &version.header, self.freeze_limit, self.multi_limit).await?);
        }
        Ok(fates)
    }

    /// Sums up what is on the page.
    fn take_stock(&mut self, pin: &Pin, verdicts: &Verdicts, fates: &[MultiFate]) -> Result<Contents> {
        let redirects = pin.read(|bytes| page::offsets(bytes).any(|o| page::item_id(bytes, o).is_redirected()));
        let dead = pin.read(dead_items);
        let mut contents = Contents {
            has_tuples: redirects || !verdicts.is_empty(),
            all_visible: dead.is_empty(),
            dead,
            all_frozen: true,
            cutoff: Xid::INVALID,
            freeze: Vec::new(),
            live: 0,
            recently_dead: 0,
        };
        let mut freezing = self.freezing();
        for (prune::Judged { offset, header, verdict, .. }, fate) in verdicts.iter().zip(fates) {
            match verdict {
                Vacuumable::Live | Vacuumable::DeleteInProgress => contents.live += 1,
                Vacuumable::RecentlyDead => contents.recently_dead += 1,
                Vacuumable::InsertInProgress | Vacuumable::Dead => {}
            }
            contents.all_visible &= *verdict == Vacuumable::Live && self.is_old_enough(header, &mut contents.cutoff);
            let frozen = freezing.prepare(*offset, header, *fate)?;
            contents.freeze.extend(frozen.plan);
            contents.all_frozen &= frozen.totally;
        }
        self.new_relfrozenxid = freezing.oldest_left;
        Ok(contents)
    }

    /// Whether a living version is visible to all; `cutoff` becomes the youngest xmin.
    fn is_old_enough(&self, header: &HeapTupleHeader, cutoff: &mut Xid) -> bool {
        let xmin = if header.xmin_frozen() { Xid::FROZEN } else { header.xmin };
        let visible = header.xmin_committed() && xmin.precedes(self.oldest_xmin);
        if visible && cutoff.precedes(xmin) {
            *cutoff = xmin;
        }
        visible
    }

    fn freezing(&self) -> Freezing {
        Freezing {
            limit: self.freeze_limit,
            relfrozenxid: self.options.relfrozenxid,
            oldest_left: self.new_relfrozenxid,
        }
    }

    async fn freeze(&self, pin: &Pin, plans: &[FreezePlan]) -> Result<()> {
        let data = FreezePlan::encode_all(plans);
        self.env.wal.make_room(&self.env.cx, record_room(1, data.len())).await?;
        pin.modify(|bytes| {
            for plan in plans {
                if let Some(version) = page::heap_tuple_mut(bytes, plan.offnum) {
                    super::freeze_tuple(version, plan);
                }
            }
        });
        let tuples = plans.len() as u16;
        let main = HeapFreezePage { cutoff_xid: self.freeze_limit, ntuples: tuples }.encode();
        self.log(pin, RmgrId::Heap2, XLOG_HEAP2_FREEZE_PAGE, &main, BlockData { flags: REGBUF_STANDARD, data: &data });
        self.env.cx.emit(Event::Freeze { rel: self.rel.file, block: pin.block(), tuples });
        Ok(())
    }

    /// `lazy_vacuum_heap_page`: dead line pointers become unused, since no index points at them; after that the page
    /// may be visible to all.
    pub(super) async fn free_dead(&mut self, pin: &Pin, dead: &[OffsetNumber]) -> Result<()> {
        let data = encode_offsets(dead.iter().copied());
        self.env.wal.make_room(&self.env.cx, record_room(1, data.len())).await?;
        pin.modify(|bytes| free_line_pointers(bytes, dead));
        let main = HeapVacuum { nunused: dead.len() as u16 }.encode();
        self.log(pin, RmgrId::Heap2, XLOG_HEAP2_VACUUM, &main, BlockData { flags: REGBUF_STANDARD, data: &data });
        self.env.cx.end_step().await;
        let verdicts = self.judge(pin).await?;
        let mut cutoff = Xid::INVALID;
        let visible = |prune::Judged { header, verdict, .. }: &prune::Judged| {
            *verdict == Vacuumable::Live && self.is_old_enough(header, &mut cutoff)
        };
        if verdicts.iter().all(visible) {
            let frozen = !verdicts.iter().any(|version| is_needed_one_day(&version.header));
            self.set_map(pin, cutoff, map_bits(frozen)).await?;
        }
        Ok(())
    }

    /// Brings the visibility map in line with the page.
    async fn update_map(&self, pin: &Pin, contents: &Contents, visible_by_map: bool) -> Result<()> {
        if !contents.all_visible {
            return Ok(());
        }
        if !visible_by_map {
            return self.set_map(pin, contents.cutoff, map_bits(contents.all_frozen)).await;
        }
        let known = VisibilityMap::of(self.env, self.rel).status(pin.block()).await?;
        if contents.all_frozen && known & vm::VISIBILITYMAP_ALL_FROZEN == 0 {
            // What is frozen was visible before: no snapshot of a standby is in conflict.
            return self.set_map(pin, Xid::INVALID, vm::VISIBILITYMAP_ALL_FROZEN).await;
        }
        Ok(())
    }

    async fn set_map(&self, pin: &Pin, cutoff: Xid, bits: u8) -> Result<()> {
        VisibilityMap::of(self.env, self.rel).set(pin.block(), pin, cutoff, bits).await
    }

    /// `lazy_scan_noprune`: counts what is on a page that somebody else has pinned. `None` if that will not do, because
    /// something on it must be frozen; otherwise whether the page will be visited again.
    async fn look_only(&mut self, pin: &Pin) -> Result<Option<bool>> {
        let _guard = pin.lock(&self.env.cx, LwMode::Shared).await;
        if pin.read(|bytes| page::is_new(bytes) || page::is_empty(bytes)) {
            return Ok(None);
        }
        let verdicts = self.judge(pin).await?;
        let mut freezing = self.freezing();
        let needed = verdicts.iter().filter(|version| freezing.is_needed(&version.header)).count() > 0;
        if needed && self.aggressive {
            return Ok(None);
        }
        self.new_relfrozenxid = freezing.oldest_left;
        let count =
            |wanted: &[Vacuumable]| verdicts.iter().filter(|version| wanted.contains(&version.verdict)).count() as u64;
        self.stats.live_tuples += count(&[Vacuumable::Live, Vacuumable::DeleteInProgress]);
        self.stats.recently_dead_tuples += count(&[Vacuumable::RecentlyDead]);
        let (dead, mut missed) = (pin.read(dead_items), count(&[Vacuumable::Dead]));
        let again = !dead.is_empty() && !self.rel.indexes.is_empty();
        if again {
            self.note_dead(pin.block(), &dead);
        } else {
            missed += dead.len() as u64;
        }
        self.stats.missed_dead_tuples += missed;
        self.stats.missed_dead_pages += u32::from(missed > 0);
        if pin.read(|bytes| page::offsets(bytes).any(|o| page::item_id(bytes, o).is_used())) {
            self.nonempty_pages = BlockNumber(pin.block().0 + 1);
        }
        Ok(Some(again))
    }

    /// Logs a change of a page that has just been made, in the same atomic section.
    fn log(&self, pin: &Pin, rmgr: RmgrId, info: u8, main: &[u8], block: BlockData) {
        pin.mark_dirty(&self.env.cx);
        let xid = self.env.xact.borrow().xid;
        let end = pin.read(|bytes| {
            let block = BlockRef { flags: block.flags, ..heap_block(self.rel, pin, 0, bytes, block.data) };
            self.env.log(&RecordBuilder::new(rmgr, info).xid(xid).main(main).block(block))
        });
        pin.modify(|bytes| page::set_lsn(bytes, end));
    }
}

/// What a record says of its one page.
struct BlockData<'a> {
    flags: u8,
    data: &'a [u8],
}

fn map_bits(frozen: bool) -> u8 {
    if frozen { vm::VISIBILITYMAP_VALID_BITS } else { vm::VISIBILITYMAP_ALL_VISIBLE }
}

fn dead_items(bytes: &PageBytes) -> Vec<OffsetNumber> {
    page::offsets(bytes).filter(|o| page::item_id(bytes, *o).is_dead()).collect()
}

/// `ConditionalLockBufferForCleanup`: the content lock, if nobody else has even a pin.
fn try_cleanup_lock(pin: &Pin, env: &crate::access::Env) -> Option<LwGuard> {
    pin.try_lock(&env.cx, LwMode::Exclusive).filter(|_| pin.is_only_pin())
}

/// `LockBufferForCleanup`: waits until nobody else has a pin.
pub(in crate::access) async fn cleanup_lock(pin: &Pin, env: &crate::access::Env) -> LwGuard {
    loop {
        let guard = pin.lock(&env.cx, LwMode::Exclusive).await;
        if pin.is_only_pin() {
            return guard;
        }
        drop(guard);
        env.cx.sleep(WaitEvent::BufferPin, PIN_CHECK).await;
    }
}
