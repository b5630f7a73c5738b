//! What of a hash join does not fit into memory.
//!
//! ```text
//!              in memory         waiting on disk
//!   right      batch 0     │  batch 1 │ batch 2 │ batch 3        rows of the right and of the left with the same hash
//!   left       read now    │  batch 1 │ batch 2 │ batch 3        are in the same batch, and meet when its turn has come
//!
//!   too many rows in memory: twice as many batches; some rows of batch 0 are now of batch 4 and go to disk
//! ```
//!
//! The number of a row's batch only grows when batches are split, so what waits may lie in a file of an earlier batch; who
//! reads it there hands it on.
//!
//! PostgreSQL: `ExecHashIncreaseNumBatches`, `ExecHashJoinSaveTuple`; its table of the most common values (skew) is not here.

use super::hash_size::{BUCKET, HashSize, MAX_ALLOC, TUPLE_OVERHEAD, memory_limit};
use crate::ids::Result;
use crate::sort::BufFile;
use crate::trace::Event;
use crate::txn::{Env, MemoryId, MemoryPurpose};
use crate::types::Datum;
use crate::types::minimal::{RowShape, row_size};

/// Which side of a join.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Side {
    /// Whose rows look into the table; `outer`.
    Left,
    /// Whose rows are in it; `inner`.
    Right,
}

/// The batches of a hash join, of which one is in memory.
pub(super) struct Batches {
    memory: MemoryId,
    allowed: i64,
    used: i64,
    peak: i64,
    size: HashSize,
    original: HashSize,
    /// How many there were when the left began to be read.
    begun_with: u32,
    /// Which one is in memory, and how many rows of it.
    pub current: u32,
    pub tuples: u64,
    /// How many rows the right has had.
    pub total: u64,
    may_grow: bool,
    left: Waiting,
    right: Waiting,
    bytes: Vec<u8>,
}

/// The waiting rows of a side, by their batches.
#[derive(Default)]
struct Waiting {
    shape: RowShape,
    files: Vec<Option<BufFile>>,
}

impl Batches {
    /// For so many rows of this width, if that guess is right; see [`HashSize::choose`].
    pub fn begin(env: &Env, (rows, width): (f64, usize), one_column: bool) -> Batches {
        let allowed = memory_limit(env);
        let size = HashSize::choose(rows, width, allowed, one_column);
        Batches {
            memory: env.memory.begin(MemoryPurpose::Hash, allowed as u64),
            allowed,
            used: 0,
            peak: 0,
            size,
            original: size,
            begun_with: size.batches,
            current: 0,
            tuples: 0,
            total: 0,
            may_grow: true,
            left: Waiting::default(),
            right: Waiting::default(),
            bytes: Vec::new(),
        }
    }

    /// The batch of rows with a hash: by other bits than those that choose the bucket.
    pub fn of(&self, hash: u64) -> u32 {
        (hash >> 32) as u32 & (self.size.batches - 1)
    }

    fn side(&mut self, side: Side) -> &mut Waiting {
        match side {
            Side::Left => &mut self.left,
            Side::Right => &mut self.right,
        }
    }

    // --- memory ----------------------------------------------------------------------------------------------

    /// A row comes into memory; `true` if there is too much in it, and [`Batches::split`] is due.
    pub fn add(&mut self, row: &[Datum]) -> Result<bool> {
        self.used += (TUPLE_OVERHEAD + row_size(row)?) as i64;
        self.peak = self.peak.max(self.used);
        self.tuples += 1;
        let most = (i64::from(i32::MAX) / 2).min(MAX_ALLOC / BUCKET / 2) as u64;
        if self.size.batches == 1 && self.tuples > self.size.buckets && self.size.buckets <= most {
            self.size.buckets *= 2;
        }
        Ok(self.may_grow && self.used + self.size.buckets as i64 * BUCKET > self.allowed)
    }

    /// Twice as many batches. The rows in memory that are of another one now are to be saved, then [`Batches::done_splitting`]
    /// to be told.
    pub fn split(&mut self) -> bool {
        if i64::from(self.size.batches) > (i64::from(i32::MAX) / 2).min(MAX_ALLOC / BUCKET / 2) {
            self.may_grow = false;
            return false;
        }
        self.size.batches *= 2;
        true
    }

    /// So many rows of those in memory were saved. If it was none of them or all, splitting does not help.
    pub async fn done_splitting(&mut self, env: &Env, moved: u64) {
        if moved == 0 || moved == self.tuples {
            self.may_grow = false;
        }
        self.tuples -= moved;
        env.cx.point(Event::HashSplit { batches: self.size.batches, moved: moved as u32 }).await;
    }

    /// A row goes from memory to disk.
    pub async fn move_out(&mut self, env: &Env, hash: u64, row: &[Datum]) -> Result<()> {
        self.used -= (TUPLE_OVERHEAD + row_size(row)?) as i64;
        self.save(env, Side::Right, hash, row).await
    }

    /// All rows of the batch that fit are in memory.
    pub fn built(&mut self, env: &Env) {
        if self.current == 0 {
            self.used += self.size.buckets as i64 * BUCKET;
            self.peak = self.peak.max(self.used);
            self.begun_with = self.size.batches;
        }
        env.cx.emit(Event::HashBuilt { tuples: self.tuples as u32, batches: self.size.batches });
        self.note(env);
    }

    /// For EXPLAIN: buckets, batches, and the most kilobytes that were used.
    pub fn built_size(&self) -> (u64, u64, u64) {
        (self.size.buckets, u64::from(self.size.batches), (self.peak.max(0) as u64).div_ceil(1024))
    }

    /// Tells the memory view how it is.
    pub fn note(&self, env: &Env) {
        let files = self.left.files.iter().chain(&self.right.files);
        let disk = files.flatten().map(BufFile::bytes).sum();
        env.memory.note(self.memory, self.used.max(0) as u64, disk, self.size.batches);
    }

    // --- files -----------------------------------------------------------------------------------------------

    /// `ExecHashJoinSaveTuple`: puts a row aside until its batch is in memory.
    pub async fn save(&mut self, env: &Env, side: Side, hash: u64, row: &[Datum]) -> Result<()> {
        let batch = self.of(hash) as usize;
        let mut bytes = std::mem::take(&mut self.bytes);
        let waiting = self.side(side);
        if waiting.files.len() <= batch {
            waiting.files.resize_with(batch + 1, || None);
        }
        let file = waiting.files[batch].get_or_insert_with(|| BufFile::create(env));
        bytes.clear();
        waiting.shape.encode(row, &mut bytes)?;
        if file.put(hash, &bytes) {
            file.write_full(env).await?;
        }
        self.bytes = bytes;
        Ok(())
    }

    /// The next row of a batch that is being read, behind `values`; returns its hash.
    pub async fn read(&mut self, env: &Env, side: Side, values: &mut Vec<Datum>) -> Result<Option<u64>> {
        let (current, mut bytes) = (self.current as usize, std::mem::take(&mut self.bytes));
        let waiting = self.side(side);
        let Some(Some(file)) = waiting.files.get_mut(current) else { return Ok(None) };
        let found = file.next(env, &mut bytes).await?;
        if found.is_some() {
            waiting.shape.decode_into(&bytes, values)?;
        }
        self.bytes = bytes;
        Ok(found)
    }

    /// A side of the batch in memory has been read.
    pub fn close(&mut self, env: &Env, side: Side) {
        let current = self.current as usize;
        if let Some(file) = self.side(side).files.get_mut(current) {
            file.take().into_iter().for_each(|file| file.close(env));
        }
    }

    /// `ExecHashJoinNewBatch`: goes on to the next batch in which there may be rows to give; `false` if there is none.
    /// A side `keeps` rows that have no partner.
    pub async fn next_batch(&mut self, env: &Env, keeps_left: bool, keeps_right: bool) -> Result<bool> {
        self.close(env, Side::Left);
        loop {
            self.current += 1;
            if self.current >= self.size.batches {
                return Ok(false);
            }
            let has = |side: &Waiting| matches!(side.files.get(self.current as usize), Some(Some(_)));
            let (left, right) = (has(&self.left), has(&self.right));
            // What lies here may be of a later batch since there are more.
            let later =
                right && self.size.batches != self.original.batches || left && self.size.batches != self.begun_with;
            if left && (right || keeps_left) || right && keeps_right || later {
                break;
            }
            self.close(env, Side::Left);
            self.close(env, Side::Right);
        }
        (self.used, self.tuples) = (0, 0);
        env.cx.point(Event::HashBatch { batch: self.current, batches: self.size.batches }).await;
        let current = self.current as usize;
        for side in [Side::Left, Side::Right] {
            if let Some(Some(file)) = self.side(side).files.get_mut(current) {
                file.rewind(env).await?;
            }
        }
        Ok(true)
    }

    /// All is read, and so all files are closed: gives back the memory.
    pub fn release(&self, env: &Env) {
        env.memory.end(self.memory);
    }

    /// Gives back memory and files.
    pub fn end(self, env: &Env) {
        self.release(env);
        let files = self.left.files.into_iter().chain(self.right.files);
        files.flatten().for_each(|file| file.close(env));
    }
}
