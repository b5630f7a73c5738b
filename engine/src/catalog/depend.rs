//! The rows of `pg_depend`, as far as there are some: a sequence is of a column of a table, and goes with it.

use super::layout::PG_DEPEND;
use super::{layout, rows};
use crate::ids::{Oid, Result};
use crate::txn::Env;
use crate::types::Datum;

/// Places of columns.
mod column {
    pub(super) const OBJECT: usize = 1;
    pub(super) const REFERENCED: usize = 4;
    pub(super) const SUBID: usize = 5;
    pub(super) const KIND: usize = 6;
}

/// That a relation is of a column of a table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Ownership {
    /// What is owned.
    pub(super) object: Oid,
    /// The table.
    pub(super) table: Oid,
    /// The column, from 0.
    pub(super) column: usize,
    /// `a` it goes with the column, `i` it is a part of it.
    pub(super) kind: u8,
}

/// Notes it.
pub(super) async fn insert(env: &Env, of: Ownership) -> Result<()> {
    let classes = Datum::Oid(layout::PG_CLASS.oid);
    let values = [
        classes.clone(),
        Datum::Oid(of.object),
        Datum::Int4(0),
        classes,
        Datum::Oid(of.table),
        Datum::Int4(of.column as i32 + 1),
        Datum::Char(of.kind),
    ];
    rows::insert(env, &PG_DEPEND, &values).await.map(drop)
}

async fn find(env: &Env, at: usize, oid: Oid) -> Result<Vec<Ownership>> {
    let found = rows::find(env, &PG_DEPEND, column::KIND + 1, |first| first[at] == Datum::Oid(oid)).await?;
    let read = |(_, values): &(_, Vec<Datum>)| {
        Ok(Ownership {
            object: Oid(values[column::OBJECT].as_u32()?),
            table: Oid(values[column::REFERENCED].as_u32()?),
            column: values[column::SUBID].as_int()? as usize - 1,
            kind: if let Datum::Char(kind) = values[column::KIND] { kind } else { 0 },
        })
    };
    found.iter().map(read).collect()
}

/// What a table's columns own.
pub(super) async fn owned_by(env: &Env, table: Oid) -> Result<Vec<Ownership>> {
    find(env, column::REFERENCED, table).await
}

/// Whose something is, if it is anybody's.
pub(super) async fn owner_of(env: &Env, object: Oid) -> Result<Option<Ownership>> {
    find(env, column::OBJECT, object).await.map(|found| found.first().copied())
}

/// Forgets whose something is.
pub(super) async fn remove_of(env: &Env, object: Oid) -> Result<()> {
    let is = |first: &[Datum]| first[column::OBJECT] == Datum::Oid(object);
    for (tid, _) in rows::find(env, &PG_DEPEND, column::KIND + 1, is).await? {
        rows::delete(env, &PG_DEPEND, tid).await?;
    }
    Ok(())
}
