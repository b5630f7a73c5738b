//! Which function an operator means: the rows of `pg_operator`, and PostgreSQL's rules of choice among them.
//!
//! 1. An operator that takes just these types. A literal of unknown type is taken for the other side's type.
//! 2. Else all that take what these types can become implicitly; of those, the ones that fit exactly in most places;
//!    of those, the ones that fit or prefer in most places.
//! 3. Unknown literals are taken for strings if any candidate left takes a string, else for the only category left.
//! 4. If one known type occurs, unknown literals are taken for it.
//!
//! What remains must be one: none is 42883, several are 42725.

use super::arith::{self, BinaryFn, UnaryFn};
use super::cast::{CastContext, can_coerce};
use super::{TypeCategory, TypeId};
use crate::ids::{Error, Result, sqlstate};

/// An operator of two operands, chosen.
#[derive(Clone, Copy)]
pub struct BinaryOp {
    /// What the left operand must be cast to; the cast exists, whatever its context.
    pub left: TypeId,
    /// What the right operand must be cast to.
    pub right: TypeId,
    /// The type of the result.
    pub result: TypeId,
    /// The function; strict.
    pub eval: BinaryFn,
}

/// An operator before its operand, chosen.
#[derive(Clone, Copy)]
pub struct UnaryOp {
    /// What the operand must be cast to.
    pub arg: TypeId,
    /// The type of the result.
    pub result: TypeId,
    /// The function; strict.
    pub eval: UnaryFn,
}

use TypeId::*;

/// Operators of two operands, comparisons aside.
static BINARY: &[(&str, TypeId, TypeId, TypeId, BinaryFn)] = &[
    ("%", Int2, Int2, Int2, arith::int2::rem),
    ("%", Int4, Int4, Int4, arith::int4::rem),
    ("%", Int8, Int8, Int8, arith::int8::rem),
    ("%", Numeric, Numeric, Numeric, arith::numeric_rem),
    ("&", Int2, Int2, Int2, arith::int2::and),
    ("&", Int4, Int4, Int4, arith::int4::and),
    ("&", Int8, Int8, Int8, arith::int8::and),
    ("|", Int2, Int2, Int2, arith::int2::or),
    ("|", Int4, Int4, Int4, arith::int4::or),
    ("|", Int8, Int8, Int8, arith::int8::or),
    ("#", Int2, Int2, Int2, arith::int2::xor),
    ("#", Int4, Int4, Int4, arith::int4::xor),
    ("#", Int8, Int8, Int8, arith::int8::xor),
    ("<<", Int2, Int4, Int2, arith::int2::shl),
    ("<<", Int4, Int4, Int4, arith::int4::shl),
    ("<<", Int8, Int4, Int8, arith::int8::shl),
    (">>", Int2, Int4, Int2, arith::int2::shr),
    (">>", Int4, Int4, Int4, arith::int4::shr),
    (">>", Int8, Int4, Int8, arith::int8::shr),
    ("+", Numeric, Numeric, Numeric, arith::numeric_add),
    ("-", Numeric, Numeric, Numeric, arith::numeric_sub),
    ("*", Numeric, Numeric, Numeric, arith::numeric_mul),
    ("/", Numeric, Numeric, Numeric, arith::numeric_div),
    ("^", Numeric, Numeric, Numeric, arith::numeric_power),
    ("^", Float8, Float8, Float8, arith::float8_power),
    ("||", Text, Text, Text, arith::text_concat),
    ("||", Text, AnyNonArray, Text, arith::text_concat),
    ("||", AnyNonArray, Text, Text, arith::text_concat),
    ("||", Bytea, Bytea, Bytea, arith::bytea_concat),
    ("-", PgLsn, PgLsn, Numeric, arith::lsn_difference),
    ("+", PgLsn, Numeric, PgLsn, arith::lsn_add),
    ("+", Numeric, PgLsn, PgLsn, arith::lsn_add_to),
    ("-", PgLsn, Numeric, PgLsn, arith::lsn_sub),
    ("-", TimestampTz, TimestampTz, Interval, arith::timestamptz_difference),
    ("+", TimestampTz, Interval, TimestampTz, arith::timestamptz_add),
    ("+", Interval, TimestampTz, TimestampTz, arith::timestamptz_add_to),
    ("-", TimestampTz, Interval, TimestampTz, arith::timestamptz_sub),
    ("+", Interval, Interval, Interval, arith::interval_add),
    ("-", Interval, Interval, Interval, arith::interval_sub),
    ("*", Interval, Float8, Interval, arith::interval_mul),
    ("*", Float8, Interval, Interval, arith::interval_mul_by),
    ("/", Interval, Float8, Interval, arith::interval_div),
];

/// The four operations, each on three widths of integers and two of floating-point numbers.
type FourWays = (&'static str, [BinaryFn; 3], [BinaryFn; 2]);

static FOUR_WAYS: [FourWays; 4] = [
    ("+", [arith::int2::add, arith::int4::add, arith::int8::add], [arith::float4::add, arith::float8::add]),
    ("-", [arith::int2::sub, arith::int4::sub, arith::int8::sub], [arith::float4::sub, arith::float8::sub]),
    ("*", [arith::int2::mul, arith::int4::mul, arith::int8::mul], [arith::float4::mul, arith::float8::mul]),
    ("/", [arith::int2::div, arith::int4::div, arith::int8::div], [arith::float4::div, arith::float8::div]),
];

static UNARY: &[(&str, TypeId, UnaryFn)] = &[
    ("-", Int2, arith::int2::negate),
    ("-", Int4, arith::int4::negate),
    ("-", Int8, arith::int8::negate),
    ("-", Float4, arith::float4::negate),
    ("-", Float8, arith::float8::negate),
    ("-", Numeric, arith::numeric_negate),
    ("-", Interval, arith::interval_negate),
    ("+", Int2, arith::identity),
    ("+", Int4, arith::identity),
    ("+", Int8, arith::identity),
    ("+", Float4, arith::identity),
    ("+", Float8, arith::identity),
    ("+", Numeric, arith::identity),
    ("@", Int2, arith::int2::abs),
    ("@", Int4, arith::int4::abs),
    ("@", Int8, arith::int8::abs),
    ("@", Float4, arith::float4::abs),
    ("@", Float8, arith::float8::abs),
    ("@", Numeric, arith::numeric_abs),
    ("~", Int2, arith::int2::not),
    ("~", Int4, arith::int4::not),
    ("~", Int8, arith::int8::not),
    ("|/", Float8, arith::float8_sqrt),
];

const INTEGERS: [TypeId; 3] = [Int2, Int4, Int8];
const FLOATS: [TypeId; 2] = [Float4, Float8];

/// Types that compare with themselves in all six ways.
const ORDERED: [TypeId; 10] = [Bool, Bytea, Char, Oid, Tid, TimestampTz, Interval, Numeric, PgLsn, OidVector];

/// The function of a comparison.
fn comparison(name: &str) -> Option<BinaryFn> {
    Some(match name {
        "=" => arith::eq,
        "<>" | "!=" => arith::ne,
        "<" => arith::lt,
        "<=" => arith::le,
        ">" => arith::gt,
        ">=" => arith::ge,
        _ => return None,
    })
}

/// All operators of a name.
fn candidates(name: &str) -> Vec<BinaryOp> {
    let mut found = Vec::new();
    let mut add = |left, right, result, eval| found.push(BinaryOp { left, right, result, eval });
    // Both families have an operator for each pair of widths, with the wider one's type for result.
    let pairs = |types: &[TypeId], each: &mut dyn FnMut(usize, usize)| {
        (0..types.len() * types.len()).for_each(|n| each(n / types.len(), n % types.len()));
    };
    if let Some((_, ints, floats)) = FOUR_WAYS.iter().find(|(n, ..)| *n == name) {
        pairs(&INTEGERS, &mut |a, b| add(INTEGERS[a], INTEGERS[b], INTEGERS[a.max(b)], ints[a.max(b)]));
        pairs(&FLOATS, &mut |a, b| add(FLOATS[a], FLOATS[b], FLOATS[a.max(b)], floats[a.max(b)]));
    }
    for &(_, left, right, result, eval) in BINARY.iter().filter(|(n, ..)| *n == name) {
        add(left, right, result, eval);
    }
    if let Some(eval) = comparison(name) {
        for family in [&INTEGERS[..], &FLOATS, &[Text, Name]] {
            pairs(family, &mut |a, b| add(family[a], family[b], Bool, eval));
        }
        ORDERED.iter().for_each(|&t| add(t, t, Bool, eval));
        if matches!(name, "=" | "<>" | "!=") {
            add(Xid, Xid, Bool, eval);
            add(Xid, Int4, Bool, eval);
        }
        if name == "=" {
            add(Cid, Cid, Bool, eval);
        }
    }
    found
}

/// What a call of an operator looks like to the rules of choice.
trait Candidate: Copy {
    fn args(&self) -> Vec<TypeId>;
}

impl Candidate for BinaryOp {
    fn args(&self) -> Vec<TypeId> {
        vec![self.left, self.right]
    }
}

impl Candidate for UnaryOp {
    fn args(&self) -> Vec<TypeId> {
        vec![self.arg]
    }
}

/// Why no candidate was chosen.
enum Choice {
    None,
    Several,
}

fn coercible(from: TypeId, to: TypeId) -> bool {
    can_coerce(from, to, CastContext::Implicit)
}

/// Keeps the candidates that score best.
fn keep_best<C: Candidate>(candidates: &mut Vec<C>, score: impl Fn(&C) -> usize) {
    let best = candidates.iter().map(&score).max().unwrap_or(0);
    candidates.retain(|c| score(c) == best);
}

/// `func_match_argtypes` and `func_select_candidate`: rules 2 to 4 of the module's text.
fn select<C: Candidate>(mut candidates: Vec<C>, types: &[TypeId]) -> Result<C, Choice> {
    candidates.retain(|c| c.args().iter().zip(types).all(|(&to, &from)| coercible(from, to)));
    let count = |c: &C, fits: &dyn Fn(TypeId, TypeId) -> bool| {
        c.args().iter().zip(types).filter(|&(&to, &from)| from != Unknown && fits(from, to)).count()
    };
    let exact = |from: TypeId, to: TypeId| from == to;
    let preferred = |from: TypeId, to: TypeId| from == to || from.category() == to.category() && to.is_preferred();
    for rule in 0..4 {
        match (&candidates[..], rule) {
            ([], _) => return Err(Choice::None),
            ([one], _) => return Ok(*one),
            (_, 0) => keep_best(&mut candidates, |c| count(c, &exact)),
            (_, 1) => keep_best(&mut candidates, |c| count(c, &preferred)),
            (_, 2) => resolve_unknown_by_category(&mut candidates, types),
            _ => resolve_unknown_by_known(&mut candidates, types),
        }
    }
    match candidates[..] {
        [one] => Ok(one),
        _ => Err(Choice::Several),
    }
}

fn resolve_unknown_by_category<C: Candidate>(candidates: &mut Vec<C>, types: &[TypeId]) {
    let mut wanted = Vec::new();
    for place in (0..types.len()).filter(|&p| types[p] == Unknown) {
        let at_place: Vec<TypeId> = candidates.iter().map(|c| c.args()[place]).collect();
        let first = at_place.first().map_or(TypeCategory::Unknown, |t| t.category());
        let any_string = at_place.iter().any(|t| t.category() == TypeCategory::String);
        if !any_string && at_place.iter().any(|t| t.category() != first) {
            return;
        }
        let category = if any_string { TypeCategory::String } else { first };
        let has_preferred = at_place.iter().any(|t| t.category() == category && t.is_preferred());
        wanted.push((place, category, has_preferred));
    }
    let fits = |c: &C| {
        wanted.iter().all(|&(place, category, has_preferred)| {
            let arg = c.args()[place];
            arg.category() == category && (!has_preferred || arg.is_preferred())
        })
    };
    if candidates.iter().any(fits) {
        candidates.retain(fits);
    }
}

fn resolve_unknown_by_known<C: Candidate>(candidates: &mut Vec<C>, types: &[TypeId]) {
    let mut known = types.iter().copied().filter(|t| *t != Unknown);
    let Some(first) = known.next().filter(|_| types.contains(&Unknown)) else { return };
    let fits = |c: &C| c.args().iter().all(|&to| coercible(first, to));
    if known.all(|t| t == first) && candidates.iter().filter(|c| fits(c)).count() == 1 {
        candidates.retain(fits);
    }
}

fn not_found(choice: Choice, signature: String, args: usize) -> Error {
    let (code, message, hint) = match choice {
        Choice::None if args == 1 => (
            sqlstate::UNDEFINED_FUNCTION,
            "does not exist",
            "No operator matches the given name and argument type. You might need to add an explicit type cast.",
        ),
        Choice::None => (
            sqlstate::UNDEFINED_FUNCTION,
            "does not exist",
            "No operator matches the given name and argument types. You might need to add explicit type casts.",
        ),
        Choice::Several => (
            sqlstate::AMBIGUOUS_FUNCTION,
            "is not unique",
            "Could not choose a best candidate operator. You might need to add explicit type casts.",
        ),
    };
    Error::new(code, format!("operator {message}: {signature}")).hint(hint)
}

/// The operator that `left op right` means; [`TypeId::Unknown`] is the type of a bare literal or NULL.
pub fn binary_op(op: &str, left: TypeId, right: TypeId) -> Result<BinaryOp> {
    let all = candidates(op);
    let (l, r) = match (left, right) {
        (Unknown, other) | (other, Unknown) => (other, other),
        both => both,
    };
    if l == r
        && l.is_array()
        && l != OidVector
        && let Some(eval) = comparison(op)
    {
        return Ok(BinaryOp { left: l, right: r, result: Bool, eval });
    }
    let exact = all.iter().copied().find(|c| c.left == l && c.right == r);
    let mut chosen = match exact {
        Some(exact) => exact,
        None => select(all, &[left, right]).map_err(|choice| not_found(choice, format!("{left} {op} {right}"), 2))?,
    };
    // `text || anything` casts the other side to text.
    for side in [&mut chosen.left, &mut chosen.right] {
        if *side == AnyNonArray {
            *side = Text;
        }
    }
    Ok(chosen)
}

/// The operator that `op arg` means.
pub fn unary_op(op: &str, arg: TypeId) -> Result<UnaryOp> {
    let all: Vec<UnaryOp> = UNARY
        .iter()
        .filter(|(name, ..)| *name == op)
        .map(|&(_, arg, eval)| UnaryOp { arg, result: arg, eval })
        .collect();
    match all.iter().copied().find(|c| c.arg == arg) {
        Some(exact) => Ok(exact),
        None => select(all, &[arg]).map_err(|choice| not_found(choice, format!("{op} {arg}"), 1)),
    }
}
