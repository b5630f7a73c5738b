//! INSERT, UPDATE, DELETE: rows are made into tuples and handed to the heap.
//!
//! When another transaction has changed a row first, and has committed, READ COMMITTED looks again: the row's newest
//! version is locked, WHERE is judged once more on it, and only then is it changed. (PostgreSQL calls this
//! EvalPlanQual.) REPEATABLE READ fails instead; the heap says so.

use super::super::bound::{Delete, Exprs, Insert, Query, Row, Update};
use super::from::row_into;
use super::select::Select;
use super::{BATCH, ExecCx, RowSink};
use crate::access::{self, ModifyOutcome, Scan, TupleBatch};
use crate::catalog::Table;
use crate::ids::{Error, Result, Tid, sqlstate};
use crate::types::{self, Datum, form_tuple};

pub(super) async fn insert(cx: &ExecCx<'_>, insert: &Insert, sink: RowSink<'_>) -> Result<u64> {
    let Some(source) = &insert.source else {
        insert_row(cx, insert, &[], sink).await?;
        return Ok(1);
    };
    let source: &Query = source;
    let mut plan = Select::open(cx, source).await?;
    let (mut rows, mut count) = (Vec::<Row>::new(), 0);
    while plan.next(cx, &mut rows, BATCH).await? {
        for row in rows.drain(..) {
            insert_row(cx, insert, &row, sink).await?;
            count += 1;
        }
    }
    Ok(count)
}

async fn insert_row(cx: &ExecCx<'_>, insert: &Insert, source: &[Datum], sink: RowSink<'_>) -> Result<()> {
    let values = cx.values(&insert.values, source).await?;
    let table = &insert.table;
    check_not_null(table, &values)?;
    let mut tuple = form_tuple(&table.desc, &values)?;
    let tid = access::insert(&cx.fx.env, &table.rel, &mut tuple).await?;
    returning(cx, insert.returning.as_ref().map(|(exprs, _)| exprs), table, tid, &tuple, sink).await
}

/// A changed or removed row, and whether it was.
enum Changed {
    Yes(Tid, Vec<u8>),
    No,
}

pub(super) async fn update(cx: &ExecCx<'_>, update: &Update, sink: RowSink<'_>) -> Result<u64> {
    let table = &update.table;
    let mut scan = Scan::begin(&cx.fx.env, &table.rel, cx.snapshot.clone());
    let (mut batch, mut row, mut count) = (TupleBatch::default(), Row::new(), 0);
    while scan.next_page(&cx.fx.env, &mut batch).await? {
        for (tid, tuple) in batch.iter() {
            row_into(table, update.system, tid, tuple, &mut row)?;
            if !cx.all_hold(&update.filter, &row).await? {
                continue;
            }
            if let Changed::Yes(tid, tuple) = update_row(cx, update, tid, &mut row).await? {
                count += 1;
                let exprs = update.returning.as_ref().map(|(exprs, _)| exprs);
                returning(cx, exprs, table, tid, &tuple, sink).await?;
            }
        }
    }
    Ok(count)
}

/// Changes one row; if somebody else has changed it first, its newest version, provided that WHERE still holds.
async fn update_row(cx: &ExecCx<'_>, update: &Update, mut tid: Tid, row: &mut Row) -> Result<Changed> {
    let table = &update.table;
    loop {
        let values = cx.values(&update.values, row).await?;
        check_not_null(table, &values)?;
        let mut tuple = form_tuple(&table.desc, &values)?;
        match access::update(&cx.fx.env, &table.rel, tid, &mut tuple).await? {
            ModifyOutcome::Done(new) => return Ok(Changed::Yes(new, tuple)),
            ModifyOutcome::Updated(next) => {
                match look_again(cx, table, update.system, &update.filter, next, row).await? {
                    Some(newest) => tid = newest,
                    None => return Ok(Changed::No),
                }
            }
            ModifyOutcome::Deleted | ModifyOutcome::SelfModified => return Ok(Changed::No),
        }
    }
}

pub(super) async fn delete(cx: &ExecCx<'_>, delete: &Delete, sink: RowSink<'_>) -> Result<u64> {
    let table = &delete.table;
    let mut scan = Scan::begin(&cx.fx.env, &table.rel, cx.snapshot.clone());
    let (mut batch, mut row, mut count) = (TupleBatch::default(), Row::new(), 0);
    while scan.next_page(&cx.fx.env, &mut batch).await? {
        for (tid, tuple) in batch.iter() {
            row_into(table, delete.system, tid, tuple, &mut row)?;
            if cx.all_hold(&delete.filter, &row).await? && delete_row(cx, delete, tid, &mut row).await? {
                count += 1;
                if let Some((exprs, _)) = &delete.returning {
                    sink(&cx.values(exprs, &row).await?)?;
                }
            }
        }
    }
    Ok(count)
}

async fn delete_row(cx: &ExecCx<'_>, delete: &Delete, mut tid: Tid, row: &mut Row) -> Result<bool> {
    let table = &delete.table;
    loop {
        match access::delete(&cx.fx.env, &table.rel, tid).await? {
            ModifyOutcome::Done(_) => return Ok(true),
            ModifyOutcome::Updated(next) => {
                match look_again(cx, table, delete.system, &delete.filter, next, row).await? {
                    Some(newest) => tid = newest,
                    None => return Ok(false),
                }
            }
            ModifyOutcome::Deleted | ModifyOutcome::SelfModified => return Ok(false),
        }
    }
}

/// Locks the newest version of a row and judges WHERE on it. Returns where it lies if it is still wanted.
async fn look_again(
    cx: &ExecCx<'_>,
    table: &Table,
    system: bool,
    filter: &[Exprs],
    mut tid: Tid,
    row: &mut Row,
) -> Result<Option<Tid>> {
    loop {
        match access::lock_tuple(&cx.fx.env, &table.rel, tid).await? {
            Ok(tuple) => {
                row_into(table, system, tid, &tuple, row)?;
                return Ok(cx.all_hold(filter, row).await?.then_some(tid));
            }
            Err(ModifyOutcome::Updated(next)) => tid = next,
            Err(_) => return Ok(None),
        }
    }
}

/// RETURNING, over the new row.
async fn returning(
    cx: &ExecCx<'_>,
    exprs: Option<&Exprs>,
    table: &Table,
    tid: Tid,
    tuple: &[u8],
    sink: RowSink<'_>,
) -> Result<()> {
    let Some(exprs) = exprs else { return Ok(()) };
    let mut row = Row::new();
    row_into(table, false, tid, tuple, &mut row)?;
    sink(&cx.values(exprs, &row).await?)
}

/// The NOT NULL constraints.
fn check_not_null(table: &Table, values: &[Datum]) -> Result<()> {
    let Some((attr, _)) = table.desc.attrs.iter().zip(values).find(|(attr, value)| attr.notnull && value.is_null())
    else {
        return Ok(());
    };
    let text = |(attr, value): (&types::Attr, &Datum)| {
        if value.is_null() { "null".to_string() } else { types::output(value, attr.type_id) }
    };
    let shown: Vec<String> = table.desc.attrs.iter().zip(values).map(text).collect();
    let message =
        format!("null value in column \"{}\" of relation \"{}\" violates not-null constraint", attr.name, table.name);
    Err(Error::new(sqlstate::NOT_NULL_VIOLATION, message)
        .detail(format!("Failing row contains ({}).", shown.join(", "))))
}
