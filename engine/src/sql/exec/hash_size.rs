//! How large a hash table may become, and how many batches it takes.
//!
//! A hash may use `work_mem` times `hash_mem_multiplier`. What does not fit is cut by bits of the hash into batches, a power of
//! two, of which one is in memory at a time:
//!
//! ```text
//!   hash  0110 1011 ......... 0101 1100
//!              ───┘                └──── the bucket
//!                └── the batch: of 4 batches two bits, of 8 one more
//! ```
//!
//! PostgreSQL: `ExecChooseHashTableSize` and `get_hash_memory_limit` in `nodeHash.c`.

use crate::settings::Setting;
use crate::storage::max_align;
use crate::txn::Env;

/// `HJTUPLE_OVERHEAD`: what a tuple takes in a hash table besides itself.
pub(super) const TUPLE_OVERHEAD: usize = 16;
/// `SizeofMinimalTupleHeader`
const MINIMAL_TUPLE_HEADER: usize = 15;
/// `sizeof(HashJoinTuple)`: a bucket is a pointer.
pub(super) const BUCKET: i64 = 8;
/// The fewest buckets.
const MIN_BUCKETS: f64 = 1024.0;
/// `SKEW_HASH_MEM_PERCENT`
const SKEW_PERCENT: i64 = 2;
/// `MaxAllocSize`
pub(super) const MAX_ALLOC: i64 = 0x3fff_ffff;

/// `get_hash_memory_limit`: how many bytes a hash table may use.
pub(in crate::sql) fn memory_limit(env: &Env) -> i64 {
    let settings = env.settings.borrow();
    // The multiplier is kept in thousandths.
    settings.int(Setting::work_mem) * 1024 * settings.int(Setting::hash_mem_multiplier) / 1000
}

/// How a hash table begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::sql) struct HashSize {
    pub buckets: u64,
    pub batches: u32,
}

/// The largest power of two that is not greater.
fn power_below(n: i64) -> i64 {
    1 << n.max(1).ilog2()
}

impl HashSize {
    /// Buckets and batches for so many rows of this width, in so many bytes. PostgreSQL keeps some of them back for the rows of
    /// the most common values, if one column is compared (`one_column`): so the sizes are chosen as if that were done here.
    pub fn choose(rows: f64, width: usize, allowed: i64, one_column: bool) -> HashSize {
        let allowed = if one_column { allowed - allowed * SKEW_PERCENT / 100 } else { allowed };
        let rows = if rows <= 0.0 { 1000.0 } else { rows };
        let tuple = (TUPLE_OVERHEAD + max_align(MINIMAL_TUPLE_HEADER) + max_align(width)) as i64;
        let inner = rows * tuple as f64;
        let most = power_below((allowed / BUCKET).min(MAX_ALLOC / BUCKET)).min(i64::from(i32::MAX) / 2 + 1) as f64;
        let buckets = (rows.ceil().min(most).max(MIN_BUCKETS) as u64).next_power_of_two();
        if inner + (buckets as i64 * BUCKET) as f64 <= allowed as f64 {
            return HashSize { buckets, batches: 1 };
        }
        // So many buckets that each full table has one for each tuple.
        let each = tuple + BUCKET;
        let buckets = if allowed <= each { 1 } else { ((allowed / each) as u64).next_power_of_two() };
        let buckets = buckets.min(most as u64);
        let batches = (inner / (allowed - buckets as i64 * BUCKET).max(1) as f64).ceil().min(most);
        HashSize { buckets, batches: (batches as u32).max(2).next_power_of_two() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As EXPLAIN of 15.18 shows them for such estimates.
    #[test]
    fn sizes_are_those_of_a_real_server() {
        let size = |rows, width, kilobytes: i64| {
            let HashSize { buckets, batches } = HashSize::choose(rows, width, kilobytes * 1024, true);
            (buckets, batches)
        };
        assert_eq!(size(100_000.0, 37, 8192), (131_072, 2));
        assert_eq!(size(100_000.0, 37, 2048), (32_768, 8));
        assert_eq!(size(100_000.0, 4, 2048), (65_536, 4));
        assert_eq!(size(100_000.0, 37, 128), (2048, 128));
        assert_eq!(size(200_000.0, 15, 2048), (65_536, 8));
        assert_eq!(size(10.0, 4, 128), (1024, 1));
    }
}
