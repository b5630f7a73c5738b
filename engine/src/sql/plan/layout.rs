//! Which slot of a query stands where in the rows of an operator.
//!
//! A scan gives those columns of its table that somebody above asks for, a join those of both its sides. So the
//! expressions of an operator are written anew for the rows that it sees:
//!
//! ```text
//!   a.x is slot 0, b.z slot 8        scan of a (0, 3)    scan of b (8)
//!   ON a.x = b.z                              └── join (0, 3, 8) ──┘     #0 = #8 becomes: column 0 = column 2
//! ```
//!
//! PostgreSQL: `setrefs.c`.

use super::super::bound::{Exprs, Scalar};

/// The slots of a row, in the order in which they stand.
#[derive(Clone, Default, Debug)]
pub struct Layout(pub Vec<usize>);

impl Layout {
    /// How many values a row has.
    pub fn width(&self) -> usize {
        self.0.len()
    }

    /// Whether a slot is in the row.
    pub fn has(&self, slot: usize) -> bool {
        self.0.contains(&slot)
    }

    /// Whether all slots that expressions use are in the row.
    pub fn covers(&self, exprs: &Exprs) -> bool {
        !exprs.any_column(&|slot| !self.has(slot))
    }

    /// This row and another behind it.
    pub fn joined(&self, other: &Layout) -> Layout {
        Layout([&self.0[..], &other.0].concat())
    }

    /// Puts the place of a slot into an expression that is one.
    pub fn place(&self, scalar: &mut Scalar) {
        if let Scalar::Column(slot) = scalar {
            // A slot that is not there is an error of the planner; the row says so when it is looked at.
            *slot = self.0.iter().position(|own| own == slot).unwrap_or(usize::MAX);
        }
    }

    /// An expression over such rows.
    pub fn scalar(&self, scalar: &Scalar) -> Scalar {
        let mut own = scalar.clone();
        own.each_mut(&mut |part| self.place(part));
        own
    }

    /// Expressions over such rows.
    pub fn exprs(&self, exprs: &Exprs) -> Exprs {
        let mut own = exprs.clone();
        own.each_mut(&mut |part| self.place(part));
        own
    }

    /// Several of them.
    pub fn all(&self, list: &[Exprs]) -> Vec<Exprs> {
        list.iter().map(|exprs| self.exprs(exprs)).collect()
    }
}
