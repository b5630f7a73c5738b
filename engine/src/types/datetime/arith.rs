//! Times and spans of time added, subtracted and cut.

use super::super::Interval;
use super::super::session::style;
use super::calendar::{Fields, date_of, day_number, days_in_month, iso_week, iso_week_start};
use super::words::Unit;
use super::*;
use crate::ids::Result;

/// `timestamp - timestamp`: days of 24 hours, and what is left.
pub fn difference(later: i64, earlier: i64) -> Result<Interval> {
    if !is_finite(later) || !is_finite(earlier) {
        return Err(Error::new(sqlstate::DATETIME_FIELD_OVERFLOW, "cannot subtract infinite timestamps"));
    }
    let micros = later.checked_sub(earlier).ok_or_else(|| out_of_range("interval"))?;
    Ok(Interval { micros: micros % USECS_PER_DAY, days: (micros / USECS_PER_DAY) as i32, months: 0 })
}

/// A day some months later; one that the month lacks becomes its last.
fn add_months(days: i64, months: i32) -> i64 {
    let (year, month, day) = date_of(days);
    let months = year * 12 + month - 1 + i64::from(months);
    let (year, month) = (months.div_euclid(12), months.rem_euclid(12) + 1);
    day_number(year, month, day.min(days_in_month(year, month)))
}

/// `timestamp + interval`: first the months, then days, then time.
pub fn add_interval(time: i64, span: Interval) -> Result<i64> {
    if !is_finite(time) {
        return Ok(time);
    }
    let (mut days, clock) = (time.div_euclid(USECS_PER_DAY), time.rem_euclid(USECS_PER_DAY));
    if span.months != 0 {
        days = add_months(days, span.months);
    }
    let sum = (days + i64::from(span.days)).checked_mul(USECS_PER_DAY);
    sum.and_then(|sum| sum.checked_add(clock))
        .and_then(|sum| sum.checked_add(span.micros))
        .and_then(in_range)
        .ok_or_else(|| out_of_range("timestamp"))
}

/// `timestamptz + interval`: months and days by the wall clock of the session's zone, time by the flow of it.
pub fn add_interval_tz(time: i64, span: Interval) -> Result<i64> {
    if !is_finite(time) {
        return Ok(time);
    }
    let mut moved = time;
    if span.months != 0 || span.days != 0 {
        let local = add_interval(style().zone.to_local(time), Interval { micros: 0, ..span })?;
        moved = to_utc(local)?;
    }
    moved.checked_add(span.micros).and_then(in_range).ok_or_else(|| out_of_range("timestamp"))
}

/// The moment at which the session's wall clock shows this.
pub fn to_utc(local: i64) -> Result<i64> {
    if !is_finite(local) {
        return Ok(local);
    }
    let west = i64::from(style().zone.west_at_local(local));
    local.checked_add(west * USECS_PER_SEC).and_then(in_range).ok_or_else(|| out_of_range("timestamp"))
}

/// A date as the timestamp of its midnight.
pub fn date_to_timestamp(days: i32) -> Result<i64> {
    match days {
        DATE_INFINITY => Ok(i64::MAX),
        i32::MIN => Ok(i64::MIN),
        days => i64::from(days)
            .checked_mul(USECS_PER_DAY)
            .and_then(in_range)
            .ok_or_else(|| Error::new(sqlstate::DATETIME_FIELD_OVERFLOW, "date out of range for timestamp")),
    }
}

/// The day of a timestamp.
pub fn timestamp_to_date(micros: i64) -> i32 {
    match micros {
        i64::MAX => DATE_INFINITY,
        i64::MIN => i32::MIN,
        micros => micros.div_euclid(USECS_PER_DAY) as i32,
    }
}

/// `age`: years, months, days and time, as one counts them on a calendar.
pub fn age(later: i64, earlier: i64) -> Result<Interval> {
    if !is_finite(later) || !is_finite(earlier) {
        return Err(out_of_range("timestamp"));
    }
    let negative = later < earlier;
    let (a, b) = (Fields::of(later), Fields::of(earlier));
    let (high, low) = if negative { (b, a) } else { (a, b) };
    let mut micros = high.time() - low.time();
    let mut days = high.day - low.day;
    let mut months = (high.year - low.year) * 12 + high.month - low.month;
    if micros < 0 {
        micros += USECS_PER_DAY;
        days -= 1;
    }
    if days < 0 {
        // The month that is borrowed is that of the earlier date.
        days += days_in_month(b.year.min(a.year).max(low.year), low.month);
        months -= 1;
    }
    let span = Interval { micros, days: days as i32, months: months as i32 };
    if negative { span.negated() } else { Ok(span) }
}

/// `date_trunc` of a timestamp: to the beginning of the unit.
pub fn truncate(micros: i64, unit: Unit) -> i64 {
    if !is_finite(micros) {
        return micros;
    }
    let mut f = Fields::of(micros);
    let years = |f: &Fields, length: i64| {
        // There is no year 0: a century begins with its year 1, and before Christ with its greatest.
        if f.year > 0 {
            (f.year + length - 1) / length * length - (length - 1)
        } else {
            -((length - 1 - (f.year - 1)) / length * length) + 1
        }
    };
    let first_of_year = |year: i64| Fields { year, month: 1, day: 1, ..Fields::default() };
    f = match unit {
        Unit::Microsecond => f,
        Unit::Millisecond => Fields { micros: f.micros / 1000 * 1000, ..f },
        Unit::Second => Fields { micros: 0, ..f },
        Unit::Minute => Fields { second: 0, micros: 0, ..f },
        Unit::Hour => Fields { minute: 0, second: 0, micros: 0, ..f },
        Unit::Day => Fields { year: f.year, month: f.month, day: f.day, ..Fields::default() },
        Unit::Month => Fields { year: f.year, month: f.month, day: 1, ..Fields::default() },
        Unit::Quarter => Fields { year: f.year, month: (f.month - 1) / 3 * 3 + 1, day: 1, ..Fields::default() },
        Unit::Week => {
            let (year, week) = iso_week(f.days());
            return iso_week_start(year, week) * USECS_PER_DAY;
        }
        Unit::Year => first_of_year(f.year),
        Unit::Decade => first_of_year(if f.year > 0 { f.year / 10 * 10 } else { -((8 - (f.year - 1)) / 10 * 10) }),
        Unit::Century => first_of_year(years(&f, 100)),
        Unit::Millennium => first_of_year(years(&f, 1000)),
    };
    f.timestamp().unwrap_or(micros)
}

/// `date_bin`: to the beginning of the stride that holds the time, strides being counted from the origin.
pub fn bin(stride: Interval, time: i64, origin: i64) -> Result<i64> {
    let refuse = |code, message: &str| Err(Error::new(code, message));
    if !is_finite(time) {
        return Ok(time);
    }
    if !is_finite(origin) {
        return refuse(sqlstate::DATETIME_FIELD_OVERFLOW, "origin out of range");
    }
    if stride.months != 0 {
        let message = "timestamps cannot be binned into intervals containing months or years";
        return refuse(sqlstate::FEATURE_NOT_SUPPORTED, message);
    }
    let width = i64::from(stride.days).checked_mul(USECS_PER_DAY).and_then(|days| days.checked_add(stride.micros));
    let width = width.ok_or_else(|| out_of_range("interval"))?;
    if width <= 0 {
        return refuse(sqlstate::DATETIME_FIELD_OVERFLOW, "stride must be greater than zero");
    }
    let away = time.checked_sub(origin).ok_or_else(|| out_of_range("interval"))?;
    Ok(origin + away.div_euclid(width) * width)
}
