//! Joining by hashes: the rows of the right are put into a table by the values that are compared, and each row of the
//! left looks there for its partners.
//!
//! ```text
//!   right ──all rows──► table by b.z          left ──row after row──► a.x = 7 ──► rows with b.z = 7
//! ```
//!
//! PostgreSQL: `nodeHash.c`, `nodeHashjoin.c`.

use super::super::bound::JoinKind;
use super::super::plan::HashSpec;
use super::hash::{HashTable, hash_row, same_row};
use super::node::Node;
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
    built: bool,
    table: HashTable,
    /// The rows of the right, and for each entry of the table its row and its keys.
    right_rows: Rows,
    places: Vec<u32>,
    keys: Rows,
    /// Which of them have found a partner, where that matters.
    matched_right: Vec<bool>,
    left_rows: Rows,
    left_at: usize,
    /// The left row in hand: its keys, the next entry to look at, whether it has found a partner.
    current: Option<Option<usize>>,
    left_keys: Vec<Datum>,
    matched: bool,
    /// The next row of the right to give without a partner.
    rest: Option<usize>,
    pair: Rows,
}

impl HashJoin {
    pub fn new(left: Node, right: Node, spec: Rc<HashSpec>) -> HashJoin {
        HashJoin {
            left,
            right,
            spec,
            built: false,
            table: HashTable::default(),
            right_rows: Rows::default(),
            places: Vec::new(),
            keys: Rows::default(),
            matched_right: Vec::new(),
            left_rows: Rows::default(),
            left_at: 0,
            current: None,
            left_keys: Vec::new(),
            matched: false,
            rest: None,
            pair: Rows::default(),
        }
    }

    pub fn rewind(&mut self, cx: &ExecCx<'_>) {
        self.left.rewind(cx);
        self.right.rewind(cx);
        self.built = false;
        self.left_rows.clear(0);
        (self.left_at, self.current, self.rest) = (0, None, None);
    }

    fn width(&self) -> usize {
        match self.spec.kind {
            JoinKind::Semi | JoinKind::Anti => self.spec.left_width,
            _ => self.spec.left_width + self.spec.right_width,
        }
    }

    fn keeps_right(&self) -> bool {
        matches!(self.spec.kind, JoinKind::Right | JoinKind::Full)
    }

    /// Puts all rows of the right into the table; NULL equals nothing.
    async fn build(&mut self, cx: &ExecCx<'_>) -> Result<()> {
        self.right_rows = self.right.all(cx).await?;
        self.table.clear();
        self.places.clear();
        self.keys.clear(self.spec.right_keys.scalars.len());
        for (at, row) in self.right_rows.iter().enumerate() {
            cx.append(&self.spec.right_keys, row, 0, self.keys.open()).await?;
            self.keys.close();
            if self.keys.last().iter().any(Datum::is_null) {
                self.keys.pop();
                continue;
            }
            self.table.insert(hash_row(self.keys.last()));
            self.places.push(at as u32);
        }
        self.matched_right.clear();
        if self.keeps_right() {
            self.matched_right.resize(self.right_rows.len(), false);
        }
        self.built = true;
        Ok(())
    }

    pub async fn next(&mut self, cx: &ExecCx<'_>, max: usize, out: &mut Rows) -> Result<()> {
        out.clear(self.width());
        if !self.built {
            self.build(cx).await?;
        }
        while self.rest.is_none() && out.len() < max {
            if self.current.is_none() && !self.next_left(cx, max.min(BATCH)).await? {
                self.rest = Some(0);
                break;
            }
            if self.pairs(cx, max, out).await? {
                self.finish_row(out);
            }
        }
        if self.keeps_right() {
            self.give_rest(max, out);
        }
        Ok(())
    }

    /// Takes the next left row and computes its keys; `false` at the end.
    async fn next_left(&mut self, cx: &ExecCx<'_>, max: usize) -> Result<bool> {
        if self.left_at >= self.left_rows.len() {
            // Without rows on the right, inner joins have none at all.
            if self.table.len() == 0 && matches!(self.spec.kind, JoinKind::Inner | JoinKind::Semi | JoinKind::Right) {
                return Ok(false);
            }
            self.left.next(cx, max, &mut self.left_rows).await?;
            cx.breathe(self.left_rows.len()).await?;
            self.left_at = 0;
            if self.left_rows.is_empty() {
                return Ok(false);
            }
        }
        let row = self.left_rows.row(self.left_at);
        self.left_keys.clear();
        cx.append(&self.spec.left_keys, row, 0, &mut self.left_keys).await?;
        let null = self.left_keys.iter().any(Datum::is_null);
        self.current = Some(if null { None } else { self.table.first(hash_row(&self.left_keys)) });
        self.matched = false;
        Ok(true)
    }

    /// Adds pairs of the left row in hand until there are `max` rows; `true` when it has no more.
    async fn pairs(&mut self, cx: &ExecCx<'_>, max: usize, out: &mut Rows) -> Result<bool> {
        let left = self.left_rows.row(self.left_at);
        let single = matches!(self.spec.kind, JoinKind::Semi | JoinKind::Anti);
        while let Some(Some(entry)) = self.current {
            if out.len() >= max {
                return Ok(false);
            }
            self.current = Some(self.table.after(entry));
            if !same_row(self.keys.row(entry), &self.left_keys) {
                continue;
            }
            let place = self.places[entry] as usize;
            let right = self.right_rows.row(place);
            if single {
                if !self.spec.on.is_empty() {
                    self.pair.clear(self.spec.left_width + self.spec.right_width);
                    self.pair.push_pair(left, right);
                    if !cx.holds(&self.spec.on, self.pair.last(), 0).await? {
                        continue;
                    }
                }
                self.matched = true;
                break;
            }
            out.push_pair(left, right);
            if !self.spec.on.is_empty() && !cx.holds(&self.spec.on, out.last(), 0).await? {
                out.pop();
                continue;
            }
            self.matched = true;
            if let Some(matched) = self.matched_right.get_mut(place) {
                *matched = true;
            }
        }
        Ok(true)
    }

    /// The left row in hand has no more partners.
    fn finish_row(&mut self, out: &mut Rows) {
        let left = self.left_rows.row(self.left_at);
        match (self.spec.kind, self.matched) {
            (JoinKind::Left | JoinKind::Full, false) => out.push_padded(left),
            (JoinKind::Semi, true) | (JoinKind::Anti, false) => out.push(left),
            _ => {}
        }
        self.left_at += 1;
        self.current = None;
    }

    /// At the end the rows of the right that have found no partner.
    fn give_rest(&mut self, max: usize, out: &mut Rows) {
        while let Some(at) = self.rest
            && at < self.right_rows.len()
            && out.len() < max
        {
            if !self.matched_right[at] {
                out.push_behind(self.right_rows.row(at));
            }
            self.rest = Some(at + 1);
        }
    }
}
