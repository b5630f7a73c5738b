//! Writing a table anew, without what is dead: VACUUM FULL.
//!
//! ```text
//!   old file   │ dead  A'  dead │ B  dead  C │  dead  D │        new file   │ A' B C D │
//!                                                                           pages are filled, and logged whole
//! ```
//!
//! Whatever somebody may still see is taken along, with its transaction ids; what can be frozen is. Versions of one row that
//! are both taken along stay linked: the older one's `ctid` has to name the newer one's new place, so that whichever comes
//! first in the old file waits for the other. Long values are stored anew as well, under the ids that they have.
//!
//! PostgreSQL: `access/heap/rewriteheap.c`, `heapam_relation_copy_for_cluster` in `heapam_handler.c`.

use super::freeze::{self, Freezing};
use crate::access::prune::{self, Judged};
use crate::access::visibility::Vacuumable;
use crate::access::{Env, Rel, new_page, toast};
use crate::ids::{BLCKSZ, BlockNumber, Error, Fork, MultiXactId, Result, Tid, Xid};
use crate::small::Map;
use crate::storage::page::{self, Place};
use crate::storage::tuple::{self, *};
use crate::storage::{PageBytes, max_align};
use crate::types::{TupleDesc, deform_tuple, form_tuple};
use crate::world::LwMode;

/// What became of a table that was written anew.
#[derive(Clone, Copy, Default, Debug)]
pub struct Rewritten {
    /// Versions that were left behind.
    pub removed: u64,
    /// Versions that were taken along,
    pub kept: u64,
    /// and of these, those that only some old snapshot sees.
    pub recently_dead: u64,
    /// Pages of the old file.
    pub old_pages: u32,
    /// Pages of the new one.
    pub pages: u32,
    /// No transaction before it is left.
    pub frozen_xid: Xid,
}

/// A version on its way, by the transaction that made it, or will make its successor, and the old place of that.
type Link = (Xid, Tid);

/// A table that is being written; `RewriteStateData`.
struct Rewrite<'a> {
    env: &'a Env,
    new: &'a Rel,
    /// What the old file's versions are judged by.
    horizon: Xid,
    page: Box<PageBytes>,
    block: BlockNumber,
    /// Versions whose successors have not come by: by who made the successor, and its old place.
    waiting: Map<Link, (Tid, Vec<u8>)>,
    /// Where successors went whose predecessors have not come by.
    arrived: Map<Link, Tid>,
}

/// `copy_table_data`: writes the rows of `old` into the empty `new`, which nobody else knows. The caller has locked the
/// table against everybody.
pub async fn rewrite(env: &Env, old: &Rel, new: &Rel, desc: &TupleDesc, relfrozenxid: Xid) -> Result<Rewritten> {
    let horizon = env.txns.procs.oldest_xmin();
    let old_pages = old.blocks(env, Fork::Main);
    let mut done = Rewritten { old_pages: old_pages.0, frozen_xid: horizon, ..Rewritten::default() };
    if relfrozenxid.is_normal() && horizon.precedes(relfrozenxid) {
        done.frozen_xid = relfrozenxid;
    }
    let mut freezing = Freezing { limit: done.frozen_xid, relfrozenxid, oldest_left: horizon };
    let multi_limit = env.oldest_multi();
    let mut it = Rewrite {
        env,
        new,
        horizon,
        page: empty_page(),
        block: BlockNumber(0),
        waiting: Map::default(),
        arrived: Map::default(),
    };
    for block in (0..old_pages.0).map(BlockNumber) {
        env.cx.check_for_interrupts()?;
        for (judged, version) in versions(env, old, block, horizon).await? {
            let tid = Tid::new(block, judged.offset);
            if judged.verdict == Vacuumable::Dead {
                done.removed += 1;
                // An older version may wait for it; it is dead as well.
                if it.waiting.remove(&(judged.header.xmin, tid)).is_some() {
                    (done.removed, done.recently_dead) = (done.removed + 1, done.recently_dead - 1);
                }
                continue;
            }
            done.kept += 1;
            let ending = matches!(judged.verdict, Vacuumable::RecentlyDead | Vacuumable::DeleteInProgress);
            done.recently_dead += u64::from(ending);
            let row = thaw(env, desc, &judged, &version, &mut freezing, multi_limit).await?;
            it.take(&judged, tid, row).await?;
        }
        env.cx.end_step().await;
    }
    done.pages = it.finish().await?;
    Ok(done)
}

fn empty_page() -> Box<PageBytes> {
    let mut page = Box::new([0; BLCKSZ]);
    page::init(&mut page, 0);
    page
}

/// The versions of a page of the old file, judged.
async fn versions(env: &Env, old: &Rel, block: BlockNumber, horizon: Xid) -> Result<Vec<(Judged, Vec<u8>)>> {
    let pin = old.page(env, Fork::Main, block).await?;
    let _guard = pin.lock(&env.cx, LwMode::Shared).await;
    let judged = loop {
        match prune::judge_all(env, old, &pin, horizon) {
            Ok(judged) => break judged,
            Err(needs) => env.txns.fetch(&env.cx, needs).await?,
        }
    };
    Ok(pin.read(|bytes| {
        let version = |judged: Judged| Some((judged, page::heap_tuple(bytes, judged.offset)?.to_vec()));
        judged.into_iter().filter_map(version).collect()
    }))
}

/// The version as it will lie in the new file: with all columns, frozen if that can be, and in no HOT chain.
async fn thaw(
    env: &Env,
    desc: &TupleDesc,
    judged: &Judged,
    version: &[u8],
    freezing: &mut Freezing,
    multi_limit: MultiXactId,
) -> Result<Vec<u8>> {
    let mut row = version.to_vec();
    let mut header = judged.header;
    if header.natts() < desc.natts() || desc.attrs.iter().any(|attr| attr.dropped) {
        row = form_tuple(desc, &deform_tuple(desc, version)?)?;
        let infomask = tuple::infomask(&row) & !HEAP_XACT_MASK | header.infomask & HEAP_XACT_MASK;
        let formed = HeapTupleHeader::read(&row).unwrap_or(header);
        header = HeapTupleHeader { infomask, infomask2: formed.infomask2, hoff: formed.hoff, ..header };
    }
    header.infomask2 &= !HEAP2_XACT_MASK;
    header.write(&mut row);
    let fate = freeze::multi_fate(env, &judged.header, freezing.limit, multi_limit).await?;
    if let Some(plan) = freezing.prepare(judged.offset, &header, fate)?.plan {
        freeze::execute(&mut row, &plan);
    }
    Ok(row)
}

impl Rewrite<'_> {
    /// `rewrite_heap_tuple`: a version, and whoever has waited for it.
    async fn take(&mut self, judged: &Judged, tid: Tid, mut row: Vec<u8>) -> Result<()> {
        tuple::set_ctid(&mut row, Tid::default());
        let header = judged.header;
        let ended = !header.has(HEAP_XMAX_INVALID) && !header.xmax_is_locked_only();
        if ended && header.ctid != tid {
            let link = (judged.update_xid, header.ctid);
            match self.arrived.remove(&link) {
                Some(place) => tuple::set_ctid(&mut row, place),
                None => {
                    self.waiting.insert(link, (tid, row));
                    return Ok(());
                }
            }
        }
        let (mut old, mut row) = (tid, row);
        loop {
            let (xmin, updated) = (tuple::xmin(&row), tuple::infomask(&row) & HEAP_UPDATED != 0);
            let place = self.insert(row).await?;
            if !updated || xmin.precedes(self.horizon) {
                return Ok(());
            }
            let Some((before, mut waited)) = self.waiting.remove(&(xmin, old)) else {
                self.arrived.insert((xmin, old), place);
                return Ok(());
            };
            tuple::set_ctid(&mut waited, place);
            (old, row) = (before, waited);
        }
    }

    /// `raw_heap_insert`: puts a row on the page, or on the next one. A row without a successor names itself.
    async fn insert(&mut self, mut row: Vec<u8>) -> Result<Tid> {
        toast::shorten(self.env, self.new, &mut row, None).await?;
        if max_align(row.len()) > page::heap_free_space(&self.page) {
            self.flush().await?;
        }
        let offset = page::add_item(&mut self.page, &row, Place::Anywhere, true)?;
        let offset = offset.ok_or_else(|| Error::internal("failed to add tuple"))?;
        let place = Tid::new(self.block, offset);
        if let Some(stored) =
            page::heap_tuple_mut(&mut self.page, offset).filter(|row| tuple::ctid(row) == Tid::default())
        {
            tuple::set_ctid(stored, place);
        }
        Ok(place)
    }

    async fn flush(&mut self) -> Result<()> {
        new_page::write(self.env, self.new, self.block, &self.page).await?;
        self.block = BlockNumber(self.block.0 + 1);
        self.page = empty_page();
        Ok(())
    }

    /// `end_heap_rewrite`: those that waited in vain, and the last page. Returns how many there are.
    async fn finish(mut self) -> Result<u32> {
        for (_, (_, row)) in std::mem::take(&mut self.waiting) {
            self.insert(row).await?;
        }
        if page::max_offset(&self.page) > 0 {
            self.flush().await?;
        }
        Ok(self.block.0)
    }
}
