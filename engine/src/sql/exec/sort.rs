//! ORDER BY and DISTINCT.

use super::super::bound::SortKey;
use super::ExecCx;
use super::hash::{HashTable, hash_row, same_row};
use super::node::Node;
use super::rows::Rows;
use crate::ids::{Error, Result};
use crate::small;
use crate::types::{Datum, compare};
use std::cmp::Ordering;
use std::rc::Rc;

/// All rows in order; those that are alike stay as they came.
#[derive(Clone)]
pub(super) struct Sort {
    input: Node,
    keys: Rc<Vec<SortKey>>,
    rows: Rows,
    /// Which row comes when, once they are sorted.
    order: Option<Vec<u32>>,
    at: usize,
}

impl Sort {
    pub fn new(input: Node, keys: Vec<SortKey>) -> Sort {
        Sort { input, keys: Rc::new(keys), rows: Rows::default(), order: None, at: 0 }
    }

    pub fn rewind(&mut self, cx: &ExecCx<'_>) {
        self.input.rewind(cx);
        (self.order, self.at) = (None, 0);
    }

    pub async fn next(&mut self, cx: &ExecCx<'_>, max: usize, out: &mut Rows) -> Result<()> {
        if self.order.is_none() {
            self.rows = self.input.all(cx).await?;
            if cx.toasted.get() {
                for at in 0..self.rows.len() {
                    let wanted = |slot| self.keys.iter().any(|key| key.slot == slot);
                    cx.bring_back(self.rows.row_mut(at), wanted).await?;
                }
            }
            self.order = Some(sorted(&self.keys, &self.rows)?);
        }
        out.clear(self.rows.width());
        let Some(sorted) = &self.order else { return Ok(()) };
        let end = sorted.len().min(self.at + max);
        for at in &sorted[self.at..end] {
            out.push(self.rows.row(*at as usize));
        }
        self.at = end;
        Ok(())
    }
}

/// In which order rows come.
fn sorted(keys: &[SortKey], rows: &Rows) -> Result<Vec<u32>> {
    let mut places: Vec<u32> = (0..rows.len() as u32).collect();
    let mut failed: Option<Error> = None;
    small::sort_by(&mut places, |a, b| {
        order(keys, rows.row(*a as usize), rows.row(*b as usize)).unwrap_or_else(|error| {
            failed.get_or_insert(error);
            Ordering::Equal
        })
    });
    failed.map_or(Ok(places), Err)
}

fn order(keys: &[SortKey], a: &[Datum], b: &[Datum]) -> Result<Ordering> {
    for key in keys {
        let (a, b) = (&a[key.slot], &b[key.slot]);
        let order = match (a.is_null(), b.is_null()) {
            (true, true) => Ordering::Equal,
            (true, false) if key.nulls_first => Ordering::Less,
            (true, false) => Ordering::Greater,
            (false, true) if key.nulls_first => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) if key.descending => compare(b, a)?,
            (false, false) => compare(a, b)?,
        };
        if order.is_ne() {
            return Ok(order);
        }
    }
    Ok(Ordering::Equal)
}

/// Each row once.
#[derive(Clone)]
pub(super) struct Unique {
    input: Node,
    table: HashTable,
    seen: Rows,
}

impl Unique {
    pub fn new(input: Node) -> Unique {
        Unique { input, table: HashTable::default(), seen: Rows::default() }
    }

    pub fn rewind(&mut self, cx: &ExecCx<'_>) {
        self.input.rewind(cx);
        self.table.clear();
        self.seen.clear(0);
    }

    pub async fn next(&mut self, cx: &ExecCx<'_>, max: usize, out: &mut Rows) -> Result<()> {
        loop {
            self.input.next(cx, max, out).await?;
            if out.is_empty() {
                return Ok(());
            }
            cx.breathe(out.len()).await?;
            cx.bring_all_back(out).await?;
            if self.seen.is_empty() {
                self.seen.clear(out.width());
            }
            let mut kept = 0;
            for at in 0..out.len() {
                let row = out.row(at);
                let hash = hash_row(row);
                if self.table.find(hash, |entry| same_row(self.seen.row(entry), row)).is_none() {
                    self.table.insert(hash);
                    self.seen.push(row);
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
