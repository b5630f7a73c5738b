//! INSERT and DELETE of row versions, and what all changes share.

use super::place::{self, Room};
use super::row_lock::{RowLock, Xmax};
use super::wait::{self, Doing, Free};
use super::{Env, Rel, indexes, toast, visibility_map};
use crate::buffer::Pin;
use crate::ids::{CommandId, Error, Result, RmgrId, Tid, Xid};
use crate::storage::page::{self, Place};
use crate::storage::tuple::{self, *};
use crate::storage::{PageBytes, vm};
use crate::trace::Event;
use crate::txn::TableCounter;
use crate::wal::heap_records::*;
use crate::wal::record::{REGBUF_STANDARD, REGBUF_WILL_INIT};
use crate::wal::{BlockRef, RecordBuilder};

/// What became of an attempt to change a row; `TM_Result`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ModifyOutcome {
    /// Done; for an update, where the new version lies.
    Done(Tid),
    /// Somebody else has updated the row and committed: its next version lies there.
    Updated(Tid),
    /// Somebody else has deleted the row and committed.
    Deleted,
    /// A command of this transaction has changed it already.
    SelfModified,
}

/// The room that a record with up to `pages` images and so many bytes of data may need.
pub(super) fn record_room(pages: usize, data: usize) -> usize {
    pages * crate::ids::BLCKSZ + data + 256
}

/// Makes ready to write: the transaction gets its id, and the command counts as one that has changed something.
pub(super) async fn begin_write(env: &Env) -> Result<(Xid, CommandId)> {
    let xid = env.xid().await?;
    let mut xact = env.xact.borrow_mut();
    xact.cid_used = true;
    Ok((xid, xact.cid))
}

/// `heap_insert`: adds a row, and its entries to the indexes. `new` is the whole tuple; the parts of its header that
/// speak of transactions are set here, and its long values are compressed or moved out. Returns where it lies.
pub async fn insert(env: &Env, rel: &Rel, new: &mut Vec<u8>) -> Result<Tid> {
    let tid = put_new(env, rel, new, None).await?;
    indexes::insert(env, rel, new, tid, None).await?;
    Ok(tid)
}

/// Adds a row to the table alone; on approval, if under a token.
pub(super) async fn put_new(env: &Env, rel: &Rel, new: &mut Vec<u8>, token: Option<u32>) -> Result<Tid> {
    let (xid, cid) = begin_write(env).await?;
    let (infomask, infomask2) = (tuple::infomask(new), tuple::infomask2(new));
    tuple::set_infomask(new, infomask & !HEAP_XACT_MASK | HEAP_XMAX_INVALID);
    tuple::set_infomask2(new, infomask2 & !HEAP2_XACT_MASK);
    tuple::set_xmin(new, xid);
    tuple::set_xmax(new, Xid::INVALID);
    tuple::set_cmin(new, cid);
    toast::shorten(env, rel, new, None).await?;
    let (room, _) = place::room_for(env, rel, new.len(), None).await?;
    env.wal.make_room(&env.cx, record_room(1, new.len())).await?;
    let tid = insert_in(env, rel, &room, new, xid, token)?;
    drop(room);
    env.stats.count_change(rel.oid, TableCounter::Inserted);
    env.cx.end_step().await;
    Ok(tid)
}

/// The atomic section of an insert.
fn insert_in(env: &Env, rel: &Rel, room: &Room, new: &mut [u8], xid: Xid, token: Option<u32>) -> Result<Tid> {
    let block = room.pin.block();
    let tid = put_on_page(&room.pin, new)?;
    let mut flags = 0;
    if clear_all_visible(env, rel, room) {
        flags |= XLH_INSERT_ALL_VISIBLE_CLEARED;
    }
    if let Some(token) = token {
        flags |= XLH_INSERT_IS_SPECULATIVE;
        room.pin.modify(|bytes| {
            if let Some(stored) = page::heap_tuple_mut(bytes, tid.offset) {
                tuple::set_speculative_token(stored, token);
            }
        });
    }
    room.pin.mark_dirty(&env.cx);
    let only = room.pin.read(|bytes| tid.offset == 1 && page::max_offset(bytes) == 1);
    let (info, buffer_flags) = if only {
        (XLOG_HEAP_INSERT | XLOG_HEAP_INIT_PAGE, REGBUF_STANDARD | REGBUF_WILL_INIT)
    } else {
        (XLOG_HEAP_INSERT, REGBUF_STANDARD)
    };
    let data = LoggedTuple::of(new).encode();
    let end = room.pin.read(|bytes| {
        let block_ref = BlockRef {
            id: 0,
            rel: rel.file,
            fork: crate::ids::Fork::Main,
            block,
            page: Some(bytes),
            flags: buffer_flags,
            data: &data,
        };
        let main = HeapInsert { offnum: tid.offset, flags }.encode();
        env.log(&RecordBuilder::new(RmgrId::Heap, info).xid(xid).main(&main).block(block_ref))
    });
    room.pin.modify(|bytes| page::set_lsn(bytes, end));
    env.cx.emit(Event::TupleInsert { rel: rel.file, tid });
    Ok(tid)
}

/// `RelationPutHeapTuple`: adds the tuple to the page and has it point to itself.
pub(super) fn put_on_page(pin: &Pin, new: &mut [u8]) -> Result<Tid> {
    let block = pin.block();
    let added = pin.modify(|bytes| page::add_item(bytes, new, Place::Anywhere, true))?;
    let offset = added.ok_or_else(|| Error::internal("failed to add tuple to page"))?;
    let tid = Tid::new(block, offset);
    tuple::set_ctid(new, tid);
    pin.modify(|bytes| {
        if let Some(stored) = page::heap_tuple_mut(bytes, offset) {
            tuple::set_ctid(stored, tid);
        }
    });
    Ok(tid)
}

/// The page is about to change: whoever relied on all of it being visible must look again.
pub(super) fn clear_all_visible(env: &Env, rel: &Rel, room: &Room) -> bool {
    let Some(map) = room.map.as_ref().filter(|_| place::is_all_visible(&room.pin)) else { return false };
    room.pin.modify(|bytes| page::set_flag(bytes, page::PD_ALL_VISIBLE, false));
    let _ = visibility_map::clear(env, rel, map, room.pin.block(), vm::VISIBILITYMAP_VALID_BITS);
    true
}

/// `heap_delete`: ends the row version at `tid`, waiting for whoever is at it.
pub async fn delete(env: &Env, rel: &Rel, tid: Tid) -> Result<ModifyOutcome> {
    let (xid, cid) = begin_write(env).await?;
    let Free { room, header } = match wait::writable(env, rel, tid, cid, RowLock::Update, Doing::Deleting).await? {
        Ok(free) => free,
        Err(outcome) => return Ok(outcome),
    };
    let before = rel.toast.is_some().then(|| version(&room, tid)).transpose()?;
    env.note_oldest_multi();
    let xmax = Xmax::with(env, &header, xid, RowLock::Update, true).await?;
    env.wal.make_room(&env.cx, record_room(1, 64)).await?;
    let ending = Ending::of(env, &room.pin, tid, xid, cid);
    room.pin.modify(|bytes| {
        page::set_prunable(bytes, xid);
        ending.write(bytes, xmax, 0, tid);
    });
    let flags = if clear_all_visible(env, rel, &room) { XLH_DELETE_ALL_VISIBLE_CLEARED } else { 0 };
    room.pin.mark_dirty(&env.cx);
    let end = room.pin.read(|bytes| {
        let main = HeapDelete { xmax: xmax.xid, offnum: tid.offset, infobits: xmax.infobits(), flags }.encode();
        let block_ref = heap_block(rel, &room.pin, 0, bytes, &[]);
        env.log(&RecordBuilder::new(RmgrId::Heap, XLOG_HEAP_DELETE).xid(xid).main(&main).block(block_ref))
    });
    room.pin.modify(|bytes| page::set_lsn(bytes, end));
    env.cx.emit(Event::TupleDelete { rel: rel.file, tid });
    drop(room);
    env.stats.count_change(rel.oid, TableCounter::Deleted);
    env.cx.end_step().await;
    if let Some(before) = before {
        toast::delete_of(env, rel, &before).await?;
    }
    Ok(ModifyOutcome::Done(tid))
}

/// A copy of a row version as it lies on its page.
pub(super) fn version(room: &Room, tid: Tid) -> Result<Vec<u8>> {
    let version = room.pin.read(|bytes| page::heap_tuple(bytes, tid.offset).map(<[u8]>::to_vec));
    version.ok_or_else(|| Error::internal(format!("no row version at {tid}")))
}

/// A reference to a page of a table with the usual layout.
pub(super) fn heap_block<'a>(rel: &Rel, pin: &Pin, id: u8, bytes: &'a PageBytes, data: &'a [u8]) -> BlockRef<'a> {
    let (rel, block) = (rel.file, pin.block());
    BlockRef { id, rel, fork: crate::ids::Fork::Main, block, page: Some(bytes), flags: REGBUF_STANDARD, data }
}

/// How a command ends a version, or locks it for the time until it does.
#[derive(Clone, Copy)]
pub(super) struct Ending {
    tid: Tid,
    cmax: CommandId,
    /// The version is the transaction's own, and `cmax` stands for the commands that made and ended it.
    is_combo: bool,
}

impl Ending {
    /// `HeapTupleHeaderAdjustCmax`: with the command id that the version's header is to have.
    pub(super) fn of(env: &Env, pin: &Pin, tid: Tid, xid: Xid, cid: CommandId) -> Ending {
        let header = pin.read(|bytes| page::heap_tuple(bytes, tid.offset).and_then(HeapTupleHeader::read));
        let is_own = |header: &HeapTupleHeader| header.xmin == xid || env.xact.borrow().is_current(header.xmin);
        let Some(own) = header.filter(|header| !header.xmin_committed() && is_own(header)) else {
            return Ending { tid, cmax: cid, is_combo: false };
        };
        let combo = &mut env.xact.borrow_mut().combo;
        let raw = own.command_id();
        let cmin = if own.has(HEAP_COMBOCID) { combo.pair(raw).map_or(raw, |pair| pair.0) } else { raw };
        Ending { tid, cmax: combo.number_of(cmin, cid), is_combo: true }
    }

    /// Writes it into the header, with this xmax, and where the next version lies.
    pub(super) fn write(&self, bytes: &mut PageBytes, xmax: Xmax, infomask2: u16, next: Tid) {
        let Some(old) = page::heap_tuple_mut(bytes, self.tid.offset) else { return };
        tuple::set_infomask2(old, tuple::infomask2(old) & !HEAP_HOT_UPDATED);
        xmax.write(old);
        tuple::set_infomask2(old, tuple::infomask2(old) | infomask2);
        tuple::set_cmax(old, self.cmax, self.is_combo);
        tuple::set_ctid(old, next);
    }
}
