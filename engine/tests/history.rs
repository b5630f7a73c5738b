//! One history however it is driven: the same seed and inputs give the same hash at once, step by step, and in
//! random chunks of time. (That wasm gives it too is tested where the wasm is.)

use vitrine_engine::cluster::{Input, Lab, LabSpec};
use vitrine_engine::ids::Instant;
use vitrine_engine::inspect;
use vitrine_engine::world::{Limit, Random};

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

const END: Instant = Instant(400_000);

/// Drives a world through the script; `go` runs it up to a moment in some way.
fn drive(seed: u64, mut go: impl FnMut(&mut Lab, Instant)) -> Lab {
    let mut lab = Lab::open(LabSpec::lab(seed), inspect::functions).unwrap();
    for (at, input) in script() {
        go(&mut lab, Instant(at));
        lab.input(input).unwrap();
    }
    go(&mut lab, END);
    lab
}

fn run_to(lab: &mut Lab, at: Instant) {
    lab.run(Limit::until(at));
}

#[test]
fn at_once_step_by_step_in_chunks_and_told_again() {
    for seed in 0..4 {
        let at_once = drive(seed, run_to);
        let (steps, hash) = (at_once.world().steps(), at_once.world().hash());
        assert!(steps > 500, "{steps}");

        let mut chunks = Random::new(seed, 1);
        let live = drive(seed, |lab, at| {
            while lab.world().now() < at {
                let next = (lab.world().now() + 1 + chunks.below(900)).min(at);
                lab.run(Limit::until(next));
            }
        });
        assert_eq!((live.world().steps(), live.world().hash()), (steps, hash), "in chunks, seed {seed}");

        let stepped = drive(seed, |lab, at| {
            while lab.world().next_deadline().is_some_and(|next| next <= at) {
                lab.run(Limit::steps(lab.world().steps() + 1));
            }
            lab.run(Limit::until(at));
        });
        assert_eq!((stepped.world().steps(), stepped.world().hash()), (steps, hash), "step by step, seed {seed}");

        let told = Lab::replay(LabSpec::lab(seed), inspect::functions, at_once.recorded(), steps).unwrap();
        assert_eq!((told.world().steps(), told.world().hash()), (steps, hash), "told again, seed {seed}");
    }
}

#[test]
fn other_seeds_make_other_histories() {
    let hash = |seed| drive(seed, run_to).world().hash();
    assert_ne!(hash(1), hash(2));
}
