//! Planning: from a bound statement to the tree of what is to be done.
//!
//! PostgreSQL: `optimizer/README`.

mod from;
mod index;
mod join;
mod layout;
mod query;
mod tree;

pub use from::slots;
pub use tree::*;

use super::bound::{Bound, Cte};
use crate::txn::{Env, Snapshot};
use std::cell::{Cell, RefCell};

/// What the planner knows.
struct Planner<'a> {
    env: &'a Env,
    snapshot: &'a Snapshot,
    /// How many exec parameters there are so far.
    execs: Cell<usize>,
    /// The queries of WITH, and which recursive ones are being planned.
    ctes: &'a [Cte],
    recursing: RefCell<Vec<usize>>,
}

/// Plans a statement.
pub fn plan(env: &Env, snapshot: &Snapshot, bound: &Bound) -> Planned {
    let (execs, recursing) = (Cell::new(bound.execs), RefCell::default());
    let planner = Planner { env, snapshot, execs, ctes: &bound.ctes, recursing };
    let root = planner.source_of(&bound.statement);
    let subs = bound.subqueries.iter().map(|query| planner.query(query)).collect();
    let ctes = (0..bound.ctes.len()).map(|id| planner.cte(id)).collect();
    let mut planned = Planned { root, subs, ctes, execs: planner.execs.get(), nodes: 0 };
    planned.number();
    planned
}

impl Planner<'_> {
    /// A new exec parameter.
    fn new_exec(&self) -> usize {
        let n = self.execs.get();
        self.execs.set(n + 1);
        n
    }
}
