//! Plans: what EXPLAIN shows, to the cent of the costs, is what a real PostgreSQL 15 shows.
//!
//! `plans/plans.golden` was written by `plans/capture.py`. `plans/differs.txt` lists the statements that are planned or shown
//! otherwise here, under headings that say why. One that is not in the list fails the test; one that agrees by now is told
//! of, so that it can be taken off. With `PLANS_SHOW=some words` every difference in a statement that holds the words is
//! printed.

use std::path::{Path, PathBuf};
use vitrine_engine::cluster::{Input, Lab, LabSpec};
use vitrine_engine::ids::TimestampTz;
use vitrine_engine::inspect;
use vitrine_engine::server::protocol::BackendMessage;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/plans")
}

struct Session(Lab);

impl Session {
    fn new() -> Session {
        let epoch = TimestampTz::from_unix_micros(1_767_225_600_000_000);
        let mut lab = Lab::open(LabSpec::plain(1, epoch), inspect::functions).unwrap();
        lab.input(Input::Connect { host: 0, parameters: vec![("user".into(), "postgres".into())] }).unwrap();
        lab.run_to_answer(0);
        lab.take_answers();
        Session(lab)
    }

    /// The lines of an answer of one column.
    fn ask(&mut self, statement: &str) -> Vec<String> {
        self.0.input(Input::Query { session: 0, text: statement.to_string() }).unwrap();
        self.0.run_to_answer(0);
        let mut lines = Vec::new();
        for answer in self.0.take_answers() {
            match answer.message {
                BackendMessage::DataRow(values) => {
                    lines.extend(values.iter().flatten().map(|value| String::from_utf8_lossy(value).into_owned()));
                }
                BackendMessage::ErrorResponse(error) => lines.push(format!("ERROR:  {}", error.report().message)),
                _ => {}
            }
        }
        lines
    }
}

#[test]
fn plans_are_those_of_a_real_server() {
    let golden = std::fs::read_to_string(folder().join("plans.golden")).unwrap();
    let listed = std::fs::read_to_string(folder().join("differs.txt")).unwrap();
    let listed: Vec<&str> = listed.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    let shown = std::env::var("PLANS_SHOW").unwrap_or_default();
    let mut session = Session::new();
    for statement in std::fs::read_to_string(folder().join("setup.sql")).unwrap().split(';') {
        session.ask(statement);
    }
    let (mut differs, mut agrees, mut count) = (Vec::new(), Vec::new(), 0);
    for part in golden.split("\n> ").skip(1) {
        let mut lines = part.lines();
        let statement = lines.next().unwrap();
        let expected: Vec<&str> = lines.collect();
        let found = session.ask(statement);
        count += 1;
        match (found == expected, listed.contains(&statement)) {
            (true, true) => agrees.push(statement),
            (false, listed) => {
                if !shown.is_empty() && statement.contains(&shown) {
                    println!(
                        "{statement}\n  real: {}\n  ours: {}",
                        expected.join("\n        "),
                        found.join("\n        ")
                    );
                }
                if !listed {
                    differs.push(statement);
                }
            }
            (true, false) => {}
        }
    }
    println!("{count} statements, {} planned otherwise", listed.len() + differs.len() - agrees.len());
    assert!(agrees.is_empty(), "planned as there, though listed:\n{}", agrees.join("\n"));
    assert!(differs.is_empty(), "planned otherwise:\n{}", differs.join("\n"));
}

/// Joins nest, and the stack is small: what would be too deep is refused, however it is written.
#[test]
fn too_many_joins_are_an_error() {
    let mut session = Session::new();
    let values: Vec<String> = (0..41).map(|n| format!("(VALUES ({n})) v{n} (x)")).collect();
    assert_eq!(session.ask(&format!("SELECT v0.x + v39.x FROM {}", values[..40].join(", "))), ["39"]);
    let on = |n: usize| format!(" LEFT JOIN {} ON v{n}.x = v{}.x + 1", values[n], n - 1);
    let joins: String = (1..40).map(on).collect();
    assert_eq!(session.ask(&format!("SELECT v39.x FROM {}{joins}", values[0])), ["39"]);
    let within = |_| format!("SELECT 1 FROM {} WHERE EXISTS (", values[..10].join(", "));
    let texts = [
        format!("SELECT 1 FROM {}", values.join(", ")),
        format!("SELECT 1 FROM {}{joins}{}", values[0], on(40)),
        format!("{}SELECT 1{}", (0..5).map(within).collect::<String>(), ")".repeat(5)),
    ];
    for text in texts {
        assert_eq!(session.ask(&text), ["ERROR:  stack depth limit exceeded"], "{text}");
    }
}
