//! Reading the configuration files: when a server starts, and again at a SIGHUP.
//!
//! At the start everything is taken as it is, and a mistake keeps the server from starting. Later on a mistake leaves
//! things as they were, and what only a restart can change is noted as pending.
//!
//! PostgreSQL: `ProcessConfigFileInternal` in `utils/misc/guc-file.l`.

use super::file::{self, Line};
use super::{Context, DEFINITIONS, Held, Setting, Settings, Source};

impl Settings {
    /// All lines of both files, in order.
    pub fn lines(main: &str, auto: &str) -> Result<Vec<Line>, String> {
        let mut lines = file::parse(file::MAIN, main)?;
        lines.extend(file::parse(file::AUTO, auto)?);
        Ok(lines)
    }

    /// The settings that a server starts with, or what keeps it from starting.
    pub fn from_files(main: &str, auto: &str) -> Result<Settings, String> {
        let mut settings = Settings::default();
        for line in Settings::lines(main, auto)? {
            settings
                .take_line(&line)
                .map_err(|error| format!("{error} in file \"{}\" line {}", line.file, line.number))?;
        }
        Ok(settings)
    }

    fn take_line(&mut self, line: &Line) -> Result<(), String> {
        let setting = Settings::find(&line.name).map_err(|error| error.report().message.clone())?;
        self.set(setting, &line.value, Source::File).map_err(|error| error.report().message.clone())?;
        self.held[setting as usize].line = Some((line.file, line.number));
        Ok(())
    }

    /// The files may have changed: takes over what can be changed now. Returns what the log says of it.
    pub fn reload(&mut self, main: &str, auto: &str) -> Vec<String> {
        let unchanged = |mut log: Vec<String>, file: &str| {
            log.push(format!("configuration file \"{file}\" contains errors; no changes were applied"));
            log
        };
        let lines = match Settings::lines(main, auto) {
            Ok(lines) => lines,
            Err(error) => return unchanged(vec![error], file::MAIN),
        };
        if let Some(line) = lines.iter().find(|line| Settings::find(&line.name).is_err()) {
            let (name, file, number) = (&line.name, line.file, line.number);
            let text = format!("unrecognized configuration parameter \"{name}\" in file \"{file}\" line {number}");
            return unchanged(vec![text], file);
        }
        let mut log = Vec::new();
        let mut wrong = None;
        for (setting, line) in in_order(&lines) {
            match self.reload_one(setting, line) {
                Ok(said) => log.extend(said),
                Err(error) => {
                    log.push(error);
                    wrong = Some(line.map_or(file::MAIN, |line| line.file));
                }
            }
        }
        if let Some(file) = wrong {
            log.push(format!("configuration file \"{file}\" contains errors; unaffected changes were applied"));
        }
        log
    }

    /// Brings one setting up to date with its line, or with there being none any more.
    fn reload_one(&mut self, setting: Setting, line: Option<&Line>) -> Result<Option<String>, String> {
        let definition = &DEFINITIONS[setting as usize];
        let name = definition.name;
        let held = &mut self.held[setting as usize];
        let value = match line {
            Some(line) => definition.parse(&line.value).map_err(|error| error.report().message.clone())?,
            None if held.reset_source == Source::File => definition.default_value(),
            None => return Ok(None),
        };
        held.pending = false;
        let changed = value != held.reset;
        if changed && definition.context == Context::Postmaster {
            held.pending = true;
            return Err(format!("parameter \"{name}\" cannot be changed without restarting the server"));
        }
        if definition.context == Context::Internal {
            return Err(format!("parameter \"{name}\" cannot be changed"));
        }
        let source = if line.is_some() { Source::File } else { Source::Default };
        let line_before = held.line;
        held.take_over(&Held {
            value: value.clone(),
            source,
            reset: value,
            reset_source: source,
            line: line.map(|line| (line.file, line.number)),
            pending: false,
        });
        Ok(match line {
            Some(line) if changed => Some(format!("parameter \"{name}\" changed to \"{}\"", line.value)),
            None if line_before.is_some() => {
                Some(format!("parameter \"{name}\" removed from configuration file, reset to default"))
            }
            _ => None,
        })
    }
}

/// First the settings that no line names, then those that the lines name, each with its last line.
fn in_order(lines: &[Line]) -> Vec<(Setting, Option<&Line>)> {
    let named = |setting: Setting, line: &Line| line.name.eq_ignore_ascii_case(DEFINITIONS[setting as usize].name);
    let unnamed = |setting: &Setting| !lines.iter().any(|line| named(*setting, line));
    let mut order: Vec<_> = Setting::ALL.iter().copied().filter(unnamed).map(|setting| (setting, None)).collect();
    for (at, line) in lines.iter().enumerate() {
        let last = !lines[at + 1..].iter().any(|later| later.name.eq_ignore_ascii_case(&line.name));
        order.extend(Settings::find(&line.name).ok().filter(|_| last).map(|setting| (setting, Some(line))));
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reload_changes_what_it_can() {
        let main = "shared_buffers = 32\nwork_mem = 1MB\n";
        let mut server = Settings::from_files(main, "").unwrap();
        let mut session = server.clone();
        session.set(Setting::max_wal_size, "1", Source::Session).unwrap_err();
        session.set(Setting::statement_timeout, "1s", Source::Session).unwrap();
        // The lines that PostgreSQL 15 logs for the same changes.
        assert_eq!(
            server.reload("work_mem = 1MB\n", "shared_buffers = '64MB'\nstatement_timeout = '2s'\n"),
            [
                "parameter \"shared_buffers\" cannot be changed without restarting the server",
                "parameter \"statement_timeout\" changed to \"2s\"",
                "configuration file \"postgresql.auto.conf\" contains errors; unaffected changes were applied",
            ]
        );
        assert!(server.is_pending(Setting::shared_buffers));
        assert_eq!(server.line(Setting::shared_buffers), Some((file::MAIN, 1)));
        session.take_over(&server);
        assert_eq!(session.show(Setting::statement_timeout), "1s");
        session.reset(Setting::statement_timeout).unwrap();
        assert_eq!(session.show(Setting::statement_timeout), "2s");
        let removed = "parameter \"work_mem\" removed from configuration file, reset to default";
        assert_eq!(server.reload("shared_buffers = 32", "statement_timeout = '2s'"), [removed]);
        assert!(!server.is_pending(Setting::shared_buffers));
        assert_eq!(server.show(Setting::work_mem), "4MB");
    }

    #[test]
    fn a_mistake_keeps_a_server_from_starting_and_a_running_one_as_it_is() {
        let mut server = Settings::default();
        let unknown = "unrecognized configuration parameter \"nope\" in file \"postgresql.conf\" line 2";
        let lines = "work_mem = 1MB\nnope = 1";
        assert_eq!(Settings::from_files(lines, "").unwrap_err(), unknown);
        let none = "configuration file \"postgresql.conf\" contains errors; no changes were applied";
        assert_eq!(server.reload(lines, ""), [unknown, none]);
        assert_eq!(server.show(Setting::work_mem), "4MB");
    }
}
