//! Temporary tables: a schema for each session that makes some, and what becomes of them at its commits and at its end.
//!
//! ```text
//!   CREATE TEMP TABLE t ─► schema pg_temp_3, the first time ─► rows in the catalogs as for any table, relpersistence t
//!   COMMIT              ─► ON COMMIT DELETE ROWS: emptied       ON COMMIT DROP: dropped
//!   the session ends    ─► all dropped
//! ```
//!
//! The schema stays, for the next session with the same number; if the one before has died badly, what is left in it is
//! dropped first. Names are looked for in it before all others.
//!
//! PostgreSQL: `catalog/namespace.c`, `commands/tablecmds.c` (`PreCommit_on_commit_actions`).

use super::layout::{PG_CLASS, PG_NAMESPACE};
use super::pg_class::ClassRow;
use super::pg_namespace::{self, backend_of, temp_namespace};
use super::search_path::OWN;
use super::{Catalog, Table, drop_rows, rows};
use crate::access;
use crate::ids::{Error, LockMode, Oid, Result, sqlstate};
use crate::txn::{Env, OnCommit};
use crate::types::Datum;

/// The schema in which a temporary table is to be made, by name, if that may be.
pub fn creation_schema(env: &Env, schema: Option<&str>) -> Result<&'static str> {
    let own = temp_namespace(env.backend_number());
    if schema.is_none_or(|schema| schema == OWN || pg_namespace::built_in(schema) == Some(own)) {
        return Ok(OWN);
    }
    let message = "cannot create temporary relation in non-temporary schema";
    Err(Error::new(sqlstate::INVALID_TABLE_DEFINITION, message))
}

/// `register_on_commit_action`: at each commit this will be done with a table.
pub fn on_commit(env: &Env, table: Oid, action: OnCommit) {
    env.temp_tables.on_commit.borrow_mut().push((table, action));
    env.temp_tables.touched.set(true);
}

/// Tables are made in no other session's temporary schema.
pub(super) fn refuse_others(env: &Env, namespace: Oid) -> Result<()> {
    if backend_of(namespace).is_none_or(|backend| backend == env.backend_number()) {
        return Ok(());
    }
    let message = "cannot create relations in temporary schemas of other sessions";
    Err(Error::new(sqlstate::INVALID_TABLE_DEFINITION, message))
}

/// `InitTempTableNamespace`: the session's schema, which gets its rows when it is first needed.
pub(super) async fn ensure_schema(env: &Env, catalog: &Catalog) -> Result<Oid> {
    let backend = env.backend_number();
    let namespace = temp_namespace(backend);
    let is = |first: &[Datum]| first[0] == Datum::Oid(namespace);
    if rows::find(env, &PG_NAMESPACE, 1, is).await?.is_empty() {
        for row in pg_namespace::temp_rows(backend) {
            rows::insert(env, &PG_NAMESPACE, &row).await?;
        }
        catalog.forget_schemas();
        env.xact.borrow_mut().next_command();
    } else if !env.temp_tables.has_schema.get() {
        drop_all(env, catalog).await?;
    }
    env.temp_tables.has_schema.set(true);
    Ok(namespace)
}

/// `RemoveTempRelations`: drops all temporary tables of the session.
pub async fn drop_all(env: &Env, catalog: &Catalog) -> Result<()> {
    let namespace = Datum::Oid(temp_namespace(env.backend_number()));
    for (_, values) in rows::find(env, &PG_CLASS, 3, |first| first[2] == namespace).await? {
        let class = ClassRow::of_values(&values)?;
        if class.kind == b'r' {
            drop_table(env, catalog, class.oid).await?;
        }
    }
    env.temp_tables.on_commit.borrow_mut().clear();
    Ok(())
}

async fn drop_table(env: &Env, catalog: &Catalog, oid: Oid) -> Result<()> {
    env.lock_relation(oid, LockMode::AccessExclusive).await?;
    match catalog.table_by_oid(env, oid).await? {
        Some(table) => drop_rows::drop_locked(env, catalog, &table).await,
        None => Ok(()),
    }
}

/// `PreCommit_on_commit_actions`: empties or drops the tables that say so.
pub async fn before_commit(env: &Env, catalog: &Catalog) -> Result<()> {
    if !env.temp_tables.touched.replace(false) {
        return Ok(());
    }
    let actions = env.temp_tables.on_commit.borrow().clone();
    for (oid, action) in actions {
        let table = catalog.table_by_oid(env, oid).await?;
        match (table, action) {
            (Some(table), OnCommit::DeleteRows) => truncate(env, &table).await?,
            (Some(_), OnCommit::Drop) => {
                drop_table(env, catalog, oid).await?;
            }
            (None, _) => {}
        }
        if action == OnCommit::Drop || catalog.table_by_oid(env, oid).await?.is_none() {
            env.temp_tables.on_commit.borrow_mut().retain(|(other, _)| *other != oid);
        }
    }
    Ok(())
}

/// `heap_truncate`: a table of which nobody else knows can be emptied as it is.
async fn truncate(env: &Env, table: &Table) -> Result<()> {
    access::empty(env, &table.rel).await
}
