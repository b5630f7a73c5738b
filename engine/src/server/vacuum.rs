//! VACUUM as a command: each table in a transaction of its own.

use super::rewrite;
use super::session::Session;
use super::shared::Server;
use std::rc::Rc;

use crate::access::{self, VacuumOptions, VacuumStats};
use crate::buffer::BufferUsage;
use crate::catalog::pg_namespace::{PG_TOAST, temp_toast_namespace};
use crate::catalog::{self, Catalog, Table};
use crate::ids::{BLCKSZ, Error, FIRST_NORMAL_OID, LockMode, Result, Severity, sqlstate};
use crate::sql::ast::{QualName, Vacuum};
use crate::txn::{BlockState, Env, WalUsage};

impl Session {
    /// Vacuums the tables that are named, or all.
    pub(super) async fn vacuum(&mut self, vacuum: &Vacuum) -> Result<()> {
        rewrite::check_options(vacuum)?;
        let names = self.tables_of(vacuum, vacuum.full).await?;
        for (at, (schema, name)) in names.into_iter().enumerate() {
            let vacuumed = self.vacuum_one(schema.as_deref(), &name, vacuum).await?;
            // The table of its long values is vacuumed as a table of its own.
            let done = vacuumed.is_some();
            let separately = !vacuum.full && vacuum.process_toast.unwrap_or(true);
            let long = vacuumed.filter(|table| table.class.toast.is_valid() && separately);
            if let Some(table) = long {
                let temporary = temp_toast_namespace(self.env.backend_number());
                let schema = if table.class.is_temporary() { temporary } else { PG_TOAST };
                let schema = self.catalog.schema_name(&self.env, schema).await?;
                self.vacuum_one(Some(&schema), &format!("pg_toast_{}", table.oid), vacuum).await?;
            }
            let columns = vacuum.columns.get(at).map_or(&[][..], Vec::as_slice);
            if vacuum.analyze && done {
                self.analyze_one(schema.as_deref(), &name, columns, vacuum, false).await?;
            }
        }
        Ok(())
    }

    /// The tables that are named, or all.
    pub(super) async fn tables_of(&mut self, command: &Vacuum, full: bool) -> Result<Vec<(Option<String>, String)>> {
        if command.tables.is_empty() {
            self.catalog.accept_invalidations(&self.env);
            return self.all_tables(full).await;
        }
        let name = |name: &QualName| (name.schema.as_ref().map(|schema| schema.to_string()), name.name.to_string());
        Ok(command.tables.iter().map(name).collect())
    }

    /// All tables; the catalogs are never written anew.
    async fn all_tables(&mut self, full: bool) -> Result<Vec<(Option<String>, String)>> {
        let mut classes = self.catalog.all(&self.env).await?;
        // The tables of long values come with theirs.
        let wanted = |class: &catalog::pg_class::ClassRow| !(full && class.oid < FIRST_NORMAL_OID);
        classes.retain(|class| class.kind == b'r' && wanted(class));
        classes.retain(|class| !self.env.is_other_temp(class.file(self.env.database)));
        let mut names = Vec::with_capacity(classes.len());
        for class in classes {
            let schema = self.catalog.schema_name(&self.env, class.namespace).await?;
            names.push((Some(schema.to_string()), class.name));
        }
        Ok(names)
    }

    /// One table: its transaction sees everything, gets no id, and holds back no one's horizon. None if it was passed over.
    async fn vacuum_one(&mut self, schema: Option<&str>, name: &str, vacuum: &Vacuum) -> Result<Option<Rc<Table>>> {
        if self.block() == BlockState::Implicit {
            self.commit().await?;
        }
        self.start_command()?;
        self.catalog.accept_invalidations(&self.env);
        let table = self.open_for_vacuum(schema, name, vacuum).await?;
        if let Some(table) = table.as_ref().filter(|table| table.class.is_index()) {
            let message = format!("skipping \"{}\" --- cannot vacuum non-tables or special system tables", table.name);
            self.env.notice(Error::new(sqlstate::WARNING, message).severity(Severity::Warning));
        } else if let Some(table) = table.as_ref().filter(|table| !self.env.is_other_temp(table.rel.file)) {
            self.env.take_snapshot();
            if vacuum.full {
                self.rewrite(table, vacuum.verbose).await?;
            } else {
                self.vacuum_opened(table, vacuum).await?;
            }
        }
        catalog::log_invalidations(&self.env).await?;
        self.end_statement();
        self.commit().await?;
        // What is left of the command is in a transaction again, as the caller expects.
        self.start_command()?;
        Ok(table)
    }

    /// `vacuum_open_relation`: the table, locked; none if it is locked by somebody else and is to be passed over then.
    async fn open_for_vacuum(&self, schema: Option<&str>, name: &str, vacuum: &Vacuum) -> Result<Option<Rc<Table>>> {
        let mode = if vacuum.full { LockMode::AccessExclusive } else { LockMode::ShareUpdateExclusive };
        let missing = || Error::new(sqlstate::UNDEFINED_TABLE, format!("relation \"{name}\" does not exist"));
        if vacuum.skip_locked {
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

    async fn vacuum_opened(&self, table: &Table, vacuum: &Vacuum) -> Result<()> {
        let target = Target { env: &self.env, server: &self.server, catalog: &self.catalog, table };
        if vacuum.verbose {
            let how = if access::is_aggressive(&self.env, &target.options(vacuum)) { "aggressively " } else { "" };
            self.say(format!("{how}vacuuming \"{}\"", target.full_name()));
        }
        let done = target.vacuum(vacuum, false).await?;
        if vacuum.verbose {
            self.inform_of_truncation(&table.name, &done.stats);
            self.say(done.lines("finished vacuuming", &target.full_name()).join("\n"));
        }
        Ok(())
    }

    pub(super) fn say(&self, text: String) {
        self.inform(Error::new(sqlstate::SUCCESSFUL_COMPLETION, text));
    }

    fn inform_of_truncation(&self, name: &str, stats: &VacuumStats) {
        if stats.removed_pages > 0 {
            let before = stats.relpages + stats.removed_pages;
            self.say(format!("table \"{name}\": truncated {before} to {} pages", stats.relpages));
        }
    }
}

/// A table that is to be vacuumed, and by whom.
pub(super) struct Target<'a> {
    pub(super) env: &'a Env,
    pub(super) server: &'a Server,
    pub(super) catalog: &'a Catalog,
    pub(super) table: &'a Table,
}

/// A VACUUM of a table that is done, and what it took.
pub(super) struct Vacuumed {
    stats: VacuumStats,
    buffers: BufferUsage,
    wal: WalUsage,
    /// In microseconds.
    pub(super) elapsed: u64,
}

impl Target<'_> {
    pub(super) fn full_name(&self) -> String {
        format!("postgres.{}.{}", self.table.schema, self.table.name)
    }

    fn options(&self, vacuum: &Vacuum) -> VacuumOptions {
        let class = &self.table.class;
        VacuumOptions {
            freeze: vacuum.freeze,
            disable_page_skipping: vacuum.disable_page_skipping,
            index_cleanup: vacuum.index_cleanup,
            truncate: vacuum.truncate.unwrap_or(true),
            relfrozenxid: class.frozen_xid,
            relpages: class.pages.max(0) as u32,
            reltuples: f64::from(class.tuples),
        }
    }

    /// Vacuums the table, and tells pg_class and the statistics of it.
    pub(super) async fn vacuum(&self, vacuum: &Vacuum, auto: bool) -> Result<Vacuumed> {
        let (env, begun) = (self.env, self.env.cx.now());
        env.buffers.start_counting(env.cx.pid());
        let done = access::vacuum(env, &self.table.rel, &self.options(vacuum)).await;
        let noted = match &done {
            Ok(stats) => catalog::update_stats(env, self.catalog, self.table, stats).await,
            Err(_) => Ok(()),
        };
        let buffers = env.buffers.end_counting(env.cx.pid());
        let stats = done?;
        noted?;
        let dead = stats.recently_dead_tuples + stats.missed_dead_tuples;
        let live = stats.reltuples.max(0.0) as i64;
        self.server.txns.stats.report_vacuum(self.table.oid, live, dead as i64, env.cx.timestamp(), auto);
        let wal = env.xact.borrow().wal_usage;
        Ok(Vacuumed { stats, buffers, wal, elapsed: env.cx.now() - begun })
    }
}

impl Vacuumed {
    /// What VERBOSE and the log of an autovacuum say of it.
    pub(super) fn lines(&self, what: &str, table: &str) -> Vec<String> {
        let mut lines = self.stats.lines(what, table);
        lines.extend(usage_lines(self.buffers, Some(self.wal), self.elapsed));
        lines
    }
}

/// What something took. Work of a processor takes no time here.
pub(super) fn usage_lines(buffers: BufferUsage, wal: Option<WalUsage>, elapsed: u64) -> Vec<String> {
    let seconds = elapsed as f64 / 1e6;
    let rate = |pages: u64| {
        let megabytes = (pages * BLCKSZ as u64) as f64 / f64::from(1 << 20);
        if elapsed > 0 { megabytes / seconds } else { 0.0 }
    };
    let BufferUsage { hits, misses, dirtied } = buffers;
    let mut lines = vec![
        format!("avg read rate: {:.3} MB/s, avg write rate: {:.3} MB/s", rate(misses), rate(dirtied)),
        format!("buffer usage: {hits} hits, {misses} misses, {dirtied} dirtied"),
    ];
    if let Some(WalUsage { records, fpi, bytes }) = wal {
        lines.push(format!("WAL usage: {records} records, {fpi} full page images, {bytes} bytes"));
    }
    lines.push(format!("system usage: CPU: user: 0.00 s, system: 0.00 s, elapsed: {seconds:.2} s"));
    lines
}
