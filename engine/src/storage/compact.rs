//! Closing the gaps on a page: items move together at its end, unused line pointers at the array's end go.
//!
//! ```text
//!   before   | 1 2 3 4 |            | d | C | b | A |     2 and 4 have become unused
//!   after    | 1 2 3 |                      | C | A |     A and C keep their numbers, 4 is cut off
//! ```
//!
//! Pruning ends with [`repair_fragmentation`]. The second pass of VACUUM, which only turns DEAD line pointers into
//! unused ones, moves nothing and ends with [`truncate_line_pointer_array`].

use super::page::*;
use super::{PageBytes, max_align};
use crate::ids::{Error, OffsetNumber, Result};

/// An item that stays: its line pointer, where its bytes are, and how many with padding.
struct Kept {
    offset: OffsetNumber,
    start: usize,
    aligned: usize,
}

/// `PageRepairFragmentation`: moves the items of a heap page together, in the order of their line pointers, and
/// cuts off the unused line pointers at the end. An error leaves the page as it was.
pub fn repair_fragmentation(page: &mut PageBytes) -> Result<()> {
    check_pointers(page)?;
    let kept = kept_items(page)?;
    let last_used = offsets(page).rev().find(|&o| item_id(page, o).is_used()).unwrap_or(0);
    for offset in offsets(page).filter(|&o| !item_id(page, o).is_used()).collect::<Vec<_>>() {
        set_item_id(page, offset, ItemId::UNUSED);
    }
    move_together(page, &kept);
    set_lower(page, (SIZE_OF_PAGE_HEADER + usize::from(last_used) * SIZE_OF_ITEM_ID) as u16);
    let free_lines = offsets(page).any(|o| !item_id(page, o).is_used());
    set_flag(page, PD_HAS_FREE_LINES, free_lines);
    Ok(())
}

fn kept_items(page: &PageBytes) -> Result<Vec<Kept>> {
    let (lower, upper, special) = (usize::from(lower(page)), usize::from(upper(page)), usize::from(special(page)));
    let mut kept = Vec::new();
    for offset in offsets(page) {
        let id = item_id(page, offset);
        if !id.is_used() || !id.has_storage() {
            continue;
        }
        let (start, aligned) = (usize::from(id.off()), max_align(usize::from(id.len())));
        if start < upper || start + aligned > special {
            return Err(Error::corrupt(format!("corrupted line pointer: {start}")));
        }
        kept.push(Kept { offset, start, aligned });
    }
    let total: usize = kept.iter().map(|k| k.aligned).sum();
    if total > special - lower {
        let space = special - lower;
        return Err(Error::corrupt(format!("corrupted item lengths: total {total}, available space {space}")));
    }
    Ok(kept)
}

/// `compactify_tuples`. Lying items may overlap their new places in either direction, so they are copied out first.
fn move_together(page: &mut PageBytes, kept: &[Kept]) {
    let before = *page;
    let mut upper = usize::from(special(page));
    for item in kept {
        upper -= item.aligned;
        page[upper..upper + item.aligned].copy_from_slice(&before[item.start..item.start + item.aligned]);
        let id = item_id(page, item.offset);
        set_item_id(page, item.offset, ItemId::new(upper as u16, id.flags(), id.len()));
    }
    set_upper(page, upper as u16);
}

/// `PageTruncateLinePointerArray`: cuts off the unused line pointers at the end, all but the first one of the page.
pub fn truncate_line_pointer_array(page: &mut PageBytes) {
    let last_used = offsets(page).rev().find(|&o| item_id(page, o).is_used()).unwrap_or(0);
    let keep = last_used.max(FIRST_OFFSET_NUMBER).min(max_offset(page));
    if keep < max_offset(page) {
        set_lower(page, (SIZE_OF_PAGE_HEADER + usize::from(keep) * SIZE_OF_ITEM_ID) as u16);
    }
    let free_lines = offsets(page).any(|o| !item_id(page, o).is_used());
    set_flag(page, PD_HAS_FREE_LINES, free_lines);
}
