//! The tree of ALTER TABLE.

use super::ast::{ColumnDef, Expr, Ident, QualName, TableConstraint};

/// ALTER TABLE.
#[derive(Clone, PartialEq, Debug)]
pub struct AlterTable {
    /// Which table.
    pub name: QualName,
    /// IF EXISTS
    pub if_exists: bool,
    /// What it was called, as the letter in `relkind`: a table, a view, a sequence.
    pub kind: u8,
    /// What is done to it, in order.
    pub actions: Vec<AlterAction>,
}

/// One thing that is done to a table.
#[derive(Clone, PartialEq, Debug)]
pub enum AlterAction {
    /// ADD COLUMN: the column, its constraints, IF NOT EXISTS.
    AddColumn(Box<ColumnDef>, Vec<TableConstraint>, bool),
    /// DROP COLUMN: its name, IF EXISTS, CASCADE.
    DropColumn(Ident, bool, bool),
    /// ADD a constraint.
    AddConstraint(Box<TableConstraint>),
    /// DROP CONSTRAINT: its name, IF EXISTS, CASCADE.
    DropConstraint(Ident, bool, bool),
    /// ALTER COLUMN SET DEFAULT, or DROP DEFAULT.
    Default(Ident, Option<Expr>),
    /// ALTER COLUMN SET NOT NULL, or DROP NOT NULL.
    NotNull(Ident, bool),
    /// RENAME COLUMN
    RenameColumn(Ident, Ident),
    /// RENAME TO
    Rename(Ident),
    /// SET SCHEMA
    SetSchema(Ident),
}
