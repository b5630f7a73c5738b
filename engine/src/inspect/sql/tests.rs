//! The shape of every function and view, and what they say of real pages, against a real server; and what they say of a
//! lab.

use super::super::tests::{ask, connect, opening};
use crate::cluster::{Input, Lab, LabSpec};
use crate::inspect::functions;
use crate::server::protocol::{BackendMessage, FrontendMessage, Target};
use crate::types::TypeId;

/// The columns that a statement would return, without running it.
fn describe(lab: &mut Lab, session: u32, statement: String) -> Result<Vec<String>, String> {
    let messages = [
        FrontendMessage::Parse { name: String::new(), query: statement, parameter_types: Vec::new() },
        FrontendMessage::Describe(Target::Statement(String::new())),
        FrontendMessage::Sync,
    ];
    for message in messages {
        lab.input(Input::Message { session, message }).unwrap();
    }
    lab.run_to_answer(session);
    let mut found = Err("no answer".to_string());
    for answer in lab.take_answers() {
        match answer.message {
            BackendMessage::RowDescription(fields) => {
                let type_of = |oid| TypeId::from_oid(oid).map_or("unknown".into(), |ty| ty.to_string());
                found = Ok(fields.iter().map(|f| format!("{} {}", f.name, type_of(f.type_oid))).collect());
            }
            BackendMessage::ErrorResponse(error) => return Err(error.to_string()),
            _ => {}
        }
    }
    found
}

/// The sections of a golden file: what stands behind `==`, and the lines below.
fn sections(golden: &str) -> Vec<(&str, Vec<&str>)> {
    let section = |text| {
        let mut lines = str::lines(text);
        (lines.next().unwrap_or_default(), lines.filter(|line| !line.is_empty()).collect())
    };
    golden.split("== ").skip(1).map(section).collect()
}

#[test]
fn everything_has_the_shape_that_it_has_in_postgresql() {
    let mut lab = Lab::open(LabSpec::lab(1), functions).unwrap();
    let session = connect(&mut lab, 0);
    let mut wrong = Vec::new();
    for (call, columns) in sections(include_str!("../../../tests/golden/pg15/inspect-columns.txt")) {
        // The types that have stand-ins.
        let expected: Vec<String> = columns
            .iter()
            .map(|column| match column.rsplit_once(' ') {
                Some((name, "inet" | "pg_snapshot" | "txid_snapshot")) => format!("{name} text"),
                _ => column.to_string(),
            })
            .collect();
        let found = describe(&mut lab, session, format!("SELECT * FROM {call}"));
        if found.as_ref() != Ok(&expected) {
            wrong.push(format!("{call}\n  {found:?}\n  {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

macro_rules! pages {
    ($($name:literal)*) => {
        [$(($name, &include_bytes!(concat!("../../../tests/golden/pg15/", $name, ".page"))[..])),*]
    };
}

#[test]
fn real_pages_read_as_pageinspect_reads_them() {
    let pages = pages!("accounts-updated" "accounts-vacuumed" "aborted-vacuumed" "churn-reused" "mixed-rows"
        "accounts-fsm0" "accounts-fsm2");
    let mut lab = Lab::open(LabSpec::lab(1), functions).unwrap();
    let session = connect(&mut lab, 0);
    for (title, expected) in sections(include_str!("../../../tests/golden/pg15/inspect-pages.txt")) {
        let rows: Vec<String> = match title.split_once(' ') {
            Some((function, name)) => {
                let page = pages.iter().find(|page| page.0 == name).expect("a page of this name").1;
                let hex: String = page.iter().map(|byte| format!("{byte:02x}")).collect();
                ask(&mut lab, session, &format!("SELECT * FROM {function}('\\x{hex}'::bytea)"))
            }
            None => expected
                .iter()
                .flat_map(|line| {
                    let masks: Vec<&str> = line.split('|').collect();
                    let (a, b) = (masks[0], masks[1]);
                    ask(&mut lab, session, &format!("SELECT {a}, {b}, f.* FROM heap_tuple_infomask_flags({a}, {b}) f"))
                })
                .collect(),
        };
        let lines: Vec<&str> = rows.iter().flat_map(|row| row.lines()).collect();
        assert_eq!(lines, expected, "{title}");
    }
}

#[test]
fn a_page_of_a_table_is_shown() {
    let mut lab = opening();
    let b = 1;
    let rows = ask(&mut lab, b, "SELECT lp, t_ctid, t_infomask2 FROM heap_page_items(get_raw_page('accounts', 0))");
    assert_eq!(rows, ["1|(0,4)|16387", "2|(0,2)|3", "3|(0,3)|3", "4|(0,4)|32771"]);
    assert_eq!(
        ask(&mut lab, b, "SELECT get_raw_page('accounts', 7)"),
        ["ERROR:  block number 7 is out of range for relation \"accounts\""]
    );
    assert_eq!(ask(&mut lab, b, "SELECT get_raw_page('nix', 0)"), ["ERROR:  relation \"nix\" does not exist"]);
    assert_eq!(
        ask(&mut lab, b, "SELECT get_raw_page('accounts', 'fsm', 0)"),
        ["ERROR:  could not open file \"base/5/16384_fsm\": No such file or directory"]
    );
    assert_eq!(
        ask(&mut lab, b, "SELECT pg_relation_filepath('accounts'), pg_relation_size('accounts')"),
        ["base/5/16384|8192"]
    );
    assert_eq!(ask(&mut lab, b, "SELECT * FROM pg_visibility_map('accounts')"), ["0|f|f"]);
    let buffer = "SELECT isdirty, relforknumber FROM pg_buffercache WHERE relfilenode = 16384";
    assert_eq!(ask(&mut lab, b, buffer), ["t|0"]);
}

#[test]
fn the_log_is_shown() {
    let mut lab = opening();
    let records = "SELECT r.resource_manager, r.record_type FROM pg_control_checkpoint() c,
        pg_get_wal_records_info_till_end_of_wal(c.redo_lsn) r WHERE r.block_ref LIKE '%/16384 %'";
    assert_eq!(ask(&mut lab, 1, records), ["Heap|INSERT+INIT", "Heap|INSERT", "Heap|INSERT"]);
    assert_eq!(ask(&mut lab, 1, "SELECT pg_current_wal_insert_lsn() > pg_current_wal_flush_lsn()"), ["t"]);
    assert_eq!(
        ask(&mut lab, 1, "SELECT pg_walfile_name('0/1000001'), pg_walfile_name('0/1000000')"),
        ["000000010000000000000010|00000001000000000000000F"]
    );
    let c = connect(&mut lab, 1);
    assert_eq!(ask(&mut lab, c, "SELECT pg_current_wal_lsn()"), ["ERROR:  recovery is in progress"]);
    assert_eq!(ask(&mut lab, c, "SELECT pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn()"), ["t"]);
    assert_eq!(ask(&mut lab, c, "SELECT status FROM pg_stat_wal_receiver"), ["streaming"]);
    assert_eq!(
        ask(&mut lab, 0, "SELECT application_name, state, sync_state FROM pg_stat_replication"),
        ["standby|streaming|async"]
    );
}

#[test]
fn sessions_and_locks_are_shown() {
    let mut lab = opening();
    let c = connect(&mut lab, 0);
    let update = "update accounts set balance = 0 where id = 1";
    lab.input(Input::Query { session: 1, text: update.into() }).unwrap();
    lab.run(crate::world::Limit::IDLE);
    let waiting = "SELECT state, wait_event, query FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
    assert_eq!(ask(&mut lab, c, waiting), [format!("active|transactionid|{update}")]);
    let blocked = "SELECT l.mode, pg_blocking_pids(l.pid)::text = '{' || h.pid || '}' FROM pg_locks l
        JOIN pg_locks h ON l.transactionid = h.transactionid AND h.granted WHERE NOT l.granted";
    assert_eq!(ask(&mut lab, c, blocked), ["ShareLock|t"]);
    let cancel = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
    assert_eq!(ask(&mut lab, c, cancel), ["t"]);
    assert_eq!(ask(&mut lab, c, waiting), [""; 0]);
    let nobody = "SELECT pg_terminate_backend(1)";
    assert_eq!(ask(&mut lab, c, nobody), ["WARNING:  PID 1 is not a PostgreSQL backend process", "f"]);
    let setting = "SELECT setting, unit, vartype FROM pg_settings WHERE name = 'shared_buffers'";
    assert_eq!(ask(&mut lab, c, setting), ["32|8kB|integer"]);
    assert_eq!(
        ask(&mut lab, c, "SELECT pg_ls_dir FROM pg_ls_dir('global') WHERE pg_ls_dir LIKE 'pg%'"),
        ["pg_control", "pg_filenode.map"]
    );
}

#[test]
fn a_vacuum_under_way_is_shown() {
    let mut lab = opening();
    let c = connect(&mut lab, 0);
    lab.input(Input::Query { session: 1, text: "vacuum accounts".into() }).unwrap();
    let server = lab.hosts()[0].running.borrow().clone().unwrap();
    while server.txns.vacuums.borrow().is_empty() {
        lab.run(crate::world::Limit::steps(lab.world().steps() + 1));
    }
    let progress = "SELECT phase, heap_blks_total, heap_blks_vacuumed, max_dead_tuples FROM pg_stat_progress_vacuum";
    let pid = lab.sessions()[1].pid.unwrap().0;
    lab.input(Input::Freeze { pid, frozen: true }).unwrap();
    assert_eq!(ask(&mut lab, c, progress), ["scanning heap|1|0|291"]);
    lab.input(Input::Freeze { pid, frozen: false }).unwrap();
    lab.run(crate::world::Limit::IDLE);
    assert_eq!(ask(&mut lab, c, progress), [""; 0]);
}
