//! Types of expressions, and how one becomes another: literals of unknown type, parameters, casts.

use super::super::ast::{Ident, Pos, SqlValue, TypeName};
use super::super::bound::Scalar;
use super::super::functions::{FnCtx, ScalarFn, made_catalog};
use super::Binder;
use crate::ids::{Error, Result, sqlstate};
use crate::types::session::split_name;
use crate::types::{self, CastContext, Datum, TypeId, binary_op, find_cast, select_common_type, typmod_in, unary_op};

/// An expression with its type.
#[derive(Clone, Debug)]
pub(super) struct Typed {
    pub scalar: Scalar,
    pub ty: TypeId,
    pub typmod: i32,
    pub pos: Pos,
}

impl Typed {
    pub fn new(scalar: Scalar, ty: TypeId, pos: Pos) -> Typed {
        Typed { scalar, ty, typmod: -1, pos }
    }

    /// The same with a modifier.
    pub fn typmod(self, typmod: i32) -> Typed {
        Typed { typmod, ..self }
    }

    pub fn bool(scalar: Scalar, pos: Pos) -> Typed {
        Typed::new(scalar, TypeId::Bool, pos)
    }
}

impl Binder<'_> {
    /// The expression in another type, if this context allows it; at first without its modifier.
    pub fn coerce(&mut self, value: Typed, to: TypeId, context: CastContext) -> Result<Option<Typed>> {
        let Typed { scalar, ty: from, typmod, pos } = value;
        if from == to {
            return Ok(Some(Typed { scalar, ty: to, typmod, pos }));
        }
        let scalar = match (from, scalar) {
            (TypeId::Unknown, Scalar::Const(Datum::Text(text))) => {
                let value = self.input(to, &text).map_err(|error| error.at(pos.0))?;
                self.literals.push((pos, to, value.clone()));
                Scalar::Const(value)
            }
            (TypeId::Unknown, Scalar::Const(Datum::Null)) => {
                self.literals.push((pos, to, Datum::Null));
                Scalar::Const(Datum::Null)
            }
            (TypeId::Unknown, Scalar::Param(n)) => {
                self.decide_param(n, to, pos)?;
                Scalar::Param(n)
            }
            (_, scalar) => match self.cast(from, to, context, pos) {
                Some(cast) if cast.is_relabel() => scalar,
                // What fails is left to fail when it runs.
                Some(cast) => match &scalar {
                    Scalar::Const(value) if let Ok(value) = cast.eval(value) => Scalar::Const(value),
                    _ => Scalar::Cast(cast, to, Box::new(scalar)),
                },
                None => return Ok(None),
            },
        };
        Ok(Some(Typed::new(scalar, to, pos)))
    }

    /// The cast from a type to another, if this context allows it.
    fn cast(&mut self, from: TypeId, to: TypeId, context: CastContext, pos: Pos) -> Option<types::Cast> {
        let found = find_cast(from, to).filter(|cast| cast.context <= context);
        if let (Some(_), Some(notes)) = (&found, &mut self.notes) {
            notes.casts.push((pos, to));
        }
        found
    }

    /// A literal in its type. A table's name is looked up.
    fn input(&self, to: TypeId, text: &str) -> Result<Datum> {
        if to == TypeId::Regclass
            && let Ok(oid) = text.parse()
        {
            return Ok(Datum::Oid(crate::ids::Oid(oid)));
        }
        if to == TypeId::Regclass && !text.starts_with(|c: char| c.is_ascii_digit()) && text != "-" {
            let parts = split_name(text);
            let (name, before) = parts.split_last().ok_or_else(|| Error::internal("a name without parts"))?;
            let schema = before.last().map(String::as_str);
            if let Some(oid) = made_catalog(schema, name) {
                return Ok(Datum::Oid(oid));
            }
            let table = self.catalog.table(schema, name)?;
            let table = table.ok_or_else(|| {
                Error::new(sqlstate::UNDEFINED_TABLE, format!("relation \"{}\" does not exist", parts.join(".")))
            })?;
            return Ok(Datum::Oid(table.rel.oid));
        }
        types::input(to, text, -1)
    }

    /// The expression fitted to a modifier.
    pub fn with_typmod(&self, value: Typed, typmod: i32, explicit: bool) -> Typed {
        if typmod < 0 || typmod == value.typmod {
            return value;
        }
        let scalar = Scalar::Typmod(Box::new(value.scalar), value.ty, typmod, explicit);
        Typed { scalar, typmod, ..value }
    }

    /// The expression as the condition of a clause.
    pub fn condition(&mut self, value: Typed, clause: &str) -> Result<Scalar> {
        let (ty, pos) = (value.ty, value.pos);
        match self.coerce(value, TypeId::Bool, CastContext::Assignment)? {
            Some(value) => Ok(value.scalar),
            None => {
                let message = format!("argument of {clause} must be type boolean, not type {ty}");
                Err(Error::new(sqlstate::DATATYPE_MISMATCH, message).at(pos.0))
            }
        }
    }

    /// A literal that nothing gives a type is a text.
    pub fn known(&mut self, value: Typed) -> Result<Typed> {
        if value.ty != TypeId::Unknown {
            return Ok(value);
        }
        let pos = value.pos;
        self.coerce(value, TypeId::Text, CastContext::Implicit)?
            .ok_or_else(|| cannot_cast(TypeId::Unknown, TypeId::Text, pos))
    }

    /// `CAST(value AS ty)`
    pub fn explicit(&mut self, value: Typed, ty: TypeId, typmod: i32, pos: Pos) -> Result<Typed> {
        let from = value.ty;
        // The fields of an interval's type say what a number without a unit is.
        if let (TypeId::Interval, Scalar::Const(Datum::Text(text)), TypeId::Unknown) = (ty, &value.scalar, from) {
            let span = types::input(ty, text, typmod).map_err(|error| error.at(value.pos.0))?;
            return Ok(Typed { typmod, ..Typed::new(Scalar::Const(span), ty, pos) });
        }
        let known = self.notes.as_ref().map(|notes| notes.casts.len());
        let cast = self.coerce(value, ty, CastContext::Explicit)?.ok_or_else(|| cannot_cast(from, ty, pos))?;
        // It is written down already.
        if let (Some(notes), Some(known)) = (&mut self.notes, known) {
            notes.casts.truncate(known);
        }
        Ok(Typed { pos, ..self.with_typmod(cast, typmod, true) })
    }

    /// `left op right`
    pub fn binary(&mut self, op: &Ident, left: Typed, right: Typed, pos: Pos) -> Result<Typed> {
        let found = binary_op(op, left.ty, right.ty).map_err(|error| error.at(pos.0))?;
        let left = self.must_coerce(left, found.left)?;
        let right = self.must_coerce(right, found.right)?;
        let scalar = match found.strict {
            true => Scalar::Binary(op.clone(), found.eval, Box::new([left.scalar, right.scalar])),
            false => Scalar::Call("||", join_arrays(left.ty, right.ty), vec![left.scalar, right.scalar], false),
        };
        Ok(Typed::new(scalar, found.result, pos))
    }

    /// `op arg`
    pub fn unary(&mut self, op: &Ident, arg: Typed, pos: Pos) -> Result<Typed> {
        let found = unary_op(op, arg.ty).map_err(|error| error.at(pos.0))?;
        let arg = self.must_coerce(arg, found.arg)?;
        Ok(Typed::new(Scalar::Unary(op.clone(), found.eval, Box::new(arg.scalar)), found.result, pos))
    }

    /// A cast that the choice of an operator or function has promised.
    pub fn must_coerce(&mut self, value: Typed, to: TypeId) -> Result<Typed> {
        let (from, pos) = (value.ty, value.pos);
        self.coerce(value, to, CastContext::Explicit)?.ok_or_else(|| cannot_cast(from, to, pos))
    }

    /// Several expressions in the type that they have in common; `construct` is whose they are.
    pub fn common(&mut self, values: Vec<Typed>, construct: &str) -> Result<(Vec<Scalar>, TypeId)> {
        let types: Vec<_> = values.iter().map(|value| value.ty).collect();
        let common = select_common_type(&types, construct);
        let common = common.map_err(|error| mismatch_place(&values).map_or(error.clone(), |pos| error.at(pos.0)))?;
        let mut scalars = Vec::with_capacity(values.len());
        for value in values {
            let (from, pos) = (value.ty, value.pos);
            let Some(value) = self.coerce(value, common, CastContext::Implicit)? else {
                let message = format!("{construct} could not convert type {from} to {common}");
                return Err(Error::new(sqlstate::CANNOT_COERCE, message).at(pos.0));
            };
            scalars.push(value.scalar);
        }
        Ok((scalars, common))
    }
}

/// CURRENT_DATE and its kin: the time at which the transaction began, in another type.
pub(super) fn now_as(value: SqlValue) -> (TypeId, ScalarFn) {
    match value {
        SqlValue::CurrentDate => (TypeId::Date, |cx, _| now_cast(cx, TypeId::Date)),
        SqlValue::CurrentTime => (TypeId::TimeTz, |cx, _| now_cast(cx, TypeId::TimeTz)),
        SqlValue::LocalTime => (TypeId::Time, |cx, _| now_cast(cx, TypeId::Time)),
        _ => (TypeId::Timestamp, |cx, _| now_cast(cx, TypeId::Timestamp)),
    }
}

fn now_cast(cx: &FnCtx, to: TypeId) -> Result<Datum> {
    let now = Datum::TimestampTz(cx.env.xact.borrow().started);
    types::explicit_cast(TypeId::TimestampTz, to)?.eval(&now)
}

/// `||` of arrays, which takes NULLs.
fn join_arrays(left: TypeId, right: TypeId) -> ScalarFn {
    use types::array_ops::{append, cat, prepend};
    match (left.is_array(), right.is_array()) {
        (true, true) => |_: &FnCtx, args: &[Datum]| cat(&args[0], &args[1]),
        (true, false) => |_: &FnCtx, args: &[Datum]| append(&args[0], &args[1]),
        _ => |_: &FnCtx, args: &[Datum]| prepend(&args[0], &args[1]),
    }
}

/// The place of the first expression whose category is not that of the first known one.
fn mismatch_place(values: &[Typed]) -> Option<Pos> {
    let mut known = values.iter().filter(|value| value.ty != TypeId::Unknown);
    let first = known.next()?.ty.category();
    known.find(|value| value.ty.category() != first).map(|value| value.pos)
}

fn cannot_cast(from: TypeId, to: TypeId, pos: Pos) -> Error {
    Error::new(sqlstate::CANNOT_COERCE, format!("cannot cast type {from} to {to}")).at(pos.0)
}

/// The type that a name means, and its modifier.
pub(super) fn resolve_type(name: &TypeName) -> Result<(TypeId, i32)> {
    let (schema, ty) = (name.name.schema.as_deref(), &*name.name.name);
    let pos = name.name.pos.0;
    let found = match schema {
        None | Some("pg_catalog") => TypeId::all().find(|id| id.typname() == ty),
        Some(_) => None,
    };
    let Some(mut id) = found else {
        if matches!(
            ty,
            "bit" | "varbit" | "money" | "xml" | "point" | "inet" | "cidr" | "macaddr" | "tsvector" | "tsquery"
        ) {
            return Err(Error::unsupported(format!("type {ty}")).at(pos));
        }
        let shown = name.name.to_string();
        return Err(Error::new(sqlstate::UNDEFINED_OBJECT, format!("type \"{shown}\" does not exist")).at(pos));
    };
    let typmod = typmod_in(id, &name.typmods).map_err(|error| error.at(pos))?;
    if name.array {
        id = id.array().ok_or_else(|| Error::unsupported(format!("type {id}[]")).at(pos))?;
    }
    Ok((id, typmod))
}
