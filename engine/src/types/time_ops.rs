//! The functions behind the operators of dates and times. Each is strict, and takes its operands in any of the kinds that
//! the operators of its sign have.

use super::arith::interval_negate;
use super::datetime::arith::{add_interval, add_interval_tz, date_to_timestamp, difference as between};
use super::datetime::{USECS_PER_DAY, USECS_PER_SEC, date_in_range, in_range, is_finite_date, out_of_range};
use super::{Datum, Interval, TimeTz};
use crate::ids::{Error, Result, TimestampTz, sqlstate};

/// A later time minus an earlier one: an interval.
pub fn difference(a: &Datum, b: &Datum) -> Result<Datum> {
    match (a, b) {
        (Datum::Null, _) | (_, Datum::Null) => Ok(Datum::Null),
        (Datum::Time(a), Datum::Time(b)) => Ok(Datum::Interval(Interval { micros: a - b, ..Interval::default() })),
        (a, b) => between(a.as_micros()?, b.as_micros()?).map(Datum::Interval),
    }
}

/// A time and a span after it. A time of day goes round at midnight.
pub fn add(a: &Datum, b: &Datum) -> Result<Datum> {
    if a.is_null() || b.is_null() {
        return Ok(Datum::Null);
    }
    let span = b.as_interval()?;
    match a {
        Datum::TimestampTz(time) => add_interval_tz(time.0, span).map(|t| Datum::TimestampTz(TimestampTz(t))),
        Datum::Timestamp(time) => add_interval(time.0, span).map(|t| Datum::Timestamp(TimestampTz(t))),
        Datum::Date(days) => add_interval(date_to_timestamp(*days)?, span).map(|t| Datum::Timestamp(TimestampTz(t))),
        Datum::Time(time) => Ok(Datum::Time((time + span.micros % USECS_PER_DAY).rem_euclid(USECS_PER_DAY))),
        Datum::TimeTz(time) => {
            let micros = (time.micros + span.micros % USECS_PER_DAY).rem_euclid(USECS_PER_DAY);
            Ok(Datum::TimeTz(TimeTz { micros, ..*time }))
        }
        other => Err(other.unexpected("a time")),
    }
}

/// `interval + time`
pub fn add_to(a: &Datum, b: &Datum) -> Result<Datum> {
    add(b, a)
}

/// `time - interval`
pub fn sub(a: &Datum, b: &Datum) -> Result<Datum> {
    add(a, &interval_negate(b)?)
}

fn moved(date: &Datum, by: i64) -> Result<Datum> {
    let days = date.as_date()?;
    if !is_finite_date(days) {
        return Ok(date.clone());
    }
    date_in_range(i64::from(days) + by).map(Datum::Date).ok_or_else(|| out_of_range("date"))
}

/// `date + integer`
pub fn add_days(a: &Datum, b: &Datum) -> Result<Datum> {
    if a.is_null() || b.is_null() { Ok(Datum::Null) } else { moved(a, b.as_int()?) }
}

/// `integer + date`
pub fn add_days_to(a: &Datum, b: &Datum) -> Result<Datum> {
    add_days(b, a)
}

/// `date - integer`
pub fn sub_days(a: &Datum, b: &Datum) -> Result<Datum> {
    if a.is_null() || b.is_null() { Ok(Datum::Null) } else { moved(a, -b.as_int()?) }
}

/// `date - date`
pub fn days_between(a: &Datum, b: &Datum) -> Result<Datum> {
    if a.is_null() || b.is_null() {
        return Ok(Datum::Null);
    }
    let (a, b) = (a.as_date()?, b.as_date()?);
    if !is_finite_date(a) || !is_finite_date(b) {
        return Err(Error::new(sqlstate::DATETIME_FIELD_OVERFLOW, "cannot subtract infinite dates"));
    }
    Ok(Datum::Int4(a.wrapping_sub(b)))
}

/// `date + time`, and `date + timetz`
pub fn date_and_time(a: &Datum, b: &Datum) -> Result<Datum> {
    if a.is_null() || b.is_null() {
        return Ok(Datum::Null);
    }
    let midnight = date_to_timestamp(a.as_date()?)?;
    let sum = |time: i64| match is_finite_date(a.as_date()?) {
        true => midnight.checked_add(time).and_then(in_range).ok_or_else(|| out_of_range("timestamp")),
        false => Ok(midnight),
    };
    match b {
        Datum::TimeTz(time) => {
            sum(time.micros + i64::from(time.zone) * USECS_PER_SEC).map(|t| Datum::TimestampTz(TimestampTz(t)))
        }
        time => sum(time.as_micros()?).map(|t| Datum::Timestamp(TimestampTz(t))),
    }
}

/// `time + date`, and `timetz + date`
pub fn time_and_date(a: &Datum, b: &Datum) -> Result<Datum> {
    date_and_time(b, a)
}
