//! The literals of a statement, always in the same order: what differs between two statements of one shape.

use super::super::ast::*;

/// Calls `f` with each literal that stands as an expression. What is not gone into here keeps its literals to itself; a
/// statement with such a one is not remembered (`shape.rs`).
pub(super) fn each(statement: &mut Statement, f: &mut dyn FnMut(&mut Expr)) {
    match statement {
        Statement::Query(query) => of_query(query, f),
        Statement::Insert(insert) => {
            of_with(&mut insert.with, f);
            insert.source.iter_mut().for_each(|query| of_query(query, f));
            of_targets(&mut insert.returning, f);
        }
        Statement::Update(update) => {
            of_with(&mut update.with, f);
            update.set.iter_mut().for_each(|set| of_expr(&mut set.value, f));
            of_some(&mut update.filter, f);
            of_targets(&mut update.returning, f);
        }
        Statement::Delete(delete) => {
            of_with(&mut delete.with, f);
            of_some(&mut delete.filter, f);
            of_targets(&mut delete.returning, f);
        }
        _ => {}
    }
}

fn of_with(with: &mut Option<With>, f: &mut dyn FnMut(&mut Expr)) {
    with.iter_mut().flat_map(|with| &mut with.ctes).for_each(|cte| each(&mut cte.statement, f));
}

fn of_query(query: &mut Query, f: &mut dyn FnMut(&mut Expr)) {
    of_with(&mut query.with, f);
    match &mut query.body {
        QueryBody::Select(select) => {
            of_targets(&mut select.targets, f);
            of_some(&mut select.filter, f);
            select.group_by.iter_mut().for_each(|item| of_group(item, f));
            of_all(&mut select.distinct_on, f);
            of_some(&mut select.having, f);
        }
        QueryBody::Values(rows) => rows.iter_mut().for_each(|row| of_all(row, f)),
        QueryBody::SetOperation(operation) => {
            of_query(&mut operation.left, f);
            of_query(&mut operation.right, f);
        }
    }
    query.order_by.iter_mut().for_each(|sort| of_expr(&mut sort.expr, f));
    of_some(&mut query.limit, f);
    of_some(&mut query.offset, f);
}

fn of_group(item: &mut GroupItem, f: &mut dyn FnMut(&mut Expr)) {
    match item {
        GroupItem::Keys(keys) => of_all(keys, f),
        GroupItem::Rollup(lists) | GroupItem::Cube(lists) => lists.iter_mut().for_each(|list| of_all(list, f)),
        GroupItem::Sets(items) => items.iter_mut().for_each(|item| of_group(item, f)),
    }
}

fn of_targets(targets: &mut [Target], f: &mut dyn FnMut(&mut Expr)) {
    for target in targets {
        if let Target::Expr(expr, _) = target {
            of_expr(expr, f);
        }
    }
}

fn of_some(expr: &mut Option<Expr>, f: &mut dyn FnMut(&mut Expr)) {
    expr.iter_mut().for_each(|expr| of_expr(expr, f));
}

fn of_all(exprs: &mut [Expr], f: &mut dyn FnMut(&mut Expr)) {
    exprs.iter_mut().for_each(|expr| of_expr(expr, f));
}

fn of_expr(expr: &mut Expr, f: &mut dyn FnMut(&mut Expr)) {
    match &mut expr.kind {
        ExprKind::Int4(_) | ExprKind::Int8(_) | ExprKind::Numeric(_) | ExprKind::String(_) => f(expr),
        ExprKind::Unary(_, arg)
        | ExprKind::Not(arg)
        | ExprKind::IsNull(arg, _)
        | ExprKind::IsBool(arg, ..)
        | ExprKind::Cast(arg, _) => of_expr(arg, f),
        ExprKind::Binary(_, left, right) | ExprKind::IsDistinct(left, right, _) | ExprKind::NullIf(left, right) => {
            of_expr(left, f);
            of_expr(right, f);
        }
        ExprKind::And(args) | ExprKind::Or(args) | ExprKind::Coalesce(args) | ExprKind::MinMax(_, args) => {
            of_all(args, f);
        }
        ExprKind::Between(between) => {
            let Between { arg, low, high, .. } = &mut **between;
            [arg, low, high].into_iter().for_each(|expr| of_expr(expr, f));
        }
        ExprKind::In(arg, items, _) => {
            of_expr(arg, f);
            of_all(items, f);
        }
        ExprKind::Call(call) => call.args.iter_mut().for_each(|(_, arg)| of_expr(arg, f)),
        _ => {}
    }
}
