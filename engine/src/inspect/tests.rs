//! A view of a lab in which things have happened, and that looking changes nothing.

use super::*;
use crate::cluster::{Input, Lab, LabSpec};
use crate::server::protocol::BackendMessage;
use crate::world::Limit;

pub(super) fn request() -> ViewRequest {
    ViewRequest {
        relation: "accounts".into(),
        fork: "main".into(),
        block: 0,
        wal_records: 64,
        xacts: 8,
        panels: Vec::new(),
    }
}

/// Opens a session on a host.
pub(super) fn connect(lab: &mut Lab, host: u8) -> u32 {
    let session = lab.sessions().len() as u32;
    let parameters = vec![("user".to_string(), "postgres".to_string())];
    lab.input(Input::Connect { host, parameters }).unwrap();
    lab.run_to_answer(session);
    lab.take_answers();
    session
}

/// Runs a query; its rows with columns parted by bars, then what else was said.
pub(super) fn ask(lab: &mut Lab, session: u32, text: &str) -> Vec<String> {
    lab.input(Input::Query { session, text: text.to_string() }).unwrap();
    lab.run_to_answer(session);
    let field = |value: Option<Vec<u8>>| value.map_or("NULL".into(), |value| String::from_utf8(value).unwrap());
    let shown = |message| match message {
        BackendMessage::DataRow(row) => Some(row.into_iter().map(field).collect::<Vec<_>>().join("|")),
        BackendMessage::CommandComplete(tag) if !tag.starts_with("SELECT") => Some(tag),
        BackendMessage::ErrorResponse(error) | BackendMessage::NoticeResponse(error) => Some(error.to_string()),
        _ => None,
    };
    let own = lab.take_answers().into_iter().filter(|answer| answer.session == session);
    own.filter_map(|answer| shown(answer.message)).collect()
}

/// The opening scene: three accounts, committed; then A updates the first and leaves its transaction open; B has read
/// the old version.
pub(super) fn opening() -> Lab {
    let mut lab = Lab::open(LabSpec::lab(1), functions).unwrap();
    let (a, b) = (connect(&mut lab, 0), connect(&mut lab, 0));
    ask(&mut lab, a, "create table accounts(id int, owner text, balance numeric)");
    ask(&mut lab, a, "insert into accounts values (1, 'Alice', 100), (2, 'Bob', 50), (3, 'Carol', 75)");
    lab.run(Limit::IDLE);
    ask(&mut lab, a, "begin");
    assert_eq!(ask(&mut lab, a, "update accounts set balance = 90 where id = 1"), ["UPDATE 1"]);
    assert_eq!(ask(&mut lab, b, "select balance from accounts where id = 1"), ["100"]);
    lab
}

fn tuples(page: &PageImage) -> Vec<&TupleView> {
    page.items.iter().filter_map(|item| item.tuple.as_ref()).collect()
}

#[test]
fn the_opening_scene_is_seen() {
    let lab = opening();
    let view = view(&lab, &request());
    let primary = &view.hosts[0];
    assert_eq!(
        (primary.role, primary.state, view.hosts[1].state),
        (Role::Primary, HostState::Running, HostState::Running)
    );
    let page = primary.page.as_ref().expect("the page");
    let memory = page.memory.as_ref().expect("in shared buffers");
    let tuples = tuples(memory);
    assert_eq!(tuples.len(), 4);
    assert_eq!(page.columns[2], ColumnView { attname: "balance".into(), typname: "numeric".into() });
    let (old, new) = (tuples[0], tuples[3]);
    assert_eq!((old.xmax_status, new.xmin_status), (XmaxStatus::Running, XminStatus::Running));
    assert_eq!((old.xmax_letter.as_deref(), old.xmin_letter.as_deref()), (Some("A"), Some("A")));
    assert_eq!(old.t_ctid, "(0,4)");
    assert!(old.hot_updated && new.heap_only && !old.dead_to_all);
    let by_anybody = |tuple: &TupleView| tuple.sees.last().map(|sees| (sees.visible, sees.rule, sees.xid)).unwrap();
    assert_eq!(by_anybody(old), (true, SeesRule::XmaxRunning, Some(new.t_xmin)));
    assert_eq!(by_anybody(new), (false, SeesRule::XminRunning, Some(new.t_xmin)));
    let by_letter: Vec<_> = old.sees.iter().map(|sees| (sees.letter.as_deref(), sees.visible, sees.rule)).collect();
    let expected = [
        (Some("A"), false, SeesRule::OwnDelete),
        (Some("B"), true, SeesRule::XmaxRunning),
        (None, true, SeesRule::XmaxRunning),
    ];
    assert_eq!(by_letter, expected);
    assert_eq!((new.sees[0].visible, new.sees[0].rule), (true, SeesRule::OwnInsert));
    assert_eq!(new.attrs[2].value.as_deref(), Some("90"));
    let owner = &new.attrs[1];
    let at = usize::from(owner.offset) + 1;
    assert_eq!(&memory.bytes[at..at + 5], b"Alice", "behind one byte of length");
    assert_eq!(new.record.as_ref().map(|record| record.record_type.as_str()), Some("HOT_UPDATE"));
    assert_eq!(tuples[1].record.as_ref().map(|record| record.record_type.as_str()), Some("INSERT"));
    assert_eq!(primary.xact.running, [new.t_xmin]);
    assert_eq!(
        primary.xact.entries.last().map(|entry| (entry.xid, entry.bits, entry.running)),
        Some((new.t_xmin, 0, true))
    );
}

#[test]
fn sessions_are_seen() {
    let mut lab = opening();
    lab.input(Input::Query { session: 1, text: "update accounts set balance = 0 where id = 1".into() }).unwrap();
    lab.run(Limit::IDLE);
    let view = view(&lab, &request());
    let [a, b] = &view.sessions[..] else { panic!("two sessions") };
    assert_eq!((a.letter.as_str(), a.state, a.tx.as_str()), ("A", SessionState::IdleInTransaction, "T"));
    assert_eq!((a.backend_xid, a.snapshot_held), (view.hosts[0].xact.running.first().copied(), false));
    assert_eq!((b.state, b.wait_event.as_deref()), (SessionState::Active, Some("transactionid")));
    let waits = &view.hosts[0].lock_waits;
    assert_eq!(waits.len(), 1);
    assert_eq!((waits[0].letter.as_deref(), waits[0].mode.as_str()), (Some("B"), "ShareLock"));
    assert_eq!(waits[0].blocked_by, [BlockerView { pid: a.pid, letter: Some("A".into()) }]);
    assert_eq!(view.hosts[0].replication[0].state, "streaming");
}

#[test]
fn the_tape_is_a_chain_up_to_what_is_inserted() {
    let view = view(&opening(), &request());
    let wal = &view.hosts[0].wal;
    for pair in wal.records.windows(2) {
        assert_eq!(pair[1].prev_lsn, pair[0].start_lsn);
    }
    let last = wal.records.last().expect("records");
    assert_eq!((last.end_lsn, last.rmgr.as_str()), (wal.insert, "Heap"));
    assert!(wal.flush < wal.insert, "the update is in the buffers only");
    assert_eq!(last.blocks[0].relname.as_deref(), Some("accounts"));
    // What the primary has flushed the standby has received and replayed.
    let standby = &view.hosts[1].wal;
    assert_eq!((standby.replay, standby.received), (Some(wal.flush), Some(wal.flush)));
    let arrived = standby.records.last().expect("records");
    assert!(wal.records.iter().any(|record| record.start_lsn == arrived.start_lsn && record.end_lsn == wal.flush));
}

#[test]
fn the_standby_has_the_same_table() {
    let view = view(&opening(), &request());
    let page = view.hosts[1].page.as_ref().expect("the page on the standby");
    let tuples = tuples(page.memory.as_ref().expect("in the standby's buffers"));
    assert_eq!(tuples.len(), 3, "the update has not been flushed");
    assert!(tuples.iter().all(|tuple| tuple.xmin_status == XminStatus::Committed));
    assert!(tuples.iter().all(|tuple| tuple.sees.last().is_some_and(|sees| sees.visible)));
}

#[test]
fn looking_changes_nothing() {
    let spec = LabSpec::lab(3);
    let mut lab = Lab::open(spec.clone(), functions).unwrap();
    let mut looked_at = Lab::open(spec, functions).unwrap();
    for step in (0..1200).step_by(40) {
        lab.run(Limit::steps(step));
        looked_at.run(Limit::steps(step));
        let first = view(&looked_at, &request());
        assert_eq!(view(&looked_at, &request()), first);
        assert_eq!(lab.world().hash(), looked_at.world().hash());
    }
    assert_eq!(view(&lab, &request()), view(&looked_at, &request()));
}

#[test]
fn names_are_those_that_sql_knows() {
    let lab = opening();
    let hash = lab.world().hash();
    let names = names(&lab, lab.hosts()[0].host);
    assert_eq!(lab.world().hash(), hash);
    let columns = |relation: &str| names.relations.iter().find(|r| r.name == relation).map(|r| r.columns.join(" "));
    assert_eq!(columns("accounts").as_deref(), Some("id owner balance"));
    assert!(columns("pg_class").is_some_and(|columns| columns.contains("relname")));
    assert!(columns("pg_stat_activity").is_some_and(|columns| columns.contains("wait_event")));
    assert!(names.functions.contains(&"heap_page_items".to_string()));
    assert!(names.settings.contains(&"shared_buffers".to_string()));
}

#[test]
fn a_host_without_power_shows_its_disk() {
    let mut lab = opening();
    lab.input(Input::PowerFail { host: 0 }).unwrap();
    let view = view(&lab, &request());
    let primary = &view.hosts[0];
    assert_eq!((primary.state, primary.buffers.count, primary.processes.len()), (HostState::Off, 0, 0));
    assert_eq!(primary.wal.insert, 0);
}
