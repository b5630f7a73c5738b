//! Bytes: hashes, encodings, single bits.

use super::FnCtx;
use super::string::text;
use super::table::{Code, Entry};
use crate::ids::{Error, Result, SqlState, sqlstate};
use crate::types::{Datum, TypeId};
use Code::Strict;
use TypeId::{Bytea, Int4, Int8, Name, Text};

mod hash;

/// `ERRCODE_ARRAY_ELEMENT_ERROR`, which an index beyond the bytes is.
const OUT_OF_BYTES: SqlState = sqlstate::ARRAY_SUBSCRIPT_ERROR;

pub(super) static TABLE: &[Entry] = &[
    ("md5", &[Text], Text, Strict(|_, a| text(hex(&hash::md5(a[0].as_str()?.as_bytes()))))),
    ("md5", &[Bytea], Text, Strict(|_, a| text(hex(&hash::md5(a[0].as_bytes()?))))),
    ("sha224", &[Bytea], Bytea, Strict(|_, a| bytes(&hash::sha256(a[0].as_bytes()?, true)[..28]))),
    ("sha256", &[Bytea], Bytea, Strict(|_, a| bytes(&hash::sha256(a[0].as_bytes()?, false)))),
    ("sha384", &[Bytea], Bytea, Strict(|_, a| bytes(&hash::sha512(a[0].as_bytes()?, true)[..48]))),
    ("sha512", &[Bytea], Bytea, Strict(|_, a| bytes(&hash::sha512(a[0].as_bytes()?, false)))),
    ("encode", &[Bytea, Text], Text, Strict(encode)),
    ("decode", &[Text, Text], Bytea, Strict(decode)),
    (
        "bit_count",
        &[Bytea],
        Int8,
        Strict(|_, a| Ok(Datum::Int8(a[0].as_bytes()?.iter().map(|byte| i64::from(byte.count_ones())).sum()))),
    ),
    (
        "get_bit",
        &[Bytea, Int8],
        Int4,
        Strict(|_, a| {
            let (value, n) = (a[0].as_bytes()?, a[1].as_int()?);
            let at = index(n, value.len() as i64 * 8)?;
            Ok(Datum::Int4(i32::from(value[at / 8] >> (at % 8) & 1)))
        }),
    ),
    (
        "set_bit",
        &[Bytea, Int8, Int4],
        Bytea,
        Strict(|_, a| {
            let mut value = a[0].as_bytes()?.to_vec();
            let at = index(a[1].as_int()?, value.len() as i64 * 8)?;
            match a[2].as_int()? {
                0 => value[at / 8] &= !(1 << (at % 8)),
                1 => value[at / 8] |= 1 << (at % 8),
                _ => return Err(Error::new(sqlstate::INVALID_PARAMETER_VALUE, "new bit must be 0 or 1")),
            }
            bytes(&value)
        }),
    ),
    (
        "get_byte",
        &[Bytea, Int4],
        Int4,
        Strict(|_, a| {
            let value = a[0].as_bytes()?;
            Ok(Datum::Int4(value[index(a[1].as_int()?, value.len() as i64)?].into()))
        }),
    ),
    (
        "set_byte",
        &[Bytea, Int4, Int4],
        Bytea,
        Strict(|_, a| {
            let mut value = a[0].as_bytes()?.to_vec();
            let at = index(a[1].as_int()?, value.len() as i64)?;
            value[at] = a[2].as_int()? as u8;
            bytes(&value)
        }),
    ),
    ("convert_from", &[Bytea, Name], Text, Strict(convert_from)),
    (
        "convert_to",
        &[Text, Name],
        Bytea,
        Strict(|_, a| {
            encoding(a[1].as_str()?, "destination")?;
            bytes(a[0].as_str()?.as_bytes())
        }),
    ),
];

fn bytes(value: &[u8]) -> Result<Datum> {
    Ok(Datum::Bytea(value.into()))
}

fn hex(value: &[u8]) -> String {
    value.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn index(n: i64, length: i64) -> Result<usize> {
    if (0..length).contains(&n) {
        return Ok(n as usize);
    }
    Err(Error::new(OUT_OF_BYTES, format!("index {n} out of valid range, 0..{}", length - 1)))
}

fn encoding(name: &str, which: &str) -> Result<()> {
    if matches!(name.to_ascii_lowercase().as_str(), "utf8" | "utf-8" | "unicode") {
        return Ok(());
    }
    if matches!(name.to_ascii_lowercase().as_str(), "latin1" | "sql_ascii" | "win1252") {
        return Err(Error::unsupported(format!("the encoding {name}")));
    }
    Err(Error::new(sqlstate::INVALID_PARAMETER_VALUE, format!("invalid {which} encoding name \"{name}\"")))
}

fn convert_from(_: &FnCtx, args: &[Datum]) -> Result<Datum> {
    encoding(args[1].as_str()?, "source")?;
    let value = args[0].as_bytes()?;
    match std::str::from_utf8(value) {
        Ok(value) => text(value),
        Err(error) => {
            let from = error.valid_up_to();
            let shown: Vec<_> =
                value[from..from + error.error_len().unwrap_or(1)].iter().map(|byte| format!("0x{byte:02x}")).collect();
            let message = format!("invalid byte sequence for encoding \"UTF8\": {}", shown.join(" "));
            Err(Error::new(sqlstate::CHARACTER_NOT_IN_REPERTOIRE, message))
        }
    }
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn unknown(name: &str) -> Error {
    Error::new(sqlstate::INVALID_PARAMETER_VALUE, format!("unrecognized encoding: \"{name}\""))
}

fn encode(_: &FnCtx, args: &[Datum]) -> Result<Datum> {
    let value = args[0].as_bytes()?;
    match args[1].as_str()?.to_ascii_lowercase().as_str() {
        "hex" => text(hex(value)),
        "base64" => text(base64(value)),
        "escape" => {
            let shown = value.iter().map(|byte| match byte {
                0 | 0x80.. => format!("\\{byte:03o}"),
                b'\\' => "\\\\".into(),
                byte => char::from(*byte).to_string(),
            });
            text(shown.collect::<String>())
        }
        _ => Err(unknown(args[1].as_str()?)),
    }
}

/// Lines of 76 characters.
fn base64(value: &[u8]) -> String {
    let mut out = String::new();
    let mut line = 0;
    for three in value.chunks(3) {
        if line == 76 {
            out.push('\n');
            line = 0;
        }
        let byte = |at: usize| u32::from(three.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4 {
            let digit = char::from(BASE64[(bits >> (18 - 6 * at) & 63) as usize]);
            out.push(if at > three.len() { '=' } else { digit });
        }
        line += 4;
    }
    out
}

fn decode(_: &FnCtx, args: &[Datum]) -> Result<Datum> {
    let value = args[0].as_str()?;
    match args[1].as_str()?.to_ascii_lowercase().as_str() {
        "hex" => crate::types::input(Bytea, &format!("\\x{value}"), -1),
        "escape" => crate::types::input(Bytea, value, -1),
        "base64" => from_base64(value),
        _ => Err(unknown(args[1].as_str()?)),
    }
}

fn from_base64(value: &str) -> Result<Datum> {
    let refuse = |message: String, hint: Option<&str>| {
        let error = Error::new(sqlstate::INVALID_PARAMETER_VALUE, message);
        Err(hint.map_or(error.clone(), |hint| error.hint(hint)))
    };
    let (mut out, mut bits, mut digits, mut ended) = (Vec::new(), 0u32, 0, 0);
    for c in value.chars().filter(|c| !matches!(c, ' ' | '\t' | '\n' | '\r')) {
        let digit = match (c, BASE64.iter().position(|own| char::from(*own) == c)) {
            ('=', _) if ended > 0 || digits >= 2 => {
                ended += 1;
                0
            }
            ('=', _) => return refuse("unexpected \"=\" while decoding base64 sequence".into(), None),
            (_, Some(digit)) if ended == 0 => digit as u32,
            _ => return refuse(format!("invalid symbol \"{c}\" found while decoding base64 sequence"), None),
        };
        bits = bits << 6 | digit;
        digits += 1;
        if digits == 4 {
            out.extend_from_slice(&bits.to_be_bytes()[1..4 - ended.min(2)]);
            (bits, digits) = (0, 0);
        }
    }
    if digits != 0 {
        let hint = "Input data is missing padding, is truncated, or is otherwise corrupted.";
        return refuse("invalid base64 end sequence".into(), Some(hint));
    }
    bytes(&out)
}
