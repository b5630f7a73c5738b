//! The items of FROM and how joins bind them.
//!
//! As with operators, the parser's nesting of joins is not PostgreSQL's (it reads `a CROSS JOIN b JOIN c ON x` as
//! `a CROSS JOIN (b JOIN c ON x)`), so a join is flattened into tables, joins and conditions and built again: a join
//! binds to the left, but one that has no condition yet first takes what is joined to its right.
//!
//! ```text
//!   a JOIN b ON x JOIN c ON y      (a JOIN b ON x) JOIN c ON y
//!   a JOIN b JOIN c ON x ON y      a JOIN (b JOIN c ON x) ON y
//! ```

use super::super::ast::{Alias, Call, ExprKind, FromItem, FunctionFrom, Ident, Join, JoinKind, JoinOn, Pos, QualName};
use super::cursor::{Children, Source};
use super::expr::expr;
use super::name::qualified;
use super::select::{is_query, query};
use crate::ids::Result;
use squawk_syntax::SyntaxKind::*;
use squawk_syntax::SyntaxNode;
use std::collections::VecDeque;

/// A part of a flattened join.
enum Part {
    Item(SyntaxNode),
    /// The kind, whether there must be a condition, whether it is NATURAL, and where it begins.
    Join(JoinKind, bool, bool, usize),
    On(SyntaxNode),
}

/// Lowers one item of FROM.
pub(super) fn item(source: &Source, node: &SyntaxNode) -> Result<FromItem> {
    if node.kind() != JOIN_EXPR {
        return table_item(source, node);
    }
    let mut parts = VecDeque::new();
    flatten(source, node, &mut parts)?;
    let joined = joined(source, &mut parts)?;
    match parts.pop_front() {
        Some(Part::Item(node) | Part::On(node)) => Err(source.syntax_error(source.node_start(&node))),
        Some(Part::Join(.., start)) => Err(source.syntax_error(start)),
        None => Ok(joined),
    }
}

fn flatten(source: &Source, node: &SyntaxNode, parts: &mut VecDeque<Part>) -> Result<()> {
    let mut children = source.children(node);
    let mut natural = false;
    while let Some(kind) = children.peek() {
        if kind == NATURAL_KW {
            children.bump();
            natural = true;
            continue;
        }
        let Some(child) = children.any_node() else { return Err(children.missing()) };
        let start = source.node_start(&child);
        let joined = match kind {
            JOIN_CROSS => Some((JoinKind::Inner, false)),
            JOIN_INNER => Some((JoinKind::Inner, true)),
            JOIN_LEFT => Some((JoinKind::Left, true)),
            JOIN_RIGHT => Some((JoinKind::Right, true)),
            JOIN_FULL => Some((JoinKind::Full, true)),
            _ => None,
        };
        match (joined, kind) {
            (Some((kind, conditional)), _) => {
                parts.push_back(Part::Join(kind, conditional && !natural, natural, start));
                natural = false;
            }
            (None, JOIN_EXPR | JOIN) => flatten(source, &child, parts)?,
            (None, ON_CLAUSE | JOIN_USING_CLAUSE) => parts.push_back(Part::On(child)),
            (None, _) => parts.push_back(Part::Item(child)),
        }
    }
    Ok(())
}

fn table(source: &Source, parts: &mut VecDeque<Part>) -> Result<FromItem> {
    match parts.pop_front() {
        Some(Part::Item(node)) => table_item(source, &node),
        Some(Part::On(node)) => Err(source.syntax_error(source.node_start(&node))),
        Some(Part::Join(.., start)) => Err(source.syntax_error(start)),
        None => Err(source.syntax_error(source.text.len())),
    }
}

/// A table and all that is joined to it.
fn joined(source: &Source, parts: &mut VecDeque<Part>) -> Result<FromItem> {
    let mut left = table(source, parts)?;
    while let Some(&Part::Join(kind, conditional, natural, _)) = parts.front() {
        parts.pop_front();
        let (right, (on, alias)) = match (conditional, natural) {
            (true, _) => (joined(source, parts)?, condition(source, parts)?),
            (false, true) => (table(source, parts)?, (JoinOn::Natural, None)),
            (false, false) => (table(source, parts)?, (JoinOn::Nothing, None)),
        };
        left = FromItem::Join(Box::new(Join { kind, left, right, on, alias }));
    }
    Ok(left)
}

fn condition(source: &Source, parts: &mut VecDeque<Part>) -> Result<(JoinOn, Option<Ident>)> {
    match parts.pop_front() {
        Some(Part::On(clause)) => {
            let using = clause.kind() == JOIN_USING_CLAUSE;
            let mut children = source.children(&clause);
            if !using {
                children.expect(ON_KW)?;
                let on = expr(source, &children.expect_any_node()?)?;
                children.end()?;
                return Ok((JoinOn::On(on), None));
            }
            children.expect(USING_KW)?;
            let columns = using_columns(source, &children.expect_node(COLUMN_REF_LIST)?)?;
            let alias = match children.node(REQUIRED_AS_ALIAS) {
                Some(node) => {
                    let mut node = source.children(&node);
                    node.expect(AS_KW)?;
                    let name = node.name(TABLE_ALIAS)?;
                    node.end()?;
                    Some(name)
                }
                None => None,
            };
            children.end()?;
            Ok((JoinOn::Using(columns), alias))
        }
        Some(Part::Item(node)) => Err(source.syntax_error(source.node_start(&node))),
        Some(Part::Join(.., start)) => Err(source.syntax_error(start)),
        None => Err(source.syntax_error(source.text.len())),
    }
}

/// The columns of USING.
fn using_columns(source: &Source, list: &SyntaxNode) -> Result<Vec<(Ident, Pos)>> {
    let mut children = source.children(list);
    children.expect(L_PAREN)?;
    let mut columns = Vec::new();
    for node in children.list(COLUMN_NAME_REF)? {
        columns.push((source.only_name(&node)?, source.node_pos(&node)));
    }
    children.expect(R_PAREN)?;
    children.end()?;
    Ok(columns)
}

fn table_item(source: &Source, node: &SyntaxNode) -> Result<FromItem> {
    let mut children = source.children(node);
    match node.kind() {
        RELATION_FROM_ITEM => {
            children.eat(ONLY_KW);
            let name = qualified(source, &children.expect_node(RELATION_NAME_REF)?)?;
            children.eat(STAR);
            Ok(FromItem::Table(name, alias(source, children)?))
        }
        FUNCTION_FROM_ITEM => {
            children.eat(LATERAL_KW);
            let call = function_call(source, &children.expect_any_node()?)?;
            let ordinality = children.eat(WITH_ORDINALITY);
            let alias = alias(source, children)?;
            Ok(FromItem::Function(Box::new(FunctionFrom { calls: vec![call], ordinality, alias })))
        }
        ROWS_FROM_ITEM => {
            children.eat(LATERAL_KW);
            children.expect(ROWS_KW)?;
            children.expect(FROM_KW)?;
            children.expect(L_PAREN)?;
            let mut calls = Vec::new();
            for arg in children.list(ROWS_FROM_ARG)? {
                let mut arg = source.children(&arg);
                calls.push(function_call(source, &arg.expect_any_node()?)?);
                arg.end()?;
            }
            children.expect(R_PAREN)?;
            let ordinality = children.eat(WITH_ORDINALITY);
            let alias = alias(source, children)?;
            Ok(FromItem::Function(Box::new(FunctionFrom { calls, ordinality, alias })))
        }
        PAREN_FROM_ITEM => {
            let lateral = children.eat(LATERAL_KW);
            let inner = children.expect_any_node()?;
            if is_query(inner.kind()) {
                let (query, pos) = (query(source, &inner)?, source.node_pos(&inner));
                return Ok(FromItem::Subquery(Box::new(query), pos, alias(source, children)?, lateral));
            }
            let mut parens = source.children(&inner);
            parens.expect(L_PAREN)?;
            let joined = item(source, &parens.expect_any_node()?)?;
            parens.expect(R_PAREN)?;
            parens.end()?;
            Ok(match alias(source, children)? {
                Some(alias) => FromItem::Aliased(Box::new(joined), alias),
                None => joined,
            })
        }
        _ => Err(source.unsupported_node(node)),
    }
}

fn function_call(source: &Source, node: &SyntaxNode) -> Result<(Call, Pos)> {
    let pos = source.node_pos(node);
    match expr(source, node)?.kind {
        ExprKind::Call(call) => Ok((*call, pos)),
        ExprKind::SqlValue(value, _) => {
            let name = QualName { schema: Some("pg_catalog".into()), name: value.name().into(), pos };
            Ok((Call::new(name, Vec::new()), pos))
        }
        _ => Err(source.unsupported_node(node)),
    }
}

/// The alias of an item, if it has one, and nothing else.
fn alias(source: &Source, mut children: Children) -> Result<Option<Alias>> {
    let alias = match children.node(FROM_ALIAS) {
        Some(node) => {
            let mut node = source.children(&node);
            node.eat(AS_KW);
            let name = node.name(TABLE_ALIAS)?;
            let columns = match node.node(COLUMN_LIST) {
                Some(list) => column_names(source, &list)?,
                None => Vec::new(),
            };
            node.end()?;
            Some(Alias { name, columns })
        }
        None => None,
    };
    children.end()?;
    Ok(alias)
}

/// Names of columns in parentheses.
pub(super) fn column_names(source: &Source, list: &SyntaxNode) -> Result<Vec<Ident>> {
    let mut children = source.children(list);
    children.expect(L_PAREN)?;
    let names = children.list(COLUMN_NAME)?.iter().map(|node| source.only_name(node)).collect::<Result<_>>()?;
    children.expect(R_PAREN)?;
    children.end()?;
    Ok(names)
}
