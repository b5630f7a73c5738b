//! CREATE, ALTER and DROP of schemas and views.

use super::super::ast::*;
use super::cursor::{Children, Source};
use super::name::qualified;
use super::select;
use super::table::drop_behavior;
use crate::ids::{Error, Result};
use squawk_syntax::SyntaxKind::*;
use squawk_syntax::{SyntaxKind, SyntaxNode};

/// What ends a statement.
fn finish(mut children: Children) -> Result<()> {
    children.eat(SEMICOLON);
    children.end()
}

pub(super) fn create_schema(source: &Source, node: &SyntaxNode) -> Result<Statement> {
    let mut children = source.children(node);
    children.expect(CREATE_KW)?;
    children.expect(SCHEMA_KW)?;
    let if_not_exists = children.eat(IF_NOT_EXISTS);
    let target = children.expect_any_node()?;
    let mut words = source.children(&target);
    let name = match target.kind() {
        NAMED_SCHEMA => Some(words.name(SCHEMA)?),
        _ => None,
    };
    let owner = match words.eat(AUTHORIZATION_KW) {
        true => Some(role(source, &words.expect_any_node()?)?),
        false => None,
    };
    words.end()?;
    let mut elements = Vec::new();
    while let Some(element) = children.any_node() {
        elements.push(super::statement(source, &element)?);
    }
    finish(children)?;
    if if_not_exists && !elements.is_empty() {
        return Err(Error::unsupported("CREATE SCHEMA IF NOT EXISTS with schema elements"));
    }
    Ok(Statement::CreateSchema(CreateSchema { name, owner, if_not_exists, elements }))
}

/// The name of a role.
pub(super) fn role(source: &Source, node: &SyntaxNode) -> Result<Ident> {
    match node.first_child() {
        Some(inner) => role(source, &inner),
        None => source.only_name(node),
    }
}

/// ALTER SCHEMA RENAME TO.
pub(super) fn alter_schema(source: &Source, node: &SyntaxNode) -> Result<Statement> {
    let mut children = source.children(node);
    children.expect(ALTER_KW)?;
    children.expect(SCHEMA_KW)?;
    let name = children.name(SCHEMA_REF)?;
    let action = children.expect_any_node()?;
    finish(children)?;
    if action.kind() != SCHEMA_RENAME_TO {
        return Err(source.unsupported_node(&action));
    }
    let mut words = source.children(&action);
    words.expect(RENAME_KW)?;
    words.expect(TO_KW)?;
    let to = words.name(SCHEMA)?;
    words.end()?;
    Ok(Statement::RenameSchema(name, to))
}

pub(super) fn drop_schema(source: &Source, node: &SyntaxNode) -> Result<Statement> {
    let mut children = source.children(node);
    children.expect(DROP_KW)?;
    children.expect(SCHEMA_KW)?;
    let if_exists = children.eat(IF_EXISTS);
    let names = children.list(SCHEMA_REF)?;
    let names = names.iter().map(|name| source.only_name(name)).collect::<Result<_>>()?;
    let cascade = drop_behavior(&mut children);
    finish(children)?;
    Ok(Statement::DropSchema(DropSchema { names, if_exists, cascade }))
}

pub(super) fn create_view(source: &Source, node: &SyntaxNode) -> Result<Statement> {
    let mut children = source.children(node);
    children.expect(CREATE_KW)?;
    let replace = children.eat(OR_REPLACE);
    let temporary = children.node(TEMP).is_some();
    children.expect(VIEW_KW)?;
    let name = qualified(source, &children.expect_node(VIEW)?)?;
    let mut columns = Vec::new();
    if let Some(list) = children.node(COLUMN_LIST) {
        let mut list = source.children(&list);
        list.expect(L_PAREN)?;
        for column in list.list(COLUMN_NAME)? {
            columns.push(source.only_name(&column)?);
        }
        list.expect(R_PAREN)?;
        list.end()?;
    }
    children.expect(AS_KW)?;
    let query = select::query(source, &children.expect_any_node()?)?;
    finish(children)?;
    Ok(Statement::CreateView(Box::new(CreateView { name, replace, temporary, columns, query })))
}

pub(super) fn drop_view(source: &Source, node: &SyntaxNode) -> Result<Statement> {
    let mut children = source.children(node);
    children.expect(DROP_KW)?;
    children.expect(VIEW_KW)?;
    let if_exists = children.eat(IF_EXISTS);
    let names = children.list(VIEW_REF)?;
    let names = names.iter().map(|name| qualified(source, name)).collect::<Result<_>>()?;
    let cascade = drop_behavior(&mut children);
    finish(children)?;
    Ok(Statement::DropView(DropTable { names, if_exists, cascade }))
}

/// ALTER VIEW: what is done to its name and to those of its columns.
pub(super) fn alter_view(source: &Source, node: &SyntaxNode) -> Result<Statement> {
    let mut children = source.children(node);
    children.expect(ALTER_KW)?;
    children.expect(VIEW_KW)?;
    let if_exists = children.eat(IF_EXISTS);
    let name = qualified(source, &children.expect_node(VIEW_REF)?)?;
    let action = children.expect_any_node()?;
    finish(children)?;
    let action = match action.kind() {
        VIEW_RENAME_TO => AlterAction::Rename(renamed(source, &action, VIEW)?),
        SET_SCHEMA => set_schema(source, &action)?,
        RENAME_COLUMN => super::alter::action(source, &action, &name)?,
        _ => return Err(source.unsupported_node(&action)),
    };
    Ok(Statement::AlterTable(AlterTable { name, if_exists, actions: vec![action], kind: b'v' }))
}

/// The new name of RENAME TO.
pub(super) fn renamed(source: &Source, node: &SyntaxNode, kind: SyntaxKind) -> Result<Ident> {
    let mut words = source.children(node);
    words.expect(RENAME_KW)?;
    words.expect(TO_KW)?;
    let name = qualified(source, &words.expect_node(kind)?)?.name;
    words.end()?;
    Ok(name)
}

/// SET SCHEMA
pub(super) fn set_schema(source: &Source, node: &SyntaxNode) -> Result<AlterAction> {
    let mut words = source.children(node);
    words.expect(SET_KW)?;
    words.expect(SCHEMA_KW)?;
    let schema = words.name(SCHEMA_REF)?;
    words.end()?;
    Ok(AlterAction::SetSchema(schema))
}
