//! Which function an operator means: the rows of `pg_operator`.
//!
//! Of those of a name one is chosen by the rules of [`super::resolve`]; a literal of unknown type is taken for the other
//! side's type first. No operator that fits is 42883, several are 42725.

mod table;

use super::TypeId::{self, *};
use super::arith::{self, BinaryFn, UnaryFn};
use super::resolve::{Choice, choose, specialise};
use crate::ids::{Error, Result, sqlstate};
use table::{BINARY, FOUR_WAYS, UNARY};

/// An operator of two operands, chosen.
#[derive(Clone, Copy)]
pub struct BinaryOp {
    /// What the left operand must be cast to; the cast exists, whatever its context.
    pub left: TypeId,
    /// What the right operand must be cast to.
    pub right: TypeId,
    /// The type of the result.
    pub result: TypeId,
    /// The function.
    pub eval: BinaryFn,
    /// Whether NULL makes NULL without a call.
    pub strict: bool,
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

const INTEGERS: [TypeId; 3] = [Int2, Int4, Int8];
const FLOATS: [TypeId; 2] = [Float4, Float8];

/// Types that compare with themselves in all six ways.
const ORDERED: [TypeId; 16] = [
    Bool, Bytea, Char, Oid, Tid, Time, TimeTz, Interval, Numeric, PgLsn, OidVector, Bpchar, Uuid, Xid8, Jsonb, AnyArray,
];

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
    let mut add = |left, right, result, eval| {
        // Arrays are joined with NULLs too.
        let strict = !matches!(result, AnyCompatibleArray);
        found.push(BinaryOp { left, right, result, eval, strict });
    };
    // Families have an operator for each pair of their types, with the wider one's type for result.
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
        for family in [&INTEGERS[..], &FLOATS, &[Text, Name], &[Date, Timestamp, TimestampTz]] {
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

fn not_found(choice: Choice, signature: String, args: usize) -> Error {
    let (code, message, hint) = match choice {
        Choice::Several => (
            sqlstate::AMBIGUOUS_FUNCTION,
            "is not unique",
            "Could not choose a best candidate operator. You might need to add explicit type casts.",
        ),
        _ if args == 1 => (
            sqlstate::UNDEFINED_FUNCTION,
            "does not exist",
            "No operator matches the given name and argument type. You might need to add an explicit type cast.",
        ),
        _ => (
            sqlstate::UNDEFINED_FUNCTION,
            "does not exist",
            "No operator matches the given name and argument types. You might need to add explicit type casts.",
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
    let exact = all.iter().copied().find(|c| c.left == l && c.right == r);
    let chosen = match exact {
        Some(exact) => exact,
        None => {
            let args: Vec<[TypeId; 2]> = all.iter().map(|c| [c.left, c.right]).collect();
            let args: Vec<&[TypeId]> = args.iter().map(|args| &args[..]).collect();
            match choose(&args, &[left, right]) {
                Choice::One(at) => all[at],
                choice => return Err(not_found(choice, format!("{left} {op} {right}"), 2)),
            }
        }
    };
    let (args, result) = specialise(&[chosen.left, chosen.right], chosen.result, &[left, right])?;
    // `text || anything` casts the other side to text.
    let taken = |declared: TypeId, actual: TypeId| if declared == AnyNonArray { Text } else { actual };
    Ok(BinaryOp { left: taken(chosen.left, args[0]), right: taken(chosen.right, args[1]), result, ..chosen })
}

/// The operator that `op arg` means.
pub fn unary_op(op: &str, arg: TypeId) -> Result<UnaryOp> {
    let all: Vec<UnaryOp> = UNARY
        .iter()
        .filter(|(name, ..)| *name == op)
        .map(|&(_, arg, eval)| UnaryOp { arg, result: arg, eval })
        .collect();
    let args: Vec<[TypeId; 1]> = all.iter().map(|c| [c.arg]).collect();
    let args: Vec<&[TypeId]> = args.iter().map(|args| &args[..]).collect();
    match choose(&args, &[arg]) {
        Choice::One(at) => Ok(all[at]),
        choice => Err(not_found(choice, format!("{op} {arg}"), 1)),
    }
}
