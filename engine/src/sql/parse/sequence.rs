//! What statements say of sequences.

use super::super::ast::*;
use super::cursor::{Children, Source};
use super::expr::expr;
use super::name::{path, qualified, type_name};
use super::schema::{renamed, set_schema};
use super::table::drop_behavior;
use crate::ids::{Error, Result, sqlstate};
use squawk_syntax::SyntaxKind::*;
use squawk_syntax::SyntaxNode;

pub(super) fn create(source: &Source, node: &SyntaxNode) -> Result<Statement> {
    let mut children = source.children(node);
    children.expect(CREATE_KW)?;
    children.expect(SEQUENCE_KW)?;
    let if_not_exists = children.eat(IF_NOT_EXISTS);
    let name = qualified(source, &children.expect_node(SEQUENCE)?)?;
    let options = options(source, &mut children)?;
    children.eat(SEMICOLON);
    children.end()?;
    Ok(Statement::CreateSequence(CreateSequence { name, if_not_exists, options }))
}

pub(super) fn alter(source: &Source, node: &SyntaxNode) -> Result<Statement> {
    let mut children = source.children(node);
    children.expect(ALTER_KW)?;
    children.expect(SEQUENCE_KW)?;
    let if_exists = children.eat(IF_EXISTS);
    let name = qualified(source, &children.expect_node(SEQUENCE_REF)?)?;
    let action = match children.peek() {
        Some(SET_SCHEMA) => Some(set_schema(source, &children.expect_any_node()?)?),
        Some(SEQUENCE_RENAME_TO) => Some(AlterAction::Rename(renamed(source, &children.expect_any_node()?, SEQUENCE)?)),
        _ => None,
    };
    if let Some(action) = action {
        children.eat(SEMICOLON);
        children.end()?;
        return Ok(Statement::AlterTable(AlterTable { name, if_exists, kind: b'S', actions: vec![action] }));
    }
    let options = options(source, &mut children)?;
    children.eat(SEMICOLON);
    children.end()?;
    Ok(Statement::AlterSequence(AlterSequence { name, if_exists, options }))
}

pub(super) fn drop(source: &Source, node: &SyntaxNode) -> Result<Statement> {
    let mut children = source.children(node);
    children.expect(DROP_KW)?;
    children.expect(SEQUENCE_KW)?;
    let if_exists = children.eat(IF_EXISTS);
    let names = children.list(SEQUENCE_REF)?;
    let names = names.iter().map(|name| qualified(source, name)).collect::<Result<_>>()?;
    let cascade = drop_behavior(&mut children);
    children.eat(SEMICOLON);
    children.end()?;
    Ok(Statement::DropSequence(DropTable { names, if_exists, cascade }))
}

/// The options in parentheses behind AS IDENTITY.
pub(super) fn option_list(source: &Source, list: &SyntaxNode) -> Result<SequenceOptions> {
    let mut children = source.children(list);
    children.expect(L_PAREN)?;
    let found = options(source, &mut children)?;
    children.expect(R_PAREN)?;
    children.end()?;
    Ok(found)
}

/// Options one after the other.
pub(super) fn options(source: &Source, children: &mut Children) -> Result<SequenceOptions> {
    let mut found = SequenceOptions::default();
    while let Some(node) = children.any_node() {
        let twice = option(source, &node, &mut found)?;
        if twice {
            let message = "conflicting or redundant options";
            return Err(Error::new(sqlstate::SYNTAX_ERROR, message).at(source.node_pos(&node).0));
        }
        children.eat(COMMA);
    }
    Ok(found)
}

/// One option; whether there was one of its kind before.
fn option(source: &Source, node: &SyntaxNode, found: &mut SequenceOptions) -> Result<bool> {
    let mut words = source.children(node);
    let mut value = || -> Result<Option<i64>> {
        while words.peek().is_some_and(|kind| {
            matches!(
                kind,
                START_KW | WITH_KW | INCREMENT_KW | BY_KW | CACHE_KW | MINVALUE_KW | MAXVALUE_KW | RESTART_KW
            )
        }) {
            words.bump();
        }
        words.any_node().map(|node| number(source, &node)).transpose()
    };
    let needed = |value: Option<i64>| value.ok_or_else(|| source.syntax_error(source.node_start(node)));
    Ok(match node.kind() {
        OPTION_AS_TYPE => {
            words.expect(AS_KW)?;
            found.ty.replace(type_name(source, &words.expect_any_node()?)?).is_some()
        }
        OPTION_START => found.start.replace(needed(value()?)?).is_some(),
        OPTION_INCREMENT => found.increment.replace(needed(value()?)?).is_some(),
        OPTION_CACHE => found.cache.replace(needed(value()?)?).is_some(),
        OPTION_MIN_VALUE => found.min.replace(Some(needed(value()?)?)).is_some(),
        OPTION_MAX_VALUE => found.max.replace(Some(needed(value()?)?)).is_some(),
        OPTION_NO_MIN_VALUE => found.min.replace(None).is_some(),
        OPTION_NO_MAX_VALUE => found.max.replace(None).is_some(),
        OPTION_CYCLE => found.cycle.replace(true).is_some(),
        OPTION_NO_CYCLE => found.cycle.replace(false).is_some(),
        OPTION_RESTART => found.restart.replace(value()?).is_some(),
        OPTION_OWNED_BY => {
            words.expect(OWNED_KW)?;
            words.expect(BY_KW)?;
            let mut parts = Vec::new();
            let none = words.node(OWNED_BY_NONE).is_some();
            if !none {
                path(source, &words.expect_any_node()?, &mut parts)?;
            }
            found.owned_by.replace(owner(parts, node, source)?).is_some()
        }
        _ => return Err(source.unsupported_node(node)),
    })
}

/// `table.column` or `schema.table.column`; NONE where there is nothing.
fn owner(mut parts: Vec<Ident>, node: &SyntaxNode, source: &Source) -> Result<Option<(QualName, Ident)>> {
    let pos = source.node_pos(node);
    let Some(column) = parts.pop() else { return Ok(None) };
    let Some(name) = parts.pop() else {
        if &*column == "none" {
            return Ok(None);
        }
        return Err(Error::new(sqlstate::SYNTAX_ERROR, "invalid OWNED BY option")
            .hint("Specify OWNED BY table.column or OWNED BY NONE."));
    };
    Ok(Some((QualName { schema: parts.pop(), name, pos }, column)))
}

fn number(source: &Source, node: &SyntaxNode) -> Result<i64> {
    let value = expr(source, node)?;
    match value.kind {
        ExprKind::Int4(value) => Ok(value.into()),
        ExprKind::Int8(value) => Ok(value),
        ExprKind::Numeric(text) => {
            let message = format!("value \"{text}\" is out of range for type bigint");
            Err(Error::new(sqlstate::NUMERIC_VALUE_OUT_OF_RANGE, message))
        }
        _ => Err(source.syntax_error(source.node_start(node))),
    }
}
