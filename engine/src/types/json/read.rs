//! Reading JSON, with PostgreSQL's words for what is wrong with it.

use super::{Json, Kind, Node};
use crate::ids::{Error, Result, SqlState, sqlstate};

/// How deep values may be nested.
const MAX_DEPTH: usize = 1500;

/// Reads a text. `escapes` says whether strings are wanted without their escapes; else they are only checked.
pub fn read(text: &str, escapes: bool) -> Result<Node> {
    let mut reader = Reader { text, at: 0, token: Token::End, start: 0, escapes, value: String::new(), depth: 0 };
    reader.next()?;
    let node = reader.value()?;
    match reader.token {
        Token::End => Ok(node),
        _ => Err(reader.expected("end of input")),
    }
}

/// Reads a text into a jsonb.
pub fn read_jsonb(text: &str) -> Result<Json> {
    read(text, true)?.to_jsonb(text)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Token {
    /// One of `{}[],:`
    Mark(u8),
    String,
    Number,
    True,
    False,
    Null,
    End,
}

struct Reader<'a> {
    text: &'a str,
    /// Behind the present token.
    at: usize,
    token: Token,
    /// Where the present token begins.
    start: usize,
    escapes: bool,
    /// The present string.
    value: String,
    depth: usize,
}

fn failure(code: SqlState, message: &str, detail: String) -> Error {
    Error::new(code, message).detail(detail)
}

impl Reader<'_> {
    fn invalid(&self, detail: String) -> Error {
        failure(sqlstate::INVALID_TEXT_REPRESENTATION, "invalid input syntax for type json", detail)
    }

    fn expected(&self, what: &str) -> Error {
        match self.token {
            Token::End => self.ended(),
            _ => self.invalid(format!("Expected {what}, but found \"{}\".", &self.text[self.start..self.at])),
        }
    }

    fn ended(&self) -> Error {
        self.invalid("The input string ended unexpectedly.".into())
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Goes to the next token.
    fn next(&mut self) -> Result<()> {
        while matches!(self.byte(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
        self.start = self.at;
        let Some(byte) = self.byte() else {
            self.token = Token::End;
            return Ok(());
        };
        match byte {
            b'{' | b'}' | b'[' | b']' | b',' | b':' => {
                self.at += 1;
                self.token = Token::Mark(byte);
            }
            b'"' => {
                self.at += 1;
                self.string()?;
                self.token = Token::String;
            }
            b'-' | b'0'..=b'9' => {
                self.number()?;
                self.token = Token::Number;
            }
            _ => self.word()?,
        }
        Ok(())
    }

    /// What belongs to a word or to a number that is none.
    fn rest_of_word(&mut self) {
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80;
        while self.byte().is_some_and(is_word) {
            self.at += 1;
        }
    }

    fn bad_token(&self) -> Error {
        self.invalid(format!("Token \"{}\" is invalid.", &self.text[self.start..self.at]))
    }

    fn word(&mut self) -> Result<()> {
        self.rest_of_word();
        if self.at == self.start {
            self.at += 1;
            return Err(self.bad_token());
        }
        self.token = match &self.text[self.start..self.at] {
            "true" => Token::True,
            "false" => Token::False,
            "null" => Token::Null,
            _ => return Err(self.bad_token()),
        };
        Ok(())
    }

    fn digits(&mut self) -> bool {
        let from = self.at;
        while self.byte().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        self.at > from
    }

    fn number(&mut self) -> Result<()> {
        if self.byte() == Some(b'-') {
            self.at += 1;
        }
        let mut fits = match self.byte() {
            Some(b'0') => {
                self.at += 1;
                true
            }
            _ => self.digits(),
        };
        if fits && self.byte() == Some(b'.') {
            self.at += 1;
            fits = self.digits();
        }
        if fits && matches!(self.byte(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.byte(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            fits = self.digits();
        }
        let end = self.at;
        self.rest_of_word();
        if fits && self.at == end { Ok(()) } else { Err(self.bad_token()) }
    }

    fn string(&mut self) -> Result<()> {
        self.value.clear();
        let mut high = None;
        loop {
            let Some(c) = self.text[self.at..].chars().next() else { return Err(self.bad_token()) };
            self.at += c.len_utf8();
            if high.is_some() && c != '\\' {
                return Err(self.lone_low());
            }
            match c {
                '"' => return Ok(()),
                '\0'..='\x1f' => {
                    return Err(self.invalid(format!("Character with value 0x{:02x} must be escaped.", c as u32)));
                }
                '\\' => self.escape(&mut high)?,
                c => self.value.push(c),
            }
        }
    }

    fn lone_low(&self) -> Error {
        self.invalid("Unicode low surrogate must follow a high surrogate.".into())
    }

    fn escape(&mut self, high: &mut Option<u32>) -> Result<()> {
        let Some(c) = self.text[self.at..].chars().next() else { return Err(self.bad_token()) };
        self.at += c.len_utf8();
        if c != 'u' && high.is_some() {
            return Err(self.lone_low());
        }
        let plain = match c {
            '"' | '\\' | '/' => c,
            'b' => '\u{8}',
            'f' => '\u{C}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => return self.unicode(high),
            _ => {
                let detail = format!("Escape sequence \"\\{c}\" is invalid.");
                return Err(self.invalid(detail));
            }
        };
        self.value.push(plain);
        Ok(())
    }

    fn unicode(&mut self, high: &mut Option<u32>) -> Result<()> {
        let mut code = 0;
        for _ in 0..4 {
            let Some(digit) = self.byte().and_then(|byte| char::from(byte).to_digit(16)) else {
                return Err(self.invalid("\"\\u\" must be followed by four hexadecimal digits.".into()));
            };
            code = code * 16 + digit;
            self.at += 1;
        }
        if !self.escapes {
            return Ok(());
        }
        match (code, high.take()) {
            (0, None) => {
                let code = sqlstate::UNTRANSLATABLE_CHARACTER;
                let detail = "\\u0000 cannot be converted to text.".to_string();
                Err(failure(code, "unsupported Unicode escape sequence", detail))
            }
            (0xD800..=0xDBFF, None) => {
                *high = Some(code);
                Ok(())
            }
            (0xD800..=0xDBFF, Some(_)) => {
                Err(self.invalid("Unicode high surrogate must not follow a high surrogate.".into()))
            }
            (0xDC00..=0xDFFF, Some(high)) => {
                let whole = 0x10000 + ((high & 0x3FF) << 10) + (code & 0x3FF);
                self.value.extend(char::from_u32(whole));
                Ok(())
            }
            (0xDC00..=0xDFFF, None) | (_, Some(_)) => Err(self.lone_low()),
            (code, None) => {
                self.value.extend(char::from_u32(code));
                Ok(())
            }
        }
    }

    fn value(&mut self) -> Result<Node> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Error::new(sqlstate::STATEMENT_TOO_COMPLEX, "stack depth limit exceeded"));
        }
        let start = self.start;
        let (kind, end) = match self.token {
            Token::Mark(b'{') => self.object()?,
            Token::Mark(b'[') => self.array()?,
            token => {
                let kind = match token {
                    Token::String => Kind::String(std::mem::take(&mut self.value)),
                    Token::Number => Kind::Number,
                    Token::True => Kind::Bool(true),
                    Token::False => Kind::Bool(false),
                    Token::Null => Kind::Null,
                    _ => return Err(self.expected("JSON value")),
                };
                let end = self.at;
                self.next()?;
                (kind, end)
            }
        };
        self.depth -= 1;
        Ok(Node { kind, start, end })
    }

    fn array(&mut self) -> Result<(Kind, usize)> {
        self.next()?;
        let mut items = Vec::new();
        if self.token != Token::Mark(b']') {
            loop {
                items.push(self.value()?);
                match self.token {
                    Token::Mark(b',') => self.next()?,
                    Token::Mark(b']') => break,
                    _ => return Err(self.expected("\",\" or \"]\"")),
                }
            }
        }
        let end = self.at;
        self.next()?;
        Ok((Kind::Array(items), end))
    }

    fn object(&mut self) -> Result<(Kind, usize)> {
        self.next()?;
        let mut pairs = Vec::new();
        if self.token != Token::Mark(b'}') {
            loop {
                if self.token != Token::String {
                    return Err(self.expected(if pairs.is_empty() { "string or \"}\"" } else { "string" }));
                }
                let key = std::mem::take(&mut self.value);
                self.next()?;
                if self.token != Token::Mark(b':') {
                    return Err(self.expected("\":\""));
                }
                self.next()?;
                pairs.push((key, self.value()?));
                match self.token {
                    Token::Mark(b',') => self.next()?,
                    Token::Mark(b'}') => break,
                    _ => return Err(self.expected("\",\" or \"}\"")),
                }
            }
        }
        let end = self.at;
        self.next()?;
        Ok((Kind::Object(pairs), end))
    }
}
