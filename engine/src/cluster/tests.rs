//! The cluster as a whole: it starts, a standby follows, crashes are recovered from.

use super::*;
use crate::server::protocol::BackendMessage;
use crate::server::{Server, ServerState};
use crate::sql::functions::Registry;
use crate::world::{Limit, Stop};
use std::rc::Rc;

/// The functions of SQL alone.
fn sql(_: &Rc<Server>) -> Registry {
    Registry::new()
}

fn server(lab: &Lab, host: usize) -> Rc<Server> {
    lab.hosts()[host].running.borrow().clone().expect("no server runs")
}

fn log(lab: &Lab, host: usize) -> Vec<String> {
    lab.hosts()[host].log.lines().into_iter().map(|line| format!("{}: {}", line.level.name(), line.text)).collect()
}

#[test]
fn a_new_cluster_starts_and_a_standby_follows() {
    let mut lab = Lab::open(LabSpec::lab(1), sql).unwrap();
    let stop = lab.run(Limit::IDLE);
    assert!(matches!(stop, Stop::Idle { .. }), "{stop:?}");
    assert_eq!(server(&lab, 0).state.get(), ServerState::Running, "{:#?}", log(&lab, 0));
    assert_eq!(server(&lab, 1).state.get(), ServerState::HotStandby, "{:#?}{:#?}", log(&lab, 0), log(&lab, 1));
    let primary = server(&lab, 0);
    assert_eq!(server(&lab, 1).receiver.replay.get(), primary.wal.flush_lsn(), "{:#?}", log(&lab, 1));
    let standbys = primary.txns.sync_rep.standbys();
    assert_eq!(standbys.len(), 1);
    assert_eq!((standbys[0].state, standbys[0].apply), ("streaming", primary.wal.flush_lsn()));
}

#[test]
fn a_cluster_that_lost_its_power_recovers() {
    for seed in 0..10 {
        let mut lab = Lab::open(LabSpec::lab(seed), sql).unwrap();
        for host in [0, 1] {
            lab.input(Input::PowerFail { host }).unwrap();
            lab.run(Limit::IDLE);
            lab.input(Input::PowerOn { host }).unwrap();
        }
        lab.run(Limit::until(lab.world().now() + 20_000_000));
        let states: Vec<_> = (0..2).map(|host| server(&lab, host).state.get()).collect();
        assert_eq!(states, [ServerState::Running, ServerState::HotStandby], "{:#?}{:#?}", log(&lab, 0), log(&lab, 1));
        let end = server(&lab, 0).wal.flush_lsn();
        assert_eq!(server(&lab, 1).receiver.replay.get(), end, "{:#?}{:#?}", log(&lab, 0), log(&lab, 1));
    }
}

#[test]
fn the_same_inputs_make_the_same_history() {
    let mut lab = Lab::open(LabSpec::lab(7), sql).unwrap();
    lab.input(Input::Cut { cut: true }).unwrap();
    lab.run(Limit::until(lab.world().now() + 300_000));
    lab.input(Input::Cut { cut: false }).unwrap();
    lab.run(Limit::until(lab.world().now() + 30_000_000));
    let again = Lab::replay(LabSpec::lab(7), sql, lab.recorded(), lab.world().steps()).unwrap();
    assert_eq!(again.world().hash(), lab.world().hash());
}

/// Sends a query and runs until its answer; the answer as psql would show it, roughly.
fn ask(lab: &mut Lab, session: u32, text: &str) -> String {
    lab.input(Input::Query { session, text: text.to_string() }).unwrap();
    lab.run_to_answer(session);
    shown(lab, session)
}

/// What a session has been told.
fn shown(lab: &mut Lab, session: u32) -> String {
    let mut out = Vec::new();
    for answer in lab.take_answers().into_iter().filter(|answer| answer.session == session) {
        match answer.message {
            BackendMessage::DataRow(row) => {
                let text = |v: Option<Vec<u8>>| v.map_or("∅".into(), |v| String::from_utf8(v).unwrap());
                out.push(row.into_iter().map(text).collect::<Vec<_>>().join("|"));
            }
            BackendMessage::CommandComplete(tag) => out.push(tag),
            BackendMessage::ErrorResponse(error) | BackendMessage::NoticeResponse(error) => out.push(error.to_string()),
            _ => {}
        }
    }
    out.join("\n")
}

fn connect(lab: &mut Lab, host: u8) -> u32 {
    let session = lab.sessions().len() as u32;
    let parameters = vec![("user".to_string(), "postgres".to_string())];
    lab.input(Input::Connect { host, parameters }).unwrap();
    lab.run_to_answer(session);
    shown(lab, session);
    session
}

#[test]
fn the_story() {
    let mut lab = Lab::open(LabSpec::lab(1), sql).unwrap();
    let (a, b) = (connect(&mut lab, 0), connect(&mut lab, 0));
    assert_eq!(ask(&mut lab, a, "create table accounts(id int, owner text, balance numeric)"), "CREATE TABLE");
    let rows = "insert into accounts values (1, 'Alice', 100), (2, 'Bob', 50), (3, 'Carol', 75)";
    assert_eq!(ask(&mut lab, a, rows), "INSERT 0 3");
    let read = "select balance from accounts where id = 1";
    assert_eq!(ask(&mut lab, b, read), "100\nSELECT 1");
    assert_eq!(ask(&mut lab, a, "begin"), "BEGIN");
    assert_eq!(ask(&mut lab, a, "update accounts set balance = 90 where id = 1"), "UPDATE 1");
    assert_eq!(ask(&mut lab, a, read), "90\nSELECT 1");
    assert_eq!(ask(&mut lab, b, read), "100\nSELECT 1");
    // A second writer waits, and goes on with the new version.
    assert_eq!(ask(&mut lab, b, "update accounts set balance = balance + 1 where id = 1"), "");
    assert_eq!(ask(&mut lab, a, "commit"), "COMMIT");
    lab.run(Limit::IDLE);
    assert_eq!(shown(&mut lab, b), "UPDATE 1");
    assert_eq!(ask(&mut lab, a, read), "91\nSELECT 1");
    let c = connect(&mut lab, 1);
    assert_eq!(ask(&mut lab, c, read), "91\nSELECT 1");
    assert_eq!(ask(&mut lab, c, "delete from accounts"), "ERROR:  cannot execute DELETE in a read-only transaction");
    assert_eq!(ask(&mut lab, a, "checkpoint"), "CHECKPOINT");
    assert_eq!(ask(&mut lab, a, "vacuum accounts"), "VACUUM");
    ask(&mut lab, a, "begin");
    ask(&mut lab, a, "update accounts set balance = 0");
    assert_eq!(ask(&mut lab, b, "insert into accounts values (4, 'Dave', 10)"), "INSERT 0 1");
    lab.input(Input::PowerFail { host: 0 }).unwrap();
    lab.run(Limit::IDLE);
    lab.input(Input::PowerOn { host: 0 }).unwrap();
    lab.run(Limit::IDLE);
    let d = connect(&mut lab, 0);
    assert_eq!(
        ask(&mut lab, d, "select id, balance from accounts order by id"),
        "1|91\n2|50\n3|75\n4|10\nSELECT 4",
        "{:#?}",
        log(&lab, 0)
    );
    let again = Lab::replay(LabSpec::lab(1), sql, lab.recorded(), lab.world().steps()).unwrap();
    assert_eq!(again.world().hash(), lab.world().hash());
}

#[test]
fn a_stored_world_begins_when_its_power_comes_back() {
    let kept = LabSpec { keep_synced: true, ..LabSpec::lab(3) };
    let mut lab = Lab::open(kept.clone(), sql).unwrap();
    let a = connect(&mut lab, 0);
    ask(&mut lab, a, "create table t(n int)");
    assert_eq!(ask(&mut lab, a, "insert into t values (7)"), "INSERT 0 1");
    let spec = LabSpec { stored: lab.take_synced(), ..kept };
    let mut lab = Lab::open(spec, sql).unwrap();
    assert_eq!(lab.world().steps(), 0);
    assert!(lab.hosts().iter().all(|host| host.running.borrow().is_none()), "nothing has run");
    lab.run(Limit::IDLE);
    assert_eq!(server(&lab, 0).state.get(), ServerState::Running, "{:#?}", log(&lab, 0));
    lab.input(Input::PowerOn { host: 1 }).unwrap();
    lab.run(Limit::IDLE);
    assert_eq!(server(&lab, 0).txns.sync_rep.standbys()[0].state, "streaming", "{:#?}", log(&lab, 1));
    let a = connect(&mut lab, 0);
    assert_eq!(ask(&mut lab, a, "select n from t"), "7\nSELECT 1");
}
