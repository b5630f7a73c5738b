//! `ARCHITECTURE.md` tells lives in numbered steps that name functions; each function that it names must exist.

mod common;

use std::collections::BTreeSet;
use std::fs;

use common::{code_only, files, root};

/// The functions that a line names: `` `name()` ``, `` `Type::name()` `` or `` `room::name()` ``.
fn named(line: &str) -> Vec<&str> {
    let quoted = line.split('`').skip(1).step_by(2);
    quoted.filter_map(|text| text.strip_suffix("()")).filter_map(|path| path.rsplit("::").next()).collect()
}

/// Whether a line is part of a numbered step: `1. ...`.
fn is_step(line: &str) -> bool {
    line.trim_start().split_once(". ").is_some_and(|(number, _)| number.parse::<u32>().is_ok())
}

/// The names of all functions of the engine.
fn functions() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for source in files("engine/src", &[".rs"]) {
        let code = code_only(&source.text);
        for (at, _) in code.match_indices("fn ") {
            let rest = &code[at + 3..];
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            names.insert(rest[..end].to_string());
        }
    }
    names
}

#[test]
fn every_function_that_the_steps_name_exists() {
    let Ok(text) = fs::read_to_string(root().join("ARCHITECTURE.md")) else { return };
    let known = functions();
    let steps: Vec<&str> = text.lines().filter(|line| is_step(line)).collect();
    let all: Vec<&str> = text.lines().flat_map(named).collect();
    assert!(steps.iter().filter(|step| !named(step).is_empty()).count() >= 20, "the lives are told in named steps");
    let missing: Vec<&&str> = all.iter().filter(|name| !known.contains(**name)).collect();
    assert!(missing.is_empty(), "named in ARCHITECTURE.md, but no function of the engine: {missing:?}");
}

#[test]
fn names_are_found_in_all_their_forms() {
    assert_eq!(
        named("2. `Wal::insert()` copies it; `heap::update()`, `commit()` but not `Lsn`."),
        ["insert", "update", "commit"]
    );
    assert!(is_step("  12. and so on") && !is_step("e.g. this"));
}
