//! From a plan to the operators that run it.
//!
//! A node of the plan is an operator, with one for its conditions and one for its projection above it where it has such.

use super::super::plan::{Op, Plan};
use super::aggregate::Aggregate;
use super::cte::{CteScan, With, WorkScan};
use super::hash_join::HashJoin;
use super::limit::Limit;
use super::lock_rows::LockRows;
use super::measure::{Watched, key};
use super::merge_join::MergeJoin;
use super::nest_loop::NestLoop;
use super::node::{Filter, Node, Once, Project, ValuesScan};
use super::project_set::ProjectSet;
use super::scan::{FunctionScan, TableScan};
use super::set_operation::{Append, SetOp};
use super::sort::Sort;
use super::unique::{DistinctOn, Unique};
use super::window::Window;
use std::rc::Rc;

/// The operators of a plan, which have not begun.
pub(super) fn build(plan: &Plan, watched: bool) -> Node {
    let mut node = operator(plan, watched);
    if !plan.filter.is_empty() && !matches!(node, Node::TableScan(_)) {
        node = Node::Filter(Box::new(Filter::new(node, plan.filter.clone(), key(plan))));
    }
    if let Some(target) = &plan.target {
        node = Node::Project(Box::new(Project::new(node, target.clone())));
    }
    if watched && !is_passing(plan) {
        node = Node::Watched(Box::new(Watched::new(node, plan)));
    }
    if plan.ctes.is_empty() { node } else { Node::With(Box::new(With { input: node, ids: plan.ctes.clone() })) }
}

fn operator(plan: &Plan, watched: bool) -> Node {
    let mut inputs = plan.inputs.iter().map(|input| build(input, watched));
    let mut input = || inputs.next().unwrap_or_else(nothing);
    match &plan.op {
        Op::Result(once) => {
            let input = input();
            if once.is_empty() { input } else { Node::Once(Box::new(Once::new(input, once.clone()))) }
        }
        Op::Scan(spec) => Node::TableScan(Box::new(TableScan::new(spec.clone(), plan.filter.clone(), key(plan)))),
        Op::Function(calls, ordinality) => Node::Function(Box::new(FunctionScan::new(calls.clone(), *ordinality))),
        Op::Values(rows) => Node::Values(ValuesScan::new(rows.clone())),
        // Rows that are kept are kept by the loop above.
        Op::Subquery | Op::Material => input(),
        Op::CteScan(id, width) => Node::CteScan(CteScan::new(*id, *width)),
        Op::WorkScan(id, width) => Node::WorkScan(WorkScan::new(*id, *width)),
        Op::NestLoop(spec) => {
            let kept = plan.inputs.get(1).filter(|inner| matches!(inner.op, Op::Material)).map_or(0, key);
            Node::NestLoop(Box::new(NestLoop::new(input(), input(), spec.clone(), (key(plan), kept))))
        }
        Op::HashJoin(spec) => {
            let expected =
                plan.inputs.get(1).map_or((0.0, 0), |right| (right.cost.rows, right.cost.width.max(0) as usize));
            Node::HashJoin(Box::new(HashJoin::new(
                input(),
                input(),
                spec.clone(),
                expected,
                plan.inputs.get(1).map_or(0, key) + 1,
            )))
        }
        Op::MergeJoin(spec) => Node::MergeJoin(Box::new(MergeJoin::new(input(), input(), spec.clone()))),
        Op::Aggregate(spec, _) => Node::Aggregate(Box::new(Aggregate::new(input(), spec.clone(), key(plan)))),
        Op::Window(spec) => Node::Window(Box::new(Window::new(input(), spec.clone()))),
        Op::ProjectSet(calls) => Node::ProjectSet(Box::new(ProjectSet::new(input(), calls.clone()))),
        Op::Append => Node::Append(Box::new(Append::new([input(), input()]))),
        Op::Intersect(kind, all) => Node::SetOp(Box::new(SetOp::new(input(), input(), *kind, *all))),
        Op::Unique(_) => Node::Unique(Box::new(Unique::new(input()))),
        Op::DistinctOn(places) => Node::DistinctOn(Box::new(DistinctOn::new(input(), places.clone()))),
        Op::Sort(spec) => Node::Sort(Box::new(Sort::new(input(), spec.clone(), key(plan)))),
        Op::Limit(spec) => Node::Limit(Box::new(Limit::new(input(), spec.clone()))),
        Op::LockRows(query, width) => Node::LockRows(Box::new(LockRows::new(input(), query.clone(), *width))),
    }
}

/// Whether a node only hands on what another gives.
fn is_passing(plan: &Plan) -> bool {
    let bare = plan.filter.is_empty() && plan.target.is_none() && !plan.inputs.is_empty();
    bare && match &plan.op {
        Op::Subquery => true,
        Op::Result(once) => once.is_empty(),
        _ => false,
    }
}

/// One row without columns.
fn nothing() -> Node {
    Node::Values(ValuesScan::new(Rc::new(vec![Default::default()])))
}
