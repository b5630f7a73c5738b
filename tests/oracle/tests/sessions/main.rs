//! Three sessions at random, step by step, on the engine and on a real server: the same rows, the same SQLSTATEs, the
//! same sessions waiting for the same others, the same table in the end.
//!
//! ```text
//!   script.rs   which session does what next: drawn from the seed, and from who waits
//!   ours.rs     the engine: a world that runs until it is idle
//!   theirs.rs   the real server: a psql for each session, and one that asks who blocks whom
//! ```
//!
//! A step is one statement of one session that does not wait. After it both sides come to rest: every session has
//! answered or waits for another. A deadlock is let run into its timeout on both sides; the steps before it take far
//! less than that, so that the same waiter's timer rings first.
//!
//! Where the real server itself, told a script again, answers in another way, either is right: two sessions that one
//! commit sets free race.

mod ours;
mod script;
mod theirs;

use std::collections::BTreeMap;

use ours::Ours;
use script::Script;
use theirs::Theirs;
use vitrine_oracle::live::{Programs, Scratch};

/// How many scripts the test command tries, and the soak.
const SEEDS: u64 = 30;
const SOAK_SEEDS: u64 = 300;
/// How often a script is told the real server again before the sides are said to differ.
const RETRIES: usize = 8;
/// Steps of a script before all transactions are ended.
const STEPS: usize = 24;
/// The sessions.
const SESSIONS: usize = 3;

/// What a session says in a step: its answer, or whom it waits for.
#[derive(Clone, PartialEq, Eq, Debug)]
enum State {
    /// It has answered: rows, the command's tag, or the error; the SQLSTATE.
    Answered(Vec<String>),
    /// It waits for these sessions.
    Waits(Vec<usize>),
}

/// A server with three sessions.
trait Side {
    /// Gives a session a statement; what every session that had not answered before says once all have come to rest.
    fn step(&mut self, session: usize, sql: &str) -> Vec<(usize, State)>;
    /// Lets a deadlock come to its end.
    fn resolve_deadlock(&mut self) -> Vec<(usize, State)>;
    /// The table, by a session of its own.
    fn table(&mut self) -> Vec<String>;
}

/// A step of a script, and what each session said.
type Told = Vec<(String, Vec<(usize, State)>)>;

/// Whether somebody waits for himself, by way of others.
fn deadlocked(waits: &[Option<Vec<usize>>]) -> bool {
    let reaches = |from: usize| {
        let mut seen = [false; SESSIONS];
        let mut next = vec![from];
        while let Some(at) = next.pop() {
            for blocker in waits[at].iter().flatten().filter(|blocker| **blocker < SESSIONS) {
                if *blocker == from {
                    return true;
                }
                if !std::mem::replace(&mut seen[*blocker], true) {
                    next.push(*blocker);
                }
            }
        }
        false
    };
    (0..SESSIONS).any(reaches)
}

/// A script as it is played on one side. What comes next depends on who waits, and so on the side: if the sides differ,
/// so do the tales.
struct Tale {
    script: Script,
    waits: Vec<Option<Vec<usize>>>,
    told: Told,
}

impl Tale {
    /// Notes what is said, and lets deadlocks come to their end: of two at a time it is told what came of both.
    fn hear(&mut self, side: &mut dyn Side, what: String, said: Vec<(usize, State)>) {
        self.note(&said);
        self.told.push((what, said));
        let mut resolved = BTreeMap::new();
        while deadlocked(&self.waits) {
            let said = side.resolve_deadlock();
            self.note(&said);
            resolved.extend(said);
        }
        if !resolved.is_empty() {
            self.told.push(("deadlock".into(), resolved.into_iter().collect()));
        }
    }

    fn note(&mut self, said: &[(usize, State)]) {
        for (session, state) in said {
            self.waits[*session] = match state {
                State::Waits(blockers) => Some(blockers.clone()),
                State::Answered(lines) => {
                    self.script.answered(*session, lines);
                    None
                }
            };
        }
    }
}

/// Plays a script on one side.
fn play(side: &mut dyn Side, seed: u64) -> Told {
    let mut tale = Tale { script: Script::new(seed), waits: vec![None; SESSIONS], told: vec![] };
    while let Some((session, sql)) = tale.script.next(&tale.waits, tale.told.len() >= STEPS) {
        let said = side.step(session, &sql);
        tale.hear(side, format!("{session}: {sql}"), said);
    }
    tale.told.push((format!("{:?}", side.table()), vec![]));
    tale.told
}

fn soak() -> Option<u64> {
    std::env::var("VITRINE_SOAK").ok()?.parse().ok()
}

#[test]
fn three_sessions_are_answered_as_by_a_real_server() {
    let (first, count) = soak().map_or((0, SEEDS), |first| (first, SOAK_SEEDS));
    let Some(programs) = Programs::find_or_skip("three sessions", count as usize) else { return };
    let server = Scratch::start(&programs, "sessions").expect("a scratch server starts");
    for seed in first..first + count {
        let ours = play(&mut Ours::start(seed), seed);
        let theirs = play(&mut Theirs::start(&server), seed);
        if ours == theirs || (0..RETRIES).any(|_| ours == play(&mut Theirs::start(&server), seed)) {
            continue;
        }
        let at = ours.iter().zip(&theirs).take_while(|(ours, theirs)| ours == theirs).count();
        let before: String = ours[..at].iter().map(|(what, said)| format!("{what}\n    {said:?}\n")).collect();
        panic!("seed {seed}\n{before}ours    {:?}\ntheirs  {:?}", ours.get(at), theirs.get(at));
    }
}

#[test]
fn a_circle_of_waiters_is_seen() {
    assert!(deadlocked(&[Some(vec![1]), Some(vec![2]), Some(vec![0])]));
    assert!(deadlocked(&[None, Some(vec![2]), Some(vec![1])]));
    assert!(!deadlocked(&[None, Some(vec![0]), Some(vec![0, 1])]));
}
