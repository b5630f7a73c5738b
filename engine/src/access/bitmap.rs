//! Sets of rows by their places: what a bitmap scan gathers from indexes before it reads the table.
//!
//! ```text
//!   page 3   offsets  .1..1....          exact: these rows
//!   page 7   offsets  1.........
//!   pages 256..511    ..1.....1.         lossy: something on pages 258 and 264, nobody remembers what
//! ```
//!
//! A bit for each row of each page that was told of. When that takes more than `work_mem`, pages become **lossy**: of up to
//! 256 neighbours one entry says only which of them have something, and all rows there have to be asked again. Sets can be
//! united (OR) and intersected (AND); the pages come out in order, each once.
//!
//! Memory is counted as PostgreSQL's: an entry for a page, or for a chunk of lossy pages, which takes the place of the first
//! page of the chunk.
//!
//! PostgreSQL: `nodes/tidbitmap.c`.

use crate::ids::{BlockNumber, OffsetNumber, Tid};

/// `MaxHeapTuplesPerPage`
const MAX_OFFSETS: usize = 291;
const WORDS: usize = MAX_OFFSETS.div_ceil(64);
/// `PAGES_PER_CHUNK`
const CHUNK: u32 = 256;
/// `sizeof(PagetableEntry)`, and two pointers for its place in a hash table.
const ENTRY: i64 = 48 + 16;

/// A set of rows; `TIDBitmap`.
#[derive(Default)]
pub struct TidBitmap {
    /// By the numbers of the pages, in order.
    chunks: Vec<Option<Box<Chunk>>>,
    /// Pages with their rows, and chunks with lossy pages.
    pages: usize,
    lossy: usize,
    most: usize,
    /// Where the next search for pages to be made lossy begins.
    next_lossy: usize,
}

/// Neighbouring pages.
#[derive(Clone, Default)]
struct Chunk {
    /// Which of them are lossy.
    lossy: [u64; 4],
    /// Those whose rows are known, in order.
    exact: Vec<(u8, Page)>,
}

#[derive(Clone, Default)]
struct Page {
    rows: [u64; WORDS],
    /// What led here was itself not exact: the condition has to be asked again.
    recheck: bool,
}

/// A page of which something is in the set.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BitmapPage {
    /// Which.
    pub block: BlockNumber,
    /// Its rows; none if all have to be looked at.
    pub offsets: Option<Vec<OffsetNumber>>,
    /// Whether the condition has to be asked of each row.
    pub recheck: bool,
}

impl Chunk {
    fn is_lossy(&self, page: u8) -> bool {
        self.lossy[usize::from(page) / 64] >> (page % 64) & 1 == 1
    }

    fn set_lossy(&mut self, page: u8) {
        self.lossy[usize::from(page) / 64] |= 1 << (page % 64);
    }

    fn has_lossy(&self) -> bool {
        self.lossy != [0; 4]
    }

    fn find(&self, page: u8) -> Result<usize, usize> {
        self.exact.binary_search_by_key(&page, |(own, _)| *own)
    }
}

impl TidBitmap {
    /// An empty one that may use so many bytes.
    pub fn new(bytes: i64) -> TidBitmap {
        TidBitmap { most: (bytes / ENTRY).max(16) as usize, ..TidBitmap::default() }
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.pages + self.lossy == 0
    }

    /// Bytes that it uses.
    pub fn bytes(&self) -> u64 {
        (self.pages + self.lossy) as u64 * ENTRY as u64
    }

    /// How many pages have their rows, and how many entries are of lossy pages.
    pub fn counts(&self) -> (u32, u32) {
        (self.pages as u32, self.lossy as u32)
    }

    fn chunk(&mut self, number: usize) -> &mut Chunk {
        if self.chunks.len() <= number {
            self.chunks.resize_with(number + 1, || None);
        }
        self.chunks[number].get_or_insert_default()
    }

    /// `tbm_add_tuples`: adds rows; with `recheck` the condition has to be asked of them.
    pub fn add(&mut self, tids: &[Tid], recheck: bool) {
        for tid in tids {
            let page = (tid.block.0 % CHUNK) as u8;
            let chunk = self.chunk((tid.block.0 / CHUNK) as usize);
            // The first page of a chunk has no entry of its own once that is taken by the lossy ones.
            if chunk.is_lossy(page) || page == 0 && chunk.has_lossy() {
                chunk.set_lossy(page);
                continue;
            }
            let found = chunk.find(page);
            let at = found.unwrap_or_else(|at| {
                chunk.exact.insert(at, (page, Page::default()));
                at
            });
            let own = &mut chunk.exact[at].1;
            let bit = usize::from(tid.offset) - 1;
            own.rows[bit / 64] |= 1 << (bit % 64);
            own.recheck |= recheck;
            self.pages += usize::from(found.is_err());
            if self.pages + self.lossy > self.most {
                self.lossify();
            }
        }
    }

    /// `tbm_mark_page_lossy`
    fn mark_lossy(&mut self, number: usize, page: u8) {
        let chunk = self.chunk(number);
        let begins = !chunk.has_lossy();
        chunk.set_lossy(page);
        let mut forgotten = 0;
        for gone in [Some(page), begins.then_some(0)].into_iter().flatten() {
            if let Ok(at) = chunk.find(gone) {
                chunk.exact.remove(at);
                chunk.set_lossy(gone);
                forgotten += 1;
            }
        }
        self.pages -= forgotten;
        self.lossy += usize::from(begins);
    }

    /// `tbm_lossify`: makes pages lossy until half of the memory is free.
    fn lossify(&mut self) {
        let chunks = self.chunks.len();
        for step in 0..chunks {
            let number = (self.next_lossy + step) % chunks;
            let pages = self.chunks[number].as_ref().map_or(Vec::new(), |chunk| {
                // Alone, the first page would only become a chunk that takes as much.
                chunk.exact.iter().map(|(page, _)| *page).filter(|page| *page != 0).collect()
            });
            for page in pages {
                self.mark_lossy(number, page);
                if self.pages + self.lossy <= self.most / 2 {
                    self.next_lossy = number;
                    return;
                }
            }
        }
        // All is lossy: then it takes what it takes.
        if self.pages + self.lossy > self.most / 2 {
            self.most = (self.pages + self.lossy) * 2;
        }
    }

    /// `tbm_union`: adds all that is in another.
    pub fn unite(&mut self, other: &TidBitmap) {
        for (number, chunk) in other.chunks.iter().enumerate() {
            let Some(chunk) = chunk else { continue };
            for page in (0..=u8::MAX).filter(|page| chunk.is_lossy(*page)) {
                self.mark_lossy(number, page);
            }
            for (page, rows) in &chunk.exact {
                let block = number as u32 * CHUNK + u32::from(*page);
                let tids: Vec<Tid> = rows.offsets().map(|offset| Tid::new(BlockNumber(block), offset)).collect();
                self.add(&tids, rows.recheck);
            }
        }
        if self.pages + self.lossy > self.most {
            self.lossify();
        }
    }

    /// `tbm_intersect`: keeps what is in another as well.
    pub fn intersect(&mut self, other: &TidBitmap) {
        let (mut pages, mut lossy) = (0, 0);
        for (number, place) in self.chunks.iter_mut().enumerate() {
            let theirs = other.chunks.get(number).and_then(Option::as_deref);
            let (Some(own), Some(theirs)) = (place.as_deref_mut(), theirs) else {
                *place = None;
                continue;
            };
            for (page, own_page) in &mut own.exact {
                own_page.intersect(theirs, *page);
            }
            own.exact.retain(|(_, page)| page.rows != [0; WORDS]);
            // A lossy page stays lossy where the other has anything.
            for page in 0..=u8::MAX {
                if own.is_lossy(page) && !theirs.is_lossy(page) && theirs.find(page).is_err() {
                    own.lossy[usize::from(page) / 64] &= !(1 << (page % 64));
                }
            }
            pages += own.exact.len();
            lossy += usize::from(own.has_lossy());
            if own.exact.is_empty() && !own.has_lossy() {
                *place = None;
            }
        }
        (self.pages, self.lossy) = (pages, lossy);
    }

    /// The first page from a place on of which something is in the set.
    pub fn next(&self, from: BlockNumber) -> Option<BitmapPage> {
        let mut first = (from.0 % CHUNK) as u8;
        for number in (from.0 / CHUNK) as usize..self.chunks.len() {
            if let Some(chunk) = &self.chunks[number] {
                for page in first..=u8::MAX {
                    let block = BlockNumber(number as u32 * CHUNK + u32::from(page));
                    if chunk.is_lossy(page) {
                        return Some(BitmapPage { block, offsets: None, recheck: true });
                    }
                    if let Ok(at) = chunk.find(page) {
                        let page = &chunk.exact[at].1;
                        let offsets = Some(page.offsets().collect());
                        return Some(BitmapPage { block, offsets, recheck: page.recheck });
                    }
                }
            }
            first = 0;
        }
        None
    }
}

impl Page {
    fn offsets(&self) -> impl Iterator<Item = OffsetNumber> + '_ {
        (0..MAX_OFFSETS).filter(|bit| self.rows[bit / 64] >> (bit % 64) & 1 == 1).map(|bit| bit as OffsetNumber + 1)
    }

    /// `tbm_intersect_page`
    fn intersect(&mut self, theirs: &Chunk, page: u8) {
        if theirs.is_lossy(page) {
            // Some of these rows are meant, nobody knows which.
            self.recheck = true;
            return;
        }
        match theirs.find(page) {
            Ok(at) => {
                let other = &theirs.exact[at].1;
                self.rows.iter_mut().zip(other.rows).for_each(|(own, other)| *own &= other);
                self.recheck |= other.recheck;
            }
            Err(_) => self.rows = [0; WORDS],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tid(block: u32, offset: u16) -> Tid {
        Tid::new(BlockNumber(block), offset)
    }

    fn of(bytes: i64, tids: &[(u32, u16)]) -> TidBitmap {
        let mut map = TidBitmap::new(bytes);
        map.add(&tids.iter().map(|(block, offset)| tid(*block, *offset)).collect::<Vec<_>>(), false);
        map
    }

    fn all(map: &TidBitmap) -> Vec<(u32, Vec<u16>)> {
        let mut pages = Vec::new();
        let mut from = BlockNumber(0);
        while let Some(page) = map.next(from) {
            assert_eq!(page.recheck, page.offsets.is_none());
            pages.push((page.block.0, page.offsets.unwrap_or_default()));
            from = BlockNumber(page.block.0 + 1);
        }
        pages
    }

    #[test]
    fn pages_come_in_order_each_once() {
        let map = of(1 << 20, &[(300, 2), (7, 291), (7, 1), (0, 64), (300, 65), (7, 1)]);
        assert_eq!(all(&map), [(0, vec![64]), (7, vec![1, 291]), (300, vec![2, 65])]);
        assert_eq!(map.bytes(), 3 * 64);
        assert_eq!(map.next(BlockNumber(8)).map(|page| page.block.0), Some(300));
    }

    #[test]
    fn sets_are_united_and_intersected() {
        let mut both = of(1 << 20, &[(1, 1), (2, 2), (300, 3)]);
        both.unite(&of(1 << 20, &[(2, 5), (9, 9)]));
        assert_eq!(all(&both), [(1, vec![1]), (2, vec![2, 5]), (9, vec![9]), (300, vec![3])]);
        both.intersect(&of(1 << 20, &[(2, 5), (9, 8), (300, 3), (301, 1)]));
        assert_eq!(all(&both), [(2, vec![5]), (300, vec![3])]);
        both.intersect(&TidBitmap::new(1 << 20));
        assert!(both.is_empty() && all(&both).is_empty());
    }

    #[test]
    fn beyond_the_memory_pages_are_lossy_and_nothing_is_forgotten() {
        let tids: Vec<_> = (0..5_000).map(|n| (n * 7 % 5_003, (n % 200) as u16 + 1)).collect();
        let (small, large) = (of(64 << 10, &tids), of(16 << 20, &tids));
        let lossy = all(&small).iter().filter(|(_, offsets)| offsets.is_empty()).count();
        assert!(lossy > 100 && small.bytes() <= 64 << 10, "{lossy} {}", small.bytes());
        let pages = |map: &TidBitmap| all(map).iter().map(|(block, _)| *block).collect::<Vec<_>>();
        assert_eq!(pages(&small), pages(&large));
        for ((_, some), (_, rows)) in all(&small).iter().zip(all(&large)) {
            assert!(some.is_empty() || *some == rows);
        }
        // What is lossy in one is asked again where both have it.
        let mut both = of(16 << 20, &[(4_982, 3), (5_002, 1)]);
        both.unite(&small);
        assert_eq!(pages(&both).len(), pages(&large).len() + 1);
        let mut few = of(16 << 20, &tids[..50]);
        few.intersect(&small);
        let pages_of_few: Vec<_> = tids[..50].iter().map(|(block, _)| *block).collect();
        let mut from = BlockNumber(0);
        let mut found = Vec::new();
        while let Some(page) = few.next(from) {
            found.push(page.block.0);
            from = BlockNumber(page.block.0 + 1);
        }
        assert_eq!(found, {
            let mut sorted = pages_of_few;
            sorted.sort();
            sorted
        });
    }
}
