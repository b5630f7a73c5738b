//! The tapes of a sort: runs are written to them, and merged until there is one left on each.
//!
//! ```text
//!   pass 1    6 tapes with 20 runs ──► the first of each into one, and so on ──► 4 tapes with 1 run each
//!   pass 2    4 tapes with 1 run   ──► read by whoever wants the result
//! ```

use std::cmp::Ordering;

use super::arena::At;
use super::budget::{Budget, read_buffer};
use super::heap;
use super::order::{Order, SortTuple};
use super::tape::{Tape, TapeSet};
use super::tuplesort::Found;
use crate::ids::{Error, Result};
use crate::trace::Event;
use crate::txn::Env;

/// How many tuples are merged at most without a look for interrupts.
const STRIDE: u32 = 1024;

pub(super) struct Merge {
    set: TapeSet,
    /// The most tapes that there may be of a kind.
    most: usize,
    outputs: Vec<Tape>,
    /// How many runs lie on them, and all together that were written.
    output_runs: usize,
    runs: u32,
    inputs: Vec<Tape>,
    input_runs: usize,
    /// The first tuples of the runs that are merged, and the bytes of each.
    heap: Vec<SortTuple>,
    hands: Vec<Vec<u8>>,
    /// The tape whose tuple was taken last: its next one is wanted.
    wanting: Option<usize>,
}

impl Merge {
    pub(super) fn begin(env: &Env, most: usize) -> Merge {
        Merge {
            set: TapeSet::create(env),
            most,
            outputs: Vec::new(),
            output_runs: 0,
            runs: 0,
            inputs: Vec::new(),
            input_runs: 0,
            heap: Vec::new(),
            hands: Vec::new(),
            wanting: None,
        }
    }

    pub(super) fn blocks(&self) -> u64 {
        self.set.blocks()
    }

    /// How many runs there were before any was merged.
    pub(super) fn runs(&self) -> u32 {
        self.runs
    }

    pub(super) fn close(&self, env: &Env) {
        self.set.close(env);
    }

    // --- writing runs ----------------------------------------------------------------------------------------

    /// `selectnewtape`: a new tape until there are enough, then one after the other.
    fn select_tape(&mut self) {
        if self.outputs.len() < self.most {
            self.outputs.push(Tape::default());
        }
        self.output_runs += 1;
    }

    fn tape(&mut self) -> (&mut Tape, &mut TapeSet) {
        let at = (self.output_runs - 1) % self.outputs.len();
        (&mut self.outputs[at], &mut self.set)
    }

    pub(super) fn begin_run(&mut self) {
        self.select_tape();
        self.runs += 1;
    }

    /// Adds a tuple to the run; whether [`Merge::write_full`] is due.
    pub(super) fn push(&mut self, tuple: &[u8]) -> bool {
        let (tape, set) = self.tape();
        tape.push_tuple(set, &[], tuple)
    }

    pub(super) async fn write_full(&mut self, env: &Env) -> Result<()> {
        let (tape, set) = self.tape();
        tape.write_full(env, set).await
    }

    /// `markrunend`
    pub(super) async fn end_run(&mut self, env: &Env) -> Result<()> {
        let (tape, set) = self.tape();
        if tape.end_run(set) { tape.write_full(env, set).await } else { Ok(()) }
    }

    // --- merging ---------------------------------------------------------------------------------------------

    /// `mergeruns`: merges until each tape has one run, and begins with the merge of these.
    pub(super) async fn merge_down(&mut self, env: &Env, order: &dyn Order, budget: &mut Budget) -> Result<()> {
        let memory = budget.begin_merging(self.outputs.len());
        loop {
            if self.input_runs == 0 {
                self.begin_pass(env, memory).await?;
                if self.input_runs <= self.inputs.len() {
                    self.set.forget_free_space();
                    return self.begin_merge(env, order, true).await;
                }
            }
            self.begin_merge(env, order, false).await?;
            self.merge_one(env, order).await?;
        }
    }

    /// What was written by the last pass is read by this one.
    async fn begin_pass(&mut self, env: &Env, memory: i64) -> Result<()> {
        self.inputs = std::mem::take(&mut self.outputs);
        self.input_runs = std::mem::take(&mut self.output_runs);
        self.hands = vec![Vec::new(); self.inputs.len()];
        let stride = read_buffer(memory, self.inputs.len(), self.input_runs, self.most);
        for tape in &mut self.inputs {
            tape.rewind(env, &mut self.set, stride).await?;
        }
        Ok(())
    }

    /// `beginmerge`: the first tuple of the next run of each tape.
    async fn begin_merge(&mut self, env: &Env, order: &dyn Order, last: bool) -> Result<()> {
        let active = self.inputs.len().min(self.input_runs);
        let waiting = (self.input_runs - active) as u32;
        env.cx.point(Event::SortMerge { runs: active as u16, waiting, last }).await;
        for at in 0..active {
            if self.inputs[at].next(env, &mut self.set, &mut self.hands[at]).await? {
                let tuple = self.in_hand(order, at)?;
                let mut by = InHand::new(order, &self.hands);
                heap::insert(&mut self.heap, tuple, &mut |a, b| by.compare(a, b));
                by.done()?;
            }
        }
        Ok(())
    }

    fn in_hand(&self, order: &dyn Order, tape: usize) -> Result<SortTuple> {
        Ok(SortTuple { leading: order.leading(&self.hands[tape])?, at: At::of_tape(tape) })
    }

    /// `mergeonerun`: one run of each tape becomes one.
    async fn merge_one(&mut self, env: &Env, order: &dyn Order) -> Result<()> {
        self.select_tape();
        let mut tuple = Vec::new();
        let mut since = 0;
        loop {
            match self.take(order, &mut tuple)? {
                Found::Tuple if self.push(&tuple) => self.write_full(env).await?,
                Found::Tuple => {}
                Found::Blocked => self.read_on(env).await?,
                Found::End => return self.end_run(env).await,
            }
            since += 1;
            if since == STRIDE {
                env.cx.check_for_interrupts()?;
                since = 0;
            }
        }
    }

    /// Takes the next tuple of the merge, if no tape has to be read for that.
    pub(super) fn take(&mut self, order: &dyn Order, tuple: &mut Vec<u8>) -> Result<Found> {
        if let Some(tape) = self.wanting {
            let Some(more) = self.inputs[tape].take(&mut self.hands[tape]) else { return Ok(Found::Blocked) };
            self.wanting = None;
            let next = if more { Some(self.in_hand(order, tape)?) } else { None };
            self.input_runs -= usize::from(!more);
            let mut by = InHand::new(order, &self.hands);
            let mut compare = |a: &SortTuple, b: &SortTuple| by.compare(a, b);
            match next {
                Some(next) => heap::replace_top(&mut self.heap, next, &mut compare),
                None => heap::delete_top(&mut self.heap, &mut compare),
            }
            by.done()?;
        }
        let Some(top) = self.heap.first() else { return Ok(Found::End) };
        let tape = top.at.piece as usize;
        tuple.clear();
        tuple.extend_from_slice(&self.hands[tape]);
        self.wanting = Some(tape);
        Ok(Found::Tuple)
    }

    /// Reads the tape whose next tuple is wanted.
    pub(super) async fn read_on(&mut self, env: &Env) -> Result<()> {
        match self.wanting {
            Some(tape) => self.inputs[tape].read_on(env, &mut self.set).await,
            None => Ok(()),
        }
    }
}

/// How the tuples in hand compare.
struct InHand<'a> {
    order: &'a dyn Order,
    hands: &'a [Vec<u8>],
    failed: Option<Error>,
}

impl<'a> InHand<'a> {
    fn new(order: &'a dyn Order, hands: &'a [Vec<u8>]) -> InHand<'a> {
        InHand { order, hands, failed: None }
    }

    fn compare(&mut self, a: &SortTuple, b: &SortTuple) -> Ordering {
        let short = a.leading.cmp(&b.leading);
        if short.is_ne() || self.order.is_decided_by_leading() {
            return short;
        }
        let hand = |tuple: &SortTuple| &self.hands[tuple.at.piece as usize];
        self.order.compare(hand(a), hand(b)).unwrap_or_else(|error| {
            self.failed.get_or_insert(error);
            Ordering::Equal
        })
    }

    fn done(self) -> Result<()> {
        self.failed.map_or(Ok(()), Err)
    }
}
