//! UNION ALL, INTERSECT and EXCEPT. UNION is UNION ALL with each row once.
//!
//! INTERSECT and EXCEPT count how often each side has each row of the left. PostgreSQL sorts where the counts do not fit into
//! memory; here they go to disk as groups do (`hash_spill.rs`).
//!
//! PostgreSQL: `nodeAppend.c`, `nodeSetOp.c`.

use super::super::ast::SetKind;
use super::hash::{HashTable, hash_row, same_row};
use super::hash_spill::HashSpill;
use super::node::{Fresh, Node};
use super::rows::Rows;
use super::{BATCH, ExecCx};
use crate::ids::Result;
use crate::txn::MemoryPurpose;
use crate::types::Datum;

/// The rows of one input after those of the other.
#[derive(Clone)]
pub(super) struct Append {
    inputs: [Node; 2],
    at: usize,
}

impl Append {
    pub fn new(inputs: [Node; 2]) -> Append {
        Append { inputs, at: 0 }
    }

    pub fn rewind(&mut self, cx: &ExecCx<'_>) {
        self.inputs.iter_mut().for_each(|input| input.rewind(cx));
        self.at = 0;
    }

    pub async fn next(&mut self, cx: &ExecCx<'_>, max: usize, out: &mut Rows) -> Result<()> {
        out.clear(0);
        while let Some(input) = self.inputs.get_mut(self.at) {
            input.next(cx, max, out).await?;
            if !out.is_empty() {
                return Ok(());
            }
            self.at += 1;
        }
        Ok(())
    }
}

/// The rows of the left that are also among those of the right, or that are not.
#[derive(Clone)]
pub(super) struct SetOp {
    left: Node,
    right: Node,
    kind: SetKind,
    all: bool,
    state: Fresh<Counting>,
}

/// The different rows of the left, and how often each side has them.
struct Counting {
    table: HashTable,
    rows: Rows,
    counts: Vec<[u64; 2]>,
    spill: HashSpill,
    /// The next row to give, and how often it was given.
    at: usize,
    given: u64,
    done: bool,
}

impl SetOp {
    pub fn new(left: Node, right: Node, kind: SetKind, all: bool) -> SetOp {
        SetOp { left, right, kind, all, state: Fresh(None) }
    }

    pub fn rewind(&mut self, cx: &ExecCx<'_>) {
        self.left.rewind(cx);
        self.right.rewind(cx);
        self.state.0.take().iter().for_each(|state| state.spill.end(&cx.fx.env));
    }

    /// How often a row is in the result; `set_output_count`.
    fn times(&self, [left, right]: [u64; 2]) -> u64 {
        match (self.kind, self.all) {
            (SetKind::Intersect, false) => u64::from(left > 0 && right > 0),
            (SetKind::Intersect, true) => left.min(right),
            (_, false) => u64::from(left > 0 && right == 0),
            (_, true) => left.saturating_sub(right),
        }
    }

    pub async fn next(&mut self, cx: &ExecCx<'_>, max: usize, out: &mut Rows) -> Result<()> {
        let mut state = match self.state.0.take() {
            Some(state) => state,
            None => {
                let mut state = Counting::begin(cx);
                state.count(cx, &mut self.left, 0).await?;
                state.count(cx, &mut self.right, 1).await?;
                state
            }
        };
        out.clear(state.rows.width());
        while out.len() < max && !state.done {
            if state.at >= state.rows.len() {
                state.next_round(cx).await?;
            } else if state.given < self.times(state.counts[state.at]) {
                out.push(state.rows.row(state.at));
                state.given += 1;
            } else {
                (state.at, state.given) = (state.at + 1, 0);
            }
        }
        self.state.0 = Some(state);
        Ok(())
    }
}

impl Counting {
    fn begin(cx: &ExecCx<'_>) -> Counting {
        Counting {
            table: HashTable::default(),
            rows: Rows::default(),
            counts: Vec::new(),
            spill: HashSpill::begin(&cx.fx.env, MemoryPurpose::HashAggregate),
            at: 0,
            given: 0,
            done: false,
        }
    }

    /// Counts the rows of a side, the left one first.
    async fn count(&mut self, cx: &ExecCx<'_>, input: &mut Node, side: u16) -> Result<()> {
        let mut rows = Rows::default();
        loop {
            input.next(cx, BATCH, &mut rows).await?;
            if rows.is_empty() {
                return Ok(());
            }
            cx.breathe(rows.len()).await?;
            cx.bring_all_back(&mut rows).await?;
            if self.rows.is_empty() {
                self.rows.clear(rows.width());
            }
            for row in rows.iter() {
                self.add(cx, row, side).await?;
            }
            self.spill.note(&cx.fx.env);
        }
    }

    /// Counts a row. What the right alone has is of no interest.
    async fn add(&mut self, cx: &ExecCx<'_>, row: &[Datum], side: u16) -> Result<()> {
        let hash = hash_row(row);
        if let Some(entry) = self.table.find(hash, |entry| same_row(self.rows.row(entry), row)) {
            self.counts[entry][usize::from(side)] += 1;
        } else if self.spill.is_spilling() || side == 0 && self.spill.is_full() {
            self.spill.put(&cx.fx.env, hash, side, row).await?;
        } else if side == 0 {
            self.spill.add_group(row, 1);
            self.rows.push(row);
            self.counts.push([1, 0]);
            self.table.insert(hash);
        }
        Ok(())
    }

    /// Counts the rows of a partition that waited; there the left's come first, too.
    async fn next_round(&mut self, cx: &ExecCx<'_>) -> Result<()> {
        let width = self.rows.width();
        self.table.clear();
        self.rows.clear(width);
        self.counts.clear();
        (self.at, self.given) = (0, 0);
        if !self.spill.next_round(&cx.fx.env).await? {
            self.done = true;
            self.spill.end(&cx.fx.env);
            return Ok(());
        }
        let (mut row, mut count) = (Vec::new(), 0);
        while let Some((_, side)) = self.spill.read(&cx.fx.env, &mut row).await? {
            self.add(cx, &row, side).await?;
            row.clear();
            count += 1;
            if count % BATCH == 0 {
                cx.breathe(BATCH).await?;
            }
        }
        Ok(())
    }
}
