//! What is known of the values of an expression: PostgreSQL's `VariableStatData`.

use super::super::bound::Scalar;
use super::costs::clamp_rows;
use super::level::{Level, Place};
use super::path::Relids;
use crate::types::TypeId;
use crate::types::column_stats::ColumnStats;
use std::rc::Rc;

/// How many different values something has of which nothing is known.
const DEFAULT_DISTINCT: f64 = 200.0;

/// An expression over one relation, and what is known of it.
pub struct Variable<'s> {
    pub scalar: &'s Scalar,
    pub ty: TypeId,
    /// The relation, and the column if it is one.
    pub base: Option<usize>,
    pub place: Option<Place>,
    pub stats: Option<Rc<ColumnStats>>,
    /// Whether no two rows have the same.
    pub unique: bool,
}

impl Level<'_> {
    /// `examine_variable`; of other relations than `only`, if that is given, values are as good as known.
    pub fn variable<'s>(&self, scalar: &'s Scalar, only: Relids) -> Variable<'s> {
        let relids = self.relids(scalar);
        let mut found =
            Variable { scalar, ty: self.type_of(scalar).0, base: None, place: None, stats: None, unique: false };
        let relids = if only != 0 && relids & !only != 0 { 0 } else { relids };
        if relids.count_ones() != 1 {
            return found;
        }
        let base = relids.trailing_zeros() as usize;
        found.base = Some(base);
        let Scalar::Column(slot) = scalar else { return found };
        let Some(place) = self.place(*slot) else { return found };
        found.place = Some(place);
        let own = &self.bases[base];
        match &own.table {
            Some(table) => {
                found.stats = own.stats.column(place.column).cloned();
                let mut indexes = table.rel.indexes.iter();
                found.unique =
                    indexes.any(|index| index.unique && index.natts() == 1 && index.keys[0].column == place.column);
            }
            None => {
                if let Some(Some(known)) = own.columns.get(place.column) {
                    found.stats = known.stats.clone();
                    found.unique = known.unique;
                }
            }
        }
        found
    }

    /// `get_variable_numdistinct`: how many different values, and whether that is but a default.
    pub fn distinct(&self, variable: &Variable) -> (f64, bool) {
        let mut known = match &variable.stats {
            Some(stats) => f64::from(stats.distinct),
            None if variable.ty == TypeId::Bool => 2.0,
            None => self.system_distinct(variable),
        };
        let nulls = variable.stats.as_ref().map_or(0.0, |stats| f64::from(stats.null_frac));
        if variable.unique {
            known = nulls - 1.0;
        }
        if known > 0.0 {
            return (clamp_rows(known), false);
        }
        let tuples = variable.base.map_or(0.0, |base| self.bases[base].tuples);
        match () {
            () if tuples <= 0.0 => (DEFAULT_DISTINCT, true),
            () if known < 0.0 => (clamp_rows(-known * tuples), false),
            () if tuples < DEFAULT_DISTINCT => (clamp_rows(tuples), false),
            () => (DEFAULT_DISTINCT, true),
        }
    }

    /// Of system columns `ctid` is different in each row, `tableoid` in none.
    fn system_distinct(&self, variable: &Variable) -> f64 {
        let Some(place) = variable.place else { return 0.0 };
        let Some(table) = &self.bases[place.base].table else { return 0.0 };
        match place.column.checked_sub(table.desc.natts()) {
            Some(0) => -1.0,
            Some(5) => 1.0,
            _ => 0.0,
        }
    }

    /// The only operand of the two of which something can be known, whether it is the left one, and the other.
    pub fn of_one<'s>(
        &self,
        left: &'s Scalar,
        right: &'s Scalar,
        only: Relids,
    ) -> Option<(Variable<'s>, bool, &'s Scalar)> {
        let (a, b) = (self.variable(left, only), self.variable(right, only));
        let none = |scalar: &Scalar| {
            let relids = self.relids(scalar);
            relids == 0 || only != 0 && relids & only == 0
        };
        match () {
            () if a.base.is_some() && none(right) => Some((a, true, right)),
            () if b.base.is_some() && none(left) => Some((b, false, left)),
            () => None,
        }
    }
}
