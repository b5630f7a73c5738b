//! Statements of one shape: the same but for their literals. A program says few shapes, many times.
//!
//! ```text
//!   INSERT INTO t VALUES (7, 'seven')       INSERT INTO t VALUES (#, $)       the shape: tokens, with marks for literals
//!                                                   │ known
//!                                                   ▼
//!                                            the tree of the first one, with 7 and 'seven' put in
//! ```
//!
//! PostgreSQL parses each statement anew; it knows shapes only afterwards, as `pg_stat_statements` counts them. Here parsing
//! is the larger part of a small statement's time. The tree that comes out is the one that the parser would make, but
//! for its places, which are those of the first statement: [`Place::put`] puts them right when an error needs one.
//!
//! A shape is remembered only if each of its literals stands in the tree as an expression of its own, once. In
//! `varchar(10)` the number does not.
//!
//! A script is checked as a whole before its first statement runs, but only its first trees are kept for then: the others
//! are made again, so that memory does not grow with the script.

use super::super::ast::{Expr, ExprKind, Statement};
use super::super::scan::{self, Scanner, StatementText, Token, TokenKind, position};
use super::cursor::{Places, Source};
use super::many_rows::insert_of_rows;
use super::{Parsed, Place, literals, name, parse_one};
use crate::ids::{Error, Result};
use crate::small;
use std::rc::Rc;

/// Shapes that a backend remembers; with one more it begins anew.
const REMEMBERED: usize = 256;
/// Literals of a statement that may be remembered: longer ones are hardly said twice.
const LITERALS: usize = 200;
/// Trees that a script keeps between its check and its run.
const KEPT: usize = 32;

/// A shape.
#[derive(Debug)]
pub(super) struct Shape {
    key: Vec<u8>,
    statement: Statement,
    /// For each literal of the tree, in the order of [`literals::each`], the literal of the text that it is.
    slots: Vec<Option<Slot>>,
    /// Where the tokens of the first statement stand, as errors give places.
    places: Vec<u32>,
}

/// A literal of the text.
#[derive(Debug)]
struct Slot {
    number: usize,
    /// It has a minus before it, which belongs to it.
    negated: bool,
}

/// The shapes that a backend knows.
#[derive(Default)]
pub struct Shapes {
    known: small::Map<u64, Rc<Shape>>,
    text: Text,
    /// Statements whose shape was known.
    pub hits: u64,
    /// Statements that were parsed.
    pub misses: u64,
}

/// A script, checked.
pub struct Script {
    texts: Vec<StatementText>,
    kept: Vec<Option<Parsed>>,
    /// What is known of places in the query string.
    places: Places,
}

impl Script {
    /// How many statements it has.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }
}

impl Shapes {
    /// Checks a query string: all of it, or the first error. `seen` is shown each statement, its literals aside.
    pub fn check(&mut self, src: &str, seen: &mut dyn FnMut(&Statement)) -> Result<Script> {
        let (texts, fault) = scan::split(src);
        if let (true, Some((_, error))) = (texts.is_empty(), &fault) {
            return Err(error.clone());
        }
        let mut kept = Vec::new();
        let mut source = Source::new(src);
        for (n, text) in texts.iter().enumerate() {
            let fault = fault.as_ref().filter(|_| n + 1 == texts.len());
            let is_kept = n < KEPT;
            if !is_kept
                && fault.is_none()
                && let Some(shape) = self.find(src, text)
            {
                seen(&shape.statement);
                continue;
            }
            let parsed = self.parse(&mut source, text, fault)?;
            seen(&parsed.statement);
            if is_kept {
                kept.push(Some(parsed));
            }
        }
        Ok(Script { texts, kept, places: Source::new(src).places() })
    }

    /// A statement of a script that has been checked.
    pub fn statement(&mut self, src: &str, script: &mut Script, n: usize) -> Result<Parsed> {
        match script.kept.get_mut(n).and_then(Option::take) {
            Some(parsed) => Ok(parsed),
            None => {
                let mut source = Source::with(src, script.places);
                let parsed = self.parse(&mut source, &script.texts[n], None);
                script.places = source.places();
                parsed
            }
        }
    }

    fn parse(&mut self, source: &mut Source, text: &StatementText, fault: Option<&(usize, Error)>) -> Result<Parsed> {
        if fault.is_none()
            && let Some(shape) = self.find(source.text, text)
        {
            self.hits += 1;
            let statement = shape.with(&self.text.values);
            return Ok(Parsed { statement, place: Place { range: text.range.clone(), shape: Some(shape) } });
        }
        self.misses += 1;
        *source = source.at(text.range.start);
        if fault.is_none()
            && let Some(statement) = insert_of_rows(source, text, &self.text.tokens, &self.text.values)
        {
            return Ok(Parsed { statement, place: Place { range: text.range.clone(), shape: None } });
        }
        let mut statement = parse_one(source, text, fault)?;
        self.learn(source, &mut statement);
        Ok(Parsed { statement, place: Place { range: text.range.clone(), shape: None } })
    }

    /// The shape of a statement, if it is known; its literals are in `self.text` then.
    fn find(&mut self, src: &str, text: &StatementText) -> Option<Rc<Shape>> {
        self.text.read(src, text);
        let known = self.known.get(&self.text.hash())?;
        (known.key == self.text.key).then(|| known.clone())
    }

    /// Remembers the shape of the statement that was just looked for and not found.
    fn learn(&mut self, source: &Source, statement: &mut Statement) {
        let text = &self.text;
        if text.values.len() > LITERALS {
            return;
        }
        let places: Vec<u32> = text.tokens.iter().map(|token| source.pos(token.start).0).collect();
        let mut used = vec![0u32; text.values.len()];
        let mut slots = Vec::new();
        literals::each(statement, &mut |literal| {
            let slot = text.slot_of(literal, &places);
            slot.iter().for_each(|slot| used[slot.number] += 1);
            slots.push(slot);
        });
        let changes = matches!(
            statement,
            Statement::Query(_) | Statement::Insert(_) | Statement::Update(_) | Statement::Delete(_)
        );
        if !changes || used.iter().any(|&times| times != 1) {
            return;
        }
        if self.known.len() >= REMEMBERED {
            self.known = small::Map::new();
        }
        let shape = Shape { key: text.key.clone(), statement: statement.clone(), slots, places };
        self.known.insert(text.hash(), Rc::new(shape));
    }
}

impl Shape {
    /// The tree with these literals.
    fn with(&self, values: &[(usize, ExprKind)]) -> Statement {
        let mut statement = self.statement.clone();
        let mut slots = self.slots.iter();
        literals::each(&mut statement, &mut |literal| {
            if let Some(Some(slot)) = slots.next() {
                let value = &values[slot.number].1;
                let negated = slot.negated.then(|| name::negated(value)).flatten();
                literal.kind = negated.unwrap_or_else(|| value.clone());
            }
        });
        statement
    }
}

impl Place {
    /// An error in the statement's tree, with its place in the query string.
    pub fn put(&self, src: &str, error: Error) -> Error {
        let (Some(shape), Some(at)) = (&self.shape, error.report().position) else { return error };
        let Some(token) = shape.places.partition_point(|&place| place <= at).checked_sub(1) else { return error };
        let mut text = Text::default();
        text.read(src, &StatementText { range: self.range.clone(), semicolon: None });
        let Some(here) = text.tokens.get(token) else { return error };
        error.moved(position(src, here.start) + at - shape.places[token])
    }
}

/// A statement's text, read as a shape.
#[derive(Default)]
struct Text {
    key: Vec<u8>,
    tokens: Vec<Token>,
    /// Its literals: which token each is, and its value.
    values: Vec<(usize, ExprKind)>,
}

impl Text {
    fn read(&mut self, src: &str, text: &StatementText) {
        self.key.clear();
        self.tokens.clear();
        self.values.clear();
        let mut scanner = Scanner::at(src, text.range.start);
        while let Ok(Some(token)) = scanner.next()
            && token.end <= text.range.end
        {
            let word = &src[token.start..token.end];
            match value(token.kind, word) {
                Some(value) => {
                    self.key.extend(mark(&value));
                    self.values.push((self.tokens.len(), value));
                }
                None => self.key.extend(word.as_bytes()),
            }
            // No token holds a zero.
            self.key.push(0);
            self.tokens.push(token);
        }
    }

    /// FNV-1a.
    fn hash(&self) -> u64 {
        self.key
            .iter()
            .fold(0xcbf2_9ce4_8422_2325, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
    }

    /// Which literal of the text a literal of the tree is.
    fn slot_of(&self, literal: &Expr, places: &[u32]) -> Option<Slot> {
        self.values.iter().enumerate().find_map(|(number, (token, value))| {
            let at = literal.pos.0;
            if at == places[*token] && literal.kind == *value {
                return Some(Slot { number, negated: false });
            }
            let before = token.checked_sub(1).map(|before| places[before]);
            let negated =
                (before == Some(at) || at == places[*token]) && Some(&literal.kind) == name::negated(value).as_ref();
            negated.then_some(Slot { number, negated })
        })
    }
}

/// What stands for a literal in a key. Numbers of different types make different trees.
fn mark(value: &ExprKind) -> [u8; 2] {
    match value {
        ExprKind::Int4(_) => *b"\x01i",
        ExprKind::Int8(_) => *b"\x01l",
        ExprKind::Numeric(_) => *b"\x01n",
        _ => *b"\x01s",
    }
}

/// The value of a token that is a plain literal: a number, or a string in simple quotes.
fn value(kind: TokenKind, text: &str) -> Option<ExprKind> {
    match kind {
        TokenKind::Number => Some(name::number(text)),
        TokenKind::Str => {
            let inner = text.strip_prefix('\'')?.strip_suffix('\'')?;
            if !inner.contains('\'') {
                return Some(ExprKind::String(inner.into()));
            }
            let plain = inner.replace("''", "");
            (!plain.contains('\'')).then(|| ExprKind::String(inner.replace("''", "'").into()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::parse::parse;

    /// The tree that a backend makes which has seen `first` before.
    fn after(first: &str, text: &str) -> (Statement, bool) {
        let mut shapes = Shapes::default();
        shapes.check(first, &mut |_| ()).expect("a statement");
        let mut script = shapes.check(text, &mut |_| ()).expect("a statement");
        let parsed = shapes.statement(text, &mut script, 0).expect("checked");
        (parsed.statement, shapes.hits > 0)
    }

    #[test]
    fn a_known_shape_gives_the_tree_that_the_parser_gives() {
        let pairs = [
            ("INSERT INTO t VALUES (1, 'a')", "INSERT INTO t VALUES (42, 'it''s')"),
            ("SELECT a, -1 FROM t WHERE b BETWEEN 1 AND 2.5", "SELECT a, -7 FROM t WHERE b BETWEEN 3 AND 4.25"),
            ("UPDATE t SET v = v + 1 WHERE id = 5", "UPDATE   t SET v = v + 1\nWHERE id = 60"),
            ("DELETE FROM t WHERE a IN (1, 2) OR b LIKE 'x'", "DELETE FROM t WHERE a IN (3, 4) OR b LIKE 'y'"),
            ("SELECT date '2020-01-01' ORDER BY 1 LIMIT 5", "SELECT date '1999-12-31' ORDER BY 1 LIMIT 6"),
            ("SELECT 1 - 2, - 3", "SELECT 4 - 5, - 6"),
        ];
        for (first, text) in pairs {
            let expected = parse(text).expect(text).remove(0).statement;
            assert_eq!(after(first, text), (expected, true), "{text}");
        }
    }

    #[test]
    fn what_is_no_expression_of_its_own_is_not_remembered() {
        let pairs = [
            ("SELECT a::varchar(10) FROM t", "SELECT a::varchar(20) FROM t"),
            ("SELECT 1", "SELECT 10000000000"),
            ("SET work_mem = 100", "SET work_mem = 200"),
        ];
        for (first, text) in pairs {
            let expected = parse(text).expect(text).remove(0).statement;
            assert_eq!(after(first, text), (expected, false), "{text}");
        }
    }

    #[test]
    fn an_error_points_into_the_statement_at_hand() {
        let mut shapes = Shapes::default();
        shapes.check("SELECT 1, nope", &mut |_| ()).expect("a statement");
        let text = "SELECT 'é';  SELECT 12345, nope";
        let mut script = shapes.check(text, &mut |_| ()).expect("statements");
        let parsed = shapes.statement(text, &mut script, 1).expect("checked");
        let error = parsed.place.put(text, Error::internal("here").at(11));
        assert_eq!(error.report().position, Some(28));
    }

    #[test]
    fn a_long_script_keeps_few_trees() {
        let text = "SELECT 1;".repeat(1000);
        let mut shapes = Shapes::default();
        let script = shapes.check(&text, &mut |_| ()).expect("statements");
        assert_eq!((script.len(), script.kept.len(), shapes.misses), (1000, KEPT, 1));
        assert!(shapes.check(&(text + "SELEC 1"), &mut |_| ()).is_err());
    }
}
