//! Joins of sides that come in order.
//!
//! PostgreSQL: `sort_inner_and_outer`, `generate_mergejoin_paths` in `optimizer/path/joinpath.c`.

use super::join_paths::Joining;
use super::level::Level;
use super::path::Path;
use std::rc::Rc;

impl Level<'_> {
    /// Both sides sorted.
    pub fn merge_sorted(&mut self, _joining: &Joining) {}

    /// An outer side that has an order, and an inner one that is sorted for it or has the same.
    pub fn merge_with(&mut self, _joining: &Joining, _outer: &Rc<Path>, _inner: &Rc<Path>) {}
}
