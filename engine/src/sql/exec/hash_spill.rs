//! Grouping more than fits into memory.
//!
//! ```text
//!   rows ──► groups in memory ── full: no group is added any more
//!              │                     │ a row of a group that is there goes into it still;
//!              │                     │ one of any other goes, by bits of its hash, to a partition on a tape
//!              ▼                     ▼
//!            given first           then each partition by itself, in the same way: it may have to be cut again
//! ```
//!
//! All rows of a group are in one place, so a group is complete when its place is read. Which rows are whose is the business of
//! the operator; here is counted what memory they take, and kept what has to wait.
//!
//! PostgreSQL: `nodeAgg.c` ("Spilling To Disk"), `lib/hyperloglog.c`.

use super::hash_size::memory_limit;
use crate::ids::Result;
use crate::sort::{Tape, TapeSet};
use crate::trace::Event;
use crate::txn::{Env, MemoryId, MemoryPurpose};
use crate::types::Datum;
use crate::types::minimal::{RowShape, row_size};

/// `HASHAGG_READ_BUFFER_SIZE`, `HASHAGG_WRITE_BUFFER_SIZE`
const BUFFER: i64 = 8192;
/// `HASHAGG_PARTITION_FACTOR`: rather too many partitions than one that does not fit.
const PARTITION_FACTOR: f64 = 1.5;
/// `sizeof(TupleHashEntryData)`
const ENTRY: i64 = 24;
/// The header of a piece of memory.
const CHUNK_HEADER: i64 = 16;
/// The first block of a memory context.
const FIRST_BLOCK: i64 = 8192;
/// So many of the places of a table may be taken.
const FILL: f64 = 0.9;
/// What stands before a row on a tape: its hash, and the operator's note.
const HEAD: usize = 10;

/// The memory of groups, and what waits on disk.
pub(super) struct HashSpill {
    memory: MemoryId,
    /// What all may use, and what groups may.
    limit: i64,
    group_limit: i64,
    used: Used,
    shape: RowShape,
    tapes: Option<TapeSet>,
    /// The partitions that are being written; there are some once memory is full.
    partitions: Vec<Partition>,
    /// How many bits of the hash have chosen the partition that is being read.
    bits: u32,
    waiting: Vec<Waiting>,
    reading: Option<Tape>,
    /// How many times groups were made.
    rounds: u32,
    bytes: Vec<u8>,
}

/// The memory of groups as PostgreSQL's: blocks that double in size.
struct Used {
    groups: u64,
    places: i64,
    blocks: i64,
    free: i64,
    next_block: i64,
    largest_block: i64,
}

#[derive(Default)]
struct Partition {
    tape: Tape,
    tuples: u64,
    distinct: Distinct,
}

/// A partition whose turn will come.
struct Waiting {
    tape: Tape,
    bits: u32,
    tuples: u64,
    groups: f64,
}

impl Used {
    fn new(limit: i64) -> Used {
        let mut largest_block = 8 << 20;
        while 16 * largest_block > limit && largest_block > FIRST_BLOCK {
            largest_block /= 2;
        }
        Used { groups: 0, places: 256, blocks: FIRST_BLOCK, free: FIRST_BLOCK, next_block: FIRST_BLOCK, largest_block }
    }

    fn take(&mut self, bytes: usize) {
        // Pieces up to 8 kB are as long as a power of two.
        let piece = if bytes <= 8192 { bytes.max(8).next_power_of_two() } else { bytes };
        let chunk = piece as i64 + CHUNK_HEADER;
        if chunk > self.free {
            let mut block = self.next_block;
            while block < chunk {
                block *= 2;
            }
            self.blocks += block;
            self.free = block;
            self.next_block = (self.next_block * 2).min(self.largest_block);
        }
        self.free -= chunk;
    }

    fn add_group(&mut self, tuple: usize, states: usize) {
        self.groups += 1;
        if self.groups as f64 > self.places as f64 * FILL {
            self.places *= 2;
        }
        self.take(tuple);
        if states > 0 {
            self.take(states * 16);
        }
    }

    fn total(&self) -> i64 {
        self.places * ENTRY + self.blocks
    }
}

/// `hash_choose_num_partitions`: how many bits of the hash choose the partition.
fn partition_bits(limit: i64, bytes: f64, used_bits: u32) -> u32 {
    let most = (limit as f64 * 0.25 - BUFFER as f64) / BUFFER as f64;
    let wanted = (1.0 + PARTITION_FACTOR * bytes / limit as f64).min(most).clamp(4.0, 1024.0);
    (wanted as u32).next_power_of_two().ilog2().min(32 - used_bits.min(32))
}

/// `hash_agg_set_limits`: what groups may use, if what waits needs buffers.
fn group_limit(limit: i64, bytes: f64, used_bits: u32) -> i64 {
    if bytes <= limit as f64 {
        return limit;
    }
    let buffers = BUFFER + (BUFFER << partition_bits(limit, bytes, used_bits));
    if limit > 4 * buffers { limit - buffers } else { (limit as f64 * 0.75) as i64 }
}

impl HashSpill {
    /// `purpose` is told in the memory view.
    pub fn begin(env: &Env, purpose: MemoryPurpose) -> HashSpill {
        let limit = memory_limit(env);
        HashSpill {
            memory: env.memory.begin(purpose, limit as u64),
            limit,
            group_limit: limit,
            used: Used::new(limit),
            shape: RowShape::default(),
            tapes: None,
            partitions: Vec::new(),
            bits: 0,
            waiting: Vec::new(),
            reading: None,
            rounds: 1,
            bytes: Vec::new(),
        }
    }

    // --- rows come -------------------------------------------------------------------------------------------

    /// Whether rows were put aside in this round.
    pub fn is_spilling(&self) -> bool {
        !self.partitions.is_empty()
    }

    /// Whether no group may be added any more.
    pub fn is_full(&self) -> bool {
        self.is_spilling() || self.used.groups > 0 && self.used.total() > self.group_limit
    }

    /// A group with this key was added, with states of so many aggregates.
    pub fn add_group(&mut self, key: &[Datum], states: usize) {
        // A key that cannot be written is refused where it has to be.
        let tuple = row_size(key).unwrap_or(0);
        self.used.add_group(tuple, states);
    }

    /// A row of a group that is not in memory goes to its partition.
    pub async fn put(&mut self, env: &Env, hash: u64, note: u16, row: &[Datum]) -> Result<()> {
        if self.partitions.is_empty() {
            self.begin_partitions(env).await;
        }
        let bits = self.partitions.len().ilog2();
        let at = (hash.rotate_left(self.bits) >> (64 - bits)) as usize;
        let partition = &mut self.partitions[at];
        partition.tuples += 1;
        partition.distinct.add(hash);
        let mut head = [0; HEAD];
        head[..8].copy_from_slice(&hash.to_le_bytes());
        head[8..].copy_from_slice(&note.to_le_bytes());
        self.bytes.clear();
        self.shape.encode(row, &mut self.bytes)?;
        let tapes = self.tapes.get_or_insert_with(|| TapeSet::create(env));
        if partition.tape.push_tuple(tapes, &head, &self.bytes) {
            partition.tape.write_full(env, tapes).await?;
        }
        Ok(())
    }

    /// `hash_agg_enter_spill_mode`
    async fn begin_partitions(&mut self, env: &Env) {
        let bits = partition_bits(self.limit, self.used.total() as f64, self.bits).max(1);
        self.partitions.resize_with(1 << bits, Partition::default);
        self.tapes.get_or_insert_with(|| TapeSet::create(env));
        let (partitions, groups) = (self.partitions.len() as u32, self.used.groups as u32);
        env.cx.point(Event::HashSpill { partitions, groups }).await;
    }

    /// For EXPLAIN: rounds, and the kilobytes that groups use.
    pub fn size(&self) -> (u64, u64) {
        (u64::from(self.rounds.max(1)), (self.used.total().max(0) as u64).div_ceil(1024))
    }

    /// Tells the memory view how it is.
    pub fn note(&self, env: &Env) {
        let disk = self.tapes.as_ref().map_or(0, |tapes| tapes.blocks() * BUFFER as u64);
        let buffers = self.partitions.len() as i64 * BUFFER;
        env.memory.note(self.memory, (self.used.total() + buffers) as u64, disk, self.rounds);
    }

    // --- what waits ------------------------------------------------------------------------------------------

    /// All rows of this round were seen, and its groups are given: goes on to a partition that waits; `false` if there is
    /// none. The last one is the first, so that few wait at a time.
    pub async fn next_round(&mut self, env: &Env) -> Result<bool> {
        self.note(env);
        let bits = self.bits + self.partitions.len().max(1).ilog2();
        for mut partition in std::mem::take(&mut self.partitions) {
            if let (true, Some(tapes)) = (partition.tuples > 0, &mut self.tapes) {
                if partition.tape.end_run(tapes) {
                    partition.tape.write_full(env, tapes).await?;
                }
                let (tape, tuples, groups) = (partition.tape, partition.tuples, partition.distinct.estimate());
                self.waiting.push(Waiting { tape, bits, tuples, groups });
            }
        }
        let size = self.used.total() as f64 / self.used.groups.max(1) as f64;
        let (Some(mut next), Some(tapes)) = (self.waiting.pop(), &mut self.tapes) else { return Ok(false) };
        next.tape.rewind(env, tapes, BUFFER as usize).await?;
        let waiting = self.waiting.len() as u32;
        env.cx.point(Event::HashPartition { tuples: next.tuples as u32, waiting }).await;
        (self.reading, self.bits) = (Some(next.tape), next.bits);
        self.used = Used::new(self.limit);
        self.group_limit = group_limit(self.limit, next.groups * size, self.bits);
        self.rounds += 1;
        Ok(true)
    }

    /// The next row of the partition, behind `values`: its hash and its note.
    pub async fn read(&mut self, env: &Env, values: &mut Vec<Datum>) -> Result<Option<(u64, u16)>> {
        let (Some(tape), Some(tapes)) = (&mut self.reading, &mut self.tapes) else { return Ok(None) };
        if !tape.next(env, tapes, &mut self.bytes).await? {
            self.reading = None;
            return Ok(None);
        }
        let (head, row) = self.bytes.split_at(HEAD);
        self.shape.decode_into(row, values)?;
        let hash = u64::from_le_bytes(head[..8].try_into().unwrap_or_default());
        Ok(Some((hash, u16::from_le_bytes([head[8], head[9]]))))
    }

    /// Gives back memory and file.
    pub fn end(&self, env: &Env) {
        self.tapes.iter().for_each(|tapes| tapes.close(env));
        env.memory.end(self.memory);
    }
}

/// About how many different hashes there were; `hyperLogLogState` with 32 registers.
#[derive(Default)]
struct Distinct([u8; 32]);

impl Distinct {
    /// Notes in one of the registers the longest row of zero bits.
    fn add(&mut self, hash: u64) {
        // Other bits than those that have chosen the partition.
        let register = &mut self.0[hash as usize & 31];
        *register = (*register).max(((hash >> 5 | 1 << 32).trailing_zeros() + 1) as u8);
    }

    fn estimate(&self) -> f64 {
        let registers = self.0.len() as f64;
        let sum: f64 = self.0.iter().map(|register| 1.0 / f64::from(1_u32 << u32::from(*register).min(31))).sum();
        let raw = 0.697 * registers * registers / sum;
        let empty = self.0.iter().filter(|register| **register == 0).count();
        if raw <= 2.5 * registers && empty > 0 { registers * libm::log(registers / empty as f64) } else { raw }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distinct_hashes_are_guessed_well_enough() {
        for wanted in [10.0, 1_000.0, 100_000.0] {
            let mut distinct = Distinct::default();
            for n in 0..wanted as u64 * 3 {
                distinct.add(super::super::hash::hash_row(&[Datum::Int8((n % wanted as u64) as i64)]));
            }
            let guess = distinct.estimate();
            assert!((0.5..2.0).contains(&(guess / wanted)), "{guess} for {wanted}");
        }
    }

    #[test]
    fn partitions_follow_from_sizes() {
        // 4 MB of groups in 128 kB: as many as a quarter of the memory has buffers for.
        assert_eq!(partition_bits(128 << 10, 4e6, 0), 2);
        assert_eq!(partition_bits(8 << 20, 16e6, 0), 2);
        assert_eq!(partition_bits(8 << 20, 64e6, 0), 4);
        assert_eq!(group_limit(128 << 10, 4e6, 0), 96 << 10);
        assert_eq!(group_limit(8 << 20, 64e6, 0), (8 << 20) - 17 * 8192);
        assert_eq!(group_limit(8 << 20, 6e6, 0), 8 << 20);
    }
}
