//! One element of an array, or a part of it.

use super::super::Datum;
use super::{Array, Dim};

/// `array_get_element`: NULL outside of the bounds, and where the number of subscripts is another one than that of the
/// dimensions.
pub fn element(array: &Array, subscripts: &[i64]) -> Datum {
    if subscripts.len() != array.dims.len() {
        return Datum::Null;
    }
    let mut at = 0;
    for (dim, subscript) in array.dims.iter().zip(subscripts) {
        let place = subscript - i64::from(dim.lower);
        if !(0..i64::from(dim.len)).contains(&place) {
            return Datum::Null;
        }
        at = at * dim.len as usize + place as usize;
    }
    array.items.get(at).cloned().unwrap_or_default()
}

/// `array_get_slice`: what lies between the bounds, which are cut to the array's; counted from 1. Dimensions that are
/// not said are taken whole.
pub fn slice(array: &Array, bounds: &[(Option<i64>, Option<i64>)]) -> Array {
    if bounds.len() > array.dims.len() {
        return Array::empty(array.elem);
    }
    let mut parts = Vec::with_capacity(array.dims.len());
    for (at, dim) in array.dims.iter().enumerate() {
        let (first, last) = (i64::from(dim.lower), i64::from(dim.lower) + i64::from(dim.len) - 1);
        let (from, to) = bounds.get(at).copied().unwrap_or((None, None));
        let (from, to) = (from.unwrap_or(first).max(first), to.unwrap_or(last).min(last));
        if from > to {
            return Array::empty(array.elem);
        }
        parts.push(((from - first) as usize, (to - first + 1) as usize));
    }
    let mut items = Vec::new();
    collect(array, &parts, 0, 0, &mut items);
    let dims = parts.iter().map(|(from, to)| Dim { len: (to - from) as i32, lower: 1 }).collect();
    Array::shaped(array.elem, dims, items)
}

fn collect(array: &Array, parts: &[(usize, usize)], level: usize, base: usize, items: &mut Vec<Datum>) {
    let Some((from, to)) = parts.get(level) else { return items.extend(array.items.get(base).cloned()) };
    for place in *from..*to {
        collect(array, parts, level + 1, base * array.dims[level].len as usize + place, items);
    }
}
