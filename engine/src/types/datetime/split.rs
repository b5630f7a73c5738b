//! A written date or time cut into words: numbers, dates, times, zones, names.

use super::fault::Clue;
use super::words::{month, same, weekday};

/// What a word looks like.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Number,
    Date,
    Time,
    Zone,
    Word,
    /// A word with a sign.
    Signed,
}

/// `ParseDateTime`: the words of the text, in lower case.
pub(crate) fn split(text: &str) -> Result<Vec<(Kind, String)>, Clue> {
    let bytes = text.as_bytes();
    let mut words = Vec::new();
    let mut place = 0;
    while place < bytes.len() {
        let start = place;
        let Some(kind) = word(text, &mut place)? else { continue };
        let word: String = text[start..place].chars().filter(|c| !c.is_whitespace()).collect();
        words.push((kind, word.to_ascii_lowercase()));
    }
    if words.is_empty() || words.len() > 25 { Err(Clue::Syntax) } else { Ok(words) }
}

/// A byte in lower case; 0 behind the end.
fn byte(bytes: &[u8], place: usize) -> u8 {
    bytes.get(place).copied().unwrap_or(0).to_ascii_lowercase()
}

/// Goes on as long as the bytes fit.
fn pass(bytes: &[u8], place: &mut usize, fits: &dyn Fn(u8) -> bool) {
    while *place < bytes.len() && fits(byte(bytes, *place)) {
        *place += 1;
    }
}

/// What digits turn out to be by what follows them.
fn after_digits(bytes: &[u8], place: &mut usize) -> Kind {
    match byte(bytes, *place) {
        b':' => {
            pass(bytes, place, &|c| c.is_ascii_digit() || c == b':' || c == b'.');
            Kind::Time
        }
        delimiter @ (b'-' | b'/' | b'.') => {
            *place += 1;
            if !byte(bytes, *place).is_ascii_digit() {
                pass(bytes, place, &|c| c.is_ascii_alphanumeric() || c == delimiter);
                return Kind::Date;
            }
            pass(bytes, place, &|c| c.is_ascii_digit());
            if byte(bytes, *place) == delimiter {
                pass(bytes, place, &|c| c.is_ascii_digit() || c == delimiter);
                return Kind::Date;
            }
            if delimiter == b'.' { Kind::Number } else { Kind::Date }
        }
        _ => Kind::Number,
    }
}

/// The word that begins at a place, which is moved behind it; `None` for what only parts words.
fn word(text: &str, place: &mut usize) -> Result<Option<Kind>, Clue> {
    let bytes = text.as_bytes();
    let start = *place;
    let at = |place: usize| byte(bytes, place);
    let take = |place: &mut usize, fits: &dyn Fn(u8) -> bool| pass(bytes, place, fits);
    Ok(Some(match at(start) {
        c if c.is_ascii_whitespace() => {
            *place += 1;
            return Ok(None);
        }
        b'0'..=b'9' => {
            take(place, &|c| c.is_ascii_digit());
            after_digits(bytes, place)
        }
        b'.' => {
            *place += 1;
            take(place, &|c| c.is_ascii_digit());
            Kind::Number
        }
        b'a'..=b'z' => {
            take(place, &|c| c.is_ascii_alphabetic());
            let next = at(*place);
            let known = |word: &str| is_core_word(word);
            let is_date = matches!(next, b'-' | b'/' | b'.')
                || (next == b'+' || next.is_ascii_digit()) && !known(&text[start..*place]);
            if is_date {
                take(place, &|c| c.is_ascii_alphanumeric() || b"+-/_.:".contains(&c));
                Kind::Date
            } else {
                Kind::Word
            }
        }
        b'+' | b'-' => {
            *place += 1;
            take(place, &|c| c.is_ascii_whitespace());
            if at(*place).is_ascii_digit() {
                take(place, &|c| c.is_ascii_digit() || b":.-".contains(&c));
                Kind::Zone
            } else if at(*place).is_ascii_alphabetic() {
                take(place, &|c| c.is_ascii_alphabetic());
                Kind::Signed
            } else {
                return Err(Clue::Syntax);
            }
        }
        c if c.is_ascii_punctuation() => {
            *place += 1;
            return Ok(None);
        }
        _ => return Err(Clue::Syntax),
    }))
}

/// Words that mean something by themselves, so that digits may follow at once: `T093312`, `J2451187`.
fn is_core_word(word: &str) -> bool {
    let marks = ["t", "j", "am", "pm", "ad", "bc", "at", "on", "z", "utc", "gmt"];
    marks.iter().any(|own| same(own, word)) || month(word).is_some() || weekday(word).is_some()
}
