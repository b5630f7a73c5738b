//! FOR UPDATE and its like.

use super::super::ast::{Locking, Pos};
use super::atom::dotted;
use super::cursor::Source;
use crate::access::{RowLock, WaitPolicy};
use crate::ids::{Error, Result, sqlstate};
use squawk_syntax::SyntaxKind::*;
use squawk_syntax::SyntaxNode;

/// A locking clause.
pub(super) fn locking(source: &Source, clause: &SyntaxNode) -> Result<Locking> {
    let mut children = source.children(clause);
    children.expect(FOR_KW)?;
    let strength = children.expect_any_node()?;
    let mode = match strength.kind() {
        FOR_KEY_SHARE => RowLock::KeyShare,
        FOR_SHARE => RowLock::Share,
        FOR_NO_KEY_UPDATE => RowLock::NoKeyUpdate,
        FOR_UPDATE => RowLock::Update,
        _ => return Err(source.unsupported_node(&strength)),
    };
    let mut locking = Locking { mode, of: Vec::new(), wait: WaitPolicy::Block };
    if let Some(list) = children.node(LOCKING_OF) {
        let mut list = source.children(&list);
        list.expect(OF_KW)?;
        loop {
            let item = list.expect_any_node()?;
            let pos: Pos = source.node_pos(&item);
            let parts = dotted(source, &item)?.ok_or_else(|| source.syntax_error(source.node_start(&item)))?;
            let [name] = &parts[..] else {
                let message = format!("{} must specify unqualified relation names", locking.name());
                return Err(Error::new(sqlstate::SYNTAX_ERROR, message).at(pos.0));
            };
            locking.of.push((name.clone(), pos));
            if !list.eat(COMMA) {
                break;
            }
        }
        list.end()?;
    }
    if children.eat(SKIP_LOCKED) {
        locking.wait = WaitPolicy::Skip;
    } else if children.eat(NOWAIT) {
        locking.wait = WaitPolicy::Error;
    }
    children.end()?;
    Ok(locking)
}
