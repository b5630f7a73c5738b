//! CREATE TABLE AS and SELECT INTO: the columns of a query become a table, its rows the first ones there.
//!
//! PostgreSQL: `commands/createas.c`.

use super::definition::{new_attr, note_on_commit, schema_of};
use super::session::Session;
use super::statement::Parameters;
use crate::catalog::ddl::{self, NewParts};
use crate::ids::{Error, Result, sqlstate};
use crate::sql::ast::{CreateTableAs, Statement};
use crate::sql::bound::{self, Bound, Exprs, Insert, NewColumn, OutColumn, Scalar};
use crate::sql::exec;
use crate::types::{Attr, TypeId};

impl Session {
    /// Runs it and returns the command's tag.
    pub(super) async fn create_table_as(&mut self, create: CreateTableAs, parameters: &Parameters) -> Result<String> {
        let CreateTableAs { name, temporary, if_not_exists, columns, source, with_data, .. } = create;
        let (source, parameters) = match source {
            Statement::Execute(execute) => self.executed(&execute).await?,
            query => (query, Parameters { of: None, ..parameters.clone() }),
        };
        let bound = self.bind_with(&source, &parameters).await?;
        let Bound { statement: bound::Statement::Query(query), params, subqueries, ctes, execs } = bound else {
            return Err(Error::new(sqlstate::WRONG_OBJECT_TYPE, "prepared statement is not a SELECT"));
        };
        let attrs = new_columns(&query.columns, &columns)?;
        let schema = schema_of(&self.env, &name, temporary)?;
        let (env, catalog, parts) = (&self.env, &self.catalog, NewParts::default());
        let made = ddl::create_table(env, catalog, schema, &name.name, &attrs, &parts, if_not_exists).await?;
        let Some(oid) = made else { return Ok("CREATE TABLE AS".into()) };
        note_on_commit(env, oid, temporary);
        self.catalog_changed();
        if !with_data {
            return Ok("CREATE TABLE AS".into());
        }
        let gone = || Error::internal(format!("could not open relation with OID {oid}"));
        let table = self.catalog.table_by_oid(env, oid).await?.ok_or_else(gone)?;
        let scalars = (0..attrs.len()).map(Scalar::Column).collect();
        let values = Exprs { waits: Vec::new(), scalars };
        let insert =
            Insert { table, source: Some(*query), values, checks: Vec::new(), on_conflict: None, returning: None };
        let bound = Bound { statement: bound::Statement::Insert(Box::new(insert)), params, subqueries, ctes, execs };
        let rows = exec::run(&self.fx, &bound, &parameters.values, &mut |_| Ok(())).await;
        self.env.release_work();
        Ok(format!("SELECT {}", rows?))
    }
}

/// The columns of the table: those of the query, by the names that are said.
fn new_columns(columns: &[OutColumn], names: &[crate::sql::ast::Ident]) -> Result<Vec<Attr>> {
    if names.len() > columns.len() {
        return Err(Error::new(sqlstate::SYNTAX_ERROR, "too many column names were specified"));
    }
    let mut attrs: Vec<Attr> = Vec::with_capacity(columns.len());
    for (at, column) in columns.iter().enumerate() {
        let name = names.get(at).unwrap_or(&column.name).clone();
        if attrs.iter().any(|attr| attr.name == name) {
            let message = format!("column \"{name}\" specified more than once");
            return Err(Error::new(sqlstate::DUPLICATE_COLUMN, message));
        }
        let OutColumn { ty, typmod, .. } = *column;
        if ty.is_pseudo() || ty == TypeId::Unknown {
            let message = format!("column \"{name}\" has pseudo-type {ty}");
            return Err(Error::new(sqlstate::INVALID_TABLE_DEFINITION, message));
        }
        attrs.push(new_attr(NewColumn { name, ty, typmod, not_null: false, identity: 0, serial: false }));
    }
    Ok(attrs)
}
