//! Relations that go: their pages leave the pool without being written.
//!
//! The caller has the relation to itself, but the checkpointer or a process in need of a buffer may be busy writing one
//! of its pages. That write is waited for: it would find no file, or make a file longer that has just been cut off.

use super::pool::BufferPool;
use crate::ids::{BLCKSZ, BlockNumber, Fork, RelFile, Result, WaitEvent};
use crate::world::{Cx, LwMode};

/// How long to wait for a pin without a lock to go, in microseconds.
const PIN_CHECK: u64 = 1_000;

impl BufferPool {
    /// Forgets the pages of a fork from `first` on, dirty or not: they are about to be cut off.
    async fn drop_pages(&self, cx: &Cx, rel: RelFile, fork: Fork, first: BlockNumber) {
        let goes = |index: usize| {
            let tag = self.state(index).tag;
            tag.is_some_and(|tag| tag.rel == rel && tag.fork == fork && tag.block >= first)
        };
        while let Some(busy) = (0..self.len()).find(|index| goes(*index) && self.state(*index).pins > 0) {
            drop(self.buffers[busy].content.acquire(cx, LwMode::Exclusive).await);
            if goes(busy) && self.state(busy).pins > 0 {
                cx.sleep(WaitEvent::BufferPin, PIN_CHECK).await;
            }
        }
        (0..self.len()).filter(|index| goes(*index)).for_each(|index| self.discard(index));
    }

    /// Removes a relation: its pages and its files.
    pub async fn drop_relation(&self, cx: &Cx, rel: RelFile) {
        for fork in [Fork::Main, Fork::Fsm, Fork::Vm, Fork::Init] {
            self.drop_pages(cx, rel, fork, BlockNumber(0)).await;
            self.unsynced.borrow_mut().remove(&(rel, fork));
            let path = rel.path(fork);
            if rel.is_temporary() { self.disk.discard(&path) } else { self.disk.remove(&path) }
        }
    }

    /// Cuts a fork to `blocks` pages.
    pub async fn truncate(&self, cx: &Cx, rel: RelFile, fork: Fork, blocks: BlockNumber) -> Result<()> {
        self.drop_pages(cx, rel, fork, blocks).await;
        self.unsynced.borrow_mut().insert((rel, fork));
        let path = rel.path(fork);
        if self.disk.exists(&path) {
            self.disk.set_len(&path, u64::from(blocks.0) * BLCKSZ as u64)?;
        }
        Ok(())
    }
}
