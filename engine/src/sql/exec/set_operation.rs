//! UNION ALL, INTERSECT and EXCEPT. UNION is UNION ALL with each row once.
//!
//! PostgreSQL: `nodeAppend.c`, `nodeSetOp.c`.

use super::super::ast::SetKind;
use super::hash::{HashTable, hash_row, same_row};
use super::node::Node;
use super::rows::Rows;
use super::{BATCH, ExecCx};
use crate::ids::Result;
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
    built: bool,
    table: HashTable,
    /// The rows known, how often the right has each still, and whether it has been given.
    known: Rows,
    counts: Vec<(u64, bool)>,
}

impl SetOp {
    pub fn new(left: Node, right: Node, kind: SetKind, all: bool) -> SetOp {
        let (table, known) = (HashTable::default(), Rows::default());
        SetOp { left, right, kind, all, built: false, table, known, counts: Vec::new() }
    }

    pub fn rewind(&mut self, cx: &ExecCx<'_>) {
        self.left.rewind(cx);
        self.right.rewind(cx);
        self.built = false;
        self.table.clear();
        self.known.clear(0);
        self.counts.clear();
    }

    /// The entry of a row.
    fn entry(&mut self, row: &[Datum]) -> usize {
        if self.known.is_empty() {
            self.known.clear(row.len());
        }
        let hash = hash_row(row);
        let found = self.table.find(hash, |entry| same_row(self.known.row(entry), row));
        found.unwrap_or_else(|| {
            self.known.push(row);
            self.counts.push((0, false));
            self.table.insert(hash)
        })
    }

    async fn build(&mut self, cx: &ExecCx<'_>) -> Result<()> {
        let mut rows = Rows::default();
        loop {
            self.right.next(cx, BATCH, &mut rows).await?;
            if rows.is_empty() {
                break;
            }
            cx.breathe(rows.len()).await?;
            cx.bring_all_back(&mut rows).await?;
            for row in rows.iter() {
                let entry = self.entry(row);
                self.counts[entry].0 += 1;
            }
        }
        self.built = true;
        Ok(())
    }

    pub async fn next(&mut self, cx: &ExecCx<'_>, max: usize, out: &mut Rows) -> Result<()> {
        if !self.built {
            self.build(cx).await?;
        }
        loop {
            self.left.next(cx, max, out).await?;
            if out.is_empty() {
                return Ok(());
            }
            cx.breathe(out.len()).await?;
            cx.bring_all_back(out).await?;
            let mut kept = 0;
            for at in 0..out.len() {
                let entry = self.entry(out.row(at));
                let (count, given) = &mut self.counts[entry];
                let gives = match (self.kind, self.all) {
                    (SetKind::Intersect, false) => *count > 0 && !*given,
                    (SetKind::Intersect, true) => *count > 0,
                    (_, false) => *count == 0 && !*given,
                    (_, true) => *count == 0,
                };
                *given |= gives;
                *count = if self.all { count.saturating_sub(1) } else { *count };
                if gives {
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
