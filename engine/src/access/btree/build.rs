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
use super::index::{Index, KeyColumn};
use super::page::Tree;
use super::split::push;
use crate::access::{Env, new_page};
use crate::ids::{BLCKSZ, BlockNumber, Error, OffsetNumber, Result, Tid, sqlstate};
use crate::settings::Setting;
use crate::sort::{Leading, Order, Tuplesort};
use crate::storage::btree::*;
use crate::storage::page::{self, SIZE_OF_ITEM_ID};
use crate::storage::{PageBytes, index_page, max_align};
use crate::txn::MemoryPurpose;
use crate::types::index_key::KeyColumns;

/// A page is full when no more than this is left: of a leaf,
const LEAF_RESERVE: usize = BLCKSZ * (100 - BTREE_DEFAULT_FILLFACTOR) / 100;
/// and above.
const NONLEAF_RESERVE: usize = BLCKSZ * (100 - BTREE_NONLEAF_FILLFACTOR) / 100;

/// The keys of an index that is to be built; `BTSpool`, or two: of rows that have ended, and may be duplicates, a unique
/// index has a sort of their own.
pub struct Spool<'a> {
    index: &'a Index,
    keys: Tuplesort<'a>,
    ended: Option<Tuplesort<'a>>,
    count: u64,
}

/// The order of an index's keys, equals in that of their rows.
struct KeyOrder<'a> {
    index: &'a Index,
    /// No two keys may be equal.
    unique: bool,
}

impl Order for KeyOrder<'_> {
    fn leading(&self, key: &[u8]) -> Result<Leading> {
        let Some(KeyColumn { descending, nulls_first, .. }) = self.index.keys.first() else {
            return Ok(Leading::default());
        };
        let (attr, value) = KeyColumns::of(&self.index.desc, key).step()?;
        Ok(Leading::of(value.map(|value| (attr, value)), *descending, *nulls_first))
    }

    /// `comparetup_index_btree`. Two equal keys that are neighbours in the end have been compared, in whatever way they
    /// were sorted: so duplicates are found here.
    fn compare(&self, a: &[u8], b: &[u8]) -> Result<Ordering> {
        let order = compare_tuples(self.index, a, b, self.index.natts())?;
        let null = || (0..self.index.natts()).any(|at| tuple::is_null(a, at));
        if self.unique && order.is_eq() && !null() {
            let message = format!("could not create unique index \"{}\"", self.index.name);
            let detail = format!("Key {} is duplicated.", self.index.describe(a)?);
            return Err(Error::new(sqlstate::UNIQUE_VIOLATION, message).detail(detail));
        }
        Ok(order.then_with(|| tuple::tid(a).cmp(&tuple::tid(b))))
    }

    fn size(&self, key: &[u8]) -> usize {
        key.len()
    }
}

impl<'a> Spool<'a> {
    /// For an index, without keys yet.
    pub fn new(env: &Env, index: &'a Index) -> Spool<'a> {
        let sort = |unique, setting| {
            let order = Box::new(KeyOrder { index, unique });
            Tuplesort::begin(env, MemoryPurpose::IndexBuild, order, env.settings.borrow().int(setting), None)
        };
        let keys = sort(index.unique, Setting::maintenance_work_mem);
        Spool { index, keys, ended: index.unique.then(|| sort(false, Setting::work_mem)), count: 0 }
    }

    /// How many keys there are.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Adds the key of a row. Whoever adds does not forget to [`Spool::settle`].
    pub fn add(&mut self, row: &[u8], tid: Tid, alive: bool) -> Result<()> {
        let key = self.index.key_of(row, tid)?;
        self.count += 1;
        match &mut self.ended {
            Some(ended) if !alive => ended.put(&key),
            _ => self.keys.put(&key),
        }
    }

    /// Writes what memory has no room for.
    pub async fn settle(&mut self, env: &Env) -> Result<()> {
        self.keys.settle(env).await?;
        match &mut self.ended {
            Some(ended) => ended.settle(env).await,
            None => Ok(()),
        }
    }

    /// All keys are there.
    async fn finish(&mut self, env: &Env) -> Result<()> {
        self.keys.finish(env).await?;
        match self.ended.take() {
            Some(ended) if ended.count() == 0 => ended.end(env),
            Some(mut ended) => {
                ended.finish(env).await?;
                self.ended = Some(ended);
            }
            None => {}
        }
        Ok(())
    }
}

/// The keys in order: of two sorts, those of one between those of the other.
struct Sorted<'a, 'e> {
    env: &'e Env,
    order: KeyOrder<'a>,
    sorts: [Option<Tuplesort<'a>>; 2],
    /// The next key of each, and whether there is one.
    next: [(Vec<u8>, bool); 2],
}

impl<'a, 'e> Sorted<'a, 'e> {
    async fn begin(env: &'e Env, spool: Spool<'a>) -> Result<Sorted<'a, 'e>> {
        let order = KeyOrder { index: spool.index, unique: false };
        let mut sorted = Sorted { env, order, sorts: [Some(spool.keys), spool.ended], next: Default::default() };
        sorted.read(0).await?;
        sorted.read(1).await?;
        Ok(sorted)
    }

    async fn read(&mut self, at: usize) -> Result<()> {
        if let Some(sort) = &mut self.sorts[at] {
            self.next[at].1 = sort.next(self.env, &mut self.next[at].0).await?;
        }
        Ok(())
    }

    /// The next key; `false` at the end.
    async fn next(&mut self, key: &mut Vec<u8>) -> Result<bool> {
        let [(first, has_first), (second, has_second)] = &self.next;
        let at = match (has_first, has_second) {
            (false, false) => return Ok(false),
            (true, true) => usize::from(self.order.compare(first, second)?.is_gt()),
            (first, _) => usize::from(!first),
        };
        std::mem::swap(key, &mut self.next[at].0);
        self.read(at).await?;
        Ok(true)
    }

    fn end(self) {
        self.sorts.into_iter().flatten().for_each(|sort| sort.end(self.env));
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
    spool.finish(env).await?;
    let index = spool.index;
    let mut builder = Builder { tree: Tree::of(env, index), levels: Vec::new(), next_block: BlockNumber(1) };
    let mut pending: Option<Pending> = None;
    let merges = index.is_equal_image() && !index.unique;
    let mut sorted = Sorted::begin(env, spool).await?;
    let mut key = Vec::new();
    while sorted.next(&mut key).await? {
        if let Some(run) = &mut pending
            && merges
            && run.has_key_of(index, &key)?
            && run.add(&key)
        {
            continue;
        }
        builder.add_leaf(pending.replace(Pending::start(&key, MAX_BUILT_POSTING_SIZE))).await?;
    }
    sorted.end();
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
