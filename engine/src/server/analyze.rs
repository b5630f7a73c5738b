//! ANALYZE as a command, and after a VACUUM.

use std::rc::Rc;

use super::session::Session;
use super::vacuum::Target;
use crate::access::RowSample;
use crate::catalog::{self, Table};
use crate::ids::{Error, LockMode, Result, Severity, sqlstate};
use crate::small::Set;
use crate::sql::ast::{Ident, Vacuum};
use crate::txn::BlockState;

impl Target<'_> {
    /// Analyzes the table, and tells the statistics of it.
    pub(super) async fn analyze(&self, columns: Option<&[usize]>, alone: bool, auto: bool) -> Result<RowSample> {
        let done = catalog::analyze(self.env, self.catalog, self.table, columns, alone).await?;
        let ((live, dead), untold) = (done.estimate(), self.env.stats.untold(self.table.oid));
        let (live, dead) = ((live as i64 - untold.0).max(0), (dead as i64 - untold.1).max(0));
        let at = self.env.cx.timestamp();
        let stats = &self.server.txns.stats;
        stats.report_analyze(self.table.oid, (live, dead), columns.is_none(), at, auto);
        Ok(done)
    }
}

impl Session {
    /// Analyzes the tables that are named, or all. Outside of a block each has a transaction of its own.
    pub(super) async fn analyze(&mut self, command: &Vacuum) -> Result<()> {
        let names = self.tables_of(command, false).await?;
        for (at, (schema, name)) in names.iter().enumerate() {
            let columns = command.columns.get(at).map_or(&[][..], Vec::as_slice);
            self.analyze_one(schema.as_deref(), name, columns, command, true).await?;
        }
        Ok(())
    }

    /// One table. After a VACUUM the entries of its indexes are known.
    pub(super) async fn analyze_one(
        &mut self,
        schema: Option<&str>,
        name: &str,
        columns: &[Ident],
        command: &Vacuum,
        alone: bool,
    ) -> Result<()> {
        let own = self.block() == BlockState::Implicit;
        if own {
            self.commit().await?;
            self.start_command()?;
        }
        self.catalog.accept_invalidations(&self.env);
        if let Some(table) = self.open_to_analyze(schema, name, command).await? {
            self.env.take_snapshot();
            self.analyze_opened(&table, columns, command.verbose, alone).await?;
        }
        if own {
            catalog::log_invalidations(&self.env).await?;
            self.end_statement();
            self.commit().await?;
            self.start_command()?;
        } else {
            self.env.xact.borrow_mut().next_command();
        }
        Ok(())
    }

    async fn open_to_analyze(&self, schema: Option<&str>, name: &str, command: &Vacuum) -> Result<Option<Rc<Table>>> {
        let mode = LockMode::ShareUpdateExclusive;
        let missing = || Error::new(sqlstate::UNDEFINED_TABLE, format!("relation \"{name}\" does not exist"));
        if command.skip_locked {
            let table = self.catalog.table(&self.env, schema, name).await?.ok_or_else(missing)?;
            if !self.env.try_lock_relation(table.oid, mode).await? {
                let message = format!("skipping analyze of \"{name}\" --- lock not available");
                let warning = Error::new(sqlstate::LOCK_NOT_AVAILABLE, message).severity(Severity::Warning);
                self.env.notice(warning);
                return Ok(None);
            }
        }
        let table = self.catalog.open(&self.env, schema, name, mode).await?.ok_or_else(missing)?;
        if table.class.kind == b'r' {
            return Ok(Some(table));
        }
        let message = format!("skipping \"{}\" --- cannot analyze non-tables or special system tables", table.name);
        self.env.notice(Error::new(sqlstate::WARNING, message).severity(Severity::Warning));
        Ok(None)
    }

    async fn analyze_opened(&self, table: &Table, columns: &[Ident], verbose: bool, alone: bool) -> Result<()> {
        // Its own statistics are not kept.
        if &*table.name == "pg_statistic" && table.is_catalog {
            return Ok(());
        }
        let columns = column_numbers(table, columns)?;
        if verbose {
            self.say(format!("analyzing \"{}.{}\"", table.schema, table.name));
        }
        let target = Target { env: &self.env, server: &self.server, catalog: &self.catalog, table };
        let done = target.analyze(columns.as_deref(), alone, false).await?;
        if verbose {
            let (pages, read) = done.pages;
            let (live, dead) = done.seen;
            let (rows, all) = (done.rows.len(), done.estimate().0);
            self.say(format!(
                "\"{}\": scanned {read} of {pages} pages, containing {live} live rows and {dead} dead rows; \
                 {rows} rows in sample, {all} estimated total rows",
                table.name
            ));
        }
        Ok(())
    }
}

/// The columns that are named, from 0; none if all are meant.
fn column_numbers(table: &Table, names: &[Ident]) -> Result<Option<Vec<usize>>> {
    let (mut numbers, mut seen) = (Vec::with_capacity(names.len()), Set::default());
    for name in names {
        let at = table.desc.position(name).ok_or_else(|| {
            let message = format!("column \"{name}\" of relation \"{}\" does not exist", table.name);
            Error::new(sqlstate::UNDEFINED_COLUMN, message)
        })?;
        if !seen.insert(at) {
            let message = format!("column \"{name}\" of relation \"{}\" appears more than once", table.name);
            return Err(Error::new(sqlstate::DUPLICATE_COLUMN, message));
        }
        numbers.push(at);
    }
    Ok(Some(numbers).filter(|numbers| !numbers.is_empty()))
}
