//! Segment files come and go: made ahead of need, used again under new names, removed.
//!
//! PostgreSQL: `RemoveOldXlogFiles`, `InstallXLogFileSegment`, `PreallocXlogFiles` in `access/transam/xlog.c`.

use super::shared::Wal;
use crate::ids::{Lsn, Result, WalSegment};
use crate::trace::Event;
use crate::world::Cx;

/// What a checkpoint did to segment files.
#[derive(Clone, Copy, Default, Debug)]
pub struct SegmentCounts {
    /// Made ahead of need.
    pub added: usize,
    /// Removed.
    pub removed: usize,
    /// Given a new name.
    pub recycled: usize,
}

impl Wal {
    /// Rids the disk of the segments that end before `keep`. As long as the log, which ends at `end`, is expected to grow
    /// into them, up to the segment `upto`, they get the names of segments to come.
    pub fn remove_old_segments(&self, cx: &Cx, keep: Lsn, end: Lsn, upto: u64, recycle: bool) -> Result<SegmentCounts> {
        let seg = self.config.seg;
        let first = seg.segment_of(keep);
        let mut next = seg.segment_of(end).0;
        let mut counts = SegmentCounts::default();
        for path in self.disk.list("pg_wal/") {
            let name = path.rsplit('/').next().and_then(|name| seg.parse_file_name(name));
            let Some((_, segment)) = name.filter(|(_, segment)| *segment < first) else { continue };
            while next <= upto && self.disk.exists(&self.path(WalSegment(next))) {
                next += 1;
            }
            if recycle && next <= upto {
                self.disk.rename(&path, &self.path(WalSegment(next)))?;
                counts.recycled += 1;
            } else {
                self.disk.remove(&path);
                counts.removed += 1;
            }
            self.removed_upto.set(self.removed_upto.get().max(segment.0 + 1));
            cx.emit(Event::WalSegmentRemove { start: seg.start_of(segment) });
        }
        Ok(counts)
    }

    /// Segments before this one have been removed, as far as this server knows.
    pub fn removed_upto(&self) -> WalSegment {
        WalSegment(self.removed_upto.get())
    }

    /// Makes the next segment's file when the present one is nearly full, so that nobody has to wait for it. Returns how
    /// many were made.
    pub async fn preallocate(&self, cx: &Cx, end: Lsn) -> Result<usize> {
        let seg = self.config.seg;
        let last = Lsn(end.0 - 1);
        if seg.offset_of(last) < seg.bytes() / 4 * 3 {
            return Ok(0);
        }
        let made = self.create_segment(cx, WalSegment(seg.segment_of(last).0 + 1)).await?;
        Ok(usize::from(made))
    }
}
