//! COPY, with its options in parentheses, or as versions before 9.0 wrote them.

use super::super::ast::*;
use super::cursor::{Children, Source};
use super::name::{fold, qualified, string};
use super::select::filter;
use super::statement;
use crate::ids::{Error, Result, sqlstate};
use squawk_syntax::SyntaxKind::*;
use squawk_syntax::{SyntaxElement, SyntaxNode};

pub(super) fn copy(source: &Source, node: &SyntaxNode) -> Result<Statement> {
    let mut children = source.children(node);
    children.expect(COPY_KW)?;
    let mut options = Vec::new();
    let what = match children.peek() {
        Some(COPY_QUERY) => {
            let mut inner = source.children(&children.expect_any_node()?);
            inner.expect(L_PAREN)?;
            let query = statement(source, &inner.expect_any_node()?)?;
            inner.expect(R_PAREN)?;
            inner.end()?;
            Copied::Query(Box::new(query))
        }
        _ => table(source, &children.expect_node(COPY_TABLE)?, &mut options)?,
    };
    let from = children.peek() == Some(COPY_FROM);
    let mut end = source.children(&children.expect_any_node()?);
    end.bump();
    if !(end.eat(COPY_STDIN) || end.eat(COPY_STDOUT)) {
        return Err(Error::unsupported("COPY to and from files").at(source.node_pos(node).0));
    }
    end.end()?;
    children.eat(WITH_KW);
    while let Some(kind @ (COPY_OPTION_LIST | COPY_LEGACY_OPTION)) = children.peek() {
        let node = children.expect_any_node()?;
        match kind {
            COPY_OPTION_LIST => option_list(source, &node, &mut options)?,
            _ => options.push(legacy(source, &node)?),
        }
    }
    let place = children.peek_start();
    let filter = filter(source, &mut children)?;
    if let (Some(place), true) = (place.filter(|_| filter.is_some()), !from) {
        let message = "WHERE clause not allowed with COPY TO";
        return Err(Error::new(sqlstate::SYNTAX_ERROR, message).at(source.pos(place).0));
    }
    children.eat(SEMICOLON);
    children.end()?;
    Ok(Statement::Copy(Box::new(Copy { what, from, options, filter })))
}

fn table(source: &Source, node: &SyntaxNode, options: &mut Vec<CopyOption>) -> Result<Copied> {
    let mut children = source.children(node);
    let pos = source.node_pos(node);
    if children.eat(BINARY_KW) {
        options.push(CopyOption { name: "format".into(), value: CopyValue::Text("binary".into()), pos });
    }
    let name = qualified(source, &children.expect_node(TABLE_NAME_REF)?)?;
    let mut columns = Vec::new();
    if let Some(list) = children.node(COLUMN_REF_LIST) {
        let mut list = source.children(&list);
        list.expect(L_PAREN)?;
        for column in list.list(COLUMN_NAME_REF)? {
            columns.push((source.only_name(&column)?, source.node_pos(&column)));
        }
        list.expect(R_PAREN)?;
        list.end()?;
    }
    children.end()?;
    Ok(Copied::Table(name, columns))
}

fn option_list(source: &Source, node: &SyntaxNode, options: &mut Vec<CopyOption>) -> Result<()> {
    let mut list = source.children(node);
    list.expect(L_PAREN)?;
    for option in list.list(COPY_OPTION)? {
        let pos = source.node_pos(&option);
        let mut children = source.children(&option);
        let name = source.only_name(&children.expect_node(COPY_OPTION_KEY)?)?;
        let value = match children.node(COPY_OPTION_VALUE) {
            Some(value) => value_of(source, &value)?,
            None => CopyValue::Nothing,
        };
        children.end()?;
        options.push(CopyOption { name, value, pos });
    }
    list.expect(R_PAREN)?;
    list.end()
}

fn value_of(source: &Source, node: &SyntaxNode) -> Result<CopyValue> {
    let mut children = source.children(node);
    if children.eat(STAR) {
        return Ok(CopyValue::Star);
    }
    if let Some(list) = children.node(COPY_OPTION_ARG_LIST) {
        let mut list = source.children(&list);
        list.expect(L_PAREN)?;
        let mut names = Vec::new();
        for arg in list.list(COPY_OPTION_ARG)? {
            names.push(word(source, &mut source.children(&arg))?);
        }
        list.expect(R_PAREN)?;
        list.end()?;
        return Ok(CopyValue::List(names));
    }
    word(source, &mut children).map(CopyValue::Text)
}

/// A word, a string or a number.
fn word(source: &Source, children: &mut Children) -> Result<Ident> {
    match children.bump() {
        Some(SyntaxElement::Token(token)) => fold(token.text()),
        Some(SyntaxElement::Node(node)) if node.kind() == COPY_OPTION_VALUE_NAME => {
            fold(node.text().to_string().trim())
        }
        Some(SyntaxElement::Node(node)) => match node.text().to_string() {
            text if text.contains('\'') => string(source, &node),
            text => fold(text.trim()),
        },
        None => Err(children.missing()),
    }
}

/// `CSV`, `DELIMITER AS ','`, `FORCE QUOTE a, b`
fn legacy(source: &Source, node: &SyntaxNode) -> Result<CopyOption> {
    let mut children = source.children(node);
    let pos = source.node_pos(node);
    let Some(SyntaxElement::Token(first)) = children.bump() else { return Err(children.missing()) };
    let option = |name: &str, value| Ok(CopyOption { name: name.into(), value, pos });
    match first.kind() {
        BINARY_KW => option("format", CopyValue::Text("binary".into())),
        CSV_KW => option("format", CopyValue::Text("csv".into())),
        FREEZE_KW | HEADER_KW => option(&first.text().to_ascii_lowercase(), CopyValue::Text("true".into())),
        FORCE_KW => {
            let name = match children.bump().map(|element| element.kind()) {
                Some(FORCE_NOT_NULL) => "force_not_null",
                Some(FORCE_NULL) => "force_null",
                _ => "force_quote",
            };
            if children.eat(STAR) {
                return option(name, CopyValue::Star);
            }
            let names = children.list(COLUMN_NAME_REF)?;
            let names = names.iter().map(|column| source.only_name(column)).collect::<Result<_>>()?;
            option(name, CopyValue::List(names))
        }
        _ => {
            children.eat(AS_KW);
            let value = string(source, &children.expect_any_node()?)?;
            option(&first.text().to_ascii_lowercase(), CopyValue::Text(value))
        }
    }
}
