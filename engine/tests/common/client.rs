//! Clients of a lab, for tests: they connect, ask, and hear what is said. What a test makes of the messages is its own.

#![allow(dead_code, reason = "each test that includes this file uses a part of it")]

use vitrine_engine::cluster::{Input, Lab};
use vitrine_engine::server::protocol::BackendMessage;

/// A new session, greeted.
pub fn connect(lab: &mut Lab, host: u8) -> u32 {
    let session = lab.sessions().len() as u32;
    lab.input(Input::Connect { host, parameters: vec![("user".into(), "postgres".into())] }).unwrap();
    lab.run_to_answer(session);
    lab.take_answers();
    session
}

/// Runs a query to its answer, or until it waits: all that the session is told.
pub fn converse(lab: &mut Lab, session: u32, text: &str) -> Vec<BackendMessage> {
    lab.input(Input::Query { session, text: text.into() }).unwrap();
    lab.run_to_answer(session);
    heard(lab, session)
}

/// What a session has been told since the last time; what others were told meanwhile is forgotten.
pub fn heard(lab: &mut Lab, session: u32) -> Vec<BackendMessage> {
    let answers = lab.take_answers().into_iter().filter(|answer| answer.session == session);
    answers.map(|answer| answer.message).collect()
}

/// A value as text.
pub fn text(value: Option<Vec<u8>>, null: &str) -> String {
    value.map_or(null.into(), |bytes| String::from_utf8(bytes).expect("text"))
}
