//! POSIX regular expressions as PostgreSQL has them ("advanced" ones): `~`, `regexp_replace` and their kin.
//!
//! A match begins as early as it can; then it is as long as it can be, or as short if the expression prefers that. Only
//! then it is asked which part of it each pair of parentheses has taken, earlier ones first. So there is no backtracking:
//!
//! ```text
//!   pattern ---> tree (parse) ---> program (program): all ways are followed at once, character by character: begin, end
//!                    |
//!                    +-----------> parts (dissect): each piece of the tree takes the longest part that lets the rest fit
//! ```
//!
//! Only a back reference makes it try again, with the next end.

mod class;
mod dissect;
mod parse;
mod program;

use super::Datum;
use crate::ids::{Error, Result, sqlstate};
use parse::Node;
use program::{Program, Text};
use std::cell::RefCell;
use std::rc::Rc;

/// How a pattern is to be read.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Flags {
    /// Upper and lower case are alike.
    pub fold: bool,
    /// `.` and `[^...]` do not take a newline.
    pub lines: bool,
    /// `^` and `$` are also the ends of lines.
    pub anchors: bool,
    /// Space in the pattern, and what follows `#`, does not count.
    pub expanded: bool,
    /// The pattern is no pattern but a text.
    pub literal: bool,
    /// All matches are wanted and not just the first.
    pub global: bool,
}

impl Flags {
    /// `parse_re_flags`: the letters of the functions' last argument.
    pub fn parse(text: &str) -> Result<Flags> {
        let mut flags = Flags::default();
        for c in text.chars() {
            match c {
                'g' => flags.global = true,
                c => flags.set(c).ok_or_else(|| {
                    let message = format!("invalid regular expression option: \"{c}\"");
                    Error::new(sqlstate::INVALID_PARAMETER_VALUE, message)
                })?,
            }
        }
        Ok(flags)
    }

    /// An option by its letter.
    fn set(&mut self, letter: char) -> Option<()> {
        match letter {
            'c' => self.fold = false,
            'i' => self.fold = true,
            'm' | 'n' => (self.lines, self.anchors) = (true, true),
            'p' => (self.lines, self.anchors) = (true, false),
            's' => (self.lines, self.anchors) = (false, false),
            'w' => (self.lines, self.anchors) = (false, true),
            't' => self.expanded = false,
            'x' => self.expanded = true,
            'q' => self.literal = true,
            'e' => {}
            _ => return None,
        }
        Some(())
    }
}

/// A begin and an end, in characters.
pub type Span = (usize, usize);

/// A pattern that has been read.
pub struct Regex {
    tree: Node,
    program: Program,
    flags: Flags,
    groups: usize,
    has_references: bool,
}

/// `2201B`
fn invalid(why: &str) -> Error {
    Error::new(sqlstate::INVALID_REGULAR_EXPRESSION, format!("invalid regular expression: {why}"))
}

/// A pattern that was read before.
type Kept = (Flags, Rc<str>, Rc<Regex>);

thread_local! {
    /// The patterns used last, the latest first: most are used for many rows.
    static CACHE: RefCell<Vec<Kept>> = const { RefCell::new(Vec::new()) };
}
/// How many patterns are kept.
const CACHE_SIZE: usize = 32;

impl Regex {
    /// Reads a pattern.
    pub fn new(pattern: &str, flags: Flags) -> Result<Rc<Regex>> {
        let flags = Flags { global: false, ..flags };
        let known = CACHE.with_borrow_mut(|cache| {
            let at = cache.iter().position(|(own, text, _)| *own == flags && **text == *pattern)?;
            cache[..=at].rotate_right(1);
            Some(cache[0].2.clone())
        });
        if let Some(known) = known {
            return Ok(known);
        }
        let parsed = parse::parse(pattern, flags)?;
        let program = Program::new(&parsed.tree)?;
        let regex = Rc::new(Regex {
            tree: parsed.tree,
            program,
            flags: parsed.flags,
            groups: parsed.groups,
            has_references: parsed.has_references,
        });
        CACHE.with_borrow_mut(|cache| {
            cache.truncate(CACHE_SIZE - 1);
            cache.insert(0, (flags, pattern.into(), regex.clone()));
        });
        Ok(regex)
    }

    /// How many pairs of parentheses there are that are told of.
    pub fn groups(&self) -> usize {
        self.groups
    }

    /// Whether it fits anywhere.
    pub fn is_match(&self, text: &[char]) -> bool {
        if self.has_references {
            return self.find(text, 0).is_some();
        }
        self.program.is_anywhere(&self.text(text))
    }

    fn text<'a>(&self, chars: &'a [char]) -> Text<'a> {
        Text { chars, flags: self.flags }
    }

    /// The first match from a place on: first the whole, then each pair of parentheses.
    pub fn find(&self, chars: &[char], from: usize) -> Option<Vec<Option<Span>>> {
        let text = self.text(chars);
        let shortest = self.tree.prefers_shorter();
        for begin in from..=chars.len() {
            let mut ends = self.program.ends(&text, begin, chars.len(), shortest && !self.has_references);
            if !shortest {
                ends.reverse();
            }
            for end in ends {
                let mut spans = vec![None; self.groups + 1];
                let whole = (begin, end);
                if self.groups == 0 && !self.has_references || dissect::dissect(&self.tree, &text, whole, &mut spans) {
                    spans[0] = Some(whole);
                    return Some(spans);
                }
            }
        }
        None
    }
}

fn test(a: &Datum, b: &Datum, fold: bool, wanted: bool) -> Result<Datum> {
    if a.is_null() || b.is_null() {
        return Ok(Datum::Null);
    }
    let regex = Regex::new(b.as_str()?, Flags { fold, ..Flags::default() })?;
    let text: Vec<char> = a.as_str()?.chars().collect();
    Ok(Datum::Bool(regex.is_match(&text) == wanted))
}

/// `~`
pub fn matches(a: &Datum, b: &Datum) -> Result<Datum> {
    test(a, b, false, true)
}

/// `!~`
pub fn matches_not(a: &Datum, b: &Datum) -> Result<Datum> {
    test(a, b, false, false)
}

/// `~*`
pub fn matches_folded(a: &Datum, b: &Datum) -> Result<Datum> {
    test(a, b, true, true)
}

/// `!~*`
pub fn matches_not_folded(a: &Datum, b: &Datum) -> Result<Datum> {
    test(a, b, true, false)
}
