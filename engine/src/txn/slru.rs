//! A small cache of pages of numbers about transactions: PostgreSQL's "simple least recently used" caches.
//!
//! ```text
//!   pg_xact                 two bits for each transaction             clog.rs
//!   pg_subtrans             four bytes: the transaction around it     subtrans.rs
//!   pg_multixact/offsets    four bytes for each multixact             multixact.rs
//!   pg_multixact/members    who locks or changes a row together
//! ```
//!
//! The pages have no header and so no LSN of their own; the cache remembers how far the log must be flushed before a
//! page may be written. 32 of them make a file: `0000`, `0001` and so on.

use std::cell::RefCell;
use std::rc::Rc;

use crate::ids::{BLCKSZ, Lsn, Result, WaitEvent};
use crate::small;
use crate::storage::PageBytes;
use crate::storage::clog::PAGES_PER_SEGMENT;
use crate::wal::Wal;
use crate::world::{Cx, Disk, LwLock, LwMode};

struct Slot {
    page_no: u32,
    page: Box<PageBytes>,
    dirty: bool,
    /// Changed since the write that is under way began.
    just_dirtied: bool,
    /// The log must be flushed so far before this page may be written.
    lsn: Lsn,
}

/// The cache of one folder.
pub(super) struct Slru {
    folder: &'static str,
    buffers: usize,
    disk: Disk,
    wal: Rc<Wal>,
    /// Most recently used last.
    slots: RefCell<Vec<Slot>>,
    /// One page is written at a time, so that no older copy overtakes a newer one.
    write_lock: LwLock,
    unsynced: RefCell<small::Set<String>>,
}

impl Slru {
    pub(super) fn new(folder: &'static str, buffers: usize, disk: &Disk, wal: &Rc<Wal>, lock: WaitEvent) -> Slru {
        let (disk, wal, write_lock) = (disk.clone(), wal.clone(), LwLock::new(lock));
        Slru { folder, buffers, disk, wal, slots: RefCell::default(), write_lock, unsynced: RefCell::default() }
    }

    /// The file of a page, below the data directory, and where in it the page begins.
    fn file_of(&self, page_no: u32) -> (String, u64) {
        let offset = u64::from(page_no % PAGES_PER_SEGMENT) * BLCKSZ as u64;
        (format!("{}/{:04X}", self.folder, page_no / PAGES_PER_SEGMENT), offset)
    }

    /// Looks at a page, if it is in memory.
    #[inline]
    pub(super) fn cached<T>(&self, page_no: u32, look: impl FnOnce(&PageBytes) -> T) -> Option<T> {
        let slots = self.slots.borrow();
        slots.iter().rev().find(|slot| slot.page_no == page_no).map(|slot| look(&slot.page))
    }

    /// How far the log must be flushed before a page may be written.
    pub(super) fn lsn(&self, page_no: u32) -> Lsn {
        let slots = self.slots.borrow();
        slots.iter().rev().find(|slot| slot.page_no == page_no).map_or(Lsn::INVALID, |slot| slot.lsn)
    }

    /// Has a page in memory, most recently used. What was never written is zeros.
    pub(super) async fn fetch(&self, cx: &Cx, page_no: u32) -> Result<()> {
        if self.touch(page_no) {
            return Ok(());
        }
        self.make_space(cx).await?;
        let (path, offset) = self.file_of(page_no);
        let mut page = Box::new([0; BLCKSZ]);
        if self.disk.exists(&path) {
            self.disk.read(cx, WaitEvent::SlruRead, &path, offset, &mut page[..]).await?;
        }
        if !self.touch(page_no) {
            self.slots.borrow_mut().push(Slot { page_no, page, dirty: false, just_dirtied: false, lsn: Lsn::INVALID });
        }
        Ok(())
    }

    fn touch(&self, page_no: u32) -> bool {
        let mut slots = self.slots.borrow_mut();
        let found = slots.iter().position(|slot| slot.page_no == page_no);
        if let Some(at) = found {
            let slot = slots.remove(at);
            slots.push(slot);
        }
        found.is_some()
    }

    /// Drops least recently used pages until there is room for one more, writing them if need be.
    async fn make_space(&self, cx: &Cx) -> Result<()> {
        while self.slots.borrow().len() >= self.buffers {
            let clean = self.slots.borrow().iter().position(|slot| !slot.dirty);
            match clean {
                Some(at) => drop(self.slots.borrow_mut().remove(at)),
                None => self.write_first_dirty(cx).await?,
            }
        }
        Ok(())
    }

    /// Writes the least recently used dirty page; nothing if there is none. It counts as dirty until the kernel has it:
    /// it must neither be dropped meanwhile nor be missed by a checkpoint.
    async fn write_first_dirty(&self, cx: &Cx) -> Result<()> {
        let _guard = self.write_lock.acquire(cx, LwMode::Exclusive).await;
        let picked = self.slots.borrow_mut().iter_mut().find(|slot| slot.dirty).map(|slot| {
            slot.just_dirtied = false;
            (slot.page_no, slot.page.clone(), slot.lsn)
        });
        let Some((page_no, page, lsn)) = picked else { return Ok(()) };
        self.wal.flush(cx, lsn).await?;
        let (path, offset) = self.file_of(page_no);
        self.disk.create(&path);
        self.disk.write(cx, WaitEvent::SlruWrite, &path, offset, &page[..]).await?;
        self.unsynced.borrow_mut().insert(path);
        if let Some(slot) = self.slots.borrow_mut().iter_mut().find(|slot| slot.page_no == page_no) {
            slot.dirty = slot.just_dirtied;
        }
        Ok(())
    }

    /// Changes a page that is in memory; the log must be flushed up to `lsn` before it may be written.
    pub(super) fn change(&self, page_no: u32, lsn: Lsn, change: impl FnOnce(&mut PageBytes)) {
        if let Some(slot) = self.slots.borrow_mut().iter_mut().find(|slot| slot.page_no == page_no) {
            change(&mut slot.page);
            slot.lsn = slot.lsn.max(lsn);
            (slot.dirty, slot.just_dirtied) = (true, true);
        }
    }

    /// Makes a page of zeros.
    pub(super) async fn zero_page(&self, cx: &Cx, page_no: u32) -> Result<()> {
        self.fetch(cx, page_no).await?;
        self.change(page_no, Lsn::INVALID, |page| page.fill(0));
        Ok(())
    }

    /// Writes everything.
    pub(super) async fn write_all(&self, cx: &Cx) -> Result<()> {
        while self.slots.borrow().iter().any(|slot| slot.dirty) {
            self.write_first_dirty(cx).await?;
        }
        Ok(())
    }

    /// Writes and syncs everything: a checkpoint's part.
    pub(super) async fn checkpoint(&self, cx: &Cx) -> Result<()> {
        self.write_all(cx).await?;
        // Taken out before the loop: a borrow in its head would be held while the disk is waited for.
        let unsynced = std::mem::take(&mut *self.unsynced.borrow_mut());
        for path in unsynced {
            self.disk.fsync(cx, WaitEvent::SlruSync, &path).await?;
        }
        Ok(())
    }

    /// `SimpleLruTruncate`: removes the files of which `old` says that no page is needed, given their first page.
    pub(super) fn truncate(&self, old: impl Fn(u32) -> bool) {
        let is_old = |path: &str| {
            let name = path.rsplit('/').next().unwrap_or_default();
            u32::from_str_radix(name, 16).is_ok_and(|segment| old(segment * PAGES_PER_SEGMENT))
        };
        for path in self.disk.list(self.folder).into_iter().filter(|path| is_old(path)) {
            self.disk.remove(&path);
            self.unsynced.borrow_mut().remove(&path);
        }
        self.slots.borrow_mut().retain(|slot| !old(slot.page_no / PAGES_PER_SEGMENT * PAGES_PER_SEGMENT));
    }
}
