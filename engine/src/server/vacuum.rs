//! VACUUM as a command: each table in a transaction of its own.

use super::log::LogLevel;
use super::session::Session;
use std::rc::Rc;

use crate::access::{self, VacuumOptions, VacuumStats};
use crate::buffer::BufferUsage;
use crate::catalog::{self, Table};
use crate::ids::{BLCKSZ, Error, LockMode, Result, Severity, sqlstate};
use crate::sql::ast::Vacuum;
use crate::txn::{BlockState, WalUsage};

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
            let vacuumed = self.vacuum_one(schema.as_deref(), &name, vacuum).await?;
            // The table of its long values is vacuumed as a table of its own.
            let long = vacuumed.filter(|table| table.class.toast.is_valid() && vacuum.process_toast.unwrap_or(true));
            if let Some(table) = long {
                self.vacuum_one(Some("pg_toast"), &format!("pg_toast_{}", table.oid), vacuum).await?;
            }
        }
        Ok(())
    }

    async fn all_tables(&mut self) -> Result<Vec<(Option<String>, String)>> {
        let mut classes = self.catalog.all(&self.env).await?;
        // The tables of long values come with theirs.
        classes.retain(|class| class.kind == b'r');
        let schema = |class: &catalog::pg_class::ClassRow| catalog::pg_namespace::name(class.namespace);
        Ok(classes.into_iter().map(|class| (schema(&class).map(String::from), class.name)).collect())
    }

    /// One table: its transaction sees everything, gets no id, and holds back no one's horizon. None if it was passed over.
    async fn vacuum_one(&mut self, schema: Option<&str>, name: &str, vacuum: &Vacuum) -> Result<Option<Rc<Table>>> {
        if self.block() == BlockState::Implicit {
            self.commit().await?;
        }
        self.start_command()?;
        self.catalog.accept_invalidations(&self.env);
        let table = self.open_for_vacuum(schema, name, vacuum.skip_locked).await?;
        if let Some(table) = &table {
            self.env.take_snapshot();
            self.vacuum_table(table, vacuum).await?;
        }
        catalog::log_invalidations(&self.env).await?;
        self.end_statement();
        self.commit().await?;
        // What is left of the command is in a transaction again, as the caller expects.
        self.start_command()?;
        Ok(table)
    }

    /// `vacuum_open_relation`: the table, locked; none if it is locked by somebody else and is to be passed over then.
    async fn open_for_vacuum(&self, schema: Option<&str>, name: &str, skip: bool) -> Result<Option<Rc<Table>>> {
        let mode = LockMode::ShareUpdateExclusive;
        let missing = || Error::new(sqlstate::UNDEFINED_TABLE, format!("relation \"{name}\" does not exist"));
        if skip {
            let table = self.catalog.table(&self.env, schema, name).await?.ok_or_else(missing)?;
            if !self.env.try_lock_relation(table.oid, mode).await? {
                let message = format!("skipping vacuum of \"{name}\" --- lock not available");
                let warning = Error::new(sqlstate::LOCK_NOT_AVAILABLE, message).severity(Severity::Warning);
                self.env.notice(warning);
                return Ok(None);
            }
        }
        self.catalog.open(&self.env, schema, name, mode).await?.ok_or_else(missing).map(Some)
    }

    async fn vacuum_table(&mut self, table: &Table, vacuum: &Vacuum) -> Result<()> {
        let options = VacuumOptions {
            freeze: vacuum.freeze,
            disable_page_skipping: vacuum.disable_page_skipping,
            index_cleanup: vacuum.index_cleanup,
            truncate: vacuum.truncate.unwrap_or(true),
            relfrozenxid: table.class.frozen_xid,
            relpages: table.class.pages.max(0) as u32,
            reltuples: f64::from(table.class.tuples),
        };
        let full_name = format!("postgres.{}.{}", table.schema, table.name);
        let (env, begun) = (&self.env, self.env.cx.now());
        if vacuum.verbose {
            let how = if access::is_aggressive(env, &options) { "aggressively " } else { "" };
            self.inform(format!("{how}vacuuming \"{full_name}\""));
            env.buffers.start_counting(env.cx.pid());
        }
        let done = access::vacuum(env, &table.rel, &options).await;
        let noted = match &done {
            Ok(stats) => catalog::update_stats(env, &self.catalog, table, stats).await,
            Err(_) => Ok(()),
        };
        let usage = env.buffers.end_counting(env.cx.pid());
        let stats = done?;
        noted?;
        let (live, dead) =
            (stats.reltuples.max(0.0) as i64, (stats.recently_dead_tuples + stats.missed_dead_tuples) as i64);
        self.server.txns.stats.report_vacuum(table.oid, live, dead, self.env.cx.timestamp(), false);
        if vacuum.verbose {
            self.inform_of_truncation(&table.name, &stats);
            let mut lines = stats.lines(&full_name);
            lines.extend(usage_lines(&usage, &env.xact.borrow().wal_usage, env.cx.now() - begun));
            self.inform(lines.join("\n"));
        }
        let (removed, remain) = (stats.tuples_deleted, stats.remaining_tuples());
        let line = format!("vacuum of table \"{full_name}\": tuples: {removed} removed, {remain} remain");
        self.server.log(self.env.cx.pid(), LogLevel::Log, line);
        Ok(())
    }

    fn inform_of_truncation(&self, name: &str, stats: &VacuumStats) {
        if stats.removed_pages > 0 {
            let before = stats.relpages + stats.removed_pages;
            self.inform(format!("table \"{name}\": truncated {before} to {} pages", stats.relpages));
        }
    }

    fn inform(&self, text: String) {
        self.env.notice(Error::new(sqlstate::SUCCESSFUL_COMPLETION, text).severity(Severity::Info));
    }
}

/// What VERBOSE says of buffers, log and time. Work of a processor takes no time here.
fn usage_lines(buffers: &BufferUsage, wal: &WalUsage, micros: u64) -> [String; 4] {
    let seconds = micros as f64 / 1e6;
    let rate = |pages: u64| {
        let megabytes = (pages * BLCKSZ as u64) as f64 / f64::from(1 << 20);
        if micros > 0 { megabytes / seconds } else { 0.0 }
    };
    let BufferUsage { hits, misses, dirtied } = *buffers;
    let WalUsage { records, fpi, bytes } = *wal;
    [
        format!("avg read rate: {:.3} MB/s, avg write rate: {:.3} MB/s", rate(misses), rate(dirtied)),
        format!("buffer usage: {hits} hits, {misses} misses, {dirtied} dirtied"),
        format!("WAL usage: {records} records, {fpi} full page images, {bytes} bytes"),
        format!("system usage: CPU: user: 0.00 s, system: 0.00 s, elapsed: {seconds:.2} s"),
    ]
}
