//! Joining by hashes: the rows of the right are put into a table by the values that are compared, and each row of the
//! left looks there for its partners.
//!
//! ```text
//!   right ──all rows──► table by b.z          left ──row after row──► a.x = 7 ──► rows with b.z = 7
//! ```
//!
//! A table that is too large for memory is made in batches (`hash_batches.rs`), and the rows of the left wait for theirs.
//!
//! PostgreSQL: `nodeHash.c`, `nodeHashjoin.c`.

use super::super::bound::{JoinKind, Scalar};
use super::super::plan::HashSpec;
use super::hash::{HashTable, hash_row, same_row};
use super::hash_batches::{Batches, Side};
use super::node::{Fresh, Node};
use super::rows::Rows;
use super::{BATCH, ExecCx};
use crate::ids::Result;
use crate::types::Datum;
use std::rc::Rc;

/// The pairs of a left and a right row that have equal keys.
#[derive(Clone)]
pub(super) struct HashJoin {
    left: Node,
    right: Node,
    spec: Rc<HashSpec>,
    /// A guess by which the table begins.
    expected: (f64, usize),
    /// Where the table is measured.
    plan: usize,
    state: Fresh<Joining>,
}

/// A join under way.
struct Joining {
    batches: Batches,
    inner: Inner,
    left_rows: Rows,
    left_at: usize,
    /// The left row in hand: the next entry to look at, its keys, whether it has found a partner.
    current: Option<Option<usize>>,
    left_keys: Vec<Datum>,
    matched: bool,
    /// The next row of the right to give without a partner.
    rest: Option<usize>,
    pair: Rows,
    done: bool,
}

/// The table: for each entry a row of the right and its keys.
#[derive(Default)]
struct Inner {
    table: HashTable,
    rows: Rows,
    keys: Rows,
    /// Which of them have found a partner, where that matters.
    matched: Vec<bool>,
}

impl HashSpec {
    fn keeps_left(&self) -> bool {
        matches!(self.kind, JoinKind::Left | JoinKind::Full | JoinKind::Anti)
    }

    fn keeps_right(&self) -> bool {
        matches!(self.kind, JoinKind::Right | JoinKind::Full)
    }

    fn width(&self) -> usize {
        match self.kind {
            JoinKind::Semi | JoinKind::Anti => self.left_width,
            _ => self.left_width + self.right_width,
        }
    }
}

impl HashJoin {
    /// The right is expected to have so many rows, of so many bytes.
    pub fn new(left: Node, right: Node, spec: Rc<HashSpec>, expected: (f64, usize), plan: usize) -> HashJoin {
        HashJoin { left, right, spec, expected, plan, state: Fresh(None) }
    }

    pub fn rewind(&mut self, cx: &ExecCx<'_>) {
        self.left.rewind(cx);
        self.right.rewind(cx);
        self.end(cx);
    }

    /// Gives back memory and files.
    fn end(&mut self, cx: &ExecCx<'_>) {
        if let Some(state) = self.state.0.take() {
            state.batches.end(&cx.fx.env);
        }
    }

    pub async fn next(&mut self, cx: &ExecCx<'_>, max: usize, out: &mut Rows) -> Result<()> {
        let spec = &*self.spec;
        out.clear(spec.width());
        if self.state.0.is_none() {
            let one_column = matches!(&spec.left_keys.scalars[..], [Scalar::Column(_)]);
            let mut state = Joining::begin(Batches::begin(&cx.fx.env, self.expected, one_column));
            state.build(cx, spec, &mut self.right).await?;
            let built = state.batches.built_size();
            cx.note(self.plan, |actual| actual.hash = Some(built));
            self.state.0 = Some(state);
        }
        let Some(state) = &mut self.state.0 else { return Ok(()) };
        while !state.done && out.len() < max {
            if state.rest.is_some() {
                if spec.keeps_right() && !state.give_rest(max, out) {
                    break;
                }
                if !state.next_batch(cx, spec).await? {
                    state.finish(cx);
                }
            } else if state.current.is_none() && !state.next_left(cx, spec, &mut self.left, max.min(BATCH)).await? {
                state.rest = Some(0);
            } else if state.pairs(cx, spec, max, out).await? {
                state.finish_row(spec, out);
            }
        }
        Ok(())
    }
}

impl Inner {
    fn clear(&mut self, spec: &HashSpec) {
        self.table.clear();
        self.rows.clear(spec.right_width);
        self.keys.clear(spec.right_keys.scalars.len());
        self.matched.clear();
    }
}

impl Joining {
    fn begin(batches: Batches) -> Joining {
        Joining {
            batches,
            inner: Inner::default(),
            left_rows: Rows::default(),
            left_at: 0,
            current: None,
            left_keys: Vec::new(),
            matched: false,
            rest: None,
            pair: Rows::default(),
            done: false,
        }
    }

    // --- the table -------------------------------------------------------------------------------------------

    /// Puts all rows of the right into the table.
    async fn build(&mut self, cx: &ExecCx<'_>, spec: &HashSpec, right: &mut Node) -> Result<()> {
        self.inner.clear(spec);
        let mut rows = Rows::default();
        loop {
            right.next(cx, BATCH, &mut rows).await?;
            if rows.is_empty() {
                break;
            }
            cx.breathe(rows.len()).await?;
            for row in rows.iter() {
                self.put(cx, spec, row).await?;
            }
            self.batches.note(&cx.fx.env);
        }
        self.built(cx, spec);
        Ok(())
    }

    /// Puts a row into the table, or aside for its batch. NULL equals nothing: such a row is kept only to be given without
    /// a partner.
    async fn put(&mut self, cx: &ExecCx<'_>, spec: &HashSpec, row: &[Datum]) -> Result<()> {
        let inner = &mut self.inner;
        cx.append(&spec.right_keys, row, 0, inner.keys.open()).await?;
        inner.keys.close();
        if !spec.keeps_right() && inner.keys.last().iter().any(Datum::is_null) {
            inner.keys.pop();
            return Ok(());
        }
        let hash = hash_row(inner.keys.last());
        self.batches.total += 1;
        if self.batches.of(hash) != self.batches.current {
            inner.keys.pop();
            return self.batches.save(&cx.fx.env, Side::Right, hash, row).await;
        }
        inner.rows.push(row);
        inner.table.insert(hash);
        if self.batches.add(row)? {
            self.split(cx).await?;
        }
        Ok(())
    }

    /// Makes room by making the batches smaller.
    async fn split(&mut self, cx: &ExecCx<'_>) -> Result<()> {
        if !self.batches.split() {
            return Ok(());
        }
        let (inner, batches) = (&mut self.inner, &mut self.batches);
        let old = std::mem::take(&mut inner.table);
        let mut kept = 0;
        for at in 0..inner.rows.len() {
            let hash = old.hash(at);
            if batches.of(hash) == batches.current {
                inner.rows.move_row(at, kept);
                inner.keys.move_row(at, kept);
                inner.table.insert(hash);
                kept += 1;
            } else {
                batches.move_out(&cx.fx.env, hash, inner.rows.row(at)).await?;
            }
        }
        let moved = (inner.rows.len() - kept) as u64;
        inner.rows.truncate(kept);
        inner.keys.truncate(kept);
        batches.done_splitting(&cx.fx.env, moved).await;
        Ok(())
    }

    fn built(&mut self, cx: &ExecCx<'_>, spec: &HashSpec) {
        if spec.keeps_right() {
            self.inner.matched.resize(self.inner.rows.len(), false);
        }
        self.batches.built(&cx.fx.env);
    }

    /// Brings the next batch into memory; `false` if there is none.
    async fn next_batch(&mut self, cx: &ExecCx<'_>, spec: &HashSpec) -> Result<bool> {
        let env = &cx.fx.env;
        if !self.batches.next_batch(env, spec.keeps_left(), spec.keeps_right()).await? {
            return Ok(false);
        }
        self.inner.clear(spec);
        let (mut row, mut read) = (Vec::new(), 0);
        while self.batches.read(env, Side::Right, &mut row).await?.is_some() {
            self.put(cx, spec, &row).await?;
            row.clear();
            read += 1;
            if read % BATCH == 0 {
                cx.breathe(BATCH).await?;
            }
        }
        self.batches.close(env, Side::Right);
        self.built(cx, spec);
        self.rest = None;
        Ok(true)
    }

    /// All rows are given.
    fn finish(&mut self, cx: &ExecCx<'_>) {
        self.done = true;
        self.inner = Inner::default();
        self.batches.release(&cx.fx.env);
    }

    // --- the left --------------------------------------------------------------------------------------------

    /// Takes the next left row of the batch and computes its keys; `false` at the end.
    async fn next_left(&mut self, cx: &ExecCx<'_>, spec: &HashSpec, left: &mut Node, max: usize) -> Result<bool> {
        loop {
            if self.left_at >= self.left_rows.len() && !self.more_left(cx, spec, left, max).await? {
                return Ok(false);
            }
            let row = self.left_rows.row(self.left_at);
            self.left_keys.clear();
            cx.append(&spec.left_keys, row, 0, &mut self.left_keys).await?;
            self.matched = false;
            if self.left_keys.iter().any(Datum::is_null) {
                self.current = Some(None);
                return Ok(true);
            }
            let hash = hash_row(&self.left_keys);
            if self.batches.of(hash) == self.batches.current {
                self.current = Some(self.inner.table.first(hash));
                return Ok(true);
            }
            self.batches.save(&cx.fx.env, Side::Left, hash, row).await?;
            self.left_at += 1;
        }
    }

    /// Reads further rows of the left: from below, or those that waited for this batch.
    async fn more_left(&mut self, cx: &ExecCx<'_>, spec: &HashSpec, left: &mut Node, max: usize) -> Result<bool> {
        self.left_at = 0;
        if self.batches.current > 0 {
            self.left_rows.clear(spec.left_width);
            while self.left_rows.len() < max {
                match self.batches.read(&cx.fx.env, Side::Left, self.left_rows.open()).await? {
                    Some(_) => self.left_rows.close(),
                    None => break,
                }
            }
        } else {
            // Without rows on the right, inner joins have none at all.
            if self.batches.total == 0 && !spec.keeps_left() {
                return Ok(false);
            }
            left.next(cx, max, &mut self.left_rows).await?;
        }
        cx.breathe(self.left_rows.len()).await?;
        Ok(!self.left_rows.is_empty())
    }

    /// Adds pairs of the left row in hand until there are `max` rows; `true` when it has no more.
    async fn pairs(&mut self, cx: &ExecCx<'_>, spec: &HashSpec, max: usize, out: &mut Rows) -> Result<bool> {
        let left = self.left_rows.row(self.left_at);
        let single = matches!(spec.kind, JoinKind::Semi | JoinKind::Anti);
        while let Some(Some(entry)) = self.current {
            if out.len() >= max {
                return Ok(false);
            }
            self.current = Some(self.inner.table.after(entry));
            if !same_row(self.inner.keys.row(entry), &self.left_keys) {
                continue;
            }
            let right = self.inner.rows.row(entry);
            if single {
                if !spec.on.is_empty() {
                    self.pair.clear(spec.left_width + spec.right_width);
                    self.pair.push_pair(left, right);
                    if !cx.holds(&spec.on, self.pair.last(), 0).await? {
                        continue;
                    }
                }
                self.matched = true;
                break;
            }
            out.push_pair(left, right);
            if !spec.on.is_empty() && !cx.holds(&spec.on, out.last(), 0).await? {
                out.pop();
                continue;
            }
            self.matched = true;
            if let Some(matched) = self.inner.matched.get_mut(entry) {
                *matched = true;
            }
        }
        Ok(true)
    }

    /// The left row in hand has no more partners.
    fn finish_row(&mut self, spec: &HashSpec, out: &mut Rows) {
        let left = self.left_rows.row(self.left_at);
        match (spec.kind, self.matched) {
            (JoinKind::Left | JoinKind::Full, false) => out.push_padded(left),
            (JoinKind::Semi, true) | (JoinKind::Anti, false) => out.push(left),
            _ => {}
        }
        self.left_at += 1;
        self.current = None;
    }

    /// At the end of a batch its rows of the right that have found no partner; `true` when all are given.
    fn give_rest(&mut self, max: usize, out: &mut Rows) -> bool {
        let mut at = self.rest.unwrap_or(0);
        while at < self.inner.rows.len() && out.len() < max {
            if !self.inner.matched[at] {
                out.push_behind(self.inner.rows.row(at));
            }
            at += 1;
        }
        self.rest = Some(at);
        at >= self.inner.rows.len()
    }
}
