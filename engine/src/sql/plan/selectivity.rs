//! Which part of the rows a condition lets through.
//!
//! ```text
//!   a = 'x'        how often x is, if it is among the most common values; else an equal share of all others
//!   a < 7          the common values below 7, and the part of the histogram that lies below
//!   a > 3 AND a < 7     the one and the other less what they have in common
//!   conditions     independent of each other, for all that is known
//! ```
//!
//! PostgreSQL: `optimizer/path/clausesel.c`, `utils/adt/selfuncs.c`; the manual's chapter 76.

use super::super::bound::{Exprs, JoinKind, Scalar, Wait};
use super::clause::Clause;
use super::costs::clamp_part;
use super::fold::is_known;
use super::level::{Level, OuterJoin};
use super::path::Relids;
use super::same::same;
use super::variable::Variable;
use crate::types::{Datum, arith};
use std::rc::Rc;

/// Of inequalities and ranges of which nothing is known.
const INEQUALITY: f64 = 0.333_333_333_333_333_3;
const RANGE: f64 = 0.005;
/// Of IS NULL.
const UNKNOWN: f64 = 0.005;

/// For what an estimate is made.
#[derive(Clone, Copy)]
pub struct Asking<'o> {
    /// The relation whose columns count; the values of others are as good as known. 0: all.
    pub only: Relids,
    /// The join, if it is one.
    pub join: Option<&'o OuterJoin>,
    pub kind: JoinKind,
}

impl Asking<'_> {
    pub const ROWS: Asking<'static> = Asking { only: 0, join: None, kind: JoinKind::Inner };
}

impl Level<'_> {
    /// `clauselist_selectivity`
    pub fn selectivity(&self, clauses: &[Rc<Clause>], asking: Asking) -> f64 {
        if let [clause] = clauses {
            return self.clause_selectivity(clause, asking);
        }
        let mut all = 1.0;
        let mut ranges = Ranges::default();
        for clause in clauses {
            let part = self.clause_selectivity(clause, asking);
            let single = clause.relids.count_ones() == 1;
            match clause.operands() {
                Some((op, left, right)) if single => all *= ranges.take(self, op, left, right, asking.only, part),
                _ => all *= part,
            }
        }
        all * ranges.selectivity(self)
    }

    /// The same of conditions that are no clauses of the query.
    pub fn scalars_selectivity(&self, scalars: &[&Scalar], asking: Asking) -> f64 {
        if let [scalar] = scalars {
            return self.scalar_selectivity(scalar, asking);
        }
        let mut all = 1.0;
        let mut ranges = Ranges::default();
        for scalar in scalars {
            let part = self.scalar_selectivity(scalar, asking);
            match scalar {
                Scalar::Binary(op, _, args) if self.relids(scalar).count_ones() == 1 => {
                    all *= ranges.take(self, op, &args[0], &args[1], asking.only, part);
                }
                _ => all *= part,
            }
        }
        all * ranges.selectivity(self)
    }

    /// `clause_selectivity`, of which the answer is remembered.
    pub fn clause_selectivity(&self, clause: &Clause, asking: Asking) -> f64 {
        let cached = asking.only == 0 || clause.relids == asking.only;
        let cell = &clause.selectivity[usize::from(asking.kind != JoinKind::Inner)];
        if let (true, Some(known)) = (cached, cell.get()) {
            return known;
        }
        let asking =
            if clause.relids.count_ones() > 1 && asking.only == 0 { asking } else { Asking { join: None, ..asking } };
        let found = self.exprs_selectivity(&clause.exprs, asking);
        if cached {
            cell.set(Some(found));
        }
        found
    }

    pub fn exprs_selectivity(&self, exprs: &Exprs, asking: Asking) -> f64 {
        match &exprs.scalars[..] {
            // What is asked of a subquery is not known.
            [Scalar::Waited(n)] => match exprs.waits.get(*n) {
                Some(Wait::Sub(_)) => 0.5,
                _ => INEQUALITY,
            },
            [Scalar::Not(arg)] if matches!(**arg, Scalar::Waited(_)) => 0.5,
            [scalar] => self.scalar_selectivity(scalar, asking),
            scalars => scalars.iter().map(|scalar| self.scalar_selectivity(scalar, asking)).product(),
        }
    }

    pub fn scalar_selectivity(&self, scalar: &Scalar, asking: Asking) -> f64 {
        match scalar {
            Scalar::Const(value) => f64::from(u8::from(value.is_true())),
            Scalar::Not(arg) => 1.0 - self.scalar_selectivity(arg, asking),
            Scalar::And(args) => self.scalars_selectivity(&args.iter().collect::<Vec<_>>(), asking),
            Scalar::Or(args) => args.iter().fold(0.0, |before, arg| {
                let part = self.scalar_selectivity(arg, asking);
                before + part - before * part
            }),
            Scalar::Binary(op, _, args) => match asking.join {
                Some(join) if asking.only == 0 && self.relids(scalar).count_ones() > 1 => {
                    self.join_selectivity(op, &args[0], &args[1], join)
                }
                _ => self.comparison(op, &args[0], &args[1], asking.only),
            },
            Scalar::Each(op, _, all, args) => self.each_selectivity(op, *all, args, asking),
            Scalar::IsNull(arg, negated) => self.null_selectivity(arg, *negated, asking.only),
            Scalar::IsBool(arg, value, negated) => self.bool_test(arg, *value, *negated, asking),
            Scalar::IsDistinct(args, negated) => {
                let equal = self.comparison("=", &args[0], &args[1], asking.only);
                if *negated { equal } else { 1.0 - equal }
            }
            Scalar::Call(..) => INEQUALITY,
            Scalar::Column(_) => {
                let variable = self.variable(scalar, asking.only);
                if variable.stats.is_none() { 0.5 } else { self.equal_to(&variable, &Datum::Bool(true), false) }
            }
            _ => 0.5,
        }
    }

    // --- one column and a value ------------------------------------------------------------------------------

    /// A comparison of what one relation has with a value.
    fn comparison(&self, op: &str, left: &Scalar, right: &Scalar, only: Relids) -> f64 {
        let default = match op {
            "=" => 0.005,
            "<>" => 1.0 - 0.005,
            "<" | "<=" | ">" | ">=" => INEQUALITY,
            "~~" | "~~*" | "~" | "~*" => 0.005,
            "!~~" | "!~~*" | "!~" | "!~*" => 1.0 - 0.005,
            "@>" | "<@" | "?" | "?|" | "?&" => 0.01,
            _ => 0.5,
        };
        let Some((variable, on_left, other)) = self.of_one(left, right, only) else { return default };
        let value = self.value_of(other);
        match op {
            "=" | "<>" => match value {
                Some(value) if value.is_null() => 0.0,
                Some(value) => self.equal_to(&variable, &value, op == "<>"),
                None => self.equal_to_something(&variable, op == "<>"),
            },
            "<" | "<=" | ">" | ">=" => match value {
                None => INEQUALITY,
                Some(value) if value.is_null() => 0.0,
                Some(value) => {
                    let greater = op.starts_with('>') == on_left;
                    self.less_than(&variable, greater, op.ends_with('='), &value)
                }
            },
            "~~" | "!~~" | "~~*" | "!~~*" | "~" | "!~" | "~*" | "!~*" if on_left => {
                self.pattern_selectivity(op, &variable, value.as_ref()).unwrap_or(default)
            }
            _ => default,
        }
    }

    /// The value of an expression as far as it is known now: `estimate_expression_value`.
    pub fn value_of(&self, scalar: &Scalar) -> Option<Datum> {
        match scalar {
            Scalar::Const(value) => Some(value.clone()),
            other if is_known(other) => {
                let mut unknown = false;
                other.each(&mut |part| unknown |= matches!(part, Scalar::Param(_) | Scalar::Exec(_)));
                if unknown { None } else { self.planner.compute(other) }
            }
            _ => None,
        }
    }

    /// `var_eq_const`
    pub fn equal_to(&self, variable: &Variable, value: &Datum, negate: bool) -> f64 {
        let nulls = variable.stats.as_ref().map_or(0.0, |stats| f64::from(stats.null_frac));
        let tuples = variable.base.map_or(0.0, |base| self.bases[base].tuples);
        let part = match &variable.stats {
            _ if variable.unique && tuples >= 1.0 => 1.0 / tuples,
            None => 1.0 / self.distinct(variable).0,
            Some(stats) => {
                let found = stats.common.iter().find(|(common, _)| equal(common, value));
                match found {
                    Some((_, part)) => f64::from(*part),
                    None => {
                        let common: f64 = stats.common.iter().map(|(_, part)| f64::from(*part)).sum();
                        let mut part = clamp_part(1.0 - common - nulls);
                        let others = self.distinct(variable).0 - stats.common.len() as f64;
                        if others > 1.0 {
                            part /= others;
                        }
                        stats.common.last().map_or(part, |(_, least)| part.min(f64::from(*least)))
                    }
                }
            }
        };
        clamp_part(if negate { 1.0 - part - nulls } else { part })
    }

    /// `var_eq_non_const`
    fn equal_to_something(&self, variable: &Variable, negate: bool) -> f64 {
        let nulls = variable.stats.as_ref().map_or(0.0, |stats| f64::from(stats.null_frac));
        let tuples = variable.base.map_or(0.0, |base| self.bases[base].tuples);
        let part = match &variable.stats {
            _ if variable.unique && tuples >= 1.0 => 1.0 / tuples,
            None => 1.0 / self.distinct(variable).0,
            Some(stats) => {
                let distinct = self.distinct(variable).0;
                let part = (1.0 - nulls) / if distinct > 1.0 { distinct } else { 1.0 };
                stats.common.first().map_or(part, |(_, most)| part.min(f64::from(*most)))
            }
        };
        clamp_part(if negate { 1.0 - part - nulls } else { part })
    }

    fn null_selectivity(&self, arg: &Scalar, negated: bool, only: Relids) -> f64 {
        let variable = self.variable(arg, only);
        let system = variable.place.is_some_and(|place| {
            self.bases[place.base].table.as_ref().is_some_and(|table| place.column >= table.desc.natts())
        });
        let null = match &variable.stats {
            Some(stats) => f64::from(stats.null_frac),
            None if system => 0.0,
            None => UNKNOWN,
        };
        clamp_part(if negated { 1.0 - null } else { null })
    }

    fn bool_test(&self, arg: &Scalar, value: Option<bool>, negated: bool, asking: Asking) -> f64 {
        let variable = self.variable(arg, asking.only);
        let plain = match (&variable.stats, value) {
            (Some(stats), None) => f64::from(stats.null_frac),
            (Some(stats), Some(wanted)) => {
                let nulls = f64::from(stats.null_frac);
                let yes = match stats.common.first() {
                    Some((Datum::Bool(true), part)) => f64::from(*part),
                    Some((_, part)) => 1.0 - f64::from(*part) - nulls,
                    None => (1.0 - nulls) / 2.0,
                };
                if wanted { yes } else { 1.0 - yes - nulls }
            }
            (None, None) => UNKNOWN,
            (None, Some(wanted)) => {
                let yes = self.scalar_selectivity(arg, asking);
                if wanted { yes } else { 1.0 - yes }
            }
        };
        clamp_part(if negated { 1.0 - plain } else { plain })
    }

    /// `scalararraysel`: `= ANY` and `<> ALL` of values that exclude each other, and others that do not.
    fn each_selectivity(&self, op: &str, all: bool, args: &[Scalar; 2], asking: Asking) -> f64 {
        let one = |value: &Scalar| self.comparison(op, &args[0], value, asking.only);
        let disjoint = if all { op == "<>" } else { op == "=" };
        let items: Vec<f64> = match &args[1] {
            Scalar::Const(Datum::Null) => return 0.0,
            Scalar::Const(Datum::Array(array)) => {
                array.items.iter().map(|item| one(&Scalar::Const(item.clone()))).collect()
            }
            Scalar::Array(_, items) => items.iter().map(one).collect(),
            _ => {
                let part = one(&Scalar::Exec(usize::MAX));
                return clamp_part((0..10).fold(if all { 1.0 } else { 0.0 }, |so_far, _| {
                    if all { so_far * part } else { so_far + part - so_far * part }
                }));
            }
        };
        let mut found = if all { 1.0 } else { 0.0 };
        let mut apart = found;
        for part in items {
            found = if all { found * part } else { found + part - found * part };
            apart += if all { part - 1.0 } else { part };
        }
        clamp_part(if disjoint && (0.0..=1.0).contains(&apart) { apart } else { found })
    }
}

/// Whether two values are equal.
pub fn equal(a: &Datum, b: &Datum) -> bool {
    arith::eq(a, b).is_ok_and(|value| value.is_true())
}

/// Conditions that bound the same expression from both sides: `addRangeClause`.
#[derive(Default)]
struct Ranges {
    found: Vec<(Scalar, Option<f64>, Option<f64>)>,
}

impl Ranges {
    /// Takes a bound up; what is none is given back, to be multiplied.
    fn take(&mut self, level: &Level, op: &str, left: &Scalar, right: &Scalar, only: Relids, part: f64) -> f64 {
        let less = match op {
            "<" | "<=" => true,
            ">" | ">=" => false,
            _ => return part,
        };
        let known = |scalar: &Scalar| level.relids(scalar) == 0 && super::fold::is_stable(scalar);
        let (variable, on_left) = match () {
            () if known(right) => (left, true),
            () if known(left) => (right, false),
            () => return part,
        };
        let _ = only;
        let low = less != on_left;
        let at = self.found.iter().position(|(own, ..)| same(own, variable)).unwrap_or_else(|| {
            self.found.push((variable.clone(), None, None));
            self.found.len() - 1
        });
        let (_, lower, upper) = &mut self.found[at];
        let bound = if low { lower } else { upper };
        *bound = Some(bound.map_or(part, |before| before.min(part)));
        1.0
    }

    fn selectivity(&self, level: &Level) -> f64 {
        let mut all = 1.0;
        // The last one found comes first.
        for (variable, lower, upper) in self.found.iter().rev() {
            all *= match (lower, upper) {
                (Some(low), Some(high)) if *low == INEQUALITY || *high == INEQUALITY => RANGE,
                (Some(low), Some(high)) => {
                    let both = high + low - 1.0 + level.null_selectivity(variable, false, 0);
                    match () {
                        () if both > 0.0 => both,
                        () if both < -0.01 => RANGE,
                        () => 1.0e-10,
                    }
                }
                (one, other) => one.or(*other).unwrap_or(1.0),
            };
        }
        all
    }
}
