//! Arrays: their shape, their elements, searching, arrays from texts and back.

use super::table::{Code, Entry};
use super::{FnCtx, RowIter};
use crate::ids::{Error, Result, sqlstate};
use crate::types::array::{self, Array};
use crate::types::{Datum, TypeId, equal, write_output};
use Code::{Nulls, Rows, Strict};
use TypeId::{AnyArray, AnyCompatible, AnyCompatibleArray, AnyElement, Bool, Int4, Int4Array, Text};

pub(super) static TABLE: &[Entry] = &[
    (
        "array_append",
        &[AnyCompatibleArray, AnyCompatible],
        AnyCompatibleArray,
        Nulls(|_, a| crate::types::array_ops::append(&of(&a[0], &a[1]), &a[1])),
    ),
    (
        "array_prepend",
        &[AnyCompatible, AnyCompatibleArray],
        AnyCompatibleArray,
        Nulls(|_, a| crate::types::array_ops::prepend(&a[0], &of(&a[1], &a[0]))),
    ),
    (
        "array_cat",
        &[AnyCompatibleArray, AnyCompatibleArray],
        AnyCompatibleArray,
        Nulls(|_, a| crate::types::array_ops::cat(&a[0], &a[1])),
    ),
    ("array_length", &[AnyArray, Int4], Int4, Strict(|_, a| bound(a, |dim| dim.len))),
    ("array_lower", &[AnyArray, Int4], Int4, Strict(|_, a| bound(a, |dim| dim.lower))),
    ("array_upper", &[AnyArray, Int4], Int4, Strict(|_, a| bound(a, |dim| dim.lower + dim.len - 1))),
    (
        "array_ndims",
        &[AnyArray],
        Int4,
        Strict(|_, a| {
            let dims = a[0].as_array()?.dims.len();
            Ok(if dims == 0 { Datum::Null } else { Datum::Int4(dims as i32) })
        }),
    ),
    (
        "array_dims",
        &[AnyArray],
        Text,
        Strict(|_, a| {
            let dims = &a[0].as_array()?.dims;
            let shown = dims.iter().map(|dim| format!("[{}:{}]", dim.lower, dim.lower + dim.len - 1));
            Ok(if dims.is_empty() { Datum::Null } else { Datum::text(shown.collect::<String>()) })
        }),
    ),
    ("cardinality", &[AnyArray], Int4, Strict(|_, a| Ok(Datum::Int4(a[0].as_array()?.items.len() as i32)))),
    ("array_position", &[AnyCompatibleArray, AnyCompatible], Int4, Nulls(position)),
    ("array_position", &[AnyCompatibleArray, AnyCompatible, Int4], Int4, Nulls(position)),
    (
        "array_positions",
        &[AnyCompatibleArray, AnyCompatible],
        Int4Array,
        Nulls(|_, a| match &a[0] {
            Datum::Null => Ok(Datum::Null),
            found => {
                let places = array::positions(found.as_array()?, &a[1])?;
                Ok(Datum::array(Int4, places.into_iter().map(Datum::Int4).collect::<Vec<_>>()))
            }
        }),
    ),
    ("array_remove", &[AnyCompatibleArray, AnyCompatible], AnyCompatibleArray, Nulls(remove)),
    ("array_replace", &[AnyCompatibleArray, AnyCompatible, AnyCompatible], AnyCompatibleArray, Nulls(replace)),
    ("array_fill", &[AnyElement, Int4Array], AnyArray, Nulls(fill)),
    ("array_fill", &[AnyElement, Int4Array, Int4Array], AnyArray, Nulls(fill)),
    ("trim_array", &[AnyArray, Int4], AnyArray, Strict(trim)),
    ("array_to_string", &[AnyArray, Text], Text, Nulls(to_string)),
    ("array_to_string", &[AnyArray, Text, Text], Text, Nulls(to_string)),
    (
        "unnest",
        &[AnyArray],
        AnyElement,
        Rows(|a| {
            let array = a[0].as_array()?.clone();
            Ok(Box::new((0..array.items.len()).map(move |at| Ok(vec![array.items[at].clone()]))) as RowIter)
        }),
    ),
    ("generate_subscripts", &[AnyArray, Int4], Int4, Rows(subscripts)),
    ("generate_subscripts", &[AnyArray, Int4, Bool], Int4, Rows(subscripts)),
];

/// An array, which is an empty one where it is NULL.
fn of(value: &Datum, item: &Datum) -> Datum {
    match value {
        Datum::Null => Array::empty(item.element_type()).datum(),
        value => value.clone(),
    }
}

fn bound(args: &[Datum], of: fn(array::Dim) -> i32) -> Result<Datum> {
    let dim = args[0].as_array()?.dim(args[1].as_int()?);
    Ok(dim.map_or(Datum::Null, |dim| Datum::Int4(of(dim))))
}

fn position(_: &FnCtx, args: &[Datum]) -> Result<Datum> {
    if args[0].is_null() {
        return Ok(Datum::Null);
    }
    let from = match args.get(2) {
        Some(Datum::Null) => {
            return Err(Error::new(sqlstate::NULL_VALUE_NOT_ALLOWED, "initial position must not be null"));
        }
        from => from.map_or(Ok(i64::MIN), Datum::as_int)?,
    };
    let places = array::positions(args[0].as_array()?, &args[1])?;
    Ok(places.into_iter().find(|place| i64::from(*place) >= from).map_or(Datum::Null, Datum::Int4))
}

fn same(a: &Datum, b: &Datum) -> Result<bool> {
    match (a.is_null(), b.is_null()) {
        (false, false) => equal(a, b),
        (a, b) => Ok(a && b),
    }
}

fn remove(_: &FnCtx, args: &[Datum]) -> Result<Datum> {
    if args[0].is_null() {
        return Ok(Datum::Null);
    }
    let array = args[0].as_array()?;
    if array.dims.len() > 1 {
        return Err(Error::unsupported("removing elements from multidimensional arrays"));
    }
    let mut items = Vec::new();
    for item in &array.items {
        if !same(item, &args[1])? {
            items.push(item.clone());
        }
    }
    Ok(Array::new(array.elem, items).datum())
}

fn replace(_: &FnCtx, args: &[Datum]) -> Result<Datum> {
    if args[0].is_null() {
        return Ok(Datum::Null);
    }
    let mut array = (**args[0].as_array()?).clone();
    for item in &mut array.items {
        if same(item, &args[1])? {
            *item = args[2].clone();
        }
    }
    Ok(array.datum())
}

fn fill(_: &FnCtx, args: &[Datum]) -> Result<Datum> {
    let null = || Error::new(sqlstate::NULL_VALUE_NOT_ALLOWED, "dimension array or low bound array cannot be null");
    let numbers = |value: &Datum| -> Result<Vec<i64>> {
        if value.is_null() { Err(null()) } else { value.as_array()?.items.iter().map(Datum::as_int).collect() }
    };
    let lowers = args.get(2).map(numbers).transpose()?;
    array::fill(args[0].element_type(), &args[0], &numbers(&args[1])?, lowers.as_deref()).map(Array::datum)
}

fn trim(_: &FnCtx, args: &[Datum]) -> Result<Datum> {
    let (array, n) = (args[0].as_array()?, args[1].as_int()?);
    let length = array.dims.first().map_or(0, |dim| i64::from(dim.len));
    if !(0..=length).contains(&n) {
        let message = format!("number of elements to trim must be between 0 and {length}");
        return Err(Error::new(sqlstate::ARRAY_SUBSCRIPT_ERROR, message));
    }
    let last = array.dims.first().map_or(0, |dim| i64::from(dim.lower) + length - n - 1);
    Ok(array::slice(array, &[(None, Some(last))]).datum())
}

fn to_string(_: &FnCtx, args: &[Datum]) -> Result<Datum> {
    let (Datum::Array(array), Datum::Text(mark)) = (&args[0], &args[1]) else { return Ok(Datum::Null) };
    let null = args.get(2).filter(|text| !text.is_null()).map(Datum::as_str).transpose()?;
    let mut out = String::new();
    let mut first = true;
    for item in &array.items {
        if item.is_null() && null.is_none() {
            continue;
        }
        if !first {
            out.push_str(mark);
        }
        first = false;
        match (item, null) {
            (Datum::Null, Some(null)) => out.push_str(null),
            (item, _) => write_output(&mut out, item, array.elem),
        }
    }
    Ok(Datum::text(out))
}

/// The parts of a text between a mark: its characters where the mark is NULL. A part that is the third argument is NULL.
pub(super) fn string_to_array(_: &FnCtx, args: &[Datum]) -> Result<Datum> {
    if args[0].is_null() {
        return Ok(Datum::Null);
    }
    let text = args[0].as_str()?;
    let null = args.get(2).filter(|text| !text.is_null()).map(Datum::as_str).transpose()?;
    let parts: Vec<String> = match &args[1] {
        _ if text.is_empty() => vec![],
        Datum::Null => text.chars().map(|c| c.to_string()).collect(),
        mark if mark.as_str()?.is_empty() => vec![text.to_string()],
        mark => text.split(mark.as_str()?).map(str::to_string).collect(),
    };
    let item = |part: String| if null == Some(part.as_str()) { Datum::Null } else { Datum::text(part) };
    Ok(Datum::array(Text, parts.into_iter().map(item).collect::<Vec<_>>()))
}

fn subscripts(args: &[Datum]) -> Result<RowIter> {
    let Some(dim) = args[0].as_array()?.dim(args[1].as_int()?) else { return Ok(Box::new(std::iter::empty())) };
    let backwards = args.get(2).is_some_and(Datum::is_true);
    let place = move |at: i32| if backwards { dim.lower + dim.len - 1 - at } else { dim.lower + at };
    Ok(Box::new((0..dim.len).map(move |at| Ok(vec![Datum::Int4(place(at))]))))
}
