//! A query that runs as far as somebody asks: what is behind a cursor, and behind a portal of the protocol.
//!
//! ```text
//!   FETCH 2 ──► wanted: 2 ──► the query goes on ──► two rows
//!                             and stands still: its page pinned, its sort half read, its snapshot kept
//!   FETCH 5 ──► wanted: 5 ──► it goes on from there
//! ```
//!
//! PostgreSQL's executor is a function that is called for each row, `ExecutorRun(count)`. Here a query is a future that asks
//! at its gate how many rows are wanted; where none are, it waits, and whoever drives it takes that for the end.
//!
//! PostgreSQL: `PortalRunSelect` in `tcop/pquery.c`.

use super::super::bound::{Bound, Row, Statement};
use super::super::functions::FnCtx;
use super::super::plan;
use super::build::build;
use super::rows::Rows;
use super::{BATCH, ExecCx, foreign_key};
use crate::ids::Result;
use crate::txn::{Env, HeldWork, Snapshot};
use crate::types::Datum;
use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;

/// A query under way.
pub struct Portal {
    env: Env,
    /// The query; none when it has ended.
    work: Option<Pin<Box<dyn Future<Output = Result<()>>>>>,
    asked: Rc<Asked>,
    held: HeldWork,
}

/// What passes between a query and whoever drives it.
#[derive(Default)]
struct Asked {
    wanted: Cell<usize>,
    at_gate: Cell<bool>,
    rows: RefCell<Vec<Row>>,
}

impl Portal {
    /// A query that sees what this snapshot sees.
    pub fn new(fx: FnCtx, bound: Rc<Bound>, params: Vec<Datum>, snapshot: Rc<Snapshot>) -> Portal {
        let (env, asked) = (fx.env.clone(), Rc::new(Asked::default()));
        env.hold_snapshot(&snapshot);
        let work = run(fx, bound, params, snapshot, asked.clone());
        Portal { env, work: Some(Box::pin(work)), asked, held: HeldWork::default() }
    }

    /// Whether it has given all its rows.
    pub fn is_done(&self) -> bool {
        self.work.is_none()
    }

    /// The next rows, so many if there are so many; with none wanted it comes as far as its first.
    pub async fn fetch(&mut self, count: usize) -> Result<Vec<Row>> {
        let Some(work) = &mut self.work else { return Ok(Vec::new()) };
        self.asked.wanted.set(count);
        let mark = self.env.work_mark();
        let asked = self.asked.clone();
        let ended = poll_fn(|cx| match work.as_mut().poll(cx) {
            Poll::Ready(result) => Poll::Ready(Some(result)),
            Poll::Pending if asked.at_gate.take() => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        })
        .await;
        self.env.hold_work(&mark, &mut self.held);
        if let Some(result) = ended {
            self.work = None;
            result?;
        }
        Ok(self.asked.rows.take())
    }
}

impl Drop for Portal {
    fn drop(&mut self) {
        self.work = None;
        self.env.release_held(&mut self.held);
    }
}

impl Asked {
    /// How many rows are wanted; waits until some are.
    async fn gate(&self) -> usize {
        poll_fn(|_| match self.wanted.get() {
            0 => {
                self.at_gate.set(true);
                Poll::Pending
            }
            wanted => Poll::Ready(wanted),
        })
        .await
    }
}

async fn run(fx: FnCtx, bound: Rc<Bound>, params: Vec<Datum>, snapshot: Rc<Snapshot>, asked: Rc<Asked>) -> Result<()> {
    let Statement::Query(query) = &bound.statement else { return Ok(()) };
    let width = query.columns.len();
    let plan = plan::plan(&fx, &snapshot, &bound, Some(&params)).await?;
    let after = foreign_key::Queue::default();
    let cx = ExecCx::new(&fx, &params, snapshot, &plan, &after);
    let Some(mut node) = plan.root.as_ref().map(|plan| build(plan, false)) else { return Ok(()) };
    let mut rows = Rows::default();
    loop {
        let wanted = asked.gate().await;
        node.next(&cx, wanted.min(BATCH), &mut rows).await?;
        if rows.is_empty() {
            return Ok(());
        }
        cx.breathe(rows.len()).await?;
        asked.wanted.set(wanted - rows.len().min(wanted));
        for at in 0..rows.len() {
            cx.bring_back(rows.row_mut(at), |column| column < width).await?;
            asked.rows.borrow_mut().push(rows.row(at)[..width].to_vec());
        }
    }
}
