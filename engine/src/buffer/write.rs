//! Writing dirty pages: the log first, then the page to the kernel, and at a checkpoint the kernel to the disk.

use crate::small;
use std::rc::Rc;

use super::pool::{BufferPool, BufferTag, page_of};
use super::relation_files;
use crate::ids::{Result, WaitEvent};
use crate::storage::page;
use crate::trace::Event;
use crate::world::{Cx, LwMode};

/// What a checkpoint's syncs were.
#[derive(Clone, Copy, Default, Debug)]
pub struct SyncedFiles {
    /// How many files.
    pub count: usize,
    /// The longest sync, in microseconds.
    pub longest: u64,
    /// All together.
    pub total: u64,
}

impl BufferPool {
    /// Writes a dirty buffer's page to its file, the log first.
    pub(super) async fn write_buffer(self: &Rc<Self>, cx: &Cx, index: usize) -> Result<()> {
        let pin = self.pin_quietly(cx.pid(), index);
        let guard = self.buffers[index].content.acquire(cx, LwMode::Shared).await;
        let state = self.state(index);
        let (Some(tag), true) = (state.tag, state.dirty) else { return Ok(()) };
        self.buffers[index].update(|state| state.just_dirtied = false);
        let image = Box::new(*page_of(&self.buffers[index].page.borrow()));
        let lsn = page::lsn(&image);
        self.wal.flush(cx, lsn).await?;
        // Replay may write a page that is newer than the record it stands at: that page's record is durable long since.
        let (flushed, replaying) = (self.wal.flush_lsn(), self.wal.is_recovering());
        assert!(lsn <= flushed || replaying, "WAL before data: page {lsn}, flushed {flushed}");
        relation_files::write(&self.disk, cx, tag, &image).await?;
        self.unsynced.borrow_mut().insert((tag.rel, tag.fork));
        self.buffers[index].update(|state| {
            state.dirty = state.just_dirtied;
            state.checkpoint_needed = false;
        });
        let (buffer, BufferTag { rel, fork, block }) = (pin.id(), tag);
        drop(pin);
        // Whoever waits for the content lock finds the buffer unpinned.
        drop(guard);
        cx.point(Event::BufferWrite { buffer, rel, fork, block }).await;
        Ok(())
    }

    /// The buffers that are dirty now, in the order of their files: what a checkpoint has to write.
    pub fn mark_for_checkpoint(&self) -> Vec<usize> {
        let mut dirty: Vec<usize> = (0..self.len()).filter(|index| self.state(*index).dirty).collect();
        dirty.iter().for_each(|index| self.buffers[*index].update(|state| state.checkpoint_needed = true));
        small::sort_by_key(&mut dirty, |index| self.state(*index).tag);
        dirty
    }

    /// Writes one buffer for a checkpoint, unless somebody has written it since. Returns whether it did.
    pub async fn write_for_checkpoint(self: &Rc<Self>, cx: &Cx, index: usize) -> Result<bool> {
        if !self.state(index).checkpoint_needed {
            return Ok(false);
        }
        self.write_buffer(cx, index).await?;
        self.count(|stats| stats.checkpoint_writes += 1);
        Ok(true)
    }

    /// Syncs every file that was written since it was last synced. Returns how many, and how long that took.
    pub async fn sync_files(&self, cx: &Cx) -> Result<SyncedFiles> {
        let mut synced = SyncedFiles::default();
        let files = std::mem::take(&mut *self.unsynced.borrow_mut());
        for (rel, fork) in files.iter() {
            let path = rel.path(*fork);
            if self.disk.exists(&path) {
                let begun = cx.now();
                self.disk.fsync(cx, WaitEvent::DataFileSync, &path).await?;
                let took = cx.now() - begun;
                synced.count += 1;
                synced.total += took;
                synced.longest = synced.longest.max(took);
            }
        }
        Ok(synced)
    }
}
