//! SQL's own functions: numbers, strings, the session.

use super::{ArgType, Body, FnCtx, Function, Registry, RowIter};
use crate::ids::{Error, Result, sqlstate};
use crate::settings::{Settings, Source};
use crate::types::{self, Datum, TypeId};
use TypeId::{Bool, Float8, Int2, Int4, Int8, Name, Numeric, Oid, Text, TimestampTz};

/// What `version()` says, and `server_version` with it.
pub(super) const VERSION: &str = "PostgreSQL 15 (Vitrine)";

pub(super) fn add(registry: &mut Registry) {
    numbers(registry);
    strings(registry);
    session(registry);
    sets(registry);
}

fn numbers(registry: &mut Registry) {
    for ty in [Int2, Int4, Int8, Numeric, Float8] {
        registry.scalar("abs", &[ty], ty, |_, args| {
            types::unary_op("@", kind_of(&args[0])).and_then(|op| (op.eval)(&args[0]))
        });
    }
    registry.scalar("round", &[Numeric], Numeric, |_, args| numeric(&args[0], |n| n.round(0)));
    registry.scalar("round", &[Numeric, Int4], Numeric, |_, args| {
        let scale = args[1].as_int()? as i32;
        numeric(&args[0], |n| n.round(scale))
    });
    registry.scalar("trunc", &[Numeric], Numeric, |_, args| numeric(&args[0], |n| Ok(n.trunc(0))));
    registry.scalar("ceil", &[Numeric], Numeric, |_, args| numeric(&args[0], types::Numeric::ceil));
    registry.scalar("floor", &[Numeric], Numeric, |_, args| numeric(&args[0], types::Numeric::floor));
    registry.scalar("round", &[Float8], Float8, |_, args| Ok(Datum::Float8(libm::rint(args[0].as_float()?))));
    registry.scalar("ceil", &[Float8], Float8, |_, args| Ok(Datum::Float8(args[0].as_float()?.ceil())));
    registry.scalar("floor", &[Float8], Float8, |_, args| Ok(Datum::Float8(args[0].as_float()?.floor())));
    for ty in [Int2, Int4, Int8, Numeric] {
        registry.scalar("mod", &[ty, ty], ty, |_, args| {
            types::binary_op("%", kind_of(&args[0]), kind_of(&args[1])).and_then(|op| (op.eval)(&args[0], &args[1]))
        });
    }
}

/// The type of a number.
fn kind_of(value: &Datum) -> TypeId {
    match value {
        Datum::Int2(_) => Int2,
        Datum::Int4(_) => Int4,
        Datum::Int8(_) => Int8,
        Datum::Numeric(_) => Numeric,
        _ => Float8,
    }
}

fn numeric(value: &Datum, f: impl Fn(&types::Numeric) -> Result<types::Numeric>) -> Result<Datum> {
    f(value.as_numeric()?).map(Datum::Numeric)
}

fn strings(registry: &mut Registry) {
    registry.scalar("lower", &[Text], Text, |_, args| Ok(Datum::text(args[0].as_str()?.to_ascii_lowercase())));
    registry.scalar("upper", &[Text], Text, |_, args| Ok(Datum::text(args[0].as_str()?.to_ascii_uppercase())));
    for name in ["length", "char_length", "character_length"] {
        registry.scalar(name, &[Text], Int4, |_, args| Ok(Datum::Int4(args[0].as_str()?.chars().count() as i32)));
    }
    registry.scalar("octet_length", &[Text], Int4, |_, args| Ok(Datum::Int4(args[0].as_str()?.len() as i32)));
    registry.scalar("length", &[TypeId::Bytea], Int4, |_, args| Ok(Datum::Int4(args[0].as_bytes()?.len() as i32)));
    registry
        .scalar("octet_length", &[TypeId::Bytea], Int4, |_, args| Ok(Datum::Int4(args[0].as_bytes()?.len() as i32)));
    registry.scalar("repeat", &[Text, Int4], Text, |_, args| repeat(args[0].as_str()?, args[1].as_int()?));
    for name in ["substr", "substring"] {
        registry.scalar(name, &[Text, Int4], Text, |_, args| {
            Ok(Datum::text(part(args[0].as_str()?, args[1].as_int()?, i64::MAX)))
        });
        registry.scalar(name, &[Text, Int4, Int4], Text, |_, args| {
            let (start, count) = (args[1].as_int()?, args[2].as_int()?);
            if count < 0 {
                return Err(Error::new(sqlstate::SUBSTRING_ERROR, "negative substring length not allowed"));
            }
            Ok(Datum::text(part(args[0].as_str()?, start, start + count)))
        });
    }
    let any = |name, body| Function {
        name,
        args: vec![("", ArgType::Any)],
        variadic: true,
        defaults: Vec::new(),
        strict: false,
        columns: vec![(name, Text)],
        body,
    };
    registry.add(any("concat", Body::Scalar(|_, args| concat(args))));
    registry.add(Function {
        variadic: false,
        columns: vec![("pg_typeof", TypeId::Regtype)],
        ..any("pg_typeof", Body::TypeOf)
    });
}

/// The most bytes that a value may have: `MaxAllocSize` less a header.
const MAX_BYTES: usize = 0x3FFF_FFFF - 4;

fn repeat(text: &str, times: i64) -> Result<Datum> {
    let times = times.max(0) as usize;
    if text.len().saturating_mul(times) > MAX_BYTES {
        return Err(Error::new(sqlstate::PROGRAM_LIMIT_EXCEEDED, "requested length too large"));
    }
    Ok(Datum::text(text.repeat(times)))
}

/// The characters from the `start`th to before the `end`th, counted from 1; there may be none there.
fn part(text: &str, start: i64, end: i64) -> &str {
    let byte = |n: i64| text.char_indices().nth((n - 1).max(0) as usize).map_or(text.len(), |(at, _)| at);
    let from = byte(start);
    &text[from..if end == i64::MAX { text.len() } else { byte(end).max(from) }]
}

/// The texts of all arguments that are not NULL.
fn concat(args: &[Datum]) -> Result<Datum> {
    let mut text = String::new();
    for arg in args {
        match arg {
            Datum::Null => {}
            // As its output function, which knows booleans by one letter.
            value => types::write_output(&mut text, value, TypeId::Text),
        }
    }
    Ok(Datum::text(text))
}

fn session(registry: &mut Registry) {
    for name in ["now", "transaction_timestamp"] {
        registry.scalar(name, &[], TimestampTz, |cx, _| Ok(Datum::TimestampTz(cx.env.xact.borrow().started)));
    }
    registry.scalar("statement_timestamp", &[], TimestampTz, |cx, _| {
        Ok(Datum::TimestampTz(cx.env.xact.borrow().statement_started))
    });
    registry.scalar("version", &[], Text, |_, _| Ok(Datum::text(VERSION)));
    registry.scalar("current_database", &[], Name, |cx, _| Ok(Datum::Name(cx.session.database())));
    registry.scalar("current_schema", &[], Name, |_, _| Ok(Datum::name("public")));
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
    registry.scalar("pg_table_is_visible", &[Oid], Bool, |_, _| Ok(Datum::Bool(true)));
    registry.scalar("current_setting", &[Text], Text, setting);
    registry.scalar("current_setting", &[Text, Bool], Text, setting);
    let set = Function::new("set_config", &[Text, Text, Bool], Text, Body::Scalar(set_config));
    registry.add(set.not_strict().named(&["setting_name", "new_value", "is_local"]));
    let format = Function::new("format_type", &[Oid, Int4], Text, Body::Scalar(format_type));
    registry.add(format.not_strict());
}

/// `format_type`: the SQL name of a type with its modifier; a NULL modifier is none.
fn format_type(_: &FnCtx, args: &[Datum]) -> Result<Datum> {
    let Datum::Oid(oid) = args[0] else { return Ok(Datum::Null) };
    let typmod = if args[1] == Datum::Null { -1 } else { args[1].as_int()? as i32 };
    let name = TypeId::from_oid(oid).map(|ty| ty.format(typmod));
    Ok(Datum::text(name.unwrap_or_else(|| if oid.0 == 0 { "-".into() } else { "???".into() })))
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
