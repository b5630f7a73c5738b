//! What is said of joins and groups.

use super::super::bound::{Exprs, JoinKind};
use super::super::plan::{Grouped, Op, Plan};
use super::deparse;
use super::names::{Around, View};
use super::node::{Shown, Value, Walk};

impl<'a> Walk<'a> {
    /// A join: its kind and its conditions.
    pub fn join(&self, plan: &'a Plan, around: &Around<'a>, shown: &mut Shown) {
        match &plan.op {
            Op::NestLoop(spec) => {
                joined(shown, "Nested Loop", spec.kind, "Nested Loop");
                self.condition(shown, "Join Filter", &spec.on, plan, around, true);
            }
            Op::MergeJoin(spec) => {
                joined(shown, "Merge Join", spec.kind, "Merge");
                self.pairs(shown, "Merge Cond", (&spec.left_keys, &spec.right_keys), plan, around);
                self.condition(shown, "Join Filter", &spec.on, plan, around, true);
            }
            Op::HashJoin(spec) => {
                joined(shown, "Hash Join", spec.kind, "Hash");
                self.pairs(shown, "Hash Cond", (&spec.left_keys, &spec.right_keys), plan, around);
                self.condition(shown, "Join Filter", &spec.on, plan, around, true);
            }
            _ => {}
        }
    }

    /// Groups: how they are made, and by what.
    pub fn groups(&self, plan: &'a Plan, around: &Around<'a>, shown: &mut Shown) {
        let Op::Aggregate(spec, how) = &plan.op else { return };
        let name = match how {
            Grouped::Plain => "Aggregate",
            Grouped::Sorted if spec.calls.is_empty() => "Group",
            Grouped::Sorted => "GroupAggregate",
            Grouped::Hashed => "HashAggregate",
        };
        shown.call(name);
        let view = View { walk: self, around, plan, inputs: true, prefix: self.prefix() };
        let below = plan.inputs.first().is_some_and(|input| matches!(input.op, Op::Sort(_)));
        let keys = spec.keys.iter().map(|key| {
            let text = deparse::text(&view, key, &spec.waits);
            let plain = matches!(key, super::super::bound::Scalar::Column(_));
            if below && !plain { format!("({text})") } else { text }
        });
        let keys: Vec<String> = keys.collect();
        if !keys.is_empty() {
            shown.properties.push(("Group Key", Value::List(keys)));
        }
    }

    /// What a join compares, pair by pair.
    fn pairs(
        &self,
        shown: &mut Shown,
        label: &'static str,
        (left, right): (&'a Exprs, &'a Exprs),
        plan: &'a Plan,
        around: &Around<'a>,
    ) {
        use super::super::bound::Scalar;
        let view = View { walk: self, around, plan, inputs: true, prefix: self.prefix() };
        let left_width = plan.inputs.first().map_or(0, |input| input.layout.0.len());
        let pairs = left.scalars.iter().zip(&right.scalars).map(|(left, right)| {
            let mut right = right.clone();
            right.each_mut(&mut |part| {
                if let Scalar::Column(at) = part {
                    *at += left_width;
                }
            });
            let equal = Scalar::Binary("=".into(), crate::types::arith::eq, Box::new([left.clone(), right]));
            deparse::text(&view, &equal, &[])
        });
        let pairs: Vec<String> = pairs.collect();
        let text = if pairs.len() == 1 { pairs.concat() } else { format!("({})", pairs.join(" AND ")) };
        if !pairs.is_empty() {
            shown.properties.push((label, Value::Text(text)));
        }
    }

    fn condition(
        &self,
        shown: &mut Shown,
        label: &'static str,
        conditions: &'a [Exprs],
        plan: &'a Plan,
        around: &Around<'a>,
        inputs: bool,
    ) {
        if conditions.is_empty() {
            return;
        }
        let view = View { walk: self, around, plan, inputs, prefix: self.prefix() };
        shown.properties.push((label, Value::Text(deparse::all(&view, &conditions.iter().collect::<Vec<_>>()))));
    }
}

fn joined(shown: &mut Shown, kind: &str, join: JoinKind, short: &str) {
    let word = match join {
        JoinKind::Inner => "Inner",
        JoinKind::Left => "Left",
        JoinKind::Right => "Right",
        JoinKind::Full => "Full",
        JoinKind::Semi => "Semi",
        JoinKind::Anti => "Anti",
    };
    shown.kind = kind.into();
    shown.title = if join == JoinKind::Inner { kind.into() } else { format!("{short} {word} Join") };
    shown.facts.push(("Join Type", Value::Text(word.into())));
}
