//! Sessions of a standby: what they see, and in whose way they are: replay waits for them thirty seconds, then they go.

#[path = "common/client.rs"]
mod client;

use client::connect;
use vitrine_engine::cluster::{Input, Lab, LabSpec};
use vitrine_engine::inspect;
use vitrine_engine::server::protocol::BackendMessage;
use vitrine_engine::world::Limit;

const PRIMARY: u8 = 0;
const STANDBY: u8 = 1;

/// Runs a query to its answer.
fn ask(lab: &mut Lab, session: u32, text: &str) -> Vec<String> {
    said(client::converse(lab, session, text))
}

/// What a session was told: rows, and errors with their detail.
fn heard(lab: &mut Lab, session: u32) -> Vec<String> {
    said(client::heard(lab, session))
}

fn said(messages: Vec<BackendMessage>) -> Vec<String> {
    let said = messages.into_iter().filter_map(|message| match message {
        BackendMessage::DataRow(row) => row[0].as_deref().map(|bytes| String::from_utf8_lossy(bytes).into_owned()),
        BackendMessage::ErrorResponse(error) => {
            Some(format!("{error} / {}", error.report().detail.clone().unwrap_or_default()))
        }
        _ => None,
    });
    said.collect()
}

fn pass(lab: &mut Lab, seconds: u64) {
    let until = lab.world().now() + seconds * 1_000_000;
    lab.run(Limit::until(until));
}

fn replayed(lab: &Lab) -> bool {
    let server = |host: u8| lab.hosts()[usize::from(host)].running.borrow().clone().expect("a running server");
    server(STANDBY).receiver.replay.get() == server(PRIMARY).wal.flush_lsn()
}

#[test]
fn a_snapshot_that_sees_what_is_to_go_holds_replay_up_for_thirty_seconds() {
    let mut lab = Lab::open(LabSpec::lab(1), inspect::functions).unwrap();
    let primary = connect(&mut lab, PRIMARY);
    ask(&mut lab, primary, "create table t(id int); insert into t values (1), (2), (3)");
    pass(&mut lab, 1);
    let reader = connect(&mut lab, STANDBY);
    ask(&mut lab, reader, "begin isolation level repeatable read");
    assert_eq!(ask(&mut lab, reader, "select count(*) from t"), ["3"]);
    ask(&mut lab, primary, "delete from t where id < 3");
    ask(&mut lab, primary, "vacuum t");
    ask(&mut lab, primary, "insert into t values (4)");
    pass(&mut lab, 25);
    assert_eq!(ask(&mut lab, reader, "select count(*) from t"), ["3"], "the snapshot holds");
    assert!(!replayed(&lab));
    pass(&mut lab, 10);
    assert!(replayed(&lab));
    let fatal = "FATAL:  terminating connection due to conflict with recovery / User query might have needed to see row \
                 versions that must be removed.";
    assert_eq!(heard(&mut lab, reader), [fatal]);
    let reader = connect(&mut lab, STANDBY);
    assert_eq!(ask(&mut lab, reader, "select count(*) from t"), ["2"]);
}

#[test]
fn a_reader_holds_up_the_dropping_of_its_table() {
    let mut lab = Lab::open(LabSpec::lab(2), inspect::functions).unwrap();
    let primary = connect(&mut lab, PRIMARY);
    ask(&mut lab, primary, "create table t(id int); insert into t values (1)");
    pass(&mut lab, 1);
    let reader = connect(&mut lab, STANDBY);
    ask(&mut lab, reader, "begin");
    assert_eq!(ask(&mut lab, reader, "select id from t"), ["1"]);
    ask(&mut lab, primary, "drop table t");
    pass(&mut lab, 25);
    assert!(!replayed(&lab));
    pass(&mut lab, 10);
    assert!(replayed(&lab));
    let fatal =
        "FATAL:  terminating connection due to conflict with recovery / User was holding a relation lock for too long.";
    assert_eq!(heard(&mut lab, reader), [fatal]);
}

#[test]
fn what_is_not_committed_lies_on_the_standby_too_and_is_not_seen() {
    let mut lab = Lab::open(LabSpec::lab(3), inspect::functions).unwrap();
    let (primary, other) = (connect(&mut lab, PRIMARY), connect(&mut lab, PRIMARY));
    ask(&mut lab, primary, "create table t(id int); create table u(id int)");
    // Seventy parts: too many to be listed, the standby has to ask pg_subtrans whose they are.
    let parts: String = (0..70).map(|n| format!("savepoint s; insert into t values ({n}); release s; ")).collect();
    ask(&mut lab, primary, &format!("begin; {parts}"));
    let reader = connect(&mut lab, STANDBY);
    let on_page = "select count(*) from heap_page_items(get_raw_page('t', 0)) where lp_flags = 1";
    pass(&mut lab, 1);
    // Somebody else's commit flushes the log, and only what is flushed is sent.
    ask(&mut lab, other, "insert into u values (1)");
    pass(&mut lab, 1);
    assert_eq!(ask(&mut lab, reader, on_page), ["70"]);
    assert_eq!(ask(&mut lab, reader, "select count(*) from t"), ["0"]);
    ask(&mut lab, reader, "begin isolation level repeatable read");
    assert_eq!(ask(&mut lab, reader, "select count(*) from t"), ["0"]);
    ask(&mut lab, primary, "savepoint last; delete from t; rollback to last; commit");
    pass(&mut lab, 1);
    assert_eq!(ask(&mut lab, reader, "select count(*) from t"), ["0"], "the snapshot is older");
    ask(&mut lab, reader, "commit");
    assert_eq!(ask(&mut lab, reader, "select count(*) from t"), ["70"]);
    ask(&mut lab, primary, "begin; insert into t values (100)");
    ask(&mut lab, other, "insert into u values (2)");
    ask(&mut lab, primary, "rollback");
    pass(&mut lab, 1);
    assert_eq!(ask(&mut lab, reader, on_page), ["71"], "a rollback takes nothing away");
    assert_eq!(ask(&mut lab, reader, "select count(*) from t"), ["70"]);
}

#[test]
fn nobody_is_let_in_before_it_is_known_who_runs() {
    // PostgreSQL 15.18 says the same, step by step.
    let mut lab = Lab::open(LabSpec::lab(7), inspect::functions).unwrap();
    let primary = connect(&mut lab, PRIMARY);
    ask(&mut lab, primary, "create table t(id int)");
    let busy = connect(&mut lab, PRIMARY);
    ask(&mut lab, busy, "begin");
    for n in 0..70 {
        ask(&mut lab, busy, &format!("savepoint a; insert into t values ({n})"));
    }
    // The list of running transactions that both checkpoints leave in the log has overflowed.
    ask(&mut lab, primary, "checkpoint");
    pass(&mut lab, 1);
    let standby = connect(&mut lab, STANDBY);
    ask(&mut lab, standby, "checkpoint");
    lab.input(Input::PowerFail { host: STANDBY }).unwrap();
    lab.input(Input::PowerOn { host: STANDBY }).unwrap();
    pass(&mut lab, 2);
    let refused = "FATAL:  the database system is not yet accepting connections / Consistent recovery state has not \
                   been yet reached.";
    let session = lab.sessions().len() as u32;
    lab.input(Input::Connect { host: STANDBY, parameters: vec![("user".into(), "postgres".into())] }).unwrap();
    pass(&mut lab, 1);
    assert_eq!(heard(&mut lab, session), [refused]);
    let log: Vec<String> = lab.hosts()[1].log.lines().iter().map(|line| line.text.clone()).collect();
    let since = log.iter().rposition(|line| line.starts_with("starting")).unwrap();
    let told = |words: &str| log[since..].iter().any(|line| line.starts_with(words));
    assert!(told("database system was interrupted while in recovery at log time"), "{:?}", &log[since..]);
    assert!(told("consistent recovery state reached") && told("started streaming"), "{:?}", &log[since..]);
    assert!(!told("database system is ready"), "{:?}", &log[since..]);
    // A list that has not overflowed tells everything.
    ask(&mut lab, busy, "commit");
    ask(&mut lab, primary, "checkpoint");
    pass(&mut lab, 1);
    let standby = connect(&mut lab, STANDBY);
    assert_eq!(ask(&mut lab, standby, "select count(*) from t"), ["70"]);
}

#[test]
fn pg_control_says_how_far_a_standby_must_come_before_newer_pages_reach_its_disk() {
    let mut lab = Lab::open(LabSpec::lab(8), inspect::functions).unwrap();
    let primary = connect(&mut lab, PRIMARY);
    ask(&mut lab, primary, "create table t(id int, filler text)");
    pass(&mut lab, 1);
    let said = |lab: &Lab| {
        let server = lab.hosts()[1].running.borrow().clone().expect("a running server");
        (server.control.borrow().min_recovery_point, server.receiver.replay.get())
    };
    let (before, _) = said(&lab);
    // More pages than the standby has buffers: it writes some of them long before its next restartpoint.
    ask(&mut lab, primary, "insert into t select n, repeat('x', 500) from generate_series(1, 2000) n");
    pass(&mut lab, 1);
    let (after, replayed) = said(&lab);
    assert!(before < after && after <= replayed, "{before} {after} {replayed}");
}
