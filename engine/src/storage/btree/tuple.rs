//! An index tuple: eight bytes of header, a null bitmap if there are nulls, the key columns.
//!
//! ```text
//!   0        6       8          16 or 8
//!   | t_tid  | t_info | bitmap, 4 bytes, if any | columns ...                       leaf: t_tid is the row's place
//!   | block, natts | flags | ...                | columns that are left ... | TID | pivot: t_tid is the downlink
//!   | offset, count | ...                       | columns | TID TID TID ...        posting list: many rows of one key
//! ```
//!
//! `t_info`: 13 bits size, then 0x2000 "t_tid is used otherwise", 0x4000 a column of variable width, 0x8000 nulls.
//! With 0x2000 the upper four bits of t_tid's line pointer number tell a pivot tuple (0x1000: a heap TID comes at its
//! end) from a posting list (0x2000), and the other twelve bits count columns or TIDs.

use super::super::bytes::{get_u16, put_u16};
use super::super::max_align;
use crate::ids::{BlockNumber, OffsetNumber, Tid};

/// `sizeof(IndexTupleData)`
pub const SIZE_OF_HEADER: usize = 8;
/// `INDEX_MAX_KEYS`
pub const INDEX_MAX_KEYS: usize = 32;
/// The null bitmap has room for all of them.
const BITMAP_LEN: usize = INDEX_MAX_KEYS / 8;

const INDEX_SIZE_MASK: u16 = 0x1FFF;
const INDEX_ALT_TID_MASK: u16 = 0x2000;
/// A column of variable width.
pub const INDEX_VAR_MASK: u16 = 0x4000;
/// Some column is null.
pub const INDEX_NULL_MASK: u16 = 0x8000;

const BT_OFFSET_MASK: u16 = 0x0FFF;
const BT_PIVOT_HEAP_TID_ATTR: u16 = 0x1000;
const BT_IS_POSTING: u16 = 0x2000;

/// The size of a heap TID.
const SIZE_OF_TID: usize = 6;

/// A pivot tuple without columns: less than all. The first of each page above the leaves is one.
pub const MINUS_INFINITY: [u8; SIZE_OF_HEADER] = [0, 0, 0, 0, 0, 0, 8, 0x20];

/// Whether the header's size fits the item.
pub fn is_sane(tuple: &[u8]) -> bool {
    tuple.len() >= SIZE_OF_HEADER && (SIZE_OF_HEADER..=tuple.len()).contains(&size(tuple))
}

/// `t_info`
pub fn info(tuple: &[u8]) -> u16 {
    get_u16(tuple, 6)
}

/// `IndexTupleSize`
pub fn size(tuple: &[u8]) -> usize {
    usize::from(info(tuple) & INDEX_SIZE_MASK)
}

fn set_info(tuple: &mut [u8], size: usize, flags: u16) {
    put_u16(tuple, 6, size as u16 & INDEX_SIZE_MASK | flags);
}

/// `t_tid` as it stands there, whatever it means.
pub fn tid(tuple: &[u8]) -> Tid {
    tid_at(tuple, 0)
}

/// Writes `t_tid`.
pub fn set_tid(tuple: &mut [u8], tid: Tid) {
    put_tid(tuple, 0, tid);
}

fn tid_at(bytes: &[u8], at: usize) -> Tid {
    let half = |n: usize| get_u16(bytes, at + n);
    Tid::new(BlockNumber(u32::from(half(0)) << 16 | u32::from(half(2))), half(4))
}

fn put_tid(bytes: &mut [u8], at: usize, tid: Tid) {
    put_u16(bytes, at, (tid.block.0 >> 16) as u16);
    put_u16(bytes, at + 2, tid.block.0 as u16);
    put_u16(bytes, at + 4, tid.offset);
}

/// Whether column `at`, from 0, is null.
pub fn is_null(tuple: &[u8], at: usize) -> bool {
    info(tuple) & INDEX_NULL_MASK != 0
        && tuple.get(SIZE_OF_HEADER + at / 8).is_none_or(|bits| bits >> (at % 8) & 1 == 0)
}

/// Where the columns begin.
pub fn data_offset(info: u16) -> usize {
    if info & INDEX_NULL_MASK != 0 { max_align(SIZE_OF_HEADER + BITMAP_LEN) } else { SIZE_OF_HEADER }
}

/// `index_form_tuple`, given which columns are null and the bytes of the others, laid out from offset 0 on.
pub fn form(tid: Tid, nulls: &[bool], variable: bool, columns: &[u8]) -> Vec<u8> {
    let has_nulls = nulls.contains(&true);
    let flags = if has_nulls { INDEX_NULL_MASK } else { 0 } | if variable { INDEX_VAR_MASK } else { 0 };
    let start = data_offset(flags);
    let size = max_align(start + columns.len());
    let mut tuple = Vec::with_capacity(size + max_align(SIZE_OF_TID));
    tuple.resize(start, 0);
    if has_nulls {
        for (at, _) in nulls.iter().enumerate().filter(|(_, null)| !**null) {
            tuple[SIZE_OF_HEADER + at / 8] |= 1 << (at % 8);
        }
    }
    tuple.extend_from_slice(columns);
    tuple.resize(size, 0);
    set_tid(&mut tuple, tid);
    set_info(&mut tuple, size, flags);
    tuple
}

/// `index_truncate_tuple`: only the first columns, which end at `end` in the tuple; `variable` if one of them is of
/// variable width.
pub fn truncate(tuple: &[u8], columns: usize, end: usize, variable: bool) -> Vec<u8> {
    let nulls: Vec<bool> = (0..columns).map(|at| is_null(tuple, at)).collect();
    let start = data_offset(info(tuple)).min(end);
    form(tid(tuple), &nulls, variable, &tuple[start..end])
}

/// The tuple without its posting list, if it has one: just the key.
pub fn without_posting(tuple: &[u8]) -> Vec<u8> {
    let key = posting_offset(tuple);
    let mut copy = tuple[..key].to_vec();
    let flags = info(tuple) & !INDEX_SIZE_MASK;
    set_info(&mut copy, key, flags);
    copy
}

// --- pivot tuples --------------------------------------------------------------------------------------------------

fn is_alt(tuple: &[u8], posting: bool) -> bool {
    info(tuple) & INDEX_ALT_TID_MASK != 0 && (tid(tuple).offset & BT_IS_POSTING != 0) == posting
}

/// `BTreeTupleIsPivot`: a key that parts pages.
pub fn is_pivot(tuple: &[u8]) -> bool {
    is_alt(tuple, false)
}

/// `BTreeTupleGetNAtts`: how many columns are left; a tuple that is no pivot has all `natts`.
pub fn natts(tuple: &[u8], natts: usize) -> usize {
    if is_pivot(tuple) { usize::from(tid(tuple).offset & BT_OFFSET_MASK) } else { natts }
}

/// `BTreeTupleSetNAtts`: makes it a pivot tuple of so many columns.
pub fn set_natts(tuple: &mut [u8], natts: usize) {
    put_u16(tuple, 6, info(tuple) | INDEX_ALT_TID_MASK);
    put_u16(tuple, 4, natts as OffsetNumber);
}

/// The same, with a heap TID appended that tells it from equal keys.
pub fn append_heap_tid(tuple: &mut Vec<u8>, natts: usize, tid: Tid) {
    let size = max_align(tuple.len()) + max_align(SIZE_OF_TID);
    tuple.resize(size, 0);
    let flags = info(tuple) & !INDEX_SIZE_MASK;
    set_info(tuple, size, flags);
    set_natts(tuple, natts);
    put_u16(tuple, 4, natts as OffsetNumber | BT_PIVOT_HEAP_TID_ATTR);
    put_tid(tuple, size - SIZE_OF_TID, tid);
}

/// `BTreeTupleGetDownLink`: the child of a pivot tuple; in the high key of a half-dead page the page that goes first.
pub fn downlink(tuple: &[u8]) -> BlockNumber {
    tid(tuple).block
}

/// `BTreeTupleSetDownLink`
pub fn set_downlink(tuple: &mut [u8], child: BlockNumber) {
    let offset = tid(tuple).offset;
    set_tid(tuple, Tid::new(child, offset));
}

/// A pivot tuple without columns: the first of a page above the leaves.
pub fn minus_infinity(child: BlockNumber) -> [u8; SIZE_OF_HEADER] {
    let mut tuple = MINUS_INFINITY;
    set_downlink(&mut tuple, child);
    tuple
}

// --- heap TIDs -----------------------------------------------------------------------------------------------------

/// `BTreeTupleIsPosting`: one key, many rows.
pub fn is_posting(tuple: &[u8]) -> bool {
    is_alt(tuple, true)
}

/// Where a posting list begins, which is the size of the rest; the whole size of any other tuple.
pub fn posting_offset(tuple: &[u8]) -> usize {
    if is_posting(tuple) { (tid(tuple).block.0 as usize).min(size(tuple)) } else { size(tuple) }
}

/// The rows of a tuple that is no pivot, ascending.
pub fn heap_tids(tuple: &[u8]) -> impl DoubleEndedIterator<Item = Tid> + ExactSizeIterator {
    let posting = is_posting(tuple);
    let start = if posting { posting_offset(tuple) } else { 0 };
    let count = if posting { usize::from(tid(tuple).offset & BT_OFFSET_MASK) } else { 1 };
    let count = count.min((tuple.len() - start) / SIZE_OF_TID);
    (0..count).map(move |n| tid_at(tuple, start + n * SIZE_OF_TID))
}

/// `BTreeTupleGetHeapTID`: the first row; of a pivot tuple the TID that tells it from equal keys, if it has one.
pub fn heap_tid(tuple: &[u8]) -> Option<Tid> {
    if !is_pivot(tuple) {
        return heap_tids(tuple).next();
    }
    let has_one = tid(tuple).offset & BT_PIVOT_HEAP_TID_ATTR != 0 && size(tuple) >= SIZE_OF_HEADER + SIZE_OF_TID;
    has_one.then(|| tid_at(tuple, size(tuple) - SIZE_OF_TID))
}

/// `BTreeTupleGetMaxHeapTID`: the last row of a tuple that is no pivot.
pub fn max_heap_tid(tuple: &[u8]) -> Tid {
    heap_tids(tuple).next_back().unwrap_or_default()
}

/// `_bt_form_posting`: the tuple's key with these rows, ascending. One row alone makes a plain tuple.
pub fn form_posting(base: &[u8], tids: &[Tid]) -> Vec<u8> {
    let key = posting_offset(base);
    let flags = info(base) & !(INDEX_SIZE_MASK | INDEX_ALT_TID_MASK);
    let mut tuple = base[..key].to_vec();
    if let [only] = tids {
        set_info(&mut tuple, key, flags);
        set_tid(&mut tuple, *only);
        return tuple;
    }
    let size = max_align(key + tids.len() * SIZE_OF_TID);
    tuple.resize(size, 0);
    set_info(&mut tuple, size, flags | INDEX_ALT_TID_MASK);
    set_tid(&mut tuple, Tid::new(BlockNumber(key as u32), tids.len() as OffsetNumber | BT_IS_POSTING));
    for (n, tid) in tids.iter().enumerate() {
        put_tid(&mut tuple, key + n * SIZE_OF_TID, *tid);
    }
    tuple
}
