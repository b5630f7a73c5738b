//! Whatever is sent, the server answers: with a result or with an error that has its SQLSTATE, without a panic and
//! without hanging.
//!
//! Statements are made from a seed: true ones of which tokens are dropped, doubled, swapped and replaced by others; bytes
//! changed; deep nesting; huge literals. They run in a database with a few tables, one session after the other, so that
//! a statement may also find a transaction that has failed.

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
const LIFE: usize = 2_000;
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
        if ended {
            database.connect();
        }
        *codes.entry(code).or_default() += 1;
    }
    codes
}

#[test]
fn whatever_is_sent_is_answered() {
    let soak = std::env::var("VITRINE_SOAK").ok().and_then(|first| first.parse::<u64>().ok());
    let (seed, count) = soak.map_or((1, 20_000), |first| (first, 1_000_000));
    let codes = fuzz(seed, count);
    let of = |code: Option<&str>| codes.get(&code.map(str::to_string)).copied().unwrap_or(0);
    // Enough of them get past the grammar, and enough do not.
    assert!(of(None) > count / 200 && of(Some("42601")) > count / 50, "{codes:?}");
}
