//! The operators, and the simple ones among them: VALUES, conditions, projection, LIMIT.
//!
//! A plan is a tree of operators that have not begun. It may be kept and used again: who runs it makes a copy, in which
//! what the plan has decided is shared and what happens while it runs is fresh ([`Fresh`]).

use super::super::bound::Exprs;
use super::aggregate::Aggregate;
use super::hash_join::HashJoin;
use super::lock_rows::LockRows;
use super::nest_loop::NestLoop;
use super::rows::Rows;
use super::scan::{FunctionScan, TableScan};
use super::sort::{Sort, Unique};
use super::{BATCH, ExecCx};
use crate::ids::{Error, Result, SqlState, sqlstate};
use crate::types::Datum;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

/// An operator with its state.
#[derive(Clone)]
pub(super) enum Node {
    TableScan(Box<TableScan>),
    Function(Box<FunctionScan>),
    Values(ValuesScan),
    Filter(Box<Filter>),
    NestLoop(Box<NestLoop>),
    HashJoin(Box<HashJoin>),
    Aggregate(Box<Aggregate>),
    Project(Box<Project>),
    Unique(Box<Unique>),
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
            Node::Filter(node) => Box::pin(node.next(cx, max, out)),
            Node::NestLoop(node) => Box::pin(node.next(cx, max, out)),
            Node::HashJoin(node) => Box::pin(node.next(cx, max, out)),
            Node::Aggregate(node) => Box::pin(node.next(cx, max, out)),
            Node::Project(node) => Box::pin(node.next(cx, max, out)),
            Node::Unique(node) => Box::pin(node.next(cx, max, out)),
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

    /// Begins again from the first row, with the exec parameters as they are then.
    pub fn rewind(&mut self, cx: &ExecCx<'_>) {
        match self {
            Node::TableScan(node) => node.rewind(),
            Node::Function(node) => node.rewind(),
            Node::Values(node) => node.at = 0,
            Node::Filter(node) => node.rewind(cx),
            Node::NestLoop(node) => node.rewind(cx),
            Node::HashJoin(node) => node.rewind(cx),
            Node::Aggregate(node) => node.rewind(cx),
            Node::Project(node) => node.input.rewind(cx),
            Node::Unique(node) => node.rewind(cx),
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
    pub fn new(rows: Vec<Exprs>) -> ValuesScan {
        ValuesScan { rows: Rc::new(rows), at: 0 }
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
    /// Whether the conditions are the same for all rows, and whether they have been asked.
    once: bool,
    passed: bool,
}

impl Filter {
    /// Conditions over each row.
    pub fn new(input: Node, conditions: Vec<Exprs>) -> Filter {
        Filter { input, conditions: Rc::new(conditions), once: false, passed: false }
    }

    /// Conditions that are the same for all rows: if they do not hold, there is none.
    pub fn once(input: Node, conditions: Vec<Exprs>) -> Filter {
        Filter { once: true, ..Filter::new(input, conditions) }
    }

    fn rewind(&mut self, cx: &ExecCx<'_>) {
        self.input.rewind(cx);
        self.passed = false;
    }

    async fn next(&mut self, cx: &ExecCx<'_>, max: usize, out: &mut Rows) -> Result<()> {
        if self.once {
            out.clear(0);
            self.passed = self.passed || cx.holds(&self.conditions, &[], 0).await?;
            return if self.passed { self.input.next(cx, max, out).await } else { Ok(()) };
        }
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
            out.truncate(kept);
            if kept > 0 {
                return Ok(());
            }
        }
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
    pub fn new(input: Node, targets: Exprs) -> Project {
        Project { input, targets: Rc::new(targets), rows: Rows::default() }
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

/// OFFSET and LIMIT: no more is asked for than will be given.
#[derive(Clone)]
pub(super) struct Limit {
    input: Node,
    limit: Option<Exprs>,
    offset: Option<Exprs>,
    /// How many rows to pass over and then to give, once known.
    left: Option<(u64, u64)>,
}

impl Limit {
    pub fn new(input: Node, limit: Option<Exprs>, offset: Option<Exprs>) -> Limit {
        Limit { input, limit, offset, left: None }
    }

    fn rewind(&mut self, cx: &ExecCx<'_>) {
        self.input.rewind(cx);
        self.left = None;
    }

    async fn next(&mut self, cx: &ExecCx<'_>, max: usize, out: &mut Rows) -> Result<()> {
        let (mut skip, mut give) = match self.left {
            Some(left) => left,
            None => {
                let skip = count(cx, &self.offset, "OFFSET", sqlstate::INVALID_ROW_COUNT_IN_OFFSET).await?;
                let give = count(cx, &self.limit, "LIMIT", sqlstate::INVALID_ROW_COUNT_IN_LIMIT).await?;
                (skip.unwrap_or(0), give.unwrap_or(u64::MAX))
            }
        };
        out.clear(0);
        while give > 0 && out.is_empty() {
            let wanted = give.min(max as u64).saturating_add(skip).min(max.max(BATCH) as u64);
            self.input.next(cx, wanted as usize, out).await?;
            if out.is_empty() {
                break;
            }
            let skipped = skip.min(out.len() as u64);
            out.skip(skipped as usize);
            skip -= skipped;
            give -= out.len() as u64;
        }
        self.left = Some((skip, give));
        Ok(())
    }
}

/// The argument of LIMIT or OFFSET; `None` for NULL and for none.
async fn count(cx: &ExecCx<'_>, exprs: &Option<Exprs>, clause: &str, code: SqlState) -> Result<Option<u64>> {
    let Some(exprs) = exprs else { return Ok(None) };
    match cx.values(exprs, &[], 0).await?.first() {
        None | Some(Datum::Null) => Ok(None),
        Some(value) => {
            let negative = |_| Error::new(code, format!("{clause} must not be negative"));
            u64::try_from(value.as_int()?).map(Some).map_err(negative)
        }
    }
}
