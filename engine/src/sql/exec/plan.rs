//! From a bound query to the operators that run it.
//!
//! ```text
//!   FROM, WHERE ─ GROUP BY, HAVING ─ SELECT list ─ DISTINCT ─ ORDER BY ─ FOR UPDATE ─ OFFSET, LIMIT
//! ```
//!
//! How the items of FROM are read and joined is decided in `plan_from.rs` and `plan_join.rs`.

use super::super::bound::{Bound, Exprs, FromNode, Query, Scalar, SortKey, Statement, slot};
use super::aggregate::{Aggregate, GroupSpec};
use super::index::OrderBy;
use super::layout::Layout;
use super::lock_rows::LockRows;
use super::node::{Filter, Limit, Node, Project, ValuesScan};
use super::plan_from::{Part, is_once, slots};
use super::sort::{Sort, Unique};
use crate::catalog::Table;
use crate::txn::{Env, Snapshot};
use std::cell::Cell;
use std::rc::Rc;

/// The operators of a statement, which have not begun.
pub(super) struct Plan {
    /// Those of a query, or of the rows of an INSERT.
    pub root: Option<Node>,
    /// Those of the subqueries within expressions.
    pub subs: Vec<Node>,
    /// How many exec parameters there are.
    pub execs: usize,
}

/// What the planner knows.
pub(super) struct Planner<'a> {
    pub env: &'a Env,
    pub snapshot: &'a Snapshot,
    /// How many exec parameters there are so far.
    pub execs: Cell<usize>,
}

/// Plans a statement.
pub(super) fn plan(env: &Env, snapshot: &Snapshot, bound: &Bound) -> Plan {
    let planner = Planner { env, snapshot, execs: Cell::new(bound.execs) };
    let root = match &bound.statement {
        Statement::Query(query) => Some(planner.query(query)),
        Statement::Insert(insert) => insert.source.as_ref().map(|source| planner.query(source)),
        Statement::Update(_) | Statement::Delete(_) => None,
    };
    let subs = bound.subqueries.iter().map(|query| planner.query(query)).collect();
    Plan { root, subs, execs: planner.execs.get() }
}

impl Planner<'_> {
    /// A new exec parameter.
    pub fn new_exec(&self) -> usize {
        let n = self.execs.get();
        self.execs.set(n + 1);
        n
    }

    /// The operators of a query.
    pub fn query(&self, query: &Query) -> Node {
        let (Part { mut node, mut layout, .. }, ordered) = self.source(query);
        if let Some(grouping) = &query.grouping {
            let calls = grouping.calls.iter().map(|call| {
                let mut call = call.clone();
                call.arg = call.arg.map(|arg| layout.scalar(&arg));
                call
            });
            let waits = layout.exprs(&Exprs { waits: grouping.waits.clone(), scalars: Vec::new() }).waits;
            let keys = grouping.keys.iter().map(|key| layout.scalar(key)).collect();
            let spec = GroupSpec { keys, calls: calls.collect(), waits };
            node = Node::Aggregate(Box::new(Aggregate::new(node, spec)));
            let keys = (0..grouping.keys.len()).map(|at| slot::KEY + at);
            layout = Layout(keys.chain((0..grouping.calls.len()).map(|at| slot::CALL + at)).collect());
            node = filtered(node, &layout, grouping.having.as_slice());
        }
        node = Node::Project(Box::new(Project::new(node, layout.exprs(&query.targets))));
        if query.distinct {
            node = Node::Unique(Box::new(Unique::new(node)));
        }
        if !ordered {
            node = Node::Sort(Box::new(Sort::new(node, query.order_by.clone())));
        }
        if let (false, Some(from)) = (query.locks.is_empty(), &query.from) {
            node = Node::LockRows(Box::new(LockRows::new(node, query, slots(from).end)));
        }
        if query.limit.is_some() || query.offset.is_some() {
            node = Node::Limit(Box::new(Limit::new(node, query.limit.clone(), query.offset.clone())));
        }
        node
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
            (None, None) => {
                let node = Node::Values(ValuesScan::new(vec![Exprs::default()]));
                (Part { node, layout: Layout::default(), rows: 1.0 }, unordered)
            }
        };
        part.node = filtered(part.node, &part.layout, &filter);
        if !once.is_empty() {
            part.node = Node::Filter(Box::new(Filter::once(part.node, once)));
        }
        if let Some(set) = &query.set_function {
            part = self.lateral_join(part, set);
        }
        (part, ordered)
    }
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
    if query.grouping.is_some() || query.distinct || query.set_function.is_some() {
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
