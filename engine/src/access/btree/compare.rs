//! Where a key belongs: before or after a tuple of a page.
//!
//! A key is compared column by column, then by heap TID. Columns that a pivot tuple lacks count as minus infinity, so that
//! a key that equals all that is left of it belongs to its right. A search key may have fewer columns than the index
//! ("everything with this `a`"), and then has no TID: it stands before or, with `nextkey`, behind all that equal it.
//!
//! PostgreSQL: `_bt_compare`, `_bt_binsrch` in `nbtsearch.c`, `_bt_truncate`, `_bt_keep_natts` in `nbtutils.c`.

use std::cmp::Ordering;

use super::index::{Index, KeyColumn};
use crate::ids::{OffsetNumber, Result, Tid};
use crate::storage::btree::{self, tuple};
use crate::storage::{PageBytes, page};
use crate::types::index_key::{KeyColumns, compare_stored};

/// A key to search for; `BTScanInsertData`.
#[derive(Clone)]
pub(super) struct SearchKey {
    /// As an index tuple with at least `columns` columns.
    pub(super) tuple: Vec<u8>,
    /// How many of them count.
    pub(super) columns: usize,
    /// The tie-breaker, for finding the place of one tuple.
    pub(super) tid: Option<Tid>,
    /// The place behind all that equal the key is wanted, not the one before them.
    pub(super) nextkey: bool,
    /// The key is a page's high key: it belongs to the left of itself.
    pub(super) pivotsearch: bool,
}

impl SearchKey {
    /// `_bt_mkscankey`: for finding the place of a tuple; of a pivot tuple, with as many columns as it has.
    pub(super) fn of_tuple(index: &Index, item: &[u8]) -> SearchKey {
        SearchKey {
            tuple: item.to_vec(),
            columns: tuple::natts(item, index.natts()),
            tid: tuple::heap_tid(item),
            nextkey: false,
            pivotsearch: false,
        }
    }

    /// Whether one of the columns is null.
    pub(super) fn has_null(&self) -> bool {
        (0..self.columns).any(|at| tuple::is_null(&self.tuple, at))
    }
}

/// The order of two columns.
fn compare_columns(key: &KeyColumn, attr: &crate::types::Attr, a: Option<&[u8]>, b: Option<&[u8]>) -> Result<Ordering> {
    Ok(match (a, b) {
        (Some(a), Some(b)) if key.descending => compare_stored(attr, b, a)?,
        (Some(a), Some(b)) => compare_stored(attr, a, b)?,
        (None, None) => Ordering::Equal,
        (a, _) if a.is_none() == key.nulls_first => Ordering::Less,
        _ => Ordering::Greater,
    })
}

/// The order of the first `count` columns of two tuples.
pub(super) fn compare_tuples(index: &Index, a: &[u8], b: &[u8], count: usize) -> Result<Ordering> {
    let (mut left, mut right) = (KeyColumns::of(&index.desc, a), KeyColumns::of(&index.desc, b));
    for key in &index.keys[..count.min(index.keys.len())] {
        let (attr, a) = left.step()?;
        let (_, b) = right.step()?;
        let order = compare_columns(key, attr, a, b)?;
        if order.is_ne() {
            return Ok(order);
        }
    }
    Ok(Ordering::Equal)
}

/// `_bt_compare`: how the key stands to the tuple at a line pointer.
pub(super) fn compare(index: &Index, key: &SearchKey, bytes: &PageBytes, offset: OffsetNumber) -> Result<Ordering> {
    let links = btree::opaque(bytes);
    if !links.is_leaf() && offset == links.first_data_key() {
        // The first downlink of a page: minus infinity, whatever is written there.
        return Ok(Ordering::Greater);
    }
    let item = btree::index_tuple(bytes, offset);
    let natts = tuple::natts(item, index.natts());
    let order = compare_tuples(index, &key.tuple, item, natts.min(key.columns))?;
    if order.is_ne() || key.columns > natts {
        return Ok(order.then(Ordering::Greater));
    }
    let heap_tid = tuple::heap_tid(item);
    Ok(match (key.tid, heap_tid) {
        // A search for all of a key need not begin left of a pivot tuple that equals it but for the TID.
        (None, None) if !key.pivotsearch && key.columns == natts => Ordering::Greater,
        (None, _) => Ordering::Equal,
        (Some(_), None) => Ordering::Greater,
        (Some(tid), Some(first)) if tid <= first || !tuple::is_posting(item) => tid.cmp(&first),
        (Some(tid), _) if tid > tuple::max_heap_tid(item) => Ordering::Greater,
        _ => Ordering::Equal,
    })
}

/// `_bt_binsrch`: the first tuple of the page that the key does not stand behind. On a leaf it may be past the last one;
/// above it is the downlink to follow, the last one that the key stands behind.
pub(super) fn binary_search(index: &Index, key: &SearchKey, bytes: &PageBytes) -> Result<OffsetNumber> {
    let links = btree::opaque(bytes);
    let first = links.first_data_key();
    let (mut low, mut high) = (first, page::max_offset(bytes) + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        if is_behind(key, compare(index, key, bytes, middle)?) { low = middle + 1 } else { high = middle }
    }
    Ok(if links.is_leaf() { low.max(first) } else { low.saturating_sub(1).max(first) })
}

/// Whether a key that compares so belongs behind what it was compared with.
pub(super) fn is_behind(key: &SearchKey, order: Ordering) -> bool {
    order.is_gt() || key.nextkey && order.is_eq()
}

/// `_bt_keep_natts`: how many columns it takes to tell two neighbours apart; one more than there are if only their TIDs
/// do.
pub(super) fn keep_natts(index: &Index, last_left: &[u8], first_right: &[u8]) -> Result<usize> {
    let (mut left, mut right) = (KeyColumns::of(&index.desc, last_left), KeyColumns::of(&index.desc, first_right));
    for (at, key) in index.keys.iter().enumerate() {
        let (attr, a) = left.step()?;
        let (_, b) = right.step()?;
        if compare_columns(key, attr, a, b)?.is_ne() {
            return Ok(at + 1);
        }
    }
    Ok(index.natts() + 1)
}

/// `_bt_keep_natts_fast`: the same by the values' bytes, for choosing where to split: values that are equal and written
/// otherwise count as different.
pub(super) fn keep_natts_fast(index: &Index, last_left: &[u8], first_right: &[u8]) -> Result<usize> {
    let (mut left, mut right) = (KeyColumns::of(&index.desc, last_left), KeyColumns::of(&index.desc, first_right));
    // A high key may have fewer columns.
    let natts = tuple::natts(last_left, index.natts()).min(index.natts());
    for at in 0..natts {
        let ((_, a), (_, b)) = (left.step()?, right.step()?);
        if a != b {
            return Ok(at + 1);
        }
    }
    Ok(natts + 1)
}

/// `_bt_truncate`: the high key that parts two leaf tuples: as many columns of the right one as it takes.
pub(super) fn truncate(index: &Index, last_left: &[u8], first_right: &[u8]) -> Result<Vec<u8>> {
    let keep = keep_natts(index, last_left, first_right)?;
    let natts = index.natts();
    let mut pivot = if keep >= natts && index.included.is_empty() {
        tuple::without_posting(first_right)
    } else {
        let mut columns = KeyColumns::of(&index.desc, first_right);
        let mut variable = false;
        let kept = keep.min(natts);
        for _ in 0..kept {
            let (attr, value) = columns.step()?;
            variable |= attr.attlen < 0 && value.is_some();
        }
        tuple::truncate(first_right, kept, columns.end(), variable)
    };
    if keep <= natts {
        tuple::set_natts(&mut pivot, keep);
    } else {
        tuple::append_heap_tid(&mut pivot, natts, tuple::max_heap_tid(last_left));
    }
    Ok(pivot)
}
