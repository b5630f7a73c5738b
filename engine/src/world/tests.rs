//! The world by itself: order, time, waiting, faults, and one history however it is driven.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::*;
use crate::ids::{BackendType, Instant, TimestampTz, WaitEvent, Xid, XidStatus};
use crate::trace::Event;

fn mark(n: u32) -> Event {
    Event::ClogSet { xid: Xid(n), status: XidStatus::Committed }
}

/// Five processes that work, sleep, share a lock, write to a disk and talk over a link.
fn busy_world(seed: u64) -> World {
    let world = World::new(seed, Mode::Lab, TimestampTz(0), 1000);
    let (host, disk) = world.add_host();
    disk.create("f");
    let lock = Rc::new(LwLock::new(WaitEvent::BufferContent));
    let (sender, receiver) = channel::<u32>(&world, &Link::new(300));
    world.spawn(host, BackendType::WalReceiver, |cx| async move {
        for n in 0..40 {
            while receiver.try_recv(cx.now()).is_none() {
                receiver.wait(&cx, WaitEvent::WalReceiverMain, None).await;
            }
            cx.point(mark(1000 + n)).await;
        }
    });
    let sender = Rc::new(sender);
    for n in 0..4u32 {
        let (lock, disk, sender) = (lock.clone(), disk.clone(), sender.clone());
        world.spawn(host, BackendType::ClientBackend, move |cx| async move {
            for round in 0..10u32 {
                let guard = lock.acquire(&cx, LwMode::Exclusive).await;
                cx.point(mark(n)).await;
                disk.write(&cx, WaitEvent::DataFileWrite, "f", u64::from(n * 100), &[round as u8]).await.unwrap();
                drop(guard);
                sender.send(cx.world(), n);
                cx.sleep(WaitEvent::PgSleep, 50 + u64::from(n)).await;
            }
        });
    }
    world
}

#[test]
fn one_history_however_it_is_driven() {
    for seed in 0..20 {
        let run = busy_world(seed);
        run.run(Limit::until(Instant(100_000)));
        let (steps, hash) = (run.steps(), run.hash());
        assert!(steps > 150, "{steps}");

        let stepped = busy_world(seed);
        while stepped.steps() < steps {
            stepped.run(Limit::steps(stepped.steps() + 1));
        }
        assert_eq!(stepped.hash(), hash, "stepped, seed {seed}");

        let live = busy_world(seed);
        let mut chunks = Random::new(seed, 99);
        let mut at = Instant(0);
        while at < Instant(100_000) {
            at = (at + chunks.below(700)).min(Instant(100_000));
            live.run(Limit::until(at));
        }
        assert_eq!((live.steps(), live.hash()), (steps, hash), "live, seed {seed}");
    }
    assert_ne!(
        {
            let w = busy_world(1);
            w.run(Limit::until(Instant(100_000)));
            w.hash()
        },
        {
            let w = busy_world(2);
            w.run(Limit::until(Instant(100_000)));
            w.hash()
        }
    );
}

#[test]
fn a_chosen_process_runs_to_its_next_point() {
    let world = World::new(1, Mode::Lab, TimestampTz(0), 100);
    let (host, _) = world.add_host();
    let log = Rc::new(RefCell::new(Vec::new()));
    let pids: Vec<_> = (0..2)
        .map(|n| {
            let log = log.clone();
            world.spawn(host, BackendType::ClientBackend, move |cx| async move {
                for k in 0..3 {
                    log.borrow_mut().push((n, k));
                    cx.point(mark(k)).await;
                }
            })
        })
        .collect();
    for _ in 0..3 {
        assert_eq!(world.step(pids[1]), Stop::Steps);
    }
    assert_eq!(*log.borrow(), [(1, 0), (1, 1), (1, 2)]);
    assert_eq!(world.steps(), 3);
    world.set_frozen(pids[0], true);
    assert_eq!(world.step(pids[0]), Stop::NotRunnable);
    assert!(matches!(world.run(Limit::IDLE), Stop::Idle { .. }));
    world.set_frozen(pids[0], false);
    world.run(Limit::IDLE);
    assert_eq!(log.borrow().len(), 6);
}

#[test]
fn running_to_idle_does_not_jump_over_timers() {
    let world = World::new(1, Mode::Lab, TimestampTz(0), 100);
    let (host, _) = world.add_host();
    let rang = Rc::new(Cell::new(false));
    let heard = rang.clone();
    world.spawn(host, BackendType::WalWriter, |cx| async move {
        cx.sleep(WaitEvent::WalWriterMain, 200_000).await;
        heard.set(true);
    });
    let Stop::Idle { next_timer } = world.run(Limit::IDLE) else { panic!("not idle") };
    assert!(!rang.get() && next_timer >= Instant(200_000));
    assert_eq!(world.run(Limit::until(next_timer)), Stop::Time);
    assert!(rang.get());
}

#[test]
fn a_cut_link_holds_messages_back_and_a_healed_one_delivers_them() {
    let world = World::new(1, Mode::Lab, TimestampTz(0), 100);
    let (host, _) = world.add_host();
    let link = Link::new(100);
    let (sender, receiver) = channel::<u8>(&world, &link);
    let got = Rc::new(RefCell::new(Vec::new()));
    let log = got.clone();
    world.spawn(host, BackendType::WalReceiver, |cx| async move {
        loop {
            while let Some(n) = receiver.try_recv(cx.now()) {
                log.borrow_mut().push(n);
            }
            receiver.wait(&cx, WaitEvent::WalReceiverMain, None).await;
        }
    });
    world.run(Limit::IDLE);
    sender.send(&world, 1);
    link.set_cut(&world, true);
    sender.send(&world, 2);
    world.run(Limit::until(world.now() + 1_000));
    assert!(got.borrow().is_empty());
    link.set_cut(&world, false);
    world.run(Limit::IDLE);
    assert_eq!(*got.borrow(), [1, 2]);
}

#[test]
fn a_power_cut_keeps_what_was_synced_and_tears_the_rest_by_sectors() {
    let (mut old, mut new, mut torn) = (0, 0, 0);
    for seed in 0..50 {
        let world = World::new(seed, Mode::Lab, TimestampTz(0), 10);
        let (host, disk) = world.add_host();
        disk.create("synced");
        disk.write_now("synced", 0, &[1; 8192]).unwrap();
        disk.sync_now("synced").unwrap();
        disk.create("lost");
        disk.write_now("synced", 0, &[2; 8192]).unwrap();
        world.power_fail(host);
        let found = disk.peek("synced", 0, 8192).unwrap();
        assert!(found.chunks(512).all(|sector| sector == [1; 512] || sector == [2; 512]));
        match found.iter().filter(|byte| **byte == 2).count() {
            0 => old += 1,
            8192 => new += 1,
            _ => torn += 1,
        }
    }
    assert!(torn > 40, "{old} old, {new} new, {torn} torn");
}

#[test]
fn every_prefix_of_the_synced_batches_is_a_disk() {
    let world = World::new(3, Mode::Plain, TimestampTz(0), 0);
    let (_, disk) = world.add_host();
    world.keep_synced();
    disk.create("a");
    disk.write_now("a", 8190, b"border").unwrap();
    disk.sync_now("a").unwrap();
    disk.rename("a", "b").unwrap();
    disk.set_len("b", 8192).unwrap();
    disk.sync_now("b").unwrap();
    let (_, copy) = world.add_host();
    for batch in world.take_synced() {
        copy.restore(&batch.ops).unwrap();
    }
    assert_eq!(copy.list(""), ["b"]);
    assert_eq!(copy.peek("b", 8188, 100).unwrap(), b"\0\0bo");
    assert_eq!(copy.image(), disk.image());
}

#[test]
fn a_file_that_was_shortened_has_its_whole_end_or_none_after_a_power_cut() {
    let mut found = [0; 2];
    for seed in 0..20 {
        let world = World::new(seed, Mode::Lab, TimestampTz(0), 0);
        let (host, disk) = world.add_host();
        disk.create("file");
        disk.write_now("file", 0, &[7; 3 * 8192]).unwrap();
        disk.sync_now("file").unwrap();
        disk.set_len("file", 8192).unwrap();
        world.power_fail(host);
        let bytes = disk.peek("file", 0, 3 * 8192).unwrap();
        assert!(bytes.iter().all(|byte| *byte == 7), "seed {seed}");
        found[usize::from(bytes.len() == 8192)] += 1;
        assert!(matches!(bytes.len(), 8192 | 24576), "seed {seed}");
    }
    assert!(found[0] > 3 && found[1] > 3, "{found:?}");
}
