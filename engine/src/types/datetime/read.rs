//! Dates and times from text, in all the forms that PostgreSQL takes.
//!
//! The text is cut into words first ([`super::split`]), then each word says by its form and by what is known already which
//! fields it means (`DecodeDateTime`). So `20 Nov 2026`, `Nov-20-2026` and `20261120` are the same day.

use super::super::TimeTz;
use super::super::session::{DateOrder, style};
use super::calendar::{Fields, POSTGRES_EPOCH_JDATE, UNIX_EPOCH_DAYS, date_of, days_in_month};
use super::fault::{Clue, fault};
use super::split::{Kind, split};
use super::words::{month, weekday};
use super::zone::{Zone, abbreviation};
use super::*;
use crate::ids::Result;

const YEAR: u8 = 1;
const MONTH: u8 = 2;
const DAY: u8 = 4;
const DATE: u8 = YEAR | MONTH | DAY;
const TIME: u8 = 8;
const ZONE: u8 = 16;
const DAY_OF_YEAR: u8 = 32;

/// A special time.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Special {
    Infinity,
    MinusInfinity,
    Epoch,
}

/// What has been read.
#[derive(Default)]
pub(super) struct Reading {
    fields: Fields,
    mask: u8,
    /// Seconds west of Greenwich.
    zone: Option<Zone>,
    special: Option<Special>,
    day_of_year: i64,
    two_digits: bool,
    text_month: bool,
    before_christ: bool,
    /// AM is 0, PM is 12.
    half: Option<i64>,
    julian: bool,
    /// Which is to follow: `T` or `J`.
    prefix: Option<u8>,
}

/// Reads a text; `time_only` if a date is not wanted.
fn decode(text: &str, time_only: bool) -> Result<Reading, Clue> {
    let mut reading = Reading::default();
    for (kind, word) in split(text)? {
        let meant = reading.word(kind, &word, time_only)?;
        if meant & reading.mask != 0 {
            return Err(Clue::Syntax);
        }
        reading.mask |= meant;
    }
    reading.validate()?;
    Ok(reading)
}

fn integer(text: &str) -> Result<i64, Clue> {
    if text.is_empty() || text.len() > 10 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Clue::Syntax);
    }
    text.parse().map_err(|_| Clue::Syntax)
}

/// The digits behind the point as microseconds, rounded.
pub(crate) fn fraction(digits: &str) -> Result<i64, Clue> {
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Clue::Syntax);
    }
    let micros = (0..6).fold(0, |sum, at| sum * 10 + digits.as_bytes().get(at).map_or(0, |b| i64::from(b - b'0')));
    Ok(micros + i64::from(digits.as_bytes().get(6).is_some_and(|b| *b >= b'5')))
}

impl Reading {
    fn word(&mut self, kind: Kind, word: &str, time_only: bool) -> Result<u8, Clue> {
        if self.special.is_some() {
            return Err(Clue::Syntax);
        }
        match kind {
            Kind::Date => {
                if self.prefix.is_none() && self.mask & (MONTH | DAY) != (MONTH | DAY) && !word.contains('_') {
                    let numeric = word.bytes().next().is_some_and(|b| b.is_ascii_digit());
                    let zone = if numeric { None } else { Zone::by_name(word) };
                    if zone.is_none() {
                        return self.date(word);
                    }
                }
                if word.as_bytes()[0].is_ascii_digit() {
                    return Err(Clue::Syntax);
                }
                self.zone = Some(Zone::by_name(word).ok_or_else(|| Clue::UnknownZone(word.into()))?);
                Ok(ZONE)
            }
            Kind::Time => {
                self.prefix = None;
                self.time(word)?;
                Ok(TIME)
            }
            Kind::Zone => {
                let seconds = offset(word)?;
                match self.zone.take() {
                    // `GMT+3`: the sign is POSIX's.
                    Some(Zone::Fixed(0)) if self.mask & ZONE != 0 => {
                        self.zone = Some(Zone::Fixed(-seconds));
                        self.mask &= !ZONE;
                    }
                    None => self.zone = Some(Zone::Fixed(seconds)),
                    Some(_) => return Err(Clue::Syntax),
                }
                Ok(ZONE)
            }
            Kind::Number => self.number(word, time_only),
            Kind::Word | Kind::Signed => self.name(word),
        }
    }

    /// `DecodeTime`: `h:m[:s[.f]]`
    fn time(&mut self, word: &str) -> Result<(), Clue> {
        let mut parts = word.split(':');
        let mut next = || parts.next().unwrap_or("0");
        let (hour, minute, second) = (next(), next(), next());
        if parts.next().is_some() {
            return Err(Clue::Syntax);
        }
        let (second, part) = second.split_once('.').unwrap_or((second, ""));
        let f = &mut self.fields;
        (f.hour, f.micros) = (integer(hour)?, fraction(part)?);
        f.minute = if minute.is_empty() { return Err(Clue::Syntax) } else { integer(minute)? };
        f.second = integer(second)?;
        self.check_time()
    }

    fn check_time(&self) -> Result<(), Clue> {
        let f = &self.fields;
        let fits = f.minute < 60 && f.second <= 60 && f.time() <= USECS_PER_DAY;
        if fits { Ok(()) } else { Err(Clue::Field) }
    }

    /// `DecodeDate`: parts between `-`, `/` or `.`, months perhaps as words.
    fn date(&mut self, word: &str) -> Result<u8, Clue> {
        let mut parts: Vec<&str> = Vec::new();
        let mut rest = word;
        while let Some(start) = rest.find(|c: char| c.is_ascii_alphanumeric()) {
            rest = &rest[start..];
            let digits = rest.as_bytes()[0].is_ascii_digit();
            let end = rest.find(|c: char| if digits { !c.is_ascii_digit() } else { !c.is_ascii_alphabetic() });
            let (part, behind) = rest.split_at(end.unwrap_or(rest.len()));
            parts.push(part);
            rest = behind;
        }
        let mut meant = 0;
        for part in parts.iter().filter(|part| part.as_bytes()[0].is_ascii_alphabetic()) {
            self.fields.month = month(part).ok_or(Clue::Syntax)?;
            self.text_month = true;
            if (self.mask | meant) & MONTH != 0 {
                return Err(Clue::Syntax);
            }
            meant |= MONTH;
        }
        for part in parts.iter().filter(|part| part.as_bytes()[0].is_ascii_digit()) {
            let one = self.plain_number(part, self.mask | meant)?;
            if (self.mask | meant) & one != 0 {
                return Err(Clue::Syntax);
            }
            meant |= one;
        }
        if (self.mask | meant) & DATE == DATE { Ok(meant) } else { Err(Clue::Syntax) }
    }

    fn number(&mut self, word: &str, time_only: bool) -> Result<u8, Clue> {
        match self.prefix.take() {
            Some(b'j') => {
                let (days, part) = word.split_once('.').unwrap_or((word, ""));
                let days = integer(days)?;
                let (year, month, day) = date_of(days - POSTGRES_EPOCH_JDATE);
                self.fields = Fields { year, month, day, ..self.fields };
                self.julian = true;
                if part.is_empty() {
                    return Ok(DATE);
                }
                let share: f64 = crate::small::read_float::read_f64(&format!("0.{part}")).unwrap_or(0.0);
                let time = Fields::of_time((share * USECS_PER_DAY as f64) as i64);
                self.fields = Fields { year, month, day, ..time };
                return Ok(DATE | TIME);
            }
            Some(_) => return self.run_together(word, self.mask | DATE),
            None => {}
        }
        let mask = if time_only { self.mask | DATE } else { self.mask };
        let point = word.find('.');
        match point {
            Some(_) if mask & DATE == 0 => self.date(word),
            Some(at) if at > 2 => self.run_together(word, mask),
            None if word.len() >= 6
                && mask & (DATE | TIME) != (DATE | TIME)
                && (mask & DATE == 0 || mask & TIME == 0) =>
            {
                self.run_together(word, mask)
            }
            _ if time_only => self.run_together(word, mask),
            _ => self.plain_number(word, mask),
        }
    }

    /// `DecodeNumberField`: `20261120`, `093312`, `0933`.
    fn run_together(&mut self, word: &str, mask: u8) -> Result<u8, Clue> {
        let (digits, part) = match word.split_once('.') {
            Some((digits, part)) => (digits, Some(part)),
            None => (word, None),
        };
        if !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Clue::Syntax);
        }
        let f = &mut self.fields;
        if part.is_none() && mask & DATE != DATE && digits.len() >= 6 {
            let (year, rest) = digits.split_at(digits.len() - 4);
            self.two_digits = year.len() == 2;
            (f.year, f.month, f.day) = (integer(year)?, integer(&rest[..2])?, integer(&rest[2..])?);
            return Ok(DATE);
        }
        if mask & TIME != 0 {
            return Err(Clue::Syntax);
        }
        let seconds = match digits.len() {
            6 => &digits[4..],
            4 => "0",
            _ => return Err(Clue::Syntax),
        };
        (f.hour, f.minute, f.second) = (integer(&digits[..2])?, integer(&digits[2..4])?, integer(seconds)?);
        f.micros = fraction(part.unwrap_or(""))?;
        self.check_time()?;
        Ok(TIME)
    }

    /// `DecodeNumber`: what a number means depends on what is known.
    fn plain_number(&mut self, word: &str, mask: u8) -> Result<u8, Clue> {
        if let Some((digits, _)) = word.split_once('.') {
            return if digits.len() > 2 { self.run_together(word, mask) } else { Err(Clue::Syntax) };
        }
        let value = integer(word)?;
        let length = word.len();
        let order = style().order;
        let f = &mut self.fields;
        if length == 3 && mask & DATE == YEAR && (1..=366).contains(&value) {
            self.day_of_year = value;
            return Ok(DAY_OF_YEAR | MONTH | DAY);
        }
        let meant = match mask & DATE {
            0 if length >= 3 || order == DateOrder::Ymd => YEAR,
            0 if order == DateOrder::Dmy => DAY,
            0 => MONTH,
            YEAR => MONTH,
            MONTH if self.text_month && (length >= 3 || order == DateOrder::Ymd) => YEAR,
            MONTH => DAY,
            mask if mask == YEAR | MONTH && self.text_month && length >= 3 && self.two_digits => {
                // It was the day.
                (f.day, f.year, self.two_digits) = (f.year, value, false);
                return Ok(DAY);
            }
            mask if mask == YEAR | MONTH => DAY,
            DAY => MONTH,
            mask if mask == MONTH | DAY => YEAR,
            DATE => return self.run_together(word, mask),
            _ => return Err(Clue::Syntax),
        };
        match meant {
            YEAR => (f.year, self.two_digits) = (value, length <= 2),
            MONTH => f.month = value,
            _ => f.day = value,
        }
        Ok(meant)
    }

    fn name(&mut self, word: &str) -> Result<u8, Clue> {
        if let Some(special) = match word {
            "infinity" | "+infinity" => Some(Special::Infinity),
            "-infinity" => Some(Special::MinusInfinity),
            "epoch" => Some(Special::Epoch),
            _ => None,
        } {
            self.special = Some(special);
            return Ok(DATE | TIME);
        }
        match word {
            "am" => self.half = Some(0),
            "pm" => self.half = Some(12),
            "ad" => {}
            "bc" => self.before_christ = true,
            "at" | "on" => {}
            "t" | "j" => self.prefix = Some(word.as_bytes()[0]),
            "allballs" => {
                self.zone = Some(Zone::Fixed(0));
                return Ok(TIME | ZONE);
            }
            "now" | "today" | "tomorrow" | "yesterday" => return Ok(self.relative(word)),
            _ => return self.other_name(word),
        }
        Ok(0)
    }

    fn relative(&mut self, word: &str) -> u8 {
        let (zone, now) = (style().zone, style().now.0);
        let day = match word {
            "tomorrow" => USECS_PER_DAY,
            "yesterday" => -USECS_PER_DAY,
            _ => 0,
        };
        let local = Fields::of(zone.to_local(now) + day);
        if word == "now" {
            self.fields = local;
            self.zone = Some(Zone::Fixed(zone.west_at(now)));
            return DATE | TIME | ZONE;
        }
        self.fields = Fields { year: local.year, month: local.month, day: local.day, ..self.fields };
        DATE
    }

    fn other_name(&mut self, word: &str) -> Result<u8, Clue> {
        if let Some(number) = month(word) {
            // A number that was taken for the month was the day.
            if self.mask & MONTH != 0
                && !self.text_month
                && self.mask & DAY == 0
                && (1..=31).contains(&self.fields.month)
            {
                self.fields.day = self.fields.month;
                self.fields.month = number;
                self.text_month = true;
                return Ok(DAY);
            }
            self.text_month = true;
            self.fields.month = number;
            return Ok(MONTH);
        }
        if weekday(word).is_some() {
            return Ok(0);
        }
        let zone = abbreviation(word).map(Zone::Fixed).or_else(|| Zone::by_name(word));
        self.zone = Some(zone.ok_or(Clue::Syntax)?);
        Ok(ZONE)
    }

    /// `ValidateDate`, and what AM and PM mean.
    fn validate(&mut self) -> Result<(), Clue> {
        let f = &mut self.fields;
        if self.mask & YEAR != 0 && self.special.is_none() && !self.julian {
            if self.before_christ {
                if f.year <= 0 {
                    return Err(Clue::Field);
                }
                f.year = 1 - f.year;
            } else if self.two_digits {
                f.year += if f.year < 70 { 2000 } else { 1900 };
            } else if f.year <= 0 {
                return Err(Clue::Field);
            }
        }
        if self.mask & DAY_OF_YEAR != 0 {
            let day = calendar::day_number(f.year, 1, 1) + self.day_of_year - 1;
            (_, f.month, f.day) = date_of(day);
        }
        if self.mask & MONTH != 0 && self.special.is_none() && !(1..=12).contains(&f.month) {
            return Err(Clue::MonthOrDay);
        }
        if self.mask & DAY != 0 && self.special.is_none() && !(1..=31).contains(&f.day) {
            return Err(Clue::MonthOrDay);
        }
        if self.mask & DATE == DATE && self.special.is_none() && f.day > days_in_month(f.year, f.month) {
            return Err(Clue::Field);
        }
        if let Some(half) = self.half {
            if f.hour > 12 {
                return Err(Clue::Field);
            }
            f.hour = f.hour % 12 + half;
        }
        Ok(())
    }
}

/// `DecodeTimezone`: `+1`, `+0130`, `-01:30:15` as seconds west.
pub(super) fn offset(word: &str) -> Result<i32, Clue> {
    let sign = if word.starts_with('-') { 1 } else { -1 };
    let digits = &word[1..];
    let parts: Vec<&str> = digits.split(':').collect();
    let (hours, minutes, seconds) = match parts[..] {
        [all] if all.len() > 2 => (integer(&all[..all.len() - 2])?, integer(&all[all.len() - 2..])?, 0),
        [hours] => (integer(hours)?, 0, 0),
        [hours, minutes] => (integer(hours)?, integer(minutes)?, 0),
        [hours, minutes, seconds] => (integer(hours)?, integer(minutes)?, integer(seconds)?),
        _ => return Err(Clue::Syntax),
    };
    if hours > 15 || minutes > 59 || seconds > 59 {
        return Err(Clue::Zone);
    }
    Ok(sign * (hours * 3600 + minutes * 60 + seconds) as i32)
}

fn beyond(text: &str, what: &str) -> Error {
    Error::new(sqlstate::DATETIME_FIELD_OVERFLOW, format!("{what} out of range: \"{text}\""))
}

/// `date_in`
pub fn date_in(text: &str) -> Result<i32> {
    let wrong = |clue| fault(clue, text, "date");
    let reading = decode(text, false).map_err(wrong)?;
    match reading.special {
        Some(Special::Infinity) => return Ok(DATE_INFINITY),
        Some(Special::MinusInfinity) => return Ok(i32::MIN),
        Some(Special::Epoch) => return Ok(-UNIX_EPOCH_DAYS as i32),
        None => {}
    }
    if reading.mask & DATE != DATE {
        return Err(wrong(Clue::Syntax));
    }
    date_in_range(reading.fields.days()).ok_or_else(|| beyond(text, "date"))
}

/// `time_in`: microseconds since midnight.
pub fn time_in(text: &str) -> Result<i64> {
    let wrong = |clue| fault(clue, text, "time");
    let reading = decode(text, true).map_err(wrong)?;
    let known = reading.mask & TIME != 0 && reading.special.is_none();
    // A zone that changes its clocks says nothing without a date.
    let vague = matches!(reading.zone, Some(Zone::Named(_))) && reading.mask & DATE != DATE;
    if known && !vague { Ok(reading.fields.time()) } else { Err(wrong(Clue::Syntax)) }
}

/// `timetz_in`
pub fn timetz_in(text: &str) -> Result<TimeTz> {
    let wrong = |clue| fault(clue, text, "time with time zone");
    let reading = decode(text, true).map_err(wrong)?;
    if reading.mask & TIME == 0 || reading.special.is_some() {
        return Err(wrong(Clue::Syntax));
    }
    let has_date = reading.mask & DATE == DATE;
    let zone = match reading.zone {
        Some(Zone::Fixed(west)) => west,
        Some(zone) if has_date => zone.west_at_local(reading.fields.timestamp().unwrap_or(0)),
        Some(_) => return Err(wrong(Clue::Syntax)),
        None => style().zone.west_at(style().now.0),
    };
    Ok(TimeTz { micros: reading.fields.time(), zone })
}

fn any_timestamp(text: &str, type_name: &str) -> Result<(Option<i64>, Reading)> {
    let wrong = |clue| fault(clue, text, type_name);
    let reading = decode(text, false).map_err(wrong)?;
    let special = match reading.special {
        Some(Special::Infinity) => Some(i64::MAX),
        Some(Special::MinusInfinity) => Some(i64::MIN),
        Some(Special::Epoch) => Some(-UNIX_EPOCH_DAYS * USECS_PER_DAY),
        None if reading.mask & DATE != DATE => return Err(wrong(Clue::Syntax)),
        None => None,
    };
    Ok((special, reading))
}

/// `timestamp_in`: what it says of a zone is ignored.
pub fn timestamp_in(text: &str) -> Result<TimestampTz> {
    let (special, reading) = any_timestamp(text, "timestamp")?;
    let micros = special.or_else(|| reading.fields.timestamp().and_then(in_range));
    micros.map(TimestampTz).ok_or_else(|| beyond(text, "timestamp"))
}

/// `timestamptz_in`: without a zone it is in the session's.
pub fn timestamptz_in(text: &str) -> Result<TimestampTz> {
    let (special, reading) = any_timestamp(text, "timestamp with time zone")?;
    let micros = special.or_else(|| {
        let local = reading.fields.timestamp()?;
        let west = match reading.zone {
            Some(Zone::Fixed(west)) => west,
            zone => zone.unwrap_or(style().zone).west_at_local(local),
        };
        local.checked_add(i64::from(west) * USECS_PER_SEC).and_then(in_range)
    });
    micros.map(TimestampTz).ok_or_else(|| beyond(text, "timestamp"))
}
