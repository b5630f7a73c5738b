//! A snapshot: which transactions count as over.

use std::fmt;

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
    /// The transaction that looks; its own changes up to `curcid` are visible to it.
    pub own: Xid,
    /// Its own commands before this one are visible to it.
    pub curcid: CommandId,
}

impl Snapshot {
    /// `XidInMVCCSnapshot`: whether the transaction counts as running, whatever has become of it since.
    #[inline]
    pub fn is_running(&self, xid: Xid) -> bool {
        if xid.precedes(self.xmin) {
            return false;
        }
        xid.follows_or_equals(self.xmax) || self.xip.contains(&xid)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_counts_as_running() {
        let snapshot = Snapshot {
            xmin: Xid(737),
            xmax: Xid(740),
            xip: vec![Xid(737), Xid(739)],
            own: Xid::INVALID,
            curcid: CommandId(0),
        };
        let running: Vec<bool> = (735..742).map(|n| snapshot.is_running(Xid(n))).collect();
        assert_eq!(running, [false, false, true, false, true, true, true]);
        assert_eq!(snapshot.to_string(), "737:740:737,739");
    }
}
