//! Building an index bottom up, from sorted keys.
//!
//! ```text
//!   level 2                      ...
//!   level 1        │ -inf→1  k→2 ...        a page of each level is open at its right edge
//!   level 0   │ a b c d │ k l m ...         full ones are written, and their downlinks go up
//! ```
//!
//! Leaves are filled to 90 percent, pages above to 70, so that the first inserts need not split. Each page is logged whole,
//! once. The meta page comes last: until then the index is empty.
//!
//! PostgreSQL: `nbtsort.c`.

use std::cmp::Ordering;

use super::compare::{compare_tuples, truncate};
use super::dedup::{MAX_BUILT_POSTING_SIZE, Pending};
use super::index::Index;
use super::page::Tree;
use super::split::push;
use crate::access::{Env, new_page};
use crate::ids::{BLCKSZ, BlockNumber, Error, OffsetNumber, Result, Tid, sqlstate};
use crate::small;
use crate::storage::btree::*;
use crate::storage::page::{self, SIZE_OF_ITEM_ID};
use crate::storage::{PageBytes, index_page, max_align};

/// A page is full when no more than this is left: of a leaf,
const LEAF_RESERVE: usize = BLCKSZ * (100 - BTREE_DEFAULT_FILLFACTOR) / 100;
/// and above.
const NONLEAF_RESERVE: usize = BLCKSZ * (100 - BTREE_NONLEAF_FILLFACTOR) / 100;

/// The keys of an index that is to be built; `BTSpool`.
pub struct Spool<'a> {
    index: &'a Index,
    bytes: Vec<u8>,
    /// Where each key begins, and whether its row lives: only then can it be a duplicate.
    keys: Vec<(usize, bool)>,
}

impl<'a> Spool<'a> {
    /// For an index, without keys yet.
    pub fn new(index: &'a Index) -> Spool<'a> {
        Spool { index, bytes: Vec::new(), keys: Vec::new() }
    }

    /// How many keys there are.
    pub fn count(&self) -> usize {
        self.keys.len()
    }

    /// Adds the key of a row.
    pub fn add(&mut self, row: &[u8], tid: Tid, alive: bool) -> Result<()> {
        let key = self.index.key_of(row, tid)?;
        self.keys.push((self.bytes.len(), alive));
        self.bytes.extend_from_slice(&key);
        Ok(())
    }

    fn key(&self, at: usize) -> &[u8] {
        let start = self.keys[at].0;
        &self.bytes[start..start + tuple::size(&self.bytes[start..])]
    }

    /// In the order of the index, equals in that of their rows.
    fn sort(&mut self) -> Result<()> {
        let (index, bytes) = (self.index, &self.bytes);
        let mut failed = None;
        small::sort_by(&mut self.keys, |a, b| {
            let (a, b) = (&bytes[a.0..], &bytes[b.0..]);
            let order = compare_tuples(index, a, b, index.natts()).unwrap_or_else(|error| {
                failed = Some(error);
                Ordering::Equal
            });
            order.then_with(|| tuple::tid(a).cmp(&tuple::tid(b)))
        });
        failed.map_or(Ok(()), Err)
    }

    /// Two living rows with the same key do not go into a unique index.
    fn check_unique(&self) -> Result<()> {
        let alive: Vec<usize> = (0..self.count()).filter(|at| self.keys[*at].1).collect();
        for pair in alive.windows(2) {
            let (a, b) = (self.key(pair[0]), self.key(pair[1]));
            let null = (0..self.index.natts()).any(|at| tuple::is_null(a, at));
            if !null && compare_tuples(self.index, a, b, self.index.natts())?.is_eq() {
                let message = format!("could not create unique index \"{}\"", self.index.name);
                let detail = format!("Key {} is duplicated.", self.index.describe(a)?);
                return Err(Error::new(sqlstate::UNIQUE_VIOLATION, message).detail(detail));
            }
        }
        Ok(())
    }
}

/// The open page of a level; `BTPageState`.
struct Level {
    page: Box<PageBytes>,
    block: BlockNumber,
    /// What its downlink will say: the high key of the page before it.
    low_key: Vec<u8>,
    level: u32,
    /// How much of the last tuple is a posting list, which its high key would not have.
    last_extra: usize,
}

impl Level {
    fn new(level: u32, block: BlockNumber, prev: BlockNumber, low_key: Vec<u8>) -> Level {
        let mut page = Box::new([0; BLCKSZ]);
        let flags = if level == 0 { BTP_LEAF } else { 0 };
        init(&mut page, &Opaque { prev, level, flags, ..Opaque::default() });
        // The high key's line pointer; the key itself comes last.
        let lower = page::lower(&page) + SIZE_OF_ITEM_ID as u16;
        page::set_lower(&mut page, lower);
        Level { page, block, low_key, level, last_extra: 0 }
    }

    fn last(&self) -> OffsetNumber {
        page::max_offset(&self.page)
    }

    fn is_leaf(&self) -> bool {
        self.level == 0
    }

    fn push(&mut self, item: &[u8]) -> Result<()> {
        if !self.is_leaf() && self.last() == P_HIKEY {
            return push(&mut self.page, &tuple::minus_infinity(tuple::downlink(item)));
        }
        push(&mut self.page, item)
    }

    /// Whether the page takes no more.
    fn is_full_for(&self, size: usize) -> bool {
        let free = page::free_space(&self.page);
        let (reserve, tid) = if self.is_leaf() { (LEAF_RESERVE, max_align(6)) } else { (NONLEAF_RESERVE, 0) };
        free < size + tid || free + self.last_extra < reserve && self.last() > P_FIRSTKEY
    }

    /// The page is full: its last tuple goes to the next page, and becomes its high key.
    fn close(&mut self, index: &Index, next: BlockNumber) -> Result<Level> {
        let last = self.last();
        let moved = index_tuple(&self.page, last).to_vec();
        let id = page::item_id(&self.page, last);
        page::set_item_id(&mut self.page, P_HIKEY, id);
        cut_line_pointer(&mut self.page);
        if self.is_leaf() {
            let high_key = truncate(index, index_tuple(&self.page, last - 1), &moved)?;
            if !index_page::overwrite(&mut self.page, P_HIKEY, &high_key)? {
                return Err(Error::internal("failed to add high key to the index page"));
            }
        }
        change_opaque(&mut self.page, |links| links.next = next);
        let low_key = index_tuple(&self.page, P_HIKEY).to_vec();
        let mut opened = Level::new(self.level, next, self.block, low_key);
        opened.push(&moved)?;
        Ok(opened)
    }

    /// `_bt_slideleft`: the rightmost page of a level has no high key.
    fn slide_left(&mut self) {
        for offset in P_FIRSTKEY..=self.last() {
            let id = page::item_id(&self.page, offset);
            page::set_item_id(&mut self.page, offset - 1, id);
        }
        cut_line_pointer(&mut self.page);
    }

    fn downlink(&self) -> Vec<u8> {
        let mut item = self.low_key.clone();
        tuple::set_downlink(&mut item, self.block);
        item
    }
}

fn cut_line_pointer(page: &mut PageBytes) {
    let lower = page::lower(page) - SIZE_OF_ITEM_ID as u16;
    page::set_lower(page, lower);
}

/// An index under construction; `BTWriteState`.
struct Builder<'a> {
    tree: Tree<'a>,
    levels: Vec<Level>,
    next_block: BlockNumber,
}

/// `_bt_leafbuild`: writes an index of these keys; its file is empty so far.
pub async fn build(env: &Env, mut spool: Spool<'_>) -> Result<()> {
    spool.sort()?;
    if spool.index.unique {
        spool.check_unique()?;
    }
    let mut builder = Builder { tree: Tree::of(env, spool.index), levels: Vec::new(), next_block: BlockNumber(1) };
    let mut pending: Option<Pending> = None;
    let merges = spool.index.is_equal_image() && !spool.index.unique;
    for at in 0..spool.count() {
        let key = spool.key(at);
        if let Some(run) = &mut pending
            && merges
            && run.has_key_of(spool.index, key)?
            && run.add(key)
        {
            continue;
        }
        builder.add_leaf(pending.replace(Pending::start(key, MAX_BUILT_POSTING_SIZE))).await?;
    }
    builder.add_leaf(pending).await?;
    builder.finish().await
}

impl Builder<'_> {
    fn allocate(&mut self) -> BlockNumber {
        let block = self.next_block;
        self.next_block = BlockNumber(block.0 + 1);
        block
    }

    /// The open page of a level, which may have to be begun.
    fn open(&mut self, level: usize) -> &mut Level {
        if level == self.levels.len() {
            let block = self.allocate();
            self.levels.push(Level::new(level as u32, block, P_NONE, tuple::MINUS_INFINITY.to_vec()));
        }
        &mut self.levels[level]
    }

    async fn add_leaf(&mut self, run: Option<Pending>) -> Result<()> {
        let Some((item, extra)) = run.map(|run| run.finish()) else { return Ok(()) };
        self.add(0, item).await?;
        self.levels[0].last_extra = extra;
        Ok(())
    }

    /// `_bt_buildadd`: adds a tuple behind all others of a level, and what that entails above.
    async fn add(&mut self, mut level: usize, mut item: Vec<u8>) -> Result<()> {
        self.tree.env.cx.check_for_interrupts()?;
        let mut full_pages = Vec::new();
        while self.open(level).is_full_for(max_align(item.len())) {
            let next = self.allocate();
            let mut opened = self.levels[level].close(self.tree.index, next)?;
            // PostgreSQL begins the page above when it is first needed, which decides its number.
            self.open(level + 1);
            opened.push(&item)?;
            let full = std::mem::replace(&mut self.levels[level], opened);
            item = full.downlink();
            full_pages.push(full);
            level += 1;
        }
        self.levels[level].push(&item)?;
        for full in full_pages.iter().rev() {
            self.write(&full.page, full.block).await?;
        }
        Ok(())
    }

    /// `_bt_uppershutdown`: the open pages are the rightmost of their levels, the last one is the root.
    async fn finish(mut self) -> Result<()> {
        let (mut level, mut root) = (0, P_NONE);
        while level < self.levels.len() {
            self.levels[level].slide_left();
            let block = self.levels[level].block;
            if level + 1 == self.levels.len() {
                root = block;
                change_opaque(&mut self.levels[level].page, |links| links.flags |= BTP_ROOT);
            } else {
                let downlink = self.levels[level].downlink();
                self.add(level + 1, downlink).await?;
            }
            let page = self.levels[level].page.clone();
            self.write(&page, block).await?;
            level += 1;
        }
        let mut meta_page = Box::new([0; BLCKSZ]);
        let levels = (self.levels.len() as u32).saturating_sub(1);
        init_meta(&mut meta_page, &Meta::new(root, levels, self.tree.index.is_equal_image()));
        self.write(&meta_page, BTREE_METAPAGE).await
    }

    /// `_bt_blwritepage`
    async fn write(&self, page: &PageBytes, block: BlockNumber) -> Result<()> {
        new_page::write(self.tree.env, &self.tree.index.rel, block, page).await
    }
}
