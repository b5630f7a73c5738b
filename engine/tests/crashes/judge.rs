//! Whether the files of a server that was shut down agree with each other: read from its disk by the test itself,
//! without the engine's access methods.
//!
//! * Heaps: each line pointer leads to a tuple, each redirect to one that is on its chain; hints say what pg_xact says.
//! * B-trees: levels linked both ways, keys in order, a downlink to each page. Each entry leads to the root of a chain
//!   that has its key, each visible row has one entry in each index.
//! * Values that were moved out: all chunks are there, and none without a row.
//! * Visibility map: what it says is so.

use std::collections::{BTreeMap, BTreeSet};

use vitrine_engine::ids::*;
use vitrine_engine::storage::btree::{self, *};
use vitrine_engine::storage::page::{self, LpFlags};
use vitrine_engine::storage::tuple::*;
use vitrine_engine::storage::varlena::{TOAST_POINTER_SIZE, ToastPointer};
use vitrine_engine::storage::{PageBytes, clog, multixact, vm};
use vitrine_engine::world::Disk;

/// A table with its indexes: each with the numbers of its columns, from 0, which are all `int` and `NOT NULL`.
pub struct Table {
    pub name: String,
    pub file: RelFile,
    pub toast: Option<RelFile>,
    pub indexes: Vec<(String, RelFile, Vec<usize>)>,
}

/// A disk whose server is not running.
pub struct Judge<'a> {
    pub disk: &'a Disk,
    pub what: &'a str,
}

/// A row that all see.
struct Visible {
    /// The line pointer by which indexes know it.
    root: Tid,
    data: Vec<u8>,
}

/// A table, read.
#[derive(Default)]
struct Heap {
    rows: Vec<Visible>,
    /// Line pointers that an entry may lead to.
    roots: BTreeSet<Tid>,
}

impl Judge<'_> {
    fn page(&self, path: &str, block: u32) -> Option<Box<PageBytes>> {
        let bytes = self.disk.peek(path, u64::from(block) * BLCKSZ as u64, BLCKSZ)?;
        bytes.into_boxed_slice().try_into().ok()
    }

    fn blocks(&self, file: RelFile, fork: Fork) -> u32 {
        (self.disk.len(&file.path(fork)).unwrap_or(0) / BLCKSZ as u64) as u32
    }

    fn slru(&self, folder: &str, page: u32) -> Box<PageBytes> {
        let path = format!("{folder}/{:04X}", page / clog::PAGES_PER_SEGMENT);
        self.page(&path, page % clog::PAGES_PER_SEGMENT).unwrap_or_else(|| panic!("{}: no {path}", self.what))
    }

    /// Nobody is running: what has not committed has aborted.
    fn committed(&self, xid: Xid) -> bool {
        match xid.is_normal() {
            true => clog::status(&self.slru("pg_xact", clog::page_of(xid)), xid) == XidStatus::Committed,
            false => xid.is_valid(),
        }
    }

    /// The member of a multixact that has changed the row.
    fn updater(&self, multi: MultiXactId) -> Option<Xid> {
        let begin = |multi| multixact::offset(&self.slru("pg_multixact/offsets", multixact::offset_page(multi)), multi);
        (begin(multi)..begin(multi.next()))
            .filter_map(|at| multixact::member(&self.slru("pg_multixact/members", multixact::member_page(at)), at))
            .find(|member| member.status.is_update())
            .map(|member| member.xid)
    }

    fn is_visible(&self, header: &HeapTupleHeader) -> bool {
        let made = header.xmin_frozen() || self.committed(header.xmin);
        let ended = if header.has(HEAP_XMAX_INVALID) || header.xmax_is_locked_only() {
            None
        } else if header.has(HEAP_XMAX_IS_MULTI) {
            self.updater(header.xmax_multi())
        } else {
            Some(header.xmax)
        };
        made && !ended.is_some_and(|xid| self.committed(xid))
    }

    /// A hint that speaks of a transaction says what pg_xact says.
    fn check_hints(&self, header: &HeapTupleHeader, at: &str) {
        if header.has(HEAP_XMIN_COMMITTED) && !header.xmin_frozen() {
            assert!(self.committed(header.xmin), "{at}: xmin {:?} is no commit", header.xmin);
        } else if header.xmin_invalid() {
            assert!(!self.committed(header.xmin), "{at}: xmin {:?} has committed", header.xmin);
        }
        if header.has(HEAP_XMAX_COMMITTED) && !header.has(HEAP_XMAX_IS_MULTI) {
            assert!(self.committed(header.xmax), "{at}: xmax {:?} is no commit", header.xmax);
        }
    }

    /// Judges a table with all that belongs to it; how many rows it has.
    pub fn table(&self, table: &Table) -> usize {
        let heap = self.heap(&table.name, table.file);
        for (name, file, columns) in &table.indexes {
            self.index(name, *file, columns, &heap);
        }
        if let Some(toast) = table.toast {
            self.toast(&table.name, toast, &heap);
        }
        heap.rows.len()
    }

    fn heap(&self, name: &str, file: RelFile) -> Heap {
        let mut heap = Heap::default();
        for block in 0..self.blocks(file, Fork::Main) {
            let page = self.page(&file.path(Fork::Main), block).expect("a whole page");
            if page::is_new(&page) {
                continue;
            }
            let at = format!("{}: page {block} of {name}", self.what);
            let all_visible = self.heap_page(&page, block, &at, &mut heap);
            self.check_map(file, &page, block, all_visible, &at);
        }
        heap
    }

    /// Reads a page into `heap`; whether all that is on it is visible, and frozen.
    fn heap_page(&self, page: &PageBytes, block: u32, at: &str, heap: &mut Heap) -> (bool, bool) {
        let (mut all_visible, mut all_frozen) = (true, true);
        let mut rootless = BTreeSet::new();
        for offset in page::offsets(page) {
            let id = page::item_id(page, offset);
            all_visible &= !id.is_dead();
            if id.is_redirected() || id.is_dead() {
                heap.roots.insert(Tid::new(BlockNumber(block), offset));
            }
            let Some(header) = page::heap_tuple(page, offset).and_then(HeapTupleHeader::read) else {
                assert!(id.flags() != LpFlags::Normal, "{at}: {offset} leads to no tuple");
                continue;
            };
            self.check_hints(&header, at);
            let visible = self.is_visible(&header);
            all_visible &= visible;
            let no_xmax = header.has(HEAP_XMAX_INVALID) || !header.xmax.is_valid();
            all_frozen &= (header.xmin_frozen() || !header.xmin.is_normal()) && no_xmax;
            if header.is_heap_only() {
                rootless.extend(visible.then_some(offset));
            } else {
                heap.roots.insert(Tid::new(BlockNumber(block), offset));
            }
        }
        for offset in page::offsets(page) {
            if let Some((member, data)) = self.chain(page, offset, at) {
                rootless.remove(&member);
                heap.rows.push(Visible { root: Tid::new(BlockNumber(block), offset), data });
            }
        }
        assert!(rootless.is_empty(), "{at}: {rootless:?} are on no chain");
        (all_visible, all_visible && all_frozen)
    }

    /// The visible version of the chain that a line pointer begins: at most one.
    fn chain(&self, page: &PageBytes, root: OffsetNumber, at: &str) -> Option<(OffsetNumber, Vec<u8>)> {
        let id = page::item_id(page, root);
        let mut offset = if id.is_redirected() { id.off() } else { root };
        let (mut before, mut found) = (Xid::INVALID, None);
        while let Some(tuple) = page::heap_tuple(page, offset) {
            let header = HeapTupleHeader::read(tuple).expect("a header");
            if offset == root && header.is_heap_only() {
                return None;
            }
            assert!(offset == root || header.is_heap_only(), "{at}: the redirect {root} leads to {offset}");
            if before.is_valid() && header.xmin != before {
                break;
            }
            if self.is_visible(&header) {
                assert_eq!(found, None, "{at}: two versions on the chain of {root} are visible");
                found = Some((offset, tuple[usize::from(header.hoff)..].to_vec()));
            }
            if !header.is_hot_updated() || header.ctid.offset == offset {
                break;
            }
            let multi = header.has(HEAP_XMAX_IS_MULTI);
            before = if multi { self.updater(header.xmax_multi()).unwrap_or_default() } else { header.xmax };
            offset = header.ctid.offset;
        }
        found
    }

    fn check_map(&self, file: RelFile, page: &PageBytes, block: u32, all: (bool, bool), at: &str) {
        let map_block = vm::map_block(BlockNumber(block));
        let bits = self.page(&file.path(Fork::Vm), map_block.0).map_or(0, |map| vm::status(&map, BlockNumber(block)));
        let says = (bits & vm::VISIBILITYMAP_ALL_VISIBLE != 0, bits & vm::VISIBILITYMAP_ALL_FROZEN != 0);
        assert!(!says.0 || page::has_flag(page, page::PD_ALL_VISIBLE), "{at}: the map says more than the page");
        assert!(!page::has_flag(page, page::PD_ALL_VISIBLE) || all.0, "{at}: not all is visible");
        assert!(!says.1 || says.0 && all.1, "{at}: not all is frozen");
    }

    /// The chunks of a TOAST table are those of the values that rows have moved out.
    fn toast(&self, name: &str, file: RelFile, heap: &Heap) {
        let mut stored: BTreeMap<u32, usize> = BTreeMap::new();
        for row in self.heap(&format!("the TOAST table of {name}"), file).rows {
            // chunk_id, chunk_seq, chunk_data with a long or a short header
            let size = match row.data[8] & 1 {
                1 => usize::from(row.data[8] >> 1) - 1,
                _ => (word(&row.data, 8) >> 2) as usize - 4,
            };
            *stored.entry(word(&row.data, 0)).or_default() += size;
        }
        let mut wanted = BTreeMap::new();
        for row in &heap.rows {
            // Behind three integers stands the long value.
            let value = row.data.get(12..12 + TOAST_POINTER_SIZE).filter(|value| value[0] == 1);
            if let Some(pointer) = value.and_then(ToastPointer::read) {
                wanted.insert(pointer.value.0, pointer.stored_size());
            }
        }
        assert_eq!(stored, wanted, "{}: values of {name} that were moved out, and their sizes", self.what);
    }

    // --- B-trees -------------------------------------------------------------------------------------------------

    fn index(&self, name: &str, file: RelFile, columns: &[usize], heap: &Heap) {
        let at = format!("{}: {name}", self.what);
        let path = file.path(Fork::Main);
        let meta = btree::meta(&self.page(&path, 0).expect("a metapage")).expect("a metapage");
        let (mut parents, mut entries): (Vec<Node>, BTreeMap<Tid, Vec<i32>>) = (vec![], BTreeMap::new());
        if meta.root != P_NONE {
            let mut first = meta.root;
            for level in (0..=meta.level).rev() {
                let pages = self.level(&path, first, level, columns.len(), &at);
                check_order(&pages, columns.len(), &at);
                check_downlinks(&parents, &pages, &at);
                if level > 0 {
                    first = tuple::downlink(&pages[0].data()[0]);
                }
                parents = pages;
            }
            for item in parents.iter().flat_map(Node::data) {
                for tid in tuple::heap_tids(item) {
                    assert_eq!(entries.insert(tid, key(item, columns.len())), None, "{at}: two entries for {tid}");
                }
            }
        }
        let stray = entries.keys().find(|tid| !heap.roots.contains(tid));
        assert_eq!(stray, None, "{at}: an entry that leads to no root of a chain");
        for row in &heap.rows {
            let wanted: Vec<i32> = columns.iter().map(|column| word(&row.data, 4 * column) as i32).collect();
            assert_eq!(entries.get(&row.root), Some(&wanted), "{at}: the entry of the row at {}", row.root);
        }
    }

    fn level(&self, path: &str, first: BlockNumber, level: u32, columns: usize, at: &str) -> Vec<Node> {
        let read = |block: BlockNumber| {
            let page = self.page(path, block.0).unwrap_or_else(|| panic!("{at}: no page {block}"));
            let items = (1..=page::max_offset(&page)).map(|offset| index_tuple(&page, offset).to_vec()).collect();
            Node { block, links: opaque(&page), items }
        };
        let mut node = read(first);
        // A half-dead page may be left of what the parent says is the first.
        while node.links.prev != P_NONE {
            node = read(node.links.prev);
        }
        let mut pages: Vec<Node> = vec![node];
        while let Some(last) = pages.last().filter(|last| last.links.next != P_NONE) {
            let (prev, next) = (last.block, last.links.next);
            pages.push(read(next));
            let links = &pages[pages.len() - 1].links;
            assert_eq!((links.prev, links.level), (prev, level), "{at}: links of page {next}");
            assert!(!links.has(BTP_DELETED), "{at}: page {next} is deleted and linked");
        }
        let full = pages.iter().flat_map(Node::data).filter(|item| !tuple::is_pivot(item));
        full.for_each(|item| assert!(item.len() >= 8 + 4 * columns, "{at}: a short entry"));
        pages
    }
}

/// A page of a B-tree.
struct Node {
    block: BlockNumber,
    links: Opaque,
    items: Vec<Vec<u8>>,
}

impl Node {
    fn high_key(&self) -> Option<&Vec<u8>> {
        if self.links.is_rightmost() { None } else { self.items.first() }
    }

    fn data(&self) -> &[Vec<u8>] {
        let skipped = usize::from(!self.links.is_rightmost()).min(self.items.len());
        // What a half-dead page has left is no entry.
        if self.links.has(BTP_HALF_DEAD) { &[] } else { &self.items[skipped..] }
    }
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

/// The columns that an entry has: of a pivot tuple the first ones.
fn key(item: &[u8], columns: usize) -> Vec<i32> {
    (0..tuple::natts(item, columns)).map(|n| word(item, tuple::SIZE_OF_HEADER + 4 * n) as i32).collect()
}

/// What orders entries: columns, then rows. What a pivot tuple lacks comes before all.
fn place(item: &[u8], columns: usize) -> (Vec<i32>, Option<Tid>) {
    (key(item, columns), tuple::heap_tid(item))
}

fn check_order(pages: &[Node], columns: usize, at: &str) {
    let mut last = None;
    for page in pages {
        // The first entry above the leaves has no key.
        for item in page.data().iter().skip(usize::from(!page.links.is_leaf())) {
            let here = Some(place(item, columns));
            assert!(last < here, "{at}: out of order on page {}: {last:?}, {here:?}", page.block);
            let greatest = match page.links.is_leaf() {
                true => (key(item, columns), Some(tuple::max_heap_tid(item))),
                false => place(item, columns),
            };
            let end = page.high_key().map(|high| place(high, columns));
            assert!(end.is_none() || Some(&greatest) <= end.as_ref(), "{at}: beyond the high key of {}", page.block);
            last = Some(greatest);
        }
    }
}

/// Every page is its parent's child, unless it is being split off or taken away.
fn check_downlinks(parents: &[Node], pages: &[Node], at: &str) {
    if parents.is_empty() {
        let being_split = pages.len() == 2 && pages[0].links.has(BTP_INCOMPLETE_SPLIT);
        return assert!(pages.len() == 1 || being_split, "{at}: more than one root");
    }
    let links: Vec<&Vec<u8>> = parents.iter().flat_map(|page| page.data()).collect();
    let known: BTreeSet<BlockNumber> = links.iter().map(|item| tuple::downlink(item)).collect();
    assert_eq!(known.len(), links.len(), "{at}: two downlinks lead to one page");
    let mut may_lack = false;
    for page in pages {
        let stem = !page.links.is_leaf() && page.data().len() == 1;
        let excused = may_lack || stem || page.links.has(BTP_HALF_DEAD);
        assert!(known.contains(&page.block) || excused, "{at}: no downlink to page {}", page.block);
        may_lack = page.links.has(BTP_INCOMPLETE_SPLIT);
    }
}
