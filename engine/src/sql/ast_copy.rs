//! The tree of COPY.

use super::ast::{Expr, Ident, Pos, QualName, Statement};

/// COPY.
#[derive(Clone, PartialEq, Debug)]
pub struct Copy {
    /// What is copied.
    pub what: Copied,
    /// FROM, not TO.
    pub from: bool,
    /// Its options as they stand.
    pub options: Vec<CopyOption>,
    /// WHERE
    pub filter: Option<Expr>,
}

/// What COPY copies.
#[derive(Clone, PartialEq, Debug)]
pub enum Copied {
    /// A table, or some of its columns.
    Table(QualName, Vec<(Ident, Pos)>),
    /// What a statement returns.
    Query(Box<Statement>),
}

/// An option of COPY.
#[derive(Clone, PartialEq, Debug)]
pub struct CopyOption {
    /// Its name.
    pub name: Ident,
    /// Its value.
    pub value: CopyValue,
    /// Where it stands.
    pub pos: Pos,
}

/// The value of an option.
#[derive(Clone, PartialEq, Debug)]
pub enum CopyValue {
    /// None.
    Nothing,
    /// A word, a string or a number.
    Text(Ident),
    /// `*`
    Star,
    /// Names.
    List(Vec<Ident>),
}
