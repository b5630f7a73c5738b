//! PREPARE, EXECUTE, DEALLOCATE and DISCARD.

use super::super::ast::*;
use super::cursor::Source;
use super::expr::expr;
use super::name::type_name;
use super::statement;
use super::utility::finish;
use crate::ids::Result;
use squawk_syntax::SyntaxKind::*;
use squawk_syntax::SyntaxNode;

pub(super) fn prepare(source: &Source, node: &SyntaxNode) -> Result<Statement> {
    let mut children = source.children(node);
    children.expect(PREPARE_KW)?;
    let name = children.name(PREPARED_STATEMENT)?;
    let mut types = Vec::new();
    if let Some(list) = children.node(PARAM_LIST) {
        let mut list = source.children(&list);
        list.expect(L_PAREN)?;
        for param in list.list(PARAM)? {
            let mut param = source.children(&param);
            types.push(type_name(source, &param.expect_any_node()?)?);
            param.end()?;
        }
        list.expect(R_PAREN)?;
        list.end()?;
    }
    children.expect(AS_KW)?;
    let prepared = children.expect_any_node()?;
    finish(children)?;
    if !matches!(prepared.kind(), SELECT | VALUES | TABLE | PAREN_SELECT | COMPOUND_SELECT | INSERT | UPDATE | DELETE) {
        return Err(source.syntax_error(source.node_start(&prepared)));
    }
    Ok(Statement::Prepare(Prepare { name, types, statement: Box::new(statement(source, &prepared)?) }))
}

pub(super) fn execute(source: &Source, node: &SyntaxNode) -> Result<Statement> {
    let mut children = source.children(node);
    children.expect(EXECUTE_KW)?;
    let name = children.name(PREPARED_STATEMENT_REF)?;
    let mut args = Vec::new();
    if let Some(list) = children.node(ARG_LIST) {
        let mut list = source.children(&list);
        list.expect(L_PAREN)?;
        for arg in list.list(ARG)? {
            let mut arg = source.children(&arg);
            args.push(expr(source, &arg.expect_any_node()?)?);
            arg.end()?;
        }
        list.expect(R_PAREN)?;
        list.end()?;
    }
    finish(children)?;
    Ok(Statement::Execute(Execute { name, args }))
}

pub(super) fn deallocate(source: &Source, node: &SyntaxNode) -> Result<Statement> {
    let mut children = source.children(node);
    children.expect(DEALLOCATE_KW)?;
    children.eat(PREPARE_KW);
    let name =
        if children.eat(ALL_KW) || children.eat(ALL) { None } else { Some(children.name(PREPARED_STATEMENT_REF)?) };
    finish(children)?;
    Ok(Statement::Deallocate(name))
}

pub(super) fn discard(source: &Source, node: &SyntaxNode) -> Result<Statement> {
    let mut children = source.children(node);
    children.expect(DISCARD_KW)?;
    let what = match children.peek() {
        Some(DISCARD_ALL) => Discard::All,
        Some(DISCARD_PLANS) => Discard::Plans,
        Some(DISCARD_SEQUENCES) => Discard::Sequences,
        Some(DISCARD_TEMP) => Discard::Temp,
        _ => return Err(source.unsupported_node(node)),
    };
    children.bump();
    finish(children)?;
    Ok(Statement::Discard(what))
}
