//! A query above its sources: filter, group, project, sort, limit.

use std::cmp::Ordering;
use std::collections::VecDeque;

use super::super::bound::{Exprs, Grouping, Query, Row, SortKey};
use super::from::Source;
use super::{BATCH, ExecCx};
use crate::ids::{Error, Result, sqlstate};
use crate::types::{self, AggState, Datum};

/// A query that is running.
pub(super) struct Select<'q> {
    query: &'q Query,
    source: Source<'q>,
    /// Whether the source judges the conditions itself.
    judged: bool,
    source_done: bool,
    /// The values of VALUES that are left.
    values: std::slice::Iter<'q, Exprs>,
    /// Rows that are made and not yet wanted: all of them, where the query sorts or groups.
    ready: VecDeque<Row>,
    /// Whether `ready` is all there is.
    complete: bool,
    seen: Vec<Row>,
    skip: u64,
    left: Option<u64>,
}

impl<'q> Select<'q> {
    /// Begins to run a query.
    pub(super) async fn open(cx: &ExecCx<'_>, query: &'q Query) -> Result<Select<'q>> {
        let (source, judged) = match &query.from {
            Some(node) => Source::open(cx, node, Row::new(), &query.filter).await?,
            None => (Source::One { done: query.values.is_some() }, false),
        };
        let skip = count_of(cx, query.offset.as_ref(), "OFFSET").await?.unwrap_or(0);
        let left = count_of(cx, query.limit.as_ref(), "LIMIT").await?;
        let values = query.values.as_deref().unwrap_or_default().iter();
        Ok(Select {
            query,
            source,
            judged,
            source_done: false,
            values,
            ready: VecDeque::new(),
            complete: false,
            seen: Vec::new(),
            skip,
            left,
        })
    }

    /// Appends at most `max` rows of the result; `false` if there are no more.
    pub(super) async fn next(&mut self, cx: &ExecCx<'_>, out: &mut Vec<Row>, max: usize) -> Result<bool> {
        let before = out.len();
        while out.len() < before + max && self.left != Some(0) {
            let Some(row) = self.next_ready(cx, max).await? else { break };
            if self.skip > 0 {
                self.skip -= 1;
                continue;
            }
            self.left = self.left.map(|left| left - 1);
            out.push(row);
        }
        Ok(out.len() > before)
    }

    async fn next_ready(&mut self, cx: &ExecCx<'_>, max: usize) -> Result<Option<Row>> {
        let whole = self.query.grouping.is_some() || !self.query.order_by.is_empty();
        while self.ready.is_empty() && !self.complete {
            if whole {
                self.make_all(cx).await?;
            } else {
                // Nothing is read that LIMIT does not let through.
                let wanted = self.left.map_or(max as u64, |left| left + self.skip).clamp(1, max.max(1) as u64);
                let rows = self.pull(cx, wanted as usize).await?;
                self.complete = rows.is_empty() && self.source_done;
                self.project(cx, rows).await?;
            }
        }
        Ok(self.ready.pop_front())
    }

    /// Groups and sorts need all rows before the first one is known.
    async fn make_all(&mut self, cx: &ExecCx<'_>) -> Result<()> {
        match &self.query.grouping {
            Some(grouping) => {
                let rows = self.group(cx, grouping).await?;
                self.project(cx, rows).await?;
            }
            None => {
                while !self.source_done {
                    let rows = self.pull(cx, BATCH).await?;
                    self.project(cx, rows).await?;
                }
            }
        }
        self.sort()?;
        self.complete = true;
        Ok(())
    }

    /// Rows of the source for which WHERE holds, joined to the set-returning function of the target list.
    async fn pull(&mut self, cx: &ExecCx<'_>, max: usize) -> Result<Vec<Row>> {
        let mut rows = Vec::new();
        if let Some(exprs) = self.values.next() {
            rows.push(cx.values(exprs, &[]).await?);
            self.source_done = self.values.len() == 0;
            return Ok(rows);
        }
        self.source_done = !self.source.next(cx, &mut rows, max).await?;
        if !self.judged && !self.query.filter.is_empty() {
            let mut kept = Vec::with_capacity(rows.len());
            for row in rows {
                if cx.all_hold(&self.query.filter, &row).await? {
                    kept.push(row);
                }
            }
            rows = kept;
        }
        let Some(function) = &self.query.set_function else { return Ok(rows) };
        let mut joined = Vec::new();
        for row in rows {
            let (mut source, _) = Source::open(cx, function, row, &[]).await?;
            while source.next(cx, &mut joined, BATCH).await? {}
        }
        Ok(joined)
    }

    /// Computes the target list, and with DISTINCT drops what has been there.
    async fn project(&mut self, cx: &ExecCx<'_>, rows: Vec<Row>) -> Result<()> {
        let is_values = self.query.values.is_some();
        for row in rows {
            let made = if is_values { row } else { cx.values(&self.query.targets, &row).await? };
            if self.query.distinct {
                let key = made[..self.query.columns.len()].to_vec();
                match find_row(&self.seen, &key)? {
                    Ok(_) => continue,
                    Err(at) => self.seen.insert(at, key),
                }
            }
            self.ready.push_back(made);
        }
        Ok(())
    }

    /// Sums up the rows of each group: its keys, then its aggregates.
    async fn group(&mut self, cx: &ExecCx<'_>, grouping: &Grouping) -> Result<Vec<Row>> {
        let init = || grouping.calls.iter().map(|call| (call.aggregate.init(), Vec::new())).collect();
        let mut keys: Vec<Row> = Vec::new();
        let mut groups: Vec<Vec<(AggState, Vec<Row>)>> = Vec::new();
        if grouping.keys.is_empty() {
            (keys, groups) = (vec![Row::new()], vec![init()]);
        }
        while !self.source_done {
            for row in self.pull(cx, BATCH).await? {
                let waited = cx.wait_for(&grouping.waits, &row).await?;
                let over = cx.over(&row, &waited);
                let key = grouping.keys.iter().map(|key| key.eval(&over)).collect::<Result<Row>>()?;
                let at = match find_row(&keys, &key)? {
                    Ok(at) => at,
                    Err(at) => {
                        keys.insert(at, key);
                        groups.insert(at, init());
                        at
                    }
                };
                for (call, (state, seen)) in grouping.calls.iter().zip(&mut groups[at]) {
                    let value = call.arg.as_ref().map_or(Ok(Datum::Null), |arg| arg.eval(&over))?;
                    if call.distinct && !is_new(seen, &value)? {
                        continue;
                    }
                    call.aggregate.advance(state, &value)?;
                }
            }
        }
        let mut rows = Vec::with_capacity(keys.len());
        for (mut row, states) in keys.into_iter().zip(groups) {
            for (call, (state, _)) in grouping.calls.iter().zip(states) {
                row.push(call.aggregate.finish(state)?);
            }
            let wanted = match &grouping.having {
                Some(having) => cx.all_hold(std::slice::from_ref(having), &row).await?,
                None => true,
            };
            if wanted {
                rows.push(row);
            }
        }
        Ok(rows)
    }

    fn sort(&mut self) -> Result<()> {
        let keys = &self.query.order_by;
        if keys.is_empty() {
            return Ok(());
        }
        let mut failed = None;
        self.ready.make_contiguous().sort_by(|a, b| {
            compare_by(keys, a, b).unwrap_or_else(|error| {
                failed = Some(error);
                Ordering::Equal
            })
        });
        failed.map_or(Ok(()), Err)
    }
}

/// ORDER BY's comparison of two rows.
fn compare_by(keys: &[SortKey], a: &[Datum], b: &[Datum]) -> Result<Ordering> {
    for key in keys {
        let (left, right) = (&a[key.slot], &b[key.slot]);
        let order = match (left.is_null(), right.is_null()) {
            (true, true) => Ordering::Equal,
            (true, false) => {
                if key.nulls_first {
                    Ordering::Less
                } else {
                    Ordering::Greater
                }
            }
            (false, true) => {
                if key.nulls_first {
                    Ordering::Greater
                } else {
                    Ordering::Less
                }
            }
            (false, false) if key.descending => types::compare(right, left)?,
            (false, false) => types::compare(left, right)?,
        };
        if order != Ordering::Equal {
            return Ok(order);
        }
    }
    Ok(Ordering::Equal)
}

/// Where a row is, or would be, among rows in order; NULLs count as equal.
fn find_row(rows: &[Row], key: &[Datum]) -> Result<std::result::Result<usize, usize>> {
    let mut failed = None;
    let found = rows.binary_search_by(|row| {
        for (a, b) in row.iter().zip(key) {
            match types::compare_nulls_last(a, b) {
                Ok(Ordering::Equal) => {}
                Ok(order) => return order,
                Err(error) => {
                    failed = Some(error);
                    return Ordering::Equal;
                }
            }
        }
        Ordering::Equal
    });
    failed.map_or(Ok(found), Err)
}

/// Notes a value; whether it has not been there before. NULLs do not count.
fn is_new(seen: &mut Vec<Row>, value: &Datum) -> Result<bool> {
    if value.is_null() {
        return Ok(false);
    }
    let key = vec![value.clone()];
    match find_row(seen, &key)? {
        Ok(_) => Ok(false),
        Err(at) => {
            seen.insert(at, key);
            Ok(true)
        }
    }
}

/// The number of LIMIT or OFFSET; none for NULL.
async fn count_of(cx: &ExecCx<'_>, exprs: Option<&Exprs>, clause: &str) -> Result<Option<u64>> {
    let Some(exprs) = exprs else { return Ok(None) };
    let value = cx.values(exprs, &[]).await?.pop().unwrap_or(Datum::Null);
    if value.is_null() {
        return Ok(None);
    }
    let code =
        if clause == "LIMIT" { sqlstate::INVALID_ROW_COUNT_IN_LIMIT } else { sqlstate::INVALID_ROW_COUNT_IN_OFFSET };
    u64::try_from(value.as_int()?).map(Some).map_err(|_| Error::new(code, format!("{clause} must not be negative")))
}
