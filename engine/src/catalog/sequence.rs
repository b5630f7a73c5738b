//! Sequences as the catalogs have them: a relation of one row, and a row of `pg_sequence` that says how it counts.
//!
//! PostgreSQL: `DefineSequence`, `AlterSequence`, `process_owned_by` in `commands/sequence.c`.

use super::constraint::{change_class, finish};
use super::ddl::{create_file, creation_namespace, insert_class, invalidate, refuse_system_schema};
use super::depend::{self, Ownership};
use super::layout::{PG_ATTRIBUTE, PG_SEQUENCE};
use super::pg_class::ClassRow;
use super::{Catalog, Table, cache, index_name, invalidation, pg_attribute, pg_namespace, rows};
use crate::access::Rel;
use crate::access::sequence::{self, SEQUENCE_COLUMNS, SequenceRules, SequenceState};
use crate::ids::{Error, LockMode, Oid, Result, Severity, sqlstate};
use crate::txn::{Env, new_oid};
use crate::types::{Attr, Datum, TypeId};
use std::rc::Rc;

/// A row of `pg_sequence`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SequenceRow {
    /// The type of its numbers.
    pub type_id: TypeId,
    /// START
    pub start: i64,
    /// How it counts.
    pub rules: SequenceRules,
}

impl SequenceRow {
    fn values(&self, oid: Oid) -> Vec<Datum> {
        let rules = &self.rules;
        vec![
            Datum::Oid(oid),
            Datum::Oid(self.type_id.oid()),
            Datum::Int8(self.start),
            Datum::Int8(rules.increment),
            Datum::Int8(rules.max),
            Datum::Int8(rules.min),
            Datum::Int8(rules.cache),
            Datum::Bool(rules.cycle),
        ]
    }

    fn of_values(values: &[Datum]) -> Result<SequenceRow> {
        let int = |at: usize| values[at].as_int();
        let type_id = TypeId::from_oid(Oid(values[1].as_u32()?));
        Ok(SequenceRow {
            type_id: type_id.ok_or_else(|| Error::corrupt("a sequence of an unknown type"))?,
            start: int(2)?,
            rules: SequenceRules {
                increment: int(3)?,
                max: int(4)?,
                min: int(5)?,
                cache: int(6)?,
                cycle: values[7].as_bool()?,
            },
        })
    }
}

/// How a sequence counts.
pub async fn read(env: &Env, oid: Oid) -> Result<SequenceRow> {
    let found = rows::find(env, &PG_SEQUENCE, 1, |first| first[0] == Datum::Oid(oid)).await?;
    let (_, values) =
        found.first().ok_or_else(|| Error::internal(format!("cache lookup failed for sequence {oid}")))?;
    SequenceRow::of_values(values)
}

/// CREATE SEQUENCE. Returns its oid; `None` if there is a relation of that name and `if_not_exists` lets that be.
pub async fn create(
    env: &Env,
    catalog: &Catalog,
    schema: Option<&str>,
    name: &str,
    row: &SequenceRow,
    if_not_exists: bool,
) -> Result<Option<Oid>> {
    let namespace = creation_namespace(env, catalog, schema).await?;
    if cache::read_named(env, namespace, name).await?.is_some() {
        let error = Error::new(sqlstate::DUPLICATE_TABLE, format!("relation \"{name}\" already exists"));
        if !if_not_exists {
            return Err(error);
        }
        let message = format!("{}, skipping", error.report().message);
        env.notice(Error::new(sqlstate::DUPLICATE_TABLE, message).severity(Severity::Notice));
        return Ok(None);
    }
    refuse_system_schema(namespace, name)?;
    if pg_namespace::backend_of(namespace).is_some() {
        return Err(Error::unsupported("a temporary sequence"));
    }
    let oid = new_oid(env).await?;
    env.lock_relation(oid, LockMode::AccessExclusive).await?;
    create_file(env, oid, namespace).await?;
    let class = ClassRow::of_new_sequence(oid, name, namespace);
    invalidate(env, invalidation::of_class(env.database, &class));
    insert_class(env, &class).await?;
    let columns: Vec<Attr> = SEQUENCE_COLUMNS.iter().map(|(name, ty)| Attr::new(name, *ty).not_null()).collect();
    for values in pg_attribute::rows(oid, &columns, false) {
        invalidate(env, invalidation::of_attribute(env.database, &values)?);
        rows::insert(env, &PG_ATTRIBUTE, &values).await?;
    }
    let state = SequenceState { last_value: row.start, log_cnt: 0, is_called: false };
    sequence::fill(env, &Rel::new(oid, class.file(env.database)), state).await?;
    rows::insert(env, &PG_SEQUENCE, &row.values(oid)).await?;
    finish(env, catalog, &[oid]);
    Ok(Some(oid))
}

/// A name for the sequence of a column.
pub async fn choose_name(
    env: &Env,
    catalog: &Catalog,
    schema: Option<&str>,
    table: &str,
    column: &str,
) -> Result<String> {
    let namespace = creation_namespace(env, catalog, schema).await?;
    index_name::choose(env, namespace, table, Some(&[column.to_string()]), "seq", false).await
}

/// Says whose a sequence is: of a column of a table, from 0; `internal` if it is a part of it.
pub async fn own(env: &Env, sequence: Oid, table: Oid, column: usize, internal: bool) -> Result<()> {
    depend::remove_of(env, sequence).await?;
    let kind = if internal { b'i' } else { b'a' };
    depend::insert(env, Ownership { object: sequence, table, column, kind }).await
}

/// Says that a sequence is nobody's.
pub async fn disown(env: &Env, sequence: Oid) -> Result<()> {
    depend::remove_of(env, sequence).await
}

/// The sequences of a table's columns: column from 0, sequence.
pub async fn of_table(env: &Env, table: Oid) -> Result<Vec<(usize, Oid)>> {
    let owned = depend::owned_by(env, table).await?;
    Ok(owned.into_iter().map(|owned| (owned.column, owned.object)).collect())
}

/// What identity columns get that nobody gives a value, as if it were their default.
pub(super) async fn identity_defaults(env: &Env, table: Oid) -> Result<Vec<(usize, Rc<str>)>> {
    let owned = depend::owned_by(env, table).await?;
    let parts = owned.iter().filter(|owned| owned.kind == b'i');
    Ok(parts.map(|owned| (owned.column, default_of(owned.object).into())).collect())
}

/// The default of a column that a sequence numbers.
pub fn default_of(sequence: Oid) -> String {
    format!("nextval('{sequence}'::regclass)")
}

/// ALTER SEQUENCE: other rules, and another place to go on from. Both count only if the transaction commits: the row goes
/// to a new file.
pub async fn alter(
    env: &Env,
    catalog: &Catalog,
    table: &Table,
    row: &SequenceRow,
    state: Option<SequenceState>,
) -> Result<()> {
    let oid = table.oid;
    if let Some(state) = state {
        let filenode = new_oid(env).await?;
        create_file(env, filenode, table.class.namespace).await?;
        env.xact.borrow_mut().dropped.push(table.rel.file);
        change_class(env, oid, |class| class.filenode = filenode).await?;
        let file = crate::ids::RelFile { rel: filenode, ..table.rel.file };
        sequence::fill(env, &Rel::new(oid, file).named(&table.name), state).await?;
    }
    for (tid, values) in rows::find(env, &PG_SEQUENCE, 1, |first| first[0] == Datum::Oid(oid)).await? {
        let after = row.values(oid);
        if after != values {
            rows::update(env, &PG_SEQUENCE, tid, &after).await?;
        }
    }
    finish(env, catalog, &[oid]);
    Ok(())
}

/// Removes the rows that only a sequence has.
pub(super) async fn drop_rows(env: &Env, oid: Oid) -> Result<()> {
    for (tid, _) in rows::find(env, &PG_SEQUENCE, 1, |first| first[0] == Datum::Oid(oid)).await? {
        rows::delete(env, &PG_SEQUENCE, tid).await?;
    }
    depend::remove_of(env, oid).await
}
