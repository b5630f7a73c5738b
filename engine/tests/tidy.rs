//! Files and functions that can be read in one sitting, modules that explain themselves, nothing put off.

mod common;

use common::{Source, code_only, files};

/// No file of source is longer.
const FILE_LINES: usize = 500;
/// No function is longer.
const FUNCTION_LINES: usize = 70;

/// All source that people write here.
fn sources() -> Vec<Source> {
    ["engine", "wasm", "tests", "web"].iter().flat_map(|folder| files(folder, &[".rs", ".ts", ".py", ".css"])).collect()
}

/// What does not hold, one line each.
fn assert_none(problems: Vec<String>) {
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn files_are_short() {
    let lines = |source: &Source| source.text.lines().count();
    let long = sources().into_iter().filter(|source| lines(source) > FILE_LINES);
    assert_none(long.map(|source| format!("{}: {} lines", source.path, lines(&source))).collect());
}

#[test]
fn nothing_is_put_off() {
    // Spelt in two parts, so that this file does not find itself.
    let words = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X:"), concat!("for", " now")];
    let mut found = vec![];
    for source in sources() {
        for (number, line) in source.text.lines().enumerate() {
            if words.iter().any(|word| line.contains(word)) {
                found.push(format!("{}:{}: {}", source.path, number + 1, line.trim()));
            }
        }
    }
    assert_none(found);
}

#[test]
fn modules_say_what_they_are() {
    let silent =
        |source: &Source| !source.text.lines().next().is_some_and(|line| line.len() > 20 && line.starts_with("//! "));
    let mut found: Vec<String> = files("engine/src", &[".rs"])
        .iter()
        .filter(|s| silent(s))
        .map(|s| format!("{}: no module doc", s.path))
        .collect();
    for source in files("engine/src", &["/mod.rs", "mod.rs"]) {
        let doc = source.text.lines().take_while(|line| line.starts_with("//!")).count();
        // Rooms explain; a folder inside a room says at least what it holds.
        let room = source.path.matches('/').count() == 3;
        if room && doc < 8 {
            found.push(format!("{}: a room's doc explains, this one has {doc} lines", source.path));
        }
    }
    assert_none(found);
}

#[test]
fn functions_fit_a_screen() {
    let mut long = vec![];
    for source in sources().iter().filter(|source| source.path.ends_with(".rs")) {
        for (name, lines) in function_lengths(&code_only(&source.text)) {
            if lines > FUNCTION_LINES {
                long.push(format!("{}: {name} has {lines} lines", source.path));
            }
        }
    }
    assert_none(long);
}

/// The functions of a file with a body, and how many lines each takes from its name to its closing brace.
fn function_lengths(code: &str) -> Vec<(&str, usize)> {
    let mut found = vec![];
    for (at, _) in code.match_indices("fn ") {
        let begins_word = code[..at].chars().next_back().is_none_or(|c| !c.is_alphanumeric() && c != '_');
        let rest = &code[at + 3..];
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        if begins_word && end > 0 {
            found.extend(body_lines(rest).map(|lines| (&rest[..end], lines)));
        }
    }
    found
}

/// Lines up to the brace that closes the first one; `None` if a semicolon comes before it.
fn body_lines(rest: &str) -> Option<usize> {
    let (mut depth, mut brackets, mut lines) = (0, 0, 1);
    for c in rest.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 1 => return Some(lines),
            '}' => depth -= 1,
            '[' | '(' => brackets += 1,
            ']' | ')' => brackets -= 1,
            ';' if depth == 0 && brackets == 0 => return None,
            '\n' => lines += 1,
            _ => {}
        }
    }
    None
}

#[test]
fn lengths_are_counted_from_name_to_brace() {
    let code = "trait T { fn a(x: [u8; 2]); }\nfn b() -> u8 {\n    if x { 1 } else { 2 }\n}\nfn c() {}\n";
    assert_eq!(function_lengths(code), [("b", 3), ("c", 1)]);
}
