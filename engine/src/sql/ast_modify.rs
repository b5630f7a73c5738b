//! The tree of statements that change rows.

use super::ast::{Expr, FromItem, Ident, Pos, QualName, Query, Target, With};

/// INSERT.
#[derive(Clone, PartialEq, Debug)]
pub struct Insert {
    /// WITH
    pub with: Option<With>,
    /// Into which table.
    pub table: QualName,
    /// The name by which the table may be referred to.
    pub alias: Option<Ident>,
    /// The columns named, with their places; empty where none are.
    pub columns: Vec<(Ident, Pos)>,
    /// OVERRIDING: SYSTEM VALUE if true, USER VALUE if false.
    pub overriding: Option<bool>,
    /// The rows; `None` for DEFAULT VALUES.
    pub source: Option<Box<Query>>,
    /// ON CONFLICT
    pub on_conflict: Option<OnConflict>,
    /// RETURNING
    pub returning: Vec<Target>,
}

/// ON CONFLICT of an INSERT.
#[derive(Clone, PartialEq, Debug)]
pub struct OnConflict {
    /// Which index has to have the key; none for any.
    pub target: Option<ConflictTarget>,
    /// DO UPDATE; none for DO NOTHING.
    pub update: Option<ConflictUpdate>,
    /// Where it stands.
    pub pos: Pos,
}

/// How ON CONFLICT says which index it means.
#[derive(Clone, PartialEq, Debug)]
pub enum ConflictTarget {
    /// By the columns of its key.
    Columns(Vec<(Ident, Pos)>),
    /// By the name of its constraint.
    Constraint(Ident),
}

/// DO UPDATE.
#[derive(Clone, PartialEq, Debug)]
pub struct ConflictUpdate {
    /// What is set to what.
    pub set: Vec<Assignment>,
    /// WHERE
    pub filter: Option<Expr>,
}

/// UPDATE.
#[derive(Clone, PartialEq, Debug)]
pub struct Update {
    /// WITH
    pub with: Option<With>,
    /// Which table.
    pub table: QualName,
    /// Its alias.
    pub alias: Option<Ident>,
    /// What is set to what.
    pub set: Vec<Assignment>,
    /// FROM: what its rows are joined with.
    pub from: Vec<FromItem>,
    /// WHERE
    pub filter: Option<Expr>,
    /// RETURNING
    pub returning: Vec<Target>,
}

/// `column = value` in an UPDATE.
#[derive(Clone, PartialEq, Debug)]
pub struct Assignment {
    /// The column.
    pub column: Ident,
    /// Where it stands.
    pub pos: Pos,
    /// Its new value.
    pub value: Expr,
}

/// DELETE.
#[derive(Clone, PartialEq, Debug)]
pub struct Delete {
    /// WITH
    pub with: Option<With>,
    /// From which table.
    pub table: QualName,
    /// Its alias.
    pub alias: Option<Ident>,
    /// USING: what its rows are joined with.
    pub using: Vec<FromItem>,
    /// WHERE
    pub filter: Option<Expr>,
    /// RETURNING
    pub returning: Vec<Target>,
}
