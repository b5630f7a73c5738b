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

/// WITH before a statement.
pub(super) fn with(source: &Source, children: &mut Children) -> Result<Option<With>> {
    children.node(WITH_CLAUSE).map(|clause| super::with::with(source, &clause)).transpose()
}

/// Lowers a query.
pub(super) fn query(source: &Source, node: &SyntaxNode) -> Result<Query> {
    let mut children = source.children(node);
    let mut with = with(source, &mut children)?;
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
        PAREN_SELECT => return parenthesised(source, children, with),
        COMPOUND_SELECT => set_operation(source, &mut children, &mut with)?,
        SELECT_INTO => {
            let (_, into) = query_into(source, node)?;
            let message = "SELECT ... INTO is not allowed here";
            return Err(Error::new(sqlstate::SYNTAX_ERROR, message).at(source.node_pos(&into).0));
        }
        _ => return Err(source.unsupported_node(node)),
    };
    let query = tail(source, &mut children, body)?;
    children.eat(SEMICOLON);
    children.end()?;
    Ok(Query { with, ..query })
}

/// Lowers a SELECT INTO; the clause is given back.
pub(super) fn query_into(source: &Source, node: &SyntaxNode) -> Result<(Query, SyntaxNode)> {
    let mut children = source.children(node);
    let with = with(source, &mut children)?;
    let body = QueryBody::Select(Box::new(select(source, &mut children)?));
    let query = tail(source, &mut children, body)?;
    children.eat(SEMICOLON);
    children.end()?;
    let into = node.children().find(|child| child.kind() == INTO_CLAUSE);
    Ok((Query { with, ..query }, into.ok_or_else(|| source.unsupported_node(node))?))
}

/// `left UNION right`. A WITH before the first of several belongs to the whole, a clause behind the last too.
fn set_operation(source: &Source, children: &mut Children, with: &mut Option<With>) -> Result<QueryBody> {
    let first = children.expect_any_node()?;
    if first.kind() == SELECT_INTO {
        return Err(Error::unsupported("SELECT INTO before UNION, INTERSECT or EXCEPT").at(source.node_pos(&first).0));
    }
    let mut left = query(source, &first)?;
    if first.kind() != PAREN_SELECT && with.is_none() {
        *with = left.with.take();
    }
    let kind = match children.peek() {
        Some(UNION) => SetKind::Union,
        Some(INTERSECT) => SetKind::Intersect,
        Some(EXCEPT) => SetKind::Except,
        _ => return Err(children.missing()),
    };
    let mut operator = source.children(&children.expect_any_node()?);
    operator.bump();
    let all = operator.eat(ALL);
    if !all {
        operator.eat(DISTINCT);
    }
    operator.end()?;
    let right = query(source, &children.expect_any_node()?)?;
    Ok(QueryBody::SetOperation(Box::new(SetOperation { kind, all, left, right })))
}

/// `(SELECT ...)`: clauses around it become its own, if it has none such (`insertSelectOptions`).
fn parenthesised(source: &Source, mut children: Children, with: Option<With>) -> Result<Query> {
    children.expect(L_PAREN)?;
    let mut inner = query(source, &children.expect_any_node()?)?;
    children.expect(R_PAREN)?;
    let outer = tail(source, &mut children, QueryBody::Values(Vec::new()))?;
    children.eat(SEMICOLON);
    children.end()?;
    let multiple = |what: &str, pos: Pos| {
        Error::new(sqlstate::SYNTAX_ERROR, format!("multiple {what} clauses not allowed")).at(pos.0)
    };
    if let Some(sort) = outer.order_by.first() {
        if !inner.order_by.is_empty() {
            return Err(multiple("ORDER BY", sort.expr.pos));
        }
        inner.order_by = outer.order_by;
    }
    if let Some(offset) = outer.offset {
        if inner.offset.is_some() {
            return Err(multiple("OFFSET", offset.pos));
        }
        inner.offset = Some(offset);
    }
    if let Some(limit) = outer.limit {
        if inner.limit.is_some() {
            return Err(multiple("LIMIT", limit.pos));
        }
        (inner.limit, inner.with_ties) = (Some(limit), outer.with_ties);
    }
    if let Some(with) = with {
        if inner.with.is_some() {
            return Err(multiple("WITH", with.ctes.first().map_or(Pos(0), |cte| cte.pos)));
        }
        inner.with = Some(with);
    }
    inner.locking.extend(outer.locking);
    Ok(inner)
}

/// ORDER BY, LIMIT and OFFSET, the last two in either order.
fn tail(source: &Source, children: &mut Children, body: QueryBody) -> Result<Query> {
    let mut query = Query::of(body);
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
            FETCH_CLAUSE => (query.limit, query.with_ties) = fetch(source, &clause)?,
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

/// `FETCH FIRST n ROWS ONLY`, or `WITH TIES`.
fn fetch(source: &Source, clause: &SyntaxNode) -> Result<(Option<Expr>, bool)> {
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
    let ties = children.eat(WITH_TIES);
    if !ties {
        children.expect(FETCH_ONLY)?;
    }
    children.end()?;
    Ok((Some(value), ties))
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

pub(super) fn order_by(source: &Source, clause: &SyntaxNode) -> Result<Vec<SortBy>> {
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
    Select { targets, from, ..Select::default() }
}

fn select(source: &Source, children: &mut Children) -> Result<Select> {
    let mut clause = source.children(&children.expect_node(SELECT_CLAUSE)?);
    clause.expect(SELECT_KW)?;
    let (mut distinct, mut distinct_on) = (false, Vec::new());
    match clause.node(DISTINCT_CLAUSE) {
        Some(node) => {
            let mut node = source.children(&node);
            node.expect(DISTINCT_KW)?;
            match node.node(DISTINCT_ON) {
                Some(on) => distinct_on = self::distinct_on(source, &on)?,
                None => distinct = true,
            }
            node.end()?;
        }
        None => _ = clause.eat(ALL),
    }
    let targets = match clause.node(TARGET_LIST) {
        Some(list) => targets(source, &list)?,
        None if distinct || !distinct_on.is_empty() => return Err(clause.missing()),
        None => Vec::new(),
    };
    clause.end()?;
    let mut select = Select { distinct, distinct_on, targets, ..Select::default() };
    children.eat(INTO_CLAUSE);
    if let Some(clause) = children.node(FROM_CLAUSE) {
        select.from = from(source, &clause)?;
    }
    select.filter = filter(source, children)?;
    if let Some(clause) = children.node(GROUP_BY_CLAUSE) {
        (select.group_by, select.group_distinct) = super::group::group_by(source, &clause)?;
    }
    if let Some(clause) = children.node(HAVING_CLAUSE) {
        let mut clause = source.children(&clause);
        clause.expect(HAVING_KW)?;
        select.having = Some(expr(source, &clause.expect_any_node()?)?);
        clause.end()?;
    }
    if let Some(clause) = children.node(WINDOW_CLAUSE) {
        select.windows = super::window::windows(source, &clause)?;
    }
    Ok(select)
}

fn distinct_on(source: &Source, node: &SyntaxNode) -> Result<Vec<Expr>> {
    let mut children = source.children(node);
    children.expect(ON_KW)?;
    let exprs = super::atom::exprs_in_parens(source, &mut children)?;
    children.end()?;
    Ok(exprs)
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

/// The items of FROM, or those of USING in a DELETE.
pub(super) fn from(source: &Source, clause: &SyntaxNode) -> Result<Vec<FromItem>> {
    let mut children = source.children(clause);
    if !children.eat(USING_KW) {
        children.expect(FROM_KW)?;
    }
    let mut items = vec![super::join::item(source, &children.expect_any_node()?)?];
    while children.eat(COMMA) {
        items.push(super::join::item(source, &children.expect_any_node()?)?);
    }
    children.end()?;
    Ok(items)
}
