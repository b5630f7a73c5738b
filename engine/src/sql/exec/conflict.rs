//! INSERT ... ON CONFLICT: what is done about a row whose key is there already.
//!
//! DO NOTHING passes it over. DO UPDATE locks the row that has the key, in the version that was found; if that has been
//! changed meanwhile, there may be no conflict any more, and everything begins anew. Only then is its WHERE looked at.
//! The row need not be one that the statement's snapshot sees: in READ COMMITTED it is taken as it is now, in REPEATABLE READ
//! that is an error.
//!
//! PostgreSQL: `ExecOnConflictUpdate`, `ExecCheckTIDVisible` in `nodeModifyTable.c`.

use super::super::bound::{ConflictUpdate, Insert, OnConflict};
use super::modify::checked_tuple;
use super::scan::table_row;
use super::{ExecCx, foreign_key};
use crate::access::{self, ModifyOutcome, Speculated};
use crate::ids::{Error, Result, Tid, Xid, sqlstate};
use crate::storage::tuple::HeapTupleHeader;
use crate::txn::Isolation;
use crate::types::Datum;

/// What has become of a row.
pub(super) enum Done {
    /// It lies there, with these bytes.
    Inserted(Tid, Vec<u8>),
    /// The row that has its key has got this version.
    Updated(Tid, Vec<u8>),
    /// It was passed over.
    Nothing,
}

/// Inserts a row, or does what the clause says. `values` are those that it has before its long ones are moved out.
pub(super) async fn insert(
    cx: &ExecCx<'_>,
    insert: &Insert,
    clause: &OnConflict,
    values: &[Datum],
    mut tuple: Vec<u8>,
) -> Result<Done> {
    let (env, rel) = (&cx.fx.env, &insert.table.rel);
    loop {
        let met = match access::insert_or_conflict(env, rel, &mut tuple, &clause.arbiters).await? {
            Speculated::Inserted(tid) => return Ok(Done::Inserted(tid, tuple)),
            Speculated::Conflict(tid) => tid,
        };
        let Some(update) = &clause.update else {
            check_visible(cx, insert, met).await?;
            return Ok(Done::Nothing);
        };
        if let Some(done) = change(cx, insert, update, met, values).await? {
            return Ok(done);
        }
    }
}

/// DO UPDATE; nothing if the row has been changed by somebody else meanwhile.
async fn change(
    cx: &ExecCx<'_>,
    insert: &Insert,
    update: &ConflictUpdate,
    met: Tid,
    values: &[Datum],
) -> Result<Option<Done>> {
    let (env, table) = (&cx.fx.env, &insert.table);
    let bytes = match access::lock_conflicting(env, &table.rel, met, update.strength).await? {
        access::OnConflict::Locked(bytes) => bytes,
        access::OnConflict::Changed => return Ok(None),
        access::OnConflict::OwnWork => return Err(second_time()),
    };
    check_visible(cx, insert, met).await?;
    let mut row = table_row(cx, table, met, &bytes, table.desc.natts(), true)?;
    row.extend_from_slice(values);
    if !cx.holds(&update.filter, &row, 0).await? {
        return Ok(Some(Done::Nothing));
    }
    let values = cx.stored_values(&update.values, &row, 0).await?;
    let mut tuple = checked_tuple(cx, table, &insert.checks, values).await?;
    let ModifyOutcome::Done(tid) = access::update(env, &table.rel, met, &mut tuple).await?.0 else {
        return Err(Error::internal("a row that was locked has been changed"));
    };
    if foreign_key::is_concerned(table) {
        let after = table_row(cx, table, tid, &tuple, table.desc.natts(), false)?;
        let maker = HeapTupleHeader::read(&bytes).map_or(Xid::INVALID, |header| header.xmin);
        let (old, new) = (Some((met, &row[..])), Some((tid, &after[..])));
        foreign_key::note(cx, table, &foreign_key::Change { old, new, maker });
    }
    Ok(Some(Done::Updated(tid, tuple)))
}

/// In REPEATABLE READ the statement must not act upon a row that it does not see.
async fn check_visible(cx: &ExecCx<'_>, insert: &Insert, met: Tid) -> Result<()> {
    let env = &cx.fx.env;
    let anything = env.xact.borrow().isolation == Isolation::ReadCommitted;
    if anything || access::is_visible(env, &insert.table.rel, met, &cx.snapshot).await? {
        return Ok(());
    }
    let message = "could not serialize access due to concurrent update";
    Err(Error::new(sqlstate::SERIALIZATION_FAILURE, message))
}

fn second_time() -> Error {
    let message = "ON CONFLICT DO UPDATE command cannot affect row a second time";
    Error::new(sqlstate::CARDINALITY_VIOLATION, message)
        .hint("Ensure that no rows proposed for insertion within the same command have duplicate constrained values.")
}
