//! Operands: everything in an expression that is no operator.

use super::super::ast::{Call, Case, Expr, ExprKind, Ident, SqlValue};
use super::cursor::{Children, Source};
use super::expr::expr;
use super::name::{self, from_parts};
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
        TUPLE_EXPR => return Err(Error::unsupported("ROW").at(pos.0)),
        INDEX_EXPR | SLICE_EXPR => return Err(Error::unsupported("array subscripting").at(pos.0)),
        SELECT | VALUES | COMPOUND_SELECT | PAREN_SELECT | TABLE => {
            return Err(Error::unsupported("a subquery in an expression").at(pos.0));
        }
        ARRAY_EXPR if source.children(node).peek() == Some(L_BRACK) => {
            return Err(source.syntax_error(source.node_start(node)));
        }
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
    expr(source, &inner)
}

/// The list after IN.
pub(super) fn in_list(source: &Source, node: &SyntaxNode) -> Result<Vec<Expr>> {
    let mut children = source.children(node);
    if !matches!(node.kind(), PAREN_EXPR | TUPLE_EXPR) {
        return Err(source.syntax_error(source.node_start(node)));
    }
    children.expect(L_PAREN)?;
    let mut items = vec![expr(source, &children.expect_any_node()?)?];
    while children.eat(COMMA) {
        items.push(expr(source, &children.expect_any_node()?)?);
    }
    children.expect(R_PAREN)?;
    children.end()?;
    Ok(items)
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
    if !matches!(callee.kind(), NAME_REF | FIELD_EXPR) {
        // EXISTS, EXTRACT and others with a grammar of their own.
        return Err(source.unsupported_node(&callee));
    }
    let list = children.expect_node(ARG_LIST)?;
    children.end()?;
    if callee.kind() == NAME_REF
        && let Some(kind) = special_call(source, &callee, &list)?
    {
        return Ok(kind);
    }
    Ok(ExprKind::Call(call(source, &callee, &list)?))
}

/// An ordinary call, also of a function in FROM.
pub(super) fn call(source: &Source, callee: &SyntaxNode, list: &SyntaxNode) -> Result<Call> {
    let pos = source.node_pos(callee);
    let name = dotted(source, callee)?.and_then(|parts| from_parts(parts, pos));
    let Some(name) = name.transpose()? else { return Err(source.unsupported_node(callee)) };
    let mut call = Call { name, args: Vec::new(), star: false, distinct: false };
    let mut children = source.children(list);
    children.expect(L_PAREN)?;
    call.star = children.eat(STAR);
    if !call.star && children.peek() != Some(R_PAREN) {
        call.distinct = children.eat(DISTINCT);
        children.eat(ALL);
        call.args = args(source, &mut children)?;
    }
    children.expect(R_PAREN)?;
    children.end()?;
    Ok(call)
}

fn args(source: &Source, children: &mut Children) -> Result<Vec<(Option<Ident>, Expr)>> {
    let mut args: Vec<(Option<Ident>, Expr)> = Vec::new();
    for arg in children.list(ARG)? {
        let mut arg = source.children(&arg);
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
        arg.end()?;
        let value = expr(source, &value)?;
        if name.is_none() && args.last().is_some_and(|(name, _)| name.is_some()) {
            let message = "positional argument cannot follow named argument";
            return Err(Error::new(sqlstate::SYNTAX_ERROR, message).at(value.pos.0));
        }
        args.push((name, value));
    }
    Ok(args)
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
    let ordinary = !call.star && !call.distinct && !call.args.is_empty();
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
