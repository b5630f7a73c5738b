//! The pool itself: lookup, pins, reading, victims, writing.

use crate::small;
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use super::lookup::Lookup;
use super::pin::Pin;
use super::relation_files;
use super::ring::Ring;
use super::usage::BufferUsage;
use crate::ids::{BLCKSZ, BlockNumber, BufferId, Fork, Pid, RelFile, Result, WaitEvent};
use crate::storage::PageBytes;
use crate::trace::Event;
use crate::wal::Wal;
use crate::world::{Cx, Disk, LwGuard, LwLock, LwMode, WaitList};

/// Which page; PostgreSQL's `BufferTag`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct BufferTag {
    /// The relation's files.
    pub rel: RelFile,
    /// Which of them.
    pub fork: Fork,
    /// Which page of it.
    pub block: BlockNumber,
}

/// A buffer's descriptor: what `pg_buffercache` shows.
#[derive(Clone, Copy, Default, Debug)]
pub struct BufferState {
    /// The page it holds.
    pub tag: Option<BufferTag>,
    /// Newer than the file.
    pub dirty: bool,
    /// Changed since the write that is under way began.
    pub(super) just_dirtied: bool,
    /// A checkpoint has yet to write it.
    pub(super) checkpoint_needed: bool,
    /// The page is on its way from the disk.
    reading: bool,
    /// How often the hand has to pass before the page is forgotten.
    pub usage_count: u8,
    /// How many processes have it pinned.
    pub pins: u32,
}

/// What `pg_stat_bgwriter` counts of buffers.
#[derive(Clone, Copy, Default, Debug)]
pub struct BufferStats {
    /// Pages found.
    pub hits: u64,
    /// Pages read.
    pub reads: u64,
    /// Pages found of tables that all databases share.
    pub shared_hits: u64,
    /// Pages read of such tables.
    pub shared_reads: u64,
    /// Rounds of the background writer that stopped at `bgwriter_lru_maxpages`.
    pub clean_stopped: u64,
    /// Buffers allocated.
    pub allocated: u64,
    /// Written by the checkpointer.
    pub checkpoint_writes: u64,
    /// Written by the background writer.
    pub clean_writes: u64,
    /// Written by backends that needed the buffer.
    pub backend_writes: u64,
}

/// The page of a buffer that has not been used is zeros.
static ZEROS: PageBytes = [0; BLCKSZ];

#[inline]
pub(super) fn page_of(page: &Option<Box<PageBytes>>) -> &PageBytes {
    page.as_deref().unwrap_or(&ZEROS)
}

#[inline]
pub(super) fn page_of_mut(page: &mut Option<Box<PageBytes>>) -> &mut PageBytes {
    page.get_or_insert_with(|| Box::new([0; BLCKSZ]))
}

impl BufferState {
    /// Whether the page is there to be looked at, and not still on its way from the disk.
    pub fn is_valid(&self) -> bool {
        self.tag.is_some() && !self.reading
    }

    /// Whether a checkpoint under way has yet to write it.
    pub fn is_checkpoint_needed(&self) -> bool {
        self.checkpoint_needed
    }
}

pub(super) struct Buffer {
    pub(super) state: Cell<BufferState>,
    /// Memory for a page is there from its first use on.
    pub(super) page: RefCell<Option<Box<PageBytes>>>,
    pub(super) content: LwLock,
    /// Who has it pinned, and how often each.
    pub(super) pinners: RefCell<Vec<(Pid, u32)>>,
    waiters: WaitList,
}

impl Buffer {
    pub(super) fn update<T>(&self, change: impl FnOnce(&mut BufferState) -> T) -> T {
        let mut state = self.state.get();
        let result = change(&mut state);
        self.state.set(state);
        result
    }
}

/// The shared buffers of a server.
pub struct BufferPool {
    pub(super) disk: Disk,
    pub(super) wal: Rc<Wal>,
    /// A session has it for itself.
    local: bool,
    pub(super) buffers: Vec<Buffer>,
    lookup: RefCell<Lookup>,
    /// Buffers that hold nothing; the last is taken first.
    pub(super) free: RefCell<Vec<usize>>,
    /// Processes that want to know what they do.
    pub(super) counted: RefCell<Vec<(Pid, BufferUsage)>>,
    /// The rings of scans and of VACUUM, as long as these have them.
    pub(super) rings: RefCell<Vec<Weak<Ring>>>,
    /// The clock hand: the buffer that is looked at next.
    pub(super) hand: Cell<usize>,
    /// Rounds of the hand, for the background writer's reckoning.
    pub(super) rounds: Cell<u64>,
    /// Forks written since they were last synced.
    pub(super) unsynced: RefCell<small::Set<(RelFile, Fork)>>,
    /// Only one process lengthens a relation at a time.
    extend_lock: LwLock,
    stats: Cell<BufferStats>,
}

impl BufferPool {
    /// An empty pool of `count` buffers.
    pub fn new(count: usize, disk: Disk, wal: Rc<Wal>) -> Rc<BufferPool> {
        BufferPool::of_kind(count, disk, wal, false)
    }

    /// The same for the temporary tables of one session.
    pub fn local(count: usize, disk: Disk, wal: Rc<Wal>) -> Rc<BufferPool> {
        BufferPool::of_kind(count, disk, wal, true)
    }

    fn of_kind(count: usize, disk: Disk, wal: Rc<Wal>, local: bool) -> Rc<BufferPool> {
        let buffer = || Buffer {
            state: Cell::default(),
            page: RefCell::default(),
            content: LwLock::new(WaitEvent::BufferContent),
            pinners: RefCell::default(),
            waiters: WaitList::default(),
        };
        Rc::new(BufferPool {
            disk,
            wal,
            local,
            buffers: (0..count).map(|_| buffer()).collect(),
            lookup: RefCell::new(Lookup::new(count)),
            free: RefCell::new((0..count).rev().collect()),
            counted: RefCell::default(),
            rings: RefCell::default(),
            hand: Cell::new(0),
            rounds: Cell::new(0),
            unsynced: RefCell::default(),
            extend_lock: LwLock::new(WaitEvent::LockExtend),
            stats: Cell::default(),
        })
    }

    /// What a buffer is called, counted from 1; those of a session are numbered apart.
    pub(super) fn id(&self, index: usize) -> BufferId {
        if self.local { BufferId::local(index as u32 + 1) } else { BufferId(index as u32 + 1) }
    }

    /// How many of the buffers have memory: those that were used.
    pub fn in_memory(&self) -> usize {
        self.buffers.iter().filter(|buffer| buffer.page.borrow().is_some()).count()
    }

    /// How many buffers there are.
    pub fn len(&self) -> usize {
        self.buffers.len()
    }

    /// Whether there are no buffers, which never is.
    pub fn is_empty(&self) -> bool {
        self.buffers.is_empty()
    }

    /// A buffer's descriptor; `index` counts from 0.
    pub fn state(&self, index: usize) -> BufferState {
        self.buffers[index].state.get()
    }

    /// The buffer that the clock hand points to, from 0.
    pub fn hand(&self) -> usize {
        self.hand.get()
    }

    /// The page of a buffer as it is, without a pin: for pictures.
    pub fn peek<T>(&self, index: usize, look: impl FnOnce(&PageBytes) -> T) -> T {
        look(page_of(&self.buffers[index].page.borrow()))
    }

    /// The buffer that holds a page, from 0.
    pub fn find(&self, tag: &BufferTag) -> Option<usize> {
        self.lookup.borrow().find(tag)
    }

    /// The counters.
    pub fn stats(&self) -> BufferStats {
        self.stats.get()
    }

    pub(super) fn count(&self, change: impl FnOnce(&mut BufferStats)) {
        let mut stats = self.stats.get();
        change(&mut stats);
        self.stats.set(stats);
    }

    /// The disk behind the pool.
    pub fn disk(&self) -> &Disk {
        &self.disk
    }

    // --- pinning ---------------------------------------------------------------------------------------------

    /// The page, if it is in a buffer: the fast path, which does not wait.
    #[inline]
    pub fn pin_cached(self: &Rc<Self>, cx: &Cx, tag: BufferTag) -> Option<Pin> {
        self.pin_cached_by(cx, tag, None)
    }

    /// The same for who reads through a ring.
    pub fn pin_cached_by(self: &Rc<Self>, cx: &Cx, tag: BufferTag, ring: Option<&Ring>) -> Option<Pin> {
        let index = self.lookup.borrow().find(&tag)?;
        if self.buffers[index].state.get().reading {
            return None;
        }
        self.count(|stats| *(if tag.rel.is_shared() { &mut stats.shared_hits } else { &mut stats.hits }) += 1);
        self.count_for(cx.pid(), |usage| usage.hits += 1);
        let BufferTag { rel, fork, block } = tag;
        cx.emit(Event::BufferHit { buffer: self.id(index), rel, fork, block });
        Some(self.pin(cx.pid(), index, ring))
    }

    /// `ReadBuffer`: the page, from a buffer or from its file.
    pub async fn read(self: &Rc<Self>, cx: &Cx, tag: BufferTag) -> Result<Pin> {
        self.read_by(cx, tag, None).await
    }

    /// The same for who reads through a ring: a page that has to be read goes into one of its buffers.
    pub async fn read_by(self: &Rc<Self>, cx: &Cx, tag: BufferTag, ring: Option<&Ring>) -> Result<Pin> {
        match self.find_or_make_room(cx, tag, ring).await? {
            Ok(pin) => Ok(pin),
            Err(free) => self.fill(cx, free, tag).await,
        }
    }

    /// The page, once nobody is reading it any more; or, if it is in no buffer, one that is free for it.
    async fn find_or_make_room(
        self: &Rc<Self>,
        cx: &Cx,
        tag: BufferTag,
        ring: Option<&Ring>,
    ) -> Result<std::result::Result<Pin, usize>> {
        loop {
            if let Some(pin) = self.pin_cached_by(cx, tag, ring) {
                return Ok(Ok(pin));
            }
            let reading = self.lookup.borrow().find(&tag);
            if let Some(index) = reading {
                self.buffers[index].waiters.wait(cx, WaitEvent::DataFileRead).await;
                continue;
            }
            let free = self.victim(cx, ring).await?;
            if self.lookup.borrow().find(&tag).is_none() {
                return Ok(Err(free));
            }
            self.free.borrow_mut().push(free);
        }
    }

    /// Reads a page into a free buffer.
    async fn fill(self: &Rc<Self>, cx: &Cx, index: usize, tag: BufferTag) -> Result<Pin> {
        self.enter(index, tag, true);
        let pin = self.pin(cx.pid(), index, None);
        let read = relation_files::read(&self.disk, cx, tag).await;
        let buffer = &self.buffers[index];
        buffer.update(|state| state.reading = false);
        buffer.waiters.wake_all(cx.world());
        match read {
            Ok(page) => *buffer.page.borrow_mut() = Some(page),
            Err(error) => {
                drop(pin);
                self.discard(index);
                return Err(error);
            }
        }
        self.count(|stats| *(if tag.rel.is_shared() { &mut stats.shared_reads } else { &mut stats.reads }) += 1);
        self.count_for(cx.pid(), |usage| usage.misses += 1);
        let BufferTag { rel, fork, block } = tag;
        cx.point(Event::BufferRead { buffer: pin.id(), rel, fork, block }).await;
        Ok(pin)
    }

    /// Lengthens a fork by one page, which comes back pinned and full of zeros.
    pub async fn extend(self: &Rc<Self>, cx: &Cx, rel: RelFile, fork: Fork) -> Result<Pin> {
        self.extend_by(cx, rel, fork, None).await
    }

    /// The same, into a buffer of a ring.
    pub async fn extend_by(self: &Rc<Self>, cx: &Cx, rel: RelFile, fork: Fork, ring: Option<&Ring>) -> Result<Pin> {
        let guard = self.extend_lock.acquire(cx, LwMode::Exclusive).await;
        self.extend_locked(cx, rel, fork, guard, ring).await
    }

    /// Lengthens a fork until it has this page, unless somebody else has done so meanwhile.
    pub async fn extend_to(self: &Rc<Self>, cx: &Cx, rel: RelFile, fork: Fork, block: BlockNumber) -> Result<()> {
        let too_short = || relation_files::block_count(&self.disk, rel, fork).unwrap_or_default() <= block;
        while too_short() {
            let guard = self.extend_lock.acquire(cx, LwMode::Exclusive).await;
            if too_short() {
                drop(self.extend_locked(cx, rel, fork, guard, None).await?);
            }
        }
        Ok(())
    }

    async fn extend_locked(
        self: &Rc<Self>,
        cx: &Cx,
        rel: RelFile,
        fork: Fork,
        guard: LwGuard,
        ring: Option<&Ring>,
    ) -> Result<Pin> {
        let block = relation_files::block_count(&self.disk, rel, fork).unwrap_or_default();
        let tag = BufferTag { rel, fork, block };
        let index = self.victim(cx, ring).await?;
        self.enter(index, tag, false);
        page_of_mut(&mut self.buffers[index].page.borrow_mut()).fill(0);
        let pin = self.pin(cx.pid(), index, ring);
        let extended = relation_files::extend(&self.disk, cx, tag).await;
        drop(guard);
        if let Err(error) = extended {
            drop(pin);
            self.discard(index);
            return Err(error);
        }
        self.unsynced.borrow_mut().insert((rel, fork));
        cx.point(Event::RelationExtend { rel, fork, block }).await;
        Ok(pin)
    }

    /// The page in a buffer, whatever its file holds: redo is about to overwrite all of it, and what lies on the disk
    /// may be torn.
    pub async fn overwrite_for_redo(self: &Rc<Self>, cx: &Cx, tag: BufferTag) -> Result<Pin> {
        let blocks = relation_files::block_count(&self.disk, tag.rel, tag.fork).unwrap_or_default();
        if tag.block >= blocks {
            return self.read_for_redo(cx, tag).await;
        }
        match self.find_or_make_room(cx, tag, None).await? {
            Ok(pin) => Ok(pin),
            Err(free) => {
                self.enter(free, tag, false);
                page_of_mut(&mut self.buffers[free].page.borrow_mut()).fill(0);
                Ok(self.pin(cx.pid(), free, None))
            }
        }
    }

    /// The page, even if its file is shorter or gone: recovery meets pages that were removed later on.
    pub async fn read_for_redo(self: &Rc<Self>, cx: &Cx, tag: BufferTag) -> Result<Pin> {
        loop {
            let blocks = relation_files::block_count(&self.disk, tag.rel, tag.fork).unwrap_or_default();
            if tag.block < blocks {
                return self.read(cx, tag).await;
            }
            drop(self.extend(cx, tag.rel, tag.fork).await?);
        }
    }

    /// Enters a page into the lookup table.
    fn enter(&self, index: usize, tag: BufferTag, reading: bool) {
        self.lookup.borrow_mut().insert(tag, index);
        self.buffers[index].state.set(BufferState { tag: Some(tag), reading, ..BufferState::default() });
        self.count(|stats| stats.allocated += 1);
    }

    /// Takes a page out of the lookup table; the caller has a use for its buffer.
    pub(super) fn forget(&self, index: usize) {
        self.lookup.borrow_mut().remove(index);
        self.buffers[index].state.set(BufferState::default());
    }

    /// Takes a page out of the lookup table; its buffer is free.
    pub(super) fn discard(&self, index: usize) {
        self.forget(index);
        self.free.borrow_mut().push(index);
    }
}
