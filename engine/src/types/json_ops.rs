//! The functions behind the operators of json and jsonb. Each is strict.

use super::json::{self, Json, Kind, Node};
use super::{Array, Datum};
use crate::ids::Result;

/// What a step into a value is.
enum Step<'a> {
    Key(&'a str),
    Index(i64),
}

fn step(value: &Datum) -> Result<Step<'_>> {
    match value {
        Datum::Text(key) => Ok(Step::Key(key)),
        index => index.as_int().map(Step::Index),
    }
}

/// A part of a json: its text, with the place of the part.
fn part_of_node<'a>(node: &'a Node, step: &Step) -> Option<&'a Node> {
    match step {
        Step::Key(key) => node.field(key),
        Step::Index(index) => node.element(*index),
    }
}

fn part_of_json<'a>(value: &'a Json, step: &Step) -> Option<&'a Json> {
    match step {
        Step::Key(key) => value.field(key),
        Step::Index(index) => value.element(*index),
    }
}

/// The text of a part: strings without quotes, NULL for null.
pub fn node_text(text: &str, node: &Node) -> Datum {
    match &node.kind {
        Kind::Null => Datum::Null,
        Kind::String(value) => Datum::text(value.as_str()),
        _ => Datum::text(&text[node.start..node.end]),
    }
}

/// The same of a jsonb.
pub fn json_text(value: &Json) -> Datum {
    match value {
        Json::Null => Datum::Null,
        Json::String(value) => Datum::Text(value.clone()),
        value => {
            let mut text = String::new();
            json::write(&mut text, value);
            Datum::text(text)
        }
    }
}

/// The part that is found, as json or as text.
fn found(value: &Datum, steps: &[Step], as_text: bool) -> Result<Datum> {
    match value {
        Datum::Null => Ok(Datum::Null),
        Datum::Json(text) => {
            let root = json::read(text, true)?;
            let node = steps.iter().try_fold(&root, |node, step| part_of_node(node, step));
            Ok(match node {
                None => Datum::Null,
                Some(node) if as_text => node_text(text, node),
                Some(node) => Datum::Json(text[node.start..node.end].into()),
            })
        }
        value => {
            let part = steps.iter().try_fold(&**value.as_jsonb()?, |value, step| part_of_json(value, step));
            Ok(match part {
                None => Datum::Null,
                Some(part) if as_text => json_text(part),
                Some(part) => Datum::Jsonb(part.clone().into()),
            })
        }
    }
}

/// `->`
pub fn field(a: &Datum, b: &Datum) -> Result<Datum> {
    if b.is_null() { Ok(Datum::Null) } else { found(a, &[step(b)?], false) }
}

/// `->>`
pub fn field_text(a: &Datum, b: &Datum) -> Result<Datum> {
    if b.is_null() { Ok(Datum::Null) } else { found(a, &[step(b)?], true) }
}

/// The elements of a text array.
pub fn texts(value: &Datum) -> Result<Vec<Option<&str>>> {
    let array: &Array = value.as_array()?;
    let mut texts = Vec::with_capacity(array.items.len());
    for item in &array.items {
        texts.push(if item.is_null() { None } else { Some(item.as_str()?) });
    }
    Ok(texts)
}

fn follow(a: &Datum, b: &Datum, as_text: bool) -> Result<Datum> {
    if a.is_null() || b.is_null() {
        return Ok(Datum::Null);
    }
    let mut value = a.clone();
    let path = texts(b)?;
    if path.is_empty() {
        return found(a, &[], as_text);
    }
    for (at, key) in path.iter().enumerate() {
        let Some(key) = key else { return Ok(Datum::Null) };
        let is_array = match &value {
            Datum::Json(text) => matches!(json::read(text, true)?.kind, Kind::Array(_)),
            Datum::Jsonb(value) => matches!(**value, Json::Array(_)),
            _ => return Ok(Datum::Null),
        };
        let step = match (is_array, key.trim().parse()) {
            (true, Ok(index)) => Step::Index(index),
            (true, Err(_)) => return Ok(Datum::Null),
            (false, _) => Step::Key(key),
        };
        value = found(&value, &[step], as_text && at + 1 == path.len())?;
    }
    Ok(value)
}

/// `#>`
pub fn path(a: &Datum, b: &Datum) -> Result<Datum> {
    follow(a, b, false)
}

/// `#>>`
pub fn path_text(a: &Datum, b: &Datum) -> Result<Datum> {
    follow(a, b, true)
}

fn two(a: &Datum, b: &Datum, f: impl Fn(&Json, &Datum) -> Result<Datum>) -> Result<Datum> {
    if a.is_null() || b.is_null() { Ok(Datum::Null) } else { f(a.as_jsonb()?, b) }
}

/// `@>`
pub fn contains(a: &Datum, b: &Datum) -> Result<Datum> {
    two(a, b, |a, b| Ok(Datum::Bool(json::contains(a, b.as_jsonb()?))))
}

/// `<@`
pub fn contained(a: &Datum, b: &Datum) -> Result<Datum> {
    contains(b, a)
}

/// `?`
pub fn exists(a: &Datum, b: &Datum) -> Result<Datum> {
    two(a, b, |a, b| Ok(Datum::Bool(json::exists(a, b.as_str()?))))
}

/// `?|`
pub fn exists_any(a: &Datum, b: &Datum) -> Result<Datum> {
    two(a, b, |a, b| Ok(Datum::Bool(texts(b)?.into_iter().flatten().any(|key| json::exists(a, key)))))
}

/// `?&`
pub fn exists_all(a: &Datum, b: &Datum) -> Result<Datum> {
    two(a, b, |a, b| Ok(Datum::Bool(texts(b)?.into_iter().flatten().all(|key| json::exists(a, key)))))
}

fn jsonb(value: Json) -> Datum {
    Datum::Jsonb(value.into())
}

/// `||`
pub fn concat(a: &Datum, b: &Datum) -> Result<Datum> {
    two(a, b, |a, b| json::concat(a, b.as_jsonb()?).map(jsonb))
}

/// `-` with a key, an index, or keys
pub fn delete(a: &Datum, b: &Datum) -> Result<Datum> {
    two(a, b, |a, b| match b {
        Datum::Text(key) => json::delete_key(a, key).map(jsonb),
        Datum::Array(_) => {
            let keys = texts(b)?;
            keys.into_iter().flatten().try_fold(a.clone(), |value, key| json::delete_key(&value, key)).map(jsonb)
        }
        index => json::delete_index(a, index.as_int()?).map(jsonb),
    })
}

/// `#-`
pub fn delete_path(a: &Datum, b: &Datum) -> Result<Datum> {
    two(a, b, |a, b| json::delete_path(a, &texts(b)?).map(jsonb))
}
