//! The tree of statements about tables: their columns, their constraints.

use super::ast::{Expr, Ident, Pos, QualName, TypeName};
pub use crate::catalog::pg_constraint::FkAction;

/// CREATE TABLE.
#[derive(Clone, PartialEq, Debug)]
pub struct CreateTable {
    /// Its name.
    pub name: QualName,
    /// IF NOT EXISTS
    pub if_not_exists: bool,
    /// Its columns in order.
    pub columns: Vec<ColumnDef>,
    /// Its constraints but NOT NULL, those of columns too, as they stand.
    pub constraints: Vec<TableConstraint>,
    /// WITH (fillfactor)
    pub fillfactor: Option<u8>,
    /// TEMPORARY, and ON COMMIT.
    pub temporary: Temporary,
}

/// Whether a table is temporary, and what becomes of it at a commit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Temporary {
    /// It is not temporary.
    No,
    /// Nothing; ON COMMIT PRESERVE ROWS says the same.
    PreserveRows,
    /// ON COMMIT DELETE ROWS
    DeleteRows,
    /// ON COMMIT DROP
    Drop,
}

/// One column of a CREATE TABLE.
#[derive(Clone, PartialEq, Debug)]
pub struct ColumnDef {
    /// Its name.
    pub name: Ident,
    /// Its type.
    pub ty: TypeName,
    /// NOT NULL
    pub not_null: bool,
    /// DEFAULT
    pub default: Option<Expr>,
    /// GENERATED ... AS IDENTITY
    pub identity: Option<Identity>,
    /// Where the name stands.
    pub pos: Pos,
}

/// GENERATED ... AS IDENTITY.
#[derive(Clone, PartialEq, Debug)]
pub struct Identity {
    /// ALWAYS, not BY DEFAULT.
    pub always: bool,
    /// What its sequence is to be like.
    pub options: SequenceOptions,
}

/// What a statement says of a sequence; what it does not say is `None`.
#[derive(Clone, Default, PartialEq, Debug)]
pub struct SequenceOptions {
    /// AS
    pub ty: Option<TypeName>,
    /// START WITH
    pub start: Option<i64>,
    /// INCREMENT BY
    pub increment: Option<i64>,
    /// MINVALUE; `Some(None)` for NO MINVALUE.
    pub min: Option<Option<i64>>,
    /// MAXVALUE; `Some(None)` for NO MAXVALUE.
    pub max: Option<Option<i64>>,
    /// CACHE
    pub cache: Option<i64>,
    /// CYCLE, or NO CYCLE
    pub cycle: Option<bool>,
    /// RESTART; `Some(None)` without a value.
    pub restart: Option<Option<i64>>,
    /// OWNED BY: the table and the column; `Some(None)` for NONE.
    pub owned_by: Option<Option<(QualName, Ident)>>,
}

/// A constraint of a table, or of a column of it.
#[derive(Clone, PartialEq, Debug)]
pub struct TableConstraint {
    /// CONSTRAINT
    pub name: Option<Ident>,
    /// What it asks for.
    pub kind: ConstraintKind,
    /// DEFERRABLE
    pub deferrable: bool,
    /// INITIALLY DEFERRED
    pub deferred: bool,
    /// NOT VALID
    pub not_valid: bool,
    /// Where it stands.
    pub pos: Pos,
}

/// The kinds of constraint.
#[derive(Clone, PartialEq, Debug)]
pub enum ConstraintKind {
    /// PRIMARY KEY (true) or UNIQUE, over these columns, and those of INCLUDE.
    Key(bool, Vec<Ident>, Vec<Ident>),
    /// CHECK
    Check(Expr),
    /// FOREIGN KEY or REFERENCES
    Foreign(ForeignKey),
}

/// FOREIGN KEY or REFERENCES.
#[derive(Clone, PartialEq, Debug)]
pub struct ForeignKey {
    /// The columns that refer.
    pub columns: Vec<Ident>,
    /// The table that they refer to.
    pub table: QualName,
    /// Its columns; those of its primary key where none are named.
    pub referred: Vec<Ident>,
    /// MATCH FULL
    pub full: bool,
    /// ON UPDATE
    pub on_update: FkAction,
    /// ON DELETE
    pub on_delete: FkAction,
    /// The columns that ON DELETE SET NULL or SET DEFAULT sets.
    pub set_columns: Vec<Ident>,
}

/// CREATE SEQUENCE.
#[derive(Clone, PartialEq, Debug)]
pub struct CreateSequence {
    /// Its name.
    pub name: QualName,
    /// IF NOT EXISTS
    pub if_not_exists: bool,
    /// How it counts, and whose it is.
    pub options: SequenceOptions,
}

/// ALTER SEQUENCE.
#[derive(Clone, PartialEq, Debug)]
pub struct AlterSequence {
    /// Its name.
    pub name: QualName,
    /// IF EXISTS
    pub if_exists: bool,
    /// What becomes different.
    pub options: SequenceOptions,
}

/// TRUNCATE.
#[derive(Clone, PartialEq, Debug)]
pub struct Truncate {
    /// The tables.
    pub names: Vec<QualName>,
    /// RESTART IDENTITY
    pub restart: bool,
    /// CASCADE
    pub cascade: bool,
}

/// DROP TABLE.
#[derive(Clone, PartialEq, Debug)]
pub struct DropTable {
    /// The tables.
    pub names: Vec<QualName>,
    /// IF EXISTS
    pub if_exists: bool,
    /// CASCADE
    pub cascade: bool,
}
