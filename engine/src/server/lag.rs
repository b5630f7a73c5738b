//! How long a standby takes: the time from the flush of a piece of log here to the standby's report that it has written,
//! flushed or replayed it.
//!
//! ```text
//!   flushed here up to   100      200      300         samples: position and moment
//!   reported             ─────────►│                   write lag: now - the moment of 200
//! ```
//!
//! Between two samples the moment is interpolated. A standby that has replayed everything, and says so twice, is not
//! late: its lag is not known until there is more to do.
//!
//! PostgreSQL: `LagTrackerWrite`, `LagTrackerRead` in `replication/walsender.c`.

use std::collections::VecDeque;

use crate::ids::{Instant, Lsn};
use crate::txn::StandbyProgress;

/// Samples that are kept at most; `LAG_TRACKER_BUFFER_SIZE`.
const SAMPLES: usize = 8192;

type Sample = (Lsn, Instant);

/// What one of the three reports has still to reach.
#[derive(Default)]
struct Head {
    ahead: VecDeque<Sample>,
    passed: Option<Sample>,
}

impl Head {
    fn read(&mut self, lsn: Lsn, now: Instant) -> Option<u64> {
        let mut reached = None;
        while let Some(sample) = self.ahead.front().copied().filter(|sample| sample.0 <= lsn) {
            reached = Some(sample.1);
            self.passed = Some(sample);
            self.ahead.pop_front();
        }
        let Some(next) = self.ahead.front().copied() else {
            self.passed = None;
            return reached.map(|at| now - at);
        };
        let at = reached.or_else(|| match self.passed {
            Some(passed) => between(passed, next, lsn),
            // Everything had been replayed, and there is a new burst.
            None => Some(next.1),
        });
        at.filter(|at| *at <= now).map(|at| now - at)
    }
}

/// The moment at which `lsn`, between two samples, would have been flushed.
fn between(before: Sample, after: Sample, lsn: Lsn) -> Option<Instant> {
    if lsn < before.0 || after.1 < before.1 {
        return None;
    }
    let part = u128::from(after.1 - before.1) * u128::from(lsn - before.0) / u128::from(after.0 - before.0);
    Some(before.1 + part as u64)
}

/// The samples of one walsender.
#[derive(Default)]
pub(super) struct LagTracker {
    heads: [Head; 3],
    last: Lsn,
    replayed_all: bool,
}

impl LagTracker {
    /// The log is flushed up to `lsn`.
    pub(super) fn write(&mut self, lsn: Lsn, now: Instant) {
        if lsn == self.last || self.heads.iter().any(|head| head.ahead.len() >= SAMPLES) {
            return;
        }
        self.last = lsn;
        self.heads.iter_mut().for_each(|head| head.ahead.push_back((lsn, now)));
    }

    /// A report has come.
    pub(super) fn read(&mut self, progress: &mut StandbyProgress, now: Instant) {
        let reported = [progress.write, progress.flush, progress.apply];
        let all = progress.apply == progress.sent;
        let clear = all && self.replayed_all;
        self.replayed_all = all;
        for (n, head) in self.heads.iter_mut().enumerate() {
            let lag = head.read(reported[n], now);
            if lag.is_some() || clear {
                progress.lag[n] = lag;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_between_two_samples_is_interpolated() {
        let mut head = Head::default();
        head.ahead.extend([(Lsn(100), Instant(1_000)), (Lsn(200), Instant(3_000))]);
        assert_eq!(head.read(Lsn(50), Instant(1_500)), Some(500), "as if the first were reached now");
        assert_eq!(head.read(Lsn(100), Instant(2_000)), Some(1_000));
        assert_eq!(head.read(Lsn(150), Instant(4_000)), Some(2_000));
        assert_eq!(head.read(Lsn(200), Instant(4_000)), Some(1_000));
        assert_eq!(head.read(Lsn(200), Instant(9_000)), None, "nothing is on its way");
    }
}
