//! A second host that replays the first one's log has the same pages, but for what no record tells.

use std::cell::Cell;
use std::rc::Rc;

use super::room::{Control, INDEX_FILES, Room, run};
use super::soak;
use super::workload::{Shared, session};
use crate::ids::*;
use crate::storage::{PageBytes, mask};
use crate::world::{Limit, Mode, World};

pub(in crate::access) fn mismatch(ours: &PageBytes, theirs: &PageBytes) -> Option<String> {
    let at = ours.iter().zip(theirs.iter()).position(|(a, b)| a != b)?;
    let around = |page: &PageBytes| format!("{:02x?}", &page[at & !15..(at & !15) + 16]);
    Some(format!("byte {at:#x}\nprimary {}\nstandby {}", around(ours), around(theirs)))
}

/// Takes off a page what no record tells.
type Mask = fn(&mut PageBytes);

/// Four sessions and a checkpointer on one host; then another host replays the log into empty files.
fn replay(seed: u64, transactions: usize) {
    let world = World::new(seed, Mode::Lab, TimestampTz(0), 0);
    let (host, disk) = world.add_host();
    let room = Room::new(&disk, Control::INITIAL, 24).with_indexes(seed as usize % 3);
    let builder = room.clone();
    run(&world, host, |cx| async move { builder.build_indexes(cx).await });
    let shared = Shared::default();
    (0..4).for_each(|n| session(&world, host, &room, &shared, seed * 10 + n, transactions));
    let control = Rc::new(Cell::new(Control::INITIAL));
    let (checkpointer, done) = (room.clone(), control.clone());
    world.spawn(host, BackendType::Checkpointer, move |cx| async move {
        loop {
            checkpointer.checkpoint(&cx, &done).await.unwrap();
            cx.sleep(WaitEvent::CheckpointerMain, 40_000).await;
        }
    });
    while world.processes().len() > 1 {
        world.run(Limit::until(world.now() + 100_000));
    }
    assert!(control.get().redo > Control::INITIAL.redo);
    let wal = room.wal.clone();
    run(&world, host, |cx| async move { wal.flush(&cx, wal.insert_lsn()).await.unwrap() });

    let (other_host, other_disk) = world.add_host();
    let standby = Room::new(&other_disk, Control::INITIAL, 16);
    let (replayer, source) = (standby.clone(), disk.clone());
    run(&world, other_host, |cx| async move { replayer.recover(&cx, Control::INITIAL, &source).await.unwrap() });
    assert_eq!(standby.wal.insert_lsn(), room.wal.insert_lsn(), "seed {seed}");
    let blocks = |room: &Room, file: RelFile, fork| room.disk.len(&file.path(fork)).unwrap_or(0) / BLCKSZ as u64;
    let heap = room.rel().file;
    let mut files: Vec<(RelFile, Fork, Mask)> = vec![(heap, Fork::Main, mask::heap), (heap, Fork::Vm, |_| {})];
    files.extend(INDEX_FILES.iter().take(room.indexes).map(|file| (*file, Fork::Main, mask::index as Mask)));
    for (file, fork, mask) in files {
        let path = file.path(fork);
        // Lengthening an index is not logged; a page that nobody has used yet may be missing.
        let count = blocks(&room, file, fork).min(blocks(&standby, file, fork));
        assert!(file != heap || count == blocks(&room, file, fork).max(blocks(&standby, file, fork)), "{path}");
        for block in (0..count as u32).map(BlockNumber) {
            let mut ours = room.page(&world, host, file, fork, block);
            let mut theirs = standby.page(&world, other_host, file, fork, block);
            [&mut ours, &mut theirs].into_iter().for_each(|page| mask(page));
            if let Some(what) = mismatch(&ours, &theirs) {
                panic!("seed {seed}, {path} {block}: {what}");
            }
        }
    }
    assert!(shared.borrow().compared > transactions);
}

#[test]
fn a_second_host_that_replays_the_log_has_the_same_pages() {
    let (seeds, transactions) = match soak() {
        Some(first) => (first..first + 200, 120),
        None => (0..4, 40),
    };
    seeds.for_each(|seed| replay(seed, transactions));
}
