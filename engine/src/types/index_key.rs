//! The keys of an index: from rows and values to the bytes of index tuples, and their order.
//!
//! Keys are compared where they lie, byte string against byte string; no value is made of them. A key's columns are those
//! of an index tuple, the same bytes as in the row, but that a `name` is cut behind its last character, that nothing of a
//! key lies elsewhere, and that a value of more than 510 bytes is compressed.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::ops::Range;

use super::{Attr, Datum, TupleDesc, TypeId, compare, disk, tuple as heap};
use crate::ids::{Error, Result, Tid};
use crate::storage::btree::tuple;
use crate::storage::bytes::*;
use crate::storage::tuple::HeapTupleHeader;
use crate::storage::varlena;

/// `TOAST_INDEX_TARGET`: longer values are compressed.
const TOAST_INDEX_TARGET: usize = 8160 / 16;

/// Whether the type has an order by which a B-tree can be built: a default operator class of `btree`.
pub fn has_btree_order(type_id: TypeId) -> bool {
    use TypeId::*;
    let element = type_id.element().unwrap_or(type_id);
    !type_id.is_pseudo() && !matches!(element, Xid | Cid | PgNodeTree | AclItem | Int2Vector)
}

/// `btequalimage`: whether equal values are always the same bytes. 1.0 and 1.00 are not.
pub fn is_equal_image(type_id: TypeId) -> bool {
    use TypeId::*;
    type_id == OidVector || !type_id.is_array() && !matches!(type_id, Float4 | Float8 | Numeric | Interval)
}

/// A column of an index over a column of a table.
pub fn index_attr(column: &Attr) -> Attr {
    let attlen = if column.type_id == TypeId::Name { -2 } else { column.attlen };
    Attr { attlen, attbyval: column.attbyval && attlen > 0, notnull: false, ..column.clone() }
}

/// The columns of an index tuple, one after the other.
pub struct KeyColumns<'a> {
    attrs: std::slice::Iter<'a, Attr>,
    tuple: &'a [u8],
    start: usize,
    at: usize,
    offset: usize,
}

impl<'a> KeyColumns<'a> {
    /// From the first on.
    pub fn of(desc: &'a TupleDesc, tuple: &'a [u8]) -> KeyColumns<'a> {
        let start = tuple::data_offset(tuple::info(tuple)).min(tuple.len());
        KeyColumns { attrs: desc.attrs.iter(), tuple, start, at: 0, offset: 0 }
    }

    /// The next column: its type's row and its bytes, header and all; `None` for NULL.
    #[inline]
    pub fn step(&mut self) -> Result<(&'a Attr, Option<&'a [u8]>)> {
        let attr = self.attrs.next().ok_or_else(|| Error::corrupt("index tuple with too many columns"))?;
        let at = self.at;
        self.at += 1;
        if tuple::is_null(self.tuple, at) {
            return Ok((attr, None));
        }
        let data = &self.tuple[self.start..];
        let range = disk::extent(data, self.offset, attr)?;
        self.offset = range.end;
        Ok((attr, Some(&data[range])))
    }

    /// Where the columns that were read end in the tuple.
    pub fn end(&self) -> usize {
        self.start + self.offset
    }
}

/// The order of two values of one type as they lie in tuples.
pub fn compare_stored(attr: &Attr, a: &[u8], b: &[u8]) -> Result<Ordering> {
    if a.len().min(b.len()) < attr.attlen.max(1) as usize {
        return Err(Error::corrupt("index tuple is too short for its columns"));
    }
    Ok(match attr.type_id {
        TypeId::Int4 => get_i32(a, 0).cmp(&get_i32(b, 0)),
        TypeId::Int8 | TypeId::TimestampTz => get_i64(a, 0).cmp(&get_i64(b, 0)),
        TypeId::Int2 => get_i16(a, 0).cmp(&get_i16(b, 0)),
        TypeId::Oid | TypeId::Regclass | TypeId::Regproc | TypeId::Regtype => get_u32(a, 0).cmp(&get_u32(b, 0)),
        _ if varlena::is_compressed(a) || varlena::is_compressed(b) => {
            compare(&read_key(attr, a)?, &read_key(attr, b)?)?
        }
        TypeId::Text | TypeId::Varchar | TypeId::Bytea => disk::payload(a).cmp(disk::payload(b)),
        TypeId::Name | TypeId::Bool | TypeId::Char => a.cmp(b),
        other => compare(&disk::read(a, other, attr.attlen)?, &disk::read(b, other, attr.attlen)?)?,
    })
}

/// Appends a stored value at its alignment.
fn append_stored(out: &mut Vec<u8>, attr: &Attr, value: &[u8]) {
    if attr.attlen == -2 {
        let end = value.iter().position(|byte| *byte == 0).unwrap_or(value.len());
        out.extend_from_slice(&value[..end]);
        return out.push(0);
    }
    let short = attr.attlen == -1 && value.first().is_some_and(|byte| byte & 1 == 1);
    let align = if short { 1 } else { super::align_bytes(attr.attalign) };
    out.resize(out.len().next_multiple_of(align), 0);
    out.extend_from_slice(value);
}

/// A value of a row as its key has it: compressed, if it is long and its column lets that be.
fn shortened<'a>(attr: &Attr, value: &'a [u8]) -> Cow<'a, [u8]> {
    let long = attr.attlen == -1 && value.len() > TOAST_INDEX_TARGET;
    let compressible = matches!(attr.attstorage, b'x' | b'm') && !varlena::is_compressed(value);
    let compressed = if long && compressible { varlena::compress(value) } else { None };
    compressed.map_or(Cow::Borrowed(value), Cow::Owned)
}

/// The value of a column of a key.
fn read_key(attr: &Attr, stored: &[u8]) -> Result<Datum> {
    if attr.attlen != -1 || !varlena::is_compressed(stored) {
        return disk::read(stored, attr.type_id, attr.attlen);
    }
    let raw = varlena::raw_payload(stored).ok_or_else(|| Error::corrupt("compressed pglz data is corrupt"))?;
    disk::read(&varlena::long(&raw), attr.type_id, attr.attlen)
}

/// `index_form_tuple`: the key of a row, of which no value lies elsewhere. `columns` are the columns of the table that make
/// up the key, from 0.
pub fn key_of_row(desc: &TupleDesc, table: &TupleDesc, columns: &[usize], row: &[u8], tid: Tid) -> Result<Vec<u8>> {
    let upto = columns.iter().max().map_or(0, |last| last + 1);
    let ranges: Vec<Option<Range<usize>>> = heap::leading_ranges(table, row, upto)?;
    let natts = HeapTupleHeader::read(row).map_or(0, |header| header.natts());
    let mut nulls = Vec::with_capacity(columns.len());
    let mut bytes = Vec::with_capacity(32);
    let mut variable = false;
    for (attr, column) in desc.attrs.iter().zip(columns) {
        let range = ranges.get(*column).cloned().flatten();
        // A row from before the column was added has what it was added with.
        let missing = table.attrs.get(*column).and_then(|attr| attr.missing.as_deref()).filter(|_| *column >= natts);
        let value = range.map(|range| &row[range]).or(missing);
        nulls.push(value.is_none());
        if let Some(value) = value {
            append_stored(&mut bytes, attr, &shortened(attr, value));
            variable |= attr.attlen < 0;
        }
    }
    Ok(tuple::form(tid, &nulls, variable, &bytes))
}

/// A key of values, for the first columns of an index.
pub fn key_of_values(desc: &TupleDesc, values: &[Datum]) -> Result<Vec<u8>> {
    let mut nulls = Vec::with_capacity(values.len());
    let mut bytes = Vec::new();
    let mut variable = false;
    for (attr, value) in desc.attrs.iter().zip(values) {
        nulls.push(value.is_null());
        if value.is_null() {
            continue;
        }
        variable |= attr.attlen < 0;
        append_stored(&mut bytes, attr, &stored(attr, value)?);
    }
    Ok(tuple::form(Tid::default(), &nulls, variable, &bytes))
}

/// `index_deform_tuple`: the values of the first `count` columns.
pub fn values_of_key(desc: &TupleDesc, key: &[u8], count: usize) -> Result<Vec<Datum>> {
    let mut columns = KeyColumns::of(desc, key);
    (0..count)
        .map(|_| match columns.step()? {
            (attr, Some(bytes)) => read_key(attr, bytes),
            (_, None) => Ok(Datum::Null),
        })
        .collect()
}

/// A value as it lies in an index tuple.
pub fn stored(attr: &Attr, value: &Datum) -> Result<Vec<u8>> {
    let (mut whole, mut bytes) = (Vec::new(), Vec::new());
    let attlen = if attr.attlen == -2 { attr.type_id.typlen() } else { attr.attlen };
    disk::append(&mut whole, 0, &Attr { attlen, ..attr.clone() }, value)?;
    append_stored(&mut bytes, attr, &whole);
    Ok(bytes)
}
