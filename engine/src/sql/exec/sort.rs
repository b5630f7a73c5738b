//! ORDER BY and DISTINCT.

use super::super::bound::{Row, SortKey};
use super::ExecCx;
use super::node::Node;
use crate::ids::{Error, Result};
use crate::small;
use crate::types::{Datum, compare};
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::vec::IntoIter;

/// All rows in order; those that are alike stay as they came.
pub(super) struct Sort {
    input: Node,
    keys: Vec<SortKey>,
    sorted: Option<IntoIter<Row>>,
}

impl Sort {
    pub fn new(input: Node, keys: Vec<SortKey>) -> Sort {
        Sort { input, keys, sorted: None }
    }

    pub fn rewind(&mut self) {
        self.input.rewind();
        self.sorted = None;
    }

    pub async fn next(&mut self, cx: &ExecCx<'_>, max: usize) -> Result<Vec<Row>> {
        if self.sorted.is_none() {
            let mut rows = self.input.all(cx, &[]).await?;
            for row in &mut rows {
                cx.bring_back(row, |slot| self.keys.iter().any(|key| key.slot == slot)).await?;
            }
            let mut failed: Option<Error> = None;
            small::sort_by(&mut rows, |a, b| {
                order(&self.keys, a, b).unwrap_or_else(|error| {
                    failed.get_or_insert(error);
                    Ordering::Equal
                })
            });
            if let Some(error) = failed {
                return Err(error);
            }
            self.sorted = Some(rows.into_iter());
        }
        Ok(self.sorted.iter_mut().flatten().take(max).collect())
    }
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

/// Values as a key: they compare as their types do, and NULLs are alike.
#[derive(Clone, Debug)]
pub(super) struct Key(pub Vec<Datum>);

impl Key {
    fn order(&self, other: &Key) -> Ordering {
        let orders = self.0.iter().zip(&other.0).map(|(a, b)| {
            // Values of one column are of one type, and one that does not compare was refused by the binder.
            crate::types::compare_nulls_last(a, b).unwrap_or(Ordering::Equal)
        });
        orders.fold(Ordering::Equal, Ordering::then)
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Key) -> bool {
        self.order(other).is_eq()
    }
}

impl Eq for Key {}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Key) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Key) -> Ordering {
        self.order(other)
    }
}

/// Each row once.
pub(super) struct Unique {
    input: Node,
    seen: BTreeSet<Key>,
}

impl Unique {
    pub fn new(input: Node) -> Unique {
        Unique { input, seen: BTreeSet::new() }
    }

    pub fn rewind(&mut self) {
        self.input.rewind();
        self.seen.clear();
    }

    pub async fn next(&mut self, cx: &ExecCx<'_>, max: usize) -> Result<Vec<Row>> {
        loop {
            let mut batch = self.input.next(cx, &[], max).await?;
            if batch.is_empty() {
                return Ok(batch);
            }
            for row in &mut batch {
                cx.bring_back(row, |_| true).await?;
            }
            let rows: Vec<_> = batch.into_iter().filter(|row| self.seen.insert(Key(row.clone()))).collect();
            if !rows.is_empty() {
                return Ok(rows);
            }
        }
    }
}
