//! INSERT ... ON CONFLICT: a row that is added on approval.
//!
//! To look first and to insert then is not enough: between the two somebody else may come with the same key. To insert
//! and to see would be an error. So the row is added with a mark that it may be taken back, and under a lock that others
//! can wait for:
//!
//! ```text
//!   look ── somebody has the key ──────────────────────────────────────────────────────► the caller has a conflict
//!    ▲ │ nobody
//!    │ ▼
//!    │ token lock ─► row, its ctid = (token, 65534) ─► index entries ── nobody came ──► CONFIRM: its ctid is itself
//!    │                                                      │ somebody had been faster
//!    └────────────── token lock goes ◄── DELETE: xmin = 0 ◄─┘
//! ```
//!
//! Who finds the row meanwhile waits for the token, not for the transaction: that may go on for long, the row's fate is
//! known in a moment. Two who are both on approval give way both, and look again.
//!
//! PostgreSQL: `ExecInsert` in `nodeModifyTable.c`, `heap_finish_speculative` and `heap_abort_speculative` in `heapam.c`,
//! `SpeculativeInsertionLockAcquire` in `lmgr.c`; `execIndexing.c` tells the whole story.

use super::indexes;
use super::modify::{self, heap_block, record_room};
use super::place::{self, Room};
use super::visibility::{self, Statuses};
use super::{Env, Rel, toast};
use crate::ids::{Error, Fork, LockMode, Lsn, Result, RmgrId, Tid, Xid};
use crate::storage::page;
use crate::storage::tuple::{self, *};
use crate::trace::Event;
use crate::txn::{LockTag, Snapshot, TableCounter};
use crate::wal::RecordBuilder;
use crate::wal::heap_records::*;
use crate::world::LwMode;

/// What has become of a row that was to be inserted.
pub enum Speculated {
    /// It lies there.
    Inserted(Tid),
    /// This row version has its key.
    Conflict(Tid),
}

/// Adds a row unless one of the indexes `arbiters` has its key already; in the others that is an error.
pub async fn insert_or_conflict(env: &Env, rel: &Rel, new: &mut Vec<u8>, arbiters: &[usize]) -> Result<Speculated> {
    // What is moved out of a row that is taken back goes with it.
    let whole = rel.toast.is_some().then(|| new.clone());
    loop {
        if let Some(tid) = indexes::find_conflict(env, rel, new, arbiters).await? {
            return Ok(Speculated::Conflict(tid));
        }
        let xid = env.xid().await?;
        let token = env.xact.borrow_mut().next_token();
        let tag = LockTag::SpeculativeToken { xid, token };
        env.lock(tag, LockMode::Exclusive).await?;
        let tid = modify::put_new(env, rel, new, Some(token)).await?;
        if !indexes::insert_on_approval(env, rel, new, tid, arbiters).await? {
            finish(env, rel, tid).await?;
            env.unlock(tag, LockMode::Exclusive);
            return Ok(Speculated::Inserted(tid));
        }
        take_back(env, rel, tid, xid).await?;
        env.unlock(tag, LockMode::Exclusive);
        if let Some(whole) = &whole {
            new.clone_from(whole);
        }
    }
}

/// `heap_finish_speculative`: the row is one like any other.
async fn finish(env: &Env, rel: &Rel, tid: Tid) -> Result<()> {
    let room = place::lock_page(env, rel, tid.block).await?;
    env.wal.make_room(&env.cx, record_room(1, 16)).await?;
    let change = |version: &mut [u8]| tuple::set_ctid(version, tid);
    let end = log_change(env, rel, &room, tid, change, XLOG_HEAP_CONFIRM, &HeapConfirm { offnum: tid.offset }.encode());
    room.pin.modify(|bytes| page::set_lsn(bytes, end));
    env.cx.emit(Event::TupleConfirm { rel: rel.file, tid });
    drop(room);
    env.cx.end_step().await;
    Ok(())
}

/// `heap_abort_speculative`: the row never was, not even for its own transaction.
async fn take_back(env: &Env, rel: &Rel, tid: Tid, xid: Xid) -> Result<()> {
    let room = place::lock_page(env, rel, tid.block).await?;
    env.wal.make_room(&env.cx, record_room(1, 64)).await?;
    let before = modify::version(&room, tid)?;
    let horizon = env.xact.borrow().snapshot.as_ref().map_or(xid, |snapshot| snapshot.xmin);
    room.pin.modify(|bytes| page::set_prunable(bytes, horizon));
    let change = |version: &mut [u8]| {
        tuple::set_infomask(version, tuple::infomask(version) & !(HEAP_XMAX_BITS | HEAP_MOVED));
        tuple::set_infomask2(version, tuple::infomask2(version) & !HEAP_KEYS_UPDATED);
        tuple::set_xmin(version, Xid::INVALID);
        tuple::set_ctid(version, tid);
    };
    let main = HeapDelete { xmax: xid, offnum: tid.offset, infobits: 0, flags: XLH_DELETE_IS_SUPER }.encode();
    let end = log_change(env, rel, &room, tid, change, XLOG_HEAP_DELETE, &main);
    room.pin.modify(|bytes| page::set_lsn(bytes, end));
    env.cx.emit(Event::TupleTakeBack { rel: rel.file, tid });
    drop(room);
    env.stats.count_change(rel.oid, TableCounter::Deleted);
    env.cx.end_step().await;
    if rel.toast.is_some() {
        toast::delete_of(env, rel, &before).await?;
    }
    Ok(())
}

/// The common part of two atomic sections: the version's header, and the record.
fn log_change(
    env: &Env,
    rel: &Rel,
    room: &Room,
    tid: Tid,
    change: impl FnOnce(&mut [u8]),
    info: u8,
    main: &[u8],
) -> Lsn {
    room.pin.modify(|bytes| {
        if let Some(version) = page::heap_tuple_mut(bytes, tid.offset) {
            change(version);
        }
    });
    room.pin.mark_dirty(&env.cx);
    let xid = env.xact.borrow().xid;
    room.pin.read(|bytes| {
        let record = RecordBuilder::new(RmgrId::Heap, info).xid(xid).main(main);
        env.log(&record.block(heap_block(rel, &room.pin, 0, bytes, &[])))
    })
}

/// `SnapshotSelf`: the version at a place, if it is there as things are now.
pub async fn fetch_current(env: &Env, rel: &Rel, tid: Tid) -> Result<Option<Vec<u8>>> {
    let Some(version) = fetch_any(env, rel, tid).await? else { return Ok(None) };
    let Some(header) = HeapTupleHeader::read(&version) else { return Ok(None) };
    let ask = Statuses::of(env);
    let (found, _) = env.txns.ask(&env.cx, || visibility::satisfies_dirty(&header, &ask)).await?;
    Ok(found.map(|_| version))
}

/// `SnapshotAny`: the version at a place, whoever may see it.
pub async fn fetch_any(env: &Env, rel: &Rel, tid: Tid) -> Result<Option<Vec<u8>>> {
    let pin = rel.page(env, Fork::Main, tid.block).await?;
    let _guard = pin.lock(&env.cx, LwMode::Shared).await;
    Ok(pin.read(|bytes| page::heap_tuple(bytes, tid.offset).map(<[u8]>::to_vec)))
}

/// `ExecCheckTIDVisible`: whether the snapshot sees a version, or this transaction has made it.
pub async fn is_visible(env: &Env, rel: &Rel, tid: Tid, snapshot: &Snapshot) -> Result<bool> {
    let room = place::lock_page(env, rel, tid.block).await?;
    let header = room.pin.read(|bytes| page::heap_tuple(bytes, tid.offset).and_then(HeapTupleHeader::read));
    let header = header.ok_or_else(|| Error::internal("failed to fetch conflicting tuple for ON CONFLICT"))?;
    let ask = Statuses::of(env);
    if ask.is_own(header.xmin) {
        return Ok(true);
    }
    env.txns.ask(&env.cx, || visibility::satisfies_mvcc(&header, snapshot, &ask)).await.map(|sees| sees.visible)
}
