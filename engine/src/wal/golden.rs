//! The tests of this room against the log of a real PostgreSQL 15 (`tests/golden/pg15/wal-*`).

use std::collections::BTreeMap;

use super::btree_records::*;
use super::clog_records::ClogRecord;
use super::decode::decode_record;
use super::describe::{self, Tool};
use super::heap_records::{HeapInsert, HeapRecord, LoggedTuple, UpdatedTuple};
use super::heap2_records::{FreezePlan, Heap2Record, PrunedItems, decode_offsets, encode_offsets};
use super::page::{self, XLOG_BLCKSZ};
use super::reader::source;
use super::record::*;
use super::standby_records::StandbyRecord;
use super::storage_records::StorageRecord;
use super::xact_records::XactRecord;
use super::xlog_records::{XLOG_SWITCH, XlogRecord};
use super::*;
use crate::ids::{Lsn, RmgrId, Tid, TimeLineId, WalSegSize, Xid};
use crate::storage::PageBytes;

const SEG: WalSegSize = WalSegSize::ONE_MB;
const TLI: TimeLineId = TimeLineId(1);
const PAGES: &str = include_str!("../../tests/golden/pg15/wal-pages.txt");
const RECORDS: &str = include_str!("../../tests/golden/pg15/wal-records.txt");
const BTREE: &str = include_str!("../../tests/golden/pg15/wal-btree.txt");
const DAMAGE: &str = include_str!("../../tests/golden/pg15/wal-damage.txt");

fn unhex(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

/// A part of the real log, and what pg_waldump prints of it.
struct Range {
    start: Lsn,
    end: Lsn,
    pages: BTreeMap<Lsn, WalPage>,
    lines: Vec<&'static str>,
}

fn ranges() -> Vec<Range> {
    let mut ranges: Vec<Range> = Vec::new();
    for line in PAGES.lines() {
        if let Some(head) = line.strip_prefix("= ") {
            let [_, start, end] = head.split(' ').collect::<Vec<_>>()[..] else { panic!("{head}") };
            let (pages, lines) = Default::default();
            ranges.push(Range { start: start.parse().unwrap(), end: end.parse().unwrap(), pages, lines });
            continue;
        }
        let range = ranges.last_mut().unwrap();
        if let Some(line) = line.strip_prefix("> ") {
            range.lines.push(line);
        } else {
            let (lsn, hex) = line.split_once(' ').unwrap();
            let (lsn, bytes) = (lsn.parse::<Lsn>().unwrap(), unhex(hex));
            let page = range.pages.entry(page::page_of(lsn)).or_insert([0; XLOG_BLCKSZ]);
            let at = (lsn.0 % XLOG_BLCKSZ as u64) as usize;
            page[at..at + bytes.len()].copy_from_slice(&bytes);
        }
    }
    ranges
}

/// All records of a range, and why there are no more.
fn read(start: Lsn, pages: &BTreeMap<Lsn, WalPage>) -> (Vec<DecodedRecord>, ReadError) {
    let mut reader = WalReader::new(SEG, TLI, None, start);
    let mut source = source(|lsn: Lsn, _| pages.get(&lsn).copied());
    let mut records = Vec::new();
    loop {
        match reader.next(&mut source) {
            Ok(record) => records.push(record),
            Err(error) => return (records, error),
        }
    }
}

/// Records one by one: their bytes, and the lines of both tools, the server's if it still had the record.
pub(super) fn records() -> Vec<(DecodedRecord, Vec<u8>, &'static str, Option<&'static str>)> {
    let mut records = Vec::new();
    for line in RECORDS.lines().chain(BTREE.lines()) {
        match line.split_once('|') {
            Some(("waldump", line)) => records.last_mut().map(|(_, _, waldump, _)| *waldump = line).unwrap(),
            Some(("server", line)) => records.last_mut().map(|(.., server)| *server = Some(line)).unwrap(),
            _ => {
                let (lsn, hex) = line.split_once(' ').unwrap();
                let (lsn, bytes) = (lsn.parse().unwrap(), unhex(hex));
                let mut record = decode_record(lsn, page::end_of(SEG, lsn, bytes.len()), &bytes).unwrap();
                if record.rmid == RmgrId::Xlog && record.rmgr_info() == XLOG_SWITCH {
                    record.end_lsn = SEG.start_of(SEG.segment_of(lsn)) + SEG.bytes();
                }
                records.push((record, bytes, "", None));
            }
        }
    }
    records
}

#[test]
fn a_real_log_reads_as_pg_waldump_reads_it() {
    for Range { start, end, pages, lines } in ranges() {
        let (records, error) = read(start, &pages);
        let ours: Vec<String> = records.iter().map(|record| describe::waldump_line(record).unwrap()).collect();
        assert_eq!(ours, lines);
        assert_eq!(records.last().unwrap().end_lsn, end);
        assert_eq!(error, ReadError::Invalid(format!("invalid record length at {end}: wanted 24, got 0")));
    }
}

#[test]
fn records_of_every_kind_are_described_as_the_server_describes_them() {
    for (record, _, waldump, server) in records() {
        assert_eq!(describe::waldump_line(&record).unwrap(), waldump);
        let Some(server) = server else { continue };
        let columns = [
            record.lsn.to_string(),
            record.end_lsn.to_string(),
            record.prev.to_string(),
            record.xid.to_string(),
            record.rmid.name().into(),
            describe::record_type(&record),
            record.total_len.to_string(),
            record.main_data.len().to_string(),
            record.fpi_len().to_string(),
            describe::description(&record, Tool::Server).unwrap(),
            describe::block_ref(&record),
        ];
        assert_eq!(columns.join("|"), server);
    }
}

/// Where the server leaves bytes of a structure unset, whatever was in its memory goes into the log; the engine writes
/// zeros there.
fn with_padding(mut ours: Vec<u8>, real: &[u8], padding: impl IntoIterator<Item = usize>) -> Vec<u8> {
    for at in padding {
        assert_eq!(ours[at], 0);
        ours[at] = real[at];
    }
    ours
}

/// Puts the data of a record's blocks through its structs, too.
fn block_data(record: &DecodedRecord, id: usize, block: &DecodedBlock) -> Vec<u8> {
    let data = &block.data;
    if record.rmid == RmgrId::Btree && !data.is_empty() {
        return btree_block_data(record, id, data);
    }
    if data.is_empty() || id > 0 {
        return data.clone();
    }
    match record.rmid {
        RmgrId::Heap => match HeapRecord::decode(record).unwrap() {
            HeapRecord::Insert(_) => LoggedTuple::decode(data).unwrap().encode(),
            HeapRecord::Update(update) | HeapRecord::HotUpdate(update) => {
                UpdatedTuple::decode(data, update.flags).unwrap().encode()
            }
            _ => data.clone(),
        },
        RmgrId::Heap2 => match Heap2Record::decode(record).unwrap() {
            Heap2Record::Prune(prune) => PrunedItems::decode(data, &prune).unwrap().encode(),
            Heap2Record::Vacuum(_) => encode_offsets(decode_offsets(data)),
            Heap2Record::FreezePage(freeze) => {
                let plans = FreezePlan::decode_all(data, freeze.ntuples).unwrap();
                with_padding(FreezePlan::encode_all(&plans), data, (1..=plans.len()).map(|n| 12 * n - 1))
            }
            Heap2Record::MultiInsert(insert) => {
                let ends = insert.tuples.iter().scan(0usize, |at, tuple| {
                    *at = at.next_multiple_of(2) + 7 + tuple.data.len();
                    Some(*at)
                });
                with_padding(insert.encode_tuples(), data, ends.filter(|at| at % 2 == 1 && *at < data.len()))
            }
            _ => data.clone(),
        },
        _ => data.clone(),
    }
}

fn btree_block_data(record: &DecodedRecord, id: usize, data: &[u8]) -> Vec<u8> {
    let is_meta = data.len() == 28 && (id > 1 || record.rmgr_info() == XLOG_BTREE_META_CLEANUP);
    match BtreeRecord::decode(record).unwrap() {
        _ if is_meta => with_padding(encode_meta(&decode_meta(data).unwrap()), data, 25..28),
        BtreeRecord::Split(_) | BtreeRecord::NewRoot { .. } => decode_tuples(data).unwrap().concat(),
        BtreeRecord::Dedup(count) => encode_intervals(&decode_intervals(data, count).unwrap()),
        BtreeRecord::Delete(_, counts) | BtreeRecord::Vacuum(counts) => {
            let deletion = BtreeDeletion::decode(data, counts).unwrap();
            assert_eq!(deletion.counts(), counts);
            deletion.encode()
        }
        _ => data.to_vec(),
    }
}

/// The unset bytes in the main data of a record.
fn padding(record: &DecodedRecord) -> Vec<usize> {
    let messages = |end: usize, invals: &[Invalidation]| -> Vec<usize> {
        let start = end - 16 * invals.len();
        let unset = |inval: &Invalidation| match inval {
            Invalidation::Smgr { .. } => &[][..],
            Invalidation::Relmap { .. } => &[1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 15],
            _ => &[1, 2, 3, 12, 13, 14, 15],
        };
        invals
            .iter()
            .enumerate()
            .flat_map(|(n, inval)| unset(inval).iter().map(move |at| start + 16 * n + at))
            .collect()
    };
    let end = record.main_data.len();
    match record.rmid {
        RmgrId::Xlog => match XlogRecord::decode(record).unwrap() {
            XlogRecord::RestorePoint { name, .. } => (8 + name.len()..end).collect(),
            XlogRecord::ParameterChange(_) => vec![26, 27],
            _ => Vec::new(),
        },
        RmgrId::Standby => match StandbyRecord::decode(record).unwrap() {
            StandbyRecord::RunningXacts(_) => vec![9, 10, 11],
            StandbyRecord::Invalidations(it) => [vec![9, 10, 11], messages(end, &it.messages)].concat(),
            StandbyRecord::Lock(_) => Vec::new(),
        },
        RmgrId::Transaction => match XactRecord::decode(record).unwrap() {
            XactRecord::Commit(it) => messages(end, &it.invals),
            _ => Vec::new(),
        },
        RmgrId::Heap => match HeapRecord::decode(record).unwrap() {
            HeapRecord::Truncate(_) => vec![9, 10, 11],
            _ => Vec::new(),
        },
        RmgrId::Heap2 => match Heap2Record::decode(record).unwrap() {
            Heap2Record::MultiInsert(_) => vec![1],
            _ => Vec::new(),
        },
        RmgrId::Btree => match BtreeRecord::decode(record).unwrap() {
            BtreeRecord::MarkPageHalfDead(_) => vec![2, 3],
            BtreeRecord::UnlinkPage(_) => vec![12, 13, 14, 15],
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// Takes a record apart into its structs and puts it together again.
fn rebuild(record: &DecodedRecord) -> Vec<u8> {
    let (info, main) = match record.rmid {
        RmgrId::Xlog => XlogRecord::decode(record).unwrap().encode(),
        RmgrId::Transaction => XactRecord::decode(record).unwrap().encode(),
        RmgrId::Storage => StorageRecord::decode(record).unwrap().encode(),
        RmgrId::Clog => ClogRecord::decode(record).unwrap().encode(),
        RmgrId::Standby => StandbyRecord::decode(record).unwrap().encode(),
        RmgrId::Heap => (record.info, HeapRecord::decode(record).unwrap().encode()),
        RmgrId::Heap2 => (record.info, Heap2Record::decode(record).unwrap().encode()),
        RmgrId::Btree => (record.info, BtreeRecord::decode(record).unwrap().encode()),
        _ => (record.info, record.main_data.clone()),
    };
    let main = with_padding(main, &record.main_data, padding(record));
    let restored = |block: &DecodedBlock| {
        let mut page: PageBytes = [0; 8192];
        block.image.as_ref().map(|image| {
            image.restore(&mut page);
            Box::new(page)
        })
    };
    let blocks: Vec<_> =
        record.blocks.iter().enumerate().filter_map(|(id, block)| Some((id, block.as_ref()?))).collect();
    let pages: Vec<_> = blocks.iter().map(|(_, block)| restored(block)).collect();
    let data: Vec<_> = blocks.iter().map(|(id, block)| block_data(record, *id, block)).collect();
    let mut builder = RecordBuilder::new(record.rmid, info).xid(record.xid).main(&main);
    for (at, &(id, block)) in blocks.iter().enumerate() {
        let mut flags = match &block.image {
            Some(image) if image.hole_length > 0 => REGBUF_FORCE_IMAGE | REGBUF_STANDARD,
            Some(_) => REGBUF_FORCE_IMAGE,
            None => REGBUF_NO_IMAGE,
        };
        if block.will_init() {
            flags |= REGBUF_WILL_INIT;
        }
        if !block.data.is_empty() {
            flags |= REGBUF_KEEP_DATA;
        }
        let DecodedBlock { rel, fork, block, .. } = *block;
        let page = pages[at].as_deref();
        builder = builder.block(BlockRef { id: id as u8, rel, fork, block, page, flags, data: &data[at] });
    }
    let mut assembled = builder.assemble(Lsn::INVALID, true);
    assembled.finish(record.prev);
    assembled.bytes
}

#[test]
fn records_are_put_together_again_to_the_same_bytes() {
    for Range { start, pages, .. } in ranges() {
        for record in read(start, &pages).0 {
            let (bytes, at) = (rebuild(&record), page::layout(SEG, record.lsn, record.total_len as usize));
            for chunk in at {
                let real = &pages[&chunk.page][chunk.offset..chunk.offset + chunk.bytes.len()];
                assert_eq!(&bytes[chunk.bytes], real, "{}", describe::waldump_line(&record).unwrap());
            }
        }
    }
    // The engine writes no replication origins.
    for (record, bytes, waldump, _) in records().into_iter().filter(|(record, ..)| record.origin.is_none()) {
        assert_eq!(rebuild(&record), bytes, "{waldump}");
    }
}

#[test]
fn damage_is_found_and_named_as_the_server_names_it() {
    let range = ranges().remove(0);
    for line in DAMAGE.lines() {
        let [at, flip, message] = line.splitn(3, ' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let at: Lsn = at.parse().unwrap();
        let mut pages = range.pages.clone();
        pages.get_mut(&page::page_of(at)).unwrap()[(at.0 % XLOG_BLCKSZ as u64) as usize] ^=
            u8::from_str_radix(flip, 16).unwrap();
        assert_eq!(read(range.start, &pages).1, ReadError::Invalid(message.into()), "{line}");
    }
}

/// A tuple of a page image, by its line pointer.
fn tuple_of(block: &DecodedBlock, offnum: u16) -> Vec<u8> {
    let mut page: PageBytes = [0; 8192];
    block.image.as_ref().unwrap().restore(&mut page);
    let tuple = crate::storage::page::item(&page, offnum).unwrap().to_vec();
    without_hints(tuple)
}

/// Readers set hint bits without a record: committed and aborted, of xmin and xmax.
fn without_hints(mut tuple: Vec<u8>) -> Vec<u8> {
    tuple[21] &= 0xF0;
    tuple
}

#[test]
fn tuples_made_from_the_log_are_those_that_the_server_had_on_the_page() {
    let range = ranges().remove(0);
    let (records, _) = read(range.start, &range.pages);
    let of_kind = |kind: &str| -> Vec<&DecodedRecord> {
        records.iter().filter(|record| describe::record_type(record) == kind).collect()
    };
    let (updates, prune) = (of_kind("HOT_UPDATE"), of_kind("PRUNE")[0]);
    let (first, second) = (updates[0], updates[1]);
    let page = first.block(0).unwrap();
    // The rows that the update left alone are on the image that came with it.
    for insert in of_kind("INSERT").into_iter().filter(|insert| insert.lsn < first.lsn) {
        let HeapRecord::Insert(HeapInsert { offnum, .. }) = HeapRecord::decode(insert).unwrap() else { panic!() };
        let block = insert.block(0).unwrap();
        let logged = LoggedTuple::decode(&block.data).unwrap();
        let tuple = logged.to_tuple(insert.xid, Xid::INVALID, Tid::new(block.block, offnum));
        assert_eq!(without_hints(tuple), tuple_of(page, offnum));
    }
    // The next update took its ends from the version on that image; pruning's image has the result.
    let HeapRecord::HotUpdate(update) = HeapRecord::decode(second).unwrap() else { panic!() };
    let block = second.block(0).unwrap();
    let logged = UpdatedTuple::decode(&block.data, update.flags).unwrap();
    assert!(logged.prefix > 0);
    let logged = logged.complete(&tuple_of(page, update.old_offnum)).unwrap();
    let tuple = logged.to_tuple(second.xid, update.new_xmax, Tid::new(block.block, update.new_offnum));
    assert_eq!(without_hints(tuple), tuple_of(prune.block(0).unwrap(), update.new_offnum));
}
