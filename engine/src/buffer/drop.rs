//! Relations that go: their pages leave the pool without being written.

use super::pool::BufferPool;
use crate::ids::{BLCKSZ, BlockNumber, Fork, RelFile, Result};

impl BufferPool {
    /// Forgets the pages of a fork from `first` on, dirty or not: they are about to be cut off.
    pub fn drop_pages(&self, rel: RelFile, fork: Fork, first: BlockNumber) {
        for (index, buffer) in self.buffers.iter().enumerate() {
            let state = buffer.state.get();
            let goes = state.tag.is_some_and(|tag| tag.rel == rel && tag.fork == fork && tag.block >= first);
            if goes {
                assert_eq!(state.pins, 0, "a page of a dropped relation is pinned");
                self.forget(index);
            }
        }
    }

    /// Removes a relation: its pages and its files.
    pub fn drop_relation(&self, rel: RelFile) {
        for fork in [Fork::Main, Fork::Fsm, Fork::Vm, Fork::Init] {
            self.drop_pages(rel, fork, BlockNumber(0));
            self.unsynced.borrow_mut().remove(&(rel, fork));
            self.disk.remove(&rel.path(fork));
        }
    }

    /// Cuts a fork to `blocks` pages.
    pub fn truncate(&self, rel: RelFile, fork: Fork, blocks: BlockNumber) -> Result<()> {
        self.drop_pages(rel, fork, blocks);
        self.unsynced.borrow_mut().insert((rel, fork));
        let path = rel.path(fork);
        if self.disk.exists(&path) {
            self.disk.set_len(&path, u64::from(blocks.0) * BLCKSZ as u64)?;
        }
        Ok(())
    }
}
