//! The name of a result's column that was given none: `FigureColname`.

use super::super::ast::{Expr, ExprKind, Ident};

/// The name that a column gets from its expression.
pub(super) fn column_name(expr: &Expr) -> Ident {
    name_of(expr).map_or_else(|| "?column?".into(), |(name, _)| name)
}

/// A name, and whether it is better than the name of a cast's type.
fn name_of(expr: &Expr) -> Option<(Ident, bool)> {
    Some(match &expr.kind {
        ExprKind::Column(path) => (path.last()?.clone(), true),
        ExprKind::Call(call) => (call.name.name.clone(), true),
        ExprKind::Field(_, Some(name)) => (name.clone(), true),
        ExprKind::Cast(arg, ty) => match name_of(arg) {
            Some((name, true)) => (name, true),
            _ => (ty.name.name.clone(), false),
        },
        ExprKind::Case(case) => match case.otherwise.as_ref().and_then(name_of) {
            Some((name, true)) => (name, true),
            _ => ("case".into(), false),
        },
        ExprKind::Coalesce(_) => ("coalesce".into(), true),
        ExprKind::MinMax(true, _) => ("greatest".into(), true),
        ExprKind::MinMax(false, _) => ("least".into(), true),
        ExprKind::NullIf(..) => ("nullif".into(), true),
        ExprKind::SqlValue(value, _) => (value.name().into(), true),
        _ => return None,
    })
}
