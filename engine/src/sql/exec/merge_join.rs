//! Joining by merging: both sides come in the order of what is compared, and are gone through side by side.
//!
//! ```text
//!   left    1  3  3  4  7               left 3: the right is skipped up to 3, and the rows that are alike
//!   right      2  3  3  5  7                    there are kept as a group: each left 3 is paired with all of them
//! ```
//!
//! PostgreSQL marks the first row of a group and goes back to it (`ExecMarkPos`, `ExecRestrPos`). Keys that are NULL are equal
//! to nothing.
//!
//! PostgreSQL: `nodeMergejoin.c`.

use super::super::bound::{Exprs, JoinKind};
use super::super::plan::MergeSpec;
use super::node::{Fresh, Node};
use super::order::compare_values;
use super::rows::Rows;
use super::{BATCH, ExecCx};
use crate::ids::Result;
use crate::types::Datum;
use std::cmp::Ordering;
use std::rc::Rc;

/// The pairs of a left and a right row that have equal keys.
#[derive(Clone)]
pub(super) struct MergeJoin {
    left: Node,
    right: Node,
    spec: Rc<MergeSpec>,
    state: Fresh<Merging>,
}

/// A join under way.
#[derive(Default)]
struct Merging {
    left: Cursor,
    right: Cursor,
    /// The rows of the right that are alike, their keys, and which of them have found a partner.
    group: Rows,
    group_keys: Vec<Datum>,
    group_matched: Vec<bool>,
    step: Step,
    /// Whether the left row in hand has found a partner.
    matched: bool,
    pair: Rows,
}

/// What is to be done next.
#[derive(Clone, Copy, Default)]
enum Step {
    /// To find what the left row is equal to.
    #[default]
    Meet,
    /// To pair it with the group, from a row on.
    Pair(usize),
    /// To give it alone, if it has no partner.
    Leave,
    /// To give those of the group that have no partner, from a row on.
    Close(usize),
    Done,
}

/// A side that is read in order.
#[derive(Default)]
struct Cursor {
    rows: Rows,
    at: usize,
    /// The keys of the row in hand, if they are computed.
    keys: Vec<Datum>,
    ready: bool,
    done: bool,
}

impl MergeSpec {
    fn keeps_left(&self) -> bool {
        matches!(self.kind, JoinKind::Left | JoinKind::Full | JoinKind::Anti)
    }

    fn keeps_right(&self) -> bool {
        matches!(self.kind, JoinKind::Right | JoinKind::Full)
    }

    fn is_single(&self) -> bool {
        matches!(self.kind, JoinKind::Semi | JoinKind::Anti)
    }

    fn compare(&self, a: &[Datum], b: &[Datum]) -> Result<Ordering> {
        for (at, (descending, nulls_first)) in self.order.iter().enumerate() {
            let order = compare_values(&a[at], &b[at], *descending, *nulls_first)?;
            if order.is_ne() {
                return Ok(order);
            }
        }
        Ok(Ordering::Equal)
    }
}

impl Cursor {
    /// Whether there is a row in hand; its keys are computed then.
    async fn look(&mut self, cx: &ExecCx<'_>, node: &mut Node, keys: &Exprs) -> Result<bool> {
        if self.ready || self.done {
            return Ok(self.ready);
        }
        if self.at >= self.rows.len() {
            node.next(cx, BATCH, &mut self.rows).await?;
            cx.breathe(self.rows.len()).await?;
            self.at = 0;
            self.done = self.rows.is_empty();
            if self.done {
                return Ok(false);
            }
        }
        self.keys.clear();
        cx.append(keys, self.rows.row(self.at), 0, &mut self.keys).await?;
        self.ready = true;
        Ok(true)
    }

    fn row(&self) -> &[Datum] {
        self.rows.row(self.at)
    }

    fn step(&mut self) {
        self.at += 1;
        self.ready = false;
    }

    fn has_null(&self) -> bool {
        self.keys.iter().any(Datum::is_null)
    }
}

impl MergeJoin {
    pub fn new(left: Node, right: Node, spec: Rc<MergeSpec>) -> MergeJoin {
        MergeJoin { left, right, spec, state: Fresh(None) }
    }

    pub fn rewind(&mut self, cx: &ExecCx<'_>) {
        self.left.rewind(cx);
        self.right.rewind(cx);
        self.state.0 = None;
    }

    pub async fn next(&mut self, cx: &ExecCx<'_>, max: usize, out: &mut Rows) -> Result<()> {
        let spec = &*self.spec;
        let state = self.state.0.get_or_insert_default();
        out.clear(if spec.is_single() { spec.left_width } else { spec.left_width + spec.right_width });
        while out.len() < max {
            state.step = match state.step {
                Step::Meet => state.meet(cx, spec, (&mut self.left, &mut self.right), out).await?,
                Step::Pair(from) => state.pair(cx, spec, from, max, out).await?,
                Step::Leave => {
                    state.leave(spec, out);
                    Step::Meet
                }
                Step::Close(from) => state.close(from, out),
                Step::Done => break,
            };
        }
        Ok(())
    }
}

impl Merging {
    /// Takes the next left row and finds its group. Rows of the right that are passed over are given alone, if that is wanted.
    async fn meet(
        &mut self,
        cx: &ExecCx<'_>,
        spec: &MergeSpec,
        (left, right): (&mut Node, &mut Node),
        out: &mut Rows,
    ) -> Result<Step> {
        if !self.left.look(cx, left, &spec.left_keys).await? {
            if !self.group.is_empty() {
                return Ok(self.leave_group(spec));
            }
            if !spec.keeps_right() || !self.right.look(cx, right, &spec.right_keys).await? {
                return Ok(Step::Done);
            }
            out.push_behind(self.right.row());
            self.right.step();
            return Ok(Step::Meet);
        }
        self.matched = false;
        if self.left.has_null() {
            return Ok(Step::Leave);
        }
        if !self.group.is_empty() {
            match spec.compare(&self.left.keys, &self.group_keys)? {
                Ordering::Less => return Ok(Step::Leave),
                Ordering::Equal => return Ok(Step::Pair(0)),
                Ordering::Greater => return Ok(self.leave_group(spec)),
            }
        }
        if !self.right.look(cx, right, &spec.right_keys).await? {
            return Ok(if spec.keeps_left() { Step::Leave } else { Step::Done });
        }
        let passed = self.right.has_null()
            || match spec.compare(&self.right.keys, &self.left.keys)? {
                Ordering::Less => true,
                Ordering::Equal => {
                    self.gather(cx, spec, right).await?;
                    return Ok(Step::Pair(0));
                }
                Ordering::Greater => false,
            };
        if !passed {
            return Ok(Step::Leave);
        }
        if spec.keeps_right() {
            out.push_behind(self.right.row());
        }
        self.right.step();
        Ok(Step::Meet)
    }

    /// Keeps all rows of the right that are like the one in hand.
    async fn gather(&mut self, cx: &ExecCx<'_>, spec: &MergeSpec, right: &mut Node) -> Result<()> {
        self.group_keys.clone_from(&self.right.keys);
        self.group.clear(spec.right_width);
        loop {
            self.group.push(self.right.row());
            self.right.step();
            let more = self.right.look(cx, right, &spec.right_keys).await?;
            if !more || spec.compare(&self.right.keys, &self.group_keys)?.is_ne() {
                break;
            }
        }
        self.group_matched.clear();
        self.group_matched.resize(self.group.len(), false);
        Ok(())
    }

    /// The left is past the group.
    fn leave_group(&mut self, spec: &MergeSpec) -> Step {
        if spec.keeps_right() {
            return Step::Close(0);
        }
        self.group.clear(spec.right_width);
        Step::Meet
    }

    /// Pairs the left row with the group.
    async fn pair(
        &mut self,
        cx: &ExecCx<'_>,
        spec: &MergeSpec,
        from: usize,
        max: usize,
        out: &mut Rows,
    ) -> Result<Step> {
        let left = self.left.row();
        for at in from..self.group.len() {
            if out.len() >= max {
                return Ok(Step::Pair(at));
            }
            let right = self.group.row(at);
            let pairs = if spec.is_single() { &mut self.pair } else { &mut *out };
            if spec.is_single() {
                pairs.clear(spec.left_width + spec.right_width);
            }
            pairs.push_pair(left, right);
            if !spec.on.is_empty() && !cx.holds(&spec.on, pairs.last(), 0).await? {
                pairs.pop();
                continue;
            }
            self.matched = true;
            self.group_matched[at] = true;
            if spec.is_single() {
                break;
            }
        }
        Ok(Step::Leave)
    }

    /// The left row has had all its partners.
    fn leave(&mut self, spec: &MergeSpec, out: &mut Rows) {
        match (spec.kind, self.matched) {
            (JoinKind::Left | JoinKind::Full, false) => out.push_padded(self.left.row()),
            (JoinKind::Semi, true) | (JoinKind::Anti, false) => out.push(self.left.row()),
            _ => {}
        }
        self.left.step();
    }

    /// Gives a row of the group that has no partner.
    fn close(&mut self, from: usize, out: &mut Rows) -> Step {
        let alone = (from..self.group.len()).find(|at| !self.group_matched[*at]);
        match alone {
            Some(at) => {
                out.push_behind(self.group.row(at));
                Step::Close(at + 1)
            }
            None => {
                self.group.clear(self.group.width());
                Step::Meet
            }
        }
    }
}
