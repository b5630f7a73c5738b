//! What the binder keeps while it is within one query: the tables in sight, the clause it is in, and what expressions
//! have asked for on the way.
//!
//! Queries nest. While an inner one is bound the levels around it wait on a stack ([`Binder::nested`]); a name that
//! the inner one does not know is looked for there, from the inside out, and what is found comes in by an exec parameter.

use super::super::ast::{Expr, Ident, Pos, WindowSpec};
use super::super::bound::{AggCall, Exprs, FunctionCall, RangeName, Scalar, Wait, Window};
use super::Binder;
use super::coerce::Typed;
use super::scope::{Column, Scope};
use crate::ids::{Error, Result, sqlstate};
use std::mem::{replace, take};

/// The state of binding one query.
#[derive(Default)]
pub(super) struct Level {
    pub scope: Scope,
    /// The names of the items so far.
    pub range: Vec<RangeName>,
    /// The first item of the scope that the clause can see.
    pub first: usize,
    /// The clause, as errors name it.
    pub clause: &'static str,
    /// What the expressions may wait for that were bound since it was last taken.
    pub waits: Vec<Wait>,
    /// Set where the clauses speak of groups.
    pub groups: Option<Groups>,
    /// Whether the argument of an aggregate is being bound.
    pub in_aggregate: bool,
    /// Whether a function that gives rows may stand here.
    pub sets_allowed: bool,
    /// Those that do, as they were written, and their first slots.
    pub sets: Vec<(Expr, FunctionCall, usize)>,
    /// Whether a window function may stand here.
    pub windows_allowed: bool,
    /// Whether the argument of one is being bound.
    pub in_window: bool,
    /// The windows so far, as they were written.
    pub windows: Vec<(WindowSpec, Window)>,
    /// The windows of the WINDOW clause.
    pub named_windows: Vec<(Ident, WindowSpec)>,
    /// How many window functions there are.
    pub window_calls: usize,
    /// What the inner query that is being bound uses of this one: exec parameters and their values.
    pub pending: Vec<(usize, Scalar)>,
    /// Whether the inner query that is being bound must not see this one: it stands in FROM without LATERAL.
    pub hidden: bool,
}

/// The keys of GROUP BY and the aggregates found so far.
#[derive(Default)]
pub(super) struct Groups {
    /// Each key as written, and bound.
    pub keys: Vec<(Expr, Typed)>,
    /// GROUPING SETS, by the keys' numbers.
    pub sets: Option<Vec<Vec<usize>>>,
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

/// A query bound within another.
pub(super) struct Nested<T> {
    pub bound: T,
    /// What it uses of the level around it.
    pub args: Vec<(usize, Scalar)>,
    /// Whether it uses neither that level nor one farther out.
    pub constant: bool,
}

impl Binder<'_> {
    /// Binds something within a level; `hidden`: it does not see that level, only those around.
    pub fn nested<T>(
        &mut self,
        level: &mut Level,
        hidden: bool,
        bind: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<Nested<T>> {
        let before = take(&mut level.pending);
        level.hidden = hidden;
        self.outer.push(take(level));
        self.frames.push((self.outer.len(), true));
        let bound = bind(self);
        let constant = self.frames.pop().is_some_and(|(_, constant)| constant);
        *level = self.outer.pop().unwrap_or_default();
        level.hidden = false;
        let args = replace(&mut level.pending, before);
        Ok(Nested { bound: bound?, args, constant })
    }

    /// A column of a level farther out; none if no level has it.
    pub fn outer_column(
        &mut self,
        find: &dyn Fn(&mut Scope, usize) -> Result<Column>,
        qualified: bool,
        pos: Pos,
    ) -> Result<Option<Typed>> {
        for at in (0..self.outer.len()).rev() {
            let level = &mut self.outer[at];
            if level.hidden {
                continue;
            }
            match find(&mut level.scope, level.first) {
                Ok(column) => {
                    if let Some(notes) = &mut self.notes {
                        notes.column(&level.scope, &column, pos);
                    }
                    return self.outer_value(at, column, pos).map(Some);
                }
                Err(error) if error.code() == sqlstate::AMBIGUOUS_COLUMN => return Err(error),
                // The table is this level's, and has no such column.
                Err(error) if qualified && error.code() == sqlstate::UNDEFINED_COLUMN => return Err(error),
                Err(_) => {}
            }
        }
        Ok(None)
    }

    /// The error for a column of a table that stands beside the query, which does not see it: it is not LATERAL, or the
    /// table is the one that the statement changes.
    pub fn out_of_sight(&self, path: &[Ident], pos: Pos) -> Option<Error> {
        let [table, _] = path else { return None };
        let holds = |level: &&Level| level.scope.items.iter().any(|item| !item.unnamed && item.name == *table);
        let level = self.outer.iter().rev().find(holds)?;
        let code = if level.hidden { sqlstate::UNDEFINED_TABLE } else { sqlstate::INVALID_COLUMN_REFERENCE };
        let hint = format!(
            "There is an entry for table \"{table}\", but it cannot be referenced from this part of the query."
        );
        let message = format!("invalid reference to FROM-clause entry for table \"{table}\"");
        Some(Error::new(code, message).hint(hint).at(pos.0))
    }

    /// The exec parameter in which a column of an outer level comes.
    fn outer_value(&mut self, at: usize, column: Column, pos: Pos) -> Result<Typed> {
        let mut level = take(&mut self.outer[at]);
        let typed = self.grouped(column, pos, &mut level, true);
        let value = typed.map(|typed| {
            let known = level.pending.iter().find(|(_, known)| match (known, &typed.scalar) {
                (Scalar::Column(a), Scalar::Column(b)) => a == b,
                _ => false,
            });
            let param = match known {
                Some((param, _)) => *param,
                None => {
                    level.pending.push((self.execs, typed.scalar));
                    self.execs += 1;
                    self.execs - 1
                }
            };
            Typed::new(Scalar::Exec(param), typed.ty, pos).typmod(typed.typmod)
        });
        self.outer[at] = level;
        self.frames.iter_mut().filter(|(depth, _)| *depth > at).for_each(|frame| frame.1 = false);
        value
    }

    /// A value of this level as an exec parameter of a query within it.
    pub fn new_arg(&mut self, value: Scalar, args: &mut Vec<(usize, Scalar)>) -> Scalar {
        args.push((self.execs, value));
        self.execs += 1;
        Scalar::Exec(self.execs - 1)
    }
}

/// `window functions are not allowed in WHERE` and its like.
pub(super) fn not_allowed(what: &str, clause: &str, code: crate::ids::SqlState) -> Error {
    Error::new(code, format!("{what} are not allowed in {clause}"))
}
