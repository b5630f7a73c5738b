//! Transaction ids and command ids.

use std::fmt;

/// A transaction id; PostgreSQL's `TransactionId`. Ids wrap around, so there is no total order:
/// [`Xid::precedes`] compares modulo 2^32.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct Xid(pub u32);

impl Xid {
    /// No transaction.
    pub const INVALID: Xid = Xid(0);
    /// The transaction of initdb, always committed.
    pub const BOOTSTRAP: Xid = Xid(1);
    /// Stands in old pages for 'visible to all'; since 9.4 freezing sets a flag instead.
    pub const FROZEN: Xid = Xid(2);
    /// The first id given to ordinary transactions.
    pub const FIRST_NORMAL: Xid = Xid(3);

    /// Whether this is a transaction at all.
    pub fn is_valid(self) -> bool {
        self != Xid::INVALID
    }

    /// Whether this id takes part in the circular order.
    pub fn is_normal(self) -> bool {
        self.0 >= Xid::FIRST_NORMAL.0
    }

    /// `TransactionIdPrecedes`: whether this transaction is logically older than `other`.
    pub fn precedes(self, other: Xid) -> bool {
        if !self.is_normal() || !other.is_normal() {
            return self.0 < other.0;
        }
        (self.0.wrapping_sub(other.0) as i32) < 0
    }

    /// `TransactionIdPrecedesOrEquals`.
    pub fn precedes_or_equals(self, other: Xid) -> bool {
        self == other || self.precedes(other)
    }

    /// `TransactionIdFollowsOrEquals`.
    pub fn follows_or_equals(self, other: Xid) -> bool {
        !self.precedes(other)
    }

    /// `TransactionIdAdvance`: the next id, past the special ones.
    pub fn next(self) -> Xid {
        let next = self.0.wrapping_add(1);
        Xid(next.max(Xid::FIRST_NORMAL.0))
    }

    /// `TransactionIdRetreat`: the id before this one.
    pub fn previous(self) -> Xid {
        let mut xid = self.0.wrapping_sub(1);
        while xid < Xid::FIRST_NORMAL.0 {
            xid = xid.wrapping_sub(1);
        }
        Xid(xid)
    }
}

impl fmt::Display for Xid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// The number of a multixact: several transactions that lock or change a row together. 0 is none; numbers wrap around.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct MultiXactId(pub u32);

impl MultiXactId {
    /// The first there can be.
    pub const FIRST: MultiXactId = MultiXactId(1);

    /// `MultiXactIdPrecedes`
    pub fn precedes(self, other: MultiXactId) -> bool {
        (self.0.wrapping_sub(other.0) as i32) < 0
    }

    /// The one after it.
    pub fn next(self) -> MultiXactId {
        MultiXactId(self.0.wrapping_add(1).max(MultiXactId::FIRST.0))
    }
}

impl fmt::Display for MultiXactId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A transaction id with its epoch, which never wraps; `FullTransactionId`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct FullXid(pub u64);

impl FullXid {
    /// The 32 bits that go into tuple headers.
    pub fn xid(self) -> Xid {
        Xid(self.0 as u32)
    }

    /// How often the 32 bits have wrapped.
    pub fn epoch(self) -> u32 {
        (self.0 >> 32) as u32
    }

    /// The next id, past the special ones of each epoch.
    pub fn next(self) -> FullXid {
        let next = self.0 + 1;
        FullXid(if (next as u32) < Xid::FIRST_NORMAL.0 { (next & !0xFFFF_FFFF) + 3 } else { next })
    }
}

/// The number of a command within its transaction; a tuple is visible to later commands only.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct CommandId(pub u32);

/// What pg_xact says of a transaction: the value of its two bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
#[repr(u8)]
pub enum XidStatus {
    /// `00`: running, or lost in a crash.
    InProgress = 0,
    /// `01`
    Committed = 1,
    /// `10`
    Aborted = 2,
    /// `11`: a committed subtransaction whose parent is still open.
    SubCommitted = 3,
}

impl XidStatus {
    /// From the two bits.
    pub fn from_bits(bits: u8) -> XidStatus {
        match bits & 3 {
            0 => XidStatus::InProgress,
            1 => XidStatus::Committed,
            2 => XidStatus::Aborted,
            _ => XidStatus::SubCommitted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_compare_around_the_circle() {
        assert!(Xid(5).precedes(Xid(6)));
        assert!(Xid(u32::MAX - 10).precedes(Xid(5)));
        assert!(Xid::BOOTSTRAP.precedes(Xid(u32::MAX - 10)));
        assert_eq!(Xid(u32::MAX).next(), Xid::FIRST_NORMAL);
        assert_eq!(Xid(3).previous(), Xid(u32::MAX));
        assert_eq!(FullXid(0xFFFF_FFFF).next(), FullXid(0x1_0000_0003));
    }
}
