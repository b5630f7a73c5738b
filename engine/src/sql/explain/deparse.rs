//! Expressions of a plan as SQL: every operation in parentheses, every constant with its type.
//!
//! PostgreSQL: `utils/adt/ruleutils.c`.

use super::super::bound::{AggCall, AggKind, Scalar, SubKind, Wait, WindowCall, WindowFunction};
use crate::types::quote::quote_literal;
use crate::types::{Datum, TypeId, output};

/// What the parts of expressions that are not their own stand for.
pub trait Names {
    /// A column of the row: its text and its type.
    fn column(&self, at: usize) -> (String, TypeId);
    /// An exec parameter.
    fn exec(&self, at: usize) -> (String, TypeId);
    /// A subquery.
    fn sub(&self, query: usize, kind: &SubKind, constant: bool, waits: &[Wait]) -> String;
}

/// An expression; `waits` are those that it stands with.
pub fn text(names: &dyn Names, scalar: &Scalar, waits: &[Wait]) -> String {
    Deparse { names, waits }.expr(scalar).0
}

/// Conditions that must hold all.
pub fn all(names: &dyn Names, conditions: &[&super::super::bound::Exprs]) -> String {
    let texts: Vec<String> = conditions
        .iter()
        .flat_map(|exprs| exprs.scalars.iter().map(|scalar| text(names, scalar, &exprs.waits)))
        .collect();
    match &texts[..] {
        [one] => one.clone(),
        several => format!("({})", several.join(" AND ")),
    }
}

struct Deparse<'n> {
    names: &'n dyn Names,
    waits: &'n [Wait],
}

impl Deparse<'_> {
    /// The text of an expression, and its type as far as it is known.
    fn expr(&self, scalar: &Scalar) -> (String, TypeId) {
        match scalar {
            Scalar::Const(value) => (constant(value), value.element_type()),
            Scalar::Column(at) => self.names.column(*at),
            Scalar::Param(n) => (format!("${}", n + 1), TypeId::Unknown),
            Scalar::Exec(n) => self.names.exec(*n),
            Scalar::Waited(n) => (self.waited(*n), TypeId::Unknown),
            Scalar::Unary(op, _, arg) => {
                let (arg, ty) = self.operand(arg);
                (format!("({op} {arg})"), ty)
            }
            Scalar::Binary(op, _, args) => {
                let (left, right) = (self.operand(&args[0]), self.operand(&args[1]));
                let op = if &**op == "!=" { "<>" } else { op };
                let ty = match op {
                    "=" | "<>" | "<" | "<=" | ">" | ">=" | "~~" | "!~~" | "~~*" | "!~~*" | "~" | "!~" => TypeId::Bool,
                    op => crate::types::binary_op(op, left.1, right.1).map_or(left.1, |found| found.result),
                };
                (format!("({} {op} {})", left.0, right.0), ty)
            }
            Scalar::Cast(_, ty, arg) => (format!("({})::{ty}", self.expr(arg).0), *ty),
            Scalar::Typmod(arg, ty, typmod, _) => {
                let inner = match &**arg {
                    Scalar::Cast(_, _, inner) => self.expr(inner).0,
                    other => self.expr(other).0,
                };
                (format!("({inner})::{}", ty.format(*typmod)), *ty)
            }
            Scalar::Call(name, _, args, _) if *name == "||" => {
                let args = self.list(args, " || ");
                (format!("({args})"), TypeId::Unknown)
            }
            Scalar::Call(name, _, args, _) => (self.call(name, args), TypeId::Unknown),
            _ => (self.logic(scalar), TypeId::Bool),
        }
    }

    /// An operand: `varchar` has no operators of its own, it is taken for the text that it is.
    fn operand(&self, scalar: &Scalar) -> (String, TypeId) {
        match self.expr(scalar) {
            (text, TypeId::Varchar) => (format!("({text})::text"), TypeId::Text),
            other => other,
        }
    }

    fn list(&self, items: &[Scalar], between: &str) -> String {
        items.iter().map(|item| self.expr(item).0).collect::<Vec<_>>().join(between)
    }

    fn call(&self, name: &str, args: &[Scalar]) -> String {
        match name {
            "current_date" | "current_timestamp" | "localtimestamp" if args.is_empty() => name.to_ascii_uppercase(),
            _ => {
                let args: Vec<String> = args.iter().map(|arg| self.operand(arg).0).collect();
                format!("{name}({})", args.join(", "))
            }
        }
    }

    fn logic(&self, scalar: &Scalar) -> String {
        match scalar {
            Scalar::And(args) => format!("({})", self.list(args, " AND ")),
            Scalar::Or(args) => format!("({})", self.list(args, " OR ")),
            Scalar::Not(arg) => format!("(NOT {})", self.expr(arg).0),
            Scalar::IsNull(arg, not) => format!("({} IS {}NULL)", self.expr(arg).0, if *not { "NOT " } else { "" }),
            Scalar::IsBool(arg, value, not) => {
                let word = value.map_or("UNKNOWN", |value| if value { "TRUE" } else { "FALSE" });
                format!("({} IS {}{word})", self.expr(arg).0, if *not { "NOT " } else { "" })
            }
            Scalar::IsDistinct(args, not) => {
                let (left, right) = (self.operand(&args[0]).0, self.operand(&args[1]).0);
                let found = format!("({left} IS DISTINCT FROM {right})");
                if *not { format!("(NOT {found})") } else { found }
            }
            Scalar::Each(op, _, all, args) => {
                let (left, right) = (self.operand(&args[0]).0, self.expr(&args[1]).0);
                format!("({left} {op} {} ({right}))", if *all { "ALL" } else { "ANY" })
            }
            Scalar::Coalesce(args) => format!("COALESCE({})", self.list(args, ", ")),
            Scalar::MinMax(greatest, args) => {
                format!("{}({})", if *greatest { "GREATEST" } else { "LEAST" }, self.list(args, ", "))
            }
            Scalar::NullIf(args) => format!("NULLIF({})", self.list(&args[..], ", ")),
            Scalar::Array(_, args) => format!("ARRAY[{}]", self.list(args, ", ")),
            Scalar::Case(whens, otherwise) => {
                let mut text = "CASE".to_string();
                for (when, then) in whens {
                    text += &format!(" WHEN {} THEN {}", self.expr(when).0, self.expr(then).0);
                }
                format!("{text} ELSE {} END", self.expr(otherwise).0)
            }
            _ => String::new(),
        }
    }

    /// A subquery, or a function that waits.
    fn waited(&self, at: usize) -> String {
        match self.waits.get(at) {
            Some(Wait::Call(function, args)) => self.call(function.name, args),
            Some(Wait::Sub(link)) => self.names.sub(link.query, &link.kind, link.constant, self.waits),
            None => String::new(),
        }
    }
}

/// A constant, with its type where it does not show by itself.
pub fn constant(value: &Datum) -> String {
    let ty = value.element_type();
    let shown = output(value, ty);
    let first_digit = shown.starts_with(|c: char| c.is_ascii_digit());
    match value {
        Datum::Null => "NULL".into(),
        Datum::Bool(value) => value.to_string(),
        Datum::Int4(n) if *n >= 0 => shown,
        Datum::Numeric(_) if first_digit && shown.contains(['.', 'e', 'E']) => shown,
        _ => format!("{}::{ty}", quote_literal(&shown)),
    }
}

/// An aggregate as it was called.
pub fn aggregate(names: &dyn Names, call: &AggCall, waits: &[Wait]) -> String {
    let AggKind::Aggregate(aggregate) = &call.kind else { return "GROUPING()".into() };
    let args: Vec<String> = call.args.iter().map(|arg| text(names, arg, waits)).collect();
    let args = if call.args.is_empty() { "*".into() } else { args.join(", ") };
    let distinct = if call.distinct { "DISTINCT " } else { "" };
    let mut shown = format!("{}({distinct}{args}", aggregate.name());
    for (at, key) in call.order_by.iter().enumerate() {
        shown += if at == 0 { " ORDER BY " } else { ", " };
        shown += &(text(names, &key.scalar, waits) + order(key.descending, key.nulls_first));
    }
    shown += ")";
    if let Some(filter) = &call.filter {
        shown += &format!(" FILTER (WHERE {})", text(names, filter, waits));
    }
    shown
}

/// A function over a window.
pub fn window_call(names: &dyn Names, call: &WindowCall, waits: &[Wait]) -> String {
    use WindowFunction as W;
    let shown = match call {
        WindowCall::Aggregate(call) => aggregate(names, call, waits),
        WindowCall::Function(function, args) => {
            let name = match function {
                W::RowNumber => "row_number",
                W::Rank => "rank",
                W::DenseRank => "dense_rank",
                W::PercentRank => "percent_rank",
                W::CumeDist => "cume_dist",
                W::Ntile => "ntile",
                W::Lag => "lag",
                W::Lead => "lead",
                W::FirstValue => "first_value",
                W::LastValue => "last_value",
                W::NthValue => "nth_value",
            };
            let args: Vec<String> = args.iter().map(|arg| text(names, arg, waits)).collect();
            format!("{name}({})", args.join(", "))
        }
    };
    shown + " OVER (?)"
}

/// DESC and NULLS, where they are not as usual.
pub fn order(descending: bool, nulls_first: bool) -> &'static str {
    match (descending, nulls_first) {
        (false, false) => "",
        (false, true) => " NULLS FIRST",
        (true, true) => " DESC",
        (true, false) => " DESC NULLS LAST",
    }
}
