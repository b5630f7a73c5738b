//! Roots, powers and logarithms.
//!
//! The results are right to their last decimal; how many decimals they have follows from an estimate of their size, by
//! PostgreSQL's formulas, such that at least sixteen digits count.
//!
//! ```text
//!   sqrt   Newton's x' = (x + a/x) / 2
//!   ln     roots are taken until the number is near 1, then the series of 2 artanh((x-1)/(x+1))
//!   exp    halved until the number is small, then the series, then squared as often
//!   a^b    by squaring if b is an integer, else exp(b ln a)
//! ```

use super::arith::{add_var, div_var, mul_var};
use super::round::Rounding;
use super::*;
use std::f64::consts::{LN_10, LOG10_E};

/// `NUMERIC_MAX_RESULT_SCALE`
const MAX_RESULT_SCALE: f64 = 2000.0;

fn refuse(code: crate::ids::SqlState, message: &str) -> Error {
    Error::new(code, message)
}

impl Var {
    fn of(value: i64) -> Var {
        Numeric::from(value).to_var()
    }

    fn negated(mut self) -> Var {
        self.neg = !self.neg && !self.digits.is_empty();
        self
    }

    fn plus(&self, other: &Var) -> Var {
        let mut sum = add_var(self, other);
        sum.strip();
        sum
    }

    /// The product to `scale` decimals.
    fn times(&self, other: &Var, scale: i32) -> Var {
        let mut product = mul_var(self, other);
        product.strip();
        product.round(scale, Rounding::HalfUp);
        product
    }

    /// The quotient to `scale` decimals.
    fn over(&self, other: &Var, scale: i32) -> Var {
        let mut divisor = other.clone();
        divisor.strip();
        div_var(self, &divisor, scale, Rounding::HalfUp)
    }

    fn is_zero(&self) -> bool {
        self.digits.iter().all(|digit| *digit == 0)
    }

    fn to_f64(&self) -> f64 {
        let leading = self.digits.iter().take(5);
        let value = leading.fold(0.0, |sum, digit| sum * f64::from(NBASE) + f64::from(*digit));
        let weight = self.weight + 1 - self.digits.len().min(5) as i32;
        let value = value * libm::pow(f64::from(NBASE), f64::from(weight));
        if self.neg { -value } else { value }
    }

    /// Whether it lies between these two, given in tenths.
    fn is_between(&self, low: &Var, high: &Var) -> bool {
        let above = self.plus(&low.clone().negated());
        let below = high.plus(&self.clone().negated());
        !above.neg && !below.neg
    }
}

/// 0.9 and 1.1
fn near_one() -> (Var, Var) {
    let tenths = |n| Var::of(n).over(&Var::of(10), 1);
    (tenths(9), tenths(11))
}

/// `estimate_ln_dweight`: the decimal weight of the logarithm, about.
fn ln_weight(x: &Var) -> i32 {
    let (low, high) = near_one();
    if x.is_between(&low, &high) {
        let above = x.plus(&Var::of(1).negated());
        return above.digits.first().map_or(0, |first| above.weight * DEC_DIGITS + first.ilog10() as i32);
    }
    let Some(first) = x.digits.first() else { return 0 };
    let (mut digits, mut weight) = (f64::from(*first), x.weight * DEC_DIGITS);
    if let Some(second) = x.digits.get(1) {
        digits = digits * f64::from(NBASE) + f64::from(*second);
        weight -= DEC_DIGITS;
    }
    let ln = libm::log(digits) + f64::from(weight) * LN_10;
    libm::log10(ln.abs()) as i32
}

/// The square root, to `scale` decimals.
fn sqrt_var(a: &Var, scale: i32) -> Var {
    if a.is_zero() {
        return Var { dscale: scale, ..Var::default() };
    }
    let local = scale + 8;
    // A power of ten near the root, from which Newton's way doubles the digits that are right.
    let guess = libm::sqrt(a.to_f64());
    let mut x = if guess.is_finite() && guess > 0.0 {
        Numeric::from_f64(guess, 15).map_or_else(|_| Var::of(1), |n| n.to_var())
    } else {
        Var { neg: false, weight: a.weight / 2, dscale: 0, digits: vec![100] }
    };
    let half = Var::of(2);
    for _ in 0..200 {
        let next = x.plus(&a.over(&x, local)).over(&half, local);
        let moved = next.plus(&x.negated());
        x = next;
        // Less than the last decimal but one.
        if moved.is_zero() || moved.weight * DEC_DIGITS + 4 < -(local - 1) {
            break;
        }
    }
    x.round(scale, Rounding::HalfUp);
    x
}

/// The natural logarithm of a number greater than 0, to `scale` decimals.
fn ln_var(x: &Var, scale: i32) -> Var {
    let one = Var::of(1);
    // What the halvings cost in decimals.
    let local = scale.max(0) + 16;
    let (low, high) = near_one();
    let mut x = x.clone();
    let mut factor = Var::of(2);
    while !x.is_between(&low, &high) {
        // A small number has few decimals; its root has half as many before the first.
        let small = (-x.weight * DEC_DIGITS).max(0);
        x = sqrt_var(&x, local + small);
        factor = factor.times(&Var::of(2), 0);
    }
    let z = x.plus(&one.clone().negated()).over(&x.plus(&one), local);
    let square = z.times(&z, local);
    let (mut sum, mut power, mut n) = (z.clone(), z, 1);
    loop {
        power = power.times(&square, local);
        n += 2;
        let term = power.over(&Var::of(n), local);
        if term.is_zero() {
            break;
        }
        sum = sum.plus(&term);
    }
    sum.times(&factor, scale.max(0))
}

/// e to the power of x, to `scale` decimals; 22003 if there is no room for it.
fn exp_var(x: &Var, scale: i32) -> Result<Var> {
    let value = x.to_f64();
    if value.abs() >= MAX_RESULT_SCALE * 3.0 {
        return if value > 0.0 { Err(overflow()) } else { Ok(Var { dscale: scale, ..Var::default() }) };
    }
    // So many times it must be halved to be small, and then squared: each squaring doubles the error.
    let mut halvings = 0;
    let mut small = value.abs();
    while small > 0.01 {
        small /= 2.0;
        halvings += 1;
    }
    let whole_digits = (value * LOG10_E) as i32;
    let local = (scale + whole_digits).max(0) + 8 + halvings + 8;
    let divisor = Numeric::from(1i64 << halvings).to_var();
    let x = x.over(&divisor, local);
    let (mut sum, mut term, mut n) = (Var::of(1), Var::of(1), 0);
    loop {
        n += 1;
        term = term.times(&x, local).over(&Var::of(n), local);
        if term.is_zero() {
            break;
        }
        sum = sum.plus(&term);
    }
    for _ in 0..halvings {
        // What is great needs fewer decimals for as many digits.
        let weight = 2 * sum.weight * DEC_DIGITS;
        sum = sum.times(&sum.clone(), (local - weight).max(scale).min(local.max(scale)));
    }
    sum.round(scale, Rounding::HalfUp);
    Ok(sum)
}

/// The decimals of a result whose weight is about this.
fn scale_for(weight: i32, shown: i32) -> i32 {
    (MIN_SIG_DIGITS - weight).max(shown).clamp(0, MAX_DISPLAY_SCALE)
}

fn power_int(base: &Var, exponent: i64, scale: i32) -> Result<Var> {
    let one = Var::of(1);
    match exponent {
        0 => return Ok(Var { dscale: scale, ..one }),
        _ if base.is_zero() => return Ok(Var { dscale: scale, ..Var::default() }),
        -1 => return Ok(one.over(base, scale)),
        _ => {}
    }
    // log10 of the result, about.
    let digits = base.to_f64().abs();
    let log = match digits.is_finite() && digits > 0.0 {
        true => libm::log10(digits),
        false => f64::from(base.weight * DEC_DIGITS),
    } * exponent as f64;
    if log > 3.0 * 32_767.0 * f64::from(DEC_DIGITS) {
        return Err(overflow());
    }
    if log + 1.0 < f64::from(-scale) || log + 1.0 < f64::from(-MAX_DISPLAY_SCALE) {
        return Ok(Var { dscale: scale, ..Var::default() });
    }
    let digits = 1 + scale + log as i32 + libm::log10(exponent.unsigned_abs() as f64) as i32 + 8;
    let mut left = exponent.unsigned_abs();
    let (mut square, mut product) = (base.clone(), one.clone());
    let keep = |value: &Var| (digits - value.weight * DEC_DIGITS).max(0);
    loop {
        if left & 1 == 1 {
            let exact = mul_var(&product, &square);
            product = product.times(&square, keep(&exact));
        }
        left >>= 1;
        if left == 0 {
            break;
        }
        let exact = mul_var(&square, &square);
        square = square.times(&square.clone(), keep(&exact).max(digits));
        if square.weight > 32_767 {
            return Err(overflow());
        }
    }
    if exponent < 0 {
        return Ok(one.over(&product, scale));
    }
    product.round(scale, Rounding::HalfUp);
    Ok(product)
}

impl Numeric {
    /// `sqrt(numeric)`
    pub fn sqrt(&self) -> Result<Numeric> {
        if self.signum() < 0 {
            let message = "cannot take square root of a negative number";
            return Err(refuse(sqlstate::INVALID_ARGUMENT_FOR_POWER_FUNCTION, message));
        }
        if !self.is_finite() {
            return Ok(self.clone());
        }
        let weight = (i32::from(self.weight) + 1) * DEC_DIGITS / 2 - 1;
        sqrt_var(&self.to_var(), scale_for(weight, self.dscale.into())).finish()
    }

    /// The square root to so many decimals, of a number that is not negative.
    pub fn sqrt_to(&self, scale: i32) -> Result<Numeric> {
        sqrt_var(&self.to_var(), scale).finish()
    }

    /// `exp(numeric)`
    pub fn exp(&self) -> Result<Numeric> {
        match self.sign {
            Sign::NaN | Sign::PosInf => return Ok(self.clone()),
            Sign::NegInf => return Ok(Numeric::zero()),
            _ => {}
        }
        let x = self.to_var();
        let weight = (x.to_f64() * LOG10_E).clamp(-MAX_RESULT_SCALE, MAX_RESULT_SCALE) as i32;
        exp_var(&x, scale_for(weight, self.dscale.into()))?.finish()
    }

    fn must_have_logarithm(&self) -> Result<()> {
        let message = match self.signum() {
            _ if self.is_nan() => return Ok(()),
            0 => "cannot take logarithm of zero",
            -1 => "cannot take logarithm of a negative number",
            _ => return Ok(()),
        };
        Err(refuse(sqlstate::INVALID_ARGUMENT_FOR_LOGARITHM, message))
    }

    /// `ln(numeric)`
    pub fn ln(&self) -> Result<Numeric> {
        self.must_have_logarithm()?;
        if !self.is_finite() {
            return Ok(self.clone());
        }
        let x = self.to_var();
        ln_var(&x, scale_for(ln_weight(&x), self.dscale.into())).finish()
    }

    /// `log(base, numeric)`
    pub fn log(base: &Numeric, number: &Numeric) -> Result<Numeric> {
        if base.is_nan() || number.is_nan() {
            return Ok(Numeric::nan());
        }
        base.must_have_logarithm()?;
        number.must_have_logarithm()?;
        match (base.is_infinite(), number.is_infinite()) {
            (true, true) => return Ok(Numeric::nan()),
            (true, false) => return Ok(Numeric::zero()),
            (false, true) => return Ok(Numeric::infinity(false)),
            _ => {}
        }
        let (b, n) = (base.to_var(), number.to_var());
        let (base_weight, number_weight) = (ln_weight(&b), ln_weight(&n));
        let weight = number_weight - base_weight;
        let scale = scale_for(weight, base.dscale.max(number.dscale).into());
        let ln_base = ln_var(&b, scale + weight - base_weight + 8);
        if ln_base.is_zero() {
            return Err(Error::new(sqlstate::DIVISION_BY_ZERO, "division by zero"));
        }
        ln_var(&n, scale + weight - number_weight + 8).over(&ln_base, scale).finish()
    }

    /// `power(numeric, numeric)`
    pub fn power(&self, exponent: &Numeric) -> Result<Numeric> {
        if !self.is_finite() || !exponent.is_finite() {
            return self.power_of_special(exponent);
        }
        if self.is_zero() && exponent.signum() < 0 {
            let message = "zero raised to a negative power is undefined";
            return Err(refuse(sqlstate::INVALID_ARGUMENT_FOR_POWER_FUNCTION, message));
        }
        let whole = exponent.trunc(0).compare(exponent).is_eq();
        if self.signum() < 0 && !whole {
            let message = "a negative number raised to a non-integer power yields a complex result";
            return Err(refuse(sqlstate::INVALID_ARGUMENT_FOR_POWER_FUNCTION, message));
        }
        let (base, shown) = (self.to_var(), i32::from(self.dscale).max(exponent.dscale.into()));
        if whole && let Ok(small) = exponent.to_int(i32::MIN.into(), i32::MAX.into(), "integer") {
            let scale = MIN_SIG_DIGITS.max(self.dscale.into()).min(MAX_DISPLAY_SCALE);
            return power_int(&base, small, scale)?.finish();
        }
        if base.is_zero() {
            return Var { dscale: MIN_SIG_DIGITS, ..Var::default() }.finish();
        }
        // A negative base to a great integer: the sign is known by its last digit.
        let odd =
            whole
                && exponent.trunc(0).digits.last().is_some_and(|digit| {
                    i32::from(exponent.weight) + 1 == exponent.digits.len() as i32 && digit % 2 == 1
                });
        let base = Var { neg: false, ..base };
        let weight = ln_weight(&base);
        let rough = ln_var(&base, 8 - weight).to_f64() * exponent.to_var().to_f64();
        if rough.abs() > MAX_RESULT_SCALE * 3.01 {
            return match rough > 0.0 {
                true => Err(overflow()),
                false => Var { dscale: MAX_DISPLAY_SCALE, ..Var::default() }.finish(),
            };
        }
        let result_weight = (rough * LOG10_E) as i32;
        let scale = scale_for(result_weight, shown);
        let local = (scale + result_weight).max(0) - weight + 8;
        let product = ln_var(&base, local).times(&exponent.to_var(), local.max(0));
        let mut result = exp_var(&product, scale)?;
        result.neg = self.signum() < 0 && odd;
        result.finish()
    }

    /// Powers of and to what is not finite, as POSIX has them.
    fn power_of_special(&self, exponent: &Numeric) -> Result<Numeric> {
        let one = Numeric::from(1i64);
        if self.is_nan() {
            return Ok(if exponent.is_zero() { one } else { Numeric::nan() });
        }
        if exponent.is_nan() {
            return Ok(if self.compare(&one).is_eq() { one } else { Numeric::nan() });
        }
        if self.is_zero() && exponent.signum() < 0 {
            let message = "zero raised to a negative power is undefined";
            return Err(refuse(sqlstate::INVALID_ARGUMENT_FOR_POWER_FUNCTION, message));
        }
        if exponent.is_infinite() {
            let size = self.abs().compare(&one);
            return Ok(match (size, exponent.signum() > 0) {
                (std::cmp::Ordering::Equal, _) => one,
                (std::cmp::Ordering::Greater, true) | (std::cmp::Ordering::Less, false) => Numeric::infinity(false),
                _ => Numeric::zero(),
            });
        }
        let odd = exponent.rem(&Numeric::from(2i64))?.abs().compare(&one).is_eq();
        Ok(match exponent.signum() {
            0 => one,
            1 => Numeric::infinity(self.sign == Sign::NegInf && odd),
            _ => Numeric::zero(),
        })
    }
}
