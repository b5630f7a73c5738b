//! Statements that make and drop tables and indexes: from their tree to what the catalogs are told.

use super::session::Session;
use crate::access::KeyColumn;
use crate::catalog::index::{self, NewIndex, Purpose};
use crate::catalog::{ddl, temporary};
use crate::ids::{Error, Result};
use crate::sql::ast::{self, Statement, Temporary};
use crate::sql::{bind, bound};
use crate::txn::OnCommit;
use crate::types::Attr;

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
                for name in &drop.names {
                    ddl::drop_table(env, catalog, name.schema.as_deref(), &name.name, drop.if_exists).await?;
                }
                "DROP TABLE"
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
        let keys = bind::new_keys(create, &mut columns)?;
        let columns: Vec<Attr> = columns
            .into_iter()
            .map(|column| Attr {
                typmod: column.typmod,
                notnull: column.not_null,
                ..Attr::new(&column.name, column.ty)
            })
            .collect();
        let schema = match (create.name.schema.as_deref(), create.temporary) {
            (schema, Temporary::No) => schema,
            (schema, _) => Some(temporary::creation_schema(&self.env, schema)?),
        };
        let (name, exists) = (&create.name.name, create.if_not_exists);
        let of_key = |key| {
            let bound::NewKey { name, primary, columns }: &bound::NewKey = key;
            let keys = columns.iter().copied().map(KeyColumn::ascending).collect();
            let purpose = if *primary { Purpose::Primary } else { Purpose::Unique };
            NewIndex { name: name.as_deref(), keys, purpose }
        };
        let keys: Vec<NewIndex> = keys.iter().map(of_key).collect();
        let made = ddl::create_table(&self.env, &self.catalog, schema, name, &columns, &keys, exists).await?;
        let action = match create.temporary {
            Temporary::DeleteRows => Some(OnCommit::DeleteRows),
            Temporary::Drop => Some(OnCommit::Drop),
            Temporary::No | Temporary::PreserveRows => None,
        };
        made.zip(action).into_iter().for_each(|(table, action)| temporary::on_commit(&self.env, table, action));
        Ok(())
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
        };
        index::create_index(&self.env, &self.catalog, &create).await
    }
}
