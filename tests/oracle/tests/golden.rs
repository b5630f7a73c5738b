//! The golden files, read by the engine: what the real server wrote means to it what pg_waldump and pageinspect say.

use vitrine_engine::ids::{RmgrId, Xid};
use vitrine_engine::storage::{page, tuple};
use vitrine_engine::wal::decode::decode_record;
use vitrine_oracle::golden::{Step, story};

#[test]
fn the_engine_reads_every_record_as_pg_waldump_does() {
    let mut read = 0;
    for step in story() {
        for record in step.wal().iter().filter(|record| record.is_whole()) {
            let (line, at) = (&record.line, format!("{}: {:?}", step.name, record.line));
            let decoded = decode_record(line.lsn, line.lsn, &record.bytes).unwrap_or_else(|e| panic!("{at}: {e}"));
            assert_eq!(decoded.rmid.name(), line.rmgr, "{at}");
            assert_eq!((decoded.xid, decoded.prev, decoded.total_len), (line.xid, line.prev, line.tot_len), "{at}");
            assert_eq!(decoded.fpi_len() as u32, line.tot_len - line.rec_len, "{at}");
            let blocks = decoded.blocks.iter().flatten();
            let blocks: Vec<_> = blocks.map(|b| (b.rel, b.fork, b.block, b.image.is_some())).collect();
            let shown: Vec<_> = line.blocks.iter().map(|b| (b.rel, b.fork, b.block, b.image)).collect();
            assert_eq!(blocks, shown, "{at}");
            read += 1;
        }
    }
    assert!(read > 250, "only {read} records");
}

#[test]
fn the_engine_reads_every_page_as_pageinspect_does() {
    let mut pages = 0;
    for step in story() {
        let Some(bytes) = step.page("page") else { continue };
        let header = page::header(&bytes);
        let shown = ["lsn", "flags", "lower", "upper", "prune_xid"].map(|name| step.value("header", 0, name).unwrap());
        let values = [header.lsn.to_string(), header.flags.to_string(), header.lower.to_string()];
        let values = values.into_iter().chain([header.upper.to_string(), header.prune_xid.to_string()]);
        assert_eq!(values.collect::<Vec<_>>(), shown, "{}", step.name);
        assert_eq!(step.rows("items"), usize::from(page::max_offset(&bytes)), "{}", step.name);
        for offset in page::offsets(&bytes) {
            assert_eq!(item(&bytes, offset), shown_item(&step, offset), "{}: lp {offset}", step.name);
        }
        pages += 1;
    }
    assert!(pages > 30, "only {pages} pages");
}

/// What there is to compare of an item; empty strings where a line pointer has no tuple.
type Item = [String; 8];

fn item(bytes: &[u8; 8192], offset: u16) -> Item {
    let id = page::item_id(bytes, offset);
    let [off, flags, len] = [id.off(), id.flags() as u16, id.len()].map(|n| n.to_string());
    let Some(tup) = page::heap_tuple(bytes, offset) else {
        return [off, flags, len].into_iter().chain(blank()).collect::<Vec<_>>().try_into().unwrap();
    };
    let mask = format!("{:x}", tuple::infomask(tup));
    [
        off,
        flags,
        len,
        tuple::xmin(tup).to_string(),
        tuple::xmax(tup).to_string(),
        tuple::ctid(tup).to_string(),
        format!("{:x}", tuple::infomask2(tup)),
        mask,
    ]
}

fn blank() -> impl Iterator<Item = String> {
    std::iter::repeat_n(String::new(), 5)
}

fn shown_item(step: &Step, offset: u16) -> Item {
    let row = usize::from(offset) - 1;
    let columns = ["lp_off", "lp_flags", "lp_len", "t_xmin", "t_xmax", "t_ctid", "infomask2", "infomask"];
    columns.map(|column| step.value("items", row, column).unwrap_or_default().to_string())
}

#[test]
fn the_story_is_the_one_that_the_lab_tells() {
    let update = vitrine_oracle::golden::step("update");
    assert_eq!(update.said(), [('A', "UPDATE accounts SET balance = 90 WHERE id = 1;")]);
    let [record] = &update.wal()[..] else { panic!("one record") };
    assert_eq!((record.line.rmgr.as_str(), record.line.operation()), (RmgrId::Heap.name(), "HOT_UPDATE"));
    assert_eq!((record.line.tot_len, record.line.xid), (265, Xid(730)));
}
