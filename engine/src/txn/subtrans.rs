//! pg_subtrans: for each transaction the one around it; 0 for those at the top. A page of 8 KB holds 2048 of them.
//!
//! A snapshot lists the subtransactions that run as well, as long as no transaction has more than 64. Beyond that it
//! lists the outermost ones only, and whoever meets another id asks here whose part it is.
//!
//! Nobody needs to know after a crash, since nobody runs then: so changes are not logged, and the pages in use are
//! zeroed when a server starts.

use std::rc::Rc;

use super::slru::Slru;
use crate::ids::{BLCKSZ, Lsn, Result, WaitEvent, Xid};
use crate::storage::PageBytes;
use crate::wal::Wal;
use crate::world::{Cx, Disk};

/// `SUBTRANS_XACTS_PER_PAGE`
const XACTS_PER_PAGE: u32 = BLCKSZ as u32 / 4;
/// `NUM_SUBTRANS_BUFFERS`
const BUFFERS: usize = 32;

/// The shared cache of pg_subtrans.
pub struct Subtrans(Slru);

fn page_of(xid: Xid) -> u32 {
    xid.0 / XACTS_PER_PAGE
}

fn entry(page: &PageBytes, xid: Xid) -> Xid {
    let at = (xid.0 % XACTS_PER_PAGE) as usize * 4;
    Xid(u32::from_le_bytes([page[at], page[at + 1], page[at + 2], page[at + 3]]))
}

impl Subtrans {
    /// An empty cache.
    pub fn new(disk: &Disk, wal: &Rc<Wal>) -> Subtrans {
        Subtrans(Slru::new("pg_subtrans", BUFFERS, disk, wal, WaitEvent::SubtransSlru))
    }

    /// `SubTransGetParent`, if the page is in memory.
    pub fn cached_parent(&self, xid: Xid) -> Option<Xid> {
        self.0.cached(page_of(xid), |page| entry(page, xid))
    }

    /// Has the page of a transaction in memory.
    pub async fn fetch(&self, cx: &Cx, xid: Xid) -> Result<()> {
        self.0.fetch(cx, page_of(xid)).await
    }

    /// `SubTransSetParent`; the page is in memory.
    pub fn set_parent(&self, xid: Xid, parent: Xid) {
        let at = (xid.0 % XACTS_PER_PAGE) as usize * 4;
        self.0.change(page_of(xid), Lsn::INVALID, |page| page[at..at + 4].copy_from_slice(&parent.0.to_le_bytes()));
    }

    /// `ExtendSUBTRANS`: an id that begins a page is about to be given.
    pub async fn extend(&self, cx: &Cx, xid: Xid) -> Result<()> {
        if xid.0.is_multiple_of(XACTS_PER_PAGE) || xid == Xid::FIRST_NORMAL {
            self.0.zero_page(cx, page_of(xid)).await?;
        }
        Ok(())
    }

    /// `StartupSUBTRANS`: zeroes the pages from the oldest transaction that may run to the next one to be given.
    pub async fn startup(&self, cx: &Cx, oldest: Xid, next: Xid) -> Result<()> {
        let mut page_no = page_of(oldest);
        while page_no != page_of(next) {
            self.0.zero_page(cx, page_no).await?;
            page_no = (page_no + 1) % (u32::MAX / XACTS_PER_PAGE + 1);
        }
        self.0.zero_page(cx, page_no).await
    }

    /// `CheckPointSUBTRANS` and `TruncateSUBTRANS`: writes what there is, for the sake of room, and drops what is about
    /// transactions before all that any snapshot may ask for.
    pub async fn checkpoint(&self, cx: &Cx, oldest: Xid) -> Result<()> {
        let cutoff = page_of(oldest);
        self.0.truncate(|first| Xid(first * XACTS_PER_PAGE).precedes(oldest) && first + 32 <= cutoff);
        self.0.write_all(cx).await
    }
}
