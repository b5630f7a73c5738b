//! Little-endian fields, taken from and put into byte strings. Taking never panics: WAL may be damaged.

use crate::ids::{Error, Lsn, Oid, RelFile, Result, TimestampTz, Xid};

/// What is left of a byte string that is read field by field.
#[derive(Clone, Copy)]
pub(super) struct Take<'a>(pub &'a [u8]);

impl<'a> Take<'a> {
    pub fn bytes(&mut self, n: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(n).ok_or_else(too_short)?;
        self.0 = rest;
        Ok(taken)
    }

    pub fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk::<N>().ok_or_else(too_short)?;
        self.0 = rest;
        Ok(*taken)
    }

    pub fn u8(&mut self) -> Result<u8> {
        Ok(self.array::<1>()?[0])
    }

    pub fn u16(&mut self) -> Result<u16> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    pub fn u32(&mut self) -> Result<u32> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub fn u64(&mut self) -> Result<u64> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    pub fn xid(&mut self) -> Result<Xid> {
        self.u32().map(Xid)
    }

    pub fn oid(&mut self) -> Result<Oid> {
        self.u32().map(Oid)
    }

    pub fn lsn(&mut self) -> Result<Lsn> {
        self.u64().map(Lsn)
    }

    pub fn timestamp(&mut self) -> Result<TimestampTz> {
        Ok(TimestampTz(self.u64()? as i64))
    }

    pub fn rel_file(&mut self) -> Result<RelFile> {
        Ok(RelFile { spc: self.oid()?, db: self.oid()?, rel: self.oid()? })
    }

    /// As many elements as a length field promises, which may lie: nothing is reserved beforehand.
    pub fn list<T>(&mut self, n: u32, mut one: impl FnMut(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        (0..n).map(|_| one(self)).collect()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn too_short() -> Error {
    Error::corrupt("WAL record data ends early")
}

/// Fields appended to a byte string.
pub(super) trait Put {
    fn put(&mut self, bytes: &[u8]);

    fn put_u8(&mut self, v: u8) {
        self.put(&[v]);
    }

    fn put_u16(&mut self, v: u16) {
        self.put(&v.to_le_bytes());
    }

    fn put_u32(&mut self, v: u32) {
        self.put(&v.to_le_bytes());
    }

    fn put_u64(&mut self, v: u64) {
        self.put(&v.to_le_bytes());
    }

    fn put_rel_file(&mut self, rel: RelFile) {
        self.put_u32(rel.spc.0);
        self.put_u32(rel.db.0);
        self.put_u32(rel.rel.0);
    }
}

impl Put for Vec<u8> {
    fn put(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}
