//! What a session writes into the server's log: its statements, how long they took, its coming and going.
//!
//! PostgreSQL: `check_log_statement`, `check_log_duration`, `log_disconnections` in `tcop/postgres.c`.

use super::log::LogLevel;
use super::session::Session;
use super::shared::Server;
use crate::ids::{Error, Instant, Pid, Severity, TimestampTz};
use crate::settings::Setting;
use crate::sql::ast::Statement;

/// From which value of `log_statement` on a statement is logged: 1 ddl, 2 mod, 3 all.
pub(super) fn log_level(statement: &Statement) -> i64 {
    match statement {
        Statement::CreateTable(_) | Statement::DropTable(_) | Statement::AlterSystem(_) => 1,
        Statement::Insert(_) | Statement::Update(_) | Statement::Delete(_) => 2,
        _ => 3,
    }
}

impl Session {
    fn log_line(&self, text: String) {
        self.server.log(self.env.cx.pid(), LogLevel::Log, text);
    }

    /// `log_statement`: before anything is run. `what` is `statement`, or `execute` and a name; `level` the least
    /// [`log_level`] of the statements. Whether it was logged.
    pub(super) fn log_statement(&self, what: &str, text: &str, level: i64) -> bool {
        let logged = level <= self.env.settings.borrow().int(Setting::log_statement);
        if logged {
            self.log_line(format!("{what}: {text}"));
        }
        logged
    }

    /// `log_duration` and `log_min_duration_statement`, after it was run.
    pub(super) fn log_duration(&self, what: &str, text: &str, begun: Instant, logged: bool) {
        let took = self.env.cx.now() - begun;
        let (always, least) = {
            let settings = self.env.settings.borrow();
            (settings.on(Setting::log_duration), settings.int(Setting::log_min_duration_statement))
        };
        let long = least >= 0 && took >= least as u64 * 1_000;
        let duration = format!("duration: {}.{:03} ms", took / 1_000, took % 1_000);
        if long && !logged {
            self.log_line(format!("{duration}  {what}: {text}"));
        } else if long || always {
            self.log_line(duration);
        }
    }

    /// `log_temp_files`: those that are gone since the last time, with the statement that made them.
    pub(super) fn log_temp_files(&self) {
        for (file, bytes) in self.env.temp_files.take_removed() {
            let path = file.path(self.env.cx.pid());
            self.log_line(format!("temporary file: path \"{path}\", size {bytes}"));
            if let Some(statement) = &self.running {
                self.server.log(self.env.cx.pid(), LogLevel::Statement, &**statement);
            }
        }
    }

    /// Logs an error, with the statement if `log_min_error_statement` says so.
    pub(super) fn log_error(&self, error: &Error) {
        let pid = self.env.cx.pid();
        let least = self.env.settings.borrow().int(Setting::log_min_error_statement);
        let level = match error.report().severity {
            Severity::Fatal | Severity::Panic => LogLevel::Fatal,
            Severity::Error => LogLevel::Error,
            Severity::Warning => LogLevel::Warning,
            Severity::Info | Severity::Notice => LogLevel::Notice,
        };
        let with = self.running.is_some() && level.rank().is_some_and(|rank| rank >= least);
        self.server.log_error(pid, error, self.running.as_deref().filter(|_| with));
    }
}

/// `log_connections`
pub(super) fn log_connection(server: &Server, pid: Pid, user: &str, application: &str) {
    server.log(pid, LogLevel::Log, "connection received: host=[local]");
    let application = if application.is_empty() { String::new() } else { format!(" application_name={application}") };
    let text = format!("connection authorized: user={user} database=postgres{application}");
    server.log(pid, LogLevel::Log, text);
}

/// `log_disconnections`
pub(super) fn log_disconnection(server: &Server, pid: Pid, user: &str, started: TimestampTz) {
    let millis = (server.spec.world.timestamp().0 - started.0) / 1_000;
    let (seconds, minutes) = (millis / 1_000, millis / 60_000);
    let time = format!("{}:{:02}:{:02}.{:03}", minutes / 60, minutes % 60, seconds % 60, millis % 1_000);
    let text = format!("disconnection: session time: {time} user={user} database=postgres host=[local]");
    server.log(pid, LogLevel::Log, text);
}
