//! CREATE TABLE AS and SELECT INTO: tables made of what a query gives.

use super::super::ast::*;
use super::cursor::Source;
use super::name::qualified;
use super::{prepared, select, table};
use crate::ids::Result;
use squawk_syntax::SyntaxKind::*;
use squawk_syntax::SyntaxNode;

pub(super) fn create_table_as(source: &Source, node: &SyntaxNode) -> Result<Statement> {
    let mut children = source.children(node);
    children.expect(CREATE_KW)?;
    let temporary = children.node(TEMP).is_some();
    children.expect(TABLE_KW)?;
    let if_not_exists = children.eat(IF_NOT_EXISTS);
    let name = qualified(source, &children.expect_node(TABLE_NAME)?)?;
    let list = children.node(TABLE_ARG_LIST);
    let temporary = table::on_commit(source, &mut children, temporary)?;
    let as_place = children.peek_start().unwrap_or_default();
    let columns = list.map_or(Ok(Vec::new()), |list| columns(source, &list, as_place))?;
    children.expect(AS_KW)?;
    let rows = children.expect_any_node()?;
    let with_data = !children.eat(WITH_NO_DATA);
    children.eat(WITH_DATA);
    children.eat(SEMICOLON);
    children.end()?;
    let source = match rows.kind() {
        EXECUTE => prepared::execute(source, &rows)?,
        _ => Statement::Query(Box::new(select::query(source, &rows)?)),
    };
    let create = CreateTableAs { name, temporary, if_not_exists, columns, source, with_data, into: false };
    Ok(Statement::CreateTableAs(Box::new(create)))
}

/// The names of the columns. With types they are those of a CREATE TABLE, which knows no AS.
fn columns(source: &Source, list: &SyntaxNode, as_place: usize) -> Result<Vec<Ident>> {
    let mut list = source.children(list);
    list.expect(L_PAREN)?;
    let mut names = Vec::new();
    for column in list.list(COLUMN)? {
        let mut column = source.children(&column);
        names.push(column.name(COLUMN_NAME)?);
        if column.peek().is_some() {
            return Err(source.syntax_error(as_place));
        }
    }
    list.expect(R_PAREN)?;
    list.end()?;
    Ok(names)
}

/// `SELECT a INTO t FROM u`
pub(super) fn select_into(source: &Source, node: &SyntaxNode) -> Result<Statement> {
    let (query, into) = select::query_into(source, node)?;
    let mut words = source.children(&into);
    words.expect(INTO_KW)?;
    let temporary = if words.node(TEMP).is_some() { Temporary::PreserveRows } else { Temporary::No };
    words.eat(TABLE_KW);
    let name = qualified(source, &words.expect_node(TABLE_NAME)?)?;
    words.end()?;
    let source = Statement::Query(Box::new(query));
    let columns = Vec::new();
    let create = CreateTableAs { name, temporary, if_not_exists: false, columns, source, with_data: true, into: true };
    Ok(Statement::CreateTableAs(Box::new(create)))
}
