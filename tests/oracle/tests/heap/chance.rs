//! Random statements, told to this engine's heap and to a real server: every page and every record equal.
//!
//! Rows of up to 600 bytes and deletes make pages fill up, prune themselves in passing, send new versions to other
//! pages, and leave VACUUM and VACUUM FREEZE something to do, down to cutting off the empty end of the table. One
//! session, since two would need the same interleaving on both sides.

use std::fmt::Write;
use std::fs;

use vitrine_engine::ids::{Lsn, Oid, RelFile, TimeLineId, WalSegSize};
use vitrine_engine::storage::PageBytes;
use vitrine_engine::wal::page::XLOG_BLCKSZ;
use vitrine_engine::wal::{WalPage, WalReader, reader};
use vitrine_engine::world::Random;
use vitrine_oracle::golden::hex;
use vitrine_oracle::live::{Programs, Scratch};
use vitrine_oracle::records::{Comparable, comparable};

use super::assert_same_page;
use super::house::House;

const STATEMENTS: usize = 250;
const SEEDS: u64 = 3;

#[derive(Clone, Debug)]
enum Statement {
    Insert(i32, usize),
    Rename(i32, usize),
    Update(i32, u64),
    Delete(i32),
    DeleteFrom(i32),
    Select,
    Begin,
    Commit,
    Rollback,
    Checkpoint,
    Vacuum,
    Freeze,
}

/// A name of so many letters.
fn name(length: usize) -> String {
    (0..length).map(|n| char::from(b'a' + (n * 7 + length) as u8 % 26)).collect()
}

impl Statement {
    fn sql(&self) -> String {
        match self {
            Statement::Insert(id, length) => format!("INSERT INTO accounts VALUES ({id}, '{}', 1)", name(*length)),
            Statement::Rename(id, length) => format!("UPDATE accounts SET owner = '{}' WHERE id = {id}", name(*length)),
            Statement::Update(id, balance) => format!("UPDATE accounts SET balance = {balance} WHERE id = {id}"),
            Statement::Delete(id) => format!("DELETE FROM accounts WHERE id = {id}"),
            Statement::DeleteFrom(id) => format!("DELETE FROM accounts WHERE id >= {id}"),
            Statement::Select => "SELECT count(*) FROM accounts".into(),
            Statement::Vacuum => "VACUUM accounts".into(),
            Statement::Freeze => "VACUUM (FREEZE) accounts".into(),
            other => format!("{other:?}").to_uppercase(),
        }
    }

    fn tell(&self, house: &House) {
        let a = house.a();
        match self {
            Statement::Insert(id, length) => a.insert(&[(*id, &name(*length), "1")]),
            Statement::Rename(id, length) => a.rename(*id, &name(*length)),
            Statement::Update(id, balance) => a.update(*id, &balance.to_string()),
            Statement::Delete(id) => a.delete(*id),
            Statement::DeleteFrom(id) => a.delete_from(*id),
            Statement::Select => a.select(),
            Statement::Begin => a.begin(),
            Statement::Commit => a.commit(),
            Statement::Rollback => a.rollback(),
            Statement::Checkpoint => house.checkpoint(),
            Statement::Vacuum => drop(a.vacuum(false)),
            Statement::Freeze => drop(a.vacuum(true)),
        }
    }
}

/// A script that makes sense: ids that mostly exist, transactions that end.
fn script(seed: u64) -> Vec<Statement> {
    let mut random = Random::new(seed, 77);
    let (mut in_block, mut next_id) = (false, 1);
    let mut script = vec![];
    while script.len() < STATEMENTS {
        let id = 1 + random.below(next_id as u64 + 1) as i32;
        let longest = if random.one_in(3) { 600 } else { 60 };
        let length = 1 + random.below(longest) as usize;
        script.push(match random.below(20) {
            0..=5 => {
                next_id += 1;
                Statement::Insert(next_id - 1, length)
            }
            6..=9 => Statement::Rename(id, length),
            10..=13 => Statement::Update(id, random.below(1_000_000)),
            14 if random.one_in(8) => Statement::DeleteFrom(id),
            14 | 15 => Statement::Delete(id),
            16 => Statement::Select,
            17 if !in_block && random.one_in(4) => Statement::Freeze,
            17 if !in_block && random.one_in(2) => Statement::Vacuum,
            17 if !in_block => Statement::Checkpoint,
            18 if in_block => Statement::Rollback,
            _ if in_block => Statement::Commit,
            _ => Statement::Begin,
        });
        in_block = match script.last() {
            Some(Statement::Begin) => true,
            Some(Statement::Commit | Statement::Rollback) => false,
            _ => in_block,
        };
    }
    // In the end most of the table is emptied and cut off, and grows again.
    script.extend(in_block.then_some(Statement::Commit));
    script.extend([Statement::DeleteFrom(next_id / 4), Statement::Vacuum, Statement::Insert(next_id, 500)]);
    script.extend([Statement::Vacuum, Statement::Insert(next_id + 1, 500)]);
    script
}

/// What was seen after each statement, and the records at the end.
struct Told {
    pages: Vec<Vec<Box<PageBytes>>>,
    records: Vec<Comparable>,
}

fn tell_house(script: &[Statement], first_xid: u64, file: RelFile) -> Told {
    let mut house = House::new(first_xid, file);
    let _ = house.records();
    let (mut pages, mut records) = (vec![], vec![]);
    for statement in script {
        statement.tell(&house);
        records.extend(house.records().iter().filter_map(comparable));
        pages.push(house.pages());
    }
    house.a().commit();
    records.extend(house.records().iter().filter_map(comparable));
    Told { pages, records }
}

/// Tells a real server, in one session; its pages come out between marks.
fn tell_server(server: &Scratch, script: &[Statement]) -> Told {
    let look = "SELECT 'page ' || encode(get_raw_page('accounts', b), 'hex') FROM generate_series(0, \
                pg_relation_size('accounts') / 8192 - 1) b";
    let mut text = String::from("SELECT 'from ' || pg_current_wal_insert_lsn();\n");
    for statement in script {
        writeln!(text, "{};\nSELECT 'seen';\n{look};", statement.sql()).unwrap();
    }
    // What the session wrote last must reach the files.
    text.push_str("COMMIT;\nSELECT pg_switch_wal()");
    let mut told = Told { pages: vec![], records: vec![] };
    let mut from = Lsn::INVALID;
    for line in server.ask(&text) {
        match line.split_once(' ') {
            Some(("from", lsn)) => from = lsn.parse().unwrap(),
            Some(("page", digits)) => {
                let page: Box<PageBytes> = hex(digits).into_boxed_slice().try_into().unwrap();
                told.pages.last_mut().unwrap().push(page);
            }
            None if line == "seen" => told.pages.push(vec![]),
            _ => {}
        }
    }
    told.records = read_records(server, from);
    told
}

/// The comparable records of the server's log from a position on, read by the engine's own reader.
fn read_records(server: &Scratch, from: Lsn) -> Vec<Comparable> {
    let size = WalSegSize::new(16 << 20).unwrap();
    let folder = server.data().join("pg_wal");
    let mut pages = reader::source(move |lsn, _| {
        let segment = fs::read(folder.join(size.file_name(TimeLineId(1), size.segment_of(lsn)))).ok()?;
        let at = size.offset_of(lsn) as usize;
        let page: &WalPage = segment.get(at..at + XLOG_BLCKSZ)?.try_into().ok()?;
        Some(*page)
    });
    let mut reader = WalReader::new(size, TimeLineId(1), None, from);
    let mut records = vec![];
    while let Ok(record) = reader.next(&mut pages) {
        records.extend(comparable(&record));
    }
    records
}

#[test]
fn random_statements_leave_the_same_bytes() {
    let Some(programs) = Programs::find_or_skip("random statements", SEEDS as usize) else { return };
    let server = Scratch::start(&programs, "chance").expect("a scratch server starts");
    for seed in 0..SEEDS {
        let script = script(seed);
        server.ask(
            "DROP TABLE IF EXISTS accounts; CREATE TABLE accounts(id int, owner text, balance numeric); CHECKPOINT",
        );
        let facts =
            server.ask("SELECT pg_snapshot_xmax(pg_current_snapshot()); SELECT pg_relation_filenode('accounts')");
        let file = RelFile { rel: Oid(facts[1].parse().unwrap()), ..super::house::FIRST_FILE };
        let theirs = tell_server(&server, &script);
        let ours = tell_house(&script, facts[0].parse().unwrap(), file);
        for (n, (ours, theirs)) in ours.pages.iter().zip(&theirs.pages).enumerate() {
            let what =
                format!("seed {seed}, after statement {n}: {}", &script[n].sql()[..60.min(script[n].sql().len())]);
            assert_eq!(ours.len(), theirs.len(), "{what}: pages");
            ours.iter().zip(theirs).for_each(|(ours, theirs)| assert_same_page(&what, ours, theirs));
        }
        for (ours, theirs) in ours.records.iter().zip(&theirs.records) {
            assert_eq!(ours, theirs, "seed {seed}");
        }
        assert_eq!(ours.records.len(), theirs.records.len(), "records of seed {seed}");
    }
}
