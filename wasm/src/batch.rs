//! Synced batches as bytes, on their way from the engine's instance to the store's and back.
//!
//! A batch is what one sync of a simulated disk made durable: operations on files, in order. Both ends are this very
//! module, so the form is private to one build and carries no version; what is kept carries one (see `store`).
//!
//! ```text
//!   batch   host u8 │ number of operations u32 │ operation ...
//!   op      tag u8  │ path │ its fields                           a path or bytes: length u32, then the bytes
//! ```

use vitrine_engine::ids::HostId;
use vitrine_engine::world::{DiskOp, SyncedBatch};

const CREATE: u8 = 0;
const REMOVE: u8 = 1;
const RENAME: u8 = 2;
const SET_LEN: u8 = 3;
const WRITE: u8 = 4;

/// Batches as bytes, one after the other.
pub fn encode(batches: &[SyncedBatch]) -> Vec<u8> {
    let mut out = Vec::new();
    for batch in batches {
        out.push(batch.host.0);
        out.extend_from_slice(&(batch.ops.len() as u32).to_le_bytes());
        for op in &batch.ops {
            encode_op(op, &mut out);
        }
    }
    out
}

fn encode_op(op: &DiskOp, out: &mut Vec<u8>) {
    let bytes = |out: &mut Vec<u8>, bytes: &[u8]| {
        out.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
        out.extend_from_slice(bytes);
    };
    match op {
        DiskOp::Create { path } => {
            out.push(CREATE);
            bytes(out, path.as_bytes());
        }
        DiskOp::Remove { path } => {
            out.push(REMOVE);
            bytes(out, path.as_bytes());
        }
        DiskOp::Rename { from, to } => {
            out.push(RENAME);
            bytes(out, from.as_bytes());
            bytes(out, to.as_bytes());
        }
        DiskOp::SetLen { path, len } => {
            out.push(SET_LEN);
            bytes(out, path.as_bytes());
            out.extend_from_slice(&len.to_le_bytes());
        }
        DiskOp::Write { path, offset, bytes: written } => {
            out.push(WRITE);
            bytes(out, path.as_bytes());
            out.extend_from_slice(&offset.to_le_bytes());
            bytes(out, written);
        }
    }
}

/// The batches in these bytes; `None` if they are not what [`encode`] makes.
pub fn decode(bytes: &[u8]) -> Option<Vec<SyncedBatch>> {
    let mut rest = Rest(bytes);
    let mut batches = Vec::new();
    while !rest.0.is_empty() {
        let host = HostId(rest.byte()?);
        let count = rest.u32()?;
        let ops = (0..count).map(|_| rest.op()).collect::<Option<Vec<_>>>()?;
        batches.push(SyncedBatch { host, ops });
    }
    Some(batches)
}

struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|b| b[0])
    }

    fn u32(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.take(4)?.try_into().ok()?))
    }

    fn u64(&mut self) -> Option<u64> {
        Some(u64::from_le_bytes(self.take(8)?.try_into().ok()?))
    }

    fn bytes(&mut self) -> Option<&'a [u8]> {
        let len = self.u32()?;
        self.take(len as usize)
    }

    fn path(&mut self) -> Option<String> {
        String::from_utf8(self.bytes()?.to_vec()).ok()
    }

    fn op(&mut self) -> Option<DiskOp> {
        Some(match self.byte()? {
            CREATE => DiskOp::Create { path: self.path()? },
            REMOVE => DiskOp::Remove { path: self.path()? },
            RENAME => DiskOp::Rename { from: self.path()?, to: self.path()? },
            SET_LEN => DiskOp::SetLen { path: self.path()?, len: self.u64()? },
            WRITE => DiskOp::Write { path: self.path()?, offset: self.u64()?, bytes: self.bytes()?.to_vec() },
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_come_back_as_they_went() {
        let path = || "base/5/16384".to_string();
        let ops = vec![
            DiskOp::Create { path: path() },
            DiskOp::Write { path: path(), offset: 8192, bytes: vec![7; 300] },
            DiskOp::SetLen { path: path(), len: 16384 },
            DiskOp::Rename { from: path(), to: "base/5/16385".into() },
            DiskOp::Remove { path: "base/5/16385".into() },
        ];
        let batches = vec![SyncedBatch { host: HostId(0), ops }, SyncedBatch { host: HostId(1), ops: Vec::new() }];
        let bytes = encode(&batches);
        assert_eq!(decode(&bytes), Some(batches));
        assert_eq!(decode(&bytes[..bytes.len() - 1]), None);
    }
}
