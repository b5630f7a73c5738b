//! Bottom-up deletion: versions of rows that an UPDATE has left in an index whose own columns did not change.
//!
//! ```text
//!   UPDATE t SET n = n + 1, again and again; an index on k
//!
//!   leaf   │ k→(0,1) k→(0,9) k→(3,4) │ m→(1,1) │ ...      one row, three versions: two of them surely old
//!            └── equal keys: promising ──┘
//! ```
//!
//! When such a version finds no room on its leaf, and nothing there is marked dead, the table is asked: are entries dead
//! to everybody? Asking costs a page of the table each time, so it is asked where most is to be hoped for, six pages at
//! most, and no further when a page gave nothing or enough is free. Entries with a neighbour of the same key are promising:
//! rows seldom share a key in such an index, versions of a row do. Of a posting list at most one is, its first or its
//! last, on the page that most of its rows are on.
//!
//! So an index whose rows are only updated keeps its size, as long as nobody holds the old versions back.
//!
//! PostgreSQL: `_bt_bottomupdel_pass` in `nbtdedup.c`, `heap_index_delete_tuples`, `bottomup_sort_and_shrink` in
//! `access/heap/heapam.c`.

use super::dedup::Pending;
use super::delete::note_gone;
use super::index::Index;
use super::page::{Locked, Tree};
use crate::access::{Rel, hot};
use crate::ids::{BLCKSZ, BlockNumber, OffsetNumber, Result, Tid, Xid};
use crate::small;
use crate::storage::PageBytes;
use crate::storage::btree::*;
use crate::storage::page::{self, SIZE_OF_ITEM_ID};
use crate::wal::btree_records::*;

/// `BOTTOMUP_MAX_NBLOCKS`: so many pages of the table are looked at.
const MAX_BLOCKS: usize = 6;
/// `BOTTOMUP_TOLERANCE_NBLOCKS`: pages that lie no farther apart are as good as neighbours.
const TOLERANCE: u32 = 3;
/// The size of an `ItemPointerData`.
const SIZE_OF_TID: usize = 6;

/// An entry that may go, or one row of a posting list; `TM_IndexDelete` and `TM_IndexStatus`.
struct Candidate {
    tid: Tid,
    offset: OffsetNumber,
    /// Which of the posting list.
    n: u16,
    promising: bool,
    /// What its going would free.
    frees: usize,
    gone: bool,
}

/// The candidates on one page of the table; `IndexDeleteCounts`.
struct Group {
    block: BlockNumber,
    /// How many are promising, in steps of powers of two: small differences mean nothing.
    promising: u32,
    members: Vec<usize>,
}

/// All entries of a leaf, and whether two of them are equal.
fn candidates(index: &Index, bytes: &PageBytes) -> Result<(Vec<Candidate>, bool)> {
    let (mut found, mut any_equal, mut run_begins) = (Vec::new(), false, 0);
    let mut run: Option<Pending> = None;
    for offset in opaque(bytes).first_data_key()..=page::max_offset(bytes) {
        let item = index_tuple(bytes, offset);
        if let Some(run) = &mut run
            && run.has_key_of(index, item)?
            && run.add(item)
        {
            continue;
        }
        any_equal |= end_run(bytes, &mut found, run_begins, offset);
        (run_begins, run) = (offset, Some(Pending::start(item, BLCKSZ)));
    }
    any_equal |= end_run(bytes, &mut found, run_begins, page::max_offset(bytes) + 1);
    Ok((found, any_equal))
}

/// `_bt_bottomupdel_finish_pending`: entries of one key. Whether they are several.
fn end_run(bytes: &PageBytes, found: &mut Vec<Candidate>, begin: OffsetNumber, end: OffsetNumber) -> bool {
    if begin == 0 {
        return false;
    }
    let equal = end - begin > 1;
    for offset in begin..end {
        let item = index_tuple(bytes, offset);
        let tids: Vec<Tid> = tuple::heap_tids(item).collect();
        if !tuple::is_posting(item) {
            let frees = usize::from(page::item_id(bytes, offset).len()) + SIZE_OF_ITEM_ID;
            found.push(Candidate { tid: tids[0], offset, n: 0, promising: equal, frees, gone: false });
            continue;
        }
        let (last, middle) = (tids.len() - 1, tids[tids.len() / 2].block);
        let first_promises = equal && tids[0].block == middle;
        let last_promises = equal && !first_promises && tids[last].block == middle;
        for (n, tid) in tids.into_iter().enumerate() {
            let promising = first_promises && n == 0 || last_promises && n == last;
            found.push(Candidate { tid, offset, n: n as u16, promising, frees: SIZE_OF_TID, gone: false });
        }
    }
    equal
}

/// `bottomup_sort_and_shrink`: the pages of the table on which most is to be hoped for, best first.
fn best_blocks(candidates: &[Candidate]) -> Vec<Group> {
    let mut order: Vec<usize> = (0..candidates.len()).collect();
    small::sort_by_key(&mut order, |at| candidates[*at].tid);
    let mut groups: Vec<Group> = Vec::new();
    for at in order {
        let block = candidates[at].tid.block;
        if groups.last().is_none_or(|group| group.block != block) {
            groups.push(Group { block, promising: 0, members: Vec::new() });
        }
        if let Some(group) = groups.last_mut() {
            group.promising += u32::from(candidates[at].promising);
            group.members.push(at);
        }
    }
    groups.iter_mut().for_each(|group| group.promising = group.promising.max(4).next_power_of_two());
    let rank = |group: &Group| (group.promising, group.members.len().next_power_of_two());
    small::sort_by(&mut groups, |a, b| rank(b).cmp(&rank(a)).then(a.block.cmp(&b.block)));
    groups.truncate(MAX_BLOCKS);
    groups
}

/// `bottomup_nblocksfavorable`: how many of the first pages lie close together: they are worth some patience.
fn neighbours(groups: &[Group]) -> usize {
    let near = |pair: &&[Group]| pair[0].block.0.abs_diff(pair[1].block.0) <= TOLERANCE;
    1 + groups.windows(2).take_while(near).count()
}

impl Tree<'_> {
    /// `_bt_bottomupdel_pass`: makes room for a tuple of this size. Whether that is enough, so that nothing has to be
    /// merged.
    pub(super) async fn delete_bottom_up(&self, heap: &Rel, page: &Locked, new_size: usize) -> Result<bool> {
        let (mut candidates, any_equal) = page.pin.read(|bytes| candidates(self.index, bytes))?;
        let latest = self.ask_table(heap, &mut candidates, new_size).await?;
        let mut deletion = BtreeDeletion::default();
        for of_one in candidates.chunk_by(|a, b| a.offset == b.offset) {
            let gone = of_one.iter().filter(|candidate| candidate.gone).map(|candidate| candidate.n).collect();
            note_gone(&mut deletion, of_one[0].offset, gone, of_one.len());
        }
        if !deletion.deleted.is_empty() || !deletion.updated.is_empty() {
            let main = BtreeRecord::Delete(latest, deletion.counts());
            self.delete_items(page, &deletion, XLOG_BTREE_DELETE, main).await?;
        }
        // Without equal keys there is nothing to merge; and little room would bring us back here soon.
        Ok(!any_equal || page.pin.read(page::exact_free_space) >= new_size.max(BLCKSZ / 24))
    }

    /// `heap_index_delete_tuples`: finds out which of them are dead to everybody, without asking for all. Returns the
    /// youngest transaction that ended one.
    async fn ask_table(&self, heap: &Rel, candidates: &mut [Candidate], new_size: usize) -> Result<Xid> {
        let groups = best_blocks(candidates);
        let patience = neighbours(&groups);
        let (mut wanted, mut freed, mut latest) = (new_size.max(BLCKSZ / 16), 0, Xid::INVALID);
        for (visited, group) in groups.iter().enumerate() {
            if visited >= patience {
                wanted /= 2;
            }
            let before = freed;
            for at in &group.members {
                let candidate = &mut candidates[*at];
                if hot::may_go(self.env, heap, candidate.tid, false, &mut latest).await? {
                    candidate.gone = true;
                    freed += candidate.frees;
                }
            }
            if freed >= wanted || freed == before {
                break;
            }
        }
        Ok(latest)
    }
}
