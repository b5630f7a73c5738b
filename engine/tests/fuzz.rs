//! Whatever is sent, the server answers: with a result or with an error that has its SQLSTATE, without a panic and
//! without hanging.
//!
//! Statements are made from a seed: true ones of which tokens are dropped, doubled, swapped and replaced by others; bytes
//! changed; deep nesting; huge literals; and whole ones that a grammar makes over the tables that there are. They run in a
//! database with a few tables, one session after the other. A transaction that has failed is rolled back, a table that is
//! gone is made again.

#[path = "fuzz/grammar.rs"]
mod grammar;
#[path = "fuzz/statements.rs"]
mod statements;

use std::collections::BTreeMap;

use statements::Statements;
use vitrine_engine::cluster::{Input, Lab, LabSpec};
use vitrine_engine::ids::{TimestampTz, sqlstate};
use vitrine_engine::inspect;
use vitrine_engine::server::protocol::BackendMessage;
use vitrine_engine::world::Limit;

/// Statements from one restart of the database to the next, so that what one has filled does not slow down the rest.
const LIFE: usize = 500;
/// Steps that an answer may take.
const PATIENCE: u64 = 3_000_000;

struct Database {
    lab: Lab,
    session: u32,
}

impl Database {
    fn open(seed: u64) -> Database {
        let mut spec = LabSpec::plain(seed, TimestampTz(0));
        let settings = [("shared_buffers", "256"), ("autovacuum", "off"), ("statement_timeout", "0")];
        spec.settings.extend(settings.map(|(name, value)| (name.to_string(), value.to_string())));
        let lab = Lab::open(spec, inspect::functions).unwrap();
        let mut database = Database { lab, session: 0 };
        database.connect();
        for statement in statements::SETUP {
            assert_eq!(database.ask(statement).1, None, "{statement}");
        }
        database
    }

    fn connect(&mut self) {
        self.session = self.lab.sessions().len() as u32;
        let parameters = vec![("user".to_string(), "postgres".to_string())];
        self.lab.input(Input::Connect { host: 0, parameters }).unwrap();
        self.lab.run_to_answer(self.session);
        self.lab.take_answers();
    }

    /// Whether it was answered, and the SQLSTATE of the error.
    fn ask(&mut self, text: &str) -> (bool, Option<String>) {
        self.lab.input(Input::Query { session: self.session, text: text.to_string() }).unwrap();
        let limit = Limit { steps: self.lab.world().steps() + PATIENCE, ..Limit::IDLE };
        self.lab.run_to_answer_within(self.session, limit);
        let (mut ready, mut code) = (false, None);
        for answer in self.lab.take_answers().into_iter().filter(|answer| answer.session == self.session) {
            match answer.message {
                BackendMessage::ErrorResponse(error) => {
                    assert_ne!(error.code(), sqlstate::INTERNAL_ERROR, "{text:?}: {error}");
                    code = Some(format!("{:?}", error.code()));
                }
                BackendMessage::ReadyForQuery(_) => ready = true,
                _ => {}
            }
        }
        (ready, code)
    }

    /// A statement that waits, for a lock or a moment, is cancelled; a session that has ended begins anew.
    fn recover(&mut self) -> bool {
        self.lab.input(Input::Cancel { session: self.session }).unwrap();
        self.lab.run_to_answer(self.session);
        let answers = self.lab.take_answers();
        let ready = answers.iter().any(|answer| matches!(answer.message, BackendMessage::ReadyForQuery(_)));
        self.connect();
        ready
    }
}

/// What the answers were, by SQLSTATE; none: no error.
fn fuzz(seed: u64, count: usize) -> BTreeMap<Option<String>, usize> {
    let mut statements = Statements::new(seed);
    let mut codes = BTreeMap::new();
    let mut database = Database::open(seed);
    for n in 0..count {
        if n % LIFE == LIFE - 1 {
            database = Database::open(seed + n as u64);
        }
        let text = statements.next();
        let (ready, code) = database.ask(&text);
        let ended = code.as_deref().is_some_and(|code| code.starts_with("57P"));
        assert!(ready || ended || database.recover(), "seed {seed}, statement {n}: no answer to {text:?}");
        match code.as_deref() {
            _ if ended => database.connect(),
            // Nothing else would be heard from here on.
            Some("25P02") => _ = database.ask("rollback"),
            // Some statements drop tables.
            Some("42P01") => statements::SETUP.iter().for_each(|statement| _ = database.ask(statement)),
            _ => {}
        }
        *codes.entry(code).or_default() += 1;
    }
    codes
}

/// The most memory that this process has had, where the system says so.
fn peak_megabytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse::<u64>().ok().map(|kilobytes| kilobytes / 1024)
}

#[test]
fn whatever_is_sent_is_answered() {
    let soak = std::env::var("VITRINE_SOAK").ok().and_then(|first| first.parse::<u64>().ok());
    let (seed, count) = soak.map_or((1, 20_000), |first| (first, 1_000_000));
    let codes = fuzz(seed, count);
    let of = |code: Option<&str>| codes.get(&code.map(str::to_string)).copied().unwrap_or(0);
    println!("{count} statements from seed {seed}: {codes:?}; memory at most {:?} MB", peak_megabytes());
    // Enough of them run, and enough do not get past the grammar.
    assert!(of(None) > count / 20 && of(Some("42601")) > count / 50, "{codes:?}");
    // What a statement needs is gone with it.
    assert!(peak_megabytes().is_none_or(|megabytes| megabytes < 2_000));
}
