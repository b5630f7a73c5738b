//! Rows that are kept to be read again: of a query of WITH, of the right side of a nested loop.
//!
//! ```text
//!   rows     0 ................ n  n+1 ......... m
//!            in a temporary file   in memory, until that is full again
//! ```
//!
//! They are added at the end and read from anywhere, by several readers. What a store may use is `work_mem`.
//!
//! PostgreSQL: `utils/sort/tuplestore.c`.

use super::rows::Rows;
use crate::ids::{BLCKSZ, Error, Result};
use crate::settings::Setting;
use crate::txn::{Env, MemoryId, MemoryPurpose, TempFile};
use crate::types::minimal::{RowShape, row_size};

/// For each so many rows it is known where in the file they begin.
const STEP: usize = 64;

/// Rows that are kept.
pub(super) struct RowStore {
    memory: MemoryId,
    allowed: i64,
    used: i64,
    shape: RowShape,
    /// Those behind the ones in the file.
    rows: Rows,
    file: Option<RowFile>,
    on_disk: usize,
}

/// The first rows, behind each other, each with its length before it.
struct RowFile {
    file: TempFile,
    /// What of it fills no block yet.
    tail: Vec<u8>,
    blocks: u64,
    /// Where each [`STEP`]th row begins.
    starts: Vec<u64>,
}

impl RowStore {
    pub fn begin(env: &Env) -> RowStore {
        let allowed = env.settings.borrow().int(Setting::work_mem) * 1024;
        RowStore {
            memory: env.memory.begin(MemoryPurpose::Tuplestore, allowed as u64),
            allowed,
            used: 0,
            shape: RowShape::default(),
            rows: Rows::default(),
            file: None,
            on_disk: 0,
        }
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.on_disk + self.rows.len()
    }

    /// All of them, if none is on disk.
    pub fn in_memory(&self) -> Option<&Rows> {
        self.file.is_none().then_some(&self.rows)
    }

    /// Adds rows.
    pub async fn add(&mut self, env: &Env, rows: &Rows) -> Result<()> {
        for row in rows.iter() {
            // A piece of memory is as long as a power of two, has a header, and a place in a list.
            self.used += (row_size(row)?.next_power_of_two() + 16 + 8) as i64;
        }
        self.rows.append(rows);
        if self.used > self.allowed {
            self.write(env).await?;
        }
        let disk = self.file.as_ref().map_or(0, |file| file.blocks * BLCKSZ as u64);
        env.memory.note(self.memory, self.used as u64, disk, u32::from(disk > 0));
        Ok(())
    }

    /// What is in memory goes to disk.
    async fn write(&mut self, env: &Env) -> Result<()> {
        let file = self.file.get_or_insert_with(|| RowFile {
            file: env.create_temp_file(),
            tail: Vec::new(),
            blocks: 0,
            starts: Vec::new(),
        });
        let mut bytes = Vec::new();
        for (at, row) in self.rows.iter().enumerate() {
            if (self.on_disk + at).is_multiple_of(STEP) {
                file.starts.push(file.blocks * BLCKSZ as u64 + file.tail.len() as u64);
            }
            bytes.clear();
            self.shape.encode(row, &mut bytes)?;
            file.tail.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
            file.tail.extend_from_slice(&bytes);
            file.write_full(env).await?;
        }
        self.on_disk += self.rows.len();
        self.rows.clear(self.rows.width());
        self.used = 0;
        Ok(())
    }

    /// Appends rows from a place on, up to `max` or as many as are at hand; none at the end. It waits only for what is on disk.
    pub async fn read(&self, env: &Env, from: usize, max: usize, out: &mut Rows) -> Result<()> {
        let Some(file) = self.file.as_ref().filter(|_| from < self.on_disk) else {
            self.read_memory(from, max, out);
            return Ok(());
        };
        let upto = self.on_disk.min(from + max);
        let start = file.starts[from / STEP];
        let end = file.starts.get(upto.div_ceil(STEP)).copied().unwrap_or(file.len());
        let bytes = file.bytes(env, start, end).await?;
        let mut rest = &bytes[..];
        for at in from - from % STEP..upto {
            let len = rest.get(..4).and_then(|len| len.try_into().ok()).map(u32::from_le_bytes);
            let row = len.and_then(|len| rest.get(4..4 + len as usize));
            let row = row.ok_or_else(|| Error::internal("a row of a temporary file that ends early"))?;
            if at >= from {
                self.shape.decode_into(row, out.open())?;
                out.close();
            }
            rest = &rest[4 + row.len()..];
        }
        Ok(())
    }

    /// The same of what is in memory.
    pub fn read_memory(&self, from: usize, max: usize, out: &mut Rows) {
        let from = from.saturating_sub(self.on_disk).min(self.rows.len());
        for at in from..self.rows.len().min(from + max) {
            // Behind its columns a row may have what only its sorting needed.
            out.push(&self.rows.row(at)[..out.width()]);
        }
    }

    /// Whether a row is on disk.
    pub fn is_on_disk(&self, at: usize) -> bool {
        at < self.on_disk
    }

    /// Gives back memory and file.
    pub fn end(self, env: &Env) {
        self.file.iter().for_each(|file| env.remove_temp_file(file.file));
        env.memory.end(self.memory);
    }
}

impl RowFile {
    fn len(&self) -> u64 {
        self.blocks * BLCKSZ as u64 + self.tail.len() as u64
    }

    async fn write_full(&mut self, env: &Env) -> Result<()> {
        while self.tail.len() >= BLCKSZ {
            env.write_temp_file(self.file, self.blocks, &self.tail[..BLCKSZ]).await?;
            self.tail.drain(..BLCKSZ);
            self.blocks += 1;
        }
        Ok(())
    }

    /// Bytes of it.
    async fn bytes(&self, env: &Env, start: u64, end: u64) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut block = [0; BLCKSZ];
        let first = start / BLCKSZ as u64;
        for number in first..end.div_ceil(BLCKSZ as u64).min(self.blocks) {
            if env.read_temp_file(self.file, number, &mut block).await? < BLCKSZ {
                return Err(Error::internal("could not read from temporary file"));
            }
            bytes.extend_from_slice(&block);
        }
        if end > self.blocks * BLCKSZ as u64 {
            bytes.extend_from_slice(&self.tail);
        }
        let skipped = start - (first * BLCKSZ as u64).min(self.blocks * BLCKSZ as u64);
        bytes.drain(..skipped as usize);
        Ok(bytes)
    }
}
