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

use super::arith::out_of_range;
use super::float::{float4_in, float8_in};
use super::text::{input, output};
use super::{Datum, Numeric, TypeCategory, TypeId};
use crate::ids::{Error, Oid, Result, sqlstate};

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
        }
    }
}

fn to_string_type(text: &str, to: TypeId) -> Result<Datum> {
    Ok(if to == TypeId::Name { Datum::name(text) } else { Datum::text(text) })
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
    let is_string = |t: TypeId| matches!(t, TypeId::Text | TypeId::Varchar | TypeId::Name);
    match (is_string(from), is_string(to)) {
        // The output of a reg type needs the catalog; it is not this room's to give.
        (_, true) if !is_pseudo(from) => cast(CastContext::Assignment, Method::Output),
        (true, false) if !is_pseudo(to) && !is_reg(to) => cast(CastContext::Explicit, Method::Input),
        _ => None,
    }
}

fn is_pseudo(type_id: TypeId) -> bool {
    type_id.category() == TypeCategory::Pseudo
}

fn is_reg(type_id: TypeId) -> bool {
    matches!(type_id, TypeId::Regclass | TypeId::Regproc | TypeId::Regtype)
}

/// Whether a value can become another type without being told to, in this place.
pub fn can_coerce(from: TypeId, to: TypeId, context: CastContext) -> bool {
    if to == TypeId::AnyNonArray {
        return !from.is_array();
    }
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
    let (context, function): (CastContext, fn(&Datum) -> Result<Datum>) = match (from, to) {
        (Oid | Regclass | Regproc | Regtype, Oid) => return Some((Implicit, Method::Relabel)),
        (Oid, Regclass | Regproc | Regtype) => return Some((Implicit, Method::Relabel)),
        (Varchar, Text) | (Text, Varchar) => return Some((Implicit, Method::Relabel)),
        (Int2 | Int4 | Int8, Oid | Regclass | Regproc | Regtype) => (Implicit, to_oid),
        (Oid | Regclass | Regproc | Regtype, Int4) => (Assignment, to_int4),
        (Oid | Regclass | Regproc | Regtype, Int8) => (Assignment, to_int8),
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
        (Text | Varchar, Char) => (Assignment, |v| input(Char, v.as_str()?, -1)),
        (Name, Text) => (Implicit, |v| Ok(Datum::text(v.as_str()?))),
        (Name, Varchar) => (Assignment, |v| Ok(Datum::text(v.as_str()?))),
        (Text | Varchar, Name) => (Implicit, |v| Ok(Datum::name(v.as_str()?))),
        _ => return None,
    };
    Some((context, Method::Function(function)))
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
