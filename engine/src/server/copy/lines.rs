//! Reading what COPY FROM STDIN is sent as text or CSV: bytes become lines, lines become fields.
//!
//! ```text
//!   text   1 ⇥ it's\tone ⇥ \N        a backslash begins an escape; \N alone is NULL
//!   CSV    1,"it's, ""one""",        quotes may hold delimiters and line ends; nothing at all is NULL
//!   \.                               the end, also before the client says CopyDone
//! ```
//!
//! Pieces of data come as the client cuts them, not line by line.
//!
//! PostgreSQL: `commands/copyfromparse.c`.

use super::options::{CopyFormat, Options};
use crate::ids::{Error, Result, sqlstate};

/// How the lines of the data end: as the first one does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LineEnd {
    Newline,
    Return,
    Both,
}

/// The data so far, of which whole lines are taken.
#[derive(Default)]
pub(super) struct Lines {
    data: Vec<u8>,
    /// Where the line that comes next begins.
    at: usize,
    /// How far it has been looked through without finding its end, and whether that is within quotes.
    seen: usize,
    quoted: bool,
    line_end: Option<LineEnd>,
    /// How many line ends lay within quotes so far, as far as they are told from other characters.
    pub within: u64,
    /// Whether `\.` has come.
    pub ended: bool,
}

/// The fields of a line.
#[derive(Default)]
pub(super) struct Fields {
    text: Vec<u8>,
    /// Where each field lies, and whether it is NULL.
    places: Vec<(usize, usize, bool)>,
}

impl Fields {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// A field; `None` for NULL. The bytes of the line were UTF-8, but escapes may have made others of them.
    pub fn get(&self, at: usize) -> Result<Option<&str>> {
        let (start, end, null) = self.places[at];
        if null {
            return Ok(None);
        }
        std::str::from_utf8(&self.text[start..end])
            .map(Some)
            .map_err(|error| invalid_bytes(&error, &self.text[start..]))
    }

    fn push(&mut self, start: usize, null: bool) {
        self.places.push((start, self.text.len(), null));
    }
}

/// `report_invalid_encoding`
fn invalid_bytes(error: &std::str::Utf8Error, bytes: &[u8]) -> Error {
    let at = error.valid_up_to();
    let len = match bytes.get(at) {
        Some(0xC2..=0xDF) => 2,
        Some(0xE0..=0xEF) => 3,
        Some(0xF0..=0xF4) => 4,
        _ => 1,
    };
    let shown: Vec<String> = bytes[at..].iter().take(len).map(|byte| format!("0x{byte:02x}")).collect();
    let message = format!("invalid byte sequence for encoding \"UTF8\": {}", shown.join(" "));
    Error::new(sqlstate::CHARACTER_NOT_IN_REPERTOIRE, message)
}

impl Lines {
    /// Further data.
    pub fn put(&mut self, data: &[u8]) {
        if self.at > 0 {
            self.data.drain(..self.at);
            self.seen -= self.at;
            self.at = 0;
        }
        self.data.extend_from_slice(data);
    }

    /// The next whole line without its end; with `last`, when nothing more will come, also one without an end.
    pub fn next(&mut self, options: &Options, last: bool) -> Result<Option<&str>> {
        if self.ended {
            return Ok(None);
        }
        let Some((end, next)) = self.find_end(options, last)? else { return Ok(None) };
        let line = self.at..end;
        (self.at, self.seen, self.quoted) = (next, next, false);
        if &self.data[line.clone()] == b"\\." {
            self.ended = true;
            return Ok(None);
        }
        let bytes = &self.data[line];
        std::str::from_utf8(bytes).map(Some).map_err(|error| invalid_bytes(&error, bytes))
    }

    /// Where the line ends, and where the one behind it begins.
    fn find_end(&mut self, options: &Options, last: bool) -> Result<Option<(usize, usize)>> {
        let csv = options.format == CopyFormat::Csv;
        while self.seen < self.data.len() {
            let byte = self.data[self.seen];
            let next = self.data.get(self.seen + 1).copied();
            if self.quoted && byte == if self.line_end == Some(LineEnd::Newline) { b'\n' } else { b'\r' } {
                self.within += 1;
            }
            match byte {
                b'\\' if !csv => {
                    // Whatever follows belongs to the line.
                    if next.is_none() && !last {
                        return Ok(None);
                    }
                    self.seen += 2;
                    continue;
                }
                // Within quotes an escape before a quote keeps it from ending them.
                byte if csv && self.quoted && byte == options.escape && options.escape != options.quote => {
                    if next.is_none() && !last {
                        return Ok(None);
                    }
                    self.seen += 2;
                    continue;
                }
                byte if csv && byte == options.quote => self.quoted = !self.quoted,
                b'\n' if !(csv && self.quoted) => {
                    self.line_ends(LineEnd::Newline, csv)?;
                    return Ok(Some((self.seen, self.seen + 1)));
                }
                b'\r' if !(csv && self.quoted) => {
                    if next.is_none() && !last && self.line_end != Some(LineEnd::Return) {
                        return Ok(None);
                    }
                    let both = next == Some(b'\n') && self.line_end != Some(LineEnd::Return);
                    self.line_ends(if both { LineEnd::Both } else { LineEnd::Return }, csv)?;
                    return Ok(Some((self.seen, self.seen + 1 + usize::from(both))));
                }
                _ => {}
            }
            self.seen += 1;
        }
        let rest = self.at < self.data.len();
        Ok((last && rest).then_some((self.data.len(), self.data.len())))
    }

    /// All lines end alike.
    fn line_ends(&mut self, end: LineEnd, csv: bool) -> Result<()> {
        let first = *self.line_end.get_or_insert(end);
        if first == end {
            return Ok(());
        }
        let (what, escape) = match end {
            LineEnd::Newline => ("newline", "\\n"),
            LineEnd::Return | LineEnd::Both => ("carriage return", "\\r"),
        };
        let (quoted, hint) = match csv {
            true => ("unquoted", format!("Use quoted CSV field to represent {what}.")),
            false => ("literal", format!("Use \"{escape}\" to represent {what}.")),
        };
        Err(Error::new(sqlstate::BAD_COPY_FILE_FORMAT, format!("{quoted} {what} found in data")).hint(hint))
    }
}

/// Cuts a line into its fields.
pub(super) fn split(line: &str, options: &Options, fields: &mut Fields) -> Result<()> {
    fields.text.clear();
    fields.places.clear();
    match options.format {
        CopyFormat::Csv => split_csv(line.as_bytes(), options, fields),
        _ => {
            split_text(line.as_bytes(), options, fields);
            Ok(())
        }
    }
}

/// `CopyReadAttributesText`
fn split_text(line: &[u8], options: &Options, fields: &mut Fields) {
    let (mut at, mut field) = (0, 0);
    let mut start = fields.text.len();
    loop {
        match line.get(at) {
            Some(&byte) if byte != options.delimiter && byte != b'\\' => {
                fields.text.push(byte);
                at += 1;
            }
            Some(b'\\') if at + 1 < line.len() => {
                let (byte, len) = escaped(&line[at + 1..]);
                fields.text.push(byte);
                at += 1 + len;
            }
            Some(b'\\') => {
                // One that ends the line stands for itself.
                fields.text.push(b'\\');
                at += 1;
            }
            end => {
                let null = &line[field..at] == options.null.as_bytes();
                fields.push(start, null);
                start = fields.text.len();
                at += 1;
                field = at;
                if end.is_none() {
                    return;
                }
            }
        }
    }
}

/// The byte that an escape stands for, and how many bytes behind the backslash it takes.
fn escaped(rest: &[u8]) -> (u8, usize) {
    let digits = |rest: &[u8], radix: u32, most: usize| {
        let digit = |byte: &u8| (*byte as char).to_digit(radix);
        let digits: Vec<u32> = rest.iter().take(most).map_while(digit).collect();
        (digits.iter().fold(0, |value: u32, digit| value * radix + digit) as u8, digits.len())
    };
    match rest[0] {
        b'0'..=b'7' => digits(rest, 8, 3),
        b'x' => match digits(&rest[1..], 16, 2) {
            (_, 0) => (b'x', 1),
            (byte, len) => (byte, len + 1),
        },
        b'b' => (0x08, 1),
        b'f' => (0x0C, 1),
        b'n' => (b'\n', 1),
        b'r' => (b'\r', 1),
        b't' => (b'\t', 1),
        b'v' => (0x0B, 1),
        byte => (byte, 1),
    }
}

/// `CopyReadAttributesCSV`
fn split_csv(line: &[u8], options: &Options, fields: &mut Fields) -> Result<()> {
    let mut at = 0;
    loop {
        let (start, field) = (fields.text.len(), at);
        let (mut quoted, mut was_quoted) = (false, false);
        while let Some(&byte) = line.get(at) {
            if !quoted && byte == options.delimiter {
                break;
            }
            let next = line.get(at + 1).copied();
            match byte {
                byte if !quoted && byte == options.quote => (quoted, was_quoted) = (true, true),
                byte if quoted
                    && byte == options.escape
                    && next.is_some_and(|next| next == options.quote || next == options.escape) =>
                {
                    fields.text.extend(next);
                    at += 1;
                }
                byte if quoted && byte == options.quote => quoted = false,
                byte => fields.text.push(byte),
            }
            at += 1;
        }
        if quoted {
            return Err(Error::new(sqlstate::BAD_COPY_FILE_FORMAT, "unterminated CSV quoted field"));
        }
        let null = !was_quoted && &line[field..at] == options.null.as_bytes();
        fields.push(start, null);
        if at >= line.len() {
            return Ok(());
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(format: CopyFormat) -> Options {
        let (delimiter, null) = if format == CopyFormat::Csv { (b',', "") } else { (b'\t', "\\N") };
        Options { format, delimiter, null: null.into(), quote: b'"', escape: b'"', ..Options::default() }
    }

    fn fields(line: &str, format: CopyFormat) -> Vec<Option<String>> {
        let mut fields = Fields::default();
        split(line, &options(format), &mut fields).expect(line);
        (0..fields.len()).map(|at| fields.get(at).expect(line).map(str::to_string)).collect()
    }

    #[test]
    fn text_knows_escapes_and_null() {
        let some = |text: &str| Some(text.to_string());
        assert_eq!(fields("1\t\\N\t\t\\\\N", CopyFormat::Text), [some("1"), None, some(""), some("\\N")]);
        assert_eq!(fields("a\\tb\\x41\\101\\q\\", CopyFormat::Text), [some("a\tbAAq\\")]);
        assert_eq!(fields("", CopyFormat::Text), [some("")]);
    }

    #[test]
    fn csv_knows_quotes() {
        let some = |text: &str| Some(text.to_string());
        assert_eq!(fields("1,,\"\",\"a,\"\"b\"\"\"", CopyFormat::Csv), [some("1"), None, some(""), some("a,\"b\"")]);
        assert!(split("\"a", &options(CopyFormat::Csv), &mut Fields::default()).is_err());
    }

    #[test]
    fn lines_may_come_in_any_pieces() {
        for (format, data, expected) in [
            (CopyFormat::Text, "a\\\nb\r\nc\n\\.\nnot this\n", None),
            (CopyFormat::Text, "a\\\nb\nc\n\\.\nnot this\n", Some(vec!["a\\\nb", "c"])),
            (CopyFormat::Csv, "\"a\n\"\"b\",c\nd", Some(vec!["\"a\n\"\"b\",c", "d"])),
            (CopyFormat::Text, "a\r\nb\r\n\r\n", Some(vec!["a", "b", ""])),
        ] {
            for size in 1..data.len() {
                let (mut lines, options) = (Lines::default(), options(format));
                let mut found: Result<Vec<String>> = Ok(Vec::new());
                let pieces = data.as_bytes().chunks(size).map(|piece| (piece, false)).chain([(&b""[..], true)]);
                'all: for (piece, last) in pieces {
                    lines.put(piece);
                    loop {
                        match (lines.next(&options, last), &mut found) {
                            (Ok(Some(line)), Ok(found)) => found.push(line.to_string()),
                            (Ok(_), _) => break,
                            (Err(error), _) => {
                                found = Err(error);
                                break 'all;
                            }
                        }
                    }
                }
                match &expected {
                    Some(expected) => assert_eq!(&found.expect(data), expected, "{size}"),
                    None => assert!(found.is_err(), "{size}"),
                }
            }
        }
    }
}
