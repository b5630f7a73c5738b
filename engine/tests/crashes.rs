//! The power fails, or a process dies, after any step: what was acknowledged is there, what was not is there wholly or
//! not at all.
//!
//! Three sessions work: one inserts rows, each its own transaction; another moves an amount between two accounts, two
//! updates in a transaction, so that the sum tells whether a transaction was torn apart; some of these are parts that
//! are released, beside one that is rolled back. The third holds locks on the accounts that let the updates pass, so
//! that multixacts are made. A checkpoint and a VACUUM run in between.

#[path = "crashes/churn.rs"]
mod churn;
#[path = "common/client.rs"]
mod client;
#[path = "crashes/everything.rs"]
mod everything;
#[path = "crashes/family.rs"]
mod family;
#[path = "crashes/judge.rs"]
mod judge;
#[path = "common/keep.rs"]
mod keep;
#[path = "crashes/log.rs"]
mod log;
#[path = "crashes/model.rs"]
mod model;

use client::connect;
use vitrine_engine::cluster::{Input, Lab, LabSpec};
use vitrine_engine::ids::{BackendType, HostId, MultiXactId, Pid};
use vitrine_engine::inspect;
use vitrine_engine::server::protocol::BackendMessage;
use vitrine_engine::world::Limit;

const ROWS: usize = 12;
const WRITER: u32 = 0;
const MOVER: u32 = 1;
const SHARER: u32 = 2;

/// Runs a query to its answer: the first column of its rows, or the error.
fn ask(lab: &mut Lab, session: u32, text: &str) -> Result<Vec<i64>, String> {
    let mut rows = Vec::new();
    for message in client::converse(lab, session, text) {
        match message {
            BackendMessage::DataRow(row) => {
                let text = row[0].as_deref().map(|bytes| String::from_utf8_lossy(bytes).into_owned());
                rows.extend(text.and_then(|text| text.parse::<i64>().ok()));
            }
            BackendMessage::ErrorResponse(error) => return Err(error.to_string()),
            _ => {}
        }
    }
    Ok(rows)
}

/// A world at work: both sessions have their whole script in the pipe.
fn at_work(seed: u64) -> Lab {
    let spec = LabSpec { standby: false, ..LabSpec::lab(seed) };
    let mut lab = Lab::open(spec, inspect::functions).unwrap();
    let (writer, mover, sharer) = (connect(&mut lab, 0), connect(&mut lab, 0), connect(&mut lab, 0));
    assert_eq!((writer, mover, sharer), (WRITER, MOVER, SHARER));
    ask(&mut lab, writer, "create table log(id int); create table accounts(id int, balance int)").unwrap();
    ask(&mut lab, writer, "insert into accounts values (1, 500), (2, 500)").unwrap();
    for n in 0..ROWS {
        let text = format!("insert into log values ({n})");
        lab.input(Input::Query { session: WRITER, text }).unwrap();
        let amount = n + 1;
        let text = match n {
            4 => "checkpoint".to_string(),
            8 => "vacuum freeze accounts".to_string(),
            2 | 6 | 10 => format!(
                "begin; savepoint a; update accounts set balance = 0; rollback to a; \
                 update accounts set balance = balance - {amount} where id = 1; release a; savepoint b; \
                 update accounts set balance = balance + {amount} where id = 2; commit"
            ),
            _ => format!(
                "begin; update accounts set balance = balance - {amount} where id = 1; \
                 update accounts set balance = balance + {amount} where id = 2; commit"
            ),
        };
        lab.input(Input::Query { session: MOVER, text }).unwrap();
        let text = "begin; select * from accounts for key share; select pg_sleep(0.002); end".to_string();
        lab.input(Input::Query { session: SHARER, text }).unwrap();
    }
    lab
}

/// How many inserts and how many transfers have been acknowledged so far.
fn acknowledged(lab: &mut Lab) -> (usize, usize) {
    let answers = lab.take_answers();
    let count = |session: u32, tag: &str| {
        let is = |m: &BackendMessage| matches!(m, BackendMessage::CommandComplete(t) if t == tag);
        answers.iter().filter(|answer| answer.session == session && is(&answer.message)).count()
    };
    (count(WRITER, "INSERT 0 1"), count(MOVER, "COMMIT"))
}

/// What must hold after recovery.
fn check(lab: &mut Lab, acknowledged: (usize, usize), what: &str) {
    let session = connect(lab, 0);
    let log = || {
        let lines = lab.hosts()[0].log.lines();
        lines.iter().map(|line| format!("{}: {}\n", line.level.name(), line.text)).collect::<String>()
    };
    let log = log();
    let ids = ask(lab, session, "select id from log order by id").unwrap_or_else(|e| panic!("{what}: {e}\n{log}"));
    let inserted = acknowledged.0;
    assert!(
        ids.len() == inserted || ids.len() == inserted + 1,
        "{what}: {inserted} acknowledged, found {ids:?}\n{log}"
    );
    assert!(ids.iter().enumerate().all(|(n, id)| *id == n as i64), "{what}: {ids:?}");
    let locked = ask(lab, session, "select id from accounts order by id for update");
    assert_eq!(locked, Ok(vec![1, 2]), "{what}: nobody is left who holds a row\n{log}");
    let sum = ask(lab, session, "select sum(balance) from accounts").unwrap();
    assert_eq!(sum, [1000], "{what}: a transfer was torn apart\n{log}");
    let first = ask(lab, session, "select balance from accounts where id = 1").unwrap()[0];
    let transfers: Vec<i64> = (0..ROWS as i64).filter(|n| *n != 4 && *n != 8).map(|n| n + 1).collect();
    let after = |n: usize| 500 - transfers[..n.min(transfers.len())].iter().sum::<i64>();
    let moved = acknowledged.1;
    assert!(first == after(moved) || first == after(moved + 1), "{what}: {moved} acknowledged, balance {first}");
    assert_eq!(ask(lab, session, "insert into log values (1000)"), Ok(vec![]), "{what}: it goes on");
    keep::keep_wal(lab, "crash");
}

/// The steps at which the work begins and ends.
fn span(seed: u64) -> (u64, u64) {
    let mut lab = at_work(seed);
    let from = lab.world().steps();
    lab.run(Limit::until(lab.world().now() + 500_000));
    assert_eq!(acknowledged(&mut lab), (ROWS, ROWS - 2));
    let multis = lab.hosts()[0].running.borrow().as_ref().map(|server| server.txns.multis.next().0);
    assert_ne!(multis, Some(MultiXactId::FIRST), "several held a row together");
    (from, lab.world().steps())
}

/// One in how many steps is tried: the soak tries all.
fn stride() -> usize {
    if std::env::var_os("VITRINE_SOAK").is_some() { 1 } else { 7 }
}

#[test]
fn the_power_may_fail_after_any_step() {
    let (from, to) = span(1);
    for step in (from..to).step_by(stride()) {
        let mut lab = at_work(1);
        lab.run(Limit::steps(step));
        let known = acknowledged(&mut lab);
        lab.input(Input::PowerFail { host: 0 }).unwrap();
        lab.input(Input::PowerOn { host: 0 }).unwrap();
        // A second failure in the middle of recovery, now and then.
        if step % 3 == 0 {
            lab.run(Limit::steps(lab.world().steps() + step % 20));
            lab.input(Input::PowerFail { host: 0 }).unwrap();
            lab.input(Input::PowerOn { host: 0 }).unwrap();
        }
        lab.run(Limit::IDLE);
        check(&mut lab, known, &format!("power, step {step}"));
    }
}

#[test]
fn a_backend_may_be_killed_after_any_step() {
    let (from, to) = span(2);
    for step in (from..to).step_by(stride() * 2) {
        let mut lab = at_work(2);
        lab.run(Limit::steps(step));
        let known = acknowledged(&mut lab);
        let postmaster = lab.hosts()[0].port.postmaster().unwrap();
        let victim = backend(&lab);
        lab.input(Input::Kill { pid: victim.0 }).unwrap();
        lab.run(Limit::IDLE);
        assert_eq!(lab.hosts()[0].port.postmaster(), Some(postmaster), "the postmaster lives on");
        check(&mut lab, known, &format!("kill, step {step}"));
    }
}

fn backend(lab: &Lab) -> Pid {
    let all = lab.world().processes();
    let is = |kind: BackendType, host: HostId| kind == BackendType::ClientBackend && host == HostId(0);
    all.iter().find(|p| is(p.backend_type, p.host)).map(|p| p.pid).unwrap()
}
