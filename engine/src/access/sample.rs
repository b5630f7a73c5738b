//! A sample of a table's rows: some pages, chosen at random, and of all rows on these some, chosen at random.
//!
//! If there are no more pages than rows wanted, all are read. Each page is decided on as it comes by (Knuth's algorithm S),
//! and so is each row, without knowing how many there will be: Vitter, "Random Sampling with a Reservoir", 1985. A row that
//! is taken drives out another one.
//!
//! PostgreSQL: `acquire_sample_rows` in `commands/analyze.c`, `utils/misc/sampling.c`.

use super::prune;
use super::visibility::Vacuumable;
use super::{Env, Rel};
use crate::buffer::RingKind;
use crate::ids::{BlockNumber, Fork, Result, Tid};
use crate::small;
use crate::storage::page;
use crate::world::{LwMode, Random};

/// What was drawn.
#[derive(Default, Debug)]
pub struct RowSample {
    /// Rows, in the order in which they lie.
    pub rows: Vec<(Tid, Vec<u8>)>,
    /// Pages of the table, and how many of them were read.
    pub pages: (u32, u32),
    /// Rows that live, and rows that are dead, on these pages.
    pub seen: (f64, f64),
}

impl RowSample {
    /// How many rows the whole table may have: that live, and that are dead.
    pub fn estimate(&self) -> (f64, f64) {
        let (pages, read) = self.pages;
        let all = |seen: f64| libm::floor(seen / f64::from(read) * f64::from(pages) + 0.5);
        if read == 0 { (0.0, 0.0) } else { (all(self.seen.0), all(self.seen.1)) }
    }
}

/// A random number between 0 and 1, neither of them.
fn fraction(random: &mut Random) -> f64 {
    const BITS: u32 = 53;
    loop {
        let number = (random.draw() >> (64 - BITS)) as f64 / (1u64 << BITS) as f64;
        if number != 0.0 {
            return number;
        }
    }
}

/// `BlockSampler`: Knuth's algorithm S.
struct Blocks {
    next: u32,
    pages: u32,
    wanted: u32,
    taken: u32,
}

impl Blocks {
    fn next(&mut self, random: &mut Random) -> Option<BlockNumber> {
        let (left, wanted) = (self.pages - self.next, self.wanted - self.taken);
        if left == 0 || wanted == 0 {
            return None;
        }
        if wanted < left {
            // How many are passed over: the chance of passing over one more falls with each.
            let chance = fraction(random);
            let mut left = f64::from(left);
            let mut passed = 1.0 - f64::from(wanted) / left;
            while chance < passed {
                self.next += 1;
                left -= 1.0;
                passed *= 1.0 - f64::from(wanted) / left;
            }
        }
        self.taken += 1;
        self.next += 1;
        Some(BlockNumber(self.next - 1))
    }
}

/// How many rows are passed over next, when the reservoir of `n` is full and `t` have come by: Vitter's algorithm X.
fn passed_over(random: &mut Random, mut t: f64, n: f64) -> f64 {
    let chance = fraction(random);
    let mut passed = 0.0;
    t += 1.0;
    let mut quotient = (t - n) / t;
    while quotient > chance {
        passed += 1.0;
        t += 1.0;
        quotient *= (t - n) / t;
    }
    passed
}

/// `acquire_sample_rows`: draws up to `wanted` rows.
pub async fn sample(env: &Env, rel: &Rel, wanted: usize) -> Result<RowSample> {
    let mut random = env.cx.world().random_stream();
    let horizon = env.txns.procs.oldest_xmin();
    let ring = env.buffers.ring(&env.cx, RingKind::Vacuum);
    let pages = rel.blocks(env, Fork::Main).0;
    let mut blocks = Blocks { next: 0, pages, wanted: (wanted as u32).min(pages), taken: 0 };
    let mut found = RowSample { pages: (pages, 0), ..RowSample::default() };
    let (mut come_by, mut to_skip) = (0.0, -1.0);
    while let Some(block) = blocks.next(&mut random) {
        env.cx.check_for_interrupts()?;
        let pin = rel.page_by(env, block, Some(&ring)).await?;
        let guard = pin.lock(&env.cx, LwMode::Shared).await;
        let judged = loop {
            match prune::judge_all(env, rel, &pin, horizon) {
                Ok(judged) => break judged,
                Err(needs) => env.txns.fetch(&env.cx, needs).await?,
            }
        };
        found.pages.1 += 1;
        found.seen.1 +=
            pin.read(|bytes| page::offsets(bytes).filter(|at| page::item_id(bytes, *at).is_dead()).count()) as f64;
        let is_own = |xid| env.xact.borrow().is_current(xid);
        for version in judged {
            let lives = match version.verdict {
                Vacuumable::Live => true,
                Vacuumable::InsertInProgress if is_own(version.header.xmin) => true,
                Vacuumable::InsertInProgress => continue,
                Vacuumable::DeleteInProgress => !is_own(version.update_xid),
                Vacuumable::Dead | Vacuumable::RecentlyDead => false,
            };
            if !lives {
                found.seen.1 += 1.0;
                continue;
            }
            found.seen.0 += 1.0;
            let tid = Tid::new(block, version.offset);
            let row =
                || pin.read(|bytes| page::heap_tuple(bytes, version.offset).map(<[u8]>::to_vec)).unwrap_or_default();
            if found.rows.len() < wanted {
                found.rows.push((tid, row()));
            } else {
                if to_skip < 0.0 {
                    to_skip = passed_over(&mut random, come_by, wanted as f64);
                }
                if to_skip <= 0.0 {
                    let place = random.below(wanted as u64) as usize;
                    found.rows[place] = (tid, row());
                }
                to_skip -= 1.0;
            }
            come_by += 1.0;
        }
        drop(guard);
        env.cx.end_step().await;
    }
    small::sort_by_key(&mut found.rows, |(tid, _)| *tid);
    Ok(found)
}
