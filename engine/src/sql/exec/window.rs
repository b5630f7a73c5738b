//! Window functions: each row gets values that are computed over rows around it.
//!
//! ```text
//!   partition │ 1 2 2 3 5 │ 1 4 4 │        sorted by PARTITION BY, then ORDER BY
//!   peers     │ ─ ─── ─ ─ │ ─ ─── │        rows that ORDER BY does not tell apart
//!   frame         └──────┘                 of one row: what an aggregate or first_value looks at
//! ```
//!
//! All rows are read and sorted first, within `work_mem` and beyond it on disk; then one partition at a time is in memory. An
//! aggregate whose frame begins with the partition goes on from row to row; every
//! other is computed anew for each frame.
//!
//! PostgreSQL: `nodeWindowAgg.c`, `windowfuncs.c`.

use super::super::bound::{AggCall, Scalar, SortKey, WindowCall, WindowFunction};
use super::super::plan::WindowSpec;
use super::aggregate::State;
use super::hash::same_row;
use super::node::{Fresh, Node};
use super::rows::Rows;
use super::sort::RowSort;
use super::window_frame::{Frames, Offsets, Partition, offsets};
use super::{BATCH, ExecCx};
use crate::ids::{Error, Result, sqlstate};
use crate::types::Datum;
use std::rc::Rc;

/// Rows with the values of window functions behind.
#[derive(Clone)]
pub(super) struct Window {
    input: Node,
    spec: Rc<WindowSpec>,
    state: Fresh<Windowing>,
}

/// A window under way.
struct Windowing {
    /// None where all rows are one partition in the order in which they come: then they are all ahead.
    sort: Option<RowSort>,
    /// How many values a row of the input has.
    width: usize,
    /// Rows in order that belong to no partition yet, and the next of them.
    ahead: Rows,
    ahead_at: usize,
    offsets: Offsets,
    /// The rows of the partition in hand with what was computed of them, and the next to be given.
    done: Rows,
    at: usize,
}

/// The rows of a partition in order: behind each PARTITION BY, then ORDER BY, then the arguments of window functions.
struct Sorted {
    rows: Rows,
    width: usize,
}

impl Window {
    pub fn new(input: Node, spec: Rc<WindowSpec>) -> Window {
        Window { input, spec, state: Fresh(None) }
    }

    pub fn rewind(&mut self, cx: &ExecCx<'_>) {
        self.input.rewind(cx);
        self.state.0.take().and_then(|state| state.sort).into_iter().for_each(|sort| sort.end(cx));
    }

    pub async fn next(&mut self, cx: &ExecCx<'_>, max: usize, out: &mut Rows) -> Result<()> {
        if self.state.0.is_none() {
            self.state.0 = Some(self.begin(cx).await?);
        }
        let Some(state) = &mut self.state.0 else { return Ok(()) };
        out.clear(state.width + self.spec.calls.len());
        if state.at >= state.done.len() {
            state.done = self.spec.compute(cx, state.partition(cx, &self.spec).await?, &state.offsets)?;
            state.at = 0;
            cx.breathe(state.done.len()).await?;
        }
        let end = state.done.len().min(state.at + max);
        out.extend(&state.done, state.at, end);
        state.at = end;
        Ok(())
    }

    /// Reads and sorts all rows.
    async fn begin(&mut self, cx: &ExecCx<'_>) -> Result<Windowing> {
        let spec = &*self.spec;
        let (mut sort, mut ahead, mut width) = (None, Rows::default(), 0);
        let (mut rows, mut both) = (Rows::default(), Rows::default());
        loop {
            self.input.next(cx, BATCH, &mut rows).await?;
            if rows.is_empty() {
                break;
            }
            cx.breathe(rows.len()).await?;
            cx.bring_all_back(&mut rows).await?;
            width = rows.width();
            spec.with_keys(cx, &rows, &mut both).await?;
            let keys = spec.sort_keys(width);
            if keys.is_empty() {
                ahead.append(&both);
                continue;
            }
            sort.get_or_insert_with(|| RowSort::begin(cx, keys, None, None)).put(cx, &mut both).await?;
        }
        if let Some(sort) = &mut sort {
            sort.finish(cx).await?;
        }
        let offsets = offsets(cx, &spec.frame)?;
        Ok(Windowing { sort, width, ahead, ahead_at: 0, offsets, done: Rows::default(), at: 0 })
    }
}

impl Windowing {
    /// The rows of the next partition.
    async fn partition(&mut self, cx: &ExecCx<'_>, spec: &WindowSpec) -> Result<Sorted> {
        let keys = self.width..self.width + spec.partition.len();
        let mut rows = Rows::default();
        loop {
            if self.ahead_at >= self.ahead.len() {
                let Some(sort) = &mut self.sort else { break };
                sort.next(cx, BATCH, &mut self.ahead).await?;
                self.ahead_at = 0;
                if self.ahead.is_empty() {
                    break;
                }
                cx.breathe(self.ahead.len()).await?;
            }
            if rows.is_empty() {
                rows.clear(self.ahead.width());
                rows.push(self.ahead.row(self.ahead_at));
                self.ahead_at += 1;
            }
            let first = &rows.row(0)[keys.clone()];
            let other = |at: &usize| !same_row(first, &self.ahead.row(*at)[keys.clone()]);
            let end = (self.ahead_at..self.ahead.len()).find(other);
            rows.extend(&self.ahead, self.ahead_at, end.unwrap_or(self.ahead.len()));
            self.ahead_at = end.unwrap_or(self.ahead.len());
            if end.is_some() {
                break;
            }
        }
        Ok(Sorted { rows, width: self.width })
    }
}

impl WindowSpec {
    /// By what rows are sorted, where these stand behind so many others.
    fn sort_keys(&self, width: usize) -> Rc<[SortKey]> {
        let parts = self.partition.len();
        let plain = (0..parts).map(|at| SortKey { slot: width + at, descending: false, nulls_first: false });
        let ordered = self.order_by.iter().enumerate().map(|(at, key)| SortKey {
            slot: width + parts + at,
            descending: key.descending,
            nulls_first: key.nulls_first,
        });
        plain.chain(ordered).collect()
    }

    /// Rows with what must be known of each before they are sorted; those arguments that are looked up at other rows too.
    async fn with_keys(&self, cx: &ExecCx<'_>, rows: &Rows, both: &mut Rows) -> Result<()> {
        let args = |call: &WindowCall| match call {
            WindowCall::Function(_, args) => args.clone(),
            WindowCall::Aggregate(_) => Vec::new(),
        };
        let order = self.order_by.iter().map(|key| key.scalar.clone());
        let scalars: Vec<Scalar> =
            self.partition.iter().cloned().chain(order).chain(self.calls.iter().flat_map(args)).collect();
        both.clear(rows.width() + scalars.len());
        for row in rows.iter() {
            let values = both.open();
            values.extend_from_slice(row);
            let begin = values.len();
            cx.settle(&self.waits, row, 0, &mut |eval| {
                values.truncate(begin);
                for scalar in &scalars {
                    values.push(scalar.eval(eval)?);
                }
                Ok(())
            })
            .await?;
            both.close();
        }
        Ok(())
    }

    /// The rows of a partition with the values of the window functions behind.
    fn compute(&self, cx: &ExecCx<'_>, window: Sorted, offsets: &Offsets) -> Result<Rows> {
        let parts = self.partition.len();
        let key = |at: usize| &window.key(at)[parts..parts + self.order_by.len()];
        let partition = Partition::new(0, window.rows.len(), &key);
        let mut columns = Vec::with_capacity(self.calls.len());
        let mut arg = parts + self.order_by.len();
        for call in &self.calls {
            let frames = Frames { partition: &partition, spec: &self.frame, keys: &self.order_by, key: &key, offsets };
            columns.push(match call {
                WindowCall::Function(function, args) => {
                    let values = function_values(*function, &window, &partition, &frames, arg, args.len())?;
                    arg += args.len();
                    values
                }
                WindowCall::Aggregate(call) => aggregate_values(cx, call, &window, &partition, &frames)?,
            });
        }
        let mut out = Rows::new(window.width + self.calls.len());
        for at in 0..window.rows.len() {
            out.open().extend_from_slice(window.row(at));
            out.open().extend(columns.iter().map(|column| column[at].clone()));
            out.close();
        }
        Ok(out)
    }
}

impl Sorted {
    fn key(&self, at: usize) -> &[Datum] {
        &self.rows.row(at)[self.width..]
    }

    fn row(&self, at: usize) -> &[Datum] {
        &self.rows.row(at)[..self.width]
    }
}

/// The values of an aggregate for the rows of a partition.
fn aggregate_values(
    cx: &ExecCx<'_>,
    call: &AggCall,
    window: &Sorted,
    partition: &Partition,
    frames: &Frames,
) -> Result<Vec<Datum>> {
    let mut values: Vec<Datum> = Vec::with_capacity(partition.len());
    let grows = frames.grows();
    let mut state = State::new(call);
    let mut last: Option<(usize, usize)> = None;
    for at in partition.begin..partition.end {
        let (begin, end) = frames.of(at)?;
        if let (Some(known), false, Some(value)) = (last, frames.excludes(), values.last())
            && known == (begin, end)
        {
            let value = value.clone();
            values.push(value);
            continue;
        }
        let from = match last {
            Some((_, upto)) if grows => upto.max(begin),
            _ => {
                state = State::new(call);
                begin
            }
        };
        for row in from..end {
            if !frames.excluded(at, row) {
                state.advance(call, &cx.eval(window.row(row), 0, &[]))?;
            }
        }
        last = Some((begin, end));
        values.push(state.clone().finish(call)?);
    }
    Ok(values)
}

/// The values of a window function for the rows of a partition; its arguments begin at `arg` among the keys.
fn function_values(
    function: WindowFunction,
    window: &Sorted,
    partition: &Partition,
    frames: &Frames,
    arg: usize,
    args: usize,
) -> Result<Vec<Datum>> {
    use WindowFunction as F;
    let rows = partition.len();
    let value = |at: usize| window.key(at)[arg].clone();
    let mut values = Vec::with_capacity(rows);
    for at in partition.begin..partition.end {
        let (first_peer, last_peer) = partition.peers(at);
        let rank = first_peer - partition.begin + 1;
        values.push(match function {
            F::RowNumber => Datum::Int8((at - partition.begin + 1) as i64),
            F::Rank => Datum::Int8(rank as i64),
            F::DenseRank => Datum::Int8(partition.group(at) as i64 + 1),
            F::PercentRank if rows <= 1 => Datum::Float8(0.0),
            F::PercentRank => Datum::Float8((rank - 1) as f64 / (rows - 1) as f64),
            F::CumeDist => Datum::Float8((last_peer - partition.begin) as f64 / rows as f64),
            F::Ntile => ntile(&window.key(partition.begin)[arg], at - partition.begin, rows)?,
            F::Lag | F::Lead => {
                let own = window.key(at);
                let offset = if args > 1 { own[arg + 1].clone() } else { Datum::Int4(1) };
                if offset.is_null() {
                    Datum::Null
                } else {
                    let offset = offset.as_int()?;
                    let to = at as i64 + if function == F::Lag { -offset } else { offset };
                    let inside = to >= partition.begin as i64 && to < partition.end as i64;
                    match inside {
                        true => value(to as usize),
                        false if args > 2 => own[arg + 2].clone(),
                        false => Datum::Null,
                    }
                }
            }
            F::FirstValue | F::LastValue | F::NthValue => {
                let (begin, end) = frames.of(at)?;
                let mut within = (begin..end).filter(|row| !frames.excluded(at, *row));
                let found = match function {
                    F::FirstValue => within.next(),
                    F::LastValue => within.next_back(),
                    _ => match &window.key(at)[arg + 1] {
                        Datum::Null => None,
                        n => {
                            let n = n.as_int()?;
                            if n <= 0 {
                                let message = "argument of nth_value must be greater than zero";
                                return Err(Error::new(sqlstate::INVALID_ARGUMENT_FOR_NTH_VALUE, message));
                            }
                            within.nth(n as usize - 1)
                        }
                    },
                };
                found.map_or(Datum::Null, value)
            }
        });
    }
    Ok(values)
}

/// The bucket of a row, of as many as the argument says; the first ones are larger by one.
fn ntile(buckets: &Datum, at: usize, rows: usize) -> Result<Datum> {
    if buckets.is_null() {
        return Ok(Datum::Null);
    }
    let buckets = buckets.as_int()?;
    if buckets <= 0 {
        let message = "argument of ntile must be greater than zero";
        return Err(Error::new(sqlstate::INVALID_ARGUMENT_FOR_NTILE, message));
    }
    let (rows, at) = (rows as i64, at as i64);
    let (size, larger) = (rows / buckets, rows % buckets);
    let in_larger = larger * (size + 1);
    let bucket = if at < in_larger { at / (size + 1) } else { larger + (at - in_larger) / size.max(1) };
    Ok(Datum::Int4(bucket as i32 + 1))
}
