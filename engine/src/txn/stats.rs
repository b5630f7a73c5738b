//! Statistics in shared memory: what was done to each table, and to the database.
//!
//! ```text
//!   a process counts for itself ── when a transaction is over, at most once a second ──► shared: pg_stat_all_tables
//!      rows inserted, updated, deleted                                                   pg_stat_database
//!      and, once it is known whether they stay: rows that live, rows that are dead
//! ```
//!
//! So a process does not hinder others by counting, and its own last second may not be shown yet
//! (`pg_stat_force_next_flush`). Autovacuum lives by these numbers. Until version 14 a process of its own collected them.
//!
//! PostgreSQL: `utils/activity/pgstat.c`, `pgstat_relation.c`, `pgstat_database.c`.

use crate::small::Map;
use std::cell::{Cell, RefCell};

use crate::ids::{Error, Instant, Oid, TimestampTz, sqlstate};

/// The shortest time between two flushes of a busy session, in microseconds; `PGSTAT_MIN_INTERVAL`.
const MIN_INTERVAL: u64 = 1_000_000;
/// How long counts may stay with a process that has a transaction after the other; `PGSTAT_MAX_INTERVAL`.
const MAX_INTERVAL: u64 = 60_000_000;
/// How long they stay with a session that has become idle; `PGSTAT_IDLE_INTERVAL`.
const IDLE_INTERVAL: u64 = 10_000_000;

/// What is counted of a table, in the order of the columns of `pg_stat_all_tables`, and at the end what is counted of an
/// index. Moments are counted as such.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum TableCounter {
    SeqScan,
    SeqTupRead,
    IdxScan,
    IdxTupFetch,
    Inserted,
    Updated,
    Deleted,
    HotUpdated,
    Live,
    Dead,
    ModSinceAnalyze,
    InsSinceVacuum,
    LastVacuum,
    LastAutovacuum,
    LastAnalyze,
    LastAutoanalyze,
    Vacuums,
    Autovacuums,
    Analyzes,
    Autoanalyzes,
    IndexScans,
    IndexReads,
    IndexFetches,
}

/// How many counters a table has.
pub const TABLE_COUNTERS: usize = TableCounter::IndexFetches as usize + 1;
/// The counters of a table.
pub type TableCounts = [i64; TABLE_COUNTERS];

/// What is counted of a database, nearly in the order of the columns of `pg_stat_database`; times in
/// microseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum DatabaseCounter {
    Committed,
    RolledBack,
    Returned,
    Fetched,
    Inserted,
    Updated,
    Deleted,
    Conflicts,
    Deadlocks,
    SessionTime,
    ActiveTime,
    IdleInTransactionTime,
    Sessions,
    Abandoned,
    Fatal,
    Killed,
    TempFiles,
    TempBytes,
}

/// How many counters a database has.
pub const DATABASE_COUNTERS: usize = DatabaseCounter::TempBytes as usize + 1;
/// The counters of a database.
pub type DatabaseCounts = [i64; DATABASE_COUNTERS];

/// The shared counters.
#[derive(Default)]
pub struct Stats {
    tables: RefCell<Map<Oid, TableCounts>>,
    database: Cell<DatabaseCounts>,
}

impl Stats {
    /// The counters of a table.
    pub fn table(&self, rel: Oid) -> TableCounts {
        self.tables.borrow().get(&rel).copied().unwrap_or_default()
    }

    /// All tables of which something is known.
    pub fn tables(&self) -> Vec<(Oid, TableCounts)> {
        self.tables.borrow().iter().map(|(rel, counts)| (*rel, *counts)).collect()
    }

    /// The counters of the database.
    pub fn database(&self) -> DatabaseCounts {
        self.database.get()
    }

    /// Takes over what was kept.
    pub fn restore(&self, tables: Map<Oid, TableCounts>, database: DatabaseCounts) {
        *self.tables.borrow_mut() = tables;
        self.database.set(database);
    }

    /// `pg_stat_reset`
    pub fn reset(&self) {
        self.restore(Map::new(), DatabaseCounts::default());
    }

    /// A table is gone, or begins anew.
    pub fn forget(&self, rel: Oid) {
        self.tables.borrow_mut().remove(&rel);
    }

    /// Counts something of the database at once.
    pub fn count(&self, counter: DatabaseCounter, n: i64) {
        let mut counts = self.database.get();
        counts[counter as usize] += n;
        self.database.set(counts);
    }

    /// `pgstat_report_analyze`: ANALYZE has seen how many rows live and how many are dead. `whole`: it was of all columns,
    /// so that changes are counted from here on.
    pub fn report_analyze(&self, rel: Oid, (live, dead): (i64, i64), whole: bool, at: TimestampTz, auto: bool) {
        use TableCounter::*;
        let (count, last) = if auto { (Autoanalyzes, LastAutoanalyze) } else { (Analyzes, LastAnalyze) };
        let mut tables = self.tables.borrow_mut();
        let counts = tables.or_default(rel);
        counts[Live as usize] = live;
        counts[Dead as usize] = dead;
        if whole {
            counts[ModSinceAnalyze as usize] = 0;
        }
        counts[count as usize] += 1;
        counts[last as usize] = at.0;
    }

    /// `pgstat_report_vacuum`: VACUUM knows how many rows live and how many dead ones are left.
    pub fn report_vacuum(&self, rel: Oid, live: i64, dead: i64, at: TimestampTz, auto: bool) {
        use TableCounter::*;
        let (count, last) = if auto { (Autovacuums, LastAutovacuum) } else { (Vacuums, LastVacuum) };
        let mut tables = self.tables.borrow_mut();
        let counts = tables.or_default(rel);
        counts[Live as usize] = live;
        counts[Dead as usize] = dead;
        counts[InsSinceVacuum as usize] = 0;
        counts[count as usize] += 1;
        counts[last as usize] = at.0;
    }
}

/// What a process has counted of a table and not yet handed in.
struct Counted {
    rel: Oid,
    counts: TableCounts,
    /// Inserted, updated, deleted by what may still be rolled back.
    open: Changes,
}

/// Rows inserted, updated, deleted.
type Changes = [i64; 3];

impl Counted {
    /// These changes have been rolled back: the new versions are dead, what was deleted is not.
    fn aborted(&mut self, [inserted, updated, _]: Changes) {
        self.counts[TableCounter::InsSinceVacuum as usize] += inserted;
        self.counts[TableCounter::Dead as usize] += inserted + updated;
    }
}

/// A process's own counters.
#[derive(Default)]
pub struct PendingStats {
    tables: RefCell<Vec<Counted>>,
    /// For each savepoint what was open when it was made, by the places of the tables.
    savepoints: RefCell<Vec<Vec<Changes>>>,
    /// The place of the table that was counted last.
    last: Cell<usize>,
    database: Cell<DatabaseCounts>,
    flushed: Cell<Option<Instant>>,
    since: Cell<Option<Instant>>,
}

impl PendingStats {
    /// Counts something of a table: once a page or a batch where that is possible.
    pub fn count(&self, rel: Oid, counter: TableCounter, n: i64) {
        self.change(rel, |counted| counted.counts[counter as usize] += n);
    }

    /// A row was inserted, or updated, or deleted: whether it stays so is known when the transaction ends.
    pub fn count_change(&self, rel: Oid, counter: TableCounter) {
        self.change(rel, |counted| {
            counted.counts[counter as usize] += 1;
            counted.open[counter as usize - TableCounter::Inserted as usize] += 1;
        });
    }

    fn change(&self, rel: Oid, change: impl FnOnce(&mut Counted)) {
        let tables = &mut *self.tables.borrow_mut();
        let known = |at: &usize| tables.get(*at).is_some_and(|counted| counted.rel == rel);
        let at = Some(self.last.get()).filter(known).or_else(|| tables.iter().position(|c| c.rel == rel));
        let at = at.unwrap_or_else(|| {
            tables.push(Counted { rel, counts: [0; TABLE_COUNTERS], open: [0; 3] });
            tables.len() - 1
        });
        self.last.set(at);
        change(&mut tables[at]);
    }

    /// Counts something of the database.
    pub fn count_database(&self, counter: DatabaseCounter, n: i64) {
        let mut counts = self.database.get();
        counts[counter as usize] += n;
        self.database.set(counts);
    }

    /// Of the rows of a table that live, and of those that are dead, how many this process will yet tell of: those of its open
    /// transaction, and dead ones of earlier ones. ANALYZE has counted them.
    pub fn untold(&self, rel: Oid) -> (i64, i64) {
        let tables = self.tables.borrow();
        let Some(Counted { counts, open: [inserted, updated, deleted], .. }) = tables.iter().find(|c| c.rel == rel)
        else {
            return (0, 0);
        };
        (inserted - deleted, updated + deleted + counts[TableCounter::Dead as usize])
    }

    /// A subtransaction begins.
    pub fn start_sub(&self) {
        let open = self.tables.borrow().iter().map(|counted| counted.open).collect();
        self.savepoints.borrow_mut().push(open);
    }

    /// `AtEOSubXact_PgStat`: what the innermost subtransaction has changed is its parent's; or it is over, and what it
    /// has inserted is dead.
    pub fn end_sub(&self, committed: bool) {
        let Some(before) = self.savepoints.borrow_mut().pop().filter(|_| !committed) else { return };
        for (at, counted) in self.tables.borrow_mut().iter_mut().enumerate() {
            let kept = before.get(at).copied().unwrap_or_default();
            let undone: Changes = std::array::from_fn(|n| counted.open[n] - kept[n]);
            counted.open = kept;
            counted.aborted(undone);
        }
    }

    /// `AtEOXact_PgStat`: what the transaction has inserted lives or is dead.
    pub fn end_transaction(&self, committed: bool) {
        use TableCounter::*;
        self.savepoints.borrow_mut().clear();
        for counted in self.tables.borrow_mut().iter_mut() {
            let open = std::mem::take(&mut counted.open);
            if !committed {
                counted.aborted(open);
                continue;
            }
            let ([inserted, updated, deleted], counts) = (open, &mut counted.counts);
            counts[InsSinceVacuum as usize] += inserted;
            counts[Live as usize] += inserted - deleted;
            counts[Dead as usize] += updated + deleted;
            counts[ModSinceAnalyze as usize] += inserted + updated + deleted;
        }
        use DatabaseCounter::{Committed, RolledBack};
        self.count_database(if committed { Committed } else { RolledBack }, 1);
    }

    /// `pgstat_report_disconnect`: the session is over, perhaps by an error, perhaps in the middle of a transaction.
    pub fn end_session(&self, error: Option<&Error>, in_transaction: bool) {
        if in_transaction {
            self.end_transaction(false);
        }
        match error.map(Error::code) {
            Some(sqlstate::ADMIN_SHUTDOWN) => self.count_database(DatabaseCounter::Killed, 1),
            Some(_) => self.count_database(DatabaseCounter::Fatal, 1),
            None => {}
        }
    }

    /// `pgstat_report_stat`, outside of a transaction: hands in what was counted, unless that was done just now. Returns
    /// when it should be tried again, if nothing happens before.
    pub fn report(&self, shared: &Stats, now: Instant, force: bool) -> Option<Instant> {
        if self.tables.borrow().is_empty() && self.database.get() == DatabaseCounts::default() {
            return None;
        }
        let age = |at: Cell<Option<Instant>>, limit| at.get().is_some_and(|at| now - at < limit);
        let waits = age(self.flushed.clone(), MIN_INTERVAL);
        let long = self.since.get().is_some() && !age(self.since.clone(), MAX_INTERVAL);
        if waits && !force && !long {
            self.since.set(self.since.get().or(Some(now)));
            return Some(now + IDLE_INTERVAL);
        }
        self.flush(shared);
        self.flushed.set(Some(now));
        self.since.set(None);
        None
    }

    /// Makes the next report a flush; `pg_stat_force_next_flush`.
    pub fn force_next(&self) {
        self.flushed.set(None);
    }

    fn flush(&self, shared: &Stats) {
        use DatabaseCounter as Db;
        let mut database = self.database.take();
        let mut tables = shared.tables.borrow_mut();
        for Counted { rel, counts, .. } in self.tables.borrow_mut().drain(..) {
            let sum = tables.or_default(rel);
            sum.iter_mut().zip(counts).for_each(|(sum, n)| *sum += n);
            for counter in [TableCounter::Live, TableCounter::Dead] {
                sum[counter as usize] = sum[counter as usize].max(0);
            }
            for (to, from) in [
                (Db::Returned, TableCounter::SeqTupRead),
                (Db::Returned, TableCounter::IndexReads),
                (Db::Fetched, TableCounter::IdxTupFetch),
                (Db::Inserted, TableCounter::Inserted),
                (Db::Updated, TableCounter::Updated),
                (Db::Deleted, TableCounter::Deleted),
            ] {
                database[to as usize] += counts[from as usize];
            }
        }
        let mut sum = shared.database.get();
        sum.iter_mut().zip(database).for_each(|(sum, n)| *sum += n);
        shared.database.set(sum);
    }
}

#[cfg(test)]
mod tests {
    use super::TableCounter::*;
    use super::*;

    #[test]
    fn what_a_transaction_did_lives_or_is_dead() {
        // n_live_tup, n_dead_tup, n_mod_since_analyze, n_ins_since_vacuum of PostgreSQL 15 after the same commands.
        let (pending, shared, rel) = (PendingStats::default(), Stats::default(), Oid(16384));
        let times = |n: i64, counter| (0..n).for_each(|_| pending.count_change(rel, counter));
        times(1000, Inserted);
        pending.end_transaction(true);
        times(100, Updated);
        pending.end_transaction(true);
        times(50, Deleted);
        pending.end_transaction(true);
        [Inserted, Updated, Deleted].into_iter().for_each(|counter| times(1, counter));
        pending.end_transaction(false);
        assert_eq!(pending.report(&shared, Instant(5), false), None);
        let of = |counters: [TableCounter; 4]| counters.map(|counter| shared.table(rel)[counter as usize]);
        assert_eq!(of([Inserted, Updated, Deleted, HotUpdated]), [1001, 101, 51, 0]);
        assert_eq!(of([Live, Dead, ModSinceAnalyze, InsSinceVacuum]), [950, 152, 1150, 1001]);
        shared.report_vacuum(rel, 950, 0, TimestampTz(9), false);
        assert_eq!(of([Live, Dead, ModSinceAnalyze, InsSinceVacuum]), [950, 0, 1150, 0]);
        times(1, Inserted);
        pending.end_transaction(true);
        assert_eq!(pending.report(&shared, Instant(6), false), Some(Instant(10_000_006)), "too soon after the last");
        assert_eq!(pending.report(&shared, Instant(7), true), None);
        assert_eq!(of([Live, Dead, Inserted, Vacuums]), [951, 0, 1002, 1]);
        assert_eq!(shared.database()[DatabaseCounter::Committed as usize], 4);
    }
}
