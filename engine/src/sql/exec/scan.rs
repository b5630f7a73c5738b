//! Reading tables and functions.

use super::super::bound::{Exprs, FunctionCall, Row, SYSTEM_COLUMNS};
use super::super::functions::{Body, Function, RowIter};
use super::super::plan::ScanSpec;
use super::ExecCx;
use super::index::{Source, read_key};
use super::node::Fresh;
use super::rows::Rows;
use super::sieve::Sieve;
use crate::access::TupleBatch;
use crate::catalog::Table;
use crate::ids::{Error, Oid, Result, Tid};
use crate::storage::tuple::HeapTupleHeader;
use crate::types::{Datum, deform_columns, deform_into};
use std::rc::Rc;

/// All visible rows of a table for which the conditions hold.
#[derive(Clone)]
pub(super) struct TableScan {
    spec: Rc<ScanSpec>,
    filter: Rc<Vec<Exprs>>,
    /// The node of the plan.
    plan: usize,
    state: Fresh<Reading>,
}

/// A scan under way.
struct Reading {
    source: Source,
    /// What of the conditions can be asked of a row's bytes, in a sequential scan.
    sieve: Option<Sieve>,
    /// Whether the index has decided all that it was asked.
    decided: bool,
    batch: TupleBatch,
    /// The next row of the batch.
    at: usize,
}

impl TableScan {
    pub fn new(spec: Rc<ScanSpec>, filter: Vec<Exprs>, plan: usize) -> TableScan {
        TableScan { spec, filter: Rc::new(filter), plan, state: Fresh(None) }
    }

    pub fn rewind(&mut self, cx: &ExecCx<'_>) {
        self.state.0.take().iter().for_each(|reading| reading.source.end(&cx.fx.env));
    }

    pub async fn next(&mut self, cx: &ExecCx<'_>, max: usize, out: &mut Rows) -> Result<()> {
        let spec = &*self.spec;
        out.clear(spec.columns.len());
        let reading = match &mut self.state.0 {
            Some(reading) => reading,
            none => {
                let (source, decided) = Source::begin(cx, spec).await?;
                let sieve = match source {
                    // Whoever measures wants to see each row that is refused.
                    Source::Seq(_) if cx.measured.is_none() => {
                        Sieve::of(cx, &spec.table.desc, &|slot| spec.column(slot), &self.filter)
                    }
                    _ => None,
                };
                none.insert(Reading { source, sieve, decided, batch: TupleBatch::default(), at: 0 })
            }
        };
        loop {
            while reading.at < reading.batch.len() && out.len() < max {
                let (tid, tuple) = reading.batch.get(reading.at);
                let passed = reading.batch.is_sure(reading.at);
                reading.at += 1;
                spec.read(cx, tid, tuple, out.open())?;
                out.close();
                if passed {
                    continue;
                }
                let sure = reading.decided && !reading.source.recheck();
                let fits = sure || cx.holds(&spec.index_conditions, out.last(), 0).await?;
                if !fits || !self.filter.is_empty() && !cx.holds(&self.filter, out.last(), 0).await? {
                    cx.note(self.plan, |actual| actual.removed += 1);
                    out.pop();
                }
            }
            if !out.is_empty() {
                return Ok(());
            }
            reading.at = 0;
            let more = reading.source.next(cx, max, reading.sieve.as_ref(), &mut reading.batch).await?;
            if let (true, Source::Index(scan)) = (cx.measured.is_some() && spec.is_index_only(), &reading.source) {
                let fetches = scan.heap_fetches();
                cx.note(self.plan, |actual| actual.heap_fetches = Some(fetches as u64));
            }
            if !more {
                reading.source.end(&cx.fx.env);
                return Ok(());
            }
        }
    }
}

impl ScanSpec {
    /// The column of the table that stands in a place of the row.
    fn column(&self, place: usize) -> usize {
        self.columns.get(place).copied().unwrap_or(usize::MAX)
    }

    /// Appends the columns of what a scan has found; an index-only scan finds keys of the index.
    fn read(&self, cx: &ExecCx, tid: Tid, tuple: &[u8], values: &mut Vec<Datum>) -> Result<()> {
        if let Some(index) = self.index.as_ref().filter(|index| index.keys_only) {
            return read_key(index, &self.table, tuple, &self.columns, values);
        }
        let begin = values.len();
        deform_columns(&self.table.desc, tuple, &self.columns[..self.plain], values)?;
        cx.note_toasted(&self.table, &values[begin..]);
        if self.plain < self.columns.len() {
            let header = HeapTupleHeader::read(tuple).ok_or_else(|| Error::corrupt("a row without a header"))?;
            let mut system = [const { Datum::Null }; SYSTEM_COLUMNS.len()];
            fill_system(&mut system, tid, &header, self.table.oid);
            let natts = self.table.desc.natts();
            values.extend(self.columns[self.plain..].iter().map(|column| system[column - natts].clone()));
        }
        Ok(())
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

/// Rows of functions that stand side by side; one that has no more has NULLs.
#[derive(Clone)]
pub(super) struct FunctionScan {
    calls: Rc<Vec<FunctionCall>>,
    /// WITH ORDINALITY
    ordinality: bool,
    rows: Fresh<Vec<RowIter>>,
    /// The number of the last row.
    number: i64,
}

impl FunctionScan {
    pub fn new(calls: Rc<Vec<FunctionCall>>, ordinality: bool) -> FunctionScan {
        FunctionScan { calls, ordinality, rows: Fresh(None), number: 0 }
    }

    pub fn rewind(&mut self) {
        self.rows.0 = None;
        self.number = 0;
    }

    pub async fn next(&mut self, cx: &ExecCx<'_>, max: usize, out: &mut Rows) -> Result<()> {
        let calls = &*self.calls;
        let width: usize = calls.iter().map(|(function, _)| function.columns.len()).sum();
        out.clear(width + usize::from(self.ordinality));
        if self.rows.0.is_none() {
            let mut iters = Vec::with_capacity(calls.len());
            for (function, args) in calls {
                let args = cx.values(args, &[], 0).await?;
                iters.push(rows_of(cx, function, &args).await?);
            }
            self.rows.0 = Some(iters);
        }
        let Some(iters) = &mut self.rows.0 else { return Ok(()) };
        while out.len() < max {
            let mut any = false;
            for ((function, _), iter) in calls.iter().zip(iters.iter_mut()) {
                match iter.next().transpose()? {
                    Some(row) => {
                        any = true;
                        out.open().extend(row);
                    }
                    None => out.open().extend(function.columns.iter().map(|_| Datum::Null)),
                }
            }
            if !any {
                out.abandon();
                break;
            }
            self.number += 1;
            if self.ordinality {
                out.open().push(Datum::Int8(self.number));
            }
            out.close();
        }
        Ok(())
    }
}

/// The rows of a function, or the one of its value.
pub(super) async fn rows_of(cx: &ExecCx<'_>, function: &Function, args: &[Datum]) -> Result<RowIter> {
    let null = function.strict && args.iter().any(Datum::is_null);
    let one = |value| -> RowIter { Box::new(std::iter::once(Ok(vec![value]))) };
    Ok(match &function.body {
        Body::Rows(_) | Body::Series(_) if null => Box::new(std::iter::empty()),
        Body::Rows(f) => Box::new(f(cx.fx, args).await?.into_iter().map(Ok)),
        Body::Series(f) => f(args)?,
        _ if null => one(Datum::Null),
        Body::Waiting(f) => one(f(cx.fx, args).await?),
        Body::Scalar(f) => one(f(cx.fx, args)?),
        Body::TypeOf => return Err(Error::unsupported("pg_typeof() in FROM")),
    })
}
