//! The scripts beside the code, and noise.

use super::parse::parse;
use crate::ids::{Error, Result};
use std::fmt::Write;
use std::path::Path;

/// Parses each line and prints its statements, or its error.
struct Parse;

impl goldenscript::Runner for Parse {
    type Command = goldenscript::Command;

    fn run(
        &mut self,
        command: &goldenscript::Command,
        _: &goldenscript::Context,
    ) -> std::result::Result<String, Box<dyn std::error::Error>> {
        let mut out = String::new();
        match parse(&command.name) {
            Ok(statements) => {
                for parsed in statements {
                    writeln!(out, "{:?}", parsed.statement)?;
                }
            }
            Err(error) => writeln!(out, "{}", show_error(&error))?,
        }
        Ok(out)
    }
}

/// An error on one line: severity, SQLSTATE, place, message, and what else it says.
pub(super) fn show_error(error: &Error) -> String {
    let report = error.report();
    let mut line = format!("{} {:?}", report.severity.name(), report.code);
    if let Some(position) = report.position {
        line += &format!(" at {position}");
    }
    line += &format!(": {}", report.message);
    for (label, text) in [("DETAIL", &report.detail), ("HINT", &report.hint)] {
        if let Some(text) = text {
            line += &format!(" {label}: {text}");
        }
    }
    line
}

/// Runs all scripts of a folder.
pub(super) fn run_scripts<R>(folder: &str, mut runner: impl FnMut() -> R)
where
    R: goldenscript::Runner<Command = goldenscript::Command>,
{
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/sql/testscripts").join(folder);
    let mut scripts: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    scripts.sort();
    assert!(!scripts.is_empty());
    for script in scripts {
        goldenscript::run(&mut runner(), &script).unwrap_or_else(|e| panic!("{}: {e}", script.display()));
    }
}

#[test]
fn statements_parse() {
    run_scripts("parse", || Parse);
}

/// What PostgreSQL 15 says of the same text; the script was written by a real server.
#[test]
fn syntax_errors_are_those_of_postgresql() {
    run_scripts("errors", || Parse);
}

/// Runs `f` on a stack as large as a wasm module's.
fn on_a_small_stack(f: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(1 << 20).spawn(f);
    thread.unwrap().join().unwrap();
}

#[test]
fn deep_nesting_is_an_error() {
    let cases: [fn(usize) -> String; 24] = [
        |n| format!("select {}1{}", "(".repeat(n), ")".repeat(n)),
        |n| format!("select {}1{}", "f(".repeat(n), ")".repeat(n)),
        |n| format!("select {}1{}", "f(1,".repeat(n), ")".repeat(n)),
        |n| format!("select 1{}", "+1".repeat(n)),
        |n| format!("select {}1", "- ".repeat(n)),
        |n| format!("select {}true", "not ".repeat(n)),
        |n| format!("select true{}", " and true".repeat(n)),
        |n| format!("select 1{}", "::int".repeat(n)),
        |n| format!("select {}1{}", "case when ".repeat(n), " then 1 end".repeat(n)),
        |n| format!("{}1{}", "select (".repeat(n), ")".repeat(n)),
        |n| format!("{}1{}", "select * from (".repeat(n), ") x".repeat(n)),
        |n| format!("select 1{}", " union select 1".repeat(n)),
        |n| format!("select * from a{}", " cross join b".repeat(n)),
        |n| format!("select * from a{}{}", " join b".repeat(n), " on true".repeat(n)),
        |n| format!("select 1{}", " between 1 and 2".repeat(n)),
        |n| format!("select a{}", "[1]".repeat(n)),
        |n| format!("select a{}", ".b".repeat(n)),
        |n| format!("select {}1{}", "array[".repeat(n), "]".repeat(n)),
        |n| format!("select 1{}", " is distinct from 1".repeat(n)),
        |n| format!("{} select 1{}", "with a as (".repeat(n), ") select 1".repeat(n)),
        |n| format!("{} select 1", "explain ".repeat(n)),
        |n| "(".repeat(n),
        |n| format!("select {}1{}", "1 in (".repeat(n), ")".repeat(n)),
        |n| format!("create table t (a {}1{})", "f(".repeat(n), ")".repeat(n)),
    ];
    for case in cases {
        for n in [1, 10, 20, 40, 80, 90, 95, 99, 150, 190, 240, 380, 480, 800, 1900, 20_000] {
            let text = case(n);
            on_a_small_stack(move || {
                let result = parse(&text);
                if n == 20_000 {
                    assert_eq!(result.unwrap_err().report().message, "stack depth limit exceeded");
                }
            });
        }
    }
}

/// Tokens in a random order, and scripts of the other tests with tokens exchanged: no panic, and no hang.
#[test]
fn noise_does_no_harm() {
    let texts = ["parse", "errors"].map(|folder| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/sql/testscripts").join(folder);
        let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files.into_iter().map(|path| std::fs::read_to_string(path).unwrap()).collect::<String>()
    });
    let texts = texts.concat();
    let lines: Vec<_> = texts.lines().filter_map(|line| line.strip_prefix("> ")).map(str::to_string).collect();
    let tokens: Vec<_> = lines.iter().flat_map(|line| line.split_inclusive([' ', '(', ',', ')', '\''])).collect();
    let mut seed = 42u64;
    let mut random = |below: usize| {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (seed >> 33) as usize % below
    };
    let mut inputs = Vec::new();
    for _ in 0..6000 {
        let text: String = if random(2) == 0 {
            (0..random(30)).map(|_| tokens[random(tokens.len())]).collect()
        } else {
            let line = &lines[random(lines.len())];
            let parts: Vec<_> = line.split_inclusive(' ').collect();
            let swap = |part: &&str| if part.len() % 7 == 3 { tokens[part.len() * 31 % tokens.len()] } else { "" };
            let at = random(parts.len());
            let mut text: String = parts[..at].concat();
            text += tokens[random(tokens.len())];
            text += &parts.get(at + random(2)..).unwrap_or_default().concat();
            text += &parts.iter().map(swap).collect::<String>();
            text
        };
        inputs.push(text);
    }
    on_a_small_stack(move || {
        for text in inputs {
            let _: Result<_> = parse(&text);
        }
    });
}
