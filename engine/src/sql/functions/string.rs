//! Strings: their length, parts, padding, cases and searching.

use super::FnCtx;
use super::table::{Code, Entry};
use crate::ids::{Error, Result, sqlstate};
use crate::types::{Datum, TypeId, like};
use Code::Strict;
use TypeId::{Bool, Bpchar, Bytea, Int4, Int8, Text, TextArray};

pub(super) static TABLE: &[Entry] = &[
    ("length", &[Text], Int4, Strict(|_, a| count(chars(a)?.count()))),
    ("length", &[Bpchar], Int4, Strict(|_, a| count(a[0].as_str()?.trim_end_matches(' ').chars().count()))),
    ("length", &[Bytea], Int4, Strict(|_, a| count(a[0].as_bytes()?.len()))),
    ("char_length", &[Text], Int4, Strict(|_, a| count(chars(a)?.count()))),
    ("char_length", &[Bpchar], Int4, Strict(|_, a| count(a[0].as_str()?.trim_end_matches(' ').chars().count()))),
    ("character_length", &[Text], Int4, Strict(|_, a| count(chars(a)?.count()))),
    ("character_length", &[Bpchar], Int4, Strict(|_, a| count(a[0].as_str()?.trim_end_matches(' ').chars().count()))),
    ("octet_length", &[Text], Int4, Strict(|_, a| count(a[0].as_str()?.len()))),
    ("octet_length", &[Bpchar], Int4, Strict(|_, a| count(a[0].as_str()?.len()))),
    ("octet_length", &[Bytea], Int4, Strict(|_, a| count(a[0].as_bytes()?.len()))),
    ("bit_length", &[Text], Int4, Strict(|_, a| count(a[0].as_str()?.len() * 8))),
    ("bit_length", &[Bytea], Int4, Strict(|_, a| count(a[0].as_bytes()?.len() * 8))),
    ("lower", &[Text], Text, Strict(|_, a| text(a[0].as_str()?.to_ascii_lowercase()))),
    ("upper", &[Text], Text, Strict(|_, a| text(a[0].as_str()?.to_ascii_uppercase()))),
    ("initcap", &[Text], Text, Strict(initcap)),
    ("substr", &[Text, Int4], Text, Strict(substr)),
    ("substr", &[Text, Int4, Int4], Text, Strict(substr)),
    ("substr", &[Bytea, Int4], Bytea, Strict(substr)),
    ("substr", &[Bytea, Int4, Int4], Bytea, Strict(substr)),
    ("substring", &[Text, Int4], Text, Strict(substr)),
    ("substring", &[Text, Int4, Int4], Text, Strict(substr)),
    ("substring", &[Bytea, Int4], Bytea, Strict(substr)),
    ("substring", &[Bytea, Int4, Int4], Bytea, Strict(substr)),
    ("overlay", &[Text, Text, Int4, Int4], Text, Strict(overlay)),
    ("overlay", &[Text, Text, Int4], Text, Strict(overlay)),
    ("overlay", &[Bytea, Bytea, Int4, Int4], Bytea, Strict(overlay)),
    ("overlay", &[Bytea, Bytea, Int4], Bytea, Strict(overlay)),
    ("position", &[Text, Text], Int4, Strict(strpos)),
    ("position", &[Bytea, Bytea], Int4, Strict(strpos)),
    ("strpos", &[Text, Text], Int4, Strict(strpos)),
    ("left", &[Text, Int4], Text, Strict(left)),
    ("right", &[Text, Int4], Text, Strict(right)),
    ("lpad", &[Text, Int4], Text, Strict(|_, a| pad(a, true))),
    ("lpad", &[Text, Int4, Text], Text, Strict(|_, a| pad(a, true))),
    ("rpad", &[Text, Int4], Text, Strict(|_, a| pad(a, false))),
    ("rpad", &[Text, Int4, Text], Text, Strict(|_, a| pad(a, false))),
    ("ltrim", &[Text], Text, Strict(|_, a| trim(a, true, false))),
    ("ltrim", &[Text, Text], Text, Strict(|_, a| trim(a, true, false))),
    ("rtrim", &[Text], Text, Strict(|_, a| trim(a, false, true))),
    ("rtrim", &[Text, Text], Text, Strict(|_, a| trim(a, false, true))),
    ("btrim", &[Text], Text, Strict(|_, a| trim(a, true, true))),
    ("btrim", &[Text, Text], Text, Strict(|_, a| trim(a, true, true))),
    ("ltrim", &[Bytea, Bytea], Bytea, Strict(|_, a| trim_bytes(a, true, false))),
    ("rtrim", &[Bytea, Bytea], Bytea, Strict(|_, a| trim_bytes(a, false, true))),
    ("btrim", &[Bytea, Bytea], Bytea, Strict(|_, a| trim_bytes(a, true, true))),
    ("replace", &[Text, Text, Text], Text, Strict(replace)),
    ("translate", &[Text, Text, Text], Text, Strict(translate)),
    ("split_part", &[Text, Text, Int4], Text, Strict(split_part)),
    ("repeat", &[Text, Int4], Text, Strict(repeat)),
    ("reverse", &[Text], Text, Strict(|_, a| text(chars(a)?.rev().collect::<String>()))),
    ("ascii", &[Text], Int4, Strict(|_, a| Ok(Datum::Int4(chars(a)?.next().map_or(0, |c| c as i32))))),
    ("chr", &[Int4], Text, Strict(chr)),
    ("starts_with", &[Text, Text], Bool, Strict(|_, a| like::starts_with(&a[0], &a[1]))),
    ("to_hex", &[Int4], Text, Strict(|_, a| text(format!("{:x}", a[0].as_int()? as i32)))),
    ("to_hex", &[Int8], Text, Strict(|_, a| text(format!("{:x}", a[0].as_int()?)))),
    ("like_escape", &[Text, Text], Text, Strict(|_, a| text(like::with_escape(a[0].as_str()?, a[1].as_str()?)?))),
    ("like", &[Text, Text], Bool, Strict(|_, a| like::like(&a[0], &a[1]))),
    ("notlike", &[Text, Text], Bool, Strict(|_, a| like::not_like(&a[0], &a[1]))),
    ("textcat", &[Text, Text], Text, Strict(|_, a| text([a[0].as_str()?, a[1].as_str()?].concat()))),
    ("string_to_array", &[Text, Text], TextArray, Code::Nulls(super::array::string_to_array)),
    ("string_to_array", &[Text, Text, Text], TextArray, Code::Nulls(super::array::string_to_array)),
];

/// The most bytes that a value may have: `MaxAllocSize` less a header.
pub(super) const MAX_BYTES: usize = 0x3FFF_FFFF - 4;

pub(super) fn text(value: impl Into<std::rc::Rc<str>>) -> Result<Datum> {
    Ok(Datum::Text(value.into()))
}

fn count(value: usize) -> Result<Datum> {
    Ok(Datum::Int4(value as i32))
}

fn chars(args: &[Datum]) -> Result<std::str::Chars<'_>> {
    args[0].as_str().map(str::chars)
}

pub(super) fn too_long() -> Error {
    Error::new(sqlstate::PROGRAM_LIMIT_EXCEEDED, "requested length too large")
}

fn initcap(_: &FnCtx, args: &[Datum]) -> Result<Datum> {
    let mut inside = false;
    let each = |c: char| {
        let shown = if inside { c.to_ascii_lowercase() } else { c.to_ascii_uppercase() };
        inside = c.is_ascii_alphanumeric();
        shown
    };
    text(chars(args)?.map(each).collect::<String>())
}

/// From where to before where, counted from 1, within a length.
fn range(args: &[Datum], length: usize) -> Result<(usize, usize)> {
    let start = args[1].as_int()?;
    let end = match args.get(2) {
        None => i64::MAX,
        Some(count) => match count.as_int()? {
            ..0 => return Err(Error::new(sqlstate::SUBSTRING_ERROR, "negative substring length not allowed")),
            count => start + count,
        },
    };
    let place = |at: i64| (at - 1).clamp(0, length as i64) as usize;
    Ok((place(start), place(end).max(place(start))))
}

fn substr(_: &FnCtx, args: &[Datum]) -> Result<Datum> {
    if let Datum::Bytea(bytes) = &args[0] {
        let (from, to) = range(args, bytes.len())?;
        return Ok(Datum::Bytea(bytes[from..to].into()));
    }
    let whole = args[0].as_str()?;
    let (from, to) = range(args, whole.len())?;
    text(between(whole, from, to))
}

/// The characters from one to before another.
fn between(whole: &str, from: usize, to: usize) -> &str {
    if whole.is_ascii() {
        return &whole[from.min(whole.len())..to.min(whole.len())];
    }
    let byte = |n: usize| whole.char_indices().nth(n).map_or(whole.len(), |(at, _)| at);
    &whole[byte(from)..byte(to)]
}

fn overlay(_: &FnCtx, args: &[Datum]) -> Result<Datum> {
    let start = args[2].as_int()?;
    if start <= 0 {
        return Err(Error::new(sqlstate::SUBSTRING_ERROR, "negative substring length not allowed"));
    }
    if let (Datum::Bytea(whole), Datum::Bytea(new)) = (&args[0], &args[1]) {
        let removed = args.get(3).map_or(Ok(new.len() as i64), Datum::as_int)?;
        let place = |at: i64| at.clamp(0, whole.len() as i64) as usize;
        let parts = [&whole[..place(start - 1)], new, &whole[place(start - 1 + removed)..]];
        return Ok(Datum::Bytea(parts.concat().into()));
    }
    let (whole, new) = (args[0].as_str()?, args[1].as_str()?);
    let removed = args.get(3).map_or(Ok(new.chars().count() as i64), Datum::as_int)?;
    let behind = (start - 1 + removed).max(0) as usize;
    text([between(whole, 0, start as usize - 1), new, between(whole, behind, whole.len().max(behind))].concat())
}

fn strpos(_: &FnCtx, args: &[Datum]) -> Result<Datum> {
    if let (Datum::Bytea(whole), Datum::Bytea(part)) = (&args[0], &args[1]) {
        let found = if part.is_empty() { Some(0) } else { whole.windows(part.len()).position(|w| *w == **part) };
        return count(found.map_or(0, |at| at + 1));
    }
    let whole = args[0].as_str()?;
    count(whole.find(args[1].as_str()?).map_or(0, |at| whole[..at].chars().count() + 1))
}

fn left(_: &FnCtx, args: &[Datum]) -> Result<Datum> {
    let (whole, n) = (args[0].as_str()?, args[1].as_int()?);
    let length = whole.chars().count() as i64;
    let end = if n < 0 { length + n } else { n };
    text(between(whole, 0, end.clamp(0, length) as usize))
}

fn right(_: &FnCtx, args: &[Datum]) -> Result<Datum> {
    let (whole, n) = (args[0].as_str()?, args[1].as_int()?);
    let length = whole.chars().count() as i64;
    let start = if n < 0 { -n } else { length - n };
    text(between(whole, start.clamp(0, length) as usize, length as usize))
}

fn pad(args: &[Datum], front: bool) -> Result<Datum> {
    let (whole, wanted) = (args[0].as_str()?, args[1].as_int()?.max(0) as usize);
    let fill = args.get(2).map_or(Ok(" "), Datum::as_str)?;
    let length = whole.chars().count();
    if length >= wanted || fill.is_empty() {
        return text(between(whole, 0, wanted.min(length)));
    }
    if wanted > MAX_BYTES / 4 {
        return Err(too_long());
    }
    let fill: String = fill.chars().cycle().take(wanted - length).collect();
    text(if front { fill + whole } else { [whole, &fill].concat() })
}

fn trim(args: &[Datum], front: bool, back: bool) -> Result<Datum> {
    let set = args.get(1).map_or(Ok(" "), Datum::as_str)?;
    let is_in = |c: char| set.contains(c);
    let mut rest = args[0].as_str()?;
    if front {
        rest = rest.trim_start_matches(is_in);
    }
    if back {
        rest = rest.trim_end_matches(is_in);
    }
    text(rest)
}

fn trim_bytes(args: &[Datum], front: bool, back: bool) -> Result<Datum> {
    let (mut rest, set) = (args[0].as_bytes()?, args[1].as_bytes()?);
    while let Some((first, behind)) = rest.split_first().filter(|(first, _)| front && set.contains(first)) {
        let _ = first;
        rest = behind;
    }
    while let Some((_, before)) = rest.split_last().filter(|(last, _)| back && set.contains(last)) {
        rest = before;
    }
    Ok(Datum::Bytea(rest.into()))
}

fn replace(_: &FnCtx, args: &[Datum]) -> Result<Datum> {
    let from = args[1].as_str()?;
    if from.is_empty() { Ok(args[0].clone()) } else { text(args[0].as_str()?.replace(from, args[2].as_str()?)) }
}

fn translate(_: &FnCtx, args: &[Datum]) -> Result<Datum> {
    let (from, to): (Vec<char>, Vec<char>) = (args[1].as_str()?.chars().collect(), args[2].as_str()?.chars().collect());
    let each = |c: char| match from.iter().position(|own| *own == c) {
        Some(at) => to.get(at).copied(),
        None => Some(c),
    };
    text(chars(args)?.filter_map(each).collect::<String>())
}

fn split_part(_: &FnCtx, args: &[Datum]) -> Result<Datum> {
    let (whole, mark, n) = (args[0].as_str()?, args[1].as_str()?, args[2].as_int()?);
    if n == 0 {
        return Err(Error::new(sqlstate::INVALID_PARAMETER_VALUE, "field position must not be zero"));
    }
    let parts: Vec<&str> = match () {
        _ if whole.is_empty() => vec![],
        _ if mark.is_empty() => vec![whole],
        _ => whole.split(mark).collect(),
    };
    let at = if n > 0 { n - 1 } else { parts.len() as i64 + n };
    text(usize::try_from(at).ok().and_then(|at| parts.get(at).copied()).unwrap_or(""))
}

fn repeat(_: &FnCtx, args: &[Datum]) -> Result<Datum> {
    let (whole, times) = (args[0].as_str()?, args[1].as_int()?.max(0) as usize);
    if whole.len().saturating_mul(times) > MAX_BYTES {
        return Err(too_long());
    }
    text(whole.repeat(times))
}

fn chr(_: &FnCtx, args: &[Datum]) -> Result<Datum> {
    let refuse = |message: &str| Err(Error::new(sqlstate::PROGRAM_LIMIT_EXCEEDED, message));
    match args[0].as_int()? {
        0 => refuse("null character not permitted"),
        ..0 => Err(Error::new(sqlstate::INVALID_PARAMETER_VALUE, "character number must be positive")),
        code => match char::from_u32(code as u32) {
            Some(c) => text(c.to_string()),
            None => Err(Error::new(
                sqlstate::PROGRAM_LIMIT_EXCEEDED,
                format!("requested character too large for encoding: {code}"),
            )),
        },
    }
}
