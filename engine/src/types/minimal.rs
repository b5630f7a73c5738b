//! Rows on their way through sorts and temporary files: heap tuples without what belongs to transactions.
//!
//! ```text
//!   | natts | infomask | hoff | null bitmap | padding | columns ...        MinimalTuple, from its tenth byte on
//! ```
//!
//! What lies in each slot of a row is learned from the first value in it that is not NULL.
//!
//! PostgreSQL: `MinimalTupleData` in `access/htup_details.h`.

use super::{Attr, Datum, TypeId, disk};
use crate::ids::{Error, Result};
use crate::storage::bytes::get_u16;
use crate::storage::max_align;
use crate::storage::tuple::{HEAP_HASNULL, bitmap_len};
use crate::storage::varlena::{VARATT_SHORT_MAX, VARHDRSZ};

/// natts, infomask, hoff.
const HEADER: usize = 5;
/// The bytes of a heap tuple before these.
const LEFT_OUT: usize = 18;
/// The bytes of a minimal tuple before these; `MINIMAL_TUPLE_DATA_OFFSET`
const BEFORE: usize = 10;

/// `sizeof(Datum)`
const SIZE_OF_DATUM: usize = 8;

/// What the slots of rows hold, as far as that is known.
#[derive(Default, Debug)]
pub struct RowShape {
    attrs: Vec<Option<Attr>>,
}

/// The bytes that a row takes in PostgreSQL's memory: the length of its minimal tuple.
pub fn minimal_size(row: &[u8]) -> usize {
    row.len() + BEFORE
}

/// The length of a row's minimal tuple, without writing it where that is quick to tell.
pub fn row_size(row: &[Datum]) -> Result<usize> {
    let nulls = row.iter().any(Datum::is_null);
    let bitmap = if nulls { bitmap_len(row.len()) } else { 0 };
    let data = max_align(LEFT_OUT + HEADER + bitmap) - LEFT_OUT;
    let mut len = data;
    for value in row {
        let text = match value {
            Datum::Null => continue,
            Datum::Text(text) => text.as_bytes(),
            Datum::Bpchar(text) => text.as_bytes(),
            Datum::Bytea(bytes) => bytes,
            Datum::Int4(_) | Datum::Float4(_) | Datum::Date(_) | Datum::Oid(_) | Datum::Xid(_) => {
                len = data + (len - data).next_multiple_of(4) + 4;
                continue;
            }
            Datum::Int8(_) | Datum::Float8(_) | Datum::Timestamp(_) | Datum::TimestampTz(_) => {
                len = data + (len - data).next_multiple_of(8) + 8;
                continue;
            }
            Datum::Bool(_) => {
                len += 1;
                continue;
            }
            _ => return written_size(row),
        };
        len = match text.len() {
            short if short < VARATT_SHORT_MAX => len + 1 + short,
            long => data + (len - data).next_multiple_of(4) + VARHDRSZ + long,
        };
    }
    Ok(len + BEFORE)
}

fn written_size(row: &[Datum]) -> Result<usize> {
    let mut bytes = Vec::new();
    RowShape::default().encode(row, &mut bytes)?;
    Ok(minimal_size(&bytes))
}

/// The type as which a value is stored: of those that share a kind of value any will do.
fn stored_as(value: &Datum) -> Result<TypeId> {
    use TypeId as T;
    Ok(match value {
        Datum::Null => return Err(Error::internal("NULL has no type")),
        Datum::Bool(_) => T::Bool,
        Datum::Int2(_) => T::Int2,
        Datum::Int4(_) => T::Int4,
        Datum::Int8(_) => T::Int8,
        Datum::Float4(_) => T::Float4,
        Datum::Float8(_) => T::Float8,
        Datum::Numeric(_) => T::Numeric,
        Datum::Text(_) => T::Text,
        Datum::Bpchar(_) => T::Bpchar,
        Datum::Json(_) => T::Json,
        Datum::Jsonb(_) => T::Jsonb,
        Datum::Bytea(_) => T::Bytea,
        Datum::Name(_) => T::Name,
        Datum::Char(_) => T::Char,
        Datum::Oid(_) => T::Oid,
        Datum::Xid(_) => T::Xid,
        Datum::Cid(_) => T::Cid,
        Datum::Tid(_) => T::Tid,
        Datum::PgLsn(_) => T::PgLsn,
        Datum::Xid8(_) => T::Xid8,
        Datum::TimestampTz(_) => T::TimestampTz,
        Datum::Timestamp(_) => T::Timestamp,
        Datum::Date(_) => T::Date,
        Datum::Time(_) => T::Time,
        Datum::TimeTz(_) => T::TimeTz,
        Datum::Uuid(_) => T::Uuid,
        Datum::Interval(_) => T::Interval,
        // A varchar is a text, once it is brought back.
        Datum::Toasted { type_id: T::Varchar, .. } => T::Text,
        Datum::Toasted { type_id, .. } => *type_id,
        // All arrays are written alike, and say themselves of what they are.
        Datum::Array(array) => array.elem.array().unwrap_or(T::TextArray),
    })
}

impl RowShape {
    /// What a slot holds; none if no value but NULL has been seen there.
    fn attr(&self, slot: usize) -> Option<&Attr> {
        self.attrs.get(slot)?.as_ref()
    }

    /// A slot's values in the order of one type: it has that of the values that are there.
    pub fn type_of(&self, slot: usize) -> Option<TypeId> {
        self.attr(slot).map(|attr| attr.type_id)
    }

    fn learn(&mut self, slot: usize, value: &Datum) -> Result<()> {
        let type_id = stored_as(value)?;
        match self.attr(slot) {
            // An array says itself of what it is: a column of type `anyarray` has several kinds.
            Some(attr) if attr.type_id == type_id || attr.type_id.is_array() && type_id.is_array() => Ok(()),
            Some(attr) => Err(Error::internal(format!("rows with values of types {} and {type_id}", attr.type_id))),
            None => {
                if self.attrs.len() <= slot {
                    self.attrs.resize(slot + 1, None);
                }
                self.attrs[slot] = Some(Attr::new("", type_id));
                Ok(())
            }
        }
    }

    /// Appends the bytes of a row.
    pub fn encode(&mut self, row: &[Datum], out: &mut Vec<u8>) -> Result<()> {
        let start = out.len();
        let nulls = row.iter().any(Datum::is_null);
        let bitmap = if nulls { bitmap_len(row.len()) } else { 0 };
        let hoff = max_align(LEFT_OUT + HEADER + bitmap);
        let data = start + hoff - LEFT_OUT;
        out.resize(data, 0);
        out[start..start + 2].copy_from_slice(&(row.len() as u16).to_le_bytes());
        out[start + 2..start + 4].copy_from_slice(&(if nulls { HEAP_HASNULL } else { 0 }).to_le_bytes());
        out[start + 4] = hoff as u8;
        for (slot, value) in row.iter().enumerate() {
            if value.is_null() {
                continue;
            }
            if nulls {
                out[start + HEADER + slot / 8] |= 1 << (slot % 8);
            }
            self.learn(slot, value)?;
            if let Some(attr) = &self.attrs[slot] {
                disk::append(out, data, attr, value)?;
            }
        }
        Ok(())
    }

    /// The values of a row.
    pub fn decode(&self, row: &[u8]) -> Result<Vec<Datum>> {
        let mut values = Vec::with_capacity(usize::from(get_u16(row, 0)));
        self.decode_into(row, &mut values)?;
        Ok(values)
    }

    /// The same, behind others.
    pub fn decode_into(&self, row: &[u8], values: &mut Vec<Datum>) -> Result<()> {
        self.walk(row, usize::from(get_u16(row, 0)), |attr, bytes| {
            values.push(match (attr, bytes) {
                (Some(attr), Some(bytes)) => disk::read(bytes, attr.type_id, attr.attlen)?,
                _ => Datum::Null,
            });
            Ok(())
        })
    }

    /// What lies in one slot of a row: its bytes, header and all; none if that is NULL.
    pub fn column<'a>(&self, row: &'a [u8], slot: usize) -> Result<(Option<&Attr>, Option<&'a [u8]>)> {
        let mut found = None;
        self.walk(row, slot + 1, |_, bytes| {
            found = bytes;
            Ok(())
        })?;
        Ok((self.attr(slot), found))
    }

    /// Appends the only value of a row: eight bytes, or none for NULL.
    pub fn encode_single(&mut self, value: &Datum, out: &mut Vec<u8>) -> Result<()> {
        if value.is_null() {
            return Ok(());
        }
        self.learn(0, value)?;
        let start = out.len();
        if let Some(attr) = self.attr(0) {
            disk::append(out, start, attr, value)?;
        }
        out.resize(start + SIZE_OF_DATUM, 0);
        Ok(())
    }

    /// The only value of a row.
    pub fn decode_single(&self, row: &[u8]) -> Result<Datum> {
        match self.single(row) {
            (Some(attr), Some(bytes)) => disk::read(bytes, attr.type_id, attr.attlen),
            _ => Ok(Datum::Null),
        }
    }

    /// The same as its bytes.
    pub fn single<'a>(&self, row: &'a [u8]) -> (Option<&Attr>, Option<&'a [u8]>) {
        let attr = self.attr(0);
        (attr, attr.and_then(|attr| row.get(..attr.attlen as usize)))
    }

    fn walk<'a>(
        &self,
        row: &'a [u8],
        upto: usize,
        mut each: impl FnMut(Option<&Attr>, Option<&'a [u8]>) -> Result<()>,
    ) -> Result<()> {
        let nulls = get_u16(row, 2) & HEAP_HASNULL != 0;
        let data = &row[usize::from(row[4]) - LEFT_OUT..];
        let mut offset = 0;
        for slot in 0..upto {
            let null = nulls && row[HEADER + slot / 8] >> (slot % 8) & 1 == 0;
            let attr = self.attr(slot);
            let (Some(attr), false) = (attr, null) else {
                each(attr, None)?;
                continue;
            };
            let range = disk::extent(data, offset, attr)?;
            offset = range.end;
            each(Some(attr), Some(&data[range]))?;
        }
        Ok(())
    }
}
