//! The frame of a row: which rows of its partition a window function looks at.
//!
//! ```text
//!   ROWS    so many rows before or behind
//!   GROUPS  so many groups of peers
//!   RANGE   rows whose key is at most so far from the row's own
//! ```

use super::super::ast::{FrameExclude, FrameMode};
use super::super::bound::{FrameBound, OrderKey, WindowFrame};
use super::ExecCx;
use super::hash::same_row;
use super::order::compare_values;
use crate::ids::{Error, Result, sqlstate};
use crate::types::Datum;

/// The rows of a partition, by their numbers in the window's order.
pub(super) struct Partition {
    pub begin: usize,
    pub end: usize,
    /// For each row the number of its group of peers.
    groups: Vec<usize>,
    /// Where each group begins, and the end.
    starts: Vec<usize>,
}

impl Partition {
    /// Rows `begin..end` with their keys.
    pub fn new<'k>(begin: usize, end: usize, key: &dyn Fn(usize) -> &'k [Datum]) -> Partition {
        let mut groups = Vec::with_capacity(end - begin);
        let mut starts = Vec::new();
        for at in begin..end {
            if at == begin || !same_row(key(at - 1), key(at)) {
                starts.push(at);
            }
            groups.push(starts.len() - 1);
        }
        starts.push(end);
        Partition { begin, end, groups, starts }
    }

    pub fn len(&self) -> usize {
        self.end - self.begin
    }

    /// The group of a row.
    pub fn group(&self, at: usize) -> usize {
        self.groups[at - self.begin]
    }

    /// The rows of the group of a row.
    pub fn peers(&self, at: usize) -> (usize, usize) {
        let group = self.group(at);
        (self.starts[group], self.starts[group + 1])
    }

    /// Where a group begins, which may be beyond the ends.
    fn start(&self, group: i64) -> usize {
        let last = self.starts.len() as i64 - 1;
        self.starts[group.clamp(0, last) as usize]
    }
}

/// The offsets of a frame's ends.
pub(super) type Offsets = [Option<Datum>; 2];

/// Computes the offsets of a frame, once for all rows.
pub(super) fn offsets(cx: &ExecCx<'_>, frame: &WindowFrame) -> Result<Offsets> {
    let mut offsets: Offsets = [None, None];
    for (at, (bound, word)) in [(&frame.start, "starting"), (&frame.end, "ending")].into_iter().enumerate() {
        let FrameBound::Offset(offset, _) = bound else { continue };
        let value = offset.value.eval(&cx.eval(&[], 0, &[]))?;
        if value.is_null() {
            let message = format!("frame {word} offset must not be null");
            return Err(Error::new(sqlstate::NULL_VALUE_NOT_ALLOWED, message));
        }
        let negative = match &value {
            Datum::Int2(_) | Datum::Int4(_) | Datum::Int8(_) => value.as_int()? < 0,
            Datum::Float4(_) | Datum::Float8(_) => value.as_float()? < 0.0,
            Datum::Numeric(value) => value.signum() < 0,
            Datum::Interval(value) => value.span() < 0,
            _ => false,
        };
        if negative && frame.mode == FrameMode::Range {
            let message = "invalid preceding or following size in window function";
            return Err(Error::new(sqlstate::INVALID_PRECEDING_OR_FOLLOWING_SIZE, message));
        }
        if negative {
            let message = format!("frame {word} offset must not be negative");
            return Err(Error::new(sqlstate::INVALID_PRECEDING_OR_FOLLOWING_SIZE, message));
        }
        offsets[at] = Some(value);
    }
    Ok(offsets)
}

/// The frames of the rows of a partition.
pub(super) struct Frames<'a, 'k> {
    pub partition: &'a Partition,
    pub spec: &'a WindowFrame,
    pub keys: &'a [OrderKey],
    pub key: &'a dyn Fn(usize) -> &'k [Datum],
    pub offsets: &'a Offsets,
}

impl Frames<'_, '_> {
    /// Whether every frame begins with the partition and ends no earlier than the one before, with nothing left out.
    pub fn grows(&self) -> bool {
        matches!(self.spec.start, FrameBound::Unbounded) && !self.excludes()
    }

    pub fn excludes(&self) -> bool {
        self.spec.exclude != FrameExclude::Nothing
    }

    /// Whether a row of the frame of row `at` is left out.
    pub fn excluded(&self, at: usize, row: usize) -> bool {
        let peer = || {
            let (begin, end) = self.partition.peers(at);
            (begin..end).contains(&row)
        };
        match self.spec.exclude {
            FrameExclude::Nothing => false,
            FrameExclude::Current => row == at,
            FrameExclude::Group => peer(),
            FrameExclude::Ties => row != at && peer(),
        }
    }

    /// The frame of a row: its first row, and the one behind its last.
    pub fn of(&self, at: usize) -> Result<(usize, usize)> {
        let begin = self.end_of(at, &self.spec.start, self.offsets[0].as_ref(), false)?;
        let end = self.end_of(at, &self.spec.end, self.offsets[1].as_ref(), true)?;
        Ok((begin, end.max(begin)))
    }

    fn end_of(&self, at: usize, bound: &FrameBound, offset: Option<&Datum>, last: bool) -> Result<usize> {
        let partition = self.partition;
        let clamp = |at: i64| at.clamp(partition.begin as i64, partition.end as i64) as usize;
        Ok(match (bound, self.spec.mode) {
            (FrameBound::Unbounded, _) => {
                if last {
                    partition.end
                } else {
                    partition.begin
                }
            }
            (FrameBound::Current, FrameMode::Rows) => at + usize::from(last),
            (FrameBound::Current, _) => {
                let (begin, end) = partition.peers(at);
                if last { end } else { begin }
            }
            (FrameBound::Offset(_, before), FrameMode::Rows) => {
                let far = offset.map_or(Ok(0), Datum::as_int)?;
                clamp((at as i64).saturating_add(if *before { -far } else { far }).saturating_add(i64::from(last)))
            }
            (FrameBound::Offset(_, before), FrameMode::Groups) => {
                let far = offset.map_or(Ok(0), Datum::as_int)?;
                let group = partition.group(at) as i64;
                let group = group.saturating_add(if *before { -far } else { far });
                if group < 0 && last { partition.begin } else { partition.start(group.saturating_add(i64::from(last))) }
            }
            (FrameBound::Offset(by, _), FrameMode::Range) => {
                let own = &(self.key)(at)[0];
                let (begin, end) = partition.peers(at);
                let (Some(offset), Some(reach), false) = (offset, by.reach, own.is_null()) else {
                    return Ok(if last { end } else { begin });
                };
                let own = by.cast.map_or_else(|| Ok(own.clone()), |cast| cast.eval(own))?;
                let border = reach(&own, offset)?;
                self.border(&border, last, by.cast)?
            }
        })
    }

    /// The first row whose key is not before a border, or the first that is behind it.
    fn border(&self, border: &Datum, last: bool, cast: Option<crate::types::Cast>) -> Result<usize> {
        let (descending, nulls_first) = (self.keys[0].descending, self.keys[0].nulls_first);
        let (mut low, mut high) = (self.partition.begin, self.partition.end);
        while low < high {
            let middle = (low + high) / 2;
            let key = &(self.key)(middle)[0];
            let key = match cast {
                Some(cast) if !key.is_null() => cast.eval(key)?,
                _ => key.clone(),
            };
            let order = compare_values(&key, border, descending, nulls_first)?;
            if order.is_lt() || last && order.is_eq() { low = middle + 1 } else { high = middle }
        }
        Ok(low)
    }
}
