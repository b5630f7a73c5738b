//! From a bound query to the plan that runs it.
//!
//! ```text
//!   FROM, WHERE ─ GROUP BY, HAVING ─ SELECT list ─ DISTINCT ─ ORDER BY ─ FOR UPDATE ─ OFFSET, LIMIT
//! ```
//!
//! How the items of FROM are read and joined is decided in `from.rs` and `join.rs`.

use super::super::ast::SetKind;
use super::super::bound::{
    self, Cte, CteBody, Exprs, FromNode, Grouping, Query, Scalar, SetOperation, SortKey, Statement, Wait, slot,
};
use super::Planner;
use super::from::{Part, is_once, slots};
use super::index::OrderBy;
use super::layout::Layout;
use super::tree::{CtePlan, GroupSpec, LimitSpec, Op, Plan, SortSpec, WindowSpec};
use crate::catalog::Table;
use std::rc::Rc;

impl Planner<'_> {
    /// The plan of a query, of the rows of an INSERT, or of those to be changed.
    pub fn source_of(&self, statement: &Statement) -> Option<Plan> {
        match statement {
            Statement::Query(query) => Some(self.query(query)),
            Statement::Insert(insert) => insert.source.as_ref().map(|source| self.query(source)),
            Statement::Update(update) => Some(match &update.from {
                Some(from) => self.query(from),
                None => self.changed(&update.table, &update.filter),
            }),
            Statement::Delete(delete) => Some(match &delete.using {
                Some(using) => self.query(using),
                None => self.changed(&delete.table, &delete.filter),
            }),
        }
    }

    /// The rows of a table that are to be changed; who changes them looks at the conditions.
    fn changed(&self, table: &Rc<Table>, filter: &[Exprs]) -> Plan {
        self.table((table, 0, true), &mut filter.to_vec(), &Rc::default(), &[], false).0.plan
    }

    /// How the rows of a query of WITH are made.
    pub fn cte(&self, id: usize) -> CtePlan {
        match &self.ctes[id].body {
            CteBody::Query(_) if self.is_inlined(id) => CtePlan::Inlined,
            CteBody::Query(query) => CtePlan::Query(self.query(query)),
            CteBody::Recursive(both, all) => {
                let (left, right) = &**both;
                let left = self.query(left);
                self.recursing.borrow_mut().push(id);
                let right = self.query(right);
                self.recursing.borrow_mut().pop();
                CtePlan::Recursive(left, right, *all)
            }
            CteBody::Change(statement) => CtePlan::Change(Rc::new((**statement).clone()), self.source_of(statement)),
        }
    }

    /// Whether a query of WITH is planned where it is referred to: there is one reference, and it gives the same
    /// there. As in PostgreSQL from version 12 on.
    pub fn is_inlined(&self, id: usize) -> bool {
        let Cte { body, references, materialized, .. } = &self.ctes[id];
        let CteBody::Query(query) = body else { return false };
        let wanted = *materialized == Some(false) || materialized.is_none() && *references == 1;
        wanted && !is_volatile(query) && query.locks.is_empty()
    }

    /// The plan of a query.
    pub fn query(&self, query: &Query) -> Plan {
        let (Part { mut plan, .. }, ordered) = self.source(query);
        if let Some(grouping) = &query.grouping {
            plan = grouped(plan, grouping);
        }
        for window in &query.windows {
            plan = windowed(plan, window);
        }
        plan = project_sets(plan, query);
        plan = plan.projected(&query.targets, (0..query.targets.scalars.len()).collect());
        if query.distinct {
            plan = plan.under(Op::Unique);
        }
        if !ordered {
            let single = match (&query.columns[..], query.targets.scalars.len(), query.locks.is_empty()) {
                ([only, ..], 1, true) if only.ty.typbyval() => Some(only.ty),
                _ => None,
            };
            plan = plan.under(Op::Sort(Rc::new(SortSpec { keys: query.order_by.clone().into(), single })));
        }
        if !query.distinct_on.is_empty() {
            plan = plan.under(Op::DistinctOn(query.distinct_on.clone()));
        }
        if let (false, Some(from)) = (query.locks.is_empty(), &query.from) {
            let width = query.targets.scalars.len() - slots(from).end;
            let above = Layout(plan.layout.0[..width].to_vec());
            plan = plan.under(Op::LockRows(Rc::new(query.clone()), width));
            plan.layout = above;
        }
        if query.limit.is_some() || query.offset.is_some() {
            let ties = if query.with_ties { query.order_by.clone() } else { Vec::new() };
            let spec = LimitSpec { limit: query.limit.clone(), offset: query.offset.clone(), ties };
            plan = plan.under(Op::Limit(Rc::new(spec)));
        }
        plan.ctes = query.ctes.iter().copied().filter(|id| !self.ctes[*id].constant).collect();
        plan
    }

    /// UNION, INTERSECT or EXCEPT.
    fn set_operation(&self, operation: &SetOperation) -> Part {
        let SetOperation { kind, all, sides } = operation;
        let side = |(query, casts): &(Query, Option<Exprs>)| {
            let plan = self.query(query);
            let width = query.columns.len();
            match casts {
                Some(casts) => plan.under(Op::Subquery).projected(casts, (0..width).collect()),
                // What only its sorting needed is taken off.
                None if query.targets.scalars.len() > width => {
                    let scalars = (0..width).map(Scalar::Column).collect();
                    plan.under(Op::Subquery).projected(&Exprs { waits: Vec::new(), scalars }, (0..width).collect())
                }
                None => plan,
            }
        };
        let inputs = vec![side(&sides[0]), side(&sides[1])];
        let layout = Layout((0..sides[0].0.columns.len()).collect());
        let plan = match (kind, all) {
            (SetKind::Union, true) => Plan::new(Op::Append, inputs, layout),
            (SetKind::Union, false) => Plan::new(Op::Append, inputs, layout).under(Op::Unique),
            (kind, all) => Plan::new(Op::Intersect(*kind, *all), inputs, layout),
        };
        Part { plan, rows: 1000.0 }
    }

    /// FROM and WHERE, and whether the rows come in the order of ORDER BY.
    fn source(&self, query: &Query) -> (Part, bool) {
        let (once, mut filter): (Vec<_>, Vec<_>) = query.filter.iter().cloned().partition(is_once);
        let unordered = query.order_by.is_empty();
        let used = used_slots(query);
        let (mut part, ordered) = match (&query.from, &query.values) {
            (Some(FromNode::Table(table, base, system)), _) => {
                let order = column_order(query, table, *base);
                let (part, ordered) =
                    self.table((table, *base, *system), &mut filter, &used, &order, query.limit.is_some());
                (part, unordered || ordered)
            }
            (Some(from), _) => (self.from(from, &mut filter, &used), unordered),
            (None, Some(rows)) => {
                let width = rows.first().map_or(0, |row| row.scalars.len());
                let op = Op::Values(Rc::new(rows.clone()));
                let plan = Plan::new(op, Vec::new(), Layout((0..width).collect()));
                (Part { plan, rows: rows.len() as f64 }, unordered)
            }
            (None, None) if query.set_operation.is_some() => {
                let operation = query.set_operation.as_ref().map(|operation| self.set_operation(operation));
                (operation.unwrap_or_else(Part::nothing), unordered)
            }
            (None, None) => (Part::nothing(), unordered),
        };
        part.plan = part.plan.filtered(&filter);
        if !once.is_empty() {
            part.plan = part.plan.under(Op::Result(once));
        }
        (part, ordered)
    }
}

/// Groups, and those of them that HAVING lets through.
fn grouped(plan: Plan, grouping: &Grouping) -> Plan {
    let layout = &plan.layout;
    let calls = grouping.calls.iter().map(|call| {
        let mut call = call.clone();
        call.scalars_mut().for_each(|scalar| *scalar = layout.scalar(scalar));
        call
    });
    let spec = GroupSpec {
        keys: grouping.keys.iter().map(|key| layout.scalar(key)).collect(),
        sets: grouping.sets.clone(),
        calls: calls.collect(),
        waits: layout.exprs(&Exprs { waits: grouping.waits.clone(), scalars: Vec::new() }).waits,
    };
    let keys = (0..grouping.keys.len()).map(|at| slot::KEY + at);
    let layout = Layout(keys.chain((0..grouping.calls.len()).map(|at| slot::CALL + at)).collect());
    Plan::new(Op::Aggregate(Rc::new(spec)), vec![plan], layout).filtered(grouping.having.as_slice())
}

/// Rows with the values of a window's functions behind.
fn windowed(plan: Plan, window: &bound::Window) -> Plan {
    let mut own = window.clone();
    own.each_mut(&mut |scalar| plan.layout.place(scalar));
    let (slots, calls): (Vec<_>, Vec<_>) = own.calls.into_iter().unzip();
    let spec =
        WindowSpec { partition: own.partition, order_by: own.order_by, frame: own.frame, calls, waits: own.waits };
    let layout = plan.layout.joined(&Layout(slots));
    Plan::new(Op::Window(Rc::new(spec)), vec![plan], layout)
}

/// Rows with those of functions in the target list behind. One whose arguments are another's rows comes after that.
fn project_sets(mut plan: Plan, query: &Query) -> Plan {
    let mut left: Vec<_> = query.sets.iter().collect();
    while !left.is_empty() {
        let (now, later): (Vec<_>, Vec<_>) = left.iter().copied().partition(|((_, args), _)| plan.layout.covers(args));
        if now.is_empty() {
            break;
        }
        let calls = now.iter().map(|((function, args), _)| (function.clone(), plan.layout.exprs(args))).collect();
        let slots = now.iter().flat_map(|((function, _), base)| *base..base + function.columns.len()).collect();
        let layout = plan.layout.joined(&Layout(slots));
        plan = Plan::new(Op::ProjectSet(Rc::new(calls)), vec![plan], layout);
        left = later;
    }
    plan
}

/// Whether a query may give something else each time it runs, or does something.
fn is_volatile(query: &Query) -> bool {
    const VOLATILE: [&str; 6] = ["random", "clock_timestamp", "timeofday", "gen_random_uuid", "setseed", "pg_sleep"];
    let mut volatile = !query.sets.is_empty();
    query.each(&mut |scalar| volatile |= matches!(scalar, Scalar::Call(name, ..) if VOLATILE.contains(name)));
    let waits = query.filter.iter().chain([&query.targets]).flat_map(|exprs| &exprs.waits);
    volatile || waits.into_iter().any(|wait| matches!(wait, Wait::Call(..)))
}

/// All slots that the expressions of a query use, in order.
fn used_slots(query: &Query) -> Rc<Vec<usize>> {
    let mut used = Vec::new();
    query.each(&mut |scalar| {
        if let Scalar::Column(slot) = scalar {
            used.push(*slot);
        }
    });
    used.sort_unstable();
    used.dedup();
    Rc::new(used)
}

/// ORDER BY as columns of the only table; none if it asks for anything else.
fn column_order(query: &Query, table: &Table, base: usize) -> Vec<OrderBy> {
    if query.grouping.is_some() || query.distinct || !query.sets.is_empty() || !query.windows.is_empty() {
        return Vec::new();
    }
    let column = |key: &SortKey| match query.targets.scalars.get(key.slot) {
        Some(Scalar::Column(slot)) => {
            let column = slot.checked_sub(base).filter(|column| *column < table.desc.natts())?;
            Some((column, key.descending, key.nulls_first))
        }
        _ => None,
    };
    query.order_by.iter().map(column).collect::<Option<_>>().unwrap_or_default()
}
