//! Sorting more than fits into memory.
//!
//! ```text
//!   tuples ──► memory ── full? ──► sorted, written as a run to a tape ──► memory is empty again ...
//!                │                         tape 0  │ run 1 │ run 7 │
//!                │ all there               tape 1  │ run 2 │ run 8 │      merged, one run of each tape into one,
//!                ▼                         ...                            until there is one run on each tape:
//!        quicksort, done                   tape 5  │ run 6 │              the last merge is read as it goes
//! ```
//!
//! * What fits into the budget is sorted by **quicksort**. If only the first few are wanted (LIMIT), a **heap** of these is
//!   kept instead, and what comes behind its last is thrown away at once.
//! * What does not fit goes, a memory full of it at a time and in order, as **runs** to **tapes**: files in the imagination,
//!   chains of blocks in one temporary file, whose blocks are used again as soon as they were read.
//! * How many tapes there are follows from the memory: each that is merged wants a buffer large enough to be read in
//!   long strides. There are at least 6. Runs beyond that lie behind each other on the tapes, and are **merged**, one of each
//!   tape into one on new tapes, pass after pass (a *balanced k-way merge*), until each tape has one: the last merge needs
//!   no file, its result is what the reader gets.
//!
//! Comparing is most of the work. So a tuple's first column stands beside it as a number in whose order it is
//! (`SortTuple`); the tuples themselves are looked at only if these are equal.
//!
//! Memory is counted as PostgreSQL would use it, by the byte: so a sort goes to disk when one there would, in as many runs,
//! and both say the same in EXPLAIN. Equals come out in the same order, too, which is not the order they came in.
//!
//! PostgreSQL: `utils/sort/tuplesort.c`, `logtape.c`, `lib/sort_template.h`.

mod arena;
mod budget;
mod buffile;
mod heap;
mod merge;
mod order;
mod quicksort;
mod tape;
mod tuplesort;

pub use buffile::BufFile;
pub use order::{Leading, Order};
pub use quicksort::sort_by_key;
pub use tape::{Tape, TapeSet};
pub use tuplesort::{Found, SortMethod, SortStats, Tuplesort};

#[cfg(test)]
mod tests;
