//! From a bound query to the operators that run it.
//!
//! ```text
//!   FROM ─ WHERE ─ GROUP BY, HAVING ─ SELECT list ─ DISTINCT ─ ORDER BY ─ FOR UPDATE ─ OFFSET, LIMIT
//! ```
//!
//! Tables are read in the order of FROM and joined by nested loops. A condition of WHERE that speaks of one table only is put
//! down to the scan of that table; it may be a reason to read it by an index (`index.rs`).

use super::super::bound::{Exprs, FromNode, Query, SYSTEM_COLUMNS, Scalar, SortKey};
use super::ExecCx;
use super::aggregate::Aggregate;
use super::index::{self, OrderBy, Wanted};
use super::join::NestLoop;
use super::lock_rows::LockRows;
use super::node::{Filter, Limit, Node, Project, ValuesScan};
use super::scan::{FunctionScan, TableScan};
use super::sort::{Sort, Unique};
use std::ops::Range;

/// The operators of a query.
pub(super) fn query(cx: &ExecCx<'_>, query: &Query) -> Node {
    let mut filter = query.filter.clone();
    let mut ordered = query.order_by.is_empty();
    let mut node = match (&query.from, &query.values) {
        (Some(from @ FromNode::Table(..)), _) => {
            let order = column_order(query, from);
            let limited = query.limit.is_some();
            let (node, by_index) = table_node(cx, from, &mut filter, &used_slots(query), &order, limited);
            ordered |= by_index;
            node
        }
        (Some(from), _) => from_node(cx, from, &mut filter, true, &used_slots(query)),
        (None, Some(rows)) => Node::Values(ValuesScan::new(rows.clone())),
        (None, None) => Node::Values(ValuesScan::new(vec![Exprs::default()])),
    };
    if !filter.is_empty() {
        node = Node::Filter(Box::new(Filter { input: node, conditions: filter }));
    }
    if let Some(set) = &query.set_function {
        let right = from_node(cx, set, &mut Vec::new(), false, &|_| true);
        node = Node::NestLoop(Box::new(NestLoop::new(node, right, None, None, true)));
    }
    if let Some(grouping) = &query.grouping {
        node = Node::Aggregate(Box::new(Aggregate::new(node, grouping.clone())));
        if let Some(having) = &grouping.having {
            node = Node::Filter(Box::new(Filter { input: node, conditions: vec![having.clone()] }));
        }
    }
    node = Node::Project(Box::new(Project { input: node, targets: query.targets.clone() }));
    if query.distinct {
        node = Node::Unique(Box::new(Unique::new(node)));
    }
    if !ordered {
        let types: Vec<_> = query.columns.iter().map(|column| column.ty).collect();
        let width = if query.locks.is_empty() { query.targets.scalars.len() } else { usize::MAX };
        node = Node::Sort(Box::new(Sort::new(node, query.order_by.clone(), width, &types)));
    }
    if let (false, Some(from)) = (query.locks.is_empty(), &query.from) {
        node = Node::LockRows(Box::new(LockRows::new(node, query, slots(from).end)));
    }
    if query.limit.is_some() || query.offset.is_some() {
        node = Node::Limit(Box::new(Limit::new(node, query.limit.clone(), query.offset.clone())));
    }
    node
}

/// The operators of a FROM. Conditions that one of its scans can see to are taken out of `filter`, unless the scan is
/// on the side of a join that may be missing.
fn from_node(
    cx: &ExecCx<'_>,
    from: &FromNode,
    filter: &mut Vec<Exprs>,
    may_filter: bool,
    used: &dyn Fn(usize) -> bool,
) -> Node {
    match from {
        FromNode::Table(..) if may_filter => table_node(cx, from, filter, used, &[], false).0,
        FromNode::Table(..) => table_node(cx, from, &mut Vec::new(), used, &[], false).0,
        FromNode::Function(function, args, _) => {
            Node::Function(Box::new(FunctionScan::new(function.clone(), args.clone())))
        }
        FromNode::Subquery(inner, _) => query(cx, inner),
        FromNode::Join(left, right, on, outer) => {
            let left = from_node(cx, left, filter, may_filter, used);
            let lateral = is_lateral(right);
            let width = outer.then(|| slots(right).len());
            let right = from_node(cx, right, filter, may_filter && !outer, used);
            Node::NestLoop(Box::new(NestLoop::new(left, right, on.clone(), width, lateral)))
        }
    }
}

/// The scan of a table, and whether its rows come in the order that is asked for.
fn table_node(
    cx: &ExecCx<'_>,
    from: &FromNode,
    filter: &mut Vec<Exprs>,
    used: &dyn Fn(usize) -> bool,
    order: &[OrderBy],
    limit: bool,
) -> (Node, bool) {
    let FromNode::Table(table, base, system) = from else { return (from_node(cx, from, filter, true, used), false) };
    let slots = slots(from);
    let conditions: Vec<_> = filter.extract_if(.., |exprs| within(exprs, &slots)).collect();
    let natts = table.desc.natts();
    let wanted = |slot: &usize| used(*slot) || conditions.iter().any(|exprs| uses(exprs, *slot));
    let upto = (*base..base + natts).rev().find(wanted).map_or(0, |slot| slot - base + 1);
    let needed = |column: usize| wanted(&(base + column));
    let columns: Option<&dyn Fn(usize) -> bool> = if *system { None } else { Some(&needed) };
    let path = index::choose(cx, &Wanted { table, base: *base, conditions: &conditions, order, limit, columns });
    let ordered = path.as_ref().is_some_and(|path| path.ordered);
    (Node::TableScan(Box::new(TableScan::new(table.clone(), *base, *system, upto, conditions, path))), ordered)
}

/// ORDER BY as columns of the only table; none if it asks for anything else.
fn column_order(query: &Query, from: &FromNode) -> Vec<OrderBy> {
    let FromNode::Table(table, base, _) = from else { return Vec::new() };
    if query.grouping.is_some() || query.distinct || query.set_function.is_some() {
        return Vec::new();
    }
    let column = |key: &SortKey| match query.targets.scalars.get(key.slot) {
        Some(Scalar::Column(slot)) => {
            let column = slot.checked_sub(*base).filter(|column| *column < table.desc.natts())?;
            Some((column, key.descending, key.nulls_first))
        }
        _ => None,
    };
    query.order_by.iter().map(column).collect::<Option<_>>().unwrap_or_default()
}

/// The slots of an item.
pub(super) fn slots(from: &FromNode) -> Range<usize> {
    match from {
        FromNode::Table(table, base, _) => *base..base + table.desc.natts() + SYSTEM_COLUMNS.len(),
        FromNode::Function(function, _, base) => *base..base + function.columns.len(),
        FromNode::Subquery(query, base) => *base..base + query.columns.len(),
        FromNode::Join(left, right, ..) => slots(left).start..slots(right).end,
    }
}

/// Whether an item must be read anew for each row to its left: a function whose arguments may be from there.
fn is_lateral(from: &FromNode) -> bool {
    match from {
        FromNode::Function(_, args, _) => any_column(args, &|_| true),
        FromNode::Join(left, right, ..) => is_lateral(left) || is_lateral(right),
        FromNode::Table(..) | FromNode::Subquery(..) => false,
    }
}

/// The slots that a query's clauses name, as far as scans must fill them: all but those that only conditions put down
/// to a scan use.
fn used_slots(query: &Query) -> impl Fn(usize) -> bool + '_ {
    move |slot| {
        let grouping = query.grouping.iter().flat_map(|grouping| {
            let args = grouping.calls.iter().filter_map(|call| call.arg.as_ref());
            let waits = grouping.waits.iter().flat_map(|wait| &wait.args);
            grouping.keys.iter().chain(args).chain(waits)
        });
        let of_slot = |scalar: &Scalar| scalar.any_column(&|own| own == slot);
        let targets = query.grouping.is_none() && uses(&query.targets, slot);
        targets
            || grouping.into_iter().any(of_slot)
            || query.filter.iter().any(|exprs| uses(exprs, slot))
            || query.from.iter().chain(&query.set_function).any(|from| from_uses(from, slot))
    }
}

fn from_uses(from: &FromNode, slot: usize) -> bool {
    match from {
        FromNode::Function(_, args, _) => uses(args, slot),
        FromNode::Join(left, right, on, _) => {
            on.as_ref().is_some_and(|on| uses(on, slot)) || from_uses(left, slot) || from_uses(right, slot)
        }
        FromNode::Table(..) | FromNode::Subquery(..) => false,
    }
}

/// Whether expressions use a slot.
pub(super) fn uses(exprs: &Exprs, slot: usize) -> bool {
    any_column(exprs, &|own| own == slot)
}

/// Whether all columns that expressions use are these.
fn within(exprs: &Exprs, slots: &Range<usize>) -> bool {
    !any_column(exprs, &|slot| !slots.contains(&slot))
}

fn any_column(exprs: &Exprs, is: &dyn Fn(usize) -> bool) -> bool {
    let waits = exprs.waits.iter().flat_map(|wait| &wait.args);
    exprs.scalars.iter().chain(waits).any(|scalar| scalar.any_column(is))
}
