//! Records of multixacts: which transactions a new one stands for, and the pages on which that is written.
//!
//! PostgreSQL: `access/multixact.h`.

use super::bytes::{Put, Take};
use super::decode::DecodedRecord;
use super::record::XLR_RMGR_INFO_MASK;
use crate::ids::{Error, MultiXactId, Oid, Result};
use crate::storage::multixact::{Member, MemberStatus};

/// A page of offsets, of zeros.
pub const XLOG_MULTIXACT_ZERO_OFF_PAGE: u8 = 0x00;
/// A page of members, of zeros.
pub const XLOG_MULTIXACT_ZERO_MEM_PAGE: u8 = 0x10;
/// A new multixact.
pub const XLOG_MULTIXACT_CREATE_ID: u8 = 0x20;
/// Old ones are gone.
pub const XLOG_MULTIXACT_TRUNCATE_ID: u8 = 0x30;

/// Any record of the resource manager MultiXact.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MultiXactRecord {
    /// The page.
    ZeroOffPage(u32),
    /// The page.
    ZeroMemPage(u32),
    /// `xl_multixact_create`
    Create {
        /// The new one.
        multi: MultiXactId,
        /// Where its members begin.
        offset: u32,
        /// Its members.
        members: Vec<Member>,
    },
    /// `xl_multixact_truncate`
    Truncate {
        /// The database that holds it back.
        oldest_db: Oid,
        /// The multixacts from the first to before the second are gone.
        offsets: (MultiXactId, MultiXactId),
        /// And the members of these.
        members: (u32, u32),
    },
}

impl MultiXactRecord {
    /// Reads a record's main data by the kind in its `xl_info`.
    pub fn decode(record: &DecodedRecord) -> Result<MultiXactRecord> {
        let mut from = Take(&record.main_data);
        Ok(match record.info & XLR_RMGR_INFO_MASK {
            XLOG_MULTIXACT_ZERO_OFF_PAGE => MultiXactRecord::ZeroOffPage(from.u32()?),
            XLOG_MULTIXACT_ZERO_MEM_PAGE => MultiXactRecord::ZeroMemPage(from.u32()?),
            XLOG_MULTIXACT_CREATE_ID => {
                let (multi, offset, n) = (MultiXactId(from.u32()?), from.u32()?, from.u32()?);
                let one = |from: &mut Take| {
                    Ok(Member { xid: from.xid()?, status: MemberStatus::from_byte(from.u32()? as u8) })
                };
                MultiXactRecord::Create { multi, offset, members: from.list(n, one)? }
            }
            XLOG_MULTIXACT_TRUNCATE_ID => MultiXactRecord::Truncate {
                oldest_db: from.oid()?,
                offsets: (MultiXactId(from.u32()?), MultiXactId(from.u32()?)),
                members: (from.u32()?, from.u32()?),
            },
            other => return Err(Error::corrupt(format!("MultiXact record of unknown kind {other:#04x}"))),
        })
    }

    /// `xl_info` and main data of the record.
    pub fn encode(&self) -> (u8, Vec<u8>) {
        let mut out = Vec::new();
        let info = match self {
            MultiXactRecord::ZeroOffPage(page) => {
                out.put_u32(*page);
                XLOG_MULTIXACT_ZERO_OFF_PAGE
            }
            MultiXactRecord::ZeroMemPage(page) => {
                out.put_u32(*page);
                XLOG_MULTIXACT_ZERO_MEM_PAGE
            }
            MultiXactRecord::Create { multi, offset, members } => {
                [multi.0, *offset, members.len() as u32].into_iter().for_each(|n| out.put_u32(n));
                members.iter().for_each(|m| [m.xid.0, m.status as u32].into_iter().for_each(|n| out.put_u32(n)));
                XLOG_MULTIXACT_CREATE_ID
            }
            MultiXactRecord::Truncate { oldest_db, offsets, members } => {
                let fields = [oldest_db.0, offsets.0.0, offsets.1.0, members.0, members.1];
                fields.into_iter().for_each(|n| out.put_u32(n));
                XLOG_MULTIXACT_TRUNCATE_ID
            }
        };
        (info, out)
    }

    /// What the record does, as PostgreSQL's tools print it.
    pub fn description(&self) -> String {
        match self {
            MultiXactRecord::ZeroOffPage(page) | MultiXactRecord::ZeroMemPage(page) => page.to_string(),
            MultiXactRecord::Create { multi, offset, members } => {
                let each: String = members.iter().map(|m| format!("{} ({}) ", m.xid, m.status.name())).collect();
                format!("{multi} offset {offset} nmembers {}: {each}", members.len())
            }
            MultiXactRecord::Truncate { offsets, members, .. } => {
                format!("offsets [{}, {}), members [{}, {})", offsets.0, offsets.1, members.0, members.1)
            }
        }
    }
}
