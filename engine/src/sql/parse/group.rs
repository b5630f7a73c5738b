//! GROUP BY: expressions, ROLLUP, CUBE and GROUPING SETS.

use super::super::ast::{Expr, GroupItem};
use super::atom;
use super::cursor::Source;
use super::expr::expr;
use crate::ids::Result;
use squawk_syntax::SyntaxKind::*;
use squawk_syntax::SyntaxNode;

/// Lowers a GROUP BY clause; also whether it says DISTINCT.
pub(super) fn group_by(source: &Source, clause: &SyntaxNode) -> Result<(Vec<GroupItem>, bool)> {
    let mut children = source.children(clause);
    children.expect(GROUP_KW)?;
    children.expect(BY_KW)?;
    let distinct = children.eat(DISTINCT);
    if !distinct {
        children.eat(ALL);
    }
    let list = children.expect_node(GROUP_BY_LIST)?;
    children.end()?;
    let mut list = source.children(&list);
    let mut items = vec![item(source, &list.expect_any_node()?)?];
    while list.eat(COMMA) {
        items.push(item(source, &list.expect_any_node()?)?);
    }
    list.end()?;
    Ok((items, distinct))
}

fn item(source: &Source, node: &SyntaxNode) -> Result<GroupItem> {
    let mut children = source.children(node);
    let item = match node.kind() {
        GROUPING_EXPR => GroupItem::Keys(keys(source, &children.expect_any_node()?)?),
        GROUPING_ROLLUP => {
            children.expect(ROLLUP_KW)?;
            GroupItem::Rollup(lists(source, &mut children)?)
        }
        GROUPING_CUBE => {
            children.expect(CUBE_KW)?;
            GroupItem::Cube(lists(source, &mut children)?)
        }
        GROUPING_SETS => {
            children.expect(GROUPING_KW)?;
            children.expect(SETS_KW)?;
            children.expect(L_PAREN)?;
            let mut items = vec![item(source, &children.expect_any_node()?)?];
            while children.eat(COMMA) {
                items.push(item(source, &children.expect_any_node()?)?);
            }
            children.expect(R_PAREN)?;
            GroupItem::Sets(items)
        }
        _ => return Err(source.unsupported_node(node)),
    };
    children.end()?;
    Ok(item)
}

/// Lists of expressions in parentheses, each by itself or in parentheses again.
fn lists(source: &Source, children: &mut super::cursor::Children) -> Result<Vec<Vec<Expr>>> {
    children.expect(L_PAREN)?;
    let mut lists = vec![keys(source, &children.expect_any_node()?)?];
    while children.eat(COMMA) {
        lists.push(keys(source, &children.expect_any_node()?)?);
    }
    children.expect(R_PAREN)?;
    Ok(lists)
}

/// An expression, or those of a row.
fn keys(source: &Source, node: &SyntaxNode) -> Result<Vec<Expr>> {
    let mut children = source.children(node);
    if node.kind() == TUPLE_EXPR && children.peek() == Some(L_PAREN) {
        return atom::exprs_in_parens(source, &mut children);
    }
    Ok(vec![expr(source, node)?])
}
