//! What can be wrong with a written date or time, and the error for it.

use crate::ids::{Error, sqlstate};

/// What is wrong with a written time.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Clue {
    /// It is no time.
    Syntax,
    /// A field has a value that it cannot have.
    Field,
    /// A month or a day that no calendar has: perhaps they stand in another order.
    MonthOrDay,
    /// A zone too far from Greenwich.
    Zone,
    /// A zone of no such name.
    UnknownZone(String),
}

/// The error for it, about this text.
pub(crate) fn fault(clue: Clue, text: &str, type_name: &str) -> Error {
    let field = || {
        let message = format!("date/time field value out of range: \"{text}\"");
        Error::new(sqlstate::DATETIME_FIELD_OVERFLOW, message)
    };
    match clue {
        Clue::Syntax => {
            let message = format!("invalid input syntax for type {type_name}: \"{text}\"");
            Error::new(sqlstate::INVALID_DATETIME_FORMAT, message)
        }
        Clue::Field => field(),
        Clue::MonthOrDay => field().hint("Perhaps you need a different \"datestyle\" setting."),
        Clue::Zone => {
            let message = format!("time zone displacement out of range: \"{text}\"");
            Error::new(sqlstate::INVALID_TIME_ZONE_DISPLACEMENT, message)
        }
        Clue::UnknownZone(name) => {
            Error::new(sqlstate::INVALID_PARAMETER_VALUE, format!("time zone \"{name}\" not recognized"))
        }
    }
}
