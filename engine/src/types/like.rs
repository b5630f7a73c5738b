//! LIKE and ILIKE: `%` stands for any characters, `_` for one, a backslash takes the next as it is.

use super::Datum;
use crate::ids::{Error, Result, sqlstate};

/// A place of a pattern: a character, or any.
type Token<T> = Option<T>;

/// Whether a text is like a pattern.
pub fn is_like(text: &str, pattern: &str) -> Result<bool> {
    if text.is_ascii() && pattern.is_ascii() {
        return is_like_bytes(text.as_bytes(), pattern.as_bytes());
    }
    let (text, pattern): (Vec<char>, Vec<char>) = (text.chars().collect(), pattern.chars().collect());
    fits(&text, &pattern, ['%', '_', '\\'])
}

/// The same of bytes.
fn is_like_bytes(text: &[u8], pattern: &[u8]) -> Result<bool> {
    fits(text, pattern, *b"%_\\")
}

fn fits<T: Copy + PartialEq>(text: &[T], pattern: &[T], [any, one, escape]: [T; 3]) -> Result<bool> {
    let mut pieces: Vec<Vec<Token<T>>> = vec![Vec::new()];
    let mut rest = pattern.iter();
    while let Some(&c) = rest.next() {
        let token = if c == any {
            pieces.push(Vec::new());
            continue;
        } else if c == one {
            None
        } else if c == escape {
            match rest.next() {
                Some(&c) => Some(c),
                // Of a pattern without `%` it matters only if the text goes on where it stands.
                None if pieces.len() == 1 && text.len() <= pieces[0].len() => return Ok(false),
                None => {
                    let message = "LIKE pattern must not end with escape character";
                    return Err(Error::new(sqlstate::INVALID_ESCAPE_SEQUENCE, message));
                }
            }
        } else {
            Some(c)
        };
        if let Some(piece) = pieces.last_mut() {
            piece.push(token);
        }
    }
    Ok(one_after_another(text, &pieces))
}

/// Whether the pieces come one after another in the text, the first at its begin and the last at its end.
fn one_after_another<T: Copy + PartialEq>(text: &[T], pieces: &[Vec<Token<T>>]) -> bool {
    let fits = |at: usize, piece: &[Token<T>]| {
        text.get(at..at + piece.len())
            .is_some_and(|part| part.iter().zip(piece).all(|(c, token)| token.is_none_or(|token| token == *c)))
    };
    let [first, middle @ .., last] = pieces else {
        return pieces.first().is_none_or(|only| text.len() == only.len() && fits(0, only));
    };
    if !fits(0, first) {
        return false;
    }
    let mut at = first.len();
    for piece in middle {
        // The earliest place is as good as any for what follows.
        match (at..=text.len().saturating_sub(piece.len())).find(|at| fits(*at, piece)) {
            Some(found) => at = found + piece.len(),
            None => return false,
        }
    }
    text.len() >= at + last.len() && fits(text.len() - last.len(), last)
}

/// A pattern that is read once, for many texts.
pub struct LikePattern {
    /// The pieces between `%`; and the bytes of each that asks for no single characters.
    pieces: Vec<Vec<Token<u8>>>,
    literals: Vec<Option<Vec<u8>>>,
    text: String,
    /// Whether it asks for single characters: then bytes will do only for ASCII.
    has_one: bool,
}

impl LikePattern {
    /// Reads a pattern; none if it is not a legal one.
    pub fn new(text: &str) -> Option<LikePattern> {
        let mut pieces = vec![Vec::new()];
        let mut rest = text.bytes();
        while let Some(c) = rest.next() {
            let token = match c {
                b'%' => {
                    pieces.push(Vec::new());
                    continue;
                }
                b'_' => None,
                b'\\' => Some(rest.next()?),
                c => Some(c),
            };
            pieces.last_mut()?.push(token);
        }
        let literals: Vec<Option<Vec<u8>>> = pieces.iter().map(|piece| piece.iter().copied().collect()).collect();
        let has_one = literals.contains(&None);
        Some(LikePattern { pieces, literals, text: text.to_string(), has_one })
    }

    /// Whether a text is like it. In UTF-8 a character's bytes are found only where the character is.
    pub fn fits(&self, text: &[u8]) -> bool {
        if self.has_one && !text.is_ascii() {
            return std::str::from_utf8(text).is_ok_and(|text| is_like(text, &self.text).unwrap_or(false));
        }
        match &self.literals[..] {
            // `%word%`, the most common of all.
            [Some(first), Some(word), Some(last)] if first.is_empty() && last.is_empty() => contains(text, word),
            _ => one_after_another(text, &self.pieces),
        }
    }
}

/// Whether bytes are found in others.
fn contains(text: &[u8], word: &[u8]) -> bool {
    let Some((&head, tail)) = word.split_first() else { return true };
    let Some(last) = text.len().checked_sub(word.len()) else { return false };
    (0..=last).any(|at| text[at] == head && &text[at + 1..at + word.len()] == tail)
}

/// `like_escape`: a pattern with another escape character, written with backslashes.
pub fn with_escape(pattern: &str, escape: &str) -> Result<String> {
    let mut chars = escape.chars();
    let escape = chars.next();
    if chars.next().is_some() {
        return Err(Error::new(sqlstate::INVALID_ESCAPE_SEQUENCE, "invalid escape string")
            .hint("Escape string must be empty or one character."));
    }
    let mut out = String::with_capacity(pattern.len());
    let mut rest = pattern.chars();
    while let Some(c) = rest.next() {
        match c {
            c if Some(c) == escape => {
                out.push('\\');
                // One at the end is found by LIKE.
                out.extend(rest.next());
            }
            '\\' => out.push_str("\\\\"),
            c => out.push(c),
        }
    }
    Ok(out)
}

fn test(a: &Datum, b: &Datum, fold: bool, wanted: bool) -> Result<Datum> {
    let is = match (a, b) {
        (Datum::Null, _) | (_, Datum::Null) => return Ok(Datum::Null),
        (Datum::Bytea(text), Datum::Bytea(pattern)) => is_like_bytes(text, pattern)?,
        (text, pattern) if fold => {
            is_like(&text.as_str()?.to_ascii_lowercase(), &pattern.as_str()?.to_ascii_lowercase())?
        }
        (text, pattern) => is_like(text.as_str()?, pattern.as_str()?)?,
    };
    Ok(Datum::Bool(is == wanted))
}

/// `~~`
pub fn like(a: &Datum, b: &Datum) -> Result<Datum> {
    test(a, b, false, true)
}

/// `!~~`
pub fn not_like(a: &Datum, b: &Datum) -> Result<Datum> {
    test(a, b, false, false)
}

/// `~~*`: without regard to upper and lower case, of ASCII letters as in locale C
pub fn ilike(a: &Datum, b: &Datum) -> Result<Datum> {
    test(a, b, true, true)
}

/// `!~~*`
pub fn not_ilike(a: &Datum, b: &Datum) -> Result<Datum> {
    test(a, b, true, false)
}

/// `^@`
pub fn starts_with(a: &Datum, b: &Datum) -> Result<Datum> {
    match (a, b) {
        (Datum::Null, _) | (_, Datum::Null) => Ok(Datum::Null),
        (a, b) => Ok(Datum::Bool(a.as_str()?.starts_with(b.as_str()?))),
    }
}
