//! Adding, multiplying, dividing and comparing.
//!
//! Sums and products are exact. A quotient is cut where PostgreSQL cuts it: with at least sixteen significant digits,
//! and never fewer decimals than either operand shows ([`div_scale`]).

use std::cmp::Ordering;

use super::round::Rounding;
use super::*;

impl Numeric {
    /// Order, as an index and `<` have it: -Infinity, the finite, Infinity, NaN.
    pub fn compare(&self, other: &Numeric) -> Ordering {
        let rank = |n: &Numeric| match n.sign {
            Sign::NegInf => 0,
            Sign::Neg | Sign::Pos => 1,
            Sign::PosInf => 2,
            Sign::NaN => 3,
        };
        let ranks = rank(self).cmp(&rank(other));
        if ranks.is_ne() || !self.is_finite() {
            return ranks;
        }
        match (self.sign, other.sign) {
            (Sign::Neg, Sign::Neg) => compare_abs(other, self),
            (Sign::Neg, _) => Ordering::Less,
            (_, Sign::Neg) => Ordering::Greater,
            _ => compare_abs(self, other),
        }
    }

    /// `abs(numeric)`
    pub fn abs(&self) -> Numeric {
        if self.signum() < 0 { self.negate() } else { self.clone() }
    }

    /// `- numeric`
    pub fn negate(&self) -> Numeric {
        let sign = match self.sign {
            Sign::Pos if self.digits.is_empty() => Sign::Pos,
            Sign::Pos => Sign::Neg,
            Sign::Neg => Sign::Pos,
            Sign::PosInf => Sign::NegInf,
            Sign::NegInf => Sign::PosInf,
            Sign::NaN => Sign::NaN,
        };
        Numeric { sign, ..self.clone() }
    }

    /// `numeric + numeric`
    pub fn add(&self, other: &Numeric) -> Result<Numeric> {
        if self.is_finite() && other.is_finite() {
            return add_var(&self.to_var(), &other.to_var()).finish();
        }
        Ok(match (self.sign, other.sign) {
            (Sign::NaN, _) | (_, Sign::NaN) => Numeric::nan(),
            (Sign::PosInf, Sign::NegInf) | (Sign::NegInf, Sign::PosInf) => Numeric::nan(),
            _ if self.is_infinite() => self.clone(),
            _ => other.clone(),
        })
    }

    /// `numeric - numeric`
    pub fn sub(&self, other: &Numeric) -> Result<Numeric> {
        self.add(&other.negate())
    }

    /// `numeric * numeric`
    pub fn mul(&self, other: &Numeric) -> Result<Numeric> {
        if !self.is_finite() || !other.is_finite() {
            // Infinity times zero is NaN.
            return Ok(match self.signum() * other.signum() {
                _ if self.is_nan() || other.is_nan() => Numeric::nan(),
                0 => Numeric::nan(),
                sign => Numeric::infinity(sign < 0),
            });
        }
        let mut product = mul_var(&self.to_var(), &other.to_var());
        if product.dscale > DSCALE_MAX {
            product.round(DSCALE_MAX, Rounding::HalfUp);
        }
        product.finish()
    }

    /// `numeric / numeric`
    pub fn div(&self, other: &Numeric) -> Result<Numeric> {
        if self.is_nan() || other.is_nan() || self.is_infinite() && other.is_infinite() {
            return Ok(Numeric::nan());
        }
        if other.is_zero() {
            return Err(division_by_zero());
        }
        if self.is_infinite() {
            return Ok(Numeric::infinity(self.signum() * other.signum() < 0));
        }
        if other.is_infinite() {
            return Ok(Numeric::zero());
        }
        let scale = div_scale(self, other);
        div_var(&self.to_var(), &other.to_var(), scale, Rounding::HalfUp).finish()
    }

    /// `numeric % numeric`: what is left of a division towards zero.
    pub fn rem(&self, other: &Numeric) -> Result<Numeric> {
        if self.is_nan() || other.is_nan() {
            return Ok(Numeric::nan());
        }
        if other.is_zero() {
            return Err(division_by_zero());
        }
        if self.is_infinite() {
            return Ok(Numeric::nan());
        }
        if other.is_infinite() {
            return Ok(self.clone());
        }
        let (a, b) = (self.to_var(), other.to_var());
        let mut back = mul_var(&div_var(&a, &b, 0, Rounding::Truncate), &b);
        back.neg = !back.neg;
        let mut rest = add_var(&a, &back);
        rest.dscale = a.dscale.max(b.dscale);
        rest.finish()
    }
}

/// `22012`
fn division_by_zero() -> Error {
    Error::new(sqlstate::DIVISION_BY_ZERO, "division by zero")
}

/// Compares absolute values. Rows without zeros at their ends compare like words in a dictionary.
fn compare_abs(a: &Numeric, b: &Numeric) -> Ordering {
    match (a.digits.is_empty(), b.digits.is_empty()) {
        (true, true) => Ordering::Equal,
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        _ => a.weight.cmp(&b.weight).then_with(|| a.digits.cmp(&b.digits)),
    }
}

/// `select_div_scale`: how many decimals a quotient gets.
fn div_scale(a: &Numeric, b: &Numeric) -> i32 {
    let first = |n: &Numeric| n.digits.first().map_or((0, 0), |&d| (i32::from(n.weight), d));
    let ((weight_a, first_a), (weight_b, first_b)) = (first(a), first(b));
    // The quotient's weight, guessed low.
    let weight = weight_a - weight_b - i32::from(first_a <= first_b);
    let scale = MIN_SIG_DIGITS - weight * DEC_DIGITS;
    scale.max(i32::from(a.dscale)).max(i32::from(b.dscale)).clamp(0, MAX_DISPLAY_SCALE)
}

pub(super) fn add_var(a: &Var, b: &Var) -> Var {
    let dscale = a.dscale.max(b.dscale);
    let top = a.weight.max(b.weight) + 1;
    let bottom = a.last_weight().min(b.last_weight());
    // As a sum with signs: base-10000 digits of the sum may be negative until the carry is done.
    let sign = |v: &Var| if v.neg { -1 } else { 1 };
    let (sign_a, sign_b) = (sign(a), sign(b));
    let mut sums: Vec<i32> =
        (bottom..=top).rev().map(|w| sign_a * i32::from(a.digit(w)) + sign_b * i32::from(b.digit(w))).collect();
    let neg = sums.iter().find(|&&d| d != 0).is_some_and(|&d| d < 0);
    let mut carry = 0;
    for digit in sums.iter_mut().rev() {
        let value = if neg { -*digit } else { *digit } + carry;
        carry = value.div_euclid(NBASE as i32);
        *digit = value.rem_euclid(NBASE as i32);
    }
    Var { neg, weight: top, dscale, digits: sums.into_iter().map(|d| d as u16).collect() }
}

pub(super) fn mul_var(a: &Var, b: &Var) -> Var {
    let mut sums = vec![0u64; a.digits.len() + b.digits.len()];
    for (i, &x) in a.digits.iter().enumerate() {
        for (j, &y) in b.digits.iter().enumerate() {
            sums[i + j + 1] += u64::from(x) * u64::from(y);
        }
    }
    let mut carry = 0;
    let mut digits = vec![0u16; sums.len()];
    for (at, sum) in sums.into_iter().enumerate().rev() {
        let value = sum + carry;
        carry = value / u64::from(NBASE);
        digits[at] = (value % u64::from(NBASE)) as u16;
    }
    Var { neg: a.neg != b.neg, weight: a.weight + b.weight + 1, dscale: a.dscale + b.dscale, digits }
}

/// `a / b` to `scale` decimals, `b` not zero and without zeros at its front: long division, digit by digit.
pub(super) fn div_var(a: &Var, b: &Var, scale: i32, rounding: Rounding) -> Var {
    let weight = a.weight - b.weight;
    // The quotient's digits down to the last decimal wanted, and one more to round by.
    let count = weight + 1 + (scale + DEC_DIGITS - 1).div_euclid(DEC_DIGITS) + 1;
    let mut quotient = Var { neg: a.neg != b.neg, weight, dscale: scale, digits: Vec::new() };
    if count > 0 && !a.digits.is_empty() {
        quotient.digits = divide(&a.digits, &b.digits, count as usize);
    }
    quotient.round(scale, rounding);
    quotient
}

/// The first `count` digits of `a / b`, the first of them counting 10000^(weight of a - weight of b).
fn divide(a: &[u16], b: &[u16], count: usize) -> Vec<u16> {
    // Scaled so that the divisor's first digit is at least half the base, two digits guess a quotient digit to
    // within two (Knuth, The Art of Computer Programming, volume 2, algorithm D).
    let factor = NBASE / (u32::from(b[0]) + 1);
    let (divisor, _) = scaled(b, factor);
    let n = divisor.len();
    let (mut rest, carry) = scaled(a, factor);
    rest.insert(0, carry);
    rest.resize(rest.len().max(count + n), 0);
    (0..count).map(|at| quotient_digit(&mut rest[at..=at + n], &divisor)).collect()
}

/// The digits times a small factor, and what was carried out of the first.
fn scaled(digits: &[u16], factor: u32) -> (Vec<u32>, u32) {
    let mut carry = 0;
    let mut out: Vec<u32> = digits.iter().map(|&d| u32::from(d)).collect();
    for digit in out.iter_mut().rev() {
        let value = *digit * factor + carry;
        carry = value / NBASE;
        *digit = value % NBASE;
    }
    (out, carry)
}

/// One step of algorithm D: takes the greatest multiple of the divisor off the window and returns it.
fn quotient_digit(window: &mut [u32], divisor: &[u32]) -> u16 {
    let two = window[0] * NBASE + window[1];
    let mut guess = (two / divisor[0]).min(NBASE - 1);
    let mut borrow = 0i64;
    for (rest, d) in window[1..].iter_mut().zip(divisor).rev() {
        let value = i64::from(*rest) - i64::from(guess) * i64::from(*d) + borrow;
        borrow = value.div_euclid(i64::from(NBASE));
        *rest = value.rem_euclid(i64::from(NBASE)) as u32;
    }
    let mut first = i64::from(window[0]) + borrow;
    // The guess was too high: give the divisor back.
    while first < 0 {
        guess -= 1;
        let mut carry = 0;
        for (rest, d) in window[1..].iter_mut().zip(divisor).rev() {
            let value = *rest + d + carry;
            carry = value / NBASE;
            *rest = value % NBASE;
        }
        first += i64::from(carry);
    }
    window[0] = first as u32;
    guess as u16
}
