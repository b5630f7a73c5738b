//! CREATE TABLE and DROP TABLE in a cluster: sessions, rollbacks, crashes, a standby.

#[path = "common/keep.rs"]
mod keep;

use std::rc::Rc;

use vitrine_engine::cluster::{Input, Lab, LabSpec};
use vitrine_engine::server::Server;
use vitrine_engine::server::protocol::BackendMessage;
use vitrine_engine::sql::functions::Registry;
use vitrine_engine::world::{Limit, Random};

const PRIMARY: u8 = 0;
const STANDBY: u8 = 1;

/// A lab and what is said in it.
struct Cluster {
    lab: Lab,
}

impl Cluster {
    fn open(seed: u64) -> Cluster {
        let functions = |_: &Rc<Server>| Registry::new();
        Cluster { lab: Lab::open(LabSpec::lab(seed), functions).unwrap() }
    }

    fn connect(&mut self, host: u8) -> u32 {
        let session = self.lab.sessions().len() as u32;
        let parameters = vec![("user".to_string(), "postgres".to_string())];
        self.lab.input(Input::Connect { host, parameters }).unwrap();
        self.lab.run_to_answer(session);
        self.shown(session);
        session
    }

    /// Sends statements and returns the answer to them; nothing if they wait.
    fn ask(&mut self, session: u32, text: &str) -> String {
        self.lab.input(Input::Query { session, text: text.to_string() }).unwrap();
        self.lab.run_to_answer(session);
        self.shown(session)
    }

    /// What has come to a session since the last time, one line each.
    fn shown(&mut self, session: u32) -> String {
        let mut lines = Vec::new();
        for answer in self.lab.take_answers().into_iter().filter(|answer| answer.session == session) {
            match answer.message {
                BackendMessage::DataRow(row) => {
                    let text = |value: Option<Vec<u8>>| value.map_or("NULL".into(), |v| String::from_utf8(v).unwrap());
                    lines.push(row.into_iter().map(text).collect::<Vec<_>>().join("|"));
                }
                BackendMessage::CommandComplete(tag) => lines.push(tag),
                BackendMessage::ErrorResponse(e) | BackendMessage::NoticeResponse(e) => lines.push(e.to_string()),
                _ => {}
            }
        }
        lines.join("\n")
    }

    /// Lets everything that is under way come to its end; a standby tries again after five seconds.
    fn settle(&mut self) {
        self.lab.run(Limit::until(self.lab.world().now() + 30_000_000));
    }
}

const MISSING: &str = "ERROR:  relation \"t\" does not exist";

#[test]
fn nobody_sees_a_table_before_its_commit() {
    let mut cluster = Cluster::open(1);
    let (a, b) = (cluster.connect(PRIMARY), cluster.connect(PRIMARY));
    let c = cluster.connect(STANDBY);
    assert_eq!(
        cluster.ask(a, "begin; create table t(a int); insert into t values (1)"),
        "BEGIN\nCREATE TABLE\nINSERT 0 1"
    );
    assert_eq!(cluster.ask(a, "select a from t"), "1\nSELECT 1");
    cluster.settle();
    for session in [b, c] {
        assert_eq!(cluster.ask(session, "select a from t"), MISSING);
    }
    assert_eq!(cluster.ask(a, "rollback"), "ROLLBACK");
    assert_eq!(cluster.ask(a, "select a from t"), MISSING);
    assert_eq!(cluster.ask(a, "create table t(a int); insert into t values (2)"), "CREATE TABLE\nINSERT 0 1");
    cluster.settle();
    // They have remembered that there was none.
    for session in [b, c] {
        assert_eq!(cluster.ask(session, "select a from t"), "2\nSELECT 1");
    }
    assert_eq!(cluster.ask(b, "drop table t"), "DROP TABLE");
    cluster.settle();
    for session in [a, c] {
        assert_eq!(cluster.ask(session, "select a from t"), MISSING);
    }
}

#[test]
fn a_drop_waits_for_readers_and_readers_for_a_drop() {
    let mut cluster = Cluster::open(2);
    let (a, b) = (cluster.connect(PRIMARY), cluster.connect(PRIMARY));
    cluster.ask(a, "create table t(a int)");
    cluster.ask(a, "begin; select a from t");
    assert_eq!(cluster.ask(b, "begin; drop table t"), "BEGIN");
    assert_eq!(cluster.ask(a, "commit"), "COMMIT");
    cluster.settle();
    assert_eq!(cluster.shown(b), "DROP TABLE");
    assert_eq!(cluster.ask(a, "select a from t"), "", "it waits for b");
    cluster.ask(b, "create table t(a int); insert into t values (7)");
    assert_eq!(cluster.ask(b, "commit"), "COMMIT");
    cluster.settle();
    assert_eq!(cluster.shown(a), "7\nSELECT 1", "the new table of that name");
}

#[test]
fn a_crash_forgets_a_table_that_was_not_committed_and_no_object_id() {
    let mut cluster = Cluster::open(3);
    let a = cluster.connect(PRIMARY);
    let oid = "select oid, relname, reltype, relpages, reltuples, relfrozenxid from pg_class where relname >= 's'";
    cluster.ask(a, "create table t(a int); insert into t values (1)");
    assert_eq!(cluster.ask(a, oid), "16384|t|16386|0|-1|724\nSELECT 1");
    cluster.ask(a, "begin; create table u(a int)");
    cluster.settle();
    cluster.lab.input(Input::PowerFail { host: PRIMARY }).unwrap();
    cluster.lab.input(Input::PowerOn { host: PRIMARY }).unwrap();
    cluster.settle();
    let a = cluster.connect(PRIMARY);
    assert_eq!(cluster.ask(a, "select a from t"), "1\nSELECT 1");
    assert_eq!(cluster.ask(a, "select a from u"), "ERROR:  relation \"u\" does not exist");
    // The log said that ids up to 24575 may have been given.
    assert_eq!(cluster.ask(a, "create table u(a int)"), "CREATE TABLE");
    assert_eq!(cluster.ask(a, "select oid from pg_class where relname = 'u'"), "24576\nSELECT 1");
}

#[test]
fn indexes_come_and_go_with_their_transaction() {
    let mut cluster = Cluster::open(7);
    let (a, b) = (cluster.connect(PRIMARY), cluster.connect(PRIMARY));
    let c = cluster.connect(STANDBY);
    const TAKEN: &str = "ERROR:  duplicate key value violates unique constraint \"t_pkey\"";
    cluster.ask(a, "create table t(a int primary key, b int); insert into t values (1, 1), (2, 2)");
    assert_eq!(cluster.ask(b, "insert into t values (1, 3)"), TAKEN);
    // Who makes an index waits for those who change rows, and they for him.
    cluster.ask(b, "begin; insert into t values (3, 3)");
    assert_eq!(cluster.ask(a, "begin; create unique index u on t(b)"), "BEGIN");
    assert_eq!(cluster.ask(b, "commit"), "COMMIT");
    cluster.settle();
    assert_eq!(cluster.shown(a), "CREATE INDEX");
    assert_eq!(cluster.ask(b, "insert into t values (4, 3)"), "", "it waits for a");
    assert_eq!(cluster.ask(a, "rollback"), "ROLLBACK");
    cluster.settle();
    assert_eq!(cluster.shown(b), "INSERT 0 1");
    assert_eq!(cluster.ask(a, "create unique index u on t(b)"), "ERROR:  could not create unique index \"u\"");
    assert_eq!(cluster.ask(a, "create index u on t(b)"), "CREATE INDEX");
    assert_eq!(cluster.ask(a, "begin; drop index u; rollback"), "BEGIN\nDROP INDEX\nROLLBACK");
    let both = "select relname, relkind from pg_class where relname in ('u', 't_pkey') order by 1";
    cluster.settle();
    for session in [b, c] {
        assert_eq!(cluster.ask(session, both), "t_pkey|i\nu|i\nSELECT 2");
        assert_eq!(cluster.ask(session, "select b from t where a = 3"), "3\nSELECT 1");
    }
    cluster.ask(a, "begin; create index v on t(b, a)");
    cluster.settle();
    cluster.lab.input(Input::PowerFail { host: PRIMARY }).unwrap();
    cluster.lab.input(Input::PowerOn { host: PRIMARY }).unwrap();
    cluster.settle();
    let a = cluster.connect(PRIMARY);
    assert_eq!(cluster.ask(a, "select count(*) from pg_index"), "2\nSELECT 1");
    assert_eq!(cluster.ask(a, "insert into t values (1, 3)"), TAKEN);
    assert_eq!(cluster.ask(a, "drop table t"), "DROP TABLE");
    cluster.settle();
    for session in [a, c] {
        assert_eq!(cluster.ask(session, both), "SELECT 0");
        assert_eq!(cluster.ask(session, "select count(*) from pg_index"), "0\nSELECT 1");
    }
}

#[test]
fn catalogs_are_read_like_any_table() {
    let mut cluster = Cluster::open(4);
    let a = cluster.connect(PRIMARY);
    cluster.ask(a, "create table accounts(id int not null, owner text, balance numeric(10,2))");
    let columns = "select attnum, attname, atttypid, atttypmod, attnotnull from pg_attribute \
                   where attrelid = 16384 and attnum > 0 order by attnum";
    assert_eq!(cluster.ask(a, columns), "1|id|23|-1|t\n2|owner|25|-1|f\n3|balance|1700|655366|f\nSELECT 3");
    assert_eq!(
        cluster.ask(a, "select datname from pg_database where datallowconn order by oid"),
        "template1\npostgres\nSELECT 2"
    );
    assert_eq!(
        cluster.ask(a, "select nspname from pg_catalog.pg_namespace order by oid limit 1"),
        "pg_catalog\nSELECT 1"
    );
    assert_eq!(
        cluster.ask(a, "select typname, typelem from pg_type where typelem = 16386"),
        "_accounts|16386\nSELECT 1"
    );
    let refused = "ERROR:  permission denied: \"pg_class\" is a system catalog";
    assert_eq!(cluster.ask(a, "drop table pg_class"), refused);
    for statement in ["vacuum", "vacuum pg_class", "vacuum (freeze) pg_attribute"] {
        assert_eq!(cluster.ask(a, statement), "VACUUM");
    }
    assert_eq!(cluster.ask(a, "select count(*) from pg_class where relkind = 'r'"), "14\nSELECT 1");
    cluster.settle();
    let c = cluster.connect(STANDBY);
    assert_eq!(cluster.ask(c, "select count(*) from pg_class where relkind = 'r'"), "14\nSELECT 1");
    assert_eq!(cluster.ask(c, columns), cluster.ask(a, columns));
}

#[test]
fn array_types_make_room_for_tables() {
    let mut cluster = Cluster::open(5);
    let a = cluster.connect(PRIMARY);
    for statement in ["create table a(x int)", "create table _a(x int)", "create table __a(x int)"] {
        assert_eq!(cluster.ask(a, statement), "CREATE TABLE");
    }
    // 15.20, but for the numbers, which begin at 16405 there.
    let types = "select typname, typelem from pg_type where oid >= 16384 order by oid";
    let found = "____a|16386\na|0\n___a|16389\n_a|0\n_____a|16392\n__a|0\nSELECT 6";
    assert_eq!(cluster.ask(a, types), found);
    cluster.ask(a, "drop table a");
    assert_eq!(cluster.ask(a, types), "___a|16389\n_a|0\n_____a|16392\n__a|0\nSELECT 4");
    let long = "n".repeat(63);
    cluster.ask(a, &format!("create table {long}(x int)"));
    let named = format!("select typname from pg_type where typname = '_{}'", &long[..62]);
    assert_eq!(cluster.ask(a, &named), format!("_{}\nSELECT 1", &long[..62]));
}

/// One table's life: made, filled, dropped, with what a client was told about it.
#[derive(Default, Clone, PartialEq, Debug)]
struct Told {
    exists: bool,
    rows: usize,
}

/// Does something to the table; `cut` steps later the power fails, if it is not done by then. Returns what may be true
/// of the table afterwards.
fn act(cluster: &mut Cluster, session: u32, what: u64, told: &Told, cut: Option<u64>) -> Vec<Told> {
    let (statement, after) = match (told.exists, what % 8) {
        (_, 0) => ("checkpoint", told.clone()),
        (false, _) => {
            ("create table t(a int, b text); insert into t values (1, 'one')", Told { exists: true, rows: 1 })
        }
        (true, 1) => ("drop table t", Told::default()),
        (true, 2) => ("vacuum t", told.clone()),
        (true, 3) => ("delete from t", Told { exists: true, rows: 0 }),
        (true, _) => ("insert into t values (2, 'two'), (3, 'three')", Told { exists: true, rows: told.rows + 2 }),
    };
    cluster.lab.input(Input::Query { session, text: statement.to_string() }).unwrap();
    match cut {
        None => drop(cluster.lab.run_to_answer(session)),
        Some(steps) => drop(cluster.lab.run(Limit::steps(steps))),
    }
    let answer = cluster.shown(session);
    assert!(!answer.contains("ERROR"), "{statement}: {answer}");
    let done = answer.lines().count() >= statement.split(';').count();
    if done { vec![after] } else { vec![told.clone(), after] }
}

#[test]
fn what_was_committed_survives_whenever_the_power_fails() {
    for seed in 0..12 {
        let mut cluster = Cluster::open(seed);
        let mut random = Random::new(seed, 77);
        let mut told = Told::default();
        for _ in 0..6 {
            let session = cluster.connect(PRIMARY);
            for _ in 0..random.below(6) {
                told = act(&mut cluster, session, random.below(100), &told, None).pop().unwrap();
            }
            let cut = Some(random.below(60));
            let possible = act(&mut cluster, session, random.below(100), &told, cut);
            cluster.lab.input(Input::PowerFail { host: PRIMARY }).unwrap();
            cluster.lab.input(Input::PowerOn { host: PRIMARY }).unwrap();
            cluster.settle();
            told = found(&mut cluster);
            assert!(possible.contains(&told), "seed {seed}: {told:?} is none of {possible:?}");
        }
        keep::keep_wal(&cluster.lab, "ddl");
    }
}

/// What there is of the table, on the primary and in the end on the standby as well.
fn found(cluster: &mut Cluster) -> Told {
    let ask = |cluster: &mut Cluster, host: u8| {
        let session = cluster.connect(host);
        let listed = cluster.ask(session, "select count(*) from pg_class where relname = 't'");
        let count = cluster.ask(session, "select count(*) from t");
        let exists = !listed.starts_with('0');
        assert_eq!(exists, !count.starts_with("ERROR"), "pg_class: {listed}; {count}");
        let rows = count.split_once('\n').and_then(|(rows, _)| rows.parse().ok()).unwrap_or_default();
        Told { exists, rows }
    };
    let told = ask(cluster, PRIMARY);
    assert_eq!(ask(cluster, STANDBY), told, "the standby");
    told
}
