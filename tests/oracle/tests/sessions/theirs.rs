//! The real server: a psql for each session, told by its standard input.

use super::{SESSIONS, Side, State};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};
use vitrine_oracle::live::Scratch;

/// Ends the answer to a step; behind it stands its SQLSTATE.
const DONE: &str = "=done ";
/// Between two looks at who waits.
const PAUSE: Duration = Duration::from_millis(3);
/// Nothing takes longer, a deadlock included.
const PATIENCE: Duration = Duration::from_secs(20);

/// A psql that is told one step after the other.
struct Psql {
    process: Child,
    input: ChildStdin,
    lines: Receiver<String>,
    pid: u32,
    /// What it has said since it was last asked something; none once it has answered.
    busy: Option<Vec<String>>,
}

impl Psql {
    fn start(server: &Scratch) -> Psql {
        let mut process = server.session();
        let input = process.stdin.take().expect("a pipe");
        let output = process.stdout.take().expect("a pipe");
        let (send, lines) = channel();
        thread::spawn(move || BufReader::new(output).lines().map_while(Result::ok).all(|line| send.send(line).is_ok()));
        let mut psql = Psql { process, input, lines, pid: 0, busy: None };
        // What is said beside a message speaks of processes and places.
        psql.ask("\\set VERBOSITY terse\nselect");
        psql.pid = psql.ask("select pg_backend_pid()").concat().parse().expect("a pid");
        psql
    }

    fn tell(&mut self, sql: &str) {
        self.busy = Some(vec![]);
        writeln!(self.input, "{sql};\n\\echo {DONE}:SQLSTATE").expect("psql reads");
        self.input.flush().expect("psql reads");
    }

    /// Reads what has come; the answer once it is complete.
    fn hear(&mut self, patience: Duration) -> Option<Vec<String>> {
        let until = Instant::now() + patience;
        loop {
            let line = match self.lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(line) => line,
                Err(RecvTimeoutError::Timeout) => return None,
                Err(RecvTimeoutError::Disconnected) => panic!("psql has gone"),
            };
            let lines = self.busy.as_mut().expect("somebody asked");
            match line.strip_prefix(DONE) {
                Some("00000") => return self.busy.take(),
                Some(sqlstate) => {
                    lines.push(sqlstate.to_string());
                    return self.busy.take();
                }
                None => lines.push(line),
            }
        }
    }

    fn ask(&mut self, sql: &str) -> Vec<String> {
        self.tell(sql);
        self.hear(PATIENCE).unwrap_or_else(|| panic!("no answer to {sql}"))
    }
}

impl Drop for Psql {
    fn drop(&mut self) {
        // It may be in the middle of a wait.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Three sessions, and one that looks on.
pub struct Theirs {
    sessions: Vec<Psql>,
    control: Psql,
}

impl Theirs {
    /// New sessions, and the table anew.
    pub fn start(server: &Scratch) -> Theirs {
        let mut control = Psql::start(server);
        // Sessions of the script before may not have noticed yet that they are alone.
        control.ask("select pg_terminate_backend(pid, 5000) from pg_stat_activity where pid <> pg_backend_pid() and backend_type = 'client backend'");
        control.ask("drop table if exists t");
        super::script::SETUP.iter().for_each(|sql| drop(control.ask(sql)));
        Theirs { sessions: (0..SESSIONS).map(|_| Psql::start(server)).collect(), control }
    }

    /// Waits until everybody who is busy has answered or waits for somebody.
    fn rest(&mut self) -> Vec<(usize, State)> {
        let pids: Vec<u32> = self.sessions.iter().map(|psql| psql.pid).collect();
        let begin = Instant::now();
        let mut said: Vec<(usize, State)> = vec![];
        loop {
            assert!(begin.elapsed() < PATIENCE, "the real server does not come to rest");
            let mut resting = true;
            said.retain(|(_, state)| matches!(state, State::Answered(_)));
            for (session, psql) in self.sessions.iter_mut().enumerate().filter(|(_, psql)| psql.busy.is_some()) {
                if let Some(lines) = psql.hear(PAUSE) {
                    said.push((session, State::Answered(lines)));
                    // Whoever waited for this one may go on.
                    resting = false;
                    continue;
                }
                let blockers = self.control.ask(&format!("select pg_blocking_pids({})", psql.pid)).concat();
                let blockers = sessions_of(&blockers, &pids);
                resting &= !blockers.is_empty();
                said.push((session, State::Waits(blockers)));
            }
            if resting {
                said.sort_by_key(|(session, _)| *session);
                return said;
            }
        }
    }
}

/// Which sessions an array of pids names, in order.
pub fn sessions_of(array: &str, pids: &[u32]) -> Vec<usize> {
    let named: Vec<u32> = array.trim_matches(['{', '}']).split(',').filter_map(|pid| pid.parse().ok()).collect();
    (0..pids.len()).filter(|session| named.contains(&pids[*session])).collect()
}

impl Side for Theirs {
    fn step(&mut self, session: usize, sql: &str) -> Vec<(usize, State)> {
        self.sessions[session].tell(sql);
        self.rest()
    }

    fn resolve_deadlock(&mut self) -> Vec<(usize, State)> {
        let begin = Instant::now();
        loop {
            assert!(begin.elapsed() < PATIENCE, "the real server does not find the deadlock");
            let said = self.rest();
            if said.iter().any(|(_, state)| matches!(state, State::Answered(_))) {
                return said;
            }
        }
    }

    fn table(&mut self) -> Vec<String> {
        self.control.ask(super::script::TABLE)
    }
}
