//! One workload that has everything in it, crashed at 500 of its steps.
//!
//! Three writers change rows of a table with three kinds of keys, of which long values are moved out, and of two tables
//! between which foreign keys act; they have savepoints and temporary tables. Two sharers hold rows together; a keeper
//! makes and drops tables and indexes, vacuums, and asks for checkpoints; another keeps indexes in motion; checkpoints come by
//! time and by log besides, autovacuum comes by itself, and a standby follows by a slot.
//!
//! The run is made once. At each of the 500 points a copy of its disks is taken as a power failure leaves them
//! ([`Lab::power_failed`]), in a room of its own:
//!
//! ```text
//!   the run ──●────────●──────●──────────●─────►
//!             │        └► torn writes ─► recovery, broken off ─► recovery ─► rows ─► shutdown ─► files
//!             └► torn writes ─► ...
//! ```
//!
//! What must be there is known from the log itself: the transactions whose commit records have survived, these wholly
//! and no others. Which they are at least is known from the answers that were given.

use std::collections::{BTreeMap, BTreeSet};

use vitrine_engine::cluster::{Input, Lab, LabSpec};
use vitrine_engine::ids::{Instant, Lsn, Oid, RelFile, Xid};
use vitrine_engine::inspect;
use vitrine_engine::server::ShutdownMode;
use vitrine_engine::server::protocol::{BackendMessage, TransactionStatus};
use vitrine_engine::world::{Limit, Random};

use super::churn;
use super::client::{self, connect};
use super::family;
use super::judge::{Judge, Table};
use super::keep;
use super::log::{self, Followed};
use super::model::{self, CHORES, CHURNER, KEEPER, Tables, Transaction, Writer};

/// How often the plug is pulled.
const POINTS: usize = 500;
/// Steps from one point to the next, at most.
const STRIDE: u64 = 300;
/// Points at which the sessions fall silent for a while, so that a checkpoint comes by time.
const LULLS: [usize; 2] = [140, 330];
/// How long.
const LULL: u64 = 53_000_000;
/// `wal_writer_delay`, three times: what a commit that does not wait may lose.
const LAZY: u64 = 3 * 200_000;
const SHARERS: usize = 2;

/// A session, from its client's side.
struct Client {
    session: u32,
    busy: bool,
    failed: bool,
    sent: Option<Transaction>,
    count: usize,
    /// The greatest number that a sequence has given to the transaction.
    number: i64,
}

/// What an acknowledgement says.
struct Promise {
    /// Whether it had waited for the disk.
    strict: bool,
    /// The greatest number that it had from the sequence.
    number: i64,
}

/// The run.
struct Run {
    lab: Lab,
    random: Random,
    clients: Vec<Client>,
    writers: Vec<Writer>,
    /// All transactions that were sent, by who and which.
    sent: BTreeMap<(usize, usize), Transaction>,
    /// Those that were acknowledged, when, and what was promised of them.
    acknowledged: BTreeMap<(usize, usize), (Instant, Promise)>,
    log: Followed,
    /// What the keeper and the churner have done of their lists.
    chores: usize,
    churned: usize,
    silent_until: Instant,
    /// Somebody is yet to write something in this silence.
    late: bool,
    /// How many steps a recovery takes.
    recovery: u64,
}

/// Runs a query to its answer: its rows.
fn ask(lab: &mut Lab, session: u32, text: &str) -> Result<Vec<Vec<String>>, String> {
    let mut rows = Vec::new();
    for message in client::converse(lab, session, text) {
        match message {
            BackendMessage::DataRow(row) => rows.push(row.into_iter().map(|value| client::text(value, "")).collect()),
            BackendMessage::ErrorResponse(error) => return Err(error.to_string()),
            _ => {}
        }
    }
    Ok(rows)
}

/// The ends of both server logs.
fn last_words(lab: &Lab) -> String {
    let ends = lab.hosts().iter().map(|host| {
        let lines = host.log.lines();
        lines[lines.len().saturating_sub(12)..].iter().map(|line| format!("{}\n", line.text)).collect::<String>()
    });
    ends.collect::<Vec<_>>().join("---\n")
}

fn number(text: &str) -> i64 {
    text.parse().unwrap_or_else(|_| panic!("{text:?} is no number"))
}

fn spec(seed: u64, wal_buffers: &str) -> LabSpec {
    let mut spec = LabSpec::lab(seed);
    let settings = [
        ("wal_buffers", wal_buffers),
        ("autovacuum", "on"),
        ("autovacuum_naptime", "1s"),
        ("autovacuum_vacuum_threshold", "30"),
        ("autovacuum_vacuum_scale_factor", "0.1"),
        ("log_autovacuum_min_duration", "0"),
        ("checkpoint_timeout", "30s"),
        ("max_wal_size", "2MB"),
        ("wal_keep_size", "0"),
        ("deadlock_timeout", "50ms"),
    ];
    spec.settings.extend(settings.map(|(name, value)| (name.to_string(), value.to_string())));
    spec
}

/// The standby gets a slot.
fn give_slot(lab: &mut Lab, primary: u32) {
    ask(lab, primary, "select * from pg_create_physical_replication_slot('standby')").unwrap();
    let standby = connect(lab, 1);
    ask(lab, standby, "alter system set primary_slot_name = 'standby'").unwrap();
    lab.input(Input::Shutdown { host: 1, mode: ShutdownMode::Fast }).unwrap();
    lab.run(Limit::until(lab.world().now() + 1_000_000));
    lab.input(Input::PowerOn { host: 1 }).unwrap();
    lab.run(Limit::until(lab.world().now() + 1_000_000));
    let slots = ask(lab, primary, "select active from pg_replication_slots").unwrap();
    assert_eq!(slots, [["t"]]);
}

/// The file of a relation.
fn file(node: &str) -> RelFile {
    RelFile { spc: Oid::DEFAULT_TABLESPACE, db: Oid(5), rel: Oid(number(node) as u32) }
}

impl Run {
    fn new(seed: u64, wal_buffers: &str) -> Run {
        let mut lab = Lab::open(spec(seed, wal_buffers), inspect::functions).unwrap();
        let first = connect(&mut lab, 0);
        give_slot(&mut lab, first);
        let tables = "create table t(k int primary key, u int not null unique, v int not null, body text); \
                      create index t_v on t(v); create table h(n int, filler text); \
                      create table done(s int, n int, primary key (s, n))";
        for tables in [tables, family::TABLES, churn::TABLES] {
            ask(&mut lab, first, tables).unwrap();
        }
        let done = ask(&mut lab, first, "select relfilenode from pg_class where relname = 'done'").unwrap();
        ask(&mut lab, first, "checkpoint").unwrap();
        let redo = ask(&mut lab, first, "select redo_lsn from pg_control_checkpoint()").unwrap();
        let (high, low) = redo[0][0].split_once('/').unwrap();
        let part = |digits: &str| u64::from_str_radix(digits, 16).unwrap();
        let log = Followed::new(Lsn(part(high) << 32 | part(low)), file(&done[0][0]));
        let all = 0..=CHURNER + SHARERS;
        let clients = all.map(|_| Client {
            session: connect(&mut lab, 0),
            busy: false,
            failed: false,
            sent: None,
            count: 0,
            number: 0,
        });
        Run {
            clients: clients.collect(),
            lab,
            random: Random::new(seed, 1),
            writers: (0..=KEEPER).map(|number| Writer::new(seed, number)).collect(),
            sent: BTreeMap::new(),
            acknowledged: BTreeMap::new(),
            log,
            chores: 0,
            churned: 0,
            silent_until: Instant(0),
            late: false,
            recovery: 60,
        }
    }

    /// Goes on by some steps.
    fn advance(&mut self) {
        let steps = 1 + self.random.below(STRIDE);
        self.hear();
        self.speak();
        self.lab.run(Limit::steps(self.lab.world().steps() + steps));
        self.hear();
        self.log.follow(&self.lab.hosts()[0].disk);
    }

    fn hear(&mut self) {
        for answer in self.lab.take_answers() {
            let Some(who) = self.clients.iter().position(|client| client.session == answer.session) else { continue };
            let client = &mut self.clients[who];
            match answer.message {
                BackendMessage::ErrorResponse(error) => {
                    let words = error.to_string();
                    assert!(words.contains("deadlock detected"), "session {who}: {words}");
                }
                BackendMessage::CommandComplete(tag) if tag == "COMMIT" => {
                    if let Some(sent) = client.sent.take_if(|sent| sent.commits) {
                        self.writers[who].committed(&sent);
                        let promise = Promise { strict: !sent.lazy, number: client.number };
                        self.acknowledged.insert((who, client.count), (answer.at, promise));
                    }
                }
                BackendMessage::DataRow(row) if row[0].as_deref() == Some(family::NUMBER.as_bytes()) => {
                    client.number = client.number.max(number(&client::text(row[1].clone(), "")));
                }
                BackendMessage::ReadyForQuery(status) => {
                    client.busy = false;
                    client.failed = status == TransactionStatus::Failed;
                }
                _ => {}
            }
        }
    }

    /// Gives work to those who have none.
    fn speak(&mut self) {
        let silent = self.lab.world().now() < self.silent_until;
        for who in 0..self.clients.len() {
            // Of a silence in which nothing is written there is no checkpoint.
            let late = silent && who == CHURNER && self.late;
            if !self.clients[who].busy && (!silent || late) {
                self.late &= !late;
                let text = if late { churn::LATE.into() } else { self.text(who) };
                let session = self.clients[who].session;
                self.clients[who].busy = true;
                self.lab.input(Input::Query { session, text }).unwrap();
            }
        }
    }

    fn text(&mut self, who: usize) -> String {
        if self.clients[who].failed {
            return "rollback".into();
        }
        if who == CHURNER {
            self.churned += 1;
            return churn::statement(self.churned - 1);
        }
        if who > CHURNER {
            return model::share(&mut self.random);
        }
        if who == KEEPER && self.random.below(4) > 0 {
            self.chores += 1;
            return CHORES[self.chores % CHORES.len()].into();
        }
        let client = &mut self.clients[who];
        client.count += 1;
        let transaction = self.writers[who].next(client.count);
        self.sent.insert((who, client.count), transaction.clone());
        client.sent = Some(transaction.clone());
        client.number = 0;
        transaction.sql
    }

    /// What the tables hold after these transactions.
    fn expected(&self, done: &BTreeSet<(usize, usize)>) -> Tables {
        let mut tables = Tables::default();
        done.iter().for_each(|name| tables.apply(&self.sent[name].effects));
        tables
    }

    /// Pulls the plug in a copy of the room, and judges what comes back. `seed` tears the writes.
    fn crash(&mut self, what: &str, seed: u64) {
        let mut lab = self.lab.power_failed(seed).unwrap();
        let flushed = self.lab.hosts()[0].running.borrow().as_ref().expect("a server").wal.flush_lsn();
        let (from, kept) = self.log.last_before(flushed);
        let end = log::end(&lab.hosts()[0].disk, from);
        assert!(end >= kept, "{what}: {flushed} was flushed, the log ends at {end}");
        lab.input(Input::PowerOn { host: 0 }).unwrap();
        lab.run(Limit::steps(Random::new(seed, 2).below(self.recovery)));
        lab.input(Input::PowerFail { host: 0 }).unwrap();
        lab.input(Input::PowerOn { host: 0 }).unwrap();
        let before = lab.world().steps();
        lab.run(Limit::IDLE);
        self.recovery = lab.world().steps() - before;
        let session = connect(&mut lab, 0);
        let done = self.check_done(&mut lab, session, end, what);
        check_rows(&mut lab, session, &self.expected(&done), what);
        family::check(&mut lab, session, self.promised().map(|(_, promise)| promise.number).max(), what);
        churn::check(&mut lab, session, what);
        check_scratch(&mut lab, session, what);
        check_it_goes_on(&mut lab, session, what);
        if seed.is_multiple_of(25) {
            keep::keep_wal(&lab, "everything");
            check_standby(&mut lab, session, what);
        }
        check_files(&mut lab, session, what);
    }

    /// Which transactions are there: those of the log, and among them those that were promised.
    fn check_done(&self, lab: &mut Lab, session: u32, end: Lsn, what: &str) -> BTreeSet<(usize, usize)> {
        let rows = ask(lab, session, "select s, n, xmin from done").unwrap_or_else(|error| {
            let lines = lab.hosts()[0].log.lines();
            let log: String = lines.iter().map(|line| format!("{}: {}\n", line.level.name(), line.text)).collect();
            panic!("{what}: {error}\n{log}")
        });
        let names: BTreeSet<_> = rows.iter().map(|row| (number(&row[0]) as usize, number(&row[1]) as usize)).collect();
        let xids: BTreeSet<Xid> = rows.iter().map(|row| Xid(number(&row[2]) as u32)).collect();
        assert_eq!(names.len(), rows.len(), "{what}: a transaction is there twice");
        assert_eq!(xids, self.log.committed(end), "{what}: found, and by the log that ends at {end}");
        for (name, _) in self.promised() {
            assert!(names.contains(name), "{what}: {name:?} was acknowledged and is not there");
        }
        names
    }

    /// The transactions that no failure may take away.
    fn promised(&self) -> impl Iterator<Item = (&(usize, usize), &Promise)> {
        let now = self.lab.world().now();
        let all = self.acknowledged.iter().map(|(name, (at, promise))| (name, *at, promise));
        all.filter(move |(_, at, promise)| promise.strict || *at + LAZY < now).map(|(name, _, promise)| (name, promise))
    }
}

fn check_rows(lab: &mut Lab, session: u32, expected: &Tables, what: &str) {
    let mut ask = |text: &str| ask(lab, session, text).unwrap_or_else(|error| panic!("{what}: {text}: {error}"));
    let rows = ask("select k, u, v, body from t");
    let mut found = Tables::default();
    for row in rows {
        let value = model::Row { u: number(&row[1]), v: number(&row[2]), body: row[3].clone() };
        assert_eq!(found.t.insert(number(&row[0]), value), None, "{what}: two rows with the key {}", row[0]);
    }
    found.h = number(&ask("select count(*) from h")[0][0]);
    let made = ask("select relname from pg_class where relkind = 'r' and oid >= 16384");
    found.made = made.into_iter().map(|mut row| row.remove(0)).filter(|name| name.starts_with('x')).collect();
    (found.p, found.c) = family::read(&mut ask);
    found.index = !ask("select relname from pg_class where relname = 't_vk'").is_empty();
    for name in &found.made {
        assert_eq!(ask(&format!("select count(*) from {name} where k = length(b)")), [["60"]], "{what}: {name}");
    }
    if found != *expected {
        let keys = |tables: &Tables| tables.t.keys().copied().collect::<BTreeSet<i64>>();
        let (ours, theirs) = (keys(&found), keys(expected));
        let odd: Vec<_> = ours.symmetric_difference(&theirs).collect();
        let differs: Vec<_> = expected.t.iter().filter(|(k, row)| found.t.get(k) != Some(row)).take(3).collect();
        let other = |tables: &Tables| (tables.h, tables.made.clone(), tables.index, tables.p.clone(), tables.c.clone());
        panic!("{what}: keys {odd:?}, rows {differs:?}, found {:?}, expected {:?}", other(&found), other(expected));
    }
}

/// Temporary tables went with their sessions: their files are gone, and nobody finds them.
fn check_scratch(lab: &mut Lab, session: u32, what: &str) {
    assert_eq!(lab.hosts()[0].disk.list("base/5/t"), [] as [&str; 0], "{what}");
    let missing = ask(lab, session, "select * from scratch");
    assert_eq!(missing, Err("ERROR:  relation \"scratch\" does not exist".into()), "{what}");
    let again = "create temp table scratch(k int primary key); insert into scratch values (1); select k from scratch";
    assert_eq!(ask(lab, session, again), Ok(vec![vec!["1".into()]]), "{what}");
}

fn check_it_goes_on(lab: &mut Lab, session: u32, what: &str) {
    let text = "begin; insert into t values (0, 0, 0, 'new'); insert into h values (0, 'new'); \
                select * from t for update; commit";
    ask(lab, session, text).unwrap_or_else(|error| panic!("{what}: {error}"));
}

/// Shuts the server down, and judges what lies on its disk.
fn check_files(lab: &mut Lab, session: u32, what: &str) {
    let mut tables = BTreeMap::new();
    let columns = "select oid, relname, relfilenode, reltoastrelid from pg_class where relkind in ('r', 't') and relpersistence = 'p'";
    for row in ask(lab, session, columns).unwrap() {
        if number(&row[2]) > 0 {
            let table = Table { name: row[1].clone(), file: file(&row[2]), toast: None, indexes: vec![] };
            tables.insert(number(&row[0]), (table, number(&row[3])));
        }
    }
    let files: BTreeMap<i64, RelFile> = tables.iter().map(|(oid, (table, _))| (*oid, table.file)).collect();
    let indexes =
        "select indrelid, relname, relfilenode, indkey from pg_index, pg_class where pg_class.oid = indexrelid";
    for row in ask(lab, session, indexes).unwrap_or_default() {
        let keys = row[3].split(' ').map(|column| number(column) as usize - 1).collect();
        if let Some((table, _)) = tables.get_mut(&number(&row[0])) {
            table.indexes.push((row[1].clone(), file(&row[2]), keys));
        }
    }
    lab.input(Input::Shutdown { host: 0, mode: ShutdownMode::Fast }).unwrap();
    lab.run(Limit::IDLE);
    let judge = Judge { disk: &lab.hosts()[0].disk, what };
    let mut judged = BTreeMap::new();
    for (mut table, toast) in tables.into_values() {
        table.toast = files.get(&toast).copied().filter(|_| table.name == "t");
        judged.insert(table.name.clone(), (judge.table(&table), table.indexes.len()));
    }
    assert!(judged["t"].1 >= 3 && judged["done"].1 == 1, "{what}: {judged:?}");
}

/// The standby that was struck by the same failure catches up with what its primary has become.
fn check_standby(lab: &mut Lab, session: u32, what: &str) {
    lab.input(Input::PowerOn { host: 1 }).unwrap();
    lab.run(Limit::until(lab.world().now() + 10_000_000));
    let standby = connect(lab, 1);
    for text in [
        "select s, n from done order by s, n",
        "select k, u, v, body from t order by k",
        "select n from h",
        "select k, p, tag, g from c order by k",
        "select k, v, n, (select count(*) from queue) from churn order by k",
    ] {
        let both = [session, standby].map(|session| {
            let answer = ask(lab, session, text);
            answer.unwrap_or_else(|error| panic!("{what}, {text}: {error}\n{}", last_words(lab)))
        });
        assert!(!both[0].is_empty() && both[0] == both[1], "{what}: the standby does not agree: {text}");
    }
    // The log is ahead of the sequence: a standby that takes over gives no number again.
    let last =
        [session, standby].map(|session| number(&ask(lab, session, "select last_value from c_k_seq").unwrap()[0][0]));
    assert!(last[0] <= last[1], "{what}: the sequence of the standby is behind: {last:?}");
    assert_eq!(ask(lab, session, "select active from pg_replication_slots"), Ok(vec![vec!["t".into()]]), "{what}");
}

impl Run {
    /// The run had in it what it is for.
    fn check_itself(&self) {
        let missing: Vec<_> = log::KINDS.iter().filter(|kind| !self.log.kinds.contains(**kind)).collect();
        assert!(missing.is_empty(), "no record of {missing:?}: {:?}", self.log.kinds);
        let lines = self.lab.hosts()[0].log.lines();
        let told = |words: &&&str| lines.iter().any(|line| line.text.starts_with(**words));
        let missing: Vec<_> = log::LINES.iter().filter(|words| !told(words)).collect();
        assert!(missing.is_empty(), "the server log does not tell of {missing:?}");
    }
}

/// Crashes the run at those of its points of which the number leaves `rest` when divided by two: so that two
/// processors can share the work. The two halves have buffers of the log of different size: a small one has most of it
/// with the kernel, not yet synced.
fn crash_everywhere(rest: usize, wal_buffers: &str) {
    let soak = std::env::var("VITRINE_SOAK").ok().and_then(|first| first.parse::<u64>().ok());
    let (seed, torn) = soak.map_or((1, 1), |first| (first, 3));
    let mut run = Run::new(seed, wal_buffers);
    while run.promised().next().is_none() {
        run.advance();
    }
    for point in 0..POINTS {
        run.advance();
        if LULLS.contains(&point) {
            (run.silent_until, run.late) = (run.lab.world().now() + LULL, true);
        }
        let step = run.lab.world().steps();
        for tear in (0..torn).filter(|_| point % 2 == rest) {
            run.crash(
                &format!("seed {seed}, point {point}, step {step}, tear {tear}"),
                Random::new(seed, step << 8 | tear).draw(),
            );
        }
    }
    // Of another seed's run nobody knows what it meets.
    if soak.is_none() {
        run.check_itself();
    }
}

#[test]
fn everything_may_be_crashed_anywhere() {
    crash_everywhere(0, "-1");
}

#[test]
fn everything_may_be_crashed_anywhere_else() {
    crash_everywhere(1, "4");
}
