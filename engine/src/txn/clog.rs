//! pg_xact: two bits for each transaction. A page of 8 KB holds 32,768 of them.
//!
//! A transaction with subtransactions commits in one moment, though their bits may lie on several pages:
//!
//! ```text
//!   page 1 ─ 7: running    9: running        the parent is 7, its children 9 and, on page 2, 40000
//!   page 2 ─ 40000: subcommitted             first the children on other pages: 'as my parent says'
//!   page 1 ─ 7: committed  9: committed      then the parent and those on its page: this is the moment
//!   page 2 ─ 40000: committed                then the others
//! ```

use std::rc::Rc;

use super::slru::Slru;
use crate::ids::{Lsn, Result, RmgrId, WaitEvent, Xid, XidStatus};
use crate::storage::{PageBytes, clog};
use crate::trace::Event;
use crate::wal::clog_records::ClogRecord;
use crate::wal::{RecordBuilder, Wal};
use crate::world::{Cx, Disk};

/// Pages that are kept in memory.
const CLOG_BUFFERS: usize = 8;

/// The shared cache of pg_xact.
pub struct Clog {
    pages: Slru,
    wal: Rc<Wal>,
}

impl Clog {
    /// An empty cache.
    pub fn new(disk: &Disk, wal: &Rc<Wal>) -> Clog {
        Clog { pages: Slru::new("pg_xact", CLOG_BUFFERS, disk, wal, WaitEvent::XactSlru), wal: wal.clone() }
    }

    /// What pg_xact says, if its page is in memory; special ids are known without looking.
    #[inline]
    pub fn cached(&self, xid: Xid) -> Option<XidStatus> {
        if !xid.is_normal() {
            let committed = xid == Xid::BOOTSTRAP || xid == Xid::FROZEN;
            return Some(if committed { XidStatus::Committed } else { XidStatus::Aborted });
        }
        self.pages.cached(clog::page_of(xid), |page| clog::status(page, xid))
    }

    /// A page that is in memory, for pictures.
    pub fn peek(&self, page_no: u32) -> Option<Box<PageBytes>> {
        self.pages.cached(page_no, |page| Box::new(*page))
    }

    /// How far the log must be flushed before a commit on the transaction's page may be relied on: the end of the
    /// newest asynchronous commit there.
    pub fn commit_lsn(&self, xid: Xid) -> Lsn {
        self.pages.lsn(clog::page_of(xid))
    }

    /// What pg_xact says.
    pub async fn status(&self, cx: &Cx, xid: Xid) -> Result<XidStatus> {
        loop {
            if let Some(status) = self.cached(xid) {
                return Ok(status);
            }
            self.pages.fetch(cx, clog::page_of(xid)).await?;
        }
    }

    /// `TransactionIdSetTreeStatus`: turns the bits of a transaction and of its children, each page in one atomic section
    /// once it is there. `lsn` is the end of an asynchronous commit's record.
    pub async fn set_status(&self, cx: &Cx, xid: Xid, children: &[Xid], status: XidStatus, lsn: Lsn) -> Result<()> {
        let page_no = clog::page_of(xid);
        let others = |child: &&Xid| clog::page_of(**child) != page_no;
        if status == XidStatus::Committed {
            self.set_each(cx, children.iter().filter(others), XidStatus::SubCommitted, lsn).await?;
        }
        self.pages.fetch(cx, page_no).await?;
        self.pages.change(page_no, lsn, |page| {
            for same_page in children.iter().filter(|child| !others(child)) {
                clog::set_status(page, *same_page, status);
            }
            clog::set_status(page, xid, status);
        });
        cx.emit(Event::ClogSet { xid, status });
        children.iter().filter(|child| !others(child)).for_each(|xid| cx.emit(Event::ClogSet { xid: *xid, status }));
        self.set_each(cx, children.iter().filter(others), status, lsn).await
    }

    async fn set_each(&self, cx: &Cx, xids: impl Iterator<Item = &Xid>, status: XidStatus, lsn: Lsn) -> Result<()> {
        for xid in xids {
            self.pages.fetch(cx, clog::page_of(*xid)).await?;
            self.pages.change(clog::page_of(*xid), lsn, |page| clog::set_status(page, *xid, status));
            cx.emit(Event::ClogSet { xid: *xid, status });
        }
        Ok(())
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
        self.pages.change(page_no, end, |_| ());
        Ok(())
    }

    /// Makes a page of zeros, also for redo.
    pub async fn zero_page(&self, cx: &Cx, page_no: u32) -> Result<()> {
        self.pages.zero_page(cx, page_no).await
    }

    /// Writes and syncs everything: a checkpoint's part.
    pub async fn checkpoint(&self, cx: &Cx) -> Result<()> {
        self.pages.checkpoint(cx).await
    }
}
