//! GROUP BY and the aggregates: one row for each group, in the order in which the groups began.

use super::super::bound::{AggCall, EvalCx, Scalar, Wait};
use super::hash::{HashTable, hash_row, same_row};
use super::node::Node;
use super::rows::Rows;
use super::{BATCH, ExecCx};
use crate::ids::Result;
use crate::types::{AggState, Datum};
use std::rc::Rc;

/// What is computed of each group.
pub(super) struct GroupSpec {
    /// The expressions of GROUP BY.
    pub keys: Vec<Scalar>,
    /// The aggregates.
    pub calls: Vec<AggCall>,
    /// What keys and arguments wait for.
    pub waits: Vec<Wait>,
}

/// Groups of rows. Behind it a row has the keys, then the aggregates.
#[derive(Clone)]
pub(super) struct Aggregate {
    input: Node,
    spec: Rc<GroupSpec>,
    groups: Option<Rows>,
    at: usize,
}

/// An aggregate of one group, and the values it has seen where it is DISTINCT.
struct State {
    state: AggState,
    seen: Option<Box<(HashTable, Rows)>>,
}

/// The groups so far.
struct Groups {
    table: HashTable,
    keys: Rows,
    /// For each group the states of its aggregates, one after the other.
    states: Vec<State>,
    /// The keys of the row in hand.
    key: Vec<Datum>,
}

impl Aggregate {
    pub fn new(input: Node, spec: GroupSpec) -> Aggregate {
        Aggregate { input, spec: Rc::new(spec), groups: None, at: 0 }
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
        let keys = Rows::new(spec.keys.len());
        let mut groups = Groups { table: HashTable::default(), keys, states: Vec::new(), key: Vec::new() };
        if spec.keys.is_empty() {
            // Without GROUP BY there is one group, also of no rows.
            groups.find(spec);
        }
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
        let args = self.calls.iter().filter_map(|call| call.arg.as_ref());
        let own = |slot: usize| slot == column;
        let mut waits = false;
        self.waits.iter().for_each(|wait| wait.each(&mut |scalar| waits |= scalar.any_column(&own)));
        waits || self.keys.iter().chain(args).any(|scalar| scalar.any_column(&own))
    }
}

impl Groups {
    /// Takes a row into account. It may be begun again, if something is missing that it waits for; nothing is changed
    /// before all is there.
    fn add(&mut self, spec: &GroupSpec, eval: &EvalCx) -> Result<()> {
        if !spec.waits.is_empty() {
            for arg in spec.calls.iter().filter_map(|call| call.arg.as_ref()) {
                arg.value(eval)?;
            }
        }
        self.key.clear();
        for key in &spec.keys {
            self.key.push(key.eval(eval)?);
        }
        let first = self.find(spec) * spec.calls.len();
        for (call, state) in spec.calls.iter().zip(&mut self.states[first..]) {
            match &call.arg {
                Some(arg) => state.advance(call, &*arg.value(eval)?)?,
                None => state.advance(call, &Datum::Null)?,
            }
        }
        Ok(())
    }

    /// The group of the keys in hand.
    fn find(&mut self, spec: &GroupSpec) -> usize {
        let hash = hash_row(&self.key);
        if let Some(group) = self.table.find(hash, |group| same_row(self.keys.row(group), &self.key)) {
            return group;
        }
        self.keys.push(&self.key);
        let fresh = |call: &AggCall| State { state: call.aggregate.init(), seen: None };
        self.states.extend(spec.calls.iter().map(fresh));
        self.table.insert(hash)
    }

    /// A row for each group.
    fn finish(self, spec: &GroupSpec) -> Result<Rows> {
        let mut rows = Rows::new(spec.keys.len() + spec.calls.len());
        let mut states = self.states.into_iter();
        for key in self.keys.iter() {
            rows.open().extend_from_slice(key);
            for (call, state) in spec.calls.iter().zip(&mut states) {
                rows.open().push(call.aggregate.finish(state.state)?);
            }
            rows.close();
        }
        Ok(rows)
    }
}

impl State {
    fn advance(&mut self, call: &AggCall, value: &Datum) -> Result<()> {
        if call.distinct && !value.is_null() {
            let (table, values) =
                &mut **self.seen.get_or_insert_with(|| Box::new((HashTable::default(), Rows::new(1))));
            let row = std::slice::from_ref(value);
            let hash = hash_row(row);
            if table.find(hash, |entry| same_row(values.row(entry), row)).is_some() {
                return Ok(());
            }
            table.insert(hash);
            values.push(row);
        }
        call.aggregate.advance(&mut self.state, value)
    }
}
