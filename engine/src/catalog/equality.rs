//! The equality operators of B-tree families, which pg_constraint names for a foreign key.

use crate::ids::Oid;
use crate::types::{CastContext, TypeId, find_cast};

/// The operator `=` of the family between these types; as key columns, whatever is written as text is a text.
fn operator(left: TypeId, right: TypeId) -> Option<Oid> {
    use TypeId::*;
    // Source: pg_amop of 15.18.
    let oid = match (left, right) {
        (Bool, Bool) => 91,
        (Char, Char) => 92,
        (Name, Name) => 93,
        (Int2, Int2) => 94,
        (Int4, Int4) => 96,
        (Int8, Int8) => 410,
        (Int4, Int8) => 15,
        (Int8, Int4) => 416,
        (Int2, Int4) => 532,
        (Int4, Int2) => 533,
        (Int2, Int8) => 1862,
        (Int8, Int2) => 1868,
        (Text | Varchar, Text | Varchar) => 98,
        (Name, Text) => 254,
        (Text, Name) => 260,
        (Tid, Tid) => 387,
        (TypeId::Oid, TypeId::Oid) => 607,
        (Float4, Float4) => 620,
        (Float8, Float8) => 670,
        (Float4, Float8) => 1120,
        (Float8, Float4) => 1130,
        (TimestampTz, TimestampTz) => 1320,
        (Interval, Interval) => 1330,
        (Numeric, Numeric) => 1752,
        (Bytea, Bytea) => 1955,
        (PgLsn, PgLsn) => 3222,
        (left, right) if left == right && left.is_array() => 1070,
        _ => return None,
    };
    Some(crate::ids::Oid(oid))
}

/// The operators between key and reference, between keys, between references; none if they cannot be compared. What has
/// no operator of its own with the key may become one of its kind by itself.
pub(super) fn equality(key: TypeId, reference: TypeId) -> Option<[Oid; 3]> {
    let keys = operator(key, key)?;
    if let (Some(both), Some(references)) = (operator(key, reference), operator(reference, reference)) {
        return Some([both, keys, references]);
    }
    let implicit = find_cast(reference, key).is_some_and(|cast| cast.context <= CastContext::Implicit);
    implicit.then_some([keys, keys, keys])
}
