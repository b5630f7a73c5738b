//! `work_mem`: sorts and hashes give the same rows whatever memory they have, and their temporary files are gone afterwards,
//! also after an error, a cancel and a crash.

use vitrine_engine::cluster::{Input, Lab, LabSpec};
use vitrine_engine::ids::TimestampTz;
use vitrine_engine::inspect;
use vitrine_engine::server::protocol::BackendMessage;
use vitrine_engine::txn::TEMP_DIRECTORY;
use vitrine_engine::world::Limit;

/// What needs memory, and whether it must go to disk at 64 kB. Each gives a digest that no order of rows changes.
const QUERIES: [(&str, &str, bool); 17] = [
    (
        "sort",
        "select count(*), sum(a * n) from (select a, row_number() over () n from (select a from t order by w, a) s) r",
        true,
    ),
    ("inner join", "select count(*), sum(t.a + u.b), max(w || v) from t join u on a = b", true),
    ("left join", "select count(*), count(b), sum(a) from t left join u on a = b and b % 3 = 0", true),
    ("right join", "select count(*), count(b), sum(b) from t right join u on a = b and a % 3 < 2", true),
    ("full join", "select count(*), count(a), count(b), sum(a), sum(b) from t full join u on a = b", true),
    ("join of many alike", "select count(*), sum(t.a) from t join u on t.a % 50 = u.b % 50 and t.a < u.b", true),
    ("semi join", "select count(*), sum(a) from t where a in (select b from u)", false),
    (
        "join of nulls",
        "select count(*), count(x.n), count(y.n) from (select nullif(a % 7, 0) n, a from t) x full join \
      (select nullif(b % 900, 0) n from u) y on x.n = y.n and x.a < 400",
        true,
    ),
    (
        "groups",
        "select count(*), sum(n), sum(s) from (select a % 3000, count(*) n, sum(a) s from t group by 1) g",
        true,
    ),
    (
        "groups of texts",
        "select count(*), max(w), sum(n) from (select w, count(*) n, min(a) from t group by w) g",
        true,
    ),
    (
        "grouping sets",
        "select count(*), sum(n), sum(g) from (select grouping(a % 2000, b) g, count(*) n from t join u on a = b \
      group by grouping sets ((a % 2000), (b), (a % 10, b), ())) s",
        true,
    ),
    ("distinct", "select count(*), sum(a) from (select distinct a % 4000 as a, w from t) s", true),
    ("union", "select count(*), sum(a) from (select a from t union select b from u) s", true),
    ("intersect", "select count(*), sum(a) from (select a from t intersect select b from u) s", true),
    ("except all", "select count(*), sum(a) from (select a % 4500 as a from t except all select b from u) s", true),
    ("with", "with w as materialized (select a, w from t) select count(*), sum(x.a) from w x join w y using (a)", true),
    (
        "windows",
        "select count(*), sum(n), sum(s) from (select row_number() over (partition by a % 10 order by w, a) n, \
      sum(a) over (order by a rows 3 preceding) s from t) r",
        true,
    ),
];

struct Session {
    lab: Lab,
    session: u32,
}

impl Session {
    fn open(lab: Lab) -> Session {
        let mut own = Session { session: 0, lab };
        own.connect();
        own
    }

    fn connect(&mut self) {
        self.session = self.lab.sessions().len() as u32;
        self.lab.input(Input::Connect { host: 0, parameters: vec![("user".into(), "postgres".into())] }).unwrap();
        self.lab.run_to_answer(self.session);
        self.lab.take_answers();
    }

    /// The rows of a query, or its error.
    fn ask(&mut self, text: &str) -> Result<String, String> {
        self.lab.input(Input::Query { session: self.session, text: text.into() }).unwrap();
        self.lab.run_to_answer(self.session);
        let mut rows = Vec::new();
        for answer in self.lab.take_answers() {
            match answer.message {
                BackendMessage::DataRow(row) => {
                    let text = |value: Option<Vec<u8>>| value.map_or("NULL".into(), |v| String::from_utf8(v).unwrap());
                    rows.push(row.into_iter().map(text).collect::<Vec<_>>().join("|"));
                }
                BackendMessage::ErrorResponse(error) => return Err(format!("{:?} {error}", error.code())),
                _ => {}
            }
        }
        Ok(rows.join(" "))
    }

    fn temp_files(&self) -> Vec<String> {
        self.lab.hosts()[0].disk.list(TEMP_DIRECTORY)
    }

    /// How many temporary files there have been.
    fn temp_count(&mut self) -> u64 {
        self.ask("select pg_stat_force_next_flush()").unwrap();
        self.ask("select temp_files from pg_stat_database where datname = 'postgres'").unwrap().parse().unwrap()
    }

    fn fill(&mut self) {
        self.ask("create table t (a int, w text)").unwrap();
        self.ask("create table u (b int, v text)").unwrap();
        self.ask("insert into t select n * 7919 % 20011, 'word ' || n % 5003 from generate_series(1, 5000) n").unwrap();
        self.ask("insert into u select n * 3, 'and ' || n from generate_series(1, 4000) n").unwrap();
    }
}

fn plain() -> Session {
    Session::open(Lab::open(LabSpec::plain(1, TimestampTz(0)), inspect::functions).unwrap())
}

#[test]
fn all_sizes_of_memory_give_the_same_rows() {
    let mut own = plain();
    own.fill();
    for (name, query, spills) in QUERIES {
        let mut wanted = None;
        for memory in ["64MB", "64kB", "100kB", "256kB", "1MB", "4MB"] {
            own.ask(&format!("set work_mem = '{memory}'")).unwrap();
            let before = own.temp_count();
            let rows = own.ask(query).unwrap_or_else(|error| panic!("{name}: {error}"));
            let wanted = wanted.get_or_insert_with(|| rows.clone());
            assert_eq!(rows, *wanted, "{name} with {memory}");
            assert_eq!(own.temp_files(), [] as [&str; 0], "{name} with {memory}");
            let files = own.temp_count() - before;
            match memory {
                "64kB" if spills => assert!(files > 0, "{name}"),
                "64MB" => assert_eq!(files, 0, "{name}"),
                _ => {}
            }
        }
    }
}

#[test]
fn files_are_gone_after_an_error_and_an_early_end() {
    let mut own = plain();
    own.fill();
    own.ask("set work_mem = '64kB'").unwrap();
    let before = own.temp_count();
    for query in [
        "select 1 / (b - 6000) from u join (select b, v w from u) x using (b)",
        "select b, 1 / (b - 6000) from u group by b",
        "select 1 / (b - 6000) from (select b, v from u except select a, w from t) s",
    ] {
        assert_eq!(own.ask(query).unwrap_err(), "22012 ERROR:  division by zero", "{query}");
        assert_eq!(own.temp_files(), [] as [&str; 0], "{query}");
    }
    let early = own.ask("select count(*) from (select a from t join u on a = b limit 3) s").unwrap();
    assert_eq!((early.as_str(), own.temp_files().len()), ("3", 0));
    let again = "select sum((select count(*) from u join t on a = b where b < n * 9000)) from generate_series(1, 3) n";
    let many = own.ask(again).unwrap();
    assert_eq!(own.temp_files(), [] as [&str; 0]);
    assert!(own.temp_count() > before);
    own.ask("set work_mem = '64MB'").unwrap();
    assert_eq!(own.ask(again).unwrap(), many);
}

/// Sessions stopped in the middle of a statement that has temporary files.
fn in_the_middle(query: &str) -> Session {
    let lab = Lab::open(LabSpec { standby: false, ..LabSpec::lab(7) }, inspect::functions).unwrap();
    let mut own = Session::open(lab);
    own.fill();
    own.ask("set work_mem = '64kB'").unwrap();
    own.lab.input(Input::Query { session: own.session, text: query.into() }).unwrap();
    for _ in 0..100_000 {
        own.lab.run(Limit::steps(own.lab.world().steps() + 20));
        if !own.temp_files().is_empty() {
            return own;
        }
    }
    panic!("no temporary files");
}

#[test]
fn files_are_gone_after_a_cancel_and_a_crash() {
    let query = "select count(*) from t join u on a = b";
    let mut cancelled = in_the_middle(query);
    cancelled.lab.input(Input::Cancel { session: cancelled.session }).unwrap();
    cancelled.lab.run(Limit::IDLE);
    cancelled.lab.take_answers();
    assert_eq!(cancelled.temp_files(), [] as [&str; 0]);
    assert_eq!(cancelled.ask("select 1").unwrap(), "1");

    let mut crashed = in_the_middle(query);
    crashed.lab.input(Input::PowerFail { host: 0 }).unwrap();
    crashed.lab.input(Input::PowerOn { host: 0 }).unwrap();
    crashed.lab.run(Limit::IDLE);
    crashed.lab.take_answers();
    assert_eq!(crashed.temp_files(), [] as [&str; 0]);
    crashed.connect();
    assert_eq!(crashed.ask("select count(*) from t").unwrap(), "5000");
}
