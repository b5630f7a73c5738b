//! The rows of `pg_depend`, as far as there are some.
//!
//! ```text
//!   object                     refers to                kind
//!   a sequence                 a column of a table      a  it goes with the column;  i  it is a part of it
//!   the rule of a view         a column that it shows   n  it keeps the column
//!   the rule of a view         the view                 i  it is a part of it, and n
//! ```

use super::layout::{PG_CLASS, PG_DEPEND, PG_REWRITE};
use super::rows;
use crate::ids::{Oid, Result};
use crate::txn::Env;
use crate::types::Datum;

/// Places of columns.
mod column {
    pub(super) const CLASS: usize = 0;
    pub(super) const OBJECT: usize = 1;
    pub(super) const REFERENCED_CLASS: usize = 3;
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

/// An object: the catalog that it has its row in, its id, and which of its columns; 0 for all of it.
type Object = (Oid, Oid, i32);

async fn add(env: &Env, object: Object, on: Object, kind: u8) -> Result<()> {
    let parts = |(class, oid, sub): Object| [Datum::Oid(class), Datum::Oid(oid), Datum::Int4(sub)];
    let values: Vec<Datum> = parts(object).into_iter().chain(parts(on)).chain([Datum::Char(kind)]).collect();
    rows::insert(env, &PG_DEPEND, &values).await.map(drop)
}

/// Notes whose a sequence is.
pub(super) async fn insert(env: &Env, of: Ownership) -> Result<()> {
    let column = of.column as i32 + 1;
    add(env, (PG_CLASS.oid, of.object, 0), (PG_CLASS.oid, of.table, column), of.kind).await
}

/// Notes what the rule of a view refers to: relations and their columns by number, 0 for all of one.
pub(super) async fn insert_rule(env: &Env, rule: Oid, view: Oid, uses: &[(Oid, i16)]) -> Result<()> {
    let rule = (PG_REWRITE.oid, rule, 0);
    add(env, rule, (PG_CLASS.oid, view, 0), b'i').await?;
    add(env, rule, (PG_CLASS.oid, view, 0), b'n').await?;
    for (table, column) in uses {
        add(env, rule, (PG_CLASS.oid, *table, i32::from(*column)), b'n').await?;
    }
    Ok(())
}

/// The rows whose object, or what it refers to, is this one.
async fn find(env: &Env, class: Object, at: usize) -> Result<Vec<Vec<Datum>>> {
    let is = |first: &[Datum]| {
        first[column::CLASS] == Datum::Oid(class.0)
            && first[column::REFERENCED_CLASS] == Datum::Oid(PG_CLASS.oid)
            && first[at] == Datum::Oid(class.1)
    };
    let found = rows::find(env, &PG_DEPEND, column::KIND + 1, is).await?;
    Ok(found.into_iter().map(|(_, values)| values).collect())
}

async fn ownerships(env: &Env, at: usize, oid: Oid) -> Result<Vec<Ownership>> {
    let found = find(env, (PG_CLASS.oid, oid, 0), at).await?;
    let read = |values: &Vec<Datum>| {
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
    ownerships(env, column::REFERENCED, table).await
}

/// Whose something is, if it is anybody's.
pub(super) async fn owner_of(env: &Env, object: Oid) -> Result<Option<Ownership>> {
    ownerships(env, column::OBJECT, object).await.map(|found| found.first().copied())
}

/// The rules that refer to a relation, and to which of its columns, from 1; 0 for all of it.
pub(super) async fn rules_on(env: &Env, relation: Oid) -> Result<Vec<(Oid, i16)>> {
    let found = find(env, (PG_REWRITE.oid, relation, 0), column::REFERENCED).await?;
    let normal = found.iter().filter(|values| values[column::KIND] == Datum::Char(b'n'));
    normal.map(|v| Ok((Oid(v[column::OBJECT].as_u32()?), v[column::SUBID].as_int()? as i16))).collect()
}

/// Forgets what an object depends on.
pub(super) async fn remove_of(env: &Env, object: Oid) -> Result<()> {
    let is = |first: &[Datum]| first[column::OBJECT] == Datum::Oid(object);
    for (tid, _) in rows::find(env, &PG_DEPEND, column::KIND + 1, is).await? {
        rows::delete(env, &PG_DEPEND, tid).await?;
    }
    Ok(())
}
