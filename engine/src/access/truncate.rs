//! Cutting off the empty end of a table, and with it what the two maps say of the pages that go.
//!
//! PostgreSQL: `RelationTruncate` in `catalog/storage.c`, `visibilitymap_prepare_truncate`,
//! `FreeSpaceMapPrepareTruncateRel`.

use super::{Env, FreeSpaceMap, Rel, VisibilityMap, build_index};
use crate::ids::{BlockNumber, Fork, Result, RmgrId};
use crate::storage::{fsm, vm};
use crate::wal::RecordBuilder;
use crate::wal::storage_records::{SMGR_TRUNCATE_ALL, StorageRecord};

/// In the `flags` of a truncation: the table's own pages.
const HEAP: u32 = 0x0001;
/// Its visibility map.
const VM: u32 = 0x0002;
/// Its free space map.
const FSM: u32 = 0x0004;

/// `RelationTruncate`: leaves the first `blocks` pages. The caller holds AccessExclusiveLock.
pub(super) async fn truncate(env: &Env, rel: &Rel, blocks: BlockNumber) -> Result<()> {
    env.txns.procs.update(env.cx.pid(), |entry| entry.delays_checkpoint = true);
    let done = log_and_cut(env, rel, blocks).await;
    env.txns.procs.update(env.cx.pid(), |entry| entry.delays_checkpoint = false);
    env.txns.delayed_checkpoint.wake_all(env.cx.world());
    rel.target.set(None);
    done
}

/// The record must be durable before the file is shorter: otherwise redo would miss pages that older records change.
async fn log_and_cut(env: &Env, rel: &Rel, blocks: BlockNumber) -> Result<()> {
    if rel.file.is_temporary() {
        return cut_off(env, rel, blocks, SMGR_TRUNCATE_ALL).await;
    }
    let (info, data) = StorageRecord::Truncate { blocks, rel: rel.file, flags: SMGR_TRUNCATE_ALL }.encode();
    env.wal.make_room(&env.cx, 128).await?;
    let end = env.log(&RecordBuilder::new(RmgrId::Storage, info).main(&data));
    env.wal.flush(&env.cx, end).await?;
    cut_off(env, rel, blocks, SMGR_TRUNCATE_ALL).await
}

/// Cuts off the forks that `flags` name; redo does just this.
pub(super) async fn cut_off(env: &Env, rel: &Rel, blocks: BlockNumber, flags: u32) -> Result<()> {
    if flags & VM != 0 {
        cut_visibility_map(env, rel, blocks).await?;
    }
    if flags & FSM != 0 {
        cut_free_space_map(env, rel, blocks).await?;
    }
    if flags & HEAP != 0 && rel.blocks(env, Fork::Main) > blocks {
        env.pool(rel.file).truncate(&env.cx, rel.file, Fork::Main, blocks).await?;
    }
    if flags & FSM != 0 {
        FreeSpaceMap::of(env, rel).propagate().await?;
    }
    Ok(())
}

async fn cut_visibility_map(env: &Env, rel: &Rel, blocks: BlockNumber) -> Result<()> {
    let Some(map) = VisibilityMap::of(env, rel).page(blocks).await? else { return Ok(()) };
    let within = blocks.0 % vm::HEAPBLOCKS_PER_PAGE;
    if map.modify(|page| vm::truncate(page, blocks)) {
        map.mark_dirty(&env.cx);
    }
    let keep = BlockNumber(map.block().0 + u32::from(within > 0));
    drop(map);
    if rel.blocks(env, Fork::Vm) > keep {
        env.pool(rel.file).truncate(&env.cx, rel.file, Fork::Vm, keep).await?;
    }
    Ok(())
}

async fn cut_free_space_map(env: &Env, rel: &Rel, blocks: BlockNumber) -> Result<()> {
    let (at, slot) = fsm::FsmAddress::of_heap_block(blocks);
    let Some(map) = FreeSpaceMap::of(env, rel).page(at).await? else { return Ok(()) };
    if map.modify(|page| fsm::truncate_avail(page, slot)) {
        map.mark_dirty(&env.cx);
    }
    drop(map);
    let keep = BlockNumber(at.physical().0 + u32::from(slot > 0));
    if rel.blocks(env, Fork::Fsm) > keep {
        env.pool(rel.file).truncate(&env.cx, rel.file, Fork::Fsm, keep).await?;
    }
    Ok(())
}

/// Empties a table of which nobody else knows: its file, that of its long values, and its indexes, which are made anew.
pub async fn empty(env: &Env, rel: &Rel) -> Result<()> {
    truncate(env, rel, BlockNumber(0)).await?;
    if let Some(toast) = &rel.toast {
        truncate(env, &toast.rel, BlockNumber(0)).await?;
    }
    let bare = Rel::new(rel.oid, rel.file);
    for index in rel.indexes.iter() {
        env.pool(index.rel.file).truncate(&env.cx, index.rel.file, Fork::Main, BlockNumber(0)).await?;
        index.forget_meta();
        build_index(env, index, &bare).await?;
    }
    Ok(())
}
