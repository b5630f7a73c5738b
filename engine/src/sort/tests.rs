//! Sorts of all sizes give what a plain sort gives, from memory and from tapes.

use std::cell::RefCell;
use std::cmp::Ordering;
use std::rc::Rc;

use super::{Leading, Order, SortMethod, SortStats, Tuplesort};
use crate::buffer::BufferPool;
use crate::ids::*;
use crate::settings::{Setting, Settings, Source};
use crate::txn::{Env, MemoryPurpose, TEMP_DIRECTORY, Txns};
use crate::types::index_key::compare_stored;
use crate::types::minimal::{RowShape, minimal_size};
use crate::types::{Attr, Datum, TypeId};
use crate::wal::{Wal, WalConfig};
use crate::world::{Cx, Limit, Mode, Random, World};

/// Tuples of two numbers, by these; equals may not be if `unique`.
struct ByNumbers {
    attr: Attr,
    unique: bool,
}

fn number(tuple: &[u8], at: usize) -> i32 {
    i32::from_le_bytes([tuple[at], tuple[at + 1], tuple[at + 2], tuple[at + 3]])
}

fn numbers(tuple: &[u8]) -> (i32, i32) {
    (number(tuple, 0), number(tuple, 4))
}

impl Order for ByNumbers {
    fn leading(&self, tuple: &[u8]) -> Result<Leading> {
        Ok(Leading::of(Some((&self.attr, &tuple[..4])), false, false))
    }

    fn compare(&self, a: &[u8], b: &[u8]) -> Result<Ordering> {
        let order = numbers(a).cmp(&numbers(b));
        if self.unique && order.is_eq() { Err(Error::internal("twice")) } else { Ok(order) }
    }

    fn size(&self, tuple: &[u8]) -> usize {
        tuple.len() + 10
    }
}

/// Does something as the only process of a server of memory alone.
fn alone<F: Future<Output = ()> + 'static>(body: impl FnOnce(Env) -> F + 'static) {
    let world = World::new(15, Mode::Plain, TimestampTz(0), 0);
    let (host, disk) = world.add_host();
    let config = WalConfig { seg: WalSegSize::ONE_MB, system_id: 1, timeline: TimeLineId(1), buffers: 16 };
    let wal = Rc::new(Wal::open(config, disk.clone(), Lsn(0x10_0028), Lsn::INVALID, None));
    let txns = Rc::new(Txns::new(&disk, &wal, FullXid(724), FIRST_NORMAL_OID));
    let left = disk.clone();
    let env =
        |cx: Cx| Env::new(cx, disk.clone(), wal.clone(), BufferPool::new(16, disk, wal), txns, Settings::default());
    let pid = world.spawn(host, BackendType::ClientBackend, |cx| body(env(cx)));
    while world.is_alive(pid) {
        world.run(Limit::until(world.now() + 10_000));
    }
    assert_eq!(left.list(TEMP_DIRECTORY), [] as [&str; 0]);
}

/// Sorts these with so much memory; they come back with what the sort says of itself.
async fn sort(
    env: &Env,
    tuples: &[(i32, i32)],
    kilobytes: i64,
    bound: Option<usize>,
    unique: bool,
) -> Result<(Vec<(i32, i32)>, SortStats)> {
    let order = Box::new(ByNumbers { attr: Attr::new("", TypeId::Int4), unique });
    let mut sort = Tuplesort::begin(env, MemoryPurpose::Sort, order, kilobytes, bound);
    for (n, (a, b)) in tuples.iter().enumerate() {
        // As long as the minimal tuple of two integers.
        let bytes = [a.to_le_bytes(), b.to_le_bytes(), [0; 4]].concat();
        sort.put(&[&bytes[..], &[0; 2]].concat())?;
        if n % 100 == 0 {
            sort.settle(env).await?;
        }
    }
    sort.finish(env).await?;
    let (mut sorted, mut tuple) = (Vec::new(), Vec::new());
    while sort.next(env, &mut tuple).await? {
        sorted.push(numbers(&tuple));
    }
    let stats = sort.stats();
    sort.end(env);
    assert_eq!(env.memory.uses(), []);
    Ok((sorted, stats))
}

#[test]
fn everything_comes_back_in_order() {
    alone(|env| async move {
        let mut random = Random::new(15, 1);
        for (count, range, kilobytes) in
            [(0, 9, 64), (1, 9, 64), (500, 3, 64), (3_000, 1_000_000, 64), (60_000, 100, 64), (20_000, 1_000_000, 4096)]
        {
            let mut any = || random.below(range) as i32 - 50;
            let tuples: Vec<_> = (0..count).map(|_| (any(), any())).collect();
            let mut wanted = tuples.clone();
            wanted.sort();
            let (sorted, stats) = sort(&env, &tuples, kilobytes, None, false).await.unwrap();
            assert_eq!(sorted, wanted);
            let spills = kilobytes == 64 && count > 1_000;
            assert_eq!(stats.method, if spills { SortMethod::ExternalMerge } else { SortMethod::Quicksort });
            let bound = 1 + count as usize / 100;
            wanted.truncate(bound);
            let (first, stats) = sort(&env, &tuples, kilobytes, Some(bound), false).await.unwrap();
            // Of a few tuples no heap is made, and all come back.
            assert_eq!(first[..wanted.len()], wanted);
            assert_eq!(stats.method, if count > 100 { SortMethod::TopN } else { SortMethod::Quicksort });
        }
    });
}

#[test]
fn what_may_not_be_there_twice_is_found_in_memory_and_on_tapes() {
    alone(|env| async move {
        for count in [10, 20_000] {
            let tuples: Vec<_> = (0..count).map(|n| (n * 7_919 % 20_011, 0)).collect();
            assert!(sort(&env, &tuples, 64, None, true).await.is_ok());
            let twice = [&tuples[..], &[tuples[count as usize / 3]]].concat();
            assert!(sort(&env, &twice, 64, None, true).await.is_err());
            env.release_work();
        }
    });
}

#[test]
fn temporary_files_have_a_limit() {
    alone(|env| async move {
        env.settings.borrow_mut().set(Setting::temp_file_limit, "100kB", Source::Session).unwrap();
        let tuples: Vec<_> = (0..20_000).map(|n| (-n, 0)).collect();
        let error = sort(&env, &tuples, 64, None, false).await.unwrap_err();
        assert_eq!(error.code(), sqlstate::CONFIGURATION_LIMIT_EXCEEDED);
        assert_eq!(error.report().message, "temporary file size exceeds temp_file_limit (100kB)");
        env.release_work();
    });
}

/// Rows, by some of their columns.
struct ByColumns {
    shape: Rc<RefCell<RowShape>>,
    keys: &'static [(usize, bool)],
    /// There is but one column, whose values need no tuple.
    single: bool,
}

impl Order for ByColumns {
    fn leading(&self, row: &[u8]) -> Result<Leading> {
        let (shape, (slot, descending)) = (self.shape.borrow(), self.keys[0]);
        let (attr, value) = if self.single { shape.single(row) } else { shape.column(row, slot)? };
        Ok(Leading::of(attr.zip(value), descending, false))
    }

    fn compare(&self, a: &[u8], b: &[u8]) -> Result<Ordering> {
        let shape = self.shape.borrow();
        for (slot, descending) in self.keys.iter().filter(|_| !self.single) {
            let ((attr, a), (_, b)) = (shape.column(a, *slot)?, shape.column(b, *slot)?);
            let order = compare_stored(attr.unwrap(), a.unwrap(), b.unwrap())?;
            if order.is_ne() {
                return Ok(if *descending { order.reverse() } else { order });
            }
        }
        Ok(Ordering::Equal)
    }

    fn size(&self, row: &[u8]) -> usize {
        if self.single { 0 } else { minimal_size(row) }
    }
}

/// How many columns are selected, those of ORDER BY with DESC, work_mem in kB, LIMIT.
type Query = (usize, &'static [(usize, bool)], i64, usize);

/// What PostgreSQL 15.18 says in `EXPLAIN ANALYZE` of 200,000 rows made by
/// `select (n * 7919 % 200003)::int as a, (n % 1000)::int as b, repeat('x', n % 20) as c from generate_series(1, 200000) n`.
#[rustfmt::skip]
const SAID: [(Query, &str); 12] = [
    ((2, &[(0, false)], 4096, 0), "external merge  Disk: 3536kB"),
    ((2, &[(0, false)], 64, 0), "external merge  Disk: 3592kB"),
    ((2, &[(0, false)], 1024, 0), "external merge  Disk: 3544kB"),
    ((2, &[(0, false)], 16384, 0), "quicksort  Memory: 14837kB"),
    ((1, &[(0, false)], 64, 0), "external merge  Disk: 2432kB"),
    ((1, &[(0, false)], 65536, 0), "quicksort  Memory: 6145kB"),
    ((3, &[(2, false), (0, false)], 1024, 0), "external merge  Disk: 5600kB"),
    ((3, &[(2, false), (0, false)], 65536, 0), "quicksort  Memory: 18332kB"),
    ((2, &[(0, false)], 64, 10), "top-N heapsort  Memory: 25kB"),
    ((2, &[(0, false)], 4096, 5000), "top-N heapsort  Memory: 781kB"),
    ((3, &[(2, false), (0, true)], 4096, 300), "top-N heapsort  Memory: 55kB"),
    ((3, &[(1, false)], 4096, 30), "top-N heapsort  Memory: 26kB"),
];

#[test]
fn a_sort_uses_what_it_uses_on_a_real_server() {
    alone(|env| async move {
        for ((width, keys, kilobytes, limit), said) in SAID {
            let single = width == 1;
            let shape: Rc<RefCell<RowShape>> = Rc::default();
            let order = Box::new(ByColumns { shape: shape.clone(), keys, single });
            let bound = (limit > 0).then_some(limit);
            let mut sort = Tuplesort::begin(&env, MemoryPurpose::Sort, order, kilobytes, bound);
            let mut bytes = Vec::new();
            for n in 1..=200_000_i32 {
                let text = "x".repeat(n as usize % 20);
                let a = (i64::from(n) * 7919 % 200_003) as i32;
                let row = [Datum::Int4(a), Datum::Int4(n % 1000), Datum::text(text)];
                bytes.clear();
                match single {
                    true => shape.borrow_mut().encode_single(&row[0], &mut bytes).unwrap(),
                    false => shape.borrow_mut().encode(&row[..width], &mut bytes).unwrap(),
                }
                sort.put(&bytes).unwrap();
                if n % 250 == 0 {
                    sort.settle(&env).await.unwrap();
                }
            }
            sort.finish(&env).await.unwrap();
            let stats = sort.stats();
            let says = format!("{}  {}: {}kB", stats.method.name(), stats.space_type(), stats.kilobytes);
            assert_eq!(says, said, "{width} columns, {kilobytes} kB, LIMIT {limit}");
            sort.end(&env);
        }
    });
}
