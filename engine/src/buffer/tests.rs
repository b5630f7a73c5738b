//! The pool under a few processes: one copy of a page, WAL before data, the sweep's order.

use std::cell::Cell;
use std::rc::Rc;

use super::*;
use crate::ids::*;
use crate::storage::page;
use crate::wal::{RecordBuilder, Wal, WalConfig};
use crate::world::{Cx, Limit, LwMode, Mode, Random, World};

const REL: RelFile = RelFile { spc: Oid::DEFAULT_TABLESPACE, db: Oid::POSTGRES_DB, rel: FIRST_NORMAL_OID };

fn room(buffers: usize) -> (World, HostId, Rc<BufferPool>, Rc<Wal>) {
    let world = World::new(3, Mode::Lab, TimestampTz(0), 0);
    let (host, disk) = world.add_host();
    let config = WalConfig { seg: WalSegSize::ONE_MB, system_id: 1, timeline: TimeLineId(1), buffers: 8 };
    let wal = Rc::new(Wal::open(config, disk.clone(), Lsn(0x100000), Lsn::INVALID, None));
    (world, host, BufferPool::new(buffers, disk, wal.clone()), wal)
}

fn tag(block: u32) -> BufferTag {
    BufferTag { rel: REL, fork: Fork::Main, block: BlockNumber(block) }
}

/// Adds one to a counter in the page, with a record.
async fn count_up(cx: &Cx, pool: &Rc<BufferPool>, wal: &Wal, block: u32) {
    let pin = pool.read(cx, tag(block)).await.unwrap();
    let guard = pin.lock(cx, LwMode::Exclusive).await;
    wal.make_room(cx, 100).await.unwrap();
    let end = wal.insert(cx, &RecordBuilder::new(RmgrId::Xlog, 0xA0).main(&[1; 40]));
    pin.modify(|page| {
        page[5000] += 1;
        page::set_lsn(page, end);
    });
    pin.mark_dirty(cx);
    drop(guard);
}

#[test]
fn eight_pages_through_four_buffers_lose_no_change() {
    let (world, host, pool, wal) = room(4);
    let maker = pool.clone();
    world.spawn(host, BackendType::ClientBackend, move |cx| async move {
        for _ in 0..8 {
            let pin = maker.extend(&cx, REL, Fork::Main).await.unwrap();
            pin.modify(|page| page::init(page, 0));
            pin.mark_dirty(&cx);
        }
    });
    world.run(Limit::IDLE);
    for n in 0..3u64 {
        let (pool, wal) = (pool.clone(), wal.clone());
        world.spawn(host, BackendType::ClientBackend, move |cx| async move {
            let mut random = Random::new(n, 0);
            for _ in 0..48 {
                count_up(&cx, &pool, &wal, random.below(8) as u32).await;
            }
        });
    }
    world.run(Limit::IDLE);
    let total = Rc::new(Cell::new(0));
    let (sum, reader) = (total.clone(), pool.clone());
    world.spawn(host, BackendType::ClientBackend, move |cx| async move {
        for block in 0..8 {
            let pin = reader.read(&cx, tag(block)).await.unwrap();
            sum.set(sum.get() + u32::from(pin.read(|page| page[5000])));
        }
    });
    world.run(Limit::IDLE);
    assert_eq!(total.get(), 3 * 48);
    assert!((0..4).all(|index| pool.state(index).pins == 0));
}

#[test]
fn a_page_beyond_the_end_cannot_be_read() {
    let (world, host, pool, _) = room(4);
    let failed = Rc::new(Cell::new(false));
    let seen = failed.clone();
    world.spawn(host, BackendType::ClientBackend, move |cx| async move {
        drop(pool.extend(&cx, REL, Fork::Main).await.unwrap());
        let error = pool.read(&cx, tag(7)).await.err().unwrap();
        let wanted = "could not read block 7 in file \"base/5/16384\": read only 0 of 8192 bytes";
        assert_eq!(error.report().message, wanted);
        assert!(pool.find(&tag(7)).is_none());
        seen.set(true);
    });
    world.run(Limit::IDLE);
    assert!(failed.get());
}

/// Reads so many pages one after the other through a ring.
async fn read_all(cx: &Cx, pool: &Rc<BufferPool>, ring: &Ring, blocks: u32) {
    for block in 0..blocks {
        drop(pool.read_by(cx, tag(block), Some(ring)).await.unwrap());
    }
}

fn held(pool: &BufferPool) -> usize {
    (0..pool.len()).filter(|index| pool.state(*index).tag.is_some()).count()
}

/// Lengthens the table to so many pages, and forgets them.
fn lay_out(world: &World, host: HostId, pool: &Rc<BufferPool>, blocks: u32) {
    let pool = pool.clone();
    world.spawn(host, BackendType::ClientBackend, move |cx| async move {
        for _ in 0..blocks {
            drop(pool.extend(&cx, REL, Fork::Main).await.unwrap());
        }
        (0..pool.len()).filter(|index| pool.state(*index).tag.is_some()).for_each(|index| pool.discard(index));
    });
    world.run(Limit::IDLE);
}

#[test]
fn a_ring_takes_an_eighth_of_the_pool_and_leaves_wanted_pages_alone() {
    let (world, host, pool, _) = room(64);
    lay_out(&world, host, &pool, 200);
    let reader = pool.clone();
    world.spawn(host, BackendType::ClientBackend, move |cx| async move {
        let ring = reader.ring(&cx, RingKind::BulkRead);
        assert_eq!(ring.slots().0.len(), 8);
        read_all(&cx, &reader, &ring, 200).await;
        assert_eq!(held(&reader), 8);
        assert!((0..64).all(|index| reader.state(index).usage_count <= 1));
        // Somebody else comes to want one of the ring's pages.
        let wanted = tag(195);
        drop(reader.read(&cx, wanted).await.unwrap());
        read_all(&cx, &reader, &ring, 190).await;
        assert_eq!((held(&reader), reader.find(&wanted).is_some()), (9, true));
        assert_eq!(reader.rings().len(), 1);
        drop(ring);
        assert!(reader.rings().is_empty());
    });
    world.run(Limit::IDLE);
}

#[test]
fn a_scan_lets_go_of_pages_whose_log_is_not_flushed_and_vacuum_writes_them() {
    for (kind, kept) in [(RingKind::BulkRead, 8), (RingKind::Vacuum, 0)] {
        let (world, host, pool, wal) = room(64);
        lay_out(&world, host, &pool, 40);
        world.spawn(host, BackendType::ClientBackend, move |cx| async move {
            let ring = pool.ring(&cx, kind);
            read_all(&cx, &pool, &ring, 8).await;
            for block in 0..8 {
                let pin = pool.read_by(&cx, tag(block), Some(&ring)).await.unwrap();
                wal.make_room(&cx, 100).await.unwrap();
                let end = wal.insert(&cx, &RecordBuilder::new(RmgrId::Xlog, 0xA0).main(&[1; 40]));
                pin.modify(|page| page::set_lsn(page, end));
                pin.mark_dirty(&cx);
            }
            for block in 20..40 {
                drop(pool.read_by(&cx, tag(block), Some(&ring)).await.unwrap());
            }
            let dirty = (0..pool.len()).filter(|index| pool.state(*index).dirty).count();
            assert_eq!((kind, dirty, held(&pool)), (kind, kept, 8 + kept));
        });
        world.run(Limit::IDLE);
    }
}
