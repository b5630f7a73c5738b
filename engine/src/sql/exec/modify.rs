//! INSERT, UPDATE and DELETE.
//!
//! UPDATE and DELETE find their rows with the statement's snapshot. By the time they reach a row somebody else may have
//! changed it and committed; access waits for whoever is at it and says so. In READ COMMITTED the row is then locked in
//! its newest version, the condition is looked at again there, and if it still holds the change is made to that
//! version (PostgreSQL's `EvalPlanQual`):
//!
//! ```text
//!   A: UPDATE ... WHERE id = 1        version 1 ──► version 2, COMMIT
//!   B: UPDATE ... WHERE id = 1        found version 1, waits ... is led to version 2, id is still 1, changes that
//! ```
//!
//! In REPEATABLE READ access fails with 40001 instead.

use super::super::bound::{Check, Delete, Exprs, Insert, OutColumn, Query, Row, SYSTEM_COLUMNS, Update};
use super::super::plan::{Op, Plan};
use super::build::build;
use super::conflict::{self, Done};
use super::foreign_key;
use super::index::Source;
use super::lock_rows::still_joined;
use super::measure::key;
use super::rows::Rows;
use super::scan::table_row;
use super::sieve::Sieve;
use super::{BATCH, ExecCx, RowSink};
use crate::access::{self, ModifyOutcome, RowLock, TupleBatch, WaitPolicy};
use crate::catalog::Table;
use crate::ids::{Error, Result, Tid, Xid, sqlstate};
use crate::types::{Datum, form_tuple, output};
use std::cell::Cell;

type Returning = Option<(Exprs, Vec<OutColumn>)>;

pub(super) async fn insert(cx: &ExecCx<'_>, insert: &Insert, source: Option<&Plan>, sink: RowSink<'_>) -> Result<u64> {
    let mut count = 0;
    let Some(mut source) = source.map(|plan| build(plan, cx.measured.is_some())) else {
        return insert_row(cx, insert, &[], sink).await.map(u64::from);
    };
    let mut rows = Rows::default();
    loop {
        source.next(cx, BATCH, &mut rows).await?;
        if rows.is_empty() {
            return Ok(count);
        }
        for row in rows.iter() {
            count += u64::from(insert_row(cx, insert, row, sink).await?);
        }
    }
}

/// Inserts a row; `false` if ON CONFLICT passes it over.
async fn insert_row(cx: &ExecCx<'_>, insert: &Insert, source: &[Datum], sink: RowSink<'_>) -> Result<bool> {
    let values = cx.stored_values(&insert.values, source, 0).await?;
    let excluded = insert.on_conflict.as_ref().map(|_| values.clone());
    let table = &insert.table;
    let mut tuple = checked_tuple(cx, table, &insert.checks, values).await?;
    let (tid, updated) = match (&insert.on_conflict, excluded) {
        (Some(clause), Some(values)) => match conflict::insert(cx, insert, clause, &values, tuple).await? {
            Done::Inserted(tid, stored) => {
                tuple = stored;
                (tid, false)
            }
            Done::Updated(tid, stored) => {
                tuple = stored;
                (tid, true)
            }
            Done::Nothing => return Ok(false),
        },
        _ => (access::insert(&cx.fx.env, &table.rel, &mut tuple).await?, false),
    };
    let concerned = !updated && foreign_key::is_concerned(table);
    if insert.returning.is_none() && !concerned {
        return Ok(true);
    }
    let row = table_row(cx, table, tid, &tuple, table.desc.natts(), true)?;
    if concerned {
        let new = Some((tid, &row[..]));
        foreign_key::note(cx, table, &foreign_key::Change { old: None, new, maker: Xid::INVALID });
    }
    if let Some((exprs, _)) = &insert.returning {
        sink(&cx.values(exprs, &row, 0).await?)?;
    }
    Ok(true)
}

pub(super) async fn update(cx: &ExecCx<'_>, update: &Update, source: Option<&Plan>, sink: RowSink<'_>) -> Result<u64> {
    let Update { table, system, filter, from, values, checks, returning } = update;
    Change {
        table,
        system: *system,
        filter,
        from: from.as_deref(),
        values: Some((values, checks)),
        returning,
        strength: Cell::new(RowLock::NoKeyUpdate),
    }
    .run(cx, source, sink)
    .await
}

pub(super) async fn delete(cx: &ExecCx<'_>, delete: &Delete, source: Option<&Plan>, sink: RowSink<'_>) -> Result<u64> {
    let Delete { table, system, filter, using, returning } = delete;
    let (from, strength) = (using.as_deref(), Cell::new(RowLock::Update));
    Change { table, system: *system, filter, from, values: None, returning, strength }.run(cx, source, sink).await
}

/// The tuple of a new row; NOT NULL and checks are looked at here.
pub(super) async fn checked_tuple(
    cx: &ExecCx<'_>,
    table: &Table,
    checks: &[Check],
    mut values: Vec<Datum>,
) -> Result<Vec<u8>> {
    for at in 0..values.len() {
        let attr = &table.desc.attrs[at];
        if attr.notnull && values[at].is_null() {
            let message = format!(
                "null value in column \"{}\" of relation \"{}\" violates not-null constraint",
                attr.name, table.name
            );
            let error = Error::new(sqlstate::NOT_NULL_VIOLATION, message);
            cx.bring_back(&mut values, |_| true).await?;
            return Err(error.detail(format!("Failing row contains ({}).", shown(table, &values))));
        }
    }
    if let Some(name) = failed_check(cx, checks, &values).await? {
        let message = format!("new row for relation \"{}\" violates check constraint \"{name}\"", table.name);
        cx.bring_back(&mut values, |_| true).await?;
        return Err(Error::new(sqlstate::CHECK_VIOLATION, message)
            .detail(format!("Failing row contains ({}).", shown(table, &values))));
    }
    if table.rel.toast.is_none() {
        cx.bring_back(&mut values, |_| true).await?;
    }
    form_tuple(&table.desc, &values)
}

/// The first check that is false for a row; that nothing is known is good enough.
async fn failed_check<'a>(cx: &ExecCx<'_>, checks: &'a [Check], values: &[Datum]) -> Result<Option<&'a str>> {
    for check in checks {
        let row = &*cx.computable(values, 0, &check.condition).await?;
        if let Some(Datum::Bool(false)) = cx.values(&check.condition, row, 0).await?.first() {
            return Ok(Some(&check.name));
        }
    }
    Ok(None)
}

/// The values of a row, as a failing one is shown: each to 64 characters.
fn shown(table: &Table, values: &[Datum]) -> String {
    let show = |(value, attr): (&Datum, &crate::types::Attr)| match value {
        Datum::Null => "null".to_string(),
        value => {
            let text = output(value, attr.type_id);
            match text.char_indices().nth(64) {
                Some((end, _)) => format!("{}...", &text[..end]),
                None => text,
            }
        }
    };
    values.iter().zip(&table.desc.attrs).map(show).collect::<Vec<_>>().join(", ")
}

/// An UPDATE, or a DELETE, which has no new values.
struct Change<'a> {
    table: &'a Table,
    system: bool,
    filter: &'a [Exprs],
    /// What the rows are joined with. Behind the table's row, which has system columns then, stand its items'.
    from: Option<&'a Query>,
    values: Option<(&'a Exprs, &'a [Check])>,
    returning: &'a Returning,
    /// How strongly the last UPDATE locked its row.
    strength: Cell<RowLock>,
}

impl Change<'_> {
    async fn run(&self, cx: &ExecCx<'_>, source: Option<&Plan>, sink: RowSink<'_>) -> Result<u64> {
        match (self.from, source) {
            (Some(_), Some(source)) => self.run_joined(cx, source, sink).await,
            (_, source) => self.run_scan(cx, source, sink).await,
        }
    }

    /// Changes the rows that a join finds. One that finds several partners is changed once, by the first.
    async fn run_joined(&self, cx: &ExecCx<'_>, source: &Plan, sink: RowSink<'_>) -> Result<u64> {
        let mut source = build(source, cx.measured.is_some());
        let (mut rows, mut count) = (Rows::default(), 0);
        loop {
            source.next(cx, BATCH, &mut rows).await?;
            if rows.is_empty() {
                return Ok(count);
            }
            cx.breathe(rows.len()).await?;
            for row in rows.iter() {
                let Datum::Tid(tid) = row[self.table.desc.natts()] else { continue };
                count += u64::from(self.change(cx, tid, row.to_vec(), sink).await?);
            }
        }
    }

    async fn run_scan(&self, cx: &ExecCx<'_>, source: Option<&Plan>, sink: RowSink<'_>) -> Result<u64> {
        let mut count = 0;
        // Above the scan may stand a condition that is the same for all rows; without a scan no row can be meant.
        let mut source = source;
        let spec = loop {
            match source.map(|plan| (&plan.op, plan.inputs.first())) {
                Some((Op::Scan(spec), _)) => break spec,
                Some((_, Some(input))) => source = Some(input),
                _ => return Ok(0),
            }
        };
        let (mut scan, _) = Source::begin(cx, spec).await?;
        let sieve = match cx.measured {
            None => Sieve::of(cx, &self.table.desc, &|slot| slot, self.filter),
            Some(_) => None,
        };
        let mut batch = TupleBatch::default();
        while scan.next(cx, BATCH, sieve.as_ref(), &mut batch).await? {
            for at in 0..batch.len() {
                let (tid, tuple) = batch.get(at);
                let row = self.row(cx, tid, tuple)?;
                let holds = batch.is_sure(at) || cx.holds(self.filter, &row, 0).await?;
                if let Some(plan) = source {
                    cx.note(key(plan), |actual| {
                        actual.loops = 1;
                        actual.rows += u64::from(holds);
                        actual.removed += u64::from(!holds);
                    });
                }
                if holds && self.change(cx, tid, row, sink).await? {
                    count += 1;
                }
            }
        }
        scan.end(&cx.fx.env);
        Ok(count)
    }

    /// The part of a row that is not the table's own.
    fn items<'r>(&self, row: &'r [Datum]) -> &'r [Datum] {
        match self.from {
            Some(_) => &row[self.table.desc.natts() + SYSTEM_COLUMNS.len()..],
            None => &[],
        }
    }

    fn row(&self, cx: &ExecCx, tid: Tid, tuple: &[u8]) -> Result<Row> {
        let system =
            self.system || self.from.is_some() || self.returning.is_some() || foreign_key::is_concerned(self.table);
        table_row(cx, self.table, tid, tuple, self.table.desc.natts(), system)
    }

    /// Changes a row, or its newest version if somebody else was faster and the condition still holds for that.
    async fn change(&self, cx: &ExecCx<'_>, tid: Tid, row: Row, sink: RowSink<'_>) -> Result<bool> {
        let (mut tid, mut row) = (tid, row);
        loop {
            match self.attempt(cx, tid, &row, sink).await? {
                ModifyOutcome::Done(_) => return Ok(true),
                ModifyOutcome::Deleted | ModifyOutcome::SelfModified => return Ok(false),
                ModifyOutcome::Updated(_) => match self.newest(cx, tid, &row).await? {
                    Some((newest, version)) => (tid, row) = (newest, version),
                    None => return Ok(false),
                },
            }
        }
    }

    /// The newest version of a row, locked, if it is there still and the condition holds for it.
    async fn newest(&self, cx: &ExecCx<'_>, tid: Tid, old: &[Datum]) -> Result<Option<(Tid, Row)>> {
        let mode = self.strength.get();
        let (env, rel) = (&cx.fx.env, &self.table.rel);
        let Some(locked) = access::lock_latest(env, rel, tid, mode, WaitPolicy::Block, false).await? else {
            return Ok(None);
        };
        let mut row = self.row(cx, locked.tid, &locked.bytes)?;
        let holds = match self.from {
            Some(query) => {
                row.extend_from_slice(self.items(old));
                still_joined(cx, query, &mut row).await?
            }
            None => cx.holds(self.filter, &row, 0).await?,
        };
        Ok(holds.then_some((locked.tid, row)))
    }

    async fn attempt(&self, cx: &ExecCx<'_>, tid: Tid, row: &Row, sink: RowSink<'_>) -> Result<ModifyOutcome> {
        let env = &cx.fx.env;
        self.refuse_unseen(cx, tid).await?;
        let Some((values, checks)) = self.values else {
            let outcome = access::delete(env, &self.table.rel, tid).await?;
            if let ModifyOutcome::Done(_) = outcome {
                self.note(cx, (tid, row), None);
            }
            if let (ModifyOutcome::Done(_), Some((exprs, _))) = (outcome, self.returning) {
                sink(&cx.values(exprs, row, 0).await?)?;
            }
            return Ok(outcome);
        };
        let values = cx.stored_values(values, row, 0).await?;
        let mut tuple = checked_tuple(cx, self.table, checks, values).await?;
        let (outcome, strength) = access::update(env, &self.table.rel, tid, &mut tuple).await?;
        self.strength.set(strength);
        let ModifyOutcome::Done(new) = outcome else { return Ok(outcome) };
        if self.returning.is_some() || foreign_key::is_concerned(self.table) {
            let mut after = table_row(cx, self.table, new, &tuple, self.table.desc.natts(), true)?;
            after.extend_from_slice(self.items(row));
            self.note(cx, (tid, row), Some((new, &after)));
            if let Some((exprs, _)) = self.returning {
                sink(&cx.values(exprs, &after, 0).await?)?;
            }
        }
        Ok(outcome)
    }

    /// Notes a change that foreign keys have to hear of.
    fn note(&self, cx: &ExecCx<'_>, old: (Tid, &[Datum]), new: Option<(Tid, &[Datum])>) {
        if !foreign_key::is_concerned(self.table) {
            return;
        }
        let maker = match old.1[self.table.desc.natts() + 1] {
            Datum::Xid(xid) => xid,
            _ => Xid::INVALID,
        };
        foreign_key::note(cx, self.table, &foreign_key::Change { old: Some(old), new, maker });
    }

    /// On behalf of a foreign key rows are found as they are now; what the transaction does not see must stay as it is.
    async fn refuse_unseen(&self, cx: &ExecCx<'_>, tid: Tid) -> Result<()> {
        let Some(snapshot) = &cx.crosscheck else { return Ok(()) };
        if access::is_visible(&cx.fx.env, &self.table.rel, tid, snapshot).await? {
            return Ok(());
        }
        let message = "could not serialize access due to concurrent update";
        Err(Error::new(sqlstate::SERIALIZATION_FAILURE, message))
    }
}
