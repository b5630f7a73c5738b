//! A view of a lab in which things have happened, and that looking changes nothing.

use std::rc::Rc;

use super::*;
use crate::access::{self, Env, Rel};
use crate::catalog::{Catalog, ddl};
use crate::cluster::{Input, Lab, LabSpec};
use crate::ids::{BackendType, HostId, Lsn, Oid, RelFile, Tid, WaitEvent};
use crate::server::Server;
use crate::txn;
use crate::types::{Attr, Datum, TupleDesc, TypeId, form_tuple};
use crate::world::{Cx, Limit};

fn request() -> ViewRequest {
    ViewRequest { relation: "accounts".into(), fork: "main".into(), block: 0, wal_records: 64, xacts: 8 }
}

fn server(lab: &Lab, host: usize) -> Rc<Server> {
    lab.hosts()[host].running.borrow().clone().expect("no server runs")
}

fn desc() -> TupleDesc {
    TupleDesc::of(&[("id", TypeId::Int4), ("owner", TypeId::Text), ("balance", TypeId::Int4)])
}

fn row(id: i32, owner: &str, balance: i32) -> Vec<u8> {
    form_tuple(&desc(), &[Datum::Int4(id), Datum::text(owner), Datum::Int4(balance)]).unwrap()
}

/// Runs a process on the primary that does something with the heap, without SQL.
fn process<F: Future<Output = ()> + 'static>(lab: &mut Lab, body: impl FnOnce(Env) -> F + 'static) {
    let server = server(lab, 0);
    lab.world().spawn(HostId(0), BackendType::ClientBackend, |cx: Cx| async move {
        let settings = server.spec.settings.borrow().clone();
        let env = server.env(&cx, settings);
        server.txns.procs.add(cx.pid(), env.database);
        body(env).await;
        server.txns.locks.release_all(cx.world(), cx.pid());
        server.txns.procs.remove(cx.pid());
    });
    lab.run(Limit::IDLE);
}

fn accounts(oid: Oid) -> Rel {
    Rel::new(oid, RelFile { spc: Oid::DEFAULT_TABLESPACE, db: Oid::POSTGRES_DB, rel: oid })
}

/// The opening scene: three accounts, committed; then the first is updated by a transaction that stays open.
fn opening() -> Lab {
    let mut lab = Lab::open(LabSpec::lab(1), functions).unwrap();
    lab.run(Limit::IDLE);
    process(&mut lab, |env| async move {
        let columns: Vec<Attr> = desc().attrs;
        let made = ddl::create_table(&env, &Catalog::new(), None, "accounts", &columns, false).await;
        let rel = accounts(made.unwrap().unwrap());
        for (id, owner, balance) in [(1, "Alice", 100), (2, "Bob", 50), (3, "Carol", 25)] {
            access::insert(&env, &rel, &mut row(id, owner, balance)).await.unwrap();
        }
        txn::commit(&env).await.unwrap();
    });
    let oid = server(&lab, 0).txns.next_oid.get();
    let table = (0..8).map(|back| Oid(oid.0 - back)).find(|oid| lab.hosts()[0].disk.exists(&format!("base/5/{oid}")));
    let rel = accounts(table.expect("a table's file"));
    process(&mut lab, |env| async move {
        access::update(&env, &rel, Tid::new(Default::default(), 1), &mut row(1, "Alice", 90)).await.unwrap();
        env.cx.wait(WaitEvent::ClientRead, None).await;
        txn::commit(&env).await.unwrap();
    });
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
    assert_eq!(page.columns[2], ColumnView { attname: "balance".into(), typname: "int4".into() });
    let (old, new) = (tuples[0], tuples[3]);
    assert_eq!((old.xmax_status, new.xmin_status), (XmaxStatus::Running, XminStatus::Running));
    assert_eq!(old.t_ctid, "(0,4)");
    assert!(old.hot_updated && new.heap_only && !old.dead_to_all);
    let by_anybody = |tuple: &TupleView| tuple.sees.last().map(|sees| (sees.visible, sees.rule, sees.xid)).unwrap();
    assert_eq!(by_anybody(old), (true, SeesRule::XmaxRunning, Some(new.t_xmin)));
    assert_eq!(by_anybody(new), (false, SeesRule::XminRunning, Some(new.t_xmin)));
    assert_eq!(new.attrs[2].value.as_deref(), Some("90"));
    let at = usize::from(new.attrs[2].offset);
    assert_eq!(memory.bytes[at..at + 4], 90i32.to_le_bytes());
    assert_eq!(new.record.as_ref().map(|record| record.record_type.as_str()), Some("HOT_UPDATE"));
    assert_eq!(tuples[1].record.as_ref().map(|record| record.record_type.as_str()), Some("INSERT"));
    assert_eq!(primary.xact.running, [new.t_xmin]);
    assert_eq!(
        primary.xact.entries.last().map(|entry| (entry.xid, entry.bits, entry.running)),
        Some((new.t_xmin, 0, true))
    );
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
fn a_host_without_power_shows_its_disk() {
    let mut lab = opening();
    lab.input(Input::PowerFail { host: 0 }).unwrap();
    let view = view(&lab, &request());
    let primary = &view.hosts[0];
    assert_eq!((primary.state, primary.buffers.len(), primary.processes.len()), (HostState::Off, 0, 0));
    assert_eq!(primary.wal.insert, Lsn::INVALID.0);
}
