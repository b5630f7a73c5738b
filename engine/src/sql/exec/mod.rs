//! Running: operators that pull rows from each other.
//!
//! ```text
//!   Limit ── next(10) ──► Project ── next(10) ──► TableScan ──► access: page after page
//!         ◄── 10 rows ──          ◄── 10 rows ──
//! ```
//!
//! The operators are made from a plan (`sql/plan`) by `build.rs`. Each is asked for at most so many rows and answers with
//! a batch, values of many rows in one vector (`rows.rs`); an empty one is the end. A TableScan answers with the visible rows of one page at a time, or with what an
//! index leads to, so that nothing is read that nobody asked for. Between pages another process may run; within a batch
//! expressions are plain functions. One that comes to a call that waits, such as `get_raw_page`, or to a subquery, stops
//! there, and begins again when the result is there (`wait.rs`, `subplan.rs`).
//!
//! Values of rows outside, of the query around a subquery or of the left side of a join by nested loops, come in exec
//! parameters; an operator that is rewound begins again with what stands in them then.
//!
//! A statement takes its snapshot when it begins. UPDATE and DELETE change rows while they scan: what they write is of
//! a later command than the snapshot, so they never meet their own work.
//!
//! PostgreSQL: `executor/README`, `execMain.c`, `execProcnode.c`.

mod aggregate;
mod build;
mod conflict;
mod cte;
mod foreign_key;
mod hash;
mod hash_batches;
mod hash_join;
mod hash_size;
mod hash_spill;
mod index;
mod limit;
mod load;
mod lock_rows;
mod measure;
mod merge_join;
mod modify;
mod nest_loop;
mod node;
mod order;
mod portal;
mod project_set;
mod row_store;
mod rows;
mod scan;
mod set_operation;
mod sieve;
mod sort;
mod subplan;
mod toasted;
mod unique;
mod wait;
mod window;
mod window_frame;

pub use foreign_key::fire_deferred;
pub use load::Loader;
pub use measure::{Actual, Buffers, Measured};
pub use portal::Portal;

use super::bound::{Bound, Statement};
use super::functions::FnCtx;
use super::plan::{self, Plan, Planned};
use crate::ids::Result;
use crate::txn::Snapshot;
use crate::types::Datum;
use build::build;
use cte::CteState;
use rows::Rows;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use subplan::SubState;

/// The most rows that are asked for at once where there is no bound.
const BATCH: usize = 256;

/// What all operators of a statement share.
struct ExecCx<'a> {
    fx: &'a FnCtx,
    params: &'a [Datum],
    snapshot: Rc<Snapshot>,
    plan: &'a Planned,
    /// The exec parameters.
    exec: RefCell<Vec<Datum>>,
    /// What an expression has missed that it must wait for; [`wait::NOTHING`] between expressions.
    missing: Cell<usize>,
    /// The subqueries within expressions.
    subs: Vec<SubState>,
    /// The queries of WITH.
    ctes: Vec<CteState>,
    /// Whether a row had a value that was compressed or stored elsewhere: from there on such are looked for.
    toasted: Cell<bool>,
    /// Where it is noted what each node does, if anybody wants to know.
    measured: Option<&'a Measured>,
    /// The changes that foreign keys have to hear of.
    after: &'a foreign_key::Queue,
    /// What is not visible to this snapshot must not be changed.
    crosscheck: Option<Rc<Snapshot>>,
}

/// Where a statement's rows go.
pub type RowSink<'a> = &'a mut dyn FnMut(&[Datum]) -> Result<()>;

/// Plans a statement, and measures what each node does while it runs; its rows go nowhere. Returns the plan, and how many
/// microseconds planning and running took.
pub async fn analyze(
    fx: &FnCtx,
    bound: &Bound,
    params: &[Datum],
    measured: &Measured,
) -> Result<(Planned, (f64, f64))> {
    let cx = &fx.env.cx;
    let snapshot = fx.env.take_snapshot();
    cx.end_step().await;
    let begun = cx.now();
    let plan = plan::plan(fx, &snapshot, bound, Some(params)).await?;
    let planned = cx.now();
    let after = foreign_key::Queue::default();
    fx.env.buffers.start_counting(cx.pid());
    let result = {
        let inner = ExecCx::new(fx, params, snapshot, &plan, &after);
        let inner = ExecCx { measured: Some(measured), ..inner };
        let result = inner.run(&bound.statement, &mut |_| Ok(())).await;
        match result {
            Ok(_) => foreign_key::fire(&inner).await,
            Err(error) => Err(error),
        }
    };
    let usage = fx.env.buffers.end_counting(cx.pid());
    result?;
    let took = cx.now().0.saturating_sub(planned.0);
    let buffers = Buffers { hit: usage.hits, read: usage.misses, dirtied: usage.dirtied, written: 0 };
    measured.note_whole(Actual { loops: 1, total: took, buffers, ..Actual::default() });
    Ok((plan, (planned.0.saturating_sub(begun.0) as f64, took as f64)))
}

/// A plan without a run.
pub async fn plan_only(fx: &FnCtx, bound: &Bound, params: Option<&[Datum]>) -> Result<Planned> {
    let snapshot = fx.env.take_snapshot();
    plan::plan(fx, &snapshot, bound, params).await
}

/// Runs a statement; its rows go to `sink`. Returns how many rows it returned, or changed.
pub async fn run(fx: &FnCtx, bound: &Bound, params: &[Datum], sink: RowSink<'_>) -> Result<u64> {
    let snapshot = fx.env.take_snapshot();
    fx.env.cx.end_step().await;
    let plan = plan::plan(fx, &snapshot, bound, Some(params)).await?;
    let after = foreign_key::Queue::default();
    let cx = ExecCx::new(fx, params, snapshot, &plan, &after);
    let count = cx.run(&bound.statement, sink).await?;
    foreign_key::fire(&cx).await?;
    Ok(count)
}

impl<'a> ExecCx<'a> {
    fn new(
        fx: &'a FnCtx,
        params: &'a [Datum],
        snapshot: Rc<Snapshot>,
        plan: &'a Planned,
        after: &'a foreign_key::Queue,
    ) -> ExecCx<'a> {
        ExecCx {
            fx,
            params,
            snapshot,
            plan,
            exec: RefCell::new(vec![Datum::Null; plan.execs]),
            missing: Cell::new(wait::NOTHING),
            subs: plan.subs.iter().map(|_| SubState::default()).collect(),
            ctes: plan.ctes.iter().map(|_| CteState::default()).collect(),
            toasted: Cell::new(false),
            measured: None,
            after,
            crosscheck: None,
        }
    }
}

impl ExecCx<'_> {
    /// Runs the statement, without what foreign keys have to say to it.
    async fn run(&self, statement: &Statement, sink: RowSink<'_>) -> Result<u64> {
        let count = match statement {
            Statement::Query(query) => self.query(query.columns.len(), sink).await?,
            change => self.change(change, self.plan.root.as_deref(), sink).await?,
        };
        self.finish_changes().await?;
        Ok(count)
    }

    /// Runs a statement that changes rows; the rows of an INSERT, and those that are to be changed, have a plan.
    async fn change(&self, statement: &Statement, source: Option<&Plan>, sink: RowSink<'_>) -> Result<u64> {
        match statement {
            Statement::Query(_) => Ok(0),
            Statement::Insert(insert) => modify::insert(self, insert, source, sink).await,
            Statement::Update(update) => modify::update(self, update, source, sink).await,
            Statement::Delete(delete) => modify::delete(self, delete, source, sink).await,
        }
    }

    /// Runs a query of so many columns.
    async fn query(&self, width: usize, sink: RowSink<'_>) -> Result<u64> {
        let Some(mut node) = self.plan.root.as_ref().map(|plan| build(plan, self.measured.is_some())) else {
            return Ok(0);
        };
        let (mut rows, mut count) = (Rows::default(), 0);
        loop {
            node.next(self, BATCH, &mut rows).await?;
            if rows.is_empty() {
                return Ok(count);
            }
            count += rows.len() as u64;
            self.breathe(rows.len()).await?;
            for at in 0..rows.len() {
                // Behind the columns of the result are those that only the sorting needs.
                self.bring_back(rows.row_mut(at), |column| column < width).await?;
                sink(&rows.row(at)[..width])?;
            }
        }
    }
}
