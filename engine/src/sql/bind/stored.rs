//! Expressions that the catalogs keep: defaults of columns, conditions of checks.
//!
//! They are bound twice: when they are made, to see that they are right and to write them down ([`new_default`],
//! [`new_check`]); and by each statement that needs them, from what was written down.

use super::super::ast::{Expr, ExprKind, Quantity};
use super::super::bound::{CatalogView, Check, Exprs, Scalar, Table};
use super::super::deparse::deparse;
use super::super::functions::Registry;
use super::super::parse::parse_expression;
use super::Binder;
use super::coerce::Typed;
use super::level::Level;
use super::notes::{Notes, Rewrite};
use crate::ids::{Error, Result, sqlstate};
use crate::types::{Attr, CastContext, Datum};
use std::cell::RefCell;
use std::rc::Rc;

/// What is made of a table's stored expressions once, when they are first needed.
struct Parsed {
    defaults: Vec<Option<Expr>>,
    checks: Vec<(Rc<str>, Expr)>,
}

/// DEFAULT of a column, as it is kept.
pub fn new_default(attr: &Attr, default: &Expr, catalog: &dyn CatalogView, registry: &Registry) -> Result<String> {
    let mut binder = Binder::new(catalog, registry, None);
    binder.notes = Some(Box::default());
    let mut level = Level::new("DEFAULT expressions");
    if any(default, &|expr| matches!(expr.kind, ExprKind::Column(_))) {
        let message = "cannot use column reference in DEFAULT expression";
        return Err(Error::new(sqlstate::FEATURE_NOT_SUPPORTED, message));
    }
    refuse_subquery(default, "DEFAULT expression")?;
    let value = binder.expr(default, &mut level)?;
    binder.default_value(value, attr)?;
    binder.written(default)
}

/// The condition of a CHECK of a table, as it is kept, and the columns that it is about.
pub fn new_check(
    table: &Rc<Table>,
    condition: &Expr,
    catalog: &dyn CatalogView,
    registry: &Registry,
) -> Result<(String, Vec<usize>)> {
    let mut binder = Binder::new(catalog, registry, None);
    binder.notes = Some(Box::default());
    let scalar = binder.check_condition(table, condition)?;
    let columns: Vec<usize> = (0..table.desc.natts()).filter(|at| scalar.any_column(&|slot| slot == *at)).collect();
    Ok((binder.written(condition)?, columns))
}

/// What is kept must not ask a query.
pub(super) fn refuse_subquery(expr: &Expr, what: &str) -> Result<()> {
    let asks = |kind: &ExprKind| match kind {
        ExprKind::Query(..) | ExprKind::InQuery(..) => true,
        ExprKind::Quantified(quantified) => matches!(quantified.right, Quantity::Query(_)),
        _ => false,
    };
    if asks(&expr.kind) {
        let message = format!("cannot use subquery in {what}");
        return Err(Error::new(sqlstate::FEATURE_NOT_SUPPORTED, message).at(expr.pos.0));
    }
    let mut result = Ok(());
    expr.parts(&mut |part| {
        if result.is_ok() {
            result = refuse_subquery(part, what);
        }
    });
    result
}

/// Whether an expression has a part like this.
fn any(expr: &Expr, is: &dyn Fn(&Expr) -> bool) -> bool {
    let mut found = is(expr);
    expr.parts(&mut |part| found = found || any(part, is));
    found
}

impl Binder<'_> {
    /// An expression that was bound, as it is kept: with the casts that it did not say. One of the whole is the column's.
    fn written(&mut self, expr: &Expr) -> Result<String> {
        let notes = Notes::of_casts(self.notes.take().unwrap_or_default().casts);
        let mut written = expr.clone();
        Rewrite { notes: &notes, literals: &self.literals, keys: RefCell::default() }.part(&mut written)?;
        Ok(deparse(&written, &Vec::new()))
    }

    /// The condition of a check, over a row of the table.
    fn check_condition(&mut self, table: &Rc<Table>, condition: &Expr) -> Result<Scalar> {
        let mut level = Level::new("check constraints");
        self.add_table(table, None, &mut level)?;
        refuse_subquery(condition, "check constraint")?;
        let value = self.expr(condition, &mut level)?;
        if !level.waits.is_empty() {
            return Err(Error::unsupported("a check that waits").at(condition.pos.0));
        }
        if level.scope.items[0].system_used {
            return Err(Error::unsupported("a check of a system column").at(condition.pos.0));
        }
        self.condition(value, "CHECK")
    }

    /// A default assigned to its column.
    fn default_value(&mut self, value: Typed, attr: &Attr) -> Result<Scalar> {
        let (from, pos) = (value.ty, value.pos);
        match self.coerce(value, attr.type_id, CastContext::Assignment)? {
            Some(value) => Ok(self.with_typmod(value, attr.typmod, false).scalar),
            None => {
                let message = format!(
                    "column \"{}\" is of type {} but default expression is of type {from}",
                    attr.name, attr.type_id
                );
                Err(Error::new(sqlstate::DATATYPE_MISMATCH, message)
                    .hint("You will need to rewrite or cast the expression.")
                    .at(pos.0))
            }
        }
    }

    /// What a column gets that nobody gives a value.
    pub fn default_of(&mut self, table: &Table, column: usize, level: &mut Level) -> Result<Scalar> {
        let parsed = parsed(table)?;
        let Some(default) = parsed.defaults.get(column).and_then(Option::as_ref) else {
            return Ok(Scalar::Const(Datum::Null));
        };
        let value = self.expr(default, level)?;
        self.default_value(value, &table.desc.attrs[column])
    }

    /// The conditions that each row of a table has to meet, in the order in which they are looked at.
    pub fn checks_of(&mut self, table: &Rc<Table>) -> Result<Vec<Check>> {
        let parsed = parsed(table)?;
        let bound = |(name, condition): &(Rc<str>, Expr)| {
            self.check_condition(table, condition)
                .map(|condition| Check { name: name.clone(), condition: Exprs::of(condition) })
        };
        parsed.checks.iter().map(bound).collect()
    }
}

fn parsed(table: &Table) -> Result<Rc<Parsed>> {
    if let Some(known) = table.derived.get().and_then(|known| known.clone().downcast::<Parsed>().ok()) {
        return Ok(known);
    }
    let mut defaults: Vec<Option<Expr>> = vec![None; table.desc.natts()];
    for (column, text) in &table.defaults {
        defaults[*column] = Some(parse_expression(text)?);
    }
    let conditions = table.constraints.iter().filter_map(|row| Some((row.name.clone(), row.condition.as_ref()?)));
    let checks = conditions.map(|(name, text)| Ok((name, parse_expression(text)?))).collect::<Result<_>>()?;
    let parsed = Rc::new(Parsed { defaults, checks });
    let _ = table.derived.set(parsed.clone());
    Ok(parsed)
}
