//! The statements that make and drop tables.

use super::super::ast::*;
use super::cursor::{Children, Source};
use super::index;
use super::name::{qualified, type_name};
use crate::ids::{Error, Result, sqlstate};
use squawk_syntax::SyntaxKind::*;
use squawk_syntax::SyntaxNode;

pub(super) fn create_table(source: &Source, node: &SyntaxNode) -> Result<Statement> {
    let mut children = source.children(node);
    children.expect(CREATE_KW)?;
    children.expect(TABLE_KW)?;
    let if_not_exists = children.eat(IF_NOT_EXISTS);
    let name = qualified(source, &children.expect_node(TABLE_NAME)?)?;
    let mut list = source.children(&children.expect_node(TABLE_ARG_LIST)?);
    children.eat(SEMICOLON);
    children.end()?;
    list.expect(L_PAREN)?;
    let (mut columns, mut keys) = (Vec::new(), Vec::new());
    while list.peek() != Some(R_PAREN) {
        match list.peek() {
            Some(PRIMARY_KEY_CONSTRAINT | UNIQUE_CONSTRAINT) => {
                keys.push(index::key(source, &list.expect_any_node()?, None)?);
            }
            _ => columns.push(column(source, &list.expect_node(COLUMN)?, &mut keys)?),
        }
        if !list.eat(COMMA) {
            break;
        }
    }
    list.expect(R_PAREN)?;
    list.end()?;
    Ok(Statement::CreateTable(CreateTable { name, if_not_exists, columns, keys }))
}

/// A column; its keys are put behind those before.
fn column(source: &Source, node: &SyntaxNode, keys: &mut Vec<Key>) -> Result<ColumnDef> {
    let mut children = source.children(node);
    let pos = source.node_pos(node);
    let name = children.name(COLUMN_NAME)?;
    let ty = type_name(source, &children.expect_any_node()?)?;
    let mut not_null = None;
    while let Some(kind @ (NOT_NULL_CONSTRAINT | NULL_CONSTRAINT | PRIMARY_KEY_CONSTRAINT | UNIQUE_CONSTRAINT)) =
        children.peek()
    {
        let constraint = children.expect_any_node()?;
        if matches!(kind, PRIMARY_KEY_CONSTRAINT | UNIQUE_CONSTRAINT) {
            keys.push(index::key(source, &constraint, Some(&name))?);
            continue;
        }
        let mut words = source.children(&constraint);
        words.eat(NOT_KW);
        words.expect(NULL_KW)?;
        words.end()?;
        if not_null.replace(kind == NOT_NULL_CONSTRAINT).is_some_and(|before| before != (kind == NOT_NULL_CONSTRAINT)) {
            let message = format!("conflicting NULL/NOT NULL declarations for column \"{name}\"");
            return Err(Error::new(sqlstate::SYNTAX_ERROR, message).at(source.node_pos(&constraint).0));
        }
    }
    children.end()?;
    Ok(ColumnDef { name, ty, not_null: not_null == Some(true), pos })
}

pub(super) fn drop_table(source: &Source, node: &SyntaxNode) -> Result<Statement> {
    let mut children = source.children(node);
    children.expect(DROP_KW)?;
    children.expect(TABLE_KW)?;
    let if_exists = children.eat(IF_EXISTS);
    let names = children.list(TABLE_NAME_REF)?;
    let names = names.iter().map(|name| qualified(source, name)).collect::<Result<_>>()?;
    drop_behavior(&mut children);
    children.eat(SEMICOLON);
    children.end()?;
    Ok(Statement::DropTable(DropTable { names, if_exists }))
}

/// RESTRICT or CASCADE: nothing that we have can depend on what is dropped.
pub(super) fn drop_behavior(children: &mut Children) {
    if !children.eat(RESTRICT) {
        children.eat(CASCADE);
    }
}
