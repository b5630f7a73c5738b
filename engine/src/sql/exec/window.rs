//! Window functions: each row gets values that are computed over rows around it.
//!
//! ```text
//!   partition │ 1 2 2 3 5 │ 1 4 4 │        sorted by PARTITION BY, then ORDER BY
//!   peers     │ ─ ─── ─ ─ │ ─ ─── │        rows that ORDER BY does not tell apart
//!   frame         └──────┘                 of one row: what an aggregate or first_value looks at
//! ```
//!
//! All rows are read and sorted first. An aggregate whose frame begins with the partition goes on from row to row; every
//! other is computed anew for each frame.
//!
//! PostgreSQL: `nodeWindowAgg.c`, `windowfuncs.c`.

use super::super::bound::{AggCall, Scalar, SortKey, WindowCall, WindowFunction};
use super::super::plan::WindowSpec;
use super::ExecCx;
use super::aggregate::State;
use super::node::Node;
use super::order::sorted;
use super::rows::Rows;
use super::window_frame::{Frames, Partition, offsets};
use crate::ids::{Error, Result, sqlstate};
use crate::types::Datum;
use std::rc::Rc;

/// Rows with the values of window functions behind.
#[derive(Clone)]
pub(super) struct Window {
    input: Node,
    spec: Rc<WindowSpec>,
    done: Option<Rows>,
    at: usize,
}

/// The rows of a window, sorted, and what was computed of each.
struct Sorted {
    rows: Rows,
    /// For each row in order its place in `rows`.
    order: Vec<u32>,
    /// PARTITION BY, then ORDER BY, then the arguments of window functions; by place.
    keys: Rows,
}

impl Window {
    pub fn new(input: Node, spec: Rc<WindowSpec>) -> Window {
        Window { input, spec, done: None, at: 0 }
    }

    pub fn rewind(&mut self, cx: &ExecCx<'_>) {
        self.input.rewind(cx);
        (self.done, self.at) = (None, 0);
    }

    pub async fn next(&mut self, cx: &ExecCx<'_>, max: usize, out: &mut Rows) -> Result<()> {
        if self.done.is_none() {
            self.done = Some(self.compute(cx).await?);
        }
        let Some(done) = &self.done else { return Ok(()) };
        out.clear(done.width());
        let end = done.len().min(self.at + max);
        out.extend(done, self.at, end);
        self.at = end;
        Ok(())
    }

    async fn compute(&mut self, cx: &ExecCx<'_>) -> Result<Rows> {
        let spec = &*self.spec;
        let mut rows = self.input.all(cx).await?;
        cx.bring_all_back(&mut rows).await?;
        let keys = spec.keys(cx, &rows).await?;
        let parts = spec.partition.len();
        let plain = (0..parts).map(|slot| SortKey { slot, descending: false, nulls_first: false });
        let ordered = spec.order_by.iter().enumerate().map(|(at, key)| SortKey {
            slot: parts + at,
            descending: key.descending,
            nulls_first: key.nulls_first,
        });
        let sort: Vec<SortKey> = plain.chain(ordered).collect();
        let order = sorted(&sort, &keys)?;
        let window = Sorted { rows, order, keys };
        let offsets = offsets(cx, &spec.frame)?;
        let mut out = Rows::new(window.rows.width() + spec.calls.len());
        let mut begin = 0;
        while begin < window.order.len() {
            let first = window.key(begin);
            let same = |at: &usize| super::hash::same_row(&first[..parts], &window.key(*at)[..parts]);
            let end = (begin + 1..window.order.len()).find(|at| !same(at)).unwrap_or(window.order.len());
            let key = |at: usize| &window.key(at)[parts..parts + spec.order_by.len()];
            let partition = Partition::new(begin, end, &key);
            let mut columns = Vec::with_capacity(spec.calls.len());
            let mut arg = parts + spec.order_by.len();
            for call in &spec.calls {
                let frames = Frames {
                    partition: &partition,
                    spec: &spec.frame,
                    keys: &spec.order_by,
                    key: &key,
                    offsets: &offsets,
                };
                columns.push(match call {
                    WindowCall::Function(function, args) => {
                        let values = function_values(*function, &window, &partition, &frames, arg, args.len())?;
                        arg += args.len();
                        values
                    }
                    WindowCall::Aggregate(call) => aggregate_values(cx, call, &window, &partition, &frames)?,
                });
            }
            for at in begin..end {
                out.open().extend_from_slice(window.row(at));
                out.open().extend(columns.iter().map(|column| column[at - begin].clone()));
                out.close();
            }
            cx.breathe(end - begin).await?;
            begin = end;
        }
        Ok(out)
    }
}

impl WindowSpec {
    /// What must be known of each row before it is sorted; those arguments that are looked up at other rows too.
    async fn keys(&self, cx: &ExecCx<'_>, rows: &Rows) -> Result<Rows> {
        let args = |call: &WindowCall| match call {
            WindowCall::Function(_, args) => args.clone(),
            WindowCall::Aggregate(_) => Vec::new(),
        };
        let order = self.order_by.iter().map(|key| key.scalar.clone());
        let scalars: Vec<Scalar> =
            self.partition.iter().cloned().chain(order).chain(self.calls.iter().flat_map(args)).collect();
        let mut keys = Rows::new(scalars.len());
        for row in rows.iter() {
            let values = keys.open();
            let begin = values.len();
            cx.settle(&self.waits, row, 0, &mut |eval| {
                values.truncate(begin);
                for scalar in &scalars {
                    values.push(scalar.eval(eval)?);
                }
                Ok(())
            })
            .await?;
            keys.close();
        }
        Ok(keys)
    }
}

impl Sorted {
    fn key(&self, at: usize) -> &[Datum] {
        self.keys.row(self.order[at] as usize)
    }

    fn row(&self, at: usize) -> &[Datum] {
        self.rows.row(self.order[at] as usize)
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
