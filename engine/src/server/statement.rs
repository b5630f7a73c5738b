//! Running one statement: what is the executor's goes to the executor, the rest is done here.

use std::cell::RefCell;
use std::rc::Rc;

use super::checkpoint_policy::Flags;
use super::checkpointer;
use super::explain::explain_columns;
use super::prepared::Prepared;
use super::session::Session;
use crate::catalog::Table;
use crate::ids::{Error, LockMode, Result, sqlstate};
use crate::settings::{DEFINITIONS, Settings};
use crate::sql::ast::{LockTable, QualName, Query, Statement, Use};
use crate::sql::bind::{self, Params};
use crate::sql::bound::{self, Bound, CatalogView, OutColumn, Row};
use crate::sql::exec;
use crate::sql::functions::load_relations;
use crate::sql::parse::parse_query;
use crate::trace::Event;
use crate::txn::{BlockState, Isolation};
use crate::types::{Datum, TypeId};

/// A part of a statement's answer.
pub(super) enum Part<'a> {
    /// The columns of the rows that follow.
    Columns(&'a [OutColumn]),
    /// A row.
    Row(&'a [Datum]),
}

/// The values of a statement's parameters, and the types as which it was prepared.
#[derive(Clone, Default)]
pub(super) struct Parameters {
    pub(super) types: Vec<TypeId>,
    pub(super) values: Vec<Datum>,
    /// The prepared statement whose they are.
    pub(super) of: Option<Rc<Prepared>>,
}

/// Where the parts of an answer go.
pub(super) type Sink<'a> = &'a mut dyn FnMut(Part) -> Result<()>;

/// The tables that a statement names, looked up and locked before it is bound.
#[derive(Default)]
struct OpenTables {
    open: Vec<(QualName, Rc<Table>)>,
    /// Tables that only literals of type `regclass` name, and names for which there are none; not locked.
    mentioned: Vec<(Name, Option<Rc<Table>>)>,
    /// What binding has asked for and was in neither list.
    missed: RefCell<Vec<Name>>,
}

/// A schema, if one is named, and a table.
type Name = (Option<String>, String);

impl CatalogView for OpenTables {
    fn table(&self, schema: Option<&str>, name: &str) -> Result<Option<Rc<Table>>> {
        let named = |q: &QualName| q.schema.as_deref() == schema && &*q.name == name;
        if let Some((_, table)) = self.open.iter().find(|(q, _)| named(q)) {
            return Ok(Some(table.clone()));
        }
        let asked: Name = (schema.map(str::to_string), name.to_string());
        let known = self.mentioned.iter().find(|(name, _)| *name == asked);
        if known.is_none() {
            self.missed.borrow_mut().push(asked);
        }
        Ok(known.and_then(|(_, table)| table.clone()))
    }
}

impl Session {
    /// Runs a statement and returns its command tag. `several`: it is one of several in a query string.
    pub(super) async fn run_statement(
        &mut self,
        statement: Statement,
        parameters: &Parameters,
        several: bool,
        sink: Sink<'_>,
    ) -> Result<String> {
        self.refuse_to_write(&statement)?;
        let tag = match statement {
            Statement::Begin { start, modes } => {
                self.begin_block(&modes)?;
                if start { "START TRANSACTION" } else { "BEGIN" }
            }
            Statement::Commit { chain: false } => self.commit_block().await?,
            Statement::Rollback { chain: false } => {
                self.rollback_block().await?;
                "ROLLBACK"
            }
            Statement::Commit { .. } | Statement::Rollback { .. } => return Err(Error::unsupported("AND CHAIN")),
            Statement::Savepoint(name) => self.savepoint(&name).map(|()| "SAVEPOINT")?,
            Statement::Release(name) => self.release_savepoint(&name).map(|()| "RELEASE")?,
            Statement::RollbackTo(name) => self.rollback_to(&name).await.map(|()| "ROLLBACK")?,
            Statement::SetTransaction { .. } | Statement::Set(_) | Statement::Reset(_) | Statement::Show(_) => {
                self.run_setting(statement, sink)?
            }
            Statement::SetConstraints(names, deferred) => {
                self.set_constraints(names.as_deref(), deferred).await?;
                "SET CONSTRAINTS"
            }
            Statement::Lock(lock) => {
                self.lock_table(&lock).await?;
                "LOCK TABLE"
            }
            Statement::AlterSystem(change) => {
                self.forbid_in_block("ALTER SYSTEM", several)?;
                self.alter_system(change.as_ref()).await?;
                "ALTER SYSTEM"
            }
            Statement::Checkpoint | Statement::Vacuum(_) | Statement::Analyze(_) | Statement::Reindex(_) => {
                self.maintain(&statement, several).await?
            }
            statement @ (Statement::CreateTable(_)
            | Statement::DropTable(_)
            | Statement::CreateSequence(_)
            | Statement::AlterSequence(_)
            | Statement::DropSequence(_)
            | Statement::CreateSchema(_)
            | Statement::RenameSchema(..)
            | Statement::DropSchema(_)
            | Statement::CreateView(_)
            | Statement::DropView(_)
            | Statement::Truncate(_)
            | Statement::AlterTable(_)
            | Statement::CreateIndex(_)
            | Statement::DropIndex(_)) => self.run_definition(&statement).await?,
            Statement::Discard(what) => self.discard(what, several).await?,
            Statement::Prepare(prepare) => self.prepare_sql(prepare).await.map(|()| "PREPARE")?,
            Statement::Execute(execute) => return Box::pin(self.execute_sql(&execute, sink)).await,
            Statement::Deallocate(name) => self.deallocate(name.as_ref())?,
            Statement::Declare(declare) => self.declare(declare).await.map(|()| "DECLARE CURSOR")?,
            Statement::Fetch(fetch) => return self.fetch_cursor(&fetch, sink).await,
            Statement::Close(name) => self.close(name.as_ref())?,
            Statement::Copy(copy) => return Box::pin(self.copy(*copy, parameters)).await,
            Statement::CreateTableAs(create) => return self.create_table_as(*create, parameters).await,
            Statement::Explain(statement, how) => return self.explain(&statement, &how, parameters, sink).await,
            statement => return self.run_bound(&statement, parameters, sink).await,
        };
        Ok(tag.to_string())
    }

    /// CHECKPOINT, VACUUM, ANALYZE and REINDEX.
    async fn maintain(&mut self, statement: &Statement, several: bool) -> Result<&'static str> {
        match statement {
            Statement::Vacuum(vacuum) => {
                self.forbid_in_block("VACUUM", several)?;
                self.vacuum(vacuum).await.map(|()| "VACUUM")
            }
            Statement::Analyze(analyze) => self.analyze(analyze).await.map(|()| "ANALYZE"),
            Statement::Reindex(reindex) => self.reindex(reindex).await.map(|()| "REINDEX"),
            _ => {
                let force = if self.env.txns.procs.in_recovery() { Flags::default() } else { Flags::FORCE };
                checkpointer::request(&self.env.cx, &self.server, Flags::IMMEDIATE | force).await?;
                Ok("CHECKPOINT")
            }
        }
    }

    /// SET, RESET, SHOW and SET TRANSACTION.
    fn run_setting(&mut self, statement: Statement, sink: Sink<'_>) -> Result<&'static str> {
        match statement {
            Statement::SetTransaction { session: false, modes } => self.set_modes(&modes).map(|()| "SET"),
            Statement::Set(set) => self.set_variable(&set).map(|()| "SET"),
            Statement::Reset(name) => self.reset(name.as_deref()).map(|()| "RESET"),
            Statement::Show(name) => self.show(name.as_deref(), sink).map(|()| "SHOW"),
            _ => Err(Error::unsupported("SET SESSION CHARACTERISTICS")),
        }
    }

    /// What a statement takes and returns, without running it.
    pub(super) async fn describe_statement(
        &mut self,
        statement: &Statement,
        known: &[Option<TypeId>],
    ) -> Result<(Vec<TypeId>, Option<Vec<OutColumn>>)> {
        match statement {
            Statement::Show(name) => return Ok((Vec::new(), Some(show_columns(name.as_deref())))),
            Statement::Fetch(fetch) if !fetch.only_move => {
                return Ok((Vec::new(), Some(self.cursor_columns(&fetch.cursor)?)));
            }
            Statement::Execute(execute) => return Ok((Vec::new(), self.find_prepared(&execute.name)?.columns.clone())),
            _ => {}
        }
        if let Statement::Explain(statement, options) = statement {
            let bound = self.bind_statement(statement, Params::Some(known)).await?;
            return Ok((bound.map_or_else(Vec::new, |bound| bound.params), Some(explain_columns(options))));
        }
        let bound = self.bind_statement(statement, Params::Some(known)).await?;
        Ok(match bound {
            Some(Bound { statement, params, .. }) => (params, statement.columns().map(<[_]>::to_vec)),
            None => (Vec::new(), None),
        })
    }

    /// SELECT, INSERT, UPDATE, DELETE: looked up, locked, bound, executed.
    pub(super) async fn run_bound(
        &mut self,
        statement: &Statement,
        parameters: &Parameters,
        sink: Sink<'_>,
    ) -> Result<String> {
        let bound = self.bind_with(statement, parameters).await?;
        let columns = bound.statement.columns();
        // Of what changes rows nothing is said before all of it is done: `PORTAL_ONE_RETURNING`, `PORTAL_ONE_MOD_WITH`.
        let at_once = bound.writes();
        let mut kept: Vec<Row> = Vec::new();
        if let (Some(columns), false) = (columns, at_once) {
            sink(Part::Columns(columns))?;
        }
        let mut take = |row: &[Datum]| match at_once {
            true => {
                kept.push(row.to_vec());
                Ok(())
            }
            false => sink(Part::Row(row)),
        };
        let rows = exec::run(&self.fx, &bound, &parameters.values, &mut take).await;
        self.env.release_work();
        let rows = rows?;
        if let (Some(columns), true) = (columns, at_once) {
            sink(Part::Columns(columns))?;
            kept.iter().try_for_each(|row| sink(Part::Row(row)))?;
        }
        self.env.cx.point(Event::ResultSent { rows: rows as u32 }).await;
        Ok(match bound.statement {
            bound::Statement::Query(_) => format!("SELECT {rows}"),
            bound::Statement::Insert(_) => format!("INSERT 0 {rows}"),
            bound::Statement::Update(_) => format!("UPDATE {rows}"),
            bound::Statement::Delete(_) => format!("DELETE {rows}"),
        })
    }

    /// Binds a statement for values of its parameters. One that was prepared must have the columns that it had then.
    pub(super) async fn bind_with(&self, statement: &Statement, parameters: &Parameters) -> Result<Bound> {
        let known: Vec<Option<TypeId>> = parameters.types.iter().copied().map(Some).collect();
        let params = if known.is_empty() { Params::None } else { Params::Some(&known) };
        let bound = self.bind_statement(statement, params).await?;
        let bound = bound.ok_or_else(|| Error::unsupported("this statement"))?;
        if let Some(prepared) = &parameters.of {
            prepared.runs.set(prepared.runs.get() + 1);
            let before = prepared.columns.as_deref().unwrap_or_default();
            let now = bound.statement.columns().unwrap_or_default();
            let same = |(a, b): (&OutColumn, &OutColumn)| (&a.name, a.ty, a.typmod) == (&b.name, b.ty, b.typmod);
            if before.len() != now.len() || !before.iter().zip(now).all(same) {
                let message = "cached plan must not change result type";
                return Err(Error::new(sqlstate::FEATURE_NOT_SUPPORTED, message));
            }
        }
        Ok(bound)
    }

    /// Binds a statement. Which literals name tables is known only then: binding is repeated once those that it has
    /// asked for are looked up.
    pub(super) async fn bind_statement(&self, statement: &Statement, params: Params<'_>) -> Result<Option<Bound>> {
        // Analysis needs a snapshot, before any table is waited for; in REPEATABLE READ it is the transaction's.
        let planned = matches!(
            statement,
            Statement::Query(_) | Statement::Insert(_) | Statement::Update(_) | Statement::Delete(_)
        );
        if planned && self.env.xact.borrow().isolation == Isolation::RepeatableRead {
            self.env.take_snapshot();
        }
        self.bind_tables(statement, |tables| bind::bind(statement, tables, &self.functions, params)).await
    }

    /// Binds a statement, or a part of it, to the tables that it names.
    pub(super) async fn bind_tables<T>(
        &self,
        statement: &Statement,
        bind: impl Fn(&dyn CatalogView) -> Result<T>,
    ) -> Result<T> {
        if self.names_relations {
            self.load_relations().await?;
        }
        let mut tables = self.open_tables(statement).await?;
        loop {
            let bound = bind(&tables);
            let missed = tables.missed.take();
            if bound.is_ok() || missed.is_empty() {
                return bound;
            }
            for (schema, name) in missed {
                let table = self.catalog.table(&self.env, schema.as_deref(), &name).await?;
                tables.mentioned.push(((schema, name), table));
            }
        }
    }

    /// Puts the names of all relations where a regclass is read and shown by them.
    pub(super) async fn load_relations(&self) -> Result<()> {
        load_relations(&self.env, &self.catalog).await
    }

    /// Binds something that names tables only in literals; they are looked up as it asks for them.
    pub(super) async fn with_tables<T>(&self, bind: impl Fn(&dyn CatalogView) -> Result<T>) -> Result<T> {
        let mut tables = OpenTables::default();
        loop {
            let bound = bind(&tables);
            let missed = tables.missed.take();
            if bound.is_ok() || missed.is_empty() {
                return bound;
            }
            for (schema, name) in missed {
                let table = self.catalog.table(&self.env, schema.as_deref(), &name).await?;
                tables.mentioned.push(((schema, name), table));
            }
        }
    }

    /// Looks up and locks the tables that a statement names.
    async fn open_tables(&self, statement: &Statement) -> Result<OpenTables> {
        self.catalog.accept_invalidations(&self.env);
        let mut tables = OpenTables::default();
        let mut views: Vec<Rc<Query>> = Vec::new();
        for (name, used) in statement.relations() {
            let mode = match used {
                Use::Changes => LockMode::RowExclusive,
                Use::Locks => LockMode::RowShare,
                Use::Reads => LockMode::AccessShare,
            };
            if let Some(table) = self.catalog.open(&self.env, name.schema.as_deref(), &name.name, mode).await? {
                table.refuse_index().map_err(|error| error.at(name.pos.0))?;
                self.refuse_other_temp(&table)?;
                if used == Use::Changes && !table.class.is_temporary() {
                    self.refuse_if_read_only(match statement {
                        Statement::Insert(_) => "INSERT",
                        Statement::Update(_) => "UPDATE",
                        Statement::Delete(_) => "DELETE",
                        _ => "SELECT",
                    })?;
                }
                views.extend(self.query_of(&table).await?);
                tables.open.push((name.clone(), table));
            } else if let Some(query) = self.functions.find_query(name.schema.as_deref(), &name.name) {
                views.push(Rc::new(parse_query(query)?));
            }
        }
        while let Some(view) = views.pop() {
            self.open_view(&view, &mut tables, &mut views).await?;
        }
        Ok(tables)
    }

    /// The query of a relation that is a view.
    async fn query_of(&self, table: &Table) -> Result<Option<Rc<Query>>> {
        let Some(text) = &table.view else { return Ok(None) };
        if !self.names_relations && text.contains("regclass") {
            self.load_relations().await?;
        }
        bind::view_query(table).map(Some)
    }

    /// Looks up and locks the tables that a view names; views among them are left to be looked into.
    async fn open_view(&self, view: &Query, tables: &mut OpenTables, views: &mut Vec<Rc<Query>>) -> Result<()> {
        for (name, used) in view.relations() {
            let mode = if used == Use::Locks { LockMode::RowShare } else { LockMode::AccessShare };
            if tables.open.iter().any(|(known, _)| known == name) {
                continue;
            }
            if let Some(table) = self.catalog.open(&self.env, name.schema.as_deref(), &name.name, mode).await? {
                views.extend(self.query_of(&table).await?);
                tables.open.push((name.clone(), table));
            }
        }
        Ok(())
    }

    /// What is in another session's temporary table only that session knows.
    pub(super) fn refuse_other_temp(&self, table: &Table) -> Result<()> {
        if !self.env.is_other_temp(table.rel.file) {
            return Ok(());
        }
        let message = "cannot access temporary tables of other sessions";
        Err(Error::new(sqlstate::FEATURE_NOT_SUPPORTED, message))
    }

    /// In a transaction that only reads, and on a standby, nothing may be changed.
    pub(super) fn refuse_to_write(&self, statement: &Statement) -> Result<()> {
        let statement = match statement {
            Statement::Explain(explained, options) if options.analyze => explained,
            other => other,
        };
        let what = match statement {
            Statement::Query(query) if !query.locking.is_empty() => &format!("SELECT {}", query.locking[0].name()),
            Statement::Insert(_) => "INSERT",
            Statement::Update(_) => "UPDATE",
            Statement::Delete(_) => "DELETE",
            Statement::CreateTable(_) => "CREATE TABLE",
            Statement::CreateTableAs(create) if create.into => "SELECT INTO",
            Statement::CreateTableAs(_) => "CREATE TABLE AS",
            Statement::DropTable(_) => "DROP TABLE",
            Statement::CreateSequence(_) => "CREATE SEQUENCE",
            Statement::AlterSequence(_) => "ALTER SEQUENCE",
            Statement::DropSequence(_) => "DROP SEQUENCE",
            Statement::CreateSchema(_) => "CREATE SCHEMA",
            Statement::RenameSchema(..) => "ALTER SCHEMA",
            Statement::DropSchema(_) => "DROP SCHEMA",
            Statement::CreateView(_) => "CREATE VIEW",
            Statement::DropView(_) => "DROP VIEW",
            Statement::Truncate(_) => "TRUNCATE TABLE",
            Statement::AlterTable(_) => "ALTER TABLE",
            Statement::CreateIndex(_) => "CREATE INDEX",
            Statement::DropIndex(_) => "DROP INDEX",
            Statement::Reindex(_) => "REINDEX",
            Statement::Analyze(_) if self.env.txns.procs.in_recovery() => {
                let message = "cannot execute ANALYZE during recovery";
                return Err(Error::new(sqlstate::READ_ONLY_SQL_TRANSACTION, message));
            }
            Statement::Vacuum(_) if self.env.txns.procs.in_recovery() => {
                let message = "cannot execute VACUUM during recovery";
                return Err(Error::new(sqlstate::READ_ONLY_SQL_TRANSACTION, message));
            }
            _ => return Ok(()),
        };
        // Rows of temporary tables may be changed nevertheless: which table it is will be known later.
        let rows = matches!(statement, Statement::Insert(_) | Statement::Update(_) | Statement::Delete(_));
        if rows && self.env.temp_tables.has_schema.get() {
            return Ok(());
        }
        self.refuse_if_read_only(what)
    }

    pub(super) fn refuse_if_read_only(&self, what: &str) -> Result<()> {
        if !self.env.xact.borrow().read_only {
            return Ok(());
        }
        let message = format!("cannot execute {what} in a read-only transaction");
        Err(Error::new(sqlstate::READ_ONLY_SQL_TRANSACTION, message))
    }

    pub(super) fn forbid_in_block(&self, what: &str, several: bool) -> Result<()> {
        if self.block() != BlockState::Implicit || several {
            let message = format!("{what} cannot run inside a transaction block");
            return Err(Error::new(sqlstate::ACTIVE_SQL_TRANSACTION, message));
        }
        Ok(())
    }

    /// LOCK TABLE: to the end of the transaction, which must not be the statement's own.
    async fn lock_table(&mut self, lock: &LockTable) -> Result<()> {
        self.need_block("LOCK TABLE")?;
        if self.env.txns.procs.in_recovery() && lock.mode > LockMode::RowExclusive {
            return Err(Error::new(sqlstate::READ_ONLY_SQL_TRANSACTION, "cannot execute LOCK TABLE during recovery"));
        }
        for name in &lock.names {
            let schema = name.schema.as_deref();
            let opened = match lock.nowait {
                false => self.catalog.open(&self.env, schema, &name.name, lock.mode).await?,
                true => self.catalog.try_open(&self.env, schema, &name.name, lock.mode).await?,
            };
            let Some(table) = opened else {
                return Err(Error::new(sqlstate::UNDEFINED_TABLE, format!("relation \"{name}\" does not exist")));
            };
            if table.class.is_index() {
                let message = format!("cannot lock relation \"{name}\"");
                return Err(Error::new(sqlstate::WRONG_OBJECT_TYPE, message)
                    .detail("This operation is not supported for indexes."));
            }
        }
        Ok(())
    }

    /// `RequireTransactionBlock`
    pub(super) fn need_block(&self, what: &str) -> Result<()> {
        if self.block() != BlockState::Implicit {
            return Ok(());
        }
        let message = format!("{what} can only be used in transaction blocks");
        Err(Error::new(sqlstate::NO_ACTIVE_SQL_TRANSACTION, message))
    }
}

/// The columns of SHOW.
pub(super) fn show_columns(name: Option<&str>) -> Vec<OutColumn> {
    let column = |name: &str| OutColumn { name: name.into(), ty: TypeId::Text, typmod: -1, source: Default::default() };
    match name {
        Some(name) => vec![column(Settings::find(name).map_or(name, |setting| DEFINITIONS[setting as usize].name))],
        None => ["name", "setting", "description"].map(column).to_vec(),
    }
}
