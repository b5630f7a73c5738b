//! Ways to read an item of FROM, and how many rows it has.
//!
//! PostgreSQL: `optimizer/path/allpaths.c`, `set_baserel_size_estimates`.

use super::super::bound::{CteBody, FromNode, FunctionItem, Scalar};
use super::clause::Clause;
use super::costs::clamp_rows;
use super::level::{Known, Level};
use super::path::{Path, Relids, Way};
use super::selectivity::Asking;
use super::tree::{Cost, CtePlan, Plan};
use crate::types::Datum;
use std::rc::Rc;

impl Level<'_> {
    /// Estimates the sizes of all items, then finds the ways to read each.
    pub fn scan_all(&mut self) {
        for at in 0..self.bases.len() {
            self.prepare(at);
            let clauses = order_clauses(std::mem::take(&mut self.bases[at].clauses));
            self.bases[at].clauses = clauses;
            let part = self.selectivity(&self.bases[at].clauses, Asking::ROWS);
            self.rels[at].rows = clamp_rows(self.bases[at].tuples * part);
            self.rels[at].width = self.width(1 << at);
        }
        for at in 0..self.bases.len() {
            self.scan_paths(at);
            self.rels[at].paths.settle();
        }
    }

    /// Plans what stands behind an item that is no table, and finds out how many rows it has.
    fn prepare(&mut self, at: usize) {
        let item = self.bases[at].item;
        let tuples = match item {
            FromNode::Table(..) | FromNode::Join(_) => return,
            FromNode::Function(item) => self.function_rows(item),
            FromNode::Subquery(query, ..) => {
                let (plan, known) = self.planner.sub_level(query, 0.0);
                self.take_inner(at, plan, known)
            }
            FromNode::Cte(id, ..) => match &self.planner.bound.ctes[*id].body {
                CteBody::Query(query) if self.planner.is_inlined(*id) => {
                    let (plan, known) = self.planner.sub_level(query, 0.0);
                    self.take_inner(at, plan, known)
                }
                CteBody::Recursive(..) if self.planner.recursing.borrow().contains(id) => {
                    10.0 * self.planner.recursive_rows(*id)
                }
                _ => self.planner.cte_rows(*id),
            },
        };
        self.bases[at].tuples = tuples;
    }

    fn take_inner(&mut self, at: usize, plan: Plan, known: Vec<Option<Known>>) -> f64 {
        let rows = plan.cost.rows;
        self.bases[at].columns = known;
        *self.bases[at].inner.borrow_mut() = Some(plan);
        rows
    }

    /// How many rows functions give: the most of those that stand side by side.
    fn function_rows(&self, item: &FunctionItem) -> f64 {
        let rows = item.calls.iter().map(|(function, args)| {
            let values: Vec<Option<Datum>> = args.scalars.iter().map(|scalar| self.folded_value(scalar)).collect();
            match (function.name, &values[..]) {
                _ if !function.returns_rows() => 1.0,
                ("generate_series", values) => series_rows(values).unwrap_or(1000.0),
                ("unnest", [Some(Datum::Array(array))]) => array.items.len() as f64,
                ("unnest", _) => 10.0,
                ("jsonb_array_elements" | "json_array_elements" | "jsonb_each" | "json_each", _) => 100.0,
                _ => 1000.0,
            }
        });
        rows.fold(0.0, f64::max).max(1.0)
    }

    fn folded_value(&self, scalar: &Scalar) -> Option<Datum> {
        let mut own = scalar.clone();
        self.planner.fold(&mut own);
        self.value_of(&own)
    }

    // --- paths -----------------------------------------------------------------------------------------------

    fn scan_paths(&mut self, at: usize) {
        let cost = self.scan_cost(at, self.rels[at].rows, &[]);
        let lateral = self.rels[at].lateral;
        let path = Path { way: Way::Scan, relids: 1 << at, cost, keys: self.inner_order(at), outer: lateral };
        self.rels[at].paths.add(path);
        if self.bases[at].table.is_some() {
            self.index_paths(at);
        }
    }

    /// In which order a subquery gives its rows, as far as that is of use here.
    fn inner_order(&self, at: usize) -> Rc<[super::path::Key]> {
        let base = &self.bases[at];
        let inner = base.inner.borrow();
        let Some(plan) = inner.as_ref() else { return Rc::default() };
        let mut keys = Vec::new();
        for key in &plan.order {
            let slot = base.slots.start + key.slot;
            let column = Scalar::Column(slot);
            let class = (0..self.classes.len()).find(|class| {
                let own = &self.classes[*class];
                own.merged.is_none() && own.members.iter().any(|member| super::same::same(&member.scalar, &column))
            });
            match class {
                Some(class) => self.push_key(
                    &mut keys,
                    super::path::Key { class, descending: key.descending, nulls_first: key.nulls_first },
                ),
                None => break,
            }
        }
        keys.into()
    }

    /// What it costs to read an item from its beginning to its end, with further conditions.
    pub fn scan_cost(&self, at: usize, rows: f64, further: &[Rc<Clause>]) -> Cost {
        let base = &self.bases[at];
        let asked = clauses_cost(base.clauses.iter().chain(further));
        let width = self.rels[at].width;
        let costs = &self.costs;
        let each = costs.tuple + asked.1;
        let (startup, run) = match base.item {
            FromNode::Table(..) => {
                let startup = asked.0 + costs.unless(costs.seqscan);
                (startup, costs.seq_page * base.pages + each * base.tuples)
            }
            FromNode::Function(item) => {
                let calls = self.all_cost(item.calls.iter().map(|(_, args)| args));
                let own = costs.operator * item.calls.len() as f64;
                (asked.0 + calls.0 + calls.1 + own, each * base.tuples)
            }
            FromNode::Subquery(..) | FromNode::Cte(..) | FromNode::Join(_) => match base.inner.borrow().as_ref() {
                Some(plan) => {
                    let run = plan.cost.total - plan.cost.startup + each * plan.cost.rows;
                    (plan.cost.startup + asked.0, run)
                }
                None => (asked.0, (each + costs.tuple) * base.tuples),
            },
        };
        Cost { startup, total: startup + run, rows, width }
    }

    /// How many rows an item gives if it is told values for these conditions: `get_parameterized_baserel_size`.
    pub fn told_rows(&self, at: usize, further: &[Rc<Clause>]) -> f64 {
        let all: Vec<Rc<Clause>> = further.iter().chain(&self.bases[at].clauses).cloned().collect();
        let asking = Asking { only: 1 << at, ..Asking::ROWS };
        clamp_rows(self.bases[at].tuples * self.selectivity(&all, asking)).min(self.rels[at].rows)
    }

    /// The conditions that can be asked where an item is read, once these others tell their values: `join_clause_is_movable_into`.
    pub fn told_clauses(&mut self, at: usize, outer: Relids) -> Vec<Rc<Clause>> {
        let own: Relids = 1 << at;
        let mut clauses: Vec<Rc<Clause>> =
            self.bases[at].joins.iter().filter(|clause| self.can_move(clause, own, own | outer)).cloned().collect();
        clauses.extend(self.implied(outer, own).into_iter().filter(|clause| clause.relids & own != 0));
        clauses
    }

    /// `join_clause_is_movable_into`
    pub fn can_move(&self, clause: &Clause, into: Relids, known: Relids) -> bool {
        clause.relids & !known == 0
            && clause.relids & into != 0
            && clause.kept & into == 0
            && clause.nullable & into == 0
    }
}

/// `order_qual_clauses`: what costs more is asked later.
fn order_clauses(mut clauses: Vec<Rc<Clause>>) -> Vec<Rc<Clause>> {
    crate::small::sort_by(&mut clauses, |a, b| a.cost.1.total_cmp(&b.cost.1));
    clauses
}

pub fn clauses_cost<'c>(clauses: impl Iterator<Item = &'c Rc<Clause>>) -> (f64, f64) {
    clauses.fold((0.0, 0.0), |sum, clause| (sum.0 + clause.cost.0, sum.1 + clause.cost.1))
}

/// How many rows `generate_series` gives, if all is known.
fn series_rows(values: &[Option<Datum>]) -> Option<f64> {
    let number = |value: &Option<Datum>| {
        value.as_ref().filter(|value| !matches!(value, Datum::Numeric(_))).and_then(super::histogram::number_of)
    };
    let (start, stop) = (number(values.first()?)?, number(values.get(1)?)?);
    let step = match values.get(2) {
        Some(step) => number(step)?,
        None => 1.0,
    };
    (step != 0.0).then(|| ((stop - start + step) / step).floor().max(0.0))
}

impl CtePlan {
    /// How many rows it is thought to have.
    pub fn rows(&self) -> f64 {
        match self {
            CtePlan::Query(plan) | CtePlan::Change(_, Some(plan)) => plan.cost.rows,
            CtePlan::Recursive(left, right, _) => left.cost.rows + 10.0 * right.cost.rows,
            CtePlan::Change(_, None) | CtePlan::Inlined => 1.0,
        }
    }
}
