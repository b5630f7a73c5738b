//! Virtual time, and PostgreSQL's calendar time.

use std::ops::{Add, Sub};

/// Microseconds in a second.
pub const USECS_PER_SEC: u64 = 1_000_000;

/// A moment of virtual time: microseconds since the world began.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS), ts(type = "number"))]
pub struct Instant(pub u64);

impl Instant {
    /// A moment that never comes.
    pub const NEVER: Instant = Instant(u64::MAX);

    /// As the deadline of a wait: none, if it never comes.
    pub fn timer(self) -> Option<Instant> {
        (self != Instant::NEVER).then_some(self)
    }
}

impl Add<u64> for Instant {
    type Output = Instant;
    /// Later by `micros`.
    fn add(self, micros: u64) -> Instant {
        Instant(self.0.saturating_add(micros))
    }
}

impl Sub for Instant {
    type Output = u64;
    /// Microseconds from `earlier` to here; 0 if it is not earlier.
    fn sub(self, earlier: Instant) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// Microseconds since 2000-01-01 00:00:00 UTC: the SQL type `timestamptz` and the times in WAL records.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct TimestampTz(pub i64);

impl TimestampTz {
    /// 2000-01-01 in seconds of the Unix era.
    pub const UNIX_EPOCH_OFFSET: i64 = 946_684_800;

    /// From microseconds of the Unix era.
    pub fn from_unix_micros(micros: i64) -> TimestampTz {
        TimestampTz(micros - TimestampTz::UNIX_EPOCH_OFFSET * USECS_PER_SEC as i64)
    }
}
