//! The functions behind the operators of arrays. The three that join are not strict: a NULL is no array, or an element.

use super::{Array, Datum, array};
use crate::ids::Result;

/// `array || array`
pub fn cat(a: &Datum, b: &Datum) -> Result<Datum> {
    match (a, b) {
        (Datum::Null, other) | (other, Datum::Null) => Ok(other.clone()),
        (a, b) => array::cat(a.as_array()?, b.as_array()?).map(Datum::Array),
    }
}

/// `array || element`
pub fn append(a: &Datum, b: &Datum) -> Result<Datum> {
    match a {
        // Of what type, is known by the element alone.
        Datum::Null if b.is_null() => Ok(Datum::Null),
        Datum::Null => Ok(Array::new(b.element_type(), vec![b.clone()]).datum()),
        a => array::append(a.as_array()?, b.clone()).map(Array::datum),
    }
}

/// `element || array`
pub fn prepend(a: &Datum, b: &Datum) -> Result<Datum> {
    match b {
        Datum::Null if a.is_null() => Ok(Datum::Null),
        Datum::Null => Ok(Array::new(a.element_type(), vec![a.clone()]).datum()),
        b => array::prepend(a.clone(), b.as_array()?).map(Array::datum),
    }
}

fn both(a: &Datum, b: &Datum, f: fn(&Array, &Array) -> Result<bool>) -> Result<Datum> {
    if a.is_null() || b.is_null() {
        return Ok(Datum::Null);
    }
    f(a.as_array()?, b.as_array()?).map(Datum::Bool)
}

/// `array @> array`
pub fn contains(a: &Datum, b: &Datum) -> Result<Datum> {
    both(a, b, array::contains)
}

/// `array <@ array`
pub fn contained(a: &Datum, b: &Datum) -> Result<Datum> {
    both(b, a, array::contains)
}

/// `array && array`
pub fn overlaps(a: &Datum, b: &Datum) -> Result<Datum> {
    both(a, b, array::overlaps)
}
