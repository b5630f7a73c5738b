//! Expressions as text: SQL again, with every operation in parentheses, so that it shows how a query was understood.

use super::ast::{Between, Call, Case, Expr, ExprKind, QualName, Quantified, Quantity, QueryExpr, Subscript, TypeName};
use super::bound::Scalar;
use std::fmt::{Debug, Display, Formatter, Result};

impl Display for QualName {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match &self.schema {
            Some(schema) => write!(f, "{schema}.{}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

impl Debug for QualName {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{self}{:?}", self.pos)
    }
}

impl Display for TypeName {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{}", self.name)?;
        if !self.typmods.is_empty() {
            list(f, "(", &self.typmods)?;
        }
        f.write_str(if self.array { "[]" } else { "" })
    }
}

impl Debug for TypeName {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{self}{:?}", self.name.pos)
    }
}

impl Debug for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{self} {:?}", self.pos)
    }
}

impl Debug for Call {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{self}")
    }
}

/// `open`, the items with commas between them, and a closing parenthesis.
fn list<T: Display>(f: &mut Formatter<'_>, open: &str, items: &[T]) -> Result {
    f.write_str(open)?;
    separated(f, ", ", items)?;
    f.write_str(")")
}

fn separated<T: Display>(f: &mut Formatter<'_>, between: &str, items: &[T]) -> Result {
    for (i, item) in items.iter().enumerate() {
        write!(f, "{}{item}", if i > 0 { between } else { "" })?;
    }
    Ok(())
}

fn not(negated: bool) -> &'static str {
    if negated { "NOT " } else { "" }
}

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match &self.kind {
            ExprKind::Null => f.write_str("NULL"),
            ExprKind::Bool(value) => write!(f, "{value}"),
            ExprKind::Int4(value) => write!(f, "{value}"),
            ExprKind::Int8(value) => write!(f, "{value}"),
            ExprKind::Numeric(text) => f.write_str(text),
            ExprKind::String(text) => write!(f, "'{}'", text.replace('\'', "''")),
            ExprKind::Param(n) => write!(f, "${n}"),
            ExprKind::Column(path) => separated(f, ".", path),
            ExprKind::Unary(op, arg) => write!(f, "({op} {arg})"),
            ExprKind::Binary(op, left, right) => write!(f, "({left} {op} {right})"),
            ExprKind::And(args) => joined(f, " AND ", args),
            ExprKind::Or(args) => joined(f, " OR ", args),
            ExprKind::Not(arg) => write!(f, "(NOT {arg})"),
            ExprKind::IsNull(arg, negated) => write!(f, "({arg} IS {}NULL)", not(*negated)),
            ExprKind::IsBool(arg, value, negated) => {
                let value = value.map_or("UNKNOWN", |v| if v { "TRUE" } else { "FALSE" });
                write!(f, "({arg} IS {}{value})", not(*negated))
            }
            ExprKind::IsDistinct(left, right, negated) => {
                write!(f, "({left} IS {}DISTINCT FROM {right})", not(*negated))
            }
            ExprKind::Between(between) => write!(f, "{between}"),
            ExprKind::In(arg, items, negated) => {
                write!(f, "({arg} {}IN ", not(*negated))?;
                list(f, "(", items)?;
                f.write_str(")")
            }
            ExprKind::InQuery(arg, query, negated) => write!(f, "({arg} {}IN {query:?})", not(*negated)),
            ExprKind::Query(QueryExpr::Value, query) => write!(f, "{query:?}"),
            ExprKind::Query(kind, query) => write!(f, "{kind:?} {query:?}"),
            ExprKind::Quantified(quantified) => write!(f, "{quantified:?}"),
            ExprKind::Row(args) => list(f, "ROW(", args),
            ExprKind::Array(args) => {
                f.write_str("ARRAY[")?;
                separated(f, ", ", args)?;
                f.write_str("]")
            }
            ExprKind::Subscript(arg, subscripts) => write!(f, "{arg}{subscripts:?}"),
            ExprKind::Collate(arg, name) => write!(f, "({arg} COLLATE {name})"),
            ExprKind::Case(case) => write!(f, "{case}"),
            ExprKind::Cast(arg, ty) => write!(f, "({arg}::{ty})"),
            ExprKind::Call(call) => write!(f, "{call}"),
            ExprKind::Coalesce(args) => list(f, "COALESCE(", args),
            ExprKind::MinMax(greatest, args) => list(f, if *greatest { "GREATEST(" } else { "LEAST(" }, args),
            ExprKind::NullIf(left, right) => write!(f, "NULLIF({left}, {right})"),
            ExprKind::SqlValue(value, None) => f.write_str(&value.name().to_uppercase()),
            ExprKind::SqlValue(value, Some(precision)) => write!(f, "{}({precision})", value.name().to_uppercase()),
            ExprKind::Field(arg, Some(name)) => write!(f, "({arg}).{name}"),
            ExprKind::Field(arg, None) => write!(f, "({arg}).*"),
            ExprKind::Default => f.write_str("DEFAULT"),
        }
    }
}

impl Debug for Quantified {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let word = if self.all { "ALL" } else { "ANY" };
        match &self.right {
            Quantity::Query(query) => write!(f, "({} {} {word} {query:?})", self.left, self.op),
            Quantity::Array(array) => write!(f, "({} {} {word} ({array}))", self.left, self.op),
        }
    }
}

impl Debug for Subscript {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Subscript::Index(index) => write!(f, "{index}"),
            Subscript::Slice(low, high) => write!(f, "{low:?}:{high:?}"),
        }
    }
}

impl Display for Between {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let symmetric = if self.symmetric { "SYMMETRIC " } else { "" };
        write!(f, "({} {}BETWEEN {symmetric}{} AND {})", self.arg, not(self.negated), self.low, self.high)
    }
}

impl Display for Case {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str("CASE")?;
        if let Some(arg) = &self.arg {
            write!(f, " {arg}")?;
        }
        for (when, then) in &self.whens {
            write!(f, " WHEN {when} THEN {then}")?;
        }
        if let Some(otherwise) = &self.otherwise {
            write!(f, " ELSE {otherwise}")?;
        }
        f.write_str(" END")
    }
}

impl Display for Call {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{}({}", self.name, if self.distinct { "DISTINCT " } else { "" })?;
        if self.star {
            f.write_str("*")?;
        }
        for (i, (name, arg)) in self.args.iter().enumerate() {
            f.write_str(if i > 0 { ", " } else { "" })?;
            if let Some(name) = name {
                write!(f, "{name} => ")?;
            }
            write!(f, "{arg}")?;
        }
        if !self.order_by.is_empty() {
            f.write_str(if self.within_group { ") WITHIN GROUP (ORDER BY" } else { " ORDER BY" })?;
            self.order_by.iter().try_for_each(|sort| write!(f, " {sort:?}"))?;
        }
        f.write_str(")")?;
        if let Some(filter) = &self.filter {
            write!(f, " FILTER (WHERE {filter})")?;
        }
        self.over.iter().try_for_each(|over| write!(f, " OVER {over:?}"))
    }
}

/// Columns are shown by their slots.
impl Display for Scalar {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Scalar::Const(value) => write!(f, "{value:?}"),
            Scalar::Column(slot) => write!(f, "#{slot}"),
            Scalar::Param(at) => write!(f, "${}", at + 1),
            Scalar::Exec(at) => write!(f, "exec {at}"),
            Scalar::Waited(at) => write!(f, "waited {at}"),
            Scalar::Unary(op, _, arg) => write!(f, "({op} {arg})"),
            Scalar::Binary(op, _, args) => write!(f, "({} {op} {})", args[0], args[1]),
            Scalar::Cast(_, ty, arg) => write!(f, "({arg}::{ty})"),
            Scalar::Typmod(arg, ty, typmod, _) => write!(f, "({arg}::{})", ty.format(*typmod)),
            Scalar::Call(name, _, args, _) => list(f, &format!("{name}("), args),
            Scalar::And(args) => joined(f, " AND ", args),
            Scalar::Or(args) => joined(f, " OR ", args),
            Scalar::Not(arg) => write!(f, "(NOT {arg})"),
            Scalar::IsNull(arg, negated) => write!(f, "({arg} IS {}NULL)", not(*negated)),
            Scalar::IsBool(arg, value, negated) => write!(f, "({arg} IS {}{value:?})", not(*negated)),
            Scalar::IsDistinct(args, negated) => {
                write!(f, "({} IS {}DISTINCT FROM {})", args[0], not(*negated), args[1])
            }
            Scalar::Case(whens, otherwise) => {
                f.write_str("CASE")?;
                whens.iter().try_for_each(|(when, then)| write!(f, " WHEN {when} THEN {then}"))?;
                write!(f, " ELSE {otherwise} END")
            }
            Scalar::Coalesce(args) => list(f, "COALESCE(", args),
            Scalar::MinMax(greatest, args) => list(f, if *greatest { "GREATEST(" } else { "LEAST(" }, args),
            Scalar::NullIf(args) => list(f, "NULLIF(", &args[..]),
            Scalar::Array(_, args) => list(f, "ARRAY(", args),
            Scalar::Each(op, _, all, args) => {
                write!(f, "({} {op} {} {})", args[0], if *all { "ALL" } else { "ANY" }, args[1])
            }
        }
    }
}

impl Debug for Scalar {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{self}")
    }
}

fn joined<T: Display>(f: &mut Formatter<'_>, between: &str, args: &[T]) -> Result {
    f.write_str("(")?;
    separated(f, between, args)?;
    f.write_str(")")
}
