//! Where rows come from: tables, functions, queries, and nested loops of two of these.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use super::super::bound::{Exprs, FromNode, Row};
use super::super::functions::{Body, Function};
use super::exprs::none_waits;
use super::select::Select;
use super::{BATCH, ExecCx};
use crate::access::{Scan, TupleBatch};
use crate::catalog::Table;
use crate::ids::{Error, Result, Tid};
use crate::storage::tuple::HeapTupleHeader;
use crate::types::tuple::deform_into;
use crate::types::{Datum, TupleDesc};

/// A future that an operator returns, boxed once for a batch.
pub(super) type Pulled<'a> = Pin<Box<dyn Future<Output = Result<bool>> + 'a>>;

/// An operator at the bottom of a plan. Its rows begin with the row that it was opened over, if any.
pub(super) enum Source<'q> {
    /// One row without columns.
    One { done: bool },
    /// A table.
    Table(Box<TableScan<'q>>),
    /// Rows that are there already: of a function.
    Rows { rows: std::vec::IntoIter<Row>, outer: Row },
    /// A query.
    Query { plan: Box<Select<'q>>, outer: Row, width: usize },
    /// For each row of the left side, those of the right side that fit.
    Join(Box<NestLoop<'q>>),
}

/// A scan of a table. Conditions that need not wait are judged before a row is made.
pub(super) struct TableScan<'q> {
    table: Rc<Table>,
    system: bool,
    scan: Scan,
    batch: TupleBatch,
    at: usize,
    outer: Row,
    conditions: &'q [Exprs],
    scratch: Vec<Datum>,
}

pub(super) struct NestLoop<'q> {
    left: Source<'q>,
    right: &'q FromNode,
    condition: Option<&'q Exprs>,
    outer_join: bool,
    /// How many slots the right side fills, for rows without a partner.
    width: usize,
    left_rows: std::vec::IntoIter<Row>,
    left_done: bool,
    /// The left row at hand, the right side opened for it, and whether a partner has been found.
    current: Option<(Row, Source<'q>, bool)>,
}

impl<'q> Source<'q> {
    /// Opens an item of FROM over an outer row, which functions may use and which its rows begin with. `conditions`
    /// are judged on the way if the item is a table and they do not wait; returns whether they are.
    pub(super) fn open<'a>(
        cx: &'a ExecCx<'a>,
        node: &'q FromNode,
        outer: Row,
        conditions: &'q [Exprs],
    ) -> Pin<Box<dyn Future<Output = Result<(Source<'q>, bool)>> + 'a>>
    where
        'q: 'a,
    {
        Box::pin(async move {
            Ok(match node {
                FromNode::Table(table, _, system) => {
                    let judged = none_waits(conditions);
                    let scan = Scan::begin(&cx.fx.env, &table.rel, cx.snapshot.clone());
                    let conditions = if judged { conditions } else { &[] };
                    let source = TableScan {
                        table: table.clone(),
                        system: *system,
                        scan,
                        batch: TupleBatch::default(),
                        at: 0,
                        outer,
                        conditions,
                        scratch: Vec::new(),
                    };
                    (Source::Table(Box::new(source)), judged)
                }
                FromNode::Function(function, args, _) => {
                    let rows = call_rows(cx, function, args, &outer).await?;
                    (Source::Rows { rows: rows.into_iter(), outer }, false)
                }
                FromNode::Subquery(query, _) => {
                    let plan = Box::new(Select::open(cx, query).await?);
                    (Source::Query { plan, outer, width: query.columns.len() }, false)
                }
                FromNode::Join(left, right, condition, outer_join) => {
                    let (left, _) = Source::open(cx, left, outer, &[]).await?;
                    let nest_loop = NestLoop {
                        left,
                        right,
                        condition: condition.as_ref(),
                        outer_join: *outer_join,
                        width: width(right),
                        left_rows: Vec::new().into_iter(),
                        left_done: false,
                        current: None,
                    };
                    (Source::Join(Box::new(nest_loop)), false)
                }
            })
        })
    }

    /// Appends at most `max` rows, at least one; `false` if there are no more.
    pub(super) fn next<'a>(&'a mut self, cx: &'a ExecCx<'a>, out: &'a mut Vec<Row>, max: usize) -> Pulled<'a> {
        Box::pin(async move {
            match self {
                Source::One { done } => {
                    if !std::mem::replace(done, true) {
                        out.push(Row::new());
                        return Ok(true);
                    }
                    Ok(false)
                }
                Source::Table(scan) => scan.next(cx, out, max).await,
                Source::Rows { rows, outer } => {
                    let before = out.len();
                    out.extend(rows.take(max).map(|row| [&outer[..], &row].concat()));
                    Ok(out.len() > before)
                }
                Source::Query { plan, outer, width } => {
                    let mut rows = Vec::new();
                    let more = plan.next(cx, &mut rows, max).await?;
                    out.extend(rows.into_iter().map(|row| [&outer[..], &row[..*width]].concat()));
                    Ok(more)
                }
                Source::Join(join) => join.next(cx, out, max).await,
            }
        })
    }
}

/// How many slots an item of FROM fills.
fn width(node: &FromNode) -> usize {
    match node {
        FromNode::Table(table, _, system) => table.desc.natts() + if *system { 6 } else { 0 },
        FromNode::Function(function, ..) => function.columns.len(),
        FromNode::Subquery(query, _) => query.columns.len(),
        FromNode::Join(left, right, ..) => width(left) + width(right),
    }
}

/// The rows of a function.
pub(super) async fn call_rows(cx: &ExecCx<'_>, function: &Function, args: &Exprs, outer: &[Datum]) -> Result<Vec<Row>> {
    let args = cx.values(args, outer).await?;
    if function.strict && args.iter().any(Datum::is_null) {
        return Ok(Vec::new());
    }
    match &function.body {
        Body::Rows(rows) => rows(cx.fx, &args).await,
        Body::Waiting(value) => Ok(vec![vec![value(cx.fx, &args).await?]]),
        Body::Scalar(value) => Ok(vec![vec![value(cx.fx, &args)?]]),
        Body::TypeOf => Err(Error::unsupported("pg_typeof in FROM")),
    }
}

impl TableScan<'_> {
    async fn next(&mut self, cx: &ExecCx<'_>, out: &mut Vec<Row>, max: usize) -> Result<bool> {
        let before = out.len();
        while out.len() == before {
            while self.at < self.batch.len() && out.len() < before + max {
                let (tid, tuple) = self.batch.get(self.at);
                self.at += 1;
                row_into(&self.table, self.system, tid, tuple, &mut self.scratch)?;
                self.scratch.splice(0..0, self.outer.iter().cloned());
                if cx.all_hold_now(self.conditions, &self.scratch)? {
                    out.push(std::mem::take(&mut self.scratch));
                }
            }
            if self.at < self.batch.len() {
                return Ok(true);
            }
            self.at = 0;
            if out.len() == before && !self.scan.next_page(&cx.fx.env, &mut self.batch).await? {
                return Ok(false);
            }
            if out.len() > before {
                self.batch.clear();
            }
        }
        Ok(true)
    }
}

/// The row of a tuple: its columns, and if wanted the six system columns behind.
pub(super) fn row_into(table: &Table, system: bool, tid: Tid, tuple: &[u8], row: &mut Vec<Datum>) -> Result<()> {
    let desc: &TupleDesc = &table.desc;
    deform_into(desc, tuple, desc.natts(), row)?;
    if system {
        let header = HeapTupleHeader::read(tuple).ok_or_else(|| Error::corrupt("a row without a header"))?;
        let command = Datum::Cid(header.command_id());
        row.extend([
            Datum::Tid(tid),
            Datum::Xid(header.xmin),
            command.clone(),
            Datum::Xid(header.xmax),
            command,
            Datum::Oid(table.oid),
        ]);
    }
    Ok(())
}

impl NestLoop<'_> {
    async fn next(&mut self, cx: &ExecCx<'_>, out: &mut Vec<Row>, max: usize) -> Result<bool> {
        let before = out.len();
        let mut pulled = Vec::new();
        while out.len() < before + max {
            if self.current.is_none() && !self.advance(cx).await? {
                break;
            }
            let Some((left, right, found)) = &mut self.current else { break };
            pulled.clear();
            if right.next(cx, &mut pulled, max).await? {
                for row in pulled.drain(..) {
                    let fits = match self.condition {
                        Some(condition) => cx.all_hold(std::slice::from_ref(condition), &row).await?,
                        None => true,
                    };
                    if fits {
                        *found = true;
                        out.push(row);
                    }
                }
                continue;
            }
            if self.outer_join && !*found {
                let mut row = std::mem::take(left);
                row.resize(row.len() + self.width, Datum::Null);
                out.push(row);
            }
            self.current = None;
        }
        Ok(out.len() > before)
    }

    /// Takes the next left row and opens the right side for it.
    async fn advance(&mut self, cx: &ExecCx<'_>) -> Result<bool> {
        let left = loop {
            if let Some(row) = self.left_rows.next() {
                break row;
            }
            if self.left_done {
                return Ok(false);
            }
            let mut rows = Vec::new();
            self.left_done = !self.left.next(cx, &mut rows, BATCH).await?;
            self.left_rows = rows.into_iter();
        };
        let (right, _) = Source::open(cx, self.right, left.clone(), &[]).await?;
        self.current = Some((left, right, false));
        Ok(true)
    }
}
