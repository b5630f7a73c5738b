//! The tests of this room against chance: damaged bytes never panic, and what was written is read again, however it is
//! cut and whenever it comes.

use std::collections::BTreeMap;

use super::btree_records::*;
use super::clog_records::ClogRecord;
use super::decode::decode_record;
use super::describe::{self, Tool};
use super::golden::records;
use super::heap_records::{HeapRecord, LoggedTuple, UpdatedTuple};
use super::heap2_records::{FreezePlan, Heap2Record, PrunedItems};
use super::page::{self, PageHeader, XLOG_BLCKSZ};
use super::reader::source;
use super::record::*;
use super::*;
use crate::ids::{BLCKSZ, BlockNumber, Fork, Lsn, Oid, RelFile, RmgrId, TimeLineId, WalSegSize, Xid};
use crate::world::Random;

const SEG: WalSegSize = WalSegSize::ONE_MB;
const TLI: TimeLineId = TimeLineId(1);

/// Everything that can be asked of a record.
fn ask(record: &DecodedRecord) {
    let _ = describe::waldump_line(record);
    let _ = describe::description(record, Tool::Server);
    let _ = describe::block_ref(record);
    for block in record.blocks.iter().flatten() {
        let mut page = [0; BLCKSZ];
        if let Some(image) = &block.image {
            image.restore(&mut page);
        }
        let _ = LoggedTuple::decode(&block.data);
        let _ = FreezePlan::decode_all(&block.data, u16::MAX);
        for flags in [0, 0x20, 0x40, 0x60] {
            let tuple = UpdatedTuple::decode(&block.data, flags);
            let _ = tuple.and_then(|tuple| tuple.complete(&block.data));
        }
        let _ = (decode_meta(&block.data), decode_tuples(&block.data), decode_intervals(&block.data, u16::MAX));
        if let Ok(BtreeRecord::Vacuum(counts) | BtreeRecord::Delete(_, counts)) = BtreeRecord::decode(record) {
            let _ = BtreeDeletion::decode(&block.data, counts);
        }
        if let Ok(Heap2Record::Prune(prune)) = Heap2Record::decode(record) {
            let _ = PrunedItems::decode(&block.data, &prune);
        }
    }
    let _ = (HeapRecord::decode(record), ClogRecord::decode(record));
}

#[test]
fn damaged_records_are_refused_or_read_without_a_panic() {
    let mut random = Random::new(15, 1);
    let real = records();
    for _ in 0..20_000 {
        let (record, bytes, ..) = &real[random.below(real.len() as u64) as usize];
        let mut bytes = bytes.clone();
        for _ in 0..=random.below(4) {
            // Headers are where the lengths are.
            let upto = if random.one_in(2) { bytes.len().min(64) } else { bytes.len() };
            let at = random.below(upto as u64) as usize;
            bytes[at] = random.draw() as u8;
        }
        if random.one_in(4) {
            bytes.truncate(random.below(bytes.len() as u64 + 1) as usize);
        }
        if let Ok(record) = decode_record(record.lsn, record.end_lsn, &bytes) {
            ask(&record);
        }
    }
}

#[test]
fn arbitrary_bytes_are_no_log() {
    let mut random = Random::new(15, 2);
    for _ in 0..2_000 {
        let bytes: Vec<u8> = (0..random.below(200)).map(|_| random.draw() as u8).collect();
        if let Ok(record) = decode_record(Lsn(0x100028), Lsn(0x100100), &bytes) {
            ask(&record);
        }
        let start = Lsn(0x10_0000 + random.below(0x8000));
        let mut pages = source(|lsn: Lsn, _| {
            let mut page = [0; XLOG_BLCKSZ];
            PageHeader::fresh(SEG, TLI, lsn, 1, false).encode(&mut page);
            // Half of the pages have a header that passes.
            let intact = if random.one_in(2) { page::header_size(SEG, lsn) } else { 0 };
            page[intact..].iter_mut().for_each(|byte| *byte = (random.draw() & random.draw() & random.draw()) as u8);
            Some(page)
        });
        let mut reader = WalReader::new(SEG, TLI, Some(1), start);
        assert!(matches!(reader.next(&mut pages), Err(ReadError::Invalid(_))));
        assert_eq!(reader.position(), start);
    }
}

/// The pages of a log, the start and bytes of each record in it, and its end.
type Written = (BTreeMap<Lsn, WalPage>, Vec<(Lsn, Vec<u8>)>, Lsn);

/// A log of random records.
fn write(random: &mut Random, count: usize) -> Written {
    // Shortly before the end of a segment.
    let (mut end, mut prev) = (Lsn(0x10_0000 - 3 * 8192), Lsn::INVALID);
    let (mut pages, mut written) = (BTreeMap::new(), Vec::new());
    for _ in 0..count {
        let longest = if random.one_in(8) { 20_000 } else { 300 };
        let main: Vec<u8> = (0..random.below(longest)).map(|_| random.draw() as u8).collect();
        let builder = RecordBuilder::new(RmgrId::Btree, 0).xid(Xid(random.draw() as u32)).main(&main);
        let mut record = builder.assemble(Lsn::INVALID, true);
        record.finish(prev);
        let start = page::skip_header(SEG, end);
        for chunk in page::layout(SEG, start, record.bytes.len()) {
            let page = pages.entry(chunk.page).or_insert_with(|| {
                let mut page = [0; XLOG_BLCKSZ];
                PageHeader::fresh(SEG, TLI, chunk.page, 1, false).encode(&mut page);
                page
            });
            if let Some(rem_len) = chunk.rem_len {
                page::mark_continuation(page, rem_len);
            }
            page[chunk.offset..chunk.offset + chunk.bytes.len()].copy_from_slice(&record.bytes[chunk.bytes]);
        }
        end = page::end_of(SEG, start, record.bytes.len());
        prev = start;
        written.push((start, record.bytes));
    }
    (pages, written, end)
}

#[test]
fn a_log_that_grows_is_read_to_where_it_has_come() {
    for seed in 0..20 {
        let mut random = Random::new(seed, 3);
        let (pages, written, end) = write(&mut random, 60);
        let mut reader = WalReader::new(SEG, TLI, Some(1), written[0].0);
        let (mut read, mut arrived) = (Vec::new(), written[0].0);
        while arrived < end {
            arrived = Lsn((arrived.0 + 1 + random.below(3000)).min(end.0));
            let (here, junk) = (arrived, random.draw() as u8);
            let mut growing = source(|lsn: Lsn, len| {
                // What has not arrived may be anything.
                let mut page = *pages.get(&lsn).filter(|_| lsn + len as u64 <= here)?;
                let valid = here.0.saturating_sub(lsn.0).min(XLOG_BLCKSZ as u64) as usize;
                page[valid..].fill(junk);
                Some(page)
            });
            let why = loop {
                match reader.next(&mut growing) {
                    Ok(record) => read.push((record.lsn, record.end_lsn)),
                    Err(why) => break why,
                }
            };
            assert!(matches!(why, ReadError::NotYet(upto) if upto > arrived), "seed {seed}: {why:?} at {arrived}");
        }
        assert_eq!(
            read.iter().map(|(lsn, _)| *lsn).collect::<Vec<_>>(),
            written.iter().map(|w| w.0).collect::<Vec<_>>()
        );
        assert_eq!(read.last().unwrap().1, end);
    }
}

#[test]
fn the_first_record_after_any_place_is_found() {
    let mut random = Random::new(15, 4);
    let (pages, written, end) = write(&mut random, 60);
    for _ in 0..300 {
        let from = Lsn(written[0].0.0 + random.below(end - written[0].0));
        let expected = written.iter().map(|(lsn, _)| *lsn).find(|&lsn| lsn >= from);
        let mut reader = WalReader::new(SEG, TLI, None, from);
        let found = reader.find_next(from, &mut source(|lsn: Lsn, _| pages.get(&lsn).copied()));
        match expected {
            Some(lsn) => assert_eq!(found, Ok(lsn), "from {from}"),
            None => assert!(found.is_err() || found == Ok(page::skip_header(SEG, end)), "from {from}: {found:?}"),
        }
    }
}

#[test]
fn an_updated_tuple_is_completed_from_its_old_version() {
    let mut random = Random::new(15, 5);
    let tuple = |random: &mut Random, hoff: u8| {
        let mut tuple: Vec<u8> = (0..usize::from(hoff)).map(|_| random.draw() as u8).collect();
        tuple[22] = hoff;
        // Few different bytes, so that much is shared.
        tuple.extend((0..random.below(20)).map(|_| random.below(2) as u8));
        tuple
    };
    for _ in 0..5_000 {
        let hoff = 24 + 8 * random.below(2) as u8;
        let (old, new) = (tuple(&mut random, 24), tuple(&mut random, hoff));
        let logged = UpdatedTuple::of(&old, &new, true, false);
        assert!(logged.prefix != 1 && logged.prefix != 2 && logged.suffix != 1 && logged.suffix != 2);
        let again = UpdatedTuple::decode(&logged.encode(), logged.flags()).unwrap();
        assert_eq!(again, logged);
        assert_eq!(again.complete(&old).unwrap(), LoggedTuple::of(&new));
        let whole = UpdatedTuple::of(&old, &new, false, false);
        assert_eq!((whole.flags(), whole.encode()), (0, LoggedTuple::of(&new).encode()));
    }
}

#[test]
fn a_page_gets_an_image_at_its_first_change_since_the_redo_point() {
    let mut page = [7; BLCKSZ];
    page[..8].copy_from_slice(&[0, 0, 0, 0, 0, 16, 0, 0]); // LSN 0/1000
    page[12..16].copy_from_slice(&[100, 0, 0, 31]); // lower 100, upper 7936
    let rel = RelFile { spc: Oid(1663), db: Oid(5), rel: Oid(16384) };
    let block = |flags| BlockRef {
        id: 0,
        rel,
        fork: Fork::Main,
        block: BlockNumber(3),
        page: Some(&page),
        flags,
        data: b"data",
    };
    let assemble =
        |flags, redo, fpw| RecordBuilder::new(RmgrId::Heap, 0).block(block(flags)).main(b"m").assemble(Lsn(redo), fpw);
    const WITHOUT: usize = 24 + 20 + 2 + 4 + 1;
    let without = |flags, redo, fpw| assemble(flags, redo, fpw).bytes.len() == WITHOUT;
    assert!(!without(REGBUF_STANDARD, 0x1000, true));
    assert!(without(REGBUF_STANDARD, 0xFFF, true));
    assert!(without(REGBUF_STANDARD, 0x1000, false));
    assert!(without(REGBUF_STANDARD | REGBUF_WILL_INIT, 0x1000, true));
    assert!(without(REGBUF_STANDARD | REGBUF_NO_IMAGE, 0x1000, true));
    assert_eq!(assemble(REGBUF_STANDARD, 0xFFF, true).fpw_lsn, Some(Lsn(0x1000)));

    // The image comes without the hole, and instead of the data unless that is to be kept.
    let standard = assemble(REGBUF_STANDARD, 0x1000, true);
    assert_eq!((standard.fpi_count, standard.fpi_bytes), (1, BLCKSZ - 7836));
    assert_eq!(standard.bytes.len(), WITHOUT - 4 + 5 + standard.fpi_bytes);
    let kept = assemble(REGBUF_STANDARD | REGBUF_KEEP_DATA, 0x1000, true);
    assert_eq!(kept.bytes.len(), standard.bytes.len() + 4);
    assert_eq!(assemble(REGBUF_FORCE_IMAGE, 0, false).fpi_bytes, BLCKSZ);
}
