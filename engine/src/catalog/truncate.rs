//! TRUNCATE: each table, its indexes and its table for long values get new, empty files; the old ones go at the commit.
//!
//! Nothing is read or deleted row by row, so it takes as long for a big table as for a small one, and a rollback keeps the old
//! files. Whoever has an older snapshot sees an empty table afterwards, as on a real server.
//!
//! PostgreSQL: `ExecuteTruncateGuts` in `commands/tablecmds.c`, `RelationSetNewRelfilenode` in `utils/cache/relcache.c`.

use super::constraint::{change_class, finish};
use super::ddl::create_file;
use super::{Catalog, Table, sequence};
use crate::access::build_index;
use crate::access::sequence::SequenceState;
use crate::ids::{Error, LockMode, Oid, RelFile, Result, Severity, sqlstate};
use crate::txn::{Env, new_oid};
use std::rc::Rc;

/// Empties tables, by schema and name. `restart`: the sequences of their columns begin anew; `cascade`: tables that refer to
/// them are emptied too.
pub async fn truncate(
    env: &Env,
    catalog: &Catalog,
    names: &[(Option<&str>, &str)],
    restart: bool,
    cascade: bool,
) -> Result<()> {
    let mut tables: Vec<Rc<Table>> = Vec::new();
    for (schema, name) in names {
        let table = open(env, catalog, *schema, name).await?;
        if !tables.iter().any(|known| known.oid == table.oid) {
            tables.push(table);
        }
    }
    add_referring(env, catalog, &mut tables, cascade).await?;
    for table in &tables {
        if restart {
            restart_sequences(env, catalog, table.oid).await?;
        }
        empty(env, catalog, table).await?;
    }
    Ok(())
}

async fn open(env: &Env, catalog: &Catalog, schema: Option<&str>, name: &str) -> Result<Rc<Table>> {
    let known = catalog.table(env, schema, name).await?;
    if known.as_ref().is_some_and(|table| table.class.kind != b'r') {
        return Err(Error::new(sqlstate::WRONG_OBJECT_TYPE, format!("\"{name}\" is not a table")));
    }
    if known.is_some_and(|table| table.is_catalog) {
        let message = format!("permission denied: \"{name}\" is a system catalog");
        return Err(Error::new(sqlstate::INSUFFICIENT_PRIVILEGE, message));
    }
    let table = catalog.open(env, schema, name, LockMode::AccessExclusive).await?;
    table.ok_or_else(|| Error::new(sqlstate::UNDEFINED_TABLE, format!("relation \"{name}\" does not exist")))
}

/// Tables that refer to those that are emptied: they are emptied too, or nothing is.
async fn add_referring(env: &Env, catalog: &Catalog, tables: &mut Vec<Rc<Table>>, cascade: bool) -> Result<()> {
    let mut at = 0;
    while let Some(table) = tables.get(at).cloned() {
        at += 1;
        for row in &table.referenced_by {
            if tables.iter().any(|known| known.oid == row.table) {
                continue;
            }
            let other = catalog.open_by_oid(env, row.table, LockMode::AccessExclusive).await?;
            if !cascade {
                let (other, name) = (&other.name, &table.name);
                let message = "cannot truncate a table referenced in a foreign key constraint";
                return Err(Error::new(sqlstate::FEATURE_NOT_SUPPORTED, message)
                    .detail(format!("Table \"{other}\" references \"{name}\"."))
                    .hint(format!("Truncate table \"{other}\" at the same time, or use TRUNCATE ... CASCADE.")));
            }
            let message = format!("truncate cascades to table \"{}\"", other.name);
            env.notice(Error::new(sqlstate::SUCCESSFUL_COMPLETION, message).severity(Severity::Notice));
            tables.push(other);
        }
    }
    Ok(())
}

async fn restart_sequences(env: &Env, catalog: &Catalog, table: Oid) -> Result<()> {
    for (_, owned) in sequence::of_table(env, table).await? {
        let owned = catalog.open_by_oid(env, owned, LockMode::AccessExclusive).await?;
        let row = sequence::read(env, owned.oid).await?;
        let state = SequenceState { last_value: row.start, log_cnt: 0, is_called: false };
        sequence::alter(env, catalog, &owned, &row, Some(state)).await?;
    }
    Ok(())
}

/// New files for a table that is locked, and for all that belongs to it.
pub(super) async fn empty(env: &Env, catalog: &Catalog, table: &Table) -> Result<()> {
    let toast = match table.class.toast {
        toast if toast.is_valid() => Some(catalog.open_by_oid(env, toast, LockMode::AccessExclusive).await?),
        _ => None,
    };
    let mut indexes: Vec<(Oid, RelFile, Oid)> = Vec::new();
    for of in toast.iter().map(|toast| &**toast).chain([table]) {
        new_file(env, of.oid, of.rel.file, of.class.namespace).await?;
        let namespace = of.class.namespace;
        indexes.extend(of.rel.indexes.iter().map(|index| (index.rel.oid, index.rel.file, namespace)));
    }
    for (oid, file, namespace) in indexes {
        env.lock_relation(oid, LockMode::AccessExclusive).await?;
        new_file(env, oid, file, namespace).await?;
    }
    let oids: Vec<Oid> = toast.iter().map(|toast| toast.oid).chain([table.oid]).collect();
    finish(env, catalog, &oids);
    for oid in oids {
        let Some(table) = catalog.table_by_oid(env, oid).await? else { continue };
        for index in table.rel.indexes.iter() {
            build_index(env, index, &table.rel).await?;
        }
    }
    Ok(())
}

/// `RelationSetNewRelfilenode`: an empty file for a relation, of which nothing is known then.
async fn new_file(env: &Env, oid: Oid, old: RelFile, namespace: Oid) -> Result<()> {
    let filenode = new_oid(env).await?;
    create_file(env, filenode, namespace).await?;
    env.xact.borrow_mut().dropped.push(old);
    let frozen_xid = env.catalog_snapshot().xmin;
    change_class(env, oid, |class| {
        class.filenode = filenode;
        (class.pages, class.tuples, class.all_visible) = (0, -1.0, 0);
        if class.has_versions() {
            class.frozen_xid = frozen_xid;
        }
    })
    .await
}
