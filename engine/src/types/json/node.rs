//! A JSON text with the places of its parts.

use super::{Json, place};
use crate::ids::Result;

/// A value in a text, and where it stands.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// Its first byte.
    pub start: usize,
    /// The byte behind it.
    pub end: usize,
}

/// What a value in a text is.
#[derive(Clone, Debug)]
pub enum Kind {
    /// null
    Null,
    /// true or false
    Bool(bool),
    /// A number, as it is written.
    Number,
    /// A string, without its escapes where that was asked for.
    String(String),
    /// Elements
    Array(Vec<Node>),
    /// Keys and values in order, perhaps with keys that come twice.
    Object(Vec<(String, Node)>),
}

impl Node {
    /// The value of a key of an object: the last one of that name.
    pub fn field(&self, key: &str) -> Option<&Node> {
        match &self.kind {
            Kind::Object(pairs) => pairs.iter().rev().find(|(own, _)| own == key).map(|(_, value)| value),
            _ => None,
        }
    }

    /// An element of an array, from the end if the number is negative.
    pub fn element(&self, index: i64) -> Option<&Node> {
        match &self.kind {
            Kind::Array(items) => items.get(place(index, items.len())?),
            _ => None,
        }
    }

    /// What `json_typeof` calls it.
    pub fn type_name(&self) -> &'static str {
        match self.kind {
            Kind::Null => "null",
            Kind::Bool(_) => "boolean",
            Kind::Number => "number",
            Kind::String(_) => "string",
            Kind::Array(_) => "array",
            Kind::Object(_) => "object",
        }
    }

    /// The same as a jsonb; `text` is what the node was read from.
    pub fn to_jsonb(&self, text: &str) -> Result<Json> {
        Ok(match &self.kind {
            Kind::Null => Json::Null,
            Kind::Bool(value) => Json::Bool(*value),
            Kind::Number => Json::Number(text[self.start..self.end].parse()?),
            Kind::String(value) => Json::String(value.as_str().into()),
            Kind::Array(items) => Json::Array(items.iter().map(|item| item.to_jsonb(text)).collect::<Result<_>>()?),
            Kind::Object(pairs) => {
                let pair = |(key, value): &(String, Node)| Ok((key.as_str().into(), value.to_jsonb(text)?));
                Json::object(pairs.iter().map(pair).collect::<Result<_>>()?)
            }
        })
    }
}
