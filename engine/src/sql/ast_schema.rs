//! The tree of statements about schemas and views.

use super::ast::{Ident, QualName, Query, Statement};

/// CREATE SCHEMA.
#[derive(Clone, PartialEq, Debug)]
pub struct CreateSchema {
    /// Its name; where there is none, that of its owner.
    pub name: Option<Ident>,
    /// AUTHORIZATION
    pub owner: Option<Ident>,
    /// IF NOT EXISTS
    pub if_not_exists: bool,
    /// What is made in it.
    pub elements: Vec<Statement>,
}

/// DROP SCHEMA.
#[derive(Clone, PartialEq, Debug)]
pub struct DropSchema {
    /// The schemas.
    pub names: Vec<Ident>,
    /// IF EXISTS
    pub if_exists: bool,
    /// CASCADE
    pub cascade: bool,
}

/// CREATE VIEW.
#[derive(Clone, PartialEq, Debug)]
pub struct CreateView {
    /// Its name.
    pub name: QualName,
    /// OR REPLACE
    pub replace: bool,
    /// TEMPORARY
    pub temporary: bool,
    /// The names of its columns; those of the query where there are none.
    pub columns: Vec<Ident>,
    /// What it shows.
    pub query: Query,
}
