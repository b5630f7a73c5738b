//! Every setting: its type, bounds, unit and context, and who set it last.
//!
//! PostgreSQL calls a setting a GUC ("grand unified configuration"). Each has a *context* that says when it may
//! be changed, and each value has a *source* that says who did:
//!
//! ```text
//!   context      changed by                        source (later wins)
//!   internal     nobody: compiled in, or by initdb   default
//!   postmaster   a restart                           configuration file
//!   sighup       a reload of the file                client (startup packet)
//!   user         SET, in any session                 session (SET, until it ends; SET LOCAL: the transaction)
//! ```
//!
//! A server has one [`Settings`]; a session has a copy of its own, since SET is nobody else's business.
//! Source: the manual's chapter 20, and `pg_settings` of a real PostgreSQL 15.

mod table;
mod value;

use crate::ids::{Error, Result, sqlstate};
pub use table::{DEFINITIONS, Setting};
pub use value::{Context, Definition, Kind, Source, Unit, Value};

/// The values of all settings, for a server or for one of its sessions.
#[derive(Clone, Debug)]
pub struct Settings {
    values: Vec<(Value, Source)>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { values: DEFINITIONS.iter().map(|d| (d.default_value(), Source::Default)).collect() }
    }
}

impl Settings {
    /// A number, in the setting's unit. Booleans are 0 and 1, enums the index of their value.
    pub fn int(&self, setting: Setting) -> i64 {
        match &self.values[setting as usize].0 {
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
        match &self.values[setting as usize].0 {
            Value::Text(text) => text,
            _ => "",
        }
    }

    /// The word of an enum setting.
    pub fn word(&self, setting: Setting) -> &'static str {
        match (&self.values[setting as usize].0, DEFINITIONS[setting as usize].kind) {
            (Value::Enum(index), Kind::Enum(words)) => words[*index],
            _ => "",
        }
    }

    /// As SHOW prints it, with a unit that fits.
    pub fn show(&self, setting: Setting) -> String {
        DEFINITIONS[setting as usize].show(&self.values[setting as usize].0)
    }

    /// Who set it.
    pub fn source(&self, setting: Setting) -> Source {
        self.values[setting as usize].1
    }

    /// Finds a setting by its name, in any case.
    pub fn find(name: &str) -> Result<Setting> {
        let found = DEFINITIONS.iter().position(|d| d.name.eq_ignore_ascii_case(name));
        found.map(Setting::from_index).ok_or_else(|| {
            Error::new(sqlstate::UNDEFINED_OBJECT, format!("unrecognized configuration parameter \"{name}\""))
        })
    }

    /// Sets from text, if the setting's context lets this source do it and the value is legal.
    pub fn set(&mut self, setting: Setting, text: &str, source: Source) -> Result<()> {
        let definition = &DEFINITIONS[setting as usize];
        definition.check_context(source)?;
        self.values[setting as usize] = (definition.parse(text)?, source);
        Ok(())
    }

    /// RESET: back to what `server` has.
    pub fn reset(&mut self, setting: Setting, server: &Settings) -> Result<()> {
        DEFINITIONS[setting as usize].check_context(Source::Session)?;
        self.values[setting as usize] = server.values[setting as usize].clone();
        Ok(())
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
        assert!(Settings::find("nonsense").is_err());
    }
}
