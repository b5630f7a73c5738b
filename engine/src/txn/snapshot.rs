//! A snapshot: which transactions count as over.

use std::fmt;

use super::env::Txns;
use super::needs::Needs;
use crate::ids::{CommandId, Xid};

/// Which transactions count as over for a statement; `SnapshotData`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Snapshot {
    /// All before it are over.
    pub xmin: Xid,
    /// None from it on is over.
    pub xmax: Xid,
    /// Those in between that are running, ascending.
    pub xip: Vec<Xid>,
    /// Running subtransactions, of which there may be more if the next says so.
    pub subxip: Vec<Xid>,
    /// Some transaction has too many subtransactions to list: only the outermost ones are listed for certain.
    pub suboverflowed: bool,
    /// The transaction that looks; its own changes up to `curcid` are visible to it.
    pub own: Xid,
    /// Its own commands before this one are visible to it.
    pub curcid: CommandId,
}

impl Snapshot {
    /// `XidInMVCCSnapshot`: whether the transaction counts as running, whatever has become of it since.
    #[inline]
    pub fn is_running(&self, xid: Xid, txns: &Txns) -> Result<bool, Needs> {
        if xid.precedes(self.xmin) {
            return Ok(false);
        }
        if xid.follows_or_equals(self.xmax) || self.lists(xid) {
            return Ok(true);
        }
        if !self.suboverflowed {
            return Ok(false);
        }
        let top = txns.topmost(xid)?;
        Ok(!top.precedes(self.xmin) && self.lists(top))
    }

    fn lists(&self, xid: Xid) -> bool {
        self.xip.contains(&xid) || self.subxip.contains(&xid)
    }

    /// Whether this is the looking transaction's own id.
    #[inline]
    pub fn is_own(&self, xid: Xid) -> bool {
        self.own.is_valid() && xid == self.own
    }
}

impl fmt::Display for Snapshot {
    /// As `pg_current_snapshot()` prints it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let xip: Vec<String> = self.xip.iter().map(Xid::to_string).collect();
        write!(f, "{}:{}:{}", self.xmin, self.xmax, xip.join(","))
    }
}
