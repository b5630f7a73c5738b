//! From a bound query to the operators that run it.
//!
//! ```text
//!   FROM, WHERE ─ GROUP BY, HAVING ─ SELECT list ─ DISTINCT ─ ORDER BY ─ FOR UPDATE ─ OFFSET, LIMIT
//! ```
//!
//! How the items of FROM are read and joined is decided in `plan_from.rs` and `plan_join.rs`.

use super::super::ast::SetKind;
use super::super::bound::{
    self, Bound, Cte, CteBody, Exprs, FromNode, Query, Scalar, SetOperation, SortKey, Statement, Wait, slot,
};
use super::aggregate::{Aggregate, GroupSpec};
use super::cte::{CtePlan, With};
use super::index::OrderBy;
use super::layout::Layout;
use super::lock_rows::LockRows;
use super::node::{Filter, Limit, Node, Project, ValuesScan};
use super::plan_from::{Part, is_once, slots};
use super::project_set::ProjectSet;
use super::set_operation::{Append, SetOp};
use super::sort::Sort;
use super::unique::{DistinctOn, Unique};
use super::window::{Window, WindowSpec};
use crate::catalog::Table;
use crate::txn::{Env, Snapshot};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// The operators of a statement, which have not begun.
#[derive(Clone, Default)]
pub(super) struct Plan {
    /// Those of a query, or of the rows of an INSERT.
    pub root: Option<Node>,
    /// Those of the subqueries within expressions.
    pub subs: Vec<Node>,
    /// Those of the queries of WITH.
    pub ctes: Vec<CtePlan>,
    /// How many exec parameters there are.
    pub execs: usize,
}

/// What the planner knows.
pub(super) struct Planner<'a> {
    pub env: &'a Env,
    pub snapshot: &'a Snapshot,
    /// How many exec parameters there are so far.
    pub execs: Cell<usize>,
    /// The queries of WITH, and which recursive ones are being planned.
    pub ctes: &'a [Cte],
    pub recursing: RefCell<Vec<usize>>,
}

/// Plans a statement.
pub(super) fn plan(env: &Env, snapshot: &Snapshot, bound: &Bound) -> Plan {
    let (execs, recursing) = (Cell::new(bound.execs), RefCell::default());
    let planner = Planner { env, snapshot, execs, ctes: &bound.ctes, recursing };
    let root = planner.source_of(&bound.statement);
    let subs = bound.subqueries.iter().map(|query| planner.query(query)).collect();
    let ctes = (0..bound.ctes.len()).map(|id| planner.cte(id)).collect();
    Plan { root, subs, ctes, execs: planner.execs.get() }
}

impl Planner<'_> {
    /// A new exec parameter.
    pub fn new_exec(&self) -> usize {
        let n = self.execs.get();
        self.execs.set(n + 1);
        n
    }

    /// The operators of a query, of the rows of an INSERT, or of those that are joined for an UPDATE or a DELETE.
    fn source_of(&self, statement: &Statement) -> Option<Node> {
        match statement {
            Statement::Query(query) => Some(self.query(query)),
            Statement::Insert(insert) => insert.source.as_ref().map(|source| self.query(source)),
            Statement::Update(update) => update.from.as_ref().map(|from| self.query(from)),
            Statement::Delete(delete) => delete.using.as_ref().map(|using| self.query(using)),
        }
    }

    /// How the rows of a query of WITH are made.
    fn cte(&self, id: usize) -> CtePlan {
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

    /// The operators of a query.
    pub fn query(&self, query: &Query) -> Node {
        let (Part { mut node, mut layout, .. }, ordered) = self.source(query);
        if let Some(grouping) = &query.grouping {
            let calls = grouping.calls.iter().map(|call| {
                let mut call = call.clone();
                call.scalars_mut().for_each(|scalar| *scalar = layout.scalar(scalar));
                call
            });
            let waits = layout.exprs(&Exprs { waits: grouping.waits.clone(), scalars: Vec::new() }).waits;
            let keys = grouping.keys.iter().map(|key| layout.scalar(key)).collect();
            let spec = GroupSpec { keys, sets: grouping.sets.clone(), calls: calls.collect(), waits };
            node = Node::Aggregate(Box::new(Aggregate::new(node, spec)));
            let keys = (0..grouping.keys.len()).map(|at| slot::KEY + at);
            layout = Layout(keys.chain((0..grouping.calls.len()).map(|at| slot::CALL + at)).collect());
            node = filtered(node, &layout, grouping.having.as_slice());
        }
        for window in &query.windows {
            (node, layout) = windowed(node, layout, window);
        }
        (node, layout) = project_sets(node, layout, query);
        node = Node::Project(Box::new(Project::new(node, layout.exprs(&query.targets))));
        if query.distinct {
            node = Node::Unique(Box::new(Unique::new(node)));
        }
        if !ordered {
            let types: Vec<_> = query.columns.iter().map(|column| column.ty).collect();
            let width = if query.locks.is_empty() { query.targets.scalars.len() } else { usize::MAX };
            node = Node::Sort(Box::new(Sort::new(node, query.order_by.clone(), width, &types)));
        }
        if !query.distinct_on.is_empty() {
            node = Node::DistinctOn(Box::new(DistinctOn::new(node, query.distinct_on.clone())));
        }
        if let (false, Some(from)) = (query.locks.is_empty(), &query.from) {
            node = Node::LockRows(Box::new(LockRows::new(node, query, slots(from).end)));
        }
        if query.limit.is_some() || query.offset.is_some() {
            let ties = if query.with_ties { query.order_by.clone() } else { Vec::new() };
            node = Node::Limit(Box::new(Limit::new(node, query.limit.clone(), query.offset.clone(), ties)));
        }
        let ids: Vec<usize> = query.ctes.iter().copied().filter(|id| !self.ctes[*id].constant).collect();
        if ids.is_empty() { node } else { Node::With(Box::new(With { input: node, ids })) }
    }

    /// UNION, INTERSECT or EXCEPT.
    fn set_operation(&self, operation: &SetOperation) -> Part {
        let SetOperation { kind, all, sides } = operation;
        let side = |(query, casts): &(Query, Option<Exprs>)| {
            let node = self.query(query);
            let width = query.columns.len();
            match casts {
                Some(casts) => Node::Project(Box::new(Project::new(node, casts.clone()))),
                // What only its sorting needed is taken off.
                None if query.targets.scalars.len() > width => {
                    let scalars = (0..width).map(Scalar::Column).collect();
                    Node::Project(Box::new(Project::new(node, Exprs { waits: Vec::new(), scalars })))
                }
                None => node,
            }
        };
        let [left, right] = [side(&sides[0]), side(&sides[1])];
        let node = match (kind, all) {
            (SetKind::Union, true) => Node::Append(Box::new(Append::new([left, right]))),
            (SetKind::Union, false) => {
                let append = Node::Append(Box::new(Append::new([left, right])));
                Node::Unique(Box::new(Unique::new(append)))
            }
            (kind, all) => Node::SetOp(Box::new(SetOp::new(left, right, *kind, *all))),
        };
        Part { node, layout: Layout((0..sides[0].0.columns.len()).collect()), rows: 1000.0 }
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
                let node = Node::Values(ValuesScan::new(rows.clone()));
                (Part { node, layout: Layout((0..width).collect()), rows: rows.len() as f64 }, unordered)
            }
            (None, None) if query.set_operation.is_some() => {
                let operation = query.set_operation.as_ref().map(|operation| self.set_operation(operation));
                (operation.unwrap_or_else(Part::nothing), unordered)
            }
            (None, None) => {
                let node = Node::Values(ValuesScan::new(vec![Exprs::default()]));
                (Part { node, layout: Layout::default(), rows: 1.0 }, unordered)
            }
        };
        part.node = filtered(part.node, &part.layout, &filter);
        if !once.is_empty() {
            part.node = Node::Filter(Box::new(Filter::once(part.node, once)));
        }
        (part, ordered)
    }
}

/// Rows with the values of a window's functions behind.
fn windowed(node: Node, layout: Layout, window: &bound::Window) -> (Node, Layout) {
    let mut own = window.clone();
    own.each_mut(&mut |scalar| layout.place(scalar));
    let (slots, calls): (Vec<_>, Vec<_>) = own.calls.into_iter().unzip();
    let spec =
        WindowSpec { partition: own.partition, order_by: own.order_by, frame: own.frame, calls, waits: own.waits };
    (Node::Window(Box::new(Window::new(node, spec))), layout.joined(&Layout(slots)))
}

/// Rows with those of functions in the target list behind. One whose arguments are another's rows comes after that.
fn project_sets(mut node: Node, mut layout: Layout, query: &Query) -> (Node, Layout) {
    let mut left: Vec<_> = query.sets.iter().collect();
    while !left.is_empty() {
        let (now, later): (Vec<_>, Vec<_>) = left.iter().copied().partition(|((_, args), _)| layout.covers(args));
        if now.is_empty() {
            break;
        }
        let calls = now.iter().map(|((function, args), _)| (function.clone(), layout.exprs(args))).collect();
        let slots = now.iter().flat_map(|((function, _), base)| *base..base + function.columns.len()).collect();
        node = Node::ProjectSet(Box::new(ProjectSet::new(node, calls)));
        layout = layout.joined(&Layout(slots));
        left = later;
    }
    (node, layout)
}

/// Whether a query may give something else each time it runs, or does something.
fn is_volatile(query: &Query) -> bool {
    const VOLATILE: [&str; 6] = ["random", "clock_timestamp", "timeofday", "gen_random_uuid", "setseed", "pg_sleep"];
    let mut volatile = !query.sets.is_empty();
    query.each(&mut |scalar| volatile |= matches!(scalar, Scalar::Call(name, ..) if VOLATILE.contains(name)));
    let waits = query.filter.iter().chain([&query.targets]).flat_map(|exprs| &exprs.waits);
    volatile || waits.into_iter().any(|wait| matches!(wait, Wait::Call(..)))
}

/// Rows for which conditions hold.
pub(super) fn filtered(node: Node, layout: &Layout, conditions: &[Exprs]) -> Node {
    if conditions.is_empty() {
        return node;
    }
    Node::Filter(Box::new(Filter::new(node, layout.all(conditions))))
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
