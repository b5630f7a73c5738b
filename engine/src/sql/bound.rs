//! Statements after binding: every name is a slot, every operator a function, every type decided.
//!
//! A slot is a number that stands for a column of some row within one query. The items of a FROM have their columns side
//! by side, tables with their six system columns behind; what is computed later has slots of its own:
//!
//! ```text
//!   FROM a(x, y) JOIN b(z)        slot 0   1   2..7      8
//!                                      a.x a.y a.ctid .. b.z
//!   GROUP BY, aggregates          KEY + 0, KEY + 1 ..    CALL + 0 ..
//!   functions that give rows      SET + 0 ..
//!   window functions              WINDOW + 0 ..
//! ```
//!
//! Which of them a row really has at some point of the plan, and where, the planner decides (`plan/layout.rs`).
//!
//! What a query needs of the queries around it, and the right side of a join of the row to its left, comes in *exec
//! parameters*: numbered places that whoever runs the inner plan fills before (PostgreSQL: `PARAM_EXEC`).

use super::ast::Ident;
pub use super::bound_query::*;
use super::functions::{FnCtx, Function, ScalarFn};
use crate::access::{RowLock, WaitPolicy};
pub use crate::catalog::Table;
use crate::ids::Result;
use crate::types::arith::{BinaryFn, UnaryFn};
use crate::types::{Cast, Datum, TypeId};
use std::cell::{Cell, RefCell};
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
    /// An exec parameter: a value of a row outside.
    Exec(usize),
    /// The result of something that waits: see [`Exprs`].
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
    /// `ARRAY[...]`, of elements of this type.
    Array(TypeId, Vec<Scalar>),
    /// `left op ANY (array)`, or ALL where the flag is set.
    Each(Ident, BinaryFn, bool, Box<[Scalar; 2]>),
}

/// What an expression may have to wait for.
#[derive(Clone, Debug)]
pub enum Wait {
    /// A function that waits, such as one that reads a page, and its arguments. They may use the results of the waits
    /// before it.
    Call(Rc<Function>, Vec<Scalar>),
    /// A subquery.
    Sub(Box<SubLink>),
}

/// A subquery within an expression; PostgreSQL's `SubLink` and `SubPlan`.
#[derive(Clone, Debug)]
pub struct SubLink {
    /// Which of the statement's subqueries.
    pub query: usize,
    /// What is asked of its rows.
    pub kind: SubKind,
    /// What it uses of the row: exec parameters and their values.
    pub args: Vec<(usize, Scalar)>,
    /// Whether its rows are always the same: neither this row nor one farther out is in them.
    pub constant: bool,
}

/// What is asked of a subquery's rows.
#[derive(Clone, Debug)]
pub enum SubKind {
    /// EXISTS
    Exists,
    /// The value of the only column of the only row.
    Value,
    /// ARRAY(...): of elements of this type.
    Array(TypeId),
    /// A comparison with the only row, whose columns stand in these exec parameters.
    Row(Scalar, Vec<usize>),
    /// IN, ANY and ALL.
    Any(Box<AnyTest>),
}

/// A comparison with all rows of a subquery.
#[derive(Clone, Debug)]
pub struct AnyTest {
    /// ALL: it must hold for all rows.
    pub all: bool,
    /// The comparison.
    pub test: Scalar,
    /// The exec parameters in which it finds a row's columns.
    pub columns: Vec<usize>,
    /// Where it only asks for equality: the values on the left and on the right, by which rows can be looked up.
    pub equal: Option<(Vec<Scalar>, Vec<Scalar>)>,
}

/// Expressions over the same row, and what they may wait for.
///
/// Expressions are plain functions. One that comes to a result which is not there yet stops; the result is waited for
/// and the expression begins again. So `CASE WHEN a THEN (SELECT ...) END` asks only where a is true.
#[derive(Clone, Default, Debug)]
pub struct Exprs {
    /// What may be waited for, inner ones first.
    pub waits: Vec<Wait>,
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

/// The first slots of what is computed after FROM.
pub mod slot {
    /// The keys of GROUP BY.
    pub const KEY: usize = 1 << 20;
    /// Aggregates.
    pub const CALL: usize = 2 << 20;
    /// Functions that give rows, in the target list.
    pub const SET: usize = 3 << 20;
    /// Window functions.
    pub const WINDOW: usize = 4 << 20;
    /// The slots of subqueries whose tables were taken into the FROM around them begin at multiples of this.
    pub const PULLED: usize = 1 << 24;
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
    pub condition: Exprs,
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
    /// WHERE; empty where there is a FROM.
    pub filter: Vec<Exprs>,
    /// FROM: the table joined with its items, and WHERE. Its row has the columns of the table, the system's, then those
    /// of the items.
    pub from: Option<Box<Query>>,
    /// For each column of the table its new value, over the old row, or that of FROM.
    pub values: Exprs,
    /// What each row has to meet.
    pub checks: Vec<Check>,
    /// RETURNING, over the new row, which in that of FROM takes the old one's place.
    pub returning: Option<(Exprs, Vec<OutColumn>)>,
}

/// DELETE.
#[derive(Clone, Debug)]
pub struct Delete {
    /// From which table.
    pub table: Rc<Table>,
    /// Whether the row of expressions has system columns.
    pub system: bool,
    /// WHERE; empty where there is a USING.
    pub filter: Vec<Exprs>,
    /// USING: the table joined with its items, as in an UPDATE.
    pub using: Option<Box<Query>>,
    /// RETURNING, over the old row, or that of USING.
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
    /// GENERATED AS IDENTITY: `a` ALWAYS, `d` BY DEFAULT, 0 neither.
    pub identity: u8,
    /// `serial`: a sequence of its own is its default.
    pub serial: bool,
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
    /// INCLUDE: further columns of its index, from 0.
    pub included: Vec<usize>,
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
    /// The subqueries within its expressions.
    pub subqueries: Vec<Query>,
    /// The queries of WITH, wherever they are.
    pub ctes: Vec<Cte>,
    /// How many exec parameters there are.
    pub execs: usize,
}

impl Bound {
    /// Whether it changes rows, itself or in a WITH.
    pub fn writes(&self) -> bool {
        self.statement.writes() || self.ctes.iter().any(|cte| matches!(cte.body, CteBody::Change(_)))
    }
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
    /// The exec parameters.
    pub exec: &'a RefCell<Vec<Datum>>,
    /// The results waited for, as far as they are there.
    pub waited: &'a [Option<Datum>],
    /// Which one was missing.
    pub missing: &'a Cell<usize>,
}
