//! Tapes: sequences of bytes that are written from the front and read from the front, all in one temporary file.
//!
//! ```text
//!   file     │ 0 │ 1 │ 2 │ 3 │ 4 │ 5 │        blocks of 8 kB
//!   tape A     0 ─────► 2 ─► 3                 each ends with the number of the one before and of the one behind;
//!   tape B         1 ─────────────► 4 ─► 5     the last says instead how many bytes of it count, as a negative number
//! ```
//!
//! A block that was read is free and is used again by the tape that is written meanwhile, the lowest first: so a merge needs
//! little more room than what it merges.
//!
//! PostgreSQL: `utils/sort/logtape.c`.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::ids::{BLCKSZ, Error, Result};
use crate::storage::bytes::{get_i64, put_i64};
use crate::txn::{Env, TempFile};

/// What of a block is the tape's; behind it are two numbers. `TapeBlockPayloadSize`
pub(super) const PAYLOAD: usize = BLCKSZ - 16;

/// The file of some tapes; `LogicalTapeSet`.
pub struct TapeSet {
    file: TempFile,
    free: BinaryHeap<Reverse<u64>>,
    /// How many blocks were ever used,
    allocated: u64,
    /// and how many the file has.
    written: u64,
    /// Nothing more will be written: blocks that are read need not be remembered as free.
    forget_free: bool,
}

impl TapeSet {
    /// None so far.
    pub fn create(env: &Env) -> TapeSet {
        let file = env.create_temp_file();
        TapeSet { file, free: BinaryHeap::new(), allocated: 0, written: 0, forget_free: false }
    }

    /// `LogicalTapeSetBlocks`: how many blocks the file has.
    pub fn blocks(&self) -> u64 {
        self.written
    }

    pub(super) fn forget_free_space(&mut self) {
        self.forget_free = true;
        self.free = BinaryHeap::new();
    }

    /// Removes the file.
    pub fn close(&self, env: &Env) {
        env.remove_temp_file(self.file);
    }

    fn take_block(&mut self) -> u64 {
        match self.free.pop() {
            Some(Reverse(block)) => block,
            None => {
                self.allocated += 1;
                self.allocated - 1
            }
        }
    }

    async fn write(&mut self, env: &Env, block: u64, bytes: &[u8]) -> Result<()> {
        env.write_temp_file(self.file, block, bytes).await?;
        self.written = self.written.max(block + 1);
        Ok(())
    }
}

/// A tape; `LogicalTape`.
#[derive(Default)]
pub struct Tape {
    first: Option<u64>,
    /// The block that is being filled, and its number; while reading, what was read.
    buffer: Vec<u8>,
    current: u64,
    previous: i64,
    /// While reading: the next block, the next byte of the buffer, and how much the buffer may hold.
    next: Option<u64>,
    at: usize,
    stride: usize,
}

impl Tape {
    // --- writing ---------------------------------------------------------------------------------------------

    /// Adds a tuple of two parts; whether [`Tape::write_full`] is due.
    pub fn push_tuple(&mut self, set: &mut TapeSet, head: &[u8], tuple: &[u8]) -> bool {
        self.push(set, &((head.len() + tuple.len()) as u32 + 4).to_le_bytes());
        self.push(set, head);
        self.push(set, tuple)
    }

    /// What was added so far is a run. Whether [`Tape::write_full`] is due.
    pub fn end_run(&mut self, set: &mut TapeSet) -> bool {
        self.push(set, &0_u32.to_le_bytes())
    }

    /// Adds bytes; whether a block is full, and has to be written before more are added.
    pub(super) fn push(&mut self, set: &mut TapeSet, bytes: &[u8]) -> bool {
        if self.first.is_none() {
            self.current = set.take_block();
            (self.first, self.previous) = (Some(self.current), -1);
        }
        self.buffer.extend_from_slice(bytes);
        self.buffer.len() > PAYLOAD
    }

    /// Writes all full blocks.
    pub async fn write_full(&mut self, env: &Env, set: &mut TapeSet) -> Result<()> {
        let mut from = 0;
        while self.buffer.len() - from > PAYLOAD {
            let next = set.take_block();
            let mut bytes = self.buffer[from..from + PAYLOAD].to_vec();
            bytes.resize(BLCKSZ, 0);
            put_i64(&mut bytes, PAYLOAD, self.previous);
            put_i64(&mut bytes, PAYLOAD + 8, next as i64);
            set.write(env, self.current, &bytes).await?;
            (self.previous, self.current) = (self.current as i64, next);
            from += PAYLOAD;
        }
        self.buffer.drain(..from);
        Ok(())
    }

    /// `LogicalTapeRewindForRead`: all that was written will be read, in strides of so many bytes.
    pub async fn rewind(&mut self, env: &Env, set: &mut TapeSet, stride: usize) -> Result<()> {
        if !self.buffer.is_empty() {
            let len = self.buffer.len();
            let mut bytes = std::mem::take(&mut self.buffer);
            bytes.resize(BLCKSZ, 0);
            put_i64(&mut bytes, PAYLOAD, self.previous);
            put_i64(&mut bytes, PAYLOAD + 8, -(len as i64));
            set.write(env, self.current, &bytes).await?;
        }
        (self.next, self.at, self.stride) = (self.first, 0, stride);
        Ok(())
    }

    // --- reading ---------------------------------------------------------------------------------------------

    /// `ltsReadFillBuffer`: the next blocks, as many as the stride has room for; what was not yet taken stays.
    async fn fill(&mut self, env: &Env, set: &mut TapeSet) -> Result<()> {
        self.buffer.drain(..self.at);
        self.at = 0;
        let mut filled = 0;
        let mut block = [0; BLCKSZ];
        while let Some(number) = self.next {
            let len = env.read_temp_file(set.file, number, &mut block).await?;
            let next = get_i64(&block, PAYLOAD + 8);
            let used = if next < 0 { -next as usize } else { PAYLOAD };
            if len < BLCKSZ || used > PAYLOAD {
                return Err(Error::internal(format!("could not read block {number} of temporary file")));
            }
            if !set.forget_free {
                set.free.push(Reverse(number));
            }
            self.next = (next >= 0).then_some(next as u64);
            self.buffer.extend_from_slice(&block[..used]);
            filled += used;
            if filled + BLCKSZ >= self.stride {
                break;
            }
        }
        Ok(())
    }

    /// The length of the next tuple, if it is there as a whole: 0 is the end of a run.
    fn ready(&self) -> Option<usize> {
        let rest = &self.buffer[self.at..];
        let len = u32::from_le_bytes(rest.get(..4)?.try_into().ok()?) as usize;
        (rest.len() >= len.max(4)).then_some(len)
    }

    /// The next tuple if that needs no reading: `Some(None)` is the end of a run.
    pub(super) fn take(&mut self, tuple: &mut Vec<u8>) -> Option<bool> {
        let len = self.ready()?;
        let at = self.at;
        self.at += len.max(4);
        tuple.clear();
        tuple.extend_from_slice(&self.buffer[at + 4..at + len.max(4)]);
        Some(len > 0)
    }

    /// Reads on, so that the next tuple may be taken.
    pub(super) async fn read_on(&mut self, env: &Env, set: &mut TapeSet) -> Result<()> {
        if self.next.is_none() {
            return Err(Error::internal("unexpected end of tape"));
        }
        self.fill(env, set).await
    }

    /// The next tuple; `false` at the end of a run.
    pub async fn next(&mut self, env: &Env, set: &mut TapeSet, tuple: &mut Vec<u8>) -> Result<bool> {
        loop {
            match self.take(tuple) {
                Some(taken) => return Ok(taken),
                None => self.read_on(env, set).await?,
            }
        }
    }
}
