//! The visibility map of a table: two bits a page, all-visible and all-frozen.
//!
//! VACUUM sets them, with a record; any change of the page clears them, which needs no record of its own, since the
//! record of the change says so and redo clears them too. A page whose bit is set has `PD_ALL_VISIBLE` in its header
//! as well, so that whoever changes it knows without looking here.

use super::{Env, Rel};
use crate::buffer::Pin;
use crate::ids::{BlockNumber, Fork, Lsn, Result, RmgrId, Xid};
use crate::storage::{PageBytes, page, vm};
use crate::trace::Event;
use crate::wal::heap2_records::{HeapVisible, XLOG_HEAP2_VISIBLE};
use crate::wal::record::{REGBUF_NO_IMAGE, REGBUF_STANDARD};
use crate::wal::{BlockRef, RecordBuilder};
use crate::world::LwMode;

/// The map of one table.
pub struct VisibilityMap<'a> {
    env: &'a Env,
    rel: &'a Rel,
}

impl<'a> VisibilityMap<'a> {
    /// The map of `rel`, whether it exists or not.
    pub fn of(env: &'a Env, rel: &'a Rel) -> VisibilityMap<'a> {
        VisibilityMap { env, rel }
    }

    /// The page of the map that speaks of a page of the table; none if the map does not reach so far.
    pub async fn page(&self, block: BlockNumber) -> Result<Option<Pin>> {
        let map_block = vm::map_block(block);
        if map_block >= self.rel.blocks(self.env, Fork::Vm) {
            return Ok(None);
        }
        self.rel.page(self.env, Fork::Vm, map_block).await.map(Some)
    }

    /// The same, lengthening the map as needed.
    pub async fn page_or_create(&self, block: BlockNumber) -> Result<Pin> {
        let map_block = vm::map_block(block);
        self.env.pool(self.rel.file).extend_to(&self.env.cx, self.rel.file, Fork::Vm, map_block).await?;
        let pin = self.rel.page(self.env, Fork::Vm, map_block).await?;
        pin.modify(init_if_new);
        Ok(pin)
    }

    /// The bits of a page: 1 all-visible, 2 all-frozen.
    pub async fn status(&self, block: BlockNumber) -> Result<u8> {
        let pin = self.page(block).await?;
        Ok(pin.map_or(0, |pin| pin.read(|map| if page::is_new(map) { 0 } else { vm::status(map, block) })))
    }

    /// `visibilitymap_count`: how many pages of the table are all-visible, and how many all-frozen.
    pub async fn count(&self) -> Result<(u32, u32)> {
        let mut total = (0, 0);
        for block in (0..self.rel.blocks(self.env, Fork::Vm).0).map(BlockNumber) {
            let (visible, frozen) = self.rel.page(self.env, Fork::Vm, block).await?.read(vm::count);
            total = (total.0 + visible, total.1 + frozen);
        }
        Ok(total)
    }

    /// `visibilitymap_set`: sets bits, and `PD_ALL_VISIBLE` in the page itself, with a record. The caller holds the
    /// heap page's content lock; `cutoff` is the youngest xmin on it.
    pub async fn set(&self, block: BlockNumber, heap: &Pin, cutoff: Xid, bits: u8) -> Result<()> {
        let map = self.page_or_create(block).await?;
        let guard = map.lock(&self.env.cx, LwMode::Exclusive).await;
        self.env.wal.make_room(&self.env.cx, 2 * page_size()).await?;
        map.modify(init_if_new);
        heap.modify(|page| page::set_flag(page, page::PD_ALL_VISIBLE, true));
        heap.mark_dirty(&self.env.cx);
        if map.modify(|map| vm::set(map, block, bits)) {
            map.mark_dirty(&self.env.cx);
            let end = self.log_visible(&map, heap, block, cutoff, bits);
            map.modify(|map| page::set_lsn(map, end));
            self.env.cx.emit(Event::VisibilityMap { rel: self.rel.file, block, bits });
        }
        drop(guard);
        self.env.cx.end_step().await;
        Ok(())
    }

    fn log_visible(&self, map: &Pin, heap: &Pin, block: BlockNumber, cutoff: Xid, bits: u8) -> Lsn {
        let rel = self.rel.file;
        map.read(|map_page| {
            heap.read(|heap_page| {
                let map_ref = BlockRef {
                    id: 0,
                    rel,
                    fork: Fork::Vm,
                    block: vm::map_block(block),
                    page: Some(map_page),
                    flags: 0,
                    data: &[],
                };
                let flags = REGBUF_STANDARD | REGBUF_NO_IMAGE;
                let heap_ref =
                    BlockRef { id: 1, rel, fork: Fork::Main, block, page: Some(heap_page), flags, data: &[] };
                let main = HeapVisible { cutoff_xid: cutoff, flags: bits }.encode();
                let xid = self.env.xact.borrow().xid;
                let record = RecordBuilder::new(RmgrId::Heap2, XLOG_HEAP2_VISIBLE).xid(xid);
                self.env.log(&record.block(map_ref).block(heap_ref).main(&main))
            })
        })
    }
}

/// `visibilitymap_clear`: takes back what the map says of a page that is about to change. A plain function: the
/// caller has the map's page pinned and writes the record. Whether something changed.
pub(super) fn clear(env: &Env, rel: &Rel, map: &Pin, block: BlockNumber, bits: u8) -> bool {
    let changed = map.modify(|map| vm::clear(map, block, bits));
    if changed {
        map.mark_dirty(&env.cx);
        let bits = map.read(|map| vm::status(map, block));
        env.cx.emit(Event::VisibilityMap { rel: rel.file, block, bits });
    }
    changed
}

fn page_size() -> usize {
    size_of::<PageBytes>()
}

fn init_if_new(bytes: &mut PageBytes) {
    if page::is_new(bytes) {
        page::init(bytes, 0);
    }
}
