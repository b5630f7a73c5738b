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
        (TimestampTz(a), TimestampTz(b)) | (Timestamp(a), Timestamp(b)) => a.cmp(b),
        (Date(a), Date(b)) => a.cmp(b),
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
        (Bpchar(a), Bpchar(b)) => bpchar(a).cmp(bpchar(b)),
        (Time(a), Time(b)) => a.cmp(b),
        (TimeTz(a), TimeTz(b)) => compare_timetz(*a, *b),
        (Uuid(a), Uuid(b)) => a.cmp(b),
        (Xid8(a), Xid8(b)) => a.cmp(b),
        (Jsonb(a), Jsonb(b)) => super::json::compare(a, b),
        (Array(a), Array(b)) => compare_arrays(a, b)?,
        _ => compare_times(a, b)?,
    })
}

/// A `char(n)` without the spaces at its end, which do not count.
fn bpchar(text: &str) -> &[u8] {
    text.trim_end_matches(' ').as_bytes()
}

/// By the moment, then by the zone.
fn compare_timetz(a: super::TimeTz, b: super::TimeTz) -> Ordering {
    let moment = |t: super::TimeTz| t.micros + i64::from(t.zone) * 1_000_000;
    moment(a).cmp(&moment(b)).then_with(|| a.zone.cmp(&b.zone))
}

/// Dates, timestamps and timestamptzs with each other: a date is its midnight, and what has no zone is in the
/// session's.
fn compare_times(a: &Datum, b: &Datum) -> Result<Ordering> {
    use super::datetime::arith::{date_to_timestamp, to_utc};
    use Datum::*;
    // What lies beyond the range of timestamps is beyond all of them.
    let local = |days: i32| date_to_timestamp(days).unwrap_or(if days > 0 { i64::MAX } else { i64::MIN });
    let utc = |local: i64| to_utc(local).unwrap_or(if local > 0 { i64::MAX } else { i64::MIN });
    Ok(match (a, b) {
        (Date(a), Timestamp(b)) => local(*a).cmp(&b.0),
        (Timestamp(a), Date(b)) => a.0.cmp(&local(*b)),
        (Date(a), TimestampTz(b)) => utc(local(*a)).cmp(&b.0),
        (TimestampTz(a), Date(b)) => a.0.cmp(&utc(local(*b))),
        (Timestamp(a), TimestampTz(b)) => utc(a.0).cmp(&b.0),
        (TimestampTz(a), Timestamp(b)) => a.0.cmp(&utc(b.0)),
        _ => return Err(b.unexpected("a value that compares with the other")),
    })
}

/// NaN equals itself and is greater than all; 0 equals -0.
fn compare_floats(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
}

/// Element by element, NULL being greatest, then the shorter first, then by the dimensions.
fn compare_arrays(a: &super::Array, b: &super::Array) -> Result<Ordering> {
    for (a, b) in a.items.iter().zip(&b.items) {
        let order = compare_nulls_last(a, b)?;
        if order.is_ne() {
            return Ok(order);
        }
    }
    let shape = |array: &super::Array| array.dims.iter().map(|dim| (dim.len, dim.lower)).collect::<Vec<_>>();
    let lengths = a.items.len().cmp(&b.items.len()).then_with(|| a.dims.len().cmp(&b.dims.len()));
    Ok(lengths.then_with(|| shape(a).cmp(&shape(b))))
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
