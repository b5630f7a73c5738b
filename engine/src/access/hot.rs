//! From an index entry to a row: along a HOT chain.
//!
//! An entry names a line pointer. That may lead on, as a redirect, and the version there may have been replaced by another
//! one on the same page that no entry names:
//!
//! ```text
//!   entry ──► lp 1 ── redirect ──► lp 4: xmin 740, xmax 745 ──ctid──► lp 2: xmin 745    at most one is visible
//! ```
//!
//! If every version of a chain is dead to everyone, the entry will never lead to anything again; whoever sees that marks it.
//!
//! PostgreSQL: `heap_hot_search_buffer`, `heap_index_delete_tuples` in `access/heap/heapam.c`.

use super::visibility::{self, Rival, Statuses, Vacuumable};
use super::{Env, Rel, TupleBatch, prune, scan};
use crate::buffer::Pin;
use crate::ids::{Fork, OffsetNumber, Result, Tid, Xid};
use crate::storage::tuple::*;
use crate::storage::{PageBytes, page};
use crate::txn::{Needs, Snapshot};
use crate::world::LwMode;

/// What an index entry leads to for a snapshot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fetched {
    /// A version that is visible.
    Found,
    /// None; `dead` if nobody will ever see one.
    Gone {
        /// All versions are dead to everyone.
        dead: bool,
    },
}

/// What an index entry leads to as things are now, for a uniqueness check.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Dirty {
    /// A row that lives, in this version.
    Live(Tid),
    /// A row that a running transaction adds or ends.
    Pending(Tid, Rival),
    /// No living row.
    Gone { dead: bool },
}

/// Goes along the chain that begins at a line pointer, and hands each version to `judge` until that says that it is the
/// one. `judge` completes the header by the hints that it has found. Returns what `judge` had to say, and whether all
/// versions before are dead to everyone.
fn walk<T>(
    env: &Env,
    bytes: &PageBytes,
    root: OffsetNumber,
    mut judge: impl FnMut(OffsetNumber, &[u8], &mut HeapTupleHeader) -> Result<Option<T>, Needs>,
) -> Result<(Option<T>, bool), Needs> {
    let id = page::item_id(bytes, root);
    let mut at = if id.is_redirected() { id.off() } else { root };
    let (mut prior_xmax, mut all_dead, mut steps) = (Xid::INVALID, true, 0);
    while let Some(version) = page::heap_tuple(bytes, at) {
        let Some(mut header) = HeapTupleHeader::read(version) else { break };
        // A line pointer that was used again, or bytes that lead in a circle.
        let first = at == root && header.is_heap_only();
        let unlinked = prior_xmax.is_valid() && header.xmin != prior_xmax;
        if first || unlinked || steps > page::MAX_HEAP_TUPLES_PER_PAGE {
            break;
        }
        if let Some(found) = judge(at, version, &mut header)? {
            return Ok((Some(found), false));
        }
        all_dead &= is_surely_dead(env, &header);
        if !header.is_hot_updated() {
            break;
        }
        (prior_xmax, at, steps) = (Statuses::of(env).update_xid(&header)?, header.ctid.offset, steps + 1);
    }
    Ok((None, all_dead))
}

/// `HeapTupleIsSurelyDead`: by what the header says alone.
fn is_surely_dead(env: &Env, header: &HeapTupleHeader) -> bool {
    if !header.xmin_committed() {
        return header.xmin_invalid();
    }
    let ended = header.has(HEAP_XMAX_COMMITTED) && !header.has(HEAP_XMAX_INVALID) && !header.has(HEAP_XMAX_IS_MULTI);
    ended && !header.xmax_is_locked_only() && header.xmax.precedes(env.txns.procs.oldest_xmin())
}

/// Locks the page of a row, and looks until pg_xact has all that it takes.
async fn look<T>(
    env: &Env,
    rel: &Rel,
    pin: &Pin,
    mut look: impl FnMut(&Pin, &mut Vec<(OffsetNumber, u16)>) -> Result<T, Needs>,
) -> Result<T> {
    let _guard = pin.lock(&env.cx, LwMode::Shared).await;
    let mut hints = Vec::new();
    loop {
        match look(pin, &mut hints) {
            Ok(found) => {
                scan::note_hints(env, rel, pin, &hints);
                return Ok(found);
            }
            Err(needs) => env.txns.fetch(&env.cx, needs).await?,
        }
        hints.clear();
    }
}

/// The page of a row, if the table is that long.
async fn page_of(env: &Env, rel: &Rel, tid: Tid) -> Result<Option<Pin>> {
    if tid.block >= rel.blocks(env, Fork::Main) {
        return Ok(None);
    }
    rel.page(env, Fork::Main, tid.block).await.map(Some)
}

/// Fetching rows that index entries name. The page of the last one stays pinned: the next row may be on it.
#[derive(Default)]
pub struct RowFetch {
    pin: Option<Pin>,
}

impl RowFetch {
    /// The version that the snapshot sees of the row that an index entry names; it is appended to the batch.
    pub async fn fetch(
        &mut self,
        env: &Env,
        rel: &Rel,
        tid: Tid,
        snapshot: &Snapshot,
        batch: &mut TupleBatch,
    ) -> Result<Fetched> {
        if self.pin.as_ref().is_none_or(|pin| pin.block() != tid.block) {
            self.pin = None;
            let Some(pin) = page_of(env, rel, tid).await? else { return Ok(Fetched::Gone { dead: true }) };
            prune::prune_opt(env, rel, &pin).await?;
            self.pin = Some(pin);
        }
        let Some(pin) = &self.pin else { return Ok(Fetched::Gone { dead: true }) };
        look(env, rel, pin, |pin, hints| visible_version(env, pin, tid, snapshot, batch, hints)).await
    }

    /// Lets go of the page.
    pub fn release(&mut self) {
        self.pin = None;
    }
}

/// The same of several rows of a page.
pub(super) async fn fetch_all(
    env: &Env,
    rel: &Rel,
    pin: &Pin,
    tids: &[Tid],
    snapshot: &Snapshot,
    batch: &mut TupleBatch,
) -> Result<()> {
    look(env, rel, pin, |pin, hints| {
        batch.clear();
        tids.iter().try_for_each(|tid| visible_version(env, pin, *tid, snapshot, batch, hints).map(|_| ()))
    })
    .await
}

fn visible_version(
    env: &Env,
    pin: &Pin,
    tid: Tid,
    snapshot: &Snapshot,
    batch: &mut TupleBatch,
    hints: &mut Vec<(OffsetNumber, u16)>,
) -> Result<Fetched, Needs> {
    let ask = Statuses::of(env);
    let bytes = pin.bytes();
    let (found, dead) = walk(env, &bytes, tid.offset, |at, _, header| {
        let sees = visibility::satisfies_mvcc(header, snapshot, &ask)?;
        let allowed = visibility::allowed_hints(header, sees.hints, page::lsn(&bytes), env);
        header.infomask |= allowed;
        hints.push((at, allowed));
        Ok(sees.visible.then_some(at))
    })?;
    let version = found.and_then(|at| page::heap_tuple(&bytes, at).map(|version| (at, version)));
    let Some((at, version)) = version else { return Ok(Fetched::Gone { dead }) };
    batch.push(Tid::new(tid.block, at), version);
    Ok(Fetched::Found)
}

/// What has become of the row that an index entry names.
pub(super) async fn fetch_dirty(env: &Env, rel: &Rel, tid: Tid) -> Result<Dirty> {
    let Some(pin) = page_of(env, rel, tid).await? else { return Ok(Dirty::Gone { dead: true }) };
    look(env, rel, &pin, |pin, hints| {
        let ask = Statuses::of(env);
        let bytes = pin.bytes();
        let (found, dead) = walk(env, &bytes, tid.offset, |at, _, header| {
            let (dirty, bits) = visibility::satisfies_dirty(header, &ask)?;
            let allowed = visibility::allowed_hints(header, bits, page::lsn(&bytes), env);
            header.infomask |= allowed;
            hints.push((at, allowed));
            Ok(dirty.map(|rival| (Tid::new(tid.block, at), rival)))
        })?;
        Ok(match found {
            None => Dirty::Gone { dead },
            Some((version, None)) => Dirty::Live(version),
            Some((version, Some(rival))) => Dirty::Pending(version, rival),
        })
    })
    .await
}

/// Whether an index entry may go, because every version that it leads to is dead to everyone; `known` if that was found
/// out before. If it may, `latest` becomes the youngest transaction that ended one of them, if that is younger.
pub(super) async fn may_go(env: &Env, rel: &Rel, tid: Tid, known: bool, latest: &mut Xid) -> Result<bool> {
    let horizon = env.txns.procs.oldest_xmin();
    let Some(pin) = page_of(env, rel, tid).await? else { return Ok(true) };
    let found = look(env, rel, &pin, |pin, hints| {
        let ask = Statuses::of(env);
        let bytes = pin.bytes();
        let mut youngest = *latest;
        let (alive, _) = walk(env, &bytes, tid.offset, |at, _, header| {
            let (verdict, bits) = visibility::satisfies_vacuum(header, horizon, &ask)?;
            let allowed = visibility::allowed_hints(header, bits, page::lsn(&bytes), env);
            header.infomask |= allowed;
            hints.push((at, allowed));
            prune::note_removed(header, ask.update_xid(header)?, &mut youngest);
            Ok((!known && verdict != Vacuumable::Dead).then_some(()))
        })?;
        Ok(alive.is_none().then_some(youngest))
    });
    let youngest = found.await?;
    *latest = youngest.unwrap_or(*latest);
    Ok(youngest.is_some())
}
