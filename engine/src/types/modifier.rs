//! Type modifiers: what `numeric(10,2)`, `varchar(20)` and `timestamptz(3)` do to a value that is stored.

use super::{Datum, TypeId, timestamp};
use crate::ids::{Error, Result, sqlstate};

/// Fits a value to a modifier. A text that is too long is refused, or cut where the cast is explicit; spaces at its
/// end are always cut. A modifier of -1 is none.
pub fn apply_typmod(value: Datum, type_id: TypeId, typmod: i32, explicit: bool) -> Result<Datum> {
    Ok(match (type_id, value) {
        (_, value) if typmod < 0 => value,
        (TypeId::Numeric, Datum::Numeric(v)) => Datum::Numeric(v.apply_typmod(typmod)?),
        (TypeId::Varchar, Datum::Text(v)) => match cut(&v, (typmod - 4).max(0) as usize, explicit)? {
            Some(short) => Datum::text(short),
            None => Datum::Text(v),
        },
        (TypeId::TimestampTz, Datum::TimestampTz(v)) => Datum::TimestampTz(timestamp::round_to(v, typmod)),
        (_, value) => value,
    })
}

/// The first `max` characters, or `None` if there are no more.
fn cut(text: &str, max: usize, explicit: bool) -> Result<Option<&str>> {
    let Some((end, _)) = text.char_indices().nth(max) else { return Ok(None) };
    if !explicit && text[end..].chars().any(|c| c != ' ') {
        let message = format!("value too long for type character varying({max})");
        return Err(Error::new(sqlstate::STRING_DATA_RIGHT_TRUNCATION, message));
    }
    Ok(Some(&text[..end]))
}

/// The modifier of a type from the numbers in its parentheses: `numeric(10,2)`, `varchar(20)`, `timestamptz(3)`.
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
        (TypeId::Varchar, &[length]) if length < 1 => refuse("length for type varchar must be at least 1".into()),
        (TypeId::Varchar, &[length]) if length > 10_485_760 => {
            refuse("length for type varchar cannot exceed 10485760".into())
        }
        (TypeId::Varchar, &[length]) => Ok(length + 4),
        // More than six decimals are taken for six.
        (TypeId::TimestampTz, &[digits]) if digits >= 0 => Ok(digits.min(6)),
        _ => Err(Error::new(
            sqlstate::SYNTAX_ERROR,
            format!("type modifier is not allowed for type \"{}\"", type_id.typname()),
        )),
    }
}
