//! The server log: what a server says of itself, with PostgreSQL's wording.
//!
//! `log_line_prefix` is written once, when a line is; lines that belong to an error (DETAIL, HINT, STATEMENT) follow it, and
//! are left out with it if `log_min_messages` wants no such lines.
//!
//! PostgreSQL: `send_message_to_server_log`, `log_line_prefix` in `utils/error/elog.c`.

use std::cell::RefCell;
use std::collections::VecDeque;

use crate::ids::{Pid, SqlState, TimestampTz, Xid};
use crate::types::datetime::utc_out;

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
    /// Something to know.
    Notice,
    /// The statement that led to the line before.
    Statement,
    /// Belongs to the line before.
    Detail,
    /// What was being done.
    Context,
    /// Advice on the line before.
    Hint,
}

impl LogLevel {
    /// Its place in the order of `log_min_messages`, in which LOG comes after ERROR; none if it belongs to another line.
    pub(super) fn rank(self) -> Option<i64> {
        let word = self.name().to_lowercase();
        let known = |words: &[&str]| words.iter().position(|level| *level == word).map(|at| at as i64);
        match crate::settings::DEFINITIONS[crate::settings::Setting::log_min_messages as usize].kind {
            crate::settings::Kind::Enum(words) => known(words),
            _ => None,
        }
    }

    /// The word in the log.
    pub fn name(self) -> &'static str {
        match self {
            LogLevel::Log => "LOG",
            LogLevel::Error => "ERROR",
            LogLevel::Fatal => "FATAL",
            LogLevel::Panic => "PANIC",
            LogLevel::Warning => "WARNING",
            LogLevel::Notice => "NOTICE",
            LogLevel::Statement => "STATEMENT",
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
    /// What `log_line_prefix` puts before it.
    pub prefix: String,
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

/// What a line's prefix may speak of.
#[derive(Clone, Copy, Debug)]
pub(super) struct LogContext<'a> {
    pub(super) time: TimestampTz,
    pub(super) pid: Pid,
    pub(super) backend_type: &'a str,
    /// Of a session: its user, database and `application_name`.
    pub(super) session: Option<[&'a str; 3]>,
    /// When the process was started.
    pub(super) started: TimestampTz,
    /// Which line of its process this is.
    pub(super) line: u32,
    pub(super) xid: Xid,
    pub(super) code: SqlState,
}

/// `log_line_prefix`: the format with its escapes replaced.
pub(super) fn line_prefix(format: &str, of: &LogContext) -> String {
    let mut out = String::new();
    let mut chars = format.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut padding = String::new();
        while let Some(digit) = chars.next_if(|c| c.is_ascii_digit() || *c == '-') {
            padding.push(digit);
        }
        let Some(escape) = chars.next() else { break };
        if escape == 'q' && of.session.is_none() {
            break;
        }
        let value = escaped(escape, of);
        match padding.parse::<i32>() {
            Ok(width) if width < 0 => out += &format!("{value:<w$}", w = width.unsigned_abs() as usize),
            Ok(width) => out += &format!("{value:>w$}", w = width as usize),
            Err(_) => out += &value,
        }
    }
    out
}

fn escaped(escape: char, of: &LogContext) -> String {
    let session = |at: usize| of.session.map_or(String::new(), |known| known[at].to_string());
    let unix = |at: TimestampTz| at.0.div_euclid(1_000_000) + TimestampTz::UNIX_EPOCH_OFFSET;
    let clock = |at: TimestampTz, millis: bool| {
        let text = utc_out(at);
        let fraction = if millis { format!(".{:03}", at.0.rem_euclid(1_000_000) / 1_000) } else { String::new() };
        format!("{}{fraction} UTC", text.split(['.', '+']).next().unwrap_or_default())
    };
    match escape {
        'a' => session(2),
        'u' => session(0),
        'd' => session(1),
        'r' | 'h' => {
            if of.session.is_some() {
                "[local]".into()
            } else {
                String::new()
            }
        }
        'b' => of.backend_type.to_string(),
        'p' => of.pid.to_string(),
        't' => clock(of.time, false),
        'm' => clock(of.time, true),
        'n' => format!("{}.{:03}", unix(of.time), of.time.0.rem_euclid(1_000_000) / 1_000),
        's' => clock(of.started, false),
        'e' => of.code.as_str().to_string(),
        'c' => format!("{:x}.{:x}", unix(of.started), of.pid.0),
        'l' => of.line.to_string(),
        'x' => of.xid.to_string(),
        '%' => "%".into(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::sqlstate;

    #[test]
    fn prefixes_are_those_of_a_real_server() {
        let of = LogContext {
            time: TimestampTz(848_590_678_085_000),
            pid: Pid(30284),
            backend_type: "client backend",
            session: Some(["postgres", "postgres", "psql"]),
            started: TimestampTz(848_590_678_085_000),
            line: 7,
            xid: Xid(0),
            code: sqlstate::DIVISION_BY_ZERO,
        };
        let format = "%m [%p] %q%u@%d/%a %b %l %x %e|%-9u|%6p|%% ";
        let wanted =
            "2026-11-21 15:37:58.085 UTC [30284] postgres@postgres/psql client backend 7 0 22012|postgres | 30284|% ";
        assert_eq!(line_prefix(format, &of), wanted);
        let of = LogContext { session: None, pid: Pid(31620), ..of };
        assert_eq!(line_prefix(format, &of), "2026-11-21 15:37:58.085 UTC [31620] ");
    }
}
