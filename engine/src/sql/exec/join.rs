//! Joining by nested loops: for each row of the left all rows of the right.
//!
//! The right side is read once and kept, unless it is a function of the left's row.

use super::super::bound::{Exprs, Row};
use super::node::Node;
use super::{BATCH, ExecCx};
use crate::ids::Result;
use crate::types::Datum;
use std::rc::Rc;
use std::vec::IntoIter;

/// The pairs of a left and a right row for which a condition holds.
pub(super) struct NestLoop {
    left: Node,
    right: Node,
    on: Option<Exprs>,
    /// For a LEFT JOIN the width of a right row, which is NULL where there is no partner.
    null_width: Option<usize>,
    /// Whether the right side depends on the left's row.
    lateral: bool,
    left_rows: IntoIter<Row>,
    /// The left row in hand, the right rows, the next of them, and whether it has found a partner.
    current: Option<(Row, Rc<Vec<Row>>, usize, bool)>,
    /// The right rows, where they are always the same.
    kept: Option<Rc<Vec<Row>>>,
}

impl NestLoop {
    pub fn new(left: Node, right: Node, on: Option<Exprs>, null_width: Option<usize>, lateral: bool) -> NestLoop {
        let left_rows = Vec::new().into_iter();
        NestLoop { left, right, on, null_width, lateral, left_rows, current: None, kept: None }
    }

    pub fn rewind(&mut self) {
        self.left.rewind();
        self.left_rows = Vec::new().into_iter();
        self.current = None;
    }

    pub async fn next(&mut self, cx: &ExecCx<'_>, outer: &[Datum], max: usize) -> Result<Vec<Row>> {
        let mut rows = Vec::new();
        while rows.len() < max && self.advance(cx, outer, max).await? {
            self.pairs(cx, outer, max, &mut rows).await?;
        }
        Ok(rows)
    }

    /// Makes sure that there is a left row in hand; `false` at the end.
    async fn advance(&mut self, cx: &ExecCx<'_>, outer: &[Datum], max: usize) -> Result<bool> {
        if self.current.is_some() {
            return Ok(true);
        }
        let row = match self.left_rows.next() {
            Some(row) => row,
            None => {
                self.left_rows = self.left.next(cx, outer, max.min(BATCH)).await?.into_iter();
                let Some(row) = self.left_rows.next() else { return Ok(false) };
                row
            }
        };
        let right = match &self.kept {
            Some(kept) if !self.lateral => kept.clone(),
            _ => {
                self.right.rewind();
                let before = [outer, &row].concat();
                let read = Rc::new(self.right.all(cx, &before).await?);
                self.kept = Some(read.clone());
                read
            }
        };
        self.current = Some((row, right, 0, false));
        Ok(true)
    }

    /// Adds the pairs of the left row in hand, until there are `max` rows.
    async fn pairs(&mut self, cx: &ExecCx<'_>, outer: &[Datum], max: usize, rows: &mut Vec<Row>) -> Result<()> {
        let Some((left, right, mut at, mut matched)) = self.current.take() else { return Ok(()) };
        while at < right.len() && rows.len() < max {
            let row = [outer, &left, &right[at]].concat();
            at += 1;
            if let Some(on) = &self.on
                && !cx.holds(std::slice::from_ref(on), &row, 0).await?
            {
                continue;
            }
            matched = true;
            rows.push(row[outer.len()..].to_vec());
        }
        if at < right.len() {
            self.current = Some((left, right, at, matched));
        } else if let (false, Some(width)) = (matched, self.null_width) {
            let mut row = left;
            row.resize(row.len() + width, Datum::Null);
            rows.push(row);
        }
        Ok(())
    }
}
