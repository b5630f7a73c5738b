//! OVER and WINDOW: partitions, orders and frames.

use super::super::ast::{Frame, FrameEnd, FrameExclude, FrameMode, Ident, WindowSpec};
use super::cursor::Source;
use super::expr::expr;
use super::select::order_by;
use crate::ids::{Error, Result, sqlstate};
use squawk_syntax::SyntaxKind::*;
use squawk_syntax::SyntaxNode;

/// The windows of a WINDOW clause.
pub(super) fn windows(source: &Source, clause: &SyntaxNode) -> Result<Vec<(Ident, WindowSpec)>> {
    let mut children = source.children(clause);
    children.expect(WINDOW_KW)?;
    let mut windows = Vec::new();
    for node in children.list(WINDOW_DEF)? {
        let mut node = source.children(&node);
        let name = node.name(WINDOW)?;
        node.expect(AS_KW)?;
        node.expect(L_PAREN)?;
        windows.push((name, spec(source, &node.expect_node(WINDOW_SPEC)?)?));
        node.expect(R_PAREN)?;
        node.end()?;
    }
    children.end()?;
    Ok(windows)
}

/// The window of an OVER clause.
pub(super) fn over(source: &Source, clause: &SyntaxNode) -> Result<WindowSpec> {
    let mut children = source.children(clause);
    children.expect(OVER_KW)?;
    let window = match children.node(OVER_WINDOW_SPEC) {
        Some(node) => {
            let mut node = source.children(&node);
            node.expect(L_PAREN)?;
            let window = match node.node(WINDOW_SPEC) {
                Some(inner) => spec(source, &inner)?,
                None => empty(source, clause),
            };
            node.expect(R_PAREN)?;
            node.end()?;
            window
        }
        None => {
            let node = children.expect_node(WINDOW_REF)?;
            let base = Some(source.only_name(&node)?);
            WindowSpec { base, named: true, ..empty(source, &node) }
        }
    };
    children.end()?;
    Ok(window)
}

fn empty(source: &Source, node: &SyntaxNode) -> WindowSpec {
    let pos = source.node_pos(node);
    WindowSpec { base: None, named: false, partition: Vec::new(), order_by: Vec::new(), frame: None, pos }
}

fn spec(source: &Source, node: &SyntaxNode) -> Result<WindowSpec> {
    let mut window = empty(source, node);
    let mut children = source.children(node);
    if children.peek() == Some(WINDOW_REF) {
        window.base = Some(children.name(WINDOW_REF)?);
    }
    if let Some(clause) = children.node(PARTITION_BY_CLAUSE) {
        let mut clause = source.children(&clause);
        clause.expect(PARTITION_KW)?;
        clause.expect(BY_KW)?;
        window.partition.push(expr(source, &clause.expect_any_node()?)?);
        while clause.eat(COMMA) {
            window.partition.push(expr(source, &clause.expect_any_node()?)?);
        }
        clause.end()?;
    }
    if let Some(clause) = children.node(ORDER_BY_CLAUSE) {
        window.order_by = order_by(source, &clause)?;
    }
    if let Some(clause) = children.node(FRAME_CLAUSE) {
        window.frame = Some(frame(source, &clause)?);
    }
    children.end()?;
    Ok(window)
}

fn frame(source: &Source, clause: &SyntaxNode) -> Result<Frame> {
    let mut children = source.children(clause);
    let mode = match children.peek() {
        Some(FRAME_ROWS) => FrameMode::Rows,
        Some(FRAME_RANGE) => FrameMode::Range,
        Some(FRAME_GROUPS) => FrameMode::Groups,
        _ => return Err(children.missing()),
    };
    children.bump();
    let pos = source.node_pos(clause);
    let (start, end) = match children.node(FRAME_BETWEEN) {
        Some(between) => {
            let mut between = source.children(&between);
            between.expect(BETWEEN_KW)?;
            let start = frame_end(source, &between.expect_any_node()?)?;
            between.expect(AND_KW)?;
            let end = frame_end(source, &between.expect_any_node()?)?;
            between.end()?;
            (start, end)
        }
        None => (frame_end(source, &children.expect_any_node()?)?, FrameEnd::Current),
    };
    let exclude = match children.node(FRAME_EXCLUDE) {
        Some(node) => {
            let mut node = source.children(&node);
            node.expect(EXCLUDE_KW)?;
            match node.bump().map(|element| element.kind()) {
                Some(CURRENT_ROW) => FrameExclude::Current,
                Some(GROUP | GROUP_KW) => FrameExclude::Group,
                Some(TIES) => FrameExclude::Ties,
                _ => FrameExclude::Nothing,
            }
        }
        None => FrameExclude::Nothing,
    };
    children.end()?;
    checked(Frame { mode, start, end, exclude, pos })
}

fn frame_end(source: &Source, node: &SyntaxNode) -> Result<FrameEnd> {
    let mut children = source.children(node);
    Ok(match node.kind() {
        UNBOUNDED_PRECEDING => FrameEnd::First,
        UNBOUNDED_FOLLOWING => FrameEnd::Last,
        CURRENT_ROW => FrameEnd::Current,
        EXPR_PRECEDING => FrameEnd::Preceding(expr(source, &children.expect_any_node()?)?),
        EXPR_FOLLOWING => FrameEnd::Following(expr(source, &children.expect_any_node()?)?),
        _ => return Err(source.unsupported_node(node)),
    })
}

/// Frames that cannot be.
fn checked(frame: Frame) -> Result<Frame> {
    let rank = |end: &FrameEnd| match end {
        FrameEnd::First => 0,
        FrameEnd::Preceding(_) => 1,
        FrameEnd::Current => 2,
        FrameEnd::Following(_) => 3,
        FrameEnd::Last => 4,
    };
    let message = match (&frame.start, &frame.end) {
        (FrameEnd::Last, _) => "frame start cannot be UNBOUNDED FOLLOWING",
        (_, FrameEnd::First) => "frame end cannot be UNBOUNDED PRECEDING",
        (FrameEnd::Current, FrameEnd::Preceding(_)) => "frame starting from current row cannot have preceding rows",
        (FrameEnd::Following(_), end) if rank(end) < 3 => {
            "frame starting from following row cannot have preceding rows"
        }
        _ => return Ok(frame),
    };
    Err(Error::new(sqlstate::WINDOWING_ERROR, message).at(frame.pos.0))
}
