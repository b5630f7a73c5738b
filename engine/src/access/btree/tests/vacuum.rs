//! VACUUM of a table with indexes: how often it reads them, and when it leaves them alone.

use std::rc::Rc;

use super::verify::verify;
use crate::access::tests::room::{Control, Room, run};
use crate::access::tests::soak;
use crate::access::{self, Env, Index, KeyColumn, Rel, Scan, TupleBatch, VacuumOptions, VacuumStats};
use crate::ids::*;
use crate::settings::{Setting, Source};
use crate::txn;
use crate::types::{Datum, TupleDesc, TypeId, form_tuple};
use crate::world::{Mode, World};

const FILE: RelFile = RelFile { spc: Oid::DEFAULT_TABLESPACE, db: Oid::POSTGRES_DB, rel: Oid(16392) };

/// Rows of a number each, with an index that is built when they are there.
async fn table(env: &Env, room: &Room, rows: i32) -> Rel {
    room.disk.create(&FILE.path(Fork::Main));
    let desc = Rc::new(TupleDesc::of(&[("id", TypeId::Int4)]));
    let bare = room.rel();
    for id in 0..rows {
        let mut row = form_tuple(&desc, &[Datum::Int4(id)]).unwrap();
        access::insert(env, &bare, &mut row).await.unwrap();
    }
    let keys = vec![KeyColumn::ascending(0)];
    let index = Index::new(Rel::new(FILE.rel, FILE), "t_pkey", "t", desc, keys, true);
    access::build_index(env, &index, &bare).await.unwrap();
    txn::commit(env).await.unwrap();
    bare.with_indexes(vec![index])
}

/// Deletes the rows whose place passes, and vacuums.
async fn delete(env: &Env, rel: &Rel, goes: impl Fn(Tid) -> bool) -> VacuumStats {
    let (mut scan, mut batch) = (Scan::begin(env, rel, env.take_snapshot()), TupleBatch::default());
    while scan.next_page(env, &mut batch).await.unwrap() {
        for (tid, _) in batch.iter().filter(|(tid, _)| goes(*tid)) {
            access::delete(env, rel, tid).await.unwrap();
        }
    }
    env.drop_snapshot();
    txn::commit(env).await.unwrap();
    let stats = access::vacuum(env, rel, &VacuumOptions::PLAIN).await.unwrap();
    txn::commit(env).await.unwrap();
    verify(env, &rel.indexes[0], rel).await;
    stats
}

fn with_room<F: Future<Output = ()> + 'static>(body: impl FnOnce(Env, Room) -> F + 'static) {
    let world = World::new(1, Mode::Lab, TimestampTz(0), 0);
    let (host, disk) = world.add_host();
    let room = Room::new(&disk, Control::INITIAL, 256);
    run(&world, host, |cx| body(room.env(cx), room));
}

#[test]
fn few_dead_rows_are_left_for_another_time() {
    with_room(|env, room| async move {
        let rel = table(&env, &room, 30_000).await;
        assert_eq!(rel.blocks(&env, Fork::Main), BlockNumber(133));
        // Two pages of 133 are fewer than two in a hundred, three are not.
        let few = delete(&env, &rel, |tid| tid.block.0 < 2 && tid.offset < 9).await;
        assert_eq!((few.index_scans, few.index_scan_bypassed, few.dead_items), (0, true, 16));
        let line = "index scan bypassed: 2 pages from table (1.50% of total) have 16 dead item identifiers";
        assert_eq!(few.lines("finished vacuuming", "t").last().unwrap(), line);
        let more = delete(&env, &rel, |tid| tid.block.0 == 7 && tid.offset < 3).await;
        assert_eq!((more.index_scans, more.index_scan_bypassed, more.dead_items), (1, false, 18));
        let stats = more.indexes[0].2.as_ref().unwrap();
        assert_eq!((stats.tuples_removed, stats.num_index_tuples), (18.0, 29_982.0));
    });
}

#[test]
fn a_short_memory_reads_the_indexes_more_often() {
    // The least that can be set has room for 174,761 rows.
    let Some(_) = soak() else { return };
    with_room(|env, room| async move {
        env.settings.borrow_mut().set(Setting::maintenance_work_mem, "1MB", Source::Session).unwrap();
        let rel = table(&env, &room, 400_000).await;
        let stats = delete(&env, &rel, |_| true).await;
        assert_eq!((stats.index_scans, stats.dead_items, stats.tuples_deleted), (3, 400_000, 400_000));
        let index = stats.indexes[0].2.as_ref().unwrap();
        assert_eq!((index.tuples_removed, index.num_index_tuples), (400_000.0, 0.0));
    });
}
