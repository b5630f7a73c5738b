//! A standby ends byte for byte as its primary, whatever happens to it and to the link on the way.
//!
//! Three sessions write at random on the primary: transactions with savepoints that commit or roll back, over tables with
//! keys, other indexes and long values; DDL, VACUUM, checkpoints. Meanwhile the link is slow, fast, cut and healed, and
//! the standby loses its power, for a moment or for long: what it then needs is kept by its slot and by nothing else. The
//! first session commits with `remote_apply`: whoever reads on the standby after such a commit was acknowledged must see
//! it. At the end both servers are shut down, and what lies on their disks is compared, hint bits and their like aside.
//! Then the standby becomes a primary on a timeline of its own.

#[path = "standby/disks.rs"]
mod disks;
#[path = "common/keep.rs"]
mod keep;
#[path = "standby/writer.rs"]
mod writer;

use vitrine_engine::cluster::{Input, Lab, LabSpec};
use vitrine_engine::inspect;
use vitrine_engine::server::ShutdownMode;
use vitrine_engine::server::protocol::{BackendMessage, TransactionStatus};
use vitrine_engine::world::{Limit, Random};

use writer::Writer;

/// The session that waits for the standby to have applied its commits.
const STRICT: usize = 0;
/// Sessions that write at random; with the strict one.
const WRITERS: usize = 3;
/// Virtual microseconds in which a healthy link brings a standby up to date, restarts and retries included.
const CATCH_UP: u64 = 60_000_000;

/// The lab with its sessions.
struct Room {
    lab: Lab,
    random: Random,
    seed: u64,
    /// Whether each writer waits for an answer, and what it was last told.
    busy: [bool; WRITERS],
    status: [TransactionStatus; WRITERS],
    writers: Vec<Writer>,
    /// The number that the strict session has written, and the last that was acknowledged.
    written: i64,
    acknowledged: i64,
    /// Transactions that have ended.
    transactions: usize,
    /// How often the standby was asked, and was up.
    seen: usize,
    cut: bool,
    /// At how many transactions the standby gets its power back.
    away_until: Option<usize>,
}

fn settings() -> Vec<(String, String)> {
    let settings = [
        ("synchronous_standby_names", "*"),
        ("synchronous_commit", "local"),
        ("wal_keep_size", "0"),
        ("max_wal_size", "2MB"),
        ("deadlock_timeout", "50ms"),
    ];
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
            status: [TransactionStatus::Idle; WRITERS],
            writers: (0..WRITERS as u64).map(|number| Writer::new(seed, number)).collect(),
            written: 0,
            acknowledged: 0,
            transactions: 0,
            seen: 0,
            cut: false,
            away_until: None,
        };
        for _ in 0..WRITERS {
            room.connect(0);
        }
        writer::TABLES.iter().for_each(|table| drop(room.ask(1, &writer::create(table)).unwrap()));
        room.ask(1, "create table counter(n int); insert into counter values (0)").unwrap();
        room.ask(STRICT as u32, "set synchronous_commit = remote_apply").unwrap();
        room
    }

    /// The standby uses a slot from now on.
    fn give_slot(&mut self) {
        self.ask(1, "select * from pg_create_physical_replication_slot('standby')").unwrap();
        let standby = self.connect(1);
        self.ask(standby, "alter system set primary_slot_name = 'standby'").unwrap();
        self.lab.input(Input::Shutdown { host: 1, mode: ShutdownMode::Fast }).unwrap();
        self.pass(1_000_000);
        self.lab.input(Input::PowerOn { host: 1 }).unwrap();
        self.pass(1_000_000);
        assert_eq!(self.ask(1, "select active from pg_replication_slots"), Ok(vec!["t".to_string()]));
    }

    fn pass(&mut self, micros: u64) {
        self.lab.run(Limit::until(self.lab.world().now() + micros));
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
            let writer = answer.session as usize;
            match answer.message {
                BackendMessage::DataRow(row) if answer.session == wanted => {
                    let value = String::from_utf8(row[0].clone().unwrap_or_default()).unwrap();
                    result.iter_mut().for_each(|rows: &mut Vec<String>| rows.push(value.clone()));
                }
                BackendMessage::ErrorResponse(error) if answer.session == wanted => result = Err(error.to_string()),
                BackendMessage::ReadyForQuery(status) if writer < WRITERS => {
                    self.busy[writer] = false;
                    self.transactions += usize::from(status == TransactionStatus::Idle);
                    self.status[writer] = status;
                    if writer == STRICT {
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
        if self.away_until.is_some_and(|until| self.transactions >= until) {
            self.away_until = None;
            self.lab.input(Input::PowerOn { host: 1 }).unwrap();
        }
        if self.random.one_in(12) {
            return self.fate();
        }
        let writer = self.random.below(WRITERS as u64) as usize;
        if self.busy[writer] {
            let micros = self.random.below(300_000);
            self.pass(micros);
        } else {
            let text = if writer == STRICT { self.strict() } else { self.writers[writer].next(self.status[writer]) };
            self.busy[writer] = true;
            self.lab.input(Input::Query { session: writer as u32, text }).unwrap();
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

    /// Something happens to the link or to the standby.
    fn fate(&mut self) {
        match self.random.below(9) {
            0..=2 => {
                self.cut = !self.cut;
                self.lab.input(Input::Cut { cut: self.cut }).unwrap();
            }
            3 | 4 => {
                let micros = self.random.below(20_000) as u32;
                self.lab.input(Input::Latency { micros }).unwrap();
            }
            5 if self.away_until.is_none() => {
                self.lab.input(Input::PowerFail { host: 1 }).unwrap();
                self.lab.input(Input::PowerOn { host: 1 }).unwrap();
            }
            6 if self.away_until.is_none() && self.random.one_in(2) => {
                self.lab.input(Input::PowerFail { host: 1 }).unwrap();
                self.away_until = Some(self.transactions + 60);
            }
            _ => {
                let micros = self.random.below(3_000_000);
                self.pass(micros);
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
        self.lab.input(Input::PowerOn { host: 1 }).unwrap();
        self.pass(CATCH_UP);
        let _ = self.hear(u32::MAX);
        assert!(!self.busy[STRICT], "seed {}: who waited for the standby is answered", self.seed);
        for writer in 1..WRITERS {
            self.ask(writer as u32, "commit").unwrap();
        }
        self.pass(CATCH_UP);
        let _ = self.hear(u32::MAX);
        assert_eq!(self.busy, [false; WRITERS], "seed {}: everybody is answered in the end", self.seed);
        self.pass(CATCH_UP);
        let server = |host: usize| self.lab.hosts()[host].running.borrow().clone().expect("a server");
        let (flushed, replayed) = (server(0).wal.flush_lsn(), server(1).receiver.replay.get());
        assert_eq!(replayed, flushed, "seed {}: the standby has everything", self.seed);
        keep::keep_wal(&self.lab, "standby");
    }

    /// Shuts both servers down and compares what they leave: how many pages.
    fn compare(&mut self) -> usize {
        let text = "select relfilenode::text from pg_class where relkind = 'i'";
        let indexes = self.ask(1, text).unwrap();
        for host in [0, 1] {
            self.lab.input(Input::Shutdown { host, mode: ShutdownMode::Fast }).unwrap();
            self.pass(CATCH_UP);
        }
        disks::compare(&self.lab.hosts()[0].disk, &self.lab.hosts()[1].disk, &indexes, &format!("seed {}", self.seed))
    }
}

fn follow(seed: u64, transactions: usize) {
    let mut room = Room::new(seed);
    room.give_slot();
    while room.transactions < transactions {
        room.act();
    }
    room.settle();
    let compared = room.compare();
    assert!(compared > 20 && room.seen > 3, "seed {seed}: {compared} pages compared, {} looks", room.seen);
    promote(&mut room);
}

/// The standby is all that is left.
fn promote(room: &mut Room) {
    let seed = room.seed;
    room.lab.input(Input::PowerOn { host: 1 }).unwrap();
    room.pass(1_000_000);
    let session = room.connect(1);
    room.lab.input(Input::Query { session, text: "select pg_promote()".into() }).unwrap();
    room.pass(2_000_000);
    assert_eq!(room.hear(session), Ok(vec!["t".to_string()]), "seed {seed}");
    let rows = room.ask(session, "select n from counter");
    assert_eq!(rows, Ok(vec![room.acknowledged.to_string()]), "seed {seed}: what was acknowledged");
    room.ask(session, "insert into a values (-1, 1, 'new'); insert into a values (-2, 2, 'new')").unwrap();
    room.pass(5_000_000);
    room.ask(session, "delete from a where id < 0").unwrap();
    let disk = &room.lab.hosts()[1].disk;
    let history = String::from_utf8(disk.peek("pg_wal/00000002.history", 0, 1000).expect("a history")).unwrap();
    let fork = history.split('\t').nth(1).expect("a position").to_string();
    assert_eq!(history, format!("1\t{fork}\tno recovery target specified\n"), "seed {seed}");
    let (_, low) = fork.split_once('/').unwrap();
    let segment = u64::from_str_radix(low, 16).unwrap() >> 20;
    for timeline in [1, 2] {
        let name = format!("pg_wal/{timeline:08X}{:08X}{segment:08X}", 0);
        assert!(disk.exists(&name), "seed {seed}: {name} is not there, the log forks at {fork}");
    }
    keep::keep_wal(&room.lab, "promoted");
}

#[test]
fn a_standby_ends_as_its_primary() {
    let (seeds, transactions) = match std::env::var("VITRINE_SOAK").ok().and_then(|first| first.parse::<u64>().ok()) {
        Some(first) => (first..first + 4, 10_000),
        None => (0..3, 400),
    };
    seeds.for_each(|seed| follow(seed, transactions));
}

#[test]
fn without_a_slot_what_a_standby_needs_may_be_gone() {
    let mut room = Room::new(1);
    room.lab.input(Input::PowerFail { host: 1 }).unwrap();
    for _ in 0..5 {
        room.ask(1, "insert into a select g, g, repeat('x', 300) from generate_series(1, 3000) g").unwrap();
        room.ask(1, "delete from a; checkpoint").unwrap();
    }
    room.lab.input(Input::PowerOn { host: 1 }).unwrap();
    room.pass(3_000_000);
    let log = room.lab.hosts()[1].log.lines();
    let words = "could not receive data from WAL stream: ERROR:  requested WAL segment 000000010000000000000003 has \
                 already been removed";
    assert!(log.iter().any(|line| line.text == words), "{:?}", log.iter().map(|line| &line.text).collect::<Vec<_>>());
}

#[test]
fn who_asks_from_outside_promotes_a_standby_and_nothing_else() {
    let mut room = Room::new(1);
    room.pass(1_000_000);
    for host in [0, 1, 1] {
        room.lab.input(Input::Promote { host }).unwrap();
    }
    room.pass(2_000_000);
    let said = |room: &Room, host: usize, words: &str| {
        room.lab.hosts()[host].log.lines().iter().filter(|line| line.text.contains(words)).count()
    };
    assert_eq!([0, 1].map(|host| said(&room, host, "received promote request")), [0, 1]);
    assert_eq!([0, 1].map(|host| said(&room, host, "selected new timeline ID: 2")), [0, 1]);
    let session = room.connect(1);
    assert_eq!(room.ask(session, "select pg_is_in_recovery()"), Ok(vec!["f".to_string()]));
}
