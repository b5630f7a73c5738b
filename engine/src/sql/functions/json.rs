//! json and jsonb: built, looked into, changed.

use super::string::text;
use super::table::{Code, Entry};
use super::{FnCtx, RowIter};
use crate::ids::{Error, Result, sqlstate};
use crate::types::json::{self, Kind};
use crate::types::{Datum, TypeId, json_ops, output};
use Code::{Many, Nulls, Rows, Strict};
use TypeId::{Any, AnyArray, AnyElement, Bool, Int4, Json, Jsonb, Text, TextArray};

pub(super) static TABLE: &[Entry] = &[
    ("to_json", &[AnyElement], Json, Strict(|_, a| json(shown(&a[0])))),
    ("to_jsonb", &[AnyElement], Jsonb, Strict(|_, a| jsonb(json::from_datum(&a[0], a[0].element_type())?))),
    ("array_to_json", &[AnyArray], Json, Strict(|_, a| json(shown(&a[0])))),
    ("json_build_array", &[Any], Json, Many(|_, a| json(list(a)))),
    ("json_build_array", &[], Json, Nulls(|_, _| json("[]".into()))),
    ("json_build_object", &[Any], Json, Many(build_object)),
    ("json_build_object", &[], Json, Nulls(|_, _| json("{}".into()))),
    (
        "jsonb_build_array",
        &[Any],
        Jsonb,
        Many(|_, a| {
            let items = a.iter().map(|value| json::from_datum(value, value.element_type())).collect::<Result<_>>()?;
            jsonb(json::Json::Array(items))
        }),
    ),
    ("jsonb_build_array", &[], Jsonb, Nulls(|_, _| jsonb(json::Json::Array(vec![])))),
    ("jsonb_build_object", &[Any], Jsonb, Many(build_object_b)),
    ("jsonb_build_object", &[], Jsonb, Nulls(|_, _| jsonb(json::Json::Object(vec![])))),
    ("json_object", &[TextArray], Json, Strict(|_, a| json(object_text(&pairs(a)?)))),
    ("json_object", &[TextArray, TextArray], Json, Strict(|_, a| json(object_text(&pairs(a)?)))),
    ("jsonb_object", &[TextArray], Jsonb, Strict(|_, a| object_b(&pairs(a)?))),
    ("jsonb_object", &[TextArray, TextArray], Jsonb, Strict(|_, a| object_b(&pairs(a)?))),
    ("json_typeof", &[Json], Text, Strict(|_, a| text(json::read(a[0].as_str()?, true)?.type_name()))),
    ("jsonb_typeof", &[Jsonb], Text, Strict(|_, a| text(a[0].as_jsonb()?.type_name()))),
    (
        "json_array_length",
        &[Json],
        Int4,
        Strict(|_, a| length(json::read(a[0].as_str()?, true)?.to_jsonb(a[0].as_str()?)?)),
    ),
    ("jsonb_array_length", &[Jsonb], Int4, Strict(|_, a| length((**a[0].as_jsonb()?).clone()))),
    ("json_array_elements", &[Json], Json, Rows(|a| elements(a, false, "json_array_elements"))),
    ("json_array_elements_text", &[Json], Text, Rows(|a| elements(a, true, "json_array_elements_text"))),
    ("jsonb_array_elements", &[Jsonb], Jsonb, Rows(|a| elements_b(a, false))),
    ("jsonb_array_elements_text", &[Jsonb], Text, Rows(|a| elements_b(a, true))),
    ("json_object_keys", &[Json], Text, Rows(|a| keys(json::read(a[0].as_str()?, true)?, "json_object_keys"))),
    ("jsonb_object_keys", &[Jsonb], Text, Rows(keys_b)),
    ("json_extract_path", &[Json, Text], Json, Many(|_, a| extract(a, false))),
    ("json_extract_path_text", &[Json, Text], Text, Many(|_, a| extract(a, true))),
    ("jsonb_extract_path", &[Jsonb, Text], Jsonb, Many(|_, a| extract(a, false))),
    ("jsonb_extract_path_text", &[Jsonb, Text], Text, Many(|_, a| extract(a, true))),
    ("jsonb_set", &[Jsonb, TextArray, Jsonb], Jsonb, Strict(|_, a| set(a, true))),
    ("jsonb_set", &[Jsonb, TextArray, Jsonb, Bool], Jsonb, Strict(|_, a| set(a, a[3].as_bool()?))),
    ("jsonb_insert", &[Jsonb, TextArray, Jsonb], Jsonb, Strict(|_, a| insert(a, false))),
    ("jsonb_insert", &[Jsonb, TextArray, Jsonb, Bool], Jsonb, Strict(|_, a| insert(a, a[3].as_bool()?))),
    ("jsonb_pretty", &[Jsonb], Text, Strict(|_, a| text(json::pretty(a[0].as_jsonb()?)))),
    ("jsonb_strip_nulls", &[Jsonb], Jsonb, Strict(|_, a| jsonb(json::strip_nulls(a[0].as_jsonb()?)))),
    (
        "json_strip_nulls",
        &[Json],
        Json,
        Strict(|_, a| {
            let source = a[0].as_str()?;
            let mut out = String::new();
            strip_text(&mut out, source, &json::read(source, true)?);
            json(out)
        }),
    ),
    ("jsonb_exists", &[Jsonb, Text], Bool, Strict(|_, a| json_ops::exists(&a[0], &a[1]))),
];

fn json(value: String) -> Result<Datum> {
    Ok(Datum::Json(value.into()))
}

fn jsonb(value: json::Json) -> Result<Datum> {
    Ok(Datum::Jsonb(value.into()))
}

/// A value as JSON.
fn shown(value: &Datum) -> String {
    let mut out = String::new();
    json::json_text(&mut out, value, value.element_type());
    out
}

fn list(args: &[Datum]) -> String {
    format!("[{}]", args.iter().map(shown).collect::<Vec<_>>().join(", "))
}

fn refuse(message: String) -> Error {
    Error::new(sqlstate::INVALID_PARAMETER_VALUE, message)
}

/// What `json_build_object` takes for a key.
fn key(value: &Datum) -> String {
    output(value, value.element_type())
}

fn even(args: &[Datum], name: &str) -> Result<()> {
    if args.len().is_multiple_of(2) {
        return Ok(());
    }
    let hint = format!("The arguments of {name}() must consist of alternating keys and values.");
    Err(refuse("argument list must have even number of elements".into()).hint(hint))
}

fn build_object(_: &FnCtx, args: &[Datum]) -> Result<Datum> {
    even(args, "json_build_object")?;
    let mut parts = Vec::new();
    for (at, pair) in args.chunks(2).enumerate() {
        if pair[0].is_null() {
            let error = refuse(format!("argument {} cannot be null", 2 * at + 1));
            return Err(error.hint("Object keys should be text."));
        }
        let mut out = String::new();
        json::write_string(&mut out, &key(&pair[0]));
        parts.push(format!("{out} : {}", shown(&pair[1])));
    }
    json(format!("{{{}}}", parts.join(", ")))
}

fn build_object_b(_: &FnCtx, args: &[Datum]) -> Result<Datum> {
    even(args, "jsonb_build_object")?;
    let mut pairs = Vec::new();
    for (at, pair) in args.chunks(2).enumerate() {
        if pair[0].is_null() {
            return Err(refuse(format!("argument {}: key must not be null", 2 * at + 1)));
        }
        pairs.push((key(&pair[0]).into(), json::from_datum(&pair[1], pair[1].element_type())?));
    }
    jsonb(json::Json::object(pairs))
}

/// Keys and values out of one array of both, or of two arrays.
fn pairs(args: &[Datum]) -> Result<Vec<(String, Option<String>)>> {
    let error = |message: &str| Error::new(sqlstate::ARRAY_SUBSCRIPT_ERROR, message);
    let first = args[0].as_array()?;
    let texts = json_ops::texts(&args[0])?;
    let (keys, values): (Vec<Option<&str>>, Vec<Option<&str>>) = match args.get(1) {
        Some(values) => {
            let values = json_ops::texts(values)?;
            if texts.len() != values.len() {
                return Err(error("mismatched array dimensions"));
            }
            (texts, values)
        }
        None => {
            match first.dims.as_slice() {
                [] => {}
                [dim] if dim.len % 2 != 0 => return Err(error("array must have even number of elements")),
                [_] => {}
                [_, dim] if dim.len != 2 => return Err(error("array must have two columns")),
                [_, _] => {}
                _ => return Err(error("wrong number of array subscripts")),
            }
            texts.chunks(2).map(|pair| (pair[0], pair[1])).unzip()
        }
    };
    let null_key = || Error::new(sqlstate::NULL_VALUE_NOT_ALLOWED, "null value not allowed for object key");
    let pair = |(key, value): (Option<&str>, Option<&str>)| {
        Ok((key.ok_or_else(null_key)?.to_string(), value.map(str::to_string)))
    };
    keys.into_iter().zip(values).map(pair).collect()
}

fn object_text(pairs: &[(String, Option<String>)]) -> String {
    let shown = pairs.iter().map(|(key, value)| {
        let mut out = String::new();
        json::write_string(&mut out, key);
        out.push_str(" : ");
        match value {
            Some(value) => json::write_string(&mut out, value),
            None => out.push_str("null"),
        }
        out
    });
    format!("{{{}}}", shown.collect::<Vec<_>>().join(", "))
}

fn object_b(pairs: &[(String, Option<String>)]) -> Result<Datum> {
    let value = |value: &Option<String>| {
        value.as_ref().map_or(json::Json::Null, |value| json::Json::String(value.as_str().into()))
    };
    let pairs = pairs.iter().map(|(key, own)| (key.as_str().into(), value(own))).collect();
    jsonb(json::Json::object(pairs))
}

fn length(value: json::Json) -> Result<Datum> {
    match value {
        json::Json::Array(items) => Ok(Datum::Int4(items.len() as i32)),
        json::Json::Object(_) => Err(refuse("cannot get array length of a non-array".into())),
        _ => Err(refuse("cannot get array length of a scalar".into())),
    }
}

fn rows(values: Vec<Datum>) -> RowIter {
    Box::new(values.into_iter().map(|value| Ok(vec![value])))
}

fn elements(args: &[Datum], as_text: bool, name: &str) -> Result<RowIter> {
    let source = args[0].as_str()?;
    let items = match json::read(source, true)?.kind {
        Kind::Array(items) => items,
        Kind::Object(_) => return Err(refuse(format!("cannot call {name} on a non-array"))),
        _ => return Err(refuse(format!("cannot call {name} on a scalar"))),
    };
    let value = |node: json::Node| match as_text {
        true => json_ops::node_text(source, &node),
        false => Datum::Json(source[node.start..node.end].into()),
    };
    Ok(rows(items.into_iter().map(value).collect()))
}

fn elements_b(args: &[Datum], as_text: bool) -> Result<RowIter> {
    let items = match &**args[0].as_jsonb()? {
        json::Json::Array(items) => items,
        json::Json::Object(_) => return Err(refuse("cannot extract elements from an object".into())),
        _ => return Err(refuse("cannot extract elements from a scalar".into())),
    };
    let value = |item: &json::Json| match as_text {
        true => json_ops::json_text(item),
        false => Datum::Jsonb(item.clone().into()),
    };
    Ok(rows(items.iter().map(value).collect()))
}

fn keys(node: json::Node, name: &str) -> Result<RowIter> {
    match node.kind {
        Kind::Object(pairs) => Ok(rows(pairs.into_iter().map(|(key, _)| Datum::text(key)).collect())),
        Kind::Array(_) => Err(refuse(format!("cannot call {name} on an array"))),
        _ => Err(refuse(format!("cannot call {name} on a scalar"))),
    }
}

fn keys_b(args: &[Datum]) -> Result<RowIter> {
    match &**args[0].as_jsonb()? {
        json::Json::Object(pairs) => Ok(rows(pairs.iter().map(|(key, _)| Datum::Text(key.clone())).collect())),
        json::Json::Array(_) => Err(refuse("cannot call jsonb_object_keys on an array".into())),
        _ => Err(refuse("cannot call jsonb_object_keys on a scalar".into())),
    }
}

fn extract(args: &[Datum], as_text: bool) -> Result<Datum> {
    let path = Datum::array(Text, args[1..].to_vec());
    if as_text { json_ops::path_text(&args[0], &path) } else { json_ops::path(&args[0], &path) }
}

fn set(args: &[Datum], create: bool) -> Result<Datum> {
    jsonb(json::set_path(args[0].as_jsonb()?, &json_ops::texts(&args[1])?, args[2].as_jsonb()?, create)?)
}

fn insert(args: &[Datum], after: bool) -> Result<Datum> {
    jsonb(json::insert_path(args[0].as_jsonb()?, &json_ops::texts(&args[1])?, args[2].as_jsonb()?, after)?)
}

/// A json without the fields of objects that are null, and without spaces.
fn strip_text(out: &mut String, source: &str, node: &json::Node) {
    match &node.kind {
        Kind::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                strip_text(out, source, item);
            }
            out.push(']');
        }
        Kind::Object(pairs) => {
            out.push('{');
            let kept = pairs.iter().filter(|(_, value)| !matches!(value.kind, Kind::Null));
            for (at, (key, value)) in kept.enumerate() {
                if at > 0 {
                    out.push(',');
                }
                json::write_string(out, key);
                out.push(':');
                strip_text(out, source, value);
            }
            out.push('}');
        }
        _ => out.push_str(&source[node.start..node.end]),
    }
}
