//! Constraints, of a table and of its columns: keys, references, conditions.

use super::super::ast::*;
use super::cursor::{Children, Source};
use super::expr::expr;
use super::name::qualified;
use crate::ids::{Error, Result, sqlstate};
use squawk_syntax::SyntaxKind::*;
use squawk_syntax::SyntaxNode;

/// A constraint of a table, or of this column of it.
pub(super) fn constraint(source: &Source, node: &SyntaxNode, column: Option<&Ident>) -> Result<TableConstraint> {
    let mut children = source.children(node);
    let name = name(source, &mut children)?;
    let kind = match node.kind() {
        PRIMARY_KEY_CONSTRAINT | UNIQUE_CONSTRAINT => key(source, &mut children, column)?,
        CHECK_CONSTRAINT => {
            children.expect(CHECK_KW)?;
            children.expect(L_PAREN)?;
            let condition = expr(source, &children.expect_any_node()?)?;
            children.expect(R_PAREN)?;
            ConstraintKind::Check(condition)
        }
        FOREIGN_KEY_CONSTRAINT => {
            children.expect(FOREIGN_KW)?;
            children.expect(KEY_KW)?;
            let columns = column_list(source, &children.expect_node(FOREIGN_KEY_COLUMN_LIST)?)?;
            foreign(source, &mut children, columns)?
        }
        REFERENCES_CONSTRAINT => foreign(source, &mut children, column.into_iter().cloned().collect())?,
        _ => return Err(source.unsupported_node(node)),
    };
    let pos = source.node_pos(node);
    let mut found = TableConstraint { name, kind, deferrable: false, deferred: false, not_valid: false, pos };
    options(source, &mut children, &mut found)?;
    children.end()?;
    if found.deferrable && matches!(found.kind, ConstraintKind::Key(..)) {
        return Err(Error::unsupported("a deferrable key").at(pos.0));
    }
    Ok(found)
}

/// `CONSTRAINT name`
pub(super) fn name(source: &Source, children: &mut Children) -> Result<Option<Ident>> {
    let Some(clause) = children.node(CONSTRAINT_NAME_CLAUSE) else { return Ok(None) };
    let mut clause = source.children(&clause);
    clause.expect(CONSTRAINT_KW)?;
    let name = clause.name(CONSTRAINT_NAME)?;
    clause.end()?;
    Ok(Some(name))
}

/// PRIMARY KEY or UNIQUE: over the columns that it names, or the column it stands at.
fn key(source: &Source, children: &mut Children, column: Option<&Ident>) -> Result<ConstraintKind> {
    let primary = children.eat(PRIMARY_KW);
    children.expect(if primary { KEY_KW } else { UNIQUE_KW })?;
    let (mut columns, mut included): (Vec<Ident>, Vec<Ident>) = (column.into_iter().cloned().collect(), Vec::new());
    if let Some(parameters) = children.node(INDEX_PARAMETERS) {
        let mut parameters = source.children(&parameters);
        if let Some(list) = parameters.node(CONSTRAINT_COLUMN_REF_LIST) {
            columns.extend(column_list(source, &list)?);
        }
        if let Some(clause) = parameters.node(CONSTRAINT_INCLUDE_CLAUSE) {
            if column.is_some() {
                return Err(source.syntax_error(source.node_start(&clause)));
            }
            let mut clause = source.children(&clause);
            clause.expect(INCLUDE_KW)?;
            included = column_list(source, &clause.expect_node(COLUMN_REF_LIST)?)?;
            clause.end()?;
        }
        parameters.end()?;
    }
    Ok(ConstraintKind::Key(primary, columns, included))
}

/// Names of columns in parentheses.
pub(super) fn column_list(source: &Source, list: &SyntaxNode) -> Result<Vec<Ident>> {
    let mut list = source.children(list);
    list.expect(L_PAREN)?;
    let columns = list.list(COLUMN_NAME_REF)?;
    list.expect(R_PAREN)?;
    list.end()?;
    columns.iter().map(|column| source.only_name(column)).collect()
}

/// What follows REFERENCES, from that word on.
fn foreign(source: &Source, children: &mut Children, columns: Vec<Ident>) -> Result<ConstraintKind> {
    children.expect(REFERENCES_KW)?;
    let table = qualified(source, &children.expect_node(TABLE_NAME_REF)?)?;
    let mut referred = Vec::new();
    if let Some(list) = children.node(FOREIGN_KEY_COLUMN_LIST) {
        referred = column_list(source, &list)?;
    } else if children.eat(L_PAREN) {
        referred.push(children.name(COLUMN_NAME_REF)?);
        children.expect(R_PAREN)?;
    }
    let mut key = ForeignKey {
        columns,
        table,
        referred,
        full: false,
        on_update: FkAction::NoAction,
        on_delete: FkAction::NoAction,
        set_columns: Vec::new(),
    };
    if let Some(MATCH_FULL | MATCH_PARTIAL | MATCH_SIMPLE) = children.peek() {
        let words = children.expect_any_node()?;
        match words.kind() {
            MATCH_PARTIAL => {
                return Err(Error::new(sqlstate::FEATURE_NOT_SUPPORTED, "MATCH PARTIAL not yet implemented")
                    .at(source.node_pos(&words).0));
            }
            kind => key.full = kind == MATCH_FULL,
        }
    }
    while let Some(kind @ (ON_DELETE_ACTION | ON_UPDATE_ACTION)) = children.peek() {
        let mut words = source.children(&children.expect_any_node()?);
        words.expect(ON_KW)?;
        words.expect(if kind == ON_DELETE_ACTION { DELETE_KW } else { UPDATE_KW })?;
        let (action, columns) = action(source, &words.expect_any_node()?)?;
        words.end()?;
        if kind == ON_DELETE_ACTION {
            (key.on_delete, key.set_columns) = (action, columns);
        } else if columns.is_empty() {
            key.on_update = action;
        } else {
            let message = "a column list with SET NULL is only supported for ON DELETE actions";
            return Err(Error::new(sqlstate::FEATURE_NOT_SUPPORTED, message));
        }
    }
    Ok(ConstraintKind::Foreign(key))
}

fn action(source: &Source, node: &SyntaxNode) -> Result<(FkAction, Vec<Ident>)> {
    let mut children = source.children(node);
    Ok(match node.kind() {
        NO_ACTION => (FkAction::NoAction, Vec::new()),
        RESTRICT => (FkAction::Restrict, Vec::new()),
        CASCADE => (FkAction::Cascade, Vec::new()),
        kind @ (SET_NULL_COLUMNS | SET_DEFAULT_COLUMNS) => {
            children.expect(SET_KW)?;
            children.bump();
            let columns = children.node(COLUMN_REF_LIST).map(|list| column_list(source, &list)).transpose()?;
            children.end()?;
            let action = if kind == SET_NULL_COLUMNS { FkAction::SetNull } else { FkAction::SetDefault };
            (action, columns.unwrap_or_default())
        }
        _ => return Err(source.unsupported_node(node)),
    })
}

/// DEFERRABLE and its like.
fn options(source: &Source, children: &mut Children, found: &mut TableConstraint) -> Result<()> {
    let (mut deferrable, mut deferred) = (None, None);
    while let Some(option) = children.any_node() {
        match option.kind() {
            DEFERRABLE_CONSTRAINT_OPTION => deferrable = Some(true),
            NOT_DEFERRABLE_CONSTRAINT_OPTION => deferrable = Some(false),
            INITIALLY_DEFERRED_CONSTRAINT_OPTION => deferred = Some(true),
            INITIALLY_IMMEDIATE_CONSTRAINT_OPTION => deferred = Some(false),
            NOT_VALID => found.not_valid = true,
            _ => return Err(source.unsupported_node(&option)),
        }
    }
    found.deferred = deferred == Some(true);
    found.deferrable = deferrable.unwrap_or(found.deferred);
    if found.deferred && !found.deferrable {
        let message = "constraint declared INITIALLY DEFERRED must be DEFERRABLE";
        return Err(Error::new(sqlstate::SYNTAX_ERROR, message).at(found.pos.0));
    }
    Ok(())
}
