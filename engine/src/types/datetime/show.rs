//! Dates and times as text, in the session's style.

use super::super::TimeTz;
use super::super::session::{DateOrder, DateStyle, style};
use super::calendar::{Fields, date_of, day_of_week};
use super::words::{DAYS, MONTHS};
use super::*;

/// `.25` for a quarter of a second, nothing for none.
pub(crate) fn fraction(micros: i64) -> String {
    if micros == 0 {
        return String::new();
    }
    format!(".{micros:06}").trim_end_matches('0').to_string()
}

fn clock(f: &Fields) -> String {
    format!("{:02}:{:02}:{:02}{}", f.hour, f.minute, f.second, fraction(f.micros))
}

/// `+05`, `-03:30`, of seconds west.
pub(crate) fn zone_text(west: i32) -> String {
    let sign = if west > 0 { '-' } else { '+' };
    let seconds = west.abs();
    let mut text = format!("{sign}{:02}", seconds / 3600);
    if seconds % 3600 != 0 {
        text += &format!(":{:02}", seconds / 60 % 60);
    }
    if seconds % 60 != 0 {
        text += &format!(":{:02}", seconds % 60);
    }
    text
}

/// The year as it is shown, and whether BC follows.
fn era(year: i64) -> (i64, &'static str) {
    if year > 0 { (year, "") } else { (1 - year, " BC") }
}

fn date_text(f: &Fields, date: DateStyle, order: DateOrder) -> String {
    let (year, _) = era(f.year);
    let (first, second) = if order == DateOrder::Dmy { (f.day, f.month) } else { (f.month, f.day) };
    match date {
        DateStyle::Iso => format!("{year:04}-{:02}-{:02}", f.month, f.day),
        DateStyle::Sql => format!("{first:02}/{second:02}/{year:04}"),
        DateStyle::German => format!("{:02}.{:02}.{year:04}", f.day, f.month),
        DateStyle::Postgres if order == DateOrder::Ymd => format!("{year:04}-{:02}-{:02}", f.month, f.day),
        DateStyle::Postgres => format!("{first:02}-{second:02}-{year:04}"),
    }
}

/// `date_out`
pub fn date_out(days: i32) -> String {
    if !is_finite_date(days) {
        return if days > 0 { "infinity".into() } else { "-infinity".into() };
    }
    let (year, month, day) = date_of(days.into());
    let fields = Fields { year, month, day, ..Fields::default() };
    date_text(&fields, style().date, style().order) + era(year).1
}

/// `time_out`
pub fn time_out(micros: i64) -> String {
    clock(&Fields::of_time(micros))
}

/// `timetz_out`
pub fn timetz_out(value: TimeTz) -> String {
    time_out(value.micros) + &zone_text(value.zone)
}

/// Infinities as words.
fn special(micros: i64) -> Option<String> {
    (!is_finite(micros)).then(|| if micros > 0 { "infinity".into() } else { "-infinity".into() })
}

/// `EncodeDateTime`: with a zone if it is given, by its seconds west and its name.
fn encode(micros: i64, zone: Option<(i32, String)>) -> String {
    let (fields, style) = (Fields::of(micros), style());
    let bc = era(fields.year).1;
    let shown = |space: &str| match &zone {
        None => String::new(),
        Some((west, name)) => match style.date {
            DateStyle::Iso => zone_text(*west),
            _ if name.starts_with(['+', '-']) => zone_text(*west),
            _ => format!("{space}{name}"),
        },
    };
    if style.date != DateStyle::Postgres {
        let date = date_text(&fields, style.date, style.order);
        return format!("{date} {}{}{bc}", clock(&fields), shown(" "));
    }
    let weekday = &DAYS[day_of_week(fields.days()) as usize][..3];
    let month = &MONTHS[(fields.month - 1) as usize][..3];
    let (year, _) = era(fields.year);
    let date = match style.order {
        DateOrder::Dmy => format!("{:02} {month}", fields.day),
        _ => format!("{month} {:02}", fields.day),
    };
    format!("{weekday} {date} {} {year:04}{}{bc}", clock(&fields), shown(" "))
}

/// `timestamp_out`
pub fn timestamp_out(micros: i64) -> String {
    special(micros).unwrap_or_else(|| encode(micros, None))
}

/// `timestamptz_out`: in the session's zone.
pub fn timestamptz_out(value: TimestampTz) -> String {
    special(value.0).unwrap_or_else(|| {
        let zone = style().zone;
        encode(zone.to_local(value.0), Some((zone.west_at(value.0), zone.abbreviation_at(value.0))))
    })
}

/// A time as the server's own files and its log have it: ISO, in UTC, whatever a session has set.
pub fn utc_out(value: TimestampTz) -> String {
    special(value.0).unwrap_or_else(|| {
        let fields = Fields::of(value.0);
        let date = date_text(&fields, DateStyle::Iso, DateOrder::Ymd);
        format!("{date} {}+00{}", clock(&fields), era(fields.year).1)
    })
}

/// A date as JSON has it.
pub fn json_date(days: i32) -> String {
    if !is_finite_date(days) {
        return date_out(days);
    }
    let (year, month, day) = date_of(days.into());
    let fields = Fields { year, month, day, ..Fields::default() };
    date_text(&fields, DateStyle::Iso, DateOrder::Ymd) + era(year).1
}

/// A timestamp as JSON has it: ISO 8601, with the session's zone if it has one.
pub fn json_timestamp(micros: i64, with_zone: bool) -> String {
    special(micros).unwrap_or_else(|| {
        let zone = style().zone;
        let west = zone.west_at(micros);
        let fields = Fields::of(if with_zone { zone.to_local(micros) } else { micros });
        let date = date_text(&fields, DateStyle::Iso, DateOrder::Ymd);
        let suffix = match zone_text(west) {
            text if with_zone && text.len() == 3 => text + ":00",
            text if with_zone => text,
            _ => String::new(),
        };
        format!("{date}T{}{suffix}{}", clock(&fields), era(fields.year).1)
    })
}
