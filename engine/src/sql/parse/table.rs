//! The statements that make and drop tables, and those that change their rows.

use super::super::ast::*;
use super::cursor::{Children, Source};
use super::expr::expr;
use super::index;
use super::name::{qualified, type_name};
use super::select::{self, filter, is_query, relation, returning};
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
    let temporary = on_commit(source, &mut children, temporary)?;
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
    Ok(Statement::CreateTable(CreateTable { name, if_not_exists, columns, keys, temporary }))
}

/// ON COMMIT of a table that is temporary.
fn on_commit(source: &Source, children: &mut Children, temporary: bool) -> Result<Temporary> {
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

pub(super) fn insert(source: &Source, node: &SyntaxNode) -> Result<Statement> {
    let mut children = source.children(node);
    children.expect(INSERT_KW)?;
    children.expect(INTO_KW)?;
    let table = qualified(source, &children.expect_node(RELATION_NAME_REF)?)?;
    let alias = alias(source, &mut children)?;
    let mut columns = Vec::new();
    if let Some(list) = children.node(COLUMN_TARGET_LIST) {
        columns = column_targets(source, &list)?;
    }
    let rows = match children.peek() {
        Some(DEFAULT_VALUES) => children.bump().map(|_| None),
        Some(kind) if is_query(kind) => {
            let node = children.expect_any_node()?;
            Some(Some(Box::new(select::query(source, &node)?)))
        }
        _ => None,
    };
    let Some(rows) = rows else { return Err(children.missing()) };
    let returning = returning(source, &mut children)?;
    children.eat(SEMICOLON);
    children.end()?;
    Ok(Statement::Insert(Insert { table, alias, columns, source: rows, returning }))
}

/// The alias of the table that a statement changes.
fn alias(source: &Source, children: &mut Children) -> Result<Option<Ident>> {
    let Some(node) = children.node(REQUIRED_AS_ALIAS).or_else(|| children.node(OPTIONAL_AS_ALIAS)) else {
        return Ok(None);
    };
    let mut node = source.children(&node);
    node.eat(AS_KW);
    let name = node.name(TABLE_ALIAS)?;
    node.end()?;
    Ok(Some(name))
}

fn column_targets(source: &Source, list: &SyntaxNode) -> Result<Vec<(Ident, Pos)>> {
    let mut children = source.children(list);
    children.expect(L_PAREN)?;
    let targets = children.list(COLUMN_TARGET)?;
    children.expect(R_PAREN)?;
    children.end()?;
    targets.iter().map(|target| column_target(source, target)).collect()
}

fn column_target(source: &Source, node: &SyntaxNode) -> Result<(Ident, Pos)> {
    let mut children = source.children(node);
    let name = children.name(COLUMN_NAME_REF)?;
    children.end()?;
    Ok((name, source.node_pos(node)))
}

pub(super) fn update(source: &Source, node: &SyntaxNode) -> Result<Statement> {
    let mut children = source.children(node);
    children.expect(UPDATE_KW)?;
    let table = relation(source, &children.expect_node(RELATION_NAME)?)?;
    let alias = alias(source, &mut children)?;
    let mut clause = source.children(&children.expect_node(SET_CLAUSE)?);
    clause.expect(SET_KW)?;
    let mut list = source.children(&clause.expect_node(SET_COLUMN_LIST)?);
    clause.end()?;
    let mut set = Vec::new();
    loop {
        match list.peek() {
            Some(SET_SINGLE_COLUMN) => set.push(assignment(source, &list.expect_any_node()?)?),
            Some(SET_MULTIPLE_COLUMNS) => assignments(source, &list.expect_any_node()?, &mut set)?,
            _ => return Err(list.missing()),
        }
        if !list.eat(COMMA) {
            break;
        }
    }
    list.end()?;
    let filter = filter(source, &mut children)?;
    let returning = returning(source, &mut children)?;
    children.eat(SEMICOLON);
    children.end()?;
    Ok(Statement::Update(Update { table, alias, set, filter, returning }))
}

fn assignment(source: &Source, node: &SyntaxNode) -> Result<Assignment> {
    let mut children = source.children(node);
    let (column, pos) = column_target(source, &children.expect_node(COLUMN_TARGET)?)?;
    children.expect(EQ)?;
    let value = set_expr(source, &children.expect_node(SET_EXPR)?)?;
    children.end()?;
    Ok(Assignment { column, pos, value })
}

/// `(a, b) = (1, 2)`
fn assignments(source: &Source, node: &SyntaxNode, set: &mut Vec<Assignment>) -> Result<()> {
    let mut children = source.children(node);
    let columns = column_targets(source, &children.expect_node(COLUMN_TARGET_LIST)?)?;
    children.expect(EQ)?;
    let mut list = source.children(&children.expect_node(SET_EXPR_LIST)?);
    children.end()?;
    list.eat(ROW_KW);
    list.expect(L_PAREN)?;
    let values = list.list(SET_EXPR)?;
    list.expect(R_PAREN)?;
    list.end()?;
    if columns.len() != values.len() {
        let message = "number of columns does not match number of values";
        return Err(Error::new(sqlstate::SYNTAX_ERROR, message).at(columns[0].1.0));
    }
    for ((column, pos), value) in columns.into_iter().zip(&values) {
        set.push(Assignment { column, pos, value: set_expr(source, value)? });
    }
    Ok(())
}

fn set_expr(source: &Source, node: &SyntaxNode) -> Result<Expr> {
    let mut children = source.children(node);
    let value = if children.eat(DEFAULT_KW) {
        Expr { kind: ExprKind::Default, pos: source.node_pos(node) }
    } else {
        expr(source, &children.expect_any_node()?)?
    };
    children.end()?;
    Ok(value)
}

pub(super) fn delete(source: &Source, node: &SyntaxNode) -> Result<Statement> {
    let mut children = source.children(node);
    children.expect(DELETE_KW)?;
    children.expect(FROM_KW)?;
    let table = relation(source, &children.expect_node(RELATION_NAME)?)?;
    let alias = alias(source, &mut children)?;
    let filter = filter(source, &mut children)?;
    let returning = returning(source, &mut children)?;
    children.eat(SEMICOLON);
    children.end()?;
    Ok(Statement::Delete(Delete { table, alias, filter, returning }))
}
