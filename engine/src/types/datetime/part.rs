//! `extract` and `date_part`: one field of a time.

use super::super::session::style;
use super::super::{Interval, Numeric, TimeTz};
use super::calendar::{Fields, POSTGRES_EPOCH_JDATE, UNIX_EPOCH_DAYS, day_of_week, day_of_year, iso_week};
use super::words::{Unit, same, unit};
use super::*;
use crate::ids::Result;

/// What is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Part {
    Unit(Unit),
    Epoch,
    DayOfWeek,
    IsoDayOfWeek,
    DayOfYear,
    IsoYear,
    Julian,
    Timezone,
    TimezoneHour,
    TimezoneMinute,
}

fn part(word: &str) -> Option<Part> {
    let words = [
        ("epoch", Part::Epoch),
        ("dow", Part::DayOfWeek),
        ("isodow", Part::IsoDayOfWeek),
        ("doy", Part::DayOfYear),
        ("isoyear", Part::IsoYear),
        ("j", Part::Julian),
        ("jd", Part::Julian),
        ("julian", Part::Julian),
        ("timezone", Part::Timezone),
        ("timezone_h", Part::TimezoneHour),
        ("timezone_hour", Part::TimezoneHour),
        ("timezone_m", Part::TimezoneMinute),
        ("timezone_minute", Part::TimezoneMinute),
    ];
    let own = words.iter().find(|(own, _)| same(own, word)).map(|(_, part)| *part);
    own.or_else(|| unit(word).map(Part::Unit))
}

/// `22023`, or `0A000` for a unit that exists but not here.
pub(crate) fn bad_unit(word: &str, type_name: &str) -> Error {
    let word = word.to_ascii_lowercase();
    match part(&word) {
        Some(_) => {
            let message = format!("unit \"{word}\" not supported for type {type_name}");
            Error::new(sqlstate::FEATURE_NOT_SUPPORTED, message)
        }
        None => {
            let message = format!("unit \"{word}\" not recognized for type {type_name}");
            Error::new(sqlstate::INVALID_PARAMETER_VALUE, message)
        }
    }
}

/// A number of units of 10^-`scale`.
fn scaled(value: i128, scale: u32) -> Numeric {
    let (whole, rest) = (value.unsigned_abs() / 10u128.pow(scale), value.unsigned_abs() % 10u128.pow(scale));
    let sign = if value < 0 { "-" } else { "" };
    let text = if scale == 0 {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{rest:0width$}", width = scale as usize)
    };
    text.parse().unwrap_or_else(|_| Numeric::zero())
}

fn of_time(part: Part, f: &Fields) -> Option<Numeric> {
    let in_minute = i128::from(f.second * USECS_PER_SEC + f.micros);
    Some(match part {
        Part::Unit(Unit::Microsecond) => scaled(in_minute, 0),
        Part::Unit(Unit::Millisecond) => scaled(in_minute, 3),
        Part::Unit(Unit::Second) => scaled(in_minute, 6),
        Part::Unit(Unit::Minute) => f.minute.into(),
        Part::Unit(Unit::Hour) => f.hour.into(),
        _ => return None,
    })
}

fn of_zone(part: Part, west: i32) -> Option<Numeric> {
    let east = -i64::from(west);
    Some(match part {
        Part::Timezone => east.into(),
        Part::TimezoneHour => (east / 3600).into(),
        Part::TimezoneMinute => (east / 60 % 60).into(),
        _ => return None,
    })
}

fn of_date(part: Part, f: &Fields) -> Option<Numeric> {
    let days = f.days();
    // Years before Christ are counted without a year 0.
    let ago =
        |length: i64| if f.year > 0 { (f.year + length - 1) / length } else { -((length - 1 - (f.year - 1)) / length) };
    Some(Numeric::from(match part {
        Part::Unit(Unit::Day) => f.day,
        Part::Unit(Unit::Week) => iso_week(days).1,
        Part::Unit(Unit::Month) => f.month,
        Part::Unit(Unit::Quarter) => (f.month - 1) / 3 + 1,
        Part::Unit(Unit::Year) => {
            if f.year > 0 {
                f.year
            } else {
                f.year - 1
            }
        }
        Part::Unit(Unit::Decade) => {
            if f.year >= 0 {
                f.year / 10
            } else {
                -((8 - (f.year - 1)) / 10)
            }
        }
        Part::Unit(Unit::Century) => ago(100),
        Part::Unit(Unit::Millennium) => ago(1000),
        Part::DayOfWeek => day_of_week(days),
        Part::IsoDayOfWeek => (day_of_week(days) + 6) % 7 + 1,
        Part::DayOfYear => day_of_year(f.year, f.month, f.day),
        Part::IsoYear => match iso_week(days).0 {
            year if year > 0 => year,
            year => year - 1,
        },
        _ => return None,
    }))
}

/// What of an infinity: an infinity where time only grows, nothing where it goes round.
fn of_infinity(part: Part, positive: bool) -> Option<Option<Numeric>> {
    use Unit::*;
    Some(match part {
        Part::Unit(Year | Decade | Century | Millennium) | Part::Julian | Part::IsoYear | Part::Epoch => {
            Some(Numeric::infinity(!positive))
        }
        _ => None,
    })
}

/// Of a timestamp, or of a timestamptz; `None` is NULL.
pub fn of_timestamp(word: &str, micros: i64, with_zone: bool) -> Result<Option<Numeric>> {
    let type_name = if with_zone { "timestamp with time zone" } else { "timestamp without time zone" };
    let wrong = || bad_unit(word, type_name);
    let part = part(word).ok_or_else(wrong)?;
    if !is_finite(micros) {
        return of_infinity(part, micros > 0).ok_or_else(wrong);
    }
    let west = if with_zone { style().zone.west_at(micros) } else { 0 };
    let local = micros - i64::from(west) * USECS_PER_SEC;
    let f = Fields::of(local);
    let found = match part {
        Part::Epoch => Some(scaled(i128::from(micros) + i128::from(UNIX_EPOCH_DAYS * USECS_PER_DAY), 6)),
        Part::Julian => Some(julian(&f)?),
        part => of_time(part, &f)
            .or_else(|| of_date(part, &f))
            .or_else(|| if with_zone { of_zone(part, west) } else { None }),
    };
    found.map(Some).ok_or_else(wrong)
}

fn julian(f: &Fields) -> Result<Numeric> {
    let days = Numeric::from(f.days() + POSTGRES_EPOCH_JDATE);
    days.add(&Numeric::from(f.time()).div(&Numeric::from(USECS_PER_DAY))?)
}

/// Of a date.
pub fn of_day(word: &str, days: i32) -> Result<Option<Numeric>> {
    let wrong = || bad_unit(word, "date");
    let part = part(word).ok_or_else(wrong)?;
    if !is_finite_date(days) {
        return of_infinity(part, days > 0).ok_or_else(wrong);
    }
    let f = Fields::of(i64::from(days) * USECS_PER_DAY);
    let found = match part {
        Part::Epoch => Some(Numeric::from((i64::from(days) + UNIX_EPOCH_DAYS) * 86_400)),
        Part::Julian => Some(Numeric::from(i64::from(days) + POSTGRES_EPOCH_JDATE)),
        part => of_date(part, &f),
    };
    found.map(Some).ok_or_else(wrong)
}

/// Of a time of day.
pub fn of_clock(word: &str, micros: i64) -> Result<Option<Numeric>> {
    let wrong = || bad_unit(word, "time without time zone");
    match part(word).ok_or_else(wrong)? {
        Part::Epoch => Ok(Some(scaled(micros.into(), 6))),
        part => of_time(part, &Fields::of_time(micros)).map(Some).ok_or_else(wrong),
    }
}

/// Of a time of day with a zone.
pub fn of_clock_tz(word: &str, value: TimeTz) -> Result<Option<Numeric>> {
    let wrong = || bad_unit(word, "time with time zone");
    match part(word).ok_or_else(wrong)? {
        Part::Epoch => Ok(Some(scaled(i128::from(value.micros) + i128::from(value.zone) * 1_000_000, 6))),
        part => of_time(part, &Fields::of_time(value.micros))
            .or_else(|| of_zone(part, value.zone))
            .map(Some)
            .ok_or_else(wrong),
    }
}

/// Of an interval.
pub fn of_interval(word: &str, span: Interval) -> Result<Option<Numeric>> {
    use Unit::*;
    let wrong = || bad_unit(word, "interval");
    let years = i64::from(span.months / 12);
    let clock = span.micros % (3600 * USECS_PER_SEC);
    let in_minute = i128::from(clock % (60 * USECS_PER_SEC));
    Ok(Some(match part(word).ok_or_else(wrong)? {
        Part::Unit(Microsecond) => scaled(in_minute, 0),
        Part::Unit(Millisecond) => scaled(in_minute, 3),
        Part::Unit(Second) => scaled(in_minute, 6),
        Part::Unit(Minute) => (clock / (60 * USECS_PER_SEC)).into(),
        Part::Unit(Hour) => (span.micros / (3600 * USECS_PER_SEC)).into(),
        Part::Unit(Day) => i64::from(span.days).into(),
        Part::Unit(Month) => i64::from(span.months % 12).into(),
        Part::Unit(Quarter) => i64::from(span.months % 12 / 3 + 1).into(),
        Part::Unit(Year) => years.into(),
        Part::Unit(Decade) => (years / 10).into(),
        Part::Unit(Century) => (years / 100).into(),
        Part::Unit(Millennium) => (years / 1000).into(),
        Part::Epoch => {
            // A year counts 365.25 days here, a month 30.
            let days = i128::from(span.months % 12) * 30 + i128::from(span.days);
            let quarters = i128::from(years) * 1461;
            let day = i128::from(USECS_PER_DAY);
            scaled(quarters * day / 4 + days * day + i128::from(span.micros), 6)
        }
        _ => return Err(wrong()),
    }))
}
