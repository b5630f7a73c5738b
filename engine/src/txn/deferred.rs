//! What is still to be checked: changes of rows that foreign keys have to hear of.
//!
//! A row is noted by its place alone; whoever checks it reads it again. What may wait for the end of the transaction
//! waits here, and goes with the part of the transaction that has done it if that is rolled back.
//!
//! PostgreSQL: `AfterTriggersData` in `commands/trigger.c`.

use crate::ids::{Oid, Tid};

/// A row that was added, changed or removed, and a foreign key that is concerned.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RowEvent {
    /// The foreign key.
    pub constraint: Oid,
    /// The table of the row.
    pub table: Oid,
    /// Whether the row is one that others may refer to; else it is one that refers.
    pub referenced: bool,
    /// Its version before, if it was there.
    pub old: Option<Tid>,
    /// Its version from here on, if it is still there.
    pub new: Option<Tid>,
}

/// The changes that wait, and what SET CONSTRAINTS has said.
#[derive(Clone, Default, Debug)]
pub struct Deferred {
    /// In the order in which they were made.
    pub events: Vec<RowEvent>,
    /// Which constraint, or all, and whether it is deferred; the last word counts.
    pub modes: Vec<(Option<Oid>, bool)>,
}

impl Deferred {
    /// Whether a deferrable constraint waits now; `initially` if nobody has said otherwise.
    pub fn waits(&self, constraint: Oid, initially: bool) -> bool {
        let said = self.modes.iter().rev().find(|(which, _)| which.is_none_or(|which| which == constraint));
        said.map_or(initially, |(_, deferred)| *deferred)
    }
}
