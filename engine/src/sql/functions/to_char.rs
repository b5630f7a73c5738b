//! Times and numbers by templates: `to_char`, `to_timestamp`, `to_date`, `to_number`.

use super::FnCtx;
use super::string::text;
use super::table::{Code, Entry};
use crate::ids::{Result, TimestampTz as Moment};
use crate::types::datetime::calendar::Fields;
use crate::types::datetime::format::{Shown, to_char};
use crate::types::datetime::{
    USECS_PER_DAY, USECS_PER_SEC, arith, date_in_range, format_read, is_finite, out_of_range,
};
use crate::types::session::style;
use crate::types::{self, Datum, TypeId, numeric};
use Code::Strict;
use TypeId::{Date, Float4, Float8, Int4, Int8, Interval, Numeric, Text, Timestamp, TimestampTz};

pub(super) static TABLE: &[Entry] = &[
    ("to_char", &[Timestamp, Text], Text, Strict(of_time)),
    ("to_char", &[TimestampTz, Text], Text, Strict(of_time)),
    ("to_char", &[Interval, Text], Text, Strict(of_interval)),
    ("to_char", &[Int4, Text], Text, Strict(|_, a| of_number(&a[0].as_int()?.into(), a, None))),
    ("to_char", &[Int8, Text], Text, Strict(|_, a| of_number(&a[0].as_int()?.into(), a, None))),
    ("to_char", &[Numeric, Text], Text, Strict(|_, a| of_number(a[0].as_numeric()?, a, None))),
    (
        "to_char",
        &[Float8, Text],
        Text,
        Strict(|_, a| of_number(&types::Numeric::from_f64(a[0].as_float()?, 15)?, a, Some(15))),
    ),
    (
        "to_char",
        &[Float4, Text],
        Text,
        Strict(|_, a| of_number(&types::Numeric::from_f64(a[0].as_float()?, 6)?, a, Some(6))),
    ),
    (
        "to_number",
        &[Text, Text],
        Numeric,
        Strict(|_, a| numeric::format::to_number(a[0].as_str()?, a[1].as_str()?).map(Datum::Numeric)),
    ),
    (
        "to_timestamp",
        &[Text, Text],
        TimestampTz,
        Strict(|_, a| {
            let (fields, west) = format_read::read(a[0].as_str()?, a[1].as_str()?)?;
            let local = fields.timestamp().ok_or_else(|| out_of_range("timestamp"))?;
            let at = match west {
                Some(west) => local + i64::from(west) * USECS_PER_SEC,
                None => arith::to_utc(local)?,
            };
            Ok(Datum::TimestampTz(Moment(at)))
        }),
    ),
    (
        "to_date",
        &[Text, Text],
        Date,
        Strict(|_, a| {
            let (fields, _) = format_read::read(a[0].as_str()?, a[1].as_str()?)?;
            date_in_range(fields.days()).map(Datum::Date).ok_or_else(|| out_of_range("date"))
        }),
    ),
];

fn of_number(value: &types::Numeric, args: &[Datum], digits: Option<usize>) -> Result<Datum> {
    text(numeric::format::to_char(value, args[1].as_str()?, digits)?)
}

fn of_time(_: &FnCtx, args: &[Datum]) -> Result<Datum> {
    let (micros, template) = (args[0].as_micros()?, args[1].as_str()?);
    if !is_finite(micros) || template.is_empty() {
        return Ok(Datum::Null);
    }
    let zone = match &args[0] {
        Datum::TimestampTz(_) => Some((style().zone.west_at(micros), style().zone.abbreviation_at(micros))),
        _ => None,
    };
    let local = if zone.is_some() { style().zone.to_local(micros) } else { micros };
    text(to_char(&Shown { fields: Fields::of(local), interval: false, zone }, template))
}

fn of_interval(_: &FnCtx, args: &[Datum]) -> Result<Datum> {
    let (span, template) = (args[0].as_interval()?, args[1].as_str()?);
    if template.is_empty() {
        return Ok(Datum::Null);
    }
    let clock = Fields::of_time(span.micros % USECS_PER_DAY);
    let fields = Fields {
        year: i64::from(span.months / 12),
        month: i64::from(span.months % 12),
        day: span.days.into(),
        hour: span.micros / (3600 * USECS_PER_SEC),
        ..clock
    };
    text(to_char(&Shown { fields, interval: true, zone: None }, template))
}
