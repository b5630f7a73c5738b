//! Pruning, VACUUM, freezing, the visibility map and multi-row inserts, made again.

use super::super::{Env, prune, vacuum};
use super::heap::{NEARLY_FULL, set_infobits};
use super::page::*;
use super::standby::wait_for_snapshots;
use crate::ids::{Error, OffsetNumber, Result, Tid, Xid, sqlstate};
use crate::storage::{page, tuple, vm};
use crate::wal::DecodedRecord;
use crate::wal::heap_records::*;
use crate::wal::heap2_records::*;

/// Replays a record of the resource manager Heap2.
pub(super) async fn redo(env: &Env, record: &DecodedRecord) -> Result<()> {
    match Heap2Record::decode(record)? {
        Heap2Record::Prune(data) => prune_page(env, record, data).await,
        Heap2Record::Vacuum(data) => vacuum_page(env, record, data).await,
        Heap2Record::FreezePage(data) => freeze(env, record, data).await,
        Heap2Record::Visible(data) => visible(env, record, data).await,
        Heap2Record::MultiInsert(data) => multi_insert(env, record, data).await,
        Heap2Record::LockUpdated(data) => lock_updated(env, record, data).await,
    }
}

async fn prune_page(env: &Env, record: &DecodedRecord, data: HeapPrune) -> Result<()> {
    wait_for_snapshots(env, data.latest_removed_xid).await?;
    let page = page_for_redo(env, record, 0).await?;
    let items = PrunedItems::decode(&record.need_block(0)?.data, &data);
    page.change(env, |bytes| prune::execute(bytes, &items?))?;
    page.note_free_space(env, |_| true).await
}

async fn vacuum_page(env: &Env, record: &DecodedRecord, data: HeapVacuum) -> Result<()> {
    let unused = decode_offsets(&record.need_block(0)?.data);
    let page = page_for_redo(env, record, 0).await?;
    page.change(env, |bytes| {
        if unused.len() != usize::from(data.nunused) {
            return Err(Error::corrupt("wrong number of line pointers in a VACUUM record"));
        }
        vacuum::free_line_pointers(bytes, &unused);
        Ok(())
    })?;
    page.note_free_space(env, |_| true).await
}

async fn freeze(env: &Env, record: &DecodedRecord, data: HeapFreezePage) -> Result<()> {
    wait_for_snapshots(env, data.cutoff_xid.previous()).await?;
    let page = page_for_redo(env, record, 0).await?;
    page.change(env, |bytes| {
        for plan in FreezePlan::decode_all(&record.need_block(0)?.data, data.ntuples)? {
            vacuum::freeze_tuple(tuple_mut(bytes, plan.offnum)?, &plan);
        }
        Ok(())
    })
}

/// Block 0 is the map's page, block 1 the table's. The table's page comes first: a bit in the map without the flag on
/// the page would be wrong, the other way round is harmless.
///
/// This is the only record that may be the first since the checkpoint to touch a page and has no image of it: a single
/// flag cannot tear. But if the table was cut off before that page later, and has grown again, then a power failure may
/// have torn the page of that time, which is no page then.
async fn visible(env: &Env, record: &DecodedRecord, data: HeapVisible) -> Result<()> {
    wait_for_snapshots(env, data.cutoff_xid).await?;
    let heap = record.need_block(1)?;
    match page_for_redo(env, record, 1).await {
        // It was removed later on, and perhaps begun anew: what happened to it then is still to come.
        Ok(page) if page.read(page::is_new) => {}
        Err(torn) if torn.code() == sqlstate::DATA_CORRUPTED => {}
        page => {
            let page = page?;
            page.change_quietly(env, |bytes| page::set_flag(bytes, page::PD_ALL_VISIBLE, true));
            page.note_free_space(env, |_| true).await?;
        }
    }
    let map = page_for_redo(env, record, 0).await?;
    map.change(env, |bytes| {
        if page::is_new(bytes) {
            page::init(bytes, 0);
        }
        vm::set(bytes, heap.block, data.flags);
        Ok(())
    })
}

async fn multi_insert(env: &Env, record: &DecodedRecord, data: HeapMultiInsert) -> Result<()> {
    let block = record.need_block(0)?;
    let cleared = data.flags & XLH_INSERT_ALL_VISIBLE_CLEARED != 0;
    if cleared {
        clear_visibility(env, block.rel, block.block).await?;
    }
    let page = page_for_redo(env, record, 0).await?;
    page.change(env, |bytes| {
        for (at, logged) in data.tuples.iter().enumerate() {
            let offset = data.offsets.get(at).copied().unwrap_or(at as OffsetNumber + 1);
            let tuple = logged.to_tuple(record.xid, Xid::INVALID, Tid::new(block.block, offset));
            put_tuple(bytes, offset, &tuple)?;
        }
        if cleared {
            page::set_flag(bytes, page::PD_ALL_VISIBLE, false);
        }
        if data.flags & XLH_INSERT_ALL_FROZEN_SET != 0 {
            page::set_flag(bytes, page::PD_ALL_VISIBLE, true);
        }
        Ok(())
    })?;
    let changed = page.needs_redo;
    page.note_free_space(env, |free| changed && free < NEARLY_FULL).await
}

async fn lock_updated(env: &Env, record: &DecodedRecord, data: HeapLock) -> Result<()> {
    let block = record.need_block(0)?;
    if data.flags & XLH_LOCK_ALL_FROZEN_CLEARED != 0 {
        clear_bits(env, block.rel, block.block, vm::VISIBILITYMAP_ALL_FROZEN).await?;
    }
    let page = page_for_redo(env, record, 0).await?;
    page.change(env, |bytes| {
        let version = tuple_mut(bytes, data.offnum)?;
        set_infobits(version, data.infobits);
        tuple::set_xmax(version, data.locking_xid);
        Ok(())
    })
}
