//! Operands: everything in an expression that is no operator.

use super::super::ast::{Call, Case, Expr, ExprKind, Ident, QueryExpr, SqlValue, Subscript};
use super::cursor::{Children, Source};
use super::expr::expr;
use super::name::{self, from_parts};
use super::select::{is_query, order_by, query};
use crate::ids::{Error, Result, sqlstate};
use squawk_syntax::SyntaxKind::*;
use squawk_syntax::SyntaxNode;

/// Lowers an operand.
pub(super) fn operand(source: &Source, node: &SyntaxNode) -> Result<Expr> {
    let pos = source.node_pos(node);
    let kind = match node.kind() {
        LITERAL => literal(source, node)?,
        NAME_REF => name_ref(source, node)?,
        FIELD_EXPR => field(source, node)?,
        CALL_EXPR => call_expr(source, node)?,
        PAREN_EXPR => return parenthesised(source, node),
        CASE_EXPR => case(source, node)?,
        CAST_EXPR => cast(source, node)?,
        BIN_EXPR | PREFIX_EXPR | POSTFIX_EXPR | BETWEEN_EXPR | COLLATE => return expr(source, node),
        TUPLE_EXPR => row(source, node)?,
        INDEX_EXPR | SLICE_EXPR => subscript(source, node)?,
        kind if is_query(kind) => ExprKind::Query(QueryExpr::Value, Box::new(query(source, node)?)),
        ARRAY_EXPR => array(source, node)?,
        _ => return Err(source.unsupported_node(node)),
    };
    Ok(Expr { kind, pos })
}

fn literal(source: &Source, node: &SyntaxNode) -> Result<ExprKind> {
    let mut children = source.children(node);
    let Some(kind) = children.peek() else { return Err(children.missing()) };
    if matches!(kind, STRING | ESC_STRING | DOLLAR_QUOTED_STRING | BIT_STRING | BYTE_STRING | UNICODE_ESC_STRING) {
        return Ok(ExprKind::String(name::string(source, node)?));
    }
    let Some(element) = children.bump() else { return Err(children.missing()) };
    let text = element.as_token().map_or("", |token| token.text());
    let value = match kind {
        NULL_KW => ExprKind::Null,
        TRUE_KW => ExprKind::Bool(true),
        FALSE_KW => ExprKind::Bool(false),
        DEFAULT_KW => ExprKind::Default,
        INT_NUMBER | NUMERIC_NUMBER => name::number(text),
        POSITIONAL_PARAM => ExprKind::Param(parameter(source, source.start(&element), text)?),
        _ => return Err(source.unsupported(&element)),
    };
    children.end()?;
    Ok(value)
}

fn parameter(source: &Source, start: usize, text: &str) -> Result<u32> {
    match text[1..].parse::<u32>() {
        Ok(n) if (1..=65535).contains(&n) => Ok(n),
        _ => {
            Err(Error::new(sqlstate::UNDEFINED_PARAMETER, format!("there is no parameter {text}"))
                .at(source.pos(start).0))
        }
    }
}

/// A name by itself: a column, or one of the values that SQL writes like one.
fn name_ref(source: &Source, node: &SyntaxNode) -> Result<ExprKind> {
    if let Some(value) = sql_value(node) {
        return Ok(ExprKind::SqlValue(value, None));
    }
    match node.first_token().map(|token| token.kind()) {
        Some(SYSTEM_USER_KW) => Err(source.unsupported_node(node)),
        _ => Ok(ExprKind::Column(vec![source.only_name(node)?])),
    }
}

fn sql_value(node: &SyntaxNode) -> Option<SqlValue> {
    Some(match node.first_token()?.kind() {
        CURRENT_TIMESTAMP_KW => SqlValue::CurrentTimestamp,
        CURRENT_DATE_KW => SqlValue::CurrentDate,
        CURRENT_TIME_KW => SqlValue::CurrentTime,
        LOCALTIME_KW => SqlValue::LocalTime,
        LOCALTIMESTAMP_KW => SqlValue::LocalTimestamp,
        CURRENT_USER_KW => SqlValue::CurrentUser,
        CURRENT_ROLE_KW => SqlValue::CurrentRole,
        USER_KW => SqlValue::User,
        SESSION_USER_KW => SqlValue::SessionUser,
        CURRENT_CATALOG_KW => SqlValue::CurrentCatalog,
        CURRENT_SCHEMA_KW => SqlValue::CurrentSchema,
        _ => return None,
    })
}

/// `a.b`, which is a column of a table, or `(x).b`, which is a field of a value.
fn field(source: &Source, node: &SyntaxNode) -> Result<ExprKind> {
    if let Some(mut parts) = dotted(source, node)? {
        if parts.len() > 3 {
            parts.truncate(0);
            return Err(Error::unsupported("a name of four parts").at(source.node_pos(node).0));
        }
        return Ok(ExprKind::Column(parts));
    }
    let mut children = source.children(node);
    let base = children.expect_any_node()?;
    let dot = children.expect(DOT)?;
    if !matches!(base.kind(), PAREN_EXPR | FIELD_EXPR) {
        return Err(source.syntax_error(source.start(&dot)));
    }
    let arg = Box::new(operand(source, &base)?);
    let name = if children.eat(STAR) { None } else { Some(children.name(NAME_REF)?) };
    children.end()?;
    Ok(ExprKind::Field(arg, name))
}

/// The parts of a dotted name; `None` if it has something else than names in it.
pub(super) fn dotted(source: &Source, node: &SyntaxNode) -> Result<Option<Vec<Ident>>> {
    let mut parts = Vec::new();
    let mut at = node.clone();
    while at.kind() == FIELD_EXPR {
        let mut children = source.children(&at);
        let base = children.expect_any_node()?;
        children.expect(DOT)?;
        let Some(name) = children.node(NAME_REF) else { return Ok(None) };
        children.end()?;
        parts.push(source.only_name(&name)?);
        at = base;
    }
    if at.kind() != NAME_REF {
        return Ok(None);
    }
    parts.push(source.only_name(&at)?);
    parts.reverse();
    Ok(Some(parts))
}

fn parenthesised(source: &Source, node: &SyntaxNode) -> Result<Expr> {
    let mut children = source.children(node);
    children.expect(L_PAREN)?;
    let inner = children.expect_any_node()?;
    children.expect(R_PAREN)?;
    children.end()?;
    if is_query(inner.kind()) {
        let kind = ExprKind::Query(QueryExpr::Value, Box::new(query(source, &inner)?));
        return Ok(Expr { kind, pos: source.node_pos(node) });
    }
    expr(source, &inner)
}

/// Expressions in parentheses, with commas between them; there may be none.
pub(super) fn exprs_in_parens(source: &Source, children: &mut Children) -> Result<Vec<Expr>> {
    children.expect(L_PAREN)?;
    let mut exprs = Vec::new();
    if children.peek() != Some(R_PAREN) {
        exprs.push(expr(source, &children.expect_any_node()?)?);
        while children.eat(COMMA) {
            exprs.push(expr(source, &children.expect_any_node()?)?);
        }
    }
    children.expect(R_PAREN)?;
    Ok(exprs)
}

/// `(a, b)` or `ROW(a, b)`
fn row(source: &Source, node: &SyntaxNode) -> Result<ExprKind> {
    let mut children = source.children(node);
    children.eat(ROW_KW);
    let exprs = exprs_in_parens(source, &mut children)?;
    children.end()?;
    Ok(ExprKind::Row(exprs))
}

/// `ARRAY[a, b]`, or the rows of a query as an array.
fn array(source: &Source, node: &SyntaxNode) -> Result<ExprKind> {
    let mut children = source.children(node);
    let begins = source.node_start(node);
    if !children.eat(ARRAY_KW) && node.parent().is_none_or(|parent| parent.kind() != ARRAY_EXPR) {
        return Err(source.syntax_error(begins));
    }
    if children.eat(L_PAREN) {
        let inner = query(source, &children.expect_any_node()?)?;
        children.expect(R_PAREN)?;
        children.end()?;
        return Ok(ExprKind::Query(QueryExpr::Array, Box::new(inner)));
    }
    children.expect(L_BRACK)?;
    let mut items = Vec::new();
    if children.peek() != Some(R_BRACK) {
        items.push(expr(source, &children.expect_any_node()?)?);
        while children.eat(COMMA) {
            items.push(expr(source, &children.expect_any_node()?)?);
        }
    }
    children.expect(R_BRACK)?;
    children.end()?;
    Ok(ExprKind::Array(items))
}

/// `a[1]`, `a[1:2]`: several in a row are one node, however many.
fn subscript(source: &Source, node: &SyntaxNode) -> Result<ExprKind> {
    let mut subscripts = Vec::new();
    let mut at = node.clone();
    while matches!(at.kind(), INDEX_EXPR | SLICE_EXPR) {
        let mut children = source.children(&at);
        let base = children.expect_any_node()?;
        subscripts.push(one_subscript(source, children)?);
        at = base;
    }
    subscripts.reverse();
    Ok(ExprKind::Subscript(Box::new(expr(source, &at)?), subscripts))
}

fn one_subscript(source: &Source, mut children: Children) -> Result<Subscript> {
    children.expect(L_BRACK)?;
    let bound = |children: &mut Children| -> Result<Option<Expr>> {
        match children.peek() {
            Some(COLON | R_BRACK) => Ok(None),
            _ => Ok(Some(expr(source, &children.expect_any_node()?)?)),
        }
    };
    let low = bound(&mut children)?;
    let own = if children.eat(COLON) {
        Subscript::Slice(low, bound(&mut children)?)
    } else {
        Subscript::Index(low.ok_or_else(|| children.missing())?)
    };
    children.expect(R_BRACK)?;
    children.end()?;
    Ok(own)
}

/// What stands after IN: a list or a query.
pub(super) fn after_in(source: &Source, left: Expr, node: &SyntaxNode, negated: bool) -> Result<ExprKind> {
    let mut children = source.children(node);
    if !matches!(node.kind(), PAREN_EXPR | TUPLE_EXPR) {
        return Err(source.syntax_error(source.node_start(node)));
    }
    if let Some(inner) = node.children().next().filter(|inner| node.kind() == PAREN_EXPR && is_query(inner.kind())) {
        return Ok(ExprKind::InQuery(Box::new(left), Box::new(query(source, &inner)?), negated));
    }
    let items = exprs_in_parens(source, &mut children)?;
    children.end()?;
    Ok(ExprKind::In(Box::new(left), items, negated))
}

fn case(source: &Source, node: &SyntaxNode) -> Result<ExprKind> {
    let mut children = source.children(node);
    children.expect(CASE_KW)?;
    let arg = match children.peek() {
        Some(WHEN_CLAUSE_LIST) => None,
        _ => Some(expr(source, &children.expect_any_node()?)?),
    };
    let mut list = source.children(&children.expect_node(WHEN_CLAUSE_LIST)?);
    let mut whens = Vec::new();
    while let Some(when) = list.node(WHEN_CLAUSE) {
        let mut when = source.children(&when);
        when.expect(WHEN_KW)?;
        let condition = expr(source, &when.expect_any_node()?)?;
        when.expect(THEN_KW)?;
        whens.push((condition, expr(source, &when.expect_any_node()?)?));
        when.end()?;
    }
    list.end()?;
    let otherwise = match children.node(ELSE_CLAUSE) {
        Some(clause) => {
            let mut clause = source.children(&clause);
            clause.expect(ELSE_KW)?;
            let value = expr(source, &clause.expect_any_node()?)?;
            clause.end()?;
            Some(value)
        }
        None => None,
    };
    children.expect(END_KW)?;
    children.end()?;
    Ok(ExprKind::Case(Box::new(Case { arg, whens, otherwise })))
}

/// `CAST(x AS t)` and `t 'x'`; the `x::t` form is an operation.
fn cast(source: &Source, node: &SyntaxNode) -> Result<ExprKind> {
    let mut children = source.children(node);
    let (arg, ty) = if children.eat(CAST_KW) {
        children.expect(L_PAREN)?;
        let arg = children.expect_any_node()?;
        children.expect(AS_KW)?;
        let ty = children.expect_any_node()?;
        children.expect(R_PAREN)?;
        (arg, ty)
    } else {
        let ty = children.expect_any_node()?;
        (children.expect_any_node()?, ty)
    };
    let fields = children.any_node();
    children.end()?;
    let written_out = source.children(node).peek() == Some(CAST_KW);
    let mut name = name::type_name(source, &ty)?;
    // `char 'ab'` is as long as it is.
    if !written_out && ty.kind() == CHARACTER_TYPE && !ty.children().any(|child| child.kind() == ARG_LIST) {
        name.typmods.clear();
    }
    if let Some(fields) = fields {
        name = name::interval_after(source, name, &fields)?;
    }
    Ok(ExprKind::Cast(Box::new(expr(source, &arg)?), name))
}

fn call_expr(source: &Source, node: &SyntaxNode) -> Result<ExprKind> {
    let mut children = source.children(node);
    let callee = children.expect_any_node()?;
    if callee.kind() == EXISTS_FN {
        children.end()?;
        return exists(source, &callee);
    }
    if !matches!(callee.kind(), NAME_REF | FIELD_EXPR) {
        children.end()?;
        return super::grammar_call::call(source, &callee);
    }
    let list = children.expect_node(ARG_LIST)?;
    if callee.kind() == NAME_REF
        && children.peek().is_none()
        && let Some(kind) = special_call(source, &callee, &list)?
    {
        return Ok(kind);
    }
    let mut call = Box::new(call(source, &callee, &list)?);
    call_clauses(source, &mut children, &mut call)?;
    children.end()?;
    Ok(ExprKind::Call(call))
}

fn exists(source: &Source, node: &SyntaxNode) -> Result<ExprKind> {
    let mut parts = source.children(node);
    parts.expect(EXISTS_KW)?;
    parts.expect(L_PAREN)?;
    let inner = query(source, &parts.expect_any_node()?)?;
    parts.expect(R_PAREN)?;
    parts.end()?;
    Ok(ExprKind::Query(QueryExpr::Exists, Box::new(inner)))
}

/// WITHIN GROUP, FILTER and OVER.
fn call_clauses(source: &Source, children: &mut Children, call: &mut Call) -> Result<()> {
    if let Some(clause) = children.node(WITHIN_CLAUSE) {
        let mut clause = source.children(&clause);
        clause.expect(WITHIN_KW)?;
        clause.expect(GROUP_KW)?;
        clause.expect(L_PAREN)?;
        if !call.order_by.is_empty() {
            let message = "cannot use multiple ORDER BY clauses with WITHIN GROUP";
            return Err(Error::new(sqlstate::SYNTAX_ERROR, message).at(call.name.pos.0));
        }
        call.order_by = order_by(source, &clause.expect_node(ORDER_BY_CLAUSE)?)?;
        call.within_group = true;
        clause.expect(R_PAREN)?;
        clause.end()?;
    }
    if let Some(clause) = children.node(FILTER_CLAUSE) {
        let mut clause = source.children(&clause);
        clause.expect(FILTER_KW)?;
        clause.expect(L_PAREN)?;
        clause.expect(WHERE_KW)?;
        call.filter = Some(Box::new(expr(source, &clause.expect_any_node()?)?));
        clause.expect(R_PAREN)?;
        clause.end()?;
    }
    if let Some(clause) = children.node(OVER_CLAUSE) {
        call.over = Some(Box::new(super::window::over(source, &clause)?));
    }
    Ok(())
}

/// An ordinary call, also of a function in FROM.
pub(super) fn call(source: &Source, callee: &SyntaxNode, list: &SyntaxNode) -> Result<Call> {
    let pos = source.node_pos(callee);
    let name = dotted(source, callee)?.and_then(|parts| from_parts(parts, pos));
    let Some(name) = name.transpose()? else { return Err(source.unsupported_node(callee)) };
    let mut call = Call::new(name, Vec::new());
    let mut children = source.children(list);
    children.expect(L_PAREN)?;
    call.star = children.eat(STAR);
    if !call.star && children.peek() != Some(R_PAREN) {
        call.distinct = children.eat(DISTINCT);
        children.eat(ALL);
        args(source, &mut children, &mut call)?;
    }
    children.expect(R_PAREN)?;
    children.end()?;
    Ok(call)
}

fn args(source: &Source, children: &mut Children, call: &mut Call) -> Result<()> {
    let args = &mut call.args;
    for arg in children.list(ARG)? {
        let mut arg = source.children(&arg);
        call.variadic = arg.eat(VARIADIC_KW);
        let (name, value) = match arg.node(NAMED_ARG) {
            Some(named) => {
                let mut named = source.children(&named);
                let name = named.name(PARAM_NAME_REF)?;
                if !named.eat(FAT_ARROW) {
                    named.expect(COLON_EQ)?;
                }
                let value = named.expect_any_node()?;
                named.end()?;
                (Some(name), value)
            }
            None => (None, arg.expect_any_node()?),
        };
        if let Some(clause) = arg.node(ORDER_BY_CLAUSE) {
            call.order_by = order_by(source, &clause)?;
        }
        arg.end()?;
        let value = expr(source, &value)?;
        if name.is_none() && args.last().is_some_and(|(name, _)| name.is_some()) {
            let message = "positional argument cannot follow named argument";
            return Err(Error::new(sqlstate::SYNTAX_ERROR, message).at(value.pos.0));
        }
        args.push((name, value));
    }
    Ok(())
}

/// The calls that are words of the grammar.
fn special_call(source: &Source, callee: &SyntaxNode, list: &SyntaxNode) -> Result<Option<ExprKind>> {
    let keyword = callee.first_token().map(|token| token.kind());
    if let Some(value) = sql_value(callee) {
        return match (value, call(source, callee, list)?.args.as_slice()) {
            (
                SqlValue::CurrentTimestamp | SqlValue::CurrentTime | SqlValue::LocalTime | SqlValue::LocalTimestamp,
                [(None, Expr { kind: ExprKind::Int4(precision), .. })],
            ) => Ok(Some(ExprKind::SqlValue(value, Some(*precision)))),
            (SqlValue::CurrentSchema, []) => Ok(Some(ExprKind::SqlValue(value, None))),
            _ => Err(source.syntax_error(source.node_start(list))),
        };
    }
    if !matches!(keyword, Some(COALESCE_KW | GREATEST_KW | LEAST_KW | NULLIF_KW)) {
        return Ok(None);
    }
    let mut args: Vec<Expr> = Vec::new();
    let call = call(source, callee, list)?;
    let ordinary = call.is_plain() && !call.args.is_empty();
    for (name, arg) in call.args {
        if name.is_some() {
            return Err(source.unsupported_node(list));
        }
        args.push(arg);
    }
    Ok(Some(match (keyword, args.len()) {
        _ if !ordinary => {
            let start = source.node_start(list) + 1;
            return Err(source.syntax_error(start));
        }
        (Some(COALESCE_KW), _) => ExprKind::Coalesce(args),
        (Some(GREATEST_KW), _) => ExprKind::MinMax(true, args),
        (Some(LEAST_KW), _) => ExprKind::MinMax(false, args),
        (_, 2) => {
            let right = args.pop().map(Box::new);
            let left = args.pop().map(Box::new);
            match (left, right) {
                (Some(left), Some(right)) => ExprKind::NullIf(left, right),
                _ => return Ok(None),
            }
        }
        _ => return Err(source.syntax_error(source.node_start(list) + usize::from(list.text_range().len()) - 1)),
    }))
}
