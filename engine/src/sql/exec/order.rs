//! The order of rows by sort keys.

use super::super::bound::SortKey;
use super::rows::Rows;
use crate::ids::{Error, Result};
use crate::small;
use crate::types::{Datum, compare};
use std::cmp::Ordering;

/// How two rows stand to each other.
pub(super) fn compare_rows(keys: &[SortKey], a: &[Datum], b: &[Datum]) -> Result<Ordering> {
    for key in keys {
        let order = compare_values(&a[key.slot], &b[key.slot], key.descending, key.nulls_first)?;
        if order.is_ne() {
            return Ok(order);
        }
    }
    Ok(Ordering::Equal)
}

/// How two values stand to each other.
pub(super) fn compare_values(a: &Datum, b: &Datum, descending: bool, nulls_first: bool) -> Result<Ordering> {
    match (a.is_null(), b.is_null()) {
        (true, true) => Ok(Ordering::Equal),
        (true, false) if nulls_first => Ok(Ordering::Less),
        (true, false) => Ok(Ordering::Greater),
        (false, true) if nulls_first => Ok(Ordering::Greater),
        (false, true) => Ok(Ordering::Less),
        (false, false) if descending => compare(b, a),
        (false, false) => compare(a, b),
    }
}

/// In which order rows come; those that are alike stay as they came.
pub(super) fn sorted(keys: &[SortKey], rows: &Rows) -> Result<Vec<u32>> {
    let mut places: Vec<u32> = (0..rows.len() as u32).collect();
    let mut failed: Option<Error> = None;
    small::sort_by(&mut places, |a, b| {
        compare_rows(keys, rows.row(*a as usize), rows.row(*b as usize)).unwrap_or_else(|error| {
            failed.get_or_insert(error);
            Ordering::Equal
        })
    });
    failed.map_or(Ok(places), Err)
}
