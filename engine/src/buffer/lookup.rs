//! Which buffer holds a page: a hash table with chains, of fixed size, never iterated.

use super::pool::BufferTag;

const NONE: u32 = u32::MAX;

/// From tags to buffer indexes.
pub(super) struct Lookup {
    /// The first buffer of each chain.
    heads: Vec<u32>,
    /// The next buffer of the same chain, and the tag under which each buffer is entered.
    links: Vec<(u32, Option<BufferTag>)>,
}

impl Lookup {
    pub(super) fn new(buffers: usize) -> Lookup {
        let size = (buffers * 2).next_power_of_two();
        Lookup { heads: vec![NONE; size], links: vec![(NONE, None); buffers] }
    }

    fn bucket(&self, tag: &BufferTag) -> usize {
        let key = u64::from(tag.rel.rel.0) << 34 ^ u64::from(tag.rel.db.0) << 20 ^ (tag.fork as u64) << 32;
        let hash = (key ^ u64::from(tag.block.0)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        (hash >> 32) as usize & (self.heads.len() - 1)
    }

    #[inline]
    pub(super) fn find(&self, tag: &BufferTag) -> Option<usize> {
        let mut at = self.heads[self.bucket(tag)];
        while at != NONE {
            let (next, entered) = &self.links[at as usize];
            if entered.as_ref() == Some(tag) {
                return Some(at as usize);
            }
            at = *next;
        }
        None
    }

    pub(super) fn insert(&mut self, tag: BufferTag, buffer: usize) {
        debug_assert!(self.links[buffer].1.is_none());
        let bucket = self.bucket(&tag);
        self.links[buffer] = (self.heads[bucket], Some(tag));
        self.heads[bucket] = buffer as u32;
    }

    pub(super) fn remove(&mut self, buffer: usize) {
        let (next, Some(tag)) = std::mem::replace(&mut self.links[buffer], (NONE, None)) else { return };
        let bucket = self.bucket(&tag);
        if self.heads[bucket] == buffer as u32 {
            self.heads[bucket] = next;
            return;
        }
        let mut at = self.heads[bucket] as usize;
        while self.links[at].0 != buffer as u32 {
            at = self.links[at].0 as usize;
        }
        self.links[at].0 = next;
    }
}
