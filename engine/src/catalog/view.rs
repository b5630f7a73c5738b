//! Views: a relation without a file, whose rows a query gives. The query is kept as a rule, `_RETURN`, in `pg_rewrite`.
//!
//! ```text
//!   pg_class    relkind v ── pg_attribute its columns, as those of a table
//!       ▲
//!   pg_rewrite  ev_class ─┘   ev_action: the query, as SQL
//!       │
//!   pg_depend   the rule refers to each column that the query speaks of, and so keeps it from being dropped
//! ```
//!
//! PostgreSQL: `commands/view.c`, `rewrite/rewriteDefine.c`.

use std::rc::Rc;

use super::constraint::{change_class, finish};
use super::ddl::{creation_namespace, insert_class, invalidate, refuse_system_schema};
use super::layout::{PG_ATTRIBUTE, PG_REWRITE, PG_TYPE};
use super::pg_class::ClassRow;
use super::{Catalog, Table, array_type, cache, depend, invalidation, pg_attribute, pg_type, rows};
use crate::ids::{Error, LockMode, Oid, Result, sqlstate};
use crate::txn::{Env, new_oid};
use crate::types::{Attr, Datum};

/// Places of columns of `pg_rewrite`.
mod column {
    pub(super) const OID: usize = 0;
    pub(super) const CLASS: usize = 2;
    pub(super) const ACTION: usize = 7;
}

/// A view to be made.
pub struct NewView<'a> {
    /// The schema, if named.
    pub schema: Option<&'a str>,
    /// Its name.
    pub name: &'a str,
    /// OR REPLACE
    pub replace: bool,
    /// Its columns.
    pub columns: Vec<Attr>,
    /// Its query, with all names qualified.
    pub query: &'a str,
    /// The columns that the query speaks of: relations and numbers.
    pub uses: Vec<(Oid, i16)>,
}

/// The query of a view.
pub(super) async fn query_of(env: &Env, view: Oid) -> Result<Rc<str>> {
    let is = |first: &[Datum]| first[column::CLASS] == Datum::Oid(view);
    let found = rows::find(env, &PG_REWRITE, column::CLASS + 1, is).await?;
    let (_, values) = found.first().ok_or_else(|| Error::internal(format!("cache lookup failed for view {view}")))?;
    Ok(values[column::ACTION].as_str()?.into())
}

/// The view of a rule.
pub async fn of_rule(env: &Env, rule: Oid) -> Result<Option<Oid>> {
    let found = rows::find(env, &PG_REWRITE, 1, |first| first[column::OID] == Datum::Oid(rule)).await?;
    found.first().map(|(_, values)| values[column::CLASS].as_u32().map(Oid)).transpose()
}

/// CREATE VIEW.
pub async fn create(env: &Env, catalog: &Catalog, new: &NewView<'_>) -> Result<Oid> {
    let namespace = creation_namespace(env, catalog, new.schema).await?;
    if let Some(known) = cache::read_named(env, namespace, new.name).await? {
        if !new.replace {
            return Err(Error::new(sqlstate::DUPLICATE_TABLE, format!("relation \"{}\" already exists", new.name)));
        }
        return replace(env, catalog, known.oid, new).await;
    }
    refuse_system_schema(namespace, new.name)?;
    array_type::make_room(env, namespace, new.name).await?;
    let (oid, array_type, row_type) = (new_oid(env).await?, new_oid(env).await?, new_oid(env).await?);
    env.lock_relation(oid, LockMode::AccessExclusive).await?;
    let array_name = array_type::choose_name(env, namespace, new.name).await?;
    for values in pg_type::rows_of_table(oid, namespace, (row_type, new.name), (array_type, &array_name)) {
        invalidate(env, invalidation::of_type(env.database, &values)?);
        rows::insert(env, &PG_TYPE, &values).await?;
    }
    let class = ClassRow::of_new_view(oid, new.name, namespace, row_type, new.columns.len());
    invalidate(env, invalidation::of_class(env.database, &class));
    insert_class(env, &class).await?;
    for values in pg_attribute::own_rows(oid, &new.columns) {
        invalidate(env, invalidation::of_attribute(env.database, &values)?);
        rows::insert(env, &PG_ATTRIBUTE, &values).await?;
    }
    env.xact.borrow_mut().next_command();
    insert_rule(env, oid, new).await?;
    change_class(env, oid, |class| class.has_rules = true).await?;
    finish(env, catalog, &[oid]);
    Ok(oid)
}

async fn insert_rule(env: &Env, view: Oid, new: &NewView<'_>) -> Result<()> {
    let rule = new_oid(env).await?;
    let values = [
        Datum::Oid(rule),
        Datum::name("_RETURN"),
        Datum::Oid(view),
        Datum::Char(b'1'),
        Datum::Char(b'O'),
        Datum::Bool(true),
        Datum::text("<>"),
        Datum::text(new.query),
    ];
    rows::insert(env, &PG_REWRITE, &values).await?;
    depend::insert_rule(env, rule, view, &new.uses).await
}

/// `checkViewTupleDesc`: CREATE OR REPLACE VIEW keeps the columns that there are, and may add others behind them.
async fn replace(env: &Env, catalog: &Catalog, oid: Oid, new: &NewView<'_>) -> Result<Oid> {
    let view = catalog.open_by_oid(env, oid, LockMode::AccessExclusive).await?;
    if view.class.kind != b'v' {
        return Err(Error::new(sqlstate::WRONG_OBJECT_TYPE, format!("\"{}\" is not a view", new.name)));
    }
    let invalid = |message: String| Err(Error::new(sqlstate::INVALID_TABLE_DEFINITION, message));
    if new.columns.len() < view.desc.natts() {
        return invalid("cannot drop columns from view".into());
    }
    for (old, now) in view.desc.attrs.iter().zip(&new.columns) {
        if old.name != now.name {
            let message = format!("cannot change name of view column \"{}\" to \"{}\"", old.name, now.name);
            return Err(Error::new(sqlstate::INVALID_TABLE_DEFINITION, message)
                .hint("Use ALTER VIEW ... RENAME COLUMN ... to change name of view column instead."));
        }
        let shown = |attr: &Attr| attr.type_id.format(attr.typmod);
        if shown(old) != shown(now) {
            let (before, after) = (shown(old), shown(now));
            return invalid(format!(
                "cannot change data type of view column \"{}\" from {before} to {after}",
                old.name
            ));
        }
    }
    let known = view.desc.natts();
    for (at, attr) in new.columns.iter().enumerate().skip(known) {
        let values = pg_attribute::row(oid, at as i16 + 1, attr, false);
        invalidate(env, invalidation::of_attribute(env.database, &values)?);
        rows::insert(env, &PG_ATTRIBUTE, &values).await?;
    }
    let natts = new.columns.len() as i16;
    change_class(env, oid, |class| class.natts = natts).await?;
    drop_rule(env, oid).await?;
    insert_rule(env, oid, new).await?;
    finish(env, catalog, &[oid]);
    Ok(oid)
}

async fn drop_rule(env: &Env, view: Oid) -> Result<()> {
    let is = |first: &[Datum]| first[column::CLASS] == Datum::Oid(view);
    for (tid, values) in rows::find(env, &PG_REWRITE, column::CLASS + 1, is).await? {
        rows::delete(env, &PG_REWRITE, tid).await?;
        depend::remove_of(env, Oid(values[column::OID].as_u32()?)).await?;
    }
    env.xact.borrow_mut().next_command();
    Ok(())
}

/// Removes what only a view has.
pub(super) async fn drop_rows(env: &Env, view: Oid) -> Result<()> {
    drop_rule(env, view).await
}

/// The views that refer to a relation, and to which of its columns, from 1; 0 for all of it.
pub async fn users_of(env: &Env, relation: Oid) -> Result<Vec<(Oid, i16)>> {
    let mut users = Vec::new();
    for (rule, column) in depend::rules_on(env, relation).await? {
        for (_, values) in rows::find(env, &PG_REWRITE, 1, |first| first[column::OID] == Datum::Oid(rule)).await? {
            let view = Oid(values[column::CLASS].as_u32()?);
            if view != relation {
                users.push((view, column));
            }
        }
    }
    Ok(users)
}

/// Refuses to rename what a view's query names: the query is kept by its names.
pub async fn refuse_if_used(env: &Env, table: &Table, column: Option<usize>) -> Result<()> {
    let users = users_of(env, table.oid).await?;
    let concerns = |used: i16| column.is_none_or(|column| used == column as i16 + 1);
    match users.iter().any(|(_, used)| concerns(*used)) {
        true if column.is_some() => Err(Error::unsupported("renaming a column that a view uses")),
        true => Err(Error::unsupported("renaming a relation that a view uses")),
        false => Ok(()),
    }
}
