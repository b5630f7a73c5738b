//! The tests of these pages against those of a real PostgreSQL 15 (`tests/golden/pg15/btree-*`).

use super::super::page::{self, Place};
use super::super::{PageBytes, index_page};
use super::*;
use crate::ids::{BlockNumber, FullXid, OffsetNumber, Tid};

/// A page, and what `bt_page_items` or `bt_metap` of the server said of it.
macro_rules! golden {
    ($name:literal) => {
        (
            *include_bytes!(concat!("../../../tests/golden/pg15/btree-", $name, ".page")),
            include_str!(concat!("../../../tests/golden/pg15/btree-", $name, ".items")),
        )
    };
}

fn goldens() -> [(PageBytes, &'static str); 8] {
    [
        golden!("words-1"),
        golden!("words-3"),
        golden!("same-1"),
        golden!("same-3"),
        golden!("nulls-1"),
        golden!("nulls-3"),
        golden!("listsbuilt-1"),
        golden!("listsbuilt-3"),
    ]
}

/// A row of `bt_page_items`, of the list of rows no more than nine.
fn row(page: &PageBytes, offset: OffsetNumber) -> String {
    let links = opaque(page);
    let t = index_tuple(page, offset);
    let pivot = !links.is_leaf() || offset < links.first_data_key();
    let flag = |on: bool| if on { "t" } else { "f" };
    let heap_tid = tuple::heap_tid(t).filter(|_| !pivot || tuple::is_pivot(t));
    let end = match heap_tid {
        Some(_) if pivot => tuple::size(t) - 8,
        _ => tuple::posting_offset(t),
    };
    let data: Vec<String> = t[tuple::data_offset(tuple::info(t))..end].iter().map(|b| format!("{b:02x}")).collect();
    let tids: Vec<String> = tuple::heap_tids(t).take(9).map(|tid| format!("\"{tid}\"")).collect();
    format!(
        "{offset}|{}|{}|{}|{}|{}|{}|{}|{}",
        tuple::tid(t),
        tuple::size(t),
        flag(tuple::info(t) & tuple::INDEX_NULL_MASK != 0),
        flag(tuple::info(t) & tuple::INDEX_VAR_MASK != 0),
        data.join(" "),
        if pivot { "" } else { flag(page::item_id(page, offset).is_dead()) },
        heap_tid.map(|tid| tid.to_string()).unwrap_or_default(),
        if tuple::is_posting(t) { format!("{{{}}}", tids.join(",")) } else { String::new() },
    )
}

#[test]
fn tuples_are_read_as_the_server_reads_them() {
    for (page, items) in goldens() {
        assert!(is_sane(&page));
        let rows: Vec<String> = page::offsets(&page).map(|offset| row(&page, offset)).collect();
        assert_eq!(rows.join("\n") + "\n", items);
    }
}

#[test]
fn a_page_put_together_from_its_tuples_is_the_same() {
    for (page, _) in goldens() {
        let mut copy = [0; crate::ids::BLCKSZ];
        init(&mut copy, &opaque(&page));
        page::set_lsn(&mut copy, page::lsn(&page));
        // In the order in which they lie.
        let mut order: Vec<_> = page::offsets(&page).collect();
        order.sort_by_key(|o| std::cmp::Reverse(page::item_id(&page, *o).off()));
        for (at, offset) in order.iter().enumerate() {
            let before = order[..at].iter().filter(|o| *o < offset).count() as OffsetNumber + 1;
            page::add_item(&mut copy, index_tuple(&page, *offset), Place::Before(before), false).unwrap();
        }
        let used = usize::from(page::lower(&page));
        assert_eq!(copy[..used], page[..used]);
        assert_eq!(copy[usize::from(page::upper(&page))..], page[usize::from(page::upper(&page))..]);
    }
}

#[test]
fn tuples_are_formed_byte_for_byte() {
    for (page, _) in goldens().into_iter().step_by(2) {
        for offset in opaque(&page).first_data_key()..=page::max_offset(&page) {
            let real = index_tuple(&page, offset);
            let info = tuple::info(real);
            let nulls: Vec<bool> = (0..2).map(|at| tuple::is_null(real, at)).collect();
            let columns = &real[tuple::data_offset(info)..tuple::posting_offset(real)];
            let plain = tuple::form(tuple::max_heap_tid(real), &nulls, info & tuple::INDEX_VAR_MASK != 0, columns);
            let tids: Vec<Tid> = tuple::heap_tids(real).collect();
            assert_eq!(tuple::form_posting(&plain, &tids), real);
        }
    }
}

#[test]
fn the_meta_page_is_the_servers() {
    let (page, text) = golden!("words-0");
    let found = meta(&page).unwrap();
    let flag = if found.allequalimage { "t" } else { "f" };
    let shown = format!(
        "340322|{}|{}|{}|{}|{}|{}|{}|{flag}\n",
        found.version,
        found.root,
        found.level,
        found.fastroot,
        found.fastlevel,
        found.last_cleanup_num_delpages,
        found.last_cleanup_num_heap_tuples
    );
    assert_eq!(shown, text);
    let mut ours = [0; crate::ids::BLCKSZ];
    page::set_lsn(&mut ours, page::lsn(&page));
    init_meta(&mut ours, &found);
    assert_eq!(ours[..], page[..]);
    assert_eq!(meta(&goldens()[0].0), None);
}

#[test]
fn items_taken_out_leave_no_gap() {
    let (page, _) = golden!("words-1");
    let count = page::max_offset(&page);
    let items = |page: &PageBytes| page::offsets(page).map(|o| index_tuple(page, o).to_vec()).collect::<Vec<_>>();
    let all = items(&page);
    for gone in [vec![1], vec![count], vec![2, 7], vec![1, 2, 3, 50, count - 1], (1..=count).collect()] {
        let mut copy = page;
        index_page::delete_all(&mut copy, &gone).unwrap();
        let kept: Vec<_> = (1..=count).filter(|o| !gone.contains(o)).map(|o| all[usize::from(o) - 1].clone()).collect();
        assert_eq!(items(&copy), kept);
        let freed: usize = gone.iter().map(|o| all[usize::from(*o) - 1].len() + 4).sum();
        assert_eq!(page::exact_free_space(&copy), page::exact_free_space(&page) + freed);
    }
    for len in [8, 16, 40, 3000] {
        let mut copy = page;
        let mut item = vec![7; len];
        item[..8].copy_from_slice(&tuple::MINUS_INFINITY);
        item[6] = (len % 256) as u8;
        item[7] = 0x20 + (len / 256) as u8;
        assert!(index_page::overwrite(&mut copy, 9, &item).unwrap());
        let mut wanted = all.clone();
        wanted[8] = item;
        assert_eq!(items(&copy), wanted);
    }
    let mut copy = page;
    assert!(!index_page::overwrite(&mut copy, 9, &[0; 5000]).unwrap());
    assert!(index_page::delete_all(&mut copy, &[3, 4, count + 1]).is_err());
}

#[test]
fn a_deleted_page_says_since_when() {
    let (mut page, _) = golden!("words-1");
    set_deleted(&mut page, FullXid(5 << 32 | 77));
    let links = opaque(&page);
    assert!(links.has(BTP_DELETED) && links.is_leaf() && links.ignore());
    assert_eq!((deleted_since(&page), page::lower(&page), page::upper(&page)), (FullXid(5 << 32 | 77), 32, 8176));
    assert_eq!(tuple::downlink(&tuple::minus_infinity(BlockNumber(9))), BlockNumber(9));
}
