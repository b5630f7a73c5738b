//! What a statement says of a sequence, completed and checked.
//!
//! PostgreSQL: `init_params` in `commands/sequence.c`.

use super::super::ast::SequenceOptions;
use super::coerce::resolve_type;
use crate::access::sequence::SequenceRules;
use crate::catalog::sequence::SequenceRow;
use crate::ids::{Error, Result, sqlstate};
use crate::types::TypeId;

fn invalid(message: String) -> Error {
    Error::new(sqlstate::INVALID_PARAMETER_VALUE, message)
}

/// The least and the greatest number of a type.
fn range(ty: TypeId) -> Result<(i64, i64)> {
    match ty {
        TypeId::Int2 => Ok((i16::MIN.into(), i16::MAX.into())),
        TypeId::Int4 => Ok((i32::MIN.into(), i32::MAX.into())),
        TypeId::Int8 => Ok((i64::MIN, i64::MAX)),
        _ => Err(invalid("sequence type must be smallint, integer, or bigint".into())),
    }
}

/// How a sequence counts, and the number from which it goes on if that is said; `before` of one that is there already.
pub fn sequence_row(
    options: &SequenceOptions,
    ty: Option<TypeId>,
    before: Option<&SequenceRow>,
) -> Result<(SequenceRow, Option<i64>)> {
    let named = options.ty.as_ref().map(|name| resolve_type(name).map(|(ty, _)| ty)).transpose()?;
    let ty = named.or(ty).or(before.map(|row| row.type_id)).unwrap_or(TypeId::Int8);
    let (least, greatest) = range(ty)?;
    let old = before.map(|row| row.rules);
    let increment = options.increment.or(old.map(|rules| rules.increment)).unwrap_or(1);
    if increment == 0 {
        return Err(invalid("INCREMENT must not be zero".into()));
    }
    // Bounds that were those of the type go with the type.
    let kept =
        |bound: i64| before.is_none_or(|row| range(row.type_id).is_ok_and(|(min, max)| bound != min && bound != max));
    let up = increment > 0;
    let max = match options.max {
        Some(Some(max)) => max,
        None if let Some(old) = old.filter(|old| kept(old.max) || ty == before.map_or(ty, |row| row.type_id)) => {
            old.max
        }
        _ => {
            if up {
                greatest
            } else {
                -1
            }
        }
    };
    let min = match options.min {
        Some(Some(min)) => min,
        None if let Some(old) = old.filter(|old| kept(old.min) || ty == before.map_or(ty, |row| row.type_id)) => {
            old.min
        }
        _ => {
            if up {
                1
            } else {
                least
            }
        }
    };
    for (word, bound) in [("MAXVALUE", max), ("MINVALUE", min)] {
        if !(least..=greatest).contains(&bound) {
            return Err(invalid(format!("{word} ({bound}) is out of range for sequence data type {ty}")));
        }
    }
    if min >= max {
        return Err(invalid(format!("MINVALUE ({min}) must be less than MAXVALUE ({max})")));
    }
    let start = options.start.or(before.map(|row| row.start)).unwrap_or(if up { min } else { max });
    within("START", start, min, max)?;
    let restart = options.restart.map(|value| value.unwrap_or(start));
    if let Some(restart) = restart {
        within("RESTART", restart, min, max)?;
    }
    let cache = options.cache.or(old.map(|rules| rules.cache)).unwrap_or(1);
    if cache <= 0 {
        return Err(invalid(format!("CACHE ({cache}) must be greater than zero")));
    }
    let cycle = options.cycle.or(old.map(|rules| rules.cycle)).unwrap_or(false);
    let rules = SequenceRules { increment, min, max, cache, cycle };
    Ok((SequenceRow { type_id: ty, start, rules }, restart))
}

fn within(word: &str, value: i64, min: i64, max: i64) -> Result<()> {
    if value < min {
        return Err(invalid(format!("{word} value ({value}) cannot be less than MINVALUE ({min})")));
    }
    if value > max {
        return Err(invalid(format!("{word} value ({value}) cannot be greater than MAXVALUE ({max})")));
    }
    Ok(())
}
