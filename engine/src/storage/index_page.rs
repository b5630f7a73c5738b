//! Taking items out of an index page, and replacing them by longer or shorter ones.
//!
//! Nobody outside refers to the line pointers of an index page, so none stays behind unused: what follows moves up by
//! one, and the items move together.
//!
//! PostgreSQL: `PageIndexTupleDelete`, `PageIndexMultiDelete`, `PageIndexTupleOverwrite` in `bufpage.c`.

use super::page::*;
use super::{PageBytes, max_align};
use crate::ids::{Error, OffsetNumber, Result};

/// Where an item lies and how many bytes it takes with its padding.
fn place(page: &PageBytes, offset: OffsetNumber) -> Result<(usize, usize)> {
    check_pointers(page)?;
    let id = item_id(page, offset);
    let (start, size) = (usize::from(id.off()), max_align(usize::from(id.len())));
    if start < usize::from(upper(page)) || start + size > usize::from(special(page)) || start != max_align(start) {
        return Err(Error::corrupt(format!("corrupted line pointer: offset = {start}, size = {}", id.len())));
    }
    Ok((start, size))
}

/// Moves the bytes before `start` up by `by`, which may be negative, and corrects the line pointers of items there.
fn shift(page: &mut PageBytes, start: usize, by: isize, upto: usize) {
    let from = usize::from(upper(page));
    let to = from.wrapping_add_signed(by);
    page.copy_within(from..start, to);
    set_upper(page, to as u16);
    for offset in offsets(page) {
        let id = item_id(page, offset);
        if id.has_storage() && usize::from(id.off()) <= upto {
            let off = usize::from(id.off()).wrapping_add_signed(by) as u16;
            set_item_id(page, offset, ItemId::new(off, id.flags(), id.len()));
        }
    }
}

/// `PageIndexTupleDelete`: takes out one item, with its line pointer.
pub fn delete(page: &mut PageBytes, offset: OffsetNumber) -> Result<()> {
    let (start, size) = place(page, offset)?;
    let last = max_offset(page);
    for at in offset..last {
        let next = item_id(page, at + 1);
        set_item_id(page, at, next);
    }
    set_lower(page, lower(page) - SIZE_OF_ITEM_ID as u16);
    shift(page, start, size as isize, start);
    Ok(())
}

/// `PageIndexMultiDelete`: takes out these items, given in ascending order.
pub fn delete_all(page: &mut PageBytes, gone: &[OffsetNumber]) -> Result<()> {
    if gone.len() <= 2 {
        return gone.iter().rev().try_for_each(|offset| delete(page, *offset));
    }
    check_pointers(page)?;
    let before = *page;
    let (mut next, mut upper) = (FIRST_OFFSET_NUMBER, usize::from(special(page)));
    let mut gone = gone.iter().peekable();
    for offset in offsets(&before) {
        if gone.next_if_eq(&&offset).is_some() {
            continue;
        }
        let (start, size) = place(&before, offset)?;
        let id = item_id(&before, offset);
        upper = upper.checked_sub(size).ok_or_else(|| Error::corrupt("corrupted item lengths"))?;
        page[upper..upper + size].copy_from_slice(&before[start..start + size]);
        set_item_id(page, next, ItemId::new(upper as u16, id.flags(), id.len()));
        next += 1;
    }
    if gone.next().is_some() {
        return Err(Error::corrupt("incorrect index offsets supplied"));
    }
    set_lower(page, (SIZE_OF_PAGE_HEADER + usize::from(next - 1) * SIZE_OF_ITEM_ID) as u16);
    set_upper(page, upper as u16);
    Ok(())
}

/// `PageIndexTupleOverwrite`: puts another item in the place of one. `false` if there is no room for it.
pub fn overwrite(page: &mut PageBytes, offset: OffsetNumber, item: &[u8]) -> Result<bool> {
    let (start, size) = place(page, offset)?;
    let new_size = max_align(item.len());
    if new_size > size + exact_free_space(page) {
        return Ok(false);
    }
    let by = size as isize - new_size as isize;
    if by != 0 {
        shift(page, start, by, start);
    }
    let start = start.wrapping_add_signed(by);
    let flags = item_id(page, offset).flags();
    set_item_id(page, offset, ItemId::new(start as u16, flags, item.len() as u16));
    page[start..start + item.len()].copy_from_slice(item);
    Ok(true)
}
