//! The tree of queries: SELECT, VALUES, set operations, WITH, and what belongs to them.

use super::ast::{Call, Expr, Ident, Locking, Pos, QualName, Statement};

/// A query with what may stand around it.
#[derive(Clone, PartialEq, Debug)]
pub struct Query {
    /// WITH
    pub with: Option<With>,
    /// The rows before they are sorted and cut.
    pub body: QueryBody,
    /// ORDER BY
    pub order_by: Vec<SortBy>,
    /// LIMIT; `LIMIT ALL` is none.
    pub limit: Option<Expr>,
    /// FETCH FIRST ... WITH TIES
    pub with_ties: bool,
    /// OFFSET
    pub offset: Option<Expr>,
    /// FOR UPDATE and its like
    pub locking: Vec<Locking>,
}

impl Query {
    /// Just these rows.
    pub fn of(body: QueryBody) -> Query {
        let (order_by, locking) = (Vec::new(), Vec::new());
        Query { with: None, body, order_by, limit: None, with_ties: false, offset: None, locking }
    }
}

/// WITH.
#[derive(Clone, PartialEq, Debug)]
pub struct With {
    /// RECURSIVE
    pub recursive: bool,
    /// Its queries.
    pub ctes: Vec<Cte>,
}

/// A query of WITH.
#[derive(Clone, PartialEq, Debug)]
pub struct Cte {
    /// Its name.
    pub name: Ident,
    /// Where it stands.
    pub pos: Pos,
    /// The names of its columns.
    pub columns: Vec<Ident>,
    /// MATERIALIZED, or NOT MATERIALIZED, where said.
    pub materialized: Option<bool>,
    /// What gives its rows.
    pub statement: Statement,
}

/// Where the rows of a query come from.
#[derive(Clone, PartialEq, Debug)]
pub enum QueryBody {
    /// SELECT
    Select(Box<Select>),
    /// VALUES, row by row
    Values(Vec<Vec<Expr>>),
    /// UNION, INTERSECT or EXCEPT
    SetOperation(Box<SetOperation>),
}

/// UNION, INTERSECT or EXCEPT.
#[derive(Clone, PartialEq, Debug)]
pub struct SetOperation {
    /// Which.
    pub kind: SetKind,
    /// ALL
    pub all: bool,
    /// Its left side.
    pub left: Query,
    /// Its right side.
    pub right: Query,
}

/// The set operations.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SetKind {
    /// UNION
    Union,
    /// INTERSECT
    Intersect,
    /// EXCEPT
    Except,
}

impl SetKind {
    /// Its word.
    pub fn name(self) -> &'static str {
        match self {
            SetKind::Union => "UNION",
            SetKind::Intersect => "INTERSECT",
            SetKind::Except => "EXCEPT",
        }
    }
}

/// The SELECT clause and those that belong to it.
#[derive(Clone, Default, PartialEq, Debug)]
pub struct Select {
    /// DISTINCT
    pub distinct: bool,
    /// DISTINCT ON
    pub distinct_on: Vec<Expr>,
    /// What is selected.
    pub targets: Vec<Target>,
    /// FROM: the items between the commas
    pub from: Vec<FromItem>,
    /// WHERE
    pub filter: Option<Expr>,
    /// GROUP BY
    pub group_by: Vec<GroupItem>,
    /// GROUP BY DISTINCT
    pub group_distinct: bool,
    /// HAVING
    pub having: Option<Expr>,
    /// WINDOW
    pub windows: Vec<(Ident, WindowSpec)>,
}

/// An item of GROUP BY.
#[derive(Clone, PartialEq, Debug)]
pub enum GroupItem {
    /// An expression, or several in parentheses; none for `()`.
    Keys(Vec<Expr>),
    /// ROLLUP
    Rollup(Vec<Vec<Expr>>),
    /// CUBE
    Cube(Vec<Vec<Expr>>),
    /// GROUPING SETS
    Sets(Vec<GroupItem>),
}

/// A window: that of OVER or of the WINDOW clause.
#[derive(Clone, PartialEq, Debug)]
pub struct WindowSpec {
    /// The window that it is, or that it begins with.
    pub base: Option<Ident>,
    /// Whether it is just that one: OVER w.
    pub named: bool,
    /// PARTITION BY
    pub partition: Vec<Expr>,
    /// ORDER BY
    pub order_by: Vec<SortBy>,
    /// The frame, where there is one.
    pub frame: Option<Frame>,
    /// Where it stands.
    pub pos: Pos,
}

/// The frame of a window.
#[derive(Clone, PartialEq, Debug)]
pub struct Frame {
    /// In what it is counted.
    pub mode: FrameMode,
    /// Where it begins.
    pub start: FrameEnd,
    /// Where it ends.
    pub end: FrameEnd,
    /// EXCLUDE
    pub exclude: FrameExclude,
    /// Where it stands.
    pub pos: Pos,
}

/// What a frame counts in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FrameMode {
    /// ROWS
    Rows,
    /// RANGE
    Range,
    /// GROUPS
    Groups,
}

/// An end of a frame.
#[derive(Clone, PartialEq, Debug)]
pub enum FrameEnd {
    /// UNBOUNDED PRECEDING
    First,
    /// So many before
    Preceding(Expr),
    /// CURRENT ROW
    Current,
    /// So many behind
    Following(Expr),
    /// UNBOUNDED FOLLOWING
    Last,
}

/// Which rows of a frame do not count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FrameExclude {
    /// None: EXCLUDE NO OTHERS
    Nothing,
    /// The current row
    Current,
    /// The current row and those that are equal
    Group,
    /// Those that are equal
    Ties,
}

/// An item of a target list.
#[derive(Clone, PartialEq, Debug)]
pub enum Target {
    /// An expression, perhaps with a name.
    Expr(Expr, Option<Ident>),
    /// `*`
    Star(Pos),
    /// `t.*`
    TableStar(QualName),
}

/// An item of FROM.
#[derive(Clone, PartialEq, Debug)]
pub enum FromItem {
    /// A table or a view.
    Table(QualName, Option<Alias>),
    /// Functions that return rows.
    Function(Box<FunctionFrom>),
    /// A query in parentheses; whether it is LATERAL.
    Subquery(Box<Query>, Pos, Option<Alias>, bool),
    /// A join.
    Join(Box<Join>),
    /// A join in parentheses that has a name.
    Aliased(Box<FromItem>, Alias),
}

/// Functions in FROM: one, or those of ROWS FROM.
#[derive(Clone, PartialEq, Debug)]
pub struct FunctionFrom {
    /// The calls and their places.
    pub calls: Vec<(Call, Pos)>,
    /// WITH ORDINALITY
    pub ordinality: bool,
    /// Its name.
    pub alias: Option<Alias>,
}

/// Two items joined.
#[derive(Clone, PartialEq, Debug)]
pub struct Join {
    /// What happens to rows that find no partner.
    pub kind: JoinKind,
    /// The left item.
    pub left: FromItem,
    /// The right item.
    pub right: FromItem,
    /// Which pairs there are.
    pub on: JoinOn,
    /// The name of the columns of USING.
    pub alias: Option<Ident>,
}

/// The condition of a join.
#[derive(Clone, PartialEq, Debug)]
pub enum JoinOn {
    /// None: CROSS JOIN.
    Nothing,
    /// NATURAL
    Natural,
    /// ON
    On(Expr),
    /// USING
    Using(Vec<(Ident, Pos)>),
}

/// The joins we have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum JoinKind {
    /// INNER or CROSS
    Inner,
    /// LEFT
    Left,
    /// RIGHT
    Right,
    /// FULL
    Full,
}

/// The name of a FROM item, and perhaps of its columns.
#[derive(Clone, PartialEq, Debug)]
pub struct Alias {
    /// The name.
    pub name: Ident,
    /// The columns' names.
    pub columns: Vec<Ident>,
}

/// An item of ORDER BY.
#[derive(Clone, PartialEq, Debug)]
pub struct SortBy {
    /// By what: an expression, a position or a name of the target list.
    pub expr: Expr,
    /// DESC
    pub descending: bool,
    /// NULLS FIRST or LAST, where said.
    pub nulls_first: Option<bool>,
}

/// What a query in an expression is asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum QueryExpr {
    /// Its value
    Value,
    /// EXISTS
    Exists,
    /// ARRAY
    Array,
}

/// ANY or ALL.
#[derive(Clone, PartialEq)]
pub struct Quantified {
    /// The left side.
    pub left: Expr,
    /// The operator.
    pub op: Ident,
    /// ALL
    pub all: bool,
    /// The rows or the array compared with.
    pub right: Quantity,
}

/// What ANY and ALL are about.
#[derive(Clone, PartialEq)]
pub enum Quantity {
    /// The rows of a query.
    Query(Query),
    /// The elements of an array.
    Array(Expr),
}

/// A subscript of an array: an index, or the bounds of a slice.
#[derive(Clone, PartialEq)]
pub enum Subscript {
    /// `[i]`
    Index(Expr),
    /// `[a:b]`
    Slice(Option<Expr>, Option<Expr>),
}
