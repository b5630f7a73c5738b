//! Arrays as text: `{1,NULL,"with, comma"}`, `[0:1]={a,b}`; the vector types as `1 2 3`.

use super::super::text::{input, write_output};
use super::super::{Datum, TypeId};
use super::{Array, Dim, MAX_DIMS, too_many_dimensions};
use crate::ids::{Error, Result, sqlstate};
use std::iter::Peekable;
use std::str::CharIndices;

/// Where the reading stands; PostgreSQL's `ArrayParseState`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    NoLevel,
    LevelStarted,
    ElementStarted,
    QuotedStarted,
    QuotedDone,
    ElementDelimited,
    LevelDone,
    LevelDelimited,
}

/// An element as it was written.
struct Word {
    text: String,
    quoted: bool,
}

/// Reads the braces and what is in them.
struct Reader<'a> {
    chars: Peekable<CharIndices<'a>>,
    state: State,
    /// How many braces are open.
    level: usize,
    deepest: usize,
    /// For each level: items of the braces that are open, and of those that were closed before.
    counts: [i32; MAX_DIMS],
    lengths: [i32; MAX_DIMS],
    word: Option<Word>,
    /// How much of the word's end is space that does not count.
    spaces: usize,
    words: Vec<Word>,
}

const END_OF_INPUT: &str = "Unexpected end of input.";
const RAGGED: &str = "Multidimensional arrays must have sub-arrays with matching dimensions.";

fn unexpected(c: char) -> String {
    format!("Unexpected \"{c}\" character.")
}

/// `array_in`
pub(in super::super) fn array_in(elem: TypeId, text: &str, typmod: i32) -> Result<Datum> {
    let malformed = |detail: String| {
        Error::new(sqlstate::INVALID_TEXT_REPRESENTATION, format!("malformed array literal: \"{text}\"")).detail(detail)
    };
    let (given, rest) = dimensions(text, &malformed)?;
    let mut reader = Reader {
        chars: rest.char_indices().peekable(),
        state: State::NoLevel,
        level: 0,
        deepest: 0,
        counts: [1; MAX_DIMS],
        lengths: [0; MAX_DIMS],
        word: None,
        spaces: 0,
        words: Vec::new(),
    };
    while reader.step().map_err(&malformed)? {
        if reader.deepest > MAX_DIMS {
            return Err(too_many_dimensions(reader.deepest));
        }
    }
    if reader.chars.any(|(_, c)| !is_space(c)) {
        return Err(malformed("Junk after closing right brace.".into()));
    }
    let product: i64 = reader.lengths[..reader.deepest].iter().map(|len| i64::from(*len)).product();
    if !reader.words.is_empty() && product != reader.words.len() as i64 {
        return Err(malformed(RAGGED.into()));
    }
    let found: Vec<i32> = reader.lengths[..reader.deepest].to_vec();
    let dims = match given {
        Some(dims) if dims.iter().map(|dim| dim.len).ne(found.iter().copied()) || reader.words.is_empty() => {
            return Err(malformed("Specified array dimensions do not match array contents.".into()));
        }
        Some(dims) => dims,
        None => found.into_iter().map(|len| Dim { len, lower: 1 }).collect(),
    };
    let mut items = Vec::with_capacity(reader.words.len());
    for Word { text, quoted } in reader.words {
        let null = !quoted && text.eq_ignore_ascii_case("null");
        items.push(if null { Datum::Null } else { input(elem, &text, typmod)? });
    }
    Ok(Array::shaped(elem, dims, items).datum())
}

fn is_space(c: char) -> bool {
    c.is_ascii_whitespace() || c == '\x0b'
}

/// `[1:2][0:3]=` before the braces, and what follows it.
fn dimensions<'a>(text: &'a str, malformed: &impl Fn(String) -> Error) -> Result<(Option<Vec<Dim>>, &'a str)> {
    let mut rest = text.trim_start_matches(is_space);
    let mut dims = Vec::new();
    let number = |text: &str| text.parse::<i32>().unwrap_or(0);
    while let Some(bounds) = rest.strip_prefix('[') {
        if dims.len() >= MAX_DIMS {
            return Err(too_many_dimensions(dims.len() + 1));
        }
        let part = |text: &'a str| {
            let end = text.find(|c: char| !c.is_ascii_digit() && !matches!(c, '+' | '-')).unwrap_or(text.len());
            text.split_at(end)
        };
        let (first, mut after) = part(bounds);
        if first.is_empty() {
            return Err(malformed("\"[\" must introduce explicitly-specified array dimensions.".into()));
        }
        let (mut lower, mut upper) = (1, number(first));
        if let Some(second) = after.strip_prefix(':') {
            let (second, behind) = part(second);
            if second.is_empty() {
                return Err(malformed("Missing array dimension value.".into()));
            }
            (lower, upper, after) = (upper, number(second), behind);
        }
        let Some(behind) = after.strip_prefix(']') else {
            return Err(malformed("Missing \"]\" after array dimensions.".into()));
        };
        if upper < lower {
            return Err(Error::new(sqlstate::ARRAY_SUBSCRIPT_ERROR, "upper bound cannot be less than lower bound"));
        }
        dims.push(Dim { len: upper.wrapping_sub(lower).wrapping_add(1), lower });
        rest = behind.trim_start_matches(is_space);
    }
    if dims.is_empty() {
        return match rest.starts_with('{') {
            true => Ok((None, rest)),
            false => Err(malformed("Array value must start with \"{\" or dimension information.".into())),
        };
    }
    let Some(rest) = rest.strip_prefix('=') else {
        return Err(malformed("Missing \"=\" after array dimensions.".into()));
    };
    let rest = rest.trim_start_matches(is_space);
    match rest.starts_with('{') {
        true => Ok((Some(dims), rest)),
        false => Err(malformed("Array contents must start with \"{\".".into())),
    }
}

impl Reader<'_> {
    /// Takes a character; `false` behind the last brace.
    fn step(&mut self) -> Result<bool, String> {
        use State::*;
        let Some((_, c)) = self.chars.next() else { return Err(END_OF_INPUT.into()) };
        let in_quotes = self.state == QuotedStarted;
        match c {
            '\\' => {
                if !matches!(self.state, LevelStarted | ElementStarted | QuotedStarted | ElementDelimited) {
                    return Err(unexpected('\\'));
                }
                if !in_quotes {
                    self.state = ElementStarted;
                }
                let (_, escaped) = self.chars.next().ok_or(END_OF_INPUT)?;
                self.push(escaped, true);
            }
            '"' if in_quotes => self.state = QuotedDone,
            '"' => {
                if !matches!(self.state, LevelStarted | ElementDelimited) {
                    return Err("Unexpected array element.".into());
                }
                self.state = QuotedStarted;
                self.word = Some(Word { text: String::new(), quoted: true });
            }
            c if in_quotes => self.push(c, true),
            '{' => self.open()?,
            '}' => return self.close(),
            ',' => {
                if !matches!(self.state, ElementStarted | QuotedDone | LevelDone) {
                    return Err(unexpected(','));
                }
                self.end_word();
                self.state = if self.state == LevelDone { LevelDelimited } else { ElementDelimited };
                self.counts[self.level - 1] += 1;
            }
            c if is_space(c) => {
                if self.state == ElementStarted {
                    self.push(c, false);
                }
            }
            c => {
                if !matches!(self.state, LevelStarted | ElementStarted | ElementDelimited) {
                    return Err("Unexpected array element.".into());
                }
                self.state = ElementStarted;
                self.push(c, false);
            }
        }
        Ok(true)
    }

    fn push(&mut self, c: char, quoted: bool) {
        let word = self.word.get_or_insert(Word { text: String::new(), quoted: false });
        word.text.push(c);
        word.quoted |= quoted;
        self.spaces = if is_space(c) && !quoted { self.spaces + c.len_utf8() } else { 0 };
    }

    fn end_word(&mut self) {
        if let Some(mut word) = self.word.take() {
            word.text.truncate(word.text.len() - self.spaces);
            self.words.push(word);
        }
        self.spaces = 0;
    }

    fn open(&mut self) -> Result<(), String> {
        use State::*;
        if !matches!(self.state, NoLevel | LevelStarted | LevelDelimited) {
            return Err(unexpected('{'));
        }
        self.state = LevelStarted;
        self.level += 1;
        self.deepest = self.deepest.max(self.level);
        if self.level <= MAX_DIMS {
            self.counts[self.level - 1] = 1;
        } else {
            // Too deep, which is told by the caller.
            self.level = MAX_DIMS;
        }
        Ok(())
    }

    fn close(&mut self) -> Result<bool, String> {
        use State::*;
        let fits = matches!(self.state, ElementStarted | QuotedDone | LevelDone)
            || self.level == 1 && self.state == LevelStarted;
        if !fits {
            return Err(unexpected('}'));
        }
        let has_element = self.state != LevelStarted;
        self.end_word();
        self.state = LevelDone;
        self.level -= 1;
        let (count, known) = (self.counts[self.level], self.lengths[self.level]);
        if known != 0 && known != count {
            return Err(RAGGED.into());
        }
        self.lengths[self.level] = if has_element { count } else { 0 };
        Ok(self.level > 0)
    }
}

/// `array_out`, and the output of the vector types.
pub(in super::super) fn write_array(out: &mut String, array: &Array, type_id: TypeId) {
    if matches!(type_id, TypeId::Int2Vector | TypeId::OidVector) {
        for (at, item) in array.items.iter().enumerate() {
            if at > 0 {
                out.push(' ');
            }
            write_output(out, item, array.elem);
        }
        return;
    }
    if array.dims.is_empty() {
        return out.push_str("{}");
    }
    if array.dims.iter().any(|dim| dim.lower != 1) {
        for dim in &array.dims {
            *out += &format!("[{}:{}]", dim.lower, dim.lower + dim.len - 1);
        }
        out.push('=');
    }
    write_level(out, array, 0, &mut array.items.iter());
}

fn write_level(out: &mut String, array: &Array, level: usize, items: &mut std::slice::Iter<'_, Datum>) {
    out.push('{');
    for at in 0..array.dims[level].len {
        if at > 0 {
            out.push(',');
        }
        if level + 1 < array.dims.len() {
            write_level(out, array, level + 1, items);
        } else if let Some(item) = items.next() {
            write_item(out, item, array.elem);
        }
    }
    out.push('}');
}

fn write_item(out: &mut String, item: &Datum, elem: TypeId) {
    if item.is_null() {
        return out.push_str("NULL");
    }
    let from = out.len();
    write_output(out, item, elem);
    if needs_quotes(&out[from..]) {
        let text = out.split_off(from);
        write_quoted(out, &text);
    }
}

fn needs_quotes(text: &str) -> bool {
    let special = |c: char| matches!(c, '{' | '}' | '"' | '\\' | ',') || is_space(c);
    text.is_empty() || text.eq_ignore_ascii_case("null") || text.contains(special)
}

fn write_quoted(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
}
