//! Grafts: the files of a table and its primary key, made here by random work and a crash, are put into a real server's data
//! directory under a table of the same shape. The server serves the same rows, in both ways, and amcheck finds nothing.
//!
//! ```text
//!   ours     20,000 rows, changed, removed, vacuumed, power cut in between ──► base/5/16384*, 16389, pg_xact/0000
//!   theirs   the same CREATE TABLE ──► stop ──► files replaced, log and ids set on past ours ──► start ──► questions
//! ```
//!
//! The real server made its own catalogs by transactions whose ids are ours too, and our pg_xact replaces its own: so here
//! the first hundred transactions all commit.

use vitrine_engine::cluster::{Input, Lab, LabSpec};
use vitrine_engine::ids::{Lsn, TimestampTz};
use vitrine_engine::inspect;
use vitrine_engine::server::protocol::BackendMessage;
use vitrine_engine::world::{Limit, Random};
use vitrine_oracle::live::{Programs, Scratch};

const ROWS: u64 = 20_000;
const TABLE: &str = "create table graft (id int primary key, v text, n int)";
const ALL: &str = "select id, v, n from graft order by id";

/// A database here, with a session.
struct Ours {
    lab: Lab,
    session: u32,
}

impl Ours {
    fn open(seed: u64) -> Ours {
        let spec = LabSpec::plain(seed, TimestampTz::from_unix_micros(1_767_225_600_000_000));
        let lab = Lab::open(spec, inspect::functions).expect("a world");
        let mut ours = Ours { lab, session: 0 };
        ours.connect();
        ours
    }

    fn connect(&mut self) {
        self.session = self.lab.sessions().len() as u32;
        let parameters = vec![("user".into(), "postgres".into())];
        self.lab.input(Input::Connect { host: 0, parameters }).expect("a host");
        self.lab.run_to_answer(self.session);
        self.lab.take_answers();
    }

    fn ask(&mut self, sql: &str) -> Vec<String> {
        self.lab.input(Input::Query { session: self.session, text: sql.into() }).expect("a session");
        self.lab.run_to_answer(self.session);
        let mut rows = vec![];
        for answer in self.lab.take_answers() {
            match answer.message {
                BackendMessage::DataRow(row) => {
                    let text = |value: Option<Vec<u8>>| String::from_utf8(value.unwrap_or_default()).expect("UTF-8");
                    rows.push(row.into_iter().map(text).collect::<Vec<_>>().join("|"));
                }
                BackendMessage::ErrorResponse(error) => panic!("{sql}: {error}"),
                _ => {}
            }
        }
        rows
    }

    fn crash(&mut self) {
        self.lab.input(Input::PowerFail { host: 0 }).expect("a host");
        self.lab.input(Input::PowerOn { host: 0 }).expect("a host");
        self.lab.run(Limit::until(self.lab.world().now() + 60_000_000));
        self.connect();
    }

    /// Random work on the table.
    fn work(&mut self, seed: u64) {
        let mut random = Random::new(seed, 0);
        let fill = "insert into graft select g, 'row ' || g, g % 100 from generate_series";
        self.ask(&format!("{fill}(1, {}) g", ROWS / 2));
        self.ask(&format!("{fill}({}, {ROWS}) g", ROWS / 2 + 1));
        for round in 0..60 {
            let (from, length) = (random.below(ROWS), random.below(400));
            let span = format!("id between {from} and {}", from + length);
            match random.below(6) {
                0 => drop(self.ask(&format!("delete from graft where {span}"))),
                1 => drop(self.ask(&format!("update graft set n = n + 1 where {span} and n % 3 = 0"))),
                2 => drop(self.ask(&format!("update graft set v = v || '!' where {span}"))),
                3 => drop(self.ask(&format!("update graft set id = id + {} where {span}", 100_000 * (round + 1)))),
                4 => drop(self.ask(&format!("begin; delete from graft where {span}; rollback"))),
                _ => drop(self.ask(&format!("begin; update graft set id = -id where {span}; rollback"))),
            }
            match round {
                20 | 40 => drop(self.ask("vacuum graft")),
                30 => self.crash(),
                _ => {}
            }
        }
    }

    /// A file, whole.
    fn file(&self, path: &str) -> Option<Vec<u8>> {
        let disk = &self.lab.hosts()[0].disk;
        disk.peek(path, 0, disk.len(path)? as usize)
    }
}

fn one(rows: Vec<String>) -> String {
    rows.into_iter().next().expect("a row")
}

#[test]
fn a_real_server_serves_our_table_and_its_index() {
    let Some(programs) = Programs::find_or_skip("grafts", 5) else { return };
    let mut server = Scratch::start(&programs, "graft").expect("a scratch server starts");
    let mut ours = Ours::open(11);
    (0..100).for_each(|n| drop(ours.ask(&format!("create table early{n} (a int)"))));
    ours.ask(TABLE);
    ours.work(11);
    let rows = ours.ask(ALL);
    ours.ask("checkpoint");
    let paths = "select pg_relation_filepath('graft') || ' ' || pg_relation_filepath('graft_pkey')";
    let (our_paths, lsn) = (one(ours.ask(paths)), one(ours.ask("select pg_current_wal_lsn()")));
    let next_xid: u32 =
        one(ours.ask("select next_xid from pg_control_checkpoint()")).split(':').next_back().unwrap().parse().unwrap();

    for sql in ["create extension amcheck", TABLE, "checkpoint"] {
        server.ask(sql);
    }
    let their_paths = one(server.ask(paths));
    server.stop();
    for (from, to) in our_paths.split(' ').zip(their_paths.split(' ')) {
        for fork in ["", "_fsm", "_vm"] {
            if let Some(bytes) = ours.file(&format!("{from}{fork}")) {
                server.put(&format!("{to}{fork}"), &bytes);
            }
        }
    }
    server.put("pg_xact/0000", &ours.file("pg_xact/0000").expect("pg_xact"));
    let segment = (lsn.parse::<Lsn>().expect("a position").0 >> 24) + 1;
    server.reset_log(&format!("00000001{:08X}{:08X}", segment >> 8, segment & 255), next_xid);
    server.restart();

    let differing = server.ask(ALL).into_iter().zip(&rows).find(|(theirs, ours)| theirs != *ours);
    assert_eq!(differing, None);
    assert_eq!(one(server.ask("select count(*) from graft")), rows.len().to_string());
    let by_index = server.ask(&format!("set enable_seqscan = off; set enable_bitmapscan = off; {ALL}"));
    assert!(by_index == rows, "rows by the index");
    let nothing: [&str; 0] = [];
    assert_eq!(server.ask("select * from verify_heapam('graft')"), nothing);
    assert_eq!(server.ask("select bt_index_check('graft_pkey', true)"), [""]);
    assert_eq!(server.ask("select bt_index_parent_check('graft_pkey', true, true)"), [""]);
    // It can go on with them.
    server.ask("update graft set v = v || '?'; delete from graft where id % 5 = 0; vacuum graft");
    assert_eq!(server.ask("select * from verify_heapam('graft')"), nothing);
    assert_eq!(server.ask("select bt_index_check('graft_pkey', true)"), [""]);
}
