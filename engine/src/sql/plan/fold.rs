//! What an expression is before any row is there: constants computed, types known.
//!
//! PostgreSQL: `eval_const_expressions` in `optimizer/util/clauses.c`, `exprType`.

use super::super::bound::{AggCall, AggKind, EvalCx, Exprs, Scalar, WindowCall, WindowFunction};
use super::Planner;
use super::level::Level;
use crate::types::{Datum, TypeId, binary_op};
use std::cell::{Cell, RefCell};

/// Functions that may give something else each time.
const VOLATILE: [&str; 6] = ["random", "clock_timestamp", "timeofday", "gen_random_uuid", "setseed", "pg_sleep"];
/// Functions that give the same within a statement, but not always.
const STABLE: [&str; 14] = [
    "now",
    "transaction_timestamp",
    "statement_timestamp",
    "current_timestamp",
    "current_date",
    "current_time",
    "localtime",
    "localtimestamp",
    "current_user",
    "session_user",
    "current_database",
    "current_schema",
    "to_char",
    "txid_current",
];

/// Whether an expression may give something else each time.
pub fn is_volatile(scalar: &Scalar) -> bool {
    let mut found = false;
    scalar.each(&mut |part| found |= matches!(part, Scalar::Call(name, ..) if VOLATILE.contains(name)));
    found
}

/// Whether a value is the same for all rows of a statement; what waits is judged by who knows it.
pub fn is_stable(scalar: &Scalar) -> bool {
    !scalar.any_column(&|_| true) && !is_volatile(scalar)
}

/// Whether a value is known before a scan begins: nothing has to be waited for.
pub fn is_known(scalar: &Scalar) -> bool {
    let mut waits = false;
    scalar.each(&mut |part| waits |= matches!(part, Scalar::Waited(_)));
    !waits && is_stable(scalar)
}

impl Planner<'_> {
    /// Expressions in which all that can be computed is a constant.
    pub fn folded_all(&self, exprs: &Exprs) -> Exprs {
        let mut own = exprs.clone();
        own.scalars.iter_mut().for_each(|scalar| self.fold(scalar));
        own
    }

    /// Puts constants in place of what can be computed.
    pub fn fold(&self, scalar: &mut Scalar) {
        scalar.parts_mut(&mut |part| self.fold(part));
        if let (Scalar::Param(n), Some(values)) = (&*scalar, self.params)
            && let Some(value) = values.get(*n)
        {
            *scalar = Scalar::Const(value.clone());
            return;
        }
        match scalar {
            Scalar::And(args) | Scalar::Or(args) if args.len() == 1 => *scalar = args.remove(0),
            Scalar::And(_) => fold_logic(scalar, true),
            Scalar::Or(_) => fold_logic(scalar, false),
            Scalar::Not(arg) => {
                if let Some(turned) = negated(arg) {
                    *scalar = turned;
                }
            }
            _ => {}
        }
        if self.can_compute(scalar)
            && let Some(value) = self.compute(scalar)
        {
            *scalar = Scalar::Const(value);
        }
    }

    fn can_compute(&self, scalar: &Scalar) -> bool {
        let own = match scalar {
            Scalar::Const(_) | Scalar::Column(_) | Scalar::Param(_) | Scalar::Exec(_) | Scalar::Waited(_) => false,
            Scalar::Call(name, ..) => !VOLATILE.contains(name) && !STABLE.contains(name) && !name.starts_with("pg_"),
            // What a text means as a time depends on the session.
            Scalar::Cast(_, ty, _) => !matches!(ty, TypeId::TimestampTz | TypeId::Regclass),
            _ => true,
        };
        let mut known = own;
        scalar.parts(&mut |part| known = known && matches!(part, Scalar::Const(_)));
        known
    }

    /// The value of an expression without columns, if it has one.
    pub fn compute(&self, scalar: &Scalar) -> Option<Datum> {
        let (exec, missing) = (RefCell::default(), Cell::new(0));
        let params = self.params.unwrap_or_default();
        let cx = EvalCx { fx: self.fx, row: &[], base: 0, params, exec: &exec, waited: &[], missing: &missing };
        scalar.eval(&cx).ok()
    }
}

/// AND and OR without what decides nothing, or decided by a constant.
fn fold_logic(scalar: &mut Scalar, and: bool) {
    let (Scalar::And(args) | Scalar::Or(args)) = scalar else { return };
    let mut flat = Vec::with_capacity(args.len());
    for arg in args.drain(..) {
        match arg {
            Scalar::And(inner) if and => flat.extend(inner),
            Scalar::Or(inner) if !and => flat.extend(inner),
            Scalar::Const(Datum::Bool(value)) if value == and => {}
            other => flat.push(other),
        }
    }
    let decides = |arg: &Scalar| matches!(arg, Scalar::Const(Datum::Bool(value)) if *value != and);
    *scalar = match flat.len() {
        _ if flat.iter().any(decides) => Scalar::Const(Datum::Bool(!and)),
        0 => Scalar::Const(Datum::Bool(and)),
        1 => flat.remove(0),
        _ if and => Scalar::And(flat),
        _ => Scalar::Or(flat),
    };
}

/// `negate_clause`: NOT moved inward, where that is possible.
fn negated(arg: &mut Scalar) -> Option<Scalar> {
    use crate::types::arith;
    Some(match arg {
        Scalar::Not(inner) => std::mem::replace(&mut **inner, Scalar::Const(Datum::Null)),
        Scalar::Binary(op, _, args) => {
            let (op, f): (&str, crate::types::arith::BinaryFn) = match &**op {
                "=" => ("<>", arith::ne),
                "<>" => ("=", arith::eq),
                "<" => (">=", arith::ge),
                "<=" => (">", arith::gt),
                ">" => ("<=", arith::le),
                ">=" => ("<", arith::lt),
                _ => return None,
            };
            Scalar::Binary(op.into(), f, args.clone())
        }
        Scalar::IsNull(inner, not) => Scalar::IsNull(inner.clone(), !*not),
        Scalar::IsBool(inner, value, not) => Scalar::IsBool(inner.clone(), *value, !*not),
        Scalar::And(args) | Scalar::Or(args) => {
            let turned = args.iter_mut().map(|arg| match negated(arg) {
                Some(turned) => turned,
                None => Scalar::Not(Box::new(arg.clone())),
            });
            let turned: Vec<Scalar> = turned.collect();
            if matches!(arg, Scalar::And(_)) { Scalar::Or(turned) } else { Scalar::And(turned) }
        }
        _ => return None,
    })
}

impl AggCall {
    /// The type of its value.
    pub fn result(&self) -> TypeId {
        match &self.kind {
            AggKind::Aggregate(aggregate) => aggregate.result,
            AggKind::Grouping(_) => TypeId::Int4,
        }
    }
}

impl Level<'_> {
    /// The type of an expression, and its modifier.
    pub fn type_of(&self, scalar: &Scalar) -> (TypeId, i32) {
        let ty = match scalar {
            Scalar::Const(value) => value.element_type(),
            Scalar::Column(slot) => return self.slot_type(*slot),
            Scalar::Param(n) => self.planner.bound.params.get(*n).copied().unwrap_or(TypeId::Unknown),
            Scalar::Exec(_) | Scalar::Waited(_) => TypeId::Unknown,
            Scalar::Unary(_, _, arg) => return (self.type_of(arg).0, -1),
            Scalar::Binary(op, _, args) => match &**op {
                "=" | "<>" | "<" | "<=" | ">" | ">=" | "~~" | "!~~" | "~~*" | "!~~*" | "~" | "!~" => TypeId::Bool,
                op => {
                    let (left, right) = (self.type_of(&args[0]).0, self.type_of(&args[1]).0);
                    binary_op(op, left, right).map_or(TypeId::Unknown, |found| found.result)
                }
            },
            Scalar::Cast(_, ty, _) => *ty,
            Scalar::Typmod(_, ty, typmod, _) => return (*ty, *typmod),
            Scalar::Call(name, _, args, _) => self.call_type(name, args),
            Scalar::Case(whens, otherwise) => {
                let known = whens.iter().map(|(_, then)| then).chain([&**otherwise]);
                let mut types = known.map(|then| self.type_of(then).0);
                return (types.find(|ty| *ty != TypeId::Unknown).unwrap_or(TypeId::Text), -1);
            }
            Scalar::Coalesce(args) | Scalar::MinMax(_, args) => {
                let mut types = args.iter().map(|arg| self.type_of(arg).0);
                types.find(|ty| *ty != TypeId::Unknown).unwrap_or(TypeId::Text)
            }
            Scalar::NullIf(args) => self.type_of(&args[0]).0,
            Scalar::Array(elem, _) => elem.array().unwrap_or(TypeId::Unknown),
            _ => TypeId::Bool,
        };
        (ty, -1)
    }

    fn call_type(&self, name: &str, args: &[Scalar]) -> TypeId {
        if name == "||" {
            return args.first().map_or(TypeId::Unknown, |arg| self.type_of(arg).0);
        }
        let found = self.planner.fx.registry.named(name);
        let fits = |function: &&std::rc::Rc<super::super::functions::Function>| function.args.len() == args.len();
        found.iter().find(fits).or(found.first()).map_or(TypeId::Unknown, |function| function.result())
    }

    pub fn window_type(&self, call: &WindowCall) -> TypeId {
        use WindowFunction as W;
        match call {
            WindowCall::Aggregate(call) => call.result(),
            WindowCall::Function(W::RowNumber | W::Rank | W::DenseRank, _) => TypeId::Int8,
            WindowCall::Function(W::PercentRank | W::CumeDist, _) => TypeId::Float8,
            WindowCall::Function(W::Ntile, _) => TypeId::Int4,
            WindowCall::Function(_, args) => args.first().map_or(TypeId::Unknown, |arg| self.type_of(arg).0),
        }
    }
}
