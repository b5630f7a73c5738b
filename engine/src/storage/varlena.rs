//! Values of variable length: their headers, and the two forms that a long value can take.
//!
//! ```text
//!   short        | len * 2 + 1 |  up to 126 bytes                       1 byte of header, at any offset
//!   long         | len * 4     |  bytes                                 4 bytes, aligned
//!   compressed   | len * 4 + 2 | raw size, method | compressed bytes    8 bytes, aligned
//!   external     | 1 | 18 | raw size | size, method | value | table |   18 bytes, at any offset: the value lies elsewhere
//! ```
//!
//! Lengths count the header; only a raw size of a compressed value does not. PostgreSQL: `varatt` in `postgres.h`,
//! `access/toast_internals.h`.

use std::borrow::Cow;

use super::bytes::*;
use super::pglz;
use crate::ids::Oid;

/// `VARHDRSZ`: the size of a long header.
pub const VARHDRSZ: usize = 4;
/// `VARHDRSZ_COMPRESSED`
pub const VARHDRSZ_COMPRESSED: usize = 8;
/// `VARATT_SHORT_MAX`: the greatest length, header included, of a short value.
pub const VARATT_SHORT_MAX: usize = 0x7F;
/// `TOAST_POINTER_SIZE`
pub const TOAST_POINTER_SIZE: usize = 18;
/// `VARTAG_ONDISK`
const VARTAG_ONDISK: u8 = 18;
/// Of the word with the method, the bits of the size; `VARLENA_EXTSIZE_BITS`.
const EXTSIZE_MASK: u32 = (1 << 30) - 1;

/// Whether a value lies elsewhere: `VARATT_IS_EXTERNAL`.
pub fn is_external(value: &[u8]) -> bool {
    value.first() == Some(&1)
}

/// Whether a value is compressed where it lies: `VARATT_IS_COMPRESSED`.
pub fn is_compressed(value: &[u8]) -> bool {
    value.first().is_some_and(|first| first & 3 == 2)
}

/// Whether a value has a header of one byte, which is at no alignment; that of an external value counts as one.
pub fn is_unaligned(value: &[u8]) -> bool {
    value.first().is_some_and(|first| first & 1 == 1)
}

/// `VARSIZE_ANY`: the length of the value that begins here; `None` if the bytes are none.
pub fn size(bytes: &[u8]) -> Option<usize> {
    let first = *bytes.first()?;
    let size = match first {
        1 => TOAST_POINTER_SIZE,
        _ if first & 1 == 1 => usize::from(first >> 1),
        _ if bytes.len() < VARHDRSZ => return None,
        _ => (get_u32(bytes, 0) >> 2) as usize,
    };
    let least = if first & 1 == 1 { 1 } else { VARHDRSZ + if first & 2 == 2 { 4 } else { 0 } };
    (size >= least && size <= bytes.len()).then_some(size)
}

/// The bytes of a short or long value behind its header.
pub fn payload(value: &[u8]) -> &[u8] {
    let header = if is_unaligned(value) { 1 } else { VARHDRSZ };
    value.get(header..).unwrap_or_default()
}

/// A long value with these bytes.
pub fn long(payload: &[u8]) -> Vec<u8> {
    let mut value = (((payload.len() + VARHDRSZ) as u32) << 2).to_le_bytes().to_vec();
    value.extend_from_slice(payload);
    value
}

/// A short value, if that will do, else the value as it is; `VARATT_CAN_MAKE_SHORT`.
pub fn packed(value: Vec<u8>) -> Vec<u8> {
    let len = (value.len() + 1).saturating_sub(VARHDRSZ);
    if is_unaligned(&value) || is_compressed(&value) || len > VARATT_SHORT_MAX {
        return value;
    }
    let mut short = vec![(len << 1 | 1) as u8];
    short.extend_from_slice(&value[VARHDRSZ..]);
    short
}

/// How many bytes a compressed value has when it is not, without a header; `VARDATA_COMPRESSED_GET_EXTSIZE`.
pub fn raw_size(compressed: &[u8]) -> usize {
    (get_u32(compressed, VARHDRSZ) & EXTSIZE_MASK) as usize
}

/// The number of the method by which a value is compressed: 0 is pglz, 1 lz4.
pub fn method(compressed: &[u8]) -> u32 {
    get_u32(compressed, VARHDRSZ) >> 30
}

/// A compressed value: pglz made `data` of so many bytes.
pub fn compressed(raw_size: usize, data: &[u8]) -> Vec<u8> {
    let mut value = (((data.len() + VARHDRSZ_COMPRESSED) as u32) << 2 | 2).to_le_bytes().to_vec();
    value.extend_from_slice(&(raw_size as u32).to_le_bytes());
    value.extend_from_slice(data);
    value
}

/// `toast_compress_datum`: a long value compressed, if that saves more than two bytes.
pub fn compress(value: &[u8]) -> Option<Vec<u8>> {
    let raw = payload(value);
    let data = pglz::compress(raw).filter(|data| data.len() + VARHDRSZ_COMPRESSED + 2 < raw.len())?;
    Some(compressed(raw.len(), &data))
}

/// The bytes of a value that lies where it is, behind its header and out of its compression; `None` if they are corrupt.
pub fn raw_payload(value: &[u8]) -> Option<Cow<'_, [u8]>> {
    if !is_compressed(value) {
        return Some(Cow::Borrowed(payload(value)));
    }
    let known = value.len() >= VARHDRSZ_COMPRESSED && method(value) == 0;
    known.then(|| pglz::decompress(&value[VARHDRSZ_COMPRESSED..], raw_size(value)))?.map(Cow::Owned)
}

/// Where an external value lies; `varatt_external`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ToastPointer {
    /// `va_rawsize`: how long the value is, with a long header.
    pub rawsize: u32,
    /// `va_extinfo`: how many bytes are stored, and the method of their compression.
    pub extinfo: u32,
    /// `va_valueid`
    pub value: Oid,
    /// `va_toastrelid`
    pub table: Oid,
}

impl ToastPointer {
    /// For a value that is to be stored: the pointer, still without a place, and the bytes to store. They are those
    /// behind the header, of a compressed value with the word that tells its raw size.
    pub fn of(value: &[u8]) -> (ToastPointer, &[u8]) {
        let stored = payload(value);
        let size = stored.len() as u32;
        let (rawsize, extinfo) = match is_compressed(value) {
            true => (raw_size(value) as u32, size | method(value) << 30),
            false => (size, size),
        };
        (ToastPointer { rawsize: rawsize + VARHDRSZ as u32, extinfo, value: Oid::INVALID, table: Oid::INVALID }, stored)
    }

    /// Reads the pointer of an external value.
    pub fn read(value: &[u8]) -> Option<ToastPointer> {
        if value.len() < TOAST_POINTER_SIZE || value[1] != VARTAG_ONDISK {
            return None;
        }
        let word = |n: usize| get_u32(value, 2 + 4 * n);
        Some(ToastPointer { rawsize: word(0), extinfo: word(1), value: Oid(word(2)), table: Oid(word(3)) })
    }

    /// The external value.
    pub fn encode(&self) -> Vec<u8> {
        let mut value = vec![1, VARTAG_ONDISK];
        for word in [self.rawsize, self.extinfo, self.value.0, self.table.0] {
            value.extend_from_slice(&word.to_le_bytes());
        }
        value
    }

    /// `VARATT_EXTERNAL_GET_EXTSIZE`: how many bytes are stored.
    pub fn stored_size(&self) -> usize {
        (self.extinfo & EXTSIZE_MASK) as usize
    }

    /// `VARATT_EXTERNAL_IS_COMPRESSED`
    pub fn is_compressed(&self) -> bool {
        self.stored_size() + VARHDRSZ < self.rawsize as usize
    }

    /// The value whose stored bytes these are: compressed, or long.
    pub fn value_of(&self, stored: &[u8]) -> Vec<u8> {
        let mut value = long(stored);
        if self.is_compressed() {
            value[0] |= 2;
        }
        value
    }
}
