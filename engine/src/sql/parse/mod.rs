//! From a query string to statements.
//!
//! ```text
//!   query string
//!     │ scan::split       PostgreSQL's scanner: statements, faults of tokens, a bound on nesting
//!     ▼
//!   text of one statement
//!     │ squawk-syntax     PostgreSQL's grammar; the first error, if any
//!     ▼
//!   syntax tree           every character of the text, dropped when lowered
//!     │ lower             what we support; the rest is refused by name
//!     ▼
//!   ast::Statement
//! ```
//!
//! The whole string is parsed before its first statement runs, as in PostgreSQL, so `DROP TABLE t; SELEC 1` drops
//! nothing. Errors of syntax are PostgreSQL's: the token at which its grammar would stop, which is nearly always where
//! our parser's first error lies. What parses but is not supported gets `0A000` with its name: each function here takes
//! the children of its node one by one and refuses what is left over.

mod alter;
mod atom;
mod constraint;
mod copy;
mod cursor;
mod explain;
mod expr;
mod grammar_call;
mod group;
mod index;
mod join;
mod literals;
mod locking;
mod many_rows;
mod modify;
mod name;
mod portal;
mod prepared;
mod schema;
mod select;
mod sequence;
mod shape;
mod table;
mod table_as;
mod tree;
mod utility;
mod window;
mod with;

use super::ast::{Expr, Query, QueryBody, Statement, Target};
use super::scan::{self, Scanner, StatementText, TokenKind, position};
use crate::ids::{Error, Result, sqlstate};
use cursor::{Source, kind_words};
use squawk_syntax::SyntaxKind::*;
use squawk_syntax::SyntaxNode;
use squawk_syntax::syntax_error::SyntaxError;
use std::ops::Range;
use std::rc::Rc;

pub use shape::{Script, Shapes};

/// A statement and where it stands in the query string.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// What it is.
    pub statement: Statement,
    /// Where it stands.
    pub place: Place,
}

/// Where a statement stands in its query string.
#[derive(Clone, Default, Debug)]
pub struct Place {
    /// From its first token to the end of its last.
    range: Range<usize>,
    /// If its tree came from a statement of the same shape: that one's places are in it.
    shape: Option<Rc<shape::Shape>>,
}

/// Parses a query string: all of it, or the first error.
pub fn parse(src: &str) -> Result<Vec<Parsed>> {
    let (texts, fault) = scan::split(src);
    if let (true, Some((_, error))) = (texts.is_empty(), &fault) {
        return Err(error.clone());
    }
    let mut statements = Vec::with_capacity(texts.len());
    let mut source = Source::new(src);
    let last = texts.len().saturating_sub(1);
    for (i, text) in texts.into_iter().enumerate() {
        let fault = fault.as_ref().filter(|_| i == last);
        source = source.at(text.range.start);
        let statement = parse_one(&source, &text, fault)?;
        statements.push(Parsed { statement, place: Place { range: text.range, shape: None } });
    }
    Ok(statements)
}

/// Parses a query that stands by itself.
pub fn parse_query(text: &str) -> Result<Query> {
    match parse(text)?.into_iter().next().map(|parsed| parsed.statement) {
        Some(Statement::Query(query)) => Ok(*query),
        _ => Err(Error::internal("not a query")),
    }
}

/// Parses an expression that stands by itself.
pub fn parse_expression(text: &str) -> Result<Expr> {
    let statements = parse(&format!("SELECT {text}"))?;
    match statements.into_iter().next().map(|parsed| parsed.statement) {
        Some(Statement::Query(query)) => match query.body {
            QueryBody::Select(mut select) => match select.targets.pop() {
                Some(Target::Expr(expr, _)) => Ok(expr),
                _ => Err(Error::internal("not an expression")),
            },
            _ => Err(Error::internal("not an expression")),
        },
        _ => Err(Error::internal("not an expression")),
    }
}

fn parse_one(source: &Source, text: &StatementText, fault: Option<&(usize, Error)>) -> Result<Statement> {
    let (src, start) = (source.text, text.range.start);
    let (root, errors) = tree::parse(&src[text.range.clone()]);
    if let Some(error) = first_error(src, text, &errors, &root, fault) {
        return Err(error);
    }
    let Some(node) = root.first_child() else { return Err(scan::syntax_error(src, start)) };
    let second = node.next_sibling();
    if let Some(second) = second {
        return Err(source.syntax_error(source.node_start(&second)));
    }
    statement(source, &node)
}

/// The error to report, of those that the parser found and the one that the scanner found.
fn first_error(
    src: &str,
    text: &StatementText,
    errors: &[SyntaxError],
    root: &SyntaxNode,
    fault: Option<&(usize, Error)>,
) -> Option<Error> {
    let place = errors.first().map(|error| error_place(src, text, error));
    if let Some((at, error)) = fault
        && place.is_none_or(|place| place >= *at)
    {
        return Some(error.clone());
    }
    let place = place?;
    // A body in SQL has semicolons of its own, at which the statement was cut.
    if let Some(kind @ (CREATE_FUNCTION | CREATE_PROCEDURE)) = root.first_child().map(|node| node.kind()) {
        return Some(Error::unsupported(kind_words(kind)));
    }
    if place < text.range.end {
        let unicode = errors.first().is_some_and(|error| error.message().starts_with("Unicode escape requires"));
        return Some(if unicode { unicode_error(position(src, place)) } else { scan::syntax_error(src, place) });
    }
    Some(scan::syntax_error(src, text.semicolon.unwrap_or(src.len())))
}

/// The error for an escape such as `\u12` inside a string.
fn unicode_error(position: u32) -> Error {
    Error::new(sqlstate::INVALID_ESCAPE_SEQUENCE, "invalid Unicode escape")
        .hint("Unicode escapes must be \\uXXXX or \\UXXXXXXXX.")
        .at(position)
}

/// Where PostgreSQL's grammar would stop for an error of our parser: at a token, or at the end of the statement.
fn error_place(src: &str, text: &StatementText, error: &SyntaxError) -> usize {
    let (message, range) = (error.message(), error.range());
    let base = text.range.start;
    let start = base + usize::from(range.start());
    let next = |from: usize| Scanner::at(src, from).next().ok().flatten();
    // Some errors lie on what lacks something after it.
    if message.starts_with("Expected at least") {
        return next(base + usize::from(range.end())).map_or(text.range.end, |token| token.start);
    }
    let Some(token) = next(start) else { return text.range.end };
    // A comma too many is found by what follows it.
    if message.starts_with("unexpected trailing comma") || message.starts_with("unexpected comma") {
        return next(token.end).map_or(text.range.end, |token| token.start);
    }
    // CREATE, DROP and ALTER are right by themselves.
    let word = &src[token.start..token.end];
    let begins = ["create", "drop", "alter", "start", "comment"].iter().any(|known| word.eq_ignore_ascii_case(known));
    if token.start == base && begins && token.kind == TokenKind::Word {
        return next(token.end).map_or(text.range.end, |token| token.start);
    }
    token.start
}

/// Lowers a statement.
fn statement(source: &Source, node: &SyntaxNode) -> Result<Statement> {
    match node.kind() {
        CREATE_TABLE => table::create_table(source, node),
        DROP_TABLE => table::drop_table(source, node),
        ALTER_TABLE => alter::alter_table(source, node),
        TRUNCATE => table::truncate(source, node),
        CREATE_SEQUENCE => sequence::create(source, node),
        ALTER_SEQUENCE => sequence::alter(source, node),
        DROP_SEQUENCE => sequence::drop(source, node),
        CREATE_SCHEMA => schema::create_schema(source, node),
        ALTER_SCHEMA => schema::alter_schema(source, node),
        DROP_SCHEMA => schema::drop_schema(source, node),
        CREATE_VIEW => schema::create_view(source, node),
        ALTER_VIEW => schema::alter_view(source, node),
        DROP_VIEW => schema::drop_view(source, node),
        CREATE_INDEX => index::create_index(source, node),
        DROP_INDEX => index::drop_index(source, node),
        REINDEX => index::reindex(source, node),
        ANALYZE => utility::analyze(source, node),
        INSERT => modify::insert(source, node),
        UPDATE => modify::update(source, node),
        DELETE => modify::delete(source, node),
        SELECT_INTO => table_as::select_into(source, node),
        kind if select::is_query(kind) => Ok(Statement::Query(Box::new(select::query(source, node)?))),
        BEGIN => utility::begin(source, node),
        COMMIT_TRANSACTION | ROLLBACK_TRANSACTION => utility::end(source, node),
        SET => utility::set(source, node),
        SET_TRANSACTION => utility::set_transaction(source, node),
        SET_CONSTRAINTS => utility::set_constraints(source, node),
        RESET => utility::reset(source, node),
        SHOW => utility::show(source, node),
        LOCK => utility::lock(source, node),
        ALTER_SYSTEM => utility::alter_system(source, node),
        CHECKPOINT => utility::checkpoint(source, node),
        VACUUM => utility::vacuum(source, node),
        EXPLAIN => explain::explain(source, node),
        PREPARE => prepared::prepare(source, node),
        EXECUTE => prepared::execute(source, node),
        DEALLOCATE => prepared::deallocate(source, node),
        DISCARD => prepared::discard(source, node),
        COPY => copy::copy(source, node),
        DECLARE => portal::declare(source, node),
        FETCH | MOVE => portal::fetch(source, node),
        CLOSE => portal::close(source, node),
        SAVEPOINT_CREATE | RELEASE_SAVEPOINT | ROLLBACK_TO_SAVEPOINT => utility::savepoint(source, node),
        CREATE_TABLE_AS => table_as::create_table_as(source, node),
        kind => Err(unsupported(source, node, &kind_words(kind))),
    }
}

fn unsupported(source: &Source, node: &SyntaxNode, feature: &str) -> Error {
    Error::unsupported(feature).at(position(source.text, source.node_start(node)))
}
