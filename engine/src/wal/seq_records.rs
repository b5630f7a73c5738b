//! Records of sequences: the row as it is to be after a crash.
//!
//! PostgreSQL: `commands/sequence.h`.

use super::bytes::{Put, Take};
use super::decode::DecodedRecord;
use crate::ids::{RelFile, Result};

/// A sequence stands there.
pub const XLOG_SEQ_LOG: u8 = 0x00;

/// `xl_seq_rec`, and the row behind it; block 0 is made anew.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SeqLog {
    /// The sequence's file.
    pub rel: RelFile,
    /// Its row, header and all.
    pub tuple: Vec<u8>,
}

impl SeqLog {
    /// The main data of the record.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.put_rel_file(self.rel);
        out.put(&self.tuple);
        out
    }

    /// From a record.
    pub fn decode(record: &DecodedRecord) -> Result<SeqLog> {
        let mut from = Take(&record.main_data);
        let rel = from.rel_file()?;
        Ok(SeqLog { rel, tuple: from.0.to_vec() })
    }
}
