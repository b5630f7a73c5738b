//! Statements that make and drop tables and indexes: from their tree to what the catalogs are told.

use super::session::Session;
use crate::access::KeyColumn;
use crate::catalog::constraint::{NewCheck, NewForeignKey};
use crate::catalog::ddl::{self, NewParts};
use crate::catalog::drop::{Kind, drop_relations};
use crate::catalog::index::{self, NewIndex, Purpose};
use crate::catalog::pg_class::ClassRow;
use crate::catalog::truncate::truncate as truncate_tables;
use crate::catalog::{Table, pg_namespace, sequence, temporary};
use crate::ids::{Error, Oid, Result, Xid, sqlstate};
use crate::sql::ast::{self, ConstraintKind, QualName, Statement, TableConstraint, Temporary};
use crate::sql::bind;
use crate::sql::bound::{self, NewColumn};
use crate::txn::{Env, OnCommit};
use crate::types::{Attr, TupleDesc};
use std::rc::Rc;

impl Session {
    /// Runs one of them and returns its command tag.
    pub(super) async fn run_definition(&mut self, statement: &Statement) -> Result<&'static str> {
        let (env, catalog) = (&self.env, &self.catalog);
        Ok(match statement {
            Statement::CreateTable(create) => {
                self.create_table(create).await?;
                "CREATE TABLE"
            }
            Statement::DropTable(drop) => {
                let names: Vec<_> = drop.names.iter().map(|name| (name.schema.as_deref(), &*name.name)).collect();
                drop_relations(env, catalog, Kind::Table, &names, drop.if_exists, drop.cascade).await?;
                "DROP TABLE"
            }
            Statement::Truncate(truncate) => {
                let names: Vec<_> = truncate.names.iter().map(|name| (name.schema.as_deref(), &*name.name)).collect();
                truncate_tables(env, catalog, &names, truncate.restart, truncate.cascade).await?;
                "TRUNCATE TABLE"
            }
            Statement::AlterTable(alter) => {
                self.alter_table(alter).await?;
                match alter.kind {
                    b'v' => "ALTER VIEW",
                    b'S' => "ALTER SEQUENCE",
                    _ => "ALTER TABLE",
                }
            }
            Statement::CreateSchema(_)
            | Statement::RenameSchema(..)
            | Statement::DropSchema(_)
            | Statement::CreateView(_)
            | Statement::DropView(_) => self.run_namespace(statement).await?,
            Statement::CreateSequence(create) => {
                self.create_sequence(create).await?;
                "CREATE SEQUENCE"
            }
            Statement::AlterSequence(alter) => {
                self.alter_sequence(alter).await?;
                "ALTER SEQUENCE"
            }
            Statement::DropSequence(drop) => {
                let names: Vec<_> = drop.names.iter().map(|name| (name.schema.as_deref(), &*name.name)).collect();
                drop_relations(env, catalog, Kind::Sequence, &names, drop.if_exists, drop.cascade).await?;
                "DROP SEQUENCE"
            }
            Statement::CreateIndex(create) => {
                self.create_index(create).await?;
                "CREATE INDEX"
            }
            Statement::DropIndex(drop) => {
                for name in &drop.names {
                    index::drop_index(env, catalog, name.schema.as_deref(), &name.name, drop.if_exists).await?;
                }
                "DROP INDEX"
            }
            _ => return Err(Error::internal("not a statement about tables or indexes")),
        })
    }

    async fn create_table(&self, create: &ast::CreateTable) -> Result<()> {
        let mut columns = bind::new_columns(create)?;
        let name = &create.name.name;
        let keys = bind::new_keys(name, &create.constraints, &mut columns)?;
        let keys = keys.iter().map(new_index).collect();
        let mut parts = NewParts { keys, fillfactor: create.fillfactor, ..NewParts::default() };
        let schema = schema_of(&self.env, &create.name, create.temporary)?;
        let numbered = self.number_columns(create, schema, &columns, &mut parts).await?;
        let columns: Vec<Attr> = columns.into_iter().map(new_attr).collect();
        for (at, column) in create.columns.iter().enumerate() {
            if let Some(default) = &column.default {
                let text = self.with_tables(|view| bind::new_default(&columns[at], default, view, &self.functions));
                parts.defaults.push((at, text.await?));
            }
        }
        let scope = table_to_be(name, &columns);
        for constraint in &create.constraints {
            match &constraint.kind {
                ConstraintKind::Key(..) => {}
                ConstraintKind::Check(condition) => {
                    parts.checks.push(self.new_check(&scope, constraint, condition).await?)
                }
                ConstraintKind::Foreign(key) => parts.foreign.push(new_foreign_key(constraint, key)),
            }
        }
        let (env, catalog, exists) = (&self.env, &self.catalog, create.if_not_exists);
        let made = ddl::create_table(env, catalog, schema, name, &columns, &parts, exists).await;
        let made = made.map_err(|error| match error.code() {
            sqlstate::INVALID_SCHEMA_NAME => error.at(create.name.pos.0),
            _ => error,
        })?;
        let Some(table) = made else { return Ok(()) };
        for (column, sequence) in numbered {
            sequence::own(env, sequence, table, column, columns[column].identity != 0).await?;
        }
        self.catalog_changed();
        note_on_commit(env, table, create.temporary);
        Ok(())
    }

    /// A check of a table, which may still be to be made.
    pub(super) async fn new_check<'a>(
        &self,
        table: &Rc<Table>,
        constraint: &'a TableConstraint,
        condition: &ast::Expr,
    ) -> Result<NewCheck<'a>> {
        let bound = self.with_tables(|view| bind::new_check(table, condition, view, &self.functions)).await?;
        let (condition, columns) = bound;
        Ok(NewCheck { name: constraint.name.as_deref(), condition, columns, validated: !constraint.not_valid })
    }

    async fn create_index(&self, create: &ast::CreateIndex) -> Result<()> {
        let columns = create.columns.iter().map(|column| (&*column.name, column.descending, column.nulls_first));
        let create = index::CreateIndex {
            table: (create.table.schema.as_deref(), &create.table.name),
            name: create.name.as_deref(),
            method: &create.method,
            unique: create.unique,
            if_not_exists: create.if_not_exists,
            columns: columns.collect(),
            included: create.included.iter().map(|name| &**name).collect(),
        };
        index::create_index(&self.env, &self.catalog, &create).await
    }
}

/// The schema in which a table is to be made, if one is said.
pub(super) fn schema_of<'a>(env: &Env, name: &'a QualName, temporary: Temporary) -> Result<Option<&'a str>> {
    match (name.schema.as_deref(), temporary) {
        (schema, Temporary::No) => Ok(schema),
        (schema, _) => temporary::creation_schema(env, schema).map(Some),
    }
}

/// What becomes of a new table at the commit.
pub(super) fn note_on_commit(env: &Env, table: Oid, temporary: Temporary) {
    match temporary {
        Temporary::DeleteRows => temporary::on_commit(env, table, OnCommit::DeleteRows),
        Temporary::Drop => temporary::on_commit(env, table, OnCommit::Drop),
        Temporary::No | Temporary::PreserveRows => {}
    }
}

/// A column as the catalogs have it.
pub(super) fn new_attr(column: bound::NewColumn) -> Attr {
    let NewColumn { name, ty, typmod, not_null: notnull, identity, .. } = column;
    Attr { typmod, notnull, identity, ..Attr::new(&name, ty) }
}

/// The index of a key.
pub(super) fn new_index(key: &bound::NewKey) -> NewIndex<'_> {
    let keys = key.columns.iter().copied().map(KeyColumn::ascending).collect();
    let purpose = if key.primary { Purpose::Primary } else { Purpose::Unique };
    NewIndex { name: key.name.as_deref(), keys, included: key.included.clone(), purpose }
}

/// A foreign key, whose names the catalogs look up.
pub(super) fn new_foreign_key<'a>(constraint: &'a TableConstraint, key: &'a ast::ForeignKey) -> NewForeignKey<'a> {
    let names = |list: &'a [ast::Ident]| list.iter().map(|name| &**name).collect();
    NewForeignKey {
        name: constraint.name.as_deref(),
        columns: names(&key.columns),
        table: (key.table.schema.as_deref(), &key.table.name),
        referred: names(&key.referred),
        full: key.full,
        on_update: key.on_update,
        on_delete: key.on_delete,
        set_columns: names(&key.set_columns),
        deferrable: constraint.deferrable,
        deferred: constraint.deferred,
        validated: !constraint.not_valid,
    }
}

/// A table that is not there yet, for what its checks say.
fn table_to_be(name: &str, columns: &[Attr]) -> Rc<Table> {
    let oid = Oid::INVALID;
    let class = ClassRow::of_new_table(oid, name, pg_namespace::PUBLIC, oid, columns.len(), Xid::INVALID);
    Rc::new(Table::new(class, "public".into(), TupleDesc::new(columns.to_vec()), oid))
}
