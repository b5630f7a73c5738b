//! CREATE SCHEMA and ALTER SCHEMA, and moving a table to another schema. DROP SCHEMA is in `drop.rs`.
//!
//! A schema is a row of `pg_namespace` and nothing else: what is in it says so itself. To move a table is therefore to
//! change one number in a few rows, its own, its types', its indexes', its constraints'.
//!
//! PostgreSQL: `commands/schemacmds.c`, `AlterTableNamespaceInternal` in `commands/tablecmds.c`.

use super::constraint::{change_class, finish};
use super::ddl::{invalidate, no_schema};
use super::layout::{PG_CONSTRAINT, PG_NAMESPACE, PG_TYPE};
use super::pg_namespace::{self, PG_TOAST, backend_of};
use super::{Catalog, SUPERUSER, Table, cache, depend, invalidation, pg_constraint, pg_type, rows, sequence};
use crate::ids::{Error, LockMode, Oid, Result, Severity, sqlstate};
use crate::txn::{Env, new_oid};
use crate::types::Datum;

/// CREATE SCHEMA. Returns its oid; `None` if there is one of this name and `if_not_exists` lets that be.
pub async fn create(env: &Env, catalog: &Catalog, name: &str, if_not_exists: bool) -> Result<Option<Oid>> {
    refuse_reserved(name)?;
    // Of two that make schemas at once the second waits: it may be the same one.
    env.lock_relation(PG_NAMESPACE.oid, LockMode::ShareRowExclusive).await?;
    catalog.accept_invalidations(env);
    if catalog.schema(env, name).await?.is_some() {
        let message = format!("schema \"{name}\" already exists");
        if !if_not_exists {
            return Err(Error::new(sqlstate::DUPLICATE_SCHEMA, message));
        }
        let notice = Error::new(sqlstate::DUPLICATE_SCHEMA, message + ", skipping");
        env.notice(notice.severity(Severity::Notice));
        return Ok(None);
    }
    let oid = new_oid(env).await?;
    invalidate(env, invalidation::of_schema(env.database, oid, name));
    rows::insert(env, &PG_NAMESPACE, &pg_namespace::row(oid, name, SUPERUSER)).await?;
    changed(env, catalog);
    Ok(Some(oid))
}

fn refuse_reserved(name: &str) -> Result<()> {
    if !name.starts_with("pg_") {
        return Ok(());
    }
    Err(Error::new(sqlstate::RESERVED_NAME, format!("unacceptable schema name \"{name}\""))
        .detail("The prefix \"pg_\" is reserved for system schemas."))
}

fn changed(env: &Env, catalog: &Catalog) {
    env.xact.borrow_mut().next_command();
    catalog.forget_schemas();
    catalog.forget_all();
}

/// ALTER SCHEMA RENAME TO
pub async fn rename(env: &Env, catalog: &Catalog, name: &str, to: &str) -> Result<()> {
    let oid = catalog.schema(env, name).await?.ok_or_else(|| no_schema(name))?;
    if catalog.schema(env, to).await?.is_some() {
        return Err(Error::new(sqlstate::DUPLICATE_SCHEMA, format!("schema \"{to}\" already exists")));
    }
    refuse_reserved(to)?;
    for (tid, mut values) in rows::find(env, &PG_NAMESPACE, 1, |first| first[0] == Datum::Oid(oid)).await? {
        for name in [name, to] {
            invalidate(env, invalidation::of_schema(env.database, oid, name));
        }
        values[1] = Datum::name(to);
        rows::update(env, &PG_NAMESPACE, tid, &values).await?;
    }
    changed(env, catalog);
    Ok(())
}

/// Removes the row of a schema in which nothing is left.
pub(super) async fn drop_row(env: &Env, catalog: &Catalog, oid: Oid, name: &str) -> Result<()> {
    for (tid, _) in rows::find(env, &PG_NAMESPACE, 1, |first| first[0] == Datum::Oid(oid)).await? {
        invalidate(env, invalidation::of_schema(env.database, oid, name));
        rows::delete(env, &PG_NAMESPACE, tid).await?;
    }
    changed(env, catalog);
    Ok(())
}

// --- SET SCHEMA ----------------------------------------------------------------------------------------------

/// ALTER TABLE SET SCHEMA, and the same of a sequence or a view. The relation is locked.
pub async fn set_schema(env: &Env, catalog: &Catalog, table: &Table, schema: &str) -> Result<()> {
    let to = catalog.schema(env, schema).await?.ok_or_else(|| no_schema(schema))?;
    if table.class.kind == b'S'
        && let Some(owner) = depend::owner_of(env, table.oid).await?
        && let Some(owner) = catalog.table_by_oid(env, owner.table).await?
    {
        let detail = format!("Sequence \"{}\" is linked to table \"{}\".", table.name, owner.name);
        let message = "cannot move an owned sequence into another schema";
        return Err(Error::new(sqlstate::FEATURE_NOT_SUPPORTED, message).detail(detail));
    }
    let temporary = |oid: Oid| backend_of(oid).is_some();
    if temporary(to) || temporary(table.class.namespace) {
        let message = "cannot move objects into or out of temporary schemas";
        return Err(Error::new(sqlstate::FEATURE_NOT_SUPPORTED, message));
    }
    if to == PG_TOAST || table.class.namespace == PG_TOAST {
        let message = "cannot move objects into or out of TOAST schema";
        return Err(Error::new(sqlstate::FEATURE_NOT_SUPPORTED, message));
    }
    if to == table.class.namespace {
        return Ok(());
    }
    move_relation(env, table.oid, &table.name, to, schema).await?;
    move_types(env, table, to).await?;
    for index in table.rel.indexes.iter() {
        move_relation(env, index.rel.oid, &index.name, to, schema).await?;
    }
    for (_, owned) in sequence::of_table(env, table.oid).await? {
        if let Some(owned) = catalog.table_by_oid(env, owned).await? {
            env.lock_relation(owned.oid, LockMode::AccessExclusive).await?;
            move_relation(env, owned.oid, &owned.name, to, schema).await?;
        }
    }
    let is_of = |first: &[Datum]| pg_constraint::is_of(first, table.oid);
    for (tid, mut values) in rows::find(env, &PG_CONSTRAINT, pg_constraint::FIRST_COLUMNS, is_of).await? {
        invalidate(env, [invalidation::of_constraint(env.database, Oid(values[0].as_u32()?))]);
        values[pg_constraint::NAMESPACE] = Datum::Oid(to);
        rows::update(env, &PG_CONSTRAINT, tid, &values).await?;
    }
    finish(env, catalog, &[table.oid]);
    Ok(())
}

async fn move_relation(env: &Env, oid: Oid, name: &str, to: Oid, schema: &str) -> Result<()> {
    if cache::read_named(env, to, name).await?.is_some() {
        let message = format!("relation \"{name}\" already exists in schema \"{schema}\"");
        return Err(Error::new(sqlstate::DUPLICATE_TABLE, message));
    }
    change_class(env, oid, |class| class.namespace = to).await
}

async fn move_types(env: &Env, table: &Table, to: Oid) -> Result<()> {
    let is = |first: &[Datum]| pg_type::is_of(first, table.class.row_type);
    for (tid, before) in rows::find(env, &PG_TYPE, pg_type::OWNER_COLUMNS, is).await? {
        let after = pg_type::moved(&before, to);
        for values in [&before, &after] {
            invalidate(env, invalidation::of_type(env.database, values)?);
        }
        rows::update(env, &PG_TYPE, tid, &after).await?;
    }
    Ok(())
}
