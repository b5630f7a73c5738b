//! ALTER TABLE: its actions, one after the other.

use super::super::ast::*;
use super::cursor::Source;
use super::expr::expr;
use super::name::{qualified, type_name};
use super::table::{column_constraints, drop_behavior, table_name};
use super::{constraint, name::path};
use crate::ids::{Error, Result};
use squawk_syntax::SyntaxKind::*;
use squawk_syntax::SyntaxNode;

pub(super) fn alter_table(source: &Source, node: &SyntaxNode) -> Result<Statement> {
    let mut children = source.children(node);
    children.expect(ALTER_KW)?;
    children.expect(TABLE_KW)?;
    let if_exists = children.eat(IF_EXISTS);
    let name = table_name(source, &children.expect_node(TABLE_RELATION_NAME)?)?;
    let mut actions = Vec::new();
    while let Some(node) = children.any_node() {
        actions.push(action(source, &node, &name)?);
        if !children.eat(COMMA) {
            break;
        }
    }
    children.eat(SEMICOLON);
    children.end()?;
    Ok(Statement::AlterTable(AlterTable { name, if_exists, actions, kind: b'r' }))
}

pub(super) fn action(source: &Source, node: &SyntaxNode, table: &QualName) -> Result<AlterAction> {
    let mut children = source.children(node);
    let found = match node.kind() {
        ADD_COLUMN => {
            children.expect(ADD_KW)?;
            children.eat(COLUMN_KW);
            let if_not_exists = children.eat(IF_NOT_EXISTS);
            let pos = source.pos(children.peek_start().unwrap_or(source.node_start(node)));
            let name = children.name(COLUMN_NAME)?;
            let ty = type_name(source, &children.expect_any_node()?)?;
            let mut column = ColumnDef { name, ty, not_null: false, default: None, identity: None, pos };
            let mut constraints = Vec::new();
            column_constraints(source, &mut children, &table.name, &mut column, &mut constraints)?;
            AlterAction::AddColumn(Box::new(column), constraints, if_not_exists)
        }
        DROP_COLUMN => {
            children.expect(DROP_KW)?;
            children.eat(COLUMN_KW);
            let if_exists = children.eat(IF_EXISTS);
            let name = children.name(COLUMN_NAME_REF)?;
            AlterAction::DropColumn(name, if_exists, drop_behavior(&mut children))
        }
        ADD_CONSTRAINT => {
            children.expect(ADD_KW)?;
            let added = constraint::constraint(source, &children.expect_any_node()?, None)?;
            AlterAction::AddConstraint(Box::new(added))
        }
        DROP_CONSTRAINT => {
            children.expect(DROP_KW)?;
            children.expect(CONSTRAINT_KW)?;
            let if_exists = children.eat(IF_EXISTS);
            let mut parts = Vec::new();
            path(source, &children.expect_node(CONSTRAINT_NAME_REF)?, &mut parts)?;
            let name = parts.pop().ok_or_else(|| children.missing())?;
            AlterAction::DropConstraint(name, if_exists, drop_behavior(&mut children))
        }
        RENAME_COLUMN => {
            children.expect(RENAME_KW)?;
            children.eat(COLUMN_KW);
            let from = children.name(COLUMN_NAME_REF)?;
            children.expect(TO_KW)?;
            AlterAction::RenameColumn(from, children.name(COLUMN_NAME)?)
        }
        TABLE_RENAME_TO => {
            children.expect(RENAME_KW)?;
            children.expect(TO_KW)?;
            AlterAction::Rename(qualified(source, &children.expect_node(TABLE_NAME)?)?.name)
        }
        SET_SCHEMA => return super::schema::set_schema(source, node),
        ALTER_COLUMN => {
            children.expect(ALTER_KW)?;
            children.eat(COLUMN_KW);
            let name = children.name(COLUMN_NAME_REF)?;
            column_option(source, &children.expect_any_node()?, name)?
        }
        _ => return Err(source.unsupported_node(node)),
    };
    children.end()?;
    Ok(found)
}

/// What ALTER COLUMN does.
fn column_option(source: &Source, node: &SyntaxNode, column: Ident) -> Result<AlterAction> {
    match node.kind() {
        SET_DEFAULT => {
            let mut words = source.children(node);
            words.expect(SET_KW)?;
            words.expect(DEFAULT_KW)?;
            let default = expr(source, &words.expect_any_node()?)?;
            words.end()?;
            Ok(AlterAction::Default(column, Some(default)))
        }
        DROP_DEFAULT => Ok(AlterAction::Default(column, None)),
        SET_NOT_NULL => Ok(AlterAction::NotNull(column, true)),
        DROP_NOT_NULL => Ok(AlterAction::NotNull(column, false)),
        SET_TYPE => Err(Error::unsupported("ALTER COLUMN TYPE").at(source.node_pos(node).0)),
        _ => Err(source.unsupported_node(node)),
    }
}
