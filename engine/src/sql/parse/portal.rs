//! DECLARE, FETCH, MOVE and CLOSE.

use super::super::ast::*;
use super::cursor::{Children, Source};
use super::select;
use super::utility::finish;
use crate::ids::{Error, Result, sqlstate};
use squawk_syntax::SyntaxKind::*;
use squawk_syntax::SyntaxNode;

pub(super) fn declare(source: &Source, node: &SyntaxNode) -> Result<Statement> {
    let mut children = source.children(node);
    children.expect(DECLARE_KW)?;
    let name = children.name(CURSOR)?;
    let binary = children.eat(BINARY_KW);
    let insensitive = children.eat(INSENSITIVE);
    children.eat(ASENSITIVE);
    let scroll = match children.peek() {
        Some(kind @ (SCROLL | NO_SCROLL)) => children.bump().map(|_| kind == SCROLL),
        _ => None,
    };
    children.expect(CURSOR_KW)?;
    let hold = children.eat(WITH_HOLD);
    children.eat(WITHOUT_HOLD);
    children.expect(FOR_KW)?;
    let query = children.expect_any_node()?;
    finish(children)?;
    if query.kind() == SELECT_INTO {
        let message = "DECLARE CURSOR does not allow SELECT INTO";
        return Err(Error::new(sqlstate::INVALID_CURSOR_DEFINITION, message));
    }
    let (pos, query) = (source.node_pos(&query), Box::new(select::query(source, &query)?));
    Ok(Statement::Declare(DeclareCursor { name, binary, insensitive, scroll, hold, query, pos }))
}

/// FETCH and MOVE.
pub(super) fn fetch(source: &Source, node: &SyntaxNode) -> Result<Statement> {
    let mut children = source.children(node);
    let only_move = children.eat(MOVE_KW);
    if !only_move {
        children.expect(FETCH_KW)?;
    }
    let direction = direction(source, &mut children)?;
    if !children.eat(FROM_KW) {
        children.eat(IN_KW);
    }
    let cursor = children.name(CURSOR_REF)?;
    finish(children)?;
    Ok(Statement::Fetch(Fetch { cursor, direction, only_move }))
}

fn direction(source: &Source, children: &mut Children) -> Result<Direction> {
    let kind = match children.peek() {
        Some(CURSOR_REF | FROM_KW | IN_KW) | None => return Ok(Direction::Forward(1)),
        Some(kind) => kind,
    };
    let node = children.expect_any_node()?;
    let mut words = source.children(&node);
    let all = Direction::Forward(i64::MAX);
    Ok(match kind {
        NEXT => Direction::Forward(1),
        PRIOR => Direction::Backward(1),
        FIRST => Direction::Absolute(1),
        LAST => Direction::Absolute(-1),
        ALL => all,
        RELATIVE | ABSOLUTE | FORWARD | BACKWARD => {
            words.bump();
            let number = match words.peek() {
                None => 1,
                Some(ALL_KW) => i64::MAX,
                Some(_) => count(source, &words.expect_any_node()?)?,
            };
            match kind {
                RELATIVE => Direction::Relative(number),
                ABSOLUTE => Direction::Absolute(number),
                FORWARD => Direction::Forward(number),
                _ => Direction::Backward(number),
            }
        }
        _ => Direction::Forward(count(source, &node)?),
    })
}

/// `SignedIconst`
fn count(source: &Source, node: &SyntaxNode) -> Result<i64> {
    let expr = super::expr::expr(source, node)?;
    let (negative, number) = match &expr.kind {
        ExprKind::Unary(op, arg) => (&**op == "-", &arg.kind),
        kind => (false, kind),
    };
    match number {
        ExprKind::Int4(number) if negative => Ok(-i64::from(*number)),
        ExprKind::Int4(number) => Ok(i64::from(*number)),
        _ => Err(source.syntax_error(source.node_start(node))),
    }
}

pub(super) fn close(source: &Source, node: &SyntaxNode) -> Result<Statement> {
    let mut children = source.children(node);
    children.expect(CLOSE_KW)?;
    let name = if children.eat(ALL_KW) { None } else { Some(children.name(CURSOR_REF)?) };
    finish(children)?;
    Ok(Statement::Close(name))
}
