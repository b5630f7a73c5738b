//! Text in and out: the input and output functions of every type.

use std::fmt::Write;

use super::array::{array_in, write_array};
use super::datetime::{date_in, date_out, time_in, time_out, timestamp_in, timestamp_out, timetz_in, timetz_out};
use super::datetime::{timestamptz_in, timestamptz_out};
use super::float::{float4_in, float4_out, float8_in, float8_out};
use super::interval::{interval_in, interval_out};
use super::{Datum, Numeric, TypeId, apply_typmod};
use crate::ids::{BlockNumber, CommandId, Error, Lsn, Oid, Result, SqlState, Tid, Xid, sqlstate};

fn error(code: SqlState, message: String) -> Error {
    Error::new(code, message)
}

/// `22P02`
fn invalid(type_name: &str, text: &str) -> Error {
    error(sqlstate::INVALID_TEXT_REPRESENTATION, format!("invalid input syntax for type {type_name}: \"{text}\""))
}

/// `22003`
fn out_of_range(type_name: &str, text: &str) -> Error {
    error(sqlstate::NUMERIC_VALUE_OUT_OF_RANGE, format!("value \"{text}\" is out of range for type {type_name}"))
}

/// What C's `isspace` takes for space.
fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_ascii_whitespace() || c == '\x0b')
}

/// Reads a value from text, as a literal or a text-format parameter is read. `typmod` is -1 for none.
pub fn input(type_id: TypeId, text: &str, typmod: i32) -> Result<Datum> {
    let datum = match type_id {
        TypeId::Bool => Datum::Bool(bool_in(text)?),
        TypeId::Int2 => Datum::Int2(int_in(text, "smallint", i16::MIN.into(), i16::MAX.into())? as i16),
        TypeId::Int4 => Datum::Int4(int_in(text, "integer", i32::MIN.into(), i32::MAX.into())? as i32),
        TypeId::Int8 => Datum::Int8(int_in(text, "bigint", i64::MIN, i64::MAX)?),
        TypeId::Float4 => Datum::Float4(float4_in(text)?),
        TypeId::Float8 => Datum::Float8(float8_in(text)?),
        TypeId::Numeric => Datum::Numeric(text.parse::<Numeric>()?),
        TypeId::Text | TypeId::Varchar | TypeId::Unknown => Datum::text(text),
        TypeId::Bytea => Datum::Bytea(bytea_in(text)?.into()),
        TypeId::Name => Datum::name(text),
        TypeId::Char => Datum::Char(char_in(text)),
        TypeId::Oid => Datum::Oid(Oid(oid_in(text)?)),
        TypeId::Xid => Datum::Xid(Xid(leading_number(text))),
        TypeId::Cid => Datum::Cid(CommandId(leading_number(text))),
        TypeId::Tid => Datum::Tid(tid_in(text).ok_or_else(|| invalid("tid", text))?),
        TypeId::PgLsn => Datum::PgLsn(text.parse::<Lsn>().map_err(|()| invalid("pg_lsn", text))?),
        TypeId::TimestampTz => Datum::TimestampTz(timestamptz_in(text)?),
        TypeId::Timestamp => Datum::Timestamp(timestamp_in(text)?),
        TypeId::Date => Datum::Date(date_in(text)?),
        TypeId::Time => Datum::Time(time_in(text)?),
        TypeId::TimeTz => Datum::TimeTz(timetz_in(text)?),
        TypeId::Interval => {
            let fields = if typmod < 0 { super::interval::range::FULL } else { typmod >> 16 & 0x7FFF };
            Datum::Interval(interval_in(text, fields)?)
        }
        TypeId::Uuid => Datum::Uuid(uuid_in(text).ok_or_else(|| invalid("uuid", text))?),
        TypeId::Bpchar => Datum::Bpchar(text.into()),
        TypeId::Json => {
            super::json::read(text, false)?;
            Datum::Json(text.into())
        }
        TypeId::Jsonb => Datum::Jsonb(super::json::read_jsonb(text)?.into()),
        TypeId::Xid8 => Datum::Xid8(leading_digits(text)),
        TypeId::Regtype => Datum::Oid(regtype_in(text)?),
        TypeId::Regnamespace | TypeId::Regrole | TypeId::Regclass | TypeId::Regproc => {
            Datum::Oid(reg_in(type_id, text)?)
        }
        TypeId::Int2Vector | TypeId::OidVector => vector_in(type_id, text)?,
        TypeId::Void => Datum::Null,
        _ => match type_id.element() {
            Some(elem) => return array_in(elem, text, typmod),
            None => return Err(cannot_accept(type_id)),
        },
    };
    if typmod < 0 { Ok(datum) } else { apply_typmod(datum, type_id, typmod, false) }
}

/// `0A000`
fn cannot_accept(type_id: TypeId) -> Error {
    error(sqlstate::FEATURE_NOT_SUPPORTED, format!("cannot accept a value of type {type_id}"))
}

fn int_in(text: &str, type_name: &str, min: i64, max: i64) -> Result<i64> {
    let trimmed = trim(text);
    let digits = trimmed.strip_prefix(['-', '+']).unwrap_or(trimmed);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(invalid(type_name, text));
    }
    let value = trimmed.parse::<i64>().ok().filter(|v| (min..=max).contains(v));
    value.ok_or_else(|| out_of_range(type_name, text))
}

/// `boolin`: any beginning of a word that means only one thing.
fn bool_in(text: &str) -> Result<bool> {
    let word = trim(text).to_ascii_lowercase();
    let begins = |whole: &str, least: usize| word.len() >= least && whole.starts_with(&word);
    if begins("true", 1) || begins("yes", 1) || word == "on" || word == "1" {
        Ok(true)
    } else if begins("false", 1) || begins("no", 1) || begins("off", 2) || word == "0" {
        Ok(false)
    } else {
        Err(invalid("boolean", text))
    }
}

/// A negative number counts from 2^32 down, as C's `strtoul` has it.
fn oid_in(text: &str) -> Result<u32> {
    let value = int_in(text, "oid", i64::MIN, i64::MAX)?;
    match u32::try_from(value) {
        Ok(oid) => Ok(oid),
        Err(_) => i32::try_from(value).map(|v| v as u32).map_err(|_| out_of_range("oid", trim(text))),
    }
}

/// `xidin` and `cidin` of version 15: what stands at the front, nothing refused.
fn leading_number(text: &str) -> u32 {
    leading_digits(text) as u32
}

fn leading_digits(text: &str) -> u64 {
    let trimmed = text.trim_start();
    let digits = trimmed.bytes().take_while(u8::is_ascii_digit);
    digits.fold(0u64, |n, b| n.saturating_mul(10).saturating_add(u64::from(b - b'0')))
}

/// `uuid_in`: hexadecimal digits, perhaps in braces, perhaps with a hyphen after any four.
fn uuid_in(text: &str) -> Option<[u8; 16]> {
    let inner = match text.strip_prefix('{') {
        Some(inner) => inner.strip_suffix('}')?,
        None => text,
    };
    let mut bytes = [0; 16];
    let mut rest = inner.as_bytes();
    for (at, byte) in bytes.iter_mut().enumerate() {
        let (pair, behind) = rest.split_at_checked(2)?;
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok().filter(|p| !p.starts_with('+'))?, 16).ok()?;
        rest = match behind {
            [b'-', behind @ ..] if at % 2 == 1 && at < 15 => behind,
            behind => behind,
        };
    }
    rest.is_empty().then_some(bytes)
}

/// `regtypein`: a type's name as SQL writes it, or a number.
fn regtype_in(text: &str) -> Result<Oid> {
    let trimmed = trim(text);
    if trimmed == "-" {
        return Ok(Oid(0));
    }
    if trimmed.starts_with(|c: char| c.is_ascii_digit()) {
        return oid_in(trimmed).map(Oid);
    }
    super::type_id::parse_type_name(trimmed).map(TypeId::oid).ok_or_else(|| {
        error(sqlstate::UNDEFINED_OBJECT, format!("type \"{}\" does not exist", trimmed.trim_end_matches("[]")))
    })
}

/// The other reg types: a number. Names are the catalog's to know.
fn reg_in(type_id: TypeId, text: &str) -> Result<Oid> {
    match trim(text) {
        "-" => Ok(Oid(0)),
        number if number.starts_with(|c: char| c.is_ascii_digit()) => oid_in(number).map(Oid),
        "pg_catalog" if type_id == TypeId::Regnamespace => Ok(Oid(11)),
        "public" if type_id == TypeId::Regnamespace => Ok(Oid(2200)),
        "postgres" if type_id == TypeId::Regrole => Ok(Oid(10)),
        name if type_id == TypeId::Regclass => super::session::relation_named(name).ok_or_else(|| {
            error(sqlstate::UNDEFINED_TABLE, format!("relation \"{}\" does not exist", name.replace('"', "")))
        }),
        _ => Err(Error::unsupported(format!("a name as a {type_id} here"))),
    }
}

fn tid_in(text: &str) -> Option<Tid> {
    let (block, offset) = text.trim().strip_prefix('(')?.strip_suffix(')')?.split_once(',')?;
    Some(Tid::new(BlockNumber(block.trim().parse().ok()?), offset.trim().parse().ok()?))
}

/// `charin`: the first byte, or `\ooo`.
fn char_in(text: &str) -> u8 {
    match text.as_bytes() {
        [b'\\', a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7'] => (a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'),
        bytes => bytes.first().copied().unwrap_or(0),
    }
}

fn bytea_in(text: &str) -> Result<Vec<u8>> {
    match text.strip_prefix("\\x") {
        Some(hex) => bytea_hex_in(hex),
        None => bytea_escape_in(text.as_bytes())
            .ok_or_else(|| error(sqlstate::INVALID_TEXT_REPRESENTATION, "invalid input syntax for type bytea".into())),
    }
}

/// Pairs of hexadecimal digits, with space between pairs.
fn bytea_hex_in(hex: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(hex.len() / 2);
    let mut chars = hex.chars().filter(|c| !c.is_ascii_whitespace());
    let digit = |c: char| {
        c.to_digit(16)
            .map(|d| d as u8)
            .ok_or_else(|| error(sqlstate::INVALID_PARAMETER_VALUE, format!("invalid hexadecimal digit: \"{c}\"")))
    };
    while let Some(high) = chars.next() {
        let high = digit(high)?;
        let low = chars.next().ok_or_else(|| {
            error(sqlstate::INVALID_PARAMETER_VALUE, "invalid hexadecimal data: odd number of digits".into())
        })?;
        bytes.push(high << 4 | digit(low)?);
    }
    Ok(bytes)
}

/// The old form: `\\` is a backslash, `\ooo` a byte, all else itself.
fn bytea_escape_in(mut text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    while let Some((&first, rest)) = text.split_first() {
        let (byte, after) = match (first, rest) {
            (b'\\', [b'\\', after @ ..]) => (b'\\', after),
            (b'\\', [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', after @ ..]) => {
                ((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'), after)
            }
            (b'\\', _) => return None,
            _ => (first, rest),
        };
        bytes.push(byte);
        text = after;
    }
    Some(bytes)
}

fn vector_in(type_id: TypeId, text: &str) -> Result<Datum> {
    let elem = if type_id == TypeId::OidVector { TypeId::Oid } else { TypeId::Int2 };
    let items: Result<Vec<Datum>> = text.split_whitespace().map(|word| input(elem, word, -1)).collect();
    Ok(Datum::array(elem, items?))
}

/// A value as text, as its type shows it. NULL has no text; it gives nothing.
pub fn output(value: &Datum, type_id: TypeId) -> String {
    let mut text = String::new();
    write_output(&mut text, value, type_id);
    text
}

/// Appends a value as text.
pub fn write_output(out: &mut String, value: &Datum, type_id: TypeId) {
    // Writing to a String cannot fail.
    let _ = match value {
        Datum::Null => Ok(()),
        Datum::Bool(v) => out.write_str(if *v { "t" } else { "f" }),
        Datum::Int2(v) => write!(out, "{v}"),
        Datum::Int4(v) => write!(out, "{v}"),
        Datum::Int8(v) => write!(out, "{v}"),
        Datum::Float4(v) => out.write_str(&float4_out(*v)),
        Datum::Float8(v) => out.write_str(&float8_out(*v)),
        Datum::Numeric(v) => write!(out, "{v}"),
        Datum::Text(v) | Datum::Name(v) | Datum::Bpchar(v) | Datum::Json(v) => out.write_str(v),
        Datum::Jsonb(v) => {
            super::json::write(out, v);
            Ok(())
        }
        Datum::Date(v) => out.write_str(&date_out(*v)),
        Datum::Time(v) => out.write_str(&time_out(*v)),
        Datum::TimeTz(v) => out.write_str(&timetz_out(*v)),
        Datum::Timestamp(v) => out.write_str(&timestamp_out(v.0)),
        Datum::Uuid(v) => write_uuid(out, v),
        Datum::Xid8(v) => write!(out, "{v}"),
        Datum::Bytea(v) => write_bytea(out, v),
        Datum::Char(v) => write_char(out, *v),
        // regprocout shows no function so.
        Datum::Oid(Oid(0)) if matches!(type_id, TypeId::Regproc | TypeId::Regclass | TypeId::Regtype) => {
            out.write_str("-")
        }
        Datum::Oid(oid) if type_id == TypeId::Regclass => match super::session::relation_name(*oid) {
            Some(name) => out.write_str(&name),
            None => write!(out, "{oid}"),
        },
        Datum::Oid(oid) if type_id == TypeId::Regtype => match TypeId::from_oid(*oid) {
            Some(named) => write!(out, "{named}"),
            None => write!(out, "{oid}"),
        },
        Datum::Oid(v) => write!(out, "{v}"),
        Datum::Xid(v) => write!(out, "{v}"),
        Datum::Cid(v) => write!(out, "{}", v.0),
        Datum::Tid(v) => write!(out, "{v}"),
        Datum::PgLsn(v) => write!(out, "{v}"),
        Datum::TimestampTz(v) => out.write_str(&timestamptz_out(*v)),
        Datum::Interval(v) => out.write_str(&interval_out(*v)),
        // Nobody asks for this: values are brought back before they are shown.
        Datum::Toasted { bytes, .. } => write!(out, "(toasted, {} bytes)", bytes.len()),
        Datum::Array(array) => {
            write_array(out, array, type_id);
            Ok(())
        }
    };
}

fn write_uuid(out: &mut String, bytes: &[u8; 16]) -> std::fmt::Result {
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            out.push('-');
        }
        write!(out, "{byte:02x}")?;
    }
    Ok(())
}

fn write_bytea(out: &mut String, bytes: &[u8]) -> std::fmt::Result {
    if super::session::style().bytea_escape {
        return bytes.iter().try_for_each(|byte| match byte {
            b'\\' => out.write_str("\\\\"),
            b' '..=b'~' => out.write_char(char::from(*byte)),
            byte => write!(out, "\\{byte:03o}"),
        });
    }
    out.write_str("\\x")?;
    bytes.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
}

/// `charout`: a byte that is no ASCII character as `\ooo`; zero as nothing.
fn write_char(out: &mut String, byte: u8) -> std::fmt::Result {
    match byte {
        0 => Ok(()),
        1..=0x7F => out.write_char(char::from(byte)),
        _ => write!(out, "\\{byte:03o}"),
    }
}
