//! The type `numeric`: decimal numbers of any length, exactly.
//!
//! A number is a row of digits to base 10000, the weight of the first one, a sign, and a display scale: how many
//! decimals it shows, which arithmetic carries along (1.10 + 1.1 = 2.20).
//!
//! ```text
//!   -12345678.90    digits 1234 5678 9000    weight 1 (the first counts 10000^1)    sign -    dscale 2
//! ```
//!
//! Zeros at either end of the row are not kept, so equal values have equal rows. Besides there are NaN (equal to
//! itself and greater than all) and the infinities.
//!
//! On a page it is a varlena with one of two headers (see [`disk`]); the short one is used where it will do.

mod arith;
mod convert;
pub mod disk;
pub mod format;
mod power;
mod round;
mod text;

use std::rc::Rc;

use crate::ids::{Error, Result, sqlstate};

pub use round::{typmod, typmod_parts};

/// The base of the digits.
pub(crate) const NBASE: u32 = 10_000;
/// Decimal digits in a digit.
const DEC_DIGITS: i32 = 4;
/// `NUMERIC_DSCALE_MAX`
const DSCALE_MAX: i32 = 0x3FFF;
/// `NUMERIC_MAX_DISPLAY_SCALE`: the most that a division shows by itself.
const MAX_DISPLAY_SCALE: i32 = 1000;
/// `NUMERIC_MIN_SIG_DIGITS`: the least significant digits of a quotient.
const MIN_SIG_DIGITS: i32 = 16;

/// The sign, or what is not a finite number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sign {
    /// Zero or greater.
    Pos,
    /// Less than zero.
    Neg,
    /// Not a number.
    NaN,
    /// Greater than every finite number.
    PosInf,
    /// Less than every finite number.
    NegInf,
}

/// A value of type `numeric`. `==` compares what is stored, so 1.0 and 1.00 differ; [`Numeric::compare`] does not.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Numeric {
    sign: Sign,
    weight: i16,
    dscale: u16,
    digits: Rc<[u16]>,
}

/// A number while it is computed: it may have zeros at its ends, and a weight or scale that cannot be stored.
#[derive(Clone, Debug, Default)]
pub(crate) struct Var {
    neg: bool,
    weight: i32,
    dscale: i32,
    digits: Vec<u16>,
}

impl Numeric {
    /// The number 0.
    pub fn zero() -> Numeric {
        Numeric { sign: Sign::Pos, weight: 0, dscale: 0, digits: Rc::new([]) }
    }

    /// Not a number.
    pub fn nan() -> Numeric {
        Numeric::special(Sign::NaN)
    }

    /// Infinity, or -Infinity.
    pub fn infinity(negative: bool) -> Numeric {
        Numeric::special(if negative { Sign::NegInf } else { Sign::PosInf })
    }

    fn special(sign: Sign) -> Numeric {
        Numeric { sign, ..Numeric::zero() }
    }

    /// The sign, or what else it is.
    pub fn sign(&self) -> Sign {
        self.sign
    }

    /// The power of 10000 of the first digit.
    pub fn weight(&self) -> i16 {
        self.weight
    }

    /// How many decimals are shown.
    pub fn dscale(&self) -> u16 {
        self.dscale
    }

    /// The digits to base 10000, the most significant first, without zeros at either end.
    pub fn digits(&self) -> &[u16] {
        &self.digits
    }

    /// Whether this is NaN.
    pub fn is_nan(&self) -> bool {
        self.sign == Sign::NaN
    }

    /// Whether this is Infinity or -Infinity.
    pub fn is_infinite(&self) -> bool {
        matches!(self.sign, Sign::PosInf | Sign::NegInf)
    }

    /// Whether this is neither NaN nor infinite.
    pub fn is_finite(&self) -> bool {
        matches!(self.sign, Sign::Pos | Sign::Neg)
    }

    /// Whether this is 0.
    pub fn is_zero(&self) -> bool {
        self.is_finite() && self.digits.is_empty()
    }

    /// -1, 0 or 1 for what is less than, equal to or greater than 0; NaN counts as greater.
    pub fn signum(&self) -> i32 {
        match self.sign {
            Sign::Neg | Sign::NegInf => -1,
            Sign::Pos if self.digits.is_empty() => 0,
            _ => 1,
        }
    }

    /// The same number to compute with; only of a finite one.
    fn to_var(&self) -> Var {
        Var {
            neg: self.sign == Sign::Neg,
            weight: i32::from(self.weight),
            dscale: i32::from(self.dscale),
            digits: self.digits.to_vec(),
        }
    }
}

impl Var {
    /// Takes zeros off both ends.
    fn strip(&mut self) {
        let leading = self.digits.iter().take_while(|&&d| d == 0).count();
        self.digits.drain(..leading);
        self.weight -= leading as i32;
        while self.digits.last() == Some(&0) {
            self.digits.pop();
        }
        if self.digits.is_empty() {
            self.weight = 0;
            self.neg = false;
        }
    }

    /// The digit that counts 10000^`weight`; 0 beyond the ends.
    fn digit(&self, weight: i32) -> u16 {
        usize::try_from(self.weight - weight).ok().and_then(|at| self.digits.get(at).copied()).unwrap_or(0)
    }

    /// The weight of the last digit.
    fn last_weight(&self) -> i32 {
        self.weight - self.digits.len() as i32 + 1
    }

    /// `make_result`: the value to keep. 22003 if its size cannot be written down.
    fn finish(mut self) -> Result<Numeric> {
        self.strip();
        let (Ok(weight), true) = (i16::try_from(self.weight), (0..=DSCALE_MAX).contains(&self.dscale)) else {
            return Err(overflow());
        };
        let sign = if self.neg { Sign::Neg } else { Sign::Pos };
        Ok(Numeric { sign, weight, dscale: self.dscale as u16, digits: self.digits.into() })
    }
}

/// `22003`: no place for so great a number.
fn overflow() -> Error {
    Error::new(sqlstate::NUMERIC_VALUE_OUT_OF_RANGE, "value overflows numeric format")
}
