//! When a checkpoint is due, how fast it writes, and which segments may go afterwards: arithmetic, without waiting.
//!
//! ```text
//!   redo                                  redo of the next
//!    ├──── max_wal_size / (1 + target) ────┤ due, for its log
//!    ├───────── checkpoint_timeout ────────┤ due, for its time
//!          its writes take `target` of whichever comes first; meanwhile the log before the older redo point is kept
//! ```
//!
//! Whoever recovers reads from a redo point that lies up to a whole checkpoint back, so that two checkpoints' log lies on
//! the disk at times: hence the division.
//!
//! PostgreSQL: `CalculateCheckpointSegments`, `XLOGfileslop` in `access/transam/xlog.c`, `IsCheckpointOnSchedule` in
//! `postmaster/checkpointer.c`.

use std::fmt;
use std::ops::BitOr;

use crate::ids::{Lsn, WalSegSize};
use crate::settings::{Setting, Settings};

/// Why a checkpoint is made and how: the `CHECKPOINT_` flags.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Flags(u8);

impl Flags {
    /// The server shuts down.
    pub(super) const SHUTDOWN: Flags = Flags(1);
    /// Recovery has ended.
    pub(super) const END_OF_RECOVERY: Flags = Flags(2);
    /// Without naps.
    pub(super) const IMMEDIATE: Flags = Flags(4);
    /// Even if nothing has happened.
    pub(super) const FORCE: Flags = Flags(8);
    /// Somebody waits for it.
    pub(super) const WAIT: Flags = Flags(16);
    /// There is much log.
    pub(super) const CAUSE_XLOG: Flags = Flags(32);
    /// It is time.
    pub(super) const CAUSE_TIME: Flags = Flags(64);

    /// Whether any of these is set.
    pub(super) fn has(self, flags: Flags) -> bool {
        self.0 & flags.0 != 0
    }

    /// Nobody writes meanwhile: redo would begin at the record itself.
    pub(super) fn is_quiet(self) -> bool {
        self.has(Flags::SHUTDOWN | Flags::END_OF_RECOVERY)
    }
}

impl BitOr for Flags {
    type Output = Flags;

    fn bitor(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }
}

impl fmt::Display for Flags {
    /// As the log says it when the checkpoint starts.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = ["shutdown", "end-of-recovery", "immediate", "force", "wait", "wal", "time"];
        (0..words.len()).filter(|n| self.0 >> n & 1 != 0).try_for_each(|n| write!(f, " {}", words[n]))
    }
}

/// The settings that decide.
#[derive(Clone, Copy, Debug)]
pub(super) struct Policy {
    pub(super) seg: WalSegSize,
    /// `checkpoint_timeout`, in microseconds.
    pub(super) timeout: u64,
    /// `checkpoint_completion_target`
    pub(super) target: f64,
    /// `min_wal_size` and `max_wal_size`, in bytes.
    pub(super) wal_size: [u64; 2],
    /// `wal_recycle`
    pub(super) recycle: bool,
}

impl Policy {
    pub(super) fn of(settings: &Settings, seg: WalSegSize) -> Policy {
        let bytes = |setting| settings.int(setting) as u64 * (1 << 20);
        Policy {
            seg,
            timeout: settings.int(Setting::checkpoint_timeout) as u64 * 1_000_000,
            target: settings.int(Setting::checkpoint_completion_target) as f64 / 1000.0,
            wal_size: [bytes(Setting::min_wal_size), bytes(Setting::max_wal_size)],
            recycle: settings.on(Setting::wal_recycle),
        }
    }

    /// `CheckPointSegments`: so many segments of log make a checkpoint due.
    pub(super) fn segments(&self) -> u64 {
        let most = (self.wal_size[1] / self.seg.bytes()) as f64;
        ((most / (1.0 + self.target)) as u64).max(1)
    }

    /// `XLogCheckpointNeeded`: whether there is so much log since `redo`, now that the segment before `at` is full.
    pub(super) fn needs_for_wal(&self, redo: Lsn, at: Lsn) -> bool {
        let full = self.seg.segment_of(at).0.saturating_sub(1);
        full >= self.seg.segment_of(redo).0 + self.segments() - 1
    }

    /// `IsCheckpointOnSchedule`: whether a checkpoint that has made this part of its writes is ahead of the log that has
    /// grown meanwhile, in bytes, and of the time that has passed, in microseconds.
    pub(super) fn is_ahead(&self, progress: f64, grown: u64, elapsed: u64) -> bool {
        let progress = progress * self.target;
        let of_log = grown as f64 / self.seg.bytes() as f64 / self.segments() as f64;
        progress >= of_log && progress >= elapsed as f64 / self.timeout as f64
    }

    /// `XLOGfileslop`: up to this segment old files are kept for use again, as far as the next checkpoint is expected to
    /// need them, within `min_wal_size` and `max_wal_size`.
    pub(super) fn recycle_upto(&self, redo: Lsn, estimate: f64) -> u64 {
        let seg = self.seg.bytes();
        let [min, max] = self.wal_size.map(|size| (redo.0 / seg + size / seg).saturating_sub(1));
        let distance = (1.0 + self.target) * estimate * 1.10;
        (((redo.0 as f64 + distance) / seg as f64).ceil() as u64).min(max).max(min)
    }
}

/// `UpdateCheckPointDistanceEstimate`: it rises at once and falls slowly.
pub(super) fn estimate_distance(before: f64, distance: u64) -> f64 {
    let distance = distance as f64;
    if before < distance { distance } else { 0.90 * before + 0.10 * distance }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(min: u64, max: u64) -> Policy {
        let wal_size = [min << 20, max << 20];
        Policy { seg: WalSegSize::ONE_MB, timeout: 300_000_000, target: 0.9, wal_size, recycle: true }
    }

    #[test]
    fn the_log_makes_a_checkpoint_due_at_about_half_of_max_wal_size() {
        assert_eq!([2, 4, 64, 1024].map(|max| policy(2, max).segments()), [1, 2, 33, 538]);
        let at = |megabytes: u64| Lsn(megabytes << 20);
        // As a real server with max_wal_size = 4MB and segments of 1 MB: two full segments, the redo point's included.
        let due = |redo, now| policy(2, 4).needs_for_wal(redo, now);
        assert!(!due(at(3) + 100, at(4) + 1));
        assert!(due(at(3) + 100, at(5)));
    }

    #[test]
    fn writes_keep_step_with_time_and_with_the_log() {
        let policy = policy(80, 64);
        let (half_time, half_log) = (150_000_000, 33 << 19);
        assert!(policy.is_ahead(0.6, 0, half_time));
        assert!(!policy.is_ahead(0.5, 0, half_time), "0.9 of the time is allowed");
        assert!(!policy.is_ahead(0.5, half_log, 0));
        assert!(policy.is_ahead(1.0, 0, 270_000_000));
    }

    #[test]
    fn files_are_kept_for_what_the_next_checkpoint_is_expected_to_write() {
        let at = Lsn(10 << 20);
        assert_eq!(policy(2, 64).recycle_upto(at, 0.0), 11, "min_wal_size");
        assert_eq!(policy(2, 64).recycle_upto(at, 5.0 * 1048576.0), 21);
        assert_eq!(policy(2, 64).recycle_upto(at, 1e9), 73, "max_wal_size");
        // 'distance' and 'estimate' of four checkpoints of PostgreSQL 15, in kB.
        let mut estimate = 0.0;
        for (distance, wanted) in [(2535, 2535), (11264, 11264), (1834, 10321), (2267, 9515)] {
            estimate = estimate_distance(estimate, distance * 1024);
            assert_eq!((estimate / 1024.0) as u64, wanted);
        }
    }

    #[test]
    fn flags_are_told_in_order() {
        let all = Flags::CAUSE_XLOG | Flags::WAIT | Flags::FORCE | Flags::IMMEDIATE;
        assert_eq!(all.to_string(), " immediate force wait wal");
        assert_eq!((Flags::SHUTDOWN | Flags::IMMEDIATE).to_string(), " shutdown immediate");
    }
}
