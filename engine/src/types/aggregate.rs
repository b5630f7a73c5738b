//! Aggregates: count, sum, avg, min, max. A state is made for each group, advanced by each row, then finished.
//!
//! Sums grow a type, so that they do not overflow early: integer to bigint, bigint to numeric.

use std::cmp::Ordering;

use super::arith::out_of_range;
use super::{Datum, Numeric, TypeId, arith, compare};
use crate::ids::{Error, Result, sqlstate};

/// What is computed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    CountAll,
    Count,
    Sum,
    Avg,
    Min,
    Max,
}

/// An aggregate for one type of argument.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Aggregate {
    kind: Kind,
    /// What the argument must be cast to; `None` for `count(*)`.
    pub arg: Option<TypeId>,
    /// The type of the result.
    pub result: TypeId,
}

/// What an aggregate knows so far.
#[derive(Clone, Debug)]
pub enum AggState {
    /// How many rows counted.
    Count(i64),
    /// A sum of integers, and of how many.
    Integers {
        /// The sum, in more bits than any number of rows can fill.
        sum: i128,
        /// How many.
        count: i64,
    },
    /// A sum in the type of the result, and of how many; NULL while there are none.
    Sum {
        /// The sum.
        sum: Datum,
        /// How many.
        count: i64,
    },
    /// The least or greatest value; NULL while there is none.
    Extreme(Datum),
}

/// The aggregate that a call means; `arg` is `None` for `count(*)`. 42883 if there is none for this type.
pub fn aggregate(name: &str, arg: Option<TypeId>) -> Result<Aggregate> {
    let Some(arg) = arg else {
        return match name {
            "count" => Ok(Aggregate { kind: Kind::CountAll, arg: None, result: TypeId::Int8 }),
            _ => Err(undefined(&format!("{name}()"))),
        };
    };
    let found = match name {
        "count" => Some((Kind::Count, arg, TypeId::Int8)),
        "sum" => sum_type(arg).map(|result| (Kind::Sum, arg, result)),
        "avg" => avg_type(arg).map(|result| (Kind::Avg, arg, result)),
        "min" => extreme_type(arg).map(|arg| (Kind::Min, arg, arg)),
        "max" => extreme_type(arg).map(|arg| (Kind::Max, arg, arg)),
        _ => None,
    };
    let (kind, arg, result) = found.ok_or_else(|| undefined(&format!("{name}({arg})")))?;
    Ok(Aggregate { kind, arg: Some(arg), result })
}

/// Whether there is an aggregate of this name.
pub fn is_aggregate(name: &str) -> bool {
    matches!(name, "count" | "sum" | "avg" | "min" | "max")
}

fn undefined(signature: &str) -> Error {
    Error::new(sqlstate::UNDEFINED_FUNCTION, format!("function {signature} does not exist"))
        .hint("No function matches the given name and argument types. You might need to add explicit type casts.")
}

fn sum_type(arg: TypeId) -> Option<TypeId> {
    match arg {
        TypeId::Int2 | TypeId::Int4 => Some(TypeId::Int8),
        TypeId::Int8 | TypeId::Numeric => Some(TypeId::Numeric),
        TypeId::Float4 | TypeId::Float8 | TypeId::Interval => Some(arg),
        _ => None,
    }
}

fn avg_type(arg: TypeId) -> Option<TypeId> {
    match arg {
        TypeId::Int2 | TypeId::Int4 | TypeId::Int8 | TypeId::Numeric => Some(TypeId::Numeric),
        TypeId::Float4 | TypeId::Float8 => Some(TypeId::Float8),
        TypeId::Interval => Some(TypeId::Interval),
        _ => None,
    }
}

/// The type that min and max take for an argument; a literal or a string of any kind counts as text.
fn extreme_type(arg: TypeId) -> Option<TypeId> {
    use TypeId::*;
    match arg {
        Int2 | Int4 | Int8 | Float4 | Float8 | Numeric | Text | TimestampTz | Interval | Oid | Tid | PgLsn => Some(arg),
        Varchar | Name | Char | Unknown => Some(Text),
        Regclass | Regproc | Regtype => Some(Oid),
        _ if arg.is_array() => Some(arg),
        _ => None,
    }
}

impl Aggregate {
    /// The state of a group without rows.
    pub fn init(&self) -> AggState {
        let integers = matches!(self.arg, Some(TypeId::Int2 | TypeId::Int4 | TypeId::Int8));
        match self.kind {
            Kind::CountAll | Kind::Count => AggState::Count(0),
            Kind::Sum | Kind::Avg if integers => AggState::Integers { sum: 0, count: 0 },
            Kind::Sum | Kind::Avg => AggState::Sum { sum: Datum::Null, count: 0 },
            Kind::Min | Kind::Max => AggState::Extreme(Datum::Null),
        }
    }

    /// Takes a row into account; the value is of type [`Aggregate::arg`] (any for `count(*)`). NULLs do not count, but
    /// for `count(*)`.
    pub fn advance(&self, state: &mut AggState, value: &Datum) -> Result<()> {
        if value.is_null() && self.kind != Kind::CountAll {
            return Ok(());
        }
        match state {
            AggState::Count(count) => *count += 1,
            AggState::Integers { sum, count } => {
                *sum += i128::from(value.as_int()?);
                *count += 1;
            }
            AggState::Sum { sum, count } => {
                *sum = if sum.is_null() { self.first(value)? } else { self.add(sum, value)? };
                *count += 1;
            }
            AggState::Extreme(best) => {
                let wanted = if self.kind == Kind::Min { Ordering::Less } else { Ordering::Greater };
                if best.is_null() || compare(value, best)? == wanted {
                    *best = value.clone();
                }
            }
        }
        Ok(())
    }

    /// The first value of a sum, in the sum's type.
    fn first(&self, value: &Datum) -> Result<Datum> {
        match value {
            Datum::Float4(v) if self.result == TypeId::Float8 => Ok(Datum::Float8((*v).into())),
            other => Ok(other.clone()),
        }
    }

    fn add(&self, sum: &Datum, value: &Datum) -> Result<Datum> {
        match self.result {
            TypeId::Float4 => arith::float4::add(sum, value),
            TypeId::Float8 => arith::float8::add(sum, value),
            TypeId::Interval => arith::interval_add(sum, value),
            _ => arith::numeric_add(sum, value),
        }
    }

    /// The result of a group: NULL without rows, 0 for counts.
    pub fn finish(&self, state: AggState) -> Result<Datum> {
        match state {
            AggState::Count(count) => Ok(Datum::Int8(count)),
            AggState::Extreme(best) => Ok(best),
            AggState::Integers { count: 0, .. } | AggState::Sum { count: 0, .. } => Ok(Datum::Null),
            AggState::Integers { sum, .. } if self.result == TypeId::Int8 => {
                i64::try_from(sum).map(Datum::Int8).map_err(|_| out_of_range("bigint"))
            }
            AggState::Integers { sum, count } => {
                let sum: Numeric = sum.to_string().parse()?;
                self.mean(Datum::Numeric(sum), count)
            }
            AggState::Sum { sum, count } => self.mean(sum, count),
        }
    }

    /// The sum itself, or divided by the count.
    fn mean(&self, sum: Datum, count: i64) -> Result<Datum> {
        match (self.kind, &sum) {
            (Kind::Avg, Datum::Numeric(total)) => total.div(&Numeric::from(count)).map(Datum::Numeric),
            (Kind::Avg, Datum::Float8(total)) => Ok(Datum::Float8(total / count as f64)),
            (Kind::Avg, Datum::Interval(_)) => arith::interval_div(&sum, &Datum::Float8(count as f64)),
            _ => Ok(sum),
        }
    }
}
