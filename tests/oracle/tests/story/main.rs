//! The whole story in the lab, held against what a real server did for the same statements: records, pages, maps,
//! pg_xact after each step; and, where PostgreSQL 15 is installed, read by its own programs.

mod tale;

use tale::{FIRST_XID, Tale};
use vitrine_engine::ids::{Fork, Lsn, Xid};
use vitrine_engine::storage::{PageBytes, clog, page};
use vitrine_engine::wal::decode::decode_record;
use vitrine_engine::wal::describe::waldump_line;
use vitrine_oracle::golden::{Record, Step, step};
use vitrine_oracle::live::{Programs, Scratch};
use vitrine_oracle::records::{Comparable, comparable};

/// The comparable records of a golden step; of long ones the files have only the beginning.
fn expected(step: &Step) -> Vec<Comparable> {
    let decode = |r: &Record| decode_record(r.line.lsn, r.line.lsn, &r.bytes).expect("a golden record");
    step.wal().iter().filter(|record| record.is_whole()).filter_map(|record| comparable(&decode(record))).collect()
}

/// Fails at the first byte that differs, the LSN aside, which depends on all that was logged before.
fn assert_same_page(what: &str, ours: &PageBytes, theirs: &PageBytes) {
    let (mut ours, mut theirs) = (*ours, *theirs);
    page::set_lsn(&mut ours, Lsn::INVALID);
    page::set_lsn(&mut theirs, Lsn::INVALID);
    let around = |page: &PageBytes, at: usize| format!("{:02x?}", &page[at & !15..(at & !15) + 16]);
    if let Some(at) = ours.iter().zip(theirs.iter()).position(|(a, b)| a != b) {
        panic!("{what}: byte {at:#x}\nours   {}\ntheirs {}", around(&ours, at), around(&theirs, at));
    }
}

/// Compares everything that a step did with what the real server did.
fn check(tale: &mut Tale, golden: &Step) {
    let name = &golden.name;
    let records = tale.records().into_iter().filter(|record| record.total_len <= 512);
    let written: Vec<Comparable> = records.filter_map(|record| comparable(&record)).collect();
    assert_eq!(written, expected(golden), "records of {name}");
    if let Some(theirs) = golden.page("page") {
        assert_same_page(name, &tale.pages(Fork::Main)[0], &theirs);
    }
    for fork in [Fork::Fsm, Fork::Vm] {
        let theirs = golden.map(fork.name());
        if !theirs.is_empty() {
            let ours = tale.pages(fork);
            assert_eq!(ours.len(), theirs.len(), "pages of {} after {name}", fork.name());
            ours.iter().zip(&theirs).for_each(|(ours, theirs)| assert_same_page(name, ours, theirs));
        }
    }
    if let Some(theirs) = golden.page("pg_xact") {
        check_statuses(tale, &theirs);
    }
}

/// Two bits for each transaction of the story, in the file as a checkpoint has left it.
fn check_statuses(tale: &Tale, theirs: &PageBytes) {
    let ours: Box<PageBytes> = tale.file("pg_xact/0000").into_boxed_slice().try_into().expect("one page");
    let mut xid = FIRST_XID;
    while xid.precedes(Xid(FIRST_XID.0 + 60)) {
        assert_eq!(clog::status(&ours, xid), clog::status(theirs, xid), "pg_xact of {xid}");
        xid = xid.next();
    }
}

/// Tells a step as it was told to the real server, and compares.
fn tell(tale: &mut Tale, name: &str) {
    let golden = step(name);
    for (who, text) in golden.said() {
        // psql's own commands are none of the server's.
        if !text.starts_with('\\') {
            tale.say(who, text);
        }
    }
    check(tale, &golden);
}

/// The story up to the first checkpoint: the ids are those of the real server.
fn opening() -> Tale {
    let mut tale = Tale::begin();
    assert_eq!(tale.server().txns.procs.next_xid().xid(), FIRST_XID, "the first transaction after initdb");
    tale.say('A', "CREATE TABLE accounts(id int, owner text, balance numeric)");
    let _ = tale.records();
    tell(&mut tale, "insert");
    // In place of CREATE EXTENSION, four times.
    tale.burn_xids(4);
    let _ = tale.records();
    for name in ["first-select", "checkpoint"] {
        tell(&mut tale, name);
    }
    tale
}

const BEFORE_THE_CRASH: [&str; 19] = [
    "begin",
    "update",
    "a-select",
    "b-select-before",
    "commit",
    "b-select-after",
    "checkpoint-2",
    "vacuum",
    "vacuum-again",
    "first-writer",
    "second-writer-waits",
    "second-writer-goes-on",
    "both-written",
    "repeatable-read",
    "delete",
    "rollback",
    "insert-one",
    "vacuum-2",
    "checkpoint-3",
];

#[test]
fn the_lab_writes_what_postgresql_writes() {
    let mut tale = opening();
    for name in BEFORE_THE_CRASH {
        tell(&mut tale, name);
    }
    tell(&mut tale, "before-kill");
    tale.kill_b();
    check(&mut tale, &step("backend-killed"));
    tell(&mut tale, "after-kill");
    tell(&mut tale, "before-plug");
    tale.pull_the_plug();
    check(&mut tale, &step("plug-pulled"));
    tell(&mut tale, "after-plug");
    tell(&mut tale, "last-checkpoint");
}

#[test]
fn the_real_programs_read_what_the_lab_has_written() {
    let Some(programs) = Programs::find_or_skip("the story's files", 2) else { return };
    let mut tale = Tale::begin();
    let start = tale.server().wal.redo();
    tale.say('A', "CREATE TABLE accounts(id int, owner text, balance numeric)");
    for name in ["insert", "first-select", "checkpoint"].into_iter().chain(BEFORE_THE_CRASH) {
        for (who, text) in step(name).said().into_iter().filter(|(_, text)| !text.starts_with('\\')) {
            tale.say(who, text);
        }
    }
    tale.say('A', "CHECKPOINT");
    let end = tale.server().wal.flush_lsn();
    let own = tale.records();
    let folder = tale.copy_files("story");
    let dump = programs.waldump(&folder.join("pg_wal"), &start.to_string());
    let control = programs.run("pg_controldata", &["-D", folder.to_str().expect("a UTF-8 path")]);
    std::fs::remove_dir_all(&folder).expect("the copies can be deleted");

    // It ends where the engine's log ends, and for no other reason.
    assert!(dump.end.contains(&format!("invalid record length at {end}: wanted 24, got 0")), "{}", dump.end);
    // It says of each record what the engine says of it.
    let said: Vec<String> = own.iter().map(|record| waldump_line(record).expect("a known record")).collect();
    let first = dump.lines.len() - said.len();
    for (theirs, ours) in dump.lines[first..].iter().zip(&said) {
        assert_eq!(theirs.trim_end(), ours.trim_end());
    }

    let text = String::from_utf8_lossy(&control.stdout);
    assert!(control.stderr.is_empty(), "{}", String::from_utf8_lossy(&control.stderr));
    for line in ["Database cluster state:               in production", "Bytes per WAL segment:                1048576"]
    {
        assert!(text.contains(line), "{text}");
    }
}

#[test]
fn pageinspect_is_answered_as_by_a_real_server() {
    let Some(programs) = Programs::find_or_skip("pageinspect on the lab's pages", 3) else { return };
    let server = Scratch::start(&programs, "inspect").expect("a scratch server starts");
    let mut tale = opening();
    for name in &BEFORE_THE_CRASH[..BEFORE_THE_CRASH.len() - 1] {
        tell(&mut tale, name);
    }
    let page = "get_raw_page('accounts', 0)";
    let bytes: String = tale.pages(Fork::Main)[0].iter().map(|byte| format!("{byte:02x}")).collect();
    for query in [
        "SELECT * FROM page_header(PAGE)",
        "SELECT lp, lp_off, lp_flags, lp_len, t_xmin, t_xmax, t_field3, t_ctid, t_infomask2, t_infomask, t_hoff, t_bits, \
         t_data FROM heap_page_items(PAGE)",
        "SELECT lp, f.* FROM heap_page_items(PAGE), heap_tuple_infomask_flags(t_infomask, t_infomask2) f \
         WHERE t_infomask IS NOT NULL",
    ] {
        let mut ours = tale.say('A', &query.replace("PAGE", page));
        let tag = ours.pop().unwrap_or_default();
        assert!(tag.starts_with("SELECT "), "{query}: {tag}");
        assert_eq!(ours, server.ask(&query.replace("PAGE", &format!("decode('{bytes}', 'hex')"))), "{query}");
    }
}
