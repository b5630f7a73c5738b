//! Foreign keys and checks: what CREATE TABLE and ALTER TABLE ADD make of them, and how they go.
//!
//! ```text
//!   FOREIGN KEY   lock the table that is referred to ─► the key it has over those columns ─► a row of pg_constraint
//!   CHECK         a row of pg_constraint, with the condition as SQL; the table's row of pg_class counts it
//! ```
//!
//! In PostgreSQL a foreign key is four triggers besides, two on either table. There are no triggers here, but their
//! object ids are used up, and both tables' rows of pg_class say that they have some.
//!
//! PostgreSQL: `ATAddForeignKeyConstraint` in `commands/tablecmds.c`, `ChooseConstraintName` in `catalog/pg_constraint.c`.

use super::ddl::invalidate;
use super::equality::equality;
use super::layout::{PG_CLASS, PG_CONSTRAINT};
use super::pg_class::ClassRow;
use super::pg_constraint::{self, ConstraintRow, FkAction, ForeignKey};
use super::{Catalog, Table, index_name, invalidation, rows};
use crate::ids::{Error, LockMode, Oid, Result, sqlstate};
use crate::txn::{Env, new_oid};
use crate::types::{Datum, truncate_name};
use crate::wal::Invalidation;
use std::rc::Rc;

/// A foreign key as it is written: names.
#[derive(Clone, Debug)]
pub struct NewForeignKey<'a> {
    /// CONSTRAINT
    pub name: Option<&'a str>,
    /// The columns that refer.
    pub columns: Vec<&'a str>,
    /// The schema of the table that they refer to, if named, and its name.
    pub table: (Option<&'a str>, &'a str),
    /// Its columns; those of its primary key where there are none.
    pub referred: Vec<&'a str>,
    /// MATCH FULL
    pub full: bool,
    /// ON UPDATE
    pub on_update: FkAction,
    /// ON DELETE
    pub on_delete: FkAction,
    /// The columns that ON DELETE SET NULL or SET DEFAULT sets.
    pub set_columns: Vec<&'a str>,
    /// DEFERRABLE
    pub deferrable: bool,
    /// INITIALLY DEFERRED
    pub deferred: bool,
    /// The rows that are there are known, or taken, to meet it.
    pub validated: bool,
}

/// A condition that rows have to meet.
#[derive(Clone, Debug)]
pub struct NewCheck<'a> {
    /// CONSTRAINT
    pub name: Option<&'a str>,
    /// As SQL.
    pub condition: String,
    /// The columns that it is about, from 0.
    pub columns: Vec<usize>,
    /// The rows that are there are known, or taken, to meet it.
    pub validated: bool,
}

// --- adding --------------------------------------------------------------------------------------------------

/// A table that stays does not refer to one that goes with its session, nor the other way round.
fn refuse_mixture(env: &Env, table: &Table, referred: &Table) -> Result<()> {
    let kinds = match (table.class.is_temporary(), referred.class.is_temporary()) {
        (false, false) => return Ok(()),
        (true, true) if !env.is_other_temp(referred.rel.file) => return Ok(()),
        (true, true) => "temporary tables must involve temporary tables of this session",
        (false, true) => "permanent tables may reference only permanent tables",
        (true, false) => "temporary tables may reference only temporary tables",
    };
    Err(Error::new(sqlstate::INVALID_TABLE_DEFINITION, format!("constraints on {kinds}")))
}

/// Adds a foreign key to a table that is locked. Returns its row.
pub async fn add_foreign_key(
    env: &Env,
    catalog: &Catalog,
    table: &Table,
    new: &NewForeignKey<'_>,
) -> Result<ConstraintRow> {
    let (schema, name) = new.table;
    let Some(referred) = catalog.open(env, schema, name, LockMode::ShareRowExclusive).await? else {
        let name = schema.map_or(name.to_string(), |schema| format!("{schema}.{name}"));
        return Err(Error::new(sqlstate::UNDEFINED_TABLE, format!("relation \"{name}\" does not exist")));
    };
    if referred.class.kind != b'r' {
        let message = format!("referenced relation \"{name}\" is not a table");
        return Err(Error::new(sqlstate::WRONG_OBJECT_TYPE, message));
    }
    if referred.is_catalog {
        let message = format!("permission denied: \"{name}\" is a system catalog");
        return Err(Error::new(sqlstate::INSUFFICIENT_PRIVILEGE, message));
    }
    refuse_mixture(env, table, &referred)?;
    let columns = places(table, &new.columns)?;
    let (index, keys) = referred_key(&referred, &new.referred)?;
    if columns.len() != keys.len() {
        let message = "number of referencing and referenced columns for foreign key disagree";
        return Err(Error::new(sqlstate::INVALID_FOREIGN_KEY, message));
    }
    let name = match new.name {
        Some(name) => unused(env, table, name).await?,
        None => choose_name(env, table, &new.columns.join("_"), "fkey").await?,
    };
    let operators = operators(table, &columns, &referred, &keys, &name)?;
    let set_columns = places(table, &new.set_columns)?;
    if let Some(stray) = set_columns.iter().find(|column| !columns.contains(column)) {
        let column = &table.desc.attrs[*stray].name;
        let message = format!("column \"{column}\" referenced in ON DELETE SET action must be part of foreign key");
        return Err(Error::new(sqlstate::INVALID_COLUMN_REFERENCE, message));
    }
    let foreign = ForeignKey {
        table: referred.oid,
        columns: keys,
        on_update: new.on_update,
        on_delete: new.on_delete,
        full: new.full,
        operators,
        set_columns,
    };
    let row = ConstraintRow {
        oid: new_oid(env).await?,
        name: name.as_str().into(),
        namespace: table.class.namespace,
        kind: b'f',
        deferrable: new.deferrable,
        deferred: new.deferred,
        validated: new.validated,
        table: table.oid,
        index,
        columns,
        foreign: Some(foreign),
        condition: None,
    };
    insert(env, &row).await?;
    for of in [referred.oid, referred.oid, table.oid, table.oid] {
        new_oid(env).await?;
        change_class(env, of, |class| class.has_triggers = true).await?;
    }
    finish(env, catalog, &[referred.oid, table.oid]);
    Ok(row)
}

/// Adds checks to a table that is locked.
pub async fn add_checks(env: &Env, catalog: &Catalog, table: &Table, checks: &[NewCheck<'_>]) -> Result<()> {
    let mut names: Vec<String> = Vec::new();
    for check in checks {
        let name = match (check.name, &check.columns[..]) {
            (Some(name), _) if names.iter().any(|known| known == name) => {
                let message = format!("check constraint \"{name}\" already exists");
                return Err(Error::new(sqlstate::DUPLICATE_OBJECT, message));
            }
            (Some(name), _) => unused(env, table, name).await?,
            (None, [column]) => choose_name(env, table, &table.desc.attrs[*column].name, "check").await?,
            (None, _) => choose_name(env, table, "", "check").await?,
        };
        names.push(name.clone());
        let row = ConstraintRow {
            oid: new_oid(env).await?,
            name: name.as_str().into(),
            namespace: table.class.namespace,
            kind: b'c',
            deferrable: false,
            deferred: false,
            validated: check.validated,
            table: table.oid,
            index: Oid::INVALID,
            columns: check.columns.clone(),
            foreign: None,
            condition: Some(check.condition.as_str().into()),
        };
        insert(env, &row).await?;
        env.xact.borrow_mut().next_command();
    }
    if !checks.is_empty() {
        change_class(env, table.oid, |class| class.checks += checks.len() as i16).await?;
        finish(env, catalog, &[table.oid]);
    }
    Ok(())
}

async fn insert(env: &Env, row: &ConstraintRow) -> Result<()> {
    invalidate(env, [invalidation::of_constraint(env.database, row.oid)]);
    rows::insert(env, &PG_CONSTRAINT, &row.values()).await?;
    Ok(())
}

/// What was changed is visible from here on, and these tables are read anew.
pub(super) fn finish(env: &Env, catalog: &Catalog, tables: &[Oid]) {
    invalidate(env, tables.iter().map(|rel| Invalidation::Relcache { db: env.database, rel: *rel }));
    env.xact.borrow_mut().next_command();
    catalog.forget_all();
}

/// Changes the row of pg_class of a relation, as transactional as any row; nothing if it stays as it is.
pub(super) async fn change_class(env: &Env, oid: Oid, change: impl FnOnce(&mut ClassRow)) -> Result<()> {
    env.xact.borrow_mut().next_command();
    let known = rows::find(env, &PG_CLASS, 1, |first| first[0] == Datum::Oid(oid)).await?;
    let Some((tid, values)) = known.into_iter().next() else {
        return Err(Error::internal(format!("cache lookup failed for relation {oid}")));
    };
    let before = ClassRow::of_values(&values)?;
    let mut after = before.clone();
    change(&mut after);
    if after == before {
        return Ok(());
    }
    invalidate(env, invalidation::of_class(env.database, &before));
    invalidate(env, invalidation::of_class(env.database, &after));
    rows::update(env, &PG_CLASS, tid, &after.values()).await
}

// --- columns and keys ----------------------------------------------------------------------------------------

/// The places of columns that a foreign key names.
fn places(table: &Table, names: &[&str]) -> Result<Vec<usize>> {
    let place = |name: &&str| {
        table.desc.position(name).ok_or_else(|| {
            let message = format!("column \"{name}\" referenced in foreign key constraint does not exist");
            Error::new(sqlstate::UNDEFINED_COLUMN, message)
        })
    };
    names.iter().map(place).collect()
}

/// The key that is referred to: its index, and the columns in the order of those that refer to them.
fn referred_key(table: &Table, named: &[&str]) -> Result<(Oid, Vec<usize>)> {
    if named.is_empty() {
        let primary = table.indexes.iter().find(|index| index.row.primary).ok_or_else(|| {
            let message = format!("there is no primary key for referenced table \"{}\"", table.name);
            Error::new(sqlstate::UNDEFINED_OBJECT, message)
        })?;
        return Ok((primary.row.oid, primary.row.keys.iter().map(|key| key.column).collect()));
    }
    let columns = places(table, named)?;
    if (1..columns.len()).any(|at| columns[..at].contains(&columns[at])) {
        let message = "foreign key referenced-columns list must not contain duplicates";
        return Err(Error::new(sqlstate::INVALID_FOREIGN_KEY, message));
    }
    let fits = |row: &&super::pg_index::IndexRow| {
        row.unique && row.keys.len() == columns.len() && row.keys.iter().all(|key| columns.contains(&key.column))
    };
    match table.indexes.iter().map(|index| &index.row).find(fits) {
        Some(row) => Ok((row.oid, columns)),
        None => {
            let message =
                format!("there is no unique constraint matching given keys for referenced table \"{}\"", table.name);
            Err(Error::new(sqlstate::INVALID_FOREIGN_KEY, message))
        }
    }
}

/// The equality operators of each pair of columns; an error if there are none.
fn operators(table: &Table, columns: &[usize], referred: &Table, keys: &[usize], name: &str) -> Result<[Vec<Oid>; 3]> {
    let mut operators = [Vec::new(), Vec::new(), Vec::new()];
    for (column, key) in columns.iter().zip(keys) {
        let (own, other) = (&table.desc.attrs[*column], &referred.desc.attrs[*key]);
        let Some(found) = equality(other.type_id, own.type_id) else {
            let message = format!("foreign key constraint \"{name}\" cannot be implemented");
            return Err(Error::new(sqlstate::DATATYPE_MISMATCH, message).detail(format!(
                "Key columns \"{}\" and \"{}\" are of incompatible types: {} and {}.",
                own.name, other.name, own.type_id, other.type_id
            )));
        };
        operators.iter_mut().zip(found).for_each(|(list, operator)| list.push(operator));
    }
    Ok(operators)
}

// --- names ---------------------------------------------------------------------------------------------------

/// A name that is given must be new to the table.
async fn unused(env: &Env, table: &Table, name: &str) -> Result<String> {
    let is = |first: &[Datum]| {
        pg_constraint::is_of(first, table.oid) && pg_constraint::is_named(first, table.class.namespace, name)
    };
    if rows::find(env, &PG_CONSTRAINT, pg_constraint::FIRST_COLUMNS, is).await?.is_empty() {
        return Ok(name.to_string());
    }
    let message = format!("constraint \"{name}\" for relation \"{}\" already exists", table.name);
    Err(Error::new(sqlstate::DUPLICATE_OBJECT, message))
}

/// `ChooseConstraintName`: one that no constraint of the schema has.
async fn choose_name(env: &Env, table: &Table, columns: &str, label: &str) -> Result<String> {
    let columns: Option<Rc<str>> = (!columns.is_empty()).then(|| truncate_name(columns).into());
    let mut pass = 0;
    loop {
        let numbered = if pass == 0 { label.to_string() } else { format!("{label}{pass}") };
        let name = index_name::join(&table.name, columns.as_deref(), &numbered);
        let is = |first: &[Datum]| pg_constraint::is_named(first, table.class.namespace, &name);
        if rows::find(env, &PG_CONSTRAINT, pg_constraint::FIRST_COLUMNS, is).await?.is_empty() {
            return Ok(name);
        }
        pass += 1;
    }
}

/// The constraint with this oid.
pub async fn by_oid(env: &Env, oid: Oid) -> Result<Option<ConstraintRow>> {
    let found = rows::find(env, &PG_CONSTRAINT, 1, |first| first[0] == Datum::Oid(oid)).await?;
    found.first().map(|(_, values)| ConstraintRow::of_values(values)).transpose()
}

/// The deferrable constraints of this name, for SET CONSTRAINTS: in the schema, or the first of the path that has some.
pub async fn deferrable_named(env: &Env, catalog: &Catalog, schema: Option<&str>, name: &str) -> Result<Vec<Oid>> {
    let path = match schema {
        Some(schema) => vec![catalog.schema(env, schema).await?.ok_or_else(|| super::ddl::no_schema(schema))?],
        None => catalog.search_path(env).await?.schemas.clone(),
    };
    for namespace in path {
        let is = |first: &[Datum]| pg_constraint::is_named(first, namespace, name);
        let found = rows::find(env, &PG_CONSTRAINT, pg_constraint::FIRST_COLUMNS, is).await?;
        let mut oids = Vec::new();
        for (_, values) in &found {
            let row = ConstraintRow::of_values(values)?;
            if row.deferrable {
                oids.push(row.oid);
            }
        }
        if !oids.is_empty() {
            return Ok(oids);
        }
        if !found.is_empty() {
            let message = format!("constraint \"{name}\" is not deferrable");
            return Err(Error::new(sqlstate::WRONG_OBJECT_TYPE, message));
        }
    }
    Err(Error::new(sqlstate::UNDEFINED_OBJECT, format!("constraint \"{name}\" does not exist")))
}

// --- dropping ------------------------------------------------------------------------------------------------

/// Removes the row of a constraint that is no key.
pub(super) async fn drop_row(env: &Env, row: &ConstraintRow) -> Result<()> {
    let oid = row.oid;
    for (tid, _) in rows::find(env, &PG_CONSTRAINT, 1, |first| first[0] == Datum::Oid(oid)).await? {
        invalidate(env, [invalidation::of_constraint(env.database, oid)]);
        rows::delete(env, &PG_CONSTRAINT, tid).await?;
    }
    Ok(())
}
