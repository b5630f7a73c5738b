//! Changes of B-tree pages, made again.
//!
//! Readers on a standby must at no moment find a tree that the primary never had. So where a record changes several pages
//! that a reader may go through in turn, they are locked together, in the order in which the primary locked them.

use super::super::{Env, btree};
use super::page::{RedoPage, page_for_redo};
use super::standby::wait_for_snapshots;
use crate::ids::{BlockNumber, Error, OffsetNumber, Result};
use crate::storage::btree::*;
use crate::storage::page::{self, Place};
use crate::storage::{PageBytes, index_page};
use crate::wal::DecodedRecord;
use crate::wal::btree_records::*;

/// Replays a record of the resource manager Btree.
pub(super) async fn redo(env: &Env, record: &DecodedRecord) -> Result<()> {
    match BtreeRecord::decode(record)? {
        BtreeRecord::Insert(offset) => insert(env, record, offset).await,
        BtreeRecord::Split(data) => split(env, record, data).await,
        BtreeRecord::Delete(latest, counts) => {
            wait_for_snapshots(env, latest).await?;
            delete(env, record, counts).await
        }
        BtreeRecord::Vacuum(counts) => delete(env, record, counts).await,
        BtreeRecord::MarkPageHalfDead(data) => mark_half_dead(env, record, data).await,
        BtreeRecord::UnlinkPage(data) => unlink(env, record, data).await,
        BtreeRecord::NewRoot { level, .. } => new_root(env, record, level).await,
        BtreeRecord::ReusePage { latest_removed, .. } => wait_for_snapshots(env, latest_removed.xid().previous()).await,
        BtreeRecord::MetaCleanup => restore_meta(env, record, 0).await,
        BtreeRecord::Dedup(count) => {
            let intervals = decode_intervals(&record.need_block(0)?.data, count);
            let page = page_for_redo(env, record, 0).await?;
            page.change(env, |bytes| {
                *bytes = *btree::deduplicate_again(bytes, &intervals?)?;
                Ok(())
            })
        }
    }
}

/// `_bt_restore_meta`
async fn restore_meta(env: &Env, record: &DecodedRecord, id: usize) -> Result<()> {
    let meta = decode_meta(&record.need_block(id)?.data)?;
    let page = page_for_redo(env, record, id).await?;
    page.change(env, |bytes| {
        init_meta(bytes, &meta);
        Ok(())
    })
}

/// `_bt_clear_incomplete_split`
async fn complete_split(env: &Env, record: &DecodedRecord, id: usize) -> Result<()> {
    let page = page_for_redo(env, record, id).await?;
    page.change(env, |bytes| {
        change_opaque(bytes, |links| links.flags &= !BTP_INCOMPLETE_SPLIT);
        Ok(())
    })
}

fn add(bytes: &mut PageBytes, item: &[u8], offset: OffsetNumber) -> Result<()> {
    match page::add_item(bytes, item, Place::Before(offset), false)? {
        Some(_) => Ok(()),
        None => Err(Error::corrupt("failed to add item to an index page")),
    }
}

fn push(bytes: &mut PageBytes, item: &[u8]) -> Result<()> {
    let offset = page::max_offset(bytes) + 1;
    add(bytes, item, offset)
}

/// `_bt_restore_page`: the tuples as they lay on the page, the first one last.
fn restore_tuples(bytes: &mut PageBytes, data: &[u8]) -> Result<()> {
    decode_tuples(data)?.into_iter().rev().try_for_each(|item| push(bytes, item))
}

async fn insert(env: &Env, record: &DecodedRecord, offset: OffsetNumber) -> Result<()> {
    let info = record.rmgr_info();
    let posting = info == XLOG_BTREE_INSERT_POST;
    if info != XLOG_BTREE_INSERT_LEAF && !posting {
        complete_split(env, record, 1).await?;
    }
    let page = page_for_redo(env, record, 0).await?;
    page.change(env, |bytes| {
        let data = &record.need_block(0)?.data;
        if !posting {
            return add(bytes, data, offset);
        }
        let Some((place, item)) = data.split_first_chunk() else { return Err(no_list()) };
        let swapped = swap(bytes, offset - 1, u16::from_le_bytes(*place), item)?;
        index_page::overwrite(bytes, offset - 1, &swapped.list)?;
        add(bytes, &swapped.item, offset)
    })?;
    drop(page);
    if info == XLOG_BTREE_INSERT_META {
        restore_meta(env, record, 2).await?;
    }
    Ok(())
}

/// A row that went into a posting list on the page.
fn swap(bytes: &PageBytes, offset: OffsetNumber, place: u16, item: &[u8]) -> Result<btree::Swapped> {
    if !tuple::is_sane(item) {
        return Err(no_list());
    }
    btree::swap_into_list(index_tuple(bytes, offset), offset, place, item).ok_or_else(no_list)
}

fn no_list() -> Error {
    Error::corrupt("no posting list where a record speaks of one")
}

async fn split(env: &Env, record: &DecodedRecord, data: BtreeSplit) -> Result<()> {
    let (left, right) = (record.need_block(0)?, record.need_block(1)?);
    let next = record.block(2).map_or(P_NONE, |block| block.block);
    if data.level > 0 {
        complete_split(env, record, 3).await?;
    }
    let leaf = if data.level == 0 { BTP_LEAF } else { 0 };
    let right_page = page_for_redo(env, record, 1).await?;
    right_page.change(env, |bytes| {
        init(bytes, &Opaque { prev: left.block, next, level: data.level, flags: leaf, cycleid: 0 });
        restore_tuples(bytes, &right.data)
    })?;
    let on_left = record.rmgr_info() == XLOG_BTREE_SPLIT_L;
    let left_page = page_for_redo(env, record, 0).await?;
    left_page.change(env, |bytes| {
        let links = Opaque { next: right.block, flags: leaf | BTP_INCOMPLETE_SPLIT, cycleid: 0, ..opaque(bytes) };
        *bytes = *left_half(bytes, &links, &left.data, data, on_left)?;
        Ok(())
    })?;
    if next != P_NONE {
        let sibling = page_for_redo(env, record, 2).await?;
        sibling.change(env, |bytes| {
            change_opaque(bytes, |links| links.prev = right.block);
            Ok(())
        })?;
    }
    Ok(())
}

/// What stays on the page that was split.
fn left_half(old: &PageBytes, links: &Opaque, data: &[u8], split: BtreeSplit, on_left: bool) -> Result<Box<PageBytes>> {
    let mut tuples = decode_tuples(data)?.into_iter();
    let mut new = if on_left || split.postingoff > 0 { tuples.next().map(<[u8]>::to_vec) } else { None };
    let (Some(high_key), None) = (tuples.next(), tuples.next()) else {
        return Err(Error::corrupt("wrong number of tuples in a record of a split"));
    };
    let mut list = None;
    if let Some(item) = new.as_ref().filter(|_| split.postingoff > 0) {
        let swapped = swap(old, split.newitemoff.saturating_sub(1), split.postingoff, item)?;
        new = on_left.then_some(swapped.item);
        list = Some((swapped.offset, swapped.list));
    }
    let mut page = Box::new([0; crate::ids::BLCKSZ]);
    init(&mut page, links);
    push(&mut page, high_key)?;
    for offset in opaque(old).first_data_key()..=split.firstrightoff {
        if let Some(new) = new.as_ref().filter(|_| offset == split.newitemoff) {
            push(&mut page, new)?;
        }
        if offset < split.firstrightoff {
            let replaced = list.as_ref().filter(|(at, _)| *at == offset);
            push(&mut page, replaced.map_or(index_tuple(old, offset), |(_, list)| list))?;
        }
    }
    Ok(page)
}

async fn delete(env: &Env, record: &DecodedRecord, counts: BtreeCounts) -> Result<()> {
    let page = page_for_redo(env, record, 0).await?;
    page.change(env, |bytes| {
        let deletion = BtreeDeletion::decode(&record.need_block(0)?.data, counts)?;
        btree::delete_items(bytes, &deletion)
    })
}

async fn new_root(env: &Env, record: &DecodedRecord, level: u32) -> Result<()> {
    let root = page_for_redo(env, record, 0).await?;
    root.change(env, |bytes| {
        let leaf = if level == 0 { BTP_LEAF } else { 0 };
        init(bytes, &Opaque { level, flags: BTP_ROOT | leaf, ..Opaque::default() });
        restore_tuples(bytes, &record.need_block(0)?.data)
    })?;
    if level > 0 {
        complete_split(env, record, 1).await?;
    }
    drop(root);
    restore_meta(env, record, 2).await
}

/// A half-dead leaf: empty, with a high key that names the page that goes before it.
fn half_dead(bytes: &mut PageBytes, prev: BlockNumber, next: BlockNumber, topparent: BlockNumber) -> Result<()> {
    init(bytes, &Opaque { prev, next, level: 0, flags: BTP_HALF_DEAD | BTP_LEAF, cycleid: 0 });
    push(bytes, &tuple::minus_infinity(topparent))
}

async fn mark_half_dead(env: &Env, record: &DecodedRecord, data: BtreeHalfDead) -> Result<()> {
    let parent = page_for_redo(env, record, 1).await?;
    parent.change(env, |bytes| btree::remove_downlink(bytes, data.poffset))?;
    let leaf = page_for_redo(env, record, 0).await?;
    leaf.change(env, |bytes| half_dead(bytes, data.left, data.right, data.topparent))
}

async fn unlink(env: &Env, record: &DecodedRecord, data: BtreeUnlink) -> Result<()> {
    let left = match data.left {
        P_NONE => None,
        _ => Some(page_for_redo(env, record, 1).await?),
    };
    if let Some(left) = &left {
        relink(env, left, |links| links.next = data.right)?;
    }
    let target = page_for_redo(env, record, 0).await?;
    target.change(env, |bytes| {
        let leaf = if data.level == 0 { BTP_LEAF } else { 0 };
        init(bytes, &Opaque { prev: data.left, next: data.right, level: data.level, flags: leaf, cycleid: 0 });
        set_deleted(bytes, data.safexid);
        Ok(())
    })?;
    let right = page_for_redo(env, record, 2).await?;
    relink(env, &right, |links| links.prev = data.left)?;
    drop((left, target, right));
    if record.block(3).is_some() {
        let leaf = page_for_redo(env, record, 3).await?;
        leaf.change(env, |bytes| half_dead(bytes, data.leaf_left, data.leaf_right, data.leaf_topparent))?;
    }
    if record.rmgr_info() == XLOG_BTREE_UNLINK_PAGE_META {
        restore_meta(env, record, 4).await?;
    }
    Ok(())
}

fn relink(env: &Env, page: &RedoPage, change: impl FnOnce(&mut Opaque)) -> Result<()> {
    page.change(env, |bytes| {
        change_opaque(bytes, change);
        Ok(())
    })
}
