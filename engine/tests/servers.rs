//! Servers through their lives: scripts of sessions, faults and time over a primary and its standby, with the server's
//! log. The words and the shapes of what they hold were compared with a real PostgreSQL 15.

#[path = "common/shown.rs"]
mod shown;

use shown::shown;
use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use vitrine_engine::cluster::{Input, Lab, LabSpec};
use vitrine_engine::inspect;
use vitrine_engine::server::ShutdownMode;
use vitrine_engine::world::Limit;

/// A lab, its sessions by the prefixes of their commands, and how much of each log has been shown.
struct Servers {
    lab: Lab,
    sessions: BTreeMap<String, u32>,
    logged: [usize; 2],
}

impl Servers {
    fn new() -> Servers {
        let lab = Lab::open(LabSpec::lab(1), inspect::functions).unwrap();
        let mut servers = Servers { lab, sessions: BTreeMap::new(), logged: [0, 0] };
        servers.log(0);
        servers.log(1);
        servers
    }

    /// A session of the primary, or of the standby if its name begins with `s`.
    fn session(&mut self, name: &str) -> u32 {
        if let Some(session) = self.sessions.get(name) {
            return *session;
        }
        let session = self.lab.sessions().len() as u32;
        let parameters = vec![("user".to_string(), "postgres".to_string())];
        self.lab.input(Input::Connect { host: u8::from(name.starts_with('s')), parameters }).unwrap();
        self.sessions.insert(name.to_string(), session);
        self.lab.run_to_answer(session);
        session
    }

    /// What the sessions have been told since; lines of others than `own` say whose they are.
    fn told(&mut self, own: Option<u32>) -> String {
        let mut out = String::new();
        for answer in self.lab.take_answers() {
            let Some(text) = shown(answer.message) else { continue };
            let name = self.sessions.iter().find(|(_, session)| **session == answer.session).map(|(name, _)| name);
            match name.filter(|_| Some(answer.session) != own) {
                Some(name) => out += &format!("({name}) {text}\n"),
                None => out += &format!("{text}\n"),
            }
        }
        if out.is_empty() && own.is_some() { "waits\n".into() } else { out }
    }

    /// The lines of a server's log since the last time, without time and process.
    fn log(&mut self, host: usize) -> String {
        let lines = self.lab.hosts()[host].log.lines();
        let new = &lines[self.logged[host]..];
        self.logged[host] = lines.len();
        new.iter().map(|line| format!("{}{}:  {}\n", prefix(line), line.level.name(), line.text)).collect()
    }

    fn pass(&mut self, seconds: f64) {
        let until = self.lab.world().now() + (seconds * 1e6) as u64;
        self.lab.run(Limit::until(until));
    }

    /// A command about the room rather than for a session.
    fn act(&mut self, command: &goldenscript::Command) -> Result<Option<String>, Box<dyn Error>> {
        let mut args = command.consume_args();
        let host: u8 = args.take_key("host").map_or(Ok(0), str::parse)?;
        match command.name.as_str() {
            "pass" => self.pass(args.take_key("seconds").map_or(Ok(1.0), str::parse)?),
            "log" => return Ok(Some(self.log(usize::from(host)))),
            "stop" => {
                let mode = match args.take_key("mode") {
                    Some("smart") => ShutdownMode::Smart,
                    Some("immediate") => ShutdownMode::Immediate,
                    _ => ShutdownMode::Fast,
                };
                self.lab.input(Input::Shutdown { host, mode })?;
                self.pass(2.0);
            }
            "start" => {
                self.lab.input(Input::PowerOn { host })?;
                self.pass(2.0);
            }
            "crash" => self.lab.input(Input::PowerFail { host })?,
            "cut" | "heal" => self.lab.input(Input::Cut { cut: command.name == "cut" })?,
            "files" => {
                let under = args.take_key("under").unwrap_or_default();
                let files = self.lab.hosts()[usize::from(host)].disk.list(under);
                return Ok(Some(files.iter().map(|file| format!("{file}\n")).collect()));
            }
            "show" => {
                let path = args.take_key("file").unwrap_or_default();
                let bytes = self.lab.hosts()[usize::from(host)].disk.peek(path, 0, usize::MAX).unwrap_or_default();
                return Ok(Some(String::from_utf8_lossy(&bytes).into_owned()));
            }
            _ => return Ok(None),
        }
        args.reject_next()?;
        Ok(Some(self.told(None)))
    }
}

impl goldenscript::Runner for Servers {
    type Command = goldenscript::Command;

    fn run(
        &mut self,
        command: &goldenscript::Command,
        context: &goldenscript::Context,
    ) -> Result<String, Box<dyn Error>> {
        let Some(name) = context.prefix.as_deref() else {
            return self.act(command)?.ok_or_else(|| format!("unknown command {}", command.name).into());
        };
        let session = self.session(name);
        self.lab.input(Input::Query { session, text: command.name.clone() })?;
        self.lab.run_to_answer(session);
        self.lab.run(Limit::IDLE);
        Ok(self.told(Some(session)))
    }
}

fn run(script: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/servers").join(script);
    goldenscript::run(&mut Servers::new(), &path).unwrap_or_else(|e| panic!("{script}: {e}"));
}

#[test]
fn settings() {
    run("settings");
}

#[test]
fn shutdown() {
    run("shutdown");
}

#[test]
fn statistics() {
    run("statistics");
}

#[test]
fn checkpoints() {
    run("checkpoints");
}

#[test]
fn autovacuum() {
    run("autovacuum");
}

#[test]
fn log() {
    run("log");
}

/// A line's prefix without time and process.
fn prefix(line: &vitrine_engine::server::LogLine) -> &str {
    if line.prefix.contains('[') { "" } else { &line.prefix }
}

#[test]
fn slots() {
    run("slots");
}

#[test]
fn promotion() {
    run("promotion");
}

#[test]
fn synchronous() {
    run("synchronous");
}

#[test]
fn uncommitted() {
    run("uncommitted");
}

#[test]
fn feedback() {
    run("feedback");
}
