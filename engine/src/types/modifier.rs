//! Type modifiers: what `numeric(10,2)`, `varchar(20)` and `timestamptz(3)` do to a value that is stored.

use super::{Array, Datum, TypeId, datetime, interval};
use crate::ids::{Error, Result, TimestampTz, sqlstate};

/// Fits a value to a modifier. A text that is too long is refused, or cut where the cast is explicit; spaces at its
/// end are always cut. A modifier of -1 is none.
pub fn apply_typmod(value: Datum, type_id: TypeId, typmod: i32, explicit: bool) -> Result<Datum> {
    let length = (typmod - 4).max(0) as usize;
    Ok(match (type_id, value) {
        (_, value) if typmod < 0 => value,
        (TypeId::Numeric, Datum::Numeric(v)) => Datum::Numeric(v.apply_typmod(typmod)?),
        (TypeId::Varchar, Datum::Text(v)) => match cut(&v, length, explicit, "character varying")? {
            Some(short) => Datum::text(short),
            None => Datum::Text(v),
        },
        (TypeId::Bpchar, Datum::Bpchar(v)) => match cut(&v, length, explicit, "character")? {
            Some(short) => Datum::Bpchar(short.into()),
            None => match length - v.chars().count() {
                0 => Datum::Bpchar(v),
                missing => Datum::Bpchar([&*v, &" ".repeat(missing)].concat().into()),
            },
        },
        (TypeId::TimestampTz, Datum::TimestampTz(v)) => {
            Datum::TimestampTz(TimestampTz(datetime::round_to(v.0, typmod)))
        }
        (TypeId::Timestamp, Datum::Timestamp(v)) => Datum::Timestamp(TimestampTz(datetime::round_to(v.0, typmod))),
        (TypeId::Time, Datum::Time(v)) => Datum::Time(datetime::round_to(v, typmod)),
        (TypeId::TimeTz, Datum::TimeTz(v)) => {
            Datum::TimeTz(super::TimeTz { micros: datetime::round_to(v.micros, typmod), ..v })
        }
        (TypeId::Interval, Datum::Interval(v)) => Datum::Interval(v.apply_typmod(typmod)),
        (_, Datum::Array(array)) if type_id.is_array() => {
            let fit = |item: &Datum| apply_typmod(item.clone(), array.elem_as(type_id), typmod, explicit);
            let items = array.items.iter().map(fit).collect::<Result<_>>()?;
            Array { items, dims: array.dims.clone(), elem: array.elem }.datum()
        }
        (_, value) => value,
    })
}

impl Array {
    /// The type of the elements where the array's own type is this: texts may be varchars.
    fn elem_as(&self, type_id: TypeId) -> TypeId {
        type_id.element().unwrap_or(self.elem)
    }
}

/// The first `max` characters, or `None` if there are no more.
fn cut<'a>(text: &'a str, max: usize, explicit: bool, type_name: &str) -> Result<Option<&'a str>> {
    if text.len() <= max {
        return Ok(None);
    }
    let Some((end, _)) = text.char_indices().nth(max) else { return Ok(None) };
    if !explicit && text[end..].chars().any(|c| c != ' ') {
        let message = format!("value too long for type {type_name}({max})");
        return Err(Error::new(sqlstate::STRING_DATA_RIGHT_TRUNCATION, message));
    }
    Ok(Some(&text[..end]))
}

/// The modifier of a type from the numbers in its parentheses: `numeric(10,2)`, `varchar(20)`, `timestamptz(3)`. Those
/// of an interval are its fields and, if it is said, its decimals.
pub fn typmod_in(type_id: TypeId, numbers: &[i32]) -> Result<i32> {
    let refuse = |message: String| Err(Error::new(sqlstate::INVALID_PARAMETER_VALUE, message));
    match (type_id, numbers) {
        (_, []) => Ok(-1),
        (TypeId::Numeric, &[precision] | &[precision, _]) if !(1..=1000).contains(&precision) => {
            refuse(format!("NUMERIC precision {precision} must be between 1 and 1000"))
        }
        (TypeId::Numeric, &[precision]) => Ok(super::numeric::typmod(precision, 0)),
        (TypeId::Numeric, &[_, scale]) if !(-1000..=1000).contains(&scale) => {
            refuse(format!("NUMERIC scale {scale} must be between -1000 and 1000"))
        }
        (TypeId::Numeric, &[precision, scale]) => Ok(super::numeric::typmod(precision, scale)),
        (TypeId::Numeric, _) => refuse("invalid NUMERIC type modifier".into()),
        (TypeId::Varchar | TypeId::Bpchar, &[length]) => {
            let name = if type_id == TypeId::Varchar { "varchar" } else { "char" };
            match length {
                ..1 => refuse(format!("length for type {name} must be at least 1")),
                10_485_761.. => refuse(format!("length for type {name} cannot exceed 10485760")),
                length => Ok(length + 4),
            }
        }
        (TypeId::Interval, &[fields]) => Ok(interval::typmod(fields, None)),
        (TypeId::Interval, &[fields, decimals]) => Ok(interval::typmod(fields, Some(decimals))),
        // More than six decimals are taken for six.
        (TypeId::TimestampTz | TypeId::Timestamp | TypeId::Time | TypeId::TimeTz, &[digits]) if digits >= 0 => {
            Ok(digits.min(6))
        }
        _ => Err(Error::new(
            sqlstate::SYNTAX_ERROR,
            format!("type modifier is not allowed for type \"{}\"", type_id.typname()),
        )),
    }
}
