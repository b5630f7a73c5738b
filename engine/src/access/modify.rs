//! INSERT and DELETE of row versions, and what all changes share: waiting for whoever is changing the row.

use super::place::{self, Room};
use super::visibility::{self, NeedsStatus, Statuses, Writable};
use super::{Env, Rel, indexes, scan, visibility_map};
use crate::buffer::Pin;
use crate::ids::{CommandId, Error, LockMode, OffsetNumber, Result, RmgrId, Tid, Xid, sqlstate};
use crate::storage::page::{self, Place};
use crate::storage::tuple::{self, *};
use crate::storage::{PageBytes, vm};
use crate::trace::Event;
use crate::txn::{Isolation, LockTag, TableCounter};
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

/// How strongly a row is locked; `LockTupleMode`, as far as it is built.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RowLock {
    /// `FOR NO KEY UPDATE`, and what an UPDATE takes.
    NoKeyUpdate,
    /// `FOR UPDATE`, and what a DELETE takes.
    Update,
}

impl RowLock {
    /// How the place at the head of the row's queue is locked meanwhile.
    fn turn(self) -> LockMode {
        match self {
            RowLock::NoKeyUpdate => LockMode::Exclusive,
            RowLock::Update => LockMode::AccessExclusive,
        }
    }
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

/// `heap_insert`: adds a row, and its entries to the indexes. `new` is the whole tuple; the parts of its header that speak of transactions are set
/// here. Returns where it lies.
pub async fn insert(env: &Env, rel: &Rel, new: &mut [u8]) -> Result<Tid> {
    let (xid, cid) = begin_write(env).await?;
    tuple::set_infomask(new, tuple::infomask(new) & !HEAP_XACT_MASK | HEAP_XMAX_INVALID);
    tuple::set_infomask2(new, tuple::infomask2(new) & !HEAP2_XACT_MASK);
    tuple::set_xmin(new, xid);
    tuple::set_xmax(new, Xid::INVALID);
    tuple::set_cmin(new, cid);
    let (room, _) = place::room_for(env, rel, new.len(), None).await?;
    env.wal.make_room(&env.cx, record_room(1, new.len())).await?;
    let tid = insert_in(env, rel, &room, new, xid)?;
    drop(room);
    env.stats.count_change(rel.oid, TableCounter::Inserted);
    env.cx.end_step().await;
    indexes::insert(env, rel, new, tid, None).await?;
    Ok(tid)
}

/// The atomic section of an insert.
fn insert_in(env: &Env, rel: &Rel, room: &Room, new: &mut [u8], xid: Xid) -> Result<Tid> {
    let block = room.pin.block();
    let tid = put_on_page(&room.pin, new)?;
    let mut flags = 0;
    if clear_all_visible(env, rel, room) {
        flags |= XLH_INSERT_ALL_VISIBLE_CLEARED;
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

/// `heap_delete`: ends the row version at `tid`, waiting for whoever is changing it.
pub async fn delete(env: &Env, rel: &Rel, tid: Tid) -> Result<ModifyOutcome> {
    let (xid, cid) = begin_write(env).await?;
    let room = match writable(env, rel, tid, cid, RowLock::Update).await? {
        Ok(room) => room,
        Err(outcome) => return Ok(outcome),
    };
    let ending = Ending::of(env, &room.pin, tid, xid, cid);
    env.wal.make_room(&env.cx, record_room(1, 64)).await?;
    room.pin.modify(|bytes| {
        page::set_prunable(bytes, xid);
        ending.write(bytes, 0, HEAP_KEYS_UPDATED, tid);
    });
    let flags = if clear_all_visible(env, rel, &room) { XLH_DELETE_ALL_VISIBLE_CLEARED } else { 0 };
    room.pin.mark_dirty(&env.cx);
    let end = room.pin.read(|bytes| {
        let main = HeapDelete { xmax: xid, offnum: tid.offset, infobits: XLHL_KEYS_UPDATED, flags }.encode();
        let block_ref = heap_block(rel, &room.pin, 0, bytes, &[]);
        env.log(&RecordBuilder::new(RmgrId::Heap, XLOG_HEAP_DELETE).xid(xid).main(&main).block(block_ref))
    });
    room.pin.modify(|bytes| page::set_lsn(bytes, end));
    env.cx.emit(Event::TupleDelete { rel: rel.file, tid });
    drop(room);
    env.stats.count_change(rel.oid, TableCounter::Deleted);
    env.cx.end_step().await;
    Ok(ModifyOutcome::Done(tid))
}

/// A reference to a page of a table with the usual layout.
pub(super) fn heap_block<'a>(rel: &Rel, pin: &Pin, id: u8, bytes: &'a PageBytes, data: &'a [u8]) -> BlockRef<'a> {
    let (rel, block) = (rel.file, pin.block());
    BlockRef { id, rel, fork: crate::ids::Fork::Main, block, page: Some(bytes), flags: REGBUF_STANDARD, data }
}

/// How a transaction ends a version, or locks it for the time until it does.
#[derive(Clone, Copy)]
pub(super) struct Ending {
    tid: Tid,
    xid: Xid,
    cmax: CommandId,
    /// The version is the transaction's own, and `cmax` stands for the commands that made and ended it.
    is_combo: bool,
}

impl Ending {
    /// `HeapTupleHeaderAdjustCmax`: with the command id that the version's header is to have.
    pub(super) fn of(env: &Env, pin: &Pin, tid: Tid, xid: Xid, cid: CommandId) -> Ending {
        let header = pin.read(|bytes| page::heap_tuple(bytes, tid.offset).and_then(HeapTupleHeader::read));
        let Some(own) = header.filter(|header| !header.xmin_committed() && header.xmin == xid) else {
            return Ending { tid, xid, cmax: cid, is_combo: false };
        };
        let combo = &mut env.xact.borrow_mut().combo;
        let raw = own.command_id();
        let cmin = if own.has(HEAP_COMBOCID) { combo.pair(raw).map_or(raw, |pair| pair.0) } else { raw };
        Ending { tid, xid, cmax: combo.number_of(cmin, cid), is_combo: true }
    }

    /// Writes it into the header, with these bits of xmax, and where the next version lies.
    pub(super) fn write(&self, bytes: &mut PageBytes, infomask: u16, infomask2: u16, next: Tid) {
        let Some(old) = page::heap_tuple_mut(bytes, self.tid.offset) else { return };
        tuple::set_infomask(old, tuple::infomask(old) & !(HEAP_XMAX_BITS | HEAP_MOVED) | infomask);
        let keep = tuple::infomask2(old) & !(HEAP_KEYS_UPDATED | HEAP_HOT_UPDATED);
        tuple::set_infomask2(old, keep | infomask2);
        tuple::set_xmax(old, self.xid);
        tuple::set_cmax(old, self.cmax, self.is_combo);
        tuple::set_ctid(old, next);
    }
}

/// Waits until the version at `tid` may be changed, and returns its page locked; or says why it may not.
pub(super) async fn writable(
    env: &Env,
    rel: &Rel,
    tid: Tid,
    cid: CommandId,
    strength: RowLock,
) -> Result<std::result::Result<Room, ModifyOutcome>> {
    let turn = LockTag::Tuple { db: env.database, rel: rel.oid, tid };
    let mut has_turn = false;
    let outcome = loop {
        let room = place::lock_page(env, rel, tid.block).await?;
        let (writable, next) = judge(env, rel, &room.pin, tid, cid).await?;
        match writable {
            Writable::Ok => break Ok(room),
            Writable::Invisible => {
                let message = "attempted to update invisible tuple";
                return Err(Error::new(sqlstate::OBJECT_NOT_IN_PREREQUISITE_STATE, message));
            }
            Writable::SelfModified => break Err(ModifyOutcome::SelfModified),
            Writable::Updated => break Err(ModifyOutcome::Updated(next)),
            Writable::Deleted => break Err(ModifyOutcome::Deleted),
            Writable::BeingModified(xid) => {
                drop(room);
                // Whoever came first gets the row first: the queue stands at the row, its head waits for the
                // transaction.
                if !has_turn {
                    env.lock(turn, strength.turn()).await?;
                    has_turn = true;
                }
                env.wait_for_xact(xid).await?;
            }
        }
    };
    if has_turn {
        env.unlock(turn, strength.turn());
    }
    match outcome {
        Err(ModifyOutcome::Updated(_)) => refuse_in_repeatable_read(env, "update").map(|()| outcome),
        Err(ModifyOutcome::Deleted) => refuse_in_repeatable_read(env, "delete").map(|()| outcome),
        _ => Ok(outcome),
    }
}

fn refuse_in_repeatable_read(env: &Env, what: &str) -> Result<()> {
    if env.xact.borrow().isolation == Isolation::ReadCommitted {
        return Ok(());
    }
    let message = format!("could not serialize access due to concurrent {what}");
    Err(Error::new(sqlstate::SERIALIZATION_FAILURE, message))
}

/// Whether the version may be changed, and its next version; hints are noted.
async fn judge(env: &Env, rel: &Rel, pin: &Pin, tid: Tid, cid: CommandId) -> Result<(Writable, Tid)> {
    loop {
        let ask = Statuses::of(env);
        let header = pin.read(|bytes| page::heap_tuple(bytes, tid.offset).and_then(HeapTupleHeader::read));
        let Some(header) = header else {
            return Err(Error::internal(format!("no row version at {tid}")));
        };
        match visibility::satisfies_update(&header, tid, cid, &ask) {
            Ok((writable, hints)) => {
                let allowed = visibility::allowed_hints(&header, hints, pin.read(page::lsn), env);
                let hints: [(OffsetNumber, u16); 1] = [(tid.offset, allowed)];
                scan::note_hints(env, rel, pin, &hints);
                return Ok((writable, header.ctid));
            }
            Err(NeedsStatus(xid)) => drop(env.txns.clog.status(&env.cx, xid).await?),
        }
    }
}
