//! TOAST, the oversized-attribute storage technique: values too long for a page are compressed, and then cut into chunks
//! that lie as rows of a second table, which each table that may need it has.
//!
//! ```text
//!   accounts  16384        1 │ Alice │ ──external, 18 bytes──┐        the row keeps a pointer
//!                                                            ▼
//!   pg_toast.pg_toast_16384   chunk_id 16390 │ chunk_seq 0 │ 1996 bytes
//!                             chunk_id 16390 │ chunk_seq 1 │ 1996 bytes
//!                             chunk_id 16390 │ chunk_seq 2 │  311 bytes
//! ```
//!
//! A row of more than 2032 bytes, a quarter of a page, is shortened before it is written (`shorten.rs`): its longest
//! values are compressed, then moved out, until it is short enough. Chunks are rows like any others, with their own
//! transaction ids and records; a value is never changed, only replaced by another, and its chunks are deleted with the
//! last row version that has it (`store.rs`). An UPDATE that leaves a value alone hands the pointer on.
//!
//! Readers get the pointer. Who wants the value fetches it (`fetch.rs`): a query does so when it first computes with it.
//!
//! PostgreSQL: `access/heap/heaptoast.c`, `access/table/toast_helper.c`, `access/common/toast_internals.c`, `detoast.c`.

mod fetch;
mod shorten;
mod store;

use std::rc::Rc;

pub use fetch::detoast;
pub(super) use shorten::{is_needed, shorten};
pub use store::chunk_desc;
pub(super) use store::{delete_of, flat};

use super::Rel;
use crate::ids::Error;
use crate::types::TupleDesc;

/// `TOAST_TUPLE_THRESHOLD` and `TOAST_TUPLE_TARGET`: a longer row is shortened, to this.
pub const TOAST_TUPLE_THRESHOLD: usize = 2032;
/// `TOAST_MAX_CHUNK_SIZE`: four chunks to a page.
const TOAST_MAX_CHUNK_SIZE: usize = 1996;

/// What a table with long values has besides.
#[derive(Debug)]
pub struct Toast {
    /// The second table.
    pub rel: Rel,
    /// The columns of the first.
    pub table: Rc<TupleDesc>,
    /// The first is being written anew: its values keep the ids that they have in the old chunks.
    pub rewriting: bool,
}

/// Bytes that are not those of a value.
fn corrupt() -> Error {
    Error::corrupt("compressed pglz data is corrupt")
}
