//! The arguments of EXECUTE: a query of one row, whose columns are the values of the parameters.

use super::super::ast::{Expr, Ident};
use super::super::bound::{Bound, CatalogView, OutColumn, Query, Statement};
use super::super::functions::Registry;
use super::Binder;
use super::level::Level;
use super::stored::refuse_subquery;
use crate::ids::{Error, Oid, Result, sqlstate};
use crate::types::{CastContext, TypeId};

/// Binds the arguments for parameters of these types; `EvaluateParams`.
pub fn arguments(
    statement: &Ident,
    args: &[Expr],
    types: &[TypeId],
    catalog: &dyn CatalogView,
    registry: &Registry,
) -> Result<Bound> {
    if args.len() != types.len() {
        let message = format!("wrong number of parameters for prepared statement \"{statement}\"");
        let detail = format!("Expected {} parameters but got {}.", types.len(), args.len());
        return Err(Error::new(sqlstate::SYNTAX_ERROR, message).detail(detail));
    }
    let mut binder = Binder::new(catalog, registry, None);
    let mut level = Level::new("EXECUTE parameters");
    let (mut scalars, mut columns) = (Vec::with_capacity(args.len()), Vec::with_capacity(args.len()));
    for (at, (arg, ty)) in args.iter().zip(types).enumerate() {
        refuse_subquery(arg, "EXECUTE parameter")?;
        let value = binder.expr(arg, &mut level)?;
        let (from, pos) = (value.ty, value.pos);
        let Some(value) = binder.coerce(value, *ty, CastContext::Assignment)? else {
            let message = format!("parameter ${} of type {from} cannot be coerced to the expected type {ty}", at + 1);
            return Err(Error::new(sqlstate::DATATYPE_MISMATCH, message)
                .hint("You will need to rewrite or cast the expression.")
                .at(pos.0));
        };
        scalars.push(value.scalar);
        columns.push(OutColumn { name: format!("${}", at + 1).into(), ty: *ty, typmod: -1, source: (Oid(0), 0) });
    }
    let query = Query { columns, targets: level.exprs(scalars), ..Query::default() };
    let Binder { subqueries, ctes, execs, .. } = binder;
    Ok(Bound { statement: Statement::Query(Box::new(query)), params: Vec::new(), subqueries, ctes, execs })
}
