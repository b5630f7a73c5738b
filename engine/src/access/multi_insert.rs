//! Adding many rows at once, for COPY: as many as fit on a page with one record.
//!
//! ```text
//!   INSERT            one row       a record: header 24 bytes + row
//!   MULTI_INSERT      a page full   a record: header once, then the rows
//! ```
//!
//! With FREEZE the rows are born frozen: whoever comes to see the table sees them, whatever its snapshot. Pages that begin
//! so are all-visible and all-frozen from the start, and VACUUM has nothing to do there.
//!
//! PostgreSQL: `heap_multi_insert`.

use super::modify::{begin_write, clear_all_visible, heap_block, put_on_page, record_room};
use super::place::{self, Room};
use super::{Env, Rel, VisibilityMap, indexes, toast};
use crate::ids::{BLCKSZ, Result, RmgrId, Tid, Xid};
use crate::storage::page;
use crate::storage::tuple::{self, *};
use crate::storage::{max_align, vm};
use crate::trace::Event;
use crate::txn::TableCounter;
use crate::wal::RecordBuilder;
use crate::wal::heap_records::*;
use crate::wal::heap2_records::{HeapMultiInsert, XLOG_HEAP2_MULTI_INSERT};
use crate::wal::record::{REGBUF_STANDARD, REGBUF_WILL_INIT};

/// Adds rows to the table alone; they get their entries in indexes by [`index_new`]. Returns where they lie.
pub async fn multi_insert(env: &Env, rel: &Rel, rows: &mut [Vec<u8>], frozen: bool) -> Result<Vec<Tid>> {
    let (xid, cid) = begin_write(env).await?;
    for new in rows.iter_mut() {
        let (infomask, infomask2) = (tuple::infomask(new), tuple::infomask2(new));
        let born = if frozen { HEAP_XMIN_FROZEN } else { 0 };
        tuple::set_infomask(new, infomask & !HEAP_XACT_MASK | HEAP_XMAX_INVALID | born);
        tuple::set_infomask2(new, infomask2 & !HEAP2_XACT_MASK);
        tuple::set_xmin(new, xid);
        tuple::set_xmax(new, Xid::INVALID);
        tuple::set_cmin(new, cid);
        toast::shorten(env, rel, new, None).await?;
    }
    let mut tids = Vec::with_capacity(rows.len());
    while tids.len() < rows.len() {
        env.cx.check_for_interrupts()?;
        let left = &mut rows[tids.len()..];
        let (room, _) = place::room_for(env, rel, left[0].len(), None).await?;
        env.wal.make_room(&env.cx, record_room(1, BLCKSZ)).await?;
        let frozen_page = frozen && room.pin.read(page::max_offset) == 0;
        fill_page(env, rel, &room, left, xid, frozen_page, &mut tids)?;
        if frozen_page {
            VisibilityMap::of(env, rel)
                .set(room.pin.block(), &room.pin, Xid::INVALID, vm::VISIBILITYMAP_VALID_BITS)
                .await?;
        }
        drop(room);
        env.cx.end_step().await;
    }
    rows.iter().for_each(|_| env.stats.count_change(rel.oid, TableCounter::Inserted));
    Ok(tids)
}

/// Adds the entries of a new row to the indexes.
pub async fn index_new(env: &Env, rel: &Rel, new: &[u8], tid: Tid) -> Result<()> {
    indexes::insert(env, rel, new, tid, None).await
}

/// The atomic section: puts on a page what fits of the rows, of which the first one does.
fn fill_page(
    env: &Env,
    rel: &Rel,
    room: &Room,
    rows: &mut [Vec<u8>],
    xid: Xid,
    frozen_page: bool,
    tids: &mut Vec<Tid>,
) -> Result<()> {
    let all = rows.len();
    let mut record = HeapMultiInsert { flags: 0, ntuples: 0, offsets: Vec::new(), tuples: Vec::new() };
    for new in rows.iter_mut() {
        let full = || room.pin.read(page::heap_free_space) < max_align(new.len()) + rel.reserve;
        if !record.tuples.is_empty() && full() {
            break;
        }
        let tid = put_on_page(&room.pin, new)?;
        record.offsets.push(tid.offset);
        record.tuples.push(LoggedTuple::of(new));
        tids.push(tid);
    }
    record.ntuples = record.tuples.len() as u16;
    if frozen_page {
        room.pin.modify(|bytes| page::set_flag(bytes, page::PD_ALL_VISIBLE, true));
        record.flags |= XLH_INSERT_ALL_FROZEN_SET;
    } else if clear_all_visible(env, rel, room) {
        record.flags |= XLH_INSERT_ALL_VISIBLE_CLEARED;
    }
    if record.tuples.len() == all {
        record.flags |= XLH_INSERT_LAST_IN_MULTI;
    }
    room.pin.mark_dirty(&env.cx);
    log(env, rel, room, &mut record, xid);
    for offset in tids.iter().skip(tids.len() - usize::from(record.ntuples)) {
        env.cx.emit(Event::TupleInsert { rel: rel.file, tid: *offset });
    }
    Ok(())
}

fn log(env: &Env, rel: &Rel, room: &Room, record: &mut HeapMultiInsert, xid: Xid) {
    // Of a page that holds nothing else the offsets need not be told.
    let only = record.offsets.first() == Some(&1) && room.pin.read(page::max_offset) == record.ntuples;
    let (info, flags) = match only {
        true => (XLOG_HEAP2_MULTI_INSERT | XLOG_HEAP_INIT_PAGE, REGBUF_STANDARD | REGBUF_WILL_INIT),
        false => (XLOG_HEAP2_MULTI_INSERT, REGBUF_STANDARD),
    };
    if only {
        record.offsets.clear();
    }
    let (main, data) = (record.encode(), record.encode_tuples());
    let end = room.pin.read(|bytes| {
        let block = heap_block(rel, &room.pin, 0, bytes, &data);
        let record = RecordBuilder::new(RmgrId::Heap2, info).xid(xid).main(&main);
        env.log(&record.block(crate::wal::BlockRef { flags, ..block }))
    });
    room.pin.modify(|bytes| page::set_lsn(bytes, end));
}
