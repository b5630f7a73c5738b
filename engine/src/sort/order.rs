//! The order in which tuples are to be: most of it is decided by a number that stands beside each.

use std::cmp::Ordering;

use super::arena::At;
use crate::ids::Result;
use crate::types::Attr;
use crate::types::abbreviate::abbreviate;

/// A tuple's first column in short: no tuple that belongs before another has the greater pair.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Debug)]
pub struct Leading {
    /// NULLs stand together, at one end.
    rank: u8,
    prefix: u64,
}

impl Leading {
    /// Of a column that is sorted so; none for NULL.
    pub fn of(value: Option<(&Attr, &[u8])>, descending: bool, nulls_first: bool) -> Leading {
        match value {
            None => Leading { rank: if nulls_first { 0 } else { 2 }, prefix: 0 },
            Some((attr, value)) => {
                let prefix = abbreviate(attr, value);
                Leading { rank: 1, prefix: if descending { !prefix } else { prefix } }
            }
        }
    }
}

/// How the tuples of a sort compare.
pub trait Order {
    /// A tuple's first column in short.
    fn leading(&self, tuple: &[u8]) -> Result<Leading>;

    /// How two tuples compare, all of them. An error ends the sort: two that may not both be there.
    fn compare(&self, a: &[u8], b: &[u8]) -> Result<Ordering>;

    /// Whether tuples that are equal in short are equal.
    fn is_decided_by_leading(&self) -> bool {
        false
    }

    /// The bytes that a tuple takes in PostgreSQL's memory besides its place in the array, as it asks for them; none if
    /// the value is in that place.
    fn size(&self, tuple: &[u8]) -> usize;
}

/// A tuple in hand; `SortTuple`.
#[derive(Clone, Copy, Debug)]
pub(super) struct SortTuple {
    pub(super) leading: Leading,
    /// Where it lies in memory; during a merge, on the tape of this number.
    pub(super) at: At,
}
