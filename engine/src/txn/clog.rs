//! pg_xact: two bits for each transaction, in pages of their own cache (an SLRU: simple, least recently used).
//!
//! A page of 8 KB holds 32,768 transactions. The cache is small; a page that leaves it, or that a checkpoint
//! writes, goes to `pg_xact/0000` and so on, after the log up to the newest commit on it.

use crate::small;
use std::cell::RefCell;
use std::rc::Rc;

use crate::ids::{BLCKSZ, Lsn, Result, RmgrId, WaitEvent, Xid, XidStatus};
use crate::storage::{PageBytes, clog};
use crate::trace::Event;
use crate::wal::clog_records::ClogRecord;
use crate::wal::{RecordBuilder, Wal};
use crate::world::{Cx, Disk, LwLock, LwMode};

/// Pages that are kept in memory.
const CLOG_BUFFERS: usize = 8;

struct Slot {
    page_no: u32,
    page: Box<PageBytes>,
    dirty: bool,
    /// Changed since the write that is under way began.
    just_dirtied: bool,
    /// The log must be flushed so far before this page may be written.
    lsn: Lsn,
}

/// The shared cache of pg_xact.
pub struct Clog {
    disk: Disk,
    wal: Rc<Wal>,
    /// Most recently used last.
    slots: RefCell<Vec<Slot>>,
    /// One page is written at a time, so that no older copy overtakes a newer one.
    write_lock: LwLock,
    unsynced: RefCell<small::Set<String>>,
}

impl Clog {
    /// An empty cache.
    pub fn new(disk: Disk, wal: Rc<Wal>) -> Clog {
        let write_lock = LwLock::new(WaitEvent::XactSlru);
        Clog { disk, wal, slots: RefCell::default(), write_lock, unsynced: RefCell::default() }
    }

    /// What pg_xact says, if its page is in memory; special ids are known without looking.
    #[inline]
    pub fn cached(&self, xid: Xid) -> Option<XidStatus> {
        if !xid.is_normal() {
            let committed = xid == Xid::BOOTSTRAP || xid == Xid::FROZEN;
            return Some(if committed { XidStatus::Committed } else { XidStatus::Aborted });
        }
        let page_no = clog::page_of(xid);
        let slots = self.slots.borrow();
        slots.iter().rev().find(|slot| slot.page_no == page_no).map(|slot| clog::status(&slot.page, xid))
    }

    /// How far the log must be flushed before a commit on the transaction's page may be relied on: the end of the
    /// newest asynchronous commit there.
    pub fn commit_lsn(&self, xid: Xid) -> Lsn {
        let page_no = clog::page_of(xid);
        let slots = self.slots.borrow();
        slots.iter().rev().find(|slot| slot.page_no == page_no).map_or(Lsn::INVALID, |slot| slot.lsn)
    }

    /// What pg_xact says.
    pub async fn status(&self, cx: &Cx, xid: Xid) -> Result<XidStatus> {
        loop {
            if let Some(status) = self.cached(xid) {
                return Ok(status);
            }
            self.fetch(cx, clog::page_of(xid)).await?;
        }
    }

    /// Has a page in memory, most recently used.
    async fn fetch(&self, cx: &Cx, page_no: u32) -> Result<()> {
        if self.touch(page_no) {
            return Ok(());
        }
        self.make_space(cx).await?;
        let (path, offset) = clog::file_of(page_no);
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
        while self.slots.borrow().len() >= CLOG_BUFFERS {
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
        let (path, offset) = clog::file_of(page_no);
        self.disk.create(&path);
        self.disk.write(cx, WaitEvent::SlruWrite, &path, offset, &page[..]).await?;
        self.unsynced.borrow_mut().insert(path);
        if let Some(slot) = self.slots.borrow_mut().iter_mut().find(|slot| slot.page_no == page_no) {
            slot.dirty = slot.just_dirtied;
        }
        Ok(())
    }

    /// Turns a transaction's two bits, in one atomic section once its page is there. `lsn` is the end of an
    /// asynchronous commit's record.
    pub async fn set_status(&self, cx: &Cx, xid: Xid, status: XidStatus, lsn: Lsn) -> Result<()> {
        let page_no = clog::page_of(xid);
        self.fetch(cx, page_no).await?;
        self.with_page(page_no, |slot| {
            clog::set_status(&mut slot.page, xid, status);
            slot.lsn = slot.lsn.max(lsn);
        });
        cx.emit(Event::ClogSet { xid, status });
        Ok(())
    }

    fn with_page(&self, page_no: u32, change: impl FnOnce(&mut Slot)) {
        if let Some(slot) = self.slots.borrow_mut().iter_mut().find(|slot| slot.page_no == page_no) {
            change(slot);
            (slot.dirty, slot.just_dirtied) = (true, true);
        }
    }

    /// `ExtendCLOG`: an id has been given that begins a page, which is made here and logged.
    pub async fn extend(&self, cx: &Cx, xid: Xid) -> Result<()> {
        let begins_page = clog::place(xid) == (0, 0) || xid == Xid::FIRST_NORMAL;
        if !begins_page {
            return Ok(());
        }
        let page_no = clog::page_of(xid);
        self.zero_page(cx, page_no).await?;
        self.wal.make_room(cx, 64).await?;
        let (info, data) = ClogRecord::ZeroPage(page_no).encode();
        let end = self.wal.insert(cx, &RecordBuilder::new(RmgrId::Clog, info).main(&data));
        self.with_page(page_no, |slot| slot.lsn = end);
        Ok(())
    }

    /// Makes a page of zeros, also for redo.
    pub async fn zero_page(&self, cx: &Cx, page_no: u32) -> Result<()> {
        self.fetch(cx, page_no).await?;
        self.with_page(page_no, |slot| slot.page.fill(0));
        Ok(())
    }

    /// Writes and syncs everything: a checkpoint's part.
    pub async fn checkpoint(&self, cx: &Cx) -> Result<()> {
        while self.slots.borrow().iter().any(|slot| slot.dirty) {
            self.write_first_dirty(cx).await?;
        }
        // Taken out before the loop: a borrow in its head would be held while the disk is waited for.
        let unsynced = std::mem::take(&mut *self.unsynced.borrow_mut());
        for path in unsynced {
            self.disk.fsync(cx, WaitEvent::SlruSync, &path).await?;
        }
        Ok(())
    }
}
