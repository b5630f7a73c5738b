//! The tree of statements about what a session keeps: prepared statements and cursors; and of tables made of queries.

use super::ast::{Expr, Ident, Query, Statement, Temporary, TypeName};
use super::ast::{Pos, QualName};

/// PREPARE.
#[derive(Clone, PartialEq, Debug)]
pub struct Prepare {
    /// The name it gets.
    pub name: Ident,
    /// The types of its parameters, as far as they are said.
    pub types: Vec<TypeName>,
    /// What is prepared.
    pub statement: Box<Statement>,
}

/// EXECUTE.
#[derive(Clone, PartialEq, Debug)]
pub struct Execute {
    /// Which prepared statement.
    pub name: Ident,
    /// Its arguments.
    pub args: Vec<Expr>,
}

/// DISCARD.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum Discard {
    All,
    Plans,
    Sequences,
    Temp,
}

/// DECLARE CURSOR.
#[derive(Clone, PartialEq, Debug)]
pub struct DeclareCursor {
    /// Its name.
    pub name: Ident,
    /// BINARY
    pub binary: bool,
    /// INSENSITIVE
    pub insensitive: bool,
    /// SCROLL or NO SCROLL, where said.
    pub scroll: Option<bool>,
    /// WITH HOLD
    pub hold: bool,
    /// Its query.
    pub query: Box<Query>,
    /// Where the statement of the query stands.
    pub pos: Pos,
}

/// FETCH, or MOVE.
#[derive(Clone, PartialEq, Debug)]
pub struct Fetch {
    /// Of which cursor.
    pub cursor: Ident,
    /// Which rows.
    pub direction: Direction,
    /// MOVE
    pub only_move: bool,
}

/// Which way a cursor goes. `i64::MAX` stands for ALL.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Direction {
    /// So many rows forward; backward if it is negative.
    Forward(i64),
    /// So many rows backward.
    Backward(i64),
    /// To the row of this number, from the end if it is negative.
    Absolute(i64),
    /// To the row so many behind this one.
    Relative(i64),
}

/// CREATE TABLE AS, or SELECT INTO.
#[derive(Clone, PartialEq, Debug)]
pub struct CreateTableAs {
    /// The table's name.
    pub name: QualName,
    /// Whether it is to be temporary, and ON COMMIT.
    pub temporary: Temporary,
    /// IF NOT EXISTS
    pub if_not_exists: bool,
    /// The names of its columns, as far as they are said.
    pub columns: Vec<Ident>,
    /// What its rows are: a query, or EXECUTE.
    pub source: Statement,
    /// Not WITH NO DATA.
    pub with_data: bool,
    /// SELECT INTO
    pub into: bool,
}
