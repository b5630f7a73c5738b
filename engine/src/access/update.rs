//! UPDATE: a new version, and the old one's end.
//!
//! If the new version fits on the old one's page and no index needs to know of it, it is a *heap-only tuple* (HOT):
//! indexes go on pointing to the old line pointer, and readers follow the chain. Otherwise every index gets an entry.

use super::indexes::{self, Changed};
use super::modify::{self, Ending, ModifyOutcome, clear_all_visible, heap_block, put_on_page, record_room};
use super::place::{self, Room};
use super::row_lock::{RowLock, Xmax};
use super::wait::{self, Doing, Free};
use super::{Env, Rel, toast, visibility_map};
use crate::ids::{Fork, Result, RmgrId, Tid, Xid};
use crate::storage::tuple::{self, *};
use crate::storage::{PageBytes, max_align, page, vm};
use crate::trace::Event;
use crate::txn::TableCounter;
use crate::wal::heap_records::*;
use crate::wal::record::{REGBUF_STANDARD, REGBUF_WILL_INIT};
use crate::wal::{BlockRef, RecordBuilder};

/// `heap_update`: gives the row at `old` a new version. `new` is the whole tuple; what its header says of
/// transactions is set here. Waits for whoever is at the row. Also how strongly the old version is locked.
pub async fn update(env: &Env, rel: &Rel, old: Tid, new: &mut Vec<u8>) -> Result<(ModifyOutcome, RowLock)> {
    let (xid, cid) = modify::begin_write(env).await?;
    let changed = indexes::changed(env, rel, old, new).await?;
    let mode = if changed.key { RowLock::Update } else { RowLock::NoKeyUpdate };
    let Free { room, header } = match wait::writable(env, rel, old, cid, mode, Doing::Updating).await? {
        Ok(free) => free,
        Err(outcome) => return Ok((outcome, mode)),
    };
    let before = rel.toast.is_some().then(|| modify::version(&room, old)).transpose()?;
    let before = before.filter(|before| toast::is_needed(rel, new, Some(before)));
    env.note_oldest_multi();
    let xmax = Xmax::with(env, &header, xid, mode, true).await?;
    let inherited = Xmax::inherited(env, &header).await?;
    let (infomask, infomask2) = (tuple::infomask(new), tuple::infomask2(new));
    tuple::set_infomask(new, infomask & !HEAP_XACT_MASK | HEAP_UPDATED | inherited.infomask);
    tuple::set_infomask2(new, infomask2 & !HEAP2_XACT_MASK | inherited.infomask2);
    tuple::set_xmin(new, xid);
    tuple::set_xmax(new, inherited.xid);
    tuple::set_cmin(new, cid);
    let ending = Ending::of(env, &room.pin, old, xid, cid);
    let mut update = Update { env, rel, old, xid, mode, header, xmax, ending, changed, hot: false, new };
    let stays = before.is_none() && update.fits(&room);
    let tid = if stays { update.within(room).await? } else { update.leave_page(room, before).await? };
    let (hot, changed) = (update.hot, update.changed);
    env.stats.count_change(rel.oid, TableCounter::Updated);
    if hot {
        env.stats.count(rel.oid, TableCounter::HotUpdated, 1);
    }
    env.cx.end_step().await;
    if !hot {
        indexes::insert(env, rel, new, tid, Some(&changed)).await?;
    }
    Ok((ModifyOutcome::Done(tid), mode))
}

/// An update under way.
struct Update<'a> {
    env: &'a Env,
    rel: &'a Rel,
    old: Tid,
    xid: Xid,
    /// How strongly the old version is locked.
    mode: RowLock,
    /// Its header, as it was found.
    header: HeapTupleHeader,
    /// Its xmax from here on.
    xmax: Xmax,
    ending: Ending,
    changed: Changed,
    /// No index has to hear of the new version.
    hot: bool,
    /// The new version, whole.
    new: &'a mut Vec<u8>,
}

impl Update<'_> {
    /// Whether the page has room for the new version.
    fn fits(&self, room: &Room) -> bool {
        room.pin.read(page::heap_free_space) >= max_align(self.new.len())
    }

    /// The record's main data.
    fn main(&self, flags: u8, new: Tid) -> Vec<u8> {
        HeapUpdate {
            old_xmax: self.xmax.xid,
            old_offnum: self.old.offset,
            old_infobits: self.xmax.infobits(),
            flags,
            new_xmax: tuple::xmax(self.new),
            new_offnum: new.offset,
        }
        .encode()
    }

    /// Both versions on one page: a HOT update, if no indexed column has changed.
    async fn within(&mut self, room: Room) -> Result<Tid> {
        self.env.wal.make_room(&self.env.cx, record_room(1, self.new.len())).await?;
        self.change_page(&room)
    }

    /// The atomic section of an update within a page.
    fn change_page(&mut self, room: &Room) -> Result<Tid> {
        let (env, rel, xid, old) = (self.env, self.rel, self.xid, self.old);
        let image_expected = room.pin.read(|bytes| env.expects_image(bytes));
        let before = modify::version(room, old)?;
        self.hot = !self.changed.indexed;
        if self.hot {
            let infomask2 = tuple::infomask2(self.new);
            tuple::set_infomask2(self.new, infomask2 | HEAP_ONLY_TUPLE);
        }
        room.pin.modify(|bytes| page::set_prunable(bytes, xid));
        let tid = put_on_page(&room.pin, self.new)?;
        room.pin.modify(|bytes| self.ending.write(bytes, self.xmax, if self.hot { HEAP_HOT_UPDATED } else { 0 }, tid));
        let cleared = if clear_all_visible(env, rel, room) { XLH_UPDATE_OLD_ALL_VISIBLE_CLEARED } else { 0 };
        room.pin.mark_dirty(&env.cx);
        let logged = UpdatedTuple::of(&before, self.new, true, image_expected);
        let (main, data) = (self.main(cleared | logged.flags(), tid), logged.encode());
        let end = room.pin.read(|bytes| {
            let info = if self.hot { XLOG_HEAP_HOT_UPDATE } else { XLOG_HEAP_UPDATE };
            let record = RecordBuilder::new(RmgrId::Heap, info).xid(xid).main(&main);
            env.log(&record.block(heap_block(rel, &room.pin, 0, bytes, &data)))
        });
        room.pin.modify(|bytes| page::set_lsn(bytes, end));
        env.cx.emit(Event::TupleUpdate { rel: rel.file, old, new: tid });
        Ok(tid)
    }

    /// The new version goes to another page, or has first to be made shorter than its predecessor, `before`. The old page
    /// has to be unlocked meanwhile, so the old version is locked by its header.
    async fn leave_page(&mut self, room: Room, before: Option<Vec<u8>>) -> Result<Tid> {
        let (env, rel, ending, old) = (self.env, self.rel, self.ending, self.old);
        let lock = Xmax::with(env, &self.header, self.xid, self.mode, false).await?;
        env.wal.make_room(&env.cx, record_room(1, 64)).await?;
        lock_version(env, rel, &room, old, lock, self.xid, |bytes| ending.write(bytes, lock, 0, old));
        let Room { pin: old_pin, guard, .. } = room;
        drop(guard);
        if let Some(before) = before {
            toast::shorten(env, rel, self.new, Some(&before)).await?;
            let room = place::lock_page(env, rel, old.block).await?;
            if self.fits(&room) {
                self.look_again(&room, lock).await?;
                return self.within(room).await;
            }
        }
        let (target, old_guard) = place::room_for(env, rel, self.new.len(), Some(&old_pin)).await?;
        // Somebody may have pruned the old page meanwhile.
        let Some(guard) = old_guard else {
            self.look_again(&target, lock).await?;
            return self.within(target).await;
        };
        let map = place::map_if_visible(env, rel, &old_pin).await?;
        env.wal.make_room(&env.cx, record_room(2, self.new.len())).await?;
        let source = Room { pin: old_pin, guard, map };
        self.look_again(&source, lock).await?;
        self.change_pages(&source, &target)
    }

    /// While the page was unlocked others may have locked the row beside this transaction: they are kept.
    async fn look_again(&mut self, source: &Room, lock: Xmax) -> Result<()> {
        let header = source.pin.read(|bytes| page::heap_tuple(bytes, self.old.offset).and_then(HeapTupleHeader::read));
        let Some(header) = header.filter(|header| header.xmax != lock.xid) else { return Ok(()) };
        self.xmax = Xmax::with(self.env, &header, self.xid, self.mode, true).await?;
        let inherited = Xmax::inherited(self.env, &header).await?;
        inherited.write(self.new);
        Ok(())
    }

    /// The atomic section of an update from one page to another.
    fn change_pages(&mut self, source: &Room, target: &Room) -> Result<Tid> {
        let (env, rel, xid, old) = (self.env, self.rel, self.xid, self.old);
        let before = modify::version(source, old)?;
        let tid = put_on_page(&target.pin, self.new)?;
        source.pin.modify(|bytes| {
            page::set_prunable(bytes, xid);
            // There was no room: whoever reads the page next should prune it.
            page::set_flag(bytes, page::PD_PAGE_FULL, true);
            self.ending.write(bytes, self.xmax, 0, tid);
        });
        let mut flags = if clear_all_visible(env, rel, source) { XLH_UPDATE_OLD_ALL_VISIBLE_CLEARED } else { 0 };
        if clear_all_visible(env, rel, target) {
            flags |= XLH_UPDATE_NEW_ALL_VISIBLE_CLEARED;
        }
        source.pin.mark_dirty(&env.cx);
        target.pin.mark_dirty(&env.cx);
        let logged = UpdatedTuple::of(&before, self.new, false, false);
        let (main, data) = (self.main(flags | logged.flags(), tid), logged.encode());
        let only = target.pin.read(|bytes| tid.offset == 1 && page::max_offset(bytes) == 1);
        let (init, init_flags) = if only { (XLOG_HEAP_INIT_PAGE, REGBUF_WILL_INIT) } else { (0, 0) };
        let end = target.pin.read(|target_page| {
            source.pin.read(|source_page| {
                let new_ref = heap_block(rel, &target.pin, 0, target_page, &data);
                let new_ref = BlockRef { flags: REGBUF_STANDARD | init_flags, fork: Fork::Main, ..new_ref };
                let old_ref = heap_block(rel, &source.pin, 1, source_page, &[]);
                let record = RecordBuilder::new(RmgrId::Heap, XLOG_HEAP_UPDATE | init).xid(xid).main(&main);
                env.log(&record.block(new_ref).block(old_ref))
            })
        });
        source.pin.modify(|bytes| page::set_lsn(bytes, end));
        target.pin.modify(|bytes| page::set_lsn(bytes, end));
        env.cx.emit(Event::TupleUpdate { rel: rel.file, old, new: tid });
        Ok(tid)
    }
}

/// Writes a lock into a version's header, with its record: an atomic section. A locked row is not frozen.
pub(super) fn lock_version(
    env: &Env,
    rel: &Rel,
    room: &Room,
    tid: Tid,
    xmax: Xmax,
    xid: Xid,
    write: impl FnOnce(&mut PageBytes),
) {
    room.pin.modify(write);
    let clear = |map| visibility_map::clear(env, rel, map, room.pin.block(), vm::VISIBILITYMAP_ALL_FROZEN);
    let flags = if room.map.as_ref().is_some_and(clear) { XLH_LOCK_ALL_FROZEN_CLEARED } else { 0 };
    room.pin.mark_dirty(&env.cx);
    let end = room.pin.read(|bytes| {
        let infobits = xmax.infobits();
        let main = HeapLock { locking_xid: xmax.xid, offnum: tid.offset, infobits, flags }.encode();
        let record = RecordBuilder::new(RmgrId::Heap, XLOG_HEAP_LOCK).xid(xid).main(&main);
        env.log(&record.block(heap_block(rel, &room.pin, 0, bytes, &[])))
    });
    room.pin.modify(|bytes| page::set_lsn(bytes, end));
    env.cx.emit(Event::TupleLock { rel: rel.file, tid, xmax: xmax.xid, infomask: xmax.infomask });
}
