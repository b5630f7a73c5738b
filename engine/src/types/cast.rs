//! Casts: which type can become which, in what place, and how.
//!
//! ```text
//!   implicit     anywhere             1 + 2.5        integer becomes numeric
//!   assignment   INSERT, UPDATE SET   balance = 7    and what might lose something: bigint into integer
//!   explicit     CAST, ::             '5'::int       and what must be meant
//! ```
//!
//! Beyond the rows of `pg_cast`, every type becomes a text through its output function on assignment, and a text
//! becomes every type through its input function when told so.

use super::arith::{UnaryFn, out_of_range};
use super::datetime::arith::{date_to_timestamp, timestamp_to_date, to_utc};
use super::datetime::{USECS_PER_DAY, is_finite};
use super::float::{float4_in, float8_in};
use super::session::style;
use super::text::{input, output};
use super::{Array, Datum, Numeric, TypeCategory, TypeId, json};
use crate::ids::{Error, Oid, Result, TimestampTz, sqlstate};

/// Where a cast may happen by itself; a later one allows more.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum CastContext {
    /// In any expression.
    Implicit,
    /// When a value is stored in a column.
    Assignment,
    /// Only when written out.
    Explicit,
}

#[derive(Clone, Copy)]
enum Method {
    /// The value is the same.
    Relabel,
    Function(fn(&Datum) -> Result<Datum>),
    Output,
    Input,
    /// An array, element by element.
    Elements,
}

/// A way from one type to another.
#[derive(Clone, Copy)]
pub struct Cast {
    from: TypeId,
    to: TypeId,
    /// The first place where it happens by itself.
    pub context: CastContext,
    method: Method,
}

impl Cast {
    /// Whether the value stays as it is.
    pub fn is_relabel(&self) -> bool {
        matches!(self.method, Method::Relabel)
    }

    /// Whether the value goes through its text.
    pub fn is_by_text(&self) -> bool {
        matches!(self.method, Method::Input | Method::Output)
    }

    /// The value in the other type; NULL stays NULL.
    pub fn eval(&self, value: &Datum) -> Result<Datum> {
        if value.is_null() {
            return Ok(Datum::Null);
        }
        match self.method {
            Method::Relabel => Ok(value.clone()),
            Method::Function(function) => function(value),
            Method::Output => to_string_type(&output(value, self.from), self.to),
            Method::Input => input(self.to, value.as_str()?, -1),
            Method::Elements => self.elements(value),
        }
    }

    fn elements(&self, value: &Datum) -> Result<Datum> {
        let array = value.as_array()?;
        let (Some(from), Some(to)) = (self.from.element(), self.to.element()) else {
            return Err(value.unexpected("an array"));
        };
        let cast = explicit_cast(from, to)?;
        let items = array.items.iter().map(|item| cast.eval(item)).collect::<Result<_>>()?;
        Ok(Array { elem: to, dims: array.dims.clone(), items }.datum())
    }
}

fn to_string_type(text: &str, to: TypeId) -> Result<Datum> {
    Ok(match to {
        TypeId::Name => Datum::name(text),
        TypeId::Bpchar => Datum::Bpchar(text.into()),
        _ => Datum::text(text),
    })
}

/// The cast from one type to another, if there is any; its `context` says where it may be used. Modifiers are a matter of
/// [`super::apply_typmod`].
pub fn find_cast(from: TypeId, to: TypeId) -> Option<Cast> {
    let cast = |context, method| Some(Cast { from, to, context, method });
    if from == to {
        return cast(CastContext::Implicit, Method::Relabel);
    }
    if from == TypeId::Unknown {
        return cast(CastContext::Implicit, Method::Input);
    }
    if let Some((context, method)) = pg_cast(from, to) {
        return cast(context, method);
    }
    if let (Some(a), Some(b)) = (from.element(), to.element())
        && !matches!(to, TypeId::Int2Vector | TypeId::OidVector)
        && let Some(of_elements) = find_cast(a, b)
    {
        let method = if of_elements.is_relabel() && a == b { Method::Relabel } else { Method::Elements };
        return cast(of_elements.context, method);
    }
    let is_string = |t: TypeId| t.category() == TypeCategory::String;
    match (is_string(from), is_string(to)) {
        (_, true) if !is_pseudo(from) => cast(CastContext::Assignment, Method::Output),
        (true, false) if !is_pseudo(to) => cast(CastContext::Explicit, Method::Input),
        _ => None,
    }
}

fn is_pseudo(type_id: TypeId) -> bool {
    type_id.category() == TypeCategory::Pseudo
}

/// Whether a value can become another type without being told to, in this place.
pub fn can_coerce(from: TypeId, to: TypeId, context: CastContext) -> bool {
    find_cast(from, to).is_some_and(|cast| cast.context <= context)
}

/// As [`find_cast`] for `CAST(... AS to)`: 42846 if there is none.
pub fn explicit_cast(from: TypeId, to: TypeId) -> Result<Cast> {
    find_cast(from, to).ok_or_else(|| Error::new(sqlstate::CANNOT_COERCE, format!("cannot cast type {from} to {to}")))
}

/// The rows of `pg_cast` between types that the engine knows.
fn pg_cast(from: TypeId, to: TypeId) -> Option<(CastContext, Method)> {
    use CastContext::*;
    use TypeId::*;
    let width = |t| match t {
        Int2 => Some(2),
        Int4 => Some(4),
        Int8 => Some(8),
        _ => None,
    };
    let reg = |t| matches!(t, Regclass | Regproc | Regtype | Regnamespace | Regrole);
    if reg(from) && to == Oid || reg(to) && from == Oid {
        return Some((Implicit, Method::Relabel));
    }
    if let Some((context, function)) = time_cast(from, to).or_else(|| json_cast(from, to)) {
        return Some((context, Method::Function(function)));
    }
    let (context, function): (CastContext, UnaryFn) = match (from, to) {
        (Varchar, Text) | (Text, Varchar) => return Some((Implicit, Method::Relabel)),
        (Int2 | Int4 | Int8, to) if reg(to) || to == Oid => (Implicit, to_oid),
        (from, Int4) if reg(from) || from == Oid => (Assignment, to_int4),
        (from, Int8) if reg(from) || from == Oid => (Assignment, to_int8),
        (Text | Varchar, Regclass) => (Implicit, |v| input(Regclass, v.as_str()?, -1)),
        (Bpchar, Text | Varchar) => (Implicit, |v| Ok(Datum::text(v.as_str()?.trim_end_matches(' ')))),
        (Bpchar, Name) => (Implicit, |v| Ok(Datum::name(v.as_str()?.trim_end_matches(' ')))),
        (Text | Varchar, Bpchar) => (Implicit, |v| Ok(Datum::Bpchar(v.as_str()?.into()))),
        (Name, Bpchar) => (Assignment, |v| Ok(Datum::Bpchar(v.as_str()?.into()))),
        (Char, Bpchar) => (Assignment, |v| Ok(Datum::Bpchar(output(v, Char).into()))),
        (Bool, Bpchar) => (Assignment, |v| Ok(Datum::Bpchar(if v.as_bool()? { "true" } else { "false" }.into()))),
        (Xid8, Xid) => (Explicit, |v| match v {
            Datum::Xid8(v) => Ok(Datum::Xid(crate::ids::Xid(*v as u32))),
            other => Err(other.unexpected("an xid8")),
        }),
        (Int2 | Int4 | Int8, Int2 | Int4 | Int8) => {
            let wider = width(from) < width(to);
            (if wider { Implicit } else { Assignment }, to_int(to))
        }
        (Int2 | Int4 | Int8, Float4) | (Numeric, Float4) => (Implicit, to_float4),
        (Int2 | Int4 | Int8 | Float4 | Numeric, Float8) => (Implicit, to_float8),
        (Float8, Float4) => (Assignment, to_float4),
        (Int2 | Int4 | Int8, Numeric) => (Implicit, to_numeric),
        (Float4 | Float8, Numeric) => (Assignment, to_numeric),
        (Float4 | Float8 | Numeric, Int2 | Int4 | Int8) => (Assignment, to_int(to)),
        (Bool, Int4) | (Char, Int4) => (Explicit, to_int4),
        (Int4, Bool) => (Explicit, |v| Ok(Datum::Bool(v.as_int()? != 0))),
        (Int4, Char) => (Explicit, int4_to_char),
        (Bool, Text | Varchar) => (Assignment, |v| Ok(Datum::text(if v.as_bool()? { "true" } else { "false" }))),
        (Char, Text) => (Implicit, |v| Ok(Datum::text(output(v, Char)))),
        (Char, Varchar) => (Assignment, |v| Ok(Datum::text(output(v, Char)))),
        (Text | Varchar | Bpchar, Char) => (Assignment, |v| input(Char, v.as_str()?, -1)),
        (Name, Text) => (Implicit, |v| Ok(Datum::text(v.as_str()?))),
        (Name, Varchar) => (Assignment, |v| Ok(Datum::text(v.as_str()?))),
        (Text | Varchar, Name) => (Implicit, |v| Ok(Datum::name(v.as_str()?))),
        _ => return None,
    };
    Some((context, Method::Function(function)))
}

/// The casts among dates, times and intervals.
fn time_cast(from: TypeId, to: TypeId) -> Option<(CastContext, UnaryFn)> {
    use CastContext::*;
    use TypeId::*;
    Some(match (from, to) {
        (Date, Timestamp) => (Implicit, |v| date_to_timestamp(v.as_date()?).map(timestamp)),
        (Date, TimestampTz) => (Implicit, |v| to_utc(date_to_timestamp(v.as_date()?)?).map(timestamptz)),
        (Timestamp, TimestampTz) => (Implicit, |v| to_utc(v.as_micros()?).map(timestamptz)),
        (Time, Interval) => (Implicit, |v| {
            let micros = v.as_micros()?;
            Ok(Datum::Interval(super::Interval { micros, ..super::Interval::default() }))
        }),
        (Time, TimeTz) => (Implicit, |v| {
            let zone = style().zone.west_at(style().now.0);
            Ok(Datum::TimeTz(super::TimeTz { micros: v.as_micros()?, zone }))
        }),
        (Timestamp, Date) => (Assignment, |v| Ok(Datum::Date(timestamp_to_date(v.as_micros()?)))),
        (Timestamp, Time) => (Assignment, |v| Ok(time_of(v.as_micros()?))),
        (TimestampTz, Timestamp) => (Assignment, |v| Ok(timestamp(style().zone.to_local(v.as_micros()?)))),
        (TimestampTz, Date) => {
            (Assignment, |v| Ok(Datum::Date(timestamp_to_date(style().zone.to_local(v.as_micros()?)))))
        }
        (TimestampTz, Time) => (Assignment, |v| Ok(time_of(style().zone.to_local(v.as_micros()?)))),
        (TimestampTz, TimeTz) => (Assignment, |v| {
            let micros = v.as_micros()?;
            let local = style().zone.to_local(micros);
            if !is_finite(micros) {
                return Ok(Datum::Null);
            }
            let zone = style().zone.west_at(micros);
            Ok(Datum::TimeTz(super::TimeTz { micros: local.rem_euclid(USECS_PER_DAY), zone }))
        }),
        (Interval, Time) => (Assignment, |v| Ok(time_of(v.as_interval()?.micros))),
        (TimeTz, Time) => (Assignment, |v| match v {
            Datum::TimeTz(time) => Ok(Datum::Time(time.micros)),
            other => Err(other.unexpected("a timetz")),
        }),
        _ => return None,
    })
}

fn timestamp(micros: i64) -> Datum {
    Datum::Timestamp(TimestampTz(micros))
}

fn timestamptz(micros: i64) -> Datum {
    Datum::TimestampTz(TimestampTz(micros))
}

/// The time of day of a timestamp; of an infinity there is none.
fn time_of(micros: i64) -> Datum {
    if is_finite(micros) { Datum::Time(micros.rem_euclid(USECS_PER_DAY)) } else { Datum::Null }
}

/// The casts between json and jsonb, and from jsonb to numbers and booleans.
fn json_cast(from: TypeId, to: TypeId) -> Option<(CastContext, UnaryFn)> {
    use CastContext::*;
    use TypeId::*;
    Some(match (from, to) {
        (Json, Jsonb) => (Assignment, |v| input(Jsonb, v.as_str()?, -1)),
        (Jsonb, Json) => (Assignment, |v| Ok(Datum::Json(output(v, Jsonb).into()))),
        (Jsonb, Bool) => (Explicit, |v| match &**v.as_jsonb()? {
            json::Json::Bool(value) => Ok(Datum::Bool(*value)),
            other => Err(not_a(other, "boolean")),
        }),
        (Jsonb, Numeric) => (Explicit, |v| jsonb_number(v, "numeric").map(Datum::Numeric)),
        (Jsonb, Int2) => (Explicit, |v| to_int2(&Datum::Numeric(jsonb_number(v, "smallint")?))),
        (Jsonb, Int4) => (Explicit, |v| to_int4(&Datum::Numeric(jsonb_number(v, "integer")?))),
        (Jsonb, Int8) => (Explicit, |v| to_int8(&Datum::Numeric(jsonb_number(v, "bigint")?))),
        (Jsonb, Float4) => (Explicit, |v| to_float4(&Datum::Numeric(jsonb_number(v, "real")?))),
        (Jsonb, Float8) => (Explicit, |v| to_float8(&Datum::Numeric(jsonb_number(v, "double precision")?))),
        _ => return None,
    })
}

fn jsonb_number(value: &Datum, name: &str) -> Result<Numeric> {
    match &**value.as_jsonb()? {
        json::Json::Number(number) => Ok(number.clone()),
        other => Err(not_a(other, name)),
    }
}

/// `22023`
fn not_a(value: &json::Json, name: &str) -> Error {
    let message = match value {
        json::Json::Null => format!("cannot cast jsonb null to type {name}"),
        json::Json::Number(_) => format!("cannot cast jsonb numeric to type {name}"),
        other => format!("cannot cast jsonb {} to type {name}", other.type_name()),
    };
    Error::new(sqlstate::INVALID_PARAMETER_VALUE, message)
}

fn to_int(to: TypeId) -> fn(&Datum) -> Result<Datum> {
    match to {
        TypeId::Int2 => to_int2,
        TypeId::Int4 => to_int4,
        _ => to_int8,
    }
}

/// Any number as an integer between two bounds, rounded; `name` is the type in "`name` out of range".
fn integer(value: &Datum, min: i64, max: i64, name: &str) -> Result<i64> {
    let whole = match value {
        Datum::Numeric(n) => return n.to_int(min, max, name),
        Datum::Float4(_) | Datum::Float8(_) => {
            // Half goes to the even neighbour, unlike in numeric.
            let rounded = libm::rint(value.as_float()?);
            // Doubles near the greatest bigint are far apart, so the bound is compared as one.
            let fits = rounded >= min as f64 && rounded < -(min as f64);
            fits.then_some(rounded as i64)
        }
        Datum::Bool(v) => Some(i64::from(*v)),
        Datum::Char(v) => Some(i64::from(*v as i8)),
        other => Some(other.as_int()?),
    };
    whole.filter(|v| (min..=max).contains(v)).ok_or_else(|| out_of_range(name))
}

fn to_int2(value: &Datum) -> Result<Datum> {
    integer(value, i16::MIN.into(), i16::MAX.into(), "smallint").map(|v| Datum::Int2(v as i16))
}

fn to_int4(value: &Datum) -> Result<Datum> {
    if let Datum::Oid(oid) = value {
        return Ok(Datum::Int4(oid.0 as i32));
    }
    integer(value, i32::MIN.into(), i32::MAX.into(), "integer").map(|v| Datum::Int4(v as i32))
}

fn to_int8(value: &Datum) -> Result<Datum> {
    if let Datum::Oid(oid) = value {
        return Ok(Datum::Int8(oid.0.into()));
    }
    integer(value, i64::MIN, i64::MAX, "bigint").map(Datum::Int8)
}

fn to_oid(value: &Datum) -> Result<Datum> {
    match value {
        Datum::Int8(v) => u32::try_from(*v).map(|v| Datum::Oid(Oid(v))).map_err(|_| out_of_range("OID")),
        other => Ok(Datum::Oid(Oid(other.as_int()? as u32))),
    }
}

fn to_float8(value: &Datum) -> Result<Datum> {
    Ok(Datum::Float8(match value {
        Datum::Numeric(n) => float8_in(&n.to_string())?,
        Datum::Float4(v) => f64::from(*v),
        other => other.as_int()? as f64,
    }))
}

fn to_float4(value: &Datum) -> Result<Datum> {
    let overflow = |why: &str| Err(out_of_range_because(why));
    Ok(Datum::Float4(match value {
        Datum::Numeric(n) => float4_in(&n.to_string())?,
        Datum::Float8(v) => match *v as f32 {
            narrow if narrow.is_infinite() && v.is_finite() => return overflow("overflow"),
            narrow if narrow == 0.0 && *v != 0.0 => return overflow("underflow"),
            narrow => narrow,
        },
        other => other.as_int()? as f32,
    }))
}

fn out_of_range_because(why: &str) -> Error {
    Error::new(sqlstate::NUMERIC_VALUE_OUT_OF_RANGE, format!("value out of range: {why}"))
}

/// Significant decimal digits that a number of each width always has: `DBL_DIG` and `FLT_DIG`.
const DBL_DIG: usize = 15;
const FLT_DIG: usize = 6;

fn to_numeric(value: &Datum) -> Result<Datum> {
    Ok(Datum::Numeric(match value {
        Datum::Float8(v) => Numeric::from_f64(*v, DBL_DIG)?,
        Datum::Float4(v) => Numeric::from_f64((*v).into(), FLT_DIG)?,
        other => Numeric::from(other.as_int()?),
    }))
}

fn int4_to_char(value: &Datum) -> Result<Datum> {
    i8::try_from(value.as_int()?).map(|v| Datum::Char(v as u8)).map_err(|_| out_of_range("\"char\""))
}

/// `select_common_type`: the type of CASE, COALESCE, UNION and VALUES over these types. `construct` names the place in
/// "`construct` types integer and text cannot be matched".
pub fn select_common_type(types: &[TypeId], construct: &str) -> Result<TypeId> {
    let mut known = types.iter().copied().filter(|t| *t != TypeId::Unknown);
    let Some(mut common) = known.next() else { return Ok(TypeId::Text) };
    for next in known {
        if next == common {
            continue;
        }
        if next.category() != common.category() {
            let message = format!("{construct} types {common} and {next} cannot be matched");
            return Err(Error::new(sqlstate::DATATYPE_MISMATCH, message));
        }
        let implicit = |from, to| can_coerce(from, to, CastContext::Implicit);
        if !common.is_preferred() && implicit(common, next) && !implicit(next, common) {
            common = next;
        }
    }
    Ok(common)
}
