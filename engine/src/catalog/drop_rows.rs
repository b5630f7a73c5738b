//! What DROP removes of a relation: its rows in the catalogs now, its files when the transaction has committed.

use super::ddl::invalidate;
use super::layout::{PG_ATTRIBUTE, PG_CLASS, PG_TYPE};
use super::pg_class::ClassRow;
use super::{Catalog, Table, attrdef, index, invalidation, pg_attribute, pg_statistic, pg_type, rows, sequence, view};
use crate::ids::{LockMode, Oid, Result};
use crate::txn::Env;
use crate::types::Datum;
use crate::wal::Invalidation;

/// Removes a table that is locked: its rows now, its files when the transaction commits.
pub(super) async fn drop_locked(env: &Env, catalog: &Catalog, table: &Table) -> Result<()> {
    // A key has a part on the other table too.
    for key in table.constraints.iter().filter_map(|row| row.foreign.as_ref()) {
        env.lock_relation(key.table, LockMode::AccessExclusive).await?;
        invalidate(env, [Invalidation::Relcache { db: env.database, rel: key.table }]);
    }
    for (_, owned) in sequence::of_table(env, table.oid).await? {
        if let Some(owned) = catalog.table_by_oid(env, owned).await? {
            env.lock_relation(owned.oid, LockMode::AccessExclusive).await?;
            drop_sequence(env, &owned).await?;
        }
    }
    if table.class.kind == b'S' {
        drop_sequence(env, table).await?;
        catalog.forget_all();
        return Ok(());
    }
    if table.class.kind == b'v' {
        view::drop_rows(env, table.oid).await?;
    }
    index::drop_all_of(env, table.oid).await?;
    attrdef::remove_all(env, table.oid).await?;
    if let Some(toast) = &table.rel.toast {
        env.lock_relation(toast.rel.oid, LockMode::AccessExclusive).await?;
        index::drop_all_of(env, toast.rel.oid).await?;
        env.xact.borrow_mut().dropped.push(toast.rel.file);
        env.xact.borrow_mut().forgotten.push(toast.rel.oid);
        delete_rows(env, toast.rel.oid).await?;
    }
    if table.class.has_versions() {
        env.xact.borrow_mut().dropped.push(table.rel.file);
        env.xact.borrow_mut().forgotten.push(table.oid);
    }
    let (db, row_type) = (env.database, table.class.row_type);
    for (tid, values) in
        rows::find(env, &PG_TYPE, pg_type::OWNER_COLUMNS, |first| pg_type::is_of(first, row_type)).await?
    {
        invalidate(env, invalidation::of_type(db, &values)?);
        rows::delete(env, &PG_TYPE, tid).await?;
    }
    delete_rows(env, table.oid).await?;
    env.xact.borrow_mut().next_command();
    catalog.forget_all();
    Ok(())
}

/// Removes the sequences of a column, from 0, that goes.
pub(super) async fn drop_owned(env: &Env, catalog: &Catalog, table: Oid, column: usize) -> Result<()> {
    for (_, owned) in sequence::of_table(env, table).await?.into_iter().filter(|(of, _)| *of == column) {
        if let Some(owned) = catalog.table_by_oid(env, owned).await? {
            env.lock_relation(owned.oid, LockMode::AccessExclusive).await?;
            drop_sequence(env, &owned).await?;
        }
    }
    Ok(())
}

/// Removes a sequence that is locked.
async fn drop_sequence(env: &Env, sequence: &Table) -> Result<()> {
    env.xact.borrow_mut().dropped.push(sequence.rel.file);
    sequence::drop_rows(env, sequence.oid).await?;
    delete_rows(env, sequence.oid).await?;
    env.xact.borrow_mut().next_command();
    Ok(())
}

/// The rows that say that there is a table, and what columns it has.
async fn delete_rows(env: &Env, oid: Oid) -> Result<()> {
    let db = env.database;
    for (tid, values) in rows::find(env, &PG_ATTRIBUTE, 1, |first| pg_attribute::is_of(first, oid)).await? {
        invalidate(env, invalidation::of_attribute(db, &values)?);
        rows::delete(env, &PG_ATTRIBUTE, tid).await?;
    }
    for (tid, values) in rows::find(env, &PG_CLASS, 1, |first| first[0] == Datum::Oid(oid)).await? {
        invalidate(env, invalidation::of_class(db, &ClassRow::of_values(&values)?));
        rows::delete(env, &PG_CLASS, tid).await?;
    }
    invalidate(env, [Invalidation::Relcache { db, rel: oid }]);
    pg_statistic::forget(env, oid).await?;
    Ok(())
}
