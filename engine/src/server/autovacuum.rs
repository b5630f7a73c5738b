//! Autovacuum: a launcher that thinks of a database every `autovacuum_naptime`, and workers that vacuum what needs it.
//!
//! ```text
//!   launcher ── every minute ─► postmaster starts a worker ─► reads pg_class and the statistics
//!                                                              dead rows   > threshold + scale_factor * rows?
//!                                                              inserted    > insert_threshold + ... ?
//!                                                              relfrozenxid older than autovacuum_freeze_max_age?
//!                                                              changed     > analyze_threshold + ... ?
//! ```
//!
//! A worker gives way: whoever has waited for `deadlock_timeout` behind it has it cancelled, unless it works against
//! wraparound. It naps by `autovacuum_vacuum_cost_delay`, workers sharing one account. A table of which enough has changed
//! since its columns were last looked at is analyzed.
//!
//! PostgreSQL: `postmaster/autovacuum.c`.

use std::rc::Rc;

use super::log::LogLevel;
use super::shared::{Server, ServerState, SessionState};
use super::vacuum::{Target, usage_lines};
use crate::catalog::pg_class::ClassRow;
use crate::catalog::{self, Catalog};
use crate::ids::{BackendType, LockMode, Result, WaitEvent, Xid, sqlstate};
use crate::settings::{Setting, Settings, Source};
use crate::sql::ast::Vacuum;
use crate::txn::{BlockState, Env, TableCounter, TableCounts, abort, commit};
use crate::world::Cx;

/// Whether autovacuum is to run: it lives by the counters.
pub(super) fn is_wanted(settings: &Settings) -> bool {
    settings.on(Setting::autovacuum) && settings.on(Setting::track_counts)
}

/// The launcher.
pub(super) async fn launcher(cx: Cx, server: Rc<Server>) {
    let mut last = cx.now();
    while is_wanted(&server.spec.settings.borrow()) {
        let due = last + server.setting(Setting::autovacuum_naptime) as u64 * 1_000_000;
        if cx.now() >= due {
            last = cx.now();
            server.autovacuum_wanted.set(true);
            server.spec.port.postmaster().into_iter().for_each(|pid| cx.world().wake(pid));
            cx.end_step().await;
            continue;
        }
        cx.wait(WaitEvent::AutoVacuumMain, Some(due)).await;
        cx.take_reload();
        if cx.check_for_interrupts().is_err() {
            return;
        }
    }
}

/// What makes a table due.
#[derive(Clone, Copy, Debug)]
struct Thresholds {
    vacuum: (f64, f64),
    insert: (f64, f64),
    analyze: (f64, f64),
    freeze_max_age: u32,
}

/// Whether n rows are more than a base and a part of the table.
fn above((base, scale): (f64, f64), reltuples: f64, n: i64) -> bool {
    n as f64 > base + scale * reltuples.max(0.0)
}

/// Why a table is vacuumed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Need {
    /// Rows are dead, or were inserted.
    Rows,
    /// Old transaction ids.
    Wraparound,
}

impl Thresholds {
    fn of(settings: &Settings) -> Thresholds {
        let pair = |base, scale| (settings.int(base) as f64, settings.int(scale) as f64 / 1000.0);
        Thresholds {
            vacuum: pair(Setting::autovacuum_vacuum_threshold, Setting::autovacuum_vacuum_scale_factor),
            insert: pair(Setting::autovacuum_vacuum_insert_threshold, Setting::autovacuum_vacuum_insert_scale_factor),
            analyze: pair(Setting::autovacuum_analyze_threshold, Setting::autovacuum_analyze_scale_factor),
            freeze_max_age: settings.int(Setting::autovacuum_freeze_max_age) as u32,
        }
    }

    /// `relation_needs_vacanalyze`, as far as it is about vacuum.
    fn need(&self, reltuples: f64, frozen: Xid, next: Xid, counts: &TableCounts) -> Option<Need> {
        let limit = Xid(next.0.wrapping_sub(self.freeze_max_age));
        if frozen.is_normal() && limit.is_normal() && frozen.precedes(limit) {
            return Some(Need::Wraparound);
        }
        let dead = above(self.vacuum, reltuples, counts[TableCounter::Dead as usize]);
        let inserts = counts[TableCounter::InsSinceVacuum as usize];
        let inserted = self.insert.0 >= 0.0 && above(self.insert, reltuples, inserts);
        (dead || inserted).then_some(Need::Rows)
    }
}

/// A worker: one round through the database.
pub(super) async fn worker(cx: Cx, server: Rc<Server>) {
    let env = server.system_env(&cx);
    server.txns.procs.add(cx.pid(), env.database);
    server.update_activity(cx.pid(), |activity| {
        activity.database = "postgres".to_string();
        activity.env = Some(env.clone());
    });
    if let Err(error) = Worker::new(&env, &server).run().await {
        server.log(cx.pid(), LogLevel::Fatal, error.report().message.clone());
    }
    env.stats.report(&server.txns.stats, cx.now(), true);
    server.txns.locks.release_all(cx.world(), cx.pid());
    server.txns.procs.remove(cx.pid());
}

struct Worker<'a> {
    env: &'a Env,
    server: &'a Server,
    catalog: Catalog,
}

impl<'a> Worker<'a> {
    fn new(env: &'a Env, server: &'a Server) -> Worker<'a> {
        Worker { env, server, catalog: Catalog::new() }
    }

    async fn run(&mut self) -> Result<()> {
        let classes = self.tables().await?;
        for class in classes {
            match self.table(&class).await {
                Err(error) if error.code() == sqlstate::QUERY_CANCELED => {
                    self.server.log(self.env.cx.pid(), LogLevel::Error, "canceling autovacuum task");
                    let schema = self.catalog.schema_name(self.env, class.namespace).await?;
                    let what = format!("automatic vacuum of table \"postgres.{schema}.{}\"", class.name);
                    self.server.log(self.env.cx.pid(), LogLevel::Context, what);
                    self.end(false).await?;
                }
                Err(error) => {
                    self.end(false).await?;
                    return Err(error);
                }
                Ok(()) => self.end(true).await?,
            }
        }
        Ok(())
    }

    /// A transaction for each table: its snapshot would otherwise hold everybody back.
    fn begin(&self) {
        let now = self.env.cx.timestamp();
        let mut xact = self.env.xact.borrow_mut();
        (xact.block, xact.started, xact.statement_started) = (BlockState::Implicit, now, now);
        drop(xact);
        self.env.take_snapshot();
        self.server.update_activity(self.env.cx.pid(), |activity| {
            (activity.state, activity.state_change, activity.xact_start) = (SessionState::Active, now, Some(now));
        });
    }

    async fn end(&self, committed: bool) -> Result<()> {
        self.env.txns.locks.spare(self.env.cx.pid());
        self.server.autovacuum_tables.borrow_mut().remove(&self.env.cx.pid());
        if committed {
            catalog::log_invalidations(self.env).await?;
            commit(self.env).await?;
        } else {
            abort(self.env).await?;
        }
        self.env.stats.end_transaction(committed);
        Ok(())
    }

    /// All tables, catalogs first.
    async fn tables(&mut self) -> Result<Vec<ClassRow>> {
        self.begin();
        let mut classes = self.catalog.all(self.env).await?;
        // What sessions have for themselves they vacuum themselves.
        classes.retain(|class| !class.is_temporary());
        self.end(true).await?;
        Ok(classes)
    }

    /// Why it is to be vacuumed, if it is, and whether it is to be analyzed.
    fn need(&self, class: &ClassRow) -> (Option<Need>, bool) {
        let thresholds = Thresholds::of(&self.server.spec.settings.borrow());
        let (next, counts) = (self.env.txns.procs.next_xid().xid(), self.env.txns.stats.table(class.oid));
        let need = thresholds.need(f64::from(class.tuples), class.frozen_xid, next, &counts);
        let changed = counts[TableCounter::ModSinceAnalyze as usize];
        let due = above(thresholds.analyze, f64::from(class.tuples), changed);
        (need, due && class.kind == b'r' && class.name != "pg_statistic")
    }

    /// Vacuums and analyzes a table, if it still needs it and nobody holds it.
    async fn table(&mut self, class: &ClassRow) -> Result<()> {
        self.begin();
        let taken = self.server.autovacuum_tables.borrow().values().any(|rel| *rel == class.oid);
        let (need, due) = self.need(class);
        if taken || need.is_none() && !due {
            return Ok(());
        }
        self.server.autovacuum_tables.borrow_mut().insert(self.env.cx.pid(), class.oid);
        if !self.env.try_lock_relation(class.oid, LockMode::ShareUpdateExclusive).await? {
            if self.server.setting(Setting::log_autovacuum_min_duration) >= 0 {
                let what = if need.is_some() { "vacuum" } else { "analyze" };
                let text = format!("skipping {what} of \"{}\" --- lock not available", class.name);
                self.server.log(self.env.cx.pid(), LogLevel::Log, text);
            }
            return Ok(());
        }
        self.catalog.accept_invalidations(self.env);
        let Some(table) = self.catalog.table_by_oid(self.env, class.oid).await? else { return Ok(()) };
        self.share_account()?;
        let suffix = if need == Some(Need::Wraparound) { " (to prevent wraparound)" } else { "" };
        let what = match (need.is_some(), due) {
            (true, true) => "VACUUM ANALYZE",
            (true, false) => "VACUUM",
            _ => "ANALYZE",
        };
        let query = format!("autovacuum: {what} {}.{}{suffix}", table.schema, class.name);
        let now = self.env.cx.timestamp();
        self.server.update_activity(self.env.cx.pid(), |activity| {
            (activity.query, activity.query_start) = (query, Some(now));
        });
        if need != Some(Need::Wraparound) {
            self.env.txns.locks.give_way(self.env.cx.pid());
        }
        let target = Target { env: self.env, server: self.server, catalog: &self.catalog, table: &table };
        if let Some(need) = need {
            let done = target.vacuum(&Vacuum::default(), true).await?;
            let to = if need == Need::Wraparound { "to prevent wraparound " } else { "" };
            let lines = || done.lines(&format!("automatic vacuum {to}of table"), &target.full_name());
            self.tell(done.elapsed, lines);
        }
        if due {
            if need.is_some() {
                self.end(true).await?;
                self.begin();
                self.env.lock_relation(class.oid, LockMode::ShareUpdateExclusive).await?;
            }
            let begun = self.env.cx.now();
            self.env.buffers.start_counting(self.env.cx.pid());
            let done = target.analyze(None, need.is_none(), true).await;
            let buffers = self.env.buffers.end_counting(self.env.cx.pid());
            done?;
            let elapsed = self.env.cx.now() - begun;
            self.tell(elapsed, || {
                let mut lines = vec![format!("automatic analyze of table \"{}\"", target.full_name())];
                lines.extend(usage_lines(buffers, None, elapsed));
                lines
            });
        }
        Ok(())
    }

    /// Logs what was done, if it took long enough.
    fn tell(&self, elapsed: u64, lines: impl FnOnce() -> Vec<String>) {
        let least = self.server.setting(Setting::log_autovacuum_min_duration);
        if least >= 0 && elapsed >= least as u64 * 1_000 {
            self.server.log(self.env.cx.pid(), LogLevel::Log, lines().join("\n\t"));
        }
    }

    /// `autovac_balance_cost`: the account of cost-based delay is shared by all workers.
    fn share_account(&self) -> Result<()> {
        let processes = self.server.spec.world.processes();
        let here = |p: &&crate::world::ProcessInfo| p.host == self.env.cx.host();
        let workers = processes.iter().filter(here).filter(|p| p.backend_type == BackendType::AutovacuumWorker).count();
        let settings = &mut *self.env.settings.borrow_mut();
        settings.take_over(&self.server.spec.settings.borrow());
        let own = |setting: Setting, general: Setting| match settings.int(setting) {
            n if n < 0 => settings.int(general),
            n => n,
        };
        let delay = own(Setting::autovacuum_vacuum_cost_delay, Setting::vacuum_cost_delay);
        let limit = own(Setting::autovacuum_vacuum_cost_limit, Setting::vacuum_cost_limit) / workers.max(1) as i64;
        settings.set(Setting::vacuum_cost_delay, &format!("{delay}us"), Source::Session)?;
        settings.set(Setting::vacuum_cost_limit, &limit.max(1).to_string(), Source::Session)
    }
}

impl Server {
    /// Whether the postmaster should start the launcher, or a worker, given who is there.
    pub(super) fn autovacuum_process(&self, children: &[(crate::ids::Pid, BackendType)]) -> Option<BackendType> {
        let settings = self.spec.settings.borrow();
        if self.state.get() != ServerState::Running || !is_wanted(&settings) {
            return None;
        }
        let count = |wanted| children.iter().filter(|(_, kind)| *kind == wanted).count() as i64;
        if count(BackendType::AutovacuumLauncher) == 0 {
            return Some(BackendType::AutovacuumLauncher);
        }
        let room = count(BackendType::AutovacuumWorker) < settings.int(Setting::autovacuum_max_workers);
        (self.autovacuum_wanted.replace(false) && room).then_some(BackendType::AutovacuumWorker)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::txn::TABLE_COUNTERS;

    #[test]
    fn tables_are_due_by_dead_rows_by_inserts_and_by_age() {
        let thresholds = Thresholds::of(&Settings::default());
        let need = |dead, inserted, frozen, next| {
            let mut counts = [0; TABLE_COUNTERS];
            counts[TableCounter::Dead as usize] = dead;
            counts[TableCounter::InsSinceVacuum as usize] = inserted;
            thresholds.need(1000.0, Xid(frozen), Xid(next), &counts)
        };
        assert_eq!(need(250, 1200, 800, 900), None);
        assert_eq!(need(251, 0, 800, 900), Some(Need::Rows));
        assert_eq!(need(0, 1201, 800, 900), Some(Need::Rows));
        assert_eq!(need(0, 0, 800, 200_000_800), None);
        assert_eq!(need(0, 0, 800, 200_000_801), Some(Need::Wraparound));
    }
}
