//! The operators, and the simple ones among them: VALUES, conditions, projection, LIMIT.

use super::super::bound::{Exprs, Row};
use super::aggregate::Aggregate;
use super::join::NestLoop;
use super::lock_rows::LockRows;
use super::scan::{FunctionScan, TableScan};
use super::sort::{Sort, Unique};
use super::{BATCH, ExecCx};
use crate::ids::{Error, Result, SqlState, sqlstate};
use crate::types::Datum;
use std::future::Future;
use std::pin::Pin;

/// An operator with its state.
pub(super) enum Node {
    TableScan(Box<TableScan>),
    Function(Box<FunctionScan>),
    Values(ValuesScan),
    Filter(Box<Filter>),
    NestLoop(Box<NestLoop>),
    Aggregate(Box<Aggregate>),
    Project(Box<Project>),
    Unique(Box<Unique>),
    Sort(Box<Sort>),
    Limit(Box<Limit>),
    LockRows(Box<LockRows>),
}

/// The next rows of an operator.
pub(super) type Batch<'a> = Pin<Box<dyn Future<Output = Result<Vec<Row>>> + 'a>>;

impl Node {
    /// Up to `max` rows; none at the end. `outer` is the row to the left, up to the operator's own first slot.
    pub fn next<'a>(&'a mut self, cx: &'a ExecCx<'a>, outer: &'a [Datum], max: usize) -> Batch<'a> {
        match self {
            Node::TableScan(node) => Box::pin(node.next(cx, max)),
            Node::Function(node) => Box::pin(node.next(cx, outer, max)),
            Node::Values(node) => Box::pin(node.next(cx, max)),
            Node::Filter(node) => Box::pin(node.next(cx, outer, max)),
            Node::NestLoop(node) => Box::pin(node.next(cx, outer, max)),
            Node::Aggregate(node) => Box::pin(node.next(cx, max)),
            Node::Project(node) => Box::pin(node.next(cx, max)),
            Node::Unique(node) => Box::pin(node.next(cx, max)),
            Node::Sort(node) => Box::pin(node.next(cx, max)),
            Node::Limit(node) => Box::pin(node.next(cx, max)),
            Node::LockRows(node) => Box::pin(node.next(cx, max)),
        }
    }

    /// All rows that are left.
    pub async fn all(&mut self, cx: &ExecCx<'_>, outer: &[Datum]) -> Result<Vec<Row>> {
        let mut rows = Vec::new();
        loop {
            let batch = self.next(cx, outer, BATCH).await?;
            if batch.is_empty() {
                return Ok(rows);
            }
            cx.breathe(batch.len()).await?;
            rows.extend(batch);
        }
    }

    /// `ExecSetTupleBound`: no more rows than these will be asked for. Only a sort can make something of that.
    pub fn set_bound(&mut self, rows: u64) {
        match self {
            Node::Sort(sort) => sort.set_bound(rows),
            Node::Project(project) => project.input.set_bound(rows),
            _ => {}
        }
    }

    /// Begins again from the first row. Only what can stand in a FROM is asked to.
    pub fn rewind(&mut self) {
        match self {
            Node::TableScan(node) => node.rewind(),
            Node::Function(node) => node.rewind(),
            Node::Values(node) => node.at = 0,
            Node::Filter(node) => node.input.rewind(),
            Node::NestLoop(node) => node.rewind(),
            Node::Aggregate(node) => node.rewind(),
            Node::Project(node) => node.input.rewind(),
            Node::Unique(node) => node.rewind(),
            Node::Sort(node) => node.rewind(),
            Node::Limit(node) => node.rewind(),
            Node::LockRows(node) => node.rewind(),
        }
    }
}

/// The rows of VALUES.
pub(super) struct ValuesScan {
    rows: Vec<Exprs>,
    at: usize,
}

impl ValuesScan {
    pub fn new(rows: Vec<Exprs>) -> ValuesScan {
        ValuesScan { rows, at: 0 }
    }

    async fn next(&mut self, cx: &ExecCx<'_>, max: usize) -> Result<Vec<Row>> {
        let end = self.rows.len().min(self.at + max);
        let mut rows = Vec::with_capacity(end - self.at);
        for exprs in &self.rows[self.at..end] {
            rows.push(cx.values(exprs, &[], 0).await?);
        }
        self.at = end;
        Ok(rows)
    }
}

/// Rows for which conditions hold.
pub(super) struct Filter {
    pub input: Node,
    pub conditions: Vec<Exprs>,
}

impl Filter {
    async fn next(&mut self, cx: &ExecCx<'_>, outer: &[Datum], max: usize) -> Result<Vec<Row>> {
        loop {
            let batch = self.input.next(cx, outer, max).await?;
            if batch.is_empty() {
                return Ok(batch);
            }
            cx.breathe(batch.len()).await?;
            let mut rows = Vec::with_capacity(batch.len());
            for row in batch {
                if cx.holds(&self.conditions, &row, 0).await? {
                    rows.push(row);
                }
            }
            if !rows.is_empty() {
                return Ok(rows);
            }
        }
    }
}

/// The target list.
pub(super) struct Project {
    pub input: Node,
    pub targets: Exprs,
}

impl Project {
    async fn next(&mut self, cx: &ExecCx<'_>, max: usize) -> Result<Vec<Row>> {
        let mut rows = self.input.next(cx, &[], max).await?;
        for row in &mut rows {
            *row = cx.stored_values(&self.targets, row, 0).await?;
        }
        Ok(rows)
    }
}

/// OFFSET and LIMIT: no more is asked for than will be given.
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

    fn rewind(&mut self) {
        self.input.rewind();
        self.left = None;
    }

    async fn next(&mut self, cx: &ExecCx<'_>, max: usize) -> Result<Vec<Row>> {
        let (mut skip, mut give) = match self.left {
            Some(left) => left,
            None => {
                let skip = count(cx, &self.offset, "OFFSET", sqlstate::INVALID_ROW_COUNT_IN_OFFSET).await?;
                let give = count(cx, &self.limit, "LIMIT", sqlstate::INVALID_ROW_COUNT_IN_LIMIT).await?;
                if let Some(give) = give {
                    self.input.set_bound(give.saturating_add(skip.unwrap_or(0)));
                }
                (skip.unwrap_or(0), give.unwrap_or(u64::MAX))
            }
        };
        let mut rows = Vec::new();
        while give > 0 && rows.is_empty() {
            let wanted = give.min(max as u64).saturating_add(skip).min(max.max(BATCH) as u64);
            rows = self.input.next(cx, &[], wanted as usize).await?;
            if rows.is_empty() {
                break;
            }
            let skipped = skip.min(rows.len() as u64);
            rows.drain(..skipped as usize);
            skip -= skipped;
            give -= rows.len() as u64;
        }
        self.left = Some((skip, give));
        Ok(rows)
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
