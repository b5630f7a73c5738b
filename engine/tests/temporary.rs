//! What is there only for a while: temporary tables in a session's own buffers, temporary files of sorts. They are gone when
//! they should be, also when a process dies or the power fails, and the log has nothing of them.

#[path = "common/client.rs"]
mod client;
#[path = "common/keep.rs"]
mod keep;

use client::connect;
use vitrine_engine::cluster::{Input, Lab, LabSpec};
use vitrine_engine::ids::TimestampTz;
use vitrine_engine::inspect::{self, PanelRequest, PanelView, ViewRequest};
use vitrine_engine::server::protocol::BackendMessage;
use vitrine_engine::txn::MemoryPurpose;
use vitrine_engine::world::{Limit, Stop};

const SORT: &str = "select a, w from t order by w, a offset 3999";

/// The rows of a query's last statement, or its error.
fn ask(lab: &mut Lab, session: u32, text: &str) -> Result<String, String> {
    let mut rows = Vec::new();
    for message in client::converse(lab, session, text) {
        match message {
            BackendMessage::RowDescription(_) => rows.clear(),
            BackendMessage::DataRow(row) => {
                rows.push(row.into_iter().map(|value| client::text(value, "NULL")).collect::<Vec<_>>().join("|"));
            }
            BackendMessage::ErrorResponse(error) => return Err(format!("{:?} {error}", error.code())),
            _ => {}
        }
    }
    Ok(rows.join(" "))
}

/// The files below base/ whose names begin so.
fn files(lab: &Lab, host: usize, prefix: &str) -> Vec<String> {
    lab.hosts()[host].disk.list(prefix)
}

fn plain() -> Lab {
    Lab::open(LabSpec::plain(1, TimestampTz(0)), inspect::functions).unwrap()
}

/// A world in which a session sorts more than its memory holds, up to the middle of it.
fn in_a_sort() -> Lab {
    let mut lab = Lab::open(LabSpec { standby: false, ..LabSpec::lab(7) }, inspect::functions).unwrap();
    let session = connect(&mut lab, 0);
    ask(&mut lab, session, "create table t (a int, w text)").unwrap();
    ask(&mut lab, session, "insert into t select n, 'word ' || n % 77 from generate_series(1, 4000) n").unwrap();
    ask(&mut lab, session, "set work_mem = '64kB'").unwrap();
    lab.input(Input::Query { session, text: SORT.into() }).unwrap();
    let half = |lab: &Lab| {
        let written = files(lab, 0, "base/pgsql_tmp/");
        written.first().and_then(|path| lab.hosts()[0].disk.len(path)) >= Some(65_536)
    };
    while !half(&lab) {
        let stopped = lab.run(Limit::steps(lab.world().steps() + 1));
        assert!(!matches!(stopped, Stop::Idle { .. }));
    }
    lab
}

#[test]
fn a_sort_can_be_stopped_anywhere_and_leaves_no_file() {
    // To its end.
    let mut lab = in_a_sort();
    lab.run_to_answer(0);
    assert_eq!(files(&lab, 0, "base/pgsql_tmp"), [] as [&str; 0]);
    // Cancelled: between its steps it listens.
    let mut lab = in_a_sort();
    lab.input(Input::Cancel { session: 0 }).unwrap();
    lab.run_to_answer(0);
    assert_eq!(files(&lab, 0, "base/pgsql_tmp"), [] as [&str; 0]);
    // Killed: the postmaster starts everything anew, and removes what is left.
    let mut lab = in_a_sort();
    let pid = lab.hosts()[0]
        .running
        .borrow()
        .as_ref()
        .unwrap()
        .activity
        .borrow()
        .values()
        .find(|row| row.query == SORT)
        .map(|row| row.pid.0)
        .unwrap();
    lab.input(Input::Kill { pid }).unwrap();
    lab.run(Limit::until(lab.world().now() + 1_000_000));
    assert_eq!(files(&lab, 0, "base/pgsql_tmp"), [] as [&str; 0]);
    let session = connect(&mut lab, 0);
    assert_eq!(ask(&mut lab, session, SORT).unwrap(), "3936|word 9");
    // The power fails: whatever of the file is found is removed.
    let mut lab = in_a_sort();
    lab.input(Input::PowerFail { host: 0 }).unwrap();
    lab.input(Input::PowerOn { host: 0 }).unwrap();
    lab.run(Limit::until(lab.world().now() + 1_000_000));
    assert_eq!(files(&lab, 0, "base/pgsql_tmp"), [] as [&str; 0]);
    let session = connect(&mut lab, 0);
    assert_eq!(ask(&mut lab, session, SORT).unwrap(), "3936|word 9");
}

#[test]
fn what_works_in_memory_is_seen() {
    let mut lab = in_a_sort();
    let own_memory = |lab: &Lab, letter: &str| {
        let panels = vec![PanelRequest::Memory { host: 0 }];
        let request =
            ViewRequest { relation: "t".into(), fork: "main".into(), block: 0, wal_records: 8, xacts: 4, panels };
        let PanelView::Memory(memory) = inspect::view(lab, &request).panels.remove(0) else { panic!("no memory") };
        memory.processes.into_iter().find(|process| process.letter.as_deref() == Some(letter)).unwrap()
    };
    let process = own_memory(&lab, "A");
    let ([work], [file]) = (&process.uses[..], &process.files[..]) else { panic!("{process:?}") };
    assert_eq!((work.purpose, work.budget, process.local_buffers), (MemoryPurpose::Sort, 65_536, 0));
    assert!(
        work.disk >= 65_536 && work.rounds > 1 && work.peak <= 2 * work.budget && file.len >= 65_536,
        "{process:?}"
    );
    let other = connect(&mut lab, 0);
    let listed = ask(&mut lab, other, "select name, size > 0 from pg_ls_tmpdir()").unwrap();
    assert!(listed.is_empty() || format!("base/pgsql_tmp/{listed}") == format!("{}|t", file.path));
    lab.run_to_answer(0);
    assert!(own_memory(&lab, "A").uses.is_empty() && own_memory(&lab, "A").files.is_empty());
    let mut lab = plain();
    let session = connect(&mut lab, 0);
    ask(&mut lab, session, "create temp table t (a int); insert into t values (1)").unwrap();
    let process = own_memory(&lab, "A");
    assert_eq!((process.local_pages, process.local_buffers), (1, 1024));
}

#[test]
fn all_sizes_of_memory_give_the_same_rows() {
    let mut lab = plain();
    let session = connect(&mut lab, 0);
    ask(&mut lab, session, "create table t (a int, w text)").unwrap();
    let load = "insert into t select n * 7919 % 20011, 'word ' || n % 4001 from generate_series(1, 20000) n";
    ask(&mut lab, session, load).unwrap();
    let mut sorted = Vec::new();
    for memory in ["64kB", "128kB", "1MB", "4MB", "64MB"] {
        ask(&mut lab, session, &format!("set work_mem = '{memory}'; set maintenance_work_mem = '1MB'")).unwrap();
        sorted.push(ask(&mut lab, session, "select a, w from t order by w desc, a").unwrap());
        ask(&mut lab, session, "create index i on t (w, a); drop index i").unwrap();
        assert_eq!(files(&lab, 0, "base/pgsql_tmp"), [] as [&str; 0]);
    }
    assert!(sorted.iter().all(|rows| *rows == sorted[0]) && sorted[0].len() > 200_000);
}

#[test]
fn a_temporary_table_larger_than_its_buffers_is_in_files_and_not_in_the_log() {
    let mut lab = plain();
    let (own, other) = (connect(&mut lab, 0), connect(&mut lab, 0));
    ask(&mut lab, own, "set temp_buffers = 100; create temp table t (a int primary key, w text)").unwrap();
    let before = ask(&mut lab, own, "select pg_current_wal_insert_lsn()").unwrap();
    ask(&mut lab, own, "insert into t select n, repeat('x', 500) from generate_series(1, 4000) n").unwrap();
    ask(&mut lab, own, "update t set w = 'y' || w where a % 2 = 0; delete from t where a % 5 = 0").unwrap();
    ask(&mut lab, own, "vacuum t").unwrap();
    let written = ask(&mut lab, own, &format!("select pg_current_wal_insert_lsn() - '{before}'")).unwrap();
    assert!(written.parse::<u64>().unwrap() < 20_000, "{written} bytes of log");
    assert_eq!(
        ask(&mut lab, own, "select count(*), min(a), max(a), sum(length(w)) from t").unwrap(),
        "3200|1|3999|1601600"
    );
    assert_eq!(ask(&mut lab, own, "select length(w) from t where a = 3998").unwrap(), "501");
    let path = ask(&mut lab, own, "select pg_relation_filepath('t')").unwrap();
    assert!(lab.hosts()[0].disk.len(&path).unwrap() > 200 * 8192, "{path}");
    assert_eq!(ask(&mut lab, own, "select count(*) from pg_buffercache where reltablespace > 2000").unwrap(), "0");

    // Nobody else finds it, nor may look into it.
    assert!(ask(&mut lab, other, "select * from t").unwrap_err().starts_with("42P01"));
    for look in [
        "select * from pg_temp_3.t",
        "insert into pg_temp_3.t values (1)",
        "create index on pg_temp_3.t (w)",
        "select get_raw_page('pg_temp_3.t', 0)",
    ] {
        assert!(ask(&mut lab, other, look).unwrap_err().starts_with("0A000"), "{look}");
    }
    assert_eq!(ask(&mut lab, other, "vacuum").unwrap(), "");
    ask(&mut lab, other, "create temp table t (b int); insert into t values (7)").unwrap();
    assert_eq!(ask(&mut lab, other, "select * from t").unwrap(), "7");

    // It ends with its session.
    lab.input(Input::Disconnect { session: own }).unwrap();
    lab.run(Limit::IDLE);
    assert_eq!(files(&lab, 0, "base/5/t3"), [] as [&str; 0]);
    assert_eq!(ask(&mut lab, other, "select count(*) from pg_class where relpersistence = 't'").unwrap(), "1");
    keep::keep_wal(&lab, "temporary");
}

#[test]
fn what_a_crash_leaves_of_temporary_tables_is_removed() {
    let mut lab = plain();
    let session = connect(&mut lab, 0);
    ask(&mut lab, session, "create temp table t (a int primary key); insert into t values (1); checkpoint").unwrap();
    lab.input(Input::PowerFail { host: 0 }).unwrap();
    lab.input(Input::PowerOn { host: 0 }).unwrap();
    lab.run(Limit::IDLE);
    assert_eq!(files(&lab, 0, "base/5/t"), [] as [&str; 0]);
    let session = connect(&mut lab, 0);
    // The catalogs still speak of it, until a session with the same number needs the schema.
    let count = "select count(*) from pg_class where relpersistence = 't'";
    assert_eq!(ask(&mut lab, session, count).unwrap(), "2");
    ask(&mut lab, session, "create temp table other (a int)").unwrap();
    assert_eq!(ask(&mut lab, session, count).unwrap(), "1");
}

#[test]
fn a_standby_has_no_temporary_tables() {
    let mut lab = Lab::open(LabSpec::lab(3), inspect::functions).unwrap();
    lab.run(Limit::until(lab.world().now() + 3_000_000));
    let (own, there) = (connect(&mut lab, 0), connect(&mut lab, 1));
    ask(&mut lab, own, "create temp table t (a int); insert into t values (1)").unwrap();
    ask(&mut lab, own, "create table done (a int)").unwrap();
    lab.run(Limit::until(lab.world().now() + 3_000_000));
    assert_eq!(ask(&mut lab, there, "select count(*) from done").unwrap(), "0");
    let refused = ask(&mut lab, there, "create temp table t (a int)").unwrap_err();
    assert!(refused.starts_with("25006") && refused.contains("cannot execute CREATE TABLE in a read-only transaction"));
    assert!(ask(&mut lab, there, "select * from pg_temp_3.t").unwrap_err().starts_with("0A000"));
    assert_eq!(files(&lab, 1, "base/5/t"), [] as [&str; 0]);
    keep::keep_wal(&lab, "temporary-standby");
}
