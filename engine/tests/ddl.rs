//! CREATE TABLE and DROP TABLE in a cluster: sessions, rollbacks, crashes, a standby.

use std::rc::Rc;

use vitrine_engine::cluster::{Input, Lab, LabSpec};
use vitrine_engine::server::Server;
use vitrine_engine::server::protocol::BackendMessage;
use vitrine_engine::sql::functions::Registry;
use vitrine_engine::world::Limit;

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

    /// Lets everything that is under way come to its end.
    fn settle(&mut self) {
        self.lab.run(Limit::until(self.lab.world().now() + 5_000_000));
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
    assert_eq!(cluster.ask(a, "select count(*) from pg_class"), "6\nSELECT 1");
    cluster.settle();
    let c = cluster.connect(STANDBY);
    assert_eq!(cluster.ask(c, "select count(*) from pg_class"), "6\nSELECT 1");
    assert_eq!(cluster.ask(c, columns), cluster.ask(a, columns));
}
