//! GROUP BY and the aggregates: one row for each group, in the order of the keys.

use super::super::bound::{AggCall, Grouping, Row};
use super::node::Node;
use super::sort::Key;
use super::{BATCH, ExecCx};
use crate::ids::Result;
use crate::types::{AggState, Datum};
use std::collections::{BTreeMap, BTreeSet};
use std::vec::IntoIter;

/// Groups of rows. Behind it a row has the keys, then the aggregates.
pub(super) struct Aggregate {
    input: Node,
    grouping: Grouping,
    groups: Option<IntoIter<Row>>,
}

/// An aggregate of one group, and the values it has seen where it is DISTINCT.
struct State {
    state: AggState,
    seen: BTreeSet<Key>,
}

impl Aggregate {
    pub fn new(input: Node, grouping: Grouping) -> Aggregate {
        Aggregate { input, grouping, groups: None }
    }

    pub fn rewind(&mut self) {
        self.input.rewind();
        self.groups = None;
    }

    pub async fn next(&mut self, cx: &ExecCx<'_>, max: usize) -> Result<Vec<Row>> {
        if self.groups.is_none() {
            self.groups = Some(self.group(cx).await?.into_iter());
        }
        Ok(self.groups.iter_mut().flatten().take(max).collect())
    }

    async fn group(&mut self, cx: &ExecCx<'_>) -> Result<Vec<Row>> {
        let calls = &self.grouping.calls;
        let fresh = || calls.iter().map(|call| State { state: call.aggregate.init(), seen: BTreeSet::new() });
        let mut groups: BTreeMap<Key, Vec<State>> = BTreeMap::new();
        if self.grouping.keys.is_empty() {
            // Without GROUP BY there is one group, also of no rows.
            groups.insert(Key(Vec::new()), fresh().collect());
        }
        loop {
            let batch = self.input.next(cx, &[], BATCH).await?;
            if batch.is_empty() {
                break;
            }
            cx.breathe(batch.len()).await?;
            for mut row in batch {
                cx.bring_back(&mut row, |slot| uses(&self.grouping, slot)).await?;
                let waited = cx.wait(&self.grouping.waits, &row, 0).await?;
                let eval = cx.eval(&row, 0, &waited);
                let keys = self.grouping.keys.iter().map(|key| key.eval(&eval)).collect::<Result<_>>()?;
                let states = groups.entry(Key(keys)).or_insert_with(|| fresh().collect());
                for (call, state) in calls.iter().zip(states) {
                    let value = call.arg.as_ref().map_or(Ok(Datum::Null), |arg| arg.eval(&eval))?;
                    state.advance(call, value)?;
                }
            }
        }
        groups.into_iter().map(|(Key(row), states)| finish(row, states, calls)).collect()
    }
}

/// Whether keys or arguments use a slot.
fn uses(grouping: &Grouping, slot: usize) -> bool {
    let args = grouping.calls.iter().filter_map(|call| call.arg.as_ref());
    let waits = grouping.waits.iter().flat_map(|wait| &wait.args);
    grouping.keys.iter().chain(args).chain(waits).any(|scalar| scalar.any_column(&|own| own == slot))
}

impl State {
    fn advance(&mut self, call: &AggCall, value: Datum) -> Result<()> {
        if call.distinct && !value.is_null() && !self.seen.insert(Key(vec![value.clone()])) {
            return Ok(());
        }
        call.aggregate.advance(&mut self.state, &value)
    }
}

fn finish(mut row: Row, states: Vec<State>, calls: &[AggCall]) -> Result<Row> {
    for (call, state) in calls.iter().zip(states) {
        row.push(call.aggregate.finish(state.state)?);
    }
    Ok(row)
}
