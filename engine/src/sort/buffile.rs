//! A temporary file of tuples, written from the front and read from the front: a batch of a hash join that has to wait, or rows
//! that are kept to be read again.
//!
//! ```text
//!   | length | note | tuple | length | note | tuple |        behind each other over blocks of 8 kB
//! ```
//!
//! Length and note, which is a hash or whatever else its reader wants to know, take as many bytes as what PostgreSQL writes before
//! a row of its minimal tuples: so the files are as long as there.
//!
//! PostgreSQL: `storage/file/buffile.c`; `ExecHashJoinSaveTuple`.

use super::tuplesort::Found;
use crate::ids::{BLCKSZ, Error, Result};
use crate::txn::{Env, TempFile};

/// Length and note; PostgreSQL has a hash of 4 bytes there, and the 10 bytes of a minimal tuple that [`RowShape`] leaves out.
///
/// [`RowShape`]: crate::types::minimal::RowShape
const HEADER: usize = 14;

/// How many blocks are read at once.
const STRIDE: usize = 4;

/// A temporary file of tuples; `BufFile`.
pub struct BufFile {
    file: TempFile,
    /// What is to be written, or was read and not yet taken from `at` on.
    buffer: Vec<u8>,
    at: usize,
    /// The next block to be written, or to be read.
    block: u64,
    /// How many bytes are in the file, and how many tuples are in it and in the buffer.
    len: u64,
    count: u64,
}

impl BufFile {
    /// Makes an empty one.
    pub fn create(env: &Env) -> BufFile {
        BufFile { file: env.create_temp_file(), buffer: Vec::new(), at: 0, block: 0, len: 0, count: 0 }
    }

    /// How many tuples were put in.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// How many bytes were written.
    pub fn bytes(&self) -> u64 {
        self.len
    }

    /// Adds a tuple; whether [`BufFile::write_full`] is due.
    pub fn put(&mut self, note: u64, tuple: &[u8]) -> bool {
        self.buffer.extend_from_slice(&(tuple.len() as u32).to_le_bytes());
        self.buffer.extend_from_slice(&note.to_le_bytes());
        self.buffer.extend_from_slice(&[0; HEADER - 12]);
        self.buffer.extend_from_slice(tuple);
        self.count += 1;
        self.buffer.len() >= BLCKSZ
    }

    /// Writes all full blocks.
    pub async fn write_full(&mut self, env: &Env) -> Result<()> {
        let mut from = 0;
        while self.buffer.len() - from >= BLCKSZ {
            env.write_temp_file(self.file, self.block, &self.buffer[from..from + BLCKSZ]).await?;
            from += BLCKSZ;
            self.block += 1;
        }
        self.len = self.block * BLCKSZ as u64;
        self.buffer.drain(..from);
        Ok(())
    }

    /// All that was put in will be read, from the first on. It may be read several times.
    pub async fn rewind(&mut self, env: &Env) -> Result<()> {
        self.finish(env).await?;
        self.again();
        Ok(())
    }

    /// Writes what is left: nothing more will be put in.
    pub async fn finish(&mut self, env: &Env) -> Result<()> {
        self.write_full(env).await?;
        if !self.buffer.is_empty() {
            env.write_temp_file(self.file, self.block, &self.buffer).await?;
            self.len += self.buffer.len() as u64;
            self.buffer.clear();
        }
        Ok(())
    }

    /// Begins to read a finished file from the first tuple on.
    pub fn again(&mut self) {
        self.buffer.clear();
        (self.block, self.at) = (0, 0);
    }

    /// Looks for the next tuple without waiting, and returns its note.
    pub fn try_next(&mut self, tuple: &mut Vec<u8>) -> (Found, u64) {
        let rest = &self.buffer[self.at..];
        let found = rest.get(..HEADER).and_then(|header| {
            let len = u32::from_le_bytes(header[..4].try_into().ok()?) as usize;
            let note = u64::from_le_bytes(header[4..12].try_into().ok()?);
            Some((note, rest.get(HEADER..HEADER + len)?))
        });
        match found {
            Some((note, bytes)) => {
                tuple.clear();
                tuple.extend_from_slice(bytes);
                self.at += HEADER + bytes.len();
                (Found::Tuple, note)
            }
            None if rest.is_empty() && self.block * BLCKSZ as u64 >= self.len => (Found::End, 0),
            None => (Found::Blocked, 0),
        }
    }

    /// Reads the next blocks.
    pub async fn read_on(&mut self, env: &Env) -> Result<()> {
        self.buffer.drain(..self.at);
        self.at = 0;
        let mut block = [0; BLCKSZ];
        for _ in 0..STRIDE {
            let start = self.block * BLCKSZ as u64;
            if start >= self.len {
                break;
            }
            let len = env.read_temp_file(self.file, self.block, &mut block).await?;
            if (len as u64) < (self.len - start).min(BLCKSZ as u64) {
                return Err(Error::internal("could not read from temporary file"));
            }
            self.buffer.extend_from_slice(&block[..len]);
            self.block += 1;
        }
        Ok(())
    }

    /// The next tuple's note; none at the end.
    pub async fn next(&mut self, env: &Env, tuple: &mut Vec<u8>) -> Result<Option<u64>> {
        loop {
            match self.try_next(tuple) {
                (Found::Tuple, note) => return Ok(Some(note)),
                (Found::End, _) => return Ok(None),
                (Found::Blocked, _) => self.read_on(env).await?,
            }
        }
    }

    /// Removes the file.
    pub fn close(self, env: &Env) {
        env.remove_temp_file(self.file);
    }
}
