//! By an index a session finds the rows that it finds by reading the whole table, whatever its snapshot, while others
//! change the rows, make and drop indexes, vacuum, and the power fails.

#[path = "common/keep.rs"]
mod keep;

use vitrine_engine::cluster::{Input, Lab, LabSpec};
use vitrine_engine::ids::TimestampTz;
use vitrine_engine::inspect;
use vitrine_engine::server::protocol::BackendMessage;
use vitrine_engine::world::{Limit, Random};

struct Database {
    lab: Lab,
    sessions: Vec<u32>,
}

impl Database {
    fn open(seed: u64) -> Database {
        let lab = Lab::open(LabSpec::plain(seed, TimestampTz(0)), inspect::functions).unwrap();
        let mut database = Database { lab, sessions: Vec::new() };
        database.connect();
        database
    }

    /// Three sessions: one that changes, one with a snapshot for each statement, one that keeps its own.
    fn connect(&mut self) {
        self.sessions.clear();
        for _ in 0..3 {
            let session = self.lab.sessions().len() as u32;
            let parameters = vec![("user".to_string(), "postgres".to_string())];
            self.lab.input(Input::Connect { host: 0, parameters }).unwrap();
            self.lab.run_to_answer(session);
            self.sessions.push(session);
        }
        self.lab.take_answers();
    }

    fn ask(&mut self, session: usize, text: &str) -> Vec<String> {
        let session = self.sessions[session];
        self.lab.input(Input::Query { session, text: text.to_string() }).unwrap();
        self.lab.run_to_answer(session);
        let mut rows = Vec::new();
        for answer in self.lab.take_answers().into_iter().filter(|answer| answer.session == session) {
            match answer.message {
                BackendMessage::DataRow(row) => rows.push(format!("{row:?}")),
                BackendMessage::ErrorResponse(error) => rows.push(error.to_string()),
                _ => {}
            }
        }
        rows
    }

    /// The same question asked in two ways, of which the second can use no index.
    fn compare(&mut self, session: usize, random: &mut Random) {
        let (k, v) = (random.below(120), random.below(12));
        let pairs = [
            (format!("k = {k}"), format!("k + 0 = {k}")),
            (format!("k >= {k} and k < {}", k + 20), format!("k + 0 >= {k} and k + 0 < {}", k + 20)),
            (format!("v = {v}"), format!("v + 0 = {v}")),
            (format!("v = {v} and k > {k}"), format!("v + 0 = {v} and k + 0 > {k}")),
            ("v is null".to_string(), "v + 0 is null".to_string()),
        ];
        let (indexed, plain) = &pairs[random.below(pairs.len() as u64) as usize];
        for columns in ["k, v, t", "k", "v, k"] {
            let mut both = [indexed, plain].map(|condition| {
                self.ask(session, &format!("select {columns} from r where {condition} order by k, v"))
            });
            both.iter_mut().for_each(|rows| rows.sort());
            assert_eq!(both[0], both[1], "{columns} where {indexed}");
        }
        let newest = self.ask(session, "select k from r order by k desc limit 3");
        assert_eq!(newest, self.ask(session, "select k from r order by k + 0 desc limit 3"));
    }

    fn change(&mut self, may_drop: bool, random: &mut Random) {
        let (k, n) = (random.below(120), random.below(15));
        let statement = match random.below(10) {
            0 => format!("delete from r where k between {k} and {}", k + n),
            1 | 2 => {
                format!("insert into r select g, g % 12, 'new' from generate_series({k}, {}) g where g > 120", k + n)
            }
            3 => format!("update r set v = v + 1 where k between {k} and {}", k + n),
            4 => format!("update r set v = null where k = {k}"),
            5 => format!("update r set t = t || '.' where k < {n}"),
            6 => format!("update r set k = k + 1000 where k = {k}"),
            7 => format!("begin; update r set v = {n} where k > {k}; rollback"),
            8 => "vacuum r".to_string(),
            _ if may_drop => "drop index if exists r_again".to_string(),
            _ => "create index if not exists r_again on r(v desc, t)".to_string(),
        };
        self.ask(0, &statement);
    }
}

#[test]
fn an_index_finds_what_the_table_has() {
    for seed in 0..4 {
        let mut random = Random::new(seed, 0);
        let mut database = Database::open(seed);
        database.ask(0, "create table r (k int primary key, v int, t text)");
        database.ask(0, "insert into r select g, g % 12, 'row ' || g from generate_series(1, 120) g");
        database.ask(0, "create index on r(v, k)");
        for round in 0..60 {
            if round % 12 == 0 {
                database.ask(2, "rollback; begin isolation level repeatable read; select count(k) from r where k = 1");
            }
            // A transaction holds its locks, for which DROP INDEX would wait.
            let may_drop = round % 12 >= 9;
            if may_drop {
                database.ask(2, "rollback");
            }
            database.change(may_drop, &mut random);
            database.lab.run(Limit::IDLE);
            database.compare(1, &mut random);
            database.compare(2, &mut random);
            if round == 35 {
                database.lab.input(Input::PowerFail { host: 0 }).unwrap();
                database.lab.input(Input::PowerOn { host: 0 }).unwrap();
                database.lab.run(Limit::until(database.lab.world().now() + 60_000_000));
                database.connect();
            }
        }
        keep::keep_wal(&database.lab, "index-scans");
    }
}

#[test]
fn versions_of_rows_hardly_make_an_index_grow() {
    let mut database = Database::open(5);
    let sizes = "select pg_relation_size('c_pkey') / 8192, pg_relation_size('c_g') / 8192, \
                 pg_relation_size('c_n') / 8192, pg_relation_size('c') / 8192";
    database.ask(0, "create table c(k int primary key, g int, n int)");
    database.ask(0, "create index c_g on c(g); create index c_n on c(n)");
    database.ask(0, "insert into c select g, g % 7, 0 from generate_series(1, 500) g");
    let pages = |database: &mut Database| database.ask(0, sizes).concat();
    let text = |sizes: [&str; 4]| format!("{:?}", sizes.map(|size| Some(size.as_bytes().to_vec())));
    assert_eq!(pages(&mut database), text(["4", "2", "2", "3"]));
    for _ in 0..30 {
        database.ask(0, "update c set n = n + 1");
    }
    // PostgreSQL 15.18: two pages more where neither key nor g has changed, in one of which all rows are different.
    assert_eq!(pages(&mut database), text(["6", "5", "18", "68"]));
}

#[test]
fn what_indexes_have_been_used_for_is_counted() {
    let mut database = Database::open(6);
    for statement in [
        "create table i(k int primary key, g int, b text); create index i_g on i(g)",
        "insert into i select n, n % 7, 'x' from generate_series(1, 701) n",
        "vacuum i",
        "set enable_seqscan = off; set enable_bitmapscan = off",
        "select k from i where k = 5",
        "select count(*) from i where k between 10 and 19",
        "select sum(k) from i where g = 3",
        "select b from i where k = 100",
        "select pg_stat_force_next_flush()",
    ] {
        database.ask(0, statement);
    }
    let counted = "select indexrelname || ' ' || idx_scan || ' ' || idx_tup_read || ' ' || idx_tup_fetch \
                   from pg_stat_user_indexes order by 1";
    let said = database.ask(0, counted);
    let text = |line: &str| format!("{:?}", [Some(line.as_bytes())]);
    // PostgreSQL 15.18.
    assert_eq!(said, [text("i_g 1 100 100"), text("i_pkey 3 12 1")]);
    let table = "select idx_scan || ' ' || idx_tup_fetch from pg_stat_user_tables";
    assert_eq!(database.ask(0, table), [text("4 101")]);
}
