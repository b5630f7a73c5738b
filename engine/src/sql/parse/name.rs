//! Names, strings and numbers: from the characters of a token to what they mean.

use super::super::ast::{ExprKind, Ident, Pos, QualName, TypeName};
use super::cursor::{Children, Source};
use crate::ids::{Error, Result, sqlstate};
use crate::types::interval::range;
use squawk_syntax::SyntaxKind::*;
use squawk_syntax::SyntaxNode;
use std::borrow::Cow;
use std::iter::Peekable;
use std::str::Chars;

/// `NAMEDATALEN - 1`: the bytes of a name that count.
const NAME_BYTES: usize = 63;

/// An identifier as the catalogs know it: unquoted, or in lower case; no longer than 63 bytes.
pub(super) fn fold(text: &str) -> Result<Ident> {
    if text.starts_with("U&") || text.starts_with("u&") {
        return Err(Error::unsupported("U&\"...\""));
    }
    let name = match text.strip_prefix('"') {
        Some(quoted) => Cow::from(quoted.strip_suffix('"').unwrap_or(quoted).replace("\"\"", "\"")),
        None if text.bytes().any(|b| b.is_ascii_uppercase()) => Cow::from(text.to_ascii_lowercase()),
        None => Cow::from(text),
    };
    Ok(Ident::from(&name[..name.floor_char_boundary(NAME_BYTES)]))
}

/// A number without a sign: int4 if it fits, else int8 if it fits, else numeric.
pub(super) fn number(text: &str) -> ExprKind {
    if let Ok(value) = text.parse::<i32>() {
        return ExprKind::Int4(value);
    }
    match text.parse::<i64>() {
        Ok(value) => ExprKind::Int8(value),
        Err(_) => ExprKind::Numeric(text.into()),
    }
}

/// The number with a minus before it, which PostgreSQL takes for one constant; `None` for what is no number.
pub(super) fn negated(kind: &ExprKind) -> Option<ExprKind> {
    match kind {
        ExprKind::Int4(value) => Some(number(&(-i64::from(*value)).to_string())),
        ExprKind::Int8(value) => Some(number(&(-i128::from(*value)).to_string())),
        ExprKind::Numeric(text) => Some(match text.strip_prefix('-') {
            Some(text) => number(text),
            None => number(&format!("-{text}")),
        }),
        _ => None,
    }
}

/// The strings of a literal, one after the other: the first says how the others are read.
pub(super) fn string(source: &Source, node: &SyntaxNode) -> Result<Ident> {
    let mut children = source.children(node);
    let mut value = String::new();
    let mut escapes = false;
    let at = source.node_pos(node);
    let mut end = None;
    while let Some(element) = children.bump() {
        let start = source.start(&element);
        // Only what begins on another line goes on.
        if end.is_some_and(|end| !source.text[end..start].contains(['\n', '\r'])) {
            return Err(source.syntax_error(start));
        }
        end = Some(start + usize::from(element.text_range().len()));
        let Some(token) = element.as_token() else { return Err(source.unsupported(&element)) };
        let text = token.text();
        match token.kind() {
            STRING if !escapes => value.push_str(&between_quotes(text, 0).replace("''", "'")),
            STRING => unescape(between_quotes(text, 0), &mut value)?,
            ESC_STRING => {
                escapes = true;
                unescape(between_quotes(text, 1), &mut value).map_err(|e| e.at(at.0))?;
            }
            DOLLAR_QUOTED_STRING => {
                let tag = text[1..].find('$').map_or(0, |end| end + 2);
                value.push_str(text.get(tag..text.len() - tag).unwrap_or_default());
            }
            BIT_STRING | BYTE_STRING => return Err(Error::unsupported("a bit string").at(at.0)),
            UNICODE_ESC_STRING => return Err(Error::unsupported("U&'...'").at(at.0)),
            _ => return Err(source.unsupported(&element)),
        }
    }
    Ok(value.into())
}

fn between_quotes(text: &str, prefix: usize) -> &str {
    text.get(prefix + 1..text.len().saturating_sub(1)).unwrap_or_default()
}

/// The text of an `E''` string.
fn unescape(text: &str, out: &mut String) -> Result<()> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let escaped = match c {
            '\'' => {
                rest.next();
                '\''
            }
            '\\' => match rest.next().unwrap_or('\\') {
                'b' => '\u{8}',
                'f' => '\u{C}',
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'x' => match digits(&mut rest, 16, 2, None) {
                    Some(value) => {
                        bytes.push(value as u8);
                        continue;
                    }
                    None => 'x',
                },
                c @ '0'..='7' => {
                    bytes.push(digits(&mut rest, 8, 3, Some(c)).unwrap_or(0) as u8);
                    continue;
                }
                c @ ('u' | 'U') => {
                    let high = digits(&mut rest, 16, if c == 'u' { 4 } else { 8 }, None).unwrap_or(0);
                    unicode(high, &mut rest)?
                }
                c => c,
            },
            c => c,
        };
        bytes.extend_from_slice(escaped.encode_utf8(&mut [0; 4]).as_bytes());
    }
    match String::from_utf8(bytes) {
        Ok(text) if !text.contains('\0') => out.push_str(&text),
        Ok(_) => return Err(bad_bytes(&[0])),
        Err(error) => {
            let from = error.utf8_error().valid_up_to();
            let len = error.utf8_error().error_len().unwrap_or(error.as_bytes().len() - from);
            return Err(bad_bytes(&error.as_bytes()[from..from + len]));
        }
    }
    Ok(())
}

/// The number that up to `most` digits make, the first of which may have been taken already.
fn digits(rest: &mut Peekable<Chars>, radix: u32, most: usize, first: Option<char>) -> Option<u32> {
    let mut value = first.and_then(|c| c.to_digit(radix));
    for _ in usize::from(first.is_some())..most {
        let Some(digit) = rest.peek().and_then(|c| c.to_digit(radix)) else { break };
        value = Some(value.unwrap_or(0) * radix + digit);
        rest.next();
    }
    value
}

fn bad_bytes(bytes: &[u8]) -> Error {
    let hex: Vec<_> = bytes.iter().map(|b| format!("0x{b:02x}")).collect();
    let message = format!("invalid byte sequence for encoding \"UTF8\": {}", hex.join(" "));
    Error::new(sqlstate::CHARACTER_NOT_IN_REPERTOIRE, message)
}

/// The character of a `\u`, whose second half may follow.
fn unicode(high: u32, rest: &mut Peekable<Chars>) -> Result<char> {
    let bad = || Error::new(sqlstate::SYNTAX_ERROR, "invalid Unicode surrogate pair");
    let code = if (0xD800..0xDC00).contains(&high) {
        let low: String = rest.by_ref().take(6).collect();
        let low = low.strip_prefix("\\u").and_then(|hex| u32::from_str_radix(hex, 16).ok()).ok_or_else(bad)?;
        if !(0xDC00..0xE000).contains(&low) {
            return Err(bad());
        }
        0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00)
    } else {
        high
    };
    match char::from_u32(code) {
        Some(c) if c != '\0' => Ok(c),
        None if (0xDC00..0xE000).contains(&code) => Err(bad()),
        _ => Err(Error::new(sqlstate::SYNTAX_ERROR, "invalid Unicode escape value")),
    }
}

/// The parts of a path such as `pg_catalog.pg_class`, and where it begins.
pub(super) fn path(source: &Source, node: &SyntaxNode, parts: &mut Vec<Ident>) -> Result<()> {
    let mut children = source.children(node);
    while let Some(element) = children.bump() {
        match element.kind() {
            DOT => {}
            PATH | PATH_REF | PATH_SEGMENT | PATH_SEGMENT_REF | TABLE_NAME_REF | RELATION_NAME_REF => {
                match element.as_node() {
                    Some(node) => path(source, node, parts)?,
                    None => return Err(source.unsupported(&element)),
                }
            }
            _ => match element.as_token() {
                Some(token) => parts.push(fold(token.text())?),
                None => return Err(source.unsupported(&element)),
            },
        }
    }
    Ok(())
}

/// A name of one or two parts.
pub(super) fn qualified(source: &Source, node: &SyntaxNode) -> Result<QualName> {
    let mut parts = Vec::new();
    path(source, node, &mut parts)?;
    from_parts(parts, source.node_pos(node)).ok_or_else(|| source.syntax_error(source.node_start(node)))?
}

/// A name from its parts; a third part before them is the database. `None` if there are no parts.
pub(super) fn from_parts(mut parts: Vec<Ident>, pos: Pos) -> Option<Result<QualName>> {
    let name = parts.pop()?;
    let schema = parts.pop();
    if parts.is_empty() {
        return Some(Ok(QualName { schema, name, pos }));
    }
    Some(Err(Error::unsupported("a name of three parts").at(pos.0)))
}

/// A type.
pub(super) fn type_name(source: &Source, node: &SyntaxNode) -> Result<TypeName> {
    let pos = source.node_pos(node);
    let mut children = source.children(node);
    let (name, mut typmods) = match node.kind() {
        PATH_TYPE => {
            let path = children.expect_node(PATH_REF)?;
            (path_type_name(source, &path)?, Vec::new())
        }
        ARRAY_TYPE => return array_type(source, node),
        DOUBLE_TYPE if children.eat(DOUBLE_KW) && children.eat(PRECISION_KW) => (system("float8", pos), Vec::new()),
        VARCHAR_TYPE | CHARACTER_TYPE => {
            let varying = children.eat(VARCHAR_KW)
                || ((children.eat(CHARACTER_KW) || children.eat(CHAR_KW)) && children.eat(VARYING_KW));
            (system(if varying { "varchar" } else { "bpchar" }, pos), if varying { vec![] } else { vec![1] })
        }
        TIMESTAMP_TYPE if children.eat(TIMESTAMP_KW) => (system("timestamp", pos), Vec::new()),
        TIME_TYPE if children.eat(TIME_KW) => (system("time", pos), Vec::new()),
        INTERVAL_TYPE if children.eat(INTERVAL_KW) => {
            let decimals = precision(source, &mut children)?;
            let fields = children.any_node();
            children.end()?;
            let typmods = interval_fields(source, fields.as_ref(), decimals)?;
            return Ok(TypeName { name: system("interval", pos), typmods, array: false });
        }
        _ => return Err(source.unsupported_node(node)),
    };
    if matches!(node.kind(), TIMESTAMP_TYPE | TIME_TYPE) {
        typmods.extend(precision(source, &mut children)?);
    }
    if let Some(args) = children.node(ARG_LIST) {
        if node.kind() == PATH_TYPE && takes_no_modifier(node) {
            return Err(source.syntax_error(source.node_start(&args)));
        }
        typmods = modifiers(source, &args)?;
    }
    let name = match children.node(WITH_TIMEZONE) {
        Some(_) => system(if &*name.name == "time" { "timetz" } else { "timestamptz" }, pos),
        None => name,
    };
    children.eat(WITHOUT_TIMEZONE);
    children.end()?;
    Ok(TypeName { name, typmods, array: false })
}

/// `(3)`, where it stands.
fn precision(source: &Source, children: &mut Children) -> Result<Option<i32>> {
    if !children.eat(L_PAREN) {
        return Ok(None);
    }
    let number = children.expect_node(LITERAL)?;
    children.expect(R_PAREN)?;
    match number.text().to_string().parse() {
        Ok(number) => Ok(Some(number)),
        Err(_) => Err(source.unsupported_node(&number)),
    }
}

/// The modifier of an interval by its words, such as `DAY TO SECOND(3)`: a bit for each field from the first to the last,
/// and the decimals if they are said.
fn interval_fields(source: &Source, node: Option<&SyntaxNode>, decimals: Option<i32>) -> Result<Vec<i32>> {
    let mut decimals = decimals;
    let bits = [range::YEAR, range::MONTH, range::DAY, range::HOUR, range::MINUTE, range::SECOND];
    let (mut first, mut last) = (None, None);
    if let Some(node) = node {
        let mut children = source.children(node);
        while let Some(kind) = children.peek() {
            let words = [YEAR_KW, MONTH_KW, DAY_KW, HOUR_KW, MINUTE_KW, SECOND_KW];
            match words.iter().position(|word| *word == kind) {
                Some(at) => {
                    children.bump();
                    first = first.or(Some(at));
                    last = Some(at);
                }
                None if children.eat(TO_KW) => {}
                None => decimals = Some(precision(source, &mut children)?.ok_or_else(|| children.missing())?),
            }
        }
    }
    let fields = match (first, last) {
        (Some(first), Some(last)) => bits.iter().take(last + 1).skip(first).sum(),
        _ if decimals.is_none() => return Ok(Vec::new()),
        _ => range::FULL,
    };
    Ok([fields].into_iter().chain(decimals).collect())
}

/// The fields after the string of `interval '1' day`.
pub(super) fn interval_after(source: &Source, mut name: TypeName, node: &SyntaxNode) -> Result<TypeName> {
    name.typmods = interval_fields(source, Some(node), name.typmods.get(1).copied())?;
    Ok(name)
}

/// Whether the grammar has a word of its own for the type, without a place for modifiers.
fn takes_no_modifier(node: &SyntaxNode) -> bool {
    let word = node.first_token().map(|token| token.kind());
    matches!(word, Some(INT_KW | INTEGER_KW | SMALLINT_KW | BIGINT_KW | REAL_KW | BOOLEAN_KW))
}

fn array_type(source: &Source, node: &SyntaxNode) -> Result<TypeName> {
    let mut children = source.children(node);
    let element = type_name(source, &children.expect_any_node()?)?;
    while children.eat(ARRAY_BOUND) {}
    children.end()?;
    Ok(TypeName { array: true, ..element })
}

/// The name of a type, spelt as in `pg_type` where it is one of the words of the grammar.
fn path_type_name(source: &Source, path: &SyntaxNode) -> Result<QualName> {
    let name = qualified(source, path)?;
    let keyword = path.first_token().filter(|_| name.schema.is_none()).map(|token| token.kind());
    let spelling = match keyword {
        Some(INT_KW | INTEGER_KW) => "int4",
        Some(SMALLINT_KW) => "int2",
        Some(BIGINT_KW) => "int8",
        Some(REAL_KW) => "float4",
        Some(FLOAT_KW) => "float8",
        Some(DECIMAL_KW | DEC_KW | NUMERIC_KW) => "numeric",
        Some(BOOLEAN_KW) => "bool",
        _ => return Ok(name),
    };
    Ok(system(spelling, name.pos))
}

fn system(name: &str, pos: Pos) -> QualName {
    QualName { schema: Some("pg_catalog".into()), name: name.into(), pos }
}

fn modifiers(source: &Source, list: &SyntaxNode) -> Result<Vec<i32>> {
    let mut children = source.children(list);
    children.expect(L_PAREN)?;
    let mut typmods = Vec::new();
    for arg in children.list(ARG)? {
        // A number, perhaps with a sign before it.
        let plain = arg.last_token().is_some_and(|token| token.kind() == INT_NUMBER);
        match arg.text().to_string().parse() {
            Ok(value) if plain => typmods.push(value),
            _ => return Err(source.unsupported_node(&arg)),
        }
    }
    children.expect(R_PAREN)?;
    children.end()?;
    Ok(typmods)
}
