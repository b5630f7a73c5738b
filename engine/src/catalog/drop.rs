//! DROP TABLE and DROP SEQUENCE, and what goes with a table.
//!
//! ```text
//!   a table ── its indexes, its keys, checks and references, its defaults, its table for long values     go with it
//!      ▲
//!      └────── keys of other tables that refer to it     keep it; or go with it too, if CASCADE says so
//! ```
//!
//! All tables of a statement are looked at together: what depends on one of them and is itself one of them keeps nobody.
//! The rows go now, the files when the transaction has committed.
//!
//! PostgreSQL: `performMultipleDeletions`, `reportDependentObjects` in `catalog/dependency.c`, which has all
//! dependencies in `pg_depend`.

use super::ddl::{invalidate, no_schema};
use super::layout::{PG_ATTRIBUTE, PG_CLASS, PG_TYPE};
use super::pg_class::ClassRow;
use super::pg_constraint::ConstraintRow;
use super::{
    Catalog, Table, attrdef, constraint, depend, index, invalidation, pg_attribute, pg_statistic, pg_type, rows,
    sequence, temporary,
};
use crate::ids::{Error, LockMode, Oid, Result, Severity, sqlstate};
use crate::txn::Env;
use crate::types::Datum;
use crate::wal::Invalidation;
use std::rc::Rc;

/// What a statement is about to remove.
#[derive(Default)]
struct Doomed {
    tables: Vec<Rc<Table>>,
    /// Defaults that go: table, column from 0.
    defaults: Vec<(Oid, usize)>,
    /// Keys of other tables.
    constraints: Vec<ConstraintRow>,
    /// What depends on the tables, in words, each with what it depends on.
    dependents: Vec<(String, String)>,
}

/// A kind of relation, as DROP has it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// DROP TABLE
    Table,
    /// DROP SEQUENCE
    Sequence,
}

/// The kinds with their letters in `relkind`, and their words.
const KINDS: [(u8, &str); 4] = [(b'r', "table"), (b'S', "sequence"), (b'v', "view"), (b'i', "index")];

impl Kind {
    fn letter(self) -> u8 {
        if self == Kind::Table { b'r' } else { b'S' }
    }

    fn word(self) -> &'static str {
        word_of(self.letter())
    }
}

fn word_of(letter: u8) -> &'static str {
    KINDS.iter().find(|(own, _)| *own == letter).map_or("table", |(_, word)| word)
}

/// DROP TABLE, DROP SEQUENCE: removes what has these names, by schema and name. Without `if_exists` it has to be there.
pub async fn drop_relations(
    env: &Env,
    catalog: &Catalog,
    kind: Kind,
    names: &[(Option<&str>, &str)],
    if_exists: bool,
    cascade: bool,
) -> Result<()> {
    let mut doomed = Doomed::default();
    for (schema, name) in names {
        if let Some(table) = open(env, catalog, kind, *schema, name, if_exists).await?
            && !doomed.tables.iter().any(|known| known.oid == table.oid)
        {
            doomed.tables.push(table);
        }
    }
    find_dependents(env, catalog, &mut doomed).await?;
    let subject = match &doomed.tables[..] {
        [table] => format!("{} {}", kind.word(), table.name),
        _ => "desired object(s)".to_string(),
    };
    settle(env, &doomed, &subject, cascade)?;
    for (table, column) in &doomed.defaults {
        attrdef::remove(env, catalog, *table, *column).await?;
    }
    for row in &doomed.constraints {
        env.lock_relation(row.table, LockMode::AccessExclusive).await?;
        constraint::drop_row(env, row).await?;
        invalidate(env, [Invalidation::Relcache { db: env.database, rel: row.table }]);
    }
    for table in &doomed.tables {
        drop_locked(env, catalog, table).await?;
    }
    Ok(())
}

/// A relation to be dropped, locked.
async fn open(
    env: &Env,
    catalog: &Catalog,
    kind: Kind,
    schema: Option<&str>,
    name: &str,
    if_exists: bool,
) -> Result<Option<Rc<Table>>> {
    // A catalog is refused before it is locked.
    let known = catalog.table(env, schema, name).await?;
    if let Some(table) = known.as_ref().filter(|table| table.class.kind != kind.letter()) {
        let article = if kind == Kind::Table { "a table" } else { "a sequence" };
        let error = Error::new(sqlstate::WRONG_OBJECT_TYPE, format!("\"{name}\" is not {article}"));
        let word = word_of(table.class.kind);
        let article = if word == "index" { "an" } else { "a" };
        let hint = format!("Use DROP {} to remove {article} {word}.", word.to_ascii_uppercase());
        return Err(if table.class.kind == b't' { error } else { error.hint(hint) });
    }
    if known.as_ref().is_some_and(|table| table.is_catalog) {
        let message = format!("permission denied: \"{name}\" is a system catalog");
        return Err(Error::new(sqlstate::INSUFFICIENT_PRIVILEGE, message));
    }
    if let Some(table) = catalog.open(env, schema, name, LockMode::AccessExclusive).await? {
        return Ok(Some(table));
    }
    let missing = match schema.filter(|schema| temporary::find(env, schema).is_none()) {
        Some(schema) => no_schema(schema),
        None => Error::new(sqlstate::UNDEFINED_TABLE, format!("{} \"{name}\" does not exist", kind.word())),
    };
    if !if_exists {
        return Err(missing);
    }
    let message = format!("{}, skipping", missing.report().message);
    env.notice(Error::new(sqlstate::SUCCESSFUL_COMPLETION, message).severity(Severity::Notice));
    Ok(None)
}

// --- what depends --------------------------------------------------------------------------------------------

/// The keys of tables that stay which refer to tables that go.
async fn find_dependents(env: &Env, catalog: &Catalog, doomed: &mut Doomed) -> Result<()> {
    for table in doomed.tables.clone() {
        if table.class.kind == b'S' {
            find_users(env, catalog, &table, doomed).await?;
        }
        for row in &table.referenced_by {
            if doomed.tables.iter().any(|other| other.oid == row.table) {
                continue;
            }
            let other = catalog.table_by_oid(env, row.table).await?;
            let other = other.map_or_else(String::new, |other| other.name.to_string());
            let dependent = format!("constraint {} on table {other}", row.name);
            doomed.dependents.push((dependent, format!("table {}", table.name)));
            doomed.constraints.push(row.clone());
        }
    }
    Ok(())
}

/// A sequence that is a part of its column stays; the defaults of others that use it keep it.
async fn find_users(env: &Env, catalog: &Catalog, sequence: &Table, doomed: &mut Doomed) -> Result<()> {
    let owner = depend::owner_of(env, sequence.oid).await?;
    if let Some(owner) = owner.filter(|owner| owner.kind == b'i')
        && let Some(table) = catalog.table_by_oid(env, owner.table).await?
    {
        let (column, table) = (&table.desc.attrs[owner.column].name, &table.name);
        let name = &sequence.name;
        let message = format!("cannot drop sequence {name} because column {column} of table {table} requires it");
        return Err(Error::new(sqlstate::DEPENDENT_OBJECTS_STILL_EXIST, message)
            .hint(format!("You can drop column {column} of table {table} instead.")));
    }
    for (user, column) in attrdef::users_of(env, sequence.oid).await? {
        let Some(table) = catalog.table_by_oid(env, user).await? else { continue };
        let dependent = format!("default value for column {} of table {}", table.desc.attrs[column].name, table.name);
        doomed.dependents.push((dependent, format!("sequence {}", sequence.name)));
        doomed.defaults.push((user, column));
    }
    Ok(())
}

/// `reportDependentObjects`: refuses, or tells what else goes.
fn settle(env: &Env, doomed: &Doomed, subject: &str, cascade: bool) -> Result<()> {
    if doomed.dependents.is_empty() {
        return Ok(());
    }
    if !cascade {
        let line = |(dependent, on): &(String, String)| format!("{dependent} depends on {on}");
        let detail: Vec<String> = doomed.dependents.iter().map(line).collect();
        let verb = if subject.starts_with("desired") { "them" } else { "it" };
        let message = format!("cannot drop {subject} because other objects depend on {verb}");
        return Err(Error::new(sqlstate::DEPENDENT_OBJECTS_STILL_EXIST, message)
            .detail(detail.join("\n"))
            .hint("Use DROP ... CASCADE to drop the dependent objects too."));
    }
    let lines: Vec<String> = doomed.dependents.iter().map(|(what, _)| format!("drop cascades to {what}")).collect();
    let notice = match &lines[..] {
        [line] => Error::new(sqlstate::SUCCESSFUL_COMPLETION, line),
        _ => {
            let message = format!("drop cascades to {} other objects", lines.len());
            Error::new(sqlstate::SUCCESSFUL_COMPLETION, message).detail(lines.join("\n"))
        }
    };
    env.notice(notice.severity(Severity::Notice));
    Ok(())
}

// --- removing ------------------------------------------------------------------------------------------------

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
    index::drop_all_of(env, table.oid).await?;
    attrdef::remove_all(env, table.oid).await?;
    if let Some(toast) = &table.rel.toast {
        env.lock_relation(toast.rel.oid, LockMode::AccessExclusive).await?;
        index::drop_all_of(env, toast.rel.oid).await?;
        env.xact.borrow_mut().dropped.push(toast.rel.file);
        env.xact.borrow_mut().forgotten.push(toast.rel.oid);
        delete_rows(env, toast.rel.oid).await?;
    }
    env.xact.borrow_mut().dropped.push(table.rel.file);
    env.xact.borrow_mut().forgotten.push(table.oid);
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
