//! How deep a statement nests, estimated from its tokens alone.
//!
//! The parser is recursive, the tree it builds is dropped by recursion, and so is ours bound and evaluated. PostgreSQL
//! meets the same danger with `check_stack_depth`; in a wasm module the stack is 1 MB and running over it is silent
//! damage, so we count before anything recurses. The count is of levels of the tree, weighted by what a level of that
//! kind costs; it may be too high, never too low.
//!
//! ```text
//!   SELECT (a + b) * 2 , ...          one level of parentheses, two operators in a row: 20 + 4, then 4
//!            └─ reset by a comma ─┘   siblings do not nest
//! ```

use super::scan::{Token, TokenKind, position};
use crate::ids::{Error, Result, sqlstate};

/// The most that a statement may count.
const LIMIT: u32 = 2000;
/// A level of parentheses, brackets or CASE, or an operator before its operand.
const LEVEL: u32 = 20;
/// An operator in a row of operators.
const OPERATOR: u32 = 4;
/// A further part of a chain of joins, or a BETWEEN.
const LINK: u32 = 10;

/// A further part of a chain of set operations.
const SET_OPERATION: u32 = 25;
/// A query within parentheses, besides these.
const SUBQUERY: u32 = 40;

/// The count so far.
#[derive(Default)]
pub struct Depth {
    levels: Vec<Level>,
    here: Level,
    /// The count of the levels around this one.
    around: u32,
    after_operand: bool,
}

#[derive(Default, Clone, Copy)]
struct Level {
    case: bool,
    /// Whether it is a query.
    query: bool,
    /// Operators since the last AND, OR or comma.
    operators: u32,
    /// ANDs and ORs since the last comma.
    logic: u32,
    /// Links of chains.
    links: u32,
    /// BETWEENs whose AND has not come.
    betweens: u32,
}

impl Level {
    fn count(&self) -> u32 {
        self.operators + self.logic + self.links
    }
}

impl Depth {
    /// Counts one more token.
    pub fn push(&mut self, src: &str, token: Token) -> Result<()> {
        let text = &src[token.start..token.end];
        let mut operand = true;
        match token.kind {
            TokenKind::Op => {
                self.here.operators += if self.after_operand { OPERATOR } else { LEVEL };
                operand = false;
            }
            TokenKind::Punct => operand = self.punct(text),
            TokenKind::Word => operand = self.word(text),
            _ => {}
        }
        self.after_operand = operand;
        if self.around + self.here.count() > LIMIT {
            return Err(Error::new(sqlstate::STATEMENT_TOO_COMPLEX, "stack depth limit exceeded")
                .hint("The statement nests too deeply; split it, or use fewer parentheses and operators.")
                .at(position(src, token.start)));
        }
        Ok(())
    }

    /// Whether an operand ends with it.
    fn punct(&mut self, text: &str) -> bool {
        match text {
            "(" | "[" => {
                // A subscript or a call, of which many can follow one operand.
                self.here.operators += if self.after_operand { OPERATOR } else { 0 };
                self.open(false);
            }
            ")" | "]" => {
                while self.here.case {
                    self.close();
                }
                self.close();
                return true;
            }
            "," => (self.here.operators, self.here.logic) = (0, 0),
            "." | "::" | ":" => self.here.operators += OPERATOR,
            _ => {}
        }
        false
    }

    fn open(&mut self, case: bool) {
        self.around += self.here.count() + LEVEL;
        self.levels.push(self.here);
        self.here = Level { case, ..Level::default() };
    }

    fn close(&mut self) {
        self.here = self.levels.pop().unwrap_or_default();
        self.around = self.around.saturating_sub(self.here.count() + LEVEL);
    }

    /// Whether an operand may end with it.
    fn word(&mut self, text: &str) -> bool {
        // Longer words are names.
        let mut lower = [0; 9];
        let Some(lower) = lower.get_mut(..text.len()) else { return true };
        lower.copy_from_slice(text.as_bytes());
        lower.make_ascii_lowercase();
        let level = &mut self.here;
        if matches!(&*lower, b"select" | b"values" | b"with") && !level.query {
            level.query = true;
            level.links += SUBQUERY;
        }
        match &*lower {
            b"and" if level.betweens > 0 => level.betweens -= 1,
            b"and" | b"or" => (level.operators, level.logic) = (0, level.logic + 1),
            b"between" => (level.betweens, level.links) = (level.betweens + 1, level.links + LINK),
            b"not" | b"in" => level.operators += LEVEL,
            b"is" | b"like" | b"ilike" | b"similar" | b"escape" | b"at" | b"collate" | b"isnull" | b"notnull" => {
                level.operators += OPERATOR
            }
            b"case" => self.open(true),
            b"end" if level.case => {
                self.close();
                return true;
            }
            b"union" | b"except" | b"intersect" => {
                let links = level.links + SET_OPERATION;
                *level = Level { case: level.case, query: level.query, links, ..Level::default() };
            }
            b"join" | b"with" | b"explain" | b"prepare" => {
                *level = Level { case: level.case, query: level.query, links: level.links + LINK, ..Level::default() };
            }
            b"select" | b"where" | b"group" | b"order" | b"having" | b"limit" | b"values" | b"when" | b"then"
            | b"else" | b"set" => {
                *level = Level { case: level.case, query: level.query, links: level.links, ..Level::default() };
            }
            _ => return true,
        }
        false
    }
}
