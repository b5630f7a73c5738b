//! Running: operators that pull rows from each other.
//!
//! ```text
//!   Limit ── next(10) ──► Project ── next(10) ──► TableScan ──► access: page after page
//!         ◄── 10 rows ──          ◄── 10 rows ──
//! ```
//!
//! Each operator is asked for at most so many rows and answers with a batch; an empty one is the end. A TableScan answers
//! with the visible rows of one page at a time, or with what an index leads to, so that nothing is read that nobody asked
//! for. Between pages another
//! process may run; within a batch expressions are plain functions, except for calls that wait, such as
//! `get_raw_page`: those are made first, row by row.
//!
//! A statement takes its snapshot when it begins. UPDATE and DELETE change rows while they scan: what they write is of
//! a later command than the snapshot, so they never meet their own work.
//!
//! PostgreSQL: `executor/README`, `execMain.c`, `execProcnode.c`.

mod aggregate;
mod conflict;
mod foreign_key;
mod index;
mod join;
mod lock_rows;
mod modify;
mod node;
mod plan;
mod scan;
mod sort;
mod toasted;
mod wait;

pub use foreign_key::fire_deferred;

use super::bound::Statement;
use super::functions::FnCtx;
use crate::ids::Result;
use crate::txn::Snapshot;
use crate::types::Datum;
use std::cell::Cell;
use std::rc::Rc;

/// The most rows that are asked for at once where there is no bound.
const BATCH: usize = 256;

/// What all operators of a statement share.
struct ExecCx<'a> {
    fx: &'a FnCtx,
    params: &'a [Datum],
    snapshot: Rc<Snapshot>,
    /// Whether a row had a value that was compressed or stored elsewhere: from there on such are looked for.
    toasted: Cell<bool>,
    /// The changes that foreign keys have to hear of.
    after: &'a foreign_key::Queue,
    /// What is not visible to this snapshot must not be changed.
    crosscheck: Option<Rc<Snapshot>>,
}

/// Where a statement's rows go.
pub type RowSink<'a> = &'a mut dyn FnMut(&[Datum]) -> Result<()>;

/// Runs a statement; its rows go to `sink`. Returns how many rows it returned, or changed.
pub async fn run(fx: &FnCtx, statement: &Statement, params: &[Datum], sink: RowSink<'_>) -> Result<u64> {
    let snapshot = fx.env.take_snapshot();
    fx.env.cx.end_step().await;
    let after = foreign_key::Queue::default();
    let cx = ExecCx { fx, params, snapshot, toasted: Cell::new(false), after: &after, crosscheck: None };
    let count = run_alone(&cx, statement, sink).await?;
    foreign_key::fire(&cx).await?;
    Ok(count)
}

/// The statement itself, without what foreign keys have to say to it.
async fn run_alone(cx: &ExecCx<'_>, statement: &Statement, sink: RowSink<'_>) -> Result<u64> {
    match statement {
        Statement::Query(query) => {
            let (mut node, width) = (plan::query(cx, query), query.columns.len());
            let mut count = 0;
            loop {
                let batch = node.next(cx, &[], BATCH).await?;
                if batch.is_empty() {
                    return Ok(count);
                }
                count += batch.len() as u64;
                cx.breathe(batch.len()).await?;
                // Behind the columns of the result are those that only the sorting needs.
                for mut row in batch {
                    cx.bring_back(&mut row, |slot| slot < width).await?;
                    sink(&row[..width])?;
                }
            }
        }
        Statement::Insert(insert) => modify::insert(cx, insert, sink).await,
        Statement::Update(update) => modify::update(cx, update, sink).await,
        Statement::Delete(delete) => modify::delete(cx, delete, sink).await,
    }
}
