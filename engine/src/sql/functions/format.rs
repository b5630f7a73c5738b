//! Strings made of several values: `concat`, `format`, and quoting.

use super::FnCtx;
use super::string::text;
use super::table::{Code, Entry};
use crate::ids::{Error, Result, sqlstate};
use crate::types::quote::{quote_ident, quote_literal};
use crate::types::{Datum, TypeId, output, write_output};
use Code::{Many, Nulls, Strict};
use TypeId::{Any, AnyElement, Bool, Int4, Text};

pub(super) static TABLE: &[Entry] = &[
    ("concat", &[Any], Text, Many(|_, a| text(joined("", a)))),
    ("concat_ws", &[Text, Any], Text, Many(concat_ws)),
    ("format", &[Text, Any], Text, Many(format)),
    ("format", &[Text], Text, Nulls(format)),
    ("quote_ident", &[Text], Text, Strict(|_, a| text(quote_ident(a[0].as_str()?)))),
    ("quote_literal", &[Text], Text, Strict(|_, a| text(quote_literal(a[0].as_str()?)))),
    ("quote_literal", &[AnyElement], Text, Strict(|_, a| text(quote_literal(&as_text(&a[0])?)))),
    ("quote_nullable", &[Text], Text, Nulls(quote_nullable)),
    ("quote_nullable", &[AnyElement], Text, Nulls(quote_nullable)),
    ("num_nulls", &[Any], Int4, Many(|_, a| Ok(Datum::Int4(a.iter().filter(|v| v.is_null()).count() as i32)))),
    ("num_nonnulls", &[Any], Int4, Many(|_, a| Ok(Datum::Int4(a.iter().filter(|v| !v.is_null()).count() as i32)))),
    ("pg_type_is_visible", &[TypeId::Oid], Bool, Strict(|_, _| Ok(Datum::Bool(true)))),
];

/// A value as its output function shows it.
fn shown(value: &Datum) -> String {
    output(value, value.element_type())
}

/// A value cast to text, which says `true` where the output function says `t`.
fn as_text(value: &Datum) -> Result<String> {
    match value {
        Datum::Bool(value) => Ok(value.to_string()),
        value => Ok(shown(value)),
    }
}

/// The texts of all arguments that are not NULL.
fn joined(between: &str, args: &[Datum]) -> String {
    let mut text = String::new();
    for (at, arg) in args.iter().filter(|arg| !arg.is_null()).enumerate() {
        if at > 0 {
            text.push_str(between);
        }
        write_output(&mut text, arg, arg.element_type());
    }
    text
}

fn concat_ws(_: &FnCtx, args: &[Datum]) -> Result<Datum> {
    if args[0].is_null() { Ok(Datum::Null) } else { text(joined(args[0].as_str()?, &args[1..])) }
}

fn quote_nullable(_: &FnCtx, args: &[Datum]) -> Result<Datum> {
    text(if args[0].is_null() { "NULL".into() } else { quote_literal(&as_text(&args[0])?) })
}

/// A directive of `format`: `%2$-10s`.
#[derive(Default)]
struct Directive {
    /// Which argument; the next one if it is not said.
    argument: Option<usize>,
    left: bool,
    width: usize,
    /// The width is an argument: the next one, or this one.
    width_argument: Option<Option<usize>>,
}

fn bad(message: &str) -> Error {
    Error::new(sqlstate::INVALID_PARAMETER_VALUE, message)
}

/// `format`: what `sprintf` is in C, but for SQL.
fn format(_: &FnCtx, args: &[Datum]) -> Result<Datum> {
    if args[0].is_null() {
        return Ok(Datum::Null);
    }
    let pattern: Vec<char> = args[0].as_str()?.chars().collect();
    let mut out = String::new();
    let (mut at, mut next) = (0, 1);
    while let Some(c) = pattern.get(at) {
        at += 1;
        if *c != '%' {
            out.push(*c);
            continue;
        }
        if pattern.get(at) == Some(&'%') {
            at += 1;
            out.push('%');
            continue;
        }
        let directive = directive(&pattern, &mut at)?;
        let letter = *pattern.get(at).ok_or_else(unterminated)?;
        at += 1;
        if !matches!(letter, 's' | 'I' | 'L') {
            let message = format!("unrecognized format() type specifier \"{letter}\"");
            return Err(bad(&message).hint("For a single \"%\" use \"%%\"."));
        }
        let mut take = |number: Option<usize>| {
            let number = number.unwrap_or(next);
            next = number + 1;
            args.get(number).ok_or_else(|| bad("too few arguments for format()"))
        };
        let (mut width, mut left) = (directive.width, directive.left);
        if let Some(number) = directive.width_argument {
            let value = take(number)?;
            let given = if value.is_null() { 0 } else { value.as_int()? };
            left |= given < 0;
            width = given.unsigned_abs() as usize;
        }
        let value = take(directive.argument)?;
        let shown = match letter {
            's' => joined("", std::slice::from_ref(value)),
            'L' if value.is_null() => "NULL".into(),
            'L' => quote_literal(&shown(value)),
            _ if value.is_null() => {
                let message = "null values cannot be formatted as an SQL identifier";
                return Err(Error::new(sqlstate::NULL_VALUE_NOT_ALLOWED, message));
            }
            _ => quote_ident(&shown(value)),
        };
        let spaces = " ".repeat(width.saturating_sub(shown.chars().count()).min(super::string::MAX_BYTES / 4));
        out += &if left { shown + &spaces } else { spaces + &shown };
    }
    text(out)
}

fn unterminated() -> Error {
    bad("unterminated format() type specifier").hint("For a single \"%\" use \"%%\".")
}

fn directive(pattern: &[char], at: &mut usize) -> Result<Directive> {
    let mut found = Directive::default();
    let digits = |at: &mut usize| -> Result<Option<usize>> {
        let from = *at;
        while pattern.get(*at).is_some_and(char::is_ascii_digit) {
            *at += 1;
        }
        let text: String = pattern[from..*at].iter().collect();
        match text.parse::<u32>() {
            Ok(number) => Ok(Some(number as usize)),
            Err(_) if text.is_empty() => Ok(None),
            Err(_) => Err(Error::new(sqlstate::NUMERIC_VALUE_OUT_OF_RANGE, "number is out of range")),
        }
    };
    let positive = |number: usize| match number {
        0 => Err(bad("format specifies argument 0, but arguments are numbered from 1")),
        number => Ok(number),
    };
    let before = *at;
    match digits(at)? {
        Some(number) if pattern.get(*at) == Some(&'$') => {
            *at += 1;
            found.argument = Some(positive(number)?);
        }
        Some(_) => *at = before,
        None => {}
    }
    while pattern.get(*at) == Some(&'-') {
        *at += 1;
        found.left = true;
    }
    if pattern.get(*at) == Some(&'*') {
        *at += 1;
        let number = digits(at)?;
        if number.is_some() && pattern.get(*at) != Some(&'$') {
            return Err(bad("width argument position must be ended by \"$\""));
        }
        *at += usize::from(number.is_some());
        found.width_argument = Some(number.map(positive).transpose()?);
    } else {
        found.width = digits(at)?.unwrap_or(0);
    }
    Ok(found)
}
