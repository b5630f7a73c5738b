//! Looking into jsonb values and changing them: `@>`, `||`, `-`, `#-`, jsonb_set and jsonb_insert.

use super::{Json, place};
use crate::ids::{Error, Result, sqlstate};

fn refuse(message: &str) -> Error {
    Error::new(sqlstate::INVALID_PARAMETER_VALUE, message)
}

/// `a @> b`: whether all of b's structure is in a. An array may hold a scalar that stands alone.
pub fn contains(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Array(items), b) if b.is_scalar() => items.contains_equal(b),
        _ => inside(a, b),
    }
}

trait ContainsEqual {
    fn contains_equal(&self, wanted: &Json) -> bool;
}

impl ContainsEqual for Vec<Json> {
    fn contains_equal(&self, wanted: &Json) -> bool {
        self.iter().any(|item| item.is_scalar() && super::compare(item, wanted).is_eq())
    }
}

fn inside(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Object(_), Json::Object(wanted)) => {
            wanted.iter().all(|(key, wanted)| a.field(key).is_some_and(|found| inside(found, wanted)))
        }
        (Json::Array(items), Json::Array(wanted)) => wanted.iter().all(|wanted| match wanted.is_scalar() {
            true => items.contains_equal(wanted),
            false => items.iter().any(|item| inside(item, wanted)),
        }),
        (a, b) => a.is_scalar() && b.is_scalar() && super::compare(a, b).is_eq(),
    }
}

/// `a ? key`: a key of an object, a string in an array, or the string itself.
pub fn exists(a: &Json, key: &str) -> bool {
    let is_key = |value: &Json| matches!(value, Json::String(own) if &**own == key);
    match a {
        Json::Object(_) => a.field(key).is_some(),
        Json::Array(items) => items.iter().any(is_key),
        scalar => is_key(scalar),
    }
}

/// `a || b`
pub fn concat(a: &Json, b: &Json) -> Result<Json> {
    let items = |value: &Json| match value {
        Json::Array(items) => items.clone(),
        other => vec![other.clone()],
    };
    match (a, b) {
        (Json::Object(a), Json::Object(b)) => Ok(Json::object(a.iter().chain(b).cloned().collect())),
        _ => Ok(Json::Array([items(a), items(b)].concat())),
    }
}

/// `a - key`
pub fn delete_key(a: &Json, key: &str) -> Result<Json> {
    match a {
        Json::Object(pairs) => Ok(Json::Object(pairs.iter().filter(|(own, _)| &**own != key).cloned().collect())),
        Json::Array(items) => {
            let other = |item: &&Json| !matches!(item, Json::String(own) if &**own == key);
            Ok(Json::Array(items.iter().filter(other).cloned().collect()))
        }
        _ => Err(refuse("cannot delete from scalar")),
    }
}

/// `a - index`
pub fn delete_index(a: &Json, index: i64) -> Result<Json> {
    match a {
        Json::Object(_) => Err(refuse("cannot delete from object using integer index")),
        Json::Array(items) => {
            let mut items = items.clone();
            if let Some(at) = place(index, items.len()) {
                items.remove(at);
            }
            Ok(Json::Array(items))
        }
        _ => Err(refuse("cannot delete from scalar")),
    }
}

/// What is done at the end of a path.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Change {
    Delete,
    Replace,
    Create,
    Before,
    After,
}

/// `a #- path`
pub fn delete_path(a: &Json, path: &[Option<&str>]) -> Result<Json> {
    if a.is_scalar() {
        return Err(refuse("cannot delete path in scalar"));
    }
    changed(a, path, 0, Change::Delete, &Json::Null)
}

/// `jsonb_set`
pub fn set_path(a: &Json, path: &[Option<&str>], value: &Json, create: bool) -> Result<Json> {
    if a.is_scalar() {
        return Err(refuse("cannot set path in scalar"));
    }
    changed(a, path, 0, if create { Change::Create } else { Change::Replace }, value)
}

/// `jsonb_insert`
pub fn insert_path(a: &Json, path: &[Option<&str>], value: &Json, after: bool) -> Result<Json> {
    if a.is_scalar() {
        return Err(refuse("cannot set path in scalar"));
    }
    changed(a, path, 0, if after { Change::After } else { Change::Before }, value)
}

fn changed(a: &Json, path: &[Option<&str>], level: usize, change: Change, value: &Json) -> Result<Json> {
    let Some(step) = path.get(level) else { return Ok(a.clone()) };
    let Some(step) = step else {
        let message = format!("path element at position {} is null", level + 1);
        return Err(Error::new(sqlstate::NULL_VALUE_NOT_ALLOWED, message));
    };
    let last = level + 1 == path.len();
    match a {
        Json::Object(pairs) => {
            let mut pairs = pairs.clone();
            match pairs.iter().position(|(key, _)| &**key == *step) {
                Some(at) if !last => pairs[at].1 = changed(&pairs[at].1, path, level + 1, change, value)?,
                Some(at) => match change {
                    Change::Delete => drop(pairs.remove(at)),
                    Change::Replace | Change::Create => pairs[at].1 = value.clone(),
                    Change::Before | Change::After => {
                        return Err(refuse("cannot replace existing key")
                            .hint("Try using the function jsonb_set to replace key value."));
                    }
                },
                None if last && !matches!(change, Change::Delete | Change::Replace) => {
                    pairs.push(((*step).into(), value.clone()));
                }
                None => {}
            }
            Ok(Json::object(pairs))
        }
        Json::Array(items) => changed_array(items, (path, level), step, change, value),
        scalar => Ok(scalar.clone()),
    }
}

fn changed_array(
    items: &[Json],
    (path, level): (&[Option<&str>], usize),
    step: &str,
    change: Change,
    value: &Json,
) -> Result<Json> {
    let Ok(index) = step.trim().parse::<i32>() else {
        let message = format!("path element at position {} is not an integer: \"{step}\"", level + 1);
        return Err(Error::new(sqlstate::INVALID_TEXT_REPRESENTATION, message));
    };
    let mut items = items.to_vec();
    let at = place(index.into(), items.len());
    let last = level + 1 == path.len();
    match at {
        Some(at) if !last => items[at] = changed(&items[at], path, level + 1, change, value)?,
        Some(at) => match change {
            Change::Delete => drop(items.remove(at)),
            Change::Replace | Change::Create => items[at] = value.clone(),
            Change::Before => items.insert(at, value.clone()),
            Change::After => items.insert(at + 1, value.clone()),
        },
        None if last && !matches!(change, Change::Delete | Change::Replace) => {
            items.insert(if index < 0 { 0 } else { items.len() }, value.clone());
        }
        None => {}
    }
    Ok(Json::Array(items))
}

/// `jsonb_strip_nulls`: without the fields of objects that are null.
pub fn strip_nulls(a: &Json) -> Json {
    match a {
        Json::Array(items) => Json::Array(items.iter().map(strip_nulls).collect()),
        Json::Object(pairs) => {
            let kept = pairs.iter().filter(|(_, value)| *value != Json::Null);
            Json::Object(kept.map(|(key, value)| (key.clone(), strip_nulls(value))).collect())
        }
        scalar => scalar.clone(),
    }
}
