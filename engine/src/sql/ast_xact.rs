//! The tree of a statement, continued: what speaks of transactions and locks.

use super::ast::{QualName, Statement};
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
