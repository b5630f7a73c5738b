//! Intervals from text: `1 day 02:03`, `1-2`, `P1Y2M3DT4H5M6S`, `3 hours ago`.
//!
//! Words are taken from the right, so that a unit is known before its amount (`DecodeInterval`).

use super::super::datetime::fault::Clue;
use super::super::datetime::split::{Kind, split};
use super::super::datetime::words::{Unit, unit};
use super::super::datetime::{USECS_PER_DAY, USECS_PER_SEC, out_of_range};
use super::super::session::{IntervalStyle, style};
use super::{Interval, range};
use crate::ids::{Error, Result, SqlState, sqlstate};
use crate::small::read_float::read_f64;

/// `ERRCODE_INTERVAL_FIELD_OVERFLOW`
const INTERVAL_FIELD_OVERFLOW: SqlState = SqlState(*b"22015");

#[derive(Debug)]
enum Fault {
    Syntax,
    Field,
}

/// What has been read; wider than what can be kept.
#[derive(Default)]
struct Sum {
    months: i64,
    days: i64,
    micros: i64,
}

impl Sum {
    /// In the standard's style one sign, before the first part, is that of all of them.
    fn signed_as_a_whole(self) -> Sum {
        if style().interval != IntervalStyle::SqlStandard {
            return self;
        }
        let minus = |part: i64| -part.saturating_abs();
        Sum { months: minus(self.months), days: minus(self.days), micros: minus(self.micros) }
    }

    fn add(&mut self, months: i64, days: i64, micros: i64) -> Result<(), Fault> {
        let add = |a: &mut i64, b: i64| a.checked_add(b).map(|sum| *a = sum).ok_or(Fault::Field);
        add(&mut self.months, months)?;
        add(&mut self.days, days)?;
        i32::try_from(self.days).map_err(|_| Fault::Field)?;
        add(&mut self.micros, micros)
    }

    /// A part of a number of microseconds, rounded.
    fn add_part(&mut self, share: f64, of: i64) -> Result<(), Fault> {
        self.add(0, 0, libm::rint(share * of as f64) as i64)
    }

    fn add_days_part(&mut self, share: f64, days: i64) -> Result<(), Fault> {
        let whole = libm::trunc(share * days as f64);
        self.add(0, whole as i64, 0)?;
        self.add_part(share * days as f64 - whole, USECS_PER_DAY)
    }

    /// So many of a unit: a whole number and a share of one more.
    fn add_units(&mut self, unit: Unit, count: i64, share: f64) -> Result<(), Fault> {
        let times = |of: i64| count.checked_mul(of).ok_or(Fault::Field);
        let time = |sum: &mut Sum, of: i64| {
            sum.add(0, 0, times(of)?)?;
            sum.add_part(share, of)
        };
        let years = |sum: &mut Sum, years: i64| {
            sum.add(times(years * 12)?, 0, 0)?;
            sum.add(libm::rint(share * (years * 12) as f64) as i64, 0, 0)
        };
        match unit {
            Unit::Microsecond => time(self, 1),
            Unit::Millisecond => time(self, 1000),
            Unit::Second => time(self, USECS_PER_SEC),
            Unit::Minute => time(self, 60 * USECS_PER_SEC),
            Unit::Hour => time(self, 3600 * USECS_PER_SEC),
            Unit::Day => {
                self.add(0, count, 0)?;
                self.add_part(share, USECS_PER_DAY)
            }
            Unit::Week => {
                self.add(0, times(7)?, 0)?;
                self.add_days_part(share, 7)
            }
            Unit::Month => {
                self.add(count, 0, 0)?;
                self.add_days_part(share, 30)
            }
            Unit::Quarter => Err(Fault::Syntax),
            Unit::Year => years(self, 1),
            Unit::Decade => years(self, 10),
            Unit::Century => years(self, 100),
            Unit::Millennium => years(self, 1000),
        }
    }

    fn finish(self) -> Option<Interval> {
        Some(Interval { micros: self.micros, days: self.days.try_into().ok()?, months: self.months.try_into().ok()? })
    }
}

/// `interval_in`; `fields` are those of the type's modifier.
pub fn interval_in(text: &str, fields: i32) -> Result<Interval> {
    let sum = match decode(text, fields) {
        Err(Fault::Syntax) => iso_8601(text),
        other => other,
    };
    let sum = sum.map_err(|fault| match fault {
        Fault::Syntax => {
            let message = format!("invalid input syntax for type interval: \"{text}\"");
            Error::new(sqlstate::INVALID_DATETIME_FORMAT, message)
        }
        Fault::Field => Error::new(INTERVAL_FIELD_OVERFLOW, format!("interval field value out of range: \"{text}\"")),
    })?;
    sum.finish().ok_or_else(|| out_of_range("interval"))
}

/// The unit of a number that has none, by the fields of the type.
fn unit_of_fields(fields: i32) -> Unit {
    match fields {
        range::FULL => Unit::Second,
        fields if fields & range::SECOND != 0 => Unit::Second,
        fields if fields & range::MINUTE != 0 => Unit::Minute,
        fields if fields & range::HOUR != 0 => Unit::Hour,
        fields if fields & range::DAY != 0 => Unit::Day,
        fields if fields & range::MONTH != 0 => Unit::Month,
        _ => Unit::Year,
    }
}

/// `h:m[:s]`, or `m:s` where it has decimals or the type says so.
fn clock(text: &str, fields: i32) -> Result<i64, Fault> {
    let number = |text: &str| match text.len() <= 10 {
        true => text.parse::<i64>().map_err(|_| Fault::Syntax),
        false => Err(Fault::Field),
    };
    let (whole, part) = text.split_once('.').map_or((text, None), |(whole, part)| (whole, Some(part)));
    let parts: Vec<&str> = whole.split(':').collect();
    let (hours, minutes, seconds) = match parts[..] {
        [a, b] if part.is_some() || fields == range::MINUTE | range::SECOND => (0, number(a)?, number(b)?),
        [a, b] => (number(a)?, number(b)?, 0),
        [a, b, c] => (number(a)?, number(b)?, number(c)?),
        _ => return Err(Fault::Syntax),
    };
    let micros = super::super::datetime::read::fraction(part.unwrap_or("")).map_err(|_| Fault::Syntax)?;
    if minutes > 59 || seconds > 60 {
        return Err(Fault::Field);
    }
    let seconds = hours.checked_mul(3600).and_then(|sum| sum.checked_add(minutes * 60 + seconds));
    seconds.and_then(|sum| sum.checked_mul(USECS_PER_SEC)).and_then(|sum| sum.checked_add(micros)).ok_or(Fault::Field)
}

/// A number with its sign, and the decimals behind it as a share of one.
fn amount(text: &str) -> Result<(i64, f64), Fault> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let negative = whole.starts_with('-');
    let digits = whole.strip_prefix(['-', '+']).unwrap_or(whole);
    let all_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if !all_digits(digits) || !all_digits(part) || digits.is_empty() && part.is_empty() {
        return Err(Fault::Syntax);
    }
    let count = if digits.is_empty() { 0 } else { digits.parse::<i64>().map_err(|_| Fault::Field)? };
    let share = if part.is_empty() { 0.0 } else { read_f64(&format!("0.{part}")).unwrap_or(0.0) };
    Ok(if negative { (-count, -share) } else { (count, share) })
}

fn decode(text: &str, fields: i32) -> Result<Sum, Fault> {
    let words = split(text).map_err(|clue| match clue {
        Clue::Syntax => Fault::Syntax,
        _ => Fault::Field,
    })?;
    let mut sum = Sum::default();
    let mut current: Option<Unit> = None;
    let mut seen: Vec<Unit> = Vec::new();
    let mut ago = false;
    for (at, (kind, word)) in words.iter().enumerate().rev() {
        let mut met = |unit: Unit| {
            if seen.contains(&unit) {
                return Err(Fault::Syntax);
            }
            seen.push(unit);
            Ok(())
        };
        match kind {
            Kind::Time => {
                sum.add(0, 0, clock(word, fields)?)?;
                [Unit::Hour, Unit::Minute, Unit::Second].into_iter().try_for_each(&mut met)?;
                current = Some(Unit::Day);
            }
            Kind::Zone if word.contains(':') => {
                let micros = clock(&word[1..], fields)?;
                sum.add(0, 0, if word.starts_with('-') { -micros } else { micros })?;
                [Unit::Hour, Unit::Minute, Unit::Second].into_iter().try_for_each(&mut met)?;
                current = Some(Unit::Day);
            }
            Kind::Zone | Kind::Date | Kind::Number => {
                let unit = current.unwrap_or_else(|| unit_of_fields(fields));
                let negative = word.starts_with('-');
                let digits = word.strip_prefix(['-', '+']).unwrap_or(word);
                // `1-2`: years and months.
                if let Some((years, months)) = digits.split_once('-') {
                    let ((years, _), (months, _)) = (amount(years)?, amount(months)?);
                    if !(0..12).contains(&months) {
                        return Err(Fault::Field);
                    }
                    met(Unit::Month)?;
                    let total = years.checked_mul(12).and_then(|sum| sum.checked_add(months)).ok_or(Fault::Field)?;
                    sum.add(if negative { -total } else { total }, 0, 0)?;
                    current = Some(Unit::Month);
                    continue;
                }
                let (count, share) = amount(word)?;
                met(unit)?;
                sum.add_units(unit, count, share)?;
                current = Some(unit);
            }
            Kind::Word if word == "ago" && at + 1 == words.len() => ago = true,
            Kind::Word if matches!(word.as_str(), "at" | "on") => {}
            Kind::Word => current = Some(unit(word).ok_or(Fault::Syntax)?),
            Kind::Signed => return Err(Fault::Syntax),
        }
    }
    if seen.is_empty() {
        return Err(Fault::Syntax);
    }
    let signed = words.iter().filter(|(_, word)| word.starts_with(['-', '+'])).count();
    if signed == 1 && words[0].1.starts_with('-') {
        sum = sum.signed_as_a_whole();
    }
    if ago {
        let opposite = |part: i64| part.checked_neg().ok_or(Fault::Field);
        sum = Sum { months: opposite(sum.months)?, days: opposite(sum.days)?, micros: opposite(sum.micros)? };
    }
    Ok(sum)
}

/// `P1Y2M3DT4H5M6.7S`, `P0001-02-03T04:05:06`
fn iso_8601(text: &str) -> Result<Sum, Fault> {
    let mut rest = text.trim().strip_prefix('P').ok_or(Fault::Syntax)?;
    let mut sum = Sum::default();
    let mut in_time = false;
    let mut any = false;
    while !rest.is_empty() {
        if let Some(time) = rest.strip_prefix('T') {
            (rest, in_time, any) = (time, true, true);
            continue;
        }
        let is_number = |c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | '+');
        let end = rest.char_indices().find(|(at, c)| !is_number(*c) || *at > 0 && *c == '-').map(|(at, _)| at);
        let (number, behind) = rest.split_at(end.unwrap_or(rest.len()));
        let (count, share) = amount(number)?;
        any = true;
        let letter = behind.chars().next();
        let unit = match (letter, in_time) {
            (Some('Y'), false) => Unit::Year,
            (Some('M'), false) => Unit::Month,
            (Some('W'), false) => Unit::Week,
            (Some('D'), false) => Unit::Day,
            (Some('H'), true) => Unit::Hour,
            (Some('M'), true) => Unit::Minute,
            (Some('S'), true) => Unit::Second,
            // The alternative form: a date, a time.
            (Some('-'), false) => {
                let (date, time) = rest.split_once('T').map_or((rest, ""), |(date, _)| (date, &rest[date.len()..]));
                let parts: Vec<&str> = date.split('-').collect();
                for (part, unit) in parts.iter().zip([Unit::Year, Unit::Month, Unit::Day]) {
                    sum.add_units(unit, amount(part)?.0, 0.0)?;
                }
                rest = time;
                continue;
            }
            (Some(':'), true) => {
                sum.add(0, 0, clock(rest, range::FULL)?)?;
                return Ok(sum);
            }
            _ => return Err(Fault::Syntax),
        };
        sum.add_units(unit, count, share)?;
        rest = &behind[1..];
    }
    if any { Ok(sum) } else { Err(Fault::Syntax) }
}
