//! Records of files coming into being and shrinking. Removal is not among them: it is part of the commit.
//!
//! PostgreSQL: `catalog/storage_xlog.h`.

use super::bytes::{Put, Take};
use super::decode::DecodedRecord;
use super::record::{XLR_RMGR_INFO_MASK, XLR_SPECIAL_REL_UPDATE};
use crate::ids::{BlockNumber, Error, Fork, RelFile, Result};

/// A file was created.
pub const XLOG_SMGR_CREATE: u8 = 0x10;
/// A relation was cut off.
pub const XLOG_SMGR_TRUNCATE: u8 = 0x20;

/// In `flags` of a truncation: the heap, its visibility map and its free space map.
pub const SMGR_TRUNCATE_ALL: u32 = 0x0007;

/// Any record of the resource manager Storage.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StorageRecord {
    /// `xl_smgr_create`
    Create {
        /// The relation's files.
        rel: RelFile,
        /// Which of them.
        fork: Fork,
    },
    /// `xl_smgr_truncate`
    Truncate {
        /// How many pages are left.
        blocks: BlockNumber,
        /// The relation's files.
        rel: RelFile,
        /// Which of them: 1 the heap, 2 the visibility map, 4 the free space map.
        flags: u32,
    },
}

impl StorageRecord {
    /// Reads a record's main data by the kind in its `xl_info`.
    pub fn decode(record: &DecodedRecord) -> Result<StorageRecord> {
        let mut from = Take(&record.main_data);
        Ok(match record.info & XLR_RMGR_INFO_MASK {
            XLOG_SMGR_CREATE => {
                let (rel, fork) = (from.rel_file()?, from.u32()?);
                let fork = u8::try_from(fork).ok().and_then(Fork::from_number);
                let fork = fork.ok_or_else(|| Error::corrupt("no such fork in a WAL record"))?;
                StorageRecord::Create { rel, fork }
            }
            XLOG_SMGR_TRUNCATE => {
                StorageRecord::Truncate { blocks: BlockNumber(from.u32()?), rel: from.rel_file()?, flags: from.u32()? }
            }
            other => return Err(Error::corrupt(format!("Storage record of unknown kind {other:#04x}"))),
        })
    }

    /// `xl_info` and main data of the record.
    pub fn encode(&self) -> (u8, Vec<u8>) {
        let mut out = Vec::new();
        match *self {
            StorageRecord::Create { rel, fork } => {
                out.put_rel_file(rel);
                out.put_u32(fork as u32);
                (XLOG_SMGR_CREATE | XLR_SPECIAL_REL_UPDATE, out)
            }
            StorageRecord::Truncate { blocks, rel, flags } => {
                out.put_u32(blocks.0);
                out.put_rel_file(rel);
                out.put_u32(flags);
                (XLOG_SMGR_TRUNCATE | XLR_SPECIAL_REL_UPDATE, out)
            }
        }
    }
}
