//! Two disks compared, as far as a log makes them equal.
//!
//! Of tables and indexes every page, with what no record tells masked; pg_xact and pg_multixact; the visibility map, where
//! no map says as much as one without a bit, since VACUUM makes the file before it knows whether it will set any. The
//! free space map is not logged, pg_subtrans and statistics are not kept.

use std::collections::BTreeSet;

use vitrine_engine::ids::BLCKSZ;
use vitrine_engine::storage::{PageBytes, mask, page, vm};
use vitrine_engine::world::Disk;

/// How many pages were compared. `indexes` are the files of B-trees.
pub fn compare(primary: &Disk, standby: &Disk, indexes: &[String], what: &str) -> usize {
    let files = |disk: &Disk| {
        let all = ["base/", "global/", "pg_xact/", "pg_multixact/"].into_iter().flat_map(|folder| disk.list(folder));
        all.filter(|path| is_logged(path)).collect::<BTreeSet<String>>()
    };
    let (ours, theirs) = (files(primary), files(standby));
    let only = |one: &BTreeSet<String>, other: &BTreeSet<String>| one.difference(other).cloned().collect::<Vec<_>>();
    let mut only = (only(&ours, &theirs), only(&theirs, &ours));
    only.0.retain(|path| !path.ends_with("_vm"));
    assert_eq!(only, (vec![], vec![]), "{what}: on the primary's disk only, and on the standby's only");
    ours.iter().map(|path| compare_file(path, primary, standby, indexes, what)).sum()
}

fn is_logged(path: &str) -> bool {
    !path.ends_with("_fsm") && path != "global/pg_control" && !path.contains("pg_internal")
}

/// A page as it is compared; zeros where there is none.
fn page_of(disk: &Disk, path: &str, block: usize, is_index: bool) -> Box<PageBytes> {
    let bytes = disk.peek(path, (block * BLCKSZ) as u64, BLCKSZ).filter(|bytes| bytes.len() == BLCKSZ);
    let Some(bytes) = bytes else { return Box::new([0; BLCKSZ]) };
    let mut page: Box<PageBytes> = bytes.into_boxed_slice().try_into().expect("a whole page");
    if is_index {
        mask::index(&mut page);
    } else if path.ends_with("_vm") {
        if vm::count(&page) == (0, 0) {
            page.fill(0);
        }
    } else if !path.starts_with("pg_") {
        mask::heap(&mut page);
    }
    page
}

fn compare_file(path: &str, primary: &Disk, standby: &Disk, indexes: &[String], what: &str) -> usize {
    let lengths = [primary, standby].map(|disk| disk.len(path).unwrap_or(0));
    let is_map = path.ends_with("_vm");
    assert!(is_map || lengths[0] == lengths[1], "{what}: length of {path}: {lengths:?}");
    let is_index = path.rsplit('/').next().is_some_and(|name| indexes.iter().any(|index| index == name));
    let pages = lengths[0].max(lengths[1]) as usize / BLCKSZ;
    for block in 0..pages {
        let both = [primary, standby].map(|disk| page_of(disk, path, block, is_index));
        let differs = both[0].iter().zip(both[1].iter()).position(|(a, b)| a != b);
        let lsns = both.each_ref().map(|page| page::lsn(page).to_string());
        assert_eq!(differs, None, "{what}: {path}, page {block}, LSNs {lsns:?}: the first byte that differs");
    }
    pages
}
