//! Joins: ON, USING and NATURAL.
//!
//! USING and NATURAL merge columns of the same name: the merged column stands first, and those of the sides must be
//! qualified from there on. It is the left side's in an inner or left join, the right side's in a right join, and
//! whichever is there in a full one.
//!
//! PostgreSQL: `parse_clause.c` (`transformFromClauseItem`).

use super::super::ast::{self, Alias, Ident, Join, JoinOn, Pos};
use super::super::bound::{Exprs, FromNode, JoinKind, Scalar};
use super::Binder;
use super::coerce::Typed;
use super::from::{pair, rename};
use super::level::Level;
use super::scope::{Column, Item};
use crate::ids::{Error, Oid, Result, sqlstate};
use std::mem::replace;
use std::rc::Rc;

impl Binder<'_> {
    pub fn join(&mut self, join: &Join, level: &mut Level) -> Result<FromNode> {
        let first = level.scope.items.len();
        let left = self.item(&join.left, level)?;
        let middle = level.scope.items.len();
        let right = self.item(&join.right, level)?;
        let kind = match join.kind {
            ast::JoinKind::Inner => JoinKind::Inner,
            ast::JoinKind::Left => JoinKind::Left,
            ast::JoinKind::Right => JoinKind::Right,
            ast::JoinKind::Full => JoinKind::Full,
        };
        if matches!(kind, JoinKind::Right | JoinKind::Full) && is_lateral(&right) {
            let message = "invalid reference to FROM-clause entry for a table to the left of a RIGHT or FULL JOIN";
            return Err(Error::new(sqlstate::INVALID_COLUMN_REFERENCE, message)
                .detail("The combining JOIN type must be INNER or LEFT for a LATERAL reference."));
        }
        let on = match &join.on {
            JoinOn::Nothing => Vec::new(),
            JoinOn::On(on) => self.on(on, first, level)?,
            JoinOn::Using(columns) => self.using(columns, kind, (first, middle), join.alias.as_ref(), level)?,
            JoinOn::Natural => {
                let common = common_names(&level.scope.items, first, middle);
                self.using(&common, kind, (first, middle), None, level)?
            }
        };
        Ok(pair(left, right, kind, on))
    }

    fn on(&mut self, on: &ast::Expr, first: usize, level: &mut Level) -> Result<Vec<Exprs>> {
        let (before, clause) = (replace(&mut level.first, first), replace(&mut level.clause, "JOIN conditions"));
        let conjuncts = match &on.kind {
            ast::ExprKind::And(args) => args.as_slice(),
            _ => std::slice::from_ref(on),
        };
        let name = if conjuncts.len() > 1 { "AND" } else { "JOIN/ON" };
        let mut bound = Vec::with_capacity(conjuncts.len());
        for conjunct in conjuncts {
            let condition = self.expr(conjunct, level)?;
            let condition = self.condition(condition, name)?;
            bound.push(level.exprs(vec![condition]));
        }
        (level.first, level.clause) = (before, clause);
        Ok(bound)
    }

    /// Columns of the same name on both sides, whose items are `first..middle` and those behind.
    fn using(
        &mut self,
        names: &[(Ident, Pos)],
        kind: JoinKind,
        (first, middle): (usize, usize),
        alias: Option<&Ident>,
        level: &mut Level,
    ) -> Result<Vec<Exprs>> {
        let mut on = Vec::with_capacity(names.len());
        let mut merged = Vec::with_capacity(names.len());
        for (at, (name, pos)) in names.iter().enumerate() {
            if names[..at].iter().any(|(other, _)| other == name) {
                let message = format!("column name \"{name}\" appears more than once in USING clause");
                return Err(Error::new(sqlstate::DUPLICATE_COLUMN, message));
            }
            let items = &mut level.scope.items;
            let (left_items, right_items) = items.split_at_mut(middle);
            let left = only(&mut left_items[first..], name, "left")?;
            let right = only(right_items, name, "right")?;
            let typed = |column: &Column| {
                let scalar = column.merged.as_deref().cloned().unwrap_or(Scalar::Column(column.slot));
                Typed { scalar, ty: column.ty, typmod: column.typmod, pos: *pos }
            };
            let test = self.binary(&"=".into(), typed(&left), typed(&right), *pos)?;
            on.push(Exprs::of(test.scalar));
            merged.push(self.merged(kind, &left, &right, typed(&left), typed(&right))?);
        }
        if let Some(alias) = alias {
            let item = Item::of_columns(alias.clone(), true, merged.iter().cloned().map(hidden).collect());
            level.scope.add(item)?;
        }
        if !merged.is_empty() {
            let item = Item { unnamed: true, ..Item::of_columns("".into(), true, merged) };
            level.scope.items.insert(first, item);
        }
        Ok(on)
    }

    /// The column that two become.
    fn merged(&mut self, kind: JoinKind, left: &Column, right: &Column, a: Typed, b: Typed) -> Result<Column> {
        let (at, bt) = (a.clone(), b.clone());
        let (scalars, ty) = self.common(vec![a, b], "JOIN/USING")?;
        let mut scalars = scalars.into_iter();
        let (Some(l), Some(r)) = (scalars.next(), scalars.next()) else { return Err(Error::internal("a join of one")) };
        let (from, scalar, typed) = match kind {
            JoinKind::Right => (right, r, bt),
            JoinKind::Full => (left, Scalar::Coalesce(vec![l, r]), at),
            _ => (left, l, at),
        };
        let plain = matches!(scalar, Scalar::Column(slot) if slot == from.slot);
        let typmod = if left.typmod == right.typmod && typed.ty == ty { left.typmod } else { -1 };
        Ok(Column {
            name: from.name.clone(),
            ty,
            typmod,
            slot: if plain { from.slot } else { usize::MAX },
            merged: (!plain).then(|| Rc::new(scalar)),
            hidden: false,
            source: if plain { from.source } else { (Oid(0), 0) },
        })
    }

    /// A join in parentheses with a name: its items go out of sight.
    pub fn rename_join(&mut self, first: usize, alias: &Alias, level: &mut Level) -> Result<()> {
        let items = level.scope.items.split_off(first);
        let mut columns: Vec<Column> =
            items.into_iter().flat_map(|item| item.columns).filter(|column| !column.hidden).collect();
        rename(&mut columns, Some(alias), &alias.name)?;
        level.scope.add(Item::of_columns(alias.name.clone(), true, columns))
    }
}

fn hidden(column: Column) -> Column {
    Column { hidden: true, ..column }
}

fn is_lateral(from: &FromNode) -> bool {
    match from {
        FromNode::Function(item) => !item.lateral.is_empty(),
        FromNode::Subquery(_, _, args) => !args.is_empty(),
        _ => false,
    }
}

/// The names that both sides have, in the order of the left.
fn common_names(items: &[Item], first: usize, middle: usize) -> Vec<(Ident, Pos)> {
    let visible = |items: &[Item]| -> Vec<Ident> {
        let columns = items.iter().flat_map(|item| &item.columns);
        columns.filter(|column| !column.hidden).map(|column| column.name.clone()).collect()
    };
    let right = visible(&items[middle..]);
    visible(&items[first..middle]).into_iter().filter(|name| right.contains(name)).map(|name| (name, Pos(0))).collect()
}

/// The only column of a name on one side; it is hidden from there on.
fn only(items: &mut [Item], name: &Ident, side: &str) -> Result<Column> {
    let columns = items.iter_mut().flat_map(|item| &mut item.columns);
    let mut found = columns.filter(|column| !column.hidden && column.name == *name);
    let Some(column) = found.next() else {
        let message = format!("column \"{name}\" specified in USING clause does not exist in {side} table");
        return Err(Error::new(sqlstate::UNDEFINED_COLUMN, message));
    };
    if found.next().is_some() {
        let message = format!("common column name \"{name}\" appears more than once in {side} table");
        return Err(Error::new(sqlstate::AMBIGUOUS_COLUMN, message));
    }
    let own = column.clone();
    column.hidden = true;
    Ok(own)
}
