//! A standby ends byte for byte as its primary, whatever happens to it and to the link on the way.
//!
//! Two sessions write at random on the primary: small transactions that commit or roll back, DDL, VACUUM, checkpoints.
//! Meanwhile the link is slow, fast, cut and healed, and the standby loses its power. The first session commits with
//! `remote_apply`: whoever reads on the standby after such a commit was acknowledged must see it. At the end every page
//! of every table is asked of both servers and compared, hint bits and their like aside.

#[path = "common/keep.rs"]
mod keep;

use vitrine_engine::cluster::{Input, Lab, LabSpec};
use vitrine_engine::ids::BLCKSZ;
use vitrine_engine::inspect;
use vitrine_engine::server::protocol::BackendMessage;
use vitrine_engine::storage::mask;
use vitrine_engine::world::{Limit, Random};

/// The session that waits for the standby to have applied its commits, and the other writer.
const STRICT: usize = 0;
const WRITERS: usize = 2;
/// Virtual microseconds in which a healthy link brings a standby up to date, restarts and retries included.
const CATCH_UP: u64 = 60_000_000;
const TABLES: [&str; 2] = ["a", "b"];

/// The lab with its sessions.
struct Room {
    lab: Lab,
    random: Random,
    seed: u64,
    /// Whether each writer waits for an answer.
    busy: [bool; WRITERS],
    in_block: [bool; WRITERS],
    /// The number that the strict session has written, and the last that was acknowledged.
    written: i64,
    acknowledged: i64,
    /// How often the standby was asked, and was up.
    seen: usize,
    cut: bool,
}

fn settings() -> Vec<(String, String)> {
    let settings = [("synchronous_standby_names", "*"), ("synchronous_commit", "local")];
    settings.map(|(name, value)| (name.to_string(), value.to_string())).to_vec()
}

impl Room {
    fn new(seed: u64) -> Room {
        let mut spec = LabSpec::lab(seed);
        spec.settings.extend(settings());
        let lab = Lab::open(spec, inspect::functions).unwrap();
        let mut room = Room {
            lab,
            random: Random::new(seed, 21),
            seed,
            busy: [false; WRITERS],
            in_block: [false; WRITERS],
            written: 0,
            acknowledged: 0,
            seen: 0,
            cut: false,
        };
        for _ in 0..WRITERS {
            room.connect(0);
        }
        let tables = TABLES.map(|table| format!("create table {table}(id int, v text)"));
        tables.iter().for_each(|sql| drop(room.ask(1, sql).unwrap()));
        room.ask(1, "create table counter(n int); insert into counter values (0)").unwrap();
        room.ask(STRICT as u32, "set synchronous_commit = remote_apply").unwrap();
        room
    }

    fn connect(&mut self, host: u8) -> u32 {
        let session = self.lab.sessions().len() as u32;
        self.lab.input(Input::Connect { host, parameters: vec![("user".into(), "postgres".into())] }).unwrap();
        self.lab.run_to_answer(session);
        let _ = self.hear(session);
        session
    }

    /// Runs a query of a session that is not busy to its answer: the first column, or the error.
    fn ask(&mut self, session: u32, sql: &str) -> Result<Vec<String>, String> {
        self.lab.input(Input::Query { session, text: sql.into() }).unwrap();
        self.lab.run_to_answer(session);
        self.hear(session)
    }

    /// What a session has been told; notes which writers have their answer.
    fn hear(&mut self, wanted: u32) -> Result<Vec<String>, String> {
        let mut result = Ok(vec![]);
        for answer in self.lab.take_answers() {
            match answer.message {
                BackendMessage::DataRow(row) if answer.session == wanted => {
                    let value = String::from_utf8(row[0].clone().unwrap_or_default()).unwrap();
                    result.iter_mut().for_each(|rows: &mut Vec<String>| rows.push(value.clone()));
                }
                BackendMessage::ErrorResponse(error) if answer.session == wanted => result = Err(error.to_string()),
                BackendMessage::ReadyForQuery(_) if (answer.session as usize) < WRITERS => {
                    self.busy[answer.session as usize] = false;
                    if answer.session as usize == STRICT {
                        self.acknowledged = self.written;
                    }
                }
                _ => {}
            }
        }
        result
    }

    /// One act of a writer, or of fate.
    fn act(&mut self) {
        if self.random.one_in(12) {
            return self.fate();
        }
        let writer = self.random.below(WRITERS as u64) as usize;
        if self.busy[writer] {
            let at = self.lab.world().now() + self.random.below(300_000);
            self.lab.run(Limit::until(at));
        } else {
            let sql = if writer == STRICT { self.strict() } else { self.statement(writer) };
            self.busy[writer] = true;
            self.lab.input(Input::Query { session: writer as u32, text: sql }).unwrap();
            self.lab.run(Limit::IDLE);
        }
        let _ = self.hear(u32::MAX);
        if self.random.one_in(4) {
            self.look();
        }
    }

    fn strict(&mut self) -> String {
        self.written += 1;
        format!("update counter set n = {}", self.written)
    }

    fn statement(&mut self, writer: usize) -> String {
        let table = TABLES[self.random.below(2) as usize];
        let id = self.random.below(40);
        let in_block = self.in_block[writer];
        let text = "x".repeat(self.random.below(300) as usize);
        match self.random.below(16) {
            0..=5 => format!("insert into {table} values ({id}, '{text}')"),
            6..=9 => format!("update {table} set v = '{text}' where id = {id}"),
            10 => format!("delete from {table} where id = {id}"),
            11 if !in_block => format!("vacuum {table}"),
            12 if !in_block => "checkpoint".into(),
            13 if !in_block && self.random.one_in(6) => {
                format!("drop table {table}; create table {table}(id int, v text)")
            }
            _ => {
                self.in_block[writer] = !in_block;
                let ends = if self.random.one_in(3) { "rollback" } else { "commit" };
                if in_block { ends } else { "begin" }.into()
            }
        }
    }

    /// Something happens to the link or to the standby.
    fn fate(&mut self) {
        match self.random.below(8) {
            0..=2 => {
                self.cut = !self.cut;
                self.lab.input(Input::Cut { cut: self.cut }).unwrap();
            }
            3 | 4 => {
                let micros = self.random.below(20_000) as u32;
                self.lab.input(Input::Latency { micros }).unwrap();
            }
            5 => {
                self.lab.input(Input::PowerFail { host: 1 }).unwrap();
                self.lab.input(Input::PowerOn { host: 1 }).unwrap();
            }
            _ => {
                let at = self.lab.world().now() + self.random.below(3_000_000);
                self.lab.run(Limit::until(at));
            }
        }
    }

    /// Reads on the standby what the primary has promised to be there.
    fn look(&mut self) {
        let promised = self.acknowledged;
        let reader = self.connect(1);
        let rows = self.ask(reader, "select n from counter").unwrap_or_default();
        if let Some(n) = rows.first().and_then(|n| n.parse::<i64>().ok()) {
            assert!(n >= promised, "seed {}: {promised} was acknowledged, the standby says {n}", self.seed);
            self.seen += 1;
        }
        self.lab.input(Input::Disconnect { session: reader }).unwrap();
        self.lab.run(Limit::IDLE);
    }

    /// Heals everything, and lets the standby come up to the primary.
    fn settle(&mut self) {
        self.lab.input(Input::Cut { cut: false }).unwrap();
        self.lab.input(Input::Latency { micros: 100 }).unwrap();
        self.lab.run(Limit::until(self.lab.world().now() + CATCH_UP));
        let _ = self.hear(u32::MAX);
        assert_eq!(self.busy, [false; WRITERS], "seed {}: everybody is answered in the end", self.seed);
        self.ask(1, "commit").unwrap();
        // Looking a table up may prune pages of the catalogs: here, and not when they are compared.
        TABLES.iter().for_each(|table| drop(self.pages(1, table)));
        self.ask(1, "select pg_switch_wal()").unwrap();
        self.lab.run(Limit::until(self.lab.world().now() + CATCH_UP));
        let server = |host: usize| self.lab.hosts()[host].running.borrow().clone().expect("a server");
        let (flushed, replayed) = (server(0).wal.flush_lsn(), server(1).receiver.replay.get());
        assert_eq!(replayed, flushed, "seed {}: the standby has everything", self.seed);
    }

    /// All pages of a table, masked, as a session of a host reads them.
    fn pages(&mut self, session: u32, table: &str) -> Vec<Box<[u8; BLCKSZ]>> {
        let mut pages = vec![];
        while let Ok(rows) = self.ask(session, &format!("select get_raw_page('{table}', {})", pages.len())) {
            let digits = rows[0].trim_start_matches("\\x").as_bytes();
            let digit = |byte: u8| (byte as char).to_digit(16).unwrap() as u8;
            let bytes: Vec<u8> = digits.chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect();
            let mut page: Box<[u8; BLCKSZ]> = bytes.into_boxed_slice().try_into().unwrap();
            mask::heap(&mut page);
            pages.push(page);
        }
        pages
    }

    fn compare(&mut self) -> usize {
        let (here, there) = (self.connect(0), self.connect(1));
        let mut compared = 0;
        for table in TABLES.into_iter().chain(["counter", "pg_class", "pg_attribute", "pg_type"]) {
            let (ours, theirs) = (self.pages(here, table), self.pages(there, table));
            assert_eq!(ours.len(), theirs.len(), "seed {}: length of {table}", self.seed);
            for (block, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
                let at = ours.iter().zip(theirs.iter()).position(|(a, b)| a != b);
                let lsns = [ours, theirs].map(|page| vitrine_engine::storage::page::lsn(page).to_string());
                let what = format!("seed {}: {table}, page {block}, LSN {lsns:?}", self.seed);
                assert_eq!(at, None, "{what}: the first byte that differs");
            }
            compared += ours.len();
        }
        compared
    }
}

fn follow(seed: u64, acts: usize) {
    let mut room = Room::new(seed);
    for _ in 0..acts {
        room.act();
    }
    room.settle();
    let compared = room.compare();
    keep::keep_wal(&room.lab, "standby");
    assert!(compared > 8 && room.seen > 3, "seed {seed}: {compared} pages compared, {} looks", room.seen);
}

#[test]
fn a_standby_ends_as_its_primary() {
    let (seeds, acts) = match std::env::var("VITRINE_SOAK").ok().and_then(|first| first.parse::<u64>().ok()) {
        Some(first) => (first..first + 4, 10_000),
        None => (0..3, 400),
    };
    seeds.for_each(|seed| follow(seed, acts));
}
