//! A sort, from the first tuple that is put in to the last that is taken out.
//!
//! ```text
//!               only the first few wanted
//!   Initial ──────────────────────────────► Bounded ──────────► Sorted
//!    │    └────────────── all put ─────────────────────────────►│ read from memory
//!    │ memory is full
//!    ▼
//!   BuildRuns ─── all put, merged until one merge is left ────► FinalMerge: read as it is merged
//! ```
//!
//! Putting does not wait, so that it can be done for the rows of a page or of a batch at once; what does not fit is kept
//! aside until [`Tuplesort::settle`], which may write.

use std::cmp::Ordering;

use super::arena::{Arena, At};
use super::budget::{Budget, merge_order};
use super::heap;
use super::merge::Merge;
use super::order::{Order, SortTuple};
use super::quicksort;
use crate::ids::{BLCKSZ, Error, Result};
use crate::trace::Event;
use crate::txn::{Env, MemoryId, MemoryPurpose};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Initial,
    Bounded,
    BuildRuns,
    Sorted,
    FinalMerge,
}

/// What a look for the next tuple has found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Found {
    /// It is there.
    Tuple,
    /// A tape has to be read first.
    Blocked,
    /// There is none.
    End,
}

/// How a sort went about it, in the words of EXPLAIN.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SortMethod {
    /// `quicksort`
    Quicksort,
    /// `top-N heapsort`
    TopN,
    /// `external merge`
    ExternalMerge,
}

impl SortMethod {
    /// As EXPLAIN calls it.
    pub fn name(self) -> &'static str {
        match self {
            SortMethod::Quicksort => "quicksort",
            SortMethod::TopN => "top-N heapsort",
            SortMethod::ExternalMerge => "external merge",
        }
    }
}

/// What there is to tell of a sort.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SortStats {
    /// How it was done.
    pub method: SortMethod,
    /// How many kilobytes it used: on disk, if it was there; else of memory.
    pub kilobytes: u64,
}

impl SortStats {
    /// `Disk` or `Memory`
    pub fn space_type(&self) -> &'static str {
        if self.method == SortMethod::ExternalMerge { "Disk" } else { "Memory" }
    }
}

/// A sort; `Tuplesortstate`.
pub struct Tuplesort<'a> {
    pub(super) order: Box<dyn Order + 'a>,
    pub(super) budget: Budget,
    id: MemoryId,
    state: State,
    bound: Option<usize>,
    /// A heap was used.
    top: bool,
    /// In memory: as they came, or a heap of the first few with the last of them on top.
    tuples: Vec<SortTuple>,
    arena: Arena,
    /// What the tuples in memory take of the budget.
    space: i64,
    /// Put since memory was full.
    aside: Arena,
    waiting: Vec<At>,
    merge: Option<Merge>,
    /// The next of the sorted ones in memory.
    next: usize,
    count: u64,
}

impl<'a> Tuplesort<'a> {
    /// Begins, with so many kilobytes of memory. With a bound no more than so many tuples will be taken out.
    pub fn begin(
        env: &Env,
        purpose: MemoryPurpose,
        order: Box<dyn Order + 'a>,
        kilobytes: i64,
        bound: Option<usize>,
    ) -> Tuplesort<'a> {
        let budget = Budget::new(kilobytes * 1024, bound.is_some());
        Tuplesort {
            id: env.memory.begin(purpose, budget.allowed as u64),
            order,
            budget,
            state: State::Initial,
            bound,
            top: false,
            tuples: Vec::new(),
            arena: Arena::default(),
            space: 0,
            aside: Arena::default(),
            waiting: Vec::new(),
            merge: None,
            next: 0,
            count: 0,
        }
    }

    /// How many tuples were put in.
    pub fn count(&self) -> u64 {
        self.count
    }

    // --- putting ---------------------------------------------------------------------------------------------

    /// Adds a tuple.
    pub fn put(&mut self, tuple: &[u8]) -> Result<()> {
        self.count += 1;
        if self.is_full() {
            self.waiting.push(self.aside.put(tuple));
            return Ok(());
        }
        self.add(tuple)
    }

    fn is_full(&self) -> bool {
        matches!(self.state, State::Initial | State::BuildRuns) && self.budget.is_full(self.tuples.len())
    }

    /// `tuplesort_puttuple_common`, but for the writing.
    fn add(&mut self, tuple: &[u8]) -> Result<()> {
        let leading = self.order.leading(tuple)?;
        let space = self.budget.tuple_space(self.order.size(tuple));
        if self.state == State::Bounded {
            return self.add_to_heap(SortTuple { leading, at: At::default() }, tuple, space);
        }
        self.take_space(space);
        if self.state == State::Initial {
            self.budget.make_place(self.tuples.len());
        }
        let at = self.arena.put(tuple);
        self.tuples.push(SortTuple { leading, at });
        let len = self.tuples.len();
        let enough = |bound: usize| len > bound * 2 || len > bound && self.budget.lacks_memory();
        match self.bound {
            Some(bound) if self.state == State::Initial && enough(bound) => self.make_heap(bound),
            _ => Ok(()),
        }
    }

    fn take_space(&mut self, space: i64) {
        self.budget.available -= space;
        self.space += space;
    }

    /// Has written what does not fit. Afterwards nothing waits to be added.
    pub async fn settle(&mut self, env: &Env) -> Result<()> {
        let (mut next, aside, waiting) = (0, std::mem::take(&mut self.aside), std::mem::take(&mut self.waiting));
        while self.is_full() {
            self.dump(env).await?;
            while next < waiting.len() && !self.is_full() {
                self.add(aside.get(waiting[next]))?;
                next += 1;
            }
        }
        self.note(env);
        Ok(())
    }

    fn note(&self, env: &Env) {
        let disk = self.merge.as_ref().map_or(0, |merge| merge.blocks() * BLCKSZ as u64);
        let runs = self.merge.as_ref().map_or(0, Merge::runs);
        env.memory.note(self.id, self.budget.used().max(0) as u64, disk, runs);
    }

    // --- a heap of the first few -----------------------------------------------------------------------------

    /// `make_bounded_heap`
    fn make_heap(&mut self, bound: usize) -> Result<()> {
        let all = std::mem::take(&mut self.tuples);
        let mut heap: Vec<SortTuple> = Vec::with_capacity(bound);
        let mut by = InMemory::new(&*self.order, &self.arena);
        let mut back = |a: &SortTuple, b: &SortTuple| by.compare(b, a);
        let mut freed = 0;
        for tuple in all {
            if heap.len() < bound {
                heap::insert(&mut heap, tuple, &mut back);
            } else if heap.first().is_none_or(|top| back(&tuple, top).is_le()) {
                freed += self.budget.tuple_space(self.order.size(self.arena.get(tuple.at)));
            } else {
                heap::replace_top(&mut heap, tuple, &mut back);
            }
        }
        by.done()?;
        self.take_space(-freed);
        self.tuples = heap;
        (self.state, self.top) = (State::Bounded, true);
        self.compact();
        Ok(())
    }

    /// A tuple is thrown away, or takes the place of the last of the first few.
    fn add_to_heap(&mut self, mut new: SortTuple, tuple: &[u8], space: i64) -> Result<()> {
        let Some(&top) = self.tuples.first() else { return Ok(()) };
        let order = new.leading.cmp(&top.leading);
        let order = match order {
            Ordering::Equal if !self.order.is_decided_by_leading() => {
                self.order.compare(tuple, self.arena.get(top.at))?
            }
            decided => decided,
        };
        if order.is_ge() {
            return Ok(());
        }
        let freed = self.budget.tuple_space(self.order.size(self.arena.get(top.at)));
        self.take_space(space - freed);
        new.at = self.arena.put(tuple);
        let mut by = InMemory::new(&*self.order, &self.arena);
        heap::replace_top(&mut self.tuples, new, &mut |a, b| by.compare(b, a));
        by.done()?;
        if self.arena.len() > 1 << 16 && self.arena.len() as i64 > 4 * self.space {
            self.compact();
        }
        Ok(())
    }

    /// Forgets the bytes of tuples that were thrown away.
    fn compact(&mut self) {
        let old = std::mem::take(&mut self.arena);
        self.tuples.iter_mut().for_each(|tuple| tuple.at = self.arena.put(old.get(tuple.at)));
    }

    /// `sort_bounded_heap`
    fn sort_heap(&mut self) -> Result<()> {
        let mut by = InMemory::new(&*self.order, &self.arena);
        let mut sorted = Vec::with_capacity(self.tuples.len());
        while let Some(last) = self.tuples.first().copied() {
            heap::delete_top(&mut self.tuples, &mut |a, b| by.compare(b, a));
            sorted.push(last);
        }
        sorted.reverse();
        self.tuples = sorted;
        by.done()
    }

    // --- runs ------------------------------------------------------------------------------------------------

    /// `tuplesort_sort_memtuples`
    fn sort_memory(&mut self) -> Result<()> {
        let mut by = InMemory::new(&*self.order, &self.arena);
        quicksort::sort(&mut self.tuples, &mut |a, b| by.compare(a, b));
        by.done()
    }

    /// `dumptuples`: what is in memory becomes a run.
    async fn dump(&mut self, env: &Env) -> Result<()> {
        env.cx.check_for_interrupts()?;
        self.sort_memory()?;
        if self.merge.is_none() {
            let tapes = merge_order(self.budget.allowed);
            self.budget.take_tape_buffers(tapes);
            self.merge = Some(Merge::begin(env, tapes));
            self.state = State::BuildRuns;
        }
        let Some(merge) = &mut self.merge else { return Ok(()) };
        merge.begin_run();
        env.cx.point(Event::SortRun { run: merge.runs(), tuples: self.tuples.len() as u32 }).await;
        for tuple in &self.tuples {
            if merge.push(self.arena.get(tuple.at)) {
                merge.write_full(env).await?;
            }
        }
        merge.end_run(env).await?;
        let space = self.space;
        self.take_space(-space);
        self.tuples.clear();
        self.arena.clear();
        Ok(())
    }

    // --- the end of putting ----------------------------------------------------------------------------------

    /// `tuplesort_performsort`: all tuples are there.
    pub async fn finish(&mut self, env: &Env) -> Result<()> {
        self.settle(env).await?;
        match self.state {
            State::Initial | State::Bounded => {
                if self.top {
                    self.sort_heap()?
                } else {
                    self.sort_memory()?
                }
                self.state = State::Sorted;
                env.cx.emit(Event::SortDone { tuples: self.count as u32, top: self.top });
            }
            _ => {
                if !self.tuples.is_empty() {
                    self.dump(env).await?;
                }
                self.tuples = Vec::new();
                self.arena.free();
                if let Some(merge) = &mut self.merge {
                    merge.merge_down(env, &*self.order, &mut self.budget).await?;
                }
                self.state = State::FinalMerge;
                self.note(env);
            }
        }
        Ok(())
    }

    // --- taking ----------------------------------------------------------------------------------------------

    /// Looks for the next tuple, without waiting.
    pub fn try_next(&mut self, tuple: &mut Vec<u8>) -> Result<Found> {
        if let Some(merge) = &mut self.merge {
            return merge.take(&*self.order, tuple);
        }
        let Some(next) = self.tuples.get(self.next) else { return Ok(Found::End) };
        tuple.clear();
        tuple.extend_from_slice(self.arena.get(next.at));
        self.next += 1;
        Ok(Found::Tuple)
    }

    /// Reads what the last look has lacked.
    pub async fn read_on(&mut self, env: &Env) -> Result<()> {
        match &mut self.merge {
            Some(merge) => merge.read_on(env).await,
            None => Ok(()),
        }
    }

    /// The next tuple; `false` at the end.
    pub async fn next(&mut self, env: &Env, tuple: &mut Vec<u8>) -> Result<bool> {
        loop {
            match self.try_next(tuple)? {
                Found::Tuple => return Ok(true),
                Found::End => return Ok(false),
                Found::Blocked => self.read_on(env).await?,
            }
        }
    }

    /// `tuplesort_get_stats`
    pub fn stats(&self) -> SortStats {
        let (method, bytes) = match &self.merge {
            Some(merge) => (SortMethod::ExternalMerge, merge.blocks() * BLCKSZ as u64),
            None if self.top => (SortMethod::TopN, self.budget.used() as u64),
            None => (SortMethod::Quicksort, self.budget.used() as u64),
        };
        SortStats { method, kilobytes: bytes.div_ceil(1024) }
    }

    /// `tuplesort_end`: gives back memory and file.
    pub fn end(self, env: &Env) {
        if let Some(merge) = &self.merge {
            merge.close(env);
        }
        env.memory.end(self.id);
    }
}

/// How the tuples in memory compare.
struct InMemory<'a> {
    order: &'a dyn Order,
    decided: bool,
    arena: &'a Arena,
    failed: Option<Error>,
}

impl<'a> InMemory<'a> {
    fn new(order: &'a dyn Order, arena: &'a Arena) -> InMemory<'a> {
        InMemory { order, decided: order.is_decided_by_leading(), arena, failed: None }
    }

    #[inline]
    fn compare(&mut self, a: &SortTuple, b: &SortTuple) -> Ordering {
        let short = a.leading.cmp(&b.leading);
        if short.is_ne() || self.decided {
            return short;
        }
        self.order.compare(self.arena.get(a.at), self.arena.get(b.at)).unwrap_or_else(|error| {
            self.failed.get_or_insert(error);
            Ordering::Equal
        })
    }

    fn done(self) -> Result<()> {
        self.failed.map_or(Ok(()), Err)
    }
}
