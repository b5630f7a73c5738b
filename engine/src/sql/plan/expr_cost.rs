//! What expressions cost: so much for each operator and each function.
//!
//! PostgreSQL: `cost_qual_eval` in `optimizer/path/costsize.c`.

use super::super::bound::{Exprs, Scalar, SubKind, Wait};
use super::level::Level;
use super::tree::{Op, Plan};
use crate::types::{Aggregate, Datum, TypeId};

impl Level<'_> {
    /// What expressions cost: once, and for each row.
    pub fn exprs_cost(&self, exprs: &Exprs) -> (f64, f64) {
        let mut cost = (0.0, 0.0);
        for scalar in &exprs.scalars {
            cost.1 += self.scalar_cost(scalar);
        }
        for wait in &exprs.waits {
            let own = match wait {
                Wait::Call(_, args) => {
                    (0.0, self.costs.operator + args.iter().map(|arg| self.scalar_cost(arg)).sum::<f64>())
                }
                // What is always the same is computed once, and charged to the query.
                Wait::Sub(link) if self.is_init_plan(link) => (0.0, 0.0),
                Wait::Sub(link) => self.subplan_cost(link),
            };
            cost = (cost.0 + own.0, cost.1 + own.1);
        }
        cost
    }

    /// The same of several.
    pub fn all_cost<'e>(&self, list: impl Iterator<Item = &'e Exprs>) -> (f64, f64) {
        list.map(|exprs| self.exprs_cost(exprs)).fold((0.0, 0.0), |sum, own| (sum.0 + own.0, sum.1 + own.1))
    }

    /// Whether a subquery is run once before, `$0`; else it is asked with each row.
    pub fn is_init_plan(&self, link: &super::super::bound::SubLink) -> bool {
        link.constant && !matches!(link.kind, SubKind::Any(_))
    }

    /// `cost_subplan`
    fn subplan_cost(&self, link: &super::super::bound::SubLink) -> (f64, f64) {
        self.planner.with_sub(link.query, |plan| {
            let cost = plan.cost;
            let run = cost.total - cost.startup;
            let test = match &link.kind {
                SubKind::Any(test) => self.scalar_cost(&test.test),
                _ => 0.0,
            };
            if self.is_hashed(link, plan) {
                return (cost.total + self.costs.operator * cost.rows, test);
            }
            let mut each = match &link.kind {
                SubKind::Exists => run / super::costs::clamp_rows(cost.rows),
                SubKind::Any(_) => 0.5 * run + 0.5 * cost.rows * self.costs.operator,
                _ => run,
            };
            let kept = link.args.is_empty() && matches!(plan.op, Op::Material | Op::Sort(_) | Op::CteScan(..));
            let startup = if kept { cost.startup } else { 0.0 };
            if !kept {
                each += cost.startup;
            }
            (startup, each + test)
        })
    }

    /// Whether the rows of an IN are put into a table: `subplan_is_hashable`.
    pub fn is_hashed(&self, link: &super::super::bound::SubLink, plan: &Plan) -> bool {
        let SubKind::Any(test) = &link.kind else { return false };
        let size = plan.cost.rows * (super::costs::max_align(f64::from(plan.cost.width)) + 24.0);
        test.equal.is_some() && link.constant && size <= self.costs.hash_mem
    }

    /// What an expression costs for each row.
    pub fn scalar_cost(&self, scalar: &Scalar) -> f64 {
        let own = match scalar {
            Scalar::Unary(..)
            | Scalar::Binary(..)
            | Scalar::IsDistinct(..)
            | Scalar::NullIf(_)
            | Scalar::Typmod(..)
            | Scalar::Call(..) => 1.0,
            Scalar::Cast(_, ty, arg) => self.cast_cost(*ty, arg),
            Scalar::MinMax(..) => 1.0,
            Scalar::Each(_, _, _, args) => {
                let items = match &args[1] {
                    Scalar::Const(Datum::Array(array)) => array.items.len() as f64,
                    Scalar::Array(_, items) => items.len() as f64,
                    _ => 10.0,
                };
                items * 0.5
            }
            _ => 0.0,
        };
        let mut cost = own * self.costs.operator;
        scalar.parts(&mut |part| cost += self.scalar_cost(part));
        cost
    }

    /// A cast calls one function; one by way of text two.
    fn cast_cost(&self, to: TypeId, arg: &Scalar) -> f64 {
        let from = self.type_of(arg).0;
        let texts = [TypeId::Text, TypeId::Varchar, TypeId::Bpchar, TypeId::Name];
        let texts = (texts.contains(&from), texts.contains(&to));
        match texts {
            (true, true) | (false, false) => 1.0,
            _ if from == TypeId::Bool || from == TypeId::Char => 1.0,
            _ => 2.0,
        }
    }
}

/// Of an aggregate: how many functions are called for each row and for each group, and the bytes of a state that is no plain
/// value. As `pg_aggregate` has it.
pub fn effort(aggregate: &Aggregate) -> (f64, f64, f64) {
    match (aggregate.name(), aggregate.arg) {
        ("sum" | "avg", Some(TypeId::Int8)) => (1.0, 1.0, 48.0),
        ("sum" | "avg", Some(TypeId::Numeric)) => (1.0, 1.0, 128.0),
        ("avg" | "stddev" | "stddev_pop" | "variance" | "var_pop", _) => (1.0, 1.0, 48.0),
        ("count" | "min" | "max" | "sum" | "bool_and" | "bool_or" | "bit_and" | "bit_or" | "bit_xor", _) => {
            (1.0, 0.0, 0.0)
        }
        _ => (1.0, 1.0, 8192.0),
    }
}
