//! The engine behind the connections: a [`Lab`] opened as a plain database.
//!
//! It has one server and no standby, nothing costs virtual time and no history is kept. The world's clock follows the
//! wall clock: each request arrives at its own moment, and timers (`pg_sleep`, `deadlock_timeout`, the background
//! processes) ring when they are due.

use std::collections::BTreeMap;

use vitrine_engine::cluster::{Input, Lab, LabSpec};
use vitrine_engine::ids::{Instant, Result, TimestampTz};
use vitrine_engine::server::protocol::{BackendMessage, CancelRequest, FrontendMessage, Startup};
use vitrine_engine::world::Limit;

use crate::dispatch::{Engine, SessionId};

/// The most steps between two looks at what has arrived: some milliseconds of a busy statement.
const SLICE: u64 = 200;

/// A plain database.
pub struct Database {
    lab: Lab,
    /// What the world's clock said when the server began to count.
    start: Instant,
    /// The lab's numbers of the sessions that are up, and back.
    numbers: BTreeMap<SessionId, u32>,
    sessions: BTreeMap<u32, SessionId>,
}

impl Database {
    /// A new database; `now` is what the wall clock says.
    pub fn open(seed: u64, now: TimestampTz) -> Result<Database> {
        let lab = Lab::open(LabSpec::plain(seed, now), vitrine_engine::inspect::functions)?;
        let start = lab.world().now();
        Ok(Database { lab, start, numbers: BTreeMap::new(), sessions: BTreeMap::new() })
    }

    /// Something arrives. The lab refuses only what names a session that it does not know, and all of these are known.
    fn input(&mut self, now: u64, input: Input) {
        if let Err(error) = self.lab.input_at(self.start + now, input) {
            eprintln!("{error}");
        }
    }
}

impl Engine for Database {
    fn connect(&mut self, now: u64, session: SessionId, startup: Startup) {
        let number = self.lab.sessions().len() as u32;
        self.numbers.insert(session, number);
        self.sessions.insert(number, session);
        self.input(now, Input::Connect { host: 0, parameters: startup.parameters });
    }

    fn message(&mut self, now: u64, session: SessionId, message: FrontendMessage) {
        if let Some(&session) = self.numbers.get(&session) {
            self.input(now, Input::Message { session, message });
        }
    }

    fn cancel(&mut self, now: u64, request: CancelRequest) {
        self.input(now, Input::CancelKey { pid: request.pid.0, key: request.key });
    }

    fn disconnect(&mut self, now: u64, session: SessionId) {
        if let Some(session) = self.numbers.remove(&session) {
            self.sessions.remove(&session);
            self.input(now, Input::Disconnect { session });
        }
    }

    fn run(&mut self, now: u64) -> Vec<(SessionId, BackendMessage)> {
        let steps = self.lab.world().steps() + SLICE;
        self.lab.run(Limit { steps, ..Limit::until(self.start + now) });
        let answers = self.lab.take_answers().into_iter();
        answers.filter_map(|answer| Some((*self.sessions.get(&answer.session)?, answer.message))).collect()
    }

    fn next_deadline(&self) -> Option<u64> {
        self.lab.world().next_deadline().map(|at| at - self.start)
    }
}
