//! Statements after binding: every name is a place, every operator a function, every type decided.
//!
//! A row is a vector of values. The tables of a FROM stand in it side by side, each with its columns and, if the
//! statement asks for any of them, its six system columns behind:
//!
//! ```text
//!   FROM a(x, y) JOIN b(z)        slot 0   1   2
//!                                      a.x a.y b.z
//! ```

use super::ast::Ident;
use super::functions::{FnCtx, Function, ScalarFn};
use crate::access::{RowLock, WaitPolicy};
pub use crate::catalog::Table;
use crate::ids::Result;
use crate::types::arith::{BinaryFn, UnaryFn};
use crate::types::{Aggregate, Cast, Datum, TypeId};
use std::rc::Rc;

/// A row on its way through a plan.
pub type Row = Vec<Datum>;

/// Where the binder finds tables. It is asked while nothing else runs: whoever binds has looked up beforehand the
/// tables that the statement names (`ast::Statement::relations`).
pub trait CatalogView {
    /// The table of this name: in the schema, or along the search path.
    fn table(&self, schema: Option<&str>, name: &str) -> Result<Option<Rc<Table>>>;
}

/// The six system columns in the order of their slots: name, attnum, type.
pub const SYSTEM_COLUMNS: [(&str, i16, TypeId); 6] = [
    ("ctid", -1, TypeId::Tid),
    ("xmin", -2, TypeId::Xid),
    ("cmin", -3, TypeId::Cid),
    ("xmax", -4, TypeId::Xid),
    ("cmax", -5, TypeId::Cid),
    ("tableoid", -6, TypeId::Oid),
];

/// An expression that is ready to run.
#[derive(Clone)]
pub enum Scalar {
    /// A constant.
    Const(Datum),
    /// A slot of the row.
    Column(usize),
    /// A parameter, from 0.
    Param(usize),
    /// The result of a call that waits, made before the expression runs: see [`Exprs`].
    Waited(usize),
    /// An operator before its operand; NULL in, NULL out.
    Unary(Ident, UnaryFn, Box<Scalar>),
    /// An operator; NULL in, NULL out.
    Binary(Ident, BinaryFn, Box<[Scalar; 2]>),
    /// A cast, to this type; NULL in, NULL out.
    Cast(Cast, TypeId, Box<Scalar>),
    /// A value fitted to a modifier: type, modifier, whether the cast was explicit.
    Typmod(Box<Scalar>, TypeId, i32, bool),
    /// A function with its name; the flag says that it is strict.
    Call(&'static str, ScalarFn, Vec<Scalar>, bool),
    /// AND
    And(Vec<Scalar>),
    /// OR
    Or(Vec<Scalar>),
    /// NOT
    Not(Box<Scalar>),
    /// IS NULL, or IS NOT NULL
    IsNull(Box<Scalar>, bool),
    /// IS TRUE and its like: the value, whether negated.
    IsBool(Box<Scalar>, Option<bool>, bool),
    /// IS DISTINCT FROM, or IS NOT DISTINCT FROM
    IsDistinct(Box<[Scalar; 2]>, bool),
    /// CASE: conditions with their values, and the value of ELSE.
    Case(Vec<(Scalar, Scalar)>, Box<Scalar>),
    /// COALESCE
    Coalesce(Vec<Scalar>),
    /// GREATEST (true) or LEAST
    MinMax(bool, Vec<Scalar>),
    /// NULLIF
    NullIf(Box<[Scalar; 2]>),
}

/// A call of a function that waits, such as one that reads a page.
#[derive(Clone, Debug)]
pub struct WaitCall {
    /// The function.
    pub function: Rc<Function>,
    /// Its arguments, which may use the results of the calls before it.
    pub args: Vec<Scalar>,
}

/// Expressions over the same row, with the calls among them that wait. Those run first, row by row; the rest is
/// computed in one go.
#[derive(Clone, Default, Debug)]
pub struct Exprs {
    /// The calls that wait, inner ones first.
    pub waits: Vec<WaitCall>,
    /// The expressions.
    pub scalars: Vec<Scalar>,
}

/// A column of a result.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OutColumn {
    /// Its name.
    pub name: Rc<str>,
    /// Its type.
    pub ty: TypeId,
    /// Its modifier, or -1.
    pub typmod: i32,
    /// The table and the column that it comes from, or zeros.
    pub source: (crate::ids::Oid, i16),
}

/// An item of FROM.
#[derive(Clone, Debug)]
pub enum FromNode {
    /// A table: its row begins at this slot; whether it has system columns.
    Table(Rc<Table>, usize, bool),
    /// A function that gives rows, which may use the slots before its own.
    Function(Rc<Function>, Exprs, usize),
    /// A query: where its row begins.
    Subquery(Box<Query>, usize),
    /// A join; LEFT if the flag is set.
    Join(Box<FromNode>, Box<FromNode>, Option<Exprs>, bool),
}

/// An aggregate to compute.
#[derive(Clone, Debug)]
pub struct AggCall {
    /// Which.
    pub aggregate: Aggregate,
    /// Its argument; none for `count(*)`.
    pub arg: Option<Scalar>,
    /// DISTINCT
    pub distinct: bool,
}

/// Grouping: the row behind it has the keys, then the aggregates.
#[derive(Clone, Default, Debug)]
pub struct Grouping {
    /// The expressions of GROUP BY.
    pub keys: Vec<Scalar>,
    /// The aggregates.
    pub calls: Vec<AggCall>,
    /// What their arguments and the keys wait for.
    pub waits: Vec<WaitCall>,
    /// HAVING, over the row behind.
    pub having: Option<Exprs>,
}

/// A key to sort by: a slot of the projected row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SortKey {
    /// The slot.
    pub slot: usize,
    /// DESC
    pub descending: bool,
    /// NULLS FIRST
    pub nulls_first: bool,
}

/// A query. Its projected row has the result's columns first, then what only the sorting needs.
#[derive(Clone, Debug)]
pub struct Query {
    /// The columns of the result.
    pub columns: Vec<OutColumn>,
    /// FROM; none for a query of one row without columns.
    pub from: Option<FromNode>,
    /// VALUES, instead of FROM.
    pub values: Option<Vec<Exprs>>,
    /// The conjuncts of WHERE.
    pub filter: Vec<Exprs>,
    /// A function in the target list that returns rows: it is joined to each row that WHERE has let through.
    pub set_function: Option<FromNode>,
    /// GROUP BY and aggregates.
    pub grouping: Option<Grouping>,
    /// The projected row.
    pub targets: Exprs,
    /// DISTINCT
    pub distinct: bool,
    /// ORDER BY
    pub order_by: Vec<SortKey>,
    /// LIMIT
    pub limit: Option<Exprs>,
    /// OFFSET
    pub offset: Option<Exprs>,
    /// The tables whose rows are locked. The row of FROM stands behind the projected one then.
    pub locks: Vec<RowMark>,
}

/// A table whose rows a query locks.
#[derive(Clone, Debug)]
pub struct RowMark {
    /// Which.
    pub table: Rc<Table>,
    /// Where its row begins in that of FROM.
    pub base: usize,
    /// How its rows are locked.
    pub mode: RowLock,
    /// Whether they are waited for.
    pub wait: WaitPolicy,
}

/// INSERT.
#[derive(Clone, Debug)]
pub struct Insert {
    /// Into which table.
    pub table: Rc<Table>,
    /// The rows; none for DEFAULT VALUES.
    pub source: Option<Query>,
    /// For each column of the table its value, over the source's row.
    pub values: Exprs,
    /// What each row has to meet.
    pub checks: Vec<Check>,
    /// ON CONFLICT
    pub on_conflict: Option<OnConflict>,
    /// RETURNING, over the new row.
    pub returning: Option<(Exprs, Vec<OutColumn>)>,
}

/// A condition that each row of a table has to meet, over its columns.
#[derive(Clone, Debug)]
pub struct Check {
    /// The constraint's name.
    pub name: Rc<str>,
    /// What must not be false.
    pub condition: Scalar,
}

/// ON CONFLICT of an INSERT.
#[derive(Clone, Debug)]
pub struct OnConflict {
    /// The indexes in which a conflict is one: places among the table's.
    pub arbiters: Vec<usize>,
    /// DO UPDATE; none for DO NOTHING.
    pub update: Option<ConflictUpdate>,
}

/// DO UPDATE. Its row has the columns of the table, then the system's, then those of the row that was to be inserted.
#[derive(Clone, Debug)]
pub struct ConflictUpdate {
    /// WHERE
    pub filter: Vec<Exprs>,
    /// For each column of the table its new value.
    pub values: Exprs,
    /// How strongly the row is locked: it may be a column of a key that is set.
    pub strength: RowLock,
}

/// UPDATE.
#[derive(Clone, Debug)]
pub struct Update {
    /// Which table.
    pub table: Rc<Table>,
    /// Whether the row of expressions has system columns.
    pub system: bool,
    /// WHERE
    pub filter: Vec<Exprs>,
    /// For each column of the table its new value, over the old row.
    pub values: Exprs,
    /// What each row has to meet.
    pub checks: Vec<Check>,
    /// RETURNING, over the new row.
    pub returning: Option<(Exprs, Vec<OutColumn>)>,
}

/// DELETE.
#[derive(Clone, Debug)]
pub struct Delete {
    /// From which table.
    pub table: Rc<Table>,
    /// Whether the row of expressions has system columns.
    pub system: bool,
    /// WHERE
    pub filter: Vec<Exprs>,
    /// RETURNING, over the old row.
    pub returning: Option<(Exprs, Vec<OutColumn>)>,
}

/// A column for CREATE TABLE.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewColumn {
    /// Its name.
    pub name: Rc<str>,
    /// Its type.
    pub ty: TypeId,
    /// Its modifier, or -1.
    pub typmod: i32,
    /// NOT NULL
    pub not_null: bool,
}

/// PRIMARY KEY or UNIQUE for CREATE TABLE.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewKey {
    /// Its name, if it has one.
    pub name: Option<Rc<str>>,
    /// PRIMARY KEY
    pub primary: bool,
    /// The columns, from 0.
    pub columns: Vec<usize>,
}

/// A statement that the executor runs.
#[derive(Clone, Debug)]
pub enum Statement {
    /// SELECT or VALUES
    Query(Box<Query>),
    /// INSERT
    Insert(Box<Insert>),
    /// UPDATE
    Update(Box<Update>),
    /// DELETE
    Delete(Box<Delete>),
}

/// A statement and its parameters.
#[derive(Clone, Debug)]
pub struct Bound {
    /// What to run.
    pub statement: Statement,
    /// The types of `$1`, `$2` and so on.
    pub params: Vec<TypeId>,
}

impl Statement {
    /// The columns of the rows that it returns; none if it returns no rows.
    pub fn columns(&self) -> Option<&[OutColumn]> {
        match self {
            Statement::Query(query) => Some(&query.columns),
            Statement::Insert(insert) => insert.returning.as_ref().map(|(_, columns)| &columns[..]),
            Statement::Update(update) => update.returning.as_ref().map(|(_, columns)| &columns[..]),
            Statement::Delete(delete) => delete.returning.as_ref().map(|(_, columns)| &columns[..]),
        }
    }

    /// Whether it changes rows.
    pub fn writes(&self) -> bool {
        !matches!(self, Statement::Query(_))
    }
}

/// What an expression may use while it runs.
pub struct EvalCx<'a> {
    /// The session, for functions.
    pub fx: &'a FnCtx,
    /// The row, or the part of it that begins at `base`.
    pub row: &'a [Datum],
    /// The slot of the row's first value.
    pub base: usize,
    /// The parameters.
    pub params: &'a [Datum],
    /// The results of the calls that waited.
    pub waited: &'a [Datum],
}
