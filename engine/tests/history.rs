//! One history however it is driven: the same seed and inputs give the same hash at once, step by step, and in
//! random chunks of time. `golden/history.txt` keeps the hashes, and the wasm crate's tests compare with them, so that
//! native and wasm are held against each other; `UPDATE_GOLDENFILES=1` writes it anew.

#[path = "common/history_script.rs"]
mod history_script;
#[path = "common/keep.rs"]
mod keep;

use history_script::{drive, told};
use vitrine_engine::cluster::{Lab, LabSpec};
use vitrine_engine::ids::Instant;
use vitrine_engine::inspect;
use vitrine_engine::world::{Limit, Random};

fn run_to(lab: &mut Lab, at: Instant) {
    lab.run(Limit::until(at));
}

#[test]
fn at_once_step_by_step_in_chunks_and_told_again() {
    for seed in 0..4 {
        let at_once = drive(seed, run_to);
        let (steps, hash) = (at_once.world().steps(), at_once.world().hash());
        assert!(steps > 500, "{steps}");
        keep::keep_wal(&at_once, "history");

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

#[test]
fn the_hashes_are_those_that_wasm_is_compared_with() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/history.txt");
    let told: String = (0..4).map(|seed| told(seed, &drive(seed, run_to))).collect();
    if std::env::var_os("UPDATE_GOLDENFILES").is_some() {
        std::fs::write(path, &told).unwrap();
    }
    assert_eq!(told, std::fs::read_to_string(path).unwrap());
}
