//! What a session does at random on the primary.

use vitrine_engine::server::protocol::TransactionStatus;
use vitrine_engine::world::Random;

/// The tables that are written to.
pub const TABLES: [&str; 2] = ["a", "b"];

/// The definition of one.
pub fn create(table: &str) -> String {
    format!("create table {table}(id int primary key, n int, v text); create index {table}_n on {table}(n)")
}

/// One who writes.
pub struct Writer {
    random: Random,
    /// Keys of its own.
    next: u64,
    savepoints: usize,
}

impl Writer {
    pub fn new(seed: u64, number: u64) -> Writer {
        Writer { random: Random::new(seed, 30 + number), next: number * 1_000_000, savepoints: 0 }
    }

    /// The next statement, where the session's transaction stands like this.
    pub fn next(&mut self, status: TransactionStatus) -> String {
        match status {
            TransactionStatus::Failed => "rollback".into(),
            TransactionStatus::InBlock if self.random.one_in(4) => {
                if self.random.one_in(4) { "rollback" } else { "commit" }.into()
            }
            TransactionStatus::InBlock if self.savepoints > 0 && self.random.one_in(3) => {
                self.savepoints = 0;
                if self.random.one_in(2) { "rollback to s" } else { "release s" }.into()
            }
            TransactionStatus::InBlock if self.random.one_in(6) => {
                self.savepoints += 1;
                "savepoint s".into()
            }
            TransactionStatus::InBlock => self.change(),
            TransactionStatus::Idle => {
                self.savepoints = 0;
                self.begin()
            }
        }
    }

    fn begin(&mut self) -> String {
        let table = self.table();
        match self.random.below(24) {
            0 | 1 => format!("vacuum {table}"),
            2 => format!("vacuum freeze {table}"),
            3 => "checkpoint".into(),
            4 if self.random.one_in(6) => format!("drop table {table}; {}", create(table)),
            4 => format!("drop index if exists {table}_v; create index {table}_v on {table}(n, id)"),
            5..=14 => "begin".into(),
            _ => self.change(),
        }
    }

    fn change(&mut self) -> String {
        let table = self.table();
        let (text, n, some) = (self.text(), self.random.below(50), self.random.below(30));
        match self.random.below(14) {
            0..=4 => {
                self.next += 1;
                format!("insert into {table} values ({}, {n}, {text})", self.next)
            }
            5 => {
                let first = self.next + 1;
                self.next += 4 * some + 1;
                let rows = format!("select g, g % 50, 'row ' || g from generate_series({first}, {}) g", self.next);
                format!("insert into {table} {rows}")
            }
            6 | 7 => format!("update {table} set v = {text} where n = {n}"),
            8 | 9 => format!("update {table} set n = n + 1 where n = {n}"),
            10 => format!("delete from {table} where n between {n} and {}", n + 3),
            11 => format!("delete from {table} where id % 3 = {}", some % 3),
            12 => format!("select count(*) from (select 1) x, {table} where n = {n}"),
            _ => format!("select id from {table} where n = {n} for key share"),
        }
    }

    fn table(&mut self) -> &'static str {
        TABLES[self.random.below(2) as usize]
    }

    /// A short text, one that is compressed, or one that is moved out.
    fn text(&mut self) -> String {
        let length = self.random.below(300);
        match self.random.below(12) {
            0 => format!("repeat('{}', 900)", self.letters(5)),
            1 => {
                let long = 2100 + 20 * length;
                format!("'{}'", self.letters(long))
            }
            _ => format!("'{}'", self.letters(length)),
        }
    }

    fn letters(&mut self, count: u64) -> String {
        (0..count).map(|_| char::from(b'a' + self.random.below(26) as u8)).collect()
    }
}
