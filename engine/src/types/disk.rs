//! A value's bytes on a page.
//!
//! ```text
//!   fixed length    at the type's alignment, little-endian
//!   varlena         short   | 1 byte: length * 2 + 1 | up to 126 bytes |     at any offset
//!                   long    | 4 bytes: length * 4    | bytes           |     at the type's alignment
//! ```
//!
//! The length counts the header. A pad byte before a long one is 0, and the first byte of a short one never is: so a
//! reader tells which of the two it sees. Values of types with storage PLAIN are never short. Those that are compressed
//! or lie elsewhere (`storage::varlena`) are taken as they are: [`Datum::Toasted`].

use super::array::{Array, Dim, MAX_DIMS};
use super::tuple::Attr;
use super::{Datum, Interval, Numeric, TimeTz, TypeId, align_bytes};
use crate::ids::{BlockNumber, CommandId, Error, Lsn, Oid, Result, Tid, TimestampTz, Xid};
use crate::storage::bytes::*;
pub(super) use crate::storage::varlena::payload;
use crate::storage::varlena::{self, VARATT_SHORT_MAX, VARHDRSZ};

/// `NAMEDATALEN`
const NAMEDATALEN: usize = 64;

/// `att_align_nominal`: `offset` rounded up to an alignment letter's bytes.
pub(super) fn align_to(offset: usize, typalign: u8) -> usize {
    offset.next_multiple_of(align_bytes(typalign))
}

/// Appends a value that is not NULL, padding first. `out` counts offsets from `base`.
pub(super) fn append(out: &mut Vec<u8>, base: usize, attr: &Attr, value: &Datum) -> Result<()> {
    let align = |out: &mut Vec<u8>| out.resize(base + align_to(out.len() - base, attr.attalign), 0);
    if attr.attlen > 0 {
        align(out);
        return append_fixed(out, attr.type_id, value);
    }
    if let Datum::Toasted { bytes, .. } = value {
        if !varlena::is_unaligned(bytes) {
            align(out);
        }
        out.extend_from_slice(bytes);
        return Ok(());
    }
    let start = out.len();
    // Written with room for a long header where the long form would begin, and moved if the short form will do.
    align(out);
    let header = out.len();
    out.extend_from_slice(&[0; VARHDRSZ]);
    append_payload(out, attr.type_id, value)?;
    let payload = out.len() - header - VARHDRSZ;
    if attr.attstorage != b'p' && payload < VARATT_SHORT_MAX {
        out[start] = ((payload + 1) << 1 | 1) as u8;
        out.copy_within(header + VARHDRSZ.., start + 1);
        out.truncate(start + 1 + payload);
    } else {
        put_u32(out, header, ((payload + VARHDRSZ) << 2) as u32);
    }
    Ok(())
}

fn append_fixed(out: &mut Vec<u8>, type_id: TypeId, value: &Datum) -> Result<()> {
    match value {
        Datum::Bool(v) => out.push(u8::from(*v)),
        Datum::Char(v) => out.push(*v),
        Datum::Int2(v) => out.extend_from_slice(&v.to_le_bytes()),
        Datum::Int4(v) => out.extend_from_slice(&v.to_le_bytes()),
        Datum::Int8(v) => out.extend_from_slice(&v.to_le_bytes()),
        Datum::Float4(v) => out.extend_from_slice(&v.to_le_bytes()),
        Datum::Float8(v) => out.extend_from_slice(&v.to_le_bytes()),
        Datum::Oid(Oid(v)) | Datum::Xid(Xid(v)) | Datum::Cid(CommandId(v)) => out.extend_from_slice(&v.to_le_bytes()),
        Datum::PgLsn(v) => out.extend_from_slice(&v.0.to_le_bytes()),
        Datum::TimestampTz(v) | Datum::Timestamp(v) => out.extend_from_slice(&v.0.to_le_bytes()),
        Datum::Date(v) => out.extend_from_slice(&v.to_le_bytes()),
        Datum::Time(v) => out.extend_from_slice(&v.to_le_bytes()),
        Datum::TimeTz(v) => {
            out.extend_from_slice(&v.micros.to_le_bytes());
            out.extend_from_slice(&v.zone.to_le_bytes());
        }
        Datum::Uuid(v) => out.extend_from_slice(v),
        Datum::Xid8(v) => out.extend_from_slice(&v.to_le_bytes()),
        Datum::Tid(tid) => {
            let block = tid.block.0;
            for half in [(block >> 16) as u16, block as u16, tid.offset] {
                out.extend_from_slice(&half.to_le_bytes());
            }
        }
        Datum::Interval(v) => {
            out.extend_from_slice(&v.micros.to_le_bytes());
            out.extend_from_slice(&v.days.to_le_bytes());
            out.extend_from_slice(&v.months.to_le_bytes());
        }
        Datum::Name(v) => {
            let mut bytes = [0; NAMEDATALEN];
            let name = super::datum::truncate_name(v).as_bytes();
            bytes[..name.len()].copy_from_slice(name);
            out.extend_from_slice(&bytes);
        }
        other => return Err(other.unexpected(type_id.typname())),
    }
    Ok(())
}

fn append_payload(out: &mut Vec<u8>, type_id: TypeId, value: &Datum) -> Result<()> {
    match value {
        Datum::Text(v) | Datum::Bpchar(v) | Datum::Json(v) => out.extend_from_slice(v.as_bytes()),
        Datum::Jsonb(v) => super::json::write_disk(out, v),
        Datum::Bytea(v) => out.extend_from_slice(v),
        Datum::Numeric(v) => v.write_disk(out),
        Datum::Array(array) => append_array(out, type_id, array)?,
        other => return Err(other.unexpected(type_id.typname())),
    }
    Ok(())
}

/// An array behind its header: dimensions, where the elements begin if there are nulls, element type; the lengths of all
/// dimensions, then their lower bounds; the null bitmap; the elements.
fn append_array(out: &mut Vec<u8>, type_id: TypeId, array: &Array) -> Result<()> {
    let start = out.len() - VARHDRSZ;
    let (elem, items) = (array.elem, &array.items);
    let has_nulls = items.iter().any(Datum::is_null);
    // The vectors count from 0, and have a dimension even where they are empty.
    let of_vector = [Dim { len: items.len() as i32, lower: 0 }];
    let dims = if is_vector(type_id) { &of_vector[..] } else { &array.dims[..] };
    for word in [dims.len() as u32, 0, elem.oid().0] {
        out.extend_from_slice(&word.to_le_bytes());
    }
    for len in dims.iter().map(|dim| dim.len) {
        out.extend_from_slice(&len.to_le_bytes());
    }
    for lower in dims.iter().map(|dim| dim.lower) {
        out.extend_from_slice(&lower.to_le_bytes());
    }
    if has_nulls {
        let bitmap = out.len();
        out.resize(bitmap + items.len().div_ceil(8), 0);
        for (at, _) in items.iter().enumerate().filter(|(_, item)| !item.is_null()) {
            out[bitmap + at / 8] |= 1 << (at % 8);
        }
    }
    out.resize(start + (out.len() - start).next_multiple_of(8), 0);
    if has_nulls {
        let dataoffset = (out.len() - start) as u32;
        put_u32(out, start + VARHDRSZ + 4, dataoffset);
    }
    // Elements are aligned at both ends, and never short.
    let attr = Attr { attstorage: b'p', ..Attr::new("", elem) };
    for item in items.iter().filter(|item| !item.is_null()) {
        append(out, start, &attr, item)?;
        out.resize(start + align_to(out.len() - start, attr.attalign), 0);
    }
    Ok(())
}

fn is_vector(type_id: TypeId) -> bool {
    matches!(type_id, TypeId::Int2Vector | TypeId::OidVector)
}

/// `XX001`: the tuple's bytes end before its last column.
fn too_short() -> Error {
    Error::corrupt("tuple is too short for its columns")
}

/// The bytes of a column that is not NULL: from where to where in `data`, header and all, without padding.
pub(super) fn extent(data: &[u8], offset: usize, attr: &Attr) -> Result<std::ops::Range<usize>> {
    let aligned = align_to(offset, attr.attalign);
    let (start, len) = match attr.attlen {
        len if len > 0 => (aligned, len as usize),
        -2 => {
            let rest = data.get(offset..).ok_or_else(too_short)?;
            (offset, rest.iter().position(|byte| *byte == 0).ok_or_else(too_short)? + 1)
        }
        _ => {
            let short_here = data.get(offset).ok_or_else(too_short)? & 1 == 1;
            let start = if short_here { offset } else { aligned };
            (start, data.get(start..).and_then(varlena::size).ok_or_else(too_short)?)
        }
    };
    let end = start + len;
    if end > data.len() { Err(too_short()) } else { Ok(start..end) }
}

/// Reads a value from its bytes as [`extent`] cuts them.
pub(super) fn read(bytes: &[u8], type_id: TypeId, attlen: i16) -> Result<Datum> {
    if attlen > 0 {
        return read_fixed(bytes, type_id);
    }
    if attlen == -1 && (varlena::is_external(bytes) || varlena::is_compressed(bytes)) {
        return Ok(Datum::Toasted { type_id, bytes: bytes.into() });
    }
    let payload = payload(bytes);
    match type_id {
        // As a key of an index has it.
        TypeId::Name => Ok(Datum::Name(utf8(&bytes[..bytes.len() - 1])?.into())),
        TypeId::Bytea => Ok(Datum::Bytea(payload.into())),
        TypeId::Numeric => Numeric::read_disk(payload).map(Datum::Numeric),
        TypeId::Bpchar => Ok(Datum::Bpchar(utf8(payload)?.into())),
        TypeId::Json => Ok(Datum::Json(utf8(payload)?.into())),
        TypeId::Jsonb => Ok(Datum::Jsonb(super::json::read_disk(payload)?.into())),
        _ if type_id.is_array() || type_id == TypeId::AnyArray => read_array(payload),
        _ => Ok(Datum::Text(utf8(payload)?.into())),
    }
}

fn utf8(bytes: &[u8]) -> Result<&str> {
    std::str::from_utf8(bytes).map_err(|_| Error::corrupt("invalid byte sequence for encoding \"UTF8\""))
}

fn read_fixed(b: &[u8], type_id: TypeId) -> Result<Datum> {
    if b.len() != type_id.typlen().max(0) as usize {
        return Err(too_short());
    }
    Ok(match type_id {
        TypeId::Bool => Datum::Bool(b[0] != 0),
        TypeId::Char => Datum::Char(b[0]),
        TypeId::Int2 => Datum::Int2(get_i16(b, 0)),
        TypeId::Int4 => Datum::Int4(get_i32(b, 0)),
        TypeId::Int8 => Datum::Int8(get_i64(b, 0)),
        TypeId::Float4 => Datum::Float4(get_f32(b, 0)),
        TypeId::Float8 => Datum::Float8(get_f64(b, 0)),
        TypeId::Oid | TypeId::Regclass | TypeId::Regproc | TypeId::Regtype | TypeId::Regnamespace | TypeId::Regrole => {
            Datum::Oid(Oid(get_u32(b, 0)))
        }
        TypeId::Xid => Datum::Xid(Xid(get_u32(b, 0))),
        TypeId::Cid => Datum::Cid(CommandId(get_u32(b, 0))),
        TypeId::PgLsn => Datum::PgLsn(Lsn(get_u64(b, 0))),
        TypeId::TimestampTz => Datum::TimestampTz(TimestampTz(get_i64(b, 0))),
        TypeId::Timestamp => Datum::Timestamp(TimestampTz(get_i64(b, 0))),
        TypeId::Date => Datum::Date(get_i32(b, 0)),
        TypeId::Time => Datum::Time(get_i64(b, 0)),
        TypeId::TimeTz => Datum::TimeTz(TimeTz { micros: get_i64(b, 0), zone: get_i32(b, 8) }),
        TypeId::Uuid => Datum::Uuid(b.try_into().map_err(|_| too_short())?),
        TypeId::Xid8 => Datum::Xid8(get_u64(b, 0)),
        TypeId::Tid => {
            let block = u32::from(get_u16(b, 0)) << 16 | u32::from(get_u16(b, 2));
            Datum::Tid(Tid::new(BlockNumber(block), get_u16(b, 4)))
        }
        TypeId::Interval => {
            Datum::Interval(Interval { micros: get_i64(b, 0), days: get_i32(b, 8), months: get_i32(b, 12) })
        }
        TypeId::Name => {
            let end = b.iter().position(|&c| c == 0).unwrap_or(b.len());
            Datum::Name(utf8(&b[..end])?.into())
        }
        other => return Err(Error::unsupported(format!("reading a column of type {other}"))),
    })
}

fn read_array(payload: &[u8]) -> Result<Datum> {
    let corrupt = || Error::corrupt("invalid bytes of an array");
    if payload.len() < 12 {
        return Err(corrupt());
    }
    let (ndim, dataoffset) = (get_u32(payload, 0), get_u32(payload, 4) as usize);
    let elem = TypeId::from_oid(Oid(get_u32(payload, 8))).filter(|elem| !elem.is_array()).ok_or_else(corrupt)?;
    if ndim == 0 {
        return Ok(Datum::array(elem, []));
    }
    let ndim = ndim as usize;
    let header = 12 + 8 * ndim;
    if ndim > MAX_DIMS || payload.len() < header {
        return Err(corrupt());
    }
    let word = |at: usize| get_i32(payload, 12 + 4 * at);
    let dims: Vec<Dim> = (0..ndim).map(|at| Dim { len: word(at), lower: word(ndim + at) }).collect();
    let count = super::array::count(&dims).map_err(|_| corrupt())?;
    super::array::check_bounds(&dims).map_err(|_| corrupt())?;
    let bitmap = if dataoffset > 0 { payload.get(header..header + count.div_ceil(8)) } else { None };
    // Nulls take no room but their bits.
    if dataoffset > 0 && bitmap.is_none() || count / 8 > payload.len() {
        return Err(corrupt());
    }
    // Offsets count from the varlena header, which the payload lacks; it is a multiple of 4 only, so it is put back.
    let mut data = vec![0; VARHDRSZ];
    data.extend_from_slice(payload);
    let attr = Attr { attstorage: b'p', ..Attr::new("", elem) };
    let mut offset = if dataoffset > 0 { dataoffset } else { crate::storage::max_align(VARHDRSZ + header) };
    let mut items = Vec::new();
    for at in 0..count {
        if bitmap.is_some_and(|bits| bits[at / 8] >> (at % 8) & 1 == 0) {
            items.push(Datum::Null);
            continue;
        }
        let range = extent(&data, offset, &attr)?;
        items.push(read(&data[range.clone()], elem, attr.attlen)?);
        offset = range.end;
    }
    Ok(Array::shaped(elem, dims, items).datum())
}
