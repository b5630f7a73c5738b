//! What ANALYZE finds out about a column from a sample of its values.
//!
//! ```text
//!   values of the sample, sorted      a a a b c c c c d e f f g ...
//!      most common    c a f ...       with the part of the rows that each has
//!      histogram      b d g ...       of the others: bounds between which equally many lie
//!      correlation    1 .. -1         how far the order of the values is that of the rows
//!      n_distinct     7, or -0.5      so many, or such a part of the rows
//! ```
//!
//! How many different values a table has cannot be seen from a sample; the guess is Haas and Stokes's Duj1, from how many
//! values the sample has once: "Sampling-Based Estimation of the Number of Distinct Values", IBM Research Report RJ 10025.
//!
//! PostgreSQL: `compute_scalar_stats`, `compute_trivial_stats`, `analyze_mcv_list` in `commands/analyze.c`.

use std::cmp::Ordering;

use super::{Attr, Datum, compare, index_key};
use crate::ids::Result;
use crate::small;

/// `default_statistics_target`: how many common values, and how many parts of the histogram.
pub const TARGET: usize = 100;
/// `WIDTH_THRESHOLD`: longer values are not looked at.
pub const WIDTH_THRESHOLD: usize = 1024;

/// What is known of a column; a row of `pg_statistic`.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct ColumnStats {
    /// The part of the rows that is NULL.
    pub null_frac: f32,
    /// The average size of the others, in bytes.
    pub width: i32,
    /// How many different values; below 0 as a part of the rows. 0 if nothing is known.
    pub distinct: f32,
    /// The most common values, and which part of the rows has them.
    pub common: Vec<(Datum, f32)>,
    /// Bounds between which equally many of the other values lie.
    pub histogram: Vec<Datum>,
    /// From 1, all in order, to -1.
    pub correlation: Option<f32>,
}

/// A column of the sample.
#[derive(Default, Debug)]
pub struct Sample {
    /// How many rows.
    pub rows: usize,
    /// Values that are neither NULL nor too wide.
    pub values: Vec<Datum>,
    /// Values that are too wide to be looked at.
    pub too_wide: usize,
    /// NULLs.
    pub nulls: usize,
    /// The bytes of all values.
    pub total_width: f64,
}

/// A value that occurs more than once: how often, and where the first is.
#[derive(Clone, Copy)]
struct Tracked {
    count: usize,
    first: usize,
}

impl Sample {
    /// What the sample says of the column; nothing if it is empty. `total_rows` is how many rows the table has.
    pub fn stats(self, attr: &Attr, total_rows: f64) -> Result<Option<ColumnStats>> {
        let nonnull = self.rows - self.nulls;
        if self.rows == 0 {
            return Ok(None);
        }
        let variable = attr.attlen < 0;
        let mut stats = ColumnStats { null_frac: (self.nulls as f64 / self.rows as f64) as f32, ..Default::default() };
        stats.width = match (variable, nonnull) {
            (false, _) => i32::from(attr.attlen),
            (true, 0) => 0,
            (true, _) => (self.total_width / nonnull as f64) as i32,
        };
        if nonnull == 0 {
            stats.null_frac = 1.0;
        } else if !index_key::has_btree_order(attr.type_id) {
            stats.distinct = 0.0;
        } else if self.values.is_empty() {
            stats.distinct = -(1.0 - f64::from(stats.null_frac)) as f32;
        } else {
            self.scalar(&mut stats, total_rows)?;
        }
        Ok(Some(stats))
    }

    /// `compute_scalar_stats`
    fn scalar(self, stats: &mut ColumnStats, total_rows: f64) -> Result<()> {
        let (rows, nulls, too_wide) = (self.rows, self.nulls, self.too_wide);
        let sorted = sorted(self.values)?;
        let count = sorted.len();
        let mut track: Vec<Tracked> = Vec::with_capacity(TARGET);
        let (mut distinct, mut multiple, mut first, mut xy_sum) = (0usize, 0usize, 0, 0.0f64);
        for (at, (value, place)) in sorted.iter().enumerate() {
            xy_sum += at as f64 * *place as f64;
            if at + 1 < count && compare(value, &sorted[at + 1].0)?.is_eq() {
                continue;
            }
            let repeated = at + 1 - first;
            distinct += 1;
            multiple += usize::from(repeated > 1);
            if repeated > 1 {
                note(&mut track, Tracked { count: repeated, first });
            }
            first = at + 1;
        }
        stats.distinct = guess_distinct(stats.null_frac, rows, nulls, too_wide, (distinct, multiple), total_rows);
        let all_known = track.len() == distinct && too_wide == 0 && stats.distinct > 0.0;
        if !all_known {
            let counts: Vec<usize> = track.iter().map(|tracked| tracked.count).collect();
            track.truncate(worth_keeping(&counts, stats, rows, total_rows));
        }
        let part = |tracked: &Tracked| (tracked.count as f64 / rows as f64) as f32;
        stats.common = track.iter().map(|tracked| (sorted[tracked.first].0.clone(), part(tracked))).collect();
        stats.histogram = histogram(&sorted, &mut track, distinct);
        stats.correlation = correlation(count as f64, xy_sum);
        Ok(())
    }
}

/// The values in order, each with its place in the sample; equals by their places.
fn sorted(values: Vec<Datum>) -> Result<Vec<(Datum, usize)>> {
    let mut sorted: Vec<(Datum, usize)> = values.into_iter().enumerate().map(|(at, value)| (value, at)).collect();
    let mut failed = None;
    small::sort_by(&mut sorted, |a, b| {
        let order = compare(&a.0, &b.0).unwrap_or_else(|error| {
            failed = Some(error);
            Ordering::Equal
        });
        order.then(a.1.cmp(&b.1))
    });
    failed.map_or(Ok(sorted), Err)
}

/// Keeps the values that occur most often, in the order of how often; of equally common ones the lesser.
fn note(track: &mut Vec<Tracked>, found: Tracked) {
    if track.len() == TARGET {
        if track[TARGET - 1].count >= found.count {
            return;
        }
        track.pop();
    }
    let place = track.iter().position(|known| known.count < found.count).unwrap_or(track.len());
    track.insert(place, found);
}

/// How many different values the table may have, if the sample has so many, and so many of them more than once.
fn guess_distinct(
    null_frac: f32,
    rows: usize,
    nulls: usize,
    too_wide: usize,
    (distinct, multiple): (usize, usize),
    total_rows: f64,
) -> f32 {
    let not_null = 1.0 - f64::from(null_frac);
    let guess = if multiple == 0 {
        // All are different: so they probably are in the table.
        -not_null as f32
    } else if too_wide == 0 && multiple == distinct {
        // None is there only once: these are probably all.
        distinct as f32
    } else {
        let once = (distinct - multiple + too_wide) as f64;
        let known = once + multiple as f64;
        let (n, all) = ((rows - nulls) as f64, total_rows * not_null);
        let guess = if all > 0.0 { n * known / ((n - once) + once * n / all) } else { 0.0 };
        libm::floor(guess.max(known).min(all) + 0.5) as f32
    };
    // So many that there will be more when the table grows.
    if f64::from(guess) > 0.1 * total_rows { (-(f64::from(guess) / total_rows)) as f32 } else { guess }
}

/// `analyze_mcv_list`: how many of the common values are so common that the sample can be believed.
fn worth_keeping(counts: &[usize], stats: &ColumnStats, rows: usize, total_rows: f64) -> usize {
    let mut keep = counts.len();
    let n = rows as f64;
    if n == total_rows || total_rows <= 1.0 || keep == 0 {
        return keep;
    }
    let mut distinct = f64::from(stats.distinct);
    if distinct < 0.0 {
        distinct = -distinct * total_rows;
    }
    let mut sum: f64 = counts[..keep - 1].iter().map(|count| *count as f64).sum();
    while keep > 0 {
        let mut selectivity = (1.0 - sum / n - f64::from(stats.null_frac)).clamp(0.0, 1.0);
        let others = distinct - (keep - 1) as f64;
        if others > 1.0 {
            selectivity /= others;
        }
        let count = counts[keep - 1] as f64;
        let all = total_rows;
        let k = all * count / n;
        let variance = n * k * (all - k) * (all - n) / (all * all * (all - 1.0));
        if count > selectivity * n + 2.0 * libm::sqrt(variance) + 0.5 {
            break;
        }
        keep -= 1;
        if keep == 0 {
            break;
        }
        sum -= counts[keep - 1] as f64;
    }
    keep
}

/// Bounds between the values that are not among the common ones.
fn histogram(sorted: &[(Datum, usize)], common: &mut Vec<Tracked>, distinct: usize) -> Vec<Datum> {
    let bounds = (distinct - common.len()).min(TARGET + 1);
    if bounds < 2 {
        return Vec::new();
    }
    small::sort_by_key(common, |tracked: &Tracked| tracked.first);
    let (mut rest, mut from) = (Vec::with_capacity(sorted.len()), 0);
    for tracked in common.iter() {
        rest.extend(&sorted[from..tracked.first]);
        from = tracked.first + tracked.count;
    }
    rest.extend(&sorted[from..]);
    let (step, part) = ((rest.len() - 1) / (bounds - 1), (rest.len() - 1) % (bounds - 1));
    let (mut at, mut parts) = (0, 0);
    let mut histogram = Vec::with_capacity(bounds);
    for _ in 0..bounds {
        histogram.push(rest[at].0.clone());
        at += step;
        parts += part;
        if parts >= bounds - 1 {
            at += 1;
            parts -= bounds - 1;
        }
    }
    histogram
}

/// How the places of the values go with their order.
fn correlation(n: f64, xy_sum: f64) -> Option<f32> {
    let (x_sum, x2_sum) = ((n - 1.0) * n / 2.0, (n - 1.0) * n * (2.0 * n - 1.0) / 6.0);
    (n > 1.0).then(|| ((n * xy_sum - x_sum * x_sum) / (n * x2_sum - x_sum * x_sum)) as f32)
}
