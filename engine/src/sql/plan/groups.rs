//! How many groups there are.
//!
//! PostgreSQL: `estimate_num_groups` in `utils/adt/selfuncs.c`.

use super::super::bound::{Exprs, Scalar};
use super::costs::clamp_rows;
use super::level::Level;
use super::same::same;
use super::variable::Variable;
use crate::types::TypeId;

impl Level<'_> {
    /// How many groups rows make that are grouped by these expressions.
    pub fn number_of_groups(&self, keys: &[&Scalar], rows: f64) -> f64 {
        let rows = clamp_rows(rows);
        if keys.is_empty() {
            return 1.0;
        }
        let mut number = 1.0;
        let mut found: Vec<(Variable, f64)> = Vec::new();
        for key in keys {
            if self.type_of(key).0 == TypeId::Bool {
                number *= 2.0;
                continue;
            }
            let variable = self.variable(key, 0);
            if variable.stats.is_some() || variable.unique {
                self.add_group_variable(&mut found, variable);
                continue;
            }
            let mut columns = Vec::new();
            key.each(&mut |part| {
                if matches!(part, Scalar::Column(_)) {
                    columns.push(part);
                }
            });
            if columns.is_empty() && super::fold::is_volatile(key) {
                return rows;
            }
            for column in columns {
                let variable = self.variable(column, 0);
                self.add_group_variable(&mut found, variable);
            }
        }
        while !found.is_empty() {
            let base = found[0].0.base;
            let (own, rest): (Vec<_>, Vec<_>) = found.into_iter().partition(|(variable, _)| variable.base == base);
            found = rest;
            let mut distinct: f64 = own.iter().map(|(_, distinct)| distinct).product();
            let most = own.iter().map(|(_, distinct)| *distinct).fold(1.0, f64::max);
            if let Some(base) = base.filter(|base| self.bases[*base].tuples > 0.0) {
                let (tuples, base_rows) = (self.bases[base].tuples, self.rels[base].rows);
                let mut clamp = tuples;
                if own.len() > 1 {
                    clamp = (clamp * 0.1).max(most).min(tuples);
                }
                distinct = distinct.min(clamp);
                if distinct > 0.0 && base_rows < tuples {
                    distinct *= 1.0 - libm::pow((tuples - base_rows) / tuples, tuples / distinct);
                }
                distinct = clamp_rows(distinct);
                number *= distinct;
            }
        }
        f64::ceil(number).min(rows).max(1.0)
    }

    /// `add_unique_group_var`: of expressions that are known to be equal, the one with fewer values counts.
    fn add_group_variable<'s>(&self, found: &mut Vec<(Variable<'s>, f64)>, variable: Variable<'s>) {
        let distinct = self.distinct(&variable).0;
        let mut at = 0;
        while at < found.len() {
            let (known, least) = &found[at];
            if same(known.scalar, variable.scalar) {
                return;
            }
            if known.base != variable.base && self.are_equal(known.scalar, variable.scalar) {
                if *least <= distinct {
                    return;
                }
                found.remove(at);
                continue;
            }
            at += 1;
        }
        found.push((variable, distinct));
    }

    fn are_equal(&self, a: &Scalar, b: &Scalar) -> bool {
        let has = |at: usize, scalar: &Scalar| self.classes[at].members.iter().any(|own| same(&own.scalar, scalar));
        (0..self.classes.len()).any(|at| self.classes[at].merged.is_none() && has(at, a) && has(at, b))
    }

    /// How many rows a function gives for each row.
    pub fn set_rows(&self, function: &super::super::functions::Function, args: &Exprs) -> f64 {
        match (function.name, args.scalars.len()) {
            _ if !function.returns_rows() => 1.0,
            ("unnest", _) => 10.0,
            _ => 1000.0,
        }
    }
}
