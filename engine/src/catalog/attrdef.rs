//! The rows of `pg_attrdef`: what a column gets that nobody gives a value.

use super::constraint::finish;
use super::ddl::invalidate;
use super::layout::{PG_ATTRDEF, PG_ATTRIBUTE};
use super::{Catalog, invalidation, pg_attribute, rows};
use crate::ids::{Error, Oid, Result};
use crate::txn::{Env, new_oid};
use crate::types::{Attr, Datum};
use std::rc::Rc;

/// Places of columns.
mod column {
    pub(super) const TABLE: usize = 1;
    pub(super) const NUMBER: usize = 2;
    pub(super) const EXPRESSION: usize = 3;
}

fn is_of(first: &[Datum], table: Oid) -> bool {
    first[column::TABLE] == Datum::Oid(table)
}

/// The defaults of a table: columns from 0, and their expressions.
pub(super) async fn read(env: &Env, table: Oid) -> Result<Vec<(usize, Rc<str>)>> {
    let mut defaults = Vec::new();
    for (_, values) in rows::find(env, &PG_ATTRDEF, 3, |first| is_of(first, table)).await? {
        defaults.push((values[column::NUMBER].as_int()? as usize - 1, values[column::EXPRESSION].as_str()?.into()));
    }
    Ok(defaults)
}

/// `StoreAttrDefault`: gives a column that has none a default.
pub async fn store(env: &Env, catalog: &Catalog, table: Oid, column: usize, expression: &str) -> Result<()> {
    let oid = new_oid(env).await?;
    let number = Datum::Int2(column as i16 + 1);
    let values = [Datum::Oid(oid), Datum::Oid(table), number, Datum::text(expression)];
    rows::insert(env, &PG_ATTRDEF, &values).await?;
    change_column(env, table, column, |attr| attr.has_default = true).await?;
    finish(env, catalog, &[table]);
    Ok(())
}

/// `RemoveAttrDefault`
pub async fn remove(env: &Env, catalog: &Catalog, table: Oid, column: usize) -> Result<()> {
    let number = Datum::Int2(column as i16 + 1);
    let is = |first: &[Datum]| is_of(first, table) && first[column::NUMBER] == number;
    for (tid, _) in rows::find(env, &PG_ATTRDEF, 3, is).await? {
        rows::delete(env, &PG_ATTRDEF, tid).await?;
    }
    change_column(env, table, column, |attr| attr.has_default = false).await?;
    finish(env, catalog, &[table]);
    Ok(())
}

/// Removes all defaults of a table that is dropped.
pub(super) async fn remove_all(env: &Env, table: Oid) -> Result<()> {
    for (tid, _) in rows::find(env, &PG_ATTRDEF, 3, |first| is_of(first, table)).await? {
        rows::delete(env, &PG_ATTRDEF, tid).await?;
    }
    Ok(())
}

/// Changes the row of pg_attribute of a column, from 0; nothing if it stays as it is.
pub(super) async fn change_column(env: &Env, table: Oid, column: usize, change: impl FnOnce(&mut Attr)) -> Result<()> {
    env.xact.borrow_mut().next_command();
    for (tid, values) in rows::find(env, &PG_ATTRIBUTE, 1, |first| pg_attribute::is_of(first, table)).await? {
        if pg_attribute::number(&values)? != column as i64 + 1 {
            continue;
        }
        let mut attr = pg_attribute::column_of(&values)?;
        change(&mut attr);
        let after = pg_attribute::row(table, column as i16 + 1, &attr, false);
        if after != values {
            invalidate(env, invalidation::of_attribute(env.database, &values)?);
            invalidate(env, invalidation::of_attribute(env.database, &after)?);
            rows::update(env, &PG_ATTRIBUTE, tid, &after).await?;
        }
        return Ok(());
    }
    Err(Error::internal(format!("cache lookup failed for attribute {} of relation {table}", column + 1)))
}
