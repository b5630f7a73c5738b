//! Conditions, as the planner looks at them; PostgreSQL's `RestrictInfo`.

use super::super::bound::{Exprs, Scalar};
use super::path::Relids;
use std::cell::{Cell, RefCell};

/// By whether a merge goes down and NULLs come first: from where to where the left side is read, and the right.
pub type MergeRange = ((bool, bool), [f64; 4]);

/// A condition of WHERE or of a join.
pub struct Clause {
    /// What must hold.
    pub exprs: Exprs,
    /// The relations that it speaks of.
    pub relids: Relids,
    /// Those that must be there before it can be asked.
    pub required: Relids,
    /// Those that an outer join below has filled up with NULLs.
    pub nullable: Relids,
    /// Of the condition of an outer join: the relations whose rows it keeps.
    pub kept: Relids,
    /// Whether it stands above the outer joins of its relations, so that a row that does not meet it is dropped.
    pub above: bool,
    /// Of `left operator right`: the relations of each side, if none is in both.
    pub sides: Option<(Relids, Relids)>,
    /// Whether it is an equality by which rows can be sorted or hashed.
    pub equal: bool,
    /// The classes of both sides.
    pub classes: Cell<Option<(usize, usize)>>,
    /// The class of which it is a consequence.
    pub class: Option<usize>,
    /// How many rows it lets through, of an inner join or another; known once it was asked.
    pub selectivity: [Cell<Option<f64>>; 2],
    /// By how the sides are hashed: bucket size and the most common value's part, of the left and the right.
    pub buckets: [Cell<Option<(f64, f64)>>; 2],
    /// Of a merge: from where to where each side is read, by whether it goes down and NULLs come first.
    pub ranges: RefCell<Vec<MergeRange>>,
    /// What it costs to ask: once, and for each row.
    pub cost: (f64, f64),
}

impl Clause {
    /// The expression, if it is one that waits for nothing.
    pub fn scalar(&self) -> Option<&Scalar> {
        match (&self.exprs.waits[..], &self.exprs.scalars[..]) {
            ([], [scalar]) => Some(scalar),
            _ => None,
        }
    }

    /// The operands of a comparison.
    pub fn operands(&self) -> Option<(&str, &Scalar, &Scalar)> {
        match self.scalar()? {
            Scalar::Binary(op, _, args) => Some((op, &args[0], &args[1])),
            _ => None,
        }
    }

    /// Whether it joins exactly these two: one side speaks of the one, the other of the other. `true` if turned.
    pub fn joins(&self, outer: Relids, inner: Relids) -> Option<bool> {
        let (left, right) = self.sides?;
        let within = |part: Relids, whole: Relids| part != 0 && part & !whole == 0;
        match () {
            () if within(left, outer) && within(right, inner) => Some(false),
            () if within(left, inner) && within(right, outer) => Some(true),
            () => None,
        }
    }
}
