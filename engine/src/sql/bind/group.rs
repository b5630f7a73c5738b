//! GROUP BY: keys, and the sets of keys that GROUPING SETS, ROLLUP and CUBE stand for.
//!
//! ```text
//!   GROUP BY a, ROLLUP (b, c)      (a, b, c)  (a, b)  (a)
//!   GROUP BY CUBE (a, b)           (a, b)  (a)  (b)  ()
//! ```
//!
//! PostgreSQL: `parse_agg.c` (`expand_grouping_sets`), `parse_clause.c` (`transformGroupClause`).

use super::super::ast::{self, Expr, ExprKind, GroupItem, Ident, Pos, Target};
use super::super::bound::{AggCall, AggKind, Scalar, slot};
use super::Binder;
use super::coerce::Typed;
use super::level::{Groups, Level};
use super::select::no_position;
use crate::ids::{Error, Result, sqlstate};
use crate::types::TypeId;

/// The most grouping sets; as in PostgreSQL.
const MAX_SETS: usize = 4096;

impl Binder<'_> {
    /// The keys of a GROUP BY clause and its sets.
    pub fn groups(&mut self, select: &ast::Select, level: &mut Level) -> Result<Groups> {
        level.clause = "GROUP BY";
        let mut groups = Groups::default();
        let plain = select.group_by.iter().all(|item| matches!(item, GroupItem::Keys(keys) if !keys.is_empty()));
        let mut sets: Vec<Vec<usize>> = vec![Vec::new()];
        for item in &select.group_by {
            let own = self.group_sets(item, select, &mut groups.keys, level)?;
            if sets.len() * own.len() > MAX_SETS {
                let message = "too many grouping sets present (maximum 4096)";
                return Err(Error::new(sqlstate::STATEMENT_TOO_COMPLEX, message));
            }
            sets = sets.iter().flat_map(|set| own.iter().map(move |own| [&set[..], own].concat())).collect();
        }
        if !plain && !select.group_by.is_empty() {
            for set in &mut sets {
                set.sort_unstable();
                set.dedup();
            }
            if select.group_distinct {
                let mut distinct: Vec<Vec<usize>> = Vec::new();
                for set in sets {
                    if !distinct.contains(&set) {
                        distinct.push(set);
                    }
                }
                sets = distinct;
            }
            groups.sets = Some(sets);
        }
        Ok(groups)
    }

    /// The sets of one item.
    fn group_sets(
        &mut self,
        item: &GroupItem,
        select: &ast::Select,
        keys: &mut Vec<(Expr, Typed)>,
        level: &mut Level,
    ) -> Result<Vec<Vec<usize>>> {
        let mut numbers = |binder: &mut Self, list: &[Expr]| -> Result<Vec<usize>> {
            list.iter().map(|key| binder.group_key_number(key, select, keys, level)).collect()
        };
        Ok(match item {
            GroupItem::Keys(list) => vec![numbers(self, list)?],
            GroupItem::Rollup(lists) => {
                let lists = lists.iter().map(|list| numbers(self, list)).collect::<Result<Vec<_>>>()?;
                (0..=lists.len()).rev().map(|upto| lists[..upto].concat()).collect()
            }
            GroupItem::Cube(lists) => {
                if lists.len() > 12 {
                    let message = "CUBE is limited to 12 elements";
                    return Err(Error::new(sqlstate::TOO_MANY_COLUMNS, message));
                }
                let lists = lists.iter().map(|list| numbers(self, list)).collect::<Result<Vec<_>>>()?;
                let mut sets: Vec<Vec<usize>> = (0..1_usize << lists.len())
                    .map(|bits| {
                        (0..lists.len()).filter(|at| bits >> at & 1 == 1).flat_map(|at| lists[at].clone()).collect()
                    })
                    .collect();
                sets.sort_by_key(|set| std::cmp::Reverse(set.len()));
                sets
            }
            GroupItem::Sets(items) => {
                let mut sets = Vec::new();
                for item in items {
                    sets.extend(self.group_sets(item, select, keys, level)?);
                }
                sets
            }
        })
    }

    /// The number of a key: a position or a name of the target list, a column, an expression.
    fn group_key_number(
        &mut self,
        key: &Expr,
        select: &ast::Select,
        keys: &mut Vec<(Expr, Typed)>,
        level: &mut Level,
    ) -> Result<usize> {
        let written = match &key.kind {
            ExprKind::Int4(n) => positioned(&select.targets, *n, "GROUP BY", key.pos)?,
            ExprKind::Int8(_) | ExprKind::Numeric(_) | ExprKind::String(_) | ExprKind::Null | ExprKind::Bool(_) => {
                let message = "non-integer constant in GROUP BY";
                return Err(Error::new(sqlstate::SYNTAX_ERROR, message).at(key.pos.0));
            }
            // A column of FROM is meant before a name of the target list.
            ExprKind::Column(path) if path.len() == 1 && level.scope.column(path, 0, key.pos).is_err() => {
                named(&select.targets, &path[0]).unwrap_or(key)
            }
            _ => key,
        };
        if let Some(at) = keys.iter().position(|(known, _)| known == written) {
            return Ok(at);
        }
        let bound = self.expr(written, level)?;
        let bound = self.known(bound)?;
        if crate::types::binary_op("=", bound.ty, bound.ty).is_err() {
            let message = format!("could not identify an equality operator for type {}", bound.ty);
            return Err(Error::new(sqlstate::UNDEFINED_FUNCTION, message).at(key.pos.0));
        }
        let same = keys.iter().position(|(_, known)| match (&known.scalar, &bound.scalar) {
            (Scalar::Column(a), Scalar::Column(b)) => a == b,
            _ => false,
        });
        Ok(same.unwrap_or_else(|| {
            keys.push((written.clone(), bound));
            keys.len() - 1
        }))
    }

    /// `GROUPING(a, b)`: a bit for each, set where the group is not by it.
    pub fn grouping_call(&mut self, args: &[&Expr], pos: Pos, level: &mut Level) -> Result<Typed> {
        if args.len() > 31 {
            return Err(
                Error::new(sqlstate::TOO_MANY_ARGUMENTS, "GROUPING must have fewer than 32 arguments").at(pos.0)
            );
        }
        let mut numbers = Vec::with_capacity(args.len());
        for arg in args {
            match self.expr(arg, level).map(|typed| typed.scalar) {
                Ok(Scalar::Column(at)) if (slot::KEY..slot::CALL).contains(&at) => numbers.push(at - slot::KEY),
                _ => {
                    let message = "arguments to GROUPING must be grouping expressions of the associated query level";
                    return Err(Error::new(sqlstate::GROUPING_ERROR, message).at(arg.pos.0));
                }
            }
        }
        let Some(groups) = &mut level.groups else {
            return Err(Error::internal("GROUPING without groups"));
        };
        let kind = AggKind::Grouping(numbers);
        groups.calls.push(AggCall { kind, args: Vec::new(), distinct: false, order_by: Vec::new(), filter: None });
        Ok(Typed::new(Scalar::Column(slot::CALL + groups.calls.len() - 1), TypeId::Int4, pos))
    }
}

/// The expression of the target list at a position.
pub(super) fn positioned<'a>(targets: &'a [Target], n: i32, clause: &str, pos: Pos) -> Result<&'a Expr> {
    match usize::try_from(n).ok().and_then(|n| targets.get(n.wrapping_sub(1))) {
        Some(Target::Expr(expr, _)) => Ok(expr),
        Some(_) => Err(Error::unsupported(format!("a position in {clause} beside *")).at(pos.0)),
        None => Err(no_position(n, clause, pos)),
    }
}

/// The expression of the target list with a name.
pub(super) fn named<'a>(targets: &'a [Target], name: &Ident) -> Option<&'a Expr> {
    targets.iter().find_map(|target| match target {
        Target::Expr(expr, Some(alias)) if alias == name => Some(expr),
        _ => None,
    })
}
