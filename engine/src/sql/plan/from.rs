//! The items of a FROM: where their columns are, and what they use of each other.

use super::super::bound::{FromNode, SYSTEM_COLUMNS, Scalar};
use std::ops::Range;

/// What an item uses of those to its left.
pub fn lateral(from: &FromNode) -> &[(usize, Scalar)] {
    match from {
        FromNode::Function(item) => &item.lateral,
        FromNode::Subquery(_, _, lateral) => lateral,
        FromNode::Table(..) | FromNode::Cte(..) | FromNode::Join(_) => &[],
    }
}

/// The slots of an item.
pub fn slots(from: &FromNode) -> Range<usize> {
    match from {
        FromNode::Table(table, base, _) => *base..base + table.desc.natts() + SYSTEM_COLUMNS.len(),
        FromNode::Function(item) => item.base..item.base + item.width(),
        FromNode::Subquery(query, base, _) => *base..base + query.columns.len(),
        FromNode::Cte(_, base, width) => *base..base + width,
        FromNode::Join(join) => slots(&join.left).start..slots(&join.right).end,
    }
}
