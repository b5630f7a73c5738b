//! A short, busy history: driven natively by `engine/tests/history.rs`, and in a browser by the wasm crate's tests.

use vitrine_engine::cluster::{Input, Lab, LabSpec};
use vitrine_engine::ids::Instant;
use vitrine_engine::inspect;

/// Two sessions and a standby session that disturb each other, a cut link, a killed backend.
fn script() -> Vec<(u64, Input)> {
    let connect = |host| Input::Connect { host, parameters: vec![("user".into(), "postgres".into())] };
    let query = |session, text: &str| Input::Query { session, text: text.into() };
    vec![
        (50_000, connect(0)),
        (51_000, connect(0)),
        (52_000, connect(1)),
        (53_000, query(0, "create table t(id int, v text)")),
        (60_000, query(0, "insert into t values (1, 'a'), (2, 'b')")),
        (65_000, query(0, "begin; update t set v = 'c' where id = 1")),
        (66_000, query(1, "update t set v = 'd' where id = 1")),
        (67_000, query(2, "select * from t")),
        (68_000, Input::Cut { cut: true }),
        (70_000, query(0, "commit")),
        (71_000, query(1, "select * from t order by id")),
        (90_000, Input::Cut { cut: false }),
        (95_000, query(1, "checkpoint; select count(*) from t")),
        (99_000, query(0, "begin; update t set v = 'lost'")),
        (101_000, Input::PowerFail { host: 0 }),
        (120_000, Input::PowerOn { host: 0 }),
        (140_000, connect(0)),
        (141_000, query(3, "select * from t order by id; vacuum t")),
    ]
}

/// The end of the script.
pub const END: Instant = Instant(400_000);

/// Drives a world through the script; `go` runs it up to a moment in some way.
pub fn drive(seed: u64, mut go: impl FnMut(&mut Lab, Instant)) -> Lab {
    let mut lab = Lab::open(LabSpec::lab(seed), inspect::functions).unwrap();
    for (at, input) in script() {
        go(&mut lab, Instant(at));
        lab.input(input).unwrap();
    }
    go(&mut lab, END);
    lab
}

/// A history as one line: seed, steps, hash.
pub fn told(seed: u64, lab: &Lab) -> String {
    format!("seed {seed}: {} steps, hash {:016x}\n", lab.world().steps(), lab.world().hash())
}
