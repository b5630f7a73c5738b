//! Values in short: a number for each in whose order the values are.
//!
//! Of whole numbers it is the value itself, of texts the first eight bytes. A smaller number means a smaller value; the same
//! number means that the values must be compared, unless the type has no more than what the number tells.
//!
//! PostgreSQL: abbreviated keys, `utils/sort/sortsupport.c`; there they are worth it for texts only in locale C, as here.

use super::disk::payload;
use super::{Attr, TypeId};
use crate::storage::bytes::*;
use crate::storage::varlena;

/// The number of a stored value.
pub fn abbreviate(attr: &Attr, stored: &[u8]) -> u64 {
    if stored.len() < attr.attlen.max(1) as usize {
        return 0;
    }
    match attr.type_id {
        TypeId::Int2 => signed(i64::from(get_i16(stored, 0))),
        TypeId::Int4 => signed(i64::from(get_i32(stored, 0))),
        TypeId::Int8 | TypeId::TimestampTz => signed(get_i64(stored, 0)),
        TypeId::Oid | TypeId::Regclass | TypeId::Regproc | TypeId::Regtype => u64::from(get_u32(stored, 0)),
        TypeId::Float4 => float(f64::from(get_f32(stored, 0))),
        TypeId::Float8 => float(get_f64(stored, 0)),
        TypeId::Bool | TypeId::Char => u64::from(stored[0]),
        TypeId::Name => first_bytes(stored),
        TypeId::Text | TypeId::Varchar | TypeId::Bytea if varlena::is_compressed(stored) => {
            varlena::raw_payload(stored).map_or(0, |payload| first_bytes(&payload))
        }
        TypeId::Text | TypeId::Varchar | TypeId::Bytea => first_bytes(payload(stored)),
        _ => 0,
    }
}

/// Whether equal numbers mean equal values.
pub fn is_exact(type_id: TypeId) -> bool {
    use TypeId::*;
    matches!(
        type_id,
        Int2 | Int4 | Int8 | TimestampTz | Oid | Regclass | Regproc | Regtype | Float4 | Float8 | Bool | Char
    )
}

fn signed(value: i64) -> u64 {
    value as u64 ^ 1 << 63
}

/// NaN is greater than all, and 0 equals -0.
fn float(value: f64) -> u64 {
    let bits = if value == 0.0 { 0 } else { value.to_bits() };
    match value {
        _ if value.is_nan() => u64::MAX,
        _ if bits >> 63 == 1 => !bits,
        _ => bits | 1 << 63,
    }
}

fn first_bytes(bytes: &[u8]) -> u64 {
    let mut first = [0; 8];
    let len = bytes.len().min(8);
    first[..len].copy_from_slice(&bytes[..len]);
    u64::from_be_bytes(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Datum;
    use crate::types::compare::compare;
    use crate::types::index_key::stored;

    #[test]
    fn numbers_are_in_the_order_of_the_values() {
        let floats = [f64::NEG_INFINITY, -2.5, -0.0, 0.0, 1e-300, 2.5, f64::INFINITY, f64::NAN].map(Datum::Float8);
        let ints = [i32::MIN, -1, 0, 1, i32::MAX].map(Datum::Int4);
        let texts = ["", "a", "a\u{1}", "ab", "abcdefgh", "abcdefghi", "b", "ü"].map(Datum::text);
        let all: [(TypeId, &[Datum]); 3] = [(TypeId::Float8, &floats), (TypeId::Int4, &ints), (TypeId::Text, &texts)];
        for (type_id, values) in all {
            let attr = Attr::new("", type_id);
            let short = |value: &Datum| abbreviate(&attr, &stored(&attr, value).unwrap());
            for a in values {
                for b in values {
                    let (by_number, by_value) = (short(a).cmp(&short(b)), compare(a, b).unwrap());
                    assert!(by_number == by_value || by_number.is_eq() && !is_exact(type_id), "{a:?} {b:?}");
                }
            }
        }
    }
}
