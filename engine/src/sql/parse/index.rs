//! CREATE INDEX and DROP INDEX.

use super::super::ast::*;
use super::cursor::Source;
use super::expr::expr;
use super::name::qualified;
use super::table::drop_behavior;
use crate::ids::{Error, Result};
use squawk_syntax::SyntaxKind::*;
use squawk_syntax::SyntaxNode;

pub(super) fn create_index(source: &Source, node: &SyntaxNode) -> Result<Statement> {
    let mut children = source.children(node);
    children.expect(CREATE_KW)?;
    let unique = children.eat(UNIQUE_KW);
    children.expect(INDEX_KW)?;
    let if_not_exists = children.eat(IF_NOT_EXISTS);
    let name = match children.node(INDEX) {
        Some(node) => {
            let name = qualified(source, &node)?;
            if name.schema.is_some() {
                return Err(source.syntax_error(source.node_start(&node)));
            }
            Some(name.name)
        }
        None => None,
    };
    children.expect(ON_KW)?;
    let mut relation = source.children(&children.expect_node(TABLE_RELATION_NAME)?);
    relation.eat(ONLY_KW);
    let table = qualified(source, &relation.expect_node(TABLE_NAME_REF)?)?;
    relation.eat(STAR);
    relation.end()?;
    let method = match children.node(USING_METHOD) {
        Some(node) => {
            let mut node = source.children(&node);
            node.expect(USING_KW)?;
            node.name(ACCESS_METHOD_REF)?
        }
        None => "btree".into(),
    };
    let mut list = source.children(&children.expect_node(PARTITION_ITEM_LIST)?);
    let included = children.node(INDEX_INCLUDE_CLAUSE).map_or(Ok(Vec::new()), |clause| included(source, &clause))?;
    children.eat(SEMICOLON);
    children.end()?;
    list.expect(L_PAREN)?;
    let items = list.list(PARTITION_ITEM)?;
    list.expect(R_PAREN)?;
    list.end()?;
    let columns = items.iter().map(|item| index_column(source, item)).collect::<Result<_>>()?;
    Ok(Statement::CreateIndex(CreateIndex { name, table, unique, if_not_exists, method, columns, included }))
}

/// INCLUDE: names of columns.
fn included(source: &Source, clause: &SyntaxNode) -> Result<Vec<Ident>> {
    let mut clause = source.children(clause);
    clause.expect(INCLUDE_KW)?;
    let mut list = source.children(&clause.expect_node(PARTITION_ITEM_LIST)?);
    clause.end()?;
    list.expect(L_PAREN)?;
    let items = list.list(PARTITION_ITEM)?;
    list.expect(R_PAREN)?;
    list.end()?;
    items.iter().map(|item| index_column(source, item).map(|column| column.name)).collect()
}

fn index_column(source: &Source, item: &SyntaxNode) -> Result<IndexColumn> {
    let mut children = source.children(item);
    let column = expr(source, &children.expect_any_node()?)?;
    let name = match column.kind {
        ExprKind::Column(path) if path.len() == 1 => path[0].clone(),
        _ => return Err(Error::unsupported("an index on an expression").at(column.pos.0)),
    };
    let descending = children.eat(SORT_DESC);
    if !descending {
        children.eat(SORT_ASC);
    }
    let nulls_first = match children.peek() {
        Some(kind @ (NULLS_FIRST | NULLS_LAST)) => children.bump().map(|_| kind == NULLS_FIRST),
        _ => None,
    };
    children.end()?;
    Ok(IndexColumn { name, descending, nulls_first: nulls_first.unwrap_or(descending) })
}

pub(super) fn drop_index(source: &Source, node: &SyntaxNode) -> Result<Statement> {
    let mut children = source.children(node);
    children.expect(DROP_KW)?;
    children.expect(INDEX_KW)?;
    let if_exists = children.eat(IF_EXISTS);
    let names = children.list(INDEX_REF)?;
    let names = names.iter().map(|name| qualified(source, name)).collect::<Result<_>>()?;
    drop_behavior(&mut children);
    children.eat(SEMICOLON);
    children.end()?;
    Ok(Statement::DropIndex(DropIndex { names, if_exists }))
}

/// REINDEX of a table or an index.
pub(super) fn reindex(source: &Source, node: &SyntaxNode) -> Result<Statement> {
    let mut children = source.children(node);
    children.expect(REINDEX_KW)?;
    let mut verbose = false;
    if let Some(list) = children.node(REINDEX_OPTION_LIST) {
        let mut list = source.children(&list);
        list.expect(L_PAREN)?;
        for option in list.list(REINDEX_OPTION_VERBOSE)? {
            let text = option.text().to_string().to_ascii_lowercase();
            let value = text.trim_start_matches("verbose").trim();
            verbose = !matches!(value.trim_matches('\''), "false" | "off" | "no" | "0");
        }
        list.expect(R_PAREN)?;
        list.end()?;
    }
    let (target, index) = match children.node(REINDEX_TARGET_INDEX) {
        Some(target) => (target, true),
        None => (children.expect_node(REINDEX_TARGET_TABLE)?, false),
    };
    children.eat(SEMICOLON);
    children.end()?;
    let mut target = source.children(&target);
    target.bump();
    let name = qualified(source, &target.expect_node(if index { INDEX_REF } else { TABLE_NAME_REF })?)?;
    target.end()?;
    Ok(Statement::Reindex(Reindex { name, index, verbose }))
}
