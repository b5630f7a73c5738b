//! Joining by nested loops: for each row of the left the rows of the right.
//!
//! The right side is read once and kept, on disk beyond `work_mem`, unless it depends on the left's row: then that row's values are put into exec
//! parameters and the right side begins again. So an index on the right finds the partners of each row.
//!
//! PostgreSQL: `nodeNestloop.c`.

use super::super::bound::{Exprs, JoinKind};
use super::super::plan::LoopSpec;
use super::node::{Fresh, Node};
use super::row_store::RowStore;
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
    /// The one that keeps the rows of the right.
    keeper: usize,
    left_rows: Rows,
    left_at: usize,
    /// Those of the right that are at hand, and which of them is next.
    right_rows: Rows,
    right_at: usize,
    /// All rows of the right, if they are kept; and how many of them were looked at before those at hand.
    kept: Fresh<RowStore>,
    kept_at: usize,
    /// Whether the right has no more rows.
    right_done: bool,
    /// Whether a row of the left is in hand, and whether it has found a partner.
    current: bool,
    matched: bool,
    pair: Rows,
}

impl NestLoop {
    pub fn new(left: Node, right: Node, spec: Rc<LoopSpec>, (plan, keeper): (usize, usize)) -> NestLoop {
        NestLoop {
            left,
            right,
            spec,
            plan,
            keeper,
            left_rows: Rows::default(),
            left_at: 0,
            right_rows: Rows::default(),
            right_at: 0,
            kept: Fresh(None),
            kept_at: 0,
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
        self.kept.0.take().into_iter().for_each(|kept| kept.end(&cx.fx.env));
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
            if let (Some(kept), true) = (&self.kept.0, self.keeper != 0) {
                let rows = kept.len() as u64;
                cx.note(self.keeper, |actual| {
                    actual.loops += 1;
                    actual.rows += rows;
                });
            }
            // Rows that are all in memory stay at hand.
            if self.kept.0.as_ref().is_some_and(|kept| kept.in_memory().is_none()) {
                self.right_rows.clear(self.spec.right_width);
                (self.kept_at, self.right_done) = (0, false);
            }
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
            let right_rows = self.kept.0.as_ref().and_then(RowStore::in_memory).unwrap_or(&self.right_rows);
            cx.breathe(right_rows.len()).await?;
            let left = self.left_rows.row(self.left_at);
            while self.right_at < right_rows.len() {
                if out.len() >= max {
                    return Ok(false);
                }
                let right = right_rows.row(self.right_at);
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
        self.right_at = 0;
        if self.spec.lateral {
            self.right.next(cx, max.min(BATCH), &mut self.right_rows).await?;
            self.right_done = self.right_rows.is_empty();
            return Ok(());
        }
        let env = &cx.fx.env;
        if self.kept.0.is_none() {
            let mut kept = RowStore::begin(env);
            loop {
                self.right.next(cx, BATCH, &mut self.right_rows).await?;
                if self.right_rows.is_empty() {
                    break;
                }
                cx.breathe(self.right_rows.len()).await?;
                kept.add(env, &self.right_rows).await?;
            }
            (self.right_done, self.kept_at) = (kept.in_memory().is_some(), 0);
            self.kept.0 = Some(kept);
        }
        if let Some(kept) = self.kept.0.as_ref().filter(|kept| kept.in_memory().is_none()) {
            self.right_rows.clear(self.spec.right_width);
            kept.read(env, self.kept_at, BATCH, &mut self.right_rows).await?;
            self.kept_at += self.right_rows.len();
            self.right_done = self.kept_at >= kept.len();
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
