//! Writing and flushing: from the WAL buffers to the kernel, from the kernel to the disk.
//!
//! One process writes at a time, under the WALWrite lock. Whoever waited for it finds, more often than not, that its
//! own records have been taken along.

use super::page::{self, XLOG_BLCKSZ};
use super::shared::Wal;
use crate::ids::{Error, Lsn, Result, WaitEvent, WalSegment};
use crate::trace::Event;
use crate::world::{Cx, LwMode};

impl Wal {
    /// `XLogFlush`: returns when the log is durable up to `upto` at least.
    pub async fn flush(&self, cx: &Cx, upto: Lsn) -> Result<()> {
        if self.recovering.get() {
            return self.update_min_recovery_point(cx, upto).await;
        }
        if upto > self.insert.get() {
            let message =
                format!("xlog flush request {upto} is not satisfied --- flushed only to {}", self.insert.get());
            return Err(Error::internal(message));
        }
        self.write_through(cx, upto, true).await
    }

    /// Notes an asynchronous commit for the WAL writer.
    pub fn note_async_commit(&self, lsn: Lsn) {
        self.async_commit.set(self.async_commit.get().max(lsn));
    }

    /// `XLogBackgroundFlush`: one round of the WAL writer. Whole pages are flushed; the half-filled last one only
    /// if an asynchronous commit lies on it. Returns whether there was anything to do.
    pub async fn background_flush(&self, cx: &Cx) -> Result<bool> {
        let Some(target) = background_target(self.insert.get(), self.flush.get(), self.async_commit.get()) else {
            return Ok(false);
        };
        let guard = self.write_lock.acquire(cx, LwMode::Exclusive).await;
        if self.write.get() < target {
            self.write_pages(cx, target).await?;
        }
        self.sync_files(cx).await?;
        drop(guard);
        Ok(true)
    }

    /// Writes, and if asked syncs, up to `upto` or further.
    pub(super) async fn write_through(&self, cx: &Cx, upto: Lsn, sync: bool) -> Result<()> {
        let done = |wal: &Wal| if sync { wal.flush.get() >= upto } else { wal.write.get() >= upto };
        while !done(self) {
            let guard = self.write_lock.acquire(cx, LwMode::Exclusive).await;
            if done(self) {
                break;
            }
            // Take along whatever others have inserted meanwhile.
            let target = if sync { self.insert.get() } else { upto };
            if self.write.get() < target {
                self.write_pages(cx, target).await?;
            }
            if sync {
                self.sync_files(cx).await?;
            }
            drop(guard);
        }
        Ok(())
    }

    /// Hands the pages from `write` to `target` to the kernel, segment by segment.
    async fn write_pages(&self, cx: &Cx, target: Lsn) -> Result<()> {
        let seg = self.config.seg;
        while self.write.get() < target {
            let from = page::page_of(self.write.get());
            let segment = seg.segment_of(from);
            let segment_end = seg.start_of(segment) + seg.bytes();
            self.create_segment(cx, segment).await?;
            let last = target.min(segment_end);
            let mut bytes = Vec::new();
            let mut address = from;
            while address < last {
                bytes.extend_from_slice(&self.ring.borrow()[self.place(address)]);
                address = address + XLOG_BLCKSZ as u64;
            }
            let path = self.path(segment);
            self.disk.write(cx, WaitEvent::WalWrite, &path, seg.offset_of(from), &bytes).await?;
            self.write.set(last);
            self.count(|stats| stats.writes += 1);
            cx.point(Event::WalWrite { upto: last }).await;
            if last == segment_end {
                if last < target {
                    self.sync_files(cx).await?;
                }
                self.segment_filled.wake_all(cx.world());
            }
        }
        Ok(())
    }

    /// Makes a segment's file, full of zeros, if it is not there. Returns whether it did.
    pub(super) async fn create_segment(&self, cx: &Cx, segment: WalSegment) -> Result<bool> {
        let path = self.path(segment);
        if self.disk.exists(&path) {
            return Ok(false);
        }
        self.disk.create(&path);
        self.disk.set_len(&path, self.config.seg.bytes())?;
        self.disk.fsync(cx, WaitEvent::WalInitSync, &path).await?;
        cx.point(Event::WalSegmentCreate { start: self.config.seg.start_of(segment) }).await;
        Ok(true)
    }

    /// Syncs what was written.
    async fn sync_files(&self, cx: &Cx) -> Result<()> {
        let upto = self.write.get();
        if self.flush.get() >= upto {
            return Ok(());
        }
        let seg = self.config.seg;
        let last = seg.segment_of(Lsn(upto.0 - 1));
        for segment in seg.segment_of(self.flush.get()).0..=last.0 {
            self.disk.fsync(cx, WaitEvent::WalSync, &self.path(WalSegment(segment))).await?;
        }
        self.flush.set(upto);
        self.count(|stats| stats.syncs += 1);
        self.flushed.wake_all(cx.world());
        cx.point(Event::WalFlush { upto }).await;
        Ok(())
    }
}

/// How far a round of the WAL writer flushes: to the last page border, or to the newest asynchronous commit when
/// the border is flushed already.
fn background_target(insert: Lsn, flush: Lsn, async_commit: Lsn) -> Option<Lsn> {
    let border = page::page_of(insert);
    let target = if border > flush { border } else { async_commit };
    (target > flush).then_some(target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wal_writer_flushes_whole_pages_and_asynchronous_commits() {
        assert_eq!(background_target(Lsn(0x4100), Lsn(0x2000), Lsn(0)), Some(Lsn(0x4000)));
        assert_eq!(background_target(Lsn(0x4100), Lsn(0x4000), Lsn(0)), None);
        assert_eq!(background_target(Lsn(0x4100), Lsn(0x4000), Lsn(0x4080)), Some(Lsn(0x4080)));
    }
}
