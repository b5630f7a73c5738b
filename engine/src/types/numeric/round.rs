//! Rounding, and the modifier of `numeric(precision, scale)`.

use super::{DEC_DIGITS, Numeric, Var};
use crate::ids::{Error, Result, sqlstate};

/// `NUMERIC_MAX_RESULT_SCALE`: what `round` and `trunc` take for the most.
const MAX_RESULT_SCALE: i32 = 2000;

/// What to do with the decimals that do not stay.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Rounding {
    /// Half away from zero.
    HalfUp,
    /// Towards zero.
    Truncate,
}

/// The modifier of `numeric(precision, scale)`.
pub fn typmod(precision: i32, scale: i32) -> i32 {
    (precision << 16 | scale & 0x7FF) + 4
}

/// Precision and scale of a modifier; the scale may be negative.
pub fn typmod_parts(typmod: i32) -> (i32, i32) {
    let bits = typmod - 4;
    // Eleven bits, signed.
    (bits >> 16 & 0xFFFF, ((bits & 0x7FF) ^ 1024) - 1024)
}

impl Var {
    /// `round_var` and `trunc_var`: to `scale` decimals; before the point where `scale` is negative.
    pub(super) fn round(&mut self, scale: i32, rounding: Rounding) {
        self.dscale = scale.max(0);
        // How many decimal digits stay, counted from the first base-10000 digit's first.
        let keep = i64::from(self.weight + 1) * i64::from(DEC_DIGITS) + i64::from(scale);
        if keep < 0 || keep == 0 && rounding == Rounding::Truncate {
            self.digits.clear();
            return self.strip();
        }
        let (whole, part) = ((keep / 4) as usize, (keep % 4) as u32);
        if whole >= self.digits.len() {
            return;
        }
        let unit = 10u16.pow(4 - part);
        let last = self.digits[whole];
        let rest = if part == 0 { last } else { last % unit };
        let up = rounding == Rounding::HalfUp && rest >= unit / 2;
        self.digits.truncate(whole + usize::from(part > 0));
        if part > 0 {
            self.digits[whole] = last - rest;
        }
        if up {
            self.carry(if part > 0 { unit } else { 1 });
        }
        self.strip();
    }

    /// Adds `unit` to the last digit and carries.
    fn carry(&mut self, unit: u16) {
        let mut add = unit;
        for digit in self.digits.iter_mut().rev() {
            *digit += add;
            if *digit < 10_000 {
                return;
            }
            *digit -= 10_000;
            add = 1;
        }
        self.digits.insert(0, 1);
        self.weight += 1;
    }
}

impl Numeric {
    /// `round(numeric, integer)`: half away from zero. 22003 if the carry goes beyond what can be stored.
    pub fn round(&self, scale: i32) -> Result<Numeric> {
        self.rounded(scale.clamp(-MAX_RESULT_SCALE, MAX_RESULT_SCALE), Rounding::HalfUp)
    }

    /// `trunc(numeric, integer)`: towards zero.
    pub fn trunc(&self, scale: i32) -> Numeric {
        // Cutting off cannot overflow.
        let scale = scale.clamp(-MAX_RESULT_SCALE, MAX_RESULT_SCALE);
        self.rounded(scale, Rounding::Truncate).unwrap_or_else(|_| self.clone())
    }

    pub(super) fn rounded(&self, scale: i32, rounding: Rounding) -> Result<Numeric> {
        if !self.is_finite() {
            return Ok(self.clone());
        }
        let mut var = self.to_var();
        var.round(scale, rounding);
        var.finish()
    }

    /// `ceil(numeric)`
    pub fn ceil(&self) -> Result<Numeric> {
        let whole = self.trunc(0);
        if self.signum() > 0 && whole.compare(self).is_ne() { whole.add(&Numeric::from(1i64)) } else { Ok(whole) }
    }

    /// `min_scale(numeric)`: the decimals that are needed.
    pub fn min_scale(&self) -> i32 {
        let Some(last) = self.digits().last() else { return 0 };
        let behind = (self.digits().len() as i32 - 1 - i32::from(self.weight())) * DEC_DIGITS;
        let zeros = (1..DEC_DIGITS).take_while(|n| last % 10u16.pow(*n as u32) == 0).count() as i32;
        (behind - zeros).max(0)
    }

    /// `div(numeric, numeric)`: the whole part of a quotient.
    pub fn div_trunc(&self, other: &Numeric) -> Result<Numeric> {
        if !self.is_finite() || !other.is_finite() {
            return self.div(other);
        }
        self.sub(&self.rem(other)?)?.div(other).map(|quotient| quotient.trunc(0))
    }

    /// `floor(numeric)`
    pub fn floor(&self) -> Result<Numeric> {
        self.negate().ceil().map(|n| n.negate())
    }

    /// `apply_typmod`: rounds to the scale of a `numeric(p, s)` and refuses what has more digits than it. A modifier of
    /// less than 4 is none.
    pub fn apply_typmod(&self, typmod: i32) -> Result<Numeric> {
        if typmod < 4 || self.is_nan() {
            return Ok(self.clone());
        }
        let (precision, scale) = typmod_parts(typmod);
        let refuse = |detail: String| {
            Err(Error::new(sqlstate::NUMERIC_VALUE_OUT_OF_RANGE, "numeric field overflow").detail(detail))
        };
        if self.is_infinite() {
            return refuse(format!("A field with precision {precision}, scale {scale} cannot hold an infinite value."));
        }
        let mut var = self.to_var();
        var.round(scale, Rounding::HalfUp);
        let limit = precision - scale;
        // Decimal digits before the point, negative for zeros after it.
        let before = var.digits.first().map(|first| var.weight * DEC_DIGITS + first.ilog10() as i32 + 1);
        if before.is_some_and(|before| before > limit) {
            let limit = if limit == 0 { "1".to_string() } else { format!("10^{limit}") };
            return refuse(format!(
                "A field with precision {precision}, scale {scale} must round to an absolute value less than {limit}."
            ));
        }
        var.finish()
    }
}
