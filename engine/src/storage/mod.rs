//! Bytes at rest: what lies in a relation's files, in pg_xact and in pg_control, as version 15 writes it.
//!
//! Everything here is a plain function on byte slices. No waiting, no shared state, no world: the rooms above
//! decide when a page is read, locked and logged; this one knows only what its bytes mean. That makes it the one
//! room that can be held against a real server byte by byte, which its tests do (`tests/golden/pg15/`).
//!
//! ```text
//!   page       header, line pointers, items          every page of every relation
//!   item_id    one line pointer
//!   compact    closing the gaps on a page            what pruning and VACUUM end with
//!   index_page taking items out of an index page, which leaves no gaps
//!   checksum   the 16 bits that guard a page
//!   crc        the 32 bits that guard records and pg_control
//!   tuple      a row version's header                heap pages
//!   varlena    a value of any length               long ones: compressed, or a pointer to where they lie
//!   pglz       making long values shorter
//!   fsm        who has room?                         fork _fsm: a tree of trees of one-byte categories
//!   btree      where is it?                          the pages and tuples of an index
//!   vm         what needs no looking at?             fork _vm: two bits per heap page
//!   clog       who committed?                        pg_xact: two bits per transaction
//!   multixact  who locks a row together?             pg_multixact: offsets and members
//!   control    where did we stop?                    global/pg_control
//!   mask       what no record tells                  to compare pages after replay
//! ```
//!
//! Bytes from a disk may be anything. So no function here panics on the content of a page: reading something that
//! is not there gives `None` or a line pointer that is unused, and changing a page whose header contradicts itself
//! gives an error of SQLSTATE XX001.

pub mod btree;
pub mod bytes;
pub mod checksum;
pub mod clog;
pub mod compact;
pub mod control;
pub mod crc;
pub mod fsm;
pub mod index_page;
pub mod item_id;
pub mod mask;
pub mod multixact;
pub mod page;
pub mod pglz;
pub mod tuple;
pub mod varlena;
pub mod vm;

#[cfg(test)]
mod golden;

use crate::ids::BLCKSZ;

/// The bytes of one page.
pub type PageBytes = [u8; BLCKSZ];

/// `MAXALIGN`: `n` rounded up to the strictest alignment, 8.
pub const fn max_align(n: usize) -> usize {
    (n + 7) & !7
}
