//! Settings as a server and its sessions use them: the files, SIGHUP, ALTER SYSTEM, SET and SHOW.
//!
//! ```text
//!   ALTER SYSTEM ──► postgresql.auto.conf          nothing is changed yet
//!   pg_reload_conf() ──► SIGHUP: the postmaster reads both files, and hands the signal on to all its children;
//!                        a session looks at it before its next command
//! ```
//!
//! PostgreSQL: `AlterSystemSetConfigFile` in `utils/misc/guc.c`, `SIGHUP_handler` in `postmaster/postmaster.c`.

use super::log::LogLevel;
use super::protocol::BackendMessage;
use super::session::{REPORTED, Session};
use super::shared::{Server, ServerSpec};
use super::statement::{Part, Sink, show_columns};
use crate::ids::{Error, Result, Severity, WaitEvent, sqlstate};
use crate::settings::file::{self, Line};
use crate::settings::{DEFINITIONS, Setting, Settings, Source};
use crate::sql::ast::{Ident, SetVariable};
use crate::txn::{BlockState, Isolation};
use crate::types::Datum;
use crate::world::{Cx, Interrupt};

/// The new `postgresql.auto.conf` until it is durable.
const AUTO_TEMPORARY: &str = "postgresql.auto.conf.tmp";

impl ServerSpec {
    /// Both files as they are now; a file that is not there is empty.
    pub fn configuration_files(&self) -> (String, String) {
        let read = |path| self.disk.peek(path, 0, usize::MAX).unwrap_or_default();
        let text = |path| String::from_utf8_lossy(&read(path)).into_owned();
        (text(file::MAIN), text(file::AUTO))
    }

    /// The settings of a server that starts.
    pub(super) fn read_configuration(&self) -> Result<()> {
        let (main, auto) = self.configuration_files();
        let settings = Settings::from_files(&main, &auto);
        *self.settings.borrow_mut() = settings.map_err(|error| Error::new(sqlstate::CONFIG_FILE_ERROR, error))?;
        Ok(())
    }
}

/// The postmaster's answer to SIGHUP.
pub(super) fn reload(cx: &Cx, server: &Server, children: impl Iterator<Item = crate::ids::Pid>) {
    server.log(cx.pid(), LogLevel::Log, "received SIGHUP, reloading configuration files");
    let (main, auto) = server.spec.configuration_files();
    let said = server.spec.settings.borrow_mut().reload(&main, &auto);
    said.into_iter().for_each(|line| server.log(cx.pid(), LogLevel::Log, line));
    let names = server.spec.settings.borrow().text(Setting::synchronous_standby_names).to_string();
    server.txns.sync_rep.set_names(cx.world(), &names);
    children.for_each(|pid| cx.world().interrupt(pid, Interrupt::Reload));
}

impl Session {
    /// The postmaster has read the files again: what this session has not set itself is taken over.
    pub(super) fn reload_settings(&mut self) {
        self.env.settings.borrow_mut().take_over(&self.server.spec.settings.borrow());
    }

    /// `ReportChangedGUCOptions`: tells the client what has changed of the settings that it wants to know.
    pub(super) fn tell_settings(&mut self) {
        // A standby may have been promoted meanwhile.
        if self.env.settings.borrow().on(Setting::in_hot_standby) && !self.env.txns.procs.in_recovery() {
            let _ = self.env.settings.borrow_mut().set(Setting::in_hot_standby, "off", Source::Default);
        }
        for (n, setting) in REPORTED.into_iter().enumerate() {
            let value = self.env.settings.borrow().show(setting);
            if self.told[n] != value {
                self.told[n].clone_from(&value);
                if setting == Setting::application_name {
                    let pid = self.env.cx.pid();
                    self.server.update_activity(pid, |activity| activity.application_name.clone_from(&value));
                }
                let name = DEFINITIONS[setting as usize].name.to_string();
                self.send(BackendMessage::ParameterStatus { name, value });
            }
        }
    }

    // --- ALTER SYSTEM ----------------------------------------------------------------------------------------

    /// Writes `postgresql.auto.conf` anew with one line more, less or other; with none at all for RESET ALL.
    pub(super) async fn alter_system(&mut self, change: Option<&SetVariable>) -> Result<()> {
        let (_, auto) = self.server.spec.configuration_files();
        let mut lines = match change {
            Some(_) => file::parse(file::AUTO, &auto).map_err(|e| Error::new(sqlstate::CONFIG_FILE_ERROR, e))?,
            None => Vec::new(),
        };
        if let Some(change) = change {
            let setting = Settings::find(&change.name)?;
            let name = DEFINITIONS[setting as usize].name;
            if matches!(setting, Setting::transaction_isolation | Setting::transaction_read_only) {
                let message = format!("parameter \"{name}\" cannot be changed");
                return Err(Error::new(sqlstate::CANT_CHANGE_RUNTIME_PARAM, message));
            }
            lines.retain(|line| !line.name.eq_ignore_ascii_case(name));
            let value = value_text(setting, change)?;
            // Whether the file may say so, and may say this.
            Settings::default().set(
                setting,
                value.as_deref().unwrap_or(DEFINITIONS[setting as usize].default),
                Source::File,
            )?;
            lines.extend(value.map(|value| Line { file: file::AUTO, number: 0, name: name.to_string(), value }));
        }
        let (cx, disk) = (&self.env.cx, &self.server.spec.disk);
        disk.create(AUTO_TEMPORARY);
        disk.set_len(AUTO_TEMPORARY, 0)?;
        disk.write(cx, WaitEvent::DataFileWrite, AUTO_TEMPORARY, 0, file::render_auto(&lines).as_bytes()).await?;
        disk.fsync(cx, WaitEvent::DataFileSync, AUTO_TEMPORARY).await?;
        disk.rename(AUTO_TEMPORARY, file::AUTO)?;
        disk.fsync(cx, WaitEvent::DataFileSync, file::AUTO).await
    }

    // --- SET, RESET, SHOW ------------------------------------------------------------------------------------

    pub(super) fn set_variable(&mut self, set: &SetVariable) -> Result<()> {
        let setting = Settings::find(&set.name)?;
        if set.local && self.block() == BlockState::Implicit {
            let message = "SET LOCAL can only be used in transaction blocks";
            let warning = Error::new(sqlstate::NO_ACTIVE_SQL_TRANSACTION, message);
            self.env.notice(warning.severity(Severity::Warning));
        }
        let Some(value) = value_text(setting, set)? else { return self.reset(Some(&set.name)) };
        let value = self.style_value(setting, &setting_name(setting, &set.name), &value)?;
        if setting == Setting::transaction_isolation {
            let level = super::transaction::isolation_of(&value)?;
            self.env.xact.borrow_mut().isolation = level;
            return Ok(());
        }
        if setting == Setting::temp_buffers && self.env.temp_tables.buffers().is_some() {
            let message = format!("invalid value for parameter \"temp_buffers\": {value}");
            let detail =
                "\"temp_buffers\" cannot be changed after any temporary tables have been accessed in the session.";
            return Err(Error::new(sqlstate::INVALID_PARAMETER_VALUE, message).detail(detail));
        }
        let settings = &mut *self.env.settings.borrow_mut();
        if set.local { settings.set_local(setting, &value) } else { settings.set(setting, &value, Source::Session) }
    }

    pub(super) fn reset(&mut self, name: Option<&str>) -> Result<()> {
        let settings = &mut *self.env.settings.borrow_mut();
        match name {
            Some(name) => settings.reset(Settings::find(name)?),
            None => {
                // Those that nobody may change stay.
                Setting::ALL.iter().for_each(|setting| drop(settings.reset(*setting)));
                Ok(())
            }
        }
    }

    pub(super) fn show(&self, name: Option<&str>, sink: Sink<'_>) -> Result<()> {
        let columns = show_columns(name);
        sink(Part::Columns(&columns))?;
        match name {
            Some(name) => {
                let setting = Settings::find(name)?;
                sink(Part::Row(&[Datum::text(self.value_of(setting))]))
            }
            None => {
                let mut all: Vec<Setting> = Setting::ALL.to_vec();
                crate::small::sort_by_key(&mut all, |setting| DEFINITIONS[*setting as usize].name.to_ascii_lowercase());
                for setting in all {
                    let definition = &DEFINITIONS[setting as usize];
                    let row = [definition.name.to_string(), self.value_of(setting), definition.about.to_string()];
                    sink(Part::Row(&row.map(Datum::text)))?;
                }
                Ok(())
            }
        }
    }

    fn value_of(&self, setting: Setting) -> String {
        let xact = self.env.xact.borrow();
        match setting {
            Setting::transaction_isolation => match xact.isolation {
                Isolation::ReadCommitted => "read committed".into(),
                Isolation::RepeatableRead => "repeatable read".into(),
            },
            Setting::transaction_read_only => if xact.read_only { "on" } else { "off" }.into(),
            _ => self.env.settings.borrow().show(setting),
        }
    }
}

/// The name as errors write it.
fn setting_name(setting: Setting, written: &str) -> String {
    match setting {
        Setting::TimeZone => "TimeZone".into(),
        Setting::DateStyle => "DateStyle".into(),
        _ => written.to_string(),
    }
}

/// What SET is given, as one text; nothing for DEFAULT.
fn value_text(setting: Setting, set: &SetVariable) -> Result<Option<String>> {
    let Some(values) = &set.values else { return Ok(None) };
    let is_list = matches!(setting, Setting::search_path | Setting::DateStyle | Setting::synchronous_standby_names);
    if values.len() > 1 && !is_list {
        let message = format!("SET {} takes only one argument", set.name);
        return Err(Error::new(sqlstate::INVALID_PARAMETER_VALUE, message));
    }
    // A schema's name is quoted unless it could be written without quotes.
    let plain = |name: &str| name.chars().all(|c| c.is_ascii_lowercase() || c == '_' || c.is_ascii_digit());
    let quote = |value: &Ident| match setting {
        Setting::search_path if !plain(value) => format!("\"{}\"", value.replace('"', "\"\"")),
        _ => value.to_string(),
    };
    Ok(Some(values.iter().map(quote).collect::<Vec<_>>().join(", ")))
}
