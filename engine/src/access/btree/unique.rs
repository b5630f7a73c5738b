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
//! INSERT ... ON CONFLICT looks beforehand, without inserting ([`find_conflict`]); and it inserts in spite of what it
//! finds then ([`UniqueCheck::Partial`]), since its row can be taken back.
//!
//! PostgreSQL: `_bt_check_unique` in `nbtinsert.c`, `check_exclusion_or_unique_constraint` in `execIndexing.c`.

use super::compare::{SearchKey, binary_search, compare};
use super::index::Index;
use super::page::{Locked, Tree};
use crate::access::hot::{self, Dirty};
use crate::access::visibility::Rival;
use crate::access::{Env, Rel};
use crate::ids::{OffsetNumber, Result, Tid};
use crate::storage::btree::*;
use crate::storage::page::{self, ItemId, LpFlags};
use crate::world::LwMode;

/// What an insertion into a unique index makes of a row that has its key; `IndexUniqueCheck`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UniqueCheck {
    /// An error, or something to wait for.
    Yes,
    /// Something to be told of.
    Partial,
}

/// Whether a key is free.
pub(super) enum Unique {
    /// It is. If no tuple of the page equals it, the place where it belongs.
    Yes(Option<OffsetNumber>),
    /// This row version has it.
    Taken(Tid),
    /// That is for this transaction to decide, which is at this row version.
    Wait(Tid, Rival),
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
                    if let Some(found) = self.check_rows(heap, page, offset).await? {
                        return Ok(found);
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

    /// The rows of one entry: whether one has the key, or may have it; nothing if all are gone.
    async fn check_rows(&self, heap: &Rel, page: &Locked, offset: OffsetNumber) -> Result<Option<Unique>> {
        let item = page.tuple(offset);
        let mut all_dead = true;
        for tid in tuple::heap_tids(&item) {
            match hot::fetch_dirty(self.env, heap, tid).await? {
                Dirty::Live(version) => return Ok(Some(Unique::Taken(version))),
                Dirty::Pending(version, rival) => return Ok(Some(Unique::Wait(version, rival))),
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

/// `check_exclusion_or_unique_constraint`: the row version that has the key of this row, `row` as a heap tuple, if one
/// has it. Whoever is adding or ending such a row is waited for.
pub async fn find_conflict(env: &Env, index: &Index, heap: &Rel, row: &[u8]) -> Result<Option<Tid>> {
    let tree = Tree::of(env, index);
    let item = index.key_of(row, Tid::default())?;
    let mut key = SearchKey::of_tuple(index, &item);
    if key.has_null() {
        return Ok(None);
    }
    key.tid = None;
    loop {
        let Some((page, _)) = tree.search(&key, LwMode::Shared).await? else { return Ok(None) };
        match tree.check_unique(heap, &page, &key).await? {
            Unique::Yes(_) => return Ok(None),
            Unique::Taken(version) => return Ok(Some(version)),
            Unique::Wait(version, rival) => {
                drop(page);
                wait_for(env, rival, version, &heap.name).await?;
            }
        }
    }
}

/// Waits until a running transaction has decided about the row that it adds or ends. `tid` and `name` say for whose sake,
/// in the CONTEXT of an error.
pub(super) async fn wait_for(env: &Env, rival: Rival, tid: Tid, name: &str) -> Result<()> {
    let waited = match rival.token {
        Some(token) => env.wait_for_token(rival.xid, token).await,
        None => env.wait_for_xact(rival.xid).await,
    };
    let of_xact = rival.token.is_none();
    waited.map_err(|error| match of_xact {
        true => error.context(format!("while inserting index tuple {tid} in relation \"{name}\"")),
        false => error,
    })
}

/// `ItemIdMarkDead`: a hint, which needs no record.
pub(super) fn mark_dead(bytes: &mut crate::storage::PageBytes, offset: OffsetNumber) {
    let id = page::item_id(bytes, offset);
    page::set_item_id(bytes, offset, ItemId::new(id.off(), LpFlags::Dead, id.len()));
    change_opaque(bytes, |links| links.flags |= BTP_HAS_GARBAGE);
}
