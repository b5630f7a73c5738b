//! Whether an index is right: what PostgreSQL's `amcheck` asks of one.
//!
//! * On each level the pages are linked both ways, and the keys ascend over all of them.
//! * Nothing on a page is beyond its high key, and the parent's next key is that same high key.
//! * Every page but the leftmost of a level has a downlink, unless its left sibling says that it has none yet.
//! * Every row that is visible has one entry with its key, and no entry names a line pointer that is free.

use std::collections::{BTreeMap, BTreeSet};

use super::super::compare::compare_tuples;
use super::super::index::Index;
use super::super::page::Tree;
use crate::access::{Env, Rel, Scan, TupleBatch};
use crate::ids::*;
use crate::storage::btree::*;
use crate::storage::page;
use crate::storage::tuple::HeapTupleHeader;
use crate::world::LwMode;

/// A page, copied.
struct Seen {
    block: BlockNumber,
    links: Opaque,
    items: Vec<Vec<u8>>,
}

impl Seen {
    fn high_key(&self) -> Option<&Vec<u8>> {
        if self.links.is_rightmost() { None } else { self.items.first() }
    }

    fn data(&self) -> &[Vec<u8>] {
        &self.items[usize::from(!self.links.is_rightmost()).min(self.items.len())..]
    }
}

/// Checks an index against its table; nobody else is at work. Returns how many rows it knows.
pub(in crate::access) async fn verify(env: &Env, index: &Index, heap: &Rel) -> usize {
    let tree = Tree::of(env, index);
    let (page, meta) = tree.meta(LwMode::Shared).await.unwrap();
    drop(page);
    let mut rows = BTreeMap::new();
    if meta.root != P_NONE {
        let mut parents: Vec<Seen> = Vec::new();
        for level in (0..=meta.level).rev() {
            let first = match parents.first() {
                None => meta.root,
                Some(parent) => tuple::downlink(&parent.data()[0]),
            };
            let pages = level_from(&tree, first, level).await;
            check_level(index, &pages);
            check_downlinks(index, &parents, &pages);
            parents = pages;
        }
        for item in parents.iter().flat_map(|leaf| leaf.data()) {
            for tid in tuple::heap_tids(item) {
                assert_eq!(rows.insert(tid, item.clone()), None, "{tid} has two entries in {}", index.name);
            }
        }
    }
    check_heap(env, index, heap, &rows).await;
    rows.len()
}

async fn level_from(tree: &Tree<'_>, mut first: BlockNumber, level: u32) -> Vec<Seen> {
    // A half-dead page may be left of what the parent says is the first.
    while let Some(prev) =
        Some(tree.page(first, LwMode::Shared).await.unwrap().links().prev).filter(|prev| *prev != P_NONE)
    {
        first = prev;
    }
    let (mut pages, mut block, mut prev): (Vec<Seen>, _, _) = (Vec::new(), first, P_NONE);
    while block != P_NONE {
        let page = tree.page(block, LwMode::Shared).await.unwrap();
        let links = page.links();
        assert_eq!((links.level, links.prev), (level, prev), "links of block {block}");
        assert!(!links.has(BTP_DELETED), "block {block} is deleted and linked");
        let items = (1..=page.max_offset()).map(|offset| page.tuple(offset)).collect();
        pages.push(Seen { block, links, items });
        (prev, block) = (block, links.next);
    }
    pages
}

/// `a` before `b`: by the columns that both have, then by what they lack, then by TID.
fn precedes(index: &Index, a: &[u8], b: &[u8]) -> bool {
    let (left, right) = (tuple::natts(a, index.natts()), tuple::natts(b, index.natts()));
    let order = compare_tuples(index, a, b, left.min(right)).unwrap();
    order.then(left.cmp(&right)).then(tuple::heap_tid(a).cmp(&tuple::heap_tid(b))).is_lt()
}

fn check_level(index: &Index, pages: &[Seen]) {
    let mut last: Option<(BlockNumber, &Vec<u8>)> = None;
    for page in pages.iter().filter(|page| !page.links.has(BTP_HALF_DEAD)) {
        let skip = usize::from(!page.links.is_leaf());
        for item in page.data().iter().skip(skip) {
            if let Some((block, last)) = last {
                assert!(precedes(index, last, item), "{} out of order: blocks {block}, {}", index.name, page.block);
            }
            if let Some(high_key) = page.high_key() {
                let within = precedes(index, item, high_key)
                    || item == high_key
                    || tuple::heap_tid(item) == tuple::heap_tid(high_key);
                assert!(within, "{}: beyond the high key of block {}", index.name, page.block);
            }
            last = Some((page.block, item));
        }
    }
}

/// Every page is its parent's child, between the keys that the parent says.
fn check_downlinks(index: &Index, parents: &[Seen], pages: &[Seen]) {
    if parents.is_empty() {
        // Between the split of a root and the page above it there are two.
        let being_split = pages.len() == 2 && pages[0].links.has(BTP_INCOMPLETE_SPLIT);
        return assert!(pages.len() == 1 || being_split, "{} has more than one root", index.name);
    }
    let links: Vec<&Vec<u8>> =
        parents.iter().filter(|page| !page.links.has(BTP_HALF_DEAD)).flat_map(|page| page.data()).collect();
    let at: BTreeMap<BlockNumber, usize> =
        links.iter().enumerate().map(|(n, item)| (tuple::downlink(item), n)).collect();
    assert_eq!(at.len(), links.len(), "two downlinks lead to one page");
    let mut without = false;
    for page in pages {
        let found = at.get(&page.block);
        // A page above the leaves that has one child may be part of a stem that is on its way out.
        let stem = !page.links.is_leaf() && page.data().len() == 1;
        let missing_is_right = without || stem || page.links.has(BTP_HALF_DEAD);
        assert_eq!(
            found.is_none(),
            found.is_none() && missing_is_right,
            "{}: no downlink to {}",
            index.name,
            page.block
        );
        without = page.links.has(BTP_INCOMPLETE_SPLIT);
        // The key of the next downlink is the high key, where both are known.
        let next = found.and_then(|n| links.get(n + 1)).filter(|item| tuple::natts(item, 0) > 0);
        if let (Some(next), Some(high_key), false) = (next, page.high_key(), without || page.links.has(BTP_HALF_DEAD)) {
            let same = !precedes(index, next, high_key) && !precedes(index, high_key, next);
            assert!(same, "{}: block {} ends elsewhere than its parent says", index.name, page.block);
        }
    }
}

async fn check_heap(env: &Env, index: &Index, heap: &Rel, entries: &BTreeMap<Tid, Vec<u8>>) {
    for tid in entries.keys() {
        assert!(tid.block < heap.blocks(env, Fork::Main), "{}: entry for {tid} beyond the table", index.name);
        let pin = heap.page(env, Fork::Main, tid.block).await.unwrap();
        let id = pin.read(|bytes| page::item_id(bytes, tid.offset));
        let header = pin.read(|bytes| page::heap_tuple(bytes, tid.offset).and_then(HeapTupleHeader::read));
        let heap_only = header.is_some_and(|header| header.is_heap_only());
        assert!(id.is_used() && !heap_only, "{}: entry for {tid}, which is {id:?}", index.name);
    }
    let roots = roots(env, heap, entries.keys().copied()).await;
    let (mut scan, mut batch) = (Scan::begin(env, heap, env.take_snapshot()), TupleBatch::default());
    while scan.next_page(env, &mut batch).await.unwrap() {
        for (tid, row) in batch.iter() {
            let found: Vec<&Tid> = roots.get(&tid).into_iter().flatten().collect();
            assert_eq!(found.len(), 1, "{}: entries of the row at {tid}", index.name);
            let plain = tuple::form_posting(&entries[found[0]], &[*found[0]]);
            assert_eq!(plain, index.key_of(row, *found[0]).unwrap(), "{}: key of the row at {tid}", index.name);
        }
    }
    env.drop_snapshot();
}

/// Which entries lead to a version.
async fn roots(env: &Env, heap: &Rel, entries: impl Iterator<Item = Tid>) -> BTreeMap<Tid, BTreeSet<Tid>> {
    let mut roots: BTreeMap<Tid, BTreeSet<Tid>> = BTreeMap::new();
    for root in entries {
        let pin = heap.page(env, Fork::Main, root.block).await.unwrap();
        pin.read(|bytes| {
            let id = page::item_id(bytes, root.offset);
            let mut at = if id.is_redirected() { id.off() } else { root.offset };
            let mut xmax = Xid::INVALID;
            while let Some(header) = page::heap_tuple(bytes, at).and_then(HeapTupleHeader::read) {
                if xmax.is_valid() && header.xmin != xmax {
                    break;
                }
                roots.entry(Tid::new(root.block, at)).or_default().insert(root);
                if !header.is_hot_updated() || header.ctid.offset == at {
                    break;
                }
                (xmax, at) = (header.xmax, header.ctid.offset);
            }
        });
    }
    roots
}
