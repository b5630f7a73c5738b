//! CREATE INDEX and DROP INDEX, and the indexes of keys that CREATE TABLE makes.
//!
//! ```text
//!   CREATE INDEX   lock the table against changes ─► an object id ─► file ─► rows of pg_class, pg_attribute, pg_index
//!                  ─► for a key a row of pg_constraint ─► build ─► how long both are, over their rows of pg_class
//!   DROP INDEX     lock table and index ─► those rows deleted ─► the file removed at the commit
//! ```
//!
//! Rows that others have under change when the table is locked are waited for by the lock; what is left are rows that are
//! dead to some and not to others. If the index cannot serve both, its row says so (`indcheckxmin`).
//!
//! PostgreSQL: `commands/indexcmds.c`, `index_create`, `index_update_stats`, `index_drop` in `catalog/index.c`.

use super::ddl::{create_file, insert_class, invalidate, no_schema};
use super::layout::{PG_ATTRIBUTE, PG_CLASS, PG_CONSTRAINT, PG_INDEX};
use super::pg_class::ClassRow;
use super::pg_constraint::{self, ConstraintRow};
use super::pg_index::{self, IndexRow};
use super::stats::note;
use super::{Catalog, Table, cache, index_name, invalidation, pg_am, pg_attribute, rows};
use crate::access::{self, BuildStats, Index, KeyColumn, Rel, VisibilityMap};
use crate::ids::{Error, Fork, LockMode, Oid, Result, Severity, sqlstate};
use crate::txn::{Env, new_oid};
use crate::types::index_key::has_btree_order;
use crate::types::{Attr, Datum};
use crate::wal::Invalidation;

/// `INDEX_MAX_KEYS`
const MAX_KEYS: usize = 32;

/// What an index is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// CREATE INDEX, or CREATE UNIQUE INDEX
    Plain(bool),
    /// PRIMARY KEY
    Primary,
    /// UNIQUE
    Unique,
    /// Of a table of long values: the only index that it has.
    Chunks,
}

/// An index to be made.
#[derive(Clone, Debug)]
pub struct NewIndex<'a> {
    /// Its name, or that of its constraint; one is chosen where there is none.
    pub name: Option<&'a str>,
    /// The columns of its key.
    pub keys: Vec<KeyColumn>,
    /// INCLUDE: further columns, from 0.
    pub included: Vec<usize>,
    /// What it is for.
    pub purpose: Purpose,
}

/// CREATE INDEX as it is written: columns by name.
#[derive(Clone, Debug)]
pub struct CreateIndex<'a> {
    /// The schema of the table, if named, and its name.
    pub table: (Option<&'a str>, &'a str),
    /// Its name.
    pub name: Option<&'a str>,
    /// USING
    pub method: &'a str,
    /// UNIQUE
    pub unique: bool,
    /// IF NOT EXISTS
    pub if_not_exists: bool,
    /// Columns: name, DESC, NULLS FIRST.
    pub columns: Vec<(&'a str, bool, bool)>,
    /// INCLUDE
    pub included: Vec<&'a str>,
}

// --- CREATE INDEX --------------------------------------------------------------------------------------------

/// `DefineIndex`: makes an index of a table.
pub async fn create_index(env: &Env, catalog: &Catalog, create: &CreateIndex<'_>) -> Result<()> {
    let (schema, name) = create.table;
    let Some(table) = catalog.open(env, schema, name, LockMode::Share).await? else {
        return Err(Error::new(sqlstate::UNDEFINED_TABLE, format!("relation \"{name}\" does not exist")));
    };
    table.refuse_index()?;
    if table.is_catalog {
        let message = format!("permission denied: \"{name}\" is a system catalog");
        return Err(Error::new(sqlstate::INSUFFICIENT_PRIVILEGE, message));
    }
    if create.method != "btree" {
        return Err(if pg_am::is_index_method(create.method) {
            Error::unsupported(format!("USING {}", create.method))
        } else {
            let message = format!("access method \"{}\" does not exist", create.method);
            Error::new(sqlstate::UNDEFINED_OBJECT, message)
        });
    }
    if create.columns.len() + create.included.len() > MAX_KEYS {
        let message = format!("cannot use more than {MAX_KEYS} columns in an index");
        return Err(Error::new(sqlstate::TOO_MANY_COLUMNS, message));
    }
    if env.is_other_temp(table.rel.file) {
        let message = "cannot create indexes on temporary tables of other sessions";
        return Err(Error::new(sqlstate::FEATURE_NOT_SUPPORTED, message));
    }
    let mut keys = Vec::with_capacity(create.columns.len());
    for (column, descending, nulls_first) in &create.columns {
        let column = column_named(&table, column)?;
        keys.push(KeyColumn { column, descending: *descending, nulls_first: *nulls_first });
    }
    if let Some(name) = create.name.filter(|_| create.if_not_exists)
        && cache::read_named(env, table.class.namespace, name).await?.is_some()
    {
        let message = format!("relation \"{name}\" already exists, skipping");
        env.notice(Error::new(sqlstate::DUPLICATE_TABLE, message).severity(Severity::Notice));
        return Ok(());
    }
    let included = create.included.iter().map(|name| column_named(&table, name)).collect::<Result<_>>()?;
    let new = NewIndex { name: create.name, keys, included, purpose: Purpose::Plain(create.unique) };
    make(env, catalog, &table, &new).await
}

fn column_named(table: &Table, name: &str) -> Result<usize> {
    if pg_attribute::SYSTEM_COLUMNS.iter().any(|(system, _)| *system == name) {
        return Err(Error::unsupported("index creation on system columns"));
    }
    let found = table.desc.attrs.iter().position(|attr| &*attr.name == name);
    found.ok_or_else(|| Error::new(sqlstate::UNDEFINED_COLUMN, format!("column \"{name}\" does not exist")))
}

/// Fails if a column of this type cannot be indexed.
pub(super) fn check_key_type(attr: &Attr) -> Result<()> {
    if has_btree_order(attr.type_id) {
        return Ok(());
    }
    let message = format!("data type {} has no default operator class for access method \"btree\"", attr.type_id);
    Err(Error::new(sqlstate::UNDEFINED_OBJECT, message)
        .hint("You must specify an operator class for the index or define a default operator class for the data type."))
}

/// `index_create`: the rows, the file, and what is in it. The table is locked.
pub async fn make(env: &Env, catalog: &Catalog, table: &Table, new: &NewIndex<'_>) -> Result<()> {
    for key in &new.keys {
        check_key_type(&table.desc.attrs[key.column])?;
    }
    let namespace = table.class.namespace;
    let all = new.keys.iter().map(|key| key.column).chain(new.included.iter().copied());
    let columns: Vec<&str> = all.map(|column| &*table.desc.attrs[column].name).collect();
    let columns = index_name::column_names(&columns);
    let name = match (new.name, new.purpose) {
        (Some(name), _) => name.to_string(),
        (None, Purpose::Primary) => index_name::choose(env, namespace, &table.name, None, "pkey", true).await?,
        (None, Purpose::Unique) => index_name::choose(env, namespace, &table.name, Some(&columns), "key", true).await?,
        (None, Purpose::Plain(_) | Purpose::Chunks) => {
            index_name::choose(env, namespace, &table.name, Some(&columns), "idx", false).await?
        }
    };
    if cache::read_named(env, namespace, &name).await?.is_some() {
        return Err(Error::new(sqlstate::DUPLICATE_TABLE, format!("relation \"{name}\" already exists")));
    }
    let oid = new_oid(env).await?;
    env.lock_relation(oid, LockMode::AccessExclusive).await?;
    create_file(env, oid, namespace).await?;
    let row = IndexRow {
        oid,
        table: table.oid,
        unique: new.purpose != Purpose::Plain(false),
        primary: matches!(new.purpose, Purpose::Primary | Purpose::Chunks),
        check_xmin: false,
        keys: new.keys.clone(),
        included: new.included.clone(),
    };
    let class = ClassRow::of_new_index(oid, &name, namespace, columns.len());
    let index = open(env, table, &row, &class);
    insert_rows(env, table, &index, &class, &row, &columns).await?;
    if let Purpose::Primary | Purpose::Unique = new.purpose {
        insert_constraint(env, table, &index, new.purpose).await?;
    }
    invalidate(env, [Invalidation::Relcache { db: env.database, rel: table.oid }]);
    env.xact.borrow_mut().next_command();
    let found = access::build_index(env, &index, &table.rel).await?;
    note_build(env, table, &index, &found).await?;
    if found.broken_hot_chain {
        let check = IndexRow { check_xmin: true, ..row };
        for (tid, _) in rows::find(env, &PG_INDEX, 1, |first| pg_index::is_of(first, oid)).await? {
            rows::update(env, &PG_INDEX, tid, &check.values(&table.desc)).await?;
        }
    }
    env.xact.borrow_mut().next_command();
    catalog.forget_all();
    Ok(())
}

/// The index as the access methods see it.
pub(super) fn open(env: &Env, table: &Table, row: &IndexRow, class: &ClassRow) -> Index {
    let rel = Rel::new(row.oid, class.file(env.database));
    let index = Index::new(rel, &class.name, &table.name, table.desc.clone(), row.keys.clone(), row.unique);
    if row.included.is_empty() { index } else { index.including(row.included.clone()) }
}

async fn insert_rows(
    env: &Env,
    table: &Table,
    index: &Index,
    class: &ClassRow,
    row: &IndexRow,
    columns: &[String],
) -> Result<()> {
    invalidate(env, invalidation::of_class(env.database, class));
    insert_class(env, class).await?;
    let named = |(attr, name): (&Attr, &String)| Attr { name: name.as_str().into(), ..attr.clone() };
    let attrs: Vec<Attr> = index.desc.attrs.iter().zip(columns).map(named).collect();
    for values in pg_attribute::own_rows(row.oid, &attrs) {
        invalidate(env, invalidation::of_attribute(env.database, &values)?);
        rows::insert(env, &PG_ATTRIBUTE, &values).await?;
    }
    invalidate(env, [invalidation::of_index(env.database, row.oid)]);
    rows::insert(env, &PG_INDEX, &row.values(&table.desc)).await?;
    Ok(())
}

async fn insert_constraint(env: &Env, table: &Table, index: &Index, purpose: Purpose) -> Result<()> {
    let row = ConstraintRow {
        oid: new_oid(env).await?,
        name: index.name.clone(),
        namespace: table.class.namespace,
        kind: if purpose == Purpose::Primary { b'p' } else { b'u' },
        deferrable: false,
        deferred: false,
        validated: true,
        table: table.oid,
        index: index.rel.oid,
        columns: index.keys.iter().map(|key| key.column).collect(),
        foreign: None,
        condition: None,
    };
    invalidate(env, [invalidation::of_constraint(env.database, row.oid)]);
    rows::insert(env, &PG_CONSTRAINT, &row.values()).await?;
    Ok(())
}

/// `index_update_stats` of both: that the table has an index, and how many rows and pages there are. It is written over
/// the rows of pg_class as they are: true for everybody, whatever becomes of this transaction.
pub(super) async fn note_build(env: &Env, table: &Table, index: &Index, found: &BuildStats) -> Result<()> {
    let mut all_visible = 0;
    let map = VisibilityMap::of(env, &table.rel);
    let pages = table.rel.blocks(env, Fork::Main).0;
    for block in 0..pages {
        let bits = map.status(crate::ids::BlockNumber(block)).await?;
        all_visible += i32::from(bits & crate::storage::vm::VISIBILITYMAP_ALL_VISIBLE != 0);
    }
    note(env, table.oid, |class| {
        class.has_index = true;
        // Of an empty table that nobody has looked at nothing is known still.
        if found.heap_tuples > 0.0 || class.tuples >= 0.0 {
            (class.pages, class.tuples, class.all_visible) = (pages as i32, found.heap_tuples as f32, all_visible);
        }
    })
    .await?;
    note(env, index.rel.oid, |class| {
        (class.pages, class.tuples) = (index.rel.blocks(env, Fork::Main).0 as i32, found.index_tuples as f32);
    })
    .await
}

// --- DROP INDEX ----------------------------------------------------------------------------------------------

/// Removes the index of this name. Without `if_exists` there has to be one.
pub async fn drop_index(env: &Env, catalog: &Catalog, schema: Option<&str>, name: &str, if_exists: bool) -> Result<()> {
    let Some(found) = catalog.table(env, schema, name).await? else {
        let missing = match schema {
            Some(schema) if catalog.schema(env, schema).await?.is_none() => no_schema(schema),
            _ => Error::new(sqlstate::UNDEFINED_OBJECT, format!("index \"{name}\" does not exist")),
        };
        if !if_exists {
            return Err(missing);
        }
        let message = format!("{}, skipping", missing.report().message);
        env.notice(Error::new(sqlstate::SUCCESSFUL_COMPLETION, message).severity(Severity::Notice));
        return Ok(());
    };
    if !found.class.is_index() {
        return Err(Error::new(sqlstate::WRONG_OBJECT_TYPE, format!("\"{name}\" is not an index"))
            .hint("Use DROP TABLE to remove a table."));
    }
    // The table is locked first, as whoever uses the index does.
    let table = table_of(env, found.oid).await?;
    env.lock_relation(table, LockMode::AccessExclusive).await?;
    env.lock_relation(found.oid, LockMode::AccessExclusive).await?;
    catalog.accept_invalidations(env);
    let Some(index) = catalog.table_by_oid(env, found.oid).await? else {
        return Err(Error::new(sqlstate::UNDEFINED_OBJECT, format!("index \"{name}\" does not exist")));
    };
    let is_behind = |first: &[Datum]| pg_constraint::is_behind(first, index.oid);
    if !rows::find(env, &PG_CONSTRAINT, pg_constraint::FIRST_COLUMNS, is_behind).await?.is_empty() {
        let table = catalog.table_by_oid(env, table).await?.map(|table| table.name.to_string()).unwrap_or_default();
        let name = &index.name;
        let message = format!("cannot drop index {name} because constraint {name} on table {table} requires it");
        let hint = format!("You can drop constraint {name} on table {table} instead.");
        return Err(Error::new(sqlstate::DEPENDENT_OBJECTS_STILL_EXIST, message).hint(hint));
    }
    drop_locked(env, &index.class).await?;
    invalidate(env, [Invalidation::Relcache { db: env.database, rel: table }]);
    env.xact.borrow_mut().next_command();
    catalog.forget_all();
    Ok(())
}

/// The table of an index.
pub async fn table_of(env: &Env, index: Oid) -> Result<Oid> {
    let found = rows::find(env, &PG_INDEX, 1, |first| pg_index::is_of(first, index)).await?;
    let (_, values) = found.first().ok_or_else(|| Error::internal(format!("cache lookup failed for index {index}")))?;
    Ok(IndexRow::of_values(values)?.table)
}

/// Removes the rows of an index that is locked, and its file when the transaction commits.
async fn drop_locked(env: &Env, class: &ClassRow) -> Result<()> {
    let (db, oid) = (env.database, class.oid);
    env.xact.borrow_mut().dropped.push(class.file(db));
    for (tid, _) in rows::find(env, &PG_INDEX, 1, |first| pg_index::is_of(first, oid)).await? {
        invalidate(env, [invalidation::of_index(db, oid)]);
        rows::delete(env, &PG_INDEX, tid).await?;
    }
    for (tid, values) in rows::find(env, &PG_ATTRIBUTE, 1, |first| pg_attribute::is_of(first, oid)).await? {
        invalidate(env, invalidation::of_attribute(db, &values)?);
        rows::delete(env, &PG_ATTRIBUTE, tid).await?;
    }
    for (tid, _) in rows::find(env, &PG_CLASS, 1, |first| first[0] == Datum::Oid(oid)).await? {
        invalidate(env, invalidation::of_class(db, class));
        rows::delete(env, &PG_CLASS, tid).await?;
    }
    invalidate(env, [Invalidation::Relcache { db, rel: oid }]);
    Ok(())
}

/// Removes the index of a key, and the key's row.
pub(super) async fn drop_of_key(env: &Env, row: &ConstraintRow) -> Result<()> {
    super::constraint::drop_row(env, row).await?;
    drop_by_oid(env, row.index).await
}

/// Removes the indexes of a table that a column, from 0, is in.
pub(super) async fn drop_over(env: &Env, table: &Table, column: usize) -> Result<()> {
    let keys = table.constraints.iter().filter(|row| row.is_key()).map(|row| row.index);
    let keys: Vec<Oid> = keys.collect();
    for index in table.rel.indexes.iter().filter(|index| !keys.contains(&index.rel.oid)) {
        if index.columns().any(|other| other == column) {
            drop_by_oid(env, index.rel.oid).await?;
        }
    }
    Ok(())
}

async fn drop_by_oid(env: &Env, index: Oid) -> Result<()> {
    env.lock_relation(index, LockMode::AccessExclusive).await?;
    let class = cache::read_by_oid(env, index).await?;
    drop_locked(env, &class.ok_or_else(|| Error::internal(format!("cache lookup failed for index {index}")))?).await
}

/// Removes the indexes and constraints of a table that is dropped.
pub(super) async fn drop_all_of(env: &Env, table: Oid) -> Result<()> {
    let is_of = |first: &[Datum]| pg_constraint::is_of(first, table);
    for (tid, values) in rows::find(env, &PG_CONSTRAINT, pg_constraint::FIRST_COLUMNS, is_of).await? {
        invalidate(env, [invalidation::of_constraint(env.database, Oid(values[0].as_u32()?))]);
        rows::delete(env, &PG_CONSTRAINT, tid).await?;
    }
    for (_, class) in cache::read_indexes(env, table).await? {
        env.lock_relation(class.oid, LockMode::AccessExclusive).await?;
        drop_locked(env, &class).await?;
    }
    Ok(())
}
