//! Arrays of one dimension as text: `{1,NULL,"with, comma"}`; the vector types as `1 2 3`.

use super::text::{input, write_output};
use super::{Datum, TypeId};
use crate::ids::{Error, Result, sqlstate};

/// `array_in`
pub(super) fn array_in(elem: TypeId, text: &str) -> Result<Datum> {
    let malformed = |detail: &str| {
        Error::new(sqlstate::INVALID_TEXT_REPRESENTATION, format!("malformed array literal: \"{text}\"")).detail(detail)
    };
    let Some(rest) = text.trim().strip_prefix('{') else {
        return Err(malformed("Array value must start with \"{\" or dimension information."));
    };
    let inner = rest.strip_suffix('}').ok_or_else(|| malformed(END_OF_INPUT))?;
    if inner.trim().is_empty() {
        return Ok(Datum::array(elem, []));
    }
    if inner.trim_start().starts_with('{') {
        return Err(Error::unsupported("an array of several dimensions"));
    }
    let words = split(inner).map_err(malformed)?;
    let mut items = Vec::with_capacity(words.len());
    for (at, (word, quoted)) in words.iter().enumerate() {
        items.push(match word.trim() {
            bare if !quoted && bare.eq_ignore_ascii_case("null") => Datum::Null,
            "" if !quoted && at + 1 < words.len() => return Err(malformed("Unexpected \",\" character.")),
            "" if !quoted => return Err(malformed("Unexpected \"}\" character.")),
            bare if !quoted => input(elem, bare, -1)?,
            _ => input(elem, word, -1)?,
        });
    }
    Ok(Datum::array(elem, items))
}

const END_OF_INPUT: &str = "Unexpected end of input.";

/// The elements, unquoted, and whether they were quoted; or what is wrong.
fn split(inner: &str) -> Result<Vec<(String, bool)>, &'static str> {
    let mut items = Vec::new();
    let mut item = (String::new(), false);
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match c {
            // Space before the quote is not part of the element.
            '"' if !item.1 && item.0.trim().is_empty() => item = (quoted(&mut chars).ok_or(END_OF_INPUT)?, true),
            '"' => return Err("Unexpected array element."),
            ',' => items.push(std::mem::take(&mut item)),
            '{' => return Err("Unexpected \"{\" character."),
            '}' => return Err("Junk after closing right brace."),
            other if item.1 && other.is_ascii_whitespace() => {}
            _ if item.1 => return Err("Unexpected array element."),
            '\\' => item.0.push(chars.next().ok_or(END_OF_INPUT)?),
            other => item.0.push(other),
        }
    }
    items.push(item);
    Ok(items)
}

/// The text up to the closing quote.
fn quoted(chars: &mut std::str::Chars<'_>) -> Option<String> {
    let mut text = String::new();
    loop {
        match chars.next()? {
            '"' => return Some(text),
            '\\' => text.push(chars.next()?),
            other => text.push(other),
        }
    }
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
