//! A value of any type.

use std::rc::Rc;

use super::array::Array;
use super::json::Json;
use super::{Interval, Numeric, TypeId};
use crate::ids::{CommandId, Error, Lsn, Oid, Result, Tid, TimestampTz, Xid};

/// A value. Those of fixed size are kept in place; the others are shared, so a clone never copies bytes.
#[derive(Clone, PartialEq, Debug, Default)]
pub enum Datum {
    /// No value, of any type.
    #[default]
    Null,
    /// boolean
    Bool(bool),
    /// smallint
    Int2(i16),
    /// integer
    Int4(i32),
    /// bigint
    Int8(i64),
    /// real
    Float4(f32),
    /// double precision
    Float8(f64),
    /// numeric
    Numeric(Numeric),
    /// text, character varying, and literals of type unknown
    Text(Rc<str>),
    /// character(n): spaces at its end do not count when it is compared.
    Bpchar(Rc<str>),
    /// json, as it was written
    Json(Rc<str>),
    /// jsonb
    Jsonb(Rc<Json>),
    /// bytea
    Bytea(Rc<[u8]>),
    /// name
    Name(Rc<str>),
    /// "char"
    Char(u8),
    /// oid, and the reg types
    Oid(Oid),
    /// xid
    Xid(Xid),
    /// xid8
    Xid8(u64),
    /// cid
    Cid(CommandId),
    /// tid
    Tid(Tid),
    /// pg_lsn
    PgLsn(Lsn),
    /// timestamp with time zone
    TimestampTz(TimestampTz),
    /// timestamp without time zone: microseconds as in a timestamptz, of no zone
    Timestamp(TimestampTz),
    /// date: days since 2000-01-01
    Date(i32),
    /// time without time zone: microseconds since midnight
    Time(i64),
    /// time with time zone
    TimeTz(TimeTz),
    /// interval
    Interval(Interval),
    /// uuid
    Uuid([u8; 16]),
    /// A value of variable length as it lies in a row, compressed or a pointer to where it is stored: nothing can be
    /// computed with it. Queries bring it back before they do.
    Toasted {
        /// Its type.
        type_id: TypeId,
        /// Header and all.
        bytes: Rc<[u8]>,
    },
    /// An array, and the vector types.
    Array(Rc<Array>),
}

/// A time of day and the zone that it is told in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TimeTz {
    /// Microseconds since midnight there.
    pub micros: i64,
    /// Seconds west of Greenwich, as PostgreSQL stores it.
    pub zone: i32,
}

impl Datum {
    /// A text value.
    pub fn text(value: impl Into<Rc<str>>) -> Datum {
        Datum::Text(value.into())
    }

    /// A name value, cut to 63 bytes at a character's end as `namein` cuts.
    pub fn name(value: &str) -> Datum {
        Datum::Name(truncate_name(value).into())
    }

    /// An array value of one dimension, counted from 1; of none if it is empty.
    pub fn array(elem: TypeId, items: impl Into<Vec<Datum>>) -> Datum {
        Datum::Array(Rc::new(Array::new(elem, items.into())))
    }

    /// Whether this is NULL.
    pub fn is_null(&self) -> bool {
        matches!(self, Datum::Null)
    }

    /// The value of a boolean; NULL counts as false, as in WHERE.
    pub fn is_true(&self) -> bool {
        matches!(self, Datum::Bool(true))
    }

    /// The kind's name in a report of a value that is not what it should be.
    fn kind(&self) -> &'static str {
        match self {
            Datum::Null => "null",
            Datum::Bool(_) => "bool",
            Datum::Int2(_) => "int2",
            Datum::Int4(_) => "int4",
            Datum::Int8(_) => "int8",
            Datum::Float4(_) => "float4",
            Datum::Float8(_) => "float8",
            Datum::Numeric(_) => "numeric",
            Datum::Text(_) => "text",
            Datum::Bpchar(_) => "bpchar",
            Datum::Json(_) => "json",
            Datum::Jsonb(_) => "jsonb",
            Datum::Xid8(_) => "xid8",
            Datum::Timestamp(_) => "timestamp",
            Datum::Date(_) => "date",
            Datum::Time(_) => "time",
            Datum::TimeTz(_) => "timetz",
            Datum::Uuid(_) => "uuid",
            Datum::Bytea(_) => "bytea",
            Datum::Name(_) => "name",
            Datum::Char(_) => "char",
            Datum::Oid(_) => "oid",
            Datum::Xid(_) => "xid",
            Datum::Cid(_) => "cid",
            Datum::Tid(_) => "tid",
            Datum::PgLsn(_) => "pg_lsn",
            Datum::TimestampTz(_) => "timestamptz",
            Datum::Interval(_) => "interval",
            Datum::Toasted { .. } => "toasted value",
            Datum::Array(_) => "array",
        }
    }

    /// The type of a value that says it by itself; of others the nearest one.
    pub fn element_type(&self) -> TypeId {
        match self {
            Datum::Null => TypeId::Unknown,
            Datum::Bool(_) => TypeId::Bool,
            Datum::Int2(_) => TypeId::Int2,
            Datum::Int4(_) => TypeId::Int4,
            Datum::Int8(_) => TypeId::Int8,
            Datum::Float4(_) => TypeId::Float4,
            Datum::Float8(_) => TypeId::Float8,
            Datum::Numeric(_) => TypeId::Numeric,
            Datum::Text(_) => TypeId::Text,
            Datum::Bpchar(_) => TypeId::Bpchar,
            Datum::Json(_) => TypeId::Json,
            Datum::Jsonb(_) => TypeId::Jsonb,
            Datum::Bytea(_) => TypeId::Bytea,
            Datum::Name(_) => TypeId::Name,
            Datum::Char(_) => TypeId::Char,
            Datum::Oid(_) => TypeId::Oid,
            Datum::Xid(_) => TypeId::Xid,
            Datum::Xid8(_) => TypeId::Xid8,
            Datum::Cid(_) => TypeId::Cid,
            Datum::Tid(_) => TypeId::Tid,
            Datum::PgLsn(_) => TypeId::PgLsn,
            Datum::TimestampTz(_) => TypeId::TimestampTz,
            Datum::Timestamp(_) => TypeId::Timestamp,
            Datum::Date(_) => TypeId::Date,
            Datum::Time(_) => TypeId::Time,
            Datum::TimeTz(_) => TypeId::TimeTz,
            Datum::Interval(_) => TypeId::Interval,
            Datum::Uuid(_) => TypeId::Uuid,
            Datum::Toasted { type_id, .. } => *type_id,
            Datum::Array(array) => array.elem.array().unwrap_or(TypeId::AnyArray),
        }
    }

    /// `XX000`: the expression's type promised another kind of value.
    pub fn unexpected(&self, wanted: &str) -> Error {
        Error::internal(format!("value of kind {} where {wanted} is expected", self.kind()))
    }

    /// The value of an integer of any width.
    pub fn as_int(&self) -> Result<i64> {
        match self {
            Datum::Int4(v) => Ok(i64::from(*v)),
            Datum::Int8(v) => Ok(*v),
            Datum::Int2(v) => Ok(i64::from(*v)),
            other => Err(other.unexpected("an integer")),
        }
    }

    /// The value of a floating-point number of either width.
    pub fn as_float(&self) -> Result<f64> {
        match self {
            Datum::Float8(v) => Ok(*v),
            Datum::Float4(v) => Ok(f64::from(*v)),
            other => Err(other.unexpected("a floating-point number")),
        }
    }

    /// The value of a boolean.
    pub fn as_bool(&self) -> Result<bool> {
        match self {
            Datum::Bool(v) => Ok(*v),
            other => Err(other.unexpected("a boolean")),
        }
    }

    /// The value of a numeric.
    pub fn as_numeric(&self) -> Result<&Numeric> {
        match self {
            Datum::Numeric(v) => Ok(v),
            other => Err(other.unexpected("a numeric")),
        }
    }

    /// The value of an interval.
    pub fn as_interval(&self) -> Result<Interval> {
        match self {
            Datum::Interval(v) => Ok(*v),
            other => Err(other.unexpected("an interval")),
        }
    }

    /// The characters of a text of any kind.
    pub fn as_str(&self) -> Result<&str> {
        match self {
            Datum::Text(v) | Datum::Name(v) | Datum::Bpchar(v) | Datum::Json(v) => Ok(v),
            other => Err(other.unexpected("a text")),
        }
    }

    /// The value of an array.
    pub fn as_array(&self) -> Result<&Rc<Array>> {
        match self {
            Datum::Array(v) => Ok(v),
            other => Err(other.unexpected("an array")),
        }
    }

    /// The value of a jsonb.
    pub fn as_jsonb(&self) -> Result<&Rc<Json>> {
        match self {
            Datum::Jsonb(v) => Ok(v),
            other => Err(other.unexpected("a jsonb")),
        }
    }

    /// The days of a date.
    pub fn as_date(&self) -> Result<i32> {
        match self {
            Datum::Date(v) => Ok(*v),
            other => Err(other.unexpected("a date")),
        }
    }

    /// The microseconds of a time, a timestamp or a timestamptz.
    pub fn as_micros(&self) -> Result<i64> {
        match self {
            Datum::Timestamp(v) | Datum::TimestampTz(v) => Ok(v.0),
            Datum::Time(v) => Ok(*v),
            other => Err(other.unexpected("a time")),
        }
    }

    /// The bytes of a bytea.
    pub fn as_bytes(&self) -> Result<&[u8]> {
        match self {
            Datum::Bytea(v) => Ok(v),
            other => Err(other.unexpected("a bytea")),
        }
    }

    /// The 32 bits of an oid, xid or cid.
    pub fn as_u32(&self) -> Result<u32> {
        match self {
            Datum::Oid(v) => Ok(v.0),
            Datum::Xid(v) => Ok(v.0),
            Datum::Cid(v) => Ok(v.0),
            other => Err(other.unexpected("an oid")),
        }
    }
}

/// The longest prefix of at most 63 bytes that ends with a whole character: identifiers are cut so.
pub fn truncate_name(name: &str) -> &str {
    let end = (0..=name.len().min(63)).rev().find(|&at| name.is_char_boundary(at)).unwrap_or(0);
    &name[..end]
}
