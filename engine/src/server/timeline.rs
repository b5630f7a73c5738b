//! Timelines: when a standby becomes a primary the log forks, and every segment's name says on which branch it lies.
//!
//! ```text
//!   timeline 1  ──┬────────────────► the old primary, if it still runs
//!                 └─ 0/2C192B0 ────► timeline 2: the promoted standby
//!
//!   pg_wal/00000002.history:   1 <tab> 0/2C192B0 <tab> no recovery target specified
//! ```
//!
//! The new branch begins with a copy of the segment in which the old one was left, so that a reader who follows the history
//! finds all of the log in files.
//!
//! PostgreSQL: `access/transam/timeline.c`, `XLogInitNewTimeline` in `xlog.c`.

use super::shared::Server;
use crate::ids::{Lsn, Result, TimeLineId, WaitEvent};
use crate::world::Cx;

fn path(timeline: TimeLineId) -> String {
    format!("pg_wal/{:08X}.history", timeline.0)
}

/// The history of a timeline that leaves `timeline`, whose own history is `before`, at `end`.
fn history(before: &str, timeline: TimeLineId, end: Lsn) -> String {
    let separator = if before.is_empty() { "" } else { "\n" };
    format!("{before}{separator}{timeline}\t{end}\tno recovery target specified\n")
}

impl Server {
    /// `findNewestTimeLine`: the newest timeline that there is a history of.
    fn newest_timeline(&self, from: TimeLineId) -> TimeLineId {
        let mut newest = from;
        while self.spec.disk.exists(&path(TimeLineId(newest.0 + 1))) {
            newest = TimeLineId(newest.0 + 1);
        }
        newest
    }

    /// Begins a new timeline where the log ends: its history, and its first segment, copied as far as it is valid. Returns
    /// its id.
    pub(super) async fn fork_timeline(&self, cx: &Cx, end: Lsn) -> Result<TimeLineId> {
        let (old, seg, disk) = (self.timeline(), self.seg(), &self.spec.disk);
        let new = TimeLineId(self.newest_timeline(old).0 + 1);
        let (segment, used) = (seg.segment_of(end), seg.offset_of(end) as usize);
        let name = |timeline| format!("pg_wal/{}", seg.file_name(timeline, segment));
        let bytes = disk.peek(&name(old), 0, used).unwrap_or_default();
        if used > 0 {
            disk.create(&name(new));
            disk.set_len(&name(new), seg.bytes())?;
            disk.write(cx, WaitEvent::WalCopyWrite, &name(new), 0, &bytes).await?;
            disk.fsync(cx, WaitEvent::WalCopySync, &name(new)).await?;
        }
        let before = disk.peek(&path(old), 0, usize::MAX).unwrap_or_default();
        let text = history(&String::from_utf8_lossy(&before), old, end);
        disk.create(&path(new));
        disk.write(cx, WaitEvent::TimelineHistoryWrite, &path(new), 0, text.as_bytes()).await?;
        disk.fsync(cx, WaitEvent::TimelineHistorySync, &path(new)).await?;
        Ok(new)
    }

    /// `RemoveNonParentXlogFiles`: what was received of the old timeline beyond the fork.
    pub(super) fn remove_beyond_fork(&self, new: TimeLineId, end: Lsn) {
        let (seg, disk) = (self.seg(), &self.spec.disk);
        for path in disk.list("pg_wal/") {
            let name = path.rsplit('/').next().and_then(|name| seg.parse_file_name(name));
            if name.is_some_and(|(timeline, segment)| timeline < new && segment > seg.segment_of(end)) {
                disk.remove(&path);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_history_grows_line_by_line() {
        // pg_wal/00000002.history of PostgreSQL 15 after a promotion.
        let first = history("", TimeLineId(1), Lsn(0x2C1_92B0));
        assert_eq!(first, "1\t0/2C192B0\tno recovery target specified\n");
        let second = history(&first, TimeLineId(2), Lsn(0x300_0000));
        assert!(second.starts_with(&first) && second.ends_with("2\t0/3000000\tno recovery target specified\n"));
    }
}
