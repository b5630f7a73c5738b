//! Arrays joined, searched and compared as sets.

use super::super::{Datum, TypeId, equal};
use super::{Array, Dim, MAX_DIMS, count, too_many_dimensions};
use crate::ids::{Error, Result, sqlstate};
use std::rc::Rc;

/// `array_append`
pub fn append(array: &Array, item: Datum) -> Result<Array> {
    push(array, item, false)
}

/// `array_prepend`: the first subscript stays what it was.
pub fn prepend(item: Datum, array: &Array) -> Result<Array> {
    push(array, item, true)
}

fn push(array: &Array, item: Datum, front: bool) -> Result<Array> {
    let dim = match array.dims[..] {
        [] => Dim { len: 0, lower: 1 },
        [dim] => dim,
        _ => {
            let message = "argument must be empty or one-dimensional array";
            return Err(Error::new(sqlstate::DATA_EXCEPTION, message));
        }
    };
    let mut items = array.items.clone();
    items.insert(if front { 0 } else { items.len() }, item);
    Ok(Array { elem: array.elem, dims: vec![Dim { len: dim.len + 1, ..dim }], items })
}

/// `array_cat`: one behind the other, or a row behind a table of rows.
pub fn cat(left: &Rc<Array>, right: &Rc<Array>) -> Result<Rc<Array>> {
    let refuse = |detail: &str| {
        Err(Error::new(sqlstate::ARRAY_SUBSCRIPT_ERROR, "cannot concatenate incompatible arrays")
            .detail(detail.to_string()))
    };
    let (l, r) = (&left.dims, &right.dims);
    if l.is_empty() || r.is_empty() {
        return Ok(if l.is_empty() { right.clone() } else { left.clone() });
    }
    let different = "Arrays with differing element dimensions are not compatible for concatenation.";
    let dims = if l.len() == r.len() {
        if l[1..] != r[1..] {
            return refuse(different);
        }
        let mut dims = l.clone();
        dims[0].len += r[0].len;
        dims
    } else if l.len() == r.len() + 1 || l.len() + 1 == r.len() {
        let (outer, inner) = if l.len() > r.len() { (l, r) } else { (r, l) };
        if outer[1..] != inner[..] {
            return refuse("Arrays with differing dimensions are not compatible for concatenation.");
        }
        let mut dims = outer.clone();
        dims[0].len += 1;
        dims
    } else {
        let detail = format!(
            "Arrays of {} and {} dimensions are not compatible for concatenation.",
            left.dims.len(),
            right.dims.len()
        );
        return refuse(&detail);
    };
    let items = left.items.iter().chain(&right.items).cloned().collect();
    Ok(Rc::new(Array { elem: left.elem, dims, items }))
}

/// Whether every element of the second is in the first; a NULL is in none.
pub fn contains(all: &Array, some: &Array) -> Result<bool> {
    for wanted in &some.items {
        if !holds(all, wanted)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether they have an element in common.
pub fn overlaps(a: &Array, b: &Array) -> Result<bool> {
    for wanted in &b.items {
        if holds(a, wanted)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn holds(array: &Array, wanted: &Datum) -> Result<bool> {
    for item in &array.items {
        if !item.is_null() && !wanted.is_null() && equal(item, wanted)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The subscripts where the element is; a NULL is found too.
pub fn positions(array: &Array, wanted: &Datum) -> Result<Vec<i32>> {
    if array.dims.len() > 1 {
        return Err(Error::unsupported("searching for elements in multidimensional arrays"));
    }
    let lower = array.dims.first().map_or(1, |dim| dim.lower);
    let mut found = Vec::new();
    for (at, item) in array.items.iter().enumerate() {
        let same = match (item.is_null(), wanted.is_null()) {
            (false, false) => equal(item, wanted)?,
            (a, b) => a && b,
        };
        if same {
            found.push(lower + at as i32);
        }
    }
    Ok(found)
}

/// `array_fill`
pub fn fill(elem: TypeId, value: &Datum, lengths: &[i64], lowers: Option<&[i64]>) -> Result<Array> {
    if lengths.len() > MAX_DIMS {
        return Err(too_many_dimensions(lengths.len()));
    }
    if lowers.is_some_and(|lowers| lowers.len() != lengths.len()) {
        return Err(Error::new(sqlstate::ARRAY_SUBSCRIPT_ERROR, "wrong number of array subscripts")
            .detail("Low bound array has different size than dimensions array.".to_string()));
    }
    let dim = |(at, len): (usize, &i64)| Dim {
        len: *len as i32,
        lower: lowers.and_then(|lowers| lowers.get(at)).map_or(1, |lower| *lower as i32),
    };
    let dims: Vec<Dim> = lengths.iter().enumerate().map(dim).collect();
    let items = if dims.is_empty() { 0 } else { count(&dims)? };
    Ok(Array::shaped(elem, dims, vec![value.clone(); items]))
}
