//! Arrays: rows of values of one type, of any number of dimensions.
//!
//! ```text
//!   {{1,2,3},{4,5,6}}     dims (2 from 1) (3 from 1)     items 1 2 3 4 5 6, the last dimension runs fastest
//!   {}                    no dimensions, no items
//! ```
//!
//! The vector types of the catalogs are arrays of one dimension that are counted from 0 and shown without braces.

mod join;
mod subscript;
mod text;

use super::{Datum, TypeId};
use crate::ids::{Error, Result, sqlstate};

pub use join::{append, cat, contains, fill, overlaps, positions, prepend};
pub use subscript::{element, slice};
pub(super) use text::{array_in, write_array};

/// `MAXDIM`
pub(crate) const MAX_DIMS: usize = 6;
/// `MaxArraySize`: so many items, and none is found in any memory.
const MAX_ITEMS: usize = 134_217_727;

/// One dimension.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Dim {
    /// How many there are.
    pub len: i32,
    /// The subscript of the first.
    pub lower: i32,
}

/// An array.
#[derive(Clone, PartialEq, Debug)]
pub struct Array {
    /// The type of the elements.
    pub elem: TypeId,
    /// The dimensions; none of an empty array.
    pub dims: Vec<Dim>,
    /// The elements.
    pub items: Vec<Datum>,
}

impl Array {
    /// Of one dimension, counted from 1; of none if it is empty.
    pub fn new(elem: TypeId, items: Vec<Datum>) -> Array {
        let dims = if items.is_empty() { vec![] } else { vec![Dim { len: items.len() as i32, lower: 1 }] };
        Array { elem, dims, items }
    }

    /// Of these dimensions; `54000` if that is too much.
    pub fn shaped(elem: TypeId, dims: Vec<Dim>, items: Vec<Datum>) -> Array {
        if items.is_empty() { Array::new(elem, items) } else { Array { elem, dims, items } }
    }

    /// An empty one.
    pub fn empty(elem: TypeId) -> Array {
        Array::new(elem, vec![])
    }

    /// The value.
    pub fn datum(self) -> Datum {
        Datum::Array(std::rc::Rc::new(self))
    }

    /// The dimension, counted from 1.
    pub fn dim(&self, number: i64) -> Option<Dim> {
        usize::try_from(number - 1).ok().and_then(|at| self.dims.get(at).copied())
    }
}

/// How many items such dimensions hold; `54000` if that is more than there can be.
pub(crate) fn count(dims: &[Dim]) -> Result<usize> {
    let product = dims.iter().try_fold(1usize, |product, dim| product.checked_mul(dim.len.max(0) as usize));
    product.filter(|count| *count <= MAX_ITEMS).ok_or_else(|| {
        let message = format!("array size exceeds the maximum allowed ({MAX_ITEMS})");
        Error::new(sqlstate::PROGRAM_LIMIT_EXCEEDED, message)
    })
}

/// `54000`
pub(crate) fn too_many_dimensions(wanted: usize) -> Error {
    let message = format!("number of array dimensions ({wanted}) exceeds the maximum allowed ({MAX_DIMS})");
    Error::new(sqlstate::PROGRAM_LIMIT_EXCEEDED, message)
}

/// `ARRAY[a, b]` over arrays: one dimension more. `2202E` if they are not alike.
pub fn nest(elem: TypeId, parts: &[Datum]) -> Result<Datum> {
    let mut dims: Option<&[Dim]> = None;
    let mut items = Vec::new();
    let mut empty = 0;
    for part in parts {
        match part {
            Datum::Array(part) if !part.items.is_empty() => {
                if dims.is_some_and(|dims| dims != part.dims) {
                    empty = usize::MAX;
                    break;
                }
                dims = Some(&part.dims);
                items.extend_from_slice(&part.items);
            }
            _ => empty += 1,
        }
    }
    let Some(inner) = dims else { return Ok(Array::empty(elem).datum()) };
    if empty > 0 {
        let message = "multidimensional arrays must have array expressions with matching dimensions";
        return Err(Error::new(sqlstate::ARRAY_SUBSCRIPT_ERROR, message));
    }
    if inner.len() >= MAX_DIMS {
        return Err(too_many_dimensions(inner.len() + 1));
    }
    let mut dims = vec![Dim { len: parts.len() as i32, lower: 1 }];
    dims.extend_from_slice(inner);
    Ok(Array::shaped(elem, dims, items).datum())
}
