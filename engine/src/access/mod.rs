//! The heap, rows as versions on pages, and its indexes, over buffers, log and transactions.
//!
//! ```text
//!   lp 1 ─► xmin 734 │ xmax 739 │ ctid (0,4) │ 1 Alice 100     the old version, ended by 739
//!   lp 2 ─► xmin 734 │ xmax   0 │ ctid (0,2) │ 2 Bob 50
//!   lp 4 ─► xmin 739 │ xmax   0 │ ctid (0,4) │ 1 Alice 90      the new one: heap-only, no index points to it
//! ```
//!
//! An UPDATE never overwrites: it adds a version, writes its own id into the old one's `xmax` and links the two by
//! `ctid`. A DELETE only writes `xmax`. A ROLLBACK writes nothing at all. Which version a reader gets is decided by
//! the **visibility rule** (`visibility.rs`) from the two ids, pg_xact and the reader's snapshot; the answer found in
//! pg_xact is noted in the header as a **hint bit**, so that even a SELECT may change a page.
//!
//! Every change follows one pattern: pin the page, take its content lock, make room in the log, and then in one
//! atomic section change the bytes, insert the record, set the page's LSN, mark the buffer dirty.
//!
//! **Indexes** (`btree/`) say where the rows with a key are. A table's [`Rel`] carries those it has, so that insert and
//! update keep them (`indexes.rs`); from an entry to the visible version it is a few steps along a chain (`hot.rs`).
//!
//! What nobody can see any more is removed by **pruning** (`prune.rs`), page by page and also in passing, and by
//! **VACUUM** (`vacuum.rs`), which besides keeps the free space map and the visibility map.
//!
//! Each record that is written here is replayed in `redo.rs`, by recovery and on standbys.
//!
//! PostgreSQL: `access/heap/README.HOT`, `README.tuplock`, `heapam.c`, `heapam_visibility.c`, `hio.c`, `pruneheap.c`,
//! `vacuumlazy.c`, `visibilitymap.c`, `storage/freespace/README`.

mod bitmap;
mod bitmap_scan;
mod btree;
mod free_space;
mod hot;
mod indexes;
mod inplace;
mod lock_tuple;
mod modify;
mod multi_insert;
mod new_page;
mod place;
mod prune;
pub mod redo;
mod relation;
mod row_lock;
mod sample;
mod scan;
pub mod sequence;
mod speculative;
pub mod toast;
mod truncate;
mod update;
mod vacuum;
pub mod visibility;
mod visibility_map;
mod wait;

pub use crate::txn::Env;
pub use bitmap::{BitmapPage, TidBitmap};
pub use bitmap_scan::BitmapScan;
pub use btree::{BuildStats, Index, IndexScan, IndexVacuumStats, KeyColumn, ScanKey, Strategy, TidScan, build_index};
pub use free_space::FreeSpaceMap;
pub use hot::{Fetched, RowFetch};
pub use inplace::inplace_update;
pub use lock_tuple::{LockedTuple, OnConflict, lock_conflicting, lock_latest};
pub use modify::{ModifyOutcome, delete, insert};
pub use multi_insert::{index_new, multi_insert};
pub use relation::Rel;
pub use row_lock::RowLock;
pub use sample::{RowSample, sample};
pub use scan::{Scan, Sifted, TupleBatch, fetch};
pub use speculative::{Speculated, fetch_any, fetch_current, insert_or_conflict, is_visible};
pub use truncate::empty;
pub use update::update;
pub use vacuum::{Rewritten, VacuumOptions, VacuumStats, is_aggressive, rewrite, vacuum};
pub use visibility_map::VisibilityMap;
pub use wait::WaitPolicy;

#[cfg(test)]
mod tests;
