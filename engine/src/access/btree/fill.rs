//! The first keys of an index: those of all rows of its table that somebody may look for.
//!
//! An entry names the root of a HOT chain, with the key of the version that lives. Versions that have ended, but that some
//! snapshot may still see, get entries as well, so that such a snapshot may use the index; unless they are members of a HOT
//! chain whose later versions may have other keys. Then the index must not be used by those who need the older version.
//!
//! PostgreSQL: `heapam_index_build_range_scan` in `access/heap/heapam_handler.c`.

use super::build::{Spool, build};
use super::index::Index;
use crate::access::prune::{self, Judged};
use crate::access::visibility::Vacuumable;
use crate::access::{Env, Rel, toast};
use crate::ids::{BlockNumber, Fork, OffsetNumber, Result, Tid, Xid};
use crate::storage::tuple::{self, HEAP_HASEXTERNAL, HeapTupleHeader};
use crate::storage::{PageBytes, page};
use crate::world::LwMode;

/// What the scan of the table has found.
#[derive(Clone, Copy, Default, PartialEq, Debug)]
pub struct BuildStats {
    /// Rows of the table, for `reltuples`.
    pub heap_tuples: f64,
    /// Entries of the index.
    pub index_tuples: f64,
    /// Some HOT chain has versions with other keys than their entry; `indcheckxmin`.
    pub broken_hot_chain: bool,
}

/// `btbuild`: builds an index of the rows of a table, which the caller has locked against changes.
pub async fn build_index(env: &Env, index: &Index, heap: &Rel) -> Result<BuildStats> {
    let mut spool = Spool::new(env, index);
    let mut stats = BuildStats::default();
    let horizon = env.txns.procs.oldest_xmin();
    for block in (0..heap.blocks(env, Fork::Main).0).map(BlockNumber) {
        env.cx.check_for_interrupts()?;
        let pin = heap.page(env, Fork::Main, block).await?;
        let guard = pin.lock(&env.cx, LwMode::Shared).await;
        let judged = loop {
            match prune::judge_all(env, heap, &pin, horizon) {
                Ok(judged) => break judged,
                Err(needs) => env.txns.fetch(&env.cx, needs).await?,
            }
        };
        let is_own = |xid| env.xact.borrow().is_current(xid);
        let mut elsewhere = Vec::new();
        pin.read(|bytes| add_page(bytes, block, &judged, &is_own, &mut spool, &mut stats, &mut elsewhere))?;
        drop(guard);
        for (row, tid, alive) in elsewhere {
            spool.add(&toast::flat(env, heap, &row).await?, tid, alive)?;
        }
        spool.settle(env).await?;
        env.cx.end_step().await;
    }
    stats.index_tuples = spool.count() as f64;
    build(env, spool).await?;
    Ok(stats)
}

/// A row, where it lies, and whether it lives.
type Found = (Vec<u8>, Tid, bool);

/// Adds the rows of a page; those with values that lie elsewhere are only noted.
fn add_page(
    bytes: &PageBytes,
    block: BlockNumber,
    judged: &[Judged],
    is_own: &dyn Fn(Xid) -> bool,
    spool: &mut Spool,
    stats: &mut BuildStats,
    elsewhere: &mut Vec<Found>,
) -> Result<()> {
    let roots = roots(bytes, judged);
    for Judged { offset, header, verdict, update_xid } in judged {
        let ended_by_own = is_own(*update_xid);
        let alive = match verdict {
            Vacuumable::Dead => continue,
            Vacuumable::Live | Vacuumable::InsertInProgress => true,
            Vacuumable::RecentlyDead => false,
            // Somebody else's deletion may yet fail.
            Vacuumable::DeleteInProgress => !ended_by_own,
        };
        if !alive && header.is_hot_updated() {
            stats.broken_hot_chain = true;
            continue;
        }
        stats.heap_tuples += f64::from(u8::from(alive));
        let root = if header.is_heap_only() { roots[usize::from(*offset)] } else { *offset };
        if let Some(row) = page::heap_tuple(bytes, *offset).filter(|_| root > 0) {
            if tuple::infomask(row) & HEAP_HASEXTERNAL != 0 {
                elsewhere.push((row.to_vec(), Tid::new(block, root), alive));
                continue;
            }
            spool.add(row, Tid::new(block, root), alive)?;
        }
    }
    Ok(())
}

/// `heap_get_root_tuples`: for each member of a HOT chain the line pointer that entries name; 0 if there is none.
fn roots(bytes: &PageBytes, judged: &[Judged]) -> Vec<OffsetNumber> {
    let mut roots = vec![0; usize::from(page::max_offset(bytes)) + 1];
    let mut ends = vec![Xid::INVALID; roots.len()];
    judged.iter().for_each(|version| ends[usize::from(version.offset)] = version.update_xid);
    for root in page::offsets(bytes) {
        let id = page::item_id(bytes, root);
        let header = |offset| page::heap_tuple(bytes, offset).and_then(HeapTupleHeader::read);
        let (mut at, mut xmax) = match header(root) {
            Some(first) if !first.is_heap_only() && first.is_hot_updated() => {
                (first.ctid.offset, ends[usize::from(root)])
            }
            None if id.is_redirected() => (id.off(), Xid::INVALID),
            _ => continue,
        };
        while let Some(member) = header(at) {
            let unlinked = xmax.is_valid() && member.xmin != xmax;
            if unlinked || roots[usize::from(at)] != 0 {
                break;
            }
            roots[usize::from(at)] = root;
            if !member.is_hot_updated() {
                break;
            }
            (at, xmax) = (member.ctid.offset, ends[usize::from(at)]);
        }
    }
    roots
}
