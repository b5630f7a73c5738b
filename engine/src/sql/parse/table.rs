//! The statements that make and drop tables.

use super::super::ast::*;
use super::cursor::{Children, Source};
use super::expr::expr;
use super::name::{qualified, type_name};
use super::{constraint, sequence};
use crate::ids::{Error, Result, sqlstate};
use squawk_syntax::SyntaxKind::*;
use squawk_syntax::SyntaxNode;

pub(super) fn create_table(source: &Source, node: &SyntaxNode) -> Result<Statement> {
    let mut children = source.children(node);
    children.expect(CREATE_KW)?;
    let temporary = children.node(TEMP).is_some();
    children.expect(TABLE_KW)?;
    let if_not_exists = children.eat(IF_NOT_EXISTS);
    let name = qualified(source, &children.expect_node(TABLE_NAME)?)?;
    let mut list = source.children(&children.expect_node(TABLE_ARG_LIST)?);
    let fillfactor = storage_parameters(source, &mut children)?;
    let temporary = on_commit(source, &mut children, temporary)?;
    children.eat(SEMICOLON);
    children.end()?;
    list.expect(L_PAREN)?;
    let (mut columns, mut constraints) = (Vec::new(), Vec::new());
    while list.peek() != Some(R_PAREN) {
        match list.peek() {
            Some(COLUMN) => columns.push(column(source, &list.expect_any_node()?, &name.name, &mut constraints)?),
            _ => constraints.push(constraint::constraint(source, &list.expect_any_node()?, None)?),
        }
        if !list.eat(COMMA) {
            break;
        }
    }
    list.expect(R_PAREN)?;
    list.end()?;
    Ok(Statement::CreateTable(CreateTable { name, if_not_exists, columns, constraints, fillfactor, temporary }))
}

/// WITH (fillfactor = 70): the only one of the storage parameters that we know.
pub(super) fn storage_parameters(source: &Source, children: &mut Children) -> Result<Option<u8>> {
    let Some(clause) = children.node(WITH_PARAMS) else { return Ok(None) };
    let mut fillfactor = None;
    for option in clause.descendants().filter(|node| node.kind() == ATTRIBUTE_OPTION) {
        let text = option.text().to_string();
        let (name, value) = text.split_once('=').map_or((text.trim(), ""), |(name, value)| (name.trim(), value.trim()));
        if !name.eq_ignore_ascii_case("fillfactor") {
            let message = format!("storage parameter \"{}\"", name.to_ascii_lowercase());
            return Err(Error::unsupported(message).at(source.node_pos(&option).0));
        }
        let Ok(percent) = value.parse::<i64>() else {
            let message = format!("invalid value for integer option \"fillfactor\": {value}");
            return Err(Error::new(sqlstate::INVALID_PARAMETER_VALUE, message));
        };
        if !(10..=100).contains(&percent) {
            let message = format!("value {percent} out of bounds for option \"fillfactor\"");
            return Err(Error::new(sqlstate::INVALID_PARAMETER_VALUE, message)
                .detail("Valid values are between \"10\" and \"100\"."));
        }
        fillfactor = Some(percent as u8);
    }
    Ok(fillfactor)
}

/// ON COMMIT of a table that is temporary.
pub(super) fn on_commit(source: &Source, children: &mut Children, temporary: bool) -> Result<Temporary> {
    let Some(node) = children.node(ON_COMMIT) else {
        return Ok(if temporary { Temporary::PreserveRows } else { Temporary::No });
    };
    if !temporary {
        let message = "ON COMMIT can only be used on temporary tables";
        return Err(Error::new(sqlstate::INVALID_TABLE_DEFINITION, message));
    }
    let mut words = source.children(&node);
    words.expect(ON_KW)?;
    words.expect(COMMIT_KW)?;
    let action = words.expect_any_node()?;
    words.end()?;
    Ok(match action.kind() {
        DELETE_ROWS => Temporary::DeleteRows,
        DROP => Temporary::Drop,
        _ => Temporary::PreserveRows,
    })
}

/// A column; its constraints are put behind those before.
fn column(
    source: &Source,
    node: &SyntaxNode,
    table: &str,
    constraints: &mut Vec<TableConstraint>,
) -> Result<ColumnDef> {
    let mut children = source.children(node);
    let pos = source.node_pos(node);
    let name = children.name(COLUMN_NAME)?;
    let ty = type_name(source, &children.expect_any_node()?)?;
    let mut column = ColumnDef { name, ty, not_null: false, default: None, identity: None, pos };
    column_constraints(source, &mut children, table, &mut column, constraints)?;
    children.end()?;
    Ok(column)
}

/// The constraints that stand at a column: some are its own, others are put behind those of the table.
pub(super) fn column_constraints(
    source: &Source,
    children: &mut Children,
    table: &str,
    column: &mut ColumnDef,
    constraints: &mut Vec<TableConstraint>,
) -> Result<()> {
    let mut not_null = None;
    while let Some(node) = children.any_node() {
        match node.kind() {
            kind @ (NOT_NULL_CONSTRAINT | NULL_CONSTRAINT) => {
                let mut words = source.children(&node);
                constraint::name(source, &mut words)?;
                words.eat(NOT_KW);
                words.expect(NULL_KW)?;
                words.end()?;
                let is_not = kind == NOT_NULL_CONSTRAINT;
                if not_null.replace(is_not).is_some_and(|before| before != is_not) {
                    let message = format!("conflicting NULL/NOT NULL declarations for column \"{}\"", column.name);
                    return Err(Error::new(sqlstate::SYNTAX_ERROR, message).at(source.node_pos(&node).0));
                }
            }
            DEFAULT_CONSTRAINT => {
                let mut words = source.children(&node);
                constraint::name(source, &mut words)?;
                words.expect(DEFAULT_KW)?;
                let default = expr(source, &words.expect_any_node()?)?;
                words.end()?;
                if column.default.replace(default).is_some() {
                    let message = format!(
                        "multiple default values specified for column \"{}\" of table \"{table}\"",
                        column.name
                    );
                    return Err(Error::new(sqlstate::SYNTAX_ERROR, message).at(source.node_pos(&node).0));
                }
            }
            GENERATED_CONSTRAINT => column.identity = Some(identity(source, &node)?),
            _ => constraints.push(constraint::constraint(source, &node, Some(&column.name))?),
        }
    }
    column.not_null |= not_null == Some(true);
    Ok(())
}

/// GENERATED ... AS IDENTITY
fn identity(source: &Source, node: &SyntaxNode) -> Result<Identity> {
    let mut words = source.children(node);
    constraint::name(source, &mut words)?;
    words.expect(GENERATED_KW)?;
    let mut generated = source.children(&words.expect_node(GENERATED_IDENTITY)?);
    words.end()?;
    let when = generated.expect_any_node()?;
    generated.expect(AS_KW)?;
    generated.expect(IDENTITY_KW)?;
    let list = generated.node(SEQUENCE_OPTION_LIST);
    generated.end()?;
    let options = match list {
        Some(list) => sequence::option_list(source, &list)?,
        None => SequenceOptions::default(),
    };
    Ok(Identity { always: when.kind() == GENERATED_ALWAYS, options })
}

pub(super) fn drop_table(source: &Source, node: &SyntaxNode) -> Result<Statement> {
    let mut children = source.children(node);
    children.expect(DROP_KW)?;
    children.expect(TABLE_KW)?;
    let if_exists = children.eat(IF_EXISTS);
    let names = children.list(TABLE_NAME_REF)?;
    let names = names.iter().map(|name| qualified(source, name)).collect::<Result<_>>()?;
    let cascade = drop_behavior(&mut children);
    children.eat(SEMICOLON);
    children.end()?;
    Ok(Statement::DropTable(DropTable { names, if_exists, cascade }))
}

pub(super) fn truncate(source: &Source, node: &SyntaxNode) -> Result<Statement> {
    let mut children = source.children(node);
    children.expect(TRUNCATE_KW)?;
    children.eat(TABLE_KW);
    let mut list = source.children(&children.expect_node(TABLE_LIST)?);
    let mut names = Vec::new();
    for relation in list.list(TABLE_RELATION_NAME)? {
        names.push(table_name(source, &relation)?);
    }
    list.end()?;
    let restart = children.eat(RESTART_IDENTITY);
    if !restart {
        children.eat(CONTINUE_IDENTITY);
    }
    let cascade = drop_behavior(&mut children);
    children.eat(SEMICOLON);
    children.end()?;
    Ok(Statement::Truncate(Truncate { names, restart, cascade }))
}

/// The name of a table without ONLY or `*`, which stand for inheritance.
pub(super) fn table_name(source: &Source, node: &SyntaxNode) -> Result<QualName> {
    let mut relation = source.children(node);
    relation.eat(ONLY_KW);
    let name = qualified(source, &relation.expect_node(TABLE_NAME_REF)?)?;
    relation.eat(STAR);
    relation.end()?;
    Ok(name)
}

/// RESTRICT or CASCADE; whether it is the latter.
pub(super) fn drop_behavior(children: &mut Children) -> bool {
    !children.eat(RESTRICT) && children.eat(CASCADE)
}
