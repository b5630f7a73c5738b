//! The operators, and the simple ones among them: VALUES, conditions, projection.
//!
//! They are made from a plan (`build.rs`): what that has decided they share with it, what happens while they run is fresh.

use super::super::bound::Exprs;
use super::aggregate::Aggregate;
use super::cte::{CteScan, With, WorkScan};
use super::hash_join::HashJoin;
pub(super) use super::limit::Limit;
use super::lock_rows::LockRows;
use super::measure::Watched;
use super::merge_join::MergeJoin;
use super::nest_loop::NestLoop;
use super::project_set::ProjectSet;
use super::rows::Rows;
use super::scan::{FunctionScan, TableScan};
use super::set_operation::{Append, SetOp};
use super::sort::Sort;
use super::unique::{DistinctOn, Unique};
use super::window::Window;
use super::{BATCH, ExecCx};
use crate::ids::Result;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

/// An operator with its state.
#[derive(Clone)]
pub(super) enum Node {
    TableScan(Box<TableScan>),
    Function(Box<FunctionScan>),
    Values(ValuesScan),
    Watched(Box<Watched>),
    Filter(Box<Filter>),
    Once(Box<Once>),
    NestLoop(Box<NestLoop>),
    HashJoin(Box<HashJoin>),
    MergeJoin(Box<MergeJoin>),
    Aggregate(Box<Aggregate>),
    Project(Box<Project>),
    ProjectSet(Box<ProjectSet>),
    Window(Box<Window>),
    Append(Box<Append>),
    SetOp(Box<SetOp>),
    Unique(Box<Unique>),
    DistinctOn(Box<DistinctOn>),
    CteScan(CteScan),
    WorkScan(WorkScan),
    With(Box<With>),
    Sort(Box<Sort>),
    Limit(Box<Limit>),
    LockRows(Box<LockRows>),
}

/// What an operator works with while it runs: a copy of the operator begins without it.
pub(super) struct Fresh<T>(pub Option<T>);

impl<T> Default for Fresh<T> {
    fn default() -> Fresh<T> {
        Fresh(None)
    }
}

impl<T> Clone for Fresh<T> {
    fn clone(&self) -> Fresh<T> {
        Fresh(None)
    }
}

/// The next rows of an operator.
pub(super) type Batch<'a> = Pin<Box<dyn Future<Output = Result<()>> + 'a>>;

impl Node {
    /// Puts up to `max` rows into `out`, in place of what was there; none at the end.
    pub fn next<'a>(&'a mut self, cx: &'a ExecCx<'a>, max: usize, out: &'a mut Rows) -> Batch<'a> {
        match self {
            Node::TableScan(node) => Box::pin(node.next(cx, max, out)),
            Node::Function(node) => Box::pin(node.next(cx, max, out)),
            Node::Values(node) => Box::pin(node.next(cx, max, out)),
            Node::Watched(node) => Box::pin(node.next(cx, max, out)),
            Node::Filter(node) => Box::pin(node.next(cx, max, out)),
            Node::Once(node) => Box::pin(node.next(cx, max, out)),
            Node::NestLoop(node) => Box::pin(node.next(cx, max, out)),
            Node::HashJoin(node) => Box::pin(node.next(cx, max, out)),
            Node::MergeJoin(node) => Box::pin(node.next(cx, max, out)),
            Node::Aggregate(node) => Box::pin(node.next(cx, max, out)),
            Node::Project(node) => Box::pin(node.next(cx, max, out)),
            Node::ProjectSet(node) => Box::pin(node.next(cx, max, out)),
            Node::Window(node) => Box::pin(node.next(cx, max, out)),
            Node::Append(node) => Box::pin(node.next(cx, max, out)),
            Node::SetOp(node) => Box::pin(node.next(cx, max, out)),
            Node::Unique(node) => Box::pin(node.next(cx, max, out)),
            Node::DistinctOn(node) => Box::pin(node.next(cx, max, out)),
            Node::CteScan(node) => Box::pin(node.next(cx, max, out)),
            Node::WorkScan(node) => {
                node.next(cx, max, out);
                Box::pin(std::future::ready(Ok(())))
            }
            Node::With(node) => node.input.next(cx, max, out),
            Node::Sort(node) => Box::pin(node.next(cx, max, out)),
            Node::Limit(node) => Box::pin(node.next(cx, max, out)),
            Node::LockRows(node) => Box::pin(node.next(cx, max, out)),
        }
    }

    /// The first rows, up to `max`.
    pub async fn some(&mut self, cx: &ExecCx<'_>, max: usize, rows: &mut Rows) -> Result<()> {
        self.next(cx, max, rows).await?;
        let mut batch = Rows::default();
        while !rows.is_empty() && rows.len() < max {
            self.next(cx, max - rows.len(), &mut batch).await?;
            if batch.is_empty() {
                break;
            }
            rows.extend(&batch, 0, batch.len());
        }
        Ok(())
    }

    /// All rows that are left.
    pub async fn all(&mut self, cx: &ExecCx<'_>) -> Result<Rows> {
        let mut rows = Rows::default();
        self.next(cx, BATCH, &mut rows).await?;
        let mut batch = Rows::default();
        while !rows.is_empty() {
            self.next(cx, BATCH, &mut batch).await?;
            if batch.is_empty() {
                break;
            }
            cx.breathe(batch.len()).await?;
            rows.extend(&batch, 0, batch.len());
        }
        Ok(rows)
    }

    /// `ExecSetTupleBound`: no more rows than these will be asked for. Only a sort can make something of that.
    pub fn set_bound(&mut self, rows: u64) {
        match self {
            Node::Sort(sort) => sort.set_bound(rows),
            Node::Watched(watched) => watched.input.set_bound(rows),
            Node::Project(project) => project.input.set_bound(rows),
            _ => {}
        }
    }

    /// Begins again from the first row, with the exec parameters as they are then.
    pub fn rewind(&mut self, cx: &ExecCx<'_>) {
        match self {
            Node::TableScan(node) => node.rewind(cx),
            Node::Function(node) => node.rewind(),
            Node::Values(node) => node.at = 0,
            Node::Watched(node) => node.rewind(cx),
            Node::Filter(node) => node.input.rewind(cx),
            Node::Once(node) => node.rewind(cx),
            Node::NestLoop(node) => node.rewind(cx),
            Node::HashJoin(node) => node.rewind(cx),
            Node::MergeJoin(node) => node.rewind(cx),
            Node::Aggregate(node) => node.rewind(cx),
            Node::Project(node) => node.input.rewind(cx),
            Node::ProjectSet(node) => node.rewind(cx),
            Node::Window(node) => node.rewind(cx),
            Node::Append(node) => node.rewind(cx),
            Node::SetOp(node) => node.rewind(cx),
            Node::Unique(node) => node.rewind(cx),
            Node::DistinctOn(node) => node.rewind(cx),
            Node::CteScan(node) => node.rewind(),
            Node::WorkScan(node) => node.rewind(),
            Node::With(node) => node.rewind(cx),
            Node::Sort(node) => node.rewind(cx),
            Node::Limit(node) => node.rewind(cx),
            Node::LockRows(node) => node.rewind(cx),
        }
    }
}

/// The rows of VALUES.
#[derive(Clone)]
pub(super) struct ValuesScan {
    rows: Rc<Vec<Exprs>>,
    at: usize,
}

impl ValuesScan {
    pub fn new(rows: Rc<Vec<Exprs>>) -> ValuesScan {
        ValuesScan { rows, at: 0 }
    }

    async fn next(&mut self, cx: &ExecCx<'_>, max: usize, out: &mut Rows) -> Result<()> {
        out.clear(self.rows.first().map_or(0, |row| row.scalars.len()));
        while self.at < self.rows.len() && out.len() < max {
            cx.append(&self.rows[self.at], &[], 0, out.open()).await?;
            out.close();
            self.at += 1;
        }
        Ok(())
    }
}

/// Rows for which conditions hold.
#[derive(Clone)]
pub(super) struct Filter {
    input: Node,
    conditions: Rc<Vec<Exprs>>,
    /// The node whose filter it is.
    plan: usize,
}

impl Filter {
    pub fn new(input: Node, conditions: Vec<Exprs>, plan: usize) -> Filter {
        Filter { input, conditions: Rc::new(conditions), plan }
    }

    async fn next(&mut self, cx: &ExecCx<'_>, max: usize, out: &mut Rows) -> Result<()> {
        loop {
            self.input.next(cx, max, out).await?;
            if out.is_empty() {
                return Ok(());
            }
            cx.breathe(out.len()).await?;
            let mut kept = 0;
            for at in 0..out.len() {
                if cx.holds(&self.conditions, out.row(at), 0).await? {
                    out.move_row(at, kept);
                    kept += 1;
                }
            }
            let removed = out.len() - kept;
            cx.note(self.plan, |actual| actual.removed += removed as u64);
            out.truncate(kept);
            if kept > 0 {
                return Ok(());
            }
        }
    }
}

/// All rows, or none: conditions that are the same for all of them.
#[derive(Clone)]
pub(super) struct Once {
    input: Node,
    conditions: Rc<Vec<Exprs>>,
    /// Whether they have been asked, and hold.
    passed: bool,
}

impl Once {
    pub fn new(input: Node, conditions: Vec<Exprs>) -> Once {
        Once { input, conditions: Rc::new(conditions), passed: false }
    }

    fn rewind(&mut self, cx: &ExecCx<'_>) {
        self.input.rewind(cx);
        self.passed = false;
    }

    async fn next(&mut self, cx: &ExecCx<'_>, max: usize, out: &mut Rows) -> Result<()> {
        out.clear(0);
        self.passed = self.passed || cx.holds(&self.conditions, &[], 0).await?;
        if self.passed { self.input.next(cx, max, out).await } else { Ok(()) }
    }
}

/// The target list.
#[derive(Clone)]
pub(super) struct Project {
    input: Node,
    targets: Rc<Exprs>,
    rows: Rows,
}

impl Project {
    pub fn new(input: Node, targets: Rc<Exprs>) -> Project {
        Project { input, targets, rows: Rows::default() }
    }

    async fn next(&mut self, cx: &ExecCx<'_>, max: usize, out: &mut Rows) -> Result<()> {
        self.input.next(cx, max, &mut self.rows).await?;
        out.clear(self.targets.scalars.len());
        for row in self.rows.iter() {
            cx.append_stored(&self.targets, row, 0, out.open()).await?;
            out.close();
        }
        Ok(())
    }
}
