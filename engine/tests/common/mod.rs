//! Reading the project's own source, for the tests that hold its shape.

#![allow(dead_code, reason = "each test that includes this file uses a part of it")]

use std::fs;
use std::path::{Path, PathBuf};

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A source file: its path from the root, with slashes, and its text.
pub struct Source {
    pub path: String,
    pub text: String,
}

/// All files below `folder` whose names end in one of `endings`, in the order of their paths. What tools write or
/// fetch is left out.
pub fn files(folder: &str, endings: &[&str]) -> Vec<Source> {
    let mut found = vec![];
    visit(&root().join(folder), folder, endings, &mut found);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn visit(folder: &Path, name: &str, endings: &[&str], found: &mut Vec<Source>) {
    const NOT_OURS: [&str; 7] = ["target", "node_modules", "dist", "pkg", "generated", "golden", "test-results"];
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.map(|entry| entry.expect("a readable folder")) {
        let file = entry.file_name().into_string().expect("file names are ASCII");
        let path = format!("{name}/{file}");
        if entry.file_type().expect("a file type").is_dir() {
            if !NOT_OURS.contains(&file.as_str()) && !file.starts_with('.') {
                visit(&entry.path(), &path, endings, found);
            }
        } else if endings.iter().any(|ending| file.ends_with(ending)) {
            let text = fs::read_to_string(entry.path()).expect("source is UTF-8");
            found.push(Source { path, text });
        }
    }
}

/// Rust code with its comments and the contents of its strings blanked out, line for line.
pub fn code_only(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let blank = blank_length(rest);
        let take = blank.unwrap_or(c.len_utf8());
        match blank {
            Some(_) => out.extend(rest[..take].chars().map(|c| if c == '\n' { '\n' } else { ' ' })),
            None => out.push(c),
        }
        rest = &rest[take..];
    }
    out
}

/// How long the comment, string or character literal is that `rest` begins with.
fn blank_length(rest: &str) -> Option<usize> {
    let until = |end: &str, from: usize| rest[from..].find(end).map_or(rest.len(), |at| from + at + end.len());
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return Some(until("*/", 2));
    }
    if rest.starts_with("r#\"") {
        return Some(until("\"#", 3));
    }
    if rest.starts_with("r\"") {
        return Some(until("\"", 2));
    }
    if let Some(string) = rest.strip_prefix('"') {
        let mut escaped = false;
        let end = string.find(|c| {
            let ends = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            ends
        });
        return Some(end.map_or(rest.len(), |at| at + 2));
    }
    if rest.starts_with('\'') {
        return char_literal_length(rest);
    }
    None
}

/// `'x'`, `'\n'`, `'\u{2026}'`; a lifetime is none.
fn char_literal_length(rest: &str) -> Option<usize> {
    let mut chars = rest.char_indices().skip(1);
    let (_, first) = chars.next()?;
    if first == '\\' {
        chars.next()?;
        return chars.find(|&(_, c)| c == '\'').map(|(at, _)| at + 1);
    }
    chars.next().filter(|&(_, c)| c == '\'').map(|(at, _)| at + 1)
}
