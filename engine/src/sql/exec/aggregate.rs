//! GROUP BY and the aggregates: one row for each group, in the order in which the groups began.
//!
//! Groups beyond what a hash may use of memory wait on disk as the rows that they were (`hash_spill.rs`).
//!
//! With GROUPING SETS a row belongs to a group of each set; the keys that a set has not are NULL in its groups.
//!
//! An aggregate with DISTINCT or ORDER BY keeps its values until the group is complete, then takes them in order.
//!
//! PostgreSQL: `nodeAgg.c`.

use super::super::bound::{AggCall, AggKind, EvalCx, SortKey};
use super::super::plan::GroupSpec;
use super::hash::{HashTable, hash_row, same_row};
use super::hash_spill::HashSpill;
use super::node::{Fresh, Node};
use super::order::sorted;
use super::rows::Rows;
use super::unique::Seen;
use super::{BATCH, ExecCx};
use crate::ids::Result;
use crate::txn::MemoryPurpose;
use crate::types::{AggState, Datum};
use std::rc::Rc;

/// Groups of rows. Behind it a row has the keys, then the aggregates.
#[derive(Clone)]
pub(super) struct Aggregate {
    input: Node,
    spec: Rc<GroupSpec>,
    /// The node of the plan.
    plan: usize,
    state: Fresh<Grouping>,
}

/// Grouping under way: the groups of a round, and those of them that are complete.
struct Grouping {
    groups: Groups,
    rows: Rows,
    at: usize,
    done: bool,
}

/// An aggregate of one group.
#[derive(Clone)]
pub(super) struct State {
    state: Option<AggState>,
    /// The values kept until the group is complete: arguments, then what they are sorted by.
    kept: Option<Box<Kept>>,
}

/// Values that an aggregate takes in order.
#[derive(Clone, Default)]
struct Kept {
    rows: Rows,
    seen: Seen,
}

/// The groups so far.
struct Groups {
    table: HashTable,
    /// Keys; behind them, with GROUPING SETS, the number of the set.
    keys: Rows,
    /// For each group the states of its aggregates, one after the other.
    states: Vec<State>,
    /// The keys of the row in hand.
    key: Vec<Datum>,
    /// Those of a set among them, and its number.
    masked: Vec<Datum>,
    /// What does not fit; where there are keys.
    spill: Option<HashSpill>,
    /// The groups of the row in hand that are not in memory and may not be: hashes and sets.
    missed: Vec<(u64, u16)>,
}

impl Aggregate {
    pub fn new(input: Node, spec: Rc<GroupSpec>, plan: usize) -> Aggregate {
        Aggregate { input, spec, plan, state: Fresh(None) }
    }

    pub fn rewind(&mut self, cx: &ExecCx<'_>) {
        self.input.rewind(cx);
        if let Some(state) = self.state.0.take() {
            state.groups.end(cx);
        }
    }

    pub async fn next(&mut self, cx: &ExecCx<'_>, max: usize, out: &mut Rows) -> Result<()> {
        let spec = &*self.spec;
        out.clear(spec.keys.len() + spec.calls.len());
        if self.state.0.is_none() {
            let groups = Groups::of_input(cx, spec, &mut self.input, self.plan).await?;
            self.state.0 = Some(Grouping { groups, rows: Rows::default(), at: 0, done: false });
        }
        let Some(state) = &mut self.state.0 else { return Ok(()) };
        while state.at >= state.rows.len() && !state.done {
            // The groups of this round are complete; those of the next one are made when these are given.
            (state.rows, state.at) = (state.groups.take(spec)?, 0);
            if state.rows.is_empty() && !state.groups.next_round(cx, spec).await? {
                state.done = true;
                state.groups.end(cx);
            }
        }
        let end = state.rows.len().min(state.at + max);
        out.extend(&state.rows, state.at, end);
        state.at = end;
        Ok(())
    }
}

impl GroupSpec {
    /// Whether keys or arguments use a column.
    fn uses(&self, column: usize) -> bool {
        let own = |slot: usize| slot == column;
        let mut waits = false;
        self.waits.iter().for_each(|wait| wait.each(&mut |scalar| waits |= scalar.any_column(&own)));
        waits
            || self.keys.iter().any(|key| key.any_column(&own))
            || self.calls.iter().flat_map(AggCall::scalars).any(|scalar| scalar.any_column(&own))
    }
}

impl Groups {
    fn new(cx: &ExecCx<'_>, spec: &GroupSpec) -> Groups {
        let keys = Rows::new(spec.keys.len() + usize::from(spec.sets.is_some()));
        let spill = (!spec.keys.is_empty()).then(|| HashSpill::begin(&cx.fx.env, MemoryPurpose::HashAggregate));
        let mut groups = Groups {
            table: HashTable::default(),
            keys,
            states: Vec::new(),
            key: vec![Datum::Null; spec.keys.len()],
            masked: Vec::new(),
            spill,
            missed: Vec::new(),
        };
        // Without keys there is one group, also of no rows.
        match &spec.sets {
            None if spec.keys.is_empty() => _ = groups.find(spec, None),
            None => {}
            Some(sets) => {
                for (number, _) in sets.iter().enumerate().filter(|(_, set)| set.is_empty()) {
                    groups.find(spec, Some(number));
                }
            }
        }
        groups
    }

    /// The groups of all rows, as far as they fit.
    async fn of_input(cx: &ExecCx<'_>, spec: &GroupSpec, input: &mut Node, plan: usize) -> Result<Groups> {
        let (mut groups, mut rows) = (Groups::new(cx, spec), Rows::default());
        loop {
            input.next(cx, BATCH, &mut rows).await?;
            if rows.is_empty() {
                return Ok(groups);
            }
            cx.breathe(rows.len()).await?;
            let plain = spec.waits.is_empty() && !cx.toasted.get();
            for at in 0..rows.len() {
                if plain {
                    groups.add(spec, &cx.eval(rows.row(at), 0, &[]), None)?;
                    if groups.missed.is_empty() {
                        continue;
                    }
                    groups.put_aside(cx, rows.row(at)).await?;
                    continue;
                }
                cx.bring_back(rows.row_mut(at), |column| spec.uses(column)).await?;
                groups.take_in(cx, spec, rows.row(at), None).await?;
            }
            groups.spill.iter().for_each(|spill| {
                spill.note(&cx.fx.env);
                cx.note(plan, |actual| actual.groups = Some(spill.size()));
            });
        }
    }

    /// Groups the rows of a partition that waits; `false` if there is none.
    async fn next_round(&mut self, cx: &ExecCx<'_>, spec: &GroupSpec) -> Result<bool> {
        let Some(mut spill) = self.spill.take() else { return Ok(false) };
        let begun = spill.next_round(&cx.fx.env).await;
        self.spill = Some(spill);
        if !begun? {
            return Ok(false);
        }
        let (mut row, mut count) = (Vec::new(), 0);
        loop {
            let Some(spill) = &mut self.spill else { return Ok(true) };
            row.clear();
            let Some((_, set)) = spill.read(&cx.fx.env, &mut row).await? else { return Ok(true) };
            self.take_in(cx, spec, &row, Some(usize::from(set))).await?;
            count += 1;
            if count % BATCH == 0 {
                cx.breathe(BATCH).await?;
            }
        }
    }

    /// Takes a row into account: in all sets, or in one.
    async fn take_in(&mut self, cx: &ExecCx<'_>, spec: &GroupSpec, row: &[Datum], only: Option<usize>) -> Result<()> {
        cx.settle(&spec.waits, row, 0, &mut |eval| self.add(spec, eval, only)).await?;
        self.put_aside(cx, row).await
    }

    /// A row of groups for which there is no room goes to disk.
    async fn put_aside(&mut self, cx: &ExecCx<'_>, row: &[Datum]) -> Result<()> {
        if let Some(spill) = &mut self.spill {
            for (hash, set) in self.missed.drain(..) {
                spill.put(&cx.fx.env, hash, set, row).await?;
            }
        }
        Ok(())
    }

    /// The same as far as it does not wait. It may be begun again, if something is missing that it waits for; nothing is
    /// changed before all is there.
    fn add(&mut self, spec: &GroupSpec, eval: &EvalCx, only: Option<usize>) -> Result<()> {
        if !spec.waits.is_empty() {
            for scalar in spec.calls.iter().flat_map(AggCall::scalars) {
                scalar.value(eval)?;
            }
        }
        self.key.clear();
        for key in &spec.keys {
            self.key.push(key.eval(eval)?);
        }
        for set in 0..spec.sets.as_ref().map_or(1, Vec::len) {
            if only.is_some_and(|only| only != set) {
                continue;
            }
            let Some(group) = self.find(spec, spec.sets.as_ref().map(|_| set)) else { continue };
            for (call, state) in spec.calls.iter().zip(&mut self.states[group * spec.calls.len()..]) {
                state.advance(call, eval)?;
            }
        }
        Ok(())
    }

    /// The group of the keys in hand, in a set; none if it is not in memory and there is no room for it.
    fn find(&mut self, spec: &GroupSpec, set: Option<usize>) -> Option<usize> {
        if let (Some(set), Some(sets)) = (set, &spec.sets) {
            self.masked.clear();
            self.masked.resize(spec.keys.len(), Datum::Null);
            for key in &sets[set] {
                self.masked[*key] = self.key[*key].clone();
            }
            self.masked.push(Datum::Int8(set as i64));
        }
        let key = if set.is_some() { &self.masked } else { &self.key };
        let hash = hash_row(key);
        if let Some(group) = self.table.find(hash, |group| same_row(self.keys.row(group), key)) {
            return Some(group);
        }
        if let Some(spill) = &mut self.spill {
            if spill.is_full() {
                self.missed.push((hash, set.unwrap_or(0) as u16));
                return None;
            }
            spill.add_group(key, spec.calls.len());
        }
        self.keys.push(key);
        self.states.extend(spec.calls.iter().map(State::new));
        Some(self.table.insert(hash))
    }

    /// A row for each group, set after set; they are forgotten here.
    fn take(&mut self, spec: &GroupSpec) -> Result<Rows> {
        let mut rows = Rows::new(spec.keys.len() + spec.calls.len());
        let mut states: Vec<Option<State>> = self.states.drain(..).map(Some).collect();
        for set in 0..spec.sets.as_ref().map_or(1, Vec::len) {
            for (group, key) in self.keys.iter().enumerate() {
                let own = match key.last() {
                    Some(Datum::Int8(own)) if spec.sets.is_some() => *own as usize,
                    _ => 0,
                };
                if own != set {
                    continue;
                }
                rows.open().extend_from_slice(&key[..spec.keys.len()]);
                let first = group * spec.calls.len();
                for (call, state) in spec.calls.iter().zip(&mut states[first..]) {
                    let value = match (&call.kind, state.take()) {
                        (AggKind::Grouping(keys), _) => grouping(keys, spec.sets.as_ref().map(|sets| &sets[set])),
                        (_, Some(state)) => state.finish(call)?,
                        (_, None) => Datum::Null,
                    };
                    rows.open().push(value);
                }
                rows.close();
            }
        }
        self.table.clear();
        self.keys.clear(self.keys.width());
        Ok(rows)
    }

    /// Gives back memory and file.
    fn end(&self, cx: &ExecCx<'_>) {
        self.spill.iter().for_each(|spill| spill.end(&cx.fx.env));
    }
}

/// A bit for each key that a set has not.
fn grouping(keys: &[usize], set: Option<&Vec<usize>>) -> Datum {
    let missing = |key: &usize| set.is_some_and(|set| !set.contains(key));
    Datum::Int4(keys.iter().fold(0, |bits, key| bits << 1 | i32::from(missing(key))))
}

impl State {
    pub fn new(call: &AggCall) -> State {
        let state = match &call.kind {
            AggKind::Aggregate(aggregate) => Some(aggregate.init()),
            AggKind::Grouping(_) => None,
        };
        let keeps = call.distinct || !call.order_by.is_empty();
        State { state, kept: keeps.then(Box::default) }
    }

    /// Takes a row into account.
    pub fn advance(&mut self, call: &AggCall, eval: &EvalCx) -> Result<()> {
        if let Some(filter) = &call.filter
            && !filter.holds(eval)?
        {
            return Ok(());
        }
        let (Some(state), AggKind::Aggregate(aggregate)) = (&mut self.state, &call.kind) else { return Ok(()) };
        let Some(kept) = &mut self.kept else {
            return match call.args.first() {
                Some(arg) => aggregate.advance(state, &*arg.value(eval)?),
                None => aggregate.advance(state, &Datum::Null),
            };
        };
        if kept.rows.is_empty() {
            kept.rows.clear(call.args.len() + call.order_by.len());
        }
        for scalar in call.args.iter().chain(call.order_by.iter().map(|key| &key.scalar)) {
            let value = scalar.eval(eval)?;
            kept.rows.open().push(value);
        }
        kept.rows.close();
        if call.distinct && !kept.seen.is_new(&kept.rows.last()[..call.args.len()]) {
            kept.rows.pop();
        }
        Ok(())
    }

    /// The value of the group.
    pub fn finish(self, call: &AggCall) -> Result<Datum> {
        let (Some(mut state), AggKind::Aggregate(aggregate)) = (self.state, &call.kind) else { return Ok(Datum::Null) };
        if let Some(kept) = self.kept {
            let args = call.args.len();
            let key = |(at, key): (usize, &super::super::bound::OrderKey)| SortKey {
                slot: args + at,
                descending: key.descending,
                nulls_first: key.nulls_first,
            };
            let mut keys: Vec<SortKey> = call.order_by.iter().enumerate().map(key).collect();
            if call.distinct {
                keys.extend((0..args).map(|slot| SortKey { slot, descending: false, nulls_first: false }));
            }
            for at in sorted(&keys, &kept.rows)? {
                aggregate.advance(&mut state, kept.rows.row(at as usize).first().unwrap_or(&Datum::Null))?;
            }
        }
        aggregate.finish(state)
    }
}
