//! Transactions at random, and what each of them does if it commits.
//!
//! Every transaction writes its name into the table `done` last, so that what is found there says which are to be found
//! whole. Each writer has keys of its own and knows what it has written: what the tables must hold is the effects of
//! the transactions in `done`, one writer after the other.

use std::collections::{BTreeMap, BTreeSet};

use vitrine_engine::world::Random;

use super::family::{Children, Family, Parents};

/// Sessions that change rows. The first also fills and empties a table without indexes.
pub const WRITERS: usize = 3;
/// The session that makes and drops tables and indexes, vacuums, and asks for checkpoints.
pub const KEEPER: usize = WRITERS;
/// The session that keeps indexes in motion.
pub const CHURNER: usize = KEEPER + 1;
/// The keys of a writer begin at its number times this.
pub const SPAN: i64 = 60_000;
/// A prime above all keys: it scatters them over the second key.
const PRIME: i64 = 1_000_003;

/// The columns of a row of `t` behind its key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    /// The second key: unique, in another order than the first.
    pub u: i64,
    /// What many rows have in common.
    pub v: i64,
    /// From a few letters to more than a page.
    pub body: String,
}

/// What a committed transaction has done.
#[derive(Clone, Debug)]
pub enum Effect {
    Put(i64, Row),
    Remove(i64),
    /// So many rows more in `h`.
    Fill(i64),
    Empty,
    /// A table of its own, with a key.
    Make(String),
    Drop(String),
    /// Whether `t` has its third index.
    Index(bool),
    Family(Family),
}

/// A transaction as it is sent.
#[derive(Clone, Debug)]
pub struct Transaction {
    pub sql: String,
    pub effects: Vec<Effect>,
    /// Whether its commit does not wait for the disk.
    pub lazy: bool,
    /// Whether it asks to be kept.
    pub commits: bool,
}

/// The tables, as a set of transactions leaves them.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Tables {
    pub t: BTreeMap<i64, Row>,
    pub h: i64,
    pub made: BTreeSet<String>,
    pub index: bool,
    pub p: Parents,
    pub c: Children,
}

impl Tables {
    pub fn apply(&mut self, effects: &[Effect]) {
        for effect in effects.iter().cloned() {
            match effect {
                Effect::Put(k, row) => drop(self.t.insert(k, row)),
                Effect::Remove(k) => drop(self.t.remove(&k)),
                Effect::Fill(rows) => self.h += rows,
                Effect::Empty => self.h = 0,
                Effect::Make(table) => drop(self.made.insert(table)),
                Effect::Drop(table) => drop(self.made.remove(&table)),
                Effect::Index(there) => self.index = there,
                Effect::Family(event) => event.apply(&mut self.p, &mut self.c),
            }
        }
    }
}

/// One who writes transactions.
pub struct Writer {
    pub number: usize,
    pub random: Random,
    /// What it has brought into the tables.
    mine: Tables,
    pub next_key: i64,
}

/// A transaction being written.
pub struct Draft {
    pub sql: Vec<String>,
    pub effects: Vec<Effect>,
    pub after: Tables,
}

impl Draft {
    fn put(&mut self, k: i64, row: Row) {
        self.does(Effect::Put(k, row));
    }

    pub fn does(&mut self, effect: Effect) {
        self.after.apply(std::slice::from_ref(&effect));
        self.effects.push(effect);
    }
}

impl Writer {
    pub fn new(seed: u64, number: usize) -> Writer {
        let random = Random::new(seed, 100 + number as u64);
        Writer { number, random, mine: Tables::default(), next_key: SPAN * number as i64 + 1 }
    }

    /// It was told that a transaction has committed.
    pub fn committed(&mut self, transaction: &Transaction) {
        self.mine.apply(&transaction.effects);
    }

    /// The `n`-th transaction.
    pub fn next(&mut self, n: usize) -> Transaction {
        let lazy = self.random.one_in(6);
        let mut draft = Draft { sql: vec!["begin".into()], effects: vec![], after: self.mine.clone() };
        if lazy {
            draft.sql.push("set local synchronous_commit = off".into());
        }
        if self.number == KEEPER {
            self.define(n, &mut draft);
        } else {
            for _ in 0..=self.random.below(3) {
                self.change(&mut draft);
            }
        }
        draft.sql.push(format!("insert into done values ({}, {n})", self.number));
        let commits = self.number == KEEPER || !self.random.one_in(8);
        draft.sql.push(if commits { "commit" } else { "rollback" }.into());
        Transaction { sql: draft.sql.join("; "), effects: draft.effects, lazy, commits }
    }

    fn define(&mut self, n: usize, draft: &mut Draft) {
        let table = draft.after.made.first().cloned();
        match self.random.below(4) {
            0 if draft.after.index => {
                draft.sql.push("drop index t_vk".into());
                draft.does(Effect::Index(false));
            }
            0 | 1 if !draft.after.index => {
                draft.sql.push("create index t_vk on t(v, k)".into());
                draft.does(Effect::Index(true));
            }
            2 if table.is_some() => {
                let table = table.unwrap_or_default();
                draft.sql.push(format!("drop table {table}"));
                draft.does(Effect::Drop(table));
            }
            _ => {
                let table = format!("x{n}");
                draft.sql.push(format!("create table {table}(k int primary key, b text)"));
                let rows = "select g, repeat('y', g) from generate_series(1, 60) g";
                draft.sql.push(format!("insert into {table} {rows}"));
                draft.does(Effect::Make(table));
            }
        }
    }

    /// One change, sometimes in a savepoint that is kept or not.
    fn change(&mut self, draft: &mut Draft) {
        let kind = self.random.below(16);
        if kind == 0 {
            let (effects, after) = (draft.effects.clone(), draft.after.clone());
            draft.sql.push("savepoint a".into());
            self.plain_change(draft);
            draft.sql.push("rollback to a".into());
            (draft.effects, draft.after) = (effects, after);
        } else if kind == 1 {
            draft.sql.push("savepoint b".into());
            self.plain_change(draft);
            draft.sql.push("release b".into());
        } else if kind == 2 {
            draft.sql.push(self.locks());
        } else if kind == 3 && self.number == 0 {
            self.heap_change(draft);
        } else if kind == 4 {
            self.scratch(draft);
        } else if kind < 8 {
            self.family(draft);
        } else {
            self.plain_change(draft);
        }
    }

    fn plain_change(&mut self, draft: &mut Draft) {
        // About as much goes as comes.
        if draft.after.t.len() > 450 && self.random.one_in(3) {
            return self.delete(420, draft);
        }
        match self.random.below(16) {
            0..=2 => self.insert_many(draft),
            3 | 4 => self.insert_long(draft),
            5..=8 => self.update(draft, |writer, row, _| row.body = writer.body()),
            9 | 10 => self.recount(draft),
            11 | 12 => self.update(draft, |_, row, _| row.u = -row.u),
            13 | 14 => self.delete(1, draft),
            _ => self.delete(5, draft),
        }
    }

    fn insert_many(&mut self, draft: &mut Draft) {
        let (first, count) = (self.next_key, 20 + self.random.below(60) as i64);
        self.next_key += count;
        let last = self.next_key - 1;
        draft.sql.push(format!(
            "insert into t select g, g * 7919 % {PRIME}, g % 17, repeat('x', g % 40) from generate_series({first}, {last}) g"
        ));
        for k in first..=last {
            let row = Row { u: u_of(k), v: k % 17, body: "x".repeat((k % 40) as usize) };
            draft.put(k, row);
        }
    }

    fn insert_long(&mut self, draft: &mut Draft) {
        let k = self.next_key;
        self.next_key += 1;
        let row = Row { u: u_of(k), v: k % 17, body: self.body() };
        draft.sql.push(format!("insert into t values ({k}, {}, {}, '{}')", row.u, row.v, row.body));
        draft.put(k, row);
    }

    /// Changes a row; the whole row is written, of which PostgreSQL finds out which keys have changed.
    fn update(&mut self, draft: &mut Draft, change: impl FnOnce(&mut Writer, &mut Row, i64)) {
        let Some((k, mut row)) = self.any(draft) else { return };
        let before = row.clone();
        change(self, &mut row, k);
        let set = match (row.u == before.u, row.body == before.body) {
            (false, _) => format!("u = {}", row.u),
            _ => format!("body = '{}'", row.body),
        };
        draft.sql.push(format!("update t set {set} where k = {k}"));
        draft.put(k, row);
    }

    /// A range of rows gets other entries in the plain index.
    fn recount(&mut self, draft: &mut Draft) {
        let Some((k, _)) = self.any(draft) else { return };
        draft.sql.push(format!("update t set v = v + 1 where k between {k} and {}", k + 15));
        let changed: Vec<(i64, Row)> = draft.after.t.range(k..=k + 15).map(|(k, row)| (*k, row.clone())).collect();
        changed.into_iter().for_each(|(k, row)| draft.put(k, Row { v: row.v + 1, ..row }));
    }

    /// Deletes a row and its neighbours.
    fn delete(&mut self, most: usize, draft: &mut Draft) {
        let first = if most > 100 { draft.after.t.keys().next().copied() } else { self.any(draft).map(|(k, _)| k) };
        let Some(first) = first else { return };
        let keys: Vec<i64> = draft.after.t.range(first..).map(|(k, _)| *k).take(most).collect();
        draft.sql.push(format!("delete from t where k between {first} and {}", keys[keys.len() - 1]));
        keys.into_iter().for_each(|k| draft.does(Effect::Remove(k)));
    }

    fn heap_change(&mut self, draft: &mut Draft) {
        if draft.after.h > 0 {
            draft.sql.push("delete from h".into());
            return draft.does(Effect::Empty);
        }
        let rows = 50 + self.random.below(150) as i64;
        draft.sql.push(format!("insert into h select g, repeat('h', 50) from generate_series(1, {rows}) g"));
        draft.does(Effect::Fill(rows));
    }

    /// Rows that are of this session alone, and gone with it.
    fn scratch(&mut self, draft: &mut Draft) {
        draft.sql.push("create temp table if not exists scratch(k int primary key, b text)".into());
        let rows = "select g, repeat('z', g) from generate_series(1, 40) g";
        draft.sql.push(format!("insert into scratch {rows} on conflict (k) do update set b = excluded.b || 'y'"));
        draft.sql.push("delete from scratch where k % 3 = 0".into());
    }

    /// Locks a row of anybody.
    fn locks(&mut self) -> String {
        let other = self.random.below(WRITERS as u64) as i64;
        let k = other * SPAN + 1 + self.random.below(400) as i64;
        let strength = ["key share", "key share", "share", "no key update"][self.random.below(4) as usize];
        format!("select k from t where k = {k} for {strength}")
    }

    fn any(&mut self, draft: &Draft) -> Option<(i64, Row)> {
        let at = self.random.below(draft.after.t.len().max(1) as u64) as usize;
        draft.after.t.iter().nth(at).map(|(k, row)| (*k, row.clone()))
    }

    /// Mostly short; else one that is compressed where it stands, or moved out, or both.
    fn body(&mut self) -> String {
        let word = self.letters(12);
        match self.random.below(10) {
            0 => word.repeat(500),
            1 => self.letters(2600).repeat(3),
            2 => {
                let length = 2500 + self.random.below(4000);
                self.letters(length)
            }
            _ => word,
        }
    }

    fn letters(&mut self, count: u64) -> String {
        (0..count).map(|_| char::from(b'a' + self.random.below(26) as u8)).collect()
    }
}

fn u_of(k: i64) -> i64 {
    k * 7919 % PRIME
}

/// What the keeper does beside its transactions.
pub const CHORES: [&str; 7] = [
    "vacuum h",
    "vacuum t",
    "vacuum (freeze) t",
    "vacuum (freeze) done",
    "vacuum (truncate, index_cleanup on) t",
    "checkpoint",
    "select pg_sleep(0.005)",
];

/// What the sharers do, each again and again: rows of all writers are held together. Now and then one asks for a
/// checkpoint, so that recoveries are short.
pub fn share(random: &mut Random) -> String {
    if random.one_in(6) {
        return "checkpoint".into();
    }
    let strength = ["key share", "key share", "share"][random.below(3) as usize];
    let rows = match random.below(3) {
        0 => "p where k < 0".to_string(),
        _ => format!("t where v = {} limit 5", random.below(17)),
    };
    let sleep = 1 + random.below(8);
    format!("begin; select k from {rows} for {strength}; select pg_sleep(0.0{sleep:02}); commit")
}
