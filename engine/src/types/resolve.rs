//! The choice among operators or functions of one name, as PostgreSQL makes it.
//!
//! 1. One that takes just these types. (Of operators, a literal of unknown type is first taken for the other side's
//!    type: the caller does that.)
//! 2. Else all that take what these types can become implicitly; of those, the ones that fit exactly in most places;
//!    of those, the ones that fit or prefer in most places.
//! 3. Unknown literals are taken for strings if any candidate left takes a string, else for the only category left.
//! 4. If one known type occurs, unknown literals are taken for it.
//!
//! What remains must be one. An argument of a polymorphic type, such as `anyarray`, takes many types, but those of one
//! call must go together ([`specialise`]).

use super::TypeCategory;
use super::TypeId::{self, *};
use super::cast::{CastContext, can_coerce, select_common_type};
use crate::ids::{Error, Result, sqlstate};

/// What the rules say.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Choice {
    /// This one of the candidates.
    One(usize),
    /// None fits.
    None,
    /// Several fit equally well.
    Several,
}

/// `func_match_argtypes` and `func_select_candidate` over the candidates' arguments.
pub fn choose(candidates: &[&[TypeId]], types: &[TypeId]) -> Choice {
    let exact = |c: &&[TypeId]| **c == *types;
    if let Some(at) = candidates.iter().position(exact) {
        return Choice::One(at);
    }
    let mut left: Vec<usize> = (0..candidates.len()).filter(|at| accepts(candidates[*at], types)).collect();
    let count = |c: &[TypeId], fits: &dyn Fn(TypeId, TypeId) -> bool| {
        c.iter().zip(types).filter(|&(&to, &from)| from != Unknown && fits(from, to)).count()
    };
    let same = |from: TypeId, to: TypeId| from == to;
    let preferred = |from: TypeId, to: TypeId| from == to || from.category() == to.category() && to.is_preferred();
    for rule in 0..4 {
        match (&left[..], rule) {
            ([], _) => return Choice::None,
            ([one], _) => return Choice::One(*one),
            (_, 0) => keep_best(&mut left, |at| count(candidates[at], &same)),
            (_, 1) => keep_best(&mut left, |at| count(candidates[at], &preferred)),
            (_, 2) => unknown_by_category(candidates, &mut left, types),
            _ => unknown_by_known(candidates, &mut left, types),
        }
    }
    match left[..] {
        [one] => Choice::One(one),
        _ => Choice::Several,
    }
}

fn keep_best(left: &mut Vec<usize>, score: impl Fn(usize) -> usize) {
    let best = left.iter().map(|at| score(*at)).max().unwrap_or(0);
    left.retain(|at| score(*at) == best);
}

/// Whether these types can become those arguments without being told to.
fn accepts(declared: &[TypeId], types: &[TypeId]) -> bool {
    declared.len() == types.len()
        && declared.iter().zip(types).all(|(&to, &from)| takes(from, to))
        && specialise(declared, Void, types).is_ok()
}

fn takes(from: TypeId, to: TypeId) -> bool {
    match to {
        Any | AnyElement | AnyCompatible => true,
        AnyNonArray => !from.is_array(),
        AnyArray | AnyCompatibleArray => from.is_array() || matches!(from, Unknown | AnyArray),
        to => can_coerce(from, to, CastContext::Implicit),
    }
}

fn unknown_by_category(candidates: &[&[TypeId]], left: &mut Vec<usize>, types: &[TypeId]) {
    let mut wanted = Vec::new();
    for place in (0..types.len()).filter(|&p| types[p] == Unknown) {
        let at_place: Vec<TypeId> = left.iter().map(|at| candidates[*at][place]).collect();
        let first = at_place.first().map_or(TypeCategory::Unknown, |t| t.category());
        let any_string = at_place.iter().any(|t| t.category() == TypeCategory::String);
        if !any_string && at_place.iter().any(|t| t.category() != first) {
            return;
        }
        let category = if any_string { TypeCategory::String } else { first };
        let has_preferred = at_place.iter().any(|t| t.category() == category && t.is_preferred());
        wanted.push((place, category, has_preferred));
    }
    let fits = |at: &usize| {
        wanted.iter().all(|&(place, category, has_preferred)| {
            let arg = candidates[*at][place];
            arg.category() == category && (!has_preferred || arg.is_preferred())
        })
    };
    if left.iter().any(fits) {
        left.retain(fits);
    }
}

fn unknown_by_known(candidates: &[&[TypeId]], left: &mut Vec<usize>, types: &[TypeId]) {
    let mut known = types.iter().copied().filter(|t| *t != Unknown);
    let Some(first) = known.next().filter(|_| types.contains(&Unknown)) else { return };
    let all_known = vec![first; types.len()];
    let fits = |at: &usize| accepts(candidates[*at], &all_known);
    if known.all(|t| t == first) && left.iter().filter(|at| fits(at)).count() == 1 {
        left.retain(fits);
    }
}

/// Whether a type stands for others.
pub fn is_polymorphic(ty: TypeId) -> bool {
    matches!(ty, AnyElement | AnyNonArray | AnyArray | AnyCompatible | AnyCompatibleArray)
}

/// `42804`
fn mismatch(message: &str) -> Error {
    Error::new(sqlstate::DATATYPE_MISMATCH, message)
}

/// `enforce_generic_type_consistency`: what the arguments and the result of a call really are.
pub fn specialise(declared: &[TypeId], result: TypeId, types: &[TypeId]) -> Result<(Vec<TypeId>, TypeId)> {
    if !declared.iter().any(|ty| is_polymorphic(*ty)) {
        return Ok((declared.to_vec(), result));
    }
    let pairs = || declared.iter().copied().zip(types.iter().copied());
    let element = element_of(pairs())?;
    let common = common_of(pairs())?;
    let undecided = || mismatch("could not determine polymorphic type because input has type unknown");
    let array = |elem: TypeId| {
        elem.array().ok_or_else(|| {
            let message = format!("could not find array type for data type {elem}");
            Error::new(sqlstate::UNDEFINED_OBJECT, message)
        })
    };
    let mut actual = Vec::with_capacity(types.len());
    for (declared, own) in pairs() {
        actual.push(match declared {
            AnyElement | AnyNonArray => element.ok_or_else(undecided)?,
            // The vector types are arrays, but not those of their elements.
            AnyArray if own.is_array() => own,
            AnyArray => array(element.ok_or_else(undecided)?)?,
            AnyCompatible => common.unwrap_or(Text),
            AnyCompatibleArray => array(common.unwrap_or(Text))?,
            other => other,
        });
    }
    let result = match result {
        AnyElement | AnyNonArray => element.ok_or_else(undecided)?,
        AnyArray => array(element.ok_or_else(undecided)?)?,
        AnyCompatible => common.unwrap_or(Text),
        AnyCompatibleArray => array(common.unwrap_or(Text))?,
        other => other,
    };
    Ok((actual, result))
}

/// What `anyelement` stands for in a call: all must be one type, and arrays must be of it.
fn element_of(pairs: impl Iterator<Item = (TypeId, TypeId)>) -> Result<Option<TypeId>> {
    let (mut element, mut of_array) = (None, None);
    for (declared, own) in pairs.filter(|(_, own)| *own != Unknown) {
        match declared {
            AnyElement | AnyNonArray => {
                if element.is_some_and(|known| known != own) {
                    return Err(mismatch("arguments declared \"anyelement\" are not all alike"));
                }
                element = Some(own);
            }
            AnyArray => {
                if of_array.is_some_and(|known| Some(known) != own.element()) {
                    return Err(mismatch("arguments declared \"anyarray\" are not all alike"));
                }
                of_array = own.element();
            }
            _ => {}
        }
    }
    match (element, of_array) {
        (Some(element), Some(of_array)) if element != of_array => {
            Err(mismatch("argument declared anyarray is not consistent with argument declared anyelement"))
        }
        (element, of_array) => Ok(of_array.or(element)),
    }
}

/// What `anycompatible` stands for: the common type of all of them.
fn common_of(pairs: impl Iterator<Item = (TypeId, TypeId)>) -> Result<Option<TypeId>> {
    let mut known = Vec::new();
    let mut any = false;
    for (declared, own) in pairs {
        let ty = match declared {
            AnyCompatible => own,
            AnyCompatibleArray if own == Unknown => own,
            AnyCompatibleArray => own.element().unwrap_or(own),
            _ => continue,
        };
        any = true;
        known.push(ty);
    }
    if !any || known.iter().all(|ty| *ty == Unknown) {
        return Ok(None);
    }
    let common = select_common_type(&known, "arguments")?;
    let fits = known.iter().all(|from| can_coerce(*from, common, CastContext::Implicit));
    if fits {
        Ok(Some(common))
    } else {
        Err(mismatch("arguments of anycompatible family cannot be cast to a common type"))
    }
}
