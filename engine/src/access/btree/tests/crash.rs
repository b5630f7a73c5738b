//! Trees of few tuples a page: splits, deletions and pages used again at every turn, three sessions at once, the power cut at
//! any step; then the same from another host's point of view.
//!
//! Keys are long, so that a page has six of them and a few hundred rows make a tree of four levels.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;

use super::verify::verify;
use crate::access::tests::replay;
use crate::access::tests::room::{Control, Room, run};
use crate::access::tests::soak;
use crate::access::{self, Env, Index, IndexScan, KeyColumn, Rel, ScanKey, Strategy, TupleBatch, VacuumOptions};
use crate::ids::*;
use crate::storage::mask;
use crate::txn;
use crate::types::{Datum, TupleDesc, TypeId, deform_tuple, form_tuple};
use crate::wal::page::XLOG_BLCKSZ;
use crate::wal::{WalPage, WalReader, btree_records, reader};
use crate::world::{Disk, Limit, Mode, Random, World};

const FILE: RelFile = RelFile { spc: Oid::DEFAULT_TABLESPACE, db: Oid::POSTGRES_DB, rel: Oid(16393) };
const KEY_LENGTH: usize = 1180;
/// A second index has few keys and many rows of each, so that posting lists come about.
const KIND_LENGTH: usize = 380;

/// The table, with an index of long keys, and if that is not unique another one. Each call is another session's view.
fn table(room: &Room, unique: bool) -> Rel {
    let desc = Rc::new(TupleDesc::of(&[("word", TypeId::Text), ("kind", TypeId::Text)]));
    let index = |name, column: usize| {
        let file = RelFile { rel: Oid(FILE.rel.0 + column as u32), ..FILE };
        room.disk.create(&file.path(Fork::Main));
        let keys = vec![KeyColumn::ascending(column)];
        Index::new(Rel::new(file.rel, file), name, "t", desc.clone(), keys, unique)
    };
    let indexes = [("words", 0), ("kinds", 1)].into_iter().take(if unique { 1 } else { 2 });
    room.rel().with_indexes(indexes.map(|(name, column)| index(name, column)).collect())
}

fn word(n: u64) -> Datum {
    Datum::text(format!("{n:05}{}", "w".repeat(KEY_LENGTH)))
}

fn row(n: u64) -> Vec<Datum> {
    vec![word(n), Datum::text(format!("{}{}", n % 4, "k".repeat(KIND_LENGTH)))]
}

fn number_of(tuple: &[u8], desc: &TupleDesc) -> u64 {
    let values = deform_tuple(desc, tuple).unwrap();
    values[0].as_str().unwrap()[..5].parse().unwrap()
}

/// What clients were told is there, by session; sessions have numbers of their own.
type Told = Rc<RefCell<Vec<BTreeSet<u64>>>>;

/// Adds, removes and reads until the power goes.
async fn session(env: Env, rel: Rel, told: Told, n: u64, seed: u64, transactions: usize) {
    let mut random = Random::new(seed, n);
    // Some seeds grow at the end, some everywhere.
    let (grows, mut next) = (random.one_in(3), 0);
    for _ in 0..transactions {
        let mut rows = told.borrow()[n as usize].clone();
        let sweeps = random.one_in(12);
        rel.lock(&env, LockMode::RowExclusive).await.unwrap();
        for _ in 0..1 + random.below(if sweeps { 30 } else { 6 }) {
            next += 1;
            let number = 3 * if grows { next } else { random.below(400) } + n;
            if sweeps || rows.contains(&number) {
                // A sweep removes what is in front, so that pages become empty.
                let Some(gone) = rows.iter().find(|row| sweeps || **row == number).copied() else { break };
                remove(&env, &rel, gone).await.unwrap();
                rows.remove(&gone);
            } else {
                let mut tuple = form_tuple(&rel.indexes[0].table, &row(number)).unwrap();
                access::insert(&env, &rel, &mut tuple).await.unwrap();
                rows.insert(number);
            }
            env.xact.borrow_mut().next_command();
        }
        if random.one_in(6) {
            txn::abort(&env).await.unwrap();
        } else {
            txn::commit(&env).await.unwrap();
            told.borrow_mut()[n as usize] = rows;
        }
        if random.one_in(8) {
            rel.lock(&env, LockMode::ShareUpdateExclusive).await.unwrap();
            access::vacuum(&env, &rel, &VacuumOptions::PLAIN).await.unwrap();
            txn::commit(&env).await.unwrap();
        }
    }
}

/// Finds a row by its key and deletes it.
async fn remove(env: &Env, rel: &Rel, number: u64) -> Result<()> {
    let keys = [ScanKey { column: 0, strategy: Strategy::Equal, value: word(number) }];
    let mut scan = IndexScan::begin(&rel.indexes[0], rel, env.take_snapshot(), &keys, number.is_multiple_of(2), false)?;
    let mut batch = TupleBatch::default();
    assert!(scan.next(env, 1, &mut batch).await?, "row {number} is not found");
    let (tid, row) = batch.get(0);
    assert_eq!(number_of(row, &rel.indexes[0].table), number);
    access::delete(env, rel, tid).await?;
    env.drop_snapshot();
    Ok(())
}

/// The rows of one session, in order.
async fn rows_of(env: &Env, rel: &Rel, n: u64) -> BTreeSet<u64> {
    let mut scan = IndexScan::begin(&rel.indexes[0], rel, env.take_snapshot(), &[], false, false).unwrap();
    let (mut rows, mut batch) = (BTreeSet::new(), TupleBatch::default());
    while scan.next(env, 100, &mut batch).await.unwrap() {
        rows.extend(batch.iter().map(|(_, row)| number_of(row, &rel.indexes[0].table)).filter(|row| row % 3 == n));
    }
    env.drop_snapshot();
    rows
}

struct Scene {
    world: World,
    host: HostId,
    told: Told,
    unique: bool,
}

impl Scene {
    fn begin(seed: u64) -> (Scene, Room, Disk) {
        let world = World::new(seed, Mode::Lab, TimestampTz(0), 0);
        let (host, disk) = world.add_host();
        let room = Room::new(&disk, Control::INITIAL, 40);
        let told: Told = Rc::new(RefCell::new(vec![BTreeSet::new(); 3]));
        let scene = Scene { world, host, told, unique: seed.is_multiple_of(2) };
        let (shared, unique) = (room.clone(), scene.unique);
        run(&scene.world, host, |cx| async move {
            let env = shared.env(cx);
            let rel = table(&shared, unique);
            for index in rel.indexes.iter() {
                access::build_index(&env, index, &shared.rel()).await.unwrap();
            }
            shared.wal.flush(&env.cx, shared.wal.insert_lsn()).await.unwrap();
            shared.txns.procs.remove(env.cx.pid());
        });
        (scene, room, disk)
    }

    fn sessions(&self, room: &Room, seed: u64, transactions: usize) -> Vec<Pid> {
        let start = |n: u64| {
            let (room, told, unique) = (room.clone(), self.told.clone(), self.unique);
            self.world.spawn(self.host, BackendType::ClientBackend, move |cx| async move {
                let (env, rel) = (room.env(cx), table(&room, unique));
                let pid = env.cx.pid();
                let procs = room.txns.clone();
                session(env, rel, told, n, seed, transactions).await;
                procs.procs.remove(pid);
            })
        };
        (0..3).map(start).collect()
    }

    /// Everything goes, so that the fast root moves down; then the tree grows again.
    fn empty_and_refill(&self, room: &Room) {
        let (room, told, unique) = (room.clone(), self.told.clone(), self.unique);
        run(&self.world, self.host, |cx| async move {
            let (env, rel) = (room.env(cx), table(&room, unique));
            rel.lock(&env, LockMode::RowExclusive).await.unwrap();
            let rows = std::mem::take(&mut *told.borrow_mut());
            for number in rows.into_iter().flatten() {
                remove(&env, &rel, number).await.unwrap();
            }
            txn::commit(&env).await.unwrap();
            for _ in 0..2 {
                rel.lock(&env, LockMode::ShareUpdateExclusive).await.unwrap();
                access::vacuum(&env, &rel, &VacuumOptions::PLAIN).await.unwrap();
                txn::commit(&env).await.unwrap();
            }
            let numbers: BTreeSet<u64> = (0..400).collect();
            for number in numbers.iter().rev() {
                let mut tuple = form_tuple(&rel.indexes[0].table, &row(*number)).unwrap();
                access::insert(&env, &rel, &mut tuple).await.unwrap();
            }
            txn::commit(&env).await.unwrap();
            let of = |n| numbers.iter().copied().filter(|number| number % 3 == n).collect();
            *told.borrow_mut() = (0..3).map(of).collect();
            room.txns.procs.remove(env.cx.pid());
        });
    }

    /// All that was told is there, and the tree is right; whoever was asked to commit and not told may be there or not.
    fn check(&self, room: &Room, exactly: bool) {
        let (room, told, unique) = (room.clone(), self.told.clone(), self.unique);
        run(&self.world, self.host, |cx| async move {
            let (env, rel) = (room.env(cx), table(&room, unique));
            for index in rel.indexes.iter() {
                verify(&env, index, &rel).await;
            }
            for n in 0..3 {
                let (found, told) = (rows_of(&env, &rel, n).await, &mut told.borrow_mut()[n as usize]);
                assert!(!exactly || found == *told, "session {n}");
                // The last transaction may have committed without a word.
                assert!(found.symmetric_difference(told).count() <= 30, "session {n}");
                *told = found;
            }
            room.txns.procs.remove(env.cx.pid());
        });
    }
}

fn crash(seed: u64, steps: u64) {
    let (scene, room, disk) = Scene::begin(seed);
    let control = Rc::new(Cell::new(Control::INITIAL));
    scene.sessions(&room, seed, usize::MAX);
    let (checkpointer, done) = (room, control.clone());
    scene.world.spawn(scene.host, BackendType::Checkpointer, move |cx| async move {
        loop {
            cx.sleep(WaitEvent::CheckpointerMain, 60_000).await;
            checkpointer.checkpoint(&cx, &done).await.unwrap();
        }
    });
    scene.world.run(Limit::steps(scene.world.steps() + steps));
    scene.world.power_fail(scene.host);
    let room = Room::new(&disk, control.get(), 40);
    let (startup, from, source) = (room.clone(), control.get(), disk.clone());
    run(&scene.world, scene.host, |cx| async move { startup.recover(&cx, from, &source).await.unwrap() });
    scene.check(&room, false);
    // Splits and deletions that were cut short are finished by whoever comes by.
    let running = scene.sessions(&room, seed + 1, 12);
    while running.iter().any(|pid| scene.world.is_alive(*pid)) {
        scene.world.run(Limit::until(scene.world.now() + 10_000));
    }
    scene.check(&room, true);
}

#[test]
fn a_tree_survives_a_power_cut_at_any_step() {
    let (seeds, longest) = match soak() {
        Some(first) => (first..first + 2_000, 30_000),
        None => (0..16, 12_000),
    };
    for seed in seeds {
        let steps = 100 + Random::new(seed, 17).below(longest);
        let which = format!("seed {seed}, power cut after {steps} steps");
        let ended = std::panic::catch_unwind(|| crash(seed, steps));
        assert!(ended.is_ok(), "{which}");
    }
}

/// The kinds of B-tree records in a log.
fn kinds(room: &Room, disk: &Disk) -> BTreeSet<&'static str> {
    let seg = room.wal.seg();
    let mut reader = WalReader::new(seg, TimeLineId(1), None, Control::INITIAL.redo);
    let mut pages = reader::source(|lsn, _| {
        let bytes = disk.peek(&room.wal.path(seg.segment_of(lsn)), seg.offset_of(lsn), XLOG_BLCKSZ)?;
        <WalPage>::try_from(bytes.as_slice()).ok()
    });
    let mut kinds = BTreeSet::new();
    while let Ok(record) = reader.next(&mut pages) {
        if record.rmid == RmgrId::Btree {
            kinds.insert(btree_records::name(record.rmgr_info()));
        }
    }
    kinds
}

#[test]
fn a_second_host_has_the_same_tree() {
    let mut seen = BTreeSet::new();
    for seed in 0..6 {
        let (scene, room, disk) = Scene::begin(seed);
        let running = scene.sessions(&room, seed, 60);
        while running.iter().any(|pid| scene.world.is_alive(*pid)) {
            scene.world.run(Limit::until(scene.world.now() + 10_000));
        }
        scene.check(&room, true);
        scene.empty_and_refill(&room);
        scene.check(&room, true);
        let wal = room.wal.clone();
        run(&scene.world, scene.host, |cx| async move { wal.flush(&cx, wal.insert_lsn()).await.unwrap() });
        seen.extend(kinds(&room, &disk));
        let (other, other_disk) = scene.world.add_host();
        let standby = Room::new(&other_disk, Control::INITIAL, 40);
        let (startup, source) = (standby.clone(), disk);
        run(&scene.world, other, |cx| async move { startup.recover(&cx, Control::INITIAL, &source).await.unwrap() });
        for file in [FILE, RelFile { rel: Oid(FILE.rel.0 + 1), ..FILE }] {
            let blocks = |disk: &Disk| disk.len(&file.path(Fork::Main)).unwrap_or(0) / BLCKSZ as u64;
            for block in (0..blocks(&room.disk).min(blocks(&other_disk)) as u32).map(BlockNumber) {
                let mut ours = room.page(&scene.world, scene.host, file, Fork::Main, block);
                let mut theirs = standby.page(&scene.world, other, file, Fork::Main, block);
                [&mut ours, &mut theirs].into_iter().for_each(|page| mask::index(page));
                let what = replay::mismatch(&ours, &theirs);
                assert_eq!(what, None, "seed {seed}: block {block} of {file}");
            }
        }
        Scene { host: other, ..scene }.check(&standby, true);
    }
    // Whatever there is to write.
    assert_eq!(seen, (0..15u8).map(|kind| btree_records::name(kind << 4)).collect());
}
