//! How many pairs of rows a comparison of two relations lets through.
//!
//! PostgreSQL: `eqjoinsel` in `utils/adt/selfuncs.c`.

use super::super::bound::{JoinKind, Scalar};
use super::costs::clamp_part;
use super::level::{Level, OuterJoin};
use super::path::Relids;
use super::selectivity::equal;
use super::variable::Variable;

/// The most common values of both sides: which of them meet.
struct Meeting {
    product: f64,
    matches: f64,
    left: (f64, f64),
    right: (f64, f64),
}

impl Level<'_> {
    /// The selectivity of `left op right` for a join.
    pub fn join_selectivity(&self, op: &str, left: &Scalar, right: &Scalar, join: &OuterJoin) -> f64 {
        match op {
            "=" => self.equal_join(left, right, join),
            "<>" => {
                let equal = self.equal_join(left, right, join);
                match join.kind {
                    JoinKind::Semi | JoinKind::Anti => {
                        let nulls = self.variable(left, 0).stats.map_or(0.0, |stats| f64::from(stats.null_frac));
                        1.0 - nulls
                    }
                    _ => 1.0 - equal,
                }
            }
            "<" | "<=" | ">" | ">=" => 0.333_333_333_333_333_3,
            "~~" | "~" | "~~*" | "~*" => 0.005,
            "!~~" | "!~" | "!~~*" | "!~*" => 1.0 - 0.005,
            _ => 0.5,
        }
    }

    fn equal_join(&self, left: &Scalar, right: &Scalar, join: &OuterJoin) -> f64 {
        let (mut a, mut b) = (self.variable(left, 0), self.variable(right, 0));
        let within = |variable: &Variable, relids: Relids| variable.base.is_some_and(|base| relids >> base & 1 == 1);
        if within(&a, join.right) || within(&b, join.left) {
            (a, b) = (b, a);
        }
        let inner = self.equal_inner(&a, &b);
        if !matches!(join.kind, JoinKind::Semi | JoinKind::Anti) {
            return clamp_part(inner);
        }
        let rows = self.rows_of(join.min_right);
        let semi = self.equal_semi(&a, &b, rows);
        clamp_part(semi.min(rows * inner))
    }

    /// How many rows an input of a join has: `find_join_input_rel`.
    fn rows_of(&self, relids: Relids) -> f64 {
        self.rels.iter().find(|rel| rel.relids == relids).map_or(1000.0, |rel| rel.rows)
    }

    fn equal_inner(&self, a: &Variable, b: &Variable) -> f64 {
        let ((nd1, _), (nd2, _)) = (self.distinct(a), self.distinct(b));
        let nulls = |variable: &Variable| variable.stats.as_ref().map_or(0.0, |stats| f64::from(stats.null_frac));
        let (null1, null2) = (nulls(a), nulls(b));
        let Some(meeting) = meeting(a, b, usize::MAX) else {
            return (1.0 - null1) * (1.0 - null2) / nd1.max(nd2);
        };
        let (count1, count2) = (commons(a), commons(b));
        let ((_, rest1), (_, rest2)) = (meeting.left, meeting.right);
        let other1 = clamp_part(1.0 - null1 - meeting.left.0 - rest1);
        let other2 = clamp_part(1.0 - null2 - meeting.right.0 - rest2);
        let total = |nd: f64, count: f64, rest: f64, other: f64, their_other: f64, their_rest: f64| {
            let mut total = meeting.product;
            if nd > count {
                total += rest * their_other / (nd - count);
            }
            if nd > meeting.matches {
                total += other * (their_other + their_rest) / (nd - meeting.matches);
            }
            total
        };
        let first = total(nd2, count2, rest1, other1, other2, rest2);
        let second = total(nd1, count1, rest2, other2, other1, rest1);
        first.min(second)
    }

    fn equal_semi(&self, a: &Variable, b: &Variable, inner_rows: f64) -> f64 {
        let ((mut nd1, default1), (mut nd2, mut default2)) = (self.distinct(a), self.distinct(b));
        if let Some(base) = b.base
            && nd2 >= self.rels[base].rows
        {
            nd2 = self.rels[base].rows;
            default2 = false;
        }
        if nd2 >= inner_rows {
            nd2 = inner_rows;
            default2 = false;
        }
        let null = a.stats.as_ref().map_or(0.0, |stats| f64::from(stats.null_frac));
        let known = !default1 && !default2;
        match meeting(a, b, nd2 as usize) {
            Some(meeting) => {
                let mut part = 0.5;
                if known {
                    nd1 -= meeting.matches;
                    nd2 -= meeting.matches;
                    part = if nd1 <= nd2 || nd2 < 0.0 { 1.0 } else { nd2 / nd1 };
                }
                meeting.left.0 + part * clamp_part(1.0 - meeting.left.0 - null)
            }
            None if known => (1.0 - null) * if nd1 <= nd2 || nd2 < 0.0 { 1.0 } else { nd2 / nd1 },
            None => 0.5 * (1.0 - null),
        }
    }
}

fn commons(variable: &Variable) -> f64 {
    variable.stats.as_ref().map_or(0.0, |stats| stats.common.len() as f64)
}

/// The common values of both sides, if both have such; of the second no more than so many.
fn meeting(a: &Variable, b: &Variable, most: usize) -> Option<Meeting> {
    let (a, b) = (&a.stats.as_ref()?.common, &b.stats.as_ref()?.common);
    if a.is_empty() || b.is_empty() {
        return None;
    }
    let b = &b[..b.len().min(most)];
    let mut found = Meeting { product: 0.0, matches: 0.0, left: (0.0, 0.0), right: (0.0, 0.0) };
    let mut taken = vec![false; b.len()];
    for (value, part) in a {
        let partner = (0..b.len()).find(|at| !taken[*at] && equal(value, &b[*at].0));
        match partner {
            Some(at) => {
                taken[at] = true;
                found.product += f64::from(*part) * f64::from(b[at].1);
                found.matches += 1.0;
                found.left.0 += f64::from(*part);
            }
            None => found.left.1 += f64::from(*part),
        }
    }
    for (at, (_, part)) in b.iter().enumerate() {
        let sum = if taken[at] { &mut found.right.0 } else { &mut found.right.1 };
        *sum += f64::from(*part);
    }
    let clamp = |(met, rest): (f64, f64)| (clamp_part(met), clamp_part(rest));
    found.product = clamp_part(found.product);
    found.left = clamp(found.left);
    found.right = clamp(found.right);
    Some(found)
}
