//! Which part of the rows LIKE lets through.
//!
//! PostgreSQL: `patternsel` in `utils/adt/like_support.c`.

use super::costs::clamp_part;
use super::level::Level;
use super::variable::Variable;
use crate::types::{Datum, TypeId, arith};

/// A pattern: what every match begins with, and what stands behind that.
struct Pattern {
    prefix: String,
    /// Whether a match is the prefix and no more.
    exact: bool,
    /// The part that the rest lets through.
    rest: f64,
}

impl Level<'_> {
    /// The selectivity of LIKE and NOT LIKE; of other patterns only a guess is made.
    pub fn pattern_selectivity(&self, op: &str, variable: &Variable, value: Option<&Datum>) -> Option<f64> {
        let (negate, folds) = match op {
            "~~" => (false, false),
            "!~~" => (true, false),
            "~~*" => (false, true),
            "!~~*" => (true, true),
            _ => return None,
        };
        let text = match value? {
            Datum::Null => return Some(0.0),
            Datum::Text(text) => text,
            _ => return None,
        };
        if !matches!(variable.ty, TypeId::Text | TypeId::Varchar | TypeId::Name | TypeId::Bpchar) {
            return None;
        }
        let pattern = Pattern::of(text, folds);
        let nulls = variable.stats.as_ref().map_or(0.0, |stats| f64::from(stats.null_frac));
        let part = if pattern.exact {
            self.equal_to(variable, &Datum::text(pattern.prefix.as_str()), false)
        } else {
            self.matching(variable, text, &pattern, folds)
        };
        Some(clamp_part(if negate { 1.0 - part - nulls } else { part }))
    }

    fn matching(&self, variable: &Variable, text: &str, pattern: &Pattern, folds: bool) -> f64 {
        let wanted = Datum::text(text);
        let matches = |own: &Datum| {
            let own = match own {
                Datum::Bpchar(text) | Datum::Name(text) => Datum::Text(text.clone()),
                other => other.clone(),
            };
            let found =
                if folds { crate::types::like::ilike(&own, &wanted) } else { crate::types::like::like(&own, &wanted) };
            found.is_ok_and(|found| found.is_true())
        };
        let bounds = variable.stats.as_ref().map_or(&[][..], |stats| &stats.histogram);
        let mut part = None;
        if bounds.len() >= 10 {
            let found = bounds[1..bounds.len() - 1].iter().filter(|own| matches(own)).count();
            part = Some(found as f64 / (bounds.len() - 2) as f64);
        }
        if bounds.len() < 100 {
            let guess = self.prefix_part(variable, pattern) * pattern.rest;
            let weight = bounds.len() as f64 / 100.0;
            part = Some(part.map_or(guess, |part| part * weight + guess * (1.0 - weight)));
        }
        let mut part = part.unwrap_or(0.005).clamp(0.0001, 0.9999);
        if let Some(stats) = &variable.stats {
            let (mut common, mut passing) = (0.0, 0.0);
            for (own, share) in &stats.common {
                common += f64::from(*share);
                passing += if matches(own) { f64::from(*share) } else { 0.0 };
            }
            part = part * (1.0 - f64::from(stats.null_frac) - common) + passing;
        }
        part
    }

    /// `prefix_selectivity`: what lies between the prefix and the next text that does not begin with it.
    fn prefix_part(&self, variable: &Variable, pattern: &Pattern) -> f64 {
        if pattern.prefix.is_empty() {
            return 1.0;
        }
        let prefix = Datum::text(pattern.prefix.as_str());
        let at_least = |own: &Datum| arith::ge(own, &prefix).is_ok_and(|found| found.is_true());
        let Some(mut part) = self.histogram_part(variable, true, true, &prefix, &at_least) else { return 0.005 };
        if let Some(next) = greater(&pattern.prefix) {
            let next = Datum::text(next.as_str());
            let below = |own: &Datum| arith::lt(own, &next).is_ok_and(|found| found.is_true());
            part += self.histogram_part(variable, false, false, &next, &below).unwrap_or(1.0) - 1.0;
        }
        part.max(self.equal_to(variable, &prefix, false))
    }
}

/// `make_greater_string`: the least text above all that begin like this one.
fn greater(prefix: &str) -> Option<String> {
    let mut text: Vec<char> = prefix.chars().collect();
    while let Some(last) = text.pop() {
        if let Some(next) = char::from_u32(u32::from(last) + 1) {
            text.push(next);
            return Some(text.into_iter().collect());
        }
    }
    None
}

impl Pattern {
    fn of(text: &str, folds: bool) -> Pattern {
        let mut prefix = String::new();
        let mut chars = text.chars();
        let mut rest;
        let exact = loop {
            rest = chars.clone();
            match chars.next() {
                None => break true,
                Some('%' | '_') => break false,
                Some('\\') => match chars.next() {
                    None => break false,
                    Some(c) => prefix.push(c),
                },
                Some(c) if folds && (c.is_ascii_alphabetic() || !c.is_ascii()) => break false,
                Some(c) => prefix.push(c),
            }
        };
        let mut part: f64 = 1.0;
        let rest = rest.as_str().trim_start_matches(['%', '_']);
        let mut bytes = rest.bytes();
        while let Some(byte) = bytes.next() {
            part *= match byte {
                b'%' => 5.0,
                b'_' => 0.9,
                b'\\' if bytes.next().is_none() => break,
                _ => 0.2,
            };
        }
        Pattern { prefix, exact, rest: part.min(1.0) }
    }
}
