//! The type `interval`: spans of time.
//!
//! Months, days and microseconds are kept apart, since a month is not always as many days, nor a day (where clocks
//! change) as many hours. They come together only to be compared: a month then counts 30 days, a day 24 hours.

use super::timestamp::{USECS_PER_DAY, USECS_PER_SEC, fraction, number, out_of_range, parse_seconds};
use crate::ids::{Error, Result, sqlstate};

/// A span of time. Months and days are apart, since they are not always equally long.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Interval {
    /// Microseconds.
    pub micros: i64,
    /// Days.
    pub days: i32,
    /// Months.
    pub months: i32,
}

impl Interval {
    /// So many microseconds.
    pub fn of_micros(micros: i64) -> Interval {
        Interval { micros, days: 0, months: 0 }
    }

    /// The order of intervals: a month counts 30 days, a day 24 hours.
    pub fn span(self) -> i128 {
        let days = i128::from(self.months) * 30 + i128::from(self.days);
        days * i128::from(USECS_PER_DAY) + i128::from(self.micros)
    }

    /// Every part multiplied or divided, as `scale` does it; what is left of a month counts 30 days to the month, what is
    /// left of a day 24 hours. 22008 if a part overflows.
    pub fn scaled(self, scale: impl Fn(f64) -> f64) -> Result<Interval> {
        const SECS_PER_DAY: f64 = 86_400.0;
        // Rounded to microseconds, so that 0.1 * 10 days is a day.
        let tidy = |seconds: f64| libm::rint(seconds * 1e6) / 1e6;
        let whole = |value: f64| {
            let fits = value > -2_147_483_649.0 && value < 2_147_483_648.0;
            fits.then(|| libm::trunc(value)).ok_or_else(|| out_of_range("interval"))
        };
        let (months, days) = (scale(self.months.into()), scale(self.days.into()));
        let (whole_months, whole_days) = (whole(months)?, whole(days)?);
        let days_of_month = tidy((months - whole_months) * 30.0);
        let parts_of_days = days - whole_days + days_of_month - libm::trunc(days_of_month);
        let seconds = tidy(parts_of_days * SECS_PER_DAY);
        let more_days = libm::trunc(seconds / SECS_PER_DAY);
        let micros = libm::rint(scale(self.micros as f64) + (seconds - more_days * SECS_PER_DAY) * 1e6);
        if !(micros >= i64::MIN as f64 && micros < -(i64::MIN as f64)) {
            return Err(out_of_range("interval"));
        }
        let days = whole(whole_days + libm::trunc(days_of_month) + more_days)? as i32;
        Ok(Interval { micros: micros as i64, days, months: whole_months as i32 })
    }

    /// The sum; 22008 if a part overflows.
    pub fn plus(self, other: Interval) -> Result<Interval> {
        let sum = || {
            Some(Interval {
                micros: self.micros.checked_add(other.micros)?,
                days: self.days.checked_add(other.days)?,
                months: self.months.checked_add(other.months)?,
            })
        };
        sum().ok_or_else(|| out_of_range("interval"))
    }

    /// The opposite; 22008 if a part overflows.
    pub fn negated(self) -> Result<Interval> {
        let negated = || {
            Some(Interval {
                micros: self.micros.checked_neg()?,
                days: self.days.checked_neg()?,
                months: self.months.checked_neg()?,
            })
        };
        negated().ok_or_else(|| out_of_range("interval"))
    }
}

/// `interval_out` in the style `postgres`: `1 year 2 mons 3 days 04:05:06.7`.
pub fn interval_out(value: Interval) -> String {
    let mut parts: Vec<String> = Vec::new();
    // After a negative part, a positive one shows its sign.
    let mut negative = false;
    for (count, unit) in [(value.months / 12, "year"), (value.months % 12, "mon"), (value.days, "day")] {
        if count == 0 {
            continue;
        }
        let sign = if negative && count > 0 { "+" } else { "" };
        parts.push(format!("{sign}{count} {unit}{}", if count == 1 { "" } else { "s" }));
        negative = count < 0;
    }
    if value.micros != 0 || parts.is_empty() {
        let sign = match value.micros < 0 {
            true => "-",
            false if negative => "+",
            false => "",
        };
        let micros = value.micros.unsigned_abs();
        let seconds = micros / USECS_PER_SEC as u64;
        let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        let fraction = fraction((micros % USECS_PER_SEC as u64) as i64);
        parts.push(format!("{sign}{hours:02}:{minutes:02}:{seconds:02}{fraction}"));
    }
    parts.join(" ")
}

/// `interval_in`, of the forms that [`interval_out`] writes and lists of amounts with units: `1 day 2 hours`, `90 s`,
/// `-00:00:01.5`, `1.5 hours`.
pub fn interval_in(text: &str) -> Result<Interval> {
    let invalid = || {
        let message = format!("invalid input syntax for type interval: \"{text}\"");
        Error::new(sqlstate::INVALID_DATETIME_FORMAT, message)
    };
    let mut words = text.split_whitespace();
    let mut sum = Interval::default();
    let mut any = false;
    while let Some(word) = words.next() {
        any = true;
        let (negative, bare) = match word.strip_prefix('-') {
            Some(bare) => (true, bare),
            None => (false, word.strip_prefix('+').unwrap_or(word)),
        };
        let part = if bare.contains(':') {
            parse_clock(bare).ok_or_else(invalid)?
        } else {
            let end = bare.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(bare.len());
            let unit = if end < bare.len() { &bare[end..] } else { words.next().unwrap_or("seconds") };
            parse_amount(&bare[..end], unit).ok_or_else(invalid)?
        };
        sum = sum.plus(if negative { part.negated()? } else { part })?;
    }
    if any { Ok(sum) } else { Err(invalid()) }
}

/// `hours:minutes[:seconds]`, of any number of hours.
fn parse_clock(text: &str) -> Option<Interval> {
    let (hours, rest) = text.split_once(':')?;
    let (minutes, seconds) = rest.split_once(':').unwrap_or((rest, "0"));
    let (hours, minutes) = (number(hours).ok()?, number(minutes).ok().filter(|m| *m < 60)?);
    let seconds = parse_seconds(seconds).ok().filter(|s| *s <= 60 * USECS_PER_SEC)?;
    Some(Interval { micros: (hours * 3600 + minutes * 60) * USECS_PER_SEC + seconds, ..Interval::default() })
}

fn parse_amount(amount: &str, unit: &str) -> Option<Interval> {
    let singular = unit.to_ascii_lowercase();
    let singular = singular.strip_suffix('s').filter(|s| !s.is_empty()).unwrap_or(&singular);
    let micros = match singular {
        "microsecond" | "u" => 1,
        "millisecond" | "m" if unit != "m" => 1000,
        "second" | "sec" | "s" => USECS_PER_SEC,
        "minute" | "min" | "m" => 60 * USECS_PER_SEC,
        "hour" | "hr" | "h" => 3600 * USECS_PER_SEC,
        _ => 0,
    };
    if micros > 0 {
        let (whole, fraction) = amount.split_once('.').unwrap_or((amount, ""));
        let parts = crate::small::read_float::read_f64(&format!("0.{fraction}0"))? * micros as f64;
        let micros = number(whole).ok()?.checked_mul(micros)?.checked_add(libm::rint(parts) as i64)?;
        return Some(Interval { micros, ..Interval::default() });
    }
    let count = i32::try_from(number(amount).ok()?).ok()?;
    let (days, months) = match singular {
        "day" | "d" => (1, 0),
        "week" | "w" => (7, 0),
        "mon" | "month" => (0, 1),
        "year" | "y" => (0, 12),
        _ => return None,
    };
    Some(Interval { micros: 0, days: count.checked_mul(days)?, months: count.checked_mul(months)? })
}
