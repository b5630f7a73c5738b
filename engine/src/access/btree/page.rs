//! Pages of the tree, pinned and locked.
//!
//! Whoever reads a page locks it for sharing, whoever changes it locks it alone. Of two pages the left one is locked
//! first, and the child before its parent.

use super::index::Index;
use crate::access::{Env, FreeSpaceMap};
use crate::buffer::Pin;
use crate::ids::{BLCKSZ, BlockNumber, Fork, FullXid, Lsn, OffsetNumber, Result, RmgrId};
use crate::storage::btree::{self, BTP_DELETED, Opaque};
use crate::storage::{PageBytes, page};
use crate::wal::btree_records::{BtreeRecord, XLOG_BTREE_REUSE_PAGE};
use crate::wal::record::{REGBUF_STANDARD, REGBUF_WILL_INIT};
use crate::wal::{BlockRef, RecordBuilder};
use crate::world::{LwGuard, LwMode};

/// An index, as a process works on it.
#[derive(Clone, Copy)]
pub(super) struct Tree<'a> {
    pub(super) env: &'a Env,
    pub(super) index: &'a Index,
}

/// A page, pinned and locked.
pub(super) struct Locked {
    pub(super) pin: Pin,
    _guard: LwGuard,
}

impl Locked {
    pub(super) fn block(&self) -> BlockNumber {
        self.pin.block()
    }

    pub(super) fn links(&self) -> Opaque {
        self.pin.read(btree::opaque)
    }

    pub(super) fn max_offset(&self) -> OffsetNumber {
        self.pin.read(page::max_offset)
    }

    /// A copy of the tuple at a line pointer.
    pub(super) fn tuple(&self, offset: OffsetNumber) -> Vec<u8> {
        self.pin.read(|bytes| btree::index_tuple(bytes, offset).to_vec())
    }

    /// Gives the lock back and keeps the pin.
    pub(super) fn unlock(self) -> Pin {
        self.pin
    }
}

impl<'a> Tree<'a> {
    pub(super) fn of(env: &'a Env, index: &'a Index) -> Tree<'a> {
        Tree { env, index }
    }

    /// `_bt_getbuf`: a page, locked.
    pub(super) async fn page(&self, block: BlockNumber, mode: LwMode) -> Result<Locked> {
        let pin = self.index.rel.page(self.env, Fork::Main, block).await?;
        self.lock(pin, mode).await
    }

    /// `_bt_lockbuf`
    pub(super) async fn lock(&self, pin: Pin, mode: LwMode) -> Result<Locked> {
        let guard = pin.lock(&self.env.cx, mode).await;
        self.locked(pin, guard)
    }

    /// `_bt_checkpage`
    pub(super) fn locked(&self, pin: Pin, guard: LwGuard) -> Result<Locked> {
        if !pin.read(btree::is_sane) {
            let what = format!("contains corrupted page at block {}", pin.block());
            return Err(self.index.corrupt_page(&what).hint("Please REINDEX it."));
        }
        Ok(Locked { pin, _guard: guard })
    }

    /// The same, if the lock is free.
    pub(super) fn try_lock(&self, pin: Pin) -> Option<Locked> {
        let guard = pin.try_lock(&self.env.cx, LwMode::Exclusive)?;
        Some(Locked { pin, _guard: guard })
    }

    /// `_bt_getbuf(P_NEW)`: an empty page, locked: one that was deleted long ago, or a new one at the end.
    pub(super) async fn new_page(&self) -> Result<Locked> {
        let map = FreeSpaceMap::of(self.env, &self.index.rel);
        while let Some(block) = map.find(BLCKSZ / 2).await? {
            map.record(block, 0).await?;
            let pin = self.index.rel.page(self.env, Fork::Main, block).await?;
            self.env.wal.make_room(&self.env.cx, 128).await?;
            let Some(found) = self.try_lock(pin) else { continue };
            if found.pin.read(page::is_new) {
                found.pin.modify(|bytes| btree::init(bytes, &Opaque::default()));
                return Ok(found);
            }
            if let Some(since) = found.pin.read(|bytes| self.recyclable(bytes)) {
                self.log_reuse(block, since);
                found.pin.modify(|bytes| btree::init(bytes, &Opaque::default()));
                return Ok(found);
            }
        }
        loop {
            let pin = self.env.pool(self.index.rel.file).extend(&self.env.cx, self.index.rel.file, Fork::Main).await?;
            let guard = pin.lock(&self.env.cx, LwMode::Exclusive).await;
            // VACUUM may have come by before it was locked, and given the page away.
            if pin.read(page::is_new) {
                pin.modify(|bytes| btree::init(bytes, &Opaque::default()));
                return Ok(Locked { pin, _guard: guard });
            }
        }
    }

    /// `BTPageIsRecyclable`: since when the page is deleted, if nobody can come to it by an old link any more.
    pub(super) fn recyclable(&self, bytes: &PageBytes) -> Option<FullXid> {
        let since = btree::deleted_since(bytes);
        (btree::opaque(bytes).has(BTP_DELETED) && self.is_past(since)).then_some(since)
    }

    /// `GlobalVisCheckRemovableFullXid`: whether everybody who was there when this transaction began is gone.
    pub(super) fn is_past(&self, since: FullXid) -> bool {
        let next = self.env.txns.procs.next_xid();
        let age = next.xid().0.wrapping_sub(self.env.txns.procs.oldest_xmin().0);
        since.0 < next.0.saturating_sub(u64::from(age))
    }

    /// A standby may have readers that are older than ours.
    fn log_reuse(&self, block: BlockNumber, latest_removed: FullXid) {
        if self.index.rel.file.is_temporary() {
            return;
        }
        let main = BtreeRecord::ReusePage { rel: self.index.rel.file, block, latest_removed }.encode();
        self.env.log(&self.record(XLOG_BTREE_REUSE_PAGE, &main));
    }

    /// A record of the session's transaction, if it has an id.
    pub(super) fn record<'r>(&self, info: u8, main: &[u8]) -> RecordBuilder<'r> {
        RecordBuilder::new(RmgrId::Btree, info).xid(self.env.xact.borrow().xid).main(main)
    }

    /// A page that a record changes. `bytes` are a copy, or the page itself.
    pub(super) fn block_ref<'r>(&self, id: u8, pin: &Pin, bytes: &'r PageBytes, data: &'r [u8]) -> BlockRef<'r> {
        let (rel, block) = (self.index.rel.file, pin.block());
        BlockRef { id, rel, fork: Fork::Main, block, page: Some(bytes), flags: REGBUF_STANDARD, data }
    }

    /// A page that redo makes anew.
    pub(super) fn init_ref<'r>(&self, id: u8, pin: &Pin, data: &'r [u8]) -> BlockRef<'r> {
        let (rel, block) = (self.index.rel.file, pin.block());
        BlockRef { id, rel, fork: Fork::Main, block, page: None, flags: REGBUF_STANDARD | REGBUF_WILL_INIT, data }
    }

    /// Marks pages dirty that a record has changed, and stamps them with its end.
    pub(super) fn stamp(&self, pages: &[&Pin], end: Lsn) {
        for pin in pages {
            pin.mark_dirty(&self.env.cx);
            pin.modify(|bytes| page::set_lsn(bytes, end));
        }
    }

    /// Makes room for a record with up to so many page images and bytes of data.
    pub(super) async fn make_room(&self, pages: usize, data: usize) -> Result<()> {
        self.env.wal.make_room(&self.env.cx, pages * BLCKSZ + data + 256).await
    }
}
