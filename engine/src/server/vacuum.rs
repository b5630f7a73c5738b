//! VACUUM as a command: each table in a transaction of its own.

use super::log::LogLevel;
use super::session::Session;
use crate::access::{self, VacuumOptions};
use crate::catalog::{self, Table};
use crate::ids::{Error, LockMode, Result, Severity, sqlstate};
use crate::sql::ast::Vacuum;
use crate::txn::BlockState;

impl Session {
    /// Vacuums the tables that are named, or all.
    pub(super) async fn vacuum(&mut self, vacuum: &Vacuum) -> Result<()> {
        if vacuum.full {
            return Err(Error::unsupported("VACUUM FULL"));
        }
        if vacuum.analyze {
            return Err(Error::unsupported("VACUUM ANALYZE"));
        }
        let mut names: Vec<(Option<String>, String)> = Vec::new();
        for name in &vacuum.tables {
            names.push((name.schema.as_ref().map(|schema| schema.to_string()), name.name.to_string()));
        }
        if names.is_empty() {
            self.catalog.accept_invalidations(&self.env);
            names = self.all_tables().await?;
        }
        for (schema, name) in names {
            self.vacuum_one(schema.as_deref(), &name, vacuum).await?;
        }
        Ok(())
    }

    async fn all_tables(&mut self) -> Result<Vec<(Option<String>, String)>> {
        let classes = self.catalog.all(&self.env).await?;
        let schema = |class: &catalog::pg_class::ClassRow| catalog::pg_namespace::name(class.namespace);
        Ok(classes.into_iter().map(|class| (schema(&class).map(String::from), class.name)).collect())
    }

    /// One table: its transaction sees everything, gets no id, and holds back no one's horizon.
    async fn vacuum_one(&mut self, schema: Option<&str>, name: &str, vacuum: &Vacuum) -> Result<()> {
        if self.block() == BlockState::Implicit {
            self.commit().await?;
        }
        self.start_command()?;
        self.catalog.accept_invalidations(&self.env);
        let table = self.catalog.open(&self.env, schema, name, LockMode::ShareUpdateExclusive).await?;
        let Some(table) = table else {
            return Err(Error::new(sqlstate::UNDEFINED_TABLE, format!("relation \"{name}\" does not exist")));
        };
        self.env.take_snapshot();
        self.vacuum_table(&table, vacuum).await?;
        self.end_statement();
        self.commit().await?;
        // What is left of the command is in a transaction again, as the caller expects.
        self.start_command()
    }

    async fn vacuum_table(&mut self, table: &Table, vacuum: &Vacuum) -> Result<()> {
        let options = VacuumOptions {
            freeze: vacuum.freeze,
            disable_page_skipping: vacuum.disable_page_skipping,
            truncate: vacuum.truncate.unwrap_or(true),
            relfrozenxid: table.class.frozen_xid,
            relpages: table.class.pages.max(0) as u32,
            reltuples: f64::from(table.class.tuples),
        };
        let full_name = format!("postgres.{}.{}", table.schema, table.name);
        if vacuum.verbose {
            self.inform(format!("vacuuming \"{full_name}\""));
        }
        let stats = access::vacuum(&self.env, &table.rel, &options).await?;
        catalog::update_stats(&self.env, &self.catalog, table, &stats).await?;
        let (live, dead) =
            (stats.reltuples.max(0.0) as i64, (stats.recently_dead_tuples + stats.missed_dead_tuples) as i64);
        self.server.txns.stats.report_vacuum(table.oid, live, dead, self.env.cx.timestamp(), false);
        if vacuum.verbose {
            self.inform(stats.lines(&full_name).join("\n"));
        }
        let (removed, remain) = (stats.tuples_deleted, stats.remaining_tuples());
        let line = format!("vacuum of table \"{full_name}\": tuples: {removed} removed, {remain} remain");
        self.server.log(self.env.cx.pid(), LogLevel::Log, line);
        Ok(())
    }

    fn inform(&self, text: String) {
        self.env.notice(Error::new(sqlstate::SUCCESSFUL_COMPLETION, text).severity(Severity::Info));
    }
}
