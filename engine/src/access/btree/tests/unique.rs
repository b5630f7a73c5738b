//! Keys that may be there only once: two sessions with the same key, and what becomes of each.

use std::cell::RefCell;
use std::rc::Rc;

use super::verify::verify;
use crate::access::tests::room::{Control, Room, run};
use crate::access::{self, Env, Index, KeyColumn, Rel};
use crate::ids::*;
use crate::txn;
use crate::types::{Datum, TupleDesc, TypeId, form_tuple};
use crate::world::{Mode, World};

const FILE: RelFile = RelFile { spc: Oid::DEFAULT_TABLESPACE, db: Oid::POSTGRES_DB, rel: Oid(16392) };

fn table(room: &Room) -> (Index, Rel) {
    room.disk.create(&FILE.path(Fork::Main));
    let desc = Rc::new(TupleDesc::of(&[("id", TypeId::Int4), ("owner", TypeId::Text)]));
    let keys = vec![KeyColumn::ascending(0)];
    let index = Index::new(Rel::new(FILE.rel, FILE), "accounts_pkey", "accounts", desc, keys, true);
    let heap = room.rel().with_indexes(vec![index.clone()]);
    (index, heap)
}

async fn insert(env: &Env, heap: &Rel, id: i32) -> Result<Tid> {
    let desc = &heap.indexes[0].table;
    let mut row = form_tuple(desc, &[Datum::Int4(id), Datum::text("x")])?;
    access::insert(env, heap, &mut row).await
}

/// A session adds a row and ends after a while; another one comes with the same key meanwhile. Returns what the second one
/// was told.
fn two_sessions(first_commits: bool) -> (Option<Error>, usize) {
    let world = World::new(5, Mode::Lab, TimestampTz(0), 0);
    let (host, disk) = world.add_host();
    let room = Room::new(&disk, Control::INITIAL, 32);
    let (index, heap) = table(&room);
    let (shared, building) = (room.clone(), index.clone());
    run(&world, host, |cx| async move {
        let env = shared.env(cx);
        access::build_index(&env, &building, &shared.rel()).await.unwrap();
        txn::commit(&env).await.unwrap();
    });
    let (shared, rel) = (room.clone(), heap.clone());
    world.spawn(host, BackendType::ClientBackend, move |cx| async move {
        let env = shared.env(cx);
        insert(&env, &rel, 1).await.unwrap();
        env.cx.sleep(WaitEvent::PgSleep, 50_000).await;
        if first_commits { txn::commit(&env).await.unwrap() } else { txn::abort(&env).await.unwrap() }
    });
    let told: Rc<RefCell<Option<Error>>> = Rc::default();
    let (shared, rel, answer) = (room.clone(), heap.clone(), told.clone());
    run(&world, host, |cx| async move {
        let env = shared.env(cx);
        env.cx.sleep(WaitEvent::PgSleep, 10_000).await;
        let begun = env.cx.now();
        *answer.borrow_mut() = insert(&env, &rel, 1).await.err();
        assert!(env.cx.now() - begun > 30_000, "it had to wait");
        if answer.borrow().is_some() { txn::abort(&env).await.unwrap() } else { txn::commit(&env).await.unwrap() }
    });
    let rows = Rc::new(RefCell::new(0));
    let (shared, count) = (room, rows.clone());
    run(&world, host, |cx| async move {
        let env = shared.env(cx);
        *count.borrow_mut() = verify(&env, &index, &heap).await;
    });
    let told = told.borrow().clone();
    let rows = *rows.borrow();
    (told, rows)
}

#[test]
fn whoever_comes_second_waits_and_is_told() {
    let (told, entries) = two_sessions(true);
    let told = told.unwrap();
    let report = told.report();
    assert_eq!(report.code, sqlstate::UNIQUE_VIOLATION);
    assert_eq!(report.message, "duplicate key value violates unique constraint \"accounts_pkey\"");
    assert_eq!(report.detail.as_deref(), Some("Key (id)=(1) already exists."));
    assert_eq!(entries, 1);
    // The first one's row is there, dead; its entry leads nowhere.
    assert_eq!(two_sessions(false), (None, 2));
}

#[test]
fn a_key_is_free_again_when_its_row_is_gone() {
    let world = World::new(6, Mode::Lab, TimestampTz(0), 0);
    let (host, disk) = world.add_host();
    let room = Room::new(&disk, Control::INITIAL, 32);
    let (index, heap) = table(&room);
    run(&world, host, |cx| async move {
        let env = room.env(cx);
        access::build_index(&env, &index, &room.rel()).await.unwrap();
        for _ in 0..600 {
            let tid = insert(&env, &heap, 7).await.unwrap();
            txn::commit(&env).await.unwrap();
            assert!(insert(&env, &heap, 7).await.is_err());
            txn::abort(&env).await.unwrap();
            access::delete(&env, &heap, tid).await.unwrap();
            txn::commit(&env).await.unwrap();
        }
        // Entries found dead were removed rather than the page split.
        assert!(index.rel.blocks(&env, Fork::Main) <= BlockNumber(2));
        verify(&env, &index, &heap).await;
        for id in [-1, 8, 9] {
            insert(&env, &heap, id).await.unwrap();
        }
        txn::commit(&env).await.unwrap();
        let twice = Index::new(
            Rel::new(Oid(16393), RelFile { rel: Oid(16393), ..FILE }),
            "t_key",
            "t",
            index.table.clone(),
            vec![KeyColumn::ascending(1)],
            true,
        );
        let error = access::build_index(&env, &twice, &heap).await.unwrap_err();
        assert_eq!(error.report().message, "could not create unique index \"t_key\"");
        assert_eq!(error.report().detail.as_deref(), Some("Key (owner)=(x) is duplicated."));
    });
}
