//! ALTER TABLE: each action in its turn, on the table as the ones before have left it. What must hold for all rows from here on
//! is looked at by queries first.

use super::definition::{new_attr, new_foreign_key, new_index};
use super::session::Session;
use crate::catalog::constraint::{add_checks, add_foreign_key};
use crate::catalog::pg_constraint::ConstraintRow;
use crate::catalog::{Table, alter, attrdef, index, schema, view};
use crate::ids::{Error, LockMode, Oid, Result, Severity, sqlstate};
use crate::sql::ast::{self, AlterAction, ColumnDef, ConstraintKind, TableConstraint};
use crate::sql::bind::{self, Params};
use crate::sql::bound::NewKey;
use crate::sql::deparse::renamed;
use crate::sql::{exec, parse};
use crate::types::quote::quote_ident;
use crate::types::tuple::value_bytes;
use crate::types::{Attr, Datum, output};
use std::rc::Rc;

impl Session {
    /// ALTER TABLE
    pub(super) async fn alter_table(&self, statement: &ast::AlterTable) -> Result<()> {
        let name = &statement.name;
        // Two that only add keys to other tables need not shut readers out.
        let mild = |action: &AlterAction| matches!(action, AlterAction::AddConstraint(added) if matches!(added.kind, ConstraintKind::Foreign(_)));
        let mode = match statement.actions.iter().all(mild) {
            true => LockMode::ShareRowExclusive,
            false => LockMode::AccessExclusive,
        };
        let Some(table) = self.catalog.open(&self.env, name.schema.as_deref(), &name.name, mode).await? else {
            let missing = format!("relation \"{name}\" does not exist");
            if !statement.if_exists {
                return Err(Error::new(sqlstate::UNDEFINED_TABLE, missing));
            }
            self.skip(format!("{missing}, skipping"));
            return Ok(());
        };
        if table.is_catalog {
            let message = format!("permission denied: \"{}\" is a system catalog", table.name);
            return Err(Error::new(sqlstate::INSUFFICIENT_PRIVILEGE, message));
        }
        if let Some(word) = [(b'v', "view"), (b'S', "sequence")].iter().find(|(kind, _)| *kind == statement.kind)
            && table.class.kind != word.0
        {
            let message = format!("\"{}\" is not a {}", table.name, word.1);
            return Err(Error::new(sqlstate::WRONG_OBJECT_TYPE, message));
        }
        let only_name = match &statement.actions[..] {
            [AlterAction::Rename(_) | AlterAction::SetSchema(_)] => true,
            [AlterAction::RenameColumn(..)] => table.class.kind == b'v',
            _ => false,
        };
        if table.class.kind != b'r' && !(matches!(table.class.kind, b'S' | b'v') && only_name) {
            return Err(Error::new(sqlstate::WRONG_OBJECT_TYPE, format!("\"{}\" is not a table", table.name)));
        }
        for action in &statement.actions {
            let table = self.catalog.table_by_oid(&self.env, table.oid).await?;
            let table = table.ok_or_else(|| Error::internal("the table is gone"))?;
            self.alter_one(&table, action).await?;
        }
        Ok(())
    }

    async fn alter_one(&self, table: &Rc<Table>, action: &AlterAction) -> Result<()> {
        let (env, catalog) = (&self.env, &*self.catalog);
        match action {
            AlterAction::AddColumn(column, constraints, if_not_exists) => {
                self.add_column(table, column, constraints, *if_not_exists).await
            }
            AlterAction::DropColumn(name, if_exists, cascade) => match table.desc.position(name) {
                None if *if_exists => {
                    self.skip(format!("column \"{name}\" of relation \"{}\" does not exist, skipping", table.name));
                    Ok(())
                }
                None => Err(no_column(table, name)),
                Some(column) => alter::drop_column(env, catalog, table, column, *cascade).await,
            },
            AlterAction::AddConstraint(added) => self.add_constraint(table, added).await,
            AlterAction::DropConstraint(name, if_exists, cascade) => {
                let message = format!("constraint \"{name}\" of relation \"{}\" does not exist", table.name);
                match alter::drop_constraint(env, catalog, table, name, *cascade).await? {
                    false if *if_exists => self.skip(format!("{message}, skipping")),
                    false => return Err(Error::new(sqlstate::UNDEFINED_OBJECT, message)),
                    true => {}
                }
                Ok(())
            }
            AlterAction::Default(name, default) => {
                let column = table.desc.position(name).ok_or_else(|| no_column(table, name))?;
                self.set_default(table, column, default.as_ref()).await
            }
            AlterAction::NotNull(name, notnull) => {
                let column = table.desc.position(name).ok_or_else(|| no_column(table, name))?;
                self.set_not_null(table, column, *notnull).await
            }
            AlterAction::RenameColumn(from, to) => self.rename_column(table, from, to).await,
            AlterAction::Rename(to) => {
                view::refuse_if_used(env, table, None).await?;
                alter::rename(env, catalog, table, to).await
            }
            AlterAction::SetSchema(to) => {
                view::refuse_if_used(env, table, None).await?;
                schema::set_schema(env, catalog, table, to).await
            }
        }
    }

    fn skip(&self, message: String) {
        self.env.notice(Error::new(sqlstate::SUCCESSFUL_COMPLETION, message).severity(Severity::Notice));
    }

    // --- columns ---------------------------------------------------------------------------------------------

    /// ADD COLUMN. What rows that are there have in it is computed once, from a default that is the same for all.
    async fn add_column(
        &self,
        table: &Rc<Table>,
        column: &ColumnDef,
        constraints: &[TableConstraint],
        if_not_exists: bool,
    ) -> Result<()> {
        let (env, catalog) = (&self.env, &*self.catalog);
        if table.desc.position(&column.name).is_some() {
            let message = format!("column \"{}\" of relation \"{}\" already exists", column.name, table.name);
            if !if_not_exists {
                return Err(Error::new(sqlstate::DUPLICATE_COLUMN, message));
            }
            let notice = Error::new(sqlstate::DUPLICATE_COLUMN, format!("{message}, skipping"));
            self.env.notice(notice.severity(Severity::Notice));
            return Ok(());
        }
        let alone = ast::CreateTable {
            name: column_table(table),
            if_not_exists: false,
            temporary: ast::Temporary::No,
            columns: vec![column.clone()],
            fillfactor: None,
            constraints: Vec::new(),
        };
        let new = bind::new_columns(&alone)?.into_iter().next().ok_or_else(|| Error::internal("no column"))?;
        if new.serial || new.identity != 0 {
            return Err(Error::unsupported("ADD COLUMN of a column that numbers itself"));
        }
        let mut attr = new_attr(new);
        let mut default = None;
        if let Some(expr) = &column.default {
            let text = self.with_tables(|view| bind::new_default(&attr, expr, view, &self.functions)).await?;
            let volatile = text.contains("nextval(") || text.contains("random(") || text.contains("clock_timestamp(");
            if volatile && self.first_row(&format!("SELECT 1 FROM {} LIMIT 1", self.shown(table))).await?.is_some() {
                return Err(Error::unsupported("ADD COLUMN with a default that differs from row to row"));
            }
            if !volatile {
                attr.missing = self.default_value(&text, &attr).await?;
            }
            default = Some(text);
        }
        let notnull = std::mem::take(&mut attr.notnull);
        alter::add_column(env, catalog, table, &attr).await?;
        let at = table.desc.natts();
        if let Some(text) = default {
            attrdef::store(env, catalog, table.oid, at, &text).await?;
        }
        let table = self.reopened(table.oid).await?;
        if notnull {
            self.set_not_null(&table, at, true).await?;
        }
        for constraint in constraints {
            let table = self.reopened(table.oid).await?;
            self.add_constraint(&table, constraint).await?;
        }
        Ok(())
    }

    async fn reopened(&self, oid: Oid) -> Result<Rc<Table>> {
        let table = self.catalog.table_by_oid(&self.env, oid).await?;
        table.ok_or_else(|| Error::internal(format!("could not open relation with OID {oid}")))
    }

    /// The value of a default now, as bytes in a row.
    async fn default_value(&self, text: &str, attr: &Attr) -> Result<Option<Rc<[u8]>>> {
        let row = self.first_row(&format!("SELECT CAST({text} AS {})", type_name(attr))).await?;
        match row.and_then(|row| row.into_iter().next()) {
            Some(value) if !value.is_null() => value_bytes(attr, &value),
            _ => Ok(None),
        }
    }

    async fn set_default(&self, table: &Table, column: usize, default: Option<&ast::Expr>) -> Result<()> {
        let (env, catalog, attr) = (&self.env, &*self.catalog, &table.desc.attrs[column]);
        if attr.identity != 0 {
            let message = format!("column \"{}\" of relation \"{}\" is an identity column", attr.name, table.name);
            return Err(Error::new(sqlstate::SYNTAX_ERROR, message));
        }
        let text = match default {
            Some(expr) => Some(self.with_tables(|view| bind::new_default(attr, expr, view, &self.functions)).await?),
            None => None,
        };
        if attr.has_default {
            attrdef::remove(env, catalog, table.oid, column).await?;
        }
        match text {
            Some(text) => attrdef::store(env, catalog, table.oid, column, &text).await,
            None => Ok(()),
        }
    }

    async fn set_not_null(&self, table: &Table, column: usize, notnull: bool) -> Result<()> {
        let attr = &table.desc.attrs[column];
        let primary = || table.indexes.iter().find(|index| index.row.primary);
        if !notnull && primary().is_some_and(|index| index.row.keys.iter().any(|key| key.column == column)) {
            let message = format!("column \"{}\" is in a primary key", attr.name);
            return Err(Error::new(sqlstate::INVALID_TABLE_DEFINITION, message));
        }
        if attr.notnull == notnull {
            return Ok(());
        }
        let name = quote_ident(&attr.name);
        let nulls = format!("SELECT 1 FROM {} WHERE {name} IS NULL LIMIT 1", self.shown(table));
        if notnull && self.first_row(&nulls).await?.is_some() {
            let message = format!("column \"{}\" of relation \"{}\" contains null values", attr.name, table.name);
            return Err(Error::new(sqlstate::NOT_NULL_VIOLATION, message));
        }
        alter::set_not_null(&self.env, &self.catalog, table, column, notnull).await
    }

    async fn rename_column(&self, table: &Table, from: &str, to: &str) -> Result<()> {
        let column = table
            .desc
            .position(from)
            .ok_or_else(|| Error::new(sqlstate::UNDEFINED_COLUMN, format!("column \"{from}\" does not exist")))?;
        if table.desc.position(to).is_some() {
            let message = format!("column \"{to}\" of relation \"{}\" already exists", table.name);
            return Err(Error::new(sqlstate::DUPLICATE_COLUMN, message));
        }
        view::refuse_if_used(&self.env, table, Some(column)).await?;
        let mut checks: Vec<(ConstraintRow, String)> = Vec::new();
        for row in &table.constraints {
            if let Some(condition) = &row.condition {
                checks.push((row.clone(), renamed(&parse::parse_expression(condition)?, from, to)));
            }
        }
        alter::rename_column(&self.env, &self.catalog, table, column, to, &checks).await
    }

    // --- constraints -----------------------------------------------------------------------------------------

    async fn add_constraint(&self, table: &Rc<Table>, added: &TableConstraint) -> Result<()> {
        let (env, catalog) = (&self.env, &*self.catalog);
        match &added.kind {
            ConstraintKind::Key(primary, names, included) => {
                self.add_key(table, added, *primary, (names, included)).await
            }
            ConstraintKind::Check(condition) => {
                let check = self.new_check(table, added, condition).await?;
                let violated = format!("SELECT 1 FROM {} WHERE NOT {} LIMIT 1", self.shown(table), check.condition);
                add_checks(env, catalog, table, std::slice::from_ref(&check)).await?;
                if check.validated && self.first_row(&violated).await?.is_some() {
                    let now = self.reopened(table.oid).await?;
                    let known = |row: &&ConstraintRow| !table.constraints.iter().any(|old| old.oid == row.oid);
                    let name = now.constraints.iter().find(known).map_or("", |row| &row.name);
                    let message =
                        format!("check constraint \"{name}\" of relation \"{}\" is violated by some row", table.name);
                    return Err(Error::new(sqlstate::CHECK_VIOLATION, message));
                }
                Ok(())
            }
            ConstraintKind::Foreign(key) => {
                let row = add_foreign_key(env, catalog, table, &new_foreign_key(added, key)).await?;
                if row.validated { self.validate(table, &row).await } else { Ok(()) }
            }
        }
    }

    /// A key of rows that are there.
    async fn add_key(
        &self,
        table: &Table,
        added: &TableConstraint,
        primary: bool,
        (names, included): (&[ast::Ident], &[ast::Ident]),
    ) -> Result<()> {
        if primary && table.indexes.iter().any(|index| index.row.primary) {
            let message = format!("multiple primary keys for table \"{}\" are not allowed", table.name);
            return Err(Error::new(sqlstate::INVALID_TABLE_DEFINITION, message));
        }
        let live: Vec<&str> = table.desc.attrs.iter().map(|attr| if attr.dropped { "" } else { &*attr.name }).collect();
        if let Some(missing) = names.iter().find(|name| primary && table.desc.position(name).is_none()) {
            return Err(no_column(table, missing));
        }
        let kind = if primary { "primary key" } else { "unique" };
        let columns = bind::key_places(kind, names, added.pos, &live)?;
        let included = bind::key_places(kind, included, added.pos, &live)?;
        for column in columns.iter().filter(|_| primary) {
            let table = self.reopened(table.oid).await?;
            self.set_not_null(&table, *column, true).await?;
        }
        let table = self.reopened(table.oid).await?;
        let key = NewKey { name: added.name.clone(), primary, columns, included };
        index::make(&self.env, &self.catalog, &table, &new_index(&key)).await
    }

    /// `RI_Initial_Check`: all rows refer to one that is there.
    async fn validate(&self, table: &Table, row: &ConstraintRow) -> Result<()> {
        let Some(key) = &row.foreign else { return Ok(()) };
        let referred = self.reopened(key.table).await?;
        let own = |at: &usize| format!("fk.{}", quote_ident(&table.desc.attrs[*at].name));
        let other = |at: &usize| format!("pk.{}", quote_ident(&referred.desc.attrs[*at].name));
        let joined = |parts: Vec<String>, with: &str| parts.join(with);
        let columns = joined(row.columns.iter().map(own).collect(), ", ");
        let pairs = row.columns.iter().zip(&key.columns).map(|(a, b)| format!("{} = {}", other(b), own(a)));
        let pairs = joined(pairs.collect(), " AND ");
        let present = |at: &usize| format!("{} IS NOT NULL", own(at));
        let present = joined(row.columns.iter().map(present).collect(), if key.full { " OR " } else { " AND " });
        let query = format!(
            "SELECT {columns} FROM {} fk LEFT JOIN {} pk ON {pairs} WHERE {} IS NULL AND ({present}) LIMIT 1",
            self.shown(table),
            self.shown(&referred),
            other(&key.columns[0])
        );
        let Some(found) = self.first_row(&query).await? else { return Ok(()) };
        let message =
            format!("insert or update on table \"{}\" violates foreign key constraint \"{}\"", table.name, row.name);
        let error = Error::new(sqlstate::FOREIGN_KEY_VIOLATION, message);
        if key.full && found.iter().any(Datum::is_null) {
            return Err(error.detail("MATCH FULL does not allow mixing of null and nonnull key values."));
        }
        let names: Vec<&str> = row.columns.iter().map(|at| &*table.desc.attrs[*at].name).collect();
        let show = |(at, value): (&usize, &Datum)| output(value, table.desc.attrs[*at].type_id);
        let values: Vec<String> = row.columns.iter().zip(&found).map(show).collect();
        Err(error.detail(format!(
            "Key ({})=({}) is not present in table \"{}\".",
            names.join(", "),
            values.join(", "),
            referred.name
        )))
    }

    // --- queries ---------------------------------------------------------------------------------------------

    fn shown(&self, table: &Table) -> String {
        format!("{}.{}", quote_ident(&table.schema), quote_ident(&table.name))
    }

    /// The first row of a query of our own.
    async fn first_row(&self, text: &str) -> Result<Option<Vec<Datum>>> {
        let parsed = parse::parse(text)?;
        let statement = parsed.first().ok_or_else(|| Error::internal("an empty query"))?;
        let bound = self.bind_statement(&statement.statement, Params::None).await?;
        let bound = bound.ok_or_else(|| Error::internal("not a query"))?;
        let mut first = None;
        exec::run(&self.fx, &bound, &[], &mut |row| {
            first.get_or_insert_with(|| row.to_vec());
            Ok(())
        })
        .await?;
        Ok(first)
    }
}

fn no_column(table: &Table, name: &str) -> Error {
    let message = format!("column \"{name}\" of relation \"{}\" does not exist", table.name);
    Error::new(sqlstate::UNDEFINED_COLUMN, message)
}

fn column_table(table: &Table) -> ast::QualName {
    ast::QualName { schema: None, name: table.name.clone(), pos: ast::Pos(0) }
}

/// The type of a column as it is written.
fn type_name(attr: &Attr) -> String {
    attr.type_id.format(attr.typmod)
}
