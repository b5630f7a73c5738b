//! The free space map of a table: where a row of a given size may fit.
//!
//! It is a tree of pages of trees (`storage::fsm`); the bottom has one byte for each page of the table, each byte
//! above the greatest of those below. It is only a hint: never logged, and put right where it is found wrong. It comes
//! into being when a table's first page is full, or with its first VACUUM.

use super::{Env, Rel};
use crate::buffer::Pin;
use crate::ids::{BlockNumber, Fork, Result};
use crate::storage::{PageBytes, fsm, page};

/// The map of one table.
pub struct FreeSpaceMap<'a> {
    env: &'a Env,
    rel: &'a Rel,
}

/// A reader that finds the map wrong so often gives up.
const MAX_RESTARTS: u32 = 10_000;

impl<'a> FreeSpaceMap<'a> {
    /// The map of `rel`, whether it exists or not.
    pub fn of(env: &'a Env, rel: &'a Rel) -> FreeSpaceMap<'a> {
        FreeSpaceMap { env, rel }
    }

    /// `GetPageWithFreeSpace`: a page that may have `needed` bytes.
    pub async fn find(&self, needed: usize) -> Result<Option<BlockNumber>> {
        let category = fsm::space_needed_to_cat(needed)?;
        let mut at = fsm::FsmAddress::ROOT;
        for _ in 0..MAX_RESTARTS {
            let Some(pin) = self.page(at).await? else { return Ok(None) };
            let bottom = at.level == fsm::FSM_BOTTOM_LEVEL;
            let (slot, max) = pin.modify(|page| (fsm::search_avail(page, category, bottom), fsm::max_avail(page)));
            match slot {
                Some(slot) if bottom => {
                    let found = at.heap_block(slot).filter(|block| *block < self.rel.blocks(self.env, Fork::Main));
                    if found.is_some() {
                        return Ok(found);
                    }
                    // The map says more than the table has: correct it and look again.
                    self.set(at, slot, 0).await?;
                    at = fsm::FsmAddress::ROOT;
                }
                Some(slot) => at = at.child(slot),
                None if at.level == fsm::FSM_ROOT_LEVEL => return Ok(None),
                None => {
                    let (parent, slot) = at.parent();
                    self.set(parent, slot, max).await?;
                    at = fsm::FsmAddress::ROOT;
                }
            }
        }
        Ok(None)
    }

    /// `RecordPageWithFreeSpace`: notes what a page has left, at the bottom of the tree only.
    pub async fn record(&self, block: BlockNumber, available: usize) -> Result<()> {
        let (address, slot) = fsm::FsmAddress::of_heap_block(block);
        self.env.pool(self.rel.file).extend_to(&self.env.cx, self.rel.file, Fork::Fsm, address.physical()).await?;
        self.set(address, slot, fsm::space_avail_to_cat(available)).await
    }

    /// `RecordAndGetPageWithFreeSpace`: notes what a page has left, too little, and looks for another: first near it, below
    /// the same page of the map, since what is higher up may not have heard of it yet.
    pub async fn record_and_find(
        &self,
        block: BlockNumber,
        available: usize,
        needed: usize,
    ) -> Result<Option<BlockNumber>> {
        self.record(block, available).await?;
        let category = fsm::space_needed_to_cat(needed)?;
        let (address, _) = fsm::FsmAddress::of_heap_block(block);
        if let Some(pin) = self.page(address).await? {
            let slot = pin.modify(|page| fsm::search_avail(page, category, true));
            let found = slot.and_then(|slot| address.heap_block(slot));
            if let Some(found) = found.filter(|found| *found < self.rel.blocks(self.env, Fork::Main)) {
                return Ok(Some(found));
            }
        }
        self.find(needed).await
    }

    /// `FreeSpaceMapVacuum`: carries the greatest value of each page up to its parent, and has searches begin at the
    /// front again, so that the end of the table may become empty.
    pub async fn propagate(&self) -> Result<()> {
        let blocks = self.rel.blocks(self.env, Fork::Main);
        let mut first = BlockNumber(0);
        while first < blocks {
            let (mut at, _) = fsm::FsmAddress::of_heap_block(first);
            while at.level < fsm::FSM_ROOT_LEVEL {
                let Some(pin) = self.page(at).await? else { break };
                let max = pin.modify(|page| {
                    fsm::reset_next_slot(page);
                    fsm::max_avail(page)
                });
                let (parent, slot) = at.parent();
                self.set(parent, slot, max).await?;
                at = parent;
            }
            if let Some(root) = self.page(fsm::FsmAddress::ROOT).await? {
                root.modify(fsm::reset_next_slot);
            }
            first = BlockNumber(first.0 + fsm::SLOTS_PER_FSM_PAGE);
        }
        Ok(())
    }

    /// What the map says of a page, as a number of bytes; `pg_freespace`.
    pub async fn available(&self, block: BlockNumber) -> Result<usize> {
        let (address, slot) = fsm::FsmAddress::of_heap_block(block);
        let Some(pin) = self.page(address).await? else { return Ok(0) };
        Ok(fsm::space_cat_to_avail(pin.read(|page| fsm::get_avail(page, slot))))
    }

    /// A page of the map, if the map is that long.
    pub(super) async fn page(&self, at: fsm::FsmAddress) -> Result<Option<Pin>> {
        let block = at.physical();
        if block >= self.rel.blocks(self.env, Fork::Fsm) {
            return Ok(None);
        }
        let pin = self.rel.page(self.env, Fork::Fsm, block).await?;
        pin.modify(init_if_new);
        Ok(Some(pin))
    }

    async fn set(&self, at: fsm::FsmAddress, slot: u32, category: u8) -> Result<()> {
        if let Some(pin) = self.page(at).await?
            && pin.modify(|page| fsm::set_avail(page, slot, category))
        {
            pin.mark_dirty(&self.env.cx);
        }
        Ok(())
    }
}

fn init_if_new(bytes: &mut PageBytes) {
    if page::is_new(bytes) {
        page::init(bytes, 0);
    }
}
