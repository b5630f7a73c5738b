//! The type `interval`: spans of time.
//!
//! Months, days and microseconds are kept apart, since a month is not always as many days, nor a day (where clocks
//! change) as many hours. They come together only to be compared: a month then counts 30 days, a day 24 hours.

mod read;
mod show;

use super::datetime::words::Unit;
use super::datetime::{USECS_PER_DAY, USECS_PER_SEC, out_of_range};
use crate::ids::Result;

pub use read::interval_in;
pub use show::interval_out;

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

/// The bits of a modifier that name the fields of an interval.
pub mod range {
    #![allow(missing_docs)]
    pub const MONTH: i32 = 1 << 1;
    pub const YEAR: i32 = 1 << 2;
    pub const DAY: i32 = 1 << 3;
    pub const HOUR: i32 = 1 << 10;
    pub const MINUTE: i32 = 1 << 11;
    pub const SECOND: i32 = 1 << 12;
    /// Any field.
    pub const FULL: i32 = 0x7FFF;
}

/// No limit to the decimals of a second.
const FULL_PRECISION: i32 = 0xFFFF;

/// The modifier of `interval DAY TO SECOND(3)`: the fields, and the decimals if they are said.
pub fn typmod(fields: i32, decimals: Option<i32>) -> i32 {
    fields << 16 | decimals.map_or(FULL_PRECISION, |decimals| decimals.min(6))
}

/// What follows `interval` in the name of a type with a modifier.
pub fn typmod_out(typmod: i32) -> String {
    let (fields, decimals) = (typmod >> 16 & range::FULL, typmod & 0xFFFF);
    let names = [
        (range::YEAR, "year"),
        (range::MONTH, "month"),
        (range::DAY, "day"),
        (range::HOUR, "hour"),
        (range::MINUTE, "minute"),
        (range::SECOND, "second"),
    ];
    let mut named = names.iter().filter(|(bit, _)| fields != range::FULL && fields & bit != 0).map(|(_, name)| name);
    let mut text = match (named.next(), named.next_back()) {
        (Some(first), Some(last)) => format!(" {first} to {last}"),
        (Some(only), None) => format!(" {only}"),
        _ => String::new(),
    };
    if decimals != FULL_PRECISION {
        text += &format!("({decimals})");
    }
    text
}

impl Interval {
    /// `AdjustIntervalForTypmod`: without the fields below those of the modifier, rounded to its decimals.
    pub fn apply_typmod(self, typmod: i32) -> Interval {
        let (fields, decimals) = (typmod >> 16 & range::FULL, typmod & 0xFFFF);
        let unit = match fields {
            fields if fields & range::SECOND != 0 => 1,
            fields if fields & range::MINUTE != 0 => 60 * USECS_PER_SEC,
            fields if fields & range::HOUR != 0 => 3600 * USECS_PER_SEC,
            _ => i64::MAX,
        };
        let mut cut = Interval { micros: if unit == i64::MAX { 0 } else { self.micros / unit * unit }, ..self };
        if fields & (range::DAY | range::HOUR | range::MINUTE | range::SECOND) == 0 {
            cut.days = 0;
            if fields == range::YEAR {
                cut.months = cut.months / 12 * 12;
            }
        }
        if decimals != FULL_PRECISION {
            cut.micros = super::datetime::round_to(cut.micros, decimals);
        }
        cut
    }

    /// `justify_days`: 30 days are a month.
    pub fn justify_days(self) -> Interval {
        let (mut months, mut days) = (self.months + self.days / 30, self.days % 30);
        if months > 0 && days < 0 {
            (months, days) = (months - 1, days + 30);
        } else if months < 0 && days > 0 {
            (months, days) = (months + 1, days - 30);
        }
        Interval { months, days, ..self }
    }

    /// `justify_hours`: 24 hours are a day.
    pub fn justify_hours(self) -> Interval {
        let (mut days, mut micros) = (self.days + (self.micros / USECS_PER_DAY) as i32, self.micros % USECS_PER_DAY);
        if days > 0 && micros < 0 {
            (days, micros) = (days - 1, micros + USECS_PER_DAY);
        } else if days < 0 && micros > 0 {
            (days, micros) = (days + 1, micros - USECS_PER_DAY);
        }
        Interval { days, micros, ..self }
    }

    /// `justify_interval`: both, so that all parts have the same sign.
    pub fn justify(self) -> Interval {
        let span = self.justify_hours().justify_days();
        let (mut months, mut days, mut micros) = (span.months, span.days, span.micros);
        if months > 0 && (days < 0 || days == 0 && micros < 0) {
            (months, days) = (months - 1, days + 30);
        } else if months < 0 && (days > 0 || days == 0 && micros > 0) {
            (months, days) = (months + 1, days - 30);
        }
        if days > 0 && micros < 0 {
            (days, micros) = (days - 1, micros + USECS_PER_DAY);
        } else if days < 0 && micros > 0 {
            (days, micros) = (days + 1, micros - USECS_PER_DAY);
        }
        Interval { months, days, micros }
    }

    /// `date_trunc`: without what is smaller than the unit; none for weeks.
    pub fn truncate(self, unit: Unit) -> Option<Interval> {
        let time = |unit: i64| Some(Interval { micros: self.micros / unit * unit, ..self });
        let months = |unit: i32| Some(Interval { months: self.months / unit * unit, days: 0, micros: 0 });
        match unit {
            Unit::Microsecond => Some(self),
            Unit::Millisecond => time(1000),
            Unit::Second => time(USECS_PER_SEC),
            Unit::Minute => time(60 * USECS_PER_SEC),
            Unit::Hour => time(3600 * USECS_PER_SEC),
            Unit::Day => Some(Interval { micros: 0, ..self }),
            Unit::Week => None,
            Unit::Month => months(1),
            Unit::Quarter => months(3),
            Unit::Year => months(12),
            Unit::Decade => months(120),
            Unit::Century => months(1200),
            Unit::Millennium => months(12_000),
        }
    }
}
