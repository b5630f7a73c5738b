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

/// A moment as the calendar and the clock of UTC show it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CivilTime {
    /// The year, 0 for 1 BC.
    pub year: i64,
    /// From 1.
    pub month: u8,
    /// From 1.
    pub day: u8,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 59.
    pub second: u8,
    /// 0 to 999,999.
    pub micros: u32,
}

impl From<TimestampTz> for CivilTime {
    /// Days become dates by counting years from March, so that a leap day is the last of its year: every 400 such
    /// years have the same 146,097 days.
    fn from(time: TimestampTz) -> CivilTime {
        const DAY: i64 = 86_400 * USECS_PER_SEC as i64;
        const MARCH_1_OF_YEAR_0_TO_2000: i64 = 730_425;
        let days = time.0.div_euclid(DAY) + MARCH_1_OF_YEAR_0_TO_2000;
        let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let months_after_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * months_after_march + 2) / 5 + 1;
        let month = (months_after_march + 2) % 12 + 1;
        let in_day = time.0.rem_euclid(DAY);
        let seconds = in_day / USECS_PER_SEC as i64;
        CivilTime {
            year: era * 400 + year_of_era + i64::from(month <= 2),
            month: month as u8,
            day: day as u8,
            hour: (seconds / 3600) as u8,
            minute: (seconds / 60 % 60) as u8,
            second: (seconds % 60) as u8,
            micros: (in_day % USECS_PER_SEC as i64) as u32,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_become_dates() {
        let date = |days: i64| {
            let civil = CivilTime::from(TimestampTz(days * 86_400_000_000));
            (civil.year, civil.month, civil.day)
        };
        // From PostgreSQL 15: select date '2000-01-01' + days.
        assert_eq!(date(0), (2000, 1, 1));
        assert_eq!(date(59), (2000, 2, 29));
        assert_eq!(date(60), (2000, 3, 1));
        assert_eq!(date(-1), (1999, 12, 31));
        assert_eq!(date(9820), (2026, 11, 20));
        assert_eq!(date(36_584), (2100, 3, 1));
        assert_eq!(date(-36_466), (1900, 2, 28));
        let last = CivilTime::from(TimestampTz(-1));
        assert_eq!((last.hour, last.minute, last.second, last.micros), (23, 59, 59, 999_999));
    }
}
