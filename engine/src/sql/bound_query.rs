//! Queries after binding: what is read and joined, grouped, computed over windows, sorted and cut.

use super::ast::{FrameExclude, FrameMode, SetKind};
use super::bound::{Exprs, OutColumn, RowMark, Scalar, Statement, Table, Wait};
use super::functions::Function;
use crate::types::arith::BinaryFn;
use crate::types::{Aggregate, Cast};
use std::rc::Rc;

/// An item of FROM.
#[derive(Clone, Debug)]
pub enum FromNode {
    /// A table: its row begins at this slot; whether it has system columns.
    Table(Rc<Table>, usize, bool),
    /// Functions that give rows.
    Function(Box<FunctionItem>),
    /// A query: where its row begins, and what it uses of the items to its left: exec parameters and slots.
    Subquery(Box<Query>, usize, Vec<(usize, Scalar)>),
    /// The rows of a query of WITH: which, the first slot, how many columns.
    Cte(usize, usize, usize),
    /// A join.
    Join(Box<JoinNode>),
}

/// A function and its arguments.
pub type FunctionCall = (Rc<Function>, Exprs);

/// Functions in FROM, whose rows stand side by side: those of ROWS FROM, or a single one.
#[derive(Clone, Debug)]
pub struct FunctionItem {
    /// The functions with their arguments.
    pub calls: Vec<FunctionCall>,
    /// The first slot.
    pub base: usize,
    /// WITH ORDINALITY: behind the columns stands the row's number.
    pub ordinality: bool,
    /// What the arguments use of the items to the left: exec parameters and slots.
    pub lateral: Vec<(usize, Scalar)>,
}

impl FunctionItem {
    /// How many columns it has.
    pub fn width(&self) -> usize {
        self.calls.iter().map(|(function, _)| function.columns.len()).sum::<usize>() + usize::from(self.ordinality)
    }
}

/// Two items joined.
#[derive(Clone, Debug)]
pub struct JoinNode {
    /// The left item.
    pub left: FromNode,
    /// The right item.
    pub right: FromNode,
    /// What happens to rows without a partner.
    pub kind: JoinKind,
    /// The conjuncts of the condition.
    pub on: Vec<Exprs>,
}

/// Kinds of joins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum JoinKind {
    /// Pairs only.
    Inner,
    /// Also rows of the left without a partner.
    Left,
    /// Also rows of the right without a partner.
    Right,
    /// Also rows of both.
    Full,
    /// Rows of the left that have a partner, once each.
    Semi,
    /// Rows of the left that have none.
    Anti,
}

/// An aggregate to compute.
#[derive(Clone, Debug)]
pub struct AggCall {
    /// Which.
    pub kind: AggKind,
    /// Its arguments; none for `count(*)`.
    pub args: Vec<Scalar>,
    /// DISTINCT
    pub distinct: bool,
    /// ORDER BY within the call.
    pub order_by: Vec<OrderKey>,
    /// FILTER
    pub filter: Option<Scalar>,
}

/// What is computed of the rows of a group.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AggKind {
    /// An aggregate.
    Aggregate(Aggregate),
    /// `GROUPING(...)`: which of these keys the group has not.
    Grouping(Vec<usize>),
}

/// A key to sort by: an expression, DESC, NULLS FIRST.
#[derive(Clone, Debug)]
pub struct OrderKey {
    /// By what.
    pub scalar: Scalar,
    /// DESC
    pub descending: bool,
    /// NULLS FIRST
    pub nulls_first: bool,
}

/// Grouping: the row behind it has the keys, then the aggregates.
#[derive(Clone, Default, Debug)]
pub struct Grouping {
    /// The expressions of GROUP BY.
    pub keys: Vec<Scalar>,
    /// GROUPING SETS: by which of the keys; none where it is by all of them.
    pub sets: Option<Vec<Vec<usize>>>,
    /// The aggregates.
    pub calls: Vec<AggCall>,
    /// What their arguments and the keys wait for.
    pub waits: Vec<Wait>,
    /// HAVING, over the row behind.
    pub having: Option<Exprs>,
}

/// A window with the functions over it, whose slots begin at `base`.
#[derive(Clone, Debug)]
pub struct Window {
    /// PARTITION BY
    pub partition: Vec<Scalar>,
    /// ORDER BY
    pub order_by: Vec<OrderKey>,
    /// The frame.
    pub frame: WindowFrame,
    /// The functions, each with its slot.
    pub calls: Vec<(usize, WindowCall)>,
    /// What all these wait for.
    pub waits: Vec<Wait>,
}

/// A frame with its offsets.
#[derive(Clone, Debug)]
pub struct WindowFrame {
    /// In what it is counted.
    pub mode: FrameMode,
    /// Where it begins.
    pub start: FrameBound,
    /// Where it ends.
    pub end: FrameBound,
    /// Which rows of it do not count.
    pub exclude: FrameExclude,
}

/// An end of a frame.
#[derive(Clone, Debug)]
pub enum FrameBound {
    /// The partition's first row, or its last.
    Unbounded,
    /// The current row, or those that are equal to it.
    Current,
    /// So far before it (true) or behind it.
    Offset(Box<Offset>, bool),
}

/// How far an end of a frame is from the current row.
#[derive(Clone)]
pub struct Offset {
    /// How far.
    pub value: Scalar,
    /// For RANGE the sum or the difference of the order's key and it.
    pub reach: Option<BinaryFn>,
    /// How the key must be cast before.
    pub cast: Option<Cast>,
}

impl std::fmt::Debug for Offset {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.value)
    }
}

/// A function over a window.
#[derive(Clone, Debug)]
pub enum WindowCall {
    /// An aggregate.
    Aggregate(AggCall),
    /// One of its own kind, with its arguments.
    Function(WindowFunction, Vec<Scalar>),
}

/// The functions that only windows have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum WindowFunction {
    RowNumber,
    Rank,
    DenseRank,
    PercentRank,
    CumeDist,
    Ntile,
    Lag,
    Lead,
    FirstValue,
    LastValue,
    NthValue,
}

/// UNION, INTERSECT or EXCEPT.
#[derive(Clone, Debug)]
pub struct SetOperation {
    /// Which.
    pub kind: SetKind,
    /// ALL
    pub all: bool,
    /// Its sides, and how their columns are cast to what they have in common, where they must be.
    pub sides: [(Query, Option<Exprs>); 2],
}

/// A query of WITH.
#[derive(Clone, Debug)]
pub struct Cte {
    /// Its name.
    pub name: Rc<str>,
    /// What gives its rows.
    pub body: CteBody,
    /// How many references there are to it.
    pub references: usize,
    /// MATERIALIZED, or NOT MATERIALIZED, where said.
    pub materialized: Option<bool>,
    /// Whether it uses no row of a query around it.
    pub constant: bool,
}

/// What gives the rows of a query of WITH.
#[derive(Clone, Debug)]
pub enum CteBody {
    /// A query.
    Query(Box<Query>),
    /// The first rows, and what is made of the last ones again and again; UNION ALL.
    Recursive(Box<(Query, Query)>, bool),
    /// A statement with RETURNING.
    Change(Box<Statement>),
}

/// A key to sort by: a place in the projected row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SortKey {
    /// The place.
    pub slot: usize,
    /// DESC
    pub descending: bool,
    /// NULLS FIRST
    pub nulls_first: bool,
}

/// A query. Its projected row has the result's columns first, then what only the sorting needs.
#[derive(Clone, Default, Debug)]
pub struct Query {
    /// The columns of the result.
    pub columns: Vec<OutColumn>,
    /// FROM; none for a query of one row without columns.
    pub from: Option<FromNode>,
    /// VALUES, instead of FROM: its columns are the slots from 0.
    pub values: Option<Vec<Exprs>>,
    /// The conjuncts of WHERE.
    pub filter: Vec<Exprs>,
    /// UNION, INTERSECT or EXCEPT, instead of FROM: its columns are the slots from 0.
    pub set_operation: Option<Box<SetOperation>>,
    /// GROUP BY and aggregates.
    pub grouping: Option<Grouping>,
    /// Windows.
    pub windows: Vec<Window>,
    /// Functions in the target list that give rows, each with its first slot.
    pub sets: Vec<(FunctionCall, usize)>,
    /// The projected row.
    pub targets: Exprs,
    /// DISTINCT
    pub distinct: bool,
    /// DISTINCT ON: places in the projected row.
    pub distinct_on: Vec<usize>,
    /// ORDER BY
    pub order_by: Vec<SortKey>,
    /// LIMIT
    pub limit: Option<Exprs>,
    /// WITH TIES
    pub with_ties: bool,
    /// OFFSET
    pub offset: Option<Exprs>,
    /// The tables whose rows are locked. The row of FROM stands behind the projected one then.
    pub locks: Vec<RowMark>,
    /// The queries of its WITH.
    pub ctes: Vec<usize>,
    /// The names of the items of FROM.
    pub range: Vec<RangeName>,
}

/// By which name an item of FROM goes.
#[derive(Clone, Debug)]
pub struct RangeName {
    /// Its first slot.
    pub base: usize,
    /// Its alias, or its own name.
    pub name: Rc<str>,
    /// Its columns, where these are not simply those of a table.
    pub columns: Vec<Rc<str>>,
    /// Whether the alias is one that was given.
    pub aliased: bool,
}
