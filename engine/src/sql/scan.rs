//! PostgreSQL's scanner: where tokens begin and end, and what it says of text that is none.
//!
//! The parser proper has a scanner of its own. This one runs before it, for three things that must be PostgreSQL's:
//! the wording and the place of errors (`unterminated quoted string at or near "'abc"`), the splitting of a query string
//! at its semicolons, and a bound on how deep a statement nests, so that no input, however hostile, can use up the stack
//! of the recursive code behind it (see [`Depth`]).

use super::depth::Depth;
use crate::ids::{Error, Result, sqlstate};
use std::ops::Range;

/// What a token is, as far as anyone here asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TokenKind {
    /// An identifier or a keyword.
    Word,
    /// `"An identifier"`
    QuotedIdent,
    /// A number.
    Number,
    /// A string of any kind, with its continuations.
    Str,
    /// `$1`
    Param,
    /// An operator.
    Op,
    /// A parenthesis, a comma and the like, or a character that begins no token.
    Punct,
}

/// A token: its kind and where it lies, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Token {
    /// Its kind.
    pub kind: TokenKind,
    /// Its first byte.
    pub start: usize,
    /// The byte after its last.
    pub end: usize,
}

/// Goes over a text token by token.
pub struct Scanner<'a> {
    src: &'a str,
    at: usize,
}

/// One statement of a query string: its tokens' extent, without the semicolon, and whether one follows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StatementText {
    /// From its first token to the end of its last, in bytes.
    pub range: Range<usize>,
    /// Where its semicolon is.
    pub semicolon: Option<usize>,
}

/// Splits a query string at its semicolons; empty statements are left out. When the text cannot be scanned to its end,
/// the last statement is the one with the fault, and the fault comes with its place, since an error of syntax before it
/// is the one to report.
pub fn split(src: &str) -> (Vec<StatementText>, Option<(usize, Error)>) {
    let mut scanner = Scanner::new(src);
    let mut statements = Vec::new();
    let mut range: Option<Range<usize>> = None;
    let mut depth = Depth::default();
    loop {
        match scanner.next() {
            Ok(Some(token)) if src.as_bytes()[token.start] == b';' => {
                let semicolon = Some(token.start);
                statements.extend(range.take().map(|range| StatementText { range, semicolon }));
                depth = Depth::default();
            }
            Ok(Some(token)) => {
                range.get_or_insert(token.start..token.end).end = token.end;
                if let Err(error) = depth.push(src, token) {
                    return (Vec::new(), Some((token.start, error)));
                }
            }
            Ok(None) => {
                statements.extend(range.map(|range| StatementText { range, semicolon: None }));
                return (statements, None);
            }
            Err((at, error)) => {
                // What follows has not been counted: it may nest too deeply to be parsed.
                let range = range.map_or(at..at, |r| r.start..at.max(r.start));
                statements.push(StatementText { range, semicolon: None });
                return (statements, Some((at, error)));
            }
        }
    }
}

/// A place in the query string as errors give it: in characters, from 1.
pub fn position(src: &str, byte: usize) -> u32 {
    let before = &src.as_bytes()[..byte.min(src.len())];
    // Every byte but the continuation bytes of UTF-8 begins a character.
    before.iter().filter(|&&b| b & 0xC0 != 0x80).count() as u32 + 1
}

type Fault = (usize, Error);

fn is_space(b: u8) -> bool {
    matches!(b, b' ' | b'\t' | b'\n' | b'\r' | 0x0C)
}

fn is_ident_start(b: u8) -> bool {
    b.is_ascii_alphabetic() || b == b'_' || b >= 0x80
}

fn is_ident(b: u8) -> bool {
    is_ident_start(b) || b.is_ascii_digit() || b == b'$'
}

fn is_operator(b: u8) -> bool {
    b"~!@#^&|`?+-*/%<>=".contains(&b)
}

impl<'a> Scanner<'a> {
    /// At the beginning of a text.
    pub fn new(src: &'a str) -> Scanner<'a> {
        Scanner::at(src, 0)
    }

    /// In the middle of a text, between tokens.
    pub fn at(src: &'a str, at: usize) -> Scanner<'a> {
        Scanner { src, at }
    }

    fn peek(&self, ahead: usize) -> u8 {
        // No token looks for a NUL, so one may stand for the end.
        self.src.as_bytes().get(self.at + ahead).copied().unwrap_or(0)
    }

    fn skip_while(&mut self, wanted: impl Fn(u8) -> bool) {
        while self.at < self.src.len() && wanted(self.peek(0)) {
            self.at += 1;
        }
    }

    /// The next token, or what is wrong and where it begins.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Result<Option<Token>, Fault> {
        self.skip_blanks()?;
        let start = self.at;
        if start == self.src.len() {
            return Ok(None);
        }
        let kind = self.token(start)?;
        Ok(Some(Token { kind, start, end: self.at }))
    }

    fn token(&mut self, start: usize) -> Result<TokenKind, Fault> {
        let (b, next) = (self.peek(0), self.peek(1));
        match b {
            b'\'' => self.string(start, 0, false),
            b'e' | b'E' if next == b'\'' => self.string(start, 1, true),
            b'b' | b'B' | b'x' | b'X' | b'n' | b'N' if next == b'\'' => self.string(start, 1, false),
            b'u' | b'U' if next == b'&' && self.peek(2) == b'\'' => self.string(start, 2, false),
            b'u' | b'U' if next == b'&' && self.peek(2) == b'"' => self.quoted_ident(start, 2),
            b'"' => self.quoted_ident(start, 0),
            b'$' => self.dollar(start),
            b'.' if next.is_ascii_digit() => self.number(start),
            b'0'..=b'9' => self.number(start),
            b':' if next == b':' || next == b'=' => Ok(self.take(2, TokenKind::Punct)),
            b'.' if next == b'.' => Ok(self.take(2, TokenKind::Punct)),
            _ if is_ident_start(b) => {
                self.skip_while(is_ident);
                Ok(TokenKind::Word)
            }
            _ if is_operator(b) => Ok(self.operator()),
            _ => Ok(self.take(1, TokenKind::Punct)),
        }
    }

    fn take(&mut self, bytes: usize, kind: TokenKind) -> TokenKind {
        self.at += bytes;
        kind
    }

    /// White space and comments; those in `/* */` nest.
    fn skip_blanks(&mut self) -> Result<(), Fault> {
        loop {
            self.skip_while(is_space);
            match (self.peek(0), self.peek(1)) {
                (b'-', b'-') => self.skip_while(|b| b != b'\n' && b != b'\r'),
                (b'/', b'*') => self.block_comment()?,
                _ => return Ok(()),
            }
        }
    }

    fn block_comment(&mut self) -> Result<(), Fault> {
        let start = self.at;
        let mut open = 0;
        while self.at < self.src.len() {
            match (self.peek(0), self.peek(1)) {
                (b'/', b'*') => (open, self.at) = (open + 1, self.at + 2),
                (b'*', b'/') => (open, self.at) = (open - 1, self.at + 2),
                _ => self.at += 1,
            }
            if open == 0 {
                return Ok(());
            }
        }
        Err(self.fault("unterminated /* comment", start, self.src.len()))
    }

    /// A string: `prefix` bytes, a quote, the text with quotes doubled, a quote; and its continuations, which stand
    /// after white space with a line break in it.
    fn string(&mut self, start: usize, prefix: usize, escapes: bool) -> Result<TokenKind, Fault> {
        self.at += prefix + 1;
        loop {
            match self.peek(0) {
                _ if self.at >= self.src.len() => {
                    return Err(self.fault("unterminated quoted string", start, self.src.len()));
                }
                b'\\' if escapes => self.at += 2,
                b'\'' if self.peek(1) == b'\'' => self.at += 2,
                b'\'' => {
                    self.at += 1;
                    if !self.continuation() {
                        return Ok(TokenKind::Str);
                    }
                }
                _ => self.at += 1,
            }
        }
    }

    /// Goes into the next part of a string, if there is one.
    fn continuation(&mut self) -> bool {
        let end = self.at;
        let mut broken = false;
        loop {
            match self.peek(0) {
                b if is_space(b) => {
                    broken |= b == b'\n' || b == b'\r';
                    self.at += 1;
                }
                b'-' if broken && self.peek(1) == b'-' => self.skip_while(|b| b != b'\n' && b != b'\r'),
                b'\'' if broken => {
                    self.at += 1;
                    return true;
                }
                _ => {
                    self.at = end;
                    return false;
                }
            }
        }
    }

    fn quoted_ident(&mut self, start: usize, prefix: usize) -> Result<TokenKind, Fault> {
        self.at += prefix + 1;
        let first = self.at;
        loop {
            match self.peek(0) {
                _ if self.at >= self.src.len() => {
                    return Err(self.fault("unterminated quoted identifier", start, self.src.len()));
                }
                b'"' if self.peek(1) == b'"' => self.at += 2,
                b'"' if self.at == first => {
                    return Err(self.fault("zero-length delimited identifier", start, self.at + 1));
                }
                b'"' => return Ok(self.take(1, TokenKind::QuotedIdent)),
                _ => self.at += 1,
            }
        }
    }

    /// `$1`, `$tag$text$tag$`, or a lone `$`.
    fn dollar(&mut self, start: usize) -> Result<TokenKind, Fault> {
        self.at += 1;
        if self.peek(0).is_ascii_digit() {
            self.skip_while(|b| b.is_ascii_digit());
            return self.no_junk(start, TokenKind::Param, "trailing junk after parameter");
        }
        let tag_end = if is_ident_start(self.peek(0)) {
            self.src[self.at..].find(|c: char| c == '$' || !(c.is_alphanumeric() || c == '_' || c >= '\u{80}'))
        } else {
            Some(0)
        };
        let Some(tag_end) = tag_end.filter(|&len| self.peek(len) == b'$') else {
            return Ok(TokenKind::Punct);
        };
        let text = self.at + tag_end + 1;
        let tag = &self.src[start..text];
        match self.src[text..].find(tag) {
            Some(len) => {
                self.at = text + len + tag.len();
                Ok(TokenKind::Str)
            }
            None => Err(self.fault("unterminated dollar-quoted string", start, self.src.len())),
        }
    }

    fn number(&mut self, start: usize) -> Result<TokenKind, Fault> {
        self.skip_while(|b| b.is_ascii_digit());
        // Two dots are a token of their own: `1..10`.
        if self.peek(0) == b'.' && self.peek(1) != b'.' {
            self.at += 1;
            self.skip_while(|b| b.is_ascii_digit());
        }
        if matches!(self.peek(0), b'e' | b'E') {
            let sign = usize::from(matches!(self.peek(1), b'+' | b'-'));
            if self.peek(1 + sign).is_ascii_digit() {
                self.at += 1 + sign;
                self.skip_while(|b| b.is_ascii_digit());
            } else if sign == 1 {
                return Err(self.fault("trailing junk after numeric literal", start, self.at + 2));
            }
        }
        self.no_junk(start, TokenKind::Number, "trailing junk after numeric literal")
    }

    fn no_junk(&mut self, start: usize, kind: TokenKind, message: &str) -> Result<TokenKind, Fault> {
        if is_ident_start(self.peek(0)) {
            self.skip_while(is_ident);
            return Err(self.fault(message, start, self.at));
        }
        Ok(kind)
    }

    /// The longest run of operator characters that no comment begins in; a sign at its end belongs to what follows,
    /// unless the run has a character that SQL's own operators have not.
    fn operator(&mut self) -> TokenKind {
        let start = self.at;
        while is_operator(self.peek(0)) && !matches!((self.peek(0), self.peek(1)), (b'-', b'-') | (b'/', b'*')) {
            self.at += 1;
        }
        let special = |b: &u8| b"~!@#^&|`?%".contains(b);
        while self.at > start + 1
            && matches!(self.src.as_bytes()[self.at - 1], b'+' | b'-')
            && !self.src.as_bytes()[start..self.at - 1].iter().any(special)
        {
            self.at -= 1;
        }
        self.at = self.at.max(start + 1);
        TokenKind::Op
    }

    fn fault(&self, message: &str, start: usize, end: usize) -> Fault {
        (start, at_or_near(self.src, message, start..end))
    }
}

/// `message at or near "text"`, at the text's place.
pub fn at_or_near(src: &str, message: &str, range: Range<usize>) -> Error {
    let text = src.get(range.clone()).unwrap_or_default();
    Error::new(sqlstate::SYNTAX_ERROR, format!("{message} at or near \"{text}\"")).at(position(src, range.start))
}

/// `syntax error at or near "token"` for the token that begins at or after a place, or `at end of input`.
pub fn syntax_error(src: &str, byte: usize) -> Error {
    match Scanner::at(src, byte.min(src.len())).next() {
        Ok(Some(token)) => at_or_near(src, "syntax error", token.start..token.end),
        Ok(None) => Error::new(sqlstate::SYNTAX_ERROR, "syntax error at end of input").at(position(src, src.len())),
        Err((_, error)) => error,
    }
}
