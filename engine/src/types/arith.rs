//! The functions behind the arithmetic operators. Each is strict: NULL in, NULL out.
//!
//! An integer function is named after the type of its result; its operands may be integers of any width up to that, so
//! `int4 + int8` needs no cast.

use super::{Datum, Numeric};
use crate::ids::{Error, Lsn, Result, sqlstate};

/// A function of two values.
pub type BinaryFn = fn(&Datum, &Datum) -> Result<Datum>;
/// A function of one value.
pub type UnaryFn = fn(&Datum) -> Result<Datum>;

/// `22003` "`what` out of range"
pub(super) fn out_of_range(what: &str) -> Error {
    Error::new(sqlstate::NUMERIC_VALUE_OUT_OF_RANGE, format!("{what} out of range"))
}

pub(super) fn division_by_zero() -> Error {
    Error::new(sqlstate::DIVISION_BY_ZERO, "division by zero")
}

macro_rules! return_null {
    ($($value:ident)*) => { if $($value.is_null())||* { return Ok(Datum::Null); } };
}

macro_rules! integers {
    ($($module:ident $type:ident $variant:ident $name:literal)*) => { $(
        #[doc = concat!("Operators whose result is ", $name, ".")]
        pub mod $module {
            use super::*;

            fn fit(value: Option<i64>) -> Result<Datum> {
                let fits = value.and_then(|v| $type::try_from(v).ok());
                fits.map(Datum::$variant).ok_or_else(|| out_of_range($name))
            }

            /// `a + b`
            pub fn add(a: &Datum, b: &Datum) -> Result<Datum> {
                return_null!(a b);
                fit(a.as_int()?.checked_add(b.as_int()?))
            }

            /// `a - b`
            pub fn sub(a: &Datum, b: &Datum) -> Result<Datum> {
                return_null!(a b);
                fit(a.as_int()?.checked_sub(b.as_int()?))
            }

            /// `a * b`
            pub fn mul(a: &Datum, b: &Datum) -> Result<Datum> {
                return_null!(a b);
                fit(a.as_int()?.checked_mul(b.as_int()?))
            }

            /// `a / b`, towards zero
            pub fn div(a: &Datum, b: &Datum) -> Result<Datum> {
                return_null!(a b);
                match b.as_int()? {
                    0 => Err(division_by_zero()),
                    b => fit(a.as_int()?.checked_div(b)),
                }
            }

            /// `a % b`, with the sign of `a`
            pub fn rem(a: &Datum, b: &Datum) -> Result<Datum> {
                return_null!(a b);
                match b.as_int()? {
                    0 => Err(division_by_zero()),
                    b => fit(Some(a.as_int()?.wrapping_rem(b))),
                }
            }

            /// `a & b`
            pub fn and(a: &Datum, b: &Datum) -> Result<Datum> {
                return_null!(a b);
                fit(Some(a.as_int()? & b.as_int()?))
            }

            /// `a | b`
            pub fn or(a: &Datum, b: &Datum) -> Result<Datum> {
                return_null!(a b);
                fit(Some(a.as_int()? | b.as_int()?))
            }

            /// `a # b`: exclusive or
            pub fn xor(a: &Datum, b: &Datum) -> Result<Datum> {
                return_null!(a b);
                fit(Some(a.as_int()? ^ b.as_int()?))
            }

            /// `a << b`; what is shifted out is lost, and the count is taken modulo the width, as x86-64 does.
            pub fn shl(a: &Datum, b: &Datum) -> Result<Datum> {
                return_null!(a b);
                Ok(Datum::$variant(wide(a)?.wrapping_shl(b.as_int()? as u32) as $type))
            }

            /// `a >> b`, keeping the sign
            pub fn shr(a: &Datum, b: &Datum) -> Result<Datum> {
                return_null!(a b);
                Ok(Datum::$variant(wide(a)?.wrapping_shr(b.as_int()? as u32) as $type))
            }

            /// `- a`
            pub fn negate(a: &Datum) -> Result<Datum> {
                return_null!(a);
                fit(a.as_int()?.checked_neg())
            }

            /// `@ a`: the absolute value
            pub fn abs(a: &Datum) -> Result<Datum> {
                return_null!(a);
                fit(a.as_int()?.checked_abs())
            }

            /// `~ a`
            pub fn not(a: &Datum) -> Result<Datum> {
                return_null!(a);
                fit(Some(!a.as_int()?))
            }

            /// The value in the width that C computes in.
            fn wide(a: &Datum) -> Result<Wide> {
                a.as_int().map(|v| v as Wide)
            }
            type Wide = <$type as super::Shifted>::Wide;
        }
    )* };
}

integers! {
    int2 i16 Int2 "smallint"
    int4 i32 Int4 "integer"
    int8 i64 Int8 "bigint"
}

/// The width that C shifts an integer in: at least an `int`.
trait Shifted {
    type Wide;
}
impl Shifted for i16 {
    type Wide = i32;
}
impl Shifted for i32 {
    type Wide = i32;
}
impl Shifted for i64 {
    type Wide = i64;
}

macro_rules! floats {
    ($($module:ident $type:ident $variant:ident)*) => { $(
        #[doc = concat!("Operators whose result is `", stringify!($module), "`.")]
        pub mod $module {
            use super::*;

            fn get(value: &Datum) -> Result<$type> {
                value.as_float().map(|v| v as $type)
            }

            /// A result that became infinite or zero only because there is no room for it is an error.
            fn check(result: $type, may_be_infinite: bool, may_be_zero: bool) -> Result<Datum> {
                if result.is_infinite() && !may_be_infinite {
                    return Err(out_of_range_because("overflow"));
                }
                if result == 0.0 && !may_be_zero {
                    return Err(out_of_range_because("underflow"));
                }
                Ok(Datum::$variant(if result.is_nan() { $type::NAN } else { result }))
            }

            /// `a + b`
            pub fn add(a: &Datum, b: &Datum) -> Result<Datum> {
                return_null!(a b);
                let (a, b) = (get(a)?, get(b)?);
                check(a + b, a.is_infinite() || b.is_infinite(), true)
            }

            /// `a - b`
            pub fn sub(a: &Datum, b: &Datum) -> Result<Datum> {
                return_null!(a b);
                let (a, b) = (get(a)?, get(b)?);
                check(a - b, a.is_infinite() || b.is_infinite(), true)
            }

            /// `a * b`
            pub fn mul(a: &Datum, b: &Datum) -> Result<Datum> {
                return_null!(a b);
                let (a, b) = (get(a)?, get(b)?);
                check(a * b, a.is_infinite() || b.is_infinite(), a == 0.0 || b == 0.0)
            }

            /// `a / b`
            pub fn div(a: &Datum, b: &Datum) -> Result<Datum> {
                return_null!(a b);
                let (a, b) = (get(a)?, get(b)?);
                if b == 0.0 && !a.is_nan() {
                    return Err(division_by_zero());
                }
                check(a / b, a.is_infinite(), a == 0.0 || b.is_infinite())
            }

            /// `- a`
            pub fn negate(a: &Datum) -> Result<Datum> {
                return_null!(a);
                get(a).map(|v| Datum::$variant(if v.is_nan() { v } else { -v }))
            }

            /// `@ a`: the absolute value
            pub fn abs(a: &Datum) -> Result<Datum> {
                return_null!(a);
                get(a).map(|v| Datum::$variant(v.abs()))
            }
        }
    )* };
}

floats! {
    float4 f32 Float4
    float8 f64 Float8
}

fn out_of_range_because(why: &str) -> Error {
    Error::new(sqlstate::NUMERIC_VALUE_OUT_OF_RANGE, format!("value out of range: {why}"))
}

/// `float8 ^ float8`
pub fn float8_power(a: &Datum, b: &Datum) -> Result<Datum> {
    return_null!(a b);
    let (a, b) = (a.as_float()?, b.as_float()?);
    let refuse = |message: &str| Err(Error::new(sqlstate::INVALID_ARGUMENT_FOR_POWER_FUNCTION, message));
    if a == 0.0 && b < 0.0 {
        return refuse("zero raised to a negative power is undefined");
    }
    if a < 0.0 && b.is_finite() && b != libm::floor(b) {
        return refuse("a negative number raised to a non-integer power yields a complex result");
    }
    let result = libm::pow(a, b);
    if result.is_infinite() && a.is_finite() && b.is_finite() {
        return Err(out_of_range_because("overflow"));
    }
    if result == 0.0 && a != 0.0 && a.is_finite() && b.is_finite() {
        return Err(out_of_range_because("underflow"));
    }
    Ok(Datum::Float8(if result.is_nan() { f64::NAN } else { result }))
}

/// `|/ float8`: the square root
pub fn float8_sqrt(a: &Datum) -> Result<Datum> {
    return_null!(a);
    let a = a.as_float()?;
    if a < 0.0 {
        let message = "cannot take square root of a negative number";
        return Err(Error::new(sqlstate::INVALID_ARGUMENT_FOR_POWER_FUNCTION, message));
    }
    Ok(Datum::Float8(libm::sqrt(a)))
}

/// `||/ float8`: the cube root
pub fn float8_cbrt(a: &Datum) -> Result<Datum> {
    return_null!(a);
    Ok(Datum::Float8(libm::cbrt(a.as_float()?)))
}

macro_rules! numerics {
    ($($name:ident $method:ident $text:literal)*) => { $(
        #[doc = $text]
        pub fn $name(a: &Datum, b: &Datum) -> Result<Datum> {
            return_null!(a b);
            a.as_numeric()?.$method(b.as_numeric()?).map(Datum::Numeric)
        }
    )* };
}

numerics! {
    numeric_add add "`numeric + numeric`"
    numeric_sub sub "`numeric - numeric`"
    numeric_mul mul "`numeric * numeric`"
    numeric_div div "`numeric / numeric`"
    numeric_rem rem "`numeric % numeric`"
    numeric_power power "`numeric ^ numeric`"
}

/// `- numeric`
pub fn numeric_negate(a: &Datum) -> Result<Datum> {
    return_null!(a);
    a.as_numeric().map(|n| Datum::Numeric(n.negate()))
}

/// `@ numeric`: the absolute value
pub fn numeric_abs(a: &Datum) -> Result<Datum> {
    return_null!(a);
    a.as_numeric().map(|n| Datum::Numeric(n.abs()))
}

/// `+ a`, of any number
pub fn identity(a: &Datum) -> Result<Datum> {
    Ok(a.clone())
}

/// `text || text`
pub fn text_concat(a: &Datum, b: &Datum) -> Result<Datum> {
    return_null!(a b);
    Ok(Datum::text([a.as_str()?, b.as_str()?].concat()))
}

/// `bytea || bytea`
pub fn bytea_concat(a: &Datum, b: &Datum) -> Result<Datum> {
    return_null!(a b);
    Ok(Datum::Bytea([a.as_bytes()?, b.as_bytes()?].concat().into()))
}

fn lsn(value: &Datum) -> Result<Lsn> {
    match value {
        Datum::PgLsn(lsn) => Ok(*lsn),
        other => Err(other.unexpected("a pg_lsn")),
    }
}

/// `pg_lsn - pg_lsn`: bytes, as numeric, since the difference may be negative.
pub fn lsn_difference(a: &Datum, b: &Datum) -> Result<Datum> {
    return_null!(a b);
    let (a, b) = (Numeric::from(lsn(a)?.0), Numeric::from(lsn(b)?.0));
    a.sub(&b).map(Datum::Numeric)
}

fn lsn_moved(from: &Datum, bytes: &Numeric, what: &str) -> Result<Datum> {
    if bytes.is_nan() {
        let message = format!("cannot {what} NaN {} pg_lsn", if what == "add" { "to" } else { "from" });
        return Err(Error::new(sqlstate::FEATURE_NOT_SUPPORTED, message));
    }
    let moved = Numeric::from(lsn(from)?.0).add(bytes)?;
    moved
        .to_u64()
        .map(|at| Datum::PgLsn(Lsn(at)))
        .ok_or_else(|| Error::new(sqlstate::INVALID_PARAMETER_VALUE, "pg_lsn out of range"))
}

/// `pg_lsn + numeric`
pub fn lsn_add(a: &Datum, b: &Datum) -> Result<Datum> {
    return_null!(a b);
    lsn_moved(a, b.as_numeric()?, "add")
}

/// `numeric + pg_lsn`
pub fn lsn_add_to(a: &Datum, b: &Datum) -> Result<Datum> {
    lsn_add(b, a)
}

/// `pg_lsn - numeric`
pub fn lsn_sub(a: &Datum, b: &Datum) -> Result<Datum> {
    return_null!(a b);
    lsn_moved(a, &b.as_numeric()?.negate(), "subtract")
}

/// `interval + interval`
pub fn interval_add(a: &Datum, b: &Datum) -> Result<Datum> {
    match (a, b) {
        (Datum::Null, _) | (_, Datum::Null) => Ok(Datum::Null),
        (Datum::Interval(a), Datum::Interval(b)) => a.plus(*b).map(Datum::Interval),
        (a, _) => Err(a.unexpected("an interval")),
    }
}

/// `interval - interval`
pub fn interval_sub(a: &Datum, b: &Datum) -> Result<Datum> {
    interval_add(a, &interval_negate(b)?)
}

/// `interval * float8`
pub fn interval_mul(a: &Datum, b: &Datum) -> Result<Datum> {
    return_null!(a b);
    let factor = b.as_float()?;
    a.as_interval()?.scaled(|part| part * factor).map(Datum::Interval)
}

/// `float8 * interval`
pub fn interval_mul_by(a: &Datum, b: &Datum) -> Result<Datum> {
    interval_mul(b, a)
}

/// `interval / float8`
pub fn interval_div(a: &Datum, b: &Datum) -> Result<Datum> {
    return_null!(a b);
    match b.as_float()? {
        0.0 => Err(division_by_zero()),
        divisor => a.as_interval()?.scaled(|part| part / divisor).map(Datum::Interval),
    }
}

/// `- interval`
pub fn interval_negate(a: &Datum) -> Result<Datum> {
    match a {
        Datum::Null => Ok(Datum::Null),
        Datum::Interval(a) => a.negated().map(Datum::Interval),
        other => Err(other.unexpected("an interval")),
    }
}

macro_rules! comparisons {
    ($($name:ident $test:ident $text:literal)*) => { $(
        #[doc = $text]
        pub fn $name(a: &Datum, b: &Datum) -> Result<Datum> {
            return_null!(a b);
            Ok(Datum::Bool(super::compare(a, b)?.$test()))
        }
    )* };
}

comparisons! {
    eq is_eq "`a = b`"
    ne is_ne "`a <> b`"
    lt is_lt "`a < b`"
    le is_le "`a <= b`"
    gt is_gt "`a > b`"
    ge is_ge "`a >= b`"
}
