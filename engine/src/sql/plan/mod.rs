//! Planning: from a bound statement to the tree of what is to be done.
//!
//! ```text
//!   bound query
//!      │ jointree.rs     relations, clauses, which expressions are equal (classes.rs)
//!      │ scan_paths.rs   ways to read each relation: page by page, by an index (index_paths.rs)
//!      │ join_search.rs  all orders of joins, and the ways of each (join_paths.rs)
//!      │ upper.rs        groups, windows, DISTINCT, ORDER BY, LIMIT
//!      ▼ create.rs
//!   plan (tree.rs)      of the ways that were left over the cheapest
//! ```
//!
//! What a way costs is guessed from what ANALYZE has found out (`known.rs`, `selectivity.rs`) by PostgreSQL's formulas
//! (`costs.rs`): the numbers are the same as there, to the cent.
//!
//! PostgreSQL: `optimizer/README`.

mod bitmap_paths;
mod classes;
mod clause;
mod costs;
mod create;
mod create_join;
mod equal_join;
mod expr_cost;
mod fold;
mod from;
mod groups;
mod hash_paths;
mod histogram;
mod index_paths;
mod join_paths;
mod join_search;
mod jointree;
mod known;
mod layout;
mod level;
mod merge_paths;
mod path;
mod pattern;
mod query;
mod same;
mod scan_paths;
mod selectivity;
mod tree;
mod upper;
mod upper_rows;
mod variable;

pub use costs::Grouped;
pub use from::slots;
pub use query::each_wait;
pub use tree::*;

use super::bound::{Bound, CteBody};
use super::functions::FnCtx;
use crate::ids::{Oid, Result};
use crate::txn::Snapshot;
use crate::types::Datum;
use costs::Costs;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// What the planner knows.
struct Planner<'a> {
    fx: &'a FnCtx,
    snapshot: &'a Snapshot,
    bound: &'a Bound,
    costs: Costs,
    /// The parameters' values, if it plans for these.
    params: Option<&'a [Datum]>,
    /// How many exec parameters there are so far.
    execs: Cell<usize>,
    /// Which recursive queries of WITH are being planned, and how many rows they begin with.
    recursing: RefCell<Vec<usize>>,
    recursive: RefCell<Vec<(usize, f64)>>,
    /// The plans of subqueries within expressions, and of queries of WITH, as far as they were asked for.
    subs: RefCell<Vec<Option<Rc<Plan>>>>,
    ctes: RefCell<Vec<Option<Rc<CtePlan>>>>,
}

/// Plans a statement; with values for its parameters, for these.
pub async fn plan(fx: &FnCtx, snapshot: &Snapshot, bound: &Bound, params: Option<&[Datum]>) -> Result<Planned> {
    known::load(fx, bound).await?;
    let planner = Planner {
        fx,
        snapshot,
        bound,
        costs: Costs::of(&fx.env.settings.borrow()),
        params,
        execs: Cell::new(bound.execs),
        recursing: RefCell::default(),
        recursive: RefCell::default(),
        subs: RefCell::new(bound.subqueries.iter().map(|_| None).collect()),
        ctes: RefCell::new(bound.ctes.iter().map(|_| None).collect()),
    };
    let ctes = (0..bound.ctes.len()).map(|id| planner.cte_plan(id)).collect();
    let root = planner.source_of(&bound.statement).map(Rc::new);
    let subs = (0..bound.subqueries.len()).map(|at| planner.with_sub(at, Rc::clone)).collect();
    Ok(Planned { root, subs, ctes, execs: planner.execs.get() })
}

impl Planner<'_> {
    /// A new exec parameter.
    fn new_exec(&self) -> usize {
        let n = self.execs.get();
        self.execs.set(n + 1);
        n
    }

    fn stats_of(&self, table: Oid) -> Rc<known::TableStats> {
        known::of_table(self.fx, table)
    }

    /// Looks at the plan of a subquery within an expression.
    fn with_sub<T>(&self, at: usize, look: impl FnOnce(&Rc<Plan>) -> T) -> T {
        let known = self.subs.borrow()[at].clone();
        let plan = known.unwrap_or_else(|| {
            let plan = Rc::new(self.query(&self.bound.subqueries[at], self.sub_fraction(at)));
            self.subs.borrow_mut()[at] = Some(plan.clone());
            plan
        });
        look(&plan)
    }

    /// Which part of a subquery's rows is wanted: of EXISTS one, of IN about half.
    fn sub_fraction(&self, _at: usize) -> f64 {
        0.0
    }

    fn cte_plan(&self, id: usize) -> Rc<CtePlan> {
        let known = self.ctes.borrow()[id].clone();
        known.unwrap_or_else(|| {
            let plan = Rc::new(self.cte(id));
            self.ctes.borrow_mut()[id] = Some(plan.clone());
            plan
        })
    }

    /// How many rows a query of WITH is thought to have, and what it costs.
    fn cte_rows(&self, id: usize) -> f64 {
        match &self.bound.ctes[id].body {
            CteBody::Recursive(..) if self.recursing.borrow().contains(&id) => self.recursive_rows(id),
            _ => self.cte_plan(id).rows(),
        }
    }

    fn cte_cost(&self, id: usize) -> f64 {
        match &*self.cte_plan(id) {
            CtePlan::Query(plan) | CtePlan::Change(_, Some(plan)) => plan.cost.total,
            CtePlan::Recursive(left, right, _) => {
                let rows = left.cost.rows + 10.0 * right.cost.rows;
                left.cost.total + 10.0 * right.cost.total + self.costs.tuple * rows
            }
            CtePlan::Change(_, None) | CtePlan::Inlined => 0.0,
        }
    }

    fn recursive_rows(&self, id: usize) -> f64 {
        self.recursive.borrow().iter().find(|(own, _)| *own == id).map_or(100.0, |(_, rows)| *rows)
    }
}
