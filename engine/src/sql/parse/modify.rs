//! The statements that change rows.

use super::super::ast::*;
use super::cursor::{Children, Source};
use super::expr::expr;
use super::name::qualified;
use super::select::{self, filter, from, is_query, relation, returning, with};
use crate::ids::{Error, Result, sqlstate};
use squawk_syntax::SyntaxKind::*;
use squawk_syntax::SyntaxNode;

pub(super) fn insert(source: &Source, node: &SyntaxNode) -> Result<Statement> {
    let mut children = source.children(node);
    let with = with(source, &mut children)?;
    children.expect(INSERT_KW)?;
    children.expect(INTO_KW)?;
    let table = qualified(source, &children.expect_node(RELATION_NAME_REF)?)?;
    let alias = alias(source, &mut children)?;
    let mut columns = Vec::new();
    if let Some(list) = children.node(COLUMN_TARGET_LIST) {
        columns = column_targets(source, &list)?;
    }
    let overriding = match children.peek() {
        Some(kind @ (OVERRIDING_SYSTEM_VALUE | OVERRIDING_USER_VALUE)) => {
            children.bump();
            Some(kind == OVERRIDING_SYSTEM_VALUE)
        }
        _ => None,
    };
    let rows = match children.peek() {
        Some(DEFAULT_VALUES) => children.bump().map(|_| None),
        Some(kind) if is_query(kind) => {
            let node = children.expect_any_node()?;
            Some(Some(Box::new(select::query(source, &node)?)))
        }
        _ => None,
    };
    let Some(rows) = rows else { return Err(children.missing()) };
    let on_conflict = children.node(ON_CONFLICT_CLAUSE).map(|clause| on_conflict(source, &clause)).transpose()?;
    let returning = returning(source, &mut children)?;
    children.eat(SEMICOLON);
    children.end()?;
    Ok(Statement::Insert(Insert { with, table, alias, columns, overriding, source: rows, on_conflict, returning }))
}

fn on_conflict(source: &Source, node: &SyntaxNode) -> Result<OnConflict> {
    let mut children = source.children(node);
    children.expect(ON_KW)?;
    children.expect(CONFLICT_KW)?;
    let target = match children.peek() {
        Some(CONFLICT_ON_INDEX) => Some(conflict_columns(source, &children.expect_any_node()?)?),
        Some(CONFLICT_ON_CONSTRAINT) => {
            let mut words = source.children(&children.expect_any_node()?);
            words.expect(ON_KW)?;
            words.expect(CONSTRAINT_KW)?;
            let name = qualified(source, &words.expect_node(CONSTRAINT_NAME_REF)?)?.name;
            words.end()?;
            Some(ConflictTarget::Constraint(name))
        }
        _ => None,
    };
    let action = children.expect_any_node()?;
    children.end()?;
    let mut words = source.children(&action);
    let update = match action.kind() {
        CONFLICT_DO_NOTHING => None,
        CONFLICT_DO_UPDATE_SET => {
            words.expect(DO_KW)?;
            words.expect(UPDATE_KW)?;
            let set = set_clause(source, &words.expect_node(SET_CLAUSE)?)?;
            let filter = filter(source, &mut words)?;
            words.end()?;
            Some(ConflictUpdate { set, filter })
        }
        _ => return Err(source.syntax_error(source.node_start(&action))),
    };
    Ok(OnConflict { target, update, pos: source.node_pos(node) })
}

/// The columns that name an index; of an expression there is none.
fn conflict_columns(source: &Source, node: &SyntaxNode) -> Result<ConflictTarget> {
    let mut children = source.children(node);
    let mut list = source.children(&children.expect_node(CONFLICT_INDEX_ITEM_LIST)?);
    children.end()?;
    list.expect(L_PAREN)?;
    let mut columns = Vec::new();
    for item in list.list(CONFLICT_INDEX_ITEM)? {
        let mut item = source.children(&item);
        let column = expr(source, &item.expect_any_node()?)?;
        item.end()?;
        match column.kind {
            ExprKind::Column(path) if path.len() == 1 => columns.push((path[0].clone(), column.pos)),
            _ => return Err(Error::unsupported("ON CONFLICT by an expression").at(column.pos.0)),
        }
    }
    list.expect(R_PAREN)?;
    list.end()?;
    Ok(ConflictTarget::Columns(columns))
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
    let with = with(source, &mut children)?;
    children.expect(UPDATE_KW)?;
    let table = relation(source, &children.expect_node(RELATION_NAME)?)?;
    let alias = alias(source, &mut children)?;
    let set = set_clause(source, &children.expect_node(SET_CLAUSE)?)?;
    let from = children.node(FROM_CLAUSE).map_or(Ok(Vec::new()), |clause| from(source, &clause))?;
    let filter = filter(source, &mut children)?;
    let returning = returning(source, &mut children)?;
    children.eat(SEMICOLON);
    children.end()?;
    Ok(Statement::Update(Update { with, table, alias, set, from, filter, returning }))
}

fn set_clause(source: &Source, node: &SyntaxNode) -> Result<Vec<Assignment>> {
    let mut clause = source.children(node);
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
    Ok(set)
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
    let with = with(source, &mut children)?;
    children.expect(DELETE_KW)?;
    children.expect(FROM_KW)?;
    let table = relation(source, &children.expect_node(RELATION_NAME)?)?;
    let alias = alias(source, &mut children)?;
    let using = children.node(USING_CLAUSE).map_or(Ok(Vec::new()), |clause| from(source, &clause))?;
    let filter = filter(source, &mut children)?;
    let returning = returning(source, &mut children)?;
    children.eat(SEMICOLON);
    children.end()?;
    Ok(Statement::Delete(Delete { with, table, alias, using, filter, returning }))
}
