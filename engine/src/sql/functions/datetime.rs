//! Dates, times and intervals.

use super::table::{Code, Entry};
use super::{FnCtx, RowIter};
use crate::ids::{Error, Result, TimestampTz as Moment, sqlstate};
use crate::types::datetime::arith::{self, date_to_timestamp};
use crate::types::datetime::calendar::{Fields, UNIX_EPOCH_DAYS, days_in_month};
use crate::types::datetime::words::{self, Unit};
use crate::types::datetime::zone::Zone;
use crate::types::datetime::{USECS_PER_DAY, USECS_PER_SEC, is_finite, is_finite_date, out_of_range, part};
use crate::types::session::style;
use crate::types::{self, Datum, TimeTz as ZonedTime, TypeId};
use Code::{Nulls, Rows, Strict};
use TypeId::{Bool, Date, Float8, Int4, Interval, Numeric, Text, Time, TimeTz, Timestamp, TimestampTz};

pub(super) static TABLE: &[Entry] = &[
    ("date_trunc", &[Text, Timestamp], Timestamp, Strict(|_, a| trunc(a, None))),
    ("date_trunc", &[Text, TimestampTz], TimestampTz, Strict(|_, a| trunc(a, Some(style().zone)))),
    ("date_trunc", &[Text, TimestampTz, Text], TimestampTz, Strict(|_, a| trunc(a, Some(zone(a[2].as_str()?)?)))),
    ("date_trunc", &[Text, Interval], Interval, Strict(trunc_interval)),
    ("extract", &[Text, Date], Numeric, Strict(extract)),
    ("extract", &[Text, Time], Numeric, Strict(extract)),
    ("extract", &[Text, TimeTz], Numeric, Strict(extract)),
    ("extract", &[Text, Timestamp], Numeric, Strict(extract)),
    ("extract", &[Text, TimestampTz], Numeric, Strict(extract)),
    ("extract", &[Text, Interval], Numeric, Strict(extract)),
    ("date_part", &[Text, Date], Float8, Strict(date_part)),
    ("date_part", &[Text, Time], Float8, Strict(date_part)),
    ("date_part", &[Text, TimeTz], Float8, Strict(date_part)),
    ("date_part", &[Text, Timestamp], Float8, Strict(date_part)),
    ("date_part", &[Text, TimestampTz], Float8, Strict(date_part)),
    ("date_part", &[Text, Interval], Float8, Strict(date_part)),
    ("date_bin", &[Interval, Timestamp, Timestamp], Timestamp, Strict(|_, a| bin(a).map(timestamp))),
    ("date_bin", &[Interval, TimestampTz, TimestampTz], TimestampTz, Strict(|_, a| bin(a).map(moment))),
    (
        "age",
        &[Timestamp, Timestamp],
        Interval,
        Strict(|_, a| arith::age(a[0].as_micros()?, a[1].as_micros()?).map(Datum::Interval)),
    ),
    (
        "age",
        &[TimestampTz, TimestampTz],
        Interval,
        Strict(|_, a| {
            let local = |value: &Datum| value.as_micros().map(|micros| style().zone.to_local(micros));
            arith::age(local(&a[0])?, local(&a[1])?).map(Datum::Interval)
        }),
    ),
    ("age", &[Timestamp], Interval, Strict(|_, a| arith::age(midnight(), a[0].as_micros()?).map(Datum::Interval))),
    (
        "age",
        &[TimestampTz],
        Interval,
        Strict(|_, a| arith::age(midnight(), style().zone.to_local(a[0].as_micros()?)).map(Datum::Interval)),
    ),
    ("make_date", &[Int4, Int4, Int4], Date, Strict(make_date)),
    ("make_time", &[Int4, Int4, Float8], Time, Strict(|_, a| Ok(Datum::Time(clock(a)?)))),
    (
        "make_timestamp",
        &[Int4, Int4, Int4, Int4, Int4, Float8],
        Timestamp,
        Strict(|_, a| make_timestamp(a).map(timestamp)),
    ),
    (
        "make_timestamptz",
        &[Int4, Int4, Int4, Int4, Int4, Float8],
        TimestampTz,
        Strict(|_, a| arith::to_utc(make_timestamp(a)?).map(moment)),
    ),
    (
        "make_timestamptz",
        &[Int4, Int4, Int4, Int4, Int4, Float8, Text],
        TimestampTz,
        Strict(|_, a| {
            let local = make_timestamp(a)?;
            // Hours are counted eastward here, as ISO does.
            let zone = match zone(a[6].as_str()?)? {
                Zone::Fixed(west) if a[6].as_str()?.starts_with(['+', '-']) => Zone::Fixed(-west),
                zone => zone,
            };
            Ok(moment(local + i64::from(zone.west_at_local(local)) * USECS_PER_SEC))
        }),
    ),
    ("justify_days", &[Interval], Interval, Strict(|_, a| Ok(Datum::Interval(a[0].as_interval()?.justify_days())))),
    ("justify_hours", &[Interval], Interval, Strict(|_, a| Ok(Datum::Interval(a[0].as_interval()?.justify_hours())))),
    ("justify_interval", &[Interval], Interval, Strict(|_, a| Ok(Datum::Interval(a[0].as_interval()?.justify())))),
    ("isfinite", &[Date], Bool, Strict(|_, a| Ok(Datum::Bool(is_finite_date(a[0].as_date()?))))),
    ("isfinite", &[Timestamp], Bool, Strict(|_, a| Ok(Datum::Bool(is_finite(a[0].as_micros()?))))),
    ("isfinite", &[TimestampTz], Bool, Strict(|_, a| Ok(Datum::Bool(is_finite(a[0].as_micros()?))))),
    ("isfinite", &[Interval], Bool, Strict(|_, _| Ok(Datum::Bool(true)))),
    ("to_timestamp", &[Float8], TimestampTz, Strict(to_timestamp)),
    ("timezone", &[Text, Timestamp], TimestampTz, Strict(|_, a| at_zone(zone(a[0].as_str()?)?, &a[1]))),
    ("timezone", &[Text, TimestampTz], Timestamp, Strict(|_, a| at_zone(zone(a[0].as_str()?)?, &a[1]))),
    ("timezone", &[Text, TimeTz], TimeTz, Strict(|_, a| at_zone(zone(a[0].as_str()?)?, &a[1]))),
    ("timezone", &[Interval, Timestamp], TimestampTz, Strict(|_, a| at_zone(interval_zone(&a[0])?, &a[1]))),
    ("timezone", &[Interval, TimestampTz], Timestamp, Strict(|_, a| at_zone(interval_zone(&a[0])?, &a[1]))),
    ("timezone", &[Interval, TimeTz], TimeTz, Strict(|_, a| at_zone(interval_zone(&a[0])?, &a[1]))),
    ("overlaps", &[Timestamp, Timestamp, Timestamp, Timestamp], Bool, Nulls(overlaps)),
    ("overlaps", &[TimestampTz, TimestampTz, TimestampTz, TimestampTz], Bool, Nulls(overlaps)),
    ("overlaps", &[Time, Time, Time, Time], Bool, Nulls(overlaps)),
    ("overlaps", &[Timestamp, Interval, Timestamp, Interval], Bool, Nulls(overlaps)),
    ("overlaps", &[Timestamp, Timestamp, Timestamp, Interval], Bool, Nulls(overlaps)),
    ("overlaps", &[Timestamp, Interval, Timestamp, Timestamp], Bool, Nulls(overlaps)),
    ("clock_timestamp", &[], TimestampTz, Strict(|cx, _| Ok(Datum::TimestampTz(cx.env.cx.timestamp())))),
    (
        "timeofday",
        &[],
        Text,
        Strict(|cx, _| Ok(Datum::text(types::output(&Datum::TimestampTz(cx.env.cx.timestamp()), TimestampTz)))),
    ),
    ("generate_series", &[Timestamp, Timestamp, Interval], Timestamp, Rows(series)),
    ("generate_series", &[TimestampTz, TimestampTz, Interval], TimestampTz, Rows(series)),
    ("generate_series", &[Numeric, Numeric], Numeric, Rows(numeric_series)),
    ("generate_series", &[Numeric, Numeric, Numeric], Numeric, Rows(numeric_series)),
];

fn timestamp(micros: i64) -> Datum {
    Datum::Timestamp(Moment(micros))
}

fn moment(micros: i64) -> Datum {
    Datum::TimestampTz(Moment(micros))
}

/// The midnight with which today began.
fn midnight() -> i64 {
    style().zone.to_local(style().now.0).div_euclid(USECS_PER_DAY) * USECS_PER_DAY
}

/// A zone by its name, by an abbreviation, or by hours: `+3` is POSIX's here, and so in the west.
fn zone(text: &str) -> Result<Zone> {
    let hours =
        text.trim().strip_prefix('+').map(|hours| (1, hours)).or(text.trim().strip_prefix('-').map(|h| (-1, h)));
    if let Some((sign, hours)) = hours
        && let Some(Zone::Fixed(west)) = Zone::by_name(&format!("UTC{hours}"))
    {
        return Ok(Zone::Fixed(sign * west));
    }
    Zone::parse(text)
        .ok_or_else(|| Error::new(sqlstate::INVALID_PARAMETER_VALUE, format!("time zone \"{text}\" not recognized")))
}

fn interval_zone(value: &Datum) -> Result<Zone> {
    let span = value.as_interval()?;
    if span.months != 0 || span.days != 0 {
        let message =
            format!("interval time zone \"{}\" must not include months or days", types::output(value, Interval));
        return Err(Error::new(sqlstate::INVALID_PARAMETER_VALUE, message));
    }
    Ok(Zone::Fixed((-span.micros / USECS_PER_SEC) as i32))
}

fn at_zone(zone: Zone, value: &Datum) -> Result<Datum> {
    Ok(match value {
        Datum::TimestampTz(at) => timestamp(zone.to_local(at.0)),
        Datum::Timestamp(local) if !is_finite(local.0) => moment(local.0),
        Datum::Timestamp(local) => moment(local.0 + i64::from(zone.west_at_local(local.0)) * USECS_PER_SEC),
        Datum::TimeTz(time) => {
            let west = zone.west_at(style().now.0);
            let micros = time.micros + i64::from(time.zone - west) * USECS_PER_SEC;
            Datum::TimeTz(ZonedTime { micros: micros.rem_euclid(USECS_PER_DAY), zone: west })
        }
        other => return Err(other.unexpected("a time")),
    })
}

fn unit(args: &[Datum], type_name: &str) -> Result<Unit> {
    let word = args[0].as_str()?;
    words::unit(word).ok_or_else(|| part::bad_unit(word, type_name))
}

fn trunc(args: &[Datum], zone: Option<Zone>) -> Result<Datum> {
    let micros = args[1].as_micros()?;
    let Some(zone) = zone else {
        return Ok(timestamp(arith::truncate(micros, unit(args, "timestamp without time zone")?)));
    };
    let unit = unit(args, "timestamp with time zone")?;
    if !is_finite(micros) {
        return Ok(moment(micros));
    }
    let local = arith::truncate(zone.to_local(micros), unit);
    Ok(moment(local + i64::from(zone.west_at_local(local)) * USECS_PER_SEC))
}

fn trunc_interval(_: &FnCtx, args: &[Datum]) -> Result<Datum> {
    let unit = unit(args, "interval")?;
    let cut = args[1].as_interval()?.truncate(unit).ok_or_else(|| {
        let error = part::bad_unit(args[0].as_str().unwrap_or_default(), "interval");
        error.detail("Months usually have fractional weeks.")
    })?;
    Ok(Datum::Interval(cut))
}

fn field(args: &[Datum]) -> Result<Option<types::Numeric>> {
    let word = args[0].as_str()?;
    match &args[1] {
        Datum::Date(days) => part::of_day(word, *days),
        Datum::Time(micros) => part::of_clock(word, *micros),
        Datum::TimeTz(time) => part::of_clock_tz(word, *time),
        Datum::Timestamp(at) => part::of_timestamp(word, at.0, false),
        Datum::TimestampTz(at) => part::of_timestamp(word, at.0, true),
        value => part::of_interval(word, value.as_interval()?),
    }
}

fn extract(_: &FnCtx, args: &[Datum]) -> Result<Datum> {
    Ok(field(args)?.map_or(Datum::Null, Datum::Numeric))
}

/// `date_part`: the same as a double. A date is taken as a timestamp.
fn date_part(_: &FnCtx, args: &[Datum]) -> Result<Datum> {
    let found = match &args[1] {
        Datum::Date(days) => part::of_timestamp(args[0].as_str()?, date_to_timestamp(*days)?, false)?,
        _ => field(args)?,
    };
    Ok(found.map_or(Datum::Null, |value| Datum::Float8(value.to_f64())))
}

fn bin(args: &[Datum]) -> Result<i64> {
    arith::bin(args[0].as_interval()?, args[1].as_micros()?, args[2].as_micros()?)
}

/// The days of year, month and day; a negative year is one before Christ.
fn days(args: &[Datum]) -> Result<i64> {
    let (year, month, day) = (args[0].as_int()?, args[1].as_int()?, args[2].as_int()?);
    let counted = if year < 0 { year + 1 } else { year };
    let fits =
        year != 0 && (1..=12).contains(&month) && (1..=days_in_month(counted, month.clamp(1, 12))).contains(&day);
    if !fits {
        let shown = format!("{}{:0width$}-{month:02}-{day:02}", "", year, width = 1);
        let message = format!("date field value out of range: {shown}");
        return Err(Error::new(sqlstate::DATETIME_FIELD_OVERFLOW, message));
    }
    Ok(Fields { year: counted, month, day, ..Fields::default() }.days())
}

fn make_date(_: &FnCtx, args: &[Datum]) -> Result<Datum> {
    types::datetime::date_in_range(days(args)?).map(Datum::Date).ok_or_else(|| out_of_range("date"))
}

/// Microseconds of hours, minutes and seconds.
fn clock(args: &[Datum]) -> Result<i64> {
    let (hour, minute, second) = (args[0].as_int()?, args[1].as_int()?, args[2].as_float()?);
    let micros = libm::rint(second * 1e6) as i64;
    let total = (hour * 60 + minute) * 60 * USECS_PER_SEC + micros;
    let fits = (0..=24).contains(&hour) && (0..60).contains(&minute) && (0..=60 * USECS_PER_SEC).contains(&micros);
    if fits && total <= USECS_PER_DAY && !second.is_nan() {
        return Ok(total);
    }
    let message = format!("time field value out of range: {hour}:{minute:02}:{}", types::output(&args[2], Float8));
    let message = if (0.0..10.0).contains(&second) {
        message.replacen(&format!(":{minute:02}:"), &format!(":{minute:02}:0"), 1)
    } else {
        message
    };
    Err(Error::new(sqlstate::DATETIME_FIELD_OVERFLOW, message))
}

fn make_timestamp(args: &[Datum]) -> Result<i64> {
    let sum = days(args)?.checked_mul(USECS_PER_DAY).and_then(|days| days.checked_add(clock(&args[3..6]).ok()?));
    clock(&args[3..6])?;
    sum.and_then(types::datetime::in_range).ok_or_else(|| out_of_range("timestamp"))
}

fn to_timestamp(_: &FnCtx, args: &[Datum]) -> Result<Datum> {
    let seconds = args[0].as_float()?;
    let refuse = |message: String| Err(Error::new(sqlstate::DATETIME_FIELD_OVERFLOW, message));
    if seconds.is_nan() {
        return refuse("timestamp cannot be NaN".into());
    }
    if seconds.is_infinite() {
        return Ok(moment(if seconds > 0.0 { i64::MAX } else { i64::MIN }));
    }
    let since_2000 = seconds - (UNIX_EPOCH_DAYS * 86_400) as f64;
    let micros = libm::rint(since_2000 * 1e6);
    match types::datetime::in_range(micros as i64).filter(|_| micros.abs() < 9.3e18) {
        Some(micros) => Ok(moment(micros)),
        None => refuse(format!("timestamp out of range: \"{}\"", types::output(&args[0], Float8))),
    }
}

/// Whether two spans have a moment in common. Each is a begin with an end or a length; NULLs make it unknown, unless
/// what is known decides.
fn overlaps(_: &FnCtx, args: &[Datum]) -> Result<Datum> {
    let end = |begin: &Datum, end: &Datum| match end {
        Datum::Interval(_) if !begin.is_null() => {
            types::binary_op("+", begin.element_type(), Interval).and_then(|op| (op.eval)(begin, end))
        }
        end => Ok(end.clone()),
    };
    let ends = [end(&args[0], &args[1])?, end(&args[2], &args[3])?];
    let order = |begin: &Datum, end: &Datum| -> Result<(Datum, Datum)> {
        let swap = begin.is_null() || !end.is_null() && types::compare(begin, end)?.is_gt();
        Ok(if swap { (end.clone(), begin.clone()) } else { (begin.clone(), end.clone()) })
    };
    let ((a, a_end), (b, b_end)) = (order(&args[0], &ends[0])?, order(&args[2], &ends[1])?);
    if a.is_null() || b.is_null() {
        return Ok(Datum::Null);
    }
    let (first_end, later, later_end) = match types::compare(&a, &b)? {
        std::cmp::Ordering::Equal => {
            let unknown = a_end.is_null() || b_end.is_null();
            return Ok(if unknown { Datum::Null } else { Datum::Bool(true) });
        }
        std::cmp::Ordering::Less => (a_end, b, b_end),
        std::cmp::Ordering::Greater => (b_end, a, a_end),
    };
    if first_end.is_null() {
        return Ok(Datum::Null);
    }
    if types::compare(&later, &first_end)?.is_lt() {
        return Ok(Datum::Bool(true));
    }
    Ok(if later_end.is_null() { Datum::Null } else { Datum::Bool(false) })
}

fn no_step() -> Error {
    Error::new(sqlstate::INVALID_PARAMETER_VALUE, "step size cannot equal zero")
}

/// `generate_series` over timestamps.
fn series(args: &[Datum]) -> Result<RowIter> {
    let step = args[2].as_interval()?;
    let upward = match step.span() {
        0 => return Err(no_step()),
        span => span > 0,
    };
    let (with_zone, last) = (matches!(args[0], Datum::TimestampTz(_)), args[1].as_micros()?);
    let mut next = Some(args[0].as_micros()?);
    Ok(Box::new(std::iter::from_fn(move || {
        let value = next.filter(|next| if upward { *next <= last } else { *next >= last })?;
        let moved = if with_zone { arith::add_interval_tz(value, step) } else { arith::add_interval(value, step) };
        next = moved.ok();
        Some(Ok(vec![if with_zone { moment(value) } else { timestamp(value) }]))
    })))
}

/// `generate_series` over numerics.
fn numeric_series(args: &[Datum]) -> Result<RowIter> {
    let name = ["start", "stop", "step size"];
    for (at, arg) in args.iter().enumerate() {
        let value = arg.as_numeric()?;
        if !value.is_finite() {
            let what = if value.is_nan() { "NaN" } else { "infinity" };
            let message = format!("{} value cannot be {what}", name[at].replace("step size value", "step size"));
            let message = if at == 2 { message.replace(" value", "") } else { message };
            return Err(Error::new(sqlstate::INVALID_PARAMETER_VALUE, message));
        }
    }
    let step = args.get(2).map_or_else(|| Ok(types::Numeric::from(1i64)), |step| step.as_numeric().cloned())?;
    if step.is_zero() {
        return Err(no_step());
    }
    let last = args[1].as_numeric()?.clone();
    let mut next = Some(args[0].as_numeric()?.clone());
    Ok(Box::new(std::iter::from_fn(move || {
        let order = |value: &types::Numeric| value.compare(&last);
        let value = next.take().filter(|v| if step.signum() > 0 { order(v).is_le() } else { order(v).is_ge() })?;
        next = value.add(&step).ok();
        Some(Ok(vec![Datum::Numeric(value)]))
    })))
}
