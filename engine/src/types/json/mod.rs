//! The types `json` and `jsonb`.
//!
//! A `json` is a text that has been checked; what is asked of it is found by reading it again. A `jsonb` is taken apart
//! once: numbers are numerics, of equal keys the last stays, and keys stand in an order in which they are quickly found,
//! shorter ones first.
//!
//! ```text
//!   '{"b": 1.0, "a": [true]}'   read ---> Node, with the places in the text      json
//!                                 |
//!                                 +-----> Json, keys in order                    jsonb ---> bytes of a page (disk)
//! ```

mod build;
mod compare;
mod disk;
mod node;
mod path;
mod read;
mod text;

use super::Numeric;
use std::rc::Rc;

pub use build::{from_datum, json_text};
pub use compare::compare;
pub(super) use disk::{read_disk, write_disk};
pub use node::{Kind, Node};
pub use path::{concat, contains, delete_index, delete_key, delete_path, exists, insert_path, set_path, strip_nulls};
pub use read::{read, read_jsonb};
pub use text::{pretty, write, write_string};

/// A value of type `jsonb`.
#[derive(Clone, PartialEq, Debug)]
pub enum Json {
    /// null
    Null,
    /// true or false
    Bool(bool),
    /// A number, exactly.
    Number(Numeric),
    /// A string without its escapes.
    String(Rc<str>),
    /// Elements in order.
    Array(Vec<Json>),
    /// Keys and values, shorter keys first, each once.
    Object(Vec<(Rc<str>, Json)>),
}

impl Json {
    /// An object of pairs as they come: of those with the same key the last one stays.
    pub fn object(mut pairs: Vec<(Rc<str>, Json)>) -> Json {
        crate::small::sort_by(&mut pairs, |(a, _), (b, _)| key_order(a, b));
        let mut unique: Vec<(Rc<str>, Json)> = Vec::with_capacity(pairs.len());
        for pair in pairs {
            match unique.last_mut().filter(|last| last.0 == pair.0) {
                Some(last) => *last = pair,
                None => unique.push(pair),
            }
        }
        Json::Object(unique)
    }

    /// The value of a key of an object.
    pub fn field(&self, key: &str) -> Option<&Json> {
        match self {
            Json::Object(pairs) => pairs.binary_search_by(|(own, _)| key_order(own, key)).ok().map(|at| &pairs[at].1),
            _ => None,
        }
    }

    /// An element of an array, from the end if the number is negative.
    pub fn element(&self, index: i64) -> Option<&Json> {
        match self {
            Json::Array(items) => items.get(place(index, items.len())?),
            _ => None,
        }
    }

    /// What `jsonb_typeof` calls it.
    pub fn type_name(&self) -> &'static str {
        match self {
            Json::Null => "null",
            Json::Bool(_) => "boolean",
            Json::Number(_) => "number",
            Json::String(_) => "string",
            Json::Array(_) => "array",
            Json::Object(_) => "object",
        }
    }

    /// Whether it is neither array nor object.
    pub fn is_scalar(&self) -> bool {
        !matches!(self, Json::Array(_) | Json::Object(_))
    }
}

/// The place that an index means, from the end if it is negative.
pub fn place(index: i64, len: usize) -> Option<usize> {
    let at = if index < 0 { index + len as i64 } else { index };
    usize::try_from(at).ok().filter(|at| *at < len)
}

/// The order of keys: by length, then by bytes.
fn key_order(a: &str, b: &str) -> std::cmp::Ordering {
    a.len().cmp(&b.len()).then_with(|| a.as_bytes().cmp(b.as_bytes()))
}
