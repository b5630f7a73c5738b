//! Expressions: names to slots, operators to functions, types decided from the leaves up.

use super::super::ast::{Between, Call, Case, Expr, ExprKind, Ident, Pos, QualName, SqlValue, Subscript};
use super::super::bound::{Scalar, slot};
use super::super::functions::{FnCtx, ScalarFn};
use super::Binder;
use super::coerce::{Typed, resolve_type};
use super::level::Level;
use super::scope::{Column, Scope};
use crate::ids::{Error, Result, sqlstate};
use crate::types::{CastContext, Datum, Numeric, TypeId};

impl Binder<'_> {
    /// Binds an expression.
    pub fn expr(&mut self, expr: &Expr, level: &mut Level) -> Result<Typed> {
        if let Some(key) = self.group_key(expr, level) {
            return Ok(key);
        }
        let pos = expr.pos;
        match &expr.kind {
            ExprKind::Null => Ok(Typed::new(Scalar::Const(Datum::Null), TypeId::Unknown, pos)),
            ExprKind::Bool(value) => Ok(constant(Datum::Bool(*value), TypeId::Bool, pos)),
            ExprKind::Int4(value) => Ok(constant(Datum::Int4(*value), TypeId::Int4, pos)),
            ExprKind::Int8(value) => Ok(constant(Datum::Int8(*value), TypeId::Int8, pos)),
            ExprKind::Numeric(text) => {
                let value = text.parse::<Numeric>().map_err(|error| error.at(pos.0))?;
                Ok(constant(Datum::Numeric(value), TypeId::Numeric, pos))
            }
            ExprKind::String(text) => Ok(constant(Datum::Text(text.clone()), TypeId::Unknown, pos)),
            ExprKind::Param(n) => self.param(*n, pos),
            ExprKind::Column(path) => self.column(path, pos, level),
            ExprKind::Unary(op, arg) => {
                let arg = self.expr(arg, level)?;
                self.unary(op, arg, pos)
            }
            ExprKind::Binary(..) | ExprKind::Cast(..) => self.chain(expr, level),
            ExprKind::And(args) => Ok(Typed::bool(Scalar::And(self.conditions(args, "AND", level)?), pos)),
            ExprKind::Or(args) => Ok(Typed::bool(Scalar::Or(self.conditions(args, "OR", level)?), pos)),
            ExprKind::Not(arg) => {
                let arg = self.expr(arg, level)?;
                Ok(Typed::bool(Scalar::Not(Box::new(self.condition(arg, "NOT")?)), pos))
            }
            ExprKind::IsNull(arg, negated) => {
                let arg = self.expr(arg, level)?;
                let arg = self.known(arg)?;
                Ok(Typed::bool(Scalar::IsNull(Box::new(arg.scalar), *negated), pos))
            }
            ExprKind::IsBool(arg, value, negated) => self.is_bool(arg, *value, *negated, pos, level),
            ExprKind::IsDistinct(left, right, negated) => {
                let args = self.comparands(left, right, pos, level)?;
                Ok(Typed::bool(Scalar::IsDistinct(Box::new(args.0), *negated), pos))
            }
            ExprKind::Between(between) => self.between(between, pos, level),
            ExprKind::InQuery(arg, query, negated) => self.in_query(arg, query, *negated, pos, level),
            ExprKind::Query(kind, query) => self.query_expr(*kind, query, pos, level),
            ExprKind::Quantified(quantified) => self.quantified(quantified, pos, level),
            ExprKind::Row(_) => Err(Error::unsupported("ROW as a value").at(pos.0)),
            ExprKind::Array(items) => self.array(items, pos, level),
            ExprKind::Subscript(arg, subscripts) => self.subscript(arg, subscripts, pos, level),
            ExprKind::Collate(arg, name) => self.collate(arg, name, pos, level),
            ExprKind::In(arg, items, negated) => self.in_list(arg, items, *negated, pos, level),
            ExprKind::Case(case) => self.without_sets("CASE", level, |binder, level| binder.case(case, pos, level)),
            ExprKind::Call(call) => self.call(expr, call, level),
            ExprKind::Coalesce(args) => self.without_sets("COALESCE", level, |binder, level| {
                binder.of_common_type(args, "COALESCE", Scalar::Coalesce, pos, level)
            }),
            ExprKind::MinMax(greatest, args) => {
                let construct = if *greatest { "GREATEST" } else { "LEAST" };
                self.of_common_type(args, construct, |args| Scalar::MinMax(*greatest, args), pos, level)
            }
            ExprKind::NullIf(left, right) => {
                let (args, ty) = self.comparands(left, right, pos, level)?;
                Ok(Typed::new(Scalar::NullIf(Box::new(args)), ty, pos))
            }
            ExprKind::SqlValue(SqlValue::CurrentSchema, _) => self.call(expr, &current_schema(pos), level),
            ExprKind::SqlValue(value, precision) => Ok(self.sql_value(*value, *precision, pos)),
            ExprKind::Field(arg, Some(name)) => self.field(arg, name, pos, level),
            ExprKind::Field(_, None) => Err(Error::unsupported("row expansion via \"*\" here").at(pos.0)),
            ExprKind::Default => {
                Err(Error::new(sqlstate::SYNTAX_ERROR, "DEFAULT is not allowed in this context").at(pos.0))
            }
        }
    }

    /// A row of operators or casts, such as `a + b + c`, which nests to the left: bound from there, without a level of
    /// recursion for each.
    fn chain(&mut self, expr: &Expr, level: &mut Level) -> Result<Typed> {
        if let ExprKind::Binary(op, left, right) = &expr.kind
            && let ExprKind::Row(items) = &left.kind
        {
            return self.row_comparison(op, items, right, expr.pos, level);
        }
        let mut links = Vec::new();
        let mut at = expr;
        let mut value = loop {
            match &at.kind {
                ExprKind::Binary(_, left, _) | ExprKind::Cast(left, _) => {
                    links.push(at);
                    at = left;
                }
                _ => break self.expr(at, level)?,
            }
            if let Some(key) = self.group_key(at, level) {
                break key;
            }
        };
        for link in links.into_iter().rev() {
            value = match &link.kind {
                ExprKind::Binary(op, _, right) => {
                    let right = self.expr(right, level)?;
                    self.binary(op, value, right, link.pos)?
                }
                ExprKind::Cast(_, name) => {
                    let (ty, typmod) = resolve_type(name)?;
                    self.explicit(value, ty, typmod, link.pos)?
                }
                _ => value,
            };
        }
        Ok(value)
    }

    /// The key of GROUP BY that an expression is, where the clause speaks of groups.
    fn group_key(&self, expr: &Expr, level: &Level) -> Option<Typed> {
        let groups = level.groups.as_ref().filter(|_| !level.in_aggregate)?;
        let at = groups.keys.iter().position(|(key, _)| key == expr)?;
        Some(key_column(at, &groups.keys[at].1, expr.pos))
    }

    fn column(&mut self, path: &[Ident], pos: Pos, level: &mut Level) -> Result<Typed> {
        match level.scope.column(path, level.first, pos) {
            Ok(column) => {
                if let Some(notes) = &mut self.notes {
                    notes.column(&level.scope, &column, pos);
                }
                self.grouped(column, pos, level, false)
            }
            Err(error) if error.code() == sqlstate::AMBIGUOUS_COLUMN => Err(error),
            Err(error) if path.len() > 1 && error.code() == sqlstate::UNDEFINED_COLUMN => Err(error),
            Err(error) => {
                let find = |scope: &mut Scope, first: usize| scope.column(path, first, pos);
                match self.outer_column(&find, path.len() > 1, pos)? {
                    Some(value) => Ok(value),
                    None => Err(self.whole_row(path, level, self.out_of_sight(path, pos).unwrap_or(error))),
                }
            }
        }
    }

    /// A column, which must be a key where the clause speaks of groups; `outer`: asked for by an inner query.
    pub fn grouped(&mut self, column: Column, pos: Pos, level: &mut Level, outer: bool) -> Result<Typed> {
        let scalar = column.merged.as_deref().cloned().unwrap_or(Scalar::Column(column.slot));
        let typed = Typed { scalar, ty: column.ty, typmod: column.typmod, pos };
        let Some(groups) = level.groups.as_mut().filter(|_| !level.in_aggregate) else { return Ok(typed) };
        let is_key = |key: &Typed| matches!(key.scalar, Scalar::Column(slot) if slot == column.slot);
        if let Some(at) = groups.keys.iter().position(|(_, key)| is_key(key)) {
            return Ok(key_column(at, &groups.keys[at].1, pos));
        }
        let item = level.scope.items.iter().find(|item| item.holds(column.slot));
        // What the primary key is among the keys of, is the same in all rows of a group.
        if let Some(item) = item.filter(|_| groups.sets.is_none())
            && item.primary_key(&|slot| {
                groups.keys.iter().any(|(_, k)| matches!(k.scalar, Scalar::Column(s) if s == slot))
            })
        {
            let written = Expr { kind: ExprKind::Default, pos };
            groups.keys.push((written, typed));
            return Ok(key_column(groups.keys.len() - 1, &groups.keys[groups.keys.len() - 1].1, pos));
        }
        let table = item.map_or("", |item| &item.name);
        let message = match outer {
            true => format!("subquery uses ungrouped column \"{table}.{}\" from outer query", column.name),
            false => format!(
                "column \"{table}.{}\" must appear in the GROUP BY clause or be used in an aggregate function",
                column.name
            ),
        };
        Err(Error::new(sqlstate::GROUPING_ERROR, message).at(pos.0))
    }

    /// The name of a table where a column should be stands for its row, which we cannot show.
    fn whole_row(&self, path: &[Ident], level: &Level, error: Error) -> Error {
        match path {
            [name] if level.scope.items[level.first..].iter().any(|item| item.name == *name) => {
                Error::unsupported(format!("the whole row of \"{name}\" as a value"))
                    .at(error.report().position.unwrap_or(0))
            }
            _ => error,
        }
    }

    fn conditions(&mut self, args: &[Expr], clause: &str, level: &mut Level) -> Result<Vec<Scalar>> {
        let mut scalars = Vec::with_capacity(args.len());
        for arg in args {
            let arg = self.expr(arg, level)?;
            scalars.push(self.condition(arg, clause)?);
        }
        Ok(scalars)
    }

    fn is_bool(
        &mut self,
        arg: &Expr,
        value: Option<bool>,
        negated: bool,
        pos: Pos,
        level: &mut Level,
    ) -> Result<Typed> {
        let word = value.map_or("UNKNOWN", |value| if value { "TRUE" } else { "FALSE" });
        let clause = format!("IS {}{word}", if negated { "NOT " } else { "" });
        let arg = self.expr(arg, level)?;
        let arg = self.condition(arg, &clause)?;
        Ok(Typed::bool(Scalar::IsBool(Box::new(arg), value, negated), pos))
    }

    /// The operands of a comparison, as the operator `=` takes them, and the type of the left one.
    fn comparands(&mut self, left: &Expr, right: &Expr, pos: Pos, level: &mut Level) -> Result<([Scalar; 2], TypeId)> {
        let left = self.expr(left, level)?;
        let right = self.expr(right, level)?;
        let op = crate::types::binary_op("=", left.ty, right.ty).map_err(|error| error.at(pos.0))?;
        let left = self.must_coerce(left, op.left)?;
        let right = self.must_coerce(right, op.right)?;
        Ok(([left.scalar, right.scalar], op.left))
    }

    /// `low <= arg AND arg <= high`; SYMMETRIC also the other way round.
    fn between(&mut self, between: &Between, pos: Pos, level: &mut Level) -> Result<Typed> {
        let arg = self.expr(&between.arg, level)?;
        let low = self.expr(&between.low, level)?;
        let high = self.expr(&between.high, level)?;
        let mut within = |low: &Typed, high: &Typed| {
            let above = self.binary(&">=".into(), arg.clone(), low.clone(), pos)?;
            let below = self.binary(&"<=".into(), arg.clone(), high.clone(), pos)?;
            Ok::<_, Error>(Scalar::And(vec![above.scalar, below.scalar]))
        };
        let mut scalar = within(&low, &high)?;
        if between.symmetric {
            scalar = Scalar::Or(vec![scalar, within(&high, &low)?]);
        }
        let scalar = if between.negated { Scalar::Not(Box::new(scalar)) } else { scalar };
        Ok(Typed::bool(scalar, pos))
    }

    /// `arg = a OR arg = b ...`
    fn in_list(&mut self, arg: &Expr, items: &[Expr], negated: bool, pos: Pos, level: &mut Level) -> Result<Typed> {
        let op: Ident = if negated { "<>".into() } else { "=".into() };
        let mut tests = Vec::with_capacity(items.len());
        if let ExprKind::Row(left) = &arg.kind {
            for item in items {
                tests.push(self.row_comparison(&op, left, item, pos, level)?.scalar);
            }
            return Ok(Typed::bool(if negated { Scalar::And(tests) } else { Scalar::Or(tests) }, pos));
        }
        let arg = self.expr(arg, level)?;
        let mut bound = Vec::with_capacity(items.len());
        for item in items {
            bound.push(self.expr(item, level)?);
        }
        if let Some(found) = self.in_constants(&op, &arg, &bound, pos)? {
            return Ok(found);
        }
        for item in bound {
            let test = self.binary(&op, arg.clone(), item, pos)?;
            tests.push(test.scalar);
        }
        Ok(Typed::bool(if negated { Scalar::And(tests) } else { Scalar::Or(tests) }, pos))
    }

    /// `arg = ANY (array)`, where several items are constants of a common type; `<> ALL` for NOT IN.
    fn in_constants(&mut self, op: &Ident, arg: &Typed, items: &[Typed], pos: Pos) -> Result<Option<Typed>> {
        let constant = |item: &Typed| matches!(item.scalar, Scalar::Const(_));
        if items.len() < 2 || !items.iter().all(constant) {
            return Ok(None);
        }
        let all: Vec<Typed> = [arg.clone()].into_iter().chain(items.iter().cloned()).collect();
        let Ok((scalars, elem)) = self.common(all, "IN") else { return Ok(None) };
        let values = scalars.into_iter().skip(1).map(|scalar| match scalar {
            Scalar::Const(value) => Some(value),
            _ => None,
        });
        let (Some(values), Some(_)) = (values.collect::<Option<Vec<Datum>>>(), elem.array()) else { return Ok(None) };
        let element = Typed::new(Scalar::Column(usize::MAX), elem, pos);
        let test = self.binary(op, arg.clone(), element, pos)?;
        let Scalar::Binary(op, f, args) = test.scalar else { return Ok(None) };
        let [left, right] = *args;
        if !matches!(right, Scalar::Column(_)) {
            return Ok(None);
        }
        let array = Scalar::Const(Datum::array(elem, values));
        Ok(Some(Typed::bool(Scalar::Each(op.clone(), f, &*op == "<>", Box::new([left, array])), pos)))
    }

    /// Binds a construct in which no function may give rows.
    fn without_sets(
        &mut self,
        construct: &'static str,
        level: &mut Level,
        bind: impl FnOnce(&mut Self, &mut Level) -> Result<Typed>,
    ) -> Result<Typed> {
        if !level.sets_allowed {
            return bind(self, level);
        }
        level.sets_allowed = false;
        let clause = std::mem::replace(&mut level.clause, construct);
        let bound = bind(self, level);
        (level.sets_allowed, level.clause) = (true, clause);
        bound
    }

    /// `ARRAY[...]`
    fn array(&mut self, items: &[Expr], pos: Pos, level: &mut Level) -> Result<Typed> {
        if items.is_empty() {
            return Err(Error::new(sqlstate::INDETERMINATE_DATATYPE, "cannot determine type of empty array")
                .hint("Explicitly cast to the desired type, for example ARRAY[]::integer[].")
                .at(pos.0));
        }
        let values = items.iter().map(|item| self.expr(item, level)).collect::<Result<Vec<_>>>()?;
        let (scalars, ty) = self.common(values, "ARRAY")?;
        // Arrays in an array are one of more dimensions.
        let (elem, array) = match (ty.element(), ty.array()) {
            (Some(elem), _) => (elem, ty),
            (None, Some(array)) => (ty, array),
            (None, None) => return Err(Error::unsupported(format!("an array of {ty}")).at(pos.0)),
        };
        Ok(Typed::new(Scalar::Array(elem, scalars), array, pos))
    }

    /// `a[i]`, `a[i][j]`.
    fn subscript(&mut self, arg: &Expr, subscripts: &[Subscript], pos: Pos, level: &mut Level) -> Result<Typed> {
        let array = self.expr(arg, level)?;
        let Some(elem) = array.ty.element() else {
            let message = format!("cannot subscript type {} because it does not support subscripting", array.ty);
            return Err(Error::new(sqlstate::DATATYPE_MISMATCH, message).at(arg.pos.0));
        };
        let ty = array.ty;
        let slice = subscripts.iter().any(|subscript| matches!(subscript, Subscript::Slice(..)));
        let mut args = vec![array.scalar];
        let mut bound = |binder: &mut Self, expr: &Expr| {
            let value = binder.expr(expr, level)?;
            Ok::<_, Error>(binder.must_coerce(value, TypeId::Int4)?.scalar)
        };
        // A bound that is not said.
        let open = || Scalar::Const(Datum::Bool(true));
        for subscript in subscripts {
            match subscript {
                Subscript::Index(index) if slice => args.extend([Scalar::Const(Datum::Int4(1)), bound(self, index)?]),
                Subscript::Index(index) => args.push(bound(self, index)?),
                Subscript::Slice(low, high) => {
                    for side in [low, high] {
                        args.push(side.as_ref().map_or_else(|| Ok(open()), |side| bound(self, side))?);
                    }
                }
            }
        }
        let (f, ty): (ScalarFn, TypeId) = if slice { (part, ty) } else { (element, elem) };
        Ok(Typed::new(Scalar::Call("array_subscript", f, args, true), ty, pos))
    }

    /// COLLATE: all our collations are C.
    fn collate(&mut self, arg: &Expr, name: &QualName, pos: Pos, level: &mut Level) -> Result<Typed> {
        let value = self.expr(arg, level)?;
        let known = ["C", "POSIX", "default", "ucs_basic"].contains(&&*name.name);
        if !known || name.schema.as_deref().is_some_and(|schema| schema != "pg_catalog") {
            let message = format!("collation \"{name}\" for encoding \"UTF8\" does not exist");
            return Err(Error::new(sqlstate::UNDEFINED_OBJECT, message).at(pos.0));
        }
        let value = self.known(value)?;
        if !matches!(value.ty, TypeId::Text | TypeId::Varchar | TypeId::Bpchar | TypeId::Name) && !value.ty.is_array() {
            let message = format!("collations are not supported by type {}", value.ty);
            return Err(Error::new(sqlstate::DATATYPE_MISMATCH, message).at(pos.0));
        }
        Ok(value)
    }

    fn case(&mut self, case: &Case, pos: Pos, level: &mut Level) -> Result<Typed> {
        let arg = case.arg.as_ref().map(|arg| self.expr(arg, level)).transpose()?;
        let arg = arg.map(|arg| self.known(arg)).transpose()?;
        let mut conditions = Vec::with_capacity(case.whens.len());
        // ELSE decides the type first, as in PostgreSQL.
        let mut values = Vec::with_capacity(case.whens.len() + 1);
        values.push(match &case.otherwise {
            Some(otherwise) => self.expr(otherwise, level)?,
            None => Typed::new(Scalar::Const(Datum::Null), TypeId::Unknown, pos),
        });
        for (when, then) in &case.whens {
            let when = self.expr(when, level)?;
            conditions.push(match &arg {
                Some(arg) => {
                    let at = when.pos;
                    self.binary(&"=".into(), arg.clone(), when, at)?.scalar
                }
                None => self.condition(when, "CASE/WHEN")?,
            });
            values.push(self.expr(then, level)?);
        }
        let (mut values, ty) = self.common(values, "CASE")?;
        let otherwise = Box::new(values.remove(0));
        Ok(Typed::new(Scalar::Case(conditions.into_iter().zip(values).collect(), otherwise), ty, pos))
    }

    fn of_common_type(
        &mut self,
        args: &[Expr],
        construct: &str,
        make: impl FnOnce(Vec<Scalar>) -> Scalar,
        pos: Pos,
        level: &mut Level,
    ) -> Result<Typed> {
        let args = args.iter().map(|arg| self.expr(arg, level)).collect::<Result<Vec<_>>>()?;
        let (args, ty) = self.common(args, construct)?;
        Ok(Typed::new(make(args), ty, pos))
    }

    fn sql_value(&self, value: SqlValue, precision: Option<i32>, pos: Pos) -> Typed {
        let name = value.name();
        let call = |f| Scalar::Call(name, f, Vec::new(), true);
        match value {
            SqlValue::CurrentTimestamp => {
                let now = call(|cx, _| Ok(Datum::TimestampTz(cx.env.xact.borrow().started)));
                self.with_typmod(Typed::new(now, TypeId::TimestampTz, pos), precision.unwrap_or(-1).min(6), false)
            }
            SqlValue::CurrentDate | SqlValue::CurrentTime | SqlValue::LocalTime | SqlValue::LocalTimestamp => {
                let (ty, now) = super::coerce::now_as(value);
                self.with_typmod(Typed::new(call(now), ty, pos), precision.unwrap_or(-1).min(6), false)
            }
            SqlValue::CurrentUser | SqlValue::SessionUser | SqlValue::CurrentRole | SqlValue::User => {
                Typed::new(call(|cx, _| Ok(Datum::Name(cx.session.user()))), TypeId::Name, pos)
            }
            SqlValue::CurrentCatalog | SqlValue::CurrentSchema => {
                Typed::new(call(|cx, _| Ok(Datum::Name(cx.session.database()))), TypeId::Name, pos)
            }
        }
    }

    /// An expression assigned to a column of this type.
    pub fn assign(&mut self, value: Typed, column: &str, ty: TypeId, typmod: i32) -> Result<Scalar> {
        let (from, pos) = (value.ty, value.pos);
        let Some(value) = self.coerce(value, ty, CastContext::Assignment)? else {
            let message = format!("column \"{column}\" is of type {ty} but expression is of type {from}");
            return Err(Error::new(sqlstate::DATATYPE_MISMATCH, message)
                .hint("You will need to rewrite or cast the expression.")
                .at(pos.0));
        };
        Ok(self.with_typmod(value, typmod, false).scalar)
    }
}

/// CURRENT_SCHEMA: a function, since schemas may have to be read.
fn current_schema(pos: Pos) -> Call {
    Call::new(QualName { schema: Some("pg_catalog".into()), name: "current_schema".into(), pos }, Vec::new())
}

/// The element of an array; NULL where there is none.
fn element(_: &FnCtx, args: &[Datum]) -> Result<Datum> {
    let subscripts = args[1..].iter().map(Datum::as_int).collect::<Result<Vec<_>>>()?;
    Ok(crate::types::array::element(args[0].as_array()?, &subscripts))
}

/// A part of an array, between pairs of bounds.
fn part(_: &FnCtx, args: &[Datum]) -> Result<Datum> {
    let bound = |value: &Datum| value.as_int().ok();
    let bounds: Vec<_> = args[1..].chunks(2).map(|pair| (bound(&pair[0]), bound(&pair[1]))).collect();
    Ok(crate::types::array::slice(args[0].as_array()?, &bounds).datum())
}

fn constant(value: Datum, ty: TypeId, pos: Pos) -> Typed {
    Typed::new(Scalar::Const(value), ty, pos)
}

/// A key of GROUP BY in the row behind the grouping.
fn key_column(at: usize, key: &Typed, pos: Pos) -> Typed {
    Typed { scalar: Scalar::Column(slot::KEY + at), ty: key.ty, typmod: key.typmod, pos }
}
