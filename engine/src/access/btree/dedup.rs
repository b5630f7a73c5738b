//! Equal keys share one tuple: deduplication.
//!
//! ```text
//!   before   │ k→(0,1) │ k→(0,7) │ k→(2,3) │ m→(1,1) │        after   │ k→(0,1)(0,7)(2,3) │ m→(1,1) │
//! ```
//!
//! It is put off until a leaf would have to be split for a new tuple: then all runs of equal keys become posting lists, of
//! a sixth of a page at most. A row whose TID lies within a list swaps places with the list's last one, which is inserted
//! behind it as a tuple of its own (*posting list split*): the list keeps its size.
//!
//! Only keys that are the same bytes if they are equal may share; 1.0 and 1.00 must not. On a page full of one value the
//! last tuples stay as they are, so that the split that is to come leaves a full page on the left.
//!
//! PostgreSQL: `nbtdedup.c`.

use super::compare::SearchKey;
use super::compare::{compare, keep_natts_fast};
use super::index::Index;
use super::page::{Locked, Tree};
use super::split::push;
use crate::ids::{BLCKSZ, OffsetNumber, Result, Tid};
use crate::storage::btree::*;
use crate::storage::page::{self, SIZE_OF_ITEM_ID, SIZE_OF_PAGE_HEADER};
use crate::storage::{PageBytes, max_align};
use crate::wal::btree_records::*;

/// The size of an `ItemPointerData`.
const SIZE_OF_TID: usize = 6;
/// No posting list grows beyond this on a page,
const MAX_POSTING_SIZE: usize = BT_MAX_ITEM_SIZE / 2;
/// nor beyond this in an index that is built.
pub(super) const MAX_BUILT_POSTING_SIZE: usize = ((BLCKSZ * 10 / 100) & !7) - SIZE_OF_ITEM_ID;

/// Tuples that will share one; `BTDedupState`.
pub(super) struct Pending {
    base: Vec<u8>,
    tids: Vec<Tid>,
    /// How many tuples they were.
    items: u16,
    max_size: usize,
}

impl Pending {
    /// Begins with a tuple, plain or a list already.
    pub(super) fn start(base: &[u8], max_size: usize) -> Pending {
        Pending { base: base.to_vec(), tids: tuple::heap_tids(base).collect(), items: 1, max_size }
    }

    /// `_bt_dedup_save_htid`: adds a tuple of the same key, if the list does not become too long.
    pub(super) fn add(&mut self, item: &[u8]) -> bool {
        let count = self.tids.len() + tuple::heap_tids(item).len();
        if max_align(tuple::posting_offset(&self.base) + count * SIZE_OF_TID) > self.max_size {
            return false;
        }
        self.tids.extend(tuple::heap_tids(item));
        self.items += 1;
        true
    }

    /// `_bt_dedup_finish_pending`: the tuple that takes their place, and how much of it is list, if it is a new one.
    pub(super) fn finish(&self) -> (Vec<u8>, usize) {
        if self.items == 1 {
            return (self.base.clone(), 0);
        }
        let list = tuple::form_posting(&self.base, &self.tids);
        let extra = tuple::size(&list) - tuple::posting_offset(&list);
        (list, extra)
    }

    pub(super) fn has_key_of(&self, index: &Index, item: &[u8]) -> Result<bool> {
        Ok(keep_natts_fast(index, &self.base, item)? > index.natts())
    }

    /// A list that stopped growing because it is long enough.
    fn is_long(&self) -> bool {
        self.tids.len() > 50
    }
}

/// A leaf after deduplication, and which tuples have become lists: the first of each and how many.
type Deduplicated = (Box<PageBytes>, Vec<(OffsetNumber, u16)>);

/// `_bt_dedup_pass`'s arithmetic. `one_value` keeps the last tuples apart, for a new tuple of `new_size`.
fn deduplicate(index: &Index, old: &PageBytes, one_value: bool, new_size: usize) -> Result<Deduplicated> {
    let links = opaque(old);
    let mut page = start_copy(old)?;
    let (mut intervals, mut max_size, mut merging, mut long) = (Vec::new(), MAX_POSTING_SIZE, true, 0);
    let mut pending: Option<(OffsetNumber, Pending)> = None;
    for offset in links.first_data_key()..=page::max_offset(old) {
        let item = index_tuple(old, offset);
        if let Some((_, run)) = &mut pending {
            let same = merging && run.has_key_of(index, item)?;
            if same && run.add(item) {
                continue;
            }
            long += u32::from(same && run.is_long());
        }
        flush(&mut page, pending.take(), &mut intervals)?;
        // Five lists of the full length leave room for a sixth, shorter one, and then for plain tuples.
        if one_value && merging && long == 5 {
            max_size = max_size.saturating_sub(single_value_reserve(new_size));
        } else if one_value && long == 6 {
            merging = false;
        }
        pending = Some((offset, Pending::start(item, max_size)));
    }
    flush(&mut page, pending, &mut intervals)?;
    Ok((page, intervals))
}

/// `btree_xlog_dedup`: the same by what a record says of it.
pub(in crate::access) fn deduplicate_again(
    old: &PageBytes,
    intervals: &[(OffsetNumber, u16)],
) -> Result<Box<PageBytes>> {
    let mut page = start_copy(old)?;
    let mut pending: Option<(OffsetNumber, Pending)> = None;
    for offset in opaque(old).first_data_key()..=page::max_offset(old) {
        let item = index_tuple(old, offset);
        if let Some((base, run)) = &mut pending {
            let wanted = intervals.iter().find(|(first, _)| first == base).map_or(1, |(_, items)| *items);
            if run.items < wanted && run.add(item) {
                continue;
            }
        }
        flush(&mut page, pending.take(), &mut Vec::new())?;
        pending = Some((offset, Pending::start(item, BT_MAX_ITEM_SIZE)));
    }
    flush(&mut page, pending, &mut Vec::new())?;
    Ok(page)
}

fn start_copy(old: &PageBytes) -> Result<Box<PageBytes>> {
    let mut page = Box::new([0; BLCKSZ]);
    let links = opaque(old);
    init(&mut page, &Opaque { flags: links.flags & !BTP_HAS_GARBAGE, ..links });
    page::set_lsn(&mut page, page::lsn(old));
    if !links.is_rightmost() {
        push(&mut page, index_tuple(old, P_HIKEY))?;
    }
    Ok(page)
}

fn flush(
    page: &mut PageBytes,
    pending: Option<(OffsetNumber, Pending)>,
    intervals: &mut Vec<(OffsetNumber, u16)>,
) -> Result<()> {
    let Some((offset, run)) = pending else { return Ok(()) };
    if run.items > 1 {
        intervals.push((offset, run.items));
    }
    push(page, &run.finish().0)
}

/// `_bt_singleval_fillfactor`: how much shorter the sixth list is, as the split will want it.
fn single_value_reserve(new_size: usize) -> usize {
    let left = BLCKSZ - SIZE_OF_PAGE_HEADER - SIZE_OF_OPAQUE - (new_size + max_align(SIZE_OF_TID));
    (left as f64 * ((100 - BTREE_SINGLEVAL_FILLFACTOR) as f64 / 100.0)) as usize
}

/// A row that belongs within a posting list: the list with it, and the tuple of the row that has to leave it instead.
pub(in crate::access) struct Swapped {
    /// Where the list is; the tuple goes behind it.
    pub(in crate::access) offset: OffsetNumber,
    /// The place in the list.
    pub(in crate::access) place: u16,
    /// The tuple as it came.
    pub(in crate::access) original: Vec<u8>,
    pub(in crate::access) list: Vec<u8>,
    pub(in crate::access) item: Vec<u8>,
}

/// `_bt_swap_posting`
pub(in crate::access) fn swap(list: &[u8], offset: OffsetNumber, place: u16, item: &[u8]) -> Option<Swapped> {
    let mut tids: Vec<Tid> = tuple::heap_tids(list).collect();
    if !tuple::is_posting(list) || place == 0 || usize::from(place) >= tids.len() {
        return None;
    }
    let last = tids.pop()?;
    tids.insert(usize::from(place), tuple::tid(item));
    let mut swapped = item.to_vec();
    tuple::set_tid(&mut swapped, last);
    Some(Swapped { offset, place, original: item.to_vec(), list: tuple::form_posting(list, &tids), item: swapped })
}

impl Tree<'_> {
    /// `_bt_binsrch_posting`: the posting list at the place found for a new tuple, if the row belongs within it. An error if
    /// that list is dead, which the caller then has removed.
    pub(super) fn find_list(
        &self,
        page: &Locked,
        key: &SearchKey,
        offset: OffsetNumber,
        item: &[u8],
    ) -> Result<Option<Swapped>> {
        let bytes = page.pin.bytes();
        if offset > page::max_offset(&bytes) {
            return Ok(None);
        }
        let list = index_tuple(&bytes, offset);
        if !tuple::is_posting(list) || compare(self.index, key, &bytes, offset)?.is_ne() {
            return Ok(None);
        }
        let own = tuple::tid(item);
        let place = tuple::heap_tids(list).filter(|tid| *tid < own).count() as u16;
        swap(list, offset, place, item).map(Some).ok_or_else(|| self.index.corrupt("a row has two entries"))
    }

    /// `_bt_dedup_pass`: merges what can be merged on a leaf.
    pub(super) async fn dedup_pass(&self, page: &Locked, new: &[u8], buy_time: bool) -> Result<()> {
        let (merged, intervals) = page.pin.read(|bytes| {
            let equals =
                |offset| Ok(keep_natts_fast(self.index, new, index_tuple(bytes, offset))? > self.index.natts());
            let one_value = !buy_time && equals(opaque(bytes).first_data_key())? && equals(page::max_offset(bytes))?;
            deduplicate(self.index, bytes, one_value, max_align(new.len()) + SIZE_OF_ITEM_ID)
        })?;
        if intervals.is_empty() {
            return Ok(());
        }
        let data = encode_intervals(&intervals);
        self.make_room(1, data.len()).await?;
        page.pin.modify(|bytes| *bytes = *merged);
        let end = {
            let bytes = page.pin.bytes();
            let main = BtreeRecord::Dedup(intervals.len() as u16).encode();
            self.env.log(&self.record(XLOG_BTREE_DEDUP, &main).block(self.block_ref(0, &page.pin, &bytes, &data)))
        };
        self.stamp(&[&page.pin], end);
        Ok(())
    }
}
