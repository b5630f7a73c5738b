//! The visibility map: two bits for each heap page, so that VACUUM and index-only scans need not look at it.
//!
//! ```text
//!   fork _vm, block m     | header 24 | 01 00 11 01 | ...      8168 bytes of map
//!                                        3  2  1  0   heap blocks, low bits first
//! ```
//!
//! A set bit is a promise that the heap page keeps, so the bit is cleared with the page locked, before the first
//! change; a cleared bit promises nothing. All-frozen implies all-visible.

use super::PageBytes;
use super::page::SIZE_OF_PAGE_HEADER;
use crate::ids::{BLCKSZ, BlockNumber};

/// `VISIBILITYMAP_ALL_VISIBLE`: all tuples on the heap page are visible to everyone.
pub const VISIBILITYMAP_ALL_VISIBLE: u8 = 0x01;
/// `VISIBILITYMAP_ALL_FROZEN`: all of them for ever.
pub const VISIBILITYMAP_ALL_FROZEN: u8 = 0x02;
/// `VISIBILITYMAP_VALID_BITS`
pub const VISIBILITYMAP_VALID_BITS: u8 = 0x03;

/// The bytes of map on a page.
const MAPSIZE: usize = BLCKSZ - SIZE_OF_PAGE_HEADER;
const HEAPBLOCKS_PER_BYTE: u32 = 4;
/// How many heap pages one page of the map speaks of.
pub const HEAPBLOCKS_PER_PAGE: u32 = MAPSIZE as u32 * HEAPBLOCKS_PER_BYTE;

/// `HEAPBLK_TO_MAPBLOCK`: the block of the fork that holds a heap page's bits.
pub fn map_block(heap_block: BlockNumber) -> BlockNumber {
    BlockNumber(heap_block.0 / HEAPBLOCKS_PER_PAGE)
}

/// The byte within the page and the shift within the byte.
fn place(heap_block: BlockNumber) -> (usize, u32) {
    let byte = heap_block.0 % HEAPBLOCKS_PER_PAGE / HEAPBLOCKS_PER_BYTE;
    (SIZE_OF_PAGE_HEADER + byte as usize, heap_block.0 % HEAPBLOCKS_PER_BYTE * 2)
}

/// `visibilitymap_get_status`, on the page of [`map_block`].
pub fn status(page: &PageBytes, heap_block: BlockNumber) -> u8 {
    let (byte, shift) = place(heap_block);
    page[byte] >> shift & VISIBILITYMAP_VALID_BITS
}

/// Sets bits; whether something changed.
pub fn set(page: &mut PageBytes, heap_block: BlockNumber, flags: u8) -> bool {
    let (byte, shift) = place(heap_block);
    let before = page[byte];
    page[byte] |= (flags & VISIBILITYMAP_VALID_BITS) << shift;
    page[byte] != before
}

/// `visibilitymap_clear`: clears bits; whether something changed.
pub fn clear(page: &mut PageBytes, heap_block: BlockNumber, flags: u8) -> bool {
    let (byte, shift) = place(heap_block);
    let before = page[byte];
    page[byte] &= !((flags & VISIBILITYMAP_VALID_BITS) << shift);
    page[byte] != before
}

/// Clears the bits of all heap pages of this page of the map from `first` on; whether something changed.
pub fn truncate(page: &mut PageBytes, first: BlockNumber) -> bool {
    let (byte, shift) = place(first);
    let kept = page[byte] & ((1 << shift) - 1);
    let changed = page[byte] != kept || page[byte + 1..].iter().any(|&b| b != 0);
    page[byte] = kept;
    page[byte + 1..].fill(0);
    changed
}

/// `visibilitymap_count` of one page: heap pages that are all-visible, and those that are all-frozen.
pub fn count(page: &PageBytes) -> (u32, u32) {
    page[SIZE_OF_PAGE_HEADER..].iter().fold((0, 0), |(visible, frozen), byte| {
        (visible + (byte & 0x55).count_ones(), frozen + (byte & 0xAA).count_ones())
    })
}
