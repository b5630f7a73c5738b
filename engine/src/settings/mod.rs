//! Every setting: its type, bounds, unit and context, and who set it last.
//!
//! PostgreSQL calls a setting a GUC ("grand unified configuration"). Each has a *context* that says when it may
//! be changed, and each value has a *source* that says who did:
//!
//! ```text
//!   context            changed by                       source (later wins)
//!   internal           nobody: compiled in, or initdb     default
//!   postmaster         a restart                          configuration file: postgresql.conf, postgresql.auto.conf
//!   sighup             a reload of the files              client (startup packet)
//!   superuser-backend  the start of a session             session (SET, until it ends; SET LOCAL: the transaction)
//!   user, superuser    SET, in any session
//! ```
//!
//! A server has one [`Settings`]; a session has a copy of its own, since SET is nobody else's business. When the files
//! are read again the server's are brought up to date, and each session takes over what it has not set itself. What SET
//! covered up is kept until the transaction ends: an abort brings it back.
//!
//! Source: the manual's chapter 20, and `pg_settings` of a real PostgreSQL 15.

pub mod file;
mod reload;
mod standby_names;
mod table;
mod value;

use crate::ids::{Error, Result, sqlstate};
pub use standby_names::StandbyNames;
pub use table::{DEFINITIONS, Setting};
pub use value::{Context, Definition, Kind, Source, Unit, Value};

/// A setting's value, where it comes from, and what RESET goes back to.
#[derive(Clone, PartialEq, Debug)]
struct Held {
    value: Value,
    source: Source,
    reset: Value,
    reset_source: Source,
    /// The file's line that says so.
    line: Option<(&'static str, u32)>,
    /// The files say something else, which a restart would bring.
    pending: bool,
}

impl Held {
    /// Takes a value that holds for the session, or for all to come.
    fn put(&mut self, value: Value, source: Source) {
        if source < Source::Session && source >= self.reset_source {
            (self.reset, self.reset_source) = (value.clone(), source);
        }
        if source >= self.source || source < Source::Session && self.source < Source::Session {
            (self.value, self.source) = (value, source);
        }
    }

    /// The server has read its files again.
    fn take_over(&mut self, server: &Held) {
        self.pending = server.pending;
        if self.reset_source > Source::File {
            return;
        }
        (self.reset, self.reset_source, self.line) = (server.value.clone(), server.source, server.line);
        if self.source <= Source::File {
            (self.value, self.source) = (server.value.clone(), server.source);
        }
    }
}

/// The values of all settings, for a server or for one of its sessions.
#[derive(Clone, Debug)]
pub struct Settings {
    held: Vec<Held>,
    /// What the transaction has changed, with what was there before; whether only for itself.
    undo: Vec<(Setting, Held, bool)>,
}

impl Default for Settings {
    fn default() -> Settings {
        let held = |definition: &Definition| {
            let value = definition.default_value();
            let (reset, source) = (value.clone(), Source::Default);
            Held { value, source, reset, reset_source: source, line: None, pending: false }
        };
        Settings { held: DEFINITIONS.iter().map(held).collect(), undo: Vec::new() }
    }
}

impl Settings {
    fn value(&self, setting: Setting) -> &Value {
        &self.held[setting as usize].value
    }

    /// A number, in the setting's unit. Booleans are 0 and 1, enums the index of their value.
    pub fn int(&self, setting: Setting) -> i64 {
        match self.value(setting) {
            Value::Bool(on) => i64::from(*on),
            Value::Int(n) => *n,
            Value::Enum(index) => *index as i64,
            Value::Text(_) => 0,
        }
    }

    /// Whether a boolean setting is on.
    pub fn on(&self, setting: Setting) -> bool {
        self.int(setting) != 0
    }

    /// The value of a string setting.
    pub fn text(&self, setting: Setting) -> &str {
        match self.value(setting) {
            Value::Text(text) => text,
            _ => "",
        }
    }

    /// The word of an enum setting.
    pub fn word(&self, setting: Setting) -> &'static str {
        match (self.value(setting), DEFINITIONS[setting as usize].kind) {
            (Value::Enum(index), Kind::Enum(words)) => words[*index],
            _ => "",
        }
    }

    /// As SHOW prints it, with a unit that fits.
    pub fn show(&self, setting: Setting) -> String {
        DEFINITIONS[setting as usize].show(self.value(setting))
    }

    /// `pg_settings.setting` and `reset_val`: in the setting's own unit, without its name.
    pub fn plain(&self, setting: Setting) -> (String, String) {
        let (definition, held) = (&DEFINITIONS[setting as usize], &self.held[setting as usize]);
        (definition.plain(&held.value), definition.plain(&held.reset))
    }

    /// Who set it.
    pub fn source(&self, setting: Setting) -> Source {
        self.held[setting as usize].source
    }

    /// The file and the line that set it, if one did.
    pub fn line(&self, setting: Setting) -> Option<(&'static str, u32)> {
        let held = &self.held[setting as usize];
        held.line.filter(|_| held.source == Source::File)
    }

    /// What a file would have to say for these settings, but for the defaults.
    pub fn file_text(&self, head: &str) -> String {
        let from_file = |setting: &&Setting| self.source(**setting) == Source::File;
        let line = |setting: &Setting| (DEFINITIONS[*setting as usize].name, self.show(*setting));
        let lines: Vec<_> = Setting::ALL.iter().filter(from_file).map(line).collect();
        file::render(head, lines.iter().map(|(name, value)| (*name, value.as_str())))
    }

    /// Whether a restart would bring another value.
    pub fn is_pending(&self, setting: Setting) -> bool {
        self.held[setting as usize].pending
    }

    /// Finds a setting by its name, in any case.
    pub fn find(name: &str) -> Result<Setting> {
        let found = DEFINITIONS.iter().position(|d| d.name.eq_ignore_ascii_case(name));
        found.map(Setting::from_index).ok_or_else(|| {
            Error::new(sqlstate::UNDEFINED_OBJECT, format!("unrecognized configuration parameter \"{name}\""))
        })
    }

    /// Sets from text, if the setting's context lets this source do it and the value is legal. What a session sets is
    /// undone if its transaction aborts.
    pub fn set(&mut self, setting: Setting, text: &str, source: Source) -> Result<()> {
        self.change(setting, text, source, false)
    }

    /// SET LOCAL: undone when the transaction ends.
    pub fn set_local(&mut self, setting: Setting, text: &str) -> Result<()> {
        self.change(setting, text, Source::Session, true)
    }

    fn change(&mut self, setting: Setting, text: &str, source: Source, local: bool) -> Result<()> {
        let definition = &DEFINITIONS[setting as usize];
        definition.check_context(source)?;
        let value = definition.parse(text)?;
        if source == Source::Session {
            self.remember(setting, local);
        }
        self.held[setting as usize].put(value, source);
        Ok(())
    }

    /// RESET: back to what the session began with, or what the files say by now.
    pub fn reset(&mut self, setting: Setting) -> Result<()> {
        DEFINITIONS[setting as usize].check_context(Source::Session)?;
        self.remember(setting, false);
        let held = &mut self.held[setting as usize];
        (held.value, held.source) = (held.reset.clone(), held.reset_source);
        Ok(())
    }

    fn remember(&mut self, setting: Setting, local: bool) {
        self.undo.push((setting, self.held[setting as usize].clone(), local));
    }

    /// How much the transaction has changed so far: a place to go back to.
    pub fn mark(&self) -> usize {
        self.undo.len()
    }

    /// Takes back what was changed after a place.
    pub fn undo_to(&mut self, mark: usize) {
        while self.undo.len() > mark {
            if let Some((setting, held, _)) = self.undo.pop() {
                self.held[setting as usize] = held;
            }
        }
    }

    /// The transaction has ended: an abort takes back what it set, a commit what it set for itself only.
    pub fn end_transaction(&mut self, committed: bool) {
        if !committed {
            return self.undo_to(0);
        }
        let mut kept: Vec<Setting> = Vec::new();
        while let Some((setting, held, local)) = self.undo.pop() {
            if !local {
                kept.push(setting);
            } else if !kept.contains(&setting) {
                self.held[setting as usize] = held;
            }
        }
    }

    /// The server has read its files again: a session takes over what it has not set itself.
    pub fn take_over(&mut self, server: &Settings) {
        self.held.iter_mut().zip(&server.held).for_each(|(held, server)| held.take_over(server));
        self.undo.iter_mut().for_each(|(setting, held, _)| held.take_over(&server.held[*setting as usize]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(name: &str, text: &str) -> String {
        let setting = Settings::find(name).unwrap();
        let error = Settings::default().set(setting, text, Source::Session).unwrap_err();
        let report = error.report();
        let hint = report.hint.as_deref().map(|h| format!(" HINT: {h}")).unwrap_or_default();
        format!("{} {}{hint}", report.code.as_str(), report.message)
    }

    #[test]
    fn values_are_shown_in_the_largest_unit_that_divides_them() {
        // SHOW on PostgreSQL 15.
        let mut settings = Settings::default();
        assert_eq!(settings.show(Setting::shared_buffers), "128MB");
        assert_eq!(settings.show(Setting::checkpoint_timeout), "5min");
        assert_eq!(settings.show(Setting::work_mem), "4MB");
        settings.set(Setting::work_mem, "65kB", Source::Session).unwrap();
        assert_eq!(settings.show(Setting::work_mem), "65kB");
        settings.set(Setting::statement_timeout, "1.5s", Source::Session).unwrap();
        assert_eq!(settings.show(Setting::statement_timeout), "1500ms");
        settings.set(Setting::shared_buffers, "32", Source::File).unwrap();
        assert_eq!(settings.show(Setting::shared_buffers), "256kB");
        assert_eq!(settings.show(Setting::checkpoint_completion_target), "0.9");
        for (text, shown) in [("0.5ms", "500us"), ("1500us", "1500us"), ("2ms", "2ms"), ("0", "0")] {
            settings.set(Setting::vacuum_cost_delay, text, Source::Session).unwrap();
            assert_eq!(settings.show(Setting::vacuum_cost_delay), shown);
        }
    }

    #[test]
    fn illegal_values_are_refused_in_postgresqls_words() {
        // The messages of PostgreSQL 15 for the same SET commands.
        assert_eq!(
            refused("work_mem", "1"),
            "22023 1 kB is outside the valid range for parameter \"work_mem\" (64 .. 2147483647)"
        );
        assert_eq!(
            refused("work_mem", "4XB"),
            "22023 invalid value for parameter \"work_mem\": \"4XB\" HINT: Valid units for this parameter are \"B\", \"kB\", \"MB\", \"GB\", and \"TB\"."
        );
        assert_eq!(
            refused("synchronous_commit", "maybe"),
            "22023 invalid value for parameter \"synchronous_commit\": \"maybe\" HINT: Available values: local, remote_write, remote_apply, on, off."
        );
        assert_eq!(
            refused("shared_buffers", "64MB"),
            "55P02 parameter \"shared_buffers\" cannot be changed without restarting the server"
        );
        assert_eq!(refused("wal_segment_size", "1"), "55P02 parameter \"wal_segment_size\" cannot be changed");
        assert_eq!(refused("bgwriter_delay", "1"), "55P02 parameter \"bgwriter_delay\" cannot be changed now");
        assert_eq!(refused("fsync", "2"), "55P02 parameter \"fsync\" cannot be changed now");
        assert_eq!(
            refused("standard_conforming_strings", "2"),
            "22023 parameter \"standard_conforming_strings\" requires a Boolean value"
        );
        assert_eq!(
            refused("work_mem", "99999999999999"),
            "22023 invalid value for parameter \"work_mem\": \"99999999999999\" HINT: Value exceeds integer range."
        );
        assert_eq!(
            refused("statement_timeout", "-1"),
            "22023 -1 ms is outside the valid range for parameter \"statement_timeout\" (0 .. 2147483647)"
        );
        assert_eq!(
            refused("vacuum_cost_delay", "101"),
            "22023 101 ms is outside the valid range for parameter \"vacuum_cost_delay\" (0 .. 100)"
        );
        assert_eq!(
            refused("log_connections", "on"),
            "55P02 parameter \"log_connections\" cannot be set after connection start"
        );
        assert!(Settings::find("nonsense").is_err());
    }

    #[test]
    fn an_abort_brings_back_what_was_covered_up() {
        let mut settings = Settings::default();
        let work_mem = |settings: &Settings| settings.show(Setting::work_mem);
        settings.set_local(Setting::work_mem, "1MB").unwrap();
        settings.set(Setting::work_mem, "2MB", Source::Session).unwrap();
        settings.end_transaction(true);
        assert_eq!(work_mem(&settings), "2MB", "what came after SET LOCAL stays");
        settings.set(Setting::work_mem, "3MB", Source::Session).unwrap();
        settings.set_local(Setting::work_mem, "1MB").unwrap();
        settings.end_transaction(true);
        assert_eq!(work_mem(&settings), "3MB");
        settings.set(Setting::work_mem, "5MB", Source::Session).unwrap();
        settings.end_transaction(false);
        assert_eq!(work_mem(&settings), "3MB");
        settings.reset(Setting::work_mem).unwrap();
        assert_eq!((work_mem(&settings).as_str(), settings.source(Setting::work_mem)), ("4MB", Source::Default));
    }
}
