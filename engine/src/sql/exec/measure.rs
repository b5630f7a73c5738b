//! What each node of a plan has done while it ran: for EXPLAIN ANALYZE.
//!
//! Nothing is measured unless somebody asks: then an operator that counts stands above each of the others. Time is that of
//! the virtual clock, buffers are those that the process has used since it began to count; both with all that is below.
//!
//! PostgreSQL: `executor/instrument.c`.

use super::super::plan::{HashSpec, Plan};
use super::ExecCx;
use super::node::Node;
use super::rows::Rows;
use crate::ids::Result;
use crate::small;
use std::cell::RefCell;

/// Pages that were found, read, made dirty, written.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Buffers {
    /// Found.
    pub hit: u64,
    /// Read.
    pub read: u64,
    /// Made dirty.
    pub dirtied: u64,
    /// Written.
    pub written: u64,
}

/// What a node has done.
#[derive(Clone, Default, Debug)]
pub struct Actual {
    /// How many rows it gave, in all loops.
    pub rows: u64,
    /// How often it was begun.
    pub loops: u64,
    /// Microseconds until the first row, and to the end; of all loops.
    pub first: u64,
    /// The same to the end.
    pub total: u64,
    /// Rows that its filter refused.
    pub removed: u64,
    /// Pairs that a join's condition refused.
    pub removed_pairs: u64,
    /// How it sorted, how many kilobytes, and whether on disk.
    pub sort: Option<(String, i64, bool)>,
    /// Buckets, batches, kilobytes of a hash.
    pub hash: Option<(u64, u64, u64)>,
    /// Batches and kilobytes of groups.
    pub groups: Option<(u64, u64)>,
    /// Rows fetched by an index-only scan.
    pub heap_fetches: Option<u64>,
    /// Pages.
    pub buffers: Buffers,
}

/// What all nodes have done.
#[derive(Default)]
pub struct Measured {
    nodes: RefCell<small::Map<usize, Actual>>,
    whole: RefCell<Actual>,
}

pub(super) fn key(plan: &Plan) -> usize {
    std::ptr::from_ref(plan) as usize
}

impl Measured {
    /// What a node has done.
    pub fn of(&self, plan: &Plan) -> Actual {
        self.nodes.borrow().get(&key(plan)).cloned().unwrap_or_default()
    }

    /// The statement as a whole.
    pub fn whole(&self) -> Actual {
        self.whole.borrow().clone()
    }

    /// The table that a join makes of its inner side.
    pub fn hash_of(&self, inner: &Plan, _spec: &HashSpec) -> Actual {
        let own = self.of(inner);
        let nothing = Actual { removed: 0, sort: None, heap_fetches: None, groups: None, ..own };
        Actual { hash: self.nodes.borrow().get(&(key(inner) + 1)).and_then(|actual| actual.hash), ..nothing }
    }

    /// Changes what is noted of a node.
    pub(super) fn note(&self, plan: usize, change: impl FnOnce(&mut Actual)) {
        change(self.nodes.borrow_mut().or_default(plan));
    }

    /// Notes what the statement as a whole has done.
    pub(super) fn note_whole(&self, actual: Actual) {
        *self.whole.borrow_mut() = actual;
    }
}

impl ExecCx<'_> {
    /// Notes something of a node, if anybody wants to know.
    pub(super) fn note(&self, plan: usize, change: impl FnOnce(&mut Actual)) {
        if let Some(measured) = self.measured {
            measured.note(plan, change);
        }
    }

    /// The pages that the process has used so far.
    fn used(&self) -> Buffers {
        let usage = self.fx.env.buffers.usage(self.fx.env.cx.pid());
        Buffers { hit: usage.hits, read: usage.misses, dirtied: usage.dirtied, written: 0 }
    }
}

/// An operator that counts what the one below does.
#[derive(Clone)]
pub(super) struct Watched {
    pub input: Node,
    plan: usize,
    running: bool,
}

impl Watched {
    pub fn new(input: Node, plan: &Plan) -> Watched {
        Watched { input, plan: key(plan), running: false }
    }

    pub fn rewind(&mut self, cx: &ExecCx<'_>) {
        self.running = false;
        self.input.rewind(cx);
    }

    pub async fn next(&mut self, cx: &ExecCx<'_>, max: usize, out: &mut Rows) -> Result<()> {
        let (begun, before) = (cx.fx.env.cx.now(), cx.used());
        let first = !std::mem::replace(&mut self.running, true);
        let result = self.input.next(cx, max, out).await;
        let (took, after) = (cx.fx.env.cx.now().0.saturating_sub(begun.0), cx.used());
        cx.note(self.plan, |actual| {
            actual.loops += u64::from(first);
            actual.rows += out.len() as u64;
            actual.total += took;
            if first {
                actual.first += took;
            }
            actual.buffers.hit += after.hit - before.hit;
            actual.buffers.read += after.read - before.read;
            actual.buffers.dirtied += after.dirtied - before.dirtied;
        });
        result
    }
}
