//! Order and equality: what `=`, `<`, ORDER BY, min and max go by.

use std::cmp::Ordering;

use super::Datum;
use crate::ids::{Error, Result};

/// The order of two values of kinds that compare; neither is NULL. Integers of all widths compare with each other,
/// floating-point numbers of both, texts with names (byte by byte, as locale C does).
pub fn compare(a: &Datum, b: &Datum) -> Result<Ordering> {
    use Datum::*;
    Ok(match (a, b) {
        (Int4(a), Int4(b)) => a.cmp(b),
        (Int8(a), Int8(b)) => a.cmp(b),
        (Int2(_) | Int4(_) | Int8(_), Int2(_) | Int4(_) | Int8(_)) => a.as_int()?.cmp(&b.as_int()?),
        (Numeric(a), Numeric(b)) => a.compare(b),
        (Text(a) | Name(a), Text(b) | Name(b)) => a.as_bytes().cmp(b.as_bytes()),
        (Bool(a), Bool(b)) => a.cmp(b),
        (TimestampTz(a), TimestampTz(b)) => a.cmp(b),
        (Float4(_) | Float8(_), Float4(_) | Float8(_)) => compare_floats(a.as_float()?, b.as_float()?),
        (Oid(a), Oid(b)) => a.cmp(b),
        (Xid(a), Xid(b)) => a.cmp(b),
        // xid = integer
        (Xid(a), Int4(b)) => a.0.cmp(&(*b as u32)),
        (Cid(a), Cid(b)) => a.cmp(b),
        (Tid(a), Tid(b)) => a.cmp(b),
        (PgLsn(a), PgLsn(b)) => a.cmp(b),
        (Bytea(a), Bytea(b)) => a.cmp(b),
        (Char(a), Char(b)) => a.cmp(b),
        (Interval(a), Interval(b)) => a.span().cmp(&b.span()),
        (Array { items: a, .. }, Array { items: b, .. }) => compare_arrays(a, b)?,
        _ => return Err(b.unexpected("a value that compares with the other")),
    })
}

/// NaN equals itself and is greater than all; 0 equals -0.
fn compare_floats(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
}

/// Element by element, NULL being greatest, then the shorter first.
fn compare_arrays(a: &[Datum], b: &[Datum]) -> Result<Ordering> {
    for (a, b) in a.iter().zip(b) {
        let order = compare_nulls_last(a, b)?;
        if order.is_ne() {
            return Ok(order);
        }
    }
    Ok(a.len().cmp(&b.len()))
}

/// The order of ORDER BY ... ASC without NULLS FIRST: NULL comes last, and NULLs are alike.
pub fn compare_nulls_last(a: &Datum, b: &Datum) -> Result<Ordering> {
    match (a.is_null(), b.is_null()) {
        (false, false) => compare(a, b),
        (a, b) => Ok(a.cmp(&b)),
    }
}

/// Whether two values that are not NULL are equal; other kinds of values are a defect of the caller.
pub fn equal(a: &Datum, b: &Datum) -> Result<bool, Error> {
    compare(a, b).map(Ordering::is_eq)
}
