//! What a scan looks for: where it begins, which tuples pass, and where it may stop.
//!
//! ```text
//!   WHERE a = 3 AND b >= 5 AND b < 9 AND c = 1       index on (a, b, c)
//!
//!     begins at (3, 5), forward                       as many leading columns as have a bound on this side
//!     stops behind (3, 9)                             a and b are *required*: once they fail, they fail for ever
//!     c = 1 is asked of each tuple on the way         it is not: b may change, and c begin anew
//! ```
//!
//! In a column that is DESC greater values come first: its conditions are turned round, and from there on "less" means
//! "earlier in the index".
//!
//! PostgreSQL: `_bt_preprocess_keys`, `_bt_checkkeys` in `nbtutils.c`, the first half of `_bt_first` in `nbtsearch.c`.

use std::cmp::Ordering;

use super::compare::SearchKey;
use super::index::Index;
use crate::ids::Result;
use crate::types::index_key::{KeyColumns, compare_stored, key_of_values, stored};
use crate::types::{Datum, compare};

/// How a column of the index is to stand to a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Strategy {
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `=`
    Equal,
    /// `>=`
    GreaterEqual,
    /// `>`
    Greater,
    /// IS NULL
    IsNull,
    /// IS NOT NULL
    IsNotNull,
}

use Strategy::*;

impl Strategy {
    /// Read backwards.
    fn turned(self) -> Strategy {
        match self {
            Less => Greater,
            LessEqual => GreaterEqual,
            GreaterEqual => LessEqual,
            Greater => Less,
            other => other,
        }
    }

    fn fixes(self) -> bool {
        matches!(self, Equal | IsNull)
    }
}

/// A condition on a column of the index.
#[derive(Clone, Debug)]
pub struct ScanKey {
    /// Which of its columns, from 0.
    pub column: usize,
    /// How it is to stand to the value.
    pub strategy: Strategy,
    /// A value of the column's type; of no matter for IS NULL and IS NOT NULL.
    pub value: Datum,
}

/// The same, made ready.
struct Qual {
    column: usize,
    /// In the order of the index.
    strategy: Strategy,
    value: Datum,
    stored: Vec<u8>,
    /// Once it fails going forward, nothing farther on will pass.
    stops_forward: bool,
    stops_backward: bool,
}

/// The conditions of a scan.
pub(super) struct Quals {
    quals: Vec<Qual>,
    /// `false`: nothing can pass, since something is compared with NULL.
    pub(super) possible: bool,
}

impl Quals {
    pub(super) fn of(index: &Index, keys: &[ScanKey]) -> Result<Quals> {
        let compares = |key: &&ScanKey| !matches!(key.strategy, IsNull | IsNotNull);
        let possible = !keys.iter().filter(compares).any(|key| key.value.is_null());
        let mut quals = Vec::new();
        for key in keys.iter().filter(|_| possible) {
            let (attr, column) = (&index.desc.attrs[key.column], index.keys[key.column]);
            let stored = if compares(&key) { stored(attr, &key.value)? } else { Vec::new() };
            let value = if compares(&key) { key.value.clone() } else { Datum::Null };
            let strategy = if column.descending { key.strategy.turned() } else { key.strategy };
            quals.push(Qual {
                column: key.column,
                strategy,
                value,
                stored,
                stops_forward: false,
                stops_backward: false,
            });
        }
        quals.sort_by_key(|qual| qual.column);
        let mut it = Quals { quals, possible };
        it.mark_required(index);
        Ok(it)
    }

    fn on(&self, column: usize) -> impl Iterator<Item = &Qual> {
        self.quals.iter().filter(move |qual| qual.column == column)
    }

    /// Up to the first column that no condition fixes, conditions decide where the scan may stop.
    fn mark_required(&mut self, index: &Index) {
        let fixed = (0..index.natts()).take_while(|column| self.on(*column).any(|qual| qual.strategy.fixes())).count();
        for qual in self.quals.iter_mut().filter(|qual| qual.column <= fixed) {
            let nulls_first = index.keys[qual.column].nulls_first;
            let (forward, backward) = match qual.strategy {
                Equal | IsNull => (true, true),
                Less | LessEqual => (true, false),
                Greater | GreaterEqual => (false, true),
                IsNotNull => (!nulls_first, nulls_first),
            };
            (qual.stops_forward, qual.stops_backward) = (forward, backward);
        }
    }

    /// The bound of a column on the side where the scan begins; a condition that nothing but NULL fails is one, if the
    /// nulls are on that side.
    fn start_of(&self, index: &Index, column: usize, backward: bool) -> Result<Option<(Strategy, Datum)>> {
        let mut best: Option<&Qual> = None;
        for qual in self.on(column) {
            let bounds = if backward {
                matches!(qual.strategy, Less | LessEqual)
            } else {
                matches!(qual.strategy, Greater | GreaterEqual)
            };
            if qual.strategy.fixes() {
                return Ok(Some((Equal, qual.value.clone())));
            }
            if bounds && best.map_or(Ok(true), |best| self.is_tighter(index, qual, best, backward))? {
                best = Some(qual);
            }
        }
        if let Some(best) = best {
            return Ok(Some((best.strategy, best.value.clone())));
        }
        let nulls_here = index.keys[column].nulls_first != backward;
        let skips = if backward { Less } else { Greater };
        Ok((nulls_here && self.on(column).next().is_some()).then_some((skips, Datum::Null)))
    }

    fn is_tighter(&self, index: &Index, a: &Qual, b: &Qual, backward: bool) -> Result<bool> {
        let order = compare(&a.value, &b.value)?;
        let order = if index.keys[a.column].descending != backward { order.reverse() } else { order };
        Ok(order.is_gt() || order.is_eq() && matches!(a.strategy, Less | Greater))
    }

    /// Where the scan begins; `None` if at the end of the index.
    pub(super) fn start(&self, index: &Index, backward: bool) -> Result<Option<SearchKey>> {
        let (mut values, mut inclusive) = (Vec::new(), true);
        for column in 0..index.natts() {
            let Some((strategy, value)) = self.start_of(index, column, backward)? else { break };
            values.push(value);
            if matches!(strategy, Less | Greater) {
                inclusive = false;
                break;
            }
        }
        if values.is_empty() {
            return Ok(None);
        }
        // Going backward the scan begins before what the key stands before.
        let nextkey = inclusive == backward;
        let tuple = key_of_values(&index.desc, &values)?;
        Ok(Some(SearchKey { tuple, columns: values.len(), tid: None, nextkey, pivotsearch: false }))
    }

    /// `_bt_checkkeys`: whether a tuple passes, of which the first `natts` columns are there, and whether the scan may go
    /// on behind it.
    pub(super) fn check(&self, index: &Index, item: &[u8], natts: usize, backward: bool) -> Result<(bool, bool)> {
        let mut columns = KeyColumns::of(&index.desc, item);
        let (mut at, mut current) = (0, None);
        let mut passes = true;
        for qual in &self.quals {
            if qual.column >= natts {
                // A high key without this column: it may be anything.
                return Ok((passes, true));
            }
            while at <= qual.column {
                current = columns.step()?.1;
                at += 1;
            }
            if self.holds(index, qual, current)? {
                continue;
            }
            passes = false;
            let stops = if backward { qual.stops_backward } else { qual.stops_forward };
            // A null ends the search for a value where nulls lie beyond all values.
            let nulls_beyond = index.keys[qual.column].nulls_first == backward;
            let required = qual.stops_forward || qual.stops_backward;
            let past_values = current.is_none() && required && nulls_beyond;
            if past_values || stops && (current.is_some() || qual.strategy == IsNotNull) {
                return Ok((false, false));
            }
        }
        Ok((passes, true))
    }

    fn holds(&self, index: &Index, qual: &Qual, value: Option<&[u8]>) -> Result<bool> {
        let Some(value) = value else { return Ok(qual.strategy == IsNull) };
        let order = match qual.strategy {
            IsNull => return Ok(false),
            IsNotNull => return Ok(true),
            _ => compare_stored(&index.desc.attrs[qual.column], value, &qual.stored)?,
        };
        let order = if index.keys[qual.column].descending { order.reverse() } else { order };
        Ok(match qual.strategy {
            Less => order == Ordering::Less,
            LessEqual => order != Ordering::Greater,
            GreaterEqual => order != Ordering::Less,
            Greater => order == Ordering::Greater,
            _ => order == Ordering::Equal,
        })
    }
}
