//! The page that a record changes, and whether it still has to be changed.

use super::super::sequence::make_page;
use super::super::{Env, FreeSpaceMap, Rel, VisibilityMap, visibility_map};
use crate::buffer::{BufferTag, Pin};
use crate::ids::{BlockNumber, Error, Lsn, OffsetNumber, Oid, RelFile, Result};
use crate::storage::page::{self, Place};
use crate::storage::{PageBytes, vm};
use crate::wal::DecodedRecord;
use crate::wal::seq_records::SeqLog;
use crate::world::{LwGuard, LwMode};

/// A page of a record, locked.
pub(super) struct RedoPage {
    pin: Pin,
    _guard: LwGuard,
    /// The change has yet to be made: `BLK_NEEDS_REDO`.
    pub(super) needs_redo: bool,
    end: Lsn,
}

/// `XLogReadBufferForRedo`: the page of the record's block `id`, which becomes its image if the record has one.
pub(super) async fn page_for_redo(env: &Env, record: &DecodedRecord, id: usize) -> Result<RedoPage> {
    let block = record.need_block(id)?;
    let tag = BufferTag { rel: block.rel, fork: block.fork, block: block.block };
    let whole = block.will_init() || block.image.as_ref().is_some_and(|image| image.apply);
    let pin = if whole {
        env.buffers.overwrite_for_redo(&env.cx, tag).await?
    } else {
        env.buffers.read_for_redo(&env.cx, tag).await?
    };
    let guard = pin.lock(&env.cx, LwMode::Exclusive).await;
    let end = record.end_lsn;
    if let Some(image) = block.image.as_ref().filter(|image| image.apply) {
        pin.modify(|bytes| {
            image.restore(bytes);
            if !page::is_new(bytes) {
                page::set_lsn(bytes, end);
            }
        });
        pin.mark_dirty(&env.cx);
        return Ok(RedoPage { pin, _guard: guard, needs_redo: false, end });
    }
    if block.will_init() {
        pin.modify(|bytes| page::init(bytes, 0));
    }
    let needs_redo = block.will_init() || pin.read(page::lsn) < end;
    Ok(RedoPage { pin, _guard: guard, needs_redo, end })
}

impl RedoPage {
    /// Makes the change, if it is still to be made, and notes the record in the page.
    pub(super) fn change(&self, env: &Env, change: impl FnOnce(&mut PageBytes) -> Result<()>) -> Result<()> {
        if !self.needs_redo {
            return Ok(());
        }
        let end = self.end;
        self.pin.modify(|bytes| -> Result<()> {
            change(bytes)?;
            page::set_lsn(bytes, end);
            Ok(())
        })?;
        self.pin.mark_dirty(&env.cx);
        Ok(())
    }

    /// Makes a change that leaves the page's LSN alone.
    pub(super) fn change_quietly(&self, env: &Env, change: impl FnOnce(&mut PageBytes)) {
        if self.needs_redo {
            self.pin.modify(change);
            self.pin.mark_dirty(&env.cx);
        }
    }

    /// Looks at the page.
    pub(super) fn read<T>(&self, look: impl FnOnce(&PageBytes) -> T) -> T {
        self.pin.read(look)
    }

    /// Lets go of the page and notes in the free space map what it has left, if `worth_it` for so many bytes.
    pub(super) async fn note_free_space(self, env: &Env, worth_it: impl Fn(usize) -> bool) -> Result<()> {
        let tag = self.pin.tag();
        let free = self.pin.read(page::heap_free_space);
        drop(self);
        if worth_it(free) {
            let rel = table(tag.rel);
            FreeSpaceMap::of(env, &rel).record(tag.block, free).await?;
        }
        Ok(())
    }
}

/// `seq_redo`: the page of a sequence is made anew, with the row that the record has.
pub(super) async fn sequence(env: &Env, record: &DecodedRecord) -> Result<()> {
    let log = SeqLog::decode(record)?;
    let page = page_for_redo(env, record, 0).await?;
    page.change(env, |bytes| make_page(bytes, &log.tuple))
}

/// A table by its files alone: records know no more of it.
pub(super) fn table(file: RelFile) -> Rel {
    Rel::new(Oid(file.rel.0), file)
}

/// Puts a tuple on the page at the line pointer it had.
pub(super) fn put_tuple(bytes: &mut PageBytes, offset: OffsetNumber, tuple: &[u8]) -> Result<()> {
    match page::add_item(bytes, tuple, Place::Overwrite(offset), true)? {
        Some(_) => Ok(()),
        None => Err(Error::corrupt("failed to add tuple")),
    }
}

/// The tuple that a record speaks of, or PostgreSQL's complaint.
pub(super) fn tuple_mut(bytes: &mut PageBytes, offset: OffsetNumber) -> Result<&mut [u8]> {
    page::heap_tuple_mut(bytes, offset).ok_or_else(|| Error::corrupt("invalid lp"))
}

/// Takes back what the visibility map says of a page. This does not depend on the map's LSN: a bit too few is safe.
pub(super) async fn clear_visibility(env: &Env, file: RelFile, block: BlockNumber) -> Result<()> {
    clear_bits(env, file, block, vm::VISIBILITYMAP_VALID_BITS).await
}

/// The same for some of the bits.
pub(super) async fn clear_bits(env: &Env, file: RelFile, block: BlockNumber, bits: u8) -> Result<()> {
    let rel = table(file);
    let map = VisibilityMap::of(env, &rel).page_or_create(block).await?;
    let _ = visibility_map::clear(env, &rel, &map, block, bits);
    Ok(())
}
