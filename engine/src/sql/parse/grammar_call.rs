//! Functions with a grammar of their own, such as `extract(year FROM d)`: they are calls of functions of `pg_catalog`
//! with other names or another order of arguments, as `gram.y` makes them.

use super::super::ast::{Call, Expr, ExprKind, QualName};
use super::cursor::{Children, Source};
use super::expr::expr;
use crate::ids::Result;
use squawk_syntax::SyntaxKind::*;
use squawk_syntax::SyntaxNode;

/// Lowers such a call.
pub(super) fn call(source: &Source, node: &SyntaxNode) -> Result<ExprKind> {
    let mut children = source.children(node);
    children.bump();
    children.expect(L_PAREN)?;
    let (name, args) = match node.kind() {
        EXTRACT_FN => ("extract", extract(source, &mut children)?),
        SUBSTRING_FN => substring(source, &mut children)?,
        TRIM_FN => trim(source, &mut children)?,
        POSITION_FN => {
            let part = expr(source, &children.expect_any_node()?)?;
            children.expect(IN_KW)?;
            ("position", vec![expr(source, &children.expect_any_node()?)?, part])
        }
        OVERLAY_FN => ("overlay", overlay(source, &mut children)?),
        _ => return Err(source.unsupported_node(node)),
    };
    children.expect(R_PAREN)?;
    children.end()?;
    Ok(system_call(source, node, name, args))
}

/// A call of a function of `pg_catalog`.
pub(super) fn system_call(source: &Source, node: &SyntaxNode, name: &str, args: Vec<Expr>) -> ExprKind {
    let name = QualName { schema: Some("pg_catalog".into()), name: name.into(), pos: source.node_pos(node) };
    ExprKind::Call(Box::new(Call::new(name, args)))
}

/// `field FROM source`
fn extract(source: &Source, children: &mut Children) -> Result<Vec<Expr>> {
    let field = children.expect_any_node()?;
    let text = field.text().to_string();
    let name = match text.strip_prefix('\'') {
        Some(quoted) => quoted.trim_end_matches('\'').into(),
        None => super::name::fold(&text)?,
    };
    let field = Expr { kind: ExprKind::String(name), pos: source.node_pos(&field) };
    children.expect(FROM_KW)?;
    Ok(vec![field, expr(source, &children.expect_any_node()?)?])
}

/// `text FROM n FOR m` in any order, `text SIMILAR pattern ESCAPE c`, or a plain list.
fn substring(source: &Source, children: &mut Children) -> Result<(&'static str, Vec<Expr>)> {
    let inner = children.expect_any_node()?;
    if !format!("{:?}", inner.kind()).starts_with("SUBSTRING_") {
        let mut args = vec![expr(source, &inner)?];
        while children.eat(COMMA) {
            args.push(expr(source, &children.expect_any_node()?)?);
        }
        return Ok(("substring", args));
    }
    let mut parts = source.children(&inner);
    let text = expr(source, &parts.expect_any_node()?)?;
    let (mut from, mut length) = (None, None);
    while let Some(kind @ (FROM_KW | FOR_KW)) = parts.peek() {
        parts.bump();
        let value = expr(source, &parts.expect_any_node()?)?;
        if kind == FROM_KW { from = Some(value) } else { length = Some(value) }
    }
    parts.end()?;
    let one = Expr { kind: ExprKind::Int4(1), pos: text.pos };
    Ok(("substring", [Some(text), Some(from.unwrap_or(one)), length].into_iter().flatten().collect()))
}

/// `BOTH chars FROM text` and its shorter forms.
fn trim(source: &Source, children: &mut Children) -> Result<(&'static str, Vec<Expr>)> {
    let name = match children.peek() {
        Some(TRIM_LEADING) => "ltrim",
        Some(TRIM_TRAILING) => "rtrim",
        _ => "btrim",
    };
    if matches!(children.peek(), Some(TRIM_LEADING | TRIM_TRAILING | TRIM_BOTH)) {
        children.bump();
    }
    let inner = children.expect_any_node()?;
    if inner.kind() == TRIM_EXPR_FROM {
        let mut parts = source.children(&inner);
        let chars = match parts.peek() {
            Some(FROM_KW) => None,
            _ => Some(expr(source, &parts.expect_any_node()?)?),
        };
        parts.expect(FROM_KW)?;
        let text = expr(source, &parts.expect_any_node()?)?;
        parts.end()?;
        return Ok((name, [Some(text), chars].into_iter().flatten().collect()));
    }
    let mut args = vec![expr(source, &inner)?];
    while children.eat(COMMA) {
        args.push(expr(source, &children.expect_any_node()?)?);
    }
    Ok((name, args))
}

/// `text PLACING other FROM n FOR m`
fn overlay(source: &Source, children: &mut Children) -> Result<Vec<Expr>> {
    let inner = children.expect_any_node()?;
    let mut parts = source.children(&inner);
    let mut args = vec![expr(source, &parts.expect_any_node()?)?];
    parts.expect(PLACING_KW)?;
    args.push(expr(source, &parts.expect_any_node()?)?);
    parts.expect(FROM_KW)?;
    args.push(expr(source, &parts.expect_any_node()?)?);
    if parts.eat(FOR_KW) {
        args.push(expr(source, &parts.expect_any_node()?)?);
    }
    parts.end()?;
    Ok(args)
}
