//! Running expressions: plain functions over a row, with SQL's logic of three values.

use super::bound::{EvalCx, Scalar};
use crate::ids::{Error, Result};
use crate::types::{self, Datum};
use std::borrow::Cow;
use std::cmp::Ordering;

impl Scalar {
    /// The value over a row.
    pub fn eval(&self, cx: &EvalCx) -> Result<Datum> {
        self.value(cx).map(Cow::into_owned)
    }

    /// Whether a condition is true; NULL is not.
    pub fn holds(&self, cx: &EvalCx) -> Result<bool> {
        Ok(self.value(cx)?.is_true())
    }

    /// The value, borrowed where it lies in the row already.
    pub fn value<'a>(&'a self, cx: &EvalCx<'a>) -> Result<Cow<'a, Datum>> {
        Ok(Cow::Owned(match self {
            Scalar::Const(value) => return Ok(Cow::Borrowed(value)),
            Scalar::Column(slot) => return borrowed(cx.row, slot.wrapping_sub(cx.base), "a column"),
            Scalar::Param(n) => return borrowed(cx.params, *n, "a parameter"),
            Scalar::Exec(n) => cx.exec.borrow().get(*n).cloned().unwrap_or_default(),
            Scalar::Waited(n) => match cx.waited.get(*n) {
                Some(Some(value)) => return Ok(Cow::Borrowed(value)),
                _ => {
                    cx.missing.set(*n);
                    return Err(Error::internal("a result that was not waited for"));
                }
            },
            Scalar::Unary(_, f, arg) => match arg.value(cx)? {
                arg if arg.is_null() => Datum::Null,
                arg => f(&arg)?,
            },
            Scalar::Binary(_, f, args) => {
                let (left, right) = (args[0].value(cx)?, args[1].value(cx)?);
                if left.is_null() || right.is_null() { Datum::Null } else { f(&left, &right)? }
            }
            Scalar::Typmod(arg, ty, typmod, explicit) => types::apply_typmod(arg.eval(cx)?, *ty, *typmod, *explicit)?,
            Scalar::Cast(cast, _, arg) => cast.eval(&*arg.value(cx)?)?,
            Scalar::Call(_, f, args, strict) => {
                let args = args.iter().map(|arg| arg.eval(cx)).collect::<Result<Vec<_>>>()?;
                if *strict && args.iter().any(Datum::is_null) { Datum::Null } else { f(cx.fx, &args)? }
            }
            Scalar::And(args) => logic(args, cx, false)?,
            Scalar::Or(args) => logic(args, cx, true)?,
            Scalar::Not(arg) => match &*arg.value(cx)? {
                Datum::Null => Datum::Null,
                value => Datum::Bool(!value.as_bool()?),
            },
            Scalar::IsNull(arg, negated) => Datum::Bool(arg.value(cx)?.is_null() != *negated),
            Scalar::IsBool(arg, wanted, negated) => {
                let found = match &*arg.value(cx)? {
                    Datum::Null => None,
                    value => Some(value.as_bool()?),
                };
                Datum::Bool((found == *wanted) != *negated)
            }
            Scalar::IsDistinct(args, negated) => Datum::Bool(same(args, cx)? == *negated),
            Scalar::Case(whens, otherwise) => return case(whens, otherwise, cx),
            Scalar::Coalesce(args) => return first_of(args, cx),
            Scalar::MinMax(greatest, args) => return extreme(*greatest, args, cx),
            Scalar::Array(elem, args) => {
                let items = args.iter().map(|arg| arg.eval(cx)).collect::<Result<Vec<_>>>()?;
                Datum::array(*elem, items)
            }
            Scalar::Each(_, f, all, args) => each(*f, *all, &*args[0].value(cx)?, &*args[1].value(cx)?)?,
            Scalar::NullIf(args) => {
                let left = args[0].value(cx)?;
                return if !left.is_null() && same(args, cx)? { Ok(Cow::Owned(Datum::Null)) } else { Ok(left) };
            }
        }))
    }
}

fn borrowed<'a>(values: &'a [Datum], at: usize, what: &str) -> Result<Cow<'a, Datum>> {
    values.get(at).map(Cow::Borrowed).ok_or_else(|| Error::internal(format!("there is no {what} {at} in the row")))
}

/// AND (which one false decides) and OR (which one true decides); else one NULL makes it NULL.
fn logic(args: &[Scalar], cx: &EvalCx, decides: bool) -> Result<Datum> {
    let mut null = false;
    for arg in args {
        match &*arg.value(cx)? {
            Datum::Null => null = true,
            value if value.as_bool()? == decides => return Ok(Datum::Bool(decides)),
            _ => {}
        }
    }
    Ok(if null { Datum::Null } else { Datum::Bool(!decides) })
}

/// ANY of an array, or ALL.
fn each(f: types::arith::BinaryFn, all: bool, left: &Datum, array: &Datum) -> Result<Datum> {
    let Datum::Array(array) = array else { return Ok(Datum::Null) };
    let mut null = false;
    for item in &array.items {
        let result = if left.is_null() || item.is_null() { Datum::Null } else { f(left, item)? };
        match result {
            Datum::Null => null = true,
            result if result.as_bool()? != all => return Ok(Datum::Bool(!all)),
            _ => {}
        }
    }
    Ok(if null { Datum::Null } else { Datum::Bool(all) })
}

/// Whether two values are equal, NULL being equal to NULL.
fn same(args: &[Scalar; 2], cx: &EvalCx) -> Result<bool> {
    let (left, right) = (args[0].value(cx)?, args[1].value(cx)?);
    if left.is_null() || right.is_null() {
        return Ok(left.is_null() && right.is_null());
    }
    types::equal(&left, &right)
}

fn case<'a>(whens: &'a [(Scalar, Scalar)], otherwise: &'a Scalar, cx: &EvalCx<'a>) -> Result<Cow<'a, Datum>> {
    for (condition, value) in whens {
        if condition.holds(cx)? {
            return value.value(cx);
        }
    }
    otherwise.value(cx)
}

fn first_of<'a>(args: &'a [Scalar], cx: &EvalCx<'a>) -> Result<Cow<'a, Datum>> {
    for arg in args {
        let value = arg.value(cx)?;
        if !value.is_null() {
            return Ok(value);
        }
    }
    Ok(Cow::Owned(Datum::Null))
}

/// The greatest or the least of the arguments that are not NULL.
fn extreme<'a>(greatest: bool, args: &'a [Scalar], cx: &EvalCx<'a>) -> Result<Cow<'a, Datum>> {
    let wanted = if greatest { Ordering::Greater } else { Ordering::Less };
    let mut best: Cow<Datum> = Cow::Owned(Datum::Null);
    for arg in args {
        let value = arg.value(cx)?;
        if best.is_null() || !value.is_null() && types::compare(&value, &best)? == wanted {
            best = value;
        }
    }
    Ok(best)
}
