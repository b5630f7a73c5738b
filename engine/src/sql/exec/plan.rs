//! From a bound query to the operators that run it.
//!
//! ```text
//!   FROM ─ WHERE ─ GROUP BY, HAVING ─ SELECT list ─ DISTINCT ─ ORDER BY ─ FOR UPDATE ─ OFFSET, LIMIT
//! ```
//!
//! There is one way to run each query: tables are read in the order of FROM and joined by nested loops. A condition of
//! WHERE that speaks of one table only is put down to the scan of that table.

use super::super::bound::{Exprs, FromNode, Query, SYSTEM_COLUMNS, Scalar};
use super::aggregate::Aggregate;
use super::join::NestLoop;
use super::lock_rows::LockRows;
use super::node::{Filter, Limit, Node, Project, ValuesScan};
use super::scan::{FunctionScan, SeqScan};
use super::sort::{Sort, Unique};
use std::ops::Range;

/// The operators of a query.
pub(super) fn query(query: &Query) -> Node {
    let mut filter = query.filter.clone();
    let mut node = match (&query.from, &query.values) {
        (Some(from), _) => from_node(from, &mut filter, true, &used_slots(query)),
        (None, Some(rows)) => Node::Values(ValuesScan::new(rows.clone())),
        (None, None) => Node::Values(ValuesScan::new(vec![Exprs::default()])),
    };
    if !filter.is_empty() {
        node = Node::Filter(Box::new(Filter { input: node, conditions: filter }));
    }
    if let Some(set) = &query.set_function {
        let right = from_node(set, &mut Vec::new(), false, &|_| true);
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
    if !query.order_by.is_empty() {
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

/// The operators of a FROM. Conditions that one of its scans can see to are taken out of `filter`, unless the scan is
/// on the side of a join that may be missing.
fn from_node(from: &FromNode, filter: &mut Vec<Exprs>, may_filter: bool, used: &dyn Fn(usize) -> bool) -> Node {
    match from {
        FromNode::Table(table, base, system) => {
            let slots = slots(from);
            let own = |exprs: &mut Exprs| may_filter && within(exprs, &slots);
            let conditions: Vec<_> = filter.extract_if(.., own).collect();
            let natts = table.desc.natts();
            let wanted = |slot: &usize| used(*slot) || conditions.iter().any(|exprs| uses(exprs, *slot));
            let upto = (*base..base + natts).rev().find(wanted).map_or(0, |slot| slot - base + 1);
            Node::SeqScan(Box::new(SeqScan::new(table.clone(), *base, *system, upto, conditions)))
        }
        FromNode::Function(function, args, _) => {
            Node::Function(Box::new(FunctionScan::new(function.clone(), args.clone())))
        }
        FromNode::Subquery(inner, _) => query(inner),
        FromNode::Join(left, right, on, outer) => {
            let left = from_node(left, filter, may_filter, used);
            let lateral = is_lateral(right);
            let width = outer.then(|| slots(right).len());
            let right = from_node(right, filter, may_filter && !outer, used);
            Node::NestLoop(Box::new(NestLoop::new(left, right, on.clone(), width, lateral)))
        }
    }
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
