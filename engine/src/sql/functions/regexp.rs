//! Regular expressions: `regexp_match`, `regexp_replace` and their kin.

use super::string::text;
use super::table::{Code, Entry};
use super::{FnCtx, RowIter};
use crate::ids::{Error, Result, sqlstate};
use crate::types::regex::{Flags, Regex, Span};
use crate::types::{Datum, TypeId};
use Code::{Nulls, Rows, Strict};
use TypeId::{Bool, Int4, Text, TextArray};

pub(super) static TABLE: &[Entry] = &[
    ("regexp_match", &[Text, Text], TextArray, Strict(first_match)),
    ("regexp_match", &[Text, Text, Text], TextArray, Strict(first_match)),
    ("regexp_matches", &[Text, Text], TextArray, Rows(matches)),
    ("regexp_matches", &[Text, Text, Text], TextArray, Rows(matches)),
    ("regexp_replace", &[Text, Text, Text], Text, Strict(|_, a| replace(a, "", 1, Some(1)))),
    (
        "regexp_replace",
        &[Text, Text, Text, Text],
        Text,
        Strict(|_, a| {
            let flags = a[3].as_str()?;
            if let Some(digit) = flags.chars().next().filter(char::is_ascii_digit) {
                return Err(bad(format!("invalid regular expression option: \"{digit}\""))
                .hint("If you meant to use regexp_replace() with a start parameter, cast the fourth argument to integer explicitly."));
            }
            replace(a, flags, 1, None)
        }),
    ),
    ("regexp_replace", &[Text, Text, Text, Int4], Text, Strict(|_, a| replace(a, "", a[3].as_int()?, Some(1)))),
    (
        "regexp_replace",
        &[Text, Text, Text, Int4, Int4],
        Text,
        Strict(|_, a| replace(a, "", a[3].as_int()?, Some(a[4].as_int()?))),
    ),
    (
        "regexp_replace",
        &[Text, Text, Text, Int4, Int4, Text],
        Text,
        Strict(|_, a| replace(a, a[5].as_str()?, a[3].as_int()?, Some(a[4].as_int()?))),
    ),
    ("regexp_split_to_array", &[Text, Text], TextArray, Strict(|_, a| Ok(Datum::array(Text, split(a)?)))),
    ("regexp_split_to_array", &[Text, Text, Text], TextArray, Strict(|_, a| Ok(Datum::array(Text, split(a)?)))),
    ("regexp_split_to_table", &[Text, Text], Text, Rows(|a| Ok(rows(split(a)?)))),
    ("regexp_split_to_table", &[Text, Text, Text], Text, Rows(|a| Ok(rows(split(a)?)))),
    ("regexp_count", &[Text, Text], Int4, Strict(count)),
    ("regexp_count", &[Text, Text, Int4], Int4, Strict(count)),
    ("regexp_count", &[Text, Text, Int4, Text], Int4, Strict(count)),
    ("regexp_instr", &[Text, Text], Int4, Strict(instr)),
    ("regexp_instr", &[Text, Text, Int4], Int4, Strict(instr)),
    ("regexp_instr", &[Text, Text, Int4, Int4], Int4, Strict(instr)),
    ("regexp_instr", &[Text, Text, Int4, Int4, Int4], Int4, Strict(instr)),
    ("regexp_instr", &[Text, Text, Int4, Int4, Int4, Text], Int4, Strict(instr)),
    ("regexp_instr", &[Text, Text, Int4, Int4, Int4, Text, Int4], Int4, Strict(instr)),
    ("regexp_like", &[Text, Text], Bool, Strict(like)),
    ("regexp_like", &[Text, Text, Text], Bool, Strict(like)),
    ("regexp_substr", &[Text, Text], Text, Strict(substr)),
    ("regexp_substr", &[Text, Text, Int4], Text, Strict(substr)),
    ("regexp_substr", &[Text, Text, Int4, Int4], Text, Strict(substr)),
    ("regexp_substr", &[Text, Text, Int4, Int4, Text], Text, Strict(substr)),
    ("regexp_substr", &[Text, Text, Int4, Int4, Text, Int4], Text, Strict(substr)),
    ("substring", &[Text, Text], Text, Strict(substring)),
    (
        "substring",
        &[Text, Text, Text],
        Text,
        Strict(|cx, a| {
            let Datum::Text(pattern) = similar(&a[1..3])? else { return Ok(Datum::Null) };
            substring(cx, &[a[0].clone(), Datum::Text(pattern)])
        }),
    ),
    ("similar_to_escape", &[Text], Text, Strict(|_, a| similar(a))),
    ("similar_to_escape", &[Text, Text], Text, Nulls(|_, a| similar(a))),
    ("similar_escape", &[Text, Text], Text, Nulls(|_, a| similar(a))),
];

fn bad(message: String) -> Error {
    Error::new(sqlstate::INVALID_PARAMETER_VALUE, message)
}

fn chars(value: &Datum) -> Result<Vec<char>> {
    Ok(value.as_str()?.chars().collect())
}

fn part(text: &[char], span: Span) -> String {
    text[span.0..span.1].iter().collect()
}

fn flags(args: &[Datum], at: usize, name: &str) -> Result<Flags> {
    let flags = args.get(at).map_or(Ok(Flags::default()), |text| Flags::parse(text.as_str()?))?;
    if flags.global && !name.is_empty() {
        let error = bad(format!("{name}() does not support the \"global\" option"));
        return Err(match name {
            "regexp_match" => error.hint("Use the regexp_matches function instead."),
            _ => error,
        });
    }
    Ok(flags)
}

/// All matches from a place on, the empty ones too, but none that begins where the last one ended empty.
fn all_matches(regex: &Regex, text: &[char], from: usize) -> Vec<Vec<Option<Span>>> {
    let mut found = Vec::new();
    let mut at = from;
    while at <= text.len() {
        let Some(spans) = regex.find(text, at) else { break };
        let (begin, end) = spans[0].unwrap_or((at, at));
        at = if end > begin { end } else { end + 1 };
        found.push(spans);
    }
    found
}

/// What the groups took, or the whole where there are none.
fn captured(text: &[char], spans: &[Option<Span>]) -> Datum {
    let shown = |span: &Option<Span>| span.map_or(Datum::Null, |span| Datum::text(part(text, span)));
    let groups = if spans.len() > 1 { &spans[1..] } else { spans };
    Datum::array(Text, groups.iter().map(shown).collect::<Vec<_>>())
}

fn first_match(_: &FnCtx, args: &[Datum]) -> Result<Datum> {
    let text = chars(&args[0])?;
    let regex = Regex::new(args[1].as_str()?, flags(args, 2, "regexp_match")?)?;
    Ok(regex.find(&text, 0).map_or(Datum::Null, |spans| captured(&text, &spans)))
}

fn rows(values: Vec<Datum>) -> RowIter {
    Box::new(values.into_iter().map(|value| Ok(vec![value])))
}

fn matches(args: &[Datum]) -> Result<RowIter> {
    let text = chars(&args[0])?;
    let flags = flags(args, 2, "")?;
    let regex = Regex::new(args[1].as_str()?, flags)?;
    let found = match flags.global {
        true => all_matches(&regex, &text, 0),
        false => regex.find(&text, 0).into_iter().collect(),
    };
    Ok(rows(found.iter().map(|spans| captured(&text, spans)).collect()))
}

/// A start, counted from 1.
fn start(value: i64) -> Result<usize> {
    if value > 0 { Ok(value as usize - 1) } else { Err(bad(format!("invalid value for parameter \"start\": {value}"))) }
}

/// Replaces the `n`th match, all of them with 0, or as the flags say where `n` is not said.
fn replace(args: &[Datum], letters: &str, from: i64, n: Option<i64>) -> Result<Datum> {
    let from = start(from)?;
    if let Some(n) = n.filter(|n| *n < 0) {
        return Err(bad(format!("invalid value for parameter \"n\": {n}")));
    }
    let flags = Flags::parse(letters)?;
    let wanted = n.filter(|_| !flags.global || n != Some(1)).unwrap_or(i64::from(!flags.global));
    let (source, new) = (chars(&args[0])?, chars(&args[2])?);
    let regex = Regex::new(args[1].as_str()?, flags)?;
    let mut out = String::new();
    let mut done = 0;
    let mut number = 0;
    let mut at = from;
    while at <= source.len() {
        let Some(spans) = regex.find(&source, at) else { break };
        let (begin, end) = spans[0].unwrap_or((at, at));
        number += 1;
        if wanted == 0 || number == wanted {
            out.extend(&source[done..begin]);
            substitute(&mut out, &new, &source, &spans);
            done = end;
        }
        if number == wanted {
            break;
        }
        at = if end > begin { end } else { end + 1 };
    }
    out.extend(&source[done.min(source.len())..]);
    text(out)
}

/// The new text, with what `\1` and `\&` stand for.
fn substitute(out: &mut String, new: &[char], source: &[char], spans: &[Option<Span>]) {
    let mut rest = new.iter();
    while let Some(c) = rest.next() {
        if *c != '\\' {
            out.push(*c);
            continue;
        }
        match rest.next() {
            Some('&') => out.extend(spans[0].map(|span| part(source, span))),
            Some(digit) if matches!(digit, '1'..='9') => {
                let group = digit.to_digit(10).unwrap_or(0) as usize;
                out.extend(spans.get(group).copied().flatten().map(|span| part(source, span)));
            }
            Some('\\') => out.push('\\'),
            Some(other) => out.extend(['\\', *other]),
            None => out.push('\\'),
        }
    }
}

/// What stands between the matches. An empty match at either end, or right behind another one, parts nothing.
fn split(args: &[Datum]) -> Result<Vec<Datum>> {
    let text = chars(&args[0])?;
    let flags = flags(args, 2, "regexp_split_to_array")?;
    let regex = Regex::new(args[1].as_str()?, flags)?;
    let mut parts = Vec::new();
    let mut done = 0;
    for spans in all_matches(&regex, &text, 0) {
        let (begin, end) = spans[0].unwrap_or((0, 0));
        if begin == end && (begin <= done || begin >= text.len()) {
            continue;
        }
        parts.push(Datum::text(part(&text, (done, begin))));
        done = end;
    }
    parts.push(Datum::text(part(&text, (done, text.len()))));
    Ok(parts)
}

fn count(_: &FnCtx, args: &[Datum]) -> Result<Datum> {
    let text = chars(&args[0])?;
    let from = start(args.get(2).map_or(Ok(1), Datum::as_int)?)?;
    let regex = Regex::new(args[1].as_str()?, flags(args, 3, "regexp_count")?)?;
    Ok(Datum::Int4(all_matches(&regex, &text, from).len() as i32))
}

fn like(_: &FnCtx, args: &[Datum]) -> Result<Datum> {
    let regex = Regex::new(args[1].as_str()?, flags(args, 2, "regexp_like")?)?;
    Ok(Datum::Bool(regex.is_match(&chars(&args[0])?)))
}

/// The `n`th match and one of its groups.
fn nth(args: &[Datum], letters: usize, group: usize, name: &str) -> Result<Option<Span>> {
    let text = chars(&args[0])?;
    let from = start(args.get(2).map_or(Ok(1), Datum::as_int)?)?;
    let n = args.get(3).map_or(Ok(1), Datum::as_int)?;
    if n <= 0 {
        return Err(bad(format!("invalid value for parameter \"n\": {n}")));
    }
    let group = args.get(group).map_or(Ok(0), Datum::as_int)?;
    if group < 0 {
        return Err(bad(format!("invalid value for parameter \"subexpr\": {group}")));
    }
    let regex = Regex::new(args[1].as_str()?, flags(args, letters, name)?)?;
    let found = all_matches(&regex, &text, from).into_iter().nth(n as usize - 1);
    Ok(found.and_then(|spans| spans.get(group as usize).copied().flatten()))
}

fn instr(_: &FnCtx, args: &[Datum]) -> Result<Datum> {
    let behind = match args.get(4).map_or(Ok(0), Datum::as_int)? {
        0 => false,
        1 => true,
        other => return Err(bad(format!("invalid value for parameter \"endoption\": {other}"))),
    };
    let found = nth(args, 5, 6, "regexp_instr")?;
    Ok(Datum::Int4(found.map_or(0, |(begin, end)| if behind { end + 1 } else { begin + 1 } as i32)))
}

fn substr(_: &FnCtx, args: &[Datum]) -> Result<Datum> {
    let found = nth(args, 4, 5, "regexp_substr")?;
    found.map_or(Ok(Datum::Null), |span| text(part(&chars(&args[0])?, span)))
}

/// `substring(text FROM pattern)`: what the first group took, or the whole.
fn substring(_: &FnCtx, args: &[Datum]) -> Result<Datum> {
    let source = chars(&args[0])?;
    let regex = Regex::new(args[1].as_str()?, Flags::default())?;
    let Some(spans) = regex.find(&source, 0) else { return Ok(Datum::Null) };
    let wanted = if regex.groups() > 0 { spans[1] } else { spans[0] };
    wanted.map_or(Ok(Datum::Null), |span| text(part(&source, span)))
}

/// The pattern of SIMILAR TO as a regular expression.
fn similar(args: &[Datum]) -> Result<Datum> {
    if args.iter().any(Datum::is_null) {
        return Ok(Datum::Null);
    }
    let escape = match args.get(1) {
        None => Some('\\'),
        Some(escape) => {
            let mut chars = escape.as_str()?.chars();
            let first = chars.next();
            if chars.next().is_some() {
                return Err(Error::new(sqlstate::INVALID_ESCAPE_SEQUENCE, "invalid escape string")
                    .hint("Escape string must be empty or one character."));
            }
            first
        }
    };
    let mut out = String::from("^(?:");
    let (mut in_class, mut marks) = (false, 0);
    let mut rest = args[0].as_str()?.chars();
    while let Some(c) = rest.next() {
        match c {
            c if Some(c) == escape => match rest.next() {
                // `#"` parts the pattern in three, of which the middle is wanted.
                Some('"') if !in_class => {
                    out.push_str(if marks == 0 { "){1,1}?(" } else { "){1,1}(?:" });
                    marks += 1;
                }
                Some(c) => {
                    out.push('\\');
                    out.push(c);
                }
                None => {}
            },
            '[' if !in_class => {
                in_class = true;
                out.push('[');
            }
            ']' if in_class => {
                in_class = false;
                out.push(']');
            }
            '\\' if in_class => out.push_str("\\\\"),
            c if in_class => out.push(c),
            '%' => out.push_str(".*"),
            '_' => out.push('.'),
            '(' => out.push_str("(?:"),
            '\\' | '.' | '^' | '$' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out.push_str(")$");
    text(out)
}
