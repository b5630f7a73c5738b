//! SQL's own functions: numbers, strings, the session.

use super::{Body, FnCtx, Function, Registry, RowIter};
use crate::ids::{Error, Result, sqlstate};
use crate::settings::{Settings, Source};
use crate::types::{Datum, TypeId};
use TypeId::{Bool, Int4, Int8, Name, Text, TimestampTz};

/// What `version()` says, and `server_version` with it.
pub(super) const VERSION: &str = "PostgreSQL 15 (Vitrine)";

pub(super) fn add(registry: &mut Registry) {
    session(registry);
    interval(registry);
    sets(registry);
}

fn session(registry: &mut Registry) {
    registry.add(Function::new("pg_typeof", &[TypeId::Any], TypeId::Regtype, Body::TypeOf).not_strict());
    for name in ["now", "transaction_timestamp"] {
        registry.scalar(name, &[], TimestampTz, |cx, _| Ok(Datum::TimestampTz(cx.env.xact.borrow().started)));
    }
    registry.scalar("statement_timestamp", &[], TimestampTz, |cx, _| {
        Ok(Datum::TimestampTz(cx.env.xact.borrow().statement_started))
    });
    registry.scalar("version", &[], Text, |_, _| Ok(Datum::text(VERSION)));
    registry.scalar("current_database", &[], Name, |cx, _| Ok(Datum::Name(cx.session.database())));
    registry.scalar("pg_is_in_recovery", &[], Bool, |cx, _| Ok(Datum::Bool(cx.env.txns.procs.in_recovery())));
    registry.scalar("pg_backend_pid", &[], Int4, |cx, _| Ok(Datum::Int4(cx.env.cx.pid().0 as i32)));
    registry.waiting("txid_current", &[], Int8, |cx, _| {
        Box::pin(async { Ok(Datum::Int8(i64::from(cx.env.xid().await?.0))) })
    });
    registry.waiting("pg_current_xact_id", &[], TypeId::Xid, |cx, _| {
        Box::pin(async { Ok(Datum::Xid(cx.env.xid().await?)) })
    });
    registry.scalar("pg_current_xact_id_if_assigned", &[], TypeId::Xid, |cx, _| {
        let xid = cx.env.xact.borrow().xid;
        Ok(if xid.is_valid() { Datum::Xid(xid) } else { Datum::Null })
    });
    registry.scalar("current_setting", &[Text], Text, setting);
    registry.scalar("current_setting", &[Text, Bool], Text, setting);
    let set = Function::new("set_config", &[Text, Text, Bool], Text, Body::Scalar(set_config));
    registry.add(set.not_strict().named(&["setting_name", "new_value", "is_local"]));
}

/// `current_setting(name)`, or NULL for an unknown name with `missing_ok`.
fn setting(cx: &FnCtx, args: &[Datum]) -> Result<Datum> {
    match Settings::find(args[0].as_str()?) {
        Err(_) if args.get(1) == Some(&Datum::Bool(true)) => Ok(Datum::Null),
        found => Ok(Datum::text(cx.env.settings.borrow().show(found?))),
    }
}

/// `set_config(name, value, is_local)`: SET as a function; NULL is DEFAULT.
fn set_config(cx: &FnCtx, args: &[Datum]) -> Result<Datum> {
    let null = |message| Err(Error::new(sqlstate::NULL_VALUE_NOT_ALLOWED, message));
    let (name, local) = match (&args[0], &args[2]) {
        (Datum::Null, _) => return null("SET requires parameter name"),
        (name, local) => (name.as_str()?, *local == Datum::Bool(true)),
    };
    let (setting, settings) = (Settings::find(name)?, &mut *cx.env.settings.borrow_mut());
    match &args[1] {
        Datum::Null => settings.reset(setting)?,
        value if local => settings.set_local(setting, value.as_str()?)?,
        value => settings.set(setting, value.as_str()?, Source::Session)?,
    }
    Ok(Datum::text(settings.show(setting)))
}

/// `make_interval`, whose arguments are all 0 unless said.
fn interval(registry: &mut Registry) {
    let make = Body::Scalar(|_, args| {
        let whole = |at: usize| args[at].as_int();
        let beyond = || Error::new(sqlstate::DATETIME_FIELD_OVERFLOW, "interval out of range");
        let seconds = args[6].as_float()?;
        let micros = (whole(4)? * 60 + whole(5)?) * 60_000_000;
        let months = i32::try_from(whole(0)? * 12 + whole(1)?).map_err(|_| beyond())?;
        let days = i32::try_from(whole(2)? * 7 + whole(3)?).map_err(|_| beyond())?;
        if !seconds.is_finite() || seconds.abs() > 9e12 {
            return Err(beyond());
        }
        let micros = micros.checked_add(libm::rint(seconds * 1e6) as i64).ok_or_else(beyond)?;
        Ok(Datum::Interval(crate::types::Interval { micros, days, months }))
    });
    let args = [Int4, Int4, Int4, Int4, Int4, Int4, TypeId::Float8];
    let mut function = Function::new("make_interval", &args, TypeId::Interval, make);
    function = function.named(&["years", "months", "weeks", "days", "hours", "mins", "secs"]);
    function.defaults = vec![Datum::Int4(0); 6];
    function.defaults.push(Datum::Float8(0.0));
    registry.add(function);
}

/// The functions that give rows by themselves.
fn sets(registry: &mut Registry) {
    for ty in [Int4, Int8] {
        for args in [&[ty, ty][..], &[ty, ty, ty]] {
            registry.add(Function::new("generate_series", args, ty, Body::Series(series)));
        }
    }
}

/// `generate_series`, in the type of its arguments.
fn series(args: &[Datum]) -> Result<RowIter> {
    let step = args.get(2).map_or(Ok(1), Datum::as_int)?;
    if step == 0 {
        return Err(Error::new(sqlstate::INVALID_PARAMETER_VALUE, "step size cannot equal zero"));
    }
    let (mut next, last) = (Some(args[0].as_int()?), args[1].as_int()?);
    let wide = matches!(args[0], Datum::Int8(_));
    Ok(Box::new(std::iter::from_fn(move || {
        let value = next.filter(|next| if step > 0 { *next <= last } else { *next >= last })?;
        next = value.checked_add(step);
        Some(Ok(vec![if wide { Datum::Int8(value) } else { Datum::Int4(value as i32) }]))
    })))
}
