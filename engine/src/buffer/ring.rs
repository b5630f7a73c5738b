//! Rings: who reads or writes much, once, does so through a few buffers and leaves the others to everybody else.
//!
//! ```text
//!   ring of a scan     12 ─ 13 ─ 14 ─ 15 ─ .. ─ 43        32 buffers, 256 kB
//!                            ▲ current: the next page goes into 14, whose page nobody has asked for since
//! ```
//!
//! At first each page takes a buffer by the clock sweep, and the ring remembers it; once it is full its buffers are
//! taken again in turn. One that others have come to use meanwhile is left to them, and the sweep finds another for
//! its place. A page that is read through a ring gets a usage count of 1 and no more, so that the ring itself does not
//! make it look wanted.
//!
//! | kind | who | size | a dirty page |
//! |---|---|---|---|
//! | bulk read | scans of tables longer than a quarter of the pool | 256 kB | leaves the ring if its log is not flushed yet |
//! | bulk write | COPY and its like | 16 MB | is written |
//! | vacuum | VACUUM | 256 kB | is written, the log flushed before |
//!
//! No ring is larger than an eighth of the pool. PostgreSQL: `storage/buffer/README`, `freelist.c`.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use super::pool::BufferPool;
use crate::ids::{BLCKSZ, BufferId, Pid};
use crate::trace::Event;
use crate::world::Cx;

/// What a ring is for; PostgreSQL's `BufferAccessStrategyType`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RingKind {
    /// `BAS_BULKREAD`
    BulkRead,
    /// `BAS_BULKWRITE`
    BulkWrite,
    /// `BAS_VACUUM`
    Vacuum,
}

impl RingKind {
    /// As `pg_stat_io` of later versions calls it.
    pub fn name(self) -> &'static str {
        match self {
            RingKind::BulkRead => "bulkread",
            RingKind::BulkWrite => "bulkwrite",
            RingKind::Vacuum => "vacuum",
        }
    }

    fn bytes(self) -> usize {
        match self {
            RingKind::BulkRead | RingKind::Vacuum => 256 << 10,
            RingKind::BulkWrite => 16 << 20,
        }
    }
}

/// A ring of buffers, of one process; PostgreSQL's `BufferAccessStrategy`.
#[derive(Debug)]
pub struct Ring {
    /// Whose it is.
    pub pid: Pid,
    /// What it is for.
    pub kind: RingKind,
    /// The buffers by index; a place is empty until it is first come to.
    slots: RefCell<Vec<Option<usize>>>,
    /// The place that was used last.
    current: Cell<usize>,
    /// Whether the last buffer came from the ring, and not from the sweep.
    reused: Cell<bool>,
}

impl Ring {
    /// Its buffers, and which of the places was used last.
    pub fn slots(&self) -> (Vec<Option<BufferId>>, usize) {
        let slots = self.slots.borrow();
        (slots.iter().map(|slot| slot.map(|index| BufferId(index as u32 + 1))).collect(), self.current.get())
    }

    /// `GetBufferFromRing`: goes on to the next place; its buffer, if nobody else has come to use that.
    pub(super) fn next(&self, pool: &BufferPool) -> Option<usize> {
        let slots = self.slots.borrow();
        self.current.set((self.current.get() + 1) % slots.len());
        let free = |index: &usize| {
            let state = pool.state(*index);
            // More than 1 is a sign of others: a ring does not count higher.
            state.pins == 0 && state.usage_count <= 1
        };
        let found = slots[self.current.get()].filter(free);
        self.reused.set(found.is_some());
        found
    }

    /// `AddBufferToRing`: the sweep has found a buffer for the present place.
    pub(super) fn put(&self, index: usize) {
        self.slots.borrow_mut()[self.current.get()] = Some(index);
    }

    /// `StrategyRejectBuffer`: a scan rather takes another buffer than wait for the log of a page that somebody has
    /// changed. Only for pages of the ring itself: what the sweep finds is anybody's to write.
    pub(super) fn rejects(&self, cx: &Cx, index: usize) -> bool {
        if self.kind != RingKind::BulkRead || !self.reused.get() {
            return false;
        }
        self.slots.borrow_mut()[self.current.get()] = None;
        cx.emit(Event::RingReject { buffer: BufferId(index as u32 + 1), slot: self.current.get() as u16 });
        true
    }

    /// Tells that the next page goes into this buffer.
    pub(super) fn announce(&self, cx: &Cx, index: usize) {
        let (slot, reused) = (self.current.get() as u16, self.reused.get());
        cx.emit(Event::RingBuffer { buffer: BufferId(index as u32 + 1), slot, reused });
    }
}

impl BufferPool {
    /// `GetAccessStrategy`: a ring for the process.
    pub fn ring(&self, cx: &Cx, kind: RingKind) -> Rc<Ring> {
        let places = (kind.bytes() / BLCKSZ).min(self.len() / 8).max(1);
        let ring = Rc::new(Ring {
            pid: cx.pid(),
            kind,
            slots: RefCell::new(vec![None; places]),
            current: Cell::new(places - 1),
            reused: Cell::new(false),
        });
        let rings = &mut *self.rings.borrow_mut();
        rings.retain(|ring| ring.strong_count() > 0);
        rings.push(Rc::downgrade(&ring));
        ring
    }

    /// The rings in use, for pictures.
    pub fn rings(&self) -> Vec<Rc<Ring>> {
        self.rings.borrow().iter().filter_map(Weak::upgrade).collect()
    }
}
