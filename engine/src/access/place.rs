//! Finding a page for a new row version; `RelationGetBufferForTuple`.
//!
//! First the page that took the last row, then what the free space map names, then the last page of the table, and if
//! all are full a new page at its end.

use super::{Env, FreeSpaceMap, Rel, VisibilityMap};
use crate::buffer::Pin;
use crate::ids::{BlockNumber, Error, Fork, Result, sqlstate};
use crate::storage::max_align;
use crate::storage::page::{self, MAX_HEAP_TUPLE_SIZE, MAX_HEAP_TUPLES_PER_PAGE, SIZE_OF_ITEM_ID};
use crate::world::{LwGuard, LwMode};

/// A page with room, pinned and locked, and its page of the visibility map if that has to be cleared.
pub(super) struct Room {
    pub(super) pin: Pin,
    pub(super) guard: LwGuard,
    pub(super) map: Option<Pin>,
}

/// A page with room for a tuple of `len` bytes, locked. `other` is a page that the caller wants locked as well, and
/// has unlocked for this; of two pages the lower one is locked first.
pub(super) async fn room_for(env: &Env, rel: &Rel, len: usize, other: Option<&Pin>) -> Result<(Room, Option<LwGuard>)> {
    let len = max_align(len);
    if len > MAX_HEAP_TUPLE_SIZE {
        let message = format!("row is too big: size {len}, maximum size {MAX_HEAP_TUPLE_SIZE}");
        return Err(Error::new(sqlstate::PROGRAM_LIMIT_EXCEEDED, message));
    }
    let wanted = wanted_room(rel, len);
    let mut candidate = first_candidate(env, rel, wanted).await?;
    loop {
        let pin = match candidate {
            Some(block) => rel.page_by(env, block, rel.bulk.as_deref()).await?,
            None => {
                // A session's own buffers are nobody else's to spare.
                let ring = rel.bulk.as_deref().filter(|_| !rel.file.is_temporary());
                env.pool(rel.file).extend_by(&env.cx, rel.file, Fork::Main, ring).await?
            }
        };
        let block = pin.block();
        let (room, guard) = lock_both(env, rel, pin, other).await?;
        // Somebody else may have found the new page first, and put something there.
        if room.pin.read(page::is_new) {
            room.pin.modify(|bytes| page::init(bytes, 0));
            room.pin.mark_dirty(&env.cx);
        }
        let free = room.pin.read(page::heap_free_space);
        let empty = candidate.is_none() && room.pin.read(page::max_offset) == 0;
        if free >= wanted || empty && free >= len {
            rel.target.set(Some(block));
            return Ok((room, guard));
        }
        drop((room, guard));
        candidate = match rel.fresh {
            true => None,
            false => {
                FreeSpaceMap::of(env, rel).record_and_find(block, free, wanted).await?.filter(|next| *next != block)
            }
        };
    }
}

/// The room that a page should have for a tuple of `len` bytes: with what its table wants left free. Of a page with hardly
/// more than unused line pointers no more can be asked.
fn wanted_room(rel: &Rel, len: usize) -> usize {
    let nearly_empty = MAX_HEAP_TUPLE_SIZE - usize::from(MAX_HEAP_TUPLES_PER_PAGE) / 8 * SIZE_OF_ITEM_ID;
    if len + rel.reserve > nearly_empty { len.max(nearly_empty) } else { len + rel.reserve }
}

async fn first_candidate(env: &Env, rel: &Rel, len: usize) -> Result<Option<BlockNumber>> {
    let blocks = rel.blocks(env, Fork::Main);
    if let Some(block) = rel.target.get().filter(|block| *block < blocks) {
        return Ok(Some(block));
    }
    let named = if rel.fresh { None } else { FreeSpaceMap::of(env, rel).find(len).await? };
    Ok(named.or(blocks.0.checked_sub(1).map(BlockNumber)))
}

/// Locks a page, and another one with it in the order of their numbers.
async fn lock_both(env: &Env, rel: &Rel, pin: Pin, other: Option<&Pin>) -> Result<(Room, Option<LwGuard>)> {
    loop {
        let map = map_if_visible(env, rel, &pin).await?;
        let (guard, other_guard) = match other {
            Some(other) if other.block() < pin.block() => {
                let other_guard = other.lock(&env.cx, LwMode::Exclusive).await;
                (pin.lock(&env.cx, LwMode::Exclusive).await, Some(other_guard))
            }
            Some(other) if other.block() > pin.block() => {
                let guard = pin.lock(&env.cx, LwMode::Exclusive).await;
                (guard, Some(other.lock(&env.cx, LwMode::Exclusive).await))
            }
            _ => (pin.lock(&env.cx, LwMode::Exclusive).await, None),
        };
        if map.is_some() || !is_all_visible(&pin) {
            return Ok((Room { pin, guard, map }, other_guard));
        }
    }
}

pub(super) fn is_all_visible(pin: &Pin) -> bool {
    pin.read(|bytes| page::has_flag(bytes, page::PD_ALL_VISIBLE))
}

/// The page of the visibility map, if the page says that it is all visible.
pub(super) async fn map_if_visible(env: &Env, rel: &Rel, pin: &Pin) -> Result<Option<Pin>> {
    if !is_all_visible(pin) {
        return Ok(None);
    }
    VisibilityMap::of(env, rel).page_or_create(pin.block()).await.map(Some)
}

/// Pins and locks a page that is to be changed, with its page of the visibility map if that has to be cleared.
pub(super) async fn lock_page(env: &Env, rel: &Rel, block: BlockNumber) -> Result<Room> {
    let pin = rel.page(env, Fork::Main, block).await?;
    let (room, _) = lock_both(env, rel, pin, None).await?;
    Ok(room)
}
