//! The engine: a world that runs until nothing is left to do but to wait.

use super::{SESSIONS, Side, State};
use vitrine_engine::cluster::{Input, Lab, LabSpec};
use vitrine_engine::inspect;
use vitrine_engine::server::protocol::BackendMessage;
use vitrine_engine::world::Limit;

/// The session that looks on.
const CONTROL: u32 = SESSIONS as u32;
/// How much time is let pass between two looks at who has answered, in microseconds, and how often at most.
const MOMENT: u64 = 1_000;
const MOMENTS: usize = 2_000;

/// A world with three sessions, and one that looks on.
pub struct Ours {
    lab: Lab,
    /// What each session has said since it was last asked something; none once it has answered.
    busy: [Option<Vec<String>>; SESSIONS],
    /// Those who have answered in this step.
    answered: Vec<(usize, Vec<String>)>,
}

impl Ours {
    /// A new world, with the table.
    pub fn start(seed: u64) -> Ours {
        let spec = LabSpec { standby: false, ..LabSpec::lab(seed) };
        let mut lab = Lab::open(spec, inspect::functions).expect("a world");
        for session in 0..=CONTROL {
            lab.input(Input::Connect { host: 0, parameters: vec![("user".into(), "postgres".into())] })
                .expect("a host");
            lab.run_to_answer(session);
        }
        lab.take_answers();
        let mut ours = Ours { lab, busy: Default::default(), answered: vec![] };
        super::script::SETUP.iter().for_each(|sql| drop(ours.ask(sql)));
        ours
    }

    /// The rows that the looker-on gets.
    fn ask(&mut self, sql: &str) -> Vec<String> {
        self.lab.input(Input::Query { session: CONTROL, text: sql.into() }).expect("a session");
        self.lab.run_to_answer(CONTROL);
        let mut rows = vec![];
        for answer in self.lab.take_answers() {
            match answer.message {
                BackendMessage::DataRow(row) if answer.session == CONTROL => rows.push(line(&row)),
                BackendMessage::ErrorResponse(error) if answer.session == CONTROL => panic!("{sql}: {error}"),
                message => self.hear(answer.session as usize, message),
            }
        }
        rows
    }

    /// Takes down what a session is told, as psql prints it.
    fn hear(&mut self, session: usize, message: BackendMessage) {
        let Some(lines) = self.busy.get_mut(session).and_then(Option::as_mut) else { return };
        match message {
            BackendMessage::DataRow(row) => lines.push(line(&row)),
            BackendMessage::CommandComplete(tag) if !tag.starts_with("SELECT") => lines.push(tag),
            BackendMessage::NoticeResponse(notice) => {
                lines.push(format!("{}:  {}", notice.report().severity.name(), notice.report().message));
            }
            BackendMessage::ErrorResponse(error) => {
                let report = error.report();
                // psql shows no rows of a statement that failed.
                lines.retain(|line| line.starts_with("WARNING") || line.starts_with("NOTICE"));
                lines.push(format!("{}:  {}", report.severity.name(), report.message));
                lines.push(report.code.as_str().to_string());
            }
            BackendMessage::ReadyForQuery(_) => {
                self.answered.extend(self.busy[session].take().map(|lines| (session, lines)));
            }
            _ => {}
        }
    }

    /// What everybody who was busy says now.
    fn said(&mut self) -> Vec<(usize, State)> {
        for answer in self.lab.take_answers() {
            self.hear(answer.session as usize, answer.message);
        }
        let answered = std::mem::take(&mut self.answered);
        let mut said: Vec<_> = answered.into_iter().map(|(session, lines)| (session, State::Answered(lines))).collect();
        let pids: Vec<u32> = self.lab.sessions().iter().map(|s| s.pid.map_or(0, |pid| pid.0)).collect();
        let waiting: Vec<usize> = (0..SESSIONS).filter(|session| self.busy[*session].is_some()).collect();
        for session in waiting {
            let blockers = self.ask(&format!("select pg_blocking_pids({})", pids[session])).concat();
            said.push((session, State::Waits(super::theirs::sessions_of(&blockers, &pids))));
        }
        said.sort_by_key(|(session, _)| *session);
        said
    }
}

fn line(row: &[Option<Vec<u8>>]) -> String {
    let text = |value: &Option<Vec<u8>>| String::from_utf8_lossy(value.as_deref().unwrap_or_default()).into_owned();
    row.iter().map(text).collect::<Vec<_>>().join("|")
}

impl Side for Ours {
    fn step(&mut self, session: usize, sql: &str) -> Vec<(usize, State)> {
        self.busy[session] = Some(vec![]);
        self.lab.input(Input::Query { session: session as u32, text: sql.into() }).expect("a session");
        self.lab.run(Limit::IDLE);
        self.said()
    }

    fn resolve_deadlock(&mut self) -> Vec<(usize, State)> {
        for _ in 0..MOMENTS {
            let until = self.lab.world().now() + MOMENT;
            self.lab.run(Limit::until(until));
            self.lab.run(Limit::IDLE);
            let said = self.said();
            if said.iter().any(|(_, state)| matches!(state, State::Answered(_))) {
                return said;
            }
        }
        panic!("the deadlock is not found");
    }

    fn table(&mut self) -> Vec<String> {
        self.ask(super::script::TABLE)
    }
}
