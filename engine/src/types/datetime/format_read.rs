//! `to_timestamp` and `to_date`: a time read by a template.

use super::calendar::{Fields, POSTGRES_EPOCH_JDATE, date_of, day_number, days_in_month, iso_week_start};
use super::fault::{Clue, fault};
use super::format::{Key, Piece, pieces};
use super::words::{DAYS, MONTHS};
use crate::ids::{Error, Result, sqlstate};

/// What has been read.
#[derive(Default)]
struct Found {
    year: Option<i64>,
    century: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
    day_of_year: Option<i64>,
    iso_year: Option<i64>,
    iso_week: Option<i64>,
    iso_day: Option<i64>,
    week: Option<i64>,
    julian: Option<i64>,
    hour: i64,
    half_day: bool,
    afternoon: Option<bool>,
    minute: i64,
    second: i64,
    micros: i64,
    before_christ: bool,
    west: Option<i32>,
}

fn bad(message: String) -> Error {
    Error::new(sqlstate::INVALID_DATETIME_FORMAT, message)
}

/// Reads a text by a template: the fields, and seconds west if it says a zone.
pub fn read(text: &str, template: &str) -> Result<(Fields, Option<i32>)> {
    let pieces = pieces(template);
    let mut found = Found::default();
    let mut rest = text;
    for (at, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Text(text) => {
                for c in text.chars() {
                    rest = pass(rest, c);
                }
            }
            Piece::Key(key) => {
                let digits_follow = matches!(pieces.get(at + 1), Some(Piece::Key(next)) if is_numeric(next.word));
                rest = found.key(*key, rest.trim_start(), digits_follow)?;
            }
        }
    }
    found.finish(text)
}

/// Passes what a character of a template stands for: a separator or a space for any of them, and none.
fn pass(text: &str, c: char) -> &str {
    let separates = |c: char| c.is_ascii_punctuation();
    if c.is_ascii_whitespace() {
        return text.trim_start_matches(|c: char| c.is_ascii_whitespace());
    }
    let trimmed = text.trim_start();
    let mut chars = trimmed.chars();
    match chars.next() {
        Some(own) if separates(c) && separates(own) => chars.as_str(),
        Some(_) if separates(c) => trimmed,
        Some(_) => chars.as_str(),
        None => text,
    }
}

fn is_numeric(word: &str) -> bool {
    !matches!(
        word,
        "AM" | "PM"
            | "A.M."
            | "P.M."
            | "AD"
            | "BC"
            | "A.D."
            | "B.C."
            | "MONTH"
            | "MON"
            | "DAY"
            | "DY"
            | "RM"
            | "TZ"
            | "OF"
    )
}

/// The most digits that a keyword takes where digits follow it.
fn width(word: &str) -> usize {
    match word {
        "HH24" | "HH12" => 2,
        "SSSS" | "SSSSS" => 5,
        "J" => 7,
        word if word.starts_with("FF") => 6,
        "US" => 6,
        word => word.len().min(4),
    }
}

impl Found {
    fn key<'a>(&mut self, key: Key, text: &'a str, digits_follow: bool) -> Result<&'a str> {
        let word = key.word;
        if !is_numeric(word) {
            return self.name(word, text);
        }
        let limit = if digits_follow && !key.fill { width(word) } else { usize::MAX };
        let sign = usize::from(text.starts_with(['-', '+']) && word == "YYYY");
        let digits = text[sign..].bytes().take_while(u8::is_ascii_digit).count().min(limit);
        let comma = if word == "Y,YYY" { text.find(',').map_or(0, |at| at + 4) } else { 0 };
        let end = if comma > 0 { comma.min(text.len()) } else { sign + digits };
        let (number, rest) = text.split_at_checked(end).unwrap_or((text, ""));
        let value = number.replace(',', "").parse::<i64>().map_err(|_| {
            let shown: String = text.chars().take(width(word)).collect();
            bad(format!("invalid value \"{shown}\" for \"{word}\"")).detail("Value must be an integer.")
        })?;
        // What a part of a second is, follows from how many digits it has.
        let part = |decimals: usize| {
            let digits: String = number.chars().chain("000000".chars()).take(6).collect();
            let _ = decimals;
            digits.parse::<i64>().unwrap_or(0)
        };
        match word {
            "HH24" => self.hour = value,
            "HH" | "HH12" => {
                if !(1..=12).contains(&value) {
                    return Err(bad(format!("hour \"{value}\" is invalid for the 12-hour clock"))
                        .hint("Use the 24-hour clock, or give an hour between 1 and 12."));
                }
                (self.hour, self.half_day) = (value, true);
            }
            "MI" => self.minute = value,
            "SS" => self.second = value,
            "MS" => self.micros = part(3),
            "US" => self.micros = part(6),
            word if word.starts_with("FF") => self.micros = part(6),
            "SSSS" | "SSSSS" => (self.hour, self.minute, self.second) = (value / 3600, value / 60 % 60, value % 60),
            "TZH" => self.west = Some(-(value as i32) * 3600),
            "TZM" => self.west = Some(self.west.unwrap_or(0) - value as i32 * 60),
            "MM" => self.month = Some(value),
            "DD" => self.day = Some(value),
            "DDD" => self.day_of_year = Some(value),
            "ID" => self.iso_day = Some(value),
            "IW" => self.iso_week = Some(value),
            "WW" => self.week = Some(value),
            "W" | "D" | "Q" | "IDDD" => {}
            "CC" => self.century = Some(value),
            "J" => self.julian = Some(value),
            "IYYY" | "IYY" | "IY" | "I" => self.iso_year = Some(full_year(value, number.len())),
            "YYYY" | "Y,YYY" => self.year = Some(value),
            _ => self.year = Some(full_year(value, number.len().max(word.len().min(digits)))),
        }
        Ok(ordinal_behind(rest, key))
    }

    fn name<'a>(&mut self, word: &str, text: &'a str) -> Result<&'a str> {
        let begins = |name: &str| text.get(..name.len()).is_some_and(|head| head.eq_ignore_ascii_case(name));
        let shown: String = text.chars().take(word.len()).collect();
        let invalid = |set: &str| {
            bad(format!("invalid value \"{shown}\" for \"{set}\""))
                .detail("The given value did not match any of the allowed values for this field.")
        };
        let choose =
            |names: &[&'static str]| names.iter().position(|name| begins(name)).map(|at| (at, names[at].len()));
        match word {
            "MONTH" | "MON" => {
                let full = choose(&MONTHS).filter(|_| word == "MONTH");
                let short = MONTHS.iter().position(|name| begins(&name[..3])).map(|at| (at, 3));
                let (at, length) = full.or(short).ok_or_else(|| invalid(word))?;
                self.month = Some(at as i64 + 1);
                Ok(&text[length..])
            }
            "DAY" | "DY" => {
                let full = choose(&DAYS).filter(|_| word == "DAY");
                let short = DAYS.iter().position(|name| begins(&name[..3])).map(|at| (at, 3));
                let (_, length) = full.or(short).ok_or_else(|| invalid(word))?;
                Ok(&text[length..])
            }
            "AM" | "PM" | "A.M." | "P.M." => {
                let (at, length) = choose(&["A.M.", "P.M.", "AM", "PM"]).ok_or_else(|| invalid(word))?;
                self.afternoon = Some(at % 2 == 1);
                Ok(&text[length..])
            }
            "AD" | "BC" | "A.D." | "B.C." => {
                let (at, length) = choose(&["A.D.", "B.C.", "AD", "BC"]).ok_or_else(|| invalid(word))?;
                self.before_christ = at % 2 == 1;
                Ok(&text[length..])
            }
            "RM" => {
                let names = ["VIII", "VII", "III", "XII", "IV", "VI", "IX", "XI", "II", "I", "V", "X"];
                let values = [8, 7, 3, 12, 4, 6, 9, 11, 2, 1, 5, 10];
                let (at, length) = choose(&names).ok_or_else(|| invalid(word))?;
                self.month = Some(values[at]);
                Ok(&text[length..])
            }
            _ => Err(Error::unsupported(format!("formatting field \"{word}\" in to_date"))),
        }
    }

    fn finish(self, text: &str) -> Result<(Fields, Option<i32>)> {
        let mut f = Fields { year: 0, month: 1, day: 1, ..Fields::default() };
        if let Some(year) = self.year {
            f.year = if self.before_christ { 1 - year } else { year };
        } else if let Some(century) = self.century {
            f.year = (century - 1) * 100 + 1;
        }
        f.month = self.month.unwrap_or(1);
        f.day = self.day.unwrap_or(1);
        let by_number = if let Some(days) = self.julian {
            Some(days - POSTGRES_EPOCH_JDATE)
        } else if let (Some(year), Some(week)) = (self.iso_year, self.iso_week) {
            Some(iso_week_start(year, week) + self.iso_day.unwrap_or(1) - 1)
        } else if let Some(day) = self.day_of_year {
            Some(day_number(f.year, 1, 1) + day - 1)
        } else {
            self.week.map(|week| day_number(f.year, 1, 1) + (week - 1) * 7)
        };
        if let Some(days) = by_number {
            (f.year, f.month, f.day) = date_of(days);
        } else if let Some(year) = self.iso_year {
            f.year = year;
        }
        f.hour = match (self.half_day, self.afternoon) {
            (true, Some(true)) => self.hour % 12 + 12,
            (true, _) => self.hour % 12,
            _ => self.hour,
        };
        (f.minute, f.second, f.micros) = (self.minute, self.second, self.micros);
        let date_fits =
            (1..=12).contains(&f.month) && (1..=days_in_month(f.year, f.month.clamp(1, 12))).contains(&f.day);
        let time_fits = f.hour < 24 && f.minute < 60 && f.second < 60;
        if date_fits && time_fits { Ok((f, self.west)) } else { Err(fault(Clue::Field, text, "timestamp")) }
    }
}

/// Passes the letters of an ordinal.
fn ordinal_behind(text: &str, key: Key) -> &str {
    if key.ordinal.is_some() { text.get(2..).unwrap_or("") } else { text }
}

/// A year of fewer than four digits is the one nearest to 2020.
fn full_year(year: i64, digits: usize) -> i64 {
    match digits {
        1 | 2 if year < 70 => year + 2000,
        1 | 2 => year + 1900,
        3 if year < 520 => year + 2000,
        3 => year + 1000,
        _ => year,
    }
}
