//! Dates and times: `date`, `time`, `timetz`, `timestamp`, `timestamptz`.
//!
//! A timestamp is microseconds since 2000-01-01 00:00:00, a date days since then; the least and the greatest numbers are
//! the infinities. A timestamptz counts in UTC and is shown in the session's zone; a timestamp belongs to no zone. The
//! calendar is the Gregorian one for all years.
//!
//! ```text
//!   '20 Nov 2026 9:33 PM +01'    words ---> Fields ---> microseconds      read
//!                                              |
//!   2026-11-20 20:33:00+00       shown <-------+                          show
//! ```
//!
//! [`calendar`] knows days and months, [`zone`] how far clocks are from UTC.

pub mod arith;
pub mod calendar;
pub(crate) mod fault;
pub mod format;
pub mod format_read;
pub mod part;
pub(crate) mod read;
mod show;
pub(crate) mod split;
pub mod words;
pub mod zone;

use crate::ids::{Error, TimestampTz, sqlstate};

pub use read::{date_in, time_in, timestamp_in, timestamptz_in, timetz_in};
pub use show::{date_out, json_date, json_timestamp, time_out, timestamp_out, timestamptz_out, timetz_out, utc_out};

pub(crate) const USECS_PER_SEC: i64 = 1_000_000;
pub(crate) const USECS_PER_DAY: i64 = 86_400 * USECS_PER_SEC;
/// `-infinity`
pub const NEGATIVE_INFINITY: TimestampTz = TimestampTz(i64::MIN);
/// `infinity`
pub const INFINITY: TimestampTz = TimestampTz(i64::MAX);
/// `infinity` as a date; `-infinity` is the least number.
pub const DATE_INFINITY: i32 = i32::MAX;
/// 4714-11-24 00:00:00 BC, the first time there is.
const MIN_TIMESTAMP: i64 = -211_813_488_000_000_000;
/// 294277-01-01 00:00:00, the first time there is not.
const END_TIMESTAMP: i64 = 9_223_371_331_200_000_000;
/// 4714-11-24 BC, the first day there is.
const MIN_DATE: i64 = -2_451_545;
/// 5874898-01-01, the first day there is not.
const END_DATE: i64 = 2_145_031_949;

/// Whether a timestamp is neither infinity.
pub fn is_finite(micros: i64) -> bool {
    micros != i64::MIN && micros != i64::MAX
}

/// Whether a date is neither infinity.
pub fn is_finite_date(days: i32) -> bool {
    days != i32::MIN && days != DATE_INFINITY
}

/// The microseconds, if the calendar reaches them.
pub(crate) fn in_range(micros: i64) -> Option<i64> {
    (MIN_TIMESTAMP..END_TIMESTAMP).contains(&micros).then_some(micros)
}

/// The day, if the calendar reaches it.
pub(crate) fn date_in_range(days: i64) -> Option<i32> {
    (MIN_DATE..END_DATE).contains(&days).then_some(days as i32)
}

/// `22008`
pub(crate) fn out_of_range(what: &str) -> Error {
    Error::new(sqlstate::DATETIME_FIELD_OVERFLOW, format!("{what} out of range"))
}

/// `timestamp_recv`: a time as it comes over the wire; 22008 if the calendar does not reach it.
pub fn timestamp_recv(micros: i64) -> Result<TimestampTz, Error> {
    match is_finite(micros) && in_range(micros).is_none() {
        true => Err(out_of_range("timestamp")),
        false => Ok(TimestampTz(micros)),
    }
}

/// Rounds microseconds to `digits` decimals of a second, as `timestamp(p)` does.
pub fn round_to(micros: i64, digits: i32) -> i64 {
    let unit = 10i64.pow((6 - digits.clamp(0, 6)) as u32);
    if !is_finite(micros) || unit == 1 {
        return micros;
    }
    let half = if micros < 0 { -unit / 2 } else { unit / 2 };
    (micros + half) / unit * unit
}
