//! What a sort uses of its memory, counted as PostgreSQL counts its own.
//!
//! Each tuple has a place of 24 bytes in an array, which is doubled when it is full, and a piece of memory with a header. So a
//! sort of nothing uses 25 kB: an array of 1,024 places.

use crate::ids::BLCKSZ;
use crate::storage::max_align;

/// `sizeof(SortTuple)`
const PLACE: i64 = 24;
/// `INITIAL_MEMTUPSIZE`
const FIRST_PLACES: usize = 1024;
/// The header of a piece of memory in a context that only grows, in which tuples lie;
const GENERATION_HEADER: usize = 24;
/// and in one whose pieces are given back one by one: there pieces up to 8 kB are as long as a power of 2.
const ALLOC_SET_HEADER: usize = 16;
const ALLOC_CHUNK_LIMIT: usize = 8192;
/// `TAPE_BUFFER_OVERHEAD`
pub(super) const TAPE_BUFFER: i64 = BLCKSZ as i64;
/// `MERGE_BUFFER_SIZE`: what a tape should have as a buffer when it is merged.
const MERGE_BUFFER: i64 = BLCKSZ as i64 * 32;

/// `GetMemoryChunkSpace` of what is given back by itself.
fn array_space(bytes: i64) -> i64 {
    let bytes = bytes.max(8) as usize;
    let len = if bytes > ALLOC_CHUNK_LIMIT { max_align(bytes) } else { bytes.next_power_of_two() };
    (len + ALLOC_SET_HEADER) as i64
}

/// `tuplesort_merge_order`: how many tapes such a memory is good for.
pub(super) fn merge_order(allowed: i64) -> usize {
    (allowed / (2 * TAPE_BUFFER + MERGE_BUFFER)).clamp(6, 500) as usize
}

/// A sort's account.
pub(super) struct Budget {
    pub(super) allowed: i64,
    pub(super) available: i64,
    /// How many tuples the array has places for, and whether it may become larger.
    places: usize,
    may_grow: bool,
    /// Tuples are given back one by one.
    bounded: bool,
}

impl Budget {
    /// `bytes` are what the setting allows; 64 kB are always.
    pub(super) fn new(bytes: i64, bounded: bool) -> Budget {
        let allowed = bytes.max(64 * 1024);
        let available = allowed - array_space(FIRST_PLACES as i64 * PLACE);
        Budget { allowed, available, places: FIRST_PLACES, may_grow: true, bounded }
    }

    pub(super) fn used(&self) -> i64 {
        self.allowed - self.available
    }

    /// `GetMemoryChunkSpace` of a tuple of so many bytes; of a value that needs no tuple, nothing.
    pub(super) fn tuple_space(&self, bytes: usize) -> i64 {
        match bytes {
            0 => 0,
            _ if self.bounded => array_space(bytes as i64),
            _ => (max_align(bytes) + GENERATION_HEADER) as i64,
        }
    }

    /// A tuple is about to be added to `count` others: makes the array larger if it is nearly full, and if that is possible.
    pub(super) fn make_place(&mut self, count: usize) {
        if count + 1 < self.places || !self.may_grow {
            return;
        }
        let wanted = if self.used() <= self.available {
            self.places * 2
        } else {
            // The last time: as much as may safely be.
            self.may_grow = false;
            (self.places as f64 * (self.allowed as f64 / self.used() as f64)) as usize
        };
        let more = (wanted as i64 - self.places as i64) * PLACE;
        if wanted <= self.places || self.available < more {
            self.may_grow = false;
            return;
        }
        self.available += array_space(self.places as i64 * PLACE) - array_space(wanted as i64 * PLACE);
        self.places = wanted;
    }

    /// Whether there is no room for another tuple, or no place.
    pub(super) fn is_full(&self, count: usize) -> bool {
        count >= self.places || self.lacks_memory()
    }

    pub(super) fn lacks_memory(&self) -> bool {
        self.available < 0
    }

    /// `inittapestate`: the buffers of so many tapes, unless nothing would be left for tuples.
    pub(super) fn take_tape_buffers(&mut self, tapes: usize) {
        let space = tapes as i64 * TAPE_BUFFER;
        if space + array_space(self.places as i64 * PLACE) < self.allowed {
            self.available -= space;
        }
    }

    /// The runs are written: the array goes, and all that is available is for reading them. Returns how much that is.
    pub(super) fn begin_merging(&mut self, tapes: usize) -> i64 {
        self.available += array_space(self.places as i64 * PLACE);
        // `SLAB_SLOT_SIZE`: a piece of 1 kB for the tuple in hand of each tape, and for the one that was given out.
        self.available -= (tapes as i64 + 1) * 1024;
        self.available -= array_space(tapes as i64 * PLACE);
        std::mem::take(&mut self.available).max(0)
    }
}

/// `merge_read_buffer_size`: the buffer of each input tape, all output tapes having a block.
pub(super) fn read_buffer(memory: i64, tapes: usize, runs: usize, most_tapes: usize) -> usize {
    let outputs = runs.div_ceil(tapes).min(most_tapes) as i64;
    let each = ((memory - TAPE_BUFFER * outputs) / tapes as i64).max(TAPE_BUFFER);
    each as usize / BLCKSZ * BLCKSZ
}
