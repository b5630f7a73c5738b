//! The story below SQL: the heap, transactions and the log alone write the pages and the records that a real server
//! wrote for the same statements.
//!
//! Two sessions share one small server without processes of its own: nothing else runs, so that every byte of the
//! table's page and every record about it can be compared. What SQL would do (find the row, compute the new one) is
//! done here by hand.

mod chance;
mod house;

use house::{FIRST_FILE, FIRST_XID, House};
use vitrine_engine::ids::BlockNumber;
use vitrine_engine::storage::{PageBytes, page};
use vitrine_oracle::golden::{Record, Step, step};
use vitrine_oracle::records::{Comparable, comparable};

/// The comparable records of a golden step.
fn expected(step: &Step) -> Vec<Comparable> {
    let decode = |record: &Record| {
        let line = &record.line;
        vitrine_engine::wal::decode::decode_record(line.lsn, line.lsn, &record.bytes).unwrap()
    };
    step.wal().iter().filter(|record| record.is_whole()).filter_map(|record| comparable(&decode(record))).collect()
}

/// A page without its LSN, which depends on all that was logged before.
fn without_lsn(bytes: &PageBytes) -> Box<PageBytes> {
    let mut bytes = Box::new(*bytes);
    page::set_lsn(&mut bytes, vitrine_engine::ids::Lsn::INVALID);
    bytes
}

/// Fails at the first byte that differs.
fn assert_same_page(what: &str, ours: &PageBytes, theirs: &PageBytes) {
    let (ours, theirs) = (without_lsn(ours), without_lsn(theirs));
    let around = |page: &PageBytes, at: usize| format!("{:02x?}", &page[at & !15..(at & !15) + 16]);
    if let Some(at) = ours.iter().zip(theirs.iter()).position(|(a, b)| a != b) {
        panic!("{what}: byte {at:#x}\nours   {}\ntheirs {}", around(&ours, at), around(&theirs, at));
    }
}

/// Compares everything that a step did with what the real server did.
fn check(house: &mut House, name: &str) {
    let golden = step(name);
    let written: Vec<Comparable> = house.records().iter().filter_map(comparable).collect();
    assert_eq!(written, expected(&golden), "records of {name}");
    if let Some(theirs) = golden.page("page") {
        assert_same_page(name, &house.page(BlockNumber(0)), &theirs);
    }
}

#[test]
fn the_heap_writes_what_postgresql_writes() {
    let mut house = House::new(FIRST_XID, FIRST_FILE);
    // CREATE TABLE has taken the first id.
    house.burn_xids(1);
    let _ = house.records();
    house.a().insert(&[(1, "Alice", "100"), (2, "Bob", "50"), (3, "Carol", "75")]);
    check(&mut house, "insert");
    // CREATE EXTENSION, four times.
    house.burn_xids(4);
    let _ = house.records();
    house.b().select();
    check(&mut house, "first-select");
    house.checkpoint();

    house.a().begin();
    house.a().update(1, "90");
    check(&mut house, "update");
    house.a().select();
    check(&mut house, "a-select");
    house.b().select();
    check(&mut house, "b-select-before");
    house.a().commit();
    check(&mut house, "commit");
    house.b().select();
    check(&mut house, "b-select-after");
    house.checkpoint();
}

#[test]
fn writers_write_what_postgresql_writes() {
    let mut house = House::new(FIRST_XID, FIRST_FILE);
    // The page and the ids as they are after the first VACUUM of the story.
    house.a().insert(&[(0, "", "")]);
    house.burn_xids(5);
    house.burn_xids(1);
    house.checkpoint();
    house.adopt_vacuumed(&step("vacuum-again").page("page").unwrap());
    let _ = house.records();

    house.a().begin();
    house.a().update(2, "40");
    check(&mut house, "first-writer");
    house.b().update(2, "35");
    check(&mut house, "second-writer-waits");
    house.a().commit();
    check(&mut house, "second-writer-goes-on");
    house.b().select();
    check(&mut house, "both-written");

    house.b().begin_repeatable_read();
    house.b().select();
    house.a().update(2, "1");
    house.b().fail_to_update(2);
    check(&mut house, "repeatable-read");
    house.a().delete(3);
    check(&mut house, "delete");
    house.a().begin();
    house.a().insert(&[(4, "Dave", "12.5")]);
    house.a().rollback();
    check(&mut house, "rollback");
    house.a().insert(&[(5, "Eve", "")]);
    check(&mut house, "insert-one");
}
