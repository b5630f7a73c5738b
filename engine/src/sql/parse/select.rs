//! SELECT and VALUES.

use super::super::ast::*;
use super::atom;
use super::cursor::{Children, Source};
use super::expr::expr;
use super::locking::locking;
use super::name::{from_parts, qualified};
use crate::ids::{Error, Result, sqlstate};
use squawk_syntax::SyntaxKind::{self, *};
use squawk_syntax::SyntaxNode;

/// Whether a node is a query.
pub(super) fn is_query(kind: SyntaxKind) -> bool {
    matches!(kind, SELECT | VALUES | TABLE | PAREN_SELECT | COMPOUND_SELECT | SELECT_INTO)
}

/// Lowers a query.
pub(super) fn query(source: &Source, node: &SyntaxNode) -> Result<Query> {
    let mut children = source.children(node);
    let body = match node.kind() {
        SELECT => QueryBody::Select(Box::new(select(source, &mut children)?)),
        VALUES => {
            children.expect(VALUES_KW)?;
            QueryBody::Values(rows(source, &children.expect_node(ROW_LIST)?)?)
        }
        TABLE => {
            children.expect(TABLE_KW)?;
            QueryBody::Select(Box::new(whole_table(relation(source, &children.expect_node(RELATION_NAME)?)?)))
        }
        PAREN_SELECT => return parenthesised(source, children),
        COMPOUND_SELECT => return Err(unsupported_set_operation(source, node)),
        SELECT_INTO => return Err(Error::unsupported("SELECT INTO").at(source.node_pos(node).0)),
        _ => return Err(source.unsupported_node(node)),
    };
    let query = tail(source, &mut children, body)?;
    children.eat(SEMICOLON);
    children.end()?;
    Ok(query)
}

fn unsupported_set_operation(source: &Source, node: &SyntaxNode) -> Error {
    let operation = node.children().find(|child| matches!(child.kind(), UNION | INTERSECT | EXCEPT));
    source.unsupported_node(operation.as_ref().unwrap_or(node))
}

/// `(SELECT ...)`, perhaps with clauses of its own behind it.
fn parenthesised(source: &Source, mut children: Children) -> Result<Query> {
    children.expect(L_PAREN)?;
    let inner = query(source, &children.expect_any_node()?)?;
    children.expect(R_PAREN)?;
    children.eat(SEMICOLON);
    children.end()?;
    Ok(inner)
}

/// ORDER BY, LIMIT and OFFSET, the last two in either order.
fn tail(source: &Source, children: &mut Children, body: QueryBody) -> Result<Query> {
    let mut query = Query { body, order_by: Vec::new(), limit: None, offset: None, locking: Vec::new() };
    if let Some(clause) = children.node(ORDER_BY_CLAUSE) {
        query.order_by = order_by(source, &clause)?;
    }
    let (mut limited, mut offset) = (false, false);
    while let Some(kind @ (LIMIT_CLAUSE | FETCH_CLAUSE | OFFSET_CLAUSE | LOCKING_CLAUSE)) = children.peek() {
        let clause = children.expect_any_node()?;
        if kind == LOCKING_CLAUSE {
            query.locking.push(locking(source, &clause)?);
            continue;
        }
        let seen = if kind == OFFSET_CLAUSE { &mut offset } else { &mut limited };
        if std::mem::replace(seen, true) {
            return Err(source.syntax_error(source.node_start(&clause)));
        }
        match kind {
            LIMIT_CLAUSE => query.limit = limit(source, &clause)?,
            FETCH_CLAUSE => query.limit = fetch(source, &clause)?,
            _ => query.offset = Some(offset_value(source, &clause)?),
        }
    }
    Ok(query)
}

fn limit(source: &Source, clause: &SyntaxNode) -> Result<Option<Expr>> {
    let mut children = source.children(clause);
    children.expect(LIMIT_KW)?;
    let value = if children.eat(ALL) || children.eat(ALL_KW) {
        None
    } else {
        Some(expr(source, &children.expect_any_node()?)?)
    };
    children.end()?;
    // LIMIT NULL is LIMIT ALL.
    Ok(value)
}

/// `FETCH FIRST n ROWS ONLY`
fn fetch(source: &Source, clause: &SyntaxNode) -> Result<Option<Expr>> {
    let mut children = source.children(clause);
    children.expect(FETCH_KW)?;
    if !children.eat(FIRST_KW) {
        children.expect(NEXT_KW)?;
    }
    let value = match children.peek() {
        Some(ROW_KW | ROWS_KW) => Expr { kind: ExprKind::Int4(1), pos: source.node_pos(clause) },
        _ => expr(source, &children.expect_any_node()?)?,
    };
    if !children.eat(ROW_KW) {
        children.expect(ROWS_KW)?;
    }
    children.expect(FETCH_ONLY)?;
    children.end()?;
    Ok(Some(value))
}

fn offset_value(source: &Source, clause: &SyntaxNode) -> Result<Expr> {
    let mut children = source.children(clause);
    children.expect(OFFSET_KW)?;
    let value = expr(source, &children.expect_any_node()?)?;
    if !children.eat(ROW_KW) {
        children.eat(ROWS_KW);
    }
    children.end()?;
    Ok(value)
}

fn order_by(source: &Source, clause: &SyntaxNode) -> Result<Vec<SortBy>> {
    let mut children = source.children(clause);
    children.expect(ORDER_KW)?;
    children.expect(BY_KW)?;
    let mut list = source.children(&children.expect_node(SORT_BY_LIST)?);
    children.end()?;
    let mut sorts = Vec::new();
    for item in list.list(SORT_BY)? {
        let mut item = source.children(&item);
        let expr = expr(source, &item.expect_any_node()?)?;
        let descending = item.eat(SORT_DESC);
        if !descending {
            item.eat(SORT_ASC);
        }
        let nulls_first = match item.peek() {
            Some(kind @ (NULLS_FIRST | NULLS_LAST)) => item.bump().map(|_| kind == NULLS_FIRST),
            _ => None,
        };
        item.end()?;
        sorts.push(SortBy { expr, descending, nulls_first });
    }
    list.end()?;
    Ok(sorts)
}

/// The rows of VALUES.
fn rows(source: &Source, list: &SyntaxNode) -> Result<Vec<Vec<Expr>>> {
    let mut children = source.children(list);
    let mut rows: Vec<Vec<Expr>> = Vec::new();
    for row in children.list(ROW)? {
        let mut cells = source.children(&row);
        cells.expect(L_PAREN)?;
        let mut values = vec![expr(source, &cells.expect_any_node()?)?];
        while cells.eat(COMMA) {
            values.push(expr(source, &cells.expect_any_node()?)?);
        }
        cells.expect(R_PAREN)?;
        cells.end()?;
        if rows.first().is_some_and(|first| first.len() != values.len()) {
            let message = "VALUES lists must all be the same length";
            return Err(Error::new(sqlstate::SYNTAX_ERROR, message).at(values[0].pos.0));
        }
        rows.push(values);
    }
    children.end()?;
    Ok(rows)
}

fn whole_table(name: QualName) -> Select {
    let targets = vec![Target::Star(name.pos)];
    let from = vec![FromItem::Table(name, None)];
    Select { distinct: false, targets, from, filter: None, group_by: Vec::new(), having: None }
}

fn select(source: &Source, children: &mut Children) -> Result<Select> {
    let mut clause = source.children(&children.expect_node(SELECT_CLAUSE)?);
    clause.expect(SELECT_KW)?;
    let distinct = match clause.node(DISTINCT_CLAUSE) {
        Some(node) => {
            let mut node = source.children(&node);
            node.expect(DISTINCT_KW)?;
            node.end()?;
            true
        }
        None => {
            clause.eat(ALL);
            false
        }
    };
    let targets = match clause.node(TARGET_LIST) {
        Some(list) => targets(source, &list)?,
        None if distinct => return Err(clause.missing()),
        None => Vec::new(),
    };
    clause.end()?;
    let mut select = Select { distinct, targets, from: vec![], filter: None, group_by: vec![], having: None };
    if let Some(clause) = children.node(FROM_CLAUSE) {
        select.from = from(source, &clause)?;
    }
    select.filter = filter(source, children)?;
    if let Some(clause) = children.node(GROUP_BY_CLAUSE) {
        select.group_by = group_by(source, &clause)?;
    }
    if let Some(clause) = children.node(HAVING_CLAUSE) {
        let mut clause = source.children(&clause);
        clause.expect(HAVING_KW)?;
        select.having = Some(expr(source, &clause.expect_any_node()?)?);
        clause.end()?;
    }
    Ok(select)
}

/// WHERE, if it comes next.
pub(super) fn filter(source: &Source, children: &mut Children) -> Result<Option<Expr>> {
    let Some(clause) = children.node(WHERE_CLAUSE) else { return Ok(None) };
    let mut clause = source.children(&clause);
    clause.expect(WHERE_KW)?;
    let condition = expr(source, &clause.expect_any_node()?)?;
    clause.end()?;
    Ok(Some(condition))
}

fn group_by(source: &Source, clause: &SyntaxNode) -> Result<Vec<Expr>> {
    let mut children = source.children(clause);
    children.expect(GROUP_KW)?;
    children.expect(BY_KW)?;
    let mut list = source.children(&children.expect_node(GROUP_BY_LIST)?);
    children.end()?;
    let mut groups = Vec::new();
    for item in list.list(GROUPING_EXPR)? {
        let mut item = source.children(&item);
        groups.push(expr(source, &item.expect_any_node()?)?);
        item.end()?;
    }
    list.end()?;
    Ok(groups)
}

/// A target list, also that of RETURNING.
pub(super) fn targets(source: &Source, list: &SyntaxNode) -> Result<Vec<Target>> {
    let mut children = source.children(list);
    let mut targets = Vec::new();
    for node in children.list(TARGET)? {
        targets.push(target(source, &node)?);
    }
    children.end()?;
    Ok(targets)
}

fn target(source: &Source, node: &SyntaxNode) -> Result<Target> {
    let mut children = source.children(node);
    if children.eat(STAR) {
        children.end()?;
        return Ok(Target::Star(source.node_pos(node)));
    }
    let value = children.expect_any_node()?;
    if let Some(name) = table_star(source, &value)? {
        children.end()?;
        return Ok(Target::TableStar(name));
    }
    let name = match children.node(AS_NAME) {
        Some(node) => {
            let mut node = source.children(&node);
            node.eat(AS_KW);
            let name = node.name(COLUMN_NAME)?;
            node.end()?;
            Some(name)
        }
        None => None,
    };
    children.end()?;
    Ok(Target::Expr(expr(source, &value)?, name))
}

/// The table of `t.*`.
fn table_star(source: &Source, node: &SyntaxNode) -> Result<Option<QualName>> {
    if node.kind() != FIELD_EXPR {
        return Ok(None);
    }
    let mut children = source.children(node);
    let base = children.expect_any_node()?;
    children.expect(DOT)?;
    if !children.eat(STAR) {
        return Ok(None);
    }
    match atom::dotted(source, &base)? {
        Some(parts) => from_parts(parts, source.node_pos(node)).transpose(),
        None => Ok(None),
    }
}

/// RETURNING, if it comes next.
pub(super) fn returning(source: &Source, children: &mut Children) -> Result<Vec<Target>> {
    let Some(clause) = children.node(RETURNING_CLAUSE) else { return Ok(Vec::new()) };
    let mut clause = source.children(&clause);
    clause.expect(RETURNING_KW)?;
    let targets = targets(source, &clause.expect_node(TARGET_LIST)?)?;
    clause.end()?;
    Ok(targets)
}

/// The name of a table without ONLY or `*`, which stand for inheritance.
pub(super) fn relation(source: &Source, node: &SyntaxNode) -> Result<QualName> {
    let mut children = source.children(node);
    // Without inheritance ONLY changes nothing.
    children.eat(ONLY_KW);
    let name = qualified(source, &children.expect_node(RELATION_NAME_REF)?)?;
    children.eat(STAR);
    children.end()?;
    Ok(name)
}

fn from(source: &Source, clause: &SyntaxNode) -> Result<Vec<FromItem>> {
    let mut children = source.children(clause);
    children.expect(FROM_KW)?;
    let mut items = vec![super::join::item(source, &children.expect_any_node()?)?];
    while children.eat(COMMA) {
        items.push(super::join::item(source, &children.expect_any_node()?)?);
    }
    children.end()?;
    Ok(items)
}
