//! Running a bound statement.
//!
//! Operators pull rows from each other, as PostgreSQL's do: whoever wants rows asks the one below for at most so many.
//!
//! ```text
//!   Limit ◄─ Sort ◄─ Project ◄─ [Group] ◄─ Filter ◄─ Scan, Function, Values, nested loop of two
//!      at most n rows at a time, so that nothing is read that nobody wants
//! ```
//!
//! Only what reads pages waits; expressions are plain functions over a row. The few calls among them that have to wait
//! (`get_raw_page`) are made first, row by row.
//!
//! A statement takes its snapshot when it begins. UPDATE and DELETE change rows while they scan: what they write is of
//! a later command than the snapshot, so they never meet their own work.

mod exprs;
mod from;
mod modify;
mod select;

use std::rc::Rc;

use super::bound::{Row, Statement};
use super::functions::FnCtx;
use crate::ids::Result;
use crate::txn::Snapshot;
use crate::types::Datum;

/// Rows that an operator is asked for at once where nobody limits it.
const BATCH: usize = 256;

/// What all operators of a statement share.
#[derive(Clone)]
struct ExecCx<'a> {
    fx: &'a FnCtx,
    params: &'a [Datum],
    snapshot: Rc<Snapshot>,
}

/// Where a statement's rows go.
pub type RowSink<'a> = &'a mut dyn FnMut(&[Datum]) -> Result<()>;

/// Runs a statement; its rows go to `sink`. Returns how many rows it returned, or changed.
pub async fn run(fx: &FnCtx, statement: &Statement, params: &[Datum], sink: RowSink<'_>) -> Result<u64> {
    let snapshot = fx.env.take_snapshot();
    fx.env.cx.end_step().await;
    let cx = ExecCx { fx, params, snapshot };
    match statement {
        Statement::Query(query) => {
            let mut plan = select::Select::open(&cx, query).await?;
            let (mut rows, mut count) = (Vec::<Row>::new(), 0);
            while plan.next(&cx, &mut rows, BATCH).await? {
                count += rows.len() as u64;
                rows.iter().try_for_each(|row| sink(&row[..query.columns.len()]))?;
                rows.clear();
            }
            Ok(count)
        }
        Statement::Insert(insert) => modify::insert(&cx, insert, sink).await,
        Statement::Update(update) => modify::update(&cx, update, sink).await,
        Statement::Delete(delete) => modify::delete(&cx, delete, sink).await,
    }
}
