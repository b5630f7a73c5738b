//! Reading tables and functions.

use super::super::bound::{Exprs, Row, SYSTEM_COLUMNS};
use super::super::functions::{Body, Function, RowIter};
use super::ExecCx;
use super::index::{Path, Source, found_row};
use crate::access::TupleBatch;
use crate::catalog::Table;
use crate::ids::{Error, Oid, Result, Tid};
use crate::storage::tuple::HeapTupleHeader;
use crate::types::{Datum, deform_into};
use std::rc::Rc;

/// All visible rows of a table for which the conditions hold.
pub(super) struct TableScan {
    table: Rc<Table>,
    /// The slot of its first column.
    base: usize,
    /// Whether its system columns are wanted.
    system: bool,
    /// How many of its columns are wanted, from the first on.
    upto: usize,
    conditions: Vec<Exprs>,
    /// By which index, if not page by page.
    path: Option<Path>,
    scan: Option<Source>,
    batch: TupleBatch,
    /// The next row of the batch.
    at: usize,
}

impl TableScan {
    pub fn new(
        table: Rc<Table>,
        base: usize,
        system: bool,
        upto: usize,
        conditions: Vec<Exprs>,
        path: Option<Path>,
    ) -> TableScan {
        TableScan { table, base, system, upto, conditions, path, scan: None, batch: TupleBatch::default(), at: 0 }
    }

    pub fn rewind(&mut self) {
        self.scan = None;
        self.batch.clear();
        self.at = 0;
    }

    pub async fn next(&mut self, cx: &ExecCx<'_>, max: usize) -> Result<Vec<Row>> {
        let env = &cx.fx.env;
        let mut rows = Vec::new();
        loop {
            while self.at < self.batch.len() && rows.len() < max {
                let found = self.batch.get(self.at);
                self.at += 1;
                let row = found_row(cx, &self.table, self.path.as_ref(), found, self.upto, self.system)?;
                if cx.holds(&self.conditions, &row, self.base).await? {
                    rows.push(row);
                }
            }
            if !rows.is_empty() {
                return Ok(rows);
            }
            let scan = match &mut self.scan {
                Some(scan) => scan,
                none => none.insert(Source::begin(cx, &self.table, self.path.as_ref())?),
            };
            self.at = 0;
            if !scan.next(env, max, &mut self.batch).await? {
                return Ok(rows);
            }
        }
    }
}

/// A row version as a row of its table: its columns, NULL from `upto` on, then its system columns.
pub(super) fn table_row(cx: &ExecCx, table: &Table, tid: Tid, tuple: &[u8], upto: usize, system: bool) -> Result<Row> {
    let natts = table.desc.natts();
    let mut row = Vec::with_capacity(natts + SYSTEM_COLUMNS.len());
    deform_into(&table.desc, tuple, upto, &mut row)?;
    row.resize(natts + SYSTEM_COLUMNS.len(), Datum::Null);
    if system {
        let header = HeapTupleHeader::read(tuple).ok_or_else(|| Error::corrupt("a row without a header"))?;
        fill_system(&mut row[natts..], tid, &header, table.oid);
    }
    cx.note_toasted(table, &row);
    Ok(row)
}

/// The system columns, in the order of [`SYSTEM_COLUMNS`]; cmin and cmax share one field.
fn fill_system(slots: &mut [Datum], tid: Tid, header: &HeapTupleHeader, table: Oid) {
    let command = Datum::Cid(header.command_id());
    let values = [
        Datum::Tid(tid),
        Datum::Xid(header.xmin),
        command.clone(),
        Datum::Xid(header.xmax),
        command,
        Datum::Oid(table),
    ];
    slots.clone_from_slice(&values);
}

/// The rows of a function.
pub(super) struct FunctionScan {
    function: Rc<Function>,
    args: Exprs,
    rows: Option<RowIter>,
}

impl FunctionScan {
    pub fn new(function: Rc<Function>, args: Exprs) -> FunctionScan {
        FunctionScan { function, args, rows: None }
    }

    pub fn rewind(&mut self) {
        self.rows = None;
    }

    pub async fn next(&mut self, cx: &ExecCx<'_>, outer: &[Datum], max: usize) -> Result<Vec<Row>> {
        if self.rows.is_none() {
            self.rows = Some(self.call(cx, outer).await?);
        }
        self.rows.iter_mut().flatten().take(max).collect()
    }

    async fn call(&self, cx: &ExecCx<'_>, outer: &[Datum]) -> Result<RowIter> {
        let args = cx.values(&self.args, outer, 0).await?;
        let null = self.function.strict && args.iter().any(Datum::is_null);
        let one = |value| -> RowIter { Box::new(std::iter::once(Ok(vec![value]))) };
        Ok(match &self.function.body {
            Body::Rows(_) | Body::Series(_) if null => Box::new(std::iter::empty()),
            Body::Rows(f) => Box::new(f(cx.fx, &args).await?.into_iter().map(Ok)),
            Body::Series(f) => f(&args)?,
            _ if null => one(Datum::Null),
            Body::Waiting(f) => one(f(cx.fx, &args).await?),
            Body::Scalar(f) => one(f(cx.fx, &args)?),
            Body::TypeOf => return Err(Error::unsupported("pg_typeof() in FROM")),
        })
    }
}
