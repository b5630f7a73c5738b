//! COPY FROM: what becomes of a row that gives some columns.

use super::super::ast::Expr;
use super::super::bound::{Bound, CatalogView, Exprs, Insert, Scalar, Statement, Table};
use super::super::functions::Registry;
use super::Binder;
use super::level::Level;
use super::stored::refuse_subquery;
use crate::ids::Result;
use std::rc::Rc;

/// An INSERT of rows that have just these columns of the table, in this order; and the conditions of WHERE, over the
/// columns of the table.
pub fn copy_into(
    table: &Rc<Table>,
    columns: &[usize],
    filter: Option<&Expr>,
    catalog: &dyn CatalogView,
    registry: &Registry,
) -> Result<(Bound, Vec<Exprs>)> {
    let mut binder = Binder::new(catalog, registry, None);
    let mut level = Level::new("WHERE");
    binder.add_table(table, None, &mut level)?;
    if let Some(filter) = filter {
        refuse_subquery(filter, "COPY FROM WHERE condition")?;
    }
    let filter = binder.filter(filter, &mut level)?;
    let mut defaults = Level::new("DEFAULT expressions");
    let mut values = Vec::with_capacity(table.desc.natts());
    for column in 0..table.desc.natts() {
        values.push(match columns.iter().position(|given| *given == column) {
            Some(at) => Scalar::Column(at),
            None => binder.default_of(table, column, &mut defaults)?,
        });
    }
    let (table, values, checks) = (table.clone(), defaults.exprs(values), binder.checks_of(table)?);
    let insert = Insert { table, source: None, values, checks, on_conflict: None, returning: None };
    let Binder { subqueries, ctes, execs, .. } = binder;
    let statement = Statement::Insert(Box::new(insert));
    Ok((Bound { statement, params: Vec::new(), subqueries, ctes, execs }, filter))
}
