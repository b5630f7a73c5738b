//! Between numeric and the binary numbers.

use super::{NBASE, Numeric, Sign, Var};
use crate::ids::{Error, Result, sqlstate};

impl From<i64> for Numeric {
    fn from(value: i64) -> Numeric {
        let mut digits = Vec::new();
        let mut rest = value.unsigned_abs();
        while rest > 0 {
            digits.insert(0, (rest % u64::from(NBASE)) as u16);
            rest /= u64::from(NBASE);
        }
        let weight = digits.len() as i32 - 1;
        let var = Var { neg: value < 0, weight, dscale: 0, digits };
        var.finish().unwrap_or_else(|_| Numeric::zero())
    }
}

impl From<u64> for Numeric {
    fn from(value: u64) -> Numeric {
        let high = Numeric::from((value >> 1) as i64);
        let sum = high.add(&high).and_then(|even| even.add(&Numeric::from((value & 1) as i64)));
        sum.unwrap_or_else(|_| Numeric::zero())
    }
}

impl Numeric {
    /// Rounded to an integer of 128 bits; `None` if it does not fit.
    fn to_i128(&self) -> Option<i128> {
        let whole = self.round(0).ok()?.to_var();
        // Ten digits and more could overflow the sum below; nothing that is asked for is that great.
        if self.weight > 8 {
            return None;
        }
        let value = (0..=whole.weight)
            .rev()
            .fold(0i128, |sum, weight| sum * i128::from(NBASE) + i128::from(whole.digit(weight)));
        Some(if whole.neg { -value } else { value })
    }

    /// Rounded to an integer between `min` and `max`; else 22003 "`name` out of range". `name` is the SQL name.
    pub fn to_int(&self, min: i64, max: i64, name: &str) -> Result<i64> {
        let cannot =
            |what: &str| Err(Error::new(sqlstate::FEATURE_NOT_SUPPORTED, format!("cannot convert {what} to {name}")));
        match self.sign {
            Sign::NaN => return cannot("NaN"),
            Sign::PosInf | Sign::NegInf => return cannot("infinity"),
            _ => {}
        }
        self.to_i128()
            .and_then(|value| i64::try_from(value).ok())
            .filter(|value| (min..=max).contains(value))
            .ok_or_else(|| Error::new(sqlstate::NUMERIC_VALUE_OUT_OF_RANGE, format!("{name} out of range")))
    }

    /// Rounded to an unsigned integer of 64 bits, if it fits.
    pub fn to_u64(&self) -> Option<u64> {
        self.is_finite().then(|| self.to_i128()).flatten().and_then(|value| u64::try_from(value).ok())
    }

    /// The nearest double; one that is too great becomes infinite.
    pub fn to_f64(&self) -> f64 {
        match self.sign {
            Sign::NaN => f64::NAN,
            Sign::PosInf => f64::INFINITY,
            Sign::NegInf => f64::NEG_INFINITY,
            _ => crate::small::read_float::read_f64(&self.to_string()).unwrap_or(f64::NAN),
        }
    }

    /// A double with `digits` significant decimal digits, as C's `%.*g` cuts them.
    pub fn from_f64(value: f64, digits: usize) -> Result<Numeric> {
        if value.is_nan() {
            return Ok(Numeric::nan());
        }
        if value.is_infinite() {
            return Ok(Numeric::infinity(value < 0.0));
        }
        let text = format!("{value:.*e}", digits - 1);
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let mantissa = mantissa.trim_end_matches('0').trim_end_matches('.');
        format!("{mantissa}e{exponent}").parse()
    }
}
