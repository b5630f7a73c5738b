//! A jsonb as text: in one line, or with one line for each part.

use super::Json;
use std::fmt::Write;

/// `escape_json`: a string in quotes.
pub fn write_string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '\u{8}' => out.push_str("\\b"),
            '\u{C}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\0'..='\x1f' => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

/// `jsonb_out`
pub fn write(out: &mut String, value: &Json) {
    write_indented(out, value, None);
}

/// `jsonb_pretty`
pub fn pretty(value: &Json) -> String {
    let mut out = String::new();
    write_indented(&mut out, value, Some(0));
    out
}

fn write_indented(out: &mut String, value: &Json, indent: Option<usize>) {
    let inner = indent.map(|level| level + 1);
    match value {
        Json::Null => out.push_str("null"),
        Json::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Json::Number(value) => {
            let _ = write!(out, "{value}");
        }
        Json::String(value) => write_string(out, value),
        Json::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                separate(out, at, inner);
                write_indented(out, item, inner);
            }
            end_line(out, indent);
            out.push(']');
        }
        Json::Object(pairs) => {
            out.push('{');
            for (at, (key, value)) in pairs.iter().enumerate() {
                separate(out, at, inner);
                write_string(out, key);
                out.push_str(": ");
                write_indented(out, value, inner);
            }
            end_line(out, indent);
            out.push('}');
        }
    }
}

fn separate(out: &mut String, at: usize, indent: Option<usize>) {
    if at > 0 {
        out.push_str(if indent.is_some() { "," } else { ", " });
    }
    end_line(out, indent);
}

fn end_line(out: &mut String, indent: Option<usize>) {
    if let Some(level) = indent {
        out.push('\n');
        (0..level).for_each(|_| out.push_str("    "));
    }
}
