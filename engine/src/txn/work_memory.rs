//! The memory that a process works with besides what all share: one entry for each sort, hash table or list that is under way.
//!
//! `work_mem` is a limit for each of them and not for the process: a query with three sorts may use three times as much.
//! Bytes are counted as PostgreSQL would use them, on every machine the same, whatever they take here.

use std::cell::RefCell;

/// What the memory is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub enum MemoryPurpose {
    /// A sort of a query.
    Sort,
    /// The hash table of a join.
    Hash,
    /// The groups of an aggregate.
    HashAggregate,
    /// Rows that are kept to be read again.
    Tuplestore,
    /// The rows that indexes have led to, by their places.
    Bitmap,
    /// The keys of an index that is built.
    IndexBuild,
    /// The row versions that VACUUM has found dead.
    DeadTids,
}

impl MemoryPurpose {
    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            MemoryPurpose::Sort => "Sort",
            MemoryPurpose::Hash => "Hash",
            MemoryPurpose::HashAggregate => "HashAggregate",
            MemoryPurpose::Tuplestore => "Tuplestore",
            MemoryPurpose::Bitmap => "Bitmap",
            MemoryPurpose::IndexBuild => "Index build",
            MemoryPurpose::DeadTids => "Dead TIDs",
        }
    }
}

/// A sort, a hash table or a list that is under way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS), ts(rename = "MemoryUseView"))]
pub struct MemoryUse {
    /// What it is.
    pub purpose: MemoryPurpose,
    /// Bytes in use.
    pub used: u64,
    /// The most that were.
    pub peak: u64,
    /// Bytes that may be used.
    pub budget: u64,
    /// Bytes in temporary files.
    pub disk: u64,
    /// Runs of a sort, batches of a hash, passes over the indexes.
    pub rounds: u32,
}

/// A handle on an entry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MemoryId(u32);

/// All that is under way in a process.
#[derive(Default)]
pub struct WorkMemory {
    entries: RefCell<(u32, Vec<(MemoryId, MemoryUse)>)>,
    /// Those of queries that stand still and will go on.
    held: RefCell<Vec<MemoryId>>,
}

impl WorkMemory {
    /// Something begins that may use so many bytes.
    pub fn begin(&self, purpose: MemoryPurpose, budget: u64) -> MemoryId {
        let (next, entries) = &mut *self.entries.borrow_mut();
        *next += 1;
        entries.push((MemoryId(*next), MemoryUse { purpose, used: 0, peak: 0, budget, disk: 0, rounds: 0 }));
        MemoryId(*next)
    }

    /// It uses so many bytes of memory, and so many on disk.
    pub fn note(&self, id: MemoryId, used: u64, disk: u64, rounds: u32) {
        let (_, entries) = &mut *self.entries.borrow_mut();
        if let Some((_, entry)) = entries.iter_mut().find(|(own, _)| *own == id) {
            (entry.used, entry.disk, entry.rounds) = (used, disk, rounds);
            entry.peak = entry.peak.max(used);
        }
    }

    /// It is over.
    pub fn end(&self, id: MemoryId) {
        self.entries.borrow_mut().1.retain(|(own, _)| *own != id);
    }

    /// All is over but what is held.
    pub(super) fn clear(&self) {
        let held = self.held.borrow();
        self.entries.borrow_mut().1.retain(|(id, _)| held.contains(id));
    }

    /// The number of the last entry.
    pub(super) fn last(&self) -> u32 {
        self.entries.borrow().0
    }

    /// Holds the entries behind this one.
    pub(super) fn hold(&self, last: u32) -> Vec<MemoryId> {
        let new: Vec<MemoryId> = self.entries.borrow().1.iter().map(|(id, _)| *id).filter(|id| id.0 > last).collect();
        self.held.borrow_mut().extend(&new);
        new
    }

    /// What was held is over.
    pub(super) fn release(&self, ids: &[MemoryId]) {
        self.held.borrow_mut().retain(|id| !ids.contains(id));
        ids.iter().for_each(|id| self.end(*id));
    }

    /// What is under way, in the order in which it began.
    pub fn uses(&self) -> Vec<MemoryUse> {
        self.entries.borrow().1.iter().map(|(_, entry)| *entry).collect()
    }
}
