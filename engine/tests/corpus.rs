//! The corpus: thousands of statements, each answered as a real PostgreSQL 15 answers it.
//!
//! `corpus/*.golden` hold the statements and what the server said, written by `corpus/capture.py`. Each file is one
//! session, all of it in this process. `corpus/differs.txt` lists the statements whose answer is another one here; a
//! statement that is answered rightly must not stand there, and `DIFFERENCES.md` says what those are about.
//!
//! With `UPDATE_GOLDENFILES=1` the list is written anew; with `CORPUS_SHOW=some words` every difference in a statement
//! that holds the words is printed.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use vitrine_engine::cluster::{Input, Lab, LabSpec};
use vitrine_engine::ids::{Error, TimestampTz};
use vitrine_engine::inspect;
use vitrine_engine::server::protocol::{BackendMessage, FieldDescription};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus")
}

/// A statement and the lines of its answer.
struct Question<'a> {
    statement: &'a str,
    answer: Vec<&'a str>,
}

fn questions(golden: &str) -> Vec<Question<'_>> {
    let mut found: Vec<Question> = Vec::new();
    for line in golden.lines().skip(1) {
        match (line.strip_prefix("> "), found.last_mut()) {
            (Some(statement), _) => found.push(Question { statement, answer: Vec::new() }),
            (None, Some(question)) => question.answer.push(line),
            (None, None) => panic!("an answer without a question: {line}"),
        }
    }
    found
}

struct Session {
    lab: Lab,
}

impl Session {
    fn new() -> Session {
        let epoch = TimestampTz::from_unix_micros(1_767_225_600_000_000);
        let mut lab = Lab::open(LabSpec::plain(1, epoch), inspect::functions).unwrap();
        let parameters = vec![("user".to_string(), "postgres".to_string())];
        lab.input(Input::Connect { host: 0, parameters }).unwrap();
        lab.run_to_answer(0);
        lab.take_answers();
        Session { lab }
    }

    /// The answer, in the lines of the golden files.
    fn ask(&mut self, statement: &str) -> Vec<String> {
        self.lab.input(Input::Query { session: 0, text: statement.to_string() }).unwrap();
        self.lab.run_to_answer(0);
        let mut lines = Vec::new();
        for answer in self.lab.take_answers() {
            match answer.message {
                BackendMessage::RowDescription(columns) => lines.push(joined(columns.iter().map(column))),
                BackendMessage::DataRow(row) => lines.push(joined(row.into_iter().map(value))),
                // What was said before is not part of it: PostgreSQL computes constants before it describes the columns.
                BackendMessage::ErrorResponse(error) => lines = failure(&error),
                BackendMessage::CommandComplete(tag) if lines.is_empty() => lines.push(tag),
                _ => {}
            }
        }
        lines
    }
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join("|")
}

fn column(column: &FieldDescription) -> String {
    let typmod = if column.typmod >= 0 { format!(":{}", column.typmod) } else { String::new() };
    format!("{}:{}{typmod}", column.name, column.type_oid)
}

fn value(value: Option<Vec<u8>>) -> String {
    value.map_or("\\N".into(), |bytes| String::from_utf8(bytes).unwrap().replace('\n', "\\n"))
}

fn failure(error: &Error) -> Vec<String> {
    let report = error.report();
    let place = report.position.map(|at| format!(" @{at}")).unwrap_or_default();
    let mut lines = vec![format!("! {}{place} {}", code(error), report.message)];
    lines.extend(report.detail.iter().map(|detail| format!("  detail: {detail}")));
    lines.extend(report.hint.iter().map(|hint| format!("  hint: {hint}")));
    lines.into_iter().map(|line| line.replace('\n', "\\n")).collect()
}

fn code(error: &Error) -> String {
    String::from_utf8(error.report().code.0.to_vec()).unwrap()
}

#[test]
fn answers_are_those_of_a_real_server() {
    let show = std::env::var("CORPUS_SHOW").ok();
    let mut names: Vec<_> = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.retain(|path| path.extension().is_some_and(|extension| extension == "golden"));
    names.sort();
    let mut differs = String::new();
    for path in names {
        let golden = std::fs::read_to_string(&path).unwrap();
        let questions = questions(&golden);
        let mut session = Session::new();
        let mut count = 0;
        for question in &questions {
            let ours = session.ask(question.statement);
            if ours == question.answer {
                continue;
            }
            count += 1;
            writeln!(differs, "{}", question.statement).unwrap();
            if show.as_ref().is_some_and(|words| question.statement.contains(words.as_str())) {
                println!("> {}\n{}\n  we:\n{}", question.statement, question.answer.join("\n"), ours.join("\n"));
            }
        }
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        println!("{name}: {} statements, {count} answered otherwise", questions.len());
    }
    let list = folder().join("differs.txt");
    if std::env::var("UPDATE_GOLDENFILES").is_ok() {
        std::fs::write(&list, &differs).unwrap();
    }
    assert_lines(&std::fs::read_to_string(&list).unwrap_or_default(), &differs);
}

fn assert_lines(known: &str, found: &str) {
    let new: Vec<_> = found.lines().filter(|line| !known.lines().any(|old| old == *line)).collect();
    let gone: Vec<_> = known.lines().filter(|line| !found.lines().any(|new| new == *line)).collect();
    assert!(new.is_empty() && gone.is_empty(), "answered otherwise: {new:#?}\nand rightly now: {gone:#?}");
}
