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

use super::super::ast::{Alias, Expr, FromItem, Ident, Join, JoinKind};
use super::atom;
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
    Join(JoinKind, bool, usize),
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
        Some(Part::Join(_, _, start)) => Err(source.syntax_error(start)),
        None => Ok(joined),
    }
}

fn flatten(source: &Source, node: &SyntaxNode, parts: &mut VecDeque<Part>) -> Result<()> {
    let mut children = source.children(node);
    while let Some(kind) = children.peek() {
        let Some(child) = children.any_node() else { return Err(children.missing()) };
        let start = source.node_start(&child);
        match kind {
            JOIN_EXPR | JOIN => flatten(source, &child, parts)?,
            JOIN_CROSS => parts.push_back(Part::Join(JoinKind::Inner, false, start)),
            JOIN_INNER => parts.push_back(Part::Join(JoinKind::Inner, true, start)),
            JOIN_LEFT => parts.push_back(Part::Join(JoinKind::Left, true, start)),
            ON_CLAUSE => parts.push_back(Part::On(child)),
            JOIN_RIGHT | JOIN_FULL | JOIN_USING_CLAUSE => return Err(source.unsupported_node(&child)),
            _ => parts.push_back(Part::Item(child)),
        }
    }
    Ok(())
}

fn table(source: &Source, parts: &mut VecDeque<Part>) -> Result<FromItem> {
    match parts.pop_front() {
        Some(Part::Item(node)) => table_item(source, &node),
        Some(Part::On(node)) => Err(source.syntax_error(source.node_start(&node))),
        Some(Part::Join(_, _, start)) => Err(source.syntax_error(start)),
        None => Err(source.syntax_error(source.text.len())),
    }
}

/// A table and all that is joined to it.
fn joined(source: &Source, parts: &mut VecDeque<Part>) -> Result<FromItem> {
    let mut left = table(source, parts)?;
    while let Some(&Part::Join(kind, conditional, _)) = parts.front() {
        parts.pop_front();
        let (right, on) = match conditional {
            true => (joined(source, parts)?, Some(condition(source, parts)?)),
            false => (table(source, parts)?, None),
        };
        left = FromItem::Join(Box::new(Join { kind, left, right, on }));
    }
    Ok(left)
}

fn condition(source: &Source, parts: &mut VecDeque<Part>) -> Result<Expr> {
    match parts.pop_front() {
        Some(Part::On(clause)) => {
            let mut clause = source.children(&clause);
            clause.expect(ON_KW)?;
            let on = expr(source, &clause.expect_any_node()?)?;
            clause.end()?;
            Ok(on)
        }
        Some(Part::Item(node)) => Err(source.syntax_error(source.node_start(&node))),
        Some(Part::Join(_, _, start)) => Err(source.syntax_error(start)),
        None => Err(source.syntax_error(source.text.len())),
    }
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
            let call = children.expect_node(CALL_EXPR)?;
            let pos = source.node_pos(&call);
            let mut parts = source.children(&call);
            let callee = parts.expect_any_node()?;
            if !matches!(callee.kind(), NAME_REF | FIELD_EXPR) {
                return Err(source.unsupported_node(&callee));
            }
            let call = atom::call(source, &callee, &parts.expect_node(ARG_LIST)?)?;
            parts.end()?;
            Ok(FromItem::Function(call, pos, alias(source, children)?))
        }
        PAREN_FROM_ITEM => {
            let inner = children.expect_any_node()?;
            if is_query(inner.kind()) {
                let query = query(source, &inner)?;
                return Ok(FromItem::Subquery(Box::new(query), source.node_pos(&inner), alias(source, children)?));
            }
            let mut parens = source.children(&inner);
            parens.expect(L_PAREN)?;
            let joined = item(source, &parens.expect_any_node()?)?;
            parens.expect(R_PAREN)?;
            parens.end()?;
            children.end()?;
            Ok(joined)
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

fn column_names(source: &Source, list: &SyntaxNode) -> Result<Vec<Ident>> {
    let mut children = source.children(list);
    children.expect(L_PAREN)?;
    let names = children.list(COLUMN_NAME)?.iter().map(|node| source.only_name(node)).collect::<Result<_>>()?;
    children.expect(R_PAREN)?;
    children.end()?;
    Ok(names)
}
