//! Where to split a page.
//!
//! ```text
//!   a b c d│e f g h      each place between two tuples, the new one among them, is a candidate;
//!          ▲             how far it is from leaving both halves the room that they should have is its delta
//! ```
//!
//! Both halves should have the same room; but of the rightmost page of a level the left one is filled as far as the fill
//! factor says, since keys that only grow will never come back to it. Among the candidates about as good as the best, one
//! is taken where the two neighbours differ early, so that the high key can be short. On a leaf full of duplicates:
//!
//! * **many duplicates**: the split goes to one side of the group, however uneven it becomes;
//! * **a single value**: the left page is left very full, since the rows of one key are added in the order of their TIDs;
//! * **after the new item**: where a page has several groups of equal first columns, and one of them grows.
//!
//! PostgreSQL: `nbtsplitloc.c`.

use super::compare::keep_natts_fast;
use super::index::Index;
use crate::ids::{OffsetNumber, Result, Tid};
use crate::sort::sort_by_key;
use crate::storage::btree::*;
use crate::storage::page::{self, SIZE_OF_ITEM_ID, SIZE_OF_PAGE_HEADER};
use crate::storage::{PageBytes, max_align};

/// How far from even the halves may be, as a part of what is on the page: on a leaf,
const LEAF_SPLIT_DISTANCE: f64 = 0.050;
/// and above.
const INTERNAL_SPLIT_DISTANCE: f64 = 0.075;
/// The room on an empty page.
const PAGE_SPACE: i32 = (crate::ids::BLCKSZ - SIZE_OF_PAGE_HEADER - SIZE_OF_OPAQUE) as i32;
/// What a tuple without columns takes.
const MINUS_INFINITY_SIZE: i32 = (tuple::SIZE_OF_HEADER + SIZE_OF_ITEM_ID) as i32;
/// Four integers, or two long ones: what takes no more is thought to be a key of numbers.
const NARROW: i32 = (tuple::SIZE_OF_HEADER + 16 + SIZE_OF_ITEM_ID) as i32;

/// A place to split.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    delta: i32,
    left_free: i32,
    right_free: i32,
    first_right: OffsetNumber,
    new_on_left: bool,
}

/// A page that is to be split for a new tuple.
struct Splitting<'a> {
    index: &'a Index,
    page: &'a PageBytes,
    new: &'a [u8],
    new_offset: OffsetNumber,
    /// With its line pointer.
    new_size: i32,
    links: Opaque,
    /// All other tuples, without the high key.
    total: i32,
    right_space: i32,
    /// The least size of a tuple that would be the first on the right.
    least_first_right: i32,
    candidates: Vec<Candidate>,
    /// How many of them are considered.
    interval: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Strategy {
    Default,
    ManyDuplicates,
    SingleValue,
}

/// `_bt_findsplitloc`: the first tuple that goes to the right, and whether the new one, to be put at `new_offset`, stays on
/// the left.
pub(super) fn find_split(
    index: &Index,
    page: &PageBytes,
    new_offset: OffsetNumber,
    new: &[u8],
) -> Result<(OffsetNumber, bool)> {
    let mut it = Splitting::of(index, page, new_offset, new);
    it.collect();
    let (Some(&leftmost), Some(&rightmost)) = (it.candidates.first(), it.candidates.last()) else {
        return Err(index.corrupt("could not find a feasible split point"));
    };
    let leaf_fill = BTREE_DEFAULT_FILLFACTOR as f64 / 100.0;
    let mut fill = None;
    if it.links.is_rightmost() {
        fill = Some(if it.links.is_leaf() { leaf_fill } else { BTREE_NONLEAF_FILLFACTOR as f64 / 100.0 });
    } else if it.links.is_leaf()
        && let Some(by_fill) = it.grows_in_a_group()?
    {
        let after_new = |c: &&Candidate| c.new_on_left && c.first_right == new_offset;
        if by_fill {
            fill = Some(leaf_fill);
        } else if it.candidates.iter().any(|c| after_new(&c)) {
            return Ok((new_offset, true));
        }
    }
    it.sort(fill);
    it.interval = it.default_interval();
    let (strategy, penalty) = it.strategy(&leftmost, &rightmost)?;
    match strategy {
        Strategy::Default => {}
        Strategy::ManyDuplicates => it.interval = it.candidates.len(),
        Strategy::SingleValue => {
            it.sort(Some(BTREE_SINGLEVAL_FILLFACTOR as f64 / 100.0));
            it.interval = 1;
        }
    }
    let chosen = it.best(penalty, strategy)?;
    Ok((chosen.first_right, chosen.new_on_left))
}

impl<'a> Splitting<'a> {
    fn of(index: &'a Index, page: &'a PageBytes, new_offset: OffsetNumber, new: &'a [u8]) -> Splitting<'a> {
        let links = opaque(page);
        // The high key stays that of the right page.
        let high_key = if links.is_rightmost() { 0 } else { item_size(page, P_HIKEY) };
        let right_space = PAGE_SPACE - high_key;
        Splitting {
            index,
            page,
            new,
            new_offset,
            new_size: (max_align(new.len()) + SIZE_OF_ITEM_ID) as i32,
            links,
            total: right_space - page::exact_free_space(page) as i32,
            right_space,
            least_first_right: i32::MAX,
            candidates: Vec::with_capacity(usize::from(page::max_offset(page))),
            interval: 0,
        }
    }

    /// Every place where the page can be split.
    fn collect(&mut self) {
        let mut on_left = 0;
        for offset in self.links.first_data_key()..=page::max_offset(self.page) {
            let size = item_size(self.page, offset);
            if offset <= self.new_offset {
                self.consider(offset, false, on_left, size);
            }
            if offset >= self.new_offset {
                self.consider(offset, true, on_left, size);
            }
            on_left += size;
        }
        if self.new_offset > page::max_offset(self.page) {
            self.consider(self.new_offset, false, self.total, 0);
        }
    }

    /// `_bt_recsplitloc`: a split before `first_right`, if both halves can hold what they get.
    fn consider(&mut self, first_right: OffsetNumber, new_on_left: bool, on_left: i32, size: i32) {
        let new_is_first = first_right == self.new_offset && !new_on_left;
        let first_size = if new_is_first { self.new_size } else { size };
        let mut posting = 0;
        if self.links.is_leaf() && !new_is_first && first_size > 64 {
            let first = index_tuple(self.page, first_right);
            posting = (tuple::size(first) - tuple::posting_offset(first)) as i32;
        }
        // The first on the right becomes the high key of the left; on a leaf it may get a TID.
        let mut left_free = PAGE_SPACE - on_left - first_size;
        let mut right_free = self.right_space - (self.total - on_left);
        if self.links.is_leaf() {
            left_free -= max_align(6) as i32 - posting;
        } else {
            right_free += first_size - MINUS_INFINITY_SIZE;
        }
        if new_on_left {
            left_free -= self.new_size;
        } else {
            right_free -= self.new_size;
        }
        if left_free >= 0 && right_free >= 0 {
            self.least_first_right = self.least_first_right.min(first_size);
            self.candidates.push(Candidate { delta: 0, left_free, right_free, first_right, new_on_left });
        }
    }

    /// `_bt_deltasortsplits`: the best first: those nearest to halves that are alike, or to a left one this full.
    fn sort(&mut self, fill: Option<f64>) {
        for it in &mut self.candidates {
            let (left, right) = (it.left_free, it.right_free);
            let delta = match fill {
                Some(fill) => (fill * f64::from(left) - (1.0 - fill) * f64::from(right)) as i32,
                None => left - right,
            };
            it.delta = delta.abs();
        }
        sort_by_key(&mut self.candidates, |it| it.delta);
    }

    /// `_bt_defaultinterval`: how many are about as good as the first.
    fn default_interval(&self) -> usize {
        let distance = if self.links.is_leaf() { LEAF_SPLIT_DISTANCE } else { INTERNAL_SPLIT_DISTANCE };
        let tolerance = (f64::from(self.total) * distance) as i32;
        let best = &self.candidates[0];
        let too_far = |it: &Candidate| {
            (it.left_free - best.left_free).abs() > tolerance || (it.right_free - best.right_free).abs() > tolerance
        };
        self.candidates.iter().position(too_far).unwrap_or(self.candidates.len())
    }

    fn last_left(&self, it: &Candidate) -> &'a [u8] {
        let new = it.new_on_left && it.first_right == self.new_offset;
        if new { self.new } else { index_tuple(self.page, it.first_right - 1) }
    }

    fn first_right(&self, it: &Candidate) -> &'a [u8] {
        let new = !it.new_on_left && it.first_right == self.new_offset;
        if new { self.new } else { index_tuple(self.page, it.first_right) }
    }

    /// `_bt_split_penalty`: on a leaf how many columns the high key needs, above how long it is.
    fn penalty(&self, it: &Candidate) -> Result<i32> {
        if !self.links.is_leaf() {
            return Ok((max_align(self.first_right(it).len()) + SIZE_OF_ITEM_ID) as i32);
        }
        Ok(keep_natts_fast(self.index, self.last_left(it), self.first_right(it))? as i32)
    }

    /// `_bt_strategy`, and the penalty below which nobody need look further.
    fn strategy(&self, leftmost: &Candidate, rightmost: &Candidate) -> Result<(Strategy, i32)> {
        if !self.links.is_leaf() {
            return Ok((Strategy::Default, self.least_first_right));
        }
        let natts = self.index.natts();
        let (left, right) = self.edges();
        let within = keep_natts_fast(self.index, self.last_left(&left), self.first_right(&right))?;
        if within <= natts {
            return Ok((Strategy::Default, within as i32));
        }
        let on_page = keep_natts_fast(self.index, self.last_left(leftmost), self.first_right(rightmost))?;
        if on_page <= natts {
            return Ok((Strategy::ManyDuplicates, natts as i32));
        }
        if self.links.is_rightmost() {
            return Ok((Strategy::SingleValue, on_page as i32));
        }
        // The last page of this value?
        let beyond = keep_natts_fast(self.index, index_tuple(self.page, P_HIKEY), self.new)?;
        let strategy = if beyond <= natts { Strategy::SingleValue } else { Strategy::Default };
        Ok((strategy, beyond as i32))
    }

    /// `_bt_interval_edges`: the leftmost and the rightmost of those considered.
    fn edges(&self) -> (Candidate, Candidate) {
        let place = |it: &Candidate| (it.first_right, it.new_on_left);
        let best = self.candidates[0];
        let considered = &self.candidates[..self.interval.min(self.candidates.len())];
        let farthest = |side: fn(&(OffsetNumber, bool), &(OffsetNumber, bool)) -> bool| {
            considered.iter().rev().find(|it| side(&place(it), &place(&best))).copied().unwrap_or(best)
        };
        (farthest(|it, best| it < best), farthest(|it, best| it > best))
    }

    /// `_bt_bestsplitloc`
    fn best(&self, perfect: i32, strategy: Strategy) -> Result<Candidate> {
        let (mut chosen, mut least) = (self.candidates[0], i32::MAX);
        for it in &self.candidates[..self.interval.min(self.candidates.len())] {
            let penalty = self.penalty(it)?;
            if penalty < least {
                (chosen, least) = (*it, penalty);
            }
            if penalty <= perfect {
                break;
            }
        }
        // Keys that come in descending order right of a group of duplicates would split the page there again and again.
        let near = self.new_offset..self.new_offset.saturating_add(9);
        let again = strategy == Strategy::ManyDuplicates
            && !self.links.is_rightmost()
            && !chosen.new_on_left
            && near.contains(&chosen.first_right);
        Ok(if again { self.candidates[0] } else { chosen })
    }

    /// `_bt_afternewitemoff`: whether keys seem to come in ascending order within a group of equal first columns. Then the
    /// page is split behind the new one, or (`true`) by the fill factor, if that is farther left.
    fn grows_in_a_group(&self) -> Result<Option<bool>> {
        let last = page::max_offset(self.page);
        let alike = self.new_size == self.least_first_right && self.new_size * (i32::from(last) - 1) == self.total;
        if self.index.natts() == 1 || self.new_offset == P_FIRSTKEY || !alike || self.new_size > NARROW {
            return Ok(None);
        }
        let before = index_tuple(self.page, self.new_offset.min(last + 1) - 1);
        let at_end = self.new_offset > last;
        if !at_end && (tuple::is_posting(before) || !adjacent(tuple::tid(before), tuple::tid(self.new))) {
            return Ok(None);
        }
        let keep = keep_natts_fast(self.index, before, self.new)?;
        if !(2..=self.index.natts()).contains(&keep) {
            return Ok(None);
        }
        let place = f64::from(self.new_offset) / (f64::from(last) + 1.0);
        Ok(Some(at_end || place > BTREE_DEFAULT_FILLFACTOR as f64 / 100.0))
    }
}

/// `_bt_adjacenthtid`: whether one row was probably added right after the other.
fn adjacent(low: Tid, high: Tid) -> bool {
    low.block == high.block || low.block.0 + 1 == high.block.0 && high.offset == page::FIRST_OFFSET_NUMBER
}

/// With its line pointer.
fn item_size(bytes: &PageBytes, offset: OffsetNumber) -> i32 {
    (max_align(usize::from(page::item_id(bytes, offset).len())) + SIZE_OF_ITEM_ID) as i32
}
