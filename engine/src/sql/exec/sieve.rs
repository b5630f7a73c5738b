//! Conditions that are asked of a row's bytes, before any value is made of them.
//!
//! ```text
//!   WHERE b >= 100 AND b < 1100 AND c LIKE '%one%' AND f(c) > 3
//!         ───────────────────────────────────────      ─────── asked as ever, of the rows that have passed
//!         bytes 4..8 as a number, bytes from 8 on as a text
//! ```
//!
//! Most rows of most scans are refused by a comparison of a column with something known. The leading conditions of that kind
//! are worked out once, when the scan begins: where the column lies in rows without NULLs, and what it is compared with. A row
//! for which that is not so, with a NULL or with a value that is compressed or elsewhere, is let through, and the conditions are
//! asked again as they were written. Their order is kept: none is asked here behind one that is not, since that might be an error.

use super::super::bound::{Exprs, Scalar};
use super::ExecCx;
use crate::access::Sifted;
use crate::storage::varlena;
use crate::types::like::LikePattern;
use crate::types::tuple::{bytes_at, cached_offset};
use crate::types::{Attr, Datum, TupleDesc, TypeId};
use std::cmp::Ordering;

/// Conditions of the form column, operator, value.
pub(super) struct Sieve {
    tests: Vec<Test>,
    /// Whether all conditions are among them.
    complete: bool,
}

struct Test {
    attr: Attr,
    column: usize,
    offset: usize,
    kind: Kind,
}

enum Kind {
    /// An integer that is less, equal or greater, as far as these are wanted.
    Number(i64, [bool; 3]),
    /// The same of a text.
    Text(Box<str>, [bool; 3]),
    /// A text that is like a pattern, or that is not.
    Like(LikePattern, bool),
}

impl Sieve {
    /// What of conditions can be asked of bytes; `place` says which column of the table stands in a slot. None if there is
    /// nothing.
    pub fn of(cx: &ExecCx<'_>, desc: &TupleDesc, place: &dyn Fn(usize) -> usize, filter: &[Exprs]) -> Option<Sieve> {
        let mut sieve = Sieve { tests: Vec::new(), complete: true };
        for exprs in filter {
            for scalar in &exprs.scalars {
                sieve.complete = sieve.complete && exprs.waits.is_empty() && sieve.take(cx, desc, place, scalar);
            }
        }
        (!sieve.tests.is_empty()).then_some(sieve)
    }

    /// Takes a condition, or its leading parts; whether all of it.
    fn take(&mut self, cx: &ExecCx<'_>, desc: &TupleDesc, place: &dyn Fn(usize) -> usize, scalar: &Scalar) -> bool {
        match scalar {
            Scalar::And(args) => args.iter().all(|arg| self.take(cx, desc, place, arg)),
            Scalar::Binary(operator, _, args) => {
                let [left, right] = &**args;
                let test = test(cx, desc, place, operator, left, right)
                    .or_else(|| test(cx, desc, place, turned(operator)?, right, left));
                let taken = test.is_some();
                self.tests.extend(test);
                taken
            }
            _ => false,
        }
    }

    /// What the sieve says of a row.
    pub fn sift(&self, tuple: &[u8]) -> Sifted {
        for test in &self.tests {
            match test.passes(tuple) {
                Some(true) => {}
                Some(false) => return Sifted::Refused,
                None => return Sifted::Unknown,
            }
        }
        if self.complete { Sifted::Passed } else { Sifted::Unknown }
    }
}

/// Whether a value is the same for all rows of a scan, and cheap to tell.
fn is_known(scalar: &Scalar) -> bool {
    match scalar {
        Scalar::Const(_) | Scalar::Param(_) | Scalar::Exec(_) => true,
        Scalar::Cast(_, _, arg) | Scalar::Unary(_, _, arg) => is_known(arg),
        _ => false,
    }
}

/// The operator that asks the same with its sides exchanged.
fn turned(operator: &str) -> Option<&'static str> {
    Some(match operator {
        "=" => "=",
        "<>" => "<>",
        "<" => ">",
        "<=" => ">=",
        ">" => "<",
        ">=" => "<=",
        _ => return None,
    })
}

/// `column operator value`, if it is one that can be asked of bytes.
fn test(
    cx: &ExecCx<'_>,
    desc: &TupleDesc,
    place: &dyn Fn(usize) -> usize,
    operator: &str,
    of: &Scalar,
    value: &Scalar,
) -> Option<Test> {
    let slot = match of {
        Scalar::Column(slot) => *slot,
        Scalar::Cast(_, TypeId::Text, arg) => match &**arg {
            Scalar::Column(slot) => *slot,
            _ => return None,
        },
        _ => return None,
    };
    let column = place(slot);
    let attr = desc.attrs.get(column).filter(|attr| !attr.dropped)?;
    let number = matches!(attr.type_id, TypeId::Int2 | TypeId::Int4 | TypeId::Int8) && matches!(of, Scalar::Column(_));
    let text = matches!(attr.type_id, TypeId::Text | TypeId::Varchar);
    if !number && !text || !is_known(value) {
        return None;
    }
    let value = value.eval(&cx.eval(&[], 0, &[])).ok()?;
    let wanted = match operator {
        "<" => Some([true, false, false]),
        "<=" => Some([true, true, false]),
        "=" => Some([false, true, false]),
        ">=" => Some([false, true, true]),
        ">" => Some([false, false, true]),
        "<>" => Some([true, false, true]),
        _ => None,
    };
    let kind = match (&value, wanted) {
        (Datum::Int2(_) | Datum::Int4(_) | Datum::Int8(_), Some(wanted)) if number => {
            Kind::Number(value.as_int().ok()?, wanted)
        }
        (Datum::Text(value), Some(wanted)) if text => Kind::Text((&**value).into(), wanted),
        (Datum::Text(pattern), None) if text && matches!(operator, "~~" | "!~~") => {
            Kind::Like(LikePattern::new(pattern)?, operator == "~~")
        }
        _ => return None,
    };
    Some(Test { attr: attr.clone(), column, offset: cached_offset(desc, column)?, kind })
}

impl Test {
    /// Whether it is true of a row, if that can be told.
    #[inline]
    fn passes(&self, tuple: &[u8]) -> Option<bool> {
        let bytes = bytes_at(&self.attr, self.column, self.offset, tuple)?;
        let (order, wanted) = match &self.kind {
            Kind::Number(value, wanted) => {
                let own = match bytes {
                    [a, b] => i64::from(i16::from_le_bytes([*a, *b])),
                    [a, b, c, d] => i64::from(i32::from_le_bytes([*a, *b, *c, *d])),
                    bytes => i64::from_le_bytes(bytes.try_into().ok()?),
                };
                (own.cmp(value), wanted)
            }
            Kind::Text(value, wanted) => (plain_text(bytes)?.cmp(value.as_bytes()), wanted),
            Kind::Like(pattern, wanted) => return Some(pattern.fits(plain_text(bytes)?) == *wanted),
        };
        Some(match order {
            Ordering::Less => wanted[0],
            Ordering::Equal => wanted[1],
            Ordering::Greater => wanted[2],
        })
    }
}

/// The text in a value that is neither compressed nor elsewhere.
fn plain_text(value: &[u8]) -> Option<&[u8]> {
    (!varlena::is_external(value) && !varlena::is_compressed(value)).then(|| varlena::payload(value))
}
