//! The tree of a statement: what the rest of the engine knows of SQL's syntax.
//!
//! PostgreSQL has a raw parse tree (`parsenodes.h`), made before any table is looked at; this is ours, with the part of
//! the language that we support and nothing else: what is not here was refused by [`super::parse`]. Names are folded
//! and unquoted, strings decoded, numbers classified, system type names spelt as in `pg_type`. Every node that an error
//! may point at carries its place in the query string.

pub use super::ast_alter::*;
pub use super::ast_copy::*;
pub use super::ast_explain::*;
pub use super::ast_index::*;
pub use super::ast_modify::*;
pub use super::ast_query::*;
pub use super::ast_schema::*;
pub use super::ast_session::*;
pub use super::ast_table::*;
pub use super::ast_xact::*;
use std::fmt;
use std::rc::Rc;

pub use super::sql_value::SqlValue;
pub use super::walk::Use;

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
    /// ALTER TABLE
    AlterTable(AlterTable),
    /// CREATE SEQUENCE
    CreateSequence(CreateSequence),
    /// ALTER SEQUENCE
    AlterSequence(AlterSequence),
    /// DROP SEQUENCE
    DropSequence(DropTable),
    /// CREATE SCHEMA
    CreateSchema(CreateSchema),
    /// ALTER SCHEMA RENAME TO
    RenameSchema(Ident, Ident),
    /// DROP SCHEMA
    DropSchema(DropSchema),
    /// CREATE VIEW
    CreateView(Box<CreateView>),
    /// DROP VIEW
    DropView(DropTable),
    /// TRUNCATE
    Truncate(Truncate),
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
    /// EXPLAIN
    Explain(Box<Statement>, ExplainOptions),
    /// PREPARE
    Prepare(Prepare),
    /// EXECUTE
    Execute(Execute),
    /// DEALLOCATE of one prepared statement, or of all
    Deallocate(Option<Ident>),
    /// DISCARD
    Discard(Discard),
    /// DECLARE
    Declare(DeclareCursor),
    /// FETCH or MOVE
    Fetch(Fetch),
    /// CLOSE of one cursor, or of all
    Close(Option<Ident>),
    /// COPY
    Copy(Box<Copy>),
    /// CREATE TABLE AS, or SELECT INTO
    CreateTableAs(Box<CreateTableAs>),
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
    /// `[NOT] IN (query)`
    InQuery(Box<Expr>, Box<Query>, bool),
    /// EXISTS, ARRAY and the value of a query
    Query(QueryExpr, Box<Query>),
    /// `left op ANY (query)` or ALL
    Quantified(Box<Quantified>),
    /// ROW
    Row(Vec<Expr>),
    /// `ARRAY[...]`
    Array(Vec<Expr>),
    /// `a[1]` or `a[1:2]`
    Subscript(Box<Expr>, Vec<Subscript>),
    /// COLLATE
    Collate(Box<Expr>, QualName),
    /// CASE
    Case(Box<Case>),
    /// `CAST(x AS t)`, `x::t` or `t 'x'`
    Cast(Box<Expr>, TypeName),
    /// A function.
    Call(Box<Call>),
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

/// A call of a function, of an aggregate or of a window function.
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
    /// VARIADIC before the last argument
    pub variadic: bool,
    /// ORDER BY within the arguments, or that of WITHIN GROUP
    pub order_by: Vec<SortBy>,
    /// Whether it is that of WITHIN GROUP
    pub within_group: bool,
    /// FILTER
    pub filter: Option<Box<Expr>>,
    /// OVER
    pub over: Option<Box<WindowSpec>>,
}

impl Call {
    /// A plain call.
    pub fn new(name: QualName, args: Vec<Expr>) -> Call {
        Call {
            name,
            args: args.into_iter().map(|arg| (None, arg)).collect(),
            star: false,
            distinct: false,
            variadic: false,
            order_by: Vec::new(),
            within_group: false,
            filter: None,
            over: None,
        }
    }

    /// Whether nothing is said that only aggregates and window functions know.
    pub fn is_plain(&self) -> bool {
        !self.star
            && !self.distinct
            && self.order_by.is_empty()
            && !self.within_group
            && self.filter.is_none()
            && self.over.is_none()
    }
}
