//! INSERT, DELETE, UPDATE, row locks and in-place changes, made again.

use super::super::Env;
use super::page::*;
use crate::ids::{BLCKSZ, BlockNumber, Error, OffsetNumber, Result, Tid, Xid};
use crate::storage::page;
use crate::storage::tuple::{self, *};
use crate::storage::{PageBytes, vm};
use crate::wal::DecodedRecord;
use crate::wal::heap_records::*;

/// A page with less than this left is noted in the free space map, so that inserts after a promotion pass it by.
pub(super) const NEARLY_FULL: usize = BLCKSZ / 5;

/// Replays a record of the resource manager Heap.
pub(super) async fn redo(env: &Env, record: &DecodedRecord) -> Result<()> {
    match HeapRecord::decode(record)? {
        HeapRecord::Insert(data) => insert(env, record, data).await,
        HeapRecord::Delete(data) => delete(env, record, data).await,
        HeapRecord::Update(data) => update(env, record, data, false).await,
        HeapRecord::HotUpdate(data) => update(env, record, data, true).await,
        HeapRecord::Lock(data) => lock(env, record, data).await,
        HeapRecord::Inplace(data) => inplace(env, record, data).await,
        HeapRecord::Confirm(data) => confirm(env, record, data).await,
        HeapRecord::Truncate(_) => Ok(()),
    }
}

async fn insert(env: &Env, record: &DecodedRecord, data: HeapInsert) -> Result<()> {
    let block = record.need_block(0)?;
    let cleared = data.flags & XLH_INSERT_ALL_VISIBLE_CLEARED != 0;
    if cleared {
        clear_visibility(env, block.rel, block.block).await?;
    }
    let page = page_for_redo(env, record, 0).await?;
    page.change(env, |bytes| {
        let tid = Tid::new(block.block, data.offnum);
        let tuple = LoggedTuple::decode(&block.data)?.to_tuple(record.xid, Xid::INVALID, tid);
        put_tuple(bytes, tid.offset, &tuple)?;
        if cleared {
            page::set_flag(bytes, page::PD_ALL_VISIBLE, false);
        }
        Ok(())
    })?;
    let changed = page.needs_redo;
    page.note_free_space(env, |free| changed && free < NEARLY_FULL).await
}

async fn delete(env: &Env, record: &DecodedRecord, data: HeapDelete) -> Result<()> {
    let block = record.need_block(0)?;
    let cleared = data.flags & XLH_DELETE_ALL_VISIBLE_CLEARED != 0;
    if cleared {
        clear_visibility(env, block.rel, block.block).await?;
    }
    let page = page_for_redo(env, record, 0).await?;
    page.change(env, |bytes| {
        let tid = Tid::new(block.block, data.offnum);
        if data.flags & XLH_DELETE_IS_SUPER != 0 {
            take_back(bytes, tid, data.infobits)?;
        } else {
            end_version(bytes, tid.offset, data.xmax, data.infobits, false, tid)?;
        }
        page::set_prunable(bytes, record.xid);
        if cleared {
            page::set_flag(bytes, page::PD_ALL_VISIBLE, false);
        }
        Ok(())
    })
}

/// Of a row that was added on approval: it has no maker any more.
fn take_back(bytes: &mut PageBytes, tid: Tid, infobits: u8) -> Result<()> {
    let version = tuple_mut(bytes, tid.offset)?;
    set_infobits(version, infobits);
    tuple::set_infomask2(version, tuple::infomask2(version) & !HEAP_HOT_UPDATED);
    tuple::set_xmin(version, Xid::INVALID);
    tuple::set_cmax(version, crate::ids::CommandId(0), false);
    tuple::set_ctid(version, tid);
    Ok(())
}

/// Writes into a version's header who ended it and where the next one lies.
fn end_version(
    bytes: &mut PageBytes,
    offset: OffsetNumber,
    xmax: Xid,
    infobits: u8,
    hot: bool,
    next: Tid,
) -> Result<()> {
    let version = tuple_mut(bytes, offset)?;
    set_infobits(version, infobits);
    let others = tuple::infomask2(version) & !HEAP_HOT_UPDATED;
    tuple::set_infomask2(version, if hot { others | HEAP_HOT_UPDATED } else { others });
    tuple::set_xmax(version, xmax);
    tuple::set_cmax(version, crate::ids::CommandId(0), false);
    tuple::set_ctid(version, next);
    Ok(())
}

/// `fix_infomask_from_infobits`: what a record says of xmax, in the header's own bits.
pub(super) fn set_infobits(version: &mut [u8], infobits: u8) {
    let flag = |bit: u8, mask: u16| if infobits & bit != 0 { mask } else { 0 };
    let infomask = flag(XLHL_XMAX_IS_MULTI, HEAP_XMAX_IS_MULTI)
        | flag(XLHL_XMAX_LOCK_ONLY, HEAP_XMAX_LOCK_ONLY)
        | flag(XLHL_XMAX_EXCL_LOCK, HEAP_XMAX_EXCL_LOCK)
        | flag(XLHL_XMAX_KEYSHR_LOCK, HEAP_XMAX_KEYSHR_LOCK);
    tuple::set_infomask(version, tuple::infomask(version) & !(HEAP_XMAX_BITS | HEAP_MOVED) | infomask);
    let keys = flag(XLHL_KEYS_UPDATED, HEAP_KEYS_UPDATED);
    tuple::set_infomask2(version, tuple::infomask2(version) & !HEAP_KEYS_UPDATED | keys);
}

/// Both versions on one page, or each on its own: then block 0 is the new one's page and block 1 the old one's.
async fn update(env: &Env, record: &DecodedRecord, data: HeapUpdate, hot: bool) -> Result<()> {
    let new_block = record.need_block(0)?;
    let across = record.block(1).is_some();
    let old_block = record.block(1).unwrap_or(new_block);
    let cleared = |bit: u8| data.flags & bit != 0;
    if cleared(XLH_UPDATE_OLD_ALL_VISIBLE_CLEARED) {
        clear_visibility(env, old_block.rel, old_block.block).await?;
    }
    let old_page = page_for_redo(env, record, usize::from(across)).await?;
    // What the new version shares with the old one has to be taken from it, which only happens on one page.
    let old_tuple = old_page.read(|bytes| page::heap_tuple(bytes, data.old_offnum).map(<[u8]>::to_vec));
    let new_tid = Tid::new(new_block.block, data.new_offnum);
    let end_old = |bytes: &mut PageBytes| {
        end_version(bytes, data.old_offnum, data.old_xmax, data.old_infobits, hot, new_tid)?;
        page::set_prunable(bytes, record.xid);
        if cleared(XLH_UPDATE_OLD_ALL_VISIBLE_CLEARED) {
            page::set_flag(bytes, page::PD_ALL_VISIBLE, false);
        }
        Ok(())
    };
    let put_new = |bytes: &mut PageBytes| {
        let logged = UpdatedTuple::decode(&new_block.data, data.flags)?;
        let whole = match &old_tuple {
            Some(old) => logged.complete(old)?,
            None if logged.prefix == 0 && logged.suffix == 0 => logged.complete(&[0; SIZE_OF_HEAP_TUPLE_HEADER])?,
            None => return Err(Error::corrupt("invalid lp")),
        };
        put_tuple(bytes, new_tid.offset, &whole.to_tuple(record.xid, data.new_xmax, new_tid))?;
        if cleared(XLH_UPDATE_NEW_ALL_VISIBLE_CLEARED) {
            page::set_flag(bytes, page::PD_ALL_VISIBLE, false);
        }
        Ok(())
    };
    if !across {
        return old_page.change(env, |bytes| end_old(bytes).and_then(|()| put_new(bytes)));
    }
    old_page.change(env, end_old)?;
    if cleared(XLH_UPDATE_NEW_ALL_VISIBLE_CLEARED) {
        clear_visibility(env, new_block.rel, new_block.block).await?;
    }
    // The old page stays locked until the new version is there: a reader on a standby must find one of the two.
    let new_page = page_for_redo(env, record, 0).await?;
    new_page.change(env, put_new)?;
    drop(old_page);
    let changed = new_page.needs_redo;
    new_page.note_free_space(env, |free| changed && free < NEARLY_FULL).await
}

async fn lock(env: &Env, record: &DecodedRecord, data: HeapLock) -> Result<()> {
    let block = record.need_block(0)?;
    if data.flags & XLH_LOCK_ALL_FROZEN_CLEARED != 0 {
        clear_bits(env, block.rel, block.block, vm::VISIBILITYMAP_ALL_FROZEN).await?;
    }
    let page = page_for_redo(env, record, 0).await?;
    page.change(env, |bytes| lock_on_page(bytes, block.block, data))
}

fn lock_on_page(bytes: &mut PageBytes, block: BlockNumber, data: HeapLock) -> Result<()> {
    let version = tuple_mut(bytes, data.offnum)?;
    set_infobits(version, data.infobits);
    if data.infobits & XLHL_XMAX_LOCK_ONLY != 0 {
        // A mere lock: whatever update there was before has failed.
        tuple::set_infomask2(version, tuple::infomask2(version) & !HEAP_HOT_UPDATED);
        tuple::set_ctid(version, Tid::new(block, data.offnum));
    }
    tuple::set_xmax(version, data.locking_xid);
    tuple::set_cmax(version, crate::ids::CommandId(0), false);
    Ok(())
}

async fn inplace(env: &Env, record: &DecodedRecord, data: HeapInplace) -> Result<()> {
    let columns = &record.need_block(0)?.data;
    let page = page_for_redo(env, record, 0).await?;
    page.change(env, |bytes| {
        let version = tuple_mut(bytes, data.offnum)?;
        let hoff = usize::from(version[SIZE_OF_HEAP_TUPLE_HEADER - 1]);
        match version.get_mut(hoff..) {
            Some(old) if old.len() == columns.len() => old.copy_from_slice(columns),
            _ => return Err(Error::corrupt("wrong tuple length")),
        }
        Ok(())
    })
}

async fn confirm(env: &Env, record: &DecodedRecord, data: HeapConfirm) -> Result<()> {
    let block = record.need_block(0)?.block;
    let page = page_for_redo(env, record, 0).await?;
    page.change(env, |bytes| {
        tuple::set_ctid(tuple_mut(bytes, data.offnum)?, Tid::new(block, data.offnum));
        Ok(())
    })
}
