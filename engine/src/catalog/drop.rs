//! DROP TABLE, SEQUENCE, VIEW and SCHEMA, and what goes with them.
//!
//! ```text
//!   a table ── its indexes, its keys, checks and references, its defaults, its table for long values     go with it
//!      ▲
//!      ├────── keys of other tables that refer to it, views that show it     keep it; or go with it too, if CASCADE
//!      │                                                                     says so, and with them what depends on them
//!   a schema ─ what is in it                                                 keeps it in the same way
//! ```
//!
//! All that a statement names is looked at together: what depends on one of them and is itself one of them keeps nobody.
//! Objects are found from the newest to the oldest, each behind what depends on it, and told of in the opposite order. The
//! rows go now, the files when the transaction has committed.
//!
//! PostgreSQL: `performMultipleDeletions`, `findDependentObjects`, `reportDependentObjects` in `catalog/dependency.c`, which
//! has all dependencies in `pg_depend`.

use super::ddl::{invalidate, no_schema};
use super::drop_rows::drop_locked;
use super::pg_constraint::ConstraintRow;
use super::pg_namespace::{PUBLIC, backend_of};
use super::{Catalog, Table, attrdef, constraint, depend, schema, view};
use crate::ids::{Error, FIRST_NORMAL_OID, LockMode, Oid, Result, Severity, sqlstate};
use crate::small;
use crate::txn::Env;
use crate::types::quote::quote_ident;
use crate::wal::Invalidation;
use std::pin::Pin;
use std::rc::Rc;

/// What may be removed.
#[derive(Clone)]
enum Object {
    /// A table, a sequence, a view.
    Relation(Rc<Table>),
    /// A schema and its name.
    Schema(Oid, String),
    /// A key of another table.
    Constraint(ConstraintRow),
    /// A default: table, column from 0.
    Default(Oid, usize),
}

impl Object {
    /// What makes it another than others: its oid, and for a part of a relation which one.
    fn key(&self) -> (Oid, usize) {
        match self {
            Object::Relation(table) => (table.oid, 0),
            Object::Schema(oid, _) => (*oid, 0),
            Object::Constraint(row) => (row.oid, 0),
            Object::Default(table, column) => (*table, column + 1),
        }
    }

    fn relation(&self) -> Option<Oid> {
        if let Object::Relation(table) = self { Some(table.oid) } else { None }
    }
}

/// Something that a statement removes.
struct Doomed {
    object: Object,
    /// In words.
    what: String,
    /// What it depends on, in words; nothing if the statement names it.
    because: Option<String>,
}

/// A kind of relation, as DROP has it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// DROP TABLE
    Table,
    /// DROP SEQUENCE
    Sequence,
    /// DROP VIEW
    View,
}

/// The kinds with their letters in `relkind`, and their words.
const KINDS: [(u8, &str); 4] = [(b'r', "table"), (b'S', "sequence"), (b'v', "view"), (b'i', "index")];

impl Kind {
    fn letter(self) -> u8 {
        match self {
            Kind::Table => b'r',
            Kind::Sequence => b'S',
            Kind::View => b'v',
        }
    }

    fn word(self) -> &'static str {
        word_of(self.letter())
    }
}

fn word_of(letter: u8) -> &'static str {
    KINDS.iter().find(|(own, _)| *own == letter).map_or("table", |(_, word)| word)
}

/// `getObjectDescription` of a relation: `table t`, or `table s.t` where the name alone would not find it.
pub async fn described(env: &Env, catalog: &Catalog, table: &Table) -> Result<String> {
    Ok(format!("{} {}", word_of(table.class.kind), catalog.shown(env, table).await?))
}

impl Catalog {
    /// The name of a relation as it must be written to be found.
    pub async fn shown(&self, env: &Env, table: &Table) -> Result<String> {
        let name = quote_ident(&table.name);
        let visible = self.table(env, None, &table.name).await?.is_some_and(|found| found.oid == table.oid);
        Ok(if visible { name } else { format!("{}.{name}", quote_ident(&table.schema)) })
    }
}

/// DROP TABLE, SEQUENCE or VIEW: removes what has these names, by schema and name. Without `if_exists` it has to be there.
pub async fn drop_relations(
    env: &Env,
    catalog: &Catalog,
    kind: Kind,
    names: &[(Option<&str>, &str)],
    if_exists: bool,
    cascade: bool,
) -> Result<()> {
    let mut named = Vec::new();
    for (schema, name) in names {
        if let Some(table) = open(env, catalog, kind, *schema, name, if_exists).await? {
            named.push(Object::Relation(table));
        }
    }
    drop_objects(env, catalog, named, cascade).await
}

/// DROP SCHEMA
pub async fn drop_schemas(env: &Env, catalog: &Catalog, names: &[&str], if_exists: bool, cascade: bool) -> Result<()> {
    let mut named = Vec::new();
    for name in names {
        match catalog.schema(env, name).await? {
            Some(oid) if oid < FIRST_NORMAL_OID && oid != PUBLIC && backend_of(oid).is_none() => {
                let name = catalog.schema_name(env, oid).await?;
                let message = format!("cannot drop schema {name} because it is required by the database system");
                return Err(Error::new(sqlstate::DEPENDENT_OBJECTS_STILL_EXIST, message));
            }
            Some(oid) => named.push(Object::Schema(oid, name.to_string())),
            None if if_exists => skip(env, no_schema(name)),
            None => return Err(no_schema(name)),
        }
    }
    drop_objects(env, catalog, named, cascade).await
}

fn skip(env: &Env, missing: Error) {
    let message = format!("{}, skipping", missing.report().message);
    env.notice(Error::new(sqlstate::SUCCESSFUL_COMPLETION, message).severity(Severity::Notice));
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
        let error = Error::new(sqlstate::WRONG_OBJECT_TYPE, format!("\"{name}\" is not a {}", kind.word()));
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
    let missing = match schema {
        Some(schema) if catalog.schema(env, schema).await?.is_none() => no_schema(schema),
        _ => Error::new(sqlstate::UNDEFINED_TABLE, format!("{} \"{name}\" does not exist", kind.word())),
    };
    if !if_exists {
        return Err(missing);
    }
    skip(env, missing);
    Ok(None)
}

// --- what depends --------------------------------------------------------------------------------------------

/// Removes objects, and with CASCADE what depends on them.
async fn drop_objects(env: &Env, catalog: &Catalog, named: Vec<Object>, cascade: bool) -> Result<()> {
    let mut doomed = Vec::new();
    for object in &named {
        find(env, catalog, object.clone(), None, &mut doomed).await?;
    }
    let is_named = |one: &Doomed| named.iter().any(|object| object.key() == one.object.key());
    doomed.iter_mut().filter(|one| is_named(one)).for_each(|one| one.because = None);
    // A key between two tables that both go is of neither's concern.
    let going: Vec<Oid> = doomed.iter().filter_map(|one| one.object.relation()).collect();
    doomed.retain(|one| match &one.object {
        Object::Constraint(ConstraintRow { table, .. }) | Object::Default(table, _) => !going.contains(table),
        _ => true,
    });
    let subject = match &named[..] {
        [_] => doomed.last().map(|one| one.what.clone()).unwrap_or_default(),
        _ => "desired object(s)".to_string(),
    };
    settle(env, &doomed, &subject, cascade)?;
    for one in &doomed {
        remove(env, catalog, &one.object).await?;
    }
    Ok(())
}

/// `findDependentObjects`: notes an object behind all that depends on it, unless it is noted already.
fn find<'a>(
    env: &'a Env,
    catalog: &'a Catalog,
    object: Object,
    because: Option<&'a str>,
    doomed: &'a mut Vec<Doomed>,
) -> Pin<Box<dyn Future<Output = Result<()>> + 'a>> {
    Box::pin(async move {
        if doomed.iter().any(|known| known.object.key() == object.key()) {
            return Ok(());
        }
        let what = describe(env, catalog, &object).await?;
        let mut dependents = dependents(env, catalog, &object).await?;
        small::sort_by(&mut dependents, |a, b| b.key().cmp(&a.key()));
        for dependent in dependents {
            find(env, catalog, dependent, Some(&what), doomed).await?;
        }
        doomed.push(Doomed { object, what, because: because.map(str::to_string) });
        Ok(())
    })
}

async fn describe(env: &Env, catalog: &Catalog, object: &Object) -> Result<String> {
    Ok(match object {
        Object::Relation(table) => described(env, catalog, table).await?,
        Object::Schema(_, name) => format!("schema {}", quote_ident(name)),
        Object::Constraint(row) => {
            let table = need(env, catalog, row.table).await?;
            format!("constraint {} on {}", quote_ident(&row.name), described(env, catalog, &table).await?)
        }
        Object::Default(table, column) => {
            let table = need(env, catalog, *table).await?;
            let shown = described(env, catalog, &table).await?;
            format!("default value for column {} of {shown}", quote_ident(&table.desc.attrs[*column].name))
        }
    })
}

async fn need(env: &Env, catalog: &Catalog, oid: Oid) -> Result<Rc<Table>> {
    let table = catalog.table_by_oid(env, oid).await?;
    table.ok_or_else(|| Error::internal(format!("could not open relation with OID {oid}")))
}

/// What depends on an object by itself; parts of it do not count.
async fn dependents(env: &Env, catalog: &Catalog, object: &Object) -> Result<Vec<Object>> {
    let mut found = Vec::new();
    match object {
        Object::Relation(table) => {
            if table.class.kind == b'S' {
                find_users(env, catalog, table, &mut found).await?;
            }
            let others = table.referenced_by.iter().filter(|row| row.table != table.oid);
            found.extend(others.cloned().map(Object::Constraint));
            for (view, _) in view::users_of(env, table.oid).await? {
                found.push(Object::Relation(need(env, catalog, view).await?));
            }
        }
        Object::Schema(oid, _) => {
            for class in catalog.relations(env).await?.into_iter().filter(|class| class.namespace == *oid) {
                let owned = class.kind == b'S' && depend::owner_of(env, class.oid).await?.is_some();
                if matches!(class.kind, b'r' | b'v' | b'S') && !owned {
                    found.push(Object::Relation(need(env, catalog, class.oid).await?));
                }
            }
        }
        Object::Constraint(_) | Object::Default(..) => {}
    }
    Ok(found)
}

/// A sequence that is a part of its column stays; the defaults of others that use it keep it.
async fn find_users(env: &Env, catalog: &Catalog, sequence: &Table, found: &mut Vec<Object>) -> Result<()> {
    let owner = depend::owner_of(env, sequence.oid).await?;
    if let Some(owner) = owner.filter(|owner| owner.kind == b'i')
        && let Some(table) = catalog.table_by_oid(env, owner.table).await?
    {
        let column = &table.desc.attrs[owner.column].name;
        let (name, table) = (catalog.shown(env, sequence).await?, catalog.shown(env, &table).await?);
        let message = format!("cannot drop sequence {name} because column {column} of table {table} requires it");
        return Err(Error::new(sqlstate::DEPENDENT_OBJECTS_STILL_EXIST, message)
            .hint(format!("You can drop column {column} of table {table} instead.")));
    }
    for (user, column) in attrdef::users_of(env, sequence.oid).await? {
        found.push(Object::Default(user, column));
    }
    Ok(())
}

/// `reportDependentObjects`: refuses, or tells what else goes.
fn settle(env: &Env, doomed: &[Doomed], subject: &str, cascade: bool) -> Result<()> {
    let dependents = || doomed.iter().rev().filter_map(|one| Some((&one.what, one.because.as_ref()?)));
    if dependents().next().is_none() {
        return Ok(());
    }
    if !cascade {
        let detail: Vec<String> = dependents().map(|(what, on)| format!("{what} depends on {on}")).collect();
        let verb = if subject.starts_with("desired") { "them" } else { "it" };
        let message = format!("cannot drop {subject} because other objects depend on {verb}");
        return Err(Error::new(sqlstate::DEPENDENT_OBJECTS_STILL_EXIST, message)
            .detail(detail.join("\n"))
            .hint("Use DROP ... CASCADE to drop the dependent objects too."));
    }
    let lines: Vec<String> = dependents().map(|(what, _)| format!("drop cascades to {what}")).collect();
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

/// What keeps a column of a table, from 0: with CASCADE the views that show it go, and all that depends on them.
pub(super) async fn drop_users_of_column(
    env: &Env,
    catalog: &Catalog,
    table: &Table,
    column: usize,
    cascade: bool,
) -> Result<()> {
    let shown = described(env, catalog, table).await?;
    let what = format!("column {} of {shown}", quote_ident(&table.desc.attrs[column].name));
    let mut doomed = Vec::new();
    let mut users = view::users_of(env, table.oid).await?;
    small::sort_by(&mut users, |a, b| b.0.cmp(&a.0));
    for (user, used) in users {
        if used == column as i16 + 1 {
            let user = need(env, catalog, user).await?;
            find(env, catalog, Object::Relation(user), Some(&what), &mut doomed).await?;
        }
    }
    settle(env, &doomed, &what, cascade)?;
    for one in &doomed {
        remove(env, catalog, &one.object).await?;
    }
    Ok(())
}

/// Removes one of them, of which nothing else is left.
async fn remove(env: &Env, catalog: &Catalog, object: &Object) -> Result<()> {
    match object {
        Object::Relation(table) => {
            env.lock_relation(table.oid, LockMode::AccessExclusive).await?;
            drop_locked(env, catalog, table).await
        }
        Object::Schema(oid, name) => schema::drop_row(env, catalog, *oid, name).await,
        Object::Constraint(row) => {
            env.lock_relation(row.table, LockMode::AccessExclusive).await?;
            invalidate(env, [Invalidation::Relcache { db: env.database, rel: row.table }]);
            constraint::drop_row(env, row).await
        }
        Object::Default(table, column) => attrdef::remove(env, catalog, *table, *column).await,
    }
}
