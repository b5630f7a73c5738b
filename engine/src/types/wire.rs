//! Values on the wire in binary format: the send and receive functions of every type. Numbers are in network order.

use super::array::{Array, Dim, MAX_DIMS, count, too_many_dimensions};
use super::datetime::{date_in_range, is_finite_date, out_of_range, timestamp_recv};
use super::{Datum, Interval, Numeric, TimeTz, TypeId, apply_typmod};
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
        Datum::Text(v) | Datum::Name(v) | Datum::Bpchar(v) | Datum::Json(v) => out.extend_from_slice(v.as_bytes()),
        Datum::Jsonb(v) => {
            // The version of the format, then the text.
            out.push(1);
            let mut text = String::new();
            super::json::write(&mut text, v);
            out.extend_from_slice(text.as_bytes());
        }
        Datum::Uuid(v) => out.extend_from_slice(v),
        Datum::Date(v) => out.extend_from_slice(&v.to_be_bytes()),
        Datum::Time(v) => out.extend_from_slice(&v.to_be_bytes()),
        Datum::TimeTz(v) => {
            out.extend_from_slice(&v.micros.to_be_bytes());
            out.extend_from_slice(&v.zone.to_be_bytes());
        }
        Datum::Xid8(v) => out.extend_from_slice(&v.to_be_bytes()),
        Datum::Bytea(v) => out.extend_from_slice(v),
        Datum::Oid(Oid(v)) | Datum::Xid(Xid(v)) | Datum::Cid(CommandId(v)) => out.extend_from_slice(&v.to_be_bytes()),
        Datum::Tid(v) => {
            out.extend_from_slice(&v.block.0.to_be_bytes());
            out.extend_from_slice(&v.offset.to_be_bytes());
        }
        Datum::PgLsn(v) => out.extend_from_slice(&v.0.to_be_bytes()),
        Datum::TimestampTz(v) | Datum::Timestamp(v) => out.extend_from_slice(&v.0.to_be_bytes()),
        Datum::Interval(v) => {
            out.extend_from_slice(&v.micros.to_be_bytes());
            out.extend_from_slice(&v.days.to_be_bytes());
            out.extend_from_slice(&v.months.to_be_bytes());
        }
        Datum::Array(array) => send_array(array, type_id, out),
    }
}

/// `array_send`: dimensions, whether there are nulls, element type, length and lower bound of each dimension, then each
/// element behind its length (-1 for NULL).
fn send_array(array: &Array, type_id: TypeId, out: &mut Vec<u8>) {
    let vector = matches!(type_id, TypeId::Int2Vector | TypeId::OidVector);
    let (elem, items) = (array.elem, &array.items);
    // The vectors are counted from 0, and have a dimension even where they are empty.
    let of_vector = [Dim { len: items.len() as i32, lower: 0 }];
    let dims = if vector { &of_vector[..] } else { &array.dims[..] };
    let has_nulls = i32::from(items.iter().any(Datum::is_null));
    for word in [dims.len() as i32, has_nulls, elem.oid().0 as i32] {
        out.extend_from_slice(&word.to_be_bytes());
    }
    for dim in dims {
        out.extend_from_slice(&dim.len.to_be_bytes());
        out.extend_from_slice(&dim.lower.to_be_bytes());
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
        TypeId::Bpchar => Datum::Bpchar(m.rest_as_text()?.into()),
        TypeId::Json => super::input(TypeId::Json, m.rest_as_text()?, -1)?,
        TypeId::Jsonb => match m.take(1)?[0] {
            1 => super::input(TypeId::Jsonb, m.rest_as_text()?, -1)?,
            version => return Err(Error::internal(format!("unsupported jsonb version number {version}"))),
        },
        TypeId::Uuid => Datum::Uuid(m.number()?),
        TypeId::Date => match m.i32()? {
            days if is_finite_date(days) => {
                Datum::Date(date_in_range(days.into()).ok_or_else(|| out_of_range("date"))?)
            }
            infinite => Datum::Date(infinite),
        },
        TypeId::Time => Datum::Time(time(m.i64()?)?),
        TypeId::TimeTz => {
            let (micros, zone) = (time(m.i64()?)?, m.i32()?);
            if zone.unsigned_abs() >= 16 * 3600 {
                let message = "time zone displacement out of range";
                return Err(Error::new(sqlstate::INVALID_TIME_ZONE_DISPLACEMENT, message));
            }
            Datum::TimeTz(TimeTz { micros, zone })
        }
        TypeId::Xid8 => Datum::Xid8(m.i64()? as u64),
        TypeId::Name => Datum::name(m.rest_as_text()?),
        TypeId::Bytea => Datum::Bytea(std::mem::take(&mut m.0).into()),
        TypeId::Oid | TypeId::Regclass | TypeId::Regproc | TypeId::Regtype | TypeId::Regnamespace | TypeId::Regrole => {
            Datum::Oid(Oid(m.u32()?))
        }
        TypeId::Xid => Datum::Xid(Xid(m.u32()?)),
        TypeId::Cid => Datum::Cid(CommandId(m.u32()?)),
        TypeId::Tid => Datum::Tid(Tid::new(BlockNumber(m.u32()?), u16::from_be_bytes(m.number()?))),
        TypeId::PgLsn => Datum::PgLsn(Lsn(m.i64()? as u64)),
        TypeId::TimestampTz => Datum::TimestampTz(timestamp_recv(m.i64()?)?),
        TypeId::Timestamp => Datum::Timestamp(timestamp_recv(m.i64()?)?),
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
    if !(0..=MAX_DIMS as i32).contains(&ndim) {
        return Err(match ndim < 0 {
            true => invalid(&format!("invalid number of dimensions: {ndim}")),
            false => too_many_dimensions(ndim as usize),
        });
    }
    let mut dims = Vec::new();
    for _ in 0..ndim {
        dims.push(Dim { len: m.i32()?.max(0), lower: m.i32()? });
    }
    let mut items = Vec::new();
    for _ in 0..if dims.is_empty() { 0 } else { count(&dims)? } {
        items.push(match m.i32()? {
            -1 => Datum::Null,
            len => recv(elem, m.take(usize::try_from(len).map_err(|_| too_short())?)?, -1)?,
        });
    }
    Ok(Array::shaped(elem, dims, items).datum())
}

/// A time of day as it comes over the wire.
fn time(micros: i64) -> Result<i64> {
    let fits = (0..=super::datetime::USECS_PER_DAY).contains(&micros);
    if fits { Ok(micros) } else { Err(out_of_range("time")) }
}
