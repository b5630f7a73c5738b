//! The commit log, `pg_xact`: two bits for each transaction, and all that decides whether its rows are seen.
//!
//! ```text
//!   pg_xact/0000   32 pages of 8192 bytes, without page headers; a byte holds four transactions, low bits first
//!                  | 00 01 10 01 |      00 in progress   01 committed   10 aborted   11 subcommitted
//!                     3  2  1  0
//! ```
//!
//! A page that was never written reads as zeros, 'in progress'; together with 'is not running' that means aborted,
//! so a crash needs no undo.

use super::PageBytes;
use crate::ids::{BLCKSZ, Xid, XidStatus};

/// `CLOG_XACTS_PER_PAGE`
pub const XACTS_PER_PAGE: u32 = BLCKSZ as u32 * XACTS_PER_BYTE;
/// `SLRU_PAGES_PER_SEGMENT`: the pages in one file.
pub const PAGES_PER_SEGMENT: u32 = 32;
const XACTS_PER_BYTE: u32 = 4;

/// `TransactionIdToPage`: the page of pg_xact that holds a transaction's bits.
pub fn page_of(xid: Xid) -> u32 {
    xid.0 / XACTS_PER_PAGE
}

/// The file, below the data directory, and the byte offset in it, of a page of pg_xact.
pub fn file_of(page: u32) -> (String, u64) {
    let offset = u64::from(page % PAGES_PER_SEGMENT) * BLCKSZ as u64;
    (format!("pg_xact/{:04X}", page / PAGES_PER_SEGMENT), offset)
}

/// The byte within the page and the shift within the byte.
pub fn place(xid: Xid) -> (usize, u32) {
    let index = xid.0 % XACTS_PER_PAGE;
    ((index / XACTS_PER_BYTE) as usize, index % XACTS_PER_BYTE * 2)
}

/// What the page of [`page_of`] says of a transaction.
pub fn status(page: &PageBytes, xid: Xid) -> XidStatus {
    let (byte, shift) = place(xid);
    XidStatus::from_bits(page[byte] >> shift)
}

/// Writes a transaction's two bits.
pub fn set_status(page: &mut PageBytes, xid: Xid, status: XidStatus) {
    let (byte, shift) = place(xid);
    page[byte] = page[byte] & !(3 << shift) | (status as u8) << shift;
}
