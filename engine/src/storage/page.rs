//! A page: a header, line pointers that grow from the front, items that grow from the back.
//!
//! ```text
//!   0          24      pd_lower             pd_upper                 pd_special   8192
//!   +----------+--------+ -  -  -  -  -  -  +--------+------+-------+------------+
//!   | header   | 1 2 3  |   free space      | item 3 | item 2 | ... | special    |
//!   +----------+-|------+ -  -  -  -  -  -  +--------+------+-------+------------+
//!                +----- lp_off, lp_len --------------------->
//! ```
//!
//! An index or a ctid names a line pointer, never a byte. So items can be moved together ([`super::compact`]) while
//! everybody's references stay right, and a line pointer can outlive its item: as a REDIRECT to another line pointer
//! (the head of a HOT chain after pruning) or as DEAD (index entries still point here).
//!
//! The header, 24 bytes: `pd_lsn` (end of the last WAL record that changed the page; the high half first),
//! `pd_checksum`, `pd_flags`, `pd_lower`, `pd_upper`, `pd_special`, `pd_pagesize_version`, `pd_prune_xid` (oldest
//! transaction that may have left something to prune).

use super::bytes::{get_u16, get_u32, put_u16, put_u32};
use super::checksum::page_checksum;
use super::{PageBytes, max_align};
use crate::ids::{BLCKSZ, BlockNumber, Error, Lsn, OffsetNumber, Result, Xid};

pub use super::compact::{repair_fragmentation, truncate_line_pointer_array};
pub use super::item_id::{ItemId, LpFlags};

/// `SizeOfPageHeaderData`
pub const SIZE_OF_PAGE_HEADER: usize = 24;
/// The size of a line pointer.
pub const SIZE_OF_ITEM_ID: usize = 4;
/// `PG_PAGE_LAYOUT_VERSION`: of every page since version 8.3.
pub const PG_PAGE_LAYOUT_VERSION: u16 = 4;
/// `FirstOffsetNumber`
pub const FIRST_OFFSET_NUMBER: OffsetNumber = 1;
/// `MaxHeapTuplesPerPage`: how many of the smallest tuples fit, hence how many line pointers a heap page may have.
pub const MAX_HEAP_TUPLES_PER_PAGE: u16 =
    ((BLCKSZ - SIZE_OF_PAGE_HEADER) / (max_align(super::tuple::SIZE_OF_HEAP_TUPLE_HEADER) + SIZE_OF_ITEM_ID)) as u16;
/// `MaxHeapTupleSize`: the longest tuple that fits on a page of its own.
pub const MAX_HEAP_TUPLE_SIZE: usize = BLCKSZ - max_align(SIZE_OF_PAGE_HEADER + SIZE_OF_ITEM_ID);

/// Some line pointer is unused (a hint).
pub const PD_HAS_FREE_LINES: u16 = 0x0001;
/// An update found no room here (a hint).
pub const PD_PAGE_FULL: u16 = 0x0002;
/// Every tuple on the page is visible to everyone.
pub const PD_ALL_VISIBLE: u16 = 0x0004;
/// All flags that exist.
pub const PD_VALID_FLAG_BITS: u16 = 0x0007;

pub(super) const PD_CHECKSUM: usize = 8;
const PD_FLAGS: usize = 10;
const PD_LOWER: usize = 12;
const PD_UPPER: usize = 14;
const PD_SPECIAL: usize = 16;
const PD_PAGESIZE_VERSION: usize = 18;
const PD_PRUNE_XID: usize = 20;

/// The fields of a page header, read out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PageHeader {
    /// End of the last WAL record that changed the page.
    pub lsn: Lsn,
    /// 0 where checksums are off.
    pub checksum: u16,
    /// `PD_...`
    pub flags: u16,
    /// End of the line pointers.
    pub lower: u16,
    /// Begin of the items.
    pub upper: u16,
    /// End of the items.
    pub special: u16,
    /// The size that the page says it has.
    pub pagesize: u16,
    /// The layout version.
    pub version: u8,
    /// Oldest transaction that may have left something to prune.
    pub prune_xid: Xid,
}

/// The header of a page, as the SQL function `page_header` shows it.
pub fn header(page: &PageBytes) -> PageHeader {
    let size_version = get_u16(page, PD_PAGESIZE_VERSION);
    PageHeader {
        lsn: lsn(page),
        checksum: checksum(page),
        flags: flags(page),
        lower: lower(page),
        upper: upper(page),
        special: special(page),
        pagesize: size_version & 0xFF00,
        version: size_version as u8,
        prune_xid: prune_xid(page),
    }
}

/// `PageInit`: an empty page with `special_size` bytes at its end for an index's own use.
pub fn init(page: &mut PageBytes, special_size: usize) {
    page.fill(0);
    let special = (BLCKSZ - max_align(special_size)) as u16;
    set_lower(page, SIZE_OF_PAGE_HEADER as u16);
    set_upper(page, special);
    put_u16(page, PD_SPECIAL, special);
    put_u16(page, PD_PAGESIZE_VERSION, BLCKSZ as u16 | PG_PAGE_LAYOUT_VERSION);
}

/// `PageIsNew`: nobody has initialised this page; all zeros, as a file grows.
pub fn is_new(page: &PageBytes) -> bool {
    upper(page) == 0
}

/// `PageIsEmpty`: no line pointers.
pub fn is_empty(page: &PageBytes) -> bool {
    lower(page) as usize <= SIZE_OF_PAGE_HEADER
}

/// `PageGetLSN`
pub fn lsn(page: &PageBytes) -> Lsn {
    Lsn(u64::from(get_u32(page, 0)) << 32 | u64::from(get_u32(page, 4)))
}

/// `PageSetLSN`
pub fn set_lsn(page: &mut PageBytes, lsn: Lsn) {
    put_u32(page, 0, (lsn.0 >> 32) as u32);
    put_u32(page, 4, lsn.0 as u32);
}

/// `pd_checksum`
pub fn checksum(page: &PageBytes) -> u16 {
    get_u16(page, PD_CHECKSUM)
}

/// `PageSetChecksumInplace`; a new page gets none.
pub fn set_checksum(page: &mut PageBytes, block: BlockNumber) {
    if !is_new(page) {
        let sum = page_checksum(page, block);
        put_u16(page, PD_CHECKSUM, sum);
    }
}

/// `pd_flags`
pub fn flags(page: &PageBytes) -> u16 {
    get_u16(page, PD_FLAGS)
}

/// Whether one of the `PD_...` flags is set.
pub fn has_flag(page: &PageBytes, flag: u16) -> bool {
    flags(page) & flag != 0
}

/// Sets or clears one of the `PD_...` flags.
pub fn set_flag(page: &mut PageBytes, flag: u16, on: bool) {
    let others = flags(page) & !flag;
    put_u16(page, PD_FLAGS, if on { others | flag } else { others });
}

/// `pd_lower`: where the line pointers end.
pub fn lower(page: &PageBytes) -> u16 {
    get_u16(page, PD_LOWER)
}

/// Sets `pd_lower`.
pub fn set_lower(page: &mut PageBytes, lower: u16) {
    put_u16(page, PD_LOWER, lower);
}

/// `pd_upper`: where the items begin.
pub fn upper(page: &PageBytes) -> u16 {
    get_u16(page, PD_UPPER)
}

/// Sets `pd_upper`.
pub fn set_upper(page: &mut PageBytes, upper: u16) {
    put_u16(page, PD_UPPER, upper);
}

/// `pd_special`: where the items end and the space of the index begins.
pub fn special(page: &PageBytes) -> u16 {
    get_u16(page, PD_SPECIAL)
}

/// `pd_prune_xid`
pub fn prune_xid(page: &PageBytes) -> Xid {
    Xid(get_u32(page, PD_PRUNE_XID))
}

/// Sets or, with [`Xid::INVALID`], clears `pd_prune_xid`.
pub fn set_prune_xid(page: &mut PageBytes, xid: Xid) {
    put_u32(page, PD_PRUNE_XID, xid.0);
}

/// `PageSetPrunable`: `xid` may leave something to prune here; the oldest such transaction is remembered.
pub fn set_prunable(page: &mut PageBytes, xid: Xid) {
    let known = prune_xid(page);
    if !known.is_valid() || xid.precedes(known) {
        set_prune_xid(page, xid);
    }
}

/// `PageGetMaxOffsetNumber`: how many line pointers there are, never more than lie within the page.
pub fn max_offset(page: &PageBytes) -> OffsetNumber {
    let lower = usize::from(lower(page)).min(BLCKSZ);
    (lower.saturating_sub(SIZE_OF_PAGE_HEADER) / SIZE_OF_ITEM_ID) as OffsetNumber
}

/// The numbers of all line pointers, ascending.
pub fn offsets(page: &PageBytes) -> std::ops::RangeInclusive<OffsetNumber> {
    FIRST_OFFSET_NUMBER..=max_offset(page)
}

fn item_id_at(offset: OffsetNumber) -> usize {
    SIZE_OF_PAGE_HEADER + SIZE_OF_ITEM_ID * (usize::from(offset) - 1)
}

/// `PageGetItemId`; a number beyond the array gives [`ItemId::UNUSED`].
pub fn item_id(page: &PageBytes, offset: OffsetNumber) -> ItemId {
    if !(FIRST_OFFSET_NUMBER..=max_offset(page)).contains(&offset) {
        return ItemId::UNUSED;
    }
    ItemId(get_u32(page, item_id_at(offset)))
}

/// Overwrites a line pointer; a number beyond the array is ignored.
pub fn set_item_id(page: &mut PageBytes, offset: OffsetNumber, id: ItemId) {
    if (FIRST_OFFSET_NUMBER..=max_offset(page)).contains(&offset) {
        put_u32(page, item_id_at(offset), id.0);
    }
}

fn range(id: ItemId) -> Option<std::ops::Range<usize>> {
    let start = usize::from(id.off());
    let end = start + usize::from(id.len());
    (id.has_storage() && start >= SIZE_OF_PAGE_HEADER && end <= BLCKSZ).then_some(start..end)
}

/// `PageGetItem`: the bytes of an item; `None` if the line pointer has none or points out of the page.
pub fn item(page: &PageBytes, offset: OffsetNumber) -> Option<&[u8]> {
    page.get(range(item_id(page, offset))?)
}

/// The bytes of an item, to change in place.
pub fn item_mut(page: &mut PageBytes, offset: OffsetNumber) -> Option<&mut [u8]> {
    let range = range(item_id(page, offset))?;
    page.get_mut(range)
}

/// The heap tuple at a NORMAL line pointer; `None` if there is none or it is too short for a tuple header.
pub fn heap_tuple(page: &PageBytes, offset: OffsetNumber) -> Option<&[u8]> {
    let tuple = item(page, offset).filter(|_| item_id(page, offset).is_normal())?;
    (tuple.len() >= super::tuple::SIZE_OF_HEAP_TUPLE_HEADER).then_some(tuple)
}

/// The heap tuple at a NORMAL line pointer, to change in place.
pub fn heap_tuple_mut(page: &mut PageBytes, offset: OffsetNumber) -> Option<&mut [u8]> {
    heap_tuple(page, offset)?;
    item_mut(page, offset)
}

/// `PageGetExactFreeSpace`: the bytes between line pointers and items.
pub fn exact_free_space(page: &PageBytes) -> usize {
    usize::from(upper(page)).saturating_sub(usize::from(lower(page)))
}

/// `PageGetFreeSpace`: what is left for one item after its line pointer.
pub fn free_space(page: &PageBytes) -> usize {
    exact_free_space(page).saturating_sub(SIZE_OF_ITEM_ID)
}

/// `PageGetHeapFreeSpace`: as [`free_space`], and none if all line pointers that a heap page may have are taken.
pub fn heap_free_space(page: &PageBytes) -> usize {
    let full = max_offset(page) >= MAX_HEAP_TUPLES_PER_PAGE
        && !(has_flag(page, PD_HAS_FREE_LINES) && offsets(page).any(|o| !item_id(page, o).is_used()));
    if full { 0 } else { free_space(page) }
}

/// The header fields that must be in order before anything on the page may move: 24 <= lower <= upper <= special.
pub(super) fn check_pointers(page: &PageBytes) -> Result<()> {
    let (lower, upper, special) = (lower(page), upper(page), special(page));
    let in_order = SIZE_OF_PAGE_HEADER <= usize::from(lower)
        && lower <= upper
        && upper <= special
        && usize::from(special) <= BLCKSZ;
    if in_order {
        return Ok(());
    }
    Err(Error::corrupt(format!("corrupted page pointers: lower = {lower}, upper = {upper}, special = {special}")))
}

/// Where [`add_item`] should put an item.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// At the first unused line pointer, else at a new one: what a heap insert wants.
    Anywhere,
    /// At this line pointer, which must be unused or the next new one: what redo wants. `PAI_OVERWRITE`.
    Overwrite(OffsetNumber),
    /// Before this line pointer, which moves up by one with all that follow: what a B-tree wants.
    Before(OffsetNumber),
}

/// `PageAddItemExtended`: puts an item on the page and returns its line pointer's number; `None` if there is no room
/// or the place is taken. `is_heap` limits the line pointers to [`MAX_HEAP_TUPLES_PER_PAGE`].
pub fn add_item(page: &mut PageBytes, item: &[u8], place: Place, is_heap: bool) -> Result<Option<OffsetNumber>> {
    check_pointers(page)?;
    let limit = max_offset(page) + 1;
    let offset = match place {
        Place::Anywhere => first_unused(page).unwrap_or(limit),
        Place::Overwrite(offset) | Place::Before(offset) => offset,
    };
    let taken = matches!(place, Place::Overwrite(_)) && !item_id(page, offset).is_free();
    if offset < FIRST_OFFSET_NUMBER || offset > limit || taken || is_heap && offset > MAX_HEAP_TUPLES_PER_PAGE {
        return Ok(None);
    }
    let shift = matches!(place, Place::Before(_)) && offset < limit;
    let lower = usize::from(lower(page)) + if shift || offset == limit { SIZE_OF_ITEM_ID } else { 0 };
    let Some(upper) = usize::from(upper(page)).checked_sub(max_align(item.len())).filter(|&u| lower <= u) else {
        return Ok(None);
    };
    if shift {
        let from = item_id_at(offset);
        page.copy_within(from..item_id_at(limit), from + SIZE_OF_ITEM_ID);
    }
    put_u32(page, item_id_at(offset), ItemId::new(upper as u16, LpFlags::Normal, item.len() as u16).0);
    page[upper..upper + item.len()].copy_from_slice(item);
    set_lower(page, lower as u16);
    set_upper(page, upper as u16);
    Ok(Some(offset))
}

/// The first line pointer that can be used again. The hint spares the search, and is put right where it is wrong.
fn first_unused(page: &mut PageBytes) -> Option<OffsetNumber> {
    if !has_flag(page, PD_HAS_FREE_LINES) {
        return None;
    }
    let found = offsets(page).find(|&o| item_id(page, o).is_free());
    if found.is_none() {
        set_flag(page, PD_HAS_FREE_LINES, false);
    }
    found
}

/// `PageIsVerified`: whether a page that comes from the disk may enter shared buffers. All zeros is a new page.
pub fn verify(page: &PageBytes, block: BlockNumber, checksums: bool) -> Result<()> {
    if is_new(page) && page.iter().all(|&b| b == 0) {
        return Ok(());
    }
    let invalid = |detail: String| Err(Error::corrupt(format!("invalid page in block {block}")).detail(detail));
    if checksums && !is_new(page) {
        let (found, wanted) = (checksum(page), page_checksum(page, block));
        if found != wanted {
            return invalid(format!("The page has checksum {found}, its bytes have {wanted}."));
        }
    }
    let sane = flags(page) & !PD_VALID_FLAG_BITS == 0
        && lower(page) <= upper(page)
        && upper(page) <= special(page)
        && usize::from(special(page)) <= BLCKSZ
        && special(page).is_multiple_of(8)
        && !is_new(page);
    if sane { Ok(()) } else { invalid("The page header contradicts itself.".into()) }
}
