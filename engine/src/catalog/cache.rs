//! What a backend remembers of the catalogs.
//!
//! A table that was looked up once is not looked up again until somebody's DDL has been committed: then the shared count
//! of invalidations has gone up, and everything remembered is forgotten. (PostgreSQL forgets table by table; with the
//! few tables of a lab one count is enough.) That there is *no* table of a name is remembered too.
//!
//! The count is looked at when a statement begins and whenever a lock was waited for. In between a backend goes on with
//! what it knows: the lock on the table that it uses keeps others from changing it.

use crate::small;
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::layout::{PG_ATTRIBUTE, PG_CLASS, PG_CONSTRAINT, PG_INDEX};
use super::pg_class::{self, ClassRow};
use super::pg_constraint::{self, ConstraintRow};
use super::pg_index::{self, IndexRow};
use super::search_path::{Known, SearchPath, SeenNames};
use super::{Table, TableIndex, pg_attribute, rows, view};
use super::{attrdef, index, sequence};
use crate::ids::{Error, LockMode, Oid, Result, sqlstate};
use crate::txn::Env;
use crate::types::{Datum, TupleDesc};

/// What the cache counts.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct CacheStats {
    /// Tables and names that were remembered.
    pub hits: u64,
    /// Those that had to be read.
    pub misses: u64,
    /// Times that everything was forgotten.
    pub invalidations: u64,
    /// Tables remembered now.
    pub tables: usize,
}

/// A backend's own cache of the catalogs.
#[derive(Default)]
pub struct Catalog {
    /// By schema and name; an absent table is remembered as `None`.
    names: RefCell<small::Map<(Oid, String), Option<Oid>>>,
    tables: RefCell<small::Map<Oid, Rc<Table>>>,
    /// What other rooms have made of tables: forgotten with them.
    plans: RefCell<small::Map<(Oid, u8), Rc<dyn Any>>>,
    /// The names of all relations, as they are seen along a path.
    pub(super) relation_names: RefCell<Option<SeenNames>>,
    /// The schemas, and the way through them.
    pub(super) known: RefCell<Known>,
    /// How many invalidations this backend has heeded, and how many of schemas.
    heeded: Cell<(u64, u64)>,
    stats: Cell<CacheStats>,
}

impl Catalog {
    /// An empty cache.
    pub fn new() -> Catalog {
        Catalog::default()
    }

    /// What it has counted.
    pub fn stats(&self) -> CacheStats {
        CacheStats { tables: self.tables.borrow().len(), ..self.stats.get() }
    }

    fn count(&self, change: impl FnOnce(&mut CacheStats)) {
        let mut stats = self.stats.get();
        change(&mut stats);
        self.stats.set(stats);
    }

    /// `AcceptInvalidationMessages`: forgets everything if somebody has changed a table. Called when a statement
    /// begins.
    pub fn accept_invalidations(&self, env: &Env) {
        let sent = (env.txns.invalidations.get(), env.txns.schema_changes.get());
        let heeded = self.heeded.replace(sent);
        if heeded.0 != sent.0 {
            self.forget_all();
        }
        if heeded.1 != sent.1 {
            self.forget_schemas();
        }
    }

    /// This backend itself has changed a table.
    pub fn forget_all(&self) {
        self.names.borrow_mut().clear();
        self.tables.borrow_mut().clear();
        self.plans.borrow_mut().clear();
        *self.relation_names.borrow_mut() = None;
        self.count(|stats| stats.invalidations += 1);
    }

    // --- looking up ------------------------------------------------------------------------------------------

    /// The table of this name, in a schema or along `search_path`; not locked. A schema that does not exist has no
    /// tables.
    pub async fn table(&self, env: &Env, schema: Option<&str>, name: &str) -> Result<Option<Rc<Table>>> {
        let path = match schema {
            Some(schema) => {
                SearchPath { schemas: self.schema(env, schema).await?.into_iter().collect(), ..SearchPath::default() }
                    .into()
            }
            None => self.search_path(env).await?,
        };
        for namespace in path.schemas.iter().copied() {
            if let Some(oid) = self.oid_of(env, namespace, name).await? {
                return self.table_by_oid(env, oid).await;
            }
        }
        Ok(None)
    }

    async fn oid_of(&self, env: &Env, namespace: Oid, name: &str) -> Result<Option<Oid>> {
        let key = (namespace, name.to_string());
        let known = self.names.borrow().get(&key).copied();
        if let Some(known) = known {
            self.count(|stats| stats.hits += 1);
            return Ok(known);
        }
        self.count(|stats| stats.misses += 1);
        let found = read_named(env, namespace, name).await?.map(|class| class.oid);
        self.names.borrow_mut().insert(key, found);
        Ok(found)
    }

    /// The table with this oid; not locked.
    pub async fn table_by_oid(&self, env: &Env, oid: Oid) -> Result<Option<Rc<Table>>> {
        let known = self.tables.borrow().get(&oid).cloned();
        if known.is_some() {
            self.count(|stats| stats.hits += 1);
            return Ok(known);
        }
        self.count(|stats| stats.misses += 1);
        let Some(class) = read_by_oid(env, oid).await? else { return Ok(None) };
        let columns = rows::find(env, &PG_ATTRIBUTE, 1, |first| pg_attribute::is_of(first, oid)).await?;
        let columns: Vec<_> = columns.into_iter().map(|(_, values)| values).collect();
        let desc = TupleDesc::new(pg_attribute::columns(&columns, class.natts)?);
        let schema = self.schema_name(env, class.namespace).await?;
        let mut table = Table::new(class, schema, desc, env.database);
        if table.class.has_index {
            let mut indexes = Vec::new();
            for (known, class) in read_indexes(env, oid).await? {
                indexes.push(index::open(env, &table, &known.row, &class));
                table.indexes.push(known);
            }
            table.rel = table.rel.with_indexes(indexes);
        }
        if table.class.kind == b'r' && !table.is_catalog {
            read_constraints(env, &mut table).await?;
            if table.desc.attrs.iter().any(|attr| attr.has_default) {
                table.defaults = attrdef::read(env, oid).await?;
            }
            if table.desc.attrs.iter().any(|attr| attr.identity != 0) {
                table.defaults.extend(sequence::identity_defaults(env, oid).await?);
            }
        }
        if table.class.kind == b'v' {
            table.view = Some(view::query_of(env, oid).await?);
        }
        if table.class.toast.is_valid() {
            let toast = Box::pin(self.table_by_oid(env, table.class.toast)).await?;
            let missing = || Error::corrupt(format!("no row of pg_class for the TOAST table of {oid}"));
            table = table.with_toast(env, &*toast.ok_or_else(missing)?);
        }
        let table = Rc::new(table);
        self.tables.borrow_mut().insert(oid, table.clone());
        Ok(Some(table))
    }

    /// `RangeVarGetRelid`: the table of this name, locked. If a table was changed while the lock was waited for, the
    /// name is looked up again: it may be another table's by now, or nobody's.
    pub async fn open(&self, env: &Env, schema: Option<&str>, name: &str, mode: LockMode) -> Result<Option<Rc<Table>>> {
        loop {
            self.accept_invalidations(env);
            let sent = env.txns.invalidations.get();
            let Some(table) = self.table(env, schema, name).await? else { return Ok(None) };
            env.lock_relation(table.oid, mode).await?;
            if env.txns.invalidations.get() == sent {
                return Ok(Some(table));
            }
            self.accept_invalidations(env);
            let now = self.table(env, schema, name).await?;
            if let Some(now) = now.filter(|now| now.oid == table.oid) {
                return Ok(Some(now));
            }
            env.unlock_relation(table.oid, mode);
        }
    }

    /// The table with this oid, locked; an error if it is gone.
    pub async fn open_by_oid(&self, env: &Env, oid: Oid, mode: LockMode) -> Result<Rc<Table>> {
        env.lock_relation(oid, mode).await?;
        self.accept_invalidations(env);
        let table = self.table_by_oid(env, oid).await?;
        table.ok_or_else(|| Error::internal(format!("could not open relation with OID {oid}")))
    }

    /// What was kept of an object under a number.
    pub fn plan<T: 'static>(&self, key: (Oid, u8)) -> Option<Rc<T>> {
        self.plans.borrow().get(&key).and_then(|plan| plan.clone().downcast().ok())
    }

    /// Keeps something of an object, until a table is changed.
    pub fn keep_plan(&self, key: (Oid, u8), plan: Rc<dyn Any>) {
        self.plans.borrow_mut().insert(key, plan);
    }

    /// The same without waiting for the lock.
    pub async fn try_open(
        &self,
        env: &Env,
        schema: Option<&str>,
        name: &str,
        mode: LockMode,
    ) -> Result<Option<Rc<Table>>> {
        self.accept_invalidations(env);
        let Some(table) = self.table(env, schema, name).await? else { return Ok(None) };
        if env.try_lock_relation(table.oid, mode).await? {
            return Ok(Some(table));
        }
        let message = format!("could not obtain lock on relation \"{name}\"");
        Err(Error::new(sqlstate::LOCK_NOT_AVAILABLE, message))
    }

    /// All relations there are, by their rows of `pg_class`.
    pub async fn relations(&self, env: &Env) -> Result<Vec<ClassRow>> {
        let found = rows::find(env, &PG_CLASS, 1, |_| true).await?;
        found.iter().map(|(_, values)| ClassRow::of_values(values)).collect()
    }

    /// All tables there are, catalogs included, by their rows of `pg_class`; no indexes, sequences, views.
    pub async fn all(&self, env: &Env) -> Result<Vec<ClassRow>> {
        let found = rows::find(env, &PG_CLASS, 1, |_| true).await?;
        let classes = found.iter().map(|(_, values)| ClassRow::of_values(values));
        classes.filter(|class| !class.as_ref().is_ok_and(|class| !class.has_versions())).collect()
    }
}

/// The row of `pg_class` for a name, read now.
pub(super) async fn read_named(env: &Env, namespace: Oid, name: &str) -> Result<Option<ClassRow>> {
    let wanted = |first: &[_]| pg_class::is_named(first, namespace, name);
    let found = rows::find(env, &PG_CLASS, pg_class::NAME_COLUMNS, wanted).await?;
    found.first().map(|(_, values)| ClassRow::of_values(values)).transpose()
}

/// The constraints of a table, and those that refer to it.
async fn read_constraints(env: &Env, table: &mut Table) -> Result<()> {
    let concerns = |first: &[Datum]| pg_constraint::concerns(first, table.oid);
    for (_, values) in rows::find(env, &PG_CONSTRAINT, pg_constraint::FIRST_COLUMNS, concerns).await? {
        let row = ConstraintRow::of_values(&values)?;
        if row.foreign.as_ref().is_some_and(|key| key.table == table.oid) {
            table.referenced_by.push(row.clone());
        }
        if row.table == table.oid {
            table.constraints.push(row);
        }
    }
    small::sort_by_key(&mut table.constraints, |row| row.name.clone());
    small::sort_by_key(&mut table.referenced_by, |row| row.oid);
    Ok(())
}

/// The indexes of a table with their rows of `pg_class`, by their oids.
pub(super) async fn read_indexes(env: &Env, table: Oid) -> Result<Vec<(TableIndex, ClassRow)>> {
    let mut indexes = Vec::new();
    for (tid, values) in
        rows::find(env, &PG_INDEX, pg_index::TABLE_COLUMNS, |first| pg_index::is_on(first, table)).await?
    {
        let row = IndexRow::of_values(&values)?;
        let after = if row.check_xmin { Some(rows::xmin(env, &PG_INDEX, tid).await?) } else { None };
        let class = read_by_oid(env, row.oid).await?;
        let class = class.ok_or_else(|| Error::corrupt(format!("no row of pg_class for index {}", row.oid)))?;
        indexes.push((TableIndex { row, after }, class));
    }
    small::sort_by_key(&mut indexes, |(index, _)| index.row.oid);
    Ok(indexes)
}

pub(super) async fn read_by_oid(env: &Env, oid: Oid) -> Result<Option<ClassRow>> {
    let found = rows::find(env, &PG_CLASS, 1, |first| first[0] == Datum::Oid(oid)).await?;
    found.first().map(|(_, values)| ClassRow::of_values(values)).transpose()
}
