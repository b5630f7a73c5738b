//! A jsonb's bytes on a page, behind the varlena header.
//!
//! ```text
//!   container   | header: how many, and object, array or scalar | an entry for each key and value | keys, values |
//!   entry       | kind, and its length, or in every 32nd where it ends |
//! ```
//!
//! Numbers (with a varlena header of their own) and containers begin at multiples of 4. A scalar that stands alone lies
//! in an array of one element, marked as such.

use super::super::Numeric;
use super::Json;
use crate::ids::{Error, Result};
use crate::storage::bytes::{get_u32, put_u32};
use crate::storage::varlena::VARHDRSZ;

const COUNT_MASK: u32 = 0x0FFF_FFFF;
const SCALAR: u32 = 0x1000_0000;
const OBJECT: u32 = 0x2000_0000;
const ARRAY: u32 = 0x4000_0000;
/// `JB_OFFSET_STRIDE`: an entry of so many says where it ends and not how long it is.
const STRIDE: usize = 32;
const HAS_OFFSET: u32 = 0x8000_0000;
const LENGTH_MASK: u32 = 0x0FFF_FFFF;
const KIND_MASK: u32 = 0x7000_0000;
const IS_STRING: u32 = 0;
const IS_NUMERIC: u32 = 0x1000_0000;
const IS_FALSE: u32 = 0x2000_0000;
const IS_TRUE: u32 = 0x3000_0000;
const IS_NULL: u32 = 0x4000_0000;
const IS_CONTAINER: u32 = 0x5000_0000;

/// Appends the bytes that follow the varlena header; `out` is at a multiple of 4 there, counted from `base`.
pub fn write_disk(out: &mut Vec<u8>, value: &Json) {
    let base = out.len();
    match value {
        Json::Array(_) | Json::Object(_) => drop(write_value(out, base, value)),
        scalar => write_container(out, base, ARRAY | SCALAR | 1, 1, |out, _| write_value(out, base, scalar)),
    }
}

/// Appends a value and returns its entry.
fn write_value(out: &mut Vec<u8>, base: usize, value: &Json) -> u32 {
    let start = out.len();
    let kind = match value {
        Json::Null => IS_NULL,
        Json::Bool(false) => IS_FALSE,
        Json::Bool(true) => IS_TRUE,
        Json::String(text) => {
            out.extend_from_slice(text.as_bytes());
            IS_STRING
        }
        Json::Number(number) => {
            pad(out, base);
            let header = out.len();
            out.extend_from_slice(&[0; VARHDRSZ]);
            number.write_disk(out);
            let size = (out.len() - header) << 2;
            put_u32(out, header, size as u32);
            IS_NUMERIC
        }
        Json::Array(items) => {
            write_container(out, base, ARRAY | items.len() as u32, items.len(), |out, at| {
                write_value(out, base, &items[at])
            });
            IS_CONTAINER
        }
        Json::Object(pairs) => {
            let count = pairs.len();
            write_container(out, base, OBJECT | count as u32, 2 * count, |out, at| match at.checked_sub(count) {
                None => {
                    out.extend_from_slice(pairs[at].0.as_bytes());
                    IS_STRING | pairs[at].0.len() as u32
                }
                Some(at) => write_value(out, base, &pairs[at].1),
            });
            IS_CONTAINER
        }
    };
    kind | (out.len() - start) as u32
}

fn pad(out: &mut Vec<u8>, base: usize) {
    out.resize(base + (out.len() - base).next_multiple_of(4), 0);
}

fn write_container(
    out: &mut Vec<u8>,
    base: usize,
    header: u32,
    entries: usize,
    mut write: impl FnMut(&mut Vec<u8>, usize) -> u32,
) {
    pad(out, base);
    out.extend_from_slice(&header.to_le_bytes());
    let table = out.len();
    out.resize(table + 4 * entries, 0);
    let mut total = 0;
    for at in 0..entries {
        let mut entry = write(out, at);
        total += entry & LENGTH_MASK;
        if at % STRIDE == 0 {
            entry = entry & KIND_MASK | HAS_OFFSET | total;
        }
        put_u32(out, table + 4 * at, entry);
    }
}

/// Reads the bytes that follow the varlena header.
pub fn read_disk(bytes: &[u8]) -> Result<Json> {
    let header = word(bytes, 0)?;
    let value = read_container(bytes, 0)?;
    match value {
        Json::Array(mut items) if header & SCALAR != 0 => items.pop().ok_or_else(corrupt),
        value => Ok(value),
    }
}

fn corrupt() -> Error {
    Error::corrupt("invalid bytes of type jsonb")
}

fn word(bytes: &[u8], at: usize) -> Result<u32> {
    if at + 4 > bytes.len() { Err(corrupt()) } else { Ok(get_u32(bytes, at)) }
}

/// The container at a multiple of 4.
fn read_container(bytes: &[u8], at: usize) -> Result<Json> {
    let header = word(bytes, at)?;
    let count = (header & COUNT_MASK) as usize;
    let is_object = header & OBJECT != 0;
    let entries = if is_object { count.saturating_mul(2) } else { count };
    if entries > bytes.len() / 4 {
        return Err(corrupt());
    }
    let data = at + 4 + 4 * entries;
    let mut values = Vec::with_capacity(entries);
    let mut from = 0;
    for n in 0..entries {
        let entry = word(bytes, at + 4 + 4 * n)?;
        let field = (entry & LENGTH_MASK) as usize;
        let to = if entry & HAS_OFFSET != 0 { field } else { from + field };
        let range = data + from..data + to;
        if to < from || range.end > bytes.len() {
            return Err(corrupt());
        }
        values.push(read_value(bytes, entry & KIND_MASK, range)?);
        from = to;
    }
    if !is_object {
        return Ok(Json::Array(values));
    }
    let contents = values.split_off(count);
    let key = |value| match value {
        Json::String(key) => Ok(key),
        _ => Err(corrupt()),
    };
    let pairs = values.into_iter().zip(contents).map(|(name, value)| Ok((key(name)?, value)));
    Ok(Json::Object(pairs.collect::<Result<_>>()?))
}

fn read_value(bytes: &[u8], kind: u32, range: std::ops::Range<usize>) -> Result<Json> {
    let aligned = range.start.next_multiple_of(4);
    Ok(match kind {
        IS_STRING => Json::String(std::str::from_utf8(&bytes[range]).map_err(|_| corrupt())?.into()),
        IS_NUMERIC => {
            let payload = bytes.get(aligned + VARHDRSZ..range.end).ok_or_else(corrupt)?;
            Json::Number(Numeric::read_disk(payload)?)
        }
        IS_FALSE => Json::Bool(false),
        IS_TRUE => Json::Bool(true),
        IS_NULL => Json::Null,
        // What lies in a container is shorter than it, so this comes to an end.
        IS_CONTAINER if aligned < range.end => read_container(&bytes[..range.end], aligned)?,
        _ => return Err(corrupt()),
    })
}
