//! ALTER TABLE, as far as the catalogs go. The table is locked.
//!
//! ```text
//!   ADD COLUMN     a row of pg_attribute; rows that are there have what its default was then (attmissingval)
//!   DROP COLUMN    its row stays, without name and type: the values stay in the rows, and nobody looks at them
//! ```
//!
//! So neither touches the table's own file.
//!
//! PostgreSQL: `ATExecAddColumn`, `ATExecDropColumn`, `RenameRelation` in `commands/tablecmds.c`; `RemoveAttributeById`,
//! `StoreAttrMissingVal` in `catalog/heap.c`.

use super::attrdef::{self, change_column};
use super::constraint::{change_class, drop_row, finish};
use super::ddl::invalidate;
use super::layout::{PG_ATTRIBUTE, PG_CONSTRAINT, PG_TYPE};
use super::pg_constraint::ConstraintRow;
use super::{Catalog, Table, array_type, cache, index, invalidation, pg_attribute, pg_type, rows};
use crate::ids::{Error, LockMode, Result, Severity, sqlstate};
use crate::txn::Env;
use crate::types::{Attr, Datum};

/// ADD COLUMN, without its default and constraints.
pub async fn add_column(env: &Env, catalog: &Catalog, table: &Table, attr: &Attr) -> Result<()> {
    let natts = table.class.natts;
    let values = pg_attribute::row(table.oid, natts + 1, attr, false);
    invalidate(env, invalidation::of_attribute(env.database, &values)?);
    rows::insert(env, &PG_ATTRIBUTE, &values).await?;
    change_class(env, table.oid, |class| class.natts = natts + 1).await?;
    finish(env, catalog, &[table.oid]);
    Ok(())
}

/// NOT NULL of a column, from 0, or not.
pub async fn set_not_null(env: &Env, catalog: &Catalog, table: &Table, column: usize, notnull: bool) -> Result<()> {
    change_column(env, table.oid, column, |attr| attr.notnull = notnull).await?;
    finish(env, catalog, &[table.oid]);
    Ok(())
}

/// RENAME COLUMN. `defaults` and `checks` are the expressions that name it, as they are from here on.
pub async fn rename_column(
    env: &Env,
    catalog: &Catalog,
    table: &Table,
    column: usize,
    name: &str,
    checks: &[(ConstraintRow, String)],
) -> Result<()> {
    change_column(env, table.oid, column, |attr| attr.name = name.into()).await?;
    for index in table.rel.indexes.iter() {
        if let Some(at) = index.columns().position(|other| other == column) {
            change_column(env, index.rel.oid, at, |attr| attr.name = name.into()).await?;
        }
    }
    for (row, condition) in checks {
        let after = ConstraintRow { condition: Some(condition.as_str().into()), ..row.clone() };
        for (tid, _) in rows::find(env, &PG_CONSTRAINT, 1, |first| first[0] == Datum::Oid(row.oid)).await? {
            rows::update(env, &PG_CONSTRAINT, tid, &after.values()).await?;
        }
    }
    finish(env, catalog, &[table.oid]);
    Ok(())
}

/// RENAME TO: the table, its row type, and the type of arrays of it.
pub async fn rename(env: &Env, catalog: &Catalog, table: &Table, name: &str) -> Result<()> {
    let namespace = table.class.namespace;
    if cache::read_named(env, namespace, name).await?.is_some() {
        return Err(Error::new(sqlstate::DUPLICATE_TABLE, format!("relation \"{name}\" already exists")));
    }
    change_class(env, table.oid, |class| class.name = name.to_string()).await?;
    let row_type = table.class.row_type;
    if row_type.is_valid() {
        array_type::make_room(env, namespace, name).await?;
        let array = array_type::choose_name(env, namespace, name).await?;
        let is = |first: &[Datum]| pg_type::is_of(first, row_type);
        for (tid, mut values) in rows::find(env, &PG_TYPE, pg_type::OWNER_COLUMNS, is).await? {
            let own = values[0] == Datum::Oid(row_type);
            values[1] = Datum::name(if own { name } else { &array });
            invalidate(env, invalidation::of_type(env.database, &values)?);
            rows::update(env, &PG_TYPE, tid, &values).await?;
        }
    }
    finish(env, catalog, &[table.oid]);
    Ok(())
}

// --- dropping ------------------------------------------------------------------------------------------------

/// DROP CONSTRAINT of a table. Returns whether there was one of this name.
pub async fn drop_constraint(env: &Env, catalog: &Catalog, table: &Table, name: &str, cascade: bool) -> Result<bool> {
    let Some(row) = table.constraints.iter().find(|row| &*row.name == name) else { return Ok(false) };
    drop_one(env, catalog, table, row, cascade).await?;
    Ok(true)
}

async fn drop_one(env: &Env, catalog: &Catalog, table: &Table, row: &ConstraintRow, cascade: bool) -> Result<()> {
    let mut tables = vec![table.oid];
    match &row.foreign {
        Some(key) => {
            env.lock_relation(key.table, LockMode::AccessExclusive).await?;
            tables.push(key.table);
            drop_row(env, row).await?;
        }
        None if row.is_key() => {
            drop_referring(env, catalog, table, row, cascade).await?;
            index::drop_of_key(env, row).await?;
        }
        None => {
            drop_row(env, row).await?;
            change_class(env, table.oid, |class| class.checks -= 1).await?;
        }
    }
    finish(env, catalog, &tables);
    Ok(())
}

/// Foreign keys that need a key: they go with it, or keep it.
async fn drop_referring(env: &Env, catalog: &Catalog, table: &Table, row: &ConstraintRow, cascade: bool) -> Result<()> {
    for other in table.referenced_by.iter().filter(|other| other.index == row.index) {
        let user = catalog.table_by_oid(env, other.table).await?;
        let user = user.map_or_else(String::new, |user| user.name.to_string());
        let dependent = format!("constraint {} on table {user}", other.name);
        if !cascade {
            let message = format!(
                "cannot drop constraint {} on table {} because other objects depend on it",
                row.name, table.name
            );
            return Err(Error::new(sqlstate::DEPENDENT_OBJECTS_STILL_EXIST, message)
                .detail(format!("{dependent} depends on index {}", row.name))
                .hint("Use DROP ... CASCADE to drop the dependent objects too."));
        }
        env.lock_relation(other.table, LockMode::AccessExclusive).await?;
        let notice = Error::new(sqlstate::SUCCESSFUL_COMPLETION, format!("drop cascades to {dependent}"));
        env.notice(notice.severity(Severity::Notice));
        drop_row(env, other).await?;
        finish(env, catalog, &[other.table]);
    }
    Ok(())
}

/// DROP COLUMN, from 0: with the constraints and the indexes that it is in, and its default.
pub async fn drop_column(env: &Env, catalog: &Catalog, table: &Table, column: usize, cascade: bool) -> Result<()> {
    let name = &table.desc.attrs[column].name;
    for other in &table.referenced_by {
        let uses = other.foreign.as_ref().is_some_and(|key| key.columns.contains(&column));
        if uses && !cascade && other.table != table.oid {
            let user = catalog.table_by_oid(env, other.table).await?;
            let user = user.map_or_else(String::new, |user| user.name.to_string());
            let message =
                format!("cannot drop column {name} of table {} because other objects depend on it", table.name);
            return Err(Error::new(sqlstate::DEPENDENT_OBJECTS_STILL_EXIST, message)
                .detail(format!(
                    "constraint {} on table {user} depends on column {name} of table {}",
                    other.name, table.name
                ))
                .hint("Use DROP ... CASCADE to drop the dependent objects too."));
        }
    }
    super::drop::drop_users_of_column(env, catalog, table, column, cascade).await?;
    let in_index = |row: &ConstraintRow| {
        row.is_key() && table.rel.indexes.iter().any(|own| own.rel.oid == row.index && own.included.contains(&column))
    };
    for row in table.constraints.iter().filter(|row| row.columns.contains(&column) || in_index(row)) {
        drop_one(env, catalog, table, row, cascade).await?;
    }
    index::drop_over(env, table, column).await?;
    if table.desc.attrs[column].has_default {
        attrdef::remove(env, catalog, table.oid, column).await?;
    }
    super::drop_rows::drop_owned(env, catalog, table.oid, column).await?;
    change_column(env, table.oid, column, |attr| {
        attr.name = format!("........pg.dropped.{}........", column + 1).into();
        (attr.dropped, attr.notnull, attr.missing, attr.identity) = (true, false, None, 0);
    })
    .await?;
    finish(env, catalog, &[table.oid]);
    Ok(())
}
