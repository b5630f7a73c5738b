//! Arrays of one dimension as text: `{1,NULL,"with, comma"}`; the vector types as `1 2 3`.

use super::text::{input, write_output};
use super::{Datum, TypeId};
use crate::ids::{Error, Result, sqlstate};

/// `array_in`
pub(super) fn array_in(elem: TypeId, text: &str) -> Result<Datum> {
    let malformed =
        || Error::new(sqlstate::INVALID_TEXT_REPRESENTATION, format!("malformed array literal: \"{text}\""));
    let inner = text
        .trim()
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'))
        .ok_or_else(|| malformed().detail("Array value must start with \"{\" or dimension information."))?;
    if inner.trim().is_empty() {
        return Ok(Datum::array(elem, []));
    }
    if inner.trim_start().starts_with('{') {
        return Err(Error::unsupported("an array of several dimensions"));
    }
    let mut items = Vec::new();
    for (word, quoted) in split(inner).ok_or_else(malformed)? {
        items.push(match word.trim() {
            bare if !quoted && bare.eq_ignore_ascii_case("null") => Datum::Null,
            "" if !quoted => return Err(malformed()),
            bare if !quoted => input(elem, bare, -1)?,
            _ => input(elem, &word, -1)?,
        });
    }
    Ok(Datum::array(elem, items))
}

/// The elements, unquoted, and whether they were quoted; `None` if quotes or braces do not match.
fn split(inner: &str) -> Option<Vec<(String, bool)>> {
    let mut items = Vec::new();
    let mut item = (String::new(), false);
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' if item.1 => return None,
            '"' => {
                // Space before the quote is not part of the element.
                item = (String::new(), true);
                loop {
                    match chars.next()? {
                        '"' => break,
                        '\\' => item.0.push(chars.next()?),
                        other => item.0.push(other),
                    }
                }
            }
            ',' => items.push(std::mem::take(&mut item)),
            '\\' => item.0.push(chars.next()?),
            '{' | '}' => return None,
            other if item.1 && other.is_ascii_whitespace() => {}
            _ if item.1 => return None,
            other => item.0.push(other),
        }
    }
    items.push(item);
    Some(items)
}

/// `array_out`, and the output of the vector types.
pub(super) fn write_array(out: &mut String, elem: TypeId, items: &[Datum], type_id: TypeId) {
    let vector = matches!(type_id, TypeId::Int2Vector | TypeId::OidVector);
    let separator = if vector { ' ' } else { ',' };
    if !vector {
        out.push('{');
    }
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push(separator);
        }
        if item.is_null() {
            out.push_str("NULL");
            continue;
        }
        let mut text = String::new();
        write_output(&mut text, item, elem);
        if needs_quotes(&text) { write_quoted(out, &text) } else { out.push_str(&text) }
    }
    if !vector {
        out.push('}');
    }
}

fn needs_quotes(text: &str) -> bool {
    let special = |c: char| matches!(c, '{' | '}' | '"' | '\\' | ',' | '\x0b') || c.is_ascii_whitespace();
    text.is_empty() || text.eq_ignore_ascii_case("null") || text.contains(special)
}

fn write_quoted(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
}
