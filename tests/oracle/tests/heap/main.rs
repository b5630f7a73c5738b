//! The story below SQL: the heap, transactions and the log alone write the pages and the records that a real server
//! wrote for the same statements.
//!
//! Two sessions share one small server without processes of its own: nothing else runs, so that every byte of the
//! table's page and every record about it can be compared. What SQL would do (find the row, compute the new one) is
//! done here by hand.

mod chance;
mod house;

use house::{FIRST_FILE, FIRST_XID, House};
use vitrine_engine::ids::{BlockNumber, Fork, Xid};
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
    // Of long records only the first bytes were captured.
    let cut: Vec<u32> = golden.wal().iter().filter(|record| !record.is_whole()).map(|r| r.line.tot_len).collect();
    let written = house.records();
    let written: Vec<Comparable> =
        written.iter().filter(|record| !cut.contains(&record.total_len)).filter_map(comparable).collect();
    assert_eq!(written, expected(&golden), "records of {name}");
    if let Some(theirs) = golden.page("page") {
        assert_same_page(name, &house.page(BlockNumber(0)), &theirs);
    }
    for (fork, section) in [(Fork::Vm, "vm"), (Fork::Fsm, "fsm")] {
        for (block, theirs) in golden.map(section).iter().enumerate() {
            let ours = house.page_of(fork, BlockNumber(block as u32));
            assert_same_page(&format!("{name}, {section} {block}"), &ours, theirs);
        }
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

    let said = house.a().vacuum(false);
    check(&mut house, "vacuum");
    assert_eq!((said.relpages, said.reltuples, said.relallvisible), (1, 3.0, 1));
    assert_eq!(said.relfrozenxid, Some(Xid(725)));
    house.a().vacuum(false);
    check(&mut house, "vacuum-again");
    writers_and_waiters(&mut house);
    house.a().vacuum(false);
    check(&mut house, "vacuum-2");
}

/// The second half of the story: sessions in each other's way, a ROLLBACK, and what VACUUM finds afterwards.
fn writers_and_waiters(house: &mut House) {
    house.a().begin();
    house.a().update(2, "40");
    check(house, "first-writer");
    house.b().update(2, "35");
    check(house, "second-writer-waits");
    house.a().commit();
    check(house, "second-writer-goes-on");
    house.b().select();
    check(house, "both-written");

    house.b().begin_repeatable_read();
    house.b().select();
    house.a().update(2, "1");
    house.b().fail_to_update(2);
    check(house, "repeatable-read");
    house.a().delete(3);
    check(house, "delete");
    house.a().begin();
    house.a().insert(&[(4, "Dave", "12.5")]);
    house.a().rollback();
    check(house, "rollback");
    house.a().insert(&[(5, "Eve", "")]);
    check(house, "insert-one");
}
