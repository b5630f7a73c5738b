//! The B-tree: where the rows with a key are.
//!
//! ```text
//!                 root
//!        ┌─────────┴─────────┐          search     down to a leaf, to the right where a page was split meanwhile
//!      'k'→1               't'→2        insert     onto the leaf; a full one is cleared of dead tuples, or split
//!   ┌────┴───┐           ┌───┴────┐     scan       along the leaves in either direction, a page at a time
//!   a b c│ d e f  ⇄  k m n│ o p  ⇄ ..   build      bottom up from sorted keys
//!   │ │ │                               vacuum     page by page in the order of the file; empty pages leave the tree
//!   ▼ ▼ ▼
//!   rows of the table, by their TIDs
//! ```
//!
//! It is Lehman and Yao's tree: every page has a link to its right sibling and a high key, so that a reader needs one lock
//! at a time. And Lanin and Shasha's: pages that have become empty are taken out in two steps, while others read.
//!
//! Two things set it apart from a textbook's. All keys are different, since the heap TID is their last column. And high
//! keys and downlinks keep only the columns that it takes to part two pages.
//!
//! Each change is an atomic section with one record, and leaves a tree that can be searched. What takes two of them, a
//! split with its downlink, a page's deletion, is finished by the next one who comes by.
//!
//! PostgreSQL: `access/nbtree/README`, and the `nbt*.c` that each file names.

mod bottom_up;
mod build;
mod compare;
mod dedup;
mod delete;
mod fill;
mod index;
mod insert;
mod leaves;
mod page;
mod page_delete;
mod scan;
mod scan_key;
mod search;
mod split;
mod split_point;
mod unique;
mod vacuum;

pub use fill::{BuildStats, build_index};
pub use index::{Index, KeyColumn};
pub use insert::insert;
pub use leaves::TidScan;
pub use scan::IndexScan;
pub use scan_key::{ScanKey, Strategy};
pub use unique::{UniqueCheck, find_conflict};
pub use vacuum::{IndexVacuumStats, bulk_delete, vacuum_cleanup};

pub(in crate::access) use dedup::{Swapped, deduplicate_again, swap as swap_into_list};
pub(in crate::access) use delete::execute as delete_items;
pub(in crate::access) use page_delete::remove_downlink;

#[cfg(test)]
pub(in crate::access) mod tests;
