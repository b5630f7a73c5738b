//! Joining by nested loops: for each row of the left all rows of the right.
//!
//! The right side is read once and kept, unless it is a function of the left's row: that is called for each.

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
    current: Option<Current>,
    /// The right rows, where they are always the same.
    kept: Option<Rc<Vec<Row>>>,
}

/// The left row in hand.
struct Current {
    /// All slots before the right side's own.
    before: Row,
    /// The right rows read, and the next of them.
    right: Rc<Vec<Row>>,
    at: usize,
    /// Whether there are no more than these.
    last: bool,
    /// Whether it has found a partner.
    matched: bool,
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
        while rows.len() < max {
            let current = match self.current.take() {
                Some(current) => current,
                None => match self.next_left(cx, outer, max).await? {
                    Some(current) => current,
                    None => break,
                },
            };
            self.current = self.pairs(cx, outer.len(), current, max, &mut rows).await?;
        }
        Ok(rows)
    }

    /// Takes the next left row.
    async fn next_left(&mut self, cx: &ExecCx<'_>, outer: &[Datum], max: usize) -> Result<Option<Current>> {
        let row = match self.left_rows.next() {
            Some(row) => row,
            None => {
                self.left_rows = self.left.next(cx, outer, max.min(BATCH)).await?.into_iter();
                let Some(row) = self.left_rows.next() else { return Ok(None) };
                row
            }
        };
        let before = [outer, &row].concat();
        if self.lateral {
            self.right.rewind();
            return Ok(Some(Current { before, right: Rc::default(), at: 0, last: false, matched: false }));
        }
        let right = match &self.kept {
            Some(kept) => kept.clone(),
            None => self.kept.insert(Rc::new(self.right.all(cx, &before).await?)).clone(),
        };
        Ok(Some(Current { before, right, at: 0, last: true, matched: false }))
    }

    /// Adds pairs of the left row in hand until there are `max` rows; returns it if it may have more.
    async fn pairs(
        &mut self,
        cx: &ExecCx<'_>,
        outer: usize,
        mut current: Current,
        max: usize,
        rows: &mut Vec<Row>,
    ) -> Result<Option<Current>> {
        cx.breathe(current.right.len()).await?;
        loop {
            while current.at < current.right.len() && rows.len() < max {
                let mut row = [&current.before[..], &current.right[current.at]].concat();
                current.at += 1;
                if let Some(on) = &self.on
                    && !cx.holds(std::slice::from_ref(on), &row, 0).await?
                {
                    continue;
                }
                current.matched = true;
                row.drain(..outer);
                rows.push(row);
            }
            if current.at < current.right.len() {
                return Ok(Some(current));
            }
            if current.last {
                break;
            }
            current.right = Rc::new(self.right.next(cx, &current.before, max.min(BATCH)).await?);
            (current.at, current.last) = (0, current.right.is_empty());
        }
        if let (false, Some(width)) = (current.matched, self.null_width) {
            let mut row = current.before.split_off(outer);
            row.resize(row.len() + width, Datum::Null);
            rows.push(row);
        }
        Ok(None)
    }
}
