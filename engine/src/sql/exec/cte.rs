//! Queries of WITH: their rows are kept, and all that refer to one read the same.
//!
//! ```text
//!   recursive:   left ──► rows, work        right, over the rows of `work` ──► rows, next
//!                                           when it ends, next becomes work, until there is nothing in it
//! ```
//!
//! Rows are made when somebody asks for them, so that LIMIT ends a recursion that has no end of its own. A statement that
//! changes rows is run as a whole, whether somebody asks or not. What is kept goes to disk beyond `work_mem` (`row_store.rs`); the
//! rows of a round of a recursive query are in memory.
//!
//! PostgreSQL: `nodeCtescan.c`, `nodeRecursiveunion.c`, `nodeWorktablescan.c`.

use super::super::plan::CtePlan;
use super::build::build;
use super::node::Node;
use super::row_store::RowStore;
use super::rows::Rows;
use super::unique::Seen;
use super::{BATCH, ExecCx};
use crate::ids::{Error, Result};
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

/// What is kept of it while the statement runs.
#[derive(Default)]
pub(super) struct CteState {
    maker: RefCell<Option<Maker>>,
    rows: RefCell<Option<RowStore>>,
    done: Cell<bool>,
    /// For a recursive one the rows of the last round.
    work: RefCell<Rc<Rows>>,
}

/// What makes the rows.
struct Maker {
    /// What gives the rows: of a recursive query the first ones.
    node: Option<Node>,
    /// Of a recursive one: what gives the others, whether it does so now, the rows of this round, all rows so far.
    again: Option<Node>,
    recursing: bool,
    next: Rows,
    seen: Seen,
}

impl CteState {
    /// As before the first row.
    fn reset(&self, cx: &ExecCx<'_>) {
        *self.maker.borrow_mut() = None;
        self.rows.take().into_iter().for_each(|rows| rows.end(&cx.fx.env));
        self.done.set(false);
    }
}

/// Reads the rows of a query of WITH.
#[derive(Clone)]
pub(super) struct CteScan {
    id: usize,
    width: usize,
    at: usize,
}

impl CteScan {
    pub fn new(id: usize, width: usize) -> CteScan {
        CteScan { id, width, at: 0 }
    }

    pub fn rewind(&mut self) {
        self.at = 0;
    }

    pub async fn next(&mut self, cx: &ExecCx<'_>, max: usize, out: &mut Rows) -> Result<()> {
        let state = &cx.ctes[self.id];
        out.clear(self.width);
        loop {
            let on_disk = match &*state.rows.borrow() {
                Some(rows) if rows.is_on_disk(self.at) => true,
                Some(rows) => {
                    rows.read_memory(self.at, max, out);
                    false
                }
                None => false,
            };
            if on_disk && let Some(rows) = state.rows.take() {
                // Nobody else of this statement runs meanwhile.
                let read = rows.read(&cx.fx.env, self.at, max, out).await;
                *state.rows.borrow_mut() = Some(rows);
                read?;
            }
            self.at += out.len();
            if !out.is_empty() || state.done.get() {
                return Ok(());
            }
            cx.more_of_cte(self.id, max).await?;
        }
    }
}

/// Reads the rows of the last round of a recursive query.
#[derive(Clone)]
pub(super) struct WorkScan {
    id: usize,
    width: usize,
    at: usize,
}

impl WorkScan {
    pub fn new(id: usize, width: usize) -> WorkScan {
        WorkScan { id, width, at: 0 }
    }

    pub fn rewind(&mut self) {
        self.at = 0;
    }

    pub fn next(&mut self, cx: &ExecCx<'_>, max: usize, out: &mut Rows) {
        out.clear(self.width);
        let work = cx.ctes[self.id].work.borrow().clone();
        let end = work.len().min(self.at + max);
        (self.at..end).for_each(|at| out.push(&work.row(at)[..self.width]));
        self.at = end;
    }
}

/// A query with a WITH: when it begins again, so do those of its queries that depend on rows outside.
#[derive(Clone)]
pub(super) struct With {
    pub input: Node,
    pub ids: Vec<usize>,
}

impl With {
    pub fn rewind(&mut self, cx: &ExecCx<'_>) {
        self.ids.iter().for_each(|id| cx.ctes[*id].reset(cx));
        self.input.rewind(cx);
    }
}

impl ExecCx<'_> {
    /// Makes further rows of a query of WITH, or notes that there are none.
    fn more_of_cte<'a>(&'a self, id: usize, max: usize) -> Pin<Box<dyn Future<Output = Result<()>> + 'a>> {
        Box::pin(async move {
            let state = &self.ctes[id];
            let maker = state.maker.borrow_mut().take();
            let plan = &self.plan.ctes[id];
            let mut maker = maker.unwrap_or_else(|| Maker::new(plan, self.measured.is_some()));
            let mut rows = Rows::default();
            match (&**plan, &mut maker.node) {
                (CtePlan::Query(_), Some(node)) => {
                    node.next(self, max, &mut rows).await?;
                    state.done.set(rows.is_empty());
                }
                (CtePlan::Recursive(_, _, all), Some(_)) => maker.recurse(self, (id, *all), max, &mut rows).await?,
                (CtePlan::Change(statement, source), _) => {
                    let mut keep = |row: &[crate::types::Datum]| {
                        if rows.is_empty() {
                            rows.clear(row.len());
                        }
                        rows.push(row);
                        Ok(())
                    };
                    self.change(statement, source.as_ref(), &mut keep).await?;
                    state.done.set(true);
                }
                _ => return Err(Error::internal("a query of WITH that is elsewhere")),
            }
            if !rows.is_empty() {
                let env = &self.fx.env;
                let mut all = state.rows.take().unwrap_or_else(|| RowStore::begin(env));
                all.add(env, &rows).await?;
                *state.rows.borrow_mut() = Some(all);
            }
            *state.maker.borrow_mut() = Some(maker);
            Ok(())
        })
    }

    /// Runs to their ends those statements of WITH that change rows.
    pub(super) async fn finish_changes(&self) -> Result<()> {
        for (id, plan) in self.plan.ctes.iter().enumerate() {
            if matches!(**plan, CtePlan::Change(..)) && !self.ctes[id].done.get() {
                self.more_of_cte(id, BATCH).await?;
            }
        }
        Ok(())
    }
}

impl Maker {
    fn new(plan: &CtePlan, watched: bool) -> Maker {
        let (node, again) = match plan {
            CtePlan::Query(plan) => (Some(build(plan, watched)), None),
            CtePlan::Recursive(left, right, _) => (Some(build(left, watched)), Some(build(right, watched))),
            CtePlan::Change(..) | CtePlan::Inlined => (None, None),
        };
        Maker { node, again, recursing: false, next: Rows::default(), seen: Seen::default() }
    }

    /// The next rows of a recursive query.
    async fn recurse(&mut self, cx: &ExecCx<'_>, (id, all): (usize, bool), max: usize, out: &mut Rows) -> Result<()> {
        let state = &cx.ctes[id];
        let (Some(left), Some(right)) = (&mut self.node, &mut self.again) else { return Ok(()) };
        loop {
            let node = if self.recursing { &mut *right } else { &mut *left };
            node.next(cx, max, out).await?;
            if out.is_empty() {
                // A round has ended.
                if self.next.is_empty() {
                    state.done.set(true);
                    return Ok(());
                }
                let work = std::mem::take(&mut self.next);
                *state.work.borrow_mut() = Rc::new(work);
                if self.recursing {
                    right.rewind(cx);
                }
                self.recursing = true;
                cx.fx.env.cx.check_for_interrupts()?;
                continue;
            }
            cx.breathe(out.len()).await?;
            cx.bring_all_back(out).await?;
            if !all {
                self.seen.keep_new(out);
            }
            if !out.is_empty() {
                if self.next.is_empty() {
                    self.next.clear(out.width());
                }
                self.next.extend(out, 0, out.len());
                return Ok(());
            }
        }
    }
}
