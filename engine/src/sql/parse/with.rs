//! WITH: queries that have a name.

use super::super::ast::{Cte, Ident, With};
use super::cursor::Source;
use crate::ids::Result;
use squawk_syntax::SyntaxKind::*;
use squawk_syntax::SyntaxNode;

/// Lowers a WITH clause.
pub(super) fn with(source: &Source, clause: &SyntaxNode) -> Result<With> {
    let mut children = source.children(clause);
    children.expect(WITH_KW)?;
    let recursive = children.eat(RECURSIVE_KW);
    let ctes = children.list(WITH_TABLE)?.iter().map(|node| cte(source, node)).collect::<Result<_>>()?;
    children.end()?;
    Ok(With { recursive, ctes })
}

fn cte(source: &Source, node: &SyntaxNode) -> Result<Cte> {
    let mut children = source.children(node);
    let pos = source.node_pos(node);
    let name = children.name(CTE_NAME)?;
    let columns: Vec<Ident> = match children.node(COLUMN_LIST) {
        Some(list) => super::join::column_names(source, &list)?,
        None => Vec::new(),
    };
    children.expect(AS_KW)?;
    let materialized = match children.peek() {
        Some(kind @ (MATERIALIZED | NOT_MATERIALIZED)) => children.bump().map(|_| kind == MATERIALIZED),
        _ => None,
    };
    children.expect(L_PAREN)?;
    let statement = super::statement(source, &children.expect_any_node()?)?;
    children.expect(R_PAREN)?;
    children.end()?;
    Ok(Cte { name, pos, columns, materialized, statement })
}
