//! Removing tuples from a leaf: those that somebody found dead, when room is needed, and those that VACUUM names.
//!
//! A reader who comes to a row that nobody can see any more marks the entry that led there (LP_DEAD). When the page is
//! full, a writer removes them all before it thinks of splitting, and on the way asks of other entries whether they may go
//! too, as long as they lead to pages of the table that have to be looked at anyway.
//!
//! PostgreSQL: `_bt_delete_or_dedup_one_page`, `_bt_simpledel_pass` in `nbtinsert.c`, `_bt_delitems_delete_check`,
//! `_bt_delitems_delete`, `_bt_delitems_vacuum` in `nbtpage.c`.

use crate::small::Set;

use super::page::{Locked, Tree};
use crate::access::{Rel, hot};
use crate::ids::{BlockNumber, OffsetNumber, Result, Xid};
use crate::storage::btree::*;
use crate::storage::page;
use crate::storage::{PageBytes, index_page};
use crate::wal::btree_records::*;

/// Takes tuples and rows of posting lists off a page; redo does just this.
pub(in crate::access) fn execute(bytes: &mut PageBytes, deletion: &BtreeDeletion) -> Result<()> {
    for (offset, gone) in &deletion.updated {
        let item = index_tuple(bytes, *offset);
        let stay = |(n, _): &(usize, _)| !gone.contains(&(*n as u16));
        let tids: Vec<_> = tuple::heap_tids(item).enumerate().filter(stay).map(|(_, tid)| tid).collect();
        let shorter = tuple::form_posting(item, &tids);
        index_page::overwrite(bytes, *offset, &shorter)?;
    }
    index_page::delete_all(bytes, &deletion.deleted)?;
    change_opaque(bytes, |links| links.flags &= !BTP_HAS_GARBAGE);
    Ok(())
}

/// What is to go of one tuple.
pub(super) fn note_gone(deletion: &mut BtreeDeletion, offset: OffsetNumber, gone: Vec<u16>, of: usize) {
    if gone.len() == of {
        deletion.deleted.push(offset);
    } else if !gone.is_empty() {
        deletion.updated.push((offset, gone));
    }
}

impl Tree<'_> {
    /// Removes what is marked dead on a leaf that has no room for the new tuple. Whether anything was.
    pub(super) async fn delete_dead(&self, heap: &Rel, page: &Locked, new: &[u8]) -> Result<bool> {
        let (dead, mut blocks) = page.pin.read(|bytes| {
            let dead: Vec<OffsetNumber> =
                page::offsets(bytes).filter(|offset| page::item_id(bytes, *offset).is_dead()).collect();
            let tids = dead.iter().flat_map(|offset| tuple::heap_tids(index_tuple(bytes, *offset)));
            let blocks: Set<BlockNumber> = tids.map(|tid| tid.block).collect();
            (dead, blocks)
        });
        if dead.is_empty() {
            return Ok(false);
        }
        // The page that the new row is on is at hand.
        blocks.insert(tuple::tid(new).block);
        let (mut deletion, mut latest) = (BtreeDeletion::default(), Xid::INVALID);
        for offset in page.links().first_data_key()..=page.max_offset() {
            let item = page.tuple(offset);
            let (known, mut gone) = (dead.contains(&offset), Vec::new());
            for (n, tid) in tuple::heap_tids(&item).enumerate().filter(|(_, tid)| blocks.contains(&tid.block)) {
                if hot::may_go(self.env, heap, tid, known, &mut latest).await? {
                    gone.push(n as u16);
                }
            }
            note_gone(&mut deletion, offset, gone, tuple::heap_tids(&item).len());
        }
        let main = BtreeRecord::Delete(latest, deletion.counts());
        self.delete_items(page, &deletion, XLOG_BTREE_DELETE, main).await?;
        Ok(true)
    }

    /// `_bt_delitems_delete`, `_bt_delitems_vacuum`: takes them off and says so in the log.
    pub(super) async fn delete_items(
        &self,
        page: &Locked,
        deletion: &BtreeDeletion,
        info: u8,
        main: BtreeRecord,
    ) -> Result<()> {
        let data = deletion.encode();
        self.make_room(1, data.len()).await?;
        page.pin.modify(|bytes| execute(bytes, deletion))?;
        if info == XLOG_BTREE_VACUUM {
            page.pin.modify(|bytes| change_opaque(bytes, |links| links.cycleid = 0));
        }
        let end = {
            let bytes = page.pin.bytes();
            self.env.log(&self.record(info, &main.encode()).block(self.block_ref(0, &page.pin, &bytes, &data)))
        };
        self.stamp(&[&page.pin], end);
        Ok(())
    }
}
