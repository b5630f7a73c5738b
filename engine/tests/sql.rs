//! SQL through whole servers: scripts of sessions over a plain database. What a single session gets is what a real
//! PostgreSQL 15 gives it; the scripts in `tests/sql/` were compared with one. `clock:` lets milliseconds pass.

#[path = "common/keep.rs"]
mod keep;
#[path = "common/shown.rs"]
mod shown;

use shown::shown;
use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use vitrine_engine::cluster::{Input, Lab, LabSpec};
use vitrine_engine::ids::TimestampTz;
use vitrine_engine::inspect;
use vitrine_engine::server::protocol::FrontendMessage;
use vitrine_engine::world::Limit;

/// Sessions by the prefixes of their commands.
struct Sessions {
    lab: Lab,
    sessions: BTreeMap<String, u32>,
}

impl Sessions {
    fn new() -> Sessions {
        let epoch = TimestampTz::from_unix_micros(1_767_225_600_000_000);
        let lab = Lab::open(LabSpec::plain(1, epoch), inspect::functions).unwrap();
        Sessions { lab, sessions: BTreeMap::new() }
    }

    fn session(&mut self, name: &str) -> u32 {
        if let Some(session) = self.sessions.get(name) {
            return *session;
        }
        let session = self.sessions.len() as u32;
        let parameters = vec![("user".to_string(), "postgres".to_string())];
        self.lab.input(Input::Connect { host: 0, parameters }).unwrap();
        self.lab.run_to_answer(session);
        self.lab.take_answers();
        self.sessions.insert(name.to_string(), session);
        session
    }

    /// What the sessions have been told since; lines of others than `own` say whose they are.
    fn told(&mut self, own: u32) -> String {
        let mut out = String::new();
        for answer in self.lab.take_answers() {
            let Some(text) = shown(answer.message) else { continue };
            let name = self.sessions.iter().find(|(_, session)| **session == answer.session).map(|(name, _)| name);
            match name.filter(|_| answer.session != own) {
                Some(name) => out += &format!("({name}) {text}\n"),
                None => out += &format!("{text}\n"),
            }
        }
        if out.is_empty() { "waits\n".into() } else { out }
    }
}

impl goldenscript::Runner for Sessions {
    type Command = goldenscript::Command;

    fn run(
        &mut self,
        command: &goldenscript::Command,
        context: &goldenscript::Context,
    ) -> Result<String, Box<dyn Error>> {
        if context.prefix.as_deref() == Some("clock") {
            let micros = command.name.parse::<u64>()? * 1_000;
            self.lab.run(Limit::until(self.lab.world().now() + micros));
            return Ok(self.told(u32::MAX));
        }
        let session = self.session(context.prefix.as_deref().unwrap_or("alone"));
        // Whoever types takes a moment: of two that wait, one has waited longer.
        let at = self.lab.world().now() + 1_000;
        let (text, data) = command.name.split_once(" <<< ").map_or((&*command.name, None), |(a, b)| (a, Some(b)));
        self.lab.input_at(at, Input::Query { session, text: text.to_string() }).unwrap();
        for message in data.into_iter().flat_map(copied) {
            self.lab.input_at(at, Input::Message { session, message }).unwrap();
        }
        self.lab.run_to_answer(session);
        // Whoever waited for this one goes on.
        self.lab.run(Limit::IDLE);
        Ok(self.told(session))
    }
}

/// What a client sends for a COPY. `⏎`, `⇥` and `␍` stand for what cannot be seen; a `!` has it fail.
fn copied(data: &str) -> Vec<FrontendMessage> {
    let bytes = |data: &str| data.replace('⏎', "\n").replace('⇥', "\t").replace('␍', "\r").into_bytes();
    match data.strip_suffix('!') {
        Some(data) => vec![FrontendMessage::CopyData(bytes(data)), FrontendMessage::CopyFail("given up".into())],
        None => vec![FrontendMessage::CopyData(bytes(data)), FrontendMessage::CopyDone],
    }
}

fn run(script: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sql").join(script);
    let mut sessions = Sessions::new();
    goldenscript::run(&mut sessions, &path).unwrap_or_else(|e| panic!("{script}: {e}"));
    keep::keep_wal(&sessions.lab, "sql");
}

#[test]
fn queries() {
    run("queries");
}

#[test]
fn changes() {
    run("changes");
}

#[test]
fn joined_changes() {
    run("joined_changes");
}

#[test]
fn prepared() {
    run("prepared");
}

#[test]
fn cursors() {
    run("cursors");
}

#[test]
fn table_as() {
    run("table_as");
}

#[test]
fn copy() {
    run("copy");
}

#[test]
fn include() {
    run("include");
}

#[test]
fn on_conflict() {
    run("on_conflict");
}

#[test]
fn foreign_keys() {
    run("foreign_keys");
}

#[test]
fn defaults() {
    run("defaults");
}

#[test]
fn alter() {
    run("alter");
}

#[test]
fn indexes() {
    run("indexes");
}

#[test]
fn sieve() {
    run("sieve");
}

#[test]
fn bitmaps() {
    run("bitmaps");
}

#[test]
fn index_scans() {
    run("index_scans");
}

#[test]
fn btree_pages() {
    run("btree_pages");
}

#[test]
fn locks() {
    run("locks");
}

#[test]
fn facts() {
    run("facts");
}

#[test]
fn row_locks() {
    run("row_locks");
}

#[test]
fn multixacts() {
    run("multixacts");
}

#[test]
fn rechecks() {
    run("rechecks");
}

#[test]
fn savepoints() {
    run("savepoints");
}

#[test]
fn timeouts() {
    run("timeouts");
}

#[test]
fn concurrent_writers() {
    run("concurrent");
}

#[test]
fn key_share() {
    run("key_share");
}

#[test]
fn sorts() {
    run("sorts");
}

#[test]
fn temporary_tables() {
    run("temp_tables");
}

#[test]
fn schemas() {
    run("schemas");
}

#[test]
fn views() {
    run("views");
}

#[test]
fn psql() {
    run("psql");
}

#[test]
fn information_schema() {
    run("information_schema");
}
