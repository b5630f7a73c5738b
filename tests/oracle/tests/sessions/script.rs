//! Which session does what next: drawn from a seed, so that it makes sense often and not always.

use super::SESSIONS;
use vitrine_engine::world::Random;

/// The table, before the first step.
pub const SETUP: [&str; 2] = [
    "create table t(id int primary key, v int, w text)",
    "insert into t select n, n * 10, 'row ' || n from generate_series(1, 4) n",
];
/// All of it.
pub const TABLE: &str = "select * from t order by id, v, w";

/// A script as far as it has been drawn.
pub struct Script {
    random: Random,
    /// Which sessions are in a transaction block, as far as their statements say.
    in_block: [bool; SESSIONS],
    /// The statement that each was given last.
    last: [String; SESSIONS],
    next_id: u64,
}

impl Script {
    /// The script of a seed.
    pub fn new(seed: u64) -> Script {
        Script { random: Random::new(seed, 4), in_block: [false; SESSIONS], last: Default::default(), next_id: 10 }
    }

    /// A session has answered its last statement.
    pub fn answered(&mut self, session: usize, lines: &[String]) {
        let failed = lines.iter().any(|line| line.starts_with("ERROR"));
        let word = self.last[session].split(' ').next().unwrap_or_default().to_string();
        self.in_block[session] = match word.as_str() {
            "begin" if !failed => true,
            "commit" | "rollback" if !self.last[session].starts_with("rollback to") => false,
            _ => self.in_block[session],
        };
    }

    /// The next step, of a session that does not wait; at the end transactions are ended, and then there is none.
    pub fn next(&mut self, waits: &[Option<Vec<usize>>], end: bool) -> Option<(usize, String)> {
        let free: Vec<usize> = (0..SESSIONS).filter(|session| waits[*session].is_none()).collect();
        let wanted: Vec<usize> = if end { free.into_iter().filter(|s| self.in_block[*s]).collect() } else { free };
        if wanted.is_empty() {
            return None;
        }
        let session = wanted[self.random.below(wanted.len() as u64) as usize];
        let sql = if end { "commit".to_string() } else { self.statement(session) };
        self.last[session] = sql.clone();
        Some((session, sql))
    }

    fn statement(&mut self, session: usize) -> String {
        let id = 1 + self.random.below(5);
        let amount = self.random.below(100);
        if !self.in_block[session] && self.random.below(3) > 0 {
            return match self.random.below(4) {
                0 => "begin isolation level repeatable read".into(),
                _ => "begin".into(),
            };
        }
        match self.random.below(24) {
            0..=4 => format!("update t set v = v + {amount} where id = {id}"),
            5 => format!("update t set w = w || '+' where v > {amount} returning id"),
            6 => format!("update t set v = {amount} where id = {id} and v > 20 returning *"),
            7 => format!("delete from t where id = {id}"),
            // Sometimes an id that is there, or that another session has just taken.
            8 => {
                self.next_id += u64::from(self.random.below(3) > 0);
                format!("insert into t values ({}, {amount}, 'new')", self.next_id)
            }
            9 | 10 => "select id, v, w from t order by id, v".into(),
            11 => format!("select count(*), sum(v) from t where id <> {id}"),
            12 => format!("select v / (v - {amount}) from t where id = {id}"),
            13 if self.in_block[session] => "rollback".into(),
            14 | 15 => self.row_lock(id),
            16 if self.in_block[session] => self.table_lock(),
            17 => format!("select pg_try_advisory_xact_lock({}), pg_advisory_xact_lock_shared({id})", id % 3),
            18 | 19 if self.in_block[session] => ["savepoint s", "savepoint s2"][self.random.below(2) as usize].into(),
            20 if self.in_block[session] => ["rollback to s", "rollback to s2"][self.random.below(2) as usize].into(),
            21 if self.in_block[session] => "release s".into(),
            _ if self.in_block[session] => "commit".into(),
            _ => format!("delete from t where v = {amount}"),
        }
    }

    /// SELECT with a row lock of some strength, that waits, fails or passes by.
    fn row_lock(&mut self, id: u64) -> String {
        let strength = ["update", "no key update", "share", "key share"][self.random.below(4) as usize];
        let policy = ["", "", " nowait", " skip locked"][self.random.below(4) as usize];
        match self.random.below(3) {
            0 => format!("select id, v from t where v > 15 order by id for {strength}{policy}"),
            _ => format!("select * from t where id = {id} for {strength}{policy}"),
        }
    }

    fn table_lock(&mut self) -> String {
        let modes = ["row share", "share", "share row exclusive", "exclusive", "access exclusive"];
        let mode = modes[self.random.below(modes.len() as u64) as usize];
        let nowait = ["", " nowait"][self.random.below(2) as usize];
        format!("lock table t in {mode} mode{nowait}")
    }
}
