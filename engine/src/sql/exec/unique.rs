//! DISTINCT and DISTINCT ON.
//!
//! A row is given when it is seen for the first time. Those that could be new but have no room in memory wait on disk
//! (`hash_spill.rs`).

use super::hash::{HashTable, hash_row, same_row};
use super::hash_spill::HashSpill;
use super::node::{Fresh, Node};
use super::rows::Rows;
use super::{BATCH, ExecCx};
use crate::ids::Result;
use crate::txn::MemoryPurpose;
use crate::types::Datum;

/// Rows that have been seen.
#[derive(Clone, Default)]
pub(super) struct Seen {
    table: HashTable,
    rows: Rows,
}

impl Seen {
    /// The hash of a row that has not been seen before.
    fn unseen(&self, row: &[Datum]) -> Option<u64> {
        let hash = hash_row(row);
        self.table.find(hash, |entry| same_row(self.rows.row(entry), row)).is_none().then_some(hash)
    }

    fn note(&mut self, hash: u64, row: &[Datum]) {
        if self.rows.is_empty() {
            self.rows.clear(row.len());
        }
        self.table.insert(hash);
        self.rows.push(row);
    }

    /// Notes a row; `false` if it has been seen before.
    pub fn is_new(&mut self, row: &[Datum]) -> bool {
        let hash = self.unseen(row);
        hash.into_iter().for_each(|hash| self.note(hash, row));
        hash.is_some()
    }

    /// Keeps of rows those that are new.
    pub fn keep_new(&mut self, rows: &mut Rows) {
        let mut kept = 0;
        for at in 0..rows.len() {
            if self.is_new(rows.row(at)) {
                rows.move_row(at, kept);
                kept += 1;
            }
        }
        rows.truncate(kept);
    }

    fn clear(&mut self) {
        self.table.clear();
        self.rows.clear(0);
    }
}

/// Each row once.
#[derive(Clone)]
pub(super) struct Unique {
    input: Node,
    state: Fresh<Looking>,
}

/// Rows seen so far, and those that wait.
struct Looking {
    seen: Seen,
    spill: HashSpill,
    /// Whether rows come from the disk by now, and how many a row has values.
    again: bool,
    width: usize,
    done: bool,
}

impl Unique {
    pub fn new(input: Node) -> Unique {
        Unique { input, state: Fresh(None) }
    }

    pub fn rewind(&mut self, cx: &ExecCx<'_>) {
        self.input.rewind(cx);
        self.state.0.take().iter().for_each(|state| state.spill.end(&cx.fx.env));
    }

    pub async fn next(&mut self, cx: &ExecCx<'_>, max: usize, out: &mut Rows) -> Result<()> {
        let state = self.state.0.get_or_insert_with(|| Looking {
            seen: Seen::default(),
            spill: HashSpill::begin(&cx.fx.env, MemoryPurpose::HashAggregate),
            again: false,
            width: 0,
            done: false,
        });
        while !state.done {
            if state.again {
                state.read(cx, max.min(BATCH), out).await?;
            } else {
                self.input.next(cx, max, out).await?;
                state.width = out.width();
            }
            if out.is_empty() {
                state.next_round(cx).await?;
                continue;
            }
            cx.breathe(out.len()).await?;
            cx.bring_all_back(out).await?;
            state.keep_new(cx, out).await?;
            if !out.is_empty() {
                return Ok(());
            }
        }
        out.clear(state.width);
        Ok(())
    }
}

impl Looking {
    /// Further rows of a partition that waited.
    async fn read(&mut self, cx: &ExecCx<'_>, max: usize, out: &mut Rows) -> Result<()> {
        out.clear(self.width);
        while out.len() < max && self.spill.read(&cx.fx.env, out.open()).await?.is_some() {
            out.close();
        }
        Ok(())
    }

    async fn keep_new(&mut self, cx: &ExecCx<'_>, rows: &mut Rows) -> Result<()> {
        let mut kept = 0;
        for at in 0..rows.len() {
            let Some(hash) = self.seen.unseen(rows.row(at)) else { continue };
            if self.spill.is_full() {
                self.spill.put(&cx.fx.env, hash, 0, rows.row(at)).await?;
                continue;
            }
            self.spill.add_group(rows.row(at), 0);
            self.seen.note(hash, rows.row(at));
            rows.move_row(at, kept);
            kept += 1;
        }
        rows.truncate(kept);
        self.spill.note(&cx.fx.env);
        Ok(())
    }

    async fn next_round(&mut self, cx: &ExecCx<'_>) -> Result<()> {
        self.seen.clear();
        self.again = true;
        if !self.spill.next_round(&cx.fx.env).await? {
            self.done = true;
            self.spill.end(&cx.fx.env);
        }
        Ok(())
    }
}

/// Of sorted rows the first of those that are alike in some places.
#[derive(Clone)]
pub(super) struct DistinctOn {
    input: Node,
    places: Vec<usize>,
    last: Option<Vec<Datum>>,
}

impl DistinctOn {
    pub fn new(input: Node, places: Vec<usize>) -> DistinctOn {
        DistinctOn { input, places, last: None }
    }

    pub fn rewind(&mut self, cx: &ExecCx<'_>) {
        self.input.rewind(cx);
        self.last = None;
    }

    pub async fn next(&mut self, cx: &ExecCx<'_>, max: usize, out: &mut Rows) -> Result<()> {
        loop {
            self.input.next(cx, max, out).await?;
            if out.is_empty() {
                return Ok(());
            }
            let mut kept = 0;
            for at in 0..out.len() {
                let row = out.row(at);
                let own: Vec<Datum> = self.places.iter().map(|place| row[*place].clone()).collect();
                if self.last.as_ref().is_none_or(|last| !same_row(last, &own)) {
                    self.last = Some(own);
                    out.move_row(at, kept);
                    kept += 1;
                }
            }
            out.truncate(kept);
            if kept > 0 {
                return Ok(());
            }
        }
    }
}
