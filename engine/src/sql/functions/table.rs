//! The functions that are plain code over values: tables of names, arguments, results and code, read where a call is
//! bound. A table costs a visitor a few bytes a row, where code that registers each function would cost some hundred.

use super::{Body, Function, RowIter, ScalarFn};
use super::{array, datetime, encode, format, json, math, regexp, string, system, to_char};
use crate::ids::Result;
use crate::types::{Datum, TypeId};

/// A row: a name, arguments, the result, and the code.
pub(super) type Entry = (&'static str, &'static [TypeId], TypeId, Code);

/// What a row does.
#[derive(Clone, Copy)]
pub(super) enum Code {
    /// Strict.
    Strict(ScalarFn),
    /// Called with NULLs too.
    Nulls(ScalarFn),
    /// The last argument may come any number of times; called with NULLs.
    Many(ScalarFn),
    /// Strict, and gives rows.
    Rows(fn(&[Datum]) -> Result<RowIter>),
}

static TABLES: &[&[Entry]] = &[
    string::TABLE,
    format::TABLE,
    encode::TABLE,
    math::TABLE,
    datetime::TABLE,
    to_char::TABLE,
    array::TABLE,
    json::TABLE,
    regexp::TABLE,
    system::TABLE,
];

fn function(&(name, args, result, code): &Entry) -> Function {
    let body = match code {
        Code::Strict(f) | Code::Nulls(f) | Code::Many(f) => Body::Scalar(f),
        Code::Rows(f) => Body::Series(f),
    };
    let function = Function::new(name, args, result, body);
    Function {
        strict: matches!(code, Code::Strict(_) | Code::Rows(_)),
        variadic: matches!(code, Code::Many(_)),
        ..function
    }
}

/// The functions of this name.
pub(super) fn named(name: &str) -> impl Iterator<Item = Function> {
    TABLES.iter().copied().flatten().filter(move |entry| entry.0 == name).map(function)
}

/// All names.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    TABLES.iter().copied().flatten().map(|entry| entry.0)
}
