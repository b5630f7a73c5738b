//! UPDATE: a new version, and the old one's end; and locking a row without changing it.
//!
//! If the new version fits on the old one's page and no index needs to know of it, it is a *heap-only tuple* (HOT):
//! indexes go on pointing to the old line pointer, and readers follow the chain. No index is built yet, so only the
//! room decides.

use super::modify::{self, ModifyOutcome, clear_all_visible, end_version, heap_block, put_on_page, record_room};
use super::place::{self, Room};
use super::{Env, Rel};
use crate::ids::{CommandId, Fork, Result, RmgrId, Tid, Xid};
use crate::storage::page;
use crate::storage::tuple::{self, *};
use crate::trace::Event;
use crate::wal::heap_records::*;
use crate::wal::record::{REGBUF_STANDARD, REGBUF_WILL_INIT};
use crate::wal::{BlockRef, RecordBuilder};

/// `heap_update`: gives the row at `old` a new version. `new` is the whole tuple; what its header says of
/// transactions is set here. Waits for whoever is changing the row.
pub async fn update(env: &Env, rel: &Rel, old: Tid, new: &mut [u8]) -> Result<ModifyOutcome> {
    let (xid, cid) = modify::begin_write(env).await?;
    let room = match modify::writable(env, rel, old, cid).await? {
        Ok(room) => room,
        Err(outcome) => return Ok(outcome),
    };
    let lock = inherited_lock(&room, old, xid);
    prepare(new, xid, cid, lock);
    let fits = room.pin.read(page::heap_free_space) >= crate::storage::max_align(new.len());
    let tid = if fits {
        env.wal.make_room(&env.cx, record_room(1, new.len())).await?;
        update_same_page(env, rel, &room, old, new, xid, cid)?
    } else {
        return update_other_page(env, rel, room, old, new, xid, cid).await;
    };
    drop(room);
    env.cx.end_step().await;
    Ok(ModifyOutcome::Done(tid))
}

/// The lock on the old version that the new one inherits: this transaction's own, if it has locked the row before.
fn inherited_lock(room: &Room, old: Tid, xid: Xid) -> Xid {
    let header = room.pin.read(|bytes| page::heap_tuple(bytes, old.offset).and_then(HeapTupleHeader::read));
    let locked = |h: &HeapTupleHeader| !h.has(HEAP_XMAX_INVALID) && h.xmax_is_locked_only() && h.xmax == xid;
    header.filter(locked).map_or(Xid::INVALID, |header| header.xmax)
}

/// The new version's header.
fn prepare(new: &mut [u8], xid: Xid, cid: CommandId, lock: Xid) {
    let lock_bits = if lock.is_valid() { HEAP_XMAX_KEYSHR_LOCK | HEAP_XMAX_LOCK_ONLY } else { HEAP_XMAX_INVALID };
    tuple::set_infomask(new, tuple::infomask(new) & !HEAP_XACT_MASK | HEAP_UPDATED | lock_bits);
    tuple::set_infomask2(new, tuple::infomask2(new) & !HEAP2_XACT_MASK);
    tuple::set_xmin(new, xid);
    tuple::set_xmax(new, lock);
    tuple::set_cmin(new, cid);
}

/// The atomic section of a HOT update.
fn update_same_page(
    env: &Env,
    rel: &Rel,
    room: &Room,
    old: Tid,
    new: &mut [u8],
    xid: Xid,
    cid: CommandId,
) -> Result<Tid> {
    let image_expected = room.pin.read(|bytes| env.expects_image(bytes));
    tuple::set_infomask2(new, tuple::infomask2(new) | HEAP_ONLY_TUPLE);
    let before = room.pin.read(|bytes| page::heap_tuple(bytes, old.offset).map(<[u8]>::to_vec)).unwrap_or_default();
    room.pin.modify(|bytes| page::set_prunable(bytes, xid));
    let tid = put_on_page(&room.pin, new)?;
    room.pin.modify(|bytes| end_version(env, bytes, old, xid, cid, 0, HEAP_HOT_UPDATED, tid));
    let cleared = if clear_all_visible(env, rel, room) { XLH_UPDATE_OLD_ALL_VISIBLE_CLEARED } else { 0 };
    room.pin.mark_dirty(&env.cx);
    let logged = UpdatedTuple::of(&before, new, true, image_expected);
    let main = HeapUpdate {
        old_xmax: xid,
        old_offnum: old.offset,
        old_infobits: 0,
        flags: cleared | logged.flags(),
        new_xmax: tuple::xmax(new),
        new_offnum: tid.offset,
    };
    let data = logged.encode();
    let end = room.pin.read(|bytes| {
        let record = RecordBuilder::new(RmgrId::Heap, XLOG_HEAP_HOT_UPDATE).xid(xid).main(&main.encode());
        env.log(&record.block(heap_block(rel, &room.pin, 0, bytes, &data)))
    });
    room.pin.modify(|bytes| page::set_lsn(bytes, end));
    env.cx.emit(Event::TupleUpdate { rel: rel.file, old, new: tid });
    Ok(tid)
}

/// The new version goes to another page. The old page has to be unlocked while that is looked for, so the old version
/// is locked by its header meanwhile.
async fn update_other_page(
    env: &Env,
    rel: &Rel,
    room: Room,
    old: Tid,
    new: &mut [u8],
    xid: Xid,
    cid: CommandId,
) -> Result<ModifyOutcome> {
    env.wal.make_room(&env.cx, record_room(1, 64)).await?;
    lock_version(env, rel, &room, old, xid, cid, 0);
    let Room { pin: old_pin, guard, .. } = room;
    drop(guard);
    let (target, old_guard) = place::room_for(env, rel, crate::storage::max_align(new.len()), Some(&old_pin)).await?;
    let same_page = target.pin.block() == old.block;
    let tid = if same_page {
        env.wal.make_room(&env.cx, record_room(1, new.len())).await?;
        update_same_page(env, rel, &target, old, new, xid, cid)?
    } else {
        let map = place::map_if_visible(env, rel, &old_pin).await?;
        env.wal.make_room(&env.cx, record_room(2, new.len())).await?;
        let Some(guard) = old_guard else {
            return Err(crate::ids::Error::internal("the old version's page is not locked"));
        };
        let source = Room { pin: old_pin, guard, map };
        update_across(env, rel, &source, &target, old, new, xid, cid)?
    };
    drop(target);
    env.cx.end_step().await;
    Ok(ModifyOutcome::Done(tid))
}

/// The atomic section of an update from one page to another.
#[allow(clippy::too_many_arguments)]
fn update_across(
    env: &Env,
    rel: &Rel,
    source: &Room,
    target: &Room,
    old: Tid,
    new: &mut [u8],
    xid: Xid,
    cid: CommandId,
) -> Result<Tid> {
    let before = source.pin.read(|bytes| page::heap_tuple(bytes, old.offset).map(<[u8]>::to_vec)).unwrap_or_default();
    source.pin.modify(|bytes| {
        page::set_prunable(bytes, xid);
        // There was no room: whoever reads the page next should prune it.
        page::set_flag(bytes, page::PD_PAGE_FULL, true);
    });
    let tid = put_on_page(&target.pin, new)?;
    source.pin.modify(|bytes| end_version(env, bytes, old, xid, cid, 0, 0, tid));
    let mut flags = if clear_all_visible(env, rel, source) { XLH_UPDATE_OLD_ALL_VISIBLE_CLEARED } else { 0 };
    if clear_all_visible(env, rel, target) {
        flags |= XLH_UPDATE_NEW_ALL_VISIBLE_CLEARED;
    }
    source.pin.mark_dirty(&env.cx);
    target.pin.mark_dirty(&env.cx);
    let logged = UpdatedTuple::of(&before, new, false, false);
    let main = HeapUpdate {
        old_xmax: xid,
        old_offnum: old.offset,
        old_infobits: 0,
        flags: flags | logged.flags(),
        new_xmax: tuple::xmax(new),
        new_offnum: tid.offset,
    };
    let only = target.pin.read(|bytes| tid.offset == 1 && page::max_offset(bytes) == 1);
    let (init, buffer_flags) = if only { (XLOG_HEAP_INIT_PAGE, REGBUF_WILL_INIT) } else { (0, 0) };
    let data = logged.encode();
    let end = target.pin.read(|target_page| {
        source.pin.read(|source_page| {
            let new_ref = BlockRef {
                id: 0,
                rel: rel.file,
                fork: Fork::Main,
                block: tid.block,
                page: Some(target_page),
                flags: REGBUF_STANDARD | buffer_flags,
                data: &data,
            };
            let record = RecordBuilder::new(RmgrId::Heap, XLOG_HEAP_UPDATE | init).xid(xid).main(&main.encode());
            env.log(&record.block(new_ref).block(heap_block(rel, &source.pin, 1, source_page, &[])))
        })
    });
    source.pin.modify(|bytes| page::set_lsn(bytes, end));
    target.pin.modify(|bytes| page::set_lsn(bytes, end));
    env.cx.emit(Event::TupleUpdate { rel: rel.file, old, new: tid });
    Ok(tid)
}

/// Writes a lock of this transaction into a version's header, with its record: an atomic section.
fn lock_version(env: &Env, rel: &Rel, room: &Room, tid: Tid, xid: Xid, cid: CommandId, infomask2: u16) {
    room.pin.modify(|bytes| {
        let Some(version) = page::heap_tuple_mut(bytes, tid.offset) else { return };
        let bits = tuple::infomask(version) & !HEAP_XMAX_BITS | HEAP_XMAX_EXCL_LOCK | HEAP_XMAX_LOCK_ONLY;
        tuple::set_infomask(version, bits);
        let keep = tuple::infomask2(version) & !(HEAP_KEYS_UPDATED | HEAP_HOT_UPDATED);
        tuple::set_infomask2(version, keep | infomask2);
        tuple::set_xmax(version, xid);
        tuple::set_cmax(version, cid, false);
        tuple::set_ctid(version, tid);
    });
    room.pin.mark_dirty(&env.cx);
    let keys = if infomask2 & HEAP_KEYS_UPDATED != 0 { XLHL_KEYS_UPDATED } else { 0 };
    let infobits = XLHL_XMAX_LOCK_ONLY | XLHL_XMAX_EXCL_LOCK | keys;
    let end = room.pin.read(|bytes| {
        let main = HeapLock { locking_xid: xid, offnum: tid.offset, infobits, flags: 0 }.encode();
        let record = RecordBuilder::new(RmgrId::Heap, XLOG_HEAP_LOCK).xid(xid).main(&main);
        env.log(&record.block(heap_block(rel, &room.pin, 0, bytes, &[])))
    });
    room.pin.modify(|bytes| page::set_lsn(bytes, end));
}

/// `heap_lock_tuple` as READ COMMITTED needs it before it looks again at a changed row: locks the newest version,
/// which stays changeable by this transaction only, and returns its bytes. `Updated` leads further along the chain.
pub async fn lock_tuple(env: &Env, rel: &Rel, tid: Tid) -> Result<std::result::Result<Vec<u8>, ModifyOutcome>> {
    let (xid, cid) = modify::begin_write(env).await?;
    let room = match modify::writable(env, rel, tid, cid).await? {
        Ok(room) => room,
        Err(outcome) => return Ok(Err(outcome)),
    };
    env.wal.make_room(&env.cx, record_room(1, 64)).await?;
    lock_version(env, rel, &room, tid, xid, cid, 0);
    let bytes = room.pin.read(|bytes| page::heap_tuple(bytes, tid.offset).map(<[u8]>::to_vec)).unwrap_or_default();
    drop(room);
    env.cx.end_step().await;
    Ok(Ok(bytes))
}
