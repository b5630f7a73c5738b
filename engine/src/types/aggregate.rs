//! Aggregates. A state is made for each group, advanced by each row, then finished.
//!
//! Sums grow a type, so that they do not overflow early: integer to bigint, bigint to numeric. An aggregate of two
//! arguments gets them as a pair ([`pair`]).

use std::cmp::Ordering;

use super::arith::out_of_range;
use super::statistics::{Deviation, Pairs, Regression, Squares};
use super::{Array, Datum, Numeric, TypeId, arith, compare, json};
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
    BoolAnd,
    BoolOr,
    BitAnd,
    BitOr,
    BitXor,
    StringAgg,
    ArrayAgg,
    JsonAgg,
    JsonbAgg,
    JsonObjectAgg,
    JsonbObjectAgg,
    Deviation(Deviation),
    Regression(Regression),
}

/// An aggregate for one type of argument.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Aggregate {
    kind: Kind,
    /// What the argument must be cast to; `None` for `count(*)`.
    pub arg: Option<TypeId>,
    /// What the second argument must be cast to, if there is one.
    pub second: Option<TypeId>,
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
    /// The least or greatest value, or what a fold has come to; NULL while there is none.
    Extreme(Datum),
    /// A text that grows; none while there is nothing.
    Text(Option<String>),
    /// Bytes that grow.
    Bytes(Option<Vec<u8>>),
    /// All values.
    Items(Vec<Datum>),
    /// Exact sums.
    Squares(Squares),
    /// Sums of doubles.
    Pairs(Pairs),
}

/// Two arguments as one value.
pub fn pair(first: Datum, second: Datum) -> Datum {
    Array::new(TypeId::Unknown, vec![first, second]).datum()
}

/// The aggregate that a call means; `arg` is `None` for `count(*)`. 42883 if there is none for this type.
pub fn aggregate(name: &str, arg: Option<TypeId>) -> Result<Aggregate> {
    let Some(arg) = arg else {
        return match name {
            "count" => Ok(Aggregate { kind: Kind::CountAll, arg: None, second: None, result: TypeId::Int8 }),
            _ => Err(undefined(&format!("{name}()"))),
        };
    };
    let found = match name {
        "count" => Some((Kind::Count, arg, TypeId::Int8)),
        "sum" => sum_type(arg).map(|result| (Kind::Sum, arg, result)),
        "avg" => avg_type(arg).map(|result| (Kind::Avg, arg, result)),
        "min" => extreme_type(arg).map(|arg| (Kind::Min, arg, arg)),
        "max" => extreme_type(arg).map(|arg| (Kind::Max, arg, arg)),
        _ => of_one(name, arg),
    };
    let (kind, arg, result) = found.ok_or_else(|| undefined(&format!("{name}({arg})")))?;
    Ok(Aggregate { kind, arg: Some(arg), second: None, result })
}

/// The less common aggregates of one argument.
fn of_one(name: &str, arg: TypeId) -> Option<(Kind, TypeId, TypeId)> {
    use TypeId::{Bool, Json, Jsonb, Text, Unknown};
    let known = if arg == Unknown { Text } else { arg };
    let deviation = |sample, root| {
        let (arg, result) = match arg {
            TypeId::Float4 | TypeId::Float8 => (TypeId::Float8, TypeId::Float8),
            TypeId::Int2 | TypeId::Int4 | TypeId::Int8 | TypeId::Numeric => (TypeId::Numeric, TypeId::Numeric),
            _ => return None,
        };
        Some((Kind::Deviation(Deviation { sample, root }), arg, result))
    };
    let bits = |kind| matches!(arg, TypeId::Int2 | TypeId::Int4 | TypeId::Int8).then_some((kind, arg, arg));
    match name {
        "bool_and" | "every" if matches!(arg, Bool | Unknown) => Some((Kind::BoolAnd, Bool, Bool)),
        "bool_or" if matches!(arg, Bool | Unknown) => Some((Kind::BoolOr, Bool, Bool)),
        "bit_and" => bits(Kind::BitAnd),
        "bit_or" => bits(Kind::BitOr),
        "bit_xor" => bits(Kind::BitXor),
        // Arrays of arrays would be another kind of array.
        "array_agg" if !known.is_array() => known.array().map(|array| (Kind::ArrayAgg, known, array)),
        "json_agg" => Some((Kind::JsonAgg, known, Json)),
        "jsonb_agg" => Some((Kind::JsonbAgg, known, Jsonb)),
        "stddev" | "stddev_samp" => deviation(true, true),
        "stddev_pop" => deviation(false, true),
        "variance" | "var_samp" => deviation(true, false),
        "var_pop" => deviation(false, false),
        _ => None,
    }
}

/// The names of aggregates of two doubles.
const REGRESSIONS: [(&str, Regression); 12] = [
    ("corr", Regression::Corr),
    ("covar_pop", Regression::CovarPop),
    ("covar_samp", Regression::CovarSamp),
    ("regr_slope", Regression::Slope),
    ("regr_intercept", Regression::Intercept),
    ("regr_r2", Regression::R2),
    ("regr_avgx", Regression::AvgX),
    ("regr_avgy", Regression::AvgY),
    ("regr_sxx", Regression::Sxx),
    ("regr_syy", Regression::Syy),
    ("regr_sxy", Regression::Sxy),
    ("regr_count", Regression::Count),
];

/// The aggregate of two arguments that a call means. 42883 if there is none for these types.
pub fn aggregate_of_two(name: &str, first: TypeId, second: TypeId) -> Result<Aggregate> {
    use TypeId::{Bytea, Float8, Int8, Json, Jsonb, Text, Unknown};
    let known = |ty| if ty == Unknown { Text } else { ty };
    let becomes = |ty, to| super::can_coerce(ty, to, super::CastContext::Implicit);
    let found = match name {
        "string_agg" if first == Bytea && becomes(second, Bytea) => Some((Kind::StringAgg, Bytea, Bytea, Bytea)),
        "string_agg" if becomes(first, Text) && becomes(second, Text) => Some((Kind::StringAgg, Text, Text, Text)),
        "json_object_agg" => Some((Kind::JsonObjectAgg, known(first), known(second), Json)),
        "jsonb_object_agg" => Some((Kind::JsonbObjectAgg, known(first), known(second), Jsonb)),
        _ if becomes(first, Float8) && becomes(second, Float8) => {
            let found = REGRESSIONS.iter().find(|(own, _)| *own == name);
            found.map(|(_, what)| {
                let result = if *what == Regression::Count { Int8 } else { Float8 };
                (Kind::Regression(*what), Float8, Float8, result)
            })
        }
        _ => None,
    };
    let (kind, arg, second, result) = found.ok_or_else(|| undefined(&format!("{name}({first}, {second})")))?;
    Ok(Aggregate { kind, arg: Some(arg), second: Some(second), result })
}

/// Whether there is an aggregate of this name.
pub fn is_aggregate(name: &str) -> bool {
    const NAMES: [&str; 25] = [
        "count",
        "sum",
        "avg",
        "min",
        "max",
        "bool_and",
        "bool_or",
        "every",
        "bit_and",
        "bit_or",
        "bit_xor",
        "string_agg",
        "array_agg",
        "json_agg",
        "jsonb_agg",
        "json_object_agg",
        "jsonb_object_agg",
        "stddev",
        "stddev_samp",
        "stddev_pop",
        "variance",
        "var_samp",
        "var_pop",
        "corr",
        "covar_pop",
    ];
    NAMES.contains(&name) || REGRESSIONS.iter().any(|(own, _)| *own == name)
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
        Bpchar | Date | Time | TimeTz | Timestamp | Xid8 => Some(arg),
        Varchar | Name | Char | Unknown => Some(Text),
        Regclass | Regproc | Regtype => Some(Oid),
        _ if arg.is_array() => Some(arg),
        _ => None,
    }
}

impl Aggregate {
    /// By which name it is called.
    pub fn name(&self) -> &'static str {
        match self.kind {
            Kind::CountAll | Kind::Count => "count",
            Kind::Sum => "sum",
            Kind::Avg => "avg",
            Kind::Min => "min",
            Kind::Max => "max",
            Kind::BoolAnd => "bool_and",
            Kind::BoolOr => "bool_or",
            Kind::BitAnd => "bit_and",
            Kind::BitOr => "bit_or",
            Kind::BitXor => "bit_xor",
            Kind::StringAgg => "string_agg",
            Kind::ArrayAgg => "array_agg",
            Kind::JsonAgg => "json_agg",
            Kind::JsonbAgg => "jsonb_agg",
            Kind::JsonObjectAgg => "json_object_agg",
            Kind::JsonbObjectAgg => "jsonb_object_agg",
            Kind::Deviation(Deviation { sample: true, root: true }) => "stddev",
            Kind::Deviation(Deviation { sample: false, root: true }) => "stddev_pop",
            Kind::Deviation(Deviation { sample: true, root: false }) => "variance",
            Kind::Deviation(_) => "var_pop",
            Kind::Regression(what) => REGRESSIONS.iter().find(|(_, own)| *own == what).map_or("", |(name, _)| name),
        }
    }

    /// The state of a group without rows.
    pub fn init(&self) -> AggState {
        let integers = matches!(self.arg, Some(TypeId::Int2 | TypeId::Int4 | TypeId::Int8));
        match self.kind {
            Kind::CountAll | Kind::Count => AggState::Count(0),
            Kind::Sum | Kind::Avg if integers => AggState::Integers { sum: 0, count: 0 },
            Kind::Sum | Kind::Avg => AggState::Sum { sum: Datum::Null, count: 0 },
            Kind::StringAgg if self.result == TypeId::Bytea => AggState::Bytes(None),
            Kind::StringAgg => AggState::Text(None),
            Kind::ArrayAgg | Kind::JsonAgg | Kind::JsonbAgg | Kind::JsonObjectAgg | Kind::JsonbObjectAgg => {
                AggState::Items(Vec::new())
            }
            Kind::Deviation(_) if self.result == TypeId::Numeric => AggState::Squares(Squares::new()),
            Kind::Deviation(_) | Kind::Regression(_) => AggState::Pairs(Pairs::default()),
            _ => AggState::Extreme(Datum::Null),
        }
    }

    /// Whether NULL is a value like any other.
    fn takes_nulls(&self) -> bool {
        use Kind::*;
        matches!(self.kind, CountAll | ArrayAgg | JsonAgg | JsonbAgg | JsonObjectAgg | JsonbObjectAgg)
    }

    /// Takes a row into account; the value is of type [`Aggregate::arg`] (any for `count(*)`). NULLs do not count, but
    /// for `count(*)`.
    pub fn advance(&self, state: &mut AggState, value: &Datum) -> Result<()> {
        if value.is_null() && !self.takes_nulls() {
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
            AggState::Items(items) => {
                if let (Kind::JsonObjectAgg | Kind::JsonbObjectAgg, [key, _]) = (self.kind, both(value)?) {
                    let message = match self.kind {
                        Kind::JsonObjectAgg if key.is_null() => "null value not allowed for object key",
                        _ if key.is_null() => "field name must not be null",
                        _ => "",
                    };
                    if !message.is_empty() {
                        return Err(Error::new(sqlstate::INVALID_PARAMETER_VALUE, message));
                    }
                }
                items.push(value.clone());
            }
            AggState::Text(text) => {
                if let [value, mark] = both(value)?
                    && !value.is_null()
                {
                    let before =
                        text.take().map(|text| text + if mark.is_null() { "" } else { mark.as_str().unwrap_or("") });
                    *text = Some(before.unwrap_or_default() + value.as_str()?);
                }
            }
            AggState::Bytes(bytes) => {
                if let [value, mark] = both(value)?
                    && !value.is_null()
                {
                    if let Some(bytes) = bytes {
                        bytes.extend_from_slice(if mark.is_null() { &[] } else { mark.as_bytes()? });
                    }
                    bytes.get_or_insert_default().extend_from_slice(value.as_bytes()?);
                }
            }
            AggState::Squares(squares) => squares.add(value.as_numeric()?)?,
            AggState::Pairs(pairs) => match self.kind {
                Kind::Regression(_) => {
                    if let [y, x] = both(value)?
                        && !y.is_null()
                        && !x.is_null()
                    {
                        pairs.add(y.as_float()?, x.as_float()?);
                    }
                }
                _ => pairs.add_one(value.as_float()?),
            },
            AggState::Extreme(so_far) if !matches!(self.kind, Kind::Min | Kind::Max) => {
                *so_far = if so_far.is_null() { value.clone() } else { self.fold(so_far, value)? };
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

    /// What two values make of which one is left.
    fn fold(&self, a: &Datum, b: &Datum) -> Result<Datum> {
        Ok(match (self.kind, self.result) {
            (Kind::BoolAnd, _) => Datum::Bool(a.as_bool()? && b.as_bool()?),
            (Kind::BoolOr, _) => Datum::Bool(a.as_bool()? || b.as_bool()?),
            (kind, ty) => {
                let (a, b) = (a.as_int()?, b.as_int()?);
                let bits = match kind {
                    Kind::BitAnd => a & b,
                    Kind::BitOr => a | b,
                    _ => a ^ b,
                };
                match ty {
                    TypeId::Int2 => Datum::Int2(bits as i16),
                    TypeId::Int4 => Datum::Int4(bits as i32),
                    _ => Datum::Int8(bits),
                }
            }
        })
    }

    /// All values as one: NULL if there are none.
    fn collect(&self, items: Vec<Datum>) -> Result<Datum> {
        if items.is_empty() {
            return Ok(Datum::Null);
        }
        let (first, second) = (self.arg.unwrap_or(TypeId::Text), self.second.unwrap_or(TypeId::Text));
        match self.kind {
            Kind::ArrayAgg => Ok(Datum::array(first, items)),
            Kind::JsonbAgg => {
                let items = items.iter().map(|item| json::from_datum(item, first)).collect::<Result<_>>()?;
                Ok(Datum::Jsonb(json::Json::Array(items).into()))
            }
            Kind::JsonbObjectAgg => {
                let mut pairs = Vec::new();
                for item in &items {
                    if let [key, value] = both(item)? {
                        pairs.push((super::output(key, first).into(), json::from_datum(value, second)?));
                    }
                }
                Ok(Datum::Jsonb(json::Json::object(pairs).into()))
            }
            kind => {
                let object = kind == Kind::JsonObjectAgg;
                let mut text = String::from(if object { "{ " } else { "[" });
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        text.push_str(", ");
                    }
                    match both(item)? {
                        [key, value] if object => {
                            json::write_string(&mut text, &super::output(key, first));
                            text.push_str(" : ");
                            json::json_text(&mut text, value, second);
                        }
                        _ => json::json_text(&mut text, item, first),
                    }
                }
                text.push_str(if object { " }" } else { "]" });
                Ok(Datum::Json(text.into()))
            }
        }
    }

    /// The first value of a sum, in the sum's type.
    fn first(&self, value: &Datum) -> Result<Datum> {
        match value {
            Datum::Float4(v) if self.result == TypeId::Float8 => Ok(Datum::Float8((*v).into())),
            other => Ok(other.clone()),
        }
    }

    /// A further value of a sum.
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
            AggState::Text(text) => Ok(text.map_or(Datum::Null, Datum::text)),
            AggState::Bytes(bytes) => Ok(bytes.map_or(Datum::Null, |bytes| Datum::Bytea(bytes.into()))),
            AggState::Items(items) => self.collect(items),
            AggState::Squares(squares) => match self.kind {
                Kind::Deviation(what) => squares.finish(what),
                _ => Ok(Datum::Null),
            },
            AggState::Pairs(pairs) => Ok(match self.kind {
                Kind::Deviation(what) => pairs.deviation(what),
                Kind::Regression(what) => pairs.finish(what),
                _ => Datum::Null,
            }),
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

/// The two of a pair; nothing of what is none.
fn both(value: &Datum) -> Result<&[Datum]> {
    match value {
        Datum::Array(array) if array.elem == TypeId::Unknown => Ok(&array.items),
        _ => Ok(&[]),
    }
}
