//! Records of the pages of pg_xact coming and going. What stands on those pages is in no record of its own: a
//! commit record says that its transaction's bits are set.
//!
//! PostgreSQL: `access/clog.h`.

use super::bytes::{Put, Take};
use super::decode::DecodedRecord;
use super::record::XLR_RMGR_INFO_MASK;
use crate::ids::{Error, Oid, Result, Xid};

/// A page of 32768 transactions that have not begun.
pub const CLOG_ZEROPAGE: u8 = 0x00;
/// Pages before one are gone.
pub const CLOG_TRUNCATE: u8 = 0x10;

/// Any record of the resource manager CLOG.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClogRecord {
    /// The page.
    ZeroPage(u32),
    /// `xl_clog_truncate`
    Truncate {
        /// The first page that is kept.
        page: u32,
        /// The oldest transaction that anyone may ask for.
        oldest_xact: Xid,
        /// The database that holds it back.
        oldest_xact_db: Oid,
    },
}

impl ClogRecord {
    /// Reads a record's main data by the kind in its `xl_info`.
    pub fn decode(record: &DecodedRecord) -> Result<ClogRecord> {
        let mut from = Take(&record.main_data);
        Ok(match record.info & XLR_RMGR_INFO_MASK {
            CLOG_ZEROPAGE => ClogRecord::ZeroPage(from.u32()?),
            CLOG_TRUNCATE => {
                ClogRecord::Truncate { page: from.u32()?, oldest_xact: from.xid()?, oldest_xact_db: from.oid()? }
            }
            other => return Err(Error::corrupt(format!("CLOG record of unknown kind {other:#04x}"))),
        })
    }

    /// `xl_info` and main data of the record.
    pub fn encode(&self) -> (u8, Vec<u8>) {
        let mut out = Vec::new();
        match *self {
            ClogRecord::ZeroPage(page) => {
                out.put_u32(page);
                (CLOG_ZEROPAGE, out)
            }
            ClogRecord::Truncate { page, oldest_xact, oldest_xact_db } => {
                out.put_u32(page);
                out.put_u32(oldest_xact.0);
                out.put_u32(oldest_xact_db.0);
                (CLOG_TRUNCATE, out)
            }
        }
    }
}
