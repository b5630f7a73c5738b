//! Calls: functions, aggregates, and functions that give rows.

use super::super::ast::{Call, Expr, ExprKind, Ident, Pos};
use super::super::bound::{AggCall, FromNode, Scalar, WaitCall};
use super::super::functions::{Body, Found, Function, ScalarFn, resolve};
use super::Binder;
use super::coerce::Typed;
use super::level::Level;
use crate::ids::{Error, Result, sqlstate};
use crate::types::{self, TypeCategory, TypeId, aggregate, aggregate_of_two, find_cast, is_aggregate};
use std::mem::{replace, take};
use std::rc::Rc;

/// Whether an expression is a call of an aggregate.
pub(super) fn is_aggregate_call(expr: &Expr) -> bool {
    matches!(&expr.kind, ExprKind::Call(call) if in_catalog(call) && is_aggregate(&call.name.name))
}

/// All our functions are in `pg_catalog`.
fn in_catalog(call: &Call) -> bool {
    call.name.schema.as_ref().is_none_or(|schema| &**schema == "pg_catalog")
}

impl Binder<'_> {
    /// Binds a call in an expression.
    pub fn call(&mut self, expr: &Expr, call: &Call, level: &mut Level) -> Result<Typed> {
        if is_aggregate_call(expr) {
            return self.aggregate(call, expr.pos, level);
        }
        if let Some(cast) = self.cast_call(call, expr.pos, level)? {
            return Ok(cast);
        }
        let (found, args) = self.resolve_call(call, expr.pos, level)?;
        let function = found.function;
        match &function.body {
            Body::Scalar(f) => {
                let scalar = Scalar::Call(function.name, *f, args, function.strict);
                Ok(Typed::new(scalar, function.result(), expr.pos))
            }
            Body::TypeOf => {
                let ty = found.args.first().map_or(TypeId::Unknown, |(_, ty)| *ty);
                Ok(Typed::new(Scalar::Const(types::Datum::Oid(ty.oid())), TypeId::Regtype, expr.pos))
            }
            Body::Waiting(_) => {
                let ty = function.result();
                level.waits.push(WaitCall { function, args });
                Ok(Typed::new(Scalar::Waited(level.waits.len() - 1), ty, expr.pos))
            }
            Body::Rows(_) | Body::Series(_) => {
                let base = self.set_function(expr, function.clone(), args, level)?;
                match function.columns.as_slice() {
                    [(_, ty)] => Ok(Typed::new(Scalar::Column(base), *ty, expr.pos)),
                    _ => Err(Error::unsupported(format!("the row of {}() as one value", function.name))
                        .hint("Take its fields, as in (f(x)).*, or call it in FROM.")
                        .at(expr.pos.0)),
                }
            }
        }
    }

    /// `int4(x)`: the name of a type with one argument is a cast, where no function is called so.
    fn cast_call(&mut self, call: &Call, pos: Pos, level: &mut Level) -> Result<Option<Typed>> {
        let [(None, arg)] = call.args.as_slice() else { return Ok(None) };
        let ty = TypeId::all().find(|ty| ty.typname() == &*call.name.name && !ty.is_pseudo());
        let Some(ty) = ty.filter(|_| in_catalog(call) && self.registry.named(&call.name.name).is_empty()) else {
            return Ok(None);
        };
        let arg = self.expr(arg, level)?;
        let possible = find_cast(arg.ty, ty).is_some_and(|cast| arg.ty == TypeId::Unknown || !cast.is_by_text());
        if possible || ty.category() == TypeCategory::String && !arg.ty.is_pseudo() {
            return self.explicit(arg, ty, -1, pos).map(Some);
        }
        Err(undefined(&call.name.to_string(), &[arg.ty.to_string()]).at(pos.0))
    }

    /// The function of a call, and its arguments in its order and types.
    pub fn resolve_call(&mut self, call: &Call, pos: Pos, level: &mut Level) -> Result<(Found, Vec<Scalar>)> {
        if let Some(schema) = call.name.schema.as_deref().filter(|schema| !matches!(*schema, "pg_catalog" | "public")) {
            let message = format!("schema \"{schema}\" does not exist");
            return Err(Error::new(sqlstate::INVALID_SCHEMA_NAME, message).at(pos.0));
        }
        let mut values = Vec::with_capacity(call.args.len());
        let mut types: Vec<(Option<Ident>, TypeId)> = Vec::with_capacity(call.args.len());
        for (name, arg) in &call.args {
            let value = self.expr(arg, level)?;
            types.push((name.clone(), value.ty));
            values.push(value);
        }
        let found = match in_catalog(call) {
            true => resolve(self.registry, &call.name.name, &types, pos)?,
            false => return Err(undefined(&call.name.to_string(), &types_of(&values)).at(pos.0)),
        };
        if call.star || call.distinct {
            return Err(self.not_an_aggregate(call, pos));
        }
        let mut args = Vec::with_capacity(values.len());
        for (at, ty) in &found.args {
            let value = values[*at].clone();
            args.push(if value.ty == *ty { value.scalar } else { self.must_coerce(value, *ty)?.scalar });
        }
        for (place, value) in &found.missing {
            args.insert(*place, Scalar::Const(value.clone()));
        }
        Ok((found, args))
    }

    fn not_an_aggregate(&self, call: &Call, pos: Pos) -> Error {
        let name = &call.name;
        let message = if call.star {
            format!("{name}(*) specified, but {name} is not an aggregate function")
        } else {
            format!("DISTINCT specified, but {name} is not an aggregate function")
        };
        Error::new(sqlstate::WRONG_OBJECT_TYPE, message).at(pos.0)
    }

    fn aggregate(&mut self, call: &Call, pos: Pos, level: &mut Level) -> Result<Typed> {
        let refuse = |message: String| Err(Error::new(sqlstate::GROUPING_ERROR, message).at(pos.0));
        if level.in_aggregate {
            return refuse("aggregate function calls cannot be nested".into());
        }
        if level.groups.is_none() {
            return refuse(format!("aggregate functions are not allowed in {}", level.clause));
        }
        if let Some((_, arg)) = call.args.iter().find(|(name, _)| name.is_some()) {
            return Err(Error::unsupported("a named argument of an aggregate").at(arg.pos.0));
        }
        // The argument is about the rows of the group: what it waits for is waited for there.
        let mut groups = level.groups.take().unwrap_or_default();
        let outside = replace(&mut level.waits, take(&mut groups.waits));
        level.in_aggregate = true;
        let args: Result<Vec<_>> = call.args.iter().map(|(_, arg)| self.expr(arg, level)).collect();
        level.in_aggregate = false;
        groups.waits = replace(&mut level.waits, outside);
        let args = args?;
        let found = self.aggregate_of(call, &args, pos)?;
        let mut args = args.into_iter();
        let arg = match (found.arg, args.next()) {
            (Some(ty), Some(arg)) => Some(self.must_coerce(arg, ty)?.scalar),
            _ => None,
        };
        let arg = match (found.second, arg, args.next()) {
            (Some(ty), Some(first), Some(second)) => {
                let second = self.must_coerce(second, ty)?.scalar;
                let pair: ScalarFn = |_, args| Ok(types::aggregate::pair(args[0].clone(), args[1].clone()));
                Some(Scalar::Call("pair", pair, vec![first, second], false))
            }
            (_, arg, _) => arg,
        };
        groups.calls.push(AggCall { aggregate: found, arg, distinct: call.distinct });
        let slot = groups.keys.len() + groups.calls.len() - 1;
        level.groups = Some(groups);
        Ok(Typed::new(Scalar::Column(slot), found.result, pos))
    }

    fn aggregate_of(&self, call: &Call, args: &[Typed], pos: Pos) -> Result<crate::types::Aggregate> {
        let name = &*call.name.name;
        let types = types_of(args);
        match args {
            [] if call.star && name == "count" => aggregate(name, None),
            [] if !call.star => {
                let message = format!("{name}(*) must be used to call a parameterless aggregate function");
                let error = Error::new(sqlstate::WRONG_OBJECT_TYPE, message);
                Err(if name == "count" { error } else { undefined(name, &types) })
            }
            [arg] => aggregate(name, Some(arg.ty)),
            [first, second] => aggregate_of_two(name, first.ty, second.ty),
            _ => Err(undefined(name, &types)),
        }
        .map_err(|error| error.at(pos.0))
    }

    /// Joins a function that gives rows to the rows of the query, and returns the slot of its first column.
    fn set_function(
        &mut self,
        expr: &Expr,
        function: Rc<Function>,
        args: Vec<Scalar>,
        level: &mut Level,
    ) -> Result<usize> {
        if let Some((written, _, base)) = &level.set_function
            && written == expr
        {
            return Ok(*base);
        }
        if !level.sets_allowed || level.in_aggregate {
            let message = format!("set-returning functions are not allowed in {}", level.clause);
            return Err(Error::new(sqlstate::FEATURE_NOT_SUPPORTED, message).at(expr.pos.0));
        }
        if level.groups.is_some() || level.set_function.is_some() {
            return Err(Error::unsupported("a second set-returning function, or one beside aggregates,").at(expr.pos.0));
        }
        let base = level.scope.width;
        level.scope.width += function.columns.len();
        let exprs = level.exprs(args);
        level.set_function = Some((expr.clone(), FromNode::Function(function, exprs, base), base));
        Ok(base)
    }

    /// `(f(x)).name`
    pub fn field(&mut self, arg: &Expr, name: &Ident, pos: Pos, level: &mut Level) -> Result<Typed> {
        let (function, base) = self.row_function(arg, pos, level)?;
        match function.columns.iter().position(|(own, _)| *own == &**name) {
            Some(at) => Ok(Typed::new(Scalar::Column(base + at), function.columns[at].1, pos)),
            None => {
                let message = format!("could not identify column \"{name}\" in record data type");
                Err(Error::new(sqlstate::UNDEFINED_COLUMN, message).at(pos.0))
            }
        }
    }

    /// The function of `(f(x)).*`, and the slot of its first column.
    pub fn row_function(&mut self, arg: &Expr, pos: Pos, level: &mut Level) -> Result<(Rc<Function>, usize)> {
        let ExprKind::Call(call) = &arg.kind else {
            return Err(Error::unsupported("a field of something other than a function's row").at(pos.0));
        };
        let (found, args) = self.resolve_call(call, arg.pos, level)?;
        if !found.function.returns_rows() {
            let ty = found.function.result();
            let message = format!("column notation .* applied to type {ty}, which is not a composite type");
            return Err(Error::new(sqlstate::WRONG_OBJECT_TYPE, message).at(arg.pos.0));
        }
        let base = self.set_function(arg, found.function.clone(), args, level)?;
        Ok((found.function, base))
    }
}

fn types_of(values: &[Typed]) -> Vec<String> {
    values.iter().map(|value| value.ty.to_string()).collect()
}

fn undefined(name: &str, types: &[String]) -> Error {
    let message = format!("function {name}({}) does not exist", types.join(", "));
    Error::new(sqlstate::UNDEFINED_FUNCTION, message)
        .hint("No function matches the given name and argument types. You might need to add explicit type casts.")
}
