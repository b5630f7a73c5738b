//! The server log: what a server says of itself, with PostgreSQL's wording.

use std::cell::RefCell;
use std::collections::VecDeque;

use crate::ids::{Pid, TimestampTz};

/// Lines that are kept.
const KEPT: usize = 500;

/// How important a line is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LogLevel {
    /// For administrators.
    Log,
    /// A statement failed.
    Error,
    /// A session ended, or could not begin.
    Fatal,
    /// The server cannot go on.
    Panic,
    /// Something to worry about.
    Warning,
    /// Belongs to the line before.
    Detail,
    /// What was being done.
    Context,
    /// Advice on the line before.
    Hint,
}

impl LogLevel {
    /// The word in the log.
    pub fn name(self) -> &'static str {
        match self {
            LogLevel::Log => "LOG",
            LogLevel::Error => "ERROR",
            LogLevel::Fatal => "FATAL",
            LogLevel::Panic => "PANIC",
            LogLevel::Warning => "WARNING",
            LogLevel::Detail => "DETAIL",
            LogLevel::Context => "CONTEXT",
            LogLevel::Hint => "HINT",
        }
    }
}

/// A line of the log.
#[derive(Clone, Debug)]
pub struct LogLine {
    /// When.
    pub time: TimestampTz,
    /// Who says it.
    pub pid: Pid,
    /// How important it is.
    pub level: LogLevel,
    /// What.
    pub text: String,
}

/// The last lines of a server's log; it survives the server's memory, as a file would.
#[derive(Default)]
pub struct ServerLog(RefCell<VecDeque<LogLine>>);

impl ServerLog {
    /// Adds a line.
    pub fn push(&self, line: LogLine) {
        let mut lines = self.0.borrow_mut();
        if lines.len() == KEPT {
            lines.pop_front();
        }
        lines.push_back(line);
    }

    /// The lines, oldest first.
    pub fn lines(&self) -> Vec<LogLine> {
        self.0.borrow().iter().cloned().collect()
    }
}
