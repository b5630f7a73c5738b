//! The power is cut at any step: what was promised is there, and nothing else.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::room::{Control, Room, run};
use super::soak;
use super::workload::{Rows, Shared, read_all, session};
use crate::access::btree::tests::verify::verify;
use crate::ids::*;
use crate::world::{Limit, Mode, Random, World};

/// Sessions run, the power fails after so many steps, and recovery reads the log from the last redo point; for some
/// seeds the power fails during recovery too.
fn crash(seed: u64, steps: u64, indexes: usize) {
    let _which = OnPanic(seed, steps);
    let world = World::new(seed, Mode::Lab, TimestampTz(0), 0);
    let (host, disk) = world.add_host();
    let new_room = |control| Room::new(&disk, control, 16 + 8 * indexes).with_indexes(indexes);
    let room = new_room(Control::INITIAL);
    if indexes > 0 {
        let builder = room.clone();
        run(&world, host, |cx| async move { builder.build_indexes(cx).await });
    }
    let steps = world.steps() + steps;
    let shared = Shared::default();
    let control = Rc::new(Cell::new(Control::INITIAL));
    (0..3).for_each(|n| session(&world, host, &room, &shared, seed * 10 + n, usize::MAX));
    let (checkpointer, done) = (room, control.clone());
    world.spawn(host, BackendType::Checkpointer, move |cx| async move {
        loop {
            cx.sleep(WaitEvent::CheckpointerMain, 30_000).await;
            checkpointer.checkpoint(&cx, &done).await.unwrap();
        }
    });
    world.run(Limit::steps(steps));
    world.power_fail(host);

    let mut random = Random::new(seed, 31);
    while random.one_in(3) {
        let room = new_room(control.get());
        let (from, source) = (control.get(), disk.clone());
        world.spawn(
            host,
            BackendType::Startup,
            move |cx| async move { room.recover(&cx, from, &source).await.unwrap() },
        );
        world.run(Limit::steps(world.steps() + 1 + random.below(300)));
        world.power_fail(host);
    }
    let room = new_room(control.get());
    let found: Rc<RefCell<Rows>> = Rc::default();
    let (recovered, rows, from, source) = (room.clone(), found.clone(), control.get(), disk.clone());
    run(&world, host, |cx| async move {
        recovered.recover(&cx, from, &source).await.unwrap();
        let env = recovered.env(cx);
        *rows.borrow_mut() = read_all(&env, &recovered.rel()).await.unwrap();
        let rel = recovered.rel();
        for index in rel.indexes.iter() {
            verify(&env, index, &rel).await;
        }
        for xid in (FIRST..env.txns.procs.next_xid().xid().0).map(Xid) {
            env.txns.clog.status(&env.cx, xid).await.unwrap();
        }
    });
    let committed = |xid: Xid| room.txns.clog.cached(xid) == Some(XidStatus::Committed);
    shared.borrow().check_recovered(&found.borrow(), committed);
}

/// Says which history failed.
struct OnPanic(u64, u64);

impl Drop for OnPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("seed {}, power cut after step {}", self.0, self.1);
        }
    }
}

const FIRST: u32 = super::room::FIRST_XID.0 as u32;

#[test]
fn whatever_was_promised_survives_a_power_cut_and_nothing_else() {
    let (seeds, longest) = match soak() {
        Some(first) => (first..first + 3_000, 20_000),
        None => (0..24, 6_000),
    };
    for seed in seeds {
        crash(seed, 50 + Random::new(seed, 13).below(longest), seed as usize % 3);
    }
}

#[test]
fn a_page_newer_than_the_record_just_replayed_may_be_written() {
    crash(182, 4_720, 0);
}
