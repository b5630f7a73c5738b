//! Statements about schemas and views.

use super::definition::new_attr;
use super::session::Session;
use crate::catalog::drop::{Kind, drop_relations, drop_schemas};
use crate::catalog::{schema, temporary, view};
use crate::ids::{Error, Result, Severity, sqlstate};
use crate::sql::ast::{self, QualName, Statement};
use crate::sql::bind;

impl Session {
    /// Runs one of them and returns its command tag.
    pub(super) async fn run_namespace(&mut self, statement: &Statement) -> Result<&'static str> {
        let (env, catalog) = (&self.env, &self.catalog);
        Ok(match statement {
            Statement::CreateSchema(create) => {
                Box::pin(self.create_schema(create)).await?;
                "CREATE SCHEMA"
            }
            Statement::RenameSchema(name, to) => {
                schema::rename(env, catalog, name, to).await?;
                "ALTER SCHEMA"
            }
            Statement::DropSchema(drop) => {
                let names: Vec<&str> = drop.names.iter().map(|name| &**name).collect();
                drop_schemas(env, catalog, &names, drop.if_exists, drop.cascade).await?;
                "DROP SCHEMA"
            }
            Statement::DropView(drop) => {
                let names: Vec<_> = drop.names.iter().map(|name| (name.schema.as_deref(), &*name.name)).collect();
                drop_relations(env, catalog, Kind::View, &names, drop.if_exists, drop.cascade).await?;
                "DROP VIEW"
            }
            Statement::CreateView(create) => {
                self.create_view(statement, create).await?;
                "CREATE VIEW"
            }
            _ => return Err(Error::internal("not a statement about schemas or views")),
        })
    }

    /// CREATE VIEW: its query is bound, and what it says written down with nothing left open.
    async fn create_view(&self, statement: &Statement, create: &ast::CreateView) -> Result<()> {
        let new =
            self.bind_tables(statement, |view| bind::new_view(&create.query, &create.columns, view, &self.functions));
        let new = new.await?;
        let named = create.name.schema.as_deref();
        let temporary = create.temporary || new.temporary && named.is_none();
        if temporary && !create.temporary {
            let message = format!("view \"{}\" will be a temporary view", create.name.name);
            self.env.notice(Error::new(sqlstate::SUCCESSFUL_COMPLETION, message).severity(Severity::Notice));
        }
        let schema = if temporary { Some(temporary::creation_schema(&self.env, named)?) } else { named };
        let view = view::NewView {
            schema,
            name: &create.name.name,
            replace: create.replace,
            columns: new.columns.into_iter().map(new_attr).collect(),
            query: &new.text,
            uses: new.uses,
        };
        view::create(&self.env, &self.catalog, &view).await?;
        self.catalog_changed();
        Ok(())
    }

    /// CREATE SCHEMA, and what it makes in the schema.
    async fn create_schema(&mut self, create: &ast::CreateSchema) -> Result<()> {
        let user = self.fx.session.user();
        if let Some(owner) = create
            .owner
            .as_ref()
            .filter(|owner| !matches!(&***owner, "current_user" | "session_user") && **owner != user)
        {
            return Err(Error::new(sqlstate::UNDEFINED_OBJECT, format!("role \"{owner}\" does not exist")));
        }
        let name = create.name.clone().unwrap_or(user);
        let made = schema::create(&self.env, &self.catalog, &name, create.if_not_exists).await?;
        if made.is_none() {
            return Ok(());
        }
        for element in &create.elements {
            let mut element = element.clone();
            put_into(&mut element, &name)?;
            self.run_definition(&element).await?;
        }
        Ok(())
    }
}

/// What CREATE SCHEMA makes lies in the schema, and may say so.
fn put_into(element: &mut Statement, schema: &ast::Ident) -> Result<()> {
    let place = |name: &mut QualName| match &name.schema {
        Some(other) if other != schema => {
            let message =
                format!("CREATE specifies a schema ({other}) different from the one being created ({schema})");
            Err(Error::new(sqlstate::INVALID_SCHEMA_DEFINITION, message))
        }
        _ => {
            name.schema = Some(schema.clone());
            Ok(())
        }
    };
    match element {
        Statement::CreateTable(create) => place(&mut create.name),
        Statement::CreateSequence(create) => place(&mut create.name),
        Statement::CreateView(create) => place(&mut create.name),
        Statement::CreateIndex(create) => place(&mut create.table),
        _ => Err(Error::unsupported("this statement in CREATE SCHEMA")),
    }
}
