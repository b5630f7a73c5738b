//! What there is to know of the system: sizes as people read them, the catalogs' helpers, chance.

use super::FnCtx;
use super::string::text;
use super::table::{Code, Entry};
use crate::catalog::pg_authid;
use crate::ids::{Error, Oid as ObjectId, Result, sqlstate};
use crate::types::{self, Datum, TypeId};
use Code::{Nulls, Strict};
use TypeId::{
    Any, Bool, Bytea, Float8, Int4, Int8, Name, Numeric, Oid, OidVector, Regclass, Regtype, Text, Uuid, Void,
};

pub(super) static TABLE: &[Entry] = &[
    ("pg_size_pretty", &[Int8], Text, Strict(|_, a| text(size(i128::from(a[0].as_int()?))))),
    ("pg_size_pretty", &[Numeric], Text, Strict(numeric_size)),
    ("pg_size_bytes", &[Text], Int8, Strict(size_bytes)),
    ("format_type", &[Oid, Int4], Text, Nulls(format_type)),
    (
        "to_regtype",
        &[Text],
        Regtype,
        Strict(|_, a| Ok(types::input(Regtype, a[0].as_str()?, -1).unwrap_or(Datum::Null))),
    ),
    (
        "to_regclass",
        &[Text],
        Regclass,
        Strict(|_, a| Ok(types::input(Regclass, a[0].as_str()?, -1).unwrap_or(Datum::Null))),
    ),
    (
        "pg_encoding_to_char",
        &[Int4],
        Name,
        Strict(|_, a| Ok(Datum::name(if a[0].as_int()? == 6 { "UTF8" } else { "" }))),
    ),
    ("pg_client_encoding", &[], Name, Strict(|_, _| Ok(Datum::name("UTF8")))),
    ("getdatabaseencoding", &[], Name, Strict(|_, _| Ok(Datum::name("UTF8")))),
    ("obj_description", &[Oid, Name], Text, Strict(|_, _| Ok(Datum::Null))),
    ("obj_description", &[Oid], Text, Strict(|_, _| Ok(Datum::Null))),
    ("shobj_description", &[Oid, Name], Text, Strict(|_, _| Ok(Datum::Null))),
    ("col_description", &[Oid, Int4], Text, Strict(|_, _| Ok(Datum::Null))),
    (
        "pg_get_userbyid",
        &[Oid],
        Name,
        Strict(|cx, a| {
            Ok(match &a[0] {
                Datum::Oid(ObjectId(10)) => Datum::Name(cx.session.user()),
                Datum::Oid(role) if let Some(name) = pg_authid::name(*role) => Datum::name(name),
                other => Datum::name(&format!("unknown (OID={})", types::output(other, Oid))),
            })
        }),
    ),
    ("has_table_privilege", &[Any, Text], Bool, Strict(|_, _| Ok(Datum::Bool(true)))),
    ("has_schema_privilege", &[Any, Text], Bool, Strict(|_, _| Ok(Datum::Bool(true)))),
    ("has_database_privilege", &[Any, Text], Bool, Strict(|_, _| Ok(Datum::Bool(true)))),
    ("has_column_privilege", &[Any, Any, Text], Bool, Strict(|_, _| Ok(Datum::Bool(true)))),
    ("has_function_privilege", &[Any, Text], Bool, Strict(|_, _| Ok(Datum::Bool(true)))),
    ("pg_jit_available", &[], Bool, Strict(|_, _| Ok(Datum::Bool(false)))),
    (
        "txid_current_if_assigned",
        &[],
        Int8,
        Strict(|cx, _| {
            let xid = cx.env.xact.borrow().xid;
            Ok(if xid.is_valid() { Datum::Int8(xid.0.into()) } else { Datum::Null })
        }),
    ),
    (
        "oidvectortypes",
        &[OidVector],
        Text,
        Strict(|_, a| {
            let name = |item: &Datum| types::output(item, Regtype);
            text(a[0].as_array()?.items.iter().map(name).collect::<Vec<_>>().join(", "))
        }),
    ),
    (
        "uuid_send",
        &[Uuid],
        Bytea,
        Strict(|_, a| {
            let mut out = Vec::new();
            types::send(&a[0], Uuid, &mut out);
            Ok(Datum::Bytea(out.into()))
        }),
    ),
    ("gen_random_uuid", &[], Uuid, Strict(random_uuid)),
    (
        "random",
        &[],
        Float8,
        Strict(|cx, _| Ok(Datum::Float8((cx.env.cx.world().random() >> 11) as f64 / (1u64 << 53) as f64))),
    ),
    (
        "setseed",
        &[Float8],
        Void,
        Strict(|_, a| match a[0].as_float()? {
            // The numbers come from the world's seed; a session's own would begin another history.
            seed if (-1.0..=1.0).contains(&seed) => Err(Error::unsupported("setseed()")),
            _ => Err(Error::new(
                sqlstate::INVALID_PARAMETER_VALUE,
                format!("setseed parameter {} is out of allowed range [-1,1]", types::output(&a[0], Float8)),
            )),
        }),
    ),
];

/// Units, each 1024 times the one before.
const UNITS: [&str; 6] = ["bytes", "kB", "MB", "GB", "TB", "PB"];

/// A size in the least unit in which it is below 10,000 (of the next ones, 20,480 halves).
fn size(bytes: i128) -> String {
    if bytes.abs() < 10_240 {
        return format!("{bytes} bytes");
    }
    // Half units, so that the last one can be rounded.
    let mut halves = bytes / 512;
    let mut unit = 1;
    while halves.abs() >= 20_479 && unit + 1 < UNITS.len() {
        halves /= 1024;
        unit += 1;
    }
    let rounded = (halves + halves.signum()) / 2;
    format!("{rounded} {}", UNITS[unit])
}

fn numeric_size(_: &FnCtx, args: &[Datum]) -> Result<Datum> {
    let value = args[0].as_numeric()?;
    if value.is_finite() && value.abs().compare(&10_240i64.into()).is_lt() {
        return text(format!("{value} bytes"));
    }
    text(size(value.trunc(0).to_string().parse::<i128>().unwrap_or(i128::MAX)))
}

fn size_bytes(_: &FnCtx, args: &[Datum]) -> Result<Datum> {
    let whole = args[0].as_str()?;
    let trimmed = whole.trim();
    let bad = || Error::new(sqlstate::INVALID_PARAMETER_VALUE, format!("invalid size: \"{whole}\""));
    let end = trimmed.find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | '-' | '+')).unwrap_or(trimmed.len());
    let number: types::Numeric = trimmed[..end].parse().map_err(|_| bad())?;
    let word = trimmed[end..].trim();
    let unit = match word {
        "" => Some(0),
        word => ["bytes", "kb", "mb", "gb", "tb", "pb"].iter().position(|own| own.eq_ignore_ascii_case(word)),
    };
    let Some(unit) = unit else {
        return Err(bad()
            .detail(format!("Invalid size unit: \"{word}\"."))
            .hint("Valid units are \"bytes\", \"kB\", \"MB\", \"GB\", \"TB\", and \"PB\"."));
    };
    let bytes = number.mul(&(1i64 << (10 * unit)).into())?;
    bytes.to_int(i64::MIN, i64::MAX, "bigint").map(Datum::Int8)
}

/// The SQL name of a type with its modifier.
fn format_type(_: &FnCtx, args: &[Datum]) -> Result<Datum> {
    let Datum::Oid(oid) = args[0] else { return Ok(Datum::Null) };
    let shown = TypeId::from_oid(oid).map(|ty| match &args[1] {
        Datum::Null => ty.to_string(),
        typmod => ty.format(typmod.as_int().unwrap_or(-1) as i32),
    });
    text(shown.unwrap_or_else(|| if oid.0 == 0 { "-".into() } else { "???".into() }))
}

/// A uuid of version 4.
fn random_uuid(cx: &FnCtx, _: &[Datum]) -> Result<Datum> {
    let world = cx.env.cx.world();
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&world.random().to_be_bytes());
    bytes[8..].copy_from_slice(&world.random().to_be_bytes());
    bytes[6] = bytes[6] & 0x0F | 0x40;
    bytes[8] = bytes[8] & 0x3F | 0x80;
    Ok(Datum::Uuid(bytes))
}
