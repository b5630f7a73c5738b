//! The bytes of a B-tree index: its meta page, the links between its pages, its tuples.
//!
//! ```text
//!   block 0: meta         where the root is, and the fast root: the lowest page that is alone on its level
//!
//!   level 1               ┌──────────────────────────┐
//!                         │ (-inf)→1   'k'→2  't'→4  │      pivot tuples: keys that part, and downlinks
//!                         └───┬──────────┬───────┬───┘
//!   level 0       ┌───────────▼┐ ┌───────▼────┐ ┌▼───────────┐
//!   the leaves    │'k'│ a b f h│⇄│'t'│ k m n o│⇄│ t u x      │  high key first (not on the rightmost page), then
//!                 └────────────┘ └────────────┘ └────────────┘  one tuple for each row: key and heap TID
//! ```
//!
//! Every page knows its neighbours on its level, and its **high key**: everything on it is less than or equal to that.
//! Whoever comes to a page that has been split meanwhile sees it by the high key and goes on to the right.
//!
//! The heap TID is the last column of every key, so that no two leaf tuples are equal. A pivot tuple keeps as few
//! columns as are needed to tell left from right; those cut off count as minus infinity.
//!
//! PostgreSQL: `access/nbtree.h`, `access/itup.h`, `access/nbtree/README`.

pub mod node;
pub mod tuple;

pub use node::*;

#[cfg(test)]
mod golden;
