//! Values of other types as JSON: `to_json`, `to_jsonb` and what builds on them.

use super::super::{Datum, TypeId, datetime, output};
use super::{Json, write, write_string};
use crate::ids::{Result, TimestampTz};

/// A number as JSON has it; NaN and the infinities are strings there.
fn number_text(value: &Datum, ty: TypeId) -> Option<String> {
    match value {
        Datum::Int2(_) | Datum::Int4(_) | Datum::Int8(_) => Some(output(value, ty)),
        Datum::Numeric(n) if n.is_finite() => Some(output(value, ty)),
        Datum::Float4(v) if v.is_finite() => Some(output(value, ty)),
        Datum::Float8(v) if v.is_finite() => Some(output(value, ty)),
        _ => None,
    }
}

/// Any other scalar as the text in the string: times as ISO 8601 has them.
fn string_text(value: &Datum, ty: TypeId) -> String {
    match value {
        Datum::Date(days) => datetime::json_date(*days),
        Datum::Timestamp(TimestampTz(micros)) => datetime::json_timestamp(*micros, false),
        Datum::TimestampTz(TimestampTz(micros)) => datetime::json_timestamp(*micros, true),
        value => output(value, ty),
    }
}

/// `to_jsonb`
pub fn from_datum(value: &Datum, ty: TypeId) -> Result<Json> {
    Ok(match value {
        Datum::Null => Json::Null,
        Datum::Bool(value) => Json::Bool(*value),
        Datum::Jsonb(value) => (**value).clone(),
        Datum::Json(text) => super::read_jsonb(text)?,
        Datum::Array(array) if ty.is_array() => {
            let mut items = array.items.iter();
            let convert = &mut |item: &Datum| from_datum(item, array.elem);
            let lengths: Vec<i32> = array.dims.iter().map(|dim| dim.len).collect();
            nested(&lengths, &mut items, convert)?
        }
        value => match number_text(value, ty) {
            Some(text) => Json::Number(text.parse()?),
            None => Json::String(string_text(value, ty).into()),
        },
    })
}

fn nested(
    lengths: &[i32],
    items: &mut std::slice::Iter<'_, Datum>,
    convert: &mut dyn FnMut(&Datum) -> Result<Json>,
) -> Result<Json> {
    let Some((len, inner)) = lengths.split_first() else { return Ok(Json::Array(vec![])) };
    let mut parts = Vec::new();
    for _ in 0..*len {
        match (inner, items.as_slice().first()) {
            ([], Some(item)) => {
                parts.push(convert(item)?);
                items.next();
            }
            ([], None) => {}
            _ => parts.push(nested(inner, items, convert)?),
        }
    }
    Ok(Json::Array(parts))
}

/// `to_json`: appends the text.
pub fn json_text(out: &mut String, value: &Datum, ty: TypeId) {
    match value {
        Datum::Null => out.push_str("null"),
        Datum::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Datum::Json(text) => out.push_str(text),
        Datum::Jsonb(value) => write(out, value),
        Datum::Array(array) if ty.is_array() => {
            let lengths: Vec<i32> = array.dims.iter().map(|dim| dim.len).collect();
            nested_text(out, &lengths, &mut array.items.iter(), array.elem);
        }
        value => match number_text(value, ty) {
            Some(text) => out.push_str(&text),
            None => write_string(out, &string_text(value, ty)),
        },
    }
}

fn nested_text(out: &mut String, lengths: &[i32], items: &mut std::slice::Iter<'_, Datum>, elem: TypeId) {
    out.push('[');
    if let Some((len, inner)) = lengths.split_first() {
        for at in 0..*len {
            if at > 0 {
                out.push(',');
            }
            if !inner.is_empty() {
                nested_text(out, inner, items, elem);
            } else if let Some(item) = items.next() {
                json_text(out, item, elem);
            }
        }
    }
    out.push(']');
}
