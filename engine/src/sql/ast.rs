//! The tree of a statement: what the rest of the engine knows of SQL's syntax.
//!
//! PostgreSQL has a raw parse tree (`parsenodes.h`), made before any table is looked at; this is ours, with the part of
//! the language that we support and nothing else: what is not here was refused by [`super::parse`]. Names are folded
//! and unquoted, strings decoded, numbers classified, system type names spelt as in `pg_type`. Every node that an error
//! may point at carries its place in the query string.

pub use super::ast_index::*;
pub use super::ast_modify::*;
pub use super::ast_table::*;
pub use super::ast_xact::*;
use std::fmt;
use std::rc::Rc;

pub use super::sql_value::SqlValue;

/// A name after folding and truncation.
pub type Ident = Rc<str>;

/// A place in the query string, in characters from 1; 0 where there is none. All places are equal, so that two
/// expressions are equal if they say the same: GROUP BY asks that.
#[derive(Clone, Copy, Default)]
pub struct Pos(pub u32);

impl PartialEq for Pos {
    fn eq(&self, _: &Pos) -> bool {
        true
    }
}

impl fmt::Debug for Pos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "@{}", self.0)
    }
}

/// A name that may be qualified by a schema.
#[derive(Clone, PartialEq)]
pub struct QualName {
    /// `pg_catalog` in `pg_catalog.pg_class`.
    pub schema: Option<Ident>,
    /// The name itself.
    pub name: Ident,
    /// Where the first part stands.
    pub pos: Pos,
}

/// A type as written, such as `numeric(10,2)`.
#[derive(Clone, PartialEq)]
pub struct TypeName {
    /// Which type, spelt as in `pg_type` where the grammar has a word of its own for it.
    pub name: QualName,
    /// The modifiers in parentheses.
    pub typmods: Vec<i32>,
    /// Whether `[]` follows.
    pub array: bool,
}

/// One statement of a query string.
#[derive(Clone, PartialEq, Debug)]
pub enum Statement {
    /// CREATE TABLE
    CreateTable(CreateTable),
    /// DROP TABLE
    DropTable(DropTable),
    /// CREATE INDEX
    CreateIndex(CreateIndex),
    /// DROP INDEX
    DropIndex(DropIndex),
    /// INSERT
    Insert(Insert),
    /// UPDATE
    Update(Update),
    /// DELETE
    Delete(Delete),
    /// SELECT or VALUES
    Query(Box<Query>),
    /// BEGIN or START TRANSACTION
    Begin {
        /// Whether it said START TRANSACTION, for the command tag.
        start: bool,
        /// Its modes.
        modes: TransactionModes,
    },
    /// COMMIT or END
    Commit {
        /// AND CHAIN
        chain: bool,
    },
    /// ROLLBACK or ABORT
    Rollback {
        /// AND CHAIN
        chain: bool,
    },
    /// SAVEPOINT
    Savepoint(Ident),
    /// RELEASE SAVEPOINT
    Release(Ident),
    /// ROLLBACK TO SAVEPOINT
    RollbackTo(Ident),
    /// LOCK TABLE
    Lock(LockTable),
    /// SET
    Set(SetVariable),
    /// SET TRANSACTION, or SET SESSION CHARACTERISTICS AS TRANSACTION
    SetTransaction {
        /// Whether it is for the transactions to come.
        session: bool,
        /// What is set.
        modes: TransactionModes,
    },
    /// SET CONSTRAINTS of some, or of all: whether they are deferred.
    SetConstraints(Option<Vec<QualName>>, bool),
    /// RESET of one setting, or of all
    Reset(Option<Ident>),
    /// SHOW of one setting, or of all
    Show(Option<Ident>),
    /// ALTER SYSTEM SET, or RESET of one setting or of all
    AlterSystem(Option<SetVariable>),
    /// CHECKPOINT
    Checkpoint,
    /// VACUUM
    Vacuum(Vacuum),
    /// ANALYZE
    Analyze(Vacuum),
    /// REINDEX
    Reindex(Reindex),
    /// PREPARE
    Prepare(Prepare),
    /// EXECUTE
    Execute {
        /// Which prepared statement.
        name: Ident,
        /// Its arguments.
        args: Vec<Expr>,
    },
    /// DEALLOCATE of one prepared statement, or of all
    Deallocate(Option<Ident>),
    /// DISCARD ALL
    DiscardAll,
    /// DISCARD TEMP
    DiscardTemp,
}

/// SELECT or VALUES, with what may follow either.
#[derive(Clone, PartialEq, Debug)]
pub struct Query {
    /// The rows before they are sorted and cut.
    pub body: QueryBody,
    /// ORDER BY
    pub order_by: Vec<SortBy>,
    /// LIMIT; `LIMIT ALL` is none.
    pub limit: Option<Expr>,
    /// OFFSET
    pub offset: Option<Expr>,
    /// FOR UPDATE and its like
    pub locking: Vec<Locking>,
}

/// Where the rows of a query come from.
#[derive(Clone, PartialEq, Debug)]
pub enum QueryBody {
    /// SELECT
    Select(Box<Select>),
    /// VALUES, row by row
    Values(Vec<Vec<Expr>>),
}

/// The SELECT clause and those that belong to it.
#[derive(Clone, PartialEq, Debug)]
pub struct Select {
    /// DISTINCT
    pub distinct: bool,
    /// What is selected.
    pub targets: Vec<Target>,
    /// FROM: the items between the commas
    pub from: Vec<FromItem>,
    /// WHERE
    pub filter: Option<Expr>,
    /// GROUP BY
    pub group_by: Vec<Expr>,
    /// HAVING
    pub having: Option<Expr>,
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
    /// A function that returns rows.
    Function(Call, Pos, Option<Alias>),
    /// A query in parentheses.
    Subquery(Box<Query>, Pos, Option<Alias>),
    /// A join.
    Join(Box<Join>),
}

/// Two items joined.
#[derive(Clone, PartialEq, Debug)]
pub struct Join {
    /// What happens to rows of the left that find no partner.
    pub kind: JoinKind,
    /// The left item.
    pub left: FromItem,
    /// The right item.
    pub right: FromItem,
    /// ON; none for CROSS JOIN.
    pub on: Option<Expr>,
}

/// The joins we have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum JoinKind {
    /// INNER or CROSS
    Inner,
    /// LEFT
    Left,
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

/// SET.
#[derive(Clone, PartialEq, Debug)]
pub struct SetVariable {
    /// Which setting.
    pub name: Ident,
    /// SET LOCAL
    pub local: bool,
    /// The values of the list as text; `None` for DEFAULT.
    pub values: Option<Vec<Ident>>,
}

/// VACUUM.
#[derive(Clone, Default, PartialEq, Debug)]
pub struct Vacuum {
    /// The tables; all where none are named.
    pub tables: Vec<QualName>,
    /// Of each table the columns that are to be analyzed; all where none are named.
    pub columns: Vec<Vec<Ident>>,
    /// FULL
    pub full: bool,
    /// FREEZE
    pub freeze: bool,
    /// VERBOSE
    pub verbose: bool,
    /// ANALYZE
    pub analyze: bool,
    /// DISABLE_PAGE_SKIPPING
    pub disable_page_skipping: bool,
    /// TRUNCATE, where said.
    pub truncate: Option<bool>,
    /// INDEX_CLEANUP, where said, and not AUTO.
    pub index_cleanup: Option<bool>,
    /// SKIP_LOCKED
    pub skip_locked: bool,
    /// PROCESS_TOAST, where said.
    pub process_toast: Option<bool>,
}

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

/// An expression and its place.
#[derive(Clone, PartialEq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where an error about it points: at the operator of an operation, else at the first character.
    pub pos: Pos,
}

/// The kinds of expression.
#[derive(Clone, PartialEq)]
pub enum ExprKind {
    /// NULL
    Null,
    /// TRUE or FALSE
    Bool(bool),
    /// A number that fits an int4.
    Int4(i32),
    /// A number that fits an int8 and no int4.
    Int8(i64),
    /// Any other number.
    Numeric(Ident),
    /// A string, of no type yet.
    String(Ident),
    /// `$1`
    Param(u32),
    /// A column, with one or two parts before it.
    Column(Vec<Ident>),
    /// An operator before its operand.
    Unary(Ident, Box<Expr>),
    /// An operator between its operands.
    Binary(Ident, Box<Expr>, Box<Expr>),
    /// AND of two or more.
    And(Vec<Expr>),
    /// OR of two or more.
    Or(Vec<Expr>),
    /// NOT
    Not(Box<Expr>),
    /// `IS NULL`, or `IS NOT NULL` where the flag is set.
    IsNull(Box<Expr>, bool),
    /// `IS [NOT] TRUE / FALSE / UNKNOWN`: the value (none is unknown), whether negated.
    IsBool(Box<Expr>, Option<bool>, bool),
    /// `IS [NOT] DISTINCT FROM`
    IsDistinct(Box<Expr>, Box<Expr>, bool),
    /// BETWEEN
    Between(Box<Between>),
    /// `[NOT] IN (list)`
    In(Box<Expr>, Vec<Expr>, bool),
    /// CASE
    Case(Box<Case>),
    /// `CAST(x AS t)`, `x::t` or `t 'x'`
    Cast(Box<Expr>, TypeName),
    /// A function.
    Call(Call),
    /// COALESCE
    Coalesce(Vec<Expr>),
    /// GREATEST (true) or LEAST
    MinMax(bool, Vec<Expr>),
    /// NULLIF
    NullIf(Box<Expr>, Box<Expr>),
    /// CURRENT_TIMESTAMP and its kin, with the precision that may follow.
    SqlValue(SqlValue, Option<i32>),
    /// `(f(x)).a`; of all fields where there is no name.
    Field(Box<Expr>, Option<Ident>),
    /// DEFAULT as a value of INSERT or UPDATE
    Default,
}

/// BETWEEN.
#[derive(Clone, PartialEq)]
pub struct Between {
    /// What is compared.
    pub arg: Expr,
    /// The lower bound.
    pub low: Expr,
    /// The upper bound.
    pub high: Expr,
    /// NOT BETWEEN
    pub negated: bool,
    /// SYMMETRIC
    pub symmetric: bool,
}

/// CASE.
#[derive(Clone, PartialEq)]
pub struct Case {
    /// What the WHENs are compared with, where there is something.
    pub arg: Option<Expr>,
    /// WHEN and THEN
    pub whens: Vec<(Expr, Expr)>,
    /// ELSE
    pub otherwise: Option<Expr>,
}

/// A call of a function or of an aggregate.
#[derive(Clone, PartialEq)]
pub struct Call {
    /// Which.
    pub name: QualName,
    /// Its arguments, some perhaps by name.
    pub args: Vec<(Option<Ident>, Expr)>,
    /// `count(*)`
    pub star: bool,
    /// `count(DISTINCT x)`
    pub distinct: bool,
}
