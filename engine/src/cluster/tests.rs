//! The cluster as a whole: it starts, a standby follows, crashes are recovered from.

use super::*;
use crate::server::{Server, ServerState};
use crate::world::{Limit, Stop};
use std::rc::Rc;

fn server(lab: &Lab, host: usize) -> Rc<Server> {
    lab.hosts()[host].running.borrow().clone().expect("no server runs")
}

fn log(lab: &Lab, host: usize) -> Vec<String> {
    lab.hosts()[host].log.lines().into_iter().map(|line| format!("{}: {}", line.level.name(), line.text)).collect()
}

#[test]
fn a_new_cluster_starts_and_a_standby_follows() {
    let mut lab = Lab::open(LabSpec::lab(1)).unwrap();
    let stop = lab.run(Limit::IDLE);
    assert!(matches!(stop, Stop::Idle { .. }), "{stop:?}");
    assert_eq!(server(&lab, 0).state.get(), ServerState::Running, "{:#?}", log(&lab, 0));
    assert_eq!(server(&lab, 1).state.get(), ServerState::HotStandby, "{:#?}{:#?}", log(&lab, 0), log(&lab, 1));
    let primary = server(&lab, 0);
    assert_eq!(server(&lab, 1).receiver.replay.get(), primary.wal.flush_lsn(), "{:#?}", log(&lab, 1));
    let standbys = primary.txns.sync_rep.standbys();
    assert_eq!(standbys.len(), 1);
    assert_eq!((standbys[0].state, standbys[0].apply), ("streaming", primary.wal.flush_lsn()));
}

#[test]
fn a_cluster_that_lost_its_power_recovers() {
    for seed in 0..10 {
        let mut lab = Lab::open(LabSpec::lab(seed)).unwrap();
        for host in [0, 1] {
            lab.input(Input::PowerFail { host }).unwrap();
            lab.run(Limit::IDLE);
            lab.input(Input::PowerOn { host }).unwrap();
        }
        lab.run(Limit::until(lab.world().now() + 20_000_000));
        let states: Vec<_> = (0..2).map(|host| server(&lab, host).state.get()).collect();
        assert_eq!(states, [ServerState::Running, ServerState::HotStandby], "{:#?}{:#?}", log(&lab, 0), log(&lab, 1));
        let end = server(&lab, 0).wal.flush_lsn();
        assert_eq!(server(&lab, 1).receiver.replay.get(), end, "{:#?}{:#?}", log(&lab, 0), log(&lab, 1));
    }
}

#[test]
fn the_same_inputs_make_the_same_history() {
    let mut lab = Lab::open(LabSpec::lab(7)).unwrap();
    lab.input(Input::Cut { cut: true }).unwrap();
    lab.run(Limit::until(lab.world().now() + 300_000));
    lab.input(Input::Cut { cut: false }).unwrap();
    lab.run(Limit::until(lab.world().now() + 30_000_000));
    let again = Lab::replay(LabSpec::lab(7), lab.recorded(), lab.world().steps()).unwrap();
    assert_eq!(again.world().hash(), lab.world().hash());
}
