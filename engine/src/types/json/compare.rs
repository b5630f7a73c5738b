//! The order of jsonb values, by which they are sorted and indexed.

use super::Json;
use std::cmp::Ordering;

/// Objects are greatest, then arrays, booleans, numbers, strings, null. Of two arrays or objects the longer one is the
/// greater; only then it matters what is in them. A scalar that stands alone counts as an array of one element, and is
/// less than a true one; so an empty array is less than it.
pub fn compare(a: &Json, b: &Json) -> Ordering {
    match (a, b) {
        (Json::Array(items), b) if b.is_scalar() => items.len().cmp(&1).then(Ordering::Greater),
        (a, Json::Array(items)) if a.is_scalar() => 1.cmp(&items.len()).then(Ordering::Less),
        _ => inside(a, b),
    }
}

fn rank(value: &Json) -> u8 {
    match value {
        Json::Null => 0,
        Json::String(_) => 1,
        Json::Number(_) => 2,
        Json::Bool(_) => 3,
        Json::Array(_) => 4,
        Json::Object(_) => 5,
    }
}

fn inside(a: &Json, b: &Json) -> Ordering {
    match (a, b) {
        (Json::String(a), Json::String(b)) => a.as_bytes().cmp(b.as_bytes()),
        (Json::Number(a), Json::Number(b)) => a.compare(b),
        (Json::Bool(a), Json::Bool(b)) => a.cmp(b),
        (Json::Array(a), Json::Array(b)) => {
            let pairs = a.iter().zip(b).map(|(a, b)| inside(a, b));
            a.len().cmp(&b.len()).then_with(|| first_difference(pairs))
        }
        (Json::Object(a), Json::Object(b)) => {
            let pairs =
                a.iter().zip(b).map(|((a, av), (b, bv))| a.as_bytes().cmp(b.as_bytes()).then_with(|| inside(av, bv)));
            a.len().cmp(&b.len()).then_with(|| first_difference(pairs))
        }
        _ => rank(a).cmp(&rank(b)),
    }
}

fn first_difference(mut orders: impl Iterator<Item = Ordering>) -> Ordering {
    orders.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}
