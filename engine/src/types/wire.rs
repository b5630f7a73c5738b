//! Values on the wire in binary format: the send and receive functions of every type. Numbers are in network order.

use super::timestamp::timestamptz_recv;
use super::{Datum, Interval, Numeric, TypeId, apply_typmod};
use crate::ids::{BlockNumber, CommandId, Error, Lsn, Oid, Result, Tid, Xid, sqlstate};

/// Appends a value that is not NULL in binary format.
pub fn send(value: &Datum, type_id: TypeId, out: &mut Vec<u8>) {
    match value {
        Datum::Null | Datum::Toasted { .. } => {}
        Datum::Bool(v) => out.push(u8::from(*v)),
        Datum::Char(v) => out.push(*v),
        Datum::Int2(v) => out.extend_from_slice(&v.to_be_bytes()),
        Datum::Int4(v) => out.extend_from_slice(&v.to_be_bytes()),
        Datum::Int8(v) => out.extend_from_slice(&v.to_be_bytes()),
        Datum::Float4(v) => out.extend_from_slice(&v.to_be_bytes()),
        Datum::Float8(v) => out.extend_from_slice(&v.to_be_bytes()),
        Datum::Numeric(v) => v.send(out),
        Datum::Text(v) | Datum::Name(v) => out.extend_from_slice(v.as_bytes()),
        Datum::Bytea(v) => out.extend_from_slice(v),
        Datum::Oid(Oid(v)) | Datum::Xid(Xid(v)) | Datum::Cid(CommandId(v)) => out.extend_from_slice(&v.to_be_bytes()),
        Datum::Tid(v) => {
            out.extend_from_slice(&v.block.0.to_be_bytes());
            out.extend_from_slice(&v.offset.to_be_bytes());
        }
        Datum::PgLsn(v) => out.extend_from_slice(&v.0.to_be_bytes()),
        Datum::TimestampTz(v) => out.extend_from_slice(&v.0.to_be_bytes()),
        Datum::Interval(v) => {
            out.extend_from_slice(&v.micros.to_be_bytes());
            out.extend_from_slice(&v.days.to_be_bytes());
            out.extend_from_slice(&v.months.to_be_bytes());
        }
        Datum::Array { elem, items } => send_array(*elem, items, type_id, out),
    }
}

/// `array_send`: dimensions, whether there are nulls, element type, length, lower bound, then each element behind its
/// length (-1 for NULL).
fn send_array(elem: TypeId, items: &[Datum], type_id: TypeId, out: &mut Vec<u8>) {
    let vector = matches!(type_id, TypeId::Int2Vector | TypeId::OidVector);
    let ndim = i32::from(vector || !items.is_empty());
    let has_nulls = i32::from(items.iter().any(Datum::is_null));
    for word in [ndim, has_nulls, elem.oid().0 as i32] {
        out.extend_from_slice(&word.to_be_bytes());
    }
    if ndim == 1 {
        out.extend_from_slice(&(items.len() as i32).to_be_bytes());
        out.extend_from_slice(&i32::from(!vector).to_be_bytes());
    }
    for item in items {
        let at = out.len();
        out.extend_from_slice(&(-1i32).to_be_bytes());
        if !item.is_null() {
            send(item, elem, out);
            let len = (out.len() - at - 4) as i32;
            out[at..at + 4].copy_from_slice(&len.to_be_bytes());
        }
    }
}

/// Takes network-order numbers off the front of a message.
struct Message<'a>(&'a [u8]);

impl<'a> Message<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(count).ok_or_else(too_short)?;
        self.0 = rest;
        Ok(head)
    }

    fn number<const N: usize>(&mut self) -> Result<[u8; N]> {
        self.take(N)?.try_into().map_err(|_| too_short())
    }

    fn i32(&mut self) -> Result<i32> {
        self.number().map(i32::from_be_bytes)
    }

    fn u32(&mut self) -> Result<u32> {
        self.number().map(u32::from_be_bytes)
    }

    fn i64(&mut self) -> Result<i64> {
        self.number().map(i64::from_be_bytes)
    }

    fn rest_as_text(&mut self) -> Result<&'a str> {
        let bytes = std::mem::take(&mut self.0);
        let text = std::str::from_utf8(bytes).ok().filter(|text| !text.contains('\0'));
        text.ok_or_else(|| {
            Error::new(sqlstate::CHARACTER_NOT_IN_REPERTOIRE, "invalid byte sequence for encoding \"UTF8\"")
        })
    }
}

/// `08P01`
fn too_short() -> Error {
    Error::new(sqlstate::PROTOCOL_VIOLATION, "insufficient data left in message")
}

/// `22P03`
fn invalid(message: &str) -> Error {
    Error::new(sqlstate::INVALID_BINARY_REPRESENTATION, message)
}

/// Reads a value in binary format, as a parameter comes. `typmod` is -1 for none.
pub fn recv(type_id: TypeId, bytes: &[u8], typmod: i32) -> Result<Datum> {
    let mut message = Message(bytes);
    let datum = recv_one(type_id, &mut message)?;
    if !message.0.is_empty() {
        return Err(invalid("incorrect binary data format"));
    }
    if typmod < 0 { Ok(datum) } else { apply_typmod(datum, type_id, typmod, false) }
}

fn recv_one(type_id: TypeId, m: &mut Message<'_>) -> Result<Datum> {
    Ok(match type_id {
        TypeId::Bool => Datum::Bool(m.take(1)?[0] != 0),
        TypeId::Char => Datum::Char(m.take(1)?[0]),
        TypeId::Int2 => Datum::Int2(i16::from_be_bytes(m.number()?)),
        TypeId::Int4 => Datum::Int4(m.i32()?),
        TypeId::Int8 => Datum::Int8(m.i64()?),
        // One NaN only, so that equal runs have equal bits.
        TypeId::Float4 => {
            Datum::Float4(Some(f32::from_be_bytes(m.number()?)).filter(|v| !v.is_nan()).unwrap_or(f32::NAN))
        }
        TypeId::Float8 => {
            Datum::Float8(Some(f64::from_be_bytes(m.number()?)).filter(|v| !v.is_nan()).unwrap_or(f64::NAN))
        }
        TypeId::Numeric => Datum::Numeric(Numeric::recv(std::mem::take(&mut m.0))?),
        TypeId::Text | TypeId::Varchar | TypeId::Unknown => Datum::text(m.rest_as_text()?),
        TypeId::Name => Datum::name(m.rest_as_text()?),
        TypeId::Bytea => Datum::Bytea(std::mem::take(&mut m.0).into()),
        TypeId::Oid | TypeId::Regclass | TypeId::Regproc | TypeId::Regtype => Datum::Oid(Oid(m.u32()?)),
        TypeId::Xid => Datum::Xid(Xid(m.u32()?)),
        TypeId::Cid => Datum::Cid(CommandId(m.u32()?)),
        TypeId::Tid => Datum::Tid(Tid::new(BlockNumber(m.u32()?), u16::from_be_bytes(m.number()?))),
        TypeId::PgLsn => Datum::PgLsn(Lsn(m.i64()? as u64)),
        TypeId::TimestampTz => Datum::TimestampTz(timestamptz_recv(m.i64()?)?),
        TypeId::Interval => Datum::Interval(Interval { micros: m.i64()?, days: m.i32()?, months: m.i32()? }),
        TypeId::Void => Datum::Null,
        _ => match type_id.element() {
            Some(elem) => recv_array(elem, m)?,
            None => return Err(Error::unsupported(format!("binary input of type {type_id}"))),
        },
    })
}

fn recv_array(elem: TypeId, m: &mut Message<'_>) -> Result<Datum> {
    let (ndim, _has_nulls, sent) = (m.i32()?, m.i32()?, m.u32()?);
    if sent != elem.oid().0 {
        return Err(Error::new(sqlstate::DATATYPE_MISMATCH, "wrong element type"));
    }
    match ndim {
        0 => return Ok(Datum::array(elem, [])),
        1 => {}
        _ => return Err(Error::unsupported("an array of several dimensions")),
    }
    let (count, _lower_bound) = (m.i32()?, m.i32()?);
    let mut items = Vec::new();
    for _ in 0..count {
        items.push(match m.i32()? {
            -1 => Datum::Null,
            len => recv(elem, m.take(usize::try_from(len).map_err(|_| too_short())?)?, -1)?,
        });
    }
    Ok(Datum::array(elem, items))
}
