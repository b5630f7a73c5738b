//! The tree of a statement, continued: what speaks of transactions and locks.

use super::ast::{Ident, Pos, QualName, Statement};
use crate::access::{RowLock, WaitPolicy};
use crate::ids::LockMode;

/// The modes of a transaction; what is not said stays as it is.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct TransactionModes {
    /// ISOLATION LEVEL
    pub isolation: Option<IsolationLevel>,
    /// READ ONLY or READ WRITE
    pub read_only: Option<bool>,
    /// DEFERRABLE or NOT DEFERRABLE
    pub deferrable: Option<bool>,
}

/// The isolation levels of SQL.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum IsolationLevel {
    ReadUncommitted,
    ReadCommitted,
    RepeatableRead,
    Serializable,
}

impl Statement {
    /// Whether it looks at rows: the isolation level cannot be changed after it.
    pub fn takes_snapshot(&self) -> bool {
        use Statement::*;
        let without = matches!(self, Begin { .. } | Commit { .. } | Rollback { .. } | Savepoint(_) | Release(_));
        !(without || matches!(self, RollbackTo(_) | Lock(_) | Set(_) | SetTransaction { .. } | Reset(_) | Show(_)))
    }
}

/// A locking clause of a query.
#[derive(Clone, PartialEq, Debug)]
pub struct Locking {
    /// How rows are locked.
    pub mode: RowLock,
    /// OF: the tables by the names that they have in the query, with their places; all where none are named.
    pub of: Vec<(Ident, Pos)>,
    /// NOWAIT, SKIP LOCKED
    pub wait: WaitPolicy,
}

impl Locking {
    /// `LCS_asString`
    pub fn name(&self) -> &'static str {
        match self.mode {
            RowLock::KeyShare => "FOR KEY SHARE",
            RowLock::Share => "FOR SHARE",
            RowLock::NoKeyUpdate => "FOR NO KEY UPDATE",
            RowLock::Update => "FOR UPDATE",
        }
    }

    /// Whether it is about the table that has this name in the query.
    pub fn applies_to(&self, name: &str) -> bool {
        self.of.is_empty() || self.of.iter().any(|(of, _)| **of == *name)
    }
}

/// LOCK TABLE.
#[derive(Clone, PartialEq, Debug)]
pub struct LockTable {
    /// The tables.
    pub names: Vec<QualName>,
    /// How.
    pub mode: LockMode,
    /// NOWAIT
    pub nowait: bool,
}
