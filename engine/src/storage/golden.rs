//! The tests of this room: against the bytes of a real PostgreSQL 15 (`tests/golden/pg15/`), and against chance.

use super::checksum::page_checksum;
use super::control::ControlFileData;
use super::page::{LpFlags, Place};
use super::tuple::HeapTupleHeader;
use super::*;
use crate::ids::{BlockNumber, Xid, XidStatus};

/// A page, its items and its header as the server's inspection functions gave them.
macro_rules! golden {
    ($name:literal) => {
        Golden {
            page: *include_bytes!(concat!("../../tests/golden/pg15/", $name, ".page")),
            items: include_str!(concat!("../../tests/golden/pg15/", $name, ".items")),
            header: include_str!(concat!("../../tests/golden/pg15/", $name, ".header")),
        }
    };
}

struct Golden {
    page: PageBytes,
    items: &'static str,
    header: &'static str,
}

fn goldens() -> [Golden; 8] {
    [
        golden!("accounts-updated"),
        golden!("accounts-vacuumed"),
        golden!("churn-deleted"),
        golden!("churn-vacuumed"),
        golden!("churn-reused"),
        golden!("aborted-updated"),
        golden!("aborted-vacuumed"),
        golden!("mixed-rows"),
    ]
}

/// What `heap_page_items` shows of a page.
fn items(page: &PageBytes) -> String {
    let line = |offset| {
        let id = page::item_id(page, offset);
        let head = format!("{offset}|{}|{}|{}|", id.off(), id.flags() as u8, id.len());
        let Some(t) = page::heap_tuple(page, offset).and_then(HeapTupleHeader::read) else {
            return head + "||||||\n";
        };
        head + &format!("{}|{}|{}|{}|{}|{}|{}\n", t.xmin, t.xmax, t.field3, t.ctid, t.infomask2, t.infomask, t.hoff)
    };
    page::offsets(page).map(line).collect()
}

#[test]
fn pages_read_as_pageinspect_reads_them() {
    for golden in goldens() {
        let h = page::header(&golden.page);
        let sums = [0, 7].map(|block| page_checksum(&golden.page, BlockNumber(block)) as i16);
        let header = format!(
            "{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}\n",
            h.lsn,
            h.checksum,
            h.flags,
            h.lower,
            h.upper,
            h.special,
            h.pagesize,
            h.version,
            h.prune_xid,
            sums[0],
            sums[1]
        );
        assert_eq!(header, golden.header);
        assert_eq!(items(&golden.page), golden.items);
        assert_eq!(page::verify(&golden.page, BlockNumber(0), false), Ok(()));
    }
}

/// The line pointers and all bytes from pd_upper on, hint bits of infomask aside.
fn layout(page: &PageBytes) -> (Vec<page::ItemId>, Vec<u8>) {
    let mut copy = *page;
    for offset in page::offsets(page) {
        if let Some(t) = page::heap_tuple_mut(&mut copy, offset) {
            tuple::set_infomask(t, tuple::infomask(t) & !(tuple::HEAP_XMAX_COMMITTED | tuple::HEAP_XMAX_INVALID));
            tuple::set_xmax(t, Xid::INVALID);
        }
    }
    let ids = page::offsets(page).map(|o| page::item_id(page, o)).collect();
    (ids, copy[usize::from(page::upper(page))..].to_vec())
}

#[test]
fn pruning_leaves_what_vacuum_left() {
    let cases = [
        (golden!("accounts-updated"), golden!("accounts-vacuumed")),
        (golden!("churn-deleted"), golden!("churn-vacuumed")),
        (golden!("aborted-updated"), golden!("aborted-vacuumed")),
    ];
    for (before, after) in cases {
        let mut pruned = before.page;
        for offset in page::offsets(&before.page) {
            let now = page::item_id(&after.page, offset);
            if !now.has_storage() {
                page::set_item_id(&mut pruned, offset, now);
            }
        }
        page::repair_fragmentation(&mut pruned).unwrap();
        assert_eq!(layout(&pruned), layout(&after.page));
        let free_lines = |p| page::has_flag(p, page::PD_HAS_FREE_LINES);
        assert_eq!(free_lines(&pruned), free_lines(&after.page));
    }
}

#[test]
fn an_insert_reuses_the_line_pointer_that_the_server_reused() {
    let (before, after) = (golden!("churn-vacuumed"), golden!("churn-reused"));
    let mut grown = before.page;
    let new = page::item(&after.page, 3).unwrap();
    assert_eq!(page::add_item(&mut grown, new, Place::Anywhere, true), Ok(Some(3)));
    assert_eq!(items(&grown), after.items);
    assert_eq!(page::upper(&grown), page::upper(&after.page));
    // 25 line pointers are free, and still the space of one is taken off: the function is that simple.
    assert_eq!(page::heap_free_space(&grown), page::exact_free_space(&grown) - 4);
}

#[test]
fn items_find_their_places() {
    let mut page = [0; BLCKSZ];
    page::init(&mut page, 0);
    assert_eq!((page::free_space(&page), page::is_empty(&page)), (8164, true));
    let smallest = [0; tuple::SIZE_OF_HEAP_TUPLE_HEADER];
    for n in 1..=page::MAX_HEAP_TUPLES_PER_PAGE {
        assert_eq!(page::add_item(&mut page, &smallest, Place::Anywhere, true), Ok(Some(n)));
    }
    assert_eq!(page::MAX_HEAP_TUPLES_PER_PAGE, 291);
    assert_eq!(page::add_item(&mut page, &smallest, Place::Anywhere, true), Ok(None));
    assert_eq!(page::heap_free_space(&page), 0);

    page::init(&mut page, 16);
    for item in [b"a", b"c"] {
        page::add_item(&mut page, item, Place::Anywhere, false).unwrap();
    }
    assert_eq!(page::add_item(&mut page, b"b", Place::Before(2), false), Ok(Some(2)));
    assert_eq!(page::add_item(&mut page, b"x", Place::Overwrite(2), false), Ok(None));
    assert_eq!(page::add_item(&mut page, b"x", Place::Overwrite(5), false), Ok(None));
    let all: Vec<&[u8]> = page::offsets(&page).filter_map(|o| page::item(&page, o)).collect();
    assert_eq!(all, [b"a", b"b", b"c"]);
}

#[test]
fn flags_have_their_names() {
    let list = |names: Vec<&str>| format!("{{{}}}", names.join(","));
    let mut text = String::new();
    for (infomask, infomask2) in [(65535, 65535), (2306, 16386), (0x0b50, 32770)] {
        let (raw, combined) = (tuple::raw_flags(infomask, infomask2), tuple::combined_flags(infomask));
        text += &format!("{}|{}\n", list(raw), list(combined));
    }
    assert_eq!(text, include_str!("../../tests/golden/pg15/infomask.txt"));
}

#[test]
fn clog_says_what_the_server_says() {
    let page = include_bytes!("../../tests/golden/pg15/clog.page");
    for line in include_str!("../../tests/golden/pg15/clog.txt").lines() {
        let (xid, status) = line.split_once('|').unwrap();
        let wanted = if status == "aborted" { XidStatus::Aborted } else { XidStatus::Committed };
        assert_eq!(clog::status(page, Xid(xid.parse().unwrap())), wanted, "{line}");
    }
    let mut page = *page;
    clog::set_status(&mut page, Xid(40_000), XidStatus::Aborted);
    assert_eq!(clog::status(&page, Xid(40_000)), XidStatus::Aborted);
    assert_eq!(clog::file_of(clog::page_of(Xid(1 << 20))), ("pg_xact/0001".into(), 0));
    assert_eq!(clog::file_of(clog::page_of(Xid(32_768))), ("pg_xact/0000".into(), 8192));
}

#[test]
fn the_visibility_map_has_the_bit_that_vacuum_set() {
    let mut page = *include_bytes!("../../tests/golden/pg15/accounts-vm.page");
    assert_eq!(vm::status(&page, BlockNumber(0)), vm::VISIBILITYMAP_ALL_VISIBLE);
    assert_eq!(vm::count(&page), (1, 0));
    assert!(vm::set(&mut page, BlockNumber(5), vm::VISIBILITYMAP_VALID_BITS));
    assert!(!vm::set(&mut page, BlockNumber(5), vm::VISIBILITYMAP_ALL_FROZEN));
    assert!(vm::clear(&mut page, BlockNumber(0), vm::VISIBILITYMAP_VALID_BITS));
    assert_eq!(vm::count(&page), (1, 1));
    assert_eq!(vm::map_block(BlockNumber(32_672)), BlockNumber(1));
}

#[test]
fn the_free_space_map_is_the_servers() {
    // VACUUM told the map of every page in turn, then carried the roots up. fsm-0 is the root page, fsm-2 a bottom page.
    let golden = [
        *include_bytes!("../../tests/golden/pg15/fsm-0.page"),
        *include_bytes!("../../tests/golden/pg15/fsm-1.page"),
        *include_bytes!("../../tests/golden/pg15/fsm-2.page"),
    ];
    let mut bottom = [0; BLCKSZ];
    page::init(&mut bottom, 0);
    for line in include_str!("../../tests/golden/pg15/fsm.txt").lines() {
        let (block, avail) = line.split_once('|').unwrap();
        let (address, slot) = fsm::FsmAddress::of_heap_block(BlockNumber(block.parse().unwrap()));
        assert_eq!(address.physical(), BlockNumber(2));
        let cat = fsm::space_avail_to_cat(avail.parse().unwrap());
        assert_eq!(fsm::get_avail(&golden[2], slot), cat);
        fsm::set_avail(&mut bottom, slot, cat);
    }
    assert_eq!(fsm::nodes(&bottom), fsm::nodes(&golden[2]));
    let root = fsm::max_avail(&bottom);
    assert_eq!((fsm::get_avail(&golden[0], 0), fsm::get_avail(&golden[1], 0)), (root, root));
    assert_eq!(fsm::FsmAddress::ROOT.child(0).physical(), BlockNumber(1));
    assert_eq!(fsm::FsmAddress { level: 0, page: 4069 }.physical(), BlockNumber(4072));
}

#[test]
fn searchers_go_round_the_map() {
    let mut page = [0; BLCKSZ];
    page::init(&mut page, 0);
    for slot in [7, 100, 4000] {
        fsm::set_avail(&mut page, slot, 50);
    }
    let found: Vec<_> = (0..4).map(|_| fsm::search_avail(&mut page, 50, true)).collect();
    assert_eq!(found, [Some(7), Some(100), Some(4000), Some(7)]);
    assert_eq!(fsm::search_avail(&mut page, 51, true), None);
    // A torn page: the root promises what no leaf has.
    page[28] = 200;
    assert_eq!(fsm::search_avail(&mut page, 60, false), None);
    assert_eq!(fsm::max_avail(&page), 50);
    assert_eq!((fsm::space_needed_to_cat(8160), fsm::space_needed_to_cat(0)), (Ok(255), Ok(1)));
}

#[test]
fn the_control_file_is_byte_for_byte_the_servers() {
    let golden = include_bytes!("../../tests/golden/pg15/pg_control");
    let control = ControlFileData::decode(golden).unwrap();
    assert_eq!(control.encode()[..], golden[..]);
    let text = include_str!("../../tests/golden/pg15/pg_control.txt");
    assert!(text.contains(&format!("Database system identifier:           {}\n", control.system_identifier)));
    assert!(text.contains(&format!("Database cluster state:               {}\n", control.state.name())));
    assert!(text.contains(&format!("Latest checkpoint's REDO location:    {}\n", control.checkpoint_copy.redo)));
    let mut torn = *golden;
    torn[100] ^= 1;
    assert!(ControlFileData::decode(&torn).is_err());
    assert!(ControlFileData::decode(&torn[..100]).is_err());
}

/// A small generator for tests (xorshift64*).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
}

/// Calls everything that takes a page.
fn use_all(page: &mut PageBytes, random: &mut Random) {
    let offset = random.next() as u16;
    let _ = (page::header(page), page::verify(page, BlockNumber(1), true), items(page));
    let _ = (page::item(page, offset), page::heap_free_space(page), page::free_space(page));
    for o in page::offsets(page) {
        if let Some(t) = page::heap_tuple(page, o) {
            let _ = (tuple::null_bitmap(t), tuple::data(t));
        }
    }
    let mut copy = *page;
    let _ = page::repair_fragmentation(&mut copy);
    page::truncate_line_pointer_array(&mut copy);
    let item = vec![1; random.below(9000) as usize];
    for place in [Place::Anywhere, Place::Overwrite(offset % 300), Place::Before(offset % 300)] {
        let _ = page::add_item(&mut copy, &item, place, random.below(2) == 0);
    }
    let mut copy = *page;
    let _ = fsm::search_avail(&mut copy, offset as u8, true);
    fsm::set_avail(&mut copy, u32::from(offset), 9);
    fsm::truncate_avail(&mut copy, u32::from(offset));
}

#[test]
fn arbitrary_bytes_do_no_harm() {
    let mut random = Random(20_261_120);
    let goldens = goldens();
    for round in 0..400 {
        // A real page with a few bytes changed goes deeper than noise; every fourth page is noise.
        let mut page = goldens[random.below(8) as usize].page;
        if round % 4 == 0 {
            page.iter_mut().for_each(|b| *b = random.next() as u8);
        }
        for _ in 0..random.below(12) {
            let near = if random.below(2) == 0 { 64 } else { BLCKSZ as u64 };
            page[random.below(near) as usize] = random.next() as u8;
        }
        use_all(&mut page, &mut random);
    }
}

#[test]
fn compaction_keeps_every_item() {
    let mut random = Random(7);
    for _ in 0..100 {
        let mut page = [0; BLCKSZ];
        page::init(&mut page, 0);
        let mut model = std::collections::BTreeMap::new();
        for _ in 0..300 {
            let offset = random.below(u64::from(page::max_offset(&page)) + 1) as u16;
            if random.below(3) == 0 {
                if model.remove(&offset).is_some() {
                    page::set_item_id(
                        &mut page,
                        offset,
                        [page::ItemId::UNUSED, page::ItemId::DEAD][offset as usize % 2],
                    );
                    page::repair_fragmentation(&mut page).unwrap();
                }
            } else {
                let item = vec![random.next() as u8; 1 + random.below(200) as usize];
                if let Some(at) = page::add_item(&mut page, &item, Place::Anywhere, false).unwrap() {
                    model.insert(at, item);
                }
            }
        }
        for offset in page::offsets(&page) {
            let normal = page::item_id(&page, offset).flags() == LpFlags::Normal;
            assert_eq!(page::item(&page, offset).filter(|_| normal), model.get(&offset).map(|v| &v[..]));
        }
    }
}
