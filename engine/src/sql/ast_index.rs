//! The tree of statements about indexes and keys.

use super::ast::{Ident, QualName};

/// CREATE INDEX.
#[derive(Clone, PartialEq, Debug)]
pub struct CreateIndex {
    /// Its name; one is chosen where there is none.
    pub name: Option<Ident>,
    /// Of which table.
    pub table: QualName,
    /// UNIQUE
    pub unique: bool,
    /// IF NOT EXISTS
    pub if_not_exists: bool,
    /// USING
    pub method: Ident,
    /// The columns of its key.
    pub columns: Vec<IndexColumn>,
    /// INCLUDE: columns that stand behind the key.
    pub included: Vec<Ident>,
}

/// A column of an index.
#[derive(Clone, PartialEq, Debug)]
pub struct IndexColumn {
    /// Its name.
    pub name: Ident,
    /// DESC
    pub descending: bool,
    /// NULLS FIRST, said or meant.
    pub nulls_first: bool,
}

/// DROP INDEX.
#[derive(Clone, PartialEq, Debug)]
pub struct DropIndex {
    /// The indexes.
    pub names: Vec<QualName>,
    /// IF EXISTS
    pub if_exists: bool,
}

/// REINDEX.
#[derive(Clone, PartialEq, Debug)]
pub struct Reindex {
    /// What is named.
    pub name: QualName,
    /// It is an index, and not a table all of whose indexes are meant.
    pub index: bool,
    /// VERBOSE
    pub verbose: bool,
}
