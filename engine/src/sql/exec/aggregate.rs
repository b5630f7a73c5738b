//! GROUP BY and the aggregates: one row for each group, in the order in which the groups began.
//!
//! With GROUPING SETS a row belongs to a group of each set; the keys that a set has not are NULL in its groups.
//!
//! An aggregate with DISTINCT or ORDER BY keeps its values until the group is complete, then takes them in order.
//!
//! PostgreSQL: `nodeAgg.c`.

use super::super::bound::{AggCall, AggKind, EvalCx, SortKey};
use super::super::plan::GroupSpec;
use super::hash::{HashTable, hash_row, same_row};
use super::node::Node;
use super::order::sorted;
use super::rows::Rows;
use super::unique::Seen;
use super::{BATCH, ExecCx};
use crate::ids::Result;
use crate::types::{AggState, Datum};
use std::rc::Rc;

/// Groups of rows. Behind it a row has the keys, then the aggregates.
#[derive(Clone)]
pub(super) struct Aggregate {
    input: Node,
    spec: Rc<GroupSpec>,
    groups: Option<Rows>,
    at: usize,
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
}

impl Aggregate {
    pub fn new(input: Node, spec: Rc<GroupSpec>) -> Aggregate {
        Aggregate { input, spec, groups: None, at: 0 }
    }

    pub fn rewind(&mut self, cx: &ExecCx<'_>) {
        self.input.rewind(cx);
        (self.groups, self.at) = (None, 0);
    }

    pub async fn next(&mut self, cx: &ExecCx<'_>, max: usize, out: &mut Rows) -> Result<()> {
        if self.groups.is_none() {
            self.groups = Some(self.group(cx).await?);
        }
        let Some(groups) = &self.groups else { return Ok(()) };
        out.clear(groups.width());
        let end = groups.len().min(self.at + max);
        out.extend(groups, self.at, end);
        self.at = end;
        Ok(())
    }

    async fn group(&mut self, cx: &ExecCx<'_>) -> Result<Rows> {
        let spec = &*self.spec;
        let mut groups = Groups::new(spec);
        let mut rows = Rows::default();
        loop {
            self.input.next(cx, BATCH, &mut rows).await?;
            if rows.is_empty() {
                break;
            }
            cx.breathe(rows.len()).await?;
            for at in 0..rows.len() {
                cx.bring_back(rows.row_mut(at), |column| spec.uses(column)).await?;
                cx.settle(&spec.waits, rows.row(at), 0, &mut |eval| groups.add(spec, eval)).await?;
            }
        }
        groups.finish(spec)
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
    fn new(spec: &GroupSpec) -> Groups {
        let keys = Rows::new(spec.keys.len() + usize::from(spec.sets.is_some()));
        let (key, masked) = (Vec::new(), Vec::new());
        let mut groups = Groups { table: HashTable::default(), keys, states: Vec::new(), key, masked };
        // Without keys there is one group, also of no rows.
        match &spec.sets {
            None if spec.keys.is_empty() => _ = groups.find(spec, None),
            None => {}
            Some(sets) => {
                groups.key.resize(spec.keys.len(), Datum::Null);
                for (number, _) in sets.iter().enumerate().filter(|(_, set)| set.is_empty()) {
                    groups.find(spec, Some(number));
                }
            }
        }
        groups
    }

    /// Takes a row into account. It may be begun again, if something is missing that it waits for; nothing is changed
    /// before all is there.
    fn add(&mut self, spec: &GroupSpec, eval: &EvalCx) -> Result<()> {
        if !spec.waits.is_empty() {
            for scalar in spec.calls.iter().flat_map(AggCall::scalars) {
                scalar.value(eval)?;
            }
        }
        self.key.clear();
        for key in &spec.keys {
            self.key.push(key.eval(eval)?);
        }
        let sets = spec.sets.as_ref().map_or(1, Vec::len);
        for set in 0..sets {
            let first = self.find(spec, spec.sets.as_ref().map(|_| set)) * spec.calls.len();
            for (call, state) in spec.calls.iter().zip(&mut self.states[first..]) {
                state.advance(call, eval)?;
            }
        }
        Ok(())
    }

    /// The group of the keys in hand, in a set.
    fn find(&mut self, spec: &GroupSpec, set: Option<usize>) -> usize {
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
            return group;
        }
        self.keys.push(key);
        self.states.extend(spec.calls.iter().map(State::new));
        self.table.insert(hash)
    }

    /// A row for each group, set after set.
    fn finish(self, spec: &GroupSpec) -> Result<Rows> {
        let mut rows = Rows::new(spec.keys.len() + spec.calls.len());
        let mut states: Vec<Option<State>> = self.states.into_iter().map(Some).collect();
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
        Ok(rows)
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
