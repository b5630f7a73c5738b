//! INSERT ... ON CONFLICT in a crowd: several sessions with the same keys at the same moment. Nothing is counted twice,
//! nothing is lost, and now and then two are on approval at once, and one of them takes its row back.

#[path = "common/client.rs"]
mod client;
#[path = "common/keep.rs"]
mod keep;

use client::connect;
use vitrine_engine::cluster::{Input, Lab, LabSpec};
use vitrine_engine::inspect;
use vitrine_engine::server::protocol::BackendMessage;
use vitrine_engine::trace::Event;
use vitrine_engine::world::{Limit, Random};

const SESSIONS: u32 = 5;
const KEYS: u64 = 6;
const ROUNDS: u64 = 20;

/// The first column of what a session was told.
fn said(messages: Vec<BackendMessage>) -> Vec<String> {
    let said = messages.into_iter().filter_map(|message| match message {
        BackendMessage::DataRow(row) => row[0].as_deref().map(|bytes| String::from_utf8_lossy(bytes).into_owned()),
        BackendMessage::ErrorResponse(error) => Some(error.to_string()),
        _ => None,
    });
    said.collect()
}

fn ask(lab: &mut Lab, session: u32, text: &str) -> Vec<String> {
    said(client::converse(lab, session, text))
}

/// How many rows were confirmed, and how many taken back, of all events since one.
fn fates(lab: &Lab, since: u64) -> (u32, u32) {
    lab.world().with_trace(|trace| {
        trace.since(since).fold((0, 0), |(confirmed, taken), (_, entry)| match entry.event {
            Event::TupleConfirm { .. } => (confirmed + 1, taken),
            Event::TupleTakeBack { .. } => (confirmed, taken + 1),
            _ => (confirmed, taken),
        })
    })
}

/// Runs a crowd, and returns how many rows were confirmed and how many taken back.
fn crowd(seed: u64) -> (u32, u32) {
    let mut lab = Lab::open(LabSpec::lab(seed), inspect::functions).unwrap();
    let sessions: Vec<u32> = (0..SESSIONS).map(|_| connect(&mut lab, 0)).collect();
    assert!(ask(&mut lab, 0, "create table t (id int primary key, n int)").is_empty());
    let mut random = Random::new(seed, 0);
    let (mut statements, mut fate) = (0, (0, 0));
    for _ in 0..ROUNDS {
        let since = lab.world().with_trace(|trace| trace.count());
        for session in &sessions {
            let key = random.below(KEYS);
            let end = if random.below(8) == 0 { "rollback" } else { "commit" };
            let text =
                format!("begin; insert into t values ({key}, 1) on conflict (id) do update set n = t.n + 1; {end}");
            statements += u64::from(end == "commit");
            lab.input(Input::Query { session: *session, text }).unwrap();
        }
        lab.run(Limit::until(lab.world().now() + 3_000_000));
        let (confirmed, taken) = fates(&lab, since);
        fate = (fate.0 + confirmed, fate.1 + taken);
        for answer in lab.take_answers() {
            assert!(!matches!(answer.message, BackendMessage::ErrorResponse(_)), "seed {seed}");
        }
    }
    let sum = ask(&mut lab, 0, "select sum(n) from t");
    assert_eq!(sum, [statements.to_string()], "seed {seed}");
    lab.run(Limit::until(lab.world().now() + 5_000_000));
    let reader = connect(&mut lab, 1);
    lab.take_answers();
    assert_eq!(ask(&mut lab, reader, "select sum(n) from t"), sum, "the standby of seed {seed}");
    keep::keep_wal(&lab, "speculation");
    fate
}

#[test]
fn a_crowd_counts_right() {
    let fates: Vec<_> = (1..=8).map(crowd).collect();
    assert!(fates.iter().all(|(confirmed, _)| *confirmed >= KEYS as u32), "{fates:?}");
    assert!(fates.iter().any(|(_, taken)| *taken > 0), "nobody ever took a row back: {fates:?}");
}
