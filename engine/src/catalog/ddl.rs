//! CREATE TABLE: rows of catalogs, a file, a lock. DROP TABLE is in `drop.rs`.
//!
//! ```text
//!   CREATE TABLE   an object id ─► lock ─► file ─► rows of pg_type (2), pg_class (1), pg_attribute (columns + 6)
//!   DROP TABLE     lock ─► those rows deleted ─► the file removed when the transaction has committed
//! ```
//!
//! Until the commit only this transaction sees the rows, so only it sees the table. If it rolls back, the rows count
//! for nothing and the file is removed; if it crashes, the file stays behind and nobody knows of it.
//!
//! What keeps two transactions from making a table of the same name is in PostgreSQL a unique index: the second one finds
//! the first one's entry and waits for its end. Catalogs have no indexes here, so it looks for rows of running transactions,
//! and holds the page of the schemas while it looks and inserts, as PostgreSQL holds the index page.

use crate::small::Set;

use super::constraint::{self, NewCheck, NewForeignKey};
use super::index::{self, NewIndex, Purpose};
use super::layout::{PG_ATTRIBUTE, PG_CLASS, PG_NAMESPACE, PG_TYPE};
use super::pg_class::{self, ClassRow};
use super::{
    Catalog, array_type, attrdef, cache, invalidation, pg_attribute, pg_namespace, pg_type, rows, temporary, toast,
};
use crate::access::KeyColumn;
use crate::ids::{BlockNumber, Error, Fork, LockMode, Oid, RelFile, Result, RmgrId, Severity, Xid, sqlstate};
use crate::storage::page;
use crate::storage::tuple::HeapTupleHeader;
use crate::txn::{Env, new_oid};
use crate::types::{Attr, deform_into};
use crate::wal::storage_records::StorageRecord;
use crate::wal::{Invalidation, RecordBuilder};
use crate::world::LwMode;

/// `MaxHeapAttributeNumber`
const MAX_COLUMNS: usize = 1600;

// --- CREATE TABLE --------------------------------------------------------------------------------------------

/// What a table has besides its columns.
#[derive(Default)]
pub struct NewParts<'a> {
    /// Defaults of columns, from 0, as SQL.
    pub defaults: Vec<(usize, String)>,
    /// CHECK
    pub checks: Vec<NewCheck<'a>>,
    /// PRIMARY KEY and UNIQUE
    pub keys: Vec<NewIndex<'a>>,
    /// FOREIGN KEY
    pub foreign: Vec<NewForeignKey<'a>>,
    /// WITH (fillfactor)
    pub fillfactor: Option<u8>,
}

/// Makes a table. Returns its oid; `None` if there is one of that name and `if_not_exists` lets that be.
pub async fn create_table(
    env: &Env,
    catalog: &Catalog,
    schema: Option<&str>,
    name: &str,
    columns: &[Attr],
    parts: &NewParts<'_>,
    if_not_exists: bool,
) -> Result<Option<Oid>> {
    let namespace = creation_namespace(env, catalog, schema).await?;
    if is_taken(env, namespace, name).await? {
        let message = format!("relation \"{name}\" already exists");
        if !if_not_exists {
            return Err(Error::new(sqlstate::DUPLICATE_TABLE, message));
        }
        env.notice(Error::new(sqlstate::DUPLICATE_TABLE, message + ", skipping").severity(Severity::Notice));
        return Ok(None);
    }
    check_columns(columns)?;
    for key in parts.keys.iter().flat_map(|key| &key.keys) {
        index::check_key_type(&columns[key.column])?;
    }
    refuse_system_schema(namespace, name)?;
    array_type::make_room(env, namespace, name).await?;
    let oid = new_oid(env).await?;
    env.lock_relation(oid, LockMode::AccessExclusive).await?;
    create_file(env, oid, namespace).await?;
    insert_rows(env, catalog, oid, name, namespace, columns, parts.fillfactor).await?;
    invalidate(env, [Invalidation::Relcache { db: env.database, rel: oid }]);
    env.xact.borrow_mut().next_command();
    catalog.forget_all();
    add_parts(env, catalog, oid, parts).await?;
    Ok(Some(oid))
}

/// Gives a new table its defaults, checks, keys and references, in this order.
async fn add_parts(env: &Env, catalog: &Catalog, oid: Oid, parts: &NewParts<'_>) -> Result<()> {
    let gone = || Error::internal(format!("could not open relation with OID {oid}"));
    for (column, default) in &parts.defaults {
        attrdef::store(env, catalog, oid, *column, default).await?;
    }
    let table = catalog.table_by_oid(env, oid).await?.ok_or_else(gone)?;
    constraint::add_checks(env, catalog, &table, &parts.checks).await?;
    for key in &parts.keys {
        index::make(env, catalog, &table, key).await?;
    }
    for key in &parts.foreign {
        let table = catalog.table_by_oid(env, oid).await?.ok_or_else(gone)?;
        constraint::add_foreign_key(env, catalog, &table, key).await?;
    }
    Ok(())
}

/// Nobody makes anything among the catalogs.
pub(super) fn refuse_system_schema(namespace: Oid, name: &str) -> Result<()> {
    if !matches!(namespace, pg_namespace::PG_CATALOG | pg_namespace::PG_TOAST) {
        return Ok(());
    }
    let schema = pg_namespace::built_in_name(namespace).unwrap_or_default();
    let message = format!("permission denied to create \"{schema}.{name}\"");
    Err(Error::new(sqlstate::INSUFFICIENT_PRIVILEGE, message)
        .detail("System catalog modifications are currently disallowed."))
}

/// The schema in which a table is to be made: the one that is named, else the first of `search_path` that exists.
pub(super) async fn creation_namespace(env: &Env, catalog: &Catalog, schema: Option<&str>) -> Result<Oid> {
    if let Some(schema) = schema {
        let namespace = catalog.schema(env, schema).await?.ok_or_else(|| no_schema(schema))?;
        temporary::refuse_others(env, namespace)?;
        return match pg_namespace::backend_of(namespace) {
            Some(_) => temporary::ensure_schema(env, catalog).await,
            None => Ok(namespace),
        };
    }
    let path = catalog.search_path(env).await?;
    match path.creation().filter(|_| !path.temporary) {
        Some(namespace) if pg_namespace::backend_of(namespace).is_none() => Ok(namespace),
        None if !path.temporary => {
            Err(Error::new(sqlstate::INVALID_SCHEMA_NAME, "no schema has been selected to create in"))
        }
        _ => temporary::ensure_schema(env, catalog).await,
    }
}

pub(super) fn no_schema(schema: &str) -> Error {
    Error::new(sqlstate::INVALID_SCHEMA_NAME, format!("schema \"{schema}\" does not exist"))
}

/// `CheckAttributeNamesTypes`
fn check_columns(columns: &[Attr]) -> Result<()> {
    if columns.len() > MAX_COLUMNS {
        let message = format!("tables can have at most {MAX_COLUMNS} columns");
        return Err(Error::new(sqlstate::TOO_MANY_COLUMNS, message));
    }
    let mut names = Set::default();
    for attr in columns {
        let name = &attr.name;
        if !names.insert(name.clone()) {
            let message = format!("column \"{name}\" specified more than once");
            return Err(Error::new(sqlstate::DUPLICATE_COLUMN, message));
        }
        if pg_attribute::SYSTEM_COLUMNS.iter().any(|(system, _)| **system == **name) {
            let message = format!("column name \"{name}\" conflicts with a system column name");
            return Err(Error::new(sqlstate::DUPLICATE_COLUMN, message));
        }
        if attr.type_id.is_pseudo() {
            let message = format!("column \"{name}\" has pseudo-type {}", attr.type_id);
            return Err(Error::new(sqlstate::INVALID_TABLE_DEFINITION, message));
        }
    }
    Ok(())
}

/// Whether there is a table of this name. If another transaction is making one, its end is waited for; should it
/// commit, that is an error of the unique index that PostgreSQL has here.
async fn is_taken(env: &Env, namespace: Oid, name: &str) -> Result<bool> {
    if cache::read_named(env, namespace, name).await?.is_some() {
        return Ok(true);
    }
    wait_for_rivals(env, namespace, name).await?;
    Ok(false)
}

/// Waits for the end of whoever is making a table of this name too, and fails if that was a commit.
async fn wait_for_rivals(env: &Env, namespace: Oid, name: &str) -> Result<()> {
    while let Some(rival) = find_rival(env, namespace, name).await? {
        env.wait_for_xact(rival).await?;
    }
    match cache::read_named(env, namespace, name).await? {
        None => Ok(()),
        Some(_) => Err(duplicate("pg_type_typname_nsp_index", "typname, typnamespace", namespace, name)),
    }
}

/// What the unique index of a catalog says in PostgreSQL.
fn duplicate(index: &str, columns: &str, namespace: Oid, name: &str) -> Error {
    let message = format!("duplicate key value violates unique constraint \"{index}\"");
    let detail = format!("Key ({columns})=({name}, {namespace}) already exists.");
    Error::new(sqlstate::UNIQUE_VIOLATION, message).detail(detail)
}

/// A table is refused by the name of its row type, which is made first.
async fn refuse_duplicate(env: &Env, class: &ClassRow) -> Result<()> {
    if cache::read_named(env, class.namespace, &class.name).await?.is_none() {
        return Ok(());
    }
    let (index, columns) = match class.is_index() {
        true => ("pg_class_relname_nsp_index", "relname, relnamespace"),
        false => ("pg_type_typname_nsp_index", "typname, typnamespace"),
    };
    Err(duplicate(index, columns, class.namespace, &class.name))
}

/// Adds the row of `pg_class`, when nobody else has or is adding one of that name.
pub(super) async fn insert_class(env: &Env, class: &ClassRow) -> Result<()> {
    let schemas = PG_NAMESPACE.rel().page(env, Fork::Main, BlockNumber(0)).await?;
    loop {
        let turn = schemas.lock(&env.cx, LwMode::Exclusive).await;
        let rival = find_rival(env, class.namespace, &class.name).await?;
        if let Some(rival) = rival {
            drop(turn);
            env.wait_for_xact(rival).await?;
            continue;
        }
        refuse_duplicate(env, class).await?;
        rows::insert(env, &PG_CLASS, &class.values()).await?;
        return Ok(());
    }
}

/// A running transaction other than this one that has made a table of this name.
async fn find_rival(env: &Env, namespace: Oid, name: &str) -> Result<Option<Xid>> {
    let (desc, rel) = (PG_CLASS.desc(), PG_CLASS.rel());
    let is_own = |xid| env.xact.borrow().is_current(xid);
    let mut first = Vec::new();
    for block in 0..rel.blocks(env, Fork::Main).0 {
        let pin = rel.page(env, Fork::Main, BlockNumber(block)).await?;
        let rival = pin.read(|bytes| {
            for offset in page::offsets(bytes) {
                let Some(tuple) = page::heap_tuple(bytes, offset) else { continue };
                let Some(header) = HeapTupleHeader::read(tuple) else { continue };
                let rival = !header.xmin_committed() && env.txns.procs.is_running(header.xmin);
                if !rival || is_own(header.xmin) {
                    continue;
                }
                deform_into(&desc, tuple, pg_class::NAME_COLUMNS, &mut first)?;
                if pg_class::is_named(&first, namespace, name) {
                    return Ok(Some(header.xmin));
                }
            }
            Ok(None)
        })?;
        if rival.is_some() {
            return Ok(rival);
        }
    }
    Ok(None)
}

/// The table for long values, in this schema: a file, rows and an index of its own. Returns its id; none where it is not
/// needed.
async fn create_toast(
    env: &Env,
    catalog: &Catalog,
    (of, namespace): (Oid, Oid),
    columns: &[Attr],
    frozen_xid: Xid,
) -> Result<Oid> {
    if !toast::is_needed(columns) {
        return Ok(Oid::INVALID);
    }
    let oid = new_oid(env).await?;
    create_file(env, oid, namespace).await?;
    let class = toast::class_row(of, oid, namespace, frozen_xid);
    invalidate(env, invalidation::of_class(env.database, &class));
    rows::insert(env, &PG_CLASS, &class.values()).await?;
    for values in pg_attribute::rows(oid, &toast::columns(), false) {
        invalidate(env, invalidation::of_attribute(env.database, &values)?);
        rows::insert(env, &PG_ATTRIBUTE, &values).await?;
    }
    env.xact.borrow_mut().next_command();
    let table = catalog.table_by_oid(env, oid).await?.ok_or_else(|| Error::internal("a table that was just made"))?;
    let name = format!("{}_index", class.name);
    let keys = vec![KeyColumn::ascending(0), KeyColumn::ascending(1)];
    index::make(
        env,
        catalog,
        &table,
        &NewIndex { name: Some(&name), keys, included: Vec::new(), purpose: Purpose::Chunks },
    )
    .await?;
    Ok(oid)
}

/// The file of a table or an index, empty. If the transaction aborts it is removed.
pub(super) async fn create_file(env: &Env, oid: Oid, namespace: Oid) -> Result<()> {
    if let Some(backend) = pg_namespace::backend_of(namespace) {
        let rel = RelFile::temporary(backend, env.database, oid);
        env.disk.create(&rel.path(Fork::Main));
        env.xact.borrow_mut().created.push(rel);
        return Ok(());
    }
    let rel = RelFile { spc: Oid::DEFAULT_TABLESPACE, db: env.database, rel: oid };
    env.wal.make_room(&env.cx, 64).await?;
    env.disk.create(&rel.path(Fork::Main));
    env.xact.borrow_mut().created.push(rel);
    let xid = env.xact.borrow().xid;
    let (info, data) = StorageRecord::Create { rel, fork: Fork::Main }.encode();
    env.log(&RecordBuilder::new(RmgrId::Storage, info).xid(xid).main(&data));
    env.cx.end_step().await;
    Ok(())
}

async fn insert_rows(
    env: &Env,
    catalog: &Catalog,
    oid: Oid,
    name: &str,
    namespace: Oid,
    columns: &[Attr],
    fillfactor: Option<u8>,
) -> Result<()> {
    let array_type = new_oid(env).await?;
    let row_type = new_oid(env).await?;
    let array_name = array_type::choose_name(env, namespace, name).await?;
    for values in pg_type::rows_of_table(oid, namespace, (row_type, name), (array_type, &array_name)) {
        invalidate(env, invalidation::of_type(env.database, &values)?);
        rows::insert(env, &PG_TYPE, &values).await?;
    }
    let frozen_xid = env.catalog_snapshot().xmin;
    let toasted = match pg_namespace::backend_of(namespace) {
        Some(backend) => pg_namespace::temp_toast_namespace(backend),
        None => pg_namespace::PG_TOAST,
    };
    let toast = create_toast(env, catalog, (oid, toasted), columns, frozen_xid).await?;
    let class = ClassRow::of_new_table(oid, name, namespace, row_type, columns.len(), frozen_xid);
    let class = ClassRow { toast, fillfactor, ..class };
    invalidate(env, invalidation::of_class(env.database, &class));
    insert_class(env, &class).await?;
    for values in pg_attribute::rows(oid, columns, false) {
        invalidate(env, invalidation::of_attribute(env.database, &values)?);
        rows::insert(env, &PG_ATTRIBUTE, &values).await?;
    }
    Ok(())
}

/// Notes what other backends have to forget once this is committed. It is noted before the rows are changed: whoever
/// fails half-way has cached things too that never were.
pub(super) fn invalidate(env: &Env, messages: impl IntoIterator<Item = Invalidation>) {
    env.xact.borrow_mut().invalidated.extend(messages);
}
