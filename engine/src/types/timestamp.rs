//! Times: the type `timestamp with time zone`, as ISO text in UTC.
//!
//! A time is microseconds since 2000-01-01 00:00:00 UTC; the least and the greatest 64-bit numbers are the infinities.
//! The calendar is the Gregorian one for all years. Day numbers are turned into dates by shifting the year to begin in
//! March, so that the leap day comes last.

use super::Interval;
use crate::ids::{Error, Result, TimestampTz, sqlstate};

pub(super) const USECS_PER_SEC: i64 = 1_000_000;
pub(super) const USECS_PER_DAY: i64 = 86_400 * USECS_PER_SEC;
/// From 0000-03-01 to 2000-01-01.
const EPOCH_DAY: i64 = 730_425;
/// `-infinity`
pub const NEGATIVE_INFINITY: TimestampTz = TimestampTz(i64::MIN);
/// `infinity`
pub const INFINITY: TimestampTz = TimestampTz(i64::MAX);
/// 4714-11-24 00:00:00 BC, the first time there is.
const MIN: i64 = -211_813_488_000_000_000;
/// 294277-01-01 00:00:00, the first time there is not.
const END: i64 = 9_223_371_331_200_000_000;

/// Days since 2000-01-01 of a date; year 0 is 1 BC.
fn day_number(year: i64, month: i64, day: i64) -> i64 {
    let from_march = (month + 9) % 12;
    let year = year - from_march / 10;
    365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + (from_march * 306 + 5) / 10 + day
        - 1
        - EPOCH_DAY
}

/// The date of a day number.
fn date(day_number: i64) -> (i64, i64, i64) {
    let days = day_number + EPOCH_DAY;
    let (era, in_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (in_era - in_era / 1460 + in_era / 36_524 - in_era / 146_096) / 365;
    let in_year = in_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * in_year + 2) / 153;
    let day = in_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

fn days_in_month(year: i64, month: i64) -> i64 {
    let (next_year, next_month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    day_number(next_year, next_month, 1) - day_number(year, month, 1)
}

/// `.25` for a quarter of a second, nothing for none.
pub(super) fn fraction(micros: i64) -> String {
    if micros == 0 {
        return String::new();
    }
    format!(".{micros:06}").trim_end_matches('0').to_string()
}

/// `timestamptz_out`: ISO, in UTC.
pub fn timestamptz_out(value: TimestampTz) -> String {
    if value == INFINITY {
        return "infinity".into();
    }
    if value == NEGATIVE_INFINITY {
        return "-infinity".into();
    }
    let (year, month, day) = date(value.0.div_euclid(USECS_PER_DAY));
    let time = value.0.rem_euclid(USECS_PER_DAY);
    let (seconds, micros) = (time / USECS_PER_SEC, time % USECS_PER_SEC);
    let (shown_year, era) = if year > 0 { (year, "") } else { (1 - year, " BC") };
    format!(
        "{shown_year:04}-{month:02}-{day:02} {:02}:{:02}:{:02}{}+00{era}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60,
        fraction(micros)
    )
}

/// What is wrong with a written time.
pub(super) enum Fault {
    Syntax,
    Field,
    /// A month or a day that no calendar has: perhaps they stand in another order.
    MonthOrDay,
}

impl From<std::num::ParseIntError> for Fault {
    fn from(_: std::num::ParseIntError) -> Fault {
        Fault::Syntax
    }
}

/// `timestamptz_in`: ISO forms (`2026-11-20`, `2026-11-20 09:33:12.5+01`, `20261120T093312Z`), `infinity`, `epoch`.
/// A time without a zone is in UTC.
pub fn timestamptz_in(text: &str) -> Result<TimestampTz> {
    let trimmed = text.trim();
    match trimmed.to_ascii_lowercase().as_str() {
        "infinity" => return Ok(INFINITY),
        "-infinity" => return Ok(NEGATIVE_INFINITY),
        "epoch" => return Ok(TimestampTz::from_unix_micros(0)),
        word @ ("now" | "today" | "tomorrow" | "yesterday") => {
            return Err(Error::unsupported(format!("the special time \"{word}\"")));
        }
        _ => {}
    }
    let micros = parse_iso(trimmed).map_err(|fault| match fault {
        Fault::Syntax => Error::new(
            sqlstate::INVALID_DATETIME_FORMAT,
            format!("invalid input syntax for type timestamp with time zone: \"{text}\""),
        ),
        Fault::Field => field_out_of_range(text),
        Fault::MonthOrDay => field_out_of_range(text).hint("Perhaps you need a different \"datestyle\" setting."),
    })?;
    let out_of_range = || Error::new(sqlstate::DATETIME_FIELD_OVERFLOW, format!("timestamp out of range: \"{text}\""));
    micros.and_then(in_range).ok_or_else(out_of_range)
}

fn field_out_of_range(text: &str) -> Error {
    Error::new(sqlstate::DATETIME_FIELD_OVERFLOW, format!("date/time field value out of range: \"{text}\""))
}

fn in_range(micros: i64) -> Option<TimestampTz> {
    (MIN..END).contains(&micros).then_some(TimestampTz(micros))
}

/// The microseconds of an ISO time; `None` if they overflow.
fn parse_iso(text: &str) -> Result<Option<i64>, Fault> {
    let (text, before_christ) = match text.get(text.len().saturating_sub(3)..) {
        Some(tail) if tail.eq_ignore_ascii_case(" bc") => (text[..text.len() - 3].trim_end(), true),
        _ => (text, false),
    };
    let (date_part, rest) = match text.find(['T', 't', ' ']) {
        Some(at) => (&text[..at], text[at + 1..].trim_start()),
        None => (text, ""),
    };
    let (year, month, day) = parse_date(date_part)?;
    let year = if before_christ { 1 - year } else { year };
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return Err(Fault::MonthOrDay);
    }
    if day > days_in_month(year, month) {
        return Err(Fault::Field);
    }
    let (time_part, zone) = match rest.find(['+', '-', 'Z', 'z']) {
        Some(at) => (rest[..at].trim_end(), &rest[at..]),
        None => (rest.strip_suffix("UTC").map_or(rest, str::trim_end), ""),
    };
    let time = if time_part.is_empty() { 0 } else { parse_time(time_part)? };
    let offset = parse_zone(zone)?;
    let day_start = day_number(year, month, day).checked_mul(USECS_PER_DAY);
    Ok(day_start.and_then(|start| start.checked_add(time)).and_then(|sum| sum.checked_sub(offset)))
}

pub(super) fn number(text: &str) -> Result<i64, Fault> {
    if text.is_empty() || text.len() > 9 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Fault::Syntax);
    }
    Ok(text.parse()?)
}

fn parse_date(text: &str) -> Result<(i64, i64, i64), Fault> {
    let parts: Vec<&str> = text.split('-').collect();
    match parts[..] {
        [year, month, day] if year.len() >= 3 => {
            let year = number(year)?;
            if year == 0 { Err(Fault::Field) } else { Ok((year, number(month)?, number(day)?)) }
        }
        [all] if all.len() == 8 && all.is_ascii() => Ok((number(&all[..4])?, number(&all[4..6])?, number(&all[6..])?)),
        _ => Err(Fault::Syntax),
    }
}

/// Seconds and their fraction, rounded to microseconds.
pub(super) fn parse_seconds(text: &str) -> Result<i64, Fault> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Fault::Syntax);
    }
    let mut micros = 0;
    for at in 0..6 {
        micros = micros * 10 + fraction.as_bytes().get(at).map_or(0, |b| i64::from(b - b'0'));
    }
    let up = fraction.as_bytes().get(6).is_some_and(|&b| b >= b'5');
    Ok(number(whole)? * USECS_PER_SEC + micros + i64::from(up))
}

fn parse_time(text: &str) -> Result<i64, Fault> {
    let parts: Vec<&str> = text.split(':').collect();
    let (hours, minutes, seconds) = match parts[..] {
        [all] if all.len() >= 6 && all.is_ascii() => (&all[..2], &all[2..4], &all[4..]),
        [hours, minutes] => (hours, minutes, "0"),
        [hours, minutes, seconds] => (hours, minutes, seconds),
        _ => return Err(Fault::Syntax),
    };
    let (hours, minutes, seconds) = (number(hours)?, number(minutes)?, parse_seconds(seconds)?);
    // 24:00:00 and a leap second are times; they mean the next day and the next minute.
    let total = (hours * 3600 + minutes * 60) * USECS_PER_SEC + seconds;
    if minutes > 59 || seconds > 60 * USECS_PER_SEC || total > USECS_PER_DAY { Err(Fault::Field) } else { Ok(total) }
}

/// `+01`, `-0530`, `+05:30`, `Z`: microseconds east of Greenwich.
fn parse_zone(text: &str) -> Result<i64, Fault> {
    let sign = match text.as_bytes() {
        [] | [b'Z' | b'z'] => return Ok(0),
        [b'+', ..] => 1,
        [b'-', ..] => -1,
        _ => return Err(Fault::Syntax),
    };
    let digits = text[1..].trim();
    let parts: Vec<&str> = digits.split(':').collect();
    let (hours, minutes, seconds) = match parts[..] {
        [all] if all.len() == 4 && all.is_ascii() => (number(&all[..2])?, number(&all[2..])?, 0),
        [hours] => (number(hours)?, 0, 0),
        [hours, minutes] => (number(hours)?, number(minutes)?, 0),
        [hours, minutes, seconds] => (number(hours)?, number(minutes)?, number(seconds)?),
        _ => return Err(Fault::Syntax),
    };
    if hours > 15 || minutes > 59 || seconds > 59 {
        return Err(Fault::Field);
    }
    Ok(sign * (hours * 3600 + minutes * 60 + seconds) * USECS_PER_SEC)
}

/// `timestamptz_recv`: a time as it comes over the wire; 22008 if the calendar does not reach it.
pub fn timestamptz_recv(micros: i64) -> Result<TimestampTz> {
    let time = TimestampTz(micros);
    let infinite = time == INFINITY || time == NEGATIVE_INFINITY;
    if infinite { Ok(time) } else { in_range(micros).ok_or_else(|| out_of_range("timestamp")) }
}

/// Rounds to `digits` decimals of a second, as `timestamptz(p)` does.
pub fn round_to(value: TimestampTz, digits: i32) -> TimestampTz {
    let unit = 10i64.pow((6 - digits.clamp(0, 6)) as u32);
    if value == INFINITY || value == NEGATIVE_INFINITY || unit == 1 {
        return value;
    }
    let half = if value.0 < 0 { -unit / 2 } else { unit / 2 };
    TimestampTz((value.0 + half) / unit * unit)
}

/// `22008`
pub(super) fn out_of_range(what: &str) -> Error {
    Error::new(sqlstate::DATETIME_FIELD_OVERFLOW, format!("{what} out of range"))
}

/// `timestamptz - timestamptz`: days of 24 hours, and what is left.
pub fn difference(later: TimestampTz, earlier: TimestampTz) -> Result<Interval> {
    let infinite = |t: TimestampTz| t == INFINITY || t == NEGATIVE_INFINITY;
    if infinite(later) || infinite(earlier) {
        return Err(Error::new(sqlstate::DATETIME_FIELD_OVERFLOW, "cannot subtract infinite timestamps"));
    }
    let micros = later.0.checked_sub(earlier.0).ok_or_else(|| out_of_range("interval"))?;
    Ok(Interval { micros: micros % USECS_PER_DAY, days: (micros / USECS_PER_DAY) as i32, months: 0 })
}

/// `timestamptz + interval`: first the months (a day that the month lacks becomes its last), then days, then time.
pub fn add_interval(time: TimestampTz, span: Interval) -> Result<TimestampTz> {
    if time == INFINITY || time == NEGATIVE_INFINITY {
        return Ok(time);
    }
    let (mut days, clock) = (time.0.div_euclid(USECS_PER_DAY), time.0.rem_euclid(USECS_PER_DAY));
    if span.months != 0 {
        let (year, month, day) = date(days);
        let months = year * 12 + month - 1 + i64::from(span.months);
        let (year, month) = (months.div_euclid(12), months.rem_euclid(12) + 1);
        days = day_number(year, month, day.min(days_in_month(year, month)));
    }
    let sum = (days + i64::from(span.days)).checked_mul(USECS_PER_DAY);
    sum.and_then(|sum| sum.checked_add(clock))
        .and_then(|sum| sum.checked_add(span.micros))
        .and_then(in_range)
        .ok_or_else(|| out_of_range("timestamp"))
}
