//! Numbers: rounding, powers and logarithms, angles, divisors.

use super::FnCtx;
use super::table::{Code, Entry};
use crate::ids::{Error, Result, sqlstate};
use crate::types::{self, Datum, TypeId, arith};
use Code::Strict;
use TypeId::{AnyCompatible, AnyCompatibleArray, Float4, Float8, Int2, Int4, Int8, Numeric};

pub(super) static TABLE: &[Entry] = &[
    ("abs", &[Int2], Int2, Strict(|_, a| arith::int2::abs(&a[0]))),
    ("abs", &[Int4], Int4, Strict(|_, a| arith::int4::abs(&a[0]))),
    ("abs", &[Int8], Int8, Strict(|_, a| arith::int8::abs(&a[0]))),
    ("abs", &[Float4], Float4, Strict(|_, a| arith::float4::abs(&a[0]))),
    ("abs", &[Float8], Float8, Strict(|_, a| arith::float8::abs(&a[0]))),
    ("abs", &[Numeric], Numeric, Strict(|_, a| number(a, |n| Ok(n.abs())))),
    ("ceil", &[Numeric], Numeric, Strict(|_, a| number(a, types::Numeric::ceil))),
    ("ceiling", &[Numeric], Numeric, Strict(|_, a| number(a, types::Numeric::ceil))),
    ("floor", &[Numeric], Numeric, Strict(|_, a| number(a, types::Numeric::floor))),
    ("round", &[Numeric], Numeric, Strict(|_, a| number(a, |n| n.round(0)))),
    ("trunc", &[Numeric], Numeric, Strict(|_, a| number(a, |n| Ok(n.trunc(0))))),
    (
        "round",
        &[Numeric, Int4],
        Numeric,
        Strict(|_, a| {
            let to = a[1].as_int()? as i32;
            number(a, |n| n.round(to))
        }),
    ),
    (
        "trunc",
        &[Numeric, Int4],
        Numeric,
        Strict(|_, a| {
            let to = a[1].as_int()? as i32;
            number(a, |n| Ok(n.trunc(to)))
        }),
    ),
    ("ceil", &[Float8], Float8, Strict(|_, a| plain(a, libm::ceil))),
    ("ceiling", &[Float8], Float8, Strict(|_, a| plain(a, libm::ceil))),
    ("floor", &[Float8], Float8, Strict(|_, a| plain(a, libm::floor))),
    ("round", &[Float8], Float8, Strict(|_, a| plain(a, libm::rint))),
    ("trunc", &[Float8], Float8, Strict(|_, a| plain(a, libm::trunc))),
    (
        "sign",
        &[Numeric],
        Numeric,
        Strict(|_, a| number(a, |n| Ok(if n.is_nan() { n.clone() } else { i64::from(n.signum()).into() }))),
    ),
    (
        "sign",
        &[Float8],
        Float8,
        Strict(|_, a| {
            plain(a, |v| {
                if v > 0.0 {
                    1.0
                } else if v < 0.0 {
                    -1.0
                } else {
                    0.0
                }
            })
        }),
    ),
    ("sqrt", &[Numeric], Numeric, Strict(|_, a| number(a, types::Numeric::sqrt))),
    ("sqrt", &[Float8], Float8, Strict(|_, a| arith::float8_sqrt(&a[0]))),
    ("cbrt", &[Float8], Float8, Strict(|_, a| arith::float8_cbrt(&a[0]))),
    ("exp", &[Numeric], Numeric, Strict(|_, a| number(a, types::Numeric::exp))),
    ("exp", &[Float8], Float8, Strict(|_, a| checked(a, libm::exp))),
    ("ln", &[Numeric], Numeric, Strict(|_, a| number(a, types::Numeric::ln))),
    ("ln", &[Float8], Float8, Strict(|_, a| logarithm(a, libm::log))),
    ("log", &[Numeric], Numeric, Strict(|_, a| number(a, |n| types::Numeric::log(&10i64.into(), n)))),
    ("log10", &[Numeric], Numeric, Strict(|_, a| number(a, |n| types::Numeric::log(&10i64.into(), n)))),
    ("log", &[Float8], Float8, Strict(|_, a| logarithm(a, libm::log10))),
    ("log10", &[Float8], Float8, Strict(|_, a| logarithm(a, libm::log10))),
    ("log", &[Numeric, Numeric], Numeric, Strict(|_, a| two(a, types::Numeric::log))),
    ("power", &[Numeric, Numeric], Numeric, Strict(|_, a| two(a, types::Numeric::power))),
    ("pow", &[Numeric, Numeric], Numeric, Strict(|_, a| two(a, types::Numeric::power))),
    ("power", &[Float8, Float8], Float8, Strict(|_, a| arith::float8_power(&a[0], &a[1]))),
    ("pow", &[Float8, Float8], Float8, Strict(|_, a| arith::float8_power(&a[0], &a[1]))),
    ("pi", &[], Float8, Strict(|_, _| Ok(Datum::Float8(std::f64::consts::PI)))),
    ("degrees", &[Float8], Float8, Strict(|_, a| checked(a, |v| v / (std::f64::consts::PI / 180.0)))),
    ("radians", &[Float8], Float8, Strict(|_, a| checked(a, |v| v * (std::f64::consts::PI / 180.0)))),
    ("sin", &[Float8], Float8, Strict(|_, a| finite(a, libm::sin))),
    ("cos", &[Float8], Float8, Strict(|_, a| finite(a, libm::cos))),
    ("tan", &[Float8], Float8, Strict(|_, a| finite(a, libm::tan))),
    ("cot", &[Float8], Float8, Strict(|_, a| finite(a, |v| 1.0 / libm::tan(v)))),
    ("asin", &[Float8], Float8, Strict(|_, a| within(a, libm::asin))),
    ("acos", &[Float8], Float8, Strict(|_, a| within(a, libm::acos))),
    ("atan", &[Float8], Float8, Strict(|_, a| plain(a, libm::atan))),
    (
        "atan2",
        &[Float8, Float8],
        Float8,
        Strict(|_, a| Ok(Datum::Float8(libm::atan2(a[0].as_float()?, a[1].as_float()?)))),
    ),
    ("sind", &[Float8], Float8, Strict(|_, a| finite(a, sind))),
    ("cosd", &[Float8], Float8, Strict(|_, a| finite(a, |v| sind(90.0 - libm::fmod(v, 360.0))))),
    ("tand", &[Float8], Float8, Strict(|_, a| finite(a, |v| tidy(sind(v) / sind(90.0 - libm::fmod(v, 360.0)))))),
    ("cotd", &[Float8], Float8, Strict(|_, a| finite(a, |v| tidy(sind(90.0 - libm::fmod(v, 360.0)) / sind(v))))),
    ("asind", &[Float8], Float8, Strict(|_, a| within(a, |v| libm::asin(v) / libm::asin(0.5) * 30.0))),
    ("acosd", &[Float8], Float8, Strict(|_, a| within(a, |v| libm::acos(v) / libm::acos(0.5) * 60.0))),
    ("atand", &[Float8], Float8, Strict(|_, a| plain(a, |v| libm::atan(v) / libm::atan(1.0) * 45.0))),
    (
        "atan2d",
        &[Float8, Float8],
        Float8,
        Strict(|_, a| Ok(Datum::Float8(libm::atan2(a[0].as_float()?, a[1].as_float()?) / libm::atan(1.0) * 45.0))),
    ),
    ("sinh", &[Float8], Float8, Strict(|_, a| plain(a, libm::sinh))),
    ("cosh", &[Float8], Float8, Strict(|_, a| plain(a, libm::cosh))),
    ("tanh", &[Float8], Float8, Strict(|_, a| plain(a, libm::tanh))),
    ("asinh", &[Float8], Float8, Strict(|_, a| plain(a, libm::asinh))),
    (
        "acosh",
        &[Float8],
        Float8,
        Strict(|_, a| if a[0].as_float()? < 1.0 { Err(range()) } else { plain(a, libm::acosh) }),
    ),
    (
        "atanh",
        &[Float8],
        Float8,
        Strict(|_, a| if a[0].as_float()?.abs() > 1.0 { Err(range()) } else { plain(a, libm::atanh) }),
    ),
    ("div", &[Numeric, Numeric], Numeric, Strict(|_, a| two(a, types::Numeric::div_trunc))),
    ("mod", &[Int2, Int2], Int2, Strict(|_, a| arith::int2::rem(&a[0], &a[1]))),
    ("mod", &[Int4, Int4], Int4, Strict(|_, a| arith::int4::rem(&a[0], &a[1]))),
    ("mod", &[Int8, Int8], Int8, Strict(|_, a| arith::int8::rem(&a[0], &a[1]))),
    ("mod", &[Numeric, Numeric], Numeric, Strict(|_, a| two(a, types::Numeric::rem))),
    ("gcd", &[Int4, Int4], Int4, Strict(|_, a| integer(gcd(a[0].as_int()?, a[1].as_int()?), Int4))),
    ("gcd", &[Int8, Int8], Int8, Strict(|_, a| integer(gcd(a[0].as_int()?, a[1].as_int()?), Int8))),
    ("gcd", &[Numeric, Numeric], Numeric, Strict(|_, a| two(a, numeric_gcd))),
    ("lcm", &[Int4, Int4], Int4, Strict(|_, a| integer(lcm(a[0].as_int()?, a[1].as_int()?), Int4))),
    ("lcm", &[Int8, Int8], Int8, Strict(|_, a| integer(lcm(a[0].as_int()?, a[1].as_int()?), Int8))),
    ("lcm", &[Numeric, Numeric], Numeric, Strict(|_, a| two(a, numeric_lcm))),
    ("factorial", &[Int8], Numeric, Strict(factorial)),
    ("scale", &[Numeric], Int4, Strict(|_, a| scale(a, |n| n.dscale().into()))),
    ("min_scale", &[Numeric], Int4, Strict(|_, a| scale(a, types::Numeric::min_scale))),
    (
        "trim_scale",
        &[Numeric],
        Numeric,
        Strict(|_, a| number(a, |n| if n.is_finite() { n.round(n.min_scale()) } else { Ok(n.clone()) })),
    ),
    ("numeric_inc", &[Numeric], Numeric, Strict(|_, a| number(a, |n| n.add(&1i64.into())))),
    ("int4pl", &[Int4, Int4], Int4, Strict(|_, a| arith::int4::add(&a[0], &a[1]))),
    ("width_bucket", &[Numeric, Numeric, Numeric, Int4], Int4, Strict(width_bucket)),
    ("width_bucket", &[Float8, Float8, Float8, Int4], Int4, Strict(width_bucket)),
    (
        "width_bucket",
        &[AnyCompatible, AnyCompatibleArray],
        Int4,
        Strict(|_, a| {
            let below = |bound: &&Datum| types::compare(bound, &a[0]).is_ok_and(|order| order.is_le());
            Ok(Datum::Int4(a[1].as_array()?.items.iter().take_while(below).count() as i32))
        }),
    ),
];

fn number(args: &[Datum], f: impl Fn(&types::Numeric) -> Result<types::Numeric>) -> Result<Datum> {
    f(args[0].as_numeric()?).map(Datum::Numeric)
}

fn two(args: &[Datum], f: fn(&types::Numeric, &types::Numeric) -> Result<types::Numeric>) -> Result<Datum> {
    f(args[0].as_numeric()?, args[1].as_numeric()?).map(Datum::Numeric)
}

fn scale(args: &[Datum], f: fn(&types::Numeric) -> i32) -> Result<Datum> {
    let value = args[0].as_numeric()?;
    Ok(if value.is_finite() { Datum::Int4(f(value)) } else { Datum::Null })
}

fn float(value: f64) -> Result<Datum> {
    // One NaN only, so that equal runs have equal bits.
    Ok(Datum::Float8(if value.is_nan() { f64::NAN } else { value }))
}

fn plain(args: &[Datum], f: fn(f64) -> f64) -> Result<Datum> {
    float(f(args[0].as_float()?))
}

fn range() -> Error {
    Error::new(sqlstate::NUMERIC_VALUE_OUT_OF_RANGE, "input is out of range")
}

/// Of a number that is not infinite.
fn finite(args: &[Datum], f: fn(f64) -> f64) -> Result<Datum> {
    if args[0].as_float()?.is_infinite() { Err(range()) } else { plain(args, f) }
}

/// Of a number from -1 to 1.
fn within(args: &[Datum], f: fn(f64) -> f64) -> Result<Datum> {
    if args[0].as_float()?.abs() > 1.0 { Err(range()) } else { plain(args, f) }
}

/// What becomes infinite or zero only for want of room is an error.
fn checked(args: &[Datum], f: fn(f64) -> f64) -> Result<Datum> {
    let value = args[0].as_float()?;
    let result = f(value);
    let failed =
        |why: &str| Err(Error::new(sqlstate::NUMERIC_VALUE_OUT_OF_RANGE, format!("value out of range: {why}")));
    match result {
        r if r.is_infinite() && value.is_finite() => failed("overflow"),
        0.0 if value != 0.0 && value.is_finite() => failed("underflow"),
        r => float(r),
    }
}

fn logarithm(args: &[Datum], f: fn(f64) -> f64) -> Result<Datum> {
    let refuse = |message| Err(Error::new(sqlstate::INVALID_ARGUMENT_FOR_LOGARITHM, message));
    match args[0].as_float()? {
        0.0 => refuse("cannot take logarithm of zero"),
        value if value < 0.0 => refuse("cannot take logarithm of a negative number"),
        _ => plain(args, f),
    }
}

/// The sine of degrees, exact where it is a round number.
fn sind(degrees: f64) -> f64 {
    let mut at = libm::fmod(degrees, 360.0);
    let mut sign = 1.0;
    if at < 0.0 {
        (at, sign) = (-at, -sign);
    }
    if at > 180.0 {
        (at, sign) = (360.0 - at, -sign);
    }
    if at > 90.0 {
        at = 180.0 - at;
    }
    let radians = std::f64::consts::PI / 180.0;
    // By thirty and sixty degrees as PostgreSQL does it, so that those come out as they should.
    let sine = match at {
        at if at <= 30.0 => libm::sin(at * radians) / libm::sin(30.0 * radians) / 2.0,
        at => 1.0 - (1.0 - libm::cos((90.0 - at) * radians)) / (1.0 - libm::cos(60.0 * radians)) / 2.0,
    };
    sign * sine
}

/// 1 where it should be 1.
fn tidy(value: f64) -> f64 {
    if (value.abs() - 1.0).abs() < 1e-15 { value.signum() } else { value }
}

fn integer(value: Option<i64>, ty: TypeId) -> Result<Datum> {
    let error = |name| Error::new(sqlstate::NUMERIC_VALUE_OUT_OF_RANGE, format!("{name} out of range"));
    match (value, ty) {
        (Some(value), TypeId::Int4) => i32::try_from(value).map(Datum::Int4).map_err(|_| error("integer")),
        (Some(value), _) => Ok(Datum::Int8(value)),
        (None, _) => Err(error("bigint")),
    }
}

fn gcd(a: i64, b: i64) -> Option<i64> {
    let (mut a, mut b) = (a.unsigned_abs(), b.unsigned_abs());
    while b != 0 {
        (a, b) = (b, a % b);
    }
    i64::try_from(a).ok()
}

fn lcm(a: i64, b: i64) -> Option<i64> {
    if a == 0 || b == 0 {
        return Some(0);
    }
    let common = gcd(a, b)?;
    (a / common).checked_mul(b)?.checked_abs()
}

fn numeric_gcd(a: &types::Numeric, b: &types::Numeric) -> Result<types::Numeric> {
    if !a.is_finite() || !b.is_finite() {
        return Ok(types::Numeric::nan());
    }
    let (mut x, mut y) = (a.abs(), b.abs());
    while !y.is_zero() {
        let rest = x.rem(&y)?;
        (x, y) = (y, rest);
    }
    x.round(a.dscale().max(b.dscale()).into())
}

fn numeric_lcm(a: &types::Numeric, b: &types::Numeric) -> Result<types::Numeric> {
    if !a.is_finite() || !b.is_finite() {
        return Ok(types::Numeric::nan());
    }
    let scale = i32::from(a.dscale().max(b.dscale()));
    if a.is_zero() || b.is_zero() {
        return types::Numeric::zero().round(scale);
    }
    a.div_trunc(&numeric_gcd(a, b)?)?.mul(b)?.abs().round(scale)
}

fn factorial(_: &FnCtx, args: &[Datum]) -> Result<Datum> {
    let refuse = |message: &str| Err(Error::new(sqlstate::NUMERIC_VALUE_OUT_OF_RANGE, message));
    let n = match args[0].as_int()? {
        ..0 => return refuse("factorial of a negative number is undefined"),
        32_178.. => return refuse("value overflows numeric format"),
        n => n,
    };
    (2..=n).try_fold(types::Numeric::from(1i64), |product, n| product.mul(&n.into())).map(Datum::Numeric)
}

fn width_bucket(_: &FnCtx, args: &[Datum]) -> Result<Datum> {
    let refuse = |message: &str| Err(Error::new(sqlstate::INVALID_ARGUMENT_FOR_WIDTH_BUCKET, message));
    let count = args[3].as_int()?;
    if count <= 0 {
        return refuse("count must be greater than zero");
    }
    let not_number = |value: &Datum| match value {
        Datum::Numeric(n) => n.is_nan(),
        value => value.as_float().is_ok_and(f64::is_nan),
    };
    if args[..3].iter().any(not_number) {
        return refuse("operand, lower bound, and upper bound cannot be NaN");
    }
    let order = types::compare(&args[1], &args[2])?;
    if order.is_eq() {
        return refuse("lower bound cannot equal upper bound");
    }
    let (low, high) = if order.is_lt() { (&args[1], &args[2]) } else { (&args[2], &args[1]) };
    let (below, above) = if order.is_lt() { (0, count + 1) } else { (count + 1, 0) };
    let falling = order.is_gt();
    if types::compare(&args[0], low)?.is_lt() || falling && types::compare(&args[0], low)?.is_le() {
        return integer(Some(below), Int4);
    }
    if types::compare(&args[0], high)?.is_gt() || !falling && types::compare(&args[0], high)?.is_ge() {
        return integer(Some(above), Int4);
    }
    let part =
        |minus: fn(&Datum, &Datum) -> Result<Datum>,
         times: fn(&Datum, &Datum) -> Result<Datum>,
         over: fn(&Datum, &Datum) -> Result<Datum>,
         count: Datum| { over(&times(&minus(&args[0], &args[1])?, &count)?, &minus(&args[2], &args[1])?) };
    let bucket = match &args[0] {
        Datum::Numeric(_) => {
            let share = part(arith::numeric_sub, arith::numeric_mul, arith::numeric_div, Datum::Numeric(count.into()))?;
            share.as_numeric()?.floor()?.to_int(0, i64::MAX, "integer")?
        }
        _ => part(arith::float8::sub, arith::float8::mul, arith::float8::div, Datum::Float8(count as f64))?
            .as_float()? as i64,
    };
    integer(Some(bucket + 1), Int4)
}
