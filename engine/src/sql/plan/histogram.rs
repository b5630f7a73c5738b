//! Where a value lies among those of a column.
//!
//! PostgreSQL: `scalarineqsel`, `ineq_histogram_selectivity`, `convert_to_scalar` in `utils/adt/selfuncs.c`.

use super::costs::clamp_part;
use super::level::Level;
use super::variable::Variable;
use crate::types::{Datum, compare};
use std::cmp::Ordering;

impl Level<'_> {
    /// `scalarineqsel`: which part of the values is less than one, or greater.
    pub fn less_than(&self, variable: &Variable, greater: bool, or_equal: bool, value: &Datum) -> f64 {
        let Some(stats) = &variable.stats else {
            return self.tid_less_than(variable, greater, or_equal, value).unwrap_or(0.333_333_333_333_333_3);
        };
        let passes = |own: &Datum| {
            compare(own, value).is_ok_and(|order| match order {
                Ordering::Equal => or_equal,
                Ordering::Less => !greater,
                Ordering::Greater => greater,
            })
        };
        let (mut common, mut passing) = (0.0, 0.0);
        for (own, part) in &stats.common {
            common += f64::from(*part);
            if passes(own) {
                passing += f64::from(*part);
            }
        }
        let rest = 1.0 - f64::from(stats.null_frac) - common;
        let histogram = self.histogram_part(variable, greater, or_equal, value, &passes);
        clamp_part(rest * histogram.unwrap_or(0.5) + passing)
    }

    /// The part of the histogram.
    pub fn histogram_part(
        &self,
        variable: &Variable,
        greater: bool,
        or_equal: bool,
        value: &Datum,
        passes: &dyn Fn(&Datum) -> bool,
    ) -> Option<f64> {
        let stats = variable.stats.as_ref()?;
        let bounds = &stats.histogram;
        if bounds.len() < 2 {
            return None;
        }
        let (mut low, mut high) = (0, bounds.len());
        while low < high {
            let probe = (low + high) / 2;
            if passes(&bounds[probe]) != greater { low = probe + 1 } else { high = probe }
        }
        let parts = (bounds.len() - 1) as f64;
        let below = match low {
            0 => 0.0,
            _ if low >= bounds.len() => 1.0,
            at => {
                let mut one = 0.0;
                if at == 1 || greater == or_equal {
                    let others = self.distinct(variable).0 - stats.common.len() as f64;
                    if others > 1.0 {
                        one = 1.0 / others;
                    }
                }
                let within = between(value, &bounds[at - 1], &bounds[at]).unwrap_or(0.5);
                let mut below = ((at - 1) as f64 + within) / parts;
                if at == 1 {
                    below += one * (1.0 - within);
                }
                if greater == or_equal {
                    below -= one;
                }
                below
            }
        };
        let part = if greater { 1.0 - below } else { below };
        if self.knows_ends(variable, low, bounds.len()) {
            return Some(clamp_part(part));
        }
        let cutoff = 0.01 / parts;
        Some(part.clamp(cutoff, 1.0 - cutoff))
    }

    /// Whether an index tells the least and the greatest value, and one of them was asked for.
    fn knows_ends(&self, variable: &Variable, low: usize, bounds: usize) -> bool {
        let probed = bounds == 2 || low == 0 || low == 1 || low + 1 >= bounds;
        let Some(place) = variable.place.filter(|_| probed) else { return false };
        let table = self.bases[place.base].table.as_ref();
        table.is_some_and(|table| table.rel.indexes.iter().any(|index| index.keys[0].column == place.column))
    }

    /// Of `ctid` nothing is kept: its values are places in the file.
    fn tid_less_than(&self, variable: &Variable, greater: bool, or_equal: bool, value: &Datum) -> Option<f64> {
        let (Datum::Tid(tid), Some(place)) = (value, variable.place) else { return None };
        let base = &self.bases[place.base];
        if base.table.as_ref()?.desc.natts() != place.column {
            return None;
        }
        if base.pages == 0.0 {
            return Some(1.0);
        }
        let mut block = f64::from(tid.block.0);
        let mut density = base.tuples / (base.pages - 0.5);
        if block >= base.pages - 1.0 {
            density *= 0.5;
        }
        if density > 0.0 {
            block += (f64::from(tid.offset) / density).min(1.0);
        }
        let mut part = block / (base.pages - 0.5);
        if or_equal == greater && base.tuples >= 1.0 {
            part -= 1.0 / base.tuples;
        }
        Some(clamp_part(if greater { 1.0 - part } else { part }))
    }
}

/// Where a value lies between two others, from 0 to 1; none if that cannot be said.
fn between(value: &Datum, low: &Datum, high: &Datum) -> Option<f64> {
    let (value, low, high) = match (text(value), text(low), text(high)) {
        (Some(value), Some(low), Some(high)) => texts(value, low, high),
        _ => (number(value)?, number(low)?, number(high)?),
    };
    Some(match () {
        () if high <= low => 0.5,
        () if value <= low => 0.0,
        () if value >= high => 1.0,
        () => {
            let part = (value - low) / (high - low);
            if (0.0..=1.0).contains(&part) { part } else { 0.5 }
        }
    })
}

fn text(value: &Datum) -> Option<&str> {
    match value {
        Datum::Text(text) | Datum::Bpchar(text) | Datum::Name(text) => Some(text),
        _ => None,
    }
}

fn number(value: &Datum) -> Option<f64> {
    const DAY: f64 = 86_400_000_000.0;
    Some(match value {
        Datum::Bool(value) => f64::from(u8::from(*value)),
        Datum::Oid(oid) => f64::from(oid.0),
        Datum::Date(days) => f64::from(*days) * DAY,
        Datum::Timestamp(at) | Datum::TimestampTz(at) => at.0 as f64,
        Datum::Time(micros) => *micros as f64,
        Datum::TimeTz(time) => time.micros as f64 + f64::from(time.zone) * 1_000_000.0,
        Datum::Interval(span) => {
            span.micros as f64 + f64::from(span.days) * DAY + f64::from(span.months) * (365.25 / 12.0) * DAY
        }
        other => number_of(other)?,
    })
}

/// A number as a double.
pub fn number_of(value: &Datum) -> Option<f64> {
    match value {
        Datum::Int2(_) | Datum::Int4(_) | Datum::Int8(_) => value.as_int().ok().map(|n| n as f64),
        Datum::Float4(n) => Some(f64::from(*n)),
        Datum::Float8(n) => Some(*n),
        Datum::Numeric(_) => crate::types::output(value, crate::types::TypeId::Numeric).parse().ok(),
        _ => None,
    }
}

/// `convert_string_to_scalar`: texts as fractions in a base of as many digits as there are characters between them.
fn texts(value: &str, low: &str, high: &str) -> (f64, f64, f64) {
    let (value, low, high) = (value.as_bytes(), low.as_bytes(), high.as_bytes());
    let first = high.first().copied().unwrap_or(0);
    let all = || low.iter().chain(high).copied();
    let (mut from, mut to) = (all().chain([first]).min().unwrap_or(0), all().chain([first]).max().unwrap_or(0));
    for (least, most) in [(b'A', b'Z'), (b'a', b'z'), (b'0', b'9')] {
        if from <= most && to >= least {
            (from, to) = (from.min(least), to.max(most));
        }
    }
    if to - from < 9 {
        (from, to) = (b' ', 127);
    }
    let common = low.iter().zip(high).zip(value).take_while(|((l, h), v)| l == h && l == v).count();
    let scaled = |text: &[u8]| {
        let base = f64::from(to) - f64::from(from) + 1.0;
        let mut unit = base;
        let mut sum = 0.0;
        for byte in text.iter().take(12) {
            let digit = match *byte {
                byte if byte < from => f64::from(from) - 1.0,
                byte if byte > to => f64::from(to) + 1.0,
                byte => f64::from(byte),
            };
            sum += (digit - f64::from(from)) / unit;
            unit *= base;
        }
        sum
    };
    (scaled(&value[common..]), scaled(&low[common..]), scaled(&high[common..]))
}
