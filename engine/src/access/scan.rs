//! Reading: page after page, all visible versions of a page at once.
//!
//! The page is pinned, locked for sharing, judged in one atomic section, and its visible versions are copied into
//! a batch that is used again for the next page. What was looked up in pg_xact is noted in the headers on the way.

use std::rc::Rc;

use super::visibility::{self, Statuses};
use super::{Env, Rel, prune};
use crate::buffer::{Pin, Ring, RingKind};
use crate::ids::{BlockNumber, Fork, OffsetNumber, Result, Tid};
use crate::storage::tuple::{self, HEAP_XMIN_FROZEN, HeapTupleHeader};
use crate::storage::{PageBytes, page};
use crate::trace::Event;
use crate::txn::{Needs, Snapshot, TableCounter};
use crate::world::LwMode;

/// Row versions copied out of a page, without an allocation for each.
#[derive(Default)]
pub struct TupleBatch {
    bytes: Vec<u8>,
    items: Vec<(Tid, usize, usize)>,
    /// For each of the items whether it is known to be wanted; as far as there are some.
    sure: Vec<bool>,
    /// How many of a page's were not taken since they are not wanted.
    refused: usize,
}

/// What is known of a row by its bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sifted {
    /// It is not wanted.
    Refused,
    /// It is.
    Passed,
    /// Neither.
    Unknown,
}

impl TupleBatch {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// One of them: where it lies, and its bytes from the header on.
    pub fn get(&self, index: usize) -> (Tid, &[u8]) {
        let (tid, start, len) = self.items[index];
        (tid, &self.bytes[start..start + len])
    }

    /// Whether one of them is known to be wanted.
    pub fn is_sure(&self, index: usize) -> bool {
        self.sure.get(index).is_some_and(|sure| *sure)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (Tid, &[u8])> {
        (0..self.len()).map(|index| self.get(index))
    }

    /// Forgets them, keeping the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.items.clear();
        self.sure.clear();
        self.refused = 0;
    }

    pub(super) fn push(&mut self, tid: Tid, tuple: &[u8]) {
        self.items.push((tid, self.bytes.len(), tuple.len()));
        self.bytes.extend_from_slice(tuple);
    }
}

/// A table longer than this part of the pool is read through a ring.
const RING_FRACTION: usize = 4;

/// A sequential scan. It ends where the table ended when it began.
pub struct Scan {
    rel: Rel,
    snapshot: Rc<Snapshot>,
    next: BlockNumber,
    end: BlockNumber,
    /// A long table would push everything else out of the pool.
    ring: Option<Rc<Ring>>,
    /// The page whose versions the batch has; it stays pinned while these are worked on.
    page: Option<Pin>,
}

impl Scan {
    /// Begins a scan with a snapshot.
    pub fn begin(env: &Env, rel: &Rel, snapshot: Rc<Snapshot>) -> Scan {
        env.stats.count(rel.oid, TableCounter::SeqScan, 1);
        let end = rel.blocks(env, Fork::Main);
        let long = !rel.file.is_temporary() && end.0 as usize > env.buffers.len() / RING_FRACTION;
        let ring = long.then(|| env.buffers.ring(&env.cx, RingKind::BulkRead));
        Scan { rel: rel.clone(), snapshot, next: BlockNumber(0), end, ring, page: None }
    }

    /// Fills the batch with the visible versions of the next page that has any. `false` at the end.
    pub async fn next_page(&mut self, env: &Env, batch: &mut TupleBatch) -> Result<bool> {
        self.next_wanted(env, batch, &|_| Sifted::Unknown).await
    }

    /// The same without those that are not wanted.
    pub async fn next_wanted(
        &mut self,
        env: &Env,
        batch: &mut TupleBatch,
        sift: &dyn Fn(&[u8]) -> Sifted,
    ) -> Result<bool> {
        batch.clear();
        while self.next < self.end {
            env.cx.check_for_interrupts()?;
            self.page = None;
            let pin = self.rel.page_by(env, self.next, self.ring.as_deref()).await?;
            self.next = BlockNumber(self.next.0 + 1);
            prune::prune_opt(env, &self.rel, &pin).await?;
            judge_all(env, &self.rel, &pin, &self.snapshot, batch, sift).await?;
            self.page = Some(pin);
            env.cx.end_step().await;
            let seen = batch.len() + batch.refused;
            if seen > 0 {
                env.stats.count(self.rel.oid, TableCounter::SeqTupRead, seen as i64);
            }
            if !batch.is_empty() {
                return Ok(true);
            }
        }
        self.page = None;
        Ok(false)
    }
}

/// Fills the batch with the visible versions of a page.
pub(super) async fn judge_all(
    env: &Env,
    rel: &Rel,
    pin: &Pin,
    snapshot: &Snapshot,
    batch: &mut TupleBatch,
    sift: &dyn Fn(&[u8]) -> Sifted,
) -> Result<()> {
    let _guard = pin.lock(&env.cx, LwMode::Shared).await;
    batch.clear();
    while let Err(needs) = judge_page(env, rel, pin, snapshot, batch, sift) {
        batch.clear();
        env.txns.fetch(&env.cx, needs).await?;
    }
    Ok(())
}

/// Judges all versions of a page: the visible ones go into the batch, hints into the headers.
fn judge_page(
    env: &Env,
    rel: &Rel,
    pin: &Pin,
    snapshot: &Snapshot,
    batch: &mut TupleBatch,
    sift: &dyn Fn(&[u8]) -> Sifted,
) -> Result<(), Needs> {
    let block = pin.block();
    let ask = Statuses::of(env);
    let mut hints: Vec<(OffsetNumber, u16)> = Vec::new();
    pin.read(|bytes| {
        // On a standby the flag may be ahead of the snapshot.
        let all_visible = page::has_flag(bytes, page::PD_ALL_VISIBLE) && !env.txns.procs.in_recovery();
        for offset in page::offsets(bytes) {
            let Some(version) = page::heap_tuple(bytes, offset) else { continue };
            let Some(header) = HeapTupleHeader::read(version) else { continue };
            if !all_visible {
                let sees = visibility::satisfies_mvcc(&header, snapshot, &ask)?;
                if sees.hints != 0 {
                    hints.push((offset, visibility::allowed_hints(&header, sees.hints, page::lsn(bytes), env)));
                }
                if !sees.visible {
                    continue;
                }
            }
            match sift(version) {
                Sifted::Refused => batch.refused += 1,
                sifted => {
                    batch.push(Tid::new(block, offset), version);
                    batch.sure.push(sifted == Sifted::Passed);
                }
            }
        }
        Ok(())
    })?;
    note_hints(env, rel, pin, &hints);
    Ok(())
}

/// Notes in the headers what pg_xact said. It needs no record: whoever loses it looks it up again.
pub(super) fn note_hints(env: &Env, rel: &Rel, pin: &Pin, hints: &[(OffsetNumber, u16)]) {
    let block = pin.block();
    for (offset, bits) in hints.iter().filter(|(_, bits)| *bits != 0) {
        let changed = pin.modify(|bytes| set_hint(bytes, *offset, *bits));
        if let Some((before, after)) = changed {
            pin.mark_dirty(&env.cx);
            env.cx.emit(Event::HintBits { rel: rel.file, tid: Tid::new(block, *offset), before, after });
        }
    }
}

fn set_hint(bytes: &mut PageBytes, offset: OffsetNumber, bits: u16) -> Option<(u16, u16)> {
    let version = page::heap_tuple_mut(bytes, offset)?;
    let before = tuple::infomask(version);
    let frozen = before & HEAP_XMIN_FROZEN == HEAP_XMIN_FROZEN;
    let after = before | if frozen { bits & !HEAP_XMIN_FROZEN } else { bits };
    tuple::set_infomask(version, after);
    (after != before).then_some((before, after))
}

/// One version by its place, if the snapshot sees it; it comes in the batch.
pub async fn fetch(env: &Env, rel: &Rel, tid: Tid, snapshot: &Snapshot, batch: &mut TupleBatch) -> Result<bool> {
    batch.clear();
    if tid.block >= rel.blocks(env, Fork::Main) {
        return Ok(false);
    }
    let pin = rel.page(env, Fork::Main, tid.block).await?;
    let _guard = pin.lock(&env.cx, LwMode::Shared).await;
    while let Err(needs) = judge_one(env, rel, &pin, tid, snapshot, batch) {
        env.txns.fetch(&env.cx, needs).await?;
    }
    Ok(!batch.is_empty())
}

fn judge_one(
    env: &Env,
    rel: &Rel,
    pin: &Pin,
    tid: Tid,
    snapshot: &Snapshot,
    batch: &mut TupleBatch,
) -> Result<(), Needs> {
    let ask = Statuses::of(env);
    let hints = pin.read(|bytes| {
        let Some(version) = page::heap_tuple(bytes, tid.offset) else { return Ok(0) };
        let Some(header) = HeapTupleHeader::read(version) else { return Ok(0) };
        let sees = visibility::satisfies_mvcc(&header, snapshot, &ask)?;
        if sees.visible {
            batch.push(tid, version);
        }
        Ok(visibility::allowed_hints(&header, sees.hints, page::lsn(bytes), env))
    })?;
    note_hints(env, rel, pin, &[(tid.offset, hints)]);
    Ok(())
}
