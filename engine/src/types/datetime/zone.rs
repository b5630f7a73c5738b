//! Time zones: how far clocks are from UTC, and when they are changed.
//!
//! PostgreSQL reads the tables of the tz database, with the history of every place. Here a zone is one line in the
//! notation of POSIX, the rule that holds today:
//!
//! ```text
//!   CET-1CEST,M3.5.0,M10.5.0/3     CET is an hour east (POSIX counts west); CEST from the last Sunday (5.0) of March
//!                                  02:00 to the last Sunday of October 03:00
//! ```

use super::calendar::{date_of, day_number, day_of_week, days_in_month};
use super::words::same;
use super::{USECS_PER_DAY, USECS_PER_SEC, is_finite};

/// A zone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Zone {
    /// So many seconds west of Greenwich, always.
    Fixed(i32),
    /// One of the table.
    Named(u8),
}

const EU: &str = "M3.5.0,M10.5.0/3";
const US: &str = "M3.2.0,M11.1.0";

struct Rule {
    name: &'static str,
    /// The abbreviation and the seconds east, in winter.
    winter: (&'static str, i32),
    /// The same in summer, and when that begins and ends.
    summer: Option<(&'static str, &'static str)>,
}

macro_rules! rules {
    ($($name:literal $winter:literal $east:literal $summer:expr;)*) => {
        static RULES: &[Rule] = &[$(Rule { name: $name, winter: ($winter, $east), summer: $summer },)*];
    };
}

rules! {
    "UTC" "UTC" 0 None;
    "Etc/UTC" "UTC" 0 None;
    "GMT" "GMT" 0 None;
    "Europe/London" "GMT" 0 Some(("BST", "M3.5.0/1,M10.5.0"));
    "Europe/Dublin" "GMT" 0 Some(("IST", "M3.5.0/1,M10.5.0"));
    "Europe/Lisbon" "WET" 0 Some(("WEST", "M3.5.0/1,M10.5.0"));
    "Europe/Berlin" "CET" 60 Some(("CEST", EU));
    "Europe/Paris" "CET" 60 Some(("CEST", EU));
    "Europe/Madrid" "CET" 60 Some(("CEST", EU));
    "Europe/Rome" "CET" 60 Some(("CEST", EU));
    "Europe/Amsterdam" "CET" 60 Some(("CEST", EU));
    "Europe/Brussels" "CET" 60 Some(("CEST", EU));
    "Europe/Vienna" "CET" 60 Some(("CEST", EU));
    "Europe/Zurich" "CET" 60 Some(("CEST", EU));
    "Europe/Stockholm" "CET" 60 Some(("CEST", EU));
    "Europe/Oslo" "CET" 60 Some(("CEST", EU));
    "Europe/Copenhagen" "CET" 60 Some(("CEST", EU));
    "Europe/Prague" "CET" 60 Some(("CEST", EU));
    "Europe/Warsaw" "CET" 60 Some(("CEST", EU));
    "Europe/Budapest" "CET" 60 Some(("CEST", EU));
    "Europe/Athens" "EET" 120 Some(("EEST", "M3.5.0/3,M10.5.0/4"));
    "Europe/Helsinki" "EET" 120 Some(("EEST", "M3.5.0/3,M10.5.0/4"));
    "Europe/Kiev" "EET" 120 Some(("EEST", "M3.5.0/3,M10.5.0/4"));
    "Europe/Istanbul" "+03" 180 None;
    "Europe/Moscow" "MSK" 180 None;
    "America/New_York" "EST" -300 Some(("EDT", US));
    "US/Eastern" "EST" -300 Some(("EDT", US));
    "America/Toronto" "EST" -300 Some(("EDT", US));
    "America/Chicago" "CST" -360 Some(("CDT", US));
    "US/Central" "CST" -360 Some(("CDT", US));
    "America/Denver" "MST" -420 Some(("MDT", US));
    "US/Mountain" "MST" -420 Some(("MDT", US));
    "America/Phoenix" "MST" -420 None;
    "America/Los_Angeles" "PST" -480 Some(("PDT", US));
    "US/Pacific" "PST" -480 Some(("PDT", US));
    "America/Anchorage" "AKST" -540 Some(("AKDT", US));
    "Pacific/Honolulu" "HST" -600 None;
    "America/Halifax" "AST" -240 Some(("ADT", US));
    "America/Mexico_City" "CST" -360 None;
    "America/Bogota" "-05" -300 None;
    "America/Sao_Paulo" "-03" -180 None;
    "America/Argentina/Buenos_Aires" "-03" -180 None;
    "Africa/Cairo" "EET" 120 Some(("EEST", "M4.5.5/0,M10.5.4/24"));
    "Africa/Johannesburg" "SAST" 120 None;
    "Africa/Lagos" "WAT" 60 None;
    "Africa/Nairobi" "EAT" 180 None;
    "Asia/Dubai" "+04" 240 None;
    "Asia/Karachi" "PKT" 300 None;
    "Asia/Kolkata" "IST" 330 None;
    "Asia/Kathmandu" "+0545" 345 None;
    "Asia/Dhaka" "+06" 360 None;
    "Asia/Bangkok" "+07" 420 None;
    "Asia/Jakarta" "WIB" 420 None;
    "Asia/Shanghai" "CST" 480 None;
    "Asia/Hong_Kong" "HKT" 480 None;
    "Asia/Singapore" "+08" 480 None;
    "Asia/Manila" "PST" 480 None;
    "Asia/Taipei" "CST" 480 None;
    "Asia/Tokyo" "JST" 540 None;
    "Asia/Seoul" "KST" 540 None;
    "Australia/Perth" "AWST" 480 None;
    "Australia/Brisbane" "AEST" 600 None;
    "Australia/Sydney" "AEST" 600 Some(("AEDT", "M10.1.0,M4.1.0/3"));
    "Australia/Melbourne" "AEST" 600 Some(("AEDT", "M10.1.0,M4.1.0/3"));
    "Pacific/Auckland" "NZST" 720 Some(("NZDT", "M9.5.0,M4.1.0/3"));
}

/// Abbreviations that say by themselves how far a clock is from UTC: minutes east, and whether it is summer time.
static ABBREVIATIONS: &[(&str, i32)] = &[
    ("utc", 0),
    ("ut", 0),
    ("uct", 0),
    ("gmt", 0),
    ("z", 0),
    ("zulu", 0),
    ("wet", 0),
    ("west", 60),
    ("bst", 60),
    ("cet", 60),
    ("cest", 120),
    ("met", 60),
    ("mest", 120),
    ("eet", 120),
    ("eest", 180),
    ("msk", 180),
    ("msd", 240),
    ("est", -300),
    ("edt", -240),
    ("cst", -360),
    ("cdt", -300),
    ("mst", -420),
    ("mdt", -360),
    ("pst", -480),
    ("pdt", -420),
    ("akst", -540),
    ("akdt", -480),
    ("hst", -600),
    ("ast", -240),
    ("adt", -180),
    ("nst", -210),
    ("ist", 120),
    ("jst", 540),
    ("kst", 540),
    ("aest", 600),
    ("aedt", 660),
    ("awst", 480),
    ("nzst", 720),
    ("nzdt", 780),
];

/// Seconds west of Greenwich that an abbreviation means.
pub(super) fn abbreviation(word: &str) -> Option<i32> {
    ABBREVIATIONS.iter().find(|(own, _)| same(own, word)).map(|(_, minutes)| -minutes * 60)
}

impl Zone {
    /// UTC.
    pub const UTC: Zone = Zone::Named(0);

    /// By its full name, or in the notation `EST5`, `<+03>-03`.
    pub fn by_name(name: &str) -> Option<Zone> {
        if let Some(at) = RULES.iter().position(|rule| same(rule.name, name)) {
            return Some(Zone::Named(at as u8));
        }
        // Names with an offset, whose letters mean nothing.
        let letters = match name.strip_prefix('<') {
            Some(rest) => rest.find('>')? + 2,
            None => name.find(|c: char| !c.is_ascii_alphabetic()).filter(|at| *at >= 3)?,
        };
        let (sign, digits) = match name[letters..].strip_prefix('-') {
            Some(digits) => (-1, digits),
            None => (1, name[letters..].strip_prefix('+').unwrap_or(&name[letters..])),
        };
        let mut parts = digits.split(':').map(|part| part.parse::<i32>().ok());
        let (hours, minutes) = (parts.next()??, parts.next().unwrap_or(Some(0))?);
        (hours <= 167 && minutes < 60 && parts.next().is_none())
            .then_some(Zone::Fixed(sign * (hours * 3600 + minutes * 60)))
    }

    /// As a setting or AT TIME ZONE names it: an abbreviation, a name, or hours east.
    pub fn parse(text: &str) -> Option<Zone> {
        let text = text.trim();
        Zone::by_name(text).or_else(|| abbreviation(text).map(Zone::Fixed))
    }

    /// Its name.
    pub fn name(self) -> String {
        match self {
            Zone::Named(at) => RULES[usize::from(at) % RULES.len()].name.to_string(),
            Zone::Fixed(west) => show_offset(west),
        }
    }

    /// Seconds west of Greenwich at a moment of UTC.
    pub fn west_at(self, utc: i64) -> i32 {
        match self {
            Zone::Fixed(west) => west,
            Zone::Named(at) => {
                let rule = &RULES[usize::from(at) % RULES.len()];
                -(rule.winter.1 * 60 + if rule.is_summer(utc) { 3600 } else { 0 })
            }
        }
    }

    /// What the zone is called at a moment of UTC, such as `CEST`.
    pub fn abbreviation_at(self, utc: i64) -> String {
        match self {
            Zone::Fixed(west) => show_offset(west),
            Zone::Named(at) => {
                let rule = &RULES[usize::from(at) % RULES.len()];
                let summer = rule.summer.filter(|_| rule.is_summer(utc)).map(|(name, _)| name);
                summer.unwrap_or(rule.winter.0).to_string()
            }
        }
    }

    /// The wall clock's time at a moment of UTC.
    pub fn to_local(self, utc: i64) -> i64 {
        if is_finite(utc) { utc - i64::from(self.west_at(utc)) * USECS_PER_SEC } else { utc }
    }

    /// Seconds west of Greenwich when the wall clock shows this. A time that the clock skips is taken as before the
    /// change, one that it shows twice as the second.
    pub fn west_at_local(self, local: i64) -> i32 {
        let standard = match self {
            Zone::Fixed(west) => return west,
            Zone::Named(at) => -RULES[usize::from(at) % RULES.len()].winter.1 * 60,
        };
        let as_winter = local.saturating_add(i64::from(standard) * USECS_PER_SEC);
        let as_summer = as_winter.saturating_sub(3600 * USECS_PER_SEC);
        match (self.west_at(as_summer) != standard, self.west_at(as_winter) != standard) {
            (true, true) => standard - 3600,
            _ => standard,
        }
    }
}

/// `+05`, `-03:30`: where a zone has no name.
fn show_offset(west: i32) -> String {
    let sign = if west > 0 { '-' } else { '+' };
    let minutes = west.abs() / 60;
    let rest = if minutes % 60 > 0 { format!(":{:02}", minutes % 60) } else { String::new() };
    format!("{sign}{:02}{rest}", minutes / 60)
}

impl Rule {
    fn is_summer(&self, utc: i64) -> bool {
        let Some((_, changes)) = self.summer.filter(|_| is_finite(utc)) else { return false };
        let Some((begin, end)) = changes.split_once(',') else { return false };
        let winter = i64::from(self.winter.1) * 60 * USECS_PER_SEC;
        let (year, ..) = date_of((utc + winter).div_euclid(USECS_PER_DAY));
        // Both are told by the clock that is in force before them.
        let begin = moment(begin, year) - winter;
        let end = moment(end, year) - winter - 3600 * USECS_PER_SEC;
        if begin < end { (begin..end).contains(&utc) } else { !(end..begin).contains(&utc) }
    }
}

/// `M3.5.0/2`: the fifth (or last) Sunday of March at two, by the wall clock.
fn moment(text: &str, year: i64) -> i64 {
    let (day, hour) = text.split_once('/').unwrap_or((text, "2"));
    let mut numbers = day[1..].split('.').map(|part| part.parse::<i64>().unwrap_or(1));
    let mut next = || numbers.next().unwrap_or(1);
    let (month, week, weekday) = (next(), next(), next());
    let first = day_number(year, month, 1);
    let mut at = first + (weekday - day_of_week(first)).rem_euclid(7) + (week - 1) * 7;
    while at >= first + days_in_month(year, month) {
        at -= 7;
    }
    at * USECS_PER_DAY + hour.parse::<i64>().unwrap_or(2) * 3600 * USECS_PER_SEC
}
