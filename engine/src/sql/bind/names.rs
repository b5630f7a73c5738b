//! The name of a result's column that was given none: `FigureColname`.

use super::super::ast::{Expr, ExprKind, Ident, Query, QueryBody, QueryExpr, Target};

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
        ExprKind::Collate(arg, _) => return name_of(arg),
        ExprKind::Subscript(arg, _) => return name_of(arg),
        ExprKind::Query(QueryExpr::Exists, _) => ("exists".into(), true),
        ExprKind::Query(QueryExpr::Array, _) | ExprKind::Array(_) => ("array".into(), true),
        ExprKind::Query(QueryExpr::Value, query) => return name_of_query(query),
        ExprKind::Row(_) => ("row".into(), true),
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

/// A subquery is called as its only column.
fn name_of_query(query: &Query) -> Option<(Ident, bool)> {
    match &query.body {
        QueryBody::Select(select) => match select.targets.first()? {
            Target::Expr(_, Some(name)) => Some((name.clone(), true)),
            Target::Expr(expr, None) => name_of(expr),
            Target::Star(_) | Target::TableStar(_) => None,
        },
        QueryBody::Values(_) => Some(("column1".into(), true)),
        QueryBody::SetOperation(operation) => name_of_query(&operation.left),
    }
}
