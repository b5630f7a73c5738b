//! From the path of a join to its plan.
//!
//! PostgreSQL: `create_join_plan` in `optimizer/plan/createplan.c`.

use super::super::bound::{Exprs, JoinKind, Scalar};
use super::clause::Clause;
use super::create::Making;
use super::layout::Layout;
use super::path::{JoinWay, Key, Method, Path, Relids};
use super::tree::{HashSpec, LoopSpec, MergeSpec, Op, Plan};
use std::rc::Rc;

impl Making<'_, '_> {
    pub fn join(&mut self, path: &Path, way: &JoinWay) -> Plan {
        let mut left = self.plan(&way.outer);
        if way.sorts.0 {
            left = self.sorted_side(left, &way.outer, &way.order);
        }
        let before = self.told.replace(Vec::new());
        let mut right = self.plan(&way.inner);
        if way.sorts.1 {
            right = self.sorted_side(right, &way.inner, &way.inner_order);
        }
        if way.keeps {
            let cost = self.level.costs.kept(&right.cost);
            right = Plan { cost, ..right.under(Op::Material) };
        }
        let mut params = Vec::new();
        let outer = way.outer.relids;
        let mut told = before;
        for (param, scalar) in self.told.take() {
            let relids = self.level.relids(&scalar);
            if relids & outer != 0 {
                params.push((param, left.layout.scalar(&scalar)));
            } else {
                told.push((param, scalar));
            }
        }
        self.told.replace(told);
        let is_outer = matches!(way.kind, JoinKind::Left | JoinKind::Right | JoinKind::Full | JoinKind::Anti);
        let (own, above): (Vec<_>, Vec<_>) = way.clauses.iter().cloned().partition(|clause| !is_outer || !clause.above);
        let both = left.layout.joined(&right.layout);
        let layout =
            if matches!(way.kind, JoinKind::Semi | JoinKind::Anti) { left.layout.clone() } else { both.clone() };
        let op = self.method(way, &own, (&left, &right), params, path.relids);
        let above = self.exprs_with_params(&above, path.relids);
        Plan { unique: way.unique, ..Plan::new(op, vec![left, right], layout).filtered(&above) }
    }

    /// What a join does, and by which expressions.
    fn method(
        &self,
        way: &JoinWay,
        own: &[Rc<Clause>],
        (left, right): (&Plan, &Plan),
        params: Vec<(usize, Scalar)>,
        relids: Relids,
    ) -> Op {
        let both = left.layout.joined(&right.layout);
        let (left_width, right_width) = (left.layout.width(), right.layout.width());
        match way.method {
            Method::Loop => {
                let functions = matches!(right.op, Op::Function(..) | Op::Values(_)) && params.is_empty();
                Op::NestLoop(Rc::new(LoopSpec {
                    kind: way.kind,
                    on: both.all(&self.exprs_with_params(own, relids)),
                    lateral: !matches!(right.op, Op::Material) && !functions,
                    params,
                    left_width,
                    right_width,
                }))
            }
            Method::Merge => {
                let rest: Vec<_> =
                    own.iter().filter(|clause| !way.by.iter().any(|by| Rc::ptr_eq(by, clause))).cloned().collect();
                let (left_keys, right_keys) = hash_keys(way, &left.layout, &right.layout);
                let direction = |clause: &Rc<Clause>| {
                    let (a, b) = clause.classes.get().unwrap_or_default();
                    let (a, b) = (self.level.class(a), self.level.class(b));
                    let key = way.order.iter().find(|key| key.class == a || key.class == b);
                    key.map_or((false, false), |key| (key.descending, key.nulls_first))
                };
                Op::MergeJoin(Rc::new(MergeSpec {
                    kind: way.kind,
                    left_keys,
                    right_keys,
                    order: way.by.iter().map(direction).collect(),
                    on: both.all(&self.exprs_with_params(&rest, relids)),
                    left_width,
                    right_width,
                }))
            }
            Method::Hash => {
                let rest: Vec<_> =
                    own.iter().filter(|clause| !way.by.iter().any(|by| Rc::ptr_eq(by, clause))).cloned().collect();
                let (left_keys, right_keys) = hash_keys(way, &left.layout, &right.layout);
                Op::HashJoin(Rc::new(HashSpec {
                    kind: way.kind,
                    left_keys,
                    right_keys,
                    on: both.all(&self.exprs_with_params(&rest, relids)),
                    left_width,
                    right_width,
                }))
            }
        }
    }

    /// A side of a merge, sorted for it.
    fn sorted_side(&mut self, plan: Plan, path: &Path, keys: &[Key]) -> Plan {
        let cost = self.level.costs.sorted(&path.cost, None);
        let plan = self.sorted(plan, keys);
        Plan { cost, ..plan }
    }

    fn exprs_with_params(&self, clauses: &[Rc<Clause>], own: Relids) -> Vec<Exprs> {
        clauses.iter().map(|clause| self.with_params(&clause.exprs, own)).collect()
    }
}

/// What is compared, over the rows of each side.
fn hash_keys(way: &JoinWay, left: &Layout, right: &Layout) -> (Exprs, Exprs) {
    let (mut a, mut b) = (Vec::new(), Vec::new());
    for clause in &way.by {
        let (Some(turned), Some((_, l, r))) = (clause.joins(way.outer.relids, way.inner.relids), clause.operands())
        else {
            continue;
        };
        let (l, r) = if turned { (r, l) } else { (l, r) };
        a.push(left.scalar(l));
        b.push(right.scalar(r));
    }
    (Exprs { waits: Vec::new(), scalars: a }, Exprs { waits: Vec::new(), scalars: b })
}
