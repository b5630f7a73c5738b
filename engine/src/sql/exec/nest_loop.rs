//! Joining by nested loops: for each row of the left the rows of the right.
//!
//! The right side is read once and kept, unless it depends on the left's row: then that row's values are put into exec
//! parameters and the right side begins again. So an index on the right finds the partners of each row.
//!
//! PostgreSQL: `nodeNestloop.c`.

use super::super::bound::{Exprs, JoinKind};
use super::super::plan::LoopSpec;
use super::node::Node;
use super::rows::Rows;
use super::{BATCH, ExecCx};
use crate::ids::Result;
use std::rc::Rc;

/// The pairs of a left and a right row for which a condition holds.
#[derive(Clone)]
pub(super) struct NestLoop {
    left: Node,
    right: Node,
    spec: Rc<LoopSpec>,
    /// The node of the plan.
    plan: usize,
    left_rows: Rows,
    left_at: usize,
    right_rows: Rows,
    right_at: usize,
    /// Whether all rows of the right are there.
    right_done: bool,
    /// Whether a row of the left is in hand, and whether it has found a partner.
    current: bool,
    matched: bool,
    pair: Rows,
}

impl NestLoop {
    pub fn new(left: Node, right: Node, spec: Rc<LoopSpec>, plan: usize) -> NestLoop {
        NestLoop {
            left,
            right,
            spec,
            plan,
            left_rows: Rows::default(),
            left_at: 0,
            right_rows: Rows::default(),
            right_at: 0,
            right_done: false,
            current: false,
            matched: false,
            pair: Rows::default(),
        }
    }

    pub fn rewind(&mut self, cx: &ExecCx<'_>) {
        self.left.rewind(cx);
        self.right.rewind(cx);
        self.left_rows.clear(0);
        self.right_rows.clear(0);
        (self.left_at, self.right_done, self.current) = (0, false, false);
    }

    fn width(&self) -> usize {
        match self.spec.kind {
            JoinKind::Semi | JoinKind::Anti => self.spec.left_width,
            _ => self.spec.left_width + self.spec.right_width,
        }
    }

    pub async fn next(&mut self, cx: &ExecCx<'_>, max: usize, out: &mut Rows) -> Result<()> {
        out.clear(self.width());
        while out.len() < max {
            if !self.current && !self.next_left(cx, max).await? {
                break;
            }
            if self.pairs(cx, max, out).await? {
                self.finish_row(out);
            }
        }
        Ok(())
    }

    /// Takes the next left row; `false` at the end.
    async fn next_left(&mut self, cx: &ExecCx<'_>, max: usize) -> Result<bool> {
        if self.left_at >= self.left_rows.len() {
            self.left.next(cx, max.min(BATCH), &mut self.left_rows).await?;
            self.left_at = 0;
            if self.left_rows.is_empty() {
                return Ok(false);
            }
        }
        (self.current, self.matched, self.right_at) = (true, false, 0);
        if !self.spec.lateral {
            return Ok(true);
        }
        for (param, scalar) in &self.spec.params {
            let exprs = Exprs::of(scalar.clone());
            let row = cx.computable(self.left_rows.row(self.left_at), 0, &exprs).await?;
            let value = scalar.eval(&cx.eval(&row, 0, &[]))?;
            cx.set_exec(*param, value);
        }
        self.right.rewind(cx);
        self.right_rows.clear(0);
        self.right_done = false;
        Ok(true)
    }

    /// Adds pairs of the left row in hand until there are `max` rows; `true` when it has no more.
    async fn pairs(&mut self, cx: &ExecCx<'_>, max: usize, out: &mut Rows) -> Result<bool> {
        loop {
            cx.breathe(self.right_rows.len()).await?;
            let left = self.left_rows.row(self.left_at);
            while self.right_at < self.right_rows.len() {
                if out.len() >= max {
                    return Ok(false);
                }
                let right = self.right_rows.row(self.right_at);
                self.right_at += 1;
                if matches!(self.spec.kind, JoinKind::Semi | JoinKind::Anti) {
                    self.pair.clear(self.spec.left_width + self.spec.right_width);
                    self.pair.push_pair(left, right);
                    if cx.holds(&self.spec.on, self.pair.last(), 0).await? {
                        self.matched = true;
                        return Ok(true);
                    }
                    continue;
                }
                out.push_pair(left, right);
                if !self.spec.on.is_empty() && !cx.holds(&self.spec.on, out.last(), 0).await? {
                    cx.note(self.plan, |actual| actual.removed_pairs += 1);
                    out.pop();
                    continue;
                }
                self.matched = true;
            }
            if self.right_done {
                return Ok(true);
            }
            self.more_right(cx, max).await?;
        }
    }

    async fn more_right(&mut self, cx: &ExecCx<'_>, max: usize) -> Result<()> {
        if self.spec.lateral {
            self.right.next(cx, max.min(BATCH), &mut self.right_rows).await?;
            self.right_at = 0;
            self.right_done = self.right_rows.is_empty();
        } else {
            self.right_rows = self.right.all(cx).await?;
            self.right_done = true;
        }
        Ok(())
    }

    /// The left row in hand has no more partners.
    fn finish_row(&mut self, out: &mut Rows) {
        let left = self.left_rows.row(self.left_at);
        match (self.spec.kind, self.matched) {
            (JoinKind::Left, false) => out.push_padded(left),
            (JoinKind::Semi, true) | (JoinKind::Anti, false) => out.push(left),
            _ => {}
        }
        self.left_at += 1;
        self.current = false;
    }
}
