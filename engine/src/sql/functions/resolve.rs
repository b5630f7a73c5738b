//! Which function a call means: by the names and the number of its arguments, then by PostgreSQL's rules of choice
//! ([`crate::types::resolve`]).

use super::super::ast::{Ident, Pos};
use super::{ArgType, Body, Function, Registry};
use crate::ids::{Error, Result, sqlstate};
use crate::small;
use crate::types::resolve::{Choice, choose, is_polymorphic, specialise};
use crate::types::{Datum, TypeId};
use std::rc::Rc;

/// A function, and how the arguments of a call become its arguments.
pub struct Found {
    /// The function; if it is polymorphic, with the types that it has in this call.
    pub function: Rc<Function>,
    /// For each of its arguments that the call gives, in turn: which of the call's, and the type it must have.
    pub args: Vec<(usize, TypeId)>,
    /// The arguments that the call leaves out: their places, and what they are.
    pub missing: Vec<(usize, Datum)>,
}

struct Candidate {
    function: Rc<Function>,
    /// For each argument of the call: the function's type for it.
    types: Vec<TypeId>,
    /// For each argument of the call: its place among the function's.
    places: Vec<usize>,
}

/// The function that a call means: its name, its arguments' names and types.
pub fn resolve(registry: &Registry, name: &str, args: &[(Option<Ident>, TypeId)], pos: Pos) -> Result<Found> {
    let mut candidates: Vec<_> =
        registry.named(name).into_iter().filter_map(|function| candidate(function, args)).collect();
    let types: Vec<_> = args.iter().map(|(_, ty)| *ty).collect();
    // Among those that fit as they stand, one with fewer arguments left out goes first.
    small::sort_by_key(&mut candidates, |c| (c.function.variadic, c.function.args.len()));
    let declared: Vec<&[TypeId]> = candidates.iter().map(|c| &c.types[..]).collect();
    match choose(&declared, &types) {
        Choice::One(at) => candidates.swap_remove(at).found(&types).map_err(|error| error.at(pos.0)),
        Choice::None => Err(undefined(name, args, pos)),
        Choice::Several => Err(ambiguous(name, args, pos)),
    }
}

impl Candidate {
    fn found(self, types: &[TypeId]) -> Result<Found> {
        let (mut actual, result) = specialise(&self.types, self.function.result(), types)?;
        for (actual, own) in actual.iter_mut().zip(types).filter(|(actual, _)| **actual == TypeId::Any) {
            // A literal whose type nobody decides is a text; only pg_typeof tells what it was.
            let undecided = *own == TypeId::Unknown && !matches!(self.function.body, Body::TypeOf);
            *actual = if undecided { TypeId::Text } else { *own };
        }
        let mut order: Vec<_> = (0..types.len()).collect();
        small::sort_by_key(&mut order, |at| self.places[*at]);
        let args = order.iter().map(|&at| (at, actual[at])).collect();
        let first_default = self.function.args.len() - self.function.defaults.len();
        let is_missing = |place: &usize| !self.places.contains(place);
        let missing = (first_default..self.function.args.len()).filter(is_missing);
        let missing = missing.map(|place| (place, self.function.defaults[place - first_default].clone())).collect();
        let mut function = self.function;
        if is_polymorphic(function.result()) {
            let columns = function.columns.iter().map(|(name, _)| (*name, result)).collect();
            function = Rc::new(Function { columns, ..(*function).clone() });
        }
        Ok(Found { function, args, missing })
    }
}

/// How a function would take as many arguments of these names, if it can.
fn candidate(function: Rc<Function>, args: &[(Option<Ident>, TypeId)]) -> Option<Candidate> {
    let wanted = function.args.len();
    let several = function.variadic && args.len() >= wanted && !args.is_empty();
    let enough = args.len() <= wanted && args.len() + function.defaults.len() >= wanted;
    if !enough && !several {
        return None;
    }
    let mut places = Vec::with_capacity(args.len());
    for (at, (name, _)) in args.iter().enumerate() {
        places.push(match name {
            Some(name) => function.args.iter().position(|(own, _)| **own == **name)?,
            None => at,
        });
    }
    let first_default = wanted - function.defaults.len();
    let given_once = |place: usize| places.iter().filter(|own| **own == place).count();
    if !function.variadic
        && (0..wanted).any(|place| given_once(place) != 1 && (place < first_default || given_once(place) > 1))
    {
        return None;
    }
    let declared = |place: &usize| match function.args.get(*place).or(function.args.last()) {
        Some((_, ArgType::Is(ty))) => *ty,
        _ => TypeId::Any,
    };
    let types = places.iter().map(declared).collect();
    Some(Candidate { types, places, function })
}

/// `f(integer, b => unknown)`
fn signature(name: &str, args: &[(Option<Ident>, TypeId)]) -> String {
    let show = |(name, ty): &(Option<Ident>, TypeId)| match name {
        Some(name) => format!("{name} => {ty}"),
        None => ty.to_string(),
    };
    format!("{name}({})", args.iter().map(show).collect::<Vec<_>>().join(", "))
}

fn undefined(name: &str, args: &[(Option<Ident>, TypeId)], pos: Pos) -> Error {
    let message = format!("function {} does not exist", signature(name, args));
    Error::new(sqlstate::UNDEFINED_FUNCTION, message)
        .hint("No function matches the given name and argument types. You might need to add explicit type casts.")
        .at(pos.0)
}

fn ambiguous(name: &str, args: &[(Option<Ident>, TypeId)], pos: Pos) -> Error {
    let message = format!("function {} is not unique", signature(name, args));
    Error::new(sqlstate::AMBIGUOUS_FUNCTION, message)
        .hint("Could not choose a best candidate function. You might need to add explicit type casts.")
        .at(pos.0)
}
