//! In which order and how tables are joined.
//!
//! Items between which there are inner joins only are a list. It begins with the smallest, and each step takes the
//! smallest of those that a condition links to what is there already; a product without a condition comes last. How a
//! step is made:
//!
//! ```text
//!   the right side depends on the left's row      nested loop
//!   few rows, and an index for each               nested loop, the index asked for each row
//!   a = b                                         by hashes, of the smaller side
//!   else                                          nested loop over rows that are kept
//! ```
//!
//! Sizes are guesses from the files' lengths. PostgreSQL weighs all orders by their costs (`joinrels.c`, `joinpath.c`).

use super::super::bound::{Exprs, FromNode, JoinKind, JoinNode, Scalar};
use super::Planner;
use super::from::{Part, joined_rows, lateral, reduced, slots, within};
use super::layout::Layout;
use super::tree::{HashSpec, Op, Plan};
use std::mem::take;
use std::rc::Rc;

/// To look something up in an index costs about as much as reading so many rows.
const PROBE: f64 = 15.0;

/// A scan that is asked anew for each row of the left, the conditions that it leaves, and its parameters.
type Probe = (Part, Vec<Exprs>, Vec<(usize, Scalar)>);

impl Planner<'_> {
    /// Items with inner joins between them.
    pub fn inner_joins(&self, from: &FromNode, filter: &mut Vec<Exprs>, used: &Rc<Vec<usize>>) -> Part {
        let mut items = Vec::new();
        flatten(from, &mut items, filter);
        let mut parts: Vec<_> = items.into_iter().map(|item| (item, self.from(item, filter, used))).collect();
        let mut joined: Option<Part> = None;
        while !parts.is_empty() {
            let at = next_item(joined.as_ref(), &parts, filter);
            let (item, part) = parts.remove(at);
            joined = Some(match joined {
                None => part,
                Some(left) => {
                    let both = left.plan.layout.joined(&part.plan.layout);
                    let on = filter.extract_if(.., |exprs| both.covers(exprs)).collect();
                    self.join(left, (item, part), JoinKind::Inner, on, used)
                }
            });
        }
        joined.unwrap_or_else(|| self.from(from, filter, used))
    }

    /// A join that keeps rows without a partner, or a half join.
    pub fn outer_join(&self, join: &JoinNode, kind: JoinKind, filter: &mut Vec<Exprs>, used: &Rc<Vec<usize>>) -> Part {
        let (left_slots, right_slots) = (slots(&join.left), slots(&join.right));
        let mut on = join.on.clone();
        // What WHERE says of the side that keeps all its rows can be asked there; what ON says of the other, there.
        let (mut left_filter, mut right_filter) = match kind {
            JoinKind::Right => {
                let above = filter.extract_if(.., |exprs| within(exprs, &right_slots)).collect();
                (on.extract_if(.., |exprs| within(exprs, &left_slots)).collect(), above)
            }
            JoinKind::Full => (Vec::new(), Vec::new()),
            _ => {
                let above: Vec<_> = filter.extract_if(.., |exprs| within(exprs, &left_slots)).collect();
                (above, on.extract_if(.., |exprs| within(exprs, &right_slots)).collect())
            }
        };
        let left = self.filtered_item(&join.left, &mut left_filter, used);
        let right = self.filtered_item(&join.right, &mut right_filter, used);
        if kind == JoinKind::Right && lateral(&join.right).is_empty() && equalities(&on, &left, &right).is_empty() {
            return self.join(right, (&join.left, left), JoinKind::Left, on, used);
        }
        self.join(left, (&join.right, right), kind, on, used)
    }

    /// An item with all these conditions.
    fn filtered_item(&self, from: &FromNode, filter: &mut Vec<Exprs>, used: &Rc<Vec<usize>>) -> Part {
        let part = self.from(from, filter, used);
        let rest = take(filter);
        Part { plan: part.plan.filtered(&rest), ..part }
    }

    /// Joins an item to what stands on its left.
    fn join(
        &self,
        left: Part,
        (item, right): (&FromNode, Part),
        kind: JoinKind,
        on: Vec<Exprs>,
        used: &Rc<Vec<usize>>,
    ) -> Part {
        if !lateral(item).is_empty() {
            return self.nest_loop(left, right, kind, on, lateral(item));
        }
        if !matches!(kind, JoinKind::Right | JoinKind::Full)
            && let Some((probe, rest, params)) = self.index_loop(&left, item, &right, &on, used)
        {
            return self.nest_loop(left, probe, kind, rest, &params);
        }
        let equal = equalities(&on, &left, &right);
        // Rows of both sides without a partner are told only by the table, if need be one in which all are alike.
        if equal.is_empty() && !matches!(kind, JoinKind::Right | JoinKind::Full) {
            return self.nest_loop(left, right, kind, on, &[]);
        }
        // The table is made of the smaller side.
        match kind {
            JoinKind::Inner if right.rows > left.rows => hash_join(right, left, JoinKind::Inner, on),
            JoinKind::Left if right.rows > left.rows * 2.0 => hash_join(right, left, JoinKind::Right, on),
            JoinKind::Right if right.rows > left.rows * 2.0 => hash_join(right, left, JoinKind::Left, on),
            kind => hash_join(left, right, kind, on),
        }
    }

    /// A table that is asked by an index for each row of the left, if that is less work than to read all of it.
    fn index_loop(
        &self,
        left: &Part,
        item: &FromNode,
        right: &Part,
        on: &[Exprs],
        used: &Rc<Vec<usize>>,
    ) -> Option<Probe> {
        let FromNode::Table(table, base, system) = item else { return None };
        let Op::Scan(_) = &right.plan.op else { return None };
        if table.rel.indexes.is_empty() || left.rows * PROBE > self.all_rows(table).max(PROBE) {
            return None;
        }
        let mut params: Vec<(usize, Scalar)> = Vec::new();
        let mut filter: Vec<Exprs> = Vec::new();
        let mut rest = Vec::new();
        for exprs in on {
            match self.with_params(exprs, left, &mut params) {
                Some(own) => filter.push(own),
                None => rest.push(exprs.clone()),
            }
        }
        // What the scan has been given before, in its slots again.
        filter.extend(right.plan.filter.iter().map(|exprs| {
            let mut exprs = exprs.clone();
            exprs.each_mut(&mut |scalar| {
                if let Scalar::Column(at) = scalar {
                    *at = right.plan.layout.0[*at];
                }
            });
            exprs
        }));
        let (part, _) = self.table((table, *base, *system), &mut filter, used, &[], false);
        let Op::Scan(probe) = &part.plan.op else { return None };
        let asked = probe.index.as_ref()?.keys.iter().any(|key| key.value.any_exec());
        if !asked || left.rows * (PROBE + part.rows) > self.all_rows(table).max(PROBE) {
            return None;
        }
        Some((part, rest, params))
    }

    /// A condition with the left's slots in exec parameters; none if it waits for something.
    fn with_params(&self, exprs: &Exprs, left: &Part, params: &mut Vec<(usize, Scalar)>) -> Option<Exprs> {
        if !exprs.waits.is_empty() {
            return None;
        }
        let mut own = exprs.clone();
        own.each_mut(&mut |scalar| {
            let Scalar::Column(slot) = *scalar else { return };
            if !left.plan.layout.has(slot) {
                return;
            }
            let known = params.iter().find(|(_, known)| matches!(known, Scalar::Column(own) if *own == slot));
            let param = match known {
                Some((param, _)) => *param,
                None => {
                    let param = self.new_exec();
                    params.push((param, Scalar::Column(slot)));
                    param
                }
            };
            *scalar = Scalar::Exec(param);
        });
        Some(own)
    }
}

/// The items of inner joins; their conditions become conditions of WHERE.
fn flatten<'q>(from: &'q FromNode, items: &mut Vec<&'q FromNode>, filter: &mut Vec<Exprs>) {
    match from {
        FromNode::Join(join) if reduced(join, filter) == JoinKind::Inner => {
            flatten(&join.left, items, filter);
            flatten(&join.right, items, filter);
            filter.extend(join.on.iter().cloned());
        }
        other => items.push(other),
    }
}

/// Which item comes next: one that all it depends on stands before, linked by a condition if there is such, and small.
fn next_item(joined: Option<&Part>, parts: &[(&FromNode, Part)], filter: &[Exprs]) -> usize {
    let nothing = Layout::default();
    let before = joined.map_or(&nothing, |part| &part.plan.layout);
    let rank = |(item, part): &(&FromNode, Part)| {
        let ready = lateral(item).iter().all(|(_, scalar)| !scalar.any_column(&|slot| !before.has(slot)));
        let both = before.joined(&part.plan.layout);
        let linked = joined.is_none() || filter.iter().any(|exprs| both.covers(exprs));
        (!ready, !linked, part.rows)
    };
    let mut best = 0;
    for at in 1..parts.len() {
        let (a, b) = (rank(&parts[at]), rank(&parts[best]));
        if (a.0, a.1) < (b.0, b.1) || (a.0, a.1) == (b.0, b.1) && a.2 < b.2 {
            best = at;
        }
    }
    best
}

/// Conditions of the form `left = right`: their places in the list, and both sides.
fn equalities<'e>(on: &'e [Exprs], left: &Part, right: &Part) -> Vec<(usize, &'e Scalar, &'e Scalar)> {
    let of = |part: &Part, scalar: &Scalar| {
        scalar.any_column(&|_| true) && !scalar.any_column(&|slot| !part.plan.layout.has(slot))
    };
    let mut found = Vec::new();
    for (at, exprs) in on.iter().enumerate() {
        let (true, [Scalar::Binary(op, _, args)]) = (exprs.waits.is_empty(), &exprs.scalars[..]) else { continue };
        if &**op != "=" {
            continue;
        }
        let [a, b] = &**args;
        if of(left, a) && of(right, b) {
            found.push((at, a, b));
        } else if of(left, b) && of(right, a) {
            found.push((at, b, a));
        }
    }
    found
}

fn hash_join(left: Part, right: Part, kind: JoinKind, on: Vec<Exprs>) -> Part {
    let equal = equalities(&on, &left, &right);
    let keys = |layout: &Layout, side: &dyn Fn(&(usize, &Scalar, &Scalar)) -> Scalar| Exprs {
        waits: Vec::new(),
        scalars: equal.iter().map(|pair| layout.scalar(&side(pair))).collect(),
    };
    let left_keys = keys(&left.plan.layout, &|(_, a, _)| (*a).clone());
    let right_keys = keys(&right.plan.layout, &|(_, _, b)| (*b).clone());
    let others = on.iter().enumerate().filter(|(at, _)| !equal.iter().any(|pair| pair.0 == *at));
    let rest: Vec<Exprs> = others.map(|(_, exprs)| exprs.clone()).collect();
    let both = left.plan.layout.joined(&right.plan.layout);
    let spec = HashSpec {
        kind,
        left_keys,
        right_keys,
        on: both.all(&rest),
        left_width: left.plan.layout.width(),
        right_width: right.plan.layout.width(),
    };
    let rows = joined_rows(kind, left.rows, right.rows);
    let layout = if matches!(kind, JoinKind::Semi | JoinKind::Anti) { left.plan.layout.clone() } else { both };
    Part { plan: Plan::new(Op::HashJoin(Rc::new(spec)), vec![left.plan, right.plan], layout), rows }
}
