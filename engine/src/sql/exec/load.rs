//! The rows of a COPY FROM on their way into their table.
//!
//! ```text
//!   given columns ─► defaults ─► WHERE ─► NOT NULL, checks ─► a tuple        one row after the other
//!   a thousand tuples ─► pages ─► indexes, what foreign keys have to hear    then all at once
//! ```
//!
//! PostgreSQL: `CopyFrom`, `CopyMultiInsertBufferFlush` in `commands/copyfrom.c`.

use super::super::bound::{Bound, Exprs, Insert, Statement};
use super::super::functions::FnCtx;
use super::super::plan::{self, Planned};
use super::modify::checked_tuple;
use super::scan::table_row;
use super::{ExecCx, foreign_key};
use crate::access::{self, Rel};
use crate::ids::{Error, Result, Tid, Xid};
use crate::txn::Snapshot;
use crate::types::Datum;
use std::rc::Rc;

/// A COPY under way.
pub struct Loader {
    fx: FnCtx,
    insert: Insert,
    filter: Vec<Exprs>,
    plan: Planned,
    snapshot: Rc<Snapshot>,
    after: foreign_key::Queue,
    /// The table, as it is written: through a ring, perhaps from an empty page on.
    rel: Rel,
}

impl Loader {
    /// Rows are inserted as `bound` says, an INSERT without a source, if `filter` holds for them.
    pub async fn new(fx: &FnCtx, bound: Bound, filter: Vec<Exprs>, rel: Rel) -> Result<Loader> {
        let snapshot = fx.env.take_snapshot();
        let plan = plan::plan(fx, &snapshot, &bound, None).await?;
        let Statement::Insert(insert) = bound.statement else { return Err(Error::internal("COPY only inserts")) };
        Ok(Loader {
            fx: fx.clone(),
            insert: *insert,
            filter,
            plan,
            snapshot,
            after: foreign_key::Queue::default(),
            rel,
        })
    }

    fn cx(&self) -> ExecCx<'_> {
        ExecCx::new(&self.fx, &[], self.snapshot.clone(), &self.plan, &self.after)
    }

    /// Whether the defaults must be computed when all rows before are there: they may look at them.
    pub fn is_volatile(&self) -> bool {
        !self.insert.values.waits.is_empty()
    }

    /// The tuple of a row; none if WHERE passes it over.
    pub async fn form(&self, given: &[Datum]) -> Result<Option<Vec<u8>>> {
        let cx = self.cx();
        let values = cx.stored_values(&self.insert.values, given, 0).await?;
        if !cx.holds(&self.filter, &values, 0).await? {
            return Ok(None);
        }
        checked_tuple(&cx, &self.insert.table, &self.insert.checks, values).await.map(Some)
    }

    /// Adds rows. An error comes with the number of the row that it is about, from 0.
    pub async fn add(&self, tuples: &mut [Vec<u8>], frozen: bool) -> std::result::Result<(), (usize, Error)> {
        let env = &self.fx.env;
        let tids = access::multi_insert(env, &self.rel, tuples, frozen).await.map_err(|error| (0, error))?;
        for (at, (tuple, tid)) in tuples.iter().zip(tids).enumerate() {
            self.after_insert(tuple, tid).await.map_err(|error| (at, error))?;
        }
        Ok(())
    }

    /// Entries in indexes, and what foreign keys have to hear.
    async fn after_insert(&self, tuple: &[u8], tid: Tid) -> Result<()> {
        access::index_new(&self.fx.env, &self.rel, tuple, tid).await?;
        self.note(tuple, tid)
    }

    fn note(&self, tuple: &[u8], tid: Tid) -> Result<()> {
        let table = &self.insert.table;
        if foreign_key::is_concerned(table) {
            let cx = self.cx();
            let row = table_row(&cx, table, tid, tuple, table.desc.natts(), false)?;
            let new = Some((tid, &row[..]));
            foreign_key::note(&cx, table, &foreign_key::Change { old: None, new, maker: Xid::INVALID });
        }
        Ok(())
    }

    /// Adds a single row.
    pub async fn add_one(&self, tuple: &mut Vec<u8>) -> Result<()> {
        let tid = access::insert(&self.fx.env, &self.rel, tuple).await?;
        self.note(tuple, tid)
    }

    /// All rows are there.
    pub async fn finish(&self) -> Result<()> {
        foreign_key::fire(&self.cx()).await
    }
}
