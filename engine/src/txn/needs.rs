//! What has become of a transaction: asked by plain functions, which cannot wait for a page.
//!
//! They answer [`Needs`] if something is not in memory; the caller fetches it and asks again.

use super::env::Txns;
use crate::ids::{MultiXactId, Result, Xid, XidStatus};
use crate::world::Cx;

/// Something that a question needs is not in memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Needs {
    /// What pg_xact says of this transaction.
    Status(Xid),
    /// What pg_subtrans says of it.
    Parent(Xid),
    /// The members of this multixact.
    Members(MultiXactId),
}

impl Txns {
    /// Has in memory what was missing.
    pub async fn fetch(&self, cx: &Cx, needs: Needs) -> Result<()> {
        match needs {
            Needs::Status(xid) => self.clog.status(cx, xid).await.map(drop),
            Needs::Parent(xid) => self.subtrans.fetch(cx, xid).await,
            Needs::Members(multi) => self.multis.fetch(cx, multi).await,
        }
    }

    /// Asks until everything that is needed is there.
    pub async fn ask<T>(&self, cx: &Cx, mut question: impl FnMut() -> Result<T, Needs>) -> Result<T> {
        loop {
            match question() {
                Ok(answer) => return Ok(answer),
                Err(needs) => self.fetch(cx, needs).await?,
            }
        }
    }

    fn parent(&self, xid: Xid) -> Result<Xid, Needs> {
        self.subtrans.cached_parent(xid).ok_or(Needs::Parent(xid))
    }

    /// Committed or aborted; of a subtransaction that has committed to its parent, what has become of that.
    fn fate(&self, xid: Xid) -> Result<XidStatus, Needs> {
        let mut xid = xid;
        loop {
            let status = self.clog.cached(xid).ok_or(Needs::Status(xid))?;
            if status != XidStatus::SubCommitted {
                return Ok(status);
            }
            xid = self.parent(xid)?;
        }
    }

    /// `TransactionIdDidCommit`
    pub fn did_commit(&self, xid: Xid) -> Result<bool, Needs> {
        Ok(self.fate(xid)? == XidStatus::Committed)
    }

    /// `TransactionIdDidAbort`: known to have; a crash leaves none of the two.
    pub fn did_abort(&self, xid: Xid) -> Result<bool, Needs> {
        Ok(self.fate(xid)? == XidStatus::Aborted)
    }

    /// `SubTransGetTopmostTransaction`
    pub fn topmost(&self, xid: Xid) -> Result<Xid, Needs> {
        let mut top = xid;
        loop {
            let parent = self.parent(top)?;
            // A parent is older; what says otherwise is the rest of a page from long ago.
            if !parent.is_normal() || !parent.precedes(top) {
                return Ok(top);
            }
            top = parent;
        }
    }

    /// `TransactionIdIsInProgress`: whether it runs, here or on the primary, as a part of another or by itself.
    pub fn in_progress(&self, xid: Xid) -> Result<bool, Needs> {
        if self.procs.is_running(xid) {
            return Ok(true);
        }
        if !self.procs.may_run_unlisted(xid) || self.did_abort(xid)? {
            return Ok(false);
        }
        let top = self.topmost(xid)?;
        Ok(top != xid && self.procs.is_running(top))
    }
}
