//! Finding rows by their values: hashes of values, and a table of chains over rows that are kept elsewhere.
//!
//! ```text
//!   buckets   [ 0 | 3 | 0 | 2 ]        an entry's number, from 1; 0 is none
//!                   │       └──► entry 2 ──► entry 1
//!                   └──► entry 3
//! ```
//!
//! Entries are numbered in the order in which they came, and nobody goes over the buckets: what comes out never depends
//! on a hash. Values that are equal have equal hashes, also where their kinds differ, as 1::int and 1::bigint do.

use crate::types::{Datum, compare_nulls_last, instant};

/// A value mixed into a hash.
fn mix(hash: u64, word: u64) -> u64 {
    (hash.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95)
}

fn mix_bytes(mut hash: u64, bytes: &[u8]) -> u64 {
    let mut chunks = bytes.chunks_exact(8);
    for chunk in &mut chunks {
        hash = mix(hash, u64::from_le_bytes(chunk.try_into().unwrap_or_default()));
    }
    let mut last = [0; 8];
    let rest = chunks.remainder();
    last[..rest.len()].copy_from_slice(rest);
    mix(mix(hash, u64::from_le_bytes(last)), bytes.len() as u64)
}

fn mix_float(hash: u64, value: f64) -> u64 {
    // 0 equals -0, and all NaNs are alike.
    mix(
        hash,
        if value == 0.0 {
            0
        } else if value.is_nan() {
            1
        } else {
            value.to_bits()
        },
    )
}

fn mix_value(hash: u64, value: &Datum) -> u64 {
    match value {
        Datum::Int2(v) => mix(hash, i64::from(*v) as u64),
        Datum::Int4(v) => mix(hash, i64::from(*v) as u64),
        Datum::Int8(v) => mix(hash, *v as u64),
        Datum::Bool(v) => mix(hash, u64::from(*v)),
        Datum::Char(v) => mix(hash, u64::from(*v)),
        Datum::Float4(v) => mix_float(hash, f64::from(*v)),
        Datum::Float8(v) => mix_float(hash, *v),
        Datum::Text(v) | Datum::Name(v) => mix_bytes(hash, v.as_bytes()),
        Datum::Bytea(v) => mix_bytes(hash, v),
        Datum::Oid(v) => mix(hash, u64::from(v.0)),
        Datum::Xid(v) => mix(hash, i64::from(v.0 as i32) as u64),
        Datum::Xid8(v) => mix(hash, *v),
        Datum::Time(v) => mix(hash, *v as u64),
        Datum::Uuid(v) => mix_bytes(hash, v),
        Datum::Bpchar(v) => mix_bytes(hash, v.trim_end_matches(' ').as_bytes()),
        Datum::TimestampTz(_) | Datum::Timestamp(_) | Datum::Date(_) => mix(hash, instant(value).unwrap_or(0) as u64),
        Datum::Interval(v) => mix(hash, v.span() as u64),
        Datum::Numeric(v) => {
            let hash = mix(hash, (v.sign() as u64) << 16 | u64::from(v.weight() as u16));
            v.digits().iter().fold(hash, |hash, digit| mix(hash, u64::from(*digit)))
        }
        // The rest is rare enough as a key to share one chain.
        _ => mix(hash, 0),
    }
}

/// The hash of a row of values.
pub(super) fn hash_row(row: &[Datum]) -> u64 {
    let hash = row.iter().fold(0, mix_value);
    // The low bits choose the bucket.
    hash ^ hash >> 32
}

/// Whether two rows of values are the same, NULL being like NULL. Values of one column are of kinds that compare: what
/// does not was refused by the binder.
pub(super) fn same_row(a: &[Datum], b: &[Datum]) -> bool {
    a.iter().zip(b).all(|(a, b)| match (a, b) {
        (Datum::Int4(a), Datum::Int4(b)) => a == b,
        (Datum::Text(a), Datum::Text(b)) => a == b,
        _ => compare_nulls_last(a, b).is_ok_and(|order| order.is_eq()),
    })
}

/// Chains of entries that have the same hash.
#[derive(Clone, Default)]
pub(super) struct HashTable {
    buckets: Vec<u32>,
    /// For each entry its hash and the next one in its chain.
    entries: Vec<(u64, u32)>,
}

impl HashTable {
    /// Forgets all entries.
    pub fn clear(&mut self) {
        self.buckets.clear();
        self.entries.clear();
    }

    fn bucket(&self, hash: u64) -> usize {
        hash as usize & (self.buckets.len() - 1)
    }

    /// The hash of an entry.
    pub fn hash(&self, entry: usize) -> u64 {
        self.entries[entry].0
    }

    /// Adds an entry and returns its number.
    pub fn insert(&mut self, hash: u64) -> usize {
        if self.entries.len() >= self.buckets.len() {
            self.grow();
        }
        let bucket = self.bucket(hash);
        self.entries.push((hash, self.buckets[bucket]));
        self.buckets[bucket] = self.entries.len() as u32;
        self.entries.len() - 1
    }

    fn grow(&mut self) {
        let size = (self.buckets.len() * 2).max(16);
        self.buckets.clear();
        self.buckets.resize(size, 0);
        for at in 0..self.entries.len() {
            let bucket = self.bucket(self.entries[at].0);
            self.entries[at].1 = self.buckets[bucket];
            self.buckets[bucket] = at as u32 + 1;
        }
    }

    /// The first entry with a hash, the one that came last.
    pub fn first(&self, hash: u64) -> Option<usize> {
        if self.buckets.is_empty() {
            return None;
        }
        self.from(self.buckets[self.bucket(hash)], hash)
    }

    /// The entry with the same hash that comes after one.
    pub fn after(&self, entry: usize) -> Option<usize> {
        let (hash, next) = self.entries[entry];
        self.from(next, hash)
    }

    fn from(&self, mut next: u32, hash: u64) -> Option<usize> {
        while next > 0 {
            let (own, after) = self.entries[next as usize - 1];
            if own == hash {
                return Some(next as usize - 1);
            }
            next = after;
        }
        None
    }

    /// The entry with a hash for which a condition holds.
    pub fn find(&self, hash: u64, mut is: impl FnMut(usize) -> bool) -> Option<usize> {
        let mut at = self.first(hash);
        while let Some(entry) = at {
            if is(entry) {
                return Some(entry);
            }
            at = self.after(entry);
        }
        None
    }
}
