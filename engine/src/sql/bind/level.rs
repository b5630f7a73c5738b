//! What the binder keeps while it is within one query: the tables in sight, the clause it is in, and what expressions
//! have asked for on the way.

use super::super::ast::Expr;
use super::super::bound::{AggCall, Exprs, FromNode, Scalar, Wait};
use super::coerce::Typed;
use super::scope::Scope;
use std::mem::take;

/// The state of binding one query.
#[derive(Default)]
pub(super) struct Level {
    pub scope: Scope,
    /// The first item of the scope that the clause can see.
    pub first: usize,
    /// The clause, as errors name it.
    pub clause: &'static str,
    /// The calls that wait, of the expressions bound since they were last taken.
    pub waits: Vec<Wait>,
    /// Set where the clauses speak of groups.
    pub groups: Option<Groups>,
    /// Whether the argument of an aggregate is being bound.
    pub in_aggregate: bool,
    /// Whether a function that gives rows may stand here.
    pub sets_allowed: bool,
    /// The one that does, as it was written, and the slot of its first column.
    pub set_function: Option<(Expr, FromNode, usize)>,
}

/// The keys of GROUP BY and the aggregates found so far.
#[derive(Default)]
pub(super) struct Groups {
    /// Each key as written, and bound.
    pub keys: Vec<(Expr, Typed)>,
    pub calls: Vec<AggCall>,
    pub waits: Vec<Wait>,
}

impl Level {
    pub fn new(clause: &'static str) -> Level {
        Level { clause, ..Level::default() }
    }

    /// The expressions bound since, with what they wait for.
    pub fn exprs(&mut self, scalars: Vec<Scalar>) -> Exprs {
        Exprs { waits: take(&mut self.waits), scalars }
    }
}
