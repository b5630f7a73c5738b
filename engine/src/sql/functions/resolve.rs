//! Which function a call means: PostgreSQL's rules of choice among those of a name.
//!
//! 1. One that takes just these types.
//! 2. Else those that take what these types can become implicitly; of those, the ones that fit exactly in most
//!    places; of those, the ones that take the preferred type of a category in most places.
//! 3. A literal of unknown type is taken for a string if a candidate takes a string there, else for the preferred type
//!    of the only category there is.

use super::super::ast::{Ident, Pos};
use super::{ArgType, Body, Function, Registry};
use crate::ids::{Error, Result, sqlstate};
use crate::small;
use crate::types::{CastContext, TypeCategory, TypeId, can_coerce};
use std::rc::Rc;

/// A function, and how the arguments of a call become its arguments.
pub struct Found {
    /// The function.
    pub function: Rc<Function>,
    /// For each of its arguments in turn: which of the call's, and the type it must have.
    pub args: Vec<(usize, TypeId)>,
}

struct Candidate {
    function: Rc<Function>,
    /// For each argument of the call: the function's type for it.
    types: Vec<ArgType>,
    /// The order of the call's arguments.
    order: Vec<usize>,
}

/// The function that a call means: its name, its arguments' names and types.
pub fn resolve(registry: &Registry, name: &str, args: &[(Option<Ident>, TypeId)], pos: Pos) -> Result<Found> {
    let mut candidates: Vec<_> = registry.named(name).iter().filter_map(|function| candidate(function, args)).collect();
    let types: Vec<_> = args.iter().map(|(_, ty)| *ty).collect();
    if let Some(exact) = candidates.iter().position(|c| exact_fits(c, &types) == types.len()) {
        return Ok(candidates.swap_remove(exact).found(&types));
    }
    keep_best(&mut candidates, |c| exact_fits(c, &types));
    keep_best(&mut candidates, |c| count(c, &types, |from, to| from == to || is_preferred_of(from, to)));
    for at in (0..types.len()).filter(|at| types[*at] == TypeId::Unknown) {
        keep_best(&mut candidates, |c| match c.types[at] {
            ArgType::Is(ty) if ty.category() == TypeCategory::String => 1 + usize::from(ty.is_preferred()),
            _ => 0,
        });
        let category = |c: &Candidate| match c.types[at] {
            ArgType::Is(ty) => Some(ty.category()),
            ArgType::Any => None,
        };
        if candidates.iter().all(|c| category(c) == candidates.first().and_then(category)) {
            keep_best(&mut candidates, |c| matches!(c.types[at], ArgType::Is(ty) if ty.is_preferred()).into());
        }
    }
    match candidates.len() {
        1 => Ok(candidates.swap_remove(0).found(&types)),
        0 => Err(undefined(name, args, pos)),
        _ => Err(ambiguous(name, args, pos)),
    }
}

impl Candidate {
    fn found(self, types: &[TypeId]) -> Found {
        let ty = |at: usize| match self.types[at] {
            ArgType::Is(ty) => ty,
            // A literal whose type nobody decides is a text; only pg_typeof tells what it was.
            ArgType::Any if types[at] == TypeId::Unknown && !matches!(self.function.body, Body::TypeOf) => TypeId::Text,
            ArgType::Any => types[at],
        };
        let args = self.order.iter().map(|&at| (at, ty(at))).collect();
        Found { function: self.function, args }
    }
}

/// How a function would take the arguments, if it can.
fn candidate(function: &Rc<Function>, args: &[(Option<Ident>, TypeId)]) -> Option<Candidate> {
    let wanted = function.args.len();
    if args.len() != wanted && !(function.variadic && args.len() + 1 >= wanted && !args.is_empty()) {
        return None;
    }
    let mut places = Vec::with_capacity(args.len());
    for (at, (name, _)) in args.iter().enumerate() {
        places.push(match name {
            Some(name) => function.args.iter().position(|(own, _)| **own == **name)?,
            None => at.min(wanted.saturating_sub(1)),
        });
    }
    let mut order: Vec<_> = (0..args.len()).collect();
    small::sort_by_key(&mut order, |at| places[*at]);
    let named_twice = !function.variadic && order.windows(2).any(|pair| places[pair[0]] == places[pair[1]]);
    let types: Vec<_> = places.iter().map(|place| function.args[*place].1).collect();
    let fits = |(ty, (_, from)): (&ArgType, &(Option<Ident>, TypeId))| match ty {
        ArgType::Is(to) => can_coerce(*from, *to, CastContext::Implicit),
        ArgType::Any => true,
    };
    let fits = !named_twice && types.iter().zip(args).all(fits);
    fits.then(|| Candidate { function: function.clone(), types, order })
}

fn count(candidate: &Candidate, types: &[TypeId], fits: impl Fn(TypeId, TypeId) -> bool) -> usize {
    let place = |(to, from): (&ArgType, &TypeId)| match to {
        ArgType::Is(to) => *from != TypeId::Unknown && fits(*from, *to),
        ArgType::Any => false,
    };
    candidate.types.iter().zip(types).filter(|pair| place(*pair)).count()
}

fn exact_fits(candidate: &Candidate, types: &[TypeId]) -> usize {
    count(candidate, types, |from, to| from == to)
}

fn is_preferred_of(from: TypeId, to: TypeId) -> bool {
    from.category() == to.category() && to.is_preferred()
}

fn keep_best(candidates: &mut Vec<Candidate>, score: impl Fn(&Candidate) -> usize) {
    let best = candidates.iter().map(&score).max().unwrap_or(0);
    candidates.retain(|candidate| score(candidate) == best);
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
