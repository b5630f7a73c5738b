//! DISTINCT and DISTINCT ON.

use super::ExecCx;
use super::hash::{HashTable, hash_row, same_row};
use super::node::Node;
use super::rows::Rows;
use crate::ids::Result;
use crate::types::Datum;

/// Rows that have been seen.
#[derive(Clone, Default)]
pub(super) struct Seen {
    table: HashTable,
    rows: Rows,
}

impl Seen {
    /// Notes a row; `false` if it has been seen before.
    pub fn is_new(&mut self, row: &[Datum]) -> bool {
        if self.rows.is_empty() {
            self.rows.clear(row.len());
        }
        let hash = hash_row(row);
        let is_new = self.table.find(hash, |entry| same_row(self.rows.row(entry), row)).is_none();
        if is_new {
            self.table.insert(hash);
            self.rows.push(row);
        }
        is_new
    }

    /// Forgets them.
    pub fn clear(&mut self) {
        self.table.clear();
        self.rows.clear(0);
    }
}

/// Each row once.
#[derive(Clone)]
pub(super) struct Unique {
    input: Node,
    seen: Seen,
}

impl Unique {
    pub fn new(input: Node) -> Unique {
        Unique { input, seen: Seen::default() }
    }

    pub fn rewind(&mut self, cx: &ExecCx<'_>) {
        self.input.rewind(cx);
        self.seen.clear();
    }

    pub async fn next(&mut self, cx: &ExecCx<'_>, max: usize, out: &mut Rows) -> Result<()> {
        loop {
            self.input.next(cx, max, out).await?;
            if out.is_empty() {
                return Ok(());
            }
            cx.breathe(out.len()).await?;
            cx.bring_all_back(out).await?;
            let mut kept = 0;
            for at in 0..out.len() {
                if self.seen.is_new(out.row(at)) {
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
