//! Savepoints and row locks before a real server: `pg_waldump` reads the records that they write, in the engine's own
//! words, and the header bits, multixacts and pages of pg_multixact are those of a server that was told the same.

use vitrine_engine::cluster::{Input, Lab, LabSpec};
use vitrine_engine::ids::{Lsn, TimeLineId, WalSegSize};
use vitrine_engine::inspect;
use vitrine_engine::server::protocol::BackendMessage;
use vitrine_engine::wal::describe::{Tool, description};
use vitrine_engine::wal::{WalReader, WalSource, reader};
use vitrine_engine::world::Limit;
use vitrine_oracle::live::Programs;
use vitrine_oracle::waldump::Line;

fn connect(lab: &mut Lab) -> u32 {
    let session = lab.sessions().len() as u32;
    lab.input(Input::Connect { host: 0, parameters: vec![("user".into(), "postgres".into())] }).unwrap();
    lab.run_to_answer(session);
    lab.take_answers();
    session
}

fn say(lab: &mut Lab, session: u32, text: &str) {
    lab.input(Input::Query { session, text: text.into() }).unwrap();
    lab.run(Limit::IDLE);
    for answer in lab.take_answers() {
        if let BackendMessage::ErrorResponse(error) = answer.message {
            panic!("{text}: {error}");
        }
    }
}

/// A world in which everything has happened that this file is about, and where its log begins.
fn told() -> (Lab, Lsn) {
    let mut lab = Lab::open(LabSpec { standby: false, ..LabSpec::lab(3) }, inspect::functions).unwrap();
    let start = lab.hosts()[0].running.borrow().as_ref().unwrap().wal.insert_lsn();
    let (a, b) = (connect(&mut lab), connect(&mut lab));
    say(&mut lab, a, "create table t(id int, v int); insert into t values (1, 10), (2, 20), (3, 30)");
    say(&mut lab, a, "begin; savepoint x; insert into t values (4, 40); rollback to x; insert into t values (5, 50)");
    say(&mut lab, a, "release x; commit");
    let parts: String = (0..70).map(|n| format!("savepoint s; insert into t values ({n}); release s; ")).collect();
    say(&mut lab, a, &format!("begin; {parts} commit"));
    say(&mut lab, a, "begin; select * from t where id < 4 for key share");
    say(&mut lab, b, "begin; select * from t where id < 4 for share; commit");
    say(&mut lab, b, "begin; update t set id = id, v = 31 where v = 50");
    say(&mut lab, a, "select * from t where v = 50 for key share");
    say(&mut lab, b, "commit");
    say(&mut lab, a, "commit; begin; lock t; commit");
    ["vacuum freeze t", "checkpoint"].into_iter().for_each(|text| say(&mut lab, a, text));
    (lab, start)
}

#[test]
fn pg_waldump_reads_what_savepoints_and_row_locks_write() {
    let Some(programs) = Programs::find_or_skip("pg_waldump of locks", 1) else { return };
    let (lab, start) = told();
    let host = &lab.hosts()[0];
    let wal = host.running.borrow().clone().unwrap().wal.clone();
    let folder = std::env::temp_dir().join(format!("vitrine-locks-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    for path in host.disk.list("pg_wal/") {
        let bytes = host.disk.peek(&path, 0, host.disk.len(&path).unwrap() as usize).unwrap();
        std::fs::write(folder.join(path.rsplit('/').next().unwrap()), bytes).unwrap();
    }
    let dump = programs.waldump(&folder, &start.to_string());
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(dump.end.contains("invalid record length"), "{}", dump.end);
    let seg = WalSegSize::ONE_MB;
    let mut pages = reader::source(|lsn: Lsn, _| {
        let bytes = host.disk.peek(&wal.path(seg.segment_of(lsn)), seg.offset_of(lsn), 8192)?;
        <vitrine_engine::wal::WalPage>::try_from(bytes.as_slice()).ok()
    });
    let own = words(&mut pages, start);
    let lines: Vec<Line> = dump.lines.iter().filter_map(|line| Line::parse(line)).collect();
    assert_eq!(lines.len(), own.len());
    for (line, own) in lines.iter().zip(&own) {
        assert_eq!(line.desc.strip_prefix(line.operation()).unwrap_or_default().trim(), own.trim(), "{}", line.lsn);
    }
    for wanted in ["ASSIGNMENT", "CREATE_ID", "ZERO_MEM_PAGE", "LOCK_UPDATED", "LOCK", "FREEZE_PAGE"] {
        assert!(lines.iter().any(|line| line.operation() == wanted), "no {wanted}");
    }
    assert!(lines.iter().any(|line| line.desc.contains("subxacts: ")), "no commit with children");
}

/// What the engine says of each record.
fn words(pages: &mut impl WalSource, start: Lsn) -> Vec<String> {
    let mut reader = WalReader::new(WalSegSize::ONE_MB, TimeLineId(1), None, start);
    std::iter::from_fn(|| reader.next(pages).ok()).map(|r| description(&r, Tool::Waldump).unwrap()).collect()
}

#[test]
fn the_pages_of_pg_multixact_are_those_of_a_real_server() {
    // PostgreSQL 15.18: a, then b, in one table of three rows `select * from m for share`; checkpoint.
    let mut lab = Lab::open(LabSpec { standby: false, ..LabSpec::lab(4) }, inspect::functions).unwrap();
    let (a, b) = (connect(&mut lab), connect(&mut lab));
    say(&mut lab, a, "create table m(id int, v int); insert into m values (1,1),(2,2),(3,3)");
    say(&mut lab, a, "begin; select * from m for share");
    say(&mut lab, b, "begin; select * from m for share; commit; checkpoint");
    let disk = &lab.hosts()[0].disk;
    let offsets = disk.peek("pg_multixact/offsets/0000", 0, 16).unwrap();
    assert_eq!(offsets, [0, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0]);
    let members = disk.peek("pg_multixact/members/0000", 0, 20).unwrap();
    let (first, second) = (members[8], members[12]);
    assert_eq!(members, [0, 1, 1, 0, 0, 0, 0, 0, first, 2, 0, 0, second, 2, 0, 0, 0, 0, 0, 0]);
    assert_eq!(second, first + 1);
}
