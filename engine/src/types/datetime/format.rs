//! `to_char` of times and intervals.
//!
//! A template is cut into pieces: keywords, each with what stands around it (FM before, TH behind), and text that is
//! copied. The same pieces read a time back ([`super::format_read`]).

use super::calendar::{Fields, POSTGRES_EPOCH_JDATE, day_of_week, day_of_year, iso_week};
use super::words::{DAYS, MONTHS};

/// A piece of a template.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Piece {
    /// A keyword.
    Key(Key),
    /// Text as it stands.
    Text(String),
}

/// A keyword of a template.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Key {
    /// The word, in upper case.
    pub word: &'static str,
    /// As it was written: upper case, lower case, or capitalised.
    pub case: Case,
    /// FM: without padding.
    pub fill: bool,
    /// TH or th behind it.
    pub ordinal: Option<Case>,
}

/// How a word is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Case {
    Upper,
    Lower,
    Capital,
}

/// The keywords; of those that begin alike, the longer ones first.
const WORDS: [&str; 49] = [
    "A.D.", "A.M.", "AD", "AM", "B.C.", "BC", "CC", "DAY", "DDD", "DD", "DY", "D", "FF1", "FF2", "FF3", "FF4", "FF5",
    "FF6", "HH24", "HH12", "HH", "IDDD", "ID", "IW", "IYYY", "IYY", "IY", "I", "J", "MI", "MM", "MONTH", "MON", "MS",
    "OF", "P.M.", "PM", "Q", "RM", "SSSSS", "SSSS", "SS", "TZH", "TZM", "TZ", "US", "WW", "W", "Y,YYY",
];
/// The years, which are keywords too.
const YEARS: [&str; 4] = ["YYYY", "YYY", "YY", "Y"];

fn keyword(text: &str) -> Option<(&'static str, Case)> {
    for word in WORDS.iter().chain(&YEARS) {
        let Some(head) = text.get(..word.len()) else { continue };
        if head == *word {
            return Some((word, Case::Upper));
        }
        if head == word.to_ascii_lowercase() {
            return Some((word, Case::Lower));
        }
        let capital = matches!(*word, "DAY" | "DY" | "MONTH" | "MON")
            && head[..1] == word[..1]
            && head[1..] == word[1..].to_ascii_lowercase();
        if capital {
            return Some((word, Case::Capital));
        }
    }
    None
}

/// Cuts a template into its pieces.
pub(crate) fn pieces(template: &str) -> Vec<Piece> {
    let mut found: Vec<Piece> = Vec::new();
    let mut rest = template;
    let mut fill = false;
    let text = |found: &mut Vec<Piece>, c: char| match found.last_mut() {
        Some(Piece::Text(text)) => text.push(c),
        _ => found.push(Piece::Text(c.to_string())),
    };
    while let Some(c) = rest.chars().next() {
        if let Some(behind) = rest.strip_prefix("FM").or(rest.strip_prefix("fm")) {
            fill = true;
            rest = behind;
        } else if let Some(behind) = rest.strip_prefix("FX").or(rest.strip_prefix("TM")) {
            rest = behind;
        } else if let Some((word, case)) = keyword(rest) {
            rest = &rest[word.len()..];
            let ordinal = match rest.get(..2) {
                Some("TH") => Some(Case::Upper),
                Some("th") => Some(Case::Lower),
                _ => None,
            };
            rest = if ordinal.is_some() { &rest[2..] } else { rest };
            found.push(Piece::Key(Key { word, case, fill, ordinal }));
            fill = false;
        } else if c == '"' {
            let mut quoted = rest[1..].char_indices();
            rest = "";
            while let Some((at, c)) = quoted.next() {
                match c {
                    '"' => {
                        rest = &template[template.len() - quoted.as_str().len()..];
                        break;
                    }
                    '\\' => {
                        if let Some((_, c)) = quoted.next() {
                            text(&mut found, c);
                        }
                    }
                    c => text(&mut found, c),
                }
                let _ = at;
            }
        } else {
            let escaped = rest.strip_prefix("\\\"").is_some();
            text(&mut found, if escaped { '"' } else { c });
            rest = &rest[if escaped { 2 } else { c.len_utf8() }..];
        }
    }
    found
}

fn in_case(text: &str, case: Case) -> String {
    match case {
        Case::Upper => text.to_ascii_uppercase(),
        Case::Lower => text.to_ascii_lowercase(),
        Case::Capital => text.to_string(),
    }
}

/// The letters behind an ordinal number.
pub(crate) fn ordinal(number: &str, case: Case) -> String {
    let digits: Vec<u8> = number.bytes().filter(u8::is_ascii_digit).collect();
    let teen = digits.len() > 1 && digits[digits.len() - 2] == b'1';
    let letters = match digits.last() {
        Some(b'1') if !teen => "st",
        Some(b'2') if !teen => "nd",
        Some(b'3') if !teen => "rd",
        _ => "th",
    };
    in_case(letters, case)
}

const ROMAN_MONTHS: [&str; 12] = ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"];

/// What is shown: the fields, and whether it is an interval or has a zone.
pub struct Shown {
    /// The fields; hours of an interval may be many.
    pub fields: Fields,
    /// An interval has neither days of the week nor names of months.
    pub interval: bool,
    /// Seconds west, and the zone's name.
    pub zone: Option<(i32, String)>,
}

/// `to_char`
pub fn to_char(shown: &Shown, template: &str) -> String {
    let mut out = String::new();
    for piece in pieces(template) {
        match piece {
            Piece::Text(text) => out.push_str(&text),
            Piece::Key(key) => {
                let text = shown.key(key);
                let suffix = key.ordinal.map(|case| ordinal(&text, case)).unwrap_or_default();
                out.push_str(&text);
                out.push_str(&suffix);
            }
        }
    }
    out
}

impl Shown {
    fn key(&self, key: Key) -> String {
        let f = &self.fields;
        let days = if self.interval { 0 } else { f.days() };
        let number = |value: i64, width: usize| {
            let width = if key.fill { 0 } else { width + usize::from(value < 0) };
            format!("{value:0width$}")
        };
        let word = |text: &str, width: usize| {
            let width = if key.fill { 0 } else { width };
            format!("{:width$}", in_case(text, key.case))
        };
        // Years before Christ are shown without a sign.
        let year = if f.year > 0 || self.interval { f.year } else { 1 - f.year };
        let iso = iso_week(days).0;
        let iso_year = if iso > 0 { iso } else { 1 - iso };
        let month = |names: &[&str; 12]| names.get((f.month - 1).max(0) as usize).copied().unwrap_or("").to_string();
        let weekday = DAYS[day_of_week(days) as usize];
        match key.word {
            "AM" | "PM" => in_case(if f.hour % 24 >= 12 { "PM" } else { "AM" }, key.case),
            "A.M." | "P.M." => in_case(if f.hour % 24 >= 12 { "P.M." } else { "A.M." }, key.case),
            "AD" | "BC" => in_case(if f.year <= 0 { "BC" } else { "AD" }, key.case),
            "A.D." | "B.C." => in_case(if f.year <= 0 { "B.C." } else { "A.D." }, key.case),
            "HH" | "HH12" => number(if f.hour % 12 == 0 { 12 } else { f.hour % 12 }, 2),
            "HH24" => number(f.hour, 2),
            "MI" => number(f.minute, 2),
            "SS" => number(f.second, 2),
            "MS" => number(f.micros / 1000, 3),
            "US" => number(f.micros, 6),
            word if word.starts_with("FF") => {
                let decimals = word[2..].parse::<usize>().unwrap_or(6);
                format!("{:06}", f.micros)[..decimals].to_string()
            }
            "SSSS" | "SSSSS" => ((f.hour * 60 + f.minute) * 60 + f.second).to_string(),
            "TZ" | "TZH" | "TZM" | "OF" => self.zone_key(key),
            "MONTH" => word(&month(&MONTHS), 9),
            "MON" => in_case(month(&MONTHS).get(..3).unwrap_or(""), key.case),
            "MM" => number(f.month, 2),
            "DAY" => word(weekday, 9),
            "DY" => in_case(&weekday[..3], key.case),
            "DDD" => number(if self.interval { f.day } else { day_of_year(f.year, f.month, f.day) }, 3),
            "IDDD" => number(days - super::calendar::iso_week_start(iso, 1) + 1, 3),
            "DD" => number(f.day, 2),
            "D" => (day_of_week(days) + 1).to_string(),
            "ID" => ((day_of_week(days) + 6) % 7 + 1).to_string(),
            "WW" => number((day_of_year(f.year, f.month, f.day) - 1) / 7 + 1, 2),
            "IW" => number(iso_week(days).1, 2),
            "W" => ((f.day - 1) / 7 + 1).to_string(),
            "Q" => ((f.month - 1) / 3 + 1).to_string(),
            "CC" => number(if f.year > 0 { (f.year - 1) / 100 + 1 } else { -((-f.year) / 100 + 1) }, 2),
            "Y,YYY" => format!("{},{:03}", year / 1000, year % 1000),
            "YYYY" => number(year, 4),
            "YYY" => number(year % 1000, 3),
            "YY" => number(year % 100, 2),
            "Y" => number(year % 10, 1),
            "IYYY" => number(iso_year, 4),
            "IYY" => number(iso_year % 1000, 3),
            "IY" => number(iso_year % 100, 2),
            "I" => number(iso_year % 10, 1),
            "RM" => word(&month(&ROMAN_MONTHS), 4),
            "J" => (days + POSTGRES_EPOCH_JDATE).to_string(),
            _ => String::new(),
        }
    }

    /// The keywords that tell of the zone.
    fn zone_key(&self, key: Key) -> String {
        match key.word {
            "TZ" => self.zone.as_ref().map_or(String::new(), |(_, name)| match key.case {
                Case::Lower => name.to_ascii_lowercase(),
                _ => name.clone(),
            }),
            "TZH" => {
                self.zone.as_ref().map_or("+00".into(), |(west, _)| super::show::zone_text(*west)[..3].to_string())
            }
            "TZM" => format!("{:02}", self.zone.as_ref().map_or(0, |(west, _)| west.abs() / 60 % 60)),
            "OF" => self.zone.as_ref().map_or("+00".into(), |(west, _)| super::show::zone_text(*west)),
            _ => String::new(),
        }
    }
}
