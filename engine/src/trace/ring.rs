//! The ring that events go through, and the hash that chains the coarse ones.

use super::Event;
use crate::ids::{HostId, Instant, Pid};

/// An event with its circumstances.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct Entry {
    /// The step it lies in: the number of steps completed before.
    #[cfg_attr(feature = "views", ts(type = "number"))]
    pub step: u64,
    /// When.
    pub at: Instant,
    /// On which host.
    pub host: HostId,
    /// In which process; 0 is the world itself.
    pub pid: Pid,
    /// What.
    pub event: Event,
}

/// The last events, oldest first, bounded in number: memory does not grow with history.
pub struct Trace {
    entries: Vec<Entry>,
    capacity: usize,
    /// How many events there ever were; event `n` lies at `n % capacity`.
    count: u64,
    hash: EventHash,
}

impl Trace {
    /// A ring of `capacity` events; 0 keeps only the hash.
    pub fn new(capacity: usize, seed: u64) -> Trace {
        Trace { entries: Vec::new(), capacity, count: 0, hash: EventHash::new(seed) }
    }

    /// Records an event.
    #[inline]
    pub fn push(&mut self, entry: Entry) {
        if entry.event.is_coarse() {
            self.hash.word(u64::from(entry.pid.0) << 32 ^ entry.at.0);
            self.hash.chain(&entry.event);
        }
        if self.capacity == 0 {
            return;
        }
        if self.entries.len() < self.capacity {
            self.entries.push(entry);
        } else {
            let at = (self.count % self.capacity as u64) as usize;
            self.entries[at] = entry;
        }
        self.count += 1;
    }

    /// Chains the choice of a process into the hash: the schedule is part of what must repeat.
    #[inline]
    pub fn scheduled(&mut self, pid: Pid) {
        self.hash.word(u64::from(pid.0));
    }

    /// How many events there have been.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The events from number `from` on that are still kept.
    pub fn since(&self, from: u64) -> impl Iterator<Item = (u64, &Entry)> {
        let oldest = self.count - self.entries.len() as u64;
        (from.max(oldest)..self.count).map(|n| (n, &self.entries[(n % self.capacity as u64) as usize]))
    }

    /// The hash over all coarse events so far.
    pub fn hash(&self) -> u64 {
        self.hash.value()
    }
}

/// A chained 64-bit hash of fixed-width words: an auditor, not a defence against an adversary.
#[derive(Clone, Copy)]
pub struct EventHash(u64);

impl EventHash {
    /// An empty chain that already depends on the seed.
    pub fn new(seed: u64) -> EventHash {
        EventHash(seed ^ 0x9E37_79B9_7F4A_7C15)
    }

    /// Chains an event, if it is coarse.
    pub fn chain(&mut self, event: &Event) {
        if event.is_coarse() {
            event.words(|word| self.word(word));
        }
    }

    /// Chains a word: multiply and fold, so that order matters.
    #[inline]
    fn word(&mut self, word: u64) {
        let product = u128::from(self.0 ^ word) * 0xD6E8_FEB8_6659_FD93_u128 + 0x2545_F491_4F6C_DD1D;
        self.0 = product as u64 ^ (product >> 64) as u64;
    }

    /// The hash so far.
    pub fn value(self) -> u64 {
        self.0
    }
}
