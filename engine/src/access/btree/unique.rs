//! May a row have this key? In a unique index no two living rows may.
//!
//! The page where the key belongs stays locked from the look to the insertion, so that two who come with the same key come
//! one after the other. What the second one finds is judged by the state of things now, not by its snapshot:
//!
//! ```text
//!   a row that lives        the key is taken
//!   a row being added       its transaction is waited for, then everything begins anew
//!   a row being deleted     likewise
//!   a row dead to everyone  its entry is marked, so that nobody has to look at the row again
//! ```
//!
//! PostgreSQL: `_bt_check_unique` in `nbtinsert.c`.

use super::compare::{SearchKey, binary_search, compare};
use super::page::{Locked, Tree};
use crate::access::Rel;
use crate::access::hot::{self, Dirty};
use crate::ids::{OffsetNumber, Result, Xid};
use crate::storage::btree::*;
use crate::storage::page::{self, ItemId, LpFlags};
use crate::world::LwMode;

/// Whether a key is free.
pub(super) enum Unique {
    /// It is. If no tuple of the page equals it, the place where it belongs.
    Yes(Option<OffsetNumber>),
    /// That is for this transaction to decide.
    Wait(Xid),
}

impl Tree<'_> {
    /// Looks at all rows with the key, which begin on this page if there are any.
    pub(super) async fn check_unique(&self, heap: &Rel, first: &Locked, key: &SearchKey) -> Result<Unique> {
        let start = first.pin.read(|bytes| binary_search(self.index, key, bytes))?;
        let (mut offset, mut next): (_, Option<Locked>) = (start, None);
        let mut place = (start <= first.max_offset()).then_some(start);
        loop {
            let page = next.as_ref().unwrap_or(first);
            if offset <= page.max_offset() {
                let dead = page.pin.read(|bytes| page::item_id(bytes, offset).is_dead());
                if !dead {
                    if page.pin.read(|bytes| compare(self.index, key, bytes, offset))?.is_ne() {
                        return Ok(Unique::Yes(place));
                    }
                    if let Some(xid) = self.check_rows(heap, page, offset, key).await? {
                        return Ok(Unique::Wait(xid));
                    }
                }
                place = None;
                offset += 1;
                continue;
            }
            // Past the end of the page: equals go on to the right only if the high key is one.
            let links = page.links();
            if links.is_rightmost() || page.pin.read(|bytes| compare(self.index, key, bytes, P_HIKEY))?.is_ne() {
                return Ok(Unique::Yes(place));
            }
            let mut right = self.page(links.next, LwMode::Shared).await?;
            while right.links().ignore() {
                let links = right.links();
                if links.is_rightmost() {
                    return Err(self.fell_off());
                }
                right = self.page(links.next, LwMode::Shared).await?;
            }
            offset = right.links().first_data_key();
            next = Some(right);
        }
    }

    /// The rows of one entry: an error if one lives, the transaction that has to be waited for, or nothing.
    async fn check_rows(
        &self,
        heap: &Rel,
        page: &Locked,
        offset: OffsetNumber,
        key: &SearchKey,
    ) -> Result<Option<Xid>> {
        let item = page.tuple(offset);
        let mut all_dead = true;
        for tid in tuple::heap_tids(&item) {
            match hot::fetch_dirty(self.env, heap, tid).await? {
                Dirty::Live => return Err(self.index.duplicate(&key.tuple)),
                Dirty::Pending(xid) => return Ok(Some(xid)),
                Dirty::Gone { dead } => all_dead &= dead,
            }
        }
        if all_dead {
            page.pin.modify(|bytes| mark_dead(bytes, offset));
            page.pin.mark_dirty(&self.env.cx);
        }
        Ok(None)
    }
}

/// `ItemIdMarkDead`: a hint, which needs no record.
pub(super) fn mark_dead(bytes: &mut crate::storage::PageBytes, offset: OffsetNumber) {
    let id = page::item_id(bytes, offset);
    page::set_item_id(bytes, offset, ItemId::new(id.off(), LpFlags::Dead, id.len()));
    change_opaque(bytes, |links| links.flags |= BTP_HAS_GARBAGE);
}
