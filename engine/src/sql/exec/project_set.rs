//! Functions in the target list that give rows: each row of the input comes once for each of theirs.
//!
//! Several of them go in step; one that ends before the others has NULLs.
//!
//! PostgreSQL: `nodeProjectSet.c`.

use super::super::bound::FunctionCall;
use super::super::functions::RowIter;
use super::ExecCx;
use super::node::{Fresh, Node};
use super::rows::Rows;
use super::scan::rows_of;
use crate::ids::Result;
use crate::types::Datum;
use std::rc::Rc;

/// Rows with the columns of the functions behind.
#[derive(Clone)]
pub(super) struct ProjectSet {
    input: Node,
    calls: Rc<Vec<FunctionCall>>,
    rows: Rows,
    at: usize,
    /// The rows of the functions for the input's row in hand.
    iters: Fresh<Vec<RowIter>>,
}

impl ProjectSet {
    pub fn new(input: Node, calls: Rc<Vec<FunctionCall>>) -> ProjectSet {
        ProjectSet { input, calls, rows: Rows::default(), at: 0, iters: Fresh(None) }
    }

    pub fn rewind(&mut self, cx: &ExecCx<'_>) {
        self.input.rewind(cx);
        self.rows.clear(0);
        self.at = 0;
        self.iters = Fresh(None);
    }

    pub async fn next(&mut self, cx: &ExecCx<'_>, max: usize, out: &mut Rows) -> Result<()> {
        let own: usize = self.calls.iter().map(|(function, _)| function.columns.len()).sum();
        out.clear(self.rows.width() + own);
        while out.len() < max {
            if self.iters.0.is_none() {
                if self.at >= self.rows.len() {
                    if !out.is_empty() {
                        return Ok(());
                    }
                    self.input.next(cx, max, &mut self.rows).await?;
                    self.at = 0;
                    if self.rows.is_empty() {
                        return Ok(());
                    }
                    out.clear(self.rows.width() + own);
                }
                let mut iters = Vec::with_capacity(self.calls.len());
                for (function, args) in &*self.calls {
                    let args = cx.values(args, self.rows.row(self.at), 0).await?;
                    iters.push(rows_of(cx, function, &args).await?);
                }
                self.iters.0 = Some(iters);
            }
            if !self.row(out)? {
                self.iters.0 = None;
                self.at += 1;
            }
        }
        Ok(())
    }

    /// Adds a row; `false` if no function has one more.
    fn row(&mut self, out: &mut Rows) -> Result<bool> {
        let Some(iters) = &mut self.iters.0 else { return Ok(false) };
        out.open().extend_from_slice(self.rows.row(self.at));
        let mut any = false;
        for ((function, _), iter) in self.calls.iter().zip(iters) {
            match iter.next().transpose()? {
                Some(row) => {
                    any = true;
                    out.open().extend(row);
                }
                None => out.open().extend(function.columns.iter().map(|_| Datum::Null)),
            }
        }
        if any {
            out.close();
        } else {
            out.abandon();
        }
        Ok(any)
    }
}
